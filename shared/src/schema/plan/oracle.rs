//! Oracle, for its administrator. What is printed was never run on one.

use super::speaker::Speaker;
use super::{Cannot, Check, Cost, Dialect, Statement, plsql};
use crate::schema::structure::{Column, Table};
use crate::schema::types::ColumnType;

pub(super) struct Oracle;

/// Most characters of a `VARCHAR2`; longer text is a `CLOB`.
const VARCHAR2_MAX: u32 = 4000;

/// Tells whether a type is a large object.
fn is_lob(kind: ColumnType) -> bool {
    matches!(kind, ColumnType::Text(None) | ColumnType::Bytes)
        || matches!(kind, ColumnType::Text(Some(most)) if most > VARCHAR2_MAX)
}

impl Oracle {
    /// The condition on the catalog's row of a column of a type.
    fn of_type(&self, kind: ColumnType) -> Result<String, Cannot> {
        let number = |precision: u8, scale: u8| {
            format!("data_type = 'NUMBER' AND data_precision = {precision} AND data_scale = {scale}")
        };
        Ok(match kind {
            kind if is_lob(kind) => format!("data_type = '{}'", self.type_name(kind)?),
            ColumnType::Text(most) => {
                format!("data_type = 'VARCHAR2' AND char_used = 'C' AND char_length = {}", most.unwrap_or_default())
            }
            ColumnType::Integer(16) => number(5, 0),
            ColumnType::Integer(32) => number(10, 0),
            ColumnType::Integer(_) => number(19, 0),
            ColumnType::Decimal(precision, scale) => number(precision, scale),
            ColumnType::Boolean => number(1, 0),
            _ => format!("data_type = '{}'", self.type_name(kind)?),
        })
    }
}

impl Speaker for Oracle {
    fn dialect(&self) -> Dialect {
        Dialect::Oracle
    }

    fn fold(&self, name: &str) -> String {
        plsql::fold(name)
    }

    fn type_name(&self, kind: ColumnType) -> Result<String, Cannot> {
        Ok(match kind {
            ColumnType::Text(Some(most)) if most <= VARCHAR2_MAX => format!("VARCHAR2({most} CHAR)"),
            ColumnType::Text(_) => "CLOB".to_owned(),
            ColumnType::Bytes => "BLOB".to_owned(),
            ColumnType::Integer(16) => "NUMBER(5)".to_owned(),
            ColumnType::Integer(32) => "NUMBER(10)".to_owned(),
            ColumnType::Integer(_) => "NUMBER(19)".to_owned(),
            ColumnType::Decimal(precision, 0) => format!("NUMBER({precision})"),
            ColumnType::Decimal(precision, scale) => format!("NUMBER({precision},{scale})"),
            ColumnType::Double => "BINARY_DOUBLE".to_owned(),
            ColumnType::Boolean => "NUMBER(1)".to_owned(),
            ColumnType::Date => "DATE".to_owned(),
            ColumnType::Time(_) => return Err(Cannot::Type(Dialect::Oracle, kind)),
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
        Statement { sql, when: Some(super::speaker::negated(is_done.clone())) }
    }

    fn add(&self, table: &Table, column: &Column) -> Result<Vec<Statement>, Cannot> {
        let defined = format!("({})", self.definition(table, column)?);
        Ok(plsql::add(self, table, column, &defined))
    }

    fn drop(&self, table: &Table, column: &Column) -> Vec<Statement> {
        plsql::drop(self, table, column)
    }

    fn rename(&self, before: &Table, _after: &Table, old: &Column, new: &Column) -> Result<Vec<Statement>, Cannot> {
        Ok(plsql::rename(self, before, old, new))
    }

    fn retype(&self, before: &Table, after: &Table, old: &Column, new: &Column) -> Result<Vec<Statement>, Cannot> {
        if !in_place(old.kind, new.kind) {
            return plsql::by_new_column(self, before, after, old, new, &plsql::converted(self, old, new.kind));
        }
        let (table, name) = (super::speaker::table_of(self, &before.name), self.ident(&old.name));
        let sql = format!("ALTER TABLE {table} MODIFY ({name} {})", self.type_name(new.kind)?);
        Ok(vec![self.once(sql, &self.has_column(after, new)?)])
    }

    fn retype_cost(&self, old: ColumnType, new: ColumnType) -> Cost {
        if in_place(old, new) && new.widens(old) { Cost::Instant } else { Cost::Table }
    }

    fn misfits(&self, table: &Table, old: &Column, new: ColumnType) -> Result<String, Cannot> {
        plsql::misfits(self, table, old, new)
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

/// What `MODIFY` does though there are rows: text of another width, numbers with more digits on both sides of the point.
fn in_place(old: ColumnType, new: ColumnType) -> bool {
    match (old, new) {
        (ColumnType::Text(_), ColumnType::Text(_)) => !is_lob(old) && !is_lob(new),
        (ColumnType::Time(_) | ColumnType::Timestamp(_) | ColumnType::TimestampTz(_), _) => new.widens(old),
        (ColumnType::Integer(_) | ColumnType::Decimal(..), ColumnType::Integer(_) | ColumnType::Decimal(..)) => {
            new.survival(old) == Some(crate::schema::types::Survival::All)
        }
        _ => false,
    }
}
