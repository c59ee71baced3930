//! A SQLite file as a source of rows.
//!
//! Given: a file with the channel's triggers. Gives: its outbox in the order of its ids, which is the order of commits, since SQLite has one writer
//! at a time. After a crash: what was not deleted is read again. Never: a write but to the outbox and the notes beside it.
//!
//! Order: `ON UPDATE CASCADE` changes the children, and fires their triggers, before the trigger of the parent fires; so a child's entry with the new key
//! stands before its parent's. (What else SQLite carries on to children is in order: `ON DELETE` goes from the children up.) Where a followed table has
//! such a key, a statement's entries are one transaction to the engine, which packets do not cut or say that it goes on. They are known by their
//! time: SQLite's clock stands still within a statement.

use super::catalog::{self, Affinity, Table};
use super::sink::STRUCTURE;
use super::triggers::{self, Names};
use super::{Session, Trouble, bytes_at, ident, roll_back};
use crate::connectors::tables::tagged::{self, Misfit, Tagged};
use crate::connectors::tables::values::float_text;
use crate::connectors::tables::{
    Cells, Chunk, ChunkWanted, Entry, EntryId, Offered, Op, Problem, ReadLimits, RowChange, RowsPart, TableFault, TableName,
    TableSource, Value,
};
use dukou_packets::packet::header::ChannelName;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Row, SqliteConnection};
use std::collections::BTreeSet;
use std::path::Path;

/// Ids that one statement deletes.
const DELETED_AT_ONCE: usize = 500;

/// A channel's tables in a SQLite file.
pub struct SqliteSource {
    session: Session,
    names: Names,
    tables: Vec<TableName>,
    /// How many rows a stock push still has to bring: of this table and condition, so many.
    left: Option<(String, Option<String>, u64)>,
}

impl SqliteSource {
    /// Makes a source of tables in a file, which is opened at the first call.
    pub fn new(path: &Path, channel: &ChannelName, tables: &[TableName]) -> Self {
        Self { session: Session::new(path, &[]), names: Names::of(channel), tables: tables.to_vec(), left: None }
    }

    /// Makes outbox and triggers, or makes them anew; what the outbox holds stays.
    ///
    /// # Errors
    /// The first fault of a table that cannot be a source, with nothing changed; else as any call.
    pub fn install(&mut self) -> Result<(), TableFault> {
        let (names, shown) = (&self.names, &self.tables);
        self.session.run(async |conn| {
            sqlx::query("BEGIN IMMEDIATE").execute(&mut *conn).await?;
            let tables = fit_tables(conn, shown).await?;
            for statement in statements(conn, names, &tables).await? {
                sqlx::query(AssertSqlSafe(statement)).execute(&mut *conn).await?;
            }
            sqlx::query("COMMIT").execute(conn).await?;
            Ok(())
        })
    }

    /// Gives the statements that [`install`](Self::install) would run.
    ///
    /// # Errors
    /// As [`install`](Self::install).
    pub fn install_sql(&mut self) -> Result<String, TableFault> {
        let (names, shown) = (&self.names, &self.tables);
        self.session.run(async |conn| {
            let tables = fit_tables(conn, shown).await?;
            Ok(script(&statements(conn, names, &tables).await?))
        })
    }

    /// Gives the statements that [`uninstall`](Self::uninstall) would run.
    ///
    /// # Errors
    /// As any call.
    pub fn uninstall_sql(&mut self) -> Result<String, TableFault> {
        let names = &self.names;
        self.session.run(async |conn| Ok(script(&removal(conn, names).await?)))
    }

    /// Takes away all that was installed, the outbox with what it holds too.
    ///
    /// # Errors
    /// As any call.
    pub fn uninstall(&mut self) -> Result<(), TableFault> {
        let names = &self.names;
        self.session.run(async |conn| {
            sqlx::query("BEGIN IMMEDIATE").execute(&mut *conn).await?;
            for statement in removal(conn, names).await? {
                sqlx::query(AssertSqlSafe(statement)).execute(&mut *conn).await?;
            }
            sqlx::query("COMMIT").execute(conn).await?;
            Ok(())
        })
    }
}

/// Statements as a script, in one transaction.
fn script(statements: &[String]) -> String {
    let lines: String = statements.iter().map(|sql| format!("{sql};\n")).collect();
    format!("BEGIN IMMEDIATE;\n{lines}COMMIT;\n")
}

