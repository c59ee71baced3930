//! Collecting: reading finished files in their order, screening them, telling repeats from news, cutting large files into parts.
//!
//! Given: a source's look. Gives: [`Screened`] records. After a crash: nothing was changed, the next look gives the same files. Never:
//! bytes of a file that changed while it was read.

use super::pack::{Away, Batch, Repeat, Screened};
use super::screen::Refused;
use crate::channel::Identical;
use crate::connectors::folder::names::folded;
use crate::connectors::{Candidate, Disposal, Fate};
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::intake::Leaving;
use crate::lang::cut;
use crate::receive::cargo::cards_of_sent;
use crate::seams::{FileFault, FileStat, OpenFile};
use crate::store::{HeldBack, RecordRow, SourceStamp, Unfinished, Went};
use dukou_packets::limits;
use dukou_packets::packet::records::{RecordKind, RecordMeta, parts_digest};
use dukou_packets::suite::{Digest, Hasher, sha256};
use std::collections::VecDeque;

/// For how long (running time) equal bytes under the same path count as a repeat: 30 days.
const REPEAT_MS: u64 = 30 * 86_400_000;

/// How many names one question to the ledger asks for.
const LEDGER_NAMES: usize = 512;

/// What one look still has to give.
pub(crate) struct Collecting {
    queue: VecDeque<Candidate>,
    /// The ledger's answers for the front of the queue.
    ledger: VecDeque<Option<Went>>,
    parts: Option<Parts>,
    /// A person decided that the ledger is not asked.
    again: bool,
}

/// A file that travels in parts.
struct Parts {
    progress: Unfinished,
    /// `None` when it is gone or another file took its name.
    file: Option<Candidate>,
    open: Option<Box<dyn OpenFile>>,
}

/// What collecting gives next.
pub(crate) enum Step {
    /// A record for the packet.
    Record(Box<Screened>),
    /// A repeat that is held back.
    HeldBack(Box<Repeat>),
    /// The packet is full.
    Full,
}

impl Collecting {
    /// Begins with a look; a file in parts that an earlier run began comes first.
    pub(crate) fn new(ready: Vec<Candidate>, begun: Option<Unfinished>) -> Self {
        let mut queue = VecDeque::from(ready);
        let parts = begun.map(|progress| {
            let is_same =
                |candidate: &Candidate| candidate.name == progress.name && Some(candidate.stat.stamp()) == progress.source;
            let file = queue.iter().position(is_same).and_then(|at| queue.remove(at));
            Parts { progress, file, open: None }
        });
        Self { queue, ledger: VecDeque::new(), parts, again: false }
    }

    /// One file that a person sends again.
    pub(crate) fn again(candidate: Candidate) -> Self {
        Self { queue: VecDeque::from([candidate]), ledger: VecDeque::new(), parts: None, again: true }
    }

    fn next(&mut self) -> Option<(Candidate, Option<Went>)> {
        Some((self.queue.pop_front()?, self.ledger.pop_front().flatten()))
    }
}

/// Gives the earlier sending that these bytes under the same path repeat, at running time `run_ms`.
pub(crate) fn repeats(went: Option<Went>, digest: Digest, run_ms: u64) -> Option<Went> {
    went.filter(|went| went.digest == digest && run_ms.saturating_sub(went.run_ms) < REPEAT_MS)
}

impl Engine {
    /// Gives the next step of a channel; `None` when the look is used up.
    pub(crate) fn collect_next(
        &mut self,
        at: usize,
        collecting: &mut Collecting,
        batch: &Batch,
        report: &mut PassReport,
    ) -> Result<Option<Step>, EngineFault> {
        if let Some(parts) = &mut collecting.parts {
            if !batch.is_empty() {
                return Ok(Some(Step::Full));
            }
            let (screened, ended) = self.next_part(at, parts, report)?;
            if ended {
                collecting.parts = None;
            }
            return Ok(Some(Step::Record(Box::new(screened))));
        }
        loop {
            self.ask_ledger(at, collecting)?;
            let Some(front) = collecting.queue.front() else { return Ok(None) };
            if batch.is_full_for(front.stat.len) {
                return Ok(Some(Step::Full));
            }
            let Some((candidate, went)) = collecting.next() else { return Ok(None) };
            match self.collect_one(at, candidate, went, batch, report)? {
                One::Step(step) => return Ok(Some(step)),
                One::PassedOver => {}
                One::InParts(parts) => {
                    collecting.parts = Some(*parts);
                    return self.collect_next(at, collecting, batch, report);
                }
            }
        }
    }

