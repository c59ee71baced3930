//! What fills and what falls behind, told to the alarm book: shares of the spool, the ferry directory's quota, backlogs on either side, and what was
//! never confirmed and is about to leave its keeping.
//!
//! Given: what picking up found, and a look a minute of running time at store and ferry directory. Gives: causes for the alarm book. After a crash:
//! measured anew, and an open alarm is closed only by a measure. Never: a packet held up or dropped by it.

use super::behind::{Fullness, Growth, Mark, WINDOWS};
use super::codes::Code;
use crate::engine::Engine;
use crate::error::EngineFault;
use crate::receive::pick_up::Look;
use crate::store::{Direction, OutHead};
use dukou_packets::packet::header::ChannelName;
use std::collections::BTreeMap;

/// Running time between two looks.
const EVERY_MS: u64 = 60_000;

const MINUTE_MS: u64 = 60_000;

/// Packets by which what waits in the ferry directory must have grown.
const GROWN_PACKETS: u64 = 100;

/// What is measured from look to look.
#[derive(Debug, Default)]
pub(crate) struct Watermarks {
    /// Running time (ms) of the last look.
    looked: Option<u64>,
    /// Packets found in the ferry directory since its first page.
    found: u64,
    /// Running time (ms) of the last whole look at it.
    found_run_ms: Option<u64>,
    arriving: Option<Growth>,
    unconfirmed: BTreeMap<ChannelName, Growth>,
    quota: Option<Fullness>,
}

impl Engine {
    /// Looks at everything that may fill or fall behind, once a minute of running time.
    pub(super) fn look_at_watermarks(&mut self) -> Result<(), EngineFault> {
        let now_ms = self.running_ms();
        let looked = self.alarms.watermarks.looked;
        if looked.is_some_and(|last_ms| now_ms < last_ms.saturating_add(EVERY_MS)) {
            return Ok(());
        }
        self.alarms.watermarks.looked = Some(now_ms);
        let passed_ms = looked.map_or(0, |last_ms| now_ms.saturating_sub(last_ms));
        self.look_at_spool()?;
        self.look_at_expiring()?;
        self.look_at_unconfirmed(passed_ms)?;
        self.look_at_quota(passed_ms)
    }

    fn limit_ms(&self) -> u64 {
        u64::from(self.station.config.alarm.backlog_minutes) * MINUTE_MS
    }

    fn look_at_spool(&mut self) -> Result<(), EngineFault> {
        let channels: Vec<ChannelName> = self.incoming.keys().cloned().collect();
        for channel in channels {
            let percent = self.spool_percent(&channel)?;
            self.mark_spool(&channel, percent);
        }
        Ok(())
    }

    /// Tells how full a channel's share of the spool is.
    pub(crate) fn mark_spool(&mut self, channel: &ChannelName, percent: u64) {
        let is_open = |code| self.alarms.book.is_open(code, Some(channel));
        let before = match (is_open(Code::Spool90), is_open(Code::Spool70)) {
            (true, _) => Mark::Ninety,
            (_, true) => Mark::Seventy,
            _ => Mark::Low,
        };
        let mark = before.after(percent);
        self.set_alarm(Code::Spool70, Some(channel), mark == Mark::Seventy);
        self.set_alarm(Code::Spool90, Some(channel), mark == Mark::Ninety);
    }

    /// Gives the configured channels that leave from here: what is kept of others is nobody's alarm any more.
    fn outgoing_channels(&self) -> Vec<ChannelName> {
        self.outgoing.iter().map(|outgoing| outgoing.channel.channel.clone()).collect()
    }

    /// What was never confirmed is looked for before anything is dropped in this run.
    fn look_at_expiring(&mut self) -> Result<(), EngineFault> {
        if self.pruned_run_ms.is_none() {
            self.look_for_expiring()?;
        }
        for channel in self.outgoing_channels() {
            let is_so = self.is_expiring(&channel);
            self.set_alarm(Code::UnconfirmedExpiring, Some(&channel), is_so);
        }
        Ok(())
    }

