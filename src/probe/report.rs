//! The report for people: one line for each hop as it happens, then the verdicts.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::{
    diagnose::{Severity, Verdict},
    document::{Document, HopReport},
    hop::Outcome,
};

const GREEN: Style = AnsiColor::Green.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const RED: Style = AnsiColor::Red.on_default();
const CYAN: Style = AnsiColor::Cyan.on_default();
const DIM: Style = Style::new().dimmed();

/// Writes the report, in colour; an output that cannot show it has to strip it, as `anstream` does.
pub(crate) struct Report<W: Write> {
    out: W,
    quiet: bool,
    /// Whether a line of progress stands on the terminal.
    progress: Option<usize>,
}

impl<W: Write> Report<W> {
    /// A report; `terminal` tells whether lines may be overwritten, `quiet` that only verdicts are wanted.
    pub(crate) fn new(out: W, terminal: bool, quiet: bool) -> Self {
        Self { out, quiet, progress: (terminal && !quiet).then_some(0) }
    }

    fn clear(&mut self) -> io::Result<()> {
        if let Some(width @ 1..) = self.progress {
            write!(self.out, "\r{}\r", " ".repeat(width))?;
            self.progress = Some(0);
        }
        Ok(())
    }

    /// One hop.
    ///
    /// # Errors
    /// When the output fails.
    pub(crate) fn hop(&mut self, hop: &HopReport) -> io::Result<()> {
        if self.quiet {
            return Ok(());
        }
        self.clear()?;
        let (style, mark) = match hop.outcome {
            Outcome::Good => (GREEN, "good"),
            Outcome::Degraded => (YELLOW, "degraded"),
            Outcome::Failed => (RED, "FAILED"),
            Outcome::NotReached => (DIM, "-"),
            Outcome::Skipped => (DIM, "skipped"),
        };
        let ms = match hop.outcome {
            Outcome::NotReached | Outcome::Skipped => String::new(),
            _ => format!("{} ms", hop.ms),
        };
        writeln!(self.out, "{style}{mark:<8}{style:#}  {:<25}  {ms:>8}  {}", hop.hop, plain(&hop.summary))?;
        self.out.flush()
    }

    /// What is going on meanwhile; only a terminal shows it.
    ///
    /// # Errors
    /// When the output fails.
    pub(crate) fn progress(&mut self, text: &str) -> io::Result<()> {
        if self.progress.is_none() {
            return Ok(());
        }
        self.clear()?;
        write!(self.out, "          {text}")?;
        self.progress = Some(10 + text.chars().count());
        self.out.flush()
    }

    /// The verdicts.
    ///
    /// # Errors
    /// When the output fails.
    pub(crate) fn end(&mut self, document: &Document) -> io::Result<()> {
        self.clear()?;
        if !self.quiet {
            writeln!(self.out)?;
        }
        for verdict in document.verdicts() {
            self.verdict(verdict)?;
        }
        let style = match document.severity() {
            Severity::Note => GREEN,
            Severity::Degraded => YELLOW,
            Severity::Broken => RED,
        };
        writeln!(self.out, "{style}{}{style:#}", document.outcome())
    }

    fn verdict(&mut self, verdict: &Verdict) -> io::Result<()> {
        let (style, word) = match verdict.severity {
            Severity::Note => (CYAN, "note"),
            Severity::Degraded => (YELLOW, "degraded"),
            Severity::Broken => (RED, "broken"),
        };
        writeln!(
            self.out,
            "{style}{word}: {}{style:#} (at {})\n  {}",
            verdict.id, verdict.hop, verdict.cause
        )?;
        writeln!(self.out, "  seen: {}", plain(&verdict.evidence))?;
        // The name only where the remedy is this host's own.
        let own = verdict.remedies.first().and_then(|remedy| remedy.host);
        let host = own.map(|host| format!(" ({host})")).unwrap_or_default();
        writeln!(self.out, "  remedy{host}: {}", verdict.remedy)?;
        if !verdict.or.is_empty() {
            let others: Vec<&str> = verdict.or.iter().map(|id| id.into()).collect();
            writeln!(self.out, "  or: {}; {}", others.join(", "), verdict.to_tell.unwrap_or_default())?;
        }
        writeln!(self.out)
    }
}

/// One line without control characters, which a terminal would obey: the text may come from anybody.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::hop::Hop;

    #[test]
    fn what_peers_say_does_not_reach_the_terminal_as_commands() {
        let mut out = Vec::new();
        let hop = HopReport {
            hop: Hop::Page,
            outcome: Outcome::Failed,
            ms: 3,
            summary: "a\x1b[2Jb\nc".into(),
            evidence: serde_json::Value::Null,
        };
        Report::new(anstream::StripStream::new(&mut out), false, false).hop(&hop).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "FAILED    page                           3 ms  a [2Jb c\n");
    }
}
