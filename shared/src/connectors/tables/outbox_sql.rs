//! Outbox and triggers for databases without a driver, as text for their administrators.
//!
//! Given: tables with their columns ([`read_columns`](super::declared::read_columns)). Gives: SQL for SQL*Plus or disql: what makes the outbox and its
//! triggers, what takes all of it away again, what writes an extract, what forgets one. None of it can be run here: it is kept simple, held by golden
//! files, and DATABASES.md says so. Never: a type in a trigger whose text form the database does not give exactly.

mod plsql;
#[cfg(test)]
mod tests;

use crate::connectors::tables::declared::{DeclaredColumn, DeclaredTable, Dialect};
use crate::connectors::tables::table_file::{column, identifier};
use crate::connectors::tables::values::Kind;
use crate::connectors::tables::{Problem, TableFault, TableName};
use crate::schema::plan::Check;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::suite::Digest;
use std::fmt::Write as _;

/// What stands for a table's name at the place of a structure change.
const PLACE: &str = "dukou_structure";

/// Gives the name of a channel's outbox: `dukou_outbox_` and the channel with `_` for `-`.
fn outbox(channel: &ChannelName) -> String {
    format!("dukou_outbox_{}", channel.as_str().replace('-', "_"))
}

/// Gives a text as a literal of SQL.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Gives the query whose output is the list of columns that [`read_columns`](super::declared::read_columns) reads, for tables such as `BDC.ZD`.
pub fn columns_query(dialect: Dialect, tables: &[TableName]) -> String {
    let pairs = tables.iter().map(|table| table.split_once('.').unwrap_or(("", table)));
    let wanted: Vec<String> = pairs.map(|(owner, name)| format!("({}, {})", literal(owner), literal(name))).collect();
    let chars = match dialect {
        Dialect::Oracle => "c.char_length || CHR(9) || c.char_used",
        Dialect::Dm | Dialect::Sqlite => "CHR(9)",
    };
    format!(
        "{}{}",
        plsql::spool_settings(dialect),
        plsql::COLUMNS_QUERY.replace("{chars}", chars).replace("{tables}", &wanted.join(", "))
    )
}

/// Gives what makes the outbox of a channel and the triggers that fill it.
///
/// # Errors
/// [`TableFault::Unfit`] for a column whose text form the database does not give exactly: floating point, and instants in 达梦. SQLite has a
/// connector of its own.
pub fn install_sql(dialect: Dialect, channel: &ChannelName, tables: &[DeclaredTable]) -> Result<String, TableFault> {
    let (outbox, triggers) = (outbox(channel), triggers(dialect, channel, tables)?);
    let table = plsql::outbox_table(dialect, &outbox);
    Ok([plsql::install_settings(dialect), &table, &plsql::package(dialect), &triggers].concat())
}

/// Gives what makes the triggers anew, which a structure change needs behind it.
///
/// # Errors
/// As [`install_sql`].
pub fn triggers_sql(dialect: Dialect, channel: &ChannelName, tables: &[DeclaredTable]) -> Result<String, TableFault> {
    Ok(plsql::install_settings(dialect).to_owned() + &triggers(dialect, channel, tables)?)
}

fn triggers(dialect: Dialect, channel: &ChannelName, tables: &[DeclaredTable]) -> Result<String, TableFault> {
    let outbox = outbox(channel);
    tables.iter().enumerate().map(|(at, table)| trigger(dialect, &outbox, at + 1, table)).collect()
}

/// What a structure change is to an outbox.
pub struct StructureSql {
    /// Fails where a later change has its place: run behind it, a script would take parts of that back.
    pub in_turn: String,
    /// Puts its place into the outbox, once.
    pub place: String,
    /// Answers 1 when it is there.
    pub placed: Check,
}

