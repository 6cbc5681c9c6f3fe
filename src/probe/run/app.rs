//! Streams of applications that are not Dante.

use std::{
    future::Future,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use futures_util::future::join_all;

use super::{Probe, listen::with_progress, millis};
use crate::probe::{
    app,
    context::Context,
    cookies::Jar,
    diagnose::app::{Again, again},
    evidence::{App, AppStream, AppWay, Exchange},
    hop::Hop,
    hops::connection,
    subject::{EngineRequest, Listening, Subject},
};

/// How much longer than the first time is listened, so that what comes again is not missed by a moment.
const LONGER: Duration = Duration::from_millis(1500);

impl Probe<'_> {
    /// One stream, and nothing beside it: its own answer is the first one.
    pub(super) async fn run_stream(&mut self) -> std::io::Result<()> {
        let target = self.plan.target.clone();
        if !self.walk(&target).await? {
            return Ok(());
        }
        let context = Context {
            connector: self.connector.clone(),
            page: target,
            engine: String::new(),
            cookies: Jar::default(),
        };
        let subject = self.plan.subject.clone();
        let Some(way) = subject.ways().first() else { return Ok(()) };
        Box::pin(self.listen_to_app(&context, &subject, *way, None)).await
    }

    /// Opens a stream and listens to it, and reports what was seen; `found_by` is what showed what it is.
    pub(super) async fn listen_to_app(
        &mut self,
        context: &Context,
        subject: &Subject,
        way: AppWay,
        found_by: Option<String>,
    ) -> std::io::Result<()> {
        let start = Instant::now();
        let (opened, answer) = match Box::pin(app::open(context, subject, way, true)).await {
            Ok(opened) => {
                let answer = opened.stream().exchange.clone();
                (Ok(opened), answer)
            }
            Err(stream) => {
                let answer = stream.exchange.clone();
                (Err(stream), answer)
            }
        };
        // Where no page was asked for, the stream's answer is the first one.
        if self.evidence.http.is_none() {
            let limit = self.connector.budget().connect();
            let http = connection::http(&self.connector, &context.page, &answer, limit).await;
            self.evidence.http = Some(http);
            self.done(&[Hop::Http], start)?;
        }
        let mut others = (None, None);
        let stream = match opened {
            Ok(opened) => {
                let (listening, count) = (self.plan.listening, AtomicUsize::new(0));
                let heard = Box::pin(opened.listen(listening, &count));
                let progress = || listening_to(start, listening, [&count]);
                with_progress(&mut *self.report, progress, heard).await?
            }
            Err(stream) => {
                others = Box::pin(app::others(context, &stream)).await;
                *stream
            }
        };
        self.keep_app(context, subject, found_by, vec![(stream, millis(start))], others).await
    }

    /// Listens to an engine by all its ways at once; each with the time it took.
    pub(super) async fn listen_to_engine<T>(
        &mut self,
        context: &Context,
        subject: &Subject,
        beside: impl Future<Output = T>,
    ) -> std::io::Result<(T, Vec<(AppStream, u64)>)> {
        let (start, listening) = (Instant::now(), self.plan.listening);
        let ways = subject.ways().iter().map(|way| (*way, AtomicUsize::new(0))).collect::<Vec<_>>();
        let streams = join_all(ways.iter().map(|(way, count)| {
            let heard = Box::pin(app::listen(context, subject, *way, true, listening, count));
            async move { (heard.await, millis(start)) }
        }));
        let progress = || listening_to(start, listening, ways.iter().map(|(_, count)| count));
        with_progress(&mut *self.report, progress, async { tokio::join!(beside, streams) }).await
    }

    /// Keeps what came of streams, and reports it; where one sample may be chance, after another one.
    pub(super) async fn keep_app(
        &mut self,
        context: &Context,
        subject: &Subject,
        found_by: Option<String>,
        heard: Vec<(AppStream, u64)>,
        (beside, without_origin): (Option<Exchange>, Option<Exchange>),
    ) -> std::io::Result<()> {
        let start = Instant::now();
        let longest = heard.iter().map(|(_, ms)| *ms).max().unwrap_or_default();
        let mut streams: Vec<_> = heard.into_iter().map(|(stream, _)| stream).collect();
        for stream in &mut streams {
            Box::pin(self.read_again(context, subject, stream)).await?;
        }
        self.times.insert(Hop::App, longest + millis(start));
        let engine = subject.engine();
        self.evidence.app = Some(App {
            found_by,
            expected: self.plan.listening.expect,
            event: engine.and_then(EngineRequest::named_event),
            with_credentials: engine.is_some_and(|engine| engine.auth.is_some()),
            streams,
            beside,
            without_origin,
        });
        self.report(&[Hop::App])
    }

    /// Reads a stream once more over a fresh connection, where one sample may be chance.
    async fn read_again(
        &mut self,
        context: &Context,
        subject: &Subject,
        stream: &mut AppStream,
    ) -> std::io::Result<()> {
        let Some(again) = again(stream) else { return Ok(()) };
        let (start, count) = (Instant::now(), AtomicUsize::new(0));
        // Long enough for an end that comes again, or for what came late.
        let time = Duration::from_millis(stream.watched_ms).mul_f64(1.2) + LONGER;
        let listening = Listening { time, ..self.plan.listening };
        let progress = || format!("{:.0} s: reading it again", start.elapsed().as_secs_f64());
        let compressed = again == Again::Same;
        let reading = Box::pin(app::listen(context, subject, stream.way, compressed, listening, &count));
        let seen = with_progress(&mut *self.report, progress, reading).await?;
        stream.again = Some(Box::new(seen));
        Ok(())
    }
}

/// How far listening has come.
fn listening_to<'a>(
    start: Instant,
    listening: Listening,
    counts: impl IntoIterator<Item = &'a AtomicUsize>,
) -> String {
    let counts: Vec<_> = counts.into_iter().map(|count| count.load(Ordering::Relaxed).to_string()).collect();
    let of = listening.expect.map(|expect| format!(" of {expect}")).unwrap_or_default();
    format!("{:.0} s: {}{of} events", start.elapsed().as_secs_f64(), counts.join(", "))
}
