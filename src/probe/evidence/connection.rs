//! What was seen of the path to the host: name, TCP, TLS, HTTP.

use super::{Exchange, Failure};

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
    }

    /// TLS.
    struct Tls {
        /// The version that was agreed on.
        protocol: Option<String>,
        /// What ALPN chose when offered h2 and http/1.1.
        alpn: Option<String>,
        /// How many certificates were sent.
        chain: usize,
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
        /// What plain HTTP gives on this port, if TLS gives nothing.
        other_scheme: Option<String>,
        /// Why the handshake failed.
        #[serde(rename = "trouble")]
        failure: Option<Failure>,
    }

    /// The version of HTTP.
    struct Http {
        /// The first answer.
        first: Exchange,
        /// What TLS gives on this port, if plain HTTP gives nothing.
        other_scheme: Option<String>,
        /// The answer to a request that no parser can accept: whoever parses first refuses it in its own words.
        malformed: Option<Exchange>,
    }
}
