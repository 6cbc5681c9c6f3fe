//! [`RoomPlace`]: where a room is in the poem. A pure value: from it and the time, whoever has it computes the same beat.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

/// Two nodes may open a room within so many milliseconds without hearing of each other, and it is one room all the same.
const NEAR: u64 = 5000;

/// Where a room is. Times are milliseconds since the Unix epoch, and stanzas are told by their 0-based index.
///
/// One stanza and its time are known; the k-th after it is due k intervals later, unless the room stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct RoomPlace {
    life: Life,
    orders: Orders,
    /// Grows with each change, so that the newer one of two places can be told.
    version: u64,
    /// When it changed last.
    changed: u64,
    /// This stanza was due …
    index: usize,
    /// … at this time.
    at: u64,
    /// Whether the conductor of the room holds it.
    held: bool,
    /// Whether nobody reads in it; then it waits, too.
    empty: bool,
    jump: Jump,
}

/// Which of the rooms it is that have had this name, one after the other. The greater one goes on where two of them meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Life {
    /// One more than that of the room that has ended before, if it is known.
    number: u32,
    /// When it began. Of two that began apart, the older one goes on.
    born: Reverse<u64>,
}

impl Life {
    /// Whether they began so shortly one after the other that the second node had not heard of the first.
    pub(super) fn is_near(self, other: Self) -> bool {
        self.number == other.number && self.born.0.abs_diff(other.born.0) < NEAR
    }
}

/// The orders of its conductor that have changed a room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Orders {
    count: u64,
    /// When the last one came.
    at: u64,
}

/// The last jump: all readers go on from there, also those who were behind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Jump {
    /// Which order it was; all zero if there was none.
    order: Orders,
    /// The index of the stanza that it went to.
    pub(super) to: usize,
}

impl RoomPlace {
    /// At the beginning, and without readers; after another life of the room, if there was one.
    pub(super) fn new(now: u64, before: Option<Life>) -> Self {
        let number = before.map_or(0, |life| life.number).saturating_add(1);
        Self {
            life: Life { number, born: Reverse(now) },
            orders: Orders::default(),
            version: 1,
            changed: now,
            index: 0,
            at: now,
            held: false,
            empty: true,
            jump: Jump::default(),
        }
    }

    /// The index of the stanza that was due last: the one that all in the room have before them.
    pub(super) fn current(&self, now: u64, interval: u64) -> usize {
        let since = if self.stands() { 0 } else { now.saturating_sub(self.at) / interval };
        self.index.saturating_add(usize::try_from(since).unwrap_or(usize::MAX))
    }

    /// When a stanza is due, or was; never if it comes after those that were due before the room stood still.
    pub(super) fn due(&self, index: usize, interval: u64) -> Option<u64> {
        let apart = interval.saturating_mul(self.index.abs_diff(index) as u64);
        match index > self.index {
            true if self.stands() => None,
            true => Some(self.at.saturating_add(apart)),
            false => Some(self.at.saturating_sub(apart)),
        }
    }

    /// Whether the conductor of the room holds it.
    pub(super) fn is_held(&self) -> bool {
        self.held
    }

    /// Whether nobody reads in it, as far as is known.
    pub(super) fn is_empty(&self) -> bool {
        self.empty
    }

    /// Whether nothing has happened yet.
    pub(super) fn is_new(&self) -> bool {
        self.version == 1
    }

    /// The last jump.
    pub(super) fn jump(&self) -> Jump {
        self.jump
    }

    /// Which of the rooms of this name it is.
    pub(super) fn life(&self) -> Life {
        self.life
    }

    /// When it changed last.
    pub(super) fn changed_at(&self) -> u64 {
        self.changed
    }

    /// From now on nothing more is due.
    pub(super) fn hold(self, now: u64, interval: u64) -> Self {
        if self.held { self } else { Self { held: true, ..self.still(now, interval).ordered(now) } }
    }

