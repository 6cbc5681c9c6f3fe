//! [`Tally`]: for how long each stream was open, how often it was cut, and how long it was gone. Pure.

use serde::Serialize;

use super::change::span;
use crate::probe::diagnose::Severity;

/// One stream, as it went so far; all times in milliseconds since the watch began.
#[derive(Debug)]
pub(super) struct StreamTally {
    name: &'static str,
    /// When it was opened or ended last.
    since_ms: u64,
    is_open: bool,
    /// For how long it was open, up to then.
    open_ms: u64,
    cuts: usize,
    longest_gap_ms: u64,
    /// Whether it is not there because it came to its own end.
    is_complete: bool,
    /// Whether it was ever open.
    was_open: bool,
    /// When it was open for the first time.
    first_ms: u64,
}

/// What a watch comes to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// How long it was watched, in milliseconds.
    pub(crate) ms: u64,
    /// How many looks were had at the host, and at how many of them its page was answered without an error.
    pub(crate) looks: usize,
    /// The same of those that were good.
    pub(crate) good_looks: usize,
    /// How many changes were told.
    pub(crate) changes: usize,
    /// How often a stream was cut.
    pub(crate) cuts: usize,
    /// For how long a stream was gone at most, in milliseconds.
    pub(crate) longest_gap_ms: u64,
    /// Each stream.
    pub(crate) streams: Vec<StreamSummary>,
    /// The worst that was seen, the probe at the beginning included.
    pub(crate) outcome: &'static str,
    /// Its exit code.
    pub(crate) exit_code: u8,
    #[serde(skip)]
    pub(crate) severity: Severity,
}

/// What became of one stream.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StreamSummary {
    /// Its name.
    pub(crate) stream: String,
    /// Of the time since it was open first, the share in which it was open: from 0 to 1.
    pub(crate) open_share: f64,
    /// How often it was cut.
    pub(crate) cuts: usize,
    /// For how long it was gone at most, in milliseconds.
    pub(crate) longest_gap_ms: u64,
    /// Whether it was open at the end, or over by itself.
    pub(crate) open: bool,
}

impl StreamTally {
    /// One that is not open yet.
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            since_ms: 0,
            is_open: false,
            open_ms: 0,
            cuts: 0,
            longest_gap_ms: 0,
            is_complete: false,
            was_open: false,
            first_ms: 0,
        }
    }

    /// It is open; gives for how long it had been gone, if it was open before and had not come to its end.
    pub(super) fn opened(&mut self, at_ms: u64) -> Option<u64> {
        let gap = at_ms.saturating_sub(self.since_ms);
        let is_back = self.was_open && !self.is_complete && !self.is_open;
        if !self.was_open {
            self.first_ms = at_ms;
        }
        (self.is_open, self.was_open, self.is_complete, self.since_ms) = (true, true, false, at_ms);
        if is_back {
            self.longest_gap_ms = self.longest_gap_ms.max(gap);
        }
        is_back.then_some(gap)
    }

    /// It ended; by itself, or it was cut.
    pub(super) fn ended(&mut self, at_ms: u64, is_complete: bool) {
        if self.is_open {
            self.open_ms += at_ms.saturating_sub(self.since_ms);
            self.cuts += usize::from(!is_complete);
        }
        (self.is_open, self.is_complete, self.since_ms) = (false, is_complete, at_ms);
    }

    /// Whether it was ever open.
    pub(super) fn was_open(&self) -> bool {
        self.was_open
    }

    fn summary(&self, end_ms: u64) -> StreamSummary {
        let now = end_ms.saturating_sub(self.since_ms);
        let open_ms = self.open_ms + if self.is_open || self.is_complete { now } else { 0 };
        let whole = end_ms.saturating_sub(self.first_ms).max(1);
        let share = if self.was_open { (open_ms as f64 / whole as f64).min(1.0) } else { 0.0 };
        let gone = if self.is_open || self.is_complete || !self.was_open { 0 } else { now };
        StreamSummary {
            stream: self.name.to_owned(),
            open_share: (share * 10_000.0).round() / 10_000.0,
            cuts: self.cuts,
            longest_gap_ms: self.longest_gap_ms.max(gone),
            open: self.is_open || self.is_complete,
        }
    }
}

