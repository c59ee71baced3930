//! A little database for simulations: transactions that overlap, an outbox, marks, and faults on command.
//!
//! A [`SimDatabase`] is a handle; its clones share one content, which stands for what is durable. Ids of the outbox are handed out at the statement and seen
//! at the commit, as a real server does it, so that a transaction may become visible behind a later one's rows. [`SimDatabases`] gives connectors for it.

mod connectors;
mod restructure;
mod runs;

pub use connectors::SimDatabases;
#[cfg(test)]
pub(crate) use runs::run_of;

use super::restructure::{Standing, StepFault};
use super::{Cells, Entry, Mark, Op, RowChange, TableFault, Value};
use dukou_packets::packet::header::ChannelName;
use dukou_packets::suite::Digest;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The value that cannot travel.
pub const UNFIT: &str = "infinity";

/// What a call to come meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SimFault {
    /// It is refused so, and nothing happened.
    Refused(TableFault),
    /// It happens, and its answer is lost.
    Unanswered,
}

/// When a hook is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before anything happened.
    Before,
    /// After everything happened, before the answer.
    After,
}

/// What happens around calls: given the call's number from 1; true when the caller is dead and hears nothing more.
pub type SimHook = Box<dyn FnMut(u64, Moment) -> bool + Send>;

/// A database in memory; clones share one content.
#[derive(Clone, Default)]
pub struct SimDatabase {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    content: Content,
    calls: u64,
    planned: BTreeMap<u64, SimFault>,
    /// The outbox is offered in runs where it can be, and so is the stock.
    in_runs: bool,
    /// Entries that were taken out of the outbox as those of runs.
    left_in_runs: u64,
    hook: Option<SimHook>,
    /// Rules of the sink.
    widths: BTreeMap<(String, String), usize>,
    columns: BTreeMap<String, BTreeSet<String>>,
    parents: BTreeMap<String, (String, String)>,
    violations: Vec<String>,
    /// Tables that are not there when it is described.
    drifted: BTreeSet<String>,
    /// Steps of structure changes that it refuses.
    refuses: BTreeMap<u32, StepFault>,
}

/// The rows of a table, by key.
type Rows = BTreeMap<Cells, Cells>;

/// What is durable.
#[derive(Clone, Debug, Default)]
struct Content {
    tables: BTreeMap<String, Rows>,
    outbox: BTreeMap<i64, Noted>,
    set_aside: BTreeMap<i64, (Noted, String)>,
    last_id: i64,
    /// Entries that were ever written: time goes on when the content is put back.
    ticks: i64,
    last_transaction: u64,
    open: BTreeMap<u64, Vec<(i64, RowChange)>>,
    marks: BTreeMap<ChannelName, Mark>,
    pending: BTreeMap<ChannelName, Vec<RowChange>>,
    applied: Vec<Mark>,
    /// `dukou_schema`: by document, and whether rows come in.
    changes: BTreeMap<(Digest, bool), Standing>,
    /// The version of the structure after the changes that are done, by whether rows come in.
    versions: BTreeMap<bool, u32>,
    /// Each packet that was applied, and under which version of the structure.
    met: Vec<(ChannelName, Mark, u32)>,
}

impl Content {
    /// Gives the time of the next entry.
    fn tick(&mut self) -> i64 {
        self.ticks += 1;
        1_795_305_600_000 + self.ticks
    }
}

/// A committed entry of the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Noted {
    transaction: Option<u64>,
    at_ms: i64,
    entry: Entry,
    /// The channel whose outbox it stands in, where it is no change of a row: those are of the channel that has the table.
    channel: Option<ChannelName>,
}

/// A transaction of an application.
pub struct SimTransaction {
    database: SimDatabase,
    number: u64,
}

impl SimDatabase {
    /// Copies what is durable now into a database of its own, as a backup does.
    pub fn copy(&self) -> Self {
        let content = self.lock().content.clone();
        Self { shared: Arc::new(Mutex::new(Shared { content, ..Shared::default() })) }
    }

