//! The script that applies one packet, and the mark with it, in one transaction.
//!
//! Given: a packet's rows as their columns take them. Gives: SQL for SQL*Plus, disql or sqlite3. Every statement that changes a row asks for the
//! mark of the script before it, and the last one moves the mark: run a second time, out of turn or beside itself, a script changes nothing.

use super::literal::{Literal, quoted};
use crate::connectors::tables::declared::{DeclaredColumn, DeclaredTable, Dialect};
use crate::connectors::tables::{Cells, Mark};
use crate::schema::answers::end_of;
use crate::schema::plan::{Check, Plan};
use crate::store::Direction;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::suite::Digest;
use std::fmt::Write as _;

/// Pieces that one block appends to a large object.
const PIECES: usize = 200;

/// What one script is about.
pub(super) struct Script<'a> {
    pub(super) dialect: Dialect,
    pub(super) channel: &'a ChannelName,
    /// Its number.
    pub(super) number: u32,
    /// The header digest of the packet of the script before it; zero for the first.
    pub(super) before: Digest,
    /// What it applies.
    pub(super) mark: Mark,
}

/// A row that a script writes or deletes.
pub(super) enum Statement<'a> {
    /// The row with this key is gone.
    Delete(&'a DeclaredTable, Vec<(&'a DeclaredColumn, Literal)>),
    /// The row is as given.
    Upsert(&'a DeclaredTable, Vec<(&'a DeclaredColumn, Literal)>),
}

/// Gives a name as SQL quotes it; a schema and its table apart.
pub(in crate::connectors::tables) fn identifier(name: &str) -> String {
    let parts: Vec<String> = name.split('.').map(|part| format!("\"{}\"", part.replace('"', "\"\""))).collect();
    parts.join(".")
}

/// Gives a column's name as SQL quotes it.
pub(in crate::connectors::tables) fn column(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Gives the literals of cells.
pub(super) fn literals<'a>(table: &'a DeclaredTable, cells: &Cells, dialect: Dialect) -> Vec<(&'a DeclaredColumn, Literal)> {
    let known = cells.iter().filter_map(|(name, value)| table.column(name).map(|declared| (declared, value)));
    known.map(|(declared, value)| (declared, Literal::of(declared, value, dialect))).collect()
}

