//! Repair packets: what both pipelines keep of them, and how often they were of use.
//!
//! Given: counts. Gives: sums that outlive the process. After a crash: what the last moments counted is not in them. Never: a line of the log.

pub(crate) mod code;

use crate::engine::Engine;
use crate::error::EngineFault;
use crate::receive::repair::Incomplete;
use crate::send::repair::Covering;
use crate::store::Change;
use crate::store::facts::Fact;
use serde::{Deserialize, Serialize};

/// How many repair packets a station ever sent and received, and what came of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepairSums {
    /// Repair packets and second copies of small packets placed in the ferry directory.
    pub sent: u64,
    /// Repair packets of the peer taken in; those of no use, too.
    pub received: u64,
    /// Packets rebuilt.
    pub rebuilt: u64,
}

impl Fact for RepairSums {
    const NAME: &str = "repair-sums";
}

/// What the engine keeps in memory about repair packets.
#[derive(Default)]
pub(crate) struct Repair {
    /// The own packets that the next repair packets will cover; `None` before the first look.
    pub(crate) covering: Option<Covering>,
    /// The peer's groups with packets missing; `None` before the first look.
    pub(crate) incomplete: Option<Incomplete>,
    /// The sums with what is not stored yet.
    sums: Option<RepairSums>,
}

impl Engine {
    /// Adds to the sums; they ride with the next transaction.
    pub(crate) fn count_repair(&mut self, add: impl FnOnce(&mut RepairSums)) -> Result<(), EngineFault> {
        let mut sums = match self.repair.sums {
            Some(sums) => sums,
            None => self.state.fact()?,
        };
        add(&mut sums);
        self.repair.sums = Some(sums);
        self.ride(Change::fact(&sums)?);
        Ok(())
    }
}
