//! [`Probe`]: goes from hop to hop as far as it gets, and reports each one when it is done. What does not depend on each
//! other is done side by side, as far as [`Gate`](super::client::gate::Gate) lets it.

mod against;
mod app;
mod browse;
mod direct;
mod listen;
mod reach;

use std::{future::Future, sync::Arc, time::Instant};

use futures_util::future::OptionFuture;

use super::{
    ProbeEvent, Times,
    client::connector::{Connector, millis},
    context::Context,
    cookies::Jar,
    diagnose::{Severity, diagnose, http2::speaks_no_http2},
    document::HopReport,
    evidence::{Cors, Evidence, Handshake, Http, LineSeen, Sticky, Upgrades},
    hop::Hop,
    hops::{
        alone, echo, engine as engine_hops, files, http2, outermost, page,
        upgrade::{self, Proof},
    },
    own_stall::StallWatch,
    plan::{HttpVersions, Plan},
    subject::{Kind, Subject},
    target::Target,
};
use crate::contract::paths;

/// What is known before anything is done: what was asked for.
pub(super) fn nothing_seen(plan: &Plan) -> Evidence {
    Evidence {
        url: url_of(plan),
        subject: plan.subject.kind(),
        engine: plan.subject.engine().map(|engine| engine.path.clone()),
        transports: plan.transports.clone(),
        hold_wanted: plan.hold.is_some(),
        ..Evidence::default()
    }
}

