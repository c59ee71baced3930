//! Giving one group to its sink while the group before it is marked here and the next one is gathered: step 2 of
//! [`receive_rows`](Engine::receive_rows), on a second thread.
//!
//! Given: a group whose `seen` lines are durable, the only one of its channel. Gives: what became of its packets, once somebody waits for it. After a crash: the
//! sink's mark tells what it has; it may be ahead of the store by the group before, too. Never: a group given before the one before it was; a giving
//! that goes on behind the end of its channel's turn, or of the engine.

use super::{Carried, Given, HeldRow, NOT_ROWS, RowsIn};
use super::{Hand, TableFault};
use crate::connectors::tables::Look;
use crate::engine::Engine;
use crate::error::EngineFault;
use crate::group::{Group, Work};
use crate::receive::open::{Opened, Opening};
use crate::receive::pick_up::PickedFrom;
use crate::schema::Document;
use crate::store::{PacketRow, RecordRow};
use dukou_packets::packet::header::{ChannelName, LogHead};

/// A group that its sink was given.
pub(super) struct GivenGroup {
    /// What the sink has, with the records.
    pub(super) applied: Vec<(Opened, Vec<RecordRow>)>,
    /// The packet that it does not have, and those behind it, which were not tried.
    pub(super) stopped: Option<Stopped>,
    /// The newest head of the peer's log that the packets name.
    pub(super) peer_log: Option<LogHead>,
}

/// Where a group stopped, and why.
pub(super) struct Stopped {
    pub(super) why: Stop,
    /// The packet's number.
    pub(super) seq: u64,
    /// It and those behind it.
    pub(super) packets: Vec<(PacketRow, Option<PickedFrom>)>,
}

/// Why a packet was not applied.
pub(super) enum Stop {
    Later(TableFault),
    Held(HeldRow),
    Unopened(&'static str),
}

/// What of a channel is given to its sink beside the engine's thread.
#[derive(Default)]
pub(super) struct Giving {
    work: Option<Work<(Hand, GivenGroup)>>,
    /// What the sink looks at runs with, as it was before.
    look: Option<Look>,
}

impl Drop for Giving {
    fn drop(&mut self) {
        if let Some(work) = self.work.take() {
            work.give_up();
        }
    }
}

impl Engine {
    /// Begins to give a group to its sink.
    pub(super) fn begin_giving(&mut self, channel: &ChannelName, group: Group<Opening>) -> Result<(), EngineFault> {
        let (second_thread, (_, plain_bytes)) = (self.seams.second_thread, group.size());
        let pending = self.pending_document(channel);
        let Some(rows) = self.rows_in(channel) else { return Ok(()) };
        rows.giving.look = rows.look();
        let mut hand = rows.hand();
        let give = move || {
            let given = give_group(&mut hand, group, pending.as_ref());
            (hand, given)
        };
        rows.giving.work = Some(Work::begin("dukou-apply", second_thread, plain_bytes, give)?);
        Ok(())
    }

    /// Waits for what is given; `None` where nothing is.
    pub(super) fn finish_giving(&mut self, channel: &ChannelName) -> Option<GivenGroup> {
        let rows = self.rows_in(channel)?;
        let (hand, given) = rows.giving.work.take()?.finish();
        if !given.applied.is_empty() {
            rows.follow(&hand);
        }
        Some(given)
    }
}

impl RowsIn {
    /// Gives what the sink looks at runs with, without waiting for what it is given.
    pub(super) fn look(&self) -> Option<Look> {
        match self.giving.work {
            Some(_) => self.giving.look.clone(),
            None => self.sink.as_ref()?.lock().look(),
        }
    }
}

/// Gives the packets of a group in order, up to the first that its sink does not take.
fn give_group(hand: &mut Hand, group: Group<Opening>, pending: Option<&Document>) -> GivenGroup {
    let peer_log = group.packets.iter().map(|packet| packet.verified.head.header.own_log).max_by_key(|head| head.size);
    let mut given = GivenGroup { applied: Vec::new(), stopped: None, peer_log };
    let mut openings = group.packets.into_iter();
    for opening in openings.by_ref() {
        match give_packet(hand, opening, pending) {
            Ok(applied) => given.applied.push(applied),
            Err(stopped) => {
                given.stopped = Some(*stopped);
                break;
            }
        }
    }
    if let Some(stopped) = &mut given.stopped {
        stopped.packets.extend(openings.map(|opening| (opening.verified.row, opening.verified.picked)));
    }
    given
}

fn give_packet(
    hand: &mut Hand,
    opening: Opening,
    pending: Option<&Document>,
) -> Result<(Opened, Vec<RecordRow>), Box<Stopped>> {
    let stopped = |row: PacketRow, picked, why| Box::new(Stopped { why, seq: row.key.seq, packets: vec![(row, picked)] });
    let mut opened = match opening.finish() {
        Ok(opened) => opened,
        Err(unopened) => return Err(stopped(unopened.row, unopened.picked, Stop::Unopened(unopened.refusal.code()))),
    };
    let carried = opened.carried.take().unwrap_or_else(|| Carried::by(&opened.row, &opened.records, None));
    let Carried { packet: Some(packet), rows } = carried else {
        return Err(stopped(opened.row, opened.picked, Stop::Unopened(NOT_ROWS)));
    };
    match hand.give(&opened.row.key, &packet.going_in(pending)) {
        Given::Applied => Ok((opened, rows)),
        Given::Later(fault) => Err(stopped(opened.row, opened.picked, Stop::Later(fault))),
        Given::Held(held) => Err(stopped(opened.row, opened.picked, Stop::Held(held))),
    }
}
