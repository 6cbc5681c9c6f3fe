//! Rules for requests of pages: what `Origin` is answered.

use super::{Finding, Severity, VerdictId, answers, facts};
use crate::probe::{
    classify::{Class, EngineError, classify},
    evidence::{Evidence, Exchange, Round},
    hop::Hop,
};

pub(super) fn rules(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let fault = facts::fault(evidence);
    // With an origin among the headers of every request, the handshake itself is refused for it.
    if let Some(handshake) = evidence.handshake.as_ref().filter(|handshake| names_origin(&handshake.exchange))
    {
        let line = facts::describe_exchange(&handshake.exchange);
        findings.push(Finding::new(VerdictId::CorsBlocked, Hop::Handshake, fault, line));
    }
    let (Some(cors), true) = (&evidence.cors, facts::works(evidence, Hop::Handshake)) else { return };
    let origin = &cors.origin;
    if cors.exchange.status.is_some() && !cors.exchange.is(200) {
        let refused = || {
            let line = format!("Origin: {origin}: {}", facts::describe_exchange(&cors.exchange));
            Finding::new(VerdictId::CorsBlocked, Hop::Cors, fault, line)
        };
        findings.push(answers::by_itself(&cors.exchange, Hop::Cors, fault).unwrap_or_else(refused));
        return;
    }
    let mut add = |id, severity, line: String| {
        findings.push(Finding::new(id, Hop::Cors, severity, format!("Origin: {origin}: {line}")));
    };
    let allowed = cors.allowed.as_deref().unwrap_or("missing");
    let credentials = credentials(&cors.exchange);
    let said = credentials.as_deref().unwrap_or("missing");
    // Several values are joined, and then allow nobody (Fetch, 4.9 "CORS check").
    let doubled = [("Origin", allowed), ("Credentials", said)].map(|(name, value)| {
        // Some proxies join them themselves (Envoy, without a space). No value has a comma of its own.
        value.contains(',').then(|| format!("Access-Control-Allow-{name} has two values: {value}"))
    });
    let doubled: Vec<String> = doubled.into_iter().flatten().collect();
    if !doubled.is_empty() {
        // What was asked for as the server's own page works all the same.
        add(VerdictId::CorsDoubled, if cors.own { Severity::Note } else { fault }, doubled.join("; "));
        return;
    }
    if cors.own {
        return;
    }
    if allowed != "*" && allowed != origin {
        add(VerdictId::CorsBlocked, fault, format!("Access-Control-Allow-Origin is {allowed}"));
        return;
    }
    // With credentials, * allows nobody, and only "true" does, in these letters (Fetch, 4.9, steps 3 to 6).
    let useless = allowed == "*" || said != "true";
    let both = format!("Access-Control-Allow-Origin: {allowed} with Access-Control-Allow-Credentials {said}");
    if useless && is_sticky_by_cookie(evidence) {
        let line = format!(
            "polling needs the host's cookie, so a page there must use withCredentials, and then {both} allows nobody"
        );
        add(VerdictId::CorsCredentials, fault, line);
    } else if useless && said == "true" {
        // They are allowed, and to nobody; a page that sends none has no trouble.
        add(VerdictId::CorsCredentials, Severity::Note, format!("{both} allows credentials to nobody"));
    }
}

/// What `Access-Control-Allow-Credentials` says; several values are joined.
fn credentials(exchange: &Exchange) -> Option<String> {
    let values = exchange.headers.iter().filter(|(name, _)| name == "access-control-allow-credentials");
    let values: Vec<_> = values.map(|(_, value)| value.as_str()).collect();
    (!values.is_empty()).then(|| values.join(", "))
}

/// Whether a session finds its process only by a cookie that browsers send back.
fn is_sticky_by_cookie(evidence: &Evidence) -> bool {
    evidence.sticky.as_ref().is_some_and(|sticky| {
        let good = |round: &Round| round.requests > 0 && round.good == round.requests;
        let with = sticky.rounds.iter().find(|round| round.cookies && !round.withheld);
        sticky.rounds.iter().any(|round| !round.cookies && !good(round)) && with.is_some_and(good)
    })
}

/// Whether an engine refuses for the origin, in words (python-engineio: "Not an accepted origin").
fn names_origin(exchange: &Exchange) -> bool {
    classify(exchange) == Class::Engine(EngineError::Forbidden)
        && exchange.body.to_ascii_lowercase().contains("origin")
}
