//! Rules for the browser: where it contradicts the rest, that is a verdict of its own; where it agrees, it is one more hop at which
//! a verdict shows.

use super::{Finding, Severity, VerdictId, facts};
use crate::{
    contract::paths,
    probe::{
        evidence::{Browser, Evidence, OpenedStream, Visit},
        hop::Hop,
    },
    transport::Transport,
};

/// Errors of Chromium (net/base/net_error_list.h) that say more of this machine and its network than of the host, and time that
/// ran out.
const OWN_TROUBLES: &[&str] = &[
    "net::ERR_TIMED_OUT",
    "net::ERR_CONNECTION_TIMED_OUT",
    "net::ERR_NAME_NOT_RESOLVED",
    "net::ERR_INTERNET_DISCONNECTED",
    "net::ERR_NETWORK_CHANGED",
    "net::ERR_NETWORK_IO_SUSPENDED",
    "net::ERR_INSUFFICIENT_RESOURCES",
    "net::ERR_BLOCKED_BY_ADMINISTRATOR",
    "net::ERR_BLOCKED_BY_CLIENT",
    "net::ERR_ABORTED",
];
/// So many stanzas show that a transport works, and that this machine is not too slow for it.
const WORKS: u64 = 2;

/// To be asked after all other rules, since it needs to know what they found.
pub(super) fn rules(evidence: &Evidence, findings: &mut Vec<Finding>) {
    // One that crashed or hung tells nothing of the host.
    let Some(browser) = evidence.browser.as_ref().filter(|browser| browser.trouble.is_none()) else { return };
    let (mut news, mut agreed) = (Vec::new(), Vec::<(VerdictId, Vec<String>)>::new());
    for failure in failures(evidence, browser) {
        match explanation(findings, failure.what) {
            Some(id) => match agreed.iter_mut().find(|(known, _)| *known == id) {
                Some((_, words)) => words.push(failure.words),
                None => agreed.push((id, vec![failure.words])),
            },
            None if failure.twice && probe_succeeds(evidence, failure.what) => news.push(failure.words),
            None => {}
        }
    }
    findings.extend(agreed.into_iter().map(|(id, words)| {
        let line = format!("{}: {}", browser.version, words.join("; "));
        Finding::new(id, Hop::Browser, Severity::Note, line)
    }));
    if !news.is_empty() {
        let stanzas = evidence.transports.iter().map(|transport| browser.stanzas(*transport));
        let others = browser.visits.iter().flat_map(|visit| &visit.opened).map(|stream| stream.messages);
        let another_way = stanzas.flatten().any(|stanzas| stanzas >= WORKS) || others.max() > Some(0);
        let severity = if another_way { Severity::Degraded } else { Severity::Broken };
        let line = format!("{}, twice: {}", browser.version, news.join("; "));
        findings.push(Finding::new(VerdictId::BrowserFails, Hop::Browser, severity, line));
    }
    findings.extend(works_only_there(evidence, browser));
}

/// What fails in the browser.
#[derive(Debug, Clone, Copy)]
enum What {
    /// The page itself.
    Page,
    /// One of Dante's transports.
    Transport(Transport),
    /// A stream of a page that is none of Dante's.
    Stream,
}

/// A failure.
struct Failure {
    what: What,
    /// Whether it was seen twice: once may be chance.
    twice: bool,
    /// What the browser says.
    words: String,
}

/// Everything that fails in the browser; nothing that may only be slow.
fn failures(evidence: &Evidence, browser: &Browser) -> Vec<Failure> {
    if let Some(trouble) = page_trouble(browser) {
        return vec![Failure { what: What::Page, twice: true, words: trouble }];
    }
    let Some((last, earlier)) = browser.visits.split_last() else { return Vec::new() };
    let before = earlier.last().filter(|before| before.url == last.url);
    let transport = |transport: &Transport| {
        let words = words_on(last, *transport)?;
        let twice = before.is_some_and(|before| words_on(before, *transport).is_some());
        let words = format!("{}: {words}", <&str>::from(*transport));
        // What worked once and failed once is chance.
        let once = before.is_none();
        (twice || once).then_some(Failure { what: What::Transport(*transport), twice, words })
    };
    let stream = |stream: &OpenedStream| {
        let same = |other: &&OpenedStream| other.failed() && address(&other.url) == address(&stream.url);
        before?.opened.iter().find(same)?;
        let why = stream.trouble.clone().or_else(|| stream.status.map(|status| status.to_string()))?;
        Some(Failure { what: What::Stream, twice: true, words: format!("{}: {why}", address(&stream.url)) })
    };
    if last.report.is_some() {
        return evidence.transports.iter().filter_map(transport).collect();
    }
    // What a page wants from other hosts is theirs.
    let host = |url: &str| url.split('/').nth(2).map(str::to_owned);
    let own = last.opened.iter().filter(|stream| stream.failed() && host(&stream.url) == host(&last.url));
    own.filter_map(stream).collect()
}

/// A URL without its query, which may differ each time.
fn address(url: &str) -> &str {
    url.split('?').next().unwrap_or(url)
}

/// Whether the probe itself got what fails in the browser.
fn probe_succeeds(evidence: &Evidence, what: What) -> bool {
    let page = evidence.page.as_ref().and_then(|page| page.exchanges.last());
    match what {
        What::Page | What::Stream => page.is_some_and(|page| page.is(200)),
        What::Transport(transport) => facts::works(evidence, Hop::Stream(transport)),
    }
}

