//! Rules for HTTP/2: what fails over it and not over HTTP/1.1. What both versions share is said once, at the hop of HTTP/1.1. Pure.

mod fate;
mod missing;
mod only;
mod thing;

use self::{
    fate::Fate,
    thing::{Thing, things},
};
pub(crate) use self::{missing::speaks_no_http2, only::speaks_only_http2};
use super::{Finding, Severity, VerdictId, facts};
use crate::{
    probe::{
        evidence::{Evidence, Exchange, Http2},
        hop::Hop,
    },
    transport::Transport,
};

pub(super) fn rules(evidence: &Evidence, findings: &mut Vec<Finding>) {
    greeting(evidence, findings);
    let Some(http2) = &evidence.http2 else { return };
    shared(evidence, http2, findings);
    let Some(again) = &http2.again else { return };
    let failed: Vec<Failed<'_>> = alone(evidence, http2)
        .filter_map(|first| {
            // One sample may be chance: what failed has to fail over a fresh connection, too.
            let second = things(again).find(|second| second.hop == first.hop)?;
            let fates = (first.fate(evidence), second.fate(evidence));
            (!fates.0.is_good() && !fates.1.is_good()).then_some(Failed { first, fates })
        })
        .collect();
    for id in [
        VerdictId::Http2ForbiddenHeader,
        VerdictId::Http2Broken,
        VerdictId::Http2Cut,
        VerdictId::Http2RequestFails,
        VerdictId::Http2Buffered,
        VerdictId::ExtendedConnectRefused,
    ] {
        let of: Vec<_> = failed.iter().filter(|one| one.id(http2, again) == id).collect();
        if let Some(line) = line(evidence, &of) {
            let why = match id {
                VerdictId::Http2ForbiddenHeader => forbidden(http2),
                VerdictId::Http2Cut => went_away(http2),
                _ => String::new(),
            };
            let line = format!("{line}{why}");
            let severity = match id {
                VerdictId::Http2ForbiddenHeader if !is_refused_by_all(http2) => Severity::Degraded,
                _ => severity(evidence, http2),
            };
            findings.push(Finding::new(id, Hop::Http2, severity, line));
        }
    }
}

/// The streams that failed over HTTP/2 alone; none if nothing did. Whoever can should look again.
pub(crate) fn failed_alone(evidence: &Evidence) -> Option<Vec<Transport>> {
    let http2 = evidence.http2.as_ref()?;
    let failed: Vec<Hop> = alone(evidence, http2).map(|one| one.hop).collect();
    if failed.contains(&Hop::Page) {
        return Some(evidence.transports.clone());
    }
    let transport = |hop: &Hop| if let Hop::Stream(transport) = hop { Some(*transport) } else { None };
    (!failed.is_empty()).then(|| failed.iter().filter_map(transport).collect())
}

/// What works over HTTP/1.1, and not over HTTP/2.
fn alone<'a>(evidence: &'a Evidence, http2: &'a Http2) -> impl Iterator<Item = Thing<'a>> {
    things(http2)
        .filter(|thing| !thing.fate(evidence).is_good() && fate::over_http_1(evidence, thing.hop).is_good())
}

/// Something that failed over HTTP/2 twice, and not over HTTP/1.1.
struct Failed<'a> {
    first: Thing<'a>,
    fates: (Fate, Fate),
}

impl Failed<'_> {
    fn id(&self, http2: &Http2, again: &Http2) -> VerdictId {
        let of_forbidden = |seen: &Http2| seen.connections.iter().any(|one| !one.forbidden.is_empty());
        match &self.fates {
            (Fate::Malformed(_), Fate::Malformed(_)) if of_forbidden(http2) && of_forbidden(again) => {
                VerdictId::Http2ForbiddenHeader
            }
            _ if self.first.hop == Hop::Page && self.first.status().is_none() => VerdictId::Http2Broken,
            (Fate::Cut(_), _) => VerdictId::Http2Cut,
            (Fate::Held(_), _) => VerdictId::Http2Buffered,
            _ if self.first.is_websocket() => VerdictId::ExtendedConnectRefused,
            _ => VerdictId::Http2RequestFails,
        }
    }
}

