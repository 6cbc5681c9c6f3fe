//! [`Link`]: the connection with Redis, and its return when it was lost. Two connections, since one that is subscribed may not
//! publish (Redis, "Pub/sub"): so it works with every version, and with what else speaks this protocol.

use std::{
    pin::pin,
    time::{Duration, Instant},
};

use futures_util::StreamExt as _;
use redis::{
    AsyncCommands as _, AsyncConnectionConfig, Client, Msg, RedisError, RedisResult,
    aio::{MultiplexedConnection, PubSubSink, PubSubStream},
};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::{
    Announcement, Fleet, Redis, RedisUrl,
    message::{Channels, Heartbeat, written},
};

/// How often a node looks whether it has other readers than it said; at most so often it says so.
const LOOK: Duration = Duration::from_secs(1);

/// How often a node says that it is there.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// How long our own word may take to come back. Longer, and Redis counts as lost: a connection alone would not tell.
const SILENCE: Duration = Duration::from_secs(5);

/// How long Redis may take to accept us, from the name's address to both channels.
const OPENING: Duration = Duration::from_secs(5);

/// How long Redis may take to answer a command.
const ANSWER: Duration = Duration::from_secs(2);

/// The first pause before the next attempt, and the longest; in between it doubles. Chance takes up to half of each, so that
/// nodes do not come back all at once.
const PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long the last word may take when the server stops.
const LAST_WORD: Duration = Duration::from_millis(500);

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
pub(crate) struct Link {
    fleet: Fleet,
    peer: Peer,
    session: Session,
}

/// Which Redis, and what is said there.
struct Peer {
    client: Client,
    channels: Channels,
}

/// One connection that speaks, and one that hears.
struct Session {
    publisher: MultiplexedConnection,
    messages: PubSubStream,
    /// Without it the stream would end.
    _subscriber: PubSubSink,
}

/// Why a session is over.
enum Over {
    Stopping,
    Lost(String),
}

impl Link {
    /// Connects a node for the first time.
    ///
    /// # Errors
    /// When Redis cannot be reached or does not let us in.
    pub(crate) async fn connect(fleet: Fleet, url: &RedisUrl) -> Result<Self, LinkError> {
        let refused = |reason| LinkError { url: url.clone(), reason };
        let peer = Peer::new(url).map_err(|error| refused(told(&error)))?;
        let session = peer.open().await.map_err(refused)?;
        fleet.set(Redis::Connected);
        info!(redis = %url, node = fleet.node(), "Redis is connected");
        Ok(Self { fleet, peer, session })
    }

    /// Says how many readers there are, and hears the other nodes, until the server stops. When Redis is lost it is sought again; nothing
    /// else waits for it.
    pub(crate) async fn run(
        self,
        readers: impl Fn() -> usize,
        announced: impl Fn(Announcement),
        stop: CancellationToken,
    ) {
        let Self { fleet, peer, mut session } = self;
        loop {
            match peer.talk(&mut session, &fleet, &readers, &announced, &stop).await {
                Over::Stopping => return peer.say_goodbye(&session, &fleet).await,
                Over::Lost(why) => {
                    warn!(why, "Redis is lost. Readings go on; other nodes are not heard until it is back");
                    fleet.set(Redis::Away { since: Instant::now(), why });
                }
            }
            session = match stop.run_until_cancelled(peer.reopen()).await {
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
    fn new(url: &RedisUrl) -> RedisResult<Self> {
        Ok(Self { client: url.client()?, channels: Channels::new(url.database()) })
    }

    /// Opens a session; the error is why it can't be had.
    async fn open(&self) -> Result<Session, String> {
        let opening = async {
            let publisher = self.publisher().await?;
            let (mut subscriber, messages) = self.client.get_async_pubsub().await?.split();
            subscriber.subscribe(&self.channels.nodes).await?;
            subscriber.subscribe(&self.channels.announcements).await?;
            Ok(Session { publisher, messages, _subscriber: subscriber })
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
    async fn reopen(&self) -> Session {
        let mut pause = PAUSE;
        loop {
            sleep(pause.mul_f64(1.0 - fastrand::f64() / 2.0)).await;
            match self.open().await {
                Ok(session) => return session,
                Err(why) => debug!(why, "Redis is still away"),
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Speaks and hears, until that is no longer possible or wanted.
    async fn talk(
        &self,
        session: &mut Session,
        fleet: &Fleet,
        readers: &impl Fn() -> usize,
        announced: &impl Fn(Announcement),
        stop: &CancellationToken,
    ) -> Over {
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stopping = pin!(stop.cancelled());
        let (mut said, mut unanswered) = (None, None);
        loop {
            tokio::select! {
                biased;
                () = &mut stopping => return Over::Stopping,
                // Before the look at the time: after a sleep of this process, all that has come is to be heard first.
                message = session.messages.next() => match message {
                    Some(message) if self.hear(&message, fleet, announced) => unanswered = None,
                    Some(_) => {}
                    None => return Over::Lost("the connection ended".to_owned()),
                },
                _ = look.tick() => {
                    if unanswered.is_some_and(|since: Instant| since.elapsed() > SILENCE) {
                        return Over::Lost(format!("it has passed nothing on for {} s", SILENCE.as_secs()));
                    }
                    let count = u32::try_from(readers()).unwrap_or(u32::MAX);
                    let now = Instant::now();
                    if said.is_some_and(|(last, at)| last == count && now - at < HEARTBEAT) {
                        continue;
                    }
                    if let Err(error) = self.say(session, fleet, count, false).await {
                        return Over::Lost(told(&error));
                    }
                    said = Some((count, now));
                    unanswered.get_or_insert(now);
                }
            }
        }
    }

    /// Hears a message; says whether it was our own word that came back.
    fn hear(&self, message: &Msg, fleet: &Fleet, announced: &impl Fn(Announcement)) -> bool {
        let (channel, payload) = (message.get_channel_name(), message.get_payload_bytes());
        if channel == self.channels.nodes {
            return Heartbeat::read(payload).is_some_and(|heartbeat| fleet.hear(heartbeat));
        }
        match Announcement::read(payload) {
            Some(announcement) => announced(announcement),
            None => warn!(channel, "a message that no Dante has sent; who else may publish there?"),
        }
        false
    }

    async fn say(&self, session: &Session, fleet: &Fleet, readers: u32, leaving: bool) -> RedisResult<()> {
        let heartbeat = Heartbeat { node: fleet.node().to_owned(), readers, leaving };
        session.publisher.clone().publish(&self.channels.nodes, written(&heartbeat)).await
    }

    async fn say_goodbye(&self, session: &Session, fleet: &Fleet) {
        // If it does not get through, the others notice in seven seconds.
        let _ = timeout(LAST_WORD, self.say(session, fleet, 0, true)).await;
    }
}

/// Tells all nodes, which tell their readers; returns how many nodes have heard it.
///
/// # Errors
/// When Redis cannot be reached or does not let us in.
pub(crate) async fn announce(url: &RedisUrl, announcement: &Announcement) -> Result<usize, LinkError> {
    let publishing = async {
        let peer = Peer::new(url)?;
        peer.publisher().await?.publish(&peer.channels.announcements, written(announcement)).await
    };
    publishing.await.map_err(|error| LinkError { url: url.clone(), reason: told(&error) })
}

/// What an error of Redis says, in one line.
fn told(error: &RedisError) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}
