//! permessage-deflate (RFC 7692), as far as a client needs it: what was agreed on, and messages compressed and inflated. Pure.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// What browsers offer.
pub(crate) const OFFER: &str = "permessage-deflate; client_max_window_bits";

/// What ends each block of a flush, and is left out of messages (RFC 7692, 7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// What a server has agreed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Agreement {
    /// Whether each of its messages is compressed by itself.
    server_no_context: bool,
    /// How far back what a client compresses may refer, in bytes.
    client_window: usize,
}

impl Agreement {
    /// Reads the answer to [`OFFER`]; none if it agrees to nothing.
    ///
    /// # Errors
    /// With what is wrong about it: a client has to fail the connection then (RFC 7692, 7.1).
    pub(crate) fn read(answer: Option<&str>) -> Result<Option<Self>, String> {
        let Some(answer) = answer.filter(|answer| !answer.trim().is_empty()) else { return Ok(None) };
        let wrong = |what: &str| Err(format!("Sec-WebSocket-Extensions: {answer}: {what}"));
        if answer.contains(',') {
            return wrong("more extensions than one were agreed to, and only one was offered");
        }
        let mut parts = answer.split(';').map(str::trim);
        if parts.next() != Some("permessage-deflate") {
            return wrong("this extension was not offered");
        }
        let mut agreement = Self { server_no_context: false, client_window: 1 << 15 };
        let mut seen: Vec<&str> = Vec::new();
        for part in parts {
            let (name, value) = match part.split_once('=') {
                Some((name, value)) => (name.trim(), Some(value.trim().trim_matches('"'))),
                None => (part, None),
            };
            if seen.contains(&name) {
                return wrong("a parameter comes twice");
            }
            seen.push(name);
            let bits =
                value.and_then(|value| value.parse::<u32>().ok()).filter(|bits| (8..=15).contains(bits));
            match (name, value, bits) {
                ("server_no_context_takeover", None, _) => agreement.server_no_context = true,
                ("client_no_context_takeover", None, _) | ("server_max_window_bits", _, Some(_)) => {}
                ("client_max_window_bits", _, Some(bits)) => agreement.client_window = 1 << bits,
                _ => return wrong("a parameter that no client understands"),
            }
        }
        Ok(Some(agreement))
    }

    /// A message, compressed; none if it has to go as it is.
    pub(super) fn compress(self, message: &[u8]) -> Option<Vec<u8>> {
        // The library's window is always the largest; what a message refers to lies within the message.
        if message.is_empty() || message.len() > self.client_window {
            return None;
        }
        let mut compress = Compress::new(Compression::default(), false);
        // Stored blocks add five bytes for each 64 KiB (RFC 1951, 3.2.4).
        let mut compressed = Vec::with_capacity(message.len() + 64);
        compress.compress_vec(message, &mut compressed, FlushCompress::Sync).ok()?;
        let whole = compress.total_in() == message.len() as u64 && compressed.ends_with(&TAIL);
        compressed.truncate(compressed.len().saturating_sub(TAIL.len()));
        whole.then_some(compressed)
    }
}

/// Why a message is not inflated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InflateError {
    /// It is not what was agreed on.
    #[error("a compressed message cannot be inflated: {0}")]
    Broken(String),
    /// It may be right: so many bytes are the most that is read here.
    #[error("a compressed message has more than {0} bytes")]
    TooLarge(usize),
}

/// Inflates messages, one after the other.
#[derive(Debug)]
pub(super) struct Inflater {
    agreement: Agreement,
    largest: usize,
    decompress: Decompress,
}

impl Inflater {
    /// One for messages of a server that has agreed to this; none may inflate to more bytes than the largest.
    pub(super) fn new(agreement: Agreement, largest: usize) -> Self {
        Self { agreement, largest, decompress: Decompress::new(false) }
    }

