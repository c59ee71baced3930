//! Opening the packet log: finding the end, cutting a torn tail, rebuilding the tree.

use super::{DAY_MS, PacketLog, Segment, segment_event, segments};
use crate::error::LogFault;
use crate::receive::order::{Gaps, subtract};
use crate::seams::Files;
use crate::seams::clock::Clock;
use dukou_packets::keyring::{KeyEntry, Role};
use dukou_packets::log::checkpoint::Checkpoint;
use dukou_packets::log::line::{Event, Line, leaf_hash};
use dukou_packets::log::tree::Tree;
use dukou_packets::packet::header::{ChannelName, Epoch, LogHead};
use dukou_packets::suite::{Digest, Signer, StationId};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the newest segments prove, for the engine to compare the store with.
#[derive(Clone, Debug, Default)]
pub struct LogEvidence {
    /// Numbers of packets with a `packed` line.
    pub packed: BTreeSet<u64>,
    /// The highest number that a `renumbered` line names; 0 without one.
    pub renumbered: u64,
    /// Packets with an `applied` line.
    pub applied: BTreeSet<(ChannelName, Epoch, u64)>,
    /// Ranges with a `waived` line.
    pub waived: BTreeSet<(ChannelName, Epoch, u64, u64)>,
    /// Ranges with a `gap` line that no `gap-closed` line ended.
    pub gaps: Gaps,
    /// The line that told last of a county's day that its log was about to leave, by both as they stand there.
    pub sending: BTreeMap<(String, String), u64>,
    /// The last word on each alarm, by code and subject: since when (wall clock, ms) it is open, or that it was closed.
    pub alarms: BTreeMap<(String, String), Option<i64>>,
}

impl LogEvidence {
    /// Gives the newest packet number that a line speaks of; 0 without one.
    pub fn newest_number(&self) -> u64 {
        self.packed.last().copied().unwrap_or(0).max(self.renumbered)
    }
}

/// The code of a line by which a log that is about to leave is known.
pub(crate) const SENDING: &str = "sending";

/// An opened log.
pub struct Opened {
    /// The log, open for appending.
    pub log: PacketLog,
    /// True when the log began just now, or a crash left nothing but its first line: `init` is due.
    pub begun: bool,
    /// Bytes cut from a torn tail.
    pub cut_bytes: u64,
    /// What its newest segments prove.
    pub evidence: LogEvidence,
}

/// What walking one segment gives.
struct Walked {
    tree: Tree,
    last_leaf: Digest,
    good_bytes: u64,
    day: i64,
}

impl PacketLog {
    /// Opens the log in `dir`, or begins it. `expected` is the head that the store remembers: the log must reach it.
    ///
    /// # Errors
    /// [`LogFault::Behind`] when the log is shorter than `expected` or a checkpoint, or has another root there;
    /// [`LogFault::Damaged`] when a line is wrong that a checkpoint covers.
    pub fn open(
        files: Arc<dyn Files>,
        clock: Arc<dyn Clock>,
        dir: &Path,
        station: StationId,
        signer: Arc<dyn Signer>,
        expected: Option<LogHead>,
    ) -> Result<Opened, LogFault> {
        let mut evidence = LogEvidence::default();
        let paths = segments_with_content(files.as_ref(), dir)?;
        let Some(newest) = paths.last().cloned() else {
            return Self::begin(files, clock, dir, station, signer, expected, evidence);
        };
        // The segment before the newest, and every one that goes beyond what the store remembers: it may have been restored from long ago.
        let remembered = expected.map_or(0, |head| head.size);
        for pair in paths.windows(2) {
            if let [segment, next] = pair
                && (*next == newest || first_line(next) > remembered + 1)
            {
                gather(&segments::read(files.as_ref(), segment)?, &mut evidence);
            }
        }
        let bytes = segments::read(files.as_ref(), &newest)?;
        let vouched = checkpoints_end(files.as_ref(), &newest, station, signer.as_ref())?;
        let walked = walk(&newest, &bytes, expected, vouched)?;
        let cut_bytes = bytes.len() as u64 - walked.good_bytes;
        if cut_bytes > 0 {
            files.truncate(&newest, walked.good_bytes)?;
        }
        gather(bytes.get(..walked.good_bytes as usize).unwrap_or_default(), &mut evidence);
        let begun = walked.tree.size() < 2;
        let (mut file, mut checkpoints) = (files.append(&newest)?, files.append(&newest.with_extension("checkpoints"))?);
        // A process that was killed may have left lines that were read here and are not durable yet: no later segment may stand behind them.
        file.sync()?;
        checkpoints.sync()?;
        let segment = Segment { file, checkpoints, path: newest, bytes: walked.good_bytes, day: walked.day };
        let log = Self {
            dir: dir.to_path_buf(),
            files,
            clock,
            station,
            signer,
            last: (walked.tree.size(), walked.last_leaf),
            durable: walked.tree,
            durable_leaf: walked.last_leaf,
            pending: Vec::new(),
            unwritable: None,
            segment,
            sealed: None,
            roots: BTreeMap::new(),
        };
        Ok(Opened { log, begun, cut_bytes, evidence })
    }

