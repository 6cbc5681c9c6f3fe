//! Events that come together after a silence. The pace of an application is its own: it may send several at once, and be silent for
//! long. So one sign of a buffer is none; two that do not depend on each other, or one that comes again over a fresh
//! connection, are. Pure.

use super::{Again, AppForm, AppStream, AppWay, Finding, Hop, Severity, VerdictId};

/// So many events within [`AT_ONCE_MS`] of each other are a lump, after a silence of [`SILENCE_MS`].
const MANY: usize = 3;
const AT_ONCE_MS: u64 = 50;
const SILENCE_MS: u64 = 1_000;

/// For how long the rest of an event has to be waited for before it counts as torn: longer than a lost packet costs (RFC 6298,
/// 2.1: one second at first, and less once the round trip is known).
const TORN_MS: u64 = 1_200;

/// Sizes of lumps that differ by less than this part are the same.
const SAME_SIZE: usize = 50;
/// No buffer of a proxy is smaller (Apache's `ProxyIOBufferSize` and nginx's `proxy_buffer_size` are 4 or 8 KiB; zlib's windows and
/// TLS records are larger).
const SMALLEST_BUFFER: usize = 1_000;

/// Several events that came at once after a silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Lump {
    /// When.
    at_ms: u64,
    /// For how long nothing had come.
    silence_ms: u64,
    /// How many events.
    events: usize,
    /// How many bytes came with them, over the network.
    bytes: usize,
}

/// What is seen of a stream that may be buffered.
#[derive(Debug, Default, PartialEq, Eq)]
struct Signs {
    lumps: Vec<Lump>,
    /// How many lumps ended in the middle of an event, the rest of which had to be waited for.
    torn: usize,
    /// Whether two lumps or more have the same size, whatever is in them.
    same_size: bool,
    /// Whether everything came at once, after a silence, and then the end.
    whole: bool,
    /// Whether the length of all was known before its first byte was sent.
    has_length: bool,
}

pub(super) fn rule(stream: &AppStream) -> Option<Finding> {
    if stream.way != AppWay::Body || stream.form == AppForm::Unknown {
        return None;
    }
    let signs = Signs::of(stream);
    let again = stream.again.as_deref().map(Signs::of);
    let coding = stream.exchange.header("content-encoding").filter(|coding| *coding != "identity");
    if let Some(coding) = coding
        && let Some(finding) = compressed(stream, &signs, coding)
    {
        return Some(finding);
    }
    if is_buffered(&signs, again.as_ref()) {
        let found = Finding::new(VerdictId::Buffered, Hop::App, Severity::Degraded, line(stream, &signs));
        return Some(found.or(
            &[VerdictId::OriginItself],
            "read the same stream from the server itself, with --against URL: if all comes at once there, too, the application gathers it",
        ));
    }
    // What an application sends together may come together.
    let is_odd = signs.whole || signs.lumps.len() >= 2 || signs.torn > 0;
    is_odd.then(|| Finding::new(VerdictId::ComesInLumps, Hop::App, Severity::Note, line(stream, &signs)))
}

/// How a stream should be read once more over a fresh connection, if it should: one sign may be chance, or the application's way.
pub(super) fn again(stream: &AppStream) -> Option<Again> {
    if stream.way != AppWay::Body || !stream.is_well() {
        return None;
    }
    let signs = Signs::of(stream);
    let is_coded = stream.exchange.header("content-encoding").is_some();
    if is_coded && (!signs.lumps.is_empty() || stream.events.is_empty()) {
        return Some(Again::Uncompressed);
    }
    let is_odd = stream.form != AppForm::Unknown && (signs.whole || signs.torn > 0);
    is_odd.then_some(Again::Same)
}

/// Compression that gathers: the same stream, asked for without it, comes piece by piece.
fn compressed(stream: &AppStream, signs: &Signs, coding: &str) -> Option<Finding> {
    let plain =
        stream.again.as_deref().filter(|again| again.exchange.header("content-encoding").is_none())?;
    let first_ms = |stream: &AppStream| stream.events.first().map(|event| event.at_ms);
    let flows = Signs::of(plain).lumps.is_empty() && !plain.events.is_empty();
    let sooner = match (first_ms(plain), first_ms(stream)) {
        (Some(plain), Some(coded)) => plain + SILENCE_MS <= coded,
        (Some(_), None) => true,
        (None, _) => false,
    };
    let gathers = !signs.lumps.is_empty() || stream.events.is_empty();
    (gathers && flows && sooner).then(|| {
        let came = match first_ms(stream) {
            Some(_) => line(stream, signs),
            None => format!("nothing came within {:.1} s", stream.watched_ms as f64 / 1000.0),
        };
        let line = format!(
            "Content-Encoding: {coding}: {came}; without compression the first event came after {} ms",
            first_ms(plain).unwrap_or_default()
        );
        Finding::new(VerdictId::CompressedStream, Hop::App, Severity::Degraded, line)
    })
}

