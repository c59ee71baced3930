//! MariaDB or MySQL as a source of rows.
//!
//! Given: a database with the channel's triggers. Gives: its outbox in the order of its ids, as one snapshot shows it: a row that depends on another has
//! the higher id and is visible no sooner. After a crash: what was not deleted is read again. Never: a write but to the outbox.

use super::catalog::{self, Col, Table};
use super::session::{Server, Session, Trouble, bytes_at, number, text_at};
use super::sink::{STRUCTURE, own_sql};
use super::statements::{Bound, bind_all};
use super::triggers::{self, Trigger};
use super::{ident, literal};
use crate::connectors::tables::tagged::{self, Misfit};
use crate::connectors::tables::values::{float_text, from_mariadb, in_shanghai, to_utc};
use crate::connectors::tables::{
    Caution, Cells, Chunk, ChunkWanted, Entry, EntryId, Offered, Op, Problem, ReadLimits, RowChange, RowsPart, TableFault,
    TableName, TableSource, Value,
};
use dukou_packets::packet::header::ChannelName;
use sqlx::mysql::MySqlRow;
use sqlx::{AssertSqlSafe, MySqlConnection};
use std::collections::BTreeSet;

/// Ids that one statement reads or deletes.
const IDS_AT_ONCE: usize = 500;

/// A channel's tables in MariaDB or MySQL.
pub struct MysqlSource {
    session: Session,
    outbox: String,
    tables: Vec<TableName>,
}

impl MysqlSource {
    /// Makes a source of tables in the database of a URL, which is connected to at the first call; a URL that is none is told there.
    pub fn new(url: &str, password: Option<&str>, channel: &ChannelName, tables: &[TableName]) -> Self {
        Self { session: Session::new(url, password), outbox: triggers::outbox_name(channel), tables: tables.to_vec() }
    }

    /// Makes outbox and triggers, or makes them anew; no change falls between, and what the outbox holds stays.
    ///
    /// # Errors
    /// The first fault of a table that cannot be a source, with nothing changed; a missing right; else as any call.
    pub fn install(&mut self) -> Result<(), TableFault> {
        let (outbox, shown) = (&self.outbox, &self.tables);
        self.session.run(async |conn, server| {
            let tables = fit_tables(conn, server, shown).await?;
            for (table, sql) in statements(conn, server, outbox, &tables).await? {
                let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *conn).await;
                done.map_err(|error| right(error, &table))?;
            }
            Ok(())
        })
    }

    /// Gives the statements that [`install`](Self::install) would run, as the `mariadb` and `mysql` programs read them.
    ///
    /// # Errors
    /// As [`install`](Self::install).
    pub fn install_sql(&mut self) -> Result<String, TableFault> {
        let (outbox, shown) = (&self.outbox, &self.tables);
        self.session.run(async |conn, server| {
            let tables = fit_tables(conn, server, shown).await?;
            Ok(script(statements(conn, server, outbox, &tables).await?.into_iter().map(|(_, sql)| sql)))
        })
    }

    /// Gives the statements that [`uninstall`](Self::uninstall) would run.
    ///
    /// # Errors
    /// As any call.
    pub fn uninstall_sql(&mut self) -> Result<String, TableFault> {
        let outbox = &self.outbox;
        self.session.run(async |conn, server| Ok(script(removal(conn, server, outbox).await?.into_iter())))
    }

    /// Takes away all that was installed, the outbox with what it holds too.
    ///
    /// # Errors
    /// As any call.
    pub fn uninstall(&mut self) -> Result<(), TableFault> {
        let outbox = &self.outbox;
        self.session.run(async |conn, server| {
            for sql in removal(conn, server, outbox).await? {
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *conn).await?;
            }
            Ok(())
        })
    }
}

/// The statements that take everything of ours away.
async fn removal(conn: &mut MySqlConnection, server: &Server, outbox: &str) -> Result<Vec<String>, Trouble> {
    let drop =
        |(schema, name, _): (String, String, String)| format!("DROP TRIGGER IF EXISTS {}.{}", ident(&schema), ident(&name));
    let mut statements: Vec<String> = ours(conn, server, outbox).await?.into_iter().map(drop).collect();
    for table in [outbox, &triggers::refused_name(outbox)] {
        statements.push(format!("DROP TABLE IF EXISTS {}", triggers::outbox_sql(table, server)));
    }
    let needed = format!(
        "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE()
         AND (table_name = 'dukou_mark' OR LEFT(table_name, 13) = 'dukou_outbox_' AND table_name <> {})",
        literal(outbox)
    );
    if catalog::rows(conn, needed).await?.is_empty() {
        statements.push(format!("DROP TABLE IF EXISTS {}", triggers::outbox_sql(STRUCTURE.0, server)));
    }
    Ok(statements)
}

