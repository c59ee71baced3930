//! A packet into a sink that takes rows statement by statement: the same way for MariaDB and SQLite.
//!
//! Given: a packet, and a [`Target`] that can do single steps. Gives: one transaction with rows, what is pending and the mark. After a crash: all of it
//! or nothing. Never: a row that the database refused passed over without a word.
//!
//! First in bulk: the net result of the packet, deletes children first, then upserts parents first. Where the database refuses that, back to the
//! savepoint and row by row, round after round, until a whole round takes none any more: a child may stand before its parent, a unique value may
//! be handed from row to row, and what still is refused is refused for itself.

use super::net::Net;
use super::values::{Column, row_taken};
use super::{Cells, Mark, Name, Op, Problem, RowChange, RowPacket, TableFault, TableName, Value};
use dukou_packets::packet::header::{ChannelName, Epoch};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

/// Why a step of a target did not go.
#[derive(Debug)]
pub(super) enum Refused {
    /// A fault that is no row's.
    Fault(TableFault),
    /// The database, or the connector, refuses the rows of the step.
    Rows(Refusal),
}

impl From<TableFault> for Refused {
    fn from(fault: TableFault) -> Self {
        Self::Fault(fault)
    }
}

/// Why a row is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) column: Option<String>,
    pub(super) code: &'static str,
    pub(super) words: [String; 2],
}

impl Refusal {
    /// A refusal in the database's words.
    pub(super) fn by_database(code: &'static str, words: &str) -> Self {
        Self {
            column: None,
            code,
            words: [format!("数据库拒绝该行：{words}"), format!("the database refuses the row: {words}")],
        }
    }

    /// Another row of the sink has this key in all but letter case or blanks.
    pub(super) fn key_collides() -> Self {
        let words = [
            "该行的主键与库中另一行只差大小写或空格，而该列的排序规则不加区分；请把主键列改为区分大小写的排序规则".to_owned(),
            "its key differs from another row's in letter case or blanks alone, which the column's collation does not see; give the key a binary collation".to_owned(),
        ];
        Self { column: None, code: "key-collides", words }
    }
}

/// A table of the sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// Its columns, but for computed ones.
    pub(super) columns: Vec<Column>,
    /// Columns whose type takes values only changed.
    pub(super) unfit: Vec<TableFault>,
}

/// A change with its place: the packet it came in and its index there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) epoch: Epoch,
    pub(super) seq: u64,
    pub(super) index: u32,
    pub(super) change: RowChange,
}

/// The single steps of a sink. Between `begin` and `commit` or `roll_back` all are of one transaction.
pub(super) trait Target {
    /// Begins a transaction that no other's write can come between.
    fn begin(&mut self) -> Result<(), TableFault>;
    /// Gives a channel's mark, held against change.
    fn mark(&mut self, channel: &ChannelName) -> Result<Option<Mark>, TableFault>;
    /// The mark as this connector last saw or wrote it, with its channel; `None` where it does not know.
    fn left_at(&mut self) -> &mut Option<(ChannelName, Mark)>;
    /// Writes a channel's mark.
    fn set_mark(&mut self, channel: &ChannelName, mark: &Mark) -> Result<(), TableFault>;
    /// Gives the source transactions of which a channel has changes pending.
    fn open_transactions(&mut self, channel: &ChannelName) -> Result<BTreeSet<u64>, TableFault>;
    /// Takes what a channel has pending of one transaction, or all of it, in order.
    fn take_pending(&mut self, channel: &ChannelName, transaction: Option<u64>) -> Result<Vec<Placed>, TableFault>;
    /// Adds changes, each of a transaction, to what a channel has pending.
    fn keep_pending(&mut self, channel: &ChannelName, changes: &[Placed]) -> Result<(), TableFault>;
    /// Writes a dead letter.
    fn put_aside(&mut self, channel: &ChannelName, placed: &Placed, why: &Refusal) -> Result<(), TableFault>;
    /// Holds tables against a change of their structure until the transaction ends, and forgets what was read of those that changed since: what a column
    /// takes now decides, and not what it took. One that is not there is no fault here.
    fn hold_structure(&mut self, tables: &BTreeSet<String>) -> Result<(), TableFault>;
    /// Gives a table as the catalog has it, which is read once until [`forget`](Self::forget).
    fn shape(&mut self, table: &str) -> Result<Shape, TableFault>;
    /// Gives why a row whose values fit its columns is refused all the same; asked before anything is changed.
    fn objection(&mut self, _table: &str, _row: &Cells) -> Result<Option<Refusal>, TableFault> {
        Ok(None)
    }
    /// Gives the sink's tables, parents before their children.
    fn parents_first(&mut self) -> Result<Vec<String>, TableFault>;
    /// Forgets what was read of the catalog.
    fn forget(&mut self);
    /// Sets the point to which [`back`](Self::back) goes. With `in_bulk` the order of rows does not matter where the database allows that.
    fn savepoint(&mut self, in_bulk: bool) -> Result<(), TableFault>;
    /// Gives the savepoint up, and keeps what came after it.
    fn release(&mut self) -> Result<(), TableFault>;
    /// Goes back to the savepoint, which is gone then.
    fn back(&mut self) -> Result<(), TableFault>;
    /// Deletes rows by their keys; what is not there is no fault.
    fn delete(&mut self, table: &str, keys: &[Cells]) -> Result<(), Refused>;
    /// Makes rows stand there as given, over what stands there under their keys.
    fn upsert(&mut self, table: &str, rows: &[Cells]) -> Result<(), Refused>;
    /// Makes all of it durable. Where rows are refused by it the transaction stays open.
    fn commit(&mut self) -> Result<(), Refused>;
    /// Gives all of it up; without a transaction it does nothing.
    fn roll_back(&mut self);
}

