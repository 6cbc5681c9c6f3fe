//! What is asked of the engine: a poll, what a client says, the end of a session, a connection for one.

use std::{convert::Infallible, fmt::Display, sync::Arc};

use axum::{
    BoxError,
    body::{Body, Bytes, HttpBody},
    extract::{ConnectInfo, Request},
    response::{IntoResponse, Response},
};
use http::{Method, Uri, header};
use tower::{Service, ServiceExt as _};
use tracing::debug;

use super::{
    posted,
    request::{self, refuse_session},
    session::Session,
};
use crate::{
    engine_version::EngineVersion,
    hosting::listener::{Accepted, IfLost, WriteTimeout},
    server::line::LineStream,
};

/// The packets that close a session, and that say nothing (<https://socket.io/docs/v4/engine-io-protocol/>, "Packet encoding").
const CLOSE: &str = "1";
const NOOP: &str = "6";

/// A connection for a session that opens or goes on, with its request.
pub(super) type Opening = (WriteTimeout<LineStream>, http::Request<()>);

/// What the engine is to those who ask it.
pub(super) trait Engine<B>:
    Service<Request, Response = http::Response<B>, Error = Infallible, Future: Send>
    + Service<Opening, Error: Display, Future: Send>
    + Clone
    + Send
    + 'static
{
}

impl<E, B> Engine<B> for E where
    E: Service<Request, Response = http::Response<B>, Error = Infallible, Future: Send>
        + Service<Opening, Error: Display, Future: Send>
        + Clone
        + Send
        + 'static
{
}

/// Asks the engine itself.
pub(super) async fn ask<B>(engine: impl Engine<B>, request: Request) -> Response
where
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    match engine.oneshot(request::detached(request)).await {
        Ok(response) => response.map(Body::new),
        Err(never) => match never {},
    }
}

/// Answers a poll with what has come for a session.
pub(super) async fn poll<B>(
    engine: impl Engine<B>,
    request: Request,
    version: EngineVersion,
    session: &Arc<Session>,
) -> Response
where
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    // Owned, since the request goes to the engine.
    let changing_part = request::changing_part(&request).map(str::to_owned);
    let changing_part = changing_part.as_deref();
    if session.was_answered(changing_part) || session.has_lost() {
        return end(engine, request.uri(), version).await;
    }
    if session.is_let_go() {
        return packet(CLOSE, version);
    }
    // Copied: it would keep hyper's buffer as long as the poll waits.
    let uri = request::copied(request.uri());
    tokio::select! {
        biased;
        mut response = ask(engine.clone(), request) => {
            session.answered(changing_part);
            if response.status().is_success() {
                let session = Arc::downgrade(session);
                response.extensions_mut().insert(IfLost::new(move || {
                    if let Some(session) = session.upgrade() {
                        session.loses();
                    }
                }));
            }
            response
        }
        // While it waits, it has taken nothing from what is for the session.
        () = session.released() => {
            if session.has_lost() {
                return end(engine, &uri, version).await;
            }
            packet(if session.is_let_go() { CLOSE } else { NOOP }, version)
        }
    }
}

/// Ends a session of which an answer was lost with its connection: what was in it is gone, and the session would go on without. A client that
/// loses its session opens another one, and says how far it has come.
async fn end<B>(engine: impl Engine<B>, poll: &Uri, version: EngineVersion) -> Response
where
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    debug!("an answer to a poll was lost, so its session ends");
    close(engine, poll, version).await;
    refuse_session()
}

/// Gives the engine what a client says.
pub(super) async fn post<B>(engine: impl Engine<B>, request: Request, version: EngineVersion) -> Response
where
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let (request, body_error) = posted::checked(request, version).await;
    let response = ask(engine, request).await;
    match body_error {
        // The engine explains other errors, such as an unknown session, but not a bad payload.
        Some(body_error) if !response.headers().contains_key(header::CONTENT_TYPE) => {
            body_error.into_response()
        }
        _ => response,
    }
}

/// Closes the session that a poll is for, as its client would.
async fn close<B>(engine: impl Engine<B>, poll: &Uri, version: EngineVersion)
where
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let mut request = Request::new(Body::from(framed(CLOSE, version)));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = poll.clone();
    drop(ask(engine, request).await);
}

/// The answer to a poll that brings one packet.
fn packet(packet: &'static str, version: EngineVersion) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; charset=UTF-8")], framed(packet, version)).into_response()
}

/// A payload of one packet.
fn framed(packet: &'static str, version: EngineVersion) -> String {
    match version {
        EngineVersion::V4 => packet.to_owned(),
        EngineVersion::V3 => format!("{}:{packet}", packet.len()),
    }
}

/// What the engine gets to see of a WebSocket's request.
pub(super) fn opening(mut request: Request) -> http::Request<()> {
    let mut opening = http::Request::new(());
    *opening.uri_mut() = request::copied(request.uri());
    request::copy_headers(request.headers(), opening.headers_mut(), &[request::FORWARDED_FOR]);
    let accepted = request.extensions_mut().remove::<ConnectInfo<Accepted>>();
    accepted.map(|accepted| opening.extensions_mut().insert(accepted));
    opening
}

/// Gives the engine a connection.
pub(super) async fn hand_over<B: 'static>(
    engine: impl Engine<B>,
    stream: WriteTimeout<LineStream>,
    opening: http::Request<()>,
) {
    if let Err(error) = engine.oneshot((stream, opening)).await {
        debug!(%error, "a session was not opened");
    }
}
