//! The engine: handshake, stickiness, upgrades, requests of pages.

use std::time::Instant;

use tokio::time::timeout;

use super::{page::candidates, twice::ask_twice};
use crate::probe::{
    classify::{Class, EngineError, classify},
    client::{
        connector::millis,
        engineio::{self, Message, Open, Packet},
        http::{self, Method, Request},
        websocket::{self, Received, Socket, Style},
    },
    context::{Context, cookies},
    engine_session::opening,
    evidence::{Cors, Ended, Exchange, FailureKind, Handshake, Round, Sticky, Upgrade, Upgrades},
};
use crate::transport::EngineTransport;

/// A namespace that no server has. Asking for it is answered at once, by a refusal, and starts nothing: so
/// packets go both ways on a session without a reading.
const NOWHERE: &str = "/dante-probe-nowhere";

/// How many packets are sent, each with a poll for its answer: six requests, so that one of two nodes that take turns by
/// chance is hit by all of them once in 64 times.
const PAIRS: usize = 3;

/// The origin of a page that is not this host's.
const FOREIGN: &str = "https://elsewhere.example";

/// Opens a session by polling.
pub(crate) async fn handshake(context: &Context) -> Handshake {
    let request = Request::get(context.engine(EngineTransport::Polling, None), context.limit());
    let opens = |exchange: &Exchange, body: &[u8]| opening(exchange, body).is_ok();
    let (exchange, body) = ask_twice(&context.connector, request, opens).await;
    match opening(&exchange, &body) {
        Ok(open) => {
            let names = exchange.headers.iter().filter(|(name, _)| name == "set-cookie");
            let cookies = names
                .filter_map(|(_, value)| value.split(['=', ';']).next())
                .map(|name| name.trim().to_owned())
                .collect();
            Handshake { exchange, open: Some(open), cookies, ..Handshake::default() }
        }
        Err(garbage) => {
            let found_at = if exchange.status.is_some() { elsewhere(context).await } else { None };
            Handshake { exchange, garbage, found_at, ..Handshake::default() }
        }
    }
}

/// Where else on this host an engine answers.
async fn elsewhere(context: &Context) -> Option<String> {
    let folder = context.engine.trim_end_matches('/');
    let (folder, name) = folder.rsplit_once('/').unwrap_or(("", folder));
    for candidate in candidates(&format!("{folder}/")) {
        let engine = format!("{candidate}{name}/");
        let there = Context { engine: engine.clone(), ..context.clone() };
        let (exchange, body) = http::fetch(
            &context.connector,
            Request::get(there.engine(EngineTransport::Polling, None), context.limit()),
        )
        .await;
        if opening(&exchange, &body).is_ok() {
            return Some(engine);
        }
    }
    None
}

/// Requests on one session over fresh connections; without cookies, and with those of a handshake if that failed. The
/// first session is the one that the handshake opened.
pub(crate) async fn sticky(context: &Context, handshake: &Handshake) -> Sticky {
    let Some(open) = &handshake.open else { return Sticky::default() };
    let mut rounds = vec![round(context, open, None).await];
    if !handshake.cookies.is_empty() && rounds.iter().all(|round| round.good < round.requests) {
        rounds.push(round_with_cookies(context).await);
    }
    Sticky { rounds }
}

async fn round_with_cookies(context: &Context) -> Round {
    let request = Request::get(context.engine(EngineTransport::Polling, None), context.limit());
    let (exchange, body) = http::fetch(&context.connector, request).await;
    match opening(&exchange, &body) {
        Ok(open) => round(context, &open, cookies(&exchange.headers)).await,
        Err(_) => Round { cookies: true, requests: 1, failed: Some(exchange), ..Round::default() },
    }
}

