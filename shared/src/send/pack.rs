//! Packing: screened records become one packet's content.
//!
//! Given: [`Screened`] records in order. Gives: a [`Batch`]: the builder of the plain payload, the rows the store will keep, and what has to
//! be put away afterwards. After a crash: nothing is left, nothing was on disk; the records are collected again. Never: a record in a packet
//! without its row.

use super::screen::Refused;
use crate::channel::BatchConfig;
use crate::connectors::Disposal;
use crate::error::EngineFault;
use crate::store::cards::Card;
use crate::store::{HeldBack, RecordRow, SourceStamp, Unfinished};
use bytes::Bytes;
use dukou_packets::limits;
use dukou_packets::packet::records::{RecordKind, RecordMeta, RecordsBuilder};
use dukou_packets::suite::{Digest, Random};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A record that passed screening, or the tombstone of one that did not.
pub(crate) struct Screened {
    pub(crate) meta: RecordMeta,
    pub(crate) body: Body,
    pub(crate) digest: Digest,
    pub(crate) row: RecordRow,
    /// The source file to put away once the packet exists.
    pub(crate) away: Option<Away>,
    /// How the channel's unfinished file stands after this record, where that changes.
    pub(crate) unfinished: Option<Option<Unfinished>>,
    /// What was learnt of it.
    pub(crate) cards: Vec<Card>,
}

/// The body of a record, in two pieces: lines of rows are not copied before they are in their packet.
pub(crate) struct Body {
    first: Vec<u8>,
    rest: Bytes,
}

impl From<Vec<u8>> for Body {
    fn from(whole: Vec<u8>) -> Self {
        Self { first: whole, rest: Bytes::new() }
    }
}

impl From<(Vec<u8>, Bytes)> for Body {
    fn from((first, rest): (Vec<u8>, Bytes)) -> Self {
        Self { first, rest }
    }
}

impl Body {
    /// Gives its pieces, one behind the other.
    pub(crate) fn pieces(&self) -> [&[u8]; 2] {
        [&self.first, &self.rest]
    }

    /// Gives its length in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        (self.first.len() + self.rest.len()) as u64
    }
}

/// A source file to put away once its packet exists.
pub(crate) struct Away {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) stamp: SourceStamp,
    pub(crate) refused: Option<Refused>,
}

/// A repeat that does not travel.
pub(crate) struct Repeat {
    pub(crate) disposal: Disposal,
    pub(crate) held: HeldBack,
}

/// What one packet will carry.
pub(crate) struct Batch {
    pub(crate) records: RecordsBuilder,
    pub(crate) rows: Vec<RecordRow>,
    /// Source files by record index.
    pub(crate) away: Vec<(u32, Away)>,
    pub(crate) repeats: Vec<Repeat>,
    pub(crate) unfinished: Option<Option<Unfinished>>,
    /// What was learnt of its records.
    pub(crate) cards: Vec<Card>,
    max_bytes: u64,
    max_records: u32,
}

impl Batch {
    /// Begins an empty batch.
    pub(crate) fn new(random: &dyn Random, config: &BatchConfig) -> Self {
        Self {
            records: RecordsBuilder::new(random),
            rows: Vec::new(),
            away: Vec::new(),
            repeats: Vec::new(),
            unfinished: None,
            cards: Vec::new(),
            max_bytes: config.max_bytes,
            max_records: config.max_records,
        }
    }

    /// Begins a batch for the records of a packet that goes once more, whatever the channel's batches are like now.
    pub(crate) fn whole(random: &dyn Random) -> Self {
        Self {
            records: RecordsBuilder::new(random),
            rows: Vec::new(),
            away: Vec::new(),
            repeats: Vec::new(),
            unfinished: None,
            cards: Vec::new(),
            max_bytes: limits::PLAIN_MAX,
            max_records: limits::RECORDS_MAX,
        }
    }

    /// Adds a record that went before, as it is.
    pub(crate) fn push_again(
        &mut self,
        meta: &RecordMeta,
        body: &[u8],
        digest: Digest,
        row: RecordRow,
    ) -> Result<(), EngineFault> {
        self.records.push(meta, &[body], digest)?;
        self.rows.push(RecordRow { index: self.rows.len() as u32, ..row });
        Ok(())
    }

    /// Makes room for so many bytes of records.
    pub(crate) fn reserve(&mut self, bytes: u64) {
        self.records.reserve(bytes);
    }

    /// True when there is nothing to seal and nothing to put away.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.repeats.is_empty()
    }

    /// True when a file of this length has to wait for the next packet.
    pub(crate) fn is_full_for(&self, len: u64) -> bool {
        !self.is_empty()
            && (self.records.count() >= self.max_records
                || self.repeats.len() as u32 >= self.max_records
                || self.records.plain_len() + len > self.max_bytes)
    }

    /// Adds a record.
    pub(crate) fn push(&mut self, screened: Screened) -> Result<(), EngineFault> {
        let Screened { meta, body, digest, mut row, away, unfinished, cards } = screened;
        self.records.push(&meta, &body.pieces(), digest)?;
        self.cards.extend(cards);
        row.index = self.rows.len() as u32;
        self.away.extend(away.map(|away| (row.index, away)));
        self.rows.push(row);
        if unfinished.is_some() {
            self.unfinished = unfinished;
        }
        Ok(())
    }

    /// Adds a repeat that is only put away.
    pub(crate) fn hold_back(&mut self, repeat: Repeat) {
        self.repeats.push(repeat);
    }
}

/// Counts tombstones by their code: one `refused` line each.
pub(crate) fn refused_by_code(rows: &[RecordRow]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for row in rows.iter().filter(|row| row.kind == RecordKind::Tombstone) {
        *counts.entry(row.reason.clone()).or_default() += 1;
    }
    counts
}
