//! The ferry directory by its descriptor: whatever happens to its path meanwhile, the names are looked up in the directory
//! that was opened.

use std::cell::RefCell;
use std::collections::BinaryHeap;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, OFlags};
use rustix::io::Errno;

use super::{
    At, INVALID, NEW_FILE, Offers, READ_DIR, READ_FILE, RealOpen, TOO_BIG, borrowed, dot_name, fault, file_stat, fill_public,
    open_at, open_dir, open_regular, parent, removed, walk, write_dot, write_parts,
};
use crate::seams::{FerryDir, FerryListing, FerryPage, FileCause, FileFault, FileOp, FileStat, OpenFile};

/// Placed files that are held open until the next sync; the one beyond is synced when it is placed.
const UNSYNCED_MAX: usize = 64;
/// Bytes copied at a time when a file leaves for another file system.
const COPY_BYTES: usize = 256 * 1024;

/// An open ferry directory.
pub(super) struct RealFerry {
    dir: OwnedFd,
    path: PathBuf,
    offers: Offers,
    unsynced: RefCell<Vec<OwnedFd>>,
}

impl RealFerry {
    pub(super) fn new(dir: OwnedFd, path: PathBuf, offers: Offers) -> Self {
        Self { dir, path, offers, unsynced: RefCell::new(Vec::new()) }
    }

    /// Gives the name's place in this directory; only one plain name has one.
    fn at<'a>(&'a self, op: FileOp, name: &'a str) -> Result<At<'a>, FileFault> {
        if matches!(name, "" | "." | "..") || name.contains(['/', '\0']) {
            return Err(FileFault { op, path: self.path.join(name.replace('/', "\u{fffd}")), cause: INVALID });
        }
        Ok(At { dir: borrowed(&self.dir), name: Path::new(name) })
    }

    /// Gives the metadata of listed names; what vanished meanwhile is left out.
    fn stats(&self, names: BinaryHeap<String>) -> Result<Vec<(String, FileStat)>, FileFault> {
        let mut entries = Vec::with_capacity(names.len());
        for name in names.into_sorted_vec() {
            match (At { dir: borrowed(&self.dir), name: Path::new(&name) }).stat() {
                Ok(stat) => entries.push((name, file_stat(&stat))),
                Err(Errno::NOENT) => {}
                Err(errno) => return Err(self.fault(FileOp::Stat, Path::new(&name), errno)),
            }
        }
        Ok(entries)
    }

    fn fault(&self, op: FileOp, name: &Path, errno: Errno) -> FileFault {
        fault(op, &self.path.join(name), errno)
    }

