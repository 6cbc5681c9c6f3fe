//! The text of the messages that an echo sends: a number, and letters that no compression makes much smaller, so that a
//! limit on sizes is met with or without it. Pure.

use std::sync::LazyLock;

use bytes::Bytes;

/// Letters without a line break or a space, as in base64.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Longer than the window of deflate (RFC 1951: 32 KiB), which so finds no repetition.
const PERIOD: usize = 64 * 1024;

static LETTERS: LazyLock<Bytes> = LazyLock::new(|| {
    // xorshift64 (Marsaglia 2003): the same letters in every process.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        ALPHABET[(state >> 58) as usize]
    };
    std::iter::repeat_with(next).take(PERIOD).collect()
});

/// The message with this number and of this size in bytes, in pieces of at most 64 KiB; one that is too small for its number
/// has only letters.
pub(super) fn pieces(index: u64, size: u64) -> impl Iterator<Item = Bytes> {
    let head = format!("{index} ");
    let head = if (head.len() as u64) < size { Bytes::from(head) } else { Bytes::new() };
    let mut left = size - head.len() as u64;
    let letters = std::iter::from_fn(move || {
        let length = usize::try_from(left).unwrap_or(PERIOD).min(PERIOD);
        left -= length as u64;
        (length > 0).then(|| LETTERS.slice(..length))
    });
    std::iter::once(head).filter(|head| !head.is_empty()).chain(letters)
}

/// The same as one text.
pub(super) fn text(index: u64, size: u64) -> String {
    let bytes: Vec<u8> = pieces(index, size).flatten().collect();
    String::from_utf8(bytes).expect("the letters are ASCII")
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn messages_have_their_size() {
        for size in [1, 2, 3, 10, PERIOD as u64, PERIOD as u64 + 1, 3 * PERIOD as u64 + 7] {
            assert_eq!(text(7, size).len() as u64, size);
        }
        assert!(text(12, 40).starts_with("12 "));
    }

    #[test]
    fn compression_does_not_make_them_small() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(text(0, 256 * 1024).as_bytes()).unwrap();
        assert!(encoder.finish().unwrap().len() > 128 * 1024);
    }
}
