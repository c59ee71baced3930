//! A packet with runs in it: their lines go into the database as they are, by COPY.
//!
//! Given: the parts of a packet, in order. Gives: the same rows as if they were applied one by one, of which nothing was taken apart but keys and the values
//! whose column may not take them. After a refusal: the caller goes back to its savepoint and applies them one by one. Never: a value that its column would
//! cut, round or understand as another; a row that a later change of the same packet overwrote.

use super::bulk::{DIRECT_FROM, REST_AFTER_MEETING, is_key, listed, or_update};
use super::catalog::{self, Table};
use super::connection::run_sql;
use super::own_tables::Placed;
use super::passing::Passing;
use super::sink::Tables;
use super::{Trouble, ident};
use crate::connectors::tables::run::{fields_of, lines_of, push_value};
use crate::connectors::tables::values::{Column, Kind};
use crate::connectors::tables::{Op, RowChange, RowRun, TableName};
use sqlx::PgConnection;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};

/// Most bytes of one message of a COPY.
const MESSAGE: usize = 1 << 18;

/// From how many rows on those that are there are deleted and written anew, where nothing else comes of that.
const REPLACE_FROM: usize = 500;

/// From how many keys on it is asked whether they stand side by side.
const DENSE_FROM: u64 = 1000;

/// So many places for a key are read at most for each that is looked for.
const DENSE_GAPS: u64 = 2;

/// Of how many tables, fates and lists of columns the rows of a packet may be, to go in bulk: each has a temporary table of its own.
const SHAPES_MOST: usize = 256;

/// How many temporary tables a session keeps.
const STAGES_MOST: usize = 2 * SHAPES_MOST;

/// A part of a packet with its place.
#[derive(Clone, Debug)]
pub(super) enum Part<'a> {
    /// One change.
    One(Placed<'a>),
    /// A run of them.
    Run(PlacedRun<'a>),
}

impl Part<'_> {
    /// Gives the table, as the source names it.
    pub(super) fn table(&self) -> &TableName {
        match self {
            Self::One(placed) => &placed.change.table,
            Self::Run(placed) => placed.run.table(),
        }
    }
}

/// A run with the packet and the place there of its first row.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlacedRun<'a> {
    pub(super) seq: u64,
    pub(super) index: u32,
    pub(super) run: &'a RowRun,
}

impl<'a> PlacedRun<'a> {
    /// Gives its rows one by one.
    pub(super) fn changes(self) -> impl Iterator<Item = Placed<'static>> + use<'a> {
        let (seq, index) = (self.seq, self.index);
        let placed = move |(at, change)| Placed { seq, index: index.saturating_add(at), change: Cow::Owned(change) };
        (0..).zip(self.run.changes()).map(placed)
    }
}

/// A look at the sink's tables, as they were read.
#[derive(Debug)]
pub(super) struct Looked {
    /// Tells it from every other.
    pub(super) number: u64,
    tables: HashMap<TableName, (Vec<Column>, Vec<String>)>,
}

impl Looked {
    /// Looks at tables by the names that their source gives them.
    pub(super) fn at(tables: &HashMap<TableName, Table>) -> Self {
        static LOOKS: AtomicU64 = AtomicU64::new(1);
        let key = |table: &Table| table.key().iter().map(|column| column.name.clone()).collect();
        let tables = tables.iter().map(|(name, table)| (name.clone(), (table.taking(), key(table)))).collect();
        Self { number: LOOKS.fetch_add(1, Ordering::Relaxed), tables }
    }

    /// Tells whether its table takes the lines of a run as they are.
    pub(super) fn passes(&self, run: &RowRun) -> bool {
        run.has_passed(self.number) || self.tables.get(run.table()).is_some_and(|(columns, key)| passes(columns, key, run))
    }
}

/// Tells whether a table with this key takes the lines of a run as they are, without what it computes itself.
fn passes(columns: &[Column], key: &[String], run: &RowRun) -> bool {
    let head = run.head();
    let is_its_key = key.len() == head.key.len() && key.iter().all(|column| head.key.iter().any(|name| *name == *column));
    let column = |name: &str| columns.iter().find(|column| column.name == name);
    let passing = head.columns.iter().map(|name| Passing::of(column(name)?, head.bytes.contains(name)));
    let Some(passing) = passing.collect::<Option<Vec<_>>>() else { return false };
    if !is_its_key {
        return false;
    }
    // Nothing behind the last column that is looked at.
    let looked_at = passing.iter().rposition(|passing| !passing.is_any()).map_or(0, |last| last + 1);
    let passing = passing.get(..looked_at).unwrap_or_default();
    passing.is_empty() || run.each_line().all(|line| line_passes(line, passing))
}

