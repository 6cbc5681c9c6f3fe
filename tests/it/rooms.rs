//! Rooms: readers of all transports at one place, late comers, orders, and what is refused.

mod reader;

use dante::cli::ServeArgs;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::WebSocketStream;

use reader::{Heard, Reader, websocket};

use crate::support::{Answer, Server, Setup, Stream, socket_path, soon, websocket_request};

const TOKEN: &str = "a-token-that-nobody-guesses";

/// More stanzas than are read here.
const STANZAS: usize = 3000;

async fn server(interval: &str, stanzas: usize) -> Server {
    let args = ServeArgs { interval: Some(interval.into()), ..ServeArgs::default() };
    Server::start(Setup { args, stanzas: (stanzas, 0), ..Setup::default() }).await
}

async fn order(server: &Server, room: &str, token: &str, order: &str) -> Answer {
    let length = order.len();
    let head = format!("POST /room/{room} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n");
    server.send(&format!("{head}Content-Length: {length}\r\n\r\n{order}")).await
}

/// Gives an order that is followed; returns what is told of the room.
async fn ordered(server: &Server, what: &str) -> Value {
    let answer = order(server, "a", TOKEN, what).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    serde_json::from_str(&answer.body).unwrap()
}

fn place(room: &Value) -> usize {
    room["place"].as_u64().unwrap().try_into().unwrap()
}

