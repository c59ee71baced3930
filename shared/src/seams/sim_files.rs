//! A simulated file system: deterministic, in memory, able to kill the process at any operation and to lose at a power cut what
//! a real one may lose.
//!
//! Two kinds of hands touch it. The engine does so through [`Files`]; each of its steps is one numbered operation that can be
//! killed or made to fail, and composite calls (`replace`, `write_new`, `place`, …) take as many operations as the real ones
//! take system calls that change something. The test does so through the methods of [`SimFiles`] itself, as the business
//! application, the gap device or a person would: not counted, never killed, durable at once. Of the two that share the name
//! `remove`, a call on a `SimFiles` value means this one; the engine's is `Files::remove(&files, path)`.
//!
//! A power cut takes of bytes that were not synced all but a prefix, which may end in zeros, and of name changes that were not
//! synced all but the oldest of each directory; a rename stays whole. The rules in full stand at the top of `sim_files/disk.rs`.

mod disk;
mod ferry;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::disk::{Disk, Inode};
use super::clock::Clock;
use super::real_files::{INVALID, TOO_BIG, dot_name};
use super::{FerryDir, FileCause, FileFault, FileOp, FileStat, Files, OpenFile, Ownership, WALK_FAULTS, Walked, WriteFile};

/// A handle on a simulated file system; clones share it.
#[derive(Clone)]
pub struct SimFiles {
    state: Arc<Mutex<State>>,
}

struct State {
    disk: Disk,
    dice: Dice,
    time: Time,
    history: Vec<FileOp>,
    plans: Vec<Plan>,
    killed: bool,
    life: u64,
    sync_failed: bool,
    unnamed_files: bool,
}

/// What the engine's account may do in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everything.
    Full,
    /// Look and read, but change no name in it.
    Look,
    /// Nothing.
    None,
}

enum Time {
    Clock(Arc<dyn Clock>),
    Fixed(i64),
}

struct Plan {
    at: u64,
    event: Event,
}

#[derive(Clone)]
enum Event {
    Kill { persisted: bool },
    Fail { cause: FileCause, done: bool },
}

/// The source of chance: splitmix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Gives a number from 0 to `most`, both ends far more often than their share.
    fn upto(&mut self, most: usize) -> usize {
        match self.roll() % 4 {
            0 => 0,
            1 => most,
            _ => (self.roll() % (most as u64 + 1)) as usize,
        }
    }
}

impl SimFiles {
    /// Makes an empty file system whose chances follow from `seed` and whose time stands at 0 until it is set.
    pub fn new(seed: u64) -> Self {
        Self::made(seed, Time::Fixed(0))
    }

    /// Makes an empty file system that stamps files with a clock's wall time.
    pub fn with_clock(seed: u64, clock: Arc<dyn Clock>) -> Self {
        Self::made(seed, Time::Clock(clock))
    }

