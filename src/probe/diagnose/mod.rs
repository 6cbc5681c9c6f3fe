//! [`diagnose`]: evidence → verdicts. Pure; a rule never looks at anything but the evidence.

pub(super) mod against;
mod alternate;
mod answers;
pub(super) mod app;
mod browser;
mod compression;
mod connection;
mod cors;
mod describe;
mod direct;
mod echo;
mod ends;
mod engine;
mod facts;
mod files;
mod graph;
mod handshake;
mod hold;
pub(super) mod http2;
pub(super) mod limits;
mod line;
mod names;
mod pace;
mod page;
mod policy;
mod proxy;
mod resume;
mod sticky;
mod streams;
mod told;
mod untested;

use std::borrow::Cow;

use serde::Serialize;

use super::{
    evidence::{Evidence, Exchange},
    hop::{Hop, Outcome},
    hosts::{self, Host, Wait},
    verdicts::{Remedy, VerdictId},
};
pub(crate) use told::told_elsewhere;

use crate::transport::Transport;
use facts::{describe_answer, works};
use names::Names;

/// How much a verdict matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Severity {
    /// Good to know.
    Note,
    /// It streams, by a fallback or with faults.
    Degraded,
    /// It does not stream.
    Broken,
}

/// What is wrong, why, and what fixes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Verdict {
    /// The stable id.
    pub(crate) id: VerdictId,
    /// Where it shows.
    pub(crate) hop: Hop,
    /// How much it matters.
    pub(crate) severity: Severity,
    /// Why.
    pub(crate) cause: String,
    /// What fixes it, as one text: [`Self::remedies`], joined.
    pub(crate) remedy: String,
    /// What fixes it on each of the hosts, or on any if none is known.
    pub(crate) remedies: Vec<WrittenRemedy>,
    /// The host that answers first, if it was recognised.
    pub(crate) host: Option<Host>,
    /// All that were recognised, the one nearest to the client first.
    pub(crate) hosts: Vec<Host>,
    /// What was seen, in one line.
    pub(crate) evidence: String,
    /// What else was found, and is explained by this.
    pub(crate) also: Vec<Also>,
    /// Other verdicts that fit what was seen.
    pub(crate) or: Vec<VerdictId>,
    /// What would tell them apart.
    pub(crate) to_tell: Option<Cow<'static, str>>,
}

/// What fixes a verdict, with its placeholders filled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct WrittenRemedy {
    /// On which host; none if it is for any.
    pub(crate) host: Option<Host>,
    /// In words; with lines, where they belong.
    pub(crate) text: String,
    /// Lines to paste.
    pub(crate) lines: Vec<String>,
}

/// A finding that another one explains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Also {
    /// The verdict that it would have been.
    pub(crate) id: VerdictId,
    /// Where it shows.
    pub(crate) hop: Hop,
    /// What was seen there, in one line.
    pub(crate) evidence: String,
}

impl WrittenRemedy {
    fn new(host: Option<Host>, remedy: Remedy, names: &Names) -> Self {
        let lines = remedy.lines.iter().map(|line| names.fill(line)).collect();
        Self { host, text: names.fill(remedy.text), lines }
    }

    fn joined(&self) -> String {
        [std::slice::from_ref(&self.text), &self.lines].concat().join("\n  ")
    }
}

/// A verdict before it is written out.
struct Finding {
    id: VerdictId,
    hop: Hop,
    severity: Severity,
    evidence: String,
    or: Vec<VerdictId>,
    to_tell: Option<Cow<'static, str>>,
    /// Whether it is the doing of the proxy on the way out.
    by_proxy: bool,
    /// Who wrote the answer that shows it, where that is known.
    by: Option<Host>,
    /// Whether a gateway wrote that answer who is not known, and nobody put a name into it.
    nameless: bool,
    /// After how much waiting it showed, in milliseconds.
    after: Option<(Wait, u64)>,
    /// Another cause that fits, and whose remedy on a known host is said at once.
    also_fix: Option<VerdictId>,
}