    /// Asks the ledger for the next names of the queue at once.
    fn ask_ledger(&mut self, at: usize, collecting: &mut Collecting) -> Result<(), EngineFault> {
        if collecting.again
            || !collecting.ledger.is_empty()
            || collecting.queue.is_empty()
            || self.outgoing(at).channel.source.folder().is_none_or(|source| source.identical == Identical::Again)
        {
            return Ok(());
        }
        let channel = self.channel_name(at);
        let names: Vec<&str> = collecting.queue.iter().take(LEDGER_NAMES).map(|candidate| candidate.name.as_str()).collect();
        collecting.ledger = self.store().went(&channel, &names)?.into();
        Ok(())
    }

    fn collect_one(
        &mut self,
        at: usize,
        candidate: Candidate,
        went: Option<Went>,
        batch: &Batch,
        report: &mut PassReport,
    ) -> Result<One, EngineFault> {
        let key = match self.outgoing(at).screen.check_name(&candidate.name, candidate.name_is_utf8, candidate.stat.len) {
            Ok(key) => key,
            Err(refused) => return Ok(One::Step(self.refuse(at, &candidate, refused))),
        };
        if self.still_waits(at, &candidate, report) {
            return Ok(One::PassedOver);
        }
        let open = match self.outgoing(at).source.open(&candidate) {
            Ok(open) => open,
            Err(fault) => return self.pass_over(fault, report),
        };
        let large = candidate.stat.len > limits::BODY_MAX;
        if large && !self.outgoing(at).screen.needs_body() {
            return self.begin_parts(at, candidate, key, went, open, report);
        }
        let body = match read_unchanged(open.as_ref(), &candidate.stat) {
            Ok(Some(body)) => body,
            Ok(None) => return Ok(One::PassedOver),
            Err(fault) => return self.pass_over(fault, report),
        };
        if let Err(refused) = self.outgoing(at).screen.check_body(&body) {
            return Ok(One::Step(self.refuse(at, &candidate, refused)));
        }
        if large {
            return self.begin_parts(at, candidate, key, went, open, report);
        }
        let digest = sha256(&[&body]);
        if let Some(went) = self.is_repeat(went, digest) {
            return Ok(One::Step(self.hold_back(at, &candidate, key, went)));
        }
        let (flag, learnt) = match self.judge_leaving(at, &candidate, &body, digest, report)? {
            Leaving::Goes(flag, learnt) => (flag, learnt),
            Leaving::Waits => return Ok(One::PassedOver),
            Leaving::Refused(refused) => return Ok(One::Step(self.refuse(at, &candidate, refused))),
        };
        debug_assert!(batch.is_empty() || !batch.is_full_for(candidate.stat.len));
        let mut screened = whole_file(candidate.clone(), key, body, digest);
        screened.row.target = self.outgoing(at).source.place_of(&candidate.name, &candidate.path);
        screened.row.reason = flag;
        if self.outgoing(at).intake.as_ref().is_some_and(|intake| intake.kind.is_told_where_it_leaves()) {
            screened.cards = cards_of_sent(&screened.row, learnt, self.seams.clock.wall_ms());
        }
        Ok(One::Step(Step::Record(Box::new(screened))))
    }

    fn pass_over(&self, fault: FileFault, report: &mut PassReport) -> Result<One, EngineFault> {
        if !fault.is_gone() {
            self.tolerate(fault, report)?;
        }
        Ok(One::PassedOver)
    }

    fn is_repeat(&self, went: Option<Went>, digest: Digest) -> Option<Went> {
        repeats(went, digest, self.state.run_ms)
    }

    fn refuse(&self, at: usize, candidate: &Candidate, refused: Refused) -> Step {
        let mut screened = tombstone(candidate, refused);
        screened.row.target = self.outgoing(at).source.place_of(&screened.row.name, &candidate.path);
        Step::Record(Box::new(screened))
    }

    fn hold_back(&self, at: usize, candidate: &Candidate, key: String, went: Went) -> Step {
        let held = HeldBack {
            channel: self.channel_name(at),
            name: candidate.name.clone(),
            key,
            went: went.packet.clone(),
            at_ms: self.seams.clock.wall_ms(),
        };
        let fate = Fate::HeldBack { went: went.packet, at_ms: went.at_ms };
        let disposal = Disposal {
            name: candidate.name.clone(),
            path: candidate.path.clone(),
            stamp: candidate.stat.stamp(),
            slot: format!("held-{}", candidate.stat.inode),
            tried: false,
            fate,
        };
        Step::HeldBack(Box::new(Repeat { disposal, held }))
    }

