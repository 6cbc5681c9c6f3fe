//! Rules for the page, what the server saw, and the client library.

use super::{Finding, Severity, VerdictId, answers, connection, facts};
use crate::probe::{
    classify::{Class, RedirectKind, classify, comes_from_cache},
    evidence::{Evidence, Exchange, FailureKind, Library, Page},
    hop::Hop,
};
use crate::transport::Transport;

pub(super) fn rules(evidence: &Evidence, findings: &mut Vec<Finding>) {
    // What the hop before it explains is not said again.
    let explained =
        findings.iter().any(|finding| finding.hop == Hop::Http && finding.severity == Severity::Broken);
    // A page that was found to be something else is probed as that.
    if let Some(page) = evidence.page.as_ref().filter(|_| evidence.subject.is_page()) {
        match redirected(page).filter(|_| explained) {
            Some((id, line)) => findings.push(Finding::new(id, Hop::Page, Severity::Broken, line)),
            None if explained => {}
            None => page_rules(evidence, page, findings),
        }
    }
    hosting(evidence, findings);
    if let Some(library) = &evidence.client_library {
        library_rules(evidence, library, findings);
    }
    only_part_passed(evidence, findings);
}

fn page_rules(evidence: &Evidence, page: &Page, findings: &mut Vec<Finding>) {
    let Some(last) = page.exchanges.last() else { return };
    // Whatever else works: without the page nobody reads in a browser.
    let severity = Severity::Broken;
    let line = facts::describe_exchange(last);
    let mut add = |id, line: String| findings.push(Finding::new(id, Hop::Page, severity, line));
    if page.too_many_redirects {
        let way: Vec<_> = page.exchanges.iter().map(|exchange| exchange.url.as_str()).collect();
        return add(VerdictId::RedirectLoop, way.join(" → "));
    }
    if let Some(redirect) = &page.bad_redirect {
        return add(VerdictId::BadRedirect, redirect.clone());
    }
    if (page.is_dante && last.is(200)) || evidence.is_echo() {
        return;
    }
    if let Some((id, line)) = redirected(page) {
        return add(id, line);
    }
    if let Some(browser) = &page.as_browser
        && browser.is(200)
        && classify(browser) != classify(last)
    {
        let line = format!("{line}; with a browser's User-Agent → 200");
        findings.push(Finding::new(VerdictId::UserAgentRefused, Hop::Page, facts::fault(evidence), line));
        return;
    }
    let class = classify(last);
    if let Some(folder) = page.found_elsewhere().filter(|_| may_be_elsewhere(&class)) {
        return add(VerdictId::PrefixMismatch, format!("{line}; Dante answers at {folder}"));
    }
    if page.is_dante && class == Class::Cut {
        let body_ended = last.failure.as_ref().is_some_and(|failure| failure.kind != FailureKind::Timeout);
        return add(if body_ended { VerdictId::BodyCut } else { VerdictId::SlowAnswer }, line);
    }
    if let Some(finding) = answers::by_itself(last, Hop::Page, severity) {
        findings.push(finding);
        return;
    }
    match class {
        Class::None(FailureKind::Timeout) => add(VerdictId::SlowAnswer, line),
        Class::Cut => add(VerdictId::BodyCut, line),
        Class::Good | Class::Page | Class::ErrorInJson | Class::NotFound => {
            findings.push(Finding::new(VerdictId::NotDante, Hop::Page, severity, line).or(
                &[VerdictId::PrefixMismatch],
                "if Dante runs on this host, its page is at another path: its log names the prefix at startup",
            ));
        }
        Class::Method => {
            findings.push(Finding::new(VerdictId::NotDante, Hop::Page, severity, line).or(
                &[VerdictId::PageRefused],
                "if the URL takes POST and its answer streams, probe it with --post '{…}' or --post @body.json",
            ));
        }
        // Not Dante's: it has none of its own.
        Class::ServerError | Class::Unavailable => {
            let finding = Finding::new(VerdictId::GuestNotStarted, Hop::Page, severity, line).by(last);
            findings.push(answers::or_another_protocol(finding));
        }
        _ => findings.push(Finding::new(VerdictId::PageRefused, Hop::Page, severity, line).by(last)),
    }
}

