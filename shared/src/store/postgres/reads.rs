//! Reads of packets and records.

use super::faults::Trouble;
use super::schema::mark;
use crate::store::rows::{Cells, INDEX_BITS, direction_number, packet_columns, state_number};
use crate::store::{Direction, HeldBack, PacketKey, PacketRow, PacketState, RecordRow, Sighting, Went};
use dukou_packets::packet::header::{ChannelName, Epoch};
use dukou_packets::suite::Digest;
use sqlx::PgConnection;
use sqlx::postgres::PgRow;
use std::collections::HashMap;

/// The columns of a record, of table `records r`; the name stands whole where a record's directory and last part do.
macro_rules! record_columns {
    () => {
        "r.id & 65535, r.kind, NULL::text, r.name, r.key, r.folded, r.digest, r.bytes, r.reason, r.source, r.target, r.ends"
    };
}

/// Starts a statement that reads packet rows; a WHERE follows.
macro_rules! packets_where {
    ($rest:literal) => {
        concat!("SELECT ", packet_columns!(), " FROM packets p JOIN lanes l ON l.id = p.lane WHERE ", $rest)
    };
}

pub(super) async fn packet_of(conn: &mut PgConnection, key: &PacketKey) -> Result<Option<PacketRow>, Trouble> {
    let row = sqlx::query(packets_where!("l.direction = $1 AND l.channel = $2 AND p.epoch = $3 AND p.seq = $4"))
        .bind(direction_number(key.direction))
        .bind(key.channel.to_string())
        .bind(key.epoch.to_string())
        .bind(key.seq.cast_signed())
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(|row| Cells::of(row).packet()).transpose()
}

pub(super) async fn packet_by_header(
    conn: &mut PgConnection,
    direction: Direction,
    header: &Digest,
) -> Result<Option<PacketRow>, Trouble> {
    let sql = packets_where!("p.header = $1 AND l.direction = $2 ORDER BY p.id LIMIT 1");
    let query = sqlx::query(sql).bind(header.as_bytes().as_slice()).bind(direction_number(direction));
    query.fetch_optional(conn).await?.as_ref().map(|row| Cells::of(row).packet()).transpose()
}

pub(super) async fn packets_in(
    conn: &mut PgConnection,
    direction: Direction,
    states: &[PacketState],
    limit: usize,
) -> Result<Vec<PacketRow>, Trouble> {
    // `seq < 0` stands for numbers above the signed range.
    let sql = packets_where!(
        "p.lane IN (SELECT id FROM lanes WHERE direction = $1) AND p.state = ANY($2)
         ORDER BY l.channel, split_part(p.epoch, '-', 1)::numeric, p.epoch, p.seq < 0, p.seq LIMIT $3"
    );
    let states: Vec<i64> = states.iter().map(|state| state_number(*state)).collect();
    packets(sqlx::query(sql).bind(direction_number(direction)).bind(states).bind(count(limit)).fetch_all(conn).await?)
}

pub(super) async fn packets_with_sources(conn: &mut PgConnection) -> Result<Vec<PacketRow>, Trouble> {
    let sql = packets_where!("p.sources_pending = 1 AND l.direction = 0 ORDER BY p.number < 0, p.number, p.id");
    packets(sqlx::query(sql).fetch_all(conn).await?)
}

pub(super) async fn packet_range(
    conn: &mut PgConnection,
    direction: Direction,
    channel: &ChannelName,
    epoch: &Epoch,
    (from, to): (u64, u64),
) -> Result<Vec<PacketRow>, Trouble> {
    let mut found = Vec::new();
    for (from, to) in signed_spans(from, to) {
        let sql =
            packets_where!("l.direction = $1 AND l.channel = $2 AND p.epoch = $3 AND p.seq BETWEEN $4 AND $5 ORDER BY p.seq");
        let query = sqlx::query(sql).bind(direction_number(direction)).bind(channel.to_string()).bind(epoch.to_string());
        found.extend(packets(query.bind(from).bind(to).fetch_all(&mut *conn).await?)?);
    }
    Ok(found)
}

/// Gives the spans of signed numbers that stand for a span of unsigned ones, lower numbers first.
fn signed_spans(from: u64, to: u64) -> impl Iterator<Item = (i64, i64)> {
    let middle = i64::MAX.cast_unsigned();
    let low = (from, to.min(middle));
    let high = (from.max(middle + 1), to);
    let spans = [low, high].into_iter().filter(|(from, to)| from <= to);
    spans.map(|(from, to)| (from.cast_signed(), to.cast_signed()))
}

