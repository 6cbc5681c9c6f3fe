//! Why the stream of an application did not open. Pure.

use super::{AppStream, AppWay, Evidence, Finding, Hop, Host, Severity, VerdictId, fault, redirects};
use crate::probe::{
    classify::{Class, classify},
    diagnose::{against, answers, engine, facts},
    evidence::{FailureKind, Upgrade},
};

/// No limit on time is shorter.
const AT_ONCE_MS: u64 = 500;

/// The finding on a stream that did not open; none where an earlier hop says it.
pub(super) fn rule(evidence: &Evidence, host: Option<Host>, stream: &AppStream) -> Option<Finding> {
    if let Some(words) = &stream.refused {
        return Some(refused_namespace(evidence, stream, words));
    }
    match stream.way {
        AppWay::WebSocket => Some(upgrade(evidence, host, stream)),
        AppWay::EngineWebSocket => {
            let is_explained = evidence.upgrades.is_some() && !facts::works(evidence, Hop::Upgrade);
            (!is_explained).then(|| upgrade(evidence, host, stream))
        }
        AppWay::EnginePolling => facts::works(evidence, Hop::Handshake).then(|| answer(evidence, stream)),
        AppWay::Body => Some(answer(evidence, stream)),
    }
}

/// A WebSocket that is accepted and closed before it said anything counts as refused.
pub(super) fn closed_at_once(stream: &AppStream) -> bool {
    let is_socket = matches!(stream.way, AppWay::WebSocket | AppWay::EngineWebSocket);
    let silent = stream.events.is_empty() && stream.life_ms.is_empty() && !stream.complete;
    let at_once = stream.ended.as_ref().is_some_and(|ended| ended.code.is_none() && ended.at_ms < AT_ONCE_MS);
    is_socket && silent && at_once
}

/// A namespace wants credentials, or is not there. Who gave none has not shown that it does not work.
fn refused_namespace(evidence: &Evidence, stream: &AppStream, words: &str) -> Finding {
    let is_stranger = evidence.app.as_ref().is_some_and(|app| facts::refuses_strangers(app, stream));
    let (severity, line) = if is_stranger {
        let line = format!(
            "without credentials, the server says: {words}; so it can be reached, and no event could be seen"
        );
        (Severity::Note, line)
    } else {
        (Severity::Broken, format!("the server says: {words}"))
    };
    Finding::new(VerdictId::NamespaceRefused, Hop::App, severity, line)
}

fn upgrade(evidence: &Evidence, host: Option<Host>, stream: &AppStream) -> Finding {
    let (exchange, ended) = (stream.exchange.clone(), stream.ended.clone());
    let upgrade = Upgrade { exchange, ended, ..Upgrade::default() };
    engine::refused_upgrade(evidence, host, Hop::App, &upgrade)
}

fn answer(evidence: &Evidence, stream: &AppStream) -> Finding {
    let exchange = &stream.exchange;
    let severity = evidence.app.as_ref().map_or(Severity::Broken, fault);
    if let Some(finding) = redirects::not_opened(stream, severity) {
        return finding;
    }
    let finding = |id| Finding::new(id, Hop::App, severity, facts::describe_exchange(exchange)).by(exchange);
    let mut finding = match classify(exchange) {
        Class::None(FailureKind::Timeout) => not_in_time(evidence, stream, severity),
        Class::None(FailureKind::Closed | FailureKind::Reset) => finding(VerdictId::NoAnswer),
        Class::None(_) => {
            answers::by_itself(exchange, Hop::App, severity).unwrap_or_else(|| finding(VerdictId::Garbage))
        }
        _ => answers::by_itself(exchange, Hop::App, severity)
            .unwrap_or_else(|| finding(VerdictId::StreamRefused)),
    };
    finding.evidence += &redirects::way(stream);
    finding
}

