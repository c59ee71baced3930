//! A commit: a list of changes as one durable transaction.
//!
//! Given: changes in the order they happened. Gives: all of them durable, or none. What the changes add up to (heads, sums, the
//! link's number) is gathered in a [`Draft`] and written once at the end; records wait there, too, so that those of small packets
//! share statements.

use super::book;
use super::cards;
use super::faults::Trouble;
use super::lanes::{Lanes, Shift};
use super::rows::{Cells, INDEX_BITS, direction_number, kind_number, packet_columns, split, stamp_bytes, state_number};
use super::state::{self, meta};
use crate::store::{
    Change, HeldBack, InHead, OutHead, PacketKey, PacketRow, PacketState, RecordRow, StoreFault, check_order, leaf,
};
use dukou_packets::packet::header::ChannelName;
use dukou_packets::packet::records::RecordKind;
use sqlx::SqliteConnection;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Applies the changes in one transaction.
///
/// # Errors
/// Nothing was changed, except after `Unsure`, where SQLite may or may not have made the transaction durable.
pub(super) async fn commit(conn: &mut SqliteConnection, lanes: &mut Lanes, changes: &[Change]) -> Result<(), StoreFault> {
    let outcome = transaction(conn, lanes, changes).await;
    if outcome.is_err() {
        lanes.forget();
        // Fails when SQLite rolled back by itself, as it does on a full disk. A transaction that is open all the same makes the
        // next BEGIN fail.
        sqlx::raw_sql("ROLLBACK").execute(&mut *conn).await.ok();
    }
    outcome.map_err(Trouble::in_commit)
}

/// BEGIN and COMMIT are plain statements: the driver's own transaction counts depths, and is wrong after SQLite rolled back by itself.
async fn transaction(conn: &mut SqliteConnection, lanes: &mut Lanes, changes: &[Change]) -> Result<(), Trouble> {
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut *conn).await?;
    let mut draft = Draft::new(conn, lanes);
    for change in changes {
        draft.apply(change).await?;
    }
    draft.write().await?;
    // The commit line: once this returns, the step has happened.
    sqlx::raw_sql("COMMIT").execute(&mut *conn).await?;
    Ok(())
}

const SOURCES_AWAY: &str = "UPDATE packets SET sources_pending = 0 WHERE lane = ? AND epoch = ? AND seq = ?";
const PRUNED: &str = "UPDATE packets SET spool = NULL WHERE lane = ? AND epoch = ? AND seq = ?";

/// A packet's row as it stands in the table.
struct Standing {
    id: i64,
    row: PacketRow,
}

/// A transaction in the making.
struct Draft<'a> {
    conn: &'a mut SqliteConnection,
    lanes: &'a mut Lanes,
    shifts: BTreeMap<i64, Shift>,
    out_heads: BTreeMap<&'a ChannelName, OutHead>,
    in_heads: BTreeMap<&'a ChannelName, Option<InHead>>,
    number: Option<u64>,
    records: Vec<(i64, i64, &'a RecordRow)>,
}

impl<'a> Draft<'a> {
    fn new(conn: &'a mut SqliteConnection, lanes: &'a mut Lanes) -> Self {
        Self {
            conn,
            lanes,
            shifts: BTreeMap::new(),
            out_heads: BTreeMap::new(),
            in_heads: BTreeMap::new(),
            number: None,
            records: Vec::new(),
        }
    }

    async fn apply(&mut self, change: &'a Change) -> Result<(), Trouble> {
        match change {
            Change::Packed { packet, records } => self.packed(packet, records).await,
            Change::Kept(packet) => self.kept(packet).await,
            Change::Marked { packet, records } => self.marked(packet, records).await,
            Change::Rebuilt(packet) => self.rebuilt(packet).await,
            Change::SourcesAway(key) => self.edit(key, SOURCES_AWAY).await,
            Change::Pruned(key) => self.edit(key, PRUNED).await,
            Change::Left { packet, at_ms } => self.finish(packet, *at_ms, PacketState::Packed, PacketState::Left).await,
            Change::Delivered { packet, at_ms } => {
                self.finish(packet, *at_ms, PacketState::Delivering, PacketState::Applied).await
            }
            Change::HeldBack(held) => self.held_back(held).await,
            small => self.apply_small(small).await,
        }
    }

