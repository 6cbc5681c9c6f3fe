//! The watch, for people: a line for each change, and what it came to at the end.

use std::{
    io::{self, Write},
    time::Duration,
};

use super::{
    Detail, Report,
    layout::{CYAN, DIM, GREEN, Line, PLAIN, RED, YELLOW, hang, wrap},
};
use crate::probe::{
    diagnose::Severity,
    watch::{Change, Summary, change::ChangeKind},
};

/// Columns of time and kind before what changed.
const BESIDE: usize = 22;

impl<W: Write> Report<W> {
    /// The watch begins.
    ///
    /// # Errors
    /// When the output fails.
    pub(crate) fn watching(&mut self, time: Duration, every: Duration, streams: &[&str]) -> io::Result<()> {
        if self.detail == Detail::Quiet {
            return Ok(());
        }
        let streams = match streams {
            [] => "no stream is open".to_owned(),
            several => format!("kept open: {}", several.join(", ")),
        };
        let (time, every) = (humantime::format_duration(time), humantime::format_duration(every));
        let text = format!("watching for {time}, with a look every {every}; {streams}; Ctrl-C ends it");
        let rows = wrap(&self.look.text(&text), self.look.width).into_iter().map(|row| Line::new(DIM, row));
        self.write(&std::iter::once(Line::default()).chain(rows).collect::<Vec<_>>())
    }

    /// Something changed.
    ///
    /// # Errors
    /// When the output fails.
    pub(crate) fn change(&mut self, change: &Change) -> io::Result<()> {
        let style = match (change.severity, change.change) {
            (Severity::Broken, _) => RED,
            (Severity::Degraded, _) => YELLOW,
            (Severity::Note, ChangeKind::Back | ChangeKind::AsBefore) => GREEN,
            (Severity::Note, _) => CYAN,
        };
        // The time of day, in UTC.
        let time = change.at.get(11..).unwrap_or_default();
        let head = Line::new(DIM, time).with(PLAIN, "  ").with(style, change.change.name());
        let lines = hang(head, PLAIN, &self.look.text(&change.text), BESIDE, self.look.width);
        self.write(&lines)
    }

    /// What it came to.
    ///
    /// # Errors
    /// When the output fails.
    pub(crate) fn end_of_watch(&mut self, summary: &Summary) -> io::Result<()> {
        let style = match summary.severity {
            Severity::Note => GREEN,
            Severity::Degraded => YELLOW,
            Severity::Broken => RED,
        };
        let texts = summary.lines();
        let rows = texts.iter().enumerate().flat_map(|(index, text)| {
            let head = match index {
                0 => Line::new(style, format!("{}:", summary.outcome.to_uppercase())),
                _ => Line::default(),
            };
            let indent = if index == 0 { head.width() + 1 } else { 2 };
            hang(head, PLAIN, &self.look.text(text), indent, self.look.width)
        });
        let lines: Vec<_> = std::iter::once(Line::default()).chain(rows).collect();
        self.write(&lines)
    }
}
