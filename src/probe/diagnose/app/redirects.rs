//! Redirects on the way to the stream of an application: followed as far as a browser does, and said where one does not. Pure.

use super::{AppStream, Finding, Hop, Severity, VerdictId};
use crate::probe::{
    app::redirect::moved_from,
    classify::{Class, RedirectKind, classify},
    diagnose::facts::{describe_answer, describe_exchange},
    evidence::Exchange,
    target::Target,
};

/// The finding on a stream that did not open, if a redirect is why.
pub(super) fn not_opened(stream: &AppStream, severity: Severity) -> Option<Finding> {
    let (last, finding) = (&stream.exchange, |id, line: String| {
        Finding::new(id, Hop::App, severity, line).by(&stream.exchange)
    });
    match classify(last) {
        Class::Redirect(RedirectKind::Login) => None,
        Class::Redirect(RedirectKind::HttpsLost) => {
            Some(finding(VerdictId::RedirectLosesHttps, describe_exchange(last)))
        }
        Class::Redirect(RedirectKind::Unusable) => {
            Some(finding(VerdictId::BadRedirect, describe_exchange(last)))
        }
        // One that leads to a stream would have been followed.
        Class::Redirect(_) => {
            let mut way: Vec<_> =
                stream.redirects.iter().chain([last]).map(|exchange| exchange.url.as_str()).collect();
            way.dedup();
            way.extend(last.header("location"));
            Some(finding(VerdictId::RedirectLoop, way.join(" → ")))
        }
        _ => {
            let (id, away) = leads_away(stream)?;
            let line = format!("{}; there: {}", describe_exchange(away), describe_answer(last));
            Some(Finding::new(id, Hop::App, severity, line).by(away))
        }
    }
}

/// What a finding on an answer has to say of the redirects that led to it; empty if there were none.
pub(super) fn way(stream: &AppStream) -> String {
    let Some(first) = stream.redirects.first() else { return String::new() };
    let lost_post = first.method == "POST" && stream.exchange.method == "GET";
    let how = if lost_post { ", which makes a GET of the POST (307 and 308 keep it)" } else { "" };
    format!("; led there by {}{how}", describe_exchange(first))
}

/// A stream that was found at another origin, whose answer does not let pages of the first one read it: programs follow, and browsers
/// fail (WHATWG Fetch, "CORS check").
pub(super) fn forbidden_to_browsers(stream: &AppStream) -> Option<Finding> {
    let start = Target::parse(&stream.redirects.first()?.url).ok()?;
    let there = moved_from(&start, &stream.url)?;
    // Where only https is added, pages are moved there, too.
    if there.host == start.host && there.tls && !start.tls {
        return None;
    }
    let origin = start.origin();
    let allowed = stream.exchange.header("access-control-allow-origin");
    if allowed.is_some_and(|allowed| allowed == "*" || allowed == origin) {
        return None;
    }
    let id = leads_away(stream).map_or(VerdictId::RedirectElsewhere, |(id, _)| id);
    let line = format!(
        "{}; programs that follow it get the stream, and browsers don't: the answer there has {} for pages of {origin}",
        describe_exchange(stream.redirects.first()?),
        match allowed {
            Some(allowed) => format!("Access-Control-Allow-Origin: {allowed} and not *"),
            None => "no Access-Control-Allow-Origin".to_owned(),
        }
    );
    Some(Finding::new(id, Hop::App, Severity::Degraded, line).by(stream.redirects.first()?))
}

