//! [`Brief`]: a hop in a few words, from what was seen there. Pure.

use crate::probe::{
    evidence::{Evidence, Exchange, Stream, Upgrade},
    hop::{Hop, Outcome},
    summary::summary,
};
use crate::transport::Transport;

/// A hop in a few words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Brief {
    /// What it is called where it is good.
    pub(super) label: String,
    /// How it went; with streams, as far as it is the same for all that went this way.
    pub(super) way: String,
    /// What may differ between streams that went the same way, to be read after it; may be empty.
    pub(super) detail: String,
}

impl Brief {
    /// A hop in a few words.
    pub(crate) fn new(evidence: &Evidence, hop: Hop, outcome: Outcome) -> Self {
        let label = label(evidence, hop);
        let (mut way, detail) = match hop {
            Hop::Stream(transport) => match evidence.streams.get(&transport) {
                Some(stream) => stream_way(stream, interval(evidence)),
                None => (String::new(), String::new()),
            },
            Hop::Upgrade => {
                let attempts = evidence.upgrades.as_ref().map_or(&[][..], |upgrades| &upgrades.attempts);
                (upgrade_way(attempts), String::new())
            }
            _ => (summary(evidence, hop), String::new()),
        };
        // What was seen may look good, and its verdict stands further down.
        if outcome == Outcome::Degraded {
            way.push_str("; see below");
        }
        Self { label, way, detail }
    }
}

/// What a hop is called in a report.
pub(super) fn name(hop: Hop) -> &'static str {
    match hop {
        Hop::ClientLibrary => "library",
        Hop::Stream(Transport::SocketIoWebSocket) => "socket.io websocket",
        Hop::Stream(Transport::SocketIoPolling) => "socket.io polling",
        Hop::Stream(Transport::WebSocket) => "plain websocket",
        Hop::Stream(Transport::Sse) => "sse",
        _ => hop.name(),
    }
}

fn label(evidence: &Evidence, hop: Hop) -> String {
    let seen = match hop {
        // As rustls names it: TLSv1_3.
        Hop::Tls => evidence
            .tls
            .as_ref()
            .and_then(|tls| tls.protocol.as_deref())
            .map(|version| version.to_ascii_lowercase().replace("tlsv", "tls ").replace('_', ".")),
        Hop::Http => evidence.http.as_ref().map(|http| http.first.version.to_ascii_lowercase()),
        Hop::Page => evidence
            .page
            .as_ref()
            .filter(|page| page.exchanges.len() > 1)
            .map(|page| format!("page (redirected to {})", page.url)),
        Hop::Hold => evidence
            .hold
            .as_ref()
            .and_then(|hold| hold.held.iter().map(|held| held.held_ms).max())
            .map(|longest| format!("hold {:.0} s", seconds(longest))),
        _ => None,
    };
    seen.filter(|label| !label.is_empty()).unwrap_or_else(|| name(hop).to_owned())
}

/// The pace that the server promises, in milliseconds.
fn interval(evidence: &Evidence) -> Option<u64> {
    evidence.hosting_status().map(|status| status.interval_ms).filter(|interval| *interval > 0)
}

/// Answers of the styles in which clients ask for an upgrade.
fn upgrade_way(attempts: &[Upgrade]) -> String {
    let mut ways: Vec<(String, Vec<&str>)> = Vec::new();
    for attempt in attempts {
        let way = match (&attempt.ended, attempt.works) {
            (_, true) => "works".to_owned(),
            (Some(ended), _) if attempt.exchange.status == Some(101) => format!("101, then {}", ended.how),
            _ => answer(&attempt.exchange),
        };
        match ways.iter_mut().find(|(known, _)| *known == way) {
            // A style that was asked again is named once.
            Some((_, styles)) if styles.contains(&attempt.style.as_str()) => {}
            Some((_, styles)) => styles.push(&attempt.style),
            None => ways.push((way, vec![&attempt.style])),
        }
    }
    match ways.as_slice() {
        [(way, styles)] if styles.len() > 1 => format!("{way} to every client style"),
        // What fails comes first.
        several => {
            let (good, bad): (Vec<_>, Vec<_>) = several.iter().partition(|(way, _)| way == "works");
            let texts = bad.iter().chain(&good).map(|(way, styles)| format!("{}: {way}", styles.join(", ")));
            texts.collect::<Vec<_>>().join("; ")
        }
    }
}

/// How a stream went.
fn stream_way(stream: &Stream, interval: Option<u64>) -> (String, String) {
    if let Some(garbage) = &stream.garbage {
        return (garbage.clone(), String::new());
    }
    if stream.arrivals.is_empty() {
        return match (&stream.ended, stream.exchange.status) {
            (_, Some(status)) if status >= 300 => ("refused:".to_owned(), status.to_string()),
            (Some(ended), _) => (ended.how.clone(), String::new()),
            (None, None) => (answer(&stream.exchange), String::new()),
            (None, Some(_)) => {
                ("no stanza within".to_owned(), format!("{:.1} s", seconds(stream.watched_ms)))
            }
        };
    }
    if let Some(ended) = stream.ended.as_ref().filter(|_| !stream.complete) {
        let detail = format!("{} stanzas and {:.1} s", stream.arrivals.len(), seconds(ended.at_ms));
        return (format!("ended early, {}, after", ended.how), detail);
    }
    (pace(stream, interval), String::new())
}

