//! What was changed on the way, by what the server says that it saw.

use std::borrow::Cow;

use form_urlencoded::parse;

use crate::{contract::SeenExchange, probe::evidence::Exchange};

/// A change to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// The whole query is gone.
    QueryLost,
    /// One parameter is gone, or has another value.
    ParameterLost(String),
    /// Letters come in another case.
    Case,
    /// Percent-encoding was decoded, or something encoded again.
    Encoding,
    /// The headers that ask for an upgrade are gone.
    UpgradeStripped,
    /// HTTP/1.0 came.
    Http10,
}

/// The first change that matters, if the server saw this very request; parameters that were added don't.
pub(crate) fn change(exchange: &Exchange) -> Option<Change> {
    let saw = exchange.saw.as_ref().filter(|_| exchange.is_ours())?;
    let sent = exchange.url.splitn(4, '/').nth(3).unwrap_or_default();
    let (path, query) = sent.split_once('?').unwrap_or((sent, ""));
    let (seen_path, seen_query) = saw.target.split_once('?').unwrap_or((&saw.target, ""));
    url(path, query, seen_path.trim_start_matches('/'), seen_query)
        .or_else(|| (saw.http == "HTTP/1.0").then_some(Change::Http10))
        .or_else(|| upgrade(exchange, saw))
}

fn url(path: &str, query: &str, seen_path: &str, seen_query: &str) -> Option<Change> {
    let lower = |text: &str| text.to_lowercase();
    if !query.is_empty() && seen_query.is_empty() {
        return Some(Change::QueryLost);
    }
    // A prefix may have been taken away or added.
    let same = |one: &str, other: &str| one.ends_with(other) || other.ends_with(one);
    if !same(path, seen_path) {
        let decoded = |path: &str| percent_decoded(path);
        if same(&lower(path), &lower(seen_path)) {
            return Some(Change::Case);
        }
        if same(&decoded(path), &decoded(seen_path)) {
            return Some(Change::Encoding);
        }
    }
    let seen: Vec<_> = parse(seen_query.as_bytes()).collect();
    for (name, value) in parse(query.as_bytes()) {
        if seen.iter().any(|(seen_name, seen_value)| *seen_name == name && *seen_value == value) {
            continue;
        }
        let cased = |(seen_name, seen_value): &(Cow<'_, str>, Cow<'_, str>)| {
            lower(seen_name) == lower(&name) && lower(seen_value) == lower(&value)
        };
        return Some(if seen.iter().any(cased) {
            Change::Case
        } else {
            Change::ParameterLost(name.into_owned())
        });
    }
    None
}

fn upgrade(exchange: &Exchange, saw: &SeenExchange) -> Option<Change> {
    let asked = exchange.sent.iter().any(|(name, _)| name == "upgrade");
    let has = |value: &Option<String>, word: &str| {
        value.as_ref().is_some_and(|value| value.to_ascii_lowercase().contains(word))
    };
    let came = has(&saw.upgrade, "websocket") && has(&saw.connection, "upgrade");
    (asked && !came).then_some(Change::UpgradeStripped)
}

fn percent_decoded(text: &str) -> String {
    // In a query a plus is a space; in a path it is not.
    let text = text.replace('+', "%2B");
    parse(format!("x={text}").as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::ASK_HEADER;

    fn seen(url: &str, target: &str) -> Option<Change> {
        change(&Exchange {
            url: format!("http://h{url}"),
            sent: vec![(ASK_HEADER.into(), "1".into())],
            saw: Some(SeenExchange { asked: "1".into(), target: target.into(), ..SeenExchange::default() }),
            ..Exchange::default()
        })
    }

    #[test]
    fn urls() {
        let sid = |value: &str| format!("/socket.io/?EIO=4&transport=polling&sid={value}");
        for (sent, target, expected) in [
            ("/dante/", "/dante/", None),
            ("/dante/hosting.json", "/hosting.json", None),
            ("/hosting.json", "/dante/hosting.json", None),
            ("/dante/?a=1", "/dante/?a=1&utm=x", None),
            ("/socket.io/?EIO=4", "/socket.io/", Some(Change::QueryLost)),
            (&sid("aB"), "/socket.io/?EIO=4&transport=polling", Some(Change::ParameterLost("sid".into()))),
            (&sid("aB"), &sid("aB").to_lowercase(), Some(Change::Case)),
            (&sid("a_b-C"), &sid("a_b-C"), None),
            ("/My%20App/x", "/my%20app/x", Some(Change::Case)),
            ("/my%20app/x", "/my app/x", Some(Change::Encoding)),
            ("/my%20app/x", "/my%2520app/x", None),
        ] {
            assert_eq!(seen(sent, target), expected, "{sent} → {target}");
        }
    }

    #[test]
    fn upgrades() {
        let upgrade = |saw: SeenExchange| {
            change(&Exchange {
                url: "http://h/ws".into(),
                sent: vec![(ASK_HEADER.into(), String::new()), ("upgrade".into(), "websocket".into())],
                saw: Some(SeenExchange { target: "/ws".into(), ..saw }),
                ..Exchange::default()
            })
        };
        let some = |text: &str| Some(text.to_owned());
        let came = SeenExchange {
            upgrade: some("websocket"),
            connection: some("keep-alive, Upgrade"),
            ..SeenExchange::default()
        };
        assert_eq!(upgrade(came.clone()), None);
        assert_eq!(
            upgrade(SeenExchange { connection: some("close"), ..came.clone() }),
            Some(Change::UpgradeStripped)
        );
        assert_eq!(upgrade(SeenExchange { http: "HTTP/1.0".into(), ..came }), Some(Change::Http10));
    }
}
