//! A structure change in a SQLite file.
//!
//! Given: a change that was approved. Gives: its steps, triggers and outbox of the next version with a place in each affected outbox, or the marks at their markers,
//! and its row in `dukou_schema`: one transaction that holds the whole file. After a crash: SQLite's journal brings the file back to before or after it, and the row tells
//! which. Never: a row whose parent the change took away; a table made anew that had more than the structure says.
//!
//! Foreign keys are off, since a table that is made anew is dropped in between, and triggers are ours alone to drop: what else stands on a table is kept by SQLite, or the
//! plan's conditions refuse it.

use super::sink::{NOW, OWN, STRUCTURE, read_mark, set_mark};
use super::source::{fit_tables, our_triggers, statements};
use super::triggers::{self, Names};
use super::{Session, Trouble, catalog, ident, meaning, place_of};
use crate::connectors::tables::restructure::steps::{self, Hand};
use crate::connectors::tables::restructure::{
    Rehearsal, Restructure, RestructureFault, Restructurer, Standing, StepFault, noted,
};
use crate::connectors::tables::{Problem, TableFault};
use crate::store::Direction;
use dukou_packets::suite::Digest;
use sqlx::{AssertSqlSafe, Row, SqliteConnection};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Changes the structure of a file.
pub struct SqliteRestructurer {
    session: Session,
}

impl SqliteRestructurer {
    /// Makes one; the file is opened at the first call.
    pub fn new(path: &Path) -> Self {
        Self { session: Session::new(path, &[("foreign_keys", "OFF")]) }
    }

    /// Makes a change in a transaction, and keeps it or takes it back.
    fn transact(&mut self, order: &Restructure<'_>, keeps: bool) -> Result<(), RestructureFault> {
        let (path, mut stopped) = (self.session.path.clone(), None);
        let done = self.session.run(async |connection| {
            let done = transact(connection, &path, order, keeps).await;
            done.map_err(|fault| match fault {
                RestructureFault::Table(fault) => Trouble::Fault(fault),
                fault => {
                    let words = fault.to_string();
                    stopped = Some(fault);
                    // What is told is the fault itself; this one has the transaction rolled back.
                    Trouble::Fault(TableFault::Denied { place: place_of(&path), words })
                }
            })
        });
        match stopped {
            Some(fault) => Err(fault),
            None => Ok(done?),
        }
    }
}

impl Restructurer for SqliteRestructurer {
    fn standing(&mut self, document: &Digest, direction: Direction) -> Result<Standing, TableFault> {
        self.session.run(async |connection| {
            let there = "SELECT 1 FROM main.sqlite_master WHERE name = 'dukou_schema'";
            if sqlx::query(there).fetch_optional(&mut *connection).await?.is_none() {
                return Ok(Standing::Old);
            }
            let sql = "SELECT 1 FROM dukou_schema WHERE document = ? AND direction = ?";
            let query = sqlx::query(sql).bind(document.to_string()).bind(noted(direction));
            let row = query.fetch_optional(connection).await?;
            Ok(row.map_or(Standing::Old, |_| Standing::Done))
        })
    }

    fn make(&mut self, order: &Restructure<'_>) -> Result<(), RestructureFault> {
        self.transact(order, true)
    }

    fn rehearse(&mut self, order: &Restructure<'_>) -> Result<Rehearsal, RestructureFault> {
        self.transact(order, false).map(|()| Rehearsal::Whole)
    }
}

/// The file within the transaction.
struct Held<'a> {
    connection: &'a mut SqliteConnection,
    path: PathBuf,
}

impl Hand for Held<'_> {
    async fn run(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *self.connection).await.map(drop)
    }

    async fn ask(&mut self, query: &str) -> Result<String, sqlx::Error> {
        let row = sqlx::raw_sql(AssertSqlSafe(query)).fetch_one(&mut *self.connection).await?;
        let number: Result<i64, _> = row.try_get(0);
        Ok(match number {
            Ok(number) => number.to_string(),
            Err(_) => row.try_get_unchecked::<Option<String>, _>(0)?.unwrap_or_default(),
        })
    }

    fn meaning(&self, error: sqlx::Error) -> TableFault {
        meaning(&self.path, &error)
    }
}

impl Held<'_> {
    /// Does some work of the connector's own.
    async fn own<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, Trouble>,
    ) -> Result<T, RestructureFault> {
        work(self.connection).await.map_err(|trouble| match trouble {
            Trouble::Fault(fault) => fault.into(),
            Trouble::Sql(error) => meaning(&self.path, &error).into(),
        })
    }
}