/// How a channel's packets go into a sink.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Terms {
    /// The channel's tables, as the source names them, with the sink's names; no other table is written.
    pub(super) names: HashMap<TableName, TableName>,
    /// Whether refused rows become dead letters.
    pub(super) dead_letters: bool,
}

/// Applies a packet in one transaction.
pub(super) fn apply(
    target: &mut dyn Target,
    terms: &Terms,
    channel: &ChannelName,
    packet: &RowPacket,
) -> Result<(), TableFault> {
    target.begin()?;
    settle(target, channel, |target| within(target, terms, channel, (&packet.mark, &packet.changes), false))
}

/// Moves the mark over a packet that a person gives up; an older one does not move it back. What waited for the end of its transaction is applied,
/// since the end may have been in that packet.
pub(super) fn pass_over(target: &mut dyn Target, terms: &Terms, channel: &ChannelName, mark: &Mark) -> Result<(), TableFault> {
    target.begin()?;
    settle(target, channel, |target| within(target, terms, channel, (mark, &[]), true))
}

/// Ends a transaction, and remembers the mark that it leaves.
fn settle(
    target: &mut dyn Target,
    channel: &ChannelName,
    work: impl FnOnce(&mut dyn Target) -> Result<Mark, TableFault>,
) -> Result<(), TableFault> {
    let outcome = work(target);
    match outcome {
        Ok(mark) => *target.left_at() = Some((channel.clone(), mark)),
        Err(_) => {
            target.roll_back();
            target.forget();
        }
    }
    outcome.map(drop)
}

/// Gives a channel's mark; a fault where it is not the one that this connector left: the database goes on from another copy of its tables, and
/// whoever knows what was applied judges that first.
fn unmoved_mark(target: &mut dyn Target, channel: &ChannelName) -> Result<Option<Mark>, TableFault> {
    let there = target.mark(channel)?;
    match target.left_at().take() {
        Some((of, left)) if of == *channel && there != Some(left) => Err(mark_moved()),
        _ => Ok(there),
    }
}

/// The fault of a mark that somebody else moved; the mark is asked for again after it.
pub(super) fn mark_moved() -> TableFault {
    let words = "its mark is not where this station left it".to_owned();
    TableFault::Busy { place: "dukou_mark".to_owned(), words }
}

/// Tells whether a packet was applied before.
fn is_behind(there: Option<&Mark>, mark: &Mark) -> bool {
    there.is_some_and(|there| there.epoch == mark.epoch && mark.seq <= there.seq)
}

