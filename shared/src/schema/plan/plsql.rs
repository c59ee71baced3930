//! What Oracle and 达梦 share: names in capitals as if unquoted, statements in blocks that ask the catalog first, and a column that gets another type by
//! a new one that takes its place.
//!
//! Their data definition commits at once. A script that was stopped is run again from its beginning: each block looks whether its effect is there.

use super::speaker::{Speaker, default_of, misfit, parts, table_of};
use super::{Cannot, Check, Statement};
use crate::schema::structure::{Column, Table};
use crate::schema::types::ColumnType;

/// The column that takes another's place.
const ANEW: &str = "DUKOU_NEW";

/// A name of small letters of ASCII in capitals; another one as it is.
pub(super) fn fold(name: &str) -> String {
    match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => name.to_owned(),
        false => name.to_ascii_uppercase(),
    }
}

/// Constants of any text: what a `&` means is switched off in the script's head.
pub(super) fn definition(speaker: &dyn Speaker, column: &Column) -> Result<String, Cannot> {
    let null = if column.nullable { "" } else { " NOT NULL" };
    Ok(format!("{} {}{}{null}", speaker.ident(&column.name), speaker.type_name(column.kind)?, default_of(speaker, column)))
}

/// A query of the catalog's columns that answers how many there are of this name, with this further condition.
pub(super) fn columns(speaker: &dyn Speaker, table: &Table, column: &str, further: &str, expect: &str) -> Check {
    let (schema, name) = parts(&table.name);
    let (view, owner) = match schema {
        Some(schema) => ("all_tab_columns", format!("owner = {} AND ", speaker.text(&speaker.fold(schema)))),
        None => ("user_tab_columns", String::new()),
    };
    let (table, column) = (speaker.text(&speaker.fold(name)), speaker.text(&speaker.fold(column)));
    let query = format!("SELECT COUNT(*) FROM {view} WHERE {owner}table_name = {table} AND column_name = {column}{further}");
    Check { query, expect: expect.to_owned() }
}

pub(super) fn has_table(speaker: &dyn Speaker, table: &Table) -> Check {
    let (schema, name) = parts(&table.name);
    let (view, owner) = match schema {
        Some(schema) => ("all_tables", format!("owner = {} AND ", speaker.text(&speaker.fold(schema)))),
        None => ("user_tables", String::new()),
    };
    let query = format!("SELECT COUNT(*) FROM {view} WHERE {owner}table_name = {}", speaker.text(&speaker.fold(name)));
    Check { query, expect: "1".to_owned() }
}

pub(super) fn label_table(speaker: &dyn Speaker, table: &Table) -> Vec<Statement> {
    let comment = |label: &String| format!("COMMENT ON TABLE {} IS {}", table_of(speaker, &table.name), speaker.text(label));
    table.label.iter().map(comment).map(Statement::from).collect()
}

pub(super) fn label_column(speaker: &dyn Speaker, table: &Table, column: &Column) -> Vec<Statement> {
    let name = format!("{}.{}", table_of(speaker, &table.name), speaker.ident(&column.name));
    let comment = |label: &String| format!("COMMENT ON COLUMN {name} IS {}", speaker.text(label));
    column.label.iter().map(comment).map(Statement::from).collect()
}

pub(super) fn add(speaker: &dyn Speaker, table: &Table, column: &Column, defined: &str) -> Vec<Statement> {
    let sql = format!("ALTER TABLE {} ADD {defined}", table_of(speaker, &table.name));
    let lacks = speaker.lacks_column(table, &column.name);
    let mut added = vec![Statement { sql, when: Some(lacks) }];
    added.extend(label_column(speaker, table, column));
    added
}

pub(super) fn drop(speaker: &dyn Speaker, table: &Table, column: &Column) -> Vec<Statement> {
    let sql = format!("ALTER TABLE {} DROP COLUMN {}", table_of(speaker, &table.name), speaker.ident(&column.name));
    vec![Statement { sql, when: Some(columns(speaker, table, &column.name, "", "1")) }]
}

pub(super) fn rename(speaker: &dyn Speaker, before: &Table, old: &Column, new: &Column) -> Vec<Statement> {
    let (table, name, to) = (table_of(speaker, &before.name), speaker.ident(&old.name), speaker.ident(&new.name));
    let sql = format!("ALTER TABLE {table} RENAME COLUMN {name} TO {to}");
    vec![Statement { sql, when: Some(columns(speaker, before, &old.name, "", "1")) }]
}

/// A new column, filled, in the place of the old one. Each of the four looks at what is there.
pub(super) fn by_new_column(
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
    done.extend(label_column(speaker, after, new));
    Ok(done)
}

/// A value as its new type has it; `None` where the type takes it as it is.
pub(super) fn converted(speaker: &dyn Speaker, old: &Column, new: ColumnType) -> String {
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

pub(super) fn misfits(speaker: &dyn Speaker, table: &Table, old: &Column, new: ColumnType) -> Result<String, Cannot> {
    let value = converted(speaker, old, ColumnType::Text(None));
    let length = |_: &str, _: ColumnType| format!("LENGTH({value})");
    let unlike = |name: &str, pattern: &str| format!("NOT REGEXP_LIKE({name}, {})", speaker.text(pattern));
    let odd = misfit(&speaker.ident(&old.name), old.kind, new, &length, &unlike);
    let odd = odd.ok_or(Cannot::Convert(speaker.dialect(), old.kind, new))?;
    Ok(format!("SELECT COUNT(*) FROM {} WHERE {odd}", table_of(speaker, &table.name)))
}
