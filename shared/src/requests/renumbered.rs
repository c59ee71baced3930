//! Packet numbers that go on from further away, and the line that tells of it.
//!
//! Given: a state that was rebuilt or mended from log and spool, or a person who lets signals go on. Gives: one `renumbered` line. After a crash: the line is
//! written at the next start, before any number is given. Never: a number given that neither state nor log knows of.

use crate::engine::Engine;
use crate::error::EngineFault;
use crate::store::facts::Fact;
use crate::store::{Change, StoreFault};
use dukou_packets::log::line::Event;
use serde::{Deserialize, Serialize};

/// That this state was rebuilt from log and spool, and who decided it.
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
}

impl Fact for RebuiltState {
    const NAME: &str = "rebuilt-state";
}

/// Why packets are numbered from further away on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Renumbering {
    /// The state was made anew from log and spool.
    #[default]
    Rebuilt,
    /// The state was behind the log and got back what log and spool prove.
    Mended,
    /// No channel leaves from here, and a person lets signals go on from an older copy of the state.
    EpochNew,
}

impl Renumbering {
    /// Gives the code of the line.
    pub fn code(self) -> &'static str {
        match self {
            Self::Rebuilt => "rebuilt",
            Self::Mended => "mended",
            Self::EpochNew => EPOCH_NEW,
        }
    }
}

/// The code of a line by which a person's decision about signals is known.
pub(crate) const EPOCH_NEW: &str = "epoch-new";

/// The newest renumbering; none was where the number is 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Renumbered {
    number: u64,
    why: Renumbering,
    operator: String,
    /// True once the packet log says so.
    is_logged: bool,
}

impl Fact for Renumbered {
    const NAME: &str = "renumbered";
}

/// Gives the changes with which numbers go on behind one; the log tells of it at the next start, or before.
///
/// # Errors
/// [`StoreFault`].
pub(crate) fn renumber(number: u64, why: Renumbering, operator: &str) -> Result<[Change; 2], StoreFault> {
    let renumbered = Renumbered { number, why, operator: operator.to_string(), is_logged: false };
    Ok([Change::Number(number), Change::fact(&renumbered)?])
}

impl Engine {
    /// Tells once in the packet log that numbers go on from further away; at start before any is given.
    pub(crate) fn tell_renumbered(&mut self) -> Result<(), EngineFault> {
        let renumbered: Renumbered = self.state.fact()?;
        if renumbered.number == 0 || renumbered.is_logged {
            return Ok(());
        }
        let (code, operator) = (renumbered.why.code().to_string(), renumbered.operator.clone());
        self.log.note(Event::Renumbered { run: self.run, number: renumbered.number, code, operator });
        self.commit_log()?;
        self.commit_store(vec![Change::fact(&Renumbered { is_logged: true, ..renumbered })?])
    }
}
