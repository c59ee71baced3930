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

/// The fact with the number below which nothing is said.
const FROM: &str = "peer-runs-from";

/// What is known of a run: its lowest and highest number, and the longest log that one of its packets named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    low: u64,
    high: u64,
    log: u64,
}

/// The lowest and the highest number of each run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerRuns {
    runs: BTreeMap<RunId, Span>,
    by_low: BTreeMap<u64, RunId>,
    /// Lower numbers say nothing: a person decided about them, and they may come again at any time, of both copies of the sender.
    from: u64,
}

/// A number of one run lies among those of another: the sender goes on from an older copy of its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contradiction;

impl PeerRuns {
    /// Reads what the state holds; what cannot be read is left out.
    pub fn of(state: &StationState) -> Self {
        let from = state.facts.get(FROM).and_then(|from| from.parse().ok()).unwrap_or(0);
        let mut runs = Self { from, ..Self::default() };
        for (name, value) in state.facts.range(PREFIX.to_string()..) {
            let Some(run) = name.strip_prefix(PREFIX) else { break };
            if let (Ok(run), Ok((low, high, log))) = (run.parse(), serde_json::from_str(value)) {
                runs.insert(run, Span { low, high, log });
            }
        }
        runs
    }

    /// Takes note of a packet, of its run and number and the length of the sender's log that it names; gives what the state has to store.
    ///
    /// # Errors
    /// [`Contradiction`]: nothing was noted.
    pub fn observe(&mut self, run: RunId, number: u64, log: u64) -> Result<Vec<Change>, Contradiction> {
        if number < self.from {
            return Ok(Vec::new());
        }
        let known = self.runs.get(&run).copied();
        let one = Span { low: number, high: number, log };
        let next = known.map_or(one, |known| Span {
            low: known.low.min(number),
            high: known.high.max(number),
            log: known.log.max(log),
        });
        if self.overlaps(run, next) {
            return Err(Contradiction);
        }
        if known == Some(next) {
            return Ok(Vec::new());
        }
        self.insert(run, next);
        let mut changes = vec![stored(run, Some(next))];
        if self.runs.len() > RUNS_MAX
            && let Some((_, oldest)) = self.by_low.pop_first()
        {
            self.runs.remove(&oldest);
            changes.push(stored(oldest, None));
        }
        Ok(changes)
    }

    /// Tells whether a newer number than all comes with a shorter log than one before it: an honest sender's log only grows.
    pub fn falls(&self, number: u64, log: u64) -> bool {
        let newest = self.by_low.last_key_value().and_then(|(_, run)| self.runs.get(run));
        newest.is_some_and(|newest| number > newest.high && log < newest.log)
    }

    /// Lets the numbers below one say nothing any more: from there on another copy of the sender's state counts. Gives what the state has to store.
    pub fn forget_below(&mut self, number: u64) -> Vec<Change> {
        let from = self.from.max(number);
        let mut changes = vec![Change::Fact(FROM.to_string(), Some(from.to_string()))];
        let known = std::mem::replace(self, Self { from, ..Self::default() });
        for (run, span) in known.runs {
            let left = (span.high >= from).then_some(Span { low: span.low.max(from), ..span });
            changes.push(stored(run, left));
            if let Some(left) = left {
                self.insert(run, left);
            }
        }
        changes
    }

    /// Lets all numbers up to the highest known say nothing any more: a person decided that the sender goes on as it is. Gives what the state has
    /// to store.
    pub fn forgive(&mut self) -> Vec<Change> {
        let newest = self.by_low.last_key_value().and_then(|(_, run)| self.runs.get(run));
        let above = newest.map_or(0, |newest| newest.high.saturating_add(1));
        self.forget_below(above)
    }

    /// Forgets everything: another sender begins. Gives what the state has to store.
    pub fn forget(&mut self) -> Vec<Change> {
        let runs = self.runs.keys().map(|run| stored(*run, None));
        let changes = runs.chain([Change::Fact(FROM.to_string(), None)]).collect();
        *self = Self::default();
        changes
    }

    fn insert(&mut self, run: RunId, span: Span) {
        if let Some(before) = self.runs.insert(run, span) {
            self.by_low.remove(&before.low);
        }
        self.by_low.insert(span.low, run);
    }

    /// The numbers of known runs do not overlap, so from the highest one down the first that ends too early ends the search.
    fn overlaps(&self, run: RunId, span: Span) -> bool {
        let mut others = self.by_low.range(..=span.high).rev().filter(|(_, other)| **other != run);
        others.next().and_then(|(_, other)| self.runs.get(other)).is_some_and(|other| other.high >= span.low)
    }
}

fn stored(run: RunId, span: Option<Span>) -> Change {
    Change::Fact(format!("{PREFIX}{run}"), span.map(|Span { low, high, log }| format!("[{low},{high},{log}]")))
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
            if all.is_empty() {
                return Ok(());
            }
            let (mut runs, mut state) = (PeerRuns::default(), StationState::default());
            for (at, pick) in picks.iter().enumerate() {
                let (run, number) = all[pick.index(all.len())];
                prop_assert!(!runs.falls(number, number), "{run} {number}");
                let changes = runs.observe(run, number, number);
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
            let numbers: Vec<u64> = all.iter().map(|(_, number)| *number).collect();
            let moments: Vec<u64> = numbers.iter().copied().filter(|number| numbers.contains(&(number + 1))).collect();
            if moments.is_empty() {
                return Ok(());
            }
            let copied = moments[copied.index(moments.len())];
            all.sort_by_key(|(_, number)| number.wrapping_mul(order | 1));
            let mut runs = PeerRuns::default();
            for (run, number) in all {
                prop_assert!(runs.observe(run, number, number).is_ok());
            }
            prop_assert_eq!(runs.observe(run(99), copied + 1, copied), Err(Contradiction));
        }
    }

    #[test]
    fn what_is_remembered_is_bounded_and_the_oldest_goes_first() {
        let mut runs = PeerRuns::default();
        let id = |at: u64| RunId::from_bytes(u128::from(at).to_be_bytes());
        for at in 1..=RUNS_MAX as u64 + 10 {
            let changes = runs.observe(id(at), at, at).expect("an honest sender");
            assert_eq!(changes.len(), if at > RUNS_MAX as u64 { 2 } else { 1 });
        }
        assert_eq!((runs.runs.len(), runs.by_low.len()), (RUNS_MAX, RUNS_MAX));
        assert_eq!(runs.observe(id(9999), 500, 500), Err(Contradiction));
    }

    #[test]
    fn what_a_person_decided_about_says_nothing_any_more_after_a_restart_either() {
        let (mut runs, mut state) = (PeerRuns::default(), StationState::default());
        let mut follow = |changes: Vec<Change>| changes.iter().for_each(|change| state.follow(change));
        for number in 1..=20 {
            follow(runs.observe(run(1), number, number).expect("an honest sender"));
        }
        assert_eq!(runs.observe(run(2), 15, 14), Err(Contradiction));
        follow(runs.forgive());
        let runs = PeerRuns::of(&state);
        for (id, number) in [(1, 20), (2, 15), (1, 3), (2, 20)] {
            assert_eq!(runs.clone().observe(run(id), number, number), Ok(Vec::new()), "{id} {number}");
        }
        assert!(!runs.falls(21, 5));
        let mut later = runs;
        assert!(later.observe(run(2), 21, 5).is_ok_and(|changes| changes.len() == 1));
        assert!(later.falls(22, 4) && !later.falls(22, 5));
    }
}
