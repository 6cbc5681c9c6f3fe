//! The probe against Dante in this process, and against peers that do what no peer should.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use dante::{
    cli::{ProbeArgs, ServeArgs},
    hosting::{endpoint::Endpoint, environment::Environment},
    probe::{plan::Plan, probe},
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::support::{Server, Setup, soon};

async fn run(url: &str, change: impl FnOnce(&mut ProbeArgs)) -> Value {
    let mut args = ProbeArgs { url: Some(url.to_owned()), ..ProbeArgs::default() };
    change(&mut args);
    let plan = Plan::read(&args, &Environment::default()).expect("a plan");
    let document = soon(probe(plan, &mut |_| Ok(()))).await.expect("a probe");
    serde_json::to_value(document).unwrap()
}

fn url(server: &Server, path: &str) -> String {
    match &server.endpoint {
        Endpoint::Tcp(address) => format!("http://{address}{path}"),
        other => panic!("{other} has no URL"),
    }
}

fn outcomes(document: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let hops = document["hops"].as_array().unwrap().iter();
    hops.map(|hop| (text(&hop["hop"]), text(&hop["outcome"]))).collect()
}

fn hop<'a>(document: &'a Value, name: &str) -> &'a Value {
    document["hops"].as_array().unwrap().iter().find(|hop| hop["hop"] == name).expect("all hops are there")
}

fn ids(document: &Value) -> Vec<&str> {
    document["verdicts"].as_array().unwrap().iter().map(|verdict| verdict["id"].as_str().unwrap()).collect()
}

fn paced(interval: &str) -> ServeArgs {
    ServeArgs { interval: Some(interval.into()), ..ServeArgs::default() }
}

#[tokio::test]
async fn a_healthy_dante_is_found_healthy() {
    let server = Server::start(Setup { args: paced("500ms"), ..Setup::default() }).await;
    let document = run(&url(&server, "/"), |_| {}).await;
    assert_eq!((&document["outcome"], ids(&document)), (&"good".into(), vec![]), "{document:#}");
    for (hop, outcome) in outcomes(&document) {
        let not_asked_for =
            ["proxy", "tls", "stream", "against", "echo", "http2", "hold", "browser"].contains(&hop.as_str());
        let expected = if not_asked_for { "skipped" } else { "good" };
        assert_eq!(outcome, expected, "{hop}");
    }
    server.until_readers(0).await;
}

#[tokio::test]
async fn a_healthy_dante_under_a_prefix_and_at_a_fast_pace_too() {
    let args = ServeArgs { prefix: Some("/dante".into()), ..paced("50ms") };
    let server = Server::start(Setup { args, ..Setup::default() }).await;
    let document = run(&url(&server, "/dante"), |args| args.hold = Some("1s".into())).await;
    assert_eq!((&document["outcome"], ids(&document)), (&"good".into(), vec![]), "{document:#}");
    assert_eq!(hop(&document, "hold")["outcome"], "good");
    assert_eq!(hop(&document, "page")["evidence"]["exchanges"].as_array().unwrap().len(), 2, "a redirect");
}

#[tokio::test]
async fn a_path_in_any_script_however_it_is_written() {
    let args = ServeArgs { prefix: Some("/caffè".into()), ..paced("50ms") };
    let server = Server::start(Setup { args, ..Setup::default() }).await;
    for path in ["/caffè/", "/caff%C3%A8/"] {
        let document = run(&url(&server, path), |args| args.transports = Some("sse".into())).await;
        assert_eq!((&document["outcome"], ids(&document)), (&"good".into(), vec![]), "{path}: {document:#}");
    }
    // A name beyond ASCII is looked up, and given in Host, as IDNA writes it.
    let Endpoint::Tcp(address) = &server.endpoint else { panic!("no TCP") };
    let (ip, port) = (address.ip(), address.port());
    let document = run(&format!("http://müller.example:{port}/caffè/"), |args| {
        args.transports = Some("sse".into());
        args.resolve = vec![format!("müller.example:{port}:{ip}")];
    })
    .await;
    assert_eq!((&document["outcome"], ids(&document)), (&"good".into(), vec![]), "{document:#}");
    assert_eq!(hop(&document, "name")["evidence"]["name"], "xn--mller-kva.example");
}

