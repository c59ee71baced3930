//! The small part of the state: heads, holds, unfinished files and single values.

use super::faults::Trouble;
use super::rows::{Cells, direction_number, unreadable};
use crate::store::{Direction, Hold, InHead, OutHead, SentAgain, StationState, Unfinished, Waiver, leaf};
use dukou_packets::packet::header::{ChannelName, LogHead};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use std::str::FromStr;

/// The names of single values in table `meta`; each value is text.
pub(super) mod meta {
    pub(in super::super) const RUN_MS: &str = "run-ms";
    pub(in super::super) const NUMBER: &str = "number";
    pub(in super::super) const LOG: &str = "log";
    pub(in super::super) const PEER_LOG: &str = "peer-log";
    pub(in super::super) const SIGNAL_IN: &str = "signal-in";
    pub(in super::super) const SIGNAL_OUT: &str = "signal-out";
}

/// Reads all of it from one snapshot.
pub(super) async fn load(conn: &mut SqliteConnection) -> Result<StationState, Trouble> {
    sqlx::raw_sql("BEGIN").execute(&mut *conn).await?;
    let state = load_snapshot(conn).await;
    let ended = sqlx::raw_sql("ROLLBACK").execute(&mut *conn).await;
    let state = state?;
    ended?;
    Ok(state)
}

async fn load_snapshot(conn: &mut SqliteConnection) -> Result<StationState, Trouble> {
    let mut state = StationState::default();
    for row in all(conn, "SELECT name, value FROM meta").await? {
        let mut cells = Cells::of(&row);
        let (name, value) = (cells.take()?, cells.take()?);
        set_meta(&mut state, name, value)?;
    }
    for row in all(conn, "SELECT channel, epoch, seq, header FROM out_heads").await? {
        let mut cells = Cells::of(&row);
        let channel = cells.parsed()?;
        let head = OutHead { epoch: cells.parsed()?, seq: cells.unsigned()?, header: cells.digest()? };
        state.out_heads.insert(channel, head);
    }
    for row in all(conn, "SELECT channel, epoch, seq, header, known FROM in_heads").await? {
        let mut cells = Cells::of(&row);
        state.in_heads.insert(cells.parsed()?, in_head(&mut cells)?);
    }
    for row in all(conn, "SELECT channel, code, seq, at_ms FROM holds").await? {
        let mut cells = Cells::of(&row);
        let channel = cells.parsed()?;
        let hold = Hold { code: cells.take()?, seq: cells.unsigned()?, at_ms: cells.take()? };
        state.holds.insert(channel, hold);
    }
    for row in all(conn, "SELECT direction, channel, file FROM unfinished").await? {
        let mut cells = Cells::of(&row);
        let place = (cells.direction()?, cells.parsed()?);
        let file = serde_json::from_str(cells.take()?).map_err(|_| unreadable("an unfinished file"))?;
        state.unfinished.insert(place, file);
    }
    for row in all(conn, "SELECT name, value FROM facts").await? {
        let mut cells = Cells::of(&row);
        state.facts.insert(cells.take()?, cells.take()?);
    }
    Ok(state)
}

async fn all(conn: &mut SqliteConnection, sql: &'static str) -> Result<Vec<SqliteRow>, Trouble> {
    Ok(sqlx::query(sql).fetch_all(conn).await?)
}

fn in_head(cells: &mut Cells<'_, SqliteRow>) -> Result<InHead, Trouble> {
    Ok(InHead { epoch: cells.parsed()?, seq: cells.unsigned()?, header: cells.maybe_digest()?, known: cells.unsigned()? })
}

fn set_meta(state: &mut StationState, name: &str, value: &str) -> Result<(), Trouble> {
    match name {
        meta::RUN_MS => state.run_ms = parsed(value)?,
        meta::NUMBER => state.number = parsed(value)?,
        meta::LOG => state.log = Some(log_head(value)?),
        meta::PEER_LOG => state.peer_log = Some(log_head(value)?),
        meta::SIGNAL_IN => {
            let (station, number) = pair(value)?;
            state.signal_in = Some((parsed(station)?, parsed(number)?));
        }
        meta::SIGNAL_OUT => state.signal_out = Some(parsed(value)?),
        _ => return Err(unreadable("a name of a single value")),
    }
    Ok(())
}

