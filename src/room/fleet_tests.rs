//! Rooms on several nodes, which hear each other, or don't for a while.

use super::*;

const INTERVAL: Duration = Duration::from_secs(2);

/// The same room on some nodes.
struct Nodes {
    rooms: Vec<Rooms>,
    name: RoomName,
}

impl Nodes {
    fn new(count: usize) -> Self {
        Self::with_clock(count, RoomClock::new())
    }

    fn with_clock(count: usize, clock: RoomClock) -> Self {
        let rooms: Vec<_> = (0..count).map(|_| Rooms::with_clock(99, INTERVAL, clock).0).collect();
        rooms.iter().for_each(|rooms| assert!(rooms.meet_others(Vec::new(), None).is_empty()));
        Self { rooms, name: RoomName::parse("a").unwrap() }
    }

    fn enter(&self, node: usize) -> Seat {
        self.rooms[node].enter(&self.name).unwrap()
    }

    fn order(&self, node: usize, order: Baton) {
        self.rooms[node].open(&self.name).unwrap().follow(order).unwrap();
    }

    fn status(&self, node: usize) -> RoomStatus {
        self.rooms[node].open(&self.name).unwrap().status()
    }

    /// Each tells the others what they don't know, and then of what it has readers.
    fn talk(&self) {
        let unsaid = |rooms: &Rooms| rooms.take_unsaid().into_iter().filter_map(|(_, word)| word).collect();
        let mut rounds = 0;
        loop {
            let words: Vec<Vec<Word>> = self.rooms.iter().map(unsaid).collect();
            let is_quiet = words.iter().all(Vec::is_empty);
            self.pass(words);
            if is_quiet {
                break;
            }
            rounds += 1;
            assert!(rounds < 10, "they talk for ever");
        }
        self.pass(self.rooms.iter().map(Rooms::read_here).collect());
    }

    fn pass(&self, words: Vec<Vec<Word>>) {
        for (from, words) in words.into_iter().enumerate() {
            for (to, rooms) in self.rooms.iter().enumerate().filter(|(to, _)| *to != from) {
                assert_ne!(from, to);
                words.iter().for_each(|word| drop(rooms.hear(word, Some(&from.to_string()))));
            }
        }
    }

    /// Time goes by in which they hear each other.
    async fn go_by(&self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            tokio::time::sleep(LOOK.min(end - Instant::now())).await;
            self.rooms.iter().for_each(Rooms::look_again);
            self.talk();
        }
    }

    /// Time in which they don't.
    async fn go_by_apart(&self, time: Duration) {
        self.rooms.iter().for_each(Rooms::lose_others);
        let end = Instant::now() + time;
        while Instant::now() < end {
            tokio::time::sleep(LOOK).await;
            self.rooms.iter().for_each(Rooms::look_again);
        }
        let kept = self.rooms.iter().map(Rooms::known);
        for (rooms, kept) in self.rooms.iter().zip(kept.collect::<Vec<_>>().into_iter().rev()) {
            rooms.meet_others(kept, None);
        }
        self.talk();
    }

    fn places(&self) -> Vec<(usize, bool)> {
        (0..self.rooms.len()).map(|node| (self.status(node).place, self.status(node).held)).collect()
    }
}

