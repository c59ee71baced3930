//! The structure of a database as its own catalog tells it, alike everywhere.

use super::super::session::{Dialect, Refusal, Session};

/// The tables of the structure.
const TABLES: &str = "'zd', 'h', 'qlr', 'zdyt'";

/// What a database calls a type, and what it is called here; the first that fits.
const KINDS: [(&str, &str); 16] = [
    ("character varying", "text"),
    ("varchar", "text"),
    ("longtext", "text"),
    ("text", "text"),
    ("numeric", "decimal"),
    ("decimal", "decimal"),
    ("datetime", "timestamp"),
    ("timestamp", "timestamp"),
    ("date", "date"),
    ("bytea", "bytes"),
    ("longblob", "bytes"),
    ("blob", "bytes"),
    ("double", "double"),
    ("bigint", "bigint"),
    ("integer", "integer"),
    ("int", "integer"),
];

/// Gives every column of every table as a line, sorted: table, name, type, whether it takes NULL.
///
/// # Errors
/// What the server or the driver said.
pub fn columns(session: &mut Session) -> Result<Vec<String>, Refusal> {
    let sql = match session.dialect {
        Dialect::Postgres => format!(
            "SELECT c.relname::text, a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod), (NOT a.attnotnull)::int::text
             FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
             WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname IN ({TABLES}) AND a.attnum > 0 AND NOT a.attisdropped"
        ),
        Dialect::Mariadb => format!(
            "SELECT CAST(table_name AS CHAR), CAST(column_name AS CHAR), CAST(column_type AS CHAR), IF(is_nullable = 'YES', '1', '0')
             FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name IN ({TABLES})"
        ),
        Dialect::Sqlite => format!(
            "SELECT t.name, c.name, c.type, CAST(1 - c.\"notnull\" AS TEXT) FROM sqlite_master t JOIN pragma_table_xinfo(t.name) c WHERE t.type = 'table' AND t.name IN ({TABLES})"
        ),
    };
    let mut lines: Vec<String> = session.rows(&sql)?.into_iter().map(line).collect();
    lines.sort_unstable();
    Ok(lines)
}

fn line(row: Vec<Option<String>>) -> String {
    let [table, column, kind, null] = [0, 1, 2, 3].map(|at| row.get(at).cloned().flatten().unwrap_or_default());
    format!("{table}.{column} {}{}", portable(&kind.to_lowercase()), if null == "1" { "" } else { " not null" })
}

/// The type as each database means it; a width counts where it holds values to it.
fn portable(kind: &str) -> String {
    let Some((name, called)) = KINDS.iter().find(|(name, _)| kind.starts_with(name)) else { return kind.to_owned() };
    let width = kind[name.len()..].trim_start();
    match *called {
        "text" | "decimal" if width.starts_with('(') => format!("{called}{width}"),
        _ => (*called).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::first;
    use super::*;
    use crate::tables::end::End;

    #[test]
    fn the_same_tables_are_alike_in_each_database_and_another_width_is_seen() {
        let of = |dialect, further: &str| {
            let end = End::shared(dialect);
            end.run(&first(dialect, ""));
            let mut session = end.session();
            session.must(further);
            columns(&mut session).unwrap()
        };
        let all = [Dialect::Postgres, Dialect::Mariadb, Dialect::Sqlite].map(|dialect| of(dialect, "SELECT 1"));
        assert!(all[0].len() > 20, "{all:?}");
        assert_eq!(all[0], all[1]);
        assert_eq!(all[0], all[2]);
        let wider = of(Dialect::Postgres, "ALTER TABLE zd ALTER COLUMN zl TYPE varchar(401)");
        assert_ne!(all[0], wider);
    }
}
