//! What a connection may cost before and between requests, and how connections end when the server stops.

use std::{
    io::{Read, Write},
    process::Stdio,
    time::Duration,
};

use dante::{
    cli::ServeArgs,
    hosting::{endpoint::Endpoint, listener::Bounds},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpSocket, TcpStream},
    process::Command,
    time::interval,
};

use crate::{
    binary::{dante, port, signal, start},
    support::{Answer, HUNG, Server, Setup, Stream, socket_path, soon, websocket_request},
};

const REQUEST: &[u8] = b"GET /hosting.json HTTP/1.1\r\nHost: localhost\r\n\r\n";

const SHORT: Duration = Duration::from_millis(300);

async fn within(bounds: Bounds) -> Server {
    Server::start(Setup { bounds, ..Setup::default() }).await
}

/// What comes until the end.
async fn rest(stream: &mut (impl Stream + ?Sized)) -> String {
    let mut rest = Vec::new();
    soon(stream.read_to_end(&mut rest)).await.expect("an orderly end");
    String::from_utf8_lossy(&rest).into_owned()
}

#[tokio::test]
async fn a_head_that_does_not_end_is_late() {
    let server = within(Bounds { head: SHORT, ..Bounds::default() }).await;
    for start in ["G", "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "] {
        let mut stream = server.connect().await;
        // The second head of a connection is no other.
        stream.write_all(REQUEST).await.unwrap();
        assert_eq!(soon(Answer::read(&mut stream)).await.status, 200);
        stream.write_all(start.as_bytes()).await.unwrap();
        let answer = rest(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
        assert!(answer.contains("dante-fault: late-head\r\n") && answer.contains("within 300ms"), "{answer}");
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn a_head_in_drops_is_late_however_many_come() {
    let server = within(Bounds { head: SHORT, ..Bounds::default() }).await;
    let mut stream = TcpStream::connect(address(&server)).await.unwrap();
    let (mut reading, mut writing) = stream.split();
    let drops = async {
        let mut drops = interval(SHORT / 10);
        writing.write_all(b"GET / HTTP/1.1\r\nX: ").await.unwrap();
        while writing.write_all(b"x").await.is_ok() {
            drops.tick().await;
        }
        std::future::pending::<()>().await;
    };
    let answer = async {
        let answer = Answer::read(&mut reading).await;
        assert_eq!((answer.status, answer.header("dante-fault")), (408, Some("late-head")));
    };
    tokio::select! {
        () = soon(answer) => {}
        () = drops => {}
    }
}

#[tokio::test]
async fn a_head_has_32_kib() {
    let server = within(Bounds::default()).await;
    for (size, status) in [(30_000, 200), (70_000, 431)] {
        let cookies = format!("Cookie: {}\r\n", "c".repeat(size));
        assert_eq!(server.get("/hosting.json", &cookies).await.status, status, "{size}");
    }
}

#[tokio::test]
async fn a_body_that_does_not_end_is_late() {
    let server = within(Bounds { body: SHORT, ..Bounds::default() }).await;
    let opened = server.get("/socket.io/?EIO=4&transport=polling", "").await.body;
    let sid = opened.split('"').nth(3).unwrap();
    let mut stream = server.connect().await;
    let head = format!(
        "POST /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n40"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
    assert!(answer.contains("dante-fault: late-body\r\n") && answer.contains("within 300ms"), "{answer}");
}

#[tokio::test]
async fn quiet_connections_are_closed_whether_they_have_spoken_or_not() {
    for doze in [SHORT / 10, SHORT * 2] {
        let bounds = Bounds { keep_alive: Some(SHORT), doze: doze.min(SHORT), ..Bounds::default() };
        let server = within(bounds).await;
        let (mut silent, mut spoken) = (server.connect().await, server.connect().await);
        spoken.write_all(REQUEST).await.unwrap();
        assert_eq!(soon(Answer::read(&mut spoken)).await.status, 200);
        assert_eq!((rest(&mut silent).await, rest(&mut spoken).await), (String::new(), String::new()));
    }
}

#[tokio::test]
async fn a_connection_on_which_something_is_due_is_not_quiet() {
    let bounds =
        Bounds { head: SHORT, body: SHORT, keep_alive: Some(SHORT), doze: SHORT / 3, ..Bounds::default() };
    let args =
        ServeArgs { interval: Some("1s".into()), polling_duration: Some("1".into()), ..ServeArgs::default() };
    let server = Server::start(Setup { args, bounds, ..Setup::default() }).await;
    let opened = server.get("/socket.io/?EIO=4&transport=polling", "").await.body;
    let sid = opened.split('"').nth(3).unwrap();
    // Parked until the ping, for more than three times as long.
    let polled = server.get(&format!("/socket.io/?EIO=4&transport=polling&sid={sid}"), "").await;
    assert_eq!((polled.status, polled.body.as_str()), (200, "2"));
    let mut stream = server.connect().await;
    stream.write_all(b"GET /sse/stream HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut lines = BufReader::new(stream).lines();
    loop {
        let line = soon(lines.next_line()).await.unwrap().expect("the stream goes on");
        if line.contains("\"index\":2") {
            return;
        }
    }
}

#[tokio::test]
async fn a_connection_wakes_up_whenever_its_client_speaks() {
    let server = within(Bounds { doze: Duration::from_millis(1), ..Bounds::default() }).await;
    let mut stream = server.connect().await;
    let mut pauses = interval(Duration::from_millis(10));
    for turn in 0..20 {
        pauses.tick().await;
        let (first, second) = REQUEST.split_at(turn * 2);
        stream.write_all(first).await.unwrap();
        pauses.tick().await;
        stream.write_all(second).await.unwrap();
        assert_eq!(soon(Answer::read(&mut stream)).await.status, 200, "{turn}");
    }
    stream.write_all(websocket_request("/websocket/ws", "Upgrade").as_bytes()).await.unwrap();
    assert_eq!(soon(Answer::read(&mut stream)).await.status, 101);
    assert_ne!(soon(stream.read_u8()).await.unwrap(), 0, "a stanza");
}

/// The line of the log for each time that descriptors were used up.
const USED_UP: &str = "no connection can be accepted";

#[tokio::test]
async fn quiet_connections_that_use_up_all_descriptors_make_room() {
    // In time where it is limited, and also where it is not.
    tokio::join!(make_room("1s"), make_room("none"));
}

async fn make_room(keep_alive: &str) {
    let mut command = Command::new("sh");
    let exec = "ulimit -n 40; exec \"$0\" --listen 0 --keep-alive \"$1\"";
    command.args(["-c", exec, env!("CARGO_BIN_EXE_dante"), keep_alive]);
    command.env_clear().stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let (mut child, banner, _lines) = start(&mut command).await;
    let address = ("127.0.0.1", port(&banner));
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut quiet = Vec::new();
    for _ in 0..40 {
        quiet.push(TcpStream::connect(address).await.unwrap());
    }
    let mut next_line = async || soon(log.next_line()).await.unwrap().expect("a line");
    while !next_line().await.contains(USED_UP) {}
    let mut reader = TcpStream::connect(address).await.unwrap();
    reader.write_all(REQUEST).await.unwrap();
    assert_eq!(soon(Answer::read(&mut reader)).await.status, 200, "{keep_alive}");
    loop {
        let line = next_line().await;
        assert!(!line.contains(USED_UP), "said once");
        if line.contains("accepted again") {
            return;
        }
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_change_of_processes_resets_nobody() {
    use std::sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    };
    let shared = async |port: u16| {
        let (child, banner, _) = start(&mut dante(&["--listen", &port.to_string(), "--reuse-port"])).await;
        (child, crate::binary::port(&banner))
    };
    let (mut child, port) = shared(0).await;
    let over = Arc::<AtomicBool>::default();
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let over = Arc::clone(&over);
            tokio::task::spawn_blocking(move || {
                let mut answered = 0;
                while !over.load(Ordering::Relaxed) {
                    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
                    stream.write_all(b"GET /hosting.json HTTP/1.0\r\nHost: localhost\r\n\r\n").unwrap();
                    let mut answer = String::new();
                    stream.read_to_string(&mut answer).expect("no reset");
                    assert!(answer.starts_with("HTTP/1.0 200 "), "{answer}");
                    answered += 1;
                }
                answered
            })
        })
        .collect();
    for _ in 0..3 {
        let next = shared(port).await;
        signal(&child, "TERM");
        assert_eq!(soon(child.wait()).await.unwrap().code(), Some(0));
        (child, _) = next;
    }
    over.store(true, Ordering::Relaxed);
    for client in clients {
        assert_ne!(soon(client).await.unwrap(), 0);
    }
}

fn address(server: &Server) -> std::net::SocketAddr {
    let Endpoint::Tcp(address) = server.endpoint else { panic!("a port") };
    address
}

/// A connection that does not let the server's tasks run while it is made.
fn connect_at_once(endpoint: &Endpoint) -> Box<dyn ReadWrite> {
    match endpoint {
        Endpoint::Tcp(address) => Box::new(std::net::TcpStream::connect(address).unwrap()),
        Endpoint::Unix(path) => Box::new(std::os::unix::net::UnixStream::connect(path).unwrap()),
        other => panic!("{other} is not for tests"),
    }
}

trait ReadWrite: Read + Write + Send {}
impl<S: Read + Write + Send> ReadWrite for S {}

#[tokio::test]
async fn whoever_has_connected_before_a_stop_is_served() {
    let (_folder, path) = socket_path();
    for listen in ["0".to_owned(), format!("unix:{path}")] {
        let args = ServeArgs { listen: Some(listen), ..ServeArgs::default() };
        let bounds = Bounds { first_word: HUNG, ..Bounds::default() };
        let mut server = Server::start(Setup { args, bounds, ..Setup::default() }).await;
        let mut reader = server.connect().await;
        reader.write_all(b"GET /sse/stream HTTP/1.0\r\n\r\n").await.unwrap();
        let mut early = server.connect().await;
        // It is accepted by the time that another one is answered.
        assert_eq!(server.get("/hosting.json", "").await.status, 200);
        // These wait at the door: this thread is the server's, too, and does not go there meanwhile.
        let mut waiting: Vec<_> = (0..50).map(|_| connect_at_once(&server.endpoint)).collect();
        server.ask_to_stop();
        // Ends when the server stops.
        rest(&mut reader).await;
        early.write_all(REQUEST).await.unwrap();
        let answer = soon(Answer::read(&mut early)).await;
        assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
        let answers = tokio::task::spawn_blocking(move || {
            for stream in &mut waiting {
                stream.write_all(REQUEST).unwrap();
                let mut answer = String::new();
                stream.read_to_string(&mut answer).unwrap();
                let is_last = answer.contains("\r\nconnection: close\r\n");
                assert!(answer.starts_with("HTTP/1.1 200 ") && is_last, "{answer}");
            }
        });
        soon(answers).await.unwrap();
        server.stop().await;
    }
}

#[tokio::test]
async fn the_stuck_do_not_hold_up_a_stop() {
    let args = ServeArgs { interval: Some("20ms".into()), grace: Some("1h".into()), ..ServeArgs::default() };
    let server = Server::start(Setup { args, stanzas: (400, 15_000), ..Setup::default() }).await;
    let mut stuck = Vec::new();
    for request in [
        "GET /sse/stream HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
        websocket_request("/websocket/ws", "Upgrade"),
        websocket_request("/socket.io/?EIO=4&transport=websocket", "Upgrade"),
        "GET /divine-comedy.txt HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: local".to_owned(),
    ] {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let mut stream = socket.connect(address(&server)).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        if request.contains("socket.io") {
            assert_eq!(soon(Answer::read(&mut stream)).await.status, 101);
            // `40`, masked with zeros: joins.
            stream.write_all(&[0x81, 0x82, 0, 0, 0, 0, b'4', b'0']).await.unwrap();
        }
        stuck.push(stream);
    }
    server.until_readers(3).await;
    // The clock gives each of them more than the system takes.
    let mut witness = server.connect().await;
    witness.write_all(b"GET /sse/stream HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut lines = BufReader::new(witness).lines();
    while !soon(lines.next_line()).await.unwrap().expect("the stream goes on").contains("\"index\":60") {}
    // The grace would be an hour.
    server.stop().await;
}
