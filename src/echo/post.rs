//! `POST post`: says in which pieces a body arrived, at its end or, to a client that accepts a stream, as each one comes.

use std::time::Instant;

use axum::{
    Json,
    body::{Body, BodyDataStream},
    extract::Request,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::StreamExt as _;
use serde::Serialize;
use tokio::time::timeout;

use super::{
    Echo, LONGEST,
    asked::Asked,
    bad_query,
    streamed::{Writer, streamed},
};
use crate::contract::echo::{LONGEST_BODY, Piece, Received};

/// So many pieces are told one by one.
const TOLD: usize = 500;

/// What a client takes for an answer that streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    /// Server-sent events.
    Events,
    /// A line of JSON for each piece.
    Lines,
}

/// A body, piece by piece.
struct Arriving {
    body: BodyDataStream,
    start: Instant,
    bytes: u64,
}

/// Why a body did not come to its end.
enum Broken {
    TooLarge,
    Cut(String),
}

/// Reads the body, and answers with what came; after it, with the messages that the query asks for, if any.
pub(super) async fn receive(echo: &Echo, request: Request) -> Response {
    let asked = match Asked::read(request.uri().query().unwrap_or_default(), 0) {
        Ok(asked) => asked,
        Err(error) => return bad_query(&error),
    };
    let room = match echo.enter() {
        Ok(room) => room,
        Err(refusal) => return *refusal,
    };
    let format = format_of(request.headers());
    let arriving = Arriving { body: request.into_body().into_data_stream(), start: Instant::now(), bytes: 0 };
    let Some(format) = format else {
        // Nothing is lost where it is given up: the connection ends, too.
        return match timeout(LONGEST, arriving.gather()).await {
            Ok(Ok(received)) => Json(received).into_response(),
            Ok(Err(broken)) => broken.into_response(),
            Err(_) => (StatusCode::REQUEST_TIMEOUT, "The body did not end within an hour.\n").into_response(),
        };
    };
    let body = streamed(echo, room, move |writer| async move {
        if arriving.tell(&writer, format).await?.is_some() {
            match format {
                Format::Events => {
                    writer.write_messages(asked, |index| format!("id: {index}\ndata: "), "\n\n").await?
                }
                Format::Lines => {
                    writer
                        .write_messages(asked, |index| format!("{{\"id\":{index},\"data\":\""), "\"}\n")
                        .await?;
                }
            }
        }
        Ok(())
    });
    stream_of(format, body)
}

fn stream_of(format: Format, body: Body) -> Response {
    let kind = match format {
        Format::Events => "text/event-stream",
        Format::Lines => "application/x-ndjson",
    };
    ([(header::CONTENT_TYPE, kind)], body).into_response()
}

/// The stream that a client accepts first; none if it names neither kind.
fn format_of(headers: &HeaderMap) -> Option<Format> {
    let accept = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accept.flat_map(|value| value.split(',')).find_map(|range| {
        match range.split(';').next().unwrap_or_default().trim() {
            "text/event-stream" => Some(Format::Events),
            "application/x-ndjson" => Some(Format::Lines),
            _ => None,
        }
    })
}

impl Arriving {
    /// The next piece; none at the end.
    async fn next(&mut self) -> Result<Option<Piece>, Broken> {
        let bytes: Bytes = match self.body.next().await {
            None => return Ok(None),
            Some(Ok(bytes)) => bytes,
            Some(Err(error)) => return Err(Broken::Cut(error.to_string())),
        };
        self.bytes += bytes.len() as u64;
        if self.bytes > LONGEST_BODY {
            return Err(Broken::TooLarge);
        }
        let at_ms = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(Some(Piece { at_ms, bytes: bytes.len() as u64 }))
    }

    /// All pieces.
    async fn gather(mut self) -> Result<Received, Broken> {
        let mut received = Received::default();
        while let Some(piece) = self.next().await? {
            match received.pieces.get_mut(TOLD - 1) {
                Some(last) => last.bytes += piece.bytes,
                None => received.pieces.push(piece),
            }
        }
        Ok(Received { bytes: self.bytes, ..received })
    }

    /// Writes a line or an event for each piece as it comes, and one at the end. Gives how many bytes came; none if they did not
    /// come to their end, which the last line says.
    async fn tell(mut self, writer: &Writer, format: Format) -> Result<Option<u64>, super::streamed::Gone> {
        loop {
            match self.next().await {
                Ok(Some(piece)) => writer.write(format.write("piece", &piece)).await?,
                Ok(None) => {
                    let received = Received { bytes: self.bytes, ..Received::default() };
                    writer.write(format.write("received", &received)).await?;
                    return Ok(Some(self.bytes));
                }
                Err(broken) => {
                    writer.write(format.write("error", &broken.to_string())).await?;
                    return Ok(None);
                }
            }
        }
    }
}

impl Format {
    /// What happened, as an event or a line.
    fn write(self, name: &str, what: &impl Serialize) -> String {
        let json = serde_json::to_string(what).expect("numbers and texts always have a JSON form");
        match self {
            Self::Events => format!("event: {name}\ndata: {json}\n\n"),
            Self::Lines => format!("{{\"event\":\"{name}\",\"data\":{json}}}\n"),
        }
    }
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLarge => write!(f, "the body has more than {LONGEST_BODY} bytes; send a smaller one"),
            Self::Cut(how) => write!(f, "the body was cut off ({how})"),
        }
    }
}

impl IntoResponse for Broken {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Cut(_) => StatusCode::BAD_REQUEST,
        };
        (status, format!("{self}\n")).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_stream_that_is_accepted() {
        let of = |accept: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            format_of(&headers)
        };
        assert_eq!(of("*/*"), None);
        assert_eq!(of("application/json"), None);
        assert_eq!(of("text/event-stream, application/x-ndjson;q=0.5"), Some(Format::Events));
        assert_eq!(of("application/x-ndjson;q=0.5, */*"), Some(Format::Lines));
        assert_eq!(format_of(&HeaderMap::new()), None);
    }
}
