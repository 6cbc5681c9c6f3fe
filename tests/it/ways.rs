//! The two ways of a stanza to a reader over Socket.IO: straight to the socket, and through the engine, as it goes to a session that upgraded
//! from long polling. A reader cannot tell them apart.

use std::collections::BTreeSet;

use dante::cli::ServeArgs;
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

use crate::support::{Server, Setup, Stream, socket_path, soon, websocket_request};

type Socket = WebSocketStream<Box<dyn Stream>>;

/// A session over WebSocket that has joined the main namespace.
async fn open(server: &Server, upgraded: bool) -> Socket {
    let path = "/socket.io/?EIO=4&transport=websocket";
    if !upgraded {
        let mut socket = websocket(server, path).await;
        assert!(hear(&mut socket).await.starts_with("0{"));
        socket.send("40".into()).await.unwrap();
        return socket;
    }
    let opened = server.get("/socket.io/?EIO=4&transport=polling", "").await.body;
    let sid = opened.split('"').nth(3).unwrap().to_owned();
    let mut socket = websocket(server, &format!("{path}&sid={sid}")).await;
    socket.send("2probe".into()).await.unwrap();
    assert_eq!(hear(&mut socket).await, "3probe");
    socket.send("5".into()).await.unwrap();
    socket.send("40".into()).await.unwrap();
    socket
}

async fn websocket(server: &Server, path: &str) -> Socket {
    let stream = server.connect().await;
    soon(client_async(format!("ws://localhost{path}"), stream)).await.expect("a WebSocket").0
}

/// The next packet.
async fn hear(socket: &mut Socket) -> String {
    match soon(socket.next()).await {
        Some(Ok(Message::Text(text))) => text.to_string(),
        other => panic!("no packet but {other:?}"),
    }
}

/// The index of the stanza in a packet, if it holds one.
fn index_of(packet: &str) -> Option<usize> {
    let (_, after) = packet.strip_prefix("42[\"divinecomedy\",")?.split_once("\"index\":")?;
    Some(after.split(',').next().unwrap().parse().unwrap())
}

fn paced(interval: &str, stanzas: (usize, usize)) -> Setup<'static> {
    let args = ServeArgs {
        interval: Some(interval.into()),
        polling_duration: Some("1".into()),
        ..ServeArgs::default()
    };
    Setup { args, stanzas, ..Setup::default() }
}

#[tokio::test]
async fn between_pings_and_replies_every_stanza_comes_once_and_in_order() {
    const STANZAS: usize = 120;
    for upgraded in [false, true] {
        let server = Server::start(paced("20ms", (STANZAS, 0))).await;
        let mut socket = open(&server, upgraded).await;
        let (mut stanzas, mut pings, mut acknowledged) = (Vec::new(), 0, BTreeSet::new());
        let end = loop {
            let packet = hear(&mut socket).await;
            if packet == "2" {
                pings += 1;
                socket.send("3".into()).await.unwrap();
            } else if let Some(index) = index_of(&packet) {
                // The engine writes its reply while the conductor writes stanzas.
                socket.send(format!("42{index}[\"echo\"]").into()).await.unwrap();
                stanzas.push(index);
            } else if let Some(id) = packet.strip_prefix("43") {
                acknowledged.insert(id.trim_end_matches("[null]").trim_end_matches("[]").to_owned());
            } else if packet.starts_with("41") {
                break packet;
            } else {
                assert!(packet.starts_with("40") || packet.contains("\"reading\""), "{packet}");
            }
        };
        assert_eq!(stanzas, (0..STANZAS).collect::<Vec<_>>(), "upgraded: {upgraded}");
        assert!(pings >= 2, "{pings} pings in more than two seconds, upgraded: {upgraded}");
        assert!(acknowledged.len() >= STANZAS - 2, "{acknowledged:?}, upgraded: {upgraded}");
        assert_eq!(end, "41");
        server.stop().await;
    }
}

#[tokio::test]
async fn the_packets_are_the_same() {
    const STANZAS: usize = 3;
    let server = Server::start(paced("20ms", (STANZAS, 0))).await;
    let mut both = Vec::new();
    for upgraded in [false, true] {
        let mut socket = open(&server, upgraded).await;
        let mut packets = Vec::new();
        while packets.len() < STANZAS {
            packets.extend(Some(hear(&mut socket).await).filter(|packet| index_of(packet).is_some()));
        }
        both.push(packets);
    }
    assert_eq!(both[0], both[1]);
}

/// Hosts change it, and the header Upgrade is wish enough.
#[tokio::test]
async fn an_upgrade_is_accepted_whatever_has_become_of_connection() {
    let server = Server::start(paced("20ms", (3, 0))).await;
    for connection in ["Upgrade", "keep-alive, Upgrade", "keep-alive\r\nConnection: upgrade", "keep-alive"] {
        let request = websocket_request("/socket.io/?EIO=4&transport=websocket", connection);
        let answer = server.send(&request).await;
        assert_eq!(answer.status, 101, "{connection:?}");
    }
}

/// Stanzas of 64 KiB fill what the system holds for a reader, so that they are taken in pieces.
#[tokio::test]
async fn a_reader_that_stops_and_goes_on_loses_nothing() {
    const STANZAS: usize = 60;
    for upgraded in [false, true] {
        let (_folder, path) = socket_path();
        let mut setup = paced("20ms", (STANZAS, 64 * 1024));
        setup.args.listen = Some(format!("unix:{path}"));
        setup.args.polling_duration = None;
        let server = Server::start(setup).await;
        let mut slow = open(&server, upgraded).await;
        let mut stanzas = Vec::new();
        while stanzas.len() < 3 {
            stanzas.extend(index_of(&hear(&mut slow).await));
        }
        // Meanwhile another reader hears all of the poem.
        let mut swift = open(&server, upgraded).await;
        let mut last = None;
        while last != Some(STANZAS - 1) {
            last = index_of(&hear(&mut swift).await).or(last);
        }
        while stanzas.len() < STANZAS {
            stanzas.extend(index_of(&hear(&mut slow).await));
        }
        assert_eq!(stanzas, (0..STANZAS).collect::<Vec<_>>(), "upgraded: {upgraded}");
    }
}
