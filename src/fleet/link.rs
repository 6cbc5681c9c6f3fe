//! [`Link`]: the connection with Redis, and its return when it was lost.

use std::time::{Duration, Instant};

use redis::{
    AsyncCommands as _, AsyncConnectionConfig, Client, RedisError, RedisResult, aio::MultiplexedConnection,
};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::{
    Announcement, Board, Fleet, Redis, RedisUrl,
    message::{Channels, written},
    session::{Over, Session},
};

/// How long Redis may take to accept us, from the name's address to what is kept there.
const OPENING: Duration = Duration::from_secs(5);

/// How long Redis may take to answer a command.
const ANSWER: Duration = Duration::from_secs(2);

/// The first pause before the next attempt, and the longest; in between it doubles. Chance takes up to half of each, so that
/// nodes do not come back all at once.
const PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Why Redis cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(
    "Redis at {url} cannot be used: {reason}; check --redis (or DANTE_REDIS), and that a Redis runs there and lets us in"
)]
pub(crate) struct LinkError {
    url: RedisUrl,
    reason: String,
}

/// A node's connection with Redis.
pub(crate) struct Link<B> {
    fleet: Fleet,
    board: B,
    peer: Peer,
    session: Session,
}

/// Which Redis, and what is said there.
struct Peer {
    client: Client,
    channels: Channels,
}

impl<B: Board> Link<B> {
    /// Connects a node for the first time, and hears what was kept.
    ///
    /// # Errors
    /// When Redis cannot be reached or does not let us in.
    pub(crate) async fn connect(fleet: Fleet, board: B, url: &RedisUrl) -> Result<Self, LinkError> {
        let refused = |reason| LinkError { url: url.clone(), reason };
        let peer = Peer::new(url, board.topic()).map_err(|error| refused(told(&error)))?;
        let session = peer.open(&board).await.map_err(refused)?;
        fleet.set(Redis::Connected);
        info!(redis = %url, node = fleet.node(), "Redis is connected");
        Ok(Self { fleet, board, peer, session })
    }

    /// Says how many readers there are and what has changed on the board, and hears the other nodes, until the server stops. When Redis is
    /// lost it is sought again; nothing else waits for it.
    pub(crate) async fn run(
        self,
        readers: impl Fn() -> usize,
        announced: impl Fn(Announcement),
        stop: CancellationToken,
    ) {
        let Self { fleet, board, peer, mut session } = self;
        loop {
            match session.talk(&fleet, &board, &readers, &announced, &stop).await {
                Over::Stopping => return session.say_goodbye(&fleet).await,
                Over::Lost(why) => {
                    warn!(why, "Redis is lost. Readings go on; other nodes are not heard until it is back");
                    fleet.set(Redis::Away { since: Instant::now(), why });
                    board.lose();
                }
            }
            session = match stop.run_until_cancelled(peer.reopen(&board)).await {
                Some(session) => session,
                None => return,
            };
            let away = fleet.away().map_or(0, |(time, _)| time.as_secs());
            info!(away, "Redis is back");
            fleet.set(Redis::Connected);
        }
    }
}

impl Peer {
    fn new(url: &RedisUrl, topic: &str) -> RedisResult<Self> {
        Ok(Self { client: url.client()?, channels: Channels::new(url.database(), topic) })
    }

    /// Opens a session; the error is why it can't be had.
    async fn open(&self, board: &impl Board) -> Result<Session, String> {
        let opening = async {
            let publisher = self.publisher().await?;
            Session::open(publisher, self.client.get_async_pubsub().await?, &self.channels, board).await
        };
        match timeout(OPENING, opening).await {
            Ok(session) => session.map_err(|error: RedisError| told(&error)),
            Err(_) => Err(format!("it has not answered within {} s", OPENING.as_secs())),
        }
    }

    async fn publisher(&self) -> RedisResult<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(OPENING))
            .set_response_timeout(Some(ANSWER));
        self.client.get_multiplexed_async_connection_with_config(&config).await
    }

    /// Opens a session, however long that takes.
    async fn reopen(&self, board: &impl Board) -> Session {
        let mut pause = PAUSE;
        loop {
            sleep(pause.mul_f64(1.0 - fastrand::f64() / 2.0)).await;
            match self.open(board).await {
                Ok(session) => return session,
                Err(why) => debug!(why, "Redis is still away"),
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// Tells all nodes, which tell their readers; returns how many nodes have heard it.
///
/// # Errors
/// When Redis cannot be reached or does not let us in.
pub(crate) async fn announce(url: &RedisUrl, announcement: &Announcement) -> Result<usize, LinkError> {
    let publishing = async {
        let peer = Peer::new(url, "")?;
        peer.publisher().await?.publish(&peer.channels.announcements, written(announcement)).await
    };
    publishing.await.map_err(|error| LinkError { url: url.clone(), reason: told(&error) })
}

/// What an error of Redis says, in one line.
pub(super) fn told(error: &RedisError) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}
