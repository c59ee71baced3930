//! The small part of the state: heads, holds, unfinished files and single values.

use super::faults::Trouble;
use crate::store::rows::{Cells, direction_number, unreadable};
use crate::store::{Direction, Hold, InHead, OutHead, SentAgain, StationState, Unfinished, Waiver, leaf};
use dukou_packets::packet::header::{ChannelName, LogHead};
use sqlx::PgConnection;
use sqlx::postgres::PgRow;
use std::str::FromStr;

/// The names of single values in table `meta`; each value is text.
pub(super) mod meta {
    pub(in crate::store::postgres) const RUN_MS: &str = "run-ms";
    pub(in crate::store::postgres) const NUMBER: &str = "number";
    pub(in crate::store::postgres) const LOG: &str = "log";
    pub(in crate::store::postgres) const PEER_LOG: &str = "peer-log";
    pub(in crate::store::postgres) const SIGNAL_IN: &str = "signal-in";
    pub(in crate::store::postgres) const SIGNAL_OUT: &str = "signal-out";
}

/// Reads all of it from one snapshot.
pub(super) async fn load(conn: &mut PgConnection) -> Result<StationState, Trouble> {
    sqlx::raw_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").execute(&mut *conn).await?;
    let state = load_snapshot(conn).await;
    let ended = sqlx::raw_sql("ROLLBACK").execute(&mut *conn).await;
    let state = state?;
    ended?;
    Ok(state)
}

