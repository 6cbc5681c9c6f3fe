//! [`Connector`]: opens all connections of the probe: name, TCP, TLS, each with its limit.

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};

use super::{
    gate::{Gate, Pass},
    recorded::Recorded,
    tls::Roots,
};
use crate::probe::{
    budget::{Budget, Line},
    evidence::{Attempt, Failure, FailureKind, Name, Tcp, Tls},
    plan::Plan,
    target::Target,
};

/// Opens connections.
#[derive(Debug)]
pub(crate) struct Connector {
    plan: Arc<Plan>,
    roots: Roots,
    /// The address that answered, for each host and port.
    known: Mutex<HashMap<(String, u16), SocketAddr>>,
    /// What every connection passes.
    gate: Gate,
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
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            plan,
            roots: Roots::of_system(),
            known: Mutex::default(),
            gate: Gate::default(),
            line: Mutex::default(),
            start: Instant::now(),
            asked: AtomicU32::new(0),
            probe: now.subsec_nanos() ^ std::process::id(),
        }
    }

    /// A text that no other request has, of this or another probe.
    pub(crate) fn unique(&self) -> String {
        format!("{:08x}-{}", self.probe, self.asked.fetch_add(1, Ordering::Relaxed))
    }

    /// What the next request asks Dante with, to know its answer again; nothing where no Dante is expected.
    pub(super) fn ask(&self) -> Option<String> {
        self.plan.socketio.is_none().then(|| self.unique())
    }

    /// What the probe is to do.
    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What every connection passes.
    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
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

    /// Looks a name up.
    pub(crate) async fn look_up(&self, target: &Target, limit: Duration) -> (Name, Vec<SocketAddr>) {
        let mut name = Name { name: target.host.clone(), ..Name::default() };
        let given: Vec<_> = self.plan.resolved(&target.host, target.port).collect();
        let addresses = if given.is_empty() {
            match timeout(limit, lookup_host((target.host.as_str(), target.port))).await {
                Ok(Ok(addresses)) => addresses.collect(),
                Ok(Err(error)) => {
                    name.failure = Some(Failure::new(FailureKind::Unknown, error.to_string()));
                    Vec::new()
                }
                Err(_) => {
                    let text = format!("no answer within {:.1} s", limit.as_secs_f64());
                    name.failure = Some(Failure::new(FailureKind::Timeout, text));
                    Vec::new()
                }
            }
        } else {
            name.given = true;
            given
        };
        // A name may have any number of addresses; a few tell enough.
        let mut addresses: Vec<SocketAddr> = addresses.into_iter().take(8).collect();
        addresses.dedup();
        name.addresses = addresses.iter().map(|address| address.ip().to_string()).collect();
        if addresses.is_empty() && name.failure.is_none() {
            name.failure = Some(Failure::new(FailureKind::Unknown, "the name has no address"));
        }
        (name, addresses)
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
                lock(&self.known).insert((target.host.clone(), target.port), *address);
                return (tcp, Some(stream));
            }
        }
        (tcp, None)
    }

    async fn tcp(&self, target: &Target) -> Result<TcpStream, Failure> {
        let known = lock(&self.known).get(&(target.host.clone(), target.port)).copied();
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
        let failure = || tcp.attempts.into_iter().find_map(|attempt| attempt.failure);
        stream.ok_or_else(|| {
            failure().expect("there is an address, and without a connection its attempt failed")
        })
    }

    /// A connection for one request, over TLS if the target says so. A certificate that the system does not
    /// vouch for ends it, unless `--insecure` is given: the request may hold secrets.
    ///
    /// # Errors
    /// With what went wrong.
    pub(crate) async fn open(&self, target: &Target, pass: Pass) -> Result<Recorded, Failure> {
        let tcp = self.tcp(target).await?;
        if !target.tls {
            return Ok(Recorded::new(Box::new(tcp), pass));
        }
        let (config, seen) = self.roots.config(&["http/1.1"]).map_err(|error| of_tls(&error))?;
        let stream = TlsConnector::from(config)
            .connect(server_name(target)?, tcp)
            .await
            .map_err(|error| of_handshake(&error))?;
        let trusted = lock(&seen).is_trusted();
        if !trusted && !self.plan.insecure {
            return Err(Failure::new(FailureKind::Tls, "the certificate is not trusted"));
        }
        Ok(Recorded::new(Box::new(stream), pass))
    }

    /// A handshake of TLS for its own sake, offering HTTP/2, too.
    pub(crate) async fn inspect(&self, target: &Target, limit: Duration) -> Tls {
        let _pass = self.gate.enter().await;
        let failed = |failure| Tls { failure: Some(failure), ..Tls::default() };
        match timeout(limit, self.try_inspect(target)).await {
            Ok(Ok(tls)) => tls,
            Ok(Err(failure)) => failed(failure),
            Err(_) => {
                let text = format!("no answer to the TLS handshake within {:.1} s", limit.as_secs_f64());
                failed(Failure::new(FailureKind::Timeout, text))
            }
        }
    }

    async fn try_inspect(&self, target: &Target) -> Result<Tls, Failure> {
        let tcp = self.tcp(target).await?;
        let (config, seen) = self.roots.config(&["h2", "http/1.1"]).map_err(|error| of_tls(&error))?;
        let stream = TlsConnector::from(config).connect(server_name(target)?, tcp).await;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let seen = lock(&seen).clone();
        let facts = seen.facts(i64::try_from(now).unwrap_or(i64::MAX));
        Ok(match stream {
            Ok(stream) => {
                let session = stream.get_ref().1;
                Tls {
                    protocol: session
                        .protocol_version()
                        .and_then(|version| version.as_str().map(str::to_owned)),
                    alpn: session.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned()),
                    insecure: self.plan.insecure,
                    ..facts
                }
            }
            Err(error) => Tls { failure: Some(of_handshake(&error)), ..facts },
        })
    }
}

/// Locks one of the small tables that connections share.
pub(super) fn lock<T>(table: &Mutex<T>) -> MutexGuard<'_, T> {
    table.lock().expect("nothing panics while it holds one of these locks")
}

fn server_name(target: &Target) -> Result<ServerName<'static>, Failure> {
    ServerName::try_from(target.host.clone())
        .map_err(|error| Failure::new(FailureKind::Tls, error.to_string()))
}

fn of_tls(error: &tokio_rustls::rustls::Error) -> Failure {
    Failure::new(FailureKind::Tls, error.to_string())
}

/// Why a handshake of TLS failed; an error of TLS travels inside one of input and output.
fn of_handshake(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
            Failure::new(FailureKind::Tls, error.to_string())
        }
        io::ErrorKind::UnexpectedEof => {
            Failure::new(FailureKind::Closed, "the peer closed during the handshake")
        }
        _ => of_io(error),
    }
}

/// Names an error of input or output.
pub(crate) fn of_io(error: &io::Error) -> Failure {
    let kind = match error.kind() {
        io::ErrorKind::ConnectionRefused => FailureKind::Refused,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
            FailureKind::Reset
        }
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => FailureKind::Unreachable,
        io::ErrorKind::TimedOut => FailureKind::Timeout,
        io::ErrorKind::UnexpectedEof => FailureKind::Closed,
        _ => FailureKind::Other,
    };
    Failure::new(kind, error.to_string())
}

/// The time since a moment, in milliseconds.
pub(crate) fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
