//! The signal: the newest snapshot of every own channel's head, log checkpoint and keyring.
//!
//! Given: the state. Gives: one packet in the ferry directory, only when it says something new; an older one that is still there is taken
//! back. After a crash: an old signal may lie beside the new one; the newest number wins. Never: a log line for it on this side.

use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::seams::{FerryDir, FileFault};
use crate::store::Change;
use dukou_packets::packet::header::Class;
use dukou_packets::packet::name::{file_name, is_packet_name};
use dukou_packets::packet::open::{HEAD_MAX, read_head};
use dukou_packets::packet::seal::{Sealed, prepare_signal};
use dukou_packets::packet::signal::{ChannelHead, SIGNAL_VERSION, Signal};
use dukou_packets::suite::{Digest, sha256};

/// How many entries of the own ferry directory are looked at for an old signal.
const OLD_SIGNAL_ENTRIES: usize = 10_000;

impl Engine {
    /// Publishes a signal when heads or keyring changed since the last one.
    pub(crate) fn send_signal(&mut self, report: &mut PassReport) -> Result<(), EngineFault> {
        let heads: Vec<ChannelHead> = self
            .state
            .out_heads
            .iter()
            .map(|(channel, head)| ChannelHead {
                channel: channel.clone(),
                epoch: head.epoch,
                seq: head.seq,
                header: head.header,
            })
            .collect();
        if heads.is_empty() {
            return Ok(());
        }
        let mut signal = Signal {
            version: SIGNAL_VERSION,
            run: self.run,
            period_seconds: 0,
            heads,
            checkpoint: None,
            keyring: self.keys.keyring.text().to_string(),
            applied: Vec::new(),
            missing: Vec::new(),
        };
        let news = sha256(&[format!("{:?}{}", signal.heads, signal.keyring).as_bytes()]);
        if self.state.signal_out == Some(news) {
            return Ok(());
        }
        // Without a ferry directory nothing was said, and it is said once there is one.
        let ferry = match self.seams.files.ferry_dir(&self.station.ferry_out()) {
            Ok(ferry) => ferry,
            Err(fault) => return self.tolerate(fault, report),
        };
        self.flush()?;
        signal.checkpoint = Some(self.log.checkpoint()?);
        let (number, addressing) = (self.take_number(), self.addressing()?);
        let document = signal.render();
        let prepared = prepare_signal(&addressing.envelope(number), &document, self.seams.random.as_ref())?;
        let sealed = prepared.seal_signal(&self.statement(true), self.keys.packet.as_ref())?;
        self.commit_store(vec![Change::Number(number), Change::SignalOut(news)])?;
        if let Err(fault) = self.place_signal(ferry.as_ref(), &sealed) {
            self.ride(Change::SignalOut(Digest::ZERO));
            return self.tolerate(fault, report);
        }
        Ok(())
    }

    fn place_signal(&mut self, ferry: &dyn FerryDir, sealed: &Sealed) -> Result<(), FileFault> {
        self.take_back_old_signal(ferry)?;
        let name = file_name(0, self.link_out(), self.seams.random.as_ref());
        ferry.place(&name, &[&sealed.head, &sealed.payload])?;
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
        for (name, stat) in ferry.list(&|name| is_packet_name(name.as_bytes()), OLD_SIGNAL_ENTRIES)?.entries {
            if !name.starts_with('0') || stat.len > 2 * HEAD_MAX as u64 {
                continue;
            }
            let mut head = vec![0; HEAD_MAX];
            let Ok(open) = ferry.open(&name) else { continue };
            let Ok(count) = open.read_at(0, &mut head) else { continue };
            head.truncate(count);
            if read_head(&head, &self.keys.keyring).is_ok_and(|head| head.header.class == Class::Signal) {
                ferry.remove(&name)?;
            }
        }
        Ok(())
    }
}
