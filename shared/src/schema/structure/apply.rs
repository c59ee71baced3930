//! A structure and a document give the next structure.

use super::check::Wrong;
use super::{Row, Structure, Table};
use crate::lang::Lang;
use crate::say;
use crate::schema::document::{Change, Document, Operation};
use crate::schema::name::same;
use crate::schema::types::ColumnType;
use dukou_packets::suite::{Digest, sha256};
use std::collections::BTreeMap;

/// What the digest of a later version begins with.
const NEXT: &[u8] = b"dukou-structure-next-v1\0";

/// Gives the digest of the version that a document makes of the one before.
pub fn next_digest(before: &Digest, document: &Digest) -> Digest {
    sha256(&[NEXT, before.as_bytes(), document.as_bytes()])
}

/// An operation that cannot be done to this structure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct Unfit {
    /// The line of the operation; 1 when it is the whole document.
    pub line: usize,
    /// Why not.
    pub why: WhyNot,
}

/// Why an operation cannot be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WhyNot {
    /// The document is of another structure, or does not begin at its version.
    #[error("it changes {structure} from version {from}, and this is {has} at version {at}")]
    Other {
        /// The document's structure.
        structure: String,
        /// The version it begins at.
        from: u32,
        /// This structure.
        has: String,
        /// Its version.
        at: u32,
    },
    /// What is changed is not there, or what is made is there already.
    #[error("{0}")]
    Wrong(#[from] Wrong),
    /// A column that is wider, or of another family: it widens nothing.
    #[error("{to} does not take all that {from} takes, so this is no widening (op = \"retype\")")]
    NoWidening {
        /// The type it has.
        from: ColumnType,
        /// The type it should have.
        to: ColumnType,
    },
    /// A conversion that databases do in different ways.
    #[error("{from} becomes {to} in no way that is alike everywhere (op = \"sql\")")]
    NoConversion {
        /// The type it has.
        from: ColumnType,
        /// The type it should have.
        to: ColumnType,
    },
    /// The key, a unique set or a foreign key leans on the column.
    #[error("{0} is of a key, unique or of a foreign key")]
    LeanedOn(String),
    /// A column that takes no NULL needs a value for the rows that are there.
    #[error("{0} takes no NULL and has no default for the rows that are there")]
    NoDefault(String),
    /// The table is no dictionary.
    #[error("{0} is no dictionary (rows)")]
    NoDictionary(String),
    /// Its bundle of reference data is not the next one.
    #[error("it brings bundle {number} of reference data, and the next one is {next}")]
    Number {
        /// The bundle's number.
        number: u32,
        /// The number it has to have.
        next: u32,
    },
    /// The element is not there.
    #[error("there is no element {0}")]
    NoElement(String),
}

impl Unfit {
    /// Says it, with the file's name.
    pub fn sentence(&self, file: &str, lang: Lang) -> String {
        let (line, words) = (self.line, self.why.words(lang));
        say!(lang, "{file} 第 {line} 行：{words}。", "{file} line {line}: {words}.")
    }
}

impl WhyNot {
    fn words(&self, lang: Lang) -> String {
        match self {
            Self::Other { structure, from, has, at } => say!(
                lang,
                "文件改的是 {structure} 的第 {from} 版，手里的是 {has} 的第 {at} 版",
                "it changes {structure} from version {from}, and this is {has} at version {at}"
            ),
            Self::Wrong(wrong) => wrong.words(lang),
            Self::NoWidening { from, to } => {
                say!(lang, "{to} 装不下 {from} 的每个值，不是加宽（请用 op = \"retype\"）", "{self}")
            }
            Self::NoConversion { from, to } => {
                say!(lang, "{from} 转成 {to}，各数据库做法不同（请用 op = \"sql\"）", "{self}")
            }
            Self::LeanedOn(column) => say!(lang, "列 {column} 在主键、唯一约束或外键里", "column {self}"),
            Self::NoDefault(column) => {
                say!(lang, "列 {column} 不收 NULL，已有的行没有值可填（请写 default）", "column {self}")
            }
            Self::NoDictionary(table) => say!(lang, "表 {table} 不是字典（没有 rows）", "{self}"),
            Self::Number { number, next } => say!(lang, "带的是第 {number} 号基准资料包，应为第 {next} 号", "{self}"),
            Self::NoElement(element) => say!(lang, "没有报文元素 {element}", "{self}"),
        }
    }
}

