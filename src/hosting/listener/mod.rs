//! [`BoundListener`]: a bound endpoint. One listener for TCP, Unix domain sockets, Windows named
//! pipes and inherited sockets.

mod bounds;
mod connections;
mod delivery;
pub(crate) mod explain_refusals;
#[cfg(any(test, fuzzing))]
pub(crate) mod invariants;
mod phase;
#[cfg(windows)]
mod pipe;
mod preface;
mod repair;
pub(crate) mod repair_requests;
mod request_clock;
mod request_line;
mod request_start;
pub(crate) mod shared_port;
mod socket;
mod switching;
mod tcp;
#[cfg(unix)]
mod unix;
pub(crate) mod write_timeout;

use std::{
    io,
    sync::{Arc, Weak},
};

use bytes::Bytes;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio_util::{either::Either, sync::CancellationToken};

pub use bounds::Bounds;
pub(crate) use bounds::DEFAULT_KEEP_ALIVE;
pub(crate) use connections::Serving;
pub(crate) use delivery::IfLost;
use explain_refusals::ExplainRefusals;
use phase::Phase;
#[cfg(windows)]
use pipe::PipeListener;
use repair_requests::RepairRequests;
use request_clock::RequestClock;
use socket::SharedSocket;
pub(crate) use socket::{Socket, Stream};
pub(crate) use write_timeout::{PATIENCE, WriteTimeout};

use super::{Host, endpoint::Endpoint, fault::log::FaultLog, socket_mode::SocketMode};

#[cfg(unix)]
type LocalListener = unix::UnixSocketListener;
#[cfg(unix)]
type LocalStream = tokio::net::UnixStream;
#[cfg(windows)]
type LocalListener = PipeListener;
#[cfg(windows)]
type LocalStream = tokio::net::windows::named_pipe::NamedPipeServer;

/// The other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// A TCP address.
    Tcp(std::net::SocketAddr),
    /// A process on this machine, over a Unix domain socket or a pipe.
    Local,
}

impl std::fmt::Display for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Local => f.write_str("local"),
        }
    }
}

/// What a request knows of the connection that it came over.
#[derive(Debug, Clone)]
pub(crate) struct Accepted {
    /// The other end.
    pub(crate) peer: Peer,
    /// The connection itself, as long as it is open.
    pub(crate) socket: Weak<Socket>,
}

/// Why nothing could be bound: what, why, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another program listens there.
    #[error(
        "{0} is in use by another program; stop that program, or choose another place with --listen (for example --listen 8889)"
    )]
    InUse(Endpoint),
    /// The system refuses.
    #[error(
        "this account may not use {0}; choose a port above 1023 with --listen, or run Dante with the rights that it needs"
    )]
    Denied(Endpoint),
    /// The path is not a socket.
    #[error(
        "{0} exists and is not a socket, so Dante does not replace it; remove it, or choose another path with --listen"
    )]
    NotASocket(Endpoint),
    /// Anything else.
    #[error("cannot listen on {0}: {1}; choose another place with --listen")]
    Other(Endpoint, io::Error),
}

impl BindError {
    fn new(endpoint: &Endpoint, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AddrInUse => Self::InUse(endpoint.clone()),
            io::ErrorKind::PermissionDenied => Self::Denied(endpoint.clone()),
            _ => Self::Other(endpoint.clone(), error),
        }
    }
}

/// A listener, with what it does to connections.
#[derive(Debug)]
pub struct BoundListener {
    listener: Either<TcpListener, LocalListener>,
    endpoint: Endpoint,
    /// Whether others have the same socket, and go on with it.
    inherited: bool,
    /// Whether other processes may listen on the same port.
    is_shared: bool,
    /// Whether to repair the request lines that iisnode breaks.
    repairs: bool,
    faults: Arc<FaultLog>,
    bounds: Bounds,
}

