//! What comes of places that nodes have come to apart.

use proptest::prelude::*;

use super::place::RoomPlace;

const INTERVAL: u64 = 2000;

fn going() -> RoomPlace {
    RoomPlace::new(9_000, None).entered(10_000)
}

#[test]
fn two_places_and_what_comes_of_them() {
    let held = going().hold(15_000, INTERVAL);
    let again = |at| going().left(14_500, INTERVAL).entered(at);
    let other = RoomPlace::new(14_000, None).entered(14_000).hold(15_000, INTERVAL);
    let empty = RoomPlace::new(9_000, None);
    let next = RoomPlace::new(30_000, Some(going().life())).entered(30_000);
    for (what, one, other, met) in [
        ("the same", going(), going(), going()),
        ("an order", going(), held, held),
        ("an order, and who came and went meanwhile", again(16_000).left(20_000, INTERVAL), held, held),
        ("more orders", held, held.go_on(16_000), held.go_on(16_000)),
        (
            "two orders, of which the later counts",
            held,
            going().jump_to(7, 15_001),
            going().jump_to(7, 15_001),
        ),
        ("both came first", empty.entered(10_000), empty.entered(10_001), empty.entered(10_001)),
        ("all have left", going(), going().left(15_000, INTERVAL), going().left(15_000, INTERVAL)),
        ("begun apart: the older one, whatever was ordered", going(), other, going()),
        ("begun anew after the end", held, next, next),
    ] {
        for (ours, theirs) in [(one, other), (other, one)] {
            assert_eq!(ours.meet(theirs, false, INTERVAL), met, "{what}");
        }
    }
}

#[test]
fn of_a_room_that_two_nodes_opened_at_nearly_the_same_time_the_last_order_counts() {
    let (older, younger) = (going(), RoomPlace::new(13_999, None));
    let (early, late) = (older.hold(15_000, INTERVAL), younger.jump_to(40, 16_000));
    for (ours, theirs) in [(early, late), (late, early)] {
        let met = ours.meet(theirs, false, INTERVAL);
        assert_eq!((met.current(20_000, INTERVAL), met.life()), (40, older.life()));
        assert_eq!(met.meet(late, false, INTERVAL), met, "what is said again counts once");
    }
    let late = older.hold(17_000, INTERVAL);
    assert_eq!(younger.jump_to(40, 16_000).meet(late, true, INTERVAL), late);
}

#[test]
fn a_room_that_is_read_has_not_stood_still() {
    let alone = going().left(15_000, INTERVAL);
    for (what, theirs) in [("thought empty", alone), ("and entered again", alone.entered(20_000))] {
        let met = going().meet(theirs, true, INTERVAL);
        assert!(met > theirs, "{what}: it is newer for the others, too");
        assert_eq!(met.due(9, INTERVAL), going().due(9, INTERVAL), "{what}");
        assert_eq!(theirs.meet(met, true, INTERVAL), met, "{what}: who is behind follows");
    }
    let held = alone.hold(16_000, INTERVAL);
    assert_eq!(going().meet(held, true, INTERVAL), held, "an order counts, though");
}

/// What happens on one of the nodes, after so many milliseconds.
#[derive(Debug, Clone)]
enum Step {
    Comes,
    Leaves,
    Hold,
    GoOn,
    Jump(usize),
    /// Hears what this node has now.
    Hears(usize),
}

fn step() -> impl Strategy<Value = (usize, u64, Step)> {
    let step = prop_oneof![
        Just(Step::Comes),
        Just(Step::Leaves),
        Just(Step::Hold),
        Just(Step::GoOn),
        (0..50_usize).prop_map(Step::Jump),
        (0..NODES).prop_map(Step::Hears),
    ];
    (0..NODES, 0..5_000_u64, step)
}

const NODES: usize = 3;

#[derive(Debug, Clone, Copy)]
struct Node {
    place: RoomPlace,
    readers: usize,
}

impl Node {
    fn hear(&mut self, other: RoomPlace, now: u64) {
        let is_read = self.readers > 0;
        self.place = self.place.meet(other, is_read, INTERVAL);
        if is_read {
            self.place = self.place.entered(now);
        }
    }

    fn take(&mut self, step: &Step, now: u64) {
        let place = self.place;
        match step {
            Step::Comes => (self.readers, self.place) = (self.readers + 1, place.entered(now)),
            Step::Leaves => self.readers = self.readers.saturating_sub(1),
            Step::Hold => self.place = place.hold(now, INTERVAL),
            Step::GoOn => self.place = place.go_on(now),
            Step::Jump(to) => self.place = place.jump_to(*to, now),
            Step::Hears(_) => {}
        }
        if matches!(step, Step::Leaves) && self.readers == 0 {
            self.place = self.place.left(now, INTERVAL);
        }
    }
}

proptest! {
    /// Whatever happened while they heard only some of it, nodes that hear each other come to one place, and stay there.
    #[test]
    fn all_nodes_come_to_one_place(
        born in proptest::array::uniform3(prop_oneof![Just(0), 0..10_000_u64]),
        steps in proptest::collection::vec(step(), 0..60),
    ) {
        let mut nodes = born.map(|born| Node { place: RoomPlace::new(born, None), readers: 0 });
        let mut now = 10_000;
        for (node, after, step) in &steps {
            now += after;
            if let Step::Hears(other) = step {
                let said = nodes[*other].place;
                nodes[*node].hear(said, now);
            } else {
                nodes[*node].take(step, now);
            }
        }
        // Each hears each; who has readers says so again.
        for _ in 0..NODES + 1 {
            for said in 0..NODES {
                for hears in 0..NODES {
                    let said = nodes[said].place;
                    nodes[hears].hear(said, now);
                }
            }
        }
        if nodes.iter().all(|node| node.readers == 0) {
            // Now all know that.
            nodes.iter_mut().for_each(|node| node.place = node.place.left(now, INTERVAL));
        }
        let met = nodes[0].place;
        prop_assert!(nodes.iter().all(|node| node.place == met), "{nodes:#?}");
        prop_assert_eq!(met.is_empty(), nodes.iter().all(|node| node.readers == 0));
    }

    /// Without readers the order in which places meet doesn't matter.
    #[test]
    fn the_order_does_not_matter(steps in proptest::collection::vec(step(), 0..30)) {
        let mut nodes = [Node { place: RoomPlace::new(0, None), readers: 0 }; NODES];
        let mut now = 0;
        for (node, after, step) in &steps {
            now += after;
            nodes[*node].take(step, now);
        }
        let [a, b, c] = nodes.map(|node| node.place);
        let meet = |one: RoomPlace, other| one.meet(other, false, INTERVAL);
        prop_assert_eq!(meet(meet(a, b), c), meet(a, meet(c, b)));
        prop_assert_eq!(meet(a, a), a);
    }
}
