//! `/metrics`: whether its numbers agree with what readers and clients did, and whether what is written about them is true.

use std::{collections::BTreeMap, fs, net::SocketAddr, path::Path};

use dante::{
    cli::ServeArgs,
    hosting::{endpoint::Endpoint, listener::BoundListener},
    server::serve_metrics,
};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

use crate::{
    binary::{dante, start},
    support::{Answer, Server, Setup, Stream, soon, websocket_request},
};

/// The samples by name and labels, as they are written.
type Samples = BTreeMap<String, f64>;

/// The samples of an exposition in the text format. Each has to stand below the help and the type of its family.
fn parse(text: &str) -> Samples {
    let (mut samples, mut family, mut helped) = (Samples::new(), "", "");
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, words) = help.split_once(' ').unwrap();
            assert!(words.ends_with('.'), "{line}");
            helped = name;
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert_eq!(name, helped, "{line}");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert!(kind != "counter" || name.ends_with("_total"), "{line}");
            family = name;
        } else {
            let (sample, value) = line.rsplit_once(' ').unwrap();
            assert!(sample.starts_with(family), "{sample} stands below {family}");
            let twice = samples.insert(sample.to_owned(), value.parse().unwrap());
            assert_eq!(twice, None, "{sample}");
        }
    }
    samples
}

async fn scrape(server: &Server) -> Samples {
    let answer = server.get("/metrics", "").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    parse(&answer.body)
}

/// The values of a metric that are not zero, by their one label's value.
fn by_label<'a>(samples: &'a Samples, metric: &str) -> Vec<(&'a str, u64)> {
    let values = samples.iter().filter_map(|(sample, value)| {
        let labels = sample.strip_prefix(metric)?.strip_prefix('{')?;
        Some((labels.split('"').nth(1)?, *value as u64))
    });
    values.filter(|(_, value)| *value > 0).collect()
}

fn paced(interval: &str, stanzas: usize) -> Setup<'static> {
    let args = ServeArgs { interval: Some(interval.into()), ..ServeArgs::default() };
    Setup { args, stanzas: (stanzas, 0), ..Setup::default() }
}

async fn websocket(server: &Server, path: &str) -> WebSocketStream<Box<dyn Stream>> {
    let stream = server.connect().await;
    soon(client_async(format!("ws://localhost{path}"), stream)).await.expect("a WebSocket").0
}

async fn engine(server: &Server) -> WebSocketStream<Box<dyn Stream>> {
    let mut socket = websocket(server, "/socket.io/?EIO=4&transport=websocket").await;
    soon(socket.send("40".into())).await.unwrap();
    socket
}

/// Reads to the end, or to a message that contains these words.
async fn read_until(socket: &mut WebSocketStream<Box<dyn Stream>>, words: &str) {
    while let Some(Ok(message)) = soon(socket.next()).await {
        if message.to_text().is_ok_and(|text| text.contains(words)) {
            return;
        }
    }
}

async fn sse(server: &Server, path: &str) -> Box<dyn Stream> {
    let mut stream = server.connect().await;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).await.unwrap();
    stream
}

/// A session over long polling that has joined; its path.
async fn polling(server: &Server) -> String {
    let opened = server.get("/socket.io/?EIO=4&transport=polling", "").await.body;
    let path = format!("/socket.io/?EIO=4&transport=polling&sid={}", opened.split('"').nth(3).unwrap());
    let join = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n40");
    assert_eq!(server.send(&join).await.body, "ok");
    path
}

