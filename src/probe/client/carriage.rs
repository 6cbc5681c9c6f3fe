//! [`Carriage`]: how a request over plain HTTP goes through a proxy.

/// How a request over plain HTTP goes through a proxy of HTTP, as browsers do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carriage {
    /// The proxy is asked for the whole URL, and makes a request of its own (RFC 9112, 3.2.2).
    Forwarded,
    /// The proxy passes bytes both ways, as for WebSocket and for TLS (RFC 9110, 9.3.6).
    Tunnelled,
}
