//! [`Fate`]: what came of a request or a stream, the same for both versions of HTTP, so that they can be compared. Pure.

use crate::probe::{
    diagnose::{facts, pace},
    evidence::{AppStream, Evidence, Exchange, Failure, Stream, Upgrade},
    hop::Hop,
    streams::opened,
};

/// What came of a request or a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// It went as it should, or a browser does the same over HTTP/1.1.
    Good,
    /// There was no answer, or another one.
    Refused(String),
    /// The answer breaks the rules of HTTP/2.
    Malformed(String),
    /// It came, and was cut off.
    Cut(String),
    /// It came late and in lumps, or opened and brought nothing.
    Held(String),
}

impl Fate {
    /// Whether nothing is wrong with it.
    pub(super) fn is_good(&self) -> bool {
        *self == Self::Good
    }

    /// In words; empty where nothing is wrong.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Good => "",
            Self::Refused(text) | Self::Malformed(text) | Self::Cut(text) | Self::Held(text) => text,
        }
    }
}

/// What came of a hop over HTTP/1.1; good where it was not asked.
pub(super) fn over_http_1(evidence: &Evidence, hop: Hop) -> Fate {
    let works = || match facts::works(evidence, hop) {
        true => Fate::Good,
        false => Fate::Refused("it does not work over HTTP/1.1 either".to_owned()),
    };
    match hop {
        Hop::Stream(transport) => match evidence.streams.get(&transport) {
            Some(stream) => of_stream(evidence, facts::heard(stream)),
            None => Fate::Refused("it was not asked for over HTTP/1.1".to_owned()),
        },
        Hop::App => evidence.app.as_ref().and_then(|app| app.streams.first()).map_or_else(works, of_app),
        _ => works(),
    }
}

/// What came of a stream over HTTP/2. One that is held back has to be silent for much longer than any over HTTP/1.1 in this probe: on a
/// slow line, or a busy machine, all have gaps.
pub(super) fn over_http_2(evidence: &Evidence, stream: &Stream) -> Fate {
    let usual = evidence.streams.values().flat_map(gaps).max().unwrap_or_default();
    match of_stream(evidence, stream) {
        Fate::Held(_) if gaps(stream).max().is_some_and(|longest| longest <= 2 * usual) => Fate::Good,
        fate => fate,
    }
}

/// The times between stanzas, with that to the first one and that after the last one.
fn gaps(stream: &Stream) -> impl Iterator<Item = u64> {
    let times = stream.arrivals.iter().map(|arrival| arrival.at_ms);
    let next = times.clone().chain([stream.watched_ms]);
    [0].into_iter().chain(times).zip(next).map(|(before, at)| at.saturating_sub(before))
}

/// What came of a request.
pub(super) fn of_answer(exchange: &Exchange) -> Fate {
    match &exchange.failure {
        _ if exchange.is(200) => Fate::Good,
        Some(failure) => of_failure(failure, facts::describe_answer(exchange)),
        None => Fate::Refused(facts::describe_answer(exchange)),
    }
}

/// What came of an upgrade.
pub(super) fn of_upgrade(upgrade: &Upgrade) -> Fate {
    match &upgrade.ended {
        _ if upgrade.works => Fate::Good,
        Some(ended) => {
            Fate::Refused(format!("{}, then {}", facts::describe_answer(&upgrade.exchange), ended.how))
        }
        None => match of_answer(&upgrade.exchange) {
            Fate::Good => Fate::Refused("no frame came".to_owned()),
            fate => fate,
        },
    }
}

/// What came of a stream.
pub(super) fn of_stream(evidence: &Evidence, stream: &Stream) -> Fate {
    let answer = || facts::describe_answer(&stream.exchange);
    if let Some(garbage) = &stream.garbage {
        return Fate::Refused(garbage.clone());
    }
    if !opened(&stream.exchange) {
        return match &stream.exchange.failure {
            Some(failure) => of_failure(failure, answer()),
            None => Fate::Refused(answer()),
        };
    }
    match &stream.ended {
        Some(ended) if !stream.complete && stream.opening.is_none() => {
            Fate::Refused(format!("{}, then {}", answer(), ended.how))
        }
        Some(ended) if !stream.complete => {
            Fate::Cut(format!("{} after {:.1} s", ended.how, seconds(ended.at_ms)))
        }
        _ if stream.arrivals.is_empty() && !stream.complete => {
            Fate::Held(format!("it opened, but nothing came within {:.1} s", seconds(stream.watched_ms)))
        }
        _ => match pace::longest_silence(evidence, stream) {
            Some(silence) => Fate::Held(format!("nothing for {:.1} s", seconds(silence.ms()))),
            None => Fate::Good,
        },
    }
}

/// What came of a stream of an application. Its pace is not known, and so only what it lacks altogether is told.
pub(super) fn of_app(stream: &AppStream) -> Fate {
    let exchange = &stream.exchange;
    match (&stream.garbage, &stream.ended) {
        _ if !stream.is_open() => match &exchange.failure {
            Some(failure) => of_failure(failure, facts::describe_answer(exchange)),
            None => Fate::Refused(facts::describe_answer(exchange)),
        },
        (Some(garbage), _) => Fate::Refused(garbage.clone()),
        (None, Some(ended)) if !stream.complete => {
            Fate::Cut(format!("{} after {:.1} s", ended.how, seconds(ended.at_ms)))
        }
        _ if stream.bytes == 0 => {
            Fate::Held(format!("it opened, but nothing came within {:.1} s", seconds(stream.watched_ms)))
        }
        _ => Fate::Good,
    }
}

/// A request that was not answered, in these words. A server that wants HTTP/1.1 for it gets it from browsers (RFC 9113, 7; Chromium:
/// `HttpNetworkTransaction::HandleHttp11Required`).
fn of_failure(failure: &Failure, text: String) -> Fate {
    match &failure.http2 {
        Some(end) if end.code == "HTTP_1_1_REQUIRED" => Fate::Good,
        Some(end) if end.ours => Fate::Malformed(text),
        _ => Fate::Refused(text),
    }
}

fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}
