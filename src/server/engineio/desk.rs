//! [`Desk`]: what stands before the engine. It looks at each request, and decides who answers it.

use std::sync::Arc;

use axum::{
    BoxError,
    body::{Body, Bytes, HttpBody, to_bytes},
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use tokio_tungstenite::tungstenite;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::{
    JOINING, MAX_MESSAGE,
    asking::{Engine, ask, hand_over, opening, poll, post},
    open_packet,
    request::{self, Asked, refuse, refuse_session},
    session::{Session, Sessions},
    takeover,
};
use crate::{
    engine_version::EngineVersions,
    hosting::listener::WriteTimeout,
    server::{
        forwarded,
        headcount::Network,
        line::{Line, LineStream},
        upgrade,
    },
};

/// What stands before the engine.
#[derive(Debug, Clone)]
pub(super) struct Desk {
    /// Whether sessions may be opened over WebSocket, or go on there.
    pub(super) upgrades: bool,
    pub(super) versions: EngineVersions,
    pub(super) trust_forwarded: bool,
    pub(super) sessions: Sessions,
    pub(super) stop: CancellationToken,
}

impl Desk {
    /// Answers one request.
    pub(super) async fn answer<B>(self, engine: impl Engine<B>, request: Request) -> Response
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let query = request.uri().query().unwrap_or_default();
        let version = match request::version(query) {
            Ok(version) if self.versions.contains(version) => version,
            asked => return request::refuse_version(asked, self.versions),
        };
        if request::lacks_upgrade(&request) {
            return refuse(
                StatusCode::BAD_REQUEST,
                3,
                "Bad request: transport=websocket needs the headers Upgrade: websocket and Connection: upgrade over HTTP/1.1; a proxy on the way removed them",
            );
        }
        match Asked::of(&request) {
            Asked::WebSocket if self.upgrades => self.open_websocket(engine, request),
            Asked::Takeover(id) if self.upgrades => match self.sessions.find(id) {
                Some(session) => self.take_over(engine, request, &session),
                None => refuse_session(),
            },
            Asked::Polling => self.open_polling(engine, request).await,
            Asked::Poll(id) => match self.sessions.find(id) {
                Some(session) => poll(engine, request, version, &session).await,
                None => ask(engine, request).await,
            },
            Asked::Post => post(engine, request, version).await,
            _ => ask(engine, request).await,
        }
    }

    /// A place for the session that a request opens, unless too many wait already.
    fn open(&self, request: &Request, changing_part: Option<&str>) -> Option<Arc<Session>> {
        let address = forwarded::address(request.extensions(), request.headers(), self.trust_forwarded);
        self.sessions.open(address.map(Network::from), changing_part)
    }

    /// Opens a session over long polling.
    async fn open_polling<B>(&self, engine: impl Engine<B>, mut request: Request) -> Response
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let Some(session) = self.open(&request, request::changing_part(&request)) else {
            return refuse_crowd();
        };
        request.extensions_mut().insert(Arc::clone(&session));
        let (mut parts, body) = ask(engine, request).await.into_parts();
        // The engine's own packet or refusal: about a hundred bytes, already in memory.
        let body = to_bytes(body, MAX_MESSAGE).await.unwrap_or_default();
        let revised =
            std::str::from_utf8(&body).ok().and_then(|packet| open_packet::revise(packet, self.upgrades));
        let body = match revised {
            Some((id, packet)) => {
                session.opened(id);
                Body::from(packet)
            }
            None => Body::from(body),
        };
        parts.headers.remove(header::CONTENT_LENGTH);
        Response::from_parts(parts, body)
    }

    /// Opens a session over WebSocket, on a line to which the conductor can write, too.
    fn open_websocket<B: 'static>(&self, engine: impl Engine<B>, mut request: Request) -> Response {
        let Some(session) = self.open(&request, None) else { return refuse_crowd() };
        let (response, upgrading) = match accept(&mut request) {
            Ok(accepted) => accepted,
            Err(error) => return refuse_websocket(&error),
        };
        let mut opening = opening(request);
        tokio::spawn(async move {
            let Some((socket, early)) = upgrading.socket().await else { return };
            let (stop, line) = (socket.stop(), Line::new(socket, false));
            session.goes_over(&line);
            opening.extensions_mut().insert(session);
            hand_over(engine, WriteTimeout::new(LineStream::new(line, early), stop), opening).await;
        });
        response
    }

    /// Lets a session go on over WebSocket.
    fn take_over<B: 'static>(
        &self,
        engine: impl Engine<B>,
        mut request: Request,
        session: &Arc<Session>,
    ) -> Response {
        let Some(claim) = session.claim() else {
            let message = "Bad request: this session is on a WebSocket, or one is about to take it over";
            return refuse(StatusCode::BAD_REQUEST, 3, message);
        };
        let (response, upgrading) = match accept(&mut request) {
            Ok(accepted) => accepted,
            Err(error) => return refuse_websocket(&error),
        };
        let opening = opening(request);
        tokio::spawn(self.stop.clone().run_until_cancelled_owned(async move {
            let Some((socket, early)) = upgrading.socket().await else { return };
            match takeover::take_over(socket, early, claim).await {
                Ok(taken) => hand_over(engine, taken, opening).await,
                Err(error) => debug!(%error, "a session goes on over long polling"),
            }
        }));
        response
    }
}

/// Where too many sessions wait.
fn refuse_crowd() -> Response {
    let refusal = refuse(
        StatusCode::SERVICE_UNAVAILABLE,
        3,
        "Too many sessions were opened and not used; try again in a moment",
    );
    ([(header::RETRY_AFTER, JOINING.as_secs())], refusal).into_response()
}

/// The answer to a WebSocket's handshake, and the connection that follows.
///
/// # Errors
/// When it is none.
fn accept(request: &mut Request) -> Result<(Response, upgrade::Upgrading), tungstenite::Error> {
    // Some hosts change this one and let Upgrade through, which is wish enough; the engine does not look at it either.
    request.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    upgrade::accept(request)
}

/// Where a WebSocket's handshake is none.
fn refuse_websocket(error: &tungstenite::Error) -> Response {
    let refusal = refuse(StatusCode::BAD_REQUEST, 3, &format!("Bad request: {error}"));
    (upgrade::OFFER, refusal).into_response()
}
