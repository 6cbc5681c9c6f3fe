//! `GET ws`: sends the messages that the query asks for, and answers each that a client sends: with the same, or with its size.

use axum::{
    extract::{
        FromRequestParts as _, Request,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code},
    },
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use tokio::time::{Duration, Instant, sleep_until, timeout};

use super::{Echo, LONGEST, asked::Asked, bad_query, message};
use crate::{
    bad_value::BadValue,
    contract::echo::{ANSWER, LONGEST_MESSAGE, Received},
    query::parameter,
};

/// How long a peer may take to answer our close frame.
const CLOSING: Duration = Duration::from_secs(2);

/// What is read of a message that is too long, so that the close frame can say so.
const MOST_READ: usize = 2 * LONGEST_MESSAGE;

/// How a client's messages are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// With the same.
    Same,
    /// With the size, as JSON.
    Size,
}

/// Upgrades; the stream begins at once.
pub(super) async fn upgrade(echo: &Echo, request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default().to_owned();
    let (asked, answer) = match (Asked::read(&query, 0), answer_of(&query)) {
        (Ok(asked), Ok(answer)) => (asked, answer),
        (Err(error), _) | (_, Err(error)) => return bad_query(&error),
    };
    let (mut parts, _) = request.into_parts();
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => {
            let text = format!("This is a WebSocket, and the request is not one for it: {rejection}.\n");
            return (StatusCode::UPGRADE_REQUIRED, [(header::UPGRADE, "websocket")], text).into_response();
        }
    };
    let room = match echo.enter() {
        Ok(room) => room,
        Err(refusal) => return *refusal,
    };
    let echo = echo.clone();
    upgrade.max_message_size(MOST_READ).max_frame_size(MOST_READ).on_upgrade(move |socket| {
        let tracker = echo.tracker.clone();
        tracker.track_future(async move {
            let _room = room;
            serve(&echo, socket, asked, answer).await;
        })
    })
}

fn answer_of(query: &str) -> Result<Answer, BadValue> {
    match parameter(query, ANSWER).as_deref() {
        None | Some("echo") => Ok(Answer::Same),
        Some("size") => Ok(Answer::Size),
        Some(other) => {
            Err(BadValue::new(ANSWER, other, "neither echo (the default) nor size; write one of them"))
        }
    }
}

async fn serve(echo: &Echo, mut socket: WebSocket, asked: Asked, answer: Answer) {
    let code = tokio::select! {
        code = exchange(&mut socket, asked, answer) => code,
        () = echo.stop.cancelled() => Some((close_code::RESTART, "the echo is stopping")),
        () = tokio::time::sleep(LONGEST) => Some((close_code::NORMAL, "an hour is over")),
    };
    if let Some((code, reason)) = code {
        let frame = CloseFrame { code, reason: reason.into() };
        if socket.send(Message::Close(Some(frame))).await.is_ok() {
            let _ = timeout(CLOSING, async { while let Some(Ok(_)) = socket.recv().await {} }).await;
        }
    }
}

/// Sends and answers until the peer leaves, or a message is larger than may be; gives how to close then.
async fn exchange(socket: &mut WebSocket, asked: Asked, answer: Answer) -> Option<(u16, &'static str)> {
    let mut due = Instant::now();
    let mut messages = (0..).zip(asked.sizes()).peekable();
    loop {
        let received = tokio::select! {
            () = sleep_until(due), if messages.peek().is_some() => {
                let (index, size) = messages.next()?;
                due += asked.every;
                socket.send(Message::text(message::text(index, size))).await.ok()?;
                continue;
            }
            received = socket.recv() => received,
        };
        let answered = match (received, answer) {
            (Some(Ok(message)), _) if message_size(&message) > LONGEST_MESSAGE => {
                return Some((close_code::SIZE, "a message may have 16777216 bytes"));
            }
            (Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))), Answer::Same) => message,
            (Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))), Answer::Size) => {
                size(message_size(&message))
            }
            // Pings are answered by the protocol.
            (Some(Ok(Message::Ping(_) | Message::Pong(_))), _) => continue,
            (Some(Ok(Message::Close(_))) | None, _) => return None,
            (Some(Err(_)), _) => return None,
        };
        socket.send(answered).await.ok()?;
    }
}

fn message_size(message: &Message) -> usize {
    match message {
        Message::Text(text) => text.len(),
        Message::Binary(bytes) => bytes.len(),
        Message::Ping(_) | Message::Pong(_) | Message::Close(_) => 0,
    }
}

fn size(bytes: usize) -> Message {
    let received = Received { bytes: bytes as u64, ..Received::default() };
    Message::text(serde_json::to_string(&received).expect("a number always has a JSON form"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        assert_eq!(answer_of(""), Ok(Answer::Same));
        assert_eq!(answer_of("answer=size"), Ok(Answer::Size));
        let error = answer_of("answer=loud").unwrap_err().to_string();
        assert!(error.contains("\"loud\"") && error.contains("size"), "{error}");
    }
}
