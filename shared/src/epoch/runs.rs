//! Which numbers each run of the peer gave to packets (FORMAT.md section 2, "Runs").
//!
//! Given: runs and numbers of verified packets, in any order and any number of times. Gives: whether they can be those of one sender. After a crash:
//! what was not stored is learned again or does not matter: knowing less finds less, and finds nothing that is not there. Never: an honest sender's
//! packets, however late, taken for another copy's.

use crate::store::{Change, StationState};
use dukou_packets::suite::RunId;
use std::collections::BTreeMap;

/// How the name of a run's fact begins: the newest runs have one each, so that a packet writes a few bytes.
const PREFIX: &str = "peer-run-";

/// How the name of a shelf's fact begins: older runs that are kept together, so that a start reads few facts.
const SHELF: &str = "peer-runs-at-";

/// The fact with the number below which nothing is said.
const FROM: &str = "peer-runs-from";

/// How many runs are remembered, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sizes {
    /// Runs a shelf; at most twice as many have a fact of their own.
    shelf: usize,
    /// Shelves; the oldest one is forgotten as a whole.
    shelves: usize,
}

/// 45 days of a pass each minute, which is more than packets are retained by default.
const SIZES: Sizes = Sizes { shelf: 256, shelves: 256 };

/// What is known of a run: its lowest and highest number, and the longest log that one of its packets named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    low: u64,
    high: u64,
    log: u64,
    /// On which shelf it is; `None` while it has a fact of its own.
    shelf: Option<u64>,
}

/// The lowest and the highest number of each run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerRuns {
    runs: BTreeMap<RunId, Span>,
    by_low: BTreeMap<u64, RunId>,
    shelves: BTreeMap<u64, Vec<RunId>>,
    /// Lower numbers say nothing: a person decided about them, and they may come again at any time, of both copies of the sender.
    from: u64,
    sizes: Sizes,
}

impl Default for PeerRuns {
    fn default() -> Self {
        Self::sized(SIZES)
    }
}

/// A number of one run lies among those of another: the sender goes on from an older copy of its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contradiction;

impl PeerRuns {
    fn sized(sizes: Sizes) -> Self {
        Self { runs: BTreeMap::new(), by_low: BTreeMap::new(), shelves: BTreeMap::new(), from: 0, sizes }
    }

    /// Reads what the state holds; what cannot be read is left out.
    pub fn of(state: &StationState) -> Self {
        Self::read(state, SIZES)
    }

