//! [`SharedConnections`]: connections of HTTP/2, one to each host, which all requests share, as browsers have them.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::{sync::OnceCell, task::JoinSet, time::timeout};

use super::watch::Watch;
use crate::probe::{
    client::{
        connector::Connector,
        failures::of_hyper,
        gate::{Gate, Pass},
        lock::lock,
        recorded::FirstBytes,
    },
    evidence::{Failure, FailureKind, Http2Connection},
    target::Target,
};

/// The open connections of HTTP/2, and all that there were.
#[derive(Default)]
pub(crate) struct SharedConnections {
    /// To each host and port.
    open: tokio::sync::Mutex<HashMap<(String, u16), Multiplexed>>,
    /// Their one place among all connections that are open.
    place: OnceCell<Pass>,
    /// All, in the order in which they were opened.
    watches: Mutex<Vec<Watch>>,
}

/// A connection of HTTP/2; closed when the last clone is dropped.
#[derive(Clone)]
pub(crate) struct Multiplexed {
    sender: SendRequest<Full<Bytes>>,
    first: FirstBytes,
    watch: Watch,
    _tasks: Arc<Mutex<JoinSet<()>>>,
}

impl SharedConnections {
    /// The place from which all requests are made.
    pub(crate) async fn place(&self, gate: &Gate) -> &Pass {
        self.place.get_or_init(|| gate.enter_to_share()).await
    }

    /// The connection to a host; a new one if there is none, or if the server has said that it goes away. `first` keeps what comes over
    /// a new one, also when this is given up.
    ///
    /// # Errors
    /// With what went wrong.
    pub(crate) async fn connection(
        &self,
        connector: &Connector,
        target: &Target,
        first: &mut Option<FirstBytes>,
    ) -> Result<Multiplexed, Failure> {
        let mut open = self.open.lock().await;
        let peer = (target.host.clone(), target.port);
        if let Some(known) = open.get(&peer).filter(|known| !known.is_over()) {
            return Ok(known.clone());
        }
        let watch = Watch::new(connector.start());
        lock(&self.watches).push(watch.clone());
        let place = self.place(connector.gate()).await.clone();
        let opened = Multiplexed::open(connector, target, place, watch.clone(), first).await;
        let new = opened.inspect_err(|failure| watch.failed(failure))?;
        open.insert(peer, new.clone());
        Ok(new)
    }

    /// Whether a host offers extended CONNECT, and so WebSocket (RFC 8441, 3).
    ///
    /// # Errors
    /// When there is no connection, or its settings do not come in time.
    pub(crate) async fn offers_websocket(
        &self,
        connector: &Connector,
        target: &Target,
        limit: Duration,
    ) -> Result<bool, Failure> {
        let settings = timeout(limit, async {
            self.connection(connector, target, &mut None).await.map(|connection| connection.watch)
        });
        let late = || Failure::new(FailureKind::Timeout, "no settings of HTTP/2 in time");
        let watch = settings.await.map_err(|_| late())??;
        match timeout(limit, watch.settings()).await {
            Ok(Some(settings)) => Ok(settings.extended_connect),
            Ok(None) => Err(watch.not_http2().unwrap_or_else(|| {
                Failure::new(FailureKind::Closed, "the connection was closed before its settings came")
            })),
            Err(_) => Err(late()),
        }
    }

    /// What was seen of all of them.
    pub(crate) fn seen(&self) -> Vec<Http2Connection> {
        lock(&self.watches).iter().map(Watch::seen).collect()
    }
}

impl Multiplexed {
    async fn open(
        connector: &Connector,
        target: &Target,
        place: Pass,
        watch: Watch,
        first: &mut Option<FirstBytes>,
    ) -> Result<Self, Failure> {
        let io = connector.open_http2(target, place).await?;
        let first = first.insert(io.first_bytes()).clone();
        let tasks: Arc<Mutex<JoinSet<()>>> = Arc::default();
        let executor = Tasks(Arc::downgrade(&tasks));
        let io = TokioIo::new(watch.over(io));
        let (sender, connection) = http2::handshake(executor, io).await.map_err(|error| of_hyper(&error))?;
        let watched = watch.clone();
        lock(&tasks).spawn(async move {
            // What the error is, the requests say.
            if connection.await.is_err() {
                watched.closed();
            }
        });
        Ok(Self { sender, first, watch, _tasks: tasks })
    }

    /// Whether it takes no more requests.
    pub(crate) fn is_over(&self) -> bool {
        self.sender.is_closed() || self.watch.is_over()
    }

    /// What came over it first, if it is not HTTP/2.
    pub(crate) fn first_bytes(&self) -> &FirstBytes {
        &self.first
    }

    /// Sends a request, and gives the head of the answer.
    ///
    /// # Errors
    /// With what came instead.
    pub(crate) async fn ask(
        &mut self,
        request: http::Request<Full<Bytes>>,
    ) -> Result<http::Response<hyper::body::Incoming>, Failure> {
        self.sender.send_request(request).await.map_err(|error| {
            let failure = of_hyper(&error);
            // Which of hyper's errors it is depends on how soon it notices.
            match self.watch.not_http2() {
                Some(not_http2) => not_http2,
                None if self.first.is_empty() && failure.kind == FailureKind::Other => {
                    Failure::new(FailureKind::Closed, "the connection was closed before an answer")
                }
                None => failure,
            }
        })
    }
}

/// Spawns what hyper needs for a connection, for as long as somebody holds that: its own tasks do not, or they would keep each other.
#[derive(Clone)]
struct Tasks(Weak<Mutex<JoinSet<()>>>);

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for Tasks {
    fn execute(&self, task: F) {
        if let Some(tasks) = self.0.upgrade() {
            let mut tasks = lock(&tasks);
            while tasks.try_join_next().is_some() {}
            tasks.spawn(task);
        }
    }
}
