//! The simulated database as a source and as a sink, by the contract of [`TableSource`] and [`TableSink`].

use super::super::database::{Address, DatabaseProblem, Databases, Outbox};
use super::restructure::SimRestructurer;
use super::runs::{in_runs, run_of};
use super::{Content, Noted, Shared, SimDatabase, change_row};
use crate::channel::{TableSinkConfig, TableSourceConfig};
use crate::connectors::tables::describe::{Describer, dialect_of};
use crate::connectors::tables::restructure::Restructurer;
use crate::connectors::tables::{
    Cells, Chunk, ChunkWanted, Entry, EntryId, EntryRange, Mark, Offered, Op, ReadLimits, RowChange, RowPacket, RowsPart,
    TableFault, TableName, TableSink, TableSource, Value,
};
use crate::schema::Dialect;
use crate::schema::drift::{LiveColumn, LiveTable};
use crate::schema::structure::{Structure, Table};
use dukou_packets::packet::header::ChannelName;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

/// The databases of a simulation, by their URLs; clones are the same ones.
#[derive(Clone, Default)]
pub struct SimDatabases(Arc<Mutex<BTreeMap<String, SimDatabase>>>);

impl SimDatabases {
    /// Gives the database with this URL, empty at first.
    pub fn at(&self, url: &str) -> SimDatabase {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(url.to_string()).or_default().clone()
    }
}

impl Databases for SimDatabases {
    fn source(
        &self,
        at: &Address,
        channel: &ChannelName,
        config: &TableSourceConfig,
    ) -> Result<Box<dyn TableSource>, DatabaseProblem> {
        let outbox = Outlet { channel: channel.clone(), tables: config.tables.clone() };
        Ok(Box::new(SimSource { database: self.at(&at.url), outbox }))
    }

    fn outbox(&self, _: &Address, _: &ChannelName, _: &TableSourceConfig) -> Result<Box<dyn Outbox>, DatabaseProblem> {
        Err(DatabaseProblem::NoConnector)
    }

    fn sink(
        &self,
        at: &Address,
        _: &ChannelName,
        _: &[TableName],
        config: &TableSinkConfig,
    ) -> Result<Box<dyn TableSink>, DatabaseProblem> {
        Ok(Box::new(SimSink { database: self.at(&at.url), names: config.clone() }))
    }

    fn describer(&self, at: &Address) -> Result<(Dialect, Box<dyn Describer>), DatabaseProblem> {
        let dialect = dialect_of(&at.url).ok_or(DatabaseProblem::NoConnector)?;
        Ok((dialect, Box::new(SimDescriber { database: self.at(&at.url), dialect })))
    }

    fn restructurer(&self, at: &Address) -> Result<Box<dyn Restructurer>, DatabaseProblem> {
        Ok(Box::new(SimRestructurer(self.at(&at.url))))
    }
}

/// Describes each table as it is believed to be, but for those that drifted.
struct SimDescriber {
    database: SimDatabase,
    dialect: Dialect,
}

impl Describer for SimDescriber {
    fn describe(&mut self, structure: &Structure) -> Result<Vec<LiveTable>, TableFault> {
        let dialect = self.dialect;
        self.database.call(|shared| {
            let tables = structure.tables.iter().filter(|table| !shared.drifted.contains(&table.name));
            Ok(tables.map(|table| described(dialect, table)).collect())
        })
    }
}

fn described(dialect: Dialect, table: &Table) -> LiveTable {
    let columns = table.columns.iter().map(|column| LiveColumn {
        name: dialect.catalog_name(&column.name),
        kind: dialect.catalog_type(table, column).unwrap_or_default(),
        nullable: column.nullable,
    });
    LiveTable {
        name: table.name.clone(),
        columns: columns.collect(),
        key: table.key.iter().map(|name| dialect.catalog_name(name)).collect(),
        rows: table.rows.clone().unwrap_or_default(),
    }
}

struct SimSource {
    database: SimDatabase,
    outbox: Outlet,
}

/// What of the outbox is a channel's.
struct Outlet {
    channel: ChannelName,
    tables: Vec<TableName>,
}

