//! Engine.IO, the layer below Socket.IO: what Dante checks, refuses or repairs before the engine sees a request, what it changes in the
//! engine's answers, and what it does in the engine's place.

mod asking;
mod desk;
mod open_packet;
pub(crate) mod payload;
mod posted;
mod request;
mod session;
mod takeover;

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use socketioxide::{ParserConfig, SocketIo, TransportType};
use tokio_util::sync::CancellationToken;
use tower::{Service, service_fn};

pub(super) use session::Session;

use crate::{
    contract::paths,
    engine_version::EngineVersions,
    transport::{EngineTransport, Transports},
};
use desk::Desk;
use session::Sessions;

/// The largest message that a reader may send, in bytes; readers send very little.
const MAX_MESSAGE: usize = 16 * 1024;

/// How many packets may wait for one reader; beyond that its sink is full.
const BUFFERED_PACKETS: usize = 16;

/// The largest answer to a poll, in bytes: more than ever waits, which is [`BUFFERED_PACKETS`] of the longest stanzas with every letter
/// escaped. The engine would keep the rest for the next poll, and lose it if the session went on over a WebSocket (engineioxide 0.17.9,
/// `peeked_packet`, which `forward_to_socket` does not look at).
const LARGEST_ANSWER: u64 = 16 << 20;

/// How long the engine may take at shutdown to answer pending requests.
const PARTING: Duration = Duration::from_millis(500);

/// How long a reader may take to answer a ping.
const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// How long a client may take from the handshake to joining a namespace: a few round trips on the slowest line.
const JOINING: Duration = Duration::from_secs(20);

/// How long a client that acknowledges stanzas may take, before it gets the same one again: more than a poll and a POST take on a slow line.
const ACKNOWLEDGING: Duration = Duration::from_secs(5);

/// How to configure the engine.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) transports: Transports,
    pub(super) versions: EngineVersions,
    /// The longest time that a poll is held open.
    pub(super) polling_duration: Duration,
    /// Whether forwarded headers are believed.
    pub(super) trust_forwarded: bool,
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
        .connect_timeout(JOINING)
        .ack_timeout(ACKNOWLEDGING)
        // Of what clients send, `posted` takes care.
        .max_payload(LARGEST_ANSWER)
        .max_buffer_size(BUFFERED_PACKETS)
        .ws_max_message_size(MAX_MESSAGE)
        .ws_max_frame_size(MAX_MESSAGE)
        // The buffer lives as long as the reader, who sends very little.
        .ws_read_buffer_size(1)
        // No event from a reader carries bytes. The engine would keep one that announces some until they arrive.
        .with_parser(ParserConfig::common().max_incoming_binaries(0));
    let transports = settings.transports.as_slice();
    let builder = match transports {
        [EngineTransport::WebSocket] => builder.transports([TransportType::Websocket]),
        [EngineTransport::Polling] => builder.transports([TransportType::Polling]),
        _ => builder,
    };
    let (engine, io) = builder.build_svc();
    let desk = Desk {
        upgrades: transports.contains(&EngineTransport::WebSocket),
        versions: settings.versions,
        trust_forwarded: settings.trust_forwarded,
        sessions: Sessions::default(),
        stop: stop.clone(),
    };
    let service = service_fn(move |request: Request| {
        let (engine, desk, stop) = (engine.clone(), desk.clone(), stop.clone());
        let parting = async move {
            stop.cancelled().await;
            tokio::time::sleep(PARTING).await;
        };
        async move {
            tokio::select! {
                response = desk.answer(engine, request) => Ok(response),
                // Closing the engine answers all polls except those of sessions that never joined a namespace.
                () = parting => Ok((StatusCode::SERVICE_UNAVAILABLE, "The server is stopping.\n").into_response()),
            }
        }
    });
    (service, io)
}
