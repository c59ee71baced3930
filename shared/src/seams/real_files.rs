//! The machine's own file system behind the [`Files`] seam: Linux 4.19 and newer, any file system.
//!
//! Given: paths. Gives: faults with a cause, never a followed link in the last part of a path, never a blocked open.
//! After a crash: `.NAME.part` files may be left of [`Files::replace`], and of [`FerryDir::place`] where the file system has
//! no unnamed files; the next call for the same name removes them.
//! Never: a replaced file, except by [`Files::replace`].
//!
//! What only newer kernels or better file systems offer is tried first and left out when it is refused; `Offers` lists it.

mod ferry;
mod walk;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{IoSlice, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustix::fs::{AtFlags, CWD, FileType, Gid, Mode, OFlags, RenameFlags, Stat, Uid};
use rustix::io::{Errno, retry_on_intr};

use super::{FerryDir, FileCause, FileFault, FileOp, FileStat, Files, OpenFile, Ownership, Walked, WriteFile};

/// EFBIG: a file is longer than the caller allows.
pub(super) const TOO_BIG: FileCause = FileCause::System(27);
/// EINVAL: a name that is not one plain name, or a cut that would lengthen the file.
pub(super) const INVALID: FileCause = FileCause::System(22);

/// Longest name that the file systems in use take, in bytes.
const NAME_MAX: usize = 255;
/// Parts that go to the kernel in one call.
const PARTS_AT_ONCE: usize = 8;

const NEW_FILE: OFlags = OFlags::WRONLY.union(OFlags::CREATE).union(OFlags::EXCL).union(UNLINKED);
const READ_FILE: OFlags = OFlags::RDONLY.union(UNLINKED);
const READ_DIR: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(UNLINKED);
/// What every open has: no link followed, no wait for the other end of a FIFO, no terminal taken, nothing inherited.
const UNLINKED: OFlags = OFlags::NOFOLLOW.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// The machine's own files.
#[derive(Debug, Default)]
pub struct RealFiles {
    offers: Offers,
    /// The directory that a file was last reached in; it stays open for the others in it until the next walk or sync.
    holder: Mutex<Option<Holder>>,
}

/// An open directory, how it was reached, and what it is.
#[derive(Debug)]
struct Holder {
    path: PathBuf,
    entry: (u64, u64),
    fd: Arc<OwnedFd>,
}

/// What the kernel and the file system are asked for before the slower ways; tests switch parts off.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offers {
    /// Files without a name (`O_TMPFILE`).
    pub(super) unnamed: bool,
    /// Naming an unnamed file through `/proc/self/fd`.
    pub(super) proc_link: bool,
    /// Naming an unnamed file by its descriptor alone; needs a capability before Linux 6.10.
    pub(super) empty_path: bool,
    /// Renaming without replacing (`RENAME_NOREPLACE`).
    pub(super) no_replace: bool,
}

impl Default for Offers {
    fn default() -> Self {
        Self { unnamed: true, proc_link: true, empty_path: true, no_replace: true }
    }
}

impl RealFiles {
    /// Gives the machine's files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives the machine's files as a poorer kernel or file system would have them.
    #[cfg(test)]
    pub(super) fn with_offers(offers: Offers) -> Self {
        Self { offers, holder: Mutex::default() }
    }

