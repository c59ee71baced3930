//! The station's own state: which packets exist, which records they carry, how far each channel is.
//!
//! The store is the index, the packet log the evidence: `check` can rebuild every packet row from the log and the spool. All
//! changes of one step go through [`Store::commit`] as one durable transaction, and that call is the commit line of the step.
//! [`sqlite`] is the usual one, [`postgres`] the one for stations with a standby or in numbers, [`memory`] the one for simulations; all
//! pass the same contract tests.

pub mod book;
pub mod cards;
#[cfg(test)]
mod contract_tests;
pub mod facts;
pub mod memory;
pub mod place;
pub mod postgres;
mod rows;
pub mod sqlite;

use self::cards::{Card, Drawer};
use crate::connectors::tables::EntryId;
use book::{BookChange, BookDecision};
use dukou_packets::limits::{BODY_MAX, RECORDS_MAX};
use dukou_packets::packet::header::{ChannelName, Epoch, LogHead};
use dukou_packets::packet::records::{RecordKind, RecordMeta};
use dukou_packets::suite::{Digest, StationId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Which way a channel's packets go, seen from this station.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From here to the peer.
    Out,
    /// From the peer to here.
    In,
}

/// The identity of a cargo packet in this station's store.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PacketKey {
    /// Which way it goes.
    pub direction: Direction,
    /// Its channel.
    pub channel: ChannelName,
    /// The sender's epoch.
    pub epoch: Epoch,
    /// Its number in the channel and epoch.
    pub seq: u64,
}

impl fmt::Display for PacketKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let direction = match self.direction {
            Direction::Out => "out",
            Direction::In => "in",
        };
        write!(f, "{direction} {} {} {}", self.channel, self.epoch, self.seq)
    }
}

/// How far a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PacketState {
    /// Out: it exists in the spool; it may or may not be in the ferry directory.
    Packed,
    /// Out: it was placed in the ferry directory, and the log says so.
    Left,
    /// In: kept until the packets before it are there.
    Early,
    /// In: marked as applied; its files may still be on their way from the staging folder to their names.
    Delivering,
    /// In: everything is at the sink.
    Applied,
    /// In: arrived after its number was waived; evidence only.
    Late,
}

impl PacketState {
    /// Every state a packet can be in.
    pub const ALL: [Self; 6] = [Self::Packed, Self::Left, Self::Early, Self::Delivering, Self::Applied, Self::Late];
}

/// A packet's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PacketRow {
    /// Identity.
    pub key: PacketKey,
    /// The sender's number on the link.
    pub number: u64,
    /// Header digest.
    pub header: Digest,
    /// Header digest of the packet before it.
    pub prev: Digest,
    /// Merkle root of its records.
    pub root: Digest,
    /// Number of records, tombstones among them.
    pub records: u32,
    /// Number of tombstones among the records.
    pub tombstones: u32,
    /// Length before compression.
    pub plain_bytes: u64,
    /// Length of the packet file.
    pub sealed_bytes: u64,
    /// File name in the spool; `None` once it was pruned.
    pub spool: Option<String>,
    /// How far it is.
    pub state: PacketState,
    /// Out: the source files of its records may still have to be put away.
    pub sources_pending: bool,
    /// Wall clock (ms) when the packet was made (out) or seen (in).
    pub at_ms: i64,
    /// Wall clock (ms) when it left (out) or was applied (in).
    pub done_ms: Option<i64>,
    /// The station's accumulated running time (ms) when the row was made.
    pub run_ms: u64,
}

impl PacketRow {
    /// Tells whether the packet has gone all its way here: left (out) or applied (in).
    pub fn is_done(&self) -> bool {
        matches!((self.key.direction, self.state), (Direction::Out, PacketState::Left) | (Direction::In, PacketState::Applied))
    }
}

/// Which file a record was read from, so that a restart can tell it from a later one under the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceStamp {
    /// Inode number.
    pub inode: u64,
    /// Length in bytes.
    pub len: u64,
    /// Modification time, nanoseconds since 1970.
    pub mtime_ns: i64,
}

