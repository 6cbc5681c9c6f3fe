//! Simple facts that several rules ask for.

use super::{Finding, Severity};
use crate::probe::{
    classify::{Class, EngineError, classify},
    evidence::{App, AppStream, Evidence, Exchange, ProxySeen, Stream, Upgrade, Visit},
    hop::Hop,
    subject::Kind,
};
use crate::transport::Transport;

pub(super) use super::describe::{describe_answer, describe_exchange, describe_request};

/// Whether a stream brought stanzas.
pub(super) fn delivers(stream: &Stream) -> bool {
    !heard(stream).arrivals.is_empty()
}

/// A stream as it was heard when nothing else was open, if it was listened to again.
pub(super) fn heard(stream: &Stream) -> &Stream {
    stream.alone.as_deref().unwrap_or(stream)
}

/// Whether any stream did what it is for.
pub(super) fn something_streams(evidence: &Evidence) -> bool {
    match evidence.subject {
        Kind::Page => evidence.streams.values().any(delivers),
        Kind::Engine => works(evidence, Hop::Handshake) || works(evidence, Hop::Upgrade),
        Kind::WebSocket | Kind::EventStream | Kind::Post => works(evidence, Hop::App),
        Kind::Echo => works(evidence, Hop::Echo),
    }
}

/// How much a fault of one way matters: there may be another.
pub(super) fn fault(evidence: &Evidence) -> Severity {
    let another_way = if evidence.subject.is_page() && evidence.streams.is_empty() {
        works(evidence, Hop::Handshake) || works(evidence, Hop::Upgrade)
    } else {
        something_streams(evidence)
    };
    if another_way { Severity::Degraded } else { Severity::Broken }
}

/// Whether a hop has no meaning here or was not asked for.
pub(super) fn is_skipped(evidence: &Evidence, hop: Hop) -> bool {
    let subject = evidence.subject;
    if subject == Kind::Echo {
        // It has neither the poem nor an engine.
        let tested = matches!(hop, Hop::Name | Hop::Tcp | Hop::Tls | Hop::Http | Hop::Page | Hop::Echo);
        if !tested && evidence.at(hop).is_null() {
            return true;
        }
    }
    match hop {
        Hop::Tls => {
            evidence.tls.is_none()
                && !["https:", "wss:"].iter().any(|scheme| evidence.url.starts_with(scheme))
        }
        Hop::Page => !subject.is_page() && evidence.page.is_none(),
        Hop::Hosting | Hop::ClientLibrary | Hop::Compression | Hop::Resume => !subject.is_page(),
        Hop::Handshake => subject.is_stream(),
        Hop::Sticky | Hop::Cors if subject.is_stream() => true,
        // They need polling, and WebSocket alone is what the server wants.
        Hop::Sticky | Hop::Cors => {
            evidence.handshake.as_ref().is_some_and(|handshake| handshake.open.is_none())
                && works(evidence, Hop::Upgrade)
        }
        // A stream by itself is held by listening to it.
        Hop::Hold => subject.is_stream() || (evidence.hold.is_none() && !evidence.hold_wanted),
        Hop::Stream(transport) => !subject.is_page() || !evidence.transports.contains(&transport),
        Hop::Proxy => evidence.proxy.is_none(),
        Hop::Files => evidence.files.is_none(),
        Hop::Upgrade => subject.is_stream() && evidence.upgrades.is_none(),
        Hop::App => subject.is_page(),
        Hop::Against => evidence.against.is_none(),
        Hop::Echo => evidence.echo.is_none(),
        Hop::Http2 => evidence.http2.is_none(),
        Hop::Browser => evidence.browser.is_none(),
        // The proxy looks it up.
        Hop::Name => {
            let looks_up = |proxy: &ProxySeen| proxy.is_used() && proxy.looks_names_up;
            evidence.name.is_none() && evidence.proxy.as_ref().is_some_and(looks_up)
        }
        Hop::Tcp | Hop::Http => false,
    }
}

