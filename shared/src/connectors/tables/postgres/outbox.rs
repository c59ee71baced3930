//! Entries of an outbox as runs of rows.
//!
//! Given: the oldest entries as one look at them gives them, and which are brought, in their order. Gives: these, those that follow one another and are alike
//! as runs, written from the triggers' JSON to the lines of a run in one pass. Never: a run with a part of one transaction and anything else; a row that cannot
//! travel in a run.

use super::install::Names;
use super::lines::is_portable;
use super::portable::{Cannot, cells, untagged};
use super::source::Taken;
use super::{Trouble, binary, literal};
use crate::connectors::tables::change::{KnownNames, LARGE_FROM};
use crate::connectors::tables::run::push_value;
use crate::connectors::tables::{Cells, Entry, EntryId, EntryRange, Name, Offered, Op, RowChange, RowRun, RunHead, Value};
use sqlx::PgConnection;
use std::sync::Arc;

/// Fewer rows than these go one by one.
const RUN_FROM: usize = 16;

/// Bytes of lines above which no further transaction is added to a run.
const RUN_BYTES: usize = 1 << 20;

/// Most bytes of lines of a run, whatever its transaction has.
const RUN_MOST: usize = 8 << 20;

/// Most rows of a run.
const RUN_ROWS: usize = 32_768;

/// Milliseconds from 1970 to 2000, from where the server counts.
const SINCE_1970_MS: i64 = 946_684_800_000;

/// The oldest entries, as the server wrote them: each with its head, and with its values where these take no more than its share of a read's bytes.
#[derive(Debug, Default)]
pub(super) struct Window {
    bytes: Vec<u8>,
}

/// What of an entry decides whether it is brought.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) id: i64,
    pub(super) tx: i64,
    pub(super) bytes: u64,
    /// The place of a structure change.
    pub(super) is_structure: bool,
}

impl Window {
    /// Reads so many of the oldest entries that `chosen`, a condition in SQL, lets through. `bytes` bounds what their values take together.
    pub(super) async fn read(
        connection: &mut PgConnection,
        names: &Names,
        chosen: &str,
        entries: usize,
        bytes: u64,
    ) -> Result<Self, Trouble> {
        // The outbox keeps values as they are, so that what one takes there is its length, and a long one is not read for it. One that was made before
        // outboxes did may compress them: there each is read for its length.
        let outbox = names.outbox();
        let compresses = format!(
            "EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = {}::regclass AND attname IN ('key', 'row') AND attstorage <> 'e')",
            literal(&outbox)
        );
        let size = format!(
            "CASE WHEN {compresses} THEN octet_length(key::text) + coalesce(octet_length(\"row\"::text), 0)
               ELSE pg_column_size(key) + coalesce(pg_column_size(\"row\"), 0) END + coalesce(pg_column_size(changed), 0)"
        );
        let share = bytes / entries.max(1) as u64;
        let brought = |column: &str| format!("CASE WHEN size <= {share} THEN {column} END");
        let sql = format!(
            "COPY (SELECT id, tx, size::bigint, op = 'structure', at, tbl, op, {}, {}, changed, problem
               FROM (SELECT *, {size} AS size FROM {outbox} WHERE {chosen} ORDER BY id LIMIT {entries}) AS o ORDER BY id)
             TO STDOUT (FORMAT binary)",
            brought("key"),
            brought("\"row\""),
        );
        Ok(Self { bytes: binary::copied(connection, &sql).await? })
    }

    /// Gives the heads of all.
    pub(super) fn heads(&self) -> Result<Vec<Head>, Trouble> {
        let heads = binary::rows(&self.bytes, |[id, tx, bytes, is_structure, _, _, _, _, _, _, _]| {
            let (id, tx, bytes) = (binary::whole(id?)?, binary::whole(tx?)?, binary::whole(bytes?)?.unsigned_abs());
            Some(Head { id, tx, bytes, is_structure: is_structure? == [1] })
        });
        heads.ok_or_else(binary::none_of_its_formats)
    }

    /// Gives those that have their values with them.
    fn rows(&self) -> Result<Vec<Row<'_>>, Trouble> {
        let rows = binary::rows(&self.bytes, |[id, tx, _, _, at, table, op, key, row, changed, problem]| {
            key.map_or(Some(None), |key| Row::of([id, at, tx, table, op, Some(key), row, changed, problem]).map(Some))
        });
        Ok(rows.ok_or_else(binary::none_of_its_formats)?.into_iter().flatten().collect())
    }
}

