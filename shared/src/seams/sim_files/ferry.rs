//! The simulated ferry directory: held by its inode, whatever happens to its path.

use std::cell::RefCell;
use std::ffi::OsString;
use std::path::Path;

use super::disk::{Inode, Place};
use super::{Handle, State, found};
use crate::seams::real_files::{INVALID, TOO_BIG, dot_name};
use crate::seams::{FerryDir, FerryListing, FerryPage, FileCause, FileFault, FileOp, Files, OpenFile};

/// An open simulated ferry directory.
pub(super) struct SimFerry {
    dir: Handle,
    unsynced: RefCell<Vec<Inode>>,
}

impl SimFerry {
    pub(super) fn new(dir: Handle) -> Self {
        Self { dir, unsynced: RefCell::new(Vec::new()) }
    }

    fn act<T>(
        &self,
        op: FileOp,
        name: &str,
        work: impl FnOnce(&mut State, Place) -> Result<T, FileCause>,
    ) -> Result<T, FileFault> {
        let path = self.dir.path.join(name.replace('/', "\u{fffd}"));
        if matches!(name, "" | "." | "..") || name.contains(['/', '\0']) {
            return Err(FileFault { op, path, cause: INVALID });
        }
        let place = (self.dir.inode, OsString::from(name));
        self.dir.act(op, |state| work(state, place)).map_err(|fault| FileFault { path, ..fault })
    }

    /// Finds a regular file under a name.
    fn find(&self, op: FileOp, name: &str) -> Result<Inode, FileFault> {
        self.act(op, name, |state, (dir, name)| {
            let inode = state.disk.lookup(dir, &name)?.ok_or(FileCause::NotFound)?;
            state.disk.file(inode).map(|_| inode)
        })
    }

    fn place_unnamed(&self, name: &str, parts: &[&[u8]]) -> Result<Inode, FileFault> {
        let inode = self.act(FileOp::Create, name, |state, (dir, _)| {
            let now = state.now_ns();
            state.disk.create_unnamed(dir, now)
        })?;
        self.act(FileOp::Write, name, |state, _| state.append(inode, parts))?;
        self.act(FileOp::Rename, name, |state, place| state.disk.link(inode, place))?;
        Ok(inode)
    }

    fn place_by_dot_name(&self, name: &str, parts: &[&[u8]]) -> Result<Inode, FileFault> {
        let dot = dot_name(name.as_ref());
        let inode = self.act(FileOp::Create, name, |state, (dir, _)| {
            state.disk.clear(dir, &dot);
            state.create(dir, &dot)
        })?;
        let placed = self.act(FileOp::Write, name, |state, _| state.append(inode, parts)).and_then(|()| {
            self.act(FileOp::Rename, name, |state, (dir, name)| {
                let now = state.now_ns();
                state.disk.rename_new((dir, dot.clone()), (dir, name), now)
            })
        });
        if placed.as_ref().is_err_and(|fault| fault.cause != FileCause::Killed) {
            self.dir.files.lock().disk.clear(self.dir.inode, &dot);
        }
        placed.map(|()| inode)
    }

    fn copy_out(&self, name: &str, to: &Path, limit: u64) -> Result<(), FileFault> {
        let inode = self.find(FileOp::Open, name)?;
        let bytes = self.act(FileOp::Read, name, |state, _| {
            let bytes = &state.disk.file(inode)?.bytes;
            if bytes.len() as u64 > limit { Err(TOO_BIG) } else { Ok(bytes.clone()) }
        })?;
        let files = &self.dir.files;
        let copy = files.create_at(to)?;
        let copied = copy
            .write_parts(&[&bytes])
            .and_then(|()| copy.sync_file())
            .and_then(|()| files.sync_dir(to.parent().unwrap_or(Path::new("/"))));
        if copied.as_ref().is_err_and(|fault| fault.cause != FileCause::Killed) {
            let _ = files.lock().disk.unlink(to);
        }
        copied?;
        self.remove(name).map(drop)
    }
}

impl FerryDir for SimFerry {
    fn list(&self, wanted: &dyn Fn(&str) -> bool, limit: usize) -> Result<FerryListing, FileFault> {
        self.dir.act(FileOp::List, |state| {
            let mut listing = FerryListing::default();
            for name in state.disk.names(self.dir.inode)? {
                match name.to_str().filter(|name| wanted(name) && listing.entries.len() < limit) {
                    Some(shown) => {
                        let inode = state.disk.lookup(self.dir.inode, name)?.ok_or(FileCause::NotFound)?;
                        listing.entries.push((shown.to_owned(), state.disk.stat(inode)?));
                    }
                    None => listing.uncounted += 1,
                }
            }
            Ok(listing)
        })
    }

    fn page(&self, wanted: &dyn Fn(&str) -> bool, after: &str, limit: usize) -> Result<FerryPage, FileFault> {
        self.dir.act(FileOp::List, |state| {
            let mut page = FerryPage::default();
            for name in state.disk.names(self.dir.inode)? {
                let inode = state.disk.lookup(self.dir.inode, name)?.ok_or(FileCause::NotFound)?;
                let stat = state.disk.stat(inode)?;
                match name.to_str().filter(|name| stat.is_file && wanted(name)) {
                    None => page.others += 1,
                    Some(shown) if shown <= after => {}
                    Some(shown) if page.entries.len() < limit => page.entries.push((shown.to_owned(), stat)),
                    Some(_) => page.more = true,
                }
            }
            Ok(page)
        })
    }

    fn open(&self, name: &str) -> Result<Box<dyn OpenFile>, FileFault> {
        let inode = self.find(FileOp::Open, name)?;
        Ok(Box::new(self.dir.files.hold(inode, &self.dir.path.join(name))))
    }

    fn place(&self, name: &str, parts: &[&[u8]]) -> Result<(), FileFault> {
        let unnamed = self.dir.files.lock().unnamed_files;
        let inode = if unnamed { self.place_unnamed(name, parts) } else { self.place_by_dot_name(name, parts) }?;
        self.unsynced.borrow_mut().push(inode);
        Ok(())
    }

    fn sync(&self) -> Result<(), FileFault> {
        for inode in self.unsynced.take() {
            self.dir.act(FileOp::Sync, |state| state.sync(|disk| disk.sync_file(inode)))?;
        }
        self.dir.act(FileOp::Sync, |state| state.sync(|disk| disk.sync_dir(self.dir.inode)))
    }

    fn remove(&self, name: &str) -> Result<bool, FileFault> {
        self.act(FileOp::Remove, name, |state, place| found(state.disk.unlink_at(place)))
    }

    fn move_out(&self, name: &str, to: &Path, limit: u64) -> Result<(), FileFault> {
        self.find(FileOp::Stat, name)?;
        let moved = self.act(FileOp::Rename, name, |state, place| {
            let to = state.disk.parent_of(to)?;
            let now = state.now_ns();
            state.disk.rename_new(place, to, now)
        });
        match moved {
            Err(fault) if fault.cause == FileCause::CrossDevice => self.copy_out(name, to, limit),
            Err(fault) if fault.cause == FileCause::Exists => Err(FileFault { path: to.to_owned(), ..fault }),
            other => other,
        }
    }
}
