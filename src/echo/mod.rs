//! An origin to try a host with: it streams what a query asks for, and says what it received. `docs/echo.md` describes it.
//!
//! It is the last segment of a path that counts, so it works below any prefix, whether a host strips it or not. It keeps nothing
//! of any request, and sends no header that asks a proxy not to buffer or to compress: it shows what the host does with any
//! application.

mod asked;
mod index;
mod message;
mod post;
mod sse;
mod streamed;
mod websocket;

use std::{io, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    contract::echo as contract,
    hosting::listener::{BoundListener, Serving},
};

/// How many streams and bodies may be open at once: each may hold a message of the longest size in memory.
const STREAMS: usize = 32;

/// The longest time that a stream or a body takes.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// How long connections may take to end at a shutdown.
const GRACE: Duration = Duration::from_secs(5);

/// What all requests share.
#[derive(Debug, Clone)]
struct Echo {
    /// Cancelled at the shutdown.
    stop: CancellationToken,
    /// The streams that are open.
    tracker: TaskTracker,
    /// Room for more.
    free: Arc<Semaphore>,
}

/// Serves until `shutdown` completes, then ends all streams, and returns when they have ended.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve(
    listener: BoundListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let echo = Echo {
        stop: CancellationToken::new(),
        tracker: TaskTracker::new(),
        free: Arc::new(Semaphore::new(STREAMS)),
    };
    let (stop, tracker) = (echo.stop.clone(), echo.tracker.clone());
    let router = Router::new().fallback(answer).with_state(echo);
    tokio::spawn({
        let stop = stop.clone();
        async move {
            shutdown.await;
            stop.cancel();
        }
    });
    let serving = async {
        Serving::serve_connections(listener, router, stop.clone(), stop.clone()).await?;
        // Upgraded connections are not waited for there.
        tracker.close();
        tracker.wait().await;
        Ok(())
    };
    let impatience = async {
        stop.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        result = serving => result,
        () = impatience => Ok(()),
    }
}

/// Answers by the last segment of the path. Every answer, a refusal, too, says that an echo gave it.
async fn answer(State(echo): State<Echo>, request: Request) -> Response {
    let segment = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
    let mut response = match (segment.as_str(), request.method().clone()) {
        (contract::WEBSOCKET, Method::GET) => websocket::upgrade(&echo, request).await,
        (contract::SSE, Method::GET) => sse::stream(&echo, &request),
        (contract::POST, Method::POST) => post::receive(&echo, request).await,
        (contract::WEBSOCKET | contract::SSE, _) => not_by(Method::GET),
        (contract::POST, _) => not_by(Method::POST),
        ("", Method::GET | Method::HEAD) => index::index(&request),
        // Relative URLs would be wrong there.
        (folder, Method::GET | Method::HEAD) => to_folder(folder),
        _ => (StatusCode::NOT_FOUND, "Nothing is here; GET the path above to see what there is.\n")
            .into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static(contract::HEADER), HeaderValue::from_static(contract::VERSION));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// 405, with the method that is right.
fn not_by(right: Method) -> Response {
    let text = format!("Ask here by {right}.\n");
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, right.to_string())], text).into_response()
}

/// To the same path with a slash at its end, by a reference that is right behind any prefix.
fn to_folder(folder: &str) -> Response {
    match HeaderValue::try_from(format!("./{folder}/")) {
        Ok(location) => (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, location)]).into_response(),
        Err(_) => (StatusCode::NOT_FOUND, "Nothing is here.\n").into_response(),
    }
}

impl Echo {
    /// Room for one more stream.
    ///
    /// # Errors
    /// With the refusal, where there is none.
    fn enter(&self) -> Result<OwnedSemaphorePermit, Box<Response>> {
        self.free.clone().try_acquire_owned().map_err(|_| {
            let text =
                format!("{STREAMS} streams are open, which is the most; try again when one has ended.\n");
            Box::new((StatusCode::SERVICE_UNAVAILABLE, text).into_response())
        })
    }
}

/// 400, with what is wrong about the query.
fn bad_query(error: &crate::bad_value::BadValue) -> Response {
    (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response()
}
