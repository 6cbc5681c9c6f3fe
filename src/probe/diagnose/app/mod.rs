//! Rules for streams of applications that are not Dante. What they say, and when, is their own business: silence is no fault, and
//! neither is a lump. Pure.

mod ends;
mod lumps;
mod opening;
mod redirects;

use super::{Finding, Severity, VerdictId, facts};
use crate::probe::{
    evidence::{App, AppForm, AppStream, AppWay, Evidence},
    hop::Hop,
    hosts::Host,
    subject::Kind,
};

/// How a stream should be read once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// As before.
    Same,
    /// Asking for no compression.
    Uncompressed,
}

/// Whether a stream should be read once more over a fresh connection, since what was seen once is no evidence.
pub(crate) fn again(stream: &AppStream) -> Option<Again> {
    if may_be_deflate(stream).is_some() {
        return Some(Again::Uncompressed);
    }
    lumps::again(stream).or_else(|| ends::cut_off(stream).map(|_| Again::Same))
}

pub(super) fn rules(evidence: &Evidence, host: Option<Host>, findings: &mut Vec<Finding>) {
    let Some(app) = &evidence.app else { return };
    for stream in app.streams.iter().filter(|stream| !is_explained(evidence, stream)) {
        if let Some(line) = deflate_breaks(stream) {
            findings.push(Finding::new(VerdictId::DeflateBroken, Hop::App, fault(app), line));
        } else if stream.is_open() && !opening::closed_at_once(stream) {
            of_open(evidence, app, stream, findings);
        } else {
            findings.extend(opening::rule(evidence, host, stream));
        }
    }
}

/// What was agreed on of compression, on a WebSocket that broke in a way that may come of it: by a message that is none, by an end without
/// a close frame, or by a close frame that says so (RFC 6455, 7.4.1: 1002, 1003, 1007).
fn may_be_deflate(stream: &AppStream) -> Option<&str> {
    let agreed = stream.exchange.header("sec-websocket-extensions").filter(|value| !value.is_empty())?;
    let is_garbage = stream.garbage.is_some() || stream.exchange.failure.is_some();
    let broke =
        ends::cut_off(stream).is_some_and(|ended| matches!(ended.code, None | Some(1002 | 1003 | 1007)));
    (stream.way == AppWay::WebSocket && (is_garbage || broke)).then_some(agreed)
}

/// Compression that breaks a WebSocket: without it, the same lives.
fn deflate_breaks(stream: &AppStream) -> Option<String> {
    let agreed = may_be_deflate(stream)?;
    let plain = stream.again.as_deref()?;
    let lives = plain.is_well() && plain.garbage.is_none() && ends::cut_off(plain).is_none();
    let failure = stream.exchange.failure.as_ref().map(|failure| failure.text.as_str());
    let how =
        stream.garbage.as_deref().or(failure).or(stream.ended.as_ref().map(|ended| ended.how.as_str()))?;
    lives.then(|| {
        format!("Sec-WebSocket-Extensions: {agreed} came back, then: {how}; without compression it works")
    })
}

/// Whether an earlier hop of the engine explains what is wrong with a stream of it: sessions that cannot be opened, or that other
/// servers do not know.
fn is_explained(evidence: &Evidence, stream: &AppStream) -> bool {
    let unsteady = evidence.sticky.is_some() && !facts::works(evidence, Hop::Sticky);
    let no_session = evidence.handshake.is_some() && !facts::works(evidence, Hop::Handshake);
    match stream.way {
        AppWay::EnginePolling => unsteady || no_session,
        AppWay::EngineWebSocket => no_session && stream.garbage.is_some(),
        AppWay::Body | AppWay::WebSocket => false,
    }
}

/// How much a fault of one stream matters: where events came, or another stream lives that need not bring any, it is used all the same.
fn fault(app: &App) -> Severity {
    let lives =
        |stream: &AppStream| app.expected.is_none() && app.streams.len() > 1 && stream.ended.is_none();
    let delivers = |stream: &AppStream| stream.is_well() && (!stream.events.is_empty() || lives(stream));
    if app.streams.iter().any(delivers) { Severity::Degraded } else { Severity::Broken }
}

