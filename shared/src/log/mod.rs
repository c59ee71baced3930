//! Writing and recovering the packet log of LOG.md.
//!
//! Given: events. Gives: durable, chained lines and signed checkpoints. After a crash: [`PacketLog::open`] cuts a torn tail, never
//! below a checkpoint, and rebuilds the tree. Never: a line that holds a record's name, key or content; an [`Event`] has no place for it.

mod recover;
mod segments;
mod vouched;

pub(crate) use recover::SENDING;
pub use recover::{LogEvidence, Opened, newest_evidence};
pub use segments::read_lines;

use crate::error::LogFault;
use crate::seams::clock::Clock;
use crate::seams::{Files, WriteFile};
use dukou_packets::limits;
use dukou_packets::log::checkpoint::Checkpoint;
use dukou_packets::log::line::{Event, Line, Stamp, leaf_hash};
use dukou_packets::log::tree::Tree;
use dukou_packets::packet::header::LogHead;
use dukou_packets::suite::{Digest, Signer, StationId};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Length at which a segment is sealed.
pub const SEGMENT_BYTES: u64 = 64 << 20;

/// The packet log, open for appending.
pub struct PacketLog {
    dir: PathBuf,
    files: Arc<dyn Files>,
    clock: Arc<dyn Clock>,
    station: StationId,
    signer: Arc<dyn Signer>,
    /// Tree over every line up to the last fdatasync.
    durable: Tree,
    /// Leaf hash of the last of them.
    durable_leaf: Digest,
    /// Number and leaf hash of the newest line, pending ones among them.
    last: (u64, Digest),
    /// Lines that wait for the next commit, each with its LF.
    pending: Vec<u8>,
    /// The kind of a line that no reader would take, until the next commit has said so.
    unwritable: Option<String>,
    segment: Segment,
    /// A segment that was rotated away and is not compressed yet.
    sealed: Option<PathBuf>,
    /// Roots at the newest sizes.
    roots: BTreeMap<u64, Digest>,
}

/// The open segment.
struct Segment {
    path: PathBuf,
    file: Box<dyn WriteFile>,
    checkpoints: Box<dyn WriteFile>,
    bytes: u64,
    day: i64,
}

const DAY_MS: i64 = 86_400_000;

impl PacketLog {
    /// Adds a line. It becomes durable with the next [`commit`](Self::commit). A line that the next start would refuse is not added, and
    /// that commit refuses once.
    pub fn note(&mut self, event: Event) {
        let stamp = Stamp { at_ms: self.clock.wall_ms(), mono_ms: self.clock.mono_ms(), boot: self.clock.boot() };
        self.note_at(stamp, event);
    }

    fn note_at(&mut self, stamp: Stamp, event: Event) {
        let line = Line { n: self.last.0 + 1, prev: self.last.1, stamp, event };
        let text = line.render();
        if Line::parse(text.as_bytes()).as_ref() != Ok(&line) {
            self.unwritable = Some(line.event.kind().to_string());
            return;
        }
        self.last = (line.n, leaf_hash(text.as_bytes()));
        self.pending.extend_from_slice(text.as_bytes());
        self.pending.push(b'\n');
    }

    /// Tells whether an event fits into a line: every number and the whole length (LOG.md section 2).
    pub fn takes(&self, event: &Event) -> bool {
        let stamp = Stamp { at_ms: 0, mono_ms: limits::LINE_NUMBER_MAX, boot: 0 };
        let line = Line { n: limits::LINE_NUMBER_MAX, prev: Digest::ZERO, stamp, event: event.clone() };
        Line::parse(line.render().as_bytes()).as_ref() == Ok(&line)
    }

    /// Gives the size and root of what is durable.
    pub fn head(&self) -> LogHead {
        LogHead { size: self.durable.size(), root: self.durable.root() }
    }

    /// True when lines wait for the next commit.
    pub fn has_pending(&self) -> bool {
        !self.pending.is_empty() || self.unwritable.is_some()
    }

