//! [`App`]: what all requests share.

use std::{sync::Arc, time::Duration};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    admission::Admission,
    audience::{Audience, Listener, Seat},
    drain::Drain,
    encoded_poem::EncodedPoem,
    engineio,
    health::Readiness,
    metrics::Refusals,
    reader::Readers,
    room::{self, Attempts, SharedRooms},
};
use crate::{
    activity::Activity,
    conductor::Conductor,
    config::Config,
    fleet::{Fleet, Link, LinkError, RedisUrl},
    hosting::{Hosting, fault::log::FaultLog},
    memory,
    origins::Origins,
    poem::Poem,
    reading::Reading,
    room::Rooms,
    supervisor::Supervised,
};

/// Everything that requests share; cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    inner: Arc<Inner>,
}

/// The shared state; private to the server.
#[derive(Debug)]
pub struct Inner {
    pub(super) poem: Poem,
    /// The time between two stanzas.
    interval: Duration,
    pub(super) encoded: Arc<EncodedPoem>,
    pub(super) conductor: Conductor,
    /// What the workers do, to explain why nothing moves.
    pub(super) activity: Activity,
    pub(super) readers: Readers,
    pub(super) rooms: Rooms,
    /// Wrong tokens for rooms.
    pub(super) attempts: Attempts,
    pub(super) admission: Admission,
    /// Who is told what beside the poem.
    audience: Audience,
    /// The other nodes.
    pub(super) fleet: Fleet,
    pub(super) hosting: Hosting,
    pub(super) faults: Arc<FaultLog>,
    /// Requests that were refused for other reasons.
    pub(super) refusals: Refusals,
    /// Whether new readers had better go elsewhere.
    pub(super) readiness: Readiness,
    /// Whether the readers' endpoint has the metrics, too.
    pub(super) public_metrics: bool,
    pub(super) engine: engineio::Settings,
    pub(super) trust_forwarded: bool,
    pub(super) origins: Origins,
    pub(super) drain: Drain,
    pub(super) grace: Duration,
    /// Cancelled when the server should stop.
    pub(super) stop: CancellationToken,
    #[cfg(debug_assertions)]
    pub(super) test_routes: bool,
    /// Connections that run in tasks of their own, outside of axum.
    pub(super) tracker: TaskTracker,
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}

impl App {
    /// Prepares to serve a poem, and starts the conductor; must be called within a tokio runtime.
    pub fn new(poem: Poem, config: &Config) -> Self {
        let (conductor, work) = Conductor::new(config.interval);
        let (stop, activity) = (CancellationToken::new(), Activity::default());
        let work = activity.during("the conductor".into(), work);
        tokio::spawn(stop.clone().run_until_cancelled_owned(work));
        let readiness = Readiness::default();
        let readers = Readers::new(readiness.clone());
        let trims = memory::give_back_after({
            let readers = readers.clone();
            move || readers.count()
        });
        tokio::spawn(stop.clone().run_until_cancelled_owned(trims));
        let (rooms, changes) = Rooms::new(poem.len(), config.interval);
        let news = room::tell_news(changes, conductor.clone());
        tokio::spawn(stop.clone().run_until_cancelled_owned(news));
        let (fleet, audience) = (Fleet::new(node_name()), Audience::default());
        let attending = audience.clone().attend(fleet.clone(), {
            let readers = readers.clone();
            move || readers.count()
        });
        tokio::spawn(stop.clone().run_until_cancelled_owned(attending));
        let interval_ms = u64::try_from(config.interval.as_millis()).unwrap_or(u64::MAX);
        Self {
            inner: Arc::new(Inner {
                encoded: Arc::new(EncodedPoem::new(&poem, interval_ms, fleet.node().to_owned())),
                poem,
                interval: config.interval,
                conductor,
                activity,
                readers,
                rooms,
                attempts: Attempts::default(),
                audience,
                fleet,
                admission: Admission::new(config.reader_limits().0),
                hosting: config.hosting.clone(),
                faults: Arc::default(),
                refusals: Refusals::default(),
                readiness,
                public_metrics: config.metrics.is_none(),
                engine: engineio::Settings {
                    transports: config.transports.clone(),
                    versions: config.engine_versions,
                    polling_duration: config.polling_duration,
                    trust_forwarded: config.trust_forwarded,
                },
                trust_forwarded: config.trust_forwarded,
                origins: config.origins.clone(),
                drain: Drain::new(config.drain, &stop),
                grace: config.grace,
                stop,
                #[cfg(debug_assertions)]
                test_routes: config.test_routes,
                tracker: TaskTracker::new(),
            }),
        }
    }

    /// Makes this node one of those that meet in this Redis.
    ///
    /// # Errors
    /// When Redis cannot be reached or does not let us in. If it is lost later, it is sought again.
    pub(crate) async fn join_fleet(&self, url: &RedisUrl) -> Result<(), LinkError> {
        let rooms = SharedRooms::new(self.rooms.clone(), self.conductor.clone(), &self.poem, self.interval);
        let looking = rooms.clone().look_again();
        let link = Link::connect(self.fleet.clone(), rooms, url).await?;
        tokio::spawn(self.stop.clone().run_until_cancelled_owned(looking));
        let (readers, audience) = (self.readers.clone(), self.audience.clone());
        let announced = move |announcement| audience.announce(&announcement);
        // The server's end waits for its last word.
        self.tracker.spawn(link.run(move || readers.count(), announced, self.stop.clone()));
        Ok(())
    }

    /// A seat in the audience for a reader, if there can be anything for it to hear.
    pub(super) fn seat<L: Listener>(&self, reading: &Reading, listener: impl FnOnce() -> L) -> Option<Seat> {
        let hears = reading.readers() || self.fleet.is_linked();
        hears.then(|| self.audience.join(listener(), reading.readers()))
    }

    /// What the supervisor watches.
    pub(crate) fn supervised(&self) -> Supervised {
        Supervised {
            stop: self.stop.clone(),
            drain: self.drain.longest(),
            grace: self.grace,
            pulse: self.conductor.pulse(),
            activity: self.activity.clone(),
        }
    }

    /// The poem that is served.
    pub(crate) fn poem(&self) -> &Poem {
        &self.poem
    }

    /// How many readers are connected.
    pub fn readers(&self) -> usize {
        self.readers.count()
    }
}

/// A random name that tells this process from others that serve the same readers; it reveals nothing about the machine.
fn node_name() -> String {
    use std::hash::{BuildHasher, RandomState};
    format!("{:08x}", RandomState::new().hash_one(std::process::id()) & 0xffff_ffff)
}
