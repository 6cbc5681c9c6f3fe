//! Stanzas by their indices, all at once: for a reader in a room who reads what it missed there, without leaving the room.

use axum::{
    Json,
    extract::{RawQuery, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{app::App, encoded_poem::TextAndPlace};
use crate::{poem::Poem, query::parameter, reading::ResumeRequest};

/// So many come in one answer at most.
const MOST: usize = 400;

#[derive(Serialize)]
struct Stanzas<'a> {
    stanzas: Vec<TextAndPlace<'a>>,
}

/// `GET stanzas.json?from=…&to=…&edition=…`: the stanzas from one index up to another; without `to` only the first of them.
pub(super) async fn some(State(app): State<App>, RawQuery(query): RawQuery) -> Response {
    match choose(&query.unwrap_or_default(), &app.poem) {
        Ok(stanzas) => ([(header::CACHE_CONTROL, "no-cache")], Json(stanzas)).into_response(),
        Err(message) => (StatusCode::BAD_REQUEST, message).into_response(),
    }
}

fn choose<'a>(query: &str, poem: &'a Poem) -> Result<Stanzas<'a>, String> {
    let request = ResumeRequest::from_query(query).and_then(|request| request.start(poem));
    let from = request.map_err(|error| error.to_string())?.offset();
    let to = match parameter(query, "to") {
        None => from.saturating_add(1),
        Some(text) => {
            text.parse().map_err(|_| "bad-to: give the index behind the last stanza, a whole number")?
        }
    };
    let chosen = poem.stanzas().iter().skip(from).take(to.saturating_sub(from).min(MOST));
    Ok(Stanzas { stanzas: chosen.map(TextAndPlace::of).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_of_a_poem() {
        let poem = Poem::parse("a\n\nb\n\nc".as_bytes()).unwrap();
        let edition = poem.edition();
        let texts = |query: &str| {
            let chosen = choose(query, &poem)?;
            Ok::<_, String>(
                chosen.stanzas.iter().map(|stanza| stanza.text.to_owned()).collect::<Vec<_>>().join(""),
            )
        };
        for (query, expected) in [
            ("from=0&to=2", "ab"),
            ("from=1", "b"),
            ("from=1&to=99", "bc"),
            ("from=2&to=1", ""),
            ("from=9&to=10", ""),
            (&format!("from=1&to=2&edition={edition}"), "b"),
        ] {
            assert_eq!(texts(query).as_deref(), Ok(expected), "{query}");
        }
        for (query, word) in
            [("from=x", "bad-from: "), ("to=x", "bad-to: "), ("from=1&edition=e", "foreign-edition: ")]
        {
            assert!(texts(query).unwrap_err().starts_with(word), "{query}");
        }
    }
}
