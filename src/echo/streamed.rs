//! [`streamed`]: a body that is written while it is sent.

use std::convert::Infallible;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    time::{Instant, sleep_until},
};

use super::{Echo, LONGEST, asked::Asked, message};

/// Where a body is written to.
pub(super) struct Writer {
    pieces: mpsc::Sender<Bytes>,
}

/// The reader has left.
pub(super) struct Gone;

impl Writer {
    /// Sends a piece, when the one before is on its way.
    ///
    /// # Errors
    /// When the client has left.
    pub(super) async fn write(&self, piece: impl Into<Bytes>) -> Result<(), Gone> {
        self.pieces.send(piece.into()).await.map_err(|_| Gone)
    }

    /// Sends the messages that were asked for, each in pieces between what stands before and after it.
    ///
    /// # Errors
    /// When the client has left.
    pub(super) async fn write_messages(
        &self,
        asked: Asked,
        before: impl Fn(u64) -> String,
        after: &'static str,
    ) -> Result<(), Gone> {
        let start = Instant::now();
        for (index, size) in (0..).zip(asked.sizes()) {
            // From the start, so that the pauses do not add up with what the sending takes.
            sleep_until(start + asked.every * u32::try_from(index).unwrap_or(u32::MAX)).await;
            let mut whole = before(index).into_bytes();
            let mut pieces = message::pieces(index, size).peekable();
            while let Some(piece) = pieces.next() {
                whole.extend_from_slice(&piece);
                if pieces.peek().is_none() {
                    whole.extend_from_slice(after.as_bytes());
                }
                // A small message is one piece, as an application would write it.
                self.write(std::mem::take(&mut whole)).await?;
            }
        }
        Ok(())
    }
}

/// A body that this task writes. It ends when the task does, at the shutdown, and after the longest time.
pub(super) fn streamed<F>(
    echo: &Echo,
    room: OwnedSemaphorePermit,
    task: impl FnOnce(Writer) -> F + Send + 'static,
) -> Body
where
    F: Future<Output = Result<(), Gone>> + Send,
{
    let (sender, receiver) = mpsc::channel(1);
    let stop = echo.stop.clone();
    echo.tracker.spawn(async move {
        let _room = room;
        tokio::select! {
            // Whether the client has left does not matter any more.
            _ = task(Writer { pieces: sender }) => {}
            () = stop.cancelled() => {}
            () = tokio::time::sleep(LONGEST) => {}
        }
    });
    Body::from_stream(stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|piece| (Ok::<_, Infallible>(piece), receiver))
    }))
}
