//! [`Connection`]: a TCP connection that never blocks, with TLS over it or not, and what could not yet be sent.

use std::{
    io::{self, Read as _, Write as _},
    net::{IpAddr, SocketAddr},
};

use mio::{Interest, Registry, Token, net::TcpStream};
use socket2::{Domain, Protocol, Socket, Type};
use tokio_rustls::rustls::ClientConnection;

use super::super::tls::{self, Handshakes};

/// Whether a short read has taken all there was (see [`Connection::short_read_is_all`]): so it is with epoll(7) and
/// kqueue. On Windows mio tells anew only what was read until it would block.
const SHORT_READ_IS_ALL: bool = cfg!(unix);

/// A connection.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    /// What the system did not take yet; with TLS that keeps it.
    pending: Vec<u8>,
    tls: Option<Box<ClientConnection>>,
}

impl Connection {
    /// Begins to connect, from a source address if one is given; the registry tells when that is done.
    ///
    /// # Errors
    /// When there is no descriptor or no port left, for example.
    pub(super) fn open(
        server: SocketAddr,
        source: Option<IpAddr>,
        handshakes: Option<&Handshakes>,
        registry: &Registry,
        token: Token,
    ) -> io::Result<Self> {
        let tls = handshakes.map(Handshakes::begin).transpose().map_err(io::Error::other)?;
        let socket = Socket::new(Domain::for_address(server), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        // What is sent is small and answers something.
        socket.set_tcp_nodelay(true)?;
        if let Some(source) = source {
            socket.bind(&SocketAddr::new(source, 0).into())?;
        }
        match socket.connect(&server.into()) {
            Err(error) if !is_under_way(&error) => return Err(error),
            _ => {}
        }
        let mut stream = TcpStream::from_std(socket.into());
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        Ok(Self { stream, pending: Vec::new(), tls: tls.map(Box::new) })
    }

    /// Whether it is connected; false while that is not decided.
    ///
    /// # Errors
    /// When it could not be.
    pub(super) fn stands(&self) -> io::Result<bool> {
        if let Some(error) = self.stream.take_error()? {
            return Err(error);
        }
        match self.stream.peer_addr() {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotConnected || is_under_way(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Sends, and keeps what the system does not take.
    ///
    /// # Errors
    /// When the connection is broken.
    pub(super) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some(tls) = &mut self.tls {
            tls.writer().write_all(bytes)?;
            return self.flush();
        }
        if !self.pending.is_empty() {
            self.pending.extend_from_slice(bytes);
            return self.flush();
        }
        let sent = write(&mut self.stream, bytes)?;
        self.pending.extend_from_slice(&bytes[sent..]);
        Ok(())
    }

    /// Sends what was kept, now that the system takes more.
    ///
    /// # Errors
    /// When the connection is broken.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        if let Some(tls) = &mut self.tls {
            return flush_tls(tls, &mut self.stream);
        }
        if !self.pending.is_empty() {
            let sent = write(&mut self.stream, &self.pending)?;
            self.pending.drain(..sent);
        }
        Ok(())
    }

    /// Reads what has come; 0 when the server has closed the connection.
    ///
    /// # Errors
    /// `WouldBlock` when nothing more is there; else it is broken.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(tls) = &mut self.tls else { return self.stream.read(buffer) };
        loop {
            match tls.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // Closed without a goodbye, which many servers leave out.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
                result => return result,
            }
            let came = tls.read_tls(&mut self.stream)?;
            let result = tls.process_new_packets();
            // The handshake's next part, or the alert that says why there is none.
            let flushed = flush_tls(tls, &mut self.stream);
            result.map_err(|error| io::Error::other(tls::explain(&error)))?;
            if came == 0 && tls.is_handshaking() {
                return Err(io::Error::other("the server closed the connection in the TLS handshake"));
            }
            flushed?;
        }
    }

    /// Whether a read that did not fill the buffer has taken all there was, so that the next data is told anew.
    pub(super) fn short_read_is_all(&self) -> bool {
        SHORT_READ_IS_ALL && self.tls.is_none()
    }

    /// Ends it.
    pub(super) fn close(mut self, registry: &Registry) {
        // It ends with the descriptor in any case.
        let _ = registry.deregister(&mut self.stream);
    }
}

/// Writes as much as the system takes.
fn write(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<usize> {
    let mut sent = 0;
    while sent < bytes.len() {
        match stream.write(&bytes[sent..]) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(size) => sent += size,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(sent)
}

/// Writes as much of what TLS has to say as the system takes.
fn flush_tls(tls: &mut ClientConnection, stream: &mut TcpStream) -> io::Result<()> {
    while tls.wants_write() {
        match tls.write_tls(stream) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Whether connecting goes on (connect(2), `EINPROGRESS`; on Windows `WSAEWOULDBLOCK`).
fn is_under_way(error: &io::Error) -> bool {
    #[cfg(unix)]
    if error.raw_os_error() == Some(rustix::io::Errno::INPROGRESS.raw_os_error()) {
        return true;
    }
    error.kind() == io::ErrorKind::WouldBlock
}
