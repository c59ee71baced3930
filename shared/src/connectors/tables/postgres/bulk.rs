//! A packet's rows in bulk: what its changes come to, table by table.
//!
//! Given: changes that fit their columns. Gives: the same rows as if they were applied one by one. After a refusal: the caller goes back to its savepoint.
//! Never: a constraint that is checked only at COMMIT, where it could not be told which row it was.

use super::catalog::Table;
use super::connection::run_sql;
use super::own_tables::Placed;
use super::portable::input;
use super::sink::Tables;
use super::{Trouble, ident};
use crate::connectors::tables::net::Net;
use crate::connectors::tables::run::push_value;
use crate::connectors::tables::{Cells, Name, Op, TableName, Value};
use sqlx::{AssertSqlSafe, PgConnection};
use std::collections::HashSet;

/// From how many rows on COPY into a temporary table is faster than arrays.
const STAGE_FROM: usize = 500;
/// From how many rows on a COPY straight into the table is tried.
pub(super) const DIRECT_FROM: usize = 100;
/// How many packets go without it after it met rows that were there.
pub(super) const REST_AFTER_MEETING: u8 = 16;

/// Applies changes in bulk.
pub(super) async fn apply(connection: &mut PgConnection, tables: &mut Tables, changes: &[Placed<'_>]) -> Result<(), Trouble> {
    if changes.is_empty() {
        return Ok(());
    }
    run_sql(connection, "SET CONSTRAINTS ALL DEFERRED").await?;
    let updated: HashSet<TableName> = changes
        .iter()
        .map(|placed| placed.change.as_ref())
        .filter(|change| change.op == Op::Update)
        .map(|change| change.table.clone())
        .collect();
    let net = Net::among(changes.iter().map(|placed| placed.change.as_ref()), &tables.parents_first);
    for (name, keys) in &net.deletes {
        if let Some(table) = tables.by_source.get(name) {
            for (columns, keys) in alike(keys) {
                delete(connection, table, &columns, &keys).await?;
            }
        }
    }
    for (name, rows) in &net.upserts {
        let is_new = !updated.contains(name);
        for (columns, rows) in alike(rows) {
            write(connection, tables, name, &columns, &rows, is_new).await?;
        }
    }
    run_sql(connection, "SET CONSTRAINTS ALL IMMEDIATE").await?;
    Ok(())
}

/// Rows divided by the columns that they have.
fn alike<'a>(rows: &[&'a Cells]) -> Vec<(Vec<&'a str>, Vec<&'a Cells>)> {
    let mut groups: Vec<(&Cells, Vec<&Cells>)> = Vec::new();
    for &row in rows {
        let is_one = |((name, _), (other, _)): (&(Name, Value), &(Name, Value))| name.is_shared_with(other) || name == other;
        let same = |first: &Cells| first.len() == row.len() && first.iter().zip(row).all(is_one);
        match groups.iter_mut().find(|(first, _)| same(first)) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((row, vec![row])),
        }
    }
    groups.into_iter().map(|(first, rows)| (first.iter().map(|(name, _)| name.as_str()).collect(), rows)).collect()
}

/// Writes rows: straight into the table where they seem to be new, else over those that are there.
async fn write(
    connection: &mut PgConnection,
    tables: &mut Tables,
    name: &TableName,
    columns: &[&str],
    rows: &[&Cells],
    is_new: bool,
) -> Result<(), Trouble> {
    let Some(table) = tables.by_source.get(name) else { return Ok(()) };
    if is_new && rows.len() >= DIRECT_FROM {
        let rests = tables.met.get(name).copied().unwrap_or(0);
        if rests == 0 && direct(connection, table, columns, rows).await? {
            return Ok(());
        }
        tables.met.insert(name.clone(), rests.checked_sub(1).unwrap_or(REST_AFTER_MEETING));
    }
    if rows.len() >= STAGE_FROM {
        stage(connection, table, columns, rows).await
    } else {
        merge(connection, table, columns, rows).await
    }
}