/// The first redirect that leaves the host, or its port.
fn leads_away(stream: &AppStream) -> Option<(VerdictId, &Exchange)> {
    stream.redirects.iter().find_map(|exchange| match classify(exchange) {
        Class::Redirect(RedirectKind::OtherHost) => Some((VerdictId::RedirectElsewhere, exchange)),
        Class::Redirect(RedirectKind::PortLost) => Some((VerdictId::RedirectLosesPort, exchange)),
        Class::Redirect(RedirectKind::Elsewhere) => {
            let asked = Target::parse(&exchange.url).ok()?;
            let there = asked.join(exchange.header("location")?).ok()?;
            (!there.same_origin(&asked)).then_some((VerdictId::RedirectElsewhere, exchange))
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, url: &str, headers: &[(&str, &str)]) -> Exchange {
        let headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Exchange { status: Some(status), url: url.into(), headers, ..Exchange::default() }
    }

    fn stream(redirects: &[(&str, &str)], last: Exchange) -> AppStream {
        let redirects = redirects.iter().map(|(url, to)| answer(302, url, &[("location", to)])).collect();
        AppStream { redirects, url: last.url.clone(), exchange: last, ..AppStream::default() }
    }

    #[test]
    fn why_a_stream_did_not_open() {
        let redirect = |to| answer(302, "https://h:81/a", &[("location", to)]);
        for (redirects, last, expected) in [
            (&[][..], redirect("http://h:81/a"), Some(VerdictId::RedirectLosesHttps)),
            (&[], redirect("/login"), None),
            (&[], answer(302, "https://h:81/a", &[]), Some(VerdictId::BadRedirect)),
            (&[("https://h:81/a", "/a")], redirect("/a"), Some(VerdictId::RedirectLoop)),
            (&[("https://h:81/a", "/b")], answer(404, "https://h:81/b", &[]), None),
            (
                &[("https://h:81/a", "https://other/")],
                answer(404, "https://other/", &[]),
                Some(VerdictId::RedirectElsewhere),
            ),
            (
                &[("https://h:81/a", "https://h/a")],
                Exchange { url: "https://h/a".into(), ..Exchange::default() },
                Some(VerdictId::RedirectLosesPort),
            ),
            (
                &[("https://h:81/a", "https://h:82/a")],
                Exchange { url: "https://h:82/a".into(), ..Exchange::default() },
                Some(VerdictId::RedirectElsewhere),
            ),
            (&[], answer(404, "https://h:81/a", &[]), None),
        ] {
            let stream = stream(redirects, last);
            let id = not_opened(&stream, Severity::Broken).map(|finding| finding.id);
            assert_eq!(id, expected, "{stream:?}");
        }
    }

    #[test]
    fn browsers_ask_the_other_origin_for_leave() {
        const LEAVE: &str = "access-control-allow-origin";
        for (from, to, headers, expected) in [
            ("http://h/a", "http://h/b", &[][..], None),
            ("http://h/a", "https://h/a", &[], None),
            ("http://h/a", "http://other/a", &[], Some(VerdictId::RedirectElsewhere)),
            ("http://h/a", "http://other/a", &[(LEAVE, "http://x")], Some(VerdictId::RedirectElsewhere)),
            ("http://h/a", "http://other/a", &[(LEAVE, "*")], None),
            ("http://h/a", "http://other/a", &[(LEAVE, "http://h")], None),
            ("http://h:81/a", "http://h/a", &[], Some(VerdictId::RedirectLosesPort)),
        ] {
            let stream = stream(&[(from, to)], answer(200, to, headers));
            let id = forbidden_to_browsers(&stream).map(|finding| finding.id);
            assert_eq!(id, expected, "{from} → {to} {headers:?}");
        }
        assert!(forbidden_to_browsers(&stream(&[], answer(200, "http://h/a", &[]))).is_none());
    }

    #[test]
    fn a_post_that_becomes_a_get_is_told() {
        let method = |method: &str, exchange| Exchange { method: method.into(), ..exchange };
        let from = method("POST", answer(301, "http://h/a", &[("location", "/a/")]));
        let to = method("GET", answer(405, "http://h/a/", &[]));
        let seen = AppStream { redirects: vec![from], exchange: to, ..AppStream::default() };
        assert!(way(&seen).contains("makes a GET of the POST"), "{}", way(&seen));
        assert_eq!(way(&AppStream::default()), "");
    }
}
