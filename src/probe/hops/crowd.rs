//! How many connections a host lets one client have: asked one by one, slowly, once a limit has shown.

use std::time::Duration;

use crate::{
    contract::paths,
    probe::{
        client::{
            gate::CONNECTIONS,
            http::{self, Request},
        },
        context::Context,
        evidence::Crowd,
    },
};

/// The time between the connections: slower than any limit on requests that lets a page load.
const APART: Duration = Duration::from_millis(700);

/// Opens event streams until one is refused, or as many are open as a browser opens; all are closed afterwards.
pub(crate) async fn crowd(context: &Context) -> Crowd {
    let mut open = Vec::new();
    let mut refused = None;
    while open.len() < CONNECTIONS && refused.is_none() {
        tokio::time::sleep(APART).await;
        let target = context.below(paths::SSE);
        let request = Request::get(target, context.limit() / 2).with("accept", "text/event-stream");
        match http::send(&context.connector, request).await {
            Ok(answer) if answer.exchange.status == Some(200) => open.push(answer),
            Ok(answer) => refused = Some(answer.finish().await.0),
            Err(exchange) => refused = Some(*exchange),
        }
    }
    Crowd { opened: open.len(), refused }
}
