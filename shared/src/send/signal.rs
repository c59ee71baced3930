//! The signal: the newest snapshot of every own channel's head, log checkpoint and keyring.
//!
//! Given: the state. Gives: one packet in the ferry directory, only when it says something new; an older one that is still there is taken
//! back. After a crash: an old signal may lie beside the new one; the newest number wins. Never: a log line for it on this side.

use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::ferry::reading::head_of;
use crate::seams::{FerryDir, FileFault};
use crate::store::Change;
use dukou_packets::packet::armor::FRONT_MAX;
use dukou_packets::packet::header::Class;
use dukou_packets::packet::seal::{Sealed, prepare_signal};
use dukou_packets::packet::signal::{SIGNAL_VERSION, Signal};
use dukou_packets::suite::{Digest, sha256};

/// How many entries of the own ferry directory are looked at for an old signal.
const OLD_SIGNAL_ENTRIES: usize = 10_000;

impl Engine {
    /// Publishes a signal when heads or keyring changed since the last one.
    pub(crate) fn send_signal(&mut self, report: &mut PassReport) -> Result<(), EngineFault> {
        let heads = self.heads_that_left();
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
