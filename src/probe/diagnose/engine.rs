//! Rules for the engine: handshake, stickiness, upgrades.

use super::{Finding, Severity, VerdictId, facts, page};
use crate::probe::{
    evidence::{Ended, Evidence, Exchange, FailureKind, Handshake, Upgrade},
    hop::Hop,
    hops::engine::error_code,
    hosts::Host,
};
use crate::transport::Transport;

pub(super) fn rules(evidence: &Evidence, host: Option<Host>, findings: &mut Vec<Finding>) {
    if let Some(handshake) = &evidence.handshake {
        findings.extend(handshake_rule(evidence, handshake));
    }
    sticky(evidence, findings);
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

fn handshake_rule(evidence: &Evidence, handshake: &Handshake) -> Option<Finding> {
    if handshake.open.is_some() {
        return None;
    }
    let exchange = &handshake.exchange;
    let fault = facts::fault(evidence);
    let finding = |id, line| Some(Finding::new(id, Hop::Handshake, fault, line));
    let line = facts::describe_exchange(exchange);
    if transports(evidence).is_some_and(|all| !all.contains(&"polling".to_owned())) {
        return Some(Finding::new(VerdictId::PollingDisabledByServer, Hop::Handshake, Severity::Note, line));
    }
    if let Some(path) = &handshake.found_at {
        return finding(VerdictId::PrefixMismatch, format!("{line}; an engine answers at {path}"));
    }
    if let Some(finding) = page::backend_missing(exchange, Hop::Handshake, fault) {
        return Some(finding);
    }
    let body = exchange.body.trim_start();
    match (exchange.status, &exchange.failure) {
        (_, Some(failure)) => {
            let id = match failure.kind {
                FailureKind::Timeout => VerdictId::SlowAnswer,
                FailureKind::Closed | FailureKind::Reset if exchange.status.is_none() => VerdictId::NoAnswer,
                _ => VerdictId::Garbage,
            };
            finding(id, line)
        }
        (Some(200), None) if body.starts_with('<') => finding(VerdictId::HtmlInsteadOfHandshake, line),
        (Some(200), None) if framed(body) => finding(VerdictId::WrongEio, line),
        (Some(200), None) if body.lines().next().is_some_and(facts::is_chunk_size) => {
            finding(VerdictId::DoubleFraming, line)
        }
        (Some(200), None) => finding(VerdictId::Garbage, line),
        (Some(400), None) if error_code(body) == Some(5) || body.contains("nsupported protocol version") => {
            finding(VerdictId::WrongEio, line)
        }
        (Some(400), None) if says_unknown_transport(exchange) => {
            Some(Finding::new(VerdictId::PollingDisabledByServer, Hop::Handshake, Severity::Note, line))
        }
        (Some(404 | 405), None) => finding(VerdictId::NoSocketio, line),
        _ => finding(VerdictId::EngineRefused, line),
    }
}

/// Engine.IO 3 writes lengths before its packets: `96:0{…`.
fn framed(body: &str) -> bool {
    body.split_once(':').is_some_and(|(length, rest)| {
        !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit()) && rest.starts_with("0{")
    })
}

/// Error 0 of Engine.IO: the server does not have this transport.
fn says_unknown_transport(exchange: &Exchange) -> bool {
    exchange.status == Some(400)
        && (error_code(&exchange.body) == Some(0) || exchange.body.contains("Transport unknown"))
}

/// What the server says that Socket.IO may use.
fn transports(evidence: &Evidence) -> Option<Vec<String>> {
    evidence.hosting_status().map(|status| status.transports.clone()).filter(|names| !names.is_empty())
}

fn sticky(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let Some(sticky) = &evidence.sticky else { return };
    let (Some(bare), with) =
        (sticky.rounds.iter().find(|round| !round.cookies), sticky.rounds.iter().find(|round| round.cookies))
    else {
        return;
    };
    if bare.good == bare.requests {
        return;
    }
    let line = format!(
        "{} of {} requests on one session, each over a new connection, succeeded{}",
        bare.good,
        bare.requests,
        with.map(|with| format!("; with the server's cookies, {} of {}", with.good, with.requests))
            .unwrap_or_default()
    );
    let by_cookie = with.is_some_and(|with| with.good == with.requests);
    let finding = if by_cookie {
        Finding::new(VerdictId::StickinessByCookie, Hop::Sticky, Severity::Note, line)
    } else if bare.unknown > 0 {
        Finding::new(VerdictId::NoStickiness, Hop::Sticky, facts::fault(evidence), line)
    } else {
        let other = bare.failed.as_ref().map(facts::describe_exchange).unwrap_or_default();
        Finding::new(VerdictId::PollFailures, Hop::Sticky, facts::fault(evidence), format!("{line}; {other}"))
    };
    findings.push(finding);
}