    /// Makes all pending lines durable with one fdatasync and cuts a checkpoint over them.
    ///
    /// # Errors
    /// [`LogFault::Unwritable`]: nothing was written, the other lines wait for the next commit. After any other fault the log must be opened anew: what was appended is then either kept as complete lines or cut as a torn tail.
    pub fn commit(&mut self) -> Result<LogHead, LogFault> {
        if let Some(kind) = self.unwritable.take() {
            return Err(LogFault::Unwritable { kind });
        }
        if self.pending.is_empty() {
            return Ok(self.head());
        }
        self.rotate_when_due()?;
        self.segment.file.write(&self.pending)?;
        self.segment.file.sync()?;
        self.read_back()?;
        self.segment.bytes += self.pending.len() as u64;
        self.pending.clear();
        self.remember_root();
        self.cut_checkpoint()?;
        if let Some(sealed) = self.sealed.take() {
            segments::compress(self.files.as_ref(), &self.dir, &sealed)?;
        }
        Ok(self.head())
    }

    /// Makes the newest checkpoint durable, too: at a clean stop and before a segment is sealed.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    pub fn settle(&mut self) -> Result<(), LogFault> {
        self.commit()?;
        Ok(self.segment.checkpoints.sync()?)
    }

    /// Reads the appended bytes back and only then believes them.
    fn read_back(&mut self) -> Result<(), LogFault> {
        let mut read = vec![0; self.pending.len()];
        let length = self.files.open(&self.segment.path)?.read_at(self.segment.bytes, &mut read)?;
        if length != read.len() || read != self.pending {
            return Err(LogFault::ReadBack { path: self.segment.path.clone() });
        }
        for line in read.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            self.durable_leaf = leaf_hash(line);
            self.durable.push(self.durable_leaf);
        }
        Ok(())
    }

    /// Gives a signed checkpoint over everything durable.
    ///
    /// # Errors
    /// [`LogFault::Key`] when the log key fails.
    pub fn checkpoint(&self) -> Result<String, LogFault> {
        let head = self.head();
        Ok(Checkpoint { station: self.station, size: head.size, root: head.root }.sign(self.signer.as_ref())?)
    }

    fn cut_checkpoint(&mut self) -> Result<(), LogFault> {
        let note = self.checkpoint()?;
        self.segment.checkpoints.write(note.as_bytes())?;
        Ok(())
    }

    /// Opens the next segment, its `segment` line first, when the open one is full or of an earlier day. The old one is compressed
    /// only after the first commit of the new one, so that a crash in between leaves one that can be read and appended to.
    fn rotate_when_due(&mut self) -> Result<(), LogFault> {
        let day = self.clock.wall_ms().div_euclid(DAY_MS);
        if self.segment.bytes == 0 || (self.segment.bytes < SEGMENT_BYTES && day <= self.segment.day) {
            return Ok(());
        }
        self.segment.checkpoints.sync()?;
        let waiting = self.take_pending_events()?;
        let next = Segment::create(self.files.as_ref(), &self.dir, self.durable.size() + 1, day)?;
        self.sealed = Some(std::mem::replace(&mut self.segment, next).path);
        self.last = (self.durable.size(), self.durable_leaf);
        self.note(segment_event(&self.durable));
        for (stamp, event) in waiting {
            self.note_at(stamp, event);
        }
        Ok(())
    }

    /// Takes pending lines apart again: behind a new `segment` line their numbers and chain change.
    fn take_pending_events(&mut self) -> Result<Vec<(Stamp, Event)>, LogFault> {
        let pending = std::mem::take(&mut self.pending);
        let lines = pending.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines
            .map(|line| match Line::parse(line) {
                Ok(line) => Ok((line.stamp, line.event)),
                Err(fault) => Err(LogFault::Damaged { path: self.segment.path.clone(), line: 0, problem: fault.to_string() }),
            })
            .collect()
    }
}

impl Segment {
    fn create(files: &dyn Files, dir: &std::path::Path, first: u64, day: i64) -> Result<Self, LogFault> {
        let path = dir.join(format!("{first:012}.jsonl"));
        let file = files.append(&path)?;
        let checkpoints = files.append(&path.with_extension("checkpoints"))?;
        files.sync_dir(dir)?;
        Ok(Self { path, file, checkpoints, bytes: 0, day })
    }
}

