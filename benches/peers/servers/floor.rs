//! The floor that the servers are measured against: one thread, one epoll loop, frames that are built before anybody connects.
//! It speaks just enough of WebSocket and Engine.IO for `dante load` (no long polling, no pings, no resuming), and a reader whose
//! buffer is full is dropped. What a server costs above it is the price of doing the rest.

#![allow(clippy::print_stdout, reason = "it says where it listens")]

use std::{
    collections::VecDeque,
    env, fs,
    io::{self, ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use mio::{
    Events, Interest, Poll, Token,
    net::{TcpListener, TcpStream},
};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// The listener's token; a reader's is its place in the list.
const LISTENER: Token = Token(usize::MAX);

/// Longer than any run: the floor has no pings.
const PING_INTERVAL_MS: u64 = 3_600_000;

/// A close frame with code 1000 (RFC 6455, 5.5.1).
const CLOSE: &[u8] = &[0x88, 2, 0x03, 0xe8];

fn main() -> anyhow::Result<()> {
    let stanzas = env::var("PEER_STANZAS").context("PEER_STANZAS names the file of stanzas")?;
    let interval: u64 = env::var("PEER_INTERVAL_MS").ok().map_or(Ok(2000), |text| text.parse())?;
    let text = fs::read_to_string(&stanzas).with_context(|| format!("reading {stanzas}"))?;
    let stanzas: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    println!("listening on {}", listener.local_addr()?);
    Floor::new(listener, &stanzas, interval)?.run()?;
    Ok(())
}

/// Everything that is sent over one of the two paths, as frames.
struct Frames {
    /// At once, when the socket is open.
    greeting: Vec<u8>,
    /// When the reader begins: the event `reading`.
    opening: Vec<u8>,
    stanzas: Vec<Vec<u8>>,
}

impl Frames {
    fn socketio(stanzas: &[Value], opening: &Value) -> Self {
        let event = |stanza: &Value| {
            let mut place = stanza.clone();
            let text = place["text"].take();
            if let Some(place) = place.as_object_mut() {
                place.retain(|name, _| name != "text" && name != "event");
            }
            frame(&format!("42{}", json!(["divinecomedy", text, place])))
        };
        let open = json!({"sid": "floor", "upgrades": [], "pingInterval": PING_INTERVAL_MS, "pingTimeout": PING_INTERVAL_MS,
            "maxPayload": 100_000});
        let connected = frame(r#"40{"sid":"floor"}"#);
        Self {
            greeting: frame(&format!("0{open}")),
            opening: [connected, frame(&format!("42{}", json!(["reading", opening])))].concat(),
            stanzas: stanzas.iter().map(event).collect(),
        }
    }

    fn plain(stanzas: &[Value], opening: &Value) -> Self {
        let mut opening = opening.clone();
        opening["event"] = json!("reading");
        Self {
            greeting: Vec::new(),
            opening: frame(&opening.to_string()),
            stanzas: stanzas.iter().map(|stanza| frame(&stanza.to_string())).collect(),
        }
    }
}

/// A text frame as servers send it: whole and unmasked (RFC 6455, 5.2). No event has more than 65,535 bytes.
fn frame(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("a stanza is short");
    let mut frame = vec![0x81];
    match u8::try_from(length) {
        Ok(short) if short < 126 => frame.push(short),
        _ => {
            frame.push(126);
            frame.extend(length.to_be_bytes());
        }
    }
    frame.extend(text.as_bytes());
    frame
}

/// The frames of both paths.
struct Paths {
    socketio: Frames,
    plain: Frames,
}

/// How far a connection has come.
enum State {
    /// Its request has not come whole.
    Head(Vec<u8>),
    /// Engine.IO is open, and Socket.IO's packet to connect has not come.
    Opened,
    Reading,
}

struct Reader {
    socket: TcpStream,
    state: State,
    is_socketio: bool,
    next: usize,
}

impl Reader {
    /// Reads what has come. Returns whether the reading began with it; an error ends the connection.
    fn receive(&mut self, paths: &Paths) -> io::Result<bool> {
        let mut buffer = [0; 4096];
        let mut begins = false;
        loop {
            let bytes = match self.socket.read(&mut buffer) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(length) => &buffer[..length],
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(begins),
                Err(error) => return Err(error),
            };
            begins |= match &mut self.state {
                State::Head(head) => {
                    head.extend(bytes);
                    if !head.ends_with(b"\r\n\r\n") {
                        continue;
                    }
                    let answer = answer(head).ok_or(ErrorKind::InvalidData)?;
                    self.is_socketio = head.starts_with(b"GET /socket.io/");
                    self.state = State::Opened;
                    self.write(answer.as_bytes())?;
                    if self.is_socketio {
                        self.write(&paths.socketio.greeting)?;
                        false
                    } else {
                        self.begin(&paths.plain)?
                    }
                }
                State::Opened => self.begin(&paths.socketio)?,
                // A client says nothing that is listened to, except that it leaves.
                State::Reading if bytes[0] & 0x0f == 8 => return Err(ErrorKind::ConnectionAborted.into()),
                State::Reading => false,
            };
        }
    }

    fn begin(&mut self, frames: &Frames) -> io::Result<bool> {
        self.state = State::Reading;
        self.write(&frames.opening)?;
        self.send_stanza(frames)?;
        Ok(true)
    }

    /// Sends the next stanza; an error also when that was the last one.
    fn send_stanza(&mut self, frames: &Frames) -> io::Result<()> {
        let Some(stanza) = frames.stanzas.get(self.next) else {
            self.write(CLOSE)?;
            return Err(ErrorKind::ConnectionAborted.into());
        };
        self.next += 1;
        self.write(stanza)
    }

    /// Writes it whole, or fails.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.socket.write(bytes)? {
            written if written == bytes.len() => Ok(()),
            _ => Err(ErrorKind::WriteZero.into()),
        }
    }
}