    /// No longer held: the next stanza is due at once. Without readers it is when one comes.
    pub(super) fn go_on(self, now: u64) -> Self {
        match (self.held, self.empty) {
            (false, _) => self,
            (true, true) => Self { held: false, ..self.ordered(now) },
            (true, false) => {
                Self { held: false, index: self.index.saturating_add(1), at: now, ..self.ordered(now) }
            }
        }
    }

    /// This stanza is due at once, also if the room is held, and stays so.
    pub(super) fn jump_to(self, index: usize, now: u64) -> Self {
        let ordered = Self { index, at: now, ..self.ordered(now) };
        Self { jump: Jump { order: ordered.orders, to: index }, ..ordered }
    }

    /// The last reader has left: it keeps its place.
    pub(super) fn left(self, now: u64, interval: u64) -> Self {
        if self.empty { self } else { Self { empty: true, ..self.still(now, interval).changed(now) } }
    }

    /// A reader has come. The first one finds the stanza that was due last, and goes on an interval later.
    pub(super) fn entered(self, now: u64) -> Self {
        if self.empty { Self { empty: false, at: now, ..self.changed(now) } } else { self }
    }

    /// What comes of two places of one room, which nodes have come to apart. `is_read` says whether there are readers where this place is.
    ///
    /// The place of the greater life goes on; then that of more orders, the last one being the later; and then they differ only by who was in
    /// the room as far as each node knew. There the newer one goes on, but a room in which somebody reads has not stood still: whoever
    /// thought so did not hear of its readers. Where two nodes have opened the room at nearly the same time, the last order on either counts.
    pub(super) fn meet(self, other: Self, is_read: bool, interval: u64) -> Self {
        if self.life != other.life && self.life.is_near(other.life) {
            let (older, younger) = if self.life > other.life { (self, other) } else { (other, self) };
            return if younger.orders.at > older.orders.at { younger.moved_into(older) } else { older };
        }
        let same_orders = (self.life, self.orders) == (other.life, other.orders);
        if same_orders && is_read && other > self && self.is_ahead_of(&other, interval) {
            let version = other.version.saturating_add(1);
            return Self { version, changed: self.changed.max(other.changed), ..self };
        }
        self.max(other)
    }

    /// The same place, by the orders of another life, as one of that life.
    fn moved_into(self, other: Self) -> Self {
        let count = self.orders.count.saturating_add(other.orders.count);
        let version = self.version.max(other.version).saturating_add(1);
        Self { life: other.life, orders: Orders { count, ..self.orders }, version, ..self }
    }

    /// Whether it has stood still for less time than another one.
    fn is_ahead_of(&self, other: &Self, interval: u64) -> bool {
        // When the first stanza would have been due, all being well: at - index * interval.
        let way = |index: usize| index as u128 * u128::from(interval);
        let (start, others) =
            (u128::from(self.at) + way(other.index), u128::from(other.at) + way(self.index));
        !self.empty && (other.empty || start < others)
    }

    /// Whether no stanza follows by itself.
    fn stands(&self) -> bool {
        self.held || self.empty
    }

    /// The same place, told by the stanza that was due last.
    fn still(self, now: u64, interval: u64) -> Self {
        let index = self.current(now, interval);
        Self { index, at: self.due(index, interval).unwrap_or(now), ..self }
    }

    fn ordered(self, now: u64) -> Self {
        let count = self.orders.count.saturating_add(1);
        Self { orders: Orders { count, at: now }, ..self.changed(now) }
    }

