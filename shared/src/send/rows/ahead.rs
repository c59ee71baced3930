//! Reading ahead: what is to be sent next comes from the source while the packets before it are compressed, sealed and placed.
//!
//! Given: a source, entries whose packets exist, those that are on their way, and where the stock push goes on. Gives: what the engine's thread would have read
//! behind the packets on their way, read by a second thread. After a crash: nothing of it is missed; what was read stands in the outbox still, and the marker of a
//! chunk that nobody waits for is only deleted. Never: an entry deleted whose packet does not exist; anything sent that was read behind packets which were
//! not made then: it is forgotten, and read again.

use super::push::{Place, Waiting};
use super::{READ_BYTES, Sent};
use crate::connectors::tables::{ChunkWanted, Entry, EntryId, EntryRange, Offered, ReadLimits, TableFault, TableSource};
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::group::Work;
use crate::store::Change;
use std::collections::BTreeSet;

/// Entries that are to be deleted.
#[derive(Default)]
pub(super) struct Done {
    /// Those of packets that exist.
    pub(super) sent: Vec<Sent>,
    /// Those without a packet: places of chunks that nobody waits for, and changes that a chunk to come will show.
    pub(super) loose: Vec<EntryId>,
}

impl Done {
    pub(super) fn is_empty(&self) -> bool {
        self.sent.is_empty() && self.loose.is_empty()
    }

    /// Gives their ids.
    pub(super) fn ids(&self) -> BTreeSet<i64> {
        let mut ids: BTreeSet<i64> = self.loose.iter().map(|entry| entry.id).collect();
        for sent in &self.sent {
            ids.extend(sent.entries.iter().chain(sent.refused.iter().map(|(entry, _)| entry)).map(|entry| entry.id));
            ids.extend(sent.ranges.iter().flat_map(|range| range.first..=range.last));
        }
        ids
    }

    pub(super) fn delete(&self, source: &mut dyn TableSource) -> Result<(), TableFault> {
        let refused: Vec<(EntryId, String)> = self.sent.iter().flat_map(|sent| sent.refused.clone()).collect();
        if !refused.is_empty() {
            source.set_aside(&refused)?;
        }
        let of_packets = self.sent.iter().flat_map(|sent| sent.entries.iter().copied());
        let entries: Vec<EntryId> = of_packets.chain(self.loose.iter().copied()).collect();
        if !entries.is_empty() {
            source.delete(&entries)?;
        }
        let ranges: Vec<EntryRange> = self.sent.iter().flat_map(|sent| sent.ranges.iter().copied()).collect();
        if !ranges.is_empty() {
            source.delete_ranges(&ranges)?;
        }
        Ok(())
    }
}

/// What is asked of a source in one go.
struct Errand {
    done: Done,
    /// The next chunk: where it begins, how many rows it shall have, and the token of its marker.
    chunk: Option<(Place, u32, u64)>,
    /// Entries on their way.
    except: BTreeSet<i64>,
    limits: ReadLimits,
}

/// What came of it.
struct Returned {
    done: Done,
    deleted: Result<(), TableFault>,
    read: Read,
}

/// What was read ahead and nobody has taken yet.
#[derive(Default)]
pub(super) struct Read {
    chunk: Option<(Place, Result<Waiting, TableFault>)>,
    /// `None` where something before it went wrong.
    offered: Option<Result<Vec<Offered>, TableFault>>,
}

impl Read {
    fn is_empty(&self) -> bool {
        self.chunk.is_none() && self.offered.is_none()
    }
}

impl Errand {
    /// Runs it; behind a fault that is more than a chunk's rows held by an application nothing more is asked.
    fn run(self, source: &mut dyn TableSource) -> Returned {
        let deleted = self.done.delete(source);
        let mut read = Read::default();
        if deleted.is_ok() {
            read.chunk = self.chunk.map(|(place, rows, token)| {
                let waiting = read_chunk(source, &place, rows, token);
                (place, waiting)
            });
            if !matches!(&read.chunk, Some((_, Err(fault))) if !matches!(fault, TableFault::Busy { .. })) {
                read.offered = Some(read_entries(source, &self.except, self.limits));
            }
        }
        Returned { done: self.done, deleted, read }
    }
}

/// Reads the chunk that begins at a place.
pub(super) fn read_chunk(source: &mut dyn TableSource, place: &Place, rows: u32, token: u64) -> Result<Waiting, TableFault> {
    let (table, filter) = (place.table.as_str(), place.filter.as_deref());
    let chunk = source.chunk(&ChunkWanted { table, after: place.after.as_ref(), filter, rows }, token)?;
    Ok(Waiting { place: place.clone(), token, chunk, went: 0 })
}