/// Whether an answer may come because the path is not Dante's.
fn may_be_elsewhere(class: &Class) -> bool {
    match class {
        Class::Fault(fault) => answers::of_fault(*fault) == VerdictId::PrefixMismatch,
        _ => matches!(
            class,
            Class::NotFound | Class::Page | Class::ErrorInJson | Class::Redirect(_) | Class::Good
        ),
    }
}

/// The redirect that led away from Dante, if one did.
fn redirected(page: &Page) -> Option<(VerdictId, String)> {
    page.exchanges.iter().find_map(|exchange| {
        let Class::Redirect(kind) = classify(exchange) else { return None };
        let id = match kind {
            RedirectKind::Login => VerdictId::LoginRequired,
            RedirectKind::PortLost => VerdictId::RedirectLosesPort,
            RedirectKind::HttpsLost => VerdictId::RedirectLosesHttps,
            RedirectKind::OtherHost => VerdictId::RedirectElsewhere,
            RedirectKind::ToHttps
            | RedirectKind::Slash
            | RedirectKind::Elsewhere
            | RedirectKind::Unusable => {
                return None;
            }
        };
        let end = page.exchanges.last().filter(|last| last.url != exchange.url);
        let end = end.map(|last| format!("; there: {}", facts::describe_answer(last))).unwrap_or_default();
        Some((id, format!("{}{end}", facts::describe_exchange(exchange))))
    })
}

fn hosting(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let Some(hosting) = &evidence.hosting else { return };
    let exchange = &hosting.exchange;
    let fault = facts::fault(evidence);
    if hosting.answer.is_some() && evidence.hosting_status().is_none() {
        let sign = comes_from_cache(exchange).unwrap_or_else(|| "this Dante did not write it".to_owned());
        let line = format!("{}; {sign}", facts::describe_exchange(exchange));
        findings.push(Finding::new(VerdictId::StaleAnswer, Hop::Hosting, Severity::Note, line));
    } else if hosting.answer.is_none() && facts::works(evidence, Hop::Page) {
        findings.push(answers::by_itself(exchange, Hop::Hosting, fault).unwrap_or_else(|| {
            let line = facts::describe_exchange(exchange);
            Finding::new(VerdictId::HostingUnreadable, Hop::Hosting, Severity::Note, line).by(exchange)
        }));
    }
    findings.extend(answers::by_change(exchange, Hop::Hosting, fault));
    if evidence.reached_by_http_1_0() {
        let line = "the server saw an HTTP/1.0 request, but we sent HTTP/1.1";
        findings.push(Finding::new(VerdictId::Http10, Hop::Hosting, connection::one_zero(evidence), line));
    }
}