fn is_buffered(signs: &Signs, again: Option<&Signs>) -> bool {
    let torn_again = again.is_some_and(|again| again.torn > 0);
    let whole_again = again.is_some_and(|again| again.whole);
    let torn = signs.torn >= 2 || (signs.torn > 0 && (torn_again || signs.same_size));
    let whole = signs.whole && (signs.has_length || whole_again);
    torn || whole
}

impl Signs {
    fn of(stream: &AppStream) -> Self {
        let lumps = lumps(stream);
        let sizes: Vec<usize> = lumps.iter().map(|lump| lump.bytes).collect();
        // The last one has what was left.
        let same_size = sizes.len() >= 2
            && sizes.windows(2).all(|pair| pair[0].abs_diff(pair[1]) * SAME_SIZE <= pair[0])
            && sizes[0] >= SMALLEST_BUFFER;
        let whole = match lumps.as_slice() {
            [only] => stream.complete && only.events == stream.events.len(),
            _ => false,
        };
        Self {
            torn: torn(stream),
            same_size,
            whole,
            has_length: stream.exchange.header("content-length").is_some(),
            lumps,
        }
    }
}

fn lumps(stream: &AppStream) -> Vec<Lump> {
    let mut lumps = Vec::new();
    let mut before_ms = 0;
    let mut rest = stream.events.as_slice();
    while let Some(first) = rest.first() {
        let together =
            rest.windows(2).take_while(|pair| pair[1].at_ms <= pair[0].at_ms + AT_ONCE_MS).count() + 1;
        let last_ms = rest[together - 1].at_ms;
        let silence_ms = first.at_ms.saturating_sub(before_ms);
        if together >= MANY && silence_ms >= SILENCE_MS {
            let came = stream.pieces.iter().filter(|piece| {
                (first.at_ms.saturating_sub(AT_ONCE_MS)..=last_ms + AT_ONCE_MS).contains(&piece.at_ms)
            });
            let bytes = came.map(|piece| piece.bytes).sum();
            lumps.push(Lump { at_ms: first.at_ms, silence_ms, events: together, bytes });
        }
        before_ms = last_ms;
        rest = &rest[together..];
    }
    lumps
}

/// How often the rest of an event came so much later than its beginning that it was held back.
fn torn(stream: &AppStream) -> usize {
    let pairs = stream.pieces.windows(2);
    pairs.filter(|pair| pair[0].unfinished > 0 && pair[1].at_ms >= pair[0].at_ms + TORN_MS).count()
}

