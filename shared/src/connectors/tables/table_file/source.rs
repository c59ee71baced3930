//! Numbered extracts as a source of rows.
//!
//! Given: a folder in which an administrator of a database puts `000001.jsonl`, `000002.jsonl` … Gives: their rows in order, and moves an extract
//! to `taken/` when a packet exists for each of its rows. After a crash: what `.dukou-taken.json` says is taken is not read again, and what it
//! does not say is the engine's to tell (`except`). Never: an extract out of turn, one that is not complete, a row of a table that the channel
//! does not have.

use super::extract::Extract;
use super::progress::{Progress, id_of};
use super::{fault, number_of, wrong};
use crate::connectors::tables::change::{Line, parse_line};
use crate::connectors::tables::outbox_sql::structure_line;
use crate::connectors::tables::{
    Chunk, ChunkWanted, Entry, EntryId, Name, Offered, Problem, ReadLimits, RowChange, TableFault, TableName, TableSource,
    Value,
};
use crate::lang::Lang;
use crate::seams::Files;
use dukou_packets::suite::Digest;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What extracts are called behind their number.
const SUFFIX: &str = ".jsonl";

/// Where they go when they are taken.
const TAKEN: &str = "taken";

/// A folder of numbered extracts.
pub struct TableFileSource {
    files: Arc<dyn Files>,
    folder: PathBuf,
    tables: BTreeSet<TableName>,
    /// The extract that was gone through last, with its inode and length then.
    open: Option<(u32, u64, u64, Extract)>,
}

impl TableFileSource {
    /// Makes a source of a folder, for these tables.
    pub fn new(files: Arc<dyn Files>, folder: &Path, tables: &[TableName]) -> Self {
        Self { files, folder: folder.to_path_buf(), tables: tables.iter().cloned().collect(), open: None }
    }

    fn path(&self, number: u32) -> PathBuf {
        self.folder.join(format!("{number:06}{SUFFIX}"))
    }

    /// Gives the numbers of the extracts that are there, rising.
    fn numbers(&self) -> Result<BTreeSet<u32>, TableFault> {
        let names = self.files.list(&self.folder).map_err(fault)?;
        Ok(names.iter().filter_map(|name| number_of(name, SUFFIX)).collect())
    }

    /// Opens an extract; `None` while it is not complete.
    fn extract(&mut self, number: u32) -> Result<Option<&Extract>, TableFault> {
        let path = self.path(number);
        let file = self.files.open(&path).map_err(fault)?;
        let stat = file.stat().map_err(fault)?;
        let known =
            self.open.as_ref().is_some_and(|(known, inode, len, _)| (*known, *inode, *len) == (number, stat.inode, stat.len));
        if !known {
            self.open = Extract::open(&path, file)?.map(|extract| (number, stat.inode, stat.len, extract));
        }
        Ok(self.open.as_ref().map(|(_, _, _, extract)| extract))
    }

    /// Gives the fault for the first extract that is missing though a later one is there.
    fn missing(&self, next: u32, numbers: &BTreeSet<u32>) -> Option<TableFault> {
        let last = numbers.last().copied().filter(|last| *last >= next)?;
        let missing = (next..=last).find(|number| !numbers.contains(number))?;
        let table = self.path(missing).display().to_string();
        Some(TableFault::Unfit { table, column: None, problem: Problem::Missing })
    }

    /// Moves extracts that are taken out of the way.
    fn put_away(&self, progress: &mut Progress) -> Result<(), TableFault> {
        if progress.moving.is_empty() {
            return Ok(());
        }
        let taken = self.folder.join(TAKEN);
        self.files.make_dirs(&taken).map_err(fault)?;
        for number in &progress.moving {
            let from = self.path(*number);
            if self.files.stat(&from).map_err(fault)?.is_some() {
                self.files.rename_new(&from, &taken.join(format!("{number:06}{SUFFIX}"))).map_err(fault)?;
            }
        }
        self.files.sync_dir(&taken).and_then(|()| self.files.sync_dir(&self.folder)).map_err(fault)?;
        progress.moving.clear();
        progress.write(self.files.as_ref(), &self.folder)
    }

