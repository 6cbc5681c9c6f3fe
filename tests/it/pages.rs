//! Pages, assets, prefixes and headers, as bytes on the wire.

use dante::cli::ServeArgs;

use crate::support::{Server, Setup};

fn prefixed(prefix: &str) -> Setup<'static> {
    Setup { args: ServeArgs { prefix: Some(prefix.into()), ..ServeArgs::default() }, ..Setup::default() }
}

const PAGES: [&str; 10] = [
    "/",
    "/server-socketio.js",
    "/websocket/",
    "/server-faye.js",
    "/sse/",
    "/compare/",
    "/hello/",
    "/about/",
    "/room/",
    "/room/class-3",
];

#[tokio::test]
async fn every_page_is_there_with_the_prefix_and_without() {
    let server = Server::start(prefixed("/dante")).await;
    for page in PAGES {
        for path in [page.to_owned(), format!("/dante{page}"), format!("/dante{page}?lang=it")] {
            let answer = server.get(&path, "").await;
            assert_eq!(answer.status, 200, "{path}");
            assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
        }
    }
    assert_eq!(server.get("/elsewhere/hello/", "").await.status, 404);
}

#[tokio::test]
async fn all_that_a_page_names_is_there_and_relative() {
    let server = Server::start(Setup::default()).await;
    for page in PAGES {
        let folder = &page[..=page.rfind('/').unwrap()];
        let body = server.get(page, "").await.body;
        let named: Vec<_> = body.split("src=\"").skip(1).chain(body.split("href=\"").skip(1)).collect();
        assert!(named.len() > 5, "{page} names {named:?}");
        for url in named.into_iter().map(|rest| &rest[..rest.find('"').unwrap()]) {
            assert!(!url.starts_with('/') && !url.contains(':'), "{page} names {url}");
            let path = match url.strip_prefix("../") {
                Some(url) => format!("/{url}"),
                None => format!("{folder}{url}"),
            };
            assert_eq!(server.get(&path.replace("/./", "/"), "").await.status, 200, "{page} names {url}");
        }
    }
}

#[tokio::test]
async fn folders_without_their_slash_lead_to_them() {
    let server = Server::start(prefixed("/dante")).await;
    for (path, location) in [
        ("/dante", "./dante/"),
        ("/dante?canto=inferno/1", "./dante/?canto=inferno/1"),
        ("/dante/hello", "./hello/"),
        ("/sse", "./sse/"),
        ("/websocket", "./websocket/"),
        ("/room", "./room/"),
    ] {
        let answer = server.get(path, "").await;
        assert_eq!((answer.status, answer.header("location")), (308, Some(location)), "{path}");
    }
}

