//! The stock push: the rows that a table holds already, in chunks by rising key, each at its place among the increments.
//!
//! Given: a person's order. Gives: the chunks' rows in packets, at the places that their markers have in the outbox, so that later increments win. After a
//! crash: the order stands in the store, with the last key of the newest chunk whose packets exist, moved on in the very transaction that made them; a marker
//! that nobody waits for is only deleted. Never: a row pushed behind a change that was made after it was read.

use super::bare;
use super::deal::Piece;
use crate::connectors::tables::{Cells, ChunkWanted, Op, RowChange};
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::store::facts::Fact;
use crate::store::{Change, StationState, StoreFault};
use dukou_packets::packet::header::ChannelName;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

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
    pub(super) fn covers(&self, change: &RowChange) -> bool {
        let comes = self.tables.iter().skip(1).any(|table| *table == change.table);
        self.is_first && comes && matches!(change.op, Op::Insert | Op::Update)
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

    /// Reads the next chunk unless one waits for its place; false when the database could not.
    pub(super) fn read_chunk(&mut self, at: usize, report: &mut PassReport) -> Result<bool, EngineFault> {
        let Some(push) = push_of(&self.state, &self.channel_name(at))? else { return Ok(true) };
        let after = push.after.as_deref().map(read_key).transpose()?;
        let rows = self.outgoing(at).channel.batch.max_records;
        let mut token = [0; 8];
        self.seams.random.fill(&mut token);
        // SQL knows signed numbers alone.
        let token = u64::from_le_bytes(token) >> 1;
        let Some(out) = self.rows_out(at) else { return Ok(true) };
        let (Some(table), None) = (push.tables.first(), &out.chunk) else { return Ok(true) };
        let filter = push.filter.as_deref();
        let wanted = ChunkWanted { table, after: after.as_ref(), filter, rows };
        match out.source.chunk(&wanted, token) {
            Ok(chunk) => {
                out.chunk = Some((token, chunk));
                Ok(true)
            }
            Err(fault) => self.rest_source(at, fault, report).map(|()| false),
        }
    }

    /// Puts the rows of a chunk in the place of its marker; a marker that nobody waits for is only deleted.
    pub(super) fn place_chunk(
        &mut self,
        at: usize,
        token: u64,
        id: i64,
        at_ms: i64,
        pieces: &mut Vec<Piece>,
    ) -> Result<(), EngineFault> {
        let Some(out) = self.rows_out(at) else { return Ok(()) };
        let waits = out.chunk.as_ref().filter(|(waited, chunk)| *waited == token && !chunk.rows.is_empty());
        if let Some((_, chunk)) = waits {
            let last = chunk.rows.len() - 1;
            for (index, row) in chunk.rows.iter().enumerate() {
                let mut piece = Piece::of_change(row, at_ms, (index == last).then_some(id));
                piece.ends_chunk = index == last;
                pieces.push(piece);
            }
            return Ok(());
        }
        out.loose.push(id);
        // A chunk without rows has no packet: the push moves on by itself.
        if out.chunk.as_ref().is_some_and(|(waited, _)| *waited == token) {
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
        let (Some((_, chunk)), Some(push)) = (chunk, pushes.0.remove(&channel)) else { return Ok(()) };
        let is_first = push.is_first;
        match push.behind(chunk.rows.len() as u64, chunk.last.as_ref(), chunk.left) {
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
        let change = |table: &str, op| RowChange { table: table.to_string(), op, ..bare(&Vec::new()) };
        let push = Push { tables: vec!["a".to_string(), "b".to_string()], is_first: true, ..Push::default() };
        assert!(push.covers(&change("b", Op::Insert)) && push.covers(&change("b", Op::Update)));
        assert!(!push.covers(&change("b", Op::Delete)), "no chunk shows what is gone");
        assert!(!push.covers(&change("a", Op::Update)), "its chunk may have gone");
        assert!(!push.covers(&change("c", Op::Update)), "it went or is not pushed");
        assert!(!Push { is_first: false, ..push }.covers(&change("b", Op::Insert)));
    }

    #[test]
    fn a_push_moves_on_chunk_by_chunk_and_table_by_table_and_ends() {
        let key = |text: &str| vec![("id".to_string(), Value::Text(text.to_string()))];
        let push = Push { tables: vec!["a".to_string(), "b".to_string()], ..Push::default() };
        let push = push.behind(3, Some(&key("7 \"x\"")), 9).unwrap();
        assert_eq!(read_key(push.after.as_deref().unwrap()).unwrap(), key("7 \"x\""));
        let push = push.behind(2, None, 0).unwrap();
        assert_eq!((push.tables.as_slice(), push.after.as_deref(), push.rows), (&["b".to_string()][..], None, 5));
        assert_eq!(push.behind(0, None, 0), None);
    }
}