/// The URL, as it goes over the network; of a WebSocket, with the scheme that it has.
fn url_of(plan: &Plan) -> String {
    let url = plan.target.to_string();
    if plan.subject.kind() == Kind::WebSocket { url.replacen("http", "ws", 1) } else { url }
}

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
        if self.plan.subject.kind().is_stream() {
            return Box::pin(self.run_stream()).await;
        }
        let page = Box::pin(self.reach_page()).await?;
        let addresses = self.ask_all_addresses(page.as_ref());
        match page {
            Some(page) => Box::pin(self.look_at(page)).await?,
            None => Box::pin(self.look_at_silence()).await?,
        }
        if let (Some(answers), Some(tcp)) = (addresses, &mut self.evidence.tcp) {
            // Were it to fail, there would be nothing to say of other addresses.
            tcp.addresses = answers.await.unwrap_or_default();
        }
        Ok(())
    }

    /// Everything from the page on.
    async fn look_at(&mut self, page: Target) -> std::io::Result<()> {
        let engine = match self.plan.subject.engine() {
            Some(engine) => engine.path.clone(),
            None => format!("{}{}", page.folder().trim_end_matches('/'), paths::SOCKET_IO),
        };
        let cookies = Jar::of(self.evidence.page.iter().flat_map(|page| &page.exchanges));
        let context = Context { connector: self.connector.clone(), page, engine, cookies };
        if self.plan.subject.kind().is_engine() {
            let subject = self.plan.subject.clone();
            Box::pin(self.look_at_engine(&context, &subject)).await?;
        } else if self.evidence.is_echo() {
            return Box::pin(self.look_at_echo(&context)).await;
        } else {
            if Box::pin(self.recognise(&context, false)).await? {
                return Ok(());
            }
            let is_dante = self.evidence.page.as_ref().is_some_and(|page| page.is_dante);
            if !is_dante {
                let last = self.evidence.page.as_ref().and_then(|page| page.exchanges.last()).cloned();
                let found_at = page::elsewhere(&context, &last.unwrap_or_default()).await;
                let only_page_missing = found_at.as_deref() == Some(context.page.folder());
                if let Some(page) = &mut self.evidence.page {
                    page.found_at = found_at;
                }
                if !only_page_missing {
                    let is_elsewhere =
                        self.evidence.page.as_ref().is_some_and(|page| page.found_at.is_some());
                    if !is_elsewhere && Box::pin(self.recognise(&context, true)).await? {
                        return Ok(());
                    }
                    return self.report(&[Hop::Page]);
                }
            }
            self.report(&[Hop::Page])?;
            Box::pin(self.look_below_page(&context)).await?;
            if self.connector.connections().was_only_one() {
                return Ok(());
            }
            Box::pin(self.listen(&context)).await?;
            Box::pin(self.come_back(&context)).await?;
            Box::pin(self.compare_dante(&context)).await?;
        }
        Box::pin(self.hold(&context)).await
    }

    /// Where something is to be remedied, asks who stands first: one of several hosts, or one that names itself in no answer
    /// (HAProxy, Traefik, Node.js), perhaps before one that does.
    pub(super) async fn tell_hosts_apart(&mut self) {
        if diagnose(&self.evidence).iter().all(|verdict| verdict.severity == Severity::Note) {
            return;
        }
        let stream = self.evidence.app.as_ref().and_then(|app| app.streams.first());
        let stream = stream.filter(|_| self.plan.subject.kind().is_stream()).map(|stream| &stream.url);
        let url = self.evidence.page.as_ref().map(|page| &page.url).or(stream);
        let reached = url.and_then(|url| Target::parse(url).ok());
        let target = reached.unwrap_or_else(|| self.plan.target.clone());
        // Who says nothing at all does not say who it is; who does not speak HTTP/2 says it over HTTP/1.1.
        let tls = self.evidence.tls.as_ref();
        let beside = self.evidence.app.as_ref().and_then(|app| app.beside.as_ref());
        let answers_beside = beside.is_some_and(|beside| beside.status.is_some());
        let speaks = |http: &Http| {
            answers_beside || http.first.status.is_some() || speaks_no_http2(tls, http).is_some()
        };
        if let Some(http) = self.evidence.http.as_mut().filter(|http| speaks(http)) {
            http.malformed = Some(outermost::ask(&self.connector, &target).await);
        }
    }

    /// What the page needs, side by side: what the server saw, the client library, the page's own files, a session.
    async fn look_below_page(&mut self, context: &Context) -> std::io::Result<()> {
        let named = self.evidence.page.as_ref().and_then(|page| page.client_library.clone());
        let page = self.evidence.page.as_ref().filter(|page| page.is_dante);
        let (hosting, library, files, handshake) = tokio::join!(
            timed(page::hosting(context)),
            timed(page::library(context, named.as_deref())),
            OptionFuture::from(page.map(|page| timed(files::files(context, page)))),
            timed(engine_hops::handshake(context)),
        );
        self.evidence.hosting = Some(self.timed(Hop::Hosting, hosting));
        self.evidence.client_library = Some(self.timed(Hop::ClientLibrary, library));
        self.evidence.files = files.map(|files| self.timed(Hop::Files, files));
        self.evidence.handshake = Some(self.timed(Hop::Handshake, handshake));
        Box::pin(alone::look_again(context, &mut self.evidence)).await;
        self.report(&[Hop::Hosting, Hop::ClientLibrary, Hop::Files, Hop::Handshake])
    }

    /// An echo: sizes and pauses, in the place of the poem.
    async fn look_at_echo(&mut self, context: &Context) -> std::io::Result<()> {
        self.evidence.subject = Kind::Echo;
        self.report(&[Hop::Page])?;
        let first = self.evidence.page.as_ref().and_then(|page| page.exchanges.last()).cloned();
        let seen = timed(echo::look(context, first.unwrap_or_default())).await;
        self.evidence.echo = Some(self.timed(Hop::Echo, seen));
        self.report(&[Hop::Echo])
    }

    /// The engine alone.
    async fn look_at_engine(&mut self, context: &Context, subject: &Subject) -> std::io::Result<()> {
        // The page that uses it, where one led here.
        let page = self.evidence.page.as_ref().filter(|page| page.engine.is_some());
        let (files, handshake) = tokio::join!(
            OptionFuture::from(page.map(|page| timed(files::files(context, page)))),
            timed(engine_hops::handshake(context)),
        );
        self.evidence.handshake = Some(self.timed(Hop::Handshake, handshake));
        if let Some(files) = files {
            self.evidence.files = Some(self.timed(Hop::Files, files));
            self.report(&[Hop::Files])?;
        }
        self.report(&[Hop::Handshake])?;
        let handshake = self.evidence.handshake.clone();
        let over_http2 = self.speaks_http2().then(|| timed(http2::look_at_engine(context)));
        let beside = async {
            tokio::join!(EngineSeen::look(context, handshake.as_ref()), OptionFuture::from(over_http2))
        };
        let ((seen, over_http2), heard) = self.listen_to_engine(context, subject, Box::pin(beside)).await?;
        self.evidence.http2 = over_http2.map(|seen| self.timed(Hop::Http2, seen));
        self.keep(seen);
        Box::pin(alone::look_again(context, &mut self.evidence)).await;
        Box::pin(http2::look_engine_again(context, &mut self.evidence)).await;
        self.report_engine()?;
        Box::pin(self.keep_app(context, subject, heard, (None, None))).await
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

    /// Whether HTTP/2 is spoken beside HTTP/1.1: the host agreed to it and answered its greeting, and the user does not forbid it.
    fn speaks_http2(&self) -> bool {
        let greeted = self.evidence.tls.as_ref().is_some_and(|tls| tls.http2 == Some(true));
        greeted && self.plan.http == HttpVersions::Both && self.connector.http2().is_none()
    }

    fn report_engine(&mut self) -> std::io::Result<()> {
        let hops = [Hop::Sticky, Hop::Upgrade, Hop::Cors];
        let seen: Vec<_> = hops.into_iter().filter(|hop| !self.evidence.at(*hop).is_null()).collect();
        self.report(&seen)
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
    async fn look(context: &Context, handshake: Option<&Handshake>) -> Self {
        let handshake = handshake.filter(|handshake| handshake.open.is_some());
        let (sticky, upgrades, cors) = tokio::join!(
            OptionFuture::from(handshake.map(|handshake| timed(engine_hops::sticky(context, handshake)))),
            timed(upgrade::upgrades(context, Proof::Packets { polling: handshake.is_some() })),
            OptionFuture::from(handshake.map(|_| timed(engine_hops::cors(context)))),
        );
        Self { sticky, upgrades, cors }
    }
}

/// What comes of it, and how long that took, in milliseconds.
fn timed<'a, T: 'a>(what: impl Future<Output = T> + 'a) -> impl Future<Output = (T, u64)> + 'a {
    let what = Box::pin(what);
    async move {
        let start = Instant::now();
        let seen = what.await;
        (seen, millis(start))
    }
}
