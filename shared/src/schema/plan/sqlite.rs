//! SQLite: a change is one transaction. A column's type cannot be changed in place, so its table is made anew and takes the name of the old one
//! (sqlite.org/lang_altertable.html, section 7), with foreign keys off.

use super::speaker::{Speaker, create_table, idents, misfit, parts, sum, table_of};
use super::{Cannot, Check, Cost, Dialect, Statement};
use crate::schema::structure::{Column, Table};
use crate::schema::types::ColumnType;

pub(super) struct Sqlite;

/// Digits that a number of SQLite keeps; longer ones are text.
const DIGITS_MAX: u8 = 15;

impl Sqlite {
    fn cannot(&self, old: &Column, new: ColumnType) -> Cannot {
        Cannot::Convert(Dialect::Sqlite, old.kind, new)
    }

    /// A column's value as its new type has it.
    fn converted(&self, old: &Column, new: ColumnType) -> Result<String, Cannot> {
        let name = self.ident(&old.name);
        Ok(match (old.kind, new) {
            (ColumnType::Decimal(precision, _), ColumnType::Text(_)) if precision > DIGITS_MAX => name,
            (ColumnType::Decimal(_, scale), ColumnType::Text(_)) if scale > 0 => {
                // Of nothing it would print zero.
                format!("CASE WHEN {name} IS NOT NULL THEN printf('%.{scale}f', {name}) END")
            }
            (ColumnType::Integer(_) | ColumnType::Decimal(..), ColumnType::Text(_)) => {
                format!("CAST(CAST({name} AS INTEGER) AS TEXT)")
            }
            (ColumnType::Date, ColumnType::Timestamp(_)) => format!("{name} || ' 00:00:00'"),
            (ColumnType::Text(_), ColumnType::Integer(_) | ColumnType::Decimal(_, 0)) => format!("CAST({name} AS INTEGER)"),
            (ColumnType::Text(_), ColumnType::Decimal(..)) => return Err(self.cannot(old, new)),
            // Numbers that are text on one side or the other.
            (ColumnType::Decimal(had, _), ColumnType::Decimal(has, _)) if (had > DIGITS_MAX) != (has > DIGITS_MAX) => {
                return Err(self.cannot(old, new));
            }
            (ColumnType::Decimal(had, _), ColumnType::Integer(_)) if had > DIGITS_MAX => return Err(self.cannot(old, new)),
            (ColumnType::Integer(_), ColumnType::Decimal(has, scale)) if has > DIGITS_MAX => match scale {
                0 => format!("CAST({name} AS TEXT)"),
                _ => format!("CAST({name} AS TEXT) || '.{}'", "0".repeat(usize::from(scale))),
            },
            _ => name,
        })
    }

    /// The condition on values that are not of the column's type, which SQLite takes all the same, and that its conversion would not carry over.
    fn odd(&self, old: &Column, new: ColumnType) -> Option<String> {
        let name = self.ident(&old.name);
        match (old.kind, new) {
            (ColumnType::Decimal(precision, _), _) if precision > DIGITS_MAX => None,
            (ColumnType::Decimal(_, scale), ColumnType::Text(_)) if scale > 0 => {
                Some(format!("typeof({name}) NOT IN ('integer', 'real', 'null') OR {name} <> ROUND({name}, {scale})"))
            }
            (ColumnType::Integer(_) | ColumnType::Decimal(..), ColumnType::Text(_)) => {
                Some(format!("typeof({name}) NOT IN ('integer', 'null')"))
            }
            (ColumnType::Integer(_), ColumnType::Decimal(has, _)) if has > DIGITS_MAX => {
                Some(format!("typeof({name}) NOT IN ('integer', 'null')"))
            }
            (ColumnType::Date, ColumnType::Timestamp(_)) => Some(format!("{name} NOT LIKE '____-__-__'")),
            _ => None,
        }
    }

    fn column(&self, table: &Table, column: &str, further: &str, expect: &str) -> Check {
        let (table, column) = (self.text(parts(&table.name).1), self.text(column));
        let query = format!("SELECT COUNT(*) FROM pragma_table_xinfo({table}) WHERE name = {column}{further}");
        Check { query, expect: expect.to_owned() }
    }
}

impl Speaker for Sqlite {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn type_name(&self, kind: ColumnType) -> Result<String, Cannot> {
        Ok(match kind {
            ColumnType::Text(Some(most)) => format!("VARCHAR({most})"),
            ColumnType::Text(None) => "TEXT".to_owned(),
            ColumnType::Bytes => "BLOB".to_owned(),
            ColumnType::Integer(16) => "SMALLINT".to_owned(),
            ColumnType::Integer(32) => "INT".to_owned(),
            ColumnType::Integer(_) => "BIGINT".to_owned(),
            ColumnType::Decimal(precision, scale) if precision <= DIGITS_MAX => format!("DECIMAL({precision},{scale})"),
            ColumnType::Decimal(..) => "TEXT".to_owned(),
            ColumnType::Double => "DOUBLE".to_owned(),
            ColumnType::Boolean => "BOOLEAN".to_owned(),
            ColumnType::Date => "DATE".to_owned(),
            ColumnType::Time(_) => "TIME".to_owned(),
            ColumnType::Timestamp(_) => "DATETIME".to_owned(),
            ColumnType::TimestampTz(_) => return Err(Cannot::Type(Dialect::Sqlite, kind)),
        })
    }

    fn add(&self, table: &Table, column: &Column) -> Result<Vec<Statement>, Cannot> {
        let definition = self.definition(table, column)?;
        Ok(vec![format!("ALTER TABLE {} ADD COLUMN {definition}", table_of(self, &table.name)).into()])
    }

