//! Tables of the rules for an echo.

use super::*;
use crate::probe::{
    evidence::{Ended, Failure, Page},
    subject::Kind,
};

fn answer(status: u16, headers: &[(&str, &str)]) -> Exchange {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Exchange { status: Some(status), headers, url: "http://h/echo/x".into(), ..Exchange::default() }
}

fn sizes(status: u16, steps: Vec<EchoStep>) -> EchoSizes {
    EchoSizes {
        exchange: answer(status, &[("content-type", "text/event-stream")]),
        steps,
        ..EchoSizes::default()
    }
}

fn passed(bytes: u64) -> EchoStep {
    EchoStep { bytes, ms: 3, passed: true, ..EchoStep::default() }
}

fn closed(bytes: u64, code: Option<u16>, how: &str) -> EchoStep {
    let failure = Failure::new(FailureKind::Closed, how);
    let ended = Ended { how: how.into(), code, ..Ended::default() };
    EchoStep { bytes, ended: Some(ended), failure: Some(failure), ..EchoStep::default() }
}

fn late(bytes: u64) -> EchoStep {
    let failure = Failure::new(FailureKind::Timeout, "nothing came of it within 4 s");
    EchoStep { bytes, ms: 4000, failure: Some(failure), ..EchoStep::default() }
}

fn refused(bytes: u64, status: u16) -> EchoStep {
    EchoStep { bytes, exchange: Some(answer(status, &[])), ..EchoStep::default() }
}

fn pace(sent: &[u64], arrived: &[u64], kind: &str) -> EchoPace {
    let once = EchoPace {
        exchange: answer(200, &[("content-type", kind)]),
        sent_ms: sent.to_vec(),
        arrived_ms: arrived.to_vec(),
        ..EchoPace::default()
    };
    EchoPace { again: Some(Box::new(once.clone())), ..once }
}

const SENT: [u64; 4] = [0, 400, 800, 1200];
const MIB: u64 = 1024 * 1024;

fn healthy() -> Echo {
    let all = || vec![passed(1024), passed(64 * 1024), passed(16 * MIB)];
    Echo {
        exchange: answer(200, &[("dante-echo", "1")]),
        up: Some(sizes(101, all())),
        down: Some(sizes(101, all())),
        bodies: Some(sizes(200, all())),
        events: Some(sizes(200, all())),
        upload: Some(pace(&SENT, &[0, 401, 803, 1200], "application/json")),
        stream: Some(pace(&SENT, &[2, 401, 803, 1200], "text/event-stream")),
    }
}

/// What is found of an echo, with this changed.
fn found(change: impl FnOnce(&mut Echo)) -> Vec<(VerdictId, Severity, String)> {
    let mut echo = healthy();
    change(&mut echo);
    let page = Page { exchanges: vec![echo.exchange.clone()], ..Page::default() };
    let evidence =
        Evidence { subject: Kind::Echo, page: Some(page), echo: Some(echo), ..Evidence::default() };
    let mut findings = Vec::new();
    rules(&evidence, None, &mut findings);
    findings.into_iter().map(|finding| (finding.id, finding.severity, finding.evidence)).collect()
}

#[test]
fn a_healthy_host_has_none() {
    assert_eq!(found(|_| {}), []);
}

#[test]
fn limits() {
    use Severity::{Degraded, Note};
    let small =
        || vec![passed(1024), closed(4096, Some(1009), "code 1009"), closed(4096, Some(1009), "code 1009")];
    let roomy = || vec![passed(MIB), refused(4 * MIB, 413), refused(4 * MIB, 413), passed(MIB + 1)];
    let found_ = found(|echo| echo.up = Some(sizes(101, small())));
    assert_eq!(
        found_,
        [(
            VerdictId::MessageTooBig,
            Degraded,
            "to the server: 1 KiB passed, 4 KiB did not: code 1009".to_owned()
        )]
    );
    let both = found(|echo| {
        echo.up = Some(sizes(101, small()));
        echo.down = Some(sizes(101, small()));
    });
    assert_eq!(both.len(), 1, "one limit, both ways: {both:?}");
    assert_eq!(
        found(|echo| echo.bodies = Some(sizes(200, roomy()))),
        [(VerdictId::BodyLimit, Note, "1.0 MiB passed, 4 MiB did not: 413".to_owned())]
    );
    let events = found(|echo| echo.events = Some(sizes(200, small())));
    assert_eq!(events[0].0, VerdictId::EventTooBig);
}

