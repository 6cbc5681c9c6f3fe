//! [`PrefaceFilter`]: the first bytes of a connection that may speak HTTP/2. Pure.
//!
//! It changes the HTTP/2 preface so that hyper refuses it with an answer; otherwise hyper would close the connection
//! without one (hyper proto/h1/conn.rs, `on_parse_error`). It changes nothing else.

/// The first line of HTTP/2 with prior knowledge (RFC 9113, 3.4).
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n";

/// What hyper reads instead: a version that it refuses with an answer.
const REFUSED: &[u8] = b"PRI * HTTP/2\r\n";

/// Holds back the start of a connection while it may be the preface.
#[derive(Debug, Default)]
pub(super) struct PrefaceFilter {
    held: Vec<u8>,
    done: bool,
}

impl PrefaceFilter {
    /// Whether these next bytes pass as they are.
    pub(super) fn passes(&mut self, bytes: &[u8]) -> bool {
        self.done |= self.held.is_empty() && !may_be_preface(bytes);
        self.done
    }

    /// Takes the next bytes, and appends to `out` what the server should read now.
    pub(super) fn feed(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let missing = if self.done { 0 } else { PREFACE.len() - self.held.len() };
        let (start, rest) = bytes.split_at(missing.min(bytes.len()));
        self.held.extend(start);
        if self.held == PREFACE {
            self.held = REFUSED.to_vec();
        } else if !self.done && may_be_preface(&self.held) {
            return;
        }
        self.end(out);
        out.extend(rest);
    }

    /// The bytes held back, when nothing follows.
    pub(super) fn end(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.held);
        self.done = true;
    }

    /// Whether all bytes pass from now on.
    pub(super) fn is_done(&self) -> bool {
        self.done
    }
}

/// Whether the preface starts with these bytes, or they with it.
fn may_be_preface(bytes: &[u8]) -> bool {
    bytes.iter().zip(PREFACE).all(|(byte, expected)| byte == expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the server reads when these bytes come in pieces of a size.
    fn filter(bytes: &[u8], size: usize) -> Vec<u8> {
        let (mut filter, mut out) = (PrefaceFilter::default(), Vec::new());
        for piece in bytes.chunks(size) {
            if filter.passes(piece) { out.extend(piece) } else { filter.feed(piece, &mut out) }
        }
        filter.end(&mut out);
        out
    }

    #[test]
    fn the_preface_alone_is_changed_and_only_at_the_start() {
        let rest = b"\r\nSM\r\n\r\nPRI * HTTP/2.0\r\n";
        for size in 1..50 {
            assert_eq!(filter(&[PREFACE, rest].concat(), size), [REFUSED, rest].concat(), "{size}");
            for other in
                [&rest[..], b"POST / HTTP/1.1\r\n", b"PRI * HTTP/2.0\r", b"PRI * HTTP/2.0\n", b"P", b""]
            {
                assert_eq!(filter(other, size), other, "{size}");
            }
        }
    }

    #[test]
    fn what_cannot_be_the_preface_is_not_held() {
        for bytes in [&b"GET"[..], b"PO", b"\x16\x03\x01", b"\r\n"] {
            let mut filter = PrefaceFilter::default();
            assert!(filter.passes(bytes) && filter.is_done());
        }
    }
}