/// Gives the mark that stands in the end. Where packets are missing before this one, or a person `passes_over` it, what waits is waited for no longer.
fn within(
    target: &mut dyn Target,
    terms: &Terms,
    channel: &ChannelName,
    (mark, changes): (&Mark, &[RowChange]),
    passes_over: bool,
) -> Result<Mark, TableFault> {
    let there = unmoved_mark(target, channel)?;
    if let Some(there) = there.filter(|there| is_behind(Some(there), mark)) {
        target.roll_back();
        return Ok(there);
    }
    let follows = there.is_none_or(|there| there.epoch == mark.epoch && there.seq + 1 == mark.seq);
    let now = due(target, channel, (mark, changes), follows && !passes_over)?;
    let is_nothing = now.is_empty();
    let mut work = Work { target, terms, channel, changes: Vec::new(), letters: Vec::new() };
    work.take(now)?;
    let finish = |work: &mut Work<'_>| -> Result<(), Refused> {
        for (placed, why) in &work.letters {
            work.target.put_aside(channel, placed, why)?;
        }
        work.target.set_mark(channel, mark)?;
        work.target.commit()
    };
    let refused_at_commit = |refused| match refused {
        Refused::Fault(fault) => fault,
        Refused::Rows(why) => TableFault::Denied { place: "COMMIT".to_owned(), words: why.words[1].clone() },
    };
    if is_nothing {
        return finish(&mut work).map(|()| *mark).map_err(refused_at_commit);
    }
    let net = Net::of(work.changes.iter().map(|placed| &placed.change), &work.target.parents_first()?);
    work.target.savepoint(true)?;
    match work.in_bulk(&net).and_then(|()| finish(&mut work)) {
        Ok(()) => return Ok(*mark),
        Err(Refused::Fault(fault)) => return Err(fault),
        Err(Refused::Rows(_)) => work.target.back()?,
    }
    work.row_by_row(&net)?;
    finish(&mut work).map(|()| *mark).map_err(refused_at_commit)
}

/// Gives what is applied with this packet, and keeps what waits for the end of its transaction: other transactions may stand between the parts of one, so
/// that nothing but its own last part ends it. What waited and is no longer awaited goes first.
fn due(
    target: &mut dyn Target,
    channel: &ChannelName,
    (mark, changes): (&Mark, &[RowChange]),
    is_awaited: bool,
) -> Result<Vec<Placed>, TableFault> {
    let going: BTreeSet<u64> = changes.iter().filter(|change| change.goes_on).filter_map(|change| change.transaction).collect();
    let (mut open, mut now) = match is_awaited {
        true => (target.open_transactions(channel)?, Vec::new()),
        false => (BTreeSet::new(), target.take_pending(channel, None)?),
    };
    let mut kept = Vec::new();
    for (index, change) in (0..).zip(changes) {
        let placed = Placed { epoch: mark.epoch, seq: mark.seq, index, change: change.clone() };
        match change.transaction {
            Some(transaction) if going.contains(&transaction) => kept.push(placed),
            Some(transaction) if open.remove(&transaction) => {
                now.extend(target.take_pending(channel, Some(transaction))?);
                now.push(placed);
            }
            _ => now.push(placed),
        }
    }
    if !kept.is_empty() {
        target.keep_pending(channel, &kept)?;
    }
    Ok(now)
}

/// A packet that is being applied.
struct Work<'a> {
    target: &'a mut dyn Target,
    terms: &'a Terms,
    channel: &'a ChannelName,
    /// The changes whose values fit, in the sink's names.
    changes: Vec<Placed>,
    /// What is put aside.
    letters: Vec<(Placed, Refusal)>,
}

/// A row of the net result.
enum Step<'a> {
    Delete(&'a str, &'a Cells),
    Upsert(&'a str, &'a Cells),
}

