//! [`Session`]: one life of the connection with Redis. Two connections, since one that is subscribed may not publish (Redis, "Pub/sub"): so it
//! works with every version, and with what else speaks this protocol. Neither waits for the other.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use futures_util::StreamExt as _;
use redis::{
    AsyncCommands as _, Msg, Pipeline, RedisResult,
    aio::{MultiplexedConnection, PubSub, PubSubSink, PubSubStream},
};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{
    Announcement, Board, Fleet,
    board::Entry,
    link::told,
    message::{Channels, Entries, Heartbeat, MOST_ENTRIES, written},
};

/// How often a node looks whether it has other readers than it said; at most so often it says so.
const LOOK: Duration = Duration::from_secs(1);

/// How often a node says that it is there, and what it has on its board.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// How long our own word may take to come back. Longer, and Redis counts as lost: a connection alone would not tell.
const SILENCE: Duration = Duration::from_secs(5);

/// How long the last word may take when the server stops.
const LAST_WORD: Duration = Duration::from_millis(500);

/// How long a board is kept when no node is there.
const KEPT_SECS: i64 = 600;

/// The field of a kept board that says when a node was there last. No entry has such a name.
const ALIVE: &str = ".alive";

/// A clock that is so far ahead of ours is worth a line in the log, in milliseconds.
const AHEAD: u64 = 1000;

/// One connection that speaks, and one that hears.
pub(super) struct Session {
    publisher: MultiplexedConnection,
    messages: PubSubStream,
    channels: Channels,
    /// Without it the stream would end.
    _subscriber: PubSubSink,
}

/// Why a session is over.
pub(super) enum Over {
    Stopping,
    Lost(String),
}

impl Session {
    /// Subscribes first, and then reads what is kept: so no word is missed in between.
    pub(super) async fn open(
        mut publisher: MultiplexedConnection,
        subscription: PubSub,
        channels: &Channels,
        board: &impl Board,
    ) -> RedisResult<Self> {
        let (mut subscriber, messages) = subscription.split();
        for channel in [&channels.nodes, &channels.announcements, &channels.board] {
            subscriber.subscribe(channel).await?;
        }
        let mut kept: HashMap<String, String> = publisher.hgetall(&channels.board).await?;
        let alive = kept.remove(ALIVE).and_then(|time| time.parse().ok());
        board.begin(kept.into_values().collect(), alive);
        Ok(Self { publisher, messages, channels: channels.clone(), _subscriber: subscriber })
    }

    /// Speaks and hears, until that is no longer possible or wanted.
    pub(super) async fn talk(
        &mut self,
        fleet: &Fleet,
        board: &impl Board,
        readers: &impl Fn() -> usize,
        announced: &impl Fn(Announcement),
        stop: &CancellationToken,
    ) -> Over {
        // Whether our own word has come back.
        let answered = AtomicBool::new(false);
        let (publisher, channels) = (self.publisher.clone(), &self.channels);
        let messages = &mut self.messages;
        let hearing = async {
            while let Some(message) = messages.next().await {
                if hear(&message, channels, fleet, board, announced) {
                    answered.store(true, Ordering::Relaxed);
                }
            }
            "the connection ended".to_owned()
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => Over::Stopping,
            // Before the look at the time: after a sleep of this process, all that has come is to be heard first.
            why = hearing => Over::Lost(why),
            why = speak(publisher, channels, fleet, board, readers, &answered) => Over::Lost(why),
        }
    }

    /// Says that this node goes.
    pub(super) async fn say_goodbye(mut self, fleet: &Fleet) {
        let heartbeat = Heartbeat { node: fleet.node().to_owned(), readers: 0, leaving: true };
        let saying = self.publisher.publish::<_, _, ()>(&self.channels.nodes, written(&heartbeat));
        // If it does not get through, the others notice in seven seconds.
        let _ = timeout(LAST_WORD, saying).await;
    }
}

