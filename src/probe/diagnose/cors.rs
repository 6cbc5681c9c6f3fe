//! Rules for requests of pages: what `Origin` is answered.

use super::{Finding, VerdictId, answers, facts};
use crate::probe::{
    classify::{Class, EngineError, classify},
    evidence::{Evidence, Exchange},
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
    // Several values are joined, and then allow nobody (Fetch, 4.9 "CORS check").
    let allowed = cors.allowed.as_deref().unwrap_or("missing");
    let twice = allowed.contains(", ");
    if twice || (!cors.own && allowed != "*" && allowed != origin) {
        let line = format!("Origin: {origin}: Access-Control-Allow-Origin is {allowed}");
        findings.push(Finding::new(VerdictId::CorsBlocked, Hop::Cors, fault, line));
    }
}

/// Whether an engine refuses for the origin, in words (python-engineio: "Not an accepted origin").
fn names_origin(exchange: &Exchange) -> bool {
    classify(exchange) == Class::Engine(EngineError::Forbidden)
        && exchange.body.to_ascii_lowercase().contains("origin")
}
