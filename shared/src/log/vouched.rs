//! Roots of the log at sizes it once had.

use super::recover::{checkpoint_bytes, first_line, open_own, split_notes};
use super::{PacketLog, segments};
use crate::error::LogFault;
use dukou_packets::log::line::{Event, Line, leaf_hash};
use dukou_packets::log::tree::Tree;
use dukou_packets::suite::Digest;

/// How many of the newest roots are remembered, so that the newest echoes need no file.
pub(super) const ROOTS_MAX: usize = 4096;

impl PacketLog {
    /// Gives the root of the log at this size: a checkpoint's, or, where none is of that size, that of the lines; `None` when they are not
    /// here any more.
    ///
    /// # Errors
    /// [`LogFault`] when a segment or a file of checkpoints cannot be read.
    pub fn root_at(&self, size: u64) -> Result<Option<Digest>, LogFault> {
        if let Some(root) = self.roots.get(&size) {
            return Ok(Some(*root));
        }
        let paths = segments::list(self.files.as_ref(), &self.dir)?;
        let Some(segment) = paths.iter().rfind(|path| first_line(path) <= size) else { return Ok(None) };
        let bytes = checkpoint_bytes(self.files.as_ref(), &self.dir.join(format!("{:012}.jsonl", first_line(segment))))?;
        let (size_line, signer) = (format!("\n{size}\n"), self.signer.as_ref());
        // Signatures are checked of the notes alone that speak of this size.
        let notes = split_notes(&bytes).0;
        let of_size = notes.iter().filter(|note| std::str::from_utf8(note).is_ok_and(|text| text.contains(&size_line)));
        let found = of_size.filter_map(|note| open_own(note, signer)).find(|note| note.size == size);
        match found.filter(|note| note.station == self.station) {
            Some(note) => Ok(Some(note.root)),
            None => Ok(root_of_lines(&segments::read(self.files.as_ref(), segment)?, size)),
        }
    }

    /// Remembers the newest root.
    pub(super) fn remember_root(&mut self) {
        self.roots.insert(self.durable.size(), self.durable.root());
        if self.roots.len() > ROOTS_MAX {
            self.roots.pop_first();
        }
    }
}

/// Gives the root at a size within a segment, from the tree that its first line describes.
fn root_of_lines(segment: &[u8], size: u64) -> Option<Digest> {
    let mut lines = segment.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let first = lines.clone().next()?;
    let Event::Segment { size: before, peaks, .. } = Line::parse(first).ok()?.event else { return None };
    let mut tree = Tree::from_peaks(before, &peaks)?;
    while tree.size() < size {
        tree.push(leaf_hash(lines.next()?));
    }
    Some(tree.root())
}