/// Gives entries of a window; what is without its values there is read now. The transaction that chose them is still open, so that they are all there.
pub(super) async fn offered(
    connection: &mut PgConnection,
    names: &Names,
    taken: &[Taken],
    window: &Window,
) -> Result<Vec<Offered>, Trouble> {
    let mut rows = window.rows()?;
    let is_there = |taken: &&Taken| rows.binary_search_by_key(&taken.id, |row| row.entry.id).is_ok();
    let missing: Vec<EntryId> =
        taken.iter().filter(|taken| !is_there(taken)).map(|taken| EntryId { id: taken.id, at_ms: 0 }).collect();
    let bytes = if missing.is_empty() { None } else { Some(fetch(connection, names, &missing).await?) };
    if let Some(bytes) = &bytes {
        rows.extend(binary::rows(bytes, Row::of).ok_or_else(binary::none_of_its_formats)?);
        rows.sort_unstable_by_key(|row| row.entry.id);
    }
    // What was chosen and is not there now would be overtaken by what stands behind it.
    in_order(&rows, taken).ok_or_else(|| sqlx::Error::Decode("an entry that was just read is gone".into()).into())
}

async fn fetch(connection: &mut PgConnection, names: &Names, entries: &[EntryId]) -> Result<Vec<u8>, Trouble> {
    let ranges = EntryRange::gather(entries);
    let listed = |of: fn(&EntryRange) -> i64| ranges.iter().map(|range| of(range).to_string()).collect::<Vec<_>>().join(",");
    let sql = format!(
        "COPY (SELECT o.* FROM unnest({}::bigint[], {}::bigint[]) AS r (low, high), LATERAL (
           SELECT id, at, tx, tbl, op, key, \"row\", changed, problem FROM {} WHERE id BETWEEN r.low AND r.high ORDER BY id OFFSET 0
         ) AS o) TO STDOUT (FORMAT binary)",
        literal(&format!("{{{}}}", listed(|range| range.first))),
        literal(&format!("{{{}}}", listed(|range| range.last))),
        names.outbox()
    );
    binary::copied(connection, &sql).await
}

/// A row of an outbox as `COPY` gave it.
#[derive(Clone, Copy, Debug)]
struct Row<'a> {
    entry: EntryId,
    tx: i64,
    table: &'a str,
    op: &'a str,
    key: &'a str,
    row: Option<&'a str>,
    changed: Option<&'a str>,
    problem: Option<&'a str>,
}

impl<'a> Row<'a> {
    fn of([id, at, tx, table, op, key, row, changed, problem]: [Option<&'a [u8]>; 9]) -> Option<Self> {
        // As `extract` rounds it.
        let at_ms = binary::whole(at?)?.saturating_add(500).div_euclid(1000) + SINCE_1970_MS;
        Some(Self {
            entry: EntryId { id: binary::whole(id?)?, at_ms },
            tx: binary::whole(tx?)?,
            table: text(table?)?,
            op: text(op?)?,
            key: text(key?)?,
            row: maybe_text(row)?,
            changed: maybe_text(changed)?,
            problem: maybe_text(problem)?,
        })
    }
}

fn text(field: &[u8]) -> Option<&str> {
    std::str::from_utf8(field).ok()
}

fn maybe_text(field: Option<&[u8]>) -> Option<Option<&str>> {
    field.map_or(Some(None), |field| text(field).map(Some))
}

/// Makes entries of rows, in the order in which they were taken; `None` where one of them is not among the rows.
fn in_order(rows: &[Row<'_>], taken: &[Taken]) -> Option<Vec<Offered>> {
    let (mut making, mut next) = (Making::default(), 0);
    for (at, taken_row) in taken.iter().enumerate() {
        if rows.get(next).is_none_or(|row| row.entry.id != taken_row.id) {
            next = rows.binary_search_by_key(&taken_row.id, |row| row.entry.id).ok()?;
        }
        let row = rows.get(next)?;
        next += 1;
        // Of a transaction that goes on the last row stands for itself: it may have to wait for the end.
        let is_last = taken_row.goes_on && at + 1 == taken.len();
        making.add(row, taken_row.goes_on, is_last);
    }
    making.end();
    Some(making.offered)
}

/// Entries in the making.
#[derive(Default)]
struct Making<'a> {
    offered: Vec<Offered>,
    names: KnownNames,
    open: Option<Open<'a>>,
    /// The source transaction of the row before.
    tx: Option<i64>,
    /// A part of it is among what is offered.
    is_split: bool,
}

impl<'a> Making<'a> {
    fn add(&mut self, row: &Row<'a>, goes_on: bool, is_alone: bool) {
        if self.tx != Some(row.tx) {
            if self.is_split || self.open.as_ref().is_some_and(Open::is_long) {
                self.end();
            }
            (self.tx, self.is_split) = (Some(row.tx), false);
            self.open.iter_mut().for_each(Open::begin_transaction);
        }
        let is_full = self.open.as_ref().is_some_and(|open| open.is_full());
        let fits = !is_alone && row.problem.is_none() && Op::of_row(row.op).is_some();
        if fits && !is_full && self.open.as_mut().is_some_and(|open| open.add(row, goes_on)) {
            return;
        }
        self.split();
        let open = if fits { Open::of(row, &mut self.names) } else { None };
        self.open = open.and_then(|mut open| open.add(row, goes_on).then_some(open));
        if self.open.is_none() {
            self.is_split = true;
            self.offered.push(single(row, goes_on, &mut self.names));
        }
    }

