//! [`Budget`]: how long each hop may wait, by what was measured of the line. Pure.
//!
//! Each hop has a time of its own, so that one that hangs takes nothing from those after it. A probe ends all the
//! same: it makes a bounded number of requests, and one that waits in vain again and again waits for less.

use std::time::Duration;

/// How long an address may take to accept, on a line without delay. A lost SYN is sent again after 1 and 3 s
/// (RFC 6298, 2.1 and 5.5).
const CONNECT: Duration = Duration::from_secs(5);
/// How long an answer may take. Servers that are slow but work answer in a few seconds; a lost packet costs some more.
const ANSWER: Duration = Duration::from_secs(8);
/// How long the first answer of all may take: many hosts start the program only then.
const FIRST_ANSWER: Duration = Duration::from_secs(15);
/// How late a stream may be before it is given up: a stall of the line of this length loses nothing.
const LATE: Duration = Duration::from_secs(5);
/// How long a whole body may take, as long as bytes come.
const BODY: Duration = Duration::from_secs(30);
/// The longest round trip that is believed; what takes longer is a slow server.
const LONGEST_ROUND_TRIP: Duration = Duration::from_secs(3);
/// After so many requests in a row without an answer, later ones wait for a quarter of their time: a host that hangs
/// hangs everywhere. Three, since so many are under way side by side where one hop after another hangs.
const SILENT: usize = 3;

/// What was measured of the line to the host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Line {
    connect: Option<Duration>,
    answer: Option<Duration>,
    unanswered: usize,
    endless: bool,
}

impl Line {
    /// A connection was accepted after this time.
    pub(crate) fn connected(&mut self, after: Duration) {
        self.connect = Some(self.connect.map_or(after, |known| known.min(after)));
    }

    /// An answer began so long after its request was sent on an open connection. A proxy or relay near the client
    /// accepts at once; only answers tell how far it is from there.
    pub(crate) fn answered(&mut self, after: Duration) {
        self.answer = Some(self.answer.map_or(after, |known| known.min(after)));
        self.unanswered = 0;
    }

    /// A request got no answer in its time.
    pub(crate) fn unanswered(&mut self) {
        self.unanswered += 1;
    }

    /// A body took all its time and did not end.
    pub(crate) fn endless(&mut self) {
        self.endless = true;
    }

    /// One round trip: as long as the shortest answer took, and at least as long as the quickest connection. None until
    /// anything was measured.
    pub(crate) fn round_trip(&self) -> Option<Duration> {
        let longest = self.connect.into_iter().chain(self.answer).max()?;
        Some(longest.min(LONGEST_ROUND_TRIP))
    }
}

/// How long each thing may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    /// What `--timeout` says.
    told: Option<Duration>,
    line: Line,
}

impl Budget {
    /// By what the user said, and what is known of the line.
    pub(crate) fn new(told: Option<Duration>, line: Line) -> Self {
        Self { told, line }
    }

    /// This many round trips.
    fn round_trips(&self, count: u32) -> Duration {
        self.line.round_trip().unwrap_or_default() * count
    }

    /// For a name, a connection or a handshake of TLS.
    pub(crate) fn connect(&self) -> Duration {
        let time = CONNECT + self.round_trips(4);
        self.told.map_or(time, |told| told.min(time))
    }

    /// For one answer, with the making of its connection.
    pub(crate) fn answer(&self) -> Duration {
        self.patient(ANSWER)
    }

    /// For the first answer of all.
    pub(crate) fn first_answer(&self) -> Duration {
        self.patient(FIRST_ANSWER)
    }

    fn patient(&self, time: Duration) -> Duration {
        let time = self.told.unwrap_or_else(|| time + self.round_trips(8));
        if self.line.unanswered >= SILENT { time / 4 } else { time }
    }

    /// For a whole body, as long as bytes come: a slow line is slow, not broken. After one that did not end, others get a
    /// quarter: on a slow line they are the smaller ones.
    pub(crate) fn body(&self) -> Duration {
        let time = self.told.map_or(BODY, |told| told.max(BODY));
        if self.line.endless { time / 4 } else { time }
    }

    /// How late the last stanza of a stream may be.
    pub(crate) fn late(&self) -> Duration {
        LATE + self.round_trips(4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn the_round_trip_is_what_connections_and_answers_agree_on() {
        let mut line = Line::default();
        assert_eq!(line.round_trip(), None);
        line.connected(ms(2));
        assert_eq!(line.round_trip(), Some(ms(2)));
        line.answered(ms(8000));
        assert_eq!(line.round_trip(), Some(LONGEST_ROUND_TRIP), "a host that has to wake up first");
        line.answered(ms(640));
        assert_eq!(line.round_trip(), Some(ms(640)), "a relay nearby accepts at once");
        line.connected(ms(700));
        assert_eq!(line.round_trip(), Some(ms(640)), "the quickest counts: others lost a packet");
    }

    #[test]
    fn what_is_far_away_may_take_longer() {
        let mut line = Line::default();
        let budget = |told: Option<u64>, line| Budget::new(told.map(Duration::from_secs), line);
        assert_eq!(budget(None, line).answer(), ms(8000));
        assert_eq!(budget(None, line).first_answer(), ms(15000));
        line.answered(ms(500));
        assert_eq!(budget(None, line).answer(), ms(12000));
        assert_eq!(budget(None, line).connect(), ms(7000));
        assert_eq!(budget(None, line).late(), ms(7000));
        assert_eq!(budget(Some(60), line).answer(), ms(60000), "what the user says counts");
        assert_eq!(budget(Some(60), line).body(), ms(60000));
        assert_eq!(budget(Some(2), line).connect(), ms(2000));
        assert_eq!(budget(Some(2), line).body(), BODY, "bytes that come are an answer");
        line.endless();
        assert_eq!(budget(None, line).body(), BODY / 4);
    }

    #[test]
    fn no_time_is_ever_nothing_and_a_host_that_hangs_ends_soon() {
        for told in [None, Some(ms(1000)), Some(ms(3_600_000))] {
            let mut line = Line::default();
            let fresh = Budget::new(told, line).answer();
            for count in 1..40 {
                line.unanswered();
                let budget = Budget::new(told, line);
                let expected = if count < SILENT { fresh } else { fresh / 4 };
                assert_eq!(budget.answer(), expected);
                for time in [budget.connect(), budget.answer(), budget.first_answer(), budget.late()] {
                    assert!(time >= ms(250), "{time:?} is no time to answer in");
                }
            }
            line.answered(ms(1));
            assert!(Budget::new(told, line).answer() >= fresh, "it answers again");
        }
    }
}
