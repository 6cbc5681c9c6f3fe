//! A thin client of HTTP/1.1: nothing hidden, everything bounded. A request has a connection of its own, but for polls.

use std::time::{Duration, Instant};

use bytes::Bytes;
pub(crate) use http::Method;
use http::{HeaderMap, HeaderValue, Response, Version, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::time::{Instant as TokioInstant, timeout, timeout_at};
use tokio_util::task::AbortOnDropHandle;

pub(crate) use super::retry::{fetch, fetch_at, fetch_kept, send};
use super::{
    as_it_came::read_early,
    connection::HttpConnection,
    connector::{Connector, millis},
    failures::of_hyper,
    gate::Pass,
    journal::Entry,
    proxy::Carriage,
    recorded::FirstBytes,
};
use crate::contract::{ASK_HEADER, SAW_HEADER, SeenExchange};
use crate::probe::{
    evidence::{Exchange, Failure, FailureKind},
    target::Target,
};

/// The most that is read of a body.
pub(crate) const MAX_BODY: usize = 256 * 1024;
/// How much of a body is shown.
const SHOWN: usize = 512;
/// How much of the end of a longer body is shown.
const SHOWN_END: usize = 64;
/// How much of one header's value is shown, and of a policy, which is judged as a whole.
const SHOWN_HEADER: usize = 2048;
const SHOWN_POLICY: usize = 16 * 1024;

/// What is sent.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// GET or POST.
    pub(crate) method: Method,
    /// Whereto.
    pub(crate) target: Target,
    /// Headers beside those that every request has.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// The body.
    pub(crate) body: String,
    /// How long the answer may take.
    pub(crate) limit: Duration,
}

impl Request {
    /// A plain GET.
    pub(crate) fn get(target: Target, limit: Duration) -> Self {
        Self { method: Method::GET, target, headers: Vec::new(), body: String::new(), limit }
    }

    /// A POST, as the engine's clients send their packets.
    pub(crate) fn post(target: Target, body: String, limit: Duration) -> Self {
        let headers = vec![("content-type", "text/plain;charset=UTF-8".to_owned())];
        Self { method: Method::POST, target, headers, body, limit }
    }

    /// With one header more.
    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// How it goes through a proxy: browsers have a tunnel made for a WebSocket, whatever its scheme (RFC 6455, 4.1).
    fn carriage(&self) -> Carriage {
        let upgrades = self.headers.iter().any(|(name, _)| *name == "upgrade");
        if upgrades { Carriage::Tunnelled } else { Carriage::Forwarded }
    }
}

/// An answer whose head has come.
pub(crate) struct Answer {
    /// What is known of it so far.
    pub(crate) exchange: Exchange,
    entry: Entry,
    /// When the request was made.
    pub(crate) start: Instant,
    response: Response<Incoming>,
    /// How long the next bytes may take.
    limit: Duration,
    /// How long the whole body may take.
    whole: Duration,
    /// The connection lives as long as this.
    connection: HttpConnection,
    /// What came over it first.
    first: Option<FirstBytes>,
}

/// Sends a request over a connection of its own, once, and waits for the head of the answer.
///
/// # Errors
/// With what came instead.
pub(super) async fn send_once(connector: &Connector, request: Request) -> Result<Answer, Box<Exchange>> {
    // Waiting for others is not the host's time, and so comes first.
    let pass = connector.gate().enter().await;
    send_over(connector, request, Way::Fresh(pass)).await
}

/// The same, in this way.
///
/// # Errors
/// With what came instead.
pub(super) async fn send_over(
    connector: &Connector,
    mut request: Request,
    way: Way,
) -> Result<Answer, Box<Exchange>> {
    let (number, connections) = match &way {
        Way::Fresh(pass) => (pass.number, pass.connections),
        Way::Open(_) => (connector.gate().note(), connector.gate().connections()),
    };
    let start = Instant::now();
    if let Some(asked) = connector.ask() {
        request = request.with(ASK_HEADER, asked);
    }
    let mut exchange = Exchange {
        method: request.method.to_string(),
        url: request.target.to_string(),
        sent_at_ms: connector.now_ms(),
        number,
        connections,
        ..Exchange::default()
    };
    exchange.sent = request.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let limit = request.limit;
    let mut first = None;
    // On one that was open before, earlier answers came first.
    let is_fresh = matches!(way, Way::Fresh(_));
    // Boxed, as are the hops: many of these run side by side, and a thread of Windows has a stack of 1 MiB.
    let result = match timeout(limit, Box::pin(attempt(connector, request, way, &mut first))).await {
        Ok(result) => result,
        Err(_) => {
            connector.line().unanswered();
            Err(too_late(limit))
        }
    };
    match result {
        Ok((response, connection)) => {
            exchange.status = Some(response.status().as_u16());
            exchange.version = version(response.version());
            exchange.headers = truncate_headers(response.headers());
            exchange.saw = take_saw(&mut exchange.headers);
            exchange.head_ms = Some(millis(start));
            exchange.ms = millis(start);
            let whole = connector.budget().body();
            let entry = connector.journal().note(&exchange);
            Ok(Answer { exchange, entry, start, response, limit, whole, connection, first })
        }
        Err(failure) => {
            exchange.ms = millis(start);
            let early = first.as_ref().filter(|_| is_fresh);
            if !early.is_some_and(|first| read_early(&first.bytes(), &mut exchange)) {
                exchange.raw = first.map(|first| first.escaped()).filter(|raw| !raw.is_empty());
                exchange.failure = Some(failure);
            }
            connector.journal().note(&exchange);
            Err(Box::new(exchange))
        }
    }
}