    /// Writes a file without a name; `None` when the file system has no such thing.
    fn write_unnamed(&self, parts: &[&[u8]]) -> Result<Option<OwnedFd>, (FileOp, Errno)> {
        let here = At { dir: borrowed(&self.dir), name: Path::new(".") };
        match open_at(here, OFlags::WRONLY | OFlags::TMPFILE | OFlags::CLOEXEC, 0o644) {
            Ok(fd) => fill_public(&fd, parts).map(|()| Some(fd)).map_err(|errno| (FileOp::Write, errno)),
            // Kernels and file systems differ in how they say that they do not know the flag.
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL | Errno::NOENT | Errno::NOSYS | Errno::PERM) => Ok(None),
            Err(errno) => Err((FileOp::Create, errno)),
        }
    }

    /// Gives an unnamed file its name; false when there is no way to.
    fn link_unnamed(&self, fd: &OwnedFd, at: At<'_>) -> Result<bool, Errno> {
        let linked = |result| match result {
            Ok(()) => Ok(true),
            // ENOENT: no /proc here, or the capability is missing. The others: refused by the file system or a sandbox.
            Err(Errno::NOENT | Errno::OPNOTSUPP | Errno::INVAL | Errno::PERM | Errno::ACCESS | Errno::XDEV) => Ok(false),
            Err(errno) => Err(errno),
        };
        let through = format!("/proc/self/fd/{}", fd.as_raw_fd());
        Ok(self.offers.proc_link && linked(rustix::fs::linkat(CWD, through, at.dir, at.name, AtFlags::SYMLINK_FOLLOW))?
            || self.offers.empty_path && linked(rustix::fs::linkat(fd, "", at.dir, at.name, AtFlags::EMPTY_PATH))?)
    }

    fn place_unnamed(&self, at: At<'_>, parts: &[&[u8]]) -> Result<Option<OwnedFd>, FileFault> {
        if !self.offers.unnamed || !(self.offers.proc_link || self.offers.empty_path) {
            return Ok(None);
        }
        let written = self.write_unnamed(parts).map_err(|(op, errno)| self.fault(op, at.name, errno))?;
        let Some(fd) = written else { return Ok(None) };
        let linked = self.link_unnamed(&fd, at).map_err(|errno| self.fault(FileOp::Rename, at.name, errno))?;
        Ok(linked.then_some(fd))
    }

    fn place_by_dot_name(&self, at: At<'_>, parts: &[&[u8]]) -> Result<OwnedFd, FileFault> {
        let dot = dot_name(at.name.as_os_str());
        let dot = At { dir: at.dir, name: Path::new(&dot) };
        let fd = write_dot(dot, parts).map_err(|(op, errno)| self.fault(op, at.name, errno))?;
        self.offers.rename_no_replace(dot, at).map_err(|errno| {
            let _ = rustix::fs::unlinkat(dot.dir, dot.name, AtFlags::empty());
            self.fault(FileOp::Rename, at.name, errno)
        })?;
        Ok(fd)
    }

    /// Copies a file out, makes copy and entry durable and only then removes the original.
    fn copy_out(&self, at: At<'_>, to: &Path, limit: u64) -> Result<(), FileFault> {
        let shown = self.path.join(at.name);
        let (from, stat) = open_regular(at, READ_FILE, FileOp::Open, &shown)?;
        if file_stat(&stat).len > limit {
            return Err(FileFault { op: FileOp::Read, path: shown, cause: TOO_BIG });
        }
        let from = RealOpen { fd: from, path: shown };
        let target = open_at(At::here(to), NEW_FILE, 0o600).map_err(|errno| fault(FileOp::Create, to, errno))?;
        let copied = copy(&from, &target, to, limit).and_then(|()| {
            rustix::fs::fsync(&target).map_err(|errno| fault(FileOp::Sync, to, errno))?;
            let holder = open_dir(FileOp::Open, parent(to))?;
            rustix::fs::fsync(holder).map_err(|errno| fault(FileOp::Sync, parent(to), errno))
        });
        if copied.is_err() {
            let _ = rustix::fs::unlinkat(CWD, to, AtFlags::empty());
            return copied;
        }
        removed(rustix::fs::unlinkat(at.dir, at.name, AtFlags::empty()))
            .map(drop)
            .map_err(|errno| self.fault(FileOp::Remove, at.name, errno))
    }
}

impl FerryDir for RealFerry {
    fn list(&self, wanted: &dyn Fn(&str) -> bool, limit: usize) -> Result<FerryListing, FileFault> {
        let listed = |errno| fault(FileOp::List, &self.path, errno);
        // A descriptor of its own, since the position in the listing belongs to the open directory.
        let here = At { dir: borrowed(&self.dir), name: Path::new(".") };
        let dir = open_at(here, READ_DIR, 0).map_err(listed)?;
        let mut names = BinaryHeap::new();
        let mut listing = FerryListing::default();
        walk::entries(dir, |name, _| {
            match str::from_utf8(name) {
                Ok(name)
                    if wanted(name)
                        && (names.len() < limit || names.peek().is_some_and(|last: &String| *name < *last.as_str())) =>
                {
                    names.push(name.to_owned());
                    if names.len() > limit {
                        names.pop();
                        listing.uncounted += 1;
                    }
                }
                _ => listing.uncounted += 1,
            }
            true
        })
        .map_err(listed)?;
        listing.entries = self.stats(names)?;
        Ok(listing)
    }