impl Outlet {
    fn has(&self, noted: &Noted) -> bool {
        match &noted.entry {
            Entry::Change(change) => self.tables.contains(&change.table),
            Entry::Run(run, _) => self.tables.contains(run.table()),
            Entry::Unfit { table, .. } => self.tables.contains(table),
            Entry::Marker(_) | Entry::Structure(_) => noted.channel.as_ref() == Some(&self.channel),
        }
    }
}

impl TableSource for SimSource {
    fn read(&mut self, except: &BTreeSet<i64>, limits: ReadLimits) -> Result<Vec<Offered>, TableFault> {
        self.database.call(|shared| {
            let offered = read(&shared.content, &self.outbox, except, limits);
            Ok(if shared.in_runs { in_runs(offered) } else { offered })
        })
    }

    fn delete(&mut self, entries: &[EntryId]) -> Result<(), TableFault> {
        self.database.call(|shared| {
            entries.iter().for_each(|entry| drop(remove(&mut shared.content, entry)));
            Ok(())
        })
    }

    fn delete_ranges(&mut self, ranges: &[EntryRange]) -> Result<(), TableFault> {
        self.database.call(|shared| {
            for range in ranges {
                let times = range.from_ms..=range.to_ms;
                let of_range = shared.content.outbox.range(range.first..=range.last);
                let gone: Vec<i64> = of_range.filter(|(_, noted)| times.contains(&noted.at_ms)).map(|(id, _)| *id).collect();
                shared.left_in_runs += gone.len() as u64;
                gone.iter().for_each(|id| drop(shared.content.outbox.remove(id)));
            }
            Ok(())
        })
    }

    fn set_aside(&mut self, refused: &[(EntryId, String)]) -> Result<(), TableFault> {
        self.database.call(|shared| {
            for (entry, code) in refused {
                if let Some(noted) = remove(&mut shared.content, entry) {
                    shared.content.set_aside.insert(entry.id, (noted, code.clone()));
                }
            }
            Ok(())
        })
    }

    fn chunk(&mut self, want: &ChunkWanted<'_>, token: u64) -> Result<Chunk, TableFault> {
        self.database.call(|shared| {
            let mut chunk = chunk(&mut shared.content, &self.outbox.channel, want, token)?;
            let changes = chunk.changes();
            if let Some(run) = run_of(&changes).filter(|_| shared.in_runs) {
                chunk.parts = vec![RowsPart::Run(run)];
            }
            Ok(chunk)
        })
    }

    fn check(&mut self) -> Result<Vec<TableFault>, TableFault> {
        self.database.call(|_| Ok(Vec::new()))
    }
}

/// Takes an entry out of the outbox, unless another one has its id now.
fn remove(content: &mut Content, entry: &EntryId) -> Option<Noted> {
    let is_it = content.outbox.get(&entry.id).is_some_and(|noted| entry.at_ms == 0 || noted.at_ms == entry.at_ms);
    if is_it { content.outbox.remove(&entry.id) } else { None }
}

/// Gives the closed window of the oldest entries, transaction by transaction, those with the lower highest id first.
fn read(content: &Content, outbox: &Outlet, except: &BTreeSet<i64>, limits: ReadLimits) -> Vec<Offered> {
    let is_wanted = |(id, noted): &(&i64, &Noted)| !except.contains(id) && outbox.has(noted);
    let seen: Vec<(&i64, &Noted)> = content.outbox.iter().filter(is_wanted).collect();
    let mut highest: BTreeMap<u64, i64> = BTreeMap::new();
    for (id, noted) in &seen {
        if let Some(transaction) = noted.transaction {
            highest.insert(transaction, **id);
        }
    }
    let place = |id: i64, noted: &Noted| noted.transaction.and_then(|number| highest.get(&number).copied()).unwrap_or(id);
    let Some((last, _)) = seen.get(limits.rows.min(seen.len()).wrapping_sub(1)) else { return Vec::new() };
    let mut window = **last;
    loop {
        let wider = seen.iter().filter(|(id, _)| **id <= window).map(|(id, noted)| place(**id, noted)).max().unwrap_or(window);
        if wider <= window {
            break;
        }
        window = wider;
    }
    let mut groups: BTreeMap<i64, Vec<Offered>> = BTreeMap::new();
    for (id, noted) in seen.into_iter().filter(|(id, _)| **id <= window) {
        let offered = Offered { id: *id, at_ms: noted.at_ms, entry: noted.entry.clone() };
        groups.entry(place(*id, noted)).or_default().push(offered);
    }
    before_structure(cut(groups.into_values(), limits.rows))
}

