//! Readings on every transport: to the end, slowly, broken off, and at shutdown.

use std::time::{Duration, Instant};

use dante::cli::ServeArgs;
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, protocol::CloseFrame},
};

use crate::support::{Answer, Server, Setup, Stream, socket_path, soon, websocket_request};

fn paced(interval: &str, stanzas: (usize, usize)) -> Setup<'static> {
    Setup {
        args: ServeArgs { interval: Some(interval.into()), ..ServeArgs::default() },
        stanzas,
        ..Setup::default()
    }
}

async fn websocket(server: &Server, path: &str) -> WebSocketStream<Box<dyn Stream>> {
    let stream = server.connect().await;
    soon(client_async(format!("ws://localhost{path}"), stream)).await.expect("a WebSocket").0
}

/// All text frames until the close frame.
async fn recite(socket: &mut WebSocketStream<Box<dyn Stream>>) -> (Vec<String>, Option<CloseFrame>) {
    let mut said = Vec::new();
    loop {
        match soon(socket.next()).await {
            Some(Ok(Message::Text(text))) => said.push(text.to_string()),
            Some(Ok(Message::Close(frame))) => return (said, frame),
            Some(Ok(_)) => {}
            other => panic!("no close frame but {other:?}"),
        }
    }
}

/// The lines of an event stream until it ends.
async fn events(server: &Server, path: &str, headers: &str) -> (Answer, Vec<String>) {
    let mut stream = BufReader::new(server.connect().await);
    stream
        .write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n").as_bytes())
        .await
        .unwrap();
    let answer = soon(Answer::read(&mut stream)).await;
    let mut lines = Vec::new();
    while answer.status == 200 && lines.last().is_none_or(|line| line != "0") {
        let mut line = String::new();
        if soon(stream.read_line(&mut line)).await.unwrap() == 0 {
            break;
        }
        lines.push(line.trim_end().to_owned());
    }
    (answer, lines)
}

#[tokio::test]
async fn plain_websocket_says_the_text_and_closes_with_1000() {
    let server = Server::start(paced("20ms", (3, 0))).await;
    for path in ["/websocket/ws", "/server-faye.js/ws"] {
        let (said, close) = recite(&mut websocket(&server, path).await).await;
        assert_eq!(said, ["0.", "1.", "2."]);
        assert_eq!(u16::from(close.unwrap().code), 1000);
    }
    server.until_readers(0).await;
}

#[tokio::test]
async fn plain_websocket_says_objects_on_request() {
    let server = Server::start(paced("20ms", (3, 0))).await;
    let (said, _) = recite(&mut websocket(&server, "/websocket/ws?format=json&from=1").await).await;
    let said: Vec<Value> = said.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    assert_eq!(
        (&said[0]["event"], &said[0]["from"], &said[0]["of"]),
        (&"reading".into(), &1.into(), &3.into())
    );
    assert_eq!((&said[1]["event"], &said[1]["text"]), (&"divinecomedy".into(), &"1.".into()));
    assert_eq!((&said[2]["index"], said.len()), (&2.into(), 3));
}

#[tokio::test]
async fn a_unix_socket_streams_as_a_port_does() {
    let (_folder, path) = socket_path();
    let mut setup = paced("20ms", (3, 0));
    setup.args.listen = Some(format!("unix:{path}"));
    let server = Server::start(setup).await;
    let (said, _) = recite(&mut websocket(&server, "/websocket/ws").await).await;
    assert_eq!(said.len(), 3);
    let (_, lines) = events(&server, "/sse/stream", "").await;
    assert_eq!(lines.iter().filter(|line| *line == "event: divinecomedy").count(), 3);
    server.stop().await;
}

#[tokio::test]
async fn server_sent_events_resume_by_their_id() {
    let server = Server::start(paced("20ms", (3, 0))).await;
    let (answer, lines) = events(&server, "/sse/stream", "").await;
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    let ids: Vec<_> = lines.iter().filter_map(|line| line.strip_prefix("id: ")).collect();
    assert_eq!(ids.len(), 3);
    assert!(lines.contains(&"event: end".to_owned()), "{lines:?}");
    // The header outranks the query, which a browser repeats as it was.
    let (_, lines) = events(&server, "/sse/stream?from=0", &format!("Last-Event-ID: {}\r\n", ids[1])).await;
    assert_eq!(lines.iter().filter_map(|line| line.strip_prefix("id: ")).collect::<Vec<_>>(), ids[2..]);
    let (answer, _) = events(&server, "/sse/stream", &format!("Last-Event-ID: {}\r\n", ids[2])).await;
    assert_eq!(answer.status, 204, "nothing is left: the browser is to stay away");
    for bad in ["x", "other:1", "abc"] {
        assert_eq!(events(&server, "/sse/stream", &format!("Last-Event-ID: {bad}\r\n")).await.0.status, 400);
    }
}

