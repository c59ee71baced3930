//! Roots of the log at sizes it once had, as its own checkpoints tell them.

use super::recover::{checkpoint_bytes, first_line, open_own, split_notes};
use super::{PacketLog, segments};
use crate::error::LogFault;
use dukou_packets::suite::Digest;

/// How many of the newest roots are remembered, so that the newest echoes need no file.
pub(super) const ROOTS_MAX: usize = 4096;

impl PacketLog {
    /// Gives the root of the log at this size; `None` when no checkpoint at hand is of that size.
    ///
    /// # Errors
    /// [`LogFault::File`] when a file of checkpoints cannot be read.
    pub fn root_vouched_at(&self, size: u64) -> Result<Option<Digest>, LogFault> {
        if let Some(root) = self.roots.get(&size) {
            return Ok(Some(*root));
        }
        let paths = segments::list(self.files.as_ref(), &self.dir)?;
        let Some(first) = paths.iter().map(|path| first_line(path)).rfind(|first| *first <= size) else { return Ok(None) };
        let bytes = checkpoint_bytes(self.files.as_ref(), &self.dir.join(format!("{first:012}.jsonl")))?;
        let notes = split_notes(&bytes).0;
        let found = notes.iter().rev().filter_map(|note| open_own(note, self.signer.as_ref())).find(|note| note.size == size);
        Ok(found.filter(|note| note.station == self.station).map(|note| note.root))
    }

    /// Remembers the newest root.
    pub(super) fn remember_root(&mut self) {
        self.roots.insert(self.durable.size(), self.durable.root());
        if self.roots.len() > ROOTS_MAX {
            self.roots.pop_first();
        }
    }
}