#[tokio::test]
async fn without_websocket_it_is_degraded_and_without_polling_it_is_not() {
    for (transports, outcome, id) in [
        ("polling", "degraded", "websocket-disabled-by-server"),
        ("websocket", "good", "polling-disabled-by-server"),
    ] {
        let args = ServeArgs { transports: Some(transports.into()), ..paced("200ms") };
        let server = Server::start(Setup { args, ..Setup::default() }).await;
        let document = run(&url(&server, "/"), |_| {}).await;
        assert_eq!((document["outcome"].as_str(), ids(&document)), (Some(outcome), vec![id]), "{document:#}");
    }
}

#[tokio::test]
async fn an_engine_alone_is_probed_without_what_only_dante_has() {
    let server = Server::start(Setup::default()).await;
    let document = run(&url(&server, "/"), |args| args.socketio = Some("/socket.io/".into())).await;
    assert_eq!((&document["outcome"], ids(&document)), (&"good".into(), vec![]), "{document:#}");
    let good = ["name", "tcp", "http", "handshake", "sticky", "upgrade", "stream", "cors"];
    for (hop, outcome) in outcomes(&document) {
        assert_eq!(outcome, if good.contains(&hop.as_str()) { "good" } else { "skipped" }, "{hop}");
    }
}

#[tokio::test]
async fn a_wrong_path_is_told_from_a_wrong_host() {
    let args = ServeArgs { prefix: Some("/dante".into()), ..ServeArgs::default() };
    let server = Server::start(Setup { args, ..Setup::default() }).await;
    let document = run(&url(&server, "/elsewhere/"), |_| {}).await;
    assert_eq!(ids(&document), ["prefix-mismatch"], "{document:#}");
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let document = run(&format!("http://{closed}/"), |_| {}).await;
    assert_eq!((ids(&document), &document["exitCode"]), (vec!["not-listening"], &4.into()));
    let document =
        run(&url(&server, "/dante/").replace("http:", "https:"), |args| args.insecure = true).await;
    assert_eq!(ids(&document), ["tls-to-plain"], "{document:#}");
}

/// A peer that does the same to every connection.
struct Peer {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Peer {
    async fn start<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream));
            }
        });
        Self { address, task }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The path of the request that a connection starts with.
async fn read_path(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return String::new(),
        }
    }
    String::from_utf8_lossy(&head).split(' ').nth(1).unwrap_or_default().to_owned()
}

/// Writes the same again and again until the peer has had enough; says how many bytes that were.
async fn endlessly(stream: &mut TcpStream, head: &str, again: &[u8]) -> usize {
    let _ = stream.write_all(head.as_bytes()).await;
    // Not in the smallest pieces: what a test's peer costs is not the probe's.
    let block = again.repeat(4096_usize.div_ceil(again.len()));
    let mut written = 0;
    while stream.write_all(&block).await.is_ok() {
        written += block.len();
    }
    written
}

