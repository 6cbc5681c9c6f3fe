//! [`FrameReader`]: what the server's frames say about a connection of HTTP/2 (RFC 9113, 4 and 6). Pure: it reads beside the client,
//! which keeps to itself what a server offers, why it goes away, and which header was wrong.

use loona_hpack::Decoder;

use crate::probe::evidence::{ForbiddenHeader, GoAway, Http2Connection, Http2Settings, StreamReset};

/// The header of a frame: length, type, flags, stream.
const HEADER: usize = 9;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;

const ACK: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;

/// The largest frame that we let a server send: the default (6.5.2).
const MAX_FRAME: usize = 16_384;
/// The largest block of headers that is looked into.
const MAX_BLOCK: usize = 4 * MAX_FRAME;
/// How many resets, GOAWAY frames and forbidden headers are kept.
const KEPT: usize = 16;
/// How much is kept of the text in a GOAWAY frame.
const DEBUG: usize = 200;

/// The names of codes (7), in their order.
const CODES: [&str; 14] = [
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
];

/// The name of a code.
pub(super) fn code_name(code: u32) -> String {
    let known = usize::try_from(code).ok().and_then(|code| CODES.get(code));
    known.map_or_else(|| format!("code {code}"), |name| (*name).to_owned())
}

/// Whether a header is one of a connection, which HTTP/2 forbids (8.2.2), or its name is not in lower case (8.2.1).
fn is_forbidden(name: &[u8], value: &[u8]) -> bool {
    match name {
        b"connection" | b"keep-alive" | b"proxy-connection" | b"transfer-encoding" | b"upgrade" => true,
        b"te" => value != b"trailers",
        _ => name.iter().any(u8::is_ascii_uppercase),
    }
}

/// Reads the server's frames as their bytes arrive.
pub(crate) struct FrameReader {
    state: State,
    decoder: Decoder<'static>,
    /// The stream and the fragments of a block of headers that is not whole.
    block: Option<(u32, Vec<u8>)>,
    /// Whether a ping was answered.
    pub(super) pong: bool,
    /// What was seen.
    pub(crate) seen: Http2Connection,
}

enum State {
    /// In a header, or in a frame that is looked into: what has come of it.
    Gathering(Vec<u8>),
    /// In one that is not: how much is to come.
    Skipping(usize),
    /// What came is not HTTP/2, or not to be followed.
    Lost,
}

impl Default for FrameReader {
    fn default() -> Self {
        Self {
            state: State::Gathering(Vec::new()),
            decoder: Decoder::new(),
            block: None,
            pong: false,
            seen: Http2Connection::default(),
        }
    }
}

impl FrameReader {
    /// Whether what came is not HTTP/2: a server's first frame has its settings (3.4).
    pub(super) fn is_lost(&self) -> bool {
        matches!(self.state, State::Lost)
    }

    /// Takes the next bytes; `now_ms` is the time since the probe began.
    pub(crate) fn feed(&mut self, mut bytes: &[u8], now_ms: u64) {
        while !bytes.is_empty() {
            match &mut self.state {
                State::Lost => return,
                State::Skipping(rest) => {
                    let count = bytes.len().min(*rest);
                    *rest -= count;
                    bytes = &bytes[count..];
                    if *rest == 0 {
                        self.state = State::Gathering(Vec::new());
                    }
                }
                State::Gathering(gathered) => {
                    let wanted = wanted(gathered);
                    let count = bytes.len().min(wanted - gathered.len());
                    gathered.extend_from_slice(&bytes[..count]);
                    bytes = &bytes[count..];
                    if gathered.len() == wanted {
                        let gathered = std::mem::take(gathered);
                        self.state = self.take(gathered, now_ms);
                    }
                }
            }
        }
    }

