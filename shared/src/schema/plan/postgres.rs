//! PostgreSQL: a change is one transaction.

use super::speaker::{Speaker, default_of, misfit, table_of};
use super::{Cannot, Check, Cost, Dialect, Statement};
use crate::schema::structure::{Column, Table};
use crate::schema::types::ColumnType;

pub(super) struct Postgres;

impl Postgres {
    /// The table as its catalog finds it, whatever the session's search path is told to be.
    fn class(&self, table: &str) -> String {
        format!("to_regclass({})", self.text(&table_of(self, table)))
    }

    fn attribute(&self, table: &Table, column: &str, further: &str, expect: &str) -> Check {
        let (class, column) = (self.class(&table.name), self.text(column));
        let query = format!(
            "SELECT COUNT(*) FROM pg_attribute WHERE attrelid = {class} AND attname = {column} AND NOT attisdropped{further}"
        );
        Check { query, expect: expect.to_owned() }
    }
}

impl Speaker for Postgres {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn type_name(&self, kind: ColumnType) -> Result<String, Cannot> {
        Ok(match kind {
            ColumnType::Text(Some(most)) => format!("character varying({most})"),
            ColumnType::Text(None) => "text".to_owned(),
            ColumnType::Bytes => "bytea".to_owned(),
            ColumnType::Integer(16) => "smallint".to_owned(),
            ColumnType::Integer(32) => "integer".to_owned(),
            ColumnType::Integer(_) => "bigint".to_owned(),
            ColumnType::Decimal(precision, scale) => format!("numeric({precision},{scale})"),
            ColumnType::Double => "double precision".to_owned(),
            ColumnType::Boolean => "boolean".to_owned(),
            ColumnType::Date => "date".to_owned(),
            ColumnType::Time(fraction) => format!("time({fraction}) without time zone"),
            ColumnType::Timestamp(fraction) => format!("timestamp({fraction}) without time zone"),
            ColumnType::TimestampTz(fraction) => format!("timestamp({fraction}) with time zone"),
        })
    }

    /// A backslash is one whatever the session's settings are.
    fn text(&self, text: &str) -> String {
        let quoted = text.replace('\'', "''");
        if text.contains('\\') { format!("E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
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

    fn add(&self, table: &Table, column: &Column) -> Result<Vec<Statement>, Cannot> {
        let definition = self.definition(table, column)?;
        let mut added = vec![format!("ALTER TABLE {} ADD COLUMN {definition}", table_of(self, &table.name)).into()];
        added.extend(self.label_column(table, column));
        Ok(added)
    }

    /// `USING` converts to the type without its width: the assignment that follows refuses what is too long, where a cast would cut it.
    fn retype(&self, before: &Table, _after: &Table, old: &Column, new: &Column) -> Result<Vec<Statement>, Cannot> {
        let (table, name, kind) = (table_of(self, &before.name), self.ident(&old.name), self.type_name(new.kind)?);
        let bare = match new.kind {
            ColumnType::Text(_) => "text",
            ColumnType::Decimal(..) => "numeric",
            _ => kind.split('(').next().unwrap_or_default(),
        };
        let using = match (old.kind, new.kind) {
            (was, is) if is.widens(was) => String::new(),
            (ColumnType::Text(_), ColumnType::Integer(_)) => format!(" USING {name}::{kind}"),
            _ => format!(" USING {name}::{bare}"),
        };
        let alter = format!("ALTER TABLE {table} ALTER COLUMN {name}");
        let mut done: Vec<Statement> = Vec::new();
        done.extend(old.default.as_ref().map(|_| format!("{alter} DROP DEFAULT").into()));
        done.push(format!("{alter} TYPE {kind}{using}").into());
        done.extend(new.default.as_ref().map(|_| format!("{alter} SET{}", default_of(self, new)).into()));
        Ok(done)
    }

    /// A column that is not what the structure says may hold what the new type rounds: an assignment does that without a word.
    fn requires(&self, before: &Table, old: &Column, renames: bool) -> Result<Vec<Check>, Cannot> {
        if renames { Ok(Vec::new()) } else { Ok(vec![self.has_column(before, old)?]) }
    }

    /// Indexes, conditions and keys go with a column, also those of several columns. A sequence of its own may.
    fn requires_drop(&self, before: &Table, column: &str) -> Vec<Check> {
        let (class, column) = (self.class(&before.name), self.text(column));
        let query = format!(
            "SELECT COUNT(*) FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
  WHERE d.refclassid = 'pg_class'::regclass AND a.attrelid = {class} AND a.attname = {column} AND d.classid <> 'pg_attrdef'::regclass
  AND NOT EXISTS (SELECT 1 FROM pg_class s WHERE d.classid = 'pg_class'::regclass AND s.oid = d.objid AND s.relkind = 'S')"
        );
        vec![Check { query, expect: "0".to_owned() }]
    }

    fn retype_cost(&self, old: ColumnType, new: ColumnType) -> Cost {
        match (old, new) {
            (ColumnType::Text(_), ColumnType::Text(_)) if new.widens(old) => Cost::Instant,
            // The same scale: more digits before the point.
            (ColumnType::Decimal(_, had), ColumnType::Decimal(_, has)) if new.widens(old) && had == has => Cost::Instant,
            _ => Cost::Table,
        }
    }

    fn misfits(&self, table: &Table, old: &Column, new: ColumnType) -> Result<String, Cannot> {
        let length = |name: &str, _: ColumnType| format!("length({name}::text)");
        let unlike = |name: &str, pattern: &str| format!("{name} !~ {}", self.text(pattern));
        let odd = misfit(&self.ident(&old.name), old.kind, new, &length, &unlike);
        let odd = odd.ok_or(Cannot::Convert(Dialect::Postgres, old.kind, new))?;
        Ok(format!("SELECT COUNT(*) FROM {} WHERE {odd}", table_of(self, &table.name)))
    }

    fn has_table(&self, table: &Table) -> Check {
        let query = format!("SELECT COUNT({})", self.class(&table.name));
        Check { query, expect: "1".to_owned() }
    }

    fn has_column(&self, table: &Table, column: &Column) -> Result<Check, Cannot> {
        let kind = self.text(&self.catalog_type(table, column)?);
        let null = if column.nullable { "NOT attnotnull" } else { "attnotnull" };
        let further = format!(" AND format_type(atttypid, atttypmod) = {kind} AND {null}");
        Ok(self.attribute(table, &column.name, &further, "1"))
    }

    fn lacks_column(&self, table: &Table, column: &str) -> Check {
        self.attribute(table, column, "", "0")
    }
}