/// The length that no file has: what is stamped so is an entry of an outbox.
const OF_OUTBOX: u64 = u64::MAX;

impl SourceStamp {
    /// Stamps a row with its entry in the outbox: `mtime_ns` holds the entry's time in milliseconds.
    pub fn of_outbox(entry: EntryId) -> Self {
        Self { inode: entry.id.cast_unsigned(), len: OF_OUTBOX, mtime_ns: entry.at_ms }
    }

    /// Gives the outbox entry, where it is one.
    pub fn outbox_entry(&self) -> Option<EntryId> {
        (self.len == OF_OUTBOX).then(|| EntryId { id: self.inode.cast_signed(), at_ms: self.mtime_ns })
    }
}

/// A record's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordRow {
    /// Position in the packet, from 0.
    pub index: u32,
    /// What it is. The last part of a file stands here as `File`, with the file's length and the parts digest; the parts before it as
    /// `FilePart`.
    pub kind: RecordKind,
    /// What people look it up by.
    pub key: String,
    /// Its name as the source had it.
    pub name: String,
    /// The name folded for case-insensitive comparison ([`crate::connectors::folder::names::folded`]).
    pub folded: String,
    /// SHA-256 of its body; the parts digest where a last part stands for a file.
    pub digest: Digest,
    /// Length of its body; the file's length where a last part stands for a file.
    pub bytes: u64,
    /// Why it was refused or withdrawn, a code; else empty.
    pub reason: String,
    /// Out: the file, or the outbox entry, it was read from.
    pub source: Option<SourceStamp>,
    /// In: the path below the sink folder, where it differs from `name`. Out: where its file lies, where that is not under `name` in the
    /// source folder, as its source wrote it down; of a refused row the column that is why; of a run the entries of the outbox that it took ([`EntryRange`](crate::connectors::tables::EntryRange)).
    pub target: Option<String>,
    /// The rows of a run; 1 for all others.
    pub rows: u32,
}

impl RecordRow {
    /// Gives how many rows a record with this meta has.
    pub fn rows_of(meta: &RecordMeta) -> u32 {
        if meta.kind == RecordKind::Run { meta.part_count } else { 1 }
    }

    /// Tells whether an entry of an outbox stands behind this record.
    pub fn is_of_outbox(&self) -> bool {
        self.source.is_some_and(|source| source.outbox_entry().is_some())
    }

    /// Tells whether a whole file, or a row change, stands behind this record: a file, or the last part of one. Only the last part of a file in
    /// parts counts more bytes than a body may have (FORMAT.md section 5).
    pub fn ends_file(&self) -> bool {
        match self.kind {
            RecordKind::File | RecordKind::Row | RecordKind::Run => true,
            RecordKind::FilePart => self.bytes > BODY_MAX,
            RecordKind::Tombstone | RecordKind::Withdrawal | RecordKind::LargeValue => false,
        }
    }

    /// Gives how many whole files or row changes stand behind this record: of a run as many as it has rows.
    pub fn ended(&self) -> u64 {
        if self.ends_file() { u64::from(self.rows) } else { 0 }
    }
}

/// Checks that the records of a packet stand by rising index below the limit of the format.
fn check_order(key: &PacketKey, records: &[RecordRow]) -> Result<(), StoreFault> {
    let rising = records.is_sorted_by(|a, b| a.index < b.index);
    let within = records.last().is_none_or(|last| last.index < RECORDS_MAX);
    if rising && within { Ok(()) } else { Err(StoreFault::order(key)) }
}

/// Gives the last part of a record's name.
fn leaf(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// Where a record of earlier times went: the answer of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Went {
    /// The packet that carried it.
    pub packet: PacketKey,
    /// Wall clock (ms) of that packet.
    pub at_ms: i64,
    /// Running time (ms) of the station at that packet.
    pub run_ms: u64,
    /// Digest of the record's body (parts digest for a file in parts).
    pub digest: Digest,
}

