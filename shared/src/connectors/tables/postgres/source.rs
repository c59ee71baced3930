//! The outbox as a source of rows.
//!
//! Given: an outbox that triggers fill. Gives: its oldest entries, a transaction's together, in an order in which whatever an entry depends on stands
//! before it. After a crash: what was read and not deleted is read again. Never: an entry that waits because another transaction has not ended.
//!
//! Order: if B depends on A, then A was committed before B's statement that depends on it, so A's highest id is below B's. Among the entries
//! that one snapshot shows, whole transactions are brought in the order of their highest ids. Those that end within the first N entries are complete there, and
//! every other transaction ends behind them; so nothing but the first N entries has to be read. A transaction that is longer than the limits goes in
//! parts, which the sink applies with its end in one go; whatever it depends on ends before it does, and so stands before its last part.

use super::catalog::{self, Table};
use super::connection::{Place, Session, run_sql};
use super::install::{self, Names};
use super::outbox::{self, Head, Window};
use super::{SCHEMA, Trouble, chunk, literal, own_tables};
use crate::connectors::tables::{
    Caution, Chunk, ChunkWanted, EntryId, EntryRange, Offered, Problem, ReadLimits, TableFault, TableName, TableSource,
};
use dukou_packets::packet::header::ChannelName;
use sqlx::{AssertSqlSafe, PgConnection};
use std::collections::{BTreeSet, HashMap, HashSet};

/// How many times the limit of rows is looked at for a transaction that ends.
const WINDOW_MOST: usize = 64;

/// From how many entries on a range is deleted by a statement of its own.
const LONG_RANGE: u64 = 64;

/// Most ranges of entries on their way that a read names.
const LONG_RANGES_MOST: usize = 16;

/// An outbox is a queue, whose statistics are always wrong: its rows are read in the order of the index, not gathered and sorted.
const BY_INDEX: &str = "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off";

/// When an entry was written (ms), as SQL, in whole numbers alone: up to PostgreSQL 13 `extract` gives floating ones, which round a half otherwise.
const AT_MS: &str = "(extract(epoch FROM date_trunc('second', at))::bigint * 1000 + (extract(microseconds FROM at)::bigint % 1000000 + 500) / 1000)";

/// A channel's tables in a database, as a source.
pub struct PostgresSource {
    session: Session,
    names: Names,
    tables: Vec<TableName>,
    /// As chunks need them, each with its stamp.
    known: HashMap<TableName, (String, Table)>,
}

impl PostgresSource {
    /// Makes the source of a channel. The password is where it is not in the URL. Nothing is asked of the server yet, and a URL that cannot be used
    /// is told at the first call.
    pub fn new(url: &str, password: Option<&str>, channel: &ChannelName, tables: &[TableName]) -> Self {
        let session = Session::new(Place::of(url, password));
        Self { session, names: Names::of(channel), tables: tables.to_vec(), known: HashMap::new() }
    }

    /// Makes outbox, functions and triggers, or makes them anew; what the outbox holds stays.
    ///
    /// # Errors
    /// The first fault of a table that cannot be followed, or one of the server; nothing was changed.
    pub fn install(&mut self) -> Result<(), TableFault> {
        let sql = self.install_sql()?;
        self.session.run(async |connection| run_sql(connection, format!("BEGIN;\n{sql}COMMIT")).await.map(drop))
    }