impl Finding {
    fn new(id: VerdictId, hop: Hop, severity: Severity, evidence: impl Into<String>) -> Self {
        Self {
            id,
            hop,
            severity,
            evidence: evidence.into(),
            or: Vec::new(),
            to_tell: None,
            by_proxy: false,
            by: None,
            nameless: false,
            after: None,
            also_fix: None,
        }
    }

    /// With who wrote this answer: a remedy for that host is the one that helps.
    fn by(mut self, exchange: &Exchange) -> Self {
        self.by = hosts::author(exchange);
        let by_a_gateway = matches!(exchange.status, Some(502..=504));
        self.nameless = self.by.is_none() && by_a_gateway && exchange.header("server").is_none();
        self
    }

    /// With the time after which it showed, which may be the default of a host.
    fn after(mut self, on: Wait, ms: u64) -> Self {
        self.after = Some((on, ms));
        self
    }

    /// Where the evidence fits other causes, too: they are named, with what would tell them apart.
    fn or(mut self, others: &[VerdictId], to_tell: &'static str) -> Self {
        self.or = others.to_vec();
        self.to_tell = Some(Cow::Borrowed(to_tell));
        self
    }

    /// With what fixes one of the others on a known host.
    fn or_fix(mut self, other: VerdictId) -> Self {
        self.also_fix = Some(other);
        self
    }

    /// One more cause that the evidence fits, and what would tell it.
    fn add_or(&mut self, other: VerdictId, to_tell: &'static str) {
        self.or.push(other);
        self.to_tell = Some(match self.to_tell.take() {
            Some(told) => format!("{told}; {to_tell}").into(),
            None => to_tell.into(),
        });
    }

    /// The verdict, for these hosts. `nameless` are those of them that may have passed an answer which nobody put a name into: the others have
    /// not seen it, and cannot mend it.
    fn written(self, hosts: &[Host], nameless: &[Host], names: &Names, also: Vec<Also>) -> Verdict {
        let entry = self.id.entry();
        let passed = if self.nameless { nameless } else { hosts };
        let default = self.after.and_then(|(on, ms)| hosts::default_near(hosts, on, ms));
        let whose = self.by.or(default.map(|(host, _)| host));
        let whose = whose.filter(|host| host.remedy(self.id).is_some());
        let mut remedies: Vec<_> = (whose.as_ref().map_or(passed, std::slice::from_ref))
            .iter()
            .filter_map(|host| Some(WrittenRemedy::new(Some(*host), host.remedy(self.id)?, names)))
            .collect();
        if remedies.is_empty() {
            remedies.push(WrittenRemedy::new(None, entry.remedy, names));
        }
        if let Some(other) = self.also_fix {
            let known = passed.iter().filter_map(|host| Some((*host, host.remedy(other)?)));
            remedies.extend(known.map(|(host, remedy)| {
                let written = WrittenRemedy::new(Some(host), remedy, names);
                WrittenRemedy { text: format!("if it is {other}: {}", written.text), ..written }
            }));
        }
        let joined: Vec<_> = match remedies.as_slice() {
            [one] => vec![one.joined()],
            several => several
                .iter()
                .map(|one| match one.host {
                    Some(host) => format!("{host}: {}", one.joined()),
                    None => one.joined(),
                })
                .collect(),
        };
        Verdict {
            id: self.id,
            hop: self.hop,
            severity: self.severity,
            cause: names.fill(entry.cause),
            remedy: joined.join("\n"),
            remedies,
            host: hosts.first().copied(),
            hosts: hosts.to_vec(),
            evidence: match default {
                Some((host, limit)) => format!("{} ({host}: {limit})", self.evidence),
                None => self.evidence,
            },
            also,
            or: self.or,
            to_tell: self.to_tell.map(|told| names.fill(&told).into()),
        }
    }
}

/// Says what the evidence of a whole probe shows: what is broken never goes without a word.
pub(crate) fn conclude(evidence: &Evidence) -> Vec<Verdict> {
    let mut verdicts = diagnose(evidence);
    let explained = verdicts.iter().any(|verdict| verdict.severity == Severity::Broken);
    if whole(evidence, &verdicts) == Severity::Broken && !explained {
        let stuck = |hop: &Hop| matches!(outcome(evidence, *hop, &[]), Outcome::NotReached | Outcome::Failed);
        let hop = Hop::all().find(stuck).unwrap_or(Hop::Page);
        let line = format!("the first hop that failed is {hop}");
        let finding = Finding::new(VerdictId::Unproved, hop, Severity::Broken, line);
        let chain = hosts::chain(evidence);
        verdicts.push(finding.written(&chain, &chain, &Names::of(evidence), Vec::new()));
    }
    verdicts
}

