//! [`Token`]: the secret of whoever conducts a room. Only its hash is kept.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// The fewest characters that a token may have: too many to be guessed, if they were drawn by chance.
pub(crate) const SHORTEST_TOKEN: usize = 16;

/// The most.
pub(crate) const LONGEST_TOKEN: usize = 128;

/// The SHA-256 of a token. Compared in constant time, and never shown.
#[derive(Clone)]
pub(crate) struct Token([u8; 32]);

impl Token {
    /// Reads a token: [`SHORTEST_TOKEN`] to [`LONGEST_TOKEN`] visible ASCII characters; none if it is not one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let fits = (SHORTEST_TOKEN..=LONGEST_TOKEN).contains(&text.len());
        (fits && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| Self(Sha256::digest(text).into()))
    }
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Token {}

/// 64 small hexadecimal digits: what nodes tell each other.
impl Serialize for Token {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digits: String = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
        serializer.serialize_str(&digits)
    }
}

impl<'de> Deserialize<'de> for Token {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut hash = [0; 32];
        let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 2 * hash.len() || !text.bytes().all(is_hex) {
            return Err(D::Error::custom("no SHA-256"));
        }
        for (at, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(D::Error::custom)?;
        }
        Ok(Self(hash))
    }
}

/// Whose token conducts a room, and since when (milliseconds since the Unix epoch).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claim {
    pub(super) at: u64,
    pub(super) token: Token,
}

impl Claim {
    /// The one of two that were made apart that counts: the first; of two in the same millisecond the one with the smaller hash.
    pub(super) fn first(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        let both = [one, other].into_iter().flatten();
        both.min_by(|one, other| (one.at, one.token.0).cmp(&(other.at, other.token.0)))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_claim_counts_on_whatever_side_it_was_made() {
        let claim = |at, text: &str| Some(Claim { at, token: Token::parse(&text.repeat(16)).unwrap() });
        for (one, other, first) in [
            (None, None, None),
            (claim(5, "a"), None, claim(5, "a")),
            (claim(5, "a"), claim(4, "b"), claim(4, "b")),
        ] {
            assert_eq!(Claim::first(one.clone(), other.clone()), first);
            assert_eq!(Claim::first(other, one), first);
        }
        let (one, other) = (claim(5, "a"), claim(5, "b"));
        assert_eq!(Claim::first(one.clone(), other.clone()), Claim::first(other, one));
    }

    #[test]
    fn tokens() {
        let token = Token::parse("abcdefghijklmnop").unwrap();
        assert_eq!(token, Token::parse("abcdefghijklmnop").unwrap());
        assert_ne!(token, Token::parse("abcdefghijklmnoq").unwrap());
        assert_eq!(format!("{token:?}"), "Token(…)");
        for text in
            ["", "short", "fifteen-letters", "a space is in here", &"x".repeat(129), "sixteen-letters\u{e8}"]
        {
            assert_eq!(Token::parse(text), None, "{text:?}");
        }
    }
}
