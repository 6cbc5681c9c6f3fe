//! Metrics and health on an endpoint of their own (`--metrics-listen`), away from readers and whoever stands in front of them.

use std::io;

use axum::{Router, routing::get};
use tokio_util::sync::CancellationToken;

use super::super::{app::App, health};
use crate::{
    contract::paths,
    hosting::listener::{BoundListener, Serving},
};

/// Serves metrics and health for as long as it is polled: also while the readers are let go, when the readers' endpoint accepts
/// nobody any more.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve_metrics(listener: BoundListener, app: App) -> io::Result<()> {
    let routes = Router::new()
        .route(paths::METRICS, get(super::text))
        .route(paths::HEALTH_LIVE, get(health::live))
        .route(paths::HEALTH_READY, get(health::ready));
    let never = CancellationToken::new();
    Serving::serve_connections(listener, routes.with_state(app), never.clone(), never).await
}
