//! What nodes say to each other: the channels of Redis, and the JSON on them. Whoever may publish in this Redis could say anything, so
//! sizes are bounded, and what cannot be understood is passed over.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The most characters that an announcement may have.
pub(crate) const LONGEST_ANNOUNCEMENT: usize = 500;

/// The most bytes that a message may have: an announcement of characters that JSON escapes to twelve bytes fits.
const LARGEST: usize = 8 * 1024;

/// The most entries of a board in one message, and the most bytes of one: an entry has less than 600.
pub(super) const MOST_ENTRIES: usize = 100;
const LARGEST_BOARD: usize = 64 * 1024;

/// The most bytes that a node's name may have; Dante's own have eight.
const LONGEST_NAME: usize = 64;

/// The names of the channels and of the key. Redis' channels know no database numbers, so the name has it: fleets with different numbers do not
/// hear each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Channels {
    /// Where nodes say that they are there.
    pub(super) nodes: String,
    /// Where announcements are made.
    pub(super) announcements: String,
    /// Where it is said what has changed on a board; and the key under which the board is kept.
    pub(super) board: String,
}

impl Channels {
    /// The channels of a fleet in the database with this number, for those who share a board with this topic.
    pub(super) fn new(database: i64, topic: &str) -> Self {
        let name = |what| format!("dante:{database}:{what}");
        Self { nodes: name("nodes"), announcements: name("announcements"), board: name(topic) }
    }
}

/// A node says that it is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Heartbeat {
    pub(super) node: String,
    pub(super) readers: u32,
    /// It lets its readers go, and is not to be counted any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) leaving: bool,
}

impl Heartbeat {
    /// Reads one; none if it is not one.
    pub(super) fn read(payload: &[u8]) -> Option<Self> {
        let heartbeat: Self = read(payload)?;
        is_name(&heartbeat.node).then_some(heartbeat)
    }
}

/// A node says what it has on its board.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Entries {
    pub(super) node: String,
    /// The time that the node has, in milliseconds since the Unix epoch.
    pub(super) at: u64,
    pub(super) entries: Vec<Box<RawValue>>,
}

impl Entries {
    /// Reads a message; none if it is not one.
    pub(super) fn read(payload: &[u8]) -> Option<Self> {
        let said: Self = (payload.len() <= LARGEST_BOARD).then(|| serde_json::from_slice(payload).ok())??;
        is_name(&said.node).then_some(said)
    }
}

fn is_name(node: &str) -> bool {
    (1..=LONGEST_NAME).contains(&node.len())
}

/// What is told to every reader on every node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Announcement {
    /// Plain text in one line: 1 to [`LONGEST_ANNOUNCEMENT`] characters, no control characters.
    pub(crate) text: String,
    /// When it was made (RFC 3339, UTC).
    pub(crate) at: String,
}

impl Announcement {
    /// An announcement of this text, without the space around it.
    ///
    /// # Errors
    /// When the text is empty, too long or not plain; the error is reason and remedy.
    pub(crate) fn new(text: &str, now: SystemTime) -> Result<Self, String> {
        let text = text.trim();
        let length = text.chars().count();
        if length == 0 {
            return Err("there is nothing to announce; give a text".to_owned());
        }
        if length > LONGEST_ANNOUNCEMENT {
            return Err(format!("{length} characters are too many; give at most {LONGEST_ANNOUNCEMENT}"));
        }
        if text.chars().any(char::is_control) {
            return Err(
                "it has a line break or another control character; give plain text in one line".to_owned()
            );
        }
        Ok(Self { text: text.to_owned(), at: humantime::format_rfc3339_seconds(now).to_string() })
    }

    /// Reads one; none if it is not one that this program would make.
    pub(super) fn read(payload: &[u8]) -> Option<Self> {
        let said: Self = read(payload)?;
        let at = humantime::parse_rfc3339(&said.at).ok()?;
        Self::new(&said.text, at).ok()
    }
}

/// A message as it is published.
pub(super) fn written(message: &impl Serialize) -> String {
    // It holds only texts and numbers, which cannot fail.
    serde_json::to_string(message).expect("a message has a JSON form")
}

fn read<'a, T: Deserialize<'a>>(payload: &'a [u8]) -> Option<T> {
    (payload.len() <= LARGEST).then(|| serde_json::from_slice(payload).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let heartbeat = Heartbeat { node: "ab12".into(), readers: 7, leaving: false };
        assert_eq!(written(&heartbeat), r#"{"node":"ab12","readers":7}"#);
        for leaving in [false, true] {
            let heartbeat = Heartbeat { leaving, ..heartbeat.clone() };
            assert_eq!(Heartbeat::read(written(&heartbeat).as_bytes()), Some(heartbeat));
        }
        let longest = "\u{1f600}".repeat(LONGEST_ANNOUNCEMENT);
        let announcement = Announcement::new(&format!(" {longest}\n"), SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!((&*announcement.text, &*announcement.at), (&*longest, "1970-01-01T00:00:00Z"));
        assert_eq!(Announcement::read(written(&announcement).as_bytes()), Some(announcement));
    }

    #[test]
    fn entries_are_passed_on_as_they_are() {
        let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
        let entries = Entries { node: "a".into(), at: 5, entries: vec![raw(r#"{"x":1}"#), raw("2")] };
        let text = written(&entries);
        assert_eq!(text, r#"{"node":"a","at":5,"entries":[{"x":1},2]}"#);
        let read = Entries::read(text.as_bytes()).unwrap();
        assert_eq!(read.entries.iter().map(|entry| entry.get()).collect::<Vec<_>>(), [r#"{"x":1}"#, "2"]);
        let huge = format!("{text}{}", " ".repeat(LARGEST_BOARD));
        for bad in
            ["", "{}", r#"{"node":"","at":5,"entries":[]}"#, r#"{"node":"a","at":-5,"entries":[]}"#, &huge]
        {
            assert!(Entries::read(bad.as_bytes()).is_none(), "{bad:.70}");
        }
    }

    #[test]
    fn a_later_version_may_say_more() {
        let said = br#"{"node":"a","readers":1,"rooms":["x"]}"#;
        assert_eq!(Heartbeat::read(said).map(|heartbeat| heartbeat.readers), Some(1));
    }

    #[test]
    fn other_words_are_passed_over() {
        let long = format!(r#"{{"node":"{}","readers":1}}"#, "a".repeat(65));
        let huge = format!(r#"{{"node":"a","readers":1}}{}"#, " ".repeat(LARGEST));
        for payload in
            ["", "x", "{}", r#"{"node":"","readers":1}"#, r#"{"node":"a","readers":-1}"#, &long, &huge]
        {
            assert_eq!(Heartbeat::read(payload.as_bytes()), None, "{payload:.70}");
        }
        for payload in
            [r#"{"text":"a","at":"today"}"#, r#"{"text":"a\nb","at":"1970-01-01T00:00:00Z"}"#, "\u{0}"]
        {
            assert_eq!(Announcement::read(payload.as_bytes()), None, "{payload}");
        }
    }

    #[test]
    fn announcements_are_plain_and_bounded() {
        for (text, reason) in [
            ("", "nothing to announce"),
            (" \n", "nothing to announce"),
            ("a\nb", "line break"),
            ("\u{1b}[31mred", "control character"),
            (&"a".repeat(LONGEST_ANNOUNCEMENT + 1), "501 characters are too many; give at most 500"),
        ] {
            let error = Announcement::new(text, SystemTime::UNIX_EPOCH).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }
}
