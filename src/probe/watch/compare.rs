//! [`Known`]: what looks at a host have shown so far, and what a new one changes. Pure.

use std::collections::VecDeque;

use super::{
    change::{ChangeKind, Found, span},
    look::Look,
};
use crate::probe::diagnose::Severity;

/// So many looks make the measure of later ones, and so many in a row have to be slow before that is said.
const MEASURE: usize = 5;
const STAYS: usize = 3;
/// What is slower by less says nothing, however fast it was.
const NOTICEABLE_MS: u64 = 100;
/// Of so many nodes, certificates and addresses each is told; a host with more is one that has many.
const TOLD: usize = 8;

/// What is known so far.
#[derive(Debug, Default)]
pub(super) struct Known {
    answer: Option<String>,
    certificates: Vec<String>,
    /// The text of the last certificate.
    certificate: String,
    nodes: Vec<String>,
    addresses: Vec<String>,
    connect: Pace,
    first_byte: Pace,
}

/// How fast something is.
#[derive(Debug, Default)]
struct Pace {
    /// The first times, and of those the middle one, once there are enough.
    first: Vec<u64>,
    usual: Option<u64>,
    /// The last times.
    last: VecDeque<u64>,
    is_slow: bool,
}

impl Known {
    /// Begins with what was seen before, and with these nodes.
    pub(super) fn new(first: &Look, nodes: Vec<String>) -> Self {
        let mut known = Self { nodes, ..Self::default() };
        // The first of all changes nothing.
        known.take(first);
        known
    }

    /// Whether a look differs in what is worth a second one: how the page is answered.
    pub(super) fn is_doubtful(&self, look: &Look) -> bool {
        self.answer.is_some() && self.answer != look.answer
    }

    /// An answer that was another one when the page was asked for again.
    pub(super) fn once(&self, first: &Look, again: &Look) -> Option<Found> {
        let (once, then) = (first.answer.as_deref()?, again.answer.as_deref()?);
        let differs = once != then && self.answer.as_deref() != Some(once);
        differs.then(|| {
            let text = format!("the page was answered once by {once}, and then by {then}");
            let severity = if first.is_good { Severity::Note } else { Severity::Degraded };
            Found { severity, ..Found::new(ChangeKind::Hiccup, then, once, text) }
        })
    }

    /// Takes a look, and says what it changes.
    pub(super) fn take(&mut self, look: &Look) -> Vec<Found> {
        let mut found = Vec::new();
        if let Some(now) = &look.answer
            && let Some(before) = self.answer.replace(now.clone())
            && before != *now
        {
            let text = format!("the page: {before} before, now {now}");
            let severity = if look.is_good { Severity::Note } else { Severity::Broken };
            found.push(Found { severity, ..Found::new(ChangeKind::Status, &before, now, text) });
        }
        let before = self.addresses.join(", ");
        for address in &look.addresses {
            let text = || format!("the name has another address, {address}; before: {before}");
            found.extend(another(&mut self.addresses, address, ChangeKind::Address, text));
        }
        if let Some(certificate) = &look.certificate {
            let before = std::mem::replace(&mut self.certificate, certificate.text.clone());
            let text = || format!("another certificate: {}; before: {before}", certificate.text);
            let (key, kind) = (&certificate.fingerprint, ChangeKind::Certificate);
            if let Some(changed) = another(&mut self.certificates, key, kind, text) {
                let (before, now) = (Some(before), Some(certificate.text.clone()));
                found.push(Found { before, now, ..changed });
            }
        }
        if let Some(node) = &look.node {
            let before = self.nodes.join(", ");
            let text = || format!("another node answers, {node}; before: {before}");
            found.extend(another(&mut self.nodes, node, ChangeKind::Node, text));
        }
        let paces = [
            ("a connection", &mut self.connect, look.connect_ms),
            ("the page", &mut self.first_byte, look.first_byte_ms),
        ];
        for (what, pace, ms) in paces {
            found.extend(ms.filter(|_| look.is_good).and_then(|ms| pace.take(what, ms)));
        }
        found
    }
}

/// Remembers a name, and says that it is another one than those before it.
fn another(
    known: &mut Vec<String>,
    name: &str,
    kind: ChangeKind,
    text: impl Fn() -> String,
) -> Option<Found> {
    if known.iter().any(|one| one == name) || known.len() >= TOLD {
        return None;
    }
    let before = known.join(", ");
    known.push(name.to_owned());
    (!before.is_empty()).then(|| Found::new(kind, &before, name, text()))
}