    /// Opens the directory that holds `below` as [`descend`] does, or gives it as the last call left it open, as long as its path still
    /// leads to it: one look instead of a descent for each of the files of a folder.
    fn holder_of<'a>(&self, dir: &Path, below: &'a Path) -> Result<(Arc<OwnedFd>, &'a Path), Errno> {
        let path = dir.join(below.parent().ok_or(Errno::INVAL)?);
        let mut last = self.holder.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(holder) = last.as_ref().filter(|holder| holder.path.as_os_str() == path.as_os_str())
            && let Some(name) = below.file_name()
            && let Ok(stat) = At::here(&path).stat()
            && (stat.st_dev, stat.st_ino) == holder.entry
        {
            return Ok((holder.fd.clone(), Path::new(name)));
        }
        let (fd, name) = descend(dir, below)?;
        let (stat, fd) = (rustix::fs::fstat(&fd)?, Arc::new(fd));
        *last = Some(Holder { path, entry: (stat.st_dev, stat.st_ino), fd: fd.clone() });
        Ok((fd, name))
    }

    #[cfg(test)]
    pub(super) fn holds_a_folder(&self) -> bool {
        self.holder.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Closes the directory that was kept open: nothing of a supplier's is held beyond the work on it.
    fn let_go(&self) {
        *self.holder.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Files for RealFiles {
    fn walk(&self, root: &Path, visit: &mut dyn FnMut(Walked) -> bool) -> Result<Vec<FileFault>, FileFault> {
        self.let_go();
        walk::walk(root, visit)
    }

    fn list(&self, dir: &Path) -> Result<Vec<String>, FileFault> {
        let fd = open_dir(FileOp::List, dir)?;
        let mut names = Vec::new();
        walk::entries(fd, |name, _| {
            names.extend(str::from_utf8(name).map(str::to_owned));
            true
        })
        .map_err(|errno| fault(FileOp::List, dir, errno))?;
        names.sort_unstable();
        Ok(names)
    }

    fn stat(&self, path: &Path) -> Result<Option<FileStat>, FileFault> {
        match rustix::fs::statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(file_stat(&stat))),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(fault(FileOp::Stat, path, errno)),
        }
    }

    fn open(&self, path: &Path) -> Result<Box<dyn OpenFile>, FileFault> {
        let (fd, _) = open_regular(At::here(path), READ_FILE, FileOp::Open, path)?;
        Ok(Box::new(RealOpen { fd, path: path.to_owned() }))
    }

    fn open_below(&self, dir: &Path, below: &Path) -> Result<Box<dyn OpenFile>, FileFault> {
        let path = dir.join(below);
        let (holder, name) = self.holder_of(dir, below).map_err(|errno| fault(FileOp::Open, &path, errno))?;
        let at = At { dir: holder.as_fd(), name };
        let (fd, _) = open_regular(at, READ_FILE, FileOp::Open, &path)?;
        Ok(Box::new(RealOpen { fd, path }))
    }

    fn read(&self, path: &Path, limit: u64) -> Result<Vec<u8>, FileFault> {
        let (fd, stat) = open_regular(At::here(path), READ_FILE, FileOp::Open, path)?;
        let len = file_stat(&stat).len;
        if len > limit {
            return Err(FileFault { op: FileOp::Read, path: path.to_owned(), cause: TOO_BIG });
        }
        let mut bytes = Vec::with_capacity(len as usize + 1);
        let read = File::from(fd).take(limit.saturating_add(1)).read_to_end(&mut bytes);
        read.map_err(|error| io_fault(FileOp::Read, path, &error))?;
        if bytes.len() as u64 > limit {
            return Err(FileFault { op: FileOp::Read, path: path.to_owned(), cause: TOO_BIG });
        }
        Ok(bytes)
    }

    fn create(&self, path: &Path) -> Result<Box<dyn WriteFile>, FileFault> {
        let fd = open_at(At::here(path), NEW_FILE, 0o600).map_err(|errno| fault(FileOp::Create, path, errno))?;
        Ok(Box::new(RealWrite { fd, path: path.to_owned() }))
    }

    fn write_new(&self, path: &Path, parts: &[&[u8]], own: &Ownership) -> Result<(), FileFault> {
        let (fd, own) = create_for(path, own).map_err(|errno| fault(FileOp::Create, path, errno))?;
        let done = write_parts(&fd, parts)
            .map_err(|errno| fault(FileOp::Write, path, errno))
            .and_then(|()| own_fd(&fd, &own).map_err(|errno| fault(FileOp::Own, path, errno)));
        if done.is_err() {
            // What is left of it would only use up room; the first fault is the one to report.
            let _ = rustix::fs::unlinkat(CWD, path, AtFlags::empty());
        }
        done
    }

    fn append(&self, path: &Path) -> Result<Box<dyn WriteFile>, FileFault> {
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | UNLINKED;
        let (fd, _) = open_regular(At::here(path), flags, FileOp::Open, path)?;
        Ok(Box::new(RealWrite { fd, path: path.to_owned() }))
    }

    fn truncate(&self, path: &Path, len: u64) -> Result<(), FileFault> {
        let (fd, stat) = open_regular(At::here(path), OFlags::WRONLY | UNLINKED, FileOp::Open, path)?;
        if len > file_stat(&stat).len {
            return Err(FileFault { op: FileOp::Write, path: path.to_owned(), cause: INVALID });
        }
        rustix::fs::ftruncate(&fd, len).map_err(|errno| fault(FileOp::Write, path, errno))?;
        rustix::fs::fsync(&fd).map_err(|errno| fault(FileOp::Sync, path, errno))
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), FileFault> {
        let Some(name) = path.file_name() else {
            return Err(FileFault { op: FileOp::Create, path: path.to_owned(), cause: INVALID });
        };
        let dot = path.with_file_name(dot_name(name));
        write_dot(At::here(&dot), &[bytes]).map_err(|(op, errno)| fault(op, path, errno))?;
        rustix::fs::renameat(CWD, &dot, CWD, path).map_err(|errno| {
            let _ = rustix::fs::unlinkat(CWD, &dot, AtFlags::empty());
            fault(FileOp::Rename, path, errno)
        })
    }

    fn rename_new(&self, from: &Path, to: &Path) -> Result<(), FileFault> {
        let renamed = self.offers.rename_no_replace(At::here(from), At::here(to));
        renamed.map_err(|errno| fault(FileOp::Rename, if errno == Errno::EXIST { to } else { from }, errno))
    }

    fn rename_below(&self, dir: &Path, below: &Path, to: &Path) -> Result<(), FileFault> {
        let from = dir.join(below);
        let (holder, name) = self.holder_of(dir, below).map_err(|errno| fault(FileOp::Rename, &from, errno))?;
        let renamed = self.offers.rename_no_replace(At { dir: holder.as_fd(), name }, At::here(to));
        renamed.map_err(|errno| fault(FileOp::Rename, if errno == Errno::EXIST { to } else { &from }, errno))
    }

    fn remove(&self, path: &Path) -> Result<bool, FileFault> {
        removed(rustix::fs::unlinkat(CWD, path, AtFlags::empty())).map_err(|errno| fault(FileOp::Remove, path, errno))
    }

    fn remove_dir(&self, path: &Path) -> Result<bool, FileFault> {
        match rustix::fs::unlinkat(CWD, path, AtFlags::REMOVEDIR) {
            // POSIX lets a file system say either of the two for a directory that is not empty.
            Err(Errno::NOTEMPTY | Errno::EXIST) => Ok(false),
            other => removed(other).map_err(|errno| fault(FileOp::Remove, path, errno)),
        }
    }

    fn make_dirs(&self, path: &Path) -> Result<(), FileFault> {
        make_dirs(path, &|parent| self.sync_dir(parent))
    }

    fn make_dirs_unsynced(&self, path: &Path) -> Result<(), FileFault> {
        make_dirs(path, &|_| Ok(()))
    }

    fn sync_dir(&self, dir: &Path) -> Result<(), FileFault> {
        self.let_go();
        let fd = open_dir(FileOp::Open, dir)?;
        rustix::fs::fsync(fd).map_err(|errno| fault(FileOp::Sync, dir, errno))
    }

    /// Makes the whole file system durable that `path` lies on. Before Linux 5.8 the kernel does not report here that an
    /// earlier write-back of a file failed.
    fn sync_fs(&self, path: &Path) -> Result<(), FileFault> {
        self.let_go();
        let fd = open_at(At::here(plain(path)), READ_FILE, 0).map_err(|errno| fault(FileOp::Open, path, errno))?;
        rustix::fs::syncfs(fd).map_err(|errno| fault(FileOp::Sync, path, errno))
    }

    fn are_on_one_fs(&self, one: &Path, other: &Path) -> bool {
        let device = |path| rustix::fs::statat(CWD, plain(path), AtFlags::SYMLINK_NOFOLLOW).map(|stat| stat.st_dev);
        matches!((device(one), device(other)), (Ok(one), Ok(other)) if one == other)
    }

    fn own(&self, path: &Path, own: &Ownership) -> Result<(), FileFault> {
        let fd = open_at(At::here(path), READ_FILE, 0).map_err(|errno| fault(FileOp::Own, path, errno))?;
        own_fd(&fd, own).map_err(|errno| fault(FileOp::Own, path, errno))
    }

    fn ferry_dir(&self, path: &Path) -> Result<Box<dyn FerryDir>, FileFault> {
        Ok(Box::new(ferry::RealFerry::new(open_dir(FileOp::Open, path)?, plain(path).to_owned(), self.offers)))
    }
}

