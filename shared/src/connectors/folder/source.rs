//! A folder as a source.
//!
//! Given: a folder that suppliers write into. Gives: finished files in order of (mtime, path). After a crash: files whose packet exists are
//! put away again, told from later ones by inode, length and mtime. Never: a file removed that was not sent as it is.

use crate::channel::{After, SourceConfig};
use crate::connectors::folder::names::MOST_PART_BYTES;
use crate::connectors::{Candidate, Disposal, Fate, Look, Source};
use crate::lang::{Lang, cut};
use crate::report::civil_time;
use crate::say;
use crate::seams::clock::Clock;
use crate::seams::{FileCause, FileFault, FileStat, Files, OpenFile, Ownership, Walked};
use crate::store::SourceStamp;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::suite::sha256;
use serde_json::json;
use std::collections::{BTreeSet, BinaryHeap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most files one look keeps; the oldest win.
pub const LOOK_MAX: usize = 50_000;

/// Largest file that is copied when a rename cannot cross file systems.
const COPY_MAX: u64 = 1 << 40;

/// Most hints that are remembered; files beyond are finished by settling.
const HINTS_MAX: usize = 200_000;

/// Most folders that are made durable one by one; with more, the file system is as a whole.
const SYNC_DIRS: usize = 8;

const TAKEN: &str = ".taken";
const STATUS: &str = ".status";

/// Name of a copy that is not whole yet.
const COPYING: &str = ".copying";

/// Bytes left for `~1234567` and `.reason.json` behind a name.
const ROOM_BYTES: usize = 20;

/// Digits at the end of a name that was cut.
const ROOM_DIGITS: usize = 8;

/// What stands beside a file that was set aside: for people, for programs.
const REASONS: [&str; 2] = [".reason.txt", ".reason.json"];

/// A folder that suppliers drop files into.
pub struct FolderSource {
    files: Arc<dyn Files>,
    clock: Arc<dyn Clock>,
    channel: ChannelName,
    folder: PathBuf,
    rejected: PathBuf,
    duplicates: PathBuf,
    archive: PathBuf,
    config: SourceConfig,
    lang: Lang,
    /// Files that were renamed in or closed after writing.
    finished: HashSet<PathBuf>,
    /// Young files: metadata, and since when (monotonic ms) it is unchanged.
    young: HashMap<String, (FileStat, u64)>,
    made: HashSet<PathBuf>,
}

/// The places of a folder source.
pub struct FolderPlaces {
    /// The folder itself.
    pub folder: PathBuf,
    /// Where refused files go.
    pub rejected: PathBuf,
    /// Where held-back repeats go.
    pub duplicates: PathBuf,
    /// Where sent files go with `after = "archive"`.
    pub archive: PathBuf,
}

impl FolderSource {
    /// Makes the source of a channel.
    pub fn new(
        files: Arc<dyn Files>,
        clock: Arc<dyn Clock>,
        channel: ChannelName,
        places: FolderPlaces,
        config: SourceConfig,
        lang: Lang,
    ) -> Self {
        let FolderPlaces { folder, rejected, duplicates, archive } = places;
        Self {
            files,
            clock,
            channel,
            folder,
            rejected,
            duplicates,
            archive,
            config,
            lang,
            finished: HashSet::new(),
            young: HashMap::new(),
            made: HashSet::new(),
        }
    }

    /// A file is finished when it was renamed in or closed, is older than `settle`, or did not change for `settle`.
    fn is_finished(
        &mut self,
        candidate: &Candidate,
        seen: &mut HashMap<String, (FileStat, u64)>,
        next_ms: &mut Option<u64>,
    ) -> bool {
        let settle_ms = self.config.settle_seconds * 1000;
        let age_ms = self.clock.wall_ms() - candidate.stat.mtime_ns / 1_000_000;
        if self.finished.contains(&candidate.path) || age_ms >= settle_ms as i64 {
            return true;
        }
        let now_ms = self.clock.mono_ms();
        let since_ms = match self.young.get(&candidate.name) {
            Some((stat, since_ms)) if *stat == candidate.stat => *since_ms,
            _ => now_ms,
        };
        if now_ms >= since_ms + settle_ms {
            return true;
        }
        let due_ms = since_ms + settle_ms;
        *next_ms = Some(next_ms.map_or(due_ms, |earlier| earlier.min(due_ms)));
        seen.insert(candidate.name.clone(), (candidate.stat, since_ms));
        false
    }

    fn put_one_away(&mut self, disposal: &Disposal) -> Result<Option<PathBuf>, FileFault> {
        match &disposal.fate {
            Fate::Sent(_) if self.config.after == After::Remove => self.take(disposal),
            Fate::Sent(_) => {
                let archive = self.archive.clone();
                self.move_below(&archive, disposal).map(|()| None)
            }
            Fate::Refused { code, sentence, .. } => {
                let reason = json!({ "name": disposal.name, "code": code, "zh": sentence[0], "en": sentence[1] });
                let rejected = self.rejected.clone();
                let [zh, en] = sentence;
                self.set_aside(&rejected, disposal, &say!(self.lang, "{zh}", "{en}"), reason)
            }
            Fate::HeldBack { went, at_ms } => {
                let (seq, at) = (went.seq, civil_time(*at_ms));
                let sentence = [Lang::Zh, Lang::En].map(|lang| {
                    say!(lang, "同名同内容的文件已于 {at} 由第 {seq} 号包送出，这次没有再送。确需再送，请用 send --again。",
                         "Equal bytes under this name went in packet {seq} at {at}; they were not sent again. To send them again use send --again.")
                });
                let reason = json!({ "name": disposal.name, "code": "repeat", "seq": seq, "epoch": went.epoch.to_string(), "at": at, "zh": sentence[0], "en": sentence[1] });
                let duplicates = self.duplicates.clone();
                let [zh, en] = sentence;
                self.set_aside(&duplicates, disposal, &say!(self.lang, "{zh}", "{en}"), reason)
            }
        }
    }

    /// Renames the file to a private place first, so that a file the supplier puts there meanwhile is never the one removed.
    fn take(&mut self, disposal: &Disposal) -> Result<Option<PathBuf>, FileFault> {
        let taken_dir = self.folder.join(TAKEN);
        self.make_dirs(&taken_dir)?;
        let taken = taken_dir.join(&disposal.slot);
        match self.files.rename_new(&disposal.path, &taken) {
            Ok(()) => {}
            Err(fault) if fault.cause == FileCause::Exists => {}
            Err(fault) if fault.cause == FileCause::NotFound => {
                if self.files.stat(&taken)?.is_none() {
                    return Ok(None);
                }
            }
            Err(fault) => return Err(fault),
        }
        if self.files.stat(&taken)?.is_some_and(|stat| is_same(&stat, &disposal.stamp)) {
            return Ok(Some(taken));
        }
        self.give_back(disposal, &taken)?;
        Ok(None)
    }

    /// Makes it last that files were put away: what a power cut brought back would be a file that nobody expects any more.
    fn make_durable(&self, disposals: &[Disposal]) -> Result<(), FileFault> {
        let mut dirs: BTreeSet<PathBuf> =
            disposals.iter().filter_map(|disposal| disposal.path.parent()).map(Path::to_path_buf).collect();
        dirs.extend(Some(self.folder.join(TAKEN)).filter(|taken| !dirs.is_empty() && self.made.contains(taken)));
        if dirs.len() > SYNC_DIRS {
            return self.files.sync_fs(&self.folder);
        }
        for dir in dirs {
            match self.files.sync_dir(&dir) {
                // The supplier removed the folder when it was empty.
                Err(fault) if fault.cause == FileCause::NotFound => {}
                other => other?,
            }
        }
        Ok(())
    }

    /// What was taken is not what was sent: it goes back under its name, or, when a still newer file is there, beside the refused ones.
    fn give_back(&mut self, disposal: &Disposal, taken: &Path) -> Result<(), FileFault> {
        match self.files.rename_new(taken, &disposal.path) {
            Err(fault) if fault.cause == FileCause::Exists => {
                let target = self.free_name(&self.rejected.clone(), &disposal.name)?;
                let reason = json!({ "name": disposal.name, "code": "replaced" });
                let text = say!(
                    self.lang,
                    "取走时该文件已被替换两次，这一版没有送出。请确认后重新放入。",
                    "The file was replaced twice while it was taken; this version was not sent. Check it and drop it again."
                );
                self.write_reasons(&target, &text, reason)?;
                self.move_file(taken, &target)
            }
            other => other,
        }
    }

    /// Moves a file below `dir`, its reasons first: after a crash between the two it is still where it was, and all is done again.
    fn set_aside(
        &mut self,
        dir: &Path,
        disposal: &Disposal,
        text: &str,
        reason: serde_json::Value,
    ) -> Result<Option<PathBuf>, FileFault> {
        if !self.is_there(disposal)? {
            return Ok(None);
        }
        let target = self.free_name(dir, &disposal.name)?;
        self.write_reasons(&target, text, reason)?;
        if !self.move_there(disposal, &target)? {
            for suffix in REASONS {
                self.files.remove(&with_suffix(&target, suffix))?;
            }
        }
        Ok(None)
    }

    /// Moves the file below `dir` under its own name, unless it is gone or is not the file that was read.
    fn move_below(&mut self, dir: &Path, disposal: &Disposal) -> Result<(), FileFault> {
        if self.is_there(disposal)? {
            let target = self.free_name(dir, &disposal.name)?;
            self.move_there(disposal, &target)?;
        }
        Ok(())
    }

    fn is_there(&self, disposal: &Disposal) -> Result<bool, FileFault> {
        Ok(self.files.stat(&disposal.path)?.is_some_and(|stat| is_same(&stat, &disposal.stamp)))
    }

    /// Moves the file; false when it vanished, or when another one had taken its place and was given back.
    fn move_there(&mut self, disposal: &Disposal, target: &Path) -> Result<bool, FileFault> {
        match self.files.rename_new(&disposal.path, target) {
            Err(fault) if fault.cause == FileCause::NotFound && !self.is_there(disposal)? => return Ok(false),
            Err(fault) if fault.cause == FileCause::CrossDevice => return self.copy_there(disposal, target),
            other => other?,
        }
        if self
            .files
            .stat(target)?
            .is_some_and(|stat| stat.len == disposal.stamp.len && stat.mtime_ns == disposal.stamp.mtime_ns)
        {
            return Ok(true);
        }
        self.give_back(disposal, target)?;
        Ok(false)
    }

    /// Finds a name below `dir` that is not taken: `name`, else `name~2`, `name~3` …; a flat one where a file stands in a folder's place.
    fn free_name(&mut self, dir: &Path, name: &str) -> Result<PathBuf, FileFault> {
        let mut target = dir.join(with_room(name));
        match self.make_dirs(target.parent().unwrap_or(dir)) {
            Err(fault) if matches!(fault.cause, FileCause::NotDirectory | FileCause::NameTooLong) => {
                target = dir.join(with_room(&name.replace('/', "~")));
                self.make_dirs(dir)?;
            }
            other => other?,
        }
        let mut free = target.clone();
        let mut count = 2u32;
        while self.files.stat(&free)?.is_some() {
            free = with_suffix(&target, &format!("~{count}"));
            count += 1;
        }
        Ok(free)
    }

    /// Copies the file to another file system and removes it there; false when it changed meanwhile and stays.
    fn copy_there(&self, disposal: &Disposal, target: &Path) -> Result<bool, FileFault> {
        self.copy(&disposal.path, target)?;
        if !self.is_there(disposal)? {
            self.files.remove(target)?;
            return Ok(false);
        }
        self.files.remove(&disposal.path).map(|_| true)
    }

    /// Copies a file for its owner alone, whole and durable before it has its name.
    fn copy(&self, from: &Path, to: &Path) -> Result<(), FileFault> {
        let bytes = self.files.read(from, COPY_MAX)?;
        let beside = to.with_file_name(COPYING);
        self.files.remove(&beside)?;
        self.files.write_new(&beside, &[&bytes], &Ownership::default())?;
        self.files.append(&beside)?.sync()?;
        self.files.rename_new(&beside, to)?;
        self.files.sync_dir(to.parent().unwrap_or(to))
    }

    fn move_file(&self, from: &Path, to: &Path) -> Result<(), FileFault> {
        match self.files.rename_new(from, to) {
            Err(fault) if fault.cause == FileCause::CrossDevice => {
                self.copy(from, to)?;
                self.files.remove(from).map(|_| ())
            }
            other => other,
        }
    }

    fn write_reasons(&mut self, target: &Path, text: &str, reason: serde_json::Value) -> Result<(), FileFault> {
        // Chinese Windows programs need the mark and CRLF to show a text file right.
        let for_people = format!("\u{feff}{}\r\n", text.replace('\n', "\r\n"));
        let [text_suffix, json_suffix] = REASONS;
        self.files.replace(&with_suffix(target, text_suffix), for_people.as_bytes())?;
        self.files.replace(&with_suffix(target, json_suffix), format!("{reason}\n").as_bytes())
    }

    /// A status that finds no place is left out: it holds no file up.
    fn write_status(&mut self, disposal: &Disposal) -> Result<(), FileFault> {
        let path = self.status_path(&disposal.name);
        let text = status_text(&self.channel, disposal, self.clock.wall_ms());
        let dir = path.parent().map_or(Ok(()), |dir| self.make_dirs(dir));
        unless_no_place(dir.and_then(|()| self.files.replace(&path, text.as_bytes())))
    }

    fn status_path(&self, name: &str) -> PathBuf {
        with_suffix(&self.folder.join(STATUS).join(with_room(name)), ".json")
    }

    fn make_dirs(&mut self, dir: &Path) -> Result<(), FileFault> {
        if !self.made.contains(dir) {
            self.files.make_dirs(dir)?;
            self.made.insert(dir.to_path_buf());
        }
        Ok(())
    }
}

/// Passes over what a name cannot have beside it: a file stands where a folder would have to, or the other way round.
fn unless_no_place(outcome: Result<(), FileFault>) -> Result<(), FileFault> {
    match outcome {
        Err(fault) if matches!(fault.cause, FileCause::NotDirectory | FileCause::NotRegular | FileCause::NameTooLong) => Ok(()),
        other => other,
    }
}

/// Cuts the last part of a name so that a count and the longest suffix of ours fit behind it; a cut one ends in digits of its own.
fn with_room(name: &str) -> String {
    let (folders, leaf) = name.split_at(name.rfind('/').map_or(0, |slash| slash + 1));
    if leaf.len() <= MOST_PART_BYTES - ROOM_BYTES {
        return name.to_string();
    }
    let digits = sha256(&[name.as_bytes()]).to_string();
    let digits = digits.get(..ROOM_DIGITS).unwrap_or_default();
    format!("{folders}{}~{digits}", cut(leaf, MOST_PART_BYTES - ROOM_BYTES - ROOM_DIGITS - 1))
}

/// What programs read: where a file stands.
fn status_text(channel: &ChannelName, disposal: &Disposal, now_ms: i64) -> String {
    let (state, packet, code) = match &disposal.fate {
        Fate::Sent(packet) => ("left", packet, None),
        Fate::Refused { packet, code, .. } => ("rejected", packet, Some(code.as_str())),
        Fate::HeldBack { went, .. } => ("held-back", went, Some("repeat")),
    };
    let status = json!({
        "name": disposal.name, "channel": channel.to_string(), "state": state, "code": code,
        "packet": { "epoch": packet.epoch.to_string(), "seq": packet.seq }, "at": civil_time(now_ms),
    });
    format!("{status}\n")
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(suffix);
    PathBuf::from(name)
}

fn is_same(stat: &FileStat, stamp: &SourceStamp) -> bool {
    stat.inode == stamp.inode && stat.len == stamp.len && stat.mtime_ns == stamp.mtime_ns
}

/// `.tmp` and `.part`: the supplier has not renamed it yet.
pub(crate) fn waits_for_rename(name: &str) -> bool {
    let leaf = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    leaf.ends_with(".tmp") || leaf.ends_with(".part")
}

fn candidate(folder: &Path, walked: Walked) -> Candidate {
    match walked.name {
        Ok(name) => Candidate { path: folder.join(&name), name, stat: walked.stat, name_is_utf8: true },
        Err(odd) => Candidate { path: folder.join(odd.path), name: odd.shown, stat: walked.stat, name_is_utf8: false },
    }
}

impl Source for FolderSource {
    fn look(&mut self) -> Result<Look, FileFault> {
        let (files, folder) = (self.files.clone(), self.folder.clone());
        let mut look = Look::default();
        let mut seen = HashMap::new();
        let mut oldest: BinaryHeap<(i64, String, PathBuf, HeapRest)> = BinaryHeap::new();
        files.walk(&folder, &mut |walked| {
            let found = candidate(&folder, walked);
            if waits_for_rename(&found.name) {
                look.unfinished += 1;
            } else if self.is_finished(&found, &mut seen, &mut look.next_ms) {
                oldest.push((found.stat.mtime_ns, found.name, found.path, HeapRest(found.stat, found.name_is_utf8)));
                if oldest.len() > LOOK_MAX {
                    oldest.pop();
                    look.more = true;
                }
            } else {
                look.young += 1;
            }
            true
        })?;
        self.young = seen;
        if look.ready.is_empty() && oldest.is_empty() {
            self.finished.clear();
        }
        look.ready = oldest
            .into_sorted_vec()
            .into_iter()
            .map(|(_, name, path, HeapRest(stat, name_is_utf8))| Candidate { name, path, stat, name_is_utf8 })
            .collect();
        Ok(look)
    }

    fn open(&self, candidate: &Candidate) -> Result<Box<dyn OpenFile>, FileFault> {
        self.files.open(&candidate.path)
    }

    fn path_of(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn put_away(&mut self, disposals: &[Disposal]) -> Result<(), FileFault> {
        let mut taken = Vec::new();
        for disposal in disposals {
            self.finished.remove(&disposal.path);
            taken.extend(self.put_one_away(disposal)?);
            if self.config.status {
                self.write_status(disposal)?;
            }
        }
        for path in taken {
            self.files.remove(&path)?;
        }
        self.make_durable(disposals)
    }

    fn forget(&mut self, names: &[&str]) -> Result<(), FileFault> {
        for name in names {
            unless_no_place(self.files.remove(&self.status_path(name)).map(drop))?;
        }
        Ok(())
    }

    fn hint(&mut self, path: &Path) {
        if path.starts_with(&self.folder) && self.finished.len() < HINTS_MAX {
            self.finished.insert(path.to_path_buf());
        }
    }
}

/// What the heap carries along without comparing it.
struct HeapRest(FileStat, bool);

impl PartialEq for HeapRest {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl Eq for HeapRest {}
impl PartialOrd for HeapRest {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for HeapRest {
    fn cmp(&self, _: &Self) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}
