//! The report for people. Pure.

use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

use super::{
    super::{conversation::Subject, measure::Times, outcome::Outcome, plan::Plan},
    View, grouped,
    plot::plot,
    short,
};

/// The column at which values begin.
const INDENT: usize = 13;

/// What a load has shown.
pub(super) fn report(plan: &Plan, outcome: &Outcome, view: View) -> String {
    let mut text = Text { out: String::new(), view };
    let measures = &outcome.measures;
    let counts = &measures.counts;
    let poem = plan.subject == Subject::Poem;
    let arrow = if view.ascii { "->" } else { "→" };
    let _ = writeln!(text.out, "dante {} load {arrow} {}", env!("CARGO_PKG_VERSION"), plan.target.url);
    let _ = writeln!(
        text.out,
        "  {}, {} readers at {} a second, {}\n",
        plan.transport,
        grouped(plan.readers.into()),
        plan.ramp,
        measured(plan, outcome)
    );
    let after = outcome.joined_after.map(|after| format!(" in {}", short(after))).unwrap_or_default();
    text.line("joined", &format!("{} of {}{after}", grouped(counts.joined), grouped(outcome.readers.into())));
    text.reasons("failed", &measures.failed);
    let rate = outcome.measures.stanzas_since as f64 / outcome.time.as_secs_f64().max(0.001);
    let things = if poem { "stanzas" } else { "events" };
    text.line(things, &format!("{}, {} a second", grouped(counts.stanzas), grouped(rate.round() as u64)));
    if poem {
        let (lost, repeated) = (grouped(counts.lost), grouped(counts.repeated));
        text.line("", &format!("lost {lost}, repeated {repeated}, wrong {}", grouped(counts.wrong)));
    }
    if counts.finished > 0 {
        text.line("", &format!("{} readings came to the end, and began anew", grouped(counts.finished)));
    }
    let away = counts.cuts.saturating_sub(counts.resumed);
    if counts.cuts > 0 {
        text.line(
            "cuts",
            &format!("{}, of which {} came back", grouped(counts.cuts), grouped(counts.cuts - away)),
        );
        text.reasons("", &measures.cut);
    } else {
        text.line("cuts", "none");
    }
    text.silent(plan, outcome);
    text.out.push('\n');
    text.percentiles(poem, outcome);
    let bars = plot(&measures.pace, view.columns.min(80), view.ascii);
    if !bars.is_empty() {
        let what = if poem { "lateness" } else { "time between two events" };
        let _ = write!(text.out, "\n{what}, {} {things}\n{bars}", grouped(measures.pace.len()));
    }
    text.out.push('\n');
    text.usage(plan, outcome);
    text.end(outcome, poem);
    text.out
}

fn measured(plan: &Plan, outcome: &Outcome) -> String {
    let whole = outcome.joined_after.is_some();
    match (whole, outcome.signal) {
        (true, None) => format!("measured for {}", humantime::format_duration(plan.duration)),
        (true, Some(signal)) => format!("measured for {} until {signal}", short(outcome.time)),
        (false, Some(signal)) => {
            format!("stopped by {signal} after {}, while they joined", short(outcome.time))
        }
        (false, None) => "not measured".to_owned(),
    }
}

/// The report, as far as it is written.
struct Text {
    out: String,
    view: View,
}

impl Text {
    /// A name, and what is said of it, in as many lines as it takes.
    fn line(&mut self, name: &str, value: &str) {
        let value = self.plain(value);
        let mut line = format!("  {name:<width$}", width = INDENT - 2);
        let mut columns = INDENT;
        for (index, word) in value.split_whitespace().enumerate() {
            let letters = word.chars().count();
            if index > 0 && columns + 1 + letters > self.view.columns {
                line.push('\n');
                line.push_str(&" ".repeat(INDENT));
                columns = INDENT;
            } else if index > 0 {
                line.push(' ');
                columns += 1;
            }
            line.push_str(word);
            columns += letters;
        }
        self.out.push_str(line.trim_end());
        self.out.push('\n');
    }

    /// A text as the output can show it: a server may say anything.
    fn plain(&self, text: &str) -> String {
        let shown = text.chars().map(|letter| match letter {
            letter if letter.is_control() => ' ',
            'µ' if self.view.ascii => 'u',
            letter if self.view.ascii && !letter.is_ascii() => '?',
            letter => letter,
        });
        shown.collect()
    }

