use super::{
    rooms::{KEPT, MOST_ROOMS},
    *,
};

const INTERVAL: Duration = Duration::from_secs(2);

fn rooms(of: usize) -> (Rooms, mpsc::UnboundedReceiver<Arc<Room>>) {
    Rooms::new(of, INTERVAL)
}

fn name(text: &str) -> RoomName {
    RoomName::parse(text).unwrap()
}

#[tokio::test(start_paused = true)]
async fn who_comes_late_finds_the_stanza_that_all_have_before_them() {
    let (rooms, _changes) = rooms(9);
    let first = rooms.enter(&name("a")).unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let second = rooms.enter(&name("a")).unwrap();
    assert_eq!((first.current(), second.current()), (0, 2));
    assert_eq!(first.room().id(), second.room().id());
    assert_eq!(first.due(3), Some(Instant::now() + Duration::from_secs(1)));
    assert_ne!(rooms.enter(&name("A")).unwrap().room().id(), first.room().id(), "another name");
}

#[tokio::test(start_paused = true)]
async fn a_room_without_readers_keeps_its_place_for_a_while() {
    let (rooms, _changes) = rooms(9);
    let seat = rooms.enter(&name("a")).unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    drop(seat);
    tokio::time::sleep(KEPT - Duration::from_secs(1)).await;
    assert_eq!((rooms.count(), rooms.enter(&name("a")).unwrap().current()), (1, 2));
    tokio::time::sleep(KEPT).await;
    assert_eq!(rooms.count(), 0);
    assert_eq!(rooms.enter(&name("a")).unwrap().current(), 0);
}

#[tokio::test(start_paused = true)]
async fn after_its_end_a_room_begins_anew() {
    let (rooms, _changes) = rooms(3);
    let slow = rooms.enter(&name("a")).unwrap();
    tokio::time::sleep(Duration::from_millis(3999)).await;
    let last = rooms.enter(&name("a")).unwrap();
    assert_eq!((last.current(), last.room().id()), (1, slow.room().id()));
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(slow.room().follow(Baton::Jump(0)), Err(BatonError::Ended));
    assert_ne!(rooms.open(&name("a")).unwrap().id(), slow.room().id());
    let new = rooms.enter(&name("a")).unwrap();
    assert_ne!(new.room().id(), slow.room().id());
    assert_eq!(new.current(), 0);
    drop((slow, last, new));
    let one = Rooms::new(1, INTERVAL).0;
    assert_eq!(one.enter(&name("a")).unwrap().current(), 0, "a poem of one stanza");
}

#[tokio::test(start_paused = true)]
async fn there_are_so_many_rooms_and_the_longest_empty_one_goes_first() {
    let (rooms, _changes) = rooms(9);
    let mut seats: Vec<_> =
        (0..MOST_ROOMS).map(|at| rooms.enter(&name(&format!("r{at}"))).unwrap()).collect();
    assert_eq!(rooms.enter(&name("more")).unwrap_err(), RoomsFull);
    assert_eq!(rooms.open(&name("more")).unwrap_err(), RoomsFull);
    assert_eq!((rooms.check(&name("more")), rooms.check(&name("r7"))), (Err(RoomsFull), Ok(())));
    assert_eq!(rooms.enter(&name("r7")).unwrap().current(), 0, "one that is there");
    let second = seats.pop().unwrap();
    let first = seats.pop().unwrap();
    let ids = (first.room().id(), second.room().id());
    drop(first);
    assert_eq!(rooms.check(&name("more")), Ok(()), "and nobody is put out");
    assert_eq!(rooms.open(&name(&format!("r{}", MOST_ROOMS - 2))).unwrap().id(), ids.0);
    tokio::time::sleep(Duration::from_secs(1)).await;
    drop(second);
    let _more = rooms.enter(&name("more")).unwrap();
    let stayed = rooms.open(&name(&format!("r{}", MOST_ROOMS - 1))).unwrap();
    assert_eq!((stayed.id(), rooms.count()), (ids.1, MOST_ROOMS));
    let opened_again = rooms.open(&name(&format!("r{}", MOST_ROOMS - 2))).unwrap();
    assert_ne!(opened_again.id(), ids.0);
}

#[tokio::test(start_paused = true)]
async fn the_first_token_conducts() {
    let (rooms, _changes) = rooms(9);
    let room = rooms.open(&name("a")).unwrap();
    let token = |text: &str| Token::parse(&text.repeat(16)).unwrap();
    assert!(room.is_conducted_by(&token("a")));
    assert!(!room.is_conducted_by(&token("b")));
    assert!(room.is_conducted_by(&token("a")));
}

#[tokio::test(start_paused = true)]
async fn orders_and_their_limits() {
    let (rooms, _changes) = rooms(9);
    let mut seat = rooms.enter(&name("a")).unwrap();
    let room = Arc::clone(seat.room());
    assert_eq!(seat.follow(), None);
    assert_eq!(room.follow(Baton::Jump(9)), Err(BatonError::Beyond { to: 9, of: 9 }));
    let status = room.follow(Baton::Jump(5)).unwrap();
    assert_eq!((status.place, status.held, status.readers), (5, false, 1));
    assert_eq!((seat.follow(), seat.follow()), (Some(5), None));
    assert!(room.follow(Baton::Hold).unwrap().held);
    assert_eq!(seat.due(6), None);
    assert_eq!(room.follow(Baton::GoOn).unwrap().place, 6);
    assert_eq!(seat.due(6), Some(Instant::now()));
    let refused = std::iter::repeat_with(|| room.follow(Baton::Hold)).take(20).filter_map(Result::err);
    assert_eq!(refused.collect::<Vec<_>>(), [BatonError::TooOften; 14]);
    tokio::time::sleep(ORDERS_WITHIN).await;
    assert!(room.follow(Baton::Hold).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_room_is_news_once_until_its_news_is_taken() {
    let (rooms, mut changes) = rooms(9);
    let seat = rooms.enter(&name("a")).unwrap();
    for _ in 0..3 {
        seat.room().has_changed();
    }
    let room = changes.try_recv().unwrap();
    assert!(changes.try_recv().is_err());
    assert_eq!(room.take_news(), RoomStatus { name: name("a"), place: 0, held: false, readers: 1 });
    drop(seat);
    assert_eq!(changes.try_recv().unwrap().take_news().readers, 0);
}
