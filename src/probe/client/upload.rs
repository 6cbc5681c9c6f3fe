//! A POST whose body is sent piece by piece, with pauses, as a slow client sends it.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::stream;
use http::header;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::{
    body::{Body, Frame, SizeHint},
    client::conn::http1,
};
use hyper_util::rt::TokioIo;
use tokio::time::{sleep_until, timeout};
use tokio_util::task::AbortOnDropHandle;

use super::{
    carriage::Carriage,
    connector::{Connector, millis},
    failures::of_hyper,
    http::{MAX_BODY, truncate_body},
    lock::lock,
};
use crate::probe::{
    evidence::{Exchange, Failure, FailureKind},
    target::Target,
};

/// The pieces of a body, and the time between two.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pieces {
    /// How many.
    pub(crate) count: u64,
    /// The size of each, in bytes.
    pub(crate) size: usize,
    /// The time from one to the next; the first one is sent with the head.
    pub(crate) every: Duration,
}

/// Sends them, and gives the answer, its body, and when each piece was handed to the connection, in milliseconds since the request
/// was sent. The whole, with the answer, may take this long.
pub(crate) async fn upload(
    connector: &Connector,
    target: &Target,
    pieces: Pieces,
    limit: Duration,
) -> (Exchange, Vec<u8>, Vec<u64>) {
    let pass = connector.gate().enter().await;
    let start = Instant::now();
    let mut exchange = Exchange {
        method: "POST".to_owned(),
        url: target.to_string(),
        sent_at_ms: connector.now_ms(),
        number: pass.number,
        connections: pass.connections,
        ..Exchange::default()
    };
    let sent = Arc::new(Mutex::new(Vec::new()));
    let sending = async {
        let forwards = connector.forwards(target, Carriage::Forwarded);
        let io = connector.open(target, Carriage::Forwarded, pass).await?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(io)).await.map_err(|error| of_hyper(&error))?;
        // Its errors reach us through the request, too.
        let _task = AbortOnDropHandle::new(tokio::spawn(async move {
            let _ = connection.await;
        }));
        let mut request =
            http::Request::post(if forwards { target.to_string() } else { target.path_and_query() })
                .header(header::HOST, target.authority())
                .header(header::ACCEPT, "*/*")
                .header(header::CONTENT_TYPE, "application/octet-stream")
                .header(header::USER_AGENT, concat!("dante-probe/", env!("CARGO_PKG_VERSION")))
                .body(Sized { body: body(pieces, sent.clone()), left: pieces.count * pieces.size as u64 })
                .map_err(|error| Failure::new(FailureKind::Other, error.to_string()))?;
        for (name, value) in &connector.plan().headers {
            request.headers_mut().insert(name, value.clone());
        }
        if forwards && let Some(value) = connector.proxy_authorization(target) {
            request.headers_mut().insert(header::PROXY_AUTHORIZATION, value);
        }
        let response = sender.send_request(request).await.map_err(|error| of_hyper(&error))?;
        exchange.status = Some(response.status().as_u16());
        exchange.version = format!("{:?}", response.version());
        exchange.headers = super::excerpt::truncate_headers(response.headers());
        exchange.head_ms = Some(millis(start));
        let mut all = Vec::new();
        let mut answer = response.into_body();
        while let Some(frame) = answer.frame().await {
            let frame = frame.map_err(|error| of_hyper(&error))?;
            let Ok(data) = frame.into_data() else { continue };
            let room = MAX_BODY - all.len();
            all.extend_from_slice(&data[..data.len().min(room)]);
        }
        Ok(all)
    };
    let text = || format!("no whole answer within {:.1} s", limit.as_secs_f64());
    let result = timeout(limit, Box::pin(sending))
        .await
        .unwrap_or_else(|_| Err(Failure::new(FailureKind::Timeout, text())));
    exchange.ms = millis(start);
    let all = match result {
        Ok(all) => all,
        Err(failure) => {
            exchange.failure = Some(failure);
            Vec::new()
        }
    };
    exchange.body = truncate_body(&all);
    exchange.body_bytes = all.len();
    connector.journal().note(&exchange);
    let sent = lock(&sent).clone();
    (exchange, all, sent)
}

/// The pieces as a body, which notes when each is taken.
fn body(pieces: Pieces, sent: Arc<Mutex<Vec<u64>>>) -> impl Body<Data = Bytes, Error = Infallible> + Unpin {
    let piece = Bytes::from(vec![b'x'; pieces.size]);
    let start = tokio::time::Instant::now();
    let frames = stream::unfold(0, move |index| {
        let (piece, sent) = (piece.clone(), sent.clone());
        async move {
            if u64::from(index) == pieces.count {
                return None;
            }
            sleep_until(start + pieces.every * index).await;
            lock(&sent).push(u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX));
            Some((Ok(Frame::data(piece)), index + 1))
        }
    });
    StreamBody::new(Box::pin(frames))
}

/// A body of a known length, so that it goes with `Content-Length`, as a file or a form does: chunks are refused by some hosts for
/// reasons of their own.
struct Sized<B> {
    body: B,
    left: u64,
}

impl<B: Body<Data = Bytes> + Unpin> Body for Sized<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let next = std::task::ready!(std::pin::Pin::new(&mut self.body).poll_frame(cx));
        if let Some(Ok(frame)) = &next {
            let length = frame.data_ref().map_or(0, Bytes::len) as u64;
            self.left = self.left.saturating_sub(length);
        }
        std::task::Poll::Ready(next)
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
