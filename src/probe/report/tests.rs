//! Golden tests: whole reports, as they are written into a file. `EXPECTORATE=overwrite cargo test --lib report` writes
//! them again; `git diff` then shows what has changed. The verdicts are made up, so that their texts can change in peace.

use super::*;
use crate::probe::{
    Times,
    diagnose::{Also, Severity, Verdict, WrittenRemedy},
    evidence::Evidence,
    hosts::Host,
    verdicts::VerdictId,
};
use crate::transport::Transport;

const WIDE: Look = Look { width: 80, ascii: false };
const NARROW: Look = Look { width: 60, ascii: true };

/// What was seen, from a file beside the reports.
fn evidence(name: &str) -> Evidence {
    let path = format!("{}/src/probe/report/golden/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap()
}

fn verdict(id: VerdictId, hop: Hop, severity: Severity, cause: &str, seen: &str) -> Verdict {
    Verdict {
        id,
        hop,
        severity,
        cause: cause.into(),
        remedy: String::new(),
        remedies: Vec::new(),
        host: None,
        hosts: Vec::new(),
        evidence: seen.into(),
        also: Vec::new(),
        or: Vec::new(),
        to_tell: None,
    }
}

fn remedy(host: Option<Host>, text: &str, lines: &[&str]) -> WrittenRemedy {
    WrittenRemedy { host, text: text.into(), lines: lines.iter().map(|line| (*line).into()).collect() }
}

fn also(id: VerdictId, hop: Hop) -> Also {
    Also { id, hop, evidence: "GET /dante/ → 400".into() }
}

fn stripped() -> Verdict {
    let cause = "nginx removes the headers that ask for a WebSocket.";
    let seen = "GET /dante/socket.io/?EIO=4&transport=websocket → 400 \"Bad request: transport=websocket needs the headers Upgrade: websocket and Connection: upgrade\"";
    let lines = [
        "proxy_http_version 1.1;",
        "proxy_set_header Upgrade $http_upgrade;",
        "proxy_set_header Connection \"upgrade\"; # a line to paste is never broken, however long it is, and is not cut",
    ];
    Verdict {
        remedies: vec![remedy(Some(Host::Nginx), "in location /dante/:", &lines)],
        also: vec![also(VerdictId::UpgradeStripped, Hop::Stream(Transport::WebSocket))],
        ..verdict(VerdictId::UpgradeStripped, Hop::Upgrade, Severity::Degraded, cause, seen)
    }
}

/// The report, as it is written where there is no terminal.
fn written(evidence: &Evidence, verdicts: Vec<Verdict>, look: Look, detail: Detail) -> String {
    let mut out = Vec::new();
    let mut report = Report::new(anstream::StripStream::new(&mut out), look, false, detail);
    let started = "2026-11-25T22:31:02.123Z";
    let document = Document::new(evidence, &Times::default(), verdicts, started.into(), 7000);
    report.start(&evidence.url, started).unwrap();
    document.hops().iter().for_each(|hop| report.hop(hop).unwrap());
    report.end(&document).unwrap();
    let text = String::from_utf8(out).unwrap();
    text.replacen(&format!("dante {} ", env!("CARGO_PKG_VERSION")), "dante 0.0.0 ", 1)
}

/// The lines that are longer than they may be, although no word in them is.
fn too_long<'a>(text: &'a str, width: usize, pasted: &[String]) -> Vec<&'a str> {
    text.lines()
        .filter(|line| layout::columns(line) > width)
        .filter(|line| line.split(' ').all(|word| layout::columns(word) <= width))
        .filter(|line| !pasted.iter().any(|pasted| line.ends_with(pasted.as_str())))
        .collect()
}