    /// Ends a run amid a transaction: what it has of those before is a run of its own.
    fn split(&mut self) {
        let Some(mut open) = self.open.take() else { return };
        self.is_split |= open.rows.len() > open.whole_rows;
        if let Some(rest) = open.split_off() {
            self.offer(open);
            self.offer(rest);
        } else {
            self.offer(open);
        }
    }

    fn end(&mut self) {
        if let Some(open) = self.open.take() {
            self.offer(open);
        }
    }

    fn offer(&mut self, mut open: Open<'a>) {
        let goes_on = open.goes_on;
        let run = if open.rows.len() < RUN_FROM { None } else { open.run() };
        match (run, open.rows.first()) {
            (Some(run), Some(first)) => {
                let entries: Vec<EntryId> = open.rows.iter().map(|row| row.entry).collect();
                let EntryId { id, at_ms } = first.entry;
                self.offered.push(Offered { id, at_ms, entry: Entry::Run(run, entries) });
            }
            _ => self.offered.extend(open.rows.iter().map(|row| single(row, goes_on, &mut self.names))),
        }
    }
}

impl Op {
    /// Reads what a trigger wrote for a row.
    fn of_row(text: &str) -> Option<Self> {
        match text {
            "insert" => Some(Self::Insert),
            "update" => Some(Self::Update),
            "delete" => Some(Self::Delete),
            _ => None,
        }
    }
}

/// A column of a run in the making.
#[derive(Clone)]
struct Column {
    name: Name,
    /// The name as it stands in JSON, with its quotes and what follows.
    json: Vec<u8>,
    /// Whether its values are bytes; `None` as long as there was none.
    is_bytes: Option<bool>,
}

/// A run in the making.
struct Open<'a> {
    table: &'a str,
    op: Op,
    changed: Option<&'a str>,
    columns: Vec<Column>,
    key: Vec<Column>,
    /// Where the columns of the key stand in a line.
    key_places: Vec<usize>,
    lines: Vec<u8>,
    rows: Vec<Row<'a>>,
    /// Rows and bytes of lines before the transaction of the last row.
    whole_rows: usize,
    whole_bytes: usize,
    goes_on: bool,
    /// For keys.
    scratch: Vec<u8>,
}

impl<'a> Open<'a> {
    /// Makes an empty run of rows like this one.
    fn of(row: &Row<'a>, names: &mut KnownNames) -> Option<Self> {
        let op = Op::of_row(row.op)?;
        let mut columns = |json: &str| {
            let column = |(name, _): (Name, Value)| {
                let json = format!("{} : ", serde_json::Value::from(name.as_str())).into_bytes();
                Column { name, json, is_bytes: None }
            };
            cells(json, names).ok().map(|cells| cells.into_iter().map(column).collect::<Vec<_>>())
        };
        let key = columns(row.key)?;
        let columns = if op == Op::Delete { key.clone() } else { columns(row.row?)? };
        let place = |key: &Column| columns.iter().position(|column| column.name == key.name);
        let key_places = key.iter().map(place).collect::<Option<Vec<_>>>()?;
        let (table, changed) = (row.table, row.changed);
        Some(Self {
            table,
            op,
            changed,
            columns,
            key,
            key_places,
            lines: Vec::new(),
            rows: Vec::new(),
            whole_rows: 0,
            whole_bytes: 0,
            goes_on: false,
            scratch: Vec::new(),
        })
    }