    fn begin(
        files: Arc<dyn Files>,
        clock: Arc<dyn Clock>,
        dir: &Path,
        station: StationId,
        signer: Arc<dyn Signer>,
        expected: Option<LogHead>,
        evidence: LogEvidence,
    ) -> Result<Opened, LogFault> {
        if let Some(head) = expected.filter(|head| head.size > 0) {
            return Err(LogFault::Behind { found: 0, expected: head.size });
        }
        let segment = Segment::create(files.as_ref(), dir, 1, clock.wall_ms().div_euclid(DAY_MS))?;
        let durable = Tree::new();
        let mut log = Self {
            dir: dir.to_path_buf(),
            files,
            clock,
            station,
            signer,
            durable,
            durable_leaf: Digest::ZERO,
            last: (0, Digest::ZERO),
            pending: Vec::new(),
            unwritable: None,
            segment,
            sealed: None,
            roots: BTreeMap::new(),
        };
        log.note(segment_event(&log.durable));
        Ok(Opened { log, begun: true, cut_bytes: 0, evidence })
    }
}

/// Lists the segments; a newest one that never got a complete line is removed, since nothing durable was in it.
fn segments_with_content(files: &dyn Files, dir: &Path) -> Result<Vec<PathBuf>, LogFault> {
    let mut paths = segments::list(files, dir)?;
    if let Some(newest) = paths.last() {
        let bytes = segments::read(files, newest)?;
        let begun = bytes.split_inclusive(|byte| *byte == b'\n').next().is_some_and(|line| complete_line(line).is_some());
        if !begun && split_notes(&checkpoint_bytes(files, newest)?).0.is_empty() {
            files.remove(newest)?;
            files.remove(&newest.with_extension("checkpoints"))?;
            files.sync_dir(dir)?;
            paths.pop();
        }
    }
    Ok(paths)
}

