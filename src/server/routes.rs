//! [`Routes`]: a router of the paths that the contract names, and of no others. What stands before one of them in a
//! request is the prefix, so that a path which were not among them would work at the root alone.

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

    /// Serves a path; one that ends in a slash is redirected to from the same without it.
    pub(super) fn at(self, path: &'static str, handler: MethodRouter<App>) -> Self {
        let router = self.0.route(known(path), handler);
        Self(match path.strip_suffix('/') {
            None | Some("") => router,
            Some(folder) => router.route(folder, get(async |uri: Uri| redirect_to_folder(&uri))),
        })
    }

    /// Serves a path by a service, and just this path.
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

/// A path that the contract names; another is a mistake of ours, which every start and every test finds.
fn known(path: &'static str) -> &'static str {
    assert!(paths::ALL.contains(&path), "{path} is not among the paths of the contract");
    path
}