/// The statements that take everything of ours away.
async fn removal(conn: &mut SqliteConnection, names: &Names) -> Result<Vec<String>, Trouble> {
    let needed = "SELECT count(*) FROM main.sqlite_master WHERE type = 'table'
        AND (name = 'dukou_mark' OR substr(name, 1, 13) = 'dukou_outbox_' AND name <> ?)";
    let others: i64 = sqlx::query(needed).bind(&names.outbox).fetch_one(&mut *conn).await?.try_get_unchecked(0)?;

    let triggers = our_triggers(conn, names).await?.into_iter();
    let mut statements: Vec<String> = triggers.map(|trigger| format!("DROP TRIGGER {}", ident(&trigger))).collect();
    statements
        .extend([&names.outbox, &names.refused, &names.notes].map(|table| format!("DROP TABLE IF EXISTS {}", ident(table))));
    statements.extend((others == 0).then(|| "DROP TABLE IF EXISTS dukou_schema".to_owned()));
    Ok(statements)
}

pub(super) async fn our_triggers(conn: &mut SqliteConnection, names: &Names) -> Result<Vec<String>, Trouble> {
    let sql = "SELECT name FROM main.sqlite_master WHERE type = 'trigger' AND substr(name, 1, length(?1)) = ?1 ORDER BY name";
    let rows = sqlx::query(sql).bind(names.trigger_prefix()).fetch_all(conn).await?;
    rows.iter().map(|row| row.try_get_unchecked(0).map_err(Trouble::Sql)).collect()
}

/// Reads the tables; the first that cannot be a source is the fault.
pub(super) async fn fit_tables(conn: &mut SqliteConnection, shown: &[TableName]) -> Result<Vec<Table>, Trouble> {
    let mut tables = Vec::new();
    for shown in shown {
        tables.push(catalog::table(conn, shown).await??);
    }
    match tables.iter().flat_map(|table| faults_of(table, &tables)).next() {
        Some(fault) => Err(fault.into()),
        None => Ok(tables),
    }
}

/// What keeps a table from being a source.
fn faults_of(table: &Table, all: &[Table]) -> Vec<TableFault> {
    let outside = table.parents.iter().filter(|parent| !all.iter().any(|table| table.is(parent)));
    let outside = outside.map(|parent| table.unfit(None, Problem::ParentOutside(parent.clone())));
    // What such an index has REPLACE delete cannot be told beforehand.
    let computed = table.uniques.iter().filter(|unique| unique.columns.iter().any(|(name, _)| name.is_none()));
    let computed = computed.map(|unique| table.unfit(None, Problem::Silent(unique.name.clone())));
    // '1' and 1 are two keys there, and a change names both `1`.
    let untyped = table.key().into_iter().filter(|column| column.affinity == Affinity::Blob && column.declared != "BLOB");
    let untyped = untyped.map(|column| table.unfit(Some(&column.name), Problem::Type(column.declared.clone())));
    outside.chain(computed).chain(untyped).collect()
}

/// The statements that bring outbox and triggers to what they have to be.
pub(super) async fn statements(conn: &mut SqliteConnection, names: &Names, tables: &[Table]) -> Result<Vec<String>, Trouble> {
    let reals = tables.iter().map(|table| table.reals().len()).max().unwrap_or(0);
    let keys = tables.iter().map(|table| table.key().len()).max().unwrap_or(0);
    let mut statements: Vec<String> = Vec::new();
    for trigger in our_triggers(conn, names).await? {
        statements.push(format!("DROP TRIGGER {}", ident(&trigger)));
    }
    match catalog::outbox_reals(conn, &names.outbox).await? {
        None => statements.push(triggers::outbox(names, reals)),
        Some(there) => {
            let add = |n| format!("ALTER TABLE {} ADD COLUMN f{n}", ident(&names.outbox));
            statements.extend((there..reals).map(add));
        }
    }
    statements.push(triggers::refused(names));
    statements.push(format!("DROP TABLE IF EXISTS {}", ident(&names.notes)));
    statements.push(triggers::notes(names, keys));
    statements.push(STRUCTURE.to_owned());
    statements.extend(tables.iter().flat_map(|table| triggers::of_table(names, table)).map(|(_, text)| text));
    Ok(statements)
}

