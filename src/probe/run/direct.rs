//! The same probe without the proxy, after the one through it: what differs is the proxy's doing.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{Probe, listen::with_progress, nothing_seen};
use crate::probe::{ProbeEvent, Times, client::connector::Connector, own_stall::StallWatch};

impl Probe<'_> {
    /// Probes once more without the proxy, if that was asked for. Not at the same time: a host would see two readers in one.
    pub(in crate::probe) async fn probe_directly(&mut self) -> std::io::Result<()> {
        let is_used = self.evidence.proxy.as_ref().is_some_and(|proxy| proxy.is_used());
        if !self.plan.direct || !is_used {
            return Ok(());
        }
        let plan = Arc::new(self.plan.without_proxies());
        let mut no_report = |_: ProbeEvent<'_>| Ok(());
        let start = Instant::now();
        let mut direct = Probe {
            connector: Arc::new(Connector::new(plan.clone())),
            evidence: nothing_seen(&plan),
            plan,
            watch: StallWatch::start(start),
            times: Times::new(),
            reported: Vec::new(),
            report: &mut no_report,
        };
        let progress = || {
            let seconds = start.elapsed().max(Duration::from_secs(1)).as_secs();
            format!("{seconds} s: the same without the proxy")
        };
        with_progress(&mut *self.report, progress, Box::pin(direct.run())).await??;
        let seen = direct.evidence;
        if let Some(proxy) = &mut self.evidence.proxy {
            proxy.direct = Some(Box::new(seen));
        }
        Ok(())
    }
}
