//! A workload on disk, and what must have come of it on the other side.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use dukou_rehearsal::messages::{Written, write_messages, write_mixed_file, write_small_records};
use ring::digest;
use walkdir::WalkDir;

/// How long ago all files were modified: one time for all, so that archives and packets are as long in every round.
const AGE: Duration = Duration::from_secs(3_600);

/// A directory of input files.
#[derive(Debug, Clone)]
pub(super) struct Workload {
    pub(super) directory: PathBuf,
    pub(super) files: u64,
    pub(super) bytes: u64,
    fingerprint: Vec<u8>,
}

impl Workload {
    /// Writes the messages of W1.
    pub(super) fn messages(directory: &Path, count: usize) -> Result<Self> {
        Self::write(directory, || write_messages(directory, count, 1))
    }

    /// Writes the one file of W2.
    pub(super) fn mixed(directory: &Path, mebibytes: u64) -> Result<Self> {
        Self::write(directory, || write_mixed_file(&directory.join("mixed.bin"), mebibytes, 2))
    }

    /// Writes the records of W7.
    pub(super) fn small_records(directory: &Path, count: usize) -> Result<Self> {
        Self::write(directory, || write_small_records(directory, count, 7))
    }

    fn write(directory: &Path, writer: impl FnOnce() -> std::io::Result<Written>) -> Result<Self> {
        fs::create_dir_all(directory)?;
        let written = writer().with_context(|| format!("cannot write {}", directory.display()))?;
        let then = SystemTime::now() - AGE;
        for path in files_below(directory)? {
            File::options().write(true).open(directory.join(path))?.set_modified(then)?;
        }
        // Reading everything for the fingerprint also warms the page cache.
        let fingerprint = fingerprint(directory)?.1;
        Ok(Workload { directory: directory.to_path_buf(), files: written.files, bytes: written.bytes, fingerprint })
    }

    /// Fails unless the directory holds the same files with the same bytes.
    pub(super) fn check_copy(&self, directory: &Path) -> Result<()> {
        let (files, fingerprint) = fingerprint(directory)?;
        ensure!(files == self.files, "{} holds {files} files, must be {}", directory.display(), self.files);
        ensure!(fingerprint == self.fingerprint, "{} holds other bytes than were sent", directory.display());
        Ok(())
    }

    /// Gives one file that the others are expected to come before.
    pub(super) fn last_file(&self) -> Result<PathBuf> {
        files_below(&self.directory)?.pop().context("the workload is empty")
    }

    /// Deletes the files.
    pub(super) fn remove(self) -> Result<()> {
        Ok(fs::remove_dir_all(&self.directory)?)
    }
}

/// Lists files by their path inside a directory, in order; hidden ones are work in progress.
pub(super) fn files_below(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let visible = |entry: &walkdir::DirEntry| entry.depth() == 0 || !entry.file_name().as_encoded_bytes().starts_with(b".");
    for entry in WalkDir::new(directory).sort_by_file_name().into_iter().filter_entry(visible) {
        let entry = entry?;
        if entry.file_type().is_file() {
            files.push(entry.path().strip_prefix(directory)?.to_path_buf());
        }
    }
    Ok(files)
}

fn fingerprint(directory: &Path) -> Result<(u64, Vec<u8>)> {
    let mut hash = digest::Context::new(&digest::SHA256);
    let files = files_below(directory)?;
    for path in &files {
        let bytes = fs::read(directory.join(path))?;
        hash.update(path.as_os_str().as_encoded_bytes());
        hash.update(&[0]);
        hash.update(&(bytes.len() as u64).to_le_bytes());
        hash.update(&bytes);
    }
    Ok((files.len() as u64, hash.finish().as_ref().to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_with_one_changed_byte_or_one_file_less_is_refused() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let workload = Workload::messages(&root.path().join("sent"), 3).expect("a workload");
        let copy = root.path().join("came");
        let names = files_below(&workload.directory).expect("the files");
        for name in &names {
            fs::create_dir_all(copy.join(name).parent().expect("a parent")).expect("create");
            fs::copy(workload.directory.join(name), copy.join(name)).expect("copy");
        }
        workload.check_copy(&copy).expect("the copy is right");
        fs::write(copy.join(&names[1]), "other").expect("write");
        assert!(workload.check_copy(&copy).is_err());
        fs::remove_file(copy.join(&names[1])).expect("remove");
        assert!(workload.check_copy(&copy).expect_err("one less").to_string().contains("2 files"));
    }
}