    /// Gives the fault for an extract whose number was used before: it would never be read.
    fn used_again(&self, progress: &Progress, numbers: &BTreeSet<u32>) -> Option<TableFault> {
        let again = numbers.iter().find(|number| **number <= progress.file && !progress.moving.contains(number))?;
        let next = progress.file + 1;
        Some(wrong(
            &self.path(*again),
            &format!("该编号已用过，请改用后面的编号（下一个是 {next:06}）"),
            &format!("this number was used before; give it a later one (the next is {next:06})"),
        ))
    }

    /// Goes on to the next extract where every line of one is taken.
    fn go_on(&mut self, progress: &mut Progress) -> Result<(), TableFault> {
        loop {
            let next = progress.file + 1;
            if self.files.stat(&self.path(next)).map_err(fault)?.is_none() {
                return Ok(());
            }
            match self.extract(next)? {
                Some(extract) if extract.lines <= progress.lines => progress.next_file(),
                _ => return Ok(()),
            }
        }
    }
}

impl TableSource for TableFileSource {
    fn read(&mut self, except: &BTreeSet<i64>, limits: ReadLimits) -> Result<Vec<Offered>, TableFault> {
        let mut progress = Progress::read(self.files.as_ref(), &self.folder)?;
        let numbers = self.numbers()?;
        if let Some(fault) = self.used_again(&progress, &numbers) {
            return Err(fault);
        }
        let mut batch = Batch::new(limits);
        let mut number = progress.file + 1;
        while numbers.contains(&number) && !batch.full {
            let (tables, path) = (self.tables.clone(), self.path(number));
            let Some(extract) = self.extract(number)? else { break };
            extract.read_from(progress.lines + 1, &mut |line, bytes| {
                let id = id_of(number, line);
                if except.contains(&id) || progress.has(id) {
                    return Ok(true);
                }
                batch.add(id, entry(&bytes, line, &path, &tables)?);
                Ok(!batch.full)
            })?;
            // A transaction is whole within its extract.
            batch.end_of_transaction();
            progress.lines = 0;
            number += 1;
        }
        let offered = batch.offered();
        match self.missing(progress.file + 1, &numbers) {
            Some(fault) if offered.is_empty() && except.is_empty() => Err(fault),
            _ => Ok(offered),
        }
    }

    /// A number is never used again, so that the id alone tells which entry it is.
    fn delete(&mut self, entries: &[EntryId]) -> Result<(), TableFault> {
        let files = Arc::clone(&self.files);
        let before = Progress::read(files.as_ref(), &self.folder)?;
        let mut progress = before.clone();
        progress.take(&entries.iter().map(|entry| entry.id).collect::<Vec<_>>());
        self.go_on(&mut progress)?;
        if progress != before {
            progress.write(files.as_ref(), &self.folder)?;
        }
        self.put_away(&mut progress)
    }

    /// The rows stay in their extract, which is kept.
    fn set_aside(&mut self, refused: &[(EntryId, String)]) -> Result<(), TableFault> {
        self.delete(&refused.iter().map(|(entry, _)| *entry).collect::<Vec<_>>())
    }

    fn chunk(&mut self, want: &ChunkWanted<'_>, _token: u64) -> Result<Chunk, TableFault> {
        Err(wrong(
            &self.folder,
            &format!("存量由数据库管理员导出：把表 {} 的行写成 op 为 stock 的导出文件，放在下一个编号", want.table),
            &format!(
                "the administrator of the database extracts the stock: put the rows of {} with op stock in the next extract",
                want.table
            ),
        ))
    }

