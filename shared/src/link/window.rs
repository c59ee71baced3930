//! The window: a channel takes nothing more on while too much of it is packed and not confirmed.
//!
//! Given: receipts. Gives: whether a channel may go on; each channel has a window of its own, so that a full one holds up no other. After a crash: counted
//! anew from the store. Never: one packet more than the window
//! has room for, whatever is sealed together; a window on a link without a way back; a standstill while signals with receipts come, which they do at the peer's period.

use crate::engine::Engine;
use crate::error::EngineFault;
use crate::link::receipts::Receipts;
use crate::station::LinkConfig;
use crate::store::{Direction, OutHead, Store, StoreFault};
use dukou_packets::packet::header::{ChannelName, Epoch};
use std::collections::VecDeque;

/// What of a channel is packed and not confirmed.
#[derive(Default)]
pub(crate) struct Flight {
    epoch: Option<Epoch>,
    /// The packet before the first one of `sizes`.
    confirmed: u64,
    /// Lengths of the packets behind it, in order.
    sizes: VecDeque<u64>,
    bytes: u64,
}

impl Flight {
    /// Lets confirmed packets go; begins anew where the receipt fell or another epoch began.
    fn confirm(&mut self, epoch: Epoch, confirmed: u64) {
        if self.epoch != Some(epoch) || confirmed < self.confirmed {
            *self = Self { epoch: Some(epoch), confirmed, ..Self::default() };
        }
        while self.confirmed < confirmed {
            self.confirmed += 1;
            self.bytes -= self.sizes.pop_front().unwrap_or(0);
        }
    }

    fn newest(&self) -> u64 {
        self.confirmed + self.sizes.len() as u64
    }

    fn push(&mut self, bytes: u64) {
        self.sizes.push_back(bytes);
        self.bytes += bytes;
    }
}

/// What a channel may still take on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    packets: u64,
    bytes: u64,
}

impl Room {
    /// No bound.
    pub(crate) const ENDLESS: Self = Self { packets: u64::MAX, bytes: u64::MAX };

    /// The whole window.
    fn of(config: &LinkConfig) -> Self {
        Self { packets: config.window_packets.into(), bytes: u64::from(config.window_mib) << 20 }
    }

    /// Gives what is left behind so many packets of so many bytes together.
    pub(crate) fn without(self, packets: u64, bytes: u64) -> Self {
        Self { packets: self.packets.saturating_sub(packets), bytes: self.bytes.saturating_sub(bytes) }
    }

    /// True when not one packet more may be taken on; the last one may end beyond the bytes.
    pub(crate) fn is_used_up(self) -> bool {
        self.packets == 0 || self.bytes == 0
    }
}

/// Tells from the store alone whether a channel waits for receipts.
pub(crate) fn waits_for_receipts(
    config: &LinkConfig,
    receipts: &Receipts,
    channel: &ChannelName,
    head: &OutHead,
    store: &mut dyn Store,
) -> Result<bool, StoreFault> {
    let confirmed = receipts.confirmed_seq(channel, head.epoch);
    let packets = head.seq.saturating_sub(confirmed);
    let room = Room::of(config).without(packets, 0);
    if packets == 0 || room.is_used_up() {
        return Ok(packets > 0);
    }
    let rows = store.packet_range(Direction::Out, channel, &head.epoch, confirmed + 1, head.seq)?;
    Ok(room.without(0, rows.iter().map(|row| row.sealed_bytes).sum()).is_used_up())
}

impl Engine {
    /// Tells whether a channel may take more on.
    pub(crate) fn window_is_open(&mut self, at: usize) -> Result<bool, EngineFault> {
        Ok(!self.window_room(at)?.is_used_up())
    }

    /// Gives what a channel may still take on, besides what is being sealed.
    pub(crate) fn window_room(&mut self, at: usize) -> Result<Room, EngineFault> {
        let channel = self.channel_name(at);
        let head = self.out_head(&channel).cloned().filter(|_| self.station.way_back());
        let Some(head) = head else {
            return Ok(if self.station.way_back() { Room::of(&self.station.config.link) } else { Room::ENDLESS });
        };
        let confirmed = self.receipts().map_or(0, |receipts| receipts.confirmed_seq(&channel, head.epoch));
        let packets = head.seq.saturating_sub(confirmed);
        let room = Room::of(&self.station.config.link).without(packets, 0);
        if room.is_used_up() {
            return Ok(room);
        }
        let flight = self.link.flights.entry(channel.clone()).or_default();
        flight.confirm(head.epoch, confirmed);
        let newest = flight.newest();
        let rows = match newest < head.seq {
            true => self.store().packet_range(Direction::Out, &channel, &head.epoch, newest + 1, head.seq)?,
            false => Vec::new(),
        };
        let flight = self.link.flights.entry(channel).or_default();
        rows.iter().for_each(|row| flight.push(row.sealed_bytes));
        Ok(room.without(0, flight.bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCH: Epoch = Epoch { counter: 1, salt: [1; 8] };

    fn three() -> Flight {
        let mut flight = Flight::default();
        flight.confirm(EPOCH, 10);
        [5, 6, 7].into_iter().for_each(|bytes| flight.push(bytes));
        flight
    }

    #[test]
    fn what_is_confirmed_leaves_the_window() {
        let mut flight = three();
        assert_eq!((flight.newest(), flight.bytes), (13, 18));
        flight.confirm(EPOCH, 12);
        assert_eq!((flight.newest(), flight.bytes), (13, 7));
        flight.confirm(EPOCH, 20);
        assert_eq!((flight.newest(), flight.bytes), (20, 0));
    }

    #[test]
    fn a_receipt_that_falls_and_another_epoch_begin_anew() {
        let mut flight = three();
        flight.confirm(EPOCH, 4);
        assert_eq!((flight.newest(), flight.bytes), (4, 0));
        let mut flight = three();
        flight.confirm(Epoch { counter: 2, ..EPOCH }, 0);
        assert_eq!((flight.newest(), flight.bytes), (0, 0));
    }
}