    /// Gives the SQL of [`install`](Self::install) for a person to run: whoever runs it must own the tables, or may read them and make triggers on
    /// them.
    ///
    /// # Errors
    /// As [`install`](Self::install).
    pub fn install_sql(&mut self) -> Result<String, TableFault> {
        let (names, tables, account) = (&self.names, &self.tables, self.session.place().account().to_owned());
        self.session.run(async |connection| {
            let (tables, mut faults) = catalog::read_all(connection, tables).await?;
            faults.extend(tables.iter().flat_map(|table| table_problems(table, &tables)));
            if let Some(fault) = faults.into_iter().next() {
                return Err(fault.into());
            }
            let mut sql = String::new();
            if !exists(connection, "SELECT 1 FROM pg_namespace WHERE nspname = $1", SCHEMA).await? {
                sql.push_str(&install::schema());
            }
            if !has_table(connection, &names.outbox_name()).await? {
                sql.push_str(&install::outbox(names, &account));
            }
            if !has_table(connection, &names.refused_name()).await? {
                sql.push_str(&install::refused(names, &account));
            }
            let expected: HashSet<String> =
                tables.iter().flat_map(|table| install::functions(names, table)).map(|function| function.name).collect();
            let stale = functions(connection, names).await?.into_iter().filter(|name| !expected.contains(name));
            sql.extend(stale.map(|name| format!("DROP FUNCTION {SCHEMA}.{}() CASCADE;\n", super::ident(&name))));
            sql.extend(tables.iter().map(|table| install::table(names, table)));
            if !has_table(connection, own_tables::STRUCTURE.0).await? {
                sql.push_str(&own_tables::structure_sql(&account));
            }
            Ok(sql)
        })
    }

    /// Takes away outbox, functions and triggers of the channel, and the schema where nothing else is in it. Entries that were not sent are lost.
    ///
    /// # Errors
    /// [`TableFault`] of the server; nothing was changed.
    pub fn uninstall(&mut self) -> Result<(), TableFault> {
        let sql = self.uninstall_sql()?;
        self.session.run(async |connection| {
            run_sql(connection, format!("BEGIN;\n{sql}COMMIT")).await?;
            let empty = "SELECT 1 FROM pg_namespace n WHERE n.nspname = $1 AND pg_has_role(n.nspowner, 'USAGE')
                AND NOT EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = n.oid) AND NOT EXISTS (SELECT 1 FROM pg_proc WHERE pronamespace = n.oid)";
            if exists(connection, empty, SCHEMA).await? {
                run_sql(connection, format!("DROP SCHEMA {SCHEMA}")).await?;
            }
            Ok(())
        })
    }

    /// Gives the SQL of [`uninstall`](Self::uninstall), but for the schema.
    ///
    /// # Errors
    /// [`TableFault`] of the server.
    pub fn uninstall_sql(&mut self) -> Result<String, TableFault> {
        let names = &self.names;
        self.session.run(async |connection| {
            let mut sql = install::uninstall(names, &functions(connection, names).await?);
            let needed = "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = $1 AND c.relkind = 'r' AND c.relname <> ALL ($2)";
            let ours = [names.outbox_name(), names.refused_name(), own_tables::STRUCTURE.0.to_owned()];
            let others: i64 = sqlx::query_scalar(needed).bind(SCHEMA).bind(&ours[..]).fetch_one(connection).await?;
            if others == 0 {
                sql.push_str(&format!("DROP TABLE IF EXISTS {SCHEMA}.{};\n", own_tables::STRUCTURE.0));
            }
            Ok(sql)
        })
    }
}

/// What of a table keeps it from being followed: with a key, known types, and no parent that the channel does not have.
pub(super) fn table_problems(table: &Table, tables: &[Table]) -> Vec<TableFault> {
    let mut found = table.problems();
    let outside = table.parents.iter().filter(|(oid, _)| tables.iter().all(|other| other.oid != *oid));
    found.extend(outside.map(|(_, parent)| table.unfit(None, Problem::ParentOutside(parent.clone()))));
    found
}

async fn exists(connection: &mut PgConnection, sql: &'static str, name: &str) -> Result<bool, Trouble> {
    Ok(sqlx::query(sql).bind(name).fetch_optional(connection).await?.is_some())
}

/// Tells whether a table of ours is there.
pub(super) async fn has_table(connection: &mut PgConnection, name: &str) -> Result<bool, Trouble> {
    let sql =
        "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'dukou' AND c.relname = $1";
    exists(connection, sql, name).await
}

