//! Sessions of Engine.IO: what a WebSocket that takes one over may do, polls that come twice, and sessions that nobody uses.

mod session;

use std::time::Duration;

use dante::{cli::ServeArgs, hosting::endpoint::Endpoint};
use futures_util::{SinkExt, StreamExt, future::join_all};
use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::sleep,
};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

use session::{Session, indexes};

use crate::support::{Answer, Server, Setup, Stream, soon, websocket_request};

fn paced(interval: &str, stanzas: (usize, usize)) -> Setup<'static> {
    Setup {
        args: ServeArgs { interval: Some(interval.into()), ..ServeArgs::default() },
        stanzas,
        ..Setup::default()
    }
}

/// What a host may do to a WebSocket that it has granted.
#[derive(Debug, Clone, Copy)]
enum Break {
    Reset,
    Close,
    /// After the server has said `3probe`.
    ResetAfterProbe,
    WrongWord,
    NoFrame,
    /// Nothing that the client says arrives.
    Silence,
    /// Nothing that the server says arrives, so `5` never comes.
    SilenceAfterProbe,
}

#[tokio::test]
async fn a_websocket_that_breaks_leaves_long_polling_as_it_was() {
    use Break::*;
    let ways = [Reset, Close, ResetAfterProbe, WrongWord, NoFrame, Silence, SilenceAfterProbe];
    let all = [3, 4].into_iter().flat_map(|version| ways.map(|broken| stays_polling(version, broken)));
    join_all(all).await;
}

async fn stays_polling(version: u8, broken: Break) {
    let server = Server::start(paced("20ms", (100, 0))).await;
    let session = Session::open(&server, version).await;
    let mut heard = session.poll_for_stanzas().await;
    let websocket = break_a_websocket(&session, broken).await;
    let mut polls = 0;
    while heard.len() < 50 {
        heard.extend(session.poll_for_stanzas().await);
        polls += 1;
    }
    assert!(heard.iter().copied().eq(0..heard.len()), "version {version}, {broken:?}: {heard:?}");
    assert!(polls <= 60, "{polls} polls brought 50 stanzas: version {version}, {broken:?}");
    drop(websocket);
}

/// Grants the session a WebSocket that never takes it over.
async fn break_a_websocket(session: &Session<'_>, broken: Break) -> Option<WebSocketStream<Box<dyn Stream>>> {
    if matches!(broken, Break::Reset | Break::NoFrame) {
        let mut stream = session.server.connect().await;
        let request = websocket_request(&session.websocket_path(), "Upgrade");
        stream.write_all(request.as_bytes()).await.unwrap();
        assert_eq!(soon(Answer::read(&mut stream)).await.status, 101);
        if matches!(broken, Break::NoFrame) {
            stream.write_all(&[0xff; 64]).await.unwrap();
            soon(stream.read_to_end(&mut Vec::new())).await.unwrap_or_default();
        }
        return None;
    }
    let mut websocket = session.websocket().await;
    match broken {
        Break::Close => soon(websocket.close(None)).await.unwrap(),
        Break::WrongWord => {
            websocket.send("40".into()).await.unwrap();
            while let Some(Ok(_)) = soon(websocket.next()).await {}
        }
        Break::ResetAfterProbe | Break::SilenceAfterProbe => {
            websocket.send("2probe".into()).await.unwrap();
            assert_eq!(soon(websocket.next()).await.unwrap().unwrap(), Message::text("3probe"));
        }
        _ => {}
    }
    matches!(broken, Break::Silence | Break::SilenceAfterProbe).then_some(websocket)
}

#[tokio::test]
async fn a_session_is_taken_over_with_all_that_waits() {
    // Below and above 16 KiB, where the engine used to keep a packet for the next poll.
    let all =
        [3, 4].into_iter().flat_map(|version| [0, 20_000, 70_000].map(|bytes| is_taken_over(version, bytes)));
    join_all(all).await;
}

