//! Reading directories: the walk over a source folder and the raw listing below it.

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, RawDir};
use rustix::io::Errno;

use super::{At, READ_DIR, fault, file_stat, is_regular, open_at, open_dir};
use crate::seams::{FileFault, FileOp, NotUtf8, WALK_FAULTS, Walked};

/// Bytes of entries that the kernel hands over at a time: some 800 names.
const LISTING_BYTES: usize = 32 * 1024;

/// Calls `each` with the name and type of every entry but `.` and `..` until it gives false.
///
/// # Errors
/// What the kernel said; ENOENT when the directory itself was removed.
pub(super) fn entries(dir: impl AsFd, mut each: impl FnMut(&[u8], FileType) -> bool) -> Result<(), Errno> {
    let mut buffer = Vec::with_capacity(LISTING_BYTES);
    let mut listing = RawDir::new(dir, buffer.spare_capacity_mut());
    while let Some(entry) = listing.next() {
        let entry = match entry {
            Err(Errno::INTR) => continue,
            other => other?,
        };
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." && !each(name, entry.file_type()) {
            break;
        }
    }
    Ok(())
}

/// Visits the regular files below `root`; see [`Files::walk`](crate::seams::Files::walk).
///
/// Directories are opened one at a time, by their path below the open root, so that a deep tree holds two descriptors.
pub(super) fn walk(root: &Path, visit: &mut dyn FnMut(Walked) -> bool) -> Result<Vec<FileFault>, FileFault> {
    let top = open_dir(FileOp::List, root)?;
    let mut waiting = vec![Vec::new()];
    let mut passed_over = Vec::new();
    while let Some(below) = waiting.pop() {
        match enter(&top, &below).and_then(|dir| visit_dir(&dir, &below, &mut waiting, visit)) {
            Ok(true) => {}
            Ok(false) => break,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) if !below.is_empty() => {}
            Err(errno) => {
                let fault = fault(FileOp::List, &root.join(OsStr::from_bytes(&below)), errno);
                if below.is_empty() || !is_its_own(errno) {
                    return Err(fault);
                }
                if passed_over.len() < WALK_FAULTS {
                    passed_over.push(fault);
                }
            }
        }
    }
    Ok(passed_over)
}

/// Tells whether an error is one directory's own matter: it may not be read, or its path is too long to be opened.
fn is_its_own(errno: Errno) -> bool {
    matches!(errno, Errno::ACCESS | Errno::PERM | Errno::NAMETOOLONG | Errno::STALE)
}

fn enter(top: &OwnedFd, below: &[u8]) -> Result<OwnedFd, Errno> {
    let name = if below.is_empty() { Path::new(".") } else { Path::new(OsStr::from_bytes(below)) };
    open_at(At { dir: top.as_fd(), name }, READ_DIR, 0)
}

/// Visits one directory's files and puts its directories on the list; false when the visitor has had enough.
fn visit_dir(
    dir: &OwnedFd,
    below: &[u8],
    waiting: &mut Vec<Vec<u8>>,
    visit: &mut dyn FnMut(Walked) -> bool,
) -> Result<bool, Errno> {
    let mut go_on = true;
    let mut failed = None;
    entries(dir, |name, kind| {
        if name.starts_with(b".") || !matches!(kind, FileType::RegularFile | FileType::Directory | FileType::Unknown) {
            return true;
        }
        match look(dir, below, name, kind) {
            Ok(Found::File(walked)) => go_on = visit(walked),
            Ok(Found::Directory) => waiting.push(joined(below, name)),
            Ok(Found::Other) | Err(Errno::NOENT) => {}
            Err(errno) => failed = Some(errno),
        }
        go_on && failed.is_none()
    })?;
    failed.map_or(Ok(go_on), Err)
}

enum Found {
    File(Walked),
    Directory,
    Other,
}

/// Asks for metadata only where the listing does not already say "directory".
fn look(dir: &OwnedFd, below: &[u8], name: &[u8], kind: FileType) -> Result<Found, Errno> {
    if kind == FileType::Directory {
        return Ok(Found::Directory);
    }
    let stat = rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?;
    if is_regular(&stat) {
        return Ok(Found::File(Walked { name: named(joined(below, name)), stat: file_stat(&stat) }));
    }
    Ok(if FileType::from_raw_mode(stat.st_mode) == FileType::Directory { Found::Directory } else { Found::Other })
}

fn joined(below: &[u8], name: &[u8]) -> Vec<u8> {
    let mut path = Vec::with_capacity(below.len() + 1 + name.len());
    path.extend_from_slice(below);
    if !below.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path
}

fn named(path: Vec<u8>) -> Result<String, NotUtf8> {
    String::from_utf8(path).map_err(|error| NotUtf8 {
        shown: String::from_utf8_lossy(error.as_bytes()).into_owned(),
        path: PathBuf::from(OsStr::from_bytes(error.as_bytes())),
    })
}
