//! The signal: the newest snapshot of every own channel's head, log checkpoint and keyring, and with a way back of what came in.
//!
//! Given: the state. Gives: one packet in the ferry directory, when it says something new or `link.signal_seconds` of running time are over; an
//! older one that is still there is taken back. A station that sleeps between its looks is late by one look (`ferry.scan_seconds`) at most. After a
//! crash: an old signal may lie beside the new one; the newest number wins. Never: a log line for it on this side; a packet called applied
//! whose `applied` line is not durable.

use crate::engine::{Engine, PassReport};
use crate::epoch::accepting::heads_known;
use crate::error::EngineFault;
use crate::ferry::reading::head_of;
use crate::link::SignalSent;
use crate::seams::{FerryDir, FileFault};
use crate::store::Change;
use dukou_packets::packet::armor::FRONT_MAX;
use dukou_packets::packet::header::{ChannelName, Class};
use dukou_packets::packet::seal::{Sealed, prepare_signal};
use dukou_packets::packet::signal::{AppliedMark, MissingRange, SIGNAL_VERSION, Signal};
use dukou_packets::suite::{Digest, sha256};
use std::collections::BTreeSet;

/// How many entries of the own ferry directory are looked at for an old signal.
const OLD_SIGNAL_ENTRIES: usize = 10_000;

/// Most missing ranges that a signal names (FORMAT.md section 8), a quarter of the longest document; each channel takes the room of one.
const MISSING_RANGES: usize = 1500;

/// Most waived ranges that a signal names.
const WAIVED_RANGES: usize = 500;

impl Engine {
    /// Publishes a signal when it would say something new or the period is over. One that tells of receipts alone may wait for the next step.
    pub(crate) fn send_signal(&mut self, report: &mut PassReport) -> Result<(), EngineFault> {
        if self.seals_nothing()? {
            return Ok(());
        }
        let mut signal = self.snapshot()?;
        let said = sha256(&[format!("{:?}{}", signal.heads, signal.keyring).as_bytes()]);
        let receipts = (&signal.applied, &signal.missing, &signal.waived);
        let news = match self.station.way_back() {
            true => sha256(&[said.as_bytes(), format!("{receipts:?}").as_bytes()]),
            false => said,
        };
        self.link.signal_waits = false;
        if !self.signal_is_due() && !self.is_news(&signal, said, news) {
            return Ok(());
        }
        // Without a ferry directory nothing was said, and it is said once there is one.
        let ferry = match self.seams.files.ferry_dir(&self.station.ferry_out()) {
            Ok(ferry) => ferry,
            Err(fault) => return self.tolerate(fault, report),
        };
        // Changes that waited for their line ride with the transaction below.
        self.flush_log()?;
        signal.checkpoint = Some(self.log.checkpoint()?);
        let (number, addressing) = (self.take_number(), self.addressing()?);
        let document = signal.render();
        let prepared = prepare_signal(&addressing.envelope(number), &document, self.seams.random.as_ref())?;
        let sealed = prepared.seal_signal(&self.statement(true), self.keys.packet.as_ref())?;
        let sent = SignalSent { run_ms: self.running_ms() };
        self.commit_store(vec![Change::Number(number), Change::SignalOut(news), Change::fact(&sent)?])?;
        self.link.signal_sent = sent;
        self.link.signal_said = Some((self.seams.clock.mono_ms(), said));
        if let Err(fault) = self.place_signal(ferry.as_ref(), &sealed) {
            self.ride(Change::SignalOut(Digest::ZERO));
            return self.tolerate(fault, report);
        }
        Ok(())
    }

    /// Tells whether the period is over; never where there is none.
    fn signal_is_due(&self) -> bool {
        let period_ms = u64::from(self.station.config.link.signal_seconds) * 1000;
        period_ms > 0 && self.running_ms() >= self.link.signal_sent.run_ms + period_ms
    }

    /// Tells whether a signal says more than the last one, and is worth one now. Where packets keep flowing one signal a second does for all of
    /// them, since each packet names the one before it: the next signal waits, and the station is woken for it.
    fn is_news(&mut self, signal: &Signal, said: Digest, news: Digest) -> bool {
        let says_nothing = signal.heads.is_empty() && signal.applied.is_empty();
        if says_nothing || self.state.signal_out == Some(news) {
            return false;
        }
        let only_receipts = self.link.signal_said.is_some_and(|(_, before)| before == said) && self.state.signal_out.is_some();
        let has_just_spoken = self.link.has_just_spoken(self.seams.clock.as_ref());
        self.link.signal_waits = has_just_spoken && !only_receipts && self.is_woken() && self.state.signal_out.is_some();
        !(has_just_spoken && only_receipts || self.link.signal_waits)
    }

