//! The same streams at other places, where the user has named some.

use std::time::Instant;

use super::{Probe, listen::with_progress, millis};
use crate::probe::{context::Context, evidence::Against, hop::Hop, hops::against, subject::Subject};

impl Probe<'_> {
    /// Those of an application.
    pub(super) async fn compare_app(&mut self, context: &Context, subject: &Subject) -> std::io::Result<()> {
        let plan = self.plan.clone();
        let reading = against::of_app(context, subject, &plan.against, plan.listening);
        self.compare(Box::pin(reading)).await
    }

    /// Those of Dante.
    pub(super) async fn compare_dante(&mut self, context: &Context) -> std::io::Result<()> {
        let plan = self.plan.clone();
        let reading = against::of_dante(context, &plan.transports, &plan.against, plan.listening);
        self.compare(Box::pin(reading)).await
    }

    async fn compare(&mut self, reading: impl Future<Output = Against>) -> std::io::Result<()> {
        if self.plan.against.is_empty() {
            return Ok(());
        }
        let start = Instant::now();
        let progress = || format!("{:.0} s: comparing with the origin", start.elapsed().as_secs_f64());
        let seen = with_progress(&mut *self.report, progress, reading).await?;
        self.times.insert(Hop::Against, millis(start));
        self.evidence.against = Some(seen);
        self.report(&[Hop::Against])
    }
}
