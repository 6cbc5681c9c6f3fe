//! The request layer: what every request passes before it is routed. It checks the host's token, repairs headers that
//! the host changed, strips the prefix, and stops the server when the host asks for it.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use tracing::{info, warn};

use super::{
    app::App,
    error_page::{self, Visitor},
    faults, forwarded,
    metrics::Refusal,
    request_prefix::{self, Stripped},
    seen,
};
use crate::contract::{FAULT_HEADER, SAW_HEADER};
use crate::hosting::{Host, aspnetcore, fault::describe_text, iisnode};

/// Passes a request on, with its path below the prefix, or answers it here. Lists the request among the server's
/// activities while a worker is busy with it, and tells the client what was seen of it, if it asks.
pub(super) async fn handle(State(app): State<App>, request: Request, next: Next) -> Response {
    let saw = seen::describe(&app, &request);
    let activity = app.activity.clone();
    let mut response = activity.during(describe(&request), pass_on(app.clone(), request, next)).await;
    if response.status().is_client_error() && !response.headers().contains_key(FAULT_HEADER) {
        app.refusals.note(Refusal::Other);
    }
    if let Some(saw) = saw {
        response.headers_mut().insert(SAW_HEADER, saw);
    }
    response
}

/// A request for the log: its line without the query, which may hold a session id, and its client.
fn describe(request: &Request) -> Arc<str> {
    let path = describe_text(request.uri().path().as_bytes());
    format!("{} {path} from {}", request.method(), forwarded::peer(request.extensions())).into()
}

async fn pass_on(app: App, mut request: Request, next: Next) -> Response {
    let hosting = &app.hosting;
    if let Some(token) = &hosting.pairing_token
        && !aspnetcore::is_paired(request.headers(), token)
    {
        warn!("a request without the token of the ASP.NET Core Module was refused");
        return (
            StatusCode::BAD_REQUEST,
            "This request did not come through IIS: the header MS-ASPNETCORE-TOKEN is missing or wrong.\n",
        )
            .into_response();
    }
    if let Some(fault) = faults::of_host(&request) {
        return faults::refuse(&app, &fault, &faults::describe_request(&request));
    }
    if app.trust_forwarded {
        for fault in forwarded::faults(request.headers()) {
            app.faults.report(&fault, faults::describe_request(&request).as_bytes());
        }
    }
    forwarded::shorten(request.headers_mut());
    let host = hosting.host.value;
    if host == Host::Iisnode {
        iisnode::repair_connection(request.headers_mut());
    }

    match request_prefix::strip(&app, &request) {
        None => return (StatusCode::BAD_REQUEST, "This request's path is not valid.\n").into_response(),
        Some(Stripped::AddSlash) => return request_prefix::redirect_to_folder(request.uri()),
        Some(Stripped::Below(prefix, uri)) => {
            *request.uri_mut() = uri;
            request.extensions_mut().insert(prefix);
        }
    }

    if aspnetcore::is_shutdown(request.method(), request.uri().path(), request.headers())
        && hosting.pairing_token.is_some()
    {
        info!("the ASP.NET Core Module asks Dante to stop");
        app.stop.cancel();
        return StatusCode::ACCEPTED.into_response();
    }
    match Visitor::of(&app, &request) {
        Some(visitor) => visitor.answer(next.run(request).await).await,
        None => error_page::to_program(next.run(request).await),
    }
}
