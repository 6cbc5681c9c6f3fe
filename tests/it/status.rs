//! What the server tells the page of itself: `hosting.json`, and the ping over plain WebSocket.

use dante::cli::ServeArgs;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::{client_async, tungstenite::Message};

use crate::support::{Server, Setup, socket_path, soon};

async fn status(server: &Server, path: &str, headers: &str) -> Value {
    let answer = server.get(path, headers).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")), "{path}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
    serde_json::from_str(&answer.body).unwrap()
}

#[tokio::test]
async fn hosting_says_what_the_server_is_and_saw() {
    let args =
        ServeArgs { prefix: Some("/dante".into()), interval: Some("1h".into()), ..ServeArgs::default() };
    let server = Server::start(Setup { args, stanzas: (7, 0), ..Setup::default() }).await;
    let forwarded = "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nCookie: secret\r\n";
    let body = status(&server, "/dante/hosting.json", forwarded).await;
    assert_eq!(
        body,
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "node": body["node"].as_str().unwrap(),
            "readers": 0,
            "rooms": 0,
            "host": {"value": "self", "reason": "no host's variable is set"},
            "prefix": {"value": "/dante", "reason": "set by --prefix"},
            "endpoint": {"value": "tcp", "reason": body["endpoint"]["reason"].as_str().unwrap()},
            "transports": ["websocket", "polling"],
            "engineVersions": [4, 3],
            "edition": body["edition"].as_str().unwrap(),
            "of": 7,
            "intervalMs": 3_600_000,
            "request": {
                "http": "HTTP/1.1",
                "path": "/dante/hosting.json",
                "prefix": "/dante",
                "host": "localhost",
                "forwarded": [["x-forwarded-for", "192.0.2.1"], ["x-forwarded-proto", "https"]],
            },
        })
    );
}

#[tokio::test]
async fn hosting_tells_the_prefix_of_each_request() {
    let args = ServeArgs { prefix: Some("/dante".into()), ..ServeArgs::default() };
    let server = Server::start(Setup { args, ..Setup::default() }).await;
    let (_folder, path) = socket_path();
    let env = [("PORT", path.as_str()), ("IISNODE_VERSION", "0.2.21")];
    let guest = Server::start(Setup { env: &env, ..Setup::default() }).await;
    for (server, path, prefix) in [
        (&server, "/hosting.json", "/"),
        (&server, "/dante/hosting.json", "/dante"),
        (&guest, "/demo/hosting.json", "/demo"),
        (&guest, "/dante/hosting.json", "/dante"),
    ] {
        let request = status(server, path, "").await["request"].take();
        assert_eq!((&request["path"], &request["prefix"]), (&json!(path), &json!(prefix)));
    }
}

#[tokio::test]
async fn hosting_counts_readers() {
    let args = ServeArgs { interval: Some("1h".into()), ..ServeArgs::default() };
    let server = Server::start(Setup { args, stanzas: (7, 0), ..Setup::default() }).await;
    let socket = websocket(&server).await;
    server.until_readers(1).await;
    assert_eq!(status(&server, "/hosting.json", "").await["readers"], 1);
    drop(socket);
    server.until_readers(0).await;
    assert_eq!(status(&server, "/hosting.json", "").await["readers"], 0);
}

#[tokio::test]
async fn hosting_tells_no_secret() {
    let (_folder, path) = socket_path();
    let token = [
        ("ASPNETCORE_PORT", "0"),
        ("ASPNETCORE_TOKEN", "hush-token"),
        ("ASPNETCORE_APPL_PATH", "/dante"),
        ("COMPUTERNAME", "hush-name"),
    ];
    let socket = [("PORT", path.as_str()), ("IISNODE_VERSION", "0.2.21"), ("COMPUTERNAME", "hush-name")];
    for (env, kind, header) in [
        (&token[..], "tcp", "MS-ASPNETCORE-TOKEN: hush-token\r\n"),
        (&socket[..], "unix", "X-Secret: hush-header\r\n"),
    ] {
        let server = Server::start(Setup { env, ..Setup::default() }).await;
        let headers = format!("{header}Cookie: a=hush-cookie\r\nAuthorization: Basic hush\r\n");
        let body = status(&server, "/dante/hosting.json?hush=1", &headers).await;
        assert_eq!(body["endpoint"]["value"], kind);
        let text = body.to_string();
        assert!(!text.contains("hush") && !text.contains(&path), "{text}");
    }
}

async fn websocket(server: &Server) -> tokio_tungstenite::WebSocketStream<Box<dyn crate::support::Stream>> {
    let stream = server.connect().await;
    soon(client_async("ws://localhost/websocket/ws?format=json", stream)).await.expect("a WebSocket").0
}

#[tokio::test]
async fn a_ping_over_plain_websocket_comes_back_as_it_was_sent() {
    let args = ServeArgs { interval: Some("1h".into()), ..ServeArgs::default() };
    let server = Server::start(Setup { args, stanzas: (7, 0), ..Setup::default() }).await;
    let mut socket = websocket(&server).await;
    let mut said = Vec::new();
    // What is not a ping, or is too long, is not answered and does no harm.
    for text in ["hello", r#"{"event":"echo","id":1}"#, &"x".repeat(500), r#"{"event":"echo","id":2}"#] {
        soon(socket.send(Message::text(text))).await.unwrap();
    }
    while said.len() < 4 {
        said.push(soon(socket.next()).await.unwrap().unwrap().into_text().unwrap().to_string());
    }
    let kinds: Vec<Value> = said.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    // The answers may come before or after the first stanza.
    let pings: Vec<_> = said.iter().filter(|text| text.contains("echo")).collect();
    assert_eq!(pings, [r#"{"event":"echo","id":1}"#, r#"{"event":"echo","id":2}"#], "{said:?}");
    assert_eq!(kinds.iter().filter(|kind| kind["event"] == "reading").count(), 1, "{said:?}");
    assert_eq!(kinds.iter().filter(|kind| kind["event"] == "divinecomedy").count(), 1, "{said:?}");
}
