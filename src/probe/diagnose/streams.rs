//! Rules for the streams.

use super::{
    Finding, Severity, VerdictId, answers, ends, engine, facts,
    pace::{self, Pace},
};
use crate::probe::{
    classify::{Class, classify},
    evidence::{Evidence, Exchange, FailureKind, Stream, Upgrade},
    hop::Hop,
    hosts::Host,
    streams::opened,
};
use crate::transport::Transport;

pub(super) fn rules(evidence: &Evidence, host: Option<Host>, findings: &mut Vec<Finding>) {
    for (transport, stream) in &evidence.streams {
        stream_rules(evidence, host, *transport, facts::heard(stream), findings);
    }
}

fn stream_rules(
    evidence: &Evidence,
    host: Option<Host>,
    transport: Transport,
    stream: &Stream,
    findings: &mut Vec<Finding>,
) {
    let fault = facts::fault(evidence);
    let hop = Hop::Stream(transport);
    let finding = |id, line: String| Finding::new(id, hop, fault, line);
    if let Some(coding) = stream.exchange.header("content-encoding").filter(|_| transport == Transport::Sse) {
        // By itself it does no harm; where it gathers, too, it is the cause of that.
        let line = format!("Content-Encoding: {coding}");
        findings.push(Finding::new(VerdictId::CompressedStream, hop, Severity::Note, line));
    }
    let framing = stream.stray.as_deref().filter(|stray| facts::is_chunk_size(stray));
    let in_poll = stream.garbage.as_deref().filter(|_| transport == Transport::SocketIoPolling);
    let in_poll = in_poll.filter(|_| stream.exchange.body.lines().next().is_some_and(facts::is_chunk_size));
    if let Some(text) = framing.or(in_poll) {
        findings.push(finding(VerdictId::DoubleFraming, format!("the text contains {text:?}")));
        return;
    }
    if let Some(stray) = &stream.stray {
        findings.push(finding(VerdictId::Garbage, format!("the stream contains {stray:?}")));
    }
    if let Some(garbage) = &stream.garbage {
        findings.extend(facts::unless_explained(
            evidence,
            transport,
            finding(VerdictId::Garbage, garbage.clone()),
        ));
        return;
    }
    // A WebSocket that is accepted and closed before it said anything counts as refused.
    let closed = stream.exchange.switched() && stream.ended.is_some() && stream.opening.is_none();
    let closed = closed && !ends::is_told(stream);
    if closed
        || !opened(&stream.exchange)
        || (stream.exchange.status == Some(200) && !is_stream(transport, stream))
    {
        findings.extend(not_opened(evidence, host, transport, stream));
        return;
    }
    if let Some(kind) = wrong_type(transport, stream) {
        let line = format!("Content-Type: {kind}; {} stanzas came all the same", stream.arrivals.len());
        findings.push(finding(VerdictId::WrongContentType, line));
    }
    if facts::delivers(stream) {
        timing(evidence, transport, stream, findings);
    } else if stream.ended.is_none() && !stream.complete {
        let line = format!("it opened, but nothing came within {:.1} s", seconds(stream.watched_ms));
        findings.push(if facts::something_streams(evidence) {
            finding(VerdictId::Buffered, format!("{line}, while other transports streamed"))
        } else {
            finding(VerdictId::Silent, line).or(
                &[VerdictId::Buffered],
                "check the server's log: if it has readers but sends nothing, it is the server; otherwise a proxy holds the stream back",
            )
        });
    }
}

fn is_stream(transport: Transport, stream: &Stream) -> bool {
    let kind = stream.exchange.header("content-type").unwrap_or_default();
    match transport {
        // Status 200 is a page in the place of the upgrade.
        Transport::SocketIoWebSocket | Transport::WebSocket => stream.exchange.switched(),
        Transport::Sse => kind.starts_with("text/event-stream") || facts::delivers(stream),
        Transport::SocketIoPolling => true,
    }
}

fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}

