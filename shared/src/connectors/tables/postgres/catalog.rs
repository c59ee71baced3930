//! Tables, columns, keys and foreign keys as the database has them.

use super::{Trouble, ident, split_name};
use crate::connectors::tables::values::{Charset, Column, Kind, Unit};
use crate::connectors::tables::{Problem, TableFault, TableName};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row};

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Col {
    /// Name, whether it takes NULL, whether it is of the key, and what it takes; `None` for a type that cannot travel.
    pub(super) kind: Option<Kind>,
    pub(super) name: String,
    pub(super) not_null: bool,
    /// Its place in the primary key, from 0.
    pub(super) key_place: Option<usize>,
    /// The database computes it: `s` when a row is written, `v` when it is read.
    pub(super) generated: String,
    /// `GENERATED ALWAYS AS IDENTITY`.
    pub(super) is_always_identity: bool,
    /// Two texts that are not the same may be equal in it: `citext`, or a collation that is not deterministic.
    pub(super) is_loose: bool,
    /// Its type with its limits, as people read it.
    pub(super) shown: String,
    /// Its type without limits, as SQL.
    pub(super) cast: String,
    /// The name of the type below a domain.
    pub(super) base: String,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    /// As the configuration names it.
    pub(super) shown: TableName,
    pub(super) oid: i64,
    pub(super) is_partitioned: bool,
    /// Tells its columns and its key, as they were before they were read, from any that come after a change of them.
    pub(super) structure: String,
    pub(super) columns: Vec<Col>,
    /// Tables that its foreign keys lead to: number and name.
    pub(super) parents: Vec<(i64, TableName)>,
    /// Where its rows are, and TRUNCATE can be said: itself, or its partitions.
    pub(super) leaves: Vec<(String, String)>,
}

impl Table {
    /// The table as SQL.
    pub(super) fn sql(&self) -> String {
        let (schema, name) = split_name(&self.shown);
        format!("{}.{}", ident(schema), ident(name))
    }

    /// The table as SQL, without those that inherit from it: their rows are not its own. Of a partitioned one the partitions have all rows.
    pub(super) fn only_sql(&self) -> String {
        let only = if self.is_partitioned { "" } else { "ONLY " };
        format!("{only}{}", self.sql())
    }

    /// The columns of the key, in its order.
    pub(super) fn key(&self) -> Vec<&Col> {
        let mut key: Vec<&Col> = self.columns.iter().filter(|column| column.key_place.is_some()).collect();
        key.sort_by_key(|column| column.key_place);
        key
    }

    /// The columns of the key in which texts that are not the same may be equal.
    pub(super) fn loose_key(&self) -> impl Iterator<Item = &Col> {
        self.columns.iter().filter(|column| column.key_place.is_some() && column.is_loose)
    }

    /// The columns whose values travel from here.
    pub(super) fn travelling(&self) -> Vec<&Col> {
        self.columns.iter().filter(|column| column.generated != "v").collect()
    }

    /// The columns as values are checked against them; those that the database computes itself are not among them.
    pub(super) fn taking(&self) -> Vec<Column> {
        let column = |column: &Col| {
            let kind = column.kind.clone().filter(|_| column.generated.is_empty())?;
            Some(Column { name: column.name.clone(), kind, nullable: !column.not_null, in_key: column.key_place.is_some() })
        };
        self.columns.iter().filter_map(column).collect()
    }

    pub(super) fn column(&self, name: &str) -> Option<&Col> {
        self.columns.iter().find(|column| column.name == name)
    }

    pub(super) fn unfit(&self, column: Option<&Col>, problem: Problem) -> TableFault {
        unfit(&self.shown, column.map(|column| column.name.clone()), problem)
    }

    /// What of the table cannot be followed or filled.
    pub(super) fn problems(&self) -> Vec<TableFault> {
        let mut found = Vec::new();
        if self.key().is_empty() {
            found.push(self.unfit(None, Problem::NoKey));
        }
        let strange = self.columns.iter().filter(|column| column.kind.is_none());
        found.extend(strange.map(|column| self.unfit(Some(column), Problem::Type(column.shown.clone()))));
        found
    }
}