impl TableSource for SqliteSource {
    fn read(&mut self, except: &BTreeSet<i64>, limits: ReadLimits) -> Result<Vec<Offered>, TableFault> {
        let (names, shown) = (&self.names, &self.tables);
        self.session.run(async |conn| {
            sqlx::query("BEGIN").execute(&mut *conn).await?;
            let keeps_whole = catalog::carry_keys_on(conn, shown).await?;
            let offered = read(conn, names, except, limits, keeps_whole).await?;
            roll_back(conn).await?;
            Ok(offered)
        })
    }

    fn delete(&mut self, entries: &[EntryId]) -> Result<(), TableFault> {
        let names = &self.names;
        self.session.run(async |conn| {
            sqlx::query("BEGIN IMMEDIATE").execute(&mut *conn).await?;
            for entries in entries.chunks(DELETED_AT_ONCE) {
                let list = |of: &dyn Fn(&EntryId) -> String| entries.iter().map(of).collect::<Vec<_>>().join(",");
                let (ids, pairs) =
                    (list(&|entry| entry.id.to_string()), list(&|entry| format!("({}, {})", entry.id, entry.at_ms)));
                let sql = format!(
                    "DELETE FROM {} WHERE id IN ({ids}) AND ((id, ifnull(at, 0)) IN (VALUES {pairs}) OR (id, 0) IN (VALUES {pairs}))",
                    ident(&names.outbox)
                );
                sqlx::query(AssertSqlSafe(sql)).persistent(false).execute(&mut *conn).await?;
            }
            let sql = format!("DELETE FROM {}", ident(&names.notes));
            sqlx::query(AssertSqlSafe(sql)).execute(&mut *conn).await?;
            sqlx::query("COMMIT").execute(conn).await?;
            Ok(())
        })
    }

    fn set_aside(&mut self, refused: &[(EntryId, String)]) -> Result<(), TableFault> {
        let (outbox, aside) = (ident(&self.names.outbox), ident(&self.names.refused));
        let columns = "id, at, tbl, op, \"key\", \"row\", changed, problem";
        let it = "id = ?1 AND ?2 IN (0, ifnull(at, 0))";
        let keep = format!("INSERT INTO {aside} ({columns}, code) SELECT {columns}, ?3 FROM {outbox} WHERE {it}");
        let delete = format!("DELETE FROM {outbox} WHERE {it}");
        self.session.run(async |conn| {
            sqlx::query("BEGIN IMMEDIATE").execute(&mut *conn).await?;
            for (EntryId { id, at_ms }, code) in refused {
                sqlx::query(AssertSqlSafe(keep.as_str())).bind(id).bind(at_ms).bind(code).execute(&mut *conn).await?;
                sqlx::query(AssertSqlSafe(delete.as_str())).bind(id).bind(at_ms).execute(&mut *conn).await?;
            }
            sqlx::query("COMMIT").execute(conn).await?;
            Ok(())
        })
    }

    fn chunk(&mut self, want: &ChunkWanted<'_>, token: u64) -> Result<Chunk, TableFault> {
        let names = &self.names;
        let mut chunk = self.session.run(async |conn| {
            sqlx::query("BEGIN IMMEDIATE").execute(&mut *conn).await?;
            let chunk = chunk(conn, names, want, token).await?;
            sqlx::query("COMMIT").execute(conn).await?;
            Ok(chunk)
        })?;
        chunk.left = self.left_behind(want, &chunk)?;
        Ok(chunk)
    }

    fn check(&mut self) -> Result<Vec<TableFault>, TableFault> {
        let (names, shown) = (&self.names, &self.tables);
        self.session.run(async |conn| check(conn, names, shown).await)
    }
}

impl SqliteSource {
    /// Counts the rows behind a chunk: once, and from then on by what came.
    fn left_behind(&mut self, want: &ChunkWanted<'_>, chunk: &Chunk) -> Result<u64, TableFault> {
        let Some(last) = &chunk.last else {
            self.left = None;
            return Ok(0);
        };
        let filter = want.filter.map(str::to_owned);
        let left = match self.left.take() {
            Some((table, of, left)) if table == want.table && of == filter && want.after.is_some() => {
                left.saturating_sub(chunk.parts.len() as u64)
            }
            _ => self.session.run(async |conn| count(conn, want, last).await)?,
        };
        self.left = Some((want.table.to_owned(), filter, left));
        Ok(left)
    }
}

