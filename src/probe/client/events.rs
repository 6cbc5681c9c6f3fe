//! Server-sent events, read as their bytes arrive (WHATWG HTML, 9.2.6 Interpreting an event stream). Pure.

use std::borrow::Cow;

/// One event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Event {
    /// Its name; empty for an unnamed one.
    pub(crate) name: String,
    /// Its data, lines joined by `\n`.
    pub(crate) data: String,
    /// The id that stands at this event.
    pub(crate) id: String,
}

/// A byte order mark in UTF-8.
const MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// More than any event of Dante's has; a peer whose event never ends is cut off here.
const MAX_EVENT: usize = 256 * 1024;

/// What has arrived of a stream and is not a whole event yet.
#[derive(Debug)]
pub(crate) struct Parser {
    max_event: usize,
    /// How many bytes of a byte order mark have come; none once anything else has.
    mark: Option<usize>,
    comments: usize,
    line: Vec<u8>,
    after_return: bool,
    size: usize,
    event: Event,
    has_data: bool,
    id: String,
    stray: Option<String>,
}

impl Default for Parser {
    fn default() -> Self {
        Self::bounded(MAX_EVENT)
    }
}

impl Parser {
    /// One for events of at most so many bytes.
    pub(crate) fn bounded(max_event: usize) -> Self {
        Self {
            max_event,
            mark: Some(0),
            comments: 0,
            line: Vec::new(),
            after_return: false,
            size: 0,
            event: Event::default(),
            has_data: false,
            id: String::new(),
            stray: None,
        }
    }

    /// Takes the next bytes, and gives the events that they complete.
    ///
    /// # Errors
    /// When an event grows beyond all measure.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<Vec<Event>, String> {
        let mut events = Vec::new();
        for &byte in self.without_mark(bytes).iter() {
            let ends = byte == b'\r' || (byte == b'\n' && !self.after_return);
            let half = byte == b'\n' && self.after_return;
            self.after_return = byte == b'\r';
            if ends {
                let line = std::mem::take(&mut self.line);
                events.extend(self.take_line(&String::from_utf8_lossy(&line)));
            } else if !half {
                self.line.push(byte);
                self.size += 1;
                if self.size > self.max_event {
                    return Err(format!("an event is larger than {} bytes", self.max_event));
                }
            }
        }
        Ok(events)
    }

    /// The bytes without the byte order mark that may stand at the very beginning, and is ignored (9.2.5 Parsing an event stream).
    fn without_mark<'a>(&mut self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let Some(came) = self.mark else { return Cow::Borrowed(bytes) };
        let rest = &MARK[came..];
        let more = rest.iter().zip(bytes).take_while(|(expected, byte)| expected == byte).count();
        if more == bytes.len() && more < rest.len() {
            self.mark = Some(came + more);
            return Cow::Borrowed(&[]);
        }
        self.mark = None;
        if more == rest.len() {
            return Cow::Borrowed(&bytes[more..]);
        }
        // It began like one, and is none.
        Cow::Owned([&MARK[..came], bytes].concat())
    }

    /// The first line that does not belong in an event stream: a chunk size, a page of HTML.
    pub(crate) fn stray(&self) -> Option<&str> {
        self.stray.as_deref()
    }

    /// How many comments have come since this was last asked.
    pub(crate) fn take_comments(&mut self) -> usize {
        std::mem::take(&mut self.comments)
    }

    /// How many bytes have come of an event that is not whole.
    pub(crate) fn unfinished(&self) -> usize {
        let has_begun = self.has_data || !self.event.name.is_empty() || !self.line.is_empty();
        if has_begun { self.size } else { 0 }
    }

    fn take_line(&mut self, line: &str) -> Option<Event> {
        if line.is_empty() {
            self.size = 0;
            let event = std::mem::take(&mut self.event);
            return std::mem::take(&mut self.has_data).then(|| Event { id: self.id.clone(), ..event });
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event.name),
            "data" => {
                if self.has_data {
                    self.event.data.push('\n');
                }
                self.has_data = true;
                self.event.data.push_str(value);
            }
            "id" => value.clone_into(&mut self.id),
            "" => {
                self.comments += 1;
                if !self.has_data && self.event.name.is_empty() {
                    self.size = 0;
                }
            }
            "retry" => {}
            _ => {
                self.stray.get_or_insert_with(|| line.chars().take(80).collect());
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, data: &str, id: &str) -> Event {
        Event { name: name.into(), data: data.into(), id: id.into() }
    }

    #[test]
    fn events_however_the_bytes_are_cut() {
        let text = "retry: 1\nevent: a\ndata: 1\ndata:2\n\n:\r\n\r\nid: e:1\r\ndata: é\r\n\r\ndata\n\n";
        let expected = [event("a", "1\n2", ""), event("", "é", "e:1"), event("", "", "e:1")];
        for size in 1..text.len() {
            let mut parser = Parser::default();
            let events: Vec<_> =
                text.as_bytes().chunks(size).flat_map(|chunk| parser.feed(chunk).unwrap()).collect();
            assert_eq!(events, expected, "in pieces of {size}");
            assert_eq!(parser.stray(), None);
        }
    }

    #[test]
    fn a_byte_order_mark_is_ignored_at_the_beginning_only() {
        let read = |text: &[u8], size: usize| {
            let mut parser = Parser::default();
            let events: Vec<_> = text.chunks(size).flat_map(|piece| parser.feed(piece).unwrap()).collect();
            (events, parser.stray().map(str::to_owned))
        };
        for size in 1..8 {
            let (events, stray) = read("\u{feff}data: 1\n\n\u{feff}data: 2\n\n".as_bytes(), size);
            assert_eq!((events, stray.as_deref()), (vec![event("", "1", "")], Some("\u{feff}data: 2")));
            let (_, stray) = read(b"\xef\xbbdata: 1\n\n", size);
            assert!(stray.is_some(), "two bytes of it are none");
        }
    }

    #[test]
    fn what_does_not_belong_there_is_noticed() {
        let mut parser = Parser::default();
        assert_eq!(parser.feed(b"1f\r\ndata: x\n\n").unwrap(), [event("", "x", "")]);
        assert_eq!(parser.stray(), Some("1f"));
        assert!(Parser::default().feed(&vec![b'x'; MAX_EVENT + 1]).is_err());
        assert!(Parser::bounded(4).feed(b"data:").is_err());
    }

    #[test]
    fn what_is_not_an_event() {
        let mut parser = Parser::default();
        assert_eq!(parser.feed(b": hello\n\n:\n").unwrap(), []);
        assert_eq!((parser.take_comments(), parser.take_comments(), parser.unfinished()), (2, 0, 0));
        assert_eq!(parser.feed(b"data: x\nid").unwrap(), []);
        assert_eq!(parser.unfinished(), 9, "line ends do not count");
        assert_eq!(parser.feed(b"\n\n").unwrap().len(), 1);
        assert_eq!(parser.unfinished(), 0);
    }
}