    fn page(&self, wanted: &dyn Fn(&str) -> bool, after: &str, limit: usize) -> Result<FerryPage, FileFault> {
        let listed = |errno| fault(FileOp::List, &self.path, errno);
        let here = At { dir: borrowed(&self.dir), name: Path::new(".") };
        let dir = open_at(here, READ_DIR, 0).map_err(listed)?;
        let mut names = BinaryHeap::new();
        let mut page = FerryPage::default();
        walk::entries(dir, |name, kind| {
            let is_file = matches!(kind, FileType::RegularFile | FileType::Unknown);
            match str::from_utf8(name) {
                Ok(name) if is_file && wanted(name) => {
                    if name > after {
                        names.push(name.to_owned());
                    }
                    if names.len() > limit {
                        names.pop();
                        page.more = true;
                    }
                }
                _ => page.others += 1,
            }
            true
        })
        .map_err(listed)?;
        page.entries = self.stats(names)?;
        Ok(page)
    }

    fn open(&self, name: &str) -> Result<Box<dyn OpenFile>, FileFault> {
        let at = self.at(FileOp::Open, name)?;
        let path = self.path.join(name);
        let (fd, stat) = open_regular(at, READ_FILE, FileOp::Open, &path)?;
        // A second name lets someone change or keep the bytes from outside this directory, or lead us to a file of our own.
        if stat.st_nlink > 1 {
            return Err(FileFault { op: FileOp::Open, path, cause: FileCause::NotRegular });
        }
        Ok(Box::new(RealOpen { fd, path }))
    }

    fn place(&self, name: &str, parts: &[&[u8]]) -> Result<(), FileFault> {
        let at = self.at(FileOp::Create, name)?;
        let fd = match self.place_unnamed(at, parts)? {
            Some(fd) => fd,
            None => self.place_by_dot_name(at, parts)?,
        };
        let mut unsynced = self.unsynced.borrow_mut();
        if unsynced.len() < UNSYNCED_MAX {
            unsynced.push(fd);
            return Ok(());
        }
        rustix::fs::fdatasync(fd).map_err(|errno| self.fault(FileOp::Sync, at.name, errno))
    }

    /// Syncs what was placed since the last call and then the directory: on a journaled file system the first sync writes the
    /// journal with names and bytes, and the rest find nothing left to do.
    fn sync(&self) -> Result<(), FileFault> {
        let synced = |errno| fault(FileOp::Sync, &self.path, errno);
        for fd in self.unsynced.take() {
            rustix::fs::fdatasync(fd).map_err(synced)?;
        }
        rustix::fs::fsync(&self.dir).map_err(synced)
    }

    fn remove(&self, name: &str) -> Result<bool, FileFault> {
        let at = self.at(FileOp::Remove, name)?;
        removed(rustix::fs::unlinkat(at.dir, at.name, AtFlags::empty()))
            .map_err(|errno| self.fault(FileOp::Remove, at.name, errno))
    }

    fn move_out(&self, name: &str, to: &Path, limit: u64) -> Result<(), FileFault> {
        let at = self.at(FileOp::Rename, name)?;
        let stat = at.stat().map_err(|errno| self.fault(FileOp::Stat, at.name, errno))?;
        if !super::is_regular(&stat) {
            return Err(FileFault { op: FileOp::Stat, path: self.path.join(name), cause: FileCause::NotRegular });
        }
        match self.offers.rename_no_replace(at, At::here(to)) {
            Err(Errno::XDEV) => self.copy_out(at, to, limit),
            Err(Errno::EXIST) => Err(fault(FileOp::Rename, to, Errno::EXIST)),
            other => other.map_err(|errno| self.fault(FileOp::Rename, at.name, errno)),
        }
    }
}

fn copy(from: &RealOpen, target: &OwnedFd, to: &Path, limit: u64) -> Result<(), FileFault> {
    let mut buffer = vec![0; COPY_BYTES];
    let mut offset = 0;
    loop {
        let read = from.read_at(offset, &mut buffer)?;
        offset += read as u64;
        // The file may have grown since its length was taken.
        if offset > limit {
            return Err(FileFault { op: FileOp::Read, path: from.path.clone(), cause: TOO_BIG });
        }
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { return Ok(()) };
        write_parts(target, &[bytes]).map_err(|errno| fault(FileOp::Write, to, errno))?;
    }
}
