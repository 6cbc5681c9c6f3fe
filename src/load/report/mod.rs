//! The report of a load, for people and for programs.

mod json;
mod plot;
mod text;

use std::{
    io::{self, Write},
    time::Duration,
};

use super::{measure::Counts, outcome::Outcome, plan::Plan};

/// What the output can show.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// Columns in a line.
    pub columns: usize,
    /// Whether it shows ASCII alone.
    pub ascii: bool,
    /// Whether somebody watches standard error.
    pub live: bool,
}

/// Tells a program that joining is over.
///
/// # Errors
/// When it cannot be written.
pub(super) fn print_joined(readers: u64, after: Duration, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", json::joined(readers, after))?;
    out.flush()
}

/// Tells a program how far it is.
///
/// # Errors
/// When it cannot be written.
pub(super) fn print_progress(counts: &Counts, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", json::progress(counts))?;
    out.flush()
}

/// Tells what a load has shown.
///
/// # Errors
/// When it cannot be written.
pub(super) fn print(plan: &Plan, outcome: &Outcome, view: View, out: &mut dyn Write) -> io::Result<()> {
    if plan.json {
        writeln!(out, "{}", json::report(plan, outcome))?;
    } else {
        out.write_all(text::report(plan, outcome, view).as_bytes())?;
    }
    out.flush()
}

/// A number with commas between thousands.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time in three digits or so.
fn short(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1000.0;
    match ms {
        ms if ms < 9.995 => format!("{ms:.2} ms"),
        ms if ms < 99.95 => format!("{ms:.1} ms"),
        ms if ms < 999.5 => format!("{ms:.0} ms"),
        ms if ms < 9_995.0 => format!("{:.2} s", ms / 1000.0),
        ms => format!("{:.1} s", ms / 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
        for (micros, text) in [
            (0, "0.00 ms"),
            (430, "0.43 ms"),
            (12_340, "12.3 ms"),
            (999_600, "1.00 s"),
            (480_000, "480 ms"),
            (12_000_000, "12.0 s"),
        ] {
            assert_eq!(short(Duration::from_micros(micros)), text);
        }
    }
}
