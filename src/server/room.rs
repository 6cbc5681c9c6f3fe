//! Readings in rooms, on every transport: how they begin, what a room's readers are told, and how orders of its conductor come in.

mod attempts;
mod orders;
mod page;
mod refusal;
mod sharing;

use std::{sync::Arc, time::Duration};

use axum::http::{Extensions, HeaderMap};
use tokio::sync::mpsc;

pub(super) use attempts::Attempts;
pub(super) use orders::{listen, order};
pub(super) use page::{page, rooms_page};
pub(super) use refusal::NoReading;
pub(super) use sharing::SharedRooms;

use super::{app::App, encoded_poem::notice};
use crate::{
    conductor::Conductor,
    contract::events,
    reading::{Reading, ResumeRequest},
    room::{Room, Token},
};

/// The least time between two events `room`, which come to everybody there.
const NEWS_INTERVAL: Duration = Duration::from_secs(1);

/// So many rooms are told of at once; the others come right after.
const NEWS_AT_A_STRETCH: usize = 100;

/// Whether the reading that a request asks for can begin: alone, or in a room, which a token opens if there was none.
///
/// # Errors
/// When it cannot, or the client shows a token that is not the room's.
pub(super) fn check(
    app: &App,
    request: &ResumeRequest,
    extensions: &Extensions,
    headers: &HeaderMap,
) -> Result<(), NoReading> {
    let Some(name) = request.room()? else {
        request.start(&app.poem)?;
        return Ok(());
    };
    match request.token() {
        Some(token) => show_token(app, &*app.rooms.open(name)?, token, extensions, headers),
        None => Ok(app.rooms.check(name)?),
    }
}

/// Begins a reading that was checked. In a room its reader is counted from now on.
///
/// # Errors
/// When there is no longer room for its room.
pub(super) fn begin(app: &App, request: &ResumeRequest) -> Result<Reading, NoReading> {
    match request.room()? {
        None => Ok(request.start(&app.poem)?),
        Some(name) => Ok(request.start_in_room(app.rooms.enter(name)?, &app.poem)),
    }
}

/// Tells rooms' readers what has changed there, at most once a second.
pub(super) async fn tell_news(mut changed: mpsc::UnboundedReceiver<Arc<Room>>, conductor: Conductor) {
    let mut rooms = Vec::new();
    while changed.recv_many(&mut rooms, usize::MAX).await > 0 {
        for (count, room) in rooms.drain(..).enumerate() {
            conductor.tell(&room, notice(events::ROOM, &room.take_news()));
            if count % NEWS_AT_A_STRETCH == NEWS_AT_A_STRETCH - 1 {
                tokio::task::yield_now().await;
            }
        }
        tokio::time::sleep(NEWS_INTERVAL).await;
    }
}

/// Lets a client conduct a room with this token, or not.
fn show_token(
    app: &App,
    room: &Room,
    token: &Token,
    extensions: &Extensions,
    headers: &HeaderMap,
) -> Result<(), NoReading> {
    let address = super::forwarded::address(extensions, headers, app.trust_forwarded);
    let attempt = app.attempts.begin(room, address).ok_or(NoReading::TooManyAttempts)?;
    if room.is_conducted_by(token) {
        return Ok(());
    }
    attempt.fail();
    Err(NoReading::NotTheConductor)
}
