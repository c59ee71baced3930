//! Packets owed to the peer: those that a person asked for again and that are still to be placed, beside live traffic.
//!
//! Given: ranges of retained packets. Gives: the same packets in the ferry directory, byte for byte, in order, at most so many a minute of running time. After a
//! crash: what was not ticked off is placed once more, which does no harm. Never: a packet whose bytes are not those that were sealed, or one that
//! is forgotten without a word.

use crate::engine::{Engine, PassReport};
use crate::error::{EngineFault, Policy};
use crate::lang::Lang;
use crate::ranges::{Ranges, count, united};
use crate::say;
use crate::store::facts::Fact;
use crate::store::{Change, Direction, PacketRow, StationState};
use crate::trouble::Trouble;
use dukou_packets::packet::header::{ChannelName, Epoch};
use serde::{Deserialize, Serialize};

/// Packets placed before the list is stored anew: a crash places at most so many once more.
const TICK_OFF: usize = 256;

/// Packets of one channel and epoch that are to be placed again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OwedRanges {
    pub(crate) channel: ChannelName,
    pub(crate) epoch: Epoch,
    pub(crate) ranges: Ranges,
}

/// All packets that are to be placed again, in the order in which they were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Owed(Vec<OwedRanges>);

impl Fact for Owed {
    const NAME: &str = "owed";
}

impl Owed {
    /// Takes ranges on; what is on the list already stays there once.
    fn take_on(&mut self, asked: OwedRanges) {
        match self.0.iter_mut().find(|owed| (&owed.channel, owed.epoch) == (&asked.channel, asked.epoch)) {
            Some(owed) => owed.ranges = united(std::mem::take(&mut owed.ranges), asked.ranges),
            None => self.0.push(OwedRanges { ranges: united(Vec::new(), asked.ranges), ..asked }),
        }
    }

    /// Gives the packet whose turn it is.
    fn first(&self) -> Option<(ChannelName, Epoch, u64)> {
        let owed = self.0.first()?;
        Some((owed.channel.clone(), owed.epoch, owed.ranges.first()?.0))
    }

    /// Ticks the first packet off.
    fn tick_off(&mut self) {
        let Some(owed) = self.0.first_mut() else { return };
        match owed.ranges.first_mut() {
            Some(range) if range.0 < range.1 => range.0 += 1,
            Some(_) => drop(owed.ranges.remove(0)),
            None => {}
        }
        if owed.ranges.is_empty() {
            self.0.remove(0);
        }
    }

    /// Gives how many packets of a channel are still to be placed.
    fn count(&self, channel: &ChannelName) -> u64 {
        self.0.iter().filter(|owed| owed.channel == *channel).map(|owed| count(&owed.ranges)).sum()
    }

    fn total(&self) -> u64 {
        self.0.iter().map(|owed| count(&owed.ranges)).sum()
    }

    /// Gives the change with which nothing is owed any more.
    pub(crate) fn forgotten() -> Change {
        Change::Fact(Self::NAME.to_string(), None)
    }

    fn change(&self) -> Result<Change, EngineFault> {
        Ok(if self.0.is_empty() { Self::forgotten() } else { Change::fact(self)? })
    }
}

/// Gives how many packets of a channel are still to be placed again.
///
/// # Errors
/// [`EngineFault::Store`] when the list cannot be read.
pub fn owed_of(state: &StationState, channel: &ChannelName) -> Result<u64, EngineFault> {
    Ok(state.fact::<Owed>()?.count(channel))
}

/// What came of taking packets on.
#[derive(Debug, Default)]
pub(crate) struct TakenOn {
    /// Placed at once.
    pub(crate) placed: u64,
    /// Still to be placed, those of earlier requests among them.
    pub(crate) left: u64,
    /// Why something was not placed.
    pub(crate) troubles: Vec<Trouble>,
}

impl Engine {
    /// Takes packets on that a person asked for, and places as many as may be placed now; a fresh signal goes with them.
    pub(crate) fn owe(&mut self, asked: Vec<OwedRanges>) -> Result<TakenOn, EngineFault> {
        let mut owed = self.state.fact::<Owed>()?;
        asked.into_iter().for_each(|asked| owed.take_on(asked));
        // From here on they are owed: a crash forgets none of them.
        self.commit_store(vec![owed.change()?])?;
        let mut report = PassReport::default();
        let before = owed.total();
        self.place_owed(&mut report)?;
        // The newest signal may have been lost with the packets: another one tells how far the channels are.
        self.state.signal_out = None;
        // Where there is no ferry directory for it, the next look says so.
        self.send_signal(&mut PassReport::default())?;
        self.flush()?;
        let left = self.state.fact::<Owed>()?.total();
        let gone = report.troubles.iter().filter(|trouble| trouble.code == GONE).count() as u64;
        Ok(TakenOn { placed: before.saturating_sub(left + gone), left, troubles: report.troubles })
    }

