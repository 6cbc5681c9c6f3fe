//! [`RequestLines`]: follows a connection from iisnode from one request head to the next, and repairs the request
//! lines. Pure.
//!
//! It measures bodies by their Content-Length and never guesses: if it cannot tell exactly where the next head starts
//! (chunked bodies, upgrades, contradictions), it stops for good. If it mistook a body for a head, a client could
//! smuggle requests past the host.

use super::repair::repair_line;

/// The longest line that is held back for repair, in bytes: the most that http.sys accepts for a whole head by default
/// (MicrosoftDocs support-http-sys-registry-windows.md, MaxRequestBytes).
const HELD: usize = 16 * 1024;

/// How many bytes of a header are kept: enough for the names and numbers that matter.
const HEADER: usize = 64;

/// The position in a connection's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    #[default]
    Line,
    /// In a request line that is no longer held back.
    RestOfLine,
    Headers,
    /// In a body with this many bytes to come.
    Body(u64),
    /// Unknown.
    Lost,
}

/// Follows one connection.
#[derive(Debug, Default)]
pub(super) struct RequestLines {
    place: Place,
    /// What has arrived of the line: the request line, or the start of a header.
    line: Vec<u8>,
    /// The length of the current header so far, in bytes.
    header_bytes: usize,
    /// The length of the body that follows this head.
    length: Option<u64>,
    /// Whether the start of the next head cannot be told.
    unclear: bool,
}

impl RequestLines {
    /// Whether so many next bytes are nothing to look at; they are counted.
    pub(super) fn passes(&mut self, bytes: usize) -> bool {
        match &mut self.place {
            Place::Lost => true,
            Place::Body(rest) if *rest > bytes as u64 => {
                *rest -= bytes as u64;
                true
            }
            _ => false,
        }
    }

    /// Takes the next bytes, and appends to `out` what the server should read now.
    pub(super) fn feed(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        while !bytes.is_empty() {
            let (part, rest) = match self.place {
                Place::Lost => (bytes, &[][..]),
                Place::Body(left) => {
                    bytes.split_at(usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len()))
                }
                Place::Line | Place::RestOfLine | Place::Headers => {
                    let end = bytes.iter().position(|byte| *byte == b'\n');
                    bytes.split_at(end.map_or(bytes.len(), |end| end + 1))
                }
            };
            if self.place == Place::Line {
                self.request_line(part, out);
            } else {
                out.extend(part);
                self.follow(part);
            }
            bytes = rest;
        }
    }

    /// The bytes held back, when nothing follows.
    pub(super) fn end(&mut self, out: &mut Vec<u8>) {
        if self.place == Place::Line {
            out.append(&mut self.line);
        }
        self.place = Place::Lost;
    }

    /// Whether nothing more will be changed.
    pub(super) fn is_done(&self) -> bool {
        self.place == Place::Lost
    }

    /// Takes more of a request line, at most to its end.
    fn request_line(&mut self, part: &[u8], out: &mut Vec<u8>) {
        self.line.extend(part);
        match &*self.line {
            // Servers ignore empty lines before a request (RFC 9112, 2.2).
            b"\n" | b"\r\n" => return out.append(&mut self.line),
            b"\r" => return,
            _ => {}
        }
        let is_whole = part.ends_with(b"\n");
        // Anything else goes to the server at once: it may never end.
        let is_held = self.line.len() <= HELD && self.line[0].is_ascii_alphabetic() && !part.contains(&0);
        if is_held && !is_whole {
            return;
        }
        let line = std::mem::take(&mut self.line);
        (self.unclear, self.length) = (line.starts_with(b"CONNECT "), None);
        self.place = if is_whole { Place::Headers } else { Place::RestOfLine };
        out.extend(if is_held { repair_line(&line) } else { None }.unwrap_or(line));
    }

    /// Notes where a part that was passed on leads: of a line, at most to its end; or of a body.
    fn follow(&mut self, part: &[u8]) {
        match self.place {
            Place::Body(left) => self.place = body(left - part.len() as u64),
            Place::RestOfLine if part.ends_with(b"\n") => self.place = Place::Headers,
            Place::Headers => self.header(part),
            Place::Line | Place::RestOfLine | Place::Lost => {}
        }
    }

    fn header(&mut self, part: &[u8]) {
        self.line.extend(&part[..part.len().min(HEADER - self.line.len())]);
        self.header_bytes += part.len();
        if !part.ends_with(b"\n") {
            return;
        }
        let (line, bytes) = (std::mem::take(&mut self.line), std::mem::take(&mut self.header_bytes));
        match &*line {
            b"\n" | b"\r\n" if self.unclear => self.place = Place::Lost,
            b"\n" | b"\r\n" => self.place = body(self.length.unwrap_or(0)),
            header => self.frame(header, bytes <= HEADER),
        }
    }

    /// What a header says about the body and what follows it.
    fn frame(&mut self, header: &[u8], is_whole: bool) {
        let colon = header.iter().position(|byte| *byte == b':').unwrap_or(header.len());
        let (name, value) = header.split_at(colon);
        let is = |known: &[u8]| name.trim_ascii().eq_ignore_ascii_case(known);
        if is(b"content-length") {
            let length = parse_length(value.get(1..).unwrap_or_default().trim_ascii());
            self.unclear |= !is_whole || length.is_none() || self.length.is_some();
            self.length = length;
        }
        self.unclear |= is(b"transfer-encoding") || is(b"upgrade");
    }
}

