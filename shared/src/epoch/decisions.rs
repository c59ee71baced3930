//! Decisions of persons about epochs: who, when and why. The packet log names the account; name and reason stay in the store.

use crate::engine::Engine;
use crate::error::EngineFault;
use crate::store::Change;
use crate::store::facts::Fact;
use dukou_packets::packet::header::ChannelName;
use serde::{Deserialize, Serialize};

/// Most decisions that are kept; the oldest go first.
const DECISIONS_MAX: usize = 200;

/// What a person decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Decision {
    /// The verb: `epoch-new`, `epoch-accept`, `replay`, `reseal`, `trust-replace`, `push`.
    pub(crate) verb: String,
    /// The channel, where it was about one.
    pub(crate) channel: Option<ChannelName>,
    /// Account of the person.
    pub(crate) operator: String,
    /// Who decided, by name.
    pub(crate) name: String,
    /// Why.
    pub(crate) reason: String,
    /// Wall clock (ms).
    pub(crate) at_ms: i64,
}

/// The newest decisions, oldest first.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Decisions(Vec<Decision>);

impl Fact for Decisions {
    const NAME: &str = "epoch-decisions";
}

/// Who decides, and why.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person<'a> {
    /// Account: what the packet log names.
    pub(crate) operator: &'a str,
    /// By name: stays in the store.
    pub(crate) name: &'a str,
    /// Why: stays in the store.
    pub(crate) reason: &'a str,
}

impl Engine {
    /// Gives the change that adds a decision.
    pub(crate) fn decided(
        &self,
        verb: &str,
        channel: Option<&ChannelName>,
        person: &Person<'_>,
    ) -> Result<Change, EngineFault> {
        let mut decisions = self.state.fact::<Decisions>()?;
        decisions.0.push(Decision {
            verb: verb.to_string(),
            channel: channel.cloned(),
            operator: person.operator.to_string(),
            name: person.name.to_string(),
            reason: person.reason.to_string(),
            at_ms: self.seams.clock.wall_ms(),
        });
        let surplus = decisions.0.len().saturating_sub(DECISIONS_MAX);
        decisions.0.drain(..surplus);
        Ok(Change::fact(&decisions)?)
    }
}
