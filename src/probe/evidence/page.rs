//! What was seen of the page and what belongs to it.

use super::{Exchange, Markup};
use crate::contract::HostingStatus;

evidence! {
    /// The page.
    struct Page {
        /// All requests, redirects included.
        exchanges: Vec<Exchange>,
        /// Where the redirects ended.
        url: String,
        /// Whether they went in a circle or on and on.
        too_many_redirects: bool,
        /// A redirect that leads nowhere.
        bad_redirect: Option<String>,
        /// Whether it is Dante's.
        is_dante: bool,
        /// The same request, asked as a browser, where the host refused it.
        as_browser: Option<Exchange>,
        /// Where else on this host Dante answers, if not here.
        found_at: Option<String>,
        /// What showed what it is, if it is not Dante's and was probed as something else.
        shown_by: Option<String>,
        /// The engine of the Socket.IO client that it loads, if it loads one.
        engine: Option<NamedEngine>,
        /// The client library that it loads, as its HTML names it.
        client_library: Option<String>,
        /// What else belongs to it.
        markup: Markup,
    }

    /// An engine of Socket.IO that a page uses.
    struct NamedEngine {
        /// Its path.
        path: String,
        /// What shows that.
        by: String,
        /// Whether the page's own code connects to its own host, as far as it stands in the page: it names no other.
        here: bool,
    }

    /// What the server says that it saw: `hosting.json`.
    struct Hosting {
        /// The request.
        exchange: Exchange,
        /// The answer.
        answer: Option<HostingStatus>,
        /// The prefix by which we asked.
        prefix: String,
        /// The nodes that answered over fresh connections, each once.
        nodes: Vec<String>,
        /// The editions that they read, each once.
        editions: Vec<String>,
    }

    /// The client library.
    struct Library {
        /// The request.
        exchange: Exchange,
        /// The version that its first line names.
        version: Option<String>,
        /// The start of the SHA-256 that its URL names.
        expected_hash: Option<String>,
        /// The start of the SHA-256 that it has.
        hash: Option<String>,
    }

    /// Compression.
    struct Compression {
        /// How the page came when gzip was allowed.
        page: Option<String>,
        /// Whether what came could be unpacked.
        page_unpacks: Option<bool>,
        /// How the event stream came when gzip was allowed.
        stream: Option<String>,
    }

    /// Requests of pages.
    struct Cors {
        /// What `Origin` said.
        origin: String,
        /// The handshake of a page of this origin.
        exchange: Exchange,
        /// What `Access-Control-Allow-Origin` says.
        allowed: Option<String>,
        /// Whether that origin is the server's own.
        own: bool,
    }
}

impl Page {
    /// Another folder of this host where Dante answers.
    pub(crate) fn found_elsewhere(&self) -> Option<&str> {
        let path = self.url.splitn(4, '/').nth(3).unwrap_or_default();
        let path = path.split('?').next().unwrap_or_default();
        let folder = path.rfind('/').map_or("", |end| &path[..end]);
        self.found_at.as_deref().filter(|found| found.trim_matches('/') != folder.trim_matches('/'))
    }
}
