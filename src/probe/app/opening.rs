//! How the stream of an application is opened.

use std::sync::Arc;

use super::{
    redirect,
    source::{Body, Session, Source},
};
use crate::{
    probe::{
        client::{
            connector::Connector,
            engineio,
            http::{self, Method, Request},
            websocket::{self, Style},
        },
        context::Context,
        cookies::Jar,
        engine_session::EngineSession,
        evidence::{AppStream, AppWay, Exchange},
        subject::{EngineRequest, PostBody, Subject},
        target::Target,
    },
    transport::EngineTransport,
};

/// What a browser's page asks for that posts and reads a stream; language-model gateways choose by it.
const ACCEPT_STREAMS: &str = "text/event-stream, application/x-ndjson, application/json, */*";

/// A stream that is open, and was not listened to yet.
pub(crate) struct Opened {
    pub(super) source: Source,
    /// What was seen so far: the exchange.
    pub(super) stream: AppStream,
    pub(super) connector: Arc<Connector>,
}

impl Opened {
    /// What was seen so far: the exchange that opened it.
    pub(crate) fn stream(&self) -> &AppStream {
        &self.stream
    }
}

/// Opens the stream of a subject by one of its ways, accepting compression or not: the page of the context for one stream, its engine
/// for Socket.IO.
///
/// # Errors
/// With what was seen, where it did not open.
pub(crate) async fn open(
    context: &Context,
    subject: &Subject,
    way: AppWay,
    compressed: bool,
) -> Result<Opened, Box<AppStream>> {
    let mut stream = AppStream { way, ..AppStream::default() };
    let opened = match subject {
        Subject::Engine(engine) => open_engine(context, engine, way, &mut stream).await,
        Subject::WebSocket { send } => {
            let style = if compressed { Style::Chrome } else { Style::Plain };
            open_websocket(context, style, send.as_deref(), &mut stream).await
        }
        Subject::Post(body) => open_body(context, post(context, body), compressed, &mut stream).await,
        Subject::Page | Subject::EventStream => {
            open_body(context, get(context), compressed, &mut stream).await
        }
    };
    match opened {
        Some(source) => Ok(Opened { source, stream, connector: context.connector.clone() }),
        None => {
            stream.watched_ms = stream.exchange.ms;
            Err(Box::new(stream))
        }
    }
}

/// What the host answers to other requests, where a stream did not open: whether it is the stream that fails, or everything; and to an
/// upgrade that names no origin.
pub(crate) async fn others(context: &Context, stream: &AppStream) -> (Option<Exchange>, Option<Exchange>) {
    let without_origin = async {
        let (connector, limit) = (&context.connector, context.connector.budget().answer());
        let is_socket = stream.way == AppWay::WebSocket;
        let refused = Some(&stream.exchange).filter(|_| is_socket)?;
        websocket::without_origin(connector, &context.page, refused, limit).await
    };
    tokio::join!(beside(context, stream), without_origin)
}

async fn beside(context: &Context, stream: &AppStream) -> Option<Exchange> {
    let target = match (stream.way, stream.exchange.status) {
        (AppWay::WebSocket, Some(101)) => return None,
        (AppWay::WebSocket, _) => context.page.clone(),
        (AppWay::Body, None) => Target::parse(&stream.url).unwrap_or_else(|_| context.page.clone()).at("/"),
        _ => return None,
    };
    let request = context.with_cookies(Request::get(target, context.connector.budget().answer()));
    match http::send(&context.connector, request).await {
        Ok(answer) if matches!(answer.exchange.status, Some(400..)) => Some(answer.finish().await.0),
        // Its body may be a stream.
        Ok(answer) => Some(answer.exchange.clone()),
        Err(exchange) => Some(*exchange),
    }
}

/// As browsers ask for an event stream.
fn get(context: &Context) -> Request {
    Request::get(context.page.clone(), context.connector.budget().first_answer())
        .with("accept", "text/event-stream")
        .with("cache-control", "no-cache")
}

fn post(context: &Context, body: &PostBody) -> Request {
    Request {
        method: Method::POST,
        target: context.page.clone(),
        headers: vec![("content-type", body.content_type.to_owned())],
        body: body.text.clone(),
        limit: context.connector.budget().first_answer(),
        glance: None,
    }
    .with("accept", ACCEPT_STREAMS)
}

async fn open_body(
    context: &Context,
    request: Request,
    compressed: bool,
    stream: &mut AppStream,
) -> Option<Source> {
    // As browsers send it, without what only browsers can unpack.
    let mut request = request.with("accept-encoding", if compressed { "gzip" } else { "identity" });
    let mut cookies = context.cookies.clone();
    request = with_cookies(&cookies, request);
    loop {
        stream.url = request.target.to_string();
        match http::send(&context.connector, request.clone()).await {
            Ok(answer) if matches!(answer.exchange.status, Some(200..=299)) => {
                stream.exchange = answer.exchange.clone();
                return Some(Source::Body(Box::new(Body::new(answer))));
            }
            Ok(answer) => stream.exchange = answer.finish().await.0,
            Err(exchange) => {
                stream.exchange = *exchange;
                return None;
            }
        }
        let next = redirect::next(&stream.redirects, &stream.exchange, &request)?;
        cookies.take(&request.target, &stream.exchange.headers);
        request = with_cookies(&cookies, next);
        stream.redirects.push(stream.exchange.clone());
        if redirect::is_circle(&stream.redirects, &request) {
            return None;
        }
    }
}

fn with_cookies(cookies: &Jar, request: Request) -> Request {
    match cookies.header(&request.target) {
        Some(cookie) => request.with("cookie", cookie),
        None => request,
    }
}

async fn open_websocket(
    context: &Context,
    style: Style,
    send: Option<&str>,
    stream: &mut AppStream,
) -> Option<Source> {
    stream.url = context.page.to_string();
    let limit = context.connector.budget().first_answer();
    let cookie = context.cookies.header(&context.page);
    let opened = websocket::open(&context.connector, &context.page, style, cookie.as_deref(), limit).await;
    let (exchange, mut socket) = match opened {
        Ok(opened) => opened,
        Err(exchange) => {
            stream.exchange = *exchange;
            return None;
        }
    };
    stream.exchange = exchange;
    if let Some(text) = send {
        // Where that fails, the connection is gone, and listening says how.
        let _ = socket.send(text).await;
    }
    Some(Source::WebSocket(Box::new(socket)))
}

async fn open_engine(
    context: &Context,
    asked: &EngineRequest,
    way: AppWay,
    stream: &mut AppStream,
) -> Option<Source> {
    let (target, opened): (Target, _) = if way == AppWay::EnginePolling {
        let target = context.poll(None);
        let opened = EngineSession::by_polling(context, &target).await;
        (target, opened)
    } else {
        let target = context.engine(EngineTransport::WebSocket, None);
        let opened = EngineSession::by_websocket(context, &target, Style::Plain).await;
        (target, opened)
    };
    stream.url = target.to_string();
    let (exchange, mut engine) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            stream.exchange = error.exchange;
            stream.garbage = error.garbage;
            stream.ended = error.ended;
            return None;
        }
    };
    stream.exchange = exchange;
    if let Err(failure) = engine.send(&engineio::join(&asked.namespace, asked.auth.as_ref())).await {
        stream.ended = Some(engine.ended(&failure));
        return None;
    }
    let emit = asked.emit.as_ref().map(|event| engineio::event(&asked.namespace, event));
    let event = asked.event.clone();
    Some(Source::Engine(Box::new(Session { engine, emit, event })))
}
