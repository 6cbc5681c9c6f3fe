//! A TCP port on which several processes listen; the system gives each of them a share of the connections
//! (`SO_REUSEPORT`, socket(7)). Linux wants the option from all of them, and one account.

use std::{io, net::SocketAddr};

use tokio::net::TcpListener;

use super::tcp;

/// Whether the system can do it.
pub(crate) const IS_POSSIBLE: bool =
    cfg!(all(unix, not(any(target_os = "solaris", target_os = "illumos", target_os = "cygwin"))));

/// Listens on a port, whether other processes do or not. Where that is not possible, it fails where they do.
pub(super) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = tcp::bindable(address)?;
    #[cfg(all(unix, not(any(target_os = "solaris", target_os = "illumos", target_os = "cygwin"))))]
    socket.set_reuseport(true)?;
    tcp::listen(socket, address)
}