async fn round(context: &Context, open: &Open, cookie: Option<String>) -> Round {
    let mut round = Round { cookies: cookie.is_some(), ..Round::default() };
    let target = context.engine(EngineTransport::Polling, Some(open));
    let mut lost = false;
    for _ in 0..PAIRS {
        let post = Request::post(target.clone(), engineio::join(NOWHERE, None), context.limit());
        let get = Request::get(target.clone(), context.limit());
        for mut request in [post, get] {
            // What a node that has no such packet would answer only at the next ping is not asked for.
            if lost && request.method == Method::GET {
                lost = false;
                continue;
            }
            if let Some(cookie) = &cookie {
                request = request.with("cookie", cookie.clone());
            }
            let method = request.method.clone();
            let (exchange, _) = http::fetch(&context.connector, request).await;
            round.requests += 1;
            // A poll that opens a session anew was not in ours.
            if exchange.is(200) && !exchange.body.starts_with("0{") {
                round.good += 1;
                continue;
            }
            lost = method == Method::POST;
            round.posts_failed += usize::from(lost);
            let unknown = classify(&exchange) == Class::Engine(EngineError::UnknownSession);
            round.unknown += usize::from(unknown);
            let earlier = round.failed.as_ref();
            let says_more = |earlier: &Exchange| {
                classify(earlier) == Class::Engine(EngineError::UnknownSession) && !unknown
            };
            if earlier.is_none_or(says_more) {
                round.failed = Some(exchange);
            }
        }
    }
    round
}

/// Upgrades to WebSocket in the ways of browsers, and from a polling session.
pub(crate) async fn upgrades(context: &Context, polling: bool) -> Upgrades {
    let (chrome, firefox, session) = tokio::join!(
        direct(context, "chrome", Style::Chrome),
        direct(context, "firefox", Style::Firefox),
        async { if polling { from_polling(context).await } else { None } },
    );
    let mut attempts = vec![chrome, firefox];
    if attempts.iter().any(|attempt| !attempt.works) {
        attempts.push(direct(context, "plain", Style::Plain).await);
        // A style is only to blame if it fails whenever it is asked; what was waited for in vain is not waited for again.
        let waited = |attempt: &Upgrade| {
            attempt.exchange.failure.as_ref().is_some_and(|failure| failure.kind == FailureKind::Timeout)
        };
        for (style, look) in [("chrome", Style::Chrome), ("firefox", Style::Firefox)] {
            if !attempts.iter().any(|attempt| attempt.style == style && waited(attempt)) {
                attempts.push(direct(context, style, look).await);
            }
        }
    }
    attempts.extend(session);
    Upgrades { attempts }
}

async fn direct(context: &Context, style: &str, look: Style) -> Upgrade {
    let target = context.engine(EngineTransport::WebSocket, None);
    let mut upgrade = Upgrade { style: style.to_owned(), ..Upgrade::default() };
    let opened = websocket::open(&context.connector, &target, look, None, context.limit()).await;
    converse(context, &mut upgrade, opened, None).await;
    upgrade
}

/// None when there is no session to upgrade.
async fn from_polling(context: &Context) -> Option<Upgrade> {
    let (exchange, body) = http::fetch(
        &context.connector,
        Request::get(context.engine(EngineTransport::Polling, None), context.limit()),
    )
    .await;
    let open = opening(&exchange, &body).ok()?;
    if !open.upgrades.iter().any(|name| name == "websocket") {
        return None;
    }
    let cookie = cookies(&exchange.headers);
    let target = context.engine(EngineTransport::WebSocket, Some(&open));
    let mut upgrade = Upgrade { style: "polling".to_owned(), ..Upgrade::default() };
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
    let (exchange, mut socket) = match opened {
        Ok(opened) => opened,
        Err(exchange) => {
            upgrade.exchange = *exchange;
            return;
        }
    };
    upgrade.extensions = exchange.header("sec-websocket-extensions").map(str::to_owned);
    upgrade.exchange = exchange;
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
                Ok(Received::Other) => {}
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

/// A handshake as a page makes it: of the server's own origin, or of the one that `--header` names.
pub(crate) async fn cors(context: &Context) -> Cors {
    let named = context.connector.plan().headers.iter().find(|(name, _)| name == "origin");
    let named = named.map(|(_, value)| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let own = context.page.origin();
    let origin = named.unwrap_or_else(|| own.clone());
    let request = |origin: &str| {
        Request::get(context.engine(EngineTransport::Polling, None), context.limit()).with("origin", origin)
    };
    // Of another origin, for the record: only Access-Control-Allow-Origin matters there.
    let other = if origin == own { FOREIGN } else { origin.as_str() };
    let ((exchange, _), (foreign, _)) = tokio::join!(
        http::fetch(&context.connector, request(&origin)),
        http::fetch(&context.connector, request(other)),
    );
    let allowed = foreign.header("access-control-allow-origin").map(str::to_owned);
    Cors { own: origin == own, origin, exchange, allowed }
}
