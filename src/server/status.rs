//! What the server saw of a request and knows of itself, for the page's panel and for whoever looks into a
//! host from outside. Nothing secret is in it: what is said of the client, the client has sent.

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, Uri, Version, header},
};
use serde::Serialize;

use super::{
    app::App,
    faults::{self, RequestPrefix},
};
use crate::hosting::endpoint::Endpoint;

/// `GET hosting.json`
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Status {
    version: &'static str,
    node: String,
    readers: usize,
    host: Found,
    prefix: Found,
    /// What kind of endpoint we listen on; its name is nobody's business.
    endpoint: Found,
    /// What Socket.IO may use, in the order in which the page tries it.
    transports: Vec<&'static str>,
    /// The versions of Engine.IO that Socket.IO's clients may speak, the newest first.
    engine_versions: Vec<u8>,
    edition: String,
    of: usize,
    interval_ms: u64,
    request: Seen,
}

#[derive(Debug, Serialize)]
struct Found {
    value: String,
    reason: String,
}

/// What reached us of this request.
#[derive(Debug, Serialize)]
struct Seen {
    http: &'static str,
    /// Before the prefix was stripped.
    path: String,
    prefix: String,
    host: Option<String>,
    /// The headers that proxies add.
    forwarded: Vec<(&'static str, String)>,
    /// Which of them cannot be used, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<String>,
}

const FORWARDED: [&str; 6] =
    ["forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-prefix", "via"];

/// Answers what the server saw.
pub(super) async fn hosting(
    State(app): State<App>,
    uri: Uri,
    Extension(RequestPrefix(prefix)): Extension<RequestPrefix>,
    version: Version,
    headers: HeaderMap,
) -> ([(header::HeaderName, &'static str); 1], Json<Status>) {
    // Lines of one name are one list (RFC 9110, 5.3).
    let text = |name: &str| {
        let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        let values: Vec<_> = values.collect();
        (!values.is_empty()).then(|| values.join(", "))
    };
    let faults = if app.trust_forwarded { faults::of_forwarded(&headers) } else { Vec::new() };
    let hosting = &app.hosting;
    let found = |value: String, reason: &str| Found { value, reason: reason.to_owned() };
    let endpoint = match hosting.endpoint.value {
        Endpoint::Tcp(_) => "tcp",
        Endpoint::Unix(_) => "unix",
        Endpoint::Pipe(_) => "pipe",
        Endpoint::Inherited => "inherited",
    };
    let status = Status {
        version: env!("CARGO_PKG_VERSION"),
        node: app.encoded.node().to_owned(),
        readers: app.readers(),
        host: found(hosting.host.value.to_string(), &hosting.host.reason),
        prefix: found(hosting.prefix.value.to_string(), &hosting.prefix.reason),
        endpoint: found(endpoint.to_owned(), &hosting.endpoint.reason),
        transports: app.engine.transports.as_slice().iter().map(|transport| transport.name()).collect(),
        engine_versions: app.engine.versions.numbers(),
        edition: app.poem.edition().to_owned(),
        of: app.poem.len(),
        interval_ms: app.encoded.interval_ms(),
        request: Seen {
            http: match version {
                Version::HTTP_10 => "HTTP/1.0",
                _ => "HTTP/1.1",
            },
            path: format!("{prefix}{}", uri.path()),
            prefix: if prefix.is_empty() { "/".to_owned() } else { prefix },
            host: text("host"),
            forwarded: FORWARDED.into_iter().filter_map(|name| Some((name, text(name)?))).collect(),
            faults: faults.iter().map(ToString::to_string).collect(),
        },
    };
    ([(header::CACHE_CONTROL, "no-store")], Json(status))
}