    fn made(seed: u64, time: Time) -> Self {
        let state = State {
            disk: Disk::new(),
            dice: Dice(seed),
            time,
            history: Vec::new(),
            plans: Vec::new(),
            killed: false,
            life: 0,
            sync_failed: false,
            unnamed_files: true,
        };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// Gives the number of operations so far, failed and killed ones among them.
    pub fn ops(&self) -> u64 {
        self.lock().history.len() as u64
    }

    /// Gives the kind of every operation so far, so that a sweep can pick the ones it wants.
    pub fn history(&self) -> Vec<FileOp> {
        self.lock().history.clone()
    }

    /// Kills the process at the `op`-th operation from now (1 is the next one): it happens first when `persisted`, else not,
    /// and gives [`FileCause::Killed`] like all after it until [`restart`](SimFiles::restart).
    pub fn kill_at(&self, op: u64, persisted: bool) {
        self.plan(op, Event::Kill { persisted });
    }

    /// Lets the `op`-th operation from now (1 is the next one) fail once without having happened.
    ///
    /// After a sync that failed with [`FileCause::System`], later syncs of the same life say that all is well and make nothing
    /// durable, as Linux does.
    pub fn fail_at(&self, op: u64, cause: FileCause) {
        self.plan(op, Event::Fail { cause, done: false });
    }

    /// Lets the `op`-th operation from now (1 is the next one) happen and then say that it failed.
    pub fn fail_done_at(&self, op: u64, cause: FileCause) {
        self.plan(op, Event::Fail { cause, done: true });
    }

    /// Says whether the process was killed and not started again.
    pub fn is_killed(&self) -> bool {
        self.lock().killed
    }

    /// Starts the process again: forgets plans that were not reached; handles opened before stay dead.
    pub fn restart(&self) {
        self.lock().restart();
    }

    /// Cuts the power, loses what was not durable as the seed decides, and starts machine and process again.
    pub fn power_cut(&self) {
        let mut state = self.lock();
        state.restart();
        let State { disk, dice, .. } = &mut *state;
        disk.power_cut(dice);
    }

    /// Sets the time of files from now on, nanoseconds since 1970, and lets go of a clock.
    pub fn set_now_ns(&self, now_ns: i64) {
        self.lock().time = Time::Fixed(now_ns);
    }

    /// Behaves from now on like a file system without unnamed files: `place` goes by way of a dot name.
    pub fn without_unnamed_files(&self) {
        self.lock().unnamed_files = false;
    }

    /// Makes a directory that is a file system of its own; what is there already stays where it is.
    pub fn mount(&self, path: impl AsRef<Path>) {
        self.lock().disk.mount(path.as_ref());
    }

    /// Limits the bytes of all files on the file system that `path` lies on; `None` lifts the limit.
    pub fn limit(&self, path: impl AsRef<Path>, bytes: Option<u64>) {
        self.lock().disk.fs_of(path.as_ref()).capacity = bytes;
    }

    /// Makes the file system that `path` lies on read-only, or writable again.
    pub fn set_read_only(&self, path: impl AsRef<Path>, read_only: bool) {
        self.lock().disk.fs_of(path.as_ref()).read_only = read_only;
    }

    /// Sets what the engine's account may do in a directory; hands from outside are not bound by it, but find nothing in one without any
    /// access either.
    pub fn set_access(&self, dir: impl AsRef<Path>, access: Access) {
        self.lock().disk.set_access(dir.as_ref(), access);
    }

    /// Puts a whole file there from outside, with its parents; replaces what is there.
    pub fn put(&self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
        let now = self.lock().now_ns();
        self.put_at(path, bytes, now);
    }

    /// Puts a whole file there from outside, with its parents and a modification time in nanoseconds since 1970.
    pub fn put_at(&self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>, mtime_ns: i64) {
        let mut state = self.lock();
        let now_ns = state.now_ns();
        state.disk.put(path.as_ref(), Some(bytes.as_ref()), mtime_ns, now_ns);
    }

    /// Puts something there that is neither file nor directory: a link, a FIFO, a device.
    pub fn put_special(&self, path: impl AsRef<Path>) {
        self.lock().disk.put(path.as_ref(), None, 0, 0);
    }

    /// Gives a file's bytes, `None` when no regular file is there.
    pub fn get(&self, path: impl AsRef<Path>) -> Option<Vec<u8>> {
        let state = self.lock();
        let inode = state.disk.find(path.as_ref()).ok()?;
        state.disk.file(inode).ok().map(|file| file.bytes.clone())
    }

    /// Gives owner, group and mode as far as they were ever set.
    pub fn ownership(&self, path: impl AsRef<Path>) -> Option<Ownership> {
        let state = self.lock();
        let inode = state.disk.find(path.as_ref()).ok()?;
        state.disk.ownership(inode)
    }

    /// Lists everything below a directory that is not a directory, at any depth, sorted, dot names among it.
    pub fn tree(&self, dir: impl AsRef<Path>) -> Vec<String> {
        let state = self.lock();
        let Ok(root) = state.disk.find(dir.as_ref()) else { return Vec::new() };
        let mut names = Vec::new();
        state.disk.below(root, &mut |_| true, &mut |path, _| names.push(path.to_string_lossy().into_owned()));
        names.sort_unstable();
        names
    }

    /// Removes a file, or a directory with all that is in it, from outside; true when it was there.
    pub fn remove(&self, path: impl AsRef<Path>) -> bool {
        self.lock().disk.outside_remove(path.as_ref())
    }

    /// Makes a directory and its parents from outside.
    pub fn mkdir(&self, path: impl AsRef<Path>) {
        self.lock().disk.outside_dirs(path.as_ref());
    }

    /// Renames a file or directory from outside, replacing what is there; true when `from` was there.
    pub fn rename(&self, from: impl AsRef<Path>, to: impl AsRef<Path>) -> bool {
        let mut state = self.lock();
        let now_ns = state.now_ns();
        state.disk.outside_rename(from.as_ref(), to.as_ref(), now_ns)
    }

    /// Gives the number of inodes held in memory.
    #[cfg(test)]
    pub(super) fn inodes(&self) -> usize {
        self.lock().disk.inodes()
    }

    fn plan(&self, op: u64, event: Event) {
        let mut state = self.lock();
        let at = state.history.len() as u64 + op.max(1);
        state.plans.push(Plan { at, event });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does one operation of the engine's: counts it, and kills or fails it if that is planned.
    fn act<T>(&self, op: FileOp, path: &Path, work: impl FnOnce(&mut State) -> Result<T, FileCause>) -> Result<T, FileFault> {
        let outcome = self.lock().act(op, work);
        outcome.map_err(|cause| FileFault { op, path: path.to_owned(), cause })
    }

    fn sync(&self, path: &Path, work: impl FnOnce(&mut Disk)) -> Result<(), FileFault> {
        self.act(FileOp::Sync, path, |state| state.sync(work))
    }

    /// Gives a handle that keeps the file's inode alive.
    fn hold(&self, inode: Inode, path: &Path) -> Handle {
        let mut state = self.lock();
        state.disk.hold(inode);
        Handle { files: self.clone(), inode, life: state.life, path: path.to_owned() }
    }

    /// Makes a directory and its parents, and has each new entry's holder seen to.
    fn make_dirs_with(&self, path: &Path, made_in: &dyn Fn(&Path) -> Result<(), FileFault>) -> Result<(), FileFault> {
        let parent = path.parent().unwrap_or(path);
        let mut made = self.make_dir(path);
        if made.as_ref().is_err_and(|fault| fault.cause == FileCause::NotFound) {
            self.make_dirs_with(parent, made_in)?;
            made = self.make_dir(path);
        }
        if made? { made_in(parent) } else { Ok(()) }
    }

    fn make_dir(&self, path: &Path) -> Result<bool, FileFault> {
        self.act(FileOp::Create, path, |state| {
            let now = state.now_ns();
            state.disk.make_dir(path, now)
        })
    }

    fn create_at(&self, path: &Path) -> Result<Handle, FileFault> {
        let inode = self.act(FileOp::Create, path, |state| {
            let (dir, name) = state.disk.parent_of(path)?;
            state.create(dir, &name)
        })?;
        Ok(self.hold(inode, path))
    }
}

impl State {
    fn act<T>(&mut self, op: FileOp, work: impl FnOnce(&mut Self) -> Result<T, FileCause>) -> Result<T, FileCause> {
        if self.killed {
            return Err(FileCause::Killed);
        }
        self.history.push(op);
        let number = self.history.len() as u64;
        let Some(planned) = self.plans.iter().position(|plan| plan.at == number) else { return work(self) };
        match self.plans.swap_remove(planned).event {
            Event::Kill { persisted } => {
                let _ = persisted.then(|| work(self));
                self.killed = true;
                Err(FileCause::Killed)
            }
            Event::Fail { cause, done } => {
                let _ = done.then(|| work(self));
                self.sync_failed |= op == FileOp::Sync && !done && matches!(cause, FileCause::System(_));
                Err(cause)
            }
        }
    }

    fn restart(&mut self) {
        self.life += 1;
        self.killed = false;
        self.sync_failed = false;
        self.plans.clear();
        self.disk.let_go_of_all();
    }

    fn now_ns(&self) -> i64 {
        match &self.time {
            Time::Clock(clock) => clock.wall_ms().saturating_mul(1_000_000),
            Time::Fixed(now_ns) => *now_ns,
        }
    }

    fn create(&mut self, dir: Inode, name: &std::ffi::OsStr) -> Result<Inode, FileCause> {
        let now = self.now_ns();
        self.disk.create(dir, name, now)
    }

    fn append(&mut self, inode: Inode, parts: &[&[u8]]) -> Result<(), FileCause> {
        let now = self.now_ns();
        self.disk.append(inode, parts, now)
    }

    fn sync(&mut self, work: impl FnOnce(&mut Disk)) -> Result<(), FileCause> {
        if !self.sync_failed {
            work(&mut self.disk);
        }
        Ok(())
    }
}

/// An open file of one life of the process.
struct Handle {
    files: SimFiles,
    inode: Inode,
    life: u64,
    path: PathBuf,
}

impl Handle {
    fn act<T>(&self, op: FileOp, work: impl FnOnce(&mut State) -> Result<T, FileCause>) -> Result<T, FileFault> {
        let mut state = self.files.lock();
        let outcome = if state.life == self.life { state.act(op, work) } else { Err(FileCause::Killed) };
        outcome.map_err(|cause| FileFault { op, path: self.path.clone(), cause })
    }

    fn write_parts(&self, parts: &[&[u8]]) -> Result<(), FileFault> {
        self.act(FileOp::Write, |state| state.append(self.inode, parts))
    }

    fn sync_file(&self) -> Result<(), FileFault> {
        self.act(FileOp::Sync, |state| state.sync(|disk| disk.sync_file(self.inode)))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let mut state = self.files.lock();
        if state.life == self.life {
            state.disk.let_go(self.inode);
        }
    }
}

impl OpenFile for Handle {
    fn stat(&self) -> Result<FileStat, FileFault> {
        self.act(FileOp::Stat, |state| state.disk.stat(self.inode))
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<usize, FileFault> {
        self.act(FileOp::Read, |state| {
            let bytes = &state.disk.file(self.inode)?.bytes;
            let rest = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)).unwrap_or_default();
            let read = rest.len().min(out.len());
            out[..read].copy_from_slice(&rest[..read]);
            Ok(read)
        })
    }
}

impl WriteFile for Handle {
    fn write(&mut self, bytes: &[u8]) -> Result<(), FileFault> {
        self.write_parts(&[bytes])
    }

