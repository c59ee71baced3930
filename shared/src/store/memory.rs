//! The store of simulations: everything in memory, deterministic, with faults on command.
//!
//! A [`MemoryStore`] is a handle; its clones share one content, which stands for what is durable. A simulated restart drops the
//! engine, calls [`MemoryStore::restart`] and gives a clone to the next one.

use super::book::{BookChange, BookDecision};
mod cards;

use self::cards::Cards;
use super::cards::{Card, Drawer};
use super::{
    Change, ChannelSums, Direction, HeldBack, PacketKey, PacketRow, PacketState, RecordRow, SentAgain, Sighting, StationState,
    Store, StoreFault, Waiver, Went, check_order, leaf,
};
use dukou_packets::packet::header::{ChannelName, Epoch};
use dukou_packets::packet::records::RecordKind;
use dukou_packets::suite::Digest;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The store in memory; clones share one content.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    content: Content,
    stopped: Option<String>,
    commits: u64,
    planned: BTreeMap<u64, Planned>,
}

/// What a commit to come will meet.
#[derive(Debug)]
enum Planned {
    Refused(StoreFault),
    Unsure { persisted: bool },
}

impl MemoryStore {
    /// Makes an empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Copies what is durable now into a store of its own, as a backup does.
    pub fn copy(&self) -> Self {
        let shared = Shared { content: self.lock().content.clone(), ..Shared::default() };
        Self { shared: Arc::new(Mutex::new(shared)) }
    }

    /// Lets the `n`-th commit from now (1: the next one) fail as `Unsure`, with all of its changes applied when `persisted`, else
    /// with none. The store then answers `Unsure` until [`restart`](Self::restart).
    pub fn fail_commit_at(&self, n: u64, persisted: bool) {
        self.plan(n, Planned::Unsure { persisted });
    }

    /// Lets the `n`-th commit from now (1: the next one) be refused with `fault`, changing nothing.
    pub fn refuse_commit_at(&self, n: u64, fault: StoreFault) {
        self.plan(n, Planned::Refused(fault));
    }

    /// Kills the process that uses the store: every call answers `Unsure` until [`restart`](Self::restart).
    pub fn kill(&self) {
        self.lock().stopped = Some("killed".to_owned());
    }

    /// Starts a new process on the same content; faults that were planned and not met are forgotten.
    pub fn restart(&self) {
        let mut shared = self.lock();
        shared.stopped = None;
        shared.planned.clear();
    }

    /// Gives the number of commits tried so far, so that a sweep can fail each of them in turn.
    pub fn commits(&self) -> u64 {
        self.lock().commits
    }

    fn plan(&self, n: u64, planned: Planned) {
        let mut shared = self.lock();
        let at = shared.commits + n;
        shared.planned.insert(at, planned);
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn running(&self) -> Result<MutexGuard<'_, Shared>, StoreFault> {
        let shared = self.lock();
        match &shared.stopped {
            Some(why) => Err(StoreFault::Unsure(why.clone())),
            None => Ok(shared),
        }
    }
}

impl Shared {
    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreFault> {
        self.commits += 1;
        let planned = self.planned.remove(&self.commits);
        if let Some(Planned::Refused(fault)) = planned {
            return Err(fault);
        }
        self.content.check(changes)?;
        match planned {
            Some(Planned::Unsure { persisted }) => {
                if persisted {
                    self.content.apply(changes);
                }
                let why = "a commit failed".to_owned();
                self.stopped = Some(why.clone());
                Err(StoreFault::Unsure(why))
            }
            _ => {
                self.content.apply(changes);
                Ok(())
            }
        }
    }
}

/// A packet with its records.
#[derive(Clone, Debug)]
struct Stored {
    row: PacketRow,
    records: Vec<RecordRow>,
}