#[tokio::test]
async fn the_numbers_agree_with_what_readers_got() {
    let server = Server::start(paced("20ms", 4)).await;
    read_until(&mut websocket(&server, "/websocket/ws?from=3").await, "nothing that comes").await;
    read_until(&mut engine(&server).await, "41").await;
    let mut events = String::new();
    soon(sse(&server, "/sse/stream?from=2").await.read_to_string(&mut events)).await.unwrap();
    assert!(events.contains("event: end"), "{events}");
    let path = polling(&server).await;
    let mut polled = String::new();
    while !polled.contains("41") {
        polled += &server.get(&path, "").await.body;
    }
    server.until_readers(0).await;
    let samples = scrape(&server).await;
    assert_eq!(by_label(&samples, "dante_readers"), []);
    let each = [("socketio-polling", 1), ("socketio-websocket", 1), ("sse", 1), ("websocket", 1)];
    assert_eq!(by_label(&samples, "dante_joins_total"), each);
    assert_eq!(samples["dante_resumes_total"], 2.0);
    assert_eq!(by_label(&samples, "dante_ends_total"), [("finished", 4)]);
    let stanzas = [("socketio-polling", 4), ("socketio-websocket", 4), ("sse", 2), ("websocket", 1)];
    assert_eq!(by_label(&samples, "dante_stanzas_sent_total"), stanzas);
    // `3.` in a frame with a head of two bytes.
    assert_eq!(samples[r#"dante_stanzas_sent_bytes_total{transport="websocket"}"#], 4.0);
    assert!(samples[r#"dante_stanzas_sent_bytes_total{transport="sse"}"#] < events.len() as f64);
    assert_eq!(samples["dante_stanza_lateness_seconds_count"], 11.0);
    assert_eq!(samples[r#"dante_stanza_lateness_seconds_bucket{le="+Inf"}"#], 11.0);
    assert!(samples["dante_stanza_lateness_seconds_sum"] > 0.0);
    let info = samples.keys().find(|sample| sample.starts_with("dante_build_info{")).unwrap();
    let status: Value = serde_json::from_str(&server.get("/hosting.json", "").await.body).unwrap();
    for (label, field) in [("version", "version"), ("edition", "edition"), ("node", "node")] {
        assert!(info.contains(&format!("{label}={}", status[field])), "{info}");
    }
}

#[tokio::test]
async fn readers_are_where_they_are_and_each_end_has_its_reason() {
    let server = Server::start(paced("1h", 3)).await;
    let (mut closing, dropped) =
        (websocket(&server, "/websocket/ws").await, websocket(&server, "/websocket/ws").await);
    let (mut leaving, mut packet) = (engine(&server).await, engine(&server).await);
    let (gone, staying) = (sse(&server, "/sse/stream").await, sse(&server, "/sse/stream").await);
    let session = polling(&server).await;
    // A frame without a mask, which a client must not send (RFC 6455, 5.1).
    let mut rude = server.connect().await;
    rude.write_all(websocket_request("/websocket/ws", "Upgrade").as_bytes()).await.unwrap();
    assert_eq!(soon(Answer::read(&mut rude)).await.status, 101);
    server.until_readers(8).await;
    let expected = [("socketio-polling", 1), ("socketio-websocket", 2), ("sse", 2), ("websocket", 3)];
    assert_eq!(by_label(&scrape(&server).await, "dante_readers"), expected);

    rude.write_all(b"\x81\x01x").await.unwrap();
    server.until_readers(7).await;
    soon(closing.close(None)).await.unwrap();
    server.until_readers(6).await;
    drop((dropped, gone));
    server.until_readers(4).await;
    // A packet of Socket.IO that leaves, and one of Engine.IO that closes.
    soon(leaving.send(Message::text("41"))).await.unwrap();
    server.until_readers(3).await;
    soon(packet.send(Message::text("1"))).await.unwrap();
    server.until_readers(2).await;
    // What the engine cannot read closes the session.
    let bad = format!("POST {session} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n:");
    server.send(&bad).await;
    server.until_readers(1).await;
    let samples = scrape(&server).await;
    assert_eq!(by_label(&samples, "dante_readers"), [("sse", 1)]);
    let ends = [("client-left", 3), ("connection-closed", 2), ("protocol-error", 2)];
    assert_eq!(by_label(&samples, "dante_ends_total"), ends);

    // Served apart, they are still there when the server has stopped.
    let (metrics, address) = listener().await;
    let serving = tokio::spawn(serve_metrics(metrics, server.app.clone()));
    server.stop().await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let samples = parse(&soon(Answer::read(&mut stream)).await.body);
    assert_eq!(samples[r#"dante_ends_total{reason="server-stopped"}"#], 1.0);
    assert_eq!(by_label(&samples, "dante_readers"), []);
    drop(staying);
    serving.abort();
}

#[tokio::test]
async fn a_reader_that_upgrades_is_counted_where_it_is() {
    let server = Server::start(paced("20ms", 200)).await;
    let path = polling(&server).await;
    let mut upgrade = websocket(&server, &path.replace("transport=polling", "transport=websocket")).await;
    soon(upgrade.send("2probe".into())).await.unwrap();
    assert_eq!(soon(upgrade.next()).await.unwrap().unwrap(), Message::text("3probe"));
    server.get(&path, "").await;
    soon(upgrade.send("5".into())).await.unwrap();
    read_until(&mut upgrade, "divinecomedy").await;
    let upgraded = async {
        loop {
            let samples = scrape(&server).await;
            if samples["dante_upgrades_total"] == 1.0 {
                return samples;
            }
        }
    };
    let samples = soon(upgraded).await;
    assert_eq!(by_label(&samples, "dante_readers"), [("socketio-websocket", 1)]);
    assert_eq!(by_label(&samples, "dante_joins_total"), [("socketio-polling", 1)]);
}

#[tokio::test]
async fn refusals_are_counted_by_their_reason() {
    let server = Server::start(paced("1h", 3)).await;
    for request in [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "\x16\x03\x01\r\n\r\n",
        "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /x/hello/ HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /sse/stream?from=x HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /socket.io/?EIO=4&transport=polling&sid=unknown HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\n\r\n",
        // Not refused.
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    ] {
        server.send(request).await;
    }
    let expected = [
        ("no-host", 1),
        ("not-served", 1),
        ("other", 3),
        ("other-prefix", 1),
        ("several-hosts", 1),
        ("tls", 1),
    ];
    assert_eq!(by_label(&scrape(&server).await, "dante_requests_refused_total"), expected);
}

/// A listener for metrics, and its address.
pub(crate) async fn listener() -> (BoundListener, SocketAddr) {
    let endpoint = Endpoint::Tcp("127.0.0.1:0".parse().unwrap());
    let listener = BoundListener::bind(&endpoint).await.unwrap();
    let Endpoint::Tcp(address) = *listener.endpoint() else { panic!("not a port") };
    (listener, address)
}

#[tokio::test]
async fn metrics_listen_takes_them_off_the_public_endpoint() {
    let (mut child, banner, _lines) =
        start(&mut dante(&["--listen", "0", "--metrics-listen", "0", "--prefix", "/dante"])).await;
    let port = |name: &str| {
        let line = banner.lines().find(|line| line.contains(name)).unwrap();
        let digits = line.split(':').nth(if line.contains("http") { 2 } else { 1 }).unwrap();
        digits.split(|letter: char| !letter.is_ascii_digit()).next().unwrap().parse::<u16>().unwrap()
    };
    let (public, apart) = (port("  endpoint "), port("  metrics "));
    assert!(
        banner.contains(&format!("metrics    http://localhost:{apart}/metrics (only there)")),
        "{banner}"
    );
    let status = async |port: u16, path: &str| {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).await.unwrap();
        soon(Answer::read(&mut stream)).await.status
    };
    for (port, path, expected) in [
        (public, "/metrics", 404),
        (public, "/dante/metrics", 404),
        (public, "/dante/health/ready", 200),
        (public, "/dante/", 200),
        (apart, "/metrics", 200),
        (apart, "/health/live", 200),
        (apart, "/health/ready", 200),
        (apart, "/", 404),
    ] {
        assert_eq!(status(port, path).await, expected, "{path} at {port}");
    }
    // A second one cannot have the same place.
    let place = apart.to_string();
    let second = soon(dante(&["--listen", "0", "--metrics-listen", &place]).output()).await.unwrap();
    let error = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(error.contains(&place) && error.contains("--metrics-listen 8889"), "{error}");
    child.start_kill().unwrap();
}

/// The names of all metrics, as queries use them.
async fn names() -> Vec<String> {
    let server = Server::start(paced("1h", 3)).await;
    let samples = scrape(&server).await;
    let mut names: Vec<_> =
        samples.keys().map(|sample| sample.split('{').next().unwrap().to_owned()).collect();
    names.dedup();
    names
}

fn document(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)).unwrap()
}

/// The words of a text that are names of metrics of ours.
fn named(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter(|word| word.starts_with("dante_"))
}

#[tokio::test]
async fn the_list_of_metrics_is_whole_and_names_no_other() {
    let (names, text) = (names().await, document("metrics.md"));
    for name in &names {
        let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        let row = format!("| `{}` |", family.unwrap_or(name));
        assert!(text.contains(&row), "docs/metrics.md has no row that starts with {row}");
    }
    let known = |word: &str| names.iter().any(|name| name == word || name.starts_with(&format!("{word}_")));
    let unknown: Vec<_> = named(&text).filter(|word| !known(word)).collect();
    assert_eq!(unknown, [""; 0]);
    let server = Server::start(paced("1h", 3)).await;
    for sample in scrape(&server).await.keys().filter(|sample| sample.contains("reason=")) {
        let reason = sample.split('"').nth(1).unwrap();
        let told =
            text.contains(&format!("`{reason}`")) || document("faults.md").contains(&format!("`{reason}`"));
        assert!(told, "{reason} is explained nowhere");
    }
}

#[tokio::test]
async fn the_dashboard_asks_only_for_what_there_is() {
    let (names, text) = (names().await, document("grafana.json"));
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let mut queries = Vec::new();
    collect(&dashboard, &mut queries);
    assert!(queries.len() > 8, "{queries:?}");
    for query in queries {
        assert!(named(query).count() > 0, "{query}");
        for name in named(query) {
            assert!(names.iter().any(|known| known == name), "{name} in {query}");
        }
    }
}

/// All expressions, and the queries of variables, wherever they stand.
fn collect<'a>(value: &'a Value, into: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(text) if name == "expr" || name == "query" && text.contains('(') => {
                        into.push(text);
                    }
                    other => collect(other, into),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
        _ => {}
    }
}
