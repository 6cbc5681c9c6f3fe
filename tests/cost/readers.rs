//! Readers that allocate nothing while they read, so that what is allocated is the server's.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    ops::Range,
    str,
    time::Duration,
};

use crate::{POEM, READERS};

/// How long anything may take before it counts as hung.
pub(crate) const HUNG: Duration = Duration::from_secs(60);

/// More than any head or answer here has, in bytes.
const BUFFER: usize = 16 * 1024;

/// What readers use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    SocketIo,
    WebSocket,
    Sse,
    Polling,
}

impl Transport {
    /// What stands once in each stanza's event, and nowhere else.
    fn mark(self) -> &'static [u8] {
        match self {
            Self::Sse => b"\nevent: divinecomedy",
            Self::SocketIo | Self::WebSocket | Self::Polling => b"\"divinecomedy\"",
        }
    }
}

/// Joins all readers, each of which has `stanzas` left to read.
pub(crate) fn join(address: SocketAddr, transport: Transport, stanzas: usize) -> Vec<Reader> {
    (0..READERS).map(|_| Reader::join(address, transport, POEM - stanzas)).collect()
}

/// As many connections as there are readers, on each of which so many requests were answered.
pub(crate) fn keep(address: SocketAddr, requests: usize) -> Vec<TcpStream> {
    let mut all: Vec<_> = (0..READERS).map(|_| TcpStream::connect(address).unwrap()).collect();
    for stream in &mut all {
        stream.set_read_timeout(Some(HUNG)).unwrap();
        for _ in 0..requests {
            stream.write_all(b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
            let mut answer = [0; BUFFER];
            let mut length = 0;
            while !answer[..length].ends_with(b"\r\n\r\n") {
                length += stream.read(&mut answer[length..]).unwrap();
            }
        }
    }
    all
}

/// Reads until each has read so many stanzas.
pub(crate) fn read(readers: &mut [Reader], stanzas: usize) {
    while let Some(least) = readers.iter().map(|reader| reader.stanzas).min().filter(|least| *least < stanzas)
    {
        // All polls first, so that they wait together.
        for reader in readers.iter_mut().filter(|reader| reader.stanzas == least) {
            reader.send_poll();
        }
        for reader in readers.iter_mut().filter(|reader| reader.stanzas == least) {
            reader.receive();
        }
    }
}

/// A client on one connection.
pub(crate) struct Reader {
    stream: TcpStream,
    /// What asks for more, over long polling.
    poll: Option<String>,
    mark: &'static [u8],
    /// How many bytes of the mark were the last that came.
    marked: usize,
    stanzas: usize,
}

impl Reader {
    pub(crate) fn join(address: SocketAddr, transport: Transport, from: usize) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(HUNG)).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut reader = Self { stream, poll: None, mark: transport.mark(), marked: 0, stanzas: 0 };
        match transport {
            Transport::SocketIo => {
                reader.upgrade(&format!("/socket.io/?EIO=4&transport=websocket&from={from}"));
                // The text "40" connects to the main namespace; a mask of zeros changes nothing (RFC 6455, 5.3).
                reader.send(b"\x81\x82\0\0\0\x0040");
            }
            Transport::WebSocket => reader.upgrade(&format!("/websocket/ws?format=json&from={from}")),
            Transport::Sse => reader.send(request("GET", &format!("/sse/stream?from={from}"), "").as_bytes()),
            Transport::Polling => reader.open_session(from),
        }
        reader
    }

    fn upgrade(&mut self, path: &str) {
        let headers = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        self.send(request("GET", path, headers).as_bytes());
        let mut buffer = [0; BUFFER];
        let head = self.receive_head(&mut buffer);
        assert!(buffer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&buffer[..head]));
    }

    fn open_session(&mut self, from: usize) {
        let path = format!("/socket.io/?EIO=4&transport=polling&from={from}");
        self.send(request("GET", &path, "").as_bytes());
        let mut buffer = [0; BUFFER];
        let body = self.receive_answer(&mut buffer);
        let open = str::from_utf8(&buffer[body]).unwrap();
        let sid = open.split('"').skip_while(|part| *part != "sid").nth(2).expect("a session");
        let path = format!("{path}&sid={sid}");
        self.send(format!("{}40", request("POST", &path, "Content-Length: 2\r\n")).as_bytes());
        let body = self.receive_answer(&mut buffer);
        assert_eq!(&buffer[body], b"ok");
        self.poll = Some(request("GET", &path, ""));
    }

    fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    fn send_poll(&mut self) {
        if let Some(poll) = &self.poll {
            self.stream.write_all(poll.as_bytes()).unwrap();
        }
    }

    /// Takes what comes next: the answer to a poll, or some bytes of a stream.
    fn receive(&mut self) {
        let mut buffer = [0; BUFFER];
        let bytes = if self.poll.is_some() {
            self.receive_answer(&mut buffer)
        } else {
            let length = self.stream.read(&mut buffer).unwrap();
            assert!(length > 0, "the server ended a stream after {} stanzas", self.stanzas);
            0..length
        };
        for byte in &buffer[bytes] {
            let expected = self.mark[self.marked];
            self.marked =
                if *byte == expected { self.marked + 1 } else { usize::from(*byte == self.mark[0]) };
            if self.marked == self.mark.len() {
                self.marked = 0;
                self.stanzas += 1;
            }
        }
    }

    /// Receives to the end of a head, byte by byte: what follows is not touched. Returns its length.
    fn receive_head(&mut self, buffer: &mut [u8; BUFFER]) -> usize {
        let mut length = 0;
        while !buffer[..length].ends_with(b"\r\n\r\n") {
            self.stream.read_exact(&mut buffer[length..=length]).unwrap();
            length += 1;
        }
        length
    }

    /// Receives a whole answer. Returns where its body stands.
    fn receive_answer(&mut self, buffer: &mut [u8; BUFFER]) -> Range<usize> {
        let head = self.receive_head(buffer);
        let text = str::from_utf8(&buffer[..head]).unwrap();
        assert!(text.starts_with("HTTP/1.1 200"), "{text}");
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
        let body = head..head + length.parse::<usize>().unwrap();
        self.stream.read_exact(&mut buffer[body.clone()]).unwrap();
        body
    }
}

/// A request without a body. `headers` end in CRLF.
fn request(method: &str, path: &str, headers: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n")
}
