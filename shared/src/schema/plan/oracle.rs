//! Oracle, for its administrator. What is printed was never run on one.

use super::plsql::{Administered, TEXT_MAX, is_lob};
use super::speaker::{Speaker, table_of};
use super::{Cannot, Cost, Dialect, Statement};
use crate::schema::structure::{Column, Table};
use crate::schema::types::{ColumnType, Survival};

pub(super) struct Oracle;

impl Administered for Oracle {
    fn dialect(&self) -> Dialect {
        Dialect::Oracle
    }

    fn type_name(&self, kind: ColumnType) -> Result<String, Cannot> {
        Ok(match kind {
            ColumnType::Text(Some(most)) if most <= TEXT_MAX => format!("VARCHAR2({most} CHAR)"),
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

    fn of_type(&self, kind: ColumnType) -> Result<String, Cannot> {
        let number = |precision: u8, scale: u8| {
            format!("data_type = 'NUMBER' AND data_precision = {precision} AND data_scale = {scale}")
        };
        Ok(match kind {
            kind if is_lob(kind) => format!("data_type = '{}'", Administered::type_name(self, kind)?),
            ColumnType::Text(most) => {
                format!("data_type = 'VARCHAR2' AND char_used = 'C' AND char_length = {}", most.unwrap_or_default())
            }
            ColumnType::Integer(16) => number(5, 0),
            ColumnType::Integer(32) => number(10, 0),
            ColumnType::Integer(_) => number(19, 0),
            ColumnType::Decimal(precision, scale) => number(precision, scale),
            ColumnType::Boolean => number(1, 0),
            _ => format!("data_type = '{}'", Administered::type_name(self, kind)?),
        })
    }

    fn added(&self, definition: &str) -> String {
        format!("({definition})")
    }

    /// What `MODIFY` does though there are rows: text of another width, numbers with more digits on both sides of the point.
    fn modifies(&self, old: ColumnType, new: ColumnType) -> bool {
        match (old, new) {
            (ColumnType::Text(_), ColumnType::Text(_)) => !is_lob(old) && !is_lob(new),
            (ColumnType::Time(_) | ColumnType::Timestamp(_) | ColumnType::TimestampTz(_), _) => new.widens(old),
            (ColumnType::Integer(_) | ColumnType::Decimal(..), ColumnType::Integer(_) | ColumnType::Decimal(..)) => {
                new.survival(old) == Some(Survival::All)
            }
            _ => false,
        }
    }

    fn modify(&self, speaker: &dyn Speaker, after: &Table, new: &Column) -> Result<Statement, Cannot> {
        let (table, name) = (table_of(speaker, &after.name), speaker.ident(&new.name));
        let sql = format!("ALTER TABLE {table} MODIFY ({name} {})", speaker.type_name(new.kind)?);
        Ok(speaker.once(sql, &speaker.has_column(after, new)?))
    }

    fn retype_cost(&self, old: ColumnType, new: ColumnType) -> Cost {
        if self.modifies(old, new) && new.widens(old) { Cost::Instant } else { Cost::Table }
    }
}