pub(super) async fn packets_older(
    conn: &mut PgConnection,
    direction: Direction,
    run_ms: u64,
    limit: usize,
) -> Result<Vec<PacketRow>, Trouble> {
    let sql = packets_where!(
        "p.lane IN (SELECT id FROM lanes WHERE direction = $1) AND p.spool IS NOT NULL AND p.run_ms >= 0 AND p.run_ms < $2
         AND p.state = ANY($3) ORDER BY p.run_ms, p.id LIMIT $4"
    );
    let settled = [PacketState::Left, PacketState::Applied, PacketState::Late].map(state_number).to_vec();
    let query = sqlx::query(sql).bind(direction_number(direction)).bind(i64::try_from(run_ms).unwrap_or(i64::MAX));
    packets(query.bind(settled).bind(count(limit)).fetch_all(conn).await?)
}

pub(super) async fn kept_bytes(conn: &mut PgConnection, lane: i64, open: Option<Epoch>) -> Result<u64, Trouble> {
    let sql = "SELECT coalesce(sum(sealed_bytes), 0)::bigint FROM packets
               WHERE lane = $1 AND state IN ($2, $3) AND spool IS NOT NULL AND (state = $2 OR epoch IS DISTINCT FROM $4)";
    let query = sqlx::query(sql).bind(lane).bind(state_number(PacketState::Early)).bind(state_number(PacketState::Late));
    let row = query.bind(open.map(|epoch| epoch.to_string())).fetch_one(conn).await?;
    Cells::of(&row).unsigned()
}

pub(super) async fn records(conn: &mut PgConnection, key: &PacketKey) -> Result<Vec<RecordRow>, Trouble> {
    let sql = concat!(
        "WITH carrier(id) AS (SELECT p.id FROM packets p JOIN lanes l ON l.id = p.lane
           WHERE l.direction = $1 AND l.channel = $2 AND p.epoch = $3 AND p.seq = $4)
         SELECT ",
        record_columns!(),
        " FROM carrier JOIN records r ON r.id BETWEEN carrier.id << 16 AND (carrier.id << 16) + 65535 ORDER BY r.id"
    );
    let rows = sqlx::query(sql)
        .bind(direction_number(key.direction))
        .bind(key.channel.to_string())
        .bind(key.epoch.to_string())
        .bind(key.seq.cast_signed())
        .fetch_all(conn)
        .await?;
    rows.iter().map(|row| Cells::of(row).record()).collect()
}

pub(super) async fn trace(conn: &mut PgConnection, what: &str, limit: usize) -> Result<Vec<Sighting>, Trouble> {
    let sql = concat!(
        "SELECT ",
        record_columns!(),
        ", ",
        packet_columns!(),
        " FROM records r JOIN packets p ON p.id = r.id >> 16 JOIN lanes l ON l.id = p.lane
         WHERE r.id IN (SELECT id FROM records WHERE name_mark = $2 AND name = $1
                        UNION SELECT id FROM records WHERE leaf_mark = $2 AND right(name, length($1) + 1) = '/' || $1
                        UNION SELECT id FROM records WHERE key_mark = $2 AND key = $1)
         ORDER BY r.id DESC LIMIT $3"
    );
    let rows = sqlx::query(sql).bind(what).bind(mark(what)).bind(count(limit)).fetch_all(conn).await?;
    rows.iter().map(sighting).collect()
}

fn sighting(row: &PgRow) -> Result<Sighting, Trouble> {
    let mut cells = Cells::of(row);
    Ok(Sighting { record: cells.record()?, packet: cells.packet()? })
}

pub(super) async fn held_back_as(conn: &mut PgConnection, what: &str, limit: usize) -> Result<Vec<HeldBack>, Trouble> {
    let sql = "SELECT channel, key, name, at_ms, went_direction, went_channel, went_epoch, went_seq FROM held_back
               WHERE id IN (SELECT id FROM held_back WHERE name_mark = $2 AND name = $1
                            UNION SELECT id FROM held_back WHERE key_mark = $2 AND key = $1
                            UNION SELECT id FROM held_back WHERE leaf_mark = $2 AND leaf = $1)
               ORDER BY id DESC LIMIT $3";
    let rows = sqlx::query(sql).bind(what).bind(mark(what)).bind(count(limit)).fetch_all(conn).await?;
    rows.iter().map(|row| Cells::of(row).held_back()).collect()
}

/// Names asked for in one statement.
const ASKED: usize = 1024;

/// The newest file under each name asked for.
const WENT: &str = "SELECT asked.place, r.id, r.digest FROM unnest($2::text[], $3::bigint[]) WITH ORDINALITY AS asked(name, mark, place)
    CROSS JOIN LATERAL (SELECT id, digest FROM records WHERE name_mark = asked.mark AND lane = $1 AND name = asked.name AND ends > 0
                        ORDER BY id DESC LIMIT 1) r";