/// Gives the SQL of a structure change's place in a channel's outbox, from which it is never deleted.
pub fn structure_sql(channel: &ChannelName, document: &Digest) -> StructureSql {
    let outbox = outbox(channel);
    let query = format!("SELECT COUNT(DISTINCT tx) FROM {outbox} WHERE tx = '{document}'");
    let in_turn = format!(
        "DECLARE\n  n INTEGER;\nBEGIN\n  SELECT COUNT(*) INTO n FROM {outbox}\n  WHERE tbl = '{PLACE}' AND id > (SELECT MAX(id) FROM {outbox} WHERE tx = '{document}');\n  IF n > 0 THEN\n    RAISE_APPLICATION_ERROR(-20001, 'dukou: this script is out of turn, a later change was made');\n  END IF;\nEND;\n/\n"
    );
    let place = format!(
        "DECLARE\n  n INTEGER;\nBEGIN\n  {};\n  IF n = 0 THEN\n    INSERT INTO {outbox} (id, tx, written_at, tbl, body)\n    VALUES ({outbox}_id.NEXTVAL, '{document}', CURRENT_TIMESTAMP, '{PLACE}', '{}');\n  END IF;\nEND;\n/\n",
        query.replace(" FROM", " INTO n FROM"),
        structure_line(document)
    );
    StructureSql { in_turn, place, placed: Check { query, expect: "1".to_owned() } }
}

/// Gives the line of an extract that stands for a structure change.
pub(super) fn structure_line(document: &Digest) -> String {
    format!("{{\"structure\":\"{document}\"}}")
}

/// Gives what takes all of it away again; rows that no extract has go with it.
pub fn uninstall_sql(dialect: Dialect, channel: &ChannelName, tables: &[DeclaredTable]) -> String {
    let outbox = outbox(channel);
    let triggers: String = (1..=tables.len()).map(|at| format!("DROP TRIGGER {outbox}_{at};\n")).collect();
    let purge = if dialect == Dialect::Oracle { " PURGE" } else { "" };
    format!(
        "{triggers}DROP TABLE {outbox}{purge};\nDROP SEQUENCE {outbox}_id;\n-- Other channels use it, too: DROP PACKAGE dukou_json;\n"
    )
}

/// Gives what writes the extract whose number is given behind the script's name: `sqlplus -S … @extract.sql 000001`.
///
/// Run again with the same number it writes the same rows once more.
pub fn extract_sql(dialect: Dialect, channel: &ChannelName) -> String {
    plsql::extract(dialect, &outbox(channel))
}

/// Gives what deletes the rows of the extract whose number is given, once the station has moved it to `taken/`. Places of structure changes stay.
pub fn forget_sql(dialect: Dialect, channel: &ChannelName) -> String {
    plsql::forget(dialect, &outbox(channel))
}

/// Tells whether a column is of Oracle's national character set, which is not the database's.
fn is_national(dialect: Dialect, declared: &DeclaredColumn) -> bool {
    dialect == Dialect::Oracle && matches!(declared.type_name.as_str(), "NVARCHAR2" | "NCHAR" | "NVARCHAR" | "NCLOB")
}

/// Gives the call that appends a column's value to a JSON text.
fn put(dialect: Dialect, table: &DeclaredTable, declared: &DeclaredColumn, row: &str) -> Result<String, TableFault> {
    let unfit = || TableFault::Unfit {
        table: table.name.clone(),
        column: Some(declared.column.name.clone()),
        problem: Problem::Type(declared.type_name.clone()),
    };
    let national =
        matches!(declared.type_name.as_str(), "NVARCHAR2" | "NCHAR" | "NVARCHAR" | "NCLOB") && dialect == Dialect::Oracle;
    let procedure = match &declared.column.kind {
        Kind::Integer { .. } | Kind::Numeric { .. } => "put_number",
        Kind::Text { .. } if national => "put_national",
        Kind::Text { max: None, .. } => "put_clob",
        Kind::Text { .. } => "put_text",
        Kind::Bytes { max: None } => "put_blob",
        Kind::Bytes { .. } => "put_raw",
        Kind::Date => "put_day",
        Kind::Time { .. } => "put_clock",
        Kind::Timestamp { .. } if declared.type_name == "DATE" => "put_date",
        Kind::Timestamp { .. } => "put_time",
        Kind::TimestampTz { .. } if dialect == Dialect::Oracle => "put_instant",
        Kind::TimestampTz { .. } | Kind::Float { .. } | Kind::Bool | Kind::Uuid | Kind::Json | Kind::Enum { .. } => {
            return Err(unfit());
        }
    };
    Ok(format!("dukou_json.{procedure}(o, :{row}.{});", column(&declared.column.name)))
}

