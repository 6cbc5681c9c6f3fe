//! [`Reading`]: one reader's way through the poem, and what a reader may ask for at its start.
//! Knows no transport.
//!
//! Resuming is stateless: a client says which stanza it needs next (the *offset*) and in which
//! *edition* of the poem it counted. Any process that reads the same edition can go on from there.

use std::time::Duration;

use serde_json::Value;

use crate::{
    contract::{LONGEST_QUIET_SECS, QUIET},
    poem::Poem,
    query::parameter,
};

/// The largest offset that is understood, so that an absurd number is told from one beyond the end.
pub(crate) const MAX_OFFSET: u64 = u32::MAX as u64;

/// Where one reader stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading {
    next: usize,
    of: usize,
    quiet: Duration,
}

impl Reading {
    /// Index of the stanza that comes next; none when the poem is over.
    pub(crate) fn next(&self) -> Option<usize> {
        (self.next < self.of).then_some(self.next)
    }

    /// The offset: what a client would ask for to go on from here.
    pub(crate) fn offset(&self) -> usize {
        self.next
    }

    /// How long after its opening event the reading says nothing; zero unless the client asked for it.
    pub(crate) fn quiet(&self) -> Duration {
        self.quiet
    }

    /// Moves on, once the next stanza is on its way.
    pub(crate) fn advance(&mut self) {
        self.next = (self.next + 1).min(self.of);
    }
}

/// What a client asked for: all parts are optional.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ResumeRequest {
    from: Option<u64>,
    edition: Option<String>,
    /// From 1 to [`LONGEST_QUIET_SECS`] whole seconds.
    quiet: Option<Duration>,
}

/// Why a reading cannot start as asked. The message starts with a stable word for programs.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub(crate) enum ResumeError {
    /// `from` is not an offset.
    #[error(
        "bad-from: from is {0}; give a whole number from 0 to {MAX_OFFSET}, or leave it out to start at the beginning"
    )]
    From(String),
    /// The client counted in another edition.
    #[error(
        "foreign-edition: this server streams edition {here}, not {asked}, so the offset does not apply; leave out from and edition to start over"
    )]
    Edition {
        /// What the client named, shortened.
        asked: String,
        /// What is read here.
        here: String,
    },
    /// The Socket.IO `auth` is not what it should be.
    #[error(
        "bad-auth: auth is {0}; give an object with from (a whole number) and edition (a string), both optional"
    )]
    Shape(String),
    /// `quiet` is not a number of seconds that is allowed.
    #[error(
        "bad-quiet: quiet is {0}; give whole seconds from 1 to {LONGEST_QUIET_SECS}, or leave it out to start at once"
    )]
    Quiet(String),
    /// A `Last-Event-ID` that this server never sent.
    #[error("bad-last-event-id: {0} is not an event id of this server; reconnect without it to start over")]
    EventId(String),
}

impl ResumeRequest {
    /// Reads `from=…`, `edition=…` and `quiet=…` out of a query; other parameters are left alone.
    ///
    /// # Errors
    /// When `from` is not a whole number of at most [`MAX_OFFSET`], or `quiet` not one from 1 to [`LONGEST_QUIET_SECS`].
    pub(crate) fn from_query(query: &str) -> Result<Self, ResumeError> {
        let from = parameter(query, "from");
        let from =
            from.map(|from| offset(&from).ok_or_else(|| ResumeError::From(quote(&from)))).transpose()?;
        let quiet = parameter(query, QUIET);
        let quiet =
            quiet.map(|text| seconds(&text).ok_or_else(|| ResumeError::Quiet(quote(&text)))).transpose()?;
        Ok(Self { from, edition: parameter(query, "edition"), quiet })
    }

    /// Reads a Socket.IO `auth`: `{from, edition}`, both optional.
    ///
    /// # Errors
    /// When it has another shape: a misspelt name would silently start over.
    pub(crate) fn from_auth(auth: &Value) -> Result<Self, ResumeError> {
        let shape = || ResumeError::Shape(quote(&auth.to_string()));
        let mut request = Self::default();
        for (name, value) in auth.as_object().ok_or_else(shape)? {
            match (name.as_str(), value) {
                ("from" | "edition", Value::Null) => {}
                ("from", Value::Number(number)) => {
                    let from = number.as_u64().filter(|from| *from <= MAX_OFFSET);
                    request.from = Some(from.ok_or_else(|| ResumeError::From(quote(&number.to_string())))?);
                }
                ("from", other) => return Err(ResumeError::From(quote(&other.to_string()))),
                ("edition", Value::String(edition)) => request.edition = Some(edition.clone()),
                _ => return Err(shape()),
            }
        }
        Ok(request)
    }

