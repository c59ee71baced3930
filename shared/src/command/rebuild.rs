//! `check --rebuild` of a whole state: a new one beside the old, from log and spool.
//!
//! Given: the packet log, the spool, the station's keys. Gives: a state whose packets, records, heads, waivers, holds and numbers the log and the spool prove; the old one
//! lies beside it under another name. After a crash: the old one is in its place, or the new one is, or none, and the next start asks for
//! this command again; each of them is whole; the line about it is written with the next start.
//! Never: the old state changed or removed, a packet number used twice, or a word about what nothing proves.

use super::examine::{Heads, Told, lost_doubts, spool_heads};
use crate::epoch::accepting::upcoming;
use crate::epoch::reseal::row_of;
use crate::epoch::restored::RestoredHere;
use crate::error::{ConfigFault, EngineFault};
use crate::given;
use crate::keys::{StationKeys, Trust};
use crate::lang::Lang;
use crate::requests::renumbered::{RebuiltState, Renumbering, renumber};
use crate::say;
use crate::station::Station;
use crate::store::place::StatePlace;
use crate::store::sqlite::SqliteStore;
use crate::store::{Change, Direction, Hold, InHead, PacketKey, PacketRow, PacketState, RecordRow, Store, Waiver};
use dukou_packets::limits;
use dukou_packets::packet::header::{ChannelName, Epoch};
use dukou_packets::packet::open::{VerifiedHead, decode_records, open_payload};
use dukou_packets::packet::records::RecordKind;
use dukou_packets::suite::{Digest, StationId, Unwrapper};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// How far beyond the newest number that a line names a rebuilt state goes on, and once more for each older copy of the state that this station went on from: the newer
/// one may have been rebuilt, too. Signals and repair packets take numbers that no line names: at one a second these are enough for a century.
const NUMBERS_APART: u64 = 1 << 32;

/// Changes of one transaction.
const AT_ONCE: usize = 500;

/// Who asked for it; the name and the reason stay in the store.
pub(super) struct Person {
    pub(super) name: String,
    pub(super) reason: String,
    pub(super) operator: String,
}

/// What a rebuilding came to.
pub(super) struct Rebuilding {
    /// Packets in the new state.
    pub(super) packets: u64,
    /// Packets whose records nothing here holds: their copies left the spool, or cannot be opened.
    pub(super) without_records: u64,
    /// Channels on which a large file was under way.
    pub(super) under_way: BTreeSet<String>,
    /// Where the old state lies now.
    pub(super) before: PathBuf,
}

/// Tells whether a state knows of nothing at all while the log names packets: it was lost, and what stands there was made since.
pub(super) fn is_lost(told: &Told, store: &mut dyn Store) -> Result<bool, EngineFault> {
    let state = store.load()?;
    let is_empty = state.number == 0 && state.out_heads.is_empty() && state.in_heads.is_empty();
    let names_packets = !told.packed.is_empty() || !told.seen.is_empty();
    Ok(is_empty && names_packets)
}

/// Refuses to make a state anew where it is on a server: there it comes back from the server's own backup.
pub(super) fn check_is_beside_the_log(station: &Station) -> Result<(), ConfigFault> {
    match station.config.station.store {
        StatePlace::Sqlite => Ok(()),
        StatePlace::Postgres(_) => {
            let sentence = |lang| {
                say!(
                    lang,
                    "本站的状态在 PostgreSQL 里（station.toml 的 store），不由日志另建。请先把数据库从备份恢复到最后一刻，再起站。",
                    "This station's state is in PostgreSQL (store in station.toml) and is not made anew from the log. Restore the database from its backup to its last moment, then start the station."
                )
            };
            Err(ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) })
        }
    }
}

