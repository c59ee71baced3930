//! A folder as a source.
//!
//! Given: a folder that suppliers write into. Gives: finished files in order of (mtime, path), and puts them away once their packet exists.
//! After a crash: files whose packet exists are put away again, told from later ones by inode, length and mtime. Never: a file removed that
//! was not sent as it is.

use crate::channel::SourceConfig;
use crate::connectors::folder::finished::{Finished, Young};
use crate::connectors::folder::put_away::Putting;
use crate::connectors::{Candidate, Disposal, Except, Look, Source};
use crate::lang::Lang;
use crate::seams::clock::Clock;
use crate::seams::{FileFault, FileStat, Files, OpenFile, Walked};
use crate::store::{PacketKey, RecordRow};
use data_encoding::HEXLOWER;
use dukou_packets::packet::header::ChannelName;
use std::collections::BinaryHeap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most files one look keeps; the oldest win, the others come with the next look of the same step. Each look asks for every file's metadata, so
/// that few looks are cheap, and each file kept takes some 300 bytes.
pub const LOOK_MAX: usize = 150_000;

/// Marks a path that is not UTF-8, written in hex, where a row keeps it. A path of the engine's never begins so: it has a slash.
const HEX_PATH: &str = "hex:";

/// A folder that suppliers drop files into.
pub struct FolderSource {
    files: Arc<dyn Files>,
    folder: PathBuf,
    finished: Finished,
    putting: Putting,
    /// Most files that a look keeps.
    most: usize,
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

impl FolderPlaces {
    /// Gives all of them, the folder last: another one may lie in it.
    pub(super) fn all(&self) -> [&Path; 4] {
        [&self.rejected, &self.duplicates, &self.archive, &self.folder].map(PathBuf::as_path)
    }
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
        let finished = Finished::new(clock.clone(), config.settle_seconds);
        let folder = places.folder.clone();
        let putting = Putting::new(files.clone(), clock, channel, places, config, lang);
        Self { files, folder, finished, putting, most: LOOK_MAX }
    }

    /// Lets sent files be removed on a second thread.
    pub(crate) fn remove_beside(&mut self) {
        self.putting.remove_beside();
    }
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

/// Gives the way from a folder down to a file, where it leads through folders that suppliers may replace by links.
pub(super) fn below<'a>(folder: &Path, path: &'a Path) -> Option<&'a Path> {
    path.strip_prefix(folder).ok().filter(|below| below.components().count() > 1)
}

fn path_text(path: &Path) -> String {
    match path.to_str() {
        Some(text) => text.to_string(),
        None => format!("{HEX_PATH}{}", HEXLOWER.encode(path.as_os_str().as_bytes())),
    }
}

fn path_of_text(text: &str) -> PathBuf {
    let odd = text.strip_prefix(HEX_PATH).and_then(|hex| HEXLOWER.decode(hex.as_bytes()).ok());
    odd.map_or_else(|| PathBuf::from(text), |bytes| PathBuf::from(OsStr::from_bytes(&bytes)))
}

impl Source for FolderSource {
    fn look(&mut self, except: &Except) -> Result<Look, FileFault> {
        self.putting.settle()?;
        let (files, folder) = (self.files.clone(), self.folder.clone());
        let (mut look, mut young) = (Look::default(), Young::new());
        let mut oldest: BinaryHeap<(i64, String, PathBuf, HeapRest)> = BinaryHeap::new();
        self.finished.begin_look();
        look.passed_over = files.walk(&folder, &mut |walked| {
            // Of a backlog of any size most files wait for a later look: they cost nothing but their metadata here. Whatever is finished, or known
            // by name, is told apart by the look that has room for it.
            if oldest.len() >= self.most && oldest.peek().is_some_and(|(newest_ns, ..)| walked.stat.mtime_ns > *newest_ns) {
                return true;
            }
            let found = candidate(&folder, walked);
            if waits_for_rename(&found.name) {
                look.unfinished += 1;
            } else if self.putting.keeps_back(&found.name) {
                // It waits for the repeat of its name.
            } else if except.get(&found.path).is_some_and(|stamp| found.stat.is_of(stamp)) {
                // Its packet exists.
            } else if let Some(due_ms) = self.finished.due(&found, &mut young) {
                look.young += 1;
                look.next_ms = Some(look.next_ms.map_or(due_ms, |earlier| earlier.min(due_ms)));
            } else {
                oldest.push((found.stat.mtime_ns, found.name, found.path, HeapRest(found.stat, found.name_is_utf8)));
                if oldest.len() > self.most {
                    oldest.pop();
                }
            }
            true
        })?;
        look.passed_over.extend(self.putting.trouble());
        self.finished.end_look(young);
        look.ready = oldest
            .into_sorted_vec()
            .into_iter()
            .map(|(_, name, path, HeapRest(stat, name_is_utf8))| Candidate { name, path, stat, name_is_utf8 })
            .collect();
        Ok(look)
    }