/// Gives the number of a segment's first line, which is its name.
pub(super) fn first_line(segment: &Path) -> u64 {
    let stem = segment.file_name().and_then(|name| name.to_str()).and_then(|name| name.get(..12));
    stem.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

fn complete_line(with_end: &[u8]) -> Option<Line> {
    Line::parse(with_end.strip_suffix(b"\n")?).ok()
}

/// Walks the newest segment up to the last good line and refuses an end below what is vouched for.
fn walk(path: &Path, bytes: &[u8], expected: Option<LogHead>, vouched: u64) -> Result<Walked, LogFault> {
    let mut walked: Option<Walked> = None;
    let mut root_at_expected = None;
    for with_end in bytes.split_inclusive(|byte| *byte == b'\n') {
        let Some(line) = complete_line(with_end) else { break };
        let leaf = leaf_hash(with_end.strip_suffix(b"\n").unwrap_or(with_end));
        let before = match (walked.take(), &line.event) {
            (None, Event::Segment { size, peaks, .. }) => Walked {
                tree: Tree::from_peaks(*size, peaks).ok_or_else(|| damaged(path, 1, "segment"))?,
                last_leaf: line.prev,
                good_bytes: 0,
                day: line.stamp.at_ms.div_euclid(DAY_MS),
            },
            (None, _) => return Err(damaged(path, 1, "segment")),
            (Some(before), _) => before,
        };
        if line.n != before.tree.size() + 1 || line.prev != before.last_leaf {
            walked = Some(before);
            break;
        }
        let mut tree = before.tree;
        tree.push(leaf);
        if expected.is_some_and(|head| head.size == tree.size()) {
            root_at_expected = Some(tree.root());
        }
        walked = Some(Walked { tree, last_leaf: leaf, good_bytes: before.good_bytes + with_end.len() as u64, day: before.day });
    }
    let walked = walked.ok_or_else(|| damaged(path, 1, "segment"))?;
    let found = walked.tree.size();
    let needed = vouched.max(expected.map_or(0, |head| head.size));
    if found < needed {
        return Err(LogFault::Behind { found, expected: needed });
    }
    match (expected, root_at_expected) {
        (Some(head), Some(root)) if root != head.root => Err(LogFault::Behind { found, expected: head.size }),
        _ => Ok(walked),
    }
}

fn damaged(path: &Path, line: u64, problem: &str) -> LogFault {
    LogFault::Damaged { path: path.to_path_buf(), line, problem: problem.to_string() }
}

/// Cuts an incomplete last note from the checkpoint file and gives the highest size vouched for. A note that is complete and wrong is not what
/// a crash leaves.
fn checkpoints_end(files: &dyn Files, segment: &Path, station: StationId, signer: &dyn Signer) -> Result<u64, LogFault> {
    let path = segment.with_extension("checkpoints");
    let bytes = checkpoint_bytes(files, segment)?;
    let (notes, torn) = split_notes(&bytes);
    let mut vouched = 0;
    for (index, note) in notes.iter().enumerate() {
        let Some(checkpoint) = open_own(note, signer).filter(|found| found.station == station) else {
            return Err(damaged(&path, NOTE_LINES * index as u64 + 1, "checkpoint"));
        };
        vouched = vouched.max(checkpoint.size);
    }
    if torn > 0 {
        files.truncate(&path, bytes.len() as u64 - torn)?;
    }
    Ok(vouched)
}

/// Opens a note that this station's own log key signed.
pub(super) fn open_own(note: &[u8], signer: &dyn Signer) -> Option<Checkpoint> {
    let note = std::str::from_utf8(note).ok()?;
    Checkpoint::open(note, &[KeyEntry::new(Role::Log, 0, signer.public(), 0)]).ok()
}

/// Lines of a note in a checkpoint file.
const NOTE_LINES: u64 = 5;

pub(super) fn checkpoint_bytes(files: &dyn Files, segment: &Path) -> Result<Vec<u8>, LogFault> {
    let path = segment.with_extension("checkpoints");
    if files.stat(&path)?.is_none() {
        return Ok(Vec::new());
    }
    Ok(files.read(&path, segments::SEGMENT_MAX)?)
}

/// Splits a checkpoint file into its complete notes and gives the length of what is left over.
pub(super) fn split_notes(bytes: &[u8]) -> (Vec<&[u8]>, u64) {
    let (mut notes, mut rest) = (Vec::new(), bytes);
    loop {
        let mut ends = rest.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
        match ends.nth(NOTE_LINES as usize - 1).and_then(|end| rest.split_at_checked(end)) {
            Some((note, behind)) => {
                notes.push(note);
                rest = behind;
            }
            None => return (notes, rest.len() as u64),
        }
    }
}

/// Gives what the lines of a segment prove that lie beyond a size of the log, the newest segment being number 0; `None` where no line of it does. Reads without
/// a change, also beside the process that writes.
///
/// # Errors
/// [`LogFault`] when a segment cannot be read.
pub fn newest_evidence(files: &dyn Files, dir: &Path, beyond: u64, at: usize) -> Result<Option<LogEvidence>, LogFault> {
    let paths = segments::list(files, dir)?;
    let Some(path) = paths.iter().rev().nth(at) else { return Ok(None) };
    let next = at.checked_sub(1).and_then(|newer| paths.iter().rev().nth(newer));
    if next.is_some_and(|next| first_line(next) <= beyond + 1) {
        return Ok(None);
    }
    let (bytes, known) = (segments::read(files, path)?, (beyond + 1).saturating_sub(first_line(path)));
    let start: usize = bytes.split_inclusive(|byte| *byte == b'\n').take(known as usize).map(<[u8]>::len).sum();
    let mut evidence = LogEvidence::default();
    gather(bytes.get(start..).unwrap_or_default(), &mut evidence);
    Ok(Some(evidence))
}

fn gather(bytes: &[u8], evidence: &mut LogEvidence) {
    for line in bytes.split_inclusive(|byte| *byte == b'\n').filter_map(complete_line) {
        match line.event {
            Event::Packed { number, .. } => {
                evidence.packed.insert(number);
            }
            Event::Renumbered { number, .. } => evidence.renumbered = evidence.renumbered.max(number),
            Event::Applied { channel, epoch, seq, .. } => {
                evidence.applied.insert((channel, epoch, seq));
            }
            Event::Waived { channel, epoch, from, to, .. } => {
                evidence.waived.insert((channel, epoch, from, to));
            }
            Event::Gap { channel, epoch, from, to } => {
                let (known, ranges) = evidence.gaps.entry(channel).or_insert((epoch, Vec::new()));
                if *known != epoch {
                    (*known, *ranges) = (epoch, Vec::new());
                }
                *ranges = joined(ranges, (from, to));
            }
            Event::GapClosed { channel, epoch, from, to } => {
                if let Some((_, ranges)) = evidence.gaps.get_mut(&channel).filter(|(known, _)| *known == epoch) {
                    *ranges = subtract(ranges, &[(from, to)]);
                }
            }
            Event::Alarm { code, subject } => {
                evidence.alarms.insert((code, subject), Some(line.stamp.at_ms));
            }
            Event::Reporting { county, day, code, .. } if code == SENDING => {
                evidence.sending.insert((county, day), line.n);
            }
            Event::AlarmClosed { code, subject } => {
                evidence.alarms.insert((code, subject), None);
            }
            _ => {}
        }
    }
}

/// Gives rising ranges with one more among them.
fn joined(ranges: &[(u64, u64)], (from, to): (u64, u64)) -> Vec<(u64, u64)> {
    let mut all = subtract(ranges, &[(from, to)]);
    all.push((from, to));
    all.sort_unstable();
    all
}
