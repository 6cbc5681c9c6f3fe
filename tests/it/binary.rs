//! The real binary: what it says, how it ends, and how hosts launch it.

use std::{
    fs,
    process::{Output, Stdio},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    net::{TcpStream, UnixStream},
    process::{Child, ChildStdout, Command},
};

use crate::support::{Answer, is_gone, socket_path, soon, websocket_request};

/// `dante` with these arguments, nothing of this process's environment, and killed when dropped.
pub(crate) fn dante(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dante"));
    command.args(args).env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.kill_on_drop(true);
    command
}

/// Runs to the end.
async fn run(command: &mut Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = soon(command.output()).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap_or(-1), text(stdout), text(stderr))
}

/// Starts, and reads the banner to its last line.
pub(crate) async fn start(command: &mut Command) -> (Child, String, Lines<BufReader<ChildStdout>>) {
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut banner = String::new();
    while !banner.contains("  poem ") {
        banner += &soon(lines.next_line()).await.unwrap().expect("a banner");
        banner += "\n";
    }
    (child, banner, lines)
}

/// The port in a banner's endpoint.
pub(crate) fn port(banner: &str) -> u16 {
    let endpoint = banner.lines().find(|line| line.contains("  endpoint ")).unwrap();
    endpoint.split(" (").next().unwrap().rsplit(':').next().unwrap().parse().unwrap()
}