#[tokio::test]
async fn all_transports_hear_the_same() {
    let server = server("20ms", STANZAS).await;
    let mut readers = Reader::of_each_kind(&server, "a").await;
    // All have begun before it is held.
    let mut begun = Vec::new();
    for reader in &mut readers {
        begun.push(reader.stanza().await);
    }
    let held = ordered(&server, r#"{"do": "hold"}"#).await;
    assert_eq!((&held["held"], &held["readers"]), (&true.into(), &5.into()));
    for (reader, index) in readers.iter_mut().zip(begun) {
        reader.reads_to(index, place(&held)).await;
    }
    // Who comes late hears what the others have before them; only Socket.IO, WebSocket with JSON and SSE are told more.
    readers.extend(Reader::of_each_kind(&server, "a").await);
    for late in &mut readers[5..] {
        assert_eq!(late.stanza().await, place(&held));
    }
    // While it is held, a jump is one stanza for all; who was there hears nothing in between.
    let jumped = ordered(&server, r#"{"do": "jump", "to": 7}"#).await;
    assert_eq!((place(&jumped), &jumped["held"]), (7, &true.into()));
    for reader in &mut readers {
        assert_eq!(reader.stanza().await, 7);
    }
    ordered(&server, r#"{"do": "go-on"}"#).await;
    for reader in &mut readers {
        assert_eq!((reader.stanza().await, reader.stanza().await), (8, 9));
    }
    // To the end, for all.
    ordered(&server, &format!(r#"{{"do": "jump", "to": {}}}"#, STANZAS - 2)).await;
    for reader in &mut readers {
        let mut index = reader.stanza().await;
        while index < STANZAS - 2 {
            index = reader.stanza().await;
        }
        assert_eq!(reader.stanza().await, STANZAS - 1);
        while reader.hears().await != Heard::End {}
    }
    drop(readers);
    server.until_readers(0).await;
    assert_eq!(Reader::text(&server, "a").await.stanza().await, 0, "and then it begins anew");
}

#[tokio::test]
async fn readers_are_told_how_many_they_are_and_whether_it_is_held() {
    let server = server("1h", STANZAS).await;
    let mut readers = Vec::new();
    for here in 1..=3 {
        readers.push(match here {
            1 => Reader::json(&server, "room=a").await,
            2 => Reader::sse(&server, "a").await,
            _ => Reader::socket_io(&server, "EIO=4", &json!({"room": "a", "conduct": TOKEN})).await,
        });
        for reader in &mut readers {
            let room = reader.is_told(|room| room["readers"] == here).await;
            assert_eq!((&room["name"], &room["held"], place(&room)), (&"a".into(), &false.into(), 0));
        }
    }
    let Reader::SocketIo(conductor) = &mut readers[2] else { unreachable!() };
    conductor.send(r#"42["hold"]"#.into()).await.unwrap();
    for reader in &mut readers {
        reader.is_told(|room| room["held"] == true).await;
    }
    readers.pop();
    for reader in &mut readers {
        reader.is_told(|room| room["readers"] == 2).await;
    }
    // Other rooms, and readers who are alone, are told nothing of it.
    let mut alone = Reader::json(&server, "").await;
    assert!(matches!(alone.hears().await, Heard::Event(name, _) if name == "reading"));
    assert_eq!(alone.hears().await, Heard::Stanza(0));
    let status: Value = serde_json::from_str(&server.get("/hosting.json", "").await.body).unwrap();
    assert_eq!(status["rooms"], 1);
    assert!(server.get("/metrics", "").await.body.contains("\ndante_rooms 1\n"));
}

#[tokio::test]
async fn who_comes_back_is_told_the_rooms_place_and_not_refused() {
    let server = server("1h", 9).await;
    assert_eq!(place(&ordered(&server, r#"{"do": "jump", "to": 4}"#).await), 4);
    for (query, from) in [
        ("", 4),
        ("&from=2", 4),
        ("&from=8&edition=another", 4),
        // It has heard this one.
        ("&from=5", 5),
    ] {
        let mut reader = Reader::json(&server, &format!("room=a{query}")).await;
        let Heard::Event(name, opening) = reader.hears().await else { panic!("no opening") };
        assert_eq!((name.as_str(), &opening["from"]), ("reading", &from.into()), "{query}");
        if from == 4 {
            assert_eq!(reader.stanza().await, 4, "{query}");
        }
    }
    let edition = &server.get("/hosting.json", "").await.body;
    let edition: Value = serde_json::from_str(edition).unwrap();
    let id = format!("Last-Event-ID: {}:8\r\n", edition["edition"].as_str().unwrap());
    assert_eq!(server.get("/sse/stream?room=a", &id).await.status, 204, "it has heard the last one");
}

#[tokio::test]
async fn what_is_no_room_is_refused_on_every_transport() {
    let server = server("1h", 9).await;
    for (query, word) in [
        ("room=", "bad-room: "),
        ("room=a%2Fb", "bad-room: "),
        ("room=a&quiet=3", "bad-quiet: "),
        ("room=a&conduct=0123456789abcdef", "bad-conduct: "),
    ] {
        for path in ["/websocket/ws", "/sse/stream"] {
            let answer = server.get(&format!("{path}?{query}"), "").await;
            assert_eq!(answer.status, 400, "{path}?{query}");
            assert!(answer.body.starts_with(word), "{}", answer.body);
        }
        let mut socket = websocket(&server, &format!("/socket.io/?EIO=4&transport=websocket&{query}")).await;
        socket.send("40".into()).await.unwrap();
        assert!(refusal(&mut socket).await.contains(word), "{query}");
    }
    let status: Value = serde_json::from_str(&server.get("/hosting.json", "").await.body).unwrap();
    assert_eq!(status["rooms"], 0);
}

/// Why a client of Socket.IO is not let into the main namespace.
async fn refusal(socket: &mut WebSocketStream<Box<dyn Stream>>) -> String {
    loop {
        let message = soon(socket.next()).await.unwrap().unwrap();
        if let Some(refusal) = message.to_text().unwrap().strip_prefix("44") {
            return refusal.to_owned();
        }
    }
}

#[tokio::test]
async fn looking_shows_the_token_and_changes_nothing() {
    let server = server("1h", 9).await;
    let look = r#"{"do": "look"}"#;
    let seen = ordered(&server, look).await;
    assert_eq!(seen, json!({"name": "a", "place": 0, "held": false, "readers": 0}));
    ordered(&server, r#"{"do": "jump", "to": 4}"#).await;
    ordered(&server, r#"{"do": "hold"}"#).await;
    assert_eq!(ordered(&server, look).await, json!({"name": "a", "place": 4, "held": true, "readers": 0}));
    let answer = order(&server, "a", "another-token-of-somebody", look).await;
    assert_eq!((answer.status, answer.body.split(':').next()), (403, Some("not-the-conductor")));
}

#[tokio::test]
async fn orders_that_are_not_followed() {
    let server = server("1h", 9).await;
    ordered(&server, r#"{"do": "hold"}"#).await;
    let hold = r#"{"do": "hold"}"#;
    for (room, token, what, status, word) in [
        ("a", "another-token-of-somebody", hold, 403, "not-the-conductor: "),
        ("a", "short", hold, 400, "bad-conduct: "),
        ("a.b", TOKEN, hold, 400, "bad-room: "),
        ("a", TOKEN, "hold", 400, "bad-order: "),
        ("a", TOKEN, r#"{"do": "jump", "to": 9}"#, 400, "bad-jump: "),
    ] {
        let answer = order(&server, room, token, what).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert!(answer.body.starts_with(word), "{}", answer.body);
        assert!(!answer.body.contains(token), "{}", answer.body);
    }
    let bare = "POST /room/a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
    let answer = server.send(bare).await;
    assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some("Bearer")));
    let mut socket = websocket(&server, "/socket.io/?EIO=4&transport=websocket").await;
    let auth = json!({"room": "a", "conduct": "another-token-of-somebody"});
    socket.send(format!("40{auth}").into()).await.unwrap();
    assert!(refusal(&mut socket).await.contains("not-the-conductor: "));
    // Each wrong token counts, on whatever way it comes.
    for _ in 0..8 {
        assert_eq!(order(&server, "a", "another-token-of-somebody", hold).await.status, 403);
    }
    let answer = order(&server, "a", TOKEN, hold).await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("60")), "{answer:?}");
    assert!(answer.body.starts_with("too-many-attempts: "));
}

/// One that takes nothing while another reads to the end, and then everything.
#[tokio::test]
async fn a_slow_reader_in_a_room_loses_nothing_and_holds_up_nobody() {
    const STANZAS: usize = 48;
    let (_folder, path) = socket_path();
    let args = ServeArgs {
        interval: Some("20ms".into()),
        listen: Some(format!("unix:{path}")),
        ..ServeArgs::default()
    };
    let server = Server::start(Setup { args, stanzas: (STANZAS, 64 * 1024), ..Setup::default() }).await;
    let mut slow = server.connect().await;
    slow.write_all(websocket_request("/websocket/ws?room=a", "Upgrade").as_bytes()).await.unwrap();
    assert_eq!(soon(Answer::read(&mut slow)).await.status, 101);
    server.until_readers(1).await;
    let mut other = Reader::text(&server, "a").await;
    while other.stanza().await < STANZAS - 1 {}
    assert_eq!(other.hears().await, Heard::End);
    drop(other);
    server.until_readers(1).await;
    // A room of the same name may begin anew meanwhile; it is another one.
    assert_eq!(Reader::text(&server, "a").await.stanza().await, 0);
    let mut bytes = Vec::new();
    let mut heard = Vec::new();
    while heard.len() < STANZAS {
        let mut chunk = vec![0; 1 << 20];
        let count = soon(slow.read(&mut chunk)).await.unwrap();
        assert!(count > 0, "the stream broke off after {heard:?}");
        bytes.extend_from_slice(&chunk[..count]);
        while let Some(end) = bytes.windows(2).position(|pair| pair == b" .") {
            let piece = String::from_utf8_lossy(&bytes[..end]).into_owned();
            bytes.drain(..end + 2);
            let piece = piece.trim_end();
            let number = piece.rfind(|letter: char| !letter.is_ascii_digit()).map_or(0, |at| at + 1);
            heard.push(piece[number..].parse::<usize>().unwrap());
        }
    }
    assert_eq!(heard, (0..STANZAS).collect::<Vec<_>>());
}
