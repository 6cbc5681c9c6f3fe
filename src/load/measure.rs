//! [`Measures`]: what readers have met, as counts and histograms; those of several processes are added.

use std::{collections::BTreeMap, time::Duration};

use hdrhistogram::Histogram;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::texts::Texts;
use crate::transport::Transport;

/// The most reasons that are counted apart, and the most silent readers that are named: a report is to be read.
const REASONS: usize = 40;
const NAMED: usize = 5;

/// The longest time that is told apart.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// What readers have met.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Measures {
    pub(super) counts: Counts,
    /// How many readers could not join or come back, by reason.
    pub(super) failed: BTreeMap<String, u64>,
    /// How many connections broke off, by reason.
    pub(super) cut: BTreeMap<String, u64>,
    /// Some of the silent readers.
    pub(super) silent: Vec<Silence>,
    /// From the first packet of a connection to the reading's start.
    pub(super) join: Times,
    /// From the first packet of a connection to the first stanza.
    pub(super) first: Times,
    /// How late stanzas were; with a server that is not Dante's, the time between two events.
    pub(super) pace: Times,
    /// How long what had come waited for this program.
    pub(super) waited: Times,
    /// Processor time of this program since all had joined; none where the system does not tell.
    pub(super) cpu: Option<Duration>,
    /// The stanzas since then.
    pub(super) stanzas_since: u64,
    /// What stanzas say, by which the next ones are judged; each process has its own.
    #[serde(skip)]
    pub(super) texts: Texts,
}

/// Numbers that also show while a load is running.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counts {
    /// Readers that have joined at least once.
    pub(super) joined: u64,
    /// Readers that could not join.
    pub(super) failed: u64,
    /// Readers that were refused when they came back.
    pub(super) gone: u64,
    pub(super) lost: u64,
    pub(super) repeated: u64,
    /// Stanzas that do not say what they should.
    pub(super) wrong: u64,
    /// Readers that heard nothing for too long.
    pub(super) silent: u64,
    pub(super) cuts: u64,
    pub(super) resumed: u64,
    /// Readings that went to the end of the poem; these readers begin anew.
    pub(super) finished: u64,
    pub(super) stanzas: u64,
}

/// A reader that heard nothing for too long.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Silence {
    /// Its number, from 0.
    pub(super) reader: u32,
    pub(super) transport: Transport,
    /// The stanza that it waited for.
    pub(super) next: u32,
}

impl Counts {
    /// Readers of which it is known whether they could join.
    pub(super) fn settled(&self) -> u64 {
        self.joined + self.failed
    }

    /// Adds those of another process.
    pub(super) fn add(&mut self, other: &Self) {
        self.joined += other.joined;
        self.failed += other.failed;
        self.gone += other.gone;
        self.lost += other.lost;
        self.repeated += other.repeated;
        self.wrong += other.wrong;
        self.silent += other.silent;
        self.cuts += other.cuts;
        self.resumed += other.resumed;
        self.finished += other.finished;
        self.stanzas += other.stanzas;
    }
}

impl Measures {
    /// A reader could not join.
    pub(super) fn fail(&mut self, reason: String) {
        self.counts.failed += 1;
        count(&mut self.failed, reason, 1);
    }

    /// A reader was refused when it came back.
    pub(super) fn gone(&mut self, reason: String) {
        self.counts.gone += 1;
        count(&mut self.failed, reason, 1);
    }

    /// A connection broke off.
    pub(super) fn cut(&mut self, reason: String) {
        self.counts.cuts += 1;
        count(&mut self.cut, reason, 1);
    }

    /// A reader has heard nothing for too long.
    pub(super) fn silence(&mut self, silence: Silence) {
        self.counts.silent += 1;
        if self.silent.len() < NAMED {
            self.silent.push(silence);
        }
    }

    /// All have joined: the pace counts from now.
    pub(super) fn begin(&mut self) {
        self.pace = Times::default();
        self.waited = Times::default();
        self.stanzas_since = 0;
    }