/// How a request goes to the host.
pub(super) enum Way {
    /// Over a connection that is to be opened.
    Fresh(Pass),
    /// Over one that is open.
    Open(HttpConnection),
}

async fn attempt(
    connector: &Connector,
    request: Request,
    way: Way,
    first: &mut Option<FirstBytes>,
) -> Result<(Response<Incoming>, HttpConnection), Failure> {
    let carriage = request.carriage();
    let forwards = connector.forwards(&request.target, carriage);
    let mut connection = match way {
        Way::Fresh(pass) => HttpConnection::open(connector, &request.target, carriage, pass, first).await?,
        Way::Open(connection) => {
            first.replace(connection.first_bytes().clone());
            connection
        }
    };
    let mut built = http::Request::builder()
        .method(request.method)
        .uri(if forwards { request.target.to_string() } else { request.target.path_and_query() })
        .header(header::HOST, request.target.authority());
    if !request.headers.iter().any(|(name, _)| *name == "accept") {
        built = built.header(header::ACCEPT, "*/*");
    }
    if !request.headers.iter().any(|(name, _)| *name == "user-agent") {
        built = built.header(header::USER_AGENT, concat!("dante-probe/", env!("CARGO_PKG_VERSION")));
    }
    for (name, value) in &request.headers {
        built = built.header(*name, value);
    }
    let mut built = built
        .body(Full::new(Bytes::from(request.body)))
        .map_err(|error| Failure::new(FailureKind::Other, error.to_string()))?;
    for (name, value) in &connector.plan().headers {
        built.headers_mut().insert(name, value.clone());
    }
    if forwards && let Some(value) = connector.proxy_authorization(&request.target) {
        built.headers_mut().insert(header::PROXY_AUTHORIZATION, value);
    }
    let sent = Instant::now();
    let response = connection.ask(built).await?;
    connector.line().answered(sent.elapsed());
    Ok((response, connection))
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
        loop {
            let next = end.min(TokioInstant::now() + self.limit);
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
        let whole = self.exchange.failure.is_none();
        (self.exchange, body, whole.then_some(self.connection))
    }

    /// What cut a body off, with how much of it came.
    fn cut(&self, failure: Failure, came: usize) -> Failure {
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

    /// The connection after a 101.
    ///
    /// # Errors
    /// When hyper did not take it for one.
    pub(crate) async fn upgraded(self) -> Result<(Exchange, Upgraded), Box<Exchange>> {
        let (mut exchange, connection, first) = (self.exchange, self.connection, self.first);
        match timeout(self.limit, hyper::upgrade::on(self.response)).await {
            Ok(Ok(io)) => {
                let connection = connection.into_task();
                Ok((exchange, Upgraded { io: TokioIo::new(io), connection, first }))
            }
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

/// A connection that speaks HTTP no more.
pub(crate) struct Upgraded {
    /// The bytes.
    pub(crate) io: TokioIo<hyper::upgrade::Upgraded>,
    /// Ends hyper's part when dropped.
    pub(crate) connection: AbortOnDropHandle<()>,
    /// What came over it first, the head of the answer included.
    pub(crate) first: Option<FirstBytes>,
}

/// The first bytes of a body as text.
pub(crate) fn truncate_body(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(SHOWN)]).into_owned()
}

/// The last bytes of a body, as text, if it is not shown whole.
fn end_of(body: &[u8]) -> Option<String> {
    let rest = body.get(SHOWN..)?;
    let end = &rest[rest.len().saturating_sub(SHOWN_END)..];
    (!end.is_empty()).then(|| String::from_utf8_lossy(end).into_owned())
}

pub(super) fn truncate_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let value = |name, value: &HeaderValue| {
        let most = if name == header::CONTENT_SECURITY_POLICY { SHOWN_POLICY } else { SHOWN_HEADER };
        let bytes = value.as_bytes();
        String::from_utf8_lossy(&bytes[..bytes.len().min(most)]).into_owned()
    };
    headers.iter().map(|(name, text)| (name.as_str().to_owned(), value(name, text))).collect()
}

/// What the server says that it saw; it needs not stand among the headers, too.
fn take_saw(headers: &mut Vec<(String, String)>) -> Option<SeenExchange> {
    let at = headers.iter().position(|(name, _)| name == SAW_HEADER)?;
    Some(SeenExchange::of_header(&headers.remove(at).1))
}

pub(super) fn version(version: Version) -> String {
    format!("{version:?}")
}

fn too_late(limit: Duration) -> Failure {
    Failure::new(FailureKind::Timeout, format!("no answer within {:.1} s", limit.as_secs_f64()))
}
