//! [`Brief`]: a hop in a few words, from what was seen there. Pure.

use crate::probe::{
    evidence::{Evidence, Stream, Upgrade},
    hop::{Hop, Outcome},
    summary::summary,
};
use crate::transport::Transport;

/// A hop in a few words: how it went is `way`, `detail` and `rest`, one after the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Brief {
    /// What it is called where it is good.
    pub(super) label: String,
    /// How it went.
    pub(super) way: String,
    /// What may differ between streams that went the same way; may be empty.
    pub(super) detail: String,
    /// What follows it; may be empty.
    pub(super) rest: String,
}

impl Brief {
    /// A hop in a few words.
    pub(crate) fn new(evidence: &Evidence, hop: Hop, outcome: Outcome) -> Self {
        let mut brief = match hop {
            Hop::Stream(transport) => evidence
                .streams
                .get(&transport)
                .map(|stream| stream_way(stream, interval(evidence)))
                .unwrap_or_default(),
            Hop::Upgrade => {
                let attempts = evidence.upgrades.as_ref().map_or(&[][..], |upgrades| &upgrades.attempts);
                Self::of(upgrade_way(attempts))
            }
            Hop::Tls => Self::of(tls_way(evidence).unwrap_or_else(|| summary(evidence, hop))),
            _ => Self::of(summary(evidence, hop)),
        };
        brief.label = label(evidence, hop);
        // What was seen may look good, and its verdict stands further down.
        if outcome == Outcome::Degraded {
            brief.rest.push_str("; see below");
        }
        brief
    }

    /// What somebody else tells of a stream.
    pub(super) fn told(way: String) -> Self {
        Self::of(way)
    }

