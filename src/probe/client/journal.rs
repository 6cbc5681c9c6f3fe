//! [`Journal`]: every exchange of a probe, also those of which the evidence only keeps how they went. `--verbose` shows them.

use std::sync::{Arc, Mutex};

use super::lock::lock;
use crate::probe::evidence::Exchange;

/// How many are kept. A probe makes a hundred; one that holds connections polls on.
const MOST: usize = 1000;

/// Every exchange, as far as there is room.
#[derive(Debug, Clone, Default)]
pub(crate) struct Journal(Arc<Mutex<Vec<Exchange>>>);

/// An exchange in the journal.
#[derive(Debug)]
pub(super) struct Entry {
    journal: Journal,
    /// None if there was no room.
    index: Option<usize>,
}

impl Journal {
    /// Notes an exchange, of which more may become known.
    pub(super) fn note(&self, exchange: &Exchange) -> Entry {
        let mut exchanges = lock(&self.0);
        let index = (exchanges.len() < MOST).then_some(exchanges.len());
        if index.is_some() {
            exchanges.push(exchange.clone());
        }
        drop(exchanges);
        Entry { journal: self.clone(), index }
    }

    /// All, in the order in which they were answered.
    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        lock(&self.0).clone()
    }
}

impl Entry {
    /// Notes what is known of it now.
    pub(super) fn update(&self, exchange: &Exchange) {
        let mut exchanges = lock(&self.journal.0);
        if let Some(noted) = self.index.and_then(|index| exchanges.get_mut(index)) {
            noted.clone_from(exchange);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_becomes_known_and_there_is_an_end() {
        let journal = Journal::default();
        let exchange = |ms| Exchange { ms, ..Exchange::default() };
        let first = journal.note(&exchange(1));
        let entries: Vec<_> = (2..=MOST as u64 + 5).map(|ms| journal.note(&exchange(ms))).collect();
        first.update(&exchange(7));
        entries.iter().for_each(|entry| entry.update(&exchange(9)));
        let all = journal.exchanges();
        assert_eq!((all.len(), all[0].ms, all[1].ms), (MOST, 7, 9));
    }
}