async fn read(
    conn: &mut SqliteConnection,
    names: &Names,
    except: &BTreeSet<i64>,
    limits: ReadLimits,
    keeps_whole: bool,
) -> Result<Vec<Offered>, Trouble> {
    let reals = catalog::outbox_reals(conn, &names.outbox).await?.unwrap_or(0);
    let mut chosen = choose(conn, names, except, limits).await?;
    let goes_on = keeps_whole && chosen.keep_statements_whole();
    let columns: String = (0..reals).map(|n| format!(", f{n}")).collect();
    let sql = format!(
        "SELECT id, at, tbl, op, CAST(\"key\" AS BLOB), CAST(\"row\" AS BLOB), CAST(changed AS BLOB), problem{columns} FROM {} WHERE id = ?",
        ident(&names.outbox)
    );
    let mut offered = Vec::with_capacity(chosen.heads.len());
    for (id, _) in chosen.heads {
        let row = sqlx::query(AssertSqlSafe(sql.as_str())).bind(id).fetch_one(&mut *conn).await?;
        offered.push(entry(&row, reals)?);
    }
    if keeps_whole {
        name_statements(&mut offered, goes_on);
    }
    Ok(offered)
}

/// Gives changes of one statement one transaction; each of the last one's says whether it goes on, since not all of them may travel.
fn name_statements(offered: &mut [Offered], goes_on: bool) {
    let is_change = |offered: &&Offered| matches!(offered.entry, Entry::Change(_));
    let last = offered.iter().rev().find(is_change).map(|offered| offered.at_ms);
    for Offered { at_ms, entry, .. } in offered.iter_mut() {
        if let Entry::Change(change) = entry {
            change.transaction = u64::try_from(*at_ms).ok();
            change.goes_on = goes_on && last == Some(*at_ms);
        }
    }
}

/// What a read brings: ids with their times, and the time of the entry behind them where there is more.
struct Chosen {
    heads: Vec<(i64, i64)>,
    next_at: Option<i64>,
}

impl Chosen {
    /// Leaves out the beginning of a statement that goes on behind the limits; where there is nothing else it comes in parts, and this is true.
    fn keep_statements_whole(&mut self) -> bool {
        let last_at = self.heads.last().map(|(_, at)| *at);
        if self.next_at.is_none() || self.next_at != last_at {
            return false;
        }
        let whole = self.heads.iter().rposition(|(_, at)| Some(*at) != last_at).map_or(0, |at| at + 1);
        if whole > 0 {
            self.heads.truncate(whole);
        }
        whole == 0
    }
}

/// Chooses the entries of a read: at least one.
async fn choose(
    conn: &mut SqliteConnection,
    names: &Names,
    except: &BTreeSet<i64>,
    limits: ReadLimits,
) -> Result<Chosen, Trouble> {
    let sql = format!(
        "SELECT id, ifnull(at, 0), ifnull(length(\"key\"), 0) + ifnull(length(\"row\"), 0), ifnull(op = 'structure', 0) FROM {} WHERE id > ? ORDER BY id LIMIT 1000",
        ident(&names.outbox)
    );
    let (mut heads, mut bytes, mut behind) = (Vec::new(), 0_u64, i64::MIN);
    loop {
        let rows = sqlx::query(AssertSqlSafe(sql.as_str())).bind(behind).fetch_all(&mut *conn).await?;
        for row in &rows {
            let (id, at, length): (i64, i64, i64) =
                (row.try_get_unchecked(0)?, row.try_get_unchecked(1)?, row.try_get_unchecked(2)?);
            behind = id;
            if except.contains(&id) {
                continue;
            }
            // Rows of two versions are never in one read, and a statement does not go on over a structure change, which comes alone.
            if row.try_get_unchecked(3)? {
                let alone = if heads.is_empty() { vec![(id, at)] } else { heads };
                return Ok(Chosen { heads: alone, next_at: None });
            }
            bytes = bytes.saturating_add(length.unsigned_abs());
            if !heads.is_empty() && (bytes > limits.bytes || heads.len() >= limits.rows) {
                return Ok(Chosen { heads, next_at: Some(at) });
            }
            heads.push((id, at));
        }
        if rows.len() < 1000 {
            return Ok(Chosen { heads, next_at: None });
        }
    }
}

