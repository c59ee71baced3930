use super::*;
use crate::connectors::tables::Value;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// The tables of the model: each row of `h` refers to one of `c`, each of `c` to one of `zd`.
const TABLES: [&str; 3] = ["zd", "c", "h"];

fn order() -> Vec<TableName> {
    TABLES.map(str::to_string).to_vec()
}

fn text(value: impl ToString) -> Value {
    Value::Text(value.to_string())
}

fn key(id: u8) -> Cells {
    vec![("id".into(), text(id)), ("xzq".into(), text("370115"))]
}

/// A database: for each table its rows by key, and what each row's parent is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Model {
    rows: BTreeMap<(String, Cells), Cells>,
}

impl Model {
    fn apply(&mut self, change: &RowChange) {
        match change.op {
            Op::Delete => self.delete(&change.table, &change.key),
            _ => self.upsert(&change.table, &change.row),
        }
    }

    fn delete(&mut self, table: &str, key: &Cells) {
        self.rows.remove(&(table.to_string(), key.clone()));
        self.whole();
    }

    fn upsert(&mut self, table: &str, row: &Cells) {
        self.rows.insert((table.to_string(), row[..2].to_vec()), row.clone());
        self.whole();
    }

    /// Foreign keys, checked after every statement: no reader sees a child without its parent.
    fn whole(&self) {
        for ((table, _), row) in &self.rows {
            if let Some(parent) = self.parent(table, row) {
                assert!(self.rows.contains_key(&parent), "{table} {row:?} has no parent");
            }
        }
    }

    fn parent(&self, table: &str, row: &Cells) -> Option<(String, Cells)> {
        let at = TABLES.iter().position(|name| *name == table)?;
        let (_, Value::Text(id)) = row.get(2)? else { return None };
        Some((TABLES[at.checked_sub(1)?].to_string(), key(id.parse().unwrap())))
    }

    fn has_child(&self, table: &str, id: u8) -> bool {
        let place = (table.to_string(), key(id));
        self.rows.iter().any(|((child, _), row)| self.parent(child, row).as_ref() == Some(&place))
    }

    /// Does what a program of the source might do next; nothing where foreign keys forbid it.
    fn act(&mut self, act: &Act) -> Vec<RowChange> {
        let table = TABLES[act.table % 3];
        let there = self.rows.contains_key(&(table.to_string(), key(act.id)));
        let parent_there =
            act.table.is_multiple_of(3) || self.rows.contains_key(&(TABLES[act.table % 3 - 1].to_string(), key(act.parent)));
        let mut row = key(act.id);
        row.extend([("parent".into(), text(act.parent)), ("bz".into(), text(act.note))]);
        let change = |op, id, row| RowChange {
            table: table.into(),
            op,
            key: key(id),
            row,
            changed: vec![],
            transaction: None,
            goes_on: false,
        };
        let moved = |to: u8| {
            let mut moved = key(to);
            moved.extend(row[2..].to_vec());
            moved
        };
        let changes = match act.kind {
            0 if there && !self.has_child(table, act.id) => vec![change(Op::Delete, act.id, vec![])],
            1 if there
                && parent_there
                && !self.has_child(table, act.id)
                && !self.rows.contains_key(&(table.to_string(), key(act.other))) =>
            {
                vec![change(Op::Delete, act.id, vec![]), change(Op::Insert, act.other, moved(act.other))]
            }
            2 if there && !self.has_child(table, act.id) && parent_there => {
                vec![change(Op::Delete, act.id, vec![]), change(Op::Insert, act.id, row)]
            }
            3 if parent_there => vec![change(Op::Stock, act.id, row)],
            _ if parent_there => vec![change(if there { Op::Update } else { Op::Insert }, act.id, row)],
            _ => vec![],
        };
        changes.iter().for_each(|change| self.apply(change));
        changes
    }
}

#[derive(Clone, Debug)]
struct Act {
    kind: u8,
    table: usize,
    id: u8,
    other: u8,
    parent: u8,
    note: u8,
}

fn act() -> impl Strategy<Value = Act> {
    (0u8..6, 0usize..3, 0u8..4, 0u8..4, 0u8..4, any::<u8>()).prop_map(|(kind, table, id, other, parent, note)| Act {
        kind,
        table,
        id,
        other,
        parent,
        note,
    })
}

