//! [`App`]: what all requests share.

use std::{sync::Arc, time::Duration};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{encoded_poem::EncodedPoem, engineio, reader::Readers};
use crate::{
    activity::Activity,
    conductor::Conductor,
    config::Config,
    hosting::{Hosting, fault::log::FaultLog},
    poem::Poem,
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
    pub(super) encoded: Arc<EncodedPoem>,
    pub(super) conductor: Conductor,
    /// What the workers do, to explain why nothing moves.
    pub(super) activity: Activity,
    pub(super) readers: Readers,
    pub(super) hosting: Hosting,
    pub(super) faults: Arc<FaultLog>,
    pub(super) engine: engineio::Settings,
    pub(super) trust_forwarded: bool,
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
        let work = {
            let activity = activity.clone();
            async move { activity.during("the conductor".into(), work).await }
        };
        tokio::spawn(stop.clone().run_until_cancelled_owned(work));
        let interval_ms = u64::try_from(config.interval.as_millis()).unwrap_or(u64::MAX);
        Self {
            inner: Arc::new(Inner {
                encoded: Arc::new(EncodedPoem::new(&poem, interval_ms, node_name())),
                poem,
                conductor,
                activity,
                readers: Readers::default(),
                hosting: config.hosting.clone(),
                faults: Arc::default(),
                engine: engineio::Settings {
                    transports: config.transports.clone(),
                    versions: config.engine_versions,
                    polling_duration: config.polling_duration,
                },
                trust_forwarded: config.trust_forwarded,
                grace: config.grace,
                stop,
                #[cfg(debug_assertions)]
                test_routes: config.test_routes,
                tracker: TaskTracker::new(),
            }),
        }
    }

    /// What the supervisor watches.
    pub(crate) fn supervised(&self) -> Supervised {
        Supervised {
            stop: self.stop.clone(),
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
