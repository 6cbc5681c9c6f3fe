//! Two processes on one port: both get readers, nothing is lost, and when one is killed the readers of the other notice nothing.

use std::collections::BTreeMap;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::{
    io::{BufReader, Lines},
    net::TcpStream,
    process::{Child, ChildStdout},
};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

use crate::{
    binary::{dante, port, signal, start},
    support::soon,
};

/// How many read over plain WebSocket, and as many over Socket.IO. That one of two processes gets none of 40 is
/// less likely than one in 10¹¹.
const READERS: usize = 20;

/// How many stanzas there are.
const STANZAS: u64 = 60;

struct Process {
    child: Child,
    port: u16,
    _lines: Lines<BufReader<ChildStdout>>,
}

async fn process(port_wanted: u16, poem: &str) -> Process {
    let port_wanted = port_wanted.to_string();
    let args = ["--listen", &port_wanted, "--reuse-port", "--interval", "60ms", "--poem", poem];
    // The log of many readers would fill its pipe.
    let (child, banner, lines) = start(dante(&args).env("RUST_LOG", "error")).await;
    assert!(
        banner.contains("shared with other Dantes") && banner.contains("socket.io (websocket)"),
        "{banner}"
    );
    Process { child, port: port(&banner), _lines: lines }
}

/// Who reads, and what came.
struct Reader {
    socket: WebSocketStream<TcpStream>,
    is_socket_io: bool,
    node: String,
    edition: String,
    next: u64,
}

impl Reader {
    /// Opens a stream from this stanza on, and reads its first event.
    async fn open(port: u16, is_socket_io: bool, from: u64, edition: Option<&str>) -> Self {
        let edition = edition.map(|edition| format!("&edition={edition}")).unwrap_or_default();
        let path =
            if is_socket_io { "socket.io/?EIO=4&transport=websocket" } else { "websocket/ws?format=json" };
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let url = format!("ws://127.0.0.1:{port}/{path}&from={from}{edition}");
        let (mut socket, _) = soon(client_async(url, stream)).await.unwrap();
        if is_socket_io {
            socket.send(Message::text("40")).await.unwrap();
        }
        let mut reader =
            Self { socket, is_socket_io, node: String::new(), edition: String::new(), next: from };
        let (name, opening) = reader.event().await.expect("an event");
        assert_eq!((name.as_str(), &opening["from"]), ("reading", &from.into()));
        reader.node = opening["node"].as_str().unwrap().to_owned();
        reader.edition = opening["edition"].as_str().unwrap().to_owned();
        reader
    }

    /// The next event and its object; none when the connection is closed or cut.
    async fn event(&mut self) -> Option<(String, Value)> {
        loop {
            let text = match soon(self.socket.next()).await? {
                Ok(Message::Text(text)) => text,
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => continue,
            };
            if !self.is_socket_io {
                let event: Value = serde_json::from_str(&text).unwrap();
                return Some((event["event"].as_str().unwrap().to_owned(), event));
            }
            // Engine.IO's and Socket.IO's openings and closings are no events.
            if let Some(event) = text.strip_prefix("42") {
                let event: Vec<Value> = serde_json::from_str(event).unwrap();
                return Some((event[0].as_str().unwrap().to_owned(), event.last().unwrap().clone()));
            }
        }
    }

    /// Reads until the poem or the connection ends; every stanza is the next one.
    async fn read(mut self) -> Self {
        while let Some((_, stanza)) = self.event().await {
            assert_eq!(stanza["index"], Value::from(self.next));
            self.next += 1;
        }
        self
    }
}

#[tokio::test]
async fn a_killed_process_costs_the_readers_of_the_other_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let poem = folder.path().join("poem.txt");
    std::fs::write(&poem, (0..STANZAS).map(|index| format!("{index}.\n\n")).collect::<String>()).unwrap();
    let poem = poem.to_str().unwrap();
    let mut first = process(0, poem).await;
    let port = first.port;
    let _second = process(port, poem).await;

    let mut readers = Vec::new();
    for index in 0..2 * READERS {
        readers.push(Reader::open(port, index % 2 == 0, 0, None).await);
    }
    let mut of = BTreeMap::<_, usize>::new();
    for reader in &readers {
        *of.entry(reader.node.clone()).or_default() += 1;
    }
    assert_eq!(of.len(), 2, "{of:?}");

    let reading: Vec<_> =
        readers.into_iter().map(|reader| tokio::spawn(read_to_the_end(reader, port))).collect();
    signal(&first.child, "KILL");
    soon(first.child.wait()).await.unwrap();
    let mut cut = BTreeMap::<_, usize>::new();
    for reading in reading {
        if let Some(node) = soon(reading).await.expect("no stanza lost or repeated") {
            *cut.entry(node).or_default() += 1;
        }
    }
    // All readers of one process were cut, and nobody else.
    let [(node, cut)] = &cut.into_iter().collect::<Vec<_>>()[..] else { panic!("one process was killed") };
    assert_eq!(cut, &of[node]);
}

/// Reads the whole poem, and says which process was left before its end, if one was.
async fn read_to_the_end(reader: Reader, port: u16) -> Option<String> {
    let reader = reader.read().await;
    if reader.next == STANZAS {
        return None;
    }
    let resumed = Reader::open(port, reader.is_socket_io, reader.next, Some(&reader.edition)).await;
    assert_ne!(resumed.node, reader.node, "it comes back to the other process");
    assert_eq!(resumed.read().await.next, STANZAS);
    Some(reader.node)
}