fn line(stream: &AppStream, signs: &Signs) -> String {
    let seconds = |ms: u64| ms as f64 / 1000.0;
    let mut parts = Vec::new();
    match signs.lumps.as_slice() {
        [] => {}
        [only] => parts.push(format!(
            "{} came at once after {:.1} s of silence",
            stream.counted(only.events),
            seconds(only.silence_ms)
        )),
        several => {
            let longest = several.iter().map(|lump| lump.silence_ms).max().unwrap_or_default();
            let most = several.iter().map(|lump| lump.events).max().unwrap_or_default();
            parts.push(format!(
                "{} times up to {} came at once, after silences of up to {:.1} s",
                several.len(),
                stream.counted(most),
                seconds(longest)
            ));
        }
    }
    if signs.same_size {
        parts.push(format!("about {} bytes each time", signs.lumps[0].bytes));
    }
    match signs.torn {
        0 => {}
        1 => parts.push("once in the middle of an event, whose rest came later".to_owned()),
        times => parts.push(format!("{times} times in the middle of an event, whose rest came later")),
    }
    if signs.whole && signs.has_length {
        parts.push("with a Content-Length, so that all was there before it was sent".to_owned());
    }
    if signs.whole && stream.again.as_deref().is_some_and(|again| Signs::of(again).whole) {
        parts.push("and so again over a fresh connection".to_owned());
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::evidence::{AppEvent, Exchange, Piece};

    /// A stream of pieces: when, how many bytes, how many whole events, and how many bytes of one that is not.
    fn stream(pieces: &[(u64, usize, usize, usize)]) -> AppStream {
        let events = pieces.iter().flat_map(|(at_ms, _, events, _)| {
            std::iter::repeat_n(AppEvent { at_ms: *at_ms, bytes: 50, ..AppEvent::default() }, *events)
        });
        AppStream {
            form: AppForm::EventStream,
            exchange: Exchange { status: Some(200), ..Exchange::default() },
            events: events.collect(),
            pieces: pieces
                .iter()
                .map(|(at_ms, bytes, events, unfinished)| Piece {
                    at_ms: *at_ms,
                    bytes: *bytes,
                    events: *events,
                    unfinished: *unfinished,
                })
                .collect(),
            watched_ms: 8000,
            ..AppStream::default()
        }
    }

    fn with(headers: &[(&str, &str)], stream: AppStream) -> AppStream {
        let headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        AppStream { exchange: Exchange { headers, ..stream.exchange }, ..stream }
    }

    fn again(stream: AppStream, again: AppStream) -> AppStream {
        AppStream { again: Some(Box::new(again)), ..stream }
    }

    fn whole(stream: AppStream) -> AppStream {
        AppStream { complete: true, ..stream }
    }

    #[test]
    fn one_sign_is_none() {
        let said = |stream: &AppStream| rule(stream).map(|finding| (finding.id, finding.severity));
        let note = Some((VerdictId::ComesInLumps, Severity::Note));
        let buffered = Some((VerdictId::Buffered, Severity::Degraded));
        let compressed = Some((VerdictId::CompressedStream, Severity::Degraded));
        let even = || stream(&[(5, 60, 1, 0), (2005, 60, 1, 0), (4005, 60, 1, 0), (6005, 60, 1, 0)]);
        let ticker = || stream(&[(2005, 300, 5, 0), (4005, 310, 5, 0), (6005, 290, 5, 0)]);
        let torn = || stream(&[(3000, 4096, 40, 31), (6000, 4096, 40, 12), (8000, 200, 2, 0)]);
        let torn_once = || stream(&[(3000, 4096, 40, 31), (6000, 96, 1, 0)]);
        let at_end = || whole(stream(&[(3000, 900, 12, 0)]));
        let gzip = |stream| with(&[("content-encoding", "gzip")], stream);
        for (what, stream, expected) in [
            ("an even stream", even(), None),
            (
                "a backlog at the start, and then one by one",
                stream(&[(5, 900, 9, 0), (1005, 60, 1, 0)]),
                None,
            ),
            ("one lump, as an application that thinks first sends it", stream(&[(3000, 900, 9, 0)]), None),
            ("several at once, again and again", ticker(), note),
            ("torn again and again", torn(), buffered),
            ("torn once: a packet was lost, perhaps", torn_once(), note),
            ("torn, and again over a fresh connection", again(torn_once(), torn_once()), buffered),
            ("torn, and not again", again(torn_once(), even()), note),
            ("all at the end", at_end(), note),
            ("all at the end, and again", again(at_end(), at_end()), buffered),
            ("all at the end, and then not", again(at_end(), whole(even())), note),
            ("all at the end, with a length", with(&[("content-length", "900")], at_end()), buffered),
            (
                "a length, and at once",
                whole(with(&[("content-length", "60")], stream(&[(5, 60, 3, 0)]))),
                None,
            ),
            ("compressed, and even", gzip(even()), None),
            ("compressed in lumps, and without it even", again(gzip(ticker()), even()), compressed),
            ("compressed in lumps, and without it, too", again(gzip(ticker()), ticker()), note),
            ("compressed and silent, and without it even", again(gzip(stream(&[])), even()), compressed),
            ("compressed and silent, and without it, too", again(gzip(stream(&[])), stream(&[])), None),
            ("in messages", AppStream { way: AppWay::WebSocket, ..ticker() }, None),
        ] {
            assert_eq!(said(&stream), expected, "{what}");
        }
    }

    #[test]
    fn buffers_of_one_size_that_tear_events() {
        let same = stream(&[(3000, 4096, 40, 31), (6100, 4090, 39, 0), (9100, 4096, 40, 0)]);
        assert_eq!(rule(&same).unwrap().id, VerdictId::Buffered);
        let finding = rule(&same).unwrap().evidence;
        assert!(finding.contains("about 4096 bytes each time"), "{finding}");
        let small = stream(&[(3000, 300, 4, 31), (6100, 300, 4, 0)]);
        assert_eq!(rule(&small).unwrap().id, VerdictId::ComesInLumps);
    }

    #[test]
    fn what_is_read_again() {
        let ask = super::again;
        assert_eq!(ask(&stream(&[(3000, 4096, 40, 31), (6000, 96, 1, 0)])), Some(Again::Same));
        assert_eq!(ask(&whole(stream(&[(3000, 900, 12, 0)]))), Some(Again::Same));
        assert_eq!(ask(&stream(&[(2005, 300, 5, 0), (4005, 310, 5, 0)])), None, "nothing would tell");
        assert_eq!(ask(&stream(&[])), None, "silence is no sign");
        let coded = with(&[("content-encoding", "gzip")], stream(&[]));
        assert_eq!(ask(&coded), Some(Again::Uncompressed));
    }
}
