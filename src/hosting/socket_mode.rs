//! [`SocketMode`]: who may connect to a Unix domain socket, as the mode of its file. Pure.

use std::fmt;

/// The permissions of a socket's file; connecting takes the right to write (unix(7)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SocketMode(u32);

impl Default for SocketMode {
    /// The account that runs Dante, and its group.
    fn default() -> Self {
        Self(0o660)
    }
}

impl SocketMode {
    /// Parses three octal digits, with or without a zero before them.
    ///
    /// # Errors
    /// When it is something else; says what to give.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        const REMEDY: &str = "give three octal digits for owner, group and others, such as 660 (owner and group may connect) or 666 (everybody)";
        let digits = text.strip_prefix('0').filter(|digits| digits.len() == 3).unwrap_or(text);
        let is_octal = digits.len() == 3 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
        let mode = u32::from_str_radix(digits, 8).ok().filter(|_| is_octal).ok_or(REMEDY)?;
        if mode & 0o222 == 0 {
            return Err(
                "nobody could connect, which takes the right to write; give 660, or 666 for everybody",
            );
        }
        Ok(Self(mode))
    }

    /// The bits, as chmod(2) takes them.
    #[cfg(unix)]
    pub(crate) fn bits(self) -> u32 {
        self.0
    }
}

impl fmt::Display for SocketMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03o}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octal_digits_and_nothing_else() {
        for (text, shown) in [("660", "660"), ("0666", "666"), ("020", "020"), ("600", "600")] {
            assert_eq!(SocketMode::parse(text).map(|mode| mode.to_string()), Ok(shown.to_owned()), "{text}");
        }
        for text in ["", "66", "0o660", "668", "1660", "rw-rw----", "+660", "-1", " 660"] {
            assert!(SocketMode::parse(text).unwrap_err().contains("octal"), "{text:?}");
        }
        assert!(SocketMode::parse("440").unwrap_err().contains("nobody could connect"));
    }
}
