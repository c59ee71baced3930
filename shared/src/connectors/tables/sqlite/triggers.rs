//! Outbox and triggers of a channel in a SQLite file, as SQL.
//!
//! The triggers run inside the application's SQLite, which may be older than ours, under its conflict clauses and beside its own triggers:
//! - They write the row **as it stands in the table**, not as `NEW` has it: SQLite fires triggers in no promised order, and one of the application's
//!   may have changed the row again before ours fires. So the last entry of a key is always its last state.
//! - `REPLACE INTO` deletes the rows that stand in its way and fires no delete trigger for them unless `recursive_triggers` is on. With the same
//!   key that is an update and comes out right. A row of **another** key, in the way of a unique index, is noted before and written as deleted when it
//!   is gone after; a note of a row that stayed (`INSERT OR IGNORE`) does no harm and goes with the next delete from the outbox.
//! - No constraint stands on the outbox: the application's `OR IGNORE` would hold for our inserts, too.
//! - Floating point numbers go into columns of the outbox as they are (`f0`, `f1` …): older SQLites print wrong digits.

use super::catalog::{Affinity, Col, Table, Unique};
use super::{ident, literal};
use crate::connectors::tables::VALUE_MAX;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::suite::Digest;

/// The names of what a channel has in a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Names {
    /// The outbox.
    pub(super) outbox: String,
    /// The entries that it refused.
    pub(super) refused: String,
    /// The notes of rows that may be replaced.
    pub(super) notes: String,
}

impl Names {
    pub(super) fn of(channel: &ChannelName) -> Self {
        let channel = channel.as_str().replace('-', "_");
        Self {
            outbox: format!("dukou_outbox_{channel}"),
            refused: format!("dukou_aside_{channel}"),
            notes: format!("dukou_replaced_{channel}"),
        }
    }

    /// The name of a trigger; no other channel's begins alike.
    pub(super) fn trigger(&self, table: &Table, event: &str) -> String {
        format!("{}:{}:{event}", self.outbox, table.name)
    }

    /// How the names of all triggers begin.
    pub(super) fn trigger_prefix(&self) -> String {
        format!("{}:", self.outbox)
    }
}

/// Milliseconds since 1970 by the clock of the machine.
pub(super) const NOW: &str = "CAST((julianday('now') - 2440587.5) * 86400000.0 AS INTEGER)";

/// Gives the statement that makes the outbox, with so many columns of floating point numbers.
pub(super) fn outbox(names: &Names, reals: usize) -> String {
    let reals: String = (0..reals).map(|n| format!(", f{n}")).collect();
    format!(
        "CREATE TABLE {} (id INTEGER PRIMARY KEY AUTOINCREMENT, tx, at, tbl, op, \"key\", \"row\", changed, problem{reals})",
        ident(&names.outbox)
    )
}

/// Gives the statement that makes the table of refused entries; floating point numbers do not stand in it.
pub(super) fn refused(names: &Names) -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS {} (id, at, tbl, op, \"key\", \"row\", changed, problem, code, refused_at DEFAULT ({NOW}))",
        ident(&names.refused)
    )
}

/// Gives the statement that makes the notes, with so many columns of a key.
pub(super) fn notes(names: &Names, keys: usize) -> String {
    let keys: String = (0..keys).map(|n| format!(", k{n}")).collect();
    format!("CREATE TABLE {} (tbl{keys})", ident(&names.notes))
}

/// Gives the statement that writes the place of a structure change, by its document's digest.
pub(super) fn structure(names: &Names, document: &Digest) -> String {
    format!("INSERT INTO {}(at, op, \"key\") VALUES ({NOW}, 'structure', '{document}')", ident(&names.outbox))
}

