//! Refusals for people: whoever opens an address in a browser that can't be answered gets a page with the frame of all others, in their
//! language, that says what was asked, what there is, and where to go on. Programs get the plain sentence, as ever.

use std::fmt;

use askama::Template;
use axum::{
    body::{self, Body, HttpBody as _},
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    app::App,
    pages::{self, Layout, PageRequest},
    preference::weighted,
    request_prefix::RequestPrefix,
};
use crate::{
    contract::{ASK_HEADER, FAULT_HEADER, FaultId},
    hosting::fault::describe_text,
    poem::{Canto, Poem},
};

/// The longest plain sentence, in bytes; what is longer is none.
const LONGEST: usize = 4096;

/// How much of what was asked is shown, in characters.
const SHOWN: usize = 80;

/// A path with more folders stays without a page: each link of it would begin with as many `../`.
const DEEPEST: usize = 16;

/// A place in the poem that is asked for, and is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unknown {
    asked: String,
    /// What a program is told.
    text: String,
    /// What there is instead.
    known: Known,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// The cantos of the poem.
    Cantos,
    /// It has none; so many stanzas.
    NoCantos(usize),
    /// So many stanzas where it was looked for.
    Stanzas(usize),
}

impl Unknown {
    pub(super) fn canto(asked: String, poem: &Poem) -> Self {
        let cantos = poem.cantos();
        let (Some(first), Some(last)) = (cantos.first(), cantos.last()) else {
            let text = format!("canto={asked:?} was not found: this text has no cantos; use ?stanza=N.\n");
            return Self { asked, text, known: Known::NoCantos(poem.len()) };
        };
        let name = |canto: &Canto| format!("{}/{}", canto.canticle.to_lowercase(), canto.number);
        let text = format!(
            "canto={asked:?} is not one of the {} cantos here, from {} to {}.\n",
            cantos.len(),
            name(first),
            name(last)
        );
        Self { asked, text, known: Known::Cantos }
    }

    /// `most` is how many stanzas there are.
    pub(super) fn stanza(asked: String, most: usize) -> Self {
        let text = format!("stanza={asked:?} is not a stanza here; give a whole number from 1 to {most}.\n");
        Self { asked, text, known: Known::Stanzas(most) }
    }

