//! Outbox and triggers of a channel in MariaDB or MySQL, as SQL.
//!
//! The triggers run in the application's session, whatever its mode, zone and character set:
//! - Text goes through `CONVERT … USING utf8mb4`, and where its character set is none of Unicode's the server proves that it comes back as it was.
//! - An instant is written by `UNIX_TIMESTAMP`, which asks no zone. `FLOAT` is widened first: as text it would lose digits.
//! - JSON is put together by `CONCAT` and `JSON_QUOTE`: MariaDB's `JSON_OBJECT`, once it gave NULL for a row above `max_allowed_packet`, gives NULL for
//!   later rows, too. A row that cannot be written is a `problem`, never a lost change, and never an error of the application's statement.
//! - They stand before the application's own triggers, so that what those change in turn stands behind its cause.
//! - A trigger's name has the digest of what it does: a newer one is made before the older is dropped, and no change falls between.
//!
//! `REPLACE` fires the delete triggers of all rows it replaces, `INSERT … ON DUPLICATE KEY UPDATE` the update triggers. `TRUNCATE` and dropped or exchanged
//! partitions fire none, and nothing tells of them: deploy/DATABASES.md.

use super::catalog::{Col, Table};
use super::session::Server;
use super::{ident, literal};
use crate::connectors::tables::VALUE_MAX;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::suite::{Digest, sha256};

/// Longest name of a table.
const NAME_MAX: usize = 64;

/// The name of a channel's outbox; where that would be too long, its beginning with a digest.
pub(super) fn outbox_name(channel: &ChannelName) -> String {
    let name = format!("dukou_outbox_{}", channel.as_str().replace('-', "_"));
    if name.len() <= NAME_MAX {
        return name;
    }
    format!("{}_{}", name.get(..NAME_MAX - 9).unwrap_or_default(), digest(channel.as_str(), 8))
}

/// The name of the table of entries that an outbox refused: no outbox is called so, and it is no longer than the outbox's.
pub(super) fn refused_name(outbox: &str) -> String {
    outbox.replacen("dukou_outbox_", "dukou_aside_", 1)
}

fn digest(text: &str, digits: usize) -> String {
    sha256(&[text.as_bytes()]).to_string().chars().take(digits).collect()
}

/// The outbox as SQL writes it.
pub(super) fn outbox_sql(outbox: &str, server: &Server) -> String {
    format!("{}.{}", ident(&server.database), ident(outbox))
}

/// Gives the statement that makes the outbox.
pub(super) fn outbox(outbox: &str) -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS {outbox} (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, tx BIGINT NULL, at BIGINT NULL, tbl VARCHAR(255) NULL,
 op VARCHAR(16) NULL, `key` LONGTEXT NULL, `row` LONGTEXT NULL, changed LONGTEXT NULL, problem VARCHAR(512) NULL)
 ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    )
}

/// Gives the statement that widens an outbox of an older version for the name of every operation.
pub(super) fn widened(outbox: &str) -> String {
    format!("ALTER TABLE {outbox} MODIFY op VARCHAR(16) NULL")
}

/// Gives the statement that writes the place of a structure change, by its document's digest.
pub(super) fn structure(outbox: &str, document: &Digest) -> String {
    format!("INSERT INTO {outbox}(at, op, `key`) VALUES ({NOW}, 'structure', '{document}')")
}

/// How the names of triggers begin that refuse writes while a structure change is under way.
pub(super) const DOOR: &str = "dukou_door_";

/// Gives the triggers that refuse an application's writes of a table, with their names. They outlive connection and server; the change's own session says who it is.
pub(super) fn door(table: &Table) -> Vec<(String, String)> {
    let (of, place) = (digest(&table.sql(), 24), table.sql());
    let trigger = |event: &str| {
        let name = format!("{DOOR}{of}_{}", event.to_lowercase());
        let sql = format!(
            "CREATE TRIGGER {}.{} BEFORE {event} ON {place} FOR EACH ROW
IF NOT (@dukou_restructures <=> 1) THEN
  SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '结构变更进行中，步骤见 dukou_schema / a structure change is under way, its step is in dukou_schema';
END IF",
            ident(&table.schema),
            ident(&name)
        );
        (name, sql)
    };
    ["INSERT", "UPDATE", "DELETE"].map(trigger).into()
}

/// Gives the statement that makes the table of refused entries.
pub(super) fn refused(refused: &str) -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS {refused} (id BIGINT NOT NULL, at BIGINT NULL, tbl VARCHAR(255) NULL,
 op VARCHAR(8) NULL, `key` LONGTEXT NULL, `row` LONGTEXT NULL, changed LONGTEXT NULL, problem VARCHAR(512) NULL, code VARCHAR(64) NOT NULL,
 refused_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)
 ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    )
}

/// A trigger of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trigger {
    pub(super) name: String,
    pub(super) event: &'static str,
    pub(super) body: String,
}