/// Gives the triggers of a table: name and statement.
pub(super) fn of_table(names: &Names, table: &Table) -> Vec<(String, String)> {
    let mut triggers = Vec::new();
    let mut add = |event: &str, when: &str, body: String| {
        let name = names.trigger(table, event);
        let text = format!("CREATE TRIGGER {} {when} ON {} BEGIN\n{body}END", ident(&name), ident(&table.name));
        triggers.push((name, text));
    };
    let clashes = table.clashes().next().is_some();
    if clashes {
        add("before-insert", "BEFORE INSERT", note(names, table, ""));
        let other = format!(" AND NOT ({})", same(&table.key(), "r.", "OLD."));
        add("before-update", "BEFORE UPDATE", note(names, table, &other));
    }
    let gone = if clashes { replaced(names, table) } else { String::new() };
    add("insert", "AFTER INSERT", format!("{gone}{}", written(names, table, false)));
    add("update", "AFTER UPDATE", format!("{gone}{}{}", left(names, table, true), written(names, table, true)));
    add("delete", "AFTER DELETE", left(names, table, false));
    triggers
}

/// Writes the row of the key NEW as it stands now.
fn written(names: &Names, table: &Table, is_update: bool) -> String {
    let key_moved = differs(table.key().as_slice(), "OLD.", "r.");
    let all: Vec<&Col> = table.travelling().collect();
    let (op, changed, condition) = if is_update {
        let op = format!("CASE WHEN {key_moved} THEN 'insert' ELSE 'update' END");
        let changed = format!("CASE WHEN NOT ({key_moved}) THEN {} END", changed_names(&all));
        (op, changed, format!(" AND ({})", differs(&all, "OLD.", "r.")))
    } else {
        ("'insert'".to_owned(), "NULL".to_owned(), String::new())
    };
    let same_key: Vec<String> = table.key().iter().map(|c| format!("r.{0} = NEW.{0}", ident(&c.name))).collect();
    let main = format!(
        "  INSERT INTO {}(at, tbl, op, \"key\", \"row\", changed, problem{})\n  SELECT {NOW}, {}, {op}, {}, CASE WHEN ({problem}) IS NULL THEN {} END, {changed}, {problem}{}\n  FROM {} AS r WHERE {}{condition};\n",
        ident(&names.outbox),
        real_names(table),
        literal(&table.shown),
        key_json(table, "r."),
        row_json(table, "r."),
        real_values(table, "r."),
        ident(&table.name),
        same_key.join(" AND "),
        problem = problem(table, "r."),
    );
    format!("{main}{}", without_key(names, table))
}

/// Writes that a row without a whole key cannot travel.
fn without_key(names: &Names, table: &Table) -> String {
    if table.has_integer_key || table.key().iter().all(|column| column.not_null) {
        return String::new();
    }
    let nulls: Vec<String> = table.key().iter().map(|column| format!("NEW.{} IS NULL", ident(&column.name))).collect();
    format!(
        "  INSERT INTO {}(at, tbl, op, \"key\", problem{}) SELECT {NOW}, {}, 'insert', {}, 'key-null'{} WHERE {};\n",
        ident(&names.outbox),
        real_names(table),
        literal(&table.shown),
        key_json(table, "NEW."),
        real_values(table, "NEW."),
        nulls.join(" OR ")
    )
}

/// Writes the row of the key OLD as deleted, where none of that key stands.
fn left(names: &Names, table: &Table, is_update: bool) -> String {
    let moved = if is_update { format!("({}) AND ", differs(&table.key(), "OLD.", "NEW.")) } else { String::new() };
    let whole: Vec<String> = table.key().iter().map(|column| format!("OLD.{} IS NOT NULL", ident(&column.name))).collect();
    format!(
        "  INSERT INTO {}(at, tbl, op, \"key\"{}) SELECT {NOW}, {}, 'delete', {}{}\n  WHERE {moved}{} AND NOT EXISTS (SELECT 1 FROM {} AS r WHERE {});\n",
        ident(&names.outbox),
        real_names(table),
        literal(&table.shown),
        key_json(table, "OLD."),
        real_values(table, "OLD."),
        whole.join(" AND "),
        ident(&table.name),
        same(&table.key(), "r.", "OLD.")
    )
}

/// Notes the keys of rows that a unique index would have replaced.
fn note(names: &Names, table: &Table, other: &str) -> String {
    let columns: Vec<String> = (0..table.key().len()).map(|n| format!("k{n}")).collect();
    let in_way: Vec<String> = table.clashes().map(in_the_way).collect();
    format!(
        "  INSERT INTO {}(tbl, {}) SELECT {}, {} FROM {} AS r WHERE ({}){other};\n",
        ident(&names.notes),
        columns.join(", "),
        literal(&table.shown),
        super::catalog::list(table.key(), "r."),
        ident(&table.name),
        in_way.join(" OR ")
    )
}

