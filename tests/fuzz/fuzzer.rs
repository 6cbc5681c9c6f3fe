//! One process that sends: several clients at once, each of which does one crooked thing after another.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use fastrand::Rng;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};

use crate::{
    client::{Silence, answered, connect, get, read_answer, request, upgrade},
    input,
};

/// How many clients there are at once.
const CLIENTS: u64 = 8;

/// How long what the server may send is listened to.
const LISTEN: Duration = Duration::from_millis(20);

/// Sends for so long; returns how many inputs it were.
pub(crate) async fn run(target: SocketAddr, seed: u64, length: Duration) -> Result<u64, Silence> {
    let end = Instant::now() + length;
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        // Seeds of neighbours are far apart.
        let rng = Rng::with_seed(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(client));
        clients.spawn(Fuzzer { target, rng, inputs: 0 }.run_until(end));
    }
    let mut inputs = 0;
    while let Some(client) = clients.join_next().await {
        inputs += client.expect("no panic")?;
    }
    Ok(inputs)
}

struct Fuzzer {
    target: SocketAddr,
    rng: Rng,
    inputs: u64,
}

/// What becomes of a sequence of inputs: a server may close a connection whenever it likes, but not be silent.
type Outcome = Result<io::Result<()>, Silence>;

/// Goes on with what a connection gave, or returns that it is closed.
macro_rules! open {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(error) => return Ok(Err(error)),
        }
    };
}

impl Fuzzer {
    async fn run_until(mut self, end: Instant) -> Result<u64, Silence> {
        while Instant::now() < end {
            // A connection that the server has closed is as good as any other end.
            let _ = match self.rng.u8(0..10) {
                0..=4 => self.polling().await?,
                5..=6 => self.websocket().await?,
                7 => self.upgrade().await?,
                8 => self.request().await?,
                _ => self.healthy().await?,
            };
        }
        Ok(self.inputs)
    }

    /// A session of long polling: payloads, a poll now and then, and most often a close.
    async fn polling(&mut self) -> Outcome {
        let version = self.rng.choice([3, 4]).unwrap_or(4);
        let b64 = if self.rng.u8(0..4) == 0 { "&b64=1" } else { "" };
        let (mut stream, sid) = match self.session(version, b64).await? {
            Ok(session) => session,
            Err(error) => return Ok(Err(error)),
        };
        if self.rng.bool() {
            let join = if version == 3 { "2:40" } else { "40" };
            open!(self.post(&mut stream, version, &sid, join.as_bytes(), "text/plain").await?);
        }
        for _ in 0..self.rng.usize(1..5) {
            // Now and then in the other version, and with a poll parked meanwhile.
            let spoken = if self.rng.u8(0..10) == 0 { 7 - version } else { version };
            let poll = if self.rng.u8(0..4) == 0 { Some(open!(connect(self.target).await)) } else { None };
            if let Some(mut poll) = poll {
                open!(poll.write_all(&get(&session_target(spoken, &sid))).await);
                let _ = timeout(LISTEN, poll.read_u8()).await;
            }
            let (payload, kind) = input::payload(&mut self.rng, spoken);
            open!(self.post(&mut stream, spoken, &sid, &payload, kind).await?);
        }
        if self.rng.u8(0..20) > 0 {
            let close = if version == 3 { "1:1" } else { "1" };
            open!(self.post(&mut stream, version, &sid, close.as_bytes(), "text/plain").await?);
        }
        Ok(Ok(()))
    }

    /// Opens a session, and keeps its connection.
    async fn session(&mut self, version: u8, more: &str) -> Result<io::Result<(TcpStream, String)>, Silence> {
        let mut stream = open!(connect(self.target).await);
        let open = get(&format!("/socket.io/?EIO={version}&transport=polling{more}"));
        open!(stream.write_all(&open).await);
        let (_, body) = open!(answered("an opening", &open, read_answer(&mut stream)).await?);
        let body = String::from_utf8_lossy(&body).into_owned();
        let sid = body.split('"').nth(3).map(str::to_owned);
        Ok(sid.map(|sid| (stream, sid)).ok_or_else(|| io::Error::other(body)))
    }

