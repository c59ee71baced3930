//! Numbered scripts as a sink of rows.
//!
//! Given: packets of rows. Gives: `000001.sql`, `000002.sql` … in a folder, one a packet that completes a transaction, whole and durable when
//! its name appears. After a crash: `.dukou-scripts.json` tells the packet of the last script; a packet that comes again gets the same script
//! under the same number once more, and running it twice changes nothing. Never: two scripts of one packet under two numbers; a value that its
//! column does not take.

use super::script::{Script, Statement, literals, mark_table};
use super::{fault, wrong};
use crate::connectors::tables::applying::{Refusal, other_key};
use crate::connectors::tables::change::{Line, parse_line};
use crate::connectors::tables::database::OwnTables;
use crate::connectors::tables::declared::{DECLARED_MAX, Declared, DeclaredTable, Dialect};
use crate::connectors::tables::restructure::{Restructure, RestructureFault, Standing};
use crate::connectors::tables::values::{Kind, Misfit, Why, taken};
use crate::connectors::tables::{
    Cells, Mark, Name, Op, Problem, RowChange, RowPacket, TableFault, TableName, TableSink, Value,
};
use crate::seams::Files;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::suite::Digest;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where it stands what the last script was.
const STATE: &str = ".dukou-scripts.json";

/// What scripts are called behind their number.
const SUFFIX: &str = ".sql";

/// Longest state, and longest file of rows that wait for their transaction's end, in bytes.
const STATE_MAX: u64 = 64 << 10;
const PENDING_MAX: u64 = 1 << 30;

/// The list of the columns of the database there, in the folder.
const COLUMNS: &str = "columns.tsv";

/// A folder of numbered scripts, for one channel; `columns.tsv` in it tells the database's tables ([`Declared::read`]).
pub struct TableFileSink {
    files: Arc<dyn Files>,
    folder: PathBuf,
    /// The sink's names of the channel's tables, by the source's; no other table is written.
    names: BTreeMap<TableName, TableName>,
}

/// What the folder knows of its channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    channel: String,
    epoch: String,
    seq: u64,
    header: String,
    /// The number of the last script, and the header digest of its packet; zero before the first.
    number: u32,
    script: String,
    /// Packets whose rows wait, and the transactions they are of.
    pending: Vec<String>,
    transactions: BTreeSet<u64>,
    /// The last structure change whose script stands in the folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    change: Option<Handed>,
}

impl State {
    fn new(channel: &ChannelName) -> Self {
        let (epoch, zero) = (dukou_packets::packet::header::Epoch::NONE.to_string(), Digest::ZERO.to_string());
        let channel = channel.to_string();
        Self {
            channel,
            epoch,
            seq: 0,
            header: zero.clone(),
            number: 0,
            script: zero,
            pending: Vec::new(),
            transactions: BTreeSet::new(),
            change: None,
        }
    }

    fn mark(&self) -> Option<Mark> {
        Some(Mark { epoch: self.epoch.parse().ok()?, seq: self.seq, header: digest(&self.header)? })
    }

    fn set(&mut self, mark: &Mark) {
        (self.epoch, self.seq, self.header) = (mark.epoch.to_string(), mark.seq, mark.header.to_string());
    }
}

fn digest(hex: &str) -> Option<Digest> {
    let bytes = data_encoding::HEXLOWER.decode(hex.as_bytes()).ok()?;
    bytes.try_into().ok().map(Digest::from_bytes)
}

/// Reads the list of columns that an administrator put into a folder.
pub(in crate::connectors::tables) fn read_declared(files: &dyn Files, folder: &Path) -> Result<Declared, TableFault> {
    let path = folder.join(COLUMNS);
    if files.stat(&path).map_err(fault)?.is_none() {
        return Err(wrong(&path, "缺少列清单，请放入该文件", "the list of columns is not there; put it there"));
    }
    let bytes = files.read(&path, DECLARED_MAX).map_err(fault)?;
    let text = String::from_utf8(bytes).map_err(|_| wrong(&path, "列清单不是 UTF-8", "the list of columns is not UTF-8"))?;
    Declared::read(&text).map_err(|fault| match fault {
        TableFault::Denied { words, .. } => TableFault::Denied { place: path.display().to_string(), words },
        other => other,
    })
}