/// Makes an unfit fault.
pub(super) fn unfit(table: &str, column: Option<String>, problem: Problem) -> TableFault {
    TableFault::Unfit { table: table.to_owned(), column, problem }
}

/// What changes with tables' columns and their keys, and with nothing else: which transactions wrote their rows in the catalog.
const STRUCTURES: &str = "SELECT string_agg(concat_ws(':', a.attrelid, a.attnum, a.xmin, i.indexrelid, i.xmin), ' ' ORDER BY a.attnum)
  FROM unnest($1::text[]) WITH ORDINALITY AS t (name, place) JOIN pg_attribute a ON a.attrelid = t.name::regclass AND a.attnum > 0
    LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
  GROUP BY t.place ORDER BY t.place";

const TABLE: &str = "SELECT c.oid::bigint, c.relkind = 'p' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')";

const COLUMNS: &str = "SELECT a.attname::text, a.attnotnull OR t.typnotnull, a.attgenerated::text, a.attidentity::text = 'a',
    format_type(a.atttypid, a.atttypmod), quote_ident(tn.nspname) || '.' || quote_ident(t.typname), b.typname::text, b.typtype::text,
    (CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END)::bigint, bn.nspname = 'pg_catalog',
    (SELECT k.at::bigint - 1 FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, at)
       WHERE i.indrelid = a.attrelid AND i.indisprimary AND k.attnum = a.attnum AND k.at <= i.indnkeyatts),
    ARRAY(SELECT enumlabel::text FROM pg_enum WHERE enumtypid = b.oid ORDER BY enumsortorder),
    b.typname = 'citext' OR EXISTS (SELECT FROM pg_collation c WHERE c.oid = a.attcollation AND NOT c.collisdeterministic)
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace tn ON tn.oid = t.typnamespace
  JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END JOIN pg_namespace bn ON bn.oid = b.typnamespace
  WHERE a.attrelid = $1::bigint::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

const PARENTS: &str = "SELECT DISTINCT f.confrelid::bigint, n.nspname || '.' || c.relname FROM pg_constraint f
  JOIN pg_class c ON c.oid = f.confrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE f.conrelid = $1::bigint::oid AND f.contype = 'f' AND f.confrelid <> f.conrelid
    AND NOT (f.conparentid <> 0 AND c.relispartition) ORDER BY 1";

const LEAVES: &str = "SELECT n.nspname::text, c.relname::text FROM pg_partition_tree($1::bigint::oid::regclass) p
  JOIN pg_class c ON c.oid = p.relid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE p.isleaf AND c.relkind = 'r' ORDER BY 1, 2";

const IS_ALONE: &str = "SELECT NOT (c.relrowsecurity OR c.relkind <> 'r' OR c.relhassubclass OR c.relispartition)
    AND NOT EXISTS (SELECT FROM pg_constraint f WHERE f.confrelid = c.oid AND f.contype = 'f')
    AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal)
    AND NOT EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class = c.oid)
    AND NOT EXISTS (SELECT FROM pg_publication_tables p WHERE p.schemaname = n.nspname AND p.tablename = c.relname)
    AND $2 = (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '')
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1::bigint::oid";

/// Tells whether rows of a table may be deleted and written again where others would be changed: nothing refers to it, and nothing else looks at what
/// happens to its rows, and so many columns are all that it has now, whatever it had when it was read. It is held against a change of that until the
/// transaction ends.
pub(super) async fn is_alone(connection: &mut PgConnection, table: &Table, columns: usize) -> Result<bool, Trouble> {
    super::connection::run_sql(connection, format!("LOCK TABLE {} IN ROW EXCLUSIVE MODE", table.sql())).await?;
    let columns = i64::try_from(columns).unwrap_or(i64::MAX);
    Ok(sqlx::query_scalar(IS_ALONE).bind(table.oid).bind(columns).fetch_optional(connection).await?.unwrap_or(false))
}

