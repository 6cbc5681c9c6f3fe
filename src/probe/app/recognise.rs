//! What an answer that is not Dante's page shows itself to be: by its type, by its words, by what the page loads. Pure.

use std::sync::LazyLock;

use regex::Regex;

use crate::probe::{
    classify::{Class, EngineError, classify},
    client::{
        engineio::{self, Packet},
        stream_type::form_of_type,
    },
    evidence::{Exchange, Markup, NamedEngine},
    subject::Kind,
    target::Target,
};

/// What an answer shows, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    /// What it is.
    pub(crate) kind: Kind,
    /// The engine's path, if it is one.
    pub(crate) engine: Option<String>,
    /// By what, in words.
    pub(crate) by: String,
}

impl Shown {
    fn new(kind: Kind, by: impl Into<String>) -> Self {
        Self { kind, engine: None, by: by.into() }
    }

    fn engine(path: &str, by: impl Into<String>) -> Self {
        Self { engine: Some(path.to_owned()), ..Self::new(Kind::Engine, by) }
    }
}

/// What the answer at a URL shows by itself; nothing for most pages.
pub(crate) fn shown_by(exchange: &Exchange) -> Option<Shown> {
    let class = classify(exchange);
    let path = Target::parse(&exchange.url).map(|target| target.path).unwrap_or_default();
    let kind = exchange.header("content-type").unwrap_or_default();
    match class {
        Class::Good | Class::Cut | Class::ErrorInJson if form_of_type(kind).is_some() => {
            Some(Shown::new(Kind::EventStream, format!("Content-Type: {kind}")))
        }
        Class::Good if is_opening(&exchange.body) => {
            Some(Shown::engine(&path, "the answer opens a session of Engine.IO"))
        }
        Class::Good if exchange.unended => {
            Some(Shown::new(Kind::EventStream, "the answer had no end when the probe left it"))
        }
        Class::Engine(error) => of_engine(error)
            .then(|| Shown::engine(&path, format!("an engine's error: {}", shorten(exchange.body.trim())))),
        Class::UpgradeRequired => Some(Shown::new(Kind::WebSocket, "426, an upgrade is required")),
        Class::Other(400) | Class::Method if wants_upgrade(exchange) => Some(Shown::new(
            Kind::WebSocket,
            format!("the answer asks for an upgrade: {}", shorten(exchange.body.trim())),
        )),
        _ => None,
    }
}

/// Whether a server may have an engine beside this answer: one that has a page, or nothing at its root.
pub(crate) fn may_have_engine(exchange: &Exchange) -> bool {
    let is_root = Target::parse(&exchange.url).is_ok_and(|target| target.path == "/");
    match classify(exchange) {
        Class::Good | Class::Page => true,
        Class::ErrorInJson | Class::NotFound => is_root,
        _ => false,
    }
}

/// Whether an answer is one that an endpoint of another kind gives to a plain request for a page.
pub(crate) fn is_refusal(exchange: &Exchange) -> bool {
    matches!(
        (classify(exchange), exchange.status),
        (Class::NotFound | Class::Method | Class::Other(400 | 406), _)
            | (Class::ErrorInJson, Some(400..=499))
    )
}

/// Where the engine of a page's Socket.IO client is, by the scripts that it names and the code in it; none if it loads no client.
pub(crate) fn engine_of_page(page: &Target, html: &str, markup: &Markup) -> Option<NamedEngine> {
    // io("…", { path: "/x/socket.io" }), or the same of Manager.
    static OPTION: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r#"(?-u:\b)(?:io|connect|Manager)\([^;]{0,300}?(?-u:\b)path["']?[ \t]*:[ \t]*["'`](/[^"'`?# ]{0,200})["'`]"#,
        )
        .expect("the expression is constant")
    });
    // io("https://h", …) or io("//h", …).
    static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?-u:\b)(?:io|connect|Manager)\([ \t]*["'`](?:(?:http|ws)s?:)?//([^/"'`?#]{1,200})"#)
            .expect("the expression is constant")
    });
    let calls = html.contains("io(") || html.contains("Manager(");
    let named = ADDRESS.captures(html).and_then(|found| found.get(1)).map(|host| host.as_str());
    let here = calls && named.is_none_or(|host| host == page.authority());
    let client = markup.files.iter().map(|file| file.url.as_str()).find(|url| is_client(url));
    let calls_it = html.contains("io(") && html.contains("socket.io");
    let by = match client {
        Some(url) => format!("the page loads {}", shorten(url)),
        None if calls_it => "the page's code calls io(…)".to_owned(),
        None => return None,
    };
    if let Some(path) = OPTION.captures(html).and_then(|found| found.get(1)) {
        return Some(NamedEngine { path: with_slash(path.as_str()), by, here });
    }
    // Served by the engine itself, beside its path (socket.io/lib/index.ts, `attachServe`).
    let own = client.and_then(|url| page.join(url).ok()).filter(|client| client.same_origin(page));
    let path = own.map(|client| client.folder().to_owned()).filter(|folder| folder.contains("socket.io"));
    Some(NamedEngine { path: path.unwrap_or_else(|| "/socket.io/".to_owned()), by, here })
}

fn is_client(url: &str) -> bool {
    let file = url.split(['?', '#']).next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    file.starts_with("socket.io") && (file.ends_with(".js") || file.ends_with(".mjs"))
}

fn with_slash(path: &str) -> String {
    if path.ends_with('/') { path.to_owned() } else { format!("{path}/") }
}

