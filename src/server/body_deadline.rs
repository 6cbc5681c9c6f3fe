//! A limit on the time that a request's body takes. What readers send is small, so it comes at once or not at all; a body that trickles
//! would keep its connection, its session and its buffers.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    BoxError,
    body::{Body, Bytes, HttpBody},
    extract::{self, Request},
    middleware::Next,
    response::Response,
};
use http::{HeaderValue, header};
use hyper::body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use super::{app::App, faults};
use crate::hosting::fault::Fault;

/// What the layer knows.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) app: App,
    /// How long a body may take.
    pub(super) time: Duration,
}

/// Passes a request on, and answers in the place of whoever waited for its body in vain.
pub(super) async fn handle(
    extract::State(State { app, time }): extract::State<State>,
    request: Request,
    next: Next,
) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (line, late) = (faults::describe_request(&request), Arc::<AtomicBool>::default());
    let request = request.map(|body| {
        let deadline = Box::pin(sleep(time));
        Body::new(Timed { body, deadline, late: Arc::clone(&late) })
    });
    let response = next.run(request).await;
    if !late.load(Ordering::Relaxed) {
        return response;
    }
    let mut refusal = faults::refuse(&app, &Fault::LateBody(time), &line);
    // The rest of the body may still come (RFC 9110, 15.5.9).
    refusal.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    refusal
}

/// A body with a deadline.
struct Timed {
    body: Body,
    deadline: Pin<Box<Sleep>>,
    late: Arc<AtomicBool>,
}

/// The body did not come in time.
#[derive(Debug, thiserror::Error)]
#[error("the body took too long")]
struct Late;

impl HttpBody for Timed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| frame.map_err(BoxError::from)));
        }
        if self.deadline.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.late.store(true, Ordering::Relaxed);
        Poll::Ready(Some(Err(Late.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