impl Script<'_> {
    /// Writes the script.
    pub(super) fn write(&self, statements: &[Statement<'_>]) -> String {
        let mut sql = String::new();
        self.begin(&mut sql);
        for statement in statements {
            match statement {
                Statement::Delete(table, key) => self.delete(&mut sql, table, key),
                Statement::Upsert(table, row) => self.upsert(&mut sql, table, row),
            }
        }
        self.end(&mut sql);
        sql
    }

    /// Writes the script of a structure change, whose document's digest stands for the header of a packet: it goes in its turn and moves the mark, too, and prints
    /// what says so. Run once more right behind itself it changes nothing; behind a later script it is out of turn.
    pub(super) fn of_change(&self, plan: &Plan) -> String {
        let (mut first, mut last) = (self.title(), String::new());
        if self.before.is_zero() {
            self.first_mark(&mut first);
        }
        let is_last = format!("(channel = '{}' AND header = '{}')", self.channel, self.mark.header);
        self.in_turn(&mut first, &is_last);
        self.advance(&mut last);
        let query = format!("SELECT COUNT(*) FROM dukou_mark WHERE {is_last}");
        let placed = Check { query, expect: "1".to_owned() };
        plan.script_by_hand(&first, &last, (&end_of(self.channel, Direction::In), &placed))
    }

    fn title(&self) -> String {
        let Self { channel, number, mark, .. } = self;
        let (epoch, seq) = (mark.epoch, mark.seq);
        format!("-- dukou script {number:06}, channel {channel}, epoch {epoch}, packet {seq}\n")
    }

    fn begin(&self, sql: &mut String) {
        sql.push_str(&self.title());
        match self.dialect {
            Dialect::Sqlite => sql.push_str("BEGIN IMMEDIATE;\n"),
            Dialect::Oracle => sql.push_str(
                "WHENEVER SQLERROR EXIT FAILURE ROLLBACK\nWHENEVER OSERROR EXIT FAILURE ROLLBACK\nSET DEFINE OFF\nSET SQLBLANKLINES ON\nSET AUTOCOMMIT OFF\nSET FEEDBACK OFF\n",
            ),
            Dialect::Dm => sql.push_str("WHENEVER SQLERROR EXIT FAILURE ROLLBACK;\nSET DEFINE OFF;\nSET AUTOCOMMIT OFF;\nSET FEEDBACK OFF;\n"),
        }
        if self.before.is_zero() {
            self.first_mark(sql);
        }
        let Self { channel, mark, .. } = self;
        let is_behind = format!("(channel = '{channel}' AND epoch = '{}' AND seq >= {})", mark.epoch, mark.seq);
        self.in_turn(sql, &is_behind);
    }

    fn dual(&self) -> &'static str {
        if self.dialect == Dialect::Sqlite { "" } else { " FROM dual" }
    }

    /// Puts the mark of a channel that never had one.
    fn first_mark(&self, sql: &mut String) {
        let (channel, zero, dual) = (self.channel, self.before, self.dual());
        let _ = writeln!(
            sql,
            "INSERT INTO dukou_mark (channel, epoch, seq, header, applied_at)\nSELECT '{channel}', '0', 0, '{zero}', CURRENT_TIMESTAMP{dual}\nWHERE NOT EXISTS (SELECT 1 FROM dukou_mark WHERE channel = '{channel}');"
        );
    }

    /// Fails unless the script before was the last, or this one is applied already.
    fn in_turn(&self, sql: &mut String, is_applied: &str) {
        let right = format!("{}\n    OR {is_applied}", self.guard());
        let _ = match self.dialect {
            Dialect::Sqlite => writeln!(
                sql,
                "INSERT INTO dukou_mark (channel, epoch, seq, header, applied_at)\nSELECT NULL, NULL, NULL, NULL, 'this script is out of turn'\nWHERE NOT EXISTS (SELECT 1 FROM dukou_mark WHERE {right});"
            ),
            _ => writeln!(
                sql,
                "DECLARE\n  n NUMBER;\nBEGIN\n  SELECT seq INTO n FROM dukou_mark WHERE channel = '{}' FOR UPDATE;\n  SELECT COUNT(*) INTO n FROM dukou_mark\n  WHERE {right};\n  IF n = 0 THEN\n    RAISE_APPLICATION_ERROR(-20001, 'dukou: script {:06} is out of turn');\n  END IF;\nEND;\n/",
                self.channel, self.number
            ),
        };
    }

    /// Gives the condition that the mark is the one of the script before.
    fn guard(&self) -> String {
        format!("(channel = '{}' AND header = '{}')", self.channel, self.before)
    }

    fn guarded(&self) -> String {
        format!("EXISTS (SELECT 1 FROM dukou_mark WHERE {})", self.guard())
    }

    fn delete(&self, sql: &mut String, table: &DeclaredTable, key: &[(&DeclaredColumn, Literal)]) {
        let _ = writeln!(sql, "DELETE FROM {}\nWHERE {}\n  AND {};", identifier(&table.name), equal(key, ""), self.guarded());
    }

    fn upsert(&self, sql: &mut String, table: &DeclaredTable, row: &[(&DeclaredColumn, Literal)]) {
        let names: Vec<String> = row.iter().map(|(declared, _)| column(&declared.column.name)).collect();
        let keys: Vec<String> = of_key(row, true).map(|(declared, _)| column(&declared.column.name)).collect();
        let others: Vec<String> = of_key(row, false).map(|(declared, _)| column(&declared.column.name)).collect();
        let into = identifier(&table.name);
        let _ = match self.dialect {
            Dialect::Sqlite => writeln!(
                sql,
                "INSERT INTO {into} ({})\nSELECT {}\nWHERE {}\nON CONFLICT ({}) DO {};",
                names.join(", "),
                row.iter().map(|(_, literal)| first(literal)).collect::<Vec<_>>().join(", "),
                self.guarded(),
                keys.join(", "),
                sqlite_update(&others)
            ),
            _ => writeln!(
                sql,
                "MERGE INTO {into} t\nUSING (SELECT {}\nFROM dual WHERE {}) s\nON ({})\n{}WHEN NOT MATCHED THEN INSERT ({})\nVALUES ({});",
                row.iter()
                    .zip(&names)
                    .map(|((_, literal), name)| format!("{} AS {name}", first(literal)))
                    .collect::<Vec<_>>()
                    .join(",\n"),
                self.guarded(),
                keys.iter().map(|name| format!("t.{name} = s.{name}")).collect::<Vec<_>>().join(" AND "),
                merge_update(&others),
                names.iter().map(|name| format!("t.{name}")).collect::<Vec<_>>().join(", "),
                names.iter().map(|name| format!("s.{name}")).collect::<Vec<_>>().join(", ")
            ),
        };
        for (declared, literal) in row {
            if let Literal::Pieces { lob, pieces, .. } = literal {
                pieces.chunks(PIECES).for_each(|pieces| self.append(sql, table, row, (declared, lob, pieces)));
            }
        }
    }

    /// Appends pieces to a large object that was made empty before, where the mark says that this script is the one to run.
    fn append(
        &self,
        sql: &mut String,
        table: &DeclaredTable,
        row: &[(&DeclaredColumn, Literal)],
        (to, lob, pieces): (&DeclaredColumn, &str, &[String]),
    ) {
        let verb = if lob == "BLOB" { "WRITEAPPEND" } else { "APPEND" };
        let key: Vec<&(&DeclaredColumn, Literal)> = of_key(row, true).collect();
        let _ = writeln!(
            sql,
            "DECLARE\n  n NUMBER;\n  o {lob};\nBEGIN\n  SELECT COUNT(*) INTO n FROM dukou_mark WHERE {};\n  IF n = 1 THEN",
            self.guard()
        );
        let wanted: Vec<String> =
            key.iter().map(|(declared, literal)| format!("{} = {}", column(&declared.column.name), first(literal))).collect();
        let _ = writeln!(
            sql,
            "  SELECT {} INTO o FROM {}\n  WHERE {} FOR UPDATE;",
            column(&to.column.name),
            identifier(&table.name),
            wanted.join(" AND ")
        );
        for piece in pieces {
            let _ = writeln!(sql, "  DBMS_LOB.{verb}(o, {piece});");
        }
        sql.push_str("  END IF;\nEND;\n/\n");
    }

    fn end(&self, sql: &mut String) {
        self.advance(sql);
        sql.push_str("COMMIT;\n");
        if self.dialect != Dialect::Sqlite {
            sql.push_str("EXIT\n");
        }
    }

    /// Moves the mark from the script before.
    fn advance(&self, sql: &mut String) {
        let (epoch, seq, header) = (self.mark.epoch, self.mark.seq, self.mark.header);
        let epoch = quoted(&epoch.to_string(), Dialect::Sqlite, false);
        let _ = writeln!(
            sql,
            "UPDATE dukou_mark SET epoch = {epoch}, seq = {seq}, header = '{header}', applied_at = CURRENT_TIMESTAMP\nWHERE {};",
            self.guard()
        );
    }
}

