//! Receipts: what the peer's newest signal says of our packets, and what it says is missing.
//!
//! Given: signals in the order of their numbers. Gives: how far each own channel is applied at the peer, since when, and what to make up for. After a
//! crash: as of the newest signal taken in; they are stored in one transaction with its number. Never: a receipt believed for a packet that does not
//! exist, and never one taken for more than it says: what a person there went on without is not applied.

use crate::ranges::united;
use crate::store::OutHead;
use crate::store::facts::Fact;
use dukou_packets::packet::header::{ChannelName, Epoch};
use dukou_packets::packet::signal::{AppliedMark, MissingRange, Signal};
use dukou_packets::suite::StationId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most times of receipts that a channel keeps. When there are more, every second one of the older half goes, so that a packet's receipt is never shown
/// earlier than it was.
const MARKS_MAX: usize = 64;

/// Most epochs that were left behind whose last receipt a channel keeps.
const EARLIER_MAX: usize = 16;

/// Most ranges of missing, and of waived packets that a channel keeps: more than a signal names.
const RANGES_MAX: usize = 4096;

/// Most receipts for more than was sent that are kept to be told of.
const BEYOND_MAX: usize = 16;

/// What the peer has said of our packets: a fact in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipts {
    /// Who said it.
    pub peer: Option<StationId>,
    /// The number of the newest signal.
    pub signal: u64,
    /// Wall clock (ms) when it came.
    pub heard_ms: i64,
    /// Running time (ms) when it came.
    pub heard_run_ms: u64,
    /// After how many seconds the peer promised the next one; 0 no promise.
    pub period_seconds: u64,
    /// Own channels.
    pub channels: BTreeMap<ChannelName, Receipt>,
    /// Numbers that the newest signal calls applied and that were never packed here.
    pub beyond: BTreeMap<ChannelName, u64>,
}

impl Fact for Receipts {
    const NAME: &str = "receipts";
}

/// What the peer has said of one channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The epoch.
    pub epoch: Epoch,
    /// Every packet up to this number is applied there, or waived.
    pub seq: u64,
    /// The number from which the receipt fell, until it has risen to it again: the peer goes on from an older copy.
    pub fell_from: Option<u64>,
    /// When receipts came: number and wall clock (ms), rising.
    pub marks: Vec<(u64, i64)>,
    /// What is missing there.
    pub missing: Vec<(u64, u64)>,
    /// What a person there went on without.
    pub waived: Vec<(u64, u64)>,
    /// Epochs that were left behind, the oldest first.
    pub earlier: Vec<Earlier>,
}

/// What was said last of an epoch that was left behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// The epoch.
    pub epoch: Epoch,
    /// The last receipt.
    pub seq: u64,
    /// Its wall clock (ms).
    pub at_ms: i64,
    /// What a person there went on without.
    pub waived: Vec<(u64, u64)>,
}

impl Receipt {
    fn of(epoch: Epoch) -> Self {
        Self { epoch, seq: 0, fell_from: None, marks: Vec::new(), missing: Vec::new(), waived: Vec::new(), earlier: Vec::new() }
    }

    /// Tells whether a packet is said to be missing.
    pub fn misses(&self, epoch: Epoch, seq: u64) -> bool {
        self.epoch == epoch && within(&self.missing, seq)
    }

    /// Tells whether a person there went on without a packet.
    pub fn is_waived(&self, epoch: Epoch, seq: u64) -> bool {
        self.epoch == epoch && within(&self.waived, seq)
    }

    /// Gives the time (wall clock, ms) of the receipt that covers a packet; none where it is not covered, or waived there.
    pub fn applied_at(&self, epoch: Epoch, seq: u64) -> Option<i64> {
        if self.epoch != epoch {
            let earlier = self.earlier.iter().find(|earlier| earlier.epoch == epoch);
            return earlier.filter(|last| seq <= last.seq && !within(&last.waived, seq)).map(|last| last.at_ms);
        }
        let mark = self.marks.iter().find(|(mark, _)| seq <= *mark);
        mark.filter(|_| seq <= self.seq && !self.is_waived(epoch, seq)).map(|(_, at_ms)| *at_ms)
    }

    /// Counts the packets of the present epoch that are applied there.
    pub fn applied(&self) -> u64 {
        let waived = self.waived.iter().filter(|(from, _)| *from <= self.seq);
        let waived: u64 = waived.map(|(from, to)| (*to).min(self.seq) - from + 1).sum();
        self.seq.saturating_sub(waived)
    }

