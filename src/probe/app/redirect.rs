//! Redirects of streams, followed as browsers do (WHATWG Fetch, "HTTP-redirect fetch"; `EventSource` and `fetch` both go by it, and
//! WebSocket does not follow any: WHATWG WebSockets, "establish a WebSocket connection"). Pure.

use crate::probe::{
    classify::{Class, RedirectKind, classify},
    client::http::{Method, Request},
    evidence::Exchange,
    target::Target,
};

/// The most that browsers follow.
const MOST: usize = 20;

/// The request that an answer redirects to; none where it redirects to nothing that would be a stream, or in a circle.
pub(super) fn next(followed: &[Exchange], answer: &Exchange, request: &Request) -> Option<Request> {
    match classify(answer) {
        // A page to sign in is no stream, and pages from https may not load what is not (W3C Mixed Content).
        Class::Redirect(RedirectKind::Login | RedirectKind::HttpsLost | RedirectKind::Unusable) => {
            return None;
        }
        Class::Redirect(_) if followed.len() < MOST => {}
        _ => return None,
    }
    let target = request.target.join(answer.header("location")?).ok()?;
    let is_post = request.method == Method::POST;
    let becomes_get = is_post && matches!(answer.status, Some(301..=303));
    let dropped: &[&str] = if becomes_get { &["content-type", "cookie"] } else { &["cookie"] };
    let mut headers = request.headers.clone();
    headers.retain(|(name, _)| !dropped.contains(name));
    // What another origin is asked for names the one whose page asks (Fetch, "append a request Origin header").
    if !target.same_origin(&request.target) && !headers.iter().any(|(name, _)| *name == "origin") {
        headers.push(("origin", request.target.origin()));
    }
    let method = if becomes_get { Method::GET } else { request.method.clone() };
    let body = if becomes_get { String::new() } else { request.body.clone() };
    Some(Request { method, body, headers, target, ..request.clone() })
}

/// Whether the same was asked for before, with the same cookies: it would be answered with the same.
pub(super) fn is_circle(followed: &[Exchange], next: &Request) -> bool {
    let cookie = |headers: &[(String, String)]| {
        headers.iter().find(|(name, _)| name == "cookie").map(|(_, value)| value.clone())
    };
    let sent = next.headers.iter().find(|(name, _)| *name == "cookie").map(|(_, value)| value.clone());
    followed.iter().any(|seen| {
        let is_same = seen.url == next.target.to_string() && seen.method == next.method.as_str();
        is_same && cookie(&seen.sent) == sent
    })
}

/// Whether a stream that was asked for here was found at another origin than that of this target.
pub(crate) fn moved_from(target: &Target, url: &str) -> Option<Target> {
    Target::parse(url).ok().filter(|there| !there.same_origin(target))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn answer(status: u16, url: &str, location: &str) -> Exchange {
        let headers = vec![("location".to_owned(), location.to_owned())];
        let (method, url) = ("GET".to_owned(), url.to_owned());
        Exchange { status: Some(status), method, url, headers, ..Exchange::default() }
    }

    #[test]
    fn where_browsers_follow() {
        const URL: &str = "https://h/events";
        let target = || Target::parse(URL).unwrap();
        let get = Request::get(target(), Duration::ZERO);
        let post = Request::post(target(), "{}".into(), Duration::ZERO);
        for (request, status, location, expected) in [
            (&get, 301, "/events/", Some("GET https://h/events/ ")),
            (&get, 302, "https://other/x", Some("GET https://other/x  from https://h")),
            (&get, 302, "https://h/login", None),
            (&get, 302, "http://h/events/", None),
            (&get, 302, "https://", None),
            (&post, 301, "/x", Some("GET https://h/x ")),
            (&post, 302, "/x", Some("GET https://h/x ")),
            (&post, 303, "/x", Some("GET https://h/x ")),
            (&post, 307, "/x", Some("POST https://h/x {}")),
            (&post, 308, "/x", Some("POST https://h/x {}")),
            (&get, 304, "/x", None),
        ] {
            let seen = next(&[], &answer(status, URL, location), request).map(|next| {
                let origin = next.headers.iter().find(|(name, _)| *name == "origin");
                let origin = origin.map(|(_, origin)| format!(" from {origin}")).unwrap_or_default();
                format!("{} {} {}{origin}", next.method, next.target, next.body)
            });
            assert_eq!(seen.as_deref(), expected, "{} {status} {location}", request.method);
        }
        let many = vec![Exchange::default(); MOST];
        assert!(next(&many, &answer(302, URL, "/x"), &get).is_none());
    }

    #[test]
    fn circles() {
        let seen = [answer(302, "http://h/a", "/b"), answer(302, "http://h/b", "/a")];
        let to = |url: &str| Request::get(Target::parse(url).unwrap(), Duration::ZERO);
        assert!(is_circle(&seen, &to("http://h/a")));
        assert!(!is_circle(&seen, &to("http://h/a").with("cookie", "seen=1")));
        assert!(!is_circle(&seen, &to("http://h/c")));
    }
}