    /// A backlog that the peer has not confirmed, measured while the peer is heard: how old its oldest packet is beyond what the way there and back takes.
    fn look_at_unconfirmed(&mut self, passed_ms: u64) -> Result<(), EngineFault> {
        let (limit_ms, now) = (self.limit_ms(), self.now());
        let is_heard = self.alarms.watch.is_hearing(now);
        let open_ms = self.alarms.watch.open_time().between_ms(now.wall_ms.saturating_sub_unsigned(passed_ms), now.wall_ms);
        for channel in self.outgoing_channels() {
            let Some(head) = self.out_head(&channel).cloned() else { continue };
            let waits = self.unconfirmed_age(&channel, &head)?;
            let is_open = self.alarms.book.is_open(Code::Unconfirmed, Some(&channel));
            let growth = self.alarms.watermarks.unconfirmed.entry(channel.clone()).or_insert_with(|| match is_open {
                true => Growth::known_behind(limit_ms / 2),
                false => Growth::default(),
            });
            growth.sample_unconfirmed(open_ms, waits.unwrap_or((0, 0)), is_heard, limit_ms);
            let is_behind = growth.is_behind();
            self.set_alarm(Code::Unconfirmed, Some(&channel), is_behind);
        }
        Ok(())
    }

    /// Gives the age (ms of running time) of a channel's oldest packet that is not confirmed, beyond what a round takes, and how many there are; `None` on
    /// a link without receipts.
    fn unconfirmed_age(&mut self, channel: &ChannelName, head: &OutHead) -> Result<Option<(u64, u64)>, EngineFault> {
        if !self.station.way_back() {
            return Ok(None);
        }
        let confirmed = self.receipts().map_or(0, |receipts| receipts.confirmed_seq(channel, head.epoch));
        let count = head.seq.saturating_sub(confirmed);
        let oldest = self.store().packet(&Self::packet_key(Direction::Out, channel, head.epoch, confirmed + 1))?;
        let since_ms = oldest.filter(|_| count > 0).map_or(self.running_ms(), |row| row.run_ms);
        let round_ms =
            2 * self.alarms.watch.thresholds().rhythm_ms + 1000 * u64::from(self.station.config.link.resend_after_seconds);
        Ok(Some((self.running_ms().saturating_sub(since_ms).saturating_sub(round_ms), count)))
    }

    /// Counts packets that a look found in the ferry directory; those of a channel whose share of the spool is used up are told as that.
    /// A step that ends only when nothing more comes must not keep it to itself.
    pub(crate) fn note_found(&mut self, look: &Look) -> Result<(), EngineFault> {
        let now_ms = self.running_ms();
        let has_room = |channel: &ChannelName| !self.alarms.book.is_open(Code::Spool90, Some(channel));
        let found: usize = look.cargo.iter().filter(|(channel, _)| has_room(channel)).map(|(_, cargo)| cargo.len()).sum();
        let marks = &mut self.alarms.watermarks;
        marks.found += found as u64;
        if !self.pick_up.is_whole() {
            return Ok(());
        }
        let count = std::mem::take(&mut marks.found);
        let passed_ms = now_ms.saturating_sub(marks.found_run_ms.replace(now_ms).unwrap_or(now_ms));
        let limit_ms = self.limit_ms();
        let is_open = self.alarms.book.is_open(Code::Backlog, None);
        let growth = self.alarms.watermarks.arriving.get_or_insert_with(|| match is_open {
            true => Growth::known_behind(GROWN_PACKETS),
            false => Growth::default(),
        });
        growth.sample(passed_ms, (count, count), limit_ms / WINDOWS, GROWN_PACKETS);
        let is_behind = growth.is_behind();
        self.set_alarm(Code::Backlog, None, is_behind);
        match is_behind != is_open {
            true => self.settle_alarms(self.now()).map(drop),
            false => Ok(()),
        }
    }

    /// The device leaves the ferry directory nearly full for as long, of time in which it is expected to carry; of runs, for as many as may be missed.
    fn look_at_quota(&mut self, passed_ms: u64) -> Result<(), EngineFault> {
        let Some(percent) = self.quota_percent() else {
            // Where a person took the quota away there is none to fill; a directory that is away tells nothing.
            if !self.has_quota() {
                self.set_alarm(Code::FerryQuota, None, false);
            }
            return Ok(());
        };
        let is_open = self.alarms.book.is_open(Code::FerryQuota, None);
        let wall_ms = self.seams.clock.wall_ms();
        let open = self.alarms.watch.open_time();
        let runs_ms = open.runs().map_or(0, |runs| runs.tolerance_ms().unsigned_abs());
        let limit_ms = self.limit_ms().max(u64::from(self.station.config.alarm.missed_runs) * runs_ms);
        let open_ms = open.between_ms(wall_ms.saturating_sub_unsigned(passed_ms), wall_ms);
        let quota = self.alarms.watermarks.quota.get_or_insert_with(|| Fullness::known_full(is_open));
        let is_full = quota.sample(open_ms, percent, limit_ms);
        self.set_alarm(Code::FerryQuota, None, is_full);
        Ok(())
    }
}
