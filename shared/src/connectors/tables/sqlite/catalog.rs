//! Tables, columns and keys as a SQLite file has them.

use super::{Trouble, ident, literal};
use crate::connectors::tables::{Problem, TableFault};
use sqlx::{AssertSqlSafe, Row, SqliteConnection};

/// What a column does to values (sqlite.org/datatype3.html, 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Affinity {
    /// Whole numbers; other text stays text.
    Integer,
    /// Text.
    Text,
    /// None: values stay what they are.
    Blob,
    /// Floating point.
    Real,
    /// Text that reads as a number becomes one, and loses zeros and digits.
    Numeric,
}

impl Affinity {
    fn of(declared: &str, is_strict: bool) -> Self {
        let has = |part: &str| declared.contains(part);
        match () {
            () if is_strict && declared == "ANY" => Self::Blob,
            () if has("INT") => Self::Integer,
            () if has("CHAR") || has("CLOB") || has("TEXT") => Self::Text,
            () if has("BLOB") || declared.is_empty() => Self::Blob,
            () if has("REAL") || has("FLOA") || has("DOUB") => Self::Real,
            () => Self::Numeric,
        }
    }
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Col {
    pub(super) name: String,
    /// Its declared type in capitals.
    pub(super) declared: String,
    pub(super) affinity: Affinity,
    pub(super) not_null: bool,
    /// Its place in the primary key, from 1; 0 for the others.
    pub(super) key_place: i64,
    /// It is computed from others and does not travel.
    pub(super) is_generated: bool,
}

impl Col {
    /// Tells whether it may hold floating point numbers.
    pub(super) fn may_be_real(&self, is_strict: bool) -> bool {
        match self.affinity {
            Affinity::Text => false,
            Affinity::Integer => !is_strict,
            Affinity::Blob => !is_strict || self.declared == "ANY",
            Affinity::Real | Affinity::Numeric => true,
        }
    }

    /// Tells whether 0 and 1 in it are meant as truth values.
    pub(super) fn is_boolean(&self) -> bool {
        matches!(self.declared.as_str(), "BOOLEAN" | "BOOL")
    }
}

/// A unique index: its columns with their collations; a column is `None` where it is an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unique {
    pub(super) name: String,
    pub(super) columns: Vec<(Option<String>, String)>,
    pub(super) is_primary: bool,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    /// As the configuration names it.
    pub(super) shown: String,
    /// As SQL names it.
    pub(super) name: String,
    pub(super) columns: Vec<Col>,
    pub(super) is_strict: bool,
    /// Its rowid is its key, which is never NULL then.
    pub(super) has_integer_key: bool,
    pub(super) uniques: Vec<Unique>,
    /// Tables its foreign keys lead to.
    pub(super) parents: Vec<String>,
}

impl Table {
    /// The columns of the key, in its order.
    pub(super) fn key(&self) -> Vec<&Col> {
        let mut key: Vec<&Col> = self.columns.iter().filter(|column| column.key_place > 0).collect();
        key.sort_by_key(|column| column.key_place);
        key
    }

    /// The columns that travel.
    pub(super) fn travelling(&self) -> impl Iterator<Item = &Col> {
        self.columns.iter().filter(|column| !column.is_generated)
    }

    /// The columns that may hold floating point numbers, in the table's order.
    pub(super) fn reals(&self) -> Vec<&Col> {
        self.travelling().filter(|column| column.may_be_real(self.is_strict)).collect()
    }

    /// Unique indexes by which a row of another key can be replaced.
    pub(super) fn clashes(&self) -> impl Iterator<Item = &Unique> {
        let ignores_case = |unique: &Unique| unique.columns.iter().any(|(_, collation)| collation != "BINARY");
        self.uniques.iter().filter(move |unique| !unique.is_primary || ignores_case(unique))
    }

    pub(super) fn unfit(&self, column: Option<&str>, problem: Problem) -> TableFault {
        TableFault::Unfit { table: self.shown.clone(), column: column.map(str::to_owned), problem }
    }

