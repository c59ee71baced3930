//! Delivering one group while the next one is staged and synced: step 4 of [`apply`](super::apply), on a second thread.
//!
//! Given: a marked group of whole records, the only one of its channel. Gives: its records at the sink, and its `applied` lines once somebody
//! waits for it, which the next mark does. After a crash: start delivers what is marked, and what was staged behind it is staged again. Never: a
//! second group marked before the first is delivered; a delivery that goes on behind the end of its channel's turn, or of the engine.

use super::apply::marked;
use super::open::Opened;
use crate::connectors::{Delivery, Sink};
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::group::Work;
use crate::seams::FileFault;
use crate::store::{PacketRow, RecordRow};
use dukou_packets::limits;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::packet::records::RecordKind;

/// Packets with their records.
type Packets = Vec<(PacketRow, Vec<RecordRow>)>;

/// The packets of a delivery, and what became of those that were tried, in order.
type Outcome = (Box<dyn Sink>, Packets, Vec<Result<Delivery, FileFault>>);

/// What of a channel is delivered beside the engine's thread.
#[derive(Default)]
pub(crate) struct Beside {
    /// The sink's second hand, while it is at rest.
    hand: Option<Box<dyn Sink>>,
    work: Option<Work<Outcome>>,
}

impl Drop for Beside {
    fn drop(&mut self) {
        if let Some(work) = self.work.take() {
            work.give_up();
        }
    }
}

impl Engine {
    /// Begins to deliver a channel's marked group beside the engine's thread; false where it has to be delivered here: other packets are before
    /// it, it has parts of files, which share one place, or the sink has no second hand.
    pub(super) fn deliver_beside(
        &mut self,
        channel: &ChannelName,
        staged: &mut Vec<(Opened, Vec<RecordRow>)>,
    ) -> Result<bool, EngineFault> {
        let second_thread = self.seams.second_thread;
        let is_whole = staged.iter().flat_map(|(_, rows)| rows).all(is_whole);
        let Some(incoming) = self.incoming.get_mut(channel) else { return Ok(false) };
        if !is_whole || staged.is_empty() || incoming.delivering.len() != staged.len() {
            return Ok(false);
        }
        let Some(hand) = incoming.beside.hand.take().or_else(|| incoming.sink.second_hand()) else { return Ok(false) };
        let packets = std::mem::take(staged).into_iter().map(|(opened, rows)| (marked(&opened.row, &rows), rows)).collect();
        // Where no thread can be had, the engine's own delivers.
        let Ok(work) = Work::begin_on_disk("dukou-deliver", second_thread, move || deliver(hand, packets)) else {
            return Ok(false);
        };
        incoming.beside.work = Some(work);
        Ok(true)
    }

    /// Waits for what is delivered beside the engine's thread; true when nothing marked is left of the channel.
    pub(super) fn finish_delivering(&mut self, channel: &ChannelName, report: &mut PassReport) -> Result<bool, EngineFault> {
        let Some(incoming) = self.incoming.get_mut(channel) else { return Ok(true) };
        if let Some(work) = incoming.beside.work.take() {
            let (hand, packets, deliveries) = work.finish();
            incoming.beside.hand = Some(hand);
            for ((row, records), delivery) in packets.into_iter().zip(deliveries) {
                if !self.take_delivery(row, &records, delivery.map_err(EngineFault::from), report)? {
                    return Ok(false);
                }
            }
        }
        Ok(self.incoming.get(channel).is_none_or(|incoming| incoming.delivering.is_empty()))
    }
}

/// Delivers packets in order, up to the first that waits or fails.
fn deliver(mut hand: Box<dyn Sink>, packets: Packets) -> Outcome {
    let mut deliveries = Vec::new();
    for (row, records) in &packets {
        let delivery = hand.deliver(&row.key, records);
        let is_done = matches!(delivery, Ok(Delivery::Done));
        deliveries.push(delivery);
        if !is_done {
            break;
        }
    }
    (hand, packets, deliveries)
}

/// True for a record that stands for itself: no part of a file, and none that ends one.
fn is_whole(row: &RecordRow) -> bool {
    match row.kind {
        RecordKind::File => row.bytes <= limits::BODY_MAX,
        kind => kind == RecordKind::Tombstone,
    }
}