fn in_the_way(unique: &Unique) -> String {
    let equal = |(name, collation): &(Option<String>, String)| {
        let name = ident(name.as_deref().unwrap_or_default());
        format!("r.{name} = NEW.{name} COLLATE {}", ident(collation))
    };
    format!("({})", unique.columns.iter().map(equal).collect::<Vec<_>>().join(" AND "))
}

/// Writes noted rows that are gone as deleted, and forgets their notes.
fn replaced(names: &Names, table: &Table) -> String {
    let key = table.key();
    let equal = |alias: &str| {
        let terms = key.iter().enumerate().map(|(n, column)| {
            let name = ident(&column.name);
            format!("r.{name} = {alias}k{n} AND (r.{name} COLLATE BINARY) = {alias}k{n}")
        });
        terms.collect::<Vec<_>>().join(" AND ")
    };
    let cell = |(n, column): (usize, &&Col)| (column.name.clone(), tagged(table, column, &format!("o.k{n}")));
    let json = object(&key.iter().enumerate().map(cell).collect::<Vec<_>>());
    let place = |column: &Col| key.iter().position(|other| other.name == column.name);
    let reals: String = table
        .reals()
        .iter()
        .map(|column| {
            place(column).map_or(", NULL".to_owned(), |n| format!(", CASE typeof(o.k{n}) WHEN 'real' THEN o.k{n} END"))
        })
        .collect();
    let (notes, outbox, here) = (ident(&names.notes), ident(&names.outbox), ident(&table.name));
    let shown = literal(&table.shown);
    format!(
        "  INSERT INTO {outbox}(at, tbl, op, \"key\"{}) SELECT DISTINCT {NOW}, {shown}, 'delete', {json}{reals} FROM {notes} AS o\n  WHERE o.tbl = {shown} AND NOT EXISTS (SELECT 1 FROM {here} AS r WHERE {});\n  DELETE FROM {notes} WHERE tbl = {shown} AND NOT EXISTS (SELECT 1 FROM {here} AS r WHERE {});\n",
        real_names(table),
        equal("o."),
        equal(&format!("{notes}."))
    )
}

/// Equal in every column, bit by bit; by an index, where there is one.
fn same(columns: &[&Col], one: &str, other: &str) -> String {
    let term = |column: &&Col| {
        let name = ident(&column.name);
        format!("{one}{name} = {other}{name} AND ({one}{name} COLLATE BINARY) = {other}{name}")
    };
    columns.iter().map(term).collect::<Vec<_>>().join(" AND ")
}

fn differs(columns: &[&Col], one: &str, other: &str) -> String {
    balanced(&columns.iter().map(|column| differs_in(column, one, other)).collect::<Vec<_>>(), " OR ")
}

/// Different, though a collation may call the two equal, or one is 1 and the other 1.0.
fn differs_in(column: &Col, one: &str, other: &str) -> String {
    let name = ident(&column.name);
    format!("({one}{name} COLLATE BINARY) IS NOT {other}{name} OR typeof({one}{name}) <> typeof({other}{name})")
}

fn changed_names(columns: &[&Col]) -> String {
    let name = |column: &&Col| {
        let json = format!(",{}", serde_json::Value::from(column.name.as_str()));
        format!("CASE WHEN {} THEN {} ELSE '' END", differs_in(column, "OLD.", "r."), literal(&json))
    };
    let names: Vec<String> = columns.iter().map(name).collect();
    format!("('[' || substr({}, 2) || ']')", balanced(&names, " || "))
}

/// Joins terms as a tree, since SQLite bounds the depth of expressions.
fn balanced(terms: &[String], operator: &str) -> String {
    match terms {
        [] => "''".to_owned(),
        [only] => only.clone(),
        _ => {
            let (left, right) = terms.split_at(terms.len() / 2);
            format!("({}{operator}{})", balanced(left, operator), balanced(right, operator))
        }
    }
}

