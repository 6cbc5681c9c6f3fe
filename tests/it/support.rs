//! A server in this process, on a port or a socket of its own, and just enough HTTP to see every byte.

use std::{fmt::Debug, future::Future, io, path::Path, time::Duration};

use dante::{
    cli::ServeArgs,
    config::Config,
    hosting::{
        endpoint::Endpoint,
        listener::{BoundListener, Bounds},
    },
    poem::Poem,
    server::{App, serve},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UnixStream},
    sync::oneshot,
    task::JoinHandle,
};

/// How long anything here may take before it counts as hung.
pub(crate) const HUNG: Duration = Duration::from_secs(30);

/// Waits for something that must happen.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(HUNG, what).await.expect("it hangs")
}

/// What a test wants of its server.
#[derive(Default)]
pub(crate) struct Setup<'a> {
    pub(crate) args: ServeArgs,
    pub(crate) env: &'a [(&'a str, &'a str)],
    /// So many stanzas, each padded with so many spaces; the embedded poem if zero.
    pub(crate) stanzas: (usize, usize),
    /// What a connection may cost; as usual by default.
    pub(crate) bounds: Bounds,
}

/// A server of its own for one test.
pub(crate) struct Server {
    pub(crate) app: App,
    pub(crate) endpoint: Endpoint,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<io::Result<()>>,
}

/// A poem whose stanzas say their index, and are padded.
pub(crate) fn numbered_poem(stanzas: usize, bytes: usize) -> Poem {
    let text: String = (0..stanzas).map(|index| format!("{index}{}.\n\n", " ".repeat(bytes))).collect();
    Poem::parse(text.as_bytes()).expect("a poem")
}

impl Server {
    /// Starts a server; without an endpoint in the setup, on a port that the system chooses.
    pub(crate) async fn start(setup: Setup<'_>) -> Self {
        let mut args = setup.args;
        if !setup.env.iter().any(|(name, _)| *name == "PORT") {
            args.listen.get_or_insert_with(|| "0".to_owned());
        }
        let config = Config::new(&args, &setup.env.iter().copied().collect(), 1).expect("a configuration");
        let poem = match setup.stanzas {
            (0, _) => Poem::embedded(),
            (stanzas, bytes) => numbered_poem(stanzas, bytes),
        };
        let app = App::new(poem, &config);
        let listener = BoundListener::bind(&config.hosting.endpoint.value).await.expect("a listener");
        let listener = listener.within(setup.bounds);
        let endpoint = listener.endpoint().clone();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(serve(listener, app.clone(), async {
            let _ = stopped.await;
        }));
        Self { app, endpoint, stop: Some(stop), task }
    }

    /// A connection to it.
    pub(crate) async fn connect(&self) -> Box<dyn Stream> {
        match &self.endpoint {
            Endpoint::Tcp(address) => Box::new(TcpStream::connect(address).await.expect("a connection")),
            Endpoint::Unix(path) => Box::new(UnixStream::connect(path).await.expect("a connection")),
            other => panic!("{other} is not for tests"),
        }
    }

    /// Sends one request, with the blank line at its end, and reads the answer.
    pub(crate) async fn send(&self, request: &str) -> Answer {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.expect("a request");
        soon(Answer::read(&mut stream)).await
    }

    /// `GET` with more headers, each ending in CRLF.
    pub(crate) async fn get(&self, path: &str, headers: &str) -> Answer {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n")).await
    }

    /// Asks it to stop.
    pub(crate) fn ask_to_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Asks it to stop, and waits until it has drained.
    pub(crate) async fn stop(mut self) {
        self.ask_to_stop();
        soon(self.task).await.expect("no panic").expect("no error");
    }

    /// Waits until it has stopped by itself.
    pub(crate) async fn stopped(self) {
        soon(self.task).await.expect("no panic").expect("no error");
    }

    /// Waits until it has this number of readers.
    pub(crate) async fn until_readers(&self, count: usize) {
        let reached = async {
            while self.app.readers() != count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        soon(reached).await;
    }
}

/// Any connection.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// An answer's status line, headers and body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// Reads a head, and as much body as Content-Length says.
    pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin + ?Sized)) -> Self {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let Ok(byte) = stream.read_u8().await else { break };
            head.push(byte);
        }
        let head = String::from_utf8(head).expect("a head in ASCII");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let mut answer = Self { status, head, body: String::new() };
        let length = answer.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.expect("a body");
        answer.body = String::from_utf8_lossy(&body).into_owned();
        answer
    }

    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (known, value) = line.split_once(": ")?;
            known.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// The head of a request for a WebSocket.
pub(crate) fn websocket_request(path: &str, connection: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: {connection}\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

/// A path for a socket, in a folder that goes with the test.
pub(crate) fn socket_path() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("s").to_str().expect("a path in UTF-8").to_owned();
    (folder, path)
}

/// Whether nothing is left at a path.
pub(crate) fn is_gone(path: impl AsRef<Path>) -> bool {
    !path.as_ref().exists()
}
