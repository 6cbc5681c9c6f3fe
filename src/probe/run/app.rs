//! Streams of applications that are not Dante.

use std::{
    future::Future,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use futures_util::future::{OptionFuture, join_all};

use super::{Probe, listen::with_progress, millis, timed};
use crate::probe::{
    app::{
        self,
        recognise::{Shown, shown_by},
        redirect,
    },
    context::Context,
    cookies::Jar,
    diagnose::app::{Again, again},
    evidence::{App, AppStream, AppWay, Exchange, FailureKind},
    hop::Hop,
    hops::{
        app::find,
        connection, http2,
        upgrade::{self, Proof},
    },
    subject::{EngineRequest, Kind, Listening, Subject},
    target::Target,
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
        Box::pin(self.listen_to_stream(&context, &subject)).await
    }

    /// Looks at an answer that is not Dante's page for what it is, and probes it as that; whether it is anything. Other requests are
    /// only made if `asking`.
    pub(super) async fn recognise(&mut self, context: &Context, asking: bool) -> std::io::Result<bool> {
        let Some(page) = self.evidence.page.as_ref().filter(|page| !page.is_dante) else { return Ok(false) };
        let shown = match asking {
            true => Box::pin(find(context, page)).await,
            false => page.exchanges.last().and_then(shown_by),
        };
        let Some(Shown { kind, engine, by }) = shown else { return Ok(false) };
        let subject = match (kind, &engine) {
            (Kind::Engine, Some(path)) => Subject::Engine(EngineRequest::at(path)),
            (Kind::WebSocket, _) => Subject::WebSocket { send: None },
            _ => Subject::EventStream,
        };
        self.evidence.subject = subject.kind();
        if let Some(page) = &mut self.evidence.page {
            page.shown_by = Some(by);
        }
        self.report(&[Hop::Page])?;
        match engine {
            Some(engine) => {
                self.evidence.engine = Some(engine.clone());
                let context = Context { engine, ..context.clone() };
                Box::pin(self.look_at_engine(&context, &subject)).await?;
                Box::pin(self.hold(&context)).await?;
            }
            None => {
                Box::pin(self.listen_to_stream(context, &subject)).await?;
            }
        }
        Ok(true)
    }

    /// A URL that answers nothing in time, of a host that answers at its root, is taken for a stream whose answer is held back. A path with
    /// a slash at its end is a page's.
    pub(super) async fn look_at_silence(&mut self) -> std::io::Result<()> {
        let first = self.evidence.http.as_ref().map(|http| &http.first).filter(|first| is_silent(first));
        let target = first.and_then(|first| Target::parse(&first.url).ok());
        let is_page = self.plan.subject.kind().is_page();
        let (Some(first), Some(target)) =
            (first, target.filter(|target| is_page && !target.path.ends_with('/')))
        else {
            return Ok(());
        };
        let stream = AppStream {
            way: AppWay::Body,
            url: first.url.clone(),
            watched_ms: first.ms,
            exchange: first.clone(),
            ..AppStream::default()
        };
        let context = Context {
            connector: self.connector.clone(),
            page: target,
            engine: String::new(),
            cookies: Jar::default(),
        };
        let (start, others) = (Instant::now(), Box::pin(app::others(&context, &stream)).await);
        if others.0.as_ref().is_none_or(|beside| beside.status.is_none()) {
            return Ok(());
        }
        self.evidence.subject = Kind::EventStream;
        let ms = stream.watched_ms + millis(start);
        Box::pin(self.keep_app(&context, &Subject::EventStream, vec![(stream, ms)], others)).await
    }

    /// Opens a stream and listens to it, and reports what was seen.
    pub(super) async fn listen_to_stream(
        &mut self,
        context: &Context,
        subject: &Subject,
    ) -> std::io::Result<()> {
        let Some(way) = subject.ways().first() else { return Ok(()) };
        let start = Instant::now();
        let mut opened = Box::pin(app::open(context, subject, *way, true)).await;
        if *way == AppWay::WebSocket && opened.is_err() {
            // Some refuse the offer of compression; the upgrades beside it show that.
            let plain = Box::pin(app::open(context, subject, *way, false)).await;
            opened = plain.or(opened);
        }
        let seen = match &opened {
            Ok(opened) => opened.stream(),
            Err(stream) => stream,
        };
        // Where no page was asked for, the stream's answer is the first one.
        if self.evidence.http.is_none() {
            let (answer, moved) = (seen.exchange.clone(), redirect::moved_from(&context.page, &seen.url));
            let is_reached = match &moved {
                Some(there) => self.walk(there).await?,
                None => true,
            };
            if is_reached {
                let there = moved.as_ref().unwrap_or(&context.page);
                let limit = self.connector.budget().connect();
                let http = connection::http(&self.connector, there, &answer, limit).await;
                self.evidence.http = Some(http);
                self.done(&[Hop::Http], start)?;
            }
        }
        // A stream that is to be held is listened to for so long: what it says, and when, is its own affair.
        let listening = self.plan.listening;
        let listening =
            self.plan.hold.map_or(listening, |hold| listening.all_of(hold.limit.max(listening.time)));
        let count = AtomicUsize::new(0);
        let beside = opened.is_ok() && self.speaks_http2();
        let over_http2 =
            beside.then(|| timed(http2::look_at_stream(context, subject, *way, self.plan.listening)));
        let heard = async {
            match opened {
                Ok(opened) => (opened.listen(listening, &count).await, (None, None)),
                Err(stream) => {
                    let others = Box::pin(app::others(context, &stream)).await;
                    (*stream, others)
                }
            }
        };
        let upgrades = OptionFuture::from(
            (*way == AppWay::WebSocket).then(|| timed(upgrade::upgrades(context, Proof::Opening))),
        );
        let over_http2 = OptionFuture::from(over_http2);
        let all = async { tokio::join!(Box::pin(heard), Box::pin(upgrades), over_http2) };
        let progress = || listening_to(start, listening, [&count]);
        let ((stream, others), upgrades, over_http2) =
            with_progress(&mut *self.report, progress, all).await?;
        if let Some(upgrades) = upgrades {
            self.evidence.upgrades = Some(self.timed(Hop::Upgrade, upgrades));
            self.report(&[Hop::Upgrade])?;
        }
        if let Some((Some(seen), ms)) = over_http2 {
            self.evidence.http2 = Some(self.timed(Hop::Http2, (seen, ms)));
        }
        self.keep_app(context, subject, vec![(stream, millis(start))], others).await?;
        let (listening, evidence) = (self.plan.listening, &mut self.evidence);
        Box::pin(http2::look_at_stream_again(context, subject, *way, listening, evidence)).await;
        let over_http2 = self.evidence.http2.is_some().then_some(Hop::Http2);
        self.report(over_http2.as_slice())
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
            expected: self.plan.listening.expect,
            event: engine.and_then(EngineRequest::named_event),
            with_credentials: engine.is_some_and(|engine| engine.auth.is_some()),
            streams,
            beside,
            without_origin,
        });
        self.report(&[Hop::App])?;
        Box::pin(self.compare_app(context, subject)).await
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
        let listening = self.plan.listening.all_of(time);
        let progress = || format!("{:.0} s: reading it again", start.elapsed().as_secs_f64());
        let compressed = again == Again::Same;
        let reading = Box::pin(app::listen(context, subject, stream.way, compressed, listening, &count));
        let seen = with_progress(&mut *self.report, progress, reading).await?;
        stream.again = Some(Box::new(seen));
        Ok(())
    }
}

/// Whether nothing at all came in time.
fn is_silent(exchange: &Exchange) -> bool {
    let late = exchange.failure.as_ref().is_some_and(|failure| failure.kind == FailureKind::Timeout);
    late && exchange.status.is_none() && exchange.raw.as_deref().unwrap_or_default().is_empty()
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
