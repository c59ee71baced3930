//! Channels in one direction: their numbers in the tables and their running sums.
//!
//! A channel may gather tens of millions of packets; its sums are kept in step with them instead of counted.

use super::faults::Trouble;
use crate::store::rows::{Cells, direction_number};
use crate::store::{ChannelSums, Direction, PacketRow};
use dukou_packets::packet::header::ChannelName;
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashMap};

/// The numbers of the lanes seen so far.
#[derive(Debug, Default)]
pub(super) struct Lanes(HashMap<(Direction, ChannelName), i64>);

impl Lanes {
    /// Finds a lane; `None` when nothing was stored in it yet.
    pub(super) async fn find(
        &mut self,
        conn: &mut PgConnection,
        direction: Direction,
        channel: &ChannelName,
    ) -> Result<Option<i64>, Trouble> {
        let place = (direction, channel.clone());
        if let Some(lane) = self.0.get(&place) {
            return Ok(Some(*lane));
        }
        let row = sqlx::query("SELECT id FROM lanes WHERE direction = $1 AND channel = $2")
            .bind(direction_number(direction))
            .bind(channel.to_string())
            .fetch_optional(conn)
            .await?;
        let lane = row.map(|row| Cells::of(&row).take()).transpose()?;
        if let Some(lane) = lane {
            self.0.insert(place, lane);
        }
        Ok(lane)
    }

    /// Finds a lane or makes it.
    pub(super) async fn ensure(
        &mut self,
        conn: &mut PgConnection,
        direction: Direction,
        channel: &ChannelName,
    ) -> Result<i64, Trouble> {
        if let Some(lane) = self.find(conn, direction, channel).await? {
            return Ok(lane);
        }
        let sign = match direction {
            Direction::Out => 1_i64,
            Direction::In => -1,
        };
        let sql =
            "INSERT INTO lanes(id, direction, channel) VALUES ($1 * (SELECT count(*) + 1 FROM lanes), $2, $3) RETURNING id";
        let row =
            sqlx::query(sql).bind(sign).bind(direction_number(direction)).bind(channel.to_string()).fetch_one(conn).await?;
        let lane = Cells::of(&row).take()?;
        self.0.insert((direction, channel.clone()), lane);
        Ok(lane)
    }

    /// Forgets all numbers: those made in a transaction that was rolled back no longer hold.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}

/// By how much a transaction moves the sums of a lane.
#[derive(Debug, Default)]
pub(super) struct Shift {
    packets: i64,
    done: i64,
    pub(super) files: i64,
    refused: i64,
    pub(super) held_back: i64,
    plain_bytes: i64,
    sealed_bytes: i64,
    /// Tombstones by reason code.
    pub(super) codes: BTreeMap<String, i64>,
}

impl Shift {
    pub(super) fn add(&mut self, row: &PacketRow) {
        self.count(row, 1);
    }

    pub(super) fn remove(&mut self, row: &PacketRow) {
        self.count(row, -1);
    }

    fn count(&mut self, row: &PacketRow, sign: i64) {
        self.packets += sign;
        self.done += sign * i64::from(row.is_done());
        self.refused += sign * i64::from(row.tombstones);
        self.plain_bytes += sign * row.plain_bytes.cast_signed();
        self.sealed_bytes += sign * row.sealed_bytes.cast_signed();
    }

    pub(super) async fn store(&self, conn: &mut PgConnection, lane: i64) -> Result<(), Trouble> {
        sqlx::query(
            "UPDATE lanes SET packets = packets + $1, done = done + $2, files = files + $3, refused = refused + $4,
             held_back = held_back + $5, plain_bytes = plain_bytes + $6, sealed_bytes = sealed_bytes + $7 WHERE id = $8",
        )
        .bind(self.packets)
        .bind(self.done)
        .bind(self.files)
        .bind(self.refused)
        .bind(self.held_back)
        .bind(self.plain_bytes)
        .bind(self.sealed_bytes)
        .bind(lane)
        .execute(&mut *conn)
        .await?;
        for (code, count) in &self.codes {
            sqlx::query(
                "INSERT INTO refusals(lane, code, count) VALUES ($1, $2, $3)
                 ON CONFLICT(lane, code) DO UPDATE SET count = refusals.count + excluded.count",
            )
            .bind(lane)
            .bind(code.as_str())
            .bind(*count)
            .execute(&mut *conn)
            .await?;
        }
        Ok(())
    }
}

/// Reads the sums of a lane.
pub(super) async fn sums(conn: &mut PgConnection, lane: i64) -> Result<ChannelSums, Trouble> {
    let row =
        sqlx::query("SELECT packets, done, files, refused, held_back, plain_bytes, sealed_bytes FROM lanes WHERE id = $1")
            .bind(lane)
            .fetch_one(&mut *conn)
            .await?;
    let mut cells = Cells::of(&row);
    let mut sums = ChannelSums {
        packets: cells.unsigned()?,
        packets_done: cells.unsigned()?,
        files: cells.unsigned()?,
        refused: cells.unsigned()?,
        held_back: cells.unsigned()?,
        plain_bytes: cells.unsigned()?,
        sealed_bytes: cells.unsigned()?,
        refused_by_code: BTreeMap::new(),
    };
    let codes = sqlx::query("SELECT code, count FROM refusals WHERE lane = $1 AND count > 0").bind(lane);
    for row in codes.fetch_all(conn).await? {
        let mut cells = Cells::of(&row);
        sums.refused_by_code.insert(cells.take()?, cells.unsigned()?);
    }
    Ok(sums)
}
