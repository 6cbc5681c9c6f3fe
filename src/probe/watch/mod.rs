//! The watch: after a probe, streams are kept open and the host is looked at every few seconds, and what changes is told.
//!
//! | file | what it knows |
//! |---|---|
//! | `watched` | what there is to watch, by the probe at the beginning |
//! | `look` | one look at the host |
//! | `compare` | what a look changes, pure |
//! | `follow` | one stream that is kept open |
//! | `change` | a change, as it is told |
//! | `tally` | what all of it comes to, pure |

pub(crate) mod change;
mod compare;
mod follow;
mod look;
mod tally;
mod watched;

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use serde_json::{Value, json};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval, sleep, sleep_until, timeout_at},
};
use tokio_util::task::AbortOnDropHandle;

pub(crate) use self::watched::Watched;
pub use self::{change::Change, tally::Summary};
use self::{
    change::{ChangeKind, Found, span},
    compare::Known,
    follow::{Followed, News, follow},
    look::{Look, PageKind, look},
    tally::StreamTally,
};
use super::{
    ProbeEvent, client::connector::millis, context::Context, diagnose::Severity, document::Document,
};

/// How often the host is looked at; in a short watch, more often.
const EVERY: Duration = Duration::from_secs(5);
const LOOKS_AT_LEAST: u32 = 10;
const SHORTEST: Duration = Duration::from_millis(500);

/// How long after a doubtful look another one is had.
const AGAIN: Duration = Duration::from_millis(700);

/// How long the opening of the streams may take before the watch is said to begin.
const BEGIN: Duration = Duration::from_secs(10);

/// What happens to several streams within this time has one cause, and one line.
const TOGETHER: Duration = Duration::from_millis(500);

/// What is told while a host is watched.
pub enum WatchEvent<'a> {
    /// What the probe at the beginning tells.
    Probe(ProbeEvent<'a>),
    /// What it came to.
    Probed(&'a Document),
    /// The watch begins: for how long at most, how often the host is looked at, and which streams are kept open.
    Start(Duration, Duration, &'a [&'static str]),
    /// Something changed.
    Change(&'a Change),
    /// It is over.
    End(&'a Summary),
}

impl WatchEvent<'_> {
    /// As `--json` prints it; none for what only a report shows.
    pub(crate) fn as_json(&self) -> Option<Value> {
        let with_kind = |kind: &str, mut object: Value| {
            object["kind"] = kind.into();
            Some(object)
        };
        match self {
            Self::Probe(ProbeEvent::Start { url, started }) => {
                with_kind("start", json!({"url": url, "at": started, "dante": env!("CARGO_PKG_VERSION")}))
            }
            Self::Probe(ProbeEvent::Hop(_) | ProbeEvent::Progress(_)) => None,
            Self::Probed(document) => with_kind("probe", json!({"document": document})),
            Self::Start(time, every, streams) => {
                let (ms, every) = (time.as_millis() as u64, every.as_millis() as u64);
                with_kind("watch", json!({"ms": ms, "lookEveryMs": every, "streams": streams}))
            }
            Self::Change(change) => with_kind("change", json!(change)),
            Self::End(summary) => with_kind("end", json!(summary)),
        }
    }
}

/// A watch that is going on.
struct Watch<'a> {
    start: Instant,
    streams: Vec<StreamTally>,
    names: Vec<&'static str>,
    /// Why each stream could not be opened again, since it ended.
    refusals: Vec<Option<String>>,
    looks: (usize, usize),
    changes: usize,
    worst: Severity,
    report: &'a mut dyn FnMut(WatchEvent<'_>) -> std::io::Result<()>,
}