    fn sync(&mut self) -> Result<(), FileFault> {
        self.sync_file()
    }
}

impl Files for SimFiles {
    fn walk(&self, root: &Path, visit: &mut dyn FnMut(Walked) -> bool) -> Result<Vec<FileFault>, FileFault> {
        // The visitor may come back to the file system, so it is called after the operation.
        let (found, closed) = self.act(FileOp::List, root, |state| state.walked(root))?;
        let _ = found.into_iter().all(visit);
        let fault = |below: PathBuf| FileFault { op: FileOp::List, path: root.join(below), cause: FileCause::Denied };
        Ok(closed.into_iter().take(WALK_FAULTS).map(fault).collect())
    }

    fn list(&self, dir: &Path) -> Result<Vec<String>, FileFault> {
        self.act(FileOp::List, dir, |state| {
            let inode = state.disk.find(dir)?;
            Ok(state.disk.names(inode)?.filter_map(|name| name.to_str().map(str::to_owned)).collect())
        })
    }

    fn stat(&self, path: &Path) -> Result<Option<FileStat>, FileFault> {
        self.act(FileOp::Stat, path, |state| match state.disk.find(path) {
            Ok(inode) => state.disk.stat(inode).map(Some),
            Err(FileCause::NotFound) => Ok(None),
            Err(cause) => Err(cause),
        })
    }

