//! What clients can make Dante log: little, bounded, and nothing that would let whoever reads it act for them.

use std::time::Instant;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    process::{Child, Command},
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::{
    binary::{dante, port, signal, start},
    support::{Answer, soon},
};

struct Logging {
    child: Child,
    port: u16,
    log: tokio::task::JoinHandle<String>,
}

impl Logging {
    async fn start(command: &mut Command) -> Self {
        let (mut child, banner, _lines) = start(command).await;
        let mut stderr = child.stderr.take().unwrap();
        let log = tokio::spawn(async move {
            let mut log = String::new();
            stderr.read_to_string(&mut log).await.unwrap();
            log
        });
        Self { child, port: port(&banner), log }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).await.unwrap()
    }

    async fn get(&self, path: &str, headers: &str) -> Answer {
        let mut stream = self.connect().await;
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        soon(Answer::read(&mut stream)).await
    }

    /// All that it has logged, after it has stopped.
    async fn stop(mut self) -> String {
        signal(&self.child, "TERM");
        assert_eq!(soon(self.child.wait()).await.unwrap().code(), Some(0));
        soon(self.log).await.unwrap()
    }
}

type Socket = WebSocketStream<TcpStream>;

/// The next packet that begins so.
async fn until(socket: &mut Socket, start: &str) -> String {
    loop {
        match soon(socket.next()).await {
            Some(Ok(Message::Text(text))) if text.starts_with(start) => return text.to_string(),
            Some(Ok(_)) => {}
            other => panic!("no {start} but {other:?}"),
        }
    }
}

fn session(packet: &str) -> String {
    packet.split("\"sid\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_flood_of_one_client_is_a_line_a_second_and_no_session_is_named() {
    let mut command = dante(&["--listen", "0", "--interval", "1h", "--trust-forwarded"]);
    // With all that the libraries have to say.
    let dante = Logging::start(command.env("RUST_LOG", "trace")).await;
    let mut request = "ws://x/socket.io/?EIO=4&transport=websocket".into_client_request().unwrap();
    let forged = format!("10.0.0.1, {}", "x".repeat(20_000));
    request.headers_mut().insert("x-forwarded-for", forged.parse().unwrap());
    let (mut socket, _) = soon(client_async(request, dante.connect().await)).await.unwrap();
    let mut secrets = vec![session(&until(&mut socket, "0{").await)];
    for (join, joined) in [("40", "40{"), ("40/hello,", "40/hello,{")] {
        socket.send(Message::text(join)).await.unwrap();
        secrets.push(session(&until(&mut socket, joined).await));
    }
    let start = Instant::now();
    for _ in 0..500 {
        let said = format!(r#"42/hello,7["sendMessage",{{"message":"good day\n{}"}}]"#, "x".repeat(4000));
        socket.send(Message::text(said)).await.unwrap();
        until(&mut socket, "43/hello,7").await;
    }
    let seconds = usize::try_from(start.elapsed().as_secs()).unwrap();
    // A session that nothing but polls and posts.
    let polled = dante.get("/socket.io/?EIO=4&transport=polling", "").await.body;
    secrets.push(session(&polled));
    dante.get(&format!("/socket.io/?EIO=4&transport=polling&sid={}", secrets[3]), "").await;
    dante.get(&format!("/nothing//x?sid={}", secrets[3]), "").await;
    drop(socket);

    let log = dante.stop().await;
    let hellos: Vec<_> = log.lines().filter(|line| line.contains("good day")).collect();
    assert!((1..=seconds + 1).contains(&hellos.len()), "{} lines in {seconds} s", hellos.len());
    assert!(
        hellos[0].contains(r#": hello client="xxx"#) && hellos[0].contains(r"good day\n"),
        "{}",
        hellos[0]
    );
    let longest = log.lines().map(str::len).max().unwrap();
    assert!(longest < 2000, "a line of {longest} bytes");
    for secret in secrets {
        assert!(secret.len() >= 16 && !log.contains(&secret), "{secret} in {log}");
    }
}

#[tokio::test]
async fn requests_that_bypass_iis_are_a_line_a_second() {
    let mut command = dante(&["--listen", "0"]);
    let dante = Logging::start(command.env("ASPNETCORE_TOKEN", "hush")).await;
    let (start, mut stream) = (Instant::now(), dante.connect().await);
    for _ in 0..500 {
        stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nMS-ASPNETCORE-TOKEN: hus\r\n\r\n").await.unwrap();
        assert_eq!(soon(Answer::read(&mut stream)).await.status, 400);
    }
    let seconds = usize::try_from(start.elapsed().as_secs()).unwrap();
    drop(stream);
    let log = dante.stop().await;
    let refusals = log.lines().filter(|line| line.contains("without the token")).count();
    assert!((1..=seconds + 1).contains(&refusals), "{refusals} lines in {seconds} s: {log}");
}
