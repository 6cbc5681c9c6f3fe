//! Frames of WebSocket (RFC 6455, 5.2), as a client needs them: those of a server are read, and small ones are written.

use super::Stop;

/// Opcodes (RFC 6455, 11.8).
pub(super) mod opcode {
    pub(in super::super) const CONTINUATION: u8 = 0;
    pub(in super::super) const TEXT: u8 = 1;
    pub(in super::super) const BINARY: u8 = 2;
    pub(in super::super) const CLOSE: u8 = 8;
    pub(in super::super) const PING: u8 = 9;
    pub(in super::super) const PONG: u8 = 10;
}

/// The code of whoever leaves (RFC 6455, 7.4.1).
pub(super) const GOING_AWAY: u16 = 1001;

/// The largest frame that is taken, in bytes; stanzas and events are far smaller.
const LARGEST: u64 = 1024 * 1024;

/// The longest payload of a control frame, and of any that is written here.
const SMALL: usize = 125;

/// One frame of a server.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    /// Whether a message ends with it.
    pub(super) last: bool,
    pub(super) opcode: u8,
    pub(super) payload: &'a [u8],
    /// The bytes that it takes, head and payload.
    pub(super) size: usize,
}

impl<'a> Frame<'a> {
    /// Reads the frame at the start of the input; none while it has not come as a whole.
    ///
    /// # Errors
    /// When it is masked, compressed or too large.
    pub(super) fn read(input: &'a [u8]) -> Result<Option<Self>, Stop> {
        let &[first, second, ref rest @ ..] = input else { return Ok(None) };
        let wrong = |reason: &str| Err(Stop::Cut(format!("a WebSocket frame of the server is {reason}")));
        if first & 0x70 != 0 {
            return wrong("compressed, which was not agreed on");
        }
        if second & 0x80 != 0 {
            return wrong("masked, which only a client's may be");
        }
        let (length, head) = match (second, rest) {
            (126, &[high, low, ..]) => (u64::from(u16::from_be_bytes([high, low])), 4),
            (127, &[a, b, c, d, e, f, g, h, ..]) => (u64::from_be_bytes([a, b, c, d, e, f, g, h]), 10),
            (126 | 127, _) => return Ok(None),
            (small, _) => (u64::from(small), 2),
        };
        if length > LARGEST {
            return wrong(&format!("{length} bytes long; {LARGEST} is the most"));
        }
        let size = head + length as usize;
        let frame = input.get(head..size);
        Ok(frame.map(|payload| Self { last: first & 0x80 != 0, opcode: first & 0x0f, payload, size }))
    }
}

/// Appends a client's frame; what does not fit into a small one is left out.
pub(super) fn write(out: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    // What is masked are our own few words, so that nobody's content could pass for something else on the way.
    let mask = fastrand::u32(..).to_be_bytes();
    out.push(0x80 | opcode);
    if payload.len() <= SMALL {
        out.push(0x80 | payload.len() as u8);
    } else {
        let length = u16::try_from(payload.len()).unwrap_or(u16::MAX);
        out.push(0x80 | 126);
        out.extend_from_slice(&length.to_be_bytes());
    }
    out.extend_from_slice(&mask);
    let payload = payload.iter().take(usize::from(u16::MAX));
    out.extend(payload.zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_every_length() {
        for (head, length) in [
            (vec![0x81, 3], 3),
            (vec![0x81, 126, 0, 200], 200),
            (vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70], 70_000),
        ] {
            let mut bytes = head;
            bytes.resize(bytes.len() + length, b'x');
            for end in [0, 1, 2, bytes.len() - 1] {
                assert_eq!(Frame::read(&bytes[..end]), Ok(None), "{length} {end}");
            }
            bytes.push(0x81);
            let frame = Frame::read(&bytes).unwrap().unwrap();
            assert_eq!((frame.last, frame.opcode, frame.payload.len()), (true, opcode::TEXT, length));
            assert_eq!(frame.size, bytes.len() - 1);
        }
    }

    #[test]
    fn what_no_server_may_send() {
        for (bytes, word) in [
            (&[0x81, 0x80, 0, 0, 0, 0][..], "masked"),
            (&[0xc1, 0], "compressed"),
            (&[0x82, 127, 0, 0, 1, 0, 0, 0, 0, 0], "1048576"),
        ] {
            assert!(matches!(Frame::read(bytes), Err(Stop::Cut(text)) if text.contains(word)), "{word}");
        }
    }

    #[test]
    fn what_is_written_is_masked() {
        for length in [0, 1, 125, 126, 300] {
            let payload = vec![b'y'; length];
            let mut out = Vec::new();
            write(&mut out, opcode::PONG, &payload);
            let head = if length > SMALL { 4 } else { 2 };
            assert_eq!((out[0], out[1] & 0x80), (0x8a, 0x80));
            let mask = &out[head..head + 4];
            let plain: Vec<_> = out[head + 4..].iter().zip(mask.iter().cycle()).map(|(a, b)| a ^ b).collect();
            assert_eq!(plain, payload);
        }
    }
}
