//! Unix domain sockets, and sockets that systemd passes on.

use std::{
    fs, io,
    os::unix::{
        fs::{FileTypeExt, MetadataExt, PermissionsExt},
        net::UnixStream,
    },
    path::{Path, PathBuf},
};

use listenfd::ListenFd;
use socket2::{Domain, SockAddr, Socket, Type};
use tokio::net::{TcpListener, UnixListener};
use tokio_util::either::Either;

use super::{BindError, BoundListener, Endpoint, SocketMode, tcp::BACKLOG};

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

impl Drop for SocketFile {
    fn drop(&mut self) {
        if inode_of(&self.path).is_some_and(|found| found == self.inode) {
            // A file left behind is replaced at the next start.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl UnixSocketListener {
    /// Binds a path, with this mode. Replaces a socket on which nobody listens any more; touches nothing else.
    pub(super) fn bind(path: &Path, endpoint: &Endpoint, mode: SocketMode) -> Result<Self, BindError> {
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
        let listener = listen(path, mode).map_err(fail)?;
        let file = inode_of(path).map(|inode| SocketFile { path: path.to_owned(), inode });
        Ok(Self { listener, file })
    }

    pub(super) async fn accept(&self) -> io::Result<tokio::net::UnixStream> {
        self.listener.accept().await.map(|(stream, _)| stream)
    }

    /// Closes the door, and returns who stands in it.
    pub(super) fn close(self) -> io::Result<impl Iterator<Item = tokio::net::UnixStream>> {
        // First: nobody finds the way any more, so nobody comes between the last `accept` and the end.
        drop(self.file);
        let listener = self.listener.into_std()?;
        let waiting = std::iter::from_fn(move || listener.accept().ok());
        Ok(waiting.filter_map(|(stream, _)| {
            stream.set_nonblocking(true).and_then(|()| tokio::net::UnixStream::from_std(stream)).ok()
        }))
    }
}

/// Listens on a path that is free. The mode is set between bind(2) and listen(2), while nobody can connect; a umask would hold for
/// the files of all threads.
fn listen(path: &Path, mode: SocketMode) -> io::Result<UnixListener> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(&SockAddr::unix(path)?)?;
    let ready = fs::set_permissions(path, fs::Permissions::from_mode(mode.bits()))
        .and_then(|()| socket.set_nonblocking(true))
        .and_then(|()| socket.listen(BACKLOG.cast_signed()))
        .and_then(|()| UnixListener::from_std(socket.into()));
    if ready.is_err() {
        // Nobody listens on it, so nobody misses it.
        let _ = fs::remove_file(path);
    }
    ready
}

fn inode_of(path: &Path) -> Option<(u64, u64)> {
    fs::symlink_metadata(path).ok().map(|found| (found.dev(), found.ino()))
}

/// Takes the first socket that systemd passed, TCP or Unix.
pub(super) fn inherited() -> io::Result<BoundListener> {
    let mut passed = ListenFd::from_env();
    if let Ok(Some(listener)) = passed.take_tcp_listener(0) {
        listener.set_nonblocking(true)?;
        return Ok(BoundListener {
            inherited: true,
            ..BoundListener::tcp(TcpListener::from_std(listener)?)?
        });
    }
    let listener = passed.take_unix_listener(0)?.ok_or(io::ErrorKind::NotFound)?;
    listener.set_nonblocking(true)?;
    let listener = UnixSocketListener { listener: UnixListener::from_std(listener)?, file: None };
    Ok(BoundListener { inherited: true, ..BoundListener::new(Either::Right(listener), Endpoint::Inherited) })
}
