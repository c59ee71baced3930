//! Maintenance: a person's word that silence and lateness are expected for a time.
//!
//! Given: until when, by whom, why. Gives: no new alarm of silence or lateness until then. It ends when the wall clock says so or as much
//! running time has passed, whichever is first: a clock that is set back mutes nothing for ever. Never: a muted alarm of any other kind.

use super::book::Moment;
use super::codes::Code;
use crate::store::facts::Fact;
use serde::{Deserialize, Serialize};

/// Longest maintenance, 31 days.
pub const LONGEST_MS: i64 = 31 * 86_400_000;

/// The maintenance that goes on, if one does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maintenance(Option<Downtime>);

/// A time in which silence and lateness are expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Downtime {
    /// Wall clock in milliseconds at which it ends.
    pub until_ms: i64,
    /// Running time in milliseconds at which it ends at the latest.
    pub until_run_ms: u64,
    /// Why.
    pub reason: String,
    /// Who decided, by name.
    pub name: String,
    /// The account, as the packet log names it.
    pub operator: String,
}

impl Fact for Maintenance {
    const NAME: &str = "maintenance";
}

impl Maintenance {
    /// Begins one; an earlier one ends with it.
    pub fn begin(downtime: Downtime) -> Self {
        Self(Some(downtime))
    }

    /// Gives the maintenance that goes on at this moment.
    pub fn going_on(&self, now: Moment) -> Option<&Downtime> {
        self.0.as_ref().filter(|downtime| now.wall_ms < downtime.until_ms && now.run_ms < downtime.until_run_ms)
    }

    /// True when one was begun, whether or not it is over.
    pub fn was_begun(&self) -> bool {
        self.0.is_some()
    }
}

/// Tells whether a maintenance mutes a kind of alarm.
pub fn mutes(code: Code) -> bool {
    matches!(code, Code::Quiet | Code::Silent | Code::Late)
}
