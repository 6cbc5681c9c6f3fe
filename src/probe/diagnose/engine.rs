//! Rules for the engine's upgrades to WebSocket.

use super::{Finding, Severity, VerdictId, alternate, answers, facts, http2, sticky};
use crate::probe::{
    classify::{Change, Class, EngineError, change, classify},
    evidence::{COMPRESSED_UNAGREED, Ended, Evidence, Exchange, FailureKind, Upgrade},
    hop::Hop,
    hosts::Host,
    subject::Kind,
    target::{Target, page_of_websocket},
};
use crate::transport::Transport;

pub(super) fn rules(evidence: &Evidence, host: Option<Host>, findings: &mut Vec<Finding>) {
    sticky::rules(evidence, findings);
    // Without an engine there is nothing to upgrade to.
    let nobody = [
        VerdictId::NoSocketio,
        VerdictId::PrefixMismatch,
        VerdictId::HtmlInsteadOfHandshake,
        VerdictId::IisnodeError200,
        VerdictId::GuestNotStarted,
    ];
    let mut handshake = findings.iter().filter(|finding| finding.hop == Hop::Handshake);
    if facts::works(evidence, Hop::Upgrade) || !handshake.any(|finding| nobody.contains(&finding.id)) {
        upgrades(evidence, host, findings);
    }
}

fn upgrades(evidence: &Evidence, host: Option<Host>, findings: &mut Vec<Finding>) {
    let (chrome, firefox, plain) = (
        alternate::Takes::of(evidence, "chrome"),
        alternate::Takes::of(evidence, "firefox"),
        alternate::Takes::of(evidence, "plain"),
    );
    let (Some(a_chrome), Some(a_firefox)) = (chrome.first(), firefox.first()) else { return };
    let fault = facts::fault(evidence);
    let mut add = |finding| findings.push(finding);
    let finding = |id, line: String| Finding::new(id, Hop::Upgrade, fault, line);
    // Small messages go uncompressed, and so what IIS does to others may not show here.
    let iis = host.is_some_and(Host::is_iis);
    let deflate = [a_chrome, a_firefox].into_iter().find_map(|one| agreed(one).filter(|_| iis && one.works));
    // Where the same request is answered by turns, its style is not the reason.
    let by_turns = chrome.alternate() || firefox.alternate() || plain.alternate();
    if let Some(extensions) = deflate {
        add(finding(
            VerdictId::DeflateNegotiated,
            format!("Sec-WebSocket-Extensions: {extensions} came back"),
        ));
    } else if by_turns {
        // `alternate` says it.
    } else if chrome.work() && firefox.fail_always() {
        add(finding(
            VerdictId::FirefoxConnection,
            format!(
                "with Connection: keep-alive, Upgrade: {}",
                facts::describe_exchange(&a_firefox.exchange)
            ),
        ));
    } else if !chrome.work() && !firefox.work() && plain.work() && speaks_http(a_chrome) {
        // Who comes first is chance: compressing takes a moment.
        let line = format!("{}: two servers answer one upgrade", describe_upgrade(a_chrome));
        add(finding(VerdictId::Garbage, line));
    } else if !chrome.work() && !firefox.work() && plain.work() && is_unagreed(a_chrome) {
        let line = format!(
            "{}: Sec-WebSocket-Extensions was lost from the answer; without compression it works",
            describe_upgrade(a_chrome)
        );
        add(finding(VerdictId::DeflateBroken, line));
    } else if !chrome.work() && !firefox.work() && plain.work() && agreed(a_chrome).is_some() {
        let extensions = agreed(a_chrome).unwrap_or_default();
        let line = format!(
            "Sec-WebSocket-Extensions: {extensions} came back, then: {}; without compression it works",
            describe_upgrade(a_chrome)
        );
        add(finding(VerdictId::DeflateBroken, line));
    } else if !chrome.work() && !firefox.work() && plain.work() {
        add(finding(
            VerdictId::DeflateOfferRefused,
            format!("offering permessage-deflate: {}", describe_upgrade(a_chrome)),
        ));
    } else if !chrome.work() {
        add(refused_upgrade(evidence, host, Hop::Upgrade, plain.first().unwrap_or(a_chrome)));
    }
    slow_upgrade(evidence, a_chrome, findings);
    if let Some(session) = facts::upgrade(evidence, "polling")
        && !alternate::Takes::of(evidence, "polling").work()
        && !by_turns
        && (chrome.work() || plain.work())
    {
        let class = classify(&session.exchange);
        let unknown = session.exchange.switched() || class == Class::Engine(EngineError::UnknownSession);
        findings.push(if unknown {
            finding(
                VerdictId::NoStickiness,
                format!("the upgrade from a polling session: {}", describe_upgrade(session)),
            )
        } else {
            refused_upgrade(evidence, host, Hop::Upgrade, session)
        });
    }
}

