//! The verification of a log directory (LOG.md section 6), in one streaming pass and one walk over the leaf hashes.
//!
//! Given: a directory nobody vouches for. Gives: a report. Never: writes, or keeps more than the leaf hashes and what the
//! channels still wait for.

use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::chain::{Chain, Claim, Claimant, Settled};
use super::coverage::{At, Ledger};
use super::directory::{Forms, Lines, LogDir, Piece};
use super::directory::{checkpoints_name, compressed_name, segment_name};
use super::keys::{Anchor, Keys};
use super::report::{FaultCode, Faults, Report};
use crate::keyring::KeyEntry;
use crate::log::checkpoint::{Checkpoint, CheckpointFault};
use crate::log::line::Event;
use crate::packet::header::LogHead;
use crate::suite::StationId;

/// Why there is nothing to verify.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The operating system gives no answer.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no segment.
    #[error("{path} holds no packet log: there is no segment such as 000000000001.jsonl")]
    NoLog {
        /// The directory.
        path: PathBuf,
    },
}

impl Unreadable {
    pub(super) fn at(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }
}

/// Verifies a log directory; the keys hang from `anchor` when there is one.
///
/// # Errors
/// When the directory or a file cannot be read, or there is no segment; everything else is in the report.
pub fn verify(dir: &Path, anchor: Option<Anchor>) -> Result<Report, Unreadable> {
    let dir_path = dir;
    let dir = LogDir::list(dir_path)?;
    let Some(&first) = dir.segments.keys().next() else {
        return Err(Unreadable::NoLog { path: dir_path.to_owned() });
    };
    let mut faults = Faults::default();
    let keys = Keys::read(&dir, anchor.as_ref(), &mut faults)?;
    let mut reading =
        Reading { dir: &dir, ledger: Ledger::new(first == 1), keys: &keys, chain: Chain::default(), faults, torn_bytes: 0 };
    for (&number, &forms) in &dir.segments {
        reading.segment(number, forms)?;
    }
    reading.checkpoints()?;
    Ok(reading.finish())
}

/// What has been read so far.
struct Reading<'a> {
    dir: &'a LogDir,
    keys: &'a Keys,
    chain: Chain,
    ledger: Ledger,
    faults: Faults,
    torn_bytes: u64,
}

