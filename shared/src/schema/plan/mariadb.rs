//! MariaDB: each statement commits by itself, so each step is one statement whose check tells whether it took effect.
//!
//! Text of up to 768 characters is `VARCHAR`; longer text is `TEXT` with a check of its length: a row takes 65,535 bytes in all, and a table of the
//! standard has several columns of 4,000 characters. A column is always defined whole, label and default included, since `MODIFY` drops what is not said.

use super::speaker::{Speaker, constant, default_of, misfit, parts, table_of};
use super::{Cannot, Check, Cost, Dialect, Statement};
use crate::schema::structure::{Column, Table};
use crate::schema::types::ColumnType;

pub(super) struct Mariadb;

/// Most characters of a `VARCHAR`: four bytes each are the longest key.
const VARCHAR_MAX: u32 = 768;
/// Most characters of a `TEXT`.
const TEXT_MAX: u32 = 16_383;
/// Most bytes of a key, and most columns of one.
const KEY_MAX: usize = 3072;
/// Most bytes of a row, texts without a width apart.
const ROW_MAX: usize = 65_535;

impl Mariadb {
    /// The condition that holds a long text to its width.
    fn width(&self, column: &Column) -> Option<String> {
        match column.kind {
            ColumnType::Text(Some(most)) if most > VARCHAR_MAX => {
                Some(format!("char_length({}) <= {most}", self.ident(&column.name)))
            }
            _ => None,
        }
    }

    fn plain_type(&self, kind: ColumnType) -> String {
        match kind {
            ColumnType::Text(Some(most)) if most <= VARCHAR_MAX => format!("varchar({most})"),
            ColumnType::Text(Some(most)) if most <= TEXT_MAX => "text".to_owned(),
            ColumnType::Text(_) => "longtext".to_owned(),
            ColumnType::Bytes => "longblob".to_owned(),
            ColumnType::Integer(16) => "smallint(6)".to_owned(),
            ColumnType::Integer(32) => "int(11)".to_owned(),
            ColumnType::Integer(_) => "bigint(20)".to_owned(),
            ColumnType::Decimal(precision, scale) => format!("decimal({precision},{scale})"),
            ColumnType::Double => "double".to_owned(),
            ColumnType::Boolean => "tinyint(1)".to_owned(),
            ColumnType::Date => "date".to_owned(),
            ColumnType::Time(0) => "time".to_owned(),
            ColumnType::Time(fraction) => format!("time({fraction})"),
            ColumnType::Timestamp(0) => "datetime".to_owned(),
            ColumnType::Timestamp(fraction) => format!("datetime({fraction})"),
            ColumnType::TimestampTz(0) => "timestamp".to_owned(),
            ColumnType::TimestampTz(fraction) => format!("timestamp({fraction})"),
        }
    }

    /// Refuses a table with a key of a long text, or of more bytes than InnoDB takes.
    fn check_keys(&self, table: &Table) -> Result<(), Cannot> {
        let own = table.references.iter().map(|reference| &reference.columns);
        for set in std::iter::once(&table.key).chain(&table.unique).chain(own) {
            let bytes = |column: &Column| match column.kind {
                ColumnType::Text(Some(most)) if most <= VARCHAR_MAX => 4 * most as usize,
                ColumnType::Text(_) | ColumnType::Bytes => KEY_MAX + 1,
                _ => 9,
            };
            let all: usize = set.iter().filter_map(|name| table.column(name)).map(bytes).sum();
            if all > KEY_MAX {
                return Err(Cannot::Key(Dialect::Mariadb, set.join(", ")));
            }
        }
        Ok(())
    }

    /// Refuses a table whose rows would be too long.
    fn check_row(&self, table: &Table) -> Result<(), Cannot> {
        let bytes = |column: &Column| match column.kind {
            ColumnType::Text(Some(most)) if most <= VARCHAR_MAX => 4 * most as usize + 2,
            ColumnType::Text(_) | ColumnType::Bytes => 12,
            _ => 20,
        };
        let all = table.columns.iter().map(bytes).sum();
        if all > ROW_MAX { Err(Cannot::Row(Dialect::Mariadb, all)) } else { Ok(()) }
    }

