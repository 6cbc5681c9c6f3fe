//! The prefix of a request: the part of its path that belongs to the host. It is told by a header, configured, or
//! learned from the path. Dividing a path is pure.

use std::ops::Range;

use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, Uri, header, uri::PathAndQuery},
    response::{IntoResponse, Response},
};

use super::{app::App, forwarded};
use crate::{
    contract::paths,
    hosting::{
        iisnode,
        prefix::{Prefix, same_segment},
    },
};

/// The part of this request's path that was treated as the prefix; empty at the root.
#[derive(Debug, Clone, Default)]
pub(super) struct RequestPrefix(pub(super) String);

/// A request after its prefix was found.
pub(super) enum Stripped {
    /// Its prefix, and the URI without it.
    Below(RequestPrefix, Uri),
    /// The path is the prefix without its final slash: relative URLs would be wrong there.
    AddSlash,
}

/// Strips the prefix from a request's path.
pub(super) fn strip(app: &App, request: &Request) -> Option<Stripped> {
    let hosting = &app.hosting;
    let told = announced_prefix(app, request);
    let rules = PrefixRules {
        told: told.as_ref(),
        configured: &hosting.prefix.value,
        learn: hosting.learn_prefix,
        fold_case: hosting.host.value.is_iis(),
    };
    let uri = request.uri();
    Some(match route(uri.path(), &rules) {
        Route::AddSlash => Stripped::AddSlash,
        Route::In(ours) => {
            let prefix = RequestPrefix(uri.path()[..ours.start].to_owned());
            Stripped::Below(prefix, if ours.start == 0 { uri.clone() } else { below(uri, ours.start)? })
        }
    })
}

/// The prefix of this request, if a trusted source names it.
fn announced_prefix(app: &App, request: &Request) -> Option<Prefix> {
    if app.hosting.learn_prefix
        && let Some(prefix) = iisnode::parse_script_name(request.headers())
    {
        return Some(prefix);
    }
    forwarded::last_value(request.headers(), "x-forwarded-prefix")
        .filter(|_| app.trust_forwarded)
        .and_then(|value| Prefix::parse(&value).ok())
}

/// `/dante` → `dante/`: a relative reference (RFC 9110, 10.2.2), which is also right behind a proxy that strips or adds
/// a prefix, and never leads to another site.
pub(super) fn redirect_to_folder(uri: &Uri) -> Response {
    let folder = uri.path().rsplit('/').next().unwrap_or_default();
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    // `./` keeps a name with a colon from being read as a scheme.
    match HeaderValue::try_from(format!("./{folder}/{query}")) {
        Ok(location) => (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, location)]).into_response(),
        Err(_) => (StatusCode::NOT_FOUND, "Nothing is served here.\n").into_response(),
    }
}

/// The URI without the first `start` bytes of its path.
fn below(uri: &Uri, start: usize) -> Option<Uri> {
    let mut parts = uri.clone().into_parts();
    let whole = parts.path_and_query?;
    parts.path_and_query = Some(PathAndQuery::try_from(whole.as_str().get(start..)?).ok()?);
    Uri::from_parts(parts).ok()
}

/// Where a request's path leads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// Into the application: this part of the path (starting with a slash) is ours.
    In(Range<usize>),
    /// To the prefix without its final slash, where relative URLs would be wrong: redirect to the one with it.
    AddSlash,
}

/// The rules by which paths are divided, from the most to the least certain.
#[derive(Debug, Clone)]
pub(crate) struct PrefixRules<'a> {
    /// The prefix of this request, as a trusted proxy or iisnode names it.
    pub(crate) told: Option<&'a Prefix>,
    /// The configured or detected prefix.
    pub(crate) configured: &'a Prefix,
    /// Whether to learn an unknown prefix from the path: behind iisnode, which does not pass it, if none was
    /// configured.
    pub(crate) learn: bool,
    /// Whether to ignore case (IIS).
    pub(crate) fold_case: bool,
}

/// Divides a request's path into its prefix and Dante's own path. A path below no known prefix is used as it is, so
/// proxies that strip the prefix and proxies that keep it both work.
pub(crate) fn route(path: &str, rules: &PrefixRules<'_>) -> Route {
    for prefix in rules.told.into_iter().chain([rules.configured]).filter(|prefix| !prefix.is_root()) {
        match prefix.strip(path, rules.fold_case) {
            Some("") => return Route::AddSlash,
            Some(rest) => return Route::In(path.len() - rest.len()..path.len()),
            None => {}
        }
    }
    if rules.learn {
        return learn(path, rules);
    }
    Route::In(0..path.len())
}

/// Where Dante's own path starts within a path, including its slash.
pub(super) fn known_place(path: &str, fold_case: bool) -> Option<usize> {
    let known = |segment: &str| first_segments().any(|known| same_segment(segment, known, fold_case));
    path.match_indices('/')
        .map(|(at, _)| at)
        .find(|at| known(path[at + 1..].split('/').next().unwrap_or_default()))
}

