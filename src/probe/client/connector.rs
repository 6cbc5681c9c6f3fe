//! [`Connector`]: opens all connections of the probe: name, TCP, TLS, each with its limit.

use std::{
    collections::HashMap,
    fmt,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};

use super::{
    carriage::Carriage,
    connection_log::ConnectionLog,
    failures::{of_handshake, of_io, of_tls},
    gate::{Gate, Pass},
    http2::SharedConnections,
    journal::Journal,
    lock::lock,
    recorded::Recorded,
    tls::Roots,
};
use crate::probe::{
    budget::{Budget, Line},
    evidence::{Attempt, Connections, Failure, FailureKind, Tcp},
    plan::{HttpVersions, Plan},
    target::Target,
};

/// How long after a refusal a port is tried again, to see whether it is gone for good.
const BETWEEN_REFUSALS: Duration = Duration::from_millis(300);

/// What browsers offer (RFC 7301).
pub(super) const BROWSER: &[&str] = &["h2", "http/1.1"];

/// A host and port.
type Peer = (String, u16);

/// Opens connections.
pub(crate) struct Connector {
    plan: Arc<Plan>,
    roots: Roots,
    /// The address that answered, for each host and port.
    known: Mutex<HashMap<Peer, SocketAddr>>,
    /// A connection that nobody has used yet.
    spare: Mutex<Option<(Peer, TcpStream)>>,
    log: ConnectionLog,
    journal: Journal,
    /// What every connection passes.
    gate: Arc<Gate>,
    /// The connections of HTTP/2, if that is spoken.
    http2: Option<SharedConnections>,
    /// What was measured of the line.
    line: Mutex<Line>,
    /// When the probe began.
    start: Instant,
    /// How many requests have asked what reached the server.
    asked: AtomicU32,
    /// Tells this probe's requests from those of others, in caches.
    probe: u32,
}

impl Connector {
    /// A connector with the system's roots.
    pub(crate) fn new(plan: Arc<Plan>) -> Self {
        let http2 = (plan.http == HttpVersions::Two).then(SharedConnections::default);
        Self {
            plan,
            roots: Roots::of_system(),
            known: Mutex::default(),
            gate: Arc::default(),
            http2,
            line: Mutex::default(),
            start: Instant::now(),
            spare: Mutex::default(),
            log: ConnectionLog::default(),
            journal: Journal::default(),
            asked: AtomicU32::new(0),
            probe: new_name(),
        }
    }

    /// A text that no other request has, of this or another probe.
    pub(crate) fn unique(&self) -> String {
        format!("{:08x}-{}", self.probe, self.asked.fetch_add(1, Ordering::Relaxed))
    }

    /// What the next request asks Dante with, to know its answer again; nothing where no Dante is expected.
    pub(super) fn ask(&self) -> Option<String> {
        self.plan.subject.kind().is_page().then(|| self.unique())
    }

    /// What the probe is to do.
    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Every exchange.
    pub(crate) fn journal(&self) -> &Journal {
        &self.journal
    }

    /// What every connection passes.
    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Waits for the time when a request may be made, and for a place for its connection if it does not share one.
    pub(crate) async fn enter(&self) -> Pass {
        match &self.http2 {
            None => self.gate.enter().await,
            Some(shared) => self.gate.enter_next(shared.place(&self.gate).await).await,
        }
    }

    /// The connections of HTTP/2, if that is spoken.
    pub(crate) fn http2(&self) -> Option<&SharedConnections> {
        self.http2.as_ref()
    }

    /// When the probe began.
    pub(super) fn start(&self) -> Instant {
        self.start
    }

