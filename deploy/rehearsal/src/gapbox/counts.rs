//! How often everything happened.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Fault, Refusal, Script};
use crate::table::Table;

/// Counts what the device did; a burst counts each file it lost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Files taken from the near directory.
    pub picked: u64,
    /// Files put into the far directory, duplicates included.
    pub delivered: u64,
    /// Bytes put there.
    pub delivered_bytes: u64,
    /// Files that went away between scan and copy.
    pub vanished: u64,
    faults: BTreeMap<Fault, u64>,
    refusals: BTreeMap<Refusal, u64>,
}

impl Counts {
    /// Gives how often a fault fired.
    pub fn fired(&self, fault: Fault) -> u64 {
        self.faults.get(&fault).copied().unwrap_or(0)
    }

    /// Gives how many files were refused for this reason.
    pub fn refused(&self, refusal: Refusal) -> u64 {
        self.refusals.get(&refusal).copied().unwrap_or(0)
    }

    /// Gives how many files were lost on the way.
    pub fn lost(&self) -> u64 {
        self.fired(Fault::Drop) + self.fired(Fault::Burst) + self.fired(Fault::Disc)
    }

    /// Names the faults the script can make happen and that never did: they tested nothing.
    pub fn never_fired(&self, script: &Script) -> Vec<Fault> {
        Fault::ALL.into_iter().filter(|&fault| script.can(fault) && self.fired(fault) == 0).collect()
    }

    /// Lays the counts out for people; faults that the script excludes are left out.
    pub fn table(&self, script: &Script) -> Table {
        let mut table = Table::new(["隔离设备 gap device", "", "次数 count"]);
        for (name, title, count) in [
            ("picked", "取走", self.picked),
            ("delivered", "送达", self.delivered),
            ("delivered-bytes", "送达字节", self.delivered_bytes),
            ("vanished", "取走前消失", self.vanished),
        ] {
            table.row([name, title, &count.to_string()]);
        }
        for fault in Fault::ALL.into_iter().filter(|&fault| script.can(fault) || self.fired(fault) > 0) {
            let never = if self.fired(fault) == 0 { " (从未发生 never fired)" } else { "" };
            table.row([fault.name(), fault.title(), &format!("{}{never}", self.fired(fault))]);
        }
        for refusal in Refusal::ALL.into_iter().filter(|&refusal| self.refused(refusal) > 0) {
            table.row([refusal.name(), refusal.title(), &self.refused(refusal).to_string()]);
        }
        table
    }

    pub(crate) fn add_fault(&mut self, fault: Fault) {
        *self.faults.entry(fault).or_default() += 1;
    }

    pub(crate) fn add_refusal(&mut self, refusal: Refusal) {
        *self.refusals.entry(refusal).or_default() += 1;
    }
}
