//! What the server received with a request and knows about itself, for the page's panel and the probe. It holds no
//! secrets: what it says about the client, the client has sent.

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, Uri, Version, header},
};

use super::{app::App, forwarded, request_prefix::RequestPrefix};
use crate::{
    contract::{Finding, FleetStatus, HostingStatus, SeenRequest},
    hosting::endpoint::Endpoint,
};

const FORWARDED: [&str; 6] =
    ["forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-prefix", "via"];

/// `GET hosting.json`: answers what the server saw.
pub(super) async fn hosting(
    State(app): State<App>,
    uri: Uri,
    Extension(RequestPrefix(prefix)): Extension<RequestPrefix>,
    version: Version,
    headers: HeaderMap,
) -> ([(header::HeaderName, &'static str); 1], Json<HostingStatus>) {
    // Lines with the same name form one list (RFC 9110, 5.3).
    let text = |name: &str| {
        let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        let values: Vec<_> = values.collect();
        (!values.is_empty()).then(|| values.join(", "))
    };
    let faults = if app.trust_forwarded { forwarded::faults(&headers) } else { Vec::new() };
    let hosting = &app.hosting;
    let found = |value: String, reason: &str| Finding { value, reason: reason.to_owned() };
    let endpoint = match hosting.endpoint.value {
        Endpoint::Tcp(_) => "tcp",
        Endpoint::Unix(_) => "unix",
        Endpoint::Pipe(_) => "pipe",
        Endpoint::Inherited => "inherited",
    };
    let status = HostingStatus {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        node: app.encoded.node().to_owned(),
        readers: app.readers(),
        rooms: app.rooms.count(),
        fleet: app.fleet.is_linked().then(|| {
            let readers = app.fleet.readers(app.readers());
            FleetStatus {
                readers: readers.all,
                nodes: readers.nodes,
                redis_connected: app.fleet.away().is_none(),
            }
        }),
        host: found(hosting.host.value.to_string(), &hosting.host.reason),
        prefix: found(hosting.prefix.value.to_string(), &hosting.prefix.reason),
        endpoint: found(endpoint.to_owned(), &hosting.endpoint.reason),
        transports: app
            .engine
            .transports
            .as_slice()
            .iter()
            .map(|transport| transport.name().to_owned())
            .collect(),
        engine_versions: app.engine.versions.numbers(),
        edition: app.poem.edition().to_owned(),
        of: app.poem.len(),
        interval_ms: app.encoded.interval_ms(),
        request: SeenRequest {
            http: match version {
                Version::HTTP_10 => "HTTP/1.0".to_owned(),
                _ => "HTTP/1.1".to_owned(),
            },
            path: format!("{prefix}{}", uri.path()),
            prefix: if prefix.is_empty() { "/".to_owned() } else { prefix },
            host: text("host"),
            forwarded: FORWARDED
                .into_iter()
                .filter_map(|name| Some((name.to_owned(), text(name)?)))
                .collect(),
            faults: faults.iter().map(ToString::to_string).collect(),
        },
    };
    ([(header::CACHE_CONTROL, "no-store")], Json(status))
}