impl TableFileSink {
    /// Makes a sink of a folder; `names` leads from a source's table to the sink's. Nothing is read yet.
    pub fn new(files: Arc<dyn Files>, folder: &Path, names: BTreeMap<TableName, TableName>) -> Self {
        Self { files, folder: folder.to_path_buf(), names }
    }

    fn declared(&self) -> Result<Declared, TableFault> {
        read_declared(self.files.as_ref(), &self.folder)
    }

    /// Gives the statement that an administrator runs once, before the first script.
    pub fn install_sql_of(dialect: Dialect) -> &'static str {
        mark_table(dialect)
    }

    fn state(&self, channel: &ChannelName) -> Result<Option<State>, TableFault> {
        let Some(state) = self.any_state()? else { return Ok(None) };
        let path = self.folder.join(STATE);
        match state.channel == channel.as_str() {
            true => Ok(Some(state)),
            false => Err(wrong(&path, "该目录已用于另一个通道", "this folder is used by another channel")),
        }
    }

    /// Gives what the folder knows, of whichever channel.
    fn any_state(&self) -> Result<Option<State>, TableFault> {
        let path = self.folder.join(STATE);
        if self.files.stat(&path).map_err(fault)?.is_none() {
            return Ok(None);
        }
        let bytes = self.files.read(&path, STATE_MAX).map_err(fault)?;
        let state: Option<State> = serde_json::from_slice(&bytes).ok().filter(|state: &State| state.mark().is_some());
        let damaged = || wrong(&path, "该文件已损坏，请从备份恢复", "this file is damaged; restore it from a backup");
        state.map(Some).ok_or_else(damaged)
    }

    fn keep(&self, state: &State) -> Result<(), TableFault> {
        let bytes = serde_json::to_vec(state).unwrap_or_default();
        let path = self.folder.join(STATE);
        self.files.replace(&path, &bytes).and_then(|()| self.files.sync_fs(&self.folder)).map_err(fault)
    }

    fn pending_path(&self, name: &str) -> PathBuf {
        self.folder.join(format!(".pending-{name}.jsonl"))
    }

    /// Writes a file as a whole, durable before its name appears; one of an earlier try is written anew.
    fn place(&self, path: &Path, bytes: &[u8]) -> Result<(), TableFault> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let unfinished = path.with_file_name(format!(".{name}.part"));
        self.files.remove(&unfinished).map_err(fault)?;
        let mut file = self.files.create(&unfinished).map_err(fault)?;
        file.write(bytes).and_then(|()| file.sync()).map_err(fault)?;
        drop(file);
        self.files.remove(path).map_err(fault)?;
        self.files.rename_new(&unfinished, path).and_then(|()| self.files.sync_dir(&self.folder)).map_err(fault)
    }

    /// Gives the rows that wait from earlier packets, and forgets nothing yet.
    fn waiting(&self, state: &State) -> Result<Vec<RowChange>, TableFault> {
        let mut changes = Vec::new();
        for name in &state.pending {
            let path = self.pending_path(name);
            let bytes = self.files.read(&path, PENDING_MAX).map_err(fault)?;
            for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                match parse_line(line) {
                    Ok(Line::Change(change)) => changes.push(change),
                    _ => {
                        return Err(wrong(
                            &path,
                            "该文件已损坏，请从备份恢复",
                            "this file is damaged; restore it from a backup",
                        ));
                    }
                }
            }
        }
        Ok(changes)
    }

    fn put_off(&self, state: &mut State, mark: &Mark, changes: &[RowChange]) -> Result<(), TableFault> {
        let name = format!("{}-{}", mark.epoch, mark.seq);
        let mut lines = Vec::new();
        for change in changes {
            lines.extend(change.render_line());
            lines.push(b'\n');
        }
        self.place(&self.pending_path(&name), &lines)?;
        state.transactions.extend(changes.iter().filter_map(|change| change.transaction));
        state.pending.push(name);
        Ok(())
    }

    fn table<'d>(&self, declared: &'d Declared, name: &str) -> Result<&'d DeclaredTable, TableFault> {
        let wanted = self.names.get(name);
        let exact = declared.tables.iter().find(|table| Some(&table.name) == wanted);
        let shown = || wanted.map_or(name, String::as_str).to_string();
        exact.ok_or_else(|| TableFault::Unfit { table: shown(), column: None, problem: Problem::Missing })
    }

    /// Checks a change against its table and makes its statement.
    fn statement<'d>(
        &self,
        declared: &'d Declared,
        seq: u64,
        index: usize,
        change: &RowChange,
    ) -> Result<Statement<'d>, TableFault> {
        let (table, dialect) = (self.table(declared, &change.table)?, declared.dialect);
        let refused = |misfit: Misfit| TableFault::Row {
            seq,
            index: u32::try_from(index).unwrap_or(u32::MAX),
            table: table.name.clone(),
            key: change.key_text(),
            column: Some(misfit.column.clone()),
            code: misfit.code(),
            words: misfit.words(),
        };
        if let Some(Refusal { column, code, words }) = other_key(change) {
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            return Err(TableFault::Row { seq, index, table: table.name.clone(), key: change.key_text(), column, code, words });
        }
        let key = cells(dialect, table, &change.key).map_err(refused)?;
        let has = |name: &str| {
            key.iter().any(|(column, _)| table.column(column).is_some_and(|declared| declared.column.name == name))
        };
        if let Some(missing) = table.key().find(|declared| !has(&declared.column.name)) {
            return Err(refused(Misfit { column: missing.column.name.clone(), why: Why::NotInKey }));
        }
        if let Some((name, _)) = key.iter().find(|(name, _)| table.column(name).is_some_and(|declared| !declared.column.in_key))
        {
            return Err(refused(Misfit { column: name.into(), why: Why::NotInKey }));
        }
        match change.op {
            Op::Delete => Ok(Statement::Delete(table, literals(table, &key, dialect))),
            _ => {
                let row = cells(dialect, table, &change.row).map_err(refused)?;
                Ok(Statement::Upsert(table, literals(table, &row, dialect)))
            }
        }
    }
}