/// A reader that takes nothing while another reads the whole poem, and then everything: it was waited
/// for, and lost nothing. A Unix domain socket buffers some 200 KB, a fraction of this poem's 3 MB.
async fn slow_reader(request: &str, greeting: &[u8], index_of: fn(&str) -> Option<usize>) {
    const STANZAS: usize = 48;
    let (_folder, path) = socket_path();
    let mut setup = paced("20ms", (STANZAS, 64 * 1024));
    setup.args.listen = Some(format!("unix:{path}"));
    let server = Server::start(setup).await;
    let mut slow = server.connect().await;
    slow.write_all(request.as_bytes()).await.unwrap();
    if !greeting.is_empty() {
        assert_eq!(soon(Answer::read(&mut slow)).await.status, 101);
        slow.write_all(greeting).await.unwrap();
    }
    server.until_readers(1).await;
    let (said, _) = recite(&mut websocket(&server, "/websocket/ws").await).await;
    assert_eq!(said.len(), STANZAS);
    assert_eq!(server.app.readers(), 1, "the slow reader is still waited for");

    let mut bytes = Vec::new();
    let mut heard = Vec::new();
    while heard.len() < STANZAS {
        let mut chunk = vec![0; 1 << 20];
        let count = soon(slow.read(&mut chunk)).await.unwrap();
        assert!(count > 0, "the stream broke off after {} stanzas", heard.len());
        bytes.extend_from_slice(&chunk[..count]);
        // Stanzas are padded with spaces and end in a full stop.
        while let Some(end) = bytes.windows(2).position(|pair| pair == b" .") {
            let piece = String::from_utf8_lossy(&bytes[..end]).into_owned();
            bytes.drain(..end + 2);
            heard.extend(index_of(piece.trim_end()));
        }
    }
    assert_eq!(heard, (0..STANZAS).collect::<Vec<_>>());
}

/// The number at the end of a piece.
fn last_number(piece: &str) -> Option<usize> {
    let start = piece.rfind(|letter: char| !letter.is_ascii_digit()).map_or(0, |at| at + 1);
    piece[start..].parse().ok()
}

#[tokio::test]
async fn a_slow_reader_over_websocket_loses_nothing() {
    // An empty ping, masked, as clients must: harmless, it only shows that the socket is open.
    slow_reader(&websocket_request("/websocket/ws", "Upgrade"), &[0x89, 0x80, 0, 0, 0, 0], last_number).await;
}

#[tokio::test]
async fn a_slow_reader_over_server_sent_events_loses_nothing() {
    slow_reader("GET /sse/stream HTTP/1.1\r\nHost: localhost\r\n\r\n", &[], last_number).await;
}

#[tokio::test]
async fn a_slow_reader_over_socket_io_loses_nothing() {
    // `40`, masked with zeros: connect to the main namespace.
    let connect = [0x81, 0x82, 0, 0, 0, 0, b'4', b'0'];
    slow_reader(
        &websocket_request("/socket.io/?EIO=4&transport=websocket", "Upgrade"),
        &connect,
        last_number,
    )
    .await;
}