/// Reads the oldest entries but for those that are on their way.
pub(super) fn read_entries(
    source: &mut dyn TableSource,
    except: &BTreeSet<i64>,
    limits: ReadLimits,
) -> Result<Vec<Offered>, TableFault> {
    let offered = source.read(except, limits)?;
    // The end of its transaction needs a row to stand in, and what follows may be none: so one more is wanted.
    match goes_on_alone(&offered) {
        true => source.read(except, ReadLimits { bytes: READ_BYTES * 4, ..limits }),
        false => Ok(offered),
    }
}

/// A single large row filled the read, and its transaction has more.
fn goes_on_alone(offered: &[Offered]) -> bool {
    matches!(offered, [Offered { entry: Entry::Change(change), .. }] if change.goes_on)
}

/// What a source is asked beside the engine's thread, and what it gave.
#[derive(Default)]
pub(super) struct Ahead {
    work: Option<Work<Returned>>,
    read: Read,
}

impl Ahead {
    /// Tells whether nothing is asked, and nothing waits to be taken.
    pub(super) fn is_empty(&self) -> bool {
        !self.is_asking() && !self.has_read()
    }

    /// Tells whether the source is being asked.
    pub(super) fn is_asking(&self) -> bool {
        self.work.is_some()
    }

    /// Tells whether something was read that nobody has taken.
    pub(super) fn has_read(&self) -> bool {
        !self.read.is_empty()
    }

    /// Takes the chunk that begins at a place; any other one is forgotten: it was read for an order that another one took the place of.
    pub(super) fn take_chunk(&mut self, place: &Place) -> Option<Result<Waiting, TableFault>> {
        self.read.chunk.take().filter(|(of, _)| of == place).map(|(_, chunk)| chunk)
    }

    /// Takes the entries.
    pub(super) fn take_entries(&mut self) -> Option<Result<Vec<Offered>, TableFault>> {
        self.read.offered.take()
    }

    /// Forgets what was read.
    pub(super) fn forget(&mut self) {
        self.read = Read::default();
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        if let Some(work) = self.work.take() {
            work.give_up();
        }
    }
}

impl Engine {
    /// Begins to read what comes behind the packets of these entries: where a chunk goes on behind the one among them, or a backlog waits.
    pub(super) fn read_ahead(&mut self, at: usize, on_their_way: BTreeSet<i64>, ends_chunk: bool) -> Result<(), EngineFault> {
        let (now_ms, records) = (self.seams.clock.mono_ms(), self.outgoing(at).channel.batch.max_records as usize);
        let place = if ends_chunk { self.place_behind(at)? } else { None };
        let token = self.draw_token();
        let second_thread = self.seams.second_thread;
        let Some(rows) = self.rows_out(at) else { return Ok(()) };
        let rests = rows.pace.rest.lasting(now_ms).is_some();
        let chunk = place.filter(|_| !rests).map(|place| (place, rows.pace.rows(), token));
        if chunk.is_none() && !rows.has_backlog() {
            return Ok(());
        }
        let (limits, source) = (rows.limits(records), rows.source.clone());
        let is_stock = chunk.is_some();
        let errand = Errand { done: std::mem::take(&mut rows.done), chunk, except: on_their_way, limits };
        let ask = move || errand.run(source.lock().as_mut());
        rows.ahead.work = Some(match is_stock {
            true => Work::begin_in_bulk("dukou-read", second_thread, u64::MAX, ask)?,
            false => Work::begin("dukou-read", second_thread, u64::MAX, ask)?,
        });
        Ok(())
    }

    /// Waits for what is read ahead: entries that it deleted are done with.
    pub(super) fn end_reading(&mut self, at: usize, report: &mut PassReport) -> Result<(), EngineFault> {
        let Some(work) = self.rows_out(at).and_then(|rows| rows.ahead.work.take()) else { return Ok(()) };
        let Returned { mut done, deleted, read } = work.finish();
        if deleted.is_ok() {
            self.note_deleted(std::mem::take(&mut done));
        }
        if let Some(rows) = self.rows_out(at) {
            drop(rows.done.sent.splice(..0, done.sent));
            drop(rows.done.loose.splice(..0, done.loose));
            rows.ahead.read = read;
        }
        match deleted {
            Ok(()) => Ok(()),
            Err(fault) => self.rest_source(at, fault, report),
        }
    }

    /// Follows entries that are deleted.
    pub(super) fn note_deleted(&mut self, done: Done) {
        done.sent.into_iter().for_each(|sent| self.ride(Change::SourcesAway(sent.packet)));
    }

    /// Draws the token of a marker.
    pub(super) fn draw_token(&self) -> u64 {
        let mut token = [0; 8];
        self.seams.random.fill(&mut token);
        // SQL knows signed numbers alone.
        u64::from_le_bytes(token) >> 1
    }
}
