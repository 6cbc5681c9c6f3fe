//! The pages, rendered with askama. All their URLs are relative: a page works under any prefix.

use std::{
    borrow::Cow,
    io::{self, Write},
    sync::LazyLock,
};

use askama::Template;
use axum::{
    extract::{FromRequestParts, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header, request::Parts},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use flate2::{Compression, write::GzEncoder};

use super::{app::App, assets, error_page::Unknown, language::Language, policy, routes::Routes};
use crate::{
    contract::paths,
    poem::{Canto, Poem, roman},
    query::parameter,
    room::RoomName,
};

/// Adds the pages' routes.
pub(super) fn add_to(routes: Routes) -> Routes {
    routes
        .at(paths::ROOT, get(socketio_page))
        .at(paths::SERVER_SOCKETIO, get(socketio_page))
        .at(
            paths::WEBSOCKET_PAGE,
            get(async |request: PageRequest| websocket_page(&request, "../", paths::WEBSOCKET)),
        )
        // The URLs of the Node.js sample.
        .at(
            paths::SERVER_FAYE,
            get(async |request: PageRequest| websocket_page(&request, "", paths::SERVER_FAYE_WEBSOCKET)),
        )
        .at(paths::SSE_PAGE, get(sse_page))
        .at(paths::PLAIN_TEXT, get(plain_text))
        .at(paths::COMPARE, get(compare_page))
        .at(paths::HELLO, get(hello_page))
        .at(paths::ABOUT, get(about_page))
}

/// A request for a page.
pub(super) struct PageRequest {
    pub(super) app: App,
    query: String,
    language: Language,
    takes_gzip: bool,
    /// The Content-Security-Policy of the page.
    policy: HeaderValue,
}

impl FromRequestParts<App> for PageRequest {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        Ok(Self::new(app, &parts.uri, &parts.headers))
    }
}

impl PageRequest {
    pub(super) fn new(app: &App, uri: &Uri, headers: &HeaderMap) -> Self {
        let query = uri.query().unwrap_or_default().to_owned();
        Self {
            app: app.clone(),
            language: Language::choose(&query, headers),
            query,
            takes_gzip: assets::accepts(headers, "gzip"),
            policy: policy::of_page(headers, app.trust_forwarded),
        }
    }
}

/// What every page needs.
pub(super) struct Layout<'a> {
    /// The relative path from this page to the root of the prefix: empty, `../`, and so on.
    pub(super) root: Cow<'static, str>,
    pub(super) language: Language,
    /// The query for links to other pages, which keeps the language that the URL chose, and that the log of frames is open.
    pub(super) keep: &'static str,
    pub(super) app: &'a App,
}

impl<'a> Layout<'a> {
    pub(super) fn new(request: &'a PageRequest, root: impl Into<Cow<'static, str>>) -> Self {
        let language = parameter(&request.query, "lang").map(|_| request.language);
        let debug = parameter(&request.query, "debug").is_some();
        let keep = match (language, debug) {
            (None, false) => "",
            (Some(Language::English), false) => "?lang=en",
            (Some(Language::Italian), false) => "?lang=it",
            (None, true) => "?debug",
            (Some(Language::English), true) => "?lang=en&debug",
            (Some(Language::Italian), true) => "?lang=it&debug",
        };
        Self { root: root.into(), language: request.language, keep, app: &request.app }
    }

    /// The URL of one of our assets; an unknown name gives a dead link, which a test catches.
    pub(super) fn asset(&self, path: &str) -> String {
        format!("{}{}", self.root, assets::url(path).unwrap_or_else(|| format!("missing/{path}")))
    }

    /// A sentence of the interface.
    pub(super) fn s(&self, name: &str) -> String {
        self.language.sentence(name)
    }

    /// The query of a link that says more than the language: what comes before that.
    pub(super) fn and(&self) -> String {
        if self.keep.is_empty() { "?".to_owned() } else { format!("{}&", self.keep) }
    }
}

/// The canticles of a poem, each with its cantos.
pub(super) fn canticles(poem: &Poem) -> Vec<(&str, &[Canto])> {
    let chunks = poem.cantos().chunk_by(|one, next| one.canticle == next.canticle);
    chunks.map(|cantos| (cantos[0].canticle.as_str(), cantos)).collect()
}

