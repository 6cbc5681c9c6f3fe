//! [`Nodes`]: the other nodes, as far as they are heard. Pure: the clock is a parameter.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use super::message::Heartbeat;

/// A node that was not heard for so long is gone: three of its words were lost, and a moment more.
pub(super) const FORGOTTEN: Duration = Duration::from_secs(7);

/// The most nodes that are counted: whoever may publish could name any number.
const MOST: usize = 1000;

/// What the other nodes said last.
#[derive(Debug, Default)]
pub(super) struct Nodes(HashMap<String, Said>);

#[derive(Debug)]
struct Said {
    readers: u32,
    at: Instant,
}

impl Nodes {
    /// Takes note of what another node says.
    pub(super) fn hear(&mut self, heartbeat: Heartbeat, now: Instant) {
        self.0.retain(|_, said| is_heard(said, now));
        if heartbeat.leaving {
            self.0.remove(&heartbeat.node);
        } else if self.0.len() < MOST || self.0.contains_key(&heartbeat.node) {
            self.0.insert(heartbeat.node, Said { readers: heartbeat.readers, at: now });
        }
    }

    /// How many readers the nodes have that are heard, and how many nodes that are.
    pub(super) fn sum(&self, now: Instant) -> (usize, usize) {
        let heard = self.0.values().filter(|said| is_heard(said, now));
        heard.fold((0, 0), |(readers, nodes), said| {
            (readers + usize::try_from(said.readers).unwrap_or(usize::MAX), nodes + 1)
        })
    }
}

fn is_heard(said: &Said, now: Instant) -> bool {
    now.saturating_duration_since(said.at) < FORGOTTEN
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(node: usize, readers: u32) -> Heartbeat {
        Heartbeat { node: node.to_string(), readers, leaving: false }
    }

    #[test]
    fn the_last_word_counts_until_it_is_old() {
        let (mut nodes, start) = (Nodes::default(), Instant::now());
        let at = |millis| start + Duration::from_millis(millis);
        nodes.hear(says(1, 10), at(0));
        nodes.hear(says(2, 5), at(1000));
        nodes.hear(says(1, 12), at(2000));
        assert_eq!(nodes.sum(at(2000)), (17, 2));
        assert_eq!(nodes.sum(at(7999)), (17, 2));
        assert_eq!(nodes.sum(at(8000)), (12, 1), "the second was not heard for 7 s");
        assert_eq!(nodes.sum(at(9000)), (0, 0));
        nodes.hear(says(2, 6), at(9000));
        assert_eq!((nodes.sum(at(9000)), nodes.0.len()), ((6, 1), 1), "who is gone is forgotten");
    }

    #[test]
    fn nobody_can_name_nodes_without_end() {
        let (mut nodes, now) = (Nodes::default(), Instant::now());
        (0..2 * MOST).for_each(|node| nodes.hear(says(node, 1), now));
        assert_eq!(nodes.sum(now), (MOST, MOST));
        nodes.hear(says(0, 2), now);
        assert_eq!(nodes.sum(now), (MOST + 1, MOST), "those that are known are heard");
    }
}
