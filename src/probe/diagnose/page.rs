//! Rules for the page, what the server saw, and the client library.

use super::{Finding, Severity, VerdictId, connection, facts};
use crate::contract::{FAULT_HEADER, FaultId};
use crate::probe::{
    evidence::{Evidence, Exchange, FailureKind, Library, Page},
    hop::Hop,
    hosts::is_iisnode_page,
};

pub(super) fn rules(evidence: &Evidence, findings: &mut Vec<Finding>) {
    // What the hop before it explains is not said again.
    let explained =
        findings.iter().any(|finding| finding.hop == Hop::Http && finding.severity == Severity::Broken);
    if let Some(page) = &evidence.page
        && !explained
    {
        page_rules(page, findings);
    }
    if let Some(hosting) = &evidence.hosting {
        if hosting.answer.is_none() && facts::works(evidence, Hop::Page) {
            let line = facts::describe_exchange(&hosting.exchange);
            findings.push(Finding::new(VerdictId::HostingUnreadable, Hop::Hosting, Severity::Note, line));
        }
        if evidence.reached_by_http_1_0() {
            let line = "the server saw an HTTP/1.0 request, but we sent HTTP/1.1";
            findings.push(Finding::new(
                VerdictId::Http10,
                Hop::Hosting,
                connection::one_zero(evidence),
                line,
            ));
        }
    }
    if let Some(library) = &evidence.client_library {
        library_rules(evidence, library, findings);
    }
}

fn page_rules(page: &Page, findings: &mut Vec<Finding>) {
    let Some(last) = page.exchanges.last() else { return };
    let broken = |id, line: String| Finding::new(id, Hop::Page, Severity::Broken, line);
    if page.too_many_redirects {
        let way: Vec<_> = page.exchanges.iter().map(|exchange| exchange.url.as_str()).collect();
        findings.push(broken(VerdictId::RedirectLoop, way.join(" → ")));
    } else if let Some(redirect) = &page.bad_redirect {
        findings.push(broken(VerdictId::BadRedirect, redirect.clone()));
    } else if page.is_dante && last.is(200) {
    } else if let Some(folder) = &page.found_at {
        let line = format!("{}; Dante answers at {folder}", facts::describe_exchange(last));
        findings.push(broken(VerdictId::PrefixMismatch, line));
    } else if last
        .header(FAULT_HEADER)
        .is_some_and(|fault| fault == FaultId::NotServed.name() || fault == FaultId::OtherPrefix.name())
    {
        findings.push(broken(VerdictId::PrefixMismatch, facts::describe_exchange(last)));
    } else if let Some(finding) = backend_missing(last, Hop::Page, Severity::Broken) {
        findings.push(finding);
    } else if let Some(failure) = &last.failure {
        findings.push(broken(VerdictId::SlowAnswer, format!("{}: {}", last.url, failure.text)));
    } else if matches!(last.status, Some(200 | 404)) {
        findings.push(broken(VerdictId::NotDante, facts::describe_exchange(last)).or(
            &[VerdictId::PrefixMismatch],
            "if Dante runs on this host, its page is at another path: its log names the prefix at startup",
        ));
    } else {
        findings.push(broken(VerdictId::PageRefused, facts::describe_exchange(last)));
    }
}

/// What a host says when the server behind it is not there.
pub(super) fn backend_missing(exchange: &Exchange, hop: Hop, severity: Severity) -> Option<Finding> {
    let line = facts::describe_exchange(exchange);
    if exchange.status == Some(200) && is_iisnode_page(&exchange.body) {
        return Some(Finding::new(VerdictId::IisnodeError200, hop, severity, line));
    }
    let substatus =
        ["500.1001", "500.1002", "500.1011", "500.1013", "502.5", "503.1002", "503.1003", "1001", "1002"]
            .iter()
            .any(|code| exchange.body.contains(code));
    match exchange.status {
        Some(502..=504) => Some(Finding::new(VerdictId::GuestNotStarted, hop, severity, line)),
        Some(500) if substatus || is_iisnode_page(&exchange.body) => {
            Some(Finding::new(VerdictId::GuestNotStarted, hop, severity, line))
        }
        _ => None,
    }
}

fn library_rules(evidence: &Evidence, library: &Library, findings: &mut Vec<Finding>) {
    let exchange = &library.exchange;
    let kind = exchange.header("content-type").unwrap_or_default();
    let mut add = |id, line| {
        findings.push(Finding::new(id, Hop::ClientLibrary, facts::fault(evidence), line));
    };
    if let Some(failure) = exchange.failure.as_ref().filter(|failure| failure.kind == FailureKind::Timeout) {
        add(VerdictId::SlowAnswer, format!("{}: {}", exchange.url, failure.text));
        return;
    }
    if !exchange.is(200) || kind.contains("html") {
        add(VerdictId::LibraryMissing, format!("{}, type {kind:?}", facts::describe_exchange(exchange)));
        return;
    }
    if let (Some(expected), Some(hash)) = (&library.expected_hash, &library.hash)
        && expected != hash
    {
        add(VerdictId::WrongLibraryVersion, format!("the page asks for {expected}, but {hash} came"));
    }
    let major = library.version.as_ref().and_then(|version| version.split('.').next()?.parse::<u32>().ok());
    if let Some(major @ ..=2) = major {
        add(
            VerdictId::WrongLibraryVersion,
            format!("the library is Socket.IO {major}, which speaks Engine.IO 3"),
        );
    }
}