impl OwnTables for TableFileSink {
    fn install_sql(&mut self) -> Result<String, TableFault> {
        Ok(Self::install_sql_of(self.declared()?.dialect).to_owned())
    }

    fn install(&mut self) -> Result<(), TableFault> {
        Err(wrong(
            &self.folder,
            "渡口不连接这个数据库，请加 --print，把打印的 SQL 交给数据库管理员执行",
            "Dukou does not connect to this database; add --print and let its administrator run what is printed",
        ))
    }
}

impl TableSink for TableFileSink {
    fn mark(&mut self, channel: &ChannelName) -> Result<Option<Mark>, TableFault> {
        Ok(self.state(channel)?.and_then(|state| state.mark()))
    }

    fn apply(&mut self, channel: &ChannelName, packet: &RowPacket) -> Result<(), TableFault> {
        let mut state = self.state(channel)?.unwrap_or_else(|| State::new(channel));
        if is_applied(&state, &packet.mark) {
            return Ok(());
        }
        let follows = state.seq == 0 || state.epoch == packet.mark.epoch.to_string() && state.seq + 1 == packet.mark.seq;
        self.take(channel, &mut state, packet, follows)
    }

    fn pass_over(&mut self, channel: &ChannelName, mark: &Mark) -> Result<(), TableFault> {
        let mut state = self.state(channel)?.unwrap_or_else(|| State::new(channel));
        if is_applied(&state, mark) {
            return Ok(());
        }
        // What waits goes now: its end may have been in that packet.
        self.take(channel, &mut state, &RowPacket { mark: *mark, changes: Vec::new() }, false)
    }

