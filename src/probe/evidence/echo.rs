//! What was seen of an echo: messages of many sizes, both ways, and bodies that are sent and answered slowly.

use super::{Ended, Exchange, Failure};

evidence! {
    /// One message or body of one size.
    struct EchoStep {
        /// How large it was.
        bytes: u64,
        /// How long it took to come through, or to fail.
        ms: u64,
        /// Whether it came through, whole.
        passed: bool,
        /// The request that carried it, where it had one of its own.
        exchange: Option<Exchange>,
        /// How the connection ended that carried it.
        ended: Option<Ended>,
        /// Why it did not come through.
        #[serde(rename = "trouble")]
        failure: Option<Failure>,
    }

    /// Messages or bodies that grow, in one direction, until one fails. One that failed was sent again over a fresh
    /// connection, and what failed again was narrowed down.
    struct EchoSizes {
        /// Where.
        url: String,
        /// The request that opened the way, or the first of those that carry a body each.
        exchange: Exchange,
        /// Each, in the order in which they were sent.
        steps: Vec<EchoStep>,
    }

    /// Pieces that were sent apart, and when they arrived.
    struct EchoPace {
        /// Where.
        url: String,
        /// The request.
        exchange: Exchange,
        /// When each was sent, or was to be sent, since the first one.
        sent_ms: Vec<u64>,
        /// When each arrived, since the request.
        arrived_ms: Vec<u64>,
        /// The same once more, where they did not arrive apart.
        again: Option<Box<EchoPace>>,
    }

    /// Everything that was seen of an echo.
    struct Echo {
        /// The first answer.
        exchange: Exchange,
        /// Messages that we send over WebSocket.
        up: Option<EchoSizes>,
        /// Messages that the echo sends over WebSocket.
        down: Option<EchoSizes>,
        /// Bodies of POST requests.
        bodies: Option<EchoSizes>,
        /// Server-sent events.
        events: Option<EchoSizes>,
        /// A body that we send slowly.
        upload: Option<EchoPace>,
        /// Events that the echo sends slowly.
        stream: Option<EchoPace>,
    }
}

impl Echo {
    /// All exchanges but the first, each once.
    pub(crate) fn all_exchanges(&self) -> impl Iterator<Item = &Exchange> {
        let sizes = [&self.up, &self.down, &self.bodies, &self.events].into_iter().flatten();
        let paces = [&self.upload, &self.stream].into_iter().flatten();
        let refused = sizes.clone().filter_map(|sizes| sizes.refused()?.exchange.as_ref());
        paces.map(|pace| &pace.exchange).chain(sizes.map(|sizes| &sizes.exchange)).chain(refused)
    }

    /// Whether anything came through.
    pub(crate) fn passes(&self) -> bool {
        let sizes = [&self.up, &self.down, &self.bodies, &self.events].into_iter().flatten();
        sizes.into_iter().any(|sizes| sizes.largest().is_some())
    }
}

impl EchoSizes {
    /// The largest that came through, in bytes.
    pub(crate) fn largest(&self) -> Option<u64> {
        self.steps.iter().filter(|step| step.passed).map(|step| step.bytes).max()
    }

    /// The smallest that failed although it was sent twice, with how it failed first; none if nothing did.
    pub(crate) fn refused(&self) -> Option<&EchoStep> {
        let above = self.largest().unwrap_or_default();
        let mut failed = self.steps.iter().filter(|step| !step.passed && step.bytes > above);
        let twice = failed.clone().count() > 1;
        failed.next().filter(|_| twice)
    }

    /// The smallest of those that failed, in bytes.
    pub(crate) fn limit(&self) -> Option<u64> {
        self.refused()?;
        let above = self.largest().unwrap_or_default();
        self.steps.iter().filter(|step| !step.passed && step.bytes > above).map(|step| step.bytes).min()
    }
}

impl EchoPace {
    /// The time between the first and the last one as they were sent, in milliseconds.
    pub(crate) fn sent_span(&self) -> u64 {
        span(&self.sent_ms)
    }

    /// The time between the first and the last one as they arrived, in milliseconds.
    pub(crate) fn arrived_span(&self) -> u64 {
        span(&self.arrived_ms)
    }
}

fn span(times: &[u64]) -> u64 {
    let (first, last) = (times.first(), times.last());
    first.zip(last).map_or(0, |(first, last)| last.saturating_sub(*first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_what_failed_twice() {
        let sizes = |steps: &[(u64, bool)]| EchoSizes {
            steps: steps
                .iter()
                .map(|(bytes, passed)| EchoStep { bytes: *bytes, passed: *passed, ..EchoStep::default() })
                .collect(),
            ..EchoSizes::default()
        };
        let all = sizes(&[(1024, true), (4096, true)]);
        assert_eq!((all.largest(), all.limit()), (Some(4096), None));
        let chance = sizes(&[(1024, true), (4096, false), (4096, true)]);
        assert_eq!((chance.largest(), chance.limit()), (Some(4096), None));
        let narrowed = sizes(&[(1024, true), (4096, false), (4096, false), (2048, true), (2896, false)]);
        assert_eq!((narrowed.largest(), narrowed.limit()), (Some(2048), Some(2896)));
        assert_eq!(narrowed.refused().map(|step| step.bytes), Some(4096));
        assert_eq!(sizes(&[(1024, false), (1024, false)]).limit(), Some(1024));
        assert_eq!(sizes(&[(1024, false)]).limit(), None, "once is chance");
    }
}
