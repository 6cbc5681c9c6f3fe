//! A reading over Socket.IO: long polling, WebSocket, and the upgrade between them, for clients of
//! Socket.IO 2, 3 and 4.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    BoxError,
    body::{Body, Bytes, to_bytes},
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, Version, header};
use serde_json::Value;
use socketioxide::{
    ParserError, SendError, SocketError, SocketIo, TransportType,
    extract::{SocketRef, TryData},
    handler::ConnectHandler as _,
};
use tokio_util::sync::CancellationToken;
use tower::{Service, ServiceExt as _, service_fn};

use super::{app::App, hello, reader, reader::Reader, trip, wire};
use crate::{
    conductor::{Answer, Voice},
    reading::{self, Reading, Refusal},
    transport::{EngineTransport, Transport, Transports},
};

/// The path of the engine, below the prefix.
const PATH: &str = "/socket.io";

/// The largest message that a reader may send, in bytes: readers say next to nothing.
const MAX_MESSAGE: usize = 16 * 1024;

/// How many packets wait for one reader at most; beyond that its voice is busy.
const BUFFERED_PACKETS: usize = 16;

/// How long the engine has, once the server is to stop, to answer what is still asked of it.
const PARTING: Duration = Duration::from_millis(500);

/// How long a reader may take to answer a ping.
const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// The headers of a request that matter after it has been routed.
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

/// The Socket.IO engine: the service that answers its requests, and the handle that closes it.
pub(super) fn engine(
    transports: &Transports,
    polling_duration: Duration,
    stop: CancellationToken,
) -> (
    impl Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + Sync + use<>,
    SocketIo,
) {
    let builder = SocketIo::builder()
        .req_path(PATH)
        // A parked poll is answered by a ping at the latest, so this is how long one is held open.
        .ping_interval(polling_duration)
        .ping_timeout(PING_TIMEOUT)
        .max_payload(MAX_MESSAGE as u64)
        .max_buffer_size(BUFFERED_PACKETS)
        .ws_max_message_size(MAX_MESSAGE)
        .ws_max_frame_size(MAX_MESSAGE)
        // The buffer lives as long as the reader, who says next to nothing.
        .ws_read_buffer_size(1);
    let upgrades = transports.as_slice().contains(&EngineTransport::WebSocket);
    let builder = match transports.as_slice() {
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
                response = answer(engine, upgrades, request) => Ok(response),
                // Closing the engine answers the polls of all sessions but those that never joined a namespace.
                () = parting => Ok((StatusCode::SERVICE_UNAVAILABLE, "The server is stopping.\n").into_response()),
            }
        }
    });
    (service, io)
}

/// Answers one request of Engine.IO. `upgrades` tells whether polling sessions may be upgraded.
async fn answer<E, B>(engine: E, upgrades: bool, request: Request) -> Response
where
    E: Service<Request, Response = http::Response<B>, Error = Infallible>,
    B: axum::body::HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    if lacks_upgrade(&request) {
        let body = r#"{"code":3,"message":"Bad request: transport=websocket needs the headers Upgrade: websocket and Connection: upgrade over HTTP/1.1; a proxy on the way has removed them"}"#;
        return (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, "application/json")], body).into_response();
    }
    let query = request.uri().query().unwrap_or_default();
    let opens = !query.split('&').any(|pair| pair.starts_with("sid="));
    let response = match engine.oneshot(detached(request)).await {
        Ok(response) => response.map(Body::new),
        Err(never) => match never {},
    };
    if opens && !upgrades && response.status() == StatusCode::OK {
        return without_upgrades(response).await;
    }
    response
}

/// Whether a request for a WebSocket has lost what makes it one. The engine would answer 101 all the
/// same, and then close.
fn lacks_upgrade(request: &Request) -> bool {
    let query = request.uri().query().unwrap_or_default();
    let wants = query.split('&').any(|pair| pair == "transport=websocket");
    let upgrade = request.headers().get(header::UPGRADE);
    let has = upgrade.is_some_and(|upgrade| upgrade.as_bytes().eq_ignore_ascii_case(b"websocket"));
    wants && !(has && request.version() == Version::HTTP_11)
}