    /// The condition on the catalog's rows that are of a table.
    fn of_table(&self, table: &str) -> String {
        let (schema, name) = parts(table);
        let schema = schema.map_or("DATABASE()".to_owned(), |schema| self.text(schema));
        format!("c.table_schema = {schema} AND c.table_name = {}", self.text(name))
    }

    fn column(&self, table: &Table, column: &str, further: &str, expect: &str) -> Check {
        let (table, column) = (self.of_table(&table.name), self.text(column));
        let query =
            format!("SELECT COUNT(*) FROM information_schema.columns c WHERE {table} AND c.column_name = {column}{further}");
        Check { query, expect: expect.to_owned() }
    }
}

impl Speaker for Mariadb {
    fn dialect(&self) -> Dialect {
        Dialect::Mariadb
    }

    fn type_name(&self, kind: ColumnType) -> Result<String, Cannot> {
        Ok(self.plain_type(kind))
    }

    /// With the condition that holds a long text to its width.
    fn catalog_type(&self, _table: &Table, column: &Column) -> Result<String, Cannot> {
        let kind = self.plain_type(column.kind);
        Ok(self.width(column).map_or(kind.clone(), |width| format!("{kind} check ({width})")))
    }

    fn ident(&self, name: &str) -> String {
        format!("`{}`", name.replace('`', "``"))
    }

    /// A text with a backslash is written by its bytes: what a backslash means is a setting of the session.
    fn text(&self, text: &str) -> String {
        match text.contains('\\') {
            true => format!("CONVERT(X'{}' USING utf8mb4)", data_encoding::HEXUPPER.encode(text.as_bytes())),
            false => format!("'{}'", text.replace('\'', "''")),
        }
    }

    fn definition(&self, table: &Table, column: &Column) -> Result<String, Cannot> {
        self.check_row(table)?;
        self.check_keys(table)?;
        // A TIMESTAMP without a word of NULL would be NOT NULL and change by itself.
        let null = if column.nullable { " NULL" } else { " NOT NULL" };
        let label = column.label.as_deref().map(|label| format!(" COMMENT {}", self.text(label))).unwrap_or_default();
        let width = self.width(column).map(|width| format!(" CHECK ({width})")).unwrap_or_default();
        let (name, kind) = (self.ident(&column.name), self.plain_type(column.kind));
        Ok(format!("{name} {kind}{null}{}{label}{width}", default_of(self, column)))
    }

    fn table_options(&self, table: &Table) -> String {
        let label = table.label.as_deref().map(|label| format!(" COMMENT={}", self.text(label))).unwrap_or_default();
        format!(" ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin{label}")
    }

    fn add(&self, table: &Table, column: &Column) -> Result<Vec<Statement>, Cannot> {
        let definition = self.definition(table, column)?;
        Ok(vec![format!("ALTER TABLE {} ADD COLUMN {definition}", table_of(self, &table.name)).into()])
    }

    /// By `CHANGE`, which defines the column whole: a condition on its width names it.
    fn rename(&self, before: &Table, after: &Table, old: &Column, new: &Column) -> Result<Vec<Statement>, Cannot> {
        let (name, definition) = (self.ident(&old.name), self.definition(after, new)?);
        Ok(vec![format!("ALTER TABLE {} CHANGE COLUMN {name} {definition}", table_of(self, &before.name)).into()])
    }

    fn retype(&self, before: &Table, after: &Table, _old: &Column, new: &Column) -> Result<Vec<Statement>, Cannot> {
        let definition = self.definition(after, new)?;
        Ok(vec![format!("ALTER TABLE {} MODIFY COLUMN {definition}", table_of(self, &before.name)).into()])
    }

    fn retype_cost(&self, _old: ColumnType, _new: ColumnType) -> Cost {
        Cost::Table
    }