impl Reading<'_> {
    fn newest(&self) -> u64 {
        self.dir.segments.keys().next_back().copied().unwrap_or(0)
    }

    fn segment(&mut self, number: u64, forms: Forms) -> Result<(), Unreadable> {
        let plain = segment_name(number);
        let compressed = compressed_name(number);
        if forms.plain && forms.compressed {
            let (a, b) = (self.dir.content_digest(&plain)?, self.dir.content_digest(&compressed)?);
            if a != b {
                self.faults.add(FaultCode::SegmentTwoForms, &compressed, None, "");
            }
        }
        let name: Rc<str> = if forms.plain { plain } else { compressed }.into();
        if self.chain.begin_segment(number, &name, &mut self.faults) {
            self.ledger.resume();
        }
        let mut lines = Lines::new(self.dir.open(&name)?);
        let mut heads_segment = true;
        loop {
            let piece = match lines.next() {
                Ok(Some(piece)) => piece,
                Ok(None) => break,
                Err(source) if forms.plain => {
                    return Err(Unreadable::at(Path::new(&*name), source));
                }
                Err(_) => {
                    let due = self.chain.due();
                    self.faults.add(FaultCode::SegmentUnreadable, &name, due, "");
                    break;
                }
            };
            match piece {
                Piece::Line(bytes) => self.line(bytes, heads_segment, &name),
                Piece::TooLong => self.chain.take_unreadable(&name, &mut self.faults),
                Piece::Torn(bytes) => self.torn(bytes, number, &name),
            }
            heads_segment = false;
        }
        if heads_segment && number != self.newest() {
            self.faults.add(FaultCode::SegmentHead, &name, number, "0 lines");
        }
        Ok(())
    }

    /// Only the newest segment may end within a line: that is what a crash leaves.
    fn torn(&mut self, bytes: u64, number: u64, name: &Rc<str>) {
        if number == self.newest() {
            self.torn_bytes = bytes;
        } else {
            let due = self.chain.due();
            self.faults.add(FaultCode::LineShape, name, due, format!("{bytes} bytes"));
        }
    }

    fn line(&mut self, bytes: &[u8], heads_segment: bool, name: &Rc<str>) {
        let number = self.chain.due();
        let line = self.chain.take(bytes, heads_segment, name, &mut self.faults);
        let Some(line) = line else { return };
        if number == 2 && self.chain.first == 1 && !matches!(line.event, Event::Init { .. }) {
            self.faults.add(FaultCode::InitPlace, name, number, line.event.kind().to_owned());
        }
        let at = At { file: name, line: number };
        let echo = self.ledger.take(&line, &at, self.keys, &mut self.faults);
        if let Some(head) = echo {
            self.echo(head, number, name);
        }
    }

    /// Takes what the peer says of this log in line `line`; it can only know lines before that one.
    fn echo(&mut self, head: LogHead, line: u64, name: &Rc<str>) {
        if head == LogHead::NONE {
            return;
        }
        // The peer speaks of lines that were lost with the newer copy; whoever has the log key could say so, too, and so it is told.
        let restored = self.keys.station().is_some_and(|own| self.ledger.is_restored(own));
        if head.size >= line {
            let detail = format!("{} >= {line}", head.size);
            if restored {
                self.faults.add_first(FaultCode::LinesLost, name, line, detail);
                return;
            }
            self.faults.add(FaultCode::EchoAhead, name, line, detail);
            return;
        }
        self.chain.claim(Claim { head, by: Claimant::Peer { restored }, file: Rc::clone(name), line });
    }

    fn checkpoints(&mut self) -> Result<(), Unreadable> {
        // Without any keyring no note can be judged; that the keyring is missing has been said.
        let Some(station) = self.keys.station() else { return Ok(()) };
        let mut judge = Judge { keys: self.keys.log_keys(), station, largest: 0 };
        for &number in &self.dir.checkpoints {
            let name: Rc<str> = checkpoints_name(number).into();
            let here = self.dir.segments.contains_key(&number);
            if !here && number > self.chain.first {
                self.faults.add(FaultCode::SegmentMissing, &name, None, number.to_string());
            }
            let newest = self.dir.checkpoints.last() == Some(&number);
            let mut notes = Notes::new(Lines::new(self.dir.open(&name)?));
            while let Some(note) = notes.next().map_err(|e| Unreadable::at(Path::new(&*name), e))? {
                // A note that was being appended when the power went loses no line.
                if note.torn && newest {
                    break;
                }
                self.note(&note, &name, here, &mut judge);
            }
        }
        Ok(())
    }

    fn note(&mut self, note: &NoteText, name: &Rc<str>, here: bool, judge: &mut Judge) {
        let head = match judge.open(note) {
            Ok(head) => head,
            Err((code, detail)) => {
                self.faults.add(code, name, note.line, detail);
                return;
            }
        };
        let largest = judge.largest;
        if head.size < largest {
            self.faults.add(FaultCode::CheckpointOrder, name, note.line, format!("{} < {largest}", head.size));
        }
        judge.largest = head.size.max(largest);
        let lines = self.chain.due() - 1;
        if head.size > lines && here {
            self.faults.add(FaultCode::CheckpointAhead, name, note.line, format!("{} > {lines}", head.size));
        }
        self.chain.claim(Claim { head, by: Claimant::Checkpoint, file: Rc::clone(name), line: note.line });
    }

    fn finish(mut self) -> Report {
        let Settled { signed, witnessed } = self.chain.settle(&mut self.faults);
        let newest = self.newest();
        if signed == 0 || signed + 1 < newest {
            let name = checkpoints_name(newest);
            self.faults.add(FaultCode::Unsigned, &name, None, signed.to_string());
        }
        let (channels, unknown_kinds) = self.ledger.finish(&mut self.faults);
        let lines = self.chain.due() - 1;
        let verdict = self.faults.verdict();
        let (faults, faults_not_listed) = self.faults.finish();
        Report {
            verdict,
            anchored: self.keys.anchored,
            station: self.keys.station(),
            first_line: self.chain.first,
            lines,
            signed,
            witnessed,
            // Segments that overlap can leave fewer lines than are vouched for.
            unwitnessed: lines.saturating_sub(witnessed),
            torn_bytes: self.torn_bytes,
            unknown_kinds,
            other_files: self.dir.others.clone(),
            faults,
            faults_not_listed,
            channels,
        }
    }
}

/// Who may sign the log's checkpoints, and how far they have come.
struct Judge {
    keys: Vec<KeyEntry>,
    station: StationId,
    largest: u64,
}

impl Judge {
    fn open(&self, note: &NoteText) -> Result<LogHead, (FaultCode, String)> {
        let checkpoint = Checkpoint::open(&note.text, &self.keys).map_err(|fault| {
            let code = match fault {
                CheckpointFault::Shape => FaultCode::CheckpointShape,
                CheckpointFault::UnknownKey { .. } => FaultCode::CheckpointKey,
                CheckpointFault::Signature { .. } => FaultCode::CheckpointSignature,
            };
            (code, String::new())
        })?;
        if checkpoint.station != self.station {
            return Err((FaultCode::Station, checkpoint.station.to_string()));
        }
        Ok(LogHead { size: checkpoint.size, root: checkpoint.root })
    }
}

/// Five lines of a file of checkpoints.
struct NoteText {
    text: String,
    /// Its first line in the file.
    line: u64,
    torn: bool,
}

/// Cuts a file of checkpoints into notes as it is read.
struct Notes {
    lines: Lines,
    line: u64,
}

impl Notes {
    fn new(lines: Lines) -> Self {
        Self { lines, line: 0 }
    }

    fn next(&mut self) -> io::Result<Option<NoteText>> {
        let mut note = NoteText { text: String::new(), line: self.line + 1, torn: false };
        for index in 0..5 {
            match self.lines.next()? {
                Some(Piece::Line(bytes)) => {
                    note.text.push_str(&String::from_utf8_lossy(bytes));
                    note.text.push('\n');
                }
                Some(Piece::TooLong) => note.text.push_str("\u{0}\n"),
                None if index == 0 => return Ok(None),
                Some(Piece::Torn(_)) | None => {
                    note.torn = true;
                    return Ok(Some(note));
                }
            }
            self.line += 1;
        }
        Ok(Some(note))
    }
}