/// The type of an event stream that browsers do not take for one (WHATWG HTML, 9.2.3), though it streams.
fn wrong_type(transport: Transport, stream: &Stream) -> Option<&str> {
    let kind = stream.exchange.header("content-type").unwrap_or("missing");
    let wrong =
        transport == Transport::Sse && facts::delivers(stream) && !kind.starts_with("text/event-stream");
    wrong.then_some(kind)
}

fn not_opened(
    evidence: &Evidence,
    host: Option<Host>,
    transport: Transport,
    stream: &Stream,
) -> Option<Finding> {
    match transport {
        Transport::SocketIoWebSocket | Transport::WebSocket => {
            let upgrade = Upgrade {
                exchange: stream.exchange.clone(),
                ended: stream.ended.clone(),
                ..Upgrade::default()
            };
            facts::unless_explained(
                evidence,
                transport,
                engine::refused_upgrade(evidence, host, Hop::Stream(transport), &upgrade),
            )
        }
        Transport::SocketIoPolling | Transport::Sse => {
            facts::unless_explained(evidence, transport, refused(evidence, transport, &stream.exchange))
        }
    }
}

/// Why a stream over plain HTTP was not opened.
fn refused(evidence: &Evidence, transport: Transport, exchange: &Exchange) -> Finding {
    let (hop, fault) = (Hop::Stream(transport), facts::fault(evidence));
    let finding = |id| Finding::new(id, hop, fault, facts::describe_exchange(exchange)).by(exchange);
    match classify(exchange) {
        // The head of an answer is held back, too, by a proxy that waits for more.
        Class::None(FailureKind::Timeout)
            if transport == Transport::Sse && facts::something_streams(evidence) =>
        {
            finding(VerdictId::Buffered).or(
                &[VerdictId::SlowAnswer],
                "listen longer, with --timeout 60s: a full buffer releases many stanzas at once",
            )
        }
        Class::None(FailureKind::Timeout) => finding(VerdictId::SlowAnswer),
        Class::None(FailureKind::Closed | FailureKind::Reset) => finding(VerdictId::NoAnswer),
        Class::None(_) => {
            answers::by_itself(exchange, hop, fault).unwrap_or_else(|| finding(VerdictId::Garbage))
        }
        _ => answers::by_change(exchange, hop, fault)
            .or_else(|| answers::by_itself(exchange, hop, fault))
            .unwrap_or_else(|| finding(VerdictId::StreamRefused)),
    }
}

fn timing(evidence: &Evidence, transport: Transport, stream: &Stream, findings: &mut Vec<Finding>) {
    let fault = facts::fault(evidence);
    let indices: Vec<u64> = stream.arrivals.iter().filter_map(|arrival| arrival.index).collect();
    let wrong = |is_wrong: fn(u64, u64) -> bool| indices.windows(2).find(|pair| is_wrong(pair[0], pair[1]));
    let skipped = wrong(|before, after| after > before + 1).map(|pair| (VerdictId::LostStanzas, pair));
    let again = wrong(|before, after| after <= before).map(|pair| (VerdictId::DoubledStanzas, pair));
    for (id, pair) in [skipped, again].into_iter().flatten() {
        let line = format!("stanza {} came after stanza {}", pair[1], pair[0]);
        findings.push(Finding::new(id, Hop::Stream(transport), fault, line));
    }
    let (Pace::HeldOnce(silence) | Pace::Held(silence)) = pace::judge(evidence, transport) else { return };
    let Some(interval) = pace::interval(evidence, stream) else { return };
    let finding = |line| Finding::new(VerdictId::Buffered, Hop::Stream(transport), fault, line);
    if silence.stanzas > 0 {
        findings.push(finding(format!(
            "{} stanzas at once after {:.1} s of silence, at a pace of one every {:.1} s; the buffer seems to hold about {} bytes",
            silence.stanzas,
            seconds(silence.ms()),
            seconds(interval),
            silence.bytes
        )));
        return;
    }
    let line =
        format!("{} stanzas came, then nothing for {:.1} s", stream.arrivals.len(), seconds(silence.ms()));
    findings.push(finding(line).or(
        &[VerdictId::IdleCut],
        "probe again with --hold: a full buffer releases many stanzas at once; a connection that was cut silently stays silent",
    ));
}
