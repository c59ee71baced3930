//! The private spool's quota a channel: early packets beyond it stay in the ferry directory, or unrebuilt, the other channels flow.
//!
//! Given: what a channel keeps until its turn or until an epoch begins, and as evidence of epochs that ended. Gives: whether one more may be copied in; a fact that names those which stay outside. After a
//! crash: counted anew. Never: a packet that is next in its turn kept out, or one called missing that lies in the ferry directory.

use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::lang::Lang;
use crate::ranges::{Ranges, gathered};
use crate::receive::order::{Gaps, minus};
use crate::say;
use crate::store::facts::Fact;
use crate::store::{Change, StationState, StoreFault};
use crate::trouble::Trouble;
use dukou_packets::packet::header::{ChannelName, Epoch};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of one unit of `keep.spool_gib`.
const GIB: u64 = 1 << 30;

/// Most ranges of one channel that are remembered as lying outside; more are told as missing until there is room.
const RANGES: usize = 1000;

/// Early packets that lie in the ferry directory because their channel's share of the spool is used up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LyingOutside(BTreeMap<ChannelName, (Epoch, Ranges)>);

impl Fact for LyingOutside {
    const NAME: &str = "lying-outside";
}

impl LyingOutside {
    /// Takes those out of what is missing that lie in the ferry directory.
    pub(crate) fn found(&self, missing: &Gaps) -> Gaps {
        minus(missing, &self.0)
    }

    /// Takes those out of one channel's missing ranges.
    pub(crate) fn found_in(&self, channel: &ChannelName, missing: Vec<(u64, u64)>, epoch: Epoch) -> Vec<(u64, u64)> {
        let one = Gaps::from([(channel.clone(), (epoch, missing))]);
        self.found(&one).remove(channel).map_or(Vec::new(), |(_, ranges)| ranges)
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`StoreFault::Corrupt`].
    pub fn read(state: &StationState) -> Result<Self, StoreFault> {
        state.fact()
    }
}

/// Packets that stayed outside since the first page of the ferry directory was looked at, by channel.
pub(crate) type Outside = BTreeMap<ChannelName, BTreeSet<(Epoch, u64)>>;

/// How much of its share of the spool a channel uses.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SpoolRoom {
    used: u64,
    most: u64,
    /// True when a packet had to stay outside.
    full: bool,
}

impl SpoolRoom {
    /// Takes the room for one more packet; false when there is none.
    pub(crate) fn take(&mut self, bytes: u64) -> bool {
        let fits = self.used.saturating_add(bytes) <= self.most;
        match fits {
            true => self.used += bytes,
            false => self.full = true,
        }
        fits
    }

    /// Gives the share that is used, in per cent; 100 where a packet had to stay outside.
    fn percent(&self) -> u64 {
        match self.full {
            true => 100,
            false => self.used.saturating_mul(100) / self.most.max(1),
        }
    }

    fn code(&self) -> Option<&'static str> {
        match self.percent() {
            _ if self.full => Some("spool-full"),
            90.. => Some("spool-90"),
            70.. => Some("spool-70"),
            _ => None,
        }
    }
}

impl Engine {
    /// Counts what a channel keeps until its turn or until its epoch begins, and what of ended epochs is kept as evidence: one share for all of
    /// its epochs, however many its sender opens. Evidence leaves with its keeping time, never for want of room.
    pub(crate) fn spool_room(&mut self, channel: &ChannelName) -> Result<SpoolRoom, EngineFault> {
        let most = u64::from(self.station.config.keep.spool_gib) * GIB;
        let open = self.in_head(channel).map(|head| head.epoch);
        let used = self.store().kept_bytes(channel, open)?;
        Ok(SpoolRoom { used, most, full: false })
    }

    /// Remembers that a packet stays outside until the channel's share has room.
    pub(crate) fn leave_outside(&mut self, channel: &ChannelName, epoch: Epoch, seq: u64) {
        self.pick_up.outside.entry(channel.clone()).or_default().insert((epoch, seq));
    }

    /// Forgets that a packet stayed outside: it gets its turn once more.
    pub(crate) fn let_in(&mut self, channel: &ChannelName, epoch: Epoch, seq: u64) {
        if let Some(outside) = self.pick_up.outside.get_mut(channel) {
            outside.remove(&(epoch, seq));
        }
    }

    /// True for a packet that stayed outside in this look.
    pub(crate) fn is_outside(&self, channel: &ChannelName, epoch: Epoch, seq: u64) -> bool {
        self.pick_up.outside.get(channel).is_some_and(|outside| outside.contains(&(epoch, seq)))
    }

    /// Gives how much of its share a channel uses, in per cent; 100 where packets lie outside for want of room.
    pub(crate) fn spool_percent(&mut self, channel: &ChannelName) -> Result<u64, EngineFault> {
        let room = self.spool_room(channel)?;
        let lying: LyingOutside = self.state.fact()?;
        let head = self.in_head(channel);
        let full = lying.0.get(channel).is_some_and(|(epoch, ranges)| {
            head.is_some_and(|head| head.epoch == *epoch && ranges.iter().any(|(_, to)| *to > head.seq))
        });
        Ok(SpoolRoom { full, ..room }.percent())
    }

