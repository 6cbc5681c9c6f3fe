//! The pace of a stream: silences that are longer than it, and whose they are. Pure.

use std::ops::RangeInclusive;

use crate::{
    probe::evidence::{Evidence, Stream},
    transport::Transport,
};

/// How far apart streams may resume that were stalled together.
const TOGETHER_MS: u64 = 300;

/// A time in which a stream brought nothing though stanzas were due, and what came at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Silence {
    /// When the last stanza before it had come, since the probe began.
    from_ms: u64,
    /// When the next one came, or when nobody listened any more.
    to_ms: u64,
    /// How many stanzas came at once at its end; none if it lasted until the end.
    pub(super) stanzas: usize,
    /// How many bytes these were.
    pub(super) bytes: usize,
}

impl Silence {
    /// How long it was.
    pub(super) fn ms(&self) -> u64 {
        self.to_ms.saturating_sub(self.from_ms)
    }
}

/// How a stream keeps its pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// As it should.
    Even,
    /// All streams stopped and went on at the same moment, or this one did once and not when it was listened to again.
    LineStalled(Silence),
    /// It was held back, and was not listened to again yet: whoever can should do so.
    HeldOnce(Silence),
    /// It is held back, also when nothing else is open.
    Held(Silence),
}

/// The time between stanzas: what this stream said of it, or the server.
pub(super) fn interval(evidence: &Evidence, stream: &Stream) -> Option<u64> {
    let own = stream.opening.as_ref().and_then(|opening| opening["intervalMs"].as_u64());
    let servers =
        || evidence.hosting_status().map(|status| status.interval_ms).filter(|interval| *interval > 0);
    own.or_else(servers)
}

/// The longest time for which this stream was silent though stanzas were due, by itself; the stalls of this machine do not count.
pub(super) fn longest_silence(evidence: &Evidence, stream: &Stream) -> Option<Silence> {
    let line = Line::of(evidence, stream)?;
    let silences = line.silences(stream).into_iter();
    silences.filter(|silence| !is_our_own(evidence, silence, &line)).max_by_key(Silence::ms)
}

/// How a stream kept its pace, by itself and beside the others.
pub(crate) fn judge(evidence: &Evidence, transport: Transport) -> Pace {
    let Some(stream) = evidence.streams.get(&transport) else { return Pace::Even };
    let Some(line) = Line::of(evidence, stream) else { return Pace::Even };
    let of = |stream: &Stream| {
        let mut silences = line.silences(stream);
        silences.retain(|silence| !is_our_own(evidence, silence, &line));
        silences
    };
    let silences = of(stream);
    let Some(longest) = silences.iter().copied().max_by_key(Silence::ms) else { return Pace::Even };
    // A line stalls once; what stops and goes on again and again is held back, be it all streams at once.
    let shared = silences.iter().all(|silence| is_shared(evidence, transport, silence, &line));
    match &stream.alone {
        _ if shared && silences.len() == 1 => Pace::LineStalled(longest),
        None => Pace::HeldOnce(longest),
        Some(alone) if alone.arrivals.is_empty() => Pace::Held(longest),
        Some(alone) => {
            of(alone).into_iter().max_by_key(Silence::ms).map_or(Pace::LineStalled(longest), Pace::Held)
        }
    }
}

/// What pace and line make of gaps.
struct Line {
    interval: u64,
    round_trip: u64,
}

impl Line {
    fn of(evidence: &Evidence, stream: &Stream) -> Option<Self> {
        let round_trip = evidence.line.round_trip_ms.unwrap_or_default();
        interval(evidence, stream).map(|interval| Self { interval, round_trip })
    }

    /// The longest gap that is nobody's fault. At a fast pace a busy machine alone makes gaps of some intervals; a poll
    /// costs a round trip, and a lost packet another.
    fn longest_gap(&self) -> u64 {
        (self.interval * 7 / 4).max(self.interval + 400).max(self.interval + 3 * self.round_trip)
    }

    /// The longest time to the first stanza: name, connection, TLS, session and namespace cost round trips, too.
    fn longest_start(&self) -> u64 {
        self.longest_gap() + 6 * self.round_trip
    }

