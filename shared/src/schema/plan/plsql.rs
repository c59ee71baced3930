//! What Oracle and 达梦 share: names in capitals as if unquoted, statements in blocks that ask the catalog first, and a column that gets another type by
//! a new one that takes its place.
//!
//! Their data definition commits at once. A script that was stopped is run again from its beginning: each block looks whether its effect is there.

use super::speaker::{Speaker, default_of, misfit, negated, parts, table_of};
use super::{Cannot, Check, Cost, Dialect, Statement};
use crate::schema::structure::{Column, Table};
use crate::schema::types::ColumnType;

/// A database whose changes its administrator runs, told by what it has of its own.
pub(super) trait Administered: Sync {
    /// Which one.
    fn dialect(&self) -> Dialect;

    /// A type in a definition.
    fn type_name(&self, kind: ColumnType) -> Result<String, Cannot>;

    /// The condition on the catalog's row of a column of a type.
    fn of_type(&self, kind: ColumnType) -> Result<String, Cannot>;

    /// What stands behind `ADD` for a column so defined.
    fn added(&self, definition: &str) -> String;

    /// Tells whether a column of the one type becomes one of the other where it stands; else it takes the way by a new column.
    fn modifies(&self, old: ColumnType, new: ColumnType) -> bool;

    /// Changes a column where it stands.
    fn modify(&self, speaker: &dyn Speaker, after: &Table, new: &Column) -> Result<Statement, Cannot>;

    /// What a retype costs.
    fn retype_cost(&self, old: ColumnType, new: ColumnType) -> Cost;

    /// Tells whether the catalog would not know the column with one of these types from that with the other, and so not whether it was done.
    fn confuses(&self, _old: ColumnType, _new: ColumnType) -> bool {
        false
    }
}

/// Most characters of a column of text; longer text is a `CLOB`. 达梦 takes as many on a page of 8 KiB.
pub(super) const TEXT_MAX: u32 = 4000;

/// Tells whether a type is a large object.
pub(super) fn is_lob(kind: ColumnType) -> bool {
    matches!(kind, ColumnType::Text(None) | ColumnType::Bytes)
        || matches!(kind, ColumnType::Text(Some(most)) if most > TEXT_MAX)
}

impl<D: Administered> Speaker for D {
    fn dialect(&self) -> Dialect {
        Administered::dialect(self)
    }

