//! [`Live`]: the line that shows how far a load is, on a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{
    measure::Counts,
    plan::Plan,
    report::{View, grouped},
};

/// The line; nothing where standard error is no terminal.
pub(super) struct Live(Option<(ProgressBar, Duration)>);

impl Live {
    /// A line that begins with joining.
    pub(super) fn new(plan: &Plan, view: View) -> Self {
        if !view.live {
            return Self(None);
        }
        let bar = ProgressBar::with_draw_target(Some(plan.readers.into()), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{prefix:9} {bar:20} {msg}").expect("the template is sound");
        bar.set_style(style.progress_chars(if view.ascii { "#>-" } else { "█▌░" }));
        bar.set_prefix("joining");
        Self(Some((bar, plan.duration)))
    }

    /// Readers join.
    pub(super) fn joining(&self, counts: &Counts) {
        let Some((bar, _)) = &self.0 else { return };
        bar.set_position(counts.settled());
        bar.set_message(format!("{} joined, {} failed", grouped(counts.joined), grouped(counts.failed)));
    }

    /// All have joined, so long ago.
    pub(super) fn measuring(&self, counts: &Counts, elapsed: Duration) {
        let Some((bar, duration)) = &self.0 else { return };
        bar.set_prefix("reading");
        bar.set_length(duration.as_secs());
        bar.set_position(elapsed.as_secs());
        bar.set_message(format!(
            "{}/{} s, {} stanzas, lost {}, cuts {}, silent {}",
            elapsed.as_secs(),
            duration.as_secs(),
            grouped(counts.stanzas),
            grouped(counts.lost),
            grouped(counts.cuts),
            grouped(counts.silent)
        ));
    }

    /// The report follows.
    pub(super) fn end(&self) {
        if let Some((bar, _)) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
