//! The Merkle tree of RFC 6962 section 2.1, kept as its peaks (LOG.md section 3).

use crate::suite::{Digest, sha256};

/// A tree that grows by leaves; it keeps only the roots of its perfect subtrees.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Tree {
    size: u64,
    /// Largest subtree first; as many as `size` has one bits.
    peaks: Vec<Digest>,
}

impl Tree {
    /// Makes the empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the tree of this size from its peaks, largest first; `None` when their number does not fit the size.
    pub fn from_peaks(size: u64, peaks: &[Digest]) -> Option<Self> {
        (size.count_ones() as usize == peaks.len()).then(|| Self { size, peaks: peaks.to_vec() })
    }

    /// Appends a leaf hash.
    pub fn push(&mut self, leaf: Digest) {
        let mut hash = leaf;
        // Each trailing one bit of the size is a subtree as large as what is being added.
        for _ in 0..self.size.trailing_ones() {
            let left = self.peaks.pop().expect("one peak for each one bit of the size");
            hash = node(&left, &hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// Returns how many leaves there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns the root; of the empty tree it is the digest of nothing.
    pub fn root(&self) -> Digest {
        let joined = self.peaks.iter().rev().copied();
        joined.reduce(|right, left| node(&left, &right)).unwrap_or_else(|| sha256(&[]))
    }

    /// Returns the roots of the perfect subtrees, largest first.
    pub fn peaks(&self) -> &[Digest] {
        &self.peaks
    }
}

/// Returns the hash of an inner node.
pub fn node(left: &Digest, right: &Digest) -> Digest {
    sha256(&[&[1], left.as_bytes(), right.as_bytes()])
}