/// Statements as a script; the bodies of triggers hold semicolons.
fn script(statements: impl Iterator<Item = String>) -> String {
    let lines: String = statements.map(|sql| format!("{sql}\n//\n")).collect();
    format!("DELIMITER //\n{lines}DELIMITER ;\n")
}

/// Says which right is missing.
fn right(error: sqlx::Error, table: &str) -> Trouble {
    let what = match number(&error) {
        Some(1419) => {
            "create triggers while the binary log is on: grant SUPER, or SET GLOBAL log_bin_trust_function_creators = 1"
        }
        Some(1142 | 1143 | 1227 | 1370 | 1044) => "create triggers and the outbox: grant CREATE and TRIGGER",
        _ => return error.into(),
    };
    TableFault::Unfit { table: table.to_owned(), column: None, problem: Problem::Right(what.to_owned()) }.into()
}

/// Our triggers: schema, name, table.
pub(super) async fn ours(
    conn: &mut MySqlConnection,
    server: &Server,
    outbox: &str,
) -> Result<Vec<(String, String, String)>, Trouble> {
    let needle = literal(&triggers::outbox_sql(outbox, server));
    let sql = format!(
        "SELECT trigger_schema, trigger_name, event_object_table FROM information_schema.triggers
         WHERE trigger_name LIKE 'dukou\\\\_%' AND INSTR(action_statement, CONCAT('INSERT INTO ', {needle}, '(')) > 0 ORDER BY 1, 2"
    );
    let mut found = Vec::new();
    for row in catalog::rows(conn, sql).await? {
        let text = |at| text_at(&row, at).map(Option::unwrap_or_default);
        found.push((text(0)?, text(1)?, text(2)?));
    }
    Ok(found)
}

/// The application's first trigger of an event.
async fn first_trigger(conn: &mut MySqlConnection, table: &Table, event: &str) -> Result<Option<String>, Trouble> {
    let sql = format!(
        "SELECT trigger_name FROM information_schema.triggers WHERE event_object_schema = {} AND event_object_table = {}
         AND action_timing = 'AFTER' AND event_manipulation = '{event}' ORDER BY action_order LIMIT 1",
        literal(&table.schema),
        literal(&table.name)
    );
    Ok(catalog::rows(conn, sql).await?.first().map(|row| text_at(row, 0)).transpose()?.flatten())
}

/// Reads the tables; the first that cannot be a source is the fault.
pub(super) async fn fit_tables(
    conn: &mut MySqlConnection,
    server: &Server,
    shown: &[TableName],
) -> Result<Vec<Table>, Trouble> {
    let mut tables = Vec::new();
    for shown in shown {
        tables.push(catalog::table(conn, server, shown).await??);
    }
    match tables.iter().flat_map(|table| faults_of(table, &tables)).next() {
        Some(fault) => Err(fault.into()),
        None => Ok(tables),
    }
}

/// What keeps a table from being a source.
fn faults_of(table: &Table, all: &[Table]) -> Vec<TableFault> {
    let in_channel = |(schema, name): &(String, String)| all.iter().any(|table| table.schema == *schema && table.name == *name);
    let mut faults = Vec::new();
    for reference in &table.references {
        if !in_channel(&reference.parent) {
            faults.push(table.unfit(None, Problem::ParentOutside(reference.parent.1.clone())));
        }
        if let Some(acts) = &reference.acts {
            faults.push(table.unfit(None, Problem::Silent(format!("{} ({acts})", reference.name))));
        }
    }
    let unfit = |column: &&Col| !triggers::travels(column) || column.key_place > 0 && !triggers::can_be_key(column);
    let columns = table.travelling().filter(unfit);
    faults.extend(columns.map(|column| table.unfit(Some(&column.name), Problem::Type(column.column_type.clone()))));
    faults
}