    /// Tells how full a channel's share is, and remembers which numbers stayed outside for that; of several epochs those of the newest.
    pub(crate) fn tell_spool(
        &mut self,
        channel: &ChannelName,
        mut room: SpoolRoom,
        report: &mut PassReport,
    ) -> Result<(), EngineFault> {
        let mut outside: Vec<(Epoch, u64)> = self.pick_up.outside.get(channel).into_iter().flatten().copied().collect();
        outside.sort_by_key(|(epoch, seq)| (Reverse(*epoch), *seq));
        room.full |= !outside.is_empty();
        let mut lying: LyingOutside = self.state.fact()?;
        let before = lying.clone();
        match ranges(&outside) {
            None => drop(lying.0.remove(channel)),
            Some(outside) => drop(lying.0.insert(channel.clone(), outside)),
        }
        if lying != before {
            self.commit_store(vec![Change::fact(&lying)?])?;
        }
        self.mark_spool(channel, room.percent());
        let trouble = room.code().map(|code| trouble(channel, code, &room, self.lang()));
        report.troubles.extend(trouble.filter(|trouble| !report.troubles.contains(trouble)));
        Ok(())
    }
}

/// Gives the numbers of the first one's epoch as ranges.
fn ranges(outside: &[(Epoch, u64)]) -> Option<(Epoch, Ranges)> {
    let (epoch, _) = *outside.first()?;
    let mut ranges = gathered(outside.iter().filter(|(other, _)| *other == epoch).map(|(_, seq)| *seq));
    ranges.truncate(RANGES);
    Some((epoch, ranges))
}

fn trouble(channel: &ChannelName, code: &'static str, room: &SpoolRoom, lang: Lang) -> Trouble {
    let (used, most) = (room.used >> 20, room.most >> 20);
    let sentence = |lang| match room.full {
        true => say!(
            lang,
            "通道 {channel} 等待轮次的包（连同旧的各代留作凭据的包）已占满本站留存限额（{used} / {most} MiB，keep.spool_gib），后到的留在摆渡目录，别的通道照常。请先看它在等什么（status、gaps）并处理，之后自动继续。",
            "Early packets of channel {channel}, and what is kept of its ended epochs, fill its share of the spool ({used} of {most} MiB, keep.spool_gib); later ones stay in the ferry directory, other channels flow. See what it waits for (status, gaps) and mend that; then it goes on by itself."
        ),
        false => say!(
            lang,
            "通道 {channel} 等待轮次的包（连同旧的各代留作凭据的包）已占本站留存限额的 {} 以上（{used} / {most} MiB，keep.spool_gib）。请尽快看它在等什么（status、gaps）并处理。",
            "Early packets of channel {channel}, and what is kept of its ended epochs, take more than {} of its share of the spool ({used} of {most} MiB, keep.spool_gib). See soon what it waits for (status, gaps) and mend that.",
            if code == "spool-90" { "90%" } else { "70%" }
        ),
    };
    let [zh, en] = [Lang::Zh, Lang::En].map(sentence);
    Trouble { code: code.into(), journal: say!(lang, "{zh}", "{en}"), zh, en }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_that_fills_is_told_at_seventy_at_ninety_and_when_a_packet_stays_outside() {
        let mut room = SpoolRoom { used: 0, most: 100, full: false };
        let mut told = Vec::new();
        for _ in 0..11 {
            assert_eq!(room.take(10), told.len() < 10);
            told.push(room.code());
        }
        let expected =
            [None; 6].into_iter().chain([Some("spool-70"); 2]).chain([Some("spool-90"); 2]).chain([Some("spool-full")]);
        assert_eq!(told, expected.collect::<Vec<_>>());
    }

    #[test]
    fn what_lies_outside_is_remembered_as_ranges_of_a_bounded_number() {
        let epochs = [1, 2].map(|counter| Epoch { counter, salt: [0; 8] });
        let outside = |seqs: &[u64]| seqs.iter().map(|seq| (epochs[0], *seq)).collect::<Vec<_>>();
        assert_eq!(ranges(&[]), None);
        assert_eq!(ranges(&outside(&[3, 4, 4, 5, 9])), Some((epochs[0], vec![(3, 5), (9, 9)])));
        let two = [outside(&[3, 4]), vec![(epochs[1], 1), (epochs[1], 5)]].concat();
        assert_eq!(ranges(&two), Some((epochs[0], vec![(3, 4)])), "numbers of another epoch are others");
        let many: Vec<u64> = (1..5000).map(|seq| seq * 2).collect();
        assert_eq!(ranges(&outside(&many)).map(|(_, ranges)| ranges.len()), Some(RANGES));
    }
}