    /// Puts a copy's content back.
    pub fn put_back(&self, copy: &Self) {
        let content = copy.lock().content.clone();
        let mut shared = self.lock();
        let ticks = shared.content.ticks.max(content.ticks);
        shared.content = Content { ticks, ..content };
    }

    /// Begins a transaction.
    pub fn begin(&self) -> SimTransaction {
        let mut shared = self.lock();
        shared.content.last_transaction += 1;
        let number = shared.content.last_transaction;
        shared.content.open.insert(number, Vec::new());
        SimTransaction { database: self.clone(), number }
    }

    /// The server dies: open transactions are gone.
    pub fn crash(&self) {
        self.lock().content.open.clear();
    }

    /// Gives the committed rows of all tables that have any.
    pub fn rows(&self) -> BTreeMap<String, BTreeMap<Cells, Cells>> {
        let tables = self.lock().content.tables.clone();
        tables.into_iter().filter(|(_, rows)| !rows.is_empty()).collect()
    }

    /// Forgets the outbox: what is there becomes stock, as if the outbox were made only now.
    pub fn forget_outbox(&self) {
        self.lock().content.outbox.clear();
    }

    /// Counts the entries of the outbox.
    pub fn waiting(&self) -> usize {
        self.lock().content.outbox.len()
    }

    /// Lets the outbox and the stock be offered in runs from now on, where rows are alike.
    pub fn offer_runs(&self) {
        self.lock().in_runs = true;
    }

    /// Counts the entries that were taken out of the outbox as those of runs.
    pub fn left_in_runs(&self) -> u64 {
        self.lock().left_in_runs
    }

    /// Counts the changes that wait in a sink for the ends of their transactions.
    pub fn pending(&self) -> usize {
        self.lock().content.pending.values().map(Vec::len).sum()
    }

    /// Gives the keys and codes of what was set aside beside the outbox.
    pub fn set_aside(&self) -> Vec<(String, String)> {
        let shared = self.lock();
        let shown = |(noted, code): &(Noted, String)| match &noted.entry {
            Entry::Change(change) => (change.key_text(), code.clone()),
            Entry::Unfit { key, .. } => (key.iter().map(|(_, value)| value.shown()).collect(), code.clone()),
            Entry::Marker(token) => (token.to_string(), code.clone()),
            Entry::Structure(document) => (document.to_string(), code.clone()),
            Entry::Run(run, _) => (run.key_text(), code.clone()),
        };
        shared.content.set_aside.values().map(shown).collect()
    }

    /// Gives the marks of the packets that were applied, in order.
    pub fn applied(&self) -> Vec<Mark> {
        self.lock().content.applied.clone()
    }

    /// Gives a channel's mark.
    pub fn mark_of(&self, channel: &ChannelName) -> Option<Mark> {
        self.lock().content.marks.get(channel).copied()
    }

    /// Sets a channel's mark, as somebody else's station would.
    pub fn set_mark(&self, channel: &ChannelName, mark: Mark) {
        self.lock().content.marks.insert(channel.clone(), mark);
    }

    /// Gives what readers saw that they must not see: children without their parents.
    pub fn violations(&self) -> Vec<String> {
        self.lock().violations.clone()
    }

    /// Lets rows of `table` refer by `column` to the single key column of `parent`.
    pub fn refer(&self, table: &str, column: &str, parent: &str) {
        self.lock().parents.insert(table.to_string(), (column.to_string(), parent.to_string()));
    }

    /// Lets a column of the sink take so many characters at most.
    pub fn narrow(&self, table: &str, column: &str, width: usize) {
        self.lock().widths.insert((table.to_string(), column.to_string()), width);
    }

    /// Takes that limit away.
    pub fn widen(&self, table: &str, column: &str) {
        self.lock().widths.remove(&(table.to_string(), column.to_string()));
    }

    /// Lets a table of the sink have these columns alone; none of it is checked before.
    pub fn declare(&self, table: &str, columns: &[&str]) {
        let columns = columns.iter().map(|column| (*column).to_string()).collect();
        self.lock().columns.insert(table.to_string(), columns);
    }

