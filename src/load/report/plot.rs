//! A plot of times for a terminal: a bar for each step of 1, 2 and 5. Pure.

use std::time::Duration;

use super::super::measure::Times;

/// The steps' ends, in microseconds; what lies below the first has one bar.
const ENDS: [u64; 15] = [
    1_000,
    2_000,
    5_000,
    10_000,
    20_000,
    50_000,
    100_000,
    200_000,
    500_000,
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    60_000_000,
    u64::MAX,
];

/// The columns that do not belong to a bar: margin, step and share.
const BESIDE: usize = 32;

/// A line for each step, from the first to the last that has any; empty if there are none.
pub(super) fn plot(times: &Times, columns: usize, ascii: bool) -> String {
    let starts = [0].into_iter().chain(ENDS);
    let steps: Vec<_> = starts
        .zip(ENDS)
        .map(|(start, end)| {
            let (low, high) = (Duration::from_micros(start), Duration::from_micros(end));
            (label(start, end), times.between(low, high))
        })
        .collect();
    let (Some(first), Some(last)) =
        (steps.iter().position(|step| step.1 > 0), steps.iter().rposition(|step| step.1 > 0))
    else {
        return String::new();
    };
    let most = steps.iter().map(|step| step.1).max().unwrap_or(1);
    let width = columns.saturating_sub(BESIDE).max(8);
    let mut text = String::new();
    for (label, count) in &steps[first..=last] {
        let share = *count as f64 * 100.0 / times.len() as f64;
        let bar = bar(*count as f64 / most as f64, width, ascii);
        let line = format!("  {label:>17}  {:>8}  {bar}", percent(share, *count));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn label(start: u64, end: u64) -> String {
    let unit = |micros: u64| match micros {
        micros if micros < 1_000_000 => format!("{} ms", micros / 1000),
        micros => format!("{} s", micros / 1_000_000),
    };
    match (start, end) {
        (0, end) => format!("below {}", unit(end)),
        (start, u64::MAX) => format!("from {}", unit(start)),
        (start, end) => format!("{} to {}", unit(start), unit(end)),
    }
}

/// A share in percent; what there is never shows as nothing.
fn percent(share: f64, count: u64) -> String {
    match share {
        _ if count == 0 => "-".to_owned(),
        share if share < 0.01 => "<0.01 %".to_owned(),
        share => format!("{share:.2} %"),
    }
}

/// A bar of a share of the width, in eighths of a column where the output shows them; never empty where there is something.
fn bar(share: f64, width: usize, ascii: bool) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    if share <= 0.0 {
        return String::new();
    }
    if ascii {
        return "#".repeat(((share * width as f64).round() as usize).max(1));
    }
    let eighths = ((share * width as f64 * 8.0).round() as usize).max(1);
    "█".repeat(eighths / 8) + EIGHTHS[eighths % 8]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_of_what_there_is() {
        let mut times = Times::default();
        assert_eq!(plot(&times, 80, false), "");
        for (ms, count) in [(0, 10), (1, 5), (7, 1)] {
            for _ in 0..count {
                times.record(Duration::from_millis(ms));
            }
        }
        let unicode = plot(&times, 80, false);
        let lines: Vec<_> = unicode.lines().collect();
        assert_eq!(lines.len(), 4, "{unicode}");
        assert!(lines[0].contains("below 1 ms   62.50 %  ████"), "{unicode}");
        assert!(lines[2].ends_with("2 ms to 5 ms         -"), "{unicode}");
        assert!(lines.iter().all(|line| line.chars().count() <= 80), "{unicode}");
        let ascii = plot(&times, 80, true);
        assert!(ascii.is_ascii() && ascii.lines().last().unwrap().ends_with(" #####"), "{ascii}");
    }
}