    fn open(&self, path: &Path) -> Result<Box<dyn OpenFile>, FileFault> {
        let inode = self.act(FileOp::Open, path, |state| state.disk.find_file(path))?;
        Ok(Box::new(self.hold(inode, path)))
    }

    fn open_below(&self, dir: &Path, below: &Path) -> Result<Box<dyn OpenFile>, FileFault> {
        Files::open(self, &dir.join(below))
    }

    fn read(&self, path: &Path, limit: u64) -> Result<Vec<u8>, FileFault> {
        let inode = self.act(FileOp::Open, path, |state| state.disk.find_file(path))?;
        self.act(FileOp::Read, path, |state| {
            let bytes = &state.disk.file(inode)?.bytes;
            if bytes.len() as u64 > limit { Err(TOO_BIG) } else { Ok(bytes.clone()) }
        })
    }

    fn create(&self, path: &Path) -> Result<Box<dyn WriteFile>, FileFault> {
        Ok(Box::new(self.create_at(path)?))
    }

    fn write_new(&self, path: &Path, parts: &[&[u8]], own: &Ownership) -> Result<(), FileFault> {
        let file = self.create_at(path)?;
        let mut done = file.write_parts(parts);
        if done.is_ok() && *own != Ownership::default() {
            done = file.act(FileOp::Own, |state| {
                let now = state.now_ns();
                state.disk.own(file.inode, own, now)
            });
        }
        if done.as_ref().is_err_and(|fault| fault.cause != FileCause::Killed) {
            // What the real one does on its way out is not worth an operation of its own.
            let _ = self.lock().disk.unlink(path);
        }
        done
    }

