//! Each hop in one line. Pure.

mod http2;

use strum::VariantArray as _;

use super::{
    evidence::{Against, AppStream, Browser, Echo, Evidence, Stream},
    hop::Hop,
    subject::Kind,
};
use crate::transport::Transport;

/// What was seen at a hop, in one line; empty where nothing was.
pub(super) fn summary(evidence: &Evidence, hop: Hop) -> String {
    at(evidence, hop).unwrap_or_default()
}

fn at(evidence: &Evidence, hop: Hop) -> Option<String> {
    Some(match hop {
        Hop::Name => {
            let name = evidence.name.as_ref()?;
            match &name.failure {
                Some(failure) => failure.text.clone(),
                None => name.addresses.join(", "),
            }
        }
        Hop::Tcp => {
            let tcp = evidence.tcp.as_ref()?;
            let last = tcp.attempts.last()?;
            match &last.failure {
                Some(failure) => format!("{}: {}", last.address, failure.text),
                None => format!("{} accepted the connection", last.address),
            }
        }
        Hop::Tls => {
            let tls = evidence.tls.as_ref()?;
            if let Some(failure) = &tls.failure {
                return Some(failure.text.clone());
            }
            let trust = match &tls.untrusted {
                Some(why) => format!("not trusted: {why}"),
                None => format!("trusted, {} left", tls.time_left()),
            };
            let protocol = tls.protocol.as_deref().unwrap_or("TLS");
            format!("{protocol}, {trust}, ALPN {}", tls.alpn.as_deref().unwrap_or("none"))
        }
        Hop::Http => {
            let first = &evidence.http.as_ref()?.first;
            let server =
                first.header("server").map(|server| format!(", Server: {server}")).unwrap_or_default();
            if first.status.is_some() { format!("{}{server}", first.version) } else { first.outcome() }
        }
        Hop::Page => {
            let page = evidence.page.as_ref()?;
            let last = page.exchanges.last()?;
            let kind = match (page.is_dante, evidence.subject) {
                (true, _) => "Dante's page".to_owned(),
                (false, Kind::Page) => "not Dante's page".to_owned(),
                (false, Kind::Echo) => "an echo".to_owned(),
                (false, other) => format!("not Dante's page: probed as a {}", other.name()),
            };
            let redirects = match page.exchanges.len() - 1 {
                0 => String::new(),
                1 => format!(", after a redirect to {}", page.url),
                count => format!(", after {count} redirects to {}", page.url),
            };
            format!("{}, {kind}{redirects}", last.outcome())
        }
        Hop::Hosting => {
            let hosting = evidence.hosting.as_ref()?;
            let Some(status) = &hosting.answer else {
                return Some(hosting.exchange.outcome());
            };
            let known = |text: &str| if text.is_empty() { "?".to_owned() } else { text.to_owned() };
            let prefix = match status.request.prefix.as_str() {
                "" => "without a prefix".to_owned(),
                prefix => format!("prefix {prefix}"),
            };
            let nodes = match hosting.nodes.len() {
                0 | 1 => String::new(),
                count => format!(", {count} nodes"),
            };
            format!(
                "host {}, the server saw {} at {}, {prefix}{nodes}",
                known(&status.host.value),
                known(&status.request.http),
                known(&status.request.path),
            )
        }
        Hop::ClientLibrary => {
            let library = evidence.client_library.as_ref()?;
            match &library.version {
                Some(version) => format!("Socket.IO {version}, {} bytes", library.exchange.body_bytes),
                None => library.exchange.outcome(),
            }
        }
        Hop::Handshake => {
            let handshake = evidence.handshake.as_ref()?;
            match &handshake.open {
                Some(open) => {
                    let upgrades = if open.upgrades.is_empty() { "none" } else { &open.upgrades.join(", ") };
                    let seconds = open.ping_interval / 1000;
                    format!("a session, pings every {seconds} s, upgrades: {upgrades}")
                }
                None if handshake.exchange.is(200) => "200, and no session in it".to_owned(),
                None => handshake.exchange.outcome(),
            }
        }
        Hop::Sticky => {
            let rounds = evidence.sticky.as_ref()?.rounds.iter();
            let parts = rounds.map(|round| {
                let cookies = match (round.cookies, round.withheld) {
                    (_, true) => "with all",
                    (true, false) => "with",
                    (false, false) => "without",
                };
                format!("{} of {} requests went well {cookies} cookies", round.good, round.requests)
            });
            parts.collect::<Vec<_>>().join(", ")
        }
        Hop::Upgrade => {
            let attempts = evidence.upgrades.as_ref()?.attempts.iter();
            let parts = attempts.map(|attempt| {
                let how = if attempt.works { "works".to_owned() } else { attempt.exchange.outcome() };
                format!("{} {how}", attempt.style)
            });
            parts.collect::<Vec<_>>().join(", ")
        }
        Hop::Hold => {
            let held = &evidence.hold.as_ref()?.held;
            let open = held.iter().filter(|held| held.failure.is_none());
            let lived = open.clone().filter(|held| held.ended.is_none()).count();
            let longest = open.clone().map(|held| held.held_ms).max().unwrap_or_default();
            let refused = match held.len() - open.clone().count() {
                0 => String::new(),
                count => format!(", {count} could not be opened"),
            };
            format!("{lived} of {} connections lived, {:.0} s{refused}", open.count(), seconds(longest))
        }
        Hop::Resume => {
            let comebacks = &evidence.resume.as_ref()?.comebacks;
            if comebacks.is_empty() {
                return Some("nothing to resume".to_owned());
            }
            let good = comebacks.iter().filter(|back| back.index == Some(back.wanted)).count();
            format!("{good} of {} transports resume at the next stanza", comebacks.len())
        }
        Hop::Compression => {
            let seen = evidence.compression.as_ref()?;
            let name = |coding: &Option<String>| coding.clone().unwrap_or_else(|| "none".to_owned());
            let unpacks = if seen.page_unpacks == Some(false) { ", and does not unpack" } else { "" };
            format!("page {}{unpacks}, event stream {}", name(&seen.page), name(&seen.stream))
        }
        Hop::Cors => {
            let cors = evidence.cors.as_ref()?;
            let others = cors.allowed.as_deref().unwrap_or("none");
            let pages = if cors.own { "own pages" } else { "pages from that origin" };
            format!("{pages}: {}; other origins: {others}", cors.exchange.outcome())
        }
        Hop::Files => {
            let fetched = &evidence.files.as_ref()?.fetched;
            let came = fetched.iter().filter(|file| file.exchange.status == Some(200)).count();
            format!("{came} of {} scripts and styles came", fetched.len())
        }
        Hop::App => {
            let streams = &evidence.app.as_ref()?.streams;
            let parts =
                streams.iter().map(|stream| format!("{}: {}", stream.name(), describe_app_stream(stream)));
            parts.collect::<Vec<_>>().join("; ")
        }
        Hop::Proxy => {
            let proxy = evidence.proxy.as_ref()?;
            let who = format!("{} ({})", proxy.url, proxy.source);
            match (&proxy.excepted_by, &proxy.failure) {
                (Some(by), _) => format!("{who} is not used: {by} names this host"),
                (None, Some(failure)) => format!("{who}: {}", failure.text),
                (None, None) if proxy.forwards => format!("{who} makes the requests for pages"),
                (None, None) => format!("{who} opens a tunnel"),
            }
        }
        Hop::Against => against_summary(evidence.against.as_ref()?),
        Hop::Echo => echo_summary(evidence.echo.as_ref()?),
        Hop::Http2 => http2::summary(evidence.http2.as_ref()?),
        Hop::Browser => describe_browser(evidence.browser.as_ref()?),
        Hop::Stream(transport) => describe_stream(evidence.streams.get(&transport)?),
    })
}

