use serde_json::{Value, json};

use super::{request::MAX_OFFSET, *};
use crate::{poem::Poem, room::RoomName};

#[test]
fn a_reading_goes_to_the_end_and_stays_there() {
    let poem = Poem::parse(b"a\n\nb").unwrap();
    let mut reading = ResumeRequest::default().start(&poem).unwrap();
    let mut said = Vec::new();
    while let Some(index) = reading.next() {
        said.push(index);
        reading.advance();
    }
    reading.advance();
    assert_eq!((said, reading.offset()), (vec![0, 1], 2));
}

#[test]
fn queries() {
    let ask = |from, edition: Option<&str>| ResumeRequest {
        from,
        edition: edition.map(str::to_owned),
        ..ResumeRequest::default()
    };
    for (query, expected) in [
        ("", ask(None, None)),
        ("EIO=4&transport=polling", ask(None, None)),
        ("from=0", ask(Some(0), None)),
        ("t=1&from=12&edition=abc", ask(Some(12), Some("abc"))),
        ("from=%31", ask(Some(1), None)),
        ("from=4294967295", ask(Some(MAX_OFFSET), None)),
    ] {
        assert_eq!(ResumeRequest::from_query(query), Ok(expected), "{query}");
    }
    for query in ["from=-1", "from=1.5", "from=", "from", "from=1e3", "from=+1", "from=x", "from=4294967296"]
    {
        assert!(matches!(ResumeRequest::from_query(query), Err(ResumeError::From(_))), "{query}");
    }
}

#[test]
fn quiet_times() {
    let quiet = |query: &str| Ok(ResumeRequest::from_query(query)?.start(&Poem::embedded())?.quiet());
    for (query, secs) in [("", 0), ("quiet=1", 1), ("from=2&quiet=600", 600), ("quiet=%35", 5)] {
        assert_eq!(quiet(query), Ok(Duration::from_secs(secs)), "{query}");
    }
    for query in ["quiet=0", "quiet=601", "quiet=", "quiet", "quiet=1.5", "quiet=+1", "quiet=20s", "quiet=-1"]
    {
        assert!(matches!(quiet(query), Err(ResumeError::Quiet(_))), "{query}");
    }
    let header = ResumeRequest::after_event("e:4").unwrap();
    let both = header.or(ResumeRequest::from_query("from=0&edition=x&quiet=3").unwrap());
    let expected = Some(Duration::from_secs(3));
    assert_eq!((both.from, both.edition.as_deref(), both.quiet), (Some(5), Some("e"), expected));
}

#[test]
fn acknowledgements() {
    let of_query = |query: &str| Ok(ResumeRequest::from_query(query)?.start(&Poem::embedded())?.acks());
    for (query, acks) in [("", false), ("acks=true", true), ("acks=false", false)] {
        assert_eq!(of_query(query), Ok(acks), "{query}");
    }
    let of_auth = |auth: Value| Ok(ResumeRequest::from_auth(&auth)?.start(&Poem::embedded())?.acks());
    for (auth, acks) in [(json!({}), false), (json!({"acks": true}), true), (json!({"acks": null}), false)] {
        assert_eq!(of_auth(auth.clone()), Ok(acks), "{auth}");
    }
    for query in ["acks", "acks=1", "acks=TRUE"] {
        assert!(matches!(of_query(query), Err(ResumeError::Acks(_))), "{query}");
    }
    assert!(matches!(of_auth(json!({"acks": "true"})), Err(ResumeError::Acks(_))));
}

#[test]
fn auths() {
    let good = [json!({}), json!({"from": 3}), json!({"from": null}), json!({"edition": "e", "from": 0})];
    for auth in good {
        assert!(ResumeRequest::from_auth(&auth).is_ok(), "{auth}");
    }
    for auth in [json!({"from": -1}), json!({"from": 1.5}), json!({"from": "1"}), json!({"from": 1e300})] {
        assert!(matches!(ResumeRequest::from_auth(&auth), Err(ResumeError::From(_))), "{auth}");
    }
    for auth in [json!([]), json!("x"), json!(1), json!({"form": 1}), json!({"edition": 1})] {
        assert!(matches!(ResumeRequest::from_auth(&auth), Err(ResumeError::Shape(_))), "{auth}");
    }
}

