//! The interface's two languages, from one table of strings for pages and scripts.

use std::{collections::BTreeMap, sync::LazyLock};

use axum::http::{HeaderMap, header};

use super::preference::weighted;
use crate::query::parameter;

/// The table: for each language a sentence by its name. `{…}` in a sentence is filled in by scripts.
const TABLE: &str = include_str!("../../templates/strings.json");

/// Prefixes of the strings that not every page needs.
const BESIDE: [&str; 5] = ["compare", "hello", "present", "room", "rooms"];
/// Prefixes of the strings that only templates use.
const LABELS: [&str; 6] = ["about", "choice", "error", "fact", "noscript", "page"];

type Sentences = BTreeMap<String, String>;

static TABLES: LazyLock<BTreeMap<String, Sentences>> = LazyLock::new(|| {
    serde_json::from_str(TABLE).expect("the table is part of the binary, and tests read it")
});

/// A language of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Italian,
}

impl Language {
    /// The requested language: by `?lang=`, else by the browser's preference, else English.
    pub(super) fn choose(query: &str, headers: &HeaderMap) -> Self {
        let named = parameter(query, "lang").and_then(|tag| Self::parse(&tag));
        named.or_else(|| Self::preferred(headers)).unwrap_or(Self::English)
    }

    /// Our language with the highest weight (RFC 9110, 12.5.4); the first of equals.
    fn preferred(headers: &HeaderMap) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        for (tag, weight) in weighted(headers, header::ACCEPT_LANGUAGE) {
            if let Some(language) = Self::parse(tag)
                && weight > best.map_or(0.0, |(best, _)| best)
            {
                best = Some((weight, language));
            }
        }
        best.map(|(_, language)| language)
    }

    /// Its code, as in `lang` attributes.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Italian => "it",
        }
    }

    /// `it`, `it-CH`, `IT` → Italian.
    fn parse(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        [Self::English, Self::Italian]
            .into_iter()
            .find(|language| primary.eq_ignore_ascii_case(language.code()))
    }

    /// A string by its name; an unknown name comes back as it is, which a test catches.
    pub(super) fn sentence(self, name: &str) -> String {
        self.sentences().and_then(|sentences| sentences.get(name)).cloned().unwrap_or_else(|| name.to_owned())
    }

    /// The strings for a page's scripts, as JSON that is safe in a script element: without labels, and of those that not
    /// every page needs with the prefixes that are named, separated by spaces. Strings of the reading page have no page prefix.
    pub(super) fn json(self, page: &str) -> String {
        let elsewhere = |name: &str| {
            let owner = name.split('_').next().unwrap_or_default();
            LABELS.contains(&owner) || (BESIDE.contains(&owner) && !page.split(' ').any(|kept| kept == owner))
        };
        let kept: BTreeMap<_, _> =
            self.sentences().into_iter().flatten().filter(|(name, _)| !elsewhere(name)).collect();
        let json = serde_json::to_string(&kept).expect("a map of texts has a JSON form");
        json.replace('<', "\\u003c")
    }

    fn sentences(self) -> Option<&'static Sentences> {
        TABLES.get(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_have_the_same_sentences_with_the_same_gaps() {
        let table: BTreeMap<String, Sentences> = serde_json::from_str(TABLE).unwrap();
        let gaps = |text: &str| {
            let mut gaps: Vec<_> = text
                .split('{')
                .skip(1)
                .map(|rest| rest.split('}').next().unwrap_or_default().to_owned())
                .collect();
            gaps.sort();
            gaps
        };
        let shape = |language: &str| -> Vec<_> {
            table[language].iter().map(|(name, text)| (name.clone(), gaps(text))).collect()
        };
        assert!(!table["en"].is_empty());
        assert_eq!(shape("en"), shape("it"));
    }

    #[test]
    fn a_page_has_its_own_sentences_and_those_of_all() {
        for (page, compare, hello) in [("", false, false), ("compare", true, false), ("hello", false, true)] {
            let json = Language::Italian.json(page);
            assert!(json.contains("\"reason_no_answer\"") && !json.contains("\"fact_host\""));
            assert_eq!((json.contains("\"compare_"), json.contains("\"hello_")), (compare, hello), "{page}");
        }
    }

    #[test]
    fn languages_are_chosen() {
        let choose = |query: &str, accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, accept.parse().unwrap());
            Language::choose(query, &headers).code()
        };
        for (query, accept, code) in [
            ("", "", "en"),
            ("", "it-IT,it;q=0.9,en;q=0.8", "it"),
            ("", "en;q=0.5, it;q=0.9", "it"),
            ("", "fr, de", "en"),
            ("", "it;q=0", "en"),
            ("lang=it", "en", "it"),
            ("x=1&lang=en", "it", "en"),
            ("lang=fr", "it", "it"),
        ] {
            assert_eq!(choose(query, accept), code, "{query} {accept}");
        }
    }
}