fn log_head(value: &str) -> Result<LogHead, Trouble> {
    let (size, root) = pair(value)?;
    Ok(LogHead { size: parsed(size)?, root: parsed(root)? })
}

fn pair(value: &str) -> Result<(&str, &str), Trouble> {
    value.split_once(' ').ok_or_else(|| unreadable("a single value"))
}

fn parsed<T: FromStr>(text: &str) -> Result<T, Trouble> {
    text.parse().map_err(|_| unreadable("a single value"))
}

/// Writes a log head as the text that [`load`] reads.
pub(super) fn log_head_text(head: &LogHead) -> String {
    format!("{} {}", head.size, head.root)
}

pub(super) async fn set(conn: &mut SqliteConnection, name: &'static str, value: String) -> Result<(), Trouble> {
    sqlx::query("INSERT INTO meta(name, value) VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value")
        .bind(name)
        .bind(value)
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) async fn close_in_head(conn: &mut SqliteConnection, channel: &ChannelName) -> Result<(), Trouble> {
    sqlx::query("DELETE FROM in_heads WHERE channel = ?").bind(channel.to_string()).execute(conn).await?;
    Ok(())
}

pub(super) async fn set_fact(conn: &mut SqliteConnection, name: &str, value: Option<&str>) -> Result<(), Trouble> {
    let query = match value {
        None => sqlx::query("DELETE FROM facts WHERE name = ?").bind(name),
        Some(value) => sqlx::query("INSERT OR REPLACE INTO facts(name, value) VALUES (?, ?)").bind(name).bind(value),
    };
    query.execute(conn).await?;
    Ok(())
}

/// Raises the highest packet number used.
pub(super) async fn raise_number(conn: &mut SqliteConnection, number: u64) -> Result<(), Trouble> {
    let row = sqlx::query("SELECT value FROM meta WHERE name = ?").bind(meta::NUMBER).fetch_optional(&mut *conn).await?;
    let before = row.map(|row| Cells::of(&row).parsed::<u64>()).transpose()?;
    if before.is_some_and(|before| before >= number) {
        return Ok(());
    }
    set(conn, meta::NUMBER, number.to_string()).await
}

pub(super) async fn set_out_head(conn: &mut SqliteConnection, channel: &ChannelName, head: &OutHead) -> Result<(), Trouble> {
    sqlx::query("INSERT OR REPLACE INTO out_heads(channel, epoch, seq, header) VALUES (?, ?, ?, ?)")
        .bind(channel.to_string())
        .bind(head.epoch.to_string())
        .bind(head.seq.cast_signed())
        .bind(head.header.as_bytes().to_vec())
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) async fn find_in_head(conn: &mut SqliteConnection, channel: &ChannelName) -> Result<Option<InHead>, Trouble> {
    let row = sqlx::query("SELECT epoch, seq, header, known FROM in_heads WHERE channel = ?")
        .bind(channel.to_string())
        .fetch_optional(conn)
        .await?;
    row.map(|row| in_head(&mut Cells::of(&row))).transpose()
}

pub(super) async fn set_in_head(conn: &mut SqliteConnection, channel: &ChannelName, head: &InHead) -> Result<(), Trouble> {
    sqlx::query("INSERT OR REPLACE INTO in_heads(channel, epoch, seq, header, known) VALUES (?, ?, ?, ?, ?)")
        .bind(channel.to_string())
        .bind(head.epoch.to_string())
        .bind(head.seq.cast_signed())
        .bind(head.header.map(|header| header.as_bytes().to_vec()))
        .bind(head.known.cast_signed())
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) async fn set_hold(conn: &mut SqliteConnection, channel: &ChannelName, hold: Option<&Hold>) -> Result<(), Trouble> {
    let query = match hold {
        None => sqlx::query("DELETE FROM holds WHERE channel = ?").bind(channel.to_string()),
        Some(hold) => sqlx::query("INSERT OR REPLACE INTO holds(channel, code, seq, at_ms) VALUES (?, ?, ?, ?)")
            .bind(channel.to_string())
            .bind(hold.code.as_str())
            .bind(hold.seq.cast_signed())
            .bind(hold.at_ms),
    };
    query.execute(conn).await?;
    Ok(())
}

