//! Rules for sessions of the engine: whether each request of one finds the process that knows it, and by what.

use super::{Finding, Severity, VerdictId, answers, facts};
use crate::probe::{
    classify::{Class, EngineError, classify, comes_from_cache},
    cookies::{Withheld, withheld},
    evidence::{Evidence, FailureKind, Round},
    hop::Hop,
    target::Target,
};

pub(super) fn rules(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let Some(sticky) = &evidence.sticky else { return };
    let with = sticky.rounds.iter().find(|round| round.cookies && !round.withheld);
    let all = sticky.rounds.iter().find(|round| round.withheld);
    let Some(bare) = sticky.rounds.iter().find(|round| !round.cookies) else { return };
    if bare.good == bare.requests {
        return;
    }
    let line = format!(
        "{} of {} requests on one session, each over a new connection, succeeded{}",
        bare.good,
        bare.requests,
        with.map(|with| format!("; with the server's cookies, {} of {}", with.good, with.requests))
            .unwrap_or_default()
    );
    if with.is_some_and(|with| with.good == with.requests) {
        findings.push(Finding::new(VerdictId::StickinessByCookie, Hop::Sticky, Severity::Note, line));
    } else if let Some(all) = all.filter(|all| all.requests > 0 && all.good == all.requests) {
        let kept_back = kept_back(evidence).unwrap_or_default();
        let line =
            format!("{line}; with all cookies that were set, {} of {}{kept_back}", all.good, all.requests);
        findings.push(Finding::new(VerdictId::CookieNotReturned, Hop::Sticky, facts::fault(evidence), line));
    } else {
        findings.push(unsteady(evidence, bare, line));
    }
}

/// The cookies that a browser does not send to the engine, as they were set, with the reason.
fn kept_back(evidence: &Evidence) -> Option<String> {
    let handshake = &evidence.handshake.as_ref()?.exchange;
    let engine = Target::parse(&handshake.url).ok()?;
    let answers = evidence.page.iter().flat_map(|page| &page.exchanges).chain([handshake]);
    let mut said: Vec<String> = Vec::new();
    for answer in answers {
        let Ok(from) = Target::parse(&answer.url) else { continue };
        for (cookie, why) in withheld(&answer.headers, &from, &engine) {
            let text = format!("; Set-Cookie: {cookie}: {}", why_withheld(why, &engine));
            if !said.contains(&text) {
                said.push(text);
            }
        }
    }
    Some(said.concat())
}

fn why_withheld(why: Withheld, engine: &Target) -> String {
    match why {
        Withheld::Domain => format!("its Domain is not that of {}", engine.host),
        Withheld::Path => format!("its Path does not cover {}", engine.path),
        Withheld::Secure => "it is Secure, and this is plain HTTP".to_owned(),
        Withheld::SameSite => "SameSite=None needs Secure in Chrome and Edge".to_owned(),
        Withheld::Prefix => {
            "the prefix of its name asks for Secure, and __Host- also for Path=/ and no Domain".to_owned()
        }
        Withheld::Expired => "it has expired when it comes".to_owned(),
    }
}

/// Why requests on one session fail.
fn unsteady(evidence: &Evidence, round: &Round, line: String) -> Finding {
    let fault = facts::fault(evidence);
    let finding = |id, line| Finding::new(id, Hop::Sticky, fault, line);
    let Some(failed) = &round.failed else { return finding(VerdictId::NoStickiness, line) };
    let line = format!("{line}; {}", facts::describe_exchange(failed));
    if let Some(sign) = comes_from_cache(failed).filter(|_| failed.status == Some(200)) {
        return finding(VerdictId::EngineCached, format!("{line}; {sign}"));
    }
    if let Some(changed) = answers::by_change(failed, Hop::Sticky, fault) {
        return changed;
    }
    // A session that was opened where one was asked for, or could not be opened by a POST: its id did not arrive.
    let opened = failed.status == Some(200) && failed.body.starts_with("0{");
    let class = classify(failed);
    if opened || class == Class::Engine(EngineError::BadHandshakeMethod) {
        return finding(VerdictId::SidLost, line);
    }
    let only_posts = round.posts_failed > 0 && round.posts_failed == round.requests - round.good;
    if only_posts
        && matches!(
            class,
            Class::Forbidden | Class::Method | Class::Firewall | Class::Other(_) | Class::NotFound
        )
    {
        return finding(VerdictId::PostRefused, line);
    }
    // The same kind of request is answered and broken off.
    if round.good > 0 && matches!(class, Class::None(FailureKind::Closed | FailureKind::Reset)) {
        return finding(VerdictId::ConnectionsReset, line);
    }
    // Some GETs and POSTs are answered by the engine, and some by others.
    if round.good > 0
        && !only_posts
        && matches!(class, Class::OriginDown | Class::NotFound | Class::Page | Class::ErrorInJson)
    {
        return finding(VerdictId::AnswersAlternate, line);
    }
    // Where some requests come through, the server behind the host is there.
    let starts = |finding: &Finding| finding.id == VerdictId::GuestNotStarted && round.good > 0;
    if let Some(finding) = answers::by_itself(failed, Hop::Sticky, fault).filter(|finding| !starts(finding)) {
        return Finding { evidence: line, ..finding };
    }
    finding(if round.unknown > 0 { VerdictId::NoStickiness } else { VerdictId::PollFailures }, line)
}