/// Lets a read end before the place of a structure change, and what is behind that place wait for the next one.
fn before_structure(mut offered: Vec<Offered>) -> Vec<Offered> {
    let place = offered.iter().position(|offered| matches!(offered.entry, Entry::Structure(_)));
    if let Some(at) = place {
        offered.truncate(at.max(1));
    }
    offered
}

/// Takes whole groups up to the limit; a first one that alone is longer is cut, and says that it goes on.
fn cut(groups: impl Iterator<Item = Vec<Offered>>, limit: usize) -> Vec<Offered> {
    let mut taken: Vec<Offered> = Vec::new();
    for mut group in groups {
        if taken.is_empty() && group.len() > limit {
            group.truncate(limit);
            let last = group.iter_mut().rev().find_map(|offered| match &mut offered.entry {
                Entry::Change(change) => Some(change),
                _ => None,
            });
            if let Some(change) = last {
                change.goes_on = true;
            }
            return group;
        }
        if taken.len() + group.len() > limit {
            break;
        }
        taken.append(&mut group);
    }
    taken
}

fn chunk(content: &mut Content, channel: &ChannelName, want: &ChunkWanted<'_>, token: u64) -> Result<Chunk, TableFault> {
    let behind = |key: &Cells| want.after.is_none_or(|after| key > after);
    let wanted = |row: &Cells| want.filter.is_none_or(|filter| selects(filter, row));
    let rows = content.tables.get(want.table).into_iter().flatten().filter(|(key, row)| behind(key) && wanted(row));
    let rows: Vec<(Cells, Cells)> = rows.map(|(key, row)| (key.clone(), row.clone())).collect();
    let (now, later) = rows.split_at(rows.len().min(want.rows as usize));
    let locked = content
        .open
        .values()
        .flatten()
        .any(|(_, change)| change.table == want.table && now.iter().any(|(key, _)| *key == change.key));
    if locked {
        return Err(TableFault::Busy { place: "simulated".to_string(), words: "lock timeout".to_string() });
    }
    content.last_id += 1;
    let at_ms = content.tick();
    let (entry, channel) = (Entry::Marker(token), Some(channel.clone()));
    content.outbox.insert(content.last_id, Noted { transaction: None, at_ms, entry, channel });
    let stock = |(key, row): &(Cells, Cells)| RowChange {
        table: want.table.to_string(),
        op: Op::Stock,
        key: key.clone(),
        row: row.clone(),
        changed: Vec::new(),
        transaction: None,
        goes_on: false,
    };
    let last = now.last().filter(|_| !later.is_empty()).map(|(key, _)| key.clone());
    Ok(Chunk { parts: now.iter().map(stock).map(RowsPart::One).collect(), last, left: later.len() as u64 })
}

/// Understands comparisons of columns with texts, joined by AND: `id >= 'b' AND id <= 'd'`.
fn selects(filter: &str, row: &Cells) -> bool {
    filter.split(" AND ").all(|term| {
        let words: Vec<&str> = term.split_whitespace().collect();
        let [column, operator, value] = words.as_slice() else { return false };
        let Some((_, Value::Text(found))) = row.iter().find(|(name, _)| name == column) else { return false };
        let value = value.trim_matches('\'');
        match *operator {
            "=" => found == value,
            ">=" => found.as_str() >= value,
            "<=" => found.as_str() <= value,
            _ => false,
        }
    })
}

struct SimSink {
    database: SimDatabase,
    names: TableSinkConfig,
}

impl TableSink for SimSink {
    fn mark(&mut self, channel: &ChannelName) -> Result<Option<Mark>, TableFault> {
        self.database.call(|shared| Ok(shared.content.marks.get(channel).copied()))
    }

    fn apply(&mut self, channel: &ChannelName, packet: &RowPacket) -> Result<(), TableFault> {
        self.database.call(|shared| apply(shared, channel, packet, &self.names))
    }

