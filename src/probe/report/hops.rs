//! Hops as lines: good ones share a line, bad ones have their reason beside them. Pure.

use anstyle::Style;

use super::{
    brief::{Brief, name},
    layout::{DIM, GREEN, Line, PLAIN, RED, YELLOW, hang, rows},
    look::{Look, Mark},
};
use crate::probe::hop::{Hop, Outcome};

/// Columns of names before the reason beside them: those of the longest name, and two between.
pub(super) const NAMES: usize = 21;

/// Good hops, by their labels.
pub(super) fn good(labels: &[String], look: Look) -> Vec<Line> {
    let labels: Vec<_> = labels.iter().map(|label| look.text(label)).collect();
    let rows = rows(&labels, "  ", look.width - look.margin());
    rows.into_iter().map(|row| marked(Mark::Good, look).with(PLAIN, row)).collect()
}

/// The mark and the name of a hop.
pub(super) fn head(hop: Hop, outcome: Outcome, look: Look) -> Line {
    marked(mark_of(outcome), look).with(PLAIN, name(hop))
}

/// One hop, with how it went.
pub(super) fn bad(hop: Hop, outcome: Outcome, brief: &Brief, look: Look) -> Vec<Line> {
    beside(mark_of(outcome), name(hop), &reason(brief, &[brief.detail.as_str()]), look)
}

/// Streams, those that went the same way together, the good ones first.
pub(super) fn streams(streams: &[(Hop, Outcome, Brief)], look: Look) -> Vec<Line> {
    let mut groups: Vec<Vec<&(Hop, Outcome, Brief)>> = Vec::new();
    for stream in streams {
        let (_, outcome, brief) = stream;
        let same =
            |group: &&mut Vec<&(Hop, Outcome, Brief)>| group[0].1 == *outcome && group[0].2.way == brief.way;
        match groups.iter_mut().find(same) {
            Some(group) => group.push(stream),
            None => groups.push(vec![stream]),
        }
    }
    groups.sort_by_key(|group| mark_of(group[0].1));
    groups.iter().flat_map(|group| group_lines(group, streams.len(), look)).collect()
}

fn group_lines(group: &[&(Hop, Outcome, Brief)], of: usize, look: Look) -> Vec<Line> {
    let (_, outcome, first) = group[0];
    let names = match group.len() {
        all if all == of && all > 2 => format!("all {all} streams"),
        _ => group.iter().map(|(hop, ..)| name(*hop)).collect::<Vec<_>>().join(", "),
    };
    let mut details: Vec<&str> = group.iter().map(|(.., brief)| brief.detail.as_str()).collect();
    details.dedup();
    beside(mark_of(*outcome), &names, &reason(first, &details), look)
}

/// The hops that were not reached.
pub(super) fn not_reached(hops: &[Hop], look: Look) -> Vec<Line> {
    let all_streams = Hop::streams().all(|stream| hops.contains(&stream));
    let mut names: Vec<&str> = Vec::new();
    for hop in hops {
        let name = if all_streams && matches!(hop, Hop::Stream(_)) { "streams" } else { name(*hop) };
        if names.last() != Some(&name) {
            names.push(name);
        }
    }
    let head = Line::new(DIM, look.mark(Mark::NotReached));
    hang(head, DIM, &format!("not reached: {}", names.join(", ")), look.margin(), look.width)
}

fn reason(brief: &Brief, details: &[&str]) -> String {
    format!("{} {}", brief.way, details.join(", ")).trim_end().to_owned() + &brief.rest
}

/// A name with its mark, and how it went beside it.
pub(super) fn beside(mark: Mark, name: &str, reason: &str, look: Look) -> Vec<Line> {
    let head = marked(mark, look).with(PLAIN, name);
    hang(head, PLAIN, &look.text(reason), look.margin() + NAMES, look.width)
}

fn marked(mark: Mark, look: Look) -> Line {
    let style: Style = match mark {
        Mark::Good => GREEN,
        Mark::Degraded => YELLOW,
        Mark::Failed => RED,
        Mark::NotReached => DIM,
    };
    Line::new(style, look.mark(mark)).with(PLAIN, " ")
}

fn mark_of(outcome: Outcome) -> Mark {
    match outcome {
        Outcome::Good => Mark::Good,
        Outcome::Degraded => Mark::Degraded,
        Outcome::Failed => Mark::Failed,
        Outcome::NotReached | Outcome::Skipped => Mark::NotReached,
    }
}
