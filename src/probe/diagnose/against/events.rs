//! [`matched`]: the events of one stream found again in another, by their content. Pure.
//!
//! Some streams say the same to everybody at the same moment, and others begin anew for each connection. An event is only late if
//! it is by both measures: by the clock, and since its request.

use std::collections::HashMap;

use crate::probe::evidence::{AppEvent, AppStream};

/// No more than so many of each are compared.
const MOST: usize = 1_000;

/// What may still be on its way when listening ends.
const ON_ITS_WAY_MS: u64 = 2_000;

/// What came of the comparison.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Matched {
    /// Too little came to say anything.
    Nothing,
    /// So many came at each place, and they are not the same.
    Different { outer: usize, inner: usize },
    /// So many have been due for long, and none came.
    None { waiting: usize },
    /// Events that came at both places.
    Some(Seen),
}

/// Events that came at both places.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// How much later each came at the outer place, in milliseconds.
    pub(super) lags: Vec<u64>,
    /// How many are missing before others that came.
    pub(super) missing: usize,
    /// How many came again at once, and did not further in.
    pub(super) doubled: usize,
}

impl Seen {
    /// How many came at least so much later, if more than one did, with the least and the most of them.
    pub(super) fn late(&self, ms: u64) -> Option<(usize, u64, u64)> {
        let late: Vec<u64> = self.lags.iter().copied().filter(|lag| *lag >= ms).collect();
        let (least, most) = (late.iter().min()?, late.iter().max()?);
        (late.len() > 1).then_some((late.len(), *least, *most))
    }
}

/// Finds the events of the inner stream in the outer one.
pub(super) fn matched(outer: &AppStream, inner: &AppStream) -> Matched {
    let (here, there) = (first(outer), first(inner));
    if there.len() < 2 {
        return Matched::Nothing;
    }
    if here.is_empty() {
        let due = |event: &&AppEvent| outer.watched_ms > event.at_ms + ON_ITS_WAY_MS;
        let waiting = there.iter().filter(due).count();
        return if waiting > 1 { Matched::None { waiting } } else { Matched::Nothing };
    }
    let pairs = pairs(here, there);
    // Two that are the same by chance (a heartbeat) are no stream that is the same.
    if pairs.len() < 2 || pairs.len() * 2 < here.len().min(there.len()) {
        return if here.len() > 1 {
            Matched::Different { outer: here.len(), inner: there.len() }
        } else {
            Matched::Nothing
        };
    }
    let clock = |stream: &AppStream, event: &AppEvent| stream.exchange.sent_at_ms + event.at_ms;
    let lag = |(a, b): &(usize, usize)| {
        let (a, b) = (&here[*a], &there[*b]);
        let by_clock = clock(outer, a).saturating_sub(clock(inner, b));
        by_clock.min(a.at_ms.saturating_sub(b.at_ms))
    };
    let gaps = pairs.windows(2).map(|two| {
        let (here, there) = (two[1].0 - two[0].0 - 1, two[1].1 - two[0].1 - 1);
        // One that was changed stands where the other one stood.
        there.saturating_sub(here)
    });
    let repeats =
        |events: &[AppEvent]| events.windows(2).filter(|two| two[0].digest == two[1].digest).count();
    Matched::Some(Seen {
        lags: pairs.iter().map(lag).collect(),
        missing: gaps.sum(),
        doubled: repeats(here).saturating_sub(repeats(there)),
    })
}

fn first(stream: &AppStream) -> &[AppEvent] {
    &stream.events[..stream.events.len().min(MOST)]
}

/// Pairs of the same content, in the order of both: each event with the next one like it.
fn pairs(here: &[AppEvent], there: &[AppEvent]) -> Vec<(usize, usize)> {
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, event) in here.iter().enumerate().rev() {
        places.entry(&event.digest).or_default().push(at);
    }
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for (at, event) in there.iter().enumerate() {
        let Some(known) = places.get_mut(event.digest.as_str()) else { continue };
        let after = pairs.last().map_or(0, |(here, _)| here + 1);
        while known.last().is_some_and(|place| *place < after) {
            known.pop();
        }
        if let Some(place) = known.pop() {
            pairs.push((place, at));
        }
    }
    pairs
}
