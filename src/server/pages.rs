//! The pages, rendered with askama. All their URLs are relative: a page works under any prefix.

use askama::Template;
use axum::{
    Router,
    extract::{RawQuery, State},
    http::{StatusCode, Uri, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};

use super::{app::App, assets, entrance::redirect_to_folder};
use crate::poem::{Poem, roman};

/// The pages' routes.
pub(super) fn router() -> Router<App> {
    let folder = async |uri: Uri| redirect_to_folder(&uri);
    Router::new()
        .route("/", get(socketio_page))
        .route("/server-socketio.js", get(socketio_page))
        .route("/websocket", get(folder))
        .route("/websocket/", get(async |app, query| websocket_page(app, query, "../", "ws")))
        // The sample's own page and endpoint.
        .route("/server-faye.js", get(async |app, query| websocket_page(app, query, "", "server-faye.js/ws")))
        .route("/sse", get(folder))
        .route("/sse/", get(sse_page))
        .route("/hello", get(folder))
        .route("/hello/", get(hello_page))
}

/// What every page of a reading needs.
struct Common<'a> {
    /// The way to the root of the prefix from this page: empty or `../`.
    root: &'static str,
    edition: &'a str,
    of: usize,
    /// The 0-based index of the stanza to start with.
    from: usize,
}

impl Common<'_> {
    /// The URL of an asset of ours; an unknown one leads nowhere, and a test finds it.
    fn asset(&self, path: &str) -> String {
        asset(self.root, path)
    }
}

fn asset(root: &str, path: &str) -> String {
    format!("{root}{}", assets::url(path).unwrap_or_else(|| format!("missing/{path}")))
}

#[derive(Template)]
#[template(path = "index-socketio.html")]
struct SocketIoPage<'a> {
    common: Common<'a>,
    transports: String,
}

#[derive(Template)]
#[template(path = "index-websocket.html")]
struct WebSocketPage<'a> {
    common: Common<'a>,
    /// The endpoint, relative to the page.
    endpoint: &'static str,
}

#[derive(Template)]
#[template(path = "index-sse.html")]
struct SsePage<'a> {
    common: Common<'a>,
}

#[derive(Template)]
#[template(path = "hello.html")]
struct HelloPage {
    root: &'static str,
    transports: String,
}

impl HelloPage {
    fn asset(&self, path: &str) -> String {
        asset(self.root, path)
    }
}

async fn socketio_page(State(app): State<App>, RawQuery(query): RawQuery) -> Response {
    page(&app, query, "", |common| SocketIoPage { common, transports: app.transports.to_string() })
}

fn websocket_page(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    root: &'static str,
    endpoint: &'static str,
) -> Response {
    page(&app, query, root, |common| WebSocketPage { common, endpoint })
}

async fn sse_page(State(app): State<App>, RawQuery(query): RawQuery) -> Response {
    page(&app, query, "../", |common| SsePage { common })
}

async fn hello_page(State(app): State<App>) -> Response {
    rendered(&HelloPage { root: "../", transports: app.transports.to_string() })
}

/// Renders a page of a reading that starts where its address says.
fn page<'a, T: Template>(
    app: &'a App,
    query: Option<String>,
    root: &'static str,
    template: impl FnOnce(Common<'a>) -> T,
) -> Response {
    match start(&query.unwrap_or_default(), &app.poem) {
        Ok(from) => {
            rendered(&template(Common { root, edition: app.poem.edition(), of: app.poem.len(), from }))
        }
        Err(message) => (StatusCode::BAD_REQUEST, message).into_response(),
    }
}

fn rendered(template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => ([(header::CACHE_CONTROL, "no-cache")], Html(text)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Where a page's address says to start: `?canto=purgatorio/1` is the first stanza of that canto,
/// `?stanza=N` the N-th stanza, counted from 1, of the canto named beside it or else of the poem.
fn start(query: &str, poem: &Poem) -> Result<usize, String> {
    let mut stanzas = 0..poem.len();
    let parameter = |wanted: &str| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let value = pairs.into_iter().find(|(name, _)| *name == wanted).map(|(_, value)| value);
        value.map(|value| percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned())
    };
    if let Some(canto) = parameter("canto") {
        let found = poem.cantos().iter().find(|known| names(&canto, &known.canticle, known.number));
        stanzas = found.map(|canto| canto.stanzas.clone()).ok_or_else(|| no_canto(&canto, poem))?;
    }
    let Some(text) = parameter("stanza") else { return Ok(stanzas.start) };
    let number = text.parse::<usize>().ok().filter(|number| (1..=stanzas.len()).contains(number));
    let most = stanzas.len();
    number
        .map(|number| stanzas.start + number - 1)
        .ok_or_else(|| format!("stanza={text:?} is no stanza here: give a whole number from 1 to {most}.\n"))
}

/// Whether `purgatorio/1` or `purgatorio/I` names this canto.
fn names(text: &str, canticle: &str, number: u32) -> bool {
    text.rsplit_once('/').is_some_and(|(name, asked)| {
        let asked = asked.parse().ok().or_else(|| roman(&asked.to_uppercase()));
        name.to_lowercase() == canticle.to_lowercase() && asked == Some(number)
    })
}

fn no_canto(asked: &str, poem: &Poem) -> String {
    let (Some(first), Some(last)) = (poem.cantos().first(), poem.cantos().last()) else {
        return format!("canto={asked:?} cannot be found: this text has no cantos; use ?stanza=N.\n");
    };
    let name = |canto: &crate::poem::Canto| format!("{}/{}", canto.canticle.to_lowercase(), canto.number);
    format!(
        "canto={asked:?} is none of the {} cantos here, which go from {} to {}.\n",
        poem.cantos().len(),
        name(first),
        name(last)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let plain = Poem::parse(b"a\n\nb").unwrap();
        assert!(start("canto=inferno/1", &plain).unwrap_err().contains("no cantos"));
    }
}