/// Writes a JSON object of tagged values; not by `json_object`, which takes fifty columns at most.
fn object(cells: &[(String, String)]) -> String {
    let member = |(at, (name, value)): (usize, &(String, String))| {
        let comma = if at == 0 { "" } else { "," };
        format!("({} || {value})", literal(&format!("{comma}{}:", serde_json::Value::from(name.as_str()))))
    };
    let members: Vec<String> = cells.iter().enumerate().map(member).collect();
    format!("('{{' || {} || '}}')", balanced(&members, " || "))
}

/// The key's JSON.
pub(super) fn key_json(table: &Table, alias: &str) -> String {
    object(&table.key().iter().map(|column| cell(table, column, alias)).collect::<Vec<_>>())
}

/// The row's JSON.
pub(super) fn row_json(table: &Table, alias: &str) -> String {
    object(&table.travelling().map(|column| cell(table, column, alias)).collect::<Vec<_>>())
}

fn cell(table: &Table, column: &Col, alias: &str) -> (String, String) {
    (column.name.clone(), tagged(table, column, &format!("{alias}{}", ident(&column.name))))
}

/// A value as `tagged.rs` reads it.
fn tagged(table: &Table, column: &Col, value: &str) -> String {
    let real = table.reals().iter().position(|other| other.name == column.name);
    let letter = if column.affinity == Affinity::Numeric { 'n' } else { 'f' };
    let real = real.map(|n| format!(" WHEN 'real' THEN '\"{letter}{n}\"'")).unwrap_or_default();
    let whole = if column.is_boolean() {
        format!("CASE {value} WHEN 1 THEN '\"ttrue\"' WHEN 0 THEN '\"tfalse\"' ELSE '\"t' || {value} || '\"' END")
    } else {
        format!("'\"t' || {value} || '\"'")
    };
    format!(
        "CASE typeof({value}) WHEN 'null' THEN 'null' WHEN 'text' THEN json_quote('t' || {value}) WHEN 'integer' THEN {whole}{real} ELSE '\"x' || lower(hex({value})) || '\"' END"
    )
}

fn real_names(table: &Table) -> String {
    (0..table.reals().len()).map(|n| format!(", f{n}")).collect()
}

/// The floating point numbers themselves.
pub(super) fn real_values(table: &Table, alias: &str) -> String {
    let value = |column: &&Col| {
        let name = format!("{alias}{}", ident(&column.name));
        format!(", CASE typeof({name}) WHEN 'real' THEN {name} END")
    };
    table.reals().iter().map(value).collect()
}

/// Writes that rows of the stock without a whole key cannot travel; nothing where each has one.
pub(super) fn keyless_stock(names: &Names, table: &Table, filter: &str) -> Option<String> {
    if table.has_integer_key || table.key().iter().all(|column| column.not_null) {
        return None;
    }
    Some(format!(
        "INSERT INTO {}(at, tbl, op, \"key\", problem{}) SELECT {NOW}, {}, 'stock', {}, 'key-null'{} FROM {} AS r WHERE NOT ({}) AND {filter}",
        ident(&names.outbox),
        real_names(table),
        literal(&table.shown),
        key_json(table, "r."),
        real_values(table, "r."),
        ident(&table.name),
        has_key(table, "r.")
    ))
}

/// The key is whole.
pub(super) fn has_key(table: &Table, alias: &str) -> String {
    let there: Vec<String> = table.key().iter().map(|column| format!("{alias}{} IS NOT NULL", ident(&column.name))).collect();
    there.join(" AND ")
}

/// Why the row cannot travel; NULL when it can.
pub(super) fn problem(table: &Table, alias: &str) -> String {
    let too_large = |column: &Col| {
        let name = format!("{alias}{}", ident(&column.name));
        let bytes = format!("length(CAST({name} AS BLOB))");
        let tail = literal(&format!(":{}", column.name));
        // Numbers are short, and a column of text alone may hold no bytes.
        format!(
            " WHEN typeof({name}) IN ('text', 'blob') AND {bytes} > {VALUE_MAX} THEN 'value-too-large:' || {bytes} || {tail}"
        )
    };
    let cases: String = table.travelling().map(too_large).collect();
    format!("CASE{cases} END")
}
