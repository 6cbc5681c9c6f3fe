//! [`NoReading`]: why a reading cannot begin, alone or in a room.

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::{
    reading::ResumeError,
    room::{BatonError, RoomsFull},
};

/// Why a reading cannot begin. The message starts with a stable word for programs.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoReading {
    /// What was asked for cannot be had.
    #[error(transparent)]
    Asked(#[from] ResumeError),
    /// There is no room for another room.
    #[error(transparent)]
    Full(#[from] RoomsFull),
    /// Another token was shown first.
    #[error(
        "not-the-conductor: another token conducts this room; leave out the token to read there, or take another name"
    )]
    NotTheConductor,
    /// Too many wrong tokens came from one address.
    #[error(
        "too-many-attempts: too many wrong tokens came from your address for this room; try again in a minute"
    )]
    TooManyAttempts,
}

impl IntoResponse for NoReading {
    fn into_response(self) -> Response {
        let (status, retry) = match self {
            Self::Asked(_) => (StatusCode::BAD_REQUEST, None),
            Self::Full(_) => (StatusCode::SERVICE_UNAVAILABLE, Some("10")),
            Self::NotTheConductor => (StatusCode::FORBIDDEN, None),
            Self::TooManyAttempts => (StatusCode::TOO_MANY_REQUESTS, Some("60")),
        };
        refuse(status, retry, &self)
    }
}

/// Why an order by HTTP is not followed. The message starts with a stable word for programs.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoOrder {
    /// Its room or its token is not good.
    #[error(transparent)]
    Room(#[from] NoReading),
    /// The room does not follow it.
    #[error(transparent)]
    Baton(#[from] BatonError),
    /// There is no token.
    #[error("no-token: give the room's token in a header: Authorization: Bearer TOKEN")]
    NoToken,
    /// The body is none of the orders that there are.
    #[error(
        "bad-order: give an object as JSON: {{\"do\": \"hold\"}}, {{\"do\": \"go-on\"}}, {{\"do\": \"jump\", \"to\": INDEX}} or {{\"do\": \"look\"}}"
    )]
    Shape,
    /// The body did not come.
    #[error("slow-order: the order did not arrive in time; send it again")]
    Slow,
}

impl From<ResumeError> for NoOrder {
    fn from(error: ResumeError) -> Self {
        Self::Room(error.into())
    }
}

impl IntoResponse for NoOrder {
    fn into_response(self) -> Response {
        let (status, retry) = match self {
            Self::Room(refusal) => return refusal.into_response(),
            Self::NoToken => {
                let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
                return (StatusCode::UNAUTHORIZED, challenge, self.to_string()).into_response();
            }
            Self::Shape | Self::Baton(BatonError::Beyond { .. }) => (StatusCode::BAD_REQUEST, None),
            Self::Slow => (StatusCode::REQUEST_TIMEOUT, None),
            Self::Baton(BatonError::Ended) => (StatusCode::CONFLICT, None),
            Self::Baton(BatonError::TooOften) => (StatusCode::TOO_MANY_REQUESTS, Some("1")),
        };
        refuse(status, retry, &self)
    }
}

/// A refusal in words, and after how many seconds another attempt makes sense.
fn refuse(status: StatusCode, retry: Option<&'static str>, why: &impl ToString) -> Response {
    let retry = retry.map(|seconds| (header::RETRY_AFTER, HeaderValue::from_static(seconds)));
    let headers: Vec<(HeaderName, HeaderValue)> = retry.into_iter().collect();
    (status, axum::response::AppendHeaders(headers), why.to_string()).into_response()
}
