//! The line of a waiver: written behind the decision, whatever happens between the two.
//!
//! Given: a decision that stands in the state. Gives: its `waived` line, and `released` where it ended a hold. After a crash: the start writes the lines that
//! the log lacks, before anything is applied behind them. Never: a waiver without a line, or one in the log that the state does not know, so that no
//! packet is applied that a line says was waived.

use crate::engine::Engine;
use crate::error::EngineFault;
use crate::log::LogEvidence;
use crate::store::facts::Fact;
use crate::store::{Change, StoreFault};
use dukou_packets::log::line::Event;
use dukou_packets::packet::header::{ChannelName, Epoch};
use serde::{Deserialize, Serialize};

/// The code under which a hold ends that a waiver ended.
const WAIVED: &str = "waived";

/// The waiver whose line is to be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WaiverLine {
    pub(crate) channel: ChannelName,
    pub(crate) epoch: Epoch,
    pub(crate) from: u64,
    pub(crate) to: u64,
    pub(crate) operator: String,
    /// It ended a hold, too.
    pub(crate) released: bool,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Unlogged(Option<WaiverLine>);

impl Fact for Unlogged {
    const NAME: &str = "unlogged-waiver";
}

impl WaiverLine {
    /// Gives the change that goes into the transaction of the decision.
    pub(crate) fn change(&self) -> Result<Change, StoreFault> {
        Change::fact(&Unlogged(Some(self.clone())))
    }
}

impl Engine {
    /// Writes the lines of a waiver that stands in the state.
    pub(crate) fn log_waiver(&mut self, waiver: &WaiverLine) -> Result<(), EngineFault> {
        let WaiverLine { channel, epoch, from, to, operator, released } = waiver.clone();
        self.log.note(Event::Waived { channel: channel.clone(), epoch, from, to, operator: operator.clone() });
        if released {
            self.log.note(Event::Released { channel, code: WAIVED.to_string(), operator });
        }
        self.commit_log()?;
        self.ride(Change::Fact(Unlogged::NAME.to_string(), None));
        Ok(())
    }

    /// Writes what a crash kept from being written.
    pub(crate) fn log_waiver_again(&mut self, evidence: &LogEvidence) -> Result<(), EngineFault> {
        let Some(waiver) = self.state.fact::<Unlogged>()?.0 else { return Ok(()) };
        match evidence.waived.contains(&(waiver.channel.clone(), waiver.epoch, waiver.from, waiver.to)) {
            false => self.log_waiver(&waiver),
            true => {
                self.ride(Change::Fact(Unlogged::NAME.to_string(), None));
                Ok(())
            }
        }
    }
}
