//! What suppliers are told of receipts: the status of a file becomes `applied` once a receipt covers its packet.
//!
//! Given: receipts. Gives: rewritten status files, on channels that have them, a few packets a look. After a crash: the last packets' files are written
//! again. Never: a status overwritten that speaks of another packet; work on a link without receipts.

use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::store::facts::Fact;
use crate::store::{Change, Direction, PacketRow};
use dukou_packets::packet::header::{ChannelName, Epoch};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most packets of a channel whose files one look tells of.
const PACKETS: u64 = 32;

/// Up to which packet suppliers were told: a fact in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ToldApplied(BTreeMap<ChannelName, (Epoch, u64)>);

impl Fact for ToldApplied {
    const NAME: &str = "told-applied";
}

impl Engine {
    /// Tells the suppliers of files whose packets were confirmed since the last look.
    pub(crate) fn tell_suppliers(&mut self, report: &mut PassReport) -> Result<(), EngineFault> {
        for at in (0..self.outgoing.len())
            .filter(|at| self.outgoing(*at).channel.source.folder().is_some_and(|source| source.status))
            .collect::<Vec<_>>()
        {
            let channel = self.channel_name(at);
            let receipt = self.receipts().and_then(|receipts| receipts.channels.get(&channel));
            let Some((epoch, confirmed)) = receipt.map(|receipt| (receipt.epoch, receipt.seq)) else { continue };
            // Where receipts come for the first time, what a window holds may still have its status.
            let window = u64::from(self.station.config.link.window_packets);
            let told = match self.link.told.0.get(&channel) {
                Some((of, told)) if *of == epoch => *told,
                _ => confirmed.saturating_sub(window),
            };
            if told < confirmed {
                self.tell_supplier(at, (epoch, told, confirmed.min(told + PACKETS)), report)?;
            }
        }
        Ok(())
    }

    fn tell_supplier(
        &mut self,
        at: usize,
        (epoch, told, to): (Epoch, u64, u64),
        report: &mut PassReport,
    ) -> Result<(), EngineFault> {
        let channel = self.channel_name(at);
        let rows = self.store().packet_range(Direction::Out, &channel, &epoch, told + 1, to)?;
        let mut through = told;
        // A file that is still to be put away would get its first status after this one.
        for row in rows.iter().take_while(|row| !row.sources_pending) {
            if let Err(fault) = self.tell_of_packet(at, row) {
                self.tolerate(fault, report)?;
                break;
            }
            through = row.key.seq;
        }
        if through == told {
            return Ok(());
        }
        self.link.told.0.insert(channel, (epoch, through));
        let remembered = Change::fact(&self.link.told)?;
        self.commit_store(vec![remembered])
    }

    fn tell_of_packet(&mut self, at: usize, row: &PacketRow) -> Result<(), EngineFault> {
        let receipt = self.receipts().and_then(|receipts| receipts.channels.get(&row.key.channel));
        let Some(at_ms) = receipt.and_then(|receipt| receipt.applied_at(row.key.epoch, row.key.seq)) else { return Ok(()) };
        let records = self.store().records(&row.key)?;
        let files: Vec<&str> = records.iter().filter(|record| record.ends_file()).map(|record| record.name.as_str()).collect();
        Ok(self.outgoing[at].source.confirm(&row.key, &files, at_ms)?)
    }
}