/// Gives the lines that append an object of columns: `"key":{…}`.
fn object<'a>(
    dialect: Dialect,
    table: &DeclaredTable,
    columns: impl Iterator<Item = &'a DeclaredColumn>,
    name: &str,
    row: &str,
) -> Result<String, TableFault> {
    let mut lines = format!("    dukou_json.put(o, {});\n", literal(&format!(",\"{name}\":{{")));
    for (at, declared) in columns.enumerate() {
        let comma = if at == 0 { "" } else { "," };
        let _ = writeln!(
            lines,
            "    dukou_json.put(o, {});",
            literal(&format!("{comma}{}:", json(dialect, &declared.column.name)))
        );
        let _ = writeln!(lines, "    {}", put(dialect, table, declared, row)?);
    }
    lines.push_str("    dukou_json.put(o, '}');\n");
    Ok(lines)
}

/// Gives a name as a JSON string; for Oracle in ASCII, whatever the client's character set is.
fn json(dialect: Dialect, text: &str) -> String {
    let plain = serde_json::Value::from(text).to_string();
    if dialect != Dialect::Oracle {
        return plain;
    }
    let mut ascii = String::new();
    for letter in plain.chars() {
        match letter.is_ascii() {
            true => ascii.push(letter),
            false => ascii.extend(letter.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}"))),
        }
    }
    ascii
}

/// Gives the condition that a column changed: NULL and large objects told apart, text byte by byte whatever the session or the database calls equal.
fn differs(dialect: Dialect, declared: &DeclaredColumn) -> String {
    let name = column(&declared.column.name);
    let national = is_national(dialect, declared);
    let other = match &declared.column.kind {
        Kind::Text { max: None, .. } | Kind::Bytes { max: None } => format!("DBMS_LOB.COMPARE(:OLD.{name}, :NEW.{name}) <> 0"),
        Kind::Text { .. } if national => format!("DBMS_LOB.COMPARE(TO_NCLOB(:OLD.{name}), TO_NCLOB(:NEW.{name})) <> 0"),
        Kind::Text { .. } => format!("UTL_RAW.CAST_TO_RAW(:OLD.{name}) <> UTL_RAW.CAST_TO_RAW(:NEW.{name})"),
        _ => format!(":OLD.{name} <> :NEW.{name}"),
    };
    format!("(:OLD.{name} IS NULL AND :NEW.{name} IS NOT NULL) OR (:OLD.{name} IS NOT NULL AND :NEW.{name} IS NULL) OR {other}")
}

fn trigger(dialect: Dialect, outbox: &str, number: usize, table: &DeclaredTable) -> Result<String, TableFault> {
    let changed: Vec<String> = table
        .columns
        .iter()
        .map(|declared| {
            let name = json(dialect, &declared.column.name);
            let (alone, behind) = (literal(&name), literal(&format!(",{name}")));
            format!(
                "    IF {} THEN\n      c := CASE WHEN c IS NULL THEN {alone} ELSE c || {behind} END;\n    END IF;\n",
                differs(dialect, declared)
            )
        })
        .collect();
    let moved: Vec<String> = table.key().map(|declared| format!("({})", differs(dialect, declared))).collect();
    let begin = literal(&format!("{{\"table\":{},\"op\":\"", json(dialect, &table.name)));
    Ok(plsql::TRIGGER
        .replace("{name}", &format!("{outbox}_{number}"))
        .replace("{table}", &identifier(&table.name))
        .replace("{tbl}", &literal(&table.name))
        .replace("{outbox}", outbox)
        .replace("{begin}", &begin)
        .replace("{changed}", &changed.concat())
        .replace("{moved}", &moved.join(" OR "))
        .replace("{old_key}", &object(dialect, table, table.key(), "key", "OLD")?)
        .replace("{new_key}", &object(dialect, table, table.key(), "key", "NEW")?)
        .replace("{row}", &object(dialect, table, table.columns.iter(), "row", "NEW")?))
}
