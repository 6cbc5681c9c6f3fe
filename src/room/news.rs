//! What a room hears from other nodes, and tells them.

use std::sync::Arc;

use tokio::time::Instant;

use super::{
    Claim, Room, State, Word,
    place::{Life, RoomPlace},
    ties::Knowledge,
};

/// Whoever hears of a jump when so many stanzas have been due since goes to where the room is, as one that comes late does.
const LATE: usize = 10;

impl Room {
    /// What the other nodes are told of it.
    pub(super) fn word(&self) -> Word {
        let state = self.state();
        Word {
            name: self.name.clone(),
            place: state.place,
            claim: state.claim.clone(),
            readers: u32::try_from(state.here).unwrap_or(u32::MAX),
        }
    }

    /// Whether there are readers on this node.
    pub(super) fn is_read_here(&self) -> bool {
        self.state().here > 0
    }

    /// Hears a word, of a node or as it was kept. Says whether other stanzas are due now.
    pub(super) fn hear(self: &Arc<Self>, word: &Word, node: Option<&str>) -> bool {
        let mut state = self.state();
        let before = (state.place, self.status_of(&state));
        let now = self.shared.clock.now();
        let met = state.place.meet(word.place, state.here > 0, self.shared.interval);
        let goes_on = |life: Life| life == met.life() || life.is_near(met.life());
        let theirs = word.claim.clone().filter(|_| goes_on(word.place.life()));
        let ours = state.claim.take().filter(|_| goes_on(state.place.life()));
        state.claim = Claim::first(ours, theirs);
        // Somebody reads here.
        let met = if state.here > 0 { met.entered(now) } else { met };
        self.adopt(&mut state, met, now);
        if let Some(node) = node {
            state.elsewhere.hear(node, word.readers, Instant::now());
        }
        self.rest_if_empty(&mut state);
        if state.place != word.place || state.claim != word.claim {
            // Whoever said this does not know it.
            self.shared.ties.say(&self.name, true);
        }
        let after = (state.place, self.status_of(&state));
        drop(state);
        if after != before {
            self.has_changed();
        }
        after.0 != before.0
    }

    /// The token that came with a room which was not known here.
    pub(super) fn learn_claim(&self, word: &Word) {
        self.state().claim.clone_from(&word.claim);
    }

    /// A node has gone, with its readers.
    pub(super) fn forget_node(self: &Arc<Self>, node: &str) {
        self.state().elsewhere.forget(node);
        self.look_again();
    }

    /// Looks whether nodes have gone without a word.
    pub(super) fn look_again(self: &Arc<Self>) {
        let changed = {
            let mut state = self.state();
            if self.shared.ties.knowledge() == Knowledge::Full {
                state.elsewhere.sweep(Instant::now());
            }
            if self.rest_if_empty(&mut state) {
                self.shared.ties.say(&self.name, true);
            }
            self.status_of(&state).readers != state.shown
        };
        if changed {
            self.has_changed();
        }
    }

    /// Whether a word is of another room by this name.
    pub(super) fn has_another_life(&self, word: &Word) -> bool {
        self.state().place.life() != word.place.life()
    }

    /// Whether a later life of this room goes on after the end of this one, or so shortly before it that clocks may differ by that.
    pub(super) fn ends_before(&self, life: Life) -> bool {
        let state = self.state();
        let soon = self.shared.clock.now().saturating_add(self.shared.interval);
        life > state.place.life() && self.shared.is_over(&state.place, soon)
    }

    /// Stands still if nobody is there; says whether it has come to that. Where other nodes may have readers, it goes on.
    pub(super) fn rest_if_empty(&self, state: &mut State) -> bool {
        let is_empty = match self.shared.ties.knowledge() {
            _ if state.here > 0 || state.place.is_empty() => false,
            Knowledge::Full => state.elsewhere.readers(Instant::now()) == 0,
            Knowledge::Old => state.elsewhere.is_empty(),
            Knowledge::Scant => false,
        };
        if is_empty {
            state.place = state.place.left(self.shared.clock.now(), self.shared.interval);
        }
        is_empty
    }

    /// Takes another place over. Its readers leap with it if there was a jump, or if it is that of another room, begun apart; else whoever is
    /// behind gets what is missing, and whoever is ahead waits.
    fn adopt(&self, state: &mut State, place: RoomPlace, now: u64) {
        let before = std::mem::replace(&mut state.place, place);
        let [was, is] = [before, place].map(|place| place.current(now, self.shared.interval));
        let jump = place.jump();
        let to = if before.life() != place.life() {
            (was.abs_diff(is) > 1).then_some(is)
        } else if jump > before.jump() {
            Some(if is.saturating_sub(jump.to) > LATE { is } else { jump.to })
        } else {
            // The greater one was made by an order that does not count.
            (jump < before.jump()).then_some(is)
        };
        if let Some(to) = to {
            state.leap = (state.leap.0 + 1, to);
        }
    }
}