    /// Lets the `n`-th call of a connector from now (1: the next one) meet a fault.
    pub fn fail_at(&self, n: u64, fault: SimFault) {
        let mut shared = self.lock();
        let at = shared.calls + n;
        shared.planned.insert(at, fault);
    }

    /// Forgets faults that were planned and not met.
    pub fn calm(&self) {
        self.lock().planned.clear();
    }

    /// Counts the calls of connectors so far, so that a sweep can fail each of them in turn.
    pub fn calls(&self) -> u64 {
        self.lock().calls
    }

    /// Lets a table be missing whenever the database is described, from now on or no more.
    pub fn drift(&self, table: &str, is_gone: bool) {
        let mut shared = self.lock();
        match is_gone {
            true => drop(shared.drifted.insert(table.to_string())),
            false => drop(shared.drifted.remove(table)),
        }
    }

    /// Lets a step of a structure change be refused, from now on.
    pub fn refuse_step(&self, step: u32, fault: StepFault) {
        self.lock().refuses.insert(step, fault);
    }

    /// Lets every step of a structure change be taken again.
    pub fn refuse_none(&self) {
        self.lock().refuses.clear();
    }

    /// Gives the version of the structure in the tables that rows leave from, or come into; 0 before the first change.
    pub fn version(&self, comes: bool) -> u32 {
        self.lock().content.versions.get(&comes).copied().unwrap_or_default()
    }

    /// Gives the packets of a channel that were applied, and under which version of the structure each was; 0 before the first change.
    pub fn met(&self, channel: &ChannelName) -> Vec<(Mark, u32)> {
        let met = self.lock().content.met.clone();
        met.into_iter().filter(|(of, ..)| of == channel).map(|(_, mark, version)| (mark, version)).collect()
    }

    /// Lets something happen around every call from now on, or ends that.
    pub fn hook(&self, hook: Option<SimHook>) {
        self.lock().hook = hook;
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One call of a connector: its faults around what it does; after a fault of the call itself nothing of it stands.
    fn call<T, F: From<TableFault>>(&self, act: impl FnOnce(&mut Shared) -> Result<T, F>) -> Result<T, F> {
        let mut shared = self.lock();
        shared.calls += 1;
        let number = shared.calls;
        let is_dead = |shared: &mut Shared, moment| shared.hook.as_mut().is_some_and(|hook| hook(number, moment));
        if is_dead(&mut shared, Moment::Before) {
            return Err(away("killed").into());
        }
        let planned = shared.planned.remove(&number);
        if let Some(SimFault::Refused(fault)) = planned {
            return Err(fault.into());
        }
        let before = shared.content.clone();
        let done = act(&mut shared);
        if done.is_err() {
            shared.content = before;
        }
        if is_dead(&mut shared, Moment::After) || planned.is_some() {
            return Err(away("no answer").into());
        }
        done
    }
}

fn away(words: &str) -> TableFault {
    TableFault::Away { place: "simulated".to_string(), words: words.to_string() }
}

impl SimTransaction {
    /// Writes a row: an insert, or an update of what is there.
    pub fn put(&self, table: &str, key: &[(&str, &str)], rest: &[(&str, &str)]) {
        let (key, rest) = (cells(key), cells(rest));
        let row: Cells = key.iter().chain(&rest).cloned().collect();
        let before = self.sees(table, &key);
        if before.as_ref() == Some(&row) {
            return;
        }
        let changed = before.iter().flatten().zip(&row).filter(|(old, new)| old != new).map(|(_, new)| String::from(&new.0));
        let changed = changed.collect();
        let op = if before.is_some() { Op::Update } else { Op::Insert };
        self.note(RowChange {
            table: table.to_string(),
            op,
            key,
            row,
            changed,
            transaction: Some(self.number),
            goes_on: false,
        });
    }