/// A file in parts that has begun and not ended, one at most a channel and direction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfinished {
    /// Record name.
    pub name: String,
    /// Record key.
    pub key: String,
    /// Length of the whole file.
    pub total_bytes: u64,
    /// Number of parts of the whole file.
    pub part_count: u32,
    /// Digests of the parts done so far, in order.
    pub digests: Vec<Digest>,
    /// Out: the file that is being sent.
    pub source: Option<SourceStamp>,
    /// In: a person waived one of its parts; those that still come are passed over, the file never arrives.
    pub skipped: bool,
}

/// How far an outgoing channel is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutHead {
    /// Its epoch.
    pub epoch: Epoch,
    /// The newest packet's number; 0 before the first.
    pub seq: u64,
    /// The newest packet's header digest; zero before the first.
    pub header: Digest,
}

/// How far an incoming channel is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InHead {
    /// The sender's epoch.
    pub epoch: Epoch,
    /// The newest applied (or waived) packet's number; 0 before the first.
    pub seq: u64,
    /// Its header digest; `None` after a waiver, when the next packet's `prev` cannot be checked.
    pub header: Option<Digest>,
    /// The highest number known to exist, from packets, damaged packets with a valid head, and signals.
    pub known: u64,
}

/// A channel that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Stable code of the reason.
    pub code: String,
    /// The packet it happened at; 0 where it is about no packet of the channel: a restored station.
    pub seq: u64,
    /// Wall clock (ms).
    pub at_ms: i64,
}

/// A waiver: a person's decision to go on without packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// The channel.
    pub channel: ChannelName,
    /// The epoch.
    pub epoch: Epoch,
    /// First number.
    pub from: u64,
    /// Last number.
    pub to: u64,
    /// Account of the person.
    pub operator: String,
    /// The person's reason; stays in the store, never in the log.
    pub reason: String,
    /// Wall clock (ms).
    pub at_ms: i64,
}

/// The small part of the state, read once at start and then kept in step by the engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StationState {
    /// Accumulated running time in milliseconds.
    pub run_ms: u64,
    /// Highest packet number used on the link out.
    pub number: u64,
    /// Outgoing channels.
    pub out_heads: BTreeMap<ChannelName, OutHead>,
    /// Incoming channels.
    pub in_heads: BTreeMap<ChannelName, InHead>,
    /// Channels that wait for a person.
    pub holds: BTreeMap<ChannelName, Hold>,
    /// Files in parts, by direction and channel.
    pub unfinished: BTreeMap<(Direction, ChannelName), Unfinished>,
    /// The packet log's size and root at the last transaction.
    pub log: Option<LogHead>,
    /// The newest head of the peer's log that a verified packet named.
    pub peer_log: Option<LogHead>,
    /// The newest signal accepted: the peer's station and number.
    pub signal_in: Option<(StationId, u64)>,
    /// Digest of what the newest own signal said, so that an equal one is not sent again.
    pub signal_out: Option<Digest>,
    /// Small values of single modules, by name ([`facts`]).
    pub facts: BTreeMap<String, String>,
}

impl StationState {
    /// Keeps the small part of the state in step with a change that was committed.
    pub fn follow(&mut self, change: &Change) {
        match change {
            Change::Packed { packet, .. } => self.packed(packet),
            Change::Kept(packet) => self.kept(packet),
            Change::Marked { packet, .. } => self.marked(packet),
            Change::OutHead(channel, head) => {
                self.out_heads.insert(channel.clone(), head.clone());
            }
            Change::InHead(channel, head) => {
                self.in_heads.insert(channel.clone(), head.clone());
            }
            Change::InHeadClosed(channel) => drop(self.in_heads.remove(channel)),
            Change::Hold(channel, hold) => put(&mut self.holds, channel.clone(), hold.clone()),
            Change::Unfinished(direction, channel, file) => {
                put(&mut self.unfinished, (*direction, channel.clone()), file.clone())
            }
            Change::RunMs(run_ms) => self.run_ms = *run_ms,
            Change::Number(number) => self.number = self.number.max(*number),
            Change::Log(head) => self.log = Some(*head),
            Change::PeerLog(head) => self.peer_log = Some(*head),
            Change::SignalIn(station, number) => self.signal_in = Some((*station, *number)),
            Change::SignalOut(digest) => self.signal_out = Some(*digest),
            Change::Fact(name, value) => put(&mut self.facts, name.clone(), value.clone()),
            Change::SourcesAway(_)
            | Change::Left { .. }
            | Change::Delivered { .. }
            | Change::Pruned(_)
            | Change::Waived(_)
            | Change::HeldBack(_)
            | Change::SentAgain(_)
            | Change::InBook(_)
            | Change::Decided(_)
            | Change::Filed(_)
            | Change::Rebuilt(_) => {}
        }
    }

