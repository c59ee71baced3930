//! Putting away: what becomes of a source file whose packet exists.
//!
//! Given: disposals, one after the other; the same again after a restart or a fault. Gives: sent files removed or in the archive, refused ones
//! and repeats set aside with their reasons, a status where the channel wants one. After a crash: a file is where it was, or in a private
//! place of its slot, or where it belongs; each is found and finished. Where the target lies on another file system, a file that was copied
//! and not yet removed is copied once more, under a name with a count; a repeat out of a folder that is a file system of its own may stay in
//! that folder under a dot name. Never: a file removed or moved that is not the one of the stamp, and
//! never a file taken for gone because its whole folder is.

use crate::channel::{After, SourceConfig};
use crate::connectors::folder::SYNC_DIRS;
use crate::connectors::folder::aside::{Reason, is_free, with_room, with_suffix};
use crate::connectors::folder::remove::Removing;
use crate::connectors::folder::source::{FolderPlaces, below};
use crate::connectors::folder::status::{confirmed_text, status_text, unless_no_place};
use crate::connectors::{Disposal, Fate};
use crate::lang::Lang;
use crate::reason;
use crate::seams::clock::Clock;
use crate::seams::{FileCause, FileFault, FileOp, Files, Ownership};
use crate::store::{PacketKey, SourceStamp};
use dukou_packets::packet::header::ChannelName;
use std::collections::{BTreeSet, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes that are copied at a time between file systems.
const COPY_BYTES: usize = 1 << 20;

/// Most foreign files that may stand in the way of one slot.
const SLOTS_MAX: u32 = 100;

const TAKEN: &str = ".taken";
/// Below `.taken`: repeats on their way to another file system, under their own names.
const HELD: &str = "held";

const STATUS: &str = ".status";

/// Longest status that is read back; a name has at most 4,096 bytes.
const STATUS_MAX: u64 = 64 << 10;

/// Name of a copy that is not whole yet.
const COPYING: &str = ".copying";

/// Repeats that could not be given back at the last try.
#[derive(Default)]
struct KeptBack {
    names: BTreeSet<String>,
    /// What kept the first of them from it.
    first_fault: Option<FileFault>,
}

/// Puts the files of one folder away.
pub(super) struct Putting {
    files: Arc<dyn Files>,
    clock: Arc<dyn Clock>,
    channel: ChannelName,
    places: FolderPlaces,
    config: SourceConfig,
    lang: Lang,
    /// Folders that were made or found in this run.
    made: HashSet<OsString>,
    /// Folders whose names changed since the last [`tidy`](Self::tidy); as plain bytes, which compare faster than paths.
    touched: BTreeSet<OsString>,
    /// Whether all repeats that an earlier run left in their private places were given back.
    given_back: bool,
    kept_back: KeptBack,
    /// Whether a folder may have been made, by an earlier run or before a fault, whose entry is not durable.
    unsure: bool,
    /// Files in their private places that are still to be removed.
    removing: Removing,
}

impl Putting {
    pub(super) fn new(
        files: Arc<dyn Files>,
        clock: Arc<dyn Clock>,
        channel: ChannelName,
        places: FolderPlaces,
        config: SourceConfig,
        lang: Lang,
    ) -> Self {
        Self {
            files,
            clock,
            channel,
            places,
            config,
            lang,
            made: HashSet::new(),
            touched: BTreeSet::new(),
            given_back: false,
            kept_back: Default::default(),
            unsure: true,
            removing: Removing::new(),
        }
    }

    /// Lets files in their private places be removed on a second thread.
    pub(super) fn remove_beside(&mut self) {
        self.removing.second_thread = true;
    }

    /// Puts a file away; durable after [`tidy`](Self::tidy).
    pub(super) fn put_away(&mut self, disposal: &Disposal) -> Result<(), FileFault> {
        let mut outcome = self.put_one_away(disposal);
        // A folder of ours that was there may have vanished meanwhile: it is made again.
        if outcome.as_ref().is_err_and(|fault| fault.cause == FileCause::NotFound) && !self.made.is_empty() {
            self.made.clear();
            outcome = self.put_one_away(disposal);
        }
        self.unsure |= outcome.is_err();
        outcome
    }

    fn put_one_away(&mut self, disposal: &Disposal) -> Result<(), FileFault> {
        let dir = match &disposal.fate {
            Fate::Sent(_) if self.config.after == After::Remove => None,
            Fate::Sent(_) => Some(self.places.archive.clone()),
            Fate::Refused { .. } => Some(self.places.rejected.clone()),
            Fate::HeldBack { .. } => Some(self.places.duplicates.clone()),
        };
        // Also for a file that is gone: a run that died may have put it away and not made that last.
        self.touch(parent(&disposal.path));
        if let Some(slot) = self.slots(disposal).first() {
            self.touch(parent(slot));
        }
        match dir {
            None => self.remove(disposal)?,
            Some(dir) => self.move_below(&dir, disposal)?,
        }
        if disposal.path.starts_with(&self.places.duplicates) {
            reason::remove(self.files.as_ref(), &disposal.path)?;
        }
        if self.config.status { self.write_status(disposal) } else { Ok(()) }
    }

    /// Tells whether a repeat of this name is still to be given back. Nothing is taken up under the name until then: a repeat that comes back
    /// behind a later file would be taken for news.
    pub(super) fn keeps_back(&self, name: &str) -> bool {
        self.kept_back.names.contains(name)
    }

    /// Says what keeps repeats from being given back.
    pub(super) fn trouble(&self) -> Option<FileFault> {
        self.kept_back.first_fault.clone()
    }

    /// Finishes what an earlier run left half done, before anything is looked for. A folder that refuses what came out of it keeps back the names
    /// in question alone; each call tries them again.
    pub(super) fn settle(&mut self) -> Result<(), FileFault> {
        if self.given_back {
            return Ok(());
        }
        self.remove_copies()?;
        self.give_back_repeats()
    }

    /// Makes it last that files were put away: what a power cut brought back would be a file that nobody expects any more.
    pub(super) fn tidy(&mut self) -> Result<(), FileFault> {
        self.settle()?;
        self.removing.finish(&self.files)?;
        // A folder that was made before a fault may lie in a place that nothing was moved to since.
        let is_unsure = self.unsure && !self.touched.is_empty();
        if is_unsure || self.touched.len() > SYNC_DIRS {
            for place in self.places.all() {
                if is_unsure || self.touched.iter().any(|dir| Path::new(dir).starts_with(place)) {
                    unless_gone(self.files.sync_fs(place))?;
                }
            }
        } else {
            for dir in &self.touched {
                unless_gone(self.files.sync_dir(Path::new(dir)))?;
            }
        }
        self.unsure &= self.touched.is_empty();
        self.touched.clear();
        Ok(())
    }

    fn touch(&mut self, dir: &Path) {
        if !self.touched.contains(dir.as_os_str()) {
            self.touched.insert(dir.as_os_str().to_owned());
        }
    }

    /// Removes what programs read about a record.
    pub(super) fn forget(&self, name: &str) -> Result<(), FileFault> {
        unless_no_place(self.files.remove(&self.status_path(name)).map(drop))
    }

    /// Rewrites what programs read about a record whose packet the peer has confirmed, where it stands there as sent with that packet.
    pub(super) fn confirm(&self, name: &str, packet: &PacketKey, at_ms: i64) -> Result<(), FileFault> {
        let path = self.status_path(name);
        let told = match self.files.read(&path, STATUS_MAX) {
            Ok(told) => told,
            Err(fault) if fault.is_gone() => return Ok(()),
            Err(fault) => return unless_no_place(Err(fault)),
        };
        match confirmed_text(&told, packet, at_ms) {
            Some(text) => unless_no_place(self.files.replace(&path, text.as_bytes())),
            None => Ok(()),
        }
    }

    fn remove(&mut self, disposal: &Disposal) -> Result<(), FileFault> {
        match self.take(disposal)? {
            Some(taken) => {
                self.removing.take_on(&self.files, taken);
                Ok(())
            }
            None => self.unless_folder_is_gone(),
        }
    }

    /// Renames the file to a private place first, so that a file the supplier puts there meanwhile is never the one removed. `None` when it is
    /// gone, or when another one had taken its place and was given back.
    fn take(&mut self, disposal: &Disposal) -> Result<Option<PathBuf>, FileFault> {
        let Some(taken) = self.take_to_slot(disposal)? else { return Ok(None) };
        if self.is_the_file(&taken, disposal)? {
            return Ok(Some(taken));
        }
        self.give_back(disposal, &taken)?;
        Ok(None)
    }

    /// Gives the folders with a private place for a file: one for all of the source folder, and where that lies on another file system, or
    /// the file outside, the file's own folder.
    fn slots(&self, disposal: &Disposal) -> Vec<PathBuf> {
        let beside = disposal.path.with_file_name(format!("{TAKEN}-{}", disposal.slot));
        let taken = self.places.folder.join(TAKEN);
        match (&disposal.fate, disposal.path.starts_with(&self.places.folder)) {
            (Fate::HeldBack { .. }, true) => vec![taken.join(HELD).join(&disposal.name), beside],
            (_, true) => vec![taken.join(&disposal.slot), beside],
            (_, false) => vec![beside],
        }
    }

    /// Removes what a crash left of a copy. What is no file, or may not be touched, is left: it only takes up room, and nothing waits for it.
    fn remove_copies(&self) -> Result<(), FileFault> {
        for place in self.places.all() {
            let copy = place.join(COPYING);
            let removed = self.files.stat(&copy).and_then(|found| match found.is_some_and(|stat| stat.is_file) {
                true => self.files.remove(&copy).map(drop),
                false => Ok(()),
            });
            match removed {
                Err(fault) if refuses(&fault) => {}
                other => other?,
            }
        }
        Ok(())
    }

    /// No packet remembers a repeat, so its private place has its name: what a crash left there goes back and is held back anew.
    fn give_back_repeats(&mut self) -> Result<(), FileFault> {
        if self.files.stat(&self.places.folder)?.is_none() {
            return Ok(());
        }
        let held = self.places.folder.join(TAKEN).join(HELD);
        let mut names = Vec::new();
        let walked = self.files.walk(&held, &mut |walked| {
            names.extend(walked.name);
            true
        });
        match walked {
            Err(fault) if matches!(fault.cause, FileCause::NotFound | FileCause::NotDirectory) => {}
            other => drop(other?),
        }
        self.kept_back = Default::default();
        for name in names {
            match self.give_back_repeat(&name, &held.join(&name)) {
                Err(fault) if refuses(&fault) => {
                    self.kept_back.names.insert(name);
                    self.kept_back.first_fault.get_or_insert(fault);
                }
                other => other?,
            }
        }
        self.given_back = self.kept_back.names.is_empty();
        Ok(())
    }

    fn give_back_repeat(&mut self, name: &str, held: &Path) -> Result<(), FileFault> {
        let path = self.places.folder.join(name);
        self.files.make_dirs(parent(&path))?;
        self.return_to(&path, name, held)?;
        self.touch(parent(&path));
        self.touch(parent(held));
        Ok(())
    }

    fn take_to_slot(&mut self, disposal: &Disposal) -> Result<Option<PathBuf>, FileFault> {
        let slots = self.slots(disposal);
        // A later file under the name is not even renamed for a moment: a fault before it is given back would hide it.
        if disposal.tried && !self.is_the_file(&disposal.path, disposal)? {
            return self.left_in_slot(disposal, &slots);
        }
        for (at, slot) in slots.iter().enumerate() {
            let dir = parent(slot);
            if at + 1 < slots.len() && !self.made.contains(dir.as_os_str()) {
                self.unless_folder_is_gone()?;
                self.make_dirs(dir)?;
            }
            match self.rename_to_slot(disposal, slot) {
                Err(fault) if fault.cause == FileCause::CrossDevice && at + 1 < slots.len() => {}
                Ok(None) => {}
                Ok(Some(taken)) => {
                    self.touch(dir);
                    return Ok(Some(taken));
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok(None)
    }

    /// Finds what an earlier try renamed to a slot: the file, or with its path free another one that was renamed in its place.
    fn left_in_slot(&mut self, disposal: &Disposal, slots: &[PathBuf]) -> Result<Option<PathBuf>, FileFault> {
        let mut other = None;
        for slot in slots {
            for count in 1..=SLOTS_MAX {
                let slot = numbered(slot, count);
                match self.files.stat(&slot) {
                    Ok(Some(stat)) if stat.is_of(&disposal.stamp) => {
                        self.touch(parent(&slot));
                        return Ok(Some(slot));
                    }
                    Ok(Some(stat)) if stat.is_file => other = other.or(Some(slot)),
                    Ok(Some(_)) => {}
                    Err(fault) if fault.cause != FileCause::NotDirectory => return Err(fault),
                    Ok(None) | Err(_) => break,
                }
            }
        }
        let path_is_free = self.files.stat(&disposal.path)?.is_none();
        Ok(other.filter(|_| path_is_free))
    }

    /// Renames to the slot. Whatever else stands there is somebody else's and is left alone.
    fn rename_to_slot(&self, disposal: &Disposal, slot: &Path) -> Result<Option<PathBuf>, FileFault> {
        for count in 1..=SLOTS_MAX {
            let slot = numbered(slot, count);
            let fault = match self.rename_out(disposal, &slot) {
                Ok(()) => return Ok(Some(slot)),
                Err(fault) if matches!(fault.cause, FileCause::Exists | FileCause::NotFound) => fault,
                Err(fault) => return Err(fault),
            };
            match self.files.stat(&slot)? {
                Some(stat) if stat.is_of(&disposal.stamp) => return Ok(Some(slot)),
                Some(_) => {}
                // The slot's folder may be what was not found.
                None if self.is_the_file(&disposal.path, disposal)? => return Err(fault),
                None => return Ok(None),
            }
        }
        Err(FileFault { op: FileOp::Rename, path: slot.to_path_buf(), cause: FileCause::Exists })
    }

    /// Renames the file out of the source folder; a folder on the way that became a link is not followed.
    fn rename_out(&self, disposal: &Disposal, to: &Path) -> Result<(), FileFault> {
        match below(&self.places.folder, &disposal.path) {
            Some(below) => self.files.rename_below(&self.places.folder, below, to),
            None => self.files.rename_new(&disposal.path, to),
        }
    }

    /// A file that is not there was taken away by its supplier, unless its whole folder is not there: then nothing can be said of it.
    fn unless_folder_is_gone(&self) -> Result<(), FileFault> {
        match self.files.stat(&self.places.folder)? {
            Some(_) => Ok(()),
            None => Err(FileFault { op: FileOp::Stat, path: self.places.folder.clone(), cause: FileCause::NotFound }),
        }
    }

    fn is_the_file(&self, path: &Path, disposal: &Disposal) -> Result<bool, FileFault> {
        match self.files.stat(path) {
            Ok(stat) => Ok(stat.is_some_and(|stat| stat.is_of(&disposal.stamp))),
            Err(fault) if fault.cause == FileCause::NotDirectory => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    /// What was taken is not what was sent: it goes back under its name, or, when a still newer file is there, beside the refused ones.
    fn give_back(&mut self, disposal: &Disposal, taken: &Path) -> Result<(), FileFault> {
        self.return_to(&disposal.path, &disposal.name, taken)
    }

    fn return_to(&mut self, path: &Path, name: &str, taken: &Path) -> Result<(), FileFault> {
        match self.files.rename_new(taken, path) {
            Err(fault) if fault.cause == FileCause::Exists => {
                let target = self.free_name(&self.places.rejected.clone(), name, true)?;
                Reason::replaced(name, self.lang).write(self.files.as_ref(), &target)?;
                self.touch(parent(&target));
                match self.files.rename_new(taken, &target) {
                    Err(fault) if fault.cause == FileCause::CrossDevice => self.copy(taken, &target, None).map(drop),
                    other => other,
                }
            }
            other => other,
        }
    }

    /// Moves a file below `dir`, its reasons first: after a crash between the two it is still where it was, and all is done again.
    fn move_below(&mut self, dir: &Path, disposal: &Disposal) -> Result<(), FileFault> {
        if !self.is_here(disposal)? {
            return self.unless_folder_is_gone();
        }
        let reason = Reason::of(disposal, self.lang);
        let target = self.free_name(dir, &disposal.name, reason.is_some())?;
        if let Some(reason) = &reason {
            reason.write(self.files.as_ref(), &target)?;
        }
        let moved = self.move_there(disposal, &target);
        // What is moved has its reasons, even when it could not be looked at afterwards.
        let came = matches!(moved, Ok(true)) || (moved.is_err() && self.files.stat(&target)?.is_some());
        if reason.is_some() && !came {
            let removed = reason::remove(self.files.as_ref(), &target);
            moved.and(removed)
        } else {
            moved.map(drop)
        }
    }

    /// Tells whether the file is where it was, or where an earlier try left it.
    fn is_here(&self, disposal: &Disposal) -> Result<bool, FileFault> {
        if self.is_the_file(&disposal.path, disposal)? {
            return Ok(true);
        }
        for slot in self.slots(disposal) {
            if self.is_the_file(&slot, disposal)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Moves the file; false when it vanished, or when another one had taken its place and was given back.
    fn move_there(&mut self, disposal: &Disposal, target: &Path) -> Result<bool, FileFault> {
        match self.rename_out(disposal, target) {
            Err(fault) if matches!(fault.cause, FileCause::CrossDevice | FileCause::NotFound) => {
                return self.move_by_slot(disposal, target);
            }
            other => other?,
        }
        self.touch(parent(target));
        if self.is_the_file(target, disposal)? {
            return Ok(true);
        }
        self.give_back(disposal, target)?;
        Ok(false)
    }

    /// Moves the file by way of its private place, to another file system by copying.
    fn move_by_slot(&mut self, disposal: &Disposal, target: &Path) -> Result<bool, FileFault> {
        let Some(taken) = self.take(disposal)? else { return Ok(false) };
        self.touch(parent(target));
        match self.files.rename_new(&taken, target) {
            Err(fault) if fault.cause == FileCause::CrossDevice => {}
            other => return other.map(|()| true),
        }
        if self.copy(&taken, target, Some(&disposal.stamp))? {
            return Ok(true);
        }
        self.give_back(disposal, &taken)?;
        Ok(false)
    }

    /// Moves a file to another file system: copied for its owner alone, whole and durable before it has its name, and then removed. False
    /// when somebody who held it open changed it meanwhile: nothing was moved.
    fn copy(&self, from: &Path, to: &Path, stamp: Option<&SourceStamp>) -> Result<bool, FileFault> {
        let copying = self.copying(to);
        self.files.remove(&copying)?;
        let copied = self.copy_bytes(from, &copying, stamp);
        if !matches!(copied, Ok(true)) {
            let removed = self.files.remove(&copying);
            return copied.and_then(|same| removed.map(|_| same));
        }
        self.files.rename_new(&copying, to)?;
        self.files.sync_dir(parent(to))?;
        self.files.remove(from).map(|_| true)
    }

    /// Gives where a copy grows: at the top of the place it goes to, where a start finds what a crash left of it.
    fn copying(&self, to: &Path) -> PathBuf {
        let place = self.places.all().into_iter().find(|place| to.starts_with(place));
        place.unwrap_or_else(|| parent(to)).join(COPYING)
    }

    /// Copies piece by piece; true when the file was that of the stamp, if any, and stayed as it was.
    fn copy_bytes(&self, from: &Path, to: &Path, stamp: Option<&SourceStamp>) -> Result<bool, FileFault> {
        let source = self.files.open(from)?;
        let before = source.stat()?;
        if stamp.is_some_and(|stamp| !before.is_of(stamp)) {
            return Ok(false);
        }
        self.files.write_new(to, &[], &Ownership::default())?;
        let mut copy = self.files.append(to)?;
        let mut piece = vec![0; COPY_BYTES];
        let mut done = 0;
        loop {
            let count = source.read_at(done, &mut piece)?;
            if count == 0 {
                break;
            }
            copy.write(piece.get(..count).unwrap_or_default())?;
            done += count as u64;
        }
        copy.sync()?;
        Ok(done == before.len && source.stat()? == before)
    }

    /// Finds a name below `dir` that is not taken: `name`, else `name~2`, `name~3` …; a flat one where a file stands in a folder's place.
    fn free_name(&mut self, dir: &Path, name: &str, with_reasons: bool) -> Result<PathBuf, FileFault> {
        let mut target = dir.join(with_room(name));
        match self.make_dirs(parent(&target)) {
            Err(fault) if matches!(fault.cause, FileCause::NotDirectory | FileCause::NameTooLong) => {
                target = dir.join(with_room(&name.replace('/', "~")));
                self.make_dirs(dir)?;
            }
            other => other?,
        }
        let mut free = target.clone();
        let mut count = 2u32;
        while !is_free(self.files.as_ref(), &free, with_reasons)? {
            free = with_suffix(&target, &format!("~{count}"));
            count += 1;
        }
        Ok(free)
    }

    /// Writes the status. A name that leaves it no place does without; a folder of statuses that cannot be made holds the file up.
    fn write_status(&mut self, disposal: &Disposal) -> Result<(), FileFault> {
        let statuses = self.places.folder.join(STATUS);
        if !self.made.contains(statuses.as_os_str()) {
            self.unless_folder_is_gone()?;
            self.make_dirs(&statuses)?;
        }
        let path = self.status_path(&disposal.name);
        let text = status_text(&self.channel, disposal, self.clock.wall_ms());
        let dir = self.make_status_dirs(parent(&path));
        unless_no_place(dir.and_then(|()| self.files.replace(&path, text.as_bytes())))
    }

    fn status_path(&self, name: &str) -> PathBuf {
        with_suffix(&self.places.folder.join(STATUS).join(with_room(name)), ".json")
    }

    fn make_dirs(&mut self, dir: &Path) -> Result<(), FileFault> {
        if !self.made.contains(dir.as_os_str()) {
            self.files.make_dirs(dir)?;
            self.made.insert(dir.as_os_str().to_owned());
        }
        Ok(())
    }

    /// Makes folders of statuses, which last no better than the statuses in them.
    fn make_status_dirs(&mut self, dir: &Path) -> Result<(), FileFault> {
        if !self.made.contains(dir.as_os_str()) {
            self.files.make_dirs_unsynced(dir)?;
            self.made.insert(dir.as_os_str().to_owned());
        }
        Ok(())
    }
}

fn numbered(slot: &Path, count: u32) -> PathBuf {
    if count == 1 { slot.to_path_buf() } else { with_suffix(slot, &format!("~{count}")) }
}

/// True for a fault of one folder that takes nothing in now.
fn refuses(fault: &FileFault) -> bool {
    matches!(fault.cause, FileCause::Denied | FileCause::ReadOnly | FileCause::NotDirectory)
}

/// Passes over a folder that its supplier removed, or put a file in the place of.
fn unless_gone(outcome: Result<(), FileFault>) -> Result<(), FileFault> {
    match outcome {
        Err(fault) if matches!(fault.cause, FileCause::NotFound | FileCause::NotDirectory) => Ok(()),
        other => other,
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}
