//! Ordering: each channel strictly in sequence; the other channels go on when one waits.
//!
//! Given: verified heads. Gives: groups of packets that are next in their channel; early ones are kept, repeats have no effect, a second packet
//! under a known number holds the channel. After a crash: the store says how far each channel is. Never: an order taken from names or times.

use super::apply::STAGING;
use super::marker::Meeting;
use super::open::Opening;
use super::pick_up::{Picked, PickedFrom};
use super::rows::words::HeldRow;
use super::structure::{Fit, VERSION};
use super::verify::Verified;
use crate::engine::{Engine, OVERTAKEN_MS, PassReport};
use crate::error::EngineFault;
use crate::ferry::spool::LyingOutside;
use crate::group::Group;
use crate::ranges::Ranges;
use crate::store::{Change, Direction, Hold, InHead, PacketRow, PacketState, Store, StoreFault};
use dukou_packets::log::line::{Event, Place as Turn};
use dukou_packets::packet::header::{ChannelName, Epoch, Header, KIND_EPOCH_OPENING, KIND_MARKER, KIND_RECORDS};
use dukou_packets::suite::Digest;
use std::collections::{BTreeMap, VecDeque};

/// The hold of a channel whose next packet was here and rotted in the spool.
const ROTTEN: &str = "spool";

/// The hold of a channel whose next packet is a marker: what is behind it was written for the structure that comes with it.
pub(crate) const STRUCTURE: &str = "structure";

