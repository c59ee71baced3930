//! A structure change in a MariaDB database, where each statement that changes a structure commits by itself.
//!
//! Given: a change that was approved. Gives: its steps one by one, each with its number committed before it; then the triggers of the next version, the places in the
//! affected outboxes or the marks at their markers with the row's `marked` in one transaction. After a crash, of either side: the row in `dukou_schema` names the step, its check
//! tells whether it took effect, and [`make`](Restructurer::make) goes on there or [`take_back`](Restructurer::take_back) walks back from there. Never: an
//! application's write of an affected table between two versions (`restructure/door.rs`); a way back once a place stands in an outbox.
//!
//! `LOCK TABLES` is held while the door is closed and no longer: under it no table can be made and none be named twice in a statement, and a lost connection frees it anyway. A
//! named lock of the server keeps two sessions from changing one database at once, also where the statement of a client that is gone still runs.

mod door;
mod row;

use self::row::Row;
use super::catalog::{self, Table};
use super::session::{Server, Session, Trouble, meaning, text_at};
use super::sink::{self, OWN, STRUCTURE};
use super::source::{fit_tables, ours, statements};
use super::{ident, literal, triggers};
use crate::connectors::tables::restructure::steps::{self, Hand};
use crate::connectors::tables::restructure::{LeavingEnd, Rehearsal, Restructure, RestructureFault, Restructurer, Standing};
use crate::connectors::tables::{Problem, TableFault};
use crate::schema::plan::Cost;
use crate::store::Direction;
use dukou_packets::suite::Digest;
use sqlx::{AssertSqlSafe, MySqlConnection};
use std::time::Duration;

/// How long a change may take before the server counts as gone: a table of tens of millions of rows is written anew.
const PATIENCE: Duration = Duration::from_secs(12 * 3600);

/// What its session asks beyond the others': five seconds for every lock, no end for a rebuild, and the word that the door knows it by.
const SETTINGS: &str = "SET SESSION lock_wait_timeout = 5, max_statement_time = 0; SET @dukou_restructures = 1";

/// The lock of the server under which a database's structure is changed.
const OWN_LOCK: &str = "SELECT GET_LOCK(CONCAT('dukou_schema ', LEFT(SHA2(DATABASE(), 256), 40)), 5)";

/// Changes the structure of a database.
pub struct MysqlRestructurer {
    session: Session,
}

impl MysqlRestructurer {
    /// Makes one; nothing is asked of the server yet. The password is where it is not in the URL.
    pub fn new(url: &str, password: Option<&str>) -> Self {
        Self { session: Session::patient(url, password, PATIENCE) }
    }

    /// Does some work in a connection of its own, whose locks end with it.
    fn within<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut Held<'_>) -> Result<T, RestructureFault>,
    ) -> Result<T, RestructureFault> {
        let (place, mut stopped) = (self.session.place().to_owned(), None);
        let done = self.session.run(async |connection, server| {
            let done = work(&mut Held { connection, server, place: &place }).await;
            done.map_err(|fault| match fault {
                RestructureFault::Table(fault) => Trouble::Fault(fault),
                fault => {
                    let words = fault.to_string();
                    stopped = Some(fault);
                    // What is told is the fault itself; this one ends the work.
                    Trouble::Fault(TableFault::Denied { place: place.clone(), words })
                }
            })
        });
        self.session.part();
        match stopped {
            Some(fault) => Err(fault),
            None => Ok(done?),
        }
    }
}

impl Restructurer for MysqlRestructurer {
    fn standing(&mut self, document: &Digest, direction: Direction) -> Result<Standing, TableFault> {
        self.session.run(async |connection, _| row::standing(connection, document, direction).await)
    }

    fn make(&mut self, order: &Restructure<'_>) -> Result<(), RestructureFault> {
        self.within(async |held| make(held, order).await)
    }

    fn rehearse(&mut self, order: &Restructure<'_>) -> Result<Rehearsal, RestructureFault> {
        if self.standing(&order.document, order.direction())? == Standing::Done {
            return Ok(Rehearsal::Asked);
        }
        let asked = self.within(async |held| {
            // A query may call a function that writes.
            held.say("START TRANSACTION READ ONLY".to_owned()).await?;
            steps::ask_ahead(held, order.plan).await
        });
        asked.map(|()| Rehearsal::Asked)
    }

