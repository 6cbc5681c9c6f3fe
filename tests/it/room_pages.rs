//! The pages of rooms, and what they ask for: the page of each room, the refusal of a bad name, codes, and stanzas that were missed.

use crate::support::{Server, Setup};

#[tokio::test]
async fn a_room_has_a_reading_page_which_begins_where_the_room_is() {
    let server = Server::start(Setup::default()).await;
    for path in ["/room/class-3", "/room/class-3?stanza=999&canto=nowhere/1"] {
        let page = server.get(path, "").await;
        assert_eq!(
            (page.status, page.header("content-type")),
            (200, Some("text/html; charset=utf-8")),
            "{path}"
        );
        for part in
            ["data-room=\"class-3\"", "data-root=\"../\"", "data-from=\"0\"", "id=\"poem\"", "id=\"room\""]
        {
            assert!(page.body.contains(part), "{path}: {part}");
        }
        // Its cantos lead to a reading alone.
        assert!(page.body.contains("href=\"../?canto=purgatorio/1\""));
    }
    assert!(!server.get("/", "").await.body.contains("data-room"));
}

#[tokio::test]
async fn looking_at_a_page_opens_no_room() {
    let server = Server::start(Setup::default()).await;
    for path in ["/room/", "/room/class-3"] {
        server.get(path, "").await;
    }
    let hosting = server.get("/hosting.json", "").await.body;
    assert!(hosting.contains("\"rooms\":0"), "{hosting}");
}

#[tokio::test]
async fn a_bad_name_is_refused_on_a_page_that_asks_for_another() {
    let server = Server::start(Setup::default()).await;
    let long = "a".repeat(65);
    for name in ["..", "a%20b", "a.b", "%C3%A8", "%ff", "a%2Fb", "%3Cscript%3E", &long] {
        let answer = server.get(&format!("/room/{name}"), "").await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (400, Some("text/html; charset=utf-8")),
            "{name}"
        );
        assert!(answer.body.contains("role=\"alert\"") && answer.body.contains("id=\"rooms\""), "{name}");
        assert!(!answer.body.contains("<script>"), "{name}");
    }
    let italian = server.get("/room/a.b?lang=it", "").await.body;
    assert!(italian.contains("Questo non è il nome di una stanza."));
    assert!(!server.get("/room/", "").await.body.contains("role=\"alert\""));
}

#[tokio::test]
async fn a_page_is_presented_when_its_address_says_so() {
    let server = Server::start(Setup::default()).await;
    for path in ["/", "/sse/", "/websocket/", "/room/a"] {
        let presented = format!("{path}?present");
        assert!(!server.get(path, "").await.body.contains("data-present="), "{path}");
        let body = server.get(&presented, "").await.body;
        assert!(body.contains("data-present=\"asked\"") && body.contains("css/present.css\">"), "{path}");
    }
}

#[tokio::test]
async fn codes_are_only_for_addresses_of_this_site() {
    let server = Server::start(Setup::default()).await;
    let code = async |address: &str, headers: &str| {
        let of: String = form_urlencoded::byte_serialize(address.as_bytes()).collect();
        server.get(&format!("/qr.svg?of={of}"), headers).await
    };
    for address in ["http://localhost/", "https://localhost/dante/room/class-3?lang=it"] {
        let answer = code(address, "").await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("image/svg+xml")), "{address}");
        assert_eq!(answer.header("cache-control"), Some("private, max-age=86400"));
        assert!(answer.body.starts_with("<svg ") && answer.body.len() < 20_000);
        assert!(!answer.body.contains("class-3"), "a code is drawn, not written");
    }
    for address in
        ["", "hello", "https://evil.example/", "http://localhost/room/a#conduct=a-token-that-nobody-guesses"]
    {
        let answer = code(address, "").await;
        assert_eq!((answer.status, &answer.body[..8]), (400, "bad-of: "), "{address}");
    }
    // A proxy has changed the host, and the browser says that its page asks.
    assert_eq!(code("https://outside.example/", "Sec-Fetch-Site: same-origin\r\n").await.status, 200);
    assert_eq!(server.get("/qr.svg", "").await.status, 400);
}

#[tokio::test]
async fn stanzas_that_were_missed_are_asked_for_by_their_indices() {
    let server = Server::start(Setup::default()).await;
    let answer = server.get("/stanzas.json?from=46&to=48", "").await;
    let json: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let stanzas = json["stanzas"].as_array().unwrap();
    let places: Vec<_> =
        stanzas.iter().map(|stanza| (stanza["index"].as_u64(), stanza["canticle"].as_str())).collect();
    assert_eq!(places, [(Some(46), Some("Purgatorio")), (Some(47), Some("Purgatorio"))]);
    assert!(stanzas[0]["text"].as_str().unwrap().starts_with("To run o'er better waters"));
    let foreign = server.get("/stanzas.json?from=1&edition=another", "").await;
    assert_eq!(foreign.status, 400);
    assert!(foreign.body.starts_with("foreign-edition: "));
}