    fn snapshot(&mut self) -> Result<Signal, EngineFault> {
        let mut signal = Signal {
            version: SIGNAL_VERSION,
            run: self.run,
            period_seconds: u64::from(self.station.config.link.signal_seconds),
            heads: self.heads_that_left(),
            checkpoint: None,
            keyring: self.keys.keyring.text().to_string(),
            applied: Vec::new(),
            missing: Vec::new(),
            waived: Vec::new(),
        };
        if self.station.way_back() {
            signal.applied = self.applied_marks()?;
            signal.missing = self.missing_ranges();
            signal.waived = self.waived_ranges()?;
        }
        Ok(signal)
    }

    /// Says how far each of the peer's channels is at its sink: what is marked and not delivered yet is not applied.
    fn applied_marks(&self) -> Result<Vec<AppliedMark>, EngineFault> {
        let delivering = |channel: &ChannelName| {
            let row = self.incoming.get(channel).and_then(|incoming| incoming.delivering.front());
            row.map(|row| row.key.seq.saturating_sub(1))
        };
        let heads = heads_known(&self.state)?;
        let marks = heads.into_iter().map(|(channel, head)| AppliedMark {
            epoch: head.epoch,
            seq: delivering(&channel).map_or(head.seq, |seq| seq.min(head.seq)),
            channel,
        });
        Ok(marks.collect())
    }

    /// Names what lasted as missing, the lowest numbers of each channel first; each channel has its share of the room.
    fn missing_ranges(&self) -> Vec<MissingRange> {
        let room = MISSING_RANGES.saturating_sub(self.state.in_heads.len() + self.state.out_heads.len()).max(1);
        let share = room.checked_div(self.gaps.len()).unwrap_or(0).max(1);
        let ranges = self.gaps.iter().flat_map(|(channel, (epoch, ranges))| {
            let of_channel = ranges.iter().take(share);
            of_channel.map(|(from, to)| MissingRange { channel: channel.clone(), epoch: *epoch, from: *from, to: *to })
        });
        ranges.take(room).collect()
    }

    /// Names what a person here went on without, of the epochs that are told of, the newest ones.
    fn waived_ranges(&mut self) -> Result<Vec<MissingRange>, EngineFault> {
        let heads = heads_known(&self.state)?;
        let epochs: BTreeSet<_> = heads.into_iter().map(|(channel, head)| (channel, head.epoch)).collect();
        let waivers = self.store().waivers()?.into_iter().rev();
        let told = waivers.filter(|waiver| epochs.contains(&(waiver.channel.clone(), waiver.epoch))).take(WAIVED_RANGES);
        Ok(told
            .map(|waiver| MissingRange { channel: waiver.channel, epoch: waiver.epoch, from: waiver.from, to: waiver.to })
            .collect())
    }

    fn place_signal(&mut self, ferry: &dyn FerryDir, sealed: &Sealed) -> Result<(), EngineFault> {
        self.take_back_old_signal(ferry)?;
        self.way_out.count_anew();
        let name = self.place_file(ferry, 0, &[&sealed.head, &sealed.payload])?;
        ferry.sync()?;
        self.signal_file = Some(name);
        Ok(())
    }

    /// Removes the signal published before, if the device did not take it: by its name, or after a restart by looking for it.
    fn take_back_old_signal(&mut self, ferry: &dyn FerryDir) -> Result<(), FileFault> {
        if let Some(name) = self.signal_file.take() {
            ferry.remove(&name)?;
            return Ok(());
        }
        for (name, stat) in ferry.list(&|name| self.is_packet_file(name), OLD_SIGNAL_ENTRIES)?.entries {
            if !name.starts_with('0') || stat.len > 2 * FRONT_MAX as u64 {
                continue;
            }
            let Ok(open) = ferry.open(&name) else { continue };
            let Ok(Ok((_, head))) = head_of(open.as_ref(), &self.keys.keyring) else { continue };
            if head.header.class == Class::Signal {
                ferry.remove(&name)?;
            }
        }
        Ok(())
    }
}
