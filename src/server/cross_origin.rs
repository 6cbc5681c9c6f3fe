//! What pages of other origins may do: nothing that needs an answer read, unless `--allow-origin` names them (Fetch, 3.2 "CORS
//! protocol"). The poem is public, and no request of Dante's depends on a cookie; so this keeps strange pages from using somebody's host
//! as theirs, and hides nothing.

use std::{
    convert::Infallible,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::future::{Either, Ready, ready};
use tower::{Layer, Service};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use crate::{
    contract::{FAULT_HEADER, SAW_HEADER},
    origins::Origins,
};

/// How long a browser may remember what it was allowed; short, so that a changed option is soon felt.
const REMEMBERED: Duration = Duration::from_secs(600);

/// How a browser says from where a page asks, relative to what is asked (Fetch Metadata, 2.3). Scripts cannot set it.
const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// The headers by which pages of these origins may read; none where only our own pages may.
pub(super) fn headers(origins: &Origins) -> Option<CorsLayer> {
    let layer = CorsLayer::new()
        .allow_methods([Method::GET, Method::HEAD, Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([
            HeaderName::from_static(FAULT_HEADER),
            HeaderName::from_static(SAW_HEADER),
            header::RETRY_AFTER,
        ])
        .max_age(REMEMBERED);
    match origins {
        Origins::Own => None,
        // Without credentials: whoever lets in everybody must not lend them the cookies that a proxy in front goes by.
        Origins::Any => Some(layer.allow_origin(AllowOrigin::any())),
        // A page needs them where a proxy finds a session's process by its cookie.
        Origins::Listed(listed) => {
            Some(layer.allow_origin(AllowOrigin::list(listed.iter().cloned())).allow_credentials(true))
        }
    }
}

/// Refuses, in words, what the headers cannot: a preflight where no origin is allowed, and a WebSocket from a page that is not on the
/// list, since browsers open one to any host and leave it to the server to look at `Origin` (RFC 6455, 10.2).
#[derive(Debug, Clone)]
pub(super) struct Guard {
    origins: Origins,
}

impl Guard {
    pub(super) fn new(origins: Origins) -> Self {
        Self { origins }
    }
}

impl<S> Layer<S> for Guard {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { origins: self.origins.clone(), inner }
    }
}

/// A service behind the [`Guard`].
#[derive(Debug, Clone)]
pub(super) struct Guarded<S> {
    origins: Origins,
    inner: S,
}

impl<S: Service<Request, Response = Response, Error = Infallible>> Service<Request> for Guarded<S> {
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match refusal(&self.origins, request.method(), request.headers()) {
            Some(text) => Either::Left(ready(Ok((StatusCode::FORBIDDEN, text).into_response()))),
            None => Either::Right(self.inner.call(request)),
        }
    }
}

/// Why a request is refused; none if it is not.
fn refusal(origins: &Origins, method: &Method, headers: &HeaderMap) -> Option<String> {
    let origin = headers.get(header::ORIGIN)?;
    let shown = || String::from_utf8_lossy(origin.as_bytes()).chars().take(200).collect::<String>();
    match origins {
        Origins::Own => {
            let is_preflight =
                method == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
            is_preflight.then(|| {
                format!(
                    "Pages of other origins may not read here, and {:?} is one. To let it, start Dante with --allow-origin and this \
                     origin, or set DANTE_ALLOW_ORIGIN to it.\n",
                    shown()
                )
            })
        }
        Origins::Listed(listed) => {
            let is_foreign = headers.contains_key(header::SEC_WEBSOCKET_KEY)
                && !listed.contains(origin)
                && !is_own(origin, headers);
            is_foreign.then(|| {
                format!(
                    "A WebSocket from a page of {:?} is refused: the page is neither Dante's own nor of an origin that --allow-origin \
                     (DANTE_ALLOW_ORIGIN) names. If it should be let in, name its origin, too.\n",
                    shown()
                )
            })
        }
        Origins::Any => None,
    }
}

/// Whether a page is of the origin that the request goes to: the browser says so, or the names are the same. A proxy may have changed
/// Host, so each name that it left counts; scripts of a page can set none of them.
pub(super) fn is_own(origin: &HeaderValue, headers: &HeaderMap) -> bool {
    if headers.get(SEC_FETCH_SITE).is_some_and(|site| site == "same-origin") {
        return true;
    }
    let Some((_, authority)) = origin.to_str().ok().and_then(|origin| origin.split_once("://")) else {
        return false;
    };
    let names = headers.get_all(header::HOST).iter().chain(headers.get_all("x-forwarded-host"));
    names
        .filter_map(|name| name.to_str().ok())
        .flat_map(|names| names.split(','))
        .any(|name| name.trim().eq_ignore_ascii_case(authority))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(origins: &str, method: &Method, headers: &[(&str, &str)]) -> Option<String> {
        let origins = if origins.is_empty() { Origins::Own } else { Origins::parse(origins).unwrap() };
        let headers =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        refusal(&origins, method, &headers)
    }

    #[test]
    fn who_is_refused() {
        const SHOP: (&str, &str) = ("origin", "https://shop.example");
        const KEY: (&str, &str) = ("sec-websocket-key", "k");
        const ASK: (&str, &str) = ("access-control-request-method", "GET");
        let (get, options) = (&Method::GET, &Method::OPTIONS);
        for (origins, method, headers, good) in [
            // Nobody is named: what works without CORS goes on, and a preflight is told why not.
            ("", get, &[SHOP][..], true),
            ("", get, &[SHOP, KEY], true),
            ("", options, &[SHOP], true),
            ("", options, &[SHOP, ASK], false),
            // Some are.
            ("https://shop.example", get, &[SHOP, KEY], true),
            ("https://other.example", get, &[SHOP, KEY], false),
            ("https://other.example", get, &[("origin", "null"), KEY], false),
            ("https://other.example", get, &[KEY], true),
            // The headers decide on these, and the browser keeps to them.
            ("https://other.example", get, &[SHOP], true),
            ("https://other.example", options, &[SHOP, ASK], true),
            // Dante's own page, whatever a proxy has made of Host.
            ("https://other.example", get, &[SHOP, KEY, ("host", "Shop.example")], true),
            ("https://other.example", get, &[SHOP, KEY, ("host", "shop.example:81")], false),
            (
                "https://other.example",
                get,
                &[SHOP, KEY, ("host", "a"), ("x-forwarded-host", "b, shop.example")],
                true,
            ),
            (
                "https://other.example",
                get,
                &[SHOP, KEY, ("host", "a"), ("sec-fetch-site", "same-origin")],
                true,
            ),
            (
                "https://other.example",
                get,
                &[SHOP, KEY, ("host", "a"), ("sec-fetch-site", "cross-site")],
                false,
            ),
            ("*", get, &[SHOP, KEY], true),
        ] {
            let refused = refused(origins, method, headers);
            assert_eq!(refused.is_none(), good, "{origins} {method} {headers:?}: {refused:?}");
            assert!(refused.is_none_or(|text| text.contains("--allow-origin")));
        }
    }
}