/// Reads an entry.
fn entry(row: &SqliteRow, reals: usize) -> Result<Offered, Trouble> {
    let (id, at_ms): (i64, Option<i64>) = (row.try_get_unchecked(0)?, row.try_get_unchecked(1)?);
    let table = lossy(bytes_at(row, 2)?);
    let op = lossy(bytes_at(row, 3)?);
    let at_ms = at_ms.unwrap_or_default();
    if op == "marker" {
        let token = lossy(bytes_at(row, 4)?).parse().unwrap_or_default();
        return Ok(Offered { id, at_ms, entry: Entry::Marker(token) });
    }
    if let Some(document) = lossy(bytes_at(row, 4)?).parse().ok().filter(|_| op == "structure") {
        return Ok(Offered { id, at_ms, entry: Entry::Structure(document) });
    }
    let numbers = numbers(row, 8, reals)?;
    let key_json = bytes_at(row, 4)?.unwrap_or_default();
    let key = cells(&key_json, &numbers);
    let told = bytes_at(row, 7)?.map(|problem| Misfit::parse(&String::from_utf8_lossy(&problem)));
    let change = match (told, &key) {
        (Some(misfit), _) => Err(misfit),
        (None, Err(misfit)) => Err(misfit.clone()),
        (None, Ok(key)) => row_of(row, &numbers, op.as_str()).map(|(op, cells, changed)| RowChange {
            table: table.clone(),
            op,
            key: key.clone(),
            row: cells,
            changed,
            transaction: None,
            goes_on: false,
        }),
    };
    let entry = match change {
        Ok(change) => Entry::Change(change),
        Err(misfit) => Entry::Unfit {
            table,
            key: key.unwrap_or_else(|_| vec![("key".into(), Value::Text(String::from_utf8_lossy(&key_json).into_owned()))]),
            code: misfit.code,
            column: misfit.column,
            bytes: misfit.bytes,
        },
    };
    Ok(Offered { id, at_ms, entry })
}

fn lossy(bytes: Option<Vec<u8>>) -> String {
    bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// Reads the floating point numbers of a row, from this column on.
fn numbers(row: &SqliteRow, from: usize, count: usize) -> Result<Vec<Option<f64>>, sqlx::Error> {
    (from..from + count).map(|at| row.try_get_unchecked(at)).collect()
}

fn row_of(row: &SqliteRow, numbers: &[Option<f64>], op: &str) -> Result<(Op, Cells, Vec<String>), Misfit> {
    let unreadable = || Misfit { code: "unreadable", column: None, bytes: None };
    let bytes = |at| bytes_at(row, at).map_err(|_| unreadable());
    let op = match op {
        "insert" => Op::Insert,
        "update" => Op::Update,
        "delete" => return Ok((Op::Delete, Vec::new(), Vec::new())),
        _ => return Err(unreadable()),
    };
    let row = cells(&bytes(5)?.ok_or_else(unreadable)?, numbers)?;
    let changed = bytes(6)?.map(|json| tagged::parse_names(&json).ok_or_else(unreadable)).transpose()?;
    Ok((op, row, changed.unwrap_or_default()))
}

/// Reads the cells of a key or a row.
fn cells(json: &[u8], numbers: &[Option<f64>]) -> Result<Cells, Misfit> {
    let Some(tagged) = tagged::parse(json) else {
        // SQLite keeps bytes that are no UTF-8 as text, and JSON passes them on.
        let code = if std::str::from_utf8(json).is_err() { "not-text" } else { "unreadable" };
        return Err(Misfit { code, column: None, bytes: None });
    };
    of_tagged(tagged, numbers)
}

fn of_tagged(tagged: Tagged, numbers: &[Option<f64>]) -> Result<Cells, Misfit> {
    let cell = |(name, cell): (String, Option<String>)| {
        let value = value(cell.as_deref(), numbers).map_err(|code| Misfit::of(code, &name))?;
        Ok((name.into(), value))
    };
    tagged.into_iter().map(cell).collect()
}

fn value(cell: Option<&str>, numbers: &[Option<f64>]) -> Result<Value, &'static str> {
    let Some(cell) = cell else { return Ok(Value::Null) };
    let mut letters = cell.chars();
    let (letter, rest) = (letters.next(), letters.as_str());
    let number = || rest.parse().ok().and_then(|n: usize| numbers.get(n).copied().flatten()).ok_or("unreadable");
    match letter {
        Some('t') if rest.contains('\0') => Err("nul-in-text"),
        Some('t') => Ok(Value::Text(rest.to_owned())),
        Some('x') => data_encoding::HEXLOWER.decode(rest.as_bytes()).map(Value::Bytes).map_err(|_| "unreadable"),
        Some('f') => float_text(number()?).map(Value::Text).ok_or("not-a-number"),
        Some('n') => Some(number()?)
            .filter(|number| number.is_finite())
            .map(|number| Value::Text(format!("{number}")))
            .ok_or("not-a-number"),
        _ => Err("unreadable"),
    }
}