/// A page of a reading, or of several.
pub(super) struct ReadingPage<'a> {
    /// The 0-based index of the stanza to start with.
    pub(super) from: usize,
    /// Where plain WebSocket is, relative to the root.
    pub(super) websocket: &'static str,
    pub(super) canticles: Vec<(&'a str, &'a [Canto])>,
    /// The poem's language, as in `lang` attributes.
    pub(super) language: &'static str,
    /// How many lines the first stanza has: most likely as many as the others.
    pub(super) lines: usize,
    /// Whether it opens as for a whole room to see (`?present`).
    pub(super) present: bool,
    /// The room in which it is read.
    pub(super) room: Option<RoomName>,
}

impl<'a> ReadingPage<'a> {
    /// A reading that starts where the page's URL says.
    fn new(request: &'a PageRequest, endpoint: &'static str) -> Result<Self, Unknown> {
        let from = start(&request.query, &request.app.poem)?;
        Ok(Self { from, ..Self::at_the_start(request, endpoint) })
    }

    /// A reading in a room, which is where the room is, whatever the page's URL says.
    pub(super) fn in_room(request: &'a PageRequest, room: RoomName) -> Self {
        Self { room: Some(room), ..Self::at_the_start(request, paths::WEBSOCKET) }
    }

    /// What of the site it is.
    pub(super) fn section(&self) -> &'static str {
        if self.room.is_some() { "room" } else { "read" }
    }

    fn at_the_start(request: &'a PageRequest, endpoint: &'static str) -> Self {
        let poem = &request.app.poem;
        Self {
            from: 0,
            websocket: endpoint.trim_start_matches('/'),
            canticles: canticles(poem),
            language: language(poem),
            lines: poem.stanzas()[0].text.lines().count(),
            present: parameter(&request.query, "present").is_some(),
            room: None,
        }
    }
}

#[derive(Template)]
#[template(path = "index-socketio.html")]
struct SocketIoPage<'a> {
    layout: Layout<'a>,
    reading: ReadingPage<'a>,
}

#[derive(Template)]
#[template(path = "index-websocket.html")]
struct WebSocketPage<'a> {
    layout: Layout<'a>,
    reading: ReadingPage<'a>,
}

#[derive(Template)]
#[template(path = "index-sse.html")]
struct SsePage<'a> {
    layout: Layout<'a>,
    reading: ReadingPage<'a>,
}

#[derive(Template)]
#[template(path = "compare.html")]
struct ComparePage<'a> {
    layout: Layout<'a>,
    reading: ReadingPage<'a>,
}

#[derive(Template)]
#[template(path = "hello.html")]
struct HelloPage<'a> {
    layout: Layout<'a>,
}

#[derive(Template)]
#[template(path = "about.html")]
struct AboutPage<'a> {
    layout: Layout<'a>,
}

async fn socketio_page(request: PageRequest) -> Response {
    let page = ReadingPage::new(&request, paths::WEBSOCKET)
        .map(|reading| SocketIoPage { layout: Layout::new(&request, ""), reading });
    respond(&request, page)
}

fn websocket_page(request: &PageRequest, root: &'static str, endpoint: &'static str) -> Response {
    let page = ReadingPage::new(request, endpoint)
        .map(|reading| WebSocketPage { layout: Layout::new(request, root), reading });
    respond(request, page)
}

async fn sse_page(request: PageRequest) -> Response {
    let page = ReadingPage::new(&request, paths::WEBSOCKET)
        .map(|reading| SsePage { layout: Layout::new(&request, "../"), reading });
    respond(&request, page)
}

async fn compare_page(request: PageRequest) -> Response {
    let page = ReadingPage::new(&request, paths::WEBSOCKET)
        .map(|reading| ComparePage { layout: Layout::new(&request, "../"), reading });
    respond(&request, page)
}

async fn hello_page(request: PageRequest) -> Response {
    respond(&request, Ok(HelloPage { layout: Layout::new(&request, "../") }))
}

async fn about_page(request: PageRequest) -> Response {
    respond(&request, Ok(AboutPage { layout: Layout::new(&request, "../") }))
}

/// The poem for those whose browsers run no scripts.
async fn plain_text(State(app): State<App>) -> Response {
    ([(header::CACHE_CONTROL, "no-cache")], app.poem.text()).into_response()
}

fn respond(request: &PageRequest, page: Result<impl Template, Unknown>) -> Response {
    match page {
        Ok(page) => render(request, &page),
        Err(unknown) => unknown.into_response(),
    }
}