/// The functions of the channel that are there.
async fn functions(connection: &mut PgConnection, names: &Names) -> Result<Vec<String>, Trouble> {
    let sql = "SELECT p.proname::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = $1 AND starts_with(p.proname::text, $2) ORDER BY 1";
    Ok(sqlx::query_scalar(sql).bind(SCHEMA).bind(names.function_prefix()).fetch_all(connection).await?)
}

impl TableSource for PostgresSource {
    fn read(&mut self, except: &BTreeSet<i64>, limits: ReadLimits) -> Result<Vec<Offered>, TableFault> {
        let names = &self.names;
        self.session.run(async |connection| {
            run_sql(connection, format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {BY_INDEX}")).await?;
            let (taken, window) = choose(connection, names, except, limits).await?;
            let offered = outbox::offered(connection, names, &taken, &window).await?;
            run_sql(connection, "COMMIT").await?;
            Ok(offered)
        })
    }

    fn delete(&mut self, entries: &[EntryId]) -> Result<(), TableFault> {
        let sql = format!(
            "DELETE FROM {} WHERE id = ANY($1) AND ((id, {AT_MS}) IN (SELECT * FROM unnest($1, $2)) OR (id, 0) IN (SELECT * FROM unnest($1, $2)))",
            self.names.outbox()
        );
        self.session.run(async |connection| {
            for entries in entries.chunks(100_000) {
                let of = |get: fn(&EntryId) -> i64| entries.iter().map(get).collect::<Vec<i64>>();
                let query = sqlx::query(AssertSqlSafe(sql.as_str())).bind(of(|entry| entry.id)).bind(of(|entry| entry.at_ms));
                query.execute(&mut *connection).await?;
            }
            Ok(())
        })
    }

    fn delete_ranges(&mut self, ranges: &[EntryRange]) -> Result<(), TableFault> {
        let (outbox, within) =
            (self.names.outbox(), "at BETWEEN to_timestamp((from_ms - 1) / 1000.0) AND to_timestamp((to_ms + 1) / 1000.0)");
        let long = format!(
            "DELETE FROM {outbox} WHERE id BETWEEN $1 AND $2 AND {}",
            within.replace("from_ms", "$3").replace("to_ms", "$4")
        );
        let short = format!(
            "DELETE FROM {outbox} AS o USING unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS r (of_id, from_ms, to_ms)
             WHERE id = ANY($1) AND id = of_id AND {within}"
        );
        let (longer, shorter): (Vec<EntryRange>, Vec<EntryRange>) =
            ranges.iter().partition(|range| range.count() >= LONG_RANGE);
        let each =
            |range: &EntryRange| (range.first..=range.last).map(|id| (id, range.from_ms, range.to_ms)).collect::<Vec<_>>();
        let singles: Vec<(i64, i64, i64)> = shorter.iter().flat_map(each).collect();
        self.session.run(async |connection| {
            for range in &longer {
                let query = sqlx::query(AssertSqlSafe(long.as_str())).bind(range.first).bind(range.last);
                query.bind(range.from_ms).bind(range.to_ms).execute(&mut *connection).await?;
            }
            for singles in singles.chunks(100_000) {
                let of = |get: fn(&(i64, i64, i64)) -> i64| singles.iter().map(get).collect::<Vec<i64>>();
                let query = sqlx::query(AssertSqlSafe(short.as_str())).bind(of(|single| single.0)).bind(of(|single| single.1));
                query.bind(of(|single| single.2)).execute(&mut *connection).await?;
            }
            Ok(())
        })
    }

    fn set_aside(&mut self, refused: &[(EntryId, String)]) -> Result<(), TableFault> {
        let columns = "id, at, tbl, op, key, \"row\", changed, problem, code";
        let sql = format!(
            "WITH gone AS (DELETE FROM {} AS o USING unnest($1::bigint[], $2::bigint[], $3::text[]) AS r (of_id, of_at, code)
             WHERE id = of_id AND of_at IN (0, {AT_MS}) RETURNING o.*, r.code)
             INSERT INTO {} ({columns}) SELECT {columns} FROM gone",
            self.names.outbox(),
            self.names.refused()
        );
        let of = |get: fn(&EntryId) -> i64| refused.iter().map(|(entry, _)| get(entry)).collect::<Vec<i64>>();
        let codes: Vec<&str> = refused.iter().map(|(_, code)| code.as_str()).collect();
        self.session.run(async |connection| {
            let query = sqlx::query(AssertSqlSafe(sql)).bind(of(|entry| entry.id)).bind(of(|entry| entry.at_ms)).bind(codes);
            query.execute(connection).await?;
            Ok(())
        })
    }

