//! The simulated outbox in runs: neighbours that are alike are offered together, as PostgreSQL's are.
//!
//! Given: entries in their order. Gives: the same, those that follow one another and are alike as runs of whole source transactions, or of rows of one. Never: a
//! run with a part of one transaction and anything else; the last row of a transaction that goes on among others.

use crate::connectors::tables::run::push_value;
use crate::connectors::tables::{Cells, Entry, EntryId, Name, Offered, Op, RowChange, RowRun, RunHead, Value};
use std::sync::Arc;

/// Makes a run of changes that are alike; `None` when they are not.
pub(crate) fn run_of(changes: &[RowChange]) -> Option<RowRun> {
    let first = changes.first()?;
    let (columns, key) = (names(cells_of(first)), names(&first.key));
    if !changes.iter().all(|change| is_alike(change, first, &columns, &key)) {
        return None;
    }
    let is_bytes = |at: usize| changes.iter().any(|change| matches!(cells_of(change).get(at), Some((_, Value::Bytes(_)))));
    let bytes: Vec<Name> = columns.iter().enumerate().filter(|(at, _)| is_bytes(*at)).map(|(_, name)| name.clone()).collect();
    let mixed = |change: &RowChange| {
        cells_of(change).iter().any(|(name, value)| matches!(value, Value::Text(_)) && bytes.contains(name))
    };
    if changes.iter().any(mixed) {
        return None;
    }
    let (mut lines, mut transactions) = (Vec::new(), Vec::<(u64, u32)>::new());
    for change in changes {
        push_line(&mut lines, cells_of(change));
        match (change.transaction, transactions.last_mut()) {
            (Some(transaction), Some((last, rows))) if *last == transaction => *rows += 1,
            (Some(transaction), _) => transactions.push((transaction, 1)),
            (None, _) => {}
        }
    }
    let goes_on = changes.last().is_some_and(|change| change.goes_on);
    let head = RunHead { op: first.op, columns, key, bytes, changed: first.changed.clone() };
    RowRun::of_lines(first.table.clone(), Arc::new(head), transactions, goes_on, lines).ok()
}

/// What a line has of a change.
fn cells_of(change: &RowChange) -> &Cells {
    if change.op == Op::Delete { &change.key } else { &change.row }
}

fn names(cells: &Cells) -> Vec<Name> {
    cells.iter().map(|(name, _)| name.clone()).collect()
}

fn is_alike(change: &RowChange, first: &RowChange, columns: &[Name], key: &[Name]) -> bool {
    let holds_key = change.op == Op::Delete || change.key.iter().all(|cell| change.row.contains(cell));
    (&change.table, change.op, &change.changed) == (&first.table, first.op, &first.changed)
        && names(cells_of(change)) == columns
        && names(&change.key) == key
        && holds_key
        && change.transaction.is_some() == first.transaction.is_some()
        && (change.op != Op::Stock || change.transaction.is_none())
}

fn push_line(lines: &mut Vec<u8>, cells: &Cells) {
    for (at, (_, value)) in cells.iter().enumerate() {
        if at > 0 {
            lines.push(b'\t');
        }
        push_value(lines, value);
    }
    lines.push(b'\n');
}

/// Gives what is offered with neighbours that are alike in runs.
pub(super) fn in_runs(offered: Vec<Offered>) -> Vec<Offered> {
    let (mut given, mut open) = (Vec::new(), Vec::<(EntryId, RowChange)>::new());
    for transaction in transactions(offered) {
        // What is open has whole transactions; a further one joins it where all of it is alike.
        let joined: Vec<RowChange> = open.iter().map(|(_, change)| change).chain(changes(&transaction)).cloned().collect();
        let is_whole =
            changes(&transaction).count() == transaction.len() && changes(&transaction).all(|change| !change.goes_on);
        if is_whole && run_of(&joined).is_some() {
            open.extend(transaction.into_iter().filter_map(single));
            continue;
        }
        close(&mut open, &mut given);
        let parts = alike(transaction);
        let is_one = parts.len() == 1 && is_whole;
        for part in parts {
            match part {
                Part::Alike(alike) => open = alike,
                Part::Other(offered) => given.push(offered),
            }
            if !is_one {
                close(&mut open, &mut given);
            }
        }
    }
    close(&mut open, &mut given);
    given
}

