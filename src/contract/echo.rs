//! What `dante echo` and the probe agree on: the header by which an echo is known, its paths, the parameters of its queries,
//! and what it says of a body that it received.

use serde::{Deserialize, Serialize};

/// The header of every answer of an echo; its value is [`VERSION`].
pub(crate) const HEADER: &str = "dante-echo";

/// The version of what this module describes.
pub(crate) const VERSION: &str = "1";

/// Last segments of the paths, below any prefix.
pub(crate) const WEBSOCKET: &str = "ws";
/// Server-sent events.
pub(crate) const SSE: &str = "sse";
/// A body, and what came of it.
pub(crate) const POST: &str = "post";

/// How many messages the echo is to send.
pub(crate) const COUNT: &str = "count";
/// The size of the first one, in bytes.
pub(crate) const SIZE: &str = "size";
/// How many times larger each one is than the one before.
pub(crate) const GROW: &str = "grow";
/// The time between two.
pub(crate) const EVERY: &str = "every";
/// How a WebSocket answers what a client sends: `echo` with the same, `size` with [`Received`].
pub(crate) const ANSWER: &str = "answer";

/// The longest message, either way, in bytes.
pub(crate) const LONGEST_MESSAGE: usize = 16 * 1024 * 1024;

/// The longest body that is received, and the most that one stream sends, in bytes.
pub(crate) const LONGEST_BODY: u64 = 64 * 1024 * 1024;

/// What an echo says of a body or a message that it received.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Received {
    /// How large it was.
    pub(crate) bytes: u64,
    /// The pieces in which a body arrived, those beyond the first few hundred counted as the last one; none of a message.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) pieces: Vec<Piece>,
}

/// A part of a body, as it arrived.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Piece {
    /// How long after the head of the request, in milliseconds.
    pub(crate) at_ms: u64,
    /// Its size.
    pub(crate) bytes: u64,
}
