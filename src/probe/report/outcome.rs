//! The line that says how the whole went. Pure.

use super::{
    brief::name,
    layout::{GREEN, Line, PLAIN, RED, YELLOW, hang},
    look::Look,
};
use crate::probe::{
    diagnose::Severity,
    document::Document,
    hop::{Hop, Outcome},
    subject::Kind,
};

/// What was asked for, and what of it works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tally {
    /// The streams, or where only an engine is asked for, handshake and upgrade.
    works: Vec<(Hop, bool)>,
    /// Whether they are streams.
    streams: bool,
    /// Whether the probe came as far as any of them.
    reached: bool,
    /// How the stream of an application went, in words.
    app: Option<String>,
    /// The URL to try, where the path alone is wrong.
    try_url: Option<String>,
    /// Where the first verdict shows that makes it all broken.
    broken: Option<Hop>,
    /// How many verdicts are notes.
    notes: usize,
}

impl Tally {
    /// Counts.
    pub(super) fn new(document: &Document) -> Self {
        let tally = |wanted: fn(Hop) -> bool| -> Vec<(Hop, bool)> {
            let hops = document.hops().iter();
            hops.filter(|report| wanted(report.hop) && report.outcome != Outcome::Skipped)
                .map(|report| (report.hop, matches!(report.outcome, Outcome::Good | Outcome::Degraded)))
                .collect()
        };
        let try_url = document.try_url().map(str::to_owned);
        let subject = document.subject();
        let works = match subject {
            Kind::Page => tally(|hop| matches!(hop, Hop::Stream(_))),
            Kind::Engine => tally(|hop| matches!(hop, Hop::Handshake | Hop::Upgrade)),
            Kind::WebSocket | Kind::EventStream | Kind::Post => tally(|hop| hop == Hop::App),
            Kind::Echo => tally(|hop| hop == Hop::Echo),
        };
        let streams = !subject.is_engine();
        let reached = document.hops().iter().any(|report| {
            report.outcome != Outcome::NotReached && works.iter().any(|(hop, _)| *hop == report.hop)
        });
        let verdicts = document.verdicts();
        let of = |severity| verdicts.iter().filter(move |verdict| verdict.severity == severity);
        let broken = of(Severity::Broken).map(|verdict| verdict.hop).next();
        let app = document.app().map(str::to_owned).filter(|_| subject.is_stream());
        Self { works, streams, reached, app, try_url, broken, notes: of(Severity::Note).count() }
    }

    /// Of streams that somebody else has read; `reached`: whether any of them was tried.
    pub(super) fn of_streams(works: Vec<(Hop, bool)>, reached: bool) -> Self {
        Self { works, streams: true, reached, app: None, try_url: None, broken: None, notes: 0 }
    }

    /// How many of how many.
    fn words(&self) -> String {
        if let Some(app) = self.app.as_ref().filter(|_| self.reached) {
            return app.clone();
        }
        let good = self.works.iter().filter(|(_, works)| *works).count();
        let (verb, verbs) = if self.streams { ("streams", "stream") } else { ("works", "work") };
        match self.works.as_slice() {
            _ if !self.reached && self.streams => "the probe did not get as far as the streams".to_owned(),
            _ if !self.reached => "the probe did not get as far as the engine".to_owned(),
            [(Hop::Echo, true)] => "messages, bodies and events come through".to_owned(),
            [(Hop::Echo, false)] => "no message, body or event comes through".to_owned(),
            [(hop, true)] => format!("{} {verb}", name(*hop)),
            [(hop, false)] => format!("{} does not {verbs}", name(*hop)),
            [(one, true), (other, true)] if !self.streams => {
                format!("{} and {} {verbs}", name(*one), name(*other))
            }
            [(one, false), (other, false)] if !self.streams => {
                format!("neither {} nor {} {verb}", name(*one), name(*other))
            }
            [(bad, false), (hop, true)] | [(hop, true), (bad, false)] if !self.streams => {
                format!("{} {verb}, {} does not", name(*hop), name(*bad))
            }
            all if good == 0 => format!("none of {} transports {verb}", all.len()),
            [_, _] if good == 2 => format!("both transports {verbs}"),
            all if good == all.len() => format!("all {good} transports {verbs}"),
            all => format!("{good} of {} transports {verbs}", all.len()),
        }
    }

    fn is_whole(&self) -> bool {
        self.works.iter().all(|(_, works)| *works)
    }
}

