//! What a TCP connection of Dante's is like: quick, with little in the kernel, and not there for ever once its peer has vanished.

use std::{io, net::SocketAddr, time::Duration};

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// How long a connection may be quiet before the system asks the peer whether it is still there, and how often it asks again.
///
/// With `TCP_USER_TIMEOUT` Linux gives up at the first unanswered question after that time, however few it has asked (net/ipv4/tcp_timer.c,
/// `tcp_keepalive_timer`). So several questions have to fit in before, or one lost packet ends a connection.
const ASK_AFTER: Duration = Duration::from_secs(25);
const ASK_EVERY: Duration = Duration::from_secs(10);

/// The most that may wait in the kernel for a reader, in bytes; the system takes as much again for its own use (socket(7), `SO_SNDBUF`).
/// By itself Linux lets it grow to 4 MiB.
#[cfg(target_os = "linux")]
const SEND_BUFFER: usize = 256 * 1024;

/// How much of it may not even be on its way, in bytes (`TCP_NOTSENT_LOWAT`). What a reader does not read waits here; the rest is in
/// flight, and arrives.
#[cfg(target_os = "linux")]
const UNSENT: u32 = 32 * 1024;

/// How many connections may wait to be accepted: after a restart all readers come at once, and whoever finds no place tries again only
/// after a second. The system has a limit of its own (`net.core.somaxconn`).
pub(super) const BACKLOG: u32 = 4096;

/// A socket for this address, not bound yet.
pub(super) fn bindable(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A restart must not wait until old connections are forgotten. On Windows the option means something else.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    Ok(socket)
}

/// Listens on this address.
pub(super) fn listen(socket: TcpSocket, address: SocketAddr) -> io::Result<TcpListener> {
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Sets options that help but are not vital, so errors are ignored.
pub(super) fn prepare(stream: &TcpStream) {
    // Without this the first stanza waits 40 ms for the client's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let socket = SockRef::from(stream);
    let _ = socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(ASK_AFTER).with_interval(ASK_EVERY));
    #[cfg(target_os = "linux")]
    {
        // A vanished peer does not acknowledge data; by default Linux retries for 15 minutes.
        let _ = socket.set_tcp_user_timeout(Some(super::PATIENCE));
        let _ = socket.set_send_buffer_size(SEND_BUFFER);
        let _ = socket.set_tcp_notsent_lowat(UNSENT);
    }
}

/// Takes over a connection that was accepted outside of the runtime; none if the system is out of something.
pub(super) fn adopt(stream: std::net::TcpStream) -> Option<TcpStream> {
    stream.set_nonblocking(true).ok()?;
    let stream = TcpStream::from_std(stream).ok()?;
    prepare(&stream);
    Some(stream)
}

/// How long a handshake that has begun may take to its end: a round trip to a client far away.
pub(super) const HANDSHAKE: Duration = Duration::from_millis(250);

/// The same on this machine, where only a busy processor delays it.
pub(super) const NEAR_HANDSHAKE: Duration = Duration::from_millis(20);

/// Has the system leave new handshakes unanswered, while those that have begun come to their end: whoever connects now tries again in
/// a second (RFC 6298, 2.1), when the next process listens. Without it, who connects between the last `accept` and `close` is reset.
///
/// The filter sees the packet from TCP's header on (net/ipv4/tcp_ipv4.c, `tcp_v4_rcv`), whose 14th byte holds the flags (RFC 9293, 3.1).
#[cfg(target_os = "linux")]
pub(super) fn refuse_handshakes(listener: &std::net::TcpListener) -> bool {
    use socket2::SockFilter;
    const LOAD_BYTE: u16 = 0x30;
    const AND: u16 = 0x54;
    const JUMP_IF_EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;
    const SYN: u32 = 0x02;
    const ACK: u32 = 0x10;
    let filter = [
        SockFilter::new(LOAD_BYTE, 0, 0, 13),
        SockFilter::new(AND, 0, 0, SYN | ACK),
        SockFilter::new(JUMP_IF_EQUAL, 0, 1, SYN),
        SockFilter::new(RETURN, 0, 0, 0),
        SockFilter::new(RETURN, 0, 0, u32::MAX),
    ];
    SockRef::from(listener).attach_filter(&filter).is_ok()
}

/// Other systems have no such filter.
#[cfg(not(target_os = "linux"))]
pub(super) fn refuse_handshakes(_: &std::net::TcpListener) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::{super::PATIENCE, *};

    #[test]
    fn several_lost_questions_do_not_end_a_connection() {
        let asked = |time: Duration| (time - ASK_AFTER).as_secs().div_ceil(ASK_EVERY.as_secs());
        assert!(ASK_AFTER < PATIENCE && asked(PATIENCE) >= 3, "{} before it gives up", asked(PATIENCE));
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_reader_that_does_not_read_holds_little() {
        use std::net::Ipv4Addr;
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let client = tokio::net::TcpSocket::new_v4().unwrap();
        client.set_recv_buffer_size(4096).unwrap();
        let _client = client.connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        prepare(&stream);
        let mut taken = 0;
        stream.writable().await.unwrap();
        while let Ok(count) = stream.try_write(&[0; 4096]) {
            taken += count;
        }
        // By itself Linux takes 2.5 MB.
        assert!((1..=300_000).contains(&taken), "{taken}");
    }
}