impl Work<'_> {
    /// Checks all values before anything is changed.
    fn take(&mut self, changes: Vec<Placed>) -> Result<(), TableFault> {
        let names = changes.iter().filter_map(|placed| self.terms.names.get(&placed.change.table).cloned());
        self.target.hold_structure(&names.collect())?;
        for mut placed in changes {
            let Some(name) = self.terms.names.get(&placed.change.table) else {
                return Err(TableFault::Unfit { table: placed.change.table, column: None, problem: Problem::Missing });
            };
            placed.change.table.clone_from(name);
            let shape = self.target.shape(&placed.change.table)?;
            match fitted(&placed.change, &shape)? {
                Ok((key, row)) => {
                    let (key, row) = (into_other(key), into_other(row));
                    placed.change.key = key.unwrap_or(placed.change.key);
                    placed.change.row = row.unwrap_or(placed.change.row);
                    match self.target.objection(&placed.change.table, &placed.change.row)? {
                        None => self.changes.push(placed),
                        Some(why) => self.refuse(placed, why)?,
                    }
                }
                Err(why) => self.refuse(placed, why)?,
            }
        }
        Ok(())
    }

    /// Puts a change aside, or ends with it.
    fn refuse(&mut self, placed: Placed, why: Refusal) -> Result<(), TableFault> {
        if self.terms.dead_letters {
            self.letters.push((placed, why));
            return Ok(());
        }
        let source = self.terms.names.iter().find(|(_, sink)| **sink == placed.change.table).map(|(source, _)| source.clone());
        Err(TableFault::Row {
            seq: placed.seq,
            index: placed.index,
            key: placed.change.key_text(),
            table: source.unwrap_or(placed.change.table),
            column: why.column,
            code: why.code,
            words: why.words,
        })
    }

    fn in_bulk(&mut self, net: &Net) -> Result<(), Refused> {
        for (table, keys) in &net.deletes {
            self.target.delete(table, keys)?;
        }
        for (table, rows) in &net.upserts {
            self.target.upsert(table, rows)?;
        }
        Ok(())
    }

    fn row_by_row(&mut self, net: &Net) -> Result<(), TableFault> {
        let deletes = net.deletes.iter().flat_map(|(table, keys)| keys.iter().map(|key| Step::Delete(table, key)));
        let upserts = net.upserts.iter().flat_map(|(table, rows)| rows.iter().map(|row| Step::Upsert(table, row)));
        let mut steps: Vec<Step<'_>> = deletes.chain(upserts).collect();
        loop {
            let before = steps.len();
            let mut refused = Vec::new();
            for step in steps {
                if let Some(why) = self.one(&step)? {
                    refused.push((step, why));
                }
            }
            if refused.is_empty() {
                return Ok(());
            }
            if refused.len() == before {
                return self.refuse_all(refused);
            }
            steps = refused.into_iter().map(|(step, _)| step).collect();
        }
    }

    /// Takes a single row; gives why not.
    fn one(&mut self, step: &Step<'_>) -> Result<Option<Refusal>, TableFault> {
        self.target.savepoint(false)?;
        let done = match step {
            Step::Delete(table, key) => self.target.delete(table, std::slice::from_ref(*key)),
            Step::Upsert(table, row) => self.target.upsert(table, std::slice::from_ref(*row)),
        };
        match done {
            Ok(()) => self.target.release().map(|()| None),
            Err(Refused::Fault(fault)) => Err(fault),
            Err(Refused::Rows(why)) => self.target.back().map(|()| Some(why)),
        }
    }

    /// Tells the first of the refused rows in the order of the packet, or puts all aside.
    fn refuse_all(&mut self, refused: Vec<(Step<'_>, Refusal)>) -> Result<(), TableFault> {
        let mut found = Vec::new();
        for (step, why) in refused {
            let at = self.changes.iter().rposition(|placed| step.is_of(&placed.change));
            let Some(at) = at else {
                // Every step came from a change; one that did not is no reason to lose it.
                return Err(TableFault::Denied { place: self.channel.to_string(), words: why.words[1].clone() });
            };
            found.push((at, why));
        }
        found.sort_by_key(|(at, _)| *at);
        for (at, why) in found {
            let Some(placed) = self.changes.get(at).cloned() else { continue };
            self.refuse(placed, why)?;
        }
        Ok(())
    }
}

impl Step<'_> {
    /// Tells whether a change is about the row of this step.
    fn is_of(&self, change: &RowChange) -> bool {
        let (table, cells) = match self {
            Self::Delete(table, cells) | Self::Upsert(table, cells) => (*table, *cells),
        };
        let holds = |column: &Name, value: &Value| cells.iter().any(|(name, cell)| name == column && cell == value);
        let key_now = |column: &Name| change.row.iter().find(|(name, _)| name == column).map(|(_, value)| value);
        let by_key = change.key.iter().all(|(column, value)| holds(column, value));
        let by_row = change.op != Op::Delete
            && change.key.iter().all(|(column, _)| key_now(column).is_some_and(|value| holds(column, value)));
        table == change.table && (by_key || by_row)
    }
}

/// A key or a row as the sink's columns take it.
type Taken<'a> = Cow<'a, Cells>;