    /// Applies a change that touches nothing but the small part of the state.
    async fn apply_small(&mut self, change: &'a Change) -> Result<(), Trouble> {
        let conn = &mut *self.conn;
        match change {
            Change::OutHead(channel, head) => {
                self.out_heads.insert(channel, head.clone());
            }
            Change::InHead(channel, head) => {
                self.in_heads.insert(channel, Some(head.clone()));
            }
            Change::InHeadClosed(channel) => {
                state::close_in_head(conn, channel).await?;
                self.in_heads.insert(channel, None);
            }
            Change::Number(number) => self.number = self.number.max(Some(*number)),
            Change::Hold(channel, hold) => state::set_hold(conn, channel, hold.as_ref()).await?,
            Change::Unfinished(direction, channel, file) => {
                state::set_unfinished(conn, *direction, channel, file.as_ref()).await?;
            }
            Change::Waived(waiver) => state::add_waiver(conn, waiver).await?,
            Change::InBook(change) => book::add_change(conn, change).await?,
            Change::Decided(decision) => book::add_decision(conn, decision).await?,
            Change::Filed(card) => cards::file(conn, card).await?,
            Change::SentAgain(again) => state::add_sent_again(conn, again).await?,
            Change::RunMs(run_ms) => state::set(conn, meta::RUN_MS, run_ms.to_string()).await?,
            Change::Log(head) => state::set(conn, meta::LOG, state::log_head_text(head)).await?,
            Change::PeerLog(head) => state::set(conn, meta::PEER_LOG, state::log_head_text(head)).await?,
            Change::SignalIn(station, number) => {
                state::set(conn, meta::SIGNAL_IN, format!("{station} {number}")).await?;
            }
            Change::SignalOut(digest) => state::set(conn, meta::SIGNAL_OUT, digest.to_string()).await?,
            Change::Fact(name, value) => state::set_fact(conn, name, value.as_deref()).await?,
            _ => {}
        }
        Ok(())
    }

    async fn packed(&mut self, packet: &'a PacketRow, records: &'a [RecordRow]) -> Result<(), Trouble> {
        let standing = self.standing_alike(packet).await?;
        check_order(&packet.key, records)?;
        if standing.is_some() {
            return Ok(());
        }
        self.insert(packet, packet.state, records).await?;
        let PacketKey { channel, epoch, seq, .. } = &packet.key;
        let head = OutHead { epoch: *epoch, seq: *seq, header: packet.header };
        self.out_heads.insert(channel, head);
        self.number = self.number.max(Some(packet.number));
        Ok(())
    }

    async fn kept(&mut self, packet: &'a PacketRow) -> Result<(), Trouble> {
        if self.standing_alike(packet).await?.is_some() {
            return Ok(());
        }
        self.insert(packet, packet.state, &[]).await?;
        let PacketKey { channel, epoch, seq, .. } = &packet.key;
        if let Some(head) = self.in_head(channel).await?.as_mut().filter(|head| head.epoch == *epoch) {
            head.known = head.known.max(*seq);
        }
        Ok(())
    }

    async fn marked(&mut self, packet: &'a PacketRow, records: &'a [RecordRow]) -> Result<(), Trouble> {
        let standing = self.standing_alike(packet).await?;
        check_order(&packet.key, records)?;
        match standing {
            Some(standing) if standing.row.state == PacketState::Early => self.remove(&standing).await?,
            Some(_) => return Ok(()),
            None => {}
        }
        self.insert(packet, PacketState::Delivering, records).await?;
        let PacketKey { channel, epoch, seq, .. } = &packet.key;
        let head = self.in_head(channel).await?;
        let before = head.as_ref().filter(|head| head.epoch == *epoch);
        let known = before.map_or(*seq, |head| head.known.max(*seq));
        *head = Some(InHead { epoch: *epoch, seq: *seq, header: Some(packet.header), known });
        Ok(())
    }

    async fn rebuilt(&mut self, packet: &'a PacketRow) -> Result<(), Trouble> {
        let lane = self.lane(&packet.key).await?;
        let Some(standing) = self.standing(&packet.key).await? else {
            self.insert(packet, packet.state, &[]).await?;
            return Ok(());
        };
        if standing.row.header != packet.header {
            self.drop_records(lane, standing.id).await?;
        }
        let shift = self.shifts.entry(lane).or_default();
        shift.remove(&standing.row);
        shift.add(packet);
        let sql = "UPDATE packets SET lane = ?, epoch = ?, seq = ?, number = ?, header = ?, prev = ?, root = ?, records = ?,
                   tombstones = ?, plain_bytes = ?, sealed_bytes = ?, spool = ?, state = ?, sources_pending = ?, at_ms = ?,
                   done_ms = ?, run_ms = ? WHERE id = ?";
        bind_packet(sqlx::query(sql), lane, packet, packet.state).bind(standing.id).execute(&mut *self.conn).await?;
        Ok(())
    }

