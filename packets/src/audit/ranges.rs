//! Sets of packet numbers, kept as ranges.

use super::report::Span;

/// A set of numbers; in the usual order, rising, it stays one range.
#[derive(Clone, Debug, Default)]
pub(super) struct Ranges(Vec<Span>);

impl Ranges {
    /// Adds the numbers `from` … `to`; nothing when `from` is the larger.
    pub(super) fn insert(&mut self, from: u64, to: u64) {
        if from > to {
            return;
        }
        let spans = &mut self.0;
        // Everything from `start` to before `end` touches the new range and melts into it.
        let start = spans.partition_point(|span| span.to.saturating_add(1) < from);
        let end = spans.partition_point(|span| span.from <= to.saturating_add(1));
        let touched = spans.get(start..end).unwrap_or_default();
        let from = touched.first().map_or(from, |span| span.from.min(from));
        let to = touched.last().map_or(to, |span| span.to.max(to));
        spans.splice(start..end.max(start), [Span { from, to }]);
    }

    /// Tells whether all numbers `from` … `to` are in the set.
    pub(super) fn contains(&self, from: u64, to: u64) -> bool {
        let at = self.0.partition_point(|span| span.to < from);
        from > to || self.0.get(at).is_some_and(|s| s.from <= from && to <= s.to)
    }

    /// Tells whether any of the numbers `from` … `to` is in the set.
    pub(super) fn meets(&self, from: u64, to: u64) -> bool {
        let at = self.0.partition_point(|span| span.to < from);
        from <= to && self.0.get(at).is_some_and(|span| span.from <= to)
    }

    /// Takes out the numbers of `other`.
    pub(super) fn subtract(&mut self, other: &Self) {
        let mut kept = Vec::with_capacity(self.0.len());
        let mut holes = other.0.iter().peekable();
        for span in &self.0 {
            let mut from = span.from;
            while holes.next_if(|hole| hole.to < span.from).is_some() {}
            let mut open = true;
            while let Some(hole) = holes.peek().filter(|hole| hole.from <= span.to) {
                if hole.from > from {
                    kept.push(Span { from, to: hole.from - 1 });
                }
                from = hole.to.saturating_add(1);
                if hole.to >= span.to {
                    open = false;
                    break;
                }
                holes.next();
            }
            if open && from <= span.to {
                kept.push(Span { from, to: span.to });
            }
        }
        self.0 = kept;
    }

    /// Returns the smallest number.
    pub(super) fn first(&self) -> Option<u64> {
        self.0.first().map(|span| span.from)
    }

    /// Returns the largest number.
    pub(super) fn last(&self) -> Option<u64> {
        self.0.last().map(|span| span.to)
    }

    /// Returns the ranges, rising.
    pub(super) fn spans(&self) -> &[Span] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{Ranges, Span};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn numbers(ranges: &Ranges) -> BTreeSet<u64> {
        let spans = ranges.spans().iter();
        spans.flat_map(|span| span.from..=span.to).collect()
    }

    fn pairs() -> impl Strategy<Value = Vec<(u64, u64)>> {
        prop::collection::vec((0u64..60, 0u64..8), 0..20)
    }

    fn both(pairs: &[(u64, u64)]) -> (Ranges, BTreeSet<u64>) {
        let mut ranges = Ranges::default();
        let mut set = BTreeSet::new();
        for &(from, more) in pairs {
            ranges.insert(from, from + more);
            set.extend(from..=from + more);
        }
        (ranges, set)
    }

    proptest! {
        #[test]
        fn ranges_are_the_set_they_stand_for(add in pairs(), take in pairs(), from in 0u64..60, more in 0u64..8) {
            let (mut ranges, mut set) = both(&add);
            prop_assert_eq!(numbers(&ranges), set.clone());
            let apart = ranges.spans().windows(2).all(|pair| pair[0].to + 1 < pair[1].from);
            prop_assert!(apart);
            let all = (from..=from + more).all(|number| set.contains(&number));
            prop_assert_eq!(ranges.contains(from, from + more), all);
            let any = (from..=from + more).any(|number| set.contains(&number));
            prop_assert_eq!(ranges.meets(from, from + more), any);
            let (other, gone) = both(&take);
            ranges.subtract(&other);
            set.retain(|number| !gone.contains(number));
            prop_assert_eq!(numbers(&ranges), set);
        }
    }

    #[test]
    fn the_ends_of_the_number_line_do_not_overflow() {
        let mut ranges = Ranges::default();
        ranges.insert(u64::MAX, u64::MAX);
        ranges.insert(0, 0);
        ranges.insert(5, 4);
        assert_eq!(ranges.spans().len(), 2);
        let mut all = Ranges::default();
        all.insert(0, u64::MAX);
        all.subtract(&ranges);
        let middle = Span { from: 1, to: u64::MAX - 1 };
        assert_eq!(all.spans(), [middle]);
    }
}