    fn is_long(&self) -> bool {
        self.lines.len() > RUN_BYTES
    }

    fn is_full(&self) -> bool {
        self.lines.len() > RUN_MOST || self.rows.len() >= RUN_ROWS
    }

    fn begin_transaction(&mut self) {
        (self.whole_rows, self.whole_bytes) = (self.rows.len(), self.lines.len());
    }

    /// Adds a row; false, and nothing is added, where it is not like the others.
    fn add(&mut self, row: &Row<'a>, goes_on: bool) -> bool {
        let is_alike = (self.table, self.op.as_str(), self.changed) == (row.table, row.op, row.changed);
        let before = self.lines.len();
        if !is_alike || (!self.rows.is_empty() && self.goes_on != goes_on) || self.add_line(row).is_none() {
            self.lines.truncate(before);
            return false;
        }
        self.goes_on = goes_on;
        self.rows.push(*row);
        true
    }

    fn add_line(&mut self, row: &Row<'a>) -> Option<()> {
        let before = self.lines.len();
        if self.op == Op::Delete {
            return line_of(row.key, &mut self.columns, &mut self.lines);
        }
        line_of(row.row?, &mut self.columns, &mut self.lines)?;
        self.scratch.clear();
        line_of(row.key, &mut self.key, &mut self.scratch)?;
        let line = self.lines.get(before..)?.strip_suffix(b"\n")?;
        let key = self.scratch.strip_suffix(b"\n")?;
        // The key is that of the row: of a run it has no other.
        let is_same = |(field, place): (&[u8], &usize)| line.split(|byte| *byte == b'\t').nth(*place) == Some(field);
        key.split(|byte| *byte == b'\t').zip(&self.key_places).all(is_same).then_some(())
    }

    /// Takes the rows of the last transaction away, where there are others.
    fn split_off(&mut self) -> Option<Self> {
        if self.whole_rows == 0 || self.whole_rows == self.rows.len() {
            return None;
        }
        let (rows, lines) = (self.rows.split_off(self.whole_rows), self.lines.split_off(self.whole_bytes));
        let (columns, key, key_places) = (self.columns.clone(), self.key.clone(), self.key_places.clone());
        Some(Self { columns, key, key_places, lines, rows, whole_rows: 0, whole_bytes: 0, scratch: Vec::new(), ..*self })
    }

    /// Makes the run, and has no lines any more.
    fn run(&mut self) -> Option<RowRun> {
        let names = |columns: &[Column]| columns.iter().map(|column| column.name.clone()).collect::<Vec<Name>>();
        let bytes = self.columns.iter().filter(|column| column.is_bytes == Some(true)).map(|column| column.name.clone());
        let changed = self.changed.map_or(Some(Vec::new()), |json| serde_json::from_str(json).ok())?;
        let head =
            RunHead { op: self.op, columns: names(&self.columns), key: names(&self.key), bytes: bytes.collect(), changed };
        let mut transactions: Vec<(u64, u32)> = Vec::new();
        for row in &self.rows {
            let tx = u64::try_from(row.tx).ok()?;
            match transactions.last_mut().filter(|(last, _)| *last == tx) {
                Some((_, rows)) => *rows += 1,
                None => transactions.push((tx, 1)),
            }
        }
        RowRun::of_lines(self.table.to_owned(), Arc::new(head), transactions, self.goes_on, std::mem::take(&mut self.lines))
            .ok()
    }
}

/// Adds a row's JSON as a line; `None` where it has other columns, or a value that cannot travel in a run.
fn line_of(json: &str, columns: &mut [Column], to: &mut Vec<u8>) -> Option<()> {
    let mut rest = json.as_bytes().strip_prefix(b"{")?;
    for (at, column) in columns.iter_mut().enumerate() {
        if at > 0 {
            rest = rest.strip_prefix(b", ")?;
            to.push(b'\t');
        }
        rest = rest.strip_prefix(column.json.as_slice())?;
        match rest.strip_prefix(b"null") {
            Some(behind) => {
                rest = behind;
                push_value(to, &Value::Null);
            }
            None => rest = add_value(rest.strip_prefix(b"\"")?, column, to)?,
        }
    }
    to.push(b'\n');
    (rest == b"}").then_some(())
}

