//! What a packet's changes come to, table by table, parents first.
//!
//! Given: the changes of a packet in their order, and the sink's tables in the order of its foreign keys. Gives: the rows to delete, children
//! first, and the rows to write, parents first; a key stands in at most one of both. Applying them comes to the same as applying the changes one
//! by one. Never: a row that the changes did not leave behind.

#[cfg(test)]
mod tests;

use crate::connectors::tables::{Cells, Op, RowChange, TableName};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A key, its columns in one order whatever order they stand in.
type SortedKey<'a> = Vec<&'a (super::Name, super::Value)>;

/// What a packet's changes come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Net<C = Cells> {
    /// Keys of rows that are gone, children before their parents.
    pub deletes: Vec<(TableName, Vec<C>)>,
    /// Rows as they stand in the end, parents before their children.
    pub upserts: Vec<(TableName, Vec<C>)>,
}

impl Net {
    /// As [`Net::among`], with keys and rows of its own.
    pub fn of<'a>(changes: impl IntoIterator<Item = &'a RowChange>, parents_first: &[TableName]) -> Self {
        let Net { deletes, upserts } = Net::among(changes, parents_first);
        let owned = |of: Vec<(TableName, Vec<&Cells>)>| {
            of.into_iter().map(|(table, cells)| (table, cells.into_iter().cloned().collect())).collect()
        };
        Self { deletes: owned(deletes), upserts: owned(upserts) }
    }
}

impl<'a> Net<&'a Cells> {
    /// Comes to the net result: for each table and key the last change counts. `parents_first` names the sink's tables in the order of its foreign
    /// keys ([`parents_first`]); tables it does not name come behind, by name.
    ///
    /// Keys are the same when their values are, column by column, in whatever order the columns stand. Rows of a table are in the order in which
    /// they were last changed, so that a table that refers to itself has its parents first where the source wrote them first; those that are gone
    /// in the order in which they went.
    pub fn among(changes: impl IntoIterator<Item = &'a RowChange>, parents_first: &[TableName]) -> Self {
        let changes: Vec<&RowChange> = changes.into_iter().collect();
        let rank: HashMap<&str, usize> = parents_first.iter().enumerate().map(|(rank, table)| (table.as_str(), rank)).collect();
        let mut last: HashMap<(&str, SortedKey<'_>), usize> = HashMap::with_capacity(changes.len());
        for (at, change) in changes.iter().enumerate() {
            last.insert((change.table.as_str(), sorted(&change.key)), at);
        }
        let mut ordered: Vec<usize> = last.into_values().collect();
        ordered.sort_unstable();
        let mut tables: BTreeMap<(usize, &str), [Vec<&Cells>; 2]> = BTreeMap::new();
        for change in ordered.iter().filter_map(|at| changes.get(*at)) {
            let table = change.table.as_str();
            let [deletes, upserts] = tables.entry((rank.get(table).copied().unwrap_or(usize::MAX), table)).or_default();
            match change.op {
                Op::Delete => deletes.push(&change.key),
                Op::Insert | Op::Update | Op::Stock => upserts.push(&change.row),
            }
        }
        Self::laid_out(tables)
    }

    fn laid_out(tables: BTreeMap<(usize, &str), [Vec<&'a Cells>; 2]>) -> Self {
        let mut net = Self { deletes: Vec::new(), upserts: Vec::new() };
        for ((_, table), [deletes, upserts]) in tables {
            if !deletes.is_empty() {
                net.deletes.push((table.to_string(), deletes));
            }
            if !upserts.is_empty() {
                net.upserts.push((table.to_string(), upserts));
            }
        }
        net.deletes.reverse();
        net
    }
}

fn sorted(key: &Cells) -> SortedKey<'_> {
    let mut columns: Vec<_> = key.iter().collect();
    columns.sort_unstable();
    columns
}

/// Gives tables so that each stands behind those its foreign keys lead to, and otherwise in the order given.
///
/// `references` are pairs (child, parent); a table that refers to itself and pairs with a table that is not given have no effect. Tables that refer
/// to each other in a ring stand together, in the order given, where the first of them would stand.
pub fn parents_first(tables: &[TableName], references: &[(TableName, TableName)]) -> Vec<TableName> {
    let known: BTreeSet<&str> = tables.iter().map(String::as_str).collect();
    let edges = references.iter().map(|(child, parent)| (child.as_str(), parent.as_str()));
    let mut ancestors: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (child, parent) in edges.filter(|(child, parent)| child != parent && known.contains(child) && known.contains(parent)) {
        ancestors.entry(child).or_default().insert(parent);
    }
    close(&mut ancestors);
    let above = |child: &str, parent: &str| ancestors.get(child).is_some_and(|parents| parents.contains(parent));
    let mut placed: Vec<TableName> = Vec::with_capacity(tables.len());
    while placed.len() < known.len() {
        let waits = |table: &&TableName| !placed.contains(*table);
        // The next: all that is above it stands, or is in a ring with it.
        let free = |table: &&TableName| tables.iter().filter(waits).all(|other| !above(table, other) || above(other, table));
        let Some(next) = tables.iter().filter(waits).find(free) else { break };
        let ring: Vec<TableName> = tables
            .iter()
            .filter(waits)
            .filter(|other| *other == next || (above(next, other) && above(other, next)))
            .cloned()
            .collect();
        placed.extend(unique(ring));
    }
    placed
}

fn unique(tables: Vec<TableName>) -> Vec<TableName> {
    let mut seen = BTreeSet::new();
    tables.into_iter().filter(|table| seen.insert(table.clone())).collect()
}

/// Adds to each table the parents of its parents, until nothing is added.
fn close(ancestors: &mut BTreeMap<&str, BTreeSet<&str>>) {
    loop {
        let before: usize = ancestors.values().map(BTreeSet::len).sum();
        let known = ancestors.clone();
        for parents in ancestors.values_mut() {
            let further: Vec<&str> = parents.iter().filter_map(|parent| known.get(parent)).flatten().copied().collect();
            parents.extend(further);
        }
        if ancestors.values().map(BTreeSet::len).sum::<usize>() == before {
            return;
        }
    }
}