    /// Silences with stanzas that come at once at their end, and one that lasted until nobody listened any more. What
    /// follows within a quarter of the interval is one burst. One burst of two is what a lost packet makes; three at once, or
    /// a second burst, is a buffer.
    fn silences(&self, stream: &Stream) -> Vec<Silence> {
        let close = (self.interval / 4).max(10);
        let began = stream.exchange.sent_at_ms;
        let mut silences = Vec::new();
        let (mut before, mut longest) = (0, self.longest_start());
        let mut rest = stream.arrivals.as_slice();
        while let [first, ..] = rest {
            let mut end = 1;
            while end < rest.len() && rest[end].at_ms.saturating_sub(rest[end - 1].at_ms) <= close {
                end += 1;
            }
            if first.at_ms.saturating_sub(before) <= longest || end == 1 {
                end = 1;
            } else {
                silences.push(Silence {
                    from_ms: began + before,
                    to_ms: began + first.at_ms,
                    stanzas: end,
                    bytes: rest[..end].iter().map(|arrival| arrival.bytes).sum(),
                });
            }
            (before, longest) = (rest[end - 1].at_ms, self.longest_gap());
            rest = &rest[end..];
        }
        if silences.len() == 1 && silences[0].stanzas == 2 {
            silences.clear();
        }
        // One stanza, and then nothing where two more were due: held back, unless the connection has ended.
        let until_the_end = self.interval * 2 + 400 + 3 * self.round_trip;
        if !stream.arrivals.is_empty()
            && stream.ended.is_none()
            && !stream.complete
            && stream.watched_ms.saturating_sub(before) > until_the_end
        {
            let (from_ms, to_ms) = (began + before, began + stream.watched_ms);
            silences.push(Silence { from_ms, to_ms, stanzas: 0, bytes: 0 });
        }
        silences
    }
}

/// Whether this machine itself did not run for so long that the rest is within the pace.
fn is_our_own(evidence: &Evidence, silence: &Silence, line: &Line) -> bool {
    let Some(stall) = &evidence.line.own_stall else { return false };
    let (from, to) = (stall.at_ms.max(silence.from_ms), (stall.at_ms + stall.ms).min(silence.to_ms));
    silence.ms().saturating_sub(to.saturating_sub(from)) <= line.longest_gap()
}

/// Whether all streams that were listened to then were silent for longer than the pace, and went on at the same moment. Polling
/// must be among them: its answers end, and so nothing holds them back as it does streams.
fn is_shared(evidence: &Evidence, transport: Transport, silence: &Silence, line: &Line) -> bool {
    let others: Vec<_> = evidence
        .streams
        .iter()
        .filter(|(other, stream)| **other != transport && spans(stream, silence))
        .collect();
    let polls = others.iter().map(|(other, _)| **other).chain([transport]);
    let with_polling = polls.into_iter().any(|one| one == Transport::SocketIoPolling);
    let tolerance = TOGETHER_MS + line.round_trip;
    let resumed = silence.to_ms.saturating_sub(tolerance)..=silence.to_ms + tolerance;
    with_polling
        && !others.is_empty()
        && others.iter().all(|(_, other)| {
            let before = last_before(other, resumed.start()).max(silence.from_ms);
            let together = silence.to_ms.saturating_sub(before);
            together > line.interval + (line.interval / 8).max(250)
                && (silence.stanzas == 0 || resumes(other, &resumed))
        })
}

/// Whether a stream was listened to before and after.
fn spans(stream: &Stream, silence: &Silence) -> bool {
    let began = stream.exchange.sent_at_ms;
    !stream.arrivals.is_empty()
        && began < silence.to_ms
        && began + stream.watched_ms + TOGETHER_MS >= silence.to_ms
}

fn last_before(stream: &Stream, at: &u64) -> u64 {
    let began = stream.exchange.sent_at_ms;
    let times = stream.arrivals.iter().map(|arrival| began + arrival.at_ms);
    times.filter(|time| time < at).max().unwrap_or(began)
}