    /// Deletes a row, if it is there.
    pub fn delete(&self, table: &str, key: &[(&str, &str)]) {
        let key = cells(key);
        if self.sees(table, &key).is_some() {
            let (op, transaction) = (Op::Delete, Some(self.number));
            let (row, changed) = (Vec::new(), Vec::new());
            self.note(RowChange { table: table.to_string(), op, key, row, changed, transaction, goes_on: false });
        }
    }

    /// Makes everything durable and seen.
    pub fn commit(self) {
        let mut shared = self.database.lock();
        for (id, change) in shared.content.open.remove(&self.number).unwrap_or_default() {
            change_row(&mut shared.content.tables, &change);
            let transaction = change.transaction;
            let at_ms = shared.content.tick();
            shared.content.outbox.insert(id, Noted { transaction, at_ms, entry: entry_of(change), channel: None });
        }
    }

    /// Takes everything back.
    pub fn roll_back(self) {
        self.database.lock().content.open.remove(&self.number);
    }

    /// Tells whether another open transaction has changed this row: a real server would let this one wait.
    pub fn is_locked(&self, table: &str, key: &[(&str, &str)]) -> bool {
        let (shared, key) = (self.database.lock(), cells(key));
        let others = shared.content.open.iter().filter(|(number, _)| **number != self.number);
        others.flat_map(|(_, changes)| changes).any(|(_, change)| change.table == table && change.key == key)
    }

    /// Gives a row as this transaction sees it.
    fn sees(&self, table: &str, key: &Cells) -> Option<Cells> {
        let shared = self.database.lock();
        let own = shared.content.open.get(&self.number).map_or(&[][..], Vec::as_slice).iter();
        match own.rev().find(|(_, change)| change.table == table && change.key == *key) {
            Some((_, change)) if change.op == Op::Delete => None,
            Some((_, change)) => Some(change.row.clone()),
            None => shared.content.tables.get(table).and_then(|rows| rows.get(key)).cloned(),
        }
    }

    /// Gives the keys of a table as this transaction sees them.
    pub fn keys(&self, table: &str) -> Vec<String> {
        let committed: Vec<Cells> = {
            let shared = self.database.lock();
            let own = shared.content.open.get(&self.number).into_iter().flatten();
            let own = own.filter(|(_, change)| change.table == table).map(|(_, change)| change.key.clone());
            shared.content.tables.get(table).into_iter().flat_map(|rows| rows.keys().cloned()).chain(own).collect()
        };
        let seen: BTreeSet<String> = committed
            .iter()
            .filter(|key| self.sees(table, key).is_some())
            .map(|key| key.iter().map(|(_, value)| value.shown()).collect::<Vec<_>>().join("/"))
            .collect();
        seen.into_iter().collect()
    }

    fn note(&self, change: RowChange) {
        let mut shared = self.database.lock();
        shared.content.last_id += 1;
        let id = shared.content.last_id;
        if let Some(open) = shared.content.open.get_mut(&self.number) {
            open.push((id, change));
        }
    }
}

/// Gives what the trigger notes: a row with [`UNFIT`] in it cannot travel.
fn entry_of(change: RowChange) -> Entry {
    let unfit = change.row.iter().find(|(_, value)| *value == Value::Text(UNFIT.to_string()));
    match unfit.map(|(column, _)| column.clone()) {
        None => Entry::Change(change),
        Some(column) => Entry::Unfit {
            table: change.table,
            key: change.key,
            code: "date-out-of-range",
            column: Some(column.into()),
            bytes: Some(UNFIT.len() as u64),
        },
    }
}

fn cells(of: &[(&str, &str)]) -> Cells {
    of.iter().map(|(column, value)| ((*column).into(), Value::Text((*value).to_string()))).collect()
}

fn change_row(tables: &mut BTreeMap<String, Rows>, change: &RowChange) {
    let rows = tables.entry(change.table.clone()).or_default();
    match change.op {
        Op::Delete => drop(rows.remove(&change.key)),
        _ => drop(rows.insert(change.key.clone(), change.row.clone())),
    }
}