/// The answer that opens a WebSocket (RFC 6455, 4.2.2), if this is a request for one.
fn answer(head: &[u8]) -> Option<String> {
    let head = std::str::from_utf8(head).ok()?;
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("sec-websocket-key").then(|| derive_accept_key(value.trim().as_bytes()))
    };
    let accept = head.lines().find_map(header)?;
    Some(format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    ))
}

/// The loop and all that it knows.
struct Floor {
    poll: Poll,
    listener: TcpListener,
    paths: Paths,
    interval: Duration,
    /// A place is never used twice, so that what is due finds its reader or none.
    readers: Vec<Option<Reader>>,
    /// When each reader's next stanza is due. All have the same interval, so that a queue is in order.
    due: VecDeque<(Instant, usize)>,
}

impl Floor {
    fn new(mut listener: TcpListener, stanzas: &[Value], interval_ms: u64) -> io::Result<Self> {
        let poll = Poll::new()?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let opening = json!({
            "edition": "floor", "of": stanzas.len(), "from": 0, "intervalMs": interval_ms, "node": "floor",
        });
        Ok(Self {
            poll,
            listener,
            paths: Paths {
                socketio: Frames::socketio(stanzas, &opening),
                plain: Frames::plain(stanzas, &opening),
            },
            interval: Duration::from_millis(interval_ms),
            readers: Vec::new(),
            due: VecDeque::new(),
        })
    }

    fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        loop {
            let wait = self.due.front().map(|(at, _)| at.saturating_duration_since(Instant::now()));
            match self.poll.poll(&mut events, wait) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
            for event in &events {
                match event.token() {
                    LISTENER => self.accept()?,
                    Token(place) => self.receive(place),
                }
            }
            self.send_due(Instant::now());
        }
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            let mut socket = match self.listener.accept() {
                Ok((socket, _)) => socket,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            socket.set_nodelay(true)?;
            self.poll.registry().register(&mut socket, Token(self.readers.len()), Interest::READABLE)?;
            let state = State::Head(Vec::new());
            self.readers.push(Some(Reader { socket, state, is_socketio: false, next: 0 }));
        }
    }

    fn receive(&mut self, place: usize) {
        let Some(reader) = &mut self.readers[place] else { return };
        match reader.receive(&self.paths) {
            Ok(true) => self.due.push_back((Instant::now() + self.interval, place)),
            Ok(false) => {}
            Err(_) => self.readers[place] = None,
        }
    }

    fn send_due(&mut self, now: Instant) {
        while let Some((at, place)) = self.due.pop_front_if(|(at, _)| *at <= now) {
            let Some(reader) = &mut self.readers[place] else { continue };
            let frames = if reader.is_socketio { &self.paths.socketio } else { &self.paths.plain };
            match reader.send_stanza(frames) {
                Ok(()) => self.due.push_back((at + self.interval, place)),
                Err(_) => self.readers[place] = None,
            }
        }
    }
}
