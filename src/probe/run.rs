//! [`Probe`]: goes from hop to hop as far as it gets, and reports each one when it is done.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::join_all;

use super::{
    ProbeEvent, Times,
    client::{
        connector::{CONNECT, Connector, millis},
        http,
    },
    context::Context,
    diagnose::diagnose,
    document::HopReport,
    evidence::Evidence,
    hop::Hop,
    hops::{connection, connection::ConnectionPath, engine as engine_hops, hold, page, resume},
    plan::Plan,
    streams::{self, Span},
    target::Target,
};
use crate::contract::paths;
use crate::transport::Transport;

/// How much of the time is kept for what comes after the streams.
const AFTERWARDS: Duration = Duration::from_millis(2500);

/// How long the other scheme may take to answer, when the one that was asked for gave nothing.
const OTHER_SCHEME: Duration = Duration::from_secs(2);

/// How often a long hop reports its progress.
const TICK: Duration = Duration::from_millis(250);

/// A probe that is going on.
pub(super) struct Probe<'a> {
    pub(super) plan: Arc<Plan>,
    pub(super) connector: Arc<Connector>,
    pub(super) evidence: Evidence,
    pub(super) times: Times,
    pub(super) reported: Vec<Hop>,
    pub(super) deadline: Instant,
    pub(super) report: &'a mut dyn FnMut(ProbeEvent<'_>) -> std::io::Result<()>,
}