    fn chunk(&mut self, want: &ChunkWanted<'_>, token: u64) -> Result<Chunk, TableFault> {
        let (names, known) = (&self.names, self.known.get(want.table).cloned());
        let outcome = self.session.run(async |connection| {
            let stamp = catalog::stamp(connection, want.table).await?;
            let table = match known.filter(|(of, _)| *of == stamp) {
                Some((_, table)) => table,
                None => {
                    let missing = || catalog::unfit(want.table, None, Problem::Missing);
                    catalog::read(connection, want.table).await?.ok_or_else(missing)?
                }
            };
            let chunk = chunk::read(connection, names, &table, want, token).await?;
            Ok((stamp, table, chunk))
        });
        let (stamp, table, chunk) = outcome.inspect_err(|_| self.known.clear())?;
        self.known.insert(want.table.to_owned(), (stamp, table));
        Ok(chunk)
    }

    fn check(&mut self) -> Result<Vec<TableFault>, TableFault> {
        let (names, tables) = (&self.names, &self.tables);
        self.session.run(async |connection| {
            let (tables, mut faults) = catalog::read_all(connection, tables).await?;
            for table in &tables {
                let problems = table_problems(table, &tables);
                let is_fit = problems.is_empty();
                faults.extend(problems);
                faults.extend(rights(connection, &table.shown, &table.sql(), &["SELECT", "UPDATE"]).await?);
                if is_fit {
                    faults.extend(drift(connection, names, table).await?);
                }
            }
            let outbox = (names.outbox_name(), names.outbox(), &["SELECT", "INSERT", "DELETE"][..]);
            for (name, sql, wanted) in [outbox, (names.refused_name(), names.refused(), &["INSERT"])] {
                let shown = format!("{SCHEMA}.{name}");
                if has_table(connection, &name).await? {
                    faults.extend(rights(connection, &shown, &sql, wanted).await?);
                } else {
                    faults.push(catalog::unfit(&shown, None, Problem::NotInstalled(shown.clone())));
                }
            }
            Ok(faults)
        })
    }

    fn cautions(&mut self) -> Result<Vec<Caution>, TableFault> {
        let tables = &self.tables;
        self.session.run(async |connection| {
            let mut cautions: Vec<Caution> = early(connection).await?.into_iter().map(Caution::NotDurable).collect();
            let (tables, _) = catalog::read_all(connection, tables).await?;
            for table in tables {
                let names = sqlx::query_scalar::<_, String>(DEFERRABLE).bind(table.oid).fetch_all(&mut *connection).await?;
                let caution = |constraint| Caution::Deferrable { table: table.shown.clone(), constraint };
                cautions.extend(names.into_iter().map(caution));
            }
            Ok(cautions)
        })
    }
}

/// The foreign keys of a table that may be looked at in the end of a transaction alone.
const DEFERRABLE: &str =
    "SELECT conname::text FROM pg_constraint WHERE conrelid = $1::bigint::oid AND contype = 'f' AND condeferrable ORDER BY 1";

