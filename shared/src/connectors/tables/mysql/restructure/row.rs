//! A change's row in `dukou_schema`.
//!
//! Given: a change. Gives: how far it is, as it was committed before each step. Never: a row of one change taken for another's: document, direction and plan
//! have to be the same.

use super::Held;
use crate::connectors::tables::TableFault;
use crate::connectors::tables::mysql::catalog;
use crate::connectors::tables::mysql::session::{Trouble, meaning, text_at};
use crate::connectors::tables::mysql::sink::STRUCTURE;
use crate::connectors::tables::restructure::{Restructure, RestructureFault, Standing, noted};
use crate::store::Direction;
use dukou_packets::suite::Digest;
use sqlx::MySqlConnection;

/// How far a change is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Which row.
    of: String,
    /// The step that it came to; −1 before the first.
    pub(super) step: i64,
    /// The steps that were done before it came to them.
    passed: Vec<u32>,
    /// All that belongs to it is there.
    pub(super) is_marked: bool,
    /// Nothing refuses writes any more.
    pub(super) is_done: bool,
}

/// Tells how far a change is at the ends of one direction.
pub(super) async fn standing(conn: &mut MySqlConnection, document: &Digest, direction: Direction) -> Result<Standing, Trouble> {
    let there =
        format!("SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = '{}'", STRUCTURE.0);
    if catalog::rows(conn, there).await?.is_empty() {
        return Ok(Standing::Old);
    }
    let sql = format!("SELECT step, done_at IS NULL FROM dukou_schema WHERE {}", of(document, direction));
    let rows = catalog::rows(conn, sql).await?;
    let Some(row) = rows.first() else { return Ok(Standing::Old) };
    let number = |at| Ok::<i64, sqlx::Error>(text_at(row, at)?.and_then(|text| text.parse().ok()).unwrap_or_default());
    Ok(match number(1)? {
        0 => Standing::Done,
        _ => Standing::AtStep(u32::try_from(number(0)?).unwrap_or(0)),
    })
}

/// The condition that selects a change's row.
fn of(document: &Digest, direction: Direction) -> String {
    format!("document = '{document}' AND direction = '{}'", noted(direction))
}

fn of_order(order: &Restructure<'_>) -> String {
    of(&order.document, order.direction())
}

impl Row {
    /// A change that begins.
    pub(super) fn new(order: &Restructure<'_>) -> Self {
        Self { of: of_order(order), step: -1, passed: Vec::new(), is_marked: false, is_done: false }
    }

    /// The statement that writes it.
    pub(super) fn insert_sql(order: &Restructure<'_>) -> String {
        format!(
            "INSERT INTO dukou_schema (document, direction, structure, version, plan, step, passed, marked, begun_at)
             VALUES ('{}', '{}', {}, {}, '{}', -1, '', 0, UTC_TIMESTAMP(3))",
            order.document,
            noted(order.direction()),
            crate::connectors::tables::mysql::literal(&order.plan.structure),
            order.plan.versions.1,
            order.plan.digest(),
        )
    }

    /// Reads it; `None` where the change was not begun.
    ///
    /// # Errors
    /// [`RestructureFault::Another`] where another change, or this one by another plan, was begun and is not done.
    pub(super) async fn read(held: &mut Held<'_>, order: &Restructure<'_>) -> Result<Option<Self>, RestructureFault> {
        let sql = format!(
            "SELECT step, passed, marked, done_at IS NOT NULL, plan, {} FROM dukou_schema WHERE done_at IS NULL OR {0}",
            of_order(order)
        );
        let rows = held.own(async |conn, _| catalog::rows(conn, sql).await).await?;
        let mut found = None;
        for row in &rows {
            let text = |at| {
                let read: Result<Option<String>, TableFault> = text_at(row, at).map_err(|error| meaning(held.place, &error));
                read.map(Option::unwrap_or_default)
            };
            let (is_own, is_done) = (text(5)? == "1", text(3)? == "1");
            if !is_own || !is_done && text(4)? != order.plan.digest().to_string() {
                return Err(RestructureFault::Another);
            }
            let passed = text(1)?.split(',').filter_map(|number| number.parse().ok()).collect();
            let step = text(0)?.parse().unwrap_or(-1);
            found = Some(Self { of: of_order(order), step, passed, is_marked: text(2)? == "1", is_done });
        }
        Ok(found)
    }

    /// Tells whether a step was done before the change came to it.
    pub(super) fn has_passed(&self, step: u32) -> bool {
        self.passed.contains(&step)
    }

    /// Comes to a step, which may be done already.
    pub(super) async fn arrive(&mut self, held: &mut Held<'_>, step: u32, is_done: bool) -> Result<(), RestructureFault> {
        self.passed.extend(is_done.then_some(step));
        self.step = i64::from(step);
        let passed = self.passed.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        held.say(format!("UPDATE dukou_schema SET step = {step}, passed = '{passed}' WHERE {}", self.of)).await
    }

    /// Comes back to a step.
    pub(super) async fn go_back_to(&mut self, held: &mut Held<'_>, step: u32) -> Result<(), RestructureFault> {
        self.step = i64::from(step);
        held.say(format!("UPDATE dukou_schema SET step = {step} WHERE {}", self.of)).await
    }

    /// All that belongs to the change is there with the transaction that is open.
    pub(super) async fn set_marked(&mut self, held: &mut Held<'_>) -> Result<(), RestructureFault> {
        self.is_marked = true;
        held.say(format!("UPDATE dukou_schema SET marked = 1 WHERE {}", self.of)).await
    }

    /// The change is done.
    pub(super) async fn set_done(&self, held: &mut Held<'_>) -> Result<(), RestructureFault> {
        held.say(format!("UPDATE dukou_schema SET done_at = UTC_TIMESTAMP(3) WHERE {}", self.of)).await
    }

    /// The change was never begun.
    pub(super) async fn delete(&self, held: &mut Held<'_>) -> Result<(), RestructureFault> {
        held.say(format!("DELETE FROM dukou_schema WHERE {}", self.of)).await
    }
}
