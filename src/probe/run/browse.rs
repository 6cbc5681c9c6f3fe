//! The browser, after everything else: two at once would make each other late.

use std::time::Instant;

use super::{
    Probe,
    listen::{SAMPLE_INTERVAL_MS, with_progress},
};
use crate::probe::{
    browser::Running,
    hop::Hop,
    hops::browser::{Asked, browse},
    streams::Span,
};

impl Probe<'_> {
    /// Opens the page in a browser, if there is anything that answers.
    pub(crate) async fn browse(&mut self, browser: Running) -> std::io::Result<()> {
        let attempts = self.evidence.tcp.iter().flat_map(|tcp| &tcp.attempts);
        if self.evidence.proxy.is_none() && !attempts.into_iter().any(|one| one.failure.is_none()) {
            return Ok(());
        }
        let start = Instant::now();
        let pace = self.evidence.hosting_status().map(|status| status.interval_ms);
        let interval = pace.filter(|interval| *interval > 0).unwrap_or(SAMPLE_INTERVAL_MS);
        let budget = self.connector.budget();
        let streams = self.evidence.streams.iter().filter(|(_, stream)| !stream.arrivals.is_empty());
        let expected: Vec<_> = streams.map(|(transport, _)| *transport).collect();
        let asked = Asked {
            url: self.plan.target.to_string(),
            headers: &self.plan.headers,
            transports: &self.plan.transports,
            expected: &expected,
            load: budget.first_answer(),
            span: Span::at_pace(interval, budget.late()),
        };
        let progress = || format!("{:.0} s: in the browser", start.elapsed().as_secs_f64());
        let seen = with_progress(&mut *self.report, progress, browse(browser, &asked)).await?;
        self.evidence.browser = Some(seen);
        self.done(&[Hop::Browser], start)
    }
}
