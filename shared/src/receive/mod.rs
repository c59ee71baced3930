//! A record's way in: pick up → verify → order → open → apply.
//!
//! Packets are applied in groups. While a second thread decrypts and decodes one group, the engine's thread copies the next, and while one
//! renames a marked group into place, it stages and syncs the next; while one gives rows to their sink, it marks those before them. Log and store change on the engine's thread alone, in the order of the
//! commit protocol.

pub mod apply;
pub mod aside;
pub(crate) mod beside;
pub(crate) mod cargo;
pub(crate) mod marker;
mod meanwhile;
pub mod open;
pub mod order;
pub mod pick_up;
pub mod repair;
pub mod rows;
pub mod signal;
pub(crate) mod structure;
pub(crate) mod unroomed;
pub mod verify;

use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::store::PacketState;
use apply::Onward;
use dukou_packets::log::line::Place as Turn;
use dukou_packets::packet::header::ChannelName;
use pick_up::Picked;
use std::collections::BTreeMap;

impl Engine {
    /// Takes in what the ferry directory holds, and applies what is in its turn.
    pub(crate) fn receive(&mut self, report: &mut PassReport) -> Result<(), EngineFault> {
        self.deliver_pending(report)?;
        let picked = self.pick_up(report)?;
        self.leave_unrebuilt_outside();
        self.note_found(&picked)?;
        let picked = self.judge(picked, report)?;
        for signal in picked.signals {
            self.take_signal(signal, report)?;
        }
        let mut by_channel: BTreeMap<ChannelName, Vec<Picked>> = picked.cargo;
        let channels: Vec<ChannelName> = self.incoming.keys().cloned().collect();
        for channel in channels {
            let arrivals = by_channel.remove(&channel).unwrap_or_default();
            self.receive_channel(&channel, arrivals, report)?;
            if self.should_stop() {
                break;
            }
        }
        // Between two packets, with every channel at rest: what is complete and approved is applied.
        for channel in self.make_structures(report)? {
            self.receive_channel(&channel, Vec::new(), report)?;
        }
        self.receive_repairs(picked.repairs, report)?;
        self.put_aside(report)?;
        // A look that was cut off has not seen all that is here.
        if self.should_stop() || !self.pick_up.is_whole() || self.has_more_to_rebuild() {
            return Ok(());
        }
        self.note_gaps()
    }

    fn receive_channel(
        &mut self,
        channel: &ChannelName,
        arrivals: Vec<Picked>,
        report: &mut PassReport,
    ) -> Result<(), EngineFault> {
        self.try_upcoming(channel)?;
        self.meet_sink(channel, report)?;
        match self.incoming.get(channel).is_some_and(|incoming| incoming.rows.is_some()) {
            true => self.receive_rows(channel, arrivals, report)?,
            false => self.receive_groups(channel, arrivals, report)?,
        }
        // Nothing of a channel runs beside the engine's thread once its turn is over.
        self.finish_delivering(channel, report).map(drop)
    }

    fn receive_groups(
        &mut self,
        channel: &ChannelName,
        arrivals: Vec<Picked>,
        report: &mut PassReport,
    ) -> Result<(), EngineFault> {
        let mut arrivals = self.sort_arrivals(channel, arrivals, report)?;
        let mut at = self.next_place(channel);
        let mut group = self.gather_group(channel, &mut at, &mut arrivals, report)?;
        while !group.is_empty() && !self.should_stop() {
            let next = self.gather_group(channel, &mut at, &mut arrivals, report)?;
            match self.apply_group(channel, std::mem::replace(&mut group, next), report)? {
                Onward::Now => {}
                Onward::NextLook => return Ok(()),
                // What is kept is neither missing nor at the mercy of whoever can write the ferry directory.
                Onward::Waits => {
                    let gathered = group.packets.into_iter().map(|opening| opening.verified).collect();
                    self.keep(gathered, PacketState::Early, Turn::Early, report)?;
                    return self.keep_early(channel, arrivals, report);
                }
            }
        }
        // What was gathered and not applied lies in the ferry directory still: what comes behind it must not look early.
        if self.should_stop() {
            return Ok(());
        }
        self.keep_early(channel, arrivals, report)
    }
}