    async fn post(
        &mut self,
        stream: &mut TcpStream,
        version: u8,
        sid: &str,
        payload: &[u8],
        kind: &str,
    ) -> Result<io::Result<()>, Silence> {
        self.inputs += 1;
        let target = session_target(version, sid);
        let head = format!("POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n");
        let mut input = head.into_bytes();
        if self.rng.u8(0..4) == 0 {
            // In chunks, which the server reads one by one.
            input.extend(b"Transfer-Encoding: chunked\r\n\r\n");
            let mut rest = payload;
            while !rest.is_empty() {
                let (chunk, more) = rest.split_at(self.rng.usize(1..=rest.len().min(64)));
                input.extend(format!("{:x}\r\n", chunk.len()).bytes());
                input.extend([chunk, b"\r\n"].concat());
                rest = more;
            }
            input.extend(b"0\r\n\r\n");
        } else {
            input.extend(format!("Content-Length: {}\r\n\r\n", payload.len()).bytes());
            input.extend(payload);
        }
        let answer = async {
            stream.write_all(&input).await?;
            read_answer(stream).await
        };
        Ok(answered("a POST", &input, answer).await?.map(drop))
    }

    /// Frames to the engine or to the plain endpoint; what comes back is read, so that the server can go on.
    async fn websocket(&mut self) -> Outcome {
        let version = self.rng.choice([3, 4]).unwrap_or(4);
        let engine = format!("/socket.io/?EIO={version}&transport=websocket");
        let target = if self.rng.u8(0..3) == 0 { "/websocket/ws".to_owned() } else { engine };
        let mut stream = open!(self.upgraded(&target).await?);
        self.send_frames(&mut stream).await
    }

    /// A session of long polling that goes on over WebSocket, more or less as it should.
    async fn upgrade(&mut self) -> Outcome {
        let version = self.rng.choice([3, 4]).unwrap_or(4);
        let (_polling, sid) = match self.session(version, "").await? {
            Ok(session) => session,
            Err(error) => return Ok(Err(error)),
        };
        let target = format!("/socket.io/?EIO={version}&transport=websocket&sid={sid}");
        let mut stream = open!(self.upgraded(&target).await?);
        self.send_frames(&mut stream).await
    }

    async fn upgraded(&mut self, target: &str) -> Result<io::Result<TcpStream>, Silence> {
        let mut stream = open!(connect(self.target).await);
        let request = upgrade(target);
        open!(stream.write_all(&request).await);
        open!(answered("an upgrade", &request, read_answer(&mut stream)).await?);
        Ok(Ok(stream))
    }

    async fn send_frames(&mut self, stream: &mut TcpStream) -> Outcome {
        for _ in 0..self.rng.usize(1..8) {
            self.inputs += 1;
            let frames = input::frames(&mut self.rng);
            open!(answered("a frame", &frames, stream.write_all(&frames)).await?);
            let mut heard = [0; 4096];
            if let Ok(Ok(0) | Err(_)) = timeout(LISTEN, stream.read(&mut heard)).await {
                break;
            }
        }
        Ok(Ok(()))
    }

    /// A request whose target, and now and then whose bytes, are odd.
    async fn request(&mut self) -> Outcome {
        self.inputs += 1;
        let target = input::target(&mut self.rng);
        let mut request = if self.rng.u8(0..4) == 0 { upgrade(&target) } else { get(&target) };
        if self.rng.bool() {
            input::bend(&mut self.rng, &mut request);
        }
        let mut stream = open!(connect(self.target).await);
        open!(stream.write_all(&request).await);
        // What is not whole will never be: the server may close.
        open!(stream.shutdown().await);
        Ok(answered("a request", &request, stream.read_u8()).await?.map(drop))
    }

    /// What a well-behaved client asks for comes at once.
    async fn healthy(&mut self) -> Outcome {
        let input = get("/hosting.json");
        let (status, _) = open!(answered("GET /hosting.json", &input, request(self.target, &input)).await?);
        assert_eq!(status, 200);
        Ok(Ok(()))
    }
}

fn session_target(version: u8, sid: &str) -> String {
    format!("/socket.io/?EIO={version}&transport=polling&sid={sid}")
}
