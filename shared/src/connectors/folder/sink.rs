//! A folder as a sink.
//!
//! Given: a packet's records. Gives: files under their names, each exactly once, never in place of another. After a crash: what is staged for a
//! marked packet is renamed into place, what is not there any more was renamed before; what is staged for no marked packet is
//! discarded. Never: a file seen half written, or overwritten.

use crate::connectors::folder::names::safe_path;
use crate::connectors::{Delivery, Sink};
use crate::seams::{FileCause, FileFault, FileOp, Files, Ownership};
use crate::store::{PacketKey, RecordRow, Unfinished};
use dukou_packets::limits;
use dukou_packets::packet::records::RecordKind;
use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const STAGING: &str = ".staging";
const PARTS: &str = "parts";

/// The permissions that folders are made with.
const MADE_MODE: u32 = 0o750;

/// How many bytes are compared at a time.
const COMPARE_BYTES: usize = 1 << 20;

/// A folder that a consumer takes files from.
pub struct FolderSink {
    files: Arc<dyn Files>,
    folder: PathBuf,
    own: Ownership,
    made: HashSet<PathBuf>,
}

impl FolderSink {
    /// Makes the sink of a channel; delivered files get `own`.
    pub fn new(files: Arc<dyn Files>, folder: PathBuf, own: Ownership) -> Self {
        Self { files, folder, own, made: HashSet::new() }
    }

    fn staging_of(&self, packet: &PacketKey) -> PathBuf {
        self.folder.join(STAGING).join(format!("{}-{}", packet.epoch, packet.seq))
    }

    fn parts(&self) -> PathBuf {
        self.folder.join(STAGING).join(PARTS)
    }

    fn staged(&self, packet: &PacketKey, record: &RecordRow) -> PathBuf {
        match record.bytes > limits::BODY_MAX {
            true => self.parts(),
            false => self.staging_of(packet).join(record.index.to_string()),
        }
    }

    /// Makes a folder and gives it, and those between it and the sink's own, to the consumer.
    fn make_dirs(&mut self, dir: &Path) -> Result<(), FileFault> {
        if !self.made.contains(dir) {
            self.files.make_dirs(dir)?;
            for between in dir.ancestors().take_while(|between| *between != self.folder) {
                self.own_dir(between)?;
            }
            self.made.insert(dir.to_path_buf());
        }
        Ok(())
    }

    /// A consumer takes files away only from folders it may write into; a folder that somebody else made stays as it is.
    fn own_dir(&self, dir: &Path) -> Result<(), FileFault> {
        let own = Ownership { mode: self.own.mode.map(folder_mode), ..self.own };
        if own.uid.is_none() && own.gid.is_none() && own.mode.is_none_or(|mode| mode == MADE_MODE) {
            return Ok(());
        }
        match self.files.own(dir, &own) {
            Err(fault) if fault.cause == FileCause::Denied => Ok(()),
            other => other,
        }
    }

    /// Renames one staged record into place.
    fn place(&mut self, staged: &Path, target: &Path) -> Result<Placed, FileFault> {
        let parent = target.parent().unwrap_or(&self.folder).to_path_buf();
        self.make_dirs(&parent)?;
        match self.files.rename_new(staged, target) {
            Ok(()) => Ok(Placed::Here),
            Err(fault) if fault.cause == FileCause::Exists => self.meet(staged, target),
            Err(fault) if fault.cause == FileCause::NotFound => {
                if self.files.stat(staged)?.is_none() {
                    return Ok(Placed::Before);
                }
                // The consumer removed the folder after it was made.
                self.made.remove(&parent);
                self.make_dirs(&parent)?;
                self.files.rename_new(staged, target).map(|()| Placed::Here)
            }
            Err(fault) => Err(fault),
        }
    }

    /// Something stands under the name already: equal bytes count as delivered, others have to be taken first.
    fn meet(&self, staged: &Path, target: &Path) -> Result<Placed, FileFault> {
        if self.files.stat(staged)?.is_none() {
            return Ok(Placed::Before);
        }
        if !self.equal(staged, target)? {
            return Ok(Placed::Waits);
        }
        self.files.remove(staged)?;
        Ok(Placed::Before)
    }

