//! The hold: connections that stay open for a long time, quiet ones and flowing ones side by side, to find out who cuts
//! them, and when.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::{sync::watch, time::timeout_at};

use crate::{
    contract::LONGEST_QUIET_SECS,
    probe::{
        client::connector::millis,
        context::Context,
        evidence::{Failure, FailureKind, Held, HeldKind, Hold, Stream},
        plan::HoldTime,
        streams::{
            Asked, Progress, opening,
            source::{Source, Speaker, StreamEvent},
        },
    },
    transport::Transport,
};

/// Time between the openings. The gate would let them come at once; ends that come at the same moment and not at the same
/// age are told apart by it.
const APART: Duration = Duration::from_millis(150);

/// How long a stanza may be late that is due after a silence, before the connection counts as silently cut.
const LATE: Duration = Duration::from_secs(2);

/// How much longer than the quiet ones lived flowing ones are watched, before they count as not cut.
const LONGER: f64 = 1.5;

/// The silences that are tried side by side where the limits are to be found: parts of the longest one.
const LADDER: [u32; 4] = [8, 4, 2, 1];

/// A connection that is to be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wanted {
    transport: Transport,
    kind: HeldKind,
    /// For how long nothing is to come, in whole seconds; zero where something may.
    silence: Duration,
}

/// Holds connections on these transports.
pub(crate) async fn hold(context: &Context, time: HoldTime, interval_ms: u64) -> Hold {
    let plan = context.connector.plan();
    let wanted = wanted(&plan.transports, plan.subject.kind().is_engine(), time);
    // Who asks for a hold asks for so many connections; each needs a second one where a poll and a packet go at once.
    context.connector.gate().widen(wanted.len() + 2);
    let start = Instant::now();
    let (leave, until) = watch::channel(start + time.limit);
    let one = |(number, wanted): (usize, &Wanted)| {
        let (wanted, until) = (*wanted, until.clone());
        async move {
            tokio::time::sleep(APART * u32::try_from(number).unwrap_or_default()).await;
            hold_one(context, wanted, time, start, until).await
        }
    };
    let (quiet, flowing): (Vec<_>, Vec<_>) =
        wanted.iter().enumerate().partition(|(_, wanted)| wanted.kind == HeldKind::Quiet);
    let quiet = async {
        let held = join_all(quiet.into_iter().map(one)).await;
        if time.auto {
            leave.send_replace(long_enough(&held, start, time.limit));
        }
        held
    };
    let (mut held, flowing) = tokio::join!(quiet, join_all(flowing.into_iter().map(one)));
    held.extend(flowing);
    Hold { wanted_ms: whole_ms(time.limit), auto: time.auto, interval_ms, held }
}

/// What is held: on each transport a quiet connection and a flowing one, and over WebSocket one on which we speak, too, since some
/// proxies count only what the client says. Where the limits are to be found, several silences, on plain WebSocket.
fn wanted(transports: &[Transport], only_engine: bool, time: HoldTime) -> Vec<Wanted> {
    let longest = Duration::from_secs(
        (time.limit.as_secs() + u64::from(time.limit.subsec_nanos() > 0)).min(LONGEST_QUIET_SECS),
    );
    let quiet = |transport, silence| Wanted { transport, kind: HeldKind::Quiet, silence };
    let other = |transport, kind| Wanted { transport, kind, silence: Duration::ZERO };
    if only_engine {
        // Any server: what it says, and when, is not known.
        let engine = [Transport::SocketIoWebSocket, Transport::SocketIoPolling];
        return engine.map(|transport| other(transport, HeldKind::Quiet)).to_vec();
    }
    let mut wanted = Vec::new();
    for transport in transports {
        let two_way = matches!(transport, Transport::SocketIoWebSocket | Transport::WebSocket);
        if time.auto && *transport == Transport::WebSocket {
            let silences =
                LADDER.map(|part| Duration::from_secs((longest.as_secs() / u64::from(part)).max(1)));
            wanted.extend(silences.map(|silence| quiet(*transport, silence)));
        } else if !(time.auto && *transport == Transport::SocketIoWebSocket) {
            // Socket.IO is never silent for longer than the engine's pings are apart.
            wanted.push(quiet(*transport, longest));
        }
        // Each poll is a request of its own, and never an old one.
        if !(time.auto && *transport == Transport::SocketIoPolling) {
            wanted.push(other(*transport, HeldKind::Flowing));
        }
        if two_way && !(time.auto && *transport == Transport::SocketIoWebSocket) {
            wanted.push(other(*transport, HeldKind::Speaking));
        }
    }
    wanted
}

/// Until when flowing connections are watched, once all quiet ones are over.
fn long_enough(quiet: &[Held], start: Instant, limit: Duration) -> Instant {
    let cut = quiet.iter().filter(|held| held.failure.is_none());
    let lived = cut.filter(|held| held.ended.is_some()).map(|held| held.held_ms + held.opened_at_ms).max();
    let watched = lived.map_or(limit, |ms| Duration::from_millis(ms).mul_f64(LONGER));
    start + watched.min(limit)
}

