//! Crooked payloads and packets of Engine.IO, to the real binary: each is answered or ends its connection, the
//! session of a refused one is closed, and another reader hears everything.

use std::fs;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{io::AsyncWriteExt as _, net::TcpStream, process::Child};
use tokio_tungstenite::{client_async, tungstenite::Message};

use crate::{
    binary::{dante, port, signal, start},
    support::{Answer, soon},
};

const STANZAS: usize = 50;

/// A running binary with a reader who hears the poem to its end, whatever happens meanwhile.
async fn with_witness(test: impl AsyncFnOnce(u16)) {
    let folder = tempfile::tempdir().unwrap();
    let poem = folder.path().join("poem.txt");
    fs::write(&poem, (0..STANZAS).map(|index| format!("{index}\n\n")).collect::<String>()).unwrap();
    // A worker that is stuck would keep the server from ending before the grace period is over.
    let args = ["--listen", "0", "--interval", "20ms", "--poem", poem.to_str().unwrap(), "--grace", "1h"];
    let (mut child, banner, _lines) = start(&mut dante(&args)).await;
    let port = port(&banner);
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let (mut witness, _) = soon(client_async("ws://localhost/websocket/ws", stream)).await.unwrap();
    let witness = tokio::spawn(async move {
        let mut said = Vec::new();
        while let Some(Ok(Message::Text(text))) = soon(witness.next()).await {
            said.push(text.to_string());
        }
        said
    });
    test(port).await;
    assert_eq!(witness.await.unwrap(), (0..STANZAS).map(|index| index.to_string()).collect::<Vec<_>>());
    assert_ends_well(&mut child).await;
}

async fn assert_ends_well(child: &mut Child) {
    signal(child, "TERM");
    assert_eq!(soon(child.wait()).await.unwrap().code(), Some(0));
}

async fn send(port: u16, request: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(request).await.unwrap();
    soon(Answer::read(&mut stream)).await
}

