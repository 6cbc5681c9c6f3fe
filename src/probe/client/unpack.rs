//! Unpacking what a proxy has compressed, as its bytes arrive.

use std::io::Write as _;

use flate2::write::GzDecoder;

/// More than this is a bomb, not a stream of stanzas.
const MOST: usize = 4 * 1024 * 1024;

/// Unpacks a stream, or passes it on.
#[derive(Debug)]
pub(crate) enum Unpacker {
    /// Not compressed.
    Plain,
    /// gzip.
    Gzip(Box<GzDecoder<Vec<u8>>>, usize),
    /// A coding that was not asked for.
    Unknown(String),
}

impl Unpacker {
    /// One for the value of `Content-Encoding`.
    pub(crate) fn new(coding: Option<&str>) -> Self {
        match coding {
            None | Some("identity" | "") => Self::Plain,
            Some("gzip" | "x-gzip") => Self::Gzip(Box::new(GzDecoder::new(Vec::new())), 0),
            Some(other) => Self::Unknown(other.to_owned()),
        }
    }

    /// What these bytes give.
    ///
    /// # Errors
    /// When they are not what the coding says.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<Vec<u8>, String> {
        match self {
            Self::Plain => Ok(bytes.to_vec()),
            Self::Gzip(decoder, total) => {
                // In small pieces, so that a bomb is noticed before it fills the memory.
                for piece in bytes.chunks(1024) {
                    decoder.write_all(piece).map_err(|error| format!("not gzip: {error}"))?;
                    if decoder.get_ref().len() + *total > MOST {
                        return Err("it unpacks to more than a stream of stanzas can have".to_owned());
                    }
                }
                // Without this, what has come stays in the decoder.
                decoder.flush().map_err(|error| format!("not gzip: {error}"))?;
                let unpacked = std::mem::take(decoder.get_mut());
                *total += unpacked.len();
                Ok(unpacked)
            }
            Self::Unknown(coding) => Err(format!("it came in {coding}, which was not requested")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};

    #[test]
    fn gzip_in_pieces() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(b"Midway upon").unwrap();
        encoder.flush().unwrap();
        let first = std::mem::take(encoder.get_mut());
        encoder.write_all(b" the journey").unwrap();
        let second = encoder.finish().unwrap();
        let mut unpacker = Unpacker::new(Some("gzip"));
        assert_eq!(unpacker.feed(&first).unwrap(), b"Midway upon");
        assert_eq!(unpacker.feed(&second).unwrap(), b" the journey");
    }

    #[test]
    fn what_is_none_is_refused() {
        assert!(Unpacker::new(Some("gzip")).feed(b"Midway upon the journey").is_err());
        assert!(Unpacker::new(Some("br")).feed(b"x").is_err());
        assert_eq!(Unpacker::new(None).feed(b"x").unwrap(), b"x");
        let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
        for _ in 0..8 {
            bomb.write_all(&vec![0; 1 << 20]).unwrap();
        }
        assert!(Unpacker::new(Some("gzip")).feed(&bomb.finish().unwrap()).is_err());
    }
}