/// The statements that bring outbox and triggers to what they have to be, with the table each is about.
pub(super) async fn statements(
    conn: &mut MySqlConnection,
    server: &Server,
    outbox: &str,
    tables: &[Table],
) -> Result<Vec<(String, String)>, Trouble> {
    let there = ours(conn, server, outbox).await?;
    let is_old = format!(
        "SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = {} AND column_name = 'op'
         AND character_maximum_length < 16",
        literal(outbox)
    );
    let is_old = !catalog::rows(conn, is_old).await?.is_empty();
    let refused = triggers::outbox_sql(&triggers::refused_name(outbox), server);
    let outbox = triggers::outbox_sql(outbox, server);
    let structure = triggers::outbox_sql(STRUCTURE.0, server);
    let mut statements = vec![
        (outbox.clone(), triggers::outbox(&outbox)),
        (refused.clone(), triggers::refused(&refused)),
        (structure.clone(), own_sql(&structure, STRUCTURE.1)),
    ];
    statements.extend(is_old.then(|| (outbox.clone(), triggers::widened(&outbox))));
    let mut wanted = BTreeSet::new();
    for table in tables {
        for trigger in triggers::of_table(&outbox, table) {
            wanted.insert(trigger.name.clone());
            if there.iter().any(|(_, name, _)| *name == trigger.name) {
                continue;
            }
            let first = first_trigger(conn, table, trigger.event).await?;
            statements.push((table.shown.clone(), trigger.sql(table, first.as_deref())));
        }
    }
    let old = there.iter().filter(|(_, name, _)| !wanted.contains(name));
    let drop = |(schema, name, table): &(String, String, String)| {
        (table.clone(), format!("DROP TRIGGER IF EXISTS {}.{}", ident(schema), ident(name)))
    };
    statements.extend(old.map(drop));
    Ok(statements)
}

impl TableSource for MysqlSource {
    fn read(&mut self, except: &BTreeSet<i64>, limits: ReadLimits) -> Result<Vec<Offered>, TableFault> {
        let outbox = &self.outbox;
        self.session.run(async |conn, server| {
            let outbox = triggers::outbox_sql(outbox, server);
            let begin = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; START TRANSACTION WITH CONSISTENT SNAPSHOT";
            sqlx::raw_sql(begin).execute(&mut *conn).await?;
            let offered = read(conn, &outbox, except, limits).await?;
            sqlx::raw_sql("ROLLBACK").execute(conn).await?;
            Ok(offered)
        })
    }

    fn delete(&mut self, entries: &[EntryId]) -> Result<(), TableFault> {
        let outbox = &self.outbox;
        self.session.run(async |conn, server| {
            let outbox = triggers::outbox_sql(outbox, server);
            for entries in entries.chunks(IDS_AT_ONCE) {
                // Each by itself: for a list of ids the server may read the whole table, and wait for rows that no one has committed yet.
                let one = |entry: &EntryId| format!("DELETE FROM {outbox} WHERE {};", is_it(entry));
                let each: String = entries.iter().map(one).collect();
                let sql = format!("START TRANSACTION; {each} COMMIT");
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *conn).await?;
            }
            Ok(())
        })
    }

    fn set_aside(&mut self, refused: &[(EntryId, String)]) -> Result<(), TableFault> {
        let outbox = &self.outbox;
        self.session.run(async |conn, server| {
            let aside = triggers::outbox_sql(&triggers::refused_name(outbox), server);
            let outbox = triggers::outbox_sql(outbox, server);
            sqlx::raw_sql("START TRANSACTION").execute(&mut *conn).await?;
            for (entry, code) in refused {
                let (columns, it) = ("id, at, tbl, op, `key`, `row`, changed, problem", is_it(entry));
                let keep = format!(
                    "INSERT INTO {aside} ({columns}, code) SELECT {columns}, {} FROM {outbox} WHERE {it}",
                    literal(code)
                );
                sqlx::raw_sql(AssertSqlSafe(keep)).execute(&mut *conn).await?;
                sqlx::raw_sql(AssertSqlSafe(format!("DELETE FROM {outbox} WHERE {it}"))).execute(&mut *conn).await?;
            }
            sqlx::raw_sql("COMMIT").execute(conn).await?;
            Ok(())
        })
    }

    fn chunk(&mut self, want: &ChunkWanted<'_>, token: u64) -> Result<Chunk, TableFault> {
        let outbox = &self.outbox;
        self.session.run(async |conn, server| {
            let outbox = triggers::outbox_sql(outbox, server);
            let table = catalog::table(conn, server, want.table).await??;
            sqlx::raw_sql("START TRANSACTION").execute(&mut *conn).await?;
            let chunk = chunk(conn, &outbox, &table, want, token).await?;
            sqlx::raw_sql("COMMIT").execute(conn).await?;
            Ok(chunk)
        })
    }

    fn check(&mut self) -> Result<Vec<TableFault>, TableFault> {
        let (outbox, shown) = (&self.outbox, &self.tables);
        self.session.run(async |conn, server| check(conn, server, outbox, shown).await)
    }

    fn cautions(&mut self) -> Result<Vec<Caution>, TableFault> {
        self.session.run(async |conn, _| catalog::cautions(conn).await)
    }
}

