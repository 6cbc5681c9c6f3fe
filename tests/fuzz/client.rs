//! Just enough HTTP to send what no well-behaved client would, and to see whether it is answered.

use std::{fmt, io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// How long the server may take for an answer that waits for nothing.
const SILENT: Duration = Duration::from_secs(10);

/// What is kept of an input, to be shown.
const SHOWN: usize = 600;

/// The server did not answer.
#[derive(Debug)]
pub(crate) struct Silence {
    what: &'static str,
    input: Vec<u8>,
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let input = &self.input[..self.input.len().min(SHOWN)];
        write!(f, "{} was not answered within {SILENT:?}: {}", self.what, input.escape_ascii())
    }
}

/// Waits for an answer to an input.
pub(crate) async fn answered<T>(
    what: &'static str,
    input: &[u8],
    answer: impl Future<Output = T>,
) -> Result<T, Silence> {
    timeout(SILENT, answer).await.map_err(|_| Silence { what, input: input.to_vec() })
}

/// A connection that is reset at its end, so that its port is free again at once.
pub(crate) async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    stream.set_zero_linger()?;
    Ok(stream)
}

/// Status and body of an answer that has a length.
pub(crate) async fn read_answer(stream: &mut TcpStream) -> io::Result<(u16, Vec<u8>)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.and_then(|length| length.parse().ok()).unwrap_or_default()];
    stream.read_exact(&mut body).await?;
    Ok((status, body))
}

/// Sends a request over a connection of its own, and reads the answer.
pub(crate) async fn request(address: SocketAddr, request: &[u8]) -> io::Result<(u16, Vec<u8>)> {
    let mut stream = connect(address).await?;
    stream.write_all(request).await?;
    read_answer(&mut stream).await
}

/// A GET.
pub(crate) fn get(target: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes()
}

/// A POST.
pub(crate) fn post(target: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// A request for a WebSocket.
pub(crate) fn upgrade(target: &str) -> Vec<u8> {
    format!(
        "GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    .into_bytes()
}
