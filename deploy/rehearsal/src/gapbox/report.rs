//! Everything a device did, for programs.

use serde::Serialize;

use super::{Counts, Fault, GapDevice, Volume};

/// What `--report` writes: how often everything happened, and the register of volumes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Seed of all decisions.
    pub seed: u64,
    /// How often everything happened.
    pub counts: Counts,
    /// Faults that the script names and that never fired: they tested nothing.
    pub never_fired: Vec<Fault>,
    /// The volumes that went, in order.
    pub volumes: Vec<Volume>,
}

impl Report {
    /// Takes the report of a device.
    pub fn of(device: &GapDevice) -> Self {
        Report {
            seed: device.script().seed,
            counts: device.counts().clone(),
            never_fired: device.counts().never_fired(device.script()),
            volumes: device.volumes().to_vec(),
        }
    }
}
