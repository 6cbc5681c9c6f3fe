//! [`Outcome`]: what a load has shown, and whether that is good. Pure.

use std::time::Duration;

use super::measure::Measures;

/// Of a core's time, how much the generator may use before what it measures is its own slowness.
const BUSY: f64 = 0.9;

/// How long what had come may have waited for the generator, for 99 of 100.
const WAITED: Duration = Duration::from_millis(10);

/// What a load has shown.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) measures: Measures,
    /// As many as were to join.
    pub(super) readers: u32,
    /// How long joining took, if it was over in time.
    pub(super) joined_after: Option<Duration>,
    /// How long was measured.
    pub(super) time: Duration,
    /// What ended it early.
    pub(super) signal: Option<&'static str>,
    pub(super) processes: usize,
    pub(super) server: Option<ServerUse>,
}

/// What the server has used.
#[derive(Debug, Clone, Copy)]
pub(super) struct ServerUse {
    /// Processor time since all had joined.
    pub(super) cpu: Duration,
    /// Resident memory in bytes: before the first reader, when all had joined, and at the end.
    pub(super) before: u64,
    pub(super) joined: u64,
    pub(super) end: u64,
}

impl Outcome {
    /// Whether every reader got every stanza, once and in order.
    pub(super) fn is_good(&self) -> bool {
        let counts = &self.measures.counts;
        let faults = [counts.lost, counts.repeated, counts.wrong, counts.failed, counts.gone, counts.silent];
        counts.joined > 0 && faults == [0; 6]
    }

    /// The generator's share of one core, for each of its processes; none where the system does not tell.
    pub(super) fn share(&self) -> Option<f64> {
        let time = self.time.as_secs_f64() * self.processes as f64;
        self.measures.cpu.filter(|_| time > 0.0).map(|cpu| cpu.as_secs_f64() / time)
    }

    /// Whether the generator was too slow to measure the server.
    pub(super) fn is_bottleneck(&self) -> bool {
        let waited = self.measures.waited.quantile(0.99);
        self.share().is_some_and(|share| share >= BUSY) || waited.is_some_and(|waited| waited >= WAITED)
    }

    /// Microseconds of the server's processor time for each stanza.
    pub(super) fn micros_per_stanza(&self) -> Option<f64> {
        let stanzas = self.measures.stanzas_since;
        self.server.filter(|_| stanzas > 0).map(|server| server.cpu.as_secs_f64() * 1e6 / stanzas as f64)
    }

    /// By how many KiB of memory the server grew for each reader, from before the first one to the end.
    pub(super) fn kib_per_reader(&self) -> Option<f64> {
        let joined = self.measures.counts.joined;
        let growth = |server: ServerUse| (server.end as f64 - server.before as f64) / 1024.0 / joined as f64;
        self.server.filter(|_| joined > 0).map(growth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome() -> Outcome {
        let mut measures = Measures::default();
        measures.counts.joined = 10;
        measures.cpu = Some(Duration::from_secs(1));
        measures.stanzas_since = 1000;
        Outcome {
            measures,
            readers: 10,
            joined_after: None,
            time: Duration::from_secs(10),
            signal: None,
            processes: 2,
            server: Some(ServerUse { cpu: Duration::from_millis(20), before: 0, joined: 0, end: 102_400 }),
        }
    }

    #[test]
    fn what_is_not_good() {
        assert!(outcome().is_good());
        let faults: [fn(&mut Outcome); 7] = [
            |outcome| outcome.measures.counts.lost = 1,
            |outcome| outcome.measures.counts.repeated = 1,
            |outcome| outcome.measures.counts.wrong = 1,
            |outcome| outcome.measures.counts.failed = 1,
            |outcome| outcome.measures.counts.gone = 1,
            |outcome| outcome.measures.counts.silent = 1,
            |outcome| outcome.measures.counts.joined = 0,
        ];
        for fault in faults {
            let mut outcome = outcome();
            fault(&mut outcome);
            assert!(!outcome.is_good());
        }
    }

    #[test]
    fn shares() {
        let mut outcome = outcome();
        assert_eq!((outcome.share(), outcome.is_bottleneck()), (Some(0.05), false));
        assert_eq!((outcome.micros_per_stanza(), outcome.kib_per_reader()), (Some(20.0), Some(10.0)));
        outcome.measures.waited.record(Duration::from_millis(30));
        assert!(outcome.is_bottleneck(), "its loop was late");
        outcome.measures = Measures { cpu: Some(Duration::from_secs(19)), ..Measures::default() };
        assert!(outcome.is_bottleneck(), "it had no time left");
        assert_eq!((outcome.micros_per_stanza(), outcome.kib_per_reader()), (None, None));
    }
}