    fn check(&mut self) -> Result<Vec<TableFault>, TableFault> {
        let mut faults = Vec::new();
        match self.declared() {
            Err(fault) => faults.push(fault),
            Ok(declared) => faults.extend(self.names.keys().filter_map(|name| self.table(&declared, name).err())),
        }
        if self.files.stat(&self.folder).map_err(fault)?.is_none() {
            faults.push(wrong(&self.folder, "目录不存在，请建立", "the folder is not there; make it"));
        }
        Ok(faults)
    }
}

/// Tells whether a packet is at or below the mark of its epoch.
fn is_applied(state: &State, mark: &Mark) -> bool {
    state.epoch == mark.epoch.to_string() && mark.seq <= state.seq
}

impl TableFileSink {
    /// Takes a packet behind the mark. Rows of a transaction that goes on wait for its last part; with `is_awaited` so does what waited before.
    fn take(&self, channel: &ChannelName, state: &mut State, packet: &RowPacket, is_awaited: bool) -> Result<(), TableFault> {
        let of = |goes_on: bool| {
            let changes = packet.changes.iter().filter(move |change| !goes_on || change.goes_on);
            changes.filter_map(|change| change.transaction).collect::<BTreeSet<u64>>()
        };
        let (going, all) = (of(true), of(false));
        let goes_on = |change: &RowChange| change.transaction.is_some_and(|transaction| going.contains(&transaction));
        let (mut rest, now): (Vec<RowChange>, Vec<RowChange>) = packet.changes.iter().cloned().partition(goes_on);
        let ends = |transaction: &u64| !is_awaited || all.contains(transaction) && !going.contains(transaction);
        let (mut changes, mut gone) = (Vec::new(), Vec::new());
        if state.transactions.iter().any(ends) {
            let ended = |change: &RowChange| change.transaction.as_ref().is_none_or(ends);
            let (whole, waiting): (Vec<_>, Vec<_>) = self.waiting(state)?.into_iter().partition(ended);
            (changes, gone) = (whole, std::mem::take(&mut state.pending));
            state.transactions.clear();
            rest.splice(..0, waiting);
        }
        let before = changes.len();
        changes.extend(now);
        if !(changes.is_empty() && rest.is_empty()) {
            let declared = self.declared()?;
            rest.iter()
                .enumerate()
                .try_for_each(|(index, change)| self.statement(&declared, packet.mark.seq, index, change).map(drop))?;
            self.write_script(channel, &declared, state, &packet.mark, (&changes, before))?;
        }
        if !rest.is_empty() {
            self.put_off(state, &packet.mark, &rest)?;
        }
        state.set(&packet.mark);
        self.keep(state)?;
        gone.iter().try_for_each(|name| self.files.remove(&self.pending_path(name)).map(drop).map_err(fault))
    }

    /// Writes the script of a packet; of its rows those before `before` came with earlier packets. Nothing is written for no rows.
    fn write_script(
        &self,
        channel: &ChannelName,
        declared: &Declared,
        state: &mut State,
        mark: &Mark,
        (changes, before): (&[RowChange], usize),
    ) -> Result<(), TableFault> {
        if changes.is_empty() {
            return Ok(());
        }
        let statement = |(index, change)| self.statement(declared, mark.seq, usize::saturating_sub(index, before), change);
        let statements = changes.iter().enumerate().map(statement).collect::<Result<Vec<_>, _>>()?;
        let number = state.number + 1;
        let script = Script {
            dialect: declared.dialect,
            channel,
            number,
            before: digest(&state.script).unwrap_or(Digest::ZERO),
            mark: *mark,
        };
        self.place(&self.script_path(number), script.write(&statements).as_bytes())?;
        (state.number, state.script) = (number, mark.header.to_string());
        Ok(())
    }
}