    fn move_to(&mut self, seq: u64, at_ms: i64) {
        if seq < self.seq {
            self.fell_from = Some(self.fell_from.map_or(self.seq, |from| from.max(self.seq)));
            self.marks.retain(|(mark, _)| *mark <= seq);
        }
        self.fell_from = self.fell_from.filter(|from| seq < *from);
        self.seq = seq;
        if self.marks.last().is_none_or(|(mark, _)| *mark < seq) && seq > 0 {
            self.marks.push((seq, at_ms));
        }
        if self.marks.len() > MARKS_MAX {
            let mut place = 0;
            self.marks.retain(|_| {
                place += 1;
                place > MARKS_MAX / 2 || place % 2 == 0
            });
        }
    }

    /// Begins with another epoch and remembers how far the one before it was.
    fn enter(&mut self, epoch: Epoch) {
        let last_ms = self.marks.last().map(|(_, at_ms)| *at_ms);
        let before = std::mem::replace(self, Self::of(epoch));
        self.earlier = before.earlier;
        let Receipt { epoch, seq, waived, .. } = before;
        self.earlier.extend(last_ms.map(|at_ms| Earlier { epoch, seq, at_ms, waived }));
        let surplus = self.earlier.len().saturating_sub(EARLIER_MAX);
        self.earlier.drain(..surplus);
    }
}

/// When and from whom a signal came.
pub(crate) struct Heard {
    pub(crate) peer: StationId,
    pub(crate) number: u64,
    pub(crate) wall_ms: i64,
    pub(crate) run_ms: u64,
}

impl Receipts {
    /// Gives what is known once the peer's newest signal is taken in; none while no signal ever said anything of our packets.
    pub(crate) fn after(&self, heard: &Heard, signal: &Signal, heads: &BTreeMap<ChannelName, OutHead>) -> Option<Self> {
        let known = self.peer == Some(heard.peer);
        if signal.applied.is_empty() && signal.missing.is_empty() && !known {
            return None;
        }
        let mut next = Self {
            peer: Some(heard.peer),
            signal: heard.number,
            heard_ms: heard.wall_ms,
            heard_run_ms: heard.run_ms,
            period_seconds: signal.period_seconds,
            channels: if known { self.channels.clone() } else { BTreeMap::new() },
            beyond: BTreeMap::new(),
        };
        for mark in &signal.applied {
            next.take(mark, heads.get(&mark.channel), heard.wall_ms);
        }
        for (channel, receipt) in &mut next.channels {
            let last = heads.get(channel).filter(|head| head.epoch == receipt.epoch).map_or(0, |head| head.seq);
            receipt.missing = ranges(&signal.missing, channel, receipt.epoch, last, Vec::new());
            // A signal has room for the newest waivers only, and none is ever taken back but by an older copy of the peer's state.
            let known = if receipt.fell_from.is_none() { std::mem::take(&mut receipt.waived) } else { Vec::new() };
            receipt.waived = ranges(&signal.waived, channel, receipt.epoch, last, known);
        }
        Some(next)
    }

    fn take(&mut self, mark: &AppliedMark, head: Option<&OutHead>, at_ms: i64) {
        let AppliedMark { channel, epoch, seq } = mark;
        let fits = head.is_some_and(|head| head.epoch == *epoch && *seq <= head.seq);
        if !fits {
            // The peer names an epoch until the packet that opens the next one has reached it.
            let is_left_behind = head.is_some_and(|head| epoch.counter < head.epoch.counter);
            if *seq > 0 && !is_left_behind && self.beyond.len() < BEYOND_MAX {
                self.beyond.insert(channel.clone(), *seq);
            }
            return;
        }
        let receipt = self.channels.entry(channel.clone()).or_insert_with(|| Receipt::of(*epoch));
        if receipt.epoch != *epoch {
            receipt.enter(*epoch);
        }
        receipt.move_to(*seq, at_ms);
    }

    /// Tells whether this says anything of a packet that `before` did not.
    pub(crate) fn tells_more_than(&self, before: &Self) -> bool {
        (&self.peer, &self.channels, &self.beyond) != (&before.peer, &before.channels, &before.beyond)
    }

    /// Gives how far the peer has applied a channel in an epoch; 0 where it said nothing of it.
    pub fn confirmed_seq(&self, channel: &ChannelName, epoch: Epoch) -> u64 {
        self.channels.get(channel).filter(|receipt| receipt.epoch == epoch).map_or(0, |receipt| receipt.seq)
    }
}

fn within(ranges: &[(u64, u64)], seq: u64) -> bool {
    ranges.iter().any(|(from, to)| (*from..=*to).contains(&seq))
}