/// What an upgrade agreed on of compression, if it did.
fn agreed(upgrade: &Upgrade) -> Option<&str> {
    let answered = upgrade.exchange.header("sec-websocket-extensions").or(upgrade.extensions.as_deref())?;
    (upgrade.exchange.switched() && !answered.is_empty()).then_some(answered)
}

/// Whether a message came compressed, though the answer that arrived agreed to nothing.
fn is_unagreed(upgrade: &Upgrade) -> bool {
    upgrade.ended.as_ref().is_some_and(|ended| ended.how.contains(COMPRESSED_UNAGREED))
}

/// Whether an answer of HTTP came where frames should.
fn speaks_http(upgrade: &Upgrade) -> bool {
    upgrade.ended.as_ref().is_some_and(|ended| ended.how.contains("came \"HTTP/1."))
}

/// An upgrade that took long, beyond what the line explains.
const SLOW_UPGRADE_MS: u64 = 3000;

fn slow_upgrade(evidence: &Evidence, upgrade: &Upgrade, findings: &mut Vec<Finding>) {
    let Some(ms) = upgrade.exchange.head_ms.filter(|_| upgrade.works) else { return };
    let usual = evidence.handshake.as_ref().and_then(|handshake| handshake.exchange.head_ms).unwrap_or(ms);
    if ms > usual + SLOW_UPGRADE_MS {
        let line = format!(
            "the upgrade was answered after {:.1} s, a plain request after {:.1} s",
            ms as f64 / 1000.0,
            usual as f64 / 1000.0
        );
        findings.push(Finding::new(VerdictId::SlowUpgrade, Hop::Upgrade, Severity::Note, line));
    }
}

fn describe_upgrade(upgrade: &Upgrade) -> String {
    let line = facts::describe_exchange(&upgrade.exchange);
    match &upgrade.ended {
        Some(Ended { how, at_ms, code, .. }) => {
            let code = code.map(|code| format!(", code {code}")).unwrap_or_default();
            format!("{line}, and after {at_ms} ms: {how}{code}")
        }
        None => line,
    }
}

/// What the same URL answers without an upgrade, where a WebSocket alone is asked for, may tell whose fault its refusal is.
fn told_by_plain_request(evidence: &Evidence, hop: Hop, refused: &Exchange) -> Option<Finding> {
    let beside = evidence.app.as_ref()?.beside.as_ref().filter(|beside| beside.status.is_some())?;
    if evidence.subject != Kind::WebSocket {
        return None;
    }
    let is_down = |exchange| {
        matches!(
            classify(exchange),
            Class::OriginDown | Class::OriginSlow | Class::Maintenance | Class::Unavailable
        )
    };
    let (without, with) = (facts::describe_exchange(beside), facts::describe_exchange(refused));
    let finding = |id, line| Finding::new(id, hop, Severity::Broken, line);
    match (is_down(refused), is_down(beside)) {
        // What everybody is told tells more than what an upgrade is told: Envoy forbids upgrades on a route without endpoints.
        (false, true) => {
            let line = format!("without an upgrade: {without}; with one: {with}");
            let by_itself = answers::by_itself(beside, hop, Severity::Broken).map(|found| found.id);
            Some(finding(by_itself.unwrap_or(VerdictId::StreamRefused), line).by(beside))
        }
        // The server is there, and only what asks for an upgrade does not come through to it.
        (true, false) => {
            let line = format!("{with}; without an upgrade: {without}");
            Some(finding(VerdictId::UpgradeRefused, line).by(refused).or(
                &[VerdictId::Http2ToServer],
                "look at how the host speaks to the server: WebSocket over HTTP/2 (RFC 8441) needs a server that offers it",
            ))
        }
        _ => None,
    }
}

