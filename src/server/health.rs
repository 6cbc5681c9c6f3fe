//! Whether this process lives, and whether it should get readers: `/health/live` and `/health/ready`, for whatever starts
//! processes again or divides requests among them. They are asked every few seconds, so they say nothing in the log.

use std::{
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use strum::VariantArray;
use tokio::time::sleep;

use super::app::App;
use crate::watchdog::{LATE, LOOK};

/// Why a process should get no new readers. To add a reason: a variant, its text, and [`Readiness::set`] where it begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray)]
pub(crate) enum NotReady {
    /// The stop has begun.
    Stopping,
}

impl NotReady {
    /// The reason in words.
    fn text(self) -> &'static str {
        match self {
            Self::Stopping => "the server is stopping",
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// The reasons that hold now; cheap to clone, and all clones are one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Readiness(Arc<AtomicU8>);

impl Readiness {
    /// A reason begins to hold, or ends.
    pub(crate) fn set(&self, why: NotReady, holds: bool) {
        if holds {
            self.0.fetch_or(why.bit(), Ordering::Relaxed);
        } else {
            self.0.fetch_and(!why.bit(), Ordering::Relaxed);
        }
    }

    /// Whether the stop has begun.
    pub(crate) fn is_stopping(&self) -> bool {
        self.holds(NotReady::Stopping)
    }

    fn holds(&self, why: NotReady) -> bool {
        self.0.load(Ordering::Relaxed) & why.bit() != 0
    }

    /// The texts of all that hold.
    fn texts(&self) -> impl Iterator<Item = String> {
        NotReady::VARIANTS.iter().filter(|why| self.holds(**why)).map(|why| why.text().to_owned())
    }
}

/// `GET health/live`: 503 if readers wait in vain, so that starting the process again would help.
pub(super) async fn live(State(app): State<App>) -> Response {
    answer("live", late(&app).await.into_iter(), None)
}

/// `GET health/ready`: 503 if readers had better be sent elsewhere. A lost Redis is told, but no reason: all nodes have lost it, and none
/// would be left for readers, who do not need it.
pub(super) async fn ready(State(app): State<App>) -> Response {
    let late = late(&app).await;
    let note = app.fleet.away().map(|(time, why)| {
        format!("Redis is away since {} s ({why}); readings go on, other nodes are not heard", time.as_secs())
    });
    answer("ready", app.readiness.texts().chain(late), note)
}

/// What is wrong with the conductor's beat, if anything. Once the server stops it beats no more, which is no fault.
async fn late(app: &App) -> Option<String> {
    let pulse = app.conductor.pulse();
    let late = lasting(|| pulse.lateness(Instant::now())).await.filter(|_| !app.readiness.is_stopping())?;
    Some(format!(
        "the conductor is late by {:.1} s, so all readers wait; the log says why",
        late.as_secs_f64()
    ))
}

/// How late the beat is, if it stays late. When a process or its machine has been asleep, everything is late until it has run once.
async fn lasting(lateness: impl Fn() -> Duration) -> Option<Duration> {
    let late = || Some(lateness()).filter(|late| *late > LATE);
    late()?;
    sleep(LOOK).await;
    late()
}

/// 200, or 503 with the reasons, a line for each; and a note that changes nothing.
fn answer(state: &str, reasons: impl Iterator<Item = String>, note: Option<String>) -> Response {
    let (mut status, mut text) = (StatusCode::OK, String::new());
    for reason in reasons {
        status = StatusCode::SERVICE_UNAVAILABLE;
        // Writing to a String cannot fail.
        let _ = writeln!(text, "not {state}: {reason}");
    }
    if text.is_empty() {
        text = format!("{state}\n");
    }
    if let Some(note) = note {
        let _ = writeln!(text, "note: {note}");
    }
    (status, [(header::CACHE_CONTROL, "no-store")], text).into_response()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn reasons_come_and_go() {
        let readiness = Readiness::default();
        assert_eq!(readiness.texts().count(), 0);
        readiness.clone().set(NotReady::Stopping, true);
        assert_eq!(readiness.texts().collect::<Vec<_>>(), ["the server is stopping"]);
        readiness.set(NotReady::Stopping, false);
        assert!(!readiness.is_stopping());
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_that_wakes_up_is_not_late() {
        let looks = Cell::new(0);
        for (lateness, lasts) in [
            ([0, 0], None),
            ([2000, 0], None),
            // Asleep for an hour, and awake: the conductor has beaten by the second look.
            ([3_600_000, 0], None),
            ([2500, 3000], Some(Duration::from_secs(3))),
        ] {
            looks.set(0);
            let late = lasting(|| Duration::from_millis(lateness[looks.replace(looks.get() + 1)])).await;
            assert_eq!(late, lasts, "{lateness:?}");
        }
    }

    #[test]
    fn each_reason_has_a_line() {
        let answered = |reasons: &[&str]| {
            answer("ready", reasons.iter().map(ToString::to_string), Some("x".into())).status()
        };
        assert_eq!(answered(&[]), StatusCode::OK);
        assert_eq!(answered(&["a", "b"]), StatusCode::SERVICE_UNAVAILABLE);
    }
}
