//! A session of Engine.IO over long polling, as its clients have one.

use std::cell::Cell;

use tokio_tungstenite::{WebSocketStream, client_async};

use crate::support::{Answer, Server, Stream, soon};

/// A session over long polling, as a client of either version has one.
pub(super) struct Session<'a> {
    pub(super) server: &'a Server,
    version: u8,
    pub(super) path: String,
    /// The `t` of the next request.
    pub(super) t: Cell<usize>,
}

impl<'a> Session<'a> {
    /// Opens a session, and joins the main namespace.
    pub(super) async fn open(server: &'a Server, version: u8) -> Self {
        let opened = server.get(&format!("/socket.io/?EIO={version}&transport=polling&t=p0"), "").await;
        assert_eq!(opened.status, 200, "{}", opened.body);
        let sid = opened.body.split('"').nth(3).unwrap();
        let path = format!("/socket.io/?EIO={version}&transport=polling&sid={sid}");
        let session = Self { server, version, path, t: Cell::new(0) };
        if version == 4 {
            session.say("40").await;
        }
        session
    }

    pub(super) async fn say(&self, packet: &str) {
        let length = packet.len();
        let post =
            format!("POST {} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{packet}", self.path);
        assert_eq!(self.server.send(&post).await.body, "ok");
    }

    pub(super) fn next_path(&self) -> String {
        self.t.set(self.t.get() + 1);
        format!("{}&t=p{}", self.path, self.t.get())
    }

    pub(super) async fn poll(&self) -> Answer {
        soon(self.server.get(&self.next_path(), "")).await
    }

    pub(super) fn websocket_path(&self) -> String {
        self.path.replace("transport=polling", "transport=websocket")
    }

    /// A WebSocket that is to take it over.
    pub(super) async fn websocket(&self) -> WebSocketStream<Box<dyn Stream>> {
        let url = format!("ws://localhost{}", self.websocket_path());
        soon(client_async(url, self.server.connect().await)).await.expect("a WebSocket").0
    }

    /// Polls until a stanza comes, and answers pings; returns the indexes of the stanzas that came last.
    pub(super) async fn poll_for_stanzas(&self) -> Vec<usize> {
        loop {
            let answer = self.poll().await;
            assert_eq!(answer.status, 200, "{}", answer.body);
            if self.version == 4 && answer.body.split('\x1e').any(|packet| packet == "2") {
                self.say("3").await;
            }
            let came = indexes(&answer.body);
            if !came.is_empty() {
                return came;
            }
        }
    }
}

/// The indexes of all stanzas in a text, by their event's second argument.
pub(super) fn indexes(text: &str) -> Vec<usize> {
    let after = text.split(r#""index":"#).skip(1);
    after
        .map(|rest| rest[..rest.find(|letter: char| !letter.is_ascii_digit()).unwrap()].parse().unwrap())
        .collect()
}