/// Gives what a table's columns are in one text: as long as it is the same, so is what was read of the table.
pub(super) async fn stamp(connection: &mut PgConnection, shown: &str) -> Result<String, Trouble> {
    let sql = "SELECT coalesce(string_agg(concat_ws(' ', a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.attisdropped), ',' ORDER BY a.attnum), '')
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0";
    let (schema, name) = split_name(shown);
    Ok(sqlx::query_scalar(sql).bind(schema).bind(name).fetch_one(connection).await?)
}

/// Holds tables against a change of their structure until the transaction ends; tells whether each is as it was when it was read. One that is gone is a fault.
pub(super) async fn hold(connection: &mut PgConnection, tables: &[&Table]) -> Result<bool, Trouble> {
    if tables.is_empty() {
        return Ok(true);
    }
    let listed: Vec<String> = tables.iter().map(|table| format!("ONLY {}", table.sql())).collect();
    let sql = format!("LOCK TABLE {} IN ROW EXCLUSIVE MODE", listed.join(", "));
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await.map_err(|error| gone(tables, error))?;
    let names: Vec<String> = tables.iter().map(|table| table.sql()).collect();
    Ok(structures(connection, &names).await? == tables.iter().map(|table| table.structure.as_str()).collect::<Vec<_>>())
}

async fn structures(connection: &mut PgConnection, names: &[String]) -> Result<Vec<String>, Trouble> {
    Ok(sqlx::query_scalar(STRUCTURES).bind(names).fetch_all(connection).await?)
}

/// The trouble of a table that is not there any more, which the server's words name.
fn gone(tables: &[&Table], error: sqlx::Error) -> Trouble {
    let said = error.as_database_error().filter(|said| said.code().as_deref() == Some("42P01"));
    let is_named = |table: &&&Table| {
        let (schema, name) = split_name(&table.shown);
        said.is_some_and(|said| said.message().contains(&format!("{schema}.{name}")))
    };
    match tables.iter().find(is_named) {
        Some(table) => table.unfit(None, Problem::Missing).into(),
        None => error.into(),
    }
}

/// Tells whether a crash of the server empties a table, or a part of it.
pub(super) async fn is_unlogged(connection: &mut PgConnection, shown: &str) -> Result<bool, Trouble> {
    let sql = "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN LATERAL pg_partition_tree(c.oid) p ON c.relkind = 'p' JOIN pg_class l ON l.oid = coalesce(p.relid, c.oid)
        WHERE n.nspname = $1 AND c.relname = $2 AND l.relpersistence = 'u')";
    let (schema, name) = split_name(shown);
    Ok(sqlx::query_scalar(sql).bind(schema).bind(name).fetch_one(connection).await?)
}

/// Reads a table; `None` where it is not there.
pub(super) async fn read(connection: &mut PgConnection, shown: &str) -> Result<Option<Table>, Trouble> {
    let (schema, name) = split_name(shown);
    let Some(row) = sqlx::query(TABLE).bind(schema).bind(name).fetch_optional(&mut *connection).await? else { return Ok(None) };
    let (oid, is_partitioned): (i64, bool) = (row.try_get(0)?, row.try_get(1)?);
    let sql = format!("{}.{}", ident(schema), ident(name));
    let structure = structures(connection, &[sql]).await?.pop().unwrap_or_default();
    let columns = sqlx::query(COLUMNS).bind(oid).fetch_all(&mut *connection).await?;
    let columns = columns.iter().map(column).collect::<Result<_, _>>()?;
    let parents = sqlx::query(PARENTS).bind(oid).fetch_all(&mut *connection).await?;
    let parents = parents.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, sqlx::Error>>()?;
    let leaves = if is_partitioned {
        let leaves = sqlx::query(LEAVES).bind(oid).fetch_all(&mut *connection).await?;
        leaves.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, sqlx::Error>>()?
    } else {
        vec![(schema.to_owned(), name.to_owned())]
    };
    Ok(Some(Table { shown: shown.to_owned(), oid, is_partitioned, structure, columns, parents, leaves }))
}

