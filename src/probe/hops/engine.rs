//! The engine: handshake, stickiness, requests of pages.

use super::{page::candidates, twice::ask_twice};
use crate::probe::{
    classify::{Class, EngineError, classify},
    client::{
        engineio::{self, Packet, SEPARATOR},
        http::{self, Method, Request},
    },
    context::{Context, cookies},
    engine_session::opening,
    evidence::{Cors, Exchange, Handshake, Round, Sticky},
};
use crate::transport::EngineTransport;

/// A namespace that no server has. Asking for it is answered at once, by a refusal, and starts nothing: so
/// packets go both ways on a session without a reading.
pub(super) const NOWHERE: &str = "/dante-probe-nowhere";

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

/// Requests on one session over fresh connections; without cookies, and with those of the handshake if that failed.
pub(crate) async fn sticky(context: &Context, has_cookies: bool) -> Sticky {
    let mut rounds = vec![round(context, false).await];
    if has_cookies && rounds.iter().all(|round| round.good < round.requests) {
        rounds.push(round(context, true).await);
    }
    Sticky { rounds, crowded: Vec::new() }
}

async fn round(context: &Context, with_cookies: bool) -> Round {
    let mut round = Round { cookies: with_cookies, ..Round::default() };
    // The handshake's own session may be old by now: the engine closes one that joins nothing.
    let request = Request::get(context.engine(EngineTransport::Polling, None), context.limit());
    let (exchange, body) = http::fetch(&context.connector, request).await;
    let Ok(open) = opening(&exchange, &body) else {
        round.requests = 1;
        round.failed = Some(exchange);
        return round;
    };
    let cookie = cookies(&exchange.headers).filter(|_| with_cookies);
    let target = context.engine(EngineTransport::Polling, Some(&open));
    let mut lost = false;
    // On a slow line the six requests take longer than a server waits for the answer to its first ping.
    let mut pongs = String::new();
    for _ in 0..PAIRS {
        let packets = std::mem::take(&mut pongs) + &engineio::join(NOWHERE, None);
        let post = Request::post(target.clone(), packets, context.limit());
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
            let (exchange, body) = http::fetch(&context.connector, request).await;
            round.requests += 1;
            pongs += &pongs_to(&body);
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

/// The answers to the pings in the body of a poll, each with the separator that follows it.
fn pongs_to(body: &[u8]) -> String {
    let packets = engineio::payload(&String::from_utf8_lossy(body)).unwrap_or_default();
    let pings = packets.into_iter().filter_map(|packet| match packet {
        Packet::Ping(what) => Some(format!("3{what}{SEPARATOR}")),
        _ => None,
    });
    pings.collect()
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
    let allowed: Vec<&str> = foreign
        .headers
        .iter()
        .filter(|(name, _)| name == "access-control-allow-origin")
        .map(|(_, value)| value.as_str())
        .collect();
    let allowed = (!allowed.is_empty()).then(|| allowed.join(", "));
    Cors { own: origin == own, origin, exchange, allowed }
}