/// Gives what is other than it was.
fn into_other(taken: Taken<'_>) -> Option<Cells> {
    match taken {
        Cow::Borrowed(_) => None,
        Cow::Owned(other) => Some(other),
    }
}

/// Gives key and row of a change as the sink's columns take them.
fn fitted<'a>(change: &'a RowChange, shape: &Shape) -> Result<Result<(Taken<'a>, Taken<'a>), Refusal>, TableFault> {
    let names_it = |fault: &&TableFault| match fault {
        TableFault::Unfit { column: Some(column), .. } => change.row.iter().chain(&change.key).any(|(name, _)| name == column),
        _ => true,
    };
    if let Some(fault) = shape.unfit.iter().find(names_it) {
        return Err(fault.clone());
    }
    if let Some(why) = other_key(change) {
        return Ok(Err(why));
    }
    let key: BTreeSet<&str> = shape.columns.iter().filter(|column| column.in_key).map(|column| column.name.as_str()).collect();
    let has: BTreeSet<&str> = change.key.iter().map(|(column, _)| column.as_str()).collect();
    let taken = row_taken(&shape.columns, &change.key).and_then(|key| Ok((key, row_taken(&shape.columns, &change.row)?)));
    Ok(match taken {
        Err(misfit) => Err(Refusal { code: misfit.code(), words: misfit.words(), column: Some(misfit.column) }),
        Ok(_) if key != has => Err(key_differs(&key)),
        Ok(taken) => Ok(taken),
    })
}

/// Gives why a row is refused whose key is not the one that its change names: whatever else is known of the key would be about another row.
pub(super) fn other_key(change: &RowChange) -> Option<Refusal> {
    let is_other = |(column, value): &&(Name, Value)| change.row.iter().any(|(name, other)| name == column && other != value);
    change.key.iter().find(is_other).map(|(column, _)| {
        let words = [
            format!("该行列 {column} 的值与改动所指的主键不同；请核对来源的触发器或导出文件"),
            format!("its value of column {column} is not that of the key that the change names; check the source's triggers or the extract"),
        ];
        Refusal { column: Some(column.into()), code: "key-differs", words }
    })
}

pub(super) fn key_differs(key: &BTreeSet<&str>) -> Refusal {
    let key = key.iter().copied().collect::<Vec<_>>().join(", ");
    let words = [
        format!("去向表的主键是 {key}，与来源表的不同；请把两边的主键改为一致"),
        format!("the sink's key is {key}, the source's is another; make both the same"),
    ];
    Refusal { column: None, code: "key-differs", words }
}

/// Changes that were kept, as they are read: each with its large values in rows behind it.
#[derive(Debug, Default)]
pub(super) struct TakenRows {
    changes: Vec<TakenChange>,
}

/// A change that was kept: its epoch, its packet and index there, its table, its body and its large values.
type TakenChange = (String, (i64, i64), String, Vec<Vec<u8>>);

impl TakenRows {
    /// Adds the next row: its epoch, its packet and index there, its table, and a body or the next value of the change before it.
    pub(super) fn add(&mut self, epoch: String, place: (i64, i64), table: String, body: Vec<u8>) {
        match self.changes.last_mut().filter(|(.., last, _, _)| *last == place) {
            Some((.., bodies)) => bodies.push(body),
            None => self.changes.push((epoch, place, table, vec![body])),
        }
    }

    /// Gives the changes.
    pub(super) fn placed(self) -> Result<Vec<Placed>, TableFault> {
        self.changes.into_iter().map(|(epoch, place, table, bodies)| pending_of(&epoch, place, table, &bodies)).collect()
    }
}

/// Reads a change that was kept, with its large values behind it.
fn pending_of(epoch: &str, (seq, index): (i64, i64), table: String, bodies: &[Vec<u8>]) -> Result<Placed, TableFault> {
    let unreadable = || TableFault::Unfit { table: "dukou_pending".to_owned(), column: None, problem: Problem::Drifted };
    let (body, large) = bodies.split_first().ok_or_else(unreadable)?;
    let large: Vec<&[u8]> = large.iter().map(Vec::as_slice).collect();
    let mut change = RowChange::parse(body, &large).map_err(|_| unreadable())?;
    change.table = table;
    let index = u32::try_from(index).map_err(|_| unreadable())?;
    Ok(Placed { epoch: epoch.parse().map_err(|_| unreadable())?, seq: seq.unsigned_abs(), index, change })
}