    fn append(&self, path: &Path) -> Result<Box<dyn WriteFile>, FileFault> {
        let inode = self.act(FileOp::Open, path, |state| match state.disk.find(path) {
            Ok(inode) => state.disk.writable_file(inode).map(|()| inode),
            Err(FileCause::NotFound) => {
                let (dir, name) = state.disk.parent_of(path)?;
                state.create(dir, &name)
            }
            Err(cause) => Err(cause),
        })?;
        Ok(Box::new(self.hold(inode, path)))
    }

    fn truncate(&self, path: &Path, len: u64) -> Result<(), FileFault> {
        let inode = self.act(FileOp::Open, path, |state| state.disk.find_file(path))?;
        self.act(FileOp::Write, path, |state| {
            let now = state.now_ns();
            state.disk.cut(inode, len, now)
        })?;
        self.sync(path, |disk| disk.sync_file(inode))
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), FileFault> {
        let Some(name) = path.file_name() else {
            return Err(FileFault { op: FileOp::Create, path: path.to_owned(), cause: INVALID });
        };
        let dot = path.with_file_name(dot_name(name));
        let inode = self.act(FileOp::Create, path, |state| {
            let (dir, name) = state.disk.parent_of(&dot)?;
            state.disk.clear(dir, &name);
            state.create(dir, &name)
        })?;
        let placed = self.act(FileOp::Write, path, |state| state.append(inode, &[bytes])).and_then(|()| {
            self.act(FileOp::Rename, path, |state| {
                let now = state.now_ns();
                state.disk.rename_over(&dot, path, now)
            })
        });
        if placed.as_ref().is_err_and(|fault| fault.cause != FileCause::Killed) {
            let _ = self.lock().disk.unlink(&dot);
        }
        placed
    }

