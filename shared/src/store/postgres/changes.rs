//! A commit: a list of changes as one durable transaction.
//!
//! Given: changes in the order they happened. Gives: all of them durable, or none. What the changes add up to (heads, sums, the
//! link's number) is gathered in a [`Draft`] and written once at the end; records wait there, too, so that those of small packets
//! share statements.

use super::book;
use super::cards;
use super::faults::Trouble;
use super::lanes::{Lanes, Shift};
use super::schema::mark;
use super::state::{self, meta};
use crate::store::rows::{Cells, INDEX_BITS, direction_number, kind_number, packet_columns, stamp_bytes, state_number};
use crate::store::{
    Change, HeldBack, InHead, OutHead, PacketKey, PacketRow, PacketState, RecordRow, StoreFault, check_order, leaf,
};
use dukou_packets::packet::header::ChannelName;
use dukou_packets::packet::records::RecordKind;
use sqlx::PgConnection;
use std::collections::BTreeMap;

/// Does all of a transaction but its end, under the fence: when another process has taken the state over it is refused.
///
/// # Errors
/// Nothing was changed, once the transaction is rolled back.
pub(super) async fn prepare(conn: &mut PgConnection, lanes: &mut Lanes, fence: i64, changes: &[Change]) -> Result<(), Trouble> {
    let begin = format!("BEGIN; SELECT fence FROM station WHERE fence = {fence} FOR SHARE");
    if sqlx::raw_sql(sqlx::AssertSqlSafe(begin)).fetch_optional(&mut *conn).await?.is_none() {
        return Err(StoreFault::Superseded.into());
    }
    let mut draft = Draft::new(conn, lanes);
    for change in changes {
        draft.apply(change).await?;
    }
    draft.write().await
}

const SOURCES_AWAY: &str = "UPDATE packets SET sources_pending = 0 WHERE lane = $1 AND epoch = $2 AND seq = $3";
const PRUNED: &str = "UPDATE packets SET spool = NULL WHERE lane = $1 AND epoch = $2 AND seq = $3";

/// A packet's row as it stands in the table.
struct Standing {
    id: i64,
    row: PacketRow,
}

/// A transaction in the making.
struct Draft<'a> {
    conn: &'a mut PgConnection,
    lanes: &'a mut Lanes,
    shifts: BTreeMap<i64, Shift>,
    out_heads: BTreeMap<&'a ChannelName, OutHead>,
    in_heads: BTreeMap<&'a ChannelName, Option<InHead>>,
    number: Option<u64>,
    records: Vec<(i64, i64, &'a RecordRow)>,
}

impl<'a> Draft<'a> {
    fn new(conn: &'a mut PgConnection, lanes: &'a mut Lanes) -> Self {
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
        let sql = "UPDATE packets SET lane = $1, epoch = $2, seq = $3, number = $4, header = $5, prev = $6, root = $7, records = $8,
                   tombstones = $9, plain_bytes = $10, sealed_bytes = $11, spool = $12, state = $13, sources_pending = $14, at_ms = $15,
                   done_ms = $16, run_ms = $17 WHERE id = $18";
        bind_packet(sqlx::query(sql), lane, packet, packet.state).bind(standing.id).execute(&mut *self.conn).await?;
        Ok(())
    }

    async fn held_back(&mut self, held: &'a HeldBack) -> Result<(), Trouble> {
        let lane = self.lanes.ensure(self.conn, held.went.direction, &held.channel).await?;
        self.shifts.entry(lane).or_default().held_back += 1;
        let leaf = leaf(&held.name);
        sqlx::query(
            "INSERT INTO held_back(channel, name, key, leaf, name_mark, key_mark, leaf_mark, went_direction, went_channel, went_epoch,
             went_seq, at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        )
        .bind(held.channel.to_string())
        .bind(held.name.as_str())
        .bind(held.key.as_str())
        .bind(leaf)
        .bind(mark(&held.name))
        .bind(mark(&held.key))
        .bind(mark(leaf))
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
            " FROM packets p JOIN lanes l ON l.id = p.lane WHERE p.lane = $1 AND p.epoch = $2 AND p.seq = $3"
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
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) RETURNING id";
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
        sqlx::query("DELETE FROM packets WHERE id = $1").bind(standing.id).execute(&mut *self.conn).await?;
        Ok(())
    }

    async fn drop_records(&mut self, lane: i64, packet: i64) -> Result<(), Trouble> {
        self.write_records().await?;
        let rows = sqlx::query("DELETE FROM records WHERE id BETWEEN $1 AND $2 RETURNING kind, ends, reason")
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
        sqlx::query("UPDATE packets SET state = $1, done_ms = $2 WHERE id = $3")
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
        for chunk in records.chunks(INSERTED) {
            insert_records(self.conn, chunk).await?;
        }
        Ok(())
    }
}

type PacketQuery = sqlx::query::Query<'static, sqlx::Postgres, sqlx::postgres::PgArguments>;

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

/// Records that one statement inserts.
const INSERTED: usize = 2048;

const INSERT: &str =
    "INSERT INTO records(id, lane, kind, ends, name, key, folded, digest, bytes, reason, source, target, name_mark,
    leaf_mark, key_mark, folded_mark)
  SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::bytea[],
    $9::bigint[], $10::text[], $11::bytea[], $12::text[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[])";

async fn insert_records(conn: &mut PgConnection, chunk: &[(i64, i64, &RecordRow)]) -> Result<(), Trouble> {
    let numbers = |of: fn(&RecordRow) -> i64| chunk.iter().map(|(.., record)| of(record)).collect::<Vec<i64>>();
    let marks = |of: fn(&RecordRow) -> Option<i64>| chunk.iter().map(|(.., record)| of(record)).collect::<Vec<Option<i64>>>();
    let texts = |of: fn(&RecordRow) -> &str| chunk.iter().map(|(.., record)| of(record)).collect::<Vec<&str>>();
    let some = |of: fn(&RecordRow) -> Option<&str>| chunk.iter().map(|(.., record)| of(record)).collect::<Vec<Option<&str>>>();
    sqlx::query(INSERT)
        .bind(chunk.iter().map(|(id, ..)| *id).collect::<Vec<i64>>())
        .bind(chunk.iter().map(|(_, lane, _)| *lane).collect::<Vec<i64>>())
        .bind(numbers(|record| kind_number(record.kind)))
        .bind(numbers(|record| record.ended().cast_signed()))
        .bind(texts(|record| &record.name))
        .bind(some(|record| (record.key != record.name).then_some(&record.key)))
        .bind(some(|record| (record.folded != record.name).then_some(&record.folded)))
        .bind(chunk.iter().map(|(.., record)| record.digest.as_bytes().as_slice()).collect::<Vec<&[u8]>>())
        .bind(numbers(|record| record.bytes.cast_signed()))
        .bind(texts(|record| &record.reason))
        .bind(chunk.iter().map(|(.., record)| record.source.as_ref().map(stamp_bytes)).collect::<Vec<Option<Vec<u8>>>>())
        .bind(some(|record| record.target.as_deref()))
        .bind(numbers(|record| mark(&record.name)))
        .bind(marks(|record| (leaf(&record.name) != record.name).then(|| mark(leaf(&record.name)))))
        .bind(marks(|record| (record.key != record.name && record.key != leaf(&record.name)).then(|| mark(&record.key))))
        .bind(marks(|record| (record.folded != record.name).then(|| mark(&record.folded))))
        .execute(conn)
        .await?;
    Ok(())
}