    fn take_back(&mut self, order: &Restructure<'_>) -> Result<(), RestructureFault> {
        self.within(async |held| take_back(held, order).await)
    }
}

/// The connection that changes the structure.
struct Held<'a> {
    connection: &'a mut MySqlConnection,
    server: &'a Server,
    place: &'a str,
}

impl Hand for Held<'_> {
    async fn run(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *self.connection).await.map(drop)
    }

    async fn ask(&mut self, query: &str) -> Result<String, sqlx::Error> {
        let row = sqlx::raw_sql(AssertSqlSafe(query)).fetch_one(&mut *self.connection).await?;
        Ok(text_at(&row, 0)?.unwrap_or_default())
    }

    fn meaning(&self, error: sqlx::Error) -> TableFault {
        meaning(self.place, &error)
    }
}

impl Held<'_> {
    /// Does some work of the connector's own.
    async fn own<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut MySqlConnection, &Server) -> Result<T, Trouble>,
    ) -> Result<T, RestructureFault> {
        work(self.connection, self.server).await.map_err(|trouble| match trouble {
            Trouble::Fault(fault) => fault.into(),
            Trouble::Sql(error) => meaning(self.place, &error).into(),
        })
    }

    /// Runs a statement of the connector's own.
    async fn say(&mut self, sql: String) -> Result<(), RestructureFault> {
        self.run(&sql).await.map_err(|error| meaning(self.place, &error).into())
    }

    /// Sets the session up, and waits until nobody else changes this database.
    async fn prepare(&mut self) -> Result<(), RestructureFault> {
        self.say(SETTINGS.to_owned()).await?;
        let got = self.ask(OWN_LOCK).await.map_err(|error| meaning(self.place, &error))?;
        if got == "1" {
            return Ok(());
        }
        let words = "another session changes the structure of this database".to_owned();
        Err(TableFault::Busy { place: self.place.to_owned(), words }.into())
    }
}

async fn make(held: &mut Held<'_>, order: &Restructure<'_>) -> Result<(), RestructureFault> {
    held.prepare().await?;
    held.own(async |conn, _| sink::make(conn, &[STRUCTURE]).await).await?;
    let known = Row::read(held, order).await?;
    if known.as_ref().is_some_and(|row| row.is_done) {
        return Ok(());
    }
    let affected = affected(held, order).await?;
    let is_fresh = known.is_none();
    let mut row = match known {
        Some(row) => {
            door::close(held, order, &affected, false).await?;
            row
        }
        None => begin(held, order, &affected).await?,
    };
    if is_fresh && let Err(fault) = steps::ask_ahead(held, order.plan).await {
        door::open(held, order, &affected).await?;
        row.delete(held).await?;
        return Err(fault);
    }
    if !row.is_marked {
        without_triggers(held, order, &affected).await?;
        take_steps(held, order, &mut row).await?;
        with_triggers(held, order).await?;
        mark(held, order, &mut row).await?;
    }
    door::open(held, order, &affected).await?;
    row.set_done(held).await
}

/// Looks whether the change may begin, and begins it: its row, and the door.
async fn begin(held: &mut Held<'_>, order: &Restructure<'_>, affected: &[Table]) -> Result<Row, RestructureFault> {
    if !order.coming().is_empty() {
        held.own(async |conn, _| sink::make(conn, &OWN).await).await?;
    }
    for (channel, marker) in order.coming() {
        let known = held.own(async |conn, _| sink::read_mark(conn, channel, false).await).await?;
        steps::must_move(held.place, channel, known, marker)?;
    }
    for LeavingEnd { channel, .. } in order.leaving() {
        let outbox = triggers::outbox_name(channel);
        let there = format!(
            "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = {}",
            literal(&outbox)
        );
        if held.ask(&there).await.map_err(|error| meaning(held.place, &error))? == "0" {
            let problem = Problem::NotInstalled(outbox.clone());
            return Err(TableFault::Unfit { table: outbox, column: None, problem }.into());
        }
    }
    door::close(held, order, affected, true).await?;
    Ok(Row::new(order))
}

/// Reads the affected tables that are there; a new one is not.
async fn affected(held: &mut Held<'_>, order: &Restructure<'_>) -> Result<Vec<Table>, RestructureFault> {
    let mut tables = Vec::new();
    for name in order.plan.tables() {
        let read = held.own(async |conn, server| catalog::table(conn, server, name).await).await?;
        match read {
            Ok(table) => tables.push(table),
            Err(TableFault::Unfit { problem: Problem::Missing, .. }) => {}
            Err(fault) => return Err(fault.into()),
        }
    }
    Ok(tables)
}

