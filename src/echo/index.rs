//! `GET /`: what there is, for people and for programs.

use axum::{
    Json,
    extract::Request,
    http::header,
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::contract::echo::{LONGEST_BODY, LONGEST_MESSAGE};

const TEXT: &str = "\
This is dante echo, an origin to try a host with. Probe it through the host: dante probe https://HOST/PATH/

  ws     a WebSocket: sends what the query asks for, and sends back what it receives
         (?answer=size: says how large it was instead)
  sse    server-sent events: as many as the query asks for
  post   POST: says in which pieces the body arrived, as JSON at its end, or as each one comes
         (Accept: application/x-ndjson or text/event-stream); then sends what the query asks for

  ?count=10      how many messages to send (ws and post: none by default)
  &size=64       the size of the first one, in bytes, up to 16777216
  &grow=1        how many times larger each one is than the one before
  &every=1s      the time between two, up to 10m
";

/// What there is: as JSON to those who ask for it, as text to all others.
pub(super) fn index(request: &Request) -> Response {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    if accept.is_some_and(|accept| accept.contains("application/json")) {
        return Json(json!({
            "dante": env!("CARGO_PKG_VERSION"),
            "ws": {"parameters": ["count", "size", "grow", "every", "answer"]},
            "sse": {"parameters": ["count", "size", "grow", "every"]},
            "post": {"parameters": ["count", "size", "grow", "every"]},
            "longestMessage": LONGEST_MESSAGE,
            "longestBody": LONGEST_BODY,
        }))
        .into_response();
    }
    TEXT.into_response()
}
