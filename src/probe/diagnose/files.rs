//! Rules for the scripts and styles of the page: whether a browser gets them, and uses what it gets.

use super::{Finding, Severity, VerdictId, answers, facts};
use crate::probe::{
    classify::{Class, classify, refusal},
    evidence::{Evidence, Exchange, FailureKind, FileKind},
    hop::Hop,
};

/// One file that a browser does not get, or not use.
struct Lost {
    id: VerdictId,
    kind: FileKind,
    line: String,
}

pub(super) fn rules(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let Some(files) = &evidence.files else { return };
    let quirks = evidence.page.as_ref().is_some_and(|page| page.markup.quirks);
    let mut lost: Vec<Lost> = Vec::new();
    // All of Dante's URLs are relative to the page itself.
    let added =
        evidence.page.as_ref().filter(|page| page.is_dante).and_then(|page| page.markup.base.as_ref());
    for file in &files.fetched {
        if let (Some(base), Some(400..)) = (added, file.exchange.status) {
            let line = facts::describe_exchange(&file.exchange);
            let line = format!("{line}; the page has <base href=\"{base}\">, which Dante does not write");
            lost.push(Lost { id: VerdictId::FilesMissing, kind: file.kind, line });
            continue;
        }
        let severity = severity(evidence, file.kind);
        let found = answers::by_itself(&file.exchange, Hop::Files, severity)
            .or_else(|| answers::by_change(&file.exchange, Hop::Files, severity));
        if let Some(found) = found {
            findings.push(found);
        } else if let Some((id, line)) = fault(&file.exchange, file.kind, quirks, file.intact) {
            lost.push(Lost { id, kind: file.kind, line });
        }
    }
    // The library is a script of the page like any other, and another rule says whether it comes.
    if let Some(library) = evidence.client_library.as_ref().filter(|library| library.version.is_some())
        && let Some(line) = refused_type(&library.exchange, FileKind::Script, quirks)
    {
        lost.push(Lost { id: VerdictId::FileTypeRefused, kind: FileKind::Script, line });
    }
    findings.extend(said_once(evidence, lost));
}

/// Each verdict once, with the first file that shows it.
fn said_once(evidence: &Evidence, lost: Vec<Lost>) -> Vec<Finding> {
    let mut ids: Vec<VerdictId> = Vec::new();
    for one in &lost {
        if !ids.contains(&one.id) {
            ids.push(one.id);
        }
    }
    let finding = |id| {
        let these: Vec<&Lost> = lost.iter().filter(|one| one.id == id).collect();
        let worst = these.iter().map(|one| severity(evidence, one.kind)).max()?;
        let first = these.iter().find(|one| severity(evidence, one.kind) == worst)?;
        let others = match these.len() - 1 {
            0 => String::new(),
            1 => "; the same for another file".to_owned(),
            count => format!("; the same for {count} other files"),
        };
        Some(Finding::new(id, Hop::Files, worst, format!("{}{others}", first.line)))
    };
    ids.into_iter().filter_map(finding).collect()
}

/// Without its scripts Dante's page shows nothing, whatever streams; without its styles it is only ugly. What another page needs
/// its files for is not known.
fn severity(evidence: &Evidence, kind: FileKind) -> Severity {
    match kind {
        _ if evidence.subject.is_engine() => Severity::Degraded,
        FileKind::Script | FileKind::Module => Severity::Broken,
        FileKind::Style => Severity::Degraded,
    }
}

/// What is wrong with one file.
fn fault(
    exchange: &Exchange,
    kind: FileKind,
    quirks: bool,
    intact: Option<bool>,
) -> Option<(VerdictId, String)> {
    let line = || facts::describe_exchange(exchange);
    let came =
        exchange.is(200) || (exchange.status == Some(200) && exchange.failed_by(FailureKind::TooLarge));
    if came {
        if exchange.body.trim_start().starts_with('<') && is_page(exchange) {
            return Some((VerdictId::HtmlInsteadOfFile, line()));
        }
        if let Some(line) = refused_type(exchange, kind, quirks) {
            return Some((VerdictId::FileTypeRefused, line));
        }
        let changed = (intact == Some(false)).then_some("it has none of the hashes that the page names");
        return changed.map(|how| {
            (VerdictId::IntegrityMismatch, format!("{}; {how}", facts::describe_request(exchange)))
        });
    }
    match classify(exchange) {
        Class::Cut if exchange.failed_by(FailureKind::BodyCut) => Some((VerdictId::BodyCut, line())),
        // What had no time, or broke off, is no sign of what the host does with files.
        Class::Cut | Class::None(_) | Class::Good => None,
        // A redirect to another host, which a browser follows.
        Class::Redirect(_) => None,
        _ => Some((VerdictId::FilesMissing, line())),
    }
}

/// A browser's word on the type of a file that came.
fn refused_type(exchange: &Exchange, kind: FileKind, quirks: bool) -> Option<String> {
    let refusal = refusal(exchange, kind, quirks)?;
    let kind = exchange.header("content-type");
    let kind = kind.map_or_else(|| "no Content-Type".to_owned(), |kind| format!("Content-Type: {kind}"));
    Some(format!("{} → 200, {kind}; {}", facts::describe_request(exchange), refusal.rule()))
}

fn is_page(exchange: &Exchange) -> bool {
    let kind = exchange.header("content-type").unwrap_or_default().to_ascii_lowercase();
    let start = exchange.body.trim_start().to_ascii_lowercase();
    kind.starts_with("text/html") || start.starts_with("<!doctype html") || start.starts_with("<html")
}
