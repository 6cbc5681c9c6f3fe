//! [`Evidence`]: what was seen at each hop, and nothing that was concluded. It is what `--json` shows and
//! what `diagnose` reads, so a stored document can be diagnosed again.

macro_rules! evidence {
    ($($(#[$doc:meta])* struct $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "camelCase", default, deny_unknown_fields)]
        pub(crate) struct $name {
            $($(#[$field_doc])* pub(crate) $field: $type,)*
        }
    )*};
}

mod against;
mod app;
mod browser;
mod connection;
mod echo;
mod engine;
mod exchange;
mod files;
mod http2;
mod line;
mod page;
mod proxy;
mod streams;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

pub(crate) use self::{
    against::*, app::*, browser::*, connection::*, echo::*, engine::*, exchange::*, files::*, http2::*,
    line::*, page::*, proxy::*, streams::*,
};
use super::{hop::Hop, subject::Kind};
use crate::{
    contract::{self, HostingStatus},
    transport::Transport,
};

evidence! {
    /// Everything that was seen; a hop that was not reached is missing.
    struct Evidence {
        /// The URL that was probed.
        url: String,
        /// What was probed.
        subject: Kind,
        /// The engine's path, where only an engine was probed.
        engine: Option<String>,
        /// Which streams were asked for.
        transports: Vec<Transport>,
        /// Whether a hold was asked for.
        hold_wanted: bool,
        /// The line, and this machine.
        line: LineSeen,
        /// The way out.
        proxy: Option<ProxySeen>,
        /// The name.
        name: Option<Name>,
        /// TCP.
        tcp: Option<Tcp>,
        /// TLS.
        tls: Option<Tls>,
        /// HTTP.
        http: Option<Http>,
        /// The page.
        page: Option<Page>,
        /// What the server saw.
        hosting: Option<Hosting>,
        /// The client library.
        client_library: Option<Library>,
        /// The page's files.
        files: Option<Files>,
        /// The handshake.
        handshake: Option<Handshake>,
        /// Stickiness.
        sticky: Option<Sticky>,
        /// Upgrades.
        upgrades: Option<Upgrades>,
        /// The streams that were listened to.
        streams: BTreeMap<Transport, Stream>,
        /// The stream of an application that is not Dante.
        app: Option<App>,
        /// The same stream, nearer to its origin.
        against: Option<Against>,
        /// Messages both ways.
        echo: Option<Echo>,
        /// The same over HTTP/2.
        http2: Option<Http2>,
        /// The hold.
        hold: Option<Hold>,
        /// Coming back.
        resume: Option<Resume>,
        /// Compression.
        compression: Option<Compression>,
        /// Requests of pages.
        cors: Option<Cors>,
        /// What a browser makes of it.
        browser: Option<Browser>,
    }
}

impl Evidence {
    /// All exchanges, each with the hop at which it was made, in the order of the hops; one that was asked again comes
    /// before the one that was asked first.
    pub(crate) fn exchanges(&self) -> Vec<(Hop, &Exchange)> {
        let mut all: Vec<(Hop, &Exchange)> = Vec::new();
        let mut add = |hop, exchange| {
            let chain = std::iter::successors(Some(exchange), |one: &&Exchange| one.again.as_deref());
            all.extend(chain.map(|one| (hop, one)));
        };
        self.http.iter().for_each(|http| add(Hop::Http, &http.first));
        if let Some(page) = &self.page {
            page.exchanges.iter().chain(&page.as_browser).for_each(|one| add(Hop::Page, one));
        }
        self.hosting.iter().for_each(|hosting| add(Hop::Hosting, &hosting.exchange));
        self.client_library.iter().for_each(|library| add(Hop::ClientLibrary, &library.exchange));
        let files = self.files.iter().flat_map(|files| &files.fetched);
        files.for_each(|file| add(Hop::Files, &file.exchange));
        self.handshake.iter().for_each(|handshake| add(Hop::Handshake, &handshake.exchange));
        let rounds = self.sticky.iter().flat_map(|sticky| &sticky.rounds);
        rounds.filter_map(|round| round.failed.as_ref()).for_each(|one| add(Hop::Sticky, one));
        let crowded = self.sticky.iter().flat_map(|sticky| &sticky.crowded);
        crowded.for_each(|one| add(Hop::Sticky, one));
        let attempts = self.upgrades.iter().flat_map(|upgrades| &upgrades.attempts);
        attempts.for_each(|attempt| add(Hop::Upgrade, &attempt.exchange));
        let crowded = self.upgrades.iter().flat_map(|upgrades| &upgrades.crowded);
        crowded.for_each(|one| add(Hop::Upgrade, one));
        for (transport, stream) in &self.streams {
            let alone = stream.alone.as_ref().map(|alone| &alone.exchange);
            alone.into_iter().chain([&stream.exchange]).for_each(|one| add(Hop::Stream(*transport), one));
        }
        let compared = self.against.iter().flat_map(|against| &against.compared);
        // Those of other places are not the host's.
        compared.filter_map(|one| one.streams.first()).for_each(|stream| add(Hop::Against, &stream.exchange));
        if let Some(echo) = &self.echo {
            add(Hop::Echo, &echo.exchange);
            echo.all_exchanges().for_each(|one| add(Hop::Echo, one));
        }
        let comebacks = self.resume.iter().flat_map(|resume| &resume.comebacks);
        comebacks.for_each(|back| add(Hop::Resume, &back.exchange));
        let app = self.app.iter().flat_map(|app| &app.streams);
        app.flat_map(|stream| stream.redirects.iter().chain([&stream.exchange]))
            .for_each(|one| add(Hop::App, one));
        let beside = self.app.as_ref().and_then(|app| app.beside.as_ref());
        beside.into_iter().for_each(|exchange| add(Hop::App, exchange));
        self.cors.iter().for_each(|cors| add(Hop::Cors, &cors.exchange));
        all
    }

    /// What the server says of itself, if it was read, and this Dante wrote it for us: a cache may have kept another's.
    pub(crate) fn hosting_status(&self) -> Option<&HostingStatus> {
        let hosting = self.hosting.as_ref()?;
        let others_are_ours = || self.exchanges().iter().any(|(_, exchange)| exchange.is_ours());
        let fresh = hosting.exchange.is_ours() || !others_are_ours();
        hosting.answer.as_ref().filter(|_| fresh)
    }

    /// Whether an echo answered where Dante's page was looked for.
    pub(crate) fn is_echo(&self) -> bool {
        let last = self.page.as_ref().and_then(|page| page.exchanges.last());
        last.is_some_and(|last| last.is(200) && last.header(contract::echo::HEADER).is_some())
    }

    /// The path to Dante without the slash at its end, empty at the root: where it was found, or else where the URL says that
    /// it is; where only an engine is asked for, the path above the engine's.
    pub(crate) fn prefix(&self) -> String {
        let found = self.page.as_ref().and_then(Page::found_elsewhere);
        let path = match (&self.engine, &self.hosting, found) {
            (Some(engine), ..) => above(engine.trim_end_matches('/')),
            (None, Some(hosting), _) => &hosting.prefix,
            (None, None, Some(folder)) => folder,
            (None, None, None) => {
                let path = self.url.split_once("://").and_then(|(_, rest)| Some(&rest[rest.find('/')?..]));
                let path = path.and_then(|path| path.split('?').next()).unwrap_or_default();
                // A folder without its slash is asked for more often than a file without an ending.
                let is_folder = path.rsplit('/').next().is_some_and(|name| !name.contains('.'));
                if is_folder { path } else { above(path) }
            }
        };
        path.trim_end_matches('/').to_owned()
    }

    /// The answer to a request that no parser can accept.
    pub(crate) fn malformed(&self) -> Option<&Exchange> {
        self.http.as_ref()?.malformed.as_ref()
    }

    /// Whether the server saw HTTP/1.0, which we do not speak.
    pub(crate) fn reached_by_http_1_0(&self) -> bool {
        self.hosting_status().is_some_and(|status| status.request.http == "HTTP/1.0")
    }

    /// What was seen at a hop, as JSON; null where it was not reached.
    pub(crate) fn at(&self, hop: Hop) -> Value {
        fn json<T: Serialize>(seen: Option<&T>) -> Value {
            seen.map_or(Value::Null, |seen| {
                serde_json::to_value(seen).expect("texts, numbers and lists always have a JSON form")
            })
        }
        match hop {
            Hop::Name => json(self.name.as_ref()),
            Hop::Tcp => json(self.tcp.as_ref()),
            Hop::Tls => json(self.tls.as_ref()),
            Hop::Http => json(self.http.as_ref()),
            Hop::Page => json(self.page.as_ref()),
            Hop::Hosting => json(self.hosting.as_ref()),
            Hop::ClientLibrary => json(self.client_library.as_ref()),
            Hop::Handshake => json(self.handshake.as_ref()),
            Hop::Sticky => json(self.sticky.as_ref()),
            Hop::Upgrade => json(self.upgrades.as_ref()),
            Hop::Hold => json(self.hold.as_ref()),
            Hop::Resume => json(self.resume.as_ref()),
            Hop::Compression => json(self.compression.as_ref()),
            Hop::Cors => json(self.cors.as_ref()),
            Hop::Proxy => json(self.proxy.as_ref()),
            Hop::Files => json(self.files.as_ref()),
            Hop::App => json(self.app.as_ref()),
            Hop::Against => json(self.against.as_ref()),
            Hop::Echo => json(self.echo.as_ref()),
            Hop::Http2 => json(self.http2.as_ref()),
            Hop::Browser => json(self.browser.as_ref()),
            Hop::Stream(transport) => json(self.streams.get(&transport)),
        }
    }
}

/// A path without its last segment.
fn above(path: &str) -> &str {
    path.rfind('/').map_or("", |end| &path[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_is_where_dante_is_or_was_looked_for() {
        let at = |url: &str| Evidence { url: url.into(), ..Evidence::default() };
        let page = |url: &str, found_at: &str| {
            let page = Page { url: url.into(), found_at: Some(found_at.into()), ..Page::default() };
            Evidence { page: Some(page), ..at(url) }
        };
        let engine =
            |path: &str| Evidence { subject: Kind::Engine, engine: Some(path.into()), ..at("http://h/x/") };
        let hosting = Hosting { prefix: "/seen".into(), ..Hosting::default() };
        for (evidence, prefix) in [
            (at("http://h/"), ""),
            (at("https://h:8443/dante/?x=/y/"), "/dante"),
            (at("http://h/a/server-socketio.js"), "/a"),
            (page("http://h/", "/dante/"), "/dante"),
            (page("http://h/dante/", "/"), ""),
            (Evidence { hosting: Some(hosting), ..at("http://h/") }, "/seen"),
            (engine("/socket.io/"), ""),
            (engine("/a/socket.io/"), "/a"),
        ] {
            assert_eq!(evidence.prefix(), prefix, "{evidence:?}");
        }
    }
}