fn expect(name: &str, evidence: &Evidence, verdicts: &[Verdict], look: Look, detail: Detail) {
    let text = written(evidence, verdicts.to_vec(), look, detail);
    let path = format!("{}/src/probe/report/golden/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    expectorate::assert_contents(path, &text);
    let remedies = verdicts.iter().flat_map(|verdict| &verdict.remedies);
    let pasted: Vec<_> = remedies.flat_map(|remedy| remedy.lines.iter().cloned()).collect();
    assert_eq!(too_long(&text, look.width, &pasted), [""; 0], "{name}");
    assert!(!look.ascii || text.is_ascii(), "{name}");
    assert!(!text.contains(|letter: char| letter.is_control() && letter != '\n'), "{name}");
}

#[test]
fn good() {
    expect("good", &evidence("healthy"), &[], WIDE, Detail::Usual);
    expect("good-quiet", &evidence("healthy"), &[], WIDE, Detail::Quiet);
}

#[test]
fn degraded() {
    let seen = evidence("upgrade-stripped");
    expect("degraded", &seen, &[stripped()], WIDE, Detail::Usual);
    expect("degraded-narrow", &seen, &[stripped()], NARROW, Detail::Usual);
    expect("degraded-quiet", &seen, &[stripped()], WIDE, Detail::Quiet);
    expect("degraded-verbose", &seen, &[stripped()], WIDE, Detail::Verbose);
}

#[test]
fn the_path_alone_is_wrong() {
    let seen = evidence("wrong-path");
    let cause = "Dante is not at this path.";
    let fix = remedy(None, "use the other URL, or start dante --prefix /dante", &[]);
    let line = "GET /dante/ → 404 \"Nothing is served\"; Dante answers at /dante/demo/";
    let verdict = Verdict {
        remedies: vec![fix],
        ..verdict(VerdictId::PrefixMismatch, Hop::Page, Severity::Broken, cause, line)
    };
    expect("prefix", &seen, &[verdict], WIDE, Detail::Usual);
}

#[test]
fn many_verdicts() {
    let sse = Hop::Stream(Transport::Sse);
    let cause = "Something on the path collects the stream and hands it on in lumps, so that stanzas come late and several at once.";
    let seen = "12 stanzas in 2 lumps after silences of 6.0 and 5.9 s, due every 2 s";
    let buffered = Verdict {
        remedies: vec![
            remedy(Some(Host::Varnish), "in vcl_backend_response:", &["set beresp.do_stream = true;"]),
            remedy(Some(Host::Nginx), "in location /dante/sse/:", &["proxy_buffering off;"]),
        ],
        also: vec![
            also(VerdictId::Buffered, Hop::Stream(Transport::SocketIoPolling)),
            also(VerdictId::LostOnResume, Hop::Resume),
            also(VerdictId::SlowStart, sse),
        ],
        or: vec![VerdictId::SlowStart, VerdictId::CompressedStream],
        to_tell: Some(
            "ask the server itself, past the proxy: if that is late, too, the server is slow".into(),
        ),
        ..verdict(VerdictId::Buffered, sse, Severity::Degraded, cause, seen)
    };
    let expires = Verdict {
        remedies: vec![remedy(None, "renew it, and find out why it was not renewed by itself", &[])],
        ..verdict(
            VerdictId::TlsExpiresSoon,
            Hop::Tls,
            Severity::Note,
            "The certificate expires soon.",
            "valid until 2026-11-28",
        )
    };
    let verdicts = [stripped(), buffered, expires];
    expect("many", &evidence("upgrade-stripped"), &verdicts, WIDE, Detail::Usual);
    expect("many-narrow", &evidence("upgrade-stripped"), &verdicts, NARROW, Detail::Usual);
}

#[test]
fn a_fault_that_shows_later_is_told_at_the_end() {
    let seen = evidence("healthy");
    let of = |verdicts| Document::new(&seen, &Times::default(), verdicts, String::new(), 0);
    let reset = verdict(VerdictId::ConnectionsReset, Hop::Tcp, Severity::Degraded, "x", "y");
    let mut out = Vec::new();
    let mut report = Report::new(anstream::StripStream::new(&mut out), NARROW, false, Detail::Usual);
    of(Vec::new()).hops().iter().for_each(|hop| report.hop(hop).unwrap());
    report.end(&of(vec![reset])).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.lines().filter(|line| line.starts_with("!  tcp ")).count(), 1, "{text}");
}

#[test]
fn hostile_text() {
    let evil =
        "\x1b[2J\x07\x1b]0;owned\x07 \u{202e}gnp.exe\r\nGOOD: all is well 題題題題題題題題題題題題題題題題";
    let mut seen = evidence("healthy");
    seen.url = format!("http://h/{}", "long-path/".repeat(20));
    if let Some(http) = &mut seen.http {
        http.first.headers = vec![("server".into(), evil.into())];
    }
    if let Some(stream) = seen.streams.get_mut(&Transport::Sse) {
        stream.arrivals.clear();
        stream.garbage = Some(evil.repeat(3));
    }
    let bad = Verdict {
        remedies: vec![remedy(Some(Host::Apache), &evil.repeat(2), &["a\tb\x1b[2J"])],
        ..verdict(VerdictId::Garbage, Hop::Stream(Transport::Sse), Severity::Degraded, evil, evil)
    };
    for (name, look) in [("hostile", WIDE), ("hostile-narrow", NARROW)] {
        let text = written(&seen, vec![bad.clone()], look, Detail::Verbose);
        assert!(!text.contains(|letter: char| letter.is_control() && letter != '\n'), "{name}");
        expect(name, &seen, std::slice::from_ref(&bad), look, Detail::Usual);
    }
}
