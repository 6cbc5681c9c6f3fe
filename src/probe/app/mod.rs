//! Streams of applications that are not Dante: what is asked for, and what comes, as it comes. What they say, and how often, is not
//! known.
//!
//! | file | what it knows |
//! |---|---|
//! | `opening` | how a stream is opened |
//! | `source` | what comes out of an open one |
//! | `framing` | events in the bytes of a body, pure |
//! | `redirect` | where a browser goes on to, pure |
//! | `recognise` | what an answer shows itself to be, pure |
//! | `record` | what is kept of it |

mod framing;
mod opening;
pub(crate) mod recognise;
mod record;
pub(crate) mod redirect;
mod source;

use std::{
    pin::pin,
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use tokio::time::{timeout, timeout_at};

pub(crate) use self::opening::{Opened, open, others};
use self::{record::Record, source::Came};
use super::{
    client::connector::millis,
    context::Context,
    evidence::{AppStream, AppWay, Failure, FailureKind},
    subject::{Kind, Listening, Subject},
};

impl Subject {
    /// By which ways its stream can come.
    pub(crate) fn ways(&self) -> &'static [AppWay] {
        match self.kind() {
            Kind::Page | Kind::Echo => &[],
            Kind::Engine => &[AppWay::EngineWebSocket, AppWay::EnginePolling],
            Kind::WebSocket => &[AppWay::WebSocket],
            Kind::EventStream | Kind::Post => &[AppWay::Body],
        }
    }
}

/// Opens a stream, accepting compression or not, and listens to it; `count` tells others how many events have come.
pub(crate) async fn listen(
    context: &Context,
    subject: &Subject,
    way: AppWay,
    compressed: bool,
    listening: Listening,
    count: &AtomicUsize,
) -> AppStream {
    match open(context, subject, way, compressed).await {
        Ok(opened) => opened.listen(listening, count).await,
        Err(stream) => *stream,
    }
}

impl Opened {
    /// Reads an open stream, and keeps nothing of it, until it comes to its own end.
    ///
    /// # Errors
    /// With what ended it otherwise.
    pub(crate) async fn follow(mut self) -> Result<(), Failure> {
        let opened = Instant::now();
        loop {
            let failure = match self.source.next().await {
                Ok(Came::Piece(..) | Came::Life) => continue,
                Ok(Came::End(_)) => return Ok(()),
                Ok(Came::Refused(words)) => {
                    Failure::new(FailureKind::Other, format!("the namespace is refused: {words}"))
                }
                Err(failure) => failure,
            };
            let kind = failure.kind;
            return Err(Failure::new(kind, self.source.ended(failure, millis(opened), opened).how));
        }
    }

    /// Listens to an open stream; `count` tells others how many events have come.
    pub(crate) async fn listen(self, listening: Listening, count: &AtomicUsize) -> AppStream {
        let Self { mut source, stream, connector } = self;
        let opened = Instant::now();
        let mut last = opened;
        // Since the request was sent: waiting for a place among the connections is not the host's time.
        let began_ms = stream.exchange.sent_at_ms;
        let at_ms = || connector.now_ms().saturating_sub(began_ms);
        let mut record = Record::new(stream);
        // Until then it is not asked whether the stream flows; afterwards, whenever something comes.
        let glance = listening.flowing.map(|after| opened + after);
        let receiving = async {
            loop {
                let came = {
                    // A poll that is given up takes its session with it: it is waited for, whatever the time.
                    let mut next = pin!(source.next());
                    let early = match glance.filter(|at| *at > Instant::now()) {
                        Some(at) => timeout_at(at.into(), next.as_mut()).await,
                        None => Ok(next.as_mut().await),
                    };
                    match early {
                        Ok(came) => came?,
                        Err(_) if record.flows() => {
                            record.stream.enough = true;
                            return Ok(());
                        }
                        Err(_) => next.await?,
                    }
                };
                last = Instant::now();
                match came {
                    Came::Piece(bytes, events) => {
                        record.piece(at_ms(), bytes, &events, source.unfinished());
                    }
                    Came::Life => record.life(at_ms()),
                    Came::Refused(words) => {
                        record.stream.refused = Some(words);
                        return Ok::<(), Failure>(());
                    }
                    Came::End(how) => {
                        record.stream.complete = true;
                        record.stream.ended = Some(source.ended(how, millis(opened), last));
                        return Ok(());
                    }
                }
                count.store(record.stream.events.len(), Ordering::Relaxed);
                let flows = glance.is_some_and(|at| last >= at) && record.flows();
                if flows || record.is_enough(listening.expect) {
                    record.stream.enough = true;
                    return Ok(());
                }
            }
        };
        let result = timeout(listening.time, receiving).await;
        let mut stream = record.stream;
        stream.watched_ms = at_ms();
        stream.form = source.form();
        stream.inflated = source.inflated();
        stream.stray = source.stray().map(str::to_owned);
        if let Ok(Err(failure)) = result {
            match failure.kind {
                FailureKind::Garbage => stream.garbage = Some(failure.text),
                // What a message or an event may have has a limit here, too.
                FailureKind::TooLarge => stream.enough = true,
                _ => stream.ended = Some(source.ended(failure, millis(opened), last)),
            }
        }
        if stream.ended.is_none() {
            source.close().await;
        }
        stream
    }
}
