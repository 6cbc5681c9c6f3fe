//! The thin clients: everything timed and bounded, and nothing hidden.
//!
//! | file | what it knows |
//! |---|---|
//! | `resolver`, `connector`, `connection_log`, `recorded` | from a name to a connection |
//! | `proxy`, `carriage` | through a proxy |
//! | `gate` | how many of them at once, and how fast |
//! | `tls`, `inspection`, `alert`, `hello` | TLS, and why there is none |
//! | `connection`, `request`, `answer`, `http`, `retry`, `http2`, `websocket`, `upload` | what is spoken on it |
//! | `deflate`, `inflating` | compressed messages of a WebSocket |
//! | `as_it_came` | answers that a client of HTTP cannot read |
//! | `failures`, `lock` | the errors of all of these, and what they share |
//! | `journal`, `excerpt` | all that was, and how much of an answer is kept |
//! | `engineio`, `events`, `unpack`, `stream_type` | the formats, pure |

mod alert;
mod answer;
pub(crate) mod as_it_came;
pub(super) mod carriage;
pub(super) mod connection;
mod connection_log;
pub(super) mod connector;
pub(crate) mod deflate;
pub(crate) mod engineio;
pub(crate) mod events;
mod excerpt;
pub(super) mod failures;
pub(super) mod gate;
mod hello;
pub(super) mod http;
pub(crate) mod http2;
pub(crate) mod inflating;
mod inspection;
mod journal;
pub(super) mod lock;
pub(super) mod proxy;
mod recorded;
mod request;
mod resolver;
mod retry;
mod retry_after;
pub(crate) mod stream_type;
pub(super) mod tls;
pub(crate) mod unpack;
pub(super) mod upload;
pub(super) mod websocket;