/// A name below an open directory.
#[derive(Clone, Copy)]
struct At<'a> {
    dir: BorrowedFd<'a>,
    name: &'a Path,
}

impl<'a> At<'a> {
    fn here(path: &'a Path) -> Self {
        Self { dir: CWD, name: path }
    }

    fn stat(self) -> Result<Stat, Errno> {
        rustix::fs::statat(self.dir, self.name, AtFlags::SYMLINK_NOFOLLOW)
    }

    /// Gives the directory entry behind the name: its directory's device and inode, and the last part.
    fn entry(self) -> Result<(u64, u64, Option<&'a OsStr>), Errno> {
        let holder = rustix::fs::statat(self.dir, parent(self.name), AtFlags::empty())?;
        Ok((holder.st_dev, holder.st_ino, self.name.file_name()))
    }
}

impl Offers {
    /// Renames and fails when the target is there.
    ///
    /// Without `RENAME_NOREPLACE` (NFS, some FUSE and CIFS mounts) it links and unlinks; a kill between the two leaves both
    /// names, and the next call finishes. Without hard links as well it looks and then renames.
    fn rename_no_replace(self, from: At<'_>, to: At<'_>) -> Result<(), Errno> {
        if self.no_replace {
            match rustix::fs::renameat_with(from.dir, from.name, to.dir, to.name, RenameFlags::NOREPLACE) {
                Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {}
                other => return other,
            }
        }
        match rustix::fs::linkat(from.dir, from.name, to.dir, to.name, AtFlags::empty()) {
            Ok(()) => rustix::fs::unlinkat(from.dir, from.name, AtFlags::empty()),
            Err(Errno::EXIST) if same_file(from, to)? => rustix::fs::unlinkat(from.dir, from.name, AtFlags::empty()),
            Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS | Errno::MLINK) => look_and_rename(from, to),
            Err(errno) => Err(errno),
        }
    }
}

