//! [`Word`]: what nodes tell each other of a room, and what is kept of it. Others may have written it: names are checked, and numbers may be absurd.

use serde::{Deserialize, Serialize};

use super::{RoomName, RoomPlace, token::Claim};

/// One room, as a node has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Word {
    pub(crate) name: RoomName,
    pub(super) place: RoomPlace,
    /// Whose token conducts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) claim: Option<Claim>,
    /// How many readers the node has there.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) readers: u32,
}

impl Word {
    /// The same, to be kept: readers don't outlive their node.
    pub(crate) fn without_readers(self) -> Self {
        Self { readers: 0, ..self }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::Token;

    #[test]
    fn what_is_written_is_read() {
        let name = RoomName::parse("class-3").unwrap();
        let place = RoomPlace::new(1000, None).entered(2000).jump_to(7, 16_000);
        let claim = Some(Claim { at: 5, token: Token::parse("0123456789abcdef").unwrap() });
        for (claim, readers) in [(claim, 3), (None, 0)] {
            let word = Word { name: name.clone(), place, claim, readers };
            let text = serde_json::to_string(&word).unwrap();
            assert!(!text.contains("0123456789abcdef"), "only its hash is told: {text}");
            assert_eq!(serde_json::from_str::<Word>(&text).unwrap(), word);
        }
    }

    #[test]
    fn what_is_no_word_is_not_read() {
        let place = RoomPlace::new(1000, None);
        let good = Word { name: RoomName::parse("a").unwrap(), place, claim: None, readers: 1 };
        let good = serde_json::to_string(&good).unwrap();
        let token = |text: &str| {
            good.replace("\"readers\"", &format!("\"claim\":{{\"at\":1,\"token\":\"{text}\"}},\"readers\""))
        };
        assert!(serde_json::from_str::<Word>(&token(&"0f".repeat(32))).is_ok());
        for bad in [
            good.replace("\"a\"", "\"a/b\""),
            good.replace("\"readers\":1", "\"readers\":-1"),
            good.replace("\"index\":0", "\"index\":null"),
            token(&"0f".repeat(31)),
            token(&"0F".repeat(32)),
            token(&"é".repeat(32)),
        ] {
            assert!(serde_json::from_str::<Word>(&bad).is_err(), "{bad}");
        }
    }
}
