//! How a live database differs from the structure that it is believed to have.
//!
//! Given: a structure, a dialect, and what the database's catalog says. Gives: each difference by name. Never: a difference that is passed over because
//! a database writes a type in its own way: each type is compared as its dialect's catalog prints it.

use super::name::same;
use super::plan::{Cannot, Dialect};
use super::structure::{Row, Structure, Table};
use crate::lang::Lang;
use crate::say;

/// A table as a database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveTable {
    /// Its name, as the structure calls it.
    pub name: String,
    /// Its columns, in order.
    pub columns: Vec<LiveColumn>,
    /// The columns of its primary key, in order.
    pub key: Vec<String>,
    /// The rows, where it is a dictionary.
    pub rows: Vec<Row>,
}

/// A column as a database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveColumn {
    /// Its name.
    pub name: String,
    /// Its type, as the catalog prints it.
    pub kind: String,
    /// Whether it takes NULL.
    pub nullable: bool,
}

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The table.
    pub table: String,
    /// What differs.
    pub what: Differs,
}

/// What differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Differs {
    /// The table is not there.
    TableMissing,
    /// A column is not there.
    ColumnMissing(String),
    /// A column too many.
    ColumnMore {
        /// Its name.
        column: String,
        /// Whether it takes NULL: rows go in without it then.
        nullable: bool,
    },
    /// A column of another type.
    Type {
        /// Its name.
        column: String,
        /// The type that is believed.
        believed: String,
        /// The type it has.
        has: String,
    },
    /// A column that takes NULL and should not, or the other way round.
    Null {
        /// Its name.
        column: String,
        /// Whether it takes NULL.
        has: bool,
    },
    /// Another primary key.
    Key(Vec<String>),
    /// A row of a dictionary that is not there, by its key.
    RowMissing(String),
    /// A row of a dictionary that says something else, by its key.
    RowDiffers(String),
    /// The database cannot have the believed type.
    Impossible(Cannot),
}

impl Difference {
    /// Gives the stable code.
    pub fn code(&self) -> &'static str {
        match &self.what {
            Differs::TableMissing => "table-missing",
            Differs::ColumnMissing(_) => "column-missing",
            Differs::ColumnMore { .. } => "column-more",
            Differs::Type { .. } => "type",
            Differs::Null { .. } => "null",
            Differs::Key(_) => "key",
            Differs::RowMissing(_) => "row-missing",
            Differs::RowDiffers(_) => "row-differs",
            Differs::Impossible(_) => "impossible",
        }
    }

    /// Tells whether rows of the believed version may meet this table: only a further column that takes NULL is harmless.
    pub fn is_harmless(&self) -> bool {
        matches!(self.what, Differs::ColumnMore { nullable: true, .. })
    }

    /// Says it.
    pub fn words(&self, lang: Lang) -> String {
        let table = &self.table;
        match &self.what {
            Differs::TableMissing => say!(lang, "没有表 {table}", "there is no table {table}"),
            Differs::ColumnMissing(column) => say!(lang, "表 {table} 没有列 {column}", "table {table} has no column {column}"),
            Differs::ColumnMore { column, nullable: true } => {
                say!(
                    lang,
                    "表 {table} 多出列 {column}（可为空，不碍事）",
                    "table {table} has a further column {column} (it takes NULL: no harm)"
                )
            }
            Differs::ColumnMore { column, nullable: false } => {
                say!(
                    lang,
                    "表 {table} 多出列 {column}，且不收 NULL",
                    "table {table} has a further column {column} that takes no NULL"
                )
            }
            Differs::Type { column, believed, has } => say!(
                lang,
                "表 {table} 的列 {column} 应为 {believed}，实为 {has}",
                "column {column} of {table} should be {believed} and is {has}"
            ),
            Differs::Null { column, has: true } => {
                say!(
                    lang,
                    "表 {table} 的列 {column} 应不收 NULL，实际收",
                    "column {column} of {table} takes NULL and should not"
                )
            }
            Differs::Null { column, has: false } => {
                say!(
                    lang,
                    "表 {table} 的列 {column} 应收 NULL，实际不收",
                    "column {column} of {table} takes no NULL and should"
                )
            }
            Differs::Key(has) => {
                let has = has.join(", ");
                say!(lang, "表 {table} 的主键是（{has}），与结构不符", "the key of {table} is ({has}), which is another one")
            }
            Differs::RowMissing(key) => say!(lang, "字典 {table} 没有 {key}", "dictionary {table} has no {key}"),
            Differs::RowDiffers(key) => {
                say!(lang, "字典 {table} 的 {key} 说法不同", "dictionary {table} says something else of {key}")
            }
            Differs::Impossible(cannot) => format!("{table}: {}", cannot.words(lang)),
        }
    }
}

/// Gives what differs, table by table; of tables that the structure does not name nothing is said.
pub fn differences(structure: &Structure, dialect: Dialect, live: &[LiveTable]) -> Vec<Difference> {
    let mut found = Vec::new();
    for table in &structure.tables {
        let differ = match live.iter().find(|other| other.name == table.name) {
            Some(live) => of_table(table, dialect, live),
            None => vec![Differs::TableMissing],
        };
        found.extend(differ.into_iter().map(|what| Difference { table: table.name.clone(), what }));
    }
    found
}

fn of_table(table: &Table, dialect: Dialect, live: &LiveTable) -> Vec<Differs> {
    let mut found = Vec::new();
    for column in &table.columns {
        let name = dialect.catalog_name(&column.name);
        let Some(has) = live.columns.iter().find(|has| has.name == name) else {
            found.push(Differs::ColumnMissing(column.name.clone()));
            continue;
        };
        match dialect.catalog_type(table, column) {
            Ok(believed) if !same(&believed, &has.kind) => {
                found.push(Differs::Type { column: column.name.clone(), believed, has: has.kind.clone() });
            }
            Ok(_) => {}
            Err(cannot) => found.push(Differs::Impossible(cannot)),
        }
        if has.nullable != column.nullable {
            found.push(Differs::Null { column: column.name.clone(), has: has.nullable });
        }
    }
    let believed: Vec<String> = table.columns.iter().map(|column| dialect.catalog_name(&column.name)).collect();
    let more = live.columns.iter().filter(|has| !believed.contains(&has.name));
    found.extend(more.map(|has| Differs::ColumnMore { column: has.name.clone(), nullable: has.nullable }));
    let key: Vec<String> = table.key.iter().map(|name| dialect.catalog_name(name)).collect();
    if key != live.key {
        found.push(Differs::Key(live.key.clone()));
    }
    found.extend(table.rows.iter().flatten().filter_map(|row| of_row(table, dialect, row, live)));
    found
}

/// A row says what it has to say when each value that is believed stands there; further rows are the bureau's own.
fn of_row(table: &Table, dialect: Dialect, row: &Row, live: &LiveTable) -> Option<Differs> {
    let value = |has: &Row, column: &String| has.get(&dialect.catalog_name(column)).cloned();
    let same_key = |has: &&Row| table.key.iter().all(|column| value(has, column).as_ref() == row.get(column));
    let shown = || table.key_of(row).join("/");
    match live.rows.iter().find(same_key) {
        None => Some(Differs::RowMissing(shown())),
        Some(has) if row.iter().any(|(column, said)| value(has, column).as_ref() != Some(said)) => {
            Some(Differs::RowDiffers(shown()))
        }
        Some(_) => None,
    }
}