#[derive(Clone, Debug, Default)]
struct Content {
    state: StationState,
    /// By order of commit.
    packets: BTreeMap<u64, Stored>,
    ids: HashMap<PacketKey, u64>,
    next_id: u64,
    /// Channel, name: the newest packet with it and the place there.
    sent: HashMap<ChannelName, HashMap<String, (u64, usize)>>,
    /// Channel, folded name: the oldest exact name.
    arrived: HashMap<ChannelName, HashMap<String, String>>,
    waivers: Vec<Waiver>,
    held_back: Vec<HeldBack>,
    sent_again: Vec<SentAgain>,
    book: Vec<BookChange>,
    decisions: Vec<BookDecision>,
    cards: Cards,
}

impl Content {
    /// Finds what forbids the changes before any of them is applied: this is what makes a commit atomic.
    fn check(&self, changes: &[Change]) -> Result<(), StoreFault> {
        let mut headers: HashMap<&PacketKey, Digest> = HashMap::new();
        for change in changes {
            match change {
                Change::Packed { packet, records } | Change::Marked { packet, records } => {
                    self.check_header(&mut headers, packet)?;
                    check_order(&packet.key, records)?;
                }
                Change::Kept(packet) => self.check_header(&mut headers, packet)?,
                Change::Rebuilt(packet) => {
                    headers.insert(&packet.key, packet.header);
                }
                Change::SourcesAway(key)
                | Change::Pruned(key)
                | Change::Left { packet: key, .. }
                | Change::Delivered { packet: key, .. }
                    if !headers.contains_key(key) && !self.ids.contains_key(key) =>
                {
                    return Err(StoreFault::missing(key));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn check_header<'a>(&self, headers: &mut HashMap<&'a PacketKey, Digest>, packet: &'a PacketRow) -> Result<(), StoreFault> {
        let stored = self.stored(&packet.key).map(|stored| stored.row.header);
        match headers.get(&packet.key).copied().or(stored) {
            Some(header) if header != packet.header => Err(StoreFault::equivocal(&packet.key)),
            _ => {
                headers.insert(&packet.key, packet.header);
                Ok(())
            }
        }
    }

    fn apply(&mut self, changes: &[Change]) {
        for change in changes {
            self.apply_one(change);
        }
    }

    fn apply_one(&mut self, change: &Change) {
        match change {
            Change::Packed { packet, records } => self.packed(packet, records),
            Change::Kept(packet) => self.kept(packet),
            Change::Marked { packet, records } => self.marked(packet, records),
            Change::Rebuilt(packet) => self.rebuilt(packet),
            Change::SourcesAway(key) => self.edit(key, |row| row.sources_pending = false),
            Change::Pruned(key) => self.edit(key, |row| row.spool = None),
            Change::Left { packet, at_ms } => {
                self.finish(packet, *at_ms, PacketState::Packed, PacketState::Left);
            }
            Change::Delivered { packet, at_ms } => {
                self.finish(packet, *at_ms, PacketState::Delivering, PacketState::Applied);
            }
            Change::Waived(waiver) => self.waivers.push(waiver.clone()),
            Change::HeldBack(held) => self.held_back.push(held.clone()),
            Change::SentAgain(again) => self.sent_again.push(again.clone()),
            Change::InBook(change) if self.book.iter().any(|known| known.key == change.key) => {}
            Change::InBook(change) => self.book.push(change.clone()),
            Change::Decided(decision) => self.decisions.push(decision.clone()),
            Change::Filed(card) => self.cards.file(card),
            small => self.state.follow(small),
        }
    }

    fn packed(&mut self, packet: &PacketRow, records: &[RecordRow]) {
        if self.ids.contains_key(&packet.key) {
            return;
        }
        self.insert(packet.clone(), records);
        self.state.packed(packet);
    }

    fn kept(&mut self, packet: &PacketRow) {
        if self.ids.contains_key(&packet.key) {
            return;
        }
        self.insert(packet.clone(), &[]);
        self.state.kept(packet);
    }

    fn marked(&mut self, packet: &PacketRow, records: &[RecordRow]) {
        if let Some(id) = self.ids.get(&packet.key).copied() {
            let early = |stored: &Stored| stored.row.state == PacketState::Early;
            if !self.packets.get(&id).is_some_and(early) {
                return;
            }
            let removed = self.packets.remove(&id);
            if removed.is_some_and(|stored| !stored.records.is_empty()) {
                self.reindex();
            }
        }
        let state = PacketState::Delivering;
        self.insert(PacketRow { state, ..packet.clone() }, records);
        self.state.marked(packet);
    }

    fn rebuilt(&mut self, packet: &PacketRow) {
        let found = self.ids.get(&packet.key).and_then(|id| self.packets.get_mut(id));
        let Some(stored) = found else {
            self.insert(packet.clone(), &[]);
            return;
        };
        let other = stored.row.header != packet.header;
        stored.row = packet.clone();
        if other {
            stored.records.clear();
            self.reindex();
        }
    }

    fn insert(&mut self, row: PacketRow, records: &[RecordRow]) {
        let id = self.next_id;
        self.next_id += 1;
        self.ids.insert(row.key.clone(), id);
        let records = records.to_vec();
        self.packets.insert(id, Stored { row, records });
        self.index(id);
    }

    fn index(&mut self, id: u64) {
        let Some(Stored { row, records }) = self.packets.get(&id) else {
            return;
        };
        let channel = row.key.channel.clone();
        for (place, record) in records.iter().enumerate() {
            match row.key.direction {
                _ if !record.ends_file() => {}
                Direction::Out => {
                    let names = self.sent.entry(channel.clone()).or_default();
                    names.insert(record.name.clone(), (id, place));
                }
                Direction::In => {
                    let names = self.arrived.entry(channel.clone()).or_default();
                    names.entry(record.folded.clone()).or_insert_with(|| record.name.clone());
                }
            }
        }
    }

    fn reindex(&mut self) {
        self.sent.clear();
        self.arrived.clear();
        let ids: Vec<u64> = self.packets.keys().copied().collect();
        for id in ids {
            self.index(id);
        }
    }

    fn edit(&mut self, key: &PacketKey, edit: impl FnOnce(&mut PacketRow)) {
        let id = self.ids.get(key);
        if let Some(stored) = id.and_then(|id| self.packets.get_mut(id)) {
            edit(&mut stored.row);
        }
    }

    fn finish(&mut self, key: &PacketKey, at_ms: i64, from: PacketState, to: PacketState) {
        self.edit(key, |row| {
            if row.state == from {
                row.state = to;
                row.done_ms = Some(at_ms);
            }
        });
    }

    fn stored(&self, key: &PacketKey) -> Option<&Stored> {
        self.ids.get(key).and_then(|id| self.packets.get(id))
    }

    fn rows(&self, direction: Direction) -> impl Iterator<Item = &PacketRow> {
        let rows = self.packets.values().map(|stored| &stored.row);
        rows.filter(move |row| row.key.direction == direction)
    }

    fn went(&self, channel: &ChannelName, name: &str) -> Option<Went> {
        let (id, place) = self.sent.get(channel)?.get(name)?;
        let stored = self.packets.get(id)?;
        Some(Went {
            packet: stored.row.key.clone(),
            at_ms: stored.row.at_ms,
            run_ms: stored.row.run_ms,
            digest: stored.records.get(*place)?.digest,
        })
    }

    fn sums(&self, direction: Direction, channel: &ChannelName) -> ChannelSums {
        let mut sums = ChannelSums::default();
        let of_channel = |row: &PacketRow| (row.key.direction, &row.key.channel) == (direction, channel);
        for Stored { row, records } in self.packets.values().filter(|stored| of_channel(&stored.row)) {
            sums.packets += 1;
            sums.packets_done += u64::from(row.is_done());
            sums.refused += u64::from(row.tombstones);
            sums.plain_bytes += row.plain_bytes;
            sums.sealed_bytes += row.sealed_bytes;
            for record in records {
                sums.files += record.ended();
                if record.kind == RecordKind::Tombstone {
                    *sums.refused_by_code.entry(record.reason.clone()).or_default() += 1;
                }
            }
        }
        let held = self.held_back.iter();
        let held = held.filter(|held| (held.went.direction, &held.channel) == (direction, channel));
        sums.held_back = held.count() as u64;
        sums
    }
}

fn is_called(what: &str, key: &str, name: &str) -> bool {
    what == key || what == name || what == leaf(name)
}

impl Store for MemoryStore {
    fn load(&mut self) -> Result<StationState, StoreFault> {
        Ok(self.running()?.content.state.clone())
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreFault> {
        self.running()?.commit(changes)
    }

    fn went(&mut self, channel: &ChannelName, names: &[&str]) -> Result<Vec<Option<Went>>, StoreFault> {
        let shared = self.running()?;
        Ok(names.iter().map(|name| shared.content.went(channel, name)).collect())
    }

    fn arrived_as(&mut self, channel: &ChannelName, folded: &[&str]) -> Result<Vec<Option<String>>, StoreFault> {
        let shared = self.running()?;
        let names = shared.content.arrived.get(channel);
        let exact = |folded: &&str| names.and_then(|names| names.get(*folded).cloned());
        Ok(folded.iter().map(exact).collect())
    }

    fn arrived_before(&mut self, packet: &PacketKey, record: &RecordRow) -> Result<bool, StoreFault> {
        let shared = self.running()?;
        let of_channel = |row: &PacketRow| {
            row.key.direction == Direction::In && row.key.channel == packet.channel && row.key.epoch != packet.epoch
        };
        let is_alike = |other: &RecordRow| other.ends_file() && other.name == record.name && other.digest == record.digest;
        let mut packets = shared.content.packets.values().filter(|stored| of_channel(&stored.row));
        Ok(packets.any(|stored| stored.records.iter().any(is_alike)))
    }

    fn packet(&mut self, key: &PacketKey) -> Result<Option<PacketRow>, StoreFault> {
        let shared = self.running()?;
        Ok(shared.content.stored(key).map(|stored| stored.row.clone()))
    }

    fn packet_by_header(&mut self, direction: Direction, header: &Digest) -> Result<Option<PacketRow>, StoreFault> {
        let shared = self.running()?;
        Ok(shared.content.rows(direction).find(|row| row.header == *header).cloned())
    }

    fn packets_in(&mut self, direction: Direction, states: &[PacketState], limit: usize) -> Result<Vec<PacketRow>, StoreFault> {
        let shared = self.running()?;
        let rows = shared.content.rows(direction);
        let mut rows: Vec<PacketRow> = rows.filter(|row| states.contains(&row.state)).cloned().collect();
        rows.sort_by(|a, b| a.key.cmp(&b.key));
        rows.truncate(limit);
        Ok(rows)
    }

    fn packets_with_sources(&mut self) -> Result<Vec<PacketRow>, StoreFault> {
        let shared = self.running()?;
        let rows = shared.content.rows(Direction::Out);
        let mut rows: Vec<PacketRow> = rows.filter(|row| row.sources_pending).cloned().collect();
        rows.sort_by_key(|row| row.number);
        Ok(rows)
    }

    fn packet_range(
        &mut self,
        direction: Direction,
        channel: &ChannelName,
        epoch: &Epoch,
        from: u64,
        to: u64,
    ) -> Result<Vec<PacketRow>, StoreFault> {
        let shared = self.running()?;
        let rows = shared.content.rows(direction).filter(|row| {
            let key = &row.key;
            (&key.channel, &key.epoch) == (channel, epoch) && (from..=to).contains(&key.seq)
        });
        let mut rows: Vec<PacketRow> = rows.cloned().collect();
        rows.sort_by_key(|row| row.key.seq);
        Ok(rows)
    }

    fn packets_older(&mut self, direction: Direction, run_ms: u64, limit: usize) -> Result<Vec<PacketRow>, StoreFault> {
        let shared = self.running()?;
        let rows = shared.content.rows(direction).filter(|row| {
            let settled = matches!(row.state, PacketState::Left | PacketState::Applied | PacketState::Late);
            settled && row.spool.is_some() && row.run_ms < run_ms
        });
        let mut rows: Vec<PacketRow> = rows.cloned().collect();
        rows.sort_by_key(|row| row.run_ms);
        rows.truncate(limit);
        Ok(rows)
    }

    fn kept_bytes(&mut self, channel: &ChannelName, open: Option<Epoch>) -> Result<u64, StoreFault> {
        let shared = self.running()?;
        let is_kept = |row: &&PacketRow| match row.state {
            PacketState::Early => true,
            PacketState::Late => Some(row.key.epoch) != open,
            _ => false,
        };
        let rows = shared.content.rows(Direction::In).filter(|row| row.key.channel == *channel && row.spool.is_some());
        Ok(rows.filter(is_kept).map(|row| row.sealed_bytes).sum())
    }

    fn records(&mut self, key: &PacketKey) -> Result<Vec<RecordRow>, StoreFault> {
        let shared = self.running()?;
        Ok(shared.content.stored(key).map(|stored| stored.records.clone()).unwrap_or_default())
    }

    fn trace(&mut self, what: &str, limit: usize) -> Result<Vec<Sighting>, StoreFault> {
        let shared = self.running()?;
        let all = shared.content.packets.values().rev();
        let all = all.flat_map(|stored| stored.records.iter().rev().map(move |record| (record, &stored.row)));
        let named = all.filter(|(record, _)| is_called(what, &record.key, &record.name));
        let sighting = |(record, row): (&RecordRow, &PacketRow)| Sighting { record: record.clone(), packet: row.clone() };
        Ok(named.take(limit).map(sighting).collect())
    }

    fn sent_again(&mut self, what: &str, limit: usize) -> Result<Vec<SentAgain>, StoreFault> {
        let shared = self.running()?;
        let named = shared.content.sent_again.iter().filter(|again| is_called(what, &again.key, &again.name));
        Ok(named.take(limit).cloned().collect())
    }

    fn is_done(&mut self, request: &str) -> Result<bool, StoreFault> {
        Ok(self.running()?.content.sent_again.iter().any(|again| again.request.as_deref() == Some(request)))
    }

    fn held_back(&mut self, what: &str, limit: usize) -> Result<Vec<HeldBack>, StoreFault> {
        let shared = self.running()?;
        let named = shared.content.held_back.iter().rev().filter(|held| is_called(what, &held.key, &held.name));
        Ok(named.take(limit).cloned().collect())
    }

    fn sums(&mut self, direction: Direction, channel: &ChannelName) -> Result<ChannelSums, StoreFault> {
        Ok(self.running()?.content.sums(direction, channel))
    }

    fn card(&mut self, drawer: Drawer, key: &str) -> Result<Option<Card>, StoreFault> {
        Ok(self.running()?.content.cards.card(drawer, key))
    }

    fn card_places(&mut self, drawer: Drawer, terms: &[&str]) -> Result<Vec<i64>, StoreFault> {
        Ok(self.running()?.content.cards.places(drawer, terms))
    }

    fn cards_at(&mut self, drawer: Drawer, places: &[i64]) -> Result<Vec<Card>, StoreFault> {
        Ok(self.running()?.content.cards.at(drawer, places))
    }

    fn waivers(&mut self) -> Result<Vec<Waiver>, StoreFault> {
        Ok(self.running()?.content.waivers.clone())
    }

    fn book(&mut self) -> Result<Vec<BookChange>, StoreFault> {
        Ok(self.running()?.content.book.clone())
    }

    fn book_decisions(&mut self) -> Result<Vec<BookDecision>, StoreFault> {
        Ok(self.running()?.content.decisions.clone())
    }
}