    /// Takes a header of a frame, or a whole frame.
    fn take(&mut self, gathered: Vec<u8>, now_ms: u64) -> State {
        let length = length_of(&gathered);
        let (kind, flags) = (gathered[3], gathered[4]);
        let stream = u32_at(&gathered, 5) & 0x7fff_ffff;
        if self.seen.settings.is_none() && kind != SETTINGS && kind != GOAWAY {
            return State::Lost;
        }
        if gathered.len() == HEADER && length > 0 {
            return match kind {
                HEADERS | RST_STREAM | SETTINGS | PING | GOAWAY | CONTINUATION if length <= MAX_FRAME => {
                    State::Gathering(gathered)
                }
                // We do not let servers push; one that does so all the same changes the table of headers.
                HEADERS | RST_STREAM | SETTINGS | PUSH_PROMISE | PING | GOAWAY | CONTINUATION => State::Lost,
                _ => State::Skipping(length),
            };
        }
        let content = &gathered[HEADER..];
        match kind {
            PING if flags & ACK != 0 => self.pong = true,
            SETTINGS if flags & ACK == 0 => self.seen.settings = Some(settings(content)),
            RST_STREAM if content.len() == 4 && self.seen.resets.len() < KEPT => {
                let code = code_name(u32_at(content, 0));
                self.seen.resets.push(StreamReset { at_ms: now_ms, stream, code });
            }
            GOAWAY if content.len() >= 8 && self.seen.go_aways.len() < KEPT => {
                let text = &content[8..content.len().min(8 + DEBUG)];
                self.seen.go_aways.push(GoAway {
                    at_ms: now_ms,
                    code: code_name(u32_at(content, 4)),
                    last_stream: u32_at(content, 0) & 0x7fff_ffff,
                    debug: text.escape_ascii().to_string(),
                });
            }
            HEADERS | CONTINUATION => return self.headers(kind, flags, stream, content),
            _ => {}
        }
        State::Gathering(Vec::new())
    }

    /// Takes a part of a block of headers. Each has to be read, even if nobody wants it, since later ones build on it (RFC 7541, 2.3.2).
    fn headers(&mut self, kind: u8, flags: u8, stream: u32, content: &[u8]) -> State {
        let fragment = if kind == HEADERS { fragment(flags, content) } else { Some(content) };
        let Some(fragment) = fragment else { return State::Lost };
        let (_, block) = self.block.get_or_insert_with(|| (stream, Vec::new()));
        block.extend_from_slice(fragment);
        if block.len() > MAX_BLOCK {
            return State::Lost;
        }
        if flags & END_HEADERS != 0 {
            let (stream, block) = self.block.take().unwrap_or_default();
            let found = &mut self.seen.forbidden;
            let read = self.decoder.decode_with_cb(&block, |name, value| {
                if is_forbidden(&name, &value) && found.len() < KEPT {
                    found.push(ForbiddenHeader { stream, name: name.escape_ascii().to_string() });
                }
            });
            if read.is_err() {
                return State::Lost;
            }
        }
        State::Gathering(Vec::new())
    }
}

/// How long what is gathered has to be: a header, and then the frame.
fn wanted(gathered: &[u8]) -> usize {
    if gathered.len() < HEADER { HEADER } else { HEADER + length_of(gathered) }
}