/// A page as it goes to this browser.
pub(super) fn render(request: &PageRequest, page: &impl Template) -> Response {
    let text = match page.render() {
        Ok(text) => text,
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let headers = [(header::CACHE_CONTROL, "no-cache"), (header::VARY, "accept-language, accept-encoding")];
    let policy = [(header::CONTENT_SECURITY_POLICY, request.policy.clone())];
    let packed = if request.takes_gzip { gzip(text.as_bytes()).ok() } else { None };
    match packed {
        Some(bytes) => {
            let kind =
                [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_ENCODING, "gzip")];
            (headers, policy, kind, bytes).into_response()
        }
        None => (headers, policy, Html(text)).into_response(),
    }
}

/// Compressed as a whole, so that the answer has a Content-Length, which iisnode wants.
fn gzip(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text)?;
    encoder.finish()
}

/// The poem's language. For a text from `--poem` it is unknown, which HTML expresses with an empty `lang`; without it
/// the text would inherit the interface's language.
pub(super) fn language(poem: &Poem) -> &'static str {
    static EMBEDDED: LazyLock<Poem> = LazyLock::new(Poem::embedded);
    if poem.edition() == EMBEDDED.edition() { "en" } else { "" }
}

/// Where a page's URL says to start: `?canto=purgatorio/1` is the first stanza of that canto, `?stanza=N` the N-th
/// stanza, counted from 1, of that canto or, without one, of the poem.
fn start(query: &str, poem: &Poem) -> Result<usize, Unknown> {
    let mut stanzas = 0..poem.len();
    if let Some(canto) = parameter(query, "canto") {
        let found = poem.cantos().iter().find(|known| names(&canto, &known.canticle, known.number));
        stanzas = found.map(|canto| canto.stanzas.clone()).ok_or_else(|| Unknown::canto(canto, poem))?;
    }
    let Some(text) = parameter(query, "stanza") else { return Ok(stanzas.start) };
    let number = text.parse::<usize>().ok().filter(|number| (1..=stanzas.len()).contains(number));
    let most = stanzas.len();
    number.map(|number| stanzas.start + number - 1).ok_or_else(|| Unknown::stanza(text, most))
}

/// Whether `purgatorio/1` or `purgatorio/I` names this canto.
fn names(text: &str, canticle: &str, number: u32) -> bool {
    text.rsplit_once('/').is_some_and(|(name, asked)| {
        let asked = asked.parse().ok().or_else(|| roman(&asked.to_uppercase()));
        name.to_lowercase() == canticle.to_lowercase() && asked == Some(number)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> Poem {
        Poem::parse(b"a\n\nb").unwrap()
    }

    #[test]
    fn only_the_language_of_our_own_text_is_known() {
        let embedded = Poem::embedded();
        assert_eq!(language(&embedded), "en");
        assert_eq!(language(&Poem::parse(embedded.text().as_bytes()).unwrap()), "en");
        assert_eq!(language(&plain()), "");
    }

    #[test]
    fn where_an_address_starts() {
        let poem = Poem::embedded();
        for (query, from) in [
            ("", 0),
            ("stanza=1", 0),
            ("stanza=140", 139),
            ("canto=inferno/1", 0),
            ("canto=purgatorio/1", 46),
            ("canto=Paradiso/i", 92),
            ("canto=paradiso%2F1&stanza=48", 139),
            ("x=y&stanza=3", 2),
        ] {
            assert_eq!(start(query, &poem), Ok(from), "{query}");
        }
        for query in [
            "stanza=0",
            "stanza=141",
            "stanza=x",
            "stanza=-1",
            "canto=inferno/2",
            "canto=1",
            "canto=inferno/1&stanza=47",
        ] {
            assert!(start(query, &poem).is_err(), "{query}");
        }
        let spaced = Poem::parse(b"Vita Nuova: Canto I\n\na\n\nVita Nuova: Canto II\n\nb").unwrap();
        for query in ["canto=vita%20nuova/2", "canto=Vita+Nuova/II"] {
            assert_eq!(start(query, &spaced), Ok(1), "{query}");
        }
        let plain = plain();
        let unknown = start("canto=inferno/1", &plain).unwrap_err();
        assert!(unknown.to_string().contains("no cantos"), "{unknown}");
    }
}
