//! `/health/live` and `/health/ready`, as load balancers ask: wherever they ask, before and during a stop.

use dante::{cli::ServeArgs, server::serve_metrics};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

use crate::{
    binary::{dante, port, signal, start},
    metrics::listener,
    support::{Answer, Server, Setup, Stream, socket_path, soon},
};

const PATHS: [&str; 2] = ["/health/live", "/health/ready"];

fn assert_healthy(answer: &Answer, path: &str) {
    let text = format!("{}\n", path.rsplit('/').next().unwrap());
    assert_eq!((answer.status, &*answer.body), (200, &*text), "{path}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"), "{path}");
}

#[tokio::test]
async fn health_is_below_the_prefix_and_at_the_root_behind_every_host() {
    let (_folder, socket) = socket_path();
    let token = "ms-aspnetcore-token: hush\r\n";
    let configured = ServeArgs { prefix: Some("/dante".into()), ..ServeArgs::default() };
    let forwarded = ServeArgs { trust_forwarded: true, ..ServeArgs::default() };
    let iisnode = [("IISNODE_VERSION", "0.2.21"), ("PORT", &*socket)];
    let aspnetcore =
        [("ASPNETCORE_PORT", "0"), ("ASPNETCORE_TOKEN", "hush"), ("ASPNETCORE_APPL_PATH", "/dante")];
    for (args, env, prefixes, headers) in [
        (configured, &[][..], &["", "/dante"][..], ""),
        (forwarded, &[], &["", "/any"], "X-Forwarded-Prefix: /any\r\n"),
        // The host does not tell the prefix: it is learned from the path.
        (ServeArgs::default(), &iisnode, &["", "/demo", "/a/b"], ""),
        (ServeArgs::default(), &aspnetcore, &["", "/dante"], token),
    ] {
        let server = Server::start(Setup { args, env, ..Setup::default() }).await;
        for prefix in prefixes {
            for path in PATHS {
                let path = format!("{prefix}{path}");
                assert_healthy(&server.get(&path, headers).await, &path);
            }
            assert_eq!(server.get(&format!("{prefix}/metrics"), headers).await.status, 200, "{prefix}");
        }
        server.stop().await;
    }
}

#[tokio::test]
async fn a_check_may_be_as_short_as_a_load_balancer_writes_it() {
    let server = Server::start(Setup::default()).await;
    for path in PATHS {
        // HAProxy's default (`option httpchk`): HTTP/1.0, and no Host.
        assert_healthy(&server.send(&format!("GET {path} HTTP/1.0\r\n\r\n")).await, path);
        let mut stream = server.connect().await;
        let request = format!("HEAD {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        soon(stream.read_to_string(&mut answer)).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\n"), "{answer}");
        assert_eq!(server.send(&format!("POST {path} HTTP/1.1\r\nHost: x\r\n\r\n")).await.status, 405);
    }
}

/// A connection that has sent the first half of a check. A stop leaves it open until it has its answer.
async fn half_asked(server: &Server, path: &str) -> Box<dyn Stream> {
    let mut stream = server.connect().await;
    stream.write_all(format!("GET {path} HTTP/1.1\r\n").as_bytes()).await.unwrap();
    // Connections are accepted in their order: when this one has its answer, the half has been read.
    assert_eq!(server.get(path, "").await.status, 200);
    stream
}

#[tokio::test]
async fn from_the_start_of_a_stop_the_server_lives_and_is_not_ready() {
    let args = ServeArgs { interval: Some("1h".into()), ..ServeArgs::default() };
    let server = Server::start(Setup { args, ..Setup::default() }).await;
    let (metrics, address) = listener().await;
    tokio::spawn(serve_metrics(metrics, server.app.clone()));
    let mut live = half_asked(&server, "/health/live").await;
    let mut ready = half_asked(&server, "/health/ready").await;
    let stopping = tokio::spawn(server.stop());
    let mut asked = Answer { status: 200, head: String::new(), body: String::new() };
    while asked.status == 200 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /health/ready HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        asked = soon(Answer::read(&mut stream)).await;
    }
    assert_eq!((asked.status, &*asked.body), (503, "not ready: the server is stopping\n"));
    for stream in [&mut live, &mut ready] {
        stream.write_all(b"Host: x\r\n\r\n").await.unwrap();
    }
    assert_healthy(&soon(Answer::read(&mut live)).await, "/health/live");
    let ready = soon(Answer::read(&mut ready)).await;
    assert_eq!((ready.status, &*ready.body), (503, "not ready: the server is stopping\n"));
    assert_eq!(ready.header("cache-control"), Some("no-store"));
    stopping.await.unwrap();
}

#[tokio::test]
async fn checks_leave_no_line_in_the_log() {
    let (mut child, banner, _lines) = start(&mut dante(&["--listen", "0"])).await;
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    for path in PATHS.iter().chain(&["/metrics"]) {
        let mut stream = TcpStream::connect(("127.0.0.1", port(&banner))).await.unwrap();
        stream.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).await.unwrap();
        assert_eq!(soon(Answer::read(&mut stream)).await.status, 200);
    }
    signal(&child, "TERM");
    let first = soon(log.next_line()).await.unwrap().unwrap();
    assert!(first.contains("stopping") || first.contains("letting the readers go"), "{first}");
}