fn is_opening(body: &str) -> bool {
    let mut packets = body.split(engineio::SEPARATOR);
    packets.next().is_some_and(|first| matches!(engineio::packet(first), Ok(Packet::Open(_))))
}

/// Whether an error is one that an engine gives to a request without a transport; others have sessions.
fn of_engine(error: EngineError) -> bool {
    matches!(
        error,
        EngineError::UnknownTransport
            | EngineError::UnsupportedVersion
            | EngineError::BadRequest
            | EngineError::Forbidden
    )
}

/// The words in which servers of WebSocket refuse plain requests: Tornado, aiohttp and Spring ("Can \"Upgrade\" only to \"WebSocket\""),
/// axum ("`Connection` header did not include 'upgrade'"), actix ("upgrade is expected"), websockets ("Failed to open a WebSocket
/// connection"), coder/websocket ("WebSocket protocol violation"); gorilla/websocket writes only the header Sec-WebSocket-Version.
fn wants_upgrade(exchange: &Exchange) -> bool {
    let body = exchange.body.to_ascii_lowercase();
    let says = |words: &str| body.contains(words);
    exchange.header("sec-websocket-version").is_some()
        || exchange.header("upgrade").is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
        || (says("upgrade") && (says("websocket") || says("connection")))
        || says("websocket protocol violation")
}

fn shorten(text: &str) -> String {
    const MOST: usize = 80;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::html;

    fn answer(status: u16, kind: &str, body: &str) -> Exchange {
        Exchange {
            url: "http://h/x".into(),
            status: Some(status),
            headers: vec![("content-type".into(), kind.into())],
            body: body.into(),
            ..Exchange::default()
        }
    }

    #[test]
    fn what_answers_show() {
        let unended = Exchange { unended: true, ..answer(200, "text/plain", "Mid") };
        let gorilla = Exchange {
            headers: vec![("sec-websocket-version".into(), "13".into())],
            ..answer(400, "", "Bad Request")
        };
        let opening = r#"0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#;
        for (exchange, expected) in [
            (answer(200, "text/event-stream; charset=utf-8", "data: x"), Some(Kind::EventStream)),
            (answer(200, "application/x-ndjson", "{}"), Some(Kind::EventStream)),
            (unended, Some(Kind::EventStream)),
            (answer(200, "text/plain", opening), Some(Kind::Engine)),
            (
                answer(400, "application/json", r#"{"code":0,"message":"Transport unknown"}"#),
                Some(Kind::Engine),
            ),
            (answer(400, "application/json", r#"{"code":1,"message":"Session ID unknown"}"#), None),
            (answer(426, "text/plain", "Upgrade Required"), Some(Kind::WebSocket)),
            (answer(400, "text/plain", "Can \"Upgrade\" only to \"WebSocket\"."), Some(Kind::WebSocket)),
            (answer(400, "text/plain", "Connection header did not include 'upgrade'"), Some(Kind::WebSocket)),
            (gorilla, Some(Kind::WebSocket)),
            (answer(400, "text/plain", "Bad Request"), None),
            (answer(404, "text/html", "<html>"), None),
            (answer(200, "text/html", "<html>It works!"), None),
            (answer(503, "text/event-stream", "data: down"), None),
        ] {
            assert_eq!(shown_by(&exchange).map(|shown| shown.kind), expected, "{exchange:?}");
        }
    }

    #[test]
    fn pages_that_connect_to_their_own_host() {
        let page = Target::parse("https://h/").unwrap();
        let client = r#"<script src="/socket.io/socket.io.js"></script>"#;
        for (code, here) in [
            ("<script>io();</script>", true),
            ("<script>io({ path: '/x' })</script>", true),
            ("<script>io('/chat')</script>", true),
            ("<script>io(\"https://h/chat\")</script>", true),
            ("<script>io(\"https://other.example\")</script>", false),
            ("<script>new Manager('//other.example:81/')</script>", false),
            ("<script src=\"/app.js\"></script>", false),
        ] {
            let html = format!("{client}{code}");
            let engine = engine_of_page(&page, &html, &html::read(&html)).unwrap();
            assert_eq!(engine.here, here, "{code}");
        }
    }

    #[test]
    fn pages_that_load_a_client() {
        let page = Target::parse("https://h/app/index.html").unwrap();
        for (html, expected) in [
            (r#"<script src="/socket.io/socket.io.js"></script>"#, Some("/socket.io/")),
            (r#"<script src="socket.io/socket.io.min.js?x=1"></script>"#, Some("/app/socket.io/")),
            (r#"<script src="https://cdn.socket.io/4.8.1/socket.io.min.js"></script>"#, Some("/socket.io/")),
            (
                r#"<script src="https://cdn.socket.io/4.8.1/socket.io.esm.min.js" type="module"></script><script>const s = io("https://h", { transports: ["polling"], path: '/chat/ws' });</script>"#,
                Some("/chat/ws/"),
            ),
            (
                r#"<script type="module">import { io } from "https://cdn/socket.io.esm.min.js"; io();</script>"#,
                Some("/socket.io/"),
            ),
            (r#"<script src="/app.js"></script><script>ratio(2)</script>"#, None),
            ("It works!", None),
        ] {
            let found = engine_of_page(&page, html, &html::read(html)).map(|engine| engine.path);
            assert_eq!(found.as_deref(), expected, "{html}");
        }
    }
}