/// Makes a new state and puts it in the place of the old one, which stays beside it.
pub(super) fn rebuild(
    station: &Station,
    told: &Told,
    (keys, trust): (&StationKeys, Option<&Trust>),
    person: Person,
    at_ms: i64,
) -> Result<Rebuilding, EngineFault> {
    let dir = station.state_dir();
    let (place, beside, before) =
        (dir.join("station.sqlite"), dir.join("station.sqlite.rebuilt"), dir.join(format!("station.sqlite.before-{at_ms}")));
    SqliteStore::open(&place)?.settle()?;
    remove_all(&beside)?;
    let mut made =
        Made { station, keys, heads: spool_heads(station, keys, trust)?, without_records: 0, under_way: BTreeSet::new() };
    let arrivals = Arrivals::of(told, trust.map(|trust| trust.peer.body().station));
    let mut writing = Writing { store: SqliteStore::open(&beside)?, changes: Vec::new() };
    made.packets(told, &arrivals, &mut writing)?;
    let packets = (told.packed.len() + told.seen.len()) as u64;
    let closed = told.senders.keys().map(|(channel, _)| channel).filter(|channel| !arrivals.heads.contains_key(*channel));
    let mut changes: Vec<Change> = closed.cloned().map(Change::InHeadClosed).collect();
    changes.extend(arrivals.heads.into_iter().map(|(channel, head)| Change::InHead(channel, head)));
    changes.push(upcoming(arrivals.to_come.into_iter())?);
    changes.extend(told.waived.iter().cloned().map(Change::Waived));
    changes.extend(holds(told));
    changes.extend(lost_doubts(station, told, &RestoredHere::default())?);
    let Person { name, reason, operator } = person;
    changes.extend(renumber(number_behind(told), Renumbering::Rebuilt, &operator)?);
    changes.push(Change::fact(&RebuiltState { at_ms, name, reason, operator })?);
    changes.into_iter().try_for_each(|change| writing.put(change))?;
    writing.end()?;
    move_alone(&place, &before)?;
    move_alone(&beside, &place)?;
    let synced = std::fs::File::open(&dir).and_then(|dir| dir.sync_all());
    synced.map_err(|error| ConfigFault::unreadable(&dir, &error))?;
    Ok(Rebuilding { packets, without_records: made.without_records, under_way: made.under_way, before })
}

/// A new state on its way: what is put into it does not wait in memory for the rest.
struct Writing {
    store: SqliteStore,
    changes: Vec<Change>,
}

impl Writing {
    fn put(&mut self, change: Change) -> Result<(), EngineFault> {
        self.changes.push(change);
        if self.changes.len() < AT_ONCE { Ok(()) } else { self.commit() }
    }

    fn commit(&mut self) -> Result<(), EngineFault> {
        Ok(self.store.commit(&std::mem::take(&mut self.changes))?)
    }

    fn end(mut self) -> Result<(), EngineFault> {
        self.commit()?;
        Ok(self.store.settle()?)
    }
}

/// What SQLite keeps beside a database.
const COMPANIONS: [&str; 2] = ["-wal", "-shm"];

fn companions(path: &Path) -> [PathBuf; 2] {
    COMPANIONS.map(|suffix| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    })
}

fn remove(path: &Path) -> Result<(), ConfigFault> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(ConfigFault::unreadable(path, &error)),
        _ => Ok(()),
    }
}

fn remove_all(path: &Path) -> Result<(), ConfigFault> {
    remove(path)?;
    companions(path).iter().try_for_each(|companion| remove(companion))
}

/// Moves a settled database: all that it knows is in its one file, so that no two names have to change at once. What SQLite left beside it would be taken for the
/// next one's.
fn move_alone(from: &Path, to: &Path) -> Result<(), ConfigFault> {
    companions(from).iter().try_for_each(|companion| remove(companion))?;
    std::fs::rename(from, to).map_err(|error| ConfigFault::unreadable(from, &error))
}

struct Made<'a> {
    station: &'a Station,
    keys: &'a StationKeys,
    heads: Heads,
    without_records: u64,
    under_way: BTreeSet<String>,
}