/// Fewer gaps than this say nothing of a pace: one late stanza would decide.
const FEWEST_GAPS: usize = 3;

/// At what pace stanzas came.
fn pace(stream: &Stream, interval: Option<u64>) -> String {
    let times: Vec<u64> = stream.arrivals.iter().map(|arrival| arrival.at_ms).collect();
    let gaps: Vec<u64> = times.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
    if gaps.len() < FEWEST_GAPS {
        let plural = if times.len() == 1 { "stanza" } else { "stanzas" };
        return format!("{} {plural}, too few to judge the pace", times.len());
    }
    let shortest = gaps.iter().min().copied().unwrap_or_default();
    let longest = gaps.iter().max().copied().unwrap_or_default();
    let is_even = |due: u64| {
        // A quarter, or what busy machines do at a fast pace.
        let slack = (due / 4).max(250);
        // The first stanza waits for the making of the connection, and so the gap after it may be short.
        longest <= due + slack && gaps[1..].iter().all(|gap| gap + slack >= due)
    };
    match interval {
        Some(due) if is_even(due) => format!("on time, a stanza every {} s", trimmed(due)),
        Some(due) => format!(
            "{} stanzas, {:.2} to {:.2} s apart, due every {} s",
            times.len(),
            seconds(shortest),
            seconds(longest),
            trimmed(due)
        ),
        None => {
            format!("{} stanzas, {:.2} to {:.2} s apart", times.len(), seconds(shortest), seconds(longest))
        }
    }
}

fn answer(exchange: &Exchange) -> String {
    match (&exchange.status, &exchange.failure) {
        (_, Some(failure)) => failure.text.clone(),
        (Some(status), None) => status.to_string(),
        (None, None) => "no answer".to_owned(),
    }
}

fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}

/// Seconds without zeros at the end.
fn trimmed(ms: u64) -> String {
    seconds(ms).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::evidence::{Arrival, Ended};

    fn stream(times: &[u64]) -> Stream {
        let arrivals = times.iter().map(|at_ms| Arrival { at_ms: *at_ms, index: None, bytes: 10 }).collect();
        Stream { arrivals, watched_ms: 8000, ..Stream::default() }
    }

    #[test]
    fn paces() {
        let pace = |times: &[u64], interval| pace(&stream(times), interval);
        assert_eq!(pace(&[5, 2005, 4013, 6000], Some(2000)), "on time, a stanza every 2 s");
        assert_eq!(pace(&[5, 480, 505, 770], Some(250)), "on time, a stanza every 0.25 s");
        assert_eq!(pace(&[5, 2005, 4013], Some(2000)), "3 stanzas, too few to judge the pace");
        assert_eq!(pace(&[5], None), "1 stanza, too few to judge the pace");
        assert_eq!(pace(&[1000, 2005, 4013, 6000], Some(2000)), "on time, a stanza every 2 s");
        assert_eq!(
            pace(&[6000, 6001, 6001, 8000], Some(2000)),
            "4 stanzas, 0.00 to 2.00 s apart, due every 2 s"
        );
        assert_eq!(pace(&[0, 500, 1000, 1500], None), "4 stanzas, 0.50 to 0.50 s apart");
    }

    #[test]
    fn streams_that_fail() {
        let refused =
            Stream { exchange: Exchange { status: Some(426), ..Exchange::default() }, ..stream(&[]) };
        assert_eq!(stream_way(&refused, None), ("refused:".to_owned(), "426".to_owned()));
        let silent =
            Stream { exchange: Exchange { status: Some(200), ..Exchange::default() }, ..stream(&[]) };
        assert_eq!(stream_way(&silent, None), ("no stanza within".to_owned(), "8.0 s".to_owned()));
        let ended = Ended { at_ms: 5100, how: "closed".into(), ..Ended::default() };
        let early = Stream { ended: Some(ended), ..stream(&[5, 2005]) };
        let (way, detail) = stream_way(&early, None);
        assert_eq!((way.as_str(), detail.as_str()), ("ended early, closed, after", "2 stanzas and 5.1 s"));
    }

    #[test]
    fn upgrades_by_their_answers() {
        let attempt = |style: &str, status, works| Upgrade {
            style: style.into(),
            exchange: Exchange { status: Some(status), ..Exchange::default() },
            works,
            ..Upgrade::default()
        };
        for (attempts, way) in [
            (vec![attempt("chrome", 400, false), attempt("plain", 400, false)], "400 to every client style"),
            (
                vec![
                    attempt("chrome", 101, true),
                    attempt("firefox", 403, false),
                    attempt("plain", 101, true),
                ],
                "firefox: 403; chrome, plain: works",
            ),
            (vec![attempt("chrome", 400, false)], "chrome: 400"),
            (vec![attempt("plain", 400, false), attempt("plain", 400, false)], "plain: 400"),
        ] {
            assert_eq!(upgrade_way(&attempts), way);
        }
    }
}