/// Divides entries by their transactions; an entry without one is for itself.
fn transactions(offered: Vec<Offered>) -> Vec<Vec<Offered>> {
    let of = |offered: &Offered| if let Entry::Change(change) = &offered.entry { change.transaction } else { None };
    let mut groups: Vec<Vec<Offered>> = Vec::new();
    for offered in offered {
        match groups.last_mut() {
            Some(group) if of(&offered).is_some() && group.last().and_then(of) == of(&offered) => group.push(offered),
            _ => groups.push(vec![offered]),
        }
    }
    groups
}

fn changes(offered: &[Offered]) -> impl Iterator<Item = &RowChange> {
    offered.iter().filter_map(|offered| if let Entry::Change(change) = &offered.entry { Some(change) } else { None })
}

fn single(offered: Offered) -> Option<(EntryId, RowChange)> {
    let id = offered.entry_id();
    if let Entry::Change(change) = offered.entry { Some((id, change)) } else { None }
}

/// Neighbours in a transaction.
enum Part {
    Alike(Vec<(EntryId, RowChange)>),
    Other(Offered),
}

fn alike(transaction: Vec<Offered>) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for offered in transaction {
        let id = offered.entry_id();
        let Entry::Change(change) = &offered.entry else {
            parts.push(Part::Other(offered));
            continue;
        };
        match parts.last_mut() {
            Some(Part::Alike(alike)) if !change.goes_on && joins(alike, change) => {
                alike.push((id, change.clone()));
            }
            _ => parts.push(Part::Alike(vec![(id, change.clone())])),
        }
    }
    parts
}

fn joins(alike: &[(EntryId, RowChange)], change: &RowChange) -> bool {
    alike.first().is_some_and(|(_, first)| run_of(&[first.clone(), change.clone()]).is_some())
}

/// Offers what is open: as a run, unless it is a single row.
fn close(open: &mut Vec<(EntryId, RowChange)>, given: &mut Vec<Offered>) {
    let (entries, changes): (Vec<EntryId>, Vec<RowChange>) = std::mem::take(open).into_iter().unzip();
    let run = if changes.len() > 1 { run_of(&changes) } else { None };
    match (run, entries.first().copied()) {
        (Some(run), Some(EntryId { id, at_ms })) => given.push(Offered { id, at_ms, entry: Entry::Run(run, entries) }),
        _ => {
            let one = |(EntryId { id, at_ms }, change)| Offered { id, at_ms, entry: Entry::Change(change) };
            given.extend(entries.into_iter().zip(changes).map(one));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(id: i64, transaction: Option<u64>, op: Op, goes_on: bool) -> Offered {
        let key: Cells = vec![("id".into(), Value::Text(id.to_string()))];
        let row = if op == Op::Delete { Vec::new() } else { key.clone() };
        let change = RowChange { table: "t".to_string(), op, key, row, changed: Vec::new(), transaction, goes_on };
        Offered { id, at_ms: id, entry: Entry::Change(change) }
    }

    fn shown(offered: &Offered) -> String {
        match &offered.entry {
            Entry::Run(run, entries) => format!("{}x{:?}", entries[0].id, run.transactions()),
            _ => offered.id.to_string(),
        }
    }

    #[test]
    fn runs_have_whole_transactions_or_rows_of_one() {
        use Op::{Delete, Insert};
        let of = |of: &[(Option<u64>, Op, bool)]| {
            let all: Vec<Offered> = (1..).zip(of).map(|(id, (tx, op, on))| offered(id, *tx, *op, *on)).collect();
            let given = in_runs(all.clone());
            let apart: Vec<(EntryId, RowChange)> = given.iter().flat_map(Offered::changes).collect();
            assert_eq!(apart, all.iter().flat_map(Offered::changes).collect::<Vec<_>>(), "nothing is lost, nothing moves");
            given.iter().map(shown).collect::<Vec<_>>().join(" ")
        };
        let (a, b, c) = (Some(1), Some(2), Some(3));
        assert_eq!(of(&[(a, Insert, false), (b, Insert, false), (b, Insert, false)]), "1x[(1, 1), (2, 2)]");
        assert_eq!(of(&[(a, Insert, false), (b, Insert, false), (b, Delete, false), (c, Delete, false)]), "1 2 3 4");
        assert_eq!(
            of(&[(a, Insert, false), (a, Insert, false), (a, Delete, false), (a, Delete, false)]),
            "1x[(1, 2)] 3x[(1, 2)]"
        );
        assert_eq!(of(&[(a, Insert, false), (b, Insert, false), (b, Insert, true)]), "1 2 3");
        assert_eq!(of(&[(b, Insert, false), (b, Insert, false), (b, Insert, true)]), "1x[(2, 2)] 3");
        assert_eq!(of(&[(None, Insert, false), (None, Insert, false)]), "1x[]");
    }
}