#[tokio::test]
async fn the_client_library_is_cached_by_its_hash_and_precompressed() {
    let server = Server::start(Setup::default()).await;
    let page = server.get("/", "").await.body;
    let url = page.split('"').find(|part| part.starts_with("socket.io/socket.io.js?v=")).unwrap();
    let plain = server.get("/socket.io/socket.io.js", "").await;
    assert_eq!(plain.header("cache-control"), Some("no-cache"));
    assert!(plain.body.contains("Socket.IO v4."));
    let hashed = server.get(&format!("/{url}"), "Accept-Encoding: br\r\n").await;
    assert_eq!(hashed.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(hashed.header("content-encoding"), Some("br"));
    assert_eq!(hashed.header("vary"), Some("accept-encoding"));
    let tag = hashed.header("etag").unwrap();
    assert_ne!(Some(tag), plain.header("etag"), "one tag for each form");
    let again =
        server.get(&format!("/{url}"), &format!("Accept-Encoding: br\r\nIf-None-Match: {tag}\r\n")).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    let min = server.get("/socket.io/socket.io.min.js", "Accept-Encoding: gzip\r\n").await;
    assert_eq!((min.status, min.header("content-encoding")), (200, Some("gzip")));
    let module = server.get("/socket.io/socket.io.esm.min.js", "").await;
    assert_eq!(module.header("content-type"), Some("text/javascript; charset=utf-8"), "{}", module.head);
    assert!(module.body.contains("Socket.IO v4.") && module.body.contains("export{"));
    let stale = server.get("/socket.io/socket.io.js?v=0123456789abcdef", "").await;
    assert_eq!(stale.header("cache-control"), Some("no-cache"), "another version's hash caches nothing");
}

#[tokio::test]
async fn answers_have_security_headers_and_a_length() {
    let server = Server::start(prefixed("/dante")).await;
    for path in PAGES.into_iter().chain([
        "/dante",
        "/nothing",
        "/static/js/read.js",
        "/static/nothing",
        "/socket.io/",
        "/socket.io/?EIO=4&transport=polling",
        "/socket.io/?EIO=4&transport=websocket",
        "/socket.io/?EIO=4&transport=polling&sid=AAAAAAAAAAAAAAHs",
        "/websocket/ws",
        "/sse/stream?from=-1",
        "/?stanza=x",
        "/sse",
    ]) {
        let answer = server.get(path, "").await;
        assert!(answer.header("content-length").is_some(), "{path}: {}", answer.head);
        assert!(
            answer.header("transfer-encoding").is_none() && answer.header("keep-alive").is_none(),
            "{path}"
        );
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        let policy = answer.header("content-security-policy").unwrap_or_default();
        let kind = answer.header("content-type").unwrap_or_default();
        if kind.starts_with("text/javascript") || kind.starts_with("text/css") {
            // What is part of a page goes by the page's own.
            assert_eq!((policy, answer.header("referrer-policy")), ("", None), "{path}");
            continue;
        }
        let is_page = kind.starts_with("text/html");
        assert_eq!(policy.contains("; connect-src 'self' ws://"), is_page, "{path}: {policy}");
        assert!(policy.starts_with("default-src 'self';") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
    }
}

#[tokio::test]
async fn an_address_chooses_where_to_start() {
    let server = Server::start(Setup::default()).await;
    let body = server.get("/websocket/?canto=purgatorio/1", "").await.body;
    assert!(body.contains("data-from=\"46\""), "{body}");
    let refused = server.get("/?canto=limbo/1", "").await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("inferno/1 to paradiso/1"), "{}", refused.body);
}

fn language(body: &str) -> &str {
    let rest = body.split("<html lang=\"").nth(1).expect("a language");
    &rest[..rest.find('"').unwrap()]
}

#[tokio::test]
async fn pages_speak_the_language_that_is_asked_for() {
    let server = Server::start(Setup::default()).await;
    let italian = "Accept-Language: it-CH, it;q=0.9, en;q=0.1\r\n";
    for page in PAGES {
        for (query, header, expected) in [
            ("", "", "en"),
            ("", "Accept-Language: fr\r\n", "en"),
            ("", italian, "it"),
            ("?lang=it", "", "it"),
            ("?lang=en", italian, "en"),
            ("?lang=xx", italian, "it"),
        ] {
            let answer = server.get(&format!("{page}{query}"), header).await;
            assert_eq!(language(&answer.body), expected, "{page}{query} {header}");
            let vary = answer.header("vary").unwrap_or_default();
            assert!(vary.contains("accept-language") && vary.contains("accept-encoding"), "{page}: {vary}");
        }
    }
}

#[tokio::test]
async fn a_language_that_the_address_chose_is_kept_by_links_to_other_pages() {
    let server = Server::start(Setup::default()).await;
    for (page, link) in
        [("/", "hello/"), ("/sse/", "../hello/"), ("/compare/", "../hello/"), ("/hello/", "../compare/")]
    {
        let chosen = server.get(&format!("{page}?lang=it"), "").await.body;
        assert!(chosen.contains(&format!("href=\"{link}?lang=it\"")), "{page}: {chosen}");
        let accepted = server.get(page, "Accept-Language: it\r\n").await.body;
        assert!(accepted.contains(&format!("href=\"{link}\"")), "{page}: {accepted}");
    }
}

#[tokio::test]
async fn the_sentences_of_a_page_are_json_in_its_language() {
    let server = Server::start(Setup::default()).await;
    let mut tables = Vec::new();
    for query in ["?lang=en", "?lang=it"] {
        let body = server.get(&format!("/{query}"), "").await.body;
        let json = body.split("id=\"strings\">").nth(1).unwrap().split("</script>").next().unwrap();
        tables.push(serde_json::from_str::<std::collections::BTreeMap<String, String>>(json).unwrap());
    }
    assert!(!tables[0].is_empty());
    assert!(tables[0].keys().eq(tables[1].keys()));
    assert_ne!(tables[0], tables[1]);
}
