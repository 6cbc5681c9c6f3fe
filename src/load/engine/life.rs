//! [`Life`]: what one reader has met, from joining to leaving. Pure.

use std::time::{Duration, Instant};

use super::super::{
    check::{Order, Track},
    conversation::{Heard, Stop},
    measure::Measures,
    texts::Edition,
};

/// What one reader has met.
#[derive(Debug)]
pub(super) struct Life {
    track: Track,
    /// The edition in which the track counts.
    pub(super) edition: Option<Box<str>>,
    /// Where its texts are kept, once it has been told of one.
    texts: Option<Edition>,
    /// When it began to connect.
    since: Instant,
    /// When it last heard what it waits for.
    heard: Instant,
    /// How often in a row it has come in vain.
    failures: u32,
    /// Whether it has ever joined, …
    joined: bool,
    /// … heard a stanza or event, …
    has_heard: bool,
    /// … and been silent for too long.
    was_silent: bool,
    /// Whether this connection's reading has begun.
    reading: bool,
    /// Whether it comes back after a cut.
    returns: bool,
}

/// What a reader does whose connection is done with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum After {
    /// It does not come back.
    Gone,
    /// It comes back, after so many failures in a row.
    ComesBack(u32),
}

impl Life {
    /// Of a reader who has not begun.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            track: Track::default(),
            edition: None,
            texts: None,
            since: now,
            heard: now,
            failures: 0,
            joined: false,
            has_heard: false,
            was_silent: false,
            reading: false,
            returns: false,
        }
    }

    /// Whether it has ever joined.
    pub(super) fn has_joined(&self) -> bool {
        self.joined
    }

    /// Whether it has ever heard a stanza or event.
    pub(super) fn has_heard(&self) -> bool {
        self.has_heard
    }

    /// Whether this connection's reading has begun.
    pub(super) fn is_reading(&self) -> bool {
        self.reading
    }

    /// How long its connection has been there, or has been tried.
    pub(super) fn connected_for(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.since)
    }

    /// The stanza to go on from.
    pub(super) fn next(&self) -> u32 {
        self.track.next()
    }

    /// It begins to connect, for a new conversation.
    pub(super) fn begin(&mut self, now: Instant) {
        self.since = now;
        self.reading = false;
    }

    /// It has heard something.
    pub(super) fn note(&mut self, heard: &Heard<'_>, measures: &mut Measures, now: Instant) {
        match heard {
            Heard::Opening(opening) => {
                self.edition = Some(opening.edition.into());
                self.texts = Some(measures.texts.edition(opening.edition));
                self.track.opening(opening.of, Duration::from_millis(opening.interval_ms));
                self.join(measures, now);
            }
            Heard::Connected => self.join(measures, now),
            Heard::Stanza(index, text) => {
                let agrees = self.texts.is_some_and(|edition| measures.texts.agree(edition, *index, text));
                measures.counts.wrong += u64::from(!agrees);
                match self.track.stanza(*index, now) {
                    Order::Next(Some(late)) => measures.pace.record(late),
                    Order::Next(None) => {}
                    Order::Lost(number) => measures.counts.lost += u64::from(number),
                    Order::Repeated => measures.counts.repeated += 1,
                }
                self.count(measures, now);
            }
            Heard::Event => {
                if let Some(gap) = self.track.event(now) {
                    measures.pace.record(gap);
                }
                self.count(measures, now);
            }
        }
    }

    fn join(&mut self, measures: &mut Measures, now: Instant) {
        self.reading = true;
        self.heard = now;
        if !self.joined {
            self.joined = true;
            measures.counts.joined += 1;
            measures.join.record(self.connected_for(now));
        }
        if std::mem::take(&mut self.returns) {
            measures.counts.resumed += 1;
        }
    }

    fn count(&mut self, measures: &mut Measures, now: Instant) {
        if !self.has_heard {
            self.has_heard = true;
            measures.first.record(self.connected_for(now));
        }
        self.heard = now;
        self.failures = 0;
        measures.counts.stanzas += 1;
        measures.stanzas_since += 1;
    }

    /// Its connection is done with.
    pub(super) fn stopped(&mut self, stop: Stop, measures: &mut Measures, now: Instant) -> After {
        let was_reading = std::mem::take(&mut self.reading);
        match stop {
            Stop::Over if self.joined => {
                measures.counts.lost += u64::from(self.track.end());
                measures.counts.finished += 1;
                self.track = Track::default();
                self.edition = None;
                self.heard = now;
            }
            Stop::Cut(reason) | Stop::Refused(reason) | Stop::Forbidden(reason) if !self.joined => {
                measures.fail(reason);
                return After::Gone;
            }
            Stop::Over | Stop::Reopen => {
                measures.fail("the server ended the reading before it began".to_owned());
                return After::Gone;
            }
            Stop::Forbidden(reason) => {
                measures.gone(format!("after a cut: {reason}"));
                return After::Gone;
            }
            Stop::Cut(reason) | Stop::Refused(reason) => {
                if was_reading {
                    measures.cut(reason);
                    self.track.cut();
                    self.returns = true;
                }
            }
        }
        let failures = self.failures;
        self.failures += 1;
        After::ComesBack(failures)
    }

    /// Whether it has just become silent: it heard nothing for longer than the pace and this time.
    pub(super) fn falls_silent(&mut self, now: Instant, longer: Duration) -> bool {
        let late = now > self.heard + self.track.interval() + longer;
        let silent = self.joined && !self.was_silent && late;
        self.was_silent |= silent;
        silent
    }
}