/// Probes a peer with two seconds' patience, and expects an end within ten, which a busy machine keeps, too, and these verdicts.
async fn expect<F>(serve: impl Fn(TcpStream) -> F + Send + 'static, expected: &[&str])
where
    F: Future<Output = ()> + Send + 'static,
{
    let peer = Peer::start(serve).await;
    let start = Instant::now();
    let document = run(&format!("http://{}/", peer.address), |args| args.timeout = Some("2s".into())).await;
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}: {document:#}", start.elapsed());
    assert_eq!((ids(&document).as_slice(), &document["exitCode"]), (expected, &4.into()), "{document:#}");
    // A document is bounded by what it shows of each answer.
    assert!(document.to_string().len() < 200_000);
}

#[tokio::test]
async fn a_peer_that_never_answers() {
    let silence = |mut stream: TcpStream| async move {
        let _ = stream.read_to_end(&mut Vec::new()).await;
    };
    expect(silence, &["black-hole"]).await;
}

#[tokio::test]
async fn a_peer_that_closes_or_speaks_something_else() {
    expect(|mut stream| async move { drop(read_path(&mut stream).await) }, &["no-answer"]).await;
    let ssh = |mut stream: TcpStream| async move {
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.9\r\n").await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    };
    expect(ssh, &["garbage"]).await;
}

#[tokio::test]
async fn a_head_without_end() {
    let head = |mut stream: TcpStream| async move {
        read_path(&mut stream).await;
        let _ = endlessly(&mut stream, "HTTP/1.1 200 OK\r\n", b"X-More: and more and more\r\n").await;
    };
    expect(head, &["garbage"]).await;
}

#[tokio::test]
async fn a_body_without_end() {
    let body = |mut stream: TcpStream| async move {
        read_path(&mut stream).await;
        endlessly(&mut stream, "HTTP/1.1 200 OK\r\n\r\n", &[b'x'; 4096]).await;
    };
    expect(body, &["garbage"]).await;
}

#[tokio::test]
async fn an_answer_that_drips() {
    let drip = |mut stream: TcpStream| async move {
        read_path(&mut stream).await;
        let mut ticks = tokio::time::interval(Duration::from_millis(100));
        for byte in b"HTTP/1.1 200 OK\r\n".iter().cycle() {
            ticks.tick().await;
            if stream.write_all(&[*byte]).await.is_err() {
                break;
            }
        }
    };
    expect(drip, &["slow-answer"]).await;
}

#[tokio::test]
async fn a_redirect_in_a_circle_and_a_retry_after_for_ever() {
    let circle = |mut stream: TcpStream| async move {
        read_path(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n").await;
    };
    expect(circle, &["redirect-loop"]).await;
    let wait = |mut stream: TcpStream| async move {
        read_path(&mut stream).await;
        let answer = b"HTTP/1.1 503 No\r\nRetry-After: 99999999999\r\nContent-Length: 0\r\n\r\n";
        let _ = stream.write_all(answer).await;
    };
    expect(wait, &["guest-not-started"]).await;
}

/// More than the probe takes from all connections of a flood: some megabytes of a stream, less of an answer, and what the
/// system keeps of each connection before it is closed.
const MOST_GARBAGE: usize = 256 * 1024 * 1024;

/// A page of Dante's by its looks, and garbage on every way behind it. How long it takes to read that depends on the machine; how much is
/// read does not.
#[tokio::test]
async fn garbage_behind_a_good_page_is_read_to_a_limit() {
    for (head, again) in [
        // Frames with reserved bits, and without end.
        (
            "HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n",
            &[0xff; 512][..],
        ),
        ("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", b"data: x\n\n"),
        ("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", &[b'x'; 4096]),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"fffffffff\r\n"),
    ] {
        let written = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&written);
        let peer = Peer::start(move |mut stream| {
            let counter = Arc::clone(&counter);
            async move {
                if read_path(&mut stream).await == "/" {
                    let page = "<body data-edition=\"e\" data-interval=\"20\">";
                    let length = page.len();
                    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{page}");
                    let _ = stream.write_all(answer.as_bytes()).await;
                } else {
                    counter.fetch_add(endlessly(&mut stream, head, again).await, Ordering::Relaxed);
                }
            }
        })
        .await;
        let url = format!("http://{}/", peer.address);
        let document = run(&url, |args| args.timeout = Some("4s".into())).await;
        assert_eq!(document["exitCode"], 4, "{document:#}");
        let written = written.load(Ordering::Relaxed);
        assert!(written < MOST_GARBAGE, "{written} bytes were taken: {document:#}");
        assert!(document.to_string().len() < 400_000);
    }
}

/// The real binary's exit code and what it prints.
async fn binary(args: &[&str]) -> (i32, String, String) {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_dante"));
    command.arg("probe").args(args).kill_on_drop(true);
    let output = soon(command.output()).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn the_command_prints_one_document_or_lines_and_says_the_outcome_by_its_exit_code() {
    let server = Server::start(Setup { args: paced("200ms"), ..Setup::default() }).await;
    let url = url(&server, "/");
    let (code, out, err) = binary(&[&url, "--json", "--transports", "sse"]).await;
    assert_eq!((code, err.as_str()), (0, ""));
    let document: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&document["version"], &document["exitCode"]), (&2.into(), &0.into()));
    assert_eq!(document["hops"].as_array().unwrap().len(), 25);

    let (code, out, _) = binary(&[&url, "--transports", "sse"]).await;
    assert_eq!(code, 0);
    assert!(out.contains("on time") && !out.contains('\x1b'), "{out}");
    assert!(out.lines().all(|line| !line.contains('\r')) && out.ends_with("\nGOOD: sse streams\n"), "{out}");

    let (code, out, _) = binary(&["http://127.0.0.1:1/", "--quiet"]).await;
    assert_eq!(code, 4);
    assert!(out.contains("BROKEN") && out.contains("not-listening") && out.contains("  fix "), "{out}");

    for (args, part) in [
        (&["ftp://x/"][..], "https://"),
        (&["localhost:8888"], "write http://localhost:8888"),
        (&["http://x/", "--timeout", "0"], "1s"),
        (&["http://x/", "--header", "x"], "colon"),
    ] {
        let (code, out, err) = binary(args).await;
        assert_eq!((code, out.as_str(), err.lines().count()), (2, "", 1), "{args:?}: {err}");
        assert!(err.contains(part), "{err}");
    }
}