/// Whether a hop did what it is for.
pub(crate) fn works(evidence: &Evidence, hop: Hop) -> bool {
    let page_ok = |exchange: &Exchange| exchange.is(200);
    match hop {
        Hop::Name => evidence.name.as_ref().is_some_and(|name| name.failure.is_none()),
        Hop::Tcp => evidence
            .tcp
            .as_ref()
            .is_some_and(|tcp| tcp.attempts.iter().any(|attempt| attempt.failure.is_none())),
        Hop::Tls => evidence
            .tls
            .as_ref()
            .is_some_and(|tls| tls.failure.is_none() && (tls.untrusted.is_none() || tls.insecure)),
        Hop::Http => evidence.http.as_ref().is_some_and(|http| http.first.status.is_some()),
        // Where a page is not Dante's, what it was found to be is another hop's business.
        Hop::Page if !evidence.subject.is_page() => evidence.page.is_some(),
        Hop::Page => evidence
            .page
            .as_ref()
            .is_some_and(|page| page.is_dante && page.exchanges.last().is_some_and(page_ok)),
        Hop::Hosting => evidence.hosting.as_ref().is_some_and(|hosting| hosting.answer.is_some()),
        Hop::ClientLibrary => {
            evidence.client_library.as_ref().is_some_and(|library| library.exchange.is(200))
        }
        Hop::Handshake => evidence.handshake.as_ref().is_some_and(|handshake| handshake.open.is_some()),
        Hop::Sticky => evidence.sticky.as_ref().is_some_and(|sticky| {
            sticky.rounds.iter().any(|round| round.requests > 0 && round.good == round.requests)
        }),
        Hop::Upgrade => evidence
            .upgrades
            .as_ref()
            .is_some_and(|upgrades| upgrades.attempts.iter().any(|attempt| attempt.works)),
        Hop::Hold => evidence
            .hold
            .as_ref()
            .is_some_and(|hold| hold.held.iter().any(|held| held.failure.is_none() && held.ended.is_none())),
        Hop::Resume => evidence.resume.as_ref().is_some_and(|resume| {
            resume.comebacks.is_empty() || resume.comebacks.iter().any(|back| back.index == Some(back.wanted))
        }),
        Hop::Compression => {
            evidence.compression.as_ref().is_some_and(|seen| seen.page_unpacks != Some(false))
        }
        Hop::Cors => evidence.cors.as_ref().is_some_and(|cors| cors.exchange.status.is_some()),
        Hop::Files => evidence
            .files
            .as_ref()
            .is_some_and(|files| files.fetched.iter().all(|file| file.exchange.status == Some(200))),
        Hop::App => evidence.app.as_ref().is_some_and(|app| {
            app.streams.iter().any(|stream| stream.is_well() || refuses_strangers(app, stream))
        }),
        Hop::Proxy => evidence.proxy.as_ref().is_some_and(ProxySeen::lets_through),
        Hop::Against => evidence.against.as_ref().is_some_and(|against| {
            let mut hosts = against.compared.iter().filter_map(|compared| compared.streams.first());
            hosts.any(AppStream::is_open)
        }),
        Hop::Echo => evidence.echo.as_ref().is_some_and(|echo| echo.passes()),
        Hop::Http2 => evidence.http2.as_ref().is_some_and(|http2| {
            let first = http2.page.as_ref().or(http2.handshake.as_ref());
            first.is_some_and(page_ok) || http2.app.as_ref().is_some_and(AppStream::is_open)
        }),
        Hop::Browser => evidence.browser.as_ref().is_some_and(|browser| {
            let tried: Vec<_> =
                evidence.transports.iter().filter_map(|transport| browser.stanzas(*transport)).collect();
            browser.visits.iter().any(Visit::opened_page)
                && (tried.is_empty() || tried.iter().any(|stanzas| *stanzas > 0))
        }),
        Hop::Stream(transport) => evidence.streams.get(&transport).is_some_and(delivers),
    }
}

/// Whether the server answers, and lets nobody in without credentials, where none were given and no event was expected: the way there
/// is good, and what would come is not known. Middleware refuses in words of its own; only `Invalid namespace` is the server's for
/// one that is not there (Socket.IO protocol 5, CONNECT_ERROR; socket.io, client.ts).
pub(super) fn refuses_strangers(app: &App, stream: &AppStream) -> bool {
    let is_unknown = |words: &String| words.to_ascii_lowercase().contains("invalid namespace");
    let is_stranger = !app.with_credentials && app.expected.is_none();
    is_stranger && stream.refused.as_ref().is_some_and(|words| !is_unknown(words))
}

