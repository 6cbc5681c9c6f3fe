//! Engine.IO requests, the layer below Socket.IO: what Dante checks, refuses or repairs before the engine sees a
//! request, and what it changes in the engine's answers.

use std::{convert::Infallible, time::Duration};

use axum::{
    BoxError,
    body::{Body, Bytes, HttpBody, to_bytes},
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use socketioxide::{ParserConfig, SocketIo, TransportType};
use tokio_util::sync::CancellationToken;
use tower::{Service, ServiceExt as _, service_fn};
use tracing::debug;

use super::payload::{self, Framing, PayloadError};
use crate::{
    contract::paths,
    engine_version::{EngineVersion, EngineVersions},
    transport::{EngineTransport, Transports},
};

/// The largest message that a reader may send, in bytes; readers send very little.
const MAX_MESSAGE: usize = 16 * 1024;

/// How many packets may wait for one reader; beyond that its sink is full.
const BUFFERED_PACKETS: usize = 16;

/// How long the engine may take at shutdown to answer pending requests.
const PARTING: Duration = Duration::from_millis(500);

/// How long a reader may take to answer a ping.
const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// A payload that every version of the engine refuses, closing the session: it is neither a packet nor a length.
const REFUSED_PAYLOAD: &str = ":";

/// The headers that matter after a request has been routed.
const KEPT_HEADERS: [header::HeaderName; 9] = [
    header::HOST,
    header::CONNECTION,
    header::UPGRADE,
    header::SEC_WEBSOCKET_KEY,
    header::SEC_WEBSOCKET_VERSION,
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::ORIGIN,
    header::HeaderName::from_static("x-forwarded-for"),
];

/// How to configure the engine.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) transports: Transports,
    pub(super) versions: EngineVersions,
    /// The longest time that a poll is held open.
    pub(super) polling_duration: Duration,
}

/// The Socket.IO engine: the service that answers its requests, and the handle that closes it.
pub(super) fn engine(
    settings: &Settings,
    stop: CancellationToken,
) -> (
    impl Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + Sync + use<>,
    SocketIo,
) {
    let builder = SocketIo::builder()
        .req_path(paths::SOCKET_IO.trim_end_matches('/'))
        // A waiting poll is answered by a ping at the latest, so this is how long it is held open.
        .ping_interval(settings.polling_duration)
        .ping_timeout(PING_TIMEOUT)
        .max_payload(MAX_MESSAGE as u64)
        .max_buffer_size(BUFFERED_PACKETS)
        .ws_max_message_size(MAX_MESSAGE)
        .ws_max_frame_size(MAX_MESSAGE)
        // The buffer lives as long as the reader, who sends very little.
        .ws_read_buffer_size(1)
        // No event from a reader carries bytes. The engine would keep one that announces some until they arrive.
        .with_parser(ParserConfig::common().max_incoming_binaries(0));
    let transports = settings.transports.as_slice();
    let rules =
        Rules { upgrades: transports.contains(&EngineTransport::WebSocket), versions: settings.versions };
    let builder = match transports {
        [EngineTransport::WebSocket] => builder.transports([TransportType::Websocket]),
        [EngineTransport::Polling] => builder.transports([TransportType::Polling]),
        _ => builder,
    };
    let (engine, io) = builder.build_svc();
    let service = service_fn(move |request: Request| {
        let (engine, stop) = (engine.clone(), stop.clone());
        let parting = async move {
            stop.cancelled().await;
            tokio::time::sleep(PARTING).await;
        };
        async move {
            tokio::select! {
                response = answer(engine, rules, request) => Ok(response),
                // Closing the engine answers all polls except those of sessions that never joined a namespace.
                () = parting => Ok((StatusCode::SERVICE_UNAVAILABLE, "The server is stopping.\n").into_response()),
            }
        }
    });
    (service, io)
}

/// What requests are checked against.
#[derive(Debug, Clone, Copy)]
struct Rules {
    /// Whether polling sessions may be upgraded.
    upgrades: bool,
    versions: EngineVersions,
}

/// Answers one request of Engine.IO.
async fn answer<E, B>(engine: E, rules: Rules, request: Request) -> Response
where
    E: Service<Request, Response = http::Response<B>, Error = Infallible>,
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let query = request.uri().query().unwrap_or_default();
    let version = match version(query) {
        Ok(version) if rules.versions.contains(version) => version,
        asked => return refuse_version(asked, rules.versions),
    };
    if lacks_upgrade(&request) {
        return refuse(
            StatusCode::BAD_REQUEST,
            3,
            "Bad request: transport=websocket needs the headers Upgrade: websocket and Connection: upgrade over HTTP/1.1; a proxy on the way removed them",
        );
    }
    let opens = !query.split('&').any(|pair| pair.starts_with("sid="));
    let (request, body_error) = match request.method() {
        &Method::POST => checked(request, version).await,
        _ => (request, None),
    };
    let response = match engine.oneshot(detached(request)).await {
        Ok(response) => response.map(Body::new),
        Err(never) => match never {},
    };
    match body_error {
        // The engine explains other errors, such as an unknown session, but not a bad payload.
        Some(body_error) if !response.headers().contains_key(header::CONTENT_TYPE) => {
            body_error.into_response()
        }
        _ if opens && !rules.upgrades && response.status() == StatusCode::OK => {
            without_upgrades(response).await
        }
        _ => response,
    }
}