fn look_and_rename(from: At<'_>, to: At<'_>) -> Result<(), Errno> {
    match to.stat() {
        Ok(_) => Err(Errno::EXIST),
        Err(Errno::NOENT) => rustix::fs::renameat(from.dir, from.name, to.dir, to.name),
        Err(errno) => Err(errno),
    }
}

/// Says whether two names are two hard links of one file, as an interrupted link-and-unlink leaves them, and not the same name
/// written twice.
fn same_file(one: At<'_>, other: At<'_>) -> Result<bool, Errno> {
    let (file, link) = (one.stat()?, other.stat()?);
    let linked = (file.st_dev, file.st_ino) == (link.st_dev, link.st_ino) && is_regular(&file) && file.st_nlink > 1;
    Ok(linked && one.entry()? != other.entry()?)
}

struct RealOpen {
    fd: OwnedFd,
    path: PathBuf,
}

impl OpenFile for RealOpen {
    fn stat(&self) -> Result<FileStat, FileFault> {
        let stat = rustix::fs::fstat(&self.fd).map_err(|errno| fault(FileOp::Stat, &self.path, errno))?;
        Ok(file_stat(&stat))
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<usize, FileFault> {
        let mut done = 0;
        while let Some(rest) = out.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match retry_on_intr(|| rustix::io::pread(&self.fd, &mut *rest, offset + done as u64)) {
                Ok(0) => break,
                Ok(read) => done += read,
                Err(errno) => return Err(fault(FileOp::Read, &self.path, errno)),
            }
        }
        Ok(done)
    }
}

struct RealWrite {
    fd: OwnedFd,
    path: PathBuf,
}

impl WriteFile for RealWrite {
    fn write(&mut self, bytes: &[u8]) -> Result<(), FileFault> {
        write_parts(&self.fd, &[bytes]).map_err(|errno| fault(FileOp::Write, &self.path, errno))
    }

    fn sync(&mut self) -> Result<(), FileFault> {
        rustix::fs::fdatasync(&self.fd).map_err(|errno| fault(FileOp::Sync, &self.path, errno))
    }
}

fn open_at(at: At<'_>, flags: OFlags, mode: u32) -> Result<OwnedFd, Errno> {
    retry_on_intr(|| rustix::fs::openat(at.dir, at.name, flags, Mode::from_raw_mode(mode)))
}

/// Opens and makes sure that it is a regular file; NONBLOCK stays set, it means nothing for one.
fn open_regular(at: At<'_>, flags: OFlags, op: FileOp, shown: &Path) -> Result<(OwnedFd, Stat), FileFault> {
    let fd = open_at(at, flags, 0o600).map_err(|errno| fault(op, shown, errno))?;
    let stat = rustix::fs::fstat(&fd).map_err(|errno| fault(FileOp::Stat, shown, errno))?;
    if !is_regular(&stat) {
        return Err(FileFault { op, path: shown.to_owned(), cause: FileCause::NotRegular });
    }
    Ok((fd, stat))
}

