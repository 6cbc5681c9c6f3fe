//! Signals, the grace period and the watchdog, when every worker is busy for ever and nobody reads the log.

use std::thread::available_parallelism;

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    net::TcpStream,
    process::{Child, ChildStderr},
};

use crate::{
    binary::{dante, port, signal, start},
    support::soon,
};

/// A server all of whose workers are busy for ever, and what it has logged up to the line that says so.
async fn busy_server(grace: &str) -> (Child, Lines<BufReader<ChildStderr>>, String, Vec<TcpStream>) {
    let mut command = dante(&["--listen", "0", "--grace", grace]);
    let (mut child, banner, _lines) = start(command.env("DANTE_TEST_ROUTES", "1")).await;
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut streams = Vec::new();
    for _ in 0..available_parallelism().unwrap().get() {
        let mut stream = TcpStream::connect(("127.0.0.1", port(&banner))).await.unwrap();
        stream.write_all(b"GET /test/busy-worker?sid=secret HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        streams.push(stream);
    }
    let line = until(&mut log, "the conductor is late").await;
    (child, log, line, streams)
}

/// Reads the log up to a line with these words.
async fn until(log: &mut Lines<BufReader<ChildStderr>>, words: &str) -> String {
    loop {
        let line = soon(log.next_line()).await.unwrap().expect("the log goes on");
        if line.contains(words) {
            return line;
        }
    }
}

#[tokio::test]
async fn the_grace_period_ends_a_server_whose_workers_are_busy_for_ever() {
    let (mut child, mut log, line, _streams) = busy_server("1s").await;
    assert!(line.contains("WARN") && line.contains("GET /test/busy-worker from 127.0.0.1:"), "{line}");
    assert!(!line.contains("secret"), "session ids are not logged: {line}");
    signal(&child, "TERM");
    assert_eq!(soon(child.wait()).await.unwrap().code(), Some(1));
    until(&mut log, "stopping; a second signal ends at once").await;
    let line = until(&mut log, "did not stop within the grace period").await;
    assert!(line.contains("grace=1s") && line.contains("/test/busy-worker"), "{line}");
}

#[tokio::test]
async fn a_second_signal_ends_a_server_whose_workers_are_busy_for_ever() {
    let (mut child, mut log, _, _streams) = busy_server("1h").await;
    signal(&child, "INT");
    until(&mut log, "stopping; a second signal ends at once").await;
    signal(&child, "TERM");
    assert_eq!(soon(child.wait()).await.unwrap().code(), Some(1));
    until(&mut log, "ended by a second signal").await;
}

/// A pager that is stopped, say: its pipe is full, and whoever logs waits.
#[tokio::test]
async fn a_log_that_nobody_reads_does_not_keep_signals_from_it() {
    let (mut child, banner, _lines) = start(&mut dante(&["--listen", "0", "--grace", "1s"])).await;
    // Each of them is logged twice. The first that is not answered has found the pipe full.
    let answered = async {
        loop {
            let mut stream = TcpStream::connect(("127.0.0.1", port(&banner))).await.unwrap();
            let request = "GET /sse/stream?from=140 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
            stream.write_all(request.as_bytes()).await.unwrap();
            stream.read_to_end(&mut Vec::new()).await.unwrap();
        }
    };
    let stuck = tokio::time::timeout(std::time::Duration::from_secs(3), answered);
    assert!(stuck.await.is_err());
    signal(&child, "TERM");
    assert_eq!(soon(child.wait()).await.unwrap().code(), Some(1));
}

#[tokio::test]
async fn routes_for_tests_are_not_there_unless_they_are_asked_for() {
    let (_child, banner, _lines) = start(&mut dante(&["--listen", "0"])).await;
    let mut stream = TcpStream::connect(("127.0.0.1", port(&banner))).await.unwrap();
    stream.write_all(b"GET /test/busy-worker HTTP/1.0\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    soon(stream.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.0 404"), "{answer}");
}
