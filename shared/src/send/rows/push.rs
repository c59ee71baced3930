//! The stock push: the rows that a table holds already, in chunks by rising key, each at its place among the increments.
//!
//! Given: a person's order. Gives: the chunks' rows in packets, at the places that their markers have in the outbox, so that later increments win. After a
//! crash: the order stands in the store, with the last key of the newest chunk whose packets exist, moved on in the very transaction that made them; a marker
//! that nobody waits for is only deleted. Never: a row pushed behind a change that was made after it was read.

use super::ahead::read_chunk;
use super::bare;
use super::deal::{Piece, within_packets};
use crate::channel::BatchConfig;
use crate::connectors::tables::rest::Rest;
use crate::connectors::tables::{Cells, Chunk, EntryId, Op, RowChange, RowsPart, TableFault};
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::store::facts::Fact;
use crate::store::{Change, StationState, StoreFault};
use dukou_packets::packet::header::ChannelName;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Rows of the first chunk, and of the first behind one that an application held up.
const FIRST_ROWS: u32 = 64;

/// How many times as many the next one has, as long as nothing held it up.
const GROWTH: u32 = 16;

/// Most rows of a chunk.
const MOST_ROWS: u32 = 65_536;

/// Bytes of values that a chunk is meant to have: with what a record says of itself it fits a packet as these are by default.
const CHUNK_BYTES: u64 = 7 << 20;

/// A chunk that was read, on its way to its place.
pub(super) struct Waiting {
    /// Where it begins.
    pub(super) place: Place,
    pub(super) token: u64,
    pub(super) chunk: Chunk,
    /// How many of its parts have their packets already, because the channel had to stop amid it.
    pub(super) went: usize,
}

/// Where a chunk begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// For which order: what was read for one that another one took the place of does not go.
    order: u64,
    pub(super) table: String,
    /// The last key of the chunk before; `None` for the first.
    pub(super) after: Option<Cells>,
    pub(super) filter: Option<String>,
}

/// How large chunks are: each waits behind the whole outbox, so few of them must do, whatever a packet holds; and each holds its rows for a moment
/// against the applications, so one that cannot have them asks for fewer, and lets the changes pass meanwhile.
#[derive(Debug)]
pub(super) struct Pace {
    rows: u32,
    pub(super) rest: Rest,
}

impl Default for Pace {
    fn default() -> Self {
        Self { rows: FIRST_ROWS, rest: Rest::default() }
    }
}

impl Pace {
    /// Gives how many rows the next chunk shall have.
    pub(super) fn rows(&self) -> u32 {
        self.rows
    }

    /// Follows a chunk that was read.
    fn went(&mut self, chunk: &Chunk) {
        self.rest.end();
        let bytes: u64 = chunk.parts.iter().map(bytes_of).sum();
        let fitting = chunk.rows().max(1) * CHUNK_BYTES / bytes.max(1);
        let fitting = u32::try_from(fitting).unwrap_or(MOST_ROWS);
        self.rows = (self.rows * GROWTH).min(fitting).clamp(1, MOST_ROWS);
    }

    /// Follows a chunk whose rows an application held.
    fn was_held_up(&mut self, now_ms: u64, fault: TableFault) {
        self.rest.begin(now_ms, fault);
        self.rows = (self.rows / 2).clamp(1, FIRST_ROWS);
    }
}

/// The bytes of a part's values.
fn bytes_of(part: &RowsPart) -> u64 {
    match part {
        RowsPart::One(change) => change.row.iter().map(|(_, value)| value.bytes()).sum(),
        RowsPart::Run(run) => run.lines().len() as u64,
    }
}

/// What is to be pushed, by channel: a fact in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pushes(pub(crate) BTreeMap<ChannelName, Push>);

impl Fact for Pushes {
    const NAME: &str = "pushes";
}

/// The channels whose whole stock went once: a fact in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pushed(pub(crate) BTreeSet<ChannelName>);

impl Fact for Pushed {
    const NAME: &str = "pushed";
}

/// An order to push the stock of a channel's tables.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Push {
    /// Tables still to be pushed; the first one is at work.
    pub(crate) tables: Vec<String>,
    /// The condition of the person, where only some rows are wanted.
    pub(crate) filter: Option<String>,
    /// The last key of the first table that went, as the key of a row change's body.
    pub(crate) after: Option<String>,
    /// The sink may have nothing yet: changes of tables that are not at work yet wait for their chunks, so that no child comes before its parent.
    #[serde(default)]
    pub(crate) is_first: bool,
    /// Account of the person.
    pub(crate) operator: String,
    /// Rows that went.
    pub(crate) rows: u64,
    /// How many rows of the table at work were still to come at the newest chunk.
    pub(crate) left: u64,
    /// Running time (ms) at which it began.
    pub(crate) began_run_ms: u64,
}

