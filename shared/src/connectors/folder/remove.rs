//! Removing sent files from their private places, beside the work on the next ones.
//!
//! Given: files that were renamed to their private places. Gives: none of them there once somebody waits for it. After a crash: what is left is
//! found in its place and removed, since its packet's files do not count as put away before. Never: a file removed that is in no private place.

use crate::group::Work;
use crate::seams::{FileFault, Files};
use std::path::PathBuf;
use std::sync::Arc;

/// Files that are removed together.
const TOGETHER: usize = 1024;

/// The files that could not be removed, and why the first of them could not.
type Outcome = (Vec<PathBuf>, Option<FileFault>);

/// Files that are still to be removed.
pub(super) struct Removing {
    waiting: Vec<PathBuf>,
    /// Files that were tried in vain.
    left: Vec<PathBuf>,
    work: Option<Work<Outcome>>,
    /// Whether a second thread may do it.
    pub(super) second_thread: bool,
}

impl Drop for Removing {
    fn drop(&mut self) {
        if let Some(work) = self.work.take() {
            work.give_up();
        }
    }
}

impl Removing {
    pub(super) fn new() -> Self {
        Self { waiting: Vec::new(), left: Vec::new(), work: None, second_thread: false }
    }

    /// Takes on a file, and begins to remove those that wait once they are many.
    pub(super) fn take_on(&mut self, files: &Arc<dyn Files>, taken: PathBuf) {
        self.waiting.push(taken);
        if !self.waiting.len().is_multiple_of(TOGETHER) {
            return;
        }
        self.join();
        let (files, waiting) = (files.clone(), self.waiting.clone());
        // Without a thread they wait for the end of the look.
        if let Ok(work) = Work::begin_on_disk("dukou-remove", self.second_thread, move || remove(files.as_ref(), waiting)) {
            self.waiting.clear();
            self.work = Some(work);
        }
    }

    /// Removes all that is left.
    ///
    /// # Errors
    /// The first fault; what could not be removed is tried again with the next call.
    pub(super) fn finish(&mut self, files: &Arc<dyn Files>) -> Result<(), FileFault> {
        self.join();
        let mut all = std::mem::take(&mut self.left);
        all.append(&mut self.waiting);
        let (left, fault) = remove(files.as_ref(), all);
        self.left = left;
        fault.map_or(Ok(()), Err)
    }

    fn join(&mut self) {
        if let Some(work) = self.work.take() {
            self.left.extend(work.finish().0);
        }
    }
}

fn remove(files: &dyn Files, all: Vec<PathBuf>) -> Outcome {
    let (mut left, mut first) = (Vec::new(), None);
    for path in all {
        if let Err(fault) = files.remove(&path) {
            first.get_or_insert(fault);
            left.push(path);
        }
    }
    (left, first)
}
