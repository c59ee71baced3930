//! Where records come from and go to: one connector a folder here, and the contract they all keep.
//!
//! What the engine guarantees: a source's record is put away only after its packet exists; a sink's record is staged only after its
//! packet's `seen` line is durable, and delivered only after the mark transaction; calls for one channel come in order, one at a time but
//! for what a sink's second hand delivers, and after a restart the same calls come again.
//! What a connector owes is written on its trait.

pub mod folder;
pub mod tables;

use crate::seams::{FileFault, FileStat, OpenFile};
use crate::store::{PacketKey, RecordRow, SourceStamp, Unfinished};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Files whose packets exist and that could not be put away yet: by path, the file that was read there.
pub type Except = HashMap<PathBuf, SourceStamp>;

impl FileStat {
    /// Gives what tells a file from a later one under its name; renaming does not change it.
    pub(crate) fn stamp(&self) -> SourceStamp {
        SourceStamp { inode: self.inode, len: self.len, mtime_ns: self.mtime_ns }
    }

    /// Tells whether this is the file of the stamp.
    pub(crate) fn is_of(&self, stamp: &SourceStamp) -> bool {
        self.stamp() == *stamp
    }
}

/// A finished file that a source offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its record name; for a name that is not UTF-8 a lossy form of it.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Its metadata at the look.
    pub stat: FileStat,
    /// False when the name is not UTF-8: such a file is refused.
    pub name_is_utf8: bool,
}

/// What a look at a source gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Finished files, in the order they are sent.
    pub ready: Vec<Candidate>,
    /// Folders that may not be read, each a fault of its own, the first few of them; and one that takes back nothing of what an earlier run left.
    pub passed_over: Vec<FileFault>,
    /// Files that are not finished yet, `.tmp` and `.part` not among them.
    pub young: u64,
    /// Files that wait to be renamed: `.tmp`, `.part`.
    pub unfinished: u64,
    /// Monotonic time (ms) at which the next young file may be finished.
    pub next_ms: Option<u64>,
}

/// What became of a source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// A packet carries it.
    Sent(PacketKey),
    /// It was refused; its tombstone is in the packet.
    Refused {
        /// The packet with the tombstone.
        packet: PacketKey,
        /// Stable code.
        code: String,
        /// The reason in Chinese and in English.
        sentence: [String; 2],
    },
    /// Equal bytes went before under this name.
    HeldBack {
        /// The packet that carried them.
        went: PacketKey,
        /// Wall clock (ms) of that packet.
        at_ms: i64,
    },
}

/// A source file to be put away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disposal {
    /// The record's name.
    pub name: String,
    /// Where the file is.
    pub path: PathBuf,
    /// Which file it was when it was read.
    pub stamp: SourceStamp,
    /// A name unique in the channel, the same again after a restart.
    pub slot: String,
    /// Whether it was tried before, in this run or an earlier one: another file may long have taken its place.
    pub tried: bool,
    /// What became of it.
    pub fate: Fate,
}

/// The contract of a source.
///
/// A source owes: `look` changes nothing but what an earlier run left half done, and gives finished records in a stable order; `put_away` is
/// idempotent, may fail and be tried again at any later time, and never destroys a record that is not the one of the stamp.
pub trait Source: Send {
    /// Looks for finished records, but for those whose packets exist.
    fn look(&mut self, except: &Except) -> Result<Look, FileFault>;
    /// Opens a candidate.
    fn open(&self, candidate: &Candidate) -> Result<Box<dyn OpenFile>, FileFault>;
    /// Gives what the row of a record keeps of its file's path: nothing when the record's name says it.
    fn place_of(&self, name: &str, path: &Path) -> Option<String>;
    /// Gives the path of a record that was read earlier.
    fn path_of(&self, record: &RecordRow) -> PathBuf;
    /// Puts a source file away and writes what programs read about it.
    fn put_away(&mut self, disposal: &Disposal) -> Result<(), FileFault>;
    /// Makes everything that was put away durable; after a power loss before it returns, it is put away again.
    fn tidy(&mut self) -> Result<(), FileFault>;
    /// Forgets what programs read about records whose packets are past their keeping time.
    fn forget(&mut self, names: &[&str]) -> Result<(), FileFault>;
    /// Tells programs that the peer has confirmed a packet with these records, at this wall clock (ms). A record whose status is of another packet
    /// keeps it.
    fn confirm(&mut self, packet: &PacketKey, names: &[&str], at_ms: i64) -> Result<(), FileFault>;
    /// Hears that a file was renamed in or closed after writing.
    fn hint(&mut self, path: &Path);
}

/// What a delivery came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Every record is at the sink and durable.
    Done,
    /// Another record under the same name has to be taken first (等待取走); the rest waits behind it.
    WaitsForTaking {
        /// The record's path below the sink.
        target: String,
    },
    /// What is staged of a file in parts is not what was staged: its parts have to be staged once more, from the first.
    Damaged {
        /// The record, by its index in the packet.
        index: u32,
    },
}

/// What staging a part came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StagedPart {
    /// It stands behind the parts before it.
    Here,
    /// The parts before it are not there any more: they have to be staged once more, from the first.
    PartsGone,
}

/// The contract of a sink.
///
/// A sink owes: what is staged is invisible to the consumer; after `make_durable` it survives a power loss; `deliver` may be called any number
/// of times for a marked packet and makes each of its records visible exactly once, in order, even when the consumer takes them away at
/// once; nothing the consumer has is ever overwritten.
pub trait Sink: Send {
    /// Begins a packet: what an earlier, unmarked try staged for it is discarded.
    fn begin(&mut self, packet: &PacketKey) -> Result<(), FileFault>;
    /// Stages a whole record.
    fn stage(&mut self, packet: &PacketKey, index: u32, body: &[u8]) -> Result<(), FileFault>;
    /// Appends a part to the channel's unfinished file. `done` is the file as the store knows it, without this part; with no part done
    /// what was staged before is discarded.
    fn stage_part(&mut self, done: &Unfinished, body: &[u8]) -> Result<StagedPart, FileFault>;
    /// Gives the folder whose file system [`make_durable`](Sink::make_durable) syncs as a whole.
    fn folder(&self) -> &Path;
    /// Makes everything staged durable: one sync for all.
    fn make_durable(&mut self) -> Result<(), FileFault>;
    /// Makes a marked packet's records visible. A sink that was taken away as a whole is a fault, never a delivery.
    fn deliver(&mut self, packet: &PacketKey, records: &[RecordRow]) -> Result<Delivery, FileFault>;
    /// Gives a second hand on this sink that delivers packets of whole records while this one stages, and makes durable, those behind them;
    /// `None` where the sink cannot do both at once.
    fn second_hand(&self) -> Option<Box<dyn Sink>> {
        None
    }
    /// Hears that the `applied` line of a delivered packet is durable: it is never delivered again.
    fn forget(&mut self, packet: &PacketKey) -> Result<(), FileFault>;
}