impl Push {
    /// Tells whether a change need not go, because a chunk to come will show the row as it is by then. What is gone is told in any case.
    pub(super) fn covers(&self, of: &str, op: Op) -> bool {
        let comes = self.tables.iter().skip(1).any(|table| table == of);
        self.is_first && comes && matches!(op, Op::Insert | Op::Update)
    }

    /// Gives where the next chunk begins; `None` where there is none.
    fn place(&self, order: u64) -> Result<Option<Place>, StoreFault> {
        let after = self.after.as_deref().map(read_key).transpose()?;
        let filter = self.filter.clone();
        Ok(self.tables.first().cloned().map(|table| Place { order, table, after, filter }))
    }

    /// Moves on behind a chunk; `None` when that was the last one.
    fn behind(mut self, rows: u64, last: Option<&Cells>, left: u64) -> Option<Self> {
        self.rows += rows;
        self.left = left;
        self.after = last.map(key_body);
        if last.is_none() {
            self.tables.remove(0);
        }
        (!self.tables.is_empty()).then_some(self)
    }
}

/// Cuts a part of a chunk so that each fits a packet.
fn cut(part: RowsPart, most: &BatchConfig) -> Vec<RowsPart> {
    match part {
        RowsPart::Run(run) => within_packets(run, most).into_iter().map(RowsPart::Run).collect(),
        one => vec![one],
    }
}

/// Writes a key as the body of a record would.
fn key_body(key: &Cells) -> String {
    String::from_utf8_lossy(&bare(key).render(usize::MAX).0).into_owned()
}

/// Reads a key that [`key_body`] wrote.
fn read_key(body: &str) -> Result<Cells, StoreFault> {
    let change = RowChange::parse(body.as_bytes(), &[]);
    change.map(|change| change.key).map_err(|_| StoreFault::Corrupt("the last key of a stock push cannot be read".to_string()))
}

/// Gives a channel's push, if any.
pub(crate) fn push_of(state: &StationState, channel: &ChannelName) -> Result<Option<Push>, StoreFault> {
    Ok(state.fact::<Pushes>()?.0.remove(channel))
}

impl Engine {
    pub(super) fn has_push(&self, at: usize) -> Result<bool, EngineFault> {
        Ok(push_of(&self.state, &self.channel_name(at))?.is_some_and(|push| !push.tables.is_empty()))
    }

    /// Reads the next chunk unless one waits for its place; false when the database cannot do anything now. Rows that an application holds are no
    /// reason to keep the changes waiting.
    pub(super) fn read_chunk(&mut self, at: usize, report: &mut PassReport) -> Result<bool, EngineFault> {
        let Some(push) = push_of(&self.state, &self.channel_name(at))? else { return Ok(true) };
        let (now_ms, token) = (self.seams.clock.mono_ms(), self.draw_token());
        let batch = self.outgoing(at).channel.batch.clone();
        let Some(out) = self.rows_out(at) else { return Ok(true) };
        let Some(place) = push.place(out.orders)? else { return Ok(true) };
        // The marker of another chunk is only deleted.
        out.chunk = out.chunk.take().filter(|waiting| waiting.place == place);
        if out.chunk.is_some() {
            return Ok(true);
        }
        if let Some(fault) = out.pace.rest.lasting(now_ms).cloned() {
            return self.tell_database(&self.channel_name(at), fault, report).map(|()| true);
        }
        let ahead = out.ahead.take_chunk(&place);
        let rows = out.pace.rows;
        let read = ahead.unwrap_or_else(|| read_chunk(out.source.lock().as_mut(), &place, rows, token));
        match read {
            Ok(mut waiting) => {
                out.pace.went(&waiting.chunk);
                waiting.chunk.parts = waiting.chunk.parts.into_iter().flat_map(|part| cut(part, &batch)).collect();
                out.chunk = Some(waiting);
                Ok(true)
            }
            Err(fault @ TableFault::Busy { .. }) => {
                out.pace.was_held_up(now_ms, fault.clone());
                self.tell_database(&self.channel_name(at), fault, report).map(|()| true)
            }
            Err(fault) => self.rest_source(at, fault, report).map(|()| false),
        }
    }

    /// Gives where the chunk behind the one that waits begins.
    pub(super) fn place_behind(&mut self, at: usize) -> Result<Option<Place>, EngineFault> {
        let push = push_of(&self.state, &self.channel_name(at))?;
        let (Some(push), Some(out)) = (push, self.rows_out(at)) else { return Ok(None) };
        let Some(Waiting { chunk, .. }) = &out.chunk else { return Ok(None) };
        let behind = push.behind(chunk.rows(), chunk.last.as_ref(), chunk.left);
        Ok(behind.map(|push| push.place(out.orders)).transpose()?.flatten())
    }

    /// Begins another order for a channel: chunks that were read before do not go.
    pub(crate) fn begin_order(&mut self, channel: &ChannelName) {
        let of_channel = self.outgoing.iter_mut().find(|outgoing| outgoing.channel.channel == *channel);
        of_channel.and_then(|outgoing| outgoing.rows.as_mut()).into_iter().for_each(|rows| rows.orders += 1);
    }

