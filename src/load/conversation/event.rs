//! Dante's events as one JSON object, which plain WebSocket and server-sent events share.

use std::borrow::Cow;

use serde::Deserialize;

use super::{Heard, Opening, Stop};
use crate::contract::events;

/// What is read of such an object.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Object<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    index: Option<u32>,
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    edition: Option<Cow<'a, str>>,
    of: Option<u32>,
    interval_ms: Option<u64>,
}

/// The opening event's content.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Start<'a> {
    #[serde(borrow)]
    edition: Cow<'a, str>,
    of: u32,
    interval_ms: u64,
}

impl Start<'_> {
    /// As it is told.
    pub(super) fn opening(&self) -> Opening<'_> {
        Opening { edition: &self.edition, of: self.of, interval_ms: self.interval_ms }
    }
}

/// A text that is borrowed where it has no escapes.
#[derive(Deserialize)]
pub(super) struct Words<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// What is read of a stanza's place.
#[derive(Deserialize)]
pub(super) struct Index {
    pub(super) index: u32,
}

/// Reads one object and tells it; others than Dante's are passed over.
///
/// # Errors
/// When it is the end of the poem, or not such an object.
pub(super) fn object(json: &[u8], tell: &mut dyn FnMut(Heard<'_>)) -> Result<(), Stop> {
    let strange = || {
        let text: String = String::from_utf8_lossy(json).chars().take(60).collect();
        Stop::Forbidden(format!("this is not one of Dante's events: {text}; check the URL"))
    };
    let object: Object<'_> = serde_json::from_slice(json).map_err(|_| strange())?;
    match &*object.event {
        events::DIVINE_COMEDY => {
            let (Some(index), Some(text)) = (object.index, &object.text) else { return Err(strange()) };
            tell(Heard::Stanza(index, text));
        }
        events::READING => {
            let (Some(edition), Some(of), Some(interval_ms)) =
                (&object.edition, object.of, object.interval_ms)
            else {
                return Err(strange());
            };
            tell(Heard::Opening(Opening { edition, of, interval_ms }));
        }
        events::END => return Err(Stop::Over),
        _ => {}
    }
    Ok(())
}