/// The settings with which sessions that set nothing themselves may see commits before they are durable: of the server, the database, an account.
async fn early(connection: &mut PgConnection) -> Result<Vec<String>, Trouble> {
    let sql = "SELECT DISTINCT name || ' = ' || value FROM (
          SELECT name, reset_val AS value FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit')
          UNION ALL SELECT split_part(one, '=', 1), split_part(one, '=', 2) FROM pg_db_role_setting s, unnest(s.setconfig) AS one
            WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
        ) AS settings WHERE name IN ('fsync', 'synchronous_commit') AND value = 'off' ORDER BY 1";
    Ok(sqlx::query_scalar::<_, String>(sql).fetch_all(connection).await?)
}

/// What the account may not do with a table.
pub(super) async fn rights(
    connection: &mut PgConnection,
    shown: &str,
    sql: &str,
    wanted: &[&str],
) -> Result<Vec<TableFault>, Trouble> {
    let mut faults = Vec::new();
    for right in wanted {
        let ask = format!("SELECT has_table_privilege({}, '{right}')", literal(sql));
        if !sqlx::query_scalar::<_, bool>(AssertSqlSafe(ask)).fetch_one(&mut *connection).await? {
            faults.push(catalog::unfit(shown, None, Problem::Right((*right).to_owned())));
        }
    }
    Ok(faults)
}

/// Names triggers that are not there or are switched off, and functions that were made for other columns.
async fn drift(connection: &mut PgConnection, names: &Names, table: &Table) -> Result<Vec<TableFault>, Trouble> {
    let sql = "SELECT p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_class c ON c.oid = t.tgrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_namespace f ON f.oid = p.pronamespace
        WHERE t.tgname = $1 AND n.nspname = $2 AND c.relname = $3 AND p.proname = $4 AND f.nspname = 'dukou' AND t.tgenabled IN ('O', 'A')";
    for function in install::functions(names, table) {
        let (schema, name) = super::split_name(&table.shown);
        let on = if function.event == "row" { vec![(schema.to_owned(), name.to_owned())] } else { table.leaves.clone() };
        for (schema, name) in on {
            let query = sqlx::query_scalar::<_, String>(sql).bind(names.trigger(function.event)).bind(schema).bind(name);
            match query.bind(&function.name).fetch_optional(&mut *connection).await? {
                None => return Ok(vec![table.unfit(None, Problem::NotInstalled(names.trigger(function.event)))]),
                Some(body) if body != function.body => return Ok(vec![table.unfit(None, Problem::Drifted)]),
                Some(_) => {}
            }
        }
    }
    Ok(Vec::new())
}

/// An entry that is brought; `goes_on` where its transaction does behind this read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) id: i64,
    pub(super) goes_on: bool,
}

async fn choose(
    connection: &mut PgConnection,
    names: &Names,
    except: &BTreeSet<i64>,
    limits: ReadLimits,
) -> Result<(Vec<Taken>, Window), Trouble> {
    let mut entries = limits.rows.max(1) + 1;
    loop {
        let (window, heads, is_all) = look(connection, names, except, ReadLimits { rows: entries, ..limits }).await?;
        let Some(last) = heads.last().filter(|_| !is_all) else {
            return Ok((of_one_version(&heads, select(&heads, &HashSet::new(), limits, true)), window));
        };
        let open = open_behind(connection, names, &heads, last.id).await?;
        let taken = of_one_version(&heads, select(&heads, &open, limits, entries / WINDOW_MOST >= limits.rows));
        if !taken.is_empty() {
            return Ok((taken, window));
        }
        entries *= 4;
    }
}

