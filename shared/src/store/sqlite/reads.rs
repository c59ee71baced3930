//! Reads of packets and records.

use super::faults::Trouble;
use super::rows::{Cells, INDEX_BITS, direction_number, packet_columns, record_columns, split, state_number};
use crate::store::{Direction, HeldBack, PacketKey, PacketRow, PacketState, RecordRow, Sighting, Went};
use dukou_packets::packet::header::{ChannelName, Epoch};
use dukou_packets::suite::Digest;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Starts a statement that reads packet rows; a WHERE follows.
macro_rules! packets_where {
    ($rest:literal) => {
        concat!("SELECT ", packet_columns!(), " FROM packets p JOIN lanes l ON l.id = p.lane WHERE ", $rest)
    };
}

pub(super) async fn packet_of(conn: &mut SqliteConnection, key: &PacketKey) -> Result<Option<PacketRow>, Trouble> {
    let row = sqlx::query(packets_where!("l.direction = ? AND l.channel = ? AND p.epoch = ? AND p.seq = ?"))
        .bind(direction_number(key.direction))
        .bind(key.channel.to_string())
        .bind(key.epoch.to_string())
        .bind(key.seq.cast_signed())
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(|row| Cells::of(row).packet()).transpose()
}

pub(super) async fn packet_by_header(
    conn: &mut SqliteConnection,
    direction: Direction,
    header: &Digest,
) -> Result<Option<PacketRow>, Trouble> {
    let sql = packets_where!("p.header = ? AND l.direction = ? ORDER BY p.id LIMIT 1");
    let query = sqlx::query(sql).bind(header.as_bytes().as_slice()).bind(direction_number(direction));
    query.fetch_optional(conn).await?.as_ref().map(|row| Cells::of(row).packet()).transpose()
}

pub(super) async fn packets_in(
    conn: &mut SqliteConnection,
    direction: Direction,
    states: &[PacketState],
    limit: usize,
) -> Result<Vec<PacketRow>, Trouble> {
    // The cast takes the counter off the front of an epoch; `seq < 0` stands for numbers above the signed range.
    let sql = packets_where!(
        "p.lane IN (SELECT id FROM lanes WHERE direction = ?1) AND p.state IN (?2, ?3, ?4, ?5, ?6, ?7)
         ORDER BY l.channel, CAST(p.epoch AS INTEGER), p.epoch, p.seq < 0, p.seq LIMIT ?8"
    );
    let mut asked = [None; 6];
    for (place, state) in asked.iter_mut().zip(PacketState::ALL) {
        *place = states.contains(&state).then(|| state_number(state));
    }
    let mut query = sqlx::query(sql).bind(direction_number(direction));
    for state in asked {
        query = query.bind(state);
    }
    packets(query.bind(count(limit)).fetch_all(conn).await?)
}

pub(super) async fn packets_with_sources(conn: &mut SqliteConnection) -> Result<Vec<PacketRow>, Trouble> {
    let sql = packets_where!("p.sources_pending = 1 AND l.direction = 0 ORDER BY p.number < 0, p.number, p.id");
    packets(sqlx::query(sql).fetch_all(conn).await?)
}