impl Structure {
    /// Gives the next version.
    ///
    /// # Errors
    /// [`Unfit`] for the first operation that cannot be done.
    pub fn apply(&self, document: &Document) -> Result<Self, Unfit> {
        if document.structure != self.name || document.from != self.version {
            let (structure, from) = (document.structure.clone(), document.from);
            let why = WhyNot::Other { structure, from, has: self.name.clone(), at: self.version };
            return Err(Unfit { line: 1, why });
        }
        let mut next = self.clone();
        for change in &document.changes {
            next.take_step(change)?;
        }
        next.version = document.to;
        next.digest = next_digest(&self.digest, &document.digest);
        Ok(next)
    }

    /// Gives the structure behind one operation; version and digest stay.
    ///
    /// # Errors
    /// [`Unfit`].
    pub fn step(&self, change: &Change) -> Result<Self, Unfit> {
        let mut next = self.clone();
        next.take_step(change)?;
        Ok(next)
    }

    fn take_step(&mut self, change: &Change) -> Result<(), Unfit> {
        self.change(&change.operation).map_err(|why| Unfit { line: change.line, why })
    }

    fn change(&mut self, operation: &Operation) -> Result<(), WhyNot> {
        match operation {
            Operation::AddColumn { table, column } => {
                let table = self.table_mut(table)?;
                if !column.nullable && column.default.is_none() {
                    return Err(WhyNot::NoDefault(column.name.clone()));
                }
                column.check()?;
                if table.columns.iter().any(|other| same(&other.name, &column.name)) {
                    return Err(Wrong::Twice(column.name.clone()).into());
                }
                // Rows of a dictionary that are there get its default, or NULL.
                table.columns.push(column.clone());
                Ok(())
            }
            Operation::Widen { table, column, to } => self.change_type(table, column, *to, true),
            Operation::Retype { table, column, to } => self.change_type(table, column, *to, false),
            Operation::RenameColumn { table, column, to } => self.rename_column(table, column, to),
            Operation::DropColumn { table, column } => self.drop_column(table, column),
            Operation::AddTable(table) => {
                self.take(table.clone())?;
                Ok(self.check_references_of(table)?)
            }
            Operation::DictionaryRows { table, rows } => self.set_rows(table, rows),
            Operation::RenameElement { element, to } => self.rename_element(element, to),
            Operation::Reference(bundle) => {
                let (number, next) = (bundle.number, self.reference.saturating_add(1));
                self.reference = next;
                if number == next { Ok(()) } else { Err(WhyNot::Number { number, next }) }
            }
            Operation::Sql { touches, .. } => touches.iter().try_for_each(|table| self.table_mut(table).map(drop)),
        }
    }

    fn table_mut(&mut self, name: &str) -> Result<&mut Table, WhyNot> {
        let found = self.tables.iter_mut().find(|table| table.name == name);
        found.ok_or_else(|| Wrong::NoTable(name.to_owned()).into())
    }

    /// Tells whether a foreign key begins or ends at a column.
    fn is_joined(&self, table: &str, column: &str) -> bool {
        let names = |set: &[String]| set.iter().any(|name| name == column);
        let joins = |other: &Table| {
            let own = other.name == table;
            other.references.iter().any(|key| own && names(&key.columns) || key.table == table && names(&key.to))
        };
        self.tables.iter().any(joins)
    }

