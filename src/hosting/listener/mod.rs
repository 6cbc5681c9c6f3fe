//! [`BoundListener`]: a bound endpoint. One listener for TCP, Unix domain sockets, Windows named
//! pipes and inherited sockets.

pub(crate) mod explain_refusals;
#[cfg(any(test, fuzzing))]
pub(crate) mod invariants;
#[cfg(windows)]
mod pipe;
mod preface;
mod repair;
pub(crate) mod repair_requests;
mod request_line;
mod request_start;
pub(crate) mod write_timeout;

use std::{io, sync::Arc, time::Duration};

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::either::Either;

use explain_refusals::ExplainRefusals;
#[cfg(windows)]
use pipe::PipeListener;
use repair_requests::RepairRequests;
use write_timeout::WriteTimeout;

use super::{Host, endpoint::Endpoint, fault::log::FaultLog};

#[cfg(unix)]
type LocalListener = unix::UnixSocketListener;
#[cfg(unix)]
type LocalStream = tokio::net::UnixStream;
#[cfg(windows)]
type LocalListener = PipeListener;
#[cfg(windows)]
type LocalStream = tokio::net::windows::named_pipe::NamedPipeServer;

/// When the system checks whether a quiet peer is still there.
const KEEPALIVE: TcpKeepalive =
    TcpKeepalive::new().with_time(Duration::from_secs(60)).with_interval(Duration::from_secs(15));

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

impl Connected<IncomingStream<'_, BoundListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, BoundListener>) -> Self {
        *stream.remote_addr()
    }
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

/// A listener, ready for `axum::serve`.
#[derive(Debug)]
pub struct BoundListener {
    listener: Either<TcpListener, LocalListener>,
    endpoint: Endpoint,
    /// Whether to repair the request lines that iisnode breaks.
    repairs: bool,
    faults: Arc<FaultLog>,
}

