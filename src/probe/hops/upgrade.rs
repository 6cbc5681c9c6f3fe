//! Upgrades to WebSocket, in the ways of browsers and from a polling session.

use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::engine::NOWHERE;
use crate::probe::{
    classify::{Class, EngineError, classify},
    client::{
        connector::millis,
        engineio::{self, Message, Open, Packet},
        http::{self, Request},
        websocket::{self, Received, Socket, Style},
    },
    context::Context,
    engine_session::opening,
    evidence::{Ended, Exchange, FailureKind, Upgrade, Upgrades},
};
use crate::transport::EngineTransport;

/// In which order a style that failed and one that worked are asked again: a sequence without a period (Thue and Morse), so
/// that servers which take turns cannot answer one style well and the other badly all the time.
const AGAIN: [bool; 8] = [true, false, false, true, false, true, true, false];

/// What proves that an upgrade works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// Packets of an engine that come and go; from a polling session, too, if there is one.
    Packets { polling: bool },
    /// That the connection opens and stays open for a moment: what an application says is not known.
    Opening,
}

/// For how long an application's WebSocket has to stay open.
const MOMENT: Duration = Duration::from_millis(400);

/// Upgrades to WebSocket in the ways of browsers, and from a polling session.
pub(crate) async fn upgrades(context: &Context, proof: Proof) -> Upgrades {
    let polling = proof == Proof::Packets { polling: true };
    let direct = |style| direct(context, style, proof);
    let (chrome, firefox, session) = tokio::join!(direct(Style::Chrome), direct(Style::Firefox), async {
        if polling { from_polling(context).await } else { None }
    },);
    let mut attempts = vec![chrome, firefox];
    if attempts.iter().any(|attempt| !attempt.works && !waited(attempt)) {
        attempts.push(direct(Style::Plain).await);
        let styles = [Style::Chrome, Style::Firefox, Style::Plain];
        let with = |works: bool| {
            let all = styles.iter().zip(&attempts).rev();
            all.clone()
                .find(|(_, attempt)| attempt.works == works && !waited(attempt))
                .map(|(style, _)| *style)
        };
        if let (Some(bad), Some(good)) = (with(false), with(true)) {
            again(context, bad, good, proof, &mut attempts).await;
        }
    }
    attempts.extend(session);
    let unsteady = attempts.last().filter(|last| last.style == POLLING && !last.works && !waited(last));
    if unsteady.is_some_and(|last| classify(&last.exchange) != Class::Engine(EngineError::UnknownSession)) {
        attempts.extend(from_polling(context).await);
    }
    let refused = attempts.first().filter(|_| !attempts.iter().any(|attempt| attempt.works));
    let without_origin = match refused {
        Some(refused) => {
            let target = context.engine(EngineTransport::WebSocket, None);
            let (connector, limit) = (&context.connector, context.limit());
            websocket::without_origin(connector, &target, &refused.exchange, limit).await
        }
        None => None,
    };
    Upgrades { attempts, crowded: Vec::new(), without_origin }
}

/// A style is only to blame if it fails whenever it is asked, and another one never does: until one of them does otherwise,
/// both are asked again.
async fn again(context: &Context, bad: Style, good: Style, proof: Proof, attempts: &mut Vec<Upgrade>) {
    for ask_bad in AGAIN {
        let attempt = direct(context, if ask_bad { bad } else { good }, proof).await;
        let as_before = attempt.works != ask_bad;
        attempts.push(attempt);
        if !as_before {
            return;
        }
    }
}

/// What was waited for in vain is not waited for again, and what is not offered is not asked for.
fn waited(attempt: &Upgrade) -> bool {
    attempt.exchange.failed_by(FailureKind::Timeout) || attempt.exchange.failed_by(FailureKind::NotOffered)
}

/// The name of an upgrade from a polling session, among those of styles.
const POLLING: &str = "polling";

/// Opens a WebSocket as a browser of this style does, and proves that it works.
pub(super) async fn direct(context: &Context, style: Style, proof: Proof) -> Upgrade {
    let target = match proof {
        Proof::Packets { .. } => context.engine(EngineTransport::WebSocket, None),
        Proof::Opening => context.page.clone(),
    };
    let mut upgrade = Upgrade { style: style.name().to_owned(), ..Upgrade::default() };
    let (connector, cookie) = (&context.connector, context.cookies.header(&target));
    let opened = websocket::open(connector, &target, style, cookie.as_deref(), context.limit()).await;
    match proof {
        Proof::Packets { .. } => converse(context, &mut upgrade, opened, None).await,
        Proof::Opening => stay(&mut upgrade, opened).await,
    }
    upgrade
}

