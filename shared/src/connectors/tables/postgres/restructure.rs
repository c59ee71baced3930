//! A structure change in a PostgreSQL database.
//!
//! Given: a change that was approved. Gives: its steps, the triggers of the next version with a place in each affected outbox, or the marks at their markers, and
//! its row in `dukou.dukou_schema`: one transaction. After a crash, of either side: wholly old or wholly new, and the row tells which. Never: a place in an outbox with
//! a row of the other version on the wrong side of it.
//!
//! The places' ids are drawn when all affected tables are held. Whoever wrote one of them before has ended when the lock is given, so its ids are lower; whoever writes one
//! later draws higher ones. What the steps themselves write into a dictionary is part of the change, which the other side makes for itself: the triggers
//! of the version before are gone by then.

use super::catalog::{self, Table};
use super::connection::{Place, Session, meaning, run_sql};
use super::install::{self, Names};
use super::source::{has_table, table_problems};
use super::{SCHEMA, Trouble, own_tables, split_name};
use crate::connectors::tables::restructure::steps::{self, Hand};
use crate::connectors::tables::restructure::{
    LeavingEnd, Rehearsal, Restructure, RestructureFault, Restructurer, Standing, noted,
};
use crate::connectors::tables::{Mark, Problem, TableFault};
use crate::store::Direction;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::suite::Digest;
use sqlx::{AssertSqlSafe, PgConnection, Row};
use std::collections::BTreeSet;
use std::time::Duration;

/// How long a change may take before the server counts as gone: a table of tens of millions of rows is written anew.
const PATIENCE: Duration = Duration::from_secs(12 * 3600);

/// How it begins. A table that the plan names without a schema is one of `public`, a new one too.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = 0;
SET LOCAL search_path = public, pg_temp";

/// Changes the structure of a database.
pub struct PostgresRestructurer {
    session: Session,
}

impl PostgresRestructurer {
    /// Makes one; nothing is asked of the server yet. The password is where it is not in the URL.
    pub fn new(url: &str, password: Option<&str>) -> Self {
        Self { session: Session::patient(Place::of(url, password), PATIENCE) }
    }

    /// Makes a change in a transaction, and keeps it or takes it back.
    fn transact(&mut self, order: &Restructure<'_>, keeps: bool) -> Result<(), RestructureFault> {
        let (place, mut stopped) = (self.session.place().clone(), None);
        let done = self.session.run(async |connection| {
            let done = transact(connection, &place, order, keeps).await;
            done.map_err(|fault| match fault {
                RestructureFault::Table(fault) => Trouble::Fault(fault),
                fault => {
                    let words = fault.to_string();
                    stopped = Some(fault);
                    // What is told is the fault itself; this one has the transaction rolled back.
                    Trouble::Fault(TableFault::Denied { place: place.to_string(), words })
                }
            })
        });
        match stopped {
            Some(fault) => Err(fault),
            None => Ok(done?),
        }
    }
}

impl Restructurer for PostgresRestructurer {
    fn standing(&mut self, document: &Digest, direction: Direction) -> Result<Standing, TableFault> {
        self.session.run(async |connection| {
            if !has_table(connection, own_tables::STRUCTURE.0).await? {
                return Ok(Standing::Old);
            }
            // A transaction whose COMMIT was cut off may still be at it: it is waited for.
            run_sql(connection, "BEGIN; LOCK TABLE dukou.dukou_schema IN SHARE MODE").await?;
            let sql = "SELECT count(*) FROM dukou.dukou_schema WHERE document = $1 AND direction = $2";
            let query = sqlx::query_scalar(sql).bind(document.to_string()).bind(noted(direction));
            let done: i64 = query.fetch_one(&mut *connection).await?;
            run_sql(connection, "COMMIT").await?;
            Ok(if done > 0 { Standing::Done } else { Standing::Old })
        })
    }

    fn make(&mut self, order: &Restructure<'_>) -> Result<(), RestructureFault> {
        self.transact(order, true)
    }

    fn rehearse(&mut self, order: &Restructure<'_>) -> Result<Rehearsal, RestructureFault> {
        self.transact(order, false).map(|()| Rehearsal::Whole)
    }
}

/// A session within the transaction.
struct Held<'a> {
    connection: &'a mut PgConnection,
    place: &'a Place,
}

impl Hand for Held<'_> {
    async fn run(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *self.connection).await.map(drop)
    }

    async fn ask(&mut self, query: &str) -> Result<String, sqlx::Error> {
        let row = sqlx::raw_sql(AssertSqlSafe(query)).fetch_one(&mut *self.connection).await?;
        Ok(row.try_get_unchecked::<Option<String>, _>(0)?.unwrap_or_default())
    }

    fn meaning(&self, error: sqlx::Error) -> TableFault {
        meaning(self.place, Trouble::Sql(error))
    }
}

impl Held<'_> {
    /// Does some work of the connector's own.
    async fn own<T>(&mut self, work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, Trouble>) -> Result<T, RestructureFault> {
        work(self.connection).await.map_err(|trouble| meaning(self.place, trouble).into())
    }
}

