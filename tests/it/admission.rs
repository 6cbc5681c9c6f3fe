//! How many readers are let in, on every transport, in all and from one address; and that each place is given back.

use dante::cli::ServeArgs;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::support::{Answer, Server, Setup, Stream, soon, websocket_request};

async fn server(max_readers: &str, max_per_address: &str) -> Server {
    let args = ServeArgs {
        interval: Some("1h".into()),
        max_readers: Some(max_readers.into()),
        max_per_address: Some(max_per_address.into()),
        trust_forwarded: true,
        ..ServeArgs::default()
    };
    Server::start(Setup { args, ..Setup::default() }).await
}

/// A reader, as long as it is kept.
type Reader = Box<dyn Send>;

async fn sse(server: &Server, headers: &str) -> Result<Reader, Answer> {
    let mut stream = server.connect().await;
    let request = format!("GET /sse/stream HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let answer = soon(Answer::read(&mut stream)).await;
    if answer.status == 200 { Ok(Box::new(stream)) } else { Err(answer) }
}

async fn websocket(server: &Server, headers: &str) -> Result<Reader, Answer> {
    let mut stream = server.connect().await;
    let request = websocket_request("/websocket/ws", "Upgrade");
    let request = request.strip_suffix("\r\n").unwrap().to_owned() + headers + "\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let answer = soon(Answer::read(&mut stream)).await;
    if answer.status == 101 { Ok(Box::new(stream)) } else { Err(answer) }
}

/// A connection of Socket.IO, and what it was answered when it joined with this `auth`.
async fn socket_io(
    server: &Server,
    forwarded_for: &str,
    auth: &str,
) -> (WebSocketStream<Box<dyn Stream>>, String) {
    let mut request = "ws://x/socket.io/?EIO=4&transport=websocket".into_client_request().unwrap();
    request.headers_mut().insert("x-forwarded-for", forwarded_for.parse().unwrap());
    let (mut socket, _) = soon(client_async(request, server.connect().await)).await.unwrap();
    assert!(hear(&mut socket).await.starts_with("0{"));
    socket.send(Message::text(format!("40{auth}"))).await.unwrap();
    let mut answer = hear(&mut socket).await;
    while answer == "2" {
        answer = hear(&mut socket).await;
    }
    (socket, answer)
}

async fn hear(socket: &mut WebSocketStream<Box<dyn Stream>>) -> String {
    match soon(socket.next()).await {
        Some(Ok(Message::Text(text))) => text.to_string(),
        other => panic!("no text but {other:?}"),
    }
}

#[track_caller]
fn assert_full(answer: &Answer, word: &str) {
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("10")), "{answer:?}");
    assert!(answer.body.starts_with(word) && answer.body.contains("try again"), "{answer:?}");
}

#[tokio::test]
async fn beyond_the_limit_each_transport_says_so_and_who_is_there_stays() {
    let server = server("2", "9").await;
    let first = sse(&server, "").await.ok().unwrap();
    let _second = websocket(&server, "").await.ok().unwrap();
    server.until_readers(2).await;
    assert_full(&sse(&server, "").await.err().unwrap(), "server-full: ");
    assert_full(&websocket(&server, "").await.err().unwrap(), "server-full: ");
    // A page whose WebSocket fails can ask why.
    assert_full(&server.get("/websocket/ws", "").await, "server-full: ");
    let (refused, answer) = socket_io(&server, "", "").await;
    assert_eq!(answer, r#"44{"message":"server-full"}"#);
    assert_eq!(server.app.readers(), 2);
    assert_eq!(server.get("/", "").await.status, 200, "pages are no readers");

    drop(first);
    server.until_readers(1).await;
    let (_third, answer) = socket_io(&server, "", "").await;
    assert!(answer.starts_with("40{"), "{answer}");
    assert_full(&sse(&server, "").await.err().unwrap(), "server-full: ");
    drop(refused);
}

#[tokio::test]
async fn one_address_cannot_take_all_places() {
    let server = server("9", "1").await;
    let from = |client: &str| format!("X-Forwarded-For: 198.51.100.9, {client}\r\n");
    let _first = sse(&server, &from("192.0.2.7")).await.ok().unwrap();
    assert_full(&sse(&server, &from("192.0.2.7:50123")).await.err().unwrap(), "address-full: ");
    assert_full(&websocket(&server, &from("192.0.2.7")).await.err().unwrap(), "address-full: ");
    let (_refused, answer) = socket_io(&server, "192.0.2.7", "").await;
    assert_eq!(answer, r#"44{"message":"address-full"}"#);
    let _other = websocket(&server, &from("192.0.2.8")).await.ok().unwrap();
    let _network = sse(&server, &from("2001:db8::1")).await.ok().unwrap();
    assert_full(&sse(&server, &from("2001:db8::2")).await.err().unwrap(), "address-full: ");
    // Those behind a proxy that names nobody are not one client.
    let _unnamed = [sse(&server, "").await.ok().unwrap(), sse(&server, "").await.ok().unwrap()];
}

#[tokio::test]
async fn who_comes_back_is_let_in_before_the_old_connection_is_noticed_as_gone() {
    let server = server("1", "1").await;
    let edition = server.get("/hosting.json", "").await.body;
    let edition: serde_json::Value = serde_json::from_str(&edition).unwrap();
    let edition = edition["edition"].as_str().unwrap();
    let from = "X-Forwarded-For: 192.0.2.7\r\n";
    let old = sse(&server, from).await.ok().unwrap();
    assert!(sse(&server, from).await.is_err());
    let resumed = sse(&server, &format!("{from}Last-Event-ID: {edition}:0\r\n")).await.ok().unwrap();
    drop((old, resumed));
    server.until_readers(0).await;
    let (old, answer) = socket_io(&server, "192.0.2.7", "").await;
    assert!(answer.starts_with("40{"), "{answer}");
    let (_resumed, answer) = socket_io(&server, "192.0.2.7", r#"{"from":1}"#).await;
    assert!(answer.starts_with("40{"), "{answer}");
    drop(old);
}

#[tokio::test]
async fn thirty_cycles_of_coming_and_going_leave_all_places_free() {
    const READERS: usize = 30;
    let server = server(&READERS.to_string(), &READERS.to_string()).await;
    let from = "X-Forwarded-For: 192.0.2.7\r\n";
    for cycle in 0..30 {
        let mut readers: Vec<Reader> = Vec::new();
        for _ in 0..READERS / 3 {
            readers.push(sse(&server, from).await.ok().unwrap());
            readers.push(websocket(&server, from).await.ok().unwrap());
            let (socket, answer) = socket_io(&server, "192.0.2.7", "").await;
            assert!(answer.starts_with("40{"), "cycle {cycle}: {answer}");
            readers.push(Box::new(socket));
        }
        server.until_readers(READERS).await;
        assert!(sse(&server, from).await.is_err(), "cycle {cycle}");
        drop(readers);
        server.until_readers(0).await;
    }
}

/// A client that is gone before it is a reader.
#[tokio::test]
async fn requests_that_are_broken_off_give_their_places_back() {
    let server = server("1", "1").await;
    for path in ["/sse/stream", "/websocket/ws"] {
        for _ in 0..50 {
            let mut stream = server.connect().await;
            let request = websocket_request(path, "Upgrade");
            stream.write_all(request.as_bytes()).await.unwrap();
            drop(stream);
        }
        let let_in = async {
            loop {
                match sse(&server, "").await {
                    Ok(reader) => return reader,
                    Err(answer) => assert_full(&answer, "server-full: "),
                }
            }
        };
        drop(soon(let_in).await);
        server.until_readers(0).await;
    }
}