    /// Places owed packets, as many as may be placed now, behind live traffic.
    pub(crate) fn place_owed(&mut self, report: &mut PassReport) -> Result<(), EngineFault> {
        let mut owed = self.state.fact::<Owed>()?;
        let mut allowed = self.may_place_again();
        let mut since = 0;
        while let Some((channel, epoch, seq)) = owed.first().filter(|_| allowed > 0 && self.unplaced.is_empty()) {
            let key = Self::packet_key(Direction::Out, &channel, epoch, seq);
            let row = self.store().packet(&key)?.filter(|row| row.spool.is_some());
            match row {
                Some(row) if !self.place_owed_packet(&row, report)? => break,
                Some(_) => {}
                None => report.troubles.push(gone_trouble(&channel, seq)),
            }
            owed.tick_off();
            allowed -= 1;
            since += 1;
            self.placed_again(1);
            if since == TICK_OFF {
                self.tick_owed_off(&owed, &mut since)?;
            }
        }
        self.tick_owed_off(&owed, &mut since)
    }

    /// The `left` lines first, then the list without what they name.
    fn tick_owed_off(&mut self, owed: &Owed, since: &mut usize) -> Result<(), EngineFault> {
        if std::mem::take(since) == 0 {
            return Ok(());
        }
        self.state.signal_out = None;
        self.commit_log()?;
        self.commit_store(vec![owed.change()?])
    }

    /// Places one packet; false when there is no ferry directory for it now. One whose file rotted is named and passed over.
    fn place_owed_packet(&mut self, row: &PacketRow, report: &mut PassReport) -> Result<bool, EngineFault> {
        match self.read_retained(row) {
            Err(fault) if is_of_the_packet(&fault) => {
                report.troubles.push(gone_trouble(&row.key.channel, row.key.seq));
                return Ok(true);
            }
            read => drop(read?),
        }
        match self.place_again(row) {
            Ok(()) => {
                report.packets_out += 1;
                Ok(true)
            }
            Err(fault) => self.tolerate(fault, report).map(|()| false),
        }
    }
}

/// True when it is this one packet's file that is gone or damaged.
pub(crate) fn is_of_the_packet(fault: &EngineFault) -> bool {
    match fault {
        EngineFault::Spool { .. } => true,
        EngineFault::File(file) => file.is_gone() || fault.policy() == Policy::Retry,
        _ => false,
    }
}

/// The code of a packet that was owed and cannot be placed any more.
pub(crate) const GONE: &str = "owed-gone";

fn gone_trouble(channel: &ChannelName, seq: u64) -> Trouble {
    let sentence = |lang| {
        say!(
            lang,
            "通道 {channel} 第 {seq} 号包的留存文件已过保存期、不在或已损坏，没有重发。请检查磁盘并运行 check；恢复不了就请收方用 waive 登记。",
            "The retained file of packet {seq} of channel {channel} is past its keeping time, gone or damaged; it was not resent. Check the disk and run check; if it cannot be restored, have the receiver waive the packet."
        )
    };
    let [zh, en] = [Lang::Zh, Lang::En].map(sentence);
    Trouble { code: GONE.into(), journal: zh.clone(), zh, en }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(channel: &str, ranges: &[(u64, u64)]) -> OwedRanges {
        let epoch = Epoch { counter: 1, salt: [0; 8] };
        OwedRanges { channel: channel.parse().expect("a channel"), epoch, ranges: ranges.to_vec() }
    }

    #[test]
    fn what_is_asked_for_twice_is_owed_once_and_goes_in_order() {
        let mut owed = Owed::default();
        owed.take_on(ranges("b", &[(5, 6), (1, 1)]));
        owed.take_on(ranges("a", &[(1, 2)]));
        owed.take_on(ranges("b", &[(6, 8), (2, 2)]));
        assert_eq!((owed.total(), owed.count(&"b".parse().expect("a channel"))), (8, 6));
        let mut order = Vec::new();
        while let Some((channel, _, seq)) = owed.first() {
            order.push(format!("{channel}{seq}"));
            owed.tick_off();
        }
        assert_eq!(order, ["b1", "b2", "b5", "b6", "b7", "b8", "a1", "a2"]);
        assert_eq!(owed, Owed::default());
    }
}