impl Made<'_> {
    /// Puts the packets into the new state, in the order in which they were made.
    fn packets(&mut self, told: &Told, arrivals: &Arrivals, writing: &mut Writing) -> Result<(), EngineFault> {
        let mut out: Vec<&PacketRow> = told.packed.values().collect();
        out.sort_by_key(|row| row.number);
        for row in out {
            let (row, records) = self.whole(row);
            let (packet, at_ms) = (row.key.clone(), row.at_ms);
            let has_left = told.left.contains(&row.number) || row.spool.is_none();
            writing.put(Change::Packed { packet: PacketRow { state: PacketState::Packed, ..row }, records })?;
            if has_left {
                writing.put(Change::Left { packet, at_ms })?;
            }
        }
        for row in told.seen.values() {
            let is_applied = told.applied.contains(&row.key);
            let (row, records) = self.whole(row);
            let (packet, at_ms) = (row.key.clone(), row.at_ms);
            match (is_applied, row.spool.is_some()) {
                (true, _) => {
                    writing.put(Change::Marked { packet: PacketRow { state: PacketState::Delivering, ..row }, records })?;
                    writing.put(Change::Delivered { packet, at_ms })?;
                }
                (false, true) => {
                    let state = if arrivals.waits(&row.key) { PacketState::Early } else { PacketState::Late };
                    writing.put(Change::Kept(PacketRow { state, ..row }))?;
                }
                // Seen, and lost: the packet is missing, and a resend mends it.
                (false, false) => {}
            }
        }
        Ok(())
    }

    /// Completes a row from the spool, with the records that its copy there holds.
    fn whole(&mut self, row: &PacketRow) -> (PacketRow, Vec<RecordRow>) {
        let mut row = row.clone();
        let Some((name, head)) = self.heads.get(&row.header) else {
            self.without_records += 1;
            return (row, Vec::new());
        };
        row.spool = Some(name.clone());
        row.prev = head.header.prev;
        row.plain_bytes = head.header.plain_len;
        row.sealed_bytes = head.expected_len();
        let dir = match row.key.direction {
            Direction::Out => self.station.spool_out(),
            Direction::In => self.station.spool_in(),
        };
        let records = records(&dir.join(name), head, self.keys.encryption.as_ref());
        let channel = row.key.channel.to_string();
        match records.as_ref().and_then(|records| records.iter().rfind(|record| is_of_a_file(record))) {
            Some(last) if last.kind == RecordKind::FilePart => drop(self.under_way.insert(channel)),
            Some(_) => drop(self.under_way.remove(&channel)),
            None => {}
        }
        self.without_records += u64::from(records.is_none());
        (row, records.unwrap_or_default())
    }
}

fn is_of_a_file(record: &RecordRow) -> bool {
    matches!(record.kind, RecordKind::File | RecordKind::FilePart | RecordKind::Withdrawal)
}

/// Opens a retained packet with the station's own key.
fn records(path: &Path, head: &VerifiedHead, key: &dyn Unwrapper) -> Option<Vec<RecordRow>> {
    let mut payload = Vec::new();
    let mut file = given::open_file(path).ok()?;
    file.seek(SeekFrom::Start(head.head_len as u64)).ok()?;
    file.take(limits::SEALED_MAX).read_to_end(&mut payload).ok()?;
    head.check_payload(dukou_packets::suite::sha256(&[&payload]), payload.len() as u64).ok()?;
    let plain = open_payload(head, payload, &[key]).ok()?;
    Some(decode_records(head, plain).ok()?.iter().map(|record| row_of(&record)).collect())
}

/// Gives the number behind which a rebuilt state goes on. Between two rebuildings only signals may have taken numbers, and each rebuilding has its line, so
/// that each goes on further away.
pub(super) fn number_behind(told: &Told) -> u64 {
    newest_number(told).saturating_add(NUMBERS_APART.saturating_mul(told.restored + 1))
}

/// Gives the newest packet number that a line speaks of.
pub(super) fn newest_number(told: &Told) -> u64 {
    told.packed.values().map(|row| row.number).max().unwrap_or(0).max(told.renumbered)
}

/// What the log proves of the channels that come in.
#[derive(Default)]
struct Arrivals {
    /// What is applied, what a person went on without behind it, what is known to exist.
    heads: BTreeMap<ChannelName, InHead>,
    /// The newest epoch that has not begun here, and a number that exists in it.
    to_come: Vec<(ChannelName, Epoch, u64)>,
}

impl Arrivals {
    /// Reads them; counters of epochs are a sender's own, so that those of a former peer tell nothing of the peer's.
    fn of(told: &Told, peer: Option<StationId>) -> Self {
        let mut epochs: BTreeMap<&ChannelName, Vec<Epoch>> = BTreeMap::new();
        for ((channel, epoch), _) in told.senders.iter().filter(|(_, sender)| peer.is_none_or(|peer| **sender == peer)) {
            epochs.entry(channel).or_default().push(*epoch);
        }
        let mut arrivals = Self::default();
        for (channel, mut epochs) in epochs {
            epochs.sort_by_key(|epoch| epoch.counter);
            let begun = epochs.iter().rposition(|epoch| has_begun(told, channel, *epoch)).unwrap_or(0);
            if let Some(epoch) = epochs.get(begun) {
                arrivals.heads.insert(channel.clone(), head_of_arrivals(told, channel, *epoch));
            }
            if let Some(epoch) = epochs.last().filter(|_| begun + 1 < epochs.len()) {
                arrivals.to_come.push((channel.clone(), *epoch, newest_seen(told, channel, *epoch)));
            }
        }
        arrivals
    }