async fn load_snapshot(conn: &mut PgConnection) -> Result<StationState, Trouble> {
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

async fn all(conn: &mut PgConnection, sql: &'static str) -> Result<Vec<PgRow>, Trouble> {
    Ok(sqlx::query(sql).fetch_all(conn).await?)
}

fn in_head(cells: &mut Cells<'_, PgRow>) -> Result<InHead, Trouble> {
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

pub(super) async fn set(conn: &mut PgConnection, name: &'static str, value: String) -> Result<(), Trouble> {
    sqlx::query("INSERT INTO meta(name, value) VALUES ($1, $2) ON CONFLICT(name) DO UPDATE SET value = excluded.value")
        .bind(name)
        .bind(value)
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) async fn close_in_head(conn: &mut PgConnection, channel: &ChannelName) -> Result<(), Trouble> {
    sqlx::query("DELETE FROM in_heads WHERE channel = $1").bind(channel.to_string()).execute(conn).await?;
    Ok(())
}

pub(super) async fn set_fact(conn: &mut PgConnection, name: &str, value: Option<&str>) -> Result<(), Trouble> {
    let query = match value {
        None => sqlx::query("DELETE FROM facts WHERE name = $1").bind(name),
        Some(value) => sqlx::query(
            "INSERT INTO facts(name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind(name)
        .bind(value),
    };
    query.execute(conn).await?;
    Ok(())
}

/// Raises the highest packet number used.
pub(super) async fn raise_number(conn: &mut PgConnection, number: u64) -> Result<(), Trouble> {
    let row = sqlx::query("SELECT value FROM meta WHERE name = $1").bind(meta::NUMBER).fetch_optional(&mut *conn).await?;
    let before = row.map(|row| Cells::of(&row).parsed::<u64>()).transpose()?;
    if before.is_some_and(|before| before >= number) {
        return Ok(());
    }
    set(conn, meta::NUMBER, number.to_string()).await
}

pub(super) async fn set_out_head(conn: &mut PgConnection, channel: &ChannelName, head: &OutHead) -> Result<(), Trouble> {
    sqlx::query("INSERT INTO out_heads(channel, epoch, seq, header) VALUES ($1, $2, $3, $4) ON CONFLICT (channel) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq, header = excluded.header")
        .bind(channel.to_string())
        .bind(head.epoch.to_string())
        .bind(head.seq.cast_signed())
        .bind(head.header.as_bytes().to_vec())
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) async fn find_in_head(conn: &mut PgConnection, channel: &ChannelName) -> Result<Option<InHead>, Trouble> {
    let row = sqlx::query("SELECT epoch, seq, header, known FROM in_heads WHERE channel = $1")
        .bind(channel.to_string())
        .fetch_optional(conn)
        .await?;
    row.map(|row| in_head(&mut Cells::of(&row))).transpose()
}

pub(super) async fn set_in_head(conn: &mut PgConnection, channel: &ChannelName, head: &InHead) -> Result<(), Trouble> {
    sqlx::query("INSERT INTO in_heads(channel, epoch, seq, header, known) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (channel) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq, header = excluded.header, known = excluded.known")
        .bind(channel.to_string())
        .bind(head.epoch.to_string())
        .bind(head.seq.cast_signed())
        .bind(head.header.map(|header| header.as_bytes().to_vec()))
        .bind(head.known.cast_signed())
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) async fn set_hold(conn: &mut PgConnection, channel: &ChannelName, hold: Option<&Hold>) -> Result<(), Trouble> {
    let query = match hold {
        None => sqlx::query("DELETE FROM holds WHERE channel = $1").bind(channel.to_string()),
        Some(hold) => sqlx::query("INSERT INTO holds(channel, code, seq, at_ms) VALUES ($1, $2, $3, $4) ON CONFLICT (channel) DO UPDATE SET code = excluded.code, seq = excluded.seq, at_ms = excluded.at_ms")
            .bind(channel.to_string())
            .bind(hold.code.as_str())
            .bind(hold.seq.cast_signed())
            .bind(hold.at_ms),
    };
    query.execute(conn).await?;
    Ok(())
}

pub(super) async fn set_unfinished(
    conn: &mut PgConnection,
    direction: Direction,
    channel: &ChannelName,
    file: Option<&Unfinished>,
) -> Result<(), Trouble> {
    let query = match file {
        None => sqlx::query("DELETE FROM unfinished WHERE direction = $1 AND channel = $2"),
        Some(_) => sqlx::query(
            "INSERT INTO unfinished(direction, channel, file) VALUES ($1, $2, $3) ON CONFLICT (direction, channel) DO UPDATE SET file = excluded.file",
        ),
    };
    let mut query = query.bind(direction_number(direction)).bind(channel.to_string());
    if let Some(file) = file {
        let text = serde_json::to_string(file).map_err(|_| unreadable("an unfinished file"))?;
        query = query.bind(text);
    }
    query.execute(conn).await?;
    Ok(())
}

/// Gives what a person wrote as PostgreSQL can store it: without NUL, which no text of its has.
pub(super) fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

pub(super) async fn add_waiver(conn: &mut PgConnection, waiver: &Waiver) -> Result<(), Trouble> {
    sqlx::query(
        "INSERT INTO waivers(channel, epoch, first, last, operator, reason, at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(waiver.channel.to_string())
    .bind(waiver.epoch.to_string())
    .bind(waiver.from.cast_signed())
    .bind(waiver.to.cast_signed())
    .bind(storable(&waiver.operator))
    .bind(storable(&waiver.reason))
    .bind(waiver.at_ms)
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn add_sent_again(conn: &mut PgConnection, again: &SentAgain) -> Result<(), Trouble> {
    sqlx::query(
        "INSERT INTO sent_again(request, direction, channel, epoch, seq, name, leaf, key, operator, reason, at_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(again.request.as_deref())
    .bind(direction_number(again.packet.direction))
    .bind(again.packet.channel.to_string())
    .bind(again.packet.epoch.to_string())
    .bind(again.packet.seq.cast_signed())
    .bind(again.name.as_str())
    .bind(leaf(&again.name))
    .bind(again.key.as_str())
    .bind(storable(&again.operator))
    .bind(storable(&again.reason))
    .bind(again.at_ms)
    .execute(conn)
    .await?;
    Ok(())
}

/// Few are sent again: no index but the one of the requests.
pub(super) async fn sent_again(conn: &mut PgConnection, what: &str, limit: usize) -> Result<Vec<SentAgain>, Trouble> {
    let rows = sqlx::query(
        "SELECT request, direction, channel, epoch, seq, name, key, operator, reason, at_ms FROM sent_again
         WHERE name = $1 OR leaf = $1 OR key = $1 ORDER BY id LIMIT $2",
    )
    .bind(what)
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(conn)
    .await?;
    rows.iter().map(again).collect()
}

pub(super) async fn is_done(conn: &mut PgConnection, request: &str) -> Result<bool, Trouble> {
    let found = sqlx::query("SELECT id FROM sent_again WHERE request = $1").bind(request).fetch_optional(conn).await?;
    Ok(found.is_some())
}

fn again(row: &PgRow) -> Result<SentAgain, Trouble> {
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

pub(super) async fn waivers(conn: &mut PgConnection) -> Result<Vec<Waiver>, Trouble> {
    let rows = all(conn, "SELECT channel, epoch, first, last, operator, reason, at_ms FROM waivers ORDER BY id").await?;
    rows.iter().map(waiver).collect()
}

fn waiver(row: &PgRow) -> Result<Waiver, Trouble> {
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