/// Gives the oldest entries, the heads of those that are not on their way, and whether there are no more.
async fn look(
    connection: &mut PgConnection,
    names: &Names,
    except: &BTreeSet<i64>,
    limits: ReadLimits,
) -> Result<(Window, Vec<Head>, bool), Trouble> {
    // Long ranges are left out by the server, which need not look at their rows; the rest is left out here.
    let ids: Vec<EntryId> = except.iter().map(|id| EntryId { id: *id, at_ms: 0 }).collect();
    let long = EntryRange::gather(&ids).into_iter().filter(|range| range.count() >= LONG_RANGE).take(LONG_RANGES_MOST);
    let (mut chosen, mut left_out) = ("true".to_owned(), 0);
    for range in long {
        chosen += &format!(" AND id NOT BETWEEN {} AND {}", range.first, range.last);
        left_out += range.count();
    }
    let others = except.len().saturating_sub(usize::try_from(left_out).unwrap_or(usize::MAX));
    let wanted = limits.rows.saturating_add(others);
    let window = Window::read(connection, names, &chosen, wanted, limits.bytes).await?;
    let mut heads = window.heads()?;
    let is_all = heads.len() < wanted;
    heads.retain(|head| !except.contains(&head.id));
    Ok((window, heads, is_all))
}

/// Gives those transactions of the entries that have more behind them.
async fn open_behind(connection: &mut PgConnection, names: &Names, heads: &[Head], last: i64) -> Result<HashSet<i64>, Trouble> {
    let seen: HashSet<i64> = heads.iter().map(|head| head.tx).collect();
    // One look into the index a transaction, whatever the statistics say: a plan that starts from the entries walks the whole backlog.
    let sql = format!(
        "SELECT t FROM unnest($1::bigint[]) AS t,
         LATERAL (SELECT 1 FROM {} o WHERE o.tx = t AND o.id > $2 ORDER BY o.tx, o.id LIMIT 1) AS later",
        names.outbox()
    );
    let seen: Vec<i64> = seen.into_iter().collect();
    let open = sqlx::query_scalar::<_, i64>(AssertSqlSafe(sql)).bind(seen).bind(last).fetch_all(connection).await?;
    Ok(open.into_iter().collect())
}

/// Chooses what is brought: whole transactions in the order of their last entries; a part of one that alone is longer than the limits, or of the
/// first where `is_last_try`. Nothing where a wider window is wanted.
fn select(heads: &[Head], open: &HashSet<i64>, limits: ReadLimits, is_last_try: bool) -> Vec<Taken> {
    let mut groups: Vec<Vec<Head>> = Vec::new();
    let mut place: HashMap<i64, usize> = HashMap::new();
    for head in heads {
        let at = *place.entry(head.tx).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(at) {
            group.push(*head);
        }
    }
    let is_open = |group: &Vec<Head>| group.first().is_some_and(|head| open.contains(&head.tx));
    let (going_on, mut whole): (Vec<_>, Vec<_>) = groups.into_iter().partition(is_open);
    whole.sort_by_key(|group| group.last().map(|head| head.id));
    let (mut taken, mut left): (Vec<Taken>, ReadLimits) = (Vec::new(), limits);
    for group in &whole {
        if fits(group, left) {
            left = ReadLimits { rows: left.rows - group.len(), bytes: left.bytes - bytes(group) };
            taken.extend(group.iter().map(|head| Taken { id: head.id, goes_on: false }));
        } else {
            return if taken.is_empty() { part(group, limits) } else { taken };
        }
    }
    if taken.is_empty() {
        let longer = going_on.iter().find(|group| !fits(group, limits)).or_else(|| going_on.first().filter(|_| is_last_try));
        return longer.map(|group| open_part(group, limits)).unwrap_or_default();
    }
    taken
}

/// Leaves out what stands at and behind the first structure change, which comes alone: rows of two versions are never in one read. Whoever wrote a table
/// that it concerns before ended before it drew its id, and whoever wrote one since drew a higher one; so whole transactions in the order of their last entries are
/// on the right side of it.
fn of_one_version(heads: &[Head], mut taken: Vec<Taken>) -> Vec<Taken> {
    let places: HashSet<i64> = heads.iter().filter(|head| head.is_structure).map(|head| head.id).collect();
    if let Some(place) = taken.iter().position(|taken| places.contains(&taken.id)) {
        taken.truncate(place.max(1));
    }
    taken
}