/// What came of a stream of an application, in a few words.
fn describe_app_stream(stream: &AppStream) -> String {
    if let Some(words) = &stream.refused {
        return format!("the namespace was refused: {words}");
    }
    if let Some(garbage) = &stream.garbage {
        return garbage.clone();
    }
    if !stream.is_open() {
        return match &stream.ended {
            Some(ended) => ended.how.clone(),
            None => stream.exchange.outcome(),
        };
    }
    let end = match &stream.ended {
        // Since the request, as the events before it: what is held back to the end opens late, and is over at once.
        Some(ended) => format!(", ended after {:.1} s: {}", seconds(stream.watched_ms), ended.how),
        None => String::new(),
    };
    let Some(first) = stream.events.first() else {
        let life = if stream.life_ms.is_empty() { "" } else { " but signs of life" };
        return match &stream.ended {
            Some(_) => format!("{}, nothing came{end}", stream.exchange.outcome()),
            None => format!(
                "{}, nothing{life} came within {:.1} s",
                stream.exchange.outcome(),
                seconds(stream.watched_ms)
            ),
        };
    };
    let count = stream.events.len();
    format!(
        "{} in {:.1} s, the first after {} ms{end}",
        stream.counted(count),
        seconds(stream.watched_ms),
        first.at_ms
    )
}

