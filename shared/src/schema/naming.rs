//! A structure and its changes under the names that tables have in one database.
//!
//! Given: names of tables as the structure has them, with those of a channel's end. Gives: the same structure and the same document, digests and all, that name
//! the tables as that database does. Never: SQL of a document with a name changed in it.

use super::document::{Change, Document, Operation};
use super::structure::{Structure, Table};
use std::collections::BTreeMap;

/// What tables are called in a database, by their names in the structure. Others are called as there.
pub type Names = BTreeMap<String, String>;

fn called(names: &Names, name: &str) -> String {
    names.get(name).map_or(name, String::as_str).to_owned()
}

impl Table {
    fn called(&self, names: &Names) -> Self {
        let mut table = Self { name: called(names, &self.name), ..self.clone() };
        table.references.iter_mut().for_each(|reference| reference.table = called(names, &reference.table));
        table
    }
}

impl Structure {
    /// Gives what the structure's tables are called at a channel's end, given the channel's tables as its source calls them and as they are called there, and those
    /// that it does not name. A structure may name a table without its schema.
    pub fn names_in(&self, tables: &[(String, String)]) -> (Names, Vec<String>) {
        let (mut names, mut unknown) = (Names::new(), Vec::new());
        for (name, here) in tables {
            let bare = name.rsplit_once('.').map_or(name.as_str(), |(_, bare)| bare);
            match self.table(name).or_else(|| self.table(bare)) {
                Some(table) => drop(names.insert(table.name.clone(), here.clone())),
                None => unknown.push(name.clone()),
            }
        }
        (names, unknown)
    }

    /// Gives the structure under a database's names.
    pub fn called(&self, names: &Names) -> Self {
        Self { tables: self.tables.iter().map(|table| table.called(names)).collect(), ..self.clone() }
    }
}

impl Document {
    /// Gives the document under a database's names; `None` where SQL of its own touches a table that is called differently there.
    pub fn called(&self, names: &Names) -> Option<Self> {
        let change = |change: &Change| Some(Change { line: change.line, operation: change.operation.called(names)? });
        Some(Self { changes: self.changes.iter().map(change).collect::<Option<_>>()?, ..self.clone() })
    }
}

impl Operation {
    fn called(&self, names: &Names) -> Option<Self> {
        let mut operation = self.clone();
        match &mut operation {
            Self::AddColumn { table, .. }
            | Self::Widen { table, .. }
            | Self::Retype { table, .. }
            | Self::RenameColumn { table, .. }
            | Self::DropColumn { table, .. }
            | Self::DictionaryRows { table, .. } => *table = called(names, table),
            Self::AddTable(table) => *table = table.called(names),
            Self::RenameElement { .. } | Self::Reference(_) => {}
            Self::Sql { touches, .. } => {
                if touches.iter().any(|table| called(names, table) != *table) {
                    return None;
                }
            }
        }
        Some(operation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::structure::tests::{document, sample};
    use crate::schema::{Dialect, Plan};

    #[test]
    fn a_plan_names_the_tables_as_the_database_does() {
        let names = Names::from([("parent".to_owned(), "bdc.elders".to_owned())]);
        let widen = document("[[change]]\nop = \"widen\"\ntable = \"parent\"\ncolumn = \"b\"\nto = \"text(200)\"");
        let (here, change) = (sample().called(&names), widen.called(&names).unwrap());
        assert_eq!(here.table("child").unwrap().references[0].table, "bdc.elders");
        let plan = Plan::of(&here, &change, Dialect::Postgres).unwrap();
        assert!(plan.script().contains("ALTER TABLE \"bdc\".\"elders\""), "{}", plan.script());
        assert_eq!(plan.digests, Plan::of(&sample(), &widen, Dialect::Postgres).unwrap().digests);
    }

    #[test]
    fn sql_of_a_document_is_not_renamed() {
        let sql = "[[change]]\nop = \"sql\"\nabout = \"x\"\ntouches = [\"parent\"]\npostgres = { forward = \"DROP INDEX i\", check = \"SELECT 1\", expect = \"1\", rollback = \"DROP INDEX j\" }";
        let names = Names::from([("parent".to_owned(), "elders".to_owned())]);
        assert_eq!(document(sql).called(&names), None);
        assert_eq!(document(sql).called(&Names::new()), Some(document(sql)));
    }
}
