//! 达梦 DM8, for its administrator. What is printed was never run on one.

use super::speaker::{Speaker, negated, table_of};
use super::{Cannot, Check, Cost, Dialect, Statement, plsql};
use crate::schema::structure::{Column, Table};
use crate::schema::types::ColumnType;

pub(super) struct Dm;

/// Most characters of a `VARCHAR` that fits a page of 8 KiB; longer text is a `CLOB`.
const VARCHAR_MAX: u32 = 4000;

/// Tells whether a type is a large object.
fn is_lob(kind: ColumnType) -> bool {
    matches!(kind, ColumnType::Text(None) | ColumnType::Bytes)
        || matches!(kind, ColumnType::Text(Some(most)) if most > VARCHAR_MAX)
}

impl Dm {
    /// The condition on the catalog's row of a column of a type: its length is in bytes, so what a character takes is at least one of them.
    fn of_type(&self, kind: ColumnType) -> Result<String, Cannot> {
        Ok(match kind {
            kind if is_lob(kind) => format!("data_type = '{}'", self.type_name(kind)?),
            ColumnType::Text(most) => {
                format!("data_type IN ('VARCHAR', 'VARCHAR2') AND data_length >= {}", most.unwrap_or_default())
            }
            ColumnType::Integer(32) => "data_type IN ('INT', 'INTEGER')".to_owned(),
            ColumnType::Decimal(precision, scale) => {
                format!(
                    "data_type IN ('DECIMAL', 'DEC', 'NUMERIC', 'NUMBER') AND data_precision = {precision} AND data_scale = {scale}"
                )
            }
            _ => {
                let name = self.type_name(kind)?;
                format!("data_type LIKE '{}%'", name.split('(').next().unwrap_or_default())
            }
        })
    }
}

impl Speaker for Dm {
    fn dialect(&self) -> Dialect {
        Dialect::Dm
    }

    fn fold(&self, name: &str) -> String {
        plsql::fold(name)
    }

    fn type_name(&self, kind: ColumnType) -> Result<String, Cannot> {
        Ok(match kind {
            ColumnType::Text(Some(most)) if most <= VARCHAR_MAX => format!("VARCHAR({most} CHAR)"),
            ColumnType::Text(_) => "CLOB".to_owned(),
            ColumnType::Bytes => "BLOB".to_owned(),
            ColumnType::Integer(16) => "SMALLINT".to_owned(),
            ColumnType::Integer(32) => "INT".to_owned(),
            ColumnType::Integer(_) => "BIGINT".to_owned(),
            ColumnType::Decimal(precision, scale) => format!("DECIMAL({precision},{scale})"),
            ColumnType::Double => "DOUBLE".to_owned(),
            ColumnType::Boolean => "BIT".to_owned(),
            ColumnType::Date => "DATE".to_owned(),
            ColumnType::Time(fraction) => format!("TIME({fraction})"),
            ColumnType::Timestamp(fraction) => format!("TIMESTAMP({fraction})"),
            ColumnType::TimestampTz(fraction) => format!("TIMESTAMP({fraction}) WITH TIME ZONE"),
        })
    }

    fn catalog_type(&self, _table: &Table, column: &Column) -> Result<String, Cannot> {
        self.type_name(column.kind)
    }

    fn definition(&self, _table: &Table, column: &Column) -> Result<String, Cannot> {
        plsql::definition(self, column)
    }

    fn label_table(&self, table: &Table) -> Vec<Statement> {
        plsql::label_table(self, table)
    }

    fn label_column(&self, table: &Table, column: &Column) -> Vec<Statement> {
        plsql::label_column(self, table, column)
    }

    fn once(&self, sql: String, is_done: &Check) -> Statement {
        Statement { sql, when: Some(negated(is_done.clone())) }
    }

    fn add(&self, table: &Table, column: &Column) -> Result<Vec<Statement>, Cannot> {
        let defined = format!("COLUMN {}", self.definition(table, column)?);
        Ok(plsql::add(self, table, column, &defined))
    }

    fn drop(&self, table: &Table, column: &Column) -> Vec<Statement> {
        plsql::drop(self, table, column)
    }

    fn rename(&self, before: &Table, _after: &Table, old: &Column, new: &Column) -> Result<Vec<Statement>, Cannot> {
        Ok(plsql::rename(self, before, old, new))
    }

    fn retype(&self, before: &Table, after: &Table, old: &Column, new: &Column) -> Result<Vec<Statement>, Cannot> {
        if !in_place(old.kind, new.kind) && !texts_alike(old.kind, new.kind) {
            return plsql::by_new_column(self, before, after, old, new, &plsql::converted(self, old, new.kind));
        }
        let (table, name) = (table_of(self, &before.name), self.ident(&old.name));
        let null = if new.nullable { "" } else { " NOT NULL" };
        // Done again it changes nothing.
        Ok(vec![format!("ALTER TABLE {table} MODIFY {name} {}{null}", self.type_name(new.kind)?).into()])
    }

    fn retype_cost(&self, old: ColumnType, new: ColumnType) -> Cost {
        if in_place(old, new) { Cost::Instant } else { Cost::Table }
    }

    fn misfits(&self, table: &Table, old: &Column, new: ColumnType) -> Result<String, Cannot> {
        // Its catalog would not tell the narrower column from the wider one, and so not whether it was done.
        match texts_alike(old.kind, new) {
            true => Err(Cannot::Convert(Dialect::Dm, old.kind, new)),
            false => plsql::misfits(self, table, old, new),
        }
    }

    fn has_table(&self, table: &Table) -> Check {
        plsql::has_table(self, table)
    }

    fn has_column(&self, table: &Table, column: &Column) -> Result<Check, Cannot> {
        let null = if column.nullable { "Y" } else { "N" };
        let further = format!(" AND {} AND nullable = '{null}'", self.of_type(column.kind)?);
        Ok(plsql::columns(self, table, &column.name, &further, "1"))
    }

    fn lacks_column(&self, table: &Table, column: &str) -> Check {
        plsql::columns(self, table, column, "", "0")
    }

    fn dual(&self) -> &'static str {
        " FROM dual"
    }
}

/// What `MODIFY` is relied on for: wider text and numbers of the same kind. Everything else takes the way by a new column.
fn in_place(old: ColumnType, new: ColumnType) -> bool {
    let same =
        matches!((old, new), (ColumnType::Text(_), ColumnType::Text(_)) | (ColumnType::Decimal(..), ColumnType::Decimal(..)));
    same && new.widens(old) && !is_lob(old) && !is_lob(new)
}

/// Two texts that are both large objects or both none.
fn texts_alike(old: ColumnType, new: ColumnType) -> bool {
    matches!((old, new), (ColumnType::Text(_), ColumnType::Text(_))) && is_lob(old) == is_lob(new)
}