/// Gives the known ranges and those told of one channel and epoch, as far as they lie in `1..=last`, rising and apart from each other.
fn ranges(told: &[MissingRange], channel: &ChannelName, epoch: Epoch, last: u64, known: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    let of_this = told.iter().filter(|range| range.channel == *channel && range.epoch == epoch);
    let told = of_this.map(|range| (range.from.max(1), range.to.min(last))).filter(|(from, to)| from <= to);
    let mut apart = united(known, told);
    apart.truncate(RANGES_MAX);
    apart
}

#[cfg(test)]
mod tests {
    use super::*;
    use dukou_packets::packet::signal::SIGNAL_VERSION;
    use dukou_packets::suite::{Digest, RunId};

    const EPOCH: Epoch = Epoch { counter: 2, salt: [7; 8] };

    fn name(text: &str) -> ChannelName {
        text.parse().expect("a channel name")
    }

    fn heads(seq: u64) -> BTreeMap<ChannelName, OutHead> {
        BTreeMap::from([(name("files"), OutHead { epoch: EPOCH, seq, header: Digest::ZERO })])
    }

    fn signal(applied: &[(Epoch, u64)], missing: &[(u64, u64)], waived: &[(u64, u64)]) -> Signal {
        let range = |(from, to): &(u64, u64)| MissingRange { channel: name("files"), epoch: EPOCH, from: *from, to: *to };
        Signal {
            version: SIGNAL_VERSION,
            run: RunId::from_bytes([1; 16]),
            period_seconds: 300,
            heads: Vec::new(),
            checkpoint: None,
            keyring: String::new(),
            applied: applied
                .iter()
                .map(|(epoch, seq)| AppliedMark { channel: name("files"), epoch: *epoch, seq: *seq })
                .collect(),
            missing: missing.iter().map(range).collect(),
            waived: waived.iter().map(range).collect(),
        }
    }

    fn heard(number: u64) -> Heard {
        Heard { peer: StationId::from_bytes([4; 16]), number, wall_ms: 1000 * number as i64, run_ms: 0 }
    }

    fn after(receipts: &Receipts, number: u64, signal: &Signal) -> Receipts {
        receipts.after(&heard(number), signal, &heads(100)).expect("it says something")
    }

    #[test]
    fn a_packet_is_applied_at_the_time_of_the_first_receipt_that_covers_it() {
        let first = after(&Receipts::default(), 1, &signal(&[(EPOCH, 10)], &[], &[]));
        let second = after(&first, 2, &signal(&[(EPOCH, 20)], &[], &[]));
        let files = &second.channels[&name("files")];
        assert_eq!([10, 11, 20, 21].map(|seq| files.applied_at(EPOCH, seq)), [Some(1000), Some(2000), Some(2000), None]);
        assert_eq!(files.applied(), 20);
    }

    #[test]
    fn what_was_waived_there_is_never_called_applied() {
        let receipts = after(&Receipts::default(), 1, &signal(&[(EPOCH, 10)], &[], &[(4, 6), (9, 12)]));
        let files = &receipts.channels[&name("files")];
        assert_eq!((files.applied_at(EPOCH, 4), files.applied_at(EPOCH, 7)), (None, Some(1000)));
        assert_eq!(files.applied(), 5);
    }

    #[test]
    fn what_was_waived_stays_so_when_newer_signals_have_no_room_for_it() {
        let first = after(&Receipts::default(), 1, &signal(&[(EPOCH, 10)], &[], &[(4, 6)]));
        let second = after(&first, 2, &signal(&[(EPOCH, 30)], &[], &[(20, 21), (7, 7)]));
        let files = &second.channels[&name("files")];
        assert_eq!(files.waived, [(4, 7), (20, 21)]);
        // A peer that goes on from an older copy has forgotten its waivers, and may apply what comes again.
        let fallen = after(&second, 3, &signal(&[(EPOCH, 3)], &[], &[]));
        assert_eq!(fallen.channels[&name("files")].waived, []);
    }

    #[test]
    fn a_receipt_beyond_what_was_sent_is_not_believed_and_named() {
        let known = after(&Receipts::default(), 1, &signal(&[(EPOCH, 10)], &[], &[]));
        for wrong in [(EPOCH, 101), (Epoch { counter: 3, salt: [7; 8] }, 5), (Epoch { salt: [8; 8], ..EPOCH }, 5)] {
            let next = after(&known, 2, &signal(&[wrong], &[], &[]));
            assert_eq!(next.beyond, BTreeMap::from([(name("files"), wrong.1)]), "{wrong:?}");
            assert_eq!(next.confirmed_seq(&name("files"), EPOCH), 10);
        }
        let other = Receipts::default().after(&heard(1), &signal(&[(EPOCH, 1)], &[], &[]), &BTreeMap::new());
        assert_eq!(other.expect("it says something").beyond.len(), 1, "a channel that never sent");
    }

