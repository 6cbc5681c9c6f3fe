//! [`Probe`]: goes from hop to hop as far as it gets, and reports each one when it is done. What does not depend on each
//! other is done side by side, as far as [`Gate`](super::client::gate::Gate) lets it.

use std::{
    future::Future,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::{OptionFuture, join_all};
use tokio_util::task::AbortOnDropHandle;

use super::{
    ProbeEvent, Times,
    client::{
        connector::{Connector, millis},
        http,
    },
    context::Context,
    diagnose::{Again, Severity, again, diagnose, limits::is_limited},
    document::HopReport,
    evidence::{AddressAnswer, Cors, Evidence, LineSeen, Sticky, Upgrades},
    hop::Hop,
    hops::{
        addresses, alone, connection, connection::ConnectionPath, crowd, engine as engine_hops, hold,
        outermost, page, resume, upgrade,
    },
    own_stall::StallWatch,
    plan::Plan,
    streams::{self, Asked, Span},
    target::Target,
};
use crate::contract::paths;

/// How often a long hop reports its progress.
const TICK: Duration = Duration::from_millis(250);

/// The sample's pace, where the server does not tell its own.
const SAMPLE_INTERVAL_MS: u64 = 2000;

/// A probe that is going on.
pub(super) struct Probe<'a> {
    pub(super) plan: Arc<Plan>,
    pub(super) connector: Arc<Connector>,
    pub(super) watch: StallWatch,
    pub(super) evidence: Evidence,
    pub(super) times: Times,
    pub(super) reported: Vec<Hop>,
    pub(super) report: &'a mut dyn FnMut(ProbeEvent<'_>) -> std::io::Result<()>,
}

