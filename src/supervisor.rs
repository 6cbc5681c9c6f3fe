//! The one thread that no stuck worker can hold up. It hears the signals, ends the process when the grace period
//! is over, and says when the conductor is late.
//!
//! Neither its clock nor its signals are those of the server's workers: it has a runtime of its own. And it does
//! not wait for the log, whose reader may have stopped, and with it every worker that writes.

use std::{
    convert::Infallible,
    io,
    process::exit,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use tokio::{
    sync::oneshot,
    time::{MissedTickBehavior, interval, sleep},
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::{
    activity::Activity,
    pulse::Pulse,
    signals::Signals,
    watchdog::{LOOK, Sighting, Watchdog},
};

/// How long the server has for its own end after the grace period, before it is ended.
const MARGIN: Duration = Duration::from_millis(500);

/// How long the last line may take into the log.
const LAST_LINE: Duration = Duration::from_millis(250);

/// The exit code of a process that did not end by itself.
const ENDED: i32 = 1;

/// What a worker does for longer than this is named when the conductor is late.
const LONG: Duration = Duration::from_secs(1);

/// What is watched.
#[derive(Debug, Clone)]
pub struct Supervised {
    /// Cancelled when the server is to stop, whoever asked for it.
    pub stop: CancellationToken,
    /// How long it may take to stop.
    pub grace: Duration,
    /// The conductor's beat.
    pub pulse: Arc<Pulse>,
    /// What the workers do.
    pub activity: Activity,
}

/// Starts the thread. What it returns completes at the first signal to stop. At the second, and when the grace
/// period is over, the process is ended with exit code 1.
///
/// # Errors
/// When the system refuses signals or a thread.
pub fn start(supervised: Supervised) -> io::Result<impl Future<Output = ()> + Send> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let signals = {
        let _entered = runtime.enter();
        Signals::new()?
    };
    let (asked, signalled) = oneshot::channel();
    thread::Builder::new()
        .name("supervisor".to_owned())
        .spawn(move || match runtime.block_on(supervise(supervised, signals, asked)) {})?;
    Ok(async {
        // Dropped unsent, it was the host that asked, and the server knows.
        let _ = signalled.await;
    })
}

async fn supervise(supervised: Supervised, mut signals: Signals, asked: oneshot::Sender<()>) -> Infallible {
    let Supervised { stop, grace, activity, .. } = &supervised;
    let (mut log, grace) = (Aside::default(), *grace);
    let first = tokio::select! {
        signal = signals.next() => Some(signal),
        () = stop.cancelled() => None,
        never = watch(&supervised, &mut log) => match never {},
    };
    if first.is_some() {
        // Where the server has ended already, so does the process.
        let _ = asked.send(());
    }
    let second = async {
        let first = match first {
            Some(signal) => signal,
            None => signals.next().await,
        };
        log.write(move || info!(signal = first, "stopping; a second signal ends at once"));
        signals.next().await
    };
    tokio::select! {
        signal = second => log.finish(move || warn!(signal, "ended by a second signal")),
        () = sleep(grace + MARGIN) => {
            let busy = busy_with(activity);
            log.finish(move || error!(?grace, busy, "ended: the server did not stop within the grace period"));
        }
    }
    exit(ENDED)
}

/// Says when the conductor is late.
async fn watch(Supervised { pulse, activity, .. }: &Supervised, log: &mut Aside) -> Infallible {
    let mut watchdog = Watchdog::new(Instant::now());
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let now = Instant::now();
        match watchdog.look(now, pulse.lateness(now)) {
            Some(Sighting::Late(late)) => {
                let busy = busy_with(activity);
                log.write(move || {
                    warn!(late_ms = late.as_millis(), busy, "the conductor is late, and all readers wait");
                });
            }
            Some(Sighting::OnTime) => log.write(|| info!("the conductor is on time again")),
            None => {}
        }
    }
}

/// What keeps the workers busy, for people.
fn busy_with(activity: &Activity) -> String {
    let tasks: Vec<_> = activity.longer_than(LONG, Instant::now()).iter().map(ToString::to_string).collect();
    if tasks.is_empty() {
        // The engine's tasks are its own, and an overloaded machine shows in none.
        return "no request; a WebSocket of Socket.IO may be, or the machine is".to_owned();
    }
    tasks.join("; ")
}

/// A log that is not waited for.
#[derive(Default)]
struct Aside {
    line: Option<JoinHandle<()>>,
}

impl Aside {
    /// Writes a line; left out while the one before it is not written.
    fn write(&mut self, line: impl FnOnce() + Send + 'static) {
        if self.line.as_ref().is_none_or(JoinHandle::is_finished) {
            self.line = thread::Builder::new().name("log".to_owned()).spawn(line).ok();
        }
    }

    /// Writes the last line, if it can be written soon.
    fn finish(&mut self, line: impl FnOnce() + Send + 'static) {
        let (written, wait) = mpsc::channel();
        // Even if the one before it is not written.
        self.line = None;
        self.write(move || {
            line();
            // Nobody waits any more if it took too long.
            let _ = written.send(());
        });
        // Too late, or no thread to be had: the end does not depend on it.
        let _ = wait.recv_timeout(LAST_LINE);
    }
}
