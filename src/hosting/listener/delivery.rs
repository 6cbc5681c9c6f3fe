//! [`Delivery`]: whether an answer was written. hyper lets go of a body as soon as it has it in its buffer, and tells nobody what became
//! of it; but a connection counts how often all was written ([`Socket::flushes`]), and a count that has not moved when hyper lets go of the connection says
//! that the answer was not.
//!
//! What was written may be lost as well, between here and the client. That nobody learns.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::Socket;

/// The count of flushes of an answer that hyper has not taken.
const NOT_TAKEN: usize = usize::MAX;

/// What to do if an answer is not written; goes with the response, as an extension.
#[derive(Clone)]
pub(crate) struct IfLost(Arc<dyn Fn() + Send + Sync>);

impl IfLost {
    pub(crate) fn new(tell: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }
}

impl fmt::Debug for IfLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IfLost")
    }
}

/// One answer, of whose loss somebody wants to know. It is dropped when its connection has something else to do, or has ended.
#[derive(Debug)]
pub(super) struct Delivery {
    if_lost: IfLost,
    socket: Arc<Socket>,
    /// How often the connection had been flushed before hyper took the body.
    flushes: AtomicUsize,
}

impl Delivery {
    pub(super) fn new(if_lost: IfLost, socket: Arc<Socket>) -> Self {
        Self { if_lost, socket, flushes: AtomicUsize::new(NOT_TAKEN) }
    }

    /// hyper is about to take the body, or a part of it.
    pub(super) fn is_taken(&self) {
        self.flushes.store(self.socket.flushes(), Ordering::Relaxed);
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        let flushes = self.flushes.load(Ordering::Relaxed);
        if flushes == NOT_TAKEN || flushes == self.socket.flushes() {
            (self.if_lost.0)();
        }
    }
}

/// The last answer of a connection, if somebody wants to know of its loss.
#[derive(Debug, Clone, Default)]
pub(super) struct LastDelivery(Arc<Mutex<Option<Arc<Delivery>>>>);

impl LastDelivery {
    /// The next answer: what was before it has been written.
    pub(super) fn is(&self, next: Option<Arc<Delivery>>) {
        // Nothing that holds it can panic.
        let before = std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), next);
        drop(before);
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::{future, pin::Pin, sync::atomic::AtomicBool};

    use tokio::{io::AsyncWrite, net::UnixStream};
    use tokio_util::sync::CancellationToken;

    use super::{
        super::{SharedSocket, Stream},
        *,
    };

    #[tokio::test]
    async fn an_answer_is_lost_unless_all_was_written_after_it_was_taken() {
        for (flushed_before, taken, flushed_after, is_lost) in [
            (false, false, false, true),
            (true, false, false, true),
            (true, true, false, true),
            (false, true, true, false),
            (true, true, true, false),
        ] {
            let (near, _far) = UnixStream::pair().unwrap();
            let socket = Arc::new(Socket::new(Stream::Local(near), CancellationToken::new()));
            let mut shared = SharedSocket(Arc::clone(&socket));
            let lost = Arc::<AtomicBool>::default();
            let if_lost = IfLost::new({
                let lost = Arc::clone(&lost);
                move || lost.store(true, Ordering::Relaxed)
            });
            let last = LastDelivery::default();
            let delivery = Arc::new(Delivery::new(if_lost, socket));
            last.is(Some(Arc::clone(&delivery)));
            let mut flush =
                async || future::poll_fn(|cx| Pin::new(&mut shared).poll_flush(cx)).await.unwrap();
            if flushed_before {
                flush().await;
            }
            if taken {
                delivery.is_taken();
            }
            drop(delivery);
            assert!(!lost.load(Ordering::Relaxed), "it may still be written");
            if flushed_after {
                flush().await;
            }
            last.is(None);
            assert_eq!(lost.load(Ordering::Relaxed), is_lost, "{flushed_before} {taken} {flushed_after}");
        }
    }
}
