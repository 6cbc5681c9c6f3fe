//! [`Answer`]: an answer whose head has come, and what is read of its body.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, Response, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::time::{Instant as TokioInstant, timeout, timeout_at};

use super::{
    connection::HttpConnection,
    connector::millis,
    excerpt::{MAX_BODY, end_of, truncate_body},
    failures::of_hyper,
    journal::Entry,
    recorded::FirstBytes,
    stream_type::form_of_type,
};
use crate::probe::evidence::{Exchange, Failure, FailureKind};

/// An answer whose head has come.
pub(crate) struct Answer {
    /// What is known of it so far.
    pub(crate) exchange: Exchange,
    pub(super) entry: Entry,
    /// When the request was made.
    pub(crate) start: Instant,
    pub(super) response: Response<Incoming>,
    /// How long the next bytes may take.
    pub(super) limit: Duration,
    /// How long the whole body may take.
    pub(super) whole: Duration,
    /// After how long it is left, if it goes on.
    pub(super) glance: Option<Duration>,
    /// The connection lives as long as this.
    pub(super) connection: HttpConnection,
    /// What came over it first.
    pub(super) first: Option<FirstBytes>,
}

impl Answer {
    /// The headers of the answer.
    pub(crate) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// Reads the body, as long as bytes come: it is given up when none came for the time of an answer, or when it has no
    /// end.
    pub(crate) async fn finish(self) -> (Exchange, Vec<u8>) {
        let (exchange, body, _) = self.read().await;
        (exchange, body)
    }

    /// The same; gives the connection, too, if the body came to its end.
    pub(super) async fn read(mut self) -> (Exchange, Vec<u8>, Option<HttpConnection>) {
        let mut body = Vec::new();
        let end = TokioInstant::now() + self.whole;
        let leave = self.glance.map(|glance| TokioInstant::now() + glance);
        loop {
            let next = end.min(TokioInstant::now() + self.limit);
            let next = leave.map_or(next, |leave| leave.min(next));
            match timeout_at(next, self.chunk()).await {
                Ok(Ok(Some(bytes))) => {
                    let room = MAX_BODY - body.len();
                    body.extend_from_slice(&bytes[..bytes.len().min(room)]);
                    if bytes.len() > room {
                        let text = format!("the body is larger than {MAX_BODY} bytes");
                        self.exchange.failure = Some(Failure::new(FailureKind::TooLarge, text));
                        break;
                    }
                }
                Ok(Ok(None)) => break,
                Ok(Err(failure)) => {
                    self.exchange.failure = Some(self.cut(failure, body.len()));
                    break;
                }
                Err(_) if leave.is_some_and(|leave| leave <= TokioInstant::now()) => {
                    self.exchange.unended = true;
                    break;
                }
                Err(_) => {
                    let text = "the body did not end in time";
                    self.exchange.failure = Some(Failure::new(FailureKind::Timeout, text));
                    break;
                }
            }
        }
        self.exchange.ms = millis(self.start);
        self.exchange.body = truncate_body(&body);
        self.exchange.body_end = end_of(&body);
        self.exchange.body_bytes = body.len();
        self.entry.update(&self.exchange);
        let whole = self.exchange.failure.is_none() && !self.exchange.unended;
        (self.exchange, body, whole.then_some(self.connection))
    }

    /// What cut a body off, with how much of it came.
    fn cut(&self, failure: Failure, came: usize) -> Failure {
        if failure.http2.as_ref().is_some_and(|end| !end.ours) {
            let text = format!("{came} bytes came, then {}", failure.text);
            return Failure { kind: FailureKind::BodyCut, text, ..failure };
        }
        let how = match failure.kind {
            FailureKind::Closed => "closed",
            FailureKind::Reset => "reset",
            _ => return failure,
        };
        let length = self.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        let text = match length {
            Some(length) => format!("{came} of {length} bytes came, then the connection was {how}"),
            None => format!("{came} bytes came, then the connection was {how} before the last chunk"),
        };
        Failure::new(FailureKind::BodyCut, text)
    }

    /// The next bytes of the body, whenever they come; none at its end.
    ///
    /// # Errors
    /// With what cut it off.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            match self.response.body_mut().frame().await {
                None => return Ok(None),
                Some(Err(error)) => return Err(of_hyper(&error)),
                Some(Ok(frame)) => {
                    // Trailers say nothing here.
                    if let Ok(bytes) = frame.into_data() {
                        return Ok(Some(bytes));
                    }
                }
            }
        }
    }

    /// The connection after a 101, or the stream after a 200 to an extended CONNECT.
    ///
    /// # Errors
    /// When hyper did not take it for one.
    pub(crate) async fn upgraded(self) -> Result<(Exchange, Upgraded), Box<Exchange>> {
        let (mut exchange, connection, first) = (self.exchange, self.connection, self.first);
        match timeout(self.limit, hyper::upgrade::on(self.response)).await {
            Ok(Ok(io)) => Ok((exchange, Upgraded { io: TokioIo::new(io), connection, first })),
            Ok(Err(error)) => {
                exchange.failure = Some(of_hyper(&error));
                Err(Box::new(exchange))
            }
            Err(_) => {
                exchange.failure = Some(Failure::new(FailureKind::Timeout, "the upgrade did not complete"));
                Err(Box::new(exchange))
            }
        }
    }
}

/// A connection, or a stream of one, that speaks HTTP no more.
pub(crate) struct Upgraded {
    /// The bytes.
    pub(crate) io: TokioIo<hyper::upgrade::Upgraded>,
    /// Closed when dropped, unless others share it.
    pub(crate) connection: HttpConnection,
    /// What came over it first, the head of the answer included.
    pub(crate) first: Option<FirstBytes>,
}

/// For how long an event stream is looked at to know that it is one.
const GLANCE: Duration = Duration::from_secs(1);

/// After how long the body of this answer is left, if it has not ended; none if it is waited for.
pub(super) fn how_long_to_look(headers: &HeaderMap, glance: Duration) -> Option<Duration> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if form_of_type(kind).is_some() {
        return Some(GLANCE.min(glance));
    }
    let is_page = kind.starts_with("text/html") || kind.starts_with("application/xhtml");
    (!is_page && !headers.contains_key(header::CONTENT_LENGTH)).then_some(glance)
}