/// Copies rows straight into the table; tells whether none of them was there.
async fn direct(connection: &mut PgConnection, table: &Table, columns: &[&str], rows: &[&Cells]) -> Result<bool, Trouble> {
    run_sql(connection, "SAVEPOINT direct").await?;
    match copy(connection, &table.sql(), columns, rows).await {
        Ok(()) => run_sql(connection, "RELEASE direct").await.map(|_| true),
        Err(trouble) if trouble.refusal().is_some() => {
            run_sql(connection, "ROLLBACK TO direct; RELEASE direct").await.map(|_| false)
        }
        Err(trouble) => Err(trouble),
    }
}

/// Copies rows into a temporary table and merges from there.
async fn stage(connection: &mut PgConnection, table: &Table, columns: &[&str], rows: &[&Cells]) -> Result<(), Trouble> {
    let (names, target) = (listed(columns), table.sql());
    let make = format!("CREATE TEMPORARY TABLE dukou_stage ON COMMIT DROP AS SELECT {names} FROM {target} WITH NO DATA");
    run_sql(connection, make).await?;
    copy(connection, "pg_temp.dukou_stage", columns, rows).await?;
    let sql = format!(
        "INSERT INTO {target} AS t ({names}) OVERRIDING SYSTEM VALUE SELECT {names} FROM pg_temp.dukou_stage {}; DROP TABLE pg_temp.dukou_stage",
        or_update(table, columns)
    );
    run_sql(connection, sql).await?;
    Ok(())
}

async fn copy(connection: &mut PgConnection, target: &str, columns: &[&str], rows: &[&Cells]) -> Result<(), Trouble> {
    let sql = format!("COPY {target} ({}) FROM STDIN", listed(columns));
    let mut copy = connection.copy_in_raw(&sql).await?;
    let mut buffer = Vec::with_capacity(1 << 17);
    for row in rows {
        for (at, (_, value)) in row.iter().enumerate() {
            if at > 0 {
                buffer.push(b'\t');
            }
            push_value(&mut buffer, value);
        }
        buffer.push(b'\n');
        if buffer.len() >= 1 << 16 {
            copy.send(buffer.as_slice()).await?;
            buffer.clear();
        }
    }
    copy.send(buffer.as_slice()).await?;
    copy.finish().await?;
    Ok(())
}

pub(super) fn listed(columns: &[&str]) -> String {
    columns.iter().map(|column| ident(column)).collect::<Vec<_>>().join(", ")
}

/// What becomes of a row of `t` that is there already. Where its key is only equal to the one that comes, and not the same, the statement is made to fail by a
/// subquery of two rows: it would write over another row.
pub(super) fn or_update(table: &Table, columns: &[&str]) -> String {
    let is_key = |name: &str| table.column(name).is_some_and(|column| column.key_place.is_some());
    let set: Vec<String> =
        columns.iter().filter(|name| !is_key(name)).map(|name| format!("{0} = EXCLUDED.{0}", ident(name))).collect();
    let key: Vec<&str> = table.key().iter().map(|column| column.name.as_str()).collect();
    let loose: Vec<String> = table.loose_key().map(|column| ident(&column.name)).collect();
    let same: Vec<String> = loose.iter().map(|column| is_same(&format!("t.{column}"), &format!("EXCLUDED.{column}"))).collect();
    let what = match (set.is_empty(), loose.first()) {
        (true, None) => "NOTHING".to_owned(),
        (false, None) => format!("UPDATE SET {}", set.join(", ")),
        (is_key_alone, Some(first)) => {
            let set = if is_key_alone { format!("{first} = t.{first}") } else { set.join(", ") };
            let guard = format!("CASE WHEN {} THEN true ELSE (SELECT true FROM generate_series(1, 2)) END", same.join(" AND "));
            format!("UPDATE SET {set} WHERE {guard}")
        }
    };
    format!("ON CONFLICT ({}) DO {what}", listed(&key))
}

/// Two texts are the same, and not only equal, as SQL.
fn is_same(one: &str, other: &str) -> String {
    format!("{one}::text COLLATE \"C\" = {other}::text COLLATE \"C\"")
}