    fn retype(&self, before: &Table, after: &Table, old: &Column, new: &Column) -> Result<Vec<Statement>, Cannot> {
        let (schema, bare) = parts(&after.name);
        let anew = format!("dukou_new_{bare}");
        let full = schema.map_or(anew.clone(), |schema| format!("{schema}.{anew}"));
        let names: Vec<String> = after.columns.iter().map(|column| column.name.clone()).collect();
        let value = |column: &Column| match column.name == old.name {
            true => self.converted(old, new.kind),
            false => Ok(self.ident(&column.name)),
        };
        let values: Vec<String> = before.columns.iter().map(value).collect::<Result<_, _>>()?;
        let (name, full_name) = (table_of(self, &before.name), table_of(self, &full));
        Ok([
            create_table(self, after, &full)?,
            format!("INSERT INTO {full_name} ({}) SELECT {} FROM {name}", idents(self, &names), values.join(", ")),
            format!("DROP TABLE {name}"),
            format!("ALTER TABLE {full_name} RENAME TO {}", self.ident(bare)),
        ]
        .map(Statement::from)
        .into())
    }

    fn retype_cost(&self, _old: ColumnType, _new: ColumnType) -> Cost {
        Cost::Table
    }

    /// A table that is made anew has what the structure says and nothing else: triggers, further indexes, conditions and collations would be gone.
    fn requires(&self, before: &Table, _old: &Column, renames: bool) -> Result<Vec<Check>, Cannot> {
        if renames {
            return Ok(Vec::new());
        }
        let name = self.text(parts(&before.name).1);
        let more = format!(
            "SELECT COUNT(*) FROM sqlite_master WHERE tbl_name = {name} COLLATE NOCASE AND (type IN ('index', 'trigger') AND sql IS NOT NULL
  OR type = 'table' AND (sql LIKE '%CHECK%' OR sql LIKE '%COLLATE%' OR sql LIKE '%GENERATED%' OR sql LIKE '%AUTOINCREMENT%'
    OR sql LIKE '%DEFERRABLE%' OR sql LIKE '%CONFLICT%' OR sql LIKE '%WITHOUT%ROWID%' OR sql LIKE '%STRICT%'))"
        );
        let mut columns = Vec::new();
        for column in &before.columns {
            columns.push(self.has_column(before, column)?.query);
        }
        let defaults = format!("SELECT COUNT(*) FROM pragma_table_xinfo({name}) WHERE dflt_value IS NOT NULL");
        let defaulted = before.columns.iter().filter(|column| column.default.is_some()).count();
        let actions = format!(
            "SELECT COUNT(*) FROM pragma_foreign_key_list({name}) WHERE on_update <> 'NO ACTION' OR on_delete <> 'NO ACTION'"
        );
        let count = format!("SELECT COUNT(*) FROM pragma_table_xinfo({name})");
        let uniques = format!("SELECT COUNT(*) FROM pragma_index_list({name}) WHERE origin = 'u'");
        let references = format!("SELECT COUNT(DISTINCT id) FROM pragma_foreign_key_list({name})");
        let asked = [
            (more, 0),
            (count, before.columns.len()),
            (sum(self, columns), before.columns.len()),
            (defaults, defaulted),
            (uniques, before.unique.len()),
            (references, before.references.len()),
            (actions, 0),
        ];
        Ok(asked.map(|(query, expect)| Check { query, expect: expect.to_string() }).into())
    }

    fn strangers(&self, before: &Table, old: &Column, new: ColumnType) -> Option<Check> {
        let query = format!("SELECT COUNT(*) FROM {} WHERE {}", table_of(self, &before.name), self.odd(old, new)?);
        Some(Check { query, expect: "0".to_owned() })
    }

    fn misfits(&self, table: &Table, old: &Column, new: ColumnType) -> Result<String, Cannot> {
        let value = self.converted(old, ColumnType::Text(None))?;
        let length = |name: &str, kind: ColumnType| match kind {
            ColumnType::Text(_) => format!("length({name})"),
            _ => format!("length({value})"),
        };
        // Text is a whole number when it is what that number is written as; there are no patterns here.
        let digits = match new {
            ColumnType::Integer(16) => 5,
            ColumnType::Integer(32) => 10,
            ColumnType::Integer(_) => 18,
            ColumnType::Decimal(precision, 0) => precision.min(18),
            _ => 0,
        };
        let unlike = |name: &str, _: &str| {
            format!("CAST(CAST({name} AS INTEGER) AS TEXT) <> {name} OR length(replace({name}, '-', '')) > {digits}")
        };
        let is_text = matches!(old.kind, ColumnType::Decimal(precision, _) if precision > DIGITS_MAX);
        let odd = misfit(&self.ident(&old.name), old.kind, new, &length, &unlike);
        let odd = odd.filter(|_| !is_text || matches!(new, ColumnType::Text(_))).ok_or_else(|| self.cannot(old, new))?;
        Ok(format!("SELECT COUNT(*) FROM {} WHERE {odd}", table_of(self, &table.name)))
    }

    fn has_table(&self, table: &Table) -> Check {
        let name = self.text(parts(&table.name).1);
        let query = format!("SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = {name}");
        Check { query, expect: "1".to_owned() }
    }

    fn has_column(&self, table: &Table, column: &Column) -> Result<Check, Cannot> {
        let (kind, null) = (self.text(&self.catalog_type(table, column)?), u8::from(!column.nullable));
        Ok(self.column(table, &column.name, &format!(" AND upper(type) = {kind} AND \"notnull\" = {null}"), "1"))
    }

    fn lacks_column(&self, table: &Table, column: &str) -> Check {
        self.column(table, column, "", "0")
    }
}
