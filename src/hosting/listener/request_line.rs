//! [`Scanner`]: follows the bytes of a connection from one request's head to the next, keeps the newest
//! request line for the day it is refused, and repairs what only a host could have broken in it. Pure.
//!
//! It counts bodies by their Content-Length and never guesses: where it cannot tell exactly where the next
//! head starts (chunked bodies, upgrades, contradictions) it stops looking, for good. A scanner that took a
//! body for a head would let a client smuggle requests past the host.

use super::repair::{PREFACE, repair_line};

/// How much of a request line is kept.
const KEPT: usize = 1024;

/// The longest line that is held back to be repaired: as much as http.sys takes of a whole head by default
/// (MicrosoftDocs support-http-sys-registry-windows.md, MaxRequestBytes).
const HELD: usize = 16 * 1024;

/// Where in a connection's bytes we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Line,
    Headers,
    /// In a body of which so many bytes are to come.
    Body(u64),
    /// Nobody knows.
    Blind,
}

/// Follows one connection.
#[derive(Debug)]
pub(super) struct Scanner {
    place: Place,
    /// Whether the host decodes URLs and copies versions, so that lines are to be repaired (iisnode).
    repairs: bool,
    /// The line that is being read: of the request, or the start of a header.
    line: Vec<u8>,
    /// Whether bytes of the line were passed on already.
    passed: bool,
    /// The line of the first request without an answer.
    kept: Vec<u8>,
    /// The length of the body that follows this head.
    length: Option<u64>,
    /// Whether where the next head starts cannot be told.
    blind: bool,
}

impl Scanner {
    /// A scanner at the start of a connection.
    pub(super) fn new(repairs: bool) -> Self {
        Self {
            place: Place::Line,
            repairs,
            line: Vec::new(),
            passed: false,
            kept: Vec::new(),
            length: None,
            blind: false,
        }
    }

    /// Whether so many next bytes are nothing to look at; they are counted.
    pub(super) fn skips(&mut self, bytes: usize) -> bool {
        match &mut self.place {
            Place::Blind => true,
            Place::Body(rest) if *rest > bytes as u64 => {
                *rest -= bytes as u64;
                true
            }
            _ => false,
        }
    }

    /// Looks at the next bytes, and adds to `out` what the server is to read now.
    pub(super) fn feed(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        while !bytes.is_empty() {
            let taken = match self.place {
                Place::Blind => {
                    out.extend(bytes);
                    bytes.len()
                }
                Place::Body(rest) => {
                    let taken = usize::try_from(rest).unwrap_or(usize::MAX).min(bytes.len());
                    out.extend(&bytes[..taken]);
                    self.place = match rest - taken as u64 {
                        0 => Place::Line,
                        rest => Place::Body(rest),
                    };
                    taken
                }
                Place::Line => self.request_line(bytes, out),
                Place::Headers => self.header(bytes, out),
            };
            bytes = &bytes[taken..];
        }
    }

    /// What is held back, since nothing follows.
    pub(super) fn end(&mut self, out: &mut Vec<u8>) {
        if self.place == Place::Line && !self.passed {
            out.extend(&self.line);
        }
        self.give_up();
    }

    /// An answer was written: the line is not needed any more.
    pub(super) fn answered(&mut self) {
        self.kept = Vec::new();
    }

    /// The connection is a tunnel from now on.
    pub(super) fn give_up(&mut self) {
        self.keep();
        self.line = Vec::new();
        self.place = Place::Blind;
    }

    /// The first bytes of the first request without an answer; empty if they were not kept.
    pub(super) fn newest(&self) -> &[u8] {
        match self.place {
            Place::Line if self.kept.is_empty() => &self.line,
            _ => &self.kept,
        }
    }

    /// Whether a request line has begun and not ended.
    pub(super) fn is_within_line(&self) -> bool {
        self.place == Place::Line && !self.line.is_empty()
    }

    fn keep(&mut self) {
        if self.place == Place::Line && self.kept.is_empty() {
            self.kept = self.line[..self.line.len().min(KEPT)].to_vec();
        }
    }

    fn request_line(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> usize {
        let end = bytes.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        let part = &bytes[..end.unwrap_or(bytes.len())];
        let held = self.line.len();
        let room = if self.passed { KEPT } else { HELD };
        self.line.extend(&part[..part.len().min(room.saturating_sub(held))]);
        if self.passed {
            out.extend(part);
        } else if held + part.len() > HELD || !self.may_be_held() {
            out.extend(&self.line[..held]);
            out.extend(part);
            self.line.truncate(KEPT);
            self.passed = true;
        }
        if end.is_none() {
            return part.len();
        }
        if self.line.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
            // Empty lines before a request are overlooked (RFC 9112, 2.2).
            if self.line.len() > 8 {
                self.give_up();
            }
            return part.len();
        }
        self.keep();
        if !self.passed {
            match repair_line(&self.line, self.repairs) {
                Some(line) => out.extend(line),
                None => out.extend(&self.line),
            }
        }
        self.blind = self.line.starts_with(b"CONNECT ");
        (self.line, self.passed, self.length) = (Vec::new(), false, None);
        self.place = Place::Headers;
        part.len()
    }