    /// An outgoing packet moves its channel's head and the link's number.
    fn packed(&mut self, packet: &PacketRow) {
        self.number = self.number.max(packet.number);
        let head = OutHead { epoch: packet.key.epoch, seq: packet.key.seq, header: packet.header };
        self.out_heads.insert(packet.key.channel.clone(), head);
    }

    /// A kept packet is known to exist.
    fn kept(&mut self, packet: &PacketRow) {
        if let Some(head) = self.in_heads.get_mut(&packet.key.channel).filter(|head| head.epoch == packet.key.epoch) {
            head.known = head.known.max(packet.key.seq);
        }
    }

    /// A marked packet moves its channel's head; `known` never falls within an epoch.
    fn marked(&mut self, packet: &PacketRow) {
        let PacketKey { channel, epoch, seq, .. } = &packet.key;
        let before = self.in_heads.get(channel).filter(|head| head.epoch == *epoch);
        let known = before.map_or(*seq, |head| head.known.max(*seq));
        let head = InHead { epoch: *epoch, seq: *seq, header: Some(packet.header), known };
        self.in_heads.insert(channel.clone(), head);
    }
}

fn put<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, value: Option<V>) {
    match value {
        Some(value) => map.insert(key, value),
        None => map.remove(&key),
    };
}

/// A repeat that was held back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldBack {
    /// The channel.
    pub channel: ChannelName,
    /// Record name.
    pub name: String,
    /// Record key.
    pub key: String,
    /// The packet that carried it before.
    pub went: PacketKey,
    /// Wall clock (ms).
    pub at_ms: i64,
}

/// A held-back repeat that a person sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentAgain {
    /// The request it was done for, if it came as a file: done once, whatever happens before its answer.
    pub request: Option<String>,
    /// The packet that carries it, or its last part.
    pub packet: PacketKey,
    /// Record name.
    pub name: String,
    /// Record key.
    pub key: String,
    /// Account of the person.
    pub operator: String,
    /// The person's reason; stays in the store, never in the log.
    pub reason: String,
    /// Wall clock (ms).
    pub at_ms: i64,
}

