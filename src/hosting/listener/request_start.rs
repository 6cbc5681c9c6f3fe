//! [`RequestStart`]: the first line of the latest request, in case it is refused. Pure.
//!
//! It does not parse requests: it takes the bytes after an answer for the next request. It is wrong only for a peer
//! that sends requests without waiting for answers, which proxies do not do.

/// How many bytes of a request line are kept.
const KEPT: usize = 1024;

/// The first bytes since the last answer.
#[derive(Debug, Default)]
pub(super) struct RequestStart {
    line: Vec<u8>,
    /// Whether the line is complete.
    whole: bool,
}

impl RequestStart {
    /// Notes bytes that were read.
    pub(super) fn read(&mut self, bytes: &[u8]) {
        if self.whole {
            return;
        }
        let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
        // Servers ignore empty lines before a request (RFC 9112, 2.2).
        let begin = if self.line.iter().all(is_end) {
            bytes.iter().position(|byte| !is_end(byte)).unwrap_or(bytes.len())
        } else {
            0
        };
        let end = bytes[begin..].iter().position(|byte| *byte == b'\n').map(|at| begin + at + 1);
        let part = &bytes[..end.unwrap_or(bytes.len())];
        self.line.extend(&part[..part.len().min(KEPT - self.line.len())]);
        self.whole = end.is_some();
    }

    /// Notes that an answer was written: the line is no longer needed.
    pub(super) fn answered(&mut self) {
        *self = Self::default();
    }

    /// The line, or as much as there is of it; empty if nothing arrived since the last answer.
    pub(super) fn request_line(&self) -> &[u8] {
        &self.line
    }

    /// Whether the line has started and may continue.
    pub(super) fn is_within_line(&self) -> bool {
        !self.line.is_empty() && !self.whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_that_of_the_first_request_without_an_answer() {
        for size in 1..70 {
            let mut start = RequestStart::default();
            let read =
                |start: &mut RequestStart, bytes: &[u8]| bytes.chunks(size).for_each(|part| start.read(part));
            read(&mut start, b"GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
            assert_eq!((start.request_line(), start.is_within_line()), (&b"GET /1 HTTP/1.1\r\n"[..], false));
            start.answered();
            assert_eq!(
                (start.request_line(), start.is_within_line()),
                (&b""[..], false),
                "rather none than a wrong one"
            );
            read(&mut start, b"\r\n\nGET /3");
            assert_eq!((start.request_line(), start.is_within_line()), (&b"\r\n\nGET /3"[..], true));
            read(&mut start, format!("{} HTTP/1.1\r\nX", "x".repeat(5000)).as_bytes());
            assert_eq!((start.request_line().len(), start.is_within_line()), (KEPT, false));
            start.answered();
            read(&mut start, &[b'x'; 5000]);
            assert_eq!((start.request_line().len(), start.is_within_line()), (KEPT, true));
        }
    }
}
