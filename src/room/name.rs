//! [`RoomName`]: how a room is called.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// The most bytes that a name may have.
pub(crate) const LONGEST_NAME: usize = 64;

/// A room's name: 1 to [`LONGEST_NAME`] ASCII letters, digits, `-` and `_`. `A` and `a` are different rooms. So it stands in a URL, in a
/// log and in a page as it is, without escapes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct RoomName(Arc<str>);

impl RoomName {
    /// Reads a name; none if it is not one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let fits = (1..=LONGEST_NAME).contains(&text.len());
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (fits && text.bytes().all(allowed)).then(|| Self(text.into()))
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for RoomName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for RoomName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("no name of a room"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let longest = "a".repeat(LONGEST_NAME);
        for text in ["a", "Class-3_b", "0", "-", &longest] {
            assert_eq!(RoomName::parse(text).unwrap().to_string(), text);
        }
        for text in ["", " a", "a b", "a/b", "a.b", "../a", "è", "a\n", "<a>", &format!("{longest}a")] {
            assert_eq!(RoomName::parse(text), None, "{text:?}");
        }
        assert_ne!(RoomName::parse("a"), RoomName::parse("A"));
    }
}