/// Adds a value that begins with its letter; gives what stands behind its quote.
fn add_value<'a>(text: &'a [u8], column: &mut Column, to: &mut Vec<u8>) -> Option<&'a [u8]> {
    let (letter, text) = text.split_first()?;
    let is_bytes = *letter == b'x';
    if *column.is_bytes.get_or_insert(is_bytes) != is_bytes {
        return None;
    }
    let before = to.len();
    let rest = match letter {
        b't' => add_text(text, to)?,
        b'x' => {
            to.extend_from_slice(b"\\\\x");
            add_text(text, to)?
        }
        letter => {
            let end = memchr::memchr2(b'"', b'\\', text)?;
            let (value, rest) = (text.get(..end)?, text.get(end..)?.strip_prefix(b"\"")?);
            if is_portable(value, char::from(*letter)) {
                to.extend_from_slice(value);
            } else {
                let Value::Text(text) = untagged(&column.name, char::from(*letter), std::str::from_utf8(value).ok()?).ok()?
                else {
                    return None;
                };
                to.extend_from_slice(text.as_bytes());
            }
            rest
        }
    };
    (to.len() - before <= LARGE_FROM).then_some(rest)
}

/// Adds the text of a JSON string up to its quote: what is escaped there is mostly escaped so in a line, too.
fn add_text<'a>(mut text: &'a [u8], to: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        let at = memchr::memchr2(b'"', b'\\', text)?;
        let (plain, rest) = text.split_at_checked(at)?;
        to.extend_from_slice(plain);
        let Some(escaped) = rest.strip_prefix(b"\\") else { return rest.get(1..) };
        let (sign, behind) = escaped.split_first()?;
        text = behind;
        match sign {
            b'b' | b'f' | b'n' | b'r' | b't' | b'\\' => to.extend_from_slice(&[b'\\', *sign]),
            b'"' | b'/' => to.push(*sign),
            b'u' => {
                let digits = std::str::from_utf8(text.get(..4)?).ok()?;
                let character = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
                push_value(to, &Value::Text(character.to_string()));
                text = text.get(4..)?;
            }
            _ => return None,
        }
    }
}

/// Makes the entry of one row.
fn single(row: &Row<'_>, goes_on: bool, names: &mut KnownNames) -> Offered {
    let table = row.table.to_owned();
    let said = || serde_json::from_str::<String>(row.key).ok();
    let document = said().filter(|_| row.op == "structure").and_then(|digest| digest.parse().ok());
    let entry = match (row.op, document) {
        (_, Some(document)) => Entry::Structure(document),
        ("marker", _) => Entry::Marker(said().and_then(|token| token.parse().ok()).unwrap_or_default()),
        _ => change(row, names).map_or_else(
            |(key, cannot)| Entry::Unfit {
                table: table.clone(),
                key,
                code: cannot.code,
                column: cannot.column,
                bytes: cannot.bytes,
            },
            |change| {
                Entry::Change(RowChange { table: table.clone(), transaction: u64::try_from(row.tx).ok(), goes_on, ..change })
            },
        ),
    };
    Offered { id: row.entry.id, at_ms: row.entry.at_ms, entry }
}

fn change(row: &Row<'_>, names: &mut KnownNames) -> Result<RowChange, (Cells, Cannot)> {
    let key = cells(row.key, names).map_err(|cannot| (Vec::new(), cannot))?;
    if let Some(problem) = row.problem {
        return Err((key, Cannot::parse(problem)));
    }
    let Some(op) = Op::of_row(row.op) else { return Err((key, Cannot::parse(""))) };
    let cells = row.row.map_or_else(|| Ok(Vec::new()), |row| cells(row, names)).map_err(|cannot| (key.clone(), cannot))?;
    let changed = row.changed.map_or_else(|| Ok(Vec::new()), serde_json::from_str);
    let changed = changed.map_err(|_| (key.clone(), Cannot::parse("")))?;
    Ok(RowChange { table: String::new(), op, key, row: cells, changed, transaction: None, goes_on: false })
}

#[cfg(test)]
mod tests;