/// Reads all tables: those that are there, and faults for those that are not.
pub(super) async fn read_all(
    connection: &mut PgConnection,
    tables: &[TableName],
) -> Result<(Vec<Table>, Vec<TableFault>), Trouble> {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for table in tables {
        match read(connection, table).await? {
            Some(table) => found.push(table),
            None => missing.push(unfit(table, None, Problem::Missing)),
        }
    }
    Ok((found, missing))
}

fn column(row: &PgRow) -> Result<Col, sqlx::Error> {
    let (base, typtype, typmod): (String, String, i64) = (row.try_get(6)?, row.try_get(7)?, row.try_get(8)?);
    let is_own: bool = row.try_get(9)?;
    let kind = match typtype.as_str() {
        "e" => Some(Kind::Enum { labels: row.try_get(11)? }),
        "b" if is_own || base == "citext" => kind(&base, typmod),
        _ => None,
    };
    let place: Option<i64> = row.try_get(10)?;
    Ok(Col {
        name: row.try_get(0)?,
        not_null: row.try_get(1)?,
        generated: row.try_get(2)?,
        is_always_identity: row.try_get(3)?,
        is_loose: row.try_get(12)?,
        shown: row.try_get(4)?,
        cast: row.try_get(5)?,
        key_place: place.and_then(|place| usize::try_from(place).ok()),
        kind,
        base,
    })
}

/// Most bytes of a value of the type `name`.
const NAME_MAX: u64 = 63;

/// What a type takes.
fn kind(base: &str, typmod: i64) -> Option<Kind> {
    let limit = u64::try_from(typmod - 4).ok().filter(|_| typmod >= 4);
    let fraction = u8::try_from(typmod).unwrap_or(6);
    let integer = |bits| Kind::Integer { bits, unsigned: false };
    let text = |max| Kind::Text { max, unit: Unit::Chars, charset: Charset::Utf8 };
    Some(match base {
        "int2" => integer(16),
        "int4" => integer(32),
        "int8" => integer(64),
        "numeric" => numeric(limit),
        "float4" => Kind::Float { bits: 32 },
        "float8" => Kind::Float { bits: 64 },
        "bool" => Kind::Bool,
        "varchar" | "bpchar" => text(limit),
        "text" | "citext" | "xml" => text(None),
        // The server cuts what is longer.
        "name" => Kind::Text { max: Some(NAME_MAX), unit: Unit::Bytes, charset: Charset::Utf8 },
        "bytea" => Kind::Bytes { max: None },
        "date" => Kind::Date,
        "time" => Kind::Time { fraction },
        "timestamp" => Kind::Timestamp { fraction },
        "timestamptz" => Kind::TimestampTz { fraction },
        "uuid" => Kind::Uuid,
        "json" | "jsonb" => Kind::Json,
        _ => return None,
    })
}

/// The limits of a numeric: precision in the upper half, scale in eleven bits with a sign.
fn numeric(limit: Option<u64>) -> Kind {
    let scale = |limit: u64| i32::try_from(limit & 0x7ff).unwrap_or(0);
    let signed = |scale: i32| if scale >= 1024 { scale - 2048 } else { scale };
    Kind::Numeric {
        precision: limit.and_then(|limit| u32::try_from((limit >> 16) & 0xffff).ok()),
        scale: limit.map_or(0, |limit| signed(scale(limit))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_numerics_are_read_with_their_sign() {
        // As pg_attribute has them for numeric(38,16), numeric(5,-3) and numeric.
        assert_eq!(kind("numeric", 4 + (38 << 16 | 16)), Some(Kind::Numeric { precision: Some(38), scale: 16 }));
        assert_eq!(kind("numeric", 4 + (5 << 16 | 2045)), Some(Kind::Numeric { precision: Some(5), scale: -3 }));
        assert_eq!(kind("numeric", -1), Some(Kind::Numeric { precision: None, scale: 0 }));
    }
}
