//! [`Token`]: the secret of whoever conducts a room. Only its hash is kept.

use std::fmt;

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

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
