//! The book of structure changes: what was proposed here or came in a marker, and what persons decided about it.

use super::Direction;
use crate::schema::structure::next_digest;
use dukou_packets::packet::marker::{Approval, Change};
use dukou_packets::suite::Digest;

/// Which change: two documents for one version of a structure are two changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BookKey {
    /// The structure.
    pub structure: String,
    /// The version that it leads to.
    pub to: u32,
    /// The digest of the document.
    pub document: Digest,
}

/// A structure change that this station knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookChange {
    /// Which one.
    pub key: BookKey,
    /// The digest of the structure before.
    pub base: Digest,
    /// The document, as it was signed.
    pub document: Vec<u8>,
    /// Where it comes from: `Out` a proposal of this station, `In` a marker of the peer's.
    pub origin: Direction,
    /// Wall clock (ms) when it was first known here.
    pub at_ms: i64,
}

impl BookChange {
    /// Gives the digest of the structure behind it.
    pub fn after(&self) -> Digest {
        next_digest(&self.base, &self.key.document)
    }

    /// Gives what approvals are signatures for.
    pub fn signed(&self) -> Change {
        let BookKey { structure, to, document } = self.key.clone();
        Change { structure, from: to.saturating_sub(1), before: self.base, document }
    }
}

/// What a person decided about a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookDecision {
    /// Which change.
    pub key: BookKey,
    /// The signature; none where a person cancelled it.
    pub approval: Option<Approval>,
    /// Account of the person; empty where the peer's marker brought it.
    pub operator: String,
    /// Who, by name: stays in the store.
    pub name: String,
    /// Why: stays in the store.
    pub reason: String,
    /// Wall clock (ms).
    pub at_ms: i64,
}
