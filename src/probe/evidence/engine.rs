//! What was seen of the engine: handshake, stickiness, upgrades.

use super::{Ended, Exchange};
use crate::probe::client::engineio::Open;

/// How an end is described that a compressed message made, where the answer that arrived agreed to no compression.
pub(crate) const COMPRESSED_UNAGREED: &str =
    "a compressed message came (RSV1), although no compression was agreed on (RFC 7692, 6)";

evidence! {
    /// The handshake by polling.
    struct Handshake {
        /// The request.
        exchange: Exchange,
        /// The session that it opened.
        open: Option<Open>,
        /// Why the answer opens none.
        garbage: Option<String>,
        /// The names of the cookies that were set.
        cookies: Vec<String>,
        /// Where else on this host the engine answers, if not here.
        found_at: Option<String>,
    }

    /// Requests on one session, each over a connection of its own.
    struct Round {
        /// Whether the cookies of the page and the handshake were sent.
        cookies: bool,
        /// Whether those were sent, too, that a browser keeps back.
        withheld: bool,
        /// How many requests were made.
        requests: usize,
        /// How many were answered as they should be.
        good: usize,
        /// How many said that they do not know the session.
        unknown: usize,
        /// How many of the requests that failed were POSTs.
        posts_failed: usize,
        /// The first answer that was not as it should be; one that says that it does not know the session only if
        /// there is no other.
        failed: Option<Exchange>,
        /// The answer that was waited for longest.
        slowest: Option<Exchange>,
    }

    /// Stickiness.
    struct Sticky {
        /// Without cookies, with those that a browser sends, and with all.
        rounds: Vec<Round>,
        /// What failed or was late while other connections were open; the rounds were made again, alone.
        crowded: Vec<Exchange>,
    }

    /// One upgrade to WebSocket.
    struct Upgrade {
        /// chrome, firefox, plain (nothing offered), polling (from a session).
        style: String,
        /// The request, and its answer.
        exchange: Exchange,
        /// The extensions that were agreed on.
        extensions: Option<String>,
        /// Whether the engine's packets came and went.
        works: bool,
        /// Whether what came is not what the protocol asks for.
        garbage: bool,
        /// How it ended, if it did before it was proved to work.
        ended: Option<Ended>,
    }

    /// All upgrades.
    struct Upgrades {
        /// Each.
        attempts: Vec<Upgrade>,
        /// Those that failed or were late while other connections were open; all were made again, alone.
        crowded: Vec<Exchange>,
        /// The answer to an upgrade that named no origin, where all that named one were refused.
        without_origin: Option<Exchange>,
    }
}