fn library_rules(evidence: &Evidence, library: &Library, findings: &mut Vec<Finding>) {
    let exchange = &library.exchange;
    let fault = facts::fault(evidence);
    let kind = exchange.header("content-type").unwrap_or_default();
    let line = facts::describe_exchange(exchange);
    let mut add = |id, line| findings.push(Finding::new(id, Hop::ClientLibrary, fault, line));
    if exchange.failure.as_ref().is_some_and(|failure| failure.kind == FailureKind::Timeout) {
        return add(VerdictId::SlowAnswer, line);
    }
    let is_empty = exchange.body_bytes == 0 && library.version.is_none();
    if !exchange.is(200) || kind.contains("html") || is_empty {
        if let Some(finding) = answers::by_itself(exchange, Hop::ClientLibrary, fault) {
            findings.push(finding);
        } else if classify(exchange) == Class::Cut {
            add(VerdictId::BodyCut, line);
        } else {
            let line = format!("{line}, type {kind:?}");
            let missing = Finding::new(VerdictId::LibraryMissing, Hop::ClientLibrary, fault, line);
            findings.push(missing.by(exchange));
        }
        return;
    }
    if let (Some(expected), Some(hash)) = (&library.expected_hash, &library.hash)
        && expected != hash
    {
        // The page is older than the library, or the other way about; a cache that says so keeps the older one.
        let page = evidence.page.as_ref().and_then(|page| page.exchanges.last());
        let cached =
            [page, Some(exchange)].into_iter().flatten().find_map(|one| Some((one, comes_from_cache(one)?)));
        match cached {
            Some((kept, sign)) => {
                let line = format!(
                    "{}; {sign}; the page asks for the library {expected}, and {hash} is there",
                    facts::describe_exchange(kept)
                );
                findings.push(Finding::new(VerdictId::StaleAnswer, Hop::Page, fault, line));
            }
            None => {
                add(VerdictId::WrongLibraryVersion, format!("the page asks for {expected}, but {hash} came"))
            }
        }
        return;
    }
    let major = library.version.as_ref().and_then(|version| version.split('.').next()?.parse::<u32>().ok());
    if let Some(major @ ..=2) = major {
        add(
            VerdictId::WrongLibraryVersion,
            format!("the library is Socket.IO {major}, which speaks Engine.IO 3"),
        );
    }
}

/// What is served below the page, each by a folder of its own: what was answered there, if it is not what is served.
fn below(evidence: &Evidence) -> [(&'static str, Hop, Vec<&Exchange>); 5] {
    let stream = |transport| {
        let stream = evidence.streams.get(&transport).filter(|stream| !facts::delivers(stream));
        (Hop::Stream(transport), stream.map(|stream| &stream.exchange).into_iter().collect())
    };
    let hosting = evidence.hosting.iter().filter(|hosting| hosting.answer.is_none());
    let files = evidence.files.iter().flat_map(|files| &files.fetched);
    let files = files.filter(|file| !file.exchange.is(200) || file.exchange.body_bytes == 0);
    let handshake = evidence.handshake.iter().filter(|handshake| handshake.open.is_none());
    let (websocket, websockets) = stream(Transport::WebSocket);
    let (sse, events) = stream(Transport::Sse);
    [
        ("hosting.json", Hop::Hosting, hosting.map(|hosting| &hosting.exchange).collect()),
        ("static/", Hop::Files, files.map(|file| &file.exchange).collect()),
        ("socket.io/", Hop::Handshake, handshake.map(|handshake| &handshake.exchange).collect()),
        ("websocket/", websocket, websockets),
        ("sse/", sse, events),
    ]
}

/// The page is Dante's, and for several folders below it the host has an answer of its own: a rule for some paths.
fn only_part_passed(evidence: &Evidence, findings: &mut Vec<Finding>) {
    if !facts::works(evidence, Hop::Page) {
        return;
    }
    let by_host = |exchange: &&Exchange| {
        let class = classify(exchange);
        let empty = class == Class::Good && exchange.status == Some(200) && exchange.body_bytes == 0;
        let others = matches!(
            class,
            Class::NotFound | Class::Page | Class::Method | Class::Other(_) | Class::ErrorInJson
        );
        exchange.saw.is_none() && (empty || others)
    };
    let missing: Vec<_> =
        below(evidence).into_iter().filter(|(.., answers)| answers.iter().any(by_host)).collect();
    let [(_, hop, answers), others @ ..] = missing.as_slice() else { return };
    if others.is_empty() {
        return;
    }
    let others: Vec<_> = others.iter().map(|(folder, ..)| *folder).collect();
    let line = format!("{}; the same for {}", facts::describe_exchange(answers[0]), others.join(" and "));
    findings.push(Finding::new(VerdictId::OnlyPartPassed, *hop, facts::fault(evidence), line));
}