/// No answer in time. Whether the host holds it back or the server gives none, only the server itself can show.
fn not_in_time(evidence: &Evidence, stream: &AppStream, severity: Severity) -> Finding {
    let exchange = &stream.exchange;
    let finding = |id, line: String| Finding::new(id, Hop::App, severity, line).by(exchange);
    if let Some(line) = against::held_back(evidence, stream.way) {
        return finding(VerdictId::Buffered, line).or(
            &[VerdictId::SlowAnswer],
            "if the log of the server shows no such request, the host asks another server than the one compared with",
        );
    }
    let beside =
        evidence.app.as_ref().and_then(|app| app.beside.as_ref()).filter(|beside| beside.status.is_some());
    let beside =
        beside.map(|beside| format!("; meanwhile, {}", facts::describe_exchange(beside))).unwrap_or_default();
    finding(VerdictId::SlowAnswer, format!("{}{beside}", facts::describe_exchange(exchange))).or(
        &[VerdictId::Buffered],
        "a host that waits for the whole answer holds its head back, too: add --against and the URL at which the server itself has this stream",
    ).or_fix(VerdictId::Buffered)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::{
        evidence::{App, Exchange},
        subject::Kind,
    };

    fn answer(status: u16, body: &str) -> Exchange {
        Exchange { status: Some(status), body: body.to_owned(), ..Exchange::default() }
    }

    #[test]
    fn what_is_answered_without_an_upgrade_tells_whose_fault_its_refusal_is() {
        let gateway = "<html><body><h1>502 Bad Gateway</h1>";
        for (what, refused, beside, expected) in [
            ("forbidden, and nothing beside it", answer(403, ""), None, VerdictId::WebsocketForbidden),
            (
                "forbidden, and the same without",
                answer(403, ""),
                Some(answer(403, "")),
                VerdictId::WebsocketForbidden,
            ),
            (
                "forbidden, and the server is away",
                answer(403, ""),
                Some(answer(503, "")),
                VerdictId::StreamRefused,
            ),
            (
                "no gateway for upgrades only",
                answer(502, gateway),
                Some(answer(426, "")),
                VerdictId::UpgradeRefused,
            ),
            (
                "no gateway at all",
                answer(502, gateway),
                Some(answer(502, gateway)),
                VerdictId::GuestNotStarted,
            ),
        ] {
            let stream = AppStream { way: AppWay::WebSocket, exchange: refused, ..AppStream::default() };
            let app = App { beside, ..App::default() };
            let evidence = Evidence { subject: Kind::WebSocket, app: Some(app), ..Evidence::default() };
            assert_eq!(rule(&evidence, None, &stream).unwrap().id, expected, "{what}");
        }
    }

    #[test]
    fn a_namespace_that_lets_no_stranger_in_can_be_reached() {
        use crate::probe::{diagnose::outcome, hop::Outcome};
        let unauthorized = || Some("unauthorized".to_owned());
        for (words, with_credentials, expected, severity, hop) in [
            (unauthorized(), false, None, Severity::Note, Outcome::Good),
            (unauthorized(), false, Some(1), Severity::Broken, Outcome::Failed),
            (unauthorized(), true, None, Severity::Broken, Outcome::Failed),
            (Some("Invalid namespace".to_owned()), false, None, Severity::Broken, Outcome::Failed),
        ] {
            let what = format!("{words:?} {with_credentials} {expected:?}");
            let stream = AppStream {
                way: AppWay::EngineWebSocket,
                exchange: answer(101, ""),
                refused: words,
                ..AppStream::default()
            };
            let app = App { with_credentials, expected, streams: vec![stream.clone()], ..App::default() };
            let evidence = Evidence { subject: Kind::Engine, app: Some(app), ..Evidence::default() };
            let finding = rule(&evidence, None, &stream).unwrap();
            assert_eq!((finding.id, finding.severity), (VerdictId::NamespaceRefused, severity), "{what}");
            assert_eq!(outcome(&evidence, Hop::App, &[]), hop, "{what}");
        }
    }

    #[test]
    fn a_refusal_that_is_about_the_origin_alone() {
        for (refused, without_origin, expected) in [
            (403, Some(answer(101, "")), VerdictId::CorsBlocked),
            (403, Some(answer(403, "")), VerdictId::WebsocketForbidden),
            (403, None, VerdictId::WebsocketForbidden),
        ] {
            let exchange = answer(refused, "");
            let stream = AppStream { way: AppWay::WebSocket, exchange, ..AppStream::default() };
            let app = App { without_origin, ..App::default() };
            let evidence = Evidence { subject: Kind::WebSocket, app: Some(app), ..Evidence::default() };
            assert_eq!(rule(&evidence, None, &stream).unwrap().id, expected);
        }
    }
}