/// A structure change whose script stands in the folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Handed {
    /// The digest of its document.
    document: String,
    /// The number of its script.
    number: u32,
    /// A person vouched that it was run, and the mark is where it has to be.
    is_done: bool,
}

impl TableFileSink {
    /// Tells how far a structure change is: its script is written, or confirmed.
    pub(super) fn standing_of(&self, document: &Digest) -> Result<Standing, TableFault> {
        let handed = self.any_state()?.and_then(|state| state.change);
        Ok(match handed.filter(|handed| handed.document == document.to_string()) {
            None => Standing::Old,
            Some(handed) if handed.is_done => Standing::Done,
            Some(_) => Standing::AtStep(0),
        })
    }

    /// Writes a structure change's script under the next number, once; with `is_vouched_for` the mark moves to the marker. What comes behind gets later numbers either way, and
    /// runs behind it alone.
    pub(super) fn change_structure(&self, order: &Restructure<'_>) -> Result<(), RestructureFault> {
        let [(channel, mark)] = order.coming() else { return Err(self.of_one_channel().into()) };
        let mut state = self.state(channel)?.unwrap_or_else(|| State::new(channel));
        let document = order.document.to_string();
        let handed = match state.change.clone() {
            Some(handed) if handed.document == document => handed,
            Some(other) if !other.is_done => return Err(RestructureFault::Another),
            _ => self.hand_over(channel, mark, &mut state, order)?,
        };
        if !order.is_vouched_for && !handed.is_done {
            let script = self.script_path(handed.number).display().to_string();
            return Err(RestructureFault::ByHand { script });
        }
        if !is_applied(&state, mark) {
            state.set(mark);
        }
        state.change = Some(Handed { is_done: true, ..handed });
        Ok(self.keep(&state)?)
    }

    fn hand_over(
        &self,
        channel: &ChannelName,
        mark: &Mark,
        state: &mut State,
        order: &Restructure<'_>,
    ) -> Result<Handed, RestructureFault> {
        let (number, dialect) = (state.number + 1, self.declared()?.dialect);
        let before = digest(&state.script).unwrap_or(Digest::ZERO);
        let mark = Mark { header: order.document, ..*mark };
        let script = Script { dialect, channel, number, before, mark };
        self.place(&self.script_path(number), script.of_change(order.plan).as_bytes())?;
        let handed = Handed { document: order.document.to_string(), number, is_done: false };
        (state.number, state.script, state.change) = (number, handed.document.clone(), Some(handed.clone()));
        self.keep(state)?;
        Ok(handed)
    }

    fn script_path(&self, number: u32) -> PathBuf {
        self.folder.join(format!("{number:06}{SUFFIX}"))
    }

    fn of_one_channel(&self) -> TableFault {
        wrong(&self.folder, "脚本目录只能属于一条通道", "a folder of scripts belongs to one channel")
    }
}

/// Gives cells in the form in which the table's columns take them.
fn cells(dialect: Dialect, table: &DeclaredTable, cells: &Cells) -> Result<Cells, Misfit> {
    let cell = |(name, value): &(Name, Value)| {
        let declared = table.column(name).ok_or_else(|| Misfit { column: name.into(), why: Why::NoSuchColumn })?;
        // Oracle takes '' for NULL, and bytes of no length that are no BLOB.
        let empty = value.bytes() == 0 && value != &Value::Null && declared.column.kind != (Kind::Bytes { max: None });
        if empty && dialect == Dialect::Oracle {
            return Err(Misfit { column: declared.column.name.clone(), why: Why::EmptyText });
        }
        Ok((name.clone(), taken(&declared.column, value)?.into_owned()))
    };
    cells.iter().map(cell).collect()
}
