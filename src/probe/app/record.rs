//! [`Record`]: what is kept of a stream of an application while it is listened to. Pure.

use sha2::{Digest as _, Sha256};

use super::framing::Event;
use crate::probe::evidence::{AppEvent, AppStream, Piece};

/// How much is kept, and how much is read: more is no stream that anybody waits for.
const PIECES: usize = 2_000;
const EVENTS: usize = 5_000;
const SIGNS_OF_LIFE: usize = 1_000;
const BYTES: usize = 16 * 1024 * 1024;
/// How much of the first event is shown, in letters.
const SHOWN: usize = 300;
/// What comes within this time came at once: a client reads what has come in several steps.
const AT_ONCE_MS: u64 = 3;
/// So many events, in so little time after so long a silence, may have been held back; fewer events than the last number show
/// nothing.
const GATHERED: usize = 3;
const TOGETHER_MS: u64 = 200;
const SILENCE_MS: u64 = 900;
const FLOWING: usize = 3;

/// What is kept of a stream.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) stream: AppStream,
}

impl Record {
    /// Of a stream that was opened.
    pub(super) fn new(stream: AppStream) -> Self {
        Self { stream }
    }

    /// A piece has come, of so many bytes, which completes these events, and begins one of which it has so many bytes.
    pub(super) fn piece(&mut self, at_ms: u64, bytes: usize, events: &[Event], unfinished: usize) {
        let stream = &mut self.stream;
        stream.bytes += bytes;
        let has_room = stream.pieces.len() < PIECES;
        match stream.pieces.last_mut() {
            Some(last) if at_ms <= last.at_ms + AT_ONCE_MS => {
                last.bytes += bytes;
                last.events += events.len();
                last.unfinished = unfinished;
            }
            _ if has_room => {
                stream.pieces.push(Piece { at_ms, bytes, events: events.len(), unfinished });
            }
            _ => {}
        }
        if stream.first.is_none() {
            stream.first = events
                .first()
                .map(|event| String::from_utf8_lossy(&event.data).chars().take(SHOWN).collect::<String>());
        }
        let room = EVENTS - stream.events.len();
        stream.events.extend(events.iter().take(room).map(|event| AppEvent {
            at_ms,
            bytes: event.data.len(),
            name: event.name.chars().take(100).collect(),
            digest: digest(event),
        }));
    }

    /// A sign of life has come.
    pub(super) fn life(&mut self, at_ms: u64) {
        if self.stream.life_ms.len() < SIGNS_OF_LIFE {
            self.stream.life_ms.push(at_ms);
        }
    }

    /// Whether as many events have come as were expected, or as much as is read.
    pub(super) fn is_enough(&self, expected: Option<usize>) -> bool {
        let count = self.stream.events.len();
        expected.is_some_and(|expected| count >= expected) || count >= EVENTS || self.stream.bytes >= BYTES
    }

    /// Whether events come as they are sent, as far as that can be seen: several, none of them in pieces, and after no silence so
    /// many at once that they might have been held back.
    pub(super) fn flows(&self) -> bool {
        let Self { stream } = self;
        let times: Vec<u64> = stream.events.iter().map(|event| event.at_ms).collect();
        let befores = std::iter::once(0).chain(times.iter().copied());
        let mut gathered = befores.zip(times.windows(GATHERED)).filter(|(before, together)| {
            together[0] >= before + SILENCE_MS && together[GATHERED - 1] <= together[0] + TOGETHER_MS
        });
        let is_torn = stream.pieces.iter().any(|piece| piece.unfinished > 0);
        times.len() >= FLOWING && !is_torn && gathered.next().is_none()
    }
}

fn digest(event: &Event) -> String {
    let hash = Sha256::new().chain_update(&event.name).chain_update([0]).chain_update(&event.data).finalize();
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(data: &str) -> Event {
        Event { name: String::new(), data: data.into() }
    }

    #[test]
    fn what_comes_at_once_is_one_piece() {
        let mut record = Record::new(AppStream::default());
        record.piece(10, 5, &[], 5);
        record.piece(12, 5, &[event("a")], 0);
        record.piece(500, 7, &[event("b"), event("c")], 2);
        let pieces: Vec<_> = record
            .stream
            .pieces
            .iter()
            .map(|piece| (piece.at_ms, piece.bytes, piece.events, piece.unfinished))
            .collect();
        assert_eq!(pieces, [(10, 10, 1, 0), (500, 7, 2, 2)]);
        let times: Vec<_> = record.stream.events.iter().map(|event| event.at_ms).collect();
        assert_eq!((times.as_slice(), record.stream.bytes), (&[12, 500, 500][..], 17));
        assert_eq!(record.stream.first.as_deref(), Some("a"));
        assert!(record.is_enough(Some(3)) && !record.is_enough(Some(4)) && !record.is_enough(None));
    }

    #[test]
    fn what_flows() {
        let flows = |pieces: &[(u64, usize, usize)]| {
            let mut record = Record::new(AppStream::default());
            for (at_ms, count, unfinished) in pieces {
                record.piece(*at_ms, 10, &vec![event("x"); *count], *unfinished);
            }
            record.flows()
        };
        for (what, pieces, expected) in [
            ("one by one", &[(5, 1, 0), (2005, 1, 0), (4005, 1, 0)][..], true),
            ("quickly, after a backlog", &[(5, 20, 0), (105, 5, 0), (205, 5, 0)], true),
            ("two at once, again and again", &[(2000, 2, 0), (4000, 2, 0)], true),
            ("too few", &[(5, 1, 0), (2005, 1, 0)], false),
            ("several at once after a silence", &[(5, 1, 0), (2005, 3, 0), (2105, 1, 0)], false),
            ("the same in several pieces", &[(5, 1, 0), (2005, 1, 0), (2050, 1, 0), (2100, 1, 0)], false),
            ("late, and all at once", &[(3000, 9, 0), (3100, 1, 0), (3200, 1, 0)], false),
            ("in pieces", &[(5, 1, 0), (2005, 1, 3), (2015, 1, 0), (4005, 1, 0)], false),
        ] {
            assert_eq!(flows(pieces), expected, "{what}");
        }
    }

    #[test]
    fn it_is_bounded_and_same_events_have_the_same_digest() {
        let mut record = Record::new(AppStream::default());
        let many = vec![event("x"); EVENTS + 1];
        record.piece(0, 1, &many, 0);
        (0..2 * PIECES as u64).for_each(|at| record.piece(at * 10, 1, &[], 0));
        (0..2 * SIGNS_OF_LIFE as u64).for_each(|at| record.life(at));
        let stream = &record.stream;
        assert_eq!((stream.events.len(), stream.pieces.len()), (EVENTS, PIECES));
        assert_eq!(stream.life_ms.len(), SIGNS_OF_LIFE);
        assert!(record.is_enough(None));
        assert_eq!(stream.events[0].digest, stream.events[1].digest);
        assert_ne!(digest(&event("a")), digest(&Event { name: "a".into(), data: Vec::new() }));
        assert_eq!(digest(&event("a")).len(), 16);
    }
}