async fn hold_one(
    context: &Context,
    wanted: Wanted,
    time: HoldTime,
    start: Instant,
    mut until: watch::Receiver<Instant>,
) -> Held {
    let Wanted { transport, kind, silence } = wanted;
    let asked = Asked { quiet: Some(silence).filter(|silence| !silence.is_zero()), ..Asked::default() };
    let target = opening::url(context, transport, asked);
    let mut opening = Stream::default();
    let opened = opening::open(context, transport, &target, None, &mut opening).await;
    let mut held = Held {
        transport,
        kind,
        silence_ms: whole_ms(silence),
        wanted_ms: whole_ms(if silence.is_zero() { time.limit } else { silence }),
        opened_at_ms: millis(start),
        ..Held::default()
    };
    let mut source = match opened {
        Ok(source) => source,
        Err(()) => {
            held.failure = Some(refusal(opening));
            return held;
        }
    };
    if let Some(open) = source.engine_open() {
        (held.ping_interval_ms, held.ping_timeout_ms) = (open.ping_interval, open.ping_timeout);
    }
    // As long as it takes at least: often enough for the shortest limits that are looked for.
    let every = (time.limit / 10).clamp(Duration::from_millis(200), Duration::from_secs(1));
    let mut speaker = Speaker::new((kind == HeldKind::Speaking).then_some(every));
    let (opened, mut last, mut spoken) = (Instant::now(), Instant::now(), Instant::now());
    let mut progress = Progress::default();
    let failure = loop {
        let leave = if held.silence_ms > 0 { opened + silence + LATE } else { *until.borrow_and_update() };
        let next = tokio::select! {
            next = timeout_at(leave.into(), source.next_speaking(&mut speaker)) => next,
            // Also when nobody will say so any more.
            _ = until.changed(), if held.silence_ms == 0 && time.auto => continue,
        };
        let event = match next {
            Err(_) => break None,
            Ok(Err(failure)) => break Some(failure),
            Ok(Ok((event, _))) => event,
        };
        held.longest_silence_ms = held.longest_silence_ms.max(millis(last));
        last = Instant::now();
        match event {
            StreamEvent::Stanza(index) => {
                progress.advance(index);
                held.stanzas += 1;
            }
            StreamEvent::Opening(opening) => progress.begin(&opening),
            StreamEvent::Ping => {
                held.pings += 1;
                spoken = last;
            }
            StreamEvent::End if progress.is_whole() => {
                held.complete = true;
                break None;
            }
            StreamEvent::End => break Some(source.too_early()),
            StreamEvent::Other => {}
        }
        if held.silence_ms > 0 && held.stanzas > 0 {
            if opened.elapsed() + Duration::from_millis(200) >= silence {
                break None;
            }
            // A server that knows no quiet times.
            (held.kind, held.silence_ms, held.wanted_ms) = (HeldKind::Flowing, 0, whole_ms(time.limit));
        }
    };
    held.held_ms = millis(opened);
    held.quiet_ms = millis(last);
    held.said_nothing_ms = millis(spoken.max(speaker.last()));
    match failure {
        Some(failure) => held.ended = Some(source.ended(failure, held.held_ms, last)),
        None => Source::close(source).await,
    }
    held
}

/// Why a connection could not be opened.
fn refusal(opening: Stream) -> Failure {
    let Stream { exchange, garbage, ended, .. } = opening;
    let status = exchange.status.map_or_else(|| "missing".to_owned(), |status| status.to_string());
    let text = ended.map(|ended| ended.how).or(garbage);
    exchange.failure.unwrap_or_else(|| {
        Failure::new(FailureKind::Other, text.unwrap_or_else(|| format!("the answer was {status}")))
    })
}

fn whole_ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use strum::VariantArray as _;

    use super::*;

    fn held(transports: &[Transport], only_engine: bool, limit_ms: u64, auto: bool) -> Vec<String> {
        let time = HoldTime { limit: Duration::from_millis(limit_ms), auto };
        let wanted = wanted(transports, only_engine, time).into_iter();
        wanted
            .map(|one| {
                format!("{} {:?} {}", <&str>::from(one.transport), one.kind, one.silence.as_secs())
                    .to_lowercase()
            })
            .collect()
    }

    #[test]
    fn what_is_held() {
        let all = held(Transport::VARIANTS, false, 65_000, false);
        assert_eq!(all.len(), 10, "{all:?}");
        for transport in Transport::VARIANTS {
            let name = <&str>::from(*transport);
            for what in ["quiet 65", "flowing 0"] {
                assert!(all.contains(&format!("{name} {what}")), "{name} {what}");
            }
        }
        let auto = held(Transport::VARIANTS, false, 120_000, true);
        assert!(auto.len() <= 10, "{auto:?}");
        for secs in [15, 30, 60, 120] {
            assert!(auto.contains(&format!("websocket quiet {secs}")), "{auto:?}");
        }
        assert_eq!(held(&[Transport::Sse], false, 1_500, false), ["sse quiet 2", "sse flowing 0"]);
        assert_eq!(held(&[Transport::Sse], false, 3_600_000, false)[0], "sse quiet 600");
        let engine = held(Transport::VARIANTS, true, 9_000, false);
        assert_eq!(engine, ["socketio-websocket quiet 0", "socketio-polling quiet 0"]);
    }

    #[test]
    fn flowing_ones_are_watched_longer_than_quiet_ones_lived() {
        let (start, limit) = (Instant::now(), Duration::from_secs(60));
        let held =
            |ended: bool, held_ms| Held { held_ms, ended: ended.then(Default::default), ..Held::default() };
        let after = |quiet: &[Held]| long_enough(quiet, start, limit).duration_since(start).as_secs();
        assert_eq!(after(&[held(true, 10_000), held(true, 8_000)]), 15);
        assert_eq!(after(&[held(true, 50_000)]), 60);
        assert_eq!(after(&[held(false, 60_000)]), 60);
        assert_eq!(after(&[]), 60);
    }
}