/// A key of `t` is that of a row of another table, as SQL: equal by the column's own rules, which its index follows, and the same.
pub(super) fn is_key(table: &Table, column: &str, other: &str) -> String {
    let name = ident(column);
    let equal = format!("t.{name} = {other}::{}", cast(table, column));
    let is_loose = table.column(column).is_some_and(|column| column.is_loose);
    if is_loose { format!("{equal} AND {}", is_same(&format!("t.{name}"), other)) } else { equal }
}

/// The type of a column as SQL, without limits: with them a cast would cut what an assignment refuses.
fn cast<'a>(table: &'a Table, column: &str) -> &'a str {
    table.column(column).map_or("text", |column| column.cast.as_str())
}

fn arrays(count: usize) -> (String, String) {
    let arrays: Vec<String> = (1..=count).map(|at| format!("${at}::text[]")).collect();
    let names: Vec<String> = (1..=count).map(|at| format!("c{at}")).collect();
    (arrays.join(", "), names.join(", "))
}

async fn run(connection: &mut PgConnection, sql: &str, columns: usize, rows: &[&Cells]) -> Result<(), Trouble> {
    let values =
        |at: usize| -> Vec<Option<String>> { rows.iter().map(|row| row.get(at).and_then(|(_, value)| input(value))).collect() };
    let query = (0..columns).fold(sqlx::query(AssertSqlSafe(sql)), |query, at| query.bind(values(at)));
    query.execute(connection).await?;
    Ok(())
}

/// Writes rows over those that are there.
pub(super) async fn merge(
    connection: &mut PgConnection,
    table: &Table,
    columns: &[&str],
    rows: &[&Cells],
) -> Result<(), Trouble> {
    let (arrays, names) = arrays(columns.len());
    let values: Vec<String> = (1..).zip(columns).map(|(at, column)| format!("u.c{at}::{}", cast(table, column))).collect();
    let sql = format!(
        "INSERT INTO {} AS t ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM unnest({arrays}) AS u({names}) {}",
        table.sql(),
        listed(columns),
        values.join(", "),
        or_update(table, columns)
    );
    run(connection, &sql, columns.len(), rows).await
}

/// Deletes rows by their keys.
pub(super) async fn delete(
    connection: &mut PgConnection,
    table: &Table,
    columns: &[&str],
    keys: &[&Cells],
) -> Result<(), Trouble> {
    let (arrays, names) = arrays(columns.len());
    let same = |(at, column): (usize, &&str)| is_key(table, column, &format!("u.c{at}"));
    let same: Vec<String> = (1..).zip(columns).map(same).collect();
    let sql =
        format!("DELETE FROM {} AS t USING unnest({arrays}) AS u({names}) WHERE {}", table.only_sql(), same.join(" AND "));
    run(connection, &sql, columns.len(), keys).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copy_takes_text_that_looks_like_its_own_signs() {
        let mut buffer = Vec::new();
        for value in
            [Value::Null, Value::Text("\\N\ta\nb\r\\.".to_owned()), Value::Bytes(vec![0, 255]), Value::Text(String::new())]
        {
            push_value(&mut buffer, &value);
            buffer.push(b'|');
        }
        assert_eq!(String::from_utf8(buffer).expect("text"), "\\N|\\\\N\\ta\\nb\\r\\\\.|\\\\x00ff||");
    }

    #[test]
    fn rows_of_other_columns_go_apart() {
        let row = |names: &[&str]| names.iter().map(|name| ((*name).into(), Value::Null)).collect::<Cells>();
        let rows = [row(&["a", "b"]), row(&["a"]), row(&["a", "b"])];
        let rows: Vec<&Cells> = rows.iter().collect();
        let groups: Vec<(Vec<&str>, usize)> = alike(&rows).into_iter().map(|(names, rows)| (names, rows.len())).collect();
        assert_eq!(groups, [(vec!["a", "b"], 2), (vec!["a"], 1)]);
    }
}