    /// Puts the rows of a chunk in the place of its marker; a marker that nobody waits for is only deleted.
    pub(super) fn place_chunk(
        &mut self,
        at: usize,
        token: u64,
        id: EntryId,
        at_ms: i64,
        pieces: &mut Vec<Piece>,
    ) -> Result<(), EngineFault> {
        let pending = self.pending_at(at);
        let Some(out) = self.rows_out(at) else { return Ok(()) };
        let waiting = out.chunk.as_ref().filter(|waiting| waiting.token == token);
        if let Some(Waiting { chunk, went, .. }) = waiting.filter(|waiting| !waiting.chunk.parts.is_empty()) {
            let last = chunk.parts.len() - 1;
            let needs = |part: &RowsPart| pending.as_ref().is_some_and(|pending| pending.is_needed_by_any(part));
            let piece = |(index, part)| Piece::of_chunk(part, at_ms, (index == last).then_some(id)).needing(needs(part));
            pieces.extend(chunk.parts.iter().enumerate().skip(*went).map(piece));
            return Ok(());
        }
        let is_ours = waiting.is_some();
        out.done.loose.push(id);
        // A chunk without rows has no packet: the push moves on by itself.
        if is_ours {
            self.ride_progress(at)?;
            self.flush()?;
        }
        Ok(())
    }

    /// Lets the progress of the push ride with the transaction in which the packets of its chunk begin to exist.
    pub(super) fn ride_progress(&mut self, at: usize) -> Result<(), EngineFault> {
        let channel = self.channel_name(at);
        let mut pushes = self.state.fact::<Pushes>()?;
        let chunk = self.rows_out(at).and_then(|out| out.chunk.take());
        let (Some(Waiting { chunk, .. }), Some(push)) = (chunk, pushes.0.remove(&channel)) else { return Ok(()) };
        let is_first = push.is_first;
        match push.behind(chunk.rows(), chunk.last.as_ref(), chunk.left) {
            Some(push) => drop(pushes.0.insert(channel, push)),
            None if is_first => {
                let mut pushed = self.state.fact::<Pushed>()?;
                pushed.0.insert(channel);
                self.ride(Change::fact(&pushed)?);
            }
            None => {}
        }
        self.ride(Change::fact(&pushes)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::tables::Value;

    #[test]
    fn only_what_a_chunk_to_come_will_show_need_not_go() {
        let push = Push { tables: vec!["a".to_string(), "b".to_string()], is_first: true, ..Push::default() };
        assert!(push.covers("b", Op::Insert) && push.covers("b", Op::Update));
        assert!(!push.covers("b", Op::Delete), "no chunk shows what is gone");
        assert!(!push.covers("a", Op::Update), "its chunk may have gone");
        assert!(!push.covers("c", Op::Update), "it went or is not pushed");
        assert!(!Push { is_first: false, ..push }.covers("b", Op::Insert));
    }

    #[test]
    fn chunks_grow_to_what_memory_allows_and_shrink_where_applications_hold_rows() {
        let chunk = |rows: u32, bytes: usize| {
            let row = vec![("v".into(), Value::Bytes(vec![0; bytes]))];
            Chunk { parts: vec![RowsPart::One(RowChange { row, ..bare(&Vec::new()) }); rows as usize], last: None, left: 0 }
        };
        let mut pace = Pace::default();
        let sizes = [0; 4].map(|_| {
            pace.went(&chunk(pace.rows, 10));
            pace.rows
        });
        assert_eq!(sizes, [1024, 16_384, 65_536, 65_536]);
        pace.went(&chunk(1024, 14 << 10));
        assert_eq!(pace.rows, 512, "twice the bytes that a chunk is meant to have");
        let held = TableFault::Busy { place: "p".to_string(), words: "w".to_string() };
        let sizes = [0; 8].map(|_| {
            pace.was_held_up(0, held.clone());
            pace.rows
        });
        assert_eq!(sizes, [64, 32, 16, 8, 4, 2, 1, 1]);
        pace.went(&chunk(1, 16 << 20));
        assert_eq!(pace.rows, 1);
        assert!(pace.rest.lasting(0).is_none());
    }

    #[test]
    fn a_push_moves_on_chunk_by_chunk_and_table_by_table_and_ends() {
        let key = |text: &str| vec![("id".into(), Value::Text(text.to_string()))];
        let push = Push { tables: vec!["a".to_string(), "b".to_string()], ..Push::default() };
        let push = push.behind(3, Some(&key("7 \"x\"")), 9).unwrap();
        assert_eq!(read_key(push.after.as_deref().unwrap()).unwrap(), key("7 \"x\""));
        let push = push.behind(2, None, 0).unwrap();
        assert_eq!((push.tables.as_slice(), push.after.as_deref(), push.rows), (&["b".to_string()][..], None, 5));
        assert_eq!(push.behind(0, None, 0), None);
    }
}
