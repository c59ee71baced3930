//! How far the changes are whose rows leave from here: what the store keeps, and what people are told of it.
//!
//! Given: the store, the receipts. Gives: each change's state in words and codes. Never: 已生效 of a change that the peer has not confirmed.

use crate::link::receipts::Receipts;
use crate::store::facts::Fact;
use crate::store::{Direction, PacketKey, PacketState, StationState, Store, StoreFault};
use dukou_packets::packet::header::{ChannelName, Epoch};
use dukou_packets::packet::marker::Approval;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The changes that were begun where rows leave from, by the digests of their documents: a fact in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leavings(pub BTreeMap<String, Leaving>);

impl Fact for Leavings {
    const NAME: &str = "structure-leaving";
}

/// A change that was begun: what its markers say, and where they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaving {
    /// The structure.
    pub structure: String,
    /// The version that it leads to.
    pub to: u32,
    /// The database has it, whole.
    pub is_made: bool,
    /// The step at which the last try stood, where the database commits each step.
    pub step: Option<u32>,
    /// How many steps it has.
    pub steps: u32,
    /// The channels that it concerns and that leave from here, rising.
    pub channels: Vec<ChannelName>,
    /// For how many running days its packets are kept.
    pub keep_days: u32,
    /// Who signed for it here, in their order.
    pub approvals: Vec<Approval>,
    /// The marker packet of each channel that has one.
    pub markers: BTreeMap<ChannelName, Placed>,
}

/// A marker packet of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// Its epoch.
    pub epoch: Epoch,
    /// Its number.
    pub seq: u64,
    /// The entry of the outbox that it stands for: id and time (ms).
    pub entry: Option<(i64, i64)>,
}

impl Leaving {
    /// Gives the marker of a channel as a packet.
    pub fn marker(&self, channel: &ChannelName) -> Option<PacketKey> {
        let Placed { epoch, seq, .. } = *self.markers.get(channel)?;
        Some(PacketKey { direction: Direction::Out, channel: channel.clone(), epoch, seq })
    }
}

/// How far a change is where rows leave from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It is being made, or stands at a step.
    Changing,
    /// It is made; not every channel has its marker.
    Changed,
    /// Every channel has its marker; not all of them left.
    Marked,
    /// All markers left: 已离站.
    Left,
    /// The peer has confirmed them all.
    Confirmed,
}

/// A channel of a change, as it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChannelStanding {
    /// The channel.
    pub channel: String,
    /// How far it is.
    pub state: State,
    /// The number of its marker packet.
    pub seq: Option<u64>,
}

/// A change where rows leave from, as it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeavingStanding {
    /// The structure.
    pub structure: String,
    /// The version that it leads to.
    pub to: u32,
    /// The digest of its document.
    pub document: String,
    /// How far it is: as far as the channel that is least far.
    pub state: State,
    /// The step at which it stands, where it stands at one.
    pub step: Option<u32>,
    /// How many steps it has.
    pub steps: u32,
    /// Its channels.
    pub channels: Vec<ChannelStanding>,
}

/// Tells how far the changes are whose rows leave from here, by structure and version.
///
/// # Errors
/// [`StoreFault`].
pub fn standings(state: &StationState, store: &mut dyn Store) -> Result<Vec<LeavingStanding>, StoreFault> {
    let (leavings, receipts) = (state.fact::<Leavings>()?, state.fact::<Receipts>()?);
    let told = leavings.0.iter().map(|(document, leaving)| standing_of(document, leaving, &receipts, store));
    let mut told = told.collect::<Result<Vec<_>, StoreFault>>()?;
    told.sort_by(|one, two| (&one.structure, one.to).cmp(&(&two.structure, two.to)));
    Ok(told)
}

fn standing_of(
    document: &str,
    leaving: &Leaving,
    receipts: &Receipts,
    store: &mut dyn Store,
) -> Result<LeavingStanding, StoreFault> {
    let mut channels = Vec::new();
    for channel in &leaving.channels {
        let state = channel_state(leaving, channel, receipts, store)?;
        let seq = leaving.markers.get(channel).map(|placed| placed.seq);
        channels.push(ChannelStanding { channel: channel.to_string(), state, seq });
    }
    let rank = |state: &State| *state as u8;
    let least = channels.iter().map(|channel| channel.state).min_by_key(rank).unwrap_or(State::Changed);
    let Leaving { structure, to, step, steps, .. } = leaving.clone();
    Ok(LeavingStanding { structure, to, document: document.to_string(), state: least, step, steps, channels })
}

fn channel_state(
    leaving: &Leaving,
    channel: &ChannelName,
    receipts: &Receipts,
    store: &mut dyn Store,
) -> Result<State, StoreFault> {
    let Some(key) = leaving.marker(channel) else {
        return Ok(if leaving.is_made { State::Changed } else { State::Changing });
    };
    if receipts.confirmed_seq(channel, key.epoch) >= key.seq {
        return Ok(State::Confirmed);
    }
    let row = store.packet(&key)?;
    Ok(if row.is_some_and(|row| row.state == PacketState::Left) { State::Left } else { State::Marked })
}