/// Says what the evidence shows, of a probe that may still be going on.
pub(crate) fn diagnose(evidence: &Evidence) -> Vec<Verdict> {
    let chain = hosts::chain(evidence);
    // What IIS does with upgrades is like nothing else, wherever it stands.
    let iis = chain.iter().rev().find(|host| host.is_iis());
    let host = iis.or(chain.first()).copied();
    let names = Names::of(evidence);
    let mut findings = Vec::new();
    proxy::rules(evidence, &mut findings);
    connection::rules(evidence, &mut findings);
    page::rules(evidence, &mut findings);
    files::rules(evidence, &mut findings);
    policy::rules(evidence, &mut findings);
    handshake::rules(evidence, &mut findings);
    engine::rules(evidence, host, &mut findings);
    streams::rules(evidence, host, &mut findings);
    ends::rules(evidence, &mut findings);
    app::rules(evidence, host, &mut findings);
    hold::rules(evidence, &mut findings);
    echo::rules(evidence, host, &mut findings);
    against::rules(evidence, &mut findings);
    compression::rules(evidence, &mut findings);
    cors::rules(evidence, &mut findings);
    resume::rules(evidence, &mut findings);
    line::rules(evidence, &mut findings);
    limits::rules(evidence, &mut findings);
    http2::rules(evidence, &mut findings);
    alternate::rules(evidence, &mut findings);
    untested::rules(evidence, &chain, &mut findings);
    direct::rules(evidence, &mut findings);
    browser::rules(evidence, &mut findings);
    let explained = graph::explain(findings);
    let nameless = hosts::nameless(evidence, &chain);
    let written = |cause: graph::Explained| cause.finding.written(&chain, &nameless, &names, cause.also);
    explained.into_iter().map(written).collect()
}

/// Why a stream should be listened to again, while nothing else is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// It stopped once and went on, which may be chance.
    Pace,
    /// It was refused, or not answered, while other connections were open.
    Opening,
}

/// Whether a stream should be listened to again.
pub(crate) fn again(evidence: &Evidence, transport: Transport) -> Option<Again> {
    if matches!(pace::judge(evidence, transport), pace::Pace::HeldOnce(_)) {
        return Some(Again::Pace);
    }
    // A host that does not answer upgrades one by one does not answer them for a stream.
    let by_websocket = matches!(transport, Transport::SocketIoWebSocket | Transport::WebSocket);
    let hangs = by_websocket && limits::upgrades_hang(evidence);
    (!hangs && limits::should_open_again(evidence, transport)).then_some(Again::Opening)
}

/// How a hop went, by what was seen and said of it.
pub(crate) fn outcome(evidence: &Evidence, hop: Hop, verdicts: &[Verdict]) -> Outcome {
    if facts::is_skipped(evidence, hop) {
        return Outcome::Skipped;
    }
    if evidence.at(hop).is_null() {
        return Outcome::NotReached;
    }
    if !works(evidence, hop) {
        return Outcome::Failed;
    }
    let shows_at = |verdict: &&Verdict| verdict.hop == hop || verdict.also.iter().any(|also| also.hop == hop);
    let worst = verdicts.iter().filter(shows_at).map(|verdict| verdict.severity).max();
    match worst {
        None | Some(Severity::Note) => Outcome::Good,
        Some(_) => Outcome::Degraded,
    }
}

/// How the whole went.
pub(crate) fn whole(evidence: &Evidence, verdicts: &[Verdict]) -> Severity {
    let worst = verdicts.iter().map(|verdict| verdict.severity).max().unwrap_or(Severity::Note);
    // Whatever else was seen: a probe that ends without a stream has not shown that the host is good.
    let streams = facts::something_streams(evidence);
    if streams { worst } else { Severity::Broken }
}

#[cfg(test)]
mod tests;