    #[test]
    fn a_receipt_of_an_epoch_left_behind_says_nothing_and_raises_nothing() {
        let old = Epoch { counter: 1, salt: [9; 8] };
        let next = after(&Receipts::default(), 1, &signal(&[(old, 500)], &[], &[]));
        assert_eq!((next.beyond.len(), next.channels.len()), (0, 0));
    }

    #[test]
    fn the_last_receipt_of_an_epoch_outlasts_it() {
        let known = after(&Receipts::default(), 1, &signal(&[(EPOCH, 10)], &[], &[(4, 4)]));
        let later = Epoch { counter: 3, salt: [1; 8] };
        let heads = BTreeMap::from([(name("files"), OutHead { epoch: later, seq: 2, header: Digest::ZERO })]);
        let next = known.after(&heard(2), &signal(&[(later, 1)], &[], &[]), &heads).expect("it says something");
        let files = &next.channels[&name("files")];
        assert_eq!([10, 11, 4].map(|seq| files.applied_at(EPOCH, seq)), [Some(1000), None, None]);
        assert_eq!([files.applied_at(later, 1), files.applied_at(later, 2)], [Some(2000), None]);
    }

    #[test]
    fn a_receipt_that_falls_is_stored_as_told_and_remembered_until_it_has_risen_again() {
        let known = after(&Receipts::default(), 1, &signal(&[(EPOCH, 10)], &[], &[]));
        let fallen = after(&known, 2, &signal(&[(EPOCH, 4)], &[], &[]));
        let files = &fallen.channels[&name("files")];
        assert_eq!((files.seq, files.fell_from, files.applied_at(EPOCH, 5)), (4, Some(10), None));
        let rising = after(&fallen, 3, &signal(&[(EPOCH, 9)], &[], &[]));
        assert_eq!(rising.channels[&name("files")].fell_from, Some(10));
        let risen = after(&rising, 4, &signal(&[(EPOCH, 10)], &[], &[]));
        assert_eq!(risen.channels[&name("files")].fell_from, None);
    }

    #[test]
    fn what_is_missing_is_as_the_newest_signal_says_and_within_what_was_sent() {
        let told = signal(&[(EPOCH, 3)], &[(90, 200), (5, 6), (6, 8), (0, 0)], &[]);
        let receipts = after(&Receipts::default(), 1, &told);
        assert_eq!(receipts.channels[&name("files")].missing, [(5, 8), (90, 100)]);
        let next = after(&receipts, 2, &signal(&[(EPOCH, 3)], &[], &[]));
        assert!(next.channels[&name("files")].missing.is_empty());
    }

    #[test]
    fn another_peer_s_receipts_begin_anew() {
        let known = after(&Receipts::default(), 1, &signal(&[(EPOCH, 10)], &[], &[]));
        let other = Heard { peer: StationId::from_bytes([5; 16]), ..heard(1) };
        assert_eq!(known.after(&other, &signal(&[], &[], &[]), &heads(100)), None);
        let next = known.after(&other, &signal(&[(EPOCH, 2)], &[], &[]), &heads(100)).expect("it says something");
        assert_eq!((next.confirmed_seq(&name("files"), EPOCH), next.channels[&name("files")].fell_from), (2, None));
    }

    #[test]
    fn times_of_receipts_stay_few_and_are_never_too_early() {
        let mut receipts = Receipts::default();
        for number in 1..=1000 {
            let told = signal(&[(EPOCH, number)], &[], &[]);
            let heads = BTreeMap::from([(name("files"), OutHead { epoch: EPOCH, seq: 1000, header: Digest::ZERO })]);
            receipts = receipts.after(&heard(number), &told, &heads).expect("it says something");
        }
        let files = &receipts.channels[&name("files")];
        assert!(files.marks.len() <= MARKS_MAX);
        for seq in 1..=1000 {
            assert!(files.applied_at(EPOCH, seq).is_some_and(|at_ms| at_ms >= 1000 * seq as i64), "{seq}");
        }
    }

    #[test]
    fn a_signal_without_receipts_leaves_no_fact() {
        assert_eq!(Receipts::default().after(&heard(1), &signal(&[], &[], &[]), &heads(5)), None);
    }
}