    fn changed(self, now: u64) -> Self {
        Self { version: self.version.saturating_add(1), changed: now, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: u64 = 2000;

    /// A room that somebody entered at 10,000.
    fn going() -> RoomPlace {
        RoomPlace::new(9_000, None).entered(10_000)
    }

    /// What is current at a time, and when the next two are due.
    fn seen(place: RoomPlace, now: u64) -> (usize, Option<u64>, Option<u64>) {
        let current = place.current(now, INTERVAL);
        (current, place.due(current + 1, INTERVAL), place.due(current + 2, INTERVAL))
    }

    #[test]
    fn each_change_and_what_follows() {
        let held = going().hold(15_500, INTERVAL);
        let alone = going().left(15_500, INTERVAL);
        for (what, place, now, expected) in [
            ("nobody has come yet", RoomPlace::new(9_000, None), 99_000, (0, None, None)),
            ("the first one starts it", going(), 10_000, (0, Some(12_000), Some(14_000))),
            ("between two beats", going(), 13_999, (1, Some(14_000), Some(16_000))),
            ("on a beat", going(), 14_000, (2, Some(16_000), Some(18_000))),
            (
                "a second one changes nothing",
                going().entered(13_000),
                14_000,
                (2, Some(16_000), Some(18_000)),
            ),
            ("held", held, 99_000, (2, None, None)),
            ("held twice", held.hold(50_000, INTERVAL), 99_000, (2, None, None)),
            ("on again: the next at once", held.go_on(20_000), 20_000, (3, Some(22_000), Some(24_000))),
            ("on when it was not held", going().go_on(15_500), 15_500, (2, Some(16_000), Some(18_000))),
            ("a jump", going().jump_to(40, 15_500), 15_500, (40, Some(17_500), Some(19_500))),
            ("a jump back", going().jump_to(0, 15_500), 17_499, (0, Some(17_500), Some(19_500))),
            ("a jump while it is held", held.jump_to(40, 50_000), 99_000, (40, None, None)),
            (
                "held and jumped and on",
                held.jump_to(40, 50_000).go_on(60_000),
                60_000,
                (41, Some(62_000), Some(64_000)),
            ),
            ("all have left", alone, 99_000, (2, None, None)),
            ("and one comes back", alone.entered(60_000), 60_000, (2, Some(62_000), Some(64_000))),
            ("held, and all have left", held.left(20_000, INTERVAL).entered(60_000), 99_000, (2, None, None)),
            ("on while nobody is there", held.left(20_000, INTERVAL).go_on(30_000), 99_000, (2, None, None)),
            (
                "and one comes back to that",
                held.left(20_000, INTERVAL).go_on(30_000).entered(60_000),
                60_000,
                (2, Some(62_000), Some(64_000)),
            ),
            ("a clock that is behind", going(), 9_000, (0, Some(12_000), Some(14_000))),
        ] {
            assert_eq!(seen(place, now), expected, "{what}");
        }
    }

    #[test]
    fn what_was_due_stays_due_for_those_who_are_behind() {
        let held = going().hold(15_500, INTERVAL);
        let due = |place: RoomPlace| [0, 1, 2, 3].map(|index| place.due(index, INTERVAL));
        assert_eq!(due(going()), [Some(10_000), Some(12_000), Some(14_000), Some(16_000)]);
        assert_eq!(due(held), [Some(10_000), Some(12_000), Some(14_000), None]);
    }

    #[test]
    fn versions_grow_with_changes_only() {
        let place = going();
        let version = place.version;
        assert_eq!(place.entered(11_000).go_on(12_000).version, version);
        let jumped = place.hold(15_500, INTERVAL).jump_to(7, 16_000);
        let order = Orders { count: 2, at: 16_000 };
        assert_eq!((jumped.version, jumped.jump()), (version + 2, Jump { order, to: 7 }));
        assert_eq!(jumped.go_on(17_000).jump(), jumped.jump());
    }

    #[test]
    fn absurd_numbers_do_no_harm() {
        let place = going().jump_to(usize::MAX, u64::MAX);
        assert_eq!(place.current(u64::MAX, 1), usize::MAX);
        assert_eq!(place.due(0, u64::MAX), Some(0));
        assert_eq!(going().due(usize::MAX, u64::MAX), Some(u64::MAX));
    }

    #[test]
    fn it_can_be_kept_elsewhere() {
        let place = going().jump_to(7, 16_000);
        let kept = serde_json::to_string(&place).unwrap();
        assert_eq!(serde_json::from_str::<RoomPlace>(&kept).unwrap(), place);
    }
}
