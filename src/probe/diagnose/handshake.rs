//! Rules for the handshake by polling.

use super::{Finding, Severity, VerdictId, answers, facts};
use crate::probe::{
    classify::{Class, EngineError, classify},
    evidence::{Evidence, Exchange, FailureKind, Handshake},
    hop::Hop,
    target::Target,
};

/// From how many bytes on the end of a body is shown beside its start, and how many letters of it.
const MUCH: usize = 100;
const SHOWN_END: usize = 24;
use crate::transport::Transport;

pub(super) fn rules(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let Some(handshake) = &evidence.handshake else { return };
    cached_sessions(evidence, handshake, findings);
    match &handshake.open {
        None => findings.extend(refused(evidence, handshake)),
        Some(open) => {
            let offers = open.upgrades.iter().any(|name| name == "websocket");
            let allowed =
                facts::transports(evidence).is_some_and(|all| all.iter().any(|name| name == "websocket"));
            if !offers && allowed && facts::works(evidence, Hop::Upgrade) {
                let line = format!(
                    "\"upgrades\":{:?}, but the server allows WebSocket, and it works",
                    open.upgrades
                );
                findings.push(Finding::new(
                    VerdictId::UpgradesRemoved,
                    Hop::Handshake,
                    Severity::Degraded,
                    line,
                ));
            }
            findings.extend(answers::by_change(&handshake.exchange, Hop::Handshake, facts::fault(evidence)));
        }
    }
}

/// Two sessions with one id: only a cache gives that.
fn cached_sessions(evidence: &Evidence, handshake: &Handshake, findings: &mut Vec<Finding>) {
    // Browsers and the official clients add a parameter that differs each time, so that most caches let them through.
    let severity = match facts::polling_streams(evidence) {
        Some(true) => Severity::Note,
        _ => facts::fault(evidence),
    };
    if handshake.exchange.status == Some(200)
        && let Some(finding) =
            answers::by_cache(&handshake.exchange, VerdictId::EngineCached, Hop::Handshake, severity)
    {
        findings.push(finding);
        return;
    }
    // The first one filled the cache, and later ones come from it, whatever differs in their queries.
    let later = evidence.streams.get(&Transport::SocketIoPolling).map(|stream| &stream.exchange);
    if let Some(later) = later.filter(|later| later.status == Some(200)) {
        let fault = facts::fault(evidence);
        if let Some(finding) = answers::by_cache(later, VerdictId::EngineCached, Hop::Handshake, fault) {
            findings.push(finding);
            return;
        }
    }
    let Some(open) = &handshake.open else { return };
    // The upgrade from a polling session opens one of its own.
    let again = facts::upgrade(evidence, "polling").is_some_and(|other| {
        let url = Target::parse(&other.exchange.url).ok();
        url.and_then(|url| url.query_value("sid")).as_deref() == Some(&open.sid)
    });
    if again {
        let line =
            format!("the session {:?} was opened twice", open.sid.chars().take(40).collect::<String>());
        findings.push(Finding::new(VerdictId::EngineCached, Hop::Handshake, severity, line));
    }
}

