//! Tables, columns and keys as the server has them.

use super::literal;
use super::session::{Server, Trouble, text_at};
use crate::connectors::tables::{Caution, Problem, TableFault};
use sqlx::mysql::MySqlRow;
use sqlx::{AssertSqlSafe, MySqlConnection};

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Col {
    pub(super) name: String,
    /// `varchar`, `bigint` …
    pub(super) data_type: String,
    /// `bigint(20) unsigned zerofill`.
    pub(super) column_type: String,
    pub(super) characters: Option<u64>,
    pub(super) octets: Option<u64>,
    pub(super) precision: Option<u32>,
    pub(super) scale: Option<u32>,
    pub(super) fraction: u8,
    pub(super) charset: Option<String>,
    pub(super) collation: Option<String>,
    pub(super) nullable: bool,
    pub(super) is_generated: bool,
    /// Its place in the primary key, from 1; 0 for the others.
    pub(super) key_place: u32,
}

impl Col {
    /// Whether its values are bytes.
    pub(super) fn is_bytes(&self) -> bool {
        matches!(self.data_type.as_str(), "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob")
    }

    /// Whether its values are text in a character set.
    pub(super) fn is_text(&self) -> bool {
        let text = ["char", "varchar", "tinytext", "text", "mediumtext", "longtext", "json", "enum", "set"];
        text.contains(&self.data_type.as_str())
    }

    pub(super) fn is_unsigned(&self) -> bool {
        self.column_type.contains("unsigned")
    }

    /// Its character set, where that does not hold all of Unicode as UTF-8 does.
    pub(super) fn narrow_charset(&self) -> Option<&str> {
        self.charset.as_deref().filter(|charset| !matches!(*charset, "utf8mb4" | "utf8mb3" | "utf8" | "binary"))
    }
}

/// A foreign key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) name: String,
    /// The parent's schema and name.
    pub(super) parent: (String, String),
    /// Whether the server changes rows of the child by itself.
    pub(super) acts: Option<String>,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    /// As the configuration names it.
    pub(super) shown: String,
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) engine: String,
    pub(super) columns: Vec<Col>,
    pub(super) references: Vec<Reference>,
    /// It has unique indexes beside the primary key.
    pub(super) has_uniques: bool,
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

    pub(super) fn unfit(&self, column: Option<&str>, problem: Problem) -> TableFault {
        TableFault::Unfit { table: self.shown.clone(), column: column.map(str::to_owned), problem }
    }

    /// Its name as SQL writes it.
    pub(super) fn sql(&self) -> String {
        format!("{}.{}", super::ident(&self.schema), super::ident(&self.name))
    }
}

/// Divides a name into schema and table.
pub(super) fn parts<'a>(shown: &'a str, server: &'a Server) -> (&'a str, &'a str) {
    shown.split_once('.').unwrap_or((server.database.as_str(), shown))
}

/// Reads rows by the text protocol, which every server understands alike.
pub(super) async fn rows(conn: &mut MySqlConnection, sql: String) -> Result<Vec<MySqlRow>, Trouble> {
    Ok(sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(conn).await?)
}

/// Holds a table against a change of its structure until the transaction ends, and gives what tells its structure from every other; `None` where it is not
/// there, or may not be read. The server writes it from what it has in memory of an open table, where `information_schema` would open its files.
pub(super) async fn held_structure(
    conn: &mut MySqlConnection,
    server: &Server,
    shown: &str,
) -> Result<Option<String>, Trouble> {
    let (schema, name) = parts(shown, server);
    let table = format!("{}.{}", super::ident(schema), super::ident(name));
    // Whoever has read of a table in a transaction keeps others from altering it.
    match rows(conn, format!("SELECT 1 FROM {table} LIMIT 0")).await {
        Err(Trouble::Sql(error)) if matches!(super::session::number(&error), Some(1142 | 1146)) => return Ok(None),
        outcome => drop(outcome?),
    }
    let found = rows(conn, format!("SHOW CREATE TABLE {table}")).await?;
    Ok(found.first().map(|row| text_at(row, 1)).transpose()?.flatten().map(|sql| without_counter(&sql)))
}

/// Leaves the next number of an AUTO_INCREMENT column out, which changes with rows.
fn without_counter(sql: &str) -> String {
    match sql.split_once(" AUTO_INCREMENT=") {
        Some((before, counter)) => format!("{before}{}", counter.trim_start_matches(|letter: char| letter.is_ascii_digit())),
        None => sql.to_owned(),
    }
}

