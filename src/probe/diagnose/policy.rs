//! Rules for Content Security Policies and mixed content: whether a browser lets the page load and reach what it needs.

use url::Url;

use super::{Finding, Severity, VerdictId, facts};
use crate::probe::{
    evidence::{Evidence, FileKind, Page},
    hop::Hop,
    policy::{Forbidden, Need, Place, Policies},
};
use crate::{contract::paths, transport::Transport};

/// What a page needs, where it is, and how it is called in a sentence.
struct Needed {
    need: Need,
    url: Url,
    name: String,
    /// How bad it is if it is blocked.
    weight: Severity,
}

pub(super) fn rules(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let is_applications = |page: &&Page| page.engine.is_some() && evidence.subject.is_engine();
    let works = facts::works(evidence, Hop::Page);
    let Some(page) = evidence.page.as_ref().filter(|page| works || is_applications(page)) else { return };
    let Ok(url) = Url::parse(&page.url) else { return };
    let policies = Policies::of(page, &url);
    let is_mixed = |file: &Needed| {
        let upgraded = policies.upgrade_insecure_requests().is_some();
        url.scheme() == "https" && file.url.scheme() == "http" && !upgraded && !is_this_machine(&file.url)
    };
    // What is blocked whatever a policy says is said once.
    let (plain, files): (Vec<_>, Vec<_>) = files(page, &url, &policies).into_iter().partition(is_mixed);
    findings.extend(mixed(&plain));
    let connections = match &page.engine {
        // Of its own code as much is judged as is known.
        Some(engine) if !page.is_dante => {
            let ways = [(engine.path.as_str(), true), (engine.path.as_str(), false)];
            ways.into_iter()
                .filter(|_| engine.here)
                .filter_map(|(path, is)| connection(&url, path, is))
                .collect()
        }
        _ => connections(&url, &evidence.transports),
    };
    findings.extend(blocked(&policies, &url, &files, &connections));
}

/// The scripts and styles that a page names.
fn files(page: &Page, here: &Url, policies: &Policies) -> Vec<Needed> {
    let base = page.markup.base.as_deref().and_then(|base| here.join(base).ok());
    let base = base.filter(|base| policies.allow_base(base)).unwrap_or_else(|| here.clone());
    let needed = page.markup.files.iter().filter_map(|file| {
        let url = base.join(&file.url).ok()?;
        let weight = weight(page, file.kind, here, &url);
        let need =
            Need::File { kind: file.kind, nonce: file.nonce.clone(), integrity: file.integrity.clone() };
        Some(Needed { need, name: file.url.clone(), url, weight })
    });
    needed.collect()
}

/// How much a page loses with a file. All that Dante's page needs comes from its own host; what else is in it was added on the way
/// (statistics of a CDN, a banner), and nothing streams through that. What other pages need their files for is not known, but for the
/// client that makes the connection.
fn weight(page: &Page, kind: FileKind, here: &Url, file: &Url) -> Severity {
    let is_own = file.host() == here.host();
    let is_client = file.path().contains("socket.io");
    match kind {
        _ if page.is_dante && !is_own => Severity::Note,
        FileKind::Style => Severity::Degraded,
        FileKind::Script | FileKind::Module if page.is_dante || is_client => Severity::Broken,
        FileKind::Script | FileKind::Module => Severity::Degraded,
    }
}

/// What Dante's page connects to, by the transports that are looked at.
fn connections(page: &Url, transports: &[Transport]) -> Vec<Needed> {
    let to = |transport: &Transport| {
        let (path, is_websocket) = match transport {
            Transport::SocketIoWebSocket => (paths::SOCKET_IO, true),
            Transport::SocketIoPolling => (paths::SOCKET_IO, false),
            Transport::WebSocket => (paths::WEBSOCKET, true),
            Transport::Sse => (paths::SSE, false),
        };
        connection(page, path.trim_start_matches('/'), is_websocket)
    };
    transports.iter().filter_map(to).collect()
}

