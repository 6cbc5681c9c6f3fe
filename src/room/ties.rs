//! [`Ties`]: how the rooms of this node stand with those of other nodes: whether these are heard, and what they have not been told yet.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

use super::RoomName;

/// After so long all other nodes have said of which rooms they have readers: each does every two seconds.
const SETTLED: Duration = Duration::from_secs(5);

/// Shared by all rooms of a node.
#[derive(Debug, Default)]
pub(super) struct Ties {
    state: Mutex<State>,
    urgent: Notify,
}

#[derive(Debug, Default)]
struct State {
    sight: Sight,
    /// The rooms that have changed since the others were told.
    unsaid: HashSet<RoomName>,
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
        std::mem::take(&mut self.state().unsaid)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that holds it can panic halfway.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
