//! HTTP/2 as far as a greeting goes: whether a server that agrees to it speaks it. Pure.

/// What a client says first (RFC 9113, 3.4): the preface and its settings, here none; and a ping, which has to be answered (6.7).
pub(super) const GREETING: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\
    \x00\x00\x00\x04\x00\x00\x00\x00\x00\
    \x00\x00\x08\x06\x00\x00\x00\x00\x00dantedan";

/// The header of a frame (4.1): length, type, flags, stream.
const HEADER: usize = 9;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const ACK: u8 = 1;

/// Whether what came so far is a server's answer to the greeting; none as long as more has to come.
pub(super) fn is_answer(mut bytes: &[u8]) -> Option<bool> {
    let mut first = true;
    while let [high, middle, low, kind, flags, ..] = *bytes {
        match kind {
            PING if flags & ACK != 0 => return Some(true),
            GOAWAY => return Some(false),
            _ if first && kind != SETTINGS => return Some(false),
            _ => {}
        }
        first = false;
        let length = u32::from_be_bytes([0, high, middle, low]) as usize;
        bytes = bytes.get(HEADER + length..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        let frame = |kind: u8, flags: u8, content: &[u8]| {
            [&[0, 0, content.len() as u8, kind, flags, 0, 0, 0, 0], content].concat()
        };
        let (settings, pong) = (frame(SETTINGS, 0, &[0, 3, 0, 0, 0, 100]), frame(PING, ACK, b"dantedan"));
        let window = frame(8, 0, &[0, 0, 1, 0]);
        let whole = [settings.clone(), window, frame(SETTINGS, ACK, &[]), pong.clone()].concat();
        assert_eq!(is_answer(&whole), Some(true));
        for length in 0..whole.len() - pong.len() {
            assert_eq!(is_answer(&whole[..length]), None, "{length}");
        }
        assert_eq!(is_answer(&[settings, frame(GOAWAY, 0, &[0; 8])].concat()), Some(false));
        assert_eq!(is_answer(b"HTTP/1.1 400 Bad Request"), Some(false));
    }
}