    /// Whether the line so far may need repair. Anything else is the server's to judge at once: it may
    /// have no end.
    fn may_be_held(&self) -> bool {
        PREFACE.starts_with(&self.line)
            || (self.repairs
                && self.line.first().is_some_and(u8::is_ascii_alphabetic)
                && !self.line.contains(&0))
    }

    fn header(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> usize {
        // Enough for the names and numbers that matter; one that does not fit makes no sense.
        const START: usize = 64;
        let end = bytes.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        let part = &bytes[..end.unwrap_or(bytes.len())];
        out.extend(part);
        self.line.extend(&part[..part.len().min(START.saturating_sub(self.line.len()))]);
        if end.is_none() {
            return part.len();
        }
        let line = std::mem::take(&mut self.line);
        match line.trim_ascii() {
            b"" => {
                self.place = match (self.blind, self.length.unwrap_or(0)) {
                    (true, _) => Place::Blind,
                    (false, 0) => Place::Line,
                    (false, length) => Place::Body(length),
                };
            }
            header => self.frame(header),
        }
        part.len()
    }

    /// What a header says of the body and of what follows it.
    fn frame(&mut self, header: &[u8]) {
        let colon = header.iter().position(|byte| *byte == b':').unwrap_or(header.len());
        let (name, value) = header.split_at(colon);
        if name.eq_ignore_ascii_case(b"content-length") {
            let digits = value.get(1..).unwrap_or_default().trim_ascii();
            let length = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
            let plain = digits.iter().all(u8::is_ascii_digit) && digits.len() < 20;
            self.blind |= !plain || length.is_none() || self.length.is_some();
            self.length = length;
        }
        self.blind |=
            name.eq_ignore_ascii_case(b"transfer-encoding") || name.eq_ignore_ascii_case(b"upgrade");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the server reads when these bytes come at once, and one by one: the same.
    fn passed(repairs: bool, bytes: &[u8]) -> String {
        let (mut whole, mut single) = (Vec::new(), Vec::new());
        let (mut once, mut slowly) = (Scanner::new(repairs), Scanner::new(repairs));
        once.feed(bytes, &mut whole);
        for byte in bytes.chunks(1) {
            slowly.feed(byte, &mut single);
        }
        assert_eq!((once.place, &whole), (slowly.place, &single), "{}", bytes.escape_ascii());
        assert_eq!(once.newest(), slowly.newest());
        once.end(&mut whole);
        String::from_utf8(whole).unwrap()
    }

    #[test]
    fn what_has_no_end_is_passed_on_at_once() {
        for (repairs, bytes) in
            [(false, &b"GET /"[..]), (false, b"PRX"), (true, b"\x16\x03\x01"), (true, b"G\0")]
        {
            let mut out = Vec::new();
            Scanner::new(repairs).feed(bytes, &mut out);
            assert_eq!(out, bytes);
        }
        let long = [b'x'; HELD + 1];
        assert_eq!(passed(true, &long).len(), long.len());
    }

    #[test]
    fn heads_are_found_after_bodies_and_bodies_are_left_alone() {
        let first = "POST /a b HTTP/1.1\r\nContent-Length: 21\r\n\r\nGET /c d HTTP/1.1\r\n\r\n";
        let both = format!("{first}GET /e f HTTP/1.1\r\n\r\n");
        assert_eq!(passed(true, both.as_bytes()), both.replace("/a b", "/a%20b").replace("/e f", "/e%20f"),);
    }

    #[test]
    fn where_the_next_head_starts_is_never_guessed() {
        for header in [
            "Transfer-Encoding: chunked",
            "Upgrade: websocket",
            "Content-Length: 1\r\nContent-Length: 1",
            "Content-Length: +1",
            "Content-Length: 1, 1",
            "Content-Length: 99999999999999999999999",
            "Content-Length:",
        ] {
            let bytes = format!("GET / HTTP/1.1\r\n{header}\r\n\r\nGET /a b HTTP/1.1\r\n\r\n");
            assert_eq!(passed(true, bytes.as_bytes()), bytes, "{header}");
        }
    }

    #[test]
    fn the_line_is_that_of_the_first_request_without_an_answer() {
        let mut scanner = Scanner::new(false);
        let feed = |scanner: &mut Scanner, bytes: &[u8]| scanner.feed(bytes, &mut Vec::new());
        feed(&mut scanner, b"GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
        assert_eq!(scanner.newest(), b"GET /1 HTTP/1.1\r\n");
        scanner.answered();
        assert_eq!(scanner.newest(), b"", "rather none than a wrong one");
        feed(&mut scanner, b"GET /3");
        assert_eq!(scanner.newest(), b"GET /3");
        feed(&mut scanner, format!("{} HTTP/1.1\r\nX", "x".repeat(5000)).as_bytes());
        assert_eq!(scanner.newest().len(), KEPT);
    }
}