/// Why the page could not be opened, each time that it was tried.
fn page_trouble(browser: &Browser) -> Option<String> {
    let [before, last, ..] = browser.visits.as_slice() else { return None };
    let trouble = |visit: &Visit| match (&visit.trouble, visit.status) {
        (Some(trouble), _) => {
            Some(trouble.clone()).filter(|trouble| !OWN_TROUBLES.contains(&trouble.as_str()))
        }
        (None, Some(status)) if status >= 400 => Some(status.to_string()),
        _ => None,
    };
    let (earlier, later) = (trouble(before)?, trouble(last).filter(|_| before.url == last.url)?);
    // Where a connection is closed, what the browser noticed first may differ from one time to the next.
    let words = if earlier == later { later } else { format!("{earlier}, then {later}") };
    Some(format!("the page does not open: {words}"))
}

/// What a browser says of a transport that fails; none where it works, or may only be slow.
fn words_on(visit: &Visit, transport: Transport) -> Option<String> {
    let transports = &visit.report.as_ref()?.transports;
    let report = transports.get(&transport).filter(|report| report.stanzas == 0)?;
    let why = why(visit, transport);
    match report.state.as_str() {
        "disallowed" | "ended" => None,
        "" => Some(format!("the page's scripts do not run: {}", why.or_else(|| dead_script(visit))?)),
        "blocked" | "lost" | "refused" => Some(why.unwrap_or_else(|| report.axis.clone())),
        // Where others bring stanzas meanwhile, it is neither the machine nor the line.
        _ => match why {
            Some(why) => Some(why),
            None if transports.values().any(|other| other.stanzas > WORKS) => {
                Some(format!("no stanza within {:.0} s", visit.watched_ms as f64 / 1000.0))
            }
            None => None,
        },
    }
}

/// What happened to the requests of a transport.
fn why(visit: &Visit, transport: Transport) -> Option<String> {
    let (path, query) = match transport {
        Transport::SocketIoWebSocket => (paths::SOCKET_IO, "transport=websocket"),
        Transport::SocketIoPolling => (paths::SOCKET_IO, "transport=polling"),
        Transport::WebSocket => (paths::WEBSOCKET, ""),
        Transport::Sse => (paths::SSE, ""),
    };
    let is_its = |text: &str| text.contains(path) && text.contains(query);
    // Its own policy forbids it before there is any request.
    let forbidden = || visit.complaints.iter().find(|complaint| is_its(complaint));
    let failed = || {
        let request = visit.failed.iter().find(|request| is_its(&request.url))?;
        let blocked = request.blocked.as_ref().map(|by| format!("blocked ({by})"));
        let foreign = request.cors.as_ref().map(|why| format!("refused for its origin ({why})"));
        let status = request.status.map(|status| status.to_string());
        let error = Some(request.error.clone()).filter(|error| !OWN_TROUBLES.contains(&error.as_str()));
        blocked.or(foreign).or(status).or(error)
    };
    let opened = || {
        let stream = visit.opened.iter().find(|stream| is_its(&stream.url) && stream.trouble.is_some())?;
        stream.trouble.clone()
    };
    opened().or_else(failed).or_else(|| forbidden().cloned())
}

/// Why the page's own scripts did not run.
fn dead_script(visit: &Visit) -> Option<String> {
    let script = visit.failed.iter().find(|request| request.kind == "Script").map(|request| {
        let status = request.status.map(|status| status.to_string());
        format!("{} of {}", status.unwrap_or_else(|| request.error.clone()), request.url)
    });
    script.or_else(|| visit.complaints.first().cloned())
}

/// The worst of what the rest found that would explain a failure.
fn explanation(findings: &[Finding], what: What) -> Option<VerdictId> {
    let explains = |finding: &&Finding| {
        let fits = match (what, finding.hop) {
            (_, Hop::Browser | Hop::Hold | Hop::Resume | Hop::Against | Hop::Echo) => false,
            (_, hop) if hop <= Hop::Page => true,
            (_, Hop::Files | Hop::Http2) => true,
            (What::Page, _) => false,
            (What::Stream, _) => true,
            (What::Transport(transport), Hop::Stream(other)) => transport == other,
            (What::Transport(Transport::SocketIoPolling), Hop::Sticky | Hop::Cors) => true,
            (What::Transport(Transport::SocketIoWebSocket | Transport::WebSocket), Hop::Upgrade) => true,
            (
                What::Transport(Transport::SocketIoPolling | Transport::SocketIoWebSocket),
                Hop::ClientLibrary | Hop::Handshake,
            ) => true,
            _ => false,
        };
        fits && finding.severity > Severity::Note
    };
    // The one nearest to the client, of the worst.
    let worst = findings.iter().filter(explains).max_by_key(|one| (one.severity, std::cmp::Reverse(one.hop)));
    worst.map(|finding| finding.id)
}

/// What works in the browser, and not in the rest.
fn works_only_there(evidence: &Evidence, browser: &Browser) -> Option<Finding> {
    let works = |transport: &&Transport| {
        browser.stanzas(**transport) >= Some(WORKS) && !facts::works(evidence, Hop::Stream(**transport))
    };
    let names: Vec<&str> =
        evidence.transports.iter().filter(works).map(|transport| transport.into()).collect();
    if names.is_empty() {
        return None;
    }
    let line = format!("{}: stanzas come over {}; the probe got none", browser.version, names.join(", "));
    let finding = Finding::new(VerdictId::BrowserWorks, Hop::Browser, Severity::Note, line);
    Some(finding)
}
