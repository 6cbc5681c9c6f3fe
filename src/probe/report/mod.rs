//! The report for people: hops as they are done, then how it went, then the verdicts with their remedies.
//!
//! | file | what it knows |
//! |---|---|
//! | `look` | what the output can show |
//! | `layout` | lines, and texts in them |
//! | `brief` | a hop in a few words |
//! | `title` | the first line |
//! | `hops`, `exchanges` | hops as lines, in short and in full |
//! | `outcome`, `verdict` | what comes after them |
//! | `saved` | what a page has saved, and what a probe sees beside it |
//! | `watch` | what changes after a probe |

pub(crate) mod brief;
mod exchanges;
mod hops;
mod layout;
pub(crate) mod look;
mod outcome;
mod saved;
#[cfg(test)]
mod tests;
mod title;
mod verdict;
mod watch;

use std::io::{self, Write};

use self::{
    brief::Brief,
    exchanges::Shown,
    layout::{DIM, Line},
    look::Look,
    outcome::Tally,
    title::Title,
};
use super::{
    document::{Document, HopReport},
    hop::{Hop, Outcome},
    saved::{Comparison, Told},
};
use crate::hosting::recipes::Recipe;

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Outcome and verdicts.
    Quiet,
    /// Hops in a few words, too.
    Usual,
    /// Each hop on a line of its own, with what was sent and what came.
    Verbose,
}

/// Writes the report, in colour; an output that cannot show it has to strip it, as `anstream` does.
pub(crate) struct Report<W: Write> {
    out: W,
    look: Look,
    detail: Detail,
    /// Whether the last line may be written over.
    terminal: bool,
    /// The first line, while it waits for the name of the server.
    title: Option<Title>,
    /// Good hops that will share a line.
    good: Vec<String>,
    /// Whether a bad hop was written.
    has_bad: bool,
    /// Hops that were told as good.
    told_good: Vec<Hop>,
    /// Streams, which are told together.
    streams: Vec<(Hop, Outcome, Brief)>,
    not_reached: Vec<Hop>,
    /// What was shown already of what was sent and came.
    shown: Shown,
    progress: String,
    /// What stands on the last line, and will be written over.
    drawn: Line,
}

impl<W: Write> Report<W> {
    /// A report; `terminal` tells whether lines may be written over.
    pub(crate) fn new(out: W, look: Look, terminal: bool, detail: Detail) -> Self {
        Self {
            out,
            look,
            detail,
            terminal,
            title: None,
            good: Vec::new(),
            has_bad: false,
            told_good: Vec::new(),
            streams: Vec::new(),
            not_reached: Vec::new(),
            shown: Shown::default(),
            progress: String::new(),
            drawn: Line::default(),
        }
    }

    /// The probe of a URL begins; `started` is in RFC 3339.
    ///
    /// # Errors
    /// When the output fails.
    pub(crate) fn start(&mut self, url: &str, started: &str) -> io::Result<()> {
        if self.detail == Detail::Quiet {
            return Ok(());
        }
        self.title = Some(Title::new(url, started, self.look));
        self.draw()
    }

    /// One hop.
    ///
    /// # Errors
    /// When the output fails.
    pub(crate) fn hop(&mut self, hop: &HopReport) -> io::Result<()> {
        if self.detail == Detail::Quiet {
            return Ok(());
        }
        self.progress.clear();
        if hop.hop == Hop::Http {
            self.title(hop.server.as_deref())?;
        }
        if hop.outcome == Outcome::Good {
            self.told_good.push(hop.hop);
        }
        match (hop.hop, hop.outcome) {
            (_, Outcome::Skipped) => {}
            (hop, Outcome::NotReached) => self.not_reached.push(hop),
            (at, _) if self.detail == Detail::Verbose => {
                self.title(None)?;
                let head = hops::head(at, hop.outcome, self.look);
                let new = self.shown.new_in(&hop.evidence);
                self.write(&exchanges::hop(hop, head, &new, self.look))?;
            }
            (Hop::Stream(_), _) => {
                // A few that came after something bad wait for others to share a line with.
                if !self.has_bad || self.good.len() > 2 {
                    self.good()?;
                }
                self.streams.push((hop.hop, hop.outcome, hop.brief.clone()));
            }
            (at, outcome) => {
                self.streams()?;
                if outcome == Outcome::Good {
                    // After a redirect to another host, its way begins again.
                    if at == Hop::Name && !self.good.is_empty() {
                        self.good()?;
                    }
                    self.good.push(hop.brief.label.clone());
                    // Only one line can be written over.
                    if hops::good(&self.good, self.look).len() > 1 {
                        let last = self.good.pop();
                        self.good()?;
                        self.good.extend(last);
                    }
                } else {
                    self.good()?;
                    self.has_bad = true;
                    self.write(&hops::bad(at, outcome, &hop.brief, self.look))?;
                }
            }
        }
        self.draw()
    }

