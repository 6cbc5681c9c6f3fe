//! The thin clients: everything timed and bounded, and nothing hidden.
//!
//! | file | what it knows |
//! |---|---|
//! | `connector`, `tls` | from a name to a connection |
//! | `http`, `websocket` | what is spoken on it |
//! | `engineio`, `events`, `unpack` | the formats, pure |

pub mod connector;
pub mod engineio;
pub mod events;
pub mod http;
pub mod tls;
pub mod unpack;
pub mod websocket;
