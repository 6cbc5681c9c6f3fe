//! [`Body`]: where an answer's body ends (RFC 9112, 6.3), and its bytes without the framing of chunks.

use super::Stop;

/// How a body is framed, and how far it has been read.
#[derive(Debug)]
pub(super) enum Body {
    /// So many bytes are left.
    Length(u64),
    /// In chunks.
    Chunked(Chunk),
    /// The end of the connection is its end.
    UntilClose,
}

/// Where a chunked body stands.
#[derive(Debug)]
pub(super) enum Chunk {
    /// Before a chunk's size.
    Size,
    /// So many bytes of a chunk are left.
    Data(u64),
    /// Before the line end after a chunk.
    End,
    /// After the last chunk: lines until an empty one.
    Trailer,
    /// The body has ended.
    Complete,
}

impl Body {
    /// A chunked body, not yet read.
    pub(super) fn chunked() -> Self {
        Self::Chunked(Chunk::Size)
    }

    /// Takes what it can of the input and appends the content. Returns the bytes used, and whether the body is complete.
    ///
    /// # Errors
    /// When the chunks are malformed.
    pub(super) fn decode(&mut self, input: &[u8], content: &mut Vec<u8>) -> Result<(usize, bool), Stop> {
        match self {
            Self::Length(left) => {
                let used = take(left, input, content);
                Ok((used, *left == 0))
            }
            Self::UntilClose => {
                content.extend_from_slice(input);
                Ok((input.len(), false))
            }
            Self::Chunked(chunk) => chunk.decode(input, content),
        }
    }
}

/// Copies what is there of `left` bytes.
fn take(left: &mut u64, input: &[u8], content: &mut Vec<u8>) -> usize {
    let used = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
    content.extend_from_slice(&input[..used]);
    *left -= used as u64;
    used
}

impl Chunk {
    fn decode(&mut self, input: &[u8], content: &mut Vec<u8>) -> Result<(usize, bool), Stop> {
        let mut used = 0;
        loop {
            let rest = &input[used..];
            match self {
                Self::Size => match httparse::parse_chunk_size(rest) {
                    Ok(httparse::Status::Complete((line, size))) => {
                        used += line;
                        *self = if size == 0 { Self::Trailer } else { Self::Data(size) };
                    }
                    Ok(httparse::Status::Partial) => return Ok((used, false)),
                    Err(_) => return Err(Stop::Cut("the answer's chunks are malformed".to_owned())),
                },
                Self::Data(left) => {
                    used += take(left, rest, content);
                    if *left > 0 {
                        return Ok((used, false));
                    }
                    *self = Self::End;
                }
                Self::End if rest.len() < 2 => return Ok((used, false)),
                Self::End => {
                    used += 2;
                    *self = Self::Size;
                }
                Self::Trailer => match rest.windows(2).position(|pair| pair == b"\r\n") {
                    Some(line) => {
                        used += line + 2;
                        if line == 0 {
                            *self = Self::Complete;
                        }
                    }
                    None => return Ok((used, false)),
                },
                Self::Complete => return Ok((used, true)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds a text in pieces of one size.
    fn fed(mut body: Body, text: &[u8], size: usize) -> (Vec<u8>, bool, usize) {
        let (mut content, mut waiting, mut total, mut complete) = (Vec::new(), Vec::new(), 0, false);
        for piece in text.chunks(size) {
            waiting.extend_from_slice(piece);
            let used;
            (used, complete) = body.decode(&waiting, &mut content).unwrap();
            waiting.drain(..used);
            total += used;
        }
        (content, complete, total)
    }

    #[test]
    fn framings() {
        let chunked = b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: t\r\n\r\nHTTP";
        for size in 1..chunked.len() {
            let expected = (b"abcde".to_vec(), true, chunked.len() - 4);
            assert_eq!(fed(Body::chunked(), chunked, size), expected, "{size}");
            assert_eq!(fed(Body::Length(5), b"abcdefg", size), (b"abcde".to_vec(), true, 5), "{size}");
            assert_eq!(fed(Body::UntilClose, b"abcde", size), (b"abcde".to_vec(), false, 5), "{size}");
        }
        assert!(Body::chunked().decode(b"what\r\n", &mut Vec::new()).is_err());
    }
}
