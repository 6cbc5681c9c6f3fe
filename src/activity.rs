//! [`Activity`]: what the workers are busy with at this moment, for whoever asks why nothing goes on.

use std::{
    fmt,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use pin_project_lite::pin_project;

/// What is being worked on. Cheap to clone; as long as the number of workers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Activity(Arc<Mutex<Vec<Task>>>);

/// One worker's work, from when a future is polled to when it waits again.
#[derive(Debug)]
struct Task {
    id: u64,
    what: Arc<str>,
    since: Instant,
}

pin_project! {
    /// See [`Activity::during`]. An `async fn` would hold the future twice: once as it was given, once as it runs.
    pub(crate) struct During<F> {
        #[pin]
        future: F,
        what: Arc<str>,
        activity: Activity,
    }
}

impl<F: Future> Future for During<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _busy = this.activity.begin(Arc::clone(this.what));
        this.future.poll(cx)
    }
}

impl Activity {
    /// Runs a future, and says what it is while a worker is busy with it; not while it waits.
    pub(crate) fn during<F: Future>(&self, what: Arc<str>, future: F) -> During<F> {
        During { future, what, activity: self.clone() }
    }

    /// A worker begins to do something, and has done it when this is dropped.
    fn begin(&self, what: Arc<str>) -> Busy<'_> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        self.tasks().push(Task { id, what, since: Instant::now() });
        Busy { activity: self, id }
    }

    /// What workers have been busy with for at least so long, the longest first.
    pub(crate) fn longer_than(&self, least: Duration, now: Instant) -> Vec<LongTask> {
        let tasks = self.tasks();
        let lasting = tasks.iter().map(|task| LongTask {
            what: Arc::clone(&task.what),
            lasts: now.saturating_duration_since(task.since),
        });
        let mut long: Vec<_> = lasting.filter(|task| task.lasts >= least).collect();
        long.sort_by_key(|task| std::cmp::Reverse(task.lasts));
        long
    }

    fn tasks(&self) -> MutexGuard<'_, Vec<Task>> {
        // A panic of another thread leaves nothing half done here.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Busy<'a> {
    activity: &'a Activity,
    id: u64,
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.activity.tasks().retain(|task| task.id != self.id);
    }
}

/// Something that keeps a worker busy for long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LongTask {
    what: Arc<str>,
    lasts: Duration,
}

impl fmt::Display for LongTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} for {:.1} s", self.what, self.lasts.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;

    #[tokio::test]
    async fn what_runs_is_named_and_what_waits_is_not() {
        let activity = Activity::default();
        let now = || activity.longer_than(Duration::ZERO, Instant::now());
        let (resume, waits) = tokio::sync::oneshot::channel();
        let mut task = pin!(activity.during("a request".into(), async {
            assert_eq!(now().len(), 1);
            waits.await.unwrap();
            assert_eq!(&*now()[0].what, "a request");
        }));
        assert!(futures_util::poll!(task.as_mut()).is_pending());
        assert_eq!(now(), []);
        resume.send(()).unwrap();
        task.await;
        assert_eq!(now(), []);
    }

    #[test]
    fn the_longest_comes_first() {
        let activity = Activity::default();
        let _first = activity.begin("first".into());
        let _second = activity.begin("second".into());
        let later = Instant::now() + Duration::from_secs(3);
        let long = activity.longer_than(Duration::from_secs(3), later);
        let names: Vec<_> = long.iter().map(|task| &*task.what).collect();
        assert_eq!(names, ["first", "second"]);
        assert_eq!(long[0].to_string(), "first for 3.0 s");
        assert!(activity.longer_than(Duration::from_secs(4), later).is_empty());
    }
}