fn segment_event(tree: &Tree) -> Event {
    Event::Segment { size: tree.size(), root: tree.root(), peaks: tree.peaks().to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seams::clock::SimClock;
    use crate::seams::sim_files::SimFiles;
    use dukou_packets::suite::{RunId, SoftSigner};

    fn open(files: &SimFiles) -> PacketLog {
        open_on_day(files, 0)
    }

    fn open_on_day(files: &SimFiles, day: i64) -> PacketLog {
        let (clock, signer) = (Arc::new(SimClock::at(day * DAY_MS)), Arc::new(SoftSigner::from_seed([7; 32])));
        let station = StationId::from_bytes([1; 16]);
        PacketLog::open(Arc::new(files.clone()), clock, "/log".as_ref(), station, signer, None).unwrap().log
    }

    #[test]
    fn no_line_is_written_that_the_next_start_would_refuse() {
        let files = SimFiles::new(1);
        files.mkdir("/log");
        let mut log = open(&files);
        log.commit().unwrap();
        let left = |number| Event::Left { number, header: Digest::ZERO };
        let long = |length| Event::Start { run: RunId::from_bytes([0; 16]), version: "x".repeat(length), cut: 0 };
        for wrong in [left((1 << 53) + 1), left(u64::MAX), long(4096)] {
            assert!(!log.takes(&wrong));
            log.note(left(1));
            log.note(wrong);
            log.note(left(2));
            let before = log.head();
            assert!(matches!(log.commit(), Err(LogFault::Unwritable { .. })));
            assert_eq!(log.head(), before, "a line became durable with a wrong one");
            assert_eq!(log.commit().unwrap().size, before.size + 2);
        }
        log.note(left(1 << 53));
        let head = log.commit().unwrap();
        drop(log);
        assert_eq!(open(&files).head(), head);
    }

    #[test]
    fn lines_that_a_killed_process_left_stand_before_a_new_segment_does() {
        let left = |number| Event::Left { number, header: Digest::ZERO };
        for (seed, op) in (0..8).flat_map(|seed| (1..16).map(move |op| (seed, op))) {
            let files = SimFiles::new(seed);
            files.mkdir("/log");
            let mut log = open(&files);
            log.commit().unwrap();
            files.kill_at(1, true);
            log.note(left(1));
            assert!(log.commit().is_err(), "killed between writing and syncing");
            files.restart();
            let mut log = open_on_day(&files, 1);
            files.kill_at(op, true);
            log.note(left(2));
            let _ = log.commit();
            files.power_cut();
            let mut numbers = Vec::new();
            read_lines(&files, "/log".as_ref(), &mut |line| numbers.push(line.n)).unwrap();
            assert!(numbers.iter().copied().eq(1..=numbers.len() as u64), "seed {seed}, killed at {op}: {numbers:?}");
        }
    }

    /// A log of some commits, and its checkpoint file.
    fn with_notes() -> (SimFiles, Vec<u8>) {
        let files = SimFiles::new(1);
        files.mkdir("/log");
        let mut log = open(&files);
        for number in 1..5 {
            log.note(Event::Left { number, header: Digest::ZERO });
            log.commit().unwrap();
        }
        log.settle().unwrap();
        let notes = files.get(NOTES).unwrap();
        (files, notes)
    }

    const NOTES: &str = "/log/000000000001.checkpoints";

    fn reopen(files: &SimFiles) -> Result<Opened, LogFault> {
        let (clock, signer) = (Arc::new(SimClock::at(0)), Arc::new(SoftSigner::from_seed([7; 32])));
        PacketLog::open(Arc::new(files.clone()), clock, "/log".as_ref(), StationId::from_bytes([1; 16]), signer, None)
    }

    #[test]
    fn one_changed_byte_in_a_complete_checkpoint_stops_the_start_and_cuts_nothing() {
        let (files, notes) = with_notes();
        for at in 0..notes.len() - 1 {
            let mut changed = notes.clone();
            changed[at] ^= 1;
            files.put(NOTES, &changed);
            let what = reopen(&files).map(drop);
            // A lost line end in the last note makes it an incomplete one.
            if changed.iter().filter(|byte| **byte == b'\n').count() % 5 == 0 {
                assert!(matches!(what, Err(LogFault::Damaged { .. })), "byte {at}: {what:?}");
                assert_eq!(files.get(NOTES), Some(changed), "byte {at}: something was cut");
            }
        }
    }

    #[test]
    fn an_incomplete_last_checkpoint_is_cut_and_no_other() {
        let (files, notes) = with_notes();
        let last = notes.len() - notes.len() / 4;
        for end in last + 1..notes.len() {
            files.put(NOTES, &notes[..end]);
            reopen(&files).map(drop).unwrap();
            assert!(files.get(NOTES).unwrap().starts_with(&notes[..last]), "cut at {end}");
        }
    }
}
