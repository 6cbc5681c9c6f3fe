//! What bad hosts do to requests: each fault is named in the answer and in the log, the connection ends or
//! goes on as it should, and another reader notices nothing.

use std::process::Stdio;

use dante::cli::ServeArgs;
use futures_util::StreamExt;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpStream, UnixStream},
    process::Command,
};
use tokio_tungstenite::{client_async, tungstenite::Message};

use crate::support::{Answer, Server, Setup, Stream, socket_path, soon};

/// (bytes, status, the fault's name in the log, what the body says)
type Row = (&'static [u8], u16, &'static str, &'static str);

/// Heads that end their connection.
const REFUSED: &[Row] = &[
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "tls", "something used https"),
    (b"PROXY TCP4 192.0.2.1 192.0.2.2 5 6\r\nGET / HTTP/1.1\r\n\r\n", 400, "proxy-protocol", "send-proxy"),
    (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c", 400, "proxy-protocol", "send-proxy"),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", 505, "http2", "only HTTP/1.1"),
    (b"GET /dante/ HTTP/2.0\r\nHost: x\r\n\r\n", 505, "version", "\"HTTP/2.0\""),
    (b"GET /my app/ HTTP/1.1\r\nHost: x\r\n\r\n", 400, "space", "GET /my app/ HTTP/1.1"),
    (b"GET /\xe8/?sid=hush HTTP/1.1\r\nHost: x\r\n\r\n", 400, "unescaped", "GET /\\xe8/?\u{2026} HTTP/1.1"),
    (b"GET / HTTP/1.1\r\nHost: x\r\nX: \0\r\n\r\n", 400, "header", "GET / HTTP/1.1"),
    (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400, "header", "Content-Length"),
    (b"hello\x1b[2J\r\n\r\n", 400, "garbage", "hello\\x1b[2J"),
];

/// Requests that are answered by name, and whose connection goes on.
const ANSWERED: &[Row] = &[
    (b"GET /dante/ HTTP/1.1\r\n\r\n", 400, "no-host", "ProxyPreserveHost"),
    (b"GET /dante/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "several-hosts", "\"a, b\""),
    (b"GET /dante/ HTTP/1.1\r\nHost: a,b\r\n\r\n", 400, "several-hosts", "\"a,b\""),
    (b"GET /dante/ HTTP/1.1\r\nHost: http://a/\r\n\r\n", 400, "bad-host", "\"http://a/\""),
    (b"GET /demo/socket.io/?EIO=4 HTTP/1.1\r\nHost: x\r\n\r\n", 404, "other-prefix", "--prefix /demo"),
    (b"GET /dante/dante/ HTTP/1.1\r\nHost: x\r\n\r\n", 404, "doubled-prefix", "\"/dante\" twice"),
    (b"GET /dante//hello/ HTTP/1.1\r\nHost: x\r\n\r\n", 404, "empty-segment", "\"/dante//hello/\""),
    (
        b"GET /dante/server-socketio.js/socket.io/ HTTP/1.1\r\nHost: x\r\n\r\n",
        404,
        "rewrite-target",
        "\"server-socketio.js\"",
    ),
];

async fn connect(place: &str) -> Box<dyn Stream> {
    match place.strip_prefix("unix:") {
        Some(path) => Box::new(UnixStream::connect(path).await.unwrap()),
        None => Box::new(TcpStream::connect(place).await.unwrap()),
    }
}

/// Sends bytes and reads the answer to the end of the connection.
async fn refused(place: &str, bytes: &[u8]) -> Answer {
    let mut stream = connect(place).await;
    stream.write_all(bytes).await.unwrap();
    let answer = soon(Answer::read(&mut stream)).await;
    assert_eq!(soon(stream.read_to_end(&mut Vec::new())).await.unwrap(), 0, "it ends, without a reset");
    answer
}

