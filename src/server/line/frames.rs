//! [`Frames`]: which WebSocket frame the engine is writing, from the bytes that it writes (RFC 6455, 5.2). Pure.

use bytes::Bytes;

/// The first byte of a text frame that is whole: FIN and opcode 1.
const WHOLE_TEXT: u8 = 0x81;

/// The opcode of a close frame.
const CLOSE: u8 = 8;

/// The longest header of a frame that a server sends, which has no mask.
const LONGEST_HEADER: usize = 10;

/// A text message as a server sends it: one frame without a mask.
pub(crate) fn text_frame(text: &str) -> Bytes {
    let mut frame = Vec::with_capacity(LONGEST_HEADER + text.len());
    frame.push(WHOLE_TEXT);
    match (u8::try_from(text.len()), u16::try_from(text.len())) {
        (Ok(short @ ..126), _) => frame.push(short),
        (_, Ok(medium)) => {
            frame.push(126);
            frame.extend(medium.to_be_bytes());
        }
        _ => {
            frame.push(127);
            frame.extend((text.len() as u64).to_be_bytes());
        }
    }
    frame.extend(text.as_bytes());
    frame.into()
}

/// Follows frames as they are written, in pieces of any length.
#[derive(Debug, Default)]
pub(super) struct Frames {
    header: [u8; LONGEST_HEADER],
    /// How much of the header has been written.
    header_length: u8,
    /// What is left of the payload.
    payload_left: u64,
    /// How much of the frame has been written.
    written: usize,
    closed: bool,
}

impl Frames {
    /// Whether the last frame is whole, so that another writer may write the next one.
    pub(super) fn is_between(&self) -> bool {
        self.written == 0
    }

    /// Whether a close frame was written, after which nothing may follow (RFC 6455, 5.5.1).
    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Notes bytes that were written. If the `awaited` frame is among them, whole, it is taken away.
    pub(super) fn wrote(&mut self, mut bytes: &[u8], awaited: &mut Awaited) {
        while let Some((&first, _)) = bytes.split_first() {
            let taken =
                if self.payload_left == 0 { self.take_header(first) } else { self.take_payload(bytes) };
            awaited.compare(self.written, &bytes[..taken]);
            self.written += taken;
            bytes = &bytes[taken..];
            if self.header_length == 0 && self.payload_left == 0 {
                awaited.frame_ends(self.written);
                self.written = 0;
            }
        }
    }

    fn take_header(&mut self, byte: u8) -> usize {
        let at = usize::from(self.header_length);
        self.header[at] = byte;
        self.header_length += 1;
        if let Some(length) = payload_length(&self.header[..=at]) {
            self.closed |= self.header[0] & 0x0f == CLOSE;
            self.payload_left = length;
            self.header_length = 0;
        }
        1
    }

    fn take_payload(&mut self, bytes: &[u8]) -> usize {
        let taken = usize::try_from(self.payload_left).map_or(bytes.len(), |left| left.min(bytes.len()));
        self.payload_left -= taken as u64;
        taken
    }
}

/// The length of the payload, as soon as the header is whole.
fn payload_length(header: &[u8]) -> Option<u64> {
    let (short, extended) = (*header.get(1)? & 0x7f, &header[2..]);
    match short {
        126 => extended.try_into().ok().map(u16::from_be_bytes).map(u64::from),
        127 => extended.try_into().ok().map(u64::from_be_bytes),
        short => Some(u64::from(short)),
    }
}

/// The frame that has to be written before others may be.
#[derive(Debug, Default)]
pub(super) struct Awaited {
    frame: Option<Bytes>,
    /// Whether the frame that is being written may be this one.
    matches: bool,
}

impl Awaited {
    /// Waits for this frame, which is written after the one that is being written now.
    pub(super) fn set(&mut self, frame: Bytes, between: bool) {
        *self = Self { frame: Some(frame), matches: between };
    }

    /// Whether nothing is waited for.
    pub(super) fn is_none(&self) -> bool {
        self.frame.is_none()
    }

    fn compare(&mut self, at: usize, piece: &[u8]) {
        if let Some(frame) = &self.frame {
            self.matches &= frame.get(at..at + piece.len()) == Some(piece);
        }
    }

    fn frame_ends(&mut self, length: usize) {
        self.frame.take_if(|frame| self.matches && frame.len() == length);
        self.matches = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_frame_for_every_length() {
        for (length, header) in [
            (5, vec![0x81, 5]),
            (125, vec![0x81, 125]),
            (126, vec![0x81, 126, 0, 126]),
            (65_535, vec![0x81, 126, 255, 255]),
            (65_536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let text = "c".repeat(length);
            assert_eq!(text_frame(&text), [header, text.into_bytes()].concat());
        }
    }

    #[test]
    fn nothing_follows_a_close_frame() {
        let (mut frames, mut awaited) = (Frames::default(), Awaited::default());
        frames.wrote(&text_frame("a"), &mut awaited);
        assert!(!frames.is_closed());
        frames.wrote(&[0x88, 2, 3, 232], &mut awaited);
        assert!(frames.is_closed() && frames.is_between());
    }

    #[test]
    fn the_frame_under_way_is_not_the_awaited_one() {
        let (mut frames, mut awaited) = (Frames::default(), Awaited::default());
        let frame = text_frame("canto");
        frames.wrote(&frame[..3], &mut awaited);
        awaited.set(frame.clone(), frames.is_between());
        frames.wrote(&frame[3..], &mut awaited);
        assert!(frames.is_between() && !awaited.is_none());
        frames.wrote(&frame, &mut awaited);
        assert!(awaited.is_none());
    }

    proptest! {
        #[test]
        fn frames_are_followed_in_pieces(
            before in prop::collection::vec((0_usize..70_000, any::<bool>()), 0..4),
            pieces in prop::collection::vec(1_usize..9_000, 1..40),
        ) {
            let awaited_frame = text_frame("42[\"divinecomedy\",\"c\"]");
            let mut all = Vec::new();
            let mut ends = vec![0];
            for (length, ping) in before {
                if ping {
                    all.extend([0x89, 0]);
                } else {
                    all.extend(text_frame(&"x".repeat(length)));
                }
                ends.push(all.len());
            }
            let passed_before = all.len();
            all.extend(&awaited_frame);
            ends.push(all.len());
            let (mut frames, mut awaited) = (Frames::default(), Awaited::default());
            awaited.set(awaited_frame, true);
            let mut at = 0;
            for piece in pieces.into_iter().cycle() {
                let next = (at + piece).min(all.len());
                frames.wrote(&all[at..next], &mut awaited);
                at = next;
                prop_assert_eq!(frames.is_between(), ends.contains(&at));
                prop_assert_eq!(awaited.is_none(), at == all.len());
                if at == all.len() {
                    break;
                }
            }
            prop_assert!(passed_before < all.len());
        }
    }
}