fn with_article(hop: Hop) -> String {
    if matches!(hop, Hop::Stream(_)) { name(hop).to_owned() } else { format!("the {}", name(hop)) }
}

/// How the whole went, what that means, and the number of notes.
pub(super) fn outcome(severity: Severity, tally: &Tally, look: Look) -> Vec<Line> {
    let (style, word) = match severity {
        Severity::Note => (GREEN, "GOOD"),
        Severity::Degraded => (YELLOW, "DEGRADED"),
        Severity::Broken => (RED, "BROKEN"),
    };
    let but = match (severity, tally.broken) {
        (Severity::Note, _) => String::new(),
        (Severity::Broken, Some(hop)) if tally.is_whole() => {
            format!(", but {} does not work", with_article(hop))
        }
        _ if tally.is_whole() && tally.app.is_some() => ", but not as it should".to_owned(),
        _ if tally.is_whole() => ", but not as they should".to_owned(),
        _ => String::new(),
    };
    let notes = match tally.notes {
        0 => String::new(),
        1 => ", 1 note".to_owned(),
        several => format!(", {several} notes"),
    };
    let meaning = match &tally.try_url {
        Some(url) => format!("Dante is not at this path; try {url}"),
        None => format!("{}{but}{notes}", tally.words()),
    };
    hang(Line::new(style, format!("{word}:")), PLAIN, &look.text(&meaning), word.len() + 2, look.width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Transport;

    #[test]
    fn words() {
        use Severity::{Broken, Degraded, Note};
        let stream = |works: &[bool]| {
            let transports = [Transport::Sse, Transport::WebSocket, Transport::SocketIoPolling];
            let works = works.iter().zip(transports).map(|(works, stream)| (Hop::Stream(stream), *works));
            let works = works.collect();
            Tally { works, streams: true, reached: true, app: None, try_url: None, broken: None, notes: 0 }
        };
        let engine = |handshake, upgrade| Tally {
            works: vec![(Hop::Handshake, handshake), (Hop::Upgrade, upgrade)],
            streams: false,
            ..stream(&[])
        };
        let notes = |notes, tally: Tally| Tally { notes, ..tally };
        let page = Tally { broken: Some(Hop::Page), ..stream(&[true; 3]) };
        let elsewhere = Tally { try_url: Some("http://h/dante/".into()), ..stream(&[false]) };
        let unreached = Tally { reached: false, ..stream(&[false; 3]) };
        let app = |words: &str, works| Tally {
            works: vec![(Hop::App, works)],
            app: Some(words.into()),
            ..stream(&[])
        };
        let look = Look { width: 80, ascii: true };
        for (severity, tally, text) in [
            (Note, stream(&[true; 3]), "GOOD: all 3 transports stream"),
            (Note, notes(2, stream(&[true])), "GOOD: sse streams, 2 notes"),
            (Degraded, notes(1, stream(&[true, false, true])), "DEGRADED: 2 of 3 transports stream, 1 note"),
            (Degraded, stream(&[true; 2]), "DEGRADED: both transports stream, but not as they should"),
            (Broken, stream(&[false; 3]), "BROKEN: none of 3 transports streams"),
            (Broken, stream(&[false]), "BROKEN: sse does not stream"),
            (Broken, page, "BROKEN: all 3 transports stream, but the page does not work"),
            (Broken, unreached, "BROKEN: the probe did not get as far as the streams"),
            (Broken, elsewhere, "BROKEN: Dante is not at this path; try http://h/dante/"),
            (Note, engine(true, true), "GOOD: handshake and upgrade work"),
            (Degraded, engine(true, false), "DEGRADED: handshake works, upgrade does not"),
            (Degraded, engine(false, true), "DEGRADED: upgrade works, handshake does not"),
            (Note, app("the WebSocket streams", true), "GOOD: the WebSocket streams"),
            (Degraded, app("it streams", true), "DEGRADED: it streams, but not as it should"),
            (Broken, app("it does not work", false), "BROKEN: it does not work"),
            (Broken, engine(false, false), "BROKEN: neither handshake nor upgrade works"),
        ] {
            let lines = outcome(severity, &tally, look);
            let plain = lines.iter().map(|line| anstream::adapter::strip_str(&line.to_string()).to_string());
            assert_eq!(plain.collect::<Vec<_>>(), [text]);
        }
    }
}
