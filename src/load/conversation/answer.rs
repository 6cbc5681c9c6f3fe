//! [`Answer`]: the head of an HTTP answer, and what a refusal says in the server's own words.

use super::{Stop, body::Body};

/// The most headers that an answer may have.
const HEADERS: usize = 64;

/// The most bytes that a head may take: more than any server sends.
const LARGEST_HEAD: usize = 64 * 1024;

/// How much of a refusal's text is shown, in letters.
const SHOWN: usize = 160;

/// What is of use in a head.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    reason: String,
    /// The media type, in lower case, without parameters.
    pub(super) media_type: String,
    /// Whether the server closes the connection after this answer.
    pub(super) closes: bool,
    /// `Sec-WebSocket-Accept`.
    pub(super) accept: Option<Vec<u8>>,
    pub(super) body: Body,
    /// The bytes of the head.
    pub(super) size: usize,
}

impl Answer {
    /// Reads a head, and tells each cookie that it sets; none while it has not come as a whole.
    ///
    /// # Errors
    /// When this is not HTTP.
    pub(super) fn read(input: &[u8], set_cookie: &mut dyn FnMut(&str)) -> Result<Option<Self>, Stop> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut head = httparse::Response::new(&mut headers);
        let size = match head.parse(input) {
            Ok(httparse::Status::Complete(size)) => size,
            Ok(httparse::Status::Partial) if input.len() <= LARGEST_HEAD => return Ok(None),
            Ok(httparse::Status::Partial) => {
                return Err(Stop::Refused(format!(
                    "the answer's head is longer than {LARGEST_HEAD} bytes; is this a web server?"
                )));
            }
            Err(error) => {
                return Err(Stop::Refused(format!(
                    "the answer is not HTTP ({error}); check the port, and whether it wants https"
                )));
            }
        };
        let mut answer = Self {
            status: head.code.unwrap_or_default(),
            reason: head.reason.unwrap_or_default().to_owned(),
            media_type: String::new(),
            closes: head.version == Some(0),
            accept: None,
            body: Body::UntilClose,
            size,
        };
        let mut length = None;
        let mut chunked = false;
        for header in head.headers.iter() {
            let value = String::from_utf8_lossy(header.value);
            let is = |name: &str| header.name.eq_ignore_ascii_case(name);
            if is("content-length") {
                length = value.trim().parse().ok();
            } else if is("transfer-encoding") {
                chunked = value.to_ascii_lowercase().contains("chunked");
            } else if is("content-type") {
                let media_type = value.split(';').next().unwrap_or_default();
                answer.media_type = media_type.trim().to_ascii_lowercase();
            } else if is("connection") {
                let value = value.to_ascii_lowercase();
                answer.closes = value.contains("close") || (answer.closes && !value.contains("keep-alive"));
            } else if is("sec-websocket-accept") {
                answer.accept = Some(header.value.to_vec());
            } else if is("set-cookie") {
                set_cookie(&value);
            }
        }
        answer.body = match (answer.status, chunked, length) {
            (101 | 204 | 304, ..) => Body::Length(0),
            (_, true, _) => Body::chunked(),
            (_, false, Some(length)) => Body::Length(length),
            (_, false, None) => Body::UntilClose,
        };
        Ok(Some(answer))
    }

    /// What is wrong with an answer that is not the one that was asked for; none while its body has not come as far as it is shown.
    pub(super) fn refusal(mut self, input: &[u8]) -> Option<Stop> {
        let mut body = Vec::new();
        let rest = input.get(self.size..).unwrap_or_default();
        let (_, complete) = self.body.decode(rest, &mut body).unwrap_or((0, true));
        let waits = !complete && !matches!(self.body, Body::UntilClose) && body.len() < 4 * SHOWN;
        if waits {
            return None;
        }
        let text = String::from_utf8_lossy(&body);
        let line: String = text.lines().next().unwrap_or_default().trim().chars().take(SHOWN).collect();
        let plain = matches!(self.media_type.as_str(), "text/plain" | "application/json");
        let words = match (plain && !line.is_empty(), self.media_type.as_str()) {
            (true, _) => format!(": {line}"),
            (false, "text/html") => ": an HTML page".to_owned(),
            _ => String::new(),
        };
        let status = format!("HTTP {} {}", self.status, self.reason);
        let said = format!("{}{words}", status.trim_end());
        Some(match self.status {
            404 | 410 => Stop::Forbidden(format!("{said}; check the path of the URL")),
            401 | 403 | 407 => {
                Stop::Forbidden(format!("{said}; the load goes straight to the server, without credentials"))
            }
            301..=308 => Stop::Forbidden(format!("{said}; give the URL that it redirects to")),
            400..=499 => Stop::Forbidden(said),
            200..=299 => Stop::Forbidden(format!("{said}; this is not the stream, so check the URL")),
            _ => Stop::Refused(format!("{said}; the log of the server or of the proxy knows why")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(input: &[u8]) -> Result<Option<Answer>, Stop> {
        Answer::read(input, &mut |_| {})
    }

    fn refused(text: &str) -> Stop {
        read(text.as_bytes()).unwrap().unwrap().refusal(text.as_bytes()).unwrap()
    }

    #[test]
    fn heads_come_in_pieces() {
        let text = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n";
        for end in 0..text.len() {
            assert!(read(&text[..end]).unwrap().is_none(), "{end}");
        }
        let answer = read(text).unwrap().unwrap();
        assert_eq!((answer.status, answer.media_type.as_str()), (200, "text/event-stream"));
        assert_eq!((answer.closes, answer.size), (false, text.len()));
    }

    #[test]
    fn connections_that_end() {
        for (head, closes) in [
            ("HTTP/1.1 200 OK\r\n\r\n", false),
            ("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", true),
            ("HTTP/1.0 200 OK\r\n\r\n", true),
            ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n", false),
        ] {
            assert_eq!(read(head.as_bytes()).unwrap().unwrap().closes, closes, "{head}");
        }
    }

    #[test]
    fn refusals_have_the_servers_words_and_a_remedy() {
        for (text, stop) in [
            (
                "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nbad-from:",
                Stop::Forbidden("HTTP 400 Bad Request: bad-from:".into()),
            ),
            (
                "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\n<p",
                Stop::Forbidden("HTTP 404 Not Found: an HTML page; check the path of the URL".into()),
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                Stop::Forbidden("HTTP 200 OK; this is not the stream, so check the URL".into()),
            ),
            (
                "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
                Stop::Refused("HTTP 502 Bad Gateway; the log of the server or of the proxy knows why".into()),
            ),
        ] {
            assert_eq!(refused(text), stop);
        }
        let text = "HTTP/1.1 400 Bad Request\r\nContent-Length: 9\r\n\r\nbad";
        assert_eq!(read(text.as_bytes()).unwrap().unwrap().refusal(text.as_bytes()), None);
        assert!(
            matches!(read(b"SSH-2.0-OpenSSH\r\n"), Err(Stop::Refused(text)) if text.contains("not HTTP"))
        );
    }
}