fn describe_browser(browser: &Browser) -> String {
    let name = browser.version.as_str();
    let Some(last) = browser.visits.last() else {
        return format!("{name}: {}", browser.trouble.as_deref().unwrap_or("no page was opened"));
    };
    if let Some(trouble) = last.trouble.as_ref().or(browser.trouble.as_ref()) {
        return format!("{name}: {trouble}");
    }
    let page = match (last.status, last.loaded_ms) {
        (Some(status), _) if status >= 400 => return format!("{name}: {status}"),
        (_, None) => "the page is not loaded".to_owned(),
        (_, Some(ms)) => format!("the page loads in {ms} ms over {}", last.protocol),
    };
    let tried: Vec<u64> = Transport::VARIANTS.iter().filter_map(|one| browser.stanzas(*one)).collect();
    let streams = if tried.is_empty() {
        let speaking = last.opened.iter().filter(|stream| stream.messages > 0).count();
        match last.opened.len() {
            0 => "opens no stream".to_owned(),
            count => format!("{speaking} of the {count} streams that it opens bring messages"),
        }
    } else {
        let good = tried.iter().filter(|stanzas| **stanzas > 0).count();
        format!("{good} of {} transports bring stanzas", tried.len())
    };
    format!("{name}: {page}, {streams}")
}

/// How many events of each stream came at each place.
fn against_summary(against: &Against) -> String {
    let parts = against.compared.iter().map(|compared| {
        let counts = compared.streams.iter().zip(&against.urls).enumerate().map(|(place, (stream, url))| {
            let came = if stream.is_open() {
                stream.counted(stream.events.len())
            } else {
                stream.exchange.outcome()
            };
            if place == 0 { came } else { format!("{came} at {url}") }
        });
        let name = compared.streams.first().map_or("stream", |stream| stream.name());
        format!("{name}: {}", counts.collect::<Vec<_>>().join(", "))
    });
    parts.collect::<Vec<_>>().join("; ")
}

/// The largest that came through, of each kind.
fn echo_summary(echo: &Echo) -> String {
    let kinds = [
        ("messages up", &echo.up),
        ("messages down", &echo.down),
        ("POST bodies", &echo.bodies),
        ("events", &echo.events),
    ];
    let parts = kinds.iter().filter_map(|(name, sizes)| {
        Some(match sizes.as_ref()?.largest() {
            Some(bytes) => format!("{name} up to {}", size(bytes)),
            None => format!("no {name}"),
        })
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// A number of bytes in words.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 2] = [(1024 * 1024, "MiB"), (1024, "KiB")];
    match UNITS.iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) if bytes.is_multiple_of(*unit) => format!("{} {name}", bytes / unit),
        Some((unit, name)) => format!("{:.1} {name}", bytes as f64 / *unit as f64),
        None => format!("{bytes} bytes"),
    }
}

fn describe_stream(stream: &Stream) -> String {
    let count = stream.arrivals.len();
    let Some(first) = stream.arrivals.first() else {
        return match (&stream.garbage, &stream.ended) {
            (Some(garbage), _) => garbage.clone(),
            (None, Some(ended)) => ended.how.clone(),
            (None, None) if stream.exchange.status.is_some_and(|status| status >= 300) => {
                format!("refused: {}", stream.exchange.outcome())
            }
            (None, None) => {
                format!("{}, no stanza within {:.1} s", stream.exchange.outcome(), seconds(stream.watched_ms))
            }
        };
    };
    let plural = if count == 1 { "stanza" } else { "stanzas" };
    let end = match &stream.ended {
        Some(ended) if !stream.complete => {
            format!(", ended after {:.1} s: {}", seconds(ended.at_ms), ended.how)
        }
        _ => String::new(),
    };
    format!("{count} {plural}, the first after {} ms{}{end}", first.at_ms, plot(stream))
}

/// The gaps between stanzas as one row of bars, the longest full; nothing for fewer than two gaps.
fn plot(stream: &Stream) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const WIDTH: usize = 40;
    let gaps: Vec<u64> =
        stream.arrivals.windows(2).map(|pair| pair[1].at_ms.saturating_sub(pair[0].at_ms)).collect();
    let (Some(longest), Some(shortest)) = (gaps.iter().max(), gaps.iter().min()) else {
        return String::new();
    };
    let bars: String = gaps
        .iter()
        .take(WIDTH)
        .map(|gap| BARS[usize::try_from(gap * 7 / (*longest).max(1)).unwrap_or(7).min(7)])
        .collect();
    format!(", gaps {bars} {:.2} to {:.2} s", seconds(*shortest), seconds(*longest))
}

fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}
