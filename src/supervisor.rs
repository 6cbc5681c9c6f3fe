//! The one thread that no stuck worker can block. It receives the signals, ends the process when the grace period
//! is over, and logs when the conductor is late.
//!
//! It has its own runtime, so its clock and signals do not depend on the server's workers. It does not wait for the
//! log either: if whoever reads the log has stopped, every worker that writes to it is blocked.

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

/// How long the server may take to end by itself after the grace period.
const MARGIN: Duration = Duration::from_millis(500);

/// How long writing the last line to the log may take.
const LAST_LINE: Duration = Duration::from_millis(250);

/// The exit code of a process that did not end by itself.
const ENDED: i32 = 1;

/// When the conductor is late, the log names what workers have been doing for longer than this.
const LONG: Duration = Duration::from_secs(1);

/// What is watched.
#[derive(Debug, Clone)]
pub(crate) struct Supervised {
    /// Cancelled when the server should stop, whoever asked for it.
    pub(crate) stop: CancellationToken,
    /// How long it may take to let its readers go.
    pub(crate) drain: Duration,
    /// How long it may take to stop, after that.
    pub(crate) grace: Duration,
    /// The conductor's beat.
    pub(crate) pulse: Arc<Pulse>,
    /// What the workers do.
    pub(crate) activity: Activity,
}

/// Starts the thread. The returned future completes at the first signal to stop. At the second signal, or when the
/// grace period is over, the thread ends the process with exit code 1.
///
/// # Errors
/// When the system refuses signals or a thread.
pub(crate) fn start(supervised: Supervised) -> io::Result<impl Future<Output = ()> + Send> {
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
        // An error means that the host asked for the stop, which the server knows already.
        let _ = signalled.await;
    })
}

async fn supervise(supervised: Supervised, mut signals: Signals, asked: oneshot::Sender<()>) -> Infallible {
    let Supervised { stop, drain, grace, activity, .. } = &supervised;
    let (mut log, drain, grace) = (Aside::default(), *drain, *grace);
    let first = tokio::select! {
        signal = signals.next() => Some(signal),
        () = stop.cancelled() => None,
        never = watch(&supervised, &mut log) => match never {},
    };
    if first.is_some() {
        // An error means that the server has ended already, and so will the process.
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
        () = sleep(drain + grace + MARGIN) => {
            let busy = busy_with(activity);
            log.finish(move || error!(?grace, busy, "ended: the server did not stop within the grace period"));
        }
    }
    exit(ENDED)
}

/// Logs when the conductor is late.
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
                    warn!(late_ms = late.as_millis(), busy, "the conductor is late, so all readers wait");
                });
            }
            Some(Sighting::OnTime) => log.write(|| info!("the conductor is on time again")),
            None => {}
        }
    }
}

/// What keeps the workers busy, in words.
fn busy_with(activity: &Activity) -> String {
    let tasks: Vec<_> = activity.longer_than(LONG, Instant::now()).iter().map(ToString::to_string).collect();
    if tasks.is_empty() {
        // Tasks of the Socket.IO engine are not tracked, and an overloaded machine shows in no task.
        return "no HTTP request; perhaps a Socket.IO WebSocket, or the machine is overloaded".to_owned();
    }
    tasks.join("; ")
}

/// Writes to the log without waiting for it.
#[derive(Default)]
struct Aside {
    line: Option<JoinHandle<()>>,
}

impl Aside {
    /// Writes a line, or drops it if the previous one is still being written.
    fn write(&mut self, line: impl FnOnce() + Send + 'static) {
        if self.line.as_ref().is_none_or(JoinHandle::is_finished) {
            self.line = thread::Builder::new().name("log".to_owned()).spawn(line).ok();
        }
    }

    /// Writes the last line, and waits a moment for it.
    fn finish(&mut self, line: impl FnOnce() + Send + 'static) {
        let (written, wait) = mpsc::channel();
        // Even if the previous one is still being written.
        self.line = None;
        self.write(move || {
            line();
            // An error means that it took too long and nobody waits.
            let _ = written.send(());
        });
        // An error means too late, or no thread: the process ends all the same.
        let _ = wait.recv_timeout(LAST_LINE);
    }
}