async fn transact(
    connection: &mut PgConnection,
    place: &Place,
    order: &Restructure<'_>,
    keeps: bool,
) -> Result<(), RestructureFault> {
    let mut held = Held { connection, place };
    if keeps {
        held.own(own_tables::make_structure).await?;
    }
    if !held.own(async |connection| begin(connection, order).await).await? {
        held.own(async |connection| run_sql(connection, "ROLLBACK").await).await?;
        return Ok(());
    }
    let affected: BTreeSet<(&str, &str)> = order.plan.tables().into_iter().map(split_name).collect();
    for (channel, mark) in order.coming() {
        held.own(async |connection| hold(connection, place, channel, mark).await).await?;
    }
    held.own(async |connection| lock(connection, &affected).await).await?;
    for end in order.leaving() {
        held.own(async |connection| without_triggers(connection, end, &affected).await).await?;
    }
    for of in steps::numbered(order.plan) {
        if !steps::is_done(&mut held, of).await? {
            steps::take(&mut held, of).await?;
        }
    }
    held.own(async |connection| end(connection, order, &affected).await).await?;
    let last = if keeps { "COMMIT" } else { "ROLLBACK" };
    held.own(async |connection| run_sql(connection, last).await.map(drop)).await
}

/// Begins the transaction; false where the change is done. No other change goes on beside it.
async fn begin(connection: &mut PgConnection, order: &Restructure<'_>) -> Result<bool, Trouble> {
    run_sql(connection, BEGIN).await?;
    own_tables::make_structure(connection).await?;
    if !order.coming().is_empty() {
        own_tables::make_within(connection).await?;
    }
    run_sql(connection, "LOCK TABLE dukou.dukou_schema IN SHARE ROW EXCLUSIVE MODE").await?;
    let sql = "SELECT count(*) FROM dukou.dukou_schema WHERE document = $1 AND direction = $2";
    let query = sqlx::query_scalar::<_, i64>(sql).bind(order.document.to_string()).bind(noted(order.direction()));
    Ok(query.fetch_one(connection).await? == 0)
}

/// Holds a channel's mark and looks whether it may go to its marker.
async fn hold(connection: &mut PgConnection, place: &Place, channel: &ChannelName, marker: &Mark) -> Result<(), Trouble> {
    let known = own_tables::hold_mark(connection, channel).await?;
    if steps::must_move(&place.to_string(), channel, known, marker)? {
        own_tables::set_mark(connection, channel, marker).await?;
    }
    Ok(())
}

/// Holds the affected tables that are there, in the order of their names.
async fn lock(connection: &mut PgConnection, affected: &BTreeSet<(&str, &str)>) -> Result<(), Trouble> {
    for (schema, name) in affected {
        let table = format!("{}.{}", super::ident(schema), super::ident(name));
        let sql = "SELECT to_regclass($1) IS NOT NULL";
        if sqlx::query_scalar::<_, bool>(sql).bind(&table).fetch_one(&mut *connection).await? {
            run_sql(connection, format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")).await?;
        }
    }
    Ok(())
}

/// Reads the affected tables of a channel's end.
async fn tables_of(
    connection: &mut PgConnection,
    end: &LeavingEnd,
    affected: &BTreeSet<(&str, &str)>,
) -> Result<(Vec<Table>, Vec<TableFault>), Trouble> {
    let (tables, mut faults) = catalog::read_all(connection, &end.tables).await?;
    faults.extend(tables.iter().flat_map(|table| table_problems(table, &tables)));
    Ok((tables.into_iter().filter(|table| affected.contains(&split_name(&table.shown))).collect(), faults))
}

/// Takes the triggers of the version before away.
async fn without_triggers(
    connection: &mut PgConnection,
    end: &LeavingEnd,
    affected: &BTreeSet<(&str, &str)>,
) -> Result<(), Trouble> {
    let names = Names::of(&end.channel);
    if !has_table(connection, &names.outbox_name()).await? {
        let shown = format!("{SCHEMA}.{}", names.outbox_name());
        return Err(catalog::unfit(&shown, None, Problem::NotInstalled(shown.clone())).into());
    }
    let (tables, _) = tables_of(connection, end, affected).await?;
    let sql: String = tables.iter().map(|table| install::without_triggers(&names, table)).collect();
    run_sql(connection, sql).await.map(drop)
}

/// What becomes true with the steps: the triggers of the next version, the places in the outboxes, the row.
async fn end(connection: &mut PgConnection, order: &Restructure<'_>, affected: &BTreeSet<(&str, &str)>) -> Result<(), Trouble> {
    for end in order.leaving() {
        let (tables, faults) = tables_of(connection, end, affected).await?;
        if let Some(fault) = faults.into_iter().next() {
            return Err(fault.into());
        }
        let names = Names::of(&end.channel);
        let triggers: String = tables.iter().map(|table| install::table(&names, table)).collect();
        run_sql(connection, triggers + &install::structure(&names, &order.document)).await?;
    }
    let sql =
        "INSERT INTO dukou.dukou_schema (document, direction, structure, version, plan, step) VALUES ($1, $2, $3, $4, $5, $6)";
    let (version, step) = (i64::from(order.plan.versions.1), i64::from(steps::count(order.plan)));
    let query = sqlx::query(sql).bind(order.document.to_string()).bind(noted(order.direction())).bind(&order.plan.structure);
    query.bind(version).bind(order.plan.digest().to_string()).bind(step).execute(connection).await?;
    Ok(())
}
