//! What hostile or broken clients send. Each is answered or cut off; another reader notices nothing.

use dante::cli::ServeArgs;
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::{client_async, tungstenite::Message};

use crate::support::{Answer, Server, Setup, soon, websocket_request};

/// A server with a reader who will hear everything to the end, whatever happens meanwhile.
async fn with_witness(test: impl AsyncFnOnce(&Server)) {
    let args =
        ServeArgs { interval: Some("20ms".into()), prefix: Some("/dante".into()), ..ServeArgs::default() };
    let server = Server::start(Setup { args, stanzas: (30, 0), ..Setup::default() }).await;
    let (mut witness, _) = client_async("ws://localhost/websocket/ws", server.connect().await).await.unwrap();
    let witness = tokio::spawn(async move {
        let mut said = Vec::new();
        while let Some(Ok(Message::Text(text))) = soon(witness.next()).await {
            said.push(text.to_string());
        }
        said
    });
    test(&server).await;
    let expected: Vec<_> = (0..30).map(|index| format!("{index}.")).collect();
    assert_eq!(witness.await.unwrap(), expected);
    assert_eq!(server.get("/", "").await.status, 200, "the server lives");
}

#[tokio::test]
async fn bad_engine_requests_are_refused() {
    with_witness(async |server| {
        for query in [
            "",
            "?EIO=4",
            "?EIO=9&transport=polling",
            "?EIO=x&transport=polling",
            "?EIO=4&transport=pigeon",
            "?EIO=4&transport=polling&sid=AAAAAAAAAAAAAAHs",
            "?EIO=4&transport=polling&sid=%00%ff",
            "?EIO=4&transport=polling&sid=",
            "?EIO=4&transport=websocket",
        ] {
            let answer = server.get(&format!("/socket.io/{query}"), "").await;
            assert_eq!(answer.status, 400, "{query}");
        }
        for method in ["POST", "PUT", "DELETE", "TRACE"] {
            let request = format!("{method} /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
            assert_eq!(server.send(&request).await.status, 400, "{method}");
        }
    })
    .await;
}

#[tokio::test]
async fn bodies_and_packets_that_are_too_large_or_broken_are_refused() {
    with_witness(async |server| {
        for (body, status) in [("4".repeat(100_000), 413), ("9nonsense".into(), 400), ("451-[".into(), 200), ("2".into(), 200)] {
            let opened = server.get("/socket.io/?EIO=4&transport=polling", "").await.body;
            let sid = opened.split('"').nth(3).unwrap();
            let answer = server
                .send(&format!(
                    "POST /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                ))
                .await;
            assert_eq!(answer.status, status, "{}…", &body[..body.len().min(12)]);
        }
    })
    .await;
}

/// A masked frame with this first byte and an announced length, of which little is sent.
fn frame(first: u8, announced: u64, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first, 0x80 | 127];
    bytes.extend(announced.to_be_bytes());
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

#[tokio::test]
async fn frames_that_are_too_large_or_broken_end_their_connection() {
    with_witness(async |server| {
        for path in ["/websocket/ws", "/socket.io/?EIO=4&transport=websocket"] {
            for bytes in [
                frame(0x81, 1 << 40, b"4"),
                frame(0x81, 100_000, &[b'4'; 100_000]),
                vec![0x81, 0x02, b'4', b'0'], // not masked (RFC 6455, 5.1)
                vec![0xff; 64],               // reserved bits
                vec![0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28], // no UTF-8
            ] {
                let mut stream = server.connect().await;
                stream.write_all(websocket_request(path, "Upgrade").as_bytes()).await.unwrap();
                assert_eq!(soon(Answer::read(&mut stream)).await.status, 101);
                // The server may have closed before it has taken all.
                let _ = stream.write_all(&bytes).await;
                // Ends: by a close, or by a reset, since bytes of ours were left unread.
                let _ = soon(stream.read_to_end(&mut Vec::new())).await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn tricks_with_paths_lead_nowhere() {
    with_witness(async |server| {
        for path in [
            "/../Cargo.toml",
            "/static/../../Cargo.toml",
            "/static/%2e%2e/%2e%2e/Cargo.toml",
            "/static/..%5c..%5cCargo.toml",
            "/dante/dante/",
            "/dante//evil.example/",
            "//evil.example/dante",
            "/dante/%00",
            "/DANTE/",
            "/socket.io",
            "/socket.iox/",
            "/%",
        ] {
            let answer = server.get(path, "").await;
            assert!((400..500).contains(&answer.status), "{path}: {}", answer.status);
        }
    })
    .await;
}

#[tokio::test]
async fn garbage_is_answered_or_cut_off() {
    with_witness(async |server| {
        for bytes in [
            &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
            b"GET / HTTP/2.0\r\nHost: x\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"GET /dante/ a b HTTP/1.1\r\n\r\n",
            b"GET /\xc3\xa8 HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nX: \x00\r\n\r\n",
            b"\r\n\r\n\r\n\x00\x00\x00",
            b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        ] {
            let mut stream = server.connect().await;
            stream.write_all(bytes).await.unwrap();
            stream.shutdown().await.unwrap();
            let mut answer = Vec::new();
            // A reset is as good as a close.
            let _ = soon(stream.read_to_end(&mut answer)).await;
            let answer = String::from_utf8_lossy(&answer);
            assert!(
                answer.is_empty() || answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.1 505"),
                "{answer}"
            );
        }
        let endless =
            format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "X-Long: ".to_owned() + &"x".repeat(1 << 20));
        let mut stream = server.connect().await;
        let _ = stream.write_all(endless.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = soon(stream.read_to_end(&mut answer)).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    })
    .await;
}