fn seconds(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

#[tokio::test(start_paused = true)]
async fn all_nodes_have_one_place_and_count_together() {
    let nodes = Nodes::new(3);
    let first = nodes.enter(0);
    nodes.talk();
    nodes.go_by(seconds(5)).await;
    let second = nodes.enter(1);
    nodes.talk();
    assert_eq!((second.current(), second.due(3)), (2, first.due(3)));
    assert_eq!([0, 1, 2].map(|node| nodes.status(node).readers), [2, 2, 2]);
    nodes.order(2, Baton::Hold);
    nodes.talk();
    assert_eq!(nodes.places(), [(2, true); 3]);
    drop(first);
    nodes.go_by(seconds(20)).await;
    nodes.order(0, Baton::GoOn);
    nodes.talk();
    nodes.go_by(seconds(2)).await;
    assert_eq!(nodes.places(), [(4, false); 3], "nobody here, but somebody elsewhere");
    drop(second);
    nodes.talk();
    nodes.go_by(seconds(60)).await;
    assert_eq!(nodes.places(), [(4, false); 3], "it stands still when it is empty everywhere");
    assert_eq!((nodes.enter(2).current(), nodes.status(2).readers), (4, 1));
}

#[tokio::test(start_paused = true)]
async fn a_jump_moves_readers_everywhere_once() {
    let nodes = Nodes::new(2);
    let mut seats = [nodes.enter(0), nodes.enter(1)];
    nodes.talk();
    assert_eq!(seats.each_mut().map(Seat::follow), [None, None], "both opened it, and nobody has to move");
    nodes.order(0, Baton::Jump(40));
    nodes.talk();
    assert_eq!(seats.each_mut().map(Seat::follow), [Some(40), Some(40)]);
    nodes.go_by(seconds(7)).await;
    assert_eq!(seats.each_mut().map(Seat::follow), [None, None]);
    assert_eq!(nodes.places(), [(43, false); 2]);
    // At the same time on both.
    nodes.order(0, Baton::Jump(50));
    tokio::time::sleep(Duration::from_millis(1)).await;
    nodes.order(1, Baton::Jump(60));
    assert_eq!(seats.each_mut().map(Seat::follow), [Some(50), Some(60)]);
    nodes.talk();
    assert_eq!(seats.each_mut().map(Seat::follow), [Some(60), None], "the later one counts");
    nodes.order(0, Baton::Jump(70));
    tokio::time::sleep(Duration::from_millis(1)).await;
    nodes.order(1, Baton::Hold);
    nodes.talk();
    assert_eq!(seats.each_mut().map(Seat::follow), [Some(60), None], "a jump that does not count");
    assert_eq!(nodes.places(), [(60, true); 2]);
}

#[tokio::test(start_paused = true)]
async fn the_first_token_is_the_rooms_on_all_nodes() {
    let nodes = Nodes::new(2);
    let token = |text: &str| Token::parse(&text.repeat(16)).unwrap();
    let conducts =
        |node: usize, text| nodes.rooms[node].open(&nodes.name).unwrap().is_conducted_by(&token(text));
    assert!(conducts(0, "a"));
    nodes.talk();
    assert!(!conducts(1, "b") && conducts(1, "a"));
}

#[tokio::test(start_paused = true)]
async fn apart_a_room_goes_on_and_nobody_has_to_move_when_they_meet() {
    let nodes = Nodes::new(3);
    let mut seats = [nodes.enter(0), nodes.enter(1)];
    nodes.talk();
    nodes.go_by(seconds(10)).await;
    let due = seats[0].due(90);
    drop(nodes.enter(2));
    nodes.go_by_apart(seconds(30)).await;
    // A reader comes and goes where there was none: somebody may read elsewhere.
    nodes.rooms.iter().for_each(Rooms::lose_others);
    drop(nodes.enter(2));
    nodes.go_by_apart(seconds(30)).await;
    assert_eq!(seats.each_mut().map(Seat::follow), [None, None]);
    assert_eq!(seats.each_ref().map(|seat| seat.due(90)), [due, due]);
    assert_eq!(nodes.places()[2], nodes.places()[0]);
    nodes.go_by(seconds(10)).await;
    assert_eq!([0, 1, 2].map(|node| nodes.status(node).readers), [2, 2, 2]);
}

#[tokio::test(start_paused = true)]
async fn orders_that_were_given_apart_count_when_they_meet() {
    let nodes = Nodes::new(2);
    let mut seats = [nodes.enter(0), nodes.enter(1)];
    nodes.talk();
    nodes.go_by(seconds(5)).await;
    nodes.rooms.iter().for_each(Rooms::lose_others);
    nodes.order(0, Baton::Hold);
    nodes.go_by_apart(seconds(6)).await;
    assert_eq!(nodes.places(), [(2, true); 2]);
    assert_eq!(seats.each_mut().map(Seat::follow), [None, None], "who is ahead waits");
    assert_eq!((seats[1].due(6), seats[1].due(2).is_some()), (None, true));
    nodes.order(1, Baton::GoOn);
    nodes.talk();
    assert_eq!(seats[1].due(6), Some(Instant::now() + 3 * INTERVAL));
    nodes.rooms.iter().for_each(Rooms::lose_others);
    nodes.order(1, Baton::Jump(50));
    assert_eq!(seats[1].follow(), Some(50));
    nodes.go_by_apart(seconds(60)).await;
    assert_eq!(
        seats.each_mut().map(Seat::follow),
        [Some(80), None],
        "who hears of it late comes where it is"
    );
}

#[tokio::test(start_paused = true)]
async fn rooms_that_were_begun_apart_become_the_older_one() {
    let nodes = Nodes::new(2);
    nodes.rooms.iter().for_each(Rooms::lose_others);
    let mut old = nodes.enter(0);
    tokio::time::sleep(seconds(20)).await;
    let mut new = nodes.enter(1);
    nodes.go_by_apart(seconds(4)).await;
    assert_eq!((old.follow(), new.follow()), (None, Some(12)));
    assert_eq!(nodes.places(), [(12, false); 2]);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_is_gone_has_no_readers_any_more() {
    let nodes = Nodes::new(2);
    let gone = nodes.enter(0);
    nodes.talk();
    nodes.go_by(seconds(6)).await;
    let alone = &nodes.rooms[1];
    for second in 0..30 {
        tokio::time::sleep(LOOK).await;
        alone.look_again();
        assert_eq!(nodes.status(1).readers, usize::from(second < 6), "after {second} s");
    }
    assert_eq!(nodes.status(1).place, 6, "it went on until then");
    // It says so itself.
    nodes.talk();
    assert_eq!(nodes.status(1).readers, 1);
    alone.forget_node("0");
    assert_eq!(nodes.status(1).readers, 0);
    drop(gone);
}

#[tokio::test(start_paused = true)]
async fn a_place_outlives_all_nodes() {
    let clock = RoomClock::new();
    let nodes = Nodes::with_clock(1, clock);
    let seat = nodes.enter(0);
    nodes.order(0, Baton::Jump(40));
    nodes.go_by(seconds(5)).await;
    let kept = nodes.rooms[0].known();
    let alive = nodes.rooms[0].now();
    drop((seat, nodes));
    tokio::time::sleep(seconds(2)).await;
    let soon = Nodes::with_clock(1, clock);
    soon.rooms[0].meet_others(kept.clone(), None);
    assert_eq!(soon.status(0).place, 43, "it has gone on for a moment");
    tokio::time::sleep(seconds(300)).await;
    let late = Nodes::with_clock(2, clock);
    late.rooms.iter().for_each(|rooms| drop(rooms.meet_others(kept.clone(), Some(alive))));
    assert_eq!((late.enter(0).current(), late.places()), (42, vec![(42, false); 2]));
    tokio::time::sleep(seconds(400)).await;
    let too_late = Nodes::with_clock(1, clock);
    too_late.rooms[0].meet_others(kept, Some(alive));
    assert_eq!((too_late.rooms[0].count(), too_late.enter(0).current()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn after_its_end_a_room_begins_anew_on_all_nodes() {
    let nodes = Nodes::new(2);
    let slow = nodes.enter(1);
    nodes.talk();
    nodes.order(0, Baton::Jump(98));
    nodes.talk();
    let new = nodes.enter(0);
    assert_eq!(new.current(), 0);
    nodes.talk();
    assert_eq!(nodes.places(), [(0, false); 2]);
    assert_ne!(
        nodes.rooms[1].open(&nodes.name).unwrap().id(),
        slow.room().id(),
        "who is behind reads on there"
    );
    nodes.go_by(seconds(5)).await;
    assert_eq!(nodes.enter(1).current(), 2);
    drop(slow);
    nodes.talk();
    assert_eq!(nodes.places(), [(2, false); 2]);
}

#[tokio::test(start_paused = true)]
async fn what_was_forgotten_is_no_longer_kept() {
    let nodes = Nodes::new(2);
    nodes.go_by(seconds(6)).await;
    drop(nodes.enter(0));
    nodes.talk();
    assert_eq!(nodes.rooms[1].count(), 1);
    nodes.go_by(rooms::KEPT - seconds(1)).await;
    assert_eq!((nodes.rooms[0].count(), nodes.rooms[1].count()), (1, 1));
    tokio::time::sleep(seconds(2)).await;
    nodes.rooms[0].look_again();
    assert_eq!(nodes.rooms[0].take_unsaid(), [(nodes.name.clone(), None)]);
    assert_eq!((nodes.rooms[0].count(), nodes.rooms[1].count()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn nobody_can_name_rooms_without_end() {
    let nodes = Nodes::new(1);
    let word = |at: usize| {
        let place = RoomPlace::new(nodes.rooms[0].now(), None);
        Word { name: RoomName::parse(&format!("r{at}")).unwrap(), place, claim: None, readers: 1 }
    };
    for at in 0..2 * rooms::MOST_ROOMS {
        nodes.rooms[0].hear(&word(at), Some("other"));
    }
    assert_eq!(nodes.rooms[0].count(), rooms::MOST_ROOMS);
}

#[tokio::test(start_paused = true)]
async fn whoever_has_given_an_order_waits_for_the_other_nodes_but_not_for_long() {
    let nodes = Nodes::new(1);
    let rooms = &nodes.rooms[0];
    let waits = async || {
        let start = Instant::now();
        rooms.until_told().await;
        start.elapsed().as_millis()
    };
    nodes.order(0, Baton::Hold);
    assert_eq!(waits().await, 500, "nobody is told");
    assert_eq!(rooms.take_unsaid().len(), 1);
    assert_eq!(waits().await, 500, "it is on its way");
    rooms.have_told();
    assert_eq!(waits().await, 0);
    nodes.order(0, Baton::GoOn);
    let telling = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        rooms.take_unsaid();
        tokio::time::sleep(Duration::from_millis(100)).await;
        rooms.have_told();
    };
    assert_eq!(tokio::join!(waits(), telling).0, 200);
    nodes.order(0, Baton::Hold);
    rooms.lose_others();
    assert_eq!(waits().await, 0, "nobody hears");
}