/// One change of the state. A list of them is one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// An outgoing packet exists: its row and records, the channel's head and the link's number move with it.
    Packed {
        /// The packet.
        packet: PacketRow,
        /// Its records, by rising index from 0.
        records: Vec<RecordRow>,
    },
    /// The source files of an outgoing packet have been put away.
    SourcesAway(PacketKey),
    /// A packet was placed in the ferry directory and the log line is durable.
    Left {
        /// The packet.
        packet: PacketKey,
        /// Wall clock (ms).
        at_ms: i64,
    },
    /// An incoming packet is kept: `Early` or `Late`. A second one under the same key and header changes nothing.
    Kept(PacketRow),
    /// An incoming packet is marked applied (row state `Delivering`): the channel's head moves with it. Replaces a row `Early`.
    Marked {
        /// The packet, in state `Delivering`.
        packet: PacketRow,
        /// Its records, by rising index from 0.
        records: Vec<RecordRow>,
    },
    /// Every file of a marked packet is at the sink and the `applied` line is durable.
    Delivered {
        /// The packet.
        packet: PacketKey,
        /// Wall clock (ms).
        at_ms: i64,
    },
    /// A packet's sealed bytes were removed from the spool.
    Pruned(PacketKey),
    /// Sets an outgoing channel's head (first use, or a new epoch).
    OutHead(ChannelName, OutHead),
    /// Sets an incoming channel's head.
    InHead(ChannelName, InHead),
    /// Forgets an incoming channel's head: another peer's packets open their own epoch.
    InHeadClosed(ChannelName),
    /// Sets or ends a hold.
    Hold(ChannelName, Option<Hold>),
    /// Sets or ends the unfinished file of a channel.
    Unfinished(Direction, ChannelName, Option<Unfinished>),
    /// A person waived packets.
    Waived(Waiver),
    /// A repeat was held back.
    HeldBack(HeldBack),
    /// A repeat was sent again.
    SentAgain(SentAgain),
    /// A structure change is known. One that is known already stays as it was.
    InBook(BookChange),
    /// A person decided about a structure change.
    Decided(BookDecision),
    /// A card lies in its drawer: a new one, or another body and other terms under its key ([`cards`]).
    Filed(Card),
    /// Accumulated running time.
    RunMs(u64),
    /// Highest packet number used (signals use numbers, too).
    Number(u64),
    /// The packet log's durable head.
    Log(LogHead),
    /// The newest head of the peer's log.
    PeerLog(LogHead),
    /// The newest signal accepted.
    SignalIn(StationId, u64),
    /// What the newest own signal said.
    SignalOut(Digest),
    /// Sets or removes a small value of one module ([`facts`]).
    Fact(String, Option<String>),
    /// Puts back a packet row that the log and the spool prove, without moving any head (`check --rebuild`).
    Rebuilt(PacketRow),
}

impl Change {
    /// Gives the records of a packet that came to exist, or was marked, with this change.
    pub(crate) fn into_records_of(self, key: &PacketKey) -> Option<Vec<RecordRow>> {
        match self {
            Self::Packed { packet, records } | Self::Marked { packet, records } if packet.key == *key => Some(records),
            _ => None,
        }
    }
}

/// One step in a record's life, as `trace` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The record.
    pub record: RecordRow,
    /// The packet that carries it.
    pub packet: PacketRow,
}

/// Sums a channel's `status` shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelSums {
    /// Packets in the store.
    pub packets: u64,
    /// Of them: left (out) or applied (in).
    pub packets_done: u64,
    /// Files or row changes accepted (out) or marked applied (in): records that [end a file](RecordRow::ends_file).
    pub files: u64,
    /// Tombstones.
    pub refused: u64,
    /// Repeats held back.
    pub held_back: u64,
    /// Plain bytes of all packets.
    pub plain_bytes: u64,
    /// Sealed bytes of all packets.
    pub sealed_bytes: u64,
    /// Number of tombstones by reason code.
    pub refused_by_code: BTreeMap<String, u64>,
}

/// Why the store could not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreFault {
    /// The disk is full: nothing was changed, try again later.
    #[error("the disk with the station's state is full")]
    Full,
    /// Another process holds the store too long.
    #[error("the station's state is in use by another process")]
    Busy,
    /// Memory or open files ran out before anything was read: nothing was changed, try again later.
    #[error("the station's state cannot be opened for now: {0}")]
    Starved(String),
    /// The file was written by a newer version of this program.
    #[error("the station's state has version {found}, this program knows {known}")]
    Version {
        /// Version in the file.
        found: i64,
        /// Version known here.
        known: i64,
    },
    /// The server with the state cannot be reached, or ended the session: nothing was changed, try again later.
    #[error("the server with the station's state is gone: {0}")]
    Gone(String),
    /// The server ended the session while it was asked to make a transaction durable: all of it happened or nothing, and opening the
    /// store anew decides.
    #[error("the session ended amid a commit: {0}")]
    Cut(String),
    /// The server does not let the station in, or is not fit for its state.
    #[error("the server refuses the station's state: {0}")]
    Refused(String),
    /// Another process has the state.
    #[error("another process has the station's state")]
    Held,
    /// Another process has taken the state over from this one: nothing was changed, and nothing ever is again.
    #[error("another process has taken the station's state over")]
    Superseded,
    /// The transaction may or may not be durable: the engine stops, the next start decides.
    #[error("the station's state is unsure: {0}")]
    Unsure(String),
    /// What is stored cannot be read, is not this program's, or contradicts the changes; nothing was changed.
    #[error("the station's state cannot be read: {0}")]
    Corrupt(String),
}

