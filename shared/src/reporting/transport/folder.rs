//! A folder that somebody reads: a file appears in it at once, with all its bytes, and is durable before anybody is told that it is there.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Front, Given, Hindrance, Transport, dot_name};
use crate::seams::{FerryDir, FileCause, FileFault, Files, OpenFile};

/// A way through a folder.
pub struct FolderTransport {
    files: Arc<dyn Files>,
    folder: PathBuf,
    open: Option<Box<dyn FerryDir>>,
    fault: Option<FileFault>,
}

impl FolderTransport {
    /// Makes the way to a folder, which must be there.
    pub fn new(files: Arc<dyn Files>, folder: PathBuf) -> Self {
        Self { files, folder, open: None, fault: None }
    }

    /// Does something in the folder, which is opened once: what was written is made durable through the same descriptor. A fault is kept.
    fn within<T>(&mut self, act: impl FnOnce(&dyn FerryDir) -> Result<T, FileFault>) -> Result<T, Hindrance> {
        let opened = match self.open.take() {
            Some(open) => Ok(open),
            None => self.files.ferry_dir(&self.folder),
        };
        let done = opened.and_then(|folder| {
            let done = act(folder.as_ref());
            self.open = Some(folder);
            done
        });
        done.map_err(|fault| {
            let hindrance = if fault.cause == FileCause::Exists { Hindrance::Exists } else { Hindrance::Folder };
            self.fault = (hindrance == Hindrance::Folder).then_some(fault);
            hindrance
        })
    }
}

impl Front for FolderTransport {
    fn prepare(&mut self, name: &str, bytes: &[u8]) -> Result<(), Hindrance> {
        let part = dot_name(name);
        self.within(|folder| folder.remove(&part).and_then(|_| folder.place(&part, &[bytes])))
    }

    fn is_prepared(&mut self, name: &str) -> Result<bool, Hindrance> {
        self.within(|folder| match folder.open(&dot_name(name)) {
            Ok(_) => Ok(true),
            Err(fault) if fault.cause == FileCause::NotFound => Ok(false),
            Err(fault) => Err(fault),
        })
    }

    fn publish(&mut self, name: &str) -> Given {
        let (files, part, whole) = (self.files.clone(), self.folder.join(dot_name(name)), self.folder.join(name));
        match self.within(|_| files.rename_new(&part, &whole)) {
            Ok(()) => Given::Placed,
            Err(hindrance) => Given::NothingLeft(hindrance),
        }
    }

    fn discard(&mut self, name: &str) -> Result<(), Hindrance> {
        self.within(|folder| folder.remove(&dot_name(name)).map(drop))
    }

    fn settle(&mut self) -> Result<(), Hindrance> {
        self.within(|folder| folder.sync())
    }

    fn take_fault(&mut self) -> Option<FileFault> {
        self.fault.take()
    }

    fn fetch(&mut self, name: &str, most: u64) -> Result<Option<Vec<u8>>, Hindrance> {
        self.within(|folder| match folder.open(name).and_then(|file| read(file.as_ref(), most)) {
            Err(fault) if matches!(fault.cause, FileCause::NotFound | FileCause::NotRegular) => Ok(None),
            read => read,
        })
    }
}

/// Reads a file of at most so many bytes; none where it is longer.
fn read(file: &dyn OpenFile, most: u64) -> Result<Option<Vec<u8>>, FileFault> {
    let length = file.stat()?.len;
    if length > most {
        return Ok(None);
    }
    let mut bytes = vec![0; length as usize];
    let taken = file.read_at(0, &mut bytes)?;
    bytes.truncate(taken);
    Ok(Some(bytes))
}

impl Transport for FolderTransport {
    fn give(&mut self, name: &str, bytes: &[u8]) -> Given {
        let Ok(folder) = self.files.ferry_dir(&self.folder) else { return Given::NothingLeft(Hindrance::Folder) };
        match folder.place(name, &[bytes]) {
            Ok(()) => {}
            Err(fault) if fault.cause == FileCause::Exists => {
                let there = folder.open(name).and_then(|file| read(file.as_ref(), bytes.len() as u64));
                // Whoever let it go once more finds it lying there: that is all that being placed means.
                return match there {
                    Ok(Some(there)) if there == bytes && folder.sync().is_ok() => Given::Placed,
                    _ => Given::NothingLeft(Hindrance::Exists),
                };
            }
            // The name appears last of all, but a fault of a sync behind it may come after that.
            Err(fault) if fault.op == crate::seams::FileOp::Sync => return Given::Unsure(Hindrance::Folder),
            Err(_) => return Given::NothingLeft(Hindrance::Folder),
        }
        match folder.sync() {
            Ok(()) => Given::Placed,
            Err(_) => Given::Unsure(Hindrance::Folder),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seams::real_files::RealFiles;

    #[test]
    fn a_file_lies_in_the_folder_whole_and_another_of_its_name_is_never_replaced() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut way = FolderTransport::new(Arc::new(RealFiles::new()), dir.path().to_path_buf());
        assert_eq!(way.give("LogBiz.xml", b"one"), Given::Placed);
        assert_eq!(way.give("LogBiz.xml", b"two"), Given::NothingLeft(Hindrance::Exists));
        assert_eq!(way.give("LogBiz.xml", b"one"), Given::Placed, "the same file lies there");
        assert_eq!(std::fs::read(dir.path().join("LogBiz.xml")).expect("the file"), b"one");
        assert_eq!(std::fs::read_dir(dir.path()).expect("the folder").count(), 1);
    }

    #[test]
    fn a_file_is_given_in_two_steps_and_read_by_its_exact_name() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut front = FolderTransport::new(Arc::new(RealFiles::new()), dir.path().to_path_buf());
        for bytes in [b"half", b"good"] {
            front.prepare("Biz1.xml", bytes).expect("it is written");
        }
        assert_eq!((front.is_prepared("Biz1.xml"), front.fetch("Biz1.xml", 9)), (Ok(true), Ok(None)));
        assert_eq!((front.publish("Biz1.xml"), front.settle()), (Given::Placed, Ok(())));
        assert_eq!((front.is_prepared("Biz1.xml"), front.fetch("Biz1.xml", 9)), (Ok(false), Ok(Some(b"good".to_vec()))));
        assert_eq!(front.fetch("Biz1.xml", 3), Ok(None), "longer than is wanted");
        front.prepare("Biz1.xml", b"another").expect("it is written");
        assert_eq!(front.publish("Biz1.xml"), Given::NothingLeft(Hindrance::Exists));
        front.discard("Biz1.xml").expect("it is gone");
        std::os::unix::fs::symlink("Biz1.xml", dir.path().join("Rep1.xml")).expect("a link");
        assert_eq!(front.fetch("Rep1.xml", 9), Ok(None), "no link is followed");
        assert_eq!(std::fs::read_dir(dir.path()).expect("the folder").count(), 2);
    }

    #[test]
    fn without_its_folder_nothing_leaves() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut way = FolderTransport::new(Arc::new(RealFiles::new()), dir.path().join("not-there"));
        assert_eq!(way.give("LogBiz.xml", b"one"), Given::NothingLeft(Hindrance::Folder));
    }
}