/// The length of the content of a frame, by its header.
fn length_of(header: &[u8]) -> usize {
    u32::from_be_bytes([0, header[0], header[1], header[2]]) as usize
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// The part of a HEADERS frame that has headers in it (6.2): without padding and priority.
fn fragment(flags: u8, content: &[u8]) -> Option<&[u8]> {
    let (padding, content) = match flags & PADDED {
        0 => (0, content),
        _ => (usize::from(*content.first()?), &content[1..]),
    };
    let content = if flags & PRIORITY == 0 { content } else { content.get(5..)? };
    content.get(..content.len().checked_sub(padding)?)
}

/// The settings in a frame; of a setting that stands twice, the last one counts (6.5.3).
fn settings(content: &[u8]) -> Http2Settings {
    let mut settings = Http2Settings::default();
    for setting in content.chunks_exact(6) {
        let value = u32_at(setting, 2);
        match u16::from_be_bytes([setting[0], setting[1]]) {
            3 => settings.max_concurrent_streams = Some(value),
            4 => settings.initial_window_size = Some(value),
            5 => settings.max_frame_size = Some(value),
            6 => settings.max_header_list_size = Some(value),
            8 => settings.extended_connect = value == 1,
            _ => {}
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATA: u8 = 0;

    fn frame(kind: u8, flags: u8, stream: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[0, length[0], length[1], kind, flags, 0, 0, 0, stream], content].concat()
    }

    /// What is seen of these frames, cut into pieces of any size.
    fn seen(frames: &[Vec<u8>]) -> Http2Connection {
        let bytes = frames.concat();
        let read = |size: usize| {
            let mut reader = FrameReader::default();
            bytes.chunks(size).for_each(|piece| reader.feed(piece, 7));
            assert!(!reader.is_lost());
            reader.seen
        };
        let whole = read(bytes.len());
        for size in 1..bytes.len() {
            assert_eq!(read(size), whole, "in pieces of {size}");
        }
        whole
    }

    /// A header without Huffman's code that is not indexed (RFC 7541, 6.2.2).
    fn header(name: &str, value: &str) -> Vec<u8> {
        [&[0, name.len() as u8], name.as_bytes(), &[value.len() as u8], value.as_bytes()].concat()
    }

    #[test]
    fn settings_resets_and_goaway() {
        let settings = [[0, 3, 0, 0, 0, 100], [0, 8, 0, 0, 0, 1], [0, 99, 0, 0, 0, 1]].concat();
        let seen = seen(&[
            frame(SETTINGS, 0, 0, &settings),
            frame(SETTINGS, ACK, 0, &[]),
            frame(DATA, 0, 1, b"abc"),
            frame(RST_STREAM, 0, 3, &[0, 0, 0, 7]),
            frame(GOAWAY, 0, 0, b"\x00\x00\x00\x05\x00\x00\x00\x0bslow\n"),
        ]);
        let offered = Http2Settings {
            max_concurrent_streams: Some(100),
            extended_connect: true,
            ..Http2Settings::default()
        };
        assert_eq!(seen.settings, Some(offered));
        assert_eq!(seen.resets, [StreamReset { at_ms: 7, stream: 3, code: "REFUSED_STREAM".into() }]);
        let debug = "slow\\n".to_owned();
        assert_eq!(
            seen.go_aways,
            [GoAway { at_ms: 7, code: "ENHANCE_YOUR_CALM".into(), last_stream: 5, debug }]
        );
    }

    #[test]
    fn forbidden_headers() {
        let status = &[0x88][..];
        let (first, second) = (header("keep-alive", "timeout=5"), header("X-Up", "1"));
        let padded = [&[2], status, &first[..], &[0, 0]].concat();
        let weighted = [&[0, 0, 0, 0, 16], status, &header("content-type", "text/html")[..]].concat();
        let seen = seen(&[
            frame(SETTINGS, 0, 0, &[]),
            frame(HEADERS, END_HEADERS | PADDED, 1, &padded),
            frame(HEADERS, END_HEADERS | PRIORITY, 3, &weighted),
            frame(HEADERS, 0, 5, &[status, &second[..3]].concat()),
            frame(CONTINUATION, END_HEADERS, 5, &second[3..]),
        ]);
        let forbidden = |stream, name: &str| ForbiddenHeader { stream, name: name.to_owned() };
        assert_eq!(seen.forbidden, [forbidden(1, "keep-alive"), forbidden(5, "X-Up")]);
    }

    #[test]
    fn what_is_not_followed() {
        for bytes in [
            &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
            &frame(DATA, 0, 1, b"x"),
            &[frame(SETTINGS, 0, 0, &[]), frame(HEADERS, END_HEADERS | PADDED, 1, &[9, 0x88])].concat(),
            &[frame(SETTINGS, 0, 0, &[]), frame(HEADERS, END_HEADERS, 1, &[0xff; 9])].concat(),
            b"\x00\xff\xff\x04\x00\x00\x00\x00\x00",
        ] {
            let mut reader = FrameReader::default();
            reader.feed(bytes, 0);
            assert!(reader.is_lost(), "{bytes:?}");
        }
    }
}