impl Pace {
    /// Takes a time, in milliseconds, and says whether a slow time begins or ends.
    fn take(&mut self, what: &str, ms: u64) -> Option<Found> {
        let Some(usual) = self.usual else {
            self.first.push(ms);
            if self.first.len() == MEASURE {
                self.first.sort_unstable();
                self.usual = self.first.get(MEASURE / 2).copied();
            }
            return None;
        };
        self.last.push_back(ms);
        if self.last.len() > STAYS {
            self.last.pop_front();
        }
        let limit = (usual * 2).max(usual + NOTICEABLE_MS);
        let all = |slow: bool| self.last.len() == STAYS && self.last.iter().all(|ms| (*ms > limit) == slow);
        let (kind, least) = (ChangeKind::Slower, self.last.iter().min().copied().unwrap_or(ms));
        if !self.is_slow && all(true) {
            self.is_slow = true;
            let (before, now) = (span(usual), span(least));
            let text =
                format!("{what} takes at least {now} at each of the last {STAYS} looks; before: {before}");
            return Some(Found::new(kind, &before, &now, text));
        }
        if self.is_slow && all(false) {
            self.is_slow = false;
            let (before, now) = (span(limit), span(ms));
            let text = format!("{what} takes {now} again");
            return Some(Found::new(ChangeKind::AsBefore, &before, &now, text));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{super::look::Certificate as Shown, *};

    fn good(node: &str) -> Look {
        Look {
            addresses: vec!["192.0.2.1".into()],
            connect_ms: Some(2),
            first_byte_ms: Some(20),
            certificate: Some(Shown { fingerprint: "a".into(), text: "CN=a".into() }),
            answer: Some("200".into()),
            is_good: true,
            node: Some(node.into()),
        }
    }

    fn kinds(found: &[Found]) -> Vec<(ChangeKind, Severity)> {
        found.iter().map(|one| (one.kind, one.severity)).collect()
    }

    #[test]
    fn what_is_new_is_told_once() {
        use ChangeKind::*;
        let mut known = Known::new(&Look::default(), vec!["a".into(), "b".into()]);
        assert_eq!(known.take(&good("a")), []);
        assert_eq!(known.take(&good("b")), []);
        assert_eq!(kinds(&known.take(&good("c"))), [(Node, Severity::Note)]);
        assert_eq!(known.take(&good("a")), []);
        let certificate = Some(Shown { fingerprint: "b".into(), text: "CN=b".into() });
        let found = known.take(&Look { certificate: certificate.clone(), ..good("a") });
        assert_eq!(kinds(&found), [(Certificate, Severity::Note)]);
        assert_eq!((found[0].before.as_deref(), found[0].now.as_deref()), (Some("CN=a"), Some("CN=b")));
        // Servers behind one name may have one each, and take turns.
        assert_eq!(known.take(&good("a")), []);
        let moved = Look { addresses: vec!["192.0.2.2".into()], certificate, ..good("a") };
        assert_eq!(kinds(&known.take(&moved)), [(Address, Severity::Note)]);
        let down = Look { answer: Some("502".into()), is_good: false, ..good("a") };
        assert!(known.is_doubtful(&down));
        assert_eq!(kinds(&known.take(&down)), [(Status, Severity::Broken)]);
        assert!(!known.is_doubtful(&down));
        assert_eq!(kinds(&known.take(&good("a"))), [(Status, Severity::Note)]);
        let once = known.once(&down, &good("a")).unwrap();
        assert_eq!((once.kind, once.severity), (Hiccup, Severity::Degraded));
        assert_eq!(known.once(&good("a"), &good("a")), None);
    }

    #[test]
    fn a_host_with_many_nodes_is_not_told_of_for_ever() {
        let mut known = Known::default();
        let found: usize = (0..50).map(|node| known.take(&good(&node.to_string())).len()).sum();
        assert_eq!(found, TOLD - 1);
    }

    #[test]
    fn slower_only_if_it_stays_so() {
        let mut known = Known::default();
        let mut at = |ms| kinds(&known.take(&Look { first_byte_ms: Some(ms), ..good("a") }));
        for ms in [20, 22, 21, 300, 20] {
            assert_eq!(at(ms), []);
        }
        for ms in [400, 400, 30, 119, 120, 121] {
            assert_eq!(at(ms), [], "{ms}");
        }
        assert_eq!([at(200), at(200), at(200)].concat(), [(ChangeKind::Slower, Severity::Degraded)]);
        assert_eq!([at(500), at(20), at(20)].concat(), []);
        assert_eq!([at(20), at(20)].concat(), [(ChangeKind::AsBefore, Severity::Note)]);
    }
}