impl BoundListener {
    /// Binds an endpoint.
    ///
    /// # Errors
    /// When it is in use or the system refuses.
    pub async fn bind(endpoint: &Endpoint) -> Result<Self, BindError> {
        let listener = match endpoint {
            Endpoint::Tcp(address) => {
                let listener =
                    TcpListener::bind(address).await.map_err(|error| BindError::new(endpoint, error))?;
                return Self::tcp(listener).map_err(|error| BindError::new(endpoint, error));
            }
            #[cfg(unix)]
            Endpoint::Unix(path) => unix::UnixSocketListener::bind(path, endpoint)?,
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

    fn tcp(listener: TcpListener) -> io::Result<Self> {
        let endpoint = Endpoint::Tcp(listener.local_addr()?);
        Ok(Self::new(Either::Left(listener), endpoint))
    }

    fn new(listener: Either<TcpListener, LocalListener>, endpoint: Endpoint) -> Self {
        Self { listener, endpoint, repairs: false, faults: Arc::default() }
    }

    /// The same listener behind a host: it repairs what the host breaks, and logs what it cannot repair.
    #[must_use]
    pub(crate) fn behind(self, host: Host, faults: Arc<FaultLog>) -> Self {
        Self { repairs: host == Host::Iisnode, faults, ..self }
    }

    /// Where it listens, with the port that the system chose.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}

/// Sets options that help but are not vital, so errors are ignored.
fn prepare(stream: &TcpStream) {
    // Without this the first stanza waits 40 ms for the client's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let socket = SockRef::from(stream);
    let _ = socket.set_tcp_keepalive(&KEEPALIVE);
    // A vanished peer does not acknowledge data; by default Linux retries for 15 minutes.
    #[cfg(target_os = "linux")]
    let _ = socket.set_tcp_user_timeout(Some(write_timeout::PATIENCE));
}

/// The layers of every connection, from the server to the system.
type Connection<C> = ExplainRefusals<RepairRequests<WriteTimeout<C>>>;

fn wrap<C>(stream: C, repairs: bool, faults: Arc<FaultLog>) -> Connection<C> {
    ExplainRefusals::new(RepairRequests::new(WriteTimeout::new(stream), repairs), faults)
}

impl Listener for BoundListener {
    type Io = Connection<Either<TcpStream, LocalStream>>;
    type Addr = Peer;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let accepted = match &mut self.listener {
                Either::Left(listener) => TcpListener::accept(listener).await.map(|(stream, address)| {
                    prepare(&stream);
                    (Either::Left(stream), Peer::Tcp(address))
                }),
                Either::Right(listener) => {
                    listener.accept().await.map(|stream| (Either::Right(stream), Peer::Local))
                }
            };
            match accepted {
                Ok((stream, peer)) => {
                    let faults = Arc::clone(&self.faults);
                    return (wrap(stream, self.repairs, faults), peer);
                }
                Err(error) if is_the_peers(&error) => {}
                Err(error) => {
                    // Most likely out of file descriptors, which are freed as readers leave.
                    tracing::error!(%error, "a connection could not be accepted; trying again in a second");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        match &self.listener {
            Either::Left(listener) => listener.local_addr().map(Peer::Tcp),
            Either::Right(_) => Ok(Peer::Local),
        }
    }
}

/// Whether the peer closed the connection before it was accepted: then there is no reason to wait.
fn is_the_peers(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

#[cfg(unix)]
mod unix {
    use std::{
        fs, io,
        os::unix::{
            fs::{FileTypeExt, MetadataExt},
            net::UnixStream,
        },
        path::{Path, PathBuf},
    };

    use listenfd::ListenFd;
    use tokio::net::{TcpListener, UnixListener};
    use tokio_util::either::Either;

    use super::{BindError, BoundListener, Endpoint};

    /// A Unix domain socket; dropping the listener removes its file.
    #[derive(Debug)]
    pub(super) struct UnixSocketListener {
        listener: UnixListener,
        file: Option<SocketFile>,
    }

    /// A file that we made, recognised by its inode: another process may have replaced it.
    #[derive(Debug)]
    struct SocketFile {
        path: PathBuf,
        inode: (u64, u64),
    }

    impl Drop for UnixSocketListener {
        fn drop(&mut self) {
            let Some(SocketFile { path, inode }) = &self.file else { return };
            if inode_of(path).is_some_and(|found| found == *inode) {
                // A file left behind is replaced at the next start.
                let _ = fs::remove_file(path);
            }
        }
    }

    impl UnixSocketListener {
        /// Binds a path. Replaces a socket on which nobody listens any more; touches nothing else.
        pub(super) fn bind(path: &Path, endpoint: &Endpoint) -> Result<Self, BindError> {
            let fail = |error| BindError::new(endpoint, error);
            match fs::symlink_metadata(path) {
                Ok(found) if !found.file_type().is_socket() => {
                    return Err(BindError::NotASocket(endpoint.clone()));
                }
                Ok(_) => match UnixStream::connect(path) {
                    Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                        fs::remove_file(path).map_err(fail)?;
                    }
                    Ok(_) => return Err(BindError::InUse(endpoint.clone())),
                    Err(error) => return Err(fail(error)),
                },
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(fail(error)),
            }
            let listener = UnixListener::bind(path).map_err(fail)?;
            let file = inode_of(path).map(|inode| SocketFile { path: path.to_owned(), inode });
            Ok(Self { listener, file })
        }

        pub(super) async fn accept(&self) -> io::Result<tokio::net::UnixStream> {
            self.listener.accept().await.map(|(stream, _)| stream)
        }
    }

    fn inode_of(path: &Path) -> Option<(u64, u64)> {
        fs::symlink_metadata(path).ok().map(|found| (found.dev(), found.ino()))
    }

    /// Takes the first socket that systemd passed, TCP or Unix.
    pub(super) fn inherited() -> io::Result<BoundListener> {
        let mut passed = ListenFd::from_env();
        if let Ok(Some(listener)) = passed.take_tcp_listener(0) {
            listener.set_nonblocking(true)?;
            return BoundListener::tcp(TcpListener::from_std(listener)?);
        }
        let listener = passed.take_unix_listener(0)?.ok_or(io::ErrorKind::NotFound)?;
        listener.set_nonblocking(true)?;
        let listener = UnixSocketListener { listener: UnixListener::from_std(listener)?, file: None };
        Ok(BoundListener::new(Either::Right(listener), Endpoint::Inherited))
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