impl StoreFault {
    /// Another packet stands under the key.
    fn equivocal(key: &PacketKey) -> Self {
        Self::Corrupt(format!("two different packets under one number: {key}"))
    }

    /// A change speaks of a packet that has no row.
    fn missing(key: &PacketKey) -> Self {
        Self::Corrupt(format!("no row for the packet {key}"))
    }

    /// The records' positions are not those of one packet.
    fn order(key: &PacketKey) -> Self {
        Self::Corrupt(format!("the records of the packet {key} do not rise below {RECORDS_MAX}"))
    }
}

/// The store seam.
///
/// Contract: `commit` is atomic and durable when it returns `Ok`; after `Unsure` or `Cut` either all or nothing changed, and every later
/// call answers alike until the store is opened anew; after any other fault nothing changed. Reads see every earlier commit.
///
/// `Packed`, `Kept` and `Marked` are idempotent for an equal key and header; under an equal key with another header they are refused
/// as `Corrupt`, as is a change of a packet without a row. Heads: `Packed` sets the channel's [`OutHead`] and raises the link's number;
/// `Marked` sets the channel's [`InHead`], where `known` never falls within an epoch; `Kept` raises `known` when the head is of its
/// epoch. `Left` acts on state `Packed` alone and `Delivered` on `Delivering`, so a repetition keeps the first time. `Number` never
/// lowers. `Rebuilt` keeps the records of a row with the same header and drops those of another. "Newest" and "oldest" mean the order
/// in which the packets were committed, and within a packet the index; a `Marked` that replaces `Early` counts as committed then.
pub trait Store: Send {
    /// Reads the small part of the state.
    fn load(&mut self) -> Result<StationState, StoreFault>;
    /// Applies all changes in one durable transaction.
    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreFault>;
    /// Makes sure that this process still is the one that may write, where another could have taken over; a moment ago is soon enough, also for a machine
    /// that slept. It spares the log lines; what may not be written twice is behind [`commit`](Self::commit), which no clock decides.
    fn confirm(&mut self) -> Result<(), StoreFault> {
        Ok(())
    }
    /// For each name of `names`: the newest file that this channel sent under exactly this name, if any (kind `File`).
    fn went(&mut self, channel: &ChannelName, names: &[&str]) -> Result<Vec<Option<Went>>, StoreFault>;
    /// For each folded name: the exact name under which a file first came in on this channel, if any.
    fn arrived_as(&mut self, channel: &ChannelName, folded: &[&str]) -> Result<Vec<Option<String>>, StoreFault>;
    /// Tells whether a file of this name and digest came in on the packet's channel in another epoch, as a whole (kind `File`).
    fn arrived_before(&mut self, packet: &PacketKey, record: &RecordRow) -> Result<bool, StoreFault>;
    /// Gives one packet's row.
    fn packet(&mut self, key: &PacketKey) -> Result<Option<PacketRow>, StoreFault>;
    /// Gives the row of the packet with this header digest; the oldest where a person's doing left two.
    fn packet_by_header(&mut self, direction: Direction, header: &Digest) -> Result<Option<PacketRow>, StoreFault>;
    /// Gives the packet rows in any of the states, by direction, channel, epoch counter, seq; at most `limit`.
    fn packets_in(&mut self, direction: Direction, states: &[PacketState], limit: usize) -> Result<Vec<PacketRow>, StoreFault>;
    /// Gives outgoing packets whose sources may still have to be put away, by number.
    fn packets_with_sources(&mut self) -> Result<Vec<PacketRow>, StoreFault>;
    /// Gives the rows of a range of seqs, rising.
    fn packet_range(
        &mut self,
        direction: Direction,
        channel: &ChannelName,
        epoch: &Epoch,
        from: u64,
        to: u64,
    ) -> Result<Vec<PacketRow>, StoreFault>;
    /// Gives the packets in state `Left`, `Applied` or `Late` with a spool file, made before this running time (retention); at most `limit`.
    fn packets_older(&mut self, direction: Direction, run_ms: u64, limit: usize) -> Result<Vec<PacketRow>, StoreFault>;
    /// Gives the sealed bytes in the spool of a channel's incoming packets that nothing was applied of: those in state `Early`, and those in state
    /// `Late` of any epoch but `open`.
    fn kept_bytes(&mut self, channel: &ChannelName, open: Option<Epoch>) -> Result<u64, StoreFault>;
    /// Gives a packet's records, by index.
    fn records(&mut self, key: &PacketKey) -> Result<Vec<RecordRow>, StoreFault>;
    /// Gives the sightings of all records whose key, name or last part of the name equals `what`, newest first; at most `limit`.
    fn trace(&mut self, what: &str, limit: usize) -> Result<Vec<Sighting>, StoreFault>;
    /// Gives held-back repeats by key, name or last part of the name, newest first; at most `limit`.
    fn held_back(&mut self, what: &str, limit: usize) -> Result<Vec<HeldBack>, StoreFault>;
    /// Gives repeats that were sent again by key, name or last part of the name, oldest first; at most `limit`.
    fn sent_again(&mut self, what: &str, limit: usize) -> Result<Vec<SentAgain>, StoreFault>;
    /// Tells whether a file was sent again for this request.
    fn is_done(&mut self, request: &str) -> Result<bool, StoreFault>;
    /// Gives a channel's sums.
    fn sums(&mut self, direction: Direction, channel: &ChannelName) -> Result<ChannelSums, StoreFault>;
    /// Gives the card under this key.
    fn card(&mut self, drawer: Drawer, key: &str) -> Result<Option<Card>, StoreFault>;
    /// Gives the places of the cards of a drawer that have any of these terms, each once, those filed first first. A card keeps its place, and none is ever taken out.
    fn card_places(&mut self, drawer: Drawer, terms: &[&str]) -> Result<Vec<i64>, StoreFault>;
    /// Gives the cards at these places of a drawer, in the order of the places, which must rise. All of them are held at once: many are for [`Store::each_card`].
    fn cards_at(&mut self, drawer: Drawer, places: &[i64]) -> Result<Vec<Card>, StoreFault>;
    /// Hands over the cards at these places of a drawer one after another, with no more than [`CARDS_AT_ONCE`](cards::CARDS_AT_ONCE) of them in memory; ends with the first fault of whoever takes them.
    fn each_card(
        &mut self,
        drawer: Drawer,
        places: &[i64],
        take: &mut dyn FnMut(i64, Card) -> Result<(), StoreFault>,
    ) -> Result<(), StoreFault> {
        for places in places.chunks(cards::CARDS_AT_ONCE) {
            let cards = self.cards_at(drawer, places)?;
            places.iter().zip(cards).try_for_each(|(place, card)| take(*place, card))?;
        }
        Ok(())
    }
    /// Gives the few cards of a drawer that have any of these terms, as [`Store::card_places`] finds them. What grows with the traffic is for [`Store::each_card`].
    fn cards(&mut self, drawer: Drawer, terms: &[&str]) -> Result<Vec<Card>, StoreFault> {
        let places = self.card_places(drawer, terms)?;
        self.cards_at(drawer, &places)
    }
    /// Gives all waivers, oldest first.
    fn waivers(&mut self) -> Result<Vec<Waiver>, StoreFault>;
    /// Gives all structure changes that are known, oldest first.
    fn book(&mut self) -> Result<Vec<BookChange>, StoreFault>;
    /// Gives all decisions about structure changes, oldest first.
    fn book_decisions(&mut self) -> Result<Vec<BookDecision>, StoreFault>;
}
