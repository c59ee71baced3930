//! Retention: sealed packets leave the spool after so many days of accumulated running time; those the peer has confirmed may leave sooner.
//!
//! Given: the running time, receipts. Gives: a smaller spool; rows and log lines stay. After a crash: `check` names files that no row names. Never: a packet
//! removed because a clock jumped, one that never left, or one that waits to be sealed anew; with a way back none that was never confirmed without a warning three running days before.

use crate::engine::Engine;
use crate::error::EngineFault;
use crate::link::troubles::unconfirmed_expiring;
use crate::store::{Change, Direction, OutHead, PacketRow};
use crate::trouble::Trouble;
use dukou_packets::packet::header::{ChannelName, Epoch};

/// How often (running time) retention is looked at.
const EVERY_MS: u64 = 3_600_000;

/// Most packets one look removes; the next look goes on.
const AT_ONCE: usize = 1000;

/// Most packets that are not confirmed and that one look passes over.
const PASSED_OVER: u64 = 50_000;

const DAY_MS: u64 = 86_400_000;

/// How many running days ahead it is told that packets were never confirmed.
const WARNING_DAYS: u32 = 3;

/// Packets of a channel that were never confirmed and leave their keeping time soon.
pub(crate) struct Expiring {
    channel: ChannelName,
    epoch: Epoch,
    from: u64,
    to: u64,
    /// Running time (ms) at which the first one goes.
    ends_run_ms: u64,
}

impl Engine {
    /// Removes what is past its keeping time, once an hour of running time.
    pub(crate) fn prune_when_due(&mut self) -> Result<(), EngineFault> {
        let now_ms = self.running_ms();
        if self.pruned_run_ms.is_some_and(|last_ms| now_ms < last_ms + EVERY_MS) {
            return Ok(());
        }
        self.pruned_run_ms = Some(now_ms);
        let keep = self.station.config.keep.clone();
        let before = |days: u32| now_ms.saturating_sub(u64::from(days) * DAY_MS);
        if keep.confirmed_days < keep.sent_days {
            self.prune_confirmed(before(keep.confirmed_days))?;
        }
        self.prune(Direction::Out, before(keep.sent_days))?;
        self.prune(Direction::In, before(keep.applied_days))?;
        self.look_for_expiring()
    }

    /// Looks for what was never confirmed and is about to leave its keeping.
    pub(crate) fn look_for_expiring(&mut self) -> Result<(), EngineFault> {
        let warned_days = self.station.config.keep.sent_days.saturating_sub(WARNING_DAYS);
        self.link.expiring = self.find_expiring(self.running_ms().saturating_sub(u64::from(warned_days) * DAY_MS))?;
        Ok(())
    }

    fn prune(&mut self, direction: Direction, before_run_ms: u64) -> Result<(), EngineFault> {
        let mut rows = self.store().packets_older(direction, before_run_ms, AT_ONCE)?;
        if direction == Direction::Out {
            self.without_planned(&mut rows)?;
        }
        self.remove_copies(direction, &rows)
    }

    /// Removes what the peer says it has applied; what it does not say so of stays for its full time.
    fn prune_confirmed(&mut self, before_run_ms: u64) -> Result<(), EngineFault> {
        let Some(receipts) = self.receipts().cloned() else { return Ok(()) };
        let open: u64 = self
            .state
            .out_heads
            .iter()
            .map(|(channel, head)| head.seq - head.seq.min(receipts.confirmed_seq(channel, head.epoch)))
            .sum();
        let limit = AT_ONCE + open.min(PASSED_OVER) as usize;
        let mut rows = self.store().packets_older(Direction::Out, before_run_ms, limit)?;
        rows.retain(|row| {
            let receipt = receipts.channels.get(&row.key.channel);
            receipt.is_some_and(|receipt| receipt.applied_at(row.key.epoch, row.key.seq).is_some())
        });
        self.without_planned(&mut rows)?;
        rows.truncate(AT_ONCE);
        self.remove_copies(Direction::Out, &rows)
    }

