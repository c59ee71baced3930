//! Cards in memory.

use crate::store::cards::{Card, Drawer};
use std::collections::{BTreeMap, BTreeSet};

/// All drawers.
#[derive(Clone, Debug, Default)]
pub(super) struct Cards {
    /// By order of first filing.
    cards: BTreeMap<i64, Card>,
    by_key: BTreeMap<(Drawer, String), i64>,
    by_term: BTreeMap<(Drawer, String), BTreeSet<i64>>,
}

impl Cards {
    pub(super) fn file(&mut self, card: &Card) {
        let next = self.cards.len() as i64;
        let id = *self.by_key.entry((card.drawer, card.key.clone())).or_insert(next);
        let before = self.cards.get(&id);
        let since_ms = before.map_or(card.since_ms, |before| before.since_ms);
        for term in before.map(|before| before.terms.clone()).unwrap_or_default() {
            self.by_term.entry((card.drawer, term)).and_modify(|ids| {
                ids.remove(&id);
            });
        }
        for term in &card.terms {
            self.by_term.entry((card.drawer, term.clone())).or_default().insert(id);
        }
        self.cards.insert(id, Card { since_ms, ..card.clone() });
    }

    pub(super) fn card(&self, drawer: Drawer, key: &str) -> Option<Card> {
        let id = self.by_key.get(&(drawer, key.to_owned()))?;
        self.cards.get(id).cloned()
    }

    pub(super) fn places(&self, drawer: Drawer, terms: &[&str]) -> Vec<i64> {
        let of_term = |term: &&str| self.by_term.get(&(drawer, (*term).to_owned()));
        let places: BTreeSet<i64> = terms.iter().filter_map(of_term).flatten().copied().collect();
        places.into_iter().collect()
    }

    pub(super) fn at(&self, drawer: Drawer, places: &[i64]) -> Vec<Card> {
        places.iter().filter_map(|at| self.cards.get(at)).filter(|card| card.drawer == drawer).cloned().collect()
    }
}