    /// Reads an event id as [`event_id`] writes it; the reading goes on after that event.
    ///
    /// # Errors
    /// When it is not one.
    pub(crate) fn after_event(id: &str) -> Result<Self, ResumeError> {
        let (edition, index) = id.split_once(':').ok_or_else(|| ResumeError::EventId(quote(id)))?;
        let index = offset(index).ok_or_else(|| ResumeError::EventId(quote(id)))?;
        Ok(Self { from: Some(index + 1), edition: Some(edition.to_owned()), quiet: None })
    }

    /// The same request, its gaps filled from another.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            from: self.from.or(other.from),
            edition: self.edition.or(other.edition),
            quiet: self.quiet.or(other.quiet),
        }
    }

    /// Starts the reading that was asked for. An offset beyond the end is the end.
    ///
    /// # Errors
    /// When the client counted in another edition.
    pub(crate) fn start(&self, poem: &Poem) -> Result<Reading, ResumeError> {
        match &self.edition {
            Some(edition) if edition != poem.edition() => {
                Err(ResumeError::Edition { asked: quote(edition), here: poem.edition().to_owned() })
            }
            _ => {
                let from = self.from.map_or(0, |from| usize::try_from(from).unwrap_or(usize::MAX));
                let quiet = self.quiet.unwrap_or_default();
                Ok(Reading { next: from.min(poem.len()), of: poem.len(), quiet })
            }
        }
    }
}

/// The id of one stanza's event: edition and index.
pub(crate) fn event_id(edition: &str, index: usize) -> String {
    format!("{edition}:{index}")
}

fn offset(text: &str) -> Option<u64> {
    whole_number(text).filter(|from| *from <= MAX_OFFSET)
}

fn seconds(text: &str) -> Option<Duration> {
    whole_number(text).filter(|secs| (1..=LONGEST_QUIET_SECS).contains(secs)).map(Duration::from_secs)
}

fn whole_number(text: &str) -> Option<u64> {
    // `parse` would take a sign.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// A client's own words, fit for an error message: quoted, escaped, at most 40 characters.
fn quote(text: &str) -> String {
    let short: String = text.chars().take(40).collect();
    let ellipsis = if short.len() < text.len() { "…" } else { "" };
    format!("{short:?}{ellipsis}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
            quiet: None,
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
        for query in
            ["from=-1", "from=1.5", "from=", "from", "from=1e3", "from=+1", "from=x", "from=4294967296"]
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
        for query in
            ["quiet=0", "quiet=601", "quiet=", "quiet", "quiet=1.5", "quiet=+1", "quiet=20s", "quiet=-1"]
        {
            assert!(matches!(quiet(query), Err(ResumeError::Quiet(_))), "{query}");
        }
        let header = ResumeRequest::after_event("e:4").unwrap();
        let both = header.or(ResumeRequest::from_query("from=0&edition=x&quiet=3").unwrap());
        let expected = Some(Duration::from_secs(3));
        assert_eq!((both.from, both.edition.as_deref(), both.quiet), (Some(5), Some("e"), expected));
    }

    #[test]
    fn auths() {
        let good = [json!({}), json!({"from": 3}), json!({"from": null}), json!({"edition": "e", "from": 0})];
        for auth in good {
            assert!(ResumeRequest::from_auth(&auth).is_ok(), "{auth}");
        }
        for auth in [json!({"from": -1}), json!({"from": 1.5}), json!({"from": "1"}), json!({"from": 1e300})]
        {
            assert!(matches!(ResumeRequest::from_auth(&auth), Err(ResumeError::From(_))), "{auth}");
        }
        for auth in [json!([]), json!("x"), json!(1), json!({"form": 1}), json!({"edition": 1})] {
            assert!(matches!(ResumeRequest::from_auth(&auth), Err(ResumeError::Shape(_))), "{auth}");
        }
    }

    #[test]
    fn event_ids_go_round() {
        let asked = ResumeRequest::after_event(&event_id("e", 4)).unwrap();
        assert_eq!(asked, ResumeRequest { from: Some(5), edition: Some("e".into()), quiet: None });
        for id in ["", "4", "e:", "e:-1", "e:x"] {
            assert!(ResumeRequest::after_event(id).is_err(), "{id}");
        }
    }

    #[test]
    fn starts() {
        let poem = Poem::embedded();
        let start = |from, edition: Option<&str>| {
            ResumeRequest { from, edition: edition.map(str::to_owned), quiet: None }
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
}
