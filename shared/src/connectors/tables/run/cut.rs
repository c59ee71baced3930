//! A run in parts.

use super::{RowRun, RowsPart};
use crate::connectors::tables::{Cells, RowChange};

/// What `more` adds to a first line.
const MORE: u64 = 12;

impl RowsPart {
    /// Gives its changes one by one.
    pub fn changes(&self) -> Vec<RowChange> {
        match self {
            Self::One(change) => vec![change.clone()],
            Self::Run(run) => run.changes().collect(),
        }
    }
}

impl RowRun {
    /// Gives the length of its record's body in bytes, should it go on.
    pub(crate) fn body_bytes(&self) -> u64 {
        self.first_line().len() as u64 + self.lines.len() as u64 + MORE
    }

    /// Gives the key of the last row.
    pub(crate) fn last_key(&self) -> Cells {
        let line = self.each_line().next_back().unwrap_or_default();
        self.change(line, &self.head.are_bytes(), &self.head.key_places()).key
    }

    /// Divides it into runs of at most so many rows and bytes of lines, one row at least in each. Source transactions stay whole where they are within; of a longer
    /// one the parts are runs of their own.
    pub(crate) fn cut(self, rows: u32, bytes: u64) -> Vec<Self> {
        if self.rows <= rows && self.lines.len() as u64 <= bytes {
            return vec![self];
        }
        let ends: Vec<usize> = memchr::memchr_iter(b'\n', &self.lines).map(|at| at + 1).collect();
        let counts = self.counts(&ends, rows.max(1) as usize, bytes);
        let (mut parts, mut transactions) = (Vec::with_capacity(counts.len()), self.transactions.as_slice());
        let (mut row, mut began) = (0, 0);
        let mut taken = 0;
        for (at, count) in counts.iter().enumerate() {
            row += count;
            let end = ends.get(row - 1).copied().unwrap_or(self.lines.len());
            let own = self.lines.slice(began..end);
            began = end;
            let (of_part, count) = (take_rows(&mut transactions, &mut taken, *count as u64), *count as u32);
            parts.push(Self {
                table: self.table.clone(),
                head: self.head.clone(),
                transactions: of_part,
                goes_on: self.goes_on && at + 1 == counts.len(),
                rows: count,
                lines: own,
                passed: 0,
            });
        }
        parts
    }

    /// How many rows each part has.
    fn counts(&self, ends: &[usize], most: usize, bytes: u64) -> Vec<usize> {
        let began = |at: usize| at.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
        let lengths: Vec<u64> = ends.iter().enumerate().map(|(at, end)| (end - began(at)) as u64).collect();
        let whole: Vec<usize> = self.transactions.iter().map(|(_, rows)| *rows as usize).collect();
        let segments = if whole.is_empty() { vec![1; lengths.len()] } else { whole };
        let (mut counts, mut open, mut open_bytes, mut at) = (Vec::new(), 0_usize, 0_u64, 0);
        for segment in segments {
            let of_segment = lengths.get(at..at + segment).unwrap_or_default();
            let sum: u64 = of_segment.iter().sum();
            at += segment;
            if open > 0 && (open + segment > most || open_bytes + sum > bytes) {
                counts.push(std::mem::take(&mut open));
                open_bytes = 0;
            }
            if segment <= most && sum <= bytes {
                (open, open_bytes) = (open + segment, open_bytes + sum);
                continue;
            }
            for length in of_segment {
                if open > 0 && (open + 1 > most || open_bytes + length > bytes) {
                    counts.push(std::mem::take(&mut open));
                    open_bytes = 0;
                }
                (open, open_bytes) = (open + 1, open_bytes + length);
            }
            counts.push(std::mem::take(&mut open));
            open_bytes = 0;
        }
        counts.extend((open > 0).then_some(open));
        counts
    }
}

/// Takes the transactions of the next so many rows; of the first one `taken` rows went before.
fn take_rows(transactions: &mut &[(u64, u32)], taken: &mut u64, mut count: u64) -> Vec<(u64, u32)> {
    let mut of_part = Vec::new();
    while let Some(((transaction, rows), rest)) = transactions.split_first().filter(|_| count > 0) {
        let left = u64::from(*rows) - *taken;
        let now = left.min(count);
        of_part.push((*transaction, now as u32));
        count -= now;
        *taken += now;
        if now == left {
            (*transactions, *taken) = (rest, 0);
        }
    }
    of_part
}

#[cfg(test)]
mod tests {
    use super::super::RunHead;
    use super::super::tests::{body_of, parsed};
    use super::*;
    use crate::connectors::tables::Op;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn run(transactions: Vec<(u64, u32)>, lines: &str) -> RowRun {
        let op = if transactions.is_empty() { Op::Stock } else { Op::Insert };
        let head = RunHead { op, columns: vec!["id".into()], key: vec!["id".into()], bytes: Vec::new(), changed: Vec::new() };
        let goes_on = !transactions.is_empty();
        RowRun::of_lines("t".to_owned(), Arc::new(head), transactions, goes_on, lines.as_bytes().to_vec()).expect("a run")
    }

    fn cut(run: RowRun, rows: u32, bytes: u64) -> Vec<String> {
        let shown = |run: &RowRun| format!("{:?}{}", run.transactions(), if run.goes_on() { "+" } else { "" });
        run.cut(rows, bytes).iter().map(shown).collect()
    }

    #[test]
    fn transactions_stay_whole_where_they_are_within_the_limits() {
        let of = |transactions: &[(u64, u32)]| {
            run(transactions.to_vec(), &"1\n".repeat(transactions.iter().map(|(_, rows)| *rows as usize).sum()))
        };
        assert_eq!(cut(of(&[(7, 2), (8, 2), (9, 1)]), 3, 99), ["[(7, 2)]", "[(8, 2), (9, 1)]+"]);
        assert_eq!(cut(of(&[(7, 1), (8, 5), (9, 1)]), 2, 99), ["[(7, 1)]", "[(8, 2)]", "[(8, 2)]", "[(8, 1)]", "[(9, 1)]+"]);
        assert_eq!(cut(of(&[(7, 1), (8, 2)]), 9, 4), ["[(7, 1)]", "[(8, 2)]+"]);
        assert_eq!(cut(of(&[(7, 3)]), 9, 1), ["[(7, 1)]", "[(7, 1)]", "[(7, 1)]+"]);
        assert_eq!(cut(of(&[(7, 3)]), 9, 99), ["[(7, 3)]+"]);
    }

    proptest! {
        #[test]
        fn the_parts_say_what_the_whole_says(of in proptest::collection::vec(1_u32..6, 0..7), rows in 1_u32..8, bytes in 1_u64..30, stock in 1_usize..9) {
            let transactions: Vec<(u64, u32)> = (1..).zip(of).collect();
            let sum = if transactions.is_empty() { stock } else { transactions.iter().map(|(_, rows)| *rows as usize).sum() };
            let lines: String = (0..sum).map(|n| format!("{}\n", n * n * n)).collect();
            let whole = run(transactions, &lines);
            let parts = whole.clone().cut(rows, bytes);
            prop_assert!(parts.iter().all(|part| part.rows() <= rows && (part.lines().len() as u64 <= bytes || part.rows() == 1)));
            let again: Vec<RowChange> = parts.iter().flat_map(|part| part.changes().collect::<Vec<_>>()).collect();
            prop_assert_eq!(again, whole.changes().collect::<Vec<_>>());
            for part in parts {
                prop_assert_eq!(parsed("t", &body_of(&part), part.rows()), Ok(part));
            }
        }
    }
}