/// Reads a chunk and sets its marker, in the transaction that lets no one else write.
async fn chunk(conn: &mut SqliteConnection, names: &Names, want: &ChunkWanted<'_>, token: u64) -> Result<Chunk, Trouble> {
    let table = catalog::table(conn, want.table).await??;
    if let (None, Some(sql)) = (want.after, triggers::keyless_stock(names, &table, &filter(want))) {
        sqlx::query(AssertSqlSafe(sql)).execute(&mut *conn).await?;
    }
    let (condition, arguments) = behind(&table, want)?;
    let reals = triggers::real_values(&table, "r.");
    let sql = format!(
        "SELECT {problem}, CAST({} AS BLOB), CASE WHEN ({problem}) IS NULL THEN CAST({} AS BLOB) END{reals} FROM {} AS r WHERE {condition} AND {} ORDER BY {} LIMIT {}",
        triggers::key_json(&table, "r."),
        triggers::row_json(&table, "r."),
        ident(&table.name),
        triggers::has_key(&table, "r."),
        catalog::list(table.key(), "r."),
        want.rows,
        problem = triggers::problem(&table, "r."),
    );
    let rows = sqlx::query_with(AssertSqlSafe(sql), arguments).persistent(false).fetch_all(&mut *conn).await?;
    let mut chunk = Chunk { parts: Vec::with_capacity(rows.len()), last: None, left: 0 };
    for row in &rows {
        let numbers = numbers(row, 3, table.reals().len())?;
        let key = cells(&bytes_at(row, 1)?.unwrap_or_default(), &numbers);
        match stock_row(row, &table, &key, &numbers)? {
            Ok(change) => chunk.parts.push(RowsPart::One(change)),
            Err(misfit) => put_aside(conn, names, &table, &bytes_at(row, 1)?.unwrap_or_default(), &misfit).await?,
        }
        chunk.last = Some(key.map_err(|misfit| table.unfit(misfit.column.as_deref(), Problem::Type(misfit.code.to_owned())))?);
    }
    if rows.len() < want.rows as usize {
        chunk.last = None;
    }
    let sql = format!("INSERT INTO {}(at, op, \"key\") VALUES ({}, 'marker', ?)", ident(&names.outbox), triggers::NOW);
    sqlx::query(AssertSqlSafe(sql)).bind(token.to_string()).execute(conn).await?;
    Ok(chunk)
}

fn stock_row(
    row: &SqliteRow,
    table: &Table,
    key: &Result<Cells, Misfit>,
    numbers: &[Option<f64>],
) -> Result<Result<RowChange, Misfit>, sqlx::Error> {
    if let Some(problem) = bytes_at(row, 0)? {
        return Ok(Err(Misfit::parse(&String::from_utf8_lossy(&problem))));
    }
    let json = bytes_at(row, 2)?.unwrap_or_default();
    let change = key.clone().and_then(|key| {
        let row = cells(&json, numbers)?;
        let table = table.shown.clone();
        Ok(RowChange { table, op: Op::Stock, key, row, changed: Vec::new(), transaction: None, goes_on: false })
    });
    Ok(change)
}

/// Writes into the outbox that a row of the stock cannot travel: a chunk has rows alone.
async fn put_aside(
    conn: &mut SqliteConnection,
    names: &Names,
    table: &Table,
    key: &[u8],
    misfit: &Misfit,
) -> Result<(), Trouble> {
    let parts = [misfit.bytes.map(|bytes| bytes.to_string()), misfit.column.clone()].map(Option::unwrap_or_default);
    let problem = format!("{}:{}:{}", misfit.code, parts[0], parts[1]);
    let sql = format!(
        "INSERT INTO {}(at, tbl, op, \"key\", problem) VALUES ({}, ?, 'stock', ?, ?)",
        ident(&names.outbox),
        triggers::NOW
    );
    let key = String::from_utf8_lossy(key).into_owned();
    sqlx::query(AssertSqlSafe(sql)).bind(table.shown.as_str()).bind(key).bind(problem).execute(conn).await?;
    Ok(())
}

