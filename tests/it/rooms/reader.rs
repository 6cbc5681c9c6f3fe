//! A reader in a room, on any transport.

use std::collections::VecDeque;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

use crate::support::{Answer, Server, Stream, soon};

/// What a reader in a room hears.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Heard {
    /// A stanza, by its index, which is its text, too.
    Stanza(usize),
    /// The event `reading` or `room`.
    Event(String, Value),
    End,
}

impl Heard {
    /// An event with its content, as it comes on all transports.
    fn event(event: &str, content: Value) -> Self {
        match event {
            "divinecomedy" => Self::Stanza(content["index"].as_u64().unwrap().try_into().unwrap()),
            "end" => Self::End,
            _ => Self::Event(event.to_owned(), content),
        }
    }
}

/// A reader on one of the transports.
pub(crate) enum Reader {
    Text(WebSocketStream<Box<dyn Stream>>),
    Json(WebSocketStream<Box<dyn Stream>>),
    SocketIo(WebSocketStream<Box<dyn Stream>>),
    Sse(BufReader<Box<dyn Stream>>),
}

impl Reader {
    /// One of each kind in a room.
    pub(crate) async fn of_each_kind(server: &Server, room: &str) -> Vec<Self> {
        vec![
            Self::text(server, room).await,
            Self::json(server, &format!("room={room}")).await,
            Self::sse(server, room).await,
            Self::socket_io(server, "EIO=4", &json!({ "room": room })).await,
            // Socket.IO 2 has no auth, and joins the main namespace by itself.
            Self::SocketIo(
                websocket(server, &format!("/socket.io/?EIO=3&transport=websocket&room={room}")).await,
            ),
        ]
    }

    pub(crate) async fn text(server: &Server, room: &str) -> Self {
        Self::Text(websocket(server, &format!("/websocket/ws?room={room}")).await)
    }

    pub(crate) async fn json(server: &Server, query: &str) -> Self {
        Self::Json(websocket(server, &format!("/websocket/ws?format=json&{query}")).await)
    }

    pub(crate) async fn sse(server: &Server, room: &str) -> Self {
        let mut stream = BufReader::new(server.connect().await);
        let request = format!("GET /sse/stream?room={room} HTTP/1.1\r\nHost: x\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        assert_eq!(soon(Answer::read(&mut stream)).await.status, 200);
        Self::Sse(stream)
    }

    pub(crate) async fn socket_io(server: &Server, query: &str, auth: &Value) -> Self {
        let mut socket = websocket(server, &format!("/socket.io/?transport=websocket&{query}")).await;
        socket.send(format!("40{auth}").into()).await.unwrap();
        Self::SocketIo(socket)
    }

    pub(crate) async fn hears(&mut self) -> Heard {
        soon(async {
            loop {
                if let Some(heard) = self.next().await {
                    return heard;
                }
            }
        })
        .await
    }

    async fn next(&mut self) -> Option<Heard> {
        match self {
            Self::Sse(stream) => {
                let mut line = String::new();
                assert!(stream.read_line(&mut line).await.unwrap() > 0, "the stream broke off");
                let data: Value = serde_json::from_str(line.strip_prefix("data: ")?).unwrap();
                Some(Heard::event(data["event"].as_str().unwrap(), data.clone()))
            }
            Self::Text(socket) => match socket.next().await?.unwrap() {
                Message::Text(text) => {
                    Some(Heard::Stanza(text.trim_end_matches('.').trim().parse().unwrap()))
                }
                message => end_of(&message),
            },
            Self::Json(socket) => match socket.next().await?.unwrap() {
                Message::Text(text) => {
                    let object: Value = serde_json::from_str(&text).unwrap();
                    Some(Heard::event(object["event"].as_str().unwrap(), object.clone()))
                }
                message => end_of(&message),
            },
            Self::SocketIo(socket) => {
                let message = socket.next().await?.unwrap();
                let text = message.to_text().unwrap();
                if text == "41" {
                    return Some(Heard::End);
                }
                let event: Value = serde_json::from_str(text.strip_prefix("42")?).unwrap();
                let content = event.as_array().unwrap().last().unwrap().clone();
                Some(Heard::event(event[0].as_str().unwrap(), content))
            }
        }
    }

    pub(crate) async fn stanza(&mut self) -> usize {
        loop {
            match self.hears().await {
                Heard::Stanza(index) => return index,
                Heard::Event(..) => {}
                Heard::End => panic!("the end"),
            }
        }
    }

    /// Reads on to this stanza from one that was heard, and asserts that each one follows the one before.
    pub(crate) async fn reads_to(&mut self, mut index: usize, last: usize) {
        while index < last {
            let next = self.stanza().await;
            assert_eq!(next, index + 1);
            index = next;
        }
        assert_eq!(index, last, "a stanza came after the room was held");
    }

    /// Reads on to an event `room` that says this.
    pub(crate) async fn is_told(&mut self, expected: impl Fn(&Value) -> bool) -> Value {
        let mut others = VecDeque::new();
        loop {
            match self.hears().await {
                Heard::Event(name, room) if name == "room" && expected(&room) => return room,
                Heard::End => panic!("the end, after {others:?}"),
                other => others.push_back(other),
            }
            others.truncate(20);
        }
    }
}

fn end_of(message: &Message) -> Option<Heard> {
    let Message::Close(frame) = message else { return None };
    assert_eq!(frame.as_ref().map(|frame| u16::from(frame.code)), Some(1000));
    Some(Heard::End)
}

/// A WebSocket at this path.
pub(crate) async fn websocket(server: &Server, path: &str) -> WebSocketStream<Box<dyn Stream>> {
    let stream = server.connect().await;
    soon(client_async(format!("ws://localhost{path}"), stream)).await.expect("a WebSocket").0
}