fn upgrades(evidence: &Evidence, host: Option<Host>, findings: &mut Vec<Finding>) {
    let (Some(chrome), Some(firefox)) =
        (facts::upgrade(evidence, "chrome"), facts::upgrade(evidence, "firefox"))
    else {
        return;
    };
    let plain = facts::upgrade(evidence, "plain");
    let fault = facts::fault(evidence);
    let mut add = |finding| findings.push(finding);
    let finding = |id, line: String| Finding::new(id, Hop::Upgrade, fault, line);
    let deflate = [Some(chrome), Some(firefox)].into_iter().flatten().find_map(|one| {
        one.extensions.as_ref().filter(|extensions| extensions.contains("permessage-deflate"))
    });
    if let Some(extensions) = deflate {
        add(finding(
            VerdictId::DeflateNegotiated,
            format!("Sec-WebSocket-Extensions: {extensions} came back"),
        ));
    }
    let works = |one: Option<&Upgrade>| one.is_some_and(|one| one.works);
    if chrome.works && !firefox.works && deflate.is_none() {
        add(finding(
            VerdictId::FirefoxConnection,
            format!("with Connection: keep-alive, Upgrade: {}", facts::describe_exchange(&firefox.exchange)),
        ));
    } else if !chrome.works && works(plain) && deflate.is_none() {
        add(finding(
            VerdictId::DeflateOfferRefused,
            format!("offering permessage-deflate: {}", describe_upgrade(chrome)),
        ));
    } else if !chrome.works && !firefox.works && !works(plain) {
        add(refused_upgrade(evidence, host, Hop::Upgrade, plain.unwrap_or(chrome)));
    }
    if let Some(session) = facts::upgrade(evidence, "polling")
        && !session.works
        && (chrome.works || works(plain))
    {
        let unknown = session.exchange.status == Some(101) || error_code(&session.exchange.body) == Some(1);
        let bad = facts::upgrade(evidence, "polling").map(describe_upgrade).unwrap_or_default();
        add(if unknown {
            finding(VerdictId::NoStickiness, format!("the upgrade from a polling session: {bad}"))
        } else {
            refused_upgrade(evidence, host, Hop::Upgrade, session)
        });
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

/// Why an upgrade failed.
pub(super) fn refused_upgrade(
    evidence: &Evidence,
    host: Option<Host>,
    hop: Hop,
    upgrade: &Upgrade,
) -> Finding {
    let exchange = &upgrade.exchange;
    let fault = facts::fault(evidence);
    let finding = |id| Finding::new(id, hop, fault, describe_upgrade(upgrade));
    let iis = host.is_some_and(Host::is_iis);
    let engine = hop != Hop::Stream(Transport::WebSocket);
    let disabled = transports(evidence).is_some_and(|all| !all.contains(&"websocket".to_owned()));
    let no_upgrades = evidence
        .handshake
        .as_ref()
        .and_then(|handshake| handshake.open.as_ref())
        .is_some_and(|open| open.upgrades.is_empty());
    // Error 4, forbidden: engine.io says so by 403 to a poll, and by a mere 400 to an upgrade (server.ts, abortUpgrade).
    let forbids =
        evidence.handshake.as_ref().is_some_and(|handshake| error_code(&handshake.exchange.body) == Some(4));
    if engine && (disabled || says_unknown_transport(exchange)) {
        return finding(VerdictId::WebsocketDisabledByServer);
    }
    let whose = "check the log of the server behind IIS: if the request is not there, IIS refused it; otherwise the server did";
    match (exchange.status, &exchange.failure) {
        (_, Some(failure)) => match failure.kind {
            FailureKind::Timeout => finding(VerdictId::SlowAnswer),
            FailureKind::Closed | FailureKind::Reset if exchange.status.is_none() => finding(VerdictId::NoAnswer),
            _ => finding(VerdictId::Garbage),
        },
        (Some(101), None) if host == Some(Host::Iisnode) => finding(VerdictId::IisWebsocketModuleOn),
        (Some(101), None) if iis => finding(VerdictId::IisWebsocketModuleOn).or(
            &[VerdictId::ClosedAfter101],
            "behind iisnode it is the module; behind HttpPlatformHandler, ASP.NET Core Module and ARR the module must be on, and something behind it closes the connection",
        ),
        (Some(101), None) => finding(VerdictId::ClosedAfter101).or(
            &[VerdictId::IisWebsocketModuleOn],
            "the headers of a plain GET show whether IIS is involved; if so, it is its WebSocket module",
        ),
        (Some(403), None) => finding(VerdictId::WebsocketForbidden),
        (Some(400), None) if engine && forbids => finding(VerdictId::UpgradeRefused),
        (Some(501), None) if iis => finding(VerdictId::IisWebsocketModuleOff),
        (Some(500 | 502 | 503), None) if iis => {
            finding(VerdictId::IisWebsocketModuleOff).or(&[VerdictId::UpgradeRefused], whose)
        }
        (Some(400), None) if engine && no_upgrades && error_code(&exchange.body) != Some(3) => {
            finding(VerdictId::WebsocketDisabledByServer)
        }
        (Some(200 | 400 | 404 | 426), None) if evidence.reached_by_http_1_0() => {
            finding(VerdictId::UpgradeStripped).or(&[VerdictId::Http10], "both apply: the proxy uses HTTP/1.0 to the server, which has no upgrades; one change fixes both")
        }
        (Some(200 | 400 | 426), None) => finding(VerdictId::UpgradeStripped),
        (Some(404), None) => finding(VerdictId::UpgradeStripped).or(
            &[VerdictId::PrefixMismatch],
            "if the server's log shows the request, its path is wrong; if not, a proxy sends WebSocket requests elsewhere",
        ),
        _ => finding(VerdictId::UpgradeRefused),
    }
}