pub(crate) fn signal(child: &Child, name: &str) {
    let id = child.id().expect("a running child").to_string();
    assert!(std::process::Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
}

#[tokio::test]
async fn bad_input_is_one_clear_line_and_exit_code_2() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (empty, latin) = (file("empty", b"\n\n"), file("latin", b"a\n\nperch\xe9\n"));
    let (pdf, wide) = (file("pdf", b"%PDF-1.7\n\0"), file("wide", b"A\0 \0b\0\n\0"));
    for (args, parts) in [
        (&["--listen", "80a"][..], &["\"80a\"", "port"][..]),
        (&["--listen", "65536"], &["\"65536\""]),
        (&["--listen", r"\\.\pipe\dante"], &[r#""\\.\pipe\dante""#, "Windows", "unix:"]),
        (&["--prefix", "/a/../b"], &["\"/a/../b\"", "..", "/dante"]),
        (&["--prefix", "/a?b"], &["?"]),
        (&["--prefix", "dante"], &["slash"]),
        (&["--transports", "websocket,smoke"], &["smoke", "polling"]),
        (&["--interval", "0"], &["\"0\"", "20ms"]),
        (&["--polling-duration", "0"], &["\"0\"", "300"]),
        (&["--poem", "/nonexistent"], &["/nonexistent", "--poem"]),
        (&["--poem", &empty], &["no stanza", "blank lines"]),
        (&["--poem", &latin], &["line 3", "UTF-8", "iconv"]),
        (&["--poem", &pdf], &[&pdf, "a PDF", "pdftotext"]),
        (&["--poem", &wide], &["UTF-16", "save it as UTF-8"]),
        (&["prove"], &["\"prove\"", "serve"]),
        (&["serve", "extra"], &["\"extra\""]),
        (&["hosting", "iisnode", "--prefix", "dante"], &["slash"]),
        (&["hosting", "arr", "--upstream", "unix:/run/d.sock"], &["unix:/run/d.sock", "TCP", "8888"]),
        (&["hosting", "systemd", "--exe", "dante"], &["\"dante\"", "absolute"]),
        (&["hosting", "azure", "--prefix", "/dante"], &["\"/dante\"", "not used for azure"]),
    ] {
        let (code, out, err) = run(&mut dante(args)).await;
        assert_eq!((code, out.as_str(), err.lines().count()), (2, "", 1), "{args:?}: {err}");
        assert!(parts.iter().all(|part| err.contains(part)), "{args:?}: {err}");
    }
    let (code, _, err) = run(&mut dante(&["--bogus"])).await;
    assert_eq!(code, 2);
    assert!(err.contains("--bogus") && err.contains("--help"), "{err}");
}

#[tokio::test]
async fn a_port_in_use_is_named_with_the_way_out() {
    let (_child, banner, _lines) = start(&mut dante(&["--listen", "0"])).await;
    let port = port(&banner).to_string();
    let (code, out, err) = run(&mut dante(&["--listen", &port])).await;
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(
        err.lines()
            .any(|line| line.starts_with("dante: ") && line.contains(&port) && line.contains("--listen")),
        "{err}"
    );
}

#[tokio::test]
async fn a_signal_ends_it_well_and_help_is_there() {
    for name in ["INT", "TERM"] {
        let (mut child, _, _lines) = start(&mut dante(&["--listen", "0"])).await;
        signal(&child, name);
        assert_eq!(soon(child.wait()).await.unwrap().code(), Some(0), "SIG{name}");
    }
    let (code, out, _) = run(&mut dante(&["--help"])).await;
    assert_eq!(code, 0);
    for word in ["--listen", "DANTE_PREFIX", "hosting", "Exit codes"] {
        assert!(out.contains(word), "{word}");
    }
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let (_folder, path) = socket_path();
    let endpoint = format!("unix:{path}");
    let (mut child, ..) =
        start(&mut dante(&["--listen", &endpoint, "--interval", "1h", "--grace", "1h"])).await;
    let mut peer = UnixStream::connect(&path).await.unwrap();
    peer.write_all(websocket_request("/websocket/ws", "Upgrade").as_bytes()).await.unwrap();
    assert_eq!(soon(Answer::read(&mut peer)).await.status, 101);
    signal(&child, "TERM");
    // Close frames start with 0x88: the first signal was heard. The server waits for an answer to it.
    while soon(peer.read_u8()).await.unwrap() != 0x88 {}
    signal(&child, "TERM");
    assert_eq!(soon(child.wait()).await.unwrap().code(), Some(1));
}

#[tokio::test]
async fn a_closed_standard_output_is_no_reason_to_stop() {
    let (_folder, path) = socket_path();
    let mut command = dante(&["--listen", &format!("unix:{path}")]);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    drop((child.stdout.take(), child.stderr.take()));
    let mut stream = soon(until_listening(&path)).await;
    stream.write_all(b"GET /sse/stream HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert_eq!(soon(Answer::read(&mut stream)).await.status, 200, "it serves, and logs into nothing");
    signal(&child, "TERM");
    assert_eq!(soon(child.wait()).await.unwrap().code(), Some(0));
}

/// Connects as soon as somebody listens; as iisnode, which tries again and again.
async fn until_listening(path: &str) -> UnixStream {
    loop {
        match UnixStream::connect(path).await {
            Ok(stream) => return stream,
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
        }
    }
}

#[tokio::test]
async fn iisnode_launches_it_with_its_arguments_and_finds_its_logs() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("my site");
    fs::create_dir(&site).unwrap();
    let script = site.join("server-socketio.js");
    let socket = folder.path().join("pipe");
    let mut command =
        dante(&["--debug=5858", r"C:\Program Files\iisnode\interceptor.js", script.to_str().unwrap()]);
    command.current_dir(&site).stdout(Stdio::null()).stderr(Stdio::null());
    command.envs([
        ("IISNODE_VERSION", "0.2.21"),
        ("COMPUTERNAME", "VERGIL"),
        ("IISNODE_LOGGINGENABLED", "1"),
        ("IISNODE_LOGDIRECTORY", "logs"),
        ("PORT", socket.to_str().unwrap()),
    ]);
    let mut child = command.spawn().unwrap();
    let id = child.id().unwrap();
    let mut stream = soon(until_listening(socket.to_str().unwrap())).await;
    stream.write_all(b"GET /demo/server-socketio.js HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert_eq!(soon(Answer::read(&mut stream)).await.status, 200);
    signal(&child, "TERM");
    assert_eq!(soon(child.wait()).await.unwrap().code(), Some(0));
    assert!(is_gone(&socket));

    let log = |stream: &str| {
        let start = format!("VERGIL-{id}-{stream}-");
        let mut names = fs::read_dir(site.join("logs")).unwrap().map(|entry| entry.unwrap().path());
        let path = names
            .find(|path| path.file_name().unwrap().to_str().unwrap().starts_with(&start))
            .expect("a log");
        fs::read_to_string(path).unwrap()
    };
    assert!(log("stdout").contains("prefix     /dante (IISNODE_VERSION is set"), "{}", log("stdout"));
    assert!(log("stderr").contains("letting the readers go"));
}

#[tokio::test]
async fn logs_are_json_on_request() {
    let (mut child, banner, _lines) = start(&mut dante(&["--listen", "0", "--log-format", "json"])).await;
    let mut stream = TcpStream::connect(("127.0.0.1", port(&banner))).await.unwrap();
    stream.write_all(b"GET /sse/stream?from=140 HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let line = soon(lines.next_line()).await.unwrap().expect("a log");
    let log: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        (&log["level"], &log["message"], &log["transport"]),
        (&"INFO".into(), &"reader connected".into(), &"sse".into())
    );
}

#[tokio::test]
async fn recipes_are_printed() {
    for recipe in ["iisnode", "httpplatform", "aspnetcore"] {
        let (code, out, err) =
            run(&mut dante(&["hosting", recipe, "--prefix", "/demo", "--exe", r"D:\d.exe"])).await;
        assert_eq!((code, err.as_str()), (0, ""));
        assert!(out.starts_with("<?xml") && out.contains(r"D:\d.exe"), "{out}");
    }
}

#[tokio::test]
async fn it_explains_where_it_is_run() {
    let (code, out, err) = run(dante(&["hosting"]).env("DANTE_PREFIX", "/demo")).await;
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("prefix     /demo (set by DANTE_PREFIX)\n"), "{out}");
    let (code, out, _) = run(dante(&["hosting", "--json"]).env("ASPNETCORE_TOKEN", "hush")).await;
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &json["host"]["value"]), (0, &"self".into()));
    assert!(!out.contains("hush"), "{out}");
    let (code, out, err) = run(dante(&["hosting", "--json"]).env("PORT", "http")).await;
    assert_eq!((code, out.as_str(), err.lines().count()), (2, "", 1), "{err}");
    assert!(err.contains("PORT \"http\""), "{err}");
}

