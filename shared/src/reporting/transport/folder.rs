//! A folder that somebody reads: a file appears in it at once, with all its bytes, and is durable before anybody is told that it is there.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Given, Hindrance, Transport};
use crate::seams::{FileCause, Files};

/// A way through a folder.
pub struct FolderTransport {
    files: Arc<dyn Files>,
    folder: PathBuf,
}

impl FolderTransport {
    /// Makes the way to a folder, which must be there.
    pub fn new(files: Arc<dyn Files>, folder: PathBuf) -> Self {
        Self { files, folder }
    }
}

impl Transport for FolderTransport {
    fn give(&mut self, name: &str, bytes: &[u8]) -> Given {
        let Ok(folder) = self.files.ferry_dir(&self.folder) else { return Given::NothingLeft(Hindrance::Folder) };
        match folder.place(name, &[bytes]) {
            Ok(()) => {}
            Err(fault) if fault.cause == FileCause::Exists => return Given::NothingLeft(Hindrance::Exists),
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
        assert_eq!(std::fs::read(dir.path().join("LogBiz.xml")).expect("the file"), b"one");
        assert_eq!(std::fs::read_dir(dir.path()).expect("the folder").count(), 1);
    }

    #[test]
    fn without_its_folder_nothing_leaves() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut way = FolderTransport::new(Arc::new(RealFiles::new()), dir.path().join("not-there"));
        assert_eq!(way.give("LogBiz.xml", b"one"), Given::NothingLeft(Hindrance::Folder));
    }
}