    /// Adds what another process has seen.
    pub(super) fn add(&mut self, other: Self) {
        self.counts.add(&other.counts);
        for (own, theirs) in [(&mut self.failed, other.failed), (&mut self.cut, other.cut)] {
            for (reason, number) in theirs {
                count(own, reason, number);
            }
        }
        self.silent.extend(other.silent);
        self.silent.truncate(NAMED);
        self.join.add(&other.join);
        self.first.add(&other.first);
        self.pace.add(&other.pace);
        self.waited.add(&other.waited);
        self.cpu = match (self.cpu, other.cpu) {
            (Some(own), Some(theirs)) => Some(own + theirs),
            (own, theirs) => own.or(theirs),
        };
        self.stanzas_since += other.stanzas_since;
    }
}

fn count(reasons: &mut BTreeMap<String, u64>, reason: String, number: u64) {
    let full = reasons.len() >= REASONS && !reasons.contains_key(&reason);
    let reason = if full { "other reasons".to_owned() } else { reason };
    *reasons.entry(reason).or_default() += number;
}

/// Times in whole microseconds, three digits of each exact.
#[derive(Debug, Clone)]
pub(super) struct Times(Histogram<u64>);

impl Default for Times {
    fn default() -> Self {
        let longest = LONGEST.as_micros() as u64;
        Self(Histogram::new_with_bounds(1, longest, 3).expect("bounds and digits are sound"))
    }
}

impl Times {
    /// Counts one.
    pub(super) fn record(&mut self, time: Duration) {
        self.0.saturating_record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    /// The time that this share of all does not exceed, from 0 to 1; none if there are none.
    pub(super) fn quantile(&self, share: f64) -> Option<Duration> {
        let micros = (!self.0.is_empty()).then(|| self.0.value_at_quantile(share))?;
        // The end of a step of the histogram may lie beyond all that is in it.
        Some(Duration::from_micros(micros.min(self.0.max())))
    }

    /// How many there are.
    pub(super) fn len(&self) -> u64 {
        self.0.len()
    }

    /// How many are from `low` to below `high`.
    pub(super) fn between(&self, low: Duration, high: Duration) -> u64 {
        let steps = self.0.iter_recorded();
        let within = steps.filter(|step| {
            let time = Duration::from_micros(step.value_iterated_to());
            low <= time && time < high
        });
        within.map(|step| step.count_at_value()).sum()
    }

    fn add(&mut self, other: &Self) {
        self.0.add(&other.0).expect("the bounds are the same");
    }
}

/// As pairs of microseconds and a count.
impl Serialize for Times {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let steps = self.0.iter_recorded();
        serializer.collect_seq(steps.map(|step| (step.value_iterated_to(), step.count_at_value())))
    }
}

impl<'de> Deserialize<'de> for Times {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut times = Self::default();
        for (micros, number) in Vec::<(u64, u64)>::deserialize(deserializer)? {
            times.0.saturating_record_n(micros, number);
        }
        Ok(times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn what_processes_saw_is_added() {
        let mut parts = [Measures::default(), Measures::default()];
        for (part, first) in parts.iter_mut().zip([1, 51]) {
            for time in first..first + 50 {
                part.pace.record(ms(time));
            }
            part.fail("Connection refused".to_owned());
            part.cpu = Some(ms(first));
        }
        let mut all = Measures::default();
        for part in parts {
            let text = serde_json::to_string(&part).unwrap();
            all.add(serde_json::from_str(&text).unwrap());
        }
        assert_eq!((all.pace.len(), all.counts.failed, all.failed["Connection refused"]), (100, 2, 2));
        assert_eq!(all.cpu, Some(ms(52)));
        let median = all.pace.quantile(0.5).unwrap();
        assert!(median.abs_diff(ms(50)) < ms(1), "{median:?}");
        assert_eq!(all.pace.between(ms(20), ms(40)), 20);
    }

    #[test]
    fn nothing_has_no_quantile_and_anything_fits() {
        let mut times = Times::default();
        assert_eq!(times.quantile(0.99), None);
        times.record(Duration::ZERO);
        times.record(Duration::MAX);
        assert_eq!((times.len(), times.quantile(0.0)), (2, Some(Duration::ZERO)));
        assert!(times.quantile(1.0).unwrap() >= LONGEST);
    }

    #[test]
    fn reasons_do_not_grow_without_end() {
        let mut measures = Measures::default();
        for number in 0..1000 {
            measures.fail(format!("reason {number}"));
        }
        assert_eq!((measures.failed.len(), measures.counts.failed), (REASONS + 1, 1000));
        assert_eq!(measures.failed["other reasons"], 1000 - REASONS as u64);
    }
}
