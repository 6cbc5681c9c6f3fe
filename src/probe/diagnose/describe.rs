//! An exchange in one line, for the evidence of a verdict. Pure.

use serde_json::Value;

use crate::contract::{FAULT_HEADER, FaultId};
use crate::probe::evidence::Exchange;

/// What was asked and what came of it, in one line: `GET /dante/ → 404 "the start of the body…"`.
pub(super) fn describe_exchange(exchange: &Exchange) -> String {
    format!("{} → {}", describe_request(exchange), describe_answer(exchange))
}

/// What was asked, in one line: `GET /dante/`.
pub(super) fn describe_request(exchange: &Exchange) -> String {
    let method = if exchange.method.is_empty() { "GET" } else { &exchange.method };
    let path = exchange.url.splitn(4, '/').nth(3).unwrap_or_default();
    format!("{method} /{}", shorten(path, 100))
}

/// What came, in one line: `404 "the start of the body…"`.
pub(super) fn describe_answer(exchange: &Exchange) -> String {
    match (&exchange.status, &exchange.failure) {
        (Some(status), None) => format!("{status}{}", what_it_says(exchange)),
        (Some(status), Some(failure)) => format!("{status}, then {}", failure.text),
        (None, Some(failure)) => failure.text.clone(),
        (None, None) => "no answer".to_owned(),
    }
}

/// What an answer says, as far as it fits into a line; Dante's own refusals in full, since they end in the remedy.
fn what_it_says(exchange: &Exchange) -> String {
    if let Some(location) = exchange.header("location") {
        return format!(" to {}", shorten(location, 100));
    }
    let text = exchange.body.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        return String::new();
    }
    if exchange.header(FAULT_HEADER).is_some() || FaultId::of_sentence(&text).is_some() {
        return format!(" \"{text}\"");
    }
    // As Engine.IO's servers refuse: {"code":3,"message":"…"}. Dante's messages say what to do.
    let json: Option<Value> = serde_json::from_str(&exchange.body).ok();
    if let Some(message) = json.as_ref().and_then(|json| json.get("message")?.as_str()) {
        return format!(" \"{}\"", shorten(message, 200));
    }
    match title(&text) {
        Some(title) => format!(", a page titled \"{}\"", shorten(title, 100)),
        None => format!(" \"{}\"", shorten(&text, 100)),
    }
}

/// The title of an HTML page.
fn title(html: &str) -> Option<&str> {
    // In ASCII, so that bytes stay where they are.
    let lower = html.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let start = start + lower[start..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    let title = html[start..end].trim();
    (!title.is_empty()).then_some(title)
}

/// A text of at most so many characters, cut at the end of a word if there is one.
fn shorten(text: &str, most: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(most) else { return text.to_owned() };
    let cut = &text[..end];
    let words = cut.rfind(' ').filter(|at| *at > end / 2).map_or(cut, |at| &cut[..at]);
    format!("{words}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exchanges_in_a_line() {
        let exchange = |status, headers: &[(&str, &str)], body: &str| Exchange {
            method: "POST".into(),
            url: "http://h/dante/?EIO=4".into(),
            status,
            headers: headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
            body: body.into(),
            ..Exchange::default()
        };
        let long = "word ".repeat(60);
        let long = long.trim_end();
        let message = "a ".repeat(80);
        let message = message.trim_end();
        let html = "<HTML><Title lang=en>È 404</TITLE>";
        for (seen, came) in [
            (exchange(None, &[], ""), "no answer".to_owned()),
            (exchange(Some(204), &[], ""), "204".to_owned()),
            (exchange(Some(400), &[], " a\n b"), "400 \"a b\"".to_owned()),
            (exchange(Some(400), &[], long), format!("400 \"{}…\"", &long[..99])),
            (exchange(Some(404), &[(FAULT_HEADER, "not-served")], long), format!("404 \"{long}\"")),
            (
                exchange(Some(400), &[], &format!("{{\"message\":\"{message}\"}}")),
                format!("400 \"{message}\""),
            ),
            (exchange(Some(302), &[("location", "/in")], "x"), "302 to /in".to_owned()),
            (exchange(Some(404), &[], html), "404, a page titled \"È 404\"".to_owned()),
        ] {
            assert_eq!(describe_exchange(&seen), format!("POST /dante/?EIO=4 → {came}"));
        }
    }
}
