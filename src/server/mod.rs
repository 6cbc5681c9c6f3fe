//! Serving: the application's state, its routes, and [`serve`], which runs them on any listener.

mod acks;
mod admission;
mod app;
mod assets;
mod audience;
mod body_deadline;
mod cross_origin;
mod drain;
pub(crate) mod encoded_poem;
pub(crate) mod engineio;
mod error_page;
mod faults;
mod forwarded;
mod handover;
mod headcount;
mod health;
mod hello;
mod language;
mod line;
mod metrics;
mod pages;
mod ping;
mod policy;
mod preference;
mod qr;
mod reader;
mod request_layer;
pub(crate) mod request_prefix;
mod room;
mod routes;
mod seen;
mod serving;
mod socketio;
mod sse;
mod stanzas;
mod status;
#[cfg(debug_assertions)]
mod test_routes;
mod upgrade;
mod violation;
mod websocket;

use std::convert::Infallible;

use axum::{
    Router,
    extract::Request,
    http::{HeaderName, HeaderValue, header},
    response::Response,
    routing::get,
};
use socketioxide::SocketIo;
use tower::{Layer as _, Service};
use tower_http::set_header::SetResponseHeaderLayer;

pub use app::App;
pub use metrics::serve_metrics;
pub use serving::serve;

use crate::contract::paths;

use routes::Routes;

/// All routes, as they are below the prefix.
fn router(app: &App) -> (Router, SocketIo) {
    let (engine, io) = engineio::engine(&app.engine, app.stop.clone());
    socketio::register(&io, app);
    // A poll answered from a cache would be lost.
    let engine = set_header(header::CACHE_CONTROL, "no-store").layer(engine);
    let routes = pages::add_to(Routes::new())
        .at(paths::CLIENT_LIBRARY, get(assets::client_library))
        .at(paths::CLIENT_LIBRARY_MIN, get(assets::client_library))
        .at(paths::CLIENT_LIBRARY_MODULE, get(assets::client_module))
        .at(paths::STATIC, get(assets::own))
        .at(paths::FAVICON, get(assets::icon))
        .at(paths::HOSTING, get(status::hosting))
        .at(paths::HEALTH_LIVE, get(health::live))
        .at(paths::HEALTH_READY, get(health::ready))
        // Mounted once: each mount would be an engine with separate sessions.
        .service(paths::SOCKET_IO, engine)
        .at(paths::WEBSOCKET, get(websocket::upgrade))
        .at(paths::SERVER_FAYE_WEBSOCKET, get(websocket::upgrade))
        .at(paths::SSE, get(sse::stream))
        .at(paths::ROOMS, get(room::rooms_page))
        .at(paths::ROOM, get(room::page).post(room::order))
        .at(paths::QR, get(qr::code))
        .at(paths::STANZAS, get(stanzas::some));
    let routes = if app.public_metrics { routes.at(paths::METRICS, get(metrics::text)) } else { routes };
    let router = routes.into_router().fallback(faults::not_found);
    #[cfg(debug_assertions)]
    let router = if app.test_routes { router.merge(test_routes::router()) } else { router };
    let router = router.layer(cross_origin::Guard::new(app.origins.clone()));
    (router.with_state(app.clone()), io)
}

/// Adds security headers to every answer. Two of them are left out on scripts and styles, where browsers ignore
/// them. A page has a policy of its own already.
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
    let policy = shown(policy::PLAIN);
    let service =
        SetResponseHeaderLayer::if_not_present(header::CONTENT_SECURITY_POLICY, policy).layer(service);
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
