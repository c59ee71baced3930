//! A file seam that lets somebody else act between any two operations of the engine.

use dukou_shared::seams::sim_files::SimFiles;
use dukou_shared::seams::{
    FerryDir, FerryListing, FerryPage, FileFault, FileStat, Files, OpenFile, Ownership, Walked, WriteFile,
};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// What acts between two operations; it may touch the disk from outside.
pub type Act = Box<dyn FnMut(&SimFiles) + Send>;

/// A place for an [`Act`]; clones share it.
#[derive(Clone, Default)]
pub struct Hook(Arc<Mutex<Option<Act>>>);

impl Hook {
    /// Sets or ends what acts from now on.
    pub fn set(&self, act: Option<Act>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = act;
    }

    fn act(&self, files: &SimFiles) {
        if let Some(act) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            act(files);
        }
    }
}

/// The simulated file system with a hook before each operation.
pub struct HookedFiles {
    files: SimFiles,
    hook: Hook,
}

impl HookedFiles {
    /// Lets `hook` act before each operation on `files`.
    pub fn new(files: SimFiles, hook: Hook) -> Self {
        Self { files, hook }
    }

    fn files(&self) -> &dyn Files {
        self.hook.act(&self.files);
        &self.files
    }
}

impl Files for HookedFiles {
    fn walk(&self, root: &Path, visit: &mut dyn FnMut(Walked) -> bool) -> Result<Vec<FileFault>, FileFault> {
        self.files().walk(root, visit)
    }

    fn list(&self, dir: &Path) -> Result<Vec<String>, FileFault> {
        self.files().list(dir)
    }

    fn stat(&self, path: &Path) -> Result<Option<FileStat>, FileFault> {
        self.files().stat(path)
    }

    fn open(&self, path: &Path) -> Result<Box<dyn OpenFile>, FileFault> {
        self.files().open(path)
    }

    fn open_below(&self, dir: &Path, below: &Path) -> Result<Box<dyn OpenFile>, FileFault> {
        self.files().open_below(dir, below)
    }

    fn read(&self, path: &Path, limit: u64) -> Result<Vec<u8>, FileFault> {
        self.files().read(path, limit)
    }

    fn create(&self, path: &Path) -> Result<Box<dyn WriteFile>, FileFault> {
        self.files().create(path)
    }

    fn write_new(&self, path: &Path, parts: &[&[u8]], own: &Ownership) -> Result<(), FileFault> {
        self.files().write_new(path, parts, own)
    }

    fn append(&self, path: &Path) -> Result<Box<dyn WriteFile>, FileFault> {
        self.files().append(path)
    }

    fn truncate(&self, path: &Path, len: u64) -> Result<(), FileFault> {
        self.files().truncate(path, len)
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), FileFault> {
        self.files().replace(path, bytes)
    }

    fn rename_new(&self, from: &Path, to: &Path) -> Result<(), FileFault> {
        self.files().rename_new(from, to)
    }

    fn rename_below(&self, dir: &Path, below: &Path, to: &Path) -> Result<(), FileFault> {
        self.files().rename_below(dir, below, to)
    }

    fn remove(&self, path: &Path) -> Result<bool, FileFault> {
        self.files().remove(path)
    }

    fn remove_dir(&self, path: &Path) -> Result<bool, FileFault> {
        self.files().remove_dir(path)
    }

    fn make_dirs(&self, path: &Path) -> Result<(), FileFault> {
        self.files().make_dirs(path)
    }

    fn make_dirs_unsynced(&self, path: &Path) -> Result<(), FileFault> {
        self.files().make_dirs_unsynced(path)
    }

    fn are_on_one_fs(&self, one: &Path, other: &Path) -> bool {
        self.files().are_on_one_fs(one, other)
    }

    fn sync_dir(&self, dir: &Path) -> Result<(), FileFault> {
        self.files().sync_dir(dir)
    }

    fn sync_fs(&self, path: &Path) -> Result<(), FileFault> {
        self.files().sync_fs(path)
    }

    fn own(&self, path: &Path, own: &Ownership) -> Result<(), FileFault> {
        self.files().own(path, own)
    }

    fn ferry_dir(&self, path: &Path) -> Result<Box<dyn FerryDir>, FileFault> {
        let ferry = self.files().ferry_dir(path)?;
        Ok(Box::new(HookedFerry { ferry, files: self.files.clone(), hook: self.hook.clone() }))
    }
}

/// A ferry directory with the same hook.
struct HookedFerry {
    ferry: Box<dyn FerryDir>,
    files: SimFiles,
    hook: Hook,
}

impl HookedFerry {
    fn ferry(&self) -> &dyn FerryDir {
        self.hook.act(&self.files);
        self.ferry.as_ref()
    }
}

impl FerryDir for HookedFerry {
    fn list(&self, wanted: &dyn Fn(&str) -> bool, limit: usize) -> Result<FerryListing, FileFault> {
        self.ferry().list(wanted, limit)
    }

    fn page(&self, wanted: &dyn Fn(&str) -> bool, after: &str, limit: usize) -> Result<FerryPage, FileFault> {
        self.ferry().page(wanted, after, limit)
    }

    fn open(&self, name: &str) -> Result<Box<dyn OpenFile>, FileFault> {
        self.ferry().open(name)
    }

    fn place(&self, name: &str, parts: &[&[u8]]) -> Result<(), FileFault> {
        self.ferry().place(name, parts)
    }

    fn sync(&self) -> Result<(), FileFault> {
        self.ferry().sync()
    }

    fn remove(&self, name: &str) -> Result<bool, FileFault> {
        self.ferry().remove(name)
    }

    fn move_out(&self, name: &str, to: &Path, limit: u64) -> Result<(), FileFault> {
        self.ferry().move_out(name, to, limit)
    }
}
