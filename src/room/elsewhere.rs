//! [`Elsewhere`]: the readers that other nodes have in a room. Pure: the clock is a parameter.

use std::time::Duration;

use tokio::time::Instant;

/// A node that was not heard for so long has no readers any more: three of its words were lost, and a moment more.
const FORGOTTEN: Duration = Duration::from_secs(7);

/// The most nodes that are counted in one room: whoever may publish could name any number.
const MOST: usize = 100;

/// What other nodes said last of their readers in a room.
#[derive(Debug, Default)]
pub(super) struct Elsewhere(Vec<Said>);

#[derive(Debug)]
struct Said {
    node: String,
    readers: u32,
    at: Instant,
}

impl Elsewhere {
    /// Takes note of what a node says.
    pub(super) fn hear(&mut self, node: &str, readers: u32, now: Instant) {
        if readers == 0 {
            self.forget(node);
        } else if let Some(said) = self.0.iter_mut().find(|said| said.node == node) {
            (said.readers, said.at) = (readers, now);
        } else if self.0.len() < MOST {
            self.0.push(Said { node: node.to_owned(), readers, at: now });
        }
    }

    /// A node has gone.
    pub(super) fn forget(&mut self, node: &str) {
        self.0.retain(|said| said.node != node);
    }

    /// Forgets the nodes that are no longer heard.
    pub(super) fn sweep(&mut self, now: Instant) {
        self.0.retain(|said| said.is_heard(now));
    }

    /// How many readers there are on nodes that are heard.
    pub(super) fn readers(&self, now: Instant) -> usize {
        let heard = self.0.iter().filter(|said| said.is_heard(now));
        heard.map(|said| said.readers as usize).fold(0, usize::saturating_add)
    }

    /// Whether there were none when the other nodes were heard last.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Said {
    fn is_heard(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.at) < FORGOTTEN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_counts_until_it_is_old() {
        let (mut elsewhere, start) = (Elsewhere::default(), Instant::now());
        let at = |secs| start + Duration::from_secs(secs);
        elsewhere.hear("a", 3, at(0));
        elsewhere.hear("b", 4, at(2));
        elsewhere.hear("b", 5, at(3));
        assert_eq!(elsewhere.readers(at(6)), 8);
        assert_eq!(elsewhere.readers(at(7)), 5, "a is not heard any more");
        assert!(!elsewhere.is_empty(), "but it was");
        elsewhere.hear("b", 0, at(8));
        assert_eq!((elsewhere.readers(at(8)), elsewhere.is_empty()), (0, false));
        elsewhere.sweep(at(8));
        assert!(elsewhere.is_empty());
    }

    #[test]
    fn nobody_can_name_nodes_without_end() {
        let (mut elsewhere, now) = (Elsewhere::default(), Instant::now());
        (0..2 * MOST).for_each(|node| elsewhere.hear(&node.to_string(), 1, now));
        assert_eq!(elsewhere.readers(now), MOST);
        elsewhere.hear("0", 2, now);
        assert_eq!(elsewhere.readers(now), MOST + 1, "those that are known are heard");
    }
}
