//! [`Ties`]: how the rooms of this node stand with those of other nodes: whether these are heard, and what they have not been told yet.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, watch},
    time::{Instant, timeout},
};

use super::RoomName;

/// After so long all other nodes have said of which rooms they have readers: each does every two seconds.
const SETTLED: Duration = Duration::from_secs(5);

/// How long whoever has given an order waits until the others know of it.
const PATIENCE: Duration = Duration::from_millis(500);

/// Shared by all rooms of a node.
#[derive(Debug, Default)]
pub(super) struct Ties {
    state: Mutex<State>,
    urgent: Notify,
    /// Up to which round the others have been told.
    told: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    sight: Sight,
    /// The rooms that have changed since the others were told, …
    unsaid: HashSet<RoomName>,
    /// … and in which round they will be.
    round: u64,
}

/// Whether other nodes are heard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Sight {
    /// There are none.
    #[default]
    Alone,
    /// They are not heard now.
    Lost,
    /// Since then.
    Heard(Instant),
}

/// What is known of the readers on other nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Knowledge {
    /// Everything.
    Full,
    /// That those who were there may still be there.
    Old,
    /// Not enough to say that there are none.
    Scant,
}

impl Ties {
    /// From now on the others are heard.
    pub(super) fn begin(&self) {
        self.state().sight = Sight::Heard(Instant::now());
    }

    /// From now on they are not.
    pub(super) fn lose(&self) {
        self.state().sight = Sight::Lost;
    }

    pub(super) fn knowledge(&self) -> Knowledge {
        match self.state().sight {
            Sight::Alone => Knowledge::Full,
            Sight::Lost => Knowledge::Old,
            Sight::Heard(since) if since.elapsed() < SETTLED => Knowledge::Scant,
            Sight::Heard(_) => Knowledge::Full,
        }
    }

    /// A room is to be told of: at once, or with whatever is told next.
    pub(super) fn say(&self, name: &RoomName, at_once: bool) {
        let mut state = self.state();
        // When they are heard again, all rooms are told of.
        if !matches!(state.sight, Sight::Heard(_)) {
            return;
        }
        state.unsaid.insert(name.clone());
        drop(state);
        if at_once {
            self.urgent.notify_one();
        }
    }

    /// Waits until there is something to be told at once.
    pub(super) async fn urgent(&self) {
        self.urgent.notified().await;
    }

    /// The rooms to be told of now.
    pub(super) fn take_unsaid(&self) -> HashSet<RoomName> {
        let mut state = self.state();
        state.round += 1;
        std::mem::take(&mut state.unsaid)
    }

    /// The others have been told what was taken.
    pub(super) fn have_told(&self) {
        self.told.send_replace(self.state().round);
    }

    /// Waits until the others have been told what has changed until now; not for long, and not at all while they are not heard.
    pub(super) async fn until_told(&self) {
        let (sight, round) = {
            let state = self.state();
            // What was taken before may be on its way.
            (state.sight, state.round + u64::from(!state.unsaid.is_empty()))
        };
        if matches!(sight, Sight::Heard(_)) {
            let mut told = self.told.subscribe();
            // Too late, or never: they are told when that is possible again.
            let _ = timeout(PATIENCE, told.wait_for(|told| *told >= round)).await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that holds it can panic halfway.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
