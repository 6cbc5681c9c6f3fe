//! What a request of Engine.IO asks for, read as the engine reads it, and how one is refused. Pure.

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version, header};
use socketioxide::socket::Sid;

use crate::engine_version::{EngineVersion, EngineVersions};

/// The headers that the engine and the reading look at.
const KEPT_HEADERS: [HeaderName; 4] =
    [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::SEC_WEBSOCKET_KEY, FORWARDED_FOR];

/// The one header of a WebSocket's request that is looked at later.
pub(super) const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// A session over WebSocket.
    WebSocket,
    /// A session over long polling.
    Polling,
    /// What has come for a session.
    Poll(Sid),
    /// To hear what the client says.
    Post,
    /// To go on over WebSocket.
    Takeover(Sid),
    /// Nothing that there is: the engine knows the words for that.
    Nothing,
}

impl Asked {
    /// What this request asks for.
    pub(super) fn of(request: &Request) -> Self {
        let query = request.uri().query().unwrap_or_default();
        let transport = query.split('&').find(|pair| pair.starts_with("transport="));
        let session = query.split('&').find_map(|pair| pair.strip_prefix("sid="));
        match (request.method(), transport, session.map(str::parse)) {
            (&Method::GET, Some("transport=websocket"), None) => Self::WebSocket,
            (&Method::GET, Some("transport=websocket"), Some(Ok(session))) => Self::Takeover(session),
            (&Method::GET, Some("transport=polling"), None) => Self::Polling,
            (&Method::GET, Some("transport=polling"), Some(Ok(session))) => Self::Poll(session),
            (&Method::POST, ..) => Self::Post,
            _ => Self::Nothing,
        }
    }
}

/// What a client changes with each request, so that nothing answers it from a cache.
pub(super) fn changing_part(request: &Request) -> Option<&str> {
    request.uri().query()?.split('&').find_map(|pair| pair.strip_prefix("t="))
}

/// The version that a query asks for, parsed as the engine parses it; otherwise the unknown value, if any.
pub(super) fn version(query: &str) -> Result<EngineVersion, Option<&str>> {
    let asked = query.split('&').find_map(|pair| pair.strip_prefix("EIO="));
    asked.and_then(EngineVersion::parse).ok_or(asked)
}

/// The answer to a version that is not spoken here.
pub(super) fn refuse_version(
    asked: Result<EngineVersion, Option<&str>>,
    versions: EngineVersions,
) -> Response {
    let found = match asked {
        Ok(version) => format!("EIO={} is turned off here (--engine-versions)", version.number()),
        Err(Some(other)) => format!("EIO is {:?}", other.chars().take(20).collect::<String>()),
        Err(None) => "EIO is missing".to_owned(),
    };
    let message = format!(
        "Unsupported protocol version: {found}; this server speaks {versions}: Socket.IO 3 and 4 send EIO=4, Socket.IO 2 sends EIO=3"
    );
    refuse(StatusCode::BAD_REQUEST, 5, &message)
}

/// The answer for a session that is over, or never was. Clients then open another one, and go on where they were.
pub(super) fn refuse_session() -> Response {
    refuse(StatusCode::BAD_REQUEST, 1, "Session ID unknown")
}

/// An error in engine.io's own format (engine.io 6, `server.ts`, `abortRequest`).
pub(super) fn refuse(status: StatusCode, code: u8, message: &str) -> Response {
    let error = serde_json::json!({ "code": code, "message": message });
    (status, [(header::CONTENT_TYPE, "application/json")], error.to_string()).into_response()
}

/// Whether a WebSocket request has lost its upgrade headers. The engine would answer 101 all the same, and then
/// close.
pub(super) fn lacks_upgrade(request: &Request) -> bool {
    let query = request.uri().query().unwrap_or_default();
    let wants = query.split('&').any(|pair| pair == "transport=websocket");
    let upgrade = request.headers().get(header::UPGRADE);
    let has = upgrade.is_some_and(|upgrade| upgrade.as_bytes().eq_ignore_ascii_case(b"websocket"));
    wants && !(has && request.version() == Version::HTTP_11)
}