/// Reads a table; its fault when it is not there, is no table of InnoDB, or has no key.
pub(super) async fn table(
    conn: &mut MySqlConnection,
    server: &Server,
    shown: &str,
) -> Result<Result<Table, TableFault>, Trouble> {
    let (schema, name) = parts(shown, server);
    let unfit = |problem| Ok(Err(TableFault::Unfit { table: shown.to_owned(), column: None, problem }));
    let place = format!("table_schema = {} AND table_name = {}", literal(schema), literal(name));
    let found = rows(conn, format!("SELECT table_type, engine FROM information_schema.tables WHERE {place}")).await?;
    let Some(row) = found.first() else { return unfit(Problem::Missing) };
    let (kind, engine) = (text_at(row, 0)?.unwrap_or_default(), text_at(row, 1)?.unwrap_or_default());
    if !matches!(kind.as_str(), "BASE TABLE" | "SYSTEM VERSIONED") {
        return unfit(Problem::Type(kind.to_lowercase()));
    }
    if engine != "InnoDB" {
        return unfit(Problem::NoTransactions(engine));
    }
    let columns = columns(conn, schema, name).await?;
    let references = references(conn, schema, name).await?;
    let sql = format!(
        "SELECT count(*) FROM information_schema.statistics WHERE {place} AND non_unique = 0 AND index_name <> 'PRIMARY'"
    );
    let uniques = rows(conn, sql).await?;
    let uniques = uniques.first().map(|row| text_at(row, 0)).transpose()?.flatten();
    let (schema, name) = (schema.to_owned(), name.to_owned());
    let has_uniques = uniques.as_deref() != Some("0");
    let table = Table { shown: shown.to_owned(), schema, name, engine, columns, references, has_uniques };
    if table.key().is_empty() {
        return unfit(Problem::NoKey);
    }
    Ok(Ok(table))
}

async fn columns(conn: &mut MySqlConnection, schema: &str, name: &str) -> Result<Vec<Col>, Trouble> {
    let sql = format!(
        "SELECT c.column_name, c.data_type, c.column_type, c.character_maximum_length, c.character_octet_length, c.numeric_precision, c.numeric_scale,
                c.datetime_precision, c.character_set_name, c.collation_name, c.is_nullable, c.generation_expression,
                (SELECT min(s.seq_in_index) FROM information_schema.statistics s WHERE s.table_schema = c.table_schema AND s.table_name = c.table_name
                   AND s.index_name = 'PRIMARY' AND s.column_name = c.column_name)
         FROM information_schema.columns c WHERE c.table_schema = {} AND c.table_name = {} ORDER BY c.ordinal_position",
        literal(schema),
        literal(name)
    );
    let mut columns = Vec::new();
    for row in rows(conn, sql).await? {
        let text = |at| text_at(&row, at);
        let number = |at| Ok::<_, sqlx::Error>(text(at)?.and_then(|text| text.parse::<u64>().ok()));
        let small = |at| Ok::<_, sqlx::Error>(number(at)?.and_then(|number| u32::try_from(number).ok()));
        columns.push(Col {
            name: text(0)?.unwrap_or_default(),
            data_type: text(1)?.unwrap_or_default().to_lowercase(),
            column_type: text(2)?.unwrap_or_default(),
            characters: number(3)?,
            octets: number(4)?,
            precision: small(5)?,
            scale: small(6)?,
            fraction: small(7)?.and_then(|digits| u8::try_from(digits).ok()).unwrap_or(0),
            charset: text(8)?,
            collation: text(9)?,
            nullable: text(10)?.as_deref() == Some("YES"),
            is_generated: text(11)?.is_some_and(|expression| !expression.is_empty()),
            key_place: small(12)?.unwrap_or(0),
        });
    }
    Ok(columns)
}

async fn references(conn: &mut MySqlConnection, schema: &str, name: &str) -> Result<Vec<Reference>, Trouble> {
    let sql = format!(
        "SELECT DISTINCT r.constraint_name, k.referenced_table_schema, r.referenced_table_name, r.delete_rule, r.update_rule
         FROM information_schema.referential_constraints r JOIN information_schema.key_column_usage k
           ON k.constraint_schema = r.constraint_schema AND k.constraint_name = r.constraint_name AND k.table_name = r.table_name
         WHERE r.constraint_schema = {} AND r.table_name = {} ORDER BY 1",
        literal(schema),
        literal(name)
    );
    let mut references = Vec::new();
    for row in rows(conn, sql).await? {
        let text = |at| text_at(&row, at).map(Option::unwrap_or_default);
        let acts =
            |what: &str, rule: String| (!matches!(rule.as_str(), "RESTRICT" | "NO ACTION")).then(|| format!("{what} {rule}"));
        let (deleted, updated) = (acts("ON DELETE", text(3)?), acts("ON UPDATE", text(4)?));
        references.push(Reference { name: text(0)?, parent: (text(1)?, text(2)?), acts: deleted.or(updated) });
    }
    Ok(references)
}

/// Names the setting with which the server shows commits before they are durable.
pub(super) async fn cautions(conn: &mut MySqlConnection) -> Result<Vec<Caution>, Trouble> {
    let found = rows(conn, "SELECT CAST(@@GLOBAL.innodb_flush_log_at_trx_commit AS CHAR)".to_owned()).await?;
    let value = found.first().map(|row| text_at(row, 0)).transpose()?.flatten().unwrap_or_default();
    let caution = || Caution::NotDurable(format!("innodb_flush_log_at_trx_commit = {value}"));
    // 3 is MariaDB's 1 with another group commit.
    Ok((!matches!(value.as_str(), "1" | "3")).then(caution).into_iter().collect())
}