async fn faults_are_named(listen: &str) {
    let folder = tempfile::tempdir().unwrap();
    let poem = folder.path().join("poem");
    let text: String = (0..40).map(|index| format!("{index}.\n\n")).collect();
    std::fs::write(&poem, text).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_dante"))
        .args(["--listen", listen, "--prefix", "/dante", "--interval", "20ms", "--poem"])
        .arg(&poem)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut banner = BufReader::new(child.stdout.take().unwrap()).lines();
    let endpoint = loop {
        let line = soon(banner.next_line()).await.unwrap().expect("a banner");
        if let Some((_, endpoint)) = line.split_once("  endpoint ") {
            break endpoint.split(" (").next().unwrap().trim().to_owned();
        }
    };
    let place = if listen.starts_with("unix:") { listen } else { &endpoint };
    while !soon(banner.next_line()).await.unwrap().expect("a banner").contains("  poem ") {}

    let (mut witness, _) = client_async("ws://localhost/websocket/ws", connect(place).await).await.unwrap();
    let witness = tokio::spawn(async move {
        let mut said = Vec::new();
        while let Some(Ok(Message::Text(text))) = soon(witness.next()).await {
            said.push(text.to_string());
        }
        said
    });
    for (bytes, status, name, part) in REFUSED {
        let answer = refused(place, bytes).await;
        assert_eq!((answer.status, answer.header("connection")), (*status, Some("close")), "{name}");
        assert_eq!(answer.header("dante-fault"), Some(*name));
        assert!(answer.body.contains(part), "{name}: {}", answer.body);
    }
    let mut stream = connect(place).await;
    for (bytes, status, name, part) in ANSWERED {
        stream.write_all(bytes).await.unwrap();
        let answer = soon(Answer::read(&mut stream)).await;
        assert_eq!((answer.status, answer.header("dante-fault")), (*status, Some(*name)), "{name}");
        assert!(answer.body.contains(part), "{name}: {}", answer.body);
    }
    // The same connection, refused at last, names its newest line.
    stream.write_all(b"GET /the last one/ HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let answer = soon(Answer::read(&mut stream)).await;
    assert!(answer.status == 400 && answer.body.contains("/the last one/"), "{}", answer.body);

    let expected: Vec<_> = (0..40).map(|index| format!("{index}.")).collect();
    assert_eq!(witness.await.unwrap(), expected);
    child.start_kill().unwrap();
    let output = soon(child.wait_with_output()).await.unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    for (.., name, _) in REFUSED.iter().chain(ANSWERED) {
        let lines: Vec<_> = log.lines().filter(|line| line.contains(&format!("fault=\"{name}\""))).collect();
        assert_eq!(lines.len(), 1, "{name}, once a minute: {log}");
        assert!(lines[0].contains("WARN") && lines[0].contains("request="), "{}", lines[0]);
    }
    assert!(!log.contains("panicked") && !log.contains("hush") && !log.contains('\x1b'), "{log}");
}

#[tokio::test]
async fn faults_are_named_on_a_port() {
    faults_are_named("0").await;
}

#[tokio::test]
async fn faults_are_named_on_a_socket() {
    let (_folder, path) = socket_path();
    faults_are_named(&format!("unix:{path}")).await;
}

#[tokio::test]
async fn heads_that_are_too_large_are_named_although_more_of_them_comes() {
    let server = Server::start(Setup::default()).await;
    for (head, status, part) in [
        (format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(70_000)), 414, "32 KiB"),
        (format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "X: y\r\n".repeat(200)), 431, "100 headers"),
        (format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(600_000)), 431, "100 headers"),
        (format!("HEAD / HTTP/1.1\r\nHost: x\r\n{}\r\n", "X: y\r\n".repeat(200)), 431, ""),
    ] {
        let mut stream = server.connect().await;
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        soon(stream.read_to_string(&mut answer)).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains(part), "{answer}");
        assert_eq!(answer.ends_with("\r\n\r\n"), head.starts_with("HEAD"), "{answer}");
    }
}

#[tokio::test]
async fn absolute_targets_work_whatever_their_authority() {
    let args = ServeArgs { prefix: Some("/dante".into()), ..ServeArgs::default() };
    let server = Server::start(Setup { args, ..Setup::default() }).await;
    for (target, status) in [
        ("http://localhost/dante/", 200),
        ("http://other.example:99/dante/hello/", 200),
        ("https://other.example/hello/", 200),
        ("http://other.example", 200),
        ("http://other.example/dante/socket.io/?EIO=4&transport=polling", 200),
        ("http://other.example/demo/hello/", 404),
    ] {
        let answer = server.get(target, "").await;
        assert_eq!(answer.status, status, "{target}: {}", answer.body);
    }
    let answer = server.get("http://evil.example/dante?x", "").await;
    assert_eq!((answer.status, answer.header("location")), (308, Some("./dante/?x")));
    let old = server.send("GET /dante/ HTTP/1.0\r\n\r\n").await;
    assert_eq!(old.status, 200, "HTTP/1.0 needs no Host");
}

#[tokio::test]
async fn urls_that_iisnode_decoded_just_work() {
    let (_folder, path) = socket_path();
    let env = [("IISNODE_VERSION", "0.2.21"), ("PORT", path.as_str())];
    let server = Server::start(Setup { env: &env, ..Setup::default() }).await;
    // One connection, as iisnode keeps its pipes.
    let mut stream = server.connect().await;
    let bodied = "POST /My App/socket.io/?EIO=4&transport=polling&sid=x HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n\
                  GET /a b HTTP/1.1\r\n\n";
    for (request, status, part) in [
        ("GET /My App/hosting.json HTTP/1.1\r\nHost: x\r\n\r\n", 200, "\"prefix\":\"/My%20App\""),
        ("GET /caff\u{e8}/hosting.json HTTP/1.1\r\nHost: x\r\n\r\n", 200, "\"prefix\":\"/caff%C3%A8\""),
        (bodied, 400, ""),
        ("GET /My App/ HTTP/2.0\r\nHost: x\r\n\r\n", 200, "<html"),
        ("GET /My App HTTP/1.1\r\nHost: x\r\n\r\n", 308, ""),
        ("GET /My App/nothing HTTP/1.1\r\nHost: x\r\n\r\n", 404, "/My%20App/nothing"),
    ] {
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = soon(Answer::read(&mut stream)).await;
        assert_eq!(answer.status, status, "{request}: {}", answer.body);
        assert!(answer.body.contains(part), "{request}: {}", answer.body);
    }
}