/// Opens the directory that holds `below`, part by part so that no link is followed, and gives the last part. Linux 4.19 has no `openat2`.
fn descend<'a>(dir: &Path, below: &'a Path) -> Result<(OwnedFd, &'a Path), Errno> {
    let mut holder = open_at(At::here(plain(dir)), READ_DIR, 0)?;
    let mut parts = below.components().peekable();
    while let Some(part) = parts.next() {
        let Component::Normal(name) = part else { return Err(Errno::INVAL) };
        let name = Path::new(name);
        if parts.peek().is_none() {
            return Ok((holder, name));
        }
        holder = open_at(At { dir: holder.as_fd(), name }, READ_DIR, 0)?;
    }
    Err(Errno::INVAL)
}

/// Makes a directory and its parents, and has each new entry's holder seen to.
fn make_dirs(path: &Path, made_in: &dyn Fn(&Path) -> Result<(), FileFault>) -> Result<(), FileFault> {
    let path = plain(path);
    let make = || rustix::fs::mkdirat(CWD, path, Mode::from_raw_mode(0o750));
    let mut made = make();
    if made == Err(Errno::NOENT) && parent(path) != path {
        make_dirs(parent(path), made_in)?;
        made = make();
    }
    match made {
        Ok(()) => made_in(parent(path)),
        Err(Errno::EXIST) => open_dir(FileOp::Create, path).map(drop),
        Err(errno) => Err(fault(FileOp::Create, path, errno)),
    }
}

fn open_dir(op: FileOp, path: &Path) -> Result<OwnedFd, FileFault> {
    open_at(At::here(plain(path)), READ_DIR, 0).map_err(|errno| match errno {
        Errno::LOOP => FileFault { op, path: path.to_owned(), cause: FileCause::NotDirectory },
        errno => fault(op, path, errno),
    })
}

/// Writes a whole file under a dot name; one that a crash has left there gives way.
fn write_dot(dot: At<'_>, parts: &[&[u8]]) -> Result<OwnedFd, (FileOp, Errno)> {
    let fd = match open_at(dot, NEW_FILE, 0o644) {
        Err(Errno::EXIST) => {
            rustix::fs::unlinkat(dot.dir, dot.name, AtFlags::empty()).map_err(|errno| (FileOp::Remove, errno))?;
            open_at(dot, NEW_FILE, 0o644)
        }
        other => other,
    };
    let fd = fd.map_err(|errno| (FileOp::Create, errno))?;
    match fill_public(&fd, parts) {
        Ok(()) => Ok(fd),
        Err(errno) => {
            let _ = rustix::fs::unlinkat(dot.dir, dot.name, AtFlags::empty());
            Err((FileOp::Write, errno))
        }
    }
}

/// Writes all parts and opens the file to readers: mode 0644 whatever the umask says. One that takes nothing from 0644 saves the call.
fn fill_public(fd: &OwnedFd, parts: &[&[u8]]) -> Result<(), Errno> {
    write_parts(fd, parts)?;
    if umask_spares(0o644) { Ok(()) } else { rustix::fs::fchmod(fd, Mode::from_raw_mode(0o644)) }
}

/// Tells whether the process's umask, as it was at the first call, leaves these bits alone. Asking the kernel directly would set it.
fn umask_spares(mode: u32) -> bool {
    static UMASK: OnceLock<Option<u32>> = OnceLock::new();
    let umask = UMASK.get_or_init(|| {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let umask = status.lines().find_map(|line| line.strip_prefix("Umask:"))?;
        u32::from_str_radix(umask.trim(), 8).ok()
    });
    umask.is_some_and(|umask| umask & mode == 0)
}

fn write_parts(fd: &OwnedFd, parts: &[&[u8]]) -> Result<(), Errno> {
    for group in parts.chunks(PARTS_AT_ONCE) {
        let mut slices = [IoSlice::new(&[]); PARTS_AT_ONCE];
        for (slice, part) in slices.iter_mut().zip(group) {
            *slice = IoSlice::new(part);
        }
        let mut rest = &mut slices[..group.len()];
        // Zero bytes forward passes over empty parts, so that what is left always has something to write.
        IoSlice::advance_slices(&mut rest, 0);
        while !rest.is_empty() {
            match retry_on_intr(|| rustix::io::writev(fd, rest))? {
                0 => return Err(Errno::IO),
                written => IoSlice::advance_slices(&mut rest, written),
            }
        }
    }
    Ok(())
}

