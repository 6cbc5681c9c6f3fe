//! [`Sessions`]: the sessions that are open, and what Dante remembers of each. The engine has a list of its own, and shows it to
//! nobody; but it keeps the request that opened a session for as long as the session lives, and in its extensions a [`Session`].

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use socketioxide::socket::Sid;
use tokio::sync::Notify;

use crate::server::{
    headcount::{Headcount, Network},
    line::Line,
};

/// How many sessions may wait to join a namespace, all clients together. Each takes about 10 KiB. A client joins within a round trip, so this many
/// are never waiting, unless somebody opens sessions and leaves them.
const MAX_WAITING: usize = 10_000;

/// How many of one client, where its address is known: a school behind one address that loads the page at the same moment.
const MAX_WAITING_OF_ONE: usize = 1_000;

/// The sessions that are open; cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Sessions(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// Those that opened over long polling, by id.
    polling: Mutex<HashMap<Sid, Weak<Session>>>,
    /// Those that have not joined a namespace.
    waiting: Mutex<Headcount>,
    hasher: RandomState,
}

/// One session, from its handshake until the engine lets go of it.
#[derive(Debug)]
pub(in crate::server) struct Session {
    all: Sessions,
    /// Known once the engine has answered a handshake over long polling.
    id: OnceLock<Sid>,
    client: Option<Network>,
    has_joined: AtomicBool,
    polls: Mutex<Polls>,
    /// Whether an answer to a poll could not be written: what was in it is gone.
    has_lost: AtomicBool,
    /// Releases the poll that is parked, if there is one.
    release: Notify,
    /// Whether its client is to come back with another one.
    is_let_go: AtomicBool,
    /// Whether a WebSocket has taken the session over, or is about to.
    is_claimed: AtomicBool,
    /// Past the engine, if the session is on a WebSocket.
    line: OnceLock<Weak<Line>>,
}

/// Which polls were answered, by `t`, the part of the URL that clients change with each request.
#[derive(Debug, Default, PartialEq, Eq)]
enum Polls {
    /// None yet; the handshake's `t`, hashed.
    None { handshake: u64 },
    /// The last one's, hashed.
    Last(u64),
    /// This client does not change it, or has none.
    #[default]
    Unknown,
}

impl Sessions {
    /// A session that is about to open, whose request has this `t`; none if too many are waiting.
    pub(super) fn open(&self, client: Option<Network>, t: Option<&str>) -> Option<Arc<Session>> {
        let mut waiting = self.waiting();
        if waiting.all() >= MAX_WAITING || waiting.of(client) >= MAX_WAITING_OF_ONE {
            return None;
        }
        waiting.enter(client);
        drop(waiting);
        let polls = self.mark(t).map_or(Polls::Unknown, |handshake| Polls::None { handshake });
        Some(Arc::new(Session {
            all: self.clone(),
            id: OnceLock::new(),
            client,
            has_joined: AtomicBool::new(false),
            polls: Mutex::new(polls),
            has_lost: AtomicBool::new(false),
            release: Notify::new(),
            is_let_go: AtomicBool::new(false),
            is_claimed: AtomicBool::new(false),
            line: OnceLock::new(),
        }))
    }

    /// A hash of a `t`, if it tells one poll from all others. Digits alone do not: in rust_socketio they are a checksum of the time, which
    /// one poll in two thousand shares with the one before, and elsewhere the seconds of a clock.
    fn mark(&self, t: Option<&str>) -> Option<u64> {
        let t = t.filter(|t| !t.bytes().all(|byte| byte.is_ascii_digit()))?;
        Some(self.0.hasher.hash_one(t))
    }

    /// The session with this id that opened over long polling.
    pub(super) fn find(&self, id: Sid) -> Option<Arc<Session>> {
        self.polling().get(&id)?.upgrade()
    }

    fn waiting(&self) -> MutexGuard<'_, Headcount> {
        // Nothing that holds it can panic.
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn polling(&self) -> MutexGuard<'_, HashMap<Sid, Weak<Session>>> {
        // Nothing that holds it can panic.
        self.0.polling.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    /// Makes it known by its id.
    pub(super) fn opened(self: &Arc<Self>, id: Sid) {
        if self.id.set(id).is_ok() {
            self.all.polling().insert(id, Arc::downgrade(self));
        }
    }

    /// Notes that it has joined a namespace.
    pub(in crate::server) fn joined(&self) {
        if !self.has_joined.swap(true, Ordering::Relaxed) {
            self.all.waiting().leave(self.client);
        }
    }

    /// Whether a poll with this `t` was answered before: its answer was lost, and somebody on the way asks again.
    pub(super) fn was_answered(&self, t: Option<&str>) -> bool {
        self.all.mark(t).is_some_and(|t| *self.polls() == Polls::Last(t))
    }

    /// Notes that a poll with this `t` is answered.
    pub(super) fn answered(&self, t: Option<&str>) {
        let mut polls = self.polls();
        *polls = match (&*polls, self.all.mark(t)) {
            (Polls::Unknown, _) | (_, None) => Polls::Unknown,
            (Polls::None { handshake }, Some(t)) if *handshake == t => Polls::Unknown,
            (_, Some(t)) => Polls::Last(t),
        };
    }

    /// Notes that an answer to a poll could not be written.
    pub(super) fn loses(&self) {
        self.has_lost.store(true, Ordering::Relaxed);
        self.release.notify_waiters();
    }