#[tokio::test]
async fn forwarded_values_that_cannot_be_used_are_named() {
    let args = ServeArgs { prefix: Some("/dante".into()), trust_forwarded: true, ..ServeArgs::default() };
    let server = Server::start(Setup { args, ..Setup::default() }).await;
    let several = "X-Forwarded-Prefix: //evil.example\r\nX-Forwarded-Prefix: /a, /shelf\r\n";
    let answer = server.get("/shelf/hosting.json", several).await;
    assert!(answer.body.contains("\"//evil.example, /a, /shelf\""), "{}", answer.body);
    assert!(!answer.body.contains("\"faults\""), "{}", answer.body);
    assert_eq!(server.get("/shelf", several).await.header("location"), Some("./shelf/"));
    for (header, part) in [
        ("X-Forwarded-Prefix: /a, //evil.example\r\n", "x-forwarded-prefix is"),
        ("X-Forwarded-Proto: https, gopher\r\n", "x-forwarded-proto is"),
        ("X-Forwarded-Host: a.example, b.example/\r\n", "x-forwarded-host is"),
    ] {
        let answer = server.get("/dante/hosting.json", header).await;
        assert!(answer.body.contains("\"faults\":[") && answer.body.contains(part), "{}", answer.body);
        let folder = server.get("/dante", header).await;
        assert_eq!(folder.header("location"), Some("./dante/"), "{header}");
    }
}

/// What a proxy makes of a path.
type Proxy = (&'static str, fn(&str) -> String);

const PROXIES: [Proxy; 7] = [
    ("keeps", str::to_owned),
    ("strips", |path| match path.strip_prefix("/dante") {
        Some("") => "/".to_owned(),
        Some(rest) => rest.to_owned(),
        None => path.to_owned(),
    }),
    ("doubles", |path| format!("/dante{path}")),
    ("merges slashes", |path| {
        let mut path = path.to_owned();
        while path.contains("//") {
            path = path.replace("//", "/");
        }
        path
    }),
    ("adds a slash before", |path| format!("/{path}")),
    ("drops the last slash", |path| match path.trim_end_matches('/') {
        "" => "/".to_owned(),
        path => path.to_owned(),
    }),
    ("sends the absolute form", |path| format!("http://evil.example{path}")),
];

/// Where a relative reference without `..` leads (RFC 3986, 5.2).
fn resolve(base: &str, location: &str) -> String {
    let reference = location.strip_prefix("./").expect("relative to the folder, and so to this site");
    assert!(!reference.contains(['\\', '\r', '\n']) && !reference.starts_with(['/', '.']), "{location}");
    let folder = base.split('?').next().unwrap().rsplit_once('/').unwrap().0;
    format!("{folder}/{reference}")
}

#[tokio::test]
async fn redirects_end_and_stay_on_the_site() {
    let given = ServeArgs { prefix: Some("/dante".into()), ..ServeArgs::default() };
    let (_folder, path) = socket_path();
    let env = [("IISNODE_VERSION", "0.2.21"), ("PORT", path.as_str())];
    let servers = [
        Server::start(Setup { args: given, ..Setup::default() }).await,
        Server::start(Setup { env: &env, ..Setup::default() }).await,
    ];
    for server in &servers {
        for (name, proxy) in PROXIES {
            for asked in [
                "/dante",
                "/dante/",
                "/dante?x=1",
                "/dante/hello",
                "/dante/sse",
                "/dante//",
                "//dante",
                "//evil.example/dante",
                "//evil.example/hello",
                "/\\evil.example",
                "/\\evil.example/hello",
                "/dante/\\evil.example/hello",
                "/%2f%2fevil.example",
                "/%2f%2fevil.example/hello",
                "/%5cevil.example/hello",
                "/dante/..;/",
                "/dante/..;/hello",
                "/dante/%0d%0aLocation:%20http://evil.example/hello",
                "/dante%0d%0a",
                "/dante/http://evil.example",
                "/javascript:alert(1)",
                "/..",
                "/%2e%2e",
            ] {
                let (mut at, mut hops) = (asked.to_owned(), 0);
                let end = loop {
                    let answer = server.get(&proxy(&at), "").await;
                    let Some(location) = answer.header("location") else { break answer };
                    at = resolve(&at, location);
                    hops += 1;
                    assert!(hops <= 2, "{name}, {asked}: {at}");
                };
                let named = (400..500).contains(&end.status) && !end.body.is_empty();
                assert!(end.status == 200 || named, "{name}, {asked}: {} {}", end.status, end.body);
            }
        }
    }
}