/// Creates a file, at once with the mode it is to have where its owner stays and nothing takes bits away, and gives what is still to be
/// set: a change of mode costs as much as a small write.
fn create_for(path: &Path, own: &Ownership) -> Result<(OwnedFd, Ownership), Errno> {
    let at_once = own.mode.filter(|mode| own.uid.is_none() && own.gid.is_none() && mode & !0o777 == 0 && umask_spares(*mode));
    let fd = open_at(At::here(path), NEW_FILE, at_once.unwrap_or(0o600))?;
    let has = match at_once {
        // A directory's default access list may take bits away as well.
        Some(_) => Some(rustix::fs::fstat(&fd)?.st_mode & 0o7777),
        None => None,
    };
    let mode = own.mode.filter(|mode| has != Some(*mode));
    Ok((fd, Ownership { mode, ..*own }))
}

/// Sets the owner before the mode, since a change of owner clears mode bits.
fn own_fd(fd: &OwnedFd, own: &Ownership) -> Result<(), Errno> {
    if own.uid.is_some() || own.gid.is_some() {
        // The kernel takes the highest id as "leave it"; the unchecked form passes it through instead of asserting.
        rustix::fs::fchown(fd, own.uid.map(Uid::from_raw_unchecked), own.gid.map(Gid::from_raw_unchecked))?;
    }
    match own.mode {
        Some(mode) => rustix::fs::fchmod(fd, Mode::from_raw_mode(mode & 0o7777)),
        None => Ok(()),
    }
}

fn removed(result: Result<(), Errno>) -> Result<bool, Errno> {
    match result {
        Ok(()) => Ok(true),
        Err(Errno::NOENT) => Ok(false),
        Err(errno) => Err(errno),
    }
}

/// Takes trailing slashes off, which would make the kernel follow a link in the last part.
fn plain(path: &Path) -> &Path {
    path.components().as_path()
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => path,
    }
}

/// Gives `.NAME.part`, with NAME cut where the whole would be too long for the file system.
pub(super) fn dot_name(name: &OsStr) -> OsString {
    let bytes = name.as_bytes();
    let mut keep = bytes.len().min(NAME_MAX - ".".len() - ".part".len());
    while keep > 0 && bytes.get(keep).is_some_and(|byte| byte & 0xC0 == 0x80) {
        keep -= 1;
    }
    OsString::from_vec([b".", bytes.get(..keep).unwrap_or_default(), b".part"].concat())
}

fn is_regular(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
}

fn file_stat(stat: &Stat) -> FileStat {
    FileStat {
        len: stat.st_size as u64,
        mtime_ns: stat.st_mtime.saturating_mul(1_000_000_000).saturating_add(stat.st_mtime_nsec as i64),
        ctime_ns: stat.st_ctime.saturating_mul(1_000_000_000).saturating_add(stat.st_ctime_nsec as i64),
        inode: stat.st_ino,
        is_file: is_regular(stat),
    }
}

fn fault(op: FileOp, path: &Path, errno: Errno) -> FileFault {
    FileFault { op, path: path.to_owned(), cause: cause(errno) }
}

fn io_fault(op: FileOp, path: &Path, error: &std::io::Error) -> FileFault {
    let cause = Errno::from_io_error(error).map_or(FileCause::System(0), cause);
    FileFault { op, path: path.to_owned(), cause }
}

fn cause(errno: Errno) -> FileCause {
    match errno {
        Errno::NOENT => FileCause::NotFound,
        Errno::EXIST => FileCause::Exists,
        // ELOOP: a link under NOFOLLOW. ENXIO, ENODEV: a socket, a FIFO without a reader, a device without a driver.
        Errno::LOOP | Errno::ISDIR | Errno::NXIO | Errno::NODEV => FileCause::NotRegular,
        Errno::NOTDIR => FileCause::NotDirectory,
        Errno::NOSPC | Errno::DQUOT => FileCause::NoSpace,
        Errno::ACCESS | Errno::PERM => FileCause::Denied,
        Errno::ROFS => FileCause::ReadOnly,
        Errno::XDEV => FileCause::CrossDevice,
        Errno::MFILE | Errno::NFILE => FileCause::TooManyOpen,
        Errno::NAMETOOLONG => FileCause::NameTooLong,
        other => FileCause::System(other.raw_os_error()),
    }
}

fn borrowed(fd: &OwnedFd) -> BorrowedFd<'_> {
    fd.as_fd()
}