/// The condition that selects an entry.
fn is_it(EntryId { id, at_ms }: &EntryId) -> String {
    match at_ms {
        0 => format!("id = {id}"),
        _ => format!("id = {id} AND at = {at_ms}"),
    }
}

fn list(ids: &[i64]) -> String {
    ids.iter().map(i64::to_string).collect::<Vec<_>>().join(",")
}

async fn read(
    conn: &mut MySqlConnection,
    outbox: &str,
    except: &BTreeSet<i64>,
    limits: ReadLimits,
) -> Result<Vec<Offered>, Trouble> {
    let chosen = choose(conn, outbox, except, limits).await?;
    let mut offered = Vec::with_capacity(chosen.len());
    for ids in chosen.chunks(IDS_AT_ONCE) {
        let sql = format!(
            "SELECT id, at, tbl, op, `key`, `row`, changed, problem FROM {outbox} WHERE id IN ({}) ORDER BY id",
            list(ids)
        );
        for row in catalog::rows(conn, sql).await? {
            offered.push(entry(&row)?);
        }
    }
    Ok(offered)
}

/// Chooses the entries of a read: at least one.
async fn choose(
    conn: &mut MySqlConnection,
    outbox: &str,
    except: &BTreeSet<i64>,
    limits: ReadLimits,
) -> Result<Vec<i64>, Trouble> {
    let (mut ids, mut bytes, mut behind) = (Vec::new(), 0_u64, i64::MIN);
    loop {
        let sql = format!(
            "SELECT id, IFNULL(OCTET_LENGTH(`key`), 0) + IFNULL(OCTET_LENGTH(`row`), 0), IFNULL(op = 'structure', 0) FROM {outbox} WHERE id > {behind} ORDER BY id LIMIT 1000"
        );
        let rows = catalog::rows(conn, sql).await?;
        for row in &rows {
            let number = |at| text_at(row, at).map(|text| text.and_then(|text| text.parse::<i64>().ok()).unwrap_or_default());
            let (id, length) = (number(0)?, number(1)?);
            behind = id;
            if except.contains(&id) {
                continue;
            }
            // Rows of two versions are never in one read: a structure change comes alone.
            if number(2)? == 1 {
                return Ok(if ids.is_empty() { vec![id] } else { ids });
            }
            bytes = bytes.saturating_add(length.unsigned_abs());
            if !ids.is_empty() && (bytes > limits.bytes || ids.len() >= limits.rows) {
                return Ok(ids);
            }
            ids.push(id);
        }
        if rows.len() < 1000 {
            return Ok(ids);
        }
    }
}

