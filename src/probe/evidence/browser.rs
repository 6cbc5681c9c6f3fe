//! What was seen: what a browser makes of the page.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::transport::Transport;

/// What a page opened to be told of something as it happens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum OpenedKind {
    /// A WebSocket.
    #[default]
    WebSocket,
    /// An event stream, by `EventSource`.
    EventSource,
}

evidence! {
    /// What a browser makes of the page.
    struct Browser {
        /// Its name and version, as it says: `Chrome/156.0.8078.108`.
        version: String,
        /// The program that was started.
        program: String,
        /// Whether it could reach this host only, since headers were sent that no other may see.
        only_this_host: bool,
        /// The pages that it opened, one after the other, each with connections, cookies and caches of its own.
        visits: Vec<Visit>,
        /// Why it was not watched to the end, in words: it crashed, or did not answer.
        trouble: Option<String>,
    }

    /// A page that was open for a while.
    struct Visit {
        /// Where.
        url: String,
        /// How long it was watched.
        watched_ms: u64,
        /// When it was loaded with its scripts and styles; none if it was not.
        loaded_ms: Option<u64>,
        /// The status of the page itself.
        status: Option<u16>,
        /// How the page came: `http/1.1`, `h2`, `h3`.
        protocol: String,
        /// Why the page could not be opened, in the browser's word: `net::ERR_CONNECTION_REFUSED`.
        trouble: Option<String>,
        /// How many answers came in which way.
        protocols: BTreeMap<String, usize>,
        /// Requests that failed or were blocked, the first ones.
        failed: Vec<FailedRequest>,
        /// Errors of scripts, and what the browser itself complains of; the first ones.
        complaints: Vec<String>,
        /// Streams that the page opened, the first ones.
        opened: Vec<OpenedStream>,
        /// What the page says of itself, if it is Dante's.
        report: Option<PageReport>,
    }

    /// A request that failed.
    struct FailedRequest {
        /// Where.
        url: String,
        /// What for: `Script`, `Stylesheet`, `XHR`, `EventSource`.
        kind: String,
        /// The status, of 400 or more.
        status: Option<u16>,
        /// The browser's word: `net::ERR_HTTP2_PROTOCOL_ERROR`.
        error: String,
        /// Why the browser blocked it: `csp`, `mixed-content`, `origin`.
        blocked: Option<String>,
        /// What the CORS check said: `MissingAllowOriginHeader`.
        cors: Option<String>,
    }

    /// A stream that a page opened.
    struct OpenedStream {
        /// What it is.
        kind: OpenedKind,
        /// Where.
        url: String,
        /// When it was asked for, since the page was.
        asked_ms: u64,
        /// The status of the answer: 101 or 200 where it opened.
        status: Option<u16>,
        /// How many messages came.
        messages: usize,
        /// When the first one did.
        first_ms: Option<u64>,
        /// When the last one did.
        last_ms: Option<u64>,
        /// When it ended.
        ended_ms: Option<u64>,
        /// Why it failed, in the browser's words.
        trouble: Option<String>,
    }

    /// What Dante's page says of itself.
    struct PageReport {
        /// The folder below which it asks for its streams.
        root: String,
        /// Its state, that of its worst stream: `streaming`, `connecting`, `lost`.
        state: String,
        /// What it tells its reader.
        said: String,
        /// How many stanzas it shows.
        stanzas: u64,
        /// Of each transport, where it compares them.
        transports: BTreeMap<Transport, TransportReport>,
    }

    /// What the page says of one transport.
    struct TransportReport {
        /// Its state: `opening`, `unanswered`, `streaming`, `bursts`, `cuts`, `blocked`, `lost`, `offline`, `refused`, `disallowed`, `ended`; empty where
        /// the page's scripts did not run.
        state: String,
        /// How many of its stanzas are shown.
        stanzas: u64,
        /// The time to the first one, as it is shown.
        first: String,
        /// How late the latest was, as it is shown.
        worst: String,
        /// What it says of the stream as it is now.
        axis: String,
    }
}

impl Browser {
    /// What each visit says of a transport, where the page compared them.
    pub(crate) fn reports(&self, transport: Transport) -> impl Iterator<Item = &TransportReport> {
        let reports = self.visits.iter().filter_map(|visit| visit.report.as_ref());
        reports.filter_map(move |report| report.transports.get(&transport))
    }

    /// The most stanzas that one visit brought over a transport; none where it was not tried.
    pub(crate) fn stanzas(&self, transport: Transport) -> Option<u64> {
        self.reports(transport).map(|report| report.stanzas).max()
    }
}

impl Visit {
    /// Whether the page itself came.
    pub(crate) fn opened_page(&self) -> bool {
        self.trouble.is_none() && self.status.is_some_and(|status| status < 400)
    }
}

impl OpenedStream {
    /// Whether nothing came over it, for a reason.
    pub(crate) fn failed(&self) -> bool {
        self.messages == 0 && (self.trouble.is_some() || self.status.is_some_and(|status| status >= 400))
    }
}
