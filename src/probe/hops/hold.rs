//! The hold: quiet connections that only ping, to find out who cuts them.

use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::contract::HELLO_NAMESPACE;
use crate::probe::{
    client::{
        connector::millis,
        engineio::{self, Packet},
        websocket::Style,
    },
    context::Context,
    engine_session::EngineSession,
    evidence::{Failure, FailureKind, Hold, Quiet},
};
use crate::transport::EngineTransport;

/// Dante's namespace in which nothing is said unasked. A session that joins none is closed by the server
/// after 45 s (socketioxide and socket.io: `connectTimeout`).
const QUIET: &str = HELLO_NAMESPACE;

/// Holds a quiet connection by WebSocket, and one by polling.
pub(crate) async fn hold(context: &Context, time: Duration) -> Hold {
    // The sessions outlive the deadline of the other hops; only their opening is bound by it.
    let (websocket, polling) = tokio::join!(
        quiet(context, EngineTransport::WebSocket, time),
        quiet(context, EngineTransport::Polling, time),
    );
    Hold { quiet: vec![websocket, polling] }
}

async fn quiet(context: &Context, transport: EngineTransport, time: Duration) -> Quiet {
    let wanted_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let mut quiet = Quiet { transport: transport.name().to_owned(), wanted_ms, ..Quiet::default() };
    let opened = match transport {
        EngineTransport::WebSocket => EngineSession::by_websocket(context, Style::Plain).await,
        EngineTransport::Polling => EngineSession::by_polling(context).await,
    };
    let mut engine = match opened {
        Ok((_, engine)) => engine,
        Err(error) => {
            quiet.ended = error.ended;
            quiet.failure = Some(error.exchange.failure.unwrap_or_else(|| {
                let status =
                    error.exchange.status.map_or_else(|| "missing".to_owned(), |status| status.to_string());
                Failure::new(FailureKind::Other, format!("the answer was {status}"))
            }));
            return quiet;
        }
    };
    let start = Instant::now();
    let namespace = if context.connector.plan().socketio.is_some() { "/" } else { QUIET };
    let holding = async {
        engine.send(&engineio::join(namespace, None)).await?;
        loop {
            let packets = engine.recv().await?;
            quiet.pings += packets.iter().filter(|packet| matches!(packet, Packet::Ping(_))).count();
        }
    };
    let result: Result<Result<(), _>, _> = timeout(time, holding).await;
    quiet.held_ms = millis(start);
    match result {
        Ok(Err(failure)) => quiet.ended = Some(engine.ended(&failure)),
        _ => engine.close().await,
    }
    quiet
}
