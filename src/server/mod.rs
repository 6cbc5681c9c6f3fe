//! Serving: the application's state, its routes, and [`serve`], which runs them on any listener.

mod app;
mod assets;
mod channel;
mod engineio;
mod entrance;
mod faults;
mod hello;
mod language;
mod pages;
pub(crate) mod payload;
mod reader;
mod socketio;
mod sse;
mod status;
#[cfg(debug_assertions)]
mod test_routes;
mod trip;
mod websocket;
mod wire;

use std::{convert::Infallible, io, sync::Arc};

use axum::{
    Router, ServiceExt as _,
    extract::Request,
    http::{HeaderName, HeaderValue, header},
    middleware,
    response::Response,
    routing::get,
};
use socketioxide::SocketIo;
use tower::{Layer as _, Service};
use tower_http::set_header::SetResponseHeaderLayer;
use tracing::{info, warn};

pub use app::App;

use crate::hosting::listener::{BoundListener, Peer};

/// What browsers may load and do on Dante's pages: nothing that Dante does not serve itself.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// All routes, as they are below the prefix.
fn router(app: &App) -> (Router, SocketIo) {
    let (engine, io) = engineio::engine(&app.engine, app.stop.clone());
    socketio::register(&io, app);
    // A poll that a cache answers is a lost poll.
    let engine = set_header(header::CACHE_CONTROL, "no-store").layer(engine);
    let router = Router::new()
        .merge(pages::router())
        .route("/socket.io/socket.io.js", get(assets::client_library))
        .route("/socket.io/socket.io.min.js", get(assets::client_library))
        .route("/static/{*path}", get(assets::own))
        .route("/favicon.ico", get(assets::icon))
        .route("/hosting.json", get(status::hosting))
        // Mounted once: each mounting would be an engine with sessions of its own.
        .route_service("/socket.io/", engine)
        .route("/websocket/ws", get(websocket::upgrade))
        .route("/server-faye.js/ws", get(websocket::upgrade))
        .route("/sse/stream", get(sse::stream))
        .fallback(faults::not_found);
    #[cfg(debug_assertions)]
    let router = if app.test_routes { router.merge(test_routes::router()) } else { router };
    (router.with_state(app.clone()), io)
}

/// Puts the headers that keep browsers to what Dante serves on every answer of a service; two of them only on
/// what a browser shows, since in scripts and styles it does not heed them, and a page has thirty of those.
fn secured<S>(
    service: S,
) -> impl Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send
where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send,
{
    let shown = |value| {
        let value = HeaderValue::from_static(value);
        move |answer: &Response| (!is_part_of_a_page(answer)).then(|| value.clone())
    };
    let policy = shown(CONTENT_SECURITY_POLICY);
    let service = SetResponseHeaderLayer::overriding(header::CONTENT_SECURITY_POLICY, policy).layer(service);
    let service =
        SetResponseHeaderLayer::overriding(header::REFERRER_POLICY, shown("no-referrer")).layer(service);
    set_header(header::X_CONTENT_TYPE_OPTIONS, "nosniff").layer(service)
}

/// Whether an answer is a script or a style, as it says itself.
fn is_part_of_a_page(answer: &Response) -> bool {
    let kind = answer.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    kind.is_some_and(|kind| kind.starts_with(b"text/javascript") || kind.starts_with(b"text/css"))
}

fn set_header(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}

/// Serves until `shutdown` completes or the host asks for the end, then lets the readers go in the way
/// that makes them come back, and returns when they have left or the grace period is over.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve(
    listener: BoundListener,
    app: App,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (router, io) = router(&app);
    let listener = listener.behind(app.hosting.host.value, Arc::clone(&app.faults));
    let stop = app.stop.clone();
    let (grace, tracker) = (app.grace, app.tracker.clone());

    let letting_go = tokio::spawn({
        let (app, stop) = (app.clone(), stop.clone());
        async move {
            tokio::select! {
                () = shutdown => {}
                () = stop.cancelled() => {}
            }
            info!(readers = app.readers(), "letting the readers go");
            stop.cancel();
            io.close().await;
        }
    });

    let entrance = middleware::from_fn_with_state(app, entrance::admit).layer(router);
    let service = secured(entrance).into_make_service_with_connect_info::<Peer>();
    let serving = async {
        axum::serve(listener, service).with_graceful_shutdown(stop.clone().cancelled_owned()).await?;
        // It waits for no upgraded connection; those of Socket.IO are closed by now, the others tracked.
        let _ = letting_go.await;
        tracker.close();
        tracker.wait().await;
        Ok(())
    };
    let impatience = async {
        stop.cancelled().await;
        tokio::time::sleep(grace).await;
    };
    tokio::select! {
        result = serving => result,
        () = impatience => {
            warn!(?grace, "some connections did not end within the grace period and are dropped");
            Ok(())
        }
    }
}
