//! Listening: to all streams at once, to some again, after a drop, and for long.

use std::{
    future::Future,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use futures_util::future::{OptionFuture, join_all};

use super::{EngineSeen, Probe, timed};
use crate::probe::{
    ProbeEvent,
    context::Context,
    diagnose::{Again, again, limits::is_limited},
    hop::Hop,
    hops::{alone, crowd, hold, http2, page, resume},
    streams::{self, Asked, Span},
};

/// How often a long hop reports its progress.
const TICK: Duration = Duration::from_millis(250);

/// The sample's pace, where the server does not tell its own.
pub(super) const SAMPLE_INTERVAL_MS: u64 = 2000;

impl Probe<'_> {
    /// All streams at once, and what else is asked of the engine beside them.
    pub(super) async fn listen(&mut self, context: &Context) -> std::io::Result<()> {
        let pace = self.evidence.hosting_status().map(|status| status.interval_ms);
        let interval = pace.filter(|interval| *interval > 0).unwrap_or(SAMPLE_INTERVAL_MS);
        let span = Span::at_pace(interval, self.connector.budget().late());
        let start = Instant::now();
        let wanted: Vec<_> =
            self.plan.transports.iter().map(|transport| (*transport, AtomicUsize::new(0))).collect();
        let streams =
            join_all(wanted.iter().map(|(transport, count)| {
                streams::listen(context, *transport, Asked::default(), span, count)
            }));
        let progress = || {
            let counts: Vec<_> =
                wanted.iter().map(|(_, count)| count.load(Ordering::Relaxed).to_string()).collect();
            let counts = counts.join(", ");
            format!("{:.0} s: {counts} of {}", start.elapsed().as_secs_f64(), span.stanzas)
        };
        let evidence = &self.evidence;
        let over_http2 = self.speaks_http2().then(|| {
            let library = evidence.page.as_ref().and_then(|page| page.client_library.as_deref());
            timed(http2::look(context, library, &self.plan.transports, span))
        });
        let all = async {
            tokio::join!(
                streams,
                OptionFuture::from(over_http2),
                // Last: what is done once may wait, and what is listened to takes its time.
                Box::pin(EngineSeen::look(context, evidence.handshake.as_ref())),
            )
        };
        let (streams, over_http2, seen) = with_progress(&mut *self.report, progress, all).await?;
        self.evidence.http2 = over_http2.map(|seen| self.timed(Hop::Http2, seen));
        for ((transport, _), stream) in wanted.iter().zip(streams) {
            self.times.insert(Hop::Stream(*transport), stream.watched_ms);
            self.evidence.streams.insert(*transport, stream);
        }
        self.keep(seen);
        Box::pin(alone::look_again(context, &mut self.evidence)).await;
        self.listen_alone(context, span).await?;
        if is_limited(&self.evidence) {
            let progress = || "counting connections".to_owned();
            let crowd = with_progress(&mut *self.report, progress, crowd::crowd(context)).await?;
            self.evidence.line.crowd = Some(crowd);
        }
        let progress = || format!("{:.0} s: listening again", start.elapsed().as_secs_f64());
        let again = Box::pin(streams::follow_up(context, &mut self.evidence.streams));
        with_progress(&mut *self.report, progress, again).await?;
        let again = Box::pin(http2::look_again(context, &mut self.evidence, span));
        with_progress(&mut *self.report, progress, again).await?;
        self.report_engine()?;
        let over_http2 = self.evidence.http2.is_some().then_some(Hop::Http2);
        self.report(&Hop::streams().chain(over_http2).collect::<Vec<_>>())
    }

    /// Listens again where one sample may be chance, or a limit of connections: to one stream at a time, while nothing
    /// else is open.
    async fn listen_alone(&mut self, context: &Context, span: Span) -> std::io::Result<()> {
        for transport in self.plan.clone().transports.iter().copied() {
            let stanzas = match again(&self.evidence, transport) {
                None => continue,
                Some(Again::Pace) => span.stanzas,
                Some(Again::Opening) => span.stanzas.min(2),
            };
            let (span, count) = (Span { stanzas, ..span }, AtomicUsize::new(0));
            let progress = || {
                let count = count.load(Ordering::Relaxed);
                format!("{transport} alone: {count} stanzas of {stanzas}")
            };
            let _alone = self.connector.gate().alone().await;
            let listening = Box::pin(streams::listen(context, transport, Asked::default(), span, &count));
            let alone = with_progress(&mut *self.report, progress, listening).await?;
            if let Some(stream) = self.evidence.streams.get_mut(&transport) {
                stream.alone = Some(Box::new(alone));
            }
        }
        Ok(())
    }

    /// What is only asked once the streams have ended.
    pub(super) async fn come_back(&mut self, context: &Context) -> std::io::Result<()> {
        let of = self.evidence.hosting_status().map(|status| status.of as u64).filter(|of| *of > 0);
        // A limit that was met once is not met again on purpose.
        let connector = self.connector.clone();
        let is_limited = is_limited(&self.evidence);
        let _alone = OptionFuture::from(is_limited.then(|| connector.gate().alone())).await;
        let (resume, compression) = tokio::join!(
            timed(resume::resume(context, &self.evidence)),
            timed(page::compression(context, of)),
        );
        self.evidence.resume = Some(self.timed(Hop::Resume, resume));
        self.evidence.compression = Some(self.timed(Hop::Compression, compression));
        self.report(&[Hop::Resume, Hop::Compression])
    }

    /// Held connections, at the end: they take as long as the user says, and nothing else is to disturb them.
    pub(super) async fn hold(&mut self, context: &Context) -> std::io::Result<()> {
        let Some(time) = self.plan.hold else { return Ok(()) };
        let start = Instant::now();
        let progress = || {
            let seconds = start.elapsed().as_secs_f64();
            let at_most = if time.auto { "at most " } else { "" };
            format!("{seconds:.0} s: holding connections for {at_most}{} s", time.limit.as_secs())
        };
        let interval = self.evidence.hosting_status().map_or(0, |status| status.interval_ms);
        let holding = hold::hold(context, time, interval);
        let held = with_progress(&mut *self.report, progress, holding).await?;
        self.evidence.hold = Some(held);
        self.done(&[Hop::Hold], start)
    }
}

/// Does something long, and reports its progress meanwhile.
pub(super) async fn with_progress<T>(
    report: &mut dyn FnMut(ProbeEvent<'_>) -> std::io::Result<()>,
    progress: impl Fn() -> String,
    what: impl Future<Output = T>,
) -> std::io::Result<T> {
    let ticks = async {
        let mut ticks = tokio::time::interval(TICK);
        loop {
            ticks.tick().await;
            if let Err(error) = report(ProbeEvent::Progress(progress())) {
                return error;
            }
        }
    };
    tokio::select! {
        error = ticks => Err(error),
        seen = what => Ok(seen),
    }
}