pub(super) async fn set_unfinished(
    conn: &mut SqliteConnection,
    direction: Direction,
    channel: &ChannelName,
    file: Option<&Unfinished>,
) -> Result<(), Trouble> {
    let query = match file {
        None => sqlx::query("DELETE FROM unfinished WHERE direction = ? AND channel = ?"),
        Some(_) => sqlx::query("INSERT OR REPLACE INTO unfinished(direction, channel, file) VALUES (?, ?, ?)"),
    };
    let mut query = query.bind(direction_number(direction)).bind(channel.to_string());
    if let Some(file) = file {
        let text = serde_json::to_string(file).map_err(|_| unreadable("an unfinished file"))?;
        query = query.bind(text);
    }
    query.execute(conn).await?;
    Ok(())
}

pub(super) async fn add_waiver(conn: &mut SqliteConnection, waiver: &Waiver) -> Result<(), Trouble> {
    sqlx::query("INSERT INTO waivers(channel, epoch, first, last, operator, reason, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)")
        .bind(waiver.channel.to_string())
        .bind(waiver.epoch.to_string())
        .bind(waiver.from.cast_signed())
        .bind(waiver.to.cast_signed())
        .bind(waiver.operator.as_str())
        .bind(waiver.reason.as_str())
        .bind(waiver.at_ms)
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) async fn add_sent_again(conn: &mut SqliteConnection, again: &SentAgain) -> Result<(), Trouble> {
    sqlx::query(
        "INSERT INTO sent_again(request, direction, channel, epoch, seq, name, leaf, key, operator, reason, at_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(again.request.as_deref())
    .bind(direction_number(again.packet.direction))
    .bind(again.packet.channel.to_string())
    .bind(again.packet.epoch.to_string())
    .bind(again.packet.seq.cast_signed())
    .bind(again.name.as_str())
    .bind(leaf(&again.name))
    .bind(again.key.as_str())
    .bind(again.operator.as_str())
    .bind(again.reason.as_str())
    .bind(again.at_ms)
    .execute(conn)
    .await?;
    Ok(())
}

/// Few are sent again: no index but the one of the requests.
pub(super) async fn sent_again(conn: &mut SqliteConnection, what: &str, limit: usize) -> Result<Vec<SentAgain>, Trouble> {
    let rows = sqlx::query(
        "SELECT request, direction, channel, epoch, seq, name, key, operator, reason, at_ms FROM sent_again
         WHERE name = ?1 OR leaf = ?1 OR key = ?1 ORDER BY id LIMIT ?2",
    )
    .bind(what)
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(conn)
    .await?;
    rows.iter().map(again).collect()
}

pub(super) async fn is_done(conn: &mut SqliteConnection, request: &str) -> Result<bool, Trouble> {
    let found = sqlx::query("SELECT id FROM sent_again WHERE request = ?").bind(request).fetch_optional(conn).await?;
    Ok(found.is_some())
}

fn again(row: &SqliteRow) -> Result<SentAgain, Trouble> {
    let mut cells = Cells::of(row);
    Ok(SentAgain {
        request: cells.take()?,
        packet: cells.key()?,
        name: cells.take()?,
        key: cells.take()?,
        operator: cells.take()?,
        reason: cells.take()?,
        at_ms: cells.take()?,
    })
}

pub(super) async fn waivers(conn: &mut SqliteConnection) -> Result<Vec<Waiver>, Trouble> {
    let rows = all(conn, "SELECT channel, epoch, first, last, operator, reason, at_ms FROM waivers ORDER BY id").await?;
    rows.iter().map(waiver).collect()
}

fn waiver(row: &SqliteRow) -> Result<Waiver, Trouble> {
    let mut cells = Cells::of(row);
    Ok(Waiver {
        channel: cells.parsed()?,
        epoch: cells.parsed()?,
        from: cells.unsigned()?,
        to: cells.unsigned()?,
        operator: cells.take()?,
        reason: cells.take()?,
        at_ms: cells.take()?,
    })
}
