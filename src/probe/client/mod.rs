//! The thin clients: everything timed and bounded, and nothing hidden.
//!
//! | file | what it knows |
//! |---|---|
//! | `connector`, `tls`, `recorded` | from a name to a connection |
//! | `gate` | how many of them at once, and how fast |
//! | `connection`, `http`, `websocket` | what is spoken on it |
//! | `engineio`, `events`, `unpack` | the formats, pure |

pub(super) mod connection;
pub(super) mod connector;
pub(crate) mod engineio;
pub(crate) mod events;
pub(super) mod gate;
pub(super) mod http;
mod recorded;
pub(super) mod tls;
pub(crate) mod unpack;
pub(super) mod websocket;