/// An upgrade that is answered with a redirect, which browsers do not follow (WHATWG WebSockets, "establish a WebSocket connection":
/// the redirect mode is "error").
fn redirected_upgrade(hop: Hop, fault: Severity, exchange: &Exchange) -> Finding {
    let there = Target::parse(&exchange.url).ok().zip(exchange.header("location"));
    let there = there.and_then(|(asked, location)| {
        let location = page_of_websocket(location).unwrap_or_else(|| location.to_owned());
        asked.join(&location).ok()
    });
    let remedy = match there {
        Some(there) => format!(": use {} itself", there.to_string().replacen("http", "ws", 1)),
        None => String::new(),
    };
    let seen = facts::describe_exchange(exchange);
    let line = format!("{seen}; browsers follow no redirect of a WebSocket{remedy}");
    Finding::new(VerdictId::RedirectElsewhere, hop, fault, line).by(exchange)
}

/// Why an upgrade failed.
pub(super) fn refused_upgrade(
    evidence: &Evidence,
    host: Option<Host>,
    hop: Hop,
    upgrade: &Upgrade,
) -> Finding {
    let exchange = &upgrade.exchange;
    let fault = facts::fault(evidence);
    let finding = |id| Finding::new(id, hop, fault, describe_upgrade(upgrade)).by(exchange);
    let seen = match hop {
        Hop::App => evidence.app.as_ref().and_then(|app| app.without_origin.as_ref()),
        _ => evidence.upgrades.as_ref().and_then(|upgrades| upgrades.without_origin.as_ref()),
    };
    if let Some(accepted) =
        seen.filter(|other| other.switched() && exchange.status.is_some_and(|status| status != 101))
    {
        let line = format!(
            "{}; without Origin → {}",
            describe_upgrade(upgrade),
            accepted.status.unwrap_or_default()
        );
        return Finding::new(VerdictId::CorsBlocked, hop, fault, line).by(exchange);
    }
    if let Some(told) = told_by_plain_request(evidence, hop, exchange) {
        return told;
    }
    let iis = host.is_some_and(Host::is_iis);
    let only_websocket = matches!(evidence.subject, Kind::WebSocket | Kind::Echo);
    let engine = hop != Hop::Stream(Transport::WebSocket) && !only_websocket;
    if exchange.failed_by(FailureKind::NotOffered) {
        return http2::offers_no_websocket(evidence, hop);
    }
    let class = classify(exchange);
    match (change(exchange), exchange.status) {
        (Some(Change::Http10), _) => {
            return finding(VerdictId::UpgradeStripped).or(
                &[VerdictId::Http10],
                "both apply: the proxy uses HTTP/1.0 to the server, which has no upgrades; one change fixes both",
            );
        }
        (Some(Change::UpgradeStripped), status) if status != Some(101) => {
            return finding(VerdictId::UpgradeStripped);
        }
        (Some(_), _) => {
            if let Some(changed) = answers::by_change(exchange, hop, fault) {
                return changed;
            }
        }
        (None, _) => {}
    }
    let disabled = facts::transports(evidence).is_some_and(|all| !all.iter().any(|name| name == "websocket"));
    let offers_none = evidence
        .handshake
        .as_ref()
        .and_then(|handshake| handshake.open.as_ref())
        .is_some_and(|open| open.upgrades.is_empty());
    if engine && disabled {
        return finding(VerdictId::WebsocketDisabledByServer);
    }
    if let Some(finding) = closed_by_code(upgrade, hop, fault) {
        return finding;
    }
    // A firewall that lets everything else in forbids WebSocket.
    if class != Class::Firewall
        && !iis
        && let Some(found) = answers::by_itself(exchange, hop, fault)
    {
        return found;
    }
    if matches!(class, Class::Redirect(_)) {
        return redirected_upgrade(hop, fault, exchange);
    }
    let whose = "check the log of the server behind IIS: if the request is not there, IIS refused it; otherwise the server did";
    match (class, if exchange.switched() { Some(101) } else { exchange.status }) {
        (Class::None(FailureKind::Timeout), _) if facts::answers_plain_requests(evidence) => finding(VerdictId::UpgradeUnanswered),
        (Class::None(FailureKind::Timeout), _) => finding(VerdictId::SlowAnswer),
        (Class::None(FailureKind::Closed | FailureKind::Reset), _) => finding(VerdictId::NoAnswer),
        (Class::None(_) | Class::Cut, _) => finding(VerdictId::Garbage),
        (_, Some(101)) if exchange.failure.is_some() || upgrade.garbage => finding(VerdictId::Garbage),
        (_, Some(101)) if host == Some(Host::Iisnode) => finding(VerdictId::IisWebsocketModuleOn),
        (_, Some(101)) if iis => finding(VerdictId::IisWebsocketModuleOn).or(
            &[VerdictId::ClosedAfter101],
            "behind iisnode it is the module; behind HttpPlatformHandler, ASP.NET Core Module and ARR the module must be on, and something behind it closes the connection",
        ),
        (_, Some(101)) => finding(VerdictId::ClosedAfter101),
        (Class::Engine(EngineError::UnknownTransport), _) if engine => {
            if facts::transports(evidence).is_some() || facts::both_transports_unknown(evidence) {
                finding(VerdictId::QueryLost)
            } else {
                finding(VerdictId::WebsocketDisabledByServer)
            }
        }
        (Class::Engine(EngineError::Forbidden), _) => finding(VerdictId::UpgradeRefused),
        (_, Some(400)) if engine && facts::handshake_is_forbidden(evidence) => finding(VerdictId::UpgradeRefused),
        // The server of another make says so in its handshake.
        (_, Some(400..=499)) if engine && offers_none && evidence.subject.is_engine() => {
            finding(VerdictId::WebsocketDisabledByServer)
        }
        (Class::Forbidden, _) if !evidence.subject.is_page() => finding(VerdictId::WebsocketForbidden).or(
            &[VerdictId::WebsocketDisabledByServer],
            "look at the server's option transports: one without websocket refuses upgrades, too",
        ),
        (Class::Forbidden | Class::Firewall, _) | (Class::ErrorInJson, Some(403)) => {
            finding(VerdictId::WebsocketForbidden)
        }
        (Class::Method, Some(501)) if iis => finding(VerdictId::IisWebsocketModuleOff),
        (_, Some(500 | 502 | 503)) if iis => {
            finding(VerdictId::IisWebsocketModuleOff).or(&[VerdictId::UpgradeRefused], whose)
        }
        (Class::Engine(EngineError::BadRequest), _) if engine => finding(VerdictId::UpgradeStripped),
        (_, Some(400)) if engine && offers_none && exchange.saw.is_none() => finding(VerdictId::WebsocketDisabledByServer),
        (_, Some(200 | 400 | 404 | 426)) if evidence.reached_by_http_1_0() => finding(VerdictId::UpgradeStripped).or(
            &[VerdictId::Http10],
            "both apply: the proxy uses HTTP/1.0 to the server, which has no upgrades; one change fixes both",
        ),
        // What answers a WebSocket's own path so rarely has one there; servers of WebSocket refuse plain requests.
        (Class::Page, _) if only_websocket => finding(VerdictId::HtmlInsteadOfHandshake).or(
            &[VerdictId::UpgradeStripped],
            "ask the server itself, with --against URL: if it answers the upgrade there, the host sends this path elsewhere, or removes the headers",
        ),
        // Another Dante's, or any server's, word that a plain request came.
        (Class::UpgradeRequired, _) | (_, Some(200 | 400)) if !facts::answered_by_host(evidence, exchange) => {
            finding(VerdictId::UpgradeStripped)
        }
        (Class::NotFound, _) if !facts::answered_by_host(evidence, exchange) => finding(VerdictId::UpgradeStripped).or(
            &[VerdictId::PrefixMismatch],
            "if the server's log shows the request, its path is wrong; if not, a proxy sends WebSocket requests elsewhere",
        ),
        _ => finding(VerdictId::UpgradeRefused),
    }
}

/// A close frame's code that says more than that it closed.
fn closed_by_code(upgrade: &Upgrade, hop: Hop, fault: Severity) -> Option<Finding> {
    let id = match upgrade.ended.as_ref()?.code? {
        1008 => VerdictId::ClosedByPolicy,
        1009 => VerdictId::MessageTooBig,
        1001 | 1012 => VerdictId::ServerRestarted,
        _ => return None,
    };
    Some(Finding::new(id, hop, fault, describe_upgrade(upgrade)))
}
