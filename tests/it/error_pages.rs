//! What a person gets whose address can't be answered: a page; and what programs get: the plain sentence, with the same status.

use dante::cli::ServeArgs;

use crate::support::{Answer, Server, Setup};

const BROWSER: &str = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n";

async fn page(server: &Server, path: &str, more: &str) -> Answer {
    server.get(path, &format!("{BROWSER}{more}")).await
}

fn prefixed() -> Setup<'static> {
    Setup { args: ServeArgs { prefix: Some("/dante".into()), ..ServeArgs::default() }, ..Setup::default() }
}

#[tokio::test]
async fn a_person_gets_a_page_and_a_program_the_sentence() {
    let server = Server::start(prefixed()).await;
    for (path, status) in [
        ("/?canto=inferno/7", 400),
        ("/dante/?stanza=0", 400),
        ("/dante/compare/?canto=limbo/1", 400),
        ("/dante/sse/?stanza=x", 400),
        ("/nothing", 404),
        ("/dante/nothing/at/all", 404),
        ("/demo/hello/", 404),
        ("/dante//hello/", 404),
        ("/static/nothing", 404),
        ("/websocket/ws", 426),
        ("/sse/stream?from=-1", 400),
    ] {
        let (person, program) = (page(&server, path, "").await, server.get(path, "Accept: */*\r\n").await);
        assert_eq!((person.status, program.status), (status, status), "{path}: {}", person.head);
        assert_eq!(person.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
        assert_ne!(program.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
        assert!(!program.body.contains('<'), "{path}: {}", program.body);
        assert_eq!(person.header("dante-fault"), program.header("dante-fault"), "{path}");
        for answer in [&person, &program] {
            assert!(answer.header("vary").is_some_and(|vary| vary.starts_with("accept")), "{}", answer.head);
            assert_eq!(answer.header("cache-control"), Some("no-cache"), "{}", answer.head);
        }
        let length = person.header("content-length").and_then(|length| length.parse().ok());
        assert_eq!(length, Some(person.body.len()), "{path}");
        assert!(person.header("content-security-policy").is_some(), "{path}");
        // What programs are told is there, too: it names the option, and a probe that is told no more knows it by its words.
        let said = program.body.trim().split('"').next().unwrap();
        assert!(person.body.contains(said), "{path}: {said} is not in {}", person.body);
    }
}

#[tokio::test]
async fn the_page_says_what_there_is_and_leads_there_under_any_prefix() {
    let server = Server::start(prefixed()).await;
    for (path, root, base) in [
        ("/dante/?canto=inferno/7", "", "/dante/"),
        ("/dante/compare/?canto=inferno/7", "../", "/dante/"),
        ("/dante/nothing", "", "/dante/"),
        ("/dante/a/b/c?lang=it", "../../", "/dante/"),
        ("/nothing/", "../", "/"),
    ] {
        let body = page(&server, path, "").await.body;
        let keep = if path.contains("lang") { "?lang=it" } else { "" };
        for link in [
            format!("href=\"{root}./{keep}\""),
            format!("href=\"{root}compare/{keep}\""),
            format!("href=\"{root}about/{keep}\""),
        ] {
            assert!(body.contains(&link), "{path} has no {link}: {body}");
        }
        for canto in ["inferno/1", "purgatorio/1", "paradiso/1"] {
            assert!(body.contains(&format!("canto={canto}")), "{path}: {canto}");
        }
        let named = body.split("href=\"").chain(body.split("src=\"")).skip(1);
        let mut files = 0;
        for url in named.filter_map(|rest| rest.split('"').next()).filter(|url| url.contains("static/")) {
            let below = url.strip_prefix(root).unwrap();
            assert!(!below.starts_with(['.', '/']), "{path} names {url}");
            assert_eq!(server.get(&format!("{base}{below}"), "").await.status, 200, "{path} names {url}");
            files += 1;
        }
        assert!(files >= 2, "{path} has its styles");
    }
}

#[tokio::test]
async fn what_was_asked_is_shown_and_never_markup() {
    let server = Server::start(Setup::default()).await;
    let attack = "%3Cscript%3Ealert(1)%3C/script%3E%22%27";
    for path in [
        format!("/?canto={attack}"),
        format!("/?stanza={attack}"),
        format!("/{attack}/x"),
        format!("/?canto={attack}&lang=it"),
        format!("/?canto=x&lang={attack}"),
    ] {
        let body = page(&server, &path, "").await.body;
        assert!(!body.contains("<script>alert") && !body.contains("alert(1)</script>"), "{path}: {body}");
    }
    let body = page(&server, "/?canto=inferno/7", "").await.body;
    assert!(body.contains("“inferno/7”") && body.contains("There is no such canto"), "{body}");
    let long = page(&server, &format!("/?canto={}", "x".repeat(3000)), "").await.body;
    assert!(long.contains(&format!("“{}…”", "x".repeat(80))), "{long}");
    // As many links as the poem has cantos would each begin with all these dots.
    let deep = page(&server, &format!("/{}", "a/".repeat(40)), "").await;
    assert_eq!((deep.status, deep.header("content-type")), (404, Some("text/plain; charset=utf-8")));
}

#[tokio::test]
async fn it_speaks_the_language_that_is_asked_for() {
    let server = Server::start(Setup::default()).await;
    let italian = "Accept-Language: it-CH, en;q=0.1\r\n";
    for (path, more, language, heading) in [
        ("/nothing", "", "en", "Nothing is here"),
        ("/nothing", italian, "it", "Qui non c’è nulla"),
        ("/nothing?lang=en", italian, "en", "Nothing is here"),
        ("/?stanza=900&lang=it", "", "it", "Vanno da 1 a 140."),
        ("/?canto=x/1", italian, "it", "Questo canto qui non c’è"),
    ] {
        let body = page(&server, path, more).await.body;
        assert!(body.contains(&format!("<html lang=\"{language}\">")), "{path} {more}");
        assert!(body.contains(heading), "{path} {more}: {body}");
    }
}

#[tokio::test]
async fn a_text_without_cantos_says_how_many_stanzas_it_has() {
    let server = Server::start(Setup { stanzas: (7, 0), ..Setup::default() }).await;
    let body = page(&server, "/?canto=inferno/1", "").await.body;
    assert!(body.contains("this text has no cantos. Its stanzas are numbered from 1 to 7."), "{body}");
    assert!(!body.contains("canto=inferno/1\""), "no link to what is not there: {body}");
}

#[tokio::test]
async fn what_is_not_a_refusal_and_who_is_not_a_reader_stay_as_they_are() {
    let server = Server::start(Setup::default()).await;
    assert_eq!(page(&server, "/", "").await.status, 200);
    assert_eq!(page(&server, "/hello", "").await.status, 308);
    // A probe asks for pages as browsers do, and hears what programs hear.
    let probe = page(&server, "/nothing", "Dante-Ask: 1\r\n").await;
    assert!(probe.body.starts_with("Nothing is served at \"/nothing\""), "{}", probe.body);
    let posted = format!("POST /nothing HTTP/1.1\r\nHost: localhost\r\n{BROWSER}Content-Length: 0\r\n\r\n");
    assert!(server.send(&posted).await.body.starts_with("Nothing is served at"));
    // The engine answers in JSON, whoever asks.
    let engine = page(&server, "/socket.io/?EIO=9&transport=polling", "").await;
    assert_eq!((engine.status, engine.header("content-type")), (400, Some("application/json")));
    let packed = page(&server, "/nothing", "Accept-Encoding: gzip\r\n").await;
    assert_eq!((packed.status, packed.header("content-encoding")), (404, Some("gzip")));
    assert!(packed.header("content-length").is_some());
}