    /// A name of small letters of ASCII in capitals; another one as it is.
    fn fold(&self, name: &str) -> String {
        match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => name.to_owned(),
            false => name.to_ascii_uppercase(),
        }
    }

    fn type_name(&self, kind: ColumnType) -> Result<String, Cannot> {
        Administered::type_name(self, kind)
    }

    /// Constants of any text: what a `&` means is switched off in the script's head.
    fn definition(&self, _table: &Table, column: &Column) -> Result<String, Cannot> {
        let null = if column.nullable { "" } else { " NOT NULL" };
        Ok(format!("{} {}{}{null}", self.ident(&column.name), Speaker::type_name(self, column.kind)?, default_of(self, column)))
    }

    fn label_table(&self, table: &Table) -> Vec<Statement> {
        let comment = |label: &String| format!("COMMENT ON TABLE {} IS {}", table_of(self, &table.name), self.text(label));
        table.label.iter().map(comment).map(Statement::from).collect()
    }

    fn label_column(&self, table: &Table, column: &Column) -> Vec<Statement> {
        let name = format!("{}.{}", table_of(self, &table.name), self.ident(&column.name));
        let comment = |label: &String| format!("COMMENT ON COLUMN {name} IS {}", self.text(label));
        column.label.iter().map(comment).map(Statement::from).collect()
    }

    fn once(&self, sql: String, is_done: &Check) -> Statement {
        Statement { sql, when: Some(negated(is_done.clone())) }
    }

    fn add(&self, table: &Table, column: &Column) -> Result<Vec<Statement>, Cannot> {
        let sql = format!("ALTER TABLE {} ADD {}", table_of(self, &table.name), self.added(&self.definition(table, column)?));
        let lacks = self.lacks_column(table, &column.name);
        let mut added = vec![Statement { sql, when: Some(lacks) }];
        added.extend(self.label_column(table, column));
        Ok(added)
    }

    fn drop(&self, table: &Table, column: &Column) -> Vec<Statement> {
        let sql = format!("ALTER TABLE {} DROP COLUMN {}", table_of(self, &table.name), self.ident(&column.name));
        vec![Statement { sql, when: Some(columns(self, table, &column.name, "", "1")) }]
    }

    fn rename(&self, before: &Table, _after: &Table, old: &Column, new: &Column) -> Result<Vec<Statement>, Cannot> {
        let (table, name, to) = (table_of(self, &before.name), self.ident(&old.name), self.ident(&new.name));
        let sql = format!("ALTER TABLE {table} RENAME COLUMN {name} TO {to}");
        Ok(vec![Statement { sql, when: Some(columns(self, before, &old.name, "", "1")) }])
    }

    fn retype(&self, before: &Table, after: &Table, old: &Column, new: &Column) -> Result<Vec<Statement>, Cannot> {
        match self.modifies(old.kind, new.kind) {
            true => Ok(vec![self.modify(self, after, new)?]),
            false => by_new_column(self, before, after, old, new, &converted(self, old, new.kind)),
        }
    }

    fn retype_cost(&self, old: ColumnType, new: ColumnType) -> Cost {
        Administered::retype_cost(self, old, new)
    }

    /// Indexes go with their column, without a word.
    fn requires_drop(&self, before: &Table, column: &str) -> Vec<Check> {
        let (schema, name) = parts(&before.name);
        let (view, owner) = match schema {
            Some(schema) => ("all_ind_columns", format!("table_owner = {} AND ", self.text(&self.fold(schema)))),
            None => ("user_ind_columns", String::new()),
        };
        let (table, column) = (self.text(&self.fold(name)), self.text(&self.fold(column)));
        let query = format!("SELECT COUNT(*) FROM {view} WHERE {owner}table_name = {table} AND column_name = {column}");
        vec![Check { query, expect: "0".to_owned() }]
    }

    fn replaces(&self, old: ColumnType, new: ColumnType) -> bool {
        !self.modifies(old, new)
    }

    fn misfits(&self, table: &Table, old: &Column, new: ColumnType) -> Result<String, Cannot> {
        let value = converted(self, old, ColumnType::Text(None));
        let length = |_: &str, _: ColumnType| format!("LENGTH({value})");
        let unlike = |name: &str, pattern: &str| format!("NOT REGEXP_LIKE({name}, {})", self.text(pattern));
        let odd = misfit(&self.ident(&old.name), old.kind, new, &length, &unlike).filter(|_| !self.confuses(old.kind, new));
        let odd = odd.ok_or(Cannot::Convert(Speaker::dialect(self), old.kind, new))?;
        Ok(format!("SELECT COUNT(*) FROM {} WHERE {odd}", table_of(self, &table.name)))
    }

    fn has_table(&self, table: &Table) -> Check {
        let (schema, name) = parts(&table.name);
        let (view, owner) = match schema {
            Some(schema) => ("all_tables", format!("owner = {} AND ", self.text(&self.fold(schema)))),
            None => ("user_tables", String::new()),
        };
        let query = format!("SELECT COUNT(*) FROM {view} WHERE {owner}table_name = {}", self.text(&self.fold(name)));
        Check { query, expect: "1".to_owned() }
    }

    fn has_column(&self, table: &Table, column: &Column) -> Result<Check, Cannot> {
        let null = if column.nullable { "Y" } else { "N" };
        let further = format!(" AND {} AND nullable = '{null}'", self.of_type(column.kind)?);
        Ok(columns(self, table, &column.name, &further, "1"))
    }

    fn lacks_column(&self, table: &Table, column: &str) -> Check {
        columns(self, table, column, "", "0")
    }

    fn dual(&self) -> &'static str {
        " FROM dual"
    }
}