#[tokio::test]
async fn a_reader_that_is_gone_is_noticed_before_its_next_stanza() {
    let server = Server::start(paced("1h", (3, 0))).await;
    let mut plain = websocket(&server, "/websocket/ws").await;
    let mut engine = websocket(&server, "/socket.io/?EIO=4&transport=websocket").await;
    engine.send("40".into()).await.unwrap();
    let mut sse = server.connect().await;
    sse.write_all(b"GET /sse/stream HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    server.until_readers(3).await;
    // One says goodbye, the others just go.
    soon(plain.close(None)).await.unwrap();
    server.until_readers(2).await;
    drop(sse);
    server.until_readers(1).await;
    drop(engine);
    server.until_readers(0).await;
}

#[tokio::test]
async fn at_shutdown_every_reader_is_told_to_come_back() {
    let server = Server::start(paced("1h", (3, 0))).await;
    let mut plain = websocket(&server, "/websocket/ws").await;
    let mut engine = websocket(&server, "/socket.io/?EIO=4&transport=websocket").await;
    engine.send("40".into()).await.unwrap();
    let opened = server.get("/socket.io/?EIO=4&transport=polling", "").await.body;
    let sid = opened.split('"').nth(3).unwrap().to_owned();
    let path = format!("/socket.io/?EIO=4&transport=polling&sid={sid}");
    let join = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n40");
    assert_eq!(server.send(&join).await.body, "ok");
    server.until_readers(3).await;
    // What was said so far: the connection, the reading, the first stanza.
    let mut polled = String::new();
    while !polled.contains("divinecomedy") {
        polled += &server.get(&path, "").await.body;
    }
    let mut parked = server.connect().await;
    parked.write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).await.unwrap();
    // A session that never joined a namespace, which closing the engine does not reach.
    let opened = server.get("/socket.io/?EIO=4&transport=polling", "").await.body;
    let stray = opened.split('"').nth(3).unwrap();
    let mut strays = server.connect().await;
    let stray = format!("/socket.io/?EIO=4&transport=polling&sid={stray}");
    assert_eq!(server.get(&stray, "").await.body, "2", "the engine's first ping");
    let request = format!("GET {stray} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    strays.write_all(request.as_bytes()).await.unwrap();
    let mut sse = BufReader::new(server.connect().await);
    sse.write_all(b"GET /sse/stream HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    server.until_readers(4).await;

    let plain = tokio::spawn(async move { recite(&mut plain).await });
    server.stop().await;
    let (_, close) = plain.await.unwrap();
    assert_eq!(u16::from(close.unwrap().code), 1012);
    let answer = soon(Answer::read(&mut parked)).await;
    assert_eq!(answer.status, 200, "a parked poll is answered");
    assert_eq!(answer.body, "1", "the engine closes; no `41`, which would mean the end of the poem");
    assert_eq!(soon(Answer::read(&mut strays)).await.status, 503);
    let mut rest = String::new();
    soon(sse.read_to_string(&mut rest)).await.unwrap();
    assert!(rest.ends_with("0\r\n\r\n") && !rest.contains("event: end"), "{rest}");
    let (said, close) = recite(&mut engine).await;
    assert!(!said.contains(&"41".to_owned()), "the poem has not ended: {said:?}");
    assert_eq!(u16::from(close.unwrap().code), 1012);
}

/// How long after the opening event the first stanza came, by each transport; a second of quiet was asked for.
#[tokio::test]
async fn a_quiet_stream_says_nothing_for_so_long() {
    // A second, less the conductor's slot.
    const QUIET: Duration = Duration::from_millis(980);
    let server = Server::start(paced("20ms", (2, 0))).await;
    // Taken before each request: the opening may be read late, the stanza after it in time.
    let start = Instant::now();
    let mut plain = websocket(&server, "/websocket/ws?format=json&quiet=1").await;
    let opening = soon(plain.next()).await.unwrap().unwrap();
    assert!(opening.to_text().unwrap().contains("reading"), "{opening:?}");
    let (said, _) = recite(&mut plain).await;
    assert!(start.elapsed() >= QUIET && said.len() == 2, "{said:?} after {:?}", start.elapsed());

    let mut engine = websocket(&server, "/socket.io/?EIO=4&transport=websocket&quiet=1").await;
    let start = Instant::now();
    engine.send("40".into()).await.unwrap();
    let mut has_begun = false;
    loop {
        let message = soon(engine.next()).await.unwrap().unwrap();
        match message.to_text().unwrap() {
            text if text.starts_with(r#"42["reading""#) => has_begun = true,
            text if text.starts_with(r#"42["divinecomedy""#) => break,
            _ => {}
        }
    }
    assert!(has_begun && start.elapsed() >= QUIET, "{:?}", start.elapsed());

    let start = Instant::now();
    let (_, lines) = events(&server, "/sse/stream?quiet=1", "").await;
    assert!(start.elapsed() >= QUIET, "{:?}", start.elapsed());
    assert_eq!(lines.iter().filter(|line| *line == "event: divinecomedy").count(), 2);
    assert!(!lines.contains(&":".to_owned()), "no comment in between: {lines:?}");
}

#[tokio::test]
async fn a_quiet_time_that_is_none_is_refused() {
    let server = Server::start(paced("20ms", (2, 0))).await;
    for path in ["/sse/stream", "/websocket/ws"] {
        for bad in ["0", "601", "1.5", "", "20s"] {
            let answer = server.get(&format!("{path}?quiet={bad}"), "").await;
            assert_eq!(answer.status, 400, "{path} {bad}");
            assert!(answer.body.starts_with("bad-quiet: "), "{}", answer.body);
        }
    }
    let mut engine = websocket(&server, "/socket.io/?EIO=4&transport=websocket&quiet=x").await;
    engine.send("40".into()).await.unwrap();
    let refusal = loop {
        let message = soon(engine.next()).await.unwrap().unwrap();
        if let Some(refusal) = message.to_text().unwrap().strip_prefix("44") {
            break refusal.to_owned();
        }
    };
    assert!(refusal.contains("bad-quiet"), "{refusal}");
}

/// So that whoever takes them next is not run over: the first ones go at once, the last ones when the time is nearly over.
#[tokio::test]
async fn a_stop_lets_readers_go_one_after_the_other() {
    const READERS: usize = 300;
    let server = Server::start(paced("1h", (3, 0))).await;
    let mut leaving = Vec::new();
    for number in 0..READERS {
        let (path, joins) = match number % 2 {
            0 => ("/websocket/ws", false),
            _ => ("/socket.io/?EIO=4&transport=websocket", true),
        };
        let mut socket = websocket(&server, path).await;
        if joins {
            socket.send("40".into()).await.unwrap();
        }
        leaving.push(tokio::spawn(async move {
            let (_, close) = recite(&mut socket).await;
            (Instant::now(), u16::from(close.expect("a close frame").code))
        }));
    }
    server.until_readers(READERS).await;
    let begun = Instant::now();
    server.stop().await;
    let mut after = Vec::new();
    for left in leaving {
        let (at, code) = left.await.unwrap();
        assert_eq!(code, 1012);
        after.push(at - begun);
    }
    after.sort_unstable();
    // A thousand in a second; on a busy machine the first of them may be noticed late.
    let spread = after[READERS * 9 / 10] - after[READERS / 10];
    assert!(spread >= Duration::from_millis(100), "{spread:?} between the first and the last tenth");
}