    /// What is going on meanwhile; only a terminal shows it.
    ///
    /// # Errors
    /// When the output fails.
    pub(crate) fn progress(&mut self, text: &str) -> io::Result<()> {
        if self.detail == Detail::Quiet {
            return Ok(());
        }
        self.progress = self.look.text(text);
        // Good hops that leave no room beside them share no more.
        if self.terminal && self.waiting().width() + layout::columns(text) + 2 >= self.look.width {
            self.good()?;
        }
        self.draw()
    }

    /// How it went, and the verdicts.
    ///
    /// # Errors
    /// When the output fails.
    pub(crate) fn end(&mut self, document: &Document) -> io::Result<()> {
        self.progress.clear();
        self.streams()?;
        self.good()?;
        // What came later may have shown a fault of a hop that had looked good.
        let faulty = document.hops().iter().filter(|hop| {
            matches!(hop.outcome, Outcome::Degraded | Outcome::Failed) && self.told_good.contains(&hop.hop)
        });
        let mut lines: Vec<Line> =
            faulty.flat_map(|hop| hops::bad(hop.hop, hop.outcome, &hop.brief, self.look)).collect();
        if !self.not_reached.is_empty() {
            lines.extend(hops::not_reached(&self.not_reached, self.look));
        }
        if self.detail == Detail::Verbose {
            let others = self.shown.new_of(document.journal().to_vec());
            lines.extend(exchanges::others(&others, self.look));
        }
        if self.detail != Detail::Quiet {
            lines.push(Line::default());
        }
        let verdicts = document.verdicts();
        lines.extend(outcome::outcome(document.severity(), &Tally::new(document), self.look));
        let mut named: Vec<Recipe> = Vec::new();
        for verdict in verdicts {
            lines.push(Line::default());
            lines.extend(verdict::block(verdict, self.look));
            if let Some(prefix) = document.prefix() {
                for recipe in verdict::recipes(verdict) {
                    if !named.contains(&recipe) {
                        lines.push(verdict::command(recipe, prefix, self.look));
                        named.push(recipe);
                    }
                }
            }
        }
        self.write(&lines)
    }

    /// What a page has saved of its streams.
    ///
    /// # Errors
    /// When the output fails.
    pub(crate) fn told(&mut self, told: &Told) -> io::Result<()> {
        self.write(&saved::told(told, self.detail, self.look))
    }

    /// An empty line between two reports.
    ///
    /// # Errors
    /// When the output fails.
    pub(crate) fn gap(&mut self) -> io::Result<()> {
        self.write(&[Line::default()])
    }

    /// What the browser of that page saw, beside what the probe saw.
    ///
    /// # Errors
    /// When the output fails.
    pub(crate) fn compared(&mut self, comparisons: &[Comparison]) -> io::Result<()> {
        self.write(&saved::compared(comparisons, self.look))
    }

    /// The first line, if it was not written yet.
    fn title(&mut self, server: Option<&str>) -> io::Result<()> {
        let title = self.title.take();
        self.write(&title.map_or_else(Vec::new, |title| title.lines(server, self.look)))
    }

    /// The good hops that wait.
    fn good(&mut self) -> io::Result<()> {
        self.title(None)?;
        let labels = std::mem::take(&mut self.good);
        self.write(&hops::good(&labels, self.look))
    }

    /// The streams that wait.
    fn streams(&mut self) -> io::Result<()> {
        let streams = std::mem::take(&mut self.streams);
        self.write(&hops::streams(&streams, self.look))
    }

    fn write(&mut self, lines: &[Line]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        self.clear()?;
        for line in lines {
            writeln!(self.out, "{line}")?;
        }
        self.out.flush()
    }

    /// What is known already of the line that is not written yet.
    fn waiting(&self) -> Line {
        match &self.title {
            Some(title) => title.lines(None, self.look).swap_remove(0),
            None => hops::good(&self.good, self.look).pop().unwrap_or_default(),
        }
    }

    fn clear(&mut self) -> io::Result<()> {
        let drawn = std::mem::take(&mut self.drawn);
        if drawn == Line::default() { Ok(()) } else { write!(self.out, "\r{}\r", " ".repeat(drawn.width())) }
    }

    /// Shows on a terminal what waits, on one line that will be written over.
    fn draw(&mut self) -> io::Result<()> {
        if !self.terminal {
            return Ok(());
        }
        let mut line = self.waiting();
        if !self.progress.is_empty() {
            line = line.with(DIM, format!("  {}", self.progress));
        }
        // A letter in the last column would make some terminals go to the next line.
        if line == self.drawn || line.width() >= self.look.width {
            return Ok(());
        }
        // Spaces over what was longer.
        let rest = " ".repeat(self.drawn.width().saturating_sub(line.width()));
        write!(self.out, "\r{line}{rest}")?;
        self.drawn = line;
        self.out.flush()
    }
}
