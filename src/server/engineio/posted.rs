//! The body of a POST, read and checked before the engine decodes it.

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tracing::debug;

use super::{
    MAX_MESSAGE,
    payload::{self, Framing, PayloadError},
    request::refuse,
};
use crate::engine_version::EngineVersion;

/// A payload that every version of the engine refuses, closing the session: it is neither a packet nor a length.
pub(super) const REFUSED_PAYLOAD: &str = ":";

/// Why the body of a POST does not reach the engine.
pub(super) enum BodyError {
    /// The connection broke, or the body is not HTTP.
    Unreadable,
    TooLarge,
    Payload(PayloadError),
}

impl IntoResponse for BodyError {
    fn into_response(self) -> Response {
        match self {
            Self::Unreadable => refuse(StatusCode::BAD_REQUEST, 3, "Bad request: the body is incomplete"),
            Self::TooLarge => {
                let message = format!("Payload too large: the limit is {MAX_MESSAGE} bytes");
                refuse(StatusCode::PAYLOAD_TOO_LARGE, 3, &message)
            }
            Self::Payload(error) => {
                debug!(%error, "a payload is refused");
                refuse(StatusCode::BAD_REQUEST, 3, &format!("Bad request: {error}"))
            }
        }
    }
}

/// The same request, with its body read and checked. A body that no client may send is replaced with one that the
/// engine refuses, so that the engine closes the session.
pub(super) async fn checked(request: Request, version: EngineVersion) -> (Request, Option<BodyError>) {
    let (mut parts, body) = request.into_parts();
    // Exactly what the engine looks for.
    let is_binary =
        parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/octet-stream");
    let framing = match version {
        EngineVersion::V4 => Framing::V4,
        EngineVersion::V3 if is_binary => Framing::V3Binary,
        EngineVersion::V3 => Framing::V3Text,
    };
    let read = Limited::new(body, MAX_MESSAGE).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() { BodyError::TooLarge } else { BodyError::Unreadable }
    });
    let payload = read.and_then(|body| {
        let body = body.to_bytes();
        payload::check(&body, framing).map(|_| body).map_err(BodyError::Payload)
    });
    match payload {
        // In one piece: for every new piece, the engine's decoders scan everything again.
        Ok(body) => (Request::from_parts(parts, Body::from(body)), None),
        Err(body_error) => {
            parts.headers.remove(header::CONTENT_TYPE);
            (Request::from_parts(parts, Body::from(REFUSED_PAYLOAD)), Some(body_error))
        }
    }
}
