//! Heads that arrived without their packet: what a damaged or cut packet still proves of itself.
//!
//! Given: signed heads whose payload was not whole. Gives: what kind of packet is missing, and how many records it carries. After a crash: a head may be
//! forgotten that was just learned; the packet's next arrival tells it anew. Never: more than a few hundred of them.

use crate::engine::Engine;
use crate::error::EngineFault;
use crate::store::facts::Fact;
use crate::store::{Change, StationState, StoreFault};
use dukou_packets::packet::header::{ChannelName, Epoch};
use dukou_packets::packet::open::VerifiedHead;
use serde::{Deserialize, Serialize};

/// Most heads that are remembered; the oldest go first.
const HEADS_MAX: usize = 256;

/// What a head says of a packet that is not here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BareHead {
    channel: ChannelName,
    epoch: Epoch,
    pub(crate) seq: u64,
    /// Cargo kind, FORMAT.md section 2.
    pub(crate) kind: u8,
    pub(crate) records: u32,
}

/// All of them, oldest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct BareHeads(Vec<BareHead>);

impl Fact for BareHeads {
    const NAME: &str = "bare-heads";
}

/// Gives the heads of missing packets in a range, rising.
pub(crate) fn bare_heads(
    state: &StationState,
    channel: &ChannelName,
    epoch: Epoch,
    (from, to): (u64, u64),
) -> Result<Vec<BareHead>, StoreFault> {
    let mut heads = state.fact::<BareHeads>()?.0;
    heads.retain(|head| head.channel == *channel && head.epoch == epoch && (from..=to).contains(&head.seq));
    heads.sort_by_key(|head| head.seq);
    Ok(heads)
}

impl Engine {
    /// Remembers the head of a packet that did not come whole; those of packets that are behind their channel's place are let go.
    pub(crate) fn remember_head(&mut self, head: &VerifiedHead) -> Result<(), EngineFault> {
        let header = &head.header;
        let Some(channel) = header.channel.clone().filter(|channel| self.is_granted(channel)) else { return Ok(()) };
        let (kind, records) = (header.kind, header.record_count);
        let bare = BareHead { channel, epoch: header.epoch, seq: header.seq, kind, records };
        let mut heads = self.state.fact::<BareHeads>()?;
        if heads.0.contains(&bare) {
            return Ok(());
        }
        heads.0.retain(|head| self.in_head(&head.channel).is_none_or(|at| at.epoch != head.epoch || at.seq < head.seq));
        let surplus = (heads.0.len() + 1).saturating_sub(HEADS_MAX);
        heads.0.drain(..surplus);
        heads.0.push(bare);
        self.commit_store(vec![Change::fact(&heads)?])
    }
}