    fn reasons(&mut self, name: &str, reasons: &BTreeMap<String, u64>) {
        let mut name = name;
        for (reason, count) in reasons {
            self.line(name, &format!("{}: {reason}", grouped(*count)));
            name = "";
        }
    }

    /// Who heard nothing.
    fn silent(&mut self, plan: &Plan, outcome: &Outcome) {
        let measures = &outcome.measures;
        if measures.counts.silent == 0 {
            return;
        }
        let what = match &plan.subject {
            Subject::Poem => "heard nothing for 10 s longer than the pace".to_owned(),
            Subject::Event { name, .. } => format!("never heard the event {name:?}"),
        };
        self.line("silent", &format!("{} readers {what}", grouped(measures.counts.silent)));
        for silence in &measures.silent {
            let waiting = match &plan.subject {
                Subject::Poem => format!(", waiting for stanza {}", silence.next),
                Subject::Event { .. } => String::new(),
            };
            self.line("", &format!("reader {} ({}){waiting}", silence.reader, silence.transport));
        }
    }

    fn percentiles(&mut self, poem: bool, outcome: &Outcome) {
        let measures = &outcome.measures;
        let _ = writeln!(
            self.out,
            "  {:<16}{:>10}{:>10}{:>10}{:>10}{:>10}",
            "", "p50", "p90", "p99", "p99.9", "max"
        );
        let (first, pace) = if poem { ("first stanza", "lateness") } else { ("first event", "between two") };
        for (name, times) in [("to join", &measures.join), (first, &measures.first), (pace, &measures.pace)] {
            let _ = write!(self.out, "  {name:<16}");
            for share in [0.5, 0.9, 0.99, 0.999, 1.0] {
                let _ = write!(self.out, "{:>10}", at(times, share));
            }
            self.out.push('\n');
        }
    }

    /// What generator and server have used.
    fn usage(&mut self, plan: &Plan, outcome: &Outcome) {
        let share = outcome
            .share()
            .map_or("not known here".to_owned(), |share| format!("{:.0} % of a core", share * 100.0));
        let processes = match outcome.processes {
            1 => "one process".to_owned(),
            more => format!("each of {more} processes"),
        };
        self.line("generator", &format!("{processes}, {share}"));
        if outcome.is_bottleneck() {
            self.line("", "It could not keep up, so the times above are partly its own. Take fewer readers, or give it a processor for itself.");
        }
        if plan.server_pids.is_empty() {
            return;
        }
        let Some(server) = outcome.server else {
            return self.line("server", "its process has ended, so that nothing is known of what it used");
        };
        let micros = outcome.micros_per_stanza().map(|micros| format!(", {micros:.1} µs a stanza"));
        let micros = micros.unwrap_or_default();
        self.line("server", &format!("{:.2} s of processor time{micros}", server.cpu.as_secs_f64()));
        let mib = |bytes: u64| format!("{:.1}", bytes as f64 / (1024.0 * 1024.0));
        let (before, joined, end) = (mib(server.before), mib(server.joined), mib(server.end));
        let kib = outcome.kib_per_reader().map(|kib| format!("; {kib:.1} KiB a reader")).unwrap_or_default();
        self.line(
            "",
            &format!("memory {before} MiB before, {joined} with all readers, {end} at the end{kib}"),
        );
    }

    fn end(&mut self, outcome: &Outcome, poem: bool) {
        let text = match (outcome.is_good(), poem) {
            (true, true) => "GOOD: every reader got every stanza, once and in order.",
            (true, false) => "GOOD: every reader heard the event.",
            (false, true) => "BAD: not every reader got every stanza; see above.",
            (false, false) => "BAD: not every reader heard the event; see above.",
        };
        let _ = writeln!(self.out, "\n{text}");
    }
}

fn at(times: &Times, share: f64) -> String {
    times.quantile(share).map_or("-".to_owned(), |time: Duration| short(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_hostile_words() {
        let view = View { columns: 40, ascii: true, live: false };
        let mut text = Text { out: String::new(), view };
        text.line("failed", "12: HTTP 502 Bad Gateway: \x1b[2Jü 3 µs; the log of the proxy knows why");
        let expected = "  failed     12: HTTP 502 Bad Gateway:\n             [2J? 3 us; the log of the\n             proxy knows why\n";
        assert_eq!(text.out, expected);
    }
}