/// Watches what a probe has found for so long, or until something ends it; tells each change.
///
/// # Errors
/// When the report cannot be written.
pub(crate) async fn watch(
    watched: Watched,
    time: Duration,
    stop: impl Future<Output = ()>,
    report: &mut dyn FnMut(WatchEvent<'_>) -> std::io::Result<()>,
) -> std::io::Result<Summary> {
    let start = Instant::now();
    let Watched { context, followed, page, nodes, first, severity } = watched;
    let known = Known::new(&first, nodes);
    let every = (time / LOOKS_AT_LEAST).clamp(SHORTEST, EVERY);
    let names: Vec<_> = followed.iter().map(Followed::name).collect();
    // Each may need a second connection, where a poll and a packet go at once; and a look needs one.
    context.connector.gate().widen(followed.len() + 2);
    let (sender, mut news) = mpsc::channel(64);
    let _streams: Vec<_> = followed
        .into_iter()
        .enumerate()
        .map(|(number, what)| {
            let following = follow(context.clone(), what, number, sender.clone());
            AbortOnDropHandle::new(tokio::spawn(following))
        })
        .collect();
    let (looks_sender, mut looks) = mpsc::channel(4);
    let looking = look_again_and_again(context, page, known, every, looks_sender);
    let _looking = AbortOnDropHandle::new(tokio::spawn(looking));
    let end = sleep_until((start + time).into());
    tokio::pin!(end, stop);
    let begun = tokio::select! {
        begun = all_begun(&mut news, names.len()) => Some(begun),
        () = &mut stop => None,
    };
    report(WatchEvent::Start(time, every, &names))?;
    let mut watch = Watch {
        start,
        streams: names.iter().map(|name| StreamTally::new(name)).collect(),
        refusals: vec![None; names.len()],
        names,
        looks: (0, 0),
        changes: 0,
        worst: severity,
        report,
    };
    let mut goes_on = begun.is_some();
    watch.streams_changed(begun.unwrap_or_default())?;
    while goes_on {
        tokio::select! {
            () = &mut end => goes_on = false,
            () = &mut stop => goes_on = false,
            Some((number, first)) = news.recv() => {
                let mut together = vec![(number, first)];
                let until = tokio::time::Instant::now() + TOGETHER;
                while let Ok(Some(more)) = timeout_at(until, news.recv()).await {
                    together.push(more);
                }
                watch.streams_changed(together)?;
            }
            Some((is_good, found)) = looks.recv() => {
                watch.looks.0 += 1;
                watch.looks.1 += usize::from(is_good);
                for found in found {
                    watch.tell(found, Vec::new(), None)?;
                }
            }
        }
    }
    let summary = Summary::new(millis(start), &watch.streams, watch.looks, watch.changes, watch.worst);
    (watch.report)(WatchEvent::End(&summary))?;
    Ok(summary)
}

/// What came first of each stream, as far as it comes in time: whether it is open.
async fn all_begun(news: &mut mpsc::Receiver<(usize, News)>, count: usize) -> Vec<(usize, News)> {
    let until = tokio::time::Instant::now() + BEGIN;
    let mut begun: Vec<(usize, News)> = Vec::new();
    while (0..count).any(|number| !begun.iter().any(|(one, _)| *one == number)) {
        match timeout_at(until, news.recv()).await {
            Ok(Some(one)) => begun.push(one),
            Ok(None) | Err(_) => break,
        }
    }
    begun
}

/// Looks at the host every few seconds. What differs is looked at once more before it is told.
async fn look_again_and_again(
    context: Context,
    page: PageKind,
    mut known: Known,
    every: Duration,
    sender: mpsc::Sender<(bool, Vec<Found>)>,
) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let fresh = || Context { connector: Arc::new(context.connector.afresh()), ..context.clone() };
    loop {
        ticks.tick().await;
        let mut seen: Look = Box::pin(look(&fresh(), page)).await;
        let mut found = Vec::new();
        if known.is_doubtful(&seen) {
            sleep(AGAIN).await;
            let again = Box::pin(look(&fresh(), page)).await;
            found.extend(known.once(&seen, &again));
            seen = again;
        }
        found.extend(known.take(&seen));
        if sender.send((seen.is_good, found)).await.is_err() {
            return;
        }
    }
}

/// What happened to several streams at about the same time, and in the same words.
struct Together {
    kind: ChangeKind,
    words: String,
    /// Which streams, and for how long each was open, or gone, in milliseconds.
    streams: Vec<(usize, u64)>,
}

impl Watch<'_> {
    /// Takes what happened to streams at about the same time, and tells what is the same of several in one line.
    fn streams_changed(&mut self, news: Vec<(usize, News)>) -> std::io::Result<()> {
        let at_ms = millis(self.start);
        let mut lines: Vec<Together> = Vec::new();
        let mut add = |kind, words: String, number, ms| match lines
            .iter_mut()
            .find(|line| line.kind == kind && line.words == words)
        {
            Some(line) => line.streams.push((number, ms)),
            None => lines.push(Together { kind, words, streams: vec![(number, ms)] }),
        };
        for (number, what) in news {
            let stream = &mut self.streams[number];
            let refusal = &mut self.refusals[number];
            match what {
                News::Opened => {
                    let meanwhile = refusal.take();
                    if let Some(gap_ms) = stream.opened(at_ms) {
                        let meanwhile =
                            meanwhile.map(|why| format!("; meanwhile: {why}")).unwrap_or_default();
                        add(ChangeKind::Back, meanwhile, number, gap_ms);
                    }
                }
                News::Ended(lasted_ms, how) => {
                    stream.ended(at_ms, false);
                    add(ChangeKind::Cut, how, number, lasted_ms);
                }
                News::Complete => stream.ended(at_ms, true),
                News::Refused(why) => {
                    let is_new = !stream.was_open() && refusal.is_none();
                    if is_new {
                        add(ChangeKind::Refused, why.clone(), number, 0);
                    }
                    *refusal = Some(why);
                }
            }
        }
        for Together { kind, words, streams } in lines {
            let names: Vec<_> = streams.iter().map(|(number, _)| self.names[*number]).collect();
            let after_ms = streams.iter().map(|(_, ms)| *ms).max().filter(|_| kind != ChangeKind::Refused);
            let (names, after) = (names.join(", "), span(after_ms.unwrap_or_default()));
            let text = match kind {
                ChangeKind::Cut => format!("{names}: cut after {after}: {words}"),
                ChangeKind::Back => format!("{names}: open again after {after}{words}"),
                _ => format!("{names}: cannot be opened: {words}"),
            };
            let now = (kind != ChangeKind::Back).then_some(words);
            let found = Found { kind, severity: kind.severity(), before: None, now, text };
            let names = streams.iter().map(|(number, _)| self.names[*number].to_owned()).collect();
            self.tell(found, names, after_ms)?;
        }
        Ok(())
    }

    fn tell(&mut self, found: Found, streams: Vec<String>, after_ms: Option<u64>) -> std::io::Result<()> {
        let change = Change {
            change: found.kind,
            at_ms: millis(self.start),
            at: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            severity: found.severity,
            streams,
            before: found.before,
            now: found.now,
            after_ms,
            text: found.text,
        };
        self.changes += 1;
        self.worst = self.worst.max(change.severity);
        (self.report)(WatchEvent::Change(&change))
    }
}
