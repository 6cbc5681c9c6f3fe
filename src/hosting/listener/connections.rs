//! [`Serving::serve_connections`]: accepts connections, has their requests answered over HTTP/1, and ends them.
//!
//! A connection has two states. While requests come, hyper has it. While it is quiet, nobody has more of it than its socket and a
//! time: no buffer, no parser ([`RequestClock`](super::request_clock) says when). So a thousand connections that say nothing cost little, whether they have
//! spoken before or not.

use std::{
    convert::Infallible,
    future, io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{ConnectInfo, Request},
    response::Response,
};
use http::{HeaderValue, StatusCode, header};
use hyper::{
    body::{Frame, Incoming, SizeHint},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    sync::Notify,
    time::{Instant, sleep, sleep_until},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::{Service, ServiceExt as _};
use tracing::{error, info};

use super::{
    Accepted, BoundListener, Connection, IfLost, Peer, SharedSocket, Socket, Stream, Wrapping,
    delivery::{Delivery, LastDelivery},
    phase::{Answering, Phase},
    socket_of,
};
use crate::memory;

/// The least that hyper takes.
const LEAST_BUFFER: usize = 8 * 1024;

/// How long to wait before the next try, when the system can't accept a connection.
const RETRY: Duration = Duration::from_millis(100);

/// How often the log says so.
const SAID: Duration = Duration::from_secs(60);

/// How long a connection may be quiet even when the system has no room for another.
const SPARED: Duration = Duration::from_secs(5);

/// How often the quiet ones are asked to make room.
const ASKED: Duration = Duration::from_secs(1);

/// What all connections share.
pub(crate) struct Serving<S> {
    service: S,
    http: http1::Builder,
    wrapping: Wrapping,
    /// Cancelled when each answer is to be the last one.
    leaving: CancellationToken,
    /// Told when no connection can be accepted, for want of descriptors.
    crowded: Notify,
    /// Those that have buffers.
    awake: TaskTracker,
}

/// Whether the peer closed the connection before it was accepted: then there is no reason to wait.
fn is_the_peers(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Tells the log that nobody can come in, and when that is over.
#[derive(Debug, Default)]
struct Door {
    /// When the log was told, and whether it has yet to be told of the end.
    said: Option<(Instant, bool)>,
    /// When the quiet connections were asked to make room.
    asked: Option<Instant>,
}

impl Door {
    /// Notes that nobody can come in; says whether it is time to ask for room.
    fn is_stuck(&mut self, error: &io::Error) -> bool {
        if self.said.is_none_or(|(at, _)| at.elapsed() >= SAID) {
            error!(
                %error,
                "no connection can be accepted, most likely because all file descriptors are in use; readers stay, quiet \
                 connections are closed, and others come in as descriptors become free; raise the limit (ulimit -n, \
                 systemd: LimitNOFILE=)"
            );
            self.said = Some((Instant::now(), true));
        }
        let is_time = self.asked.is_none_or(|at| at.elapsed() >= ASKED);
        if is_time {
            self.asked = Some(Instant::now());
        }
        is_time
    }

    fn opens(&mut self) {
        if let Some((_, open @ true)) = &mut self.said {
            *open = false;
            info!("connections are accepted again");
        }
    }
}

impl<S> Serving<S>
where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static,
{
    /// Serves until `stop` is cancelled, and returns when all connections have ended that still belong to HTTP. Who has connected by then is still
    /// served. From `leaving` on each answer is its connection's last, and nobody is accepted whom another process would take.
    ///
    /// # Errors
    /// When the listener cannot be closed in an orderly way; all connections have ended even so.
    pub(crate) async fn serve_connections(
        mut listener: BoundListener,
        service: S,
        leaving: CancellationToken,
        stop: CancellationToken,
    ) -> io::Result<()> {
        let mut http = http1::Builder::new();
        http.max_buf_size(listener.bounds.head_bytes.max(LEAST_BUFFER));
        let wrapping = Wrapping {
            repairs: listener.repairs,
            faults: Arc::clone(&listener.faults),
            bounds: listener.bounds,
            stop: stop.clone(),
        };
        let serving = Arc::new(Self {
            service,
            http,
            wrapping,
            leaving: leaving.clone(),
            crowded: Notify::new(),
            awake: TaskTracker::new(),
        });
        let awake = serving.awake.clone();
        tokio::spawn(stop.clone().run_until_cancelled_owned(memory::give_back_after(move || awake.len())));
        let connections = TaskTracker::new();
        let serve = |stream, peer| {
            connections.spawn(Arc::clone(&serving).serve(stream, peer));
        };
        let hands_over = listener.has_successor();
        let mut door = Door::default();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => {
                        door.opens();
                        serve(stream, peer);
                    }
                    Err(error) if is_the_peers(&error) => {}
                    Err(error) => {
                        if door.is_stuck(&error) {
                            serving.crowded.notify_waiters();
                        }
                        sleep(RETRY).await;
                    }
                },
                () = leaving.cancelled(), if hands_over => break,
                () = stop.cancelled() => break,
            }
        }
        let closed = listener.close(serve).await;
        stop.cancelled().await;
        connections.close();
        connections.wait().await;
        closed
    }

    /// Serves one connection to its end.
    async fn serve(self: Arc<Self>, stream: Stream, peer: Peer) {
        let socket = Arc::new(Socket::new(stream, self.wrapping.stop.clone()));
        let phase = Arc::<Phase>::default();
        let accepted = Accepted { peer, socket: Arc::downgrade(&socket) };
        let mut connection = self.wrapping.wrap(SharedSocket(socket), Arc::clone(&phase));
        let (mut since, mut is_new) = (Instant::now(), true);
        while self.speaks(socket_of(&connection), since, is_new).await {
            let awake = self.awake.token();
            // In a box, which a quiet connection does without.
            let answered = Box::pin(self.answer(connection, &accepted, &phase)).await;
            drop(awake);
            let Some(quiet) = answered else { return };
            connection = quiet;
            (since, is_new) = (Instant::now() - self.wrapping.bounds.doze, false);
        }
    }

    /// Waits for a word of the peer's; false if it has had its time.
    async fn speaks(&self, socket: &Socket, since: Instant, is_new: bool) -> bool {
        let over = async {
            match self.wrapping.bounds.keep_alive {
                Some(time) => sleep_until(since + time).await,
                None => future::pending().await,
            }
        };
        let stopped = async {
            self.wrapping.stop.cancelled().await;
            if is_new {
                sleep_until(since + self.wrapping.bounds.first_word).await;
            }
        };
        let crowded = async {
            loop {
                self.crowded.notified().await;
                if since.elapsed() >= SPARED {
                    return;
                }
            }
        };
        tokio::select! {
            speaks = socket.speaks() => return speaks,
            () = over => {}
            () = stopped => {}
            () = crowded => {}
        }
        // A word that has just come would be lost, and the connection reset. The system tells of it before the runtime does, which must
        // know, too: hyper reads only then, so that otherwise this connection would be woken and let go again without end.
        socket.has_input() && socket.speaks().await
    }

    /// Has requests answered until the connection is quiet again, and returns it; none if it has ended, or has another protocol now.
    async fn answer(
        &self,
        connection: Connection,
        accepted: &Accepted,
        phase: &Arc<Phase>,
    ) -> Option<Connection> {
        let (answering, accepted) = (Arc::clone(phase), accepted.clone());
        let service = self.service.clone();
        let (socket, last) = (Arc::clone(socket_of(&connection)), LastDelivery::default());
        let (leaving, stop) = (self.leaving.clone(), self.wrapping.stop.clone());
        let service = service_fn(move |request: http::Request<Incoming>| {
            let answering = answering.answering();
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(accepted.clone()));
            let answer = service.clone().oneshot(request);
            let (leaving, stop) = (leaving.clone(), stop.clone());
            let (socket, last) = (Arc::clone(&socket), last.clone());
            async move {
                let mut response = match answer.await {
                    Ok(response) => response,
                    Err(never) => match never {},
                };
                let is_last = leaving.is_cancelled() || stop.is_cancelled();
                if is_last && response.status() != StatusCode::SWITCHING_PROTOCOLS {
                    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                let if_lost = response.extensions_mut().remove::<IfLost>();
                let delivery = if_lost.map(|if_lost| Arc::new(Delivery::new(if_lost, socket)));
                last.is(delivery.clone());
                Ok::<_, Infallible>(response.map(|body| Answer { body, delivery, _answering: answering }))
            }
        });
        let mut serving = self.http.serve_connection(TokioIo::new(connection), service).with_upgrades();
        let ended = tokio::select! {
            ended = &mut serving => ended,
            () = self.wrapping.stop.cancelled() => {
                phase.stop();
                // It looks at the phase when it is polled.
                (&mut serving).await
            }
        };
        ended.ok()?;
        let mut connection = serving.into_parts()?.io.into_inner();
        connection.get_mut().wake().then_some(connection)
    }
}

