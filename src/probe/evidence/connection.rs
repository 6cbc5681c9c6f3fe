//! What was seen of the path to the host: name, TCP, TLS, HTTP.

use super::{Exchange, Failure, FailureKind};

evidence! {
    /// The name.
    struct Name {
        /// What was looked up.
        name: String,
        /// What it stands for.
        addresses: Vec<String>,
        /// Whether `--resolve` said so.
        given: bool,
        /// Why it has none.
        #[serde(rename = "trouble")]
        failure: Option<Failure>,
    }

    /// One attempt to connect.
    struct Attempt {
        /// The address and port.
        address: String,
        /// How long it took.
        ms: u64,
        /// Why it failed.
        #[serde(rename = "trouble")]
        failure: Option<Failure>,
    }

    /// TCP.
    struct Tcp {
        /// Each address that was tried; the first that answered is used.
        attempts: Vec<Attempt>,
        /// What each address answers, the one that is used first; empty where there is only one.
        addresses: Vec<AddressAnswer>,
        /// All connections of the probe, up to now.
        connections: Connections,
    }

    /// What one address of several answers to the request for the page.
    struct AddressAnswer {
        /// The address and port.
        address: String,
        /// The answers; a second one was asked for where the first differs from another address's.
        answers: Vec<PageAnswer>,
        /// Why there is no connection.
        #[serde(rename = "trouble")]
        failure: Option<Failure>,
    }

    /// An answer to the request for the page.
    struct PageAnswer {
        /// The exchange.
        exchange: Exchange,
        /// Whether it is Dante's page.
        is_dante: bool,
    }

    /// Connections to the host, counted.
    struct Connections {
        /// How many were accepted.
        opened: usize,
        /// How many were refused after the first one had been accepted.
        refused: usize,
        /// Those that were reset or closed before an answer was whole; the first 50.
        broken: Vec<BrokenConnection>,
    }

    /// A connection that was reset or closed before an answer was whole.
    struct BrokenConnection {
        /// When, since the probe began.
        at_ms: u64,
        /// How.
        kind: FailureKind,
        /// What was asked for.
        url: String,
        /// Whether the same request was answered over a fresh connection.
        answered_again: bool,
    }

    /// TLS.
    struct Tls {
        /// The version that was agreed on.
        protocol: Option<String>,
        /// What ALPN chose when offered h2 and http/1.1.
        alpn: Option<String>,
        /// Whether the server answers the greeting of HTTP/2, if ALPN chose that.
        http2: Option<bool>,
        /// How many certificates were sent.
        chain: usize,
        /// SHA-256 of the first one, in hexadecimal digits.
        fingerprint: Option<String>,
        /// Whom the certificate names.
        subject: String,
        /// Who signed it.
        issuer: String,
        /// The names and addresses that it is for.
        names: Vec<String>,
        /// From when it is valid, RFC 3339.
        not_before: String,
        /// Until when.
        not_after: String,
        /// How many days are left; negative when it has expired.
        days_left: Option<i64>,
        /// How many seconds are left; negative when it has expired.
        seconds_left: Option<i64>,
        /// For how many seconds it is valid altogether.
        life_seconds: Option<i64>,
        /// Whether it is not valid yet.
        not_yet_valid: bool,
        /// Whether it signed itself.
        self_signed: bool,
        /// Whether it is for the name that was asked for.
        name_matches: Option<bool>,
        /// Why the system's roots do not vouch for it.
        untrusted: Option<String>,
        /// Whether the probe went on all the same.
        insecure: bool,
        /// How far this machine's clock is ahead of the host's, by the header `Date`; asked where a certificate's
        /// time is the matter.
        clock_ahead_seconds: Option<i64>,
        /// Whether the server asked for a certificate of the client's.
        asked_for_certificate: bool,
        /// What the server chooses, if the handshake failed, when older versions and ciphers are offered.
        old_choice: Option<OldChoice>,
        /// Whom the certificate names that comes when the handshake succeeds without the name in it (SNI), and not with it.
        without_name: Option<String>,
        /// What came instead of TLS, as text with escapes.
        not_tls: Option<String>,
        /// What plain HTTP gives on this port, if TLS gives nothing.
        plain: Option<Exchange>,
        /// Why the handshake failed.
        #[serde(rename = "trouble")]
        failure: Option<Failure>,
    }

    /// What a server chooses of older versions and ciphers.
    struct OldChoice {
        /// The version, and the cipher suite if it is that which is old.
        choice: String,
        /// Whether the version is older than TLS 1.2.
        is_old_version: bool,
    }

    /// The version of HTTP.
    struct Http {
        /// The first answer.
        first: Exchange,
        /// What HTTP/1.1 gave, where only HTTP/2 is spoken: all that follows goes over that.
        over_http1: Option<Exchange>,
        /// What HTTP/2's greeting alone is answered, where HTTP/2 was spoken without TLS and no answer came.
        greeting: Option<Exchange>,
        /// What TLS gives on this port, if plain HTTP gives nothing.
        other_scheme: Option<String>,
        /// The answer to a request that no parser can accept: whoever parses first refuses it in its own words.
        malformed: Option<Exchange>,
    }
}

/// How many refusals show that a port is gone: the first, and two more some time apart.
const GONE: usize = 3;

impl Connections {
    /// Whether the first connection was accepted, and all after it were refused.
    pub(crate) fn was_only_one(&self) -> bool {
        self.opened == 1 && self.refused >= GONE
    }
}

impl Tls {
    /// How long its certificate is still valid, in days or, if these are few, hours.
    pub(crate) fn time_left(&self) -> String {
        const HOUR: i64 = 60 * 60;
        match self.seconds_left {
            Some(seconds) if seconds < 48 * HOUR => format!("{} hours", seconds / HOUR),
            _ => format!("{} days", self.days_left.unwrap_or_default()),
        }
    }
}