proptest! {
    #[test]
    fn the_net_result_comes_to_the_same_as_row_by_row(before in vec(act(), 0..60), acts in vec(act(), 1..60)) {
        let mut source = Model::default();
        before.iter().for_each(|act| drop(source.act(act)));
        let mut sink = source.clone();
        let changes: Vec<RowChange> = acts.iter().flat_map(|act| source.act(act)).collect();
        let net = Net::of(&changes, &order());
        prop_assert!(net_is_sound(&net));
        apply_loosely(&mut sink, &net);
        prop_assert_eq!(&sink, &source);
        let again = Net::of(&changes, &order());
        apply_loosely(&mut sink, &again);
        prop_assert_eq!(&sink, &source, "twice is as once");
    }

    #[test]
    fn the_order_of_tables_has_every_parent_before_its_child_and_loses_none(edges in vec((0usize..7, 0usize..7), 0..14)) {
        let tables: Vec<TableName> = (0..6).map(|at| format!("t{at}")).collect();
        let references: Vec<(TableName, TableName)> = edges.iter().map(|(child, parent)| (format!("t{child}"), format!("t{parent}"))).collect();
        let ordered = parents_first(&tables, &references);
        let mut sorted = ordered.clone();
        sorted.sort();
        prop_assert_eq!(&sorted, &tables);
        let place = |table: &str| ordered.iter().position(|other| other == table);
        for (child, parent) in &references {
            let ring = reaches(&references, parent, child);
            if let (Some(below), Some(above), false) = (place(child), place(parent), ring) {
                prop_assert!(above < below, "{} before {} in {:?}", parent, child, ordered);
            }
        }
    }
}

/// Applies a net result as a database does that has no row twice in a statement; the end alone has to be whole, since rows of one table that
/// replace each other's parents may cross (the sink then goes row by row).
fn apply_loosely(model: &mut Model, net: &Net) {
    for (table, keys) in &net.deletes {
        keys.iter().for_each(|key| drop(model.rows.remove(&(table.clone(), key.clone()))));
    }
    for (table, rows) in &net.upserts {
        rows.iter().for_each(|row| drop(model.rows.insert((table.clone(), row[..2].to_vec()), row.clone())));
    }
    model.whole();
}

fn net_is_sound(net: &Net) -> bool {
    let rank = |table: &str| TABLES.iter().position(|name| *name == table);
    let parents: Vec<_> = net.upserts.iter().map(|(table, _)| rank(table)).collect();
    let children: Vec<_> = net.deletes.iter().map(|(table, _)| rank(table)).collect();
    let mut keys = std::collections::HashSet::new();
    let upserted = net.upserts.iter().flat_map(|(table, rows)| rows.iter().map(move |row| (table, row[..2].to_vec())));
    let deleted = net.deletes.iter().flat_map(|(table, rows)| rows.iter().map(move |key| (table, key.clone())));
    parents.is_sorted() && children.iter().rev().is_sorted() && upserted.chain(deleted).all(|place| keys.insert(place))
}

fn reaches(references: &[(TableName, TableName)], from: &str, to: &str) -> bool {
    let mut seen = vec![from.to_string()];
    let mut at = 0;
    while let Some(table) = seen.get(at).cloned() {
        if table == to {
            return true;
        }
        let next: Vec<TableName> = references
            .iter()
            .filter(|(child, parent)| *child == table && !seen.contains(parent))
            .map(|(_, parent)| parent.clone())
            .collect();
        seen.extend(next);
        at += 1;
    }
    false
}

fn change(table: &str, op: Op, id: u8) -> RowChange {
    let row = if op == Op::Delete { vec![] } else { key(id) };
    RowChange { table: table.into(), op, key: key(id), row, changed: vec![], transaction: None, goes_on: false }
}

#[test]
fn the_last_change_of_a_key_counts() {
    let changes = [
        change("zd", Op::Insert, 1),
        change("h", Op::Delete, 7),
        change("zd", Op::Delete, 1),
        change("c", Op::Update, 3),
        change("zd", Op::Stock, 2),
    ];
    let net = Net::of(&changes, &order());
    assert_eq!(net.deletes, vec![("h".to_string(), vec![key(7)]), ("zd".to_string(), vec![key(1)])]);
    assert_eq!(net.upserts, vec![("zd".to_string(), vec![key(2)]), ("c".to_string(), vec![key(3)])]);
}

#[test]
fn a_key_is_the_same_in_whatever_order_its_columns_stand_and_in_another_table_is_another() {
    let mut turned = change("zd", Op::Delete, 1);
    turned.key.reverse();
    let net = Net::of(&[change("zd", Op::Insert, 1), change("c", Op::Insert, 1), turned], &order());
    assert_eq!((net.deletes.len(), net.upserts.len()), (1, 1));
    assert_eq!(net.upserts[0].0, "c");
}

#[test]
fn tables_outside_the_order_come_behind_by_name_and_nothing_comes_to_nothing() {
    let changes = [change("x", Op::Insert, 1), change("a", Op::Insert, 1), change("h", Op::Insert, 1)];
    let names: Vec<_> = Net::of(&changes, &order()).upserts.into_iter().map(|(table, _)| table).collect();
    assert_eq!(names, ["h", "a", "x"]);
    assert_eq!(Net::of(&[], &order()), Net::default());
}

#[test]
fn tables_in_a_ring_stand_together_in_the_order_given() {
    let tables: Vec<TableName> = ["h", "a", "b", "zd"].map(str::to_string).to_vec();
    let pair = |child: &str, parent: &str| (child.to_string(), parent.to_string());
    let references = [pair("a", "b"), pair("b", "a"), pair("a", "zd"), pair("h", "b"), pair("h", "h"), pair("h", "elsewhere")];
    assert_eq!(parents_first(&tables, &references), ["zd", "a", "b", "h"]);
    assert_eq!(parents_first(&tables, &[]), tables);
}