    /// Tells whether another name means this table.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// The name of a table within its file.
fn bare(shown: &str) -> &str {
    shown.strip_prefix("main.").unwrap_or(shown)
}

/// Reads a table; its fault when it is not one that can have triggers, or has no key.
pub(super) async fn table(conn: &mut SqliteConnection, shown: &str) -> Result<Result<Table, TableFault>, Trouble> {
    let unfit = |problem| Ok(Err(TableFault::Unfit { table: shown.to_owned(), column: None, problem }));
    let sql = format!("SELECT name, type, wr, strict FROM pragma_table_list({}) WHERE schema = 'main'", literal(bare(shown)));
    let Some(row) = sqlx::query(AssertSqlSafe(sql)).fetch_optional(&mut *conn).await? else {
        return unfit(Problem::Missing);
    };
    let (name, kind): (String, String) = (row.try_get_unchecked(0)?, row.try_get_unchecked(1)?);
    let (is_wr, is_strict): (bool, bool) = (row.try_get_unchecked(2)?, row.try_get_unchecked(3)?);
    if kind != "table" {
        return unfit(Problem::Type(kind));
    }
    let columns = columns(conn, &name, is_strict).await?;
    let uniques = uniques(conn, &name).await?;
    let parents = parents(conn, &name).await?;
    let mut table = Table { shown: shown.to_owned(), name, columns, is_strict, has_integer_key: false, uniques, parents };
    let key = table.key();
    let is_integer = matches!(key.as_slice(), [only] if only.declared == "INTEGER");
    if key.is_empty() {
        return unfit(Problem::NoKey);
    }
    // A key of INTEGER DESC is an index of its own; SQLite tells by having one.
    table.has_integer_key = is_integer && !is_wr && !table.uniques.iter().any(|unique| unique.is_primary);
    Ok(Ok(table))
}

async fn columns(conn: &mut SqliteConnection, table: &str, is_strict: bool) -> Result<Vec<Col>, Trouble> {
    let sql = format!("SELECT name, type, \"notnull\", pk, hidden FROM pragma_table_xinfo({}) ORDER BY cid", literal(table));
    let mut columns = Vec::new();
    for row in sqlx::query(AssertSqlSafe(sql)).fetch_all(conn).await? {
        let declared: String = row.try_get_unchecked(1)?;
        let declared = declared.to_ascii_uppercase();
        let hidden: i64 = row.try_get_unchecked(4)?;
        columns.push(Col {
            name: row.try_get_unchecked(0)?,
            affinity: Affinity::of(&declared, is_strict),
            declared,
            not_null: row.try_get_unchecked(2)?,
            key_place: row.try_get_unchecked(3)?,
            is_generated: hidden != 0,
        });
    }
    Ok(columns)
}

async fn uniques(conn: &mut SqliteConnection, table: &str) -> Result<Vec<Unique>, Trouble> {
    let sql = format!("SELECT name, origin FROM pragma_index_list({}) WHERE \"unique\" = 1 ORDER BY name", literal(table));
    let mut uniques = Vec::new();
    for row in sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut *conn).await? {
        let (name, origin): (String, String) = (row.try_get_unchecked(0)?, row.try_get_unchecked(1)?);
        let sql = format!("SELECT name, coll FROM pragma_index_xinfo({}) WHERE key = 1 ORDER BY seqno", literal(&name));
        let mut columns = Vec::new();
        for row in sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut *conn).await? {
            let collation: Option<String> = row.try_get_unchecked(1)?;
            columns.push((row.try_get_unchecked(0)?, collation.unwrap_or_default().to_ascii_uppercase()));
        }
        uniques.push(Unique { name, columns, is_primary: origin == "pk" });
    }
    Ok(uniques)
}

async fn parents(conn: &mut SqliteConnection, table: &str) -> Result<Vec<String>, Trouble> {
    let sql = format!("SELECT DISTINCT \"table\" FROM pragma_foreign_key_list({}) ORDER BY 1", literal(table));
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(conn).await?;
    rows.iter().map(|row| row.try_get_unchecked(0).map_err(Trouble::Sql)).collect()
}

/// Tells whether a change of a key is carried on to rows of any of these tables.
pub(super) async fn carry_keys_on(conn: &mut SqliteConnection, shown: &[String]) -> Result<bool, Trouble> {
    for shown in shown {
        let sql =
            format!("SELECT 1 FROM pragma_foreign_key_list({}) WHERE on_update = 'CASCADE' LIMIT 1", literal(bare(shown)));
        if sqlx::query(AssertSqlSafe(sql)).fetch_optional(&mut *conn).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Reads the statement that made something; `None` when it is not there.
pub(super) async fn made_by(conn: &mut SqliteConnection, name: &str) -> Result<Option<String>, Trouble> {
    let row = sqlx::query("SELECT sql FROM main.sqlite_master WHERE name = ?").bind(name).fetch_optional(conn).await?;
    Ok(row.map(|row| row.try_get_unchecked(0)).transpose()?)
}

/// Tells how many columns of floating point numbers an outbox has; `None` without the outbox.
pub(super) async fn outbox_reals(conn: &mut SqliteConnection, outbox: &str) -> Result<Option<usize>, Trouble> {
    let sql = format!("SELECT name FROM pragma_table_xinfo({})", literal(outbox));
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(conn).await?;
    let names: Vec<String> = rows.iter().map(|row| row.try_get_unchecked(0)).collect::<Result<_, _>>()?;
    let reals = names.iter().filter(|name| name.strip_prefix('f').is_some_and(|n| n.parse::<u32>().is_ok())).count();
    Ok((!names.is_empty()).then_some(reals))
}

/// Writes columns of an alias, divided by commas.
pub(super) fn list<'a>(columns: impl IntoIterator<Item = &'a Col>, alias: &str) -> String {
    let names: Vec<String> = columns.into_iter().map(|column| format!("{alias}{}", ident(&column.name))).collect();
    names.join(", ")
}
