//! What is at a URL that is not Dante's page: asked in the ways of other clients.

use std::time::{Duration, Instant};

use futures_util::future::OptionFuture;
use tokio::time::timeout;

use super::page::candidates;
use crate::{
    probe::{
        app::recognise::{Shown, is_refusal, may_have_engine, shown_by},
        client::{
            http::{self, Request},
            websocket::{self, Style},
        },
        context::Context,
        engine_session::opening,
        evidence::Page,
        subject::Kind,
    },
    transport::EngineTransport,
};

/// How long an endpoint has for its answer once an engine was found, at least, or else as long again as the engine took. Beside an
/// engine, upgrades of other paths are often not answered at all: engine.io leaves them to others, and cuts them off after a second
/// (server.ts, `attach`: `destroyUpgradeTimeout`).
const BESIDE_ENGINE: Duration = Duration::from_millis(300);

/// In how many places an engine is looked for beside the one that the page names.
const ENGINES: usize = 2;

/// What is at the URL: what its answer shows, or else what it answers to other clients.
pub(crate) async fn find(context: &Context, page: &Page) -> Option<Shown> {
    let last = page.exchanges.last()?;
    if let Some(shown) = shown_by(last) {
        return Some(shown);
    }
    let start = Instant::now();
    let mut endpoint = Box::pin(OptionFuture::from(is_refusal(last).then(|| endpoint(context))));
    let mut engine = Box::pin(OptionFuture::from(may_have_engine(last).then(|| engine(context, page))));
    tokio::select! {
        endpoint = &mut endpoint => match endpoint.flatten() {
            Some(shown) => Some(shown),
            None => engine.await.flatten(),
        },
        engine = &mut engine => match engine.flatten() {
            Some(shown) => {
                let patience = start.elapsed().max(BESIDE_ENGINE);
                timeout(patience, endpoint).await.ok().flatten().flatten().or(Some(shown))
            }
            None => endpoint.await.flatten(),
        },
    }
}

/// Whether the URL is a WebSocket's or an event stream's: one that answers only those who ask for it.
async fn endpoint(context: &Context) -> Option<Shown> {
    let (connector, limit) = (&context.connector, context.limit());
    let cookie = context.cookies.header(&context.page);
    let upgrade = websocket::open(connector, &context.page, Style::Chrome, cookie.as_deref(), limit);
    let request = Request::get(context.page.clone(), limit).with("accept", "text/event-stream");
    let request = context.with_cookies(request);
    let (upgraded, streamed) = tokio::join!(Box::pin(upgrade), Box::pin(http::send(connector, request)));
    let shown = |kind, by: &str| Some(Shown { kind, engine: None, by: by.to_owned() });
    if upgraded.is_ok() {
        return shown(Kind::WebSocket, "an upgrade is answered 101");
    }
    let answer = streamed.ok()?;
    shown_by(&answer.exchange).filter(|shown| shown.kind == Kind::EventStream)
}

/// An engine that the page names, or one at the usual path beside the page or at the root.
async fn engine(context: &Context, page: &Page) -> Option<Shown> {
    let here = context.page.folder().to_owned();
    let folders = std::iter::once(here.clone()).chain(candidates(&here)).filter(|folder| folder != "/dante/");
    let usual = folders
        .take(ENGINES)
        .map(|folder| (format!("{folder}socket.io/"), "an engine answers there".to_owned()));
    let named = page.engine.iter().map(|engine| (engine.path.clone(), engine.by.clone()));
    for (path, by) in named.chain(usual) {
        let there = Context { engine: path.clone(), ..context.clone() };
        let request = Request::get(there.engine(EngineTransport::Polling, None), context.limit());
        let request = context.with_cookies(request);
        let (exchange, body) = http::fetch(&context.connector, request).await;
        let is_engine = opening(&exchange, &body).is_ok()
            || shown_by(&exchange).is_some_and(|shown| shown.kind == Kind::Engine);
        if is_engine {
            return Some(Shown { kind: Kind::Engine, engine: Some(path), by });
        }
    }
    // Where the page says that there is one, its failure is what matters.
    let named = page.engine.as_ref()?;
    Some(Shown { kind: Kind::Engine, engine: Some(named.path.clone()), by: named.by.clone() })
}
