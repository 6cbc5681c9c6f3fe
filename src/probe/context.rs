//! [`Context`]: what all hops share: the connector, where the target is after redirects, the cookies, the time
//! that an answer may take.

use std::{sync::Arc, time::Duration};

use super::{
    client::{connector::Connector, engineio::Open, http::Request},
    cookies::Jar,
    target::Target,
};
use crate::transport::EngineTransport;

/// What the hops share.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    /// Opens connections.
    pub(crate) connector: Arc<Connector>,
    /// The page, after redirects.
    pub(crate) page: Target,
    /// The engine's path.
    pub(crate) engine: String,
    /// What the page has set. Each session goes on from there with a jar of its own, as if it were another browser's.
    pub(crate) cookies: Jar,
}

impl Context {
    /// How long a request may take that should be answered at once.
    pub(crate) fn limit(&self) -> Duration {
        self.connector.budget().answer()
    }

    /// A request with the page's cookies, as a script of it would send them.
    pub(crate) fn with_cookies(&self, request: Request) -> Request {
        match self.cookies.header(&request.target) {
            Some(cookie) => request.with("cookie", cookie),
            None => request,
        }
    }

    /// What Dante serves at a path of the contract, below the page's folder.
    pub(crate) fn below(&self, path: &str) -> Target {
        self.page.at(&format!("{}{path}", self.page.folder().trim_end_matches('/')))
    }

    /// The engine, by a transport, in a session or a new one.
    pub(crate) fn engine(&self, transport: EngineTransport, open: Option<&Open>) -> Target {
        self.engine_with(transport, open, None)
    }

    /// The engine by polling, as the official clients ask: with a parameter that differs each time, so that caches do
    /// not answer (engine.io-client, `timestampRequests`).
    pub(crate) fn poll(&self, open: Option<&Open>) -> Target {
        self.engine_with(EngineTransport::Polling, open, Some(&self.connector.unique()))
    }

    fn engine_with(&self, transport: EngineTransport, open: Option<&Open>, unique: Option<&str>) -> Target {
        // An id is of letters, digits, - and _; one from a hostile peer may hold anything.
        let sid: Option<String> = open.map(|open| open.sid.chars().take(200).collect());
        let sid = sid.as_deref().map(|sid| ("sid", sid));
        let query = [("EIO", "4"), ("transport", transport.name())].into_iter();
        self.page.at(&self.engine).with_query(query.chain(unique.map(|unique| ("t", unique))).chain(sid))
    }
}
