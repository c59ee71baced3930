//! How loss on the link is noticed, told and met without a person.
//!
//! Both directions of a two-way device, or two one-way devices in opposite directions, are the same here: where what a station sends is answered
//! (`link.way_back`), its peer's signals carry receipts and what is missing. [`receipts`] keeps what was said, [`resend`] places again what is
//! missing, [`window`] lets no channel run too far ahead, [`told`] passes receipts on to suppliers. Without an answer everything may be placed twice
//! ([`crate::send::repeat`]). All of it goes through one [`pace`].

pub mod pace;
pub mod receipts;

use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::seams::clock::Clock;
use crate::station::LinkConfig;
use crate::store::facts::Fact;
use crate::store::{StationState, StoreFault};
use crate::trouble::Trouble;
use dukou_packets::suite::Digest;
use pace::Pacer;
use receipts::Receipts;
use serde::{Deserialize, Serialize};

/// Least time (ms) between two signals within one step, and between two of which the second tells of receipts alone.
const SIGNAL_REST_MS: u64 = 1000;

/// What the link keeps in memory while the station runs; but for the copy of the receipts all of it may be forgotten.
pub(crate) struct Link {
    /// The pace of everything that is placed again.
    pub(crate) pacer: Pacer,
    /// What the peer has said of our packets, as the store has it.
    pub(crate) receipts: Receipts,
    /// When (running time) the newest own signal was sent, as the store has it.
    pub(crate) signal_sent: SignalSent,
    /// When (monotonic, ms) this run sent its newest signal, and what that one said of own heads and keyring.
    pub(crate) signal_said: Option<(u64, Digest)>,
    /// When (running time) this run wrote its newest `signal` line.
    pub(crate) signal_logged: Option<u64>,
    /// True when a signal told something that no line says.
    pub(crate) signal_unlogged: bool,
    /// What of the link a person must look into, as of the last look.
    pub(crate) troubles: Vec<Trouble>,
}

/// When the newest own signal was sent: a fact in the store, so that passes keep the period, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SignalSent {
    /// Running time (ms).
    pub(crate) run_ms: u64,
}

impl Fact for SignalSent {
    const NAME: &str = "signal-sent";
}

impl Link {
    pub(crate) fn new(config: &LinkConfig, state: &StationState) -> Result<Self, StoreFault> {
        Ok(Self {
            pacer: Pacer::new(config.resend_per_minute),
            receipts: state.fact()?,
            signal_sent: state.fact()?,
            signal_said: None,
            signal_logged: None,
            signal_unlogged: false,
            troubles: Vec::new(),
        })
    }

    /// True when this run sent a signal moments ago.
    pub(crate) fn has_just_spoken(&self, clock: &dyn Clock) -> bool {
        self.signal_said.is_some_and(|(at_ms, _)| clock.mono_ms() < at_ms + SIGNAL_REST_MS)
    }
}

/// Checks the settings of the link: the setting and its rule, where one does not hold.
pub(crate) fn wrong_setting(config: &LinkConfig) -> Option<(&'static str, &'static str)> {
    let within = |value: u32, from: u32, to: u32| (from..=to).contains(&value);
    [(within(config.signal_seconds, 0, 86_400), "link.signal_seconds", "0–86400")]
        .into_iter()
        .find_map(|(holds, setting, rule)| (!holds).then_some((setting, rule)))
}

impl Engine {
    /// Ends a step: tells the peer how far everything is, when there is news or the period is over.
    pub(crate) fn tend_link(&mut self, report: &mut PassReport) -> Result<(), EngineFault> {
        if self.trust.is_none() || !self.unplaced.is_empty() || self.should_stop() {
            return Ok(());
        }
        self.send_signal(report)
    }
}