    /// True for a packet that was not applied and may still be.
    fn waits(&self, key: &PacketKey) -> bool {
        let head = self.heads.get(&key.channel);
        head.is_some_and(|head| head.epoch == key.epoch && key.seq > head.seq)
            || self.to_come.iter().any(|(channel, epoch, _)| *channel == key.channel && *epoch == key.epoch)
    }
}

/// True for an epoch that was taken on here, or of which something was applied or waived.
fn has_begun(told: &Told, channel: &ChannelName, epoch: Epoch) -> bool {
    told.opened.contains_key(&(channel.clone(), epoch))
        || told.applied.iter().any(|key| key.channel == *channel && key.epoch == epoch)
        || told.waived.iter().any(|waiver| waiver.channel == *channel && waiver.epoch == epoch)
}

fn newest_seen(told: &Told, channel: &ChannelName, epoch: Epoch) -> u64 {
    let known = told.known.get(&(channel.clone(), epoch)).copied().unwrap_or(0);
    let seen = told.seen.keys().filter(|key| key.channel == *channel && key.epoch == epoch).map(|key| key.seq).max();
    known.max(seen.unwrap_or(0))
}

fn head_of_arrivals(told: &Told, channel: &ChannelName, epoch: Epoch) -> InHead {
    let of = |key: &&PacketKey| key.channel == *channel && key.epoch == epoch;
    let applied = told.applied.iter().filter(of).map(|key| key.seq).max().unwrap_or(0);
    let mut seq = applied;
    for waiver in told.waived.iter().filter(|waiver| waiver.channel == *channel && waiver.epoch == epoch) {
        seq = if waiver.from <= seq + 1 { seq.max(waiver.to) } else { seq };
    }
    let at = PacketKey { direction: Direction::In, channel: channel.clone(), epoch, seq };
    let header = match seq {
        0 => Some(told.opened.get(&(channel.clone(), epoch)).copied().unwrap_or(Digest::ZERO)),
        _ => told.seen.get(&at).filter(|_| seq == applied).map(|row| row.header),
    };
    InHead { epoch, seq, header, known: newest_seen(told, channel, epoch).max(seq) }
}

fn holds(told: &Told) -> impl Iterator<Item = Change> + '_ {
    told.holds
        .iter()
        .map(|(channel, (code, at_ms))| Change::Hold(channel.clone(), Some(Hold { code: code.clone(), seq: 0, at_ms: *at_ms })))
}

/// Gives a waiver as the log tells it: the reason stayed in the lost store.
pub(super) fn waiver((channel, epoch): (ChannelName, Epoch), (from, to): (u64, u64), operator: String, at_ms: i64) -> Waiver {
    let reason = "（状态库重建，原因已不可考） / (state rebuilt, the reason is lost)".to_string();
    Waiver { channel, epoch, from, to, operator, reason, at_ms }
}

/// Gives for programs what was made.
pub(super) fn json(rebuilding: &Rebuilding) -> serde_json::Value {
    let [zh, en] = [Lang::Zh, Lang::En].map(|lang| text(rebuilding, lang).trim_end().to_string());
    let Rebuilding { without_records, before, .. } = rebuilding;
    serde_json::json!({ "before": before.display().to_string(), "without_records": without_records, "zh": zh, "en": en })
}