/// The body of an answer. While it is there, the connection is not quiet.
struct Answer {
    body: Body,
    delivery: Option<Arc<Delivery>>,
    _answering: Answering,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Some(delivery) = &self.delivery {
            delivery.is_taken();
        }
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Write as _, net};

    use futures_util::FutureExt as _;
    use tokio::{io::AsyncReadExt as _, net::TcpStream};

    use super::*;

    #[tokio::test]
    async fn what_comes_with_the_stop_can_be_read_at_once() {
        let stop = CancellationToken::new();
        let (faults, bounds) = Default::default();
        let serving = Serving {
            service: axum::Router::<()>::new(),
            http: http1::Builder::new(),
            wrapping: Wrapping { repairs: false, faults, bounds, stop: stop.clone() },
            leaving: CancellationToken::new(),
            crowded: Notify::new(),
            awake: TaskTracker::new(),
        };
        let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut peer = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, _) = listener.accept().unwrap();
        stream.set_nonblocking(true).unwrap();
        let socket = Arc::new(Socket::new(Stream::Tcp(TcpStream::from_std(stream).unwrap()), stop.clone()));
        // The runtime, which this test keeps busy, has not heard of it.
        peer.write_all(b"GET").unwrap();
        while !socket.has_input() {}
        stop.cancel();
        assert!(serving.speaks(&socket, Instant::now(), false).await);
        let mut word = [0; 3];
        let read = SharedSocket(socket).read(&mut word).now_or_never();
        assert_eq!(read.expect("it can be read").unwrap(), word.len());
    }
}
