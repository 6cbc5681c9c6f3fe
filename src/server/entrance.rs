//! The one outer layer: what a request goes through before it is routed. It checks the host's token,
//! strips the prefix, undoes what the host did to the headers, and hears the host's wish to stop.

use std::sync::Arc;

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderValue, StatusCode, Uri, header, uri::PathAndQuery},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tracing::{info, warn};

use super::{
    app::App,
    faults::{self, RequestPrefix},
};
use crate::hosting::{
    Host, aspnetcore,
    fault::describe_text,
    iisnode,
    listener::Peer,
    prefix::{Prefix, Signposts, Way, divide},
};

/// Lets a request in, its path being one below the prefix, or answers it here. While a worker is busy with it,
/// it is among the server's activities.
pub(super) async fn admit(State(app): State<App>, request: Request, next: Next) -> Response {
    let activity = app.activity.clone();
    activity.during(described(&request), let_in(app, request, next)).await
}

/// A request for the log: the line without its query, where session ids are, and whose it is.
fn described(request: &Request) -> Arc<str> {
    let path = describe_text(request.uri().path().as_bytes());
    let peer = request.extensions().get::<ConnectInfo<Peer>>();
    let peer = peer.map_or_else(|| "unknown".to_owned(), |ConnectInfo(peer)| peer.to_string());
    format!("{} {path} from {peer}", request.method()).into()
}

async fn let_in(app: App, mut request: Request, next: Next) -> Response {
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
        return faults::refuse(&app, &fault, &faults::line(&request));
    }
    if app.trust_forwarded {
        for fault in faults::of_forwarded(request.headers()) {
            app.faults.report(&fault, faults::line(&request).as_bytes());
        }
    }
    let host = hosting.host.value;
    if host == Host::Iisnode {
        iisnode::repair_connection(request.headers_mut());
    }

    let told = told_prefix(&app, &request);
    let signposts = Signposts {
        told: told.as_ref(),
        configured: hosting.prefix.value.as_str(),
        learn: hosting.learn_prefix,
        fold_case: host.is_iis(),
    };
    let mut prefix = String::new();
    match divide(request.uri().path(), &signposts) {
        Way::AddSlash => return redirect_to_folder(request.uri()),
        Way::In(ours) if ours.start > 0 => {
            prefix = request.uri().path()[..ours.start].to_owned();
            let Some(uri) = below(request.uri(), ours.start) else {
                return (StatusCode::BAD_REQUEST, "This path is none.\n").into_response();
            };
            *request.uri_mut() = uri;
        }
        Way::In(_) => {}
    }

    request.extensions_mut().insert(RequestPrefix(prefix));

    if aspnetcore::is_shutdown(request.method(), request.uri().path(), request.headers())
        && hosting.pairing_token.is_some()
    {
        info!("the ASP.NET Core Module asks us to stop");
        app.stop.cancel();
        return StatusCode::ACCEPTED.into_response();
    }
    next.run(request).await
}

/// The prefix of this very request, where somebody we believe tells it.
fn told_prefix(app: &App, request: &Request) -> Option<Prefix> {
    if app.hosting.learn_prefix
        && let Some(prefix) = iisnode::parse_script_name(request.headers())
    {
        return Some(prefix);
    }
    faults::last_forwarded(request.headers(), "x-forwarded-prefix")
        .filter(|_| app.trust_forwarded)
        .and_then(|value| Prefix::parse(&value).ok())
}

/// `/dante` → `dante/`: a relative reference (RFC 9110, 10.2.2), so that it is right behind a proxy that
/// strips or adds something, too, and never leads to another site.
pub(super) fn redirect_to_folder(uri: &Uri) -> Response {
    let folder = uri.path().rsplit('/').next().unwrap_or_default();
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    // `./` keeps a name with a colon from being read as a scheme.
    match HeaderValue::try_from(format!("./{folder}/{query}")) {
        Ok(location) => (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, location)]).into_response(),
        Err(_) => (StatusCode::NOT_FOUND, "Nothing is served here.\n").into_response(),
    }
}

/// The URI without the first `start` bytes of its path.
fn below(uri: &Uri, start: usize) -> Option<Uri> {
    let mut parts = uri.clone().into_parts();
    let whole = parts.path_and_query?;
    parts.path_and_query = Some(PathAndQuery::try_from(whole.as_str().get(start..)?).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_below_a_prefix() {
        let below = |uri: &str, start| below(&uri.parse().unwrap(), start).map(|uri| uri.to_string());
        assert_eq!(below("/dante/socket.io/?EIO=4", 6).as_deref(), Some("/socket.io/?EIO=4"));
        assert_eq!(below("http://host/dante/", 6).as_deref(), Some("http://host/"));
    }

    #[test]
    fn redirects_stay_where_they_are() {
        for (uri, location) in
            [("/dante?x=1", "./dante/?x=1"), ("/a/b", "./b/"), ("/a/javascript:x", "./javascript:x/")]
        {
            let response = redirect_to_folder(&uri.parse().unwrap());
            assert_eq!(response.headers()[header::LOCATION], location, "{uri}");
        }
    }
}