    /// What was measured of the line.
    pub(crate) fn line(&self) -> MutexGuard<'_, Line> {
        lock(&self.line)
    }

    /// How long each thing may take, by what is known so far.
    pub(crate) fn budget(&self) -> Budget {
        Budget::new(self.plan.timeout, *self.line())
    }

    /// The time since the probe began, in milliseconds.
    pub(crate) fn now_ms(&self) -> u64 {
        millis(self.start)
    }

    /// Whether there are roots to check certificates with.
    pub(crate) fn has_roots(&self) -> bool {
        self.roots.are_usable()
    }

    /// Connects to one address after the other until one accepts, which is used from now on.
    pub(crate) async fn reach(
        &self,
        target: &Target,
        addresses: &[SocketAddr],
        limit: Duration,
    ) -> (Tcp, Option<TcpStream>) {
        let mut tcp = Tcp::default();
        for address in addresses {
            let start = Instant::now();
            let result = match timeout(limit, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => Ok(stream),
                Ok(Err(error)) => Err(of_io(&error)),
                Err(_) => {
                    let text = format!("no answer within {:.1} s", limit.as_secs_f64());
                    Err(Failure::new(FailureKind::Timeout, text))
                }
            };
            let (stream, failure) = match result {
                Ok(stream) => (Some(stream), None),
                Err(failure) => (None, Some(failure)),
            };
            tcp.attempts.push(Attempt { address: address.to_string(), ms: millis(start), failure });
            if let Some(stream) = stream {
                // Small packets must not wait for each other; where that fails, they do.
                let _ = stream.set_nodelay(true);
                self.line().connected(start.elapsed());
                self.log.opened();
                self.remember(target, *address);
                return (tcp, Some(stream));
            }
        }
        (tcp, None)
    }

    /// One that goes to this address of several, and counts for itself; what it opens passes the same gate.
    pub(crate) fn at(&self, target: &Target, address: SocketAddr) -> Self {
        let known = HashMap::from([((target.host.clone(), target.port), address)]);
        self.another(self.plan.clone(), known)
    }

    /// One that speaks HTTP/2, all requests over one connection, and writes into the same journal.
    pub(crate) fn over_http2(&self) -> Self {
        let another = self.another(self.plan.clone(), lock(&self.known).clone());
        Self { http2: Some(SharedConnections::default()), journal: self.journal.clone(), ..another }
    }

    /// One that leaves out the headers which the user gave: they may be secrets.
    pub(crate) fn without_headers(&self) -> Self {
        let mut plan = Plan::clone(&self.plan);
        plan.headers.clear();
        self.another(Arc::new(plan), lock(&self.known).clone())
    }

    /// One that goes to where it is told itself: to a proxy, for the proxy's own sake.
    pub(crate) fn without_proxies(&self) -> Self {
        self.another(Arc::new(self.plan.without_proxies()), lock(&self.known).clone())
    }

    /// One that remembers nothing of this one's connections, as a client that has just come; what it opens passes the same gate.
    pub(crate) fn afresh(&self) -> Self {
        Self { probe: new_name(), ..self.another(self.plan.clone(), HashMap::new()) }
    }

    fn another(&self, plan: Arc<Plan>, known: HashMap<Peer, SocketAddr>) -> Self {
        Self {
            plan,
            roots: self.roots.clone(),
            known: Mutex::new(known),
            spare: Mutex::default(),
            log: ConnectionLog::default(),
            journal: Journal::default(),
            gate: self.gate.clone(),
            http2: self.http2.as_ref().map(|_| SharedConnections::default()),
            line: Mutex::new(*self.line()),
            start: self.start,
            asked: AtomicU32::new(0),
            probe: self.probe,
        }
    }

    /// Uses this address for a host from now on.
    pub(crate) fn remember(&self, target: &Target, address: SocketAddr) {
        lock(&self.known).insert((target.host.clone(), target.port), address);
    }

    /// The address that is used for a host.
    pub(crate) fn address_of(&self, target: &Target) -> Option<SocketAddr> {
        lock(&self.known).get(&(target.host.clone(), target.port)).copied()
    }

    /// Keeps a connection for the next request, so that the look at TCP costs the host none of its own.
    pub(crate) fn keep(&self, target: &Target, tcp: TcpStream) {
        *lock(&self.spare) = Some(((target.host.clone(), target.port), tcp));
    }

    /// The connections of this probe.
    pub(super) fn log(&self) -> &ConnectionLog {
        &self.log
    }

    /// All connections up to now, counted.
    pub(crate) fn connections(&self) -> Connections {
        self.log.so_far()
    }

    /// A connection to this host and port itself, whether or not a proxy is set.
    pub(super) async fn tcp(&self, target: &Target) -> Result<TcpStream, Failure> {
        let key = (target.host.clone(), target.port);
        if let Some((_, spare)) = lock(&self.spare).take_if(|(kept, _)| *kept == key) {
            return Ok(spare);
        }
        let known = lock(&self.known).get(&key).copied();
        let addresses = match known {
            Some(address) => vec![address],
            None => {
                let (name, addresses) = self.look_up(target, self.budget().connect()).await;
                if let Some(failure) = name.failure {
                    return Err(failure);
                }
                addresses
            }
        };
        let (tcp, stream) = self.reach(target, &addresses, self.budget().connect()).await;
        if let Some(stream) = stream {
            return Ok(stream);
        }
        let failure = tcp
            .attempts
            .into_iter()
            .find_map(|attempt| attempt.failure)
            .expect("there is an address, and without a connection its attempt failed");
        if known.is_none() || failure.kind != FailureKind::Refused {
            return Err(failure);
        }
        self.log.refused();
        self.ask_again(target, &addresses).await.ok_or(failure)
    }

    /// A port that has accepted a connection refuses one: it may be gone for good, or its queue was full for a moment. That is
    /// found out once.
    async fn ask_again(&self, target: &Target, addresses: &[SocketAddr]) -> Option<TcpStream> {
        if !self.log.is_first_refusal() {
            return None;
        }
        for _ in 0..2 {
            tokio::time::sleep(BETWEEN_REFUSALS).await;
            if let (_, Some(stream)) = self.reach(target, addresses, self.budget().connect()).await {
                return Some(stream);
            }
            self.log.refused();
        }
        None
    }

    /// A connection for one request, over TLS if the target says so. A certificate that the system does not
    /// vouch for ends it, unless `--insecure` is given: the request may hold secrets.
    ///
    /// # Errors
    /// With what went wrong.
    pub(crate) async fn open(
        &self,
        target: &Target,
        carriage: Carriage,
        pass: Pass,
    ) -> Result<Recorded, Failure> {
        self.open_for(target, carriage, pass, &["http/1.1"]).await
    }

    /// The same for HTTP/2, as a browser asks for it; without TLS, the server has to know it (RFC 9113, 3.3).
    ///
    /// # Errors
    /// With what went wrong.
    pub(super) async fn open_http2(&self, target: &Target, pass: Pass) -> Result<Recorded, Failure> {
        self.open_for(target, Carriage::Tunnelled, pass, BROWSER).await
    }

    /// A connection for the first of these protocols, offering all of them.
    async fn open_for(
        &self,
        target: &Target,
        carriage: Carriage,
        pass: Pass,
        alpn: &[&str],
    ) -> Result<Recorded, Failure> {
        let line = self.line_to(target, carriage).await?;
        if !target.tls {
            return Ok(Recorded::new(line, pass));
        }
        let (config, seen) = self.roots.config(alpn, true).map_err(|error| of_tls(&error))?;
        let stream = TlsConnector::from(config)
            .connect(server_name(target)?, line)
            .await
            .map_err(|error| of_handshake(&error))?;
        let trusted = lock(&seen).is_trusted();
        if !trusted && !self.plan.insecure {
            return Err(Failure::new(FailureKind::Tls, "the certificate is not trusted"));
        }
        let agreed = stream.get_ref().1.alpn_protocol();
        if alpn == BROWSER && agreed != Some(b"h2") {
            let agreed = agreed.map_or("none", |name| str::from_utf8(name).unwrap_or("another"));
            let text = format!("the server does not agree to HTTP/2 in the TLS handshake (ALPN: {agreed})");
            return Err(Failure::new(FailureKind::NotOffered, text));
        }
        Ok(Recorded::new(Box::new(stream), pass))
    }

    /// What certificates are measured by.
    pub(super) fn roots(&self) -> &Roots {
        &self.roots
    }
}

/// What tells this probe's requests from those of others, in caches.
fn new_name() -> u32 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.subsec_nanos() ^ std::process::id()
}

/// The name that a certificate has to be for.
pub(super) fn server_name(target: &Target) -> Result<ServerName<'static>, Failure> {
    ServerName::try_from(target.host.clone())
        .map_err(|error| Failure::new(FailureKind::Tls, error.to_string()))
}

/// The time since a moment, in milliseconds.
pub(crate) fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("plan", &self.plan).finish_non_exhaustive()
    }
}
