//! A state that was rebuilt from log and spool: who decided it, and the line that tells of it.

use crate::engine::Engine;
use crate::error::EngineFault;
use crate::store::Change;
use crate::store::facts::Fact;
use dukou_packets::log::line::Event;
use serde::{Deserialize, Serialize};

/// That this state was rebuilt; none was where the number is 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RebuiltState {
    /// Wall clock (ms).
    pub at_ms: i64,
    /// The person who decided, by name; empty where the state was lost and nothing was replaced.
    pub name: String,
    /// Why; empty as the name may be.
    pub reason: String,
    /// The account.
    pub operator: String,
    /// The number behind which packets are numbered from then on.
    pub number: u64,
    /// True once the packet log says so.
    pub is_logged: bool,
}

impl Fact for RebuiltState {
    const NAME: &str = "rebuilt-state";
}

impl Engine {
    /// At start: tells once in the packet log that this station goes on from a state that was rebuilt.
    pub(crate) fn tell_rebuilt(&mut self) -> Result<(), EngineFault> {
        let rebuilt: RebuiltState = self.state.fact()?;
        if rebuilt.number == 0 || rebuilt.is_logged {
            return Ok(());
        }
        self.log.note(Event::Restored { peer: self.station.config.station.id, run: self.run, number: rebuilt.number });
        self.commit_log()?;
        self.commit_store(vec![Change::fact(&RebuiltState { is_logged: true, ..rebuilt })?])
    }
}
