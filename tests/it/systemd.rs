//! Socket activation: the socket is systemd's, so that nobody is turned away while Dante restarts.

use std::{net::TcpListener, os::fd::OwnedFd, process::Stdio};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::{Child, Command},
};

use crate::{
    binary::{signal, start},
    support::{Answer, soon},
};

/// systemd, as far as a socket unit goes.
struct Activation {
    socket: TcpListener,
    port: u16,
}

impl Activation {
    fn new() -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        Self { socket, port }
    }

    /// Starts Dante with the socket as descriptor 3, and says whom it is for (sd_listen_fds(3)).
    async fn start(&self) -> Child {
        let mut command = Command::new("sh");
        let exec = "exec 3<&0 0</dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\"";
        command.args(["-c", exec, env!("CARGO_BIN_EXE_dante")]);
        let socket = OwnedFd::from(self.socket.try_clone().unwrap());
        command.stdin(Stdio::from(socket)).stdout(Stdio::piped()).kill_on_drop(true);
        let (child, banner, _lines) = start(&mut command).await;
        assert!(banner.contains(&format!("127.0.0.1:{} (LISTEN_FDS is set)", self.port)), "{banner}");
        child
    }

    /// A reader over server-sent events, from this stanza on.
    async fn read(&self, from: usize) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let request = format!("GET /sse/stream?from={from} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }
}

/// Reads until this text has come.
async fn until(stream: &mut TcpStream, text: &str) {
    let mut heard = String::new();
    while !heard.contains(text) {
        let mut bytes = [0; 4096];
        let count = soon(stream.read(&mut bytes)).await.unwrap();
        assert!(count > 0, "the stream ended before {text:?}: {heard}");
        heard += &String::from_utf8_lossy(&bytes[..count]);
    }
}

#[tokio::test]
async fn readers_who_come_during_a_restart_wait() {
    let systemd = Activation::new();
    let mut first = systemd.start().await;
    let mut reader = systemd.read(0).await;
    assert_eq!(soon(Answer::read(&mut reader)).await.status, 200);
    until(&mut reader, "\"index\":0").await;

    signal(&first, "TERM");
    let mut rest = Vec::new();
    soon(reader.read_to_end(&mut rest)).await.expect("an orderly end");
    assert_eq!(soon(first.wait()).await.unwrap().code(), Some(0));

    // Nobody serves now, and the connections stand all the same: the socket is still there.
    let mut waiting = Vec::new();
    for _ in 0..20 {
        waiting.push(systemd.read(1).await);
    }
    let _second = systemd.start().await;
    for reader in &mut waiting {
        assert_eq!(soon(Answer::read(reader)).await.status, 200);
        until(reader, "\"index\":1").await;
    }
}
