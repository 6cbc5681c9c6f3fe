//! What `benches/own.rs` measures, as far as no other crate needs it: the way of a stanza from the text to a sink.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use crate::{
    conductor::{Conductor, Notice, ReaderSink, ReadingGuard, SLOT, SendOutcome},
    hosting::prefix::Prefix,
    poem::Poem,
    reading::ResumeRequest,
    server::{
        encoded_poem::EncodedPoem,
        request_prefix::{PrefixRules, Route, route},
    },
};

/// Encodes a poem for all transports.
pub fn encode(poem: &Poem) -> impl Sized + use<> {
    EncodedPoem::new(poem, 2000, String::new())
}

/// Divides paths as behind a proxy that is configured with this prefix, or, without one, as behind iisnode. Returns how long the
/// prefix of a path is, in bytes.
pub fn prefix(configured: Option<&str>) -> impl Fn(&str) -> Option<usize> {
    let learn = configured.is_none();
    let configured = configured.map_or(Prefix::ROOT, |text| Prefix::parse(text).expect("a good prefix"));
    move |path| {
        let rules = PrefixRules { told: None, configured: &configured, learn, fold_case: learn };
        match route(path, &rules) {
            Route::In(range) => Some(range.start),
            Route::AddSlash => None,
        }
    }
}

/// Readings that send to nobody, spread evenly over the interval.
pub struct Readings {
    sent: Arc<AtomicUsize>,
    _conductor: Conductor,
    _guards: Vec<ReadingGuard>,
}

/// A sink that only counts.
struct Counter(Arc<AtomicUsize>);

impl ReaderSink for Counter {
    fn send(&mut self, _index: usize) -> SendOutcome {
        self.0.fetch_add(1, Ordering::Relaxed);
        SendOutcome::Sent
    }

    fn tell(&mut self, _notice: &Notice) -> SendOutcome {
        SendOutcome::Sent
    }

    fn finish(&mut self) -> SendOutcome {
        SendOutcome::Sent
    }
}

impl Readings {
    /// Starts so many readings of a poem, on a runtime whose time is paused.
    pub async fn start(count: usize, interval: Duration, poem: &Poem) -> Self {
        let (conductor, work) = Conductor::new(interval);
        tokio::spawn(work);
        let sent = Arc::new(AtomicUsize::new(0));
        let slots =
            usize::try_from(interval.as_millis() / SLOT.as_millis()).expect("an interval of some seconds");
        let mut guards = Vec::with_capacity(count);
        for place in 0..count {
            if place % count.div_ceil(slots) == 0 {
                tokio::time::sleep(SLOT).await;
            }
            let reading = ResumeRequest::default().start(poem).expect("a reading from the start");
            guards.push(conductor.join(reading, Counter(Arc::clone(&sent))));
        }
        Self { sent, _conductor: conductor, _guards: guards }
    }

    /// How many stanzas were sent.
    pub fn sent(&self) -> usize {
        self.sent.load(Ordering::Relaxed)
    }
}