/// Reads an entry.
fn entry(row: &MySqlRow) -> Result<Offered, Trouble> {
    let text = |at| text_at(row, at).map(Option::unwrap_or_default);
    let (id, at_ms) = (text(0)?.parse().unwrap_or_default(), text(1)?.parse().unwrap_or_default());
    let (table, op) = (text(2)?, text(3)?);
    let key_json = bytes_at(row, 4)?.unwrap_or_default();
    if op == "marker" {
        return Ok(Offered { id, at_ms, entry: Entry::Marker(text(4)?.parse().unwrap_or_default()) });
    }
    if let Some(document) = text(4)?.parse().ok().filter(|_| op == "structure") {
        return Ok(Offered { id, at_ms, entry: Entry::Structure(document) });
    }
    let key = cells(&key_json);
    let told = text_at(row, 7)?.map(|problem| Misfit::parse(&problem));
    let change = match (told, &key) {
        (Some(misfit), _) => Err(misfit),
        (None, Err(misfit)) => Err(misfit.clone()),
        (None, Ok(key)) => changed_row(row, &op)?.map(|(op, cells, changed)| RowChange {
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

type ChangedRow = Result<(Op, Cells, Vec<String>), Misfit>;

fn changed_row(row: &MySqlRow, op: &str) -> Result<ChangedRow, sqlx::Error> {
    let unreadable = Misfit { code: "unreadable", column: None, bytes: None };
    let op = match op {
        "insert" => Op::Insert,
        "update" => Op::Update,
        "delete" => return Ok(Ok((Op::Delete, Vec::new(), Vec::new()))),
        _ => return Ok(Err(unreadable)),
    };
    let changed = match bytes_at(row, 6)? {
        Some(json) => tagged::parse_names(&json),
        None => Some(Vec::new()),
    };
    let cells = cells(&bytes_at(row, 5)?.unwrap_or_default());
    Ok(cells.and_then(|cells| Ok((op, cells, changed.ok_or(unreadable)?))))
}

/// Reads the cells of a key or a row.
fn cells(json: &[u8]) -> Result<Cells, Misfit> {
    let tagged = tagged::parse(json).ok_or(Misfit { code: "unreadable", column: None, bytes: None })?;
    let cell = |(name, cell): (String, Option<String>)| {
        let value = value(cell.as_deref()).map_err(|code| Misfit::of(code, &name))?;
        Ok((name.into(), value))
    };
    tagged.into_iter().map(cell).collect()
}

fn value(cell: Option<&str>) -> Result<Value, &'static str> {
    let Some(cell) = cell else { return Ok(Value::Null) };
    let mut letters = cell.chars();
    let (letter, rest) = (letters.next(), letters.as_str());
    let number = || rest.parse::<f64>().map_err(|_| "unreadable");
    let time = || from_mariadb(rest).map_err(|why| why.code());
    let text = match letter {
        Some('x') => return data_encoding::HEXLOWER.decode(rest.as_bytes()).map(Value::Bytes).map_err(|_| "unreadable"),
        Some('t') if rest.contains('\0') => return Err("nul-in-text"),
        Some('t') => rest.to_owned(),
        // The server widened it: the nearest number of 32 bits is the one that stood there.
        Some('g') => float_text(number()? as f32).ok_or("not-a-number")?,
        Some('h') => float_text(number()?).ok_or("not-a-number")?,
        Some('d' | 'm' | 'c') => time()?,
        Some('u') => instant(rest).ok_or("date-out-of-range")?,
        _ => return Err("unreadable"),
    };
    Ok(Value::Text(text))
}

/// Reads seconds since 1970; 0 stands for `0000-00-00`, which is no instant.
fn instant(seconds: &str) -> Option<String> {
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let nanos = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    let whole = whole.parse::<i64>().ok()?;
    if whole == 0 && nanos == 0 { None } else { in_shanghai(whole, nanos) }
}

/// Reads a chunk and sets its marker, in the transaction that holds its rows against change.
async fn chunk(
    conn: &mut MySqlConnection,
    outbox: &str,
    table: &Table,
    want: &ChunkWanted<'_>,
    token: u64,
) -> Result<Chunk, Trouble> {
    let (condition, bounds) = behind(table, want)?;
    let order: Vec<String> = table.key().iter().map(|column| format!("r.{}", ident(&column.name))).collect();
    let problem = triggers::problem(table, "r.");
    let sql = format!(
        "SELECT {problem}, {}, CASE WHEN ({problem}) IS NULL THEN {} END FROM {} AS r WHERE {condition} ORDER BY {} LIMIT {} LOCK IN SHARE MODE",
        triggers::key_json(table, "r."),
        triggers::row_json(table, "r."),
        table.sql(),
        order.join(", "),
        want.rows
    );
    let rows = bind_all(sqlx::query(AssertSqlSafe(sql)), bounds).persistent(false).fetch_all(&mut *conn).await?;
    let mut chunk = Chunk { parts: Vec::with_capacity(rows.len()), last: None, left: 0 };
    for row in &rows {
        let key_json = bytes_at(row, 1)?.unwrap_or_default();
        let key = cells(&key_json);
        match stock_row(row, table, &key)? {
            Ok(change) => chunk.parts.push(RowsPart::One(change)),
            Err(misfit) => put_aside(conn, outbox, table, &key_json, &misfit).await?,
        }
        let unfit = |misfit: Misfit| table.unfit(misfit.column.as_deref(), Problem::Type(misfit.code.to_owned()));
        chunk.last = Some(key.map_err(unfit)?);
    }
    if rows.len() < want.rows as usize {
        chunk.last = None;
    } else {
        chunk.left = left(conn, table, want).await?.saturating_sub(chunk.parts.len() as u64);
    }
    let sql = format!("INSERT INTO {outbox}(at, op, `key`) VALUES ({}, 'marker', '{token}')", triggers::NOW);
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn).await?;
    Ok(chunk)
}

fn stock_row(row: &MySqlRow, table: &Table, key: &Result<Cells, Misfit>) -> Result<Result<RowChange, Misfit>, sqlx::Error> {
    if let Some(problem) = text_at(row, 0)? {
        return Ok(Err(Misfit::parse(&problem)));
    }
    let Some(json) = bytes_at(row, 2)? else {
        return Ok(Err(Misfit { code: "row-too-large", column: None, bytes: None }));
    };
    let table = table.shown.clone();
    let change = |key: Cells| {
        let row = cells(&json)?;
        Ok(RowChange { table, op: Op::Stock, key, row, changed: Vec::new(), transaction: None, goes_on: false })
    };
    Ok(key.clone().and_then(change))
}

/// Writes into the outbox that a row of the stock cannot travel: a chunk has rows alone.
async fn put_aside(
    conn: &mut MySqlConnection,
    outbox: &str,
    table: &Table,
    key: &[u8],
    misfit: &Misfit,
) -> Result<(), Trouble> {
    let bytes = misfit.bytes.map(|bytes| bytes.to_string()).unwrap_or_default();
    let problem = format!("{}:{bytes}:{}", misfit.code, misfit.column.as_deref().unwrap_or_default());
    let sql = format!("INSERT INTO {outbox}(at, tbl, op, `key`, problem) VALUES ({}, ?, 'stock', ?, ?)", triggers::NOW);
    let bounds = [table.shown.clone(), String::from_utf8_lossy(key).into_owned(), problem].map(Bound::Text);
    bind_all(sqlx::query(AssertSqlSafe(sql)), bounds.into()).execute(conn).await?;
    Ok(())
}

/// The condition of a chunk with what is bound in it.
fn behind(table: &Table, want: &ChunkWanted<'_>) -> Result<(String, Vec<Bound>), Trouble> {
    // A comment in the person's condition ends with its line.
    let filter = want.filter.map_or_else(|| "TRUE".to_owned(), |filter| format!("({filter}\n)"));
    let Some(after) = want.after else { return Ok((filter, Vec::new())) };
    let key = table.key();
    if after.len() != key.len() {
        return Err(table.unfit(None, Problem::Drifted).into());
    }
    let (mut terms, mut bounds) = (Vec::new(), Vec::new());
    for last in 0..key.len() {
        let mut term = Vec::new();
        for (at, (column, (_, value))) in key.iter().zip(after).enumerate().take(last + 1) {
            let (mark, bound) = compared(column, value);
            let sign = if at == last { ">" } else { "=" };
            term.push(format!("r.{} {sign} {mark}", ident(&column.name)));
            bounds.push(bound);
        }
        terms.push(format!("({})", term.join(" AND ")));
    }
    Ok((format!("({}) AND {filter}", terms.join(" OR ")), bounds))
}

/// A value as a key column compares it: in its own type, character set and collation.
pub(super) fn compared(column: &Col, value: &Value) -> (String, Bound) {
    let text = match value {
        Value::Null => return ("?".to_owned(), Bound::Null),
        Value::Bytes(bytes) => return ("?".to_owned(), Bound::Bytes(bytes.clone())),
        Value::Text(text) => text,
    };
    let plain = |bound| ("?".to_owned(), bound);
    match (column.data_type.as_str(), &column.charset, &column.collation) {
        ("timestamp", ..) => plain(Bound::Text(to_utc(text).unwrap_or_else(|_| text.clone()))),
        ("decimal", ..) => {
            let (precision, scale) = (column.precision.unwrap_or(65), column.scale.unwrap_or(0));
            (format!("CAST(? AS DECIMAL({precision}, {scale}))"), Bound::Text(text.clone()))
        }
        ("bit", ..) => plain(Bound::Whole(i64::from(text == "true"))),
        (_, Some(charset), Some(collation)) => {
            (format!("CONVERT(? USING {charset}) COLLATE {collation}"), Bound::Text(text.clone()))
        }
        ("tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "year", ..) => plain(Bound::number(text)),
        _ => plain(Bound::Text(text.clone())),
    }
}

/// How many rows stand behind the chunk before, as the server estimates the table; exactly where few stand there.
async fn left(conn: &mut MySqlConnection, table: &Table, want: &ChunkWanted<'_>) -> Result<u64, Trouble> {
    let (condition, bounds) = behind(table, want)?;
    let sql = format!(
        "SELECT CAST(count(*) AS CHAR) FROM (SELECT 1 FROM {} AS r WHERE {condition} LIMIT 100000) AS few",
        table.sql()
    );
    let row = bind_all(sqlx::query(AssertSqlSafe(sql)), bounds).persistent(false).fetch_one(&mut *conn).await?;
    let few = text_at(&row, 0)?.and_then(|count| count.parse().ok()).unwrap_or(0);
    if few < 100_000 {
        return Ok(few);
    }
    let sql = format!(
        "SELECT table_rows FROM information_schema.tables WHERE table_schema = {} AND table_name = {}",
        literal(&table.schema),
        literal(&table.name)
    );
    let rows = catalog::rows(conn, sql).await?;
    let all = rows.first().map(|row| text_at(row, 0)).transpose()?.flatten();
    Ok(all.and_then(|all| all.parse().ok()).unwrap_or(few).max(few))
}

async fn check(
    conn: &mut MySqlConnection,
    server: &Server,
    outbox: &str,
    shown: &[TableName],
) -> Result<Vec<TableFault>, Trouble> {
    let (mut faults, mut tables) = (Vec::new(), Vec::new());
    for shown in shown {
        match catalog::table(conn, server, shown).await? {
            Ok(table) => tables.push(table),
            Err(fault) => faults.push(fault),
        }
    }
    faults.extend(tables.iter().flat_map(|table| faults_of(table, &tables)));
    let there = ours(conn, server, outbox).await?;
    let place = triggers::outbox_sql(outbox, server);
    // Statements that touch no row ask for the rights all the same.
    let aside = triggers::refused_name(outbox);
    let refused = triggers::outbox_sql(&aside, server);
    let probes = [
        (outbox, "SELECT", format!("SELECT id FROM {place} WHERE FALSE")),
        (outbox, "INSERT", format!("INSERT INTO {place} (tbl) SELECT '' FROM DUAL WHERE FALSE")),
        (outbox, "DELETE", format!("DELETE FROM {place} WHERE FALSE")),
        (&aside, "INSERT", format!("INSERT INTO {refused} (id, code) SELECT 1, '' FROM DUAL WHERE FALSE")),
    ];
    let mut lacking: Vec<(&str, Problem)> = Vec::new();
    for (name, right, probe) in probes {
        let Err(error) = sqlx::raw_sql(AssertSqlSafe(probe)).execute(&mut *conn).await else { continue };
        match number(&error) {
            Some(1142 | 1143) => lacking.push((name, Problem::Right(right.to_owned()))),
            Some(1146) => {
                lacking.retain(|(of, _)| *of != name);
                lacking.push((name, Problem::NotInstalled(name.to_owned())));
            }
            // A column without a default is told before it is seen that there is no row.
            Some(1364) => {}
            _ => return Err(error.into()),
        }
    }
    if !lacking.is_empty() {
        let fault = |(name, problem): (&str, Problem)| TableFault::Unfit { table: name.to_owned(), column: None, problem };
        faults.extend(lacking.into_iter().map(fault));
        return Ok(faults);
    }
    faults.extend(tables.iter().filter_map(|table| trigger_fault(table, &triggers::of_table(&place, table), &there)));
    Ok(faults)
}

/// What is wrong with a table's triggers, if anything.
fn trigger_fault(table: &Table, wanted: &[Trigger], there: &[(String, String, String)]) -> Option<TableFault> {
    let missing = wanted.iter().find(|trigger| !there.iter().any(|(_, name, _)| *name == trigger.name))?;
    let has_old = there.iter().any(|(schema, name, of)| {
        *schema == table.schema && *of == table.name && !wanted.iter().any(|trigger| trigger.name == *name)
    });
    let problem = if has_old { Problem::Drifted } else { Problem::NotInstalled(missing.name.clone()) };
    Some(table.unfit(None, problem))
}
