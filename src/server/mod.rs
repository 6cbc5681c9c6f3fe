//! Serving: the application's state, its routes, and [`serve`], which runs them on any listener.

mod app;
mod assets;
mod channel;
mod encoded_poem;
mod engineio;
mod faults;
mod forwarded;
mod hello;
mod language;
mod pages;
pub(crate) mod payload;
mod ping;
mod preference;
mod reader;
mod request_layer;
pub(crate) mod request_prefix;
mod routes;
mod seen;
mod socketio;
mod sse;
mod status;
#[cfg(debug_assertions)]
mod test_routes;
mod websocket;

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

use crate::{
    contract::paths,
    hosting::listener::{BoundListener, Peer},
};

use routes::Routes;

/// What browsers may load and do on Dante's pages: only what Dante itself serves.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// All routes, as they are below the prefix.
fn router(app: &App) -> (Router, SocketIo) {
    let (engine, io) = engineio::engine(&app.engine, app.stop.clone());
    socketio::register(&io, app);
    // A poll answered from a cache would be lost.
    let engine = set_header(header::CACHE_CONTROL, "no-store").layer(engine);
    let routes = pages::add_to(Routes::new())
        .at(paths::CLIENT_LIBRARY, get(assets::client_library))
        .at(paths::CLIENT_LIBRARY_MIN, get(assets::client_library))
        .at(paths::STATIC, get(assets::own))
        .at(paths::FAVICON, get(assets::icon))
        .at(paths::HOSTING, get(status::hosting))
        // Mounted once: each mount would be an engine with separate sessions.
        .service(paths::SOCKET_IO, engine)
        .at(paths::WEBSOCKET, get(websocket::upgrade))
        .at(paths::SERVER_FAYE_WEBSOCKET, get(websocket::upgrade))
        .at(paths::SSE, get(sse::stream));
    let router = routes.into_router().fallback(faults::not_found);
    #[cfg(debug_assertions)]
    let router = if app.test_routes { router.merge(test_routes::router()) } else { router };
    (router.with_state(app.clone()), io)
}

/// Adds security headers to every answer. Two of them are left out on scripts and styles, where browsers ignore
/// them, since a page loads thirty of those.
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

/// Whether an answer is a script or a style, by its Content-Type.
fn is_part_of_a_page(answer: &Response) -> bool {
    let kind = answer.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    kind.is_some_and(|kind| kind.starts_with(b"text/javascript") || kind.starts_with(b"text/css"))
}

fn set_header(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}

/// Serves until `shutdown` completes or the host asks to stop. Then closes the readers' connections so that they
/// reconnect, and returns when they have left or the grace period is over.
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
            info!(readers = app.readers(), "disconnecting the readers");
            stop.cancel();
            io.close().await;
        }
    });

    let layered = middleware::from_fn_with_state(app, request_layer::handle).layer(router);
    let service = secured(layered).into_make_service_with_connect_info::<Peer>();
    let serving = async {
        axum::serve(listener, service).with_graceful_shutdown(stop.clone().cancelled_owned()).await?;
        // This does not wait for upgraded connections: Socket.IO's are closed by now, and the tracker waits for the others.
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
            warn!(?grace, "some connections did not end within the grace period and were dropped");
            Ok(())
        }
    }
}
