//! The markers that came and are not passed yet: a fact of the store.
//!
//! Given: a marker and where its channel met it. Gives: which channels of its list stand there, which are awaited. After a crash: as it was stored, and a marker that is
//! met again is noted once. Never: a channel counted as there whose next packet is another one.

use crate::connectors::tables::Mark;
use crate::lang::{Lang, cut};
use crate::store::facts::Fact;
use crate::store::{InHead, StationState, StoreFault};
use dukou_packets::packet::header::{ChannelName, Epoch};
use dukou_packets::packet::marker::{Change, Marker};
use dukou_packets::suite::Digest;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Longest words of a database that are kept, in bytes.
const WORDS_MAX: usize = 2000;

/// Milliseconds of a day.
const DAY_MS: u64 = 86_400_000;

/// The changes whose markers came and that are not done here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Arrived(pub(crate) Vec<Arriving>);

impl Fact for Arrived {
    const NAME: &str = "structure-markers";
}

/// A change whose marker came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Arriving {
    pub(crate) structure: String,
    pub(crate) to: u32,
    /// The digest of the structure before.
    pub(crate) before: Digest,
    pub(crate) document: Digest,
    /// Every channel that it concerns and that comes here, as the marker says.
    pub(crate) channels: Vec<ChannelName>,
    /// Channels pass its markers before it is applied.
    pub(crate) is_pending: bool,
    /// How many running days its sender keeps packets.
    pub(crate) keep_days: u32,
    /// Wall clock (ms) and running time (ms) at which the first marker was met.
    pub(crate) at_ms: i64,
    pub(crate) run_ms: u64,
    /// Where each channel met its marker.
    pub(crate) here: BTreeMap<ChannelName, Stand>,
    /// Channels that pass their marker, or have passed it, before the change is applied.
    pub(crate) passed: BTreeSet<ChannelName>,
    /// Why it is not applied, when nothing is awaited.
    pub(crate) why: Option<Why>,
}

/// The place of a marker in its channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stand {
    pub(crate) epoch: Epoch,
    pub(crate) seq: u64,
    pub(crate) header: Digest,
}

/// Why a complete change is not applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Why {
    /// A refusal of the approval, or `plan`, `channels`, `step`, `another`, `database`.
    pub(crate) code: String,
    /// In Chinese and in English, with a database's words.
    pub(crate) words: [String; 2],
}

impl Why {
    pub(crate) fn new(code: &str, sentence: impl Fn(Lang) -> String) -> Self {
        Self { code: code.to_string(), words: [Lang::Zh, Lang::En].map(|lang| cut(&sentence(lang), WORDS_MAX)) }
    }
}

impl Stand {
    pub(crate) fn mark(self) -> Mark {
        Mark { epoch: self.epoch, seq: self.seq, header: self.header }
    }

    /// Tells whether this is the next packet behind a channel's head.
    fn is_next(&self, head: Option<&InHead>) -> bool {
        head.is_some_and(|head| head.epoch == self.epoch && head.seq + 1 == self.seq)
    }
}

impl Arriving {
    fn of(marker: &Marker, at_ms: i64, run_ms: u64) -> Self {
        Self {
            structure: marker.change.structure.clone(),
            to: marker.change.to(),
            before: marker.change.before,
            document: marker.change.document,
            channels: marker.channels.clone(),
            is_pending: marker.pending,
            keep_days: marker.keep_days,
            at_ms,
            run_ms,
            here: BTreeMap::new(),
            passed: BTreeSet::new(),
            why: None,
        }
    }

    /// Tells whether it is this change, from the version at which it begins.
    pub(crate) fn is_of(&self, change: &Change) -> bool {
        (self.document, self.before) == (change.document, change.before)
    }

    /// Tells whether a channel stands at its marker, or may be led past it at any boundary of packets.
    pub(crate) fn is_here(&self, state: &StationState, channel: &ChannelName) -> bool {
        let held = state.holds.get(channel).is_some_and(|hold| hold.code == crate::receive::order::STRUCTURE);
        let stands = |stand: &Stand| held && stand.is_next(state.in_heads.get(channel));
        self.passed.contains(channel) || self.here.get(channel).is_some_and(stands)
    }

    /// Gives the channels that are awaited: those that have still to meet their marker.
    pub(crate) fn awaited<'a>(&'a self, state: &'a StationState) -> impl Iterator<Item = &'a ChannelName> {
        self.channels.iter().filter(|channel| !self.is_here(state, channel))
    }

    /// Tells whether half of the time has run for which the sender keeps its packets.
    pub(crate) fn is_half_kept(&self, run_ms: u64) -> bool {
        run_ms.saturating_sub(self.run_ms) >= u64::from(self.keep_days) * DAY_MS / 2
    }
}

impl Arrived {
    /// Notes where a channel met a marker, and whether it passes it at once.
    pub(crate) fn note(
        &mut self,
        marker: &Marker,
        (channel, stand): (&ChannelName, Stand),
        passes: bool,
        (at_ms, run_ms): (i64, u64),
    ) {
        let known = self.0.iter().position(|known| known.is_of(&marker.change));
        let at = known.unwrap_or_else(|| {
            self.0.push(Arriving::of(marker, at_ms, run_ms));
            self.0.len() - 1
        });
        if let Some(arriving) = self.0.get_mut(at) {
            arriving.here.insert(channel.clone(), stand);
            if passes {
                arriving.passed.insert(channel.clone());
            }
        }
    }

    /// Gives the change whose marker a channel has passed and that is not applied.
    pub(crate) fn passed_by(&self, channel: &ChannelName) -> Option<&Arriving> {
        self.0.iter().find(|arriving| arriving.passed.contains(channel))
    }
}

/// Gives the changes whose markers came and that are not done here.
pub(crate) fn arriving(state: &StationState) -> Result<Vec<Arriving>, StoreFault> {
    Ok(state.fact::<Arrived>()?.0)
}