    /// The row forgets the file first: a row that names a file always finds it.
    fn remove_copies(&mut self, direction: Direction, rows: &[PacketRow]) -> Result<(), EngineFault> {
        if rows.is_empty() {
            return Ok(());
        }
        self.forget_status(direction, rows)?;
        self.commit_store(rows.iter().map(|row| Change::Pruned(row.key.clone())).collect())?;
        for name in rows.iter().filter_map(|row| row.spool.as_deref()) {
            self.seams.files.remove(&self.spool_path(direction, name))?;
        }
        Ok(())
    }

    /// Status files of suppliers end with their packet.
    fn forget_status(&mut self, direction: Direction, rows: &[PacketRow]) -> Result<(), EngineFault> {
        for row in rows.iter().filter(|_| direction == Direction::Out) {
            let records = self.store().records(&row.key)?;
            let names: Vec<&str> = records.iter().map(|record| record.name.as_str()).collect();
            if let Some(outgoing) = self.outgoing.iter_mut().find(|outgoing| outgoing.channel.channel == row.key.channel) {
                outgoing.source.forget(&names)?;
            }
        }
        Ok(())
    }

    /// Finds what was never confirmed and will be past its keeping in three running days.
    fn find_expiring(&mut self, edge_ms: u64) -> Result<Vec<Expiring>, EngineFault> {
        let mut found = Vec::new();
        if !self.station.way_back() || edge_ms == 0 {
            return Ok(found);
        }
        let keep_ms = u64::from(self.station.config.keep.sent_days) * DAY_MS;
        for (channel, head) in self.state.out_heads.clone() {
            let confirmed = self.receipts().map_or(0, |receipts| receipts.confirmed_seq(&channel, head.epoch));
            let from = self.first_packet(&channel, &head, confirmed + 1, |row| row.spool.is_some())?;
            let behind = self.first_packet(&channel, &head, from, |row| row.run_ms >= edge_ms)?;
            let first = self.store().packet(&Self::packet_key(Direction::Out, &channel, head.epoch, from))?;
            let Some(first) = first.filter(|_| from < behind) else { continue };
            let (epoch, to, ends_run_ms) = (head.epoch, behind - 1, first.run_ms + keep_ms);
            found.push(Expiring { channel, epoch, from, to, ends_run_ms });
        }
        Ok(found)
    }

    /// Tells whether what was never confirmed of a channel leaves its keeping time soon.
    pub(crate) fn is_expiring(&self, channel: &ChannelName) -> bool {
        self.link.expiring.iter().any(|expiring| expiring.channel == *channel && self.still_expiring(expiring).is_some())
    }

    /// Gives what of it was not confirmed since it was found.
    fn still_expiring(&self, expiring: &Expiring) -> Option<(u64, u64)> {
        let confirmed = self.receipts().map_or(0, |receipts| receipts.confirmed_seq(&expiring.channel, expiring.epoch));
        Some((expiring.from.max(confirmed + 1), expiring.to)).filter(|(from, to)| from <= to)
    }

    /// Says what was never confirmed and leaves its keeping time soon, but for what was confirmed since.
    pub(crate) fn expiring_troubles(&self) -> Vec<Trouble> {
        let (now_ms, lang) = (self.running_ms(), self.lang());
        let troubles = self.link.expiring.iter().filter_map(|expiring| {
            let days = expiring.ends_run_ms.saturating_sub(now_ms).div_ceil(DAY_MS);
            Some(unconfirmed_expiring(&expiring.channel, self.still_expiring(expiring)?, days, lang))
        });
        troubles.collect()
    }

    /// Gives the first number from `from` on whose row `is_behind` an edge that all later rows are behind, too; one more than the newest where none is. A
    /// number without a row counts as before the edge.
    pub(crate) fn first_packet(
        &mut self,
        channel: &ChannelName,
        head: &OutHead,
        from: u64,
        is_behind: impl Fn(&PacketRow) -> bool,
    ) -> Result<u64, EngineFault> {
        let (mut low, mut high) = (from, (head.seq + 1).max(from));
        while low < high {
            let middle = low + (high - low) / 2;
            let row = self.store().packet(&Self::packet_key(Direction::Out, channel, head.epoch, middle))?;
            match row.is_some_and(|row| is_behind(&row)) {
                true => high = middle,
                false => low = middle + 1,
            }
        }
        Ok(low)
    }
}
