//! `dante load`: the real binary as the readers, against Dante's server in this process and against stand-ins that do what it never does.

use std::process::Output;

use dante::cli::ServeArgs;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    process::Command,
};

use crate::{
    binary::{dante, signal},
    support::{Server, Setup, soon},
};

/// A server with a quick pace, and its URL.
async fn server(interval: &str, stanzas: usize) -> (Server, String) {
    let args = ServeArgs { interval: Some(interval.into()), ..ServeArgs::default() };
    let server = Server::start(Setup { args, stanzas: (stanzas, 0), ..Setup::default() }).await;
    let url = format!("http://{}/", server.endpoint.to_string().split(' ').next().unwrap());
    (server, url)
}

/// A load of a second.
fn load(url: &str, more: &[&str]) -> Command {
    dante(&[&["load", url, "--json", "--duration", "1s", "--ramp", "1000"], more].concat())
}

/// What a load says: its exit code, and each line of its output; with what stands on standard error.
async fn run(command: &mut Command) -> (i32, Vec<Value>, String) {
    let Output { status, stdout, stderr } = soon(command.output()).await.unwrap();
    let lines = String::from_utf8(stdout).unwrap();
    let lines = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (status.code().unwrap_or(-1), lines, String::from_utf8(stderr).unwrap())
}

/// The report, where the load had this exit code.
async fn report(command: &mut Command, expected: i32) -> Value {
    let (code, lines, err) = run(command).await;
    assert_eq!(code, expected, "{lines:?} {err}");
    lines.last().expect("a report").clone()
}

