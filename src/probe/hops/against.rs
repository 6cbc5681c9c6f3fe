//! The same stream at its origin, or at one hop further in, read at the same time as the host's: what differs is the host's doing.

use std::sync::atomic::AtomicUsize;

use futures_util::future::join_all;

use crate::{
    contract::paths,
    probe::{
        app,
        client::gate::CONNECTIONS,
        context::Context,
        diagnose::against::differ,
        evidence::{Against, AppWay, Compared},
        subject::{Listening, Subject},
        target::Target,
    },
    transport::Transport,
};

/// A stream, and where it is at each place.
struct Wanted {
    subject: Subject,
    way: AppWay,
    places: Vec<Context>,
}

/// Reads the streams of an application at the host and at all other places, once more where they differ.
pub(crate) async fn of_app(
    context: &Context,
    subject: &Subject,
    others: &[Target],
    listening: Listening,
) -> Against {
    let places: Vec<_> =
        [context.clone()].into_iter().chain(others.iter().map(|other| at(context, other))).collect();
    let ways = subject.ways().iter();
    let wanted =
        ways.map(|way| Wanted { subject: subject.clone(), way: *way, places: places.clone() }).collect();
    read_all(wanted, urls(context, others), listening).await
}

/// The same for those of Dante's streams that are one answer or one WebSocket.
pub(crate) async fn of_dante(
    context: &Context,
    transports: &[Transport],
    others: &[Target],
    listening: Listening,
) -> Against {
    let pages: Vec<_> =
        [context.clone()].into_iter().chain(others.iter().map(|other| at(context, other))).collect();
    let wanted = transports.iter().filter_map(|transport| {
        let (subject, way, path) = match transport {
            Transport::Sse => (Subject::EventStream, AppWay::Body, paths::SSE),
            Transport::WebSocket => (Subject::WebSocket { send: None }, AppWay::WebSocket, paths::WEBSOCKET),
            Transport::SocketIoWebSocket | Transport::SocketIoPolling => return None,
        };
        let places = pages.iter().map(|page| Context { page: page.below(path), ..page.clone() }).collect();
        Some(Wanted { subject, way, places })
    });
    read_all(wanted.collect(), urls(context, others), listening).await
}

/// The same things at another place. An engine is where that place's path says, or at the host's path if it says nothing.
fn at(context: &Context, other: &Target) -> Context {
    let engine = if other.path == "/" { context.engine.clone() } else { other.path.clone() };
    Context { page: other.clone(), engine, ..context.clone() }
}

fn urls(context: &Context, others: &[Target]) -> Vec<String> {
    [&context.page].into_iter().chain(others).map(ToString::to_string).collect()
}

/// Reads all streams side by side, as far as the connections reach.
async fn read_all(wanted: Vec<Wanted>, urls: Vec<String>, listening: Listening) -> Against {
    // Who stops when enough has come sees less than the others.
    let listening = Listening { expect: None, flowing: None, ..listening };
    let connections: usize = wanted.iter().map(|one| one.places.len()).sum();
    let compared = if connections <= CONNECTIONS {
        join_all(wanted.iter().map(|one| Box::pin(read_twice(one, listening)))).await
    } else {
        let mut compared = Vec::new();
        for one in &wanted {
            compared.push(Box::pin(read_twice(one, listening)).await);
        }
        compared
    };
    Against { urls, compared }
}

async fn read_twice(wanted: &Wanted, listening: Listening) -> Compared {
    let first = read(wanted, listening).await;
    if !differ(&first) {
        return first;
    }
    let again = read(wanted, listening).await;
    Compared { again: Some(Box::new(again)), ..first }
}

async fn read(wanted: &Wanted, listening: Listening) -> Compared {
    let counts: Vec<_> = wanted.places.iter().map(|_| AtomicUsize::new(0)).collect();
    let streams = wanted.places.iter().zip(&counts).map(|(place, count)| {
        Box::pin(app::listen(place, &wanted.subject, wanted.way, true, listening, count))
    });
    Compared { way: wanted.way, streams: join_all(streams).await, again: None }
}