/// Says what there is to say, until that is no longer possible; returns why.
async fn speak(
    mut publisher: MultiplexedConnection,
    channels: &Channels,
    fleet: &Fleet,
    board: &impl Board,
    readers: &impl Fn() -> usize,
    answered: &AtomicBool,
) -> String {
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut said, mut greeted): (Option<u32>, Option<Instant>) = (None, None);
    let mut unanswered: Option<Instant> = None;
    loop {
        let mut words = redis::pipe();
        let mut is_to_check = false;
        tokio::select! {
            biased;
            _ = look.tick() => {
                if answered.swap(false, Ordering::Relaxed) {
                    unanswered = None;
                }
                if unanswered.is_some_and(|since| since.elapsed() > SILENCE) {
                    return format!("it has passed nothing on for {} s", SILENCE.as_secs());
                }
                let (count, now) = (u32::try_from(readers()).unwrap_or(u32::MAX), Instant::now());
                is_to_check = greeted.is_none_or(|at| now - at >= HEARTBEAT);
                if is_to_check {
                    greeted = Some(now);
                    say_entries(&mut words, channels, fleet, board, &board.present());
                    // Before anything is kept, which would make it anew.
                    words.expire(&channels.board, KEPT_SECS);
                }
                if is_to_check || said != Some(count) {
                    let heartbeat = Heartbeat { node: fleet.node().to_owned(), readers: count, leaving: false };
                    words.publish(&channels.nodes, written(&heartbeat)).ignore();
                    said = Some(count);
                    unanswered.get_or_insert(now);
                }
            }
            () = board.urgent() => {}
        }
        let changed = board.take_changed();
        keep(&mut words, channels, &changed);
        say_entries(&mut words, channels, fleet, board, &changed);
        if is_to_check {
            // Last: whoever finds it finds what was changed while no node was there.
            words.hset(&channels.board, ALIVE, board.now()).ignore();
        }
        if words.is_empty() {
            board.have_told();
            continue;
        }
        let is_kept: Vec<bool> = match words.query_async(&mut publisher).await {
            Ok(answers) => answers,
            Err(error) => return told(&error),
        };
        board.have_told();
        if is_to_check && is_kept == [false] {
            // It was emptied, or is another one.
            let mut words = redis::pipe();
            for Entry { name, content } in board.all() {
                if let Some(content) = content {
                    // Others do the same, and may know something newer.
                    words.hset_nx(&channels.board, name, content.kept).ignore();
                }
            }
            words.expire(&channels.board, KEPT_SECS).ignore();
            if let Err(error) = words.query_async::<()>(&mut publisher).await {
                return told(&error);
            }
        }
    }
}

/// Has entries kept for nodes that come later.
fn keep(words: &mut Pipeline, channels: &Channels, entries: &[Entry]) {
    for Entry { name, content } in entries {
        match content {
            Some(content) => words.hset(&channels.board, name, &content.kept).ignore(),
            None => words.hdel(&channels.board, name).ignore(),
        };
    }
}

/// Tells the nodes that listen.
fn say_entries(
    words: &mut Pipeline,
    channels: &Channels,
    fleet: &Fleet,
    board: &impl Board,
    entries: &[Entry],
) {
    let said: Vec<_> = entries.iter().filter_map(|entry| entry.content.as_ref()).collect();
    for some in said.chunks(MOST_ENTRIES) {
        let entries = some.iter().map(|content| content.said.clone()).collect();
        let entries = Entries { node: fleet.node().to_owned(), at: board.now(), entries };
        words.publish(&channels.board, written(&entries)).ignore();
    }
}

/// Hears a message; says whether it was our own word that came back.
fn hear(
    message: &Msg,
    channels: &Channels,
    fleet: &Fleet,
    board: &impl Board,
    announced: &impl Fn(Announcement),
) -> bool {
    let (channel, payload) = (message.get_channel_name(), message.get_payload_bytes());
    if channel == channels.nodes {
        let Some(heartbeat) = Heartbeat::read(payload) else { return false };
        if heartbeat.leaving && heartbeat.node != fleet.node() {
            board.forget_node(&heartbeat.node);
        }
        return fleet.hear(heartbeat);
    }
    if channel == channels.board {
        match Entries::read(payload) {
            Some(said) if said.node == fleet.node() => {}
            Some(said) => {
                compare_clocks(&said, board.now());
                board.hear(&said.node, &said.entries);
            }
            None => not_ours(channel),
        }
        return false;
    }
    match Announcement::read(payload) {
        Some(announcement) => announced(announcement),
        None => not_ours(channel),
    }
    false
}

fn not_ours(channel: &str) {
    warn!(channel, "a message that no Dante has sent; who else may publish there?");
}

/// Says once if another node's clock is ahead; if it is behind, that node says so. What comes late says nothing.
fn compare_clocks(said: &Entries, now: u64) {
    static SAID: AtomicBool = AtomicBool::new(false);
    let ahead = said.at.saturating_sub(now);
    if ahead > AHEAD && !SAID.swap(true, Ordering::Relaxed) {
        warn!(
            node = said.node,
            ahead_ms = ahead,
            "another node's clock is ahead of ours, and so are the readers of rooms there; set both by NTP, and restart the node whose clock was wrong"
        );
    }
}