impl Trigger {
    /// Gives the statement that makes it, before the application's own.
    pub(super) fn sql(&self, table: &Table, first: Option<&str>) -> String {
        let before = first.map(|first| format!(" PRECEDES {}", ident(first))).unwrap_or_default();
        let place = format!("{}.{}", ident(&table.schema), ident(&self.name));
        format!("CREATE TRIGGER {place} AFTER {} ON {} FOR EACH ROW{before} {}", self.event, table.sql(), self.body)
    }
}

/// Gives the triggers of a table.
pub(super) fn of_table(outbox: &str, table: &Table) -> Vec<Trigger> {
    let make = |event: &'static str, body: String| {
        let name = format!("dukou_{}_{}", digest(&format!("{}\n{body}", table.sql()), 24), event.to_lowercase());
        Trigger { name, event, body }
    };
    vec![
        make("INSERT", inserted(outbox, table)),
        make("UPDATE", updated(outbox, table)),
        make("DELETE", deleted(outbox, table)),
    ]
}

/// Variables of every trigger: old key, key, row, what changed, problem. A result above `max_allowed_packet`, and a character that has no place in
/// Unicode, are warnings or errors as the application's mode has it; here they are problems. Only a SET may meet them: after an error the handler goes
/// on behind its statement, which must not be the INSERT.
const BEGIN: &str = "BEGIN
  DECLARE o, k, r, c LONGTEXT CHARACTER SET utf8mb4 DEFAULT NULL;
  DECLARE p VARCHAR(512) CHARACTER SET utf8mb4 DEFAULT NULL;
  DECLARE CONTINUE HANDLER FOR 1301 SET p = IFNULL(p, 'row-too-large');
  DECLARE CONTINUE HANDLER FOR 1977, 3854 SET p = IFNULL(p, 'character');
";

/// Milliseconds since 1970 by the server's clock.
pub(super) const NOW: &str = "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)";

fn row_read(table: &Table) -> String {
    format!(
        "  SET p = {};
  IF p IS NULL THEN
    SET r = {};
    IF r IS NULL THEN SET p = IFNULL(p, 'row-too-large'); END IF;
  END IF;
  SET k = {};
  IF p IS NOT NULL THEN SET r = NULL; END IF;
",
        problem(table, "NEW."),
        row_json(table, "NEW."),
        key_json(table, "NEW.")
    )
}

fn inserted(outbox: &str, table: &Table) -> String {
    let shown = literal(&table.shown);
    format!(
        "{BEGIN}{}  INSERT INTO {outbox}(at, tbl, op, `key`, `row`, problem) VALUES ({NOW}, {shown}, 'insert', k, r, p);\nEND",
        row_read(table)
    )
}

fn updated(outbox: &str, table: &Table) -> String {
    let shown = literal(&table.shown);
    let key_moved: Vec<String> = table.key().iter().map(|column| differs(column)).collect();
    let changed: Vec<String> = table
        .travelling()
        .map(|column| {
            let name = format!(",{}", serde_json::Value::from(column.name.as_str()));
            format!("IF({}, {}, '')", differs(column), literal(&name))
        })
        .collect();
    format!(
        "{BEGIN}  SET c = CONCAT('[', SUBSTRING(CONCAT({}), 2), ']');
  IF c <> '[]' THEN
{}  IF {} THEN
    SET o = {};
    INSERT INTO {outbox}(at, tbl, op, `key`, problem) VALUES ({NOW}, {shown}, 'delete', o, IF(o IS NULL, IFNULL(p, 'unreadable'), NULL));
    INSERT INTO {outbox}(at, tbl, op, `key`, `row`, problem) VALUES ({NOW}, {shown}, 'insert', k, r, p);
  ELSE
    INSERT INTO {outbox}(at, tbl, op, `key`, `row`, changed, problem) VALUES ({NOW}, {shown}, 'update', k, r, c, p);
  END IF;
  END IF;
END",
        changed.join(", "),
        row_read(table),
        key_moved.join(" OR "),
        key_json(table, "OLD.")
    )
}

fn deleted(outbox: &str, table: &Table) -> String {
    let shown = literal(&table.shown);
    format!(
        "{BEGIN}  SET k = {};\n  INSERT INTO {outbox}(at, tbl, op, `key`, problem) VALUES ({NOW}, {shown}, 'delete', k, IF(k IS NULL, IFNULL(p, 'unreadable'), NULL));\nEND",
        key_json(table, "OLD.")
    )
}

/// Different, though a collation may call the two equal.
fn differs(column: &Col) -> String {
    let name = ident(&column.name);
    if column.is_text() && column.data_type != "json" {
        return format!("NOT (CAST(OLD.{name} AS BINARY) <=> CAST(NEW.{name} AS BINARY))");
    }
    format!("NOT (OLD.{name} <=> NEW.{name})")
}