/// The position when this many bytes of a body are to come.
fn body(length: u64) -> Place {
    if length == 0 { Place::Line } else { Place::Body(length) }
}

/// A Content-Length; none if there is any doubt about it.
fn parse_length(digits: &[u8]) -> Option<u64> {
    let plain = !digits.is_empty() && digits.len() < 20 && digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits).ok().filter(|_| plain)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the server reads when these bytes come at once, and one by one: the same.
    fn pass(bytes: &[u8]) -> String {
        let (mut whole, mut single) = (Vec::new(), Vec::new());
        let (mut once, mut slowly) = (RequestLines::default(), RequestLines::default());
        once.feed(bytes, &mut whole);
        for byte in bytes.chunks(1) {
            slowly.feed(byte, &mut single);
        }
        assert_eq!((once.place, &whole), (slowly.place, &single), "{}", bytes.escape_ascii());
        once.end(&mut whole);
        String::from_utf8(whole).unwrap()
    }

    #[test]
    fn what_has_no_end_is_passed_on_at_once() {
        for bytes in [&b"\x16\x03\x01"[..], b"G\0", b"\r\n\r\n\0\r\nQUIT"] {
            let mut out = Vec::new();
            RequestLines::default().feed(bytes, &mut out);
            assert_eq!(out, bytes);
        }
        let long = [b'x'; HELD + 1];
        assert_eq!(pass(&long).len(), long.len());
    }

    #[test]
    fn heads_are_found_after_bodies_and_bodies_are_left_alone() {
        let first = "POST /a b HTTP/1.1\r\nContent-Length: 21\r\n\r\nGET /c d HTTP/1.1\r\n\r\n";
        let both = format!("{first}\r\n\nGET /e f HTTP/1.1\r\n\r\n");
        assert_eq!(pass(both.as_bytes()), both.replace("/a b", "/a%20b").replace("/e f", "/e%20f"));
    }

    #[test]
    fn where_the_next_head_starts_is_never_guessed() {
        let spaces = " ".repeat(HEADER - "Content-Length:1".len());
        for header in [
            "Transfer-Encoding: chunked",
            "Upgrade: websocket",
            "Content-Length: 1\r\nContent-Length: 1",
            "Content-Length: +1",
            "Content-Length: 1, 1",
            "Content-Length: 99999999999999999999999",
            "Content-Length:",
            // Of which only "1" is kept.
            &format!("Content-Length:{spaces}10"),
        ] {
            let bytes = format!("GET / HTTP/1.1\r\n{header}\r\n\r\nGET /a b HTTP/1.1\r\n\r\n");
            assert_eq!(pass(bytes.as_bytes()), bytes, "{header}");
        }
        let connect = format!("CONNECT {} HTTP/1.1\r\n\r\nGET /a b HTTP/1.1\r\n\r\n", "x".repeat(HELD));
        assert_eq!(pass(connect.as_bytes()), connect);
    }
}