async fn get(port: u16, query: &str) -> Answer {
    send(port, format!("GET /socket.io/?{query} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await
}

/// What one post of a new session is answered, and what the session's next poll is.
async fn post(port: u16, version: u8, kind: &str, payload: &[u8]) -> (Answer, Answer) {
    let query = format!("EIO={version}&transport=polling");
    let opened = get(port, &query).await.body;
    let session = format!("{query}&sid={}", opened.split('"').nth(3).expect("a session"));
    let head = format!(
        "POST /socket.io/?{session} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
        payload.len()
    );
    let answer = send(port, &[head.as_bytes(), payload].concat()).await;
    (answer, get(port, &session).await)
}

/// Text of characters of one UTF-16 unit and of two, announced with every length around its own.
fn lengths_around_surrogate_pairs() -> Vec<String> {
    let texts = ["😀x", "4😀", "4😀x", "4a😀b€😀c", "😀😀😀", "4x"];
    let announced = |text: &str| 0..text.encode_utf16().count() + 3;
    texts
        .iter()
        .flat_map(|text| announced(text).map(move |length| format!("{length}:{text}")))
        .flat_map(|payload| [format!("1:2{payload}"), format!("{payload}1:2"), payload])
        .collect()
}

#[tokio::test]
async fn posts_of_version_3() {
    with_witness(async |port| {
        let odd = [
            "",
            ":",
            "::",
            "1",
            "x:2",
            "-1:2",
            "+1:2",
            "1.5:2",
            "1e1:2",
            " 1:2",
            "00:2",
            "18446744073709551615:2",
        ];
        let odd = odd.into_iter().map(str::to_owned).chain(["0:".repeat(500), "9".repeat(5000)]);
        for payload in lengths_around_surrogate_pairs().into_iter().chain(odd) {
            let (answer, next) = post(port, 3, "text/plain;charset=UTF-8", payload.as_bytes()).await;
            assert!(matches!(answer.status, 200 | 400), "{payload}: {answer:?}");
            if answer.status == 400 {
                assert!(
                    answer.body.starts_with(r#"{"code":3,"message":"Bad request: "#),
                    "{payload}: {answer:?}"
                );
                assert!(next.body.contains("Session ID unknown"), "{payload}: {next:?}");
            }
        }
        let (answer, _) = post(port, 3, "", "1:2".repeat(1000).as_bytes()).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
        let (answer, _) = post(port, 3, "", "1:2".repeat(2000).as_bytes()).await;
        assert!(answer.body.contains("more than 1024 packets"), "{answer:?}");
    })
    .await;
}

#[tokio::test]
async fn binary_posts_of_version_3() {
    with_witness(async |port| {
        for payload in [
            &b""[..],
            b"\x00",
            b"\x00\xff",
            b"\x00\x00\xff",
            b"\x00\x00\xff2",
            b"\x00\x02\xff2",
            b"\x00\x01\xff\xf0\x9f\x98\x80",
            b"\x00\x02\xff4\xf0\x9f\x98\x80",
            b"\x01\x01\xff",
            b"\x01\x09\x09\x09\x09\x09\x09\x09\x09\xff\x04",
            b"\x00\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\xff2",
            b"\x00\xfb\x01\xff2",
            b"\x02\x01\xff2",
            "1:😀x".as_bytes(),
        ] {
            let (answer, next) = post(port, 3, "application/octet-stream", payload).await;
            assert_eq!(answer.status, 400, "{payload:?}");
            assert!(next.body.contains("Session ID unknown"), "{payload:?}: {next:?}");
        }
        let (answer, _) = post(port, 3, "application/octet-stream", b"\x00\x01\xff2\x00\x02\xff40").await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
    })
    .await;
}

#[tokio::test]
async fn posts_of_version_4() {
    with_witness(async |port| {
        for payload in [
            &b""[..],
            b"\x1e",
            b"40\x1e",
            b"\x1e40",
            b"9",
            b"0{}",
            b"5",
            b"6",
            b"2probe",
            b"b4!",
            b"4\xf0\x9f",
            b"\xff",
            "😀".as_bytes(),
        ] {
            let (answer, next) = post(port, 4, "text/plain;charset=UTF-8", payload).await;
            assert_eq!(answer.status, 400, "{payload:?}: {answer:?}");
            assert!(next.body.contains("Session ID unknown"), "{payload:?}: {next:?}");
        }
        let (answer, next) = post(port, 4, "", &[b'4'; 16 * 1024 + 1]).await;
        assert_eq!(answer.status, 413, "{answer:?}");
        assert!(
            answer.body.contains("16384 bytes") && next.body.contains("Session ID unknown"),
            "{answer:?}"
        );
        // What is not a packet of Socket.IO closes the session, too; the engine has taken the payload by then.
        for packet in [
            "4",
            "47",
            "45",
            "451-[\"x\",{\"_placeholder\":true,\"num\":0}]",
            "4599999999999999999999-[]",
            "bAQID",
        ] {
            let (answer, next) = post(port, 4, "", format!("40\x1e{packet}").as_bytes()).await;
            assert_eq!((answer.status, next.status), (200, 400), "{packet}: {next:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn packets_over_websocket() {
    let texts = lengths_around_surrogate_pairs();
    let odd = [
        "",
        "0",
        "1",
        "2probe",
        "3probe",
        "5",
        "6",
        "4",
        "47",
        "40/",
        "40/😀",
        "42",
        "42[",
        "42/hello,[\"echo\"]",
    ];
    let bytes: [&[u8]; 4] = [b"", b"\x04", b"\x01\x02", b"\xff\xff\xff"];
    let text = |text: &str| Message::Text(text.into());
    let messages: Vec<_> =
        texts.iter().map(|packet| text(&format!("4{packet}"))).chain(odd.map(text)).collect();
    let binary = bytes.map(|bytes| Message::Binary(bytes.to_vec().into()));
    with_witness(async |port| {
        for version in [3, 4] {
            for message in messages.iter().chain(&binary) {
                let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                let url = format!("ws://localhost/socket.io/?EIO={version}&transport=websocket");
                let (mut socket, _) = soon(client_async(url, stream)).await.unwrap();
                socket.send(message.clone()).await.unwrap();
                // What follows is refused, or answered like any first packet.
                let _ = socket.send(text("1")).await;
                while let Some(Ok(_)) = soon(socket.next()).await {}
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_version_that_is_switched_off() {
    let (mut child, banner, _lines) = start(&mut dante(&["--listen", "0", "--engine-versions", "4"])).await;
    let port = port(&banner);
    assert!(banner.contains("Engine.IO 4 only"), "{banner}");
    for transport in ["polling", "websocket"] {
        let answer = get(port, &format!("EIO=3&transport={transport}")).await;
        assert_eq!(answer.status, 400);
        assert!(
            answer.body.starts_with(r#"{"code":5,"message":"Unsupported protocol version: "#),
            "{answer:?}"
        );
        assert!(answer.body.contains("--engine-versions"), "{answer:?}");
    }
    assert_eq!(get(port, "EIO=4&transport=polling").await.status, 200);
    assert_ends_well(&mut child).await;
}
