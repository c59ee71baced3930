//! A marker that is its channel's next packet: the channel stops there, and the book has what came with it.
//!
//! Given: a verified packet of kind 2. Gives: its document and its sender's approvals in the book, and the code of the hold. After a crash: the packet is kept
//! and met again, and the book takes nothing twice. Never: anything applied; a packet behind it given to a sink.

use super::order::STRUCTURE;
use super::verify::Verified;
use crate::engine::Engine;
use crate::error::EngineFault;
use crate::schema::Document;
use crate::store::book::{BookChange, BookDecision, BookKey};
use crate::store::{Change, Direction};
use dukou_packets::packet::marker::{Marker, read_marker};
use dukou_packets::packet::open::{Refusal, open_payload};

/// The hold of a channel whose marker is not of the document that it carries.
const MARKER: &str = "marker";

impl Engine {
    /// Opens a marker.
    ///
    /// # Errors
    /// The code of the step that failed: a fault of the sender.
    pub(super) fn read_marker(&self, verified: &Verified) -> Result<Marker, Refusal> {
        let plain = open_payload(&verified.head, verified.payload.clone(), &[self.keys.encryption.as_ref()])?;
        read_marker(&verified.head, &plain)
    }

    /// Writes what a marker brought into the book; gives the code of the hold.
    pub(super) fn note_marker(&mut self, marker: Result<Marker, Refusal>) -> Result<&'static str, EngineFault> {
        let marker = match marker {
            Ok(marker) if says_what_it_carries(&marker) => marker,
            Ok(_) => return Ok(MARKER),
            Err(refusal) => return Ok(refusal.code()),
        };
        let (at_ms, change) = (self.seams.clock.wall_ms(), marker.change);
        let key = BookKey { to: change.to(), structure: change.structure, document: change.document };
        let (book, known) = (self.store().book()?, self.store().book_decisions()?);
        let mut changes = Vec::new();
        if book.iter().all(|known| known.key != key) {
            let (base, document) = (change.before, marker.document);
            changes.push(Change::InBook(BookChange { key: key.clone(), base, document, origin: Direction::In, at_ms }));
        }
        for approval in marker.approvals {
            let decision = BookDecision {
                key: key.clone(),
                approval: Some(approval),
                operator: String::new(),
                name: String::new(),
                reason: String::new(),
                at_ms,
            };
            if known.iter().all(|other| (&other.key, &other.approval) != (&decision.key, &decision.approval)) {
                changes.push(Change::Decided(decision));
            }
        }
        if !changes.is_empty() {
            self.commit_store(changes)?;
        }
        Ok(STRUCTURE)
    }
}

/// The document can be read and is for the structure and the versions that the marker names.
fn says_what_it_carries(marker: &Marker) -> bool {
    let named = (&marker.change.structure, marker.change.from);
    Document::read(&marker.document).is_ok_and(|document| (&document.structure, document.from) == named)
}
