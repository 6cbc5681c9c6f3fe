//! Listening to the poem on each transport: the first stanza, and the gaps between the next ones.

mod follow_up;
pub(crate) mod opening;
pub(crate) mod source;

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::time::timeout;

pub(crate) use self::follow_up::follow_up;
use self::{
    opening::{open, url},
    source::{Speaker, StreamEvent},
};
use super::{
    client::connector::millis,
    context::Context,
    evidence::{Arrival, Exchange, Failure, FailureKind, Stream},
};
use crate::transport::Transport;

/// Where a reading is to go on.
#[derive(Debug, Clone)]
pub(crate) struct Offset {
    /// The index of the stanza that is wanted.
    pub(crate) from: u64,
    /// The edition in which it was counted.
    pub(crate) edition: String,
}

/// What is asked for when a stream is opened.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Asked<'a> {
    /// Where to go on; at the beginning if nowhere.
    pub(crate) offset: Option<&'a Offset>,
    /// For how long nothing is to come at first, in whole seconds.
    pub(crate) quiet: Option<Duration>,
    /// How often we say something; never if not said.
    pub(crate) speak: Option<Duration>,
}

/// How much is listened to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    /// How many stanzas are enough.
    pub(crate) stanzas: usize,
    /// How long they may take, from the moment when the stream is open.
    pub(crate) time: Duration,
}

/// Gaps that tell lumps from an even stream: the first stanza and three gaps, and no less than three
/// seconds, so that at a fast pace a buffer of some kilobytes shows, too.
const GAPS: u64 = 3;
const AT_LEAST: Duration = Duration::from_secs(3);
/// The longest that is listened for these gaps; at a slower pace there are fewer.
const LISTEN: Duration = Duration::from_secs(30);
/// More stanzas, or bytes, than any span asks for: a flood.
const FLOOD: (usize, usize) = (5_000, 4 * 1024 * 1024);

impl Span {
    /// What to listen to at this pace, where the last stanza may be so late. At a slow pace, the gaps that fit into
    /// [`LISTEN`] have to do.
    pub(crate) fn at_pace(interval_ms: u64, late: Duration) -> Self {
        let interval = Duration::from_millis(interval_ms.max(1));
        let span = interval.saturating_mul(GAPS as u32).max(AT_LEAST);
        let gaps = if span > LISTEN {
            LISTEN.as_millis() / interval.as_millis()
        } else {
            span.as_millis().div_ceil(interval.as_millis())
        };
        let gaps = usize::try_from(gaps).unwrap_or(FLOOD.0).min(FLOOD.0 - 2);
        Self { stanzas: 1 + gaps, time: span.min(LISTEN) + late }
    }
}

/// How far a reading has come, to tell the end of the poem from another one that looks like it.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    next: Option<u64>,
    of: Option<u64>,
}

impl Progress {
    /// Takes what the event `reading` says.
    pub(crate) fn begin(&mut self, opening: &Value) {
        (self.next, self.of) = (opening["from"].as_u64(), opening["of"].as_u64());
    }

    /// A stanza has come.
    pub(crate) fn advance(&mut self, index: Option<u64>) {
        self.next = index.map(|index| index + 1).or(self.next);
    }

    /// Whether the poem is over, as far as that is known.
    pub(crate) fn is_whole(&self) -> bool {
        self.next.zip(self.of).is_none_or(|(next, of)| next >= of)
    }
}

/// Listens to one transport. `count` tells others how many stanzas have come.
pub(crate) async fn listen(
    context: &Context,
    transport: Transport,
    asked: Asked<'_>,
    span: Span,
    count: &AtomicUsize,
) -> Stream {
    let target = url(context, transport, asked);
    let silence_ms = asked.quiet.map_or(0, |quiet| quiet.as_secs() * 1000);
    let mut stream = Stream { url: target.to_string(), silence_ms, ..Stream::default() };
    let mut source = match open(context, transport, &target, asked.offset, &mut stream).await {
        Ok(source) => source,
        Err(()) => {
            stream.watched_ms = stream.exchange.ms;
            return stream;
        }
    };
    let opened = Instant::now();
    let mut speaker = Speaker::new(asked.speak);
    let mut progress = Progress::default();
    let (mut last, mut bytes, mut all) = (opened, 0, 0);
    // Since the request was sent: waiting for a place among the connections is not the host's time.
    let began_ms = stream.exchange.sent_at_ms;
    let at_ms = || context.connector.now_ms().saturating_sub(began_ms);
    let receiving = async {
        while stream.arrivals.len() < span.stanzas {
            let event = match source.next_speaking(&mut speaker).await {
                Ok((event, size)) => {
                    last = Instant::now();
                    bytes += size;
                    all += size;
                    event
                }
                Err(failure) => return Some(failure),
            };
            match event {
                StreamEvent::Opening(opening) => {
                    progress.begin(&opening);
                    stream.opening = Some(opening);
                }
                StreamEvent::Stanza(index) => {
                    progress.advance(index);
                    let bytes = std::mem::take(&mut bytes);
                    stream.arrivals.push(Arrival { at_ms: at_ms(), index, bytes });
                    count.store(stream.arrivals.len(), Ordering::Relaxed);
                }
                StreamEvent::End if progress.is_whole() => {
                    stream.complete = true;
                    return None;
                }
                StreamEvent::End => return Some(source.too_early()),
                StreamEvent::Ping | StreamEvent::Other => {}
            }
            if all > FLOOD.1 {
                return Some(Failure::new(
                    FailureKind::TooLarge,
                    format!("more than {} bytes came", FLOOD.1),
                ));
            }
        }
        None
    };
    let failure = timeout(span.time, receiving).await.ok().flatten();
    stream.watched_ms = at_ms();
    stream.stray = source.stray().map(str::to_owned);
    if let Some(failure) = failure {
        if matches!(failure.kind, FailureKind::Garbage | FailureKind::TooLarge) {
            stream.garbage = Some(failure.text);
        } else {
            stream.ended = Some(source.ended(failure, millis(opened), last));
        }
    }
    if stream.ended.is_none() {
        source.close().await;
    }
    stream
}

/// Whether an exchange opened what was asked for.
pub(crate) fn opened(exchange: &Exchange) -> bool {
    exchange.failure.is_none() && matches!(exchange.status, Some(101 | 200))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_poem_is_told_from_others() {
        let mut progress = Progress::default();
        assert!(progress.is_whole(), "nothing is known");
        progress.begin(&serde_json::json!({"from": 0, "of": 2}));
        progress.advance(Some(0));
        assert!(!progress.is_whole());
        progress.advance(Some(1));
        assert!(progress.is_whole());
        progress.begin(&serde_json::json!({"from": 2, "of": 2}));
        assert!(progress.is_whole(), "resumed at the end");
    }

    #[test]
    fn spans() {
        let span = |interval| {
            let span = Span::at_pace(interval, Duration::from_secs(5));
            (span.stanzas, span.time.as_millis())
        };
        assert_eq!(span(2000), (4, 11000), "the sample's pace");
        assert_eq!(span(20), (151, 8000));
        assert_eq!(span(12_000), (3, 35000), "what fits");
        assert_eq!(span(3_600_000), (1, 35000));
        assert_eq!(span(0).0, 3001);
    }
}
