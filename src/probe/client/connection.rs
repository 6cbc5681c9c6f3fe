//! [`HttpConnection`]: a connection that speaks HTTP, for one request or, as [`Kept`], for one after the other; or shared by all.

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use hyper::{
    body::Incoming,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use tokio_util::task::AbortOnDropHandle;

use super::{
    carriage::Carriage, connector::Connector, failures::of_hyper, gate::Pass, http2::Multiplexed,
    recorded::FirstBytes,
};
use crate::probe::{
    evidence::{Failure, FailureKind},
    target::Target,
};

/// The most that a head may have; nginx allows less, iisnode the same (docs/hosting.md).
const MAX_HEAD: usize = 64 * 1024;

/// A connection to a server of HTTP; closed when dropped, unless others share it.
pub(crate) enum HttpConnection {
    /// Of HTTP/1.1: for one request, or for one after the other.
    One(Sequential),
    /// Of HTTP/2.
    Two(Multiplexed),
}

/// A connection of HTTP/1.1.
pub(crate) struct Sequential {
    sender: SendRequest<Full<Bytes>>,
    first: FirstBytes,
    /// Hyper's part of it, which keeps an upgraded connection going, too.
    _task: AbortOnDropHandle<()>,
}

/// A connection that is left open for the next request of the same kind, as browsers do with polls; and its place among those
/// that are open, also while there is none.
#[derive(Default)]
pub(crate) struct Kept {
    connection: Option<HttpConnection>,
    pass: Option<Pass>,
}

impl HttpConnection {
    /// Opens one, or takes the one that is shared; `first` keeps what comes over a new one, also when this is given up.
    ///
    /// # Errors
    /// With what went wrong.
    pub(super) async fn open(
        connector: &Connector,
        target: &Target,
        carriage: Carriage,
        pass: Pass,
        first: &mut Option<FirstBytes>,
    ) -> Result<Self, Failure> {
        if let Some(shared) = connector.http2() {
            return shared.connection(connector, target, first).await.map(Self::Two);
        }
        let io = connector.open(target, carriage, pass).await?;
        let first = first.insert(io.first_bytes()).clone();
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(MAX_HEAD)
            .title_case_headers(true)
            .handshake(TokioIo::new(io))
            .await
            .map_err(|error| of_hyper(&error))?;
        // Its errors reach us through the request, too.
        let task = AbortOnDropHandle::new(tokio::spawn(async move {
            let _ = connection.with_upgrades().await;
        }));
        Ok(Self::One(Sequential { sender, first, _task: task }))
    }

    /// Sends a request, and gives the head of the answer.
    ///
    /// # Errors
    /// With what came instead.
    pub(super) async fn ask(
        &mut self,
        request: http::Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Failure> {
        match self {
            Self::One(connection) => connection.ask(request).await,
            Self::Two(connection) => connection.ask(request).await,
        }
    }

    /// What came over it since the last request, or at all if it is shared.
    pub(super) fn first_bytes(&self) -> &FirstBytes {
        match self {
            Self::One(connection) => &connection.first,
            Self::Two(connection) => connection.first_bytes(),
        }
    }

    /// Whether it can take another request.
    async fn is_ready(&mut self) -> bool {
        match self {
            Self::One(connection) => {
                let ready = connection.sender.ready().await.is_ok();
                connection.first.clear();
                ready
            }
            Self::Two(connection) => !connection.is_over(),
        }
    }
}

impl Sequential {
    async fn ask(&mut self, request: http::Request<Full<Bytes>>) -> Result<Response<Incoming>, Failure> {
        self.sender.send_request(request).await.map_err(|error| {
            let failure = of_hyper(&error);
            // hyper takes a connection that is closed before any byte for a cancelled request.
            if self.first.is_empty() && failure.kind == FailureKind::Other {
                Failure::new(FailureKind::Closed, "the connection was closed before an answer")
            } else {
                failure
            }
        })
    }
}

impl Kept {
    /// Leaves a connection whose last answer was read to its end.
    pub(super) fn put(&mut self, connection: HttpConnection) {
        self.connection = Some(connection);
    }

    /// The connection, if it can take another request.
    pub(super) async fn take(&mut self) -> Option<HttpConnection> {
        let mut connection = self.connection.take()?;
        connection.is_ready().await.then_some(connection)
    }

    /// The place for a new connection.
    pub(super) async fn pass(&mut self, connector: &Connector) -> Pass {
        match &self.pass {
            Some(pass) => connector.gate().enter_again(pass),
            None => self.pass.insert(connector.enter().await).clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;
    use crate::{
        cli::ProbeArgs,
        hosting::environment::Environment,
        probe::{
            client::http::{Request, fetch_kept},
            plan::Plan,
        },
    };

    /// Asks a server three times that gives this answer, and then closes the connection or not; counts its connections.
    async fn ask_three_times(answer: &'static str, closes: bool) -> usize {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let connections = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let count = connections.clone();
        let server = tokio::spawn(async move {
            loop {
                let (mut socket, _) = listener.accept().await.unwrap();
                count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                tokio::spawn(async move {
                    let mut bytes = [0; 4096];
                    while socket.read(&mut bytes).await.is_ok_and(|count| count > 0) {
                        socket.write_all(answer.as_bytes()).await.unwrap();
                        if closes {
                            return;
                        }
                    }
                });
            }
        });
        let plan = Plan::read(&ProbeArgs { url: Some(url), ..ProbeArgs::default() }, &Environment::default())
            .unwrap();
        let connector = Connector::new(Arc::new(plan.clone()));
        let mut kept = Kept::default();
        for _ in 0..3 {
            let request = Request::get(plan.target.clone(), connector.budget().answer());
            let (exchange, body) = fetch_kept(&connector, &mut kept, request).await;
            assert!(exchange.is(200), "{exchange:?}");
            assert_eq!(body, b"ok");
        }
        server.abort();
        connections.load(std::sync::atomic::Ordering::Relaxed)
    }

    #[tokio::test]
    async fn polls_share_a_connection_where_the_server_keeps_it() {
        let plain = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        assert_eq!(ask_three_times(plain, false).await, 1);
        assert_eq!(ask_three_times(plain, true).await, 3, "closed without a word");
        let close = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
        assert_eq!(ask_three_times(close, false).await, 3);
        assert_eq!(ask_three_times("HTTP/1.0 200 OK\r\n\r\nok", true).await, 3, "HTTP/1.0");
        let length = "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok";
        assert_eq!(ask_three_times(length, false).await, 3, "HTTP/1.0 that waits for us to close");
    }
}