fn bytes(group: &[Head]) -> u64 {
    group.iter().fold(0, |sum, head| sum.saturating_add(head.bytes))
}

fn fits(group: &[Head], limits: ReadLimits) -> bool {
    group.len() <= limits.rows && bytes(group) <= limits.bytes
}

/// The first entries of a transaction within the limits, one at least; it goes on unless these are all.
fn part(group: &[Head], limits: ReadLimits) -> Vec<Taken> {
    let mut taken = open_part(group, limits);
    let goes_on = taken.len() < group.len();
    taken.iter_mut().for_each(|taken| taken.goes_on = goes_on);
    taken
}

/// As [`part`], of a transaction that has more than is seen of it.
fn open_part(group: &[Head], limits: ReadLimits) -> Vec<Taken> {
    let mut sum = 0_u64;
    let within = |(at, head): &(usize, &Head)| {
        sum = sum.saturating_add(head.bytes);
        *at == 0 || (*at < limits.rows && sum <= limits.bytes)
    };
    group.iter().enumerate().take_while(within).map(|(_, head)| Taken { id: head.id, goes_on: true }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heads(of: &[(i64, i64)]) -> Vec<Head> {
        of.iter().map(|(id, tx)| Head { id: *id, tx: *tx, bytes: 10, is_structure: false }).collect()
    }

    fn taken(of: &[(i64, i64)], open: &[i64], rows: usize) -> Vec<(i64, bool)> {
        let limits = ReadLimits { rows, bytes: 1000 };
        select(&heads(of), &open.iter().copied().collect(), limits, false)
            .iter()
            .map(|taken| (taken.id, taken.goes_on))
            .collect()
    }

    #[test]
    fn transactions_stand_in_the_order_of_their_last_entries() {
        assert_eq!(taken(&[(1, 8), (2, 7), (3, 8)], &[], 9), [(2, false), (1, false), (3, false)]);
        assert_eq!(taken(&[(1, 8), (2, 7), (3, 9)], &[8], 9), [(2, false), (3, false)]);
        assert_eq!(taken(&[(1, 8), (2, 7), (3, 8)], &[], 2), [(2, false)]);
    }

    #[test]
    fn a_structure_change_comes_alone_and_nothing_behind_it_with_what_is_before_it() {
        let head = |id, is_structure| Head { id, tx: id, bytes: 10, is_structure };
        let ids = |heads: &[Head]| {
            let limits = ReadLimits { rows: 9, bytes: 1000 };
            let taken = of_one_version(heads, select(heads, &HashSet::new(), limits, true));
            taken.iter().map(|taken| taken.id).collect::<Vec<_>>()
        };
        assert_eq!(ids(&[head(1, false), head(2, true), head(3, false)]), [1]);
        assert_eq!(ids(&[head(2, true), head(3, false)]), [2]);
        assert_eq!(ids(&[head(2, true), head(3, true)]), [2]);
        assert_eq!(ids(&[head(3, false)]), [3]);
    }

    #[test]
    fn only_what_is_longer_than_the_limit_goes_in_parts() {
        assert_eq!(taken(&[(1, 7), (2, 7), (3, 7)], &[], 2), [(1, true), (2, true)]);
        assert_eq!(taken(&[(1, 7), (2, 7), (3, 7)], &[7], 2), [(1, true), (2, true)]);
        assert_eq!(taken(&[(1, 7), (2, 8), (3, 7)], &[7, 8], 2), [], "a wider window is wanted");
        let wide = ReadLimits { rows: 1, bytes: 1 };
        let one = select(&heads(&[(1, 7)]), &HashSet::new(), wide, true);
        assert_eq!(one, [Taken { id: 1, goes_on: false }], "an entry above every limit goes alone");
    }
}