    /// As bytes: what is equal by a collation, in another case or width, says something else to people.
    fn says(&self, column: &Column, value: &str) -> String {
        let (name, value) = (self.ident(&column.name), constant(self, column, value));
        match column.kind {
            ColumnType::Text(_) => format!("BINARY CONVERT({name} USING utf8mb4) = {value}"),
            _ => format!("{name} = {value}"),
        }
    }

    /// An index loses the column in silence, and goes with its last one.
    fn requires_drop(&self, before: &Table, column: &str) -> Vec<Check> {
        let (table, column) = (self.of_table(&before.name), self.text(column));
        let query = format!("SELECT COUNT(*) FROM information_schema.statistics c WHERE {table} AND c.column_name = {column}");
        vec![Check { query, expect: "0".to_owned() }]
    }

    /// `MODIFY` and `CHANGE` would drop in silence what the structure does not say: a collation, a default or a condition of the column's own, `AUTO_INCREMENT`;
    /// and they round without a word what the column has and the structure does not say that it has.
    fn requires(&self, before: &Table, old: &Column, _renames: bool) -> Result<Vec<Check>, Cannot> {
        let default = old.default.as_deref().map_or("NULL".to_owned(), |value| constant(self, old, value));
        let further = format!(
            " AND c.extra = '' AND IFNULL(c.column_default, 'NULL') = {}
  AND (c.collation_name IS NULL OR c.collation_name = (SELECT t.table_collation FROM information_schema.tables t
    WHERE t.table_schema = c.table_schema AND t.table_name = c.table_name))
  AND NOT EXISTS (SELECT 1 FROM information_schema.check_constraints k WHERE k.constraint_schema = c.table_schema
    AND k.table_name = c.table_name AND k.constraint_name = c.column_name{})",
            self.text(&default),
            self.width(old).map(|width| format!(" AND k.check_clause <> {}", self.text(&width))).unwrap_or_default()
        );
        Ok(vec![self.has_column(before, old)?, self.column(before, &old.name, &further, "1")])
    }

    fn misfits(&self, table: &Table, old: &Column, new: ColumnType) -> Result<String, Cannot> {
        let length = |name: &str, kind: ColumnType| match kind {
            ColumnType::Text(_) => format!("CHAR_LENGTH({name})"),
            _ => format!("CHAR_LENGTH(CAST({name} AS CHAR))"),
        };
        // `$` matches before a line's end, too, which a number would swallow.
        let unlike = |name: &str, pattern: &str| {
            format!("{name} NOT REGEXP {} OR {name} LIKE CONCAT('%', CHAR(10))", self.text(pattern))
        };
        let odd = misfit(&self.ident(&old.name), old.kind, new, &length, &unlike);
        let odd = odd.ok_or(Cannot::Convert(Dialect::Mariadb, old.kind, new))?;
        Ok(format!("SELECT COUNT(*) FROM {} WHERE {odd}", table_of(self, &table.name)))
    }

    fn has_table(&self, table: &Table) -> Check {
        let of_table = self.of_table(&table.name);
        Check { query: format!("SELECT COUNT(*) FROM information_schema.tables c WHERE {of_table}"), expect: "1".to_owned() }
    }

    fn has_column(&self, table: &Table, column: &Column) -> Result<Check, Cannot> {
        let kind = self.text(&self.plain_type(column.kind));
        let null = if column.nullable { "YES" } else { "NO" };
        let width = self.width(column).map(|width| {
            let of_column = "k.constraint_schema = c.table_schema AND k.table_name = c.table_name AND k.constraint_name = c.column_name";
            format!(
                "\n  AND EXISTS (SELECT 1 FROM information_schema.check_constraints k WHERE {of_column} AND k.check_clause = {})",
                self.text(&width)
            )
        });
        let further = format!(" AND c.column_type = {kind} AND c.is_nullable = '{null}'{}", width.unwrap_or_default());
        Ok(self.column(table, &column.name, &further, "1"))
    }

    fn lacks_column(&self, table: &Table, column: &str) -> Check {
        self.column(table, column, "", "0")
    }

    fn dual(&self) -> &'static str {
        " FROM DUAL"
    }
}