fn of_open(evidence: &Evidence, app: &App, stream: &AppStream, findings: &mut Vec<Finding>) {
    let fault = fault(app);
    let finding = |id, line: String| Finding::new(id, Hop::App, fault, line);
    if let Some(garbage) = &stream.garbage {
        findings.push(finding(VerdictId::Garbage, garbage.clone()));
        return;
    }
    if let Some(kind) = page_instead(evidence.subject, stream) {
        let line = format!("Content-Type: {kind}: a page, and no event stream{}", redirects::way(stream));
        findings.push(Finding::new(VerdictId::WrongContentType, Hop::App, Severity::Broken, line));
        return;
    }
    match stream.stray.as_deref() {
        Some(stray) if facts::is_chunk_size(stray) => {
            findings.push(finding(VerdictId::DoubleFraming, format!("the text contains {stray:?}")));
            return;
        }
        Some(stray) => {
            findings.push(finding(VerdictId::Garbage, format!("the stream contains {stray:?}")));
        }
        None => {}
    }
    if let Some(kind) = wrong_type(evidence.subject, stream) {
        let line = format!("Content-Type: {kind}; {} came all the same", stream.counted(stream.events.len()));
        findings.push(finding(VerdictId::WrongContentType, line));
    }
    findings.extend(redirects::forbidden_to_browsers(stream));
    findings.extend(says_error(stream));
    findings.extend(lumps::rule(stream));
    findings.extend(ends::rule(stream, fault));
    findings.extend(too_few(app, stream));
}

/// The type of a page that came where the user asks for an event stream.
fn page_instead(subject: Kind, stream: &AppStream) -> Option<&str> {
    let kind = stream.exchange.header("content-type")?;
    (subject == Kind::EventStream && kind.to_ascii_lowercase().starts_with("text/html")).then_some(kind)
}

/// The type of an event stream that `EventSource` does not take for one (WHATWG HTML, 9.2.3), though it is.
fn wrong_type(subject: Kind, stream: &AppStream) -> Option<&str> {
    let kind = stream.exchange.header("content-type").unwrap_or("missing");
    let is_right = kind.to_ascii_lowercase().starts_with("text/event-stream");
    let is_one = subject == Kind::EventStream && stream.form == AppForm::EventStream;
    (is_one && !is_right && !stream.events.is_empty()).then_some(kind)
}

/// An error that the application itself sends in the place of what was asked for, as gateways to language models do:
/// `{"error": …}`, or an event of that name.
fn says_error(stream: &AppStream) -> Option<Finding> {
    let (first, event) = (stream.first.as_deref()?, stream.events.first()?);
    let is_object = first.trim_start().trim_start_matches('{').trim_start().starts_with("\"error\"");
    let is_event = event.name == "error" && stream.way == AppWay::Body;
    (is_object || is_event).then(|| {
        Finding::new(VerdictId::ApplicationError, Hop::App, Severity::Note, format!("the first is {first:?}"))
    })
}

/// Whether fewer events came than were expected, or none at all.
fn too_few(app: &App, stream: &AppStream) -> Option<Finding> {
    let count = stream.events.len();
    let watched = format!("{:.1} s", stream.watched_ms as f64 / 1000.0);
    let came = match count {
        0 if stream.life_ms.is_empty() => "nothing came".to_owned(),
        0 => "nothing but comments and pings came".to_owned(),
        count => format!("{} came", stream.counted(count)),
    };
    if let Some(expected) = app.expected.filter(|expected| count < *expected) {
        let line = format!("{came} within {watched}, of {expected} that were expected");
        let severity = if count == 0 { fault(app) } else { Severity::Degraded };
        let finding = Finding::new(VerdictId::Silent, Hop::App, severity, line);
        return Some(finding.or(
            &[VerdictId::Buffered],
            "read the same stream from the server itself, with --against URL: what comes there and not here is held back on the way",
        ));
    }
    // An engine shows what it is by its handshake: where no event was asked for, none need come.
    let may_be_silent = stream.way.is_engine() && app.event.is_none();
    // One that has ended is told by its end.
    let is_quiet = count == 0
        && !may_be_silent
        && stream.ended.is_none()
        && !app.streams.iter().any(|other| !other.events.is_empty());
    is_quiet.then(|| {
        Finding::new(
            VerdictId::QuietStream,
            Hop::App,
            Severity::Note,
            format!("it is open, and {came} within {watched}"),
        )
    })
}
