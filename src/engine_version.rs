//! [`EngineVersion`] names the revisions of the Engine.IO protocol, on which Socket.IO stands;
//! [`EngineVersions`] says which of them are spoken.

use std::fmt;

/// A revision of the Engine.IO protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EngineVersion {
    /// What clients of Socket.IO 1 and 2 speak.
    V3,
    /// What clients of Socket.IO 3 and 4 speak, and Dante's own pages.
    V4,
}

impl EngineVersion {
    /// Reads the value of the query's `EIO`; none if it is another revision.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "3" => Some(Self::V3),
            "4" => Some(Self::V4),
            _ => None,
        }
    }

    /// Its number, as the protocol has it.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::V3 => 3,
            Self::V4 => 4,
        }
    }
}

/// The revisions that a server speaks: always version 4, and version 3 unless it is switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EngineVersions {
    v3: bool,
}

/// Why a text names no set of versions.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum EngineVersionsError {
    /// A name that is unknown, missing or repeated.
    #[error(
        "{0:?} is not a version of Engine.IO, or is there twice; give 4, or 4,3 to serve Socket.IO 2 clients, too"
    )]
    Unknown(String),
    /// Version 3 alone.
    #[error("Dante's own pages need version 4; give 4, or 4,3")]
    WithoutFour,
}

impl EngineVersions {
    /// Reads `4` or `4,3`, in any order.
    ///
    /// # Errors
    /// When a version is unknown, missing or repeated, or version 4 is not there.
    pub(crate) fn parse(text: &str) -> Result<Self, EngineVersionsError> {
        let mut versions = Vec::new();
        for name in text.split(',').map(str::trim) {
            let version = EngineVersion::parse(name).filter(|version| !versions.contains(version));
            versions.push(version.ok_or_else(|| EngineVersionsError::Unknown(name.to_owned()))?);
        }
        if !versions.contains(&EngineVersion::V4) {
            return Err(EngineVersionsError::WithoutFour);
        }
        Ok(Self { v3: versions.contains(&EngineVersion::V3) })
    }

    /// Whether a version is spoken.
    pub(crate) fn contains(self, version: EngineVersion) -> bool {
        version == EngineVersion::V4 || self.v3
    }

    /// The numbers of those that are spoken, the newest first.
    pub(crate) fn numbers(self) -> Vec<u8> {
        let spoken =
            [EngineVersion::V4, EngineVersion::V3].into_iter().filter(|version| self.contains(*version));
        spoken.map(EngineVersion::number).collect()
    }
}

impl Default for EngineVersions {
    fn default() -> Self {
        Self { v3: true }
    }
}

impl fmt::Display for EngineVersions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.v3 { "4,3" } else { "4" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (text, read) in [("4", "4"), ("4,3", "4,3"), (" 3 , 4 ", "4,3")] {
            assert_eq!(EngineVersions::parse(text).unwrap().to_string(), read);
        }
        assert_eq!(EngineVersions::default(), EngineVersions::parse("4,3").unwrap());
        for text in ["", "4,", "4,4", "5", "v4", "4.0"] {
            assert!(matches!(EngineVersions::parse(text), Err(EngineVersionsError::Unknown(_))), "{text:?}");
        }
        assert_eq!(EngineVersions::parse("3"), Err(EngineVersionsError::WithoutFour));
    }
}