/// The code of a hold, and its words where the code alone does not say it.
type Refused = (&'static str, Option<[String; 2]>);

/// Missing packets: ranges by channel.
pub(crate) type Gaps = BTreeMap<ChannelName, (Epoch, Vec<(u64, u64)>)>;

/// Where a channel will be once the groups before are applied.
pub(crate) struct Place {
    epoch: Option<Epoch>,
    seq: u64,
    header: Option<Digest>,
    /// False while the channel is held or waits for its consumer: packets are kept, none is applied.
    open: bool,
}

impl Place {
    /// True when a packet stands behind it and may come in its turn.
    pub(super) fn is_before(&self, header: &Header) -> bool {
        self.is_open_in(header.epoch) && header.seq > self.seq
    }

    /// Lets nothing more come in its turn.
    pub(super) fn close(&mut self) {
        self.open = false;
    }

    /// True when packets of this epoch are applied.
    pub(crate) fn is_open_in(&self, epoch: Epoch) -> bool {
        self.open && self.epoch == Some(epoch)
    }
}

impl Engine {
    /// Tells where a channel goes on.
    pub(crate) fn next_place(&self, channel: &ChannelName) -> Place {
        let waits = self.incoming.get(channel).is_none_or(|incoming| !incoming.delivering.is_empty());
        let open = !waits && !self.state.holds.contains_key(channel) && !self.sink_rests(channel);
        match self.in_head(channel) {
            Some(head) => Place { epoch: Some(head.epoch), seq: head.seq, header: head.header, open },
            None => Place { epoch: None, seq: 0, header: Some(Digest::ZERO), open },
        }
    }

    /// Takes out what is behind the channel's place: repeats, late ones, second packets under one number, other epochs.
    pub(crate) fn sort_arrivals(
        &mut self,
        channel: &ChannelName,
        arrivals: Vec<Picked>,
        report: &mut PassReport,
    ) -> Result<VecDeque<Picked>, EngineFault> {
        let (mut ahead, mut room): (VecDeque<Picked>, _) = (VecDeque::new(), None);
        for picked in arrivals {
            let (epoch, seq) = (picked.head.header.epoch, picked.head.header.seq);
            let head = self.in_head(channel).cloned();
            if self.is_of_another_epoch(&picked.head.header) {
                self.meet_epoch(channel, picked, &mut room, report)?;
                continue;
            }
            let known = self.store().packet(&Self::packet_key(Direction::In, channel, epoch, seq))?;
            match known {
                Some(row) if row.header == picked.head.digest && self.is_rotten(&row) => ahead.push_back(picked),
                Some(row) if row.header == picked.head.digest && self.lacks_copy(&row)? => {
                    self.restore_copy(channel, picked, row, report)?
                }
                Some(row) if row.header == picked.head.digest => self.drop_repeat(&picked, report)?,
                Some(row) => self.equivocation(channel, &picked, row.header)?,
                None if head.is_some_and(|head| seq <= head.seq) => self.keep_late(channel, picked, report)?,
                None => match ahead.back().map(|last| ((last.head.header.epoch, last.head.header.seq), last.head.digest)) {
                    Some((last, digest)) if last == (epoch, seq) && digest != picked.head.digest => {
                        self.equivocation(channel, &picked, digest)?
                    }
                    // One head twice: the payload of the first may be damaged, so the second is a repeat only once the first is verified.
                    _ => ahead.push_back(picked),
                },
            }
        }
        Ok(ahead)
    }

    /// True for an early packet whose copy here is damaged, so that its channel waits for a resend.
    fn is_rotten(&self, row: &PacketRow) -> bool {
        let hold = self.state.holds.get(&row.key.channel);
        row.state == PacketState::Early && hold.is_some_and(|hold| hold.code == ROTTEN && hold.seq == row.key.seq)
    }

    /// True for a packet of a file in parts that its channel waits for, and whose copy here is gone or damaged.
    fn lacks_copy(&mut self, row: &PacketRow) -> Result<bool, EngineFault> {
        let waits = self.state.holds.get(&row.key.channel).is_some_and(|hold| hold.code == STAGING);
        Ok(waits && (row.spool.is_none() || self.verify_kept(row.clone())?.is_none()))
    }

    /// Keeps a resent packet's bytes once more: the row and its records stay as they are.
    fn restore_copy(
        &mut self,
        channel: &ChannelName,
        picked: Picked,
        row: PacketRow,
        report: &mut PassReport,
    ) -> Result<(), EngineFault> {
        let Some(verified) = self.verify(channel, picked, report)? else { return Ok(()) };
        self.seams.files.sync_fs(&self.station.spool_in())?;
        self.commit_store(vec![Change::Rebuilt(PacketRow { spool: verified.row.spool.clone(), ..row })])?;
        if let Some((dir, name)) = verified.picked {
            report.kept += u64::from(self.let_go(&dir, &name, report)?);
        }
        Ok(())
    }

    /// Takes out the files that carry the packet which was just verified once more.
    fn drop_twins(
        &mut self,
        verified: &Verified,
        arrivals: &mut VecDeque<Picked>,
        report: &mut PassReport,
    ) -> Result<(), EngineFault> {
        while arrivals.front().is_some_and(|next| next.head.digest == verified.head.digest) {
            if let Some(twin) = arrivals.pop_front() {
                self.drop_repeat(&twin, report)?;
            }
        }
        Ok(())
    }

    pub(crate) fn drop_repeat(&mut self, picked: &Picked, report: &mut PassReport) -> Result<(), EngineFault> {
        report.duplicates += u64::from(self.let_go(&picked.dir, &picked.name, report)?);
        Ok(())
    }

    pub(crate) fn equivocation(&mut self, channel: &ChannelName, picked: &Picked, other: Digest) -> Result<(), EngineFault> {
        let header = &picked.head.header;
        if self.pick_up.told.insert(picked.head.digest) {
            self.log.note(Event::Equivocation {
                channel: channel.clone(),
                epoch: header.epoch,
                seq: header.seq,
                header: other,
                other: picked.head.digest,
            });
        }
        self.keep_as_evidence(&picked.dir, &picked.name, picked.head.digest);
        self.hold(channel, "equivocation", header.seq)
    }

    /// Lets a channel wait for a person.
    pub(crate) fn hold(&mut self, channel: &ChannelName, code: &str, seq: u64) -> Result<(), EngineFault> {
        if self.state.holds.contains_key(channel) {
            return Ok(());
        }
        tracing::error!(%channel, code, seq, "the channel is held");
        self.log.note(Event::Hold { channel: channel.clone(), code: code.to_string() });
        let hold = Hold { code: code.to_string(), seq, at_ms: self.seams.clock.wall_ms() };
        self.commit_log()?;
        self.commit_store(vec![Change::Hold(channel.clone(), Some(hold))])
    }

    /// As [`hold`](Self::hold), also where the channel waits at a marker: what is found now says more.
    pub(super) fn hold_instead(
        &mut self,
        channel: &ChannelName,
        code: &str,
        seq: u64,
        words: Option<[String; 2]>,
    ) -> Result<(), EngineFault> {
        if self.state.holds.get(channel).is_some_and(|hold| hold.code == STRUCTURE && code != STRUCTURE) {
            self.commit_store(vec![Change::Hold(channel.clone(), None)])?;
        }
        match words {
            Some(words) if !self.state.holds.contains_key(channel) => {
                self.hold_with_words(channel, seq, HeldRow::of_words(code, words))
            }
            _ => self.hold(channel, code, seq),
        }
    }

    /// A packet whose number was waived: evidence, never applied.
    fn keep_late(&mut self, channel: &ChannelName, picked: Picked, report: &mut PassReport) -> Result<(), EngineFault> {
        if let Some(verified) = self.verify(channel, picked, report)? {
            self.keep(vec![verified], PacketState::Late, Turn::Late, report)?;
        }
        Ok(())
    }

    /// Keeps packets that cannot be applied yet.
    pub(crate) fn keep_early(
        &mut self,
        channel: &ChannelName,
        mut arrivals: VecDeque<Picked>,
        report: &mut PassReport,
    ) -> Result<(), EngineFault> {
        let (mut kept, mut room) = (Vec::new(), self.spool_room(channel)?);
        while let Some(picked) = arrivals.pop_front() {
            if !room.take(picked.head.expected_len()) {
                self.leave_outside(channel, picked.head.header.epoch, picked.head.header.seq);
                continue;
            }
            if let Some(mut verified) = self.verify(channel, picked, report)? {
                self.drop_twins(&verified, &mut arrivals, report)?;
                verified.payload = Vec::new();
                kept.push(verified);
            }
        }
        self.keep(kept, PacketState::Early, Turn::Early, report)?;
        self.tell_spool(channel, room, report)
    }

    /// `seen` lines, one fdatasync; then the packets are kept. What is kept already stays as it is.
    pub(crate) fn keep(
        &mut self,
        kept: Vec<Verified>,
        state: PacketState,
        place: Turn,
        report: &mut PassReport,
    ) -> Result<(), EngineFault> {
        for verified in kept.iter().filter(|verified| verified.picked.is_some()) {
            self.note_seen(verified, place);
        }
        self.commit_log()?;
        self.keep_seen(kept.into_iter().map(|verified| (verified.row, verified.picked)), state, report)
    }

    /// Keeps packets whose `seen` lines are durable: the spool copies, one syncfs; the rows; only then they leave the ferry directory.
    pub(crate) fn keep_seen(
        &mut self,
        seen: impl Iterator<Item = (PacketRow, Option<PickedFrom>)>,
        state: PacketState,
        report: &mut PassReport,
    ) -> Result<(), EngineFault> {
        let kept: Vec<(PacketRow, PickedFrom)> = seen.filter_map(|(row, picked)| Some((row, picked?))).collect();
        if kept.is_empty() {
            return Ok(());
        }
        self.seams.files.sync_fs(&self.station.spool_in())?;
        let mut changes = Vec::new();
        for (row, _) in &kept {
            changes.extend(self.first_in_head(row));
            changes.push(Change::Kept(PacketRow { state, ..row.clone() }));
        }
        self.commit_store(changes)?;
        for (_, (dir, name)) in kept {
            report.kept += u64::from(self.let_go(&dir, &name, report)?);
        }
        Ok(())
    }

    /// The first verified packet of a channel opens its epoch here.
    pub(crate) fn first_in_head(&self, row: &PacketRow) -> Option<Change> {
        let channel = &row.key.channel;
        match self.in_head(channel) {
            Some(_) => None,
            None => Some(Change::InHead(
                channel.clone(),
                InHead { epoch: row.key.epoch, seq: 0, header: Some(Digest::ZERO), known: row.key.seq },
            )),
        }
    }

    /// Adds a packet's `seen` line.
    pub(crate) fn note_seen(&mut self, verified: &Verified, place: Turn) {
        let (header, key) = (&verified.head.header, &verified.row.key);
        self.log.note(Event::Seen {
            peer: header.sender,
            number: header.number,
            channel: key.channel.clone(),
            epoch: key.epoch,
            seq: key.seq,
            header: verified.head.digest,
            root: header.root,
            records: u64::from(header.record_count),
            size: header.own_log.size,
            peer_root: header.own_log.root,
            echo_size: header.peer_log.size,
            echo_root: header.peer_log.root,
            place,
        });
    }

    /// Gathers the packets that are next in their turn, from the ferry directory or the spool, until a group is full.
    pub(crate) fn gather_group(
        &mut self,
        channel: &ChannelName,
        at: &mut Place,
        arrivals: &mut VecDeque<Picked>,
        report: &mut PassReport,
    ) -> Result<Group<Opening>, EngineFault> {
        let mut group = Group::default();
        let has_rows = self.incoming.get(channel).is_some_and(|incoming| incoming.rows.is_some());
        while at.open && !group.is_full() {
            let Some(verified) = self.next_in_turn(channel, at, arrivals, report)? else { break };
            let chained = at.header.is_none_or(|header| header == verified.head.header.prev);
            // What was gathered before it is applied first; the next look meets this packet again and holds the channel there.
            let is_first = group.is_empty() && self.is_behind_head(channel, at);
            if let Some((code, words)) = self.refuse_in_turn(channel, chained, &verified, is_first)? {
                at.open = false;
                if is_first {
                    self.keep(vec![verified], PacketState::Early, Turn::Early, report)?;
                    self.hold_instead(channel, code, at.seq + 1, words)?;
                }
                break;
            }
            *at = Place {
                epoch: Some(verified.row.key.epoch),
                seq: verified.row.key.seq,
                header: Some(verified.head.digest),
                open: true,
            };
            let (plain_bytes, records) = (verified.row.plain_bytes, verified.row.records as usize);
            let (key, second_thread) = (&self.keys.encryption, self.seams.second_thread);
            let opening = match has_rows {
                true => Opening::begin_rows(verified, key, second_thread, self.look_of(channel))?,
                false => Opening::begin(verified, key, second_thread)?,
            };
            group.push(opening, plain_bytes, records);
        }
        Ok(group)
    }

    /// Tells whether all that stands before this place is applied.
    fn is_behind_head(&self, channel: &ChannelName, at: &Place) -> bool {
        self.in_head(channel).map_or(at.seq == 0, |head| at.epoch == Some(head.epoch) && at.seq == head.seq)
    }

    /// Tells why a verified packet in its turn holds the channel all the same, and in which words where the code alone does not say it.
    fn refuse_in_turn(
        &mut self,
        channel: &ChannelName,
        chained: bool,
        verified: &Verified,
        is_first: bool,
    ) -> Result<Option<Refused>, EngineFault> {
        let plain = |code| Ok(Some((code, None)));
        if !chained {
            return plain("chain");
        }
        if let Err(refusal) = verified.head.check_critical() {
            return plain(refusal.code());
        }
        match verified.head.header.kind {
            KIND_RECORDS => Ok(match self.fit(channel, &verified.head.header)? {
                Fit::Fits => None,
                Fit::Waits => Some((STRUCTURE, None)),
                Fit::Never => Some((VERSION, None)),
            }),
            KIND_EPOCH_OPENING if verified.head.header.seq == 1 => Ok(None),
            // What stands before it may change what is to be said of it.
            KIND_MARKER if !is_first => plain(STRUCTURE),
            KIND_MARKER => Ok(match self.meet_marker(channel, verified)? {
                Meeting::Passes => None,
                Meeting::Stops(code, words) => Some((code, words)),
            }),
            _ => plain("kind"),
        }
    }

    fn next_in_turn(
        &mut self,
        channel: &ChannelName,
        at: &Place,
        arrivals: &mut VecDeque<Picked>,
        report: &mut PassReport,
    ) -> Result<Option<Verified>, EngineFault> {
        while arrivals.front().is_some_and(|picked| {
            picked.head.header.seq == at.seq + 1 && at.epoch.is_none_or(|epoch| epoch == picked.head.header.epoch)
        }) {
            let Some(picked) = arrivals.pop_front() else { break };
            if let Some(verified) = self.verify(channel, picked, report)? {
                self.drop_twins(&verified, arrivals, report)?;
                return Ok(Some(verified));
            }
        }
        let Some(epoch) = at.epoch else { return Ok(None) };
        match self.store().packet(&Self::packet_key(Direction::In, channel, epoch, at.seq + 1))? {
            Some(row) if row.state == PacketState::Early => {
                let kept = self.verify_kept(row)?;
                if kept.is_none() {
                    self.hold(channel, ROTTEN, at.seq + 1)?;
                }
                Ok(kept)
            }
            _ => Ok(None),
        }
    }

    /// Finds the missing packets of every incoming channel.
    pub(crate) fn find_gaps(&mut self) -> Result<Gaps, EngineFault> {
        let mut gaps = Gaps::new();
        for (channel, head) in crate::epoch::accepting::heads_known(&self.state)? {
            let missing = missing_behind(self.store(), &channel, &head)?;
            if !missing.is_empty() {
                gaps.insert(channel, (head.epoch, missing));
            }
        }
        Ok(self.state.fact::<LyingOutside>()?.found(&gaps))
    }

    /// Notes gaps that opened or closed. A signal may overtake its cargo by moments, so a gap is announced only when it was there at the
    /// end of a whole look half a second before, too.
    pub(crate) fn note_gaps(&mut self) -> Result<(), EngineFault> {
        let (now, now_ms) = (self.find_gaps()?, self.seams.clock.mono_ms());
        let still = minus(&now, &minus(&now, &self.pick_up.missing));
        let is_old = now_ms >= self.pick_up.missing_since_ms + OVERTAKEN_MS;
        let lasting = if is_old { still.clone() } else { Gaps::new() };
        let announced = minus(&now, &minus(&now, &self.gaps));
        for (channel, (epoch, ranges)) in minus(&self.gaps, &now) {
            for (from, to) in ranges {
                self.log.note(Event::GapClosed { channel: channel.clone(), epoch, from, to });
            }
        }
        for (channel, (epoch, ranges)) in minus(&lasting, &announced) {
            for (from, to) in ranges {
                tracing::warn!(%channel, from, to, "packets are missing");
                self.log.note(Event::Gap { channel: channel.clone(), epoch, from, to });
            }
        }
        // What is neither announced nor lasting is fresh.
        let fresh = minus(&minus(&now, &lasting), &announced);
        self.gaps = minus(&now, &fresh);
        self.pick_up.has_fresh_gaps = !fresh.is_empty();
        // What came to be missing after the look that is remembered grows old with the next one.
        if is_old || still.is_empty() {
            self.pick_up.missing_since_ms = now_ms;
        }
        self.pick_up.missing = if is_old || still.is_empty() { now } else { still };
        Ok(())
    }

    /// True when packets are missing that no line names yet.
    pub(crate) fn has_fresh_gaps(&self) -> bool {
        self.pick_up.has_fresh_gaps
    }

    /// Takes up the gaps that the log names and that are still open.
    pub(crate) fn recall_gaps(&mut self, named: &Gaps) -> Result<(), EngineFault> {
        let now = self.find_gaps()?;
        self.gaps = minus(&now, &minus(&now, named));
        Ok(())
    }
}

/// Gives what is in `whole` and not in `parts`, of the same channels and epochs.
pub(crate) fn minus(whole: &Gaps, parts: &Gaps) -> Gaps {
    let left = whole.iter().map(|(channel, (epoch, ranges))| {
        let parts = parts.get(channel).filter(|(other, _)| other == epoch).map_or(&[][..], |(_, ranges)| ranges);
        (channel.clone(), (*epoch, subtract(ranges, parts)))
    });
    left.filter(|(_, (_, ranges))| !ranges.is_empty()).collect()
}

/// Gives the packets of an incoming channel that are known to exist behind its head and are not here.
pub(crate) fn missing_behind(store: &mut dyn Store, channel: &ChannelName, head: &InHead) -> Result<Ranges, StoreFault> {
    if head.known <= head.seq {
        return Ok(Ranges::new());
    }
    let here = store.packet_range(Direction::In, channel, &head.epoch, head.seq + 1, head.known)?;
    Ok(missing_between(head.seq + 1, head.known, here.iter().map(|row| row.key.seq)))
}

/// Gives the ranges of `from..=to` that `here` (rising) leaves out.
fn missing_between(from: u64, to: u64, here: impl Iterator<Item = u64>) -> Vec<(u64, u64)> {
    let (mut missing, mut next) = (Vec::new(), from);
    for seq in here {
        if seq > next {
            missing.push((next, seq - 1));
        }
        next = next.max(seq + 1);
    }
    if next <= to {
        missing.push((next, to));
    }
    missing
}

/// Gives the ranges of `whole` that lie in none of `parts`; both rising and without overlap.
pub(crate) fn subtract(whole: &[(u64, u64)], parts: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let mut left = Vec::new();
    for (from, to) in whole {
        let mut next = *from;
        for (a, b) in parts.iter().filter(|(a, b)| b >= from && a <= to) {
            if *a > next {
                left.push((next, a - 1));
            }
            next = next.max(b + 1);
        }
        if next <= *to {
            left.push((next, *to));
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_ranges_are_what_is_not_here() {
        assert_eq!(missing_between(1, 5, [].into_iter()), [(1, 5)]);
        assert_eq!(missing_between(1, 5, [1, 2, 4].into_iter()), [(3, 3), (5, 5)]);
        assert_eq!(missing_between(4, 4, [4].into_iter()), []);
    }

    #[test]
    fn a_range_shrinks_by_what_is_subtracted() {
        assert_eq!(subtract(&[(2, 9)], &[(3, 4), (8, 12)]), [(2, 2), (5, 7)]);
        assert_eq!(subtract(&[(2, 5)], &[(1, 9)]), []);
        assert_eq!(subtract(&[(2, 5)], &[]), [(2, 5)]);
    }
}
