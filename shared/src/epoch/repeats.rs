//! Records that come once more in a new epoch.
//!
//! Given: records of a channel whose epoch changed less than 30 days of running time ago. Gives: whether an equal record, of the same name and
//! bytes, was applied in an earlier epoch. After a crash: asked again. Never: a record of an earlier epoch delivered a second time by itself.

use super::restored::RestoredHere;
use crate::engine::Engine;
use crate::error::EngineFault;
use crate::store::facts::Fact;
use crate::store::{Change, PacketRow, RecordRow};
use dukou_packets::packet::header::ChannelName;
use dukou_packets::packet::records::RecordKind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// For how long (running time) after an epoch change repeats are looked for: 30 days.
const REPEATS_MS: u64 = 30 * 86_400_000;

/// The reason of a record that was applied in an earlier epoch.
pub(crate) const REPEAT: &str = "repeat";

/// Until which running time (ms) repeats are looked for, by channel.
#[derive(Debug, Default, Serialize, Deserialize)]
struct RepeatsUntil(BTreeMap<ChannelName, u64>);

impl Fact for RepeatsUntil {
    const NAME: &str = "repeats-until";
}

impl Engine {
    /// Gives the change with which the channel's repeats are looked for from now on.
    pub(crate) fn repeats_end_later(&self, channel: &ChannelName) -> Result<Change, EngineFault> {
        let mut until = self.state.fact::<RepeatsUntil>()?;
        until.0.insert(channel.clone(), self.state.run_ms + REPEATS_MS);
        Ok(Change::fact(&until)?)
    }

    /// True while repeats of the packet's channel are looked for.
    pub(crate) fn looks_for_repeats(&self, packet: &PacketRow) -> Result<bool, EngineFault> {
        let until = self.state.fact::<RepeatsUntil>()?.0.get(&packet.key.channel).copied();
        Ok(until.is_some_and(|until| self.state.run_ms < until))
    }

    /// Turns the row of a whole file that was applied in an earlier epoch into that of a repeat: counted, and not delivered.
    pub(crate) fn tell_repeat(&mut self, packet: &PacketRow, row: &mut RecordRow) -> Result<bool, EngineFault> {
        let before = self.store().arrived_before(&packet.key, row)?;
        if before {
            (row.kind, row.reason) = (RecordKind::Withdrawal, REPEAT.to_string());
        }
        Ok(before)
    }

    /// Tells whether the records of a packet may have been delivered before this station was restored; consumers find them apart.
    pub(crate) fn is_placed_apart(&self, packet: &PacketRow) -> Result<bool, EngineFault> {
        Ok(self.state.fact::<RestoredHere>()?.may_come_again(packet.number))
    }
}