impl Probe<'_> {
    /// Goes from hop to hop as far as it gets.
    pub(super) async fn run(&mut self) -> std::io::Result<()> {
        let Some(page) = self.reach_page().await? else { return Ok(()) };
        let engine = match &self.plan.socketio {
            Some(path) => path.clone(),
            None => format!("{}{}", page.folder().trim_end_matches('/'), paths::SOCKET_IO),
        };
        let mut context =
            Context { connector: self.connector.clone(), page, engine, deadline: self.deadline };
        if self.plan.socketio.is_none() {
            let is_dante = self.evidence.page.as_ref().is_some_and(|page| page.is_dante);
            if !is_dante {
                let elsewhere = page::elsewhere(&context).await;
                if let Some(page) = &mut self.evidence.page {
                    page.found_at = elsewhere;
                }
                return self.report(&[Hop::Page]);
            }
            self.report(&[Hop::Page])?;
            self.look_at_page(&context).await?;
        }
        self.look_at_engine(&context).await?;
        if self.plan.socketio.is_none() && !context.is_over() {
            context.deadline = self.deadline.checked_sub(AFTERWARDS).unwrap_or(self.deadline);
            self.listen(&context).await?;
            context.deadline = self.deadline;
            let start = Instant::now();
            self.evidence.resume = Some(resume::resume(&context, &self.evidence).await);
            self.done(&[Hop::Resume], start)?;
            let answer = self.evidence.hosting.as_ref().and_then(|hosting| hosting.answer.as_ref());
            let of = answer.and_then(|answer| answer["of"].as_u64());
            let start = Instant::now();
            self.evidence.compression = Some(page::compression(&context, of).await);
            self.done(&[Hop::Compression], start)?;
        } else if let Some(time) = self.plan.hold.filter(|_| self.plan.socketio.is_some()) {
            let start = Instant::now();
            self.evidence.hold = Some(hold::hold(&context, time).await);
            self.done(&[Hop::Hold], start)?;
        }
        let polls = self.evidence.handshake.as_ref().is_some_and(|handshake| handshake.open.is_some());
        if polls && !context.is_over() {
            let start = Instant::now();
            self.evidence.cors = Some(engine_hops::cors(&context).await);
            self.done(&[Hop::Cors], start)?;
        }
        Ok(())
    }

    /// Reaches the page, through redirects; gives where it is, if anything answers at all.
    #[expect(clippy::expect_used, reason = "a failure would be a bug of ours")]
    async fn reach_page(&mut self) -> std::io::Result<Option<Target>> {
        let mut target = self.plan.target.clone();
        let mut earlier = Vec::new();
        loop {
            let start = Instant::now();
            let deadline = self.deadline;
            let left = || CONNECT.min(deadline.saturating_duration_since(Instant::now()));
            let mut path = ConnectionPath::walk(&self.connector, &target, left).await;
            let open = path.is_open(&target);
            if let Some(tls) = path.tls.as_mut().filter(|tls| tls.failure.is_some()) {
                tls.other_scheme = connection::plain(&self.connector, &target, self.left(OTHER_SCHEME)).await;
            }
            (self.evidence.name, self.evidence.tcp, self.evidence.tls) = (path.name, path.tcp, path.tls);
            self.done(&[Hop::Name, Hop::Tcp, Hop::Tls], start)?;
            if !open {
                return Ok(None);
            }
            if let Some(path) = &self.plan.socketio {
                return self.reach_engine(target.at(path)).await;
            }
            let start = Instant::now();
            let limit = || deadline.saturating_duration_since(Instant::now());
            let (mut seen, reached, elsewhere) = page::page(&self.connector, &target, limit).await;
            // Of this host: one to which a redirect led has a version of HTTP of its own.
            let first = seen.exchanges.first().expect("the page is asked for at least once").clone();
            earlier.append(&mut seen.exchanges);
            seen.exchanges.clone_from(&earlier);
            let answered = seen.exchanges.last().is_some_and(|last| last.status.is_some());
            self.evidence.http =
                Some(connection::http(&self.connector, &target, &first, self.left(OTHER_SCHEME)).await);
            self.times.insert(Hop::Page, millis(start));
            seen.too_many_redirects |= elsewhere.is_some() && earlier.len() > 8;
            let next = elsewhere.filter(|_| !seen.too_many_redirects);
            let again = next.is_some();
            if answered {
                self.evidence.page = Some(seen);
            }
            self.done(&[Hop::Http], start)?;
            match next {
                Some(next) if again && !self.left(Duration::from_secs(1)).is_zero() => target = next,
                _ => return Ok(answered.then_some(reached)),
            }
        }
    }

    /// Where only an engine is asked for, its first answer stands for the page.
    async fn reach_engine(&mut self, target: Target) -> std::io::Result<Option<Target>> {
        let start = Instant::now();
        let ask = target.clone().with_query([("EIO", "4"), ("transport", "polling")]);
        let limit = self.left(self.plan.timeout);
        let (first, _) = http::fetch(&self.connector, http::Request::get(ask, limit)).await;
        let answered = first.status.is_some();
        self.evidence.http =
            Some(connection::http(&self.connector, &target, &first, self.left(OTHER_SCHEME)).await);
        self.done(&[Hop::Http], start)?;
        Ok(answered.then_some(target))
    }

    async fn look_at_page(&mut self, context: &Context) -> std::io::Result<()> {
        let start = Instant::now();
        self.evidence.hosting = Some(page::hosting(context).await);
        self.done(&[Hop::Hosting], start)?;
        let start = Instant::now();
        let named = self.evidence.page.as_ref().and_then(|page| page.client_library.clone());
        self.evidence.client_library = Some(page::library(context, named.as_deref()).await);
        self.done(&[Hop::ClientLibrary], start)
    }

    async fn look_at_engine(&mut self, context: &Context) -> std::io::Result<()> {
        if context.is_over() {
            return Ok(());
        }
        let start = Instant::now();
        let handshake = engine_hops::handshake(context).await;
        let has_cookies = !handshake.cookies.is_empty();
        let polling = handshake.open.is_some();
        self.evidence.handshake = Some(handshake);
        self.done(&[Hop::Handshake], start)?;
        if polling && !context.is_over() {
            let start = Instant::now();
            self.evidence.sticky = Some(engine_hops::sticky(context, has_cookies).await);
            self.done(&[Hop::Sticky], start)?;
        }
        if !context.is_over() {
            let start = Instant::now();
            self.evidence.upgrades = Some(engine_hops::upgrades(context, polling).await);
            self.done(&[Hop::Upgrade], start)?;
        }
        Ok(())
    }

    /// All streams at once, and the hold with them.
    async fn listen(&mut self, context: &Context) -> std::io::Result<()> {
        let answer = self.evidence.hosting.as_ref().and_then(|hosting| hosting.answer.as_ref());
        // The sample's pace, where the server does not tell its own.
        let interval = answer.and_then(|answer| answer["intervalMs"].as_u64()).unwrap_or(2000);
        let span = Span::at_pace(interval, context.at_most(Duration::from_secs(60 * 60)));
        let start = Instant::now();
        let wanted: Vec<_> =
            self.plan.transports.iter().map(|transport| (*transport, AtomicUsize::new(0))).collect();
        let streams = join_all(
            wanted.iter().map(|(transport, count)| streams::listen(context, *transport, None, span, count)),
        );
        let time = self.plan.hold;
        let held = async {
            match time {
                Some(time) => Some(hold::hold(context, time).await),
                None => None,
            }
        };
        let ticks = async {
            let mut ticks = tokio::time::interval(TICK);
            loop {
                ticks.tick().await;
                let counts: Vec<_> =
                    wanted.iter().map(|(_, count)| count.load(Ordering::Relaxed).to_string()).collect();
                let holding =
                    time.map(|time| format!(", holding for {} s", time.as_secs())).unwrap_or_default();
                let text = format!(
                    "{:.0} s: {} stanzas of {} each{holding}",
                    start.elapsed().as_secs_f64(),
                    counts.join(", "),
                    span.stanzas
                );
                if let Err(error) = (self.report)(ProbeEvent::Progress(text)) {
                    return error;
                }
            }
        };
        let (streams, held, ms) = tokio::select! {
            error = ticks => return Err(error),
            ((streams, ms), held) = async {
                tokio::join!(async { (streams.await, millis(start)) }, held)
            } => (streams, held, ms),
        };
        let transports: Vec<Transport> = wanted.iter().map(|(transport, _)| *transport).collect();
        for (transport, stream) in transports.into_iter().zip(streams) {
            self.times.insert(Hop::Stream(transport), ms.min(stream.watched_ms));
            self.evidence.streams.insert(transport, stream);
        }
        self.report(&Hop::streams().collect::<Vec<_>>())?;
        if held.is_some() {
            self.evidence.hold = held;
            self.done(&[Hop::Hold], start)?;
        }
        Ok(())
    }

    fn left(&self, at_most: Duration) -> Duration {
        at_most.min(self.deadline.saturating_duration_since(Instant::now()))
    }

    /// Some hops are done.
    fn done(&mut self, hops: &[Hop], start: Instant) -> std::io::Result<()> {
        for hop in hops {
            self.times.insert(*hop, self.own_time(*hop).unwrap_or_else(|| millis(start)));
        }
        self.report(hops)
    }

    /// What the evidence itself says of a hop's time, where several were passed at once.
    fn own_time(&self, hop: Hop) -> Option<u64> {
        match hop {
            Hop::Tcp => self.evidence.tcp.as_ref().map(|tcp| tcp.attempts.iter().map(|one| one.ms).sum()),
            Hop::Http => self.evidence.http.as_ref().map(|http| http.first.head_ms.unwrap_or(http.first.ms)),
            _ => None,
        }
    }

    fn report(&mut self, hops: &[Hop]) -> std::io::Result<()> {
        let verdicts = diagnose(&self.evidence);
        for hop in hops {
            let report = HopReport::new(&self.evidence, &self.times, *hop, &verdicts);
            (self.report)(ProbeEvent::Hop(&report))?;
            self.reported.push(*hop);
        }
        Ok(())
    }

    /// The hops that were not reported yet.
    pub(super) fn report_rest(&mut self) -> std::io::Result<()> {
        let rest: Vec<Hop> = Hop::all().filter(|hop| !self.reported.contains(hop)).collect();
        self.report(&rest)
    }
}