/// The column that takes another's place.
const ANEW: &str = "DUKOU_NEW";

/// A query of the catalog's columns that answers how many there are of this name, with this further condition.
fn columns(speaker: &dyn Speaker, table: &Table, column: &str, further: &str, expect: &str) -> Check {
    let (schema, name) = parts(&table.name);
    let (view, owner) = match schema {
        Some(schema) => ("all_tab_columns", format!("owner = {} AND ", speaker.text(&speaker.fold(schema)))),
        None => ("user_tab_columns", String::new()),
    };
    let (table, column) = (speaker.text(&speaker.fold(name)), speaker.text(&speaker.fold(column)));
    let query = format!("SELECT COUNT(*) FROM {view} WHERE {owner}table_name = {table} AND column_name = {column}{further}");
    Check { query, expect: expect.to_owned() }
}

/// A new column, filled, in the place of the old one. Each of the four looks at what is there.
fn by_new_column(
    speaker: &dyn Speaker,
    before: &Table,
    after: &Table,
    old: &Column,
    new: &Column,
    value: &str,
) -> Result<Vec<Statement>, Cannot> {
    let (table, name, anew) = (table_of(speaker, &before.name), speaker.ident(&old.name), speaker.ident(ANEW));
    let kind = speaker.type_name(new.kind)?;
    let both = |has: &str| {
        let check = columns(speaker, before, ANEW, "", "1");
        let old = columns(speaker, before, &old.name, "", has);
        Check { query: format!("SELECT ({}) * 10 + ({}) FROM dual", check.query, old.query), expect: format!("1{has}") }
    };
    let not_begun = {
        let anew = columns(speaker, before, ANEW, "", "0");
        let done = speaker.has_column(after, new)?;
        Check { query: format!("SELECT ({}) + ({}) FROM dual", anew.query, done.query), expect: "0".to_owned() }
    };
    let default = default_of(speaker, new);
    let mut done = vec![
        Statement { sql: format!("ALTER TABLE {table} ADD {anew} {kind}{default}"), when: Some(not_begun) },
        Statement { sql: format!("UPDATE {table} SET {anew} = {value}"), when: Some(both("1")) },
        Statement { sql: format!("ALTER TABLE {table} DROP COLUMN {name}"), when: Some(both("1")) },
        Statement { sql: format!("ALTER TABLE {table} RENAME COLUMN {anew} TO {name}"), when: Some(both("0")) },
    ];
    if !new.nullable {
        let sql = format!("ALTER TABLE {table} MODIFY ({name} NOT NULL)");
        done.push(Statement { sql, when: Some(columns(speaker, after, &new.name, " AND nullable = 'Y'", "1")) });
    }
    done.extend(speaker.label_column(after, new));
    Ok(done)
}

/// A value as its new type has it; `None` where the type takes it as it is.
fn converted(speaker: &dyn Speaker, old: &Column, new: ColumnType) -> String {
    let name = speaker.ident(&old.name);
    match (old.kind, new) {
        (ColumnType::Decimal(_, scale), ColumnType::Text(_)) if scale > 0 => {
            let nines = "9".repeat(37usize.saturating_sub(usize::from(scale)));
            format!("TO_CHAR({name}, 'FM{nines}0.{}')", "0".repeat(usize::from(scale)))
        }
        (ColumnType::Integer(_) | ColumnType::Decimal(..), ColumnType::Text(_)) => format!("TO_CHAR({name})"),
        (ColumnType::Date, ColumnType::Text(_)) => format!("TO_CHAR({name}, 'YYYY-MM-DD')"),
        (ColumnType::Text(_), ColumnType::Integer(_) | ColumnType::Decimal(..)) => format!("TO_NUMBER({name})"),
        _ => name,
    }
}