fn resumes(stream: &Stream, when: &RangeInclusive<u64>) -> bool {
    let began = stream.exchange.sent_at_ms;
    stream.arrivals.iter().any(|arrival| when.contains(&(began + arrival.at_ms)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::evidence::{Arrival, LineSeen, Stall};

    fn stream(times: &[u64], interval: u64) -> Stream {
        Stream {
            opening: Some(serde_json::json!({ "intervalMs": interval })),
            arrivals: times.iter().map(|at_ms| Arrival { at_ms: *at_ms, index: None, bytes: 10 }).collect(),
            watched_ms: times.last().copied().unwrap_or_default(),
            ..Stream::default()
        }
    }

    /// How the first of these streams keeps its pace; the second is polling.
    fn pace(streams: &[&[u64]], interval: u64, round_trip: u64) -> Pace {
        let transports = [Transport::Sse, Transport::SocketIoPolling, Transport::WebSocket];
        let evidence = Evidence {
            streams: transports
                .into_iter()
                .zip(streams.iter().map(|times| stream(times, interval)))
                .collect(),
            line: LineSeen { round_trip_ms: Some(round_trip), ..LineSeen::default() },
            ..Evidence::default()
        };
        judge(&evidence, Transport::Sse)
    }

    #[test]
    fn lumps_are_told_from_jitter() {
        let even = |times: &[u64], interval| pace(&[times], interval, 0) == Pace::Even;
        assert!(even(&[5, 2005, 4003, 6010], 2000), "even");
        assert!(even(&[5, 4005, 4006, 6010], 2000), "one lost packet");
        let once = pace(&[&[6000, 6000, 6001, 6001]], 2000, 0);
        assert!(matches!(once, Pace::HeldOnce(Silence { stanzas: 4, .. })), "all at once: {once:?}");
        let again = pace(&[&[4005, 4005, 8005, 8006]], 2000, 0);
        assert!(
            matches!(again, Pace::HeldOnce(_)),
            "again and again, until it is listened to alone: {again:?}"
        );
        let fast: Vec<u64> = (0..100).map(|k| k * 20 + (k % 3) * 9).collect();
        assert!(even(&fast, 20), "a fast pace on a busy machine");
        let held: Vec<u64> = (0..100).map(|k| 500 + k / 25 * 500).collect();
        assert!(matches!(pace(&[&held], 20, 0), Pace::HeldOnce(_)), "a buffer that fills in half a second");
    }

    #[test]
    fn slow_polls_bring_several_stanzas() {
        let polls = [3500, 5000, 5000, 6500, 6501, 8000, 8000];
        assert_eq!(pace(&[&polls], 1000, 1000), Pace::Even, "a poll costs a round trip");
        assert!(matches!(pace(&[&[3500, 6500, 6500, 9500, 9500, 12500, 12500]], 1000, 0), Pace::HeldOnce(_)));
    }

    #[test]
    fn a_stall_of_the_line_stops_all_streams() {
        let stalled: &[u64] = &[5, 1005, 4600, 4600, 4601, 5005];
        let polls: &[u64] = &[20, 1020, 4680, 4680, 4681, 5020];
        assert!(matches!(pace(&[stalled, polls], 1000, 0), Pace::LineStalled(_)));
        let other_moment: &[u64] = &[20, 1020, 2020, 3020, 4020, 5020];
        assert!(matches!(pace(&[stalled, other_moment], 1000, 0), Pace::HeldOnce(_)));
        let again_and_again: &[u64] = &[3000, 3000, 3001, 6000, 6000, 6001, 9000, 9000, 9001];
        let polls: &[u64] = &[3020, 3020, 3021, 6020, 6020, 6021, 9020, 9020, 9021];
        assert!(matches!(pace(&[again_and_again, polls], 1000, 0), Pace::HeldOnce(_)), "a line stalls once");
        // A buffer lets go when a stanza comes, and so does every other stream.
        let held: &[u64] = &[6005, 6005, 6005, 6005];
        assert!(matches!(pace(&[held, &[5, 2005, 4005, 6005]], 2000, 0), Pace::HeldOnce(_)));
        // Until the end of the listening.
        let mut evidence = Evidence::default();
        for transport in [Transport::Sse, Transport::SocketIoPolling] {
            let stream = Stream { watched_ms: 6000, ..stream(&[5, 1005], 1000) };
            evidence.streams.insert(transport, stream);
        }
        assert!(matches!(judge(&evidence, Transport::Sse), Pace::LineStalled(_)));
    }

    #[test]
    fn what_is_listened_to_again_tells() {
        let judged = |again: &[u64]| {
            let alone = Some(Box::new(stream(again, 2000)));
            let heard = Stream { alone, ..stream(&[6000, 6000, 6001, 6001], 2000) };
            let streams = [(Transport::Sse, heard)].into();
            judge(&Evidence { streams, ..Evidence::default() }, Transport::Sse)
        };
        assert!(matches!(judged(&[5, 2005, 4003, 6010]), Pace::LineStalled(_)), "chance");
        assert!(matches!(judged(&[6000, 6000, 6001, 6001]), Pace::Held(_)), "always");
        assert!(matches!(judged(&[]), Pace::Held(_)), "worse");
    }

    #[test]
    fn our_own_stall_is_nobodys() {
        let own_stall = |at_ms, ms| LineSeen { own_stall: Some(Stall { at_ms, ms }), ..LineSeen::default() };
        let judged = |line| {
            let streams = [(Transport::Sse, stream(&[5, 1005, 4600, 4600, 4601], 1000))].into();
            judge(&Evidence { streams, line, ..Evidence::default() }, Transport::Sse)
        };
        assert_eq!(judged(own_stall(1300, 3200)), Pace::Even);
        assert!(matches!(judged(own_stall(1300, 500)), Pace::HeldOnce(_)), "too short");
        assert!(matches!(judged(own_stall(9000, 3200)), Pace::HeldOnce(_)), "at another time");
    }
}