/// The key's JSON.
pub(super) fn key_json(table: &Table, alias: &str) -> String {
    object(table.key(), alias)
}

/// The row's JSON.
pub(super) fn row_json(table: &Table, alias: &str) -> String {
    object(table.travelling().collect(), alias)
}

fn object(columns: Vec<&Col>, alias: &str) -> String {
    let member = |(at, column): (usize, &Col)| {
        let comma = if at == 0 { "{" } else { "," };
        let name = literal(&format!("{comma}{}:", serde_json::Value::from(column.name.as_str())));
        let value = tagged(column, &format!("{alias}{}", ident(&column.name)));
        format!("{name}, IFNULL({value}, 'null')")
    };
    let members: Vec<String> = columns.into_iter().enumerate().map(member).collect();
    format!("CONCAT({}, '}}')", members.join(", "))
}

/// A value as `tagged.rs` reads it, in JSON; NULL for NULL.
fn tagged(column: &Col, value: &str) -> String {
    let plain = |letter: &str, value: String| format!("CONCAT('\"{letter}', {value}, '\"')");
    match column.data_type.as_str() {
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "decimal" if column.column_type.contains("zerofill") => {
            plain("t", format!("{value} + 0"))
        }
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "decimal" => plain("t", value.to_owned()),
        "year" => plain("t", format!("{value} + 0")),
        "float" => plain("g", format!("({value} + 0e0)")),
        "double" => plain("h", format!("({value} + 0e0)")),
        "bit" => format!("CASE {value} + 0 WHEN 1 THEN '\"ttrue\"' WHEN 0 THEN '\"tfalse\"' END"),
        "date" => plain("d", value.to_owned()),
        "datetime" => plain("m", value.to_owned()),
        "time" => plain("c", value.to_owned()),
        "timestamp" => plain("u", format!("UNIX_TIMESTAMP({value})")),
        _ if column.is_bytes() => plain("x", format!("LOWER(HEX({value}))")),
        _ if column.is_text() => format!("JSON_QUOTE(CONCAT('t', CONVERT({value} USING utf8mb4)))"),
        _ => format!("JSON_QUOTE(CONCAT('t', CAST({value} AS CHAR CHARACTER SET utf8mb4)))"),
    }
}

/// Whether values of a column can travel.
pub(super) fn travels(column: &Col) -> bool {
    let numbers = ["tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "year", "float", "double"];
    let times = ["date", "datetime", "time", "timestamp"];
    let named = ["uuid", "inet4", "inet6"];
    let name = column.data_type.as_str();
    let is_known = numbers.contains(&name) || times.contains(&name) || named.contains(&name);
    is_known || column.is_text() || column.is_bytes() || column.column_type == "bit(1)"
}

/// Whether a column can be of a key: where the server compares it as it orders it.
pub(super) fn can_be_key(column: &Col) -> bool {
    !matches!(column.data_type.as_str(), "float" | "double" | "enum" | "set" | "json")
}

/// Why the row cannot travel; NULL when it can.
pub(super) fn problem(table: &Table, alias: &str) -> String {
    let cases: String =
        table.travelling().map(|column| problem_of(column, &format!("{alias}{}", ident(&column.name)))).collect();
    if cases.is_empty() { "NULL".to_owned() } else { format!("CASE{cases} END") }
}

fn problem_of(column: &Col, value: &str) -> String {
    let long = column.octets.is_some_and(|octets| octets > 65_535);
    let name = literal(&format!(":{}", column.name));
    let mut cases = String::new();
    if long && column.is_bytes() {
        let bytes = format!("OCTET_LENGTH({value})");
        cases += &format!(" WHEN {bytes} > {VALUE_MAX} THEN CONCAT('value-too-large:', {bytes}, {name})");
        cases += &format!(" WHEN {bytes} * 2 + 3 > @@max_allowed_packet THEN CONCAT('row-too-large:', {bytes}, {name})");
    } else if long {
        let bytes = format!("OCTET_LENGTH(CONVERT({value} USING utf8mb4))");
        cases += &format!(" WHEN {bytes} > {VALUE_MAX} THEN CONCAT('value-too-large:', {bytes}, {name})");
        cases += &format!(" WHEN {bytes} + 3 > @@max_allowed_packet THEN CONCAT('row-too-large:', {bytes}, {name})");
    }
    if column.data_type == "timestamp" {
        // `0000-00-00` is no instant.
        cases += &format!(
            " WHEN {value} IS NOT NULL AND IFNULL(UNIX_TIMESTAMP({value}), 0) = 0 THEN CONCAT('date-out-of-range:', {name})"
        );
    }
    if let Some(charset) = column.narrow_charset() {
        let back = format!("CONVERT(CONVERT({value} USING utf8mb4) USING {charset})");
        cases += &format!(" WHEN HEX({back}) <> HEX({value}) THEN CONCAT('character:', {name})");
    }
    cases
}
