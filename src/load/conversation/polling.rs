//! Socket.IO over long polling: one request after the other on one connection. What is to be said goes out between two polls, so that
//! a reader takes one connection, where a browser has a second one for it.

use super::{
    Ask, Heard, Stop,
    socketio::{SEPARATOR, Session, session_id},
};

/// The most that one answer may take, in bytes.
const LARGEST: usize = 4 * 1024 * 1024;

/// A conversation of Socket.IO over long polling.
#[derive(Debug, Default)]
pub(in super::super) struct Polling {
    /// The session, once the engine has opened one.
    sid: String,
    /// Packets to send, with separators between.
    replies: Vec<u8>,
    /// Whether the request under way brings packets to the server, rather than asking for some.
    posting: bool,
    /// What an answer has brought; kept so that it need not be allocated again.
    content: Vec<u8>,
}

impl Polling {
    /// The next request: what is to be said, or else a poll.
    pub(super) fn open(&mut self, ask: &Ask<'_>, out: &mut Vec<u8>) {
        let mut query = "?EIO=4&transport=polling".to_owned();
        if !self.sid.is_empty() {
            query += "&sid=";
            query.extend(form_urlencoded::byte_serialize(self.sid.as_bytes()));
        }
        self.posting = !self.replies.is_empty();
        let head = if self.posting {
            let length = self.replies.len();
            let lines = format!("Content-Type: text/plain;charset=UTF-8\r\nContent-Length: {length}\r\n");
            ask.request("POST", &query, &lines)
        } else {
            ask.request("GET", &query, "Accept: */*\r\n")
        };
        out.extend_from_slice(head.as_bytes());
        out.append(&mut self.replies);
    }

    pub(super) fn hear(
        &mut self,
        ask: &Ask<'_>,
        input: &[u8],
        out: &mut Vec<u8>,
        tell: &mut dyn FnMut(Heard<'_>),
    ) -> Result<usize, Stop> {
        let mut used = 0;
        loop {
            match self.hear_answer(ask, &input[used..], out, tell)? {
                0 => return Ok(used),
                size => used += size,
            }
        }
    }

    /// Takes one answer, and asks for the next; returns its size, or 0 while it has not come as a whole.
    fn hear_answer(
        &mut self,
        ask: &Ask<'_>,
        input: &[u8],
        out: &mut Vec<u8>,
        tell: &mut dyn FnMut(Heard<'_>),
    ) -> Result<usize, Stop> {
        let Some(mut answer) = ask.answer(input)? else { return Ok(0) };
        if answer.status != 200 {
            return answer.refusal(input).map_or(Ok(0), |stop| Err(self.refused(stop)));
        }
        if answer.media_type == "text/html" && !self.posting {
            return answer.refusal(input).map_or(Ok(0), Err);
        }
        self.content.clear();
        let (used, complete) = answer.body.decode(&input[answer.size..], &mut self.content)?;
        if !complete {
            let too_much = self.content.len() > LARGEST;
            return if too_much {
                Err(Stop::Cut(format!("a poll brings more than {LARGEST} bytes")))
            } else {
                Ok(0)
            };
        }
        if !self.posting {
            self.take_packets(ask, tell)?;
        }
        if answer.closes {
            return Err(Stop::Reopen);
        }
        self.open(ask, out);
        Ok(answer.size + used)
    }

    /// What a refusal means: a session that the server does not know any more (it has started again, or a proxy asks another one) is
    /// followed by a new one.
    fn refused(&self, stop: Stop) -> Stop {
        match stop {
            Stop::Forbidden(reason) if !self.sid.is_empty() => Stop::Refused(reason),
            stop => stop,
        }
    }

    fn take_packets(&mut self, ask: &Ask<'_>, tell: &mut dyn FnMut(Heard<'_>)) -> Result<(), Stop> {
        let session = Session::new(ask);
        let Self { sid, replies, content, .. } = self;
        for packet in content.split(|byte| *byte == SEPARATOR) {
            if let Some(opened) = session_id(packet) {
                *sid = opened;
            }
            let mut reply = |packet: &[u8]| {
                if !replies.is_empty() {
                    replies.push(SEPARATOR);
                }
                replies.extend_from_slice(packet);
            };
            session.packet(packet, &mut reply, tell)?;
        }
        Ok(())
    }
}
