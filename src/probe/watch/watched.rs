//! [`Watched`]: what there is to watch, by what a probe has found.

use std::{sync::Arc, time::Duration};

use super::{
    follow::Followed,
    look::{Certificate, Look, PageKind, is_good},
};
use crate::contract::paths;
use crate::probe::{
    client::connector::Connector,
    context::Context,
    cookies::Jar,
    diagnose::{Severity, outcome},
    evidence::{AppStream, AppWay, Evidence, Exchange},
    hop::{Hop, Outcome},
    subject::{EngineRequest, Kind, Subject},
    target::Target,
};

/// The pace of the sample, where the server does not tell its own.
const USUAL_PACE_MS: u64 = 2000;

/// How many stanzas may be missing, and how late the next one may be, before a stream counts as dead.
const MISSING: u32 = 3;
const LATE: Duration = Duration::from_secs(5);

/// What there is to watch.
pub(crate) struct Watched {
    /// Where the page is, after redirects.
    pub(super) context: Context,
    /// The streams that came through, which are kept open.
    pub(super) followed: Vec<Followed>,
    /// What can be asked of the page.
    pub(super) page: PageKind,
    /// The nodes that were seen.
    pub(super) nodes: Vec<String>,
    /// The probe as the first look: what differs from it has changed.
    pub(super) first: Look,
    /// The worst that was found.
    pub(super) severity: Severity,
}

impl Watched {
    /// What a probe has found that is worth watching.
    pub(crate) fn new(connector: &Arc<Connector>, evidence: &Evidence, severity: Severity) -> Self {
        let plan = connector.plan();
        let reached = evidence.page.as_ref().and_then(|page| Target::parse(&page.url).ok());
        let page = reached.unwrap_or_else(|| plan.target.clone());
        let is_dante = evidence.hosting_status().is_some();
        let apps = evidence.app.iter().flat_map(|app| &app.streams).filter(|stream| stream.is_open());
        let mut followed: Vec<_> = apps.filter_map(|stream| of_app(&plan.subject, stream)).collect();
        let engine = match followed.first() {
            Some(Followed::App(subject, ..)) => subject.engine().map(|engine| engine.path.clone()),
            _ => None,
        };
        let pace = evidence.hosting_status().map_or(USUAL_PACE_MS, |status| status.interval_ms);
        let patience = Duration::from_millis(pace) * MISSING + LATE;
        let streams =
            evidence.streams.keys().filter(|one| outcome(evidence, Hop::Stream(**one), &[]) == Outcome::Good);
        followed.extend(streams.map(|transport| Followed::Dante(*transport, patience)));
        let is_stream = |one: &Followed| matches!(one, Followed::App(_, url, AppWay::Body | AppWay::WebSocket, _) if *url == page);
        let kind = match plan.subject.kind() {
            Kind::WebSocket | Kind::EventStream | Kind::Post | Kind::Echo => PageKind::Stream,
            Kind::Page | Kind::Engine if followed.iter().any(is_stream) => PageKind::Stream,
            Kind::Page if is_dante => PageKind::Dante,
            Kind::Page | Kind::Engine => PageKind::Other,
        };
        let engine =
            engine.unwrap_or_else(|| format!("{}{}", page.folder().trim_end_matches('/'), paths::SOCKET_IO));
        let cookies = Jar::of(evidence.page.iter().flat_map(|page| &page.exchanges));
        let context = Context { connector: connector.clone(), page, engine, cookies };
        let nodes = evidence.hosting.as_ref().map(|hosting| hosting.nodes.clone()).unwrap_or_default();
        Self { context, followed, page: kind, nodes, first: first_look(evidence, kind), severity }
    }
}

/// What the probe saw of what looks see.
fn first_look(evidence: &Evidence, kind: PageKind) -> Look {
    let name = evidence.name.as_ref().filter(|name| name.failure.is_none());
    let mut addresses = name.map(|name| name.addresses.clone()).unwrap_or_default();
    addresses.sort();
    let page = evidence.page.as_ref().and_then(|page| page.exchanges.last());
    let answer = match kind {
        PageKind::Stream => None,
        PageKind::Dante | PageKind::Other => page.map(Exchange::outcome),
    };
    Look {
        addresses,
        certificate: evidence.tls.as_ref().and_then(Certificate::of),
        is_good: page.is_some_and(is_good),
        answer,
        ..Look::default()
    }
}

/// A stream of another application, as it was found or asked for.
fn of_app(asked: &Subject, stream: &AppStream) -> Option<Followed> {
    let url = Target::parse(&stream.url).ok()?;
    let subject = match (asked, stream.way) {
        (Subject::Page, AppWay::EngineWebSocket | AppWay::EnginePolling) => {
            let namespace = "/".to_owned();
            Subject::Engine(EngineRequest { path: url.path.clone(), namespace, ..EngineRequest::default() })
        }
        (Subject::Page, AppWay::Body) => Subject::EventStream,
        (Subject::Page, AppWay::WebSocket) => Subject::WebSocket { send: None },
        // To post again and again is not to watch.
        (Subject::Post(_), _) => return None,
        (asked, _) => asked.clone(),
    };
    Some(Followed::App(Arc::new(subject), url, stream.way, stream.name()))
}