fn of_key<'r, 'a>(
    row: &'r [(&'a DeclaredColumn, Literal)],
    wanted: bool,
) -> impl Iterator<Item = &'r (&'a DeclaredColumn, Literal)> {
    row.iter().filter(move |(declared, _)| declared.column.in_key == wanted)
}

fn equal(key: &[(&DeclaredColumn, Literal)], prefix: &str) -> String {
    let one = |(declared, literal): &(&DeclaredColumn, Literal)| {
        format!("{prefix}{} = {}", column(&declared.column.name), first(literal))
    };
    key.iter().map(one).collect::<Vec<_>>().join(" AND ")
}

/// Gives the expression that a column is given in the statement itself.
fn first(literal: &Literal) -> &str {
    match literal {
        Literal::Whole(text) => text,
        Literal::Pieces { empty, .. } => empty,
    }
}

fn sqlite_update(others: &[String]) -> String {
    let set: Vec<String> = others.iter().map(|name| format!("{name} = excluded.{name}")).collect();
    if set.is_empty() { "NOTHING".to_string() } else { format!("UPDATE SET {}", set.join(", ")) }
}

fn merge_update(others: &[String]) -> String {
    let set: Vec<String> = others.iter().map(|name| format!("t.{name} = s.{name}")).collect();
    if set.is_empty() { String::new() } else { format!("WHEN MATCHED THEN UPDATE SET {}\n", set.join(",\n")) }
}

/// Gives the statement that makes the table of marks, once, before the first script.
pub(in crate::connectors::tables) fn mark_table(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Oracle => {
            "BEGIN\n  EXECUTE IMMEDIATE 'CREATE TABLE dukou_mark (channel VARCHAR2(64) NOT NULL PRIMARY KEY, epoch VARCHAR2(32) NOT NULL, seq NUMBER(20) NOT NULL, header VARCHAR2(64) NOT NULL, applied_at TIMESTAMP NOT NULL)';\nEXCEPTION\n  WHEN OTHERS THEN IF SQLCODE <> -955 THEN RAISE; END IF;\nEND;\n/\n"
        }
        Dialect::Dm => {
            "CREATE TABLE IF NOT EXISTS dukou_mark (\n  channel VARCHAR(64) NOT NULL PRIMARY KEY,\n  epoch VARCHAR(32) NOT NULL,\n  seq DECIMAL(20, 0) NOT NULL,\n  header VARCHAR(64) NOT NULL,\n  applied_at TIMESTAMP NOT NULL\n);\n"
        }
        Dialect::Sqlite => {
            "CREATE TABLE IF NOT EXISTS dukou_mark (\n  channel TEXT NOT NULL PRIMARY KEY,\n  epoch TEXT NOT NULL,\n  seq INTEGER NOT NULL,\n  header TEXT NOT NULL,\n  applied_at TEXT NOT NULL\n);\n"
        }
    }
}
