//! HTTP/2: what a server's frames say, and connections that all requests share, as browsers have them.

pub(crate) mod frames;
mod shared;
mod watch;

use self::frames::FrameReader;
pub(super) use self::shared::{Multiplexed, SharedConnections};

/// What a client says first (RFC 9113, 3.4): the preface and its settings, here none; and a ping, which has to be answered (6.7).
pub(crate) const GREETING: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\
    \x00\x00\x00\x04\x00\x00\x00\x00\x00\
    \x00\x00\x08\x06\x00\x00\x00\x00\x00dantedan";

/// Whether what came so far is a server's answer to the greeting; none as long as more has to come.
pub(crate) fn is_answer(bytes: &[u8]) -> Option<bool> {
    let mut reader = FrameReader::default();
    reader.feed(bytes, 0);
    match () {
        () if reader.pong => Some(true),
        () if reader.is_lost() || !reader.seen.go_aways.is_empty() => Some(false),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        let frame = |kind: u8, flags: u8, content: &[u8]| {
            [&[0, 0, content.len() as u8, kind, flags, 0, 0, 0, 0], content].concat()
        };
        let (settings, pong) = (frame(4, 0, &[0, 3, 0, 0, 0, 100]), frame(6, 1, b"dantedan"));
        let window = frame(8, 0, &[0, 0, 1, 0]);
        let whole = [settings.clone(), window, frame(4, 1, &[]), pong].concat();
        assert_eq!(is_answer(&whole), Some(true));
        for length in 0..whole.len() {
            assert_eq!(is_answer(&whole[..length]), None, "{length}");
        }
        assert_eq!(is_answer(&[settings, frame(7, 0, &[0; 8])].concat()), Some(false));
        assert_eq!(is_answer(b"HTTP/1.1 400 Bad Request"), Some(false));
    }
}
