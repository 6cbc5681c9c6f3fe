//! A load from its first reader to its report: all join, then it is measured for so long, then all leave.

use std::{
    io::{self, Write},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::{Duration, Instant},
};

use super::{
    conversation::Site,
    crew::{Crew, Happening},
    engine::{Command, News},
    limits,
    live::Live,
    measure::{Counts, Measures},
    outcome::{Outcome, ServerUse},
    plan::Plan,
    report::{self, View},
    share::Share,
    target::TargetError,
    usage::Usage,
};
use crate::{output::has_no_reader, signals::Signals};

/// How long engines may take to end.
const LAST_NEWS: Duration = Duration::from_secs(20);

/// How often what is shown is looked at while nothing happens.
const TURN: Duration = Duration::from_millis(200);

/// How often programs are told how far it is.
const TELL: Duration = Duration::from_secs(1);

/// Why a load could not be made.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It was asked for wrongly; nothing was done.
    #[error("{0}")]
    Usage(String),
    /// It failed.
    #[error("{0}")]
    Failed(String),
}

impl From<TargetError> for LoadError {
    fn from(error: TargetError) -> Self {
        match error {
            TargetError::Abroad { .. } => Self::Usage(error.to_string()),
            TargetError::Unknown { .. } | TargetError::Closed { .. } => Self::Failed(error.to_string()),
        }
    }
}

/// Makes a load, and reports it on `out`. Returns the exit code: 0 if every reader got every stanza, else 1.
///
/// # Errors
/// When it cannot be made, or not be told.
pub fn run(plan: &Plan, view: View, out: &mut dyn Write) -> Result<u8, LoadError> {
    let most = limits::most_readers().map_err(LoadError::Failed)?;
    let address = plan.target.reach(plan.anywhere)?;
    let before = usage(plan).map_err(LoadError::Usage)?;
    let share = Share {
        site: Site {
            tls: plan.tls.clone(),
            authority: plan.target.authority.clone(),
            base: plan.target.base.clone(),
            subject: plan.subject.clone(),
        },
        address,
        first: 0,
        readers: plan.readers,
        of: plan.readers,
        ramp: plan.ramp,
        transports: plan.transports.clone(),
    };
    let most = [most, plan.per_process].into_iter().flatten().min().unwrap_or(plan.readers);
    let (tell, happenings) = channel();
    let signals = listen_for_signals(tell.clone())
        .map_err(|error| LoadError::Failed(format!("signals cannot be listened for: {error}")))?;
    let crew = Crew::start(share.divide(most), &tell)
        .map_err(|error| LoadError::Failed(format!("the readers' process cannot be started: {error}")))?;
    let mut load = Load::new(plan, view, crew, happenings, before);
    let result = load.go(out);
    load.crew.tell(Command::End);
    load.crew.join();
    signals.shutdown_background();
    let outcome = result?;
    unless_unread(report::print(plan, &outcome, view, out))?;
    Ok(u8::from(!outcome.is_good()))
}

