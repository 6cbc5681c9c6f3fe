//! Orders of a room's conductor: events of Socket.IO, and `POST room/NAME` for all other clients.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Json,
    body::{Body, to_bytes},
    extract::{Path, State},
    http::{Extensions, HeaderMap, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use socketioxide::extract::{AckSender, SocketRef, TryData};
use tokio::time::timeout;

use super::{
    refusal::{NoOrder, NoReading},
    show_token,
};
use crate::{
    contract::events,
    reading::{ResumeError, bad_token},
    room::{Baton, BatonError, Room, RoomName, RoomStatus, Token},
    server::app::App,
};

/// The longest body of an order, in bytes.
const LONGEST_ORDER: usize = 1024;

/// How long it may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a jump to nowhere gets on Socket.IO.
const BAD_JUMP: &str = "bad-jump: jump takes the index of a stanza, a whole number";

/// What is ordered without a token.
const NO_TOKEN: &str =
    "not-the-conductor: show the room's token first: in auth.conduct, or by the event conduct";

/// An order in a body.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
enum Order {
    Hold,
    GoOn,
    Jump {
        to: usize,
    },
    /// Only shows the token: who has it learns whether it conducts, and changes nothing.
    Look,
}

impl Order {
    fn baton(self) -> Option<Baton> {
        match self {
            Self::Hold => Some(Baton::Hold),
            Self::GoOn => Some(Baton::GoOn),
            Self::Jump { to } => Some(Baton::Jump(to)),
            Self::Look => None,
        }
    }
}

/// `POST room/NAME` with `Authorization: Bearer TOKEN` and an order; answers with what is told of the room. It opens a room that is not
/// there, so that one can be prepared before its readers come.
pub(crate) async fn order(
    State(app): State<App>,
    Path(name): Path<String>,
    extensions: Extensions,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    match follow(&app, &name, &extensions, &headers, body).await {
        Ok(status) => (no_store, Json(status)).into_response(),
        Err(refusal) => (no_store, refusal).into_response(),
    }
}

async fn follow(
    app: &App,
    name: &str,
    extensions: &Extensions,
    headers: &HeaderMap,
    body: Body,
) -> Result<RoomStatus, NoOrder> {
    let name = RoomName::parse(name).ok_or_else(|| ResumeError::bad_room(name))?;
    let token = bearer(headers)?;
    let body = timeout(PATIENCE, to_bytes(body, LONGEST_ORDER)).await.map_err(|_| NoOrder::Slow)?;
    let order = body.ok().and_then(|body| read_order(&body)).ok_or(NoOrder::Shape)?;
    let room = app.rooms.open(&name).map_err(NoReading::from)?;
    show_token(app, &room, &token, extensions, headers)?;
    match order.baton() {
        Some(baton) => Ok(conduct(app, &room, baton).await?),
        None => Ok(room.status()),
    }
}

/// Reads a body. An array would do for serde, too.
fn read_order(body: &[u8]) -> Option<Order> {
    let object: Map<String, Value> = serde_json::from_slice(body).ok()?;
    serde_json::from_value(object.into()).ok()
}

/// The token of a request (RFC 6750, 2.1).
fn bearer(headers: &HeaderMap) -> Result<Token, NoOrder> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = value.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    Ok(Token::parse(token.ok_or(NoOrder::NoToken)?).ok_or_else(bad_token)?)
}

async fn conduct(app: &App, room: &Arc<Room>, order: Baton) -> Result<RoomStatus, BatonError> {
    let status = room.follow(order)?;
    app.conductor.look(room);
    app.rooms.until_told().await;
    Ok(status)
}

/// What an order's acknowledgement says.
#[derive(Serialize)]
#[serde(untagged)]
enum Reply {
    Done(RoomStatus),
    Refused { error: String },
}

impl<E: ToString> From<Result<RoomStatus, E>> for Reply {
    fn from(outcome: Result<RoomStatus, E>) -> Self {
        match outcome {
            Ok(status) => Self::Done(status),
            Err(error) => Self::Refused { error: error.to_string() },
        }
    }
}

/// Follows the orders of a reader over Socket.IO in its room, once it has shown the room's token. Each is acknowledged with what is told
/// of the room, or `{error}`.
pub(crate) fn listen(socket: &SocketRef, app: &App, room: &Arc<Room>, shown: Option<Token>) {
    let shown = Shown(Arc::new(Mutex::new(shown)));
    let hears = |order: fn(Option<u64>) -> Option<Baton>| {
        let (app, room, shown) = (app.clone(), Arc::clone(room), shown.clone());
        async move |_: SocketRef, data: TryData<Value>, ack: AckSender| {
            let reply = match order(data.0.ok().and_then(|data| data.as_u64())) {
                _ if !shown.conducts(&room) => Reply::from(Err(NO_TOKEN)),
                None => Reply::from(Err(BAD_JUMP)),
                Some(order) => Reply::from(conduct(&app, &room, order).await),
            };
            // Whoever asked for no acknowledgement gets none.
            let _ = ack.send(&reply);
        }
    };
    socket.on(events::HOLD, hears(|_| Some(Baton::Hold)));
    socket.on(events::GO_ON, hears(|_| Some(Baton::GoOn)));
    // One that is too large for this machine is too large for the poem.
    socket.on(events::JUMP, hears(|to| to.map(|to| Baton::Jump(usize::try_from(to).unwrap_or(usize::MAX)))));
    let (app, room) = (app.clone(), Arc::clone(room));
    socket.on(events::CONDUCT, async move |socket: SocketRef, data: TryData<Value>, ack: AckSender| {
        let token = data.0.ok().and_then(|data| data.as_str().and_then(Token::parse));
        let outcome = token.ok_or_else(|| NoReading::from(bad_token())).and_then(|token| {
            let parts = socket.req_parts();
            show_token(&app, &room, &token, &parts.extensions, &parts.headers)?;
            shown.set(token);
            Ok(())
        });
        let _ = ack.send(&Reply::from(outcome.map(|()| room.status())));
    });
}

/// The token that a reader has shown. Whether it is the room's is asked at each order: where nodes did not hear each other, another one may
/// have been shown first.
#[derive(Clone)]
struct Shown(Arc<Mutex<Option<Token>>>);

impl Shown {
    fn conducts(&self, room: &Room) -> bool {
        let token = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        token.as_ref().is_some_and(|token| room.is_conducted_by(token))
    }

    fn set(&self, token: Token) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders() {
        let read = |text: &str| read_order(text.as_bytes()).map(Order::baton);
        assert_eq!(read(r#"{"do":"hold"}"#), Some(Some(Baton::Hold)));
        assert_eq!(read(r#"{"do":"go-on"}"#), Some(Some(Baton::GoOn)));
        assert_eq!(read(r#"{"do":"jump","to":7}"#), Some(Some(Baton::Jump(7))));
        assert_eq!(read(r#"{"do":"look"}"#), Some(None));
        for bad in
            ["", "{}", r#"{"do":"stop"}"#, r#"{"do":"jump"}"#, r#"{"do":"jump","to":-1}"#, r#"["hold"]"#]
        {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