#[test]
fn what_failed_once_or_for_lack_of_time_is_no_limit() {
    for change in [
        (|echo: &mut Echo| echo.up = Some(sizes(101, vec![passed(1024), closed(4096, None, "reset")])))
            as fn(&mut Echo),
        |echo| echo.up = Some(sizes(101, vec![passed(1024), closed(4096, None, "reset"), passed(4096)])),
        |echo| {
            let slow = EchoStep { ms: 900, ..passed(1024) };
            echo.up = Some(sizes(101, vec![slow, late(4096), late(4096)]));
        },
        |echo| echo.bodies = Some(sizes(200, vec![passed(1024), late(4096), late(4096)])),
        |echo| echo.events = Some(sizes(200, vec![passed(1024), late(4096), late(4096)])),
        |echo| {
            echo.stream = Some(EchoPace { again: None, ..pace(&SENT, &[1200, 1201], "text/event-stream") })
        },
        |echo| echo.upload = Some(EchoPace { again: None, ..pace(&SENT, &[0], "x/y") }),
        // One of two connections failed by chance.
        |echo| echo.up = Some(sizes(502, Vec::new())),
    ] {
        assert_eq!(found(change), []);
    }
}

#[test]
fn what_does_not_arrive() {
    let ids = |change: fn(&mut Echo)| found(change).into_iter().map(|(id, ..)| id).collect::<Vec<_>>();
    let lost: fn(&mut Echo) = |echo| echo.up = Some(sizes(101, vec![late(1024), late(1024)]));
    assert_eq!(ids(lost), [VerdictId::UpwardLost]);
    assert_eq!(
        ids(|echo| {
            echo.up = Some(sizes(101, vec![late(1024), late(1024)]));
            echo.down = Some(sizes(101, vec![late(1024), late(1024)]));
        }),
        [VerdictId::Silent]
    );
    assert_eq!(
        ids(|echo| {
            echo.up = Some(sizes(426, Vec::new()));
            echo.down = Some(sizes(426, Vec::new()));
        }),
        [VerdictId::UpgradeStripped]
    );
    assert_eq!(
        ids(|echo| {
            echo.events = Some(sizes(404, Vec::new()));
            echo.stream = Some(EchoPace { exchange: answer(404, &[]), ..EchoPace::default() });
        }),
        [VerdictId::StreamRefused]
    );
    assert_eq!(
        ids(|echo| echo.bodies = Some(sizes(405, vec![refused(1024, 405), refused(1024, 405)]))),
        [VerdictId::PostRefused]
    );
}

#[test]
fn what_is_held_back() {
    let upload = found(|echo| echo.upload = Some(pace(&SENT, &[0, 1, 1, 2], "application/json")));
    assert_eq!((upload[0].0, upload[0].1), (VerdictId::RequestBuffered, Severity::Note));
    let joined = found(|echo| echo.upload = Some(pace(&SENT, &[0], "application/json")));
    assert_eq!(joined[0].0, VerdictId::RequestBuffered, "in one piece");
    let stream =
        found(|echo| echo.stream = Some(pace(&SENT, &[1210, 1210, 1211, 1211], "text/event-stream")));
    assert_eq!((stream[0].0, stream[0].1), (VerdictId::Buffered, Severity::Degraded));
    let kind = found(|echo| echo.stream = Some(pace(&SENT, &[0, 400, 800, 1200], "text/plain")));
    assert_eq!(kind[0].0, VerdictId::WrongContentType);
}