    fn pass_over(&mut self, channel: &ChannelName, mark: &Mark) -> Result<(), TableFault> {
        self.database.call(|shared| {
            for change in shared.content.pending.remove(channel).unwrap_or_default() {
                let table = self.names.name_of(&change.table).to_string();
                change_row(&mut shared.content.tables, &RowChange { table, ..change });
            }
            if !is_at(&shared.content, channel, mark) {
                shared.content.marks.insert(channel.clone(), *mark);
            }
            Ok(())
        })
    }

    fn check(&mut self) -> Result<Vec<TableFault>, TableFault> {
        self.database.call(|_| Ok(Vec::new()))
    }
}

/// True for a packet at or below the mark of its epoch.
fn is_at(content: &Content, channel: &ChannelName, mark: &Mark) -> bool {
    content.marks.get(channel).is_some_and(|known| known.epoch == mark.epoch && known.seq >= mark.seq)
}

fn apply(shared: &mut Shared, channel: &ChannelName, packet: &RowPacket, names: &TableSinkConfig) -> Result<(), TableFault> {
    if is_at(&shared.content, channel, &packet.mark) {
        return Ok(());
    }
    let follows = shared.content.marks.get(channel);
    let follows = follows.is_none_or(|known| known.epoch == packet.mark.epoch && known.seq + 1 == packet.mark.seq);
    let of = |goes_on: bool| {
        let changes = packet.changes.iter().filter(move |change| !goes_on || change.goes_on);
        changes.filter_map(|change| change.transaction).collect::<BTreeSet<u64>>()
    };
    let (going, all) = (of(true), of(false));
    let pending = shared.content.pending.remove(channel).unwrap_or_default();
    let still = |change: &RowChange| follows && change.transaction.is_some_and(|of| going.contains(&of) || !all.contains(&of));
    let (mut waits, mut now): (Vec<_>, Vec<_>) = pending.into_iter().partition(still);
    let goes_on = |change: &RowChange| change.transaction.is_some_and(|of| going.contains(&of));
    let (later, whole): (Vec<_>, Vec<_>) = packet.changes.iter().cloned().partition(goes_on);
    waits.extend(later);
    now.extend(whole);
    for (index, change) in now.iter().enumerate() {
        let change = RowChange { table: names.name_of(&change.table).to_string(), ..change.clone() };
        check(shared, &change, packet.mark.seq, index as u32)?;
        change_row(&mut shared.content.tables, &change);
    }
    if !waits.is_empty() {
        shared.content.pending.insert(channel.clone(), waits);
    }
    shared.content.marks.insert(channel.clone(), packet.mark);
    let version = shared.content.versions.get(&true).copied().unwrap_or_default();
    shared.content.met.push((channel.clone(), packet.mark, version));
    if !packet.changes.is_empty() {
        shared.content.applied.push(packet.mark);
    }
    look_for_orphans(shared);
    Ok(())
}

fn check(shared: &Shared, change: &RowChange, seq: u64, index: u32) -> Result<(), TableFault> {
    let refuse = |column: &str, code: &'static str| {
        let words = [format!("列 {column} 装不下"), format!("column {column} does not take it")];
        let (table, key) = (change.table.clone(), change.key_text());
        Err(TableFault::Row { seq, index, table, key, column: Some(column.to_string()), code, words })
    };
    for (column, value) in &change.row {
        if shared.columns.get(&change.table).is_some_and(|columns| !columns.contains(column.as_str())) {
            return refuse(column, "no-such-column");
        }
        let width = shared.widths.get(&(change.table.clone(), column.into()));
        if width.is_some_and(|width| value.shown().chars().count() > *width) {
            return refuse(column, "too-narrow");
        }
    }
    Ok(())
}

/// What is committed is seen by readers: no child may stand without its parent.
fn look_for_orphans(shared: &mut Shared) {
    let mut orphans = Vec::new();
    for (table, (column, parent)) in &shared.parents {
        let parents: BTreeSet<&Value> =
            shared.content.tables.get(parent).into_iter().flatten().filter_map(|(key, _)| Some(&key.first()?.1)).collect();
        for (key, row) in shared.content.tables.get(table).into_iter().flatten() {
            let refers = row.iter().find(|(name, _)| name == column).map(|(_, value)| value);
            if refers.is_some_and(|value| *value != Value::Null && !parents.contains(value)) {
                orphans.push(format!("{table} {key:?} without its {parent}"));
            }
        }
    }
    shared.violations.extend(orphans);
}