async fn transact(
    connection: &mut SqliteConnection,
    path: &Path,
    order: &Restructure<'_>,
    keeps: bool,
) -> Result<(), RestructureFault> {
    let mut held = Held { connection, path: path.to_owned() };
    if !held.own(async |conn| begin(conn, order).await).await? {
        return held.own(async |conn| run(conn, "ROLLBACK").await).await;
    }
    let before = held.own(async |conn| orphans(conn).await).await?;
    held.own(async |conn| move_marks(conn, path, order).await).await?;
    held.own(async |conn| without_triggers(conn, order).await).await?;
    for of in steps::numbered(order.plan) {
        if !steps::is_done(&mut held, of).await? {
            steps::take(&mut held, of).await?;
        }
    }
    let after = held.own(async |conn| orphans(conn).await).await?;
    if let Some(of) = after.iter().find(|(of, count)| before.get(*of).is_none_or(|had| had < count)) {
        return Err(orphaned(order, of));
    }
    held.own(async |conn| end(conn, order).await).await?;
    held.own(async |conn| run(conn, if keeps { "COMMIT" } else { "ROLLBACK" }).await).await
}

async fn run(conn: &mut SqliteConnection, sql: &str) -> Result<(), Trouble> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn).await?;
    Ok(())
}

/// Begins the transaction; false where the change is done.
async fn begin(conn: &mut SqliteConnection, order: &Restructure<'_>) -> Result<bool, Trouble> {
    run(conn, "BEGIN EXCLUSIVE").await?;
    run(conn, STRUCTURE).await?;
    let sql = "SELECT 1 FROM dukou_schema WHERE document = ? AND direction = ?";
    let query = sqlx::query(sql).bind(order.document.to_string()).bind(noted(order.direction()));
    Ok(query.fetch_optional(conn).await?.is_none())
}

/// How many rows of which table have no parent in which other, whatever the application keeps.
async fn orphans(conn: &mut SqliteConnection) -> Result<BTreeMap<(String, String), u64>, Trouble> {
    let mut found = BTreeMap::new();
    for row in sqlx::query("PRAGMA foreign_key_check").fetch_all(conn).await? {
        *found.entry((row.try_get_unchecked(0)?, row.try_get_unchecked(2)?)).or_default() += 1;
    }
    Ok(found)
}

fn orphaned(order: &Restructure<'_>, ((child, parent), count): (&(String, String), &u64)) -> RestructureFault {
    let step = steps::count(order.plan).saturating_sub(1);
    let line = order.plan.steps.last().map_or(0, |step| step.line);
    let words = format!("foreign_key_check: {child} → {parent}: {count}");
    RestructureFault::Step { step, line, why: StepFault::Refused { words } }
}

/// Moves each channel's mark to its marker.
async fn move_marks(conn: &mut SqliteConnection, path: &Path, order: &Restructure<'_>) -> Result<(), Trouble> {
    for sql in OWN.iter().filter(|_| !order.coming().is_empty()) {
        run(conn, sql).await?;
    }
    for (channel, marker) in order.coming() {
        let known = read_mark(conn, channel).await?;
        if steps::must_move(&place_of(path), channel, known, marker)? {
            set_mark(conn, channel, marker).await?;
        }
    }
    Ok(())
}

/// Takes the triggers of the version before away.
async fn without_triggers(conn: &mut SqliteConnection, order: &Restructure<'_>) -> Result<(), Trouble> {
    for end in order.leaving() {
        let names = Names::of(&end.channel);
        if catalog::made_by(conn, &names.outbox).await?.is_none() {
            let problem = Problem::NotInstalled(names.outbox.clone());
            return Err(TableFault::Unfit { table: names.outbox, column: None, problem }.into());
        }
        for trigger in our_triggers(conn, &names).await? {
            run(conn, &format!("DROP TRIGGER {}", ident(&trigger))).await?;
        }
    }
    Ok(())
}

/// What becomes true with the steps: the triggers of the next version, the places in the outboxes, the row.
async fn end(conn: &mut SqliteConnection, order: &Restructure<'_>) -> Result<(), Trouble> {
    for end in order.leaving() {
        let names = Names::of(&end.channel);
        let tables = fit_tables(conn, &end.tables).await?;
        for sql in statements(conn, &names, &tables).await? {
            run(conn, &sql).await?;
        }
        run(conn, &triggers::structure(&names, &order.document)).await?;
    }
    let sql = format!(
        "INSERT INTO dukou_schema (document, direction, structure, version, plan, step, done_at) VALUES (?, ?, ?, ?, ?, ?, {NOW})"
    );
    let query = sqlx::query(AssertSqlSafe(sql)).bind(order.document.to_string()).bind(noted(order.direction()));
    let query = query.bind(order.plan.structure.as_str()).bind(order.plan.versions.1);
    query.bind(order.plan.digest().to_string()).bind(steps::count(order.plan)).execute(conn).await?;
    Ok(())
}
