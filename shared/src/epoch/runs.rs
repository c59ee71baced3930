//! Which numbers each run of the peer gave to packets (FORMAT.md section 2, "Runs").
//!
//! Given: runs and numbers of verified packets, in any order and any number of times. Gives: whether they can be those of one sender. After a crash:
//! what was not stored is learned again or does not matter: knowing less finds less, and finds nothing that is not there. Never: an honest sender's
//! packets, however late, taken for another copy's.

use crate::store::{Change, StationState};
use dukou_packets::suite::RunId;
use std::collections::BTreeMap;

/// Most runs that are remembered; those with the lowest numbers are forgotten.
const RUNS_MAX: usize = 4096;

/// How the name of a run's fact begins; one fact a run, so that a packet writes a few bytes.
const PREFIX: &str = "peer-run-";

/// The lowest and the highest number of each run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerRuns {
    runs: BTreeMap<RunId, (u64, u64)>,
    by_low: BTreeMap<u64, RunId>,
}

/// A number of one run lies among those of another: the sender goes on from an older copy of its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contradiction;

impl PeerRuns {
    /// Reads what the state holds; what cannot be read is left out.
    pub fn of(state: &StationState) -> Self {
        let mut runs = Self::default();
        for (name, value) in state.facts.range(PREFIX.to_string()..) {
            let Some(run) = name.strip_prefix(PREFIX) else { break };
            if let (Ok(run), Ok((low, high))) = (run.parse(), serde_json::from_str(value)) {
                runs.insert(run, (low, high));
            }
        }
        runs
    }

    /// Takes note of a packet; gives what the state has to store.
    ///
    /// # Errors
    /// [`Contradiction`]: nothing was noted.
    pub fn observe(&mut self, run: RunId, number: u64) -> Result<Vec<Change>, Contradiction> {
        let known = self.runs.get(&run).copied();
        let (low, high) = known.map_or((number, number), |(low, high)| (low.min(number), high.max(number)));
        if self.overlaps(run, low, high) {
            return Err(Contradiction);
        }
        if known == Some((low, high)) {
            return Ok(Vec::new());
        }
        self.insert(run, (low, high));
        let mut changes = vec![stored(run, Some((low, high)))];
        if self.runs.len() > RUNS_MAX
            && let Some((_, oldest)) = self.by_low.pop_first()
        {
            self.runs.remove(&oldest);
            changes.push(stored(oldest, None));
        }
        Ok(changes)
    }

    /// Forgets everything; gives what the state has to store.
    pub fn forget(&mut self) -> Vec<Change> {
        let changes = self.runs.keys().map(|run| stored(*run, None)).collect();
        *self = Self::default();
        changes
    }

    fn insert(&mut self, run: RunId, (low, high): (u64, u64)) {
        if let Some((before, _)) = self.runs.insert(run, (low, high)) {
            self.by_low.remove(&before);
        }
        self.by_low.insert(low, run);
    }

    /// The numbers of known runs do not overlap, so from the highest one down the first that ends too early ends the search.
    fn overlaps(&self, run: RunId, low: u64, high: u64) -> bool {
        let mut others = self.by_low.range(..=high).rev().filter(|(_, other)| **other != run);
        others.next().and_then(|(_, other)| self.runs.get(other)).is_some_and(|(_, end)| *end >= low)
    }
}

fn stored(run: RunId, numbers: Option<(u64, u64)>) -> Change {
    Change::Fact(format!("{PREFIX}{run}"), numbers.map(|(low, high)| format!("[{low},{high}]")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run(id: u8) -> RunId {
        RunId::from_bytes([id; 16])
    }

    /// The numbers of an honest sender: each run goes on above the ones before; between them numbers are left out.
    fn history(lengths: &[(u64, u64)]) -> Vec<(RunId, u64)> {
        let (mut number, mut all) = (0, Vec::new());
        for (id, (skipped, length)) in (0..).zip(lengths) {
            number += skipped;
            for _ in 0..*length {
                number += 1;
                all.push((run(id), number));
            }
        }
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5000))]

        #[test]
        fn packets_of_an_honest_sender_in_any_order_and_number_are_never_taken_for_another_copys(
            lengths in prop::collection::vec((0u64..3, 0u64..9), 1..20),
            picks in prop::collection::vec(any::<prop::sample::Index>(), 0..200),
            restarts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        ) {
            let all = history(&lengths);
            prop_assume!(!all.is_empty());
            let (mut runs, mut state) = (PeerRuns::default(), StationState::default());
            for (at, pick) in picks.iter().enumerate() {
                let (run, number) = all[pick.index(all.len())];
                let changes = runs.observe(run, number);
                prop_assert!(changes.is_ok(), "{run} {number}");
                for change in changes.unwrap_or_default() {
                    state.follow(&change);
                }
                if restarts.iter().any(|restart| restart.index(picks.len()) == at) {
                    prop_assert_eq!(&PeerRuns::of(&state), &runs);
                    runs = PeerRuns::of(&state);
                }
            }
        }

        #[test]
        fn a_sender_that_goes_on_from_an_older_copy_is_found_at_its_first_packet(
            lengths in prop::collection::vec((0u64..3, 1u64..9), 1..20),
            copied in any::<prop::sample::Index>(),
            order in any::<u64>(),
        ) {
            let mut all = history(&lengths);
            // The copy was made right behind this packet; the sender went on, and everything arrived, in whatever order.
            let copied = all[copied.index(all.len())].1;
            prop_assume!(all.iter().any(|(_, number)| *number == copied + 1));
            all.sort_by_key(|(_, number)| number.wrapping_mul(order | 1));
            let mut runs = PeerRuns::default();
            for (run, number) in all {
                prop_assert!(runs.observe(run, number).is_ok());
            }
            prop_assert_eq!(runs.observe(run(99), copied + 1), Err(Contradiction));
        }
    }

    #[test]
    fn what_is_remembered_is_bounded_and_the_oldest_goes_first() {
        let mut runs = PeerRuns::default();
        let id = |at: u64| RunId::from_bytes(u128::from(at).to_be_bytes());
        for at in 1..=RUNS_MAX as u64 + 10 {
            let changes = runs.observe(id(at), at).expect("an honest sender");
            assert_eq!(changes.len(), if at > RUNS_MAX as u64 { 2 } else { 1 });
        }
        assert_eq!((runs.runs.len(), runs.by_low.len()), (RUNS_MAX, RUNS_MAX));
        assert_eq!(runs.observe(id(9999), 500), Err(Contradiction));
    }
}
