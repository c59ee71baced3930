//! What a document comes to in a database: exact statements, how each step is known to be done, how it is taken back, what it may lose.
//!
//! Given: a structure, a document, a dialect. Gives: a plan; the same input gives the same bytes, whose digest an approver signs. Never: a statement
//! with a name or a value that was not looked at; a step whose effect has to be guessed; a conversion that cuts or rounds without an error.
//!
//! | file | what |
//! |---|---|
//! | `speaker.rs` | what a dialect has to be able to say, and what all of them share |
//! | `postgres.rs`, `mariadb.rs`, `sqlite.rs`, `oracle.rs`, `dm.rs` | one dialect each; `plsql.rs` what the last two share |
//! | `steps.rs` | the steps of an operation |
//! | `print.rs` | a plan as a script |

mod dm;
mod mariadb;
mod oracle;
mod plsql;
mod postgres;
mod print;
mod speaker;
mod sqlite;
mod steps;
#[cfg(test)]
mod tests;

use super::document::Document;
use super::loss::Loss;
use super::structure::{Column, Structure, Table, Unfit};
use super::types::ColumnType;
use crate::lang::Lang;
use crate::say;
use dukou_packets::suite::{Digest, sha256};
use speaker::Speaker;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// What the digest of a plan begins with.
const PLAN: &[u8] = b"dukou-schema-plan-v1\0";

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// PostgreSQL 12 and later.
    Postgres,
    /// MariaDB 10.5 and later.
    Mariadb,
    /// SQLite 3.38 and later.
    Sqlite,
    /// Oracle 12.2 and later; printed for its administrator.
    Oracle,
    /// 达梦 DM8; printed for its administrator.
    Dm,
}

/// All of them.
pub const DIALECTS: [Dialect; 5] = [Dialect::Postgres, Dialect::Mariadb, Dialect::Sqlite, Dialect::Oracle, Dialect::Dm];

/// Tells that a text names no dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("方言应为 postgres、mariadb、sqlite、oracle 或 dm / the dialect is postgres, mariadb, sqlite, oracle or dm")]
pub struct UnknownDialect;

impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(text: &str) -> Result<Self, UnknownDialect> {
        DIALECTS.into_iter().find(|dialect| dialect.name() == text).ok_or(UnknownDialect)
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}

impl Dialect {
    /// Gives its name on the command line and in documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Mariadb => "mariadb",
            Self::Sqlite => "sqlite",
            Self::Oracle => "oracle",
            Self::Dm => "dm",
        }
    }

    /// Tells whether a structure change is one transaction there.
    pub fn is_transactional(self) -> bool {
        matches!(self, Self::Postgres | Self::Sqlite)
    }

    /// Gives the SQL that makes a whole structure where there is none.
    ///
    /// # Errors
    /// [`Cannot`] for the first column that the database cannot have.
    pub fn create(self, structure: &Structure) -> Result<Vec<String>, Cannot> {
        steps::create(self.speaker(), structure)
    }

    /// Gives a column's type as the database's catalog prints it.
    ///
    /// # Errors
    /// [`Cannot`] where the database has no such type.
    pub fn catalog_type(self, table: &Table, column: &Column) -> Result<String, Cannot> {
        self.speaker().catalog_type(table, column)
    }

    /// Gives a name as the database's catalog has it.
    pub fn catalog_name(self, name: &str) -> String {
        self.speaker().fold(name)
    }

    fn speaker(self) -> &'static dyn Speaker {
        match self {
            Self::Postgres => &postgres::Postgres,
            Self::Mariadb => &mariadb::Mariadb,
            Self::Sqlite => &sqlite::Sqlite,
            Self::Oracle => &oracle::Oracle,
            Self::Dm => &dm::Dm,
        }
    }
}

/// A query of one value, and what it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The query.
    pub query: String,
    /// The answer that is meant.
    pub expect: String,
}

/// A statement, done where a query says so: a script that was run in part may be run again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// One statement without a `;`.
    pub sql: String,
    /// Done where this query gives its answer; always without one.
    pub when: Option<Check>,
}

impl From<String> for Statement {
    fn from(sql: String) -> Self {
        Self { sql, when: None }
    }
}

/// What the time of a step grows with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// Nothing: the catalog alone is written.
    Instant,
    /// The rows of the table, which nobody writes meanwhile.
    Table,
    /// The rows that the document brings.
    Rows(usize),
}

impl Cost {
    /// Says for how long writers of the table wait.
    pub fn words(self, lang: Lang) -> String {
        match self {
            Self::Instant => say!(lang, "独占锁一瞬", "exclusive lock for a moment"),
            Self::Table => say!(
                lang,
                "独占锁，整表重写：每百万行约半分钟（估计）",
                "exclusive lock while the table is written anew: about half a minute a million rows (an estimate)"
            ),
            Self::Rows(count) => say!(lang, "写 {count} 行", "{count} rows are written"),
        }
    }
}

