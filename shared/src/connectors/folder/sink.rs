//! A folder as a sink.
//!
//! Given: a packet's records. Gives: files under their names, each exactly once, never in place of another. A name that still has other bytes
//! under it waits (等待取走); one that still has equal bytes under it counts as delivered, whichever packet brought them, so that a consumer who
//! wants equal answers twice takes the first one before the second comes.
//! After a crash: what is staged for a marked packet is renamed into place; what is not there any more was renamed before, as long as the packet's
//! own staging folder stands, which is removed only when its `applied` line is durable. What is staged for no marked packet is discarded.
//! Never: a file seen half written, or overwritten; a file in parts whose bytes are not those of its parts; a folder that was moved away or is
//! not mounted taken for one whose files were all delivered.

use crate::connectors::folder::SYNC_DIRS;
use crate::connectors::folder::names::safe_path;
use crate::connectors::{Delivery, Sink, StagedPart};
use crate::seams::{FileCause, FileFault, FileOp, Files, Ownership};
use crate::store::{PacketKey, RecordRow, Unfinished};
use dukou_packets::limits;
use dukou_packets::packet::records::{RecordKind, parts_digest};
use dukou_packets::suite::sha256;
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
            false => self.staging_of(packet).join(staged_name(record.index)),
        }
    }

    /// Makes a folder and gives it, and those between it and the sink's own, to the consumer.
    fn make_dirs(&mut self, dir: &Path) -> Result<(), FileFault> {
        if !self.made.contains(dir) {
            self.files.make_dirs(dir)?;
            // What a process made that was killed before its sync is there and not durable.
            for above in dir.ancestors().skip(1).take_while(|above| above.starts_with(&self.folder)) {
                self.files.sync_dir(above)?;
            }
            for between in dir.ancestors().take_while(|between| *between != self.folder) {
                self.own_dir(between)?;
            }
            self.made.insert(dir.to_path_buf());
        }
        Ok(())
    }

    /// Gives the folders that files go into.
    fn folders_of(&self, records: &[RecordRow], targets: &[String]) -> BTreeSet<PathBuf> {
        let mut folders = BTreeSet::new();
        for (_, below) in records.iter().zip(targets).filter(|(record, _)| record.kind == RecordKind::File) {
            add_parent(&mut folders, &self.folder.join(below));
        }
        folders
    }

    /// Makes the folders that are not there yet, with one sync of each folder that holds them: one after the other would cost as many
    /// syncs as folders. One that cannot be made is left to its own record.
    fn make_dirs_together(&mut self, dirs: BTreeSet<PathBuf>) -> Result<(), FileFault> {
        let fresh: Vec<PathBuf> = dirs.into_iter().filter(|dir| *dir != self.folder && !self.made.contains(dir)).collect();
        let made: Vec<PathBuf> = fresh.into_iter().filter(|dir| self.files.make_dirs_unsynced(dir).is_ok()).collect();
        let above = |dir: &PathBuf| {
            let above = dir.ancestors().skip(1).take_while(|above| above.starts_with(&self.folder));
            above.map(Path::to_path_buf).collect::<Vec<_>>()
        };
        for holder in made.iter().flat_map(above).collect::<BTreeSet<_>>() {
            self.files.sync_dir(&holder)?;
        }
        for dir in made {
            for between in dir.ancestors().take_while(|between| *between != self.folder) {
                self.own_dir(between)?;
            }
            self.made.insert(dir);
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

    /// Tells whether the staged parts are the file that the packets carried: length and parts digest.
    fn is_whole(&self, staged: &Path, record: &RecordRow) -> Result<bool, FileFault> {
        let open = self.files.open(staged)?;
        if open.stat()?.len != record.bytes {
            return Ok(false);
        }
        let mut part = vec![0; limits::BODY_MAX as usize];
        let (mut offset, mut digests) = (0, Vec::new());
        while offset < record.bytes {
            let count = open.read_at(offset, &mut part)?;
            let Some(read) = part.get(..count).filter(|read| !read.is_empty()) else { return Ok(false) };
            digests.push(sha256(&[read]));
            offset += count as u64;
        }
        Ok(parts_digest(record.bytes, &digests) == record.digest)
    }

    /// A file in parts is looked through right before it gets its name: whoever could reach the staging folder could have changed it.
    fn ready_parts(&self, staged: &Path, target: &Path, record: &RecordRow) -> Result<bool, FileFault> {
        if self.files.stat(staged)?.is_none() || stands(self.files.as_ref(), target)? {
            return Ok(true);
        }
        if !self.is_whole(staged, record)? {
            return Ok(false);
        }
        self.files.own(staged, &self.own).map(|()| true)
    }

    /// Makes a name durable that a call before this one made: the process may have died between the rename and the sync. The consumer may
    /// have removed folders since.
    fn sync_nearest(&self, dir: &Path) -> Result<(), FileFault> {
        for dir in dir.ancestors().take_while(|dir| dir.starts_with(&self.folder)) {
            match self.files.sync_dir(dir) {
                Err(fault) if fault.cause == FileCause::NotFound || fault.cause == FileCause::NotDirectory => {}
                synced => return synced,
            }
        }
        Ok(())
    }

    /// Makes the names in these folders durable: each folder's for itself, and with many of them the file system as a whole.
    fn sync_all(&self, dirs: BTreeSet<PathBuf>) -> Result<(), FileFault> {
        if dirs.len() > SYNC_DIRS {
            return self.files.sync_fs(&self.folder);
        }
        dirs.iter().try_for_each(|dir| self.sync_nearest(dir))
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

/// Gives a record's name while it is staged: long, since a directory is searched entry by entry within its blocks, and few long names fill one.
fn staged_name(index: u32) -> String {
    format!("{index:096}")
}

/// Adds the folder of a path; most paths share their folder with the one before.
fn add_parent(folders: &mut BTreeSet<PathBuf>, path: &Path) {
    if let Some(folder) = path.parent().filter(|folder| !folders.contains(*folder)) {
        folders.insert(folder.to_path_buf());
    }
}

/// Gives the path below the sink that a record is delivered under.
fn target_of(record: &RecordRow) -> String {
    record.target.clone().unwrap_or_else(|| safe_path(&record.name).to_string())
}

/// Gives a folder's permissions for its files': whoever may read may enter, the owner may take away.
fn folder_mode(file: u32) -> u32 {
    0o700 | (file & 0o066) | ((file & 0o044) >> 2)
}

/// Tells whether anything stands under a name; below something that is no folder nothing does.
fn stands(files: &dyn Files, path: &Path) -> Result<bool, FileFault> {
    match files.stat(path) {
        Err(fault) if fault.cause == FileCause::NotDirectory => Ok(false),
        stat => stat.map(|stat| stat.is_some()),
    }
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
        // Lasts with what is staged in it: `make_durable` syncs the whole file system.
        self.files.make_dirs_unsynced(&dir)?;
        for name in self.files.list(&dir)? {
            self.files.remove(&dir.join(name))?;
        }
        Ok(())
    }

    fn stage(&mut self, packet: &PacketKey, index: u32, body: &[u8]) -> Result<(), FileFault> {
        self.files.write_new(&self.staging_of(packet).join(staged_name(index)), &[body], &self.own)
    }

    fn stage_part(&mut self, done: &Unfinished, body: &[u8]) -> Result<StagedPart, FileFault> {
        let path = self.parts();
        let expected = done.digests.len() as u64 * limits::BODY_MAX;
        let found = self.files.stat(&path)?.map_or(0, |stat| stat.len);
        if found < expected {
            return Ok(StagedPart::PartsGone);
        }
        if found > expected {
            self.files.truncate(&path, expected)?;
        }
        self.files.append(&path)?.write(body)?;
        Ok(StagedPart::Here)
    }

    fn folder(&self) -> &Path {
        &self.folder
    }

    fn make_durable(&mut self) -> Result<(), FileFault> {
        self.files.sync_fs(&self.folder)
    }

    fn deliver(&mut self, packet: &PacketKey, records: &[RecordRow]) -> Result<Delivery, FileFault> {
        let staging = self.staging_of(packet);
        if self.files.stat(&staging)?.is_none() {
            return Err(FileFault { op: FileOp::Stat, path: staging, cause: FileCause::NotFound });
        }
        let targets: Vec<String> = records.iter().map(target_of).collect();
        self.make_dirs_together(self.folders_of(records, &targets))?;
        let mut changed = BTreeSet::new();
        let mut ended = Delivery::Done;
        for (record, below) in records.iter().zip(targets) {
            if record.kind == RecordKind::Withdrawal {
                self.files.remove(&self.parts())?;
            }
            if record.kind != RecordKind::File {
                continue;
            }
            let target = self.folder.join(&below);
            let staged = self.staged(packet, record);
            if record.bytes > limits::BODY_MAX && !self.ready_parts(&staged, &target, record)? {
                ended = Delivery::Damaged { index: record.index };
                break;
            }
            match self.place(&staged, &target)? {
                Placed::Here | Placed::Before => add_parent(&mut changed, &target),
                Placed::Waits => {
                    ended = Delivery::WaitsForTaking { target: below };
                    break;
                }
            }
        }
        self.sync_all(changed)?;
        Ok(ended)
    }

    fn second_hand(&self) -> Option<Box<dyn Sink>> {
        Some(Box::new(Self::new(self.files.clone(), self.folder.clone(), self.own)))
    }

    fn forget(&mut self, packet: &PacketKey) -> Result<(), FileFault> {
        self.files.remove_dir(&self.staging_of(packet)).map(drop)
    }
}