    fn of(way: impl Into<String>) -> Self {
        Self { way: way.into(), ..Self::default() }
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

/// How the stream of an application went, in words for the line of the outcome; none where no application was listened to.
pub(crate) fn app_words(evidence: &Evidence) -> Option<String> {
    let streams = &evidence.app.as_ref()?.streams;
    let subject = evidence.subject.name();
    let Some(best) =
        streams.iter().filter(|stream| stream.is_well()).max_by_key(|stream| stream.events.len())
    else {
        return Some(format!("the {subject} does not work"));
    };
    Some(match best.events.len() {
        0 => format!("the {subject} opened, but nothing came"),
        count => {
            let seconds = seconds(best.watched_ms);
            format!("the {subject} brought {} in {seconds:.1} s", best.counted(count))
        }
    })
}

fn label(evidence: &Evidence, hop: Hop) -> String {
    let seen = match hop {
        // As rustls names it: TLSv1_3.
        Hop::Tls => evidence
            .tls
            .as_ref()
            .and_then(|tls| tls.protocol.as_deref())
            .map(|version| version.to_ascii_lowercase().replace("tlsv", "tls ").replace('_', ".")),
        Hop::Proxy => evidence.proxy.as_ref().map(|proxy| match &proxy.excepted_by {
            Some(by) => format!("without {} ({by})", proxy.url),
            None => format!("through {} ({})", proxy.url, proxy.source),
        }),
        Hop::Http => evidence.http.as_ref().map(|http| http.first.version.to_ascii_lowercase()),
        Hop::Page if !evidence.subject.is_page() && !evidence.is_echo() => {
            let by = evidence.page.as_ref().and_then(|page| page.shown_by.as_deref());
            let by = by.map(|by| format!(": {by}")).unwrap_or_default();
            Some(format!("page (not Dante's; probed as a {}{by})", evidence.subject.name()))
        }
        Hop::Page => evidence
            .page
            .as_ref()
            .filter(|page| page.exchanges.len() > 1)
            .map(|page| format!("page (redirected to {})", page.url)),
        Hop::App => evidence.app.as_ref().map(|app| {
            let parts = app.streams.iter().map(|stream| match stream.events.len() {
                0 if stream.refused.is_some() => format!("{} (answers, lets nobody in)", stream.name()),
                0 if !stream.is_open() => format!("{} ({})", stream.name(), stream.exchange.outcome()),
                0 => format!("{} (open, silent)", stream.name()),
                count => format!("{} ({})", stream.name(), stream.counted(count)),
            });
            parts.collect::<Vec<_>>().join("  ")
        }),
        Hop::Browser => evidence.browser.as_ref().map(|browser| format!("browser ({})", browser.version)),
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

/// Why a certificate is not trusted, without what any error of rustls begins with.
fn tls_way(evidence: &Evidence) -> Option<String> {
    let tls = evidence.tls.as_ref()?;
    let why = tls.untrusted.as_deref()?;
    let why = why.strip_prefix("invalid peer certificate: ").unwrap_or(why);
    let why = if tls.self_signed { "it is self-signed" } else { why };
    Some(format!("the certificate is not trusted: {why}"))
}

/// Answers of the styles in which clients ask for an upgrade.
fn upgrade_way(attempts: &[Upgrade]) -> String {
    let mut ways: Vec<(String, Vec<&str>)> = Vec::new();
    for attempt in attempts {
        let way = match (&attempt.ended, attempt.works) {
            (_, true) => "works".to_owned(),
            (Some(ended), _) if attempt.exchange.switched() => {
                format!("{}, then {}", attempt.exchange.outcome(), ended.how)
            }
            _ => attempt.exchange.outcome(),
        };
        match ways.iter_mut().find(|(known, _)| *known == way) {
            // A style that was asked again is named once.
            Some((_, styles)) if styles.contains(&attempt.style.as_str()) => {}
            Some((_, styles)) => styles.push(&attempt.style),
            None => ways.push((way, vec![&attempt.style])),
        }
    }
    match ways.as_slice() {
        [(way, styles)] if styles.len() > 1 && way == "works" => "works for every client style".to_owned(),
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
fn stream_way(stream: &Stream, interval: Option<u64>) -> Brief {
    let with = |way: &str, detail: String| Brief { detail, ..Brief::of(way) };
    if let Some(garbage) = &stream.garbage {
        return Brief::of(garbage.as_str());
    }
    if stream.arrivals.is_empty() {
        return match (&stream.ended, stream.exchange.status) {
            (_, Some(status)) if status >= 300 => with("refused:", status.to_string()),
            (Some(ended), _) => Brief::of(ended.how.as_str()),
            (None, None) => Brief::of(stream.exchange.outcome()),
            (None, Some(_)) => with("no stanza within", format!("{:.1} s", seconds(stream.watched_ms))),
        };
    }
    if let Some(ended) = stream.ended.as_ref().filter(|_| !stream.complete) {
        let detail = format!("{} and {:.1} s", stanzas(stream.arrivals.len()), seconds(ended.at_ms));
        return Brief { rest: format!(": {}", ended.how), ..with("ended early, after", detail) };
    }
    Brief::of(pace(stream, interval))
}

fn stanzas(count: usize) -> String {
    if count == 1 { "1 stanza".to_owned() } else { format!("{count} stanzas") }
}

/// Fewer gaps than this say nothing of a pace: one late stanza would decide.
const FEWEST_GAPS: usize = 3;

/// At what pace stanzas came.
fn pace(stream: &Stream, interval: Option<u64>) -> String {
    let times: Vec<u64> = stream.arrivals.iter().map(|arrival| arrival.at_ms).collect();
    let gaps: Vec<u64> = times.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
    if gaps.len() < FEWEST_GAPS {
        return format!("{}, too few to judge the pace", stanzas(times.len()));
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
    use crate::probe::evidence::Exchange;
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
        let with = |status| Exchange { status: Some(status), ..Exchange::default() };
        let parts = |stream: &Stream| {
            let Brief { way, detail, rest, .. } = stream_way(stream, None);
            [way, detail, rest]
        };
        let refused = Stream { exchange: with(426), ..stream(&[]) };
        assert_eq!(parts(&refused), ["refused:", "426", ""]);
        let silent = Stream { exchange: with(200), ..stream(&[]) };
        assert_eq!(parts(&silent), ["no stanza within", "8.0 s", ""]);
        let ended = Ended { at_ms: 5100, how: "closed".into(), ..Ended::default() };
        let early = Stream { ended: Some(ended), ..stream(&[5, 2005]) };
        assert_eq!(parts(&early), ["ended early, after", "2 stanzas and 5.1 s", ": closed"]);
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
