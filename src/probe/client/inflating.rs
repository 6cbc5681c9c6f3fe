//! [`Inflating`]: the bytes of a WebSocket with compressed messages, as those of one without: below a library that knows no
//! extensions. A compressed message becomes one frame (RFC 7692, 6.2); all else passes as it came.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::deflate::{Agreement, InflateError, Inflater};

/// Frames as bytes, inflated as they arrive.
#[derive(Debug)]
pub(crate) struct Frames {
    inflater: Inflater,
    /// The most that a message may have.
    largest: usize,
    /// What has come and is not a whole frame.
    raw: Vec<u8>,
    /// The opcode and the bytes of a compressed message that is not whole.
    message: Option<(u8, Vec<u8>)>,
    /// How many messages were inflated.
    inflated: usize,
}

/// The head of a frame (RFC 6455, 5.2).
struct Head {
    first: u8,
    is_masked: bool,
    /// How long it is itself.
    size: usize,
    /// How many bytes follow.
    length: usize,
}

const FIN: u8 = 0x80;
const COMPRESSED: u8 = 0x40;
const CONTINUATION: u8 = 0x0;

impl Frames {
    /// Those of a server that has agreed to this, in messages of up to so many bytes.
    pub(crate) fn new(agreement: Agreement, largest: usize) -> Self {
        Self {
            inflater: Inflater::new(agreement, largest),
            largest,
            raw: Vec::new(),
            message: None,
            inflated: 0,
        }
    }

    /// Takes what has come, and adds to `out` what it gives.
    ///
    /// # Errors
    /// When a compressed message is none, or is larger than is read here.
    pub(crate) fn feed(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), InflateError> {
        self.raw.extend_from_slice(bytes);
        let mut raw = std::mem::take(&mut self.raw);
        let mut at = 0;
        while let Some(head) = head(&raw[at..]) {
            let is_control = head.first & 0x08 != 0;
            let begins = head.first & COMPRESSED != 0 && !is_control && !head.is_masked;
            let goes_on = head.first & 0x0f == CONTINUATION && self.message.is_some();
            if !(begins || goes_on) && head.length > self.largest {
                // The library refuses it by its head.
                out.extend_from_slice(&raw[at..]);
                at = raw.len();
                break;
            }
            if head.length > self.largest {
                return Err(InflateError::TooLarge(self.largest));
            }
            let end = at + head.size + head.length;
            let Some(frame) = raw.get(at..end) else { break };
            if begins || goes_on {
                self.take(head.first, &frame[head.size..], out)?;
            } else {
                out.extend_from_slice(frame);
            }
            at = end;
        }
        raw.drain(..at);
        self.raw = raw;
        Ok(())
    }

    /// Takes a frame of a compressed message.
    fn take(&mut self, first: u8, payload: &[u8], out: &mut Vec<u8>) -> Result<(), InflateError> {
        let (opcode, mut message) = self.message.take().unwrap_or((first & 0x0f, Vec::new()));
        message.extend_from_slice(payload);
        if message.len() > self.largest {
            return Err(InflateError::TooLarge(self.largest));
        }
        if first & FIN == 0 {
            self.message = Some((opcode, message));
            return Ok(());
        }
        let text = self.inflater.inflate(&message)?;
        self.inflated += 1;
        out.push(FIN | opcode);
        match text.len() {
            length @ 0..=125 => out.push(length as u8),
            length @ 126..=0xffff => {
                out.push(126);
                out.extend_from_slice(&(length as u16).to_be_bytes());
            }
            length => {
                out.push(127);
                out.extend_from_slice(&(length as u64).to_be_bytes());
            }
        }
        out.extend_from_slice(&text);
        Ok(())
    }
}

