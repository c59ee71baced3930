//! A change that crosses pending, where rows leave from: which of them the far side takes without it.
//!
//! Given: the change behind which a channel's end is; rows. Gives: whether the far side needs the change for them. After a crash: the book and the version of the end tell
//! which change it is. Never: a row called one that does not need it where that is not plain.

use crate::channel::Channel;
use crate::connectors::tables::{RowChange, RowRun, RowsPart};
use crate::engine::Engine;
use crate::error::EngineFault;
use crate::schema::Document;
use crate::schema::pending::needed;
use crate::schema::structure::Structure;
use crate::store::book::BookChange;
use dukou_packets::packet::seal::Versions;
use std::sync::Arc;

/// A change that the far side may not have applied yet.
#[derive(Debug)]
pub(crate) struct Pending {
    before: Structure,
    document: Document,
}

impl Pending {
    /// Tells whether the far side needs it for a row.
    pub(crate) fn is_needed_by(&self, change: &RowChange) -> bool {
        needed(&self.before, &self.document, [change]) == self.document.to
    }

    /// Tells whether the far side needs it for any row of a run.
    pub(crate) fn is_needed_by_run(&self, run: &RowRun) -> bool {
        run.changes().any(|change| self.is_needed_by(&change))
    }

    /// Tells whether the far side needs it for any of these rows.
    pub(crate) fn is_needed_by_any(&self, part: &RowsPart) -> bool {
        match part {
            RowsPart::One(change) => self.is_needed_by(change),
            RowsPart::Run(run) => self.is_needed_by_run(run),
        }
    }

    /// Gives under which version rows were written that do not need it, and which the far side needs.
    pub(crate) fn unneeded(&self) -> Versions {
        Versions { written: self.document.to, needed: self.document.from }
    }
}

impl Engine {
    /// Gives the change behind which an outgoing channel's end is, where it may be pending at the far side.
    pub(crate) fn pending_at(&self, at: usize) -> Option<Arc<Pending>> {
        self.structures.pending.get(&self.channel_name(at)).cloned()
    }

    /// Remembers the change that brought a channel's end to its version, where it may be pending at the far side.
    pub(super) fn recall_pending(
        &mut self,
        channel: &Channel,
        change: &BookChange,
        book: &[BookChange],
    ) -> Result<(), EngineFault> {
        self.structures.pending.remove(&channel.channel);
        let Some(document) = Document::read(&change.document).ok().filter(|document| document.pending) else { return Ok(()) };
        let description = self.description_of(channel)?;
        let before = description.and_then(|text| Structure::version(&text, book, Some(&change.base)).ok().flatten());
        let pending = before.map(|before| (channel.channel.clone(), Arc::new(Pending { before, document })));
        self.structures.pending.extend(pending);
        Ok(())
    }
}
