//! What was seen: the way out: the proxy that requests go through.

use super::{Attempt, Evidence, Exchange, Failure, Tls};

evidence! {
    /// The way out: the proxy that requests go through.
    struct ProxySeen {
        /// Its URL, without a password.
        url: String,
        /// The variable or option that names it.
        source: String,
        /// The variable that excepts this host, so that requests do not go through it.
        excepted_by: Option<String>,
        /// Whether credentials were given for it.
        credentials: bool,
        /// Whether it is asked for whole URLs, and makes requests of its own; else it passes bytes.
        forwards: bool,
        /// Whether it looks up the name of the host.
        looks_names_up: bool,
        /// Its addresses, as they were tried.
        attempts: Vec<Attempt>,
        /// Its own TLS, where the handshake came to nothing or its certificate is not trusted.
        tls: Option<Box<Tls>>,
        /// What its port speaks instead, where it is not what the URL says: TLS, or HTTP without it.
        other_scheme: Option<String>,
        /// The request for a tunnel to the host, and the answer; none with SOCKS.
        connect: Option<Exchange>,
        /// Why there is no way through it.
        #[serde(rename = "trouble")]
        failure: Option<Failure>,
        /// The same probe without it.
        direct: Option<Box<Evidence>>,
    }
}

impl ProxySeen {
    /// Whether requests go through it.
    pub(crate) fn is_used(&self) -> bool {
        self.excepted_by.is_none()
    }

    /// Whether requests for pages can go through it, whatever is behind it.
    pub(crate) fn lets_through(&self) -> bool {
        self.failure.is_none() || (self.forwards && self.reached())
    }

    /// Whether there is a connection to it.
    pub(crate) fn reached(&self) -> bool {
        self.attempts.iter().any(|attempt| attempt.failure.is_none())
    }
}
