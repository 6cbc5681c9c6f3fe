//! What the held connections tell: who cuts silence, who cuts age, and who lets a connection live. Pure.
//!
//! The same limit cuts at different moments by what was said: one on silence cuts the quiet connection and lets the flowing one live;
//! one on the client's silence cuts both, and lets the one live on which we speak; one on the whole time cuts all at the same age.

mod fate;
mod limits;
#[cfg(test)]
mod tests;

pub(super) use self::fate::{near, stopped_at};
use self::limits::{Limit, What, limits};
use super::{Finding, VerdictId, facts};
use crate::{
    probe::{
        evidence::{Evidence, Held, HeldKind, Hold},
        hop::Hop,
    },
    transport::Transport,
};

pub(super) fn rules(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let Some(hold) = &evidence.hold else { return };
    let fault = facts::fault(evidence);
    if let Some(line) = ended_together(hold) {
        findings.push(Finding::new(VerdictId::ServerRestarted, Hop::Hold, fault, line));
        return;
    }
    let limits = limits(hold);
    let mut said = Vec::new();
    for limit in &limits {
        let id = limit.what.verdict();
        if said.contains(&id) {
            continue;
        }
        said.push(id);
        let alike = || limits.iter().filter(|other| other.what.verdict() == id);
        let lines: Vec<_> = grouped(alike()).collect();
        let finding = Finding::new(id, Hop::Hold, fault, lines.join("; "));
        let unsure = id == VerdictId::IdleCut && alike().all(|limit| limit.or_age);
        let finding = if unsure { finding.or(&[VerdictId::AgeCut], TO_TELL) } else { finding };
        findings.push(match limit.what.wait().filter(|_| limit.from_ms == limit.to_ms) {
            Some(on) => finding.after(on, limit.to_ms),
            None => finding,
        });
    }
}

const TO_TELL: &str =
    "hold a connection on which the server speaks: if it is cut at the same age, silence is not the cause";

/// Where connections of different age end at the same moment, it is not their age that ends them.
fn ended_together(hold: &Hold) -> Option<String> {
    const MOMENT_MS: u64 = 400;
    let end_ms = |held: &Held| held.opened_at_ms + held.held_ms;
    // A flowing poll is answered and asked again; that nobody is there shows a stanza later.
    let at_once =
        |held: &&&Held| !(held.transport == Transport::SocketIoPolling && held.kind == HeldKind::Flowing);
    let ended: Vec<_> = hold.held.iter().filter(|held| held.ended.is_some()).collect();
    let moments = || ended.iter().filter(at_once).map(|held| end_ms(held));
    let (first, last) = (moments().min()?, moments().max()?);
    let opened = || ended.iter().map(|held| held.opened_at_ms);
    let ages_differ = opened().max()? - opened().min()? > 2 * MOMENT_MS;
    let codes = || ended.iter().filter_map(|held| held.ended.as_ref()?.code);
    let says_so = codes().any(|code| code == 1012);
    let left_out = |held: &&Held| held.failure.is_none() && held.ended.is_none() && end_ms(held) > first;
    let all = !hold.held.iter().any(|held| left_out(&held));
    let flowing = ended.iter().any(|held| held.kind != HeldKind::Quiet);
    let restarted = all && flowing && last - first <= MOMENT_MS && (ages_differ || says_so);
    (restarted && ended.len() >= 3).then(|| {
        let code = codes().next().map(|code| format!(", some with close code {code}")).unwrap_or_default();
        let (count, after) = (ended.len(), seconds(first));
        format!("all {count} connections ended at the same moment, {after} s after the hold began{code}")
    })
}

fn seconds(ms: u64) -> String {
    format!("{:.1}", ms as f64 / 1000.0)
}

/// One line for each limit, with the transports on which it shows.
fn grouped<'a>(limits: impl Iterator<Item = &'a Limit>) -> impl Iterator<Item = String> {
    let mut groups: Vec<Vec<&Limit>> = Vec::new();
    for limit in limits {
        let same = |group: &&mut Vec<&Limit>| {
            let first = group[0];
            first.what == limit.what && near(first.from_ms, limit.from_ms) && near(first.to_ms, limit.to_ms)
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(limit),
            None => groups.push(vec![limit]),
        }
    }
    groups.into_iter().map(|group| line(&group))
}

fn line(group: &[&Limit]) -> String {
    let first = group[0];
    let mut ways: Vec<(&str, Vec<String>)> = Vec::new();
    for limit in group {
        let transport = limit.transport.to_string();
        match ways.iter_mut().find(|(how, _)| *how == limit.how) {
            Some((_, transports)) => transports.push(transport),
            None => ways.push((&limit.how, vec![transport])),
        }
    }
    let ways: Vec<_> =
        ways.iter().map(|(how, transports)| format!("{} ({how})", transports.join(", "))).collect();
    let transports = ways.join("; ");
    let after = seconds(first.from_ms);
    match first.what {
        What::Silence if first.from_ms < first.to_ms => {
            let to = seconds(first.to_ms);
            format!("cut after a silence of between {after} and {to} s: {transports}")
        }
        What::Silence => format!("cut after {after} s of silence: {transports}"),
        What::ClientSilence => format!(
            "cut after {after} s in which the client said nothing, although the server spoke; with a word now and then it lived: {transports}"
        ),
        What::Age => format!("cut {after} s after it opened, whatever flowed: {transports}"),
        What::Flow => format!("cut {after} s after it opened: {transports}"),
        What::Policy | What::Size => format!("closed {after} s after it opened: {transports}"),
        What::Pings => format!("the engine's pings did not come for {after} s: {transports}"),
    }
}
