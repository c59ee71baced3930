//! How loss on the link is noticed, told and met without a person.
//!
//! Both directions of a two-way device, or two one-way devices in opposite directions, are the same here: where what a station sends is answered
//! (`link.way_back`), its peer's signals carry receipts and what is missing. [`receipts`] keeps what was said, `resend` places again what is
//! missing, `window` lets no channel run too far ahead, `told` passes receipts on to suppliers. Without an answer everything may be placed twice
//! (`send/repeat.rs`). All of it goes through one [`pace`].

pub mod pace;
pub mod receipts;
mod resend;
pub(crate) mod standing;
mod told;
pub(crate) mod troubles;
pub(crate) mod window;

use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::retention::Expiring;
use crate::seams::clock::Clock;
use crate::send::repeat::Repeats;
use crate::station::LinkConfig;
use crate::store::PacketKey;
use crate::store::facts::Fact;
use crate::store::{StationState, StoreFault};
use crate::trouble::Trouble;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::suite::Digest;
use pace::Pacer;
use receipts::Receipts;
use resend::Try;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use told::ToldApplied;
use window::Flight;

/// Least time (ms) between two signals within one step, between two of which the second tells of receipts alone, and between any two of a
/// station that is woken for the second.
const SIGNAL_REST_MS: u64 = 1000;

/// Least running time (ms) between two looks for what is to be placed again.
const LOOK_MS: u64 = 1000;

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
    /// News waits for its signal until the last one is [`SIGNAL_REST_MS`] old.
    pub(crate) signal_waits: bool,
    /// When (running time) this run wrote its newest `signal` line.
    pub(crate) signal_logged: Option<u64>,
    /// True when a signal told something that no line says.
    pub(crate) signal_unlogged: bool,
    /// Packets that were placed again, or later than they were made.
    pub(crate) tries: HashMap<PacketKey, Try>,
    /// Packets whose retained copy could not be placed again.
    pub(crate) lost: BTreeMap<PacketKey, Trouble>,
    /// Through which packet each channel was repeated, as the store has it.
    pub(crate) repeats: Repeats,
    /// Up to which packet suppliers were told, as the store has it.
    pub(crate) told: ToldApplied,
    /// What was never confirmed and leaves its keeping time soon, as of the last look at retention.
    pub(crate) expiring: Vec<Expiring>,
    /// What is packed and not confirmed.
    pub(crate) flights: BTreeMap<ChannelName, Flight>,
    /// Running time (ms) before which nothing is placed again.
    pub(crate) rests_until: u64,
    /// Running time (ms) of the last look.
    looked: Option<u64>,
    /// What of the link a person must look into, as of the last look.
    troubles: Vec<Trouble>,
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
            signal_waits: false,
            signal_logged: None,
            signal_unlogged: false,
            tries: HashMap::new(),
            lost: BTreeMap::new(),
            repeats: state.fact()?,
            told: state.fact()?,
            expiring: Vec::new(),
            flights: BTreeMap::new(),
            rests_until: 0,
            looked: None,
            troubles: Vec::new(),
        })
    }

    /// Tells how soon (ms) a signal that waits may go.
    pub(crate) fn signal_rests_ms(&self, clock: &dyn Clock) -> Option<u64> {
        let (said_ms, _) = self.signal_said.filter(|_| self.signal_waits)?;
        Some((said_ms + SIGNAL_REST_MS).saturating_sub(clock.mono_ms()))
    }

    /// True when this run sent a signal moments ago.
    pub(crate) fn has_just_spoken(&self, clock: &dyn Clock) -> bool {
        self.signal_said.is_some_and(|(at_ms, _)| clock.mono_ms() < at_ms + SIGNAL_REST_MS)
    }
}

/// A receipt that was lost comes with the next period: without one a full window might stay so.
const WITH_A_WAY_BACK: &str = "有回程（way_back = true）时至少 1 / at least 1 with a way back";

/// Checks the settings of the link: the setting and its rule, where one does not hold.
pub(crate) fn wrong_setting(config: &LinkConfig) -> Option<(&'static str, &'static str)> {
    let within = |value: u32, from: u32, to: u32| (from..=to).contains(&value);
    let rules = [
        (within(config.signal_seconds, 0, 86_400), "link.signal_seconds", "0–86400"),
        (!config.way_back() || config.signal_seconds > 0, "link.signal_seconds", WITH_A_WAY_BACK),
        (within(config.resend_after_seconds, 1, 604_800), "link.resend_after_seconds", "1–604800"),
        (within(config.repeat_after_minutes, 0, 43_200), "link.repeat_after_minutes", "0–43200"),
        (within(config.window_packets, 1, 1_000_000), "link.window_packets", "1–1000000"),
        (within(config.window_mib, 1, 1_048_576), "link.window_mib", "1–1048576"),
    ];
    rules.into_iter().find_map(|(holds, setting, rule)| (!holds).then_some((setting, rule)))
}

impl Engine {
    /// Ends a step: places again what the peer misses and what is due, and tells the peer how far everything is.
    pub(crate) fn tend_link(&mut self, report: &mut PassReport) -> Result<(), EngineFault> {
        let mut end = PassReport::default();
        self.link.signal_waits = false;
        if self.trust.is_some() && self.unplaced.is_empty() && !self.should_stop() && !self.seals_nothing()? {
            self.make_up_when_due()?;
            self.send_signal(&mut end)?;
        }
        for trouble in end.troubles.iter().chain(&self.link.troubles) {
            if !report.troubles.contains(trouble) {
                report.troubles.push(trouble.clone());
            }
        }
        Ok(())
    }

    fn make_up_when_due(&mut self) -> Result<(), EngineFault> {
        let now_ms = self.running_ms();
        if self.link.looked.is_some_and(|last_ms| now_ms < last_ms + LOOK_MS) {
            return Ok(());
        }
        self.link.looked = Some(now_ms);
        let mut look = PassReport::default();
        if now_ms >= self.link.rests_until {
            self.resend_missing(&mut look)?;
            self.repeat_late(&mut look)?;
            self.forget_old_tries();
        }
        self.tell_suppliers(&mut look)?;
        look.troubles.extend(self.link.lost.values().cloned());
        look.troubles.extend(self.receipt_troubles());
        look.troubles.extend(self.expiring_troubles());
        self.link.troubles = look.troubles;
        Ok(())
    }

    /// Gives what the present peer has said of our packets.
    pub(crate) fn receipts(&self) -> Option<&Receipts> {
        let peer = self.trust.as_ref().map(|trust| trust.peer.body().station);
        Some(&self.link.receipts).filter(|receipts| peer.is_some() && receipts.peer == peer)
    }

    fn receipt_troubles(&self) -> Vec<Trouble> {
        let (lang, Some(receipts)) = (self.lang(), self.receipts()) else { return Vec::new() };
        let beyond = receipts.beyond.iter().map(|(channel, seq)| troubles::receipt_beyond(channel, *seq, lang));
        let fallen = receipts
            .channels
            .iter()
            .filter_map(|(channel, receipt)| Some(troubles::receipt_falls(channel, (receipt.fell_from?, receipt.seq), lang)));
        beyond.chain(fallen).collect()
    }

    /// Tells how many packets may be placed again now, beside live traffic (`link.resend_per_minute`).
    pub(crate) fn may_place_again(&mut self) -> u64 {
        let now_ms = self.running_ms();
        self.link.pacer.allowance(now_ms)
    }

    /// Counts packets that were placed again now.
    pub(crate) fn placed_again(&mut self, count: u64) {
        let now_ms = self.running_ms();
        self.link.pacer.spend(now_ms, count);
    }
}