fn refused(evidence: &Evidence, handshake: &Handshake) -> Option<Finding> {
    let exchange = &handshake.exchange;
    let fault = facts::fault(evidence);
    let line = facts::describe_exchange(exchange);
    let finding = |id| Some(Finding::new(id, Hop::Handshake, fault, line.clone()).by(exchange));
    let disabled = || {
        Some(Finding::new(VerdictId::PollingDisabledByServer, Hop::Handshake, Severity::Note, line.clone()))
    };
    if let Some(changed) = answers::by_change(exchange, Hop::Handshake, fault) {
        return Some(changed);
    }
    let allowed = facts::transports(evidence);
    if allowed.as_ref().is_some_and(|all| !all.iter().any(|name| name == "polling")) {
        return disabled();
    }
    let class = classify(exchange);
    if let Class::NotFound | Class::Page | Class::Fault(_) = class
        && let Some(path) = &handshake.found_at
    {
        let line = format!("{line}; an engine answers at {path}");
        return Some(Finding::new(VerdictId::PrefixMismatch, Hop::Handshake, fault, line));
    }
    if let Some(finding) = answers::by_itself(exchange, Hop::Handshake, fault) {
        return Some(finding);
    }
    let by_host = facts::answered_by_host(evidence, exchange);
    match class {
        // What was asked for has both: if the server allows them, it did not arrive.
        Class::Engine(EngineError::UnknownTransport) if allowed.is_some() && !by_host => {
            finding(VerdictId::QueryLost)
        }
        Class::Engine(EngineError::UnknownTransport) if facts::both_transports_unknown(evidence) => {
            finding(VerdictId::QueryLost)
        }
        Class::Engine(EngineError::UnknownTransport) => disabled(),
        Class::Engine(EngineError::UnsupportedVersion) if facts::speaks_version_4(evidence) && !by_host => {
            finding(VerdictId::QueryLost)
        }
        Class::Engine(EngineError::UnsupportedVersion) => finding(VerdictId::WrongEio),
        Class::None(FailureKind::Timeout) => finding(VerdictId::SlowAnswer),
        Class::None(FailureKind::Closed | FailureKind::Reset) => finding(VerdictId::NoAnswer),
        Class::None(_) => finding(VerdictId::Garbage),
        Class::Cut => finding(match exchange.failure.as_ref().map(|failure| failure.kind) {
            Some(FailureKind::Timeout) => VerdictId::SlowAnswer,
            Some(FailureKind::BodyCut) => VerdictId::BodyCut,
            _ => VerdictId::Garbage,
        }),
        Class::Page => finding(VerdictId::HtmlInsteadOfHandshake),
        Class::ErrorInJson => finding(VerdictId::GatewayAnswers),
        Class::Good => {
            let why = handshake.garbage.as_ref().map(|why| format!("; {why}")).unwrap_or_default();
            let line = format!("{line}{why}{}", end_of(exchange));
            Some(Finding::new(of_body(exchange.body.trim_start()), Hop::Handshake, fault, line))
        }
        Class::NotFound | Class::Method => finding(VerdictId::NoSocketio),
        // The host's own page, in whatever words: Dante's engine never answers so. A bare status tells nothing of who is away.
        Class::Unavailable if by_host && !exchange.body.trim().is_empty() => {
            finding(VerdictId::GuestNotStarted).map(answers::or_another_protocol)
        }
        _ => finding(VerdictId::EngineRefused),
    }
}

/// Why a body with a good status opens no session.
fn of_body(body: &str) -> VerdictId {
    if is_framed(body) {
        return VerdictId::WrongEio;
    }
    if body.lines().next().is_some_and(facts::is_chunk_size) {
        return VerdictId::DoubleFraming;
    }
    let Some(packet) = body.strip_prefix('0').filter(|packet| packet.starts_with('{')) else {
        return if body.contains("0{\"sid\"") { VerdictId::TextAdded } else { VerdictId::Garbage };
    };
    // A whole packet, and then something else; or the beginning of one.
    let mut packets = serde_json::Deserializer::from_str(packet).into_iter::<serde_json::Value>();
    match packets.next() {
        Some(Ok(_)) if packet.len() > packets.byte_offset() => VerdictId::TextAdded,
        Some(Err(error)) if error.is_eof() => VerdictId::BodyCut,
        _ => VerdictId::Garbage,
    }
}

/// How a body ends of which only the start is shown.
fn end_of(exchange: &Exchange) -> String {
    let end = exchange.body_end.as_ref().unwrap_or(&exchange.body);
    let skipped = end.char_indices().rev().nth(SHOWN_END - 1).map_or(0, |(at, _)| at);
    if exchange.body_bytes > MUCH { format!("; it ends with \"{}\"", &end[skipped..]) } else { String::new() }
}

/// Engine.IO 3 writes lengths before its packets: `96:0{…`.
fn is_framed(body: &str) -> bool {
    body.split_once(':').is_some_and(|(length, rest)| {
        !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit()) && rest.starts_with("0{")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_that_open_no_session() {
        for (body, expected) in [
            (r#"96:0{"sid":"a"}"#, VerdictId::WrongEio),
            ("70\r\n0{}", VerdictId::DoubleFraming),
            (r#"0{"sid":"a"}<script src="x"></script>"#, VerdictId::TextAdded),
            (r#"0{"sid":"a","upgr"#, VerdictId::BodyCut),
            (r#"<script src="x"></script>0{"sid":"a"}"#, VerdictId::TextAdded),
            ("hello", VerdictId::Garbage),
        ] {
            assert_eq!(of_body(body), expected, "{body}");
        }
    }
}
