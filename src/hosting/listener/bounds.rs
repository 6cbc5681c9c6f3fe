//! [`Bounds`]: what a connection may cost before and between its requests.

use std::time::Duration;

/// How long a peer may take for what it has begun, a head or the taking of bytes, once the server stops.
pub(super) const LAST_BYTES: Duration = Duration::from_secs(1);

/// Limits in bytes and in time. The defaults are more than a browser, a proxy that keeps connections, or a slow phone ever
/// needs; tests use shorter ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// How long a request's head may take from its first byte to its last.
    pub head: Duration,
    /// The most bytes of a head; not below 8 KiB, which is what hyper reads at once.
    pub head_bytes: usize,
    /// How long a request's body may take.
    pub body: Duration,
    /// How long a connection may be quiet, before its first request and between requests; as long as the client wants if none.
    pub keep_alive: Option<Duration>,
    /// After how long a quiet connection gives back its buffers, which it gets again with the next byte. Clients that ask for
    /// one thing after another come sooner.
    pub doze: Duration,
    /// How long after it was accepted a connection may take for its first word, once the server stops: its request is on the way, right
    /// behind the handshake of TCP.
    pub first_word: Duration,
}

/// Where a proxy decides how long connections are kept, it keeps them for less than 75 s by default (nginx: 60 s), and browsers
/// notice a close.
pub(crate) const DEFAULT_KEEP_ALIVE: Duration = Duration::from_secs(75);

impl Default for Bounds {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            // As nginx takes by default (large_client_header_buffers 4 8k). Cookies of other applications on the same name count.
            head_bytes: 32 * 1024,
            body: Duration::from_secs(30),
            keep_alive: Some(DEFAULT_KEEP_ALIVE),
            doze: Duration::from_secs(2),
            first_word: Duration::from_secs(1),
        }
    }
}