    /// Begins a file in parts, unless it went before: only then is it read twice.
    fn begin_parts(
        &mut self,
        at: usize,
        candidate: Candidate,
        key: String,
        went: Option<Went>,
        open: Box<dyn OpenFile>,
        report: &mut PassReport,
    ) -> Result<One, EngineFault> {
        let part_count = candidate.stat.len.div_ceil(limits::BODY_MAX) as u32;
        let progress = Unfinished {
            name: candidate.name.clone(),
            key,
            total_bytes: candidate.stat.len,
            part_count,
            digests: Vec::new(),
            source: Some(candidate.stat.stamp()),
            skipped: false,
        };
        if let Some(went) = went {
            let digests = match digest_parts(open.as_ref(), progress.total_bytes) {
                Ok(digests) => digests,
                Err(fault) => return self.pass_over(fault, report),
            };
            let whole = parts_digest(progress.total_bytes, &digests);
            if let Some(went) = self.is_repeat(Some(went), whole) {
                return Ok(One::Step(self.hold_back(at, &candidate, progress.key, went)));
            }
        }
        Ok(One::InParts(Box::new(Parts { progress, file: Some(candidate), open: Some(open) })))
    }

    /// Gives the next part, or the withdrawal of a file that changed meanwhile; true when the file has ended either way.
    fn next_part(&mut self, at: usize, parts: &mut Parts, report: &mut PassReport) -> Result<(Screened, bool), EngineFault> {
        let read = match (&parts.file, &mut parts.open) {
            (Some(file), open @ None) => match self.outgoing(at).source.open(file) {
                Ok(file) => {
                    *open = Some(file);
                    read_part(open.as_deref(), &parts.progress)
                }
                Err(fault) => Err(fault),
            },
            (Some(_), Some(open)) => read_part(Some(open.as_ref()), &parts.progress),
            (None, _) => Ok(None),
        };
        let body = match read {
            Ok(body) => body,
            Err(fault) => {
                self.tolerate(fault, report)?;
                None
            }
        };
        Ok(match body {
            Some(body) => {
                let (mut screened, ended) = part(parts, body);
                screened.row.target =
                    parts.file.as_ref().and_then(|file| self.outgoing(at).source.place_of(&file.name, &file.path));
                (screened, ended)
            }
            None => (withdrawal(&parts.progress), true),
        })
    }
}

enum One {
    Step(Step),
    PassedOver,
    InParts(Box<Parts>),
}

fn modified_ms(stat: &FileStat) -> i64 {
    stat.mtime_ns / 1_000_000
}

fn whole_file(candidate: Candidate, key: String, body: Vec<u8>, digest: Digest) -> Screened {
    let len = body.len() as u64;
    let meta = RecordMeta::file(key, candidate.name.clone(), modified_ms(&candidate.stat), len);
    let row = row(&meta, digest, len, Some(candidate.stat.stamp()));
    let away = Away { name: candidate.name, path: candidate.path, stamp: candidate.stat.stamp(), refused: None };
    Screened { meta, body: body.into(), digest, row, away: Some(away), unfinished: None, cards: Vec::new() }
}

fn tombstone(candidate: &Candidate, refused: Refused) -> Screened {
    let name = valid_name(&candidate.name);
    let key = cut(name.rsplit('/').next().unwrap_or(&name), limits::RECORD_KEY_MAX);
    let meta = RecordMeta {
        kind: RecordKind::Tombstone,
        reason: refused.code.clone(),
        body_len: 0,
        ..RecordMeta::file(key, name, modified_ms(&candidate.stat), candidate.stat.len)
    };
    let row = row(&meta, sha256(&[]), candidate.stat.len, Some(candidate.stat.stamp()));
    let away = Away {
        name: candidate.name.clone(),
        path: candidate.path.clone(),
        stamp: candidate.stat.stamp(),
        refused: Some(refused),
    };
    Screened { meta, body: Vec::new().into(), digest: sha256(&[]), row, away: Some(away), unfinished: None, cards: Vec::new() }
}

/// Makes a record name of whatever a refused file is called: short enough, and a relative path of plain parts.
fn valid_name(name: &str) -> String {
    let shown: String = name.chars().filter(|letter| *letter != '\0').collect();
    let short = cut(&shown, limits::RECORD_NAME_MAX);
    let parts: Vec<&str> = short.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
    if parts.is_empty() { "_".to_string() } else { parts.join("/") }
}

