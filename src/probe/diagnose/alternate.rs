//! Rules for answers that take turns: the same request, asked twice, gets two kinds of answer.

use super::{Finding, Severity, VerdictId, facts};
use crate::contract::ASK_HEADER;
use crate::probe::{
    classify::{Class, classify, comes_from_cache},
    evidence::{Evidence, Exchange, Upgrade},
    hop::Hop,
};

/// Upgrades of one style: one may be chance.
#[derive(Default)]
pub(super) struct Takes<'a>(Vec<&'a Upgrade>);

impl<'a> Takes<'a> {
    pub(super) fn of(evidence: &'a Evidence, style: &str) -> Self {
        let attempts = evidence.upgrades.iter().flat_map(|upgrades| &upgrades.attempts);
        Self(attempts.filter(|attempt| attempt.style == style).collect())
    }

    /// The first one.
    pub(super) fn first(&self) -> Option<&'a Upgrade> {
        self.0.first().copied()
    }

    /// Whether one worked.
    pub(super) fn work(&self) -> bool {
        self.0.iter().any(|one| one.works)
    }

    /// Whether all failed, and more than two were made.
    pub(super) fn fail_always(&self) -> bool {
        !self.work() && self.0.len() > 2
    }

    /// Whether some worked and some did not.
    pub(super) fn alternate(&self) -> bool {
        self.work() && self.0.iter().any(|one| !one.works)
    }
}

pub(super) fn rules(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let exchanges = evidence.exchanges();
    let pair = exchanges.iter().find_map(|(hop, one)| {
        let other = one.again.as_deref()?;
        differ(one, other).then_some((*hop, other, *one))
    });
    let takes = ["chrome", "firefox", "plain", "polling"].map(|style| Takes::of(evidence, style));
    let upgrades = takes.iter().find(|takes| takes.alternate()).and_then(|takes| {
        let good = takes.0.iter().find(|one| one.works)?;
        let counts = |bad: &Exchange| {
            bad.status != good.exchange.status
                && !is_limit_or_loss(bad)
                && comes_from_cache(bad).is_none()
                && !is_crowded(bad)
        };
        let bad = takes.0.iter().find(|one| !one.works && counts(&one.exchange))?;
        Some((Hop::Upgrade, &good.exchange, &bad.exchange))
    });
    let elsewhere = || at_several_hops(&exchanges).or_else(|| upgraded_elsewhere(&exchanges));
    let Some((hop, one, other)) = pair.or(upgrades).or_else(elsewhere) else { return };
    let dantes = exchanges.iter().filter(|(_, exchange)| exchange.is_ours()).count();
    let answered = exchanges.iter().filter(|(_, exchange)| exchange.status.is_some()).count();
    let share = match dantes {
        0 => String::new(),
        _ => format!("; {dantes} of {answered} answers came from Dante"),
    };
    let line = format!(
        "{}; and the same again → {}{share}",
        facts::describe_exchange(one),
        facts::describe_answer(other)
    );
    let severity = match facts::fault(evidence) {
        Severity::Note => Severity::Degraded,
        severity => severity,
    };
    findings.push(Finding::new(VerdictId::AnswersAlternate, hop, severity, line));
}

/// One request that several hops make, answered by Dante at one of them and by another at the other.
fn at_several_hops<'a>(exchanges: &[(Hop, &'a Exchange)]) -> Option<(Hop, &'a Exchange, &'a Exchange)> {
    exchanges.iter().find_map(|(hop, one)| {
        let kind = kind(one)?;
        let others = exchanges.iter().filter(|(_, other)| self::kind(other).as_ref() == Some(&kind));
        let ours = others.map(|(_, other)| *other).find(|other| other.is_ours() && differ(other, one))?;
        (!one.is_ours() && one.status.is_some()).then_some((*hop, ours, *one))
    })
}

/// One upgrade that is granted to one hop and not to another: hops that go side by side may each meet the same of two servers that take
/// turns, whenever they ask.
fn upgraded_elsewhere<'a>(exchanges: &[(Hop, &'a Exchange)]) -> Option<(Hop, &'a Exchange, &'a Exchange)> {
    let refused = |bad: &Exchange| {
        bad.status.is_some()
            && !bad.switched()
            && !is_limit_or_loss(bad)
            && !is_crowded(bad)
            && comes_from_cache(bad).is_none()
    };
    exchanges.iter().filter(|(_, good)| good.switched() && good.failure.is_none()).find_map(|(_, good)| {
        // Where it is not known what was sent, they may have been sent in different ways.
        let asked = kind(good).filter(|asked| !asked.headers.is_empty())?;
        let same = |bad: &Exchange| bad.url == good.url && kind(bad).as_ref() == Some(&asked);
        let (hop, bad) = exchanges.iter().find(|(_, bad)| refused(bad) && same(bad))?;
        Some((*hop, *good, *bad))
    })
}