    fn change_type(&mut self, table: &str, column: &str, to: ColumnType, widens: bool) -> Result<(), WhyNot> {
        let is_joined = self.is_joined(table, column);
        let table = self.table_mut(table)?;
        let from = has_column(table, column)?;
        if widens && !to.widens(from) {
            return Err(WhyNot::NoWidening { from, to });
        }
        if from == to || to.survival(from).is_none() {
            return Err(WhyNot::NoConversion { from, to });
        }
        // The column at the other end of a foreign key would have to change in the same moment.
        if is_joined || !to.widens(from) && table.leans_on(column) {
            return Err(WhyNot::LeanedOn(column.to_owned()));
        }
        for found in table.columns.iter_mut().filter(|found| found.name == column) {
            found.kind = to;
        }
        Ok(table.check()?)
    }

    fn rename_column(&mut self, table: &str, column: &str, to: &str) -> Result<(), WhyNot> {
        let (name, table) = (table.to_owned(), self.table_mut(table)?);
        has_column(table, column)?;
        // Not every database tells two names apart that differ in letters' case alone.
        if table.columns.iter().any(|other| same(&other.name, to)) {
            return Err(Wrong::Twice(to.to_owned()).into());
        }
        for found in table.columns.iter_mut().filter(|found| found.name == column) {
            to.clone_into(&mut found.name);
        }
        let sets = std::iter::once(&mut table.key).chain(&mut table.unique);
        let own = sets.chain(table.references.iter_mut().map(|reference| &mut reference.columns));
        own.flatten().filter(|name| *name == column).for_each(|name| to.clone_into(name));
        for row in table.rows.iter_mut().flatten() {
            if let Some(value) = row.remove(column) {
                row.insert(to.to_owned(), value);
            }
        }
        let children = self.tables.iter_mut().flat_map(|table| &mut table.references);
        for reference in children.filter(|reference| reference.table == name) {
            reference.to.iter_mut().filter(|name| *name == column).for_each(|name| to.clone_into(name));
        }
        Ok(())
    }

    fn drop_column(&mut self, table: &str, column: &str) -> Result<(), WhyNot> {
        let is_joined = self.is_joined(table, column);
        let table = self.table_mut(table)?;
        has_column(table, column)?;
        if is_joined || table.leans_on(column) {
            return Err(WhyNot::LeanedOn(column.to_owned()));
        }
        table.columns.retain(|found| found.name != column);
        for row in table.rows.iter_mut().flatten() {
            row.remove(column);
        }
        Ok(())
    }

    fn set_rows(&mut self, table: &str, rows: &[Row]) -> Result<(), WhyNot> {
        let table = self.table_mut(table)?;
        let Some(mut has) = table.rows.take() else { return Err(WhyNot::NoDictionary(table.name.clone())) };
        table.check_rows(rows)?;
        let owned = |row: &Row| table.key_of(row).into_iter().map(str::to_owned).collect::<Vec<_>>();
        let places: BTreeMap<Vec<String>, usize> = has.iter().enumerate().map(|(at, row)| (owned(row), at)).collect();
        for row in rows {
            match places.get(&owned(row)).and_then(|at| has.get_mut(*at)) {
                Some(other) => other.extend(row.clone()),
                None => has.push(row.clone()),
            }
        }
        table.rows = Some(has);
        Ok(())
    }

    fn rename_element(&mut self, element: &str, to: &str) -> Result<(), WhyNot> {
        if !self.elements.iter().any(|path| path == element) {
            return Err(WhyNot::NoElement(element.to_owned()));
        }
        let renamed = match element.rsplit_once('/') {
            Some((above, _)) => format!("{above}/{to}"),
            None => to.to_owned(),
        };
        if self.elements.iter().any(|path| same(path, &renamed)) {
            return Err(Wrong::Twice(renamed).into());
        }
        for path in &mut self.elements {
            let below = path.strip_prefix(element).filter(|rest| rest.is_empty() || rest.starts_with('/'));
            if let Some(rest) = below {
                *path = format!("{renamed}{rest}");
            }
        }
        Ok(())
    }
}

/// Gives the type of a column that has to be there.
fn has_column(table: &Table, column: &str) -> Result<ColumnType, WhyNot> {
    let wrong = || Wrong::NoColumn { table: table.name.clone(), column: column.to_owned() };
    Ok(table.column(column).ok_or_else(wrong)?.kind)
}