/// One step of an operation. What it requires and its check are asked when all steps before it are done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The line of the operation in the document.
    pub line: usize,
    /// The operation's name.
    pub operation: &'static str,
    /// What it is about.
    pub subject: String,
    /// The tables that it touches, under the names that they have in the database.
    pub tables: Vec<String>,
    /// What must hold before it: what the database has and the structure does not say would be lost.
    pub requires: Vec<Check>,
    /// The statements, in order. None: nothing changes in the database.
    pub statements: Vec<Statement>,
    /// Tells whether it is done.
    pub check: Option<Check>,
    /// What takes it back; values that are gone do not come back.
    pub rollback: Vec<Statement>,
    /// What may be lost.
    pub losses: Vec<Loss>,
    /// How long it takes.
    pub cost: Cost,
}

/// A plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// For which kind of database.
    pub dialect: Dialect,
    /// The structure.
    pub structure: String,
    /// From which version to which.
    pub versions: (u32, u32),
    /// Digests of the structure before, the document, the structure after.
    pub digests: [Digest; 3],
    /// What of the document is inferred.
    pub inferred: Option<String>,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// What a database cannot have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cannot {
    /// No such type.
    #[error("{0} has no {1}")]
    Type(Dialect, ColumnType),
    /// A conversion.
    #[error("{0} does not make {2} of {1} exactly")]
    Convert(Dialect, ColumnType, ColumnType),
    /// A row that is too long.
    #[error("{0} takes no row of {1} bytes")]
    Row(Dialect, usize),
    /// A key that is too long.
    #[error("{0} takes no key of {1}: it is too long, or has a long text")]
    Key(Dialect, String),
    /// An operation `sql` without a text for it.
    #[error("the document has no text for {0}")]
    NoText(Dialect),
}

impl Cannot {
    /// Says it.
    pub fn words(&self, lang: Lang) -> String {
        match self {
            Self::Type(dialect, kind) => say!(lang, "{dialect} 没有 {kind}", "{self}"),
            Self::Convert(dialect, from, to) => {
                say!(lang, "{dialect} 不能把 {from} 一字不差地转成 {to}（请用 op = \"sql\"）", "{self} (op = \"sql\")")
            }
            Self::Row(dialect, bytes) => {
                say!(
                    lang,
                    "{dialect} 的一行最多 65535 字节，这里要 {bytes}；请把长文本改成 text",
                    "{self}: make long texts text"
                )
            }
            Self::Key(dialect, columns) => say!(lang, "{dialect} 的键 ({columns}) 太长，或含有长文本", "{self}"),
            Self::NoText(dialect) => say!(lang, "op = \"sql\" 没有写 {dialect} 的语句", "{self} (op = \"sql\")"),
        }
    }
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanFault {
    /// The document does not fit the structure.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The database cannot have it.
    #[error("line {line}: {cannot}")]
    Cannot {
        /// The line of the operation.
        line: usize,
        /// What.
        cannot: Cannot,
    },
}

impl PlanFault {
    /// Gives the line in the document.
    pub fn line(&self) -> usize {
        match self {
            Self::Unfit(unfit) => unfit.line,
            Self::Cannot { line, .. } => *line,
        }
    }

    /// Says it, with the document's name.
    pub fn sentence(&self, file: &str, lang: Lang) -> String {
        match self {
            Self::Unfit(unfit) => unfit.sentence(file, lang),
            Self::Cannot { line, cannot } => {
                let words = cannot.words(lang);
                say!(lang, "{file} 第 {line} 行：{words}。", "{file} line {line}: {words}.")
            }
        }
    }
}

impl Plan {
    /// Makes the plan of a document for a kind of database.
    ///
    /// # Errors
    /// [`PlanFault`] for the first operation that cannot be done.
    pub fn of(structure: &Structure, document: &Document, dialect: Dialect) -> Result<Self, PlanFault> {
        let after = structure.apply(document)?;
        let (mut steps, mut now) = (Vec::new(), structure.clone());
        for change in &document.changes {
            let then = now.step(change)?;
            let made = steps::of(dialect.speaker(), change, &now, &then);
            steps.extend(made.map_err(|cannot| PlanFault::Cannot { line: change.line, cannot })?);
            now = then;
        }
        Ok(Self {
            dialect,
            structure: structure.name.clone(),
            versions: (document.from, document.to),
            digests: [structure.digest, document.digest, after.digest],
            inferred: document.inferred.clone(),
            steps,
        })
    }

    /// Gives the tables that it touches, each once, by name.
    pub fn tables(&self) -> BTreeSet<&str> {
        self.steps.iter().flat_map(|step| &step.tables).map(String::as_str).collect()
    }

    /// Gives what may be lost, step by step.
    pub fn losses(&self) -> impl Iterator<Item = &Loss> {
        self.steps.iter().flat_map(|step| &step.losses)
    }

    /// Gives the digest that an approver signs: of the script, which holds everything that will be run.
    pub fn digest(&self) -> Digest {
        sha256(&[PLAN, self.script().as_bytes()])
    }
}