/// The person's condition, whatever stands in it: a comment ends with its line.
fn filter(want: &ChunkWanted<'_>) -> String {
    want.filter.map_or_else(|| "1".to_owned(), |filter| format!("({filter}\n)"))
}

/// The condition of a chunk with its arguments.
fn behind<'a>(table: &Table, want: &ChunkWanted<'a>) -> Result<(String, SqliteArguments), Trouble> {
    let mut arguments = SqliteArguments::default();
    let filter = filter(want);
    let Some(after) = want.after else { return Ok((filter, arguments)) };
    let key = table.key();
    if after.len() != key.len() {
        return Err(table.unfit(None, Problem::Drifted).into());
    }
    for (column, (_, value)) in key.iter().zip(after) {
        bind_stored(&mut arguments, column.affinity, value)?;
    }
    let marks = vec!["?"; key.len()].join(", ");
    Ok((format!("({}) > ({marks}) AND {filter}", catalog::list(key, "r.")), arguments))
}

/// Binds a value as a column of this affinity holds it.
fn bind_stored(arguments: &mut SqliteArguments, affinity: Affinity, value: &Value) -> Result<(), Trouble> {
    let is_number = matches!(affinity, Affinity::Integer | Affinity::Real | Affinity::Numeric);
    let bound = match value {
        Value::Null => arguments.add(Option::<i64>::None),
        Value::Bytes(bytes) => arguments.add(bytes.clone()),
        Value::Text(text) => match (is_number.then(|| text.parse::<i64>()), is_number.then(|| text.parse::<f64>())) {
            (Some(Ok(whole)), _) => arguments.add(whole),
            (_, Some(Ok(real))) if real.is_finite() => arguments.add(real),
            _ => arguments.add(text.clone()),
        },
    };
    bound.map_err(|error| Trouble::Sql(sqlx::Error::Encode(error)))
}

async fn count(conn: &mut SqliteConnection, want: &ChunkWanted<'_>, last: &Cells) -> Result<u64, Trouble> {
    let table = catalog::table(conn, want.table).await??;
    let (condition, arguments) = behind(&table, &ChunkWanted { after: Some(last), ..*want })?;
    let sql = format!("SELECT count(*) FROM {} AS r WHERE {condition}", ident(&table.name));
    let row = sqlx::query_with(AssertSqlSafe(sql), arguments).persistent(false).fetch_one(conn).await?;
    let count: i64 = row.try_get_unchecked(0)?;
    Ok(count.unsigned_abs())
}

async fn check(conn: &mut SqliteConnection, names: &Names, shown: &[TableName]) -> Result<Vec<TableFault>, Trouble> {
    let (mut faults, mut tables) = (Vec::new(), Vec::new());
    for shown in shown {
        match catalog::table(conn, shown).await? {
            Ok(table) => tables.push(table),
            Err(fault) => faults.push(fault),
        }
    }
    faults.extend(tables.iter().flat_map(|table| faults_of(table, &tables)));
    let not_installed = |what: &str| TableFault::Unfit {
        table: shown.first().cloned().unwrap_or_default(),
        column: None,
        problem: Problem::NotInstalled(what.to_owned()),
    };
    for what in [&names.outbox, &names.refused, &names.notes] {
        if catalog::made_by(conn, what).await?.is_none() {
            faults.push(not_installed(what));
            return Ok(faults);
        }
    }
    for table in &tables {
        faults.extend(trigger_fault(conn, names, table).await?);
    }
    Ok(faults)
}

/// What is wrong with a table's triggers, if anything.
async fn trigger_fault(conn: &mut SqliteConnection, names: &Names, table: &Table) -> Result<Option<TableFault>, Trouble> {
    for (name, text) in triggers::of_table(names, table) {
        match catalog::made_by(conn, &name).await? {
            None => return Ok(Some(table.unfit(None, Problem::NotInstalled(name)))),
            Some(there) if there != text => return Ok(Some(table.unfit(None, Problem::Drifted))),
            Some(_) => {}
        }
    }
    Ok(None)
}
