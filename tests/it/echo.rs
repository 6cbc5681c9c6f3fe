//! `dante echo`, as a client sees it: what is asked for comes, and what was sent is told.

use dante::{
    echo,
    hosting::{endpoint::Endpoint, listener::BoundListener},
};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::oneshot,
};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

use crate::support::{Answer, soon};

/// An echo of its own for one test.
struct Echo {
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Echo {
    async fn start() -> Self {
        let listener = BoundListener::bind(&Endpoint::Tcp(([127, 0, 0, 1], 0).into())).await.unwrap();
        let Endpoint::Tcp(address) = *listener.endpoint() else { panic!("not TCP") };
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(echo::serve(listener, async {
            let _ = stopped.await;
        }));
        Self { address, stop, task }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn send(&self, request: &str) -> Answer {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        soon(Answer::read(&mut stream)).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")).await
    }

    async fn websocket(&self, query: &str) -> WebSocketStream<TcpStream> {
        let (socket, answer) =
            client_async(format!("ws://localhost/any/prefix/ws?{query}"), self.connect().await)
                .await
                .unwrap();
        assert_eq!(answer.headers()["dante-echo"], "1");
        socket
    }

    async fn stop(self) {
        drop(self.stop);
        soon(self.task).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn it_answers_below_any_prefix_and_says_who_it_is() {
    let echo = Echo::start().await;
    for (path, status) in [
        ("/", 200),
        ("/a/b/", 200),
        ("/a", 308),
        ("/a/ws", 426),
        ("/a/post", 405),
        ("/a/sse?size=0", 400),
        ("/sse?count=0", 200),
    ] {
        let answer = echo.get(path).await;
        assert_eq!((answer.status, answer.header("dante-echo")), (status, Some("1")), "{path}");
    }
    assert_eq!(echo.get("/a").await.header("location"), Some("./a/"));
    let refused = echo.get("/sse?size=0").await;
    assert!(refused.body.contains("size \"0\"") && refused.body.contains("16777216"), "{}", refused.body);
    let index = echo.send("GET /x/ HTTP/1.1\r\nHost: h\r\nAccept: application/json\r\n\r\n").await;
    assert!(serde_json::from_str::<Value>(&index.body).unwrap()["ws"].is_object());
    echo.stop().await;
}

#[tokio::test]
async fn a_websocket_sends_what_is_asked_for_and_answers_what_it_gets() {
    let echo = Echo::start().await;
    let mut socket = echo.websocket("count=3&size=100&grow=10&every=0s").await;
    for size in [100, 1000, 10_000] {
        assert_eq!(soon(socket.next()).await.unwrap().unwrap().len(), size);
    }
    for message in [Message::text("Nel mezzo"), Message::binary(vec![0, 255])] {
        socket.send(message.clone()).await.unwrap();
        assert_eq!(soon(socket.next()).await.unwrap().unwrap(), message);
    }
    let mut sized = echo.websocket("answer=size").await;
    sized.send(Message::text("x".repeat(70_000))).await.unwrap();
    assert_eq!(soon(sized.next()).await.unwrap().unwrap(), Message::text(r#"{"bytes":70000}"#));
    echo.stop().await;
    for socket in [&mut socket, &mut sized] {
        let Message::Close(Some(frame)) = soon(socket.next()).await.unwrap().unwrap() else {
            panic!("no close frame");
        };
        assert_eq!(u16::from(frame.code), 1012);
    }
}

#[tokio::test]
async fn a_message_that_is_too_big_is_refused_by_its_size() {
    let echo = Echo::start().await;
    let mut socket = echo.websocket("answer=size").await;
    socket.send(Message::binary(vec![0; 16 * 1024 * 1024 + 1])).await.unwrap();
    let Message::Close(Some(frame)) = soon(socket.next()).await.unwrap().unwrap() else {
        panic!("no close frame");
    };
    assert_eq!(u16::from(frame.code), 1009);
    echo.stop().await;
}

#[tokio::test]
async fn events_have_their_size_and_an_end() {
    let echo = Echo::start().await;
    let mut stream = echo.connect().await;
    let request = "GET /sse?count=2&size=70000&every=0s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    soon(stream.read_to_string(&mut text)).await.unwrap();
    assert!(text.contains("content-type: text/event-stream"), "{}", &text[..200]);
    assert!(text.contains("id: 0\ndata: 0 ") && text.contains("id: 1\ndata: 1 "));
    assert!(text.contains("event: end\ndata:\n\n"));
    assert!(text.len() > 140_000, "{}", text.len());
    echo.stop().await;
}

#[tokio::test]
async fn a_body_is_told_piece_by_piece_while_it_comes() {
    let echo = Echo::start().await;
    let head = "POST /a/post HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n";
    let answer = echo.send(&format!("{head}\r\n5\r\nhello\r\n0\r\n\r\n")).await;
    let received: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!((&received["bytes"], received["pieces"].as_array().unwrap().len()), (&json!(5), 1));

    let mut stream = echo.connect().await;
    let streamed = format!("{head}Accept: application/x-ndjson\r\n\r\n5\r\nhello\r\n");
    stream.write_all(streamed.as_bytes()).await.unwrap();
    let mut text = String::new();
    // The body has not ended, and its first piece is told.
    while !text.contains("\"bytes\":5}") {
        let mut bytes = [0; 1024];
        let count = soon(stream.read(&mut bytes)).await.unwrap();
        text.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
    }
    assert!(text.contains("application/x-ndjson") && !text.contains("received"), "{text}");
    stream.write_all(b"0\r\n\r\n").await.unwrap();
    while !text.contains("0\r\n\r\n") {
        let mut bytes = [0; 1024];
        let count = soon(stream.read(&mut bytes)).await.unwrap();
        text.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
    }
    assert!(text.contains("{\"event\":\"received\",\"data\":{\"bytes\":5}}"), "{text}");
    echo.stop().await;
}
