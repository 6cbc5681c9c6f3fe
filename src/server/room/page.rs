//! The pages of rooms: one where a room is named or made, and the reading page of each room.

use askama::Template;
use axum::{
    extract::{Path, rejection::PathRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::{
    room::{LONGEST_NAME, RoomName},
    server::pages::{Layout, PageRequest, ReadingPage, render},
};

#[derive(Template)]
#[template(path = "rooms.html")]
struct RoomsPage<'a> {
    layout: Layout<'a>,
    longest: usize,
    /// Whether the address names a room that cannot be.
    refused: bool,
}

#[derive(Template)]
#[template(path = "room.html")]
struct RoomPage<'a> {
    layout: Layout<'a>,
    reading: ReadingPage<'a>,
}

/// `GET room/`: where a reader names a room to join it, or makes one to conduct.
pub(crate) async fn rooms_page(request: PageRequest) -> Response {
    ask(&request, false)
}

/// `GET room/NAME`: the reading page, together with all who read in this room. A name that is none is refused on the page that asks for
/// another one.
pub(crate) async fn page(name: Result<Path<String>, PathRejection>, request: PageRequest) -> Response {
    let Some(room) = name.ok().and_then(|Path(name)| RoomName::parse(&name)) else {
        return (StatusCode::BAD_REQUEST, ask(&request, true)).into_response();
    };
    let reading = ReadingPage::in_room(&request, room);
    render(&request, &RoomPage { layout: Layout::new(&request, "../"), reading })
}

fn ask(request: &PageRequest, refused: bool) -> Response {
    let layout = Layout::new(request, "../");
    render(request, &RoomsPage { layout, longest: LONGEST_NAME, refused })
}
