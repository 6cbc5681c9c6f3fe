//! [`serve`]: runs the routes on a listener, from its first connection to an orderly end.

use std::{io, sync::Arc};

use axum::middleware;
use tower::{Layer as _, util::option_layer};
use tracing::{info, warn};

use super::{App, body_deadline, cross_origin, health::NotReady, request_layer, router, secured};
use crate::hosting::listener::{BoundListener, Serving};

/// Serves until `shutdown` completes or the host asks to stop. Then closes the readers' connections so that they
/// reconnect, one after the other unless it was the host, and returns when they have left or the grace period is over.
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
    let (grace, tracker, begun) = (app.grace, app.tracker.clone(), app.drain.begun().clone());

    let letting_go = tokio::spawn({
        let (app, stop) = (app.clone(), stop.clone());
        async move {
            tokio::select! {
                () = shutdown => {
                    app.readiness.set(NotReady::Stopping, true);
                    info!(readers = app.readers(), "letting the readers go");
                    // The host may not wait so long.
                    stop.run_until_cancelled(app.drain.run(app.readers(), &io)).await;
                }
                () = stop.cancelled() => app.readiness.set(NotReady::Stopping, true),
            }
            info!(readers = app.readers(), "disconnecting those who are left");
            stop.cancel();
            io.close().await;
        }
    });

    let readable = option_layer(cross_origin::headers(&app.origins));
    let body = body_deadline::State { app: app.clone(), time: listener.bounds().body };
    let layered = middleware::from_fn_with_state(app, request_layer::handle).layer(router);
    let layered = middleware::from_fn_with_state(body, body_deadline::handle).layer(layered);
    // The outermost, so that pages of other origins can read why they were refused, wherever that was.
    let layered = readable.layer(layered);
    let serving = async {
        Serving::serve_connections(listener, secured(layered), begun, stop.clone()).await?;
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