    /// Whether an answer to a poll could not be written.
    pub(super) fn has_lost(&self) -> bool {
        self.has_lost.load(Ordering::Relaxed)
    }

    fn polls(&self) -> MutexGuard<'_, Polls> {
        // Nothing that holds it can panic.
        self.polls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Completes when a parked poll is to be answered at once, with nothing of the engine's.
    pub(super) async fn released(&self) {
        self.release.notified().await;
    }

    /// Ends it as a connection ends, so that its client opens another one and goes on where it was.
    pub(in crate::server) fn let_go(&self) {
        self.is_let_go.store(true, Ordering::Relaxed);
        match self.line.get().and_then(Weak::upgrade) {
            Some(line) => line.hang_up(),
            None => self.release.notify_waiters(),
        }
    }

    /// Whether it is over, and its client is told so.
    pub(in crate::server) fn is_let_go(&self) -> bool {
        self.is_let_go.load(Ordering::Relaxed)
    }

    /// The right to take it over, which only one WebSocket can have.
    pub(super) fn claim(self: &Arc<Self>) -> Option<Claim> {
        let is_free = !self.has_lost() && !self.is_claimed.swap(true, Ordering::AcqRel);
        is_free.then(|| Claim { session: Arc::clone(self), is_kept: false })
    }

    /// Notes over which connection it goes.
    pub(super) fn goes_over(&self, line: &Arc<Line>) {
        // Only who has the claim, or opens the session, comes here, and so only once.
        let _ = self.line.set(Arc::downgrade(line));
    }

    /// The way past the engine, if it goes over a WebSocket.
    pub(in crate::server) fn line(&self) -> Option<&Weak<Line>> {
        self.line.get()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.joined();
        if let Some(id) = self.id.get() {
            self.all.polling().remove(id);
        }
    }
}

/// The right to take a session over; given back when it is dropped, unless it was used.
#[derive(Debug)]
pub(super) struct Claim {
    session: Arc<Session>,
    is_kept: bool,
}

impl Claim {
    /// Lets the poll that is parked go, if there is one.
    pub(super) fn release_poll(&self) {
        self.session.release.notify_waiters();
    }

    /// Takes the session over for good, by this connection.
    pub(super) fn keep(mut self, line: &Arc<Line>) {
        self.is_kept = true;
        self.session.goes_over(line);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.is_kept {
            self.session.is_claimed.store(false, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn session(t: Option<&str>) -> Arc<Session> {
        Sessions::default().open(None, t).unwrap()
    }

    #[test]
    fn a_poll_that_comes_again_is_known_by_its_t() {
        let session = session(Some("a"));
        assert!(!session.was_answered(Some("b")));
        session.answered(Some("b"));
        assert!(session.was_answered(Some("b")));
        assert!(!session.was_answered(Some("c")) && !session.was_answered(None));
        session.answered(Some("c"));
        assert!(session.was_answered(Some("c")));
        // python-socketio's is a time, with a fraction.
        session.answered(Some("1795794399.6036706"));
        assert!(session.was_answered(Some("1795794399.6036706")));
    }

    #[test]
    fn a_client_that_does_not_change_t_says_nothing_by_it() {
        let nothing = [(Some("a"), Some("a")), (None, Some("a")), (Some("a"), None), (None, None)];
        // rust_socketio's, and a clock's.
        let digits = [(Some("1391463210"), Some("1391528746")), (Some("a"), Some("1795794399"))];
        for (handshake, poll) in nothing.into_iter().chain(digits) {
            let session = session(handshake);
            session.answered(poll);
            session.answered(poll);
            assert!(!session.was_answered(poll), "{handshake:?} {poll:?}");
        }
    }

    #[test]
    fn a_session_is_found_until_it_is_over() {
        let sessions = Sessions::default();
        let (session, id) = (sessions.open(None, None).unwrap(), Sid::new());
        assert!(sessions.find(id).is_none());
        session.opened(id);
        assert!(sessions.find(id).is_some());
        drop(session);
        assert!(sessions.find(id).is_none() && sessions.polling().is_empty());
    }

    #[test]
    fn only_so_many_may_wait() {
        let sessions = Sessions::default();
        let mut waiting: Vec<_> = std::iter::from_fn(|| sessions.open(None, None)).collect();
        assert_eq!(waiting.len(), MAX_WAITING);
        waiting.pop();
        let next = sessions.open(None, None).unwrap();
        next.joined();
        next.joined();
        assert!(sessions.open(None, None).is_some(), "one that has joined does not wait");
        drop((waiting, next));
        assert_eq!(sessions.waiting().all(), 0);
    }

    #[test]
    fn one_client_does_not_take_the_places_of_all() {
        let sessions = Sessions::default();
        let client = |last| Some(Network::from(IpAddr::from([192, 0, 2, last])));
        let greedy: Vec<_> = std::iter::from_fn(|| sessions.open(client(1), None)).collect();
        assert_eq!(greedy.len(), MAX_WAITING_OF_ONE);
        assert!(sessions.open(client(2), None).is_some());
        drop(greedy);
        assert!(sessions.open(client(1), None).is_some());
        assert!(sessions.waiting().is_empty());
    }

    #[test]
    fn one_websocket_at_a_time_takes_over() {
        let session = session(None);
        let claim = session.claim().unwrap();
        assert!(session.claim().is_none());
        drop(claim);
        assert!(session.claim().is_some());
    }
}
