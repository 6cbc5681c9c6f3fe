//! `Dante-Ask`: the server tells a client that asks what reached it of the request, on every kind of answer.

use std::collections::BTreeMap;

use dante::cli::ServeArgs;

use crate::support::{Server, Setup};

/// The fields of `Dante-Saw`.
fn fields(value: &str) -> BTreeMap<String, String> {
    form_urlencoded::parse(value.as_bytes()).into_owned().collect()
}

#[tokio::test]
async fn every_kind_of_answer_says_what_was_seen() {
    let args = ServeArgs { prefix: Some("/dante".into()), ..ServeArgs::default() };
    let server = Server::start(Setup { args, ..Setup::default() }).await;
    let upgrade = "Upgrade: websocket\r\nConnection: close\r\n";
    for (path, headers, status) in [
        ("/dante/hosting.json", "", 200),
        ("/dante/?x=%20y", "", 200),
        ("/dante", "", 308),
        ("/elsewhere//x", "", 404),
        ("/dante/socket.io/?EIO=4&transport=polling", "", 200),
        ("/dante/socket.io/?EIO=4&transport=websocket", upgrade, 400),
        ("/dante/websocket/ws", upgrade, 426),
    ] {
        let ask = format!("Dante-Ask: a b+{status}\r\nVia: 1.1 one\r\nVia: 1.1 two\r\n{headers}");
        let answer = server.get(path, &ask).await;
        assert_eq!(answer.status, status, "{path}");
        let seen = fields(answer.header("dante-saw").unwrap_or_else(|| panic!("{path} says nothing")));
        let get = |name: &str| seen.get(name).map(String::as_str);
        assert_eq!(get("asked"), Some(format!("a b+{status}").as_str()), "{path}");
        assert_eq!((get("method"), get("target")), (Some("GET"), Some(path)));
        assert_eq!((get("http"), get("host")), (Some("HTTP/1.1"), Some("localhost")));
        assert_eq!(get("via"), Some("1.1 one, 1.1 two"), "{path}");
        assert_eq!(get("upgrade"), (!headers.is_empty()).then_some("websocket"), "{path}");
        assert!(get("node").is_some_and(|node| !node.is_empty()), "{path}");
    }
}

#[tokio::test]
async fn who_does_not_ask_is_told_nothing() {
    let server = Server::start(Setup::default()).await;
    assert_eq!(server.get("/hosting.json", "").await.header("dante-saw"), None);
    let long = format!("Dante-Ask: {}\r\n", "x".repeat(5000));
    let answer = server.get("/hosting.json", &long).await;
    let seen = fields(answer.header("dante-saw").unwrap());
    assert!(seen["asked"].len() <= 64, "a long question comes back in part");
}