#[tokio::test]
async fn every_transport_is_read_to_the_end() {
    let (server, url) = server("20ms", 500).await;
    for transport in ["socketio", "polling", "websocket", "sse", "mix"] {
        let (code, lines, err) = run(&mut load(&url, &["--readers", "8", "--transport", transport])).await;
        assert_eq!((code, err.as_str()), (0, ""), "{transport}: {lines:?}");
        let [joined, report] = &lines[..] else { panic!("{lines:?}") };
        assert_eq!((&joined["event"], &joined["readers"]), (&"joined".into(), &8.into()));
        for (name, value) in [
            ("event", Value::from("report")),
            ("version", 1.into()),
            ("url", url.as_str().into()),
            ("transport", transport.into()),
            ("readers", 8.into()),
            ("joined", 8.into()),
            ("failed", serde_json::json!({})),
            ("lost", 0.into()),
            ("repeated", 0.into()),
            ("wrong", 0.into()),
            ("silent", 0.into()),
            ("cuts", 0.into()),
            ("resumed", 0.into()),
            ("ok", true.into()),
        ] {
            assert_eq!(report[name], value, "{transport}: {name}");
        }
        assert!(
            report["stanzas"].as_u64().unwrap() > 8 && report["latenessMs"]["p99"].is_number(),
            "{report}"
        );
        assert!(
            report["joinMs"]["p50"].is_number() && report["firstStanzaMs"]["max"].is_number(),
            "{report}"
        );
        server.until_readers(0).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn who_has_read_to_the_end_begins_anew() {
    let (_server, url) = server("20ms", 3).await;
    for transport in ["socketio", "polling", "websocket", "sse"] {
        let report = report(&mut load(&url, &["--readers", "2", "--transport", transport]), 0).await;
        assert!(report["finished"].as_u64().unwrap() >= 2, "{transport}: {report}");
        assert_eq!(report["cuts"], 0, "{transport}: {report}");
    }
}

#[tokio::test]
async fn a_prefix_is_part_of_the_url() {
    let args =
        ServeArgs { interval: Some("20ms".into()), prefix: Some("/dante".into()), ..ServeArgs::default() };
    let server = Server::start(Setup { args, ..Setup::default() }).await;
    let url = format!("http://{}/dante/", server.endpoint.to_string().split(' ').next().unwrap());
    report(&mut load(&url, &["--readers", "4", "--transport", "mix"]), 0).await;
}

#[tokio::test]
async fn several_processes_are_one_load() {
    let (_server, url) = server("20ms", 500).await;
    let more = ["--readers", "10", "--per-process", "4", "--transport", "mix"];
    let (code, lines, err) = run(&mut load(&url, &more)).await;
    assert_eq!((code, err.as_str(), lines.len()), (0, "", 2), "{lines:?}");
    let report = &lines[1];
    assert_eq!((&report["joined"], &report["generator"]["processes"]), (&10.into(), &3.into()));
    assert!(report["stanzas"].as_u64().unwrap() > 10, "{report}");
}

#[tokio::test]
async fn progress_is_told_while_readers_read() {
    let (_server, url) = server("20ms", 500).await;
    let (code, lines, err) = run(&mut load(&url, &["--readers", "4", "--progress"])).await;
    assert_eq!((code, err.as_str()), (0, ""), "{lines:?}");
    let counts = |line: &&Value| line["event"] == "progress";
    let last = lines.iter().rfind(counts).unwrap_or_else(|| panic!("{lines:?}"));
    let end = lines.last().unwrap();
    assert_eq!(end["event"], "report");
    for name in ["lost", "repeated", "wrong", "silent", "cuts", "resumed"] {
        assert_eq!(last[name], end[name], "{name}");
    }
    assert!(last["stanzas"].as_u64().unwrap() <= end["stanzas"].as_u64().unwrap(), "{lines:?}");
}

#[tokio::test]
async fn the_report_for_people_says_the_same() {
    let (_server, url) = server("20ms", 500).await;
    let arguments = ["load", &url, "--readers", "4", "--duration", "1s"];
    let output = soon(dante(&arguments).output()).await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{text}");
    for part in ["4 of 4 in ", "lost 0, repeated 0, wrong 0", "p99.9", "lateness, ", "generator", "GOOD: "] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.is_ascii(), "no locale is set: {text}");
    assert!(text.lines().all(|line| line.len() <= 80), "{text}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_the_server_uses_is_told() {
    let (_server, url) = server("20ms", 500).await;
    let own = std::process::id().to_string();
    let report = report(&mut load(&url, &["--readers", "4", "--server-pid", &own]), 0).await;
    let server = &report["server"];
    assert!(server["rssBeforeBytes"].as_u64().unwrap() > 0 && server["cpuSeconds"].is_number(), "{report}");
    assert!(server["microsPerStanza"].is_number() && server["kibPerReader"].is_number(), "{report}");
    let (code, _, err) = run(&mut load(&url, &["--server-pid", "4194305"])).await;
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("--server-pid \"4194305\""), "{err}");
}

#[tokio::test]
async fn an_interrupt_ends_it_with_what_was_seen() {
    let (_server, url) = server("20ms", 500).await;
    for more in [&[][..], &["--per-process", "2"]] {
        let arguments = ["load", &url, "--json", "--readers", "4", "--duration", "1h"];
        let mut command = dante(&[&arguments[..], more].concat());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let joined = soon(lines.next_line()).await.unwrap().expect("a line");
        assert!(joined.contains("\"joined\""), "{joined}");
        signal(&child, "INT");
        let report: Value = serde_json::from_str(&soon(lines.next_line()).await.unwrap().unwrap()).unwrap();
        assert_eq!((&report["stoppedBy"], &report["joined"]), (&"SIGINT".into(), &4.into()));
        assert_eq!(soon(child.wait()).await.unwrap().code(), Some(0));
    }
}

#[tokio::test]
async fn what_cannot_be_loaded_is_said_in_one_line() {
    let (_server, url) = server("20ms", 5).await;
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (closed, strange) = (format!("http://{free}/"), format!("{url}nowhere/"));
    let tls = url.replace("http", "https");
    for (arguments, code, parts) in [
        (&[closed.as_str()][..], 1, &["refused", "start the server first"][..]),
        (&[strange.as_str()], 1, &["404", "--prefix"]),
        (&[strange.as_str(), "--transport", "sse"], 1, &["404", "--prefix"]),
        (&[strange.as_str(), "--transport", "polling"], 1, &["404"]),
        (&[strange.as_str(), "--transport", "websocket"], 1, &["404"]),
        (&["http://192.0.2.1/"], 2, &["192.0.2.1", "--yes-this-is-my-server"]),
        (&["http://[2001:db8::1]:8888/"], 2, &["2001:db8::1", "--yes-this-is-my-server"]),
        (&[tls.as_str()], 1, &["not TLS", "write http"]),
        (&[url.as_str(), "--insecure"], 2, &["https"]),
        (&[url.as_str(), "--readers", "many"], 2, &["--readers \"many\""]),
        (
            &["--against", url.as_str(), "--event", "x", "--namespace", "/nowhere"],
            1,
            &["refuses", "amespace"],
        ),
    ] {
        let (status, lines, err) = run(&mut dante(&[&["load", "--json"], arguments].concat())).await;
        assert_eq!((status, lines.len(), err.lines().count()), (code, 0, 1), "{arguments:?}: {err}");
        assert!(parts.iter().all(|part| err.contains(part)), "{arguments:?}: {err}");
    }
    for arguments in [&["--against", "http://127.0.0.1/"][..], &["--event", "x"], &[]] {
        let (status, _, err) = run(&mut dante(&[&["load"], arguments].concat())).await;
        assert_eq!(status, 2, "{err}");
        assert!(err.contains("--help"), "{err}");
    }
}

#[tokio::test]
async fn any_server_of_socket_io_is_measured_by_the_gaps_between_its_events() {
    let (_server, url) = server("20ms", 500).await;
    for transport in ["socketio", "polling", "mix"] {
        let arguments = ["load", "--json", "--duration", "1s", "--readers", "4", "--transport", transport];
        let against = ["--against", &url, "--event", "divinecomedy"];
        let report = report(&mut dante(&[&arguments[..], &against].concat()), 0).await;
        assert_eq!((&report["lost"], &report["repeated"]), (&Value::Null, &Value::Null));
        assert!(report["gapMs"]["p50"].is_number() && report["latenessMs"].is_null(), "{report}");
    }
    let never =
        ["load", "--json", "--duration", "1s", "--readers", "4", "--against", &url, "--event", "never"];
    assert_eq!(report(&mut dante(&never), 1).await["silent"], 4);
}

/// What a stand-in does once it has answered a request for server-sent events.
type Script = &'static [Step];

/// One thing that a stand-in does.
#[derive(Clone, Copy)]
enum Step {
    /// Sends the stanza with this index.
    Stanza(u32),
    /// The same, with another text.
    Other(u32),
    /// Ends the connection.
    Cut,
    /// Keeps the connection until its reader leaves.
    Wait,
}

/// A stand-in for Dante over server-sent events; its second and later connections follow the second script. Tells the requests' first lines.
async fn stand_in(first: Script, later: Script) -> (String, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (tell, told) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut script = first;
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufReader::new(stream);
            let mut line = String::new();
            // A load knocks first, and says nothing.
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                continue;
            }
            let _ = tell.send(line.trim_end().to_owned());
            tokio::spawn(play(stream, std::mem::replace(&mut script, later)));
        }
    });
    (url, told)
}