    fn open(&self, candidate: &Candidate) -> Result<Box<dyn OpenFile>, FileFault> {
        match below(&self.folder, &candidate.path) {
            Some(below) => self.files.open_below(&self.folder, below),
            None => self.files.open(&candidate.path),
        }
    }

    fn place_of(&self, name: &str, path: &Path) -> Option<String> {
        (path != self.folder.join(name)).then(|| path_text(path))
    }

    fn path_of(&self, record: &RecordRow) -> PathBuf {
        record.target.as_deref().map_or_else(|| self.folder.join(&record.name), path_of_text)
    }

    fn put_away(&mut self, disposal: &Disposal) -> Result<(), FileFault> {
        self.putting.put_away(disposal)
    }

    fn tidy(&mut self) -> Result<(), FileFault> {
        self.putting.tidy()
    }

    fn forget(&mut self, names: &[&str]) -> Result<(), FileFault> {
        names.iter().try_for_each(|name| self.putting.forget(name))
    }

    fn confirm(&mut self, packet: &PacketKey, names: &[&str], at_ms: i64) -> Result<(), FileFault> {
        names.iter().try_for_each(|name| self.putting.confirm(name, packet, at_ms))
    }

    fn hint(&mut self, path: &Path) {
        if path.starts_with(&self.folder) {
            self.finished.hint(path);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::ChannelSource;
    use crate::seams::clock::SimClock;
    use crate::seams::sim_files::{Access, SimFiles};

    fn source(files: &SimFiles) -> FolderSource {
        let config: ChannelSource = toml::from_str("folder = \"in\"\nsettle_seconds = 0").expect("a source");
        let config = config.folder().expect("a folder").clone();
        let [folder, rejected, duplicates, archive] = ["/in", "/r", "/d", "/a"].map(PathBuf::from);
        let places = FolderPlaces { folder, rejected, duplicates, archive };
        let (channel, clock) = ("files".parse().expect("a channel"), Arc::new(SimClock::at(1_000_000)));
        FolderSource::new(Arc::new(files.clone()), clock, channel, places, config, Lang::En)
    }

    fn found(source: &mut FolderSource) -> Vec<String> {
        let look = source.look(&Except::default()).expect("a look");
        look.ready.into_iter().map(|candidate| candidate.name).collect()
    }

    #[test]
    fn of_more_files_than_a_look_keeps_it_gives_the_oldest_whatever_the_order_they_are_found_in() {
        for seed in 0..50 {
            let files = SimFiles::new(seed);
            for dir in ["/in/b", "/in/a"] {
                files.mkdir(dir);
            }
            for (name, mtime_ns) in [("b/1", 9), ("b/2", 3), ("a/3", 5), ("a/4", 5), ("b/5", 1), ("a/6", 8), ("b/7", 5)] {
                files.put_at(format!("/in/{name}"), b"x", mtime_ns);
            }
            let mut source = source(&files);
            source.most = 4;
            assert_eq!(found(&mut source), ["b/5", "b/2", "a/3", "a/4"], "seed {seed}");
        }
    }

    #[test]
    fn nothing_is_taken_up_under_the_name_of_a_repeat_that_is_still_to_be_given_back() {
        let files = SimFiles::new(1);
        files.mkdir("/in/.taken/held");
        for (path, mtime_ns) in [("/in/.taken/held/a", 1), ("/in/a", 2), ("/in/b", 3)] {
            files.put_at(path, path.as_bytes(), mtime_ns);
        }
        let mut source = source(&files);
        files.set_access("/in/.taken/held", Access::Look);
        for _ in 0..2 {
            let look = source.look(&Except::default()).expect("a look");
            assert_eq!(look.ready.iter().map(|ready| ready.name.as_str()).collect::<Vec<_>>(), ["b"]);
            assert_eq!(look.passed_over.len(), 1);
        }
        files.set_access("/in/.taken/held", Access::Full);
        assert_eq!(found(&mut source), ["a", "b"]);
        assert_eq!(files.get("/in/.taken/held/a"), None);
    }

    #[test]
    fn what_stands_where_a_copy_could_be_left_holds_up_no_look() {
        let files = SimFiles::new(1);
        for dir in ["/in", "/in/.copying", "/a"] {
            files.mkdir(dir);
        }
        for (path, mtime_ns) in [("/in/1", 1), ("/d", 2), ("/a/.copying", 3)] {
            files.put_at(path, b"x", mtime_ns);
        }
        assert_eq!(found(&mut source(&files)), ["1"], "a folder of that name, and a file in the place of a folder");
        assert!(files.stat("/a/.copying".as_ref()).expect("a look").is_none(), "what a crash left of a copy is removed");
    }
}