fn part(parts: &mut Parts, body: Vec<u8>) -> (Screened, bool) {
    let digest = sha256(&[&body]);
    let part_index = parts.progress.digests.len() as u32;
    parts.progress.digests.push(digest);
    let progress = &parts.progress;
    let ended = part_index + 1 == progress.part_count;
    let whole = if ended { parts_digest(progress.total_bytes, &progress.digests) } else { Digest::ZERO };
    let meta = RecordMeta {
        kind: RecordKind::FilePart,
        part_index,
        part_count: progress.part_count,
        parts_digest: whole,
        body_len: body.len() as u64,
        ..file_in_parts(progress)
    };
    let (kind, row_digest, bytes) =
        if ended { (RecordKind::File, whole, progress.total_bytes) } else { (RecordKind::FilePart, digest, meta.body_len) };
    let row = RecordRow { kind, ..row(&meta, row_digest, bytes, progress.source) };
    let away = match (&parts.file, ended) {
        (Some(file), true) => {
            Some(Away { name: file.name.clone(), path: file.path.clone(), stamp: file.stat.stamp(), refused: None })
        }
        _ => None,
    };
    let unfinished = Some((!ended).then(|| progress.clone()));
    (Screened { meta, body: body.into(), digest, row, away, unfinished, cards: Vec::new() }, ended)
}

/// Describes the whole of a file in parts.
fn file_in_parts(progress: &Unfinished) -> RecordMeta {
    let modified_ms = progress.source.map_or(0, |source| source.mtime_ns / 1_000_000);
    RecordMeta::file(progress.key.clone(), progress.name.clone(), modified_ms, progress.total_bytes)
}

fn withdrawal(progress: &Unfinished) -> Screened {
    let meta = RecordMeta {
        kind: RecordKind::Withdrawal,
        part_index: progress.digests.len() as u32,
        part_count: progress.part_count,
        reason: "changed".to_string(),
        body_len: 0,
        ..file_in_parts(progress)
    };
    let row = row(&meta, sha256(&[]), 0, None);
    Screened { meta, body: Vec::new().into(), digest: sha256(&[]), row, away: None, unfinished: Some(None), cards: Vec::new() }
}

fn row(meta: &RecordMeta, digest: Digest, bytes: u64, source: Option<SourceStamp>) -> RecordRow {
    RecordRow {
        index: 0,
        kind: meta.kind,
        key: meta.key.clone(),
        name: meta.name.clone(),
        folded: folded(&meta.name),
        digest,
        bytes,
        reason: meta.reason.clone(),
        source,
        target: None,
        rows: 1,
    }
}

/// Reads a whole file; `None` when it is not the file of the look any more, or changed since: no change leaves the change time as it was, so
/// that one look at the open file after the reading tells it.
fn read_unchanged(open: &dyn OpenFile, expected: &FileStat) -> Result<Option<Vec<u8>>, FileFault> {
    let mut body = vec![0; expected.len as usize];
    let count = open.read_at(0, &mut body)?;
    Ok((count == body.len() && open.stat()? == *expected).then_some(body))
}

fn read_part(open: Option<&dyn OpenFile>, progress: &Unfinished) -> Result<Option<Vec<u8>>, FileFault> {
    let Some(open) = open else { return Ok(None) };
    let offset = progress.digests.len() as u64 * limits::BODY_MAX;
    let mut body = vec![0; progress.total_bytes.saturating_sub(offset).min(limits::BODY_MAX) as usize];
    let is_same = |stat: FileStat| Some(stat.stamp()) == progress.source;
    if !is_same(open.stat()?) {
        return Ok(None);
    }
    let count = open.read_at(offset, &mut body)?;
    Ok((count == body.len() && is_same(open.stat()?)).then_some(body))
}

/// Gives the digests of the parts that a file of `total_bytes` travels in.
pub(crate) fn digest_parts(open: &dyn OpenFile, total_bytes: u64) -> Result<Vec<Digest>, FileFault> {
    let mut buffer = vec![0; 1 << 20];
    let mut digests = Vec::new();
    for part in 0..total_bytes.div_ceil(limits::BODY_MAX) {
        let end = ((part + 1) * limits::BODY_MAX).min(total_bytes);
        let (mut offset, mut hasher) = (part * limits::BODY_MAX, Hasher::new());
        while offset < end {
            let want = (end - offset).min(buffer.len() as u64) as usize;
            let count = open.read_at(offset, &mut buffer[..want])?;
            if count == 0 {
                break;
            }
            hasher.update(&buffer[..count]);
            offset += count as u64;
        }
        digests.push(hasher.finish());
    }
    Ok(digests)
}