async fn play(mut stream: BufReader<TcpStream>, script: Script) {
    let mut line = String::new();
    while stream.read_line(&mut line).await.unwrap_or(0) > 2 {
        line.clear();
    }
    let mut text = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n\
         event: reading\ndata: {\"event\":\"reading\",\"edition\":\"e\",\"of\":100,\"from\":0,\"intervalMs\":20,\"node\":\"n\"}\n\n"
        .to_owned();
    let mut waits = false;
    for step in script {
        match step {
            Step::Stanza(index) | Step::Other(index) => {
                let says = if matches!(step, Step::Other(_)) { "other" } else { "right" };
                let event = format!(
                    "event: divinecomedy\ndata: {{\"event\":\"divinecomedy\",\"text\":\"{says}\",\"index\":{index}}}\n\n"
                );
                text += &format!("id: e:{index}\n{event}");
            }
            Step::Cut => break,
            Step::Wait => waits = true,
        }
    }
    let _ = stream.write_all(text.as_bytes()).await;
    if waits {
        let _ = stream.read_u8().await;
    }
}

#[tokio::test]
async fn stanzas_that_are_lost_or_repeated_or_wrong_are_found() {
    use Step::{Other, Stanza, Wait};
    for (script, lost, repeated, wrong) in [
        (&[Stanza(0), Stanza(1), Stanza(2), Wait][..], 0, 0, 0),
        (&[Stanza(0), Stanza(3), Stanza(4), Wait], 2, 0, 0),
        (&[Stanza(0), Stanza(1), Stanza(1), Wait], 0, 1, 0),
        (&[Stanza(0), Stanza(2), Stanza(1), Wait], 1, 1, 0),
        (&[Stanza(1), Wait], 1, 0, 0),
        (&[Stanza(0), Stanza(1), Other(1), Other(2), Wait], 0, 1, 1),
    ] {
        let (url, _told) = stand_in(script, script).await;
        let code = i32::from(lost + repeated + wrong > 0);
        let report = report(&mut load(&url, &["--readers", "1", "--transport", "sse"]), code).await;
        for (name, count) in [("lost", lost), ("repeated", repeated), ("wrong", wrong)] {
            assert_eq!(report[name], count, "{name}: {report}");
        }
        assert_eq!(report["ok"], code == 0);
    }
}

#[tokio::test]
async fn a_reader_that_was_cut_off_resumes() {
    use Step::{Cut, Stanza, Wait};
    for (later, lost) in [(&[Stanza(2), Wait][..], 0), (&[Stanza(4), Wait], 2)] {
        let (url, mut told) = stand_in(&[Stanza(0), Stanza(1), Cut], later).await;
        let arguments = ["load", &url, "--json", "--duration", "3s", "--readers", "1", "--transport", "sse"];
        let report = report(&mut dante(&arguments), i32::from(lost > 0)).await;
        assert_eq!(
            (&report["cuts"], &report["resumed"], &report["lost"]),
            (&1.into(), &1.into(), &lost.into())
        );
        assert!(!told.recv().await.unwrap().contains("from="));
        assert!(told.recv().await.unwrap().contains("from=2&edition=e"));
    }
}

#[tokio::test]
async fn readers_resume_on_every_transport_when_the_server_starts_again() {
    for transport in ["socketio", "polling", "websocket", "sse"] {
        let (first, url) = server("50ms", 500).await;
        let arguments =
            ["load", &url, "--json", "--duration", "6s", "--readers", "3", "--transport", transport];
        let mut child = dante(&arguments).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        soon(lines.next_line()).await.unwrap().expect("all have joined");
        let listen = first.endpoint.to_string().split(' ').next().unwrap().to_owned();
        first.stop().await;
        let args = ServeArgs { interval: Some("50ms".into()), listen: Some(listen), ..ServeArgs::default() };
        let _second = Server::start(Setup { args, stanzas: (500, 0), ..Setup::default() }).await;
        let report = soon(lines.next_line()).await.unwrap().expect("a report");
        let report: Value = serde_json::from_str(&report).unwrap();
        assert_eq!((&report["cuts"], &report["resumed"]), (&3.into(), &3.into()), "{transport}: {report}");
        assert_eq!(report["ok"], true, "{transport}: {report}");
        assert_eq!(soon(child.wait()).await.unwrap().code(), Some(0));
    }
}