fn line_passes(line: &[u8], passing: &[Passing<'_>]) -> bool {
    let mut ends = memchr::memchr_iter(b'\t', line);
    let mut began = 0;
    passing.iter().all(|passing| {
        let end = ends.next().unwrap_or(line.len());
        let field = line.get(began..end).unwrap_or_default();
        began = end + 1;
        passing.is_any() || passing.takes(field)
    })
}

/// Lines of rows of one table, with one fate.
struct Unit<'a> {
    table: &'a TableName,
    is_delete: bool,
    is_update: bool,
    columns: Vec<&'a str>,
    /// Where the columns of the key are, in the order of their names.
    key: Vec<usize>,
    lines: Cow<'a, [u8]>,
    count: usize,
    /// Rows that a later one of the same key stands for, from 0; none mostly.
    superseded: BTreeSet<usize>,
}

impl<'a> Unit<'a> {
    fn of_run(run: &'a RowRun) -> Self {
        let head = run.head();
        let columns: Vec<&str> = head.columns.iter().map(|name| name.as_str()).collect();
        let key = head.key.iter().map(|name| name.as_str());
        let key = places(&columns, key);
        let count = run.rows() as usize;
        Self { count, ..Self::of(run.table(), head.op, columns, key, run.lines().into()) }
    }

    fn of_change(change: &'a RowChange) -> Self {
        let cells = if change.op == Op::Delete { &change.key } else { &change.row };
        let columns: Vec<&str> = cells.iter().map(|(name, _)| name.as_str()).collect();
        let key = places(&columns, change.key.iter().map(|(name, _)| name.as_str()));
        let mut line = Vec::new();
        for (at, (_, value)) in cells.iter().enumerate() {
            if at > 0 {
                line.push(b'\t');
            }
            push_value(&mut line, value);
        }
        line.push(b'\n');
        Self::of(&change.table, change.op, columns, key, line.into())
    }

    fn of(table: &'a TableName, op: Op, columns: Vec<&'a str>, key: Vec<usize>, lines: Cow<'a, [u8]>) -> Self {
        let (is_delete, is_update) = (op == Op::Delete, op == Op::Update);
        Self { table, is_delete, is_update, columns, key, lines, count: 1, superseded: BTreeSet::new() }
    }

    /// Gives how many rows are left.
    fn rows(&self) -> usize {
        self.count - self.superseded.len()
    }

    /// Gives the keys of the rows that are left, as what is deleted has them.
    fn keys(&self) -> Unit<'a> {
        let mut lines = Vec::new();
        for (_, line) in lines_of(&self.lines).enumerate().filter(|(at, _)| !self.superseded.contains(at)) {
            lines.extend_from_slice(&self.key_of(line));
            lines.push(b'\n');
        }
        let columns: Vec<&str> = self.key.iter().filter_map(|place| self.columns.get(*place).copied()).collect();
        let key = (0..columns.len()).collect();
        Self { count: self.rows(), ..Self::of(self.table, Op::Delete, columns, key, lines.into()) }
    }

    /// Gives the key of a line as it stands.
    fn key_of<'l>(&self, line: &'l [u8]) -> Cow<'l, [u8]> {
        if self.key.iter().enumerate().all(|(at, place)| at == *place) {
            let mut tabs = memchr::memchr_iter(b'\t', line);
            let end = tabs.nth(self.key.len().saturating_sub(1)).unwrap_or(line.len());
            return line.get(..end).unwrap_or(line).into();
        }
        let fields: Vec<&[u8]> = fields_of(line).collect();
        let key: Vec<&[u8]> = self.key.iter().filter_map(|place| fields.get(*place).copied()).collect();
        key.join(&b'\t').into()
    }
}

/// Gives where the columns of a key stand, by their names.
fn places<'a>(columns: &[&str], key: impl Iterator<Item = &'a str>) -> Vec<usize> {
    let mut key: Vec<&str> = key.collect();
    key.sort_unstable();
    key.iter().filter_map(|name| columns.iter().position(|column| column == name)).collect()
}