/// What came of these over both versions, in one line: requests of which the same came stand together.
fn line(evidence: &Evidence, failed: &[&Failed<'_>]) -> Option<String> {
    let mut rest = failed.to_vec();
    let mut lines = Vec::new();
    while let [one, ..] = rest.as_slice() {
        let came = one.fates.0.text();
        let (same, others): (Vec<&Failed<'_>>, Vec<&Failed<'_>>) =
            rest.iter().partition(|other| other.fates.0.text() == came);
        let asked: Vec<_> = same.iter().map(|one| one.first.asked()).collect();
        let over_1 = over_1(evidence, one.first.hop).and_then(|exchange| exchange.status);
        let over_1 = over_1.map_or_else(String::new, |status| format!("; {status} over HTTP/1.1"));
        lines.push(format!("{} → {came} over HTTP/2, twice{over_1}", asked.join(", ")));
        rest = others;
    }
    (!lines.is_empty()).then(|| lines.join("; "))
}

/// What HTTP/1.1 gave at a hop.
fn over_1(evidence: &Evidence, hop: Hop) -> Option<&Exchange> {
    Some(match hop {
        Hop::Page => evidence.page.as_ref()?.exchanges.last()?,
        Hop::ClientLibrary => &evidence.client_library.as_ref()?.exchange,
        Hop::Handshake => &evidence.handshake.as_ref()?.exchange,
        Hop::Upgrade => &evidence.upgrades.as_ref()?.attempts.iter().find(|attempt| attempt.works)?.exchange,
        Hop::Stream(transport) => &facts::heard(evidence.streams.get(&transport)?).exchange,
        Hop::App => &evidence.app.as_ref()?.streams.first()?.exchange,
        _ => return None,
    })
}

/// Which headers are forbidden, as a part of a line.
fn forbidden(http2: &Http2) -> String {
    let all = http2.connections.iter().flat_map(|one| &one.forbidden);
    let mut names: Vec<&str> = all.map(|header| header.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    format!("; forbidden: {}", names.join(", "))
}

/// Whether Chromium refuses the answers, too: of headers that HTTP/2 forbids it minds only one (tried with 156; Firefox leaves them out:
/// netwerk/protocol/http/Http2Compression.cpp, `OutputHeader`).
fn is_refused_by_all(http2: &Http2) -> bool {
    let mut all = http2.connections.iter().flat_map(|one| &one.forbidden);
    all.any(|header| header.name == "transfer-encoding")
}

/// The GOAWAY frame that says most, as a part of a line.
fn went_away(http2: &Http2) -> String {
    let mut all = http2.connections.iter().flat_map(|one| &one.go_aways);
    let told = all.clone().find(|frame| frame.code != "NO_ERROR").or_else(|| all.next());
    told.map_or_else(String::new, |frame| {
        let debug = if frame.debug.is_empty() { String::new() } else { format!(" \"{}\"", frame.debug) };
        format!("; the server sent GOAWAY, {}{debug}", frame.code)
    })
}

/// How much a fault of HTTP/2 matters to a browser: it uses it for everything but WebSocket, for which it opens a connection of HTTP/1.1
/// unless extended CONNECT is offered (Chromium: `HttpStreamFactory::Job::DoInitConnectionImpl`; Firefox: `nsHttpConnectionMgr::DispatchTransaction`).
fn severity(evidence: &Evidence, http2: &Http2) -> Severity {
    let page_fails = http2.page.as_ref().is_some_and(|page| !page.is(200));
    let over_2 = http2.streams.values().any(facts::delivers)
        || http2.handshake.as_ref().is_some_and(|handshake| handshake.is(200));
    let by_upgrade = !thing::offers_websocket(http2)
        && (facts::works(evidence, Hop::Upgrade)
            || facts::works(evidence, Hop::Stream(Transport::WebSocket)));
    if !page_fails && (over_2 || by_upgrade) { Severity::Degraded } else { Severity::Broken }
}

/// What fails over both versions is the fault of neither: it is said at the hop of HTTP/1.1, and once.
fn shared(evidence: &Evidence, http2: &Http2, findings: &mut Vec<Finding>) {
    for thing in things(http2) {
        let fate = thing.fate(evidence);
        if fate.is_good() || fate::over_http_1(evidence, thing.hop).is_good() {
            continue;
        }
        let Some(known) = findings.iter().find(|finding| finding.hop == thing.hop) else { continue };
        let line = format!("over HTTP/2, too: {}", fate.text());
        findings.push(Finding::new(known.id, Hop::Http2, known.severity, line));
    }
}

/// A server that offers no WebSocket over HTTP/2. Where it speaks HTTP/1.1, too, browsers use that, and nothing is wrong.
pub(super) fn offers_no_websocket(evidence: &Evidence, hop: Hop) -> Finding {
    let only = evidence.http.as_ref().is_some_and(|http| http.over_http1.is_some());
    let severity = if only { facts::fault(evidence) } else { Severity::Note };
    let line = "the server's settings have no SETTINGS_ENABLE_CONNECT_PROTOCOL";
    Finding::new(VerdictId::ExtendedConnectMissing, hop, severity, line)
}

/// A server that agrees to HTTP/2 and does not answer its greeting.
fn greeting(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let answered = evidence.http.as_ref().is_some_and(|http| http.first.status.is_some());
    if answered && evidence.tls.as_ref().is_some_and(|tls| tls.http2 == Some(false)) {
        let line =
            "ALPN chose h2 twice, and each time the connection ended without an answer to HTTP/2's greeting";
        findings.push(Finding::new(VerdictId::Http2Broken, Hop::Tls, Severity::Broken, line));
    }
}