    fn equal(&self, staged: &Path, target: &Path) -> Result<bool, FileFault> {
        let (ours, theirs) = match (self.files.open(staged), self.files.open(target)) {
            (Ok(ours), Ok(theirs)) => (ours, theirs),
            (_, Err(fault)) if fault.cause == FileCause::NotRegular || fault.cause == FileCause::NotFound => return Ok(false),
            (Err(fault), _) | (_, Err(fault)) => return Err(fault),
        };
        let length = ours.stat()?.len;
        if theirs.stat()?.len != length {
            return Ok(false);
        }
        let (mut left, mut right) = (vec![0; COMPARE_BYTES], vec![0; COMPARE_BYTES]);
        let mut offset = 0;
        while offset < length {
            let count = ours.read_at(offset, &mut left)?;
            if count == 0 || theirs.read_at(offset, &mut right)? != count || left.get(..count) != right.get(..count) {
                return Ok(false);
            }
            offset += count as u64;
        }
        Ok(true)
    }
}

/// Gives a folder's permissions for its files': whoever may read may enter, the owner may take away.
fn folder_mode(file: u32) -> u32 {
    0o700 | (file & 0o066) | ((file & 0o044) >> 2)
}

enum Placed {
    /// Renamed into place now.
    Here,
    /// It had been there already.
    Before,
    /// Another file is in its place.
    Waits,
}

impl Sink for FolderSink {
    fn begin(&mut self, packet: &PacketKey) -> Result<(), FileFault> {
        let dir = self.staging_of(packet);
        self.files.make_dirs(&dir)?;
        for name in self.files.list(&dir)? {
            self.files.remove(&dir.join(name))?;
        }
        Ok(())
    }

    fn stage(&mut self, packet: &PacketKey, index: u32, body: &[u8]) -> Result<(), FileFault> {
        self.files.write_new(&self.staging_of(packet).join(index.to_string()), &[body], &self.own)
    }

    fn stage_part(&mut self, done: &Unfinished, body: &[u8]) -> Result<(), FileFault> {
        let path = self.parts();
        let expected = done.digests.len() as u64 * limits::BODY_MAX;
        let found = self.files.stat(&path)?.map_or(0, |stat| stat.len);
        if found < expected {
            // Somebody took the parts before this one away; without them the file would arrive damaged.
            return Err(FileFault { op: FileOp::Stat, path, cause: FileCause::NotFound });
        }
        if found > expected {
            self.files.truncate(&path, expected)?;
        }
        self.files.append(&path)?.write(body)
    }

    fn make_durable(&mut self) -> Result<(), FileFault> {
        self.files.sync_fs(&self.folder)
    }

    fn deliver(&mut self, packet: &PacketKey, records: &[RecordRow]) -> Result<Delivery, FileFault> {
        let mut changed = BTreeSet::new();
        let mut waits = None;
        for record in records {
            if record.kind == RecordKind::Withdrawal {
                self.files.remove(&self.parts())?;
            }
            if record.kind != RecordKind::File {
                continue;
            }
            let below = record.target.clone().unwrap_or_else(|| safe_path(&record.name).to_string());
            let target = self.folder.join(&below);
            let staged = self.staged(packet, record);
            if record.bytes > limits::BODY_MAX && self.files.stat(&staged)?.is_some() {
                self.files.own(&staged, &self.own)?;
            }
            match self.place(&staged, &target)? {
                Placed::Here => changed.extend(target.parent().map(Path::to_path_buf)),
                Placed::Before => {}
                Placed::Waits => {
                    waits = Some(below);
                    break;
                }
            }
        }
        for dir in changed {
            self.files.sync_dir(&dir)?;
        }
        match waits {
            Some(target) => Ok(Delivery::WaitsForTaking { target }),
            None => {
                self.files.remove_dir(&self.staging_of(packet))?;
                Ok(Delivery::Done)
            }
        }
    }
}
