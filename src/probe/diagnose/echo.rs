//! Rules for an echo: what is too large for the path, what does not arrive at all, and what is held back. Pure.
//!
//! A limit that leaves room for what applications usually send is worth knowing, and no fault.

#[cfg(test)]
mod tests;

use super::{Finding, Severity, VerdictId, answers, engine, facts};
use crate::probe::{
    classify::{Class, classify},
    evidence::{Echo, EchoPace, EchoSizes, EchoStep, Evidence, Exchange, FailureKind, Upgrade},
    hop::Hop,
    hosts::Host,
    summary::size,
};

/// From this size on, a limit is only worth knowing: messages and polls of usual applications are smaller, and larger data goes in
/// requests whose limit everybody has to set.
const ROOMY: u64 = 64 * 1024;

/// A step that took longer than this does not show that the next one, of four times its size, had time enough.
const QUICK_MS: u64 = 250;

pub(super) fn rules(evidence: &Evidence, host: Option<Host>, findings: &mut Vec<Finding>) {
    let Some(echo) = &evidence.echo else { return };
    messages(evidence, echo, host, findings);
    bodies(evidence, echo, findings);
    events(evidence, echo, findings);
    paces(evidence, echo, findings);
}

/// WebSocket, both ways.
fn messages(evidence: &Evidence, echo: &Echo, host: Option<Host>, findings: &mut Vec<Finding>) {
    let (Some(up), Some(down)) = (&echo.up, &echo.down) else { return };
    let fault = facts::fault(evidence);
    let finding = |id, line: String| Finding::new(id, Hop::Echo, fault, line);
    // One that was opened shows that the other failed by chance.
    let opened = |sizes: &EchoSizes| sizes.exchange.status == Some(101) && sizes.exchange.failure.is_none();
    if !opened(up) && !opened(down) {
        let upgrade = Upgrade { exchange: up.exchange.clone(), ..Upgrade::default() };
        findings.push(engine::refused_upgrade(evidence, host, Hop::Echo, &upgrade));
        return;
    }
    match (up.refused(), up.largest(), down.refused(), down.largest()) {
        (Some(lost), None, Some(_), None) => {
            let id = if is_late(lost) { VerdictId::Silent } else { VerdictId::ClosedAfter101 };
            return findings.push(finding(id, format!("101, and no message came through: {}", how(lost))));
        }
        (Some(lost), None, _, Some(bytes)) => {
            let line = format!(
                "{}, {}; messages of up to {} come from the server",
                named(lost, "a message to the server"),
                how(lost),
                size(bytes)
            );
            findings.push(finding(VerdictId::UpwardLost, line));
        }
        _ => {}
    }
    let parts = [("to the server", up), ("from the server", down)];
    let limits: Vec<_> = parts.iter().filter_map(|(way, sizes)| Some((*way, limit(sizes)?))).collect();
    let Some(smallest) = limits.iter().map(|(_, limit)| limit.passed).min() else { return };
    let lines: Vec<_> = limits.iter().map(|(way, limit)| format!("{way}: {}", limit.line())).collect();
    let found = Finding::new(VerdictId::MessageTooBig, Hop::Echo, severity(smallest), lines.join("; "));
    let late = limits.iter().all(|(_, limit)| is_late(limit.step));
    findings.push(if late {
        found.or(
            &[VerdictId::SlowLine],
            "probe again: what is only slow comes through another time, or fails at another size",
        )
    } else {
        found
    });
}

/// A limit, with what passed and what did not.
struct Limit<'a> {
    passed: u64,
    failed: u64,
    step: &'a EchoStep,
}

impl Limit<'_> {
    fn line(&self) -> String {
        format!("{} passed, {} did not: {}", size(self.passed), size(self.failed), how(self.step))
    }
}

/// The limit on sizes, if smaller ones come through.
fn limit(sizes: &EchoSizes) -> Option<Limit<'_>> {
    let (passed, failed, step) = (sizes.largest()?, sizes.limit()?, sizes.refused()?);
    let quick = || sizes.steps.iter().any(|one| one.passed && one.bytes == passed && one.ms <= QUICK_MS);
    (!is_late(step) || quick()).then_some(Limit { passed, failed, step })
}

fn severity(passed: u64) -> Severity {
    if passed < ROOMY { Severity::Degraded } else { Severity::Note }
}

fn is_late(step: &EchoStep) -> bool {
    let late = |failure: &crate::probe::evidence::Failure| failure.kind == FailureKind::Timeout;
    step.failure.as_ref().is_some_and(late)
}

fn named(step: &EchoStep, what: &str) -> String {
    format!("{what} of {}", size(step.bytes))
}