/// An upgrade of a style.
pub(super) fn upgrade<'a>(evidence: &'a Evidence, style: &str) -> Option<&'a Upgrade> {
    evidence.upgrades.as_ref()?.attempts.iter().find(|attempt| attempt.style == style)
}

/// Whether a text is the size of a chunk, as `Transfer-Encoding: chunked` writes it.
pub(super) fn is_chunk_size(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.len() <= 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What the server says that Socket.IO may use, if its word was read.
pub(super) fn transports(evidence: &Evidence) -> Option<Vec<String>> {
    evidence.hosting_status().map(|status| status.transports.clone()).filter(|names| !names.is_empty())
}

/// Whether the server says that it speaks version 4 of Engine.IO.
pub(super) fn speaks_version_4(evidence: &Evidence) -> bool {
    evidence.hosting_status().is_some_and(|status| status.engine_versions.contains(&4))
}

/// Whether the engine knew neither transport: then it is the name that did not arrive.
pub(super) fn both_transports_unknown(evidence: &Evidence) -> bool {
    let unknown = |exchange: &Exchange| classify(exchange) == Class::Engine(EngineError::UnknownTransport);
    let attempts = evidence.upgrades.iter().flat_map(|upgrades| &upgrades.attempts);
    evidence.handshake.as_ref().is_some_and(|handshake| unknown(&handshake.exchange))
        && attempts.clone().count() > 0
        && attempts.into_iter().all(|attempt| unknown(&attempt.exchange))
}

/// Whether the engine or something before it says by the handshake that it forbids: engine.io says so by 403 to a poll, and by
/// a mere 400 to an upgrade (server.ts, abortUpgrade).
pub(super) fn handshake_is_forbidden(evidence: &Evidence) -> bool {
    let handshake = evidence.handshake.as_ref();
    handshake.is_some_and(|handshake| classify(&handshake.exchange) == Class::Engine(EngineError::Forbidden))
}

/// Whether polling brought stanzas; none if it was not listened to.
pub(super) fn polling_streams(evidence: &Evidence) -> Option<bool> {
    evidence.streams.get(&Transport::SocketIoPolling).map(delivers)
}

/// Whether requests that ask for no upgrade are answered.
pub(super) fn answers_plain_requests(evidence: &Evidence) -> bool {
    let handshake = evidence.handshake.as_ref().is_some_and(|handshake| handshake.exchange.status.is_some());
    let beside = evidence.app.as_ref().and_then(|app| app.beside.as_ref());
    handshake
        || beside.is_some_and(|beside| beside.status.is_some())
        || evidence.page.as_ref().is_some_and(|page| page.is_dante)
}

/// Whether Dante is known to be there, by its page or by an answer that proves it.
pub(super) fn is_dante(evidence: &Evidence) -> bool {
    evidence.page.as_ref().is_some_and(|page| page.is_dante)
        || evidence.exchanges().iter().any(|(_, one)| one.is_ours())
}

/// Whether the host itself gave this answer: others came from Dante, as they prove, and this one does not.
pub(super) fn answered_by_host(evidence: &Evidence, exchange: &Exchange) -> bool {
    !exchange.is_ours() && evidence.exchanges().iter().any(|(_, one)| one.is_ours())
}

/// What an earlier hop has explained is not repeated: stanzas cannot come where upgrades fail.
pub(super) fn unless_explained(
    evidence: &Evidence,
    transport: Transport,
    finding: Finding,
) -> Option<Finding> {
    let explained = match transport {
        Transport::SocketIoWebSocket => evidence.upgrades.is_some() && !works(evidence, Hop::Upgrade),
        Transport::SocketIoPolling => {
            let sticky = evidence.sticky.as_ref();
            let unsteady = sticky.is_some_and(|sticky| sticky.rounds.iter().any(|round| round.unknown > 0));
            (evidence.handshake.is_some() && !works(evidence, Hop::Handshake))
                || (unsteady && !works(evidence, Hop::Sticky))
        }
        Transport::WebSocket | Transport::Sse => false,
    };
    (!explained).then_some(finding)
}