/// What makes two requests the same.
#[derive(PartialEq, Eq)]
pub(super) struct Kind<'a> {
    method: &'a str,
    path: &'a str,
    by_polling: bool,
    /// All headers but those that differ each time.
    headers: Vec<(&'a str, &'a str)>,
}

/// The kind of a request; none for one in a session, which is another matter.
pub(super) fn kind(exchange: &Exchange) -> Option<Kind<'_>> {
    let (path, query) = exchange.url.split_once('?').unwrap_or((&exchange.url, ""));
    if query.contains("sid=") {
        return None;
    }
    let differs = [ASK_HEADER, "sec-websocket-key", "accept-encoding", "accept", "cache-control"];
    let sent = exchange.sent.iter().filter(|(name, _)| !differs.contains(&name.as_str()));
    let mut headers: Vec<_> = sent.map(|(name, value)| (name.as_str(), value.as_str())).collect();
    headers.sort_unstable();
    Some(Kind { method: &exchange.method, path, by_polling: query.contains("transport=polling"), headers })
}

/// Whether two answers to one request are of different kinds, and no limit or lost connection explains it.
fn differ(one: &Exchange, other: &Exchange) -> bool {
    if is_limit_or_loss(one) || is_limit_or_loss(other) || is_crowded(one) || is_crowded(other) {
        return false;
    }
    // A cache gives one answer to many.
    if comes_from_cache(one).is_some() || comes_from_cache(other).is_some() {
        return false;
    }
    let (class, other_class) = (classify(one), classify(other));
    let status = |exchange: &Exchange| exchange.status;
    class != other_class
        || one.is_ours() != other.is_ours()
        || (class == Class::Good && status(one) != status(other))
}

/// Whether a refusal may come of other connections that were open then.
fn is_crowded(bad: &Exchange) -> bool {
    bad.status == Some(503) && bad.connections > 1
}

/// A limit, or a connection that was lost: it has rules of its own.
fn is_limit_or_loss(exchange: &Exchange) -> bool {
    matches!(
        classify(exchange),
        Class::RateLimit
            | Class::Unavailable
            | Class::Maintenance
            | Class::OriginSlow
            | Class::Cut
            | Class::None(_)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Transport;

    #[test]
    fn one_upgrade_that_is_granted_at_one_hop_only() {
        let ask = |url: &str, status, style: &str| Exchange {
            method: "GET".into(),
            url: url.into(),
            status: Some(status),
            sent: vec![("connection".into(), style.into())],
            ..Exchange::default()
        };
        let url = "http://h/socket.io/?EIO=4&transport=websocket";
        let refused = ask(url, 400, "Upgrade");
        let stream = Hop::Stream(Transport::SocketIoWebSocket);
        let turns = |good: &Exchange| {
            upgraded_elsewhere(&[(Hop::Upgrade, &refused), (stream, good)]).map(|(hop, ..)| hop)
        };
        assert_eq!(turns(&ask(url, 101, "Upgrade")), Some(Hop::Upgrade));
        assert_eq!(turns(&ask(url, 101, "keep-alive, Upgrade")), None, "asked in another way");
        assert_eq!(turns(&ask("http://h/socket.io/?EIO=4&transport=websocket&from=1", 101, "Upgrade")), None);
        assert_eq!(turns(&ask(url, 400, "Upgrade")), None);
    }

    #[test]
    fn answers_that_differ() {
        let answer =
            |status, body: &str| Exchange { status: Some(status), body: body.into(), ..Exchange::default() };
        assert!(differ(&answer(200, "{}"), &answer(502, "")));
        assert!(differ(&answer(200, "{}"), &answer(200, "<!doctype html>It works")));
        assert!(!differ(&answer(200, "{}"), &answer(200, "{}")));
        assert!(!differ(&answer(200, "{}"), &answer(429, "")), "a limit");
        assert!(!differ(&answer(200, "{}"), &Exchange::default()), "a connection that was lost");
    }
}
