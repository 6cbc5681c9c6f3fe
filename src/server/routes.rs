//! [`Routes`]: a router for the paths in the contract, and no others. Whatever precedes one of them in a request is the
//! prefix, so a path that the contract does not name would work only at the root.

use axum::{Router, http::Uri, routing::MethodRouter, routing::get};
use tower::Service;

use super::{app::App, request_prefix::redirect_to_folder};
use crate::contract::paths;

/// Routes below the prefix.
pub(super) struct Routes(Router<App>);

impl Routes {
    pub(super) fn new() -> Self {
        Self(Router::new())
    }

    /// Serves a path. If it ends with a slash, the path without it redirects to it.
    pub(super) fn at(self, path: &'static str, handler: MethodRouter<App>) -> Self {
        let router = self.0.route(known(path), handler);
        Self(match path.strip_suffix('/') {
            None | Some("") => router,
            Some(folder) => router.route(folder, get(async |uri: Uri| redirect_to_folder(&uri))),
        })
    }

    /// Serves exactly this path with a service.
    pub(super) fn service<S>(self, path: &'static str, service: S) -> Self
    where
        S: Service<
                axum::extract::Request,
                Response = axum::response::Response,
                Error = std::convert::Infallible,
                Future: Send,
            > + Clone
            + Send
            + Sync
            + 'static,
    {
        Self(self.0.route_service(known(path), service))
    }

    pub(super) fn into_router(self) -> Router<App> {
        self.0
    }
}

/// Checks that the contract names this path. If not, it is a bug, which every start and every test shows.
fn known(path: &'static str) -> &'static str {
    assert!(paths::ALL.contains(&path), "{path} is not among the paths of the contract");
    path
}
