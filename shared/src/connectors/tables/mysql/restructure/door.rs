//! The door: triggers that refuse an application's writes of the affected tables while a change is under way.
//!
//! Given: the tables that rows leave from. Gives: writes refused with a sentence that says why, reads as ever. After a crash, of either side: it stays closed until the change goes on or
//! back, since triggers outlive connection and server. Never: closed beside a transaction that wrote one of the tables and has not ended: that one is waited for
//! five seconds.

use super::row::Row;
use super::{Held, LeavingEnd, Restructure, RestructureFault, Table, triggers};
use crate::connectors::tables::mysql::session::text_at;
use crate::connectors::tables::mysql::sink::STRUCTURE;
use crate::connectors::tables::mysql::{catalog, ident, literal};
use std::collections::BTreeSet;

/// Closes it on all tables at once, and writes the change's row where it is `new`. Where rows come in nobody else writes, and there is none.
pub(super) async fn close(
    held: &mut Held<'_>,
    order: &Restructure<'_>,
    affected: &[Table],
    new: bool,
) -> Result<(), RestructureFault> {
    let row = Row::insert_sql(order);
    if order.leaving().is_empty() {
        return if new { held.say(row).await } else { Ok(()) };
    }
    let outboxes = order.leaving().iter().map(|LeavingEnd { channel, .. }| triggers::outbox_name(channel));
    let mut held_ones: BTreeSet<String> = outboxes.map(|outbox| triggers::outbox_sql(&outbox, held.server)).collect();
    held_ones.extend(affected.iter().map(Table::sql));
    held_ones.insert(triggers::outbox_sql(STRUCTURE.0, held.server));
    let list: Vec<String> = held_ones.iter().map(|table| format!("{table} WRITE")).collect();
    held.say(format!("LOCK TABLES {}", list.join(", "))).await?;
    if new {
        held.say(row).await?;
    }
    for table in affected {
        let there = names(held, table).await?;
        for (name, sql) in triggers::door(table) {
            if !there.contains(&name) {
                held.say(sql).await?;
            }
        }
    }
    held.say("UNLOCK TABLES".to_owned()).await
}

/// Opens it.
pub(super) async fn open(held: &mut Held<'_>, order: &Restructure<'_>, affected: &[Table]) -> Result<(), RestructureFault> {
    for table in affected.iter().filter(|_| !order.leaving().is_empty()) {
        for name in names(held, table).await? {
            held.say(format!("DROP TRIGGER IF EXISTS {}.{}", ident(&table.schema), ident(&name))).await?;
        }
    }
    Ok(())
}

/// The names of a table's triggers of the door.
async fn names(held: &mut Held<'_>, table: &Table) -> Result<BTreeSet<String>, RestructureFault> {
    let sql = format!(
        "SELECT trigger_name FROM information_schema.triggers WHERE event_object_schema = {} AND event_object_table = {}
         AND LEFT(trigger_name, {}) = '{}'",
        literal(&table.schema),
        literal(&table.name),
        triggers::DOOR.len(),
        triggers::DOOR
    );
    let found = held.own(async |conn, _| {
        let rows = catalog::rows(conn, sql).await?;
        Ok(rows.iter().map(|row| text_at(row, 0)).collect::<Result<Vec<_>, _>>()?)
    });
    Ok(found.await?.into_iter().flatten().collect())
}