#[test]
fn rooms() {
    let name = RoomName::parse("a").unwrap();
    let of_query = |query: &str| ResumeRequest::from_query(query)?.room().map(Option::<&_>::cloned);
    for (query, room) in [("", None), ("room=a&from=3", Some(&name)), ("room=%61", Some(&name))] {
        assert_eq!(of_query(query), Ok(room.cloned()), "{query}");
    }
    for query in ["room", "room=", "room=a%20b", "room=%C3%A8"] {
        assert!(matches!(of_query(query), Err(ResumeError::Room(_))), "{query}");
    }
    assert_eq!(of_query("room=a&quiet=3"), Err(ResumeError::QuietRoom));
    let of_auth = |auth: Value| ResumeRequest::from_auth(&auth)?.room().map(Option::<&_>::cloned);
    assert_eq!(of_auth(json!({"room": "a", "conduct": "0123456789abcdef"})), Ok(Some(name)));
    assert_eq!(of_auth(json!({"room": null, "conduct": null})), Ok(None));
    assert!(matches!(of_auth(json!({"room": 1})), Err(ResumeError::Room(_))));
}

#[test]
fn tokens_come_in_no_url_and_no_error_shows_one() {
    let secret = "0123456789abcdef";
    for refusal in [
        ResumeRequest::from_query(&format!("room=a&conduct={secret}")),
        ResumeRequest::from_auth(&json!({"room": "a", "conduct": format!("{secret} ")})),
        ResumeRequest::from_auth(&json!({"room": "a", "conduct": [secret]})),
    ] {
        let Err(refusal @ ResumeError::Conduct(_)) = refusal else { panic!("{refusal:?}") };
        assert!(!refusal.to_string().contains(secret), "{refusal}");
    }
    let refusal = ResumeRequest::from_auth(&json!({"conduct": secret, "x": 1})).unwrap_err();
    assert!(!refusal.to_string().contains(&secret[..4]), "{refusal}");
    let alone = ResumeRequest::from_auth(&json!({"conduct": secret})).unwrap();
    assert!(matches!(alone.room(), Err(ResumeError::Conduct(_))));
}

#[tokio::test(start_paused = true)]
async fn in_a_room_only_what_all_have_before_them_counts() {
    let poem = Poem::embedded();
    let (rooms, _changes) = crate::room::Rooms::new(poem.len(), Duration::from_secs(2));
    let name = RoomName::parse("a").unwrap();
    let _first = rooms.enter(&name).unwrap();
    tokio::time::sleep(Duration::from_secs(7)).await;
    for (query, next) in [
        ("", 3),
        ("from=0", 3),
        ("from=2", 3),
        ("from=3", 3),
        // It has heard what all have before them.
        ("from=4", 4),
        ("from=5", 3),
        ("from=4&edition=other", 3),
        ("from=140", 3),
    ] {
        let request = ResumeRequest::from_query(query).unwrap();
        let reading = request.start_in_room(rooms.enter(&name).unwrap(), &poem);
        assert_eq!(reading.next(), Some(next), "{query}");
    }
}

#[test]
fn event_ids_go_round() {
    let asked = ResumeRequest::after_event(&event_id("e", 4)).unwrap();
    assert_eq!(asked, ResumeRequest { from: Some(5), edition: Some("e".into()), ..ResumeRequest::default() });
    for id in ["", "4", "e:", "e:-1", "e:x"] {
        assert!(ResumeRequest::after_event(id).is_err(), "{id}");
    }
}

#[test]
fn starts() {
    let poem = Poem::embedded();
    let start = |from, edition: Option<&str>| {
        ResumeRequest { from, edition: edition.map(str::to_owned), ..ResumeRequest::default() }
            .start(&poem)
            .map(|reading| reading.next())
    };
    assert_eq!(start(None, None), Ok(Some(0)));
    assert_eq!(start(Some(139), Some(poem.edition())), Ok(Some(139)));
    assert_eq!(start(Some(140), None), Ok(None));
    assert_eq!(start(Some(MAX_OFFSET), None), Ok(None));
    let refusal = start(Some(3), Some("other")).unwrap_err();
    assert!(refusal.to_string().starts_with("foreign-edition: "), "{refusal}");
}

#[test]
fn refusals_quote_little() {
    let refusal = ResumeRequest::from_query(&format!("from={}", "9".repeat(5000))).unwrap_err();
    assert!(refusal.to_string().len() < 250, "{refusal}");
}