/// Keeps the answer to an upgrade; gives the WebSocket, if it was accepted.
fn accept(upgrade: &mut Upgrade, opened: Result<(Exchange, Socket), Box<Exchange>>) -> Option<Socket> {
    let (exchange, socket) = match opened {
        Ok(opened) => opened,
        Err(exchange) => {
            upgrade.exchange = *exchange;
            return None;
        }
    };
    upgrade.extensions = exchange.header("sec-websocket-extensions").map(str::to_owned);
    upgrade.exchange = exchange;
    Some(socket)
}

/// Proves that the connection stays open, as far as a moment does.
async fn stay(upgrade: &mut Upgrade, opened: Result<(Exchange, Socket), Box<Exchange>>) {
    let Some(mut socket) = accept(upgrade, opened) else { return };
    let start = Instant::now();
    let ended = match timeout(MOMENT, socket.recv()).await {
        // An application that closes by a frame has understood the upgrade.
        Err(_) | Ok(Ok(_)) => None,
        Ok(Err(failure)) => Some(failure),
    };
    upgrade.works = ended.is_none();
    upgrade.garbage = ended.as_ref().is_some_and(|failure| failure.kind == FailureKind::Garbage);
    upgrade.ended =
        ended.map(|failure| Ended { at_ms: millis(start), how: failure.text, ..Ended::default() });
}

/// None when there is no session to upgrade.
async fn from_polling(context: &Context) -> Option<Upgrade> {
    let polling = context.engine(EngineTransport::Polling, None);
    let request = context.with_cookies(Request::get(polling.clone(), context.limit()));
    let (exchange, body) = http::fetch(&context.connector, request).await;
    let open = opening(&exchange, &body).ok()?;
    if !open.upgrades.iter().any(|name| name == "websocket") {
        return None;
    }
    let mut cookies = context.cookies.clone();
    cookies.take(&polling, &exchange.headers);
    let target = context.engine(EngineTransport::WebSocket, Some(&open));
    let cookie = cookies.header(&target);
    let mut upgrade = Upgrade { style: POLLING.to_owned(), ..Upgrade::default() };
    let (connector, limit) = (&context.connector, context.limit());
    let opened = websocket::open(connector, &target, Style::Plain, cookie.as_deref(), limit).await;
    converse(context, &mut upgrade, opened, Some(&open)).await;
    Some(upgrade)
}

/// Proves that packets go both ways.
async fn converse(
    context: &Context,
    upgrade: &mut Upgrade,
    opened: Result<(Exchange, Socket), Box<Exchange>>,
    session: Option<&Open>,
) {
    let Some(mut socket) = accept(upgrade, opened) else { return };
    let start = Instant::now();
    let (ours, expected): (String, fn(&Packet) -> bool) = match session {
        Some(_) => ("2probe".to_owned(), |packet| *packet == Packet::Pong("probe".to_owned())),
        None => {
            let join = engineio::join(NOWHERE, None);
            (join, |packet| matches!(packet, Packet::Message(Message::Refused(_) | Message::Connect(_))))
        }
    };
    let mut last = Instant::now();
    let mut garbage = false;
    let talk = async {
        if session.is_some() {
            socket.send(ours.clone()).await.map_err(|failure| (failure.text, None))?;
        }
        loop {
            match socket.recv().await {
                Ok(Received::Text(text)) => {
                    last = Instant::now();
                    match engineio::packet(&text) {
                        Ok(Packet::Open(_)) if session.is_none() => {
                            socket.send(ours.clone()).await.map_err(|failure| (failure.text, None))?;
                        }
                        Ok(packet) if expected(&packet) => return Ok(()),
                        Ok(_) => {}
                        Err(error) => {
                            garbage = true;
                            return Err((error, None));
                        }
                    }
                }
                Ok(Received::Binary(_) | Received::Other) => {}
                Ok(Received::Closed(code)) => return Err(("a close frame".to_owned(), code)),
                Err(failure) => {
                    garbage = failure.kind == FailureKind::Garbage;
                    return Err((failure.text, None));
                }
            }
        }
    };
    let (how, code) = match timeout(context.limit(), talk).await {
        Ok(Ok(())) => {
            upgrade.works = true;
            if session.is_some() {
                // The upgrade is done; a failure now would show in the streams.
                let _ = socket.send("5").await;
            }
            return;
        }
        Ok(Err(ended)) => ended,
        Err(_) => ("nothing more came".to_owned(), None),
    };
    let (at_ms, quiet_ms) = (millis(start), millis(last));
    upgrade.garbage = garbage;
    upgrade.ended = Some(Ended { at_ms, quiet_ms, how, code, ..Ended::default() });
}