pub(super) async fn packet_range(
    conn: &mut SqliteConnection,
    direction: Direction,
    channel: &ChannelName,
    epoch: &Epoch,
    (from, to): (u64, u64),
) -> Result<Vec<PacketRow>, Trouble> {
    let mut found = Vec::new();
    for (from, to) in signed_spans(from, to) {
        let sql = packets_where!("l.direction = ? AND l.channel = ? AND p.epoch = ? AND p.seq BETWEEN ? AND ? ORDER BY p.seq");
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
    conn: &mut SqliteConnection,
    direction: Direction,
    run_ms: u64,
    limit: usize,
) -> Result<Vec<PacketRow>, Trouble> {
    let sql = packets_where!(
        "p.lane IN (SELECT id FROM lanes WHERE direction = ?) AND p.spool IS NOT NULL AND p.run_ms >= 0 AND p.run_ms < ?
         AND p.state IN (?, ?, ?) ORDER BY p.run_ms, p.id LIMIT ?"
    );
    let settled = [PacketState::Left, PacketState::Applied, PacketState::Late];
    let mut query = sqlx::query(sql).bind(direction_number(direction)).bind(i64::try_from(run_ms).unwrap_or(i64::MAX));
    for state in settled {
        query = query.bind(state_number(state));
    }
    packets(query.bind(count(limit)).fetch_all(conn).await?)
}

pub(super) async fn kept_bytes(conn: &mut SqliteConnection, lane: i64, open: Option<Epoch>) -> Result<u64, Trouble> {
    let sql = "SELECT coalesce(sum(sealed_bytes), 0) FROM packets
               WHERE lane = ?1 AND state IN (?2, ?3) AND spool IS NOT NULL AND (state = ?2 OR epoch IS NOT ?4)";
    let query = sqlx::query(sql).bind(lane).bind(state_number(PacketState::Early)).bind(state_number(PacketState::Late));
    let row = query.bind(open.map(|epoch| epoch.to_string())).fetch_one(conn).await?;
    Cells::of(&row).unsigned()
}

pub(super) async fn records(conn: &mut SqliteConnection, key: &PacketKey) -> Result<Vec<RecordRow>, Trouble> {
    let sql = concat!(
        "WITH carrier(id) AS (SELECT p.id FROM packets p JOIN lanes l ON l.id = p.lane
           WHERE l.direction = ? AND l.channel = ? AND p.epoch = ? AND p.seq = ?)
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

pub(super) async fn trace(conn: &mut SqliteConnection, what: &str, limit: usize) -> Result<Vec<Sighting>, Trouble> {
    let sql = concat!(
        "SELECT ",
        record_columns!(),
        ", ",
        packet_columns!(),
        " FROM records r JOIN packets p ON p.id = r.id >> 16 JOIN lanes l ON l.id = p.lane
         WHERE r.id IN (SELECT id FROM records WHERE lane IN (SELECT id FROM lanes) AND leaf = ?3 AND dir IS ?2
                        UNION SELECT id FROM records WHERE lane IN (SELECT id FROM lanes) AND leaf = ?1
                        UNION SELECT id FROM records WHERE lane IN (SELECT id FROM lanes)
                                                       AND leaf >= ?1 || '.' AND leaf < ?1 || '/' AND key = ?1
                        UNION SELECT id FROM records WHERE term = ?1)
         ORDER BY r.id DESC LIMIT ?4"
    );
    let (dir, leaf) = split(what);
    let rows = sqlx::query(sql).bind(what).bind(dir).bind(leaf).bind(count(limit)).fetch_all(conn).await?;
    rows.iter().map(sighting).collect()
}

fn sighting(row: &SqliteRow) -> Result<Sighting, Trouble> {
    let mut cells = Cells::of(row);
    Ok(Sighting { record: cells.record()?, packet: cells.packet()? })
}

pub(super) async fn held_back_as(conn: &mut SqliteConnection, what: &str, limit: usize) -> Result<Vec<HeldBack>, Trouble> {
    let sql =
        "SELECT channel, coalesce(key, name), name, at_ms, went_direction, went_channel, went_epoch, went_seq FROM held_back
               WHERE id IN (SELECT id FROM held_back WHERE name = ?1
                            UNION SELECT id FROM held_back WHERE key = ?1
                            UNION SELECT id FROM held_back WHERE leaf = ?1)
               ORDER BY id DESC LIMIT ?2";
    let rows = sqlx::query(sql).bind(what).bind(count(limit)).fetch_all(conn).await?;
    rows.iter().map(|row| Cells::of(row).held_back()).collect()
}

/// Names asked for in one statement: a few, or many. What is missing to the full number is null, which matches nothing.
const ASKED: [usize; 2] = [16, 512];

static WENT: LazyLock<[String; 2]> = LazyLock::new(|| {
    statements(
        "SELECT asked.place, r.id, r.digest FROM asked CROSS JOIN records r ON r.id =
           (SELECT id FROM records WHERE lane = (SELECT id FROM lane) AND leaf = asked.leaf AND dir IS asked.dir AND ends > 0 ORDER BY id DESC LIMIT 1)",
    )
});

static ARRIVED: LazyLock<[String; 2]> = LazyLock::new(|| {
    statements(
        "SELECT asked.place, r.dir, r.leaf FROM asked CROSS JOIN records r ON r.id = min(
           coalesce((SELECT id FROM records WHERE lane = (SELECT id FROM lane) AND lane < 0 AND folded = asked.whole AND ends > 0
                     ORDER BY id LIMIT 1), 9223372036854775807),
           coalesce((SELECT id FROM records WHERE lane = (SELECT id FROM lane) AND leaf = asked.leaf AND dir IS asked.dir AND folded IS NULL AND ends > 0
                     ORDER BY id LIMIT 1), 9223372036854775807))",
    )
});

/// Writes the statements. Their parameters are the lane, then each name asked for as a whole, its directory, its last part. They bear
/// no numbers, because the driver looks each number up in a list, which costs the square of their count.
fn statements(select: &str) -> [String; 2] {
    ASKED.map(|size| {
        let rows: Vec<String> = (0..size).map(|place| format!("({place}, ?, ?, ?)")).collect();
        let asked = rows.join(", ");
        format!("WITH lane(id) AS (SELECT ?), asked(place, whole, dir, leaf) AS (VALUES {asked}) {select}")
    })
}

/// Asks for all names, so many a statement, and puts each answer where its name stands. Asking in the order of the index reads each
/// of its pages once.
async fn answers<T: Clone>(
    conn: &mut SqliteConnection,
    statements: &'static [String; 2],
    lane: i64,
    names: &[&str],
    answer: impl Fn(&mut Cells<'_, SqliteRow>) -> Result<T, Trouble>,
) -> Result<Vec<Option<T>>, Trouble> {
    let mut asked: Vec<_> = names.iter().map(|name| (split(name), *name)).zip(0_usize..).collect();
    asked.sort_unstable_by_key(|(((dir, leaf), _), _)| (*leaf, *dir));
    let [few, many] = ASKED;
    let mut answers = vec![None; names.len()];
    for asked in asked.chunks(many) {
        let sql = &statements[usize::from(asked.len() > few)];
        let mut query = sqlx::query(sql.as_str()).bind(lane);
        for (((dir, leaf), name), _) in asked {
            query = query.bind(*name).bind(*dir).bind(*leaf);
        }
        for row in query.fetch_all(&mut *conn).await? {
            let mut cells = Cells::of(&row);
            let place: usize = cells.small()?;
            let slot = asked.get(place).and_then(|(_, place)| answers.get_mut(*place));
            if let Some(slot) = slot {
                *slot = Some(answer(&mut cells)?);
            }
        }
    }
    Ok(answers)
}

pub(super) async fn went(
    conn: &mut SqliteConnection,
    lane: i64,
    channel: &ChannelName,
    names: &[&str],
) -> Result<Vec<Option<Went>>, Trouble> {
    let answers = answers(conn, &WENT, lane, names, |cells| Ok((cells.take::<i64>()? >> INDEX_BITS, cells.digest()?))).await?;
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
async fn carrier(conn: &mut SqliteConnection, channel: &ChannelName, id: i64) -> Result<Went, Trouble> {
    let row = sqlx::query("SELECT epoch, seq, at_ms, run_ms FROM packets WHERE id = ?").bind(id).fetch_one(conn).await?;
    let mut cells = Cells::of(&row);
    let (epoch, seq) = (cells.parsed()?, cells.unsigned()?);
    let packet = PacketKey { direction: Direction::Out, channel: channel.clone(), epoch, seq };
    Ok(Went { packet, at_ms: cells.take()?, run_ms: cells.unsigned()?, digest: Digest::ZERO })
}

pub(super) async fn arrived_as(
    conn: &mut SqliteConnection,
    lane: i64,
    folded: &[&str],
) -> Result<Vec<Option<String>>, Trouble> {
    answers(conn, &ARRIVED, lane, folded, |cells| cells.name()).await
}

pub(super) async fn arrived_before(
    conn: &mut SqliteConnection,
    lane: i64,
    packet: &PacketKey,
    record: &RecordRow,
) -> Result<bool, Trouble> {
    let sql = "SELECT 1 FROM records r JOIN packets p ON p.id = r.id >> 16
               WHERE r.lane = ? AND r.leaf = ? AND r.dir IS ? AND r.ends > 0 AND r.digest = ? AND p.epoch <> ? LIMIT 1";
    let (dir, leaf) = split(&record.name);
    let query = sqlx::query(sql).bind(lane).bind(leaf).bind(dir).bind(record.digest.as_bytes().as_slice());
    Ok(query.bind(packet.epoch.to_string()).fetch_optional(conn).await?.is_some())
}

fn packets(rows: Vec<SqliteRow>) -> Result<Vec<PacketRow>, Trouble> {
    rows.iter().map(|row| Cells::of(row).packet()).collect()
}

fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