impl Summary {
    /// The exit code of the worst that was seen.
    pub fn exit_code(&self) -> u8 {
        self.exit_code
    }

    /// What streams and looks come to at the end; `worst` is the worst change, or what the probe at the beginning said.
    pub(super) fn new(
        end_ms: u64,
        streams: &[StreamTally],
        (looks, good_looks): (usize, usize),
        changes: usize,
        worst: Severity,
    ) -> Self {
        let streams: Vec<_> = streams.iter().map(|stream| stream.summary(end_ms)).collect();
        let (outcome, exit_code) = match worst {
            Severity::Note => ("good", 0),
            Severity::Degraded => ("degraded", 3),
            Severity::Broken => ("broken", 4),
        };
        Self {
            ms: end_ms,
            looks,
            good_looks,
            changes,
            cuts: streams.iter().map(|stream| stream.cuts).sum(),
            longest_gap_ms: streams.iter().map(|stream| stream.longest_gap_ms).max().unwrap_or_default(),
            streams,
            outcome,
            exit_code,
            severity: worst,
        }
    }

    /// In lines, the first of them about all.
    pub(crate) fn lines(&self) -> Vec<String> {
        let times = |count: usize, one: &str| match count {
            0 => format!("no {one}s"),
            1 => format!("1 {one}"),
            _ => format!("{count} {one}s"),
        };
        let gap = |ms: u64| if ms > 0 { format!(", longest gap {}", span(ms)) } else { String::new() };
        let first = format!(
            "watched for {}: the page answered at {} of {} looks; {}{}",
            span(self.ms),
            self.good_looks,
            self.looks,
            times(self.cuts, "cut"),
            gap(self.longest_gap_ms),
        );
        let each = self.streams.iter().map(|stream| {
            let share = stream.open_share * 100.0;
            let now = if stream.open { "" } else { "; not open at the end" };
            format!(
                "{}: open {share:.1} % of the time, {}{}{now}",
                stream.stream,
                times(stream.cuts, "cut"),
                gap(stream.longest_gap_ms)
            )
        });
        std::iter::once(first).chain(each).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_cuts_and_gaps() {
        let mut stream = StreamTally::new("sse");
        assert_eq!(stream.opened(1_000), None, "the first time");
        stream.ended(5_000, false);
        // Refused meanwhile.
        stream.ended(5_500, false);
        assert_eq!(stream.opened(6_000), Some(500));
        stream.ended(8_000, true);
        assert_eq!(stream.opened(9_000), None, "it had come to its end");
        let mut never = StreamTally::new("plain websocket");
        never.ended(3_000, false);
        let all = Summary::new(11_000, &[stream, never], (3, 2), 2, Severity::Degraded);
        assert_eq!((all.cuts, all.exit_code, all.outcome), (1, 3, "degraded"));
        let [sse, websocket] = all.streams.as_slice() else { panic!("{all:?}") };
        assert_eq!((sse.cuts, sse.open, sse.longest_gap_ms), (1, true, 500));
        assert!((0.8..0.95).contains(&sse.open_share), "{sse:?}");
        assert_eq!((websocket.open_share, websocket.cuts, websocket.open), (0.0, 0, false));
        assert_eq!(
            all.lines()[0],
            "watched for 11.0 s: the page answered at 2 of 3 looks; 1 cut, longest gap 500 ms"
        );
        assert!(all.lines()[2].ends_with("no cuts; not open at the end"), "{:?}", all.lines());
    }

    #[test]
    fn what_is_gone_at_the_end_has_a_gap_up_to_there() {
        let mut stream = StreamTally::new("sse");
        stream.opened(0);
        stream.ended(4_000, false);
        let all = Summary::new(10_000, &[stream], (1, 0), 1, Severity::Broken);
        assert_eq!((all.longest_gap_ms, all.streams[0].open_share), (6_000, 0.4));
    }
}
