//! Streams that ended before their poem did: what ended them, by how they ended, and by what happened when they were
//! listened to again. Pure.

#[cfg(test)]
mod tests;

use super::{
    Finding, VerdictId, facts,
    hold::{near, stopped_at},
    pace::interval,
};
use crate::{
    probe::{
        evidence::{Ended, Evidence, Stream},
        hop::Hop,
        hosts::Wait,
    },
    transport::Transport,
};

/// What ended a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// Close code 1008.
    Policy,
    /// Close code 1009.
    Size,
    /// The poem was over, and only the close frame is missing.
    CloseFrameLost,
    /// It ends again at the same age, whatever flows.
    Age,
    /// It ends again at the same age, unless the client speaks.
    ClientSilence,
    /// It ends again after the same silence.
    Silence,
    /// It ends again after a silence which is as long as its age.
    SilenceOrAge,
    /// It says that the server goes away, and did not end again.
    GoingAway,
    /// It ends again after as much has come, however long that took.
    Amount,
    /// It did not end again.
    Once,
    /// It ends again and again, at one age or another.
    Again,
    /// It was not listened to again.
    Unknown,
}

/// Close codes of a server that goes away or is restarted (RFC 6455, 7.4.1; IANA's registry of close codes).
const GOING_AWAY: [u16; 2] = [1001, 1012];

/// Ends of all streams within this time are one event.
const MOMENT_MS: u64 = 1_000;

pub(super) fn rules(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let fault = facts::fault(evidence);
    if let Some((transport, line)) = restarted(evidence) {
        findings.push(Finding::new(VerdictId::ServerRestarted, Hop::Stream(transport), fault, line));
        return;
    }
    for (transport, stream) in &evidence.streams {
        let stream = facts::heard(stream);
        let Some(ended) = ended_early(stream) else { continue };
        let Some(cause) = cause(*transport, stream) else { continue };
        let interval_ms = interval(evidence, stream).unwrap_or_default();
        let line = match talkative(evidence, cause).filter(|(other, _)| other != transport) {
            // Of two that are closed for what they say, the one tells more that said more.
            Some((other, more)) => {
                format!(
                    "{other}: {}",
                    line(cause, other, more, more.ended.as_ref().unwrap_or(ended), interval_ms)
                )
            }
            None => line(cause, *transport, stream, ended, interval_ms),
        };
        let finding = |id| Finding::new(id, Hop::Stream(*transport), fault, line);
        let finding = match cause {
            Cause::Policy => finding(VerdictId::ClosedByPolicy),
            Cause::Size => finding(VerdictId::MessageTooBig),
            Cause::CloseFrameLost => finding(VerdictId::CloseFrameLost),
            Cause::Age => finding(VerdictId::AgeCut).after(Wait::Age, stopped_at(ended, interval_ms)),
            Cause::ClientSilence => finding(VerdictId::IdleCut).after(Wait::Silence, ended.at_ms),
            Cause::Silence => finding(VerdictId::IdleCut).after(Wait::Silence, ended.quiet_ms),
            Cause::SilenceOrAge => finding(VerdictId::IdleCut).or(
                &[VerdictId::AgeCut],
                "start dante with a shorter --interval: a connection that then lives longer was cut for its silence",
            ),
            Cause::GoingAway => finding(VerdictId::ServerRestarted),
            Cause::Amount | Cause::Once | Cause::Again | Cause::Unknown => finding(VerdictId::EarlyEnd),
        };
        findings.extend(facts::unless_explained(evidence, *transport, finding));
    }
}

/// Of the streams that are closed for what they say, the one on which most stanzas came.
fn talkative(evidence: &Evidence, cause_of_one: Cause) -> Option<(Transport, &Stream)> {
    if !matches!(cause_of_one, Cause::Policy | Cause::Size) {
        return None;
    }
    let streams = evidence.streams.iter().map(|(transport, stream)| (*transport, facts::heard(stream)));
    let alike = streams.filter(|(transport, stream)| cause(*transport, stream) == Some(cause_of_one));
    // The first of those that have the same.
    alike.rev().max_by_key(|(_, stream)| stream.arrivals.len())
}

