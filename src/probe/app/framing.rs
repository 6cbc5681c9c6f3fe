//! [`Framing`]: from the bytes of a body to the events in it, as they arrive. Pure.

use crate::probe::{
    client::{events, stream_type::form_of_type},
    evidence::AppForm,
};

/// The most that one event, or one line, may have: more than any application sends as one.
const MAX_EVENT: usize = 16 * 1024 * 1024;

/// An event of an application.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Event {
    /// Its name; empty if it has none.
    pub(crate) name: String,
    /// Its data.
    pub(crate) data: Vec<u8>,
}

/// What reads the events of a body.
#[derive(Debug)]
pub(crate) struct Framing {
    /// None until the first bytes say it.
    form: Option<AppForm>,
    parser: events::Parser,
    line: Vec<u8>,
    /// The first line that is not JSON.
    stray: Option<String>,
}

impl Framing {
    /// One for this `Content-Type`; one that is not a stream's does not say what the bytes are.
    pub(crate) fn new(content_type: Option<&str>) -> Self {
        Self {
            form: content_type.and_then(form_of_type),
            parser: events::Parser::bounded(MAX_EVENT),
            line: Vec::new(),
            stray: None,
        }
    }

    /// In what form the events are, as far as it is known.
    pub(crate) fn form(&self) -> AppForm {
        self.form.unwrap_or(AppForm::Unknown)
    }

    /// Takes the next bytes, and gives the events that they complete.
    ///
    /// # Errors
    /// When an event grows beyond all measure.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<Vec<Event>, String> {
        if bytes.is_empty() {
            return Ok(Vec::new());
        }
        match *self.form.get_or_insert_with(|| form_of_text(bytes)) {
            AppForm::EventStream => {
                let events = self.parser.feed(bytes)?;
                let event = |event: events::Event| Event { name: event.name, data: event.data.into_bytes() };
                Ok(events.into_iter().map(event).collect())
            }
            AppForm::Lines => self.lines(bytes),
            AppForm::Messages | AppForm::Unknown => {
                Ok(vec![Event { name: String::new(), data: bytes.to_vec() }])
            }
        }
    }

    /// The body is over: a last line needs no end.
    pub(crate) fn end(&mut self) -> Option<Event> {
        let line = std::mem::take(&mut self.line);
        self.line_event(line)
    }

    /// How many bytes have come of an event that is not whole.
    pub(crate) fn unfinished(&self) -> usize {
        self.line.len() + self.parser.unfinished()
    }

    /// How many comments have come since this was last asked.
    pub(crate) fn take_comments(&mut self) -> usize {
        self.parser.take_comments()
    }

    /// The first text that does not belong in a body of this form.
    pub(crate) fn stray(&self) -> Option<&str> {
        self.stray.as_deref().or(self.parser.stray())
    }

    fn lines(&mut self, bytes: &[u8]) -> Result<Vec<Event>, String> {
        let mut events = Vec::new();
        for &byte in bytes {
            if byte == b'\n' {
                let line = std::mem::take(&mut self.line);
                events.extend(self.line_event(line));
            } else {
                self.line.push(byte);
            }
        }
        if self.line.len() > MAX_EVENT {
            return Err(format!("a line is longer than {MAX_EVENT} bytes"));
        }
        Ok(events)
    }

    fn line_event(&mut self, line: Vec<u8>) -> Option<Event> {
        let data = line.trim_ascii();
        if data.is_empty() {
            return None;
        }
        if self.stray.is_none() && serde_json::from_slice::<serde::de::IgnoredAny>(data).is_err() {
            self.stray = Some(String::from_utf8_lossy(data).chars().take(80).collect());
        }
        Some(Event { name: String::new(), data: data.to_vec() })
    }
}

/// The form that the first bytes look like.
fn form_of_text(bytes: &[u8]) -> AppForm {
    const FIELDS: [&[u8]; 5] = [b"data:", b"event:", b"id:", b"retry:", b":"];
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let first_line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let ends = first_line.len() < text.len();
    if FIELDS.iter().any(|field| text.starts_with(field)) {
        AppForm::EventStream
    } else if ends && matches!(text.first(), Some(b'{' | b'[')) && is_json(first_line) {
        AppForm::Lines
    } else {
        AppForm::Unknown
    }
}

fn is_json(line: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content_type: Option<&str>, pieces: &[&str]) -> (AppForm, Vec<String>, Framing) {
        let mut framing = Framing::new(content_type);
        let mut events = Vec::new();
        for piece in pieces {
            events.extend(framing.feed(piece.as_bytes()).unwrap());
        }
        events.extend(framing.end());
        let events = events.iter().map(|event| String::from_utf8_lossy(&event.data).into_owned()).collect();
        (framing.form(), events, framing)
    }

    #[test]
    fn forms() {
        let lines = Some("application/x-ndjson; charset=utf-8");
        let events = Some("text/event-stream;charset=UTF-8");
        for (kind, pieces, form, expected) in [
            (events, &["data: a\n\ndata", ": b\n\n"][..], AppForm::EventStream, &["a", "b"][..]),
            (Some("text/html"), &["data: a\n\n"], AppForm::EventStream, &["a"]),
            (Some("text/plain"), &[": hello\n\nevent: x\ndata: 1\n\n"], AppForm::EventStream, &["1"]),
            (lines, &["{\"a\":1}\n\r\n{\"a\"", ":2}"], AppForm::Lines, &["{\"a\":1}", "{\"a\":2}"]),
            (
                Some("application/json"),
                &["{\"a\":1}\n", "{\"a\":2}\n"],
                AppForm::Lines,
                &["{\"a\":1}", "{\"a\":2}"],
            ),
            (Some("text/plain"), &["Mid", "way"], AppForm::Unknown, &["Mid", "way"]),
            (None, &["{\n \"a\": 1}"], AppForm::Unknown, &["{\n \"a\": 1}"]),
        ] {
            let (seen, data, _) = read(kind, pieces);
            assert_eq!(
                (seen, data.iter().map(String::as_str).collect::<Vec<_>>().as_slice()),
                (form, expected)
            );
        }
    }

    #[test]
    fn what_does_not_belong_there_and_what_is_not_whole() {
        let (.., framing) = read(Some("application/x-ndjson"), &["1f\n{}\n"]);
        assert_eq!(framing.stray(), Some("1f"));
        let mut framing = Framing::new(Some("application/x-ndjson"));
        framing.feed(b"{}\n{\"a\"").unwrap();
        assert_eq!(framing.unfinished(), 4);
    }
}