/// Takes the triggers of the version before away: what the steps write into a dictionary is part of the change, which the other side makes for itself.
async fn without_triggers(held: &mut Held<'_>, order: &Restructure<'_>, affected: &[Table]) -> Result<(), RestructureFault> {
    for end in order.leaving() {
        let outbox = triggers::outbox_name(&end.channel);
        let there = held.own(async |conn, server| ours(conn, server, &outbox).await).await?;
        for (schema, name, of) in there {
            if affected.iter().any(|table| table.schema == schema && table.name == of) {
                held.say(format!("DROP TRIGGER IF EXISTS {}.{}", ident(&schema), ident(&name))).await?;
            }
        }
    }
    Ok(())
}

/// Takes the steps from where the row stands. That a step was done before the change came to it is written down: it is never taken back.
async fn take_steps(held: &mut Held<'_>, order: &Restructure<'_>, row: &mut Row) -> Result<(), RestructureFault> {
    let from = row.step;
    for of in steps::numbered(order.plan).filter(|of| i64::from(of.number) >= from) {
        let is_done = steps::is_done(held, of).await?;
        if row.step < i64::from(of.number) {
            row.arrive(held, of.number, is_done).await?;
        }
        if !is_done {
            steps::take(held, of).await?;
        }
    }
    row.arrive(held, steps::count(order.plan), false).await
}

/// Makes the triggers for the tables as they are now.
async fn with_triggers(held: &mut Held<'_>, order: &Restructure<'_>) -> Result<(), RestructureFault> {
    for end in order.leaving() {
        let outbox = triggers::outbox_name(&end.channel);
        let made = async |conn: &mut MySqlConnection, server: &Server| {
            let tables = fit_tables(conn, server, &end.tables).await?;
            statements(conn, server, &outbox, &tables).await
        };
        for (_, sql) in held.own(made).await? {
            held.say(sql).await?;
        }
    }
    Ok(())
}

/// The places in the outboxes, or the marks at their markers, in one transaction with the row. From here there is no way back.
async fn mark(held: &mut Held<'_>, order: &Restructure<'_>, row: &mut Row) -> Result<(), RestructureFault> {
    held.say("START TRANSACTION".to_owned()).await?;
    for end in order.leaving() {
        let outbox = triggers::outbox_sql(&triggers::outbox_name(&end.channel), held.server);
        held.say(triggers::structure(&outbox, &order.document)).await?;
    }
    for (channel, marker) in order.coming() {
        let known = held.own(async |conn, _| sink::read_mark(conn, channel, true).await).await?;
        if steps::must_move(held.place, channel, known, marker)? {
            held.say(sink::mark_sql(channel, marker)).await?;
        }
    }
    row.set_marked(held).await?;
    held.say("COMMIT".to_owned()).await
}

async fn take_back(held: &mut Held<'_>, order: &Restructure<'_>) -> Result<(), RestructureFault> {
    held.prepare().await?;
    held.own(async |conn, _| sink::make(conn, &[STRUCTURE]).await).await?;
    let Some(mut row) = Row::read(held, order).await? else { return Ok(()) };
    if row.is_marked {
        let words = "its places stand in the outboxes, or its marks at their markers: it goes on and not back".to_owned();
        return Err(TableFault::Denied { place: held.place.to_owned(), words }.into());
    }
    let before = affected(held, order).await?;
    door::close(held, order, &before, false).await?;
    without_triggers(held, order, &before).await?;
    let from = row.step;
    for of in steps::numbered(order.plan).rev().filter(|of| i64::from(of.number) <= from) {
        row.go_back_to(held, of.number).await?;
        // Rows may have been written in part, and their way back is the same whether or not they were.
        let is_begun = matches!(of.step.cost, Cost::Rows(_)) || steps::is_done(held, of).await?;
        if is_begun && !row.has_passed(of.number) && !of.step.statements.is_empty() {
            steps::take_back(held, of).await?;
        }
    }
    with_triggers(held, order).await?;
    let tables = affected(held, order).await?;
    door::open(held, order, &tables).await?;
    row.delete(held).await
}