    fn read(state: &StationState, sizes: Sizes) -> Self {
        let from = state.facts.get(FROM).and_then(|from| from.parse().ok()).unwrap_or(0);
        let mut runs = Self { from, ..Self::sized(sizes) };
        for (run, value) in facts(state, PREFIX) {
            if let (Ok(run), Ok((low, high, log))) = (run.parse(), serde_json::from_str(value)) {
                runs.insert(run, Span { low, high, log, shelf: None });
            }
        }
        for (at, value) in facts(state, SHELF) {
            let Ok(at) = at.parse() else { continue };
            for (run, low, high, log) in serde_json::from_str::<Vec<(RunId, u64, u64, u64)>>(value).unwrap_or_default() {
                runs.insert(run, Span { low, high, log, shelf: Some(at) });
                runs.shelves.entry(at).or_default().push(run);
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
        let one = Span { low: number, high: number, log, shelf: None };
        let next = known.map_or(one, |known| Span {
            low: known.low.min(number),
            high: known.high.max(number),
            log: known.log.max(log),
            ..known
        });
        if self.overlaps(run, next) {
            return Err(Contradiction);
        }
        if known == Some(next) {
            return Ok(Vec::new());
        }
        self.insert(run, next);
        let mut changes = match next.shelf {
            None => vec![stored(run, Some(next))],
            Some(at) => vec![self.stored_shelf(at)],
        };
        if known.is_none() {
            changes.extend(self.put_on_shelves());
        }
        Ok(changes)
    }

    /// Puts the runs with the lowest numbers on a shelf where too many have facts of their own, and forgets the oldest shelf where there are too many.
    fn put_on_shelves(&mut self) -> Vec<Change> {
        let (mut changes, Sizes { shelf, shelves }) = (Vec::new(), self.sizes);
        let on_shelves: usize = self.shelves.values().map(Vec::len).sum();
        if self.runs.len() - on_shelves <= 2 * shelf {
            return changes;
        }
        let at = self.shelves.last_key_value().map_or(0, |(at, _)| at + 1);
        let lowest: Vec<RunId> = self.by_low.values().filter(|run| self.is_alone(run)).take(shelf).copied().collect();
        for run in &lowest {
            changes.push(stored(*run, None));
            self.runs.entry(*run).and_modify(|span| span.shelf = Some(at));
        }
        self.shelves.insert(at, lowest);
        changes.push(self.stored_shelf(at));
        if self.shelves.len() > shelves
            && let Some((oldest, runs)) = self.shelves.pop_first()
        {
            for span in runs.iter().filter_map(|run| self.runs.remove(run)) {
                self.by_low.remove(&span.low);
            }
            changes.push(Change::Fact(shelf_name(oldest), None));
        }
        changes
    }

    fn is_alone(&self, run: &RunId) -> bool {
        self.runs.get(run).is_some_and(|span| span.shelf.is_none())
    }

    fn stored_shelf(&self, at: u64) -> Change {
        let runs = self.shelves.get(&at).into_iter().flatten();
        let spans: Vec<(RunId, u64, u64, u64)> =
            runs.filter_map(|run| self.runs.get(run).map(|span| (*run, span.low, span.high, span.log))).collect();
        Change::Fact(shelf_name(at), serde_json::to_string(&spans).ok())
    }

    /// Tells whether a newer number than all comes with a shorter log than one before it: an honest sender's log only grows.
    pub fn falls(&self, number: u64, log: u64) -> bool {
        let newest = self.by_low.last_key_value().and_then(|(_, run)| self.runs.get(run));
        newest.is_some_and(|newest| number > newest.high && log < newest.log)
    }

    /// Lets the numbers below one say nothing any more: from there on another copy of the sender's state counts. Gives what the state has to store.
    pub fn forget_below(&mut self, number: u64) -> Vec<Change> {
        let from = self.from.max(number);
        let mut changes = self.unstored();
        changes.push(Change::Fact(FROM.to_string(), Some(from.to_string())));
        let known = std::mem::replace(self, Self { from, ..Self::sized(self.sizes) });
        for (run, span) in known.runs.into_iter().filter(|(_, span)| span.high >= from) {
            let left = Span { low: span.low.max(from), shelf: None, ..span };
            self.insert(run, left);
            changes.push(stored(run, Some(left)));
            changes.extend(self.put_on_shelves());
        }
        changes
    }

    /// Takes everything that is known out of the state.
    fn unstored(&self) -> Vec<Change> {
        let alone = self.runs.keys().filter(|run| self.is_alone(run)).map(|run| stored(*run, None));
        alone.chain(self.shelves.keys().map(|at| Change::Fact(shelf_name(*at), None))).collect()
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
        let mut changes = self.unstored();
        changes.push(Change::Fact(FROM.to_string(), None));
        *self = Self::sized(self.sizes);
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
    Change::Fact(format!("{PREFIX}{run}"), span.map(|Span { low, high, log, .. }| format!("[{low},{high},{log}]")))
}

fn shelf_name(at: u64) -> String {
    format!("{SHELF}{at:012}")
}

/// Gives the facts whose names begin so, without that beginning.
fn facts<'a>(state: &'a StationState, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a String)> {
    state.facts.range(prefix.to_string()..).map_while(move |(name, value)| Some((name.strip_prefix(prefix)?, value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// So small that short histories fill and forget shelves.
    const SMALL: Sizes = Sizes { shelf: 2, shelves: 3 };

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
            let sizes = if picks.len() % 2 == 0 { SMALL } else { SIZES };
            let (mut runs, mut state) = (PeerRuns::sized(sizes), StationState::default());
            for (at, pick) in picks.iter().enumerate() {
                let (run, number) = all[pick.index(all.len())];
                prop_assert!(!runs.falls(number, number), "{run} {number}");
                let changes = runs.observe(run, number, number);
                prop_assert!(changes.is_ok(), "{run} {number}");
                for change in changes.unwrap_or_default() {
                    state.follow(&change);
                }
                if restarts.iter().any(|restart| restart.index(picks.len()) == at) {
                    prop_assert_eq!(&PeerRuns::read(&state, sizes), &runs);
                    runs = PeerRuns::read(&state, sizes);
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
            let mut runs = PeerRuns::sized(Sizes { shelf: 1 + order as usize % 5, shelves: 99 });
            for (run, number) in all {
                prop_assert!(runs.observe(run, number, number).is_ok());
            }
            prop_assert_eq!(runs.observe(run(99), copied + 1, copied), Err(Contradiction));
        }
    }

    fn numbered(at: u64) -> RunId {
        RunId::from_bytes(u128::from(at).to_be_bytes())
    }

    /// A sender that runs `count` times and sends one packet each time; gives what is known of it and what is stored.
    fn short_runs(sizes: Sizes, count: u64) -> (PeerRuns, StationState) {
        let (mut runs, mut state) = (PeerRuns::sized(sizes), StationState::default());
        for at in 1..=count {
            for change in runs.observe(numbered(at), at, at).expect("an honest sender") {
                state.follow(&change);
            }
        }
        (runs, state)
    }

    #[test]
    fn what_is_remembered_is_bounded_and_the_oldest_goes_first() {
        let most = SMALL.shelf * (SMALL.shelves + 2);
        let (runs, state) = short_runs(SMALL, 100);
        assert!((most - SMALL.shelf..=most).contains(&runs.runs.len()), "{}", runs.runs.len());
        assert_eq!((runs.by_low.len(), runs.shelves.len()), (runs.runs.len(), SMALL.shelves));
        assert!(state.facts.len() <= SMALL.shelves + 2 * SMALL.shelf, "{}", state.facts.len());
        let (mut runs, oldest) = (runs.clone(), *runs.by_low.keys().next().expect("a run"));
        assert_eq!(runs.observe(numbered(999), oldest, oldest), Err(Contradiction));
        assert!(runs.observe(numbered(999), oldest - 1, oldest).is_ok());
    }

    #[test]
    fn a_backup_of_thirty_days_ago_of_a_sender_that_runs_each_minute_is_noticed_after_a_restart_too() {
        let (runs_a_day, days) = (1440, 30);
        let (runs, state) = short_runs(SIZES, 50 * runs_a_day);
        let bytes: usize = state.facts.iter().map(|(name, value)| name.len() + value.len()).sum();
        let begin = std::time::Instant::now();
        let mut read = PeerRuns::of(&state);
        println!(
            "{} runs in {} facts of {bytes} bytes together, read in {} ms",
            read.runs.len(),
            state.facts.len(),
            begin.elapsed().as_millis()
        );
        assert_eq!(read, runs);
        assert!(bytes < 6 << 20 && state.facts.len() <= SIZES.shelves + 2 * SIZES.shelf);
        let copied = (50 - days) * runs_a_day;
        assert_eq!(read.observe(numbered(99_999), copied + 1, copied), Err(Contradiction));
        assert!(read.observe(numbered(copied), copied, copied).is_ok_and(|changes| changes.is_empty()), "a repeat");
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