/// A connection of a page to this path of its host.
fn connection(page: &Url, path: &str, is_websocket: bool) -> Option<Needed> {
    let mut url = page.join(path).ok()?;
    if is_websocket {
        // From http or https that is always possible.
        let _ = url.set_scheme(if url.scheme() == "https" { "wss" } else { "ws" });
    }
    Some(Needed { need: Need::Connection, name: url.to_string(), url, weight: Severity::Degraded })
}

/// What policies forbid, as one finding: its remedy is one, too.
fn blocked(policies: &Policies, page: &Url, files: &[Needed], connections: &[Needed]) -> Option<Finding> {
    if let Some((forbidden, lacks)) = policies.sandbox() {
        let what = match lacks {
            "allow-scripts" => "no script runs",
            _ => "scripts have no origin, so that modules and requests to this host are refused",
        };
        let line = format!("{}, which lacks {lacks}: {what}", place(&forbidden));
        return Some(finding(Severity::Broken, line));
    }
    if let Some(forbidden) = policies.upgrade_insecure_requests().filter(|_| stays_plain(page)) {
        let line = format!(
            "{}: a browser asks for scripts, styles and streams over https, and {} speaks plain HTTP",
            place(&forbidden),
            page[url::Position::BeforeHost..url::Position::AfterPort].to_owned(),
        );
        return Some(finding(Severity::Broken, line));
    }
    let mut severity = Severity::Note;
    let mut parts: Vec<(Forbidden, Vec<&str>)> = Vec::new();
    let all_connections = connections.iter().all(|one| policies.forbid(&one.need, &one.url).is_some());
    for one in files.iter().chain(connections) {
        let Some(forbidden) = policies.forbid(&one.need, &one.url) else { continue };
        severity = severity.max(match one.need {
            Need::Connection if all_connections => Severity::Broken,
            Need::File { .. } | Need::Connection => one.weight,
        });
        match parts.iter_mut().find(|(known, _)| *known == forbidden) {
            Some((_, names)) => names.push(&one.name),
            None => parts.push((forbidden, vec![&one.name])),
        }
    }
    let mut line = String::new();
    let mut said = None;
    for (forbidden, names) in &parts {
        let more = match names.len() {
            0 | 1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        let what = if said == Some(forbidden.place) { forbidden.directive.clone() } else { place(forbidden) };
        said = Some(forbidden.place);
        let and = if line.is_empty() { "" } else { "; " };
        line += &format!("{and}{what} forbids {}{more}", names.first().copied().unwrap_or_default());
    }
    (!parts.is_empty()).then(|| finding(severity, line))
}

fn finding(severity: Severity, line: String) -> Finding {
    Finding::new(VerdictId::BlockedByCsp, Hop::Page, severity, line)
}

/// A directive with where it stands.
fn place(forbidden: &Forbidden) -> String {
    let directive = &forbidden.directive;
    match forbidden.place {
        Place::Header => format!("the page's Content-Security-Policy: {directive}"),
        Place::OneOf(at, count) => {
            format!("Content-Security-Policy {at} of {count}, which all apply: {directive}")
        }
        Place::Meta => format!("the page's <meta http-equiv=\"Content-Security-Policy\">: {directive}"),
    }
}

/// Whether a page was read over plain HTTP from a port that browsers will ask over TLS. Port 80 becomes 443, where TLS may be.
fn stays_plain(page: &Url) -> bool {
    page.scheme() == "http" && page.port().is_some() && !is_this_machine(page)
}

/// Whether a browser trusts a host without TLS: its own machine (Secure Contexts, "Is origin potentially trustworthy?").
fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Scripts and styles over plain HTTP in a page that came over TLS: browsers block them (Mixed Content, 5.3).
fn mixed(plain: &[Needed]) -> Option<Finding> {
    let first = plain.first()?;
    let severity = plain.iter().map(|file| file.weight).max()?;
    let more = match plain.len() {
        1 => String::new(),
        count => format!(", and {} more", count - 1),
    };
    let line = format!("the page came over https and names {}{more}", first.url);
    Some(Finding::new(VerdictId::MixedContent, Hop::Page, severity, line))
}
