//! The four seams between the engine and the world: [`Files`], [`Store`](crate::store::Store),
//! [`Clock`](clock::Clock) and [`Random`](dukou_packets::suite::Random).
//!
//! The engine is synchronous and touches nothing but these traits. The real ones are in [`real_files`] and [`clock`]; the
//! simulated ones ([`sim_files`], [`clock::SimClock`]) lose what a crash or a power cut may lose, on a seed's word.

pub mod clock;
#[cfg(test)]
mod contract_tests;
pub mod real_files;
pub mod sim_files;

use std::path::{Path, PathBuf};

/// The operation a [`FileFault`] happened in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileOp {
    /// Listing or walking a directory.
    List,
    /// Reading metadata.
    Stat,
    /// Opening a file.
    Open,
    /// Reading bytes.
    Read,
    /// Creating a file or directory.
    Create,
    /// Writing or cutting bytes.
    Write,
    /// fsync, fdatasync or syncfs: after this one the engine stops.
    Sync,
    /// Renaming or linking.
    Rename,
    /// Removing.
    Remove,
    /// Changing owner, group or mode.
    Own,
}

/// Why a file operation failed, as far as the engine tells causes apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileCause {
    /// There is nothing under this name.
    NotFound,
    /// There is something under this name already.
    Exists,
    /// A symbolic link, directory, FIFO, socket or device stands where a regular file must be.
    NotRegular,
    /// A part of the path that must be a directory is not one.
    NotDirectory,
    /// The disk, quota or inode table is full.
    NoSpace,
    /// Permission denied.
    Denied,
    /// The file system is read-only.
    ReadOnly,
    /// Source and target lie on different file systems.
    CrossDevice,
    /// The process has too many files open.
    TooManyOpen,
    /// A name or path is longer than the file system takes.
    NameTooLong,
    /// The simulated process was killed here; nothing after it happens.
    Killed,
    /// Any other error of the system, by its number (0 when there is none).
    System(i32),
}

/// A file operation that failed: what, where, why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{op:?} {}: {cause:?}", path.display())]
pub struct FileFault {
    /// What was tried.
    pub op: FileOp,
    /// On which path.
    pub path: PathBuf,
    /// Why it failed.
    pub cause: FileCause,
}

impl FileFault {
    /// True when what was looked at is not there any more, or is no file now: others use the folder, too.
    pub fn is_gone(&self) -> bool {
        matches!(self.cause, FileCause::NotFound | FileCause::NotRegular)
    }
}

/// What the engine needs to know of a file; never follows a symbolic link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileStat {
    /// Length in bytes.
    pub len: u64,
    /// Modification time, nanoseconds since 1970; whoever writes the file may set it to anything.
    pub mtime_ns: i64,
    /// Change time, nanoseconds since 1970: the wall clock at the last change of bytes, name, owner or mode. Nobody can set it.
    pub ctime_ns: i64,
    /// Inode number.
    pub inode: u64,
    /// True for a regular file.
    pub is_file: bool,
}

/// One regular file that [`Files::walk`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walked {
    /// Path below the root with `/` between its parts; `Err` keeps a lossy form of a name that is not UTF-8.
    pub name: Result<String, NotUtf8>,
    /// Its metadata.
    pub stat: FileStat,
}

/// A path that is not UTF-8: how to show it and how to reach it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotUtf8 {
    /// The path below the root with replacement characters.
    pub shown: String,
    /// The real path below the root.
    pub path: PathBuf,
}

/// Owner, group and mode that a delivered file gets; `None` leaves a part as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ownership {
    /// User id.
    pub uid: Option<u32>,
    /// Group id.
    pub gid: Option<u32>,
    /// Permission bits.
    pub mode: Option<u32>,
}

/// An open regular file that is read.
pub trait OpenFile: Send {
    /// Gives the metadata of the open file itself.
    fn stat(&self) -> Result<FileStat, FileFault>;
    /// Reads at `offset` until `out` is full or the file ends; gives the number of bytes read.
    fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<usize, FileFault>;
}

/// An open regular file that is written at its end.
pub trait WriteFile: Send {
    /// Appends all of `bytes`.
    fn write(&mut self, bytes: &[u8]) -> Result<(), FileFault>;
    /// Makes the bytes (and the length) durable: fdatasync. The directory entry is not covered.
    fn sync(&mut self) -> Result<(), FileFault>;
}

/// An untrusted directory, held open by descriptor: the ferry directory.
///
/// Every name is one plain file name; nothing here follows a symbolic link or leaves the directory.
pub trait FerryDir: Send {
    /// Lists the entries whose name is wanted (never `.` and `..`) with their metadata, at most `limit` of them, sorted by name; other
    /// names, names that are not UTF-8 and entries beyond the limit are only counted: junk cannot crowd packets out.
    fn list(&self, wanted: &dyn Fn(&str) -> bool, limit: usize) -> Result<FerryListing, FileFault>;
    /// Lists the regular files whose name is wanted and stands behind `after`, the first `limit` of them by name, so that a directory of
    /// any size is gone through page by page and nothing but a file takes a place. Where the file system tells no types, others are among
    /// them, with their metadata.
    fn page(&self, wanted: &dyn Fn(&str) -> bool, after: &str, limit: usize) -> Result<FerryPage, FileFault>;
    /// Opens a regular file, without following links and without blocking on a FIFO.
    fn open(&self, name: &str) -> Result<Box<dyn OpenFile>, FileFault>;
    /// Puts a whole file under `name`, which appears at once with all its bytes (O_TMPFILE and linkat, else a dot name and
    /// rename). Never replaces. The entry is durable after [`sync`](FerryDir::sync).
    fn place(&self, name: &str, parts: &[&[u8]]) -> Result<(), FileFault>;
    /// Makes the directory's entries durable.
    fn sync(&self) -> Result<(), FileFault>;
    /// Removes `name`; true when it was there.
    fn remove(&self, name: &str) -> Result<bool, FileFault>;
    /// Moves `name` out of the directory to a path that must not exist (rename, else bounded copy and remove).
    fn move_out(&self, name: &str, to: &Path, limit: u64) -> Result<(), FileFault>;
}