    /// Fills in a sentence of the interface.
    fn fill(&self, sentence: &str) -> String {
        let sentence = match self.known {
            Known::Cantos => sentence.to_owned(),
            Known::NoCantos(most) | Known::Stanzas(most) => sentence.replace("{most}", &most.to_string()),
        };
        // Last, as it may say anything.
        sentence.replace("{asked}", &shown(&self.asked))
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl IntoResponse for Unknown {
    fn into_response(self) -> Response {
        let mut response = (StatusCode::BAD_REQUEST, self.text.clone()).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Who has asked, if it is a person with a browser, and where.
pub(super) struct Visitor {
    page: PageRequest,
    /// The path as the browser shows it.
    path: String,
    /// The relative path from it to the root of the prefix.
    root: String,
}

impl Visitor {
    /// None for a program. `request` is below its prefix already.
    pub(super) fn of(app: &App, request: &Request) -> Option<Self> {
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        if !reads || !wants_html(request.headers()) {
            return None;
        }
        let taken = request.extensions().get::<RequestPrefix>().map_or("", |prefix| prefix.0.as_str());
        let own = request.uri().path();
        // Where any prefix is learned from the path, it is ours up to its last folder but one.
        let guessed = usize::from(app.hosting.learn_prefix && taken.is_empty());
        let folders = own.strip_prefix('/')?.matches('/').count();
        (folders <= DEEPEST).then(|| Self {
            page: PageRequest::new(app, request.uri(), request.headers()),
            path: describe_text(format!("{taken}{own}").as_bytes()),
            root: "../".repeat(folders.saturating_sub(guessed)),
        })
    }

    /// The answer as it is for this visitor: a page in place of a refusal in plain text.
    pub(super) async fn answer(self, response: Response) -> Response {
        if !is_plain_refusal(&response) {
            return response;
        }
        let (mut parts, body) = response.into_parts();
        let Ok(said) = body::to_bytes(body, LONGEST).await else {
            return parts.status.into_response();
        };
        let said = String::from_utf8_lossy(&said);
        let unknown = parts.extensions.remove::<Unknown>();
        let fault = parts.headers.get(FAULT_HEADER).map(HeaderValue::as_bytes);
        let is_not_served = fault == Some(FaultId::NotServed.name().as_bytes());
        let page = ErrorPage::new(&self, parts.status, unknown.as_ref(), is_not_served, said.trim());
        let rendered = pages::render(&self.page, &page);
        if rendered.status() != StatusCode::OK {
            return (parts, Body::from(said.into_owned())).into_response();
        }
        let (own, body) = rendered.into_parts();
        parts.headers.remove(header::CONTENT_LENGTH);
        parts.headers.remove(header::VARY);
        parts.headers.extend(own.headers);
        let mut answer = Response::from_parts(parts, body);
        vary(&mut answer, "accept, accept-language, accept-encoding");
        answer
    }
}

/// What a program is answered: the same, but a cache must not give it to a person.
pub(super) fn to_program(mut response: Response) -> Response {
    if is_plain_refusal(&response) {
        vary(&mut response, "accept");
    }
    response
}

fn vary(response: &mut Response, by: &'static str) {
    response.headers_mut().insert(header::VARY, HeaderValue::from_static(by));
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
}

/// Whether a client names HTML among what it accepts, as browsers do for what is opened in them, and scripts don't. A probe does,
/// and wants to hear what programs hear.
fn wants_html(headers: &HeaderMap) -> bool {
    let accepted = weighted(headers, header::ACCEPT);
    let named = accepted.iter().any(|(kind, weight)| kind.eq_ignore_ascii_case("text/html") && *weight > 0.0);
    named && !headers.contains_key(ASK_HEADER)
}

/// Whether this is a refusal that says a sentence at most. All else was made for who asked for it.
fn is_plain_refusal(response: &Response) -> bool {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let size = response.body().size_hint().exact().and_then(|size| usize::try_from(size).ok());
    let is_short = size.is_some_and(|size| size <= LONGEST);
    (status.is_client_error() || status.is_server_error())
        && is_short
        && kind.map_or(size == Some(0), |kind| kind.starts_with(b"text/plain"))
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    layout: Layout<'a>,
    heading: String,
    /// What was asked and is not there, and what is; empty where no more is known than what programs are told.
    sentence: String,
    /// What was asked, where the sentence doesn't say it.
    path: &'a str,
    status: StatusCode,
    said: &'a str,
    canticles: Vec<(&'a str, &'a [Canto])>,
    /// The poem's language, as in `lang` attributes.
    language: &'static str,
}

impl<'a> ErrorPage<'a> {
    fn new(
        visitor: &'a Visitor,
        status: StatusCode,
        unknown: Option<&Unknown>,
        is_not_served: bool,
        said: &'a str,
    ) -> Self {
        let layout = Layout::new(&visitor.page, visitor.root.clone());
        let (heading, sentence) = match unknown.map(|unknown| unknown.known) {
            Some(Known::Cantos) => ("error_canto", "error_canto_is"),
            Some(Known::NoCantos(_)) => ("error_canto", "error_no_cantos"),
            Some(Known::Stanzas(_)) => ("error_stanza", "error_stanza_is"),
            None if is_not_served => ("error_nothing", "error_nothing_is"),
            None => (heading(status), ""),
        };
        let sentence = if sentence.is_empty() { String::new() } else { layout.s(sentence) };
        let (sentence, path) = match unknown {
            Some(unknown) => (unknown.fill(&sentence), ""),
            None => (sentence, visitor.path.as_str()),
        };
        let poem = &visitor.page.app.poem;
        Self {
            heading: layout.s(heading),
            sentence,
            path,
            status,
            said,
            canticles: pages::canticles(poem),
            language: pages::language(poem),
            layout,
        }
    }
}

/// The heading of a refusal of which no more is known.
fn heading(status: StatusCode) -> &'static str {
    match status.as_u16() {
        404 => "error_nothing",
        // Asked for in a way that this address is not made for.
        400 | 405 | 406 | 426 => "error_other",
        500.. => "error_server",
        _ => "error_refused",
    }
}

/// What was asked, fit for a sentence: not too long, and without characters that would change what stands beside them.
fn shown(asked: &str) -> String {
    let changes = |letter: &char| {
        letter.is_control()
            || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut kept: String = asked.chars().filter(|letter| !changes(letter)).take(SHOWN + 1).collect();
    if kept.chars().count() > SHOWN {
        kept.pop();
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_wants_a_page() {
        for (accept, wants) in [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("text/html", true),
            ("*/*;q=0.8, Text/HTML;q=0.5", true),
            ("text/html;q=0, */*", false),
            ("*/*", false),
            ("text/event-stream", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(wants_html(&headers), wants, "{accept}");
            headers.insert(ASK_HEADER, HeaderValue::from_static("1"));
            assert!(!wants_html(&headers), "{accept}");
        }
    }

    #[test]
    fn what_was_asked_is_shown_without_what_would_disturb() {
        assert_eq!(shown("inferno/7"), "inferno/7");
        assert_eq!(shown("a\u{202e}b\nc\u{7}"), "abc");
        let long = shown(&"è".repeat(500));
        assert_eq!((long.chars().count(), long.ends_with('…')), (SHOWN + 1, true));
        assert_eq!(shown(&"x".repeat(SHOWN)), "x".repeat(SHOWN));
    }

    #[test]
    fn a_sentence_is_filled_once() {
        assert_eq!(Unknown::stanza("{most}".into(), 3).fill("{asked} of {most}"), "{most} of 3");
    }
}
