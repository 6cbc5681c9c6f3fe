//! An echo behind the host: how large messages and bodies may be, whether they come through at all in both directions, and
//! whether the host holds back what is sent slowly.
//!
//! | file | what it does |
//! |---|---|
//! | `grow` | sizes that grow until one fails, and what lies between |
//! | `messages` | WebSocket, up and down |
//! | `bodies` | POST |
//! | `events` | server-sent events |
//! | `pace` | what is sent slowly, both ways |

mod bodies;
mod events;
mod grow;
mod messages;
mod pace;

use crate::{
    contract::echo as contract,
    probe::{
        context::Context,
        evidence::{Echo, Exchange},
        target::Target,
    },
};

/// The largest message or body that is tried, in bytes, and the largest event: what all of them have together stays below
/// 64 MiB, and nobody sends larger events.
const LARGEST: u64 = contract::LONGEST_MESSAGE as u64;
const LARGEST_EVENT: u64 = 1024 * 1024;

/// Looks at an echo, of which this was the first answer. What is timed comes first, and by itself: large messages on a slow
/// line would make it late.
pub(crate) async fn look(context: &Context, exchange: Exchange) -> Echo {
    let (upload, stream) = tokio::join!(Box::pin(pace::upload(context)), Box::pin(pace::stream(context)));
    let (up, down, bodies, events) = tokio::join!(
        Box::pin(messages::up(context, LARGEST)),
        Box::pin(messages::down(context, LARGEST)),
        Box::pin(bodies::bodies(context, LARGEST)),
        Box::pin(events::events(context, LARGEST_EVENT)),
    );
    Echo {
        exchange,
        up: Some(up),
        down: Some(down),
        bodies: Some(bodies),
        events: Some(events),
        upload: Some(upload),
        stream: Some(stream),
    }
}

/// What an echo has at its last segment, with this query.
fn at(context: &Context, segment: &str, query: &[(&str, &str)]) -> Target {
    context.below(&format!("/{segment}")).with_query(query.iter().copied())
}
