//! A stream that ended before its poem is listened to again: once as it was, and over WebSocket once more with the client
//! speaking now and then. What happens again at the same age has a cause; what does not was an accident. The second time
//! begins with a silence: a limit on the whole time cuts at the same age all the same, one on what flows or on a silence
//! so much later.

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
    let quiet = silence(transport, age);
    let span = Span { stanzas: FLOOD.0, time: age.mul_f64(1.2) + LONGER + quiet.unwrap_or_default() };
    let (silent, speaking) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let once_more = listen(context, transport, Asked { quiet, ..Asked::default() }, span, &silent);
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

/// A third of the age, in whole seconds; none where the age is too short for one, and for polls, which have no age.
fn silence(transport: Transport, age: Duration) -> Option<Duration> {
    let secs = age.as_secs_f64() / 3.0;
    let long_enough = age >= Duration::from_millis(1200) && transport != Transport::SocketIoPolling;
    long_enough.then(|| Duration::from_secs(secs.ceil() as u64))
}

/// At what age a stream ended that had begun, if it ended before its poem, and not because
/// others were open.
fn early_end(stream: &Stream) -> Option<Duration> {
    let ended = stream.ended.as_ref().filter(|_| !stream.complete && stream.alone.is_none())?;
    stream.opening.as_ref()?;
    Some(Duration::from_millis(ended.at_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silences() {
        let secs = |transport, ms| silence(transport, Duration::from_millis(ms)).map(|time| time.as_secs());
        assert_eq!(secs(Transport::Sse, 1_100), None);
        assert_eq!(secs(Transport::Sse, 1_300), Some(1));
        assert_eq!(secs(Transport::WebSocket, 8_000), Some(3));
        assert_eq!(secs(Transport::SocketIoPolling, 8_000), None);
    }
}