/// The end of a stream that had begun, if it came before its poem's.
fn ended_early(stream: &Stream) -> Option<&Ended> {
    let ended = stream.ended.as_ref().filter(|_| !stream.complete)?;
    let says_why = ended.code.is_some_and(|code| matches!(code, 1008 | 1009));
    (stream.opening.is_some() || says_why).then_some(ended)
}

/// Whether this stream's end is told here, and not as that of a WebSocket which never began.
pub(super) fn is_told(stream: &Stream) -> bool {
    ended_early(stream).is_some()
}

fn cause(transport: Transport, stream: &Stream) -> Option<Cause> {
    let ended = ended_early(stream)?;
    match ended.code {
        Some(1008) => return Some(Cause::Policy),
        Some(1009) => return Some(Cause::Size),
        _ => {}
    }
    if transport == Transport::WebSocket && ended.code.is_none() && has_all(stream) {
        return Some(Cause::CloseFrameLost);
    }
    let Some(again) = stream.again.as_deref().filter(|again| again.opening.is_some()) else {
        return Some(Cause::Unknown);
    };
    let Some(second) = ended_early(again) else {
        let goes_away = ended.code.is_some_and(|code| GOING_AWAY.contains(&code));
        return Some(if goes_away { Cause::GoingAway } else { Cause::Once });
    };
    if transport == Transport::SocketIoPolling {
        // Each poll is a request of its own: only how long it waited tells of a limit.
        let waited = ended.quiet_ms >= 500 && near(ended.quiet_ms, second.quiet_ms);
        return Some(if waited { Cause::Silence } else { Cause::Again });
    }
    // Where one stanza came after another, the last silence was no longer than half of its age.
    let flowed = ended.quiet_ms * 2 <= ended.at_ms + 200;
    if !near(ended.at_ms, second.at_ms) {
        let later = again.silence_ms > 0 && near(ended.at_ms + again.silence_ms, second.at_ms);
        return Some(match (later, flowed) {
            (true, true) => Cause::Amount,
            (true, false) => Cause::Silence,
            (false, _) => Cause::Again,
        });
    }
    let lived_longer = |speaking: &Stream| match ended_early(speaking) {
        Some(third) => third.at_ms > ended.at_ms && !near(third.at_ms, ended.at_ms),
        None => speaking.opening.is_some(),
    };
    Some(match (stream.speaking.as_deref().is_some_and(lived_longer), flowed) {
        (true, true) => Cause::ClientSilence,
        (true, false) => Cause::Silence,
        (false, true) => Cause::Age,
        // The first stanza came after a silence that would have put the end off.
        (false, false) if again.silence_ms > 0 && again.silence_ms < ended.at_ms => Cause::Age,
        (false, false) => Cause::SilenceOrAge,
    })
}

/// Whether the last stanza of the poem has come.
fn has_all(stream: &Stream) -> bool {
    let of = stream.opening.as_ref().and_then(|opening| opening["of"].as_u64());
    let last = stream.arrivals.iter().filter_map(|arrival| arrival.index).next_back();
    of.is_some_and(|of| last == of.checked_sub(1) && of > 0)
}