/// Tells whether no key can stand twice, as in a stock: of each table the keys rise from row to row, by their length and then by their bytes.
fn keys_rise(units: &[Unit<'_>]) -> bool {
    let mut last: HashMap<&TableName, Cow<'_, [u8]>> = HashMap::new();
    units.iter().all(|unit| {
        let mut before = last.remove(unit.table).unwrap_or_default();
        let rise = lines_of(&unit.lines).all(|line| {
            let key = unit.key_of(line);
            let rises = (before.len(), before.as_ref()) < (key.len(), key.as_ref());
            before = key;
            rises
        });
        last.insert(unit.table, before);
        rise
    })
}

/// Leaves the last row of each key.
fn leave_last(units: &mut [Unit<'_>]) {
    if keys_rise(units) {
        return;
    }
    let superseded = superseded(units);
    for (unit, superseded) in units.iter_mut().rev().zip(superseded) {
        unit.superseded = superseded;
    }
}

/// Gives of each unit, from the last to the first, the rows that a later one of the same key stands for.
fn superseded(units: &[Unit<'_>]) -> Vec<BTreeSet<usize>> {
    let mut met: HashMap<&TableName, HashSet<Cow<'_, [u8]>>> = HashMap::new();
    let mut superseded = Vec::with_capacity(units.len());
    for unit in units.iter().rev() {
        let met = met.entry(unit.table).or_default();
        met.reserve(unit.count);
        let lines = (1..).zip(lines_of(&unit.lines).rev());
        let again = lines.filter(|(_, line)| !met.insert(unit.key_of(line)));
        superseded.push(again.map(|(behind, _)| unit.count - behind).collect());
    }
    superseded
}

/// Units of one table, one fate and the same columns.
struct Group<'u, 'a> {
    columns: &'u [&'a str],
    units: Vec<&'u Unit<'a>>,
}

fn grouped<'u, 'a>(units: &'u [Unit<'a>], table: &TableName, is_delete: bool) -> Vec<Group<'u, 'a>> {
    let mut groups: Vec<Group<'u, 'a>> = Vec::new();
    for unit in units.iter().filter(|unit| unit.table == table && unit.is_delete == is_delete && unit.rows() > 0) {
        match groups.iter_mut().find(|group| group.columns == unit.columns) {
            Some(group) => group.units.push(unit),
            None => groups.push(Group { columns: &unit.columns, units: vec![unit] }),
        }
    }
    groups
}

/// Applies the parts of a packet in bulk; false, and nothing is done, where they are too many kinds of rows for that.
pub(super) async fn apply(connection: &mut PgConnection, tables: &mut Tables, parts: &[Part<'_>]) -> Result<bool, Trouble> {
    let unit = |part| match part {
        &Part::Run(PlacedRun { run, .. }) => Unit::of_run(run),
        Part::One(placed) => Unit::of_change(&placed.change),
    };
    let mut units: Vec<Unit<'_>> = parts.iter().map(unit).collect();
    let shapes: HashSet<_> = units.iter().map(|unit| (unit.table, unit.is_delete, unit.columns.as_slice())).collect();
    if shapes.len() > SHAPES_MOST {
        return Ok(false);
    }
    // A row that is written may need a table for its key, too.
    if tables.stages.len() + 2 * shapes.len() > STAGES_MOST {
        run_sql(connection, "DISCARD TEMP").await?;
        tables.stages.clear();
    }
    leave_last(&mut units);
    run_sql(connection, "SET CONSTRAINTS ALL DEFERRED").await?;
    let names = tables.parents_first.clone();
    for name in names.iter().rev() {
        for group in grouped(&units, name, true) {
            delete(connection, tables, name, &group).await?;
        }
    }
    for name in &names {
        let is_new = !units.iter().any(|unit| unit.table == name && unit.is_update);
        for group in grouped(&units, name, false) {
            write(connection, tables, name, &group, is_new).await?;
        }
    }
    run_sql(connection, "SET CONSTRAINTS ALL IMMEDIATE").await?;
    Ok(true)
}

async fn delete(
    connection: &mut PgConnection,
    tables: &mut Tables,
    name: &TableName,
    group: &Group<'_, '_>,
) -> Result<(), Trouble> {
    if let (Some(table), [column]) = (tables.by_source.get(name), group.columns)
        && let Some(keys) = dense_keys(table, column, group)
    {
        return delete_dense(connection, table, column, &keys).await;
    }
    let stage = stage(connection, tables, name, true, group.columns).await?;
    let Some(table) = tables.by_source.get(name) else { return Ok(()) };
    copy(connection, &stage, group).await?;
    let same: Vec<String> = group.columns.iter().map(|column| is_key(table, column, &format!("s.{}", ident(column)))).collect();
    // Keys are mostly few beside the table, which is looked into by its index, key by key.
    let (target, same) = (table.only_sql(), same.join(" AND "));
    let delete = format!("DELETE FROM {target} AS t USING {stage} AS s WHERE {same}; TRUNCATE {stage}");
    run_sql(connection, joined_by("on", "off", &delete)).await?;
    Ok(())
}

/// Deletes rows by keys that stand side by side: what lies between the least and the greatest is read in one go, and compared with the keys only where some of
/// what lies there is not among them.
async fn delete_dense(connection: &mut PgConnection, table: &Table, column: &str, keys: &[i64]) -> Result<(), Trouble> {
    let (Some(least), Some(most)) = (keys.first(), keys.last()) else { return Ok(()) };
    let (target, column) = (table.only_sql(), ident(column));
    let between = format!("t.{column} BETWEEN {least} AND {most}");
    if most.abs_diff(*least) + 1 == keys.len() as u64 {
        run_sql(connection, format!("DELETE FROM {target} AS t WHERE {between}")).await?;
        return Ok(());
    }
    let list = keys.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
    let list = format!("unnest('{{{list}}}'::bigint[])");
    let delete = format!("DELETE FROM {target} AS t USING {list} AS s(k) WHERE {between} AND t.{column} = s.k");
    run_sql(connection, joined_by("off", "on", &delete)).await?;
    Ok(())
}

/// Lets a statement join row by row, or all at once, and no other way.
fn joined_by(by_row: &str, at_once: &str, statement: &str) -> String {
    format!(
        "SET LOCAL enable_nestloop = {by_row}; SET LOCAL enable_hashjoin = {at_once}; SET LOCAL enable_mergejoin = {at_once}; {statement}; \
         SET LOCAL enable_nestloop TO DEFAULT; SET LOCAL enable_hashjoin TO DEFAULT; SET LOCAL enable_mergejoin TO DEFAULT"
    )
}

/// Gives the keys of a group whose table has a whole number as its key, in order and each once, where they stand so close together that what lies between is soon
/// read; `None` else.
fn dense_keys(table: &Table, column: &str, group: &Group<'_, '_>) -> Option<Vec<i64>> {
    table.column(column).filter(|column| matches!(column.kind, Some(Kind::Integer { .. })))?;
    let number = |line: &[u8]| std::str::from_utf8(line).ok()?.parse::<i64>().ok();
    let mut keys: Vec<i64> = group.units.iter().flat_map(|unit| lines_of(&unit.lines)).map(number).collect::<Option<_>>()?;
    keys.sort_unstable();
    keys.dedup();
    let (least, most, count) = (keys.first()?, keys.last()?, keys.len() as u64);
    (count >= DENSE_FROM && most.abs_diff(*least) < count.saturating_mul(DENSE_GAPS)).then_some(keys)
}

/// Writes rows: straight into the table where they seem to be new, else over those that are there.
async fn write(
    connection: &mut PgConnection,
    tables: &mut Tables,
    name: &TableName,
    group: &Group<'_, '_>,
    is_new: bool,
) -> Result<(), Trouble> {
    let Some(target) = tables.by_source.get(name).map(Table::sql) else { return Ok(()) };
    let rows: usize = group.units.iter().map(|unit| unit.rows()).sum();
    if is_new && rows >= DIRECT_FROM {
        let rests = tables.met.get(name).copied().unwrap_or(0);
        if rests == 0 && direct(connection, &target, group).await? {
            return Ok(());
        }
        tables.met.insert(name.clone(), rests.checked_sub(1).unwrap_or(REST_AFTER_MEETING));
    }
    if rows >= REPLACE_FROM && replace(connection, tables, name, group).await? {
        return Ok(());
    }
    let stage = stage(connection, tables, name, false, group.columns).await?;
    let Some(table) = tables.by_source.get(name) else { return Ok(()) };
    copy(connection, &stage, group).await?;
    let (names, over) = (listed(group.columns), or_update(table, group.columns));
    let sql = format!("INSERT INTO {target} AS t ({names}) OVERRIDING SYSTEM VALUE SELECT {names} FROM {stage} {over}");
    run_sql(connection, sql).await?;
    Ok(())
}

/// Copies rows straight into the table; tells whether none of them was there.
async fn direct(connection: &mut PgConnection, target: &str, group: &Group<'_, '_>) -> Result<bool, Trouble> {
    run_sql(connection, "SAVEPOINT direct").await?;
    match copy(connection, target, group).await {
        Ok(()) => run_sql(connection, "RELEASE direct").await.map(|_| true),
        Err(trouble) if trouble.refusal().is_some() => {
            run_sql(connection, "ROLLBACK TO direct; RELEASE direct").await.map(|_| false)
        }
        Err(trouble) => Err(trouble),
    }
}

/// Deletes rows by their keys and copies them anew, which costs less than to change them; tells whether that may be done with this table.
async fn replace(
    connection: &mut PgConnection,
    tables: &mut Tables,
    name: &TableName,
    group: &Group<'_, '_>,
) -> Result<bool, Trouble> {
    let Some(table) = tables.by_source.get(name) else { return Ok(false) };
    // A column that the rows do not have would lose its value. COPY names each of those that they have.
    if !catalog::is_alone(connection, table, group.columns.len()).await? {
        return Ok(false);
    }
    let target = table.sql();
    let keys: Vec<Unit<'_>> = group.units.iter().map(|unit| unit.keys()).collect();
    for keys in grouped(&keys, name, true) {
        delete(connection, tables, name, &keys).await?;
    }
    copy(connection, &target, group).await?;
    Ok(true)
}

/// Gives the temporary table for rows of these columns, which is made once a session and empties itself with each transaction. It serves one group a packet.
async fn stage(
    connection: &mut PgConnection,
    tables: &mut Tables,
    name: &TableName,
    is_delete: bool,
    columns: &[&str],
) -> Result<String, Trouble> {
    let names = listed(columns);
    let number = tables.stages.len();
    let known = tables.stages.get(&(name.clone(), is_delete, names.clone())).copied();
    let stage = format!("pg_temp.dukou_run_{}", known.unwrap_or(number));
    if let (None, Some(table)) = (known, tables.by_source.get(name)) {
        let target = table.sql();
        let columns = format!("SELECT {names} FROM {target} WITH NO DATA");
        run_sql(connection, format!("CREATE TEMPORARY TABLE dukou_run_{number} ON COMMIT DELETE ROWS AS {columns}")).await?;
        tables.stages.insert((name.clone(), is_delete, names), number);
    }
    Ok(stage)
}

async fn copy(connection: &mut PgConnection, target: &str, group: &Group<'_, '_>) -> Result<(), Trouble> {
    let sql = format!("COPY {target} ({}) FROM STDIN", listed(group.columns));
    let mut copy = connection.copy_in_raw(&sql).await?;
    let mut few = Vec::new();
    for unit in &group.units {
        if unit.superseded.is_empty() && unit.lines.len() >= MESSAGE / 4 {
            for message in std::mem::take(&mut few).chunks(MESSAGE).chain(unit.lines.chunks(MESSAGE)) {
                copy.send(message).await?;
            }
            continue;
        }
        for (_, line) in lines_of(&unit.lines).enumerate().filter(|(at, _)| !unit.superseded.contains(at)) {
            few.extend_from_slice(line);
            few.push(b'\n');
        }
        if few.len() >= MESSAGE {
            copy.send(few.as_slice()).await?;
            few.clear();
        }
    }
    copy.send(few.as_slice()).await?;
    copy.finish().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::tables::{Name, RunHead};
    use std::sync::Arc;

    fn run(op: Op, columns: &[&str], key: &[&str], lines: &str) -> RowRun {
        let names = |names: &[&str]| names.iter().map(|name| Name::from(*name)).collect::<Vec<_>>();
        let head = RunHead { op, columns: names(columns), key: names(key), bytes: vec![], changed: vec![] };
        RowRun::of_lines("t".to_owned(), Arc::new(head), vec![], false, lines.as_bytes().to_vec()).expect("a run")
    }

    #[test]
    fn of_the_rows_of_one_key_the_last_is_left_wherever_its_columns_stand() {
        let first = run(Op::Insert, &["a", "b", "c"], &["a", "b"], "1\t1\tx\n1\t2\tx\n2\t1\tx\n");
        let second = run(Op::Update, &["c", "b", "a"], &["b", "a"], "y\t2\t1\nz\t2\t1\n");
        let gone = run(Op::Delete, &["b", "a"], &["b", "a"], "1\t2\n");
        let mut units = vec![Unit::of_run(&first), Unit::of_run(&second), Unit::of_run(&gone)];
        leave_last(&mut units);
        let superseded: Vec<Vec<usize>> = units.iter().map(|unit| unit.superseded.iter().copied().collect()).collect();
        assert_eq!(superseded, [vec![1, 2], vec![0], vec![]]);
    }
}