/// The version that a query asks for, parsed as the engine parses it; otherwise the unknown value, if any.
fn version(query: &str) -> Result<EngineVersion, Option<&str>> {
    let asked = query.split('&').find_map(|pair| pair.strip_prefix("EIO="));
    asked.and_then(EngineVersion::parse).ok_or(asked)
}

fn refuse_version(asked: Result<EngineVersion, Option<&str>>, versions: EngineVersions) -> Response {
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

/// An error in engine.io's own format (engine.io 6, `server.ts`, `abortRequest`).
fn refuse(status: StatusCode, code: u8, message: &str) -> Response {
    let error = serde_json::json!({ "code": code, "message": message });
    (status, [(header::CONTENT_TYPE, "application/json")], error.to_string()).into_response()
}

/// Why the body of a POST does not reach the engine.
enum BodyError {
    /// The connection broke, or the body is not HTTP.
    Unreadable,
    TooLarge,
    Payload(PayloadError),
}

impl IntoResponse for BodyError {
    fn into_response(self) -> Response {
        match self {
            Self::Unreadable => refuse(StatusCode::BAD_REQUEST, 3, "Bad request: the body is incomplete"),
            Self::TooLarge => {
                let message = format!("Payload too large: the limit is {MAX_MESSAGE} bytes");
                refuse(StatusCode::PAYLOAD_TOO_LARGE, 3, &message)
            }
            Self::Payload(error) => {
                debug!(%error, "a payload is refused");
                refuse(StatusCode::BAD_REQUEST, 3, &format!("Bad request: {error}"))
            }
        }
    }
}

/// The same request, with its body read and checked. A body that no client may send is replaced with one that the
/// engine refuses, so that the engine closes the session.
async fn checked(request: Request, version: EngineVersion) -> (Request, Option<BodyError>) {
    let (mut parts, body) = request.into_parts();
    // Exactly what the engine looks for.
    let is_binary =
        parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/octet-stream");
    let framing = match version {
        EngineVersion::V4 => Framing::V4,
        EngineVersion::V3 if is_binary => Framing::V3Binary,
        EngineVersion::V3 => Framing::V3Text,
    };
    let read = Limited::new(body, MAX_MESSAGE).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() { BodyError::TooLarge } else { BodyError::Unreadable }
    });
    let payload = read.and_then(|body| {
        let body = body.to_bytes();
        payload::check(&body, framing).map(|_| body).map_err(BodyError::Payload)
    });
    match payload {
        // In one piece: for every new piece, the engine's decoders scan everything again.
        Ok(body) => (Request::from_parts(parts, Body::from(body)), None),
        Err(body_error) => {
            parts.headers.remove(header::CONTENT_TYPE);
            (Request::from_parts(parts, Body::from(REFUSED_PAYLOAD)), Some(body_error))
        }
    }
}

/// Whether a WebSocket request has lost its upgrade headers. The engine would answer 101 all the same, and then
/// close.
fn lacks_upgrade(request: &Request) -> bool {
    let query = request.uri().query().unwrap_or_default();
    let wants = query.split('&').any(|pair| pair == "transport=websocket");
    let upgrade = request.headers().get(header::UPGRADE);
    let has = upgrade.is_some_and(|upgrade| upgrade.as_bytes().eq_ignore_ascii_case(b"websocket"));
    wants && !(has && request.version() == Version::HTTP_11)
}

/// The same request, with copies of its URI and of the headers that matter. The engine keeps them as long as the
/// reader stays; the originals would keep hyper's whole read buffer alive.
fn detached(mut request: Request) -> Request {
    // The text came out of a URI, so it goes into one again.
    if let Ok(uri) = Uri::try_from(request.uri().to_string()) {
        *request.uri_mut() = uri;
    }
    let mut headers = HeaderMap::new();
    for name in KEPT_HEADERS {
        // Every line: of X-Forwarded-For the last one counts, and a client can send those before it.
        for value in request.headers().get_all(&name) {
            // The bytes came out of a header, so they go into one again.
            if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
                headers.append(name.clone(), value);
            }
        }
    }
    *request.headers_mut() = headers;
    request
}

/// The handshake without the offer to upgrade. The engine always makes the offer, even where it refuses upgrades.
async fn without_upgrades(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    // The engine's own packet: about a hundred bytes, already in memory.
    let bytes = to_bytes(body, MAX_MESSAGE).await.unwrap_or_default();
    let bytes = String::from_utf8_lossy(&bytes).into_owned();
    let body = withdraw_upgrade(&bytes).unwrap_or(bytes);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(body))
}

/// `0{…"upgrades":["websocket"]…}` with an empty list; Engine.IO 3 has the length before it, `97:0{…}`.
fn withdraw_upgrade(packet: &str) -> Option<String> {
    let open = packet.find("0{\"")?;
    let withdrawn = packet[open..].replacen(r#""upgrades":["websocket"]"#, r#""upgrades":[]"#, 1);
    Some(if open == 0 { withdrawn } else { format!("{}:{withdrawn}", withdrawn.chars().count()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offer_to_upgrade_is_withdrawn() {
        let packet = |upgrades| format!(r#"0{{"sid":"é","upgrades":[{upgrades}],"pingInterval":1}}"#);
        let (offering, plain) = (packet(r#""websocket""#), packet(""));
        let framed = |packet: &str| format!("{}:{packet}", packet.chars().count());
        assert_eq!(withdraw_upgrade(&offering).as_deref(), Some(plain.as_str()));
        assert_eq!(withdraw_upgrade(&framed(&offering)), Some(framed(&plain)));
        assert_eq!(withdraw_upgrade("ok"), None);
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