impl Probe<'_> {
    /// Goes from hop to hop as far as it gets.
    pub(super) async fn run(&mut self) -> std::io::Result<()> {
        let page = self.reach_page().await?;
        let addresses = self.ask_all_addresses(page.as_ref());
        if let Some(page) = page {
            self.look_at(page).await?;
        }
        if let (Some(answers), Some(tcp)) = (addresses, &mut self.evidence.tcp) {
            // Were it to fail, there would be nothing to say of other addresses.
            tcp.addresses = answers.await.unwrap_or_default();
        }
        Ok(())
    }

    /// Everything from the page on.
    async fn look_at(&mut self, page: Target) -> std::io::Result<()> {
        let engine = match &self.plan.socketio {
            Some(path) => path.clone(),
            None => format!("{}{}", page.folder().trim_end_matches('/'), paths::SOCKET_IO),
        };
        let context = Context { connector: self.connector.clone(), page, engine };
        if self.plan.socketio.is_some() {
            self.look_at_engine(&context).await?;
        } else {
            let is_dante = self.evidence.page.as_ref().is_some_and(|page| page.is_dante);
            if !is_dante {
                let last = self.evidence.page.as_ref().and_then(|page| page.exchanges.last()).cloned();
                let found_at = page::elsewhere(&context, &last.unwrap_or_default()).await;
                let only_page_missing = found_at.as_deref() == Some(context.page.folder());
                if let Some(page) = &mut self.evidence.page {
                    page.found_at = found_at;
                }
                if !only_page_missing {
                    return self.report(&[Hop::Page]);
                }
            }
            self.report(&[Hop::Page])?;
            self.look_below_page(&context).await?;
            if self.connector.connections().was_only_one() {
                return Ok(());
            }
            self.listen(&context).await?;
            self.come_back(&context).await?;
        }
        self.hold(&context).await
    }

    /// Where something is to be remedied, asks who stands first: one of several hosts, or one that names itself in no answer
    /// (HAProxy, Traefik, Node.js), perhaps before one that does.
    pub(super) async fn tell_hosts_apart(&mut self) {
        if diagnose(&self.evidence).iter().all(|verdict| verdict.severity == Severity::Note) {
            return;
        }
        let page = self.evidence.page.as_ref().and_then(|page| Target::parse(&page.url).ok());
        let target = page.unwrap_or_else(|| self.plan.target.clone());
        if let Some(http) = &mut self.evidence.http {
            http.malformed = Some(outermost::ask(&self.connector, &target).await);
        }
    }

    /// Reaches the page, through redirects; gives where it is, if anything answers at all.
    async fn reach_page(&mut self) -> std::io::Result<Option<Target>> {
        let mut target = self.plan.target.clone();
        let mut earlier = Vec::new();
        loop {
            let start = Instant::now();
            let connector = self.connector.clone();
            let path = ConnectionPath::walk(&connector, &target, || connector.budget().connect()).await;
            let open = path.is_open(&target);
            (self.evidence.name, self.evidence.tcp, self.evidence.tls) = (path.name, path.tcp, path.tls);
            self.done(&[Hop::Name, Hop::Tcp, Hop::Tls], start)?;
            if !open {
                return Ok(None);
            }
            if let Some(path) = &self.plan.socketio {
                return self.reach_engine(target.at(path)).await;
            }
            let start = Instant::now();
            let limit = || connector.budget().first_answer();
            let (mut seen, reached, elsewhere) = page::page(&connector, &target, limit).await;
            // Of this host: one to which a redirect led has a version of HTTP of its own.
            let first = seen.exchanges.first().expect("the page is asked for at least once").clone();
            earlier.append(&mut seen.exchanges);
            seen.exchanges.clone_from(&earlier);
            let answered = seen.exchanges.last().is_some_and(|last| last.status.is_some());
            let limit = connector.budget().connect();
            self.evidence.http = Some(connection::http(&connector, &target, &first, limit).await);
            self.times.insert(Hop::Page, millis(start));
            seen.too_many_redirects |= elsewhere.is_some() && earlier.len() > 8;
            let next = elsewhere.filter(|_| !seen.too_many_redirects);
            if answered {
                self.evidence.page = Some(seen);
            }
            self.done(&[Hop::Http], start)?;
            match next {
                Some(next) => target = next,
                None => return Ok(answered.then_some(reached)),
            }
        }
    }

    /// Begins to ask what all addresses of the name answer, where there are several: beside everything else, since one that is dead takes
    /// its time.
    fn ask_all_addresses(&self, page: Option<&Target>) -> Option<AbortOnDropHandle<Vec<AddressAnswer>>> {
        let name = self.evidence.name.as_ref().filter(|name| name.addresses.len() > 1)?;
        if self.evidence.tcp.is_none() || self.plan.socketio.is_some() {
            return None;
        }
        let page = page.unwrap_or(&self.plan.target).clone();
        let addresses: Vec<IpAddr> =
            name.addresses.iter().filter_map(|address| address.parse().ok()).collect();
        let connector = self.connector.clone();
        let asked = async move { addresses::ask_all(&connector, &page, &addresses).await };
        Some(AbortOnDropHandle::new(tokio::spawn(asked)))
    }

    /// Where only an engine is asked for, its first answer stands for the page.
    async fn reach_engine(&mut self, target: Target) -> std::io::Result<Option<Target>> {
        let start = Instant::now();
        let ask = target.clone().with_query([("EIO", "4"), ("transport", "polling")]);
        let limit = self.connector.budget().first_answer();
        let (first, _) = http::fetch(&self.connector, http::Request::get(ask, limit)).await;
        let answered = first.status.is_some();
        let limit = self.connector.budget().connect();
        self.evidence.http = Some(connection::http(&self.connector, &target, &first, limit).await);
        self.done(&[Hop::Http], start)?;
        Ok(answered.then_some(target))
    }

    /// What the page needs, side by side: what the server saw, the client library, a session.
    async fn look_below_page(&mut self, context: &Context) -> std::io::Result<()> {
        let named = self.evidence.page.as_ref().and_then(|page| page.client_library.clone());
        let (hosting, library, handshake) = tokio::join!(
            timed(page::hosting(context)),
            timed(page::library(context, named.as_deref())),
            timed(engine_hops::handshake(context)),
        );
        self.evidence.hosting = Some(self.timed(Hop::Hosting, hosting));
        self.evidence.client_library = Some(self.timed(Hop::ClientLibrary, library));
        self.evidence.handshake = Some(self.timed(Hop::Handshake, handshake));
        alone::look_again(context, &mut self.evidence).await;
        self.report(&[Hop::Hosting, Hop::ClientLibrary, Hop::Handshake])
    }

    /// The engine alone.
    async fn look_at_engine(&mut self, context: &Context) -> std::io::Result<()> {
        let handshake = timed(engine_hops::handshake(context)).await;
        self.evidence.handshake = Some(self.timed(Hop::Handshake, handshake));
        self.report(&[Hop::Handshake])?;
        let seen = EngineSeen::look(context, &self.evidence).await;
        self.keep(seen);
        alone::look_again(context, &mut self.evidence).await;
        self.report_engine()
    }

    /// All streams at once, and what else is asked of the engine beside them.
    async fn listen(&mut self, context: &Context) -> std::io::Result<()> {
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
        let both = async { tokio::join!(streams, EngineSeen::look(context, evidence)) };
        let (streams, seen) = with_progress(&mut *self.report, progress, both).await?;
        for ((transport, _), stream) in wanted.iter().zip(streams) {
            self.times.insert(Hop::Stream(*transport), stream.watched_ms);
            self.evidence.streams.insert(*transport, stream);
        }
        self.keep(seen);
        alone::look_again(context, &mut self.evidence).await;
        self.listen_alone(context, span).await?;
        if is_limited(&self.evidence) {
            let progress = || "counting connections".to_owned();
            let crowd = with_progress(&mut *self.report, progress, crowd::crowd(context)).await?;
            self.evidence.line.crowd = Some(crowd);
        }
        let progress = || format!("{:.0} s: listening again", start.elapsed().as_secs_f64());
        let again = streams::follow_up(context, &mut self.evidence.streams);
        with_progress(&mut *self.report, progress, again).await?;
        self.report_engine()?;
        self.report(&Hop::streams().collect::<Vec<_>>())
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
            let listening = streams::listen(context, transport, Asked::default(), span, &count);
            let alone = with_progress(&mut *self.report, progress, listening).await?;
            if let Some(stream) = self.evidence.streams.get_mut(&transport) {
                stream.alone = Some(Box::new(alone));
            }
        }
        Ok(())
    }

    /// Keeps what was seen of the engine beside the streams.
    fn keep(&mut self, seen: EngineSeen) {
        if let Some(sticky) = seen.sticky {
            self.evidence.sticky = Some(self.timed(Hop::Sticky, sticky));
        }
        self.evidence.upgrades = Some(self.timed(Hop::Upgrade, seen.upgrades));
        if let Some(cors) = seen.cors {
            self.evidence.cors = Some(self.timed(Hop::Cors, cors));
        }
    }

    fn report_engine(&mut self) -> std::io::Result<()> {
        let hops = [Hop::Sticky, Hop::Upgrade, Hop::Cors];
        let seen: Vec<_> = hops.into_iter().filter(|hop| !self.evidence.at(*hop).is_null()).collect();
        self.report(&seen)
    }

    /// What is only asked once the streams have ended.
    async fn come_back(&mut self, context: &Context) -> std::io::Result<()> {
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
    async fn hold(&mut self, context: &Context) -> std::io::Result<()> {
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

    /// Some hops are done.
    fn done(&mut self, hops: &[Hop], start: Instant) -> std::io::Result<()> {
        for hop in hops {
            self.times.insert(*hop, self.own_time(*hop).unwrap_or_else(|| millis(start)));
        }
        self.report(hops)
    }

    /// Keeps how long a hop took.
    fn timed<T>(&mut self, hop: Hop, (seen, ms): (T, u64)) -> T {
        self.times.insert(hop, ms);
        seen
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
        if let Some(tcp) = &mut self.evidence.tcp {
            tcp.connections = self.connector.connections();
        }
        let round_trip = self.connector.line().round_trip();
        self.evidence.line = LineSeen {
            round_trip_ms: round_trip.and_then(|time| time.as_millis().try_into().ok()),
            own_stall: self.watch.longest(),
            crowd: self.evidence.line.crowd.take(),
        };
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

/// What is seen of the engine beside the streams, each with the time it took.
struct EngineSeen {
    sticky: Option<(Sticky, u64)>,
    upgrades: (Upgrades, u64),
    cors: Option<(Cors, u64)>,
}

impl EngineSeen {
    /// What needs polling is not asked where the handshake opened no session.
    async fn look(context: &Context, evidence: &Evidence) -> Self {
        let handshake = evidence.handshake.as_ref().filter(|handshake| handshake.open.is_some());
        let (sticky, upgrades, cors) = tokio::join!(
            OptionFuture::from(
                handshake.map(|handshake| timed(engine_hops::sticky(context, !handshake.cookies.is_empty())))
            ),
            timed(upgrade::upgrades(context, handshake.is_some())),
            OptionFuture::from(handshake.map(|_| timed(engine_hops::cors(context)))),
        );
        Self { sticky, upgrades, cors }
    }
}

/// What comes of it, and how long that took, in milliseconds.
async fn timed<T>(what: impl Future<Output = T>) -> (T, u64) {
    let start = Instant::now();
    let seen = what.await;
    (seen, millis(start))
}

/// Does something long, and reports its progress meanwhile.
async fn with_progress<T>(
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