/// As the official clients do: one poll is under way all the time, until `3probe` has come.
async fn is_taken_over(version: u8, bytes: usize) {
    let server = Server::start(paced("20ms", (60, bytes))).await;
    let session = Session::open(&server, version).await;
    let mut heard = session.poll_for_stanzas().await;
    // Several stanzas wait, and a poll takes them.
    sleep(Duration::from_millis(100)).await;
    heard.extend(session.poll_for_stanzas().await);
    let mut websocket = session.websocket().await;
    websocket.send("2probe".into()).await.unwrap();
    // Whoever has heard `3probe` waits for the poll that is under way, and says `5`.
    let (answer, came) = tokio::join!(soon(websocket.next()), session.poll_for_stanzas());
    assert_eq!(answer.unwrap().unwrap(), Message::text("3probe"));
    heard.extend(came);
    // A client says what it had kept right after `5`, in the same segment.
    websocket.feed("5".into()).await.unwrap();
    websocket.feed(r#"42["sendMessage",{"message":"Hello"}]"#.into()).await.unwrap();
    websocket.flush().await.unwrap();
    let mut texts = String::new();
    while heard.len() < 60 {
        let text = soon(websocket.next()).await.unwrap().unwrap().into_text().unwrap();
        heard.extend(indexes(&text));
        texts.push_str(&text[..text.len().min(20)]);
    }
    assert!(texts.contains("helloBack"), "version {version}: {texts}");
    assert!(heard.iter().copied().eq(0..60), "version {version}, {bytes} bytes: {heard:?}");
}

/// elephant.io 4 does.
#[tokio::test]
async fn a_client_may_leave_out_the_probe() {
    let server = Server::start(paced("20ms", (20, 0))).await;
    let session = Session::open(&server, 4).await;
    let mut heard = session.poll_for_stanzas().await;
    let mut websocket = session.websocket().await;
    websocket.send("5".into()).await.unwrap();
    while heard.len() < 20 {
        heard.extend(indexes(soon(websocket.next()).await.unwrap().unwrap().to_text().unwrap()));
    }
    assert_eq!(heard, (0..20).collect::<Vec<_>>());
}

/// A parked poll is let go when a WebSocket is about to take over, so that the client can stop polling.
#[tokio::test]
async fn the_parked_poll_is_let_go() {
    for (version, noop) in [(3, "1:6"), (4, "6")] {
        let server = Server::start(paced("1h", (3, 0))).await;
        let session = Session::open(&server, version).await;
        assert_eq!(session.poll_for_stanzas().await, [0]);
        let mut websocket = session.websocket().await;
        let parked = async {
            // Before the engine's first ping is heard, it may be what comes.
            loop {
                let answer = session.poll().await;
                if !answer.body.ends_with('2') {
                    return answer.body;
                }
            }
        };
        let take_over = async {
            sleep(Duration::from_millis(50)).await;
            websocket.send("2probe".into()).await.unwrap();
        };
        assert_eq!(tokio::join!(parked, take_over).0, noop);
    }
}

#[tokio::test]
async fn only_a_session_that_there_is_can_be_taken_over_and_only_by_one() {
    let server = Server::start(paced("1h", (3, 0))).await;
    let session = Session::open(&server, 4).await;
    let unknown = "/socket.io/?EIO=4&transport=websocket&sid=AAAAAAAAAAAAAAHs";
    let answer = server.send(&websocket_request(unknown, "Upgrade")).await;
    assert_eq!((answer.status, answer.body.contains("Session ID unknown")), (400, true), "{}", answer.body);
    let first = session.websocket().await;
    let answer = server.send(&websocket_request(&session.websocket_path(), "Upgrade")).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    drop(first);
    let again = async {
        while server.send(&websocket_request(&session.websocket_path(), "Upgrade")).await.status != 101 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    soon(again).await;
}

/// Chromium and aiohttp do that by themselves when a kept-alive connection dies before the answer.
#[tokio::test]
async fn a_poll_that_comes_twice_ends_the_session() {
    for version in [3, 4] {
        let server = Server::start(paced("20ms", (1000, 0))).await;
        let session = Session::open(&server, version).await;
        session.poll_for_stanzas().await;
        session.poll_for_stanzas().await;
        let again = format!("{}&t=p{}", session.path, session.t.get());
        let answer = server.get(&again, "").await;
        assert_eq!(
            (answer.status, answer.body.contains("Session ID unknown")),
            (400, true),
            "{}",
            answer.body
        );
        assert_eq!(session.poll().await.status, 400, "it is over");
        server.until_readers(0).await;
    }
}

#[tokio::test]
async fn a_client_may_poll_the_same_url_always() {
    let server = Server::start(paced("20ms", (1000, 0))).await;
    for t in ["", "&t=p0", "&t=1795794399"] {
        let session = Session::open(&server, 4).await;
        for _ in 0..10 {
            assert_eq!(server.get(&format!("{}{t}", session.path), "").await.status, 200);
        }
    }
}

/// The client changes no `t`, so only the connection tells that the answer is lost.
#[tokio::test]
async fn a_poll_whose_answer_cannot_be_written_ends_the_session() {
    const LARGE: usize = 1 << 20;
    let server = Server::start(paced("20ms", (75, 200_000))).await;
    let Endpoint::Tcp(address) = server.endpoint else { panic!("no port") };
    let session = Session::open(&server, 4).await;
    let poll = format!("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", session.path);
    // More and more stanzas wait between two polls, until the kernel has no room for all of an answer.
    for pause in (50..).step_by(50) {
        let client = TcpSocket::new_v4().unwrap();
        client.set_recv_buffer_size(64 * 1024).unwrap();
        let mut client = client.connect(address).await.unwrap();
        client.write_all(poll.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(soon(client.read_u8()).await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let length = length.parse().unwrap();
        if length > LARGE {
            SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
            break;
        }
        soon(client.read_exact(&mut vec![0; length])).await.unwrap();
        sleep(Duration::from_millis(pause)).await;
    }
    // Otherwise it would bring what comes after the gap.
    let answer = soon(server.get(&session.path, "")).await;
    assert_eq!(
        (answer.status, answer.body.contains("Session ID unknown")),
        (400, true),
        "{:.200}",
        answer.body
    );
    server.until_readers(0).await;
}

/// A peer of Engine.IO 3 joins with its handshake, and may be gone before the server has written its first packet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peers_that_vanish_in_their_handshake_leave_nobody_behind() {
    let server = Server::start(paced("1h", (3, 0))).await;
    let Endpoint::Tcp(address) = server.endpoint else { panic!("no port") };
    let request = websocket_request("/socket.io/?EIO=3&transport=websocket", "Upgrade");
    let vanish = async || {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        // The answer begins, and the first packet is a moment away.
        stream.read_u8().await.unwrap();
        // With a reset, so that the server cannot write.
        SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    };
    for _ in 0..50 {
        join_all((0..10).map(|_| vanish())).await;
    }
    // Whoever comes now is heard after all of these.
    let url = "ws://localhost/socket.io/?EIO=3&transport=websocket";
    let (mut stays, _) = soon(client_async(url, server.connect().await)).await.unwrap();
    soon(stays.next()).await.unwrap().unwrap();
    server.until_readers(1).await;
    drop(stays);
    server.until_readers(0).await;
}

/// A client that acknowledges stanzas, and forgets one of them: it gets that one again, and then goes on.
#[tokio::test]
async fn what_is_not_acknowledged_comes_again() {
    let server = Server::start(paced("20ms", (6, 0))).await;
    let url = "ws://localhost/socket.io/?EIO=4&transport=websocket";
    let mut client = soon(client_async(url, server.connect().await)).await.unwrap().0;
    client.send(r#"40{"acks":true}"#.into()).await.unwrap();
    let (mut heard, mut forgets) = (Vec::new(), true);
    loop {
        let message = soon(client.next()).await.unwrap().unwrap();
        let text = message.to_text().unwrap();
        let Some(event) = text.strip_prefix("42").filter(|text| text.contains("divinecomedy")) else {
            if text == "41" {
                break;
            }
            continue;
        };
        let ack = event.split('[').next().unwrap().to_owned();
        let index = indexes(event)[0];
        heard.push(index);
        if index == 3 && std::mem::take(&mut forgets) {
            continue;
        }
        client.send(format!("43{ack}[]").into()).await.unwrap();
    }
    assert_eq!(heard, [0, 1, 2, 3, 3, 4, 5]);
}

/// The next text that begins so.
async fn until_text(socket: &mut WebSocketStream<Box<dyn Stream>>, start: &str) {
    loop {
        match soon(socket.next()).await {
            Some(Ok(Message::Text(text))) if text.starts_with(start) => return,
            Some(Ok(_)) => {}
            other => panic!("no {start}, but {other:?}"),
        }
    }
}

/// Who joins after all readers were let go hears the end of its connection, and no refusal: official clients stay away for ever from who refuses
/// them. It ends at once, too; a stop does not wait for it.
#[tokio::test]
async fn who_joins_when_the_server_has_stopped_is_let_go_and_not_refused() {
    let mut server = Server::start(paced("1h", (3, 0))).await;
    let url = "ws://x/socket.io/?EIO=4&transport=websocket";
    let (mut reader, _) = soon(client_async(url, server.connect().await)).await.unwrap();
    let (mut late, _) = soon(client_async(url, server.connect().await)).await.unwrap();
    until_text(&mut late, "0{").await;
    reader.send(Message::text("40")).await.unwrap();
    until_text(&mut reader, "40{").await;
    server.ask_to_stop();
    // The reader is let go, and all namespaces are closed.
    while let Some(Ok(_)) = soon(reader.next()).await {}

    let _ = late.send(Message::text("40")).await;
    let mut heard = Vec::new();
    while let Some(Ok(message)) = soon(late.next()).await {
        heard.push(message.to_string());
    }
    assert!(!heard.iter().any(|packet| packet.contains("Invalid namespace")), "{heard:?}");
    server.stopped().await;
}