    /// A message, inflated.
    ///
    /// # Errors
    /// When it is not what was agreed on, or larger than is read here.
    pub(super) fn inflate(&mut self, message: &[u8]) -> Result<Vec<u8>, InflateError> {
        let mut inflated = Vec::new();
        let with_tail = [message, &TAIL[..]].concat();
        let mut rest = with_tail.as_slice();
        loop {
            inflated.reserve((rest.len() * 4).clamp(1024, 64 * 1024));
            let before = self.decompress.total_in();
            let came = inflated.len();
            let status = self
                .decompress
                .decompress_vec(rest, &mut inflated, FlushDecompress::Sync)
                .map_err(|error| InflateError::Broken(error.to_string()))?;
            let taken = usize::try_from(self.decompress.total_in() - before).unwrap_or(usize::MAX);
            rest = rest.get(taken..).unwrap_or_default();
            if inflated.len() > self.largest {
                return Err(InflateError::TooLarge(self.largest));
            }
            if status == Status::StreamEnd {
                // A last block is allowed within a message (RFC 7692, 7.2.3.4).
                self.decompress.reset(false);
            }
            // Where there was no room left, there may be more to come out.
            let is_over = rest.is_empty() && inflated.len() < inflated.capacity();
            if is_over || (taken == 0 && inflated.len() == came) {
                break;
            }
        }
        if self.agreement.server_no_context {
            self.decompress.reset(false);
        }
        Ok(inflated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agreed(answer: &str) -> Result<Option<Agreement>, String> {
        Agreement::read(Some(answer))
    }

    #[test]
    fn answers_to_the_offer() {
        assert_eq!(Agreement::read(None), Ok(None));
        assert_eq!(agreed(""), Ok(None));
        for (answer, no_context, window) in [
            ("permessage-deflate", false, 1 << 15),
            ("permessage-deflate; server_no_context_takeover; client_no_context_takeover", true, 1 << 15),
            ("permessage-deflate;server_max_window_bits=10;client_max_window_bits=\"9\"", false, 1 << 9),
        ] {
            let agreement = agreed(answer).unwrap().unwrap();
            assert_eq!(
                (agreement.server_no_context, agreement.client_window),
                (no_context, window),
                "{answer}"
            );
        }
        for answer in [
            "x-webkit-deflate-frame",
            "permessage-deflate, permessage-deflate",
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate; server_max_window_bits=16",
            "permessage-deflate; server_no_context_takeover=1",
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
            "permessage-deflate; smoke",
        ] {
            assert!(agreed(answer).is_err(), "{answer}");
        }
    }

    #[test]
    fn messages_of_the_standard() {
        // RFC 7692, 7.2.3.1 and 7.2.3.2: "Hello" twice, the second time by reference to the first.
        let mut inflater = Inflater::new(agreed("permessage-deflate").unwrap().unwrap(), 1 << 16);
        assert_eq!(inflater.inflate(&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]).unwrap(), b"Hello");
        assert_eq!(inflater.inflate(&[0xf2, 0x00, 0x11, 0x00, 0x00]).unwrap(), b"Hello");
        // 7.2.3.3, a block without compression, and 7.2.3.4, one with BFINAL.
        let stored = [0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00];
        assert_eq!(inflater.inflate(&stored).unwrap(), b"Hello");
        let last = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00];
        assert_eq!(inflater.inflate(&last).unwrap(), b"Hello");
        let plain = inflater.inflate(b"{\"text\":\"Midway upon the journey\"}");
        assert!(matches!(plain, Err(InflateError::Broken(_))), "not compressed at all");
    }

    #[test]
    fn there_and_back() {
        let agreement = agreed("permessage-deflate; server_no_context_takeover").unwrap().unwrap();
        let mut inflater = Inflater::new(agreement, 8192);
        for text in ["a", "Nel mezzo del cammin di nostra vita ".repeat(100).as_str()] {
            let compressed = agreement.compress(text.as_bytes()).unwrap();
            assert_eq!(inflater.inflate(&compressed).unwrap(), text.as_bytes());
        }
        let small = agreed("permessage-deflate; client_max_window_bits=8").unwrap().unwrap();
        assert_eq!(small.compress(&[b'x'; 300]), None);
        let bomb = vec![0; 8193];
        let mut compress = Compress::new(Compression::best(), false);
        let mut compressed = Vec::with_capacity(64 * 1024);
        compress.compress_vec(&bomb, &mut compressed, FlushCompress::Sync).unwrap();
        assert_eq!(inflater.inflate(&compressed), Err(InflateError::TooLarge(8192)));
    }
}