/// How a step failed.
fn how(step: &EchoStep) -> String {
    match (&step.exchange, &step.ended, &step.failure) {
        (Some(exchange), ..) => facts::describe_answer(exchange),
        (None, Some(ended), _) => ended.how.clone(),
        (None, None, Some(failure)) => failure.text.clone(),
        (None, None, None) => "it did not come through".to_owned(),
    }
}

/// POST.
fn bodies(evidence: &Evidence, echo: &Echo, findings: &mut Vec<Finding>) {
    let Some(bodies) = &echo.bodies else { return };
    let Some(exchange) = bodies.refused().and_then(|step| step.exchange.as_ref()) else { return };
    let class = classify(exchange);
    // Time that ran out shows nothing.
    if class == Class::None(FailureKind::Timeout) {
        return;
    }
    let Some(limit) = limit(bodies) else {
        let fault = facts::fault(evidence);
        let refused = || {
            Finding::new(VerdictId::PostRefused, Hop::Echo, fault, facts::describe_exchange(exchange))
                .by(exchange)
        };
        findings.push(answers::by_itself(exchange, Hop::Echo, fault).unwrap_or_else(refused));
        return;
    };
    // What is refused for its number or its content is not refused for its size.
    let other = matches!(class, Class::RateLimit | Class::Firewall);
    let found = other.then(|| answers::by_itself(exchange, Hop::Echo, Severity::Degraded)).flatten();
    findings.push(found.unwrap_or_else(|| {
        Finding::new(VerdictId::BodyLimit, Hop::Echo, severity(limit.passed), limit.line()).by(exchange)
    }));
}

/// Server-sent events.
fn events(evidence: &Evidence, echo: &Echo, findings: &mut Vec<Finding>) {
    let (Some(events), Some(stream)) = (&echo.events, &echo.stream) else { return };
    let fault = facts::fault(evidence);
    if is_refused(&events.exchange) && is_refused(&stream.exchange) {
        let exchange = &stream.exchange;
        let line = facts::describe_exchange(exchange);
        let refused = || match classify(exchange) {
            Class::None(FailureKind::Timeout) => {
                Finding::new(VerdictId::SlowAnswer, Hop::Echo, fault, line.clone())
            }
            _ => Finding::new(VerdictId::StreamRefused, Hop::Echo, fault, line.clone()).by(exchange),
        };
        findings.push(answers::by_itself(exchange, Hop::Echo, fault).unwrap_or_else(refused));
        return;
    }
    let kind = stream.exchange.header("content-type").unwrap_or("missing");
    if !is_refused(&stream.exchange) && !kind.starts_with("text/event-stream") {
        let line = format!("Content-Type: {kind}");
        findings.push(Finding::new(VerdictId::WrongContentType, Hop::Echo, fault, line));
    }
    if let Some(coding) = stream.exchange.header("content-encoding") {
        let line = format!("Content-Encoding: {coding}");
        findings.push(Finding::new(VerdictId::CompressedStream, Hop::Echo, Severity::Note, line));
    }
    if let Some(limit) = limit(events).filter(|limit| !is_late(limit.step)) {
        findings.push(Finding::new(VerdictId::EventTooBig, Hop::Echo, severity(limit.passed), limit.line()));
    }
}

fn is_refused(exchange: &Exchange) -> bool {
    exchange.status != Some(200)
}

/// What was sent slowly.
fn paces(evidence: &Evidence, echo: &Echo, findings: &mut Vec<Finding>) {
    if let Some(upload) = echo.upload.as_ref().filter(|upload| upload.exchange.is(200) && held_back(upload)) {
        let line = format!(
            "{} pieces of a body, sent over {:.1} s, arrived within {} ms",
            upload.sent_ms.len(),
            seconds(upload.sent_span()),
            upload.arrived_span()
        );
        findings.push(Finding::new(VerdictId::RequestBuffered, Hop::Echo, Severity::Note, line));
    }
    let Some(stream) = echo.stream.as_ref().filter(|stream| !is_refused(&stream.exchange)) else { return };
    if held_back(stream) {
        let line = format!(
            "{} events, sent over {:.1} s, came within {} ms, the first one after {:.1} s",
            stream.arrived_ms.len(),
            seconds(stream.sent_span()),
            stream.arrived_span(),
            seconds(stream.arrived_ms[0])
        );
        findings.push(Finding::new(VerdictId::Buffered, Hop::Echo, facts::fault(evidence), line));
    }
}

/// Whether pieces that were sent apart arrived together, twice.
fn held_back(pace: &EchoPace) -> bool {
    let together = |pace: &EchoPace| pace.arrived_span() * 4 < pace.sent_span();
    let all = |pace: &EchoPace| !pace.arrived_ms.is_empty() && pace.exchange.status == Some(200);
    // In one piece, too, if it is the host that has joined them.
    let again = pace.again.as_deref();
    all(pace) && together(pace) && again.is_some_and(|again| all(again) && together(again))
}

fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}
