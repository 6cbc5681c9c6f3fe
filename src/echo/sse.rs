//! `GET sse`: events of the sizes that the query asks for, at its pace (WHATWG HTML, 9.2 Server-sent events).

use axum::{
    extract::Request,
    http::header,
    response::{IntoResponse, Response},
};

use super::{Echo, asked::Asked, bad_query, streamed::streamed};

/// How many events are sent where the query does not say.
const EVENTS: u64 = 10;

/// What ends a stream, so that a client can tell the end from a broken connection.
const END: &str = "event: end\ndata:\n\n";

/// The events, each with its number as its id, and one named `end` after the last.
pub(super) fn stream(echo: &Echo, request: &Request) -> Response {
    let asked = match Asked::read(request.uri().query().unwrap_or_default(), EVENTS) {
        Ok(asked) => asked,
        Err(error) => return bad_query(&error),
    };
    let room = match echo.enter() {
        Ok(room) => room,
        Err(refusal) => return *refusal,
    };
    let body = streamed(echo, room, move |writer| async move {
        writer.write_messages(asked, |index| format!("id: {index}\ndata: "), "\n\n").await?;
        writer.write(END).await
    });
    ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
}
