//! What reached the server of a request, for clients that ask: they see what was changed on the way.

use axum::http::{HeaderName, HeaderValue, Request, header};

use super::app::App;
use crate::contract::{ASK_HEADER, SeenExchange};
use crate::hosting::fault::describe_text;

/// What the client asked with at most; more is none of ours.
const ASKED: usize = 64;

/// The value of [`SAW_HEADER`](crate::contract::SAW_HEADER), if the client asked for it.
pub(super) fn describe<B>(app: &App, request: &Request<B>) -> Option<HeaderValue> {
    let asked = request.headers().get(ASK_HEADER)?.as_bytes();
    let header = |name: HeaderName| {
        let values: Vec<&[u8]> =
            request.headers().get_all(name).iter().map(|value| value.as_bytes()).collect();
        (!values.is_empty()).then(|| describe_text(&values.join(&b", "[..])))
    };
    let target = request.uri().path_and_query().map_or("*", |target| target.as_str());
    let seen = SeenExchange {
        asked: describe_text(&asked[..asked.len().min(ASKED)]),
        node: app.encoded.node().to_owned(),
        method: request.method().to_string(),
        target: target.to_owned(),
        http: format!("{:?}", request.version()),
        host: header(header::HOST),
        connection: header(header::CONNECTION),
        upgrade: header(header::UPGRADE),
        via: header(header::VIA),
    };
    HeaderValue::try_from(seen.to_header()).ok()
}
