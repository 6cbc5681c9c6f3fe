//! Signals, the grace period and the watchdog, when every worker is busy for ever and nobody reads the log.

use std::{io::PipeReader, os::fd::OwnedFd, time::Duration};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    net::{TcpStream, unix::pipe},
    process::{Child, ChildStderr},
};

use crate::{
    binary::{dante, port, signal, start},
    support::soon,
};

/// A server all of whose threads are busy for ever, and what it has logged up to the line that says so.
async fn busy_server(
    threads: usize,
    grace: &str,
) -> (Child, Lines<BufReader<ChildStderr>>, String, Vec<TcpStream>) {
    let mut command = dante(&["--listen", "0", "--grace", grace, "--threads", &threads.to_string()]);
    let (mut child, banner, _lines) = start(command.env("DANTE_TEST_ROUTES", "1")).await;
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut streams = Vec::new();
    for _ in 0..threads {
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
    for threads in [1, 2] {
        let (mut child, mut log, line, _streams) = busy_server(threads, "1s").await;
        assert!(line.contains("WARN") && line.contains("GET /test/busy-worker from 127.0.0.1:"), "{line}");
        assert!(!line.contains("secret"), "session ids are not logged: {line}");
        signal(&child, "TERM");
        assert_eq!(soon(child.wait()).await.unwrap().code(), Some(1));
        until(&mut log, "stopping; a second signal ends at once").await;
        let line = until(&mut log, "did not stop within the grace period").await;
        assert!(line.contains("grace=1s") && line.contains("/test/busy-worker"), "{line}");
    }
}

#[tokio::test]
async fn a_second_signal_ends_a_server_whose_workers_are_busy_for_ever() {
    for threads in [1, 2] {
        let (mut child, mut log, _, _streams) = busy_server(threads, "1h").await;
        signal(&child, "INT");
        until(&mut log, "stopping; a second signal ends at once").await;
        signal(&child, "TERM");
        assert_eq!(soon(child.wait()).await.unwrap().code(), Some(1));
        until(&mut log, "ended by a second signal").await;
    }
}

/// A pipe that is full, with its reader, who reads nothing.
async fn full_pipe() -> (PipeReader, OwnedFd) {
    let (reader, writer) = std::io::pipe().unwrap();
    let writer = pipe::Sender::from_owned_fd(writer.into()).unwrap();
    writer.writable().await.unwrap();
    // A larger piece might not fit where a line of the log does.
    while writer.try_write(b" ").is_ok() {}
    (reader, writer.into_blocking_fd().unwrap())
}

/// A pager that is stopped, say: its pipe is full, and whoever logs waits.
#[tokio::test]
async fn a_log_that_nobody_reads_does_not_keep_signals_from_it() {
    let (_reader, log) = full_pipe().await;
    let mut command = dante(&["--listen", "0", "--grace", "1s"]);
    let (mut child, banner, _lines) = start(command.stderr(log)).await;
    let mut stream = TcpStream::connect(("127.0.0.1", port(&banner))).await.unwrap();
    // Its end would be logged before the stream ends.
    let request = "GET /sse/stream?from=140 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let answered = tokio::time::timeout(Duration::from_secs(1), stream.read_to_end(&mut answer));
    assert!(answered.await.is_err());
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