impl BoundListener {
    /// Binds an endpoint; a Unix domain socket with the mode that is the default.
    ///
    /// # Errors
    /// When it is in use or the system refuses.
    pub async fn bind(endpoint: &Endpoint) -> Result<Self, BindError> {
        Self::bind_with_mode(endpoint, SocketMode::default()).await
    }

    /// Binds an endpoint; a Unix domain socket with this mode.
    ///
    /// # Errors
    /// When it is in use or the system refuses.
    #[cfg_attr(windows, expect(unused_variables, reason = "there are no Unix domain sockets"))]
    pub async fn bind_with_mode(endpoint: &Endpoint, mode: SocketMode) -> Result<Self, BindError> {
        let listener = match endpoint {
            Endpoint::Tcp(address) => {
                let listener = tcp::bindable(*address).and_then(|socket| tcp::listen(socket, *address));
                return listener.and_then(Self::tcp).map_err(|error| BindError::new(endpoint, error));
            }
            #[cfg(unix)]
            Endpoint::Unix(path) => unix::UnixSocketListener::bind(path, endpoint, mode)?,
            #[cfg(windows)]
            Endpoint::Pipe(name) => {
                PipeListener::bind(name).map_err(|error| BindError::new(endpoint, error))?
            }
            #[cfg(unix)]
            Endpoint::Inherited => return unix::inherited().map_err(|error| BindError::new(endpoint, error)),
            // Parsing refuses these.
            other => return Err(BindError::Other(other.clone(), io::ErrorKind::Unsupported.into())),
        };
        Ok(Self::new(Either::Right(listener), endpoint.clone()))
    }

    /// Binds a TCP port that other processes may bind in the same way.
    ///
    /// # Errors
    /// When it is in use in another way, is no TCP port, or the system refuses.
    pub(crate) fn bind_shared(endpoint: &Endpoint) -> Result<Self, BindError> {
        let listener = match endpoint {
            Endpoint::Tcp(address) => shared_port::listen(*address)
                .and_then(Self::tcp)
                .map(|listener| Self { is_shared: true, ..listener }),
            // The configuration refuses these.
            _ => Err(io::ErrorKind::Unsupported.into()),
        };
        listener.map_err(|error| BindError::new(endpoint, error))
    }

    fn tcp(listener: TcpListener) -> io::Result<Self> {
        let endpoint = Endpoint::Tcp(listener.local_addr()?);
        Ok(Self::new(Either::Left(listener), endpoint))
    }

    fn new(listener: Either<TcpListener, LocalListener>, endpoint: Endpoint) -> Self {
        Self {
            listener,
            endpoint,
            inherited: false,
            is_shared: false,
            repairs: false,
            faults: Arc::default(),
            bounds: Bounds::default(),
        }
    }

    /// The same listener behind a host: it repairs what the host breaks, and logs what it cannot repair.
    #[must_use]
    pub(crate) fn behind(self, host: Host, faults: Arc<FaultLog>) -> Self {
        Self { repairs: host == Host::Iisnode, faults, ..self }
    }

    /// The same listener with other bounds for its connections.
    #[must_use]
    pub fn within(self, bounds: Bounds) -> Self {
        Self { bounds, ..self }
    }