/// The head of the frame that starts here, if it is there, and a server's: others are left to the library, which names what is
/// wrong.
fn head(bytes: &[u8]) -> Option<Head> {
    let (first, length) = (*bytes.first()?, *bytes.get(1)?);
    let number = |range: std::ops::Range<usize>| {
        let bytes = bytes.get(range)?;
        Some(bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte)))
    };
    let is_masked = length & 0x80 != 0;
    // It has four bytes more.
    let mask = if is_masked { 4 } else { 0 };
    let (size, length) = match length & 0x7f {
        126 => (4, number(2..4)?),
        127 => (10, number(2..10)?),
        short => (2, u64::from(short)),
    };
    Some(Head {
        first,
        is_masked,
        size: size + mask,
        length: usize::try_from(length).unwrap_or(usize::MAX / 2),
    })
}

/// A connection whose frames are inflated, if that was agreed on.
pub(super) struct Inflating<T> {
    io: T,
    frames: Option<Frames>,
    /// What was read and is not handed out yet.
    out: Vec<u8>,
    handed_out: usize,
}

impl<T> Inflating<T> {
    /// A connection after its upgrade, for messages of up to so many bytes.
    pub(super) fn new(io: T, agreement: Option<Agreement>, largest: usize) -> Self {
        Self {
            io,
            frames: agreement.map(|agreement| Frames::new(agreement, largest)),
            out: Vec::new(),
            handed_out: 0,
        }
    }

    /// How many messages came compressed and were inflated.
    pub(super) fn inflated(&self) -> usize {
        self.frames.as_ref().map_or(0, |frames| frames.inflated)
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Inflating<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let Some(frames) = &mut this.frames else { return Pin::new(&mut this.io).poll_read(cx, buf) };
        while this.handed_out == this.out.len() {
            (this.out, this.handed_out) = (Vec::new(), 0);
            let mut bytes = [0; 8 * 1024];
            let mut read = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut this.io).poll_read(cx, &mut read))?;
            if read.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            let fed = frames.feed(read.filled(), &mut this.out);
            fed.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        }
        let rest = &this.out[this.handed_out..];
        let count = rest.len().min(buf.remaining());
        buf.put_slice(&rest[..count]);
        this.handed_out += count;
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Inflating<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    const HELLO: [u8; 7] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];

    fn agreement() -> Agreement {
        Agreement::read(Some("permessage-deflate")).unwrap().unwrap()
    }

    #[test]
    fn frames_however_the_bytes_are_cut() {
        // A plain text, a compressed message in two frames with a ping between them, and a close frame.
        let mut bytes = b"\x81\x02hi".to_vec();
        bytes.extend([&[0x41, 3][..], &HELLO[..3], b"\x89\x00", &[0x80, 4], &HELLO[3..]].concat());
        bytes.extend(b"\x88\x02\x03\xe8");
        for size in 1..bytes.len() {
            let (mut frames, mut seen) = (Frames::new(agreement(), 4096), Vec::new());
            bytes.chunks(size).for_each(|piece| frames.feed(piece, &mut seen).unwrap());
            assert_eq!(
                (seen.as_slice(), frames.inflated),
                (&b"\x81\x02hi\x89\x00\x81\x05Hello\x88\x02\x03\xe8"[..], 1)
            );
        }
    }

    #[tokio::test]
    async fn what_is_not_compressed_is_told() {
        let mut inflating = Inflating::new(&b"\xc1\x05hello"[..], Some(agreement()), 4096);
        let error = inflating.read_to_end(&mut Vec::new()).await.unwrap_err();
        assert!(error.get_ref().unwrap().is::<InflateError>(), "{error}");
    }

    #[tokio::test]
    async fn long_messages_have_long_heads() {
        let text = "Nel mezzo del cammin di nostra vita ".repeat(20);
        let compressed = agreement().compress(text.as_bytes()).unwrap();
        let frame = [&[0xc1, u8::try_from(compressed.len()).unwrap()][..], &compressed].concat();
        let mut inflating = Inflating::new(frame.as_slice(), Some(agreement()), 4096);
        let mut seen = Vec::new();
        inflating.read_to_end(&mut seen).await.unwrap();
        assert_eq!(seen[..4], [0x81, 126, 2, 208]);
        assert_eq!(&seen[4..], text.as_bytes());
    }
}
