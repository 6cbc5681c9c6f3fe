//! What a browser says of the type of a script or style. Pure.

use crate::probe::{
    evidence::{Exchange, FileKind},
    html::is_javascript,
};

/// Why a browser does not use a file for the type that its answer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// `X-Content-Type-Options: nosniff`, and not the type that is wanted (Fetch, "Should response to request be blocked due to
    /// nosniff?").
    Nosniff,
    /// A type that no script has, whatever else is said (Fetch, "Should response to request be blocked due to its MIME type?").
    NeverScript,
    /// A module must have a type of JavaScript (HTML, "fetch a single module script").
    Module,
    /// A style must be text/css (HTML, "Link type stylesheet"), except in quirks mode.
    Style,
}

impl Refusal {
    /// The rule, as a part of a sentence.
    pub(crate) fn rule(self) -> &'static str {
        match self {
            Self::Nosniff => "with X-Content-Type-Options: nosniff, browsers refuse it",
            Self::NeverScript => "browsers take no script of this type",
            Self::Module => "browsers take modules only as JavaScript",
            Self::Style => "browsers take styles only as text/css",
        }
    }
}

/// Whether a browser refuses an answer for its type.
pub(crate) fn refusal(exchange: &Exchange, kind: FileKind, quirks: bool) -> Option<Refusal> {
    let essence = essence(exchange);
    let is_right = essence.as_deref().is_some_and(|essence| match kind {
        FileKind::Style => essence == "text/css",
        FileKind::Script | FileKind::Module => is_javascript(essence),
    });
    if is_right {
        return None;
    }
    if is_nosniff(exchange) {
        return Some(Refusal::Nosniff);
    }
    match (kind, essence.as_deref()) {
        (FileKind::Module, _) => Some(Refusal::Module),
        (FileKind::Script, Some(essence)) => {
            let never = ["audio/", "image/", "video/"].iter().any(|start| essence.starts_with(start));
            (never || essence == "text/csv").then_some(Refusal::NeverScript)
        }
        (FileKind::Style, Some(_)) if !quirks => Some(Refusal::Style),
        // Without a type, the file is looked at.
        (FileKind::Script | FileKind::Style, _) => None,
    }
}

/// The type without its parameters, in lower case: of several, the last that is one (Fetch, "extract a MIME type").
fn essence(exchange: &Exchange) -> Option<String> {
    let values = exchange.headers.iter().filter(|(name, _)| name == "content-type");
    let all = values.flat_map(|(_, value)| value.split(','));
    let mut essences = all.filter_map(|value| {
        let essence = value.split(';').next()?.trim().to_ascii_lowercase();
        let (kind, subtype) = essence.split_once('/')?;
        (!kind.is_empty() && !subtype.is_empty() && essence != "*/*").then_some(essence)
    });
    essences.next_back()
}

/// Whether types are not to be guessed: the first value counts (Fetch, "determine nosniff").
fn is_nosniff(exchange: &Exchange) -> bool {
    let value = exchange.header("x-content-type-options").unwrap_or_default();
    value.split(',').next().is_some_and(|first| first.trim().eq_ignore_ascii_case("nosniff"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types() {
        use FileKind::{Module, Script, Style};
        const NOSNIFF: (&str, &str) = ("x-content-type-options", "nosniff");
        let kind = |value| ("content-type", value);
        for (headers, file, refused) in [
            (vec![kind("text/javascript; charset=utf-8"), NOSNIFF], Script, None),
            (vec![kind("Application/JavaScript"), NOSNIFF], Module, None),
            (vec![kind("text/css"), NOSNIFF], Style, None),
            // nginx without mime.types; IIS without a map for .mjs; a server of text.
            (vec![kind("text/plain"), NOSNIFF], Script, Some(Refusal::Nosniff)),
            (vec![kind("text/plain")], Script, None),
            (vec![kind("text/plain")], Module, Some(Refusal::Module)),
            (vec![kind("application/octet-stream")], Module, Some(Refusal::Module)),
            (vec![kind("text/plain")], Style, Some(Refusal::Style)),
            (vec![kind("text/html"), NOSNIFF], Style, Some(Refusal::Nosniff)),
            (vec![NOSNIFF], Style, Some(Refusal::Nosniff)),
            (vec![], Style, None),
            (vec![], Script, None),
            (vec![], Module, Some(Refusal::Module)),
            (vec![kind("image/png")], Script, Some(Refusal::NeverScript)),
            (vec![kind("text/csv")], Script, Some(Refusal::NeverScript)),
            // Of several, the last counts; of nosniff, the first.
            (vec![kind("text/plain"), kind("text/javascript"), NOSNIFF], Script, None),
            (vec![kind("text/javascript, text/plain"), NOSNIFF], Script, Some(Refusal::Nosniff)),
            (
                vec![kind("text/plain"), ("x-content-type-options", "NOSNIFF , x")],
                Script,
                Some(Refusal::Nosniff),
            ),
            (vec![kind("text/plain"), ("x-content-type-options", "x, nosniff")], Script, None),
            (vec![kind("text/javascript"), kind("*/*"), NOSNIFF], Script, None),
        ] {
            let headers =
                headers.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            let exchange = Exchange { headers, ..Exchange::default() };
            assert_eq!(refusal(&exchange, file, false), refused, "{exchange:?} {file:?}");
        }
        let text =
            Exchange { headers: vec![("content-type".into(), "text/plain".into())], ..Exchange::default() };
        assert_eq!(refusal(&text, Style, true), None, "quirks mode");
    }
}