/// The same request, its URI and the headers that matter copied: the engine keeps them as long as the
/// reader stays, and with them would keep hyper's whole read buffer.
fn detached(mut request: Request) -> Request {
    // The text came out of a URI, so it goes into one again.
    if let Ok(uri) = Uri::try_from(request.uri().to_string()) {
        *request.uri_mut() = uri;
    }
    let mut headers = HeaderMap::new();
    for name in KEPT_HEADERS {
        if let Some(Ok(value)) =
            request.headers().get(&name).map(|value| HeaderValue::from_bytes(value.as_bytes()))
        {
            headers.insert(name, value);
        }
    }
    *request.headers_mut() = headers;
    request
}

/// The handshake without the offer to upgrade, which the engine makes whether or not it would keep it.
async fn without_upgrades(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    // The engine's own packet, of some hundred bytes, already in memory.
    let bytes = to_bytes(body, MAX_MESSAGE).await.unwrap_or_default();
    let bytes = String::from_utf8_lossy(&bytes).into_owned();
    let body = withdraw_upgrade(&bytes).unwrap_or(bytes);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(body))
}

/// `0{…"upgrades":["websocket"]…}` with an empty list; Engine.IO 3 has the length before it, `97:0{…}`.
fn withdraw_upgrade(packet: &str) -> Option<String> {
    let open = packet.find("0{\"")?;
    let mended = packet[open..].replacen(r#""upgrades":["websocket"]"#, r#""upgrades":[]"#, 1);
    Some(if open == 0 { mended } else { format!("{}:{mended}", mended.chars().count()) })
}

/// Registers what happens on connection: the reading in the main namespace, the Hello exchange in both.
pub(super) fn register(io: &SocketIo, app: &App) {
    let (gate, door) = (app.clone(), app.clone());
    let admit =
        async move |socket: SocketRef, TryData(auth): TryData<Value>| asked(&gate, &socket, auth).map(drop);
    let connect = async move |socket: SocketRef, TryData(auth): TryData<Value>| {
        if let Ok(reading) = asked(&door, &socket, auth) {
            begin(&door, socket, reading);
        }
    };
    io.ns("/", connect.with(admit));
    io.ns(hello::NAMESPACE, async |socket: SocketRef| {
        hello::listen(&socket);
        trip::listen(&socket);
    });
}

/// The reading that a client asks for: in `auth`, or, as clients of Socket.IO 2 have no such thing, in
/// the query.
fn asked(app: &App, socket: &SocketRef, auth: Result<Value, ParserError>) -> Result<Reading, Refusal> {
    let auth = auth.map_err(|_| Refusal::Shape("no JSON".to_owned()))?;
    let query = socket.req_parts().uri.query().unwrap_or_default();
    let request = reading::Request::from_auth(&auth)?.or(reading::Request::from_query(query)?);
    request.start(&app.poem)
}

fn begin(app: &App, socket: SocketRef, reading: Reading) {
    hello::listen(&socket);
    trip::listen(&socket);
    if socket.emit(wire::READING, &app.wire.opening(&reading)).is_err() {
        return;
    }
    let parts = socket.req_parts();
    let client = reader::client(&parts.extensions, &parts.headers, app.trust_forwarded);
    let reader = app.readers.enter(transport(&socket), client, reading.offset());
    let voice = SocketIoVoice { socket: socket.clone(), wire: app.wire.clone(), reader };
    let seat = Arc::new(app.conductor.join(reading, voice));
    // Handlers must be cloneable; the last copy goes with the socket, and the reading with it.
    socket.on_disconnect(move |_: SocketRef| {
        drop(seat);
        async {}
    });
}

fn transport(socket: &SocketRef) -> Transport {
    match socket.transport_type() {
        TransportType::Websocket => Transport::SocketIoWebSocket,
        TransportType::Polling => Transport::SocketIoPolling,
    }
}

struct SocketIoVoice {
    socket: SocketRef,
    wire: Arc<wire::Wire>,
    reader: Reader,
}

impl Voice for SocketIoVoice {
    fn say(&mut self, index: usize) -> Answer {
        match self.socket.emit(wire::DIVINE_COMEDY, &self.wire.stanza(index).arguments) {
            Ok(()) => {
                self.reader.said(transport(&self.socket));
                Answer::Heard
            }
            Err(SendError::Socket(SocketError::InternalChannelFull)) => Answer::Busy,
            Err(_) => Answer::Gone,
        }
    }

    fn end(&mut self) -> Answer {
        match self.socket.clone().disconnect() {
            Err(SocketError::InternalChannelFull) => Answer::Busy,
            _ => {
                self.reader.ended();
                Answer::Heard
            }
        }
    }
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
