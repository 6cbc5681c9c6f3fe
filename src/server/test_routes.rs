//! Routes for the project's own tests; not in release builds, and elsewhere only with `DANTE_TEST_ROUTES` set.

use std::hint;

use axum::{Router, routing::get};

/// `GET test/busy-worker` keeps a worker busy for ever.
pub(super) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/test/busy-worker", get(async || loop_for_ever()))
}

fn loop_for_ever() {
    loop {
        hint::spin_loop();
    }
}
