//! Repeating: retained packets into the ferry directory once more, byte for byte, without a person asking.
//!
//! Given: rows of packets that left. Gives: the same packets under new names, in batches that share a line of the log and a directory sync. After a crash:
//! the batch that was in work may be placed once again, nothing else is. Never: a packet placed whose `repeated` line is not durable, or whose bytes are
//! not those that were sealed.

use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::link::troubles::lost_copy;
use crate::ranges::gathered;
use crate::store::facts::Fact;
use crate::store::{Change, Direction, OutHead, PacketRow, PacketState};
use dukou_packets::log::line::Event;
use dukou_packets::packet::header::{ChannelName, Epoch};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most packets of a batch.
const BATCH_PACKETS: usize = 64;

/// Bytes after which a batch is full: so much is read into memory at once, and one packet more.
const BATCH_BYTES: u64 = 16 << 20;

/// How long (running time) nothing is repeated after the ferry directory did not take it.
const REST_MS: u64 = 60_000;

/// Most lost copies that are told of.
const LOST_MAX: usize = 20;

/// Why packets are repeated, as the log says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The peer's newest signal names them.
    Missing,
    /// The link repeats everything once.
    Delay,
}

impl Cause {
    fn code(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Delay => "delay",
        }
    }
}

/// Through which packet each channel was repeated: a fact in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Repeats(BTreeMap<ChannelName, (Epoch, u64)>);

impl Fact for Repeats {
    const NAME: &str = "repeats";
}

/// Gives the first of these packets, as many as one batch holds.
pub(crate) fn batch(rows: &[PacketRow]) -> &[PacketRow] {
    let mut bytes = 0;
    let fits = |row: &&PacketRow| {
        let fits = bytes < BATCH_BYTES;
        bytes += row.sealed_bytes;
        fits
    };
    let count = rows.iter().take(BATCH_PACKETS).take_while(fits).count();
    rows.get(..count).unwrap_or(rows)
}

impl Engine {
    /// Places a batch of one channel's packets again; what cannot be read back is told of and passed over. False when the ferry directory
    /// did not take them.
    pub(crate) fn repeat_batch(
        &mut self,
        at: usize,
        rows: &[PacketRow],
        cause: Cause,
        report: &mut PassReport,
    ) -> Result<bool, EngineFault> {
        if let Err(fault) = self.seams.files.ferry_dir(&self.station.ferry_out()) {
            return self.tolerate(fault, report).map(|()| false);
        }
        let mut whole = Vec::with_capacity(rows.len());
        for row in rows {
            self.note_try(row);
            match self.read_retained(row) {
                Ok(bytes) => whole.push((row, bytes)),
                Err(fault) => self.pass_over_lost(row, fault, report)?,
            }
        }
        let Some((first, _)) = whole.first() else { return Ok(true) };
        for (from, to) in gathered(whole.iter().map(|(row, _)| row.key.seq)) {
            tracing::info!(channel = %first.key.channel, from, to, cause = cause.code(), "packets are placed again");
            self.log.note(Event::Repeated {
                channel: first.key.channel.clone(),
                epoch: first.key.epoch,
                from,
                to,
                count: to - from + 1,
                code: cause.code().to_string(),
            });
        }
        self.commit_log()?;
        self.placed_again(whole.len() as u64);
        let parts = whole.iter().map(|(row, bytes)| (*row, [bytes.as_slice(), &[]]));
        if let Err(fault) = self.place(at, parts, &mut 0) {
            self.link.rests_until = self.running_ms() + REST_MS;
            return self.tolerate(fault, report).map(|()| false);
        }
        Ok(true)
    }

    fn pass_over_lost(&mut self, row: &PacketRow, fault: EngineFault, report: &mut PassReport) -> Result<(), EngineFault> {
        let is_lost = match &fault {
            EngineFault::Spool { .. } => true,
            EngineFault::File(fault) => fault.is_gone(),
            _ => false,
        };
        if !is_lost {
            return self.tolerate(fault, report);
        }
        let path = self.spool_path(Direction::Out, row.spool.as_deref().unwrap_or_default());
        if self.link.lost.len() < LOST_MAX {
            self.link.lost.insert(row.key.clone(), lost_copy(&row.key, &path, self.lang()));
        }
        Ok(())
    }

    /// Places once more what left so many minutes ago, on a link that is set so and has no way back.
    pub(crate) fn repeat_late(&mut self, report: &mut PassReport) -> Result<(), EngineFault> {
        let after_ms = u64::from(self.station.config.link.repeat_after_minutes) * 60_000;
        if after_ms == 0 || self.station.way_back() {
            return Ok(());
        }
        for at in 0..self.outgoing.len() {
            let channel = self.channel_name(at);
            let Some(head) = self.out_head(&channel).cloned() else { continue };
            while self.repeat_next(at, &channel, &head, after_ms, report)? {}
        }
        Ok(())
    }

    /// Repeats a channel's next batch that is due and remembers it; false when there is none, or not for now.
    fn repeat_next(
        &mut self,
        at: usize,
        channel: &ChannelName,
        head: &OutHead,
        after_ms: u64,
        report: &mut PassReport,
    ) -> Result<bool, EngineFault> {
        let done = match self.link.repeats.0.get(channel) {
            Some((epoch, seq)) if *epoch == head.epoch => *seq,
            Some(_) => 0,
            None => self.first_younger(channel, head, after_ms)?,
        };
        let now_ms = self.running_ms();
        let may = self.may_place_again().min(BATCH_PACKETS as u64);
        let to = head.seq.min(done.saturating_add(may));
        let rows = match done < to {
            true => self.store().packet_range(Direction::Out, channel, &head.epoch, done + 1, to)?,
            false => Vec::new(),
        };
        let is_due = |row: &&PacketRow| row.state == PacketState::Left && self.left_run_ms(row) + after_ms <= now_ms;
        let due: Vec<PacketRow> = rows.iter().take_while(is_due).cloned().collect();
        let due = batch(&due);
        let through = due.last().map_or(done, |row| row.key.seq);
        if self.link.repeats.0.get(channel) == Some(&(head.epoch, through)) {
            return Ok(false);
        }
        let kept: Vec<PacketRow> = due.iter().filter(|row| row.spool.is_some()).cloned().collect();
        if !kept.is_empty() && !self.repeat_batch(at, &kept, Cause::Delay, report)? {
            return Ok(false);
        }
        self.link.repeats.0.insert(channel.clone(), (head.epoch, through));
        let remembered = Change::fact(&self.link.repeats)?;
        self.commit_store(vec![remembered])?;
        Ok(!due.is_empty())
    }

    /// Gives the newest packet that left too long ago to be repeated when the link begins to repeat: what is kept of earlier days does not go
    /// once more.
    fn first_younger(&mut self, channel: &ChannelName, head: &OutHead, after_ms: u64) -> Result<u64, EngineFault> {
        let now_ms = self.running_ms();
        Ok(self.first_packet(channel, head, 1, |row| row.run_ms + after_ms > now_ms)? - 1)
    }
}