    /// What its connections may cost.
    pub(crate) fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// Where it listens, with the port that the system chose.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}

/// The layers of a connection while it speaks HTTP, from the server to the system.
type Connection<C = SharedSocket> = ExplainRefusals<RequestClock<RepairRequests<WriteTimeout<C>>>>;

/// What the layers of a connection have to know.
#[derive(Debug)]
struct Wrapping {
    repairs: bool,
    faults: Arc<FaultLog>,
    bounds: Bounds,
    stop: CancellationToken,
}

impl Wrapping {
    fn wrap<C>(&self, socket: C, phase: Arc<Phase>) -> Connection<C> {
        let patient = WriteTimeout::new(socket, self.stop.clone());
        let timed = RequestClock::new(RepairRequests::new(patient, self.repairs), phase, &self.bounds);
        ExplainRefusals::new(timed, Arc::clone(&self.faults))
    }
}

fn socket_of(connection: &Connection) -> &Arc<Socket> {
    &connection.get_ref().get_ref().get_ref().get_ref().0
}

/// The socket of a connection that hyper has let go of for another protocol, without its layers, and what hyper had already read
/// of that protocol. None if hyper had it from another listener.
pub(crate) fn socket_of_upgraded(upgraded: Upgraded) -> Option<(Arc<Socket>, Bytes)> {
    let parts = upgraded.downcast::<TokioIo<Connection>>().ok()?;
    // A slice would keep hyper's whole read buffer alive, even an empty one.
    Some((Arc::clone(socket_of(parts.io.inner())), Bytes::copy_from_slice(&parts.read_buf)))
}

impl BoundListener {
    /// The next connection.
    async fn accept(&mut self) -> io::Result<(Stream, Peer)> {
        match &mut self.listener {
            Either::Left(listener) => listener.accept().await.map(|(stream, address)| {
                tcp::prepare(&stream);
                (Stream::Tcp(stream), Peer::Tcp(address))
            }),
            Either::Right(listener) => {
                listener.accept().await.map(|stream| (Stream::Local(stream), Peer::Local))
            }
        }
    }

    /// Whether another process takes, or will take, who comes when this one accepts nobody any more.
    fn has_successor(&self) -> bool {
        self.inherited || self.is_shared
    }

    /// Closes it, after everybody who has connected already was given to `serve`. Those who wait at a socket of systemd's are left to
    /// the next process.
    async fn close(self, mut serve: impl FnMut(Stream, Peer)) -> io::Result<()> {
        if self.inherited {
            return Ok(());
        }
        match self.listener {
            Either::Left(listener) => {
                let listener = listener.into_std()?;
                let is_silent = tcp::refuse_handshakes(&listener);
                let mut take = || {
                    while let Ok((stream, address)) = listener.accept() {
                        if let Some(stream) = tcp::adopt(stream) {
                            serve(Stream::Tcp(stream), Peer::Tcp(address));
                        }
                    }
                };
                take();
                if is_silent {
                    let is_near = listener.local_addr()?.ip().is_loopback();
                    tokio::time::sleep(if is_near { tcp::NEAR_HANDSHAKE } else { tcp::HANDSHAKE }).await;
                    take();
                }
            }
            Either::Right(listener) => {
                listener.close()?.for_each(|stream| serve(Stream::Local(stream), Peer::Local));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod properties;

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;

    #[tokio::test]
    async fn a_stale_socket_is_replaced_and_ours_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("dante.sock");
        let endpoint = Endpoint::Unix(path.clone());
        // std's listener leaves its file behind, as a killed process does.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let bound = BoundListener::bind(&endpoint).await.unwrap();
        assert!(matches!(BoundListener::bind(&endpoint).await, Err(BindError::InUse(_))));
        drop(bound);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_socket_has_its_mode() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        for (mode, expected) in [(SocketMode::default(), 0o660), (SocketMode::parse("666").unwrap(), 0o666)] {
            let path = dir.path().join(mode.to_string());
            let _bound = BoundListener::bind_with_mode(&Endpoint::Unix(path.clone()), mode).await.unwrap();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, expected);
        }
    }

    #[tokio::test]
    async fn other_files_are_not_touched() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("precious");
        fs::write(&path, "text").unwrap();
        let error = BoundListener::bind(&Endpoint::Unix(path.clone())).await.unwrap_err();
        assert!(matches!(error, BindError::NotASocket(_)));
        assert_eq!(fs::read_to_string(&path).unwrap(), "text");
    }

    #[tokio::test]
    async fn a_port_in_use_says_so() {
        let taken = BoundListener::bind(&Endpoint::loopback(0)).await.unwrap();
        let error = BoundListener::bind(taken.endpoint()).await.unwrap_err().to_string();
        assert!(error.contains(&taken.endpoint().to_string()) && error.contains("--listen"), "{error}");
    }
}