    fn check(&mut self) -> Result<Vec<TableFault>, TableFault> {
        let progress = Progress::read(self.files.as_ref(), &self.folder)?;
        let numbers = self.numbers()?;
        let (again, missing) = (self.used_again(&progress, &numbers), self.missing(progress.file + 1, &numbers));
        let mut faults: Vec<TableFault> = again.into_iter().chain(missing).collect();
        if numbers.contains(&(progress.file + 1)) {
            faults.extend(self.extract(progress.file + 1).err());
        }
        Ok(faults)
    }
}

/// Reads the entry of a line.
fn entry(bytes: &[u8], line: u32, path: &Path, tables: &BTreeSet<TableName>) -> Result<Entry, TableFault> {
    if let Some(document) = structure_of(bytes) {
        return Ok(Entry::Structure(document));
    }
    let parsed = parse_line(bytes).map_err(|fault| {
        let [zh, en] = [Lang::Zh, Lang::En].map(|lang| fault.sentence(lang));
        wrong(path, &format!("第 {line} 行：{zh}"), &format!("line {line}: {en}"))
    })?;
    let table = match &parsed {
        Line::Change(change) => &change.table,
        Line::Unfit { table, .. } => table,
    };
    if !tables.contains(table) {
        let (zh, en) = (
            format!("第 {line} 行：表 {table} 不在通道的表中"),
            format!("line {line}: the channel does not have the table {table}"),
        );
        return Err(wrong(path, &zh, &en));
    }
    Ok(match parsed {
        Line::Change(change) => Entry::Change(change),
        Line::Unfit { table, key, code, value } => {
            let (column, bytes) = value.unzip();
            Entry::Unfit { table, key, code, column, bytes }
        }
    })
}

/// Gives the document whose change stands at this line.
fn structure_of(line: &[u8]) -> Option<Digest> {
    let document = std::str::from_utf8(line).ok()?.strip_prefix("{\"structure\":\"")?.strip_suffix("\"}")?.parse().ok()?;
    (structure_line(&document).as_bytes() == line).then_some(document)
}

/// Rows that are being gathered, up to the limits, transaction by transaction.
struct Batch {
    limits: ReadLimits,
    offered: Vec<Offered>,
    bytes: u64,
    /// How many of the rows are of transactions that are whole.
    whole: usize,
    /// The transaction of the last row.
    transaction: Option<u64>,
    full: bool,
}

impl Batch {
    const fn new(limits: ReadLimits) -> Self {
        Self { limits, offered: Vec::new(), bytes: 0, whole: 0, transaction: None, full: false }
    }

    fn add(&mut self, id: i64, entry: Entry) {
        let (transaction, bytes) = match &entry {
            Entry::Change(change) => (change.transaction, bytes_of(change)),
            Entry::Structure(_) => (None, 0),
            Entry::Run(..) | Entry::Marker(_) | Entry::Unfit { .. } => (self.transaction, 0),
        };
        if transaction.is_none() || transaction != self.transaction {
            self.end_of_transaction();
        }
        let beyond = self.offered.len() >= self.limits.rows || self.bytes.saturating_add(bytes) > self.limits.bytes;
        if beyond && !self.offered.is_empty() {
            self.full = true;
            return;
        }
        self.transaction = transaction;
        self.bytes += bytes;
        self.offered.push(Offered { id, at_ms: 0, entry });
    }

    const fn end_of_transaction(&mut self) {
        if !self.full {
            self.whole = self.offered.len();
        }
    }

    /// Gives whole transactions; a transaction that alone is longer than the limits is given in part, and its rows say that it goes on.
    fn offered(mut self) -> Vec<Offered> {
        if self.whole > 0 {
            self.offered.truncate(self.whole);
        } else {
            self.offered.iter_mut().for_each(|offered| goes_on(&mut offered.entry));
        }
        self.offered
    }
}

fn goes_on(entry: &mut Entry) {
    if let Entry::Change(change) = entry {
        change.goes_on = change.transaction.is_some();
    }
}

fn bytes_of(change: &RowChange) -> u64 {
    change.key.iter().chain(&change.row).map(|(column, value): &(Name, Value)| column.len() as u64 + value.bytes()).sum()
}