#[cfg(test)]
mod tests {
    use super::{super::super::conversation::Opening, *};

    const OPENING: Heard<'_> = Heard::Opening(Opening { edition: "e", of: 3, interval_ms: 1000 });

    fn at(start: Instant, secs: u64) -> Instant {
        start + Duration::from_secs(secs)
    }

    #[test]
    fn a_life_with_a_cut() {
        let start = Instant::now();
        let (mut life, mut measures) = (Life::new(start), Measures::default());
        life.note(&OPENING, &mut measures, start);
        life.note(&Heard::Stanza(0, "text"), &mut measures, start);
        let cut = Stop::Cut("gone".into());
        assert_eq!(life.stopped(cut, &mut measures, start), After::ComesBack(0));
        for failures in 1..3 {
            life.begin(start);
            let refused = Stop::Refused("not yet".into());
            assert_eq!(life.stopped(refused, &mut measures, start), After::ComesBack(failures));
        }
        assert_eq!((life.next(), life.edition.as_deref()), (1, Some("e")));
        life.note(&OPENING, &mut measures, at(start, 9));
        life.note(&Heard::Stanza(1, "text"), &mut measures, at(start, 9));
        life.note(&Heard::Stanza(2, "text"), &mut measures, at(start, 10));
        assert_eq!(life.stopped(Stop::Over, &mut measures, at(start, 10)), After::ComesBack(0));
        assert_eq!((life.next(), life.edition.as_deref()), (0, None), "it begins anew");
        let counts = measures.counts;
        assert_eq!((counts.joined, counts.cuts, counts.resumed, counts.finished), (1, 1, 1, 1));
        assert_eq!((counts.lost, counts.repeated, counts.stanzas, counts.failed), (0, 0, 3, 0));
        assert_eq!(measures.cut["gone"], 1);
        assert_eq!((measures.pace.len(), measures.pace.quantile(1.0)), (1, Some(Duration::ZERO)));
    }

    #[test]
    fn who_is_refused_at_a_new_beginning_was_not_cut() {
        let now = Instant::now();
        let (mut life, mut measures) = (Life::new(now), Measures::default());
        life.note(&OPENING, &mut measures, now);
        life.stopped(Stop::Over, &mut measures, now);
        life.stopped(Stop::Refused("not yet".into()), &mut measures, now);
        life.note(&OPENING, &mut measures, now);
        assert_eq!((measures.counts.cuts, measures.counts.resumed), (0, 0));
    }

    #[test]
    fn who_cannot_join_and_who_is_refused_later() {
        let now = Instant::now();
        for stop in
            [Stop::Cut("x".into()), Stop::Refused("x".into()), Stop::Forbidden("x".into()), Stop::Over]
        {
            let mut measures = Measures::default();
            assert_eq!(Life::new(now).stopped(stop, &mut measures, now), After::Gone);
            assert_eq!((measures.counts.failed, measures.counts.gone), (1, 0));
        }
        let (mut life, mut measures) = (Life::new(now), Measures::default());
        life.note(&OPENING, &mut measures, now);
        assert_eq!(life.stopped(Stop::Forbidden("no".into()), &mut measures, now), After::Gone);
        assert_eq!((measures.counts.gone, measures.failed["after a cut: no"]), (1, 1));
    }

    #[test]
    fn an_end_before_the_end_is_a_loss() {
        let now = Instant::now();
        let (mut life, mut measures) = (Life::new(now), Measures::default());
        life.note(&OPENING, &mut measures, now);
        life.note(&Heard::Stanza(0, "text"), &mut measures, now);
        life.stopped(Stop::Over, &mut measures, now);
        assert_eq!(measures.counts.lost, 2);
    }

    #[test]
    fn silence_is_told_once() {
        let start = Instant::now();
        let (mut life, mut measures) = (Life::new(start), Measures::default());
        let longer = Duration::from_secs(10);
        assert!(!life.falls_silent(at(start, 60), longer), "it has not joined");
        life.note(&OPENING, &mut measures, start);
        assert!(!life.falls_silent(at(start, 11), longer));
        assert!(life.falls_silent(at(start, 12), longer));
        assert!(!life.falls_silent(at(start, 13), longer));
    }
}
