//! The report for people: a line a hop as it happens, then the verdicts.

use std::io::{self, IsTerminal as _, Write};

use super::{
    diagnose::{Severity, Verdict},
    document::{Document, HopReport},
    hop::Outcome,
};

/// Writes the report.
pub struct Report<W: Write> {
    out: W,
    colour: bool,
    quiet: bool,
    /// Whether a line of progress stands on the terminal.
    progress: Option<usize>,
}

/// Whether standard output takes colour: a terminal, and no wish against it (no-color.org).
pub fn takes_colour() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

impl<W: Write> Report<W> {
    /// A report; `terminal` tells whether lines may be overwritten, `quiet` that only verdicts are wanted.
    pub fn new(out: W, colour: bool, terminal: bool, quiet: bool) -> Self {
        Self { out, colour, quiet, progress: (terminal && !quiet).then_some(0) }
    }

    fn painted(&self, colour: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
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
    pub fn hop(&mut self, hop: &HopReport) -> io::Result<()> {
        if self.quiet {
            return Ok(());
        }
        self.clear()?;
        let (colour, mark) = match hop.outcome {
            Outcome::Good => ("32", "good"),
            Outcome::Degraded => ("33", "degraded"),
            Outcome::Failed => ("31", "FAILED"),
            Outcome::NotReached => ("2", "-"),
            Outcome::Skipped => ("2", "skipped"),
        };
        let mark = self.painted(colour, &format!("{mark:<8}"));
        let ms = match hop.outcome {
            Outcome::NotReached | Outcome::Skipped => String::new(),
            _ => format!("{} ms", hop.ms),
        };
        writeln!(self.out, "{mark}  {:<25}  {ms:>8}  {}", hop.hop, plain(&hop.summary))?;
        self.out.flush()
    }

    /// What is going on meanwhile; only a terminal shows it.
    ///
    /// # Errors
    /// When the output fails.
    pub fn progress(&mut self, text: &str) -> io::Result<()> {
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
    pub fn end(&mut self, document: &Document) -> io::Result<()> {
        self.clear()?;
        if !self.quiet {
            writeln!(self.out)?;
        }
        for verdict in document.verdicts() {
            self.verdict(verdict)?;
        }
        let colour = match document.outcome() {
            "good" => "32",
            "degraded" => "33",
            _ => "31",
        };
        let outcome = self.painted(colour, document.outcome());
        writeln!(self.out, "{outcome}")
    }

    fn verdict(&mut self, verdict: &Verdict) -> io::Result<()> {
        let (colour, word) = match verdict.severity {
            Severity::Note => ("36", "note"),
            Severity::Degraded => ("33", "degraded"),
            Severity::Broken => ("31", "broken"),
        };
        let head = self.painted(colour, &format!("{word}: {}", verdict.id));
        writeln!(self.out, "{head} (at {})\n  {}", verdict.hop, verdict.cause)?;
        writeln!(self.out, "  seen: {}", plain(&verdict.evidence))?;
        // The name only where the remedy is this host's own.
        let own = verdict.host.filter(|_| verdict.remedy != verdict.id.entry().generic);
        let host = own.map(|host| format!(" ({host})")).unwrap_or_default();
        writeln!(self.out, "  remedy{host}: {}", verdict.remedy)?;
        if !verdict.or.is_empty() {
            let others: Vec<&str> = verdict.or.iter().map(|id| id.into()).collect();
            writeln!(self.out, "  or: {}; {}", others.join(", "), verdict.to_tell.unwrap_or_default())?;
        }
        writeln!(self.out)
    }
}

/// One line without anything that a terminal would obey: what is shown may come from anybody.
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
        Report::new(&mut out, false, false, false).hop(&hop).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "FAILED    page                           3 ms  a [2Jb c\n");
    }
}
