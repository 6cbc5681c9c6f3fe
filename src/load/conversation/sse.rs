//! The poem over server-sent events (WHATWG HTML, 9.2), as far as Dante uses them.

use super::{Ask, Heard, Stop, body::Body, event, resume_query};

/// The most that one event may take, in bytes.
const LARGEST: usize = 1024 * 1024;

/// A conversation over server-sent events.
#[derive(Debug, Default)]
pub(in super::super) struct EventStream {
    /// Once the head of the answer has come.
    body: Option<Body>,
    /// What has come of an event.
    text: Vec<u8>,
}

impl EventStream {
    pub(super) fn open(ask: &Ask<'_>, out: &mut Vec<u8>) {
        let lines = "Accept: text/event-stream\r\nCache-Control: no-store\r\n";
        let request = ask.request("GET", &resume_query(ask, '?'), lines);
        out.extend_from_slice(request.as_bytes());
    }

    pub(super) fn hear(
        &mut self,
        ask: &Ask<'_>,
        input: &[u8],
        tell: &mut dyn FnMut(Heard<'_>),
    ) -> Result<usize, Stop> {
        let mut used = 0;
        if self.body.is_none() {
            let Some(answer) = ask.answer(input)? else { return Ok(0) };
            if answer.status != 200 || answer.media_type != "text/event-stream" {
                return answer.refusal(input).map_or(Ok(0), Err);
            }
            used = answer.size;
            self.body = Some(answer.body);
        }
        let Some(body) = &mut self.body else { return Ok(used) };
        let (taken, complete) = body.decode(&input[used..], &mut self.text)?;
        used += taken;
        self.tell_events(tell)?;
        if complete {
            return Err(Stop::Cut("the server ended the stream".to_owned()));
        }
        Ok(used)
    }

    /// Tells the events that are complete, and keeps the rest.
    fn tell_events(&mut self, tell: &mut dyn FnMut(Heard<'_>)) -> Result<(), Stop> {
        let mut start = 0;
        while let Some(length) = self.text[start..].windows(2).position(|pair| pair == b"\n\n") {
            let block = &self.text[start..start + length];
            start += length + 2;
            let mut lines = block.split(|byte| *byte == b'\n');
            if let Some(data) = lines.find_map(|line| line.strip_prefix(b"data:")) {
                event::object(data.trim_ascii(), tell)?;
            }
        }
        self.text.drain(..start);
        if self.text.len() > LARGEST {
            return Err(Stop::Cut(format!("an event is longer than {LARGEST} bytes")));
        }
        Ok(())
    }
}