/// The same request, with copies of its URI and of the headers that matter. The engine keeps them as long as the
/// reader stays; the originals would keep hyper's whole read buffer alive.
pub(super) fn detached(mut request: Request) -> Request {
    *request.uri_mut() = copied(request.uri());
    let mut headers = HeaderMap::new();
    copy_headers(request.headers(), &mut headers, &KEPT_HEADERS);
    *request.headers_mut() = headers;
    request
}

pub(super) fn copied(uri: &Uri) -> Uri {
    // The text came out of a URI, so it goes into one again.
    Uri::try_from(uri.to_string()).unwrap_or_default()
}

pub(super) fn copy_headers(from: &HeaderMap, to: &mut HeaderMap, names: &[HeaderName]) {
    for name in names {
        // Every line: of X-Forwarded-For the last one counts, and a client can send those before it.
        for value in from.get_all(name) {
            // The bytes came out of a header, so they go into one again.
            if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
                to.append(name.clone(), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn request(method: &str, query: &str) -> Request {
        let builder = http::Request::builder().method(method).uri(format!("/socket.io/?{query}"));
        builder.body(Body::empty()).unwrap()
    }

    #[test]
    fn what_is_asked_for() {
        let id = Sid::new();
        let asked = |method, query: &str| Asked::of(&request(method, &query.replace("ID", &id.to_string())));
        assert_eq!(asked("GET", "EIO=4&transport=websocket"), Asked::WebSocket);
        assert_eq!(asked("GET", "EIO=4&transport=websocket&sid=ID"), Asked::Takeover(id));
        assert_eq!(asked("GET", "EIO=4&transport=polling&t=1"), Asked::Polling);
        assert_eq!(asked("GET", "sid=ID&transport=polling"), Asked::Poll(id));
        assert_eq!(asked("POST", "EIO=4&transport=polling&sid=ID"), Asked::Post);
        for (method, query) in [
            ("GET", "EIO=4"),
            ("GET", "transport=polling&sid=x"),
            ("GET", "transport=websocket&sid="),
            ("GET", "transport=flash&transport=polling"),
            ("OPTIONS", "transport=polling"),
        ] {
            assert_eq!(asked(method, query), Asked::Nothing, "{method} {query}");
        }
    }

    #[test]
    fn the_changing_part() {
        assert_eq!(changing_part(&request("GET", "EIO=4&t=abc&sid=1")), Some("abc"));
        assert_eq!(changing_part(&request("GET", "EIO=4&transport=polling")), None);
    }

    #[test]
    fn every_line_of_a_kept_header_is_kept() {
        let request = http::Request::get("/socket.io/?EIO=4").header("x-forwarded-for", "10.0.0.1");
        let request = request.header("x-forwarded-for", "192.0.2.7").header("cookie", "c");
        let kept = detached(request.body(Body::empty()).unwrap());
        let forwarded: Vec<_> = kept.headers().get_all("x-forwarded-for").iter().collect();
        assert_eq!(forwarded, ["10.0.0.1", "192.0.2.7"]);
        assert!(!kept.headers().contains_key(header::COOKIE));
    }

    #[test]
    fn a_websocket_needs_its_upgrade() {
        let request = |query: &str, upgrade: bool| {
            let builder = http::Request::get(format!("/socket.io/?{query}"));
            let builder = if upgrade { builder.header("Upgrade", "WebSocket") } else { builder };
            builder.body(Body::empty()).unwrap()
        };
        assert!(!lacks_upgrade(&request("EIO=4&transport=websocket", true)));
        assert!(lacks_upgrade(&request("EIO=4&transport=websocket", false)));
        assert!(!lacks_upgrade(&request("EIO=4&transport=polling", false)));
        let mut old = request("EIO=4&transport=websocket", true);
        *old.version_mut() = Version::HTTP_10;
        assert!(lacks_upgrade(&old));
    }
}