/// The first segments of the paths that Dante serves. Whatever precedes one of them is a prefix.
fn first_segments() -> impl Iterator<Item = &'static str> {
    paths::ALL.iter().filter_map(|path| path.split('/').nth(1)).filter(|segment| !segment.is_empty())
}

/// Learns the prefix: it ends before the first segment that Dante knows. If there is none, and the host named no
/// prefix, a path with a final slash is the application's root, and a single segment that does not look like a file
/// name is the root without its slash.
fn learn(path: &str, rules: &PrefixRules<'_>) -> Route {
    if let Some(at) = known_place(path, rules.fold_case) {
        return Route::In(at..path.len());
    }
    let unknown = rules.told.is_none() && Prefix::parse(path).is_ok();
    if unknown && path.ends_with('/') {
        return Route::In(path.len() - 1..path.len());
    }
    if unknown && !path[1..].contains(['/', '.']) {
        return Route::AddSlash;
    }
    Route::In(0..path.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_below_a_prefix() {
        let below = |uri: &str, start| below(&uri.parse().unwrap(), start).map(|uri| uri.to_string());
        assert_eq!(below("/dante/socket.io/?EIO=4", 6).as_deref(), Some("/socket.io/?EIO=4"));
        assert_eq!(below("http://host/dante/", 6).as_deref(), Some("http://host/"));
    }

    #[test]
    fn redirects_stay_where_they_are() {
        for (uri, location) in
            [("/dante?x=1", "./dante/?x=1"), ("/a/b", "./b/"), ("/a/javascript:x", "./javascript:x/")]
        {
            let response = redirect_to_folder(&uri.parse().unwrap());
            assert_eq!(response.headers()[header::LOCATION], location, "{uri}");
        }
    }

    fn dante() -> Prefix {
        Prefix::parse("/dante").unwrap()
    }

    /// The part that Dante serves, or a redirect.
    fn place<'path>(path: &'path str, rules: &PrefixRules<'_>) -> &'path str {
        match route(path, rules) {
            Route::In(range) => &path[range],
            Route::AddSlash => "redirect",
        }
    }

    #[test]
    fn a_configured_prefix_may_be_kept_or_stripped() {
        let configured = dante();
        let rules = PrefixRules { told: None, configured: &configured, learn: false, fold_case: false };
        for (path, ours) in [
            ("/dante", "redirect"),
            ("/dante/", "/"),
            ("/dante/socket.io/", "/socket.io/"),
            ("/dante/server-faye.js/ws", "/server-faye.js/ws"),
            ("/socket.io/", "/socket.io/"),
            ("/", "/"),
            ("/dantesque", "/dantesque"),
            ("/demo/socket.io/", "/demo/socket.io/"),
            ("/Dante/socket.io/", "/Dante/socket.io/"),
        ] {
            assert_eq!(place(path, &rules), ours, "{path}");
        }
        let iis = PrefixRules { fold_case: true, ..rules };
        assert_eq!(place("/Dante/socket.io/", &iis), "/socket.io/");
    }

    #[test]
    fn an_unknown_prefix_is_learned_from_the_path() {
        let configured = dante();
        let iisnode = PrefixRules { told: None, configured: &configured, learn: true, fold_case: true };
        for (path, ours) in [
            ("/demo/server-socketio.js", "/server-socketio.js"),
            ("/demo/server-socketio.js/socket.io/", "/server-socketio.js/socket.io/"),
            ("/a/b/socket.io/socket.io.js", "/socket.io/socket.io.js"),
            ("/demo/Server-Faye.js/ws", "/Server-Faye.js/ws"),
            ("/demo/", "/"),
            ("/demo", "redirect"),
            ("/favicon.ico", "/favicon.ico"),
            ("/demo/favicon.ico", "/favicon.ico"),
            ("/demo/nothing", "/demo/nothing"),
            ("/dante/", "/"),
            ("/", "/"),
        ] {
            assert_eq!(place(path, &iisnode), ours, "{path}");
        }
    }

    #[test]
    fn every_path_that_dante_serves_is_found_below_an_unknown_prefix() {
        let configured = dante();
        let iisnode = PrefixRules { told: None, configured: &configured, learn: true, fold_case: true };
        for path in paths::ALL {
            assert_eq!(place(&format!("/demo{path}"), &iisnode), *path);
        }
    }

    #[test]
    fn what_a_host_tells_goes_first() {
        let told = Prefix::parse("/demo").unwrap();
        let configured = dante();
        let rules = PrefixRules { told: Some(&told), configured: &configured, learn: true, fold_case: true };
        for (path, ours) in [
            ("/demo", "redirect"),
            ("/demo/", "/"),
            ("/demo/x/", "/x/"),
            ("/dante/", "/"),
            ("/else/socket.io/", "/socket.io/"),
            ("/else/", "/else/"),
            ("/else", "/else"),
        ] {
            assert_eq!(place(path, &rules), ours, "{path}");
        }
    }
}
