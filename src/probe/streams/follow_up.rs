//! A stream that ended before its poem is listened to again: once as it was, and over WebSocket once more with the client
//! speaking now and then. What happens again at the same age has a cause; what does not was an accident.

use std::{collections::BTreeMap, sync::atomic::AtomicUsize, time::Duration};

use futures_util::future::join_all;

use super::{Asked, FLOOD, Span, listen};
use crate::{
    probe::{context::Context, evidence::Stream},
    transport::Transport,
};

/// How much longer than the first time is listened, so that an end that comes again is not missed by a moment.
const LONGER: Duration = Duration::from_millis(1500);

/// How often a client speaks within the time after which it was cut.
const SAYINGS: u32 = 4;

/// Listens again to those that ended early, all at once, and adds what was seen.
pub(crate) async fn follow_up(context: &Context, streams: &mut BTreeMap<Transport, Stream>) {
    join_all(streams.iter_mut().map(|(transport, stream)| again(context, *transport, stream))).await;
}

async fn again(context: &Context, transport: Transport, stream: &mut Stream) {
    let Some(age) = early_end(stream) else { return };
    let span = Span { stanzas: FLOOD.0, time: age.mul_f64(1.2) + LONGER };
    let (silent, speaking) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let once_more = listen(context, transport, Asked::default(), span, &silent);
    let two_way = matches!(transport, Transport::SocketIoWebSocket | Transport::WebSocket);
    let speak = Some((age / SAYINGS).max(Duration::from_millis(100)));
    let with_words = async {
        if !two_way {
            return None;
        }
        let asked = Asked { speak, ..Asked::default() };
        Some(Box::new(listen(context, transport, asked, span, &speaking).await))
    };
    let (once_more, with_words) = tokio::join!(once_more, with_words);
    stream.again = Some(Box::new(once_more));
    stream.speaking = with_words;
}

/// At what age a stream ended that had begun, if it ended before its poem, and not because
/// others were open.
fn early_end(stream: &Stream) -> Option<Duration> {
    let ended = stream.ended.as_ref().filter(|_| !stream.complete && stream.alone.is_none())?;
    stream.opening.as_ref()?;
    Some(Duration::from_millis(ended.at_ms))
}