/// The name of the oldest file whose folded name is asked for.
const ARRIVED: &str = "SELECT asked.place, NULL::text, r.name FROM unnest($2::text[], $3::bigint[]) WITH ORDINALITY AS asked(name, mark, place)
    CROSS JOIN LATERAL (
      SELECT found.name FROM (
        (SELECT id, name FROM records WHERE folded_mark = asked.mark AND lane = $1 AND folded = asked.name AND ends > 0 ORDER BY id LIMIT 1)
        UNION ALL
        (SELECT id, name FROM records WHERE name_mark = asked.mark AND lane = $1 AND name = asked.name AND folded IS NULL AND ends > 0
         ORDER BY id LIMIT 1)) found
      ORDER BY found.id LIMIT 1) r";

/// Asks for all names, so many a statement, and puts each answer where its name stands.
async fn answers<T: Clone>(
    conn: &mut PgConnection,
    sql: &'static str,
    lane: i64,
    names: &[&str],
    answer: impl Fn(&mut Cells<'_, PgRow>) -> Result<T, Trouble>,
) -> Result<Vec<Option<T>>, Trouble> {
    let mut answers = Vec::with_capacity(names.len());
    for names in names.chunks(ASKED) {
        let mut found = vec![None; names.len()];
        let marks: Vec<i64> = names.iter().map(|name| mark(name)).collect();
        for row in sqlx::query(sql).bind(lane).bind(names).bind(marks).fetch_all(&mut *conn).await? {
            let mut cells = Cells::of(&row);
            let place: usize = cells.small()?;
            if let Some(slot) = place.checked_sub(1).and_then(|place| found.get_mut(place)) {
                *slot = Some(answer(&mut cells)?);
            }
        }
        answers.append(&mut found);
    }
    Ok(answers)
}

pub(super) async fn went(
    conn: &mut PgConnection,
    lane: i64,
    channel: &ChannelName,
    names: &[&str],
) -> Result<Vec<Option<Went>>, Trouble> {
    let answers = answers(conn, WENT, lane, names, |cells| Ok((cells.take::<i64>()? >> INDEX_BITS, cells.digest()?))).await?;
    let mut carriers = HashMap::new();
    for (id, _) in answers.iter().flatten() {
        if !carriers.contains_key(id) {
            carriers.insert(*id, carrier(conn, channel, *id).await?);
        }
    }
    let went = |(id, digest)| carriers.get(&id).map(|carrier| Went { digest, ..carrier.clone() });
    Ok(answers.into_iter().map(|answer| answer.and_then(went)).collect())
}

/// Reads what of an answer is the packet's; the digest is the record's and to be filled in.
async fn carrier(conn: &mut PgConnection, channel: &ChannelName, id: i64) -> Result<Went, Trouble> {
    let row = sqlx::query("SELECT epoch, seq, at_ms, run_ms FROM packets WHERE id = $1").bind(id).fetch_one(conn).await?;
    let mut cells = Cells::of(&row);
    let (epoch, seq) = (cells.parsed()?, cells.unsigned()?);
    let packet = PacketKey { direction: Direction::Out, channel: channel.clone(), epoch, seq };
    Ok(Went { packet, at_ms: cells.take()?, run_ms: cells.unsigned()?, digest: Digest::ZERO })
}

pub(super) async fn arrived_as(conn: &mut PgConnection, lane: i64, folded: &[&str]) -> Result<Vec<Option<String>>, Trouble> {
    answers(conn, ARRIVED, lane, folded, |cells| cells.name()).await
}

pub(super) async fn arrived_before(
    conn: &mut PgConnection,
    lane: i64,
    packet: &PacketKey,
    record: &RecordRow,
) -> Result<bool, Trouble> {
    let sql = "SELECT 1 FROM records r JOIN packets p ON p.id = r.id >> 16
               WHERE r.lane = $1 AND r.name_mark = $2 AND r.name = $3 AND r.ends > 0 AND r.digest = $4 AND p.epoch <> $5 LIMIT 1";
    let query =
        sqlx::query(sql).bind(lane).bind(mark(&record.name)).bind(&record.name).bind(record.digest.as_bytes().as_slice());
    Ok(query.bind(packet.epoch.to_string()).fetch_optional(conn).await?.is_some())
}

fn packets(rows: Vec<PgRow>) -> Result<Vec<PacketRow>, Trouble> {
    rows.iter().map(|row| Cells::of(row).packet()).collect()
}

fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