/// Nobody has to read what is printed, but it must not be lost in another way.
fn unless_unread(printed: io::Result<()>) -> Result<(), LoadError> {
    match printed {
        Err(error) if !has_no_reader(&error) => {
            Err(LoadError::Failed(format!("the report cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// What the server uses; none unless its processes are known.
fn usage(plan: &Plan) -> Result<Option<Usage>, String> {
    let pids = &plan.server_pids;
    let named = || pids.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
    let usage = (!pids.is_empty()).then(|| Usage::of(pids)).transpose();
    usage.map_err(|error| {
        format!("--server-pid \"{}\": {error}; give the number of a running process", named())
    })
}

fn listen_for_signals(tell: std::sync::mpsc::Sender<Happening>) -> io::Result<tokio::runtime::Runtime> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let mut signals = {
        let _within = runtime.enter();
        Signals::new()?
    };
    runtime.spawn(async move {
        loop {
            let name = signals.next().await;
            if tell.send(Happening::Signal(name)).is_err() {
                return;
            }
        }
    });
    Ok(runtime)
}

/// Where a load is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Joining,
    /// Since then, until then.
    Measuring(Instant, Instant),
}

/// A load that is under way.
struct Load<'a> {
    plan: &'a Plan,
    live: Live,
    crew: Crew,
    happenings: Receiver<Happening>,
    /// What each engine has told last.
    counts: Vec<Counts>,
    start: Instant,
    joined_after: Option<Duration>,
    /// When programs are told next how far it is.
    next_word: Instant,
    before: Option<Usage>,
    joined: Option<Usage>,
}

impl<'a> Load<'a> {
    fn new(
        plan: &'a Plan,
        view: View,
        crew: Crew,
        happenings: Receiver<Happening>,
        before: Option<Usage>,
    ) -> Self {
        let counts = vec![Counts::default(); crew.len()];
        let live = Live::new(plan, view);
        Self {
            plan,
            live,
            crew,
            happenings,
            counts,
            start: Instant::now(),
            joined_after: None,
            next_word: Instant::now(),
            before,
            joined: None,
        }
    }

    /// Goes through all of it.
    fn go(&mut self, out: &mut dyn Write) -> Result<Outcome, LoadError> {
        let mut phase = Phase::Joining;
        let mut signal = None;
        loop {
            let now = Instant::now();
            let all = self.all();
            match phase {
                Phase::Joining if all.settled() >= u64::from(self.plan.readers) => {
                    if all.joined == 0 {
                        break;
                    }
                    self.joined_after = Some(now - self.start);
                    self.joined = usage(self.plan).ok().flatten();
                    self.crew.tell(Command::Begin);
                    self.say_joined(&all, out)?;
                    phase = Phase::Measuring(now, now + self.plan.duration);
                }
                Phase::Measuring(_, until) if now >= until => break,
                _ => {}
            }
            match self.happenings.recv_timeout(self.until_due(phase)) {
                Ok(Happening::News(number, News::Progress(counts))) => {
                    self.counts[number] = counts;
                    self.show(phase);
                    self.say_progress(out)?;
                }
                Ok(Happening::News(_, News::Hopeless(reason))) => {
                    let url = &self.plan.target.url;
                    return Err(LoadError::Failed(format!("no reader can join at {url}: {reason}")));
                }
                // Told before it was asked for: whoever asks next will miss it.
                Ok(Happening::News(_, News::Over(_))) | Err(RecvTimeoutError::Timeout) => {}
                Ok(Happening::Broken(number, reason)) => return Err(broken(number, &reason)),
                Ok(Happening::Signal(name)) => {
                    signal = Some(name);
                    break;
                }
                Err(RecvTimeoutError::Disconnected) => return Err(broken(0, "nothing is heard of it")),
            }
        }
        self.live.end();
        let now = Instant::now();
        let since = match phase {
            Phase::Joining => self.start,
            Phase::Measuring(since, _) => since,
        };
        let at_the_end = usage(self.plan).ok().flatten();
        let measures = self.end()?;
        let server = self.before.zip(at_the_end).map(|(before, end)| {
            let joined = self.joined.unwrap_or(before);
            ServerUse {
                cpu: end.cpu.saturating_sub(joined.cpu),
                before: before.resident,
                joined: joined.resident,
                end: end.resident,
            }
        });
        Ok(Outcome {
            measures,
            readers: self.plan.readers,
            joined_after: self.joined_after,
            time: now - since,
            signal,
            processes: self.crew.len(),
            server,
        })
    }

    fn all(&self) -> Counts {
        let mut all = Counts::default();
        for counts in &self.counts {
            all.add(counts);
        }
        all
    }

    fn until_due(&self, phase: Phase) -> Duration {
        match phase {
            Phase::Joining => TURN,
            Phase::Measuring(_, until) => until.saturating_duration_since(Instant::now()).min(TURN),
        }
    }

    fn show(&self, phase: Phase) {
        match phase {
            Phase::Joining => self.live.joining(&self.all()),
            Phase::Measuring(since, _) => self.live.measuring(&self.all(), since.elapsed()),
        }
    }

    fn say_joined(&self, all: &Counts, out: &mut dyn Write) -> Result<(), LoadError> {
        let Some(after) = self.joined_after.filter(|_| self.plan.json) else { return Ok(()) };
        unless_unread(report::print_joined(all.joined, after, out))
    }

    fn say_progress(&mut self, out: &mut dyn Write) -> Result<(), LoadError> {
        let now = Instant::now();
        if !self.plan.progress || now < self.next_word {
            return Ok(());
        }
        self.next_word = now + TELL;
        unless_unread(report::print_progress(&self.all(), out))
    }

    /// Ends all engines, and adds what they have seen.
    fn end(&mut self) -> Result<Measures, LoadError> {
        self.crew.tell(Command::End);
        let mut measures = Measures::default();
        let mut missing: Vec<bool> = vec![true; self.crew.len()];
        let deadline = Instant::now() + LAST_NEWS;
        while let Some(next) = missing.iter().position(|missing| *missing) {
            match self.happenings.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(Happening::News(number, News::Over(seen))) => {
                    missing[number] = false;
                    measures.add(*seen);
                }
                Ok(Happening::Broken(number, reason)) if missing[number] => {
                    return Err(broken(number, &reason));
                }
                Ok(_) => {}
                Err(_) => return Err(broken(next, "nothing is heard of it")),
            }
        }
        Ok(measures)
    }
}

fn broken(number: usize, reason: &str) -> LoadError {
    LoadError::Failed(format!("process {number} of the readers has failed: {reason}; try with fewer readers"))
}
