//! The engine: handshake, stickiness, requests of pages.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::sleep;

use super::{page::candidates, twice::ask_twice};
use crate::probe::{
    classify::{Class, EngineError, classify},
    client::{
        engineio,
        gate::APART,
        http::{self, Method, Request},
    },
    context::Context,
    cookies::Jar,
    engine_session::opening,
    evidence::{Cors, Exchange, Handshake, Round, Sticky},
    target::Target,
};
use crate::transport::EngineTransport;

/// A namespace that no server has. Asking for it is answered at once, by a refusal, and starts nothing: so
/// packets go both ways on a session without a reading.
pub(super) const NOWHERE: &str = "/dante-probe-nowhere";

/// How many sessions are tried, each with a packet and a poll for its answer: six requests, so that one of two nodes that take
/// turns by chance is hit by all of them once in 64 times. What luck hides here shows in the streams that follow.
const SESSIONS: u32 = 3;
/// How many are tried without cookies where the handshake gives one: once in 4,096 times. The streams that follow send that cookie,
/// and so nothing else would show what luck hides.
const SESSIONS_BESIDE_A_COOKIE: u32 = 6;
/// A little longer than a request waits for its turn where many do.
const STAGGER: Duration = APART.saturating_add(Duration::from_millis(15));

/// The origin of a page that is not this host's.
const FOREIGN: &str = "https://elsewhere.example";

/// Opens a session by polling.
pub(crate) async fn handshake(context: &Context) -> Handshake {
    let request = Request::get(context.engine(EngineTransport::Polling, None), context.limit());
    let request = context.with_cookies(request);
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

/// Which cookies the requests of a session send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cookies {
    /// None, as clients that are no browsers.
    None,
    /// Those of the page and of its handshake that a browser would send.
    AsBrowser,
    /// All of these, whatever their attributes say.
    All,
}

impl Cookies {
    /// The value of the header.
    fn of(self, jar: &Jar, to: &Target) -> Option<String> {
        match self {
            Self::None => None,
            Self::AsBrowser => jar.header(to),
            Self::All => jar.regardless(),
        }
    }
}

/// Requests on one session over fresh connections: without cookies; if that failed, with those that a browser sends; and if that failed, too,
/// with those that it keeps back, to see whether they would have helped.
pub(crate) async fn sticky(context: &Context, handshake: &Handshake) -> Sticky {
    let target = context.engine(EngineTransport::Polling, None);
    let mut jar = context.cookies.clone();
    jar.take(&target, &handshake.exchange.headers);
    let has_cookie = jar.header(&target).is_some();
    let alone = if has_cookie { SESSIONS_BESIDE_A_COOKIE } else { SESSIONS };
    let ways = [
        (Cookies::None, true, alone),
        (Cookies::AsBrowser, has_cookie, SESSIONS),
        (Cookies::All, jar.withholds(&target), SESSIONS),
    ];
    let mut rounds: Vec<Round> = Vec::new();
    for (cookies, differs, sessions) in ways {
        if differs && rounds.iter().all(|round| round.good < round.requests) {
            rounds.push(round(context, cookies, sessions).await);
        }
    }
    Sticky { rounds, crowded: Vec::new() }
}

/// Sessions side by side, each with a packet and a poll: on a slow line, one after the other would take longer than a session
/// lives whose pings nobody answers. Each waits longer than the one before after its handshake, and lets so many more requests pass: in
/// lockstep, with as many flows side by side as there are servers that take turns, each would always meet its own.
async fn round(context: &Context, cookies: Cookies, sessions: u32) -> Round {
    let sessions = join_all((0..sessions).map(|at| session(context, cookies, STAGGER * at))).await;
    let mut round =
        Round { cookies: cookies != Cookies::None, withheld: cookies == Cookies::All, ..Round::default() };
    for (exchange, is_good) in sessions.into_iter().flatten() {
        round.requests += 1;
        if round.slowest.as_ref().is_none_or(|slowest| slowest.head_ms < exchange.head_ms) {
            round.slowest = Some(exchange.clone());
        }
        if is_good {
            round.good += 1;
            continue;
        }
        round.posts_failed += usize::from(exchange.method == Method::POST.as_str());
        let is_unknown =
            |exchange: &Exchange| classify(exchange) == Class::Engine(EngineError::UnknownSession);
        round.unknown += usize::from(is_unknown(&exchange));
        let says_more = |earlier: &Exchange| is_unknown(earlier) && !is_unknown(&exchange);
        if round.failed.as_ref().is_none_or(says_more) {
            round.failed = Some(exchange);
        }
    }
    round
}

/// One session: what came of its packet and its poll, or of its handshake if that opened none; each with whether it is as it
/// should be.
async fn session(context: &Context, which: Cookies, wait: Duration) -> Vec<(Exchange, bool)> {
    let (connector, gate) = (&context.connector, context.connector.gate());
    let place = connector.enter().await;
    let polling = context.engine(EngineTransport::Polling, None);
    let mut request = Request::get(polling.clone(), context.limit());
    let mut jar = context.cookies.clone();
    if let Some(cookie) = which.of(&jar, &polling) {
        request = request.with("cookie", cookie);
    }
    let (handshake, body) = http::fetch_at(connector, place.clone(), request).await;
    let Ok(open) = opening(&handshake, &body) else { return vec![(handshake, false)] };
    sleep(wait).await;
    let target = context.engine(EngineTransport::Polling, Some(&open));
    jar.take(&polling, &handshake.headers);
    let cookie = which.of(&jar, &target);
    let ask = async |mut request: Request| {
        if let Some(cookie) = &cookie {
            request = request.with("cookie", cookie.clone());
        }
        let (exchange, _) = http::fetch_at(connector, gate.enter_next(&place).await, request).await;
        // A poll that opens a session anew was not in ours.
        let is_good = exchange.is(200) && !exchange.body.starts_with("0{");
        (exchange, is_good)
    };
    let post = ask(Request::post(target.clone(), engineio::join(NOWHERE, None), context.limit())).await;
    // What a node that has no such packet would answer only at the next ping is not asked for.
    if !post.1 {
        return vec![post];
    }
    let get = ask(Request::get(target, context.limit())).await;
    vec![post, get]
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