/// Where all streams ended at the same moment, and live or find another process when they are opened again.
fn restarted(evidence: &Evidence) -> Option<(Transport, String)> {
    let open = || evidence.streams.iter().filter(|(_, stream)| stream.opening.is_some());
    let ended: Vec<_> =
        open().filter_map(|(transport, stream)| Some((*transport, stream, ended_early(stream)?))).collect();
    let first = ended.first()?;
    let goes_away = |ended: &Ended| ended.code.is_some_and(|code| GOING_AWAY.contains(&code));
    let said_so = ended.iter().any(|(.., ended)| goes_away(ended));
    let moments =
        ended.iter().map(|(_, stream, ended)| stream.exchange.sent_at_ms + stream.exchange.ms + ended.at_ms);
    let (earliest, latest) = (moments.clone().min()?, moments.max()?);
    let together = ended.len() == open().count() && latest - earliest <= MOMENT_MS;
    let node = |stream: &Stream| Some(stream.opening.as_ref()?["node"].as_str()?.to_owned());
    let nodes = evidence.hosting.as_ref().map_or(0, |hosting| hosting.nodes.len());
    let new_node = ended.iter().any(|(_, stream, _)| {
        let new = stream.again.as_deref().and_then(node);
        nodes == 1 && new.is_some() && new != node(stream)
    });
    // What comes again at the same age was no accident.
    let again = |(_, stream, ended): &(Transport, &Stream, &Ended)| {
        stream.again.as_deref().and_then(ended_early).is_some_and(|second| near(second.at_ms, ended.at_ms))
    };
    if ended.iter().all(again) || !(together && (ended.len() >= 2 || said_so) || new_node) {
        return None;
    }
    // A close frame says more than an end without one.
    let telling = ended.iter().find(|(.., ended)| ended.code.is_some()).unwrap_or(first);
    let how_many = match ended.len() {
        1 => "the stream".to_owned(),
        count if together => format!("all {count} streams"),
        count => format!("{count} streams"),
    };
    let moment = if together { " at the same moment," } else { "" };
    let since = if new_node {
        "; another process answers since then"
    } else if ended.iter().all(|(_, stream, _)| !can_be_opened(stream)) {
        "; right after that nothing answered"
    } else {
        ""
    };
    let after = seconds(first.2.at_ms);
    Some((first.0, format!("{how_many} ended{moment} after {after} s: {}{since}", telling.2.how)))
}

fn can_be_opened(stream: &Stream) -> bool {
    stream.again.as_deref().is_some_and(|again| again.opening.is_some())
}

fn line(cause: Cause, transport: Transport, stream: &Stream, ended: &Ended, interval_ms: u64) -> String {
    let age_of = |ended: &Ended| seconds(stopped_at(ended, interval_ms));
    let age = age_of(ended);
    let count = stream.arrivals.len();
    let stanzas = if count == 1 { "1 stanza".to_owned() } else { format!("{count} stanzas") };
    let status = match ended.status {
        Some(status) if !ended.how.contains(&status.to_string()) => format!(", status {status}"),
        _ => String::new(),
    };
    let how = format!("{}{status}", ended.how);
    let when = if count == 0 {
        "before the first stanza".to_owned()
    } else {
        format!("after {age} s and {stanzas}")
    };
    let again = stream.again.as_deref();
    let second = again.and_then(|again| again.ended.as_ref()).map(age_of);
    let second = second.unwrap_or_default();
    match cause {
        Cause::Policy => format!("closed {when}: {how}"),
        Cause::Size => {
            let largest = stream.arrivals.iter().map(|arrival| arrival.bytes).max();
            let largest =
                largest.map(|bytes| format!("; the largest message that came has about {bytes} bytes"));
            format!("closed {when}: {how}{}", largest.unwrap_or_default())
        }
        Cause::CloseFrameLost => format!("all {stanzas} of the poem came, and then: {how}"),
        Cause::Age => format!(
            "it was cut after {age} s, and again after {second} s, in full flow ({} s after the last bytes): {how}",
            seconds(ended.quiet_ms)
        ),
        Cause::ClientSilence => format!(
            "cut after {age} s and again after {second} s in which the client said nothing, although the server spoke; with a word now and then it lived: {how}"
        ),
        Cause::Silence | Cause::SilenceOrAge => {
            let what = if transport == Transport::SocketIoPolling { "a poll" } else { "it" };
            format!("{what} was cut after {} s of silence, twice: {how}", seconds(ended.quiet_ms))
        }
        Cause::GoingAway => format!("it ended after {age} s: {how}; it did not end again"),
        Cause::Amount => {
            format!("it ended after {stanzas} and {age} s, and again after as many in {second} s: {how}")
        }
        Cause::Once => {
            let watched = again.map(|again| seconds(again.watched_ms)).unwrap_or_default();
            format!("it ended {when}: {how}; once more it lived for {watched} s")
        }
        Cause::Again => format!("it ended after {age} s and {stanzas}, and again after {second} s: {how}"),
        Cause::Unknown => format!("it ended {when}: {how}"),
    }
}

fn seconds(ms: u64) -> String {
    format!("{:.1}", ms as f64 / 1000.0)
}
