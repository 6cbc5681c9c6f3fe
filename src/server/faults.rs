//! Faults in requests that could be parsed: in the Host header, in the headers of proxies, and in the path. They are
//! found, answered and logged here; [`Fault`] has the sentences.

use axum::{
    Extension,
    extract::{Request, State},
    http::{StatusCode, Version, header},
    response::{IntoResponse, Response},
};

use super::{
    app::App,
    request_prefix::{RequestPrefix, known_place},
};
use crate::contract::{FAULT_HEADER, FaultId};
use crate::hosting::{
    fault::{Fault, describe_text},
    prefix::Prefix,
};

/// The scripts that URL Rewrite rewrites to under iisnode.
const SCRIPTS: [&str; 2] = ["/server-socketio.js", "/server-faye.js"];

/// Answers with a fault, and logs it.
pub(super) fn refuse(app: &App, fault: &Fault, line: &str) -> Response {
    app.faults.report(fault, line.as_bytes());
    (fault.status(), [(FAULT_HEADER, fault.id().name())], format!("{fault}\n")).into_response()
}

/// The request line, rebuilt from the parsed request.
pub(super) fn describe_request(request: &Request) -> String {
    format!("{} {} {:?}", request.method(), request.uri().path(), request.version())
}

/// What is wrong with the Host header (RFC 9112, 3.2). Nothing that Dante writes depends on it, but a proxy that
/// garbles it garbles more.
pub(super) fn of_host(request: &Request) -> Option<Fault> {
    let values: Vec<_> = request.headers().get_all(header::HOST).iter().map(|host| host.as_bytes()).collect();
    let value = match values[..] {
        // Only HTTP/1.1 requires it.
        [] if request.version() == Version::HTTP_10 => return None,
        [] => return Some(Fault::NoHost),
        [value] => value,
        _ => return Some(Fault::SeveralHosts(describe_text(&values.join(&b", "[..])))),
    };
    if value.contains(&b',') {
        return Some(Fault::SeveralHosts(describe_text(value)));
    }
    // uri-host [ ":" port ] (RFC 9110, 7.2; RFC 3986, 3.2.2); no host name contains a comma.
    let good = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+;=:[]".contains(byte);
    (!value.iter().all(good)).then(|| Fault::BadHost(describe_text(value)))
}

/// The fault that an unknown path reveals, if any: `taken` was treated as the prefix, `rest` follows it.
fn of_path(taken: &str, rest: &str, configured: &str, fold_case: bool) -> Option<Fault> {
    let whole = format!("{taken}{rest}");
    if whole.contains("//") {
        return Some(Fault::EmptySegment(describe_text(whole.as_bytes())));
    }
    let again = Prefix::parse(taken).ok().and_then(|prefix| prefix.strip(rest, fold_case));
    if !taken.is_empty() && again.is_some() {
        return Some(Fault::DoubledPrefix(describe_text(taken.as_bytes())));
    }
    let place = known_place(rest, fold_case)?;
    let script = SCRIPTS
        .iter()
        .find(|script| rest[place..].strip_prefix(**script).is_some_and(|more| more.starts_with('/')));
    if let Some(script) = script {
        return Some(Fault::RewriteTarget(script[1..].to_owned()));
    }
    let seen = format!("{taken}{}", &rest[..place]);
    let seen = Prefix::parse(&seen).ok().filter(|_| place > 0)?;
    Some(Fault::OtherPrefix { seen: seen.to_string(), configured: configured.to_owned() })
}

/// Answers 404, with the fault that the path reveals, if any.
pub(super) async fn not_found(
    State(app): State<App>,
    Extension(RequestPrefix(taken)): Extension<RequestPrefix>,
    request: Request,
) -> Response {
    let (hosting, path) = (&app.hosting, request.uri().path());
    if let Some(fault) = of_path(&taken, path, hosting.prefix.value.as_str(), hosting.host.value.is_iis()) {
        let line = format!("{} {taken}{path} {:?}", request.method(), request.version());
        return refuse(&app, &fault, &line);
    }
    app.faults.count(FaultId::NotServed);
    let whole = format!("{taken}{path}");
    let text = format!(
        "Nothing is served at \"{}\". The poem is at the root of the prefix. If this path should lead there, \
         Dante's prefix (--prefix, DANTE_PREFIX) differs from the host's.\n",
        describe_text(whole.as_bytes())
    );
    (StatusCode::NOT_FOUND, [(FAULT_HEADER, FaultId::NotServed.name())], text).into_response()
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::Request};

    use super::*;

    #[test]
    fn hosts() {
        for (version, hosts, fault) in [
            (Version::HTTP_11, &["dante.example:8888"][..], None),
            (Version::HTTP_11, &["[::1]:80"], None),
            (Version::HTTP_11, &[""], None),
            (Version::HTTP_10, &[], None),
            (Version::HTTP_11, &[], Some("no-host")),
            (Version::HTTP_10, &["a", "a"], Some("several-hosts")),
            (Version::HTTP_11, &["a, b"], Some("several-hosts")),
            (Version::HTTP_11, &["a,b"], Some("several-hosts")),
            (Version::HTTP_11, &["http://a/"], Some("bad-host")),
            (Version::HTTP_11, &["a b"], Some("bad-host")),
            (Version::HTTP_11, &["x@evil.example"], Some("bad-host")),
        ] {
            let mut request = Request::builder().version(version);
            for host in hosts {
                request = request.header("host", *host);
            }
            let found = of_host(&request.body(Body::empty()).unwrap());
            assert_eq!(
                found.as_ref().map(|fault| fault.id().to_string()),
                fault.map(str::to_owned),
                "{version:?} {hosts:?}"
            );
        }
    }

    #[test]
    fn paths() {
        for (taken, rest, configured, fault) in [
            ("", "/demo/socket.io/", "/dante", "other-prefix"),
            ("", "/demo/socket.io/", "", "other-prefix"),
            ("/dante", "/x/hello/", "/dante", "other-prefix"),
            ("/dante", "/dante/", "/dante", "doubled-prefix"),
            ("/dante", "/dante", "/dante", "doubled-prefix"),
            ("/dante", "/dante/socket.io/", "/dante", "doubled-prefix"),
            ("/dante", "//", "/dante", "empty-segment"),
            ("", "//evil.example/hello/", "/dante", "empty-segment"),
            ("/dante", "/server-socketio.js/socket.io/", "/dante", "rewrite-target"),
            ("", "/demo/server-socketio.js/hello/", "/dante", "rewrite-target"),
            ("/dante", "/nothing", "/dante", ""),
            ("", "/socket.iox/", "/dante", ""),
            ("", "/hello/x", "/dante", ""),
            ("", "*", "/dante", ""),
            ("", "", "/dante", ""),
            ("", "/..;/hello/", "", "other-prefix"),
            ("", "/../hello/", "", ""),
        ] {
            let found = of_path(taken, rest, configured, false);
            assert_eq!(
                found.as_ref().map_or(String::new(), |fault| fault.id().to_string()),
                fault,
                "{taken} {rest}"
            );
        }
        let fault = of_path("", "/demo/socket.io/", "/dante", false).unwrap().to_string();
        assert!(fault.contains("--prefix /demo") && fault.contains("send /dante"), "{fault}");
    }
}