    async fn held_back(&mut self, held: &'a HeldBack) -> Result<(), Trouble> {
        let lane = self.lanes.ensure(self.conn, held.went.direction, &held.channel).await?;
        self.shifts.entry(lane).or_default().held_back += 1;
        let leaf = leaf(&held.name);
        sqlx::query(
            "INSERT INTO held_back(channel, name, key, leaf, went_direction, went_channel, went_epoch, went_seq, at_ms)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(held.channel.to_string())
        .bind(held.name.as_str())
        .bind((held.key != held.name).then_some(held.key.as_str()))
        .bind((leaf != held.name && leaf != held.key).then_some(leaf))
        .bind(direction_number(held.went.direction))
        .bind(held.went.channel.to_string())
        .bind(held.went.epoch.to_string())
        .bind(held.went.seq.cast_signed())
        .bind(held.at_ms)
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    /// Gives the row that stands under the packet's key with the packet's header.
    async fn standing_alike(&mut self, packet: &PacketRow) -> Result<Option<Standing>, Trouble> {
        match self.standing(&packet.key).await? {
            Some(standing) if standing.row.header != packet.header => Err(StoreFault::equivocal(&packet.key).into()),
            standing => Ok(standing),
        }
    }

    async fn standing(&mut self, key: &PacketKey) -> Result<Option<Standing>, Trouble> {
        let lane = self.lane(key).await?;
        let sql = concat!(
            "SELECT p.id, ",
            packet_columns!(),
            " FROM packets p JOIN lanes l ON l.id = p.lane WHERE p.lane = ? AND p.epoch = ? AND p.seq = ?"
        );
        let query = sqlx::query(sql).bind(lane).bind(key.epoch.to_string()).bind(key.seq.cast_signed());
        let Some(row) = query.fetch_optional(&mut *self.conn).await? else {
            return Ok(None);
        };
        let mut cells = Cells::of(&row);
        Ok(Some(Standing { id: cells.take()?, row: cells.packet()? }))
    }

    async fn insert(&mut self, row: &PacketRow, state: PacketState, records: &'a [RecordRow]) -> Result<(), Trouble> {
        let lane = self.lane(&row.key).await?;
        let sql =
            "INSERT INTO packets(lane, epoch, seq, number, header, prev, root, records, tombstones, plain_bytes, sealed_bytes,
                   spool, state, sources_pending, at_ms, done_ms, run_ms)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id";
        let stored = bind_packet(sqlx::query(sql), lane, row, state).fetch_one(&mut *self.conn).await?;
        let id: i64 = Cells::of(&stored).take()?;
        let shift = self.shifts.entry(lane).or_default();
        shift.add(&PacketRow { state, ..row.clone() });
        for record in records {
            shift.files += record.ended().cast_signed();
            if record.kind == RecordKind::Tombstone {
                *shift.codes.entry(record.reason.clone()).or_default() += 1;
            }
            self.records.push((record_id(id, record.index), lane, record));
        }
        Ok(())
    }

    /// Takes away a row, and the records that a rebuilt one may still have.
    async fn remove(&mut self, standing: &Standing) -> Result<(), Trouble> {
        let lane = self.lane(&standing.row.key).await?;
        self.drop_records(lane, standing.id).await?;
        self.shifts.entry(lane).or_default().remove(&standing.row);
        sqlx::query("DELETE FROM packets WHERE id = ?").bind(standing.id).execute(&mut *self.conn).await?;
        Ok(())
    }

    async fn drop_records(&mut self, lane: i64, packet: i64) -> Result<(), Trouble> {
        self.write_records().await?;
        let rows = sqlx::query("DELETE FROM records WHERE id BETWEEN ? AND ? RETURNING kind, ends, reason")
            .bind(record_id(packet, 0))
            .bind(record_id(packet, u32::from(u16::MAX)))
            .fetch_all(&mut *self.conn)
            .await?;
        let shift = self.shifts.entry(lane).or_default();
        for row in &rows {
            let mut cells = Cells::of(row);
            let (kind, ends): (i64, i64) = (cells.take()?, cells.take()?);
            shift.files -= ends;
            if kind == kind_number(RecordKind::Tombstone) {
                *shift.codes.entry(cells.take()?).or_default() -= 1;
            }
        }
        Ok(())
    }

    /// Runs an update of one column of one packet.
    async fn edit(&mut self, key: &PacketKey, sql: &'static str) -> Result<(), Trouble> {
        let lane = self.lane(key).await?;
        let query = sqlx::query(sql).bind(lane).bind(key.epoch.to_string()).bind(key.seq.cast_signed());
        match query.execute(&mut *self.conn).await?.rows_affected() {
            0 => Err(StoreFault::missing(key).into()),
            _ => Ok(()),
        }
    }

    async fn finish(&mut self, key: &PacketKey, at_ms: i64, from: PacketState, to: PacketState) -> Result<(), Trouble> {
        let standing = self.standing(key).await?.ok_or_else(|| StoreFault::missing(key))?;
        if standing.row.state != from {
            return Ok(());
        }
        let lane = self.lane(key).await?;
        let finished = PacketRow { state: to, ..standing.row.clone() };
        let shift = self.shifts.entry(lane).or_default();
        shift.remove(&standing.row);
        shift.add(&finished);
        sqlx::query("UPDATE packets SET state = ?, done_ms = ? WHERE id = ?")
            .bind(state_number(to))
            .bind(at_ms)
            .bind(standing.id)
            .execute(&mut *self.conn)
            .await?;
        Ok(())
    }

    async fn lane(&mut self, key: &PacketKey) -> Result<i64, Trouble> {
        self.lanes.ensure(self.conn, key.direction, &key.channel).await
    }

    /// Gives the channel's head as the changes so far left it.
    async fn in_head(&mut self, channel: &'a ChannelName) -> Result<&mut Option<InHead>, Trouble> {
        if !self.in_heads.contains_key(channel) {
            let stored = state::find_in_head(self.conn, channel).await?;
            self.in_heads.insert(channel, stored);
        }
        Ok(self.in_heads.entry(channel).or_default())
    }

    async fn write(mut self) -> Result<(), Trouble> {
        self.write_records().await?;
        for (channel, head) in &self.out_heads {
            state::set_out_head(self.conn, channel, head).await?;
        }
        for (channel, head) in &self.in_heads {
            if let Some(head) = head {
                state::set_in_head(self.conn, channel, head).await?;
            }
        }
        if let Some(number) = self.number {
            state::raise_number(self.conn, number).await?;
        }
        for (lane, shift) in &self.shifts {
            shift.store(self.conn, *lane).await?;
        }
        Ok(())
    }

    async fn write_records(&mut self) -> Result<(), Trouble> {
        let records = std::mem::take(&mut self.records);
        let mut rest = records.as_slice();
        for (size, sql) in INSERTS.iter() {
            let (whole, fewer) = rest.split_at(rest.len() - rest.len() % size);
            for chunk in whole.chunks(*size) {
                insert_records(self.conn, sql, chunk).await?;
            }
            rest = fewer;
        }
        Ok(())
    }
}

type PacketQuery = sqlx::query::Query<'static, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

/// Binds the 17 columns of a packet from `lane` to `run_ms`.
fn bind_packet(query: PacketQuery, lane: i64, row: &PacketRow, state: PacketState) -> PacketQuery {
    query
        .bind(lane)
        .bind(row.key.epoch.to_string())
        .bind(row.key.seq.cast_signed())
        .bind(row.number.cast_signed())
        .bind(row.header.as_bytes().to_vec())
        .bind(row.prev.as_bytes().to_vec())
        .bind(row.root.as_bytes().to_vec())
        .bind(i64::from(row.records))
        .bind(i64::from(row.tombstones))
        .bind(row.plain_bytes.cast_signed())
        .bind(row.sealed_bytes.cast_signed())
        .bind(row.spool.clone())
        .bind(state_number(state))
        .bind(i64::from(row.sources_pending))
        .bind(row.at_ms)
        .bind(row.done_ms)
        .bind(row.run_ms.cast_signed())
}

fn record_id(packet: i64, index: u32) -> i64 {
    (packet << INDEX_BITS) | i64::from(index)
}

/// Statements that insert so many records each. The largest has 7,168 of the 32,766 parameters SQLite takes.
static INSERTS: LazyLock<[(usize, String); 4]> = LazyLock::new(|| {
    [512, 64, 8, 1].map(|size| {
        let columns = "id, lane, kind, ends, dir, leaf, key, term, folded, digest, bytes, reason, source, target";
        let values = vec!["(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"; size].join(", ");
        (size, format!("INSERT INTO records({columns}) VALUES {values}"))
    })
});

async fn insert_records(
    conn: &mut SqliteConnection,
    sql: &'static str,
    chunk: &[(i64, i64, &RecordRow)],
) -> Result<(), Trouble> {
    let mut query = sqlx::query(sql);
    for (id, lane, record) in chunk {
        let (dir, leaf) = split(&record.name);
        let key = (record.key != record.name).then_some(record.key.as_str());
        let term = key.filter(|key| !found_by(leaf, key));
        let folded = (record.folded != record.name).then_some(record.folded.as_str());
        query = query
            .bind(*id)
            .bind(*lane)
            .bind(kind_number(record.kind))
            .bind(record.ended().cast_signed())
            .bind(dir)
            .bind(leaf)
            .bind(key)
            .bind(term)
            .bind(folded)
            .bind(record.digest.as_bytes().as_slice())
            .bind(record.bytes.cast_signed())
            .bind(record.reason.as_str())
            .bind(record.source.as_ref().map(stamp_bytes))
            .bind(record.target.as_deref());
    }
    query.execute(conn).await?;
    Ok(())
}

/// Tells whether a search through the last parts of names finds this key: it is one of them, as a whole or up to a dot.
fn found_by(leaf: &str, key: &str) -> bool {
    leaf.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
