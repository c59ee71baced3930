//! 达梦 DM8, for its administrator. What is printed was never run on one.

use super::plsql::{Administered, TEXT_MAX, is_lob};
use super::speaker::{Speaker, table_of};
use super::{Cannot, Cost, Dialect, Statement};
use crate::schema::structure::{Column, Table};
use crate::schema::types::ColumnType;

pub(super) struct Dm;

impl Administered for Dm {
    fn dialect(&self) -> Dialect {
        Dialect::Dm
    }

    fn type_name(&self, kind: ColumnType) -> Result<String, Cannot> {
        Ok(match kind {
            ColumnType::Text(Some(most)) if most <= TEXT_MAX => format!("VARCHAR({most} CHAR)"),
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

    /// Its length is in bytes, so what a character takes is at least one of them.
    fn of_type(&self, kind: ColumnType) -> Result<String, Cannot> {
        Ok(match kind {
            kind if is_lob(kind) => format!("data_type = '{}'", Administered::type_name(self, kind)?),
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
                let name = Administered::type_name(self, kind)?;
                format!("data_type LIKE '{}%'", name.split('(').next().unwrap_or_default())
            }
        })
    }

    fn added(&self, definition: &str) -> String {
        format!("COLUMN {definition}")
    }

    fn modifies(&self, old: ColumnType, new: ColumnType) -> bool {
        in_place(old, new) || self.confuses(old, new)
    }

    /// Done again it changes nothing.
    fn modify(&self, speaker: &dyn Speaker, after: &Table, new: &Column) -> Result<Statement, Cannot> {
        let (table, name) = (table_of(speaker, &after.name), speaker.ident(&new.name));
        let null = if new.nullable { "" } else { " NOT NULL" };
        Ok(format!("ALTER TABLE {table} MODIFY {name} {}{null}", speaker.type_name(new.kind)?).into())
    }

    fn retype_cost(&self, old: ColumnType, new: ColumnType) -> Cost {
        if in_place(old, new) { Cost::Instant } else { Cost::Table }
    }

    /// Two texts that are both large objects or both none.
    fn confuses(&self, old: ColumnType, new: ColumnType) -> bool {
        matches!((old, new), (ColumnType::Text(_), ColumnType::Text(_))) && is_lob(old) == is_lob(new)
    }
}

/// What `MODIFY` is relied on for: wider text and numbers of the same kind. Everything else takes the way by a new column.
fn in_place(old: ColumnType, new: ColumnType) -> bool {
    let same =
        matches!((old, new), (ColumnType::Text(_), ColumnType::Text(_)) | (ColumnType::Decimal(..), ColumnType::Decimal(..)));
    same && new.widens(old) && !is_lob(old) && !is_lob(new)
}