/// What a ferry directory holds at one look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FerryListing {
    /// Entries with UTF-8 names, sorted by name.
    pub entries: Vec<(String, FileStat)>,
    /// Entries that were not listed.
    pub uncounted: u64,
}

/// Most faults of single directories that one walk gives back.
pub const WALK_FAULTS: usize = 16;

/// One page of a ferry directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FerryPage {
    /// Files, sorted by name.
    pub entries: Vec<(String, FileStat)>,
    /// Entries of the whole directory that no page lists: other names, names that are not UTF-8, links, directories and the like.
    pub others: u64,
    /// True when there are files behind the last one.
    pub more: bool,
}

/// The file system, as the engine uses it. Paths are absolute or relative to the process; no method follows a symbolic link
/// in the last part of a path.
pub trait Files: Send + Sync {
    /// Visits every regular file below `root`, any depth, in no particular order; directories whose name begins with `.` are
    /// not entered and files whose name begins with `.` are not visited. The visitor gives false to stop.
    /// A root that is not there is a fault; entries that vanish meanwhile are passed over. Directories below the root that may not be
    /// read, or lie too deep to be named, are passed over, too; the first [`WALK_FAULTS`] of their faults are given back.
    fn walk(&self, root: &Path, visit: &mut dyn FnMut(Walked) -> bool) -> Result<Vec<FileFault>, FileFault>;
    /// Lists the names in a directory, sorted; names that are not UTF-8 are left out.
    fn list(&self, dir: &Path) -> Result<Vec<String>, FileFault>;
    /// Gives the metadata of `path`, `None` when nothing is there.
    fn stat(&self, path: &Path) -> Result<Option<FileStat>, FileFault>;
    /// Opens a regular file for reading, without following links and without blocking on a FIFO.
    fn open(&self, path: &Path) -> Result<Box<dyn OpenFile>, FileFault>;
    /// Opens a regular file below a directory as [`open`](Files::open) does, and follows no link on the way down either: whoever may write
    /// there cannot lead out of it.
    fn open_below(&self, dir: &Path, below: &Path) -> Result<Box<dyn OpenFile>, FileFault>;
    /// Reads a whole file of at most `limit` bytes; a longer one is `System(EFBIG = 27)`.
    fn read(&self, path: &Path, limit: u64) -> Result<Vec<u8>, FileFault>;
    /// Creates a new file with mode 0600.
    fn create(&self, path: &Path) -> Result<Box<dyn WriteFile>, FileFault>;
    /// Creates a new file with mode 0600, writes all parts and closes it: one call for the many small files of a batch. No sync.
    fn write_new(&self, path: &Path, parts: &[&[u8]], own: &Ownership) -> Result<(), FileFault>;
    /// Opens a file to append to, creating it (mode 0600) when it is not there.
    fn append(&self, path: &Path) -> Result<Box<dyn WriteFile>, FileFault>;
    /// Cuts a file to `len` bytes and syncs it.
    fn truncate(&self, path: &Path, len: u64) -> Result<(), FileFault>;
    /// Replaces a small file as a whole (dot name and rename, mode 0644). Never seen half written; no sync.
    fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), FileFault>;
    /// Renames within one file system; fails with `Exists` when the target is there.
    fn rename_new(&self, from: &Path, to: &Path) -> Result<(), FileFault>;
    /// Renames what lies below a directory as [`rename_new`](Files::rename_new) does, and follows no link on the way down to it.
    fn rename_below(&self, dir: &Path, below: &Path, to: &Path) -> Result<(), FileFault>;
    /// Removes a file; true when it was there.
    fn remove(&self, path: &Path) -> Result<bool, FileFault>;
    /// Removes an empty directory; true when it was there and empty, false otherwise.
    fn remove_dir(&self, path: &Path) -> Result<bool, FileFault>;
    /// Creates a directory and its parents (mode 0750) and makes the new entries durable; present ones are fine.
    fn make_dirs(&self, path: &Path) -> Result<(), FileFault>;
    /// Creates a directory and its parents as [`make_dirs`](Files::make_dirs) does and syncs nothing: a new entry is durable once the
    /// directory that holds it is synced, so that many directories share the syncs.
    fn make_dirs_unsynced(&self, path: &Path) -> Result<(), FileFault>;
    /// Makes the entries of a directory durable: fsync of the directory.
    fn sync_dir(&self, dir: &Path) -> Result<(), FileFault>;
    /// Makes the whole file system durable that `path` lies on: syncfs.
    fn sync_fs(&self, path: &Path) -> Result<(), FileFault>;
    /// Tells whether two paths are known to lie on one file system, so that one [`sync_fs`](Files::sync_fs) does for both.
    fn are_on_one_fs(&self, one: &Path, other: &Path) -> bool;
    /// Sets owner, group and mode.
    fn own(&self, path: &Path, own: &Ownership) -> Result<(), FileFault>;
    /// Opens an untrusted directory by descriptor; a symbolic link in its place is refused.
    fn ferry_dir(&self, path: &Path) -> Result<Box<dyn FerryDir>, FileFault>;
}