    fn rename_new(&self, from: &Path, to: &Path) -> Result<(), FileFault> {
        let renamed = self.act(FileOp::Rename, from, |state| {
            let (from, to) = (state.disk.parent_of(from)?, state.disk.parent_of(to)?);
            let now = state.now_ns();
            state.disk.rename_new(from, to, now)
        });
        renamed
            .map_err(|fault| if fault.cause == FileCause::Exists { FileFault { path: to.to_owned(), ..fault } } else { fault })
    }

    fn rename_below(&self, dir: &Path, below: &Path, to: &Path) -> Result<(), FileFault> {
        self.rename_new(&dir.join(below), to)
    }

    fn remove(&self, path: &Path) -> Result<bool, FileFault> {
        self.act(FileOp::Remove, path, |state| found(state.disk.unlink(path)))
    }

    fn remove_dir(&self, path: &Path) -> Result<bool, FileFault> {
        self.act(FileOp::Remove, path, |state| match state.disk.remove_dir(path) {
            Err(FileCause::Exists) => Ok(false),
            other => found(other),
        })
    }

    fn make_dirs(&self, path: &Path) -> Result<(), FileFault> {
        self.make_dirs_with(path, &|parent| self.sync_dir(parent))
    }

    fn make_dirs_unsynced(&self, path: &Path) -> Result<(), FileFault> {
        self.make_dirs_with(path, &|_| Ok(()))
    }

    fn sync_dir(&self, dir: &Path) -> Result<(), FileFault> {
        let inode = self.act(FileOp::Open, dir, |state| state.disk.find_dir(dir))?;
        self.sync(dir, |disk| disk.sync_dir(inode))
    }

    fn sync_fs(&self, path: &Path) -> Result<(), FileFault> {
        let inode = self.act(FileOp::Open, path, |state| state.disk.find(path))?;
        self.sync(path, |disk| disk.sync_fs(inode))
    }

    fn are_on_one_fs(&self, one: &Path, other: &Path) -> bool {
        let state = self.lock();
        matches!((state.disk.find(one), state.disk.find(other)), (Ok(one), Ok(other)) if state.disk.are_on_one_fs(one, other))
    }

    fn own(&self, path: &Path, own: &Ownership) -> Result<(), FileFault> {
        self.act(FileOp::Own, path, |state| {
            let inode = state.disk.find(path)?;
            let now = state.now_ns();
            state.disk.own(inode, own, now)
        })
    }

    fn ferry_dir(&self, path: &Path) -> Result<Box<dyn FerryDir>, FileFault> {
        let inode = self.act(FileOp::Open, path, |state| state.disk.find_dir(path))?;
        Ok(Box::new(ferry::SimFerry::new(self.hold(inode, path))))
    }
}

impl State {
    /// Collects what a walk visits, in an order that follows from the seed only, and the directories that may not be read.
    fn walked(&mut self, root: &Path) -> Result<(Vec<Walked>, Vec<PathBuf>), FileCause> {
        let root = self.disk.find_dir(root)?;
        let (mut found, mut closed) = (Vec::new(), Vec::new());
        let disk = &self.disk;
        disk.names(root).map(drop)?;
        disk.below(root, &mut |name| !disk::is_dot(name), &mut |path, inode| {
            if disk.is_closed(inode) {
                closed.push(path.to_owned());
            } else if let Ok(stat) = disk.stat(inode)
                && stat.is_file
            {
                found.push(Walked { name: disk::named(path), stat });
            }
        });
        for last in (1..found.len()).rev() {
            found.swap(last, (self.dice.roll() % (last as u64 + 1)) as usize);
        }
        Ok((found, closed))
    }
}

/// Turns "nothing there" into false.
fn found(result: Result<(), FileCause>) -> Result<bool, FileCause> {
    match result {
        Ok(()) => Ok(true),
        Err(FileCause::NotFound) => Ok(false),
        Err(cause) => Err(cause),
    }
}