/// Says what was made, what cannot be rebuilt, and where the old state is.
pub(super) fn text(rebuilding: &Rebuilding, lang: Lang) -> String {
    let Rebuilding { packets, without_records, under_way, before } = rebuilding;
    let before = before.display();
    let mut out = say!(
        lang,
        "已重建 {packets} 条包记录，原来的状态库（如果有）留在 {before}；不能重建的有：运行时间、对方的回执、介质登记、还没放完的重发、决定的姓名和原因，以及 {without_records} 个包的记录名（留存包已不在或打不开，同名文件会再送一次）。\n",
        "Rebuilt {packets} packet rows; the state that was there, if any, is kept as {before}. Not rebuilt: running time, the peer's receipts, the register of discs, resends still owed, names and reasons of decisions, and the records of {without_records} packet(s) whose copies are gone or cannot be opened (such files would go again).\n"
    );
    if !under_way.is_empty() {
        let channels = under_way.iter().cloned().collect::<Vec<_>>().join(", ");
        out += &say!(
            lang,
            "通道 {channels} 上有一个大文件正送到一半，重建后接不上，请两站核对后把它重新报送。\n",
            "On channel(s) {channels} a large file was under way and cannot be continued; compare both stations and send it anew.\n"
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::examine::proven_row;
    use super::*;

    const PEER: StationId = StationId::from_bytes([1; 16]);
    const FORMER: StationId = StationId::from_bytes([2; 16]);

    fn channel() -> ChannelName {
        "files".parse().expect("a channel")
    }

    fn epoch(counter: u32, salt: u8) -> Epoch {
        Epoch { counter, salt: [salt; 8] }
    }

    fn key(epoch: Epoch, seq: u64) -> PacketKey {
        PacketKey { direction: Direction::In, channel: channel(), epoch, seq }
    }

    /// Adds packets of an epoch that were seen, and of them the first ones that were applied.
    fn arrived(told: &mut Told, sender: StationId, epoch: Epoch, (seen, applied): (&[u64], u64)) {
        told.senders.insert((channel(), epoch), sender);
        for seq in seen {
            let header = Digest::from_bytes([*seq as u8; 32]);
            told.seen.insert(key(epoch, *seq), proven_row(key(epoch, *seq), *seq, header, header, (1, 0), (0, 0), 0));
        }
        told.applied.extend((1..=applied).map(|seq| key(epoch, seq)));
    }

    #[test]
    fn an_epoch_that_waits_to_be_accepted_is_not_begun_by_rebuilding() {
        let mut told = Told::default();
        arrived(&mut told, PEER, epoch(1, 1), (&[1, 2, 4], 2));
        arrived(&mut told, PEER, epoch(2, 2), (&[1, 3], 0));
        let arrivals = Arrivals::of(&told, Some(PEER));
        let head = &arrivals.heads[&channel()];
        assert_eq!((head.epoch, head.seq, head.known), (epoch(1, 1), 2, 4), "3 is still missing");
        assert_eq!(arrivals.to_come, [(channel(), epoch(2, 2), 3)]);
        assert!(arrivals.waits(&key(epoch(1, 1), 4)) && arrivals.waits(&key(epoch(2, 2), 1)));
        // Once it was taken on it goes on behind the header that its opening names.
        told.opened.insert((channel(), epoch(2, 2)), Digest::from_bytes([9; 32]));
        let arrivals = Arrivals::of(&told, Some(PEER));
        let head = &arrivals.heads[&channel()];
        assert_eq!((head.epoch, head.seq, head.header), (epoch(2, 2), 0, Some(Digest::from_bytes([9; 32]))));
        assert_eq!(arrivals.to_come, []);
        assert!(!arrivals.waits(&key(epoch(1, 1), 4)), "evidence only");
    }

    #[test]
    fn epochs_of_a_former_peer_do_not_hide_those_of_the_peer() {
        let mut told = Told::default();
        arrived(&mut told, FORMER, epoch(5, 1), (&[1, 2, 3], 2));
        arrived(&mut told, PEER, epoch(1, 2), (&[1], 1));
        let arrivals = Arrivals::of(&told, Some(PEER));
        let head = &arrivals.heads[&channel()];
        assert_eq!((head.epoch, head.seq), (epoch(1, 2), 1));
        assert!(!arrivals.waits(&key(epoch(5, 1), 3)));
    }

    #[test]
    fn each_rebuilding_goes_on_further_away_though_only_signals_went_between() {
        let mut told = Told::default();
        let first = number_behind(&told);
        told.renumbered = first;
        let second = number_behind(&told);
        assert!(second >= first + NUMBERS_APART);
        told.restored += 1;
        assert!(number_behind(&told) >= second + NUMBERS_APART, "the copy that was lost may have been rebuilt itself");
    }
}