/// The script cannot run here; what can be held together is what it sends and what it can carry out.
#[tokio::test]
async fn setup_ps1_and_its_plan_speak_of_the_same_things() {
    let script = include_str!("../../setup.ps1");
    let facts = serde_json::json!({
        "module": "iisnode", "name": "dante", "site": "Default Web Site", "path": r"C:\dante", "remove": false,
        "source": { "path": r"C:\dante.exe", "hash": "0123456789abcdef" }, "iisVersion": null,
        "configuration": "<configuration/>", "exists": false, "items": [], "reads": false, "writesLogs": false,
    });
    let block = script.split("    return @{\n").nth(1).unwrap().split("\n    }\n").next().unwrap();
    let mut sent: Vec<_> = block.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    sent.sort_unstable();
    assert_eq!(sent, facts.as_object().unwrap().keys().collect::<Vec<_>>());

    for remove in [false, true] {
        let mut facts = facts.clone();
        facts["remove"] = remove.into();
        let mut child = dante(&["hosting", "--setup"]).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(facts.to_string().as_bytes()).await.unwrap();
        let output = soon(child.wait_with_output()).await.unwrap();
        let plan: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        for step in plan["steps"].as_array().unwrap() {
            let kind = step["kind"].as_str().unwrap();
            assert!(script.contains(&format!("\n        '{kind}' {{")), "{kind}");
            for (key, _) in step.as_object().unwrap() {
                assert!(
                    script.contains(&format!("$Step.{key}")) || script.contains(&format!("$($Step.{key})")),
                    "{key}"
                );
            }
        }
    }
    let (code, _, err) = run(&mut dante(&["hosting", "--setup"])).await;
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("of the same version"), "{err}");
}
