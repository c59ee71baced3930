//! Automatic resend: what the peer's newest signal names as missing is placed again.
//!
//! Given: receipts. Gives: the missing packets under new names, beside live traffic. After a crash: waiting times begin anew, so that a packet may be
//! placed once more than without it. Never: a packet that may just be under way, one that is not missing, or one twice for one and the same signal of a
//! peer that promises more of them.

use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::link::receipts::Receipt;
use crate::link::troubles::past_keeping;
use crate::ranges::gathered;
use crate::send::repeat::{Cause, batch};
use crate::store::{Direction, OutHead, PacketKey, PacketRow, PacketState};
use dukou_packets::packet::header::ChannelName;

/// Most missing packets of a channel that one look considers, the lowest numbers first: the peer applies them in this order.
const CONSIDERED: usize = 4096;

/// Longest wait (running time, ms) between two tries of one packet, where the first wait is not longer.
const WAIT_MAX_MS: u64 = 3_600_000;

/// Tries that are remembered before those that are of no more use are forgotten.
const TRIES_MAX: usize = 4096;

/// When a packet was placed again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Try {
    /// Running time (ms) of the last time.
    run_ms: u64,
    /// How often this station did it by itself, in this run.
    times: u32,
    /// The peer's newest signal at that time.
    signal: u64,
}

impl Engine {
    /// Remembers that a packet is placed later than it was made, or again: it may be under way from now on.
    pub(crate) fn note_placed(&mut self, packet: &PacketKey) {
        let (run_ms, signal) = (self.running_ms(), self.link.receipts.signal);
        let times = self.link.tries.get(packet).map_or(0, |before| before.times);
        self.link.tries.insert(packet.clone(), Try { run_ms, times, signal });
    }

    /// Remembers that this station places a packet again by itself.
    pub(crate) fn note_try(&mut self, row: &PacketRow) {
        self.note_placed(&row.key);
        if let Some(last) = self.link.tries.get_mut(&row.key) {
            last.times = last.times.saturating_add(1);
        }
    }

    /// Gives the running time (ms) at which a packet left for the last time, as far as this run knows.
    pub(crate) fn left_run_ms(&self, row: &PacketRow) -> u64 {
        self.link.tries.get(&row.key).map_or(row.run_ms, |last| last.run_ms.max(row.run_ms))
    }

    /// Places what is missing at the peer again, as far as its time has come and the pace allows.
    pub(crate) fn resend_missing(&mut self, report: &mut PassReport) -> Result<(), EngineFault> {
        if !self.station.way_back() {
            return Ok(());
        }
        for at in 0..self.outgoing.len() {
            let channel = self.channel_name(at);
            let receipt = self.receipts().and_then(|receipts| receipts.channels.get(&channel)).cloned();
            let (Some(receipt), Some(head)) = (receipt, self.out_head(&channel).cloned()) else { continue };
            if receipt.epoch == head.epoch && !receipt.missing.is_empty() {
                self.resend_of_channel(at, &channel, &head, &receipt, report)?;
            }
        }
        Ok(())
    }

    fn resend_of_channel(
        &mut self,
        at: usize,
        channel: &ChannelName,
        head: &OutHead,
        receipt: &Receipt,
        report: &mut PassReport,
    ) -> Result<(), EngineFault> {
        let mut rows = self.missing_rows(channel, head, receipt)?;
        let gone: Vec<u64> = rows.iter().filter(|row| row.spool.is_none()).map(|row| row.key.seq).collect();
        report.troubles.extend((!gone.is_empty()).then(|| past_keeping(channel, &gathered(gone), self.lang())));
        rows.retain(|row| row.spool.is_some() && self.left_long_ago(row));
        rows.truncate(usize::try_from(self.may_place_again()).unwrap_or(usize::MAX));
        let mut rest = rows.as_slice();
        while !rest.is_empty() {
            let next = batch(rest);
            if !self.repeat_batch(at, next, Cause::Missing, report)? {
                break;
            }
            rest = rest.get(next.len()..).unwrap_or_default();
        }
        Ok(())
    }

    /// Gives the rows of the missing packets whose wait is over: a question to the store for each stretch of numbers, however many holes it has.
    fn missing_rows(
        &mut self,
        channel: &ChannelName,
        head: &OutHead,
        receipt: &Receipt,
    ) -> Result<Vec<PacketRow>, EngineFault> {
        let missing = receipt.missing.iter().flat_map(|(from, to)| *from..=*to).take(CONSIDERED);
        let rested = |seq: &u64| self.has_rested(&Self::packet_key(Direction::Out, channel, head.epoch, *seq));
        let missing: Vec<u64> = missing.filter(rested).collect();
        let mut found = Vec::new();
        let mut rest = missing.as_slice();
        while let Some(first) = rest.first() {
            let near = rest.partition_point(|seq| *seq < first.saturating_add(CONSIDERED as u64));
            let (stretch, behind) = rest.split_at(near);
            let last = stretch.last().unwrap_or(first);
            let rows = self.store().packet_range(Direction::Out, channel, &head.epoch, *first, *last)?;
            found.extend(rows.into_iter().filter(|row| stretch.binary_search(&row.key.seq).is_ok()));
            rest = behind;
        }
        Ok(found)
    }

    /// Tells whether the last time that this run placed a packet is long enough ago, each time longer, and the peer has spoken since.
    fn has_rested(&self, packet: &PacketKey) -> bool {
        let Some(last) = self.link.tries.get(packet) else { return true };
        let receipts = &self.link.receipts;
        let heard_since = receipts.signal > last.signal || receipts.period_seconds == 0;
        let wait_ms = wait_ms(self.station.resend_after_ms(), last.times);
        heard_since && self.running_ms() >= last.run_ms.saturating_add(wait_ms)
    }

    /// Tells whether a packet that has rested left so long ago that it cannot be under way any more.
    fn left_long_ago(&self, row: &PacketRow) -> bool {
        let left = row.state == PacketState::Left;
        left && self.running_ms() >= row.run_ms.saturating_add(self.station.resend_after_ms())
    }

    /// Forgets what was lost here and is not missing any more, and tries of packets that are not missing and left long ago.
    pub(crate) fn forget_old_tries(&mut self) {
        let channels = &self.link.receipts.channels;
        let is_missing = |key: &PacketKey| channels.get(&key.channel).is_some_and(|receipt| receipt.misses(key.epoch, key.seq));
        if self.station.way_back() {
            self.link.lost.retain(|key, _| is_missing(key));
        }
        if self.link.tries.len() <= TRIES_MAX {
            return;
        }
        let repeat_ms = u64::from(self.station.config.link.repeat_after_minutes) * 60_000;
        let (now_ms, keep_ms) = (self.running_ms(), self.station.resend_after_ms().max(repeat_ms));
        self.link.tries.retain(|key, last| is_missing(key) || now_ms < last.run_ms.saturating_add(keep_ms));
    }
}

/// Gives how long after a try the next one may follow: twice as long each time, up to an hour.
fn wait_ms(first_ms: u64, times: u32) -> u64 {
    let doubled = first_ms.saturating_mul(1 << times.min(30));
    doubled.min(WAIT_MAX_MS.max(first_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour() {
        assert_eq!([0, 1, 2, 4].map(|times| wait_ms(120_000, times)), [120_000, 240_000, 480_000, 1_920_000]);
        assert_eq!([5, 31, u32::MAX].map(|times| wait_ms(120_000, times)), [3_600_000; 3]);
        assert_eq!(wait_ms(7_200_000, 3), 7_200_000, "a first wait beyond an hour stays");
    }
}
