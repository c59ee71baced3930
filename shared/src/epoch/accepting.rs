//! Taking on a new epoch of the peer's.
//!
//! Given: packets of an epoch that is not the one open here. Gives: a channel that goes on in the new epoch, by itself where it begins right behind the
//! own head, else once a person accepts it. After a crash: the opening packet is kept or lies in the ferry directory still; it is met again. Never: an epoch
//! that begins elsewhere taken on by itself; a packet of an ended epoch applied.

use super::decisions::Person;
use super::{EPOCH, RESTORED};
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::ferry::spool::SpoolRoom;
use crate::receive::order::STRUCTURE;
use crate::receive::pick_up::Picked;
use crate::receive::verify::Verified;
use crate::store::facts::Fact;
use crate::store::{Change, Direction, InHead, PacketRow, PacketState, StationState, StoreFault};
use dukou_packets::log::line::{Event, Place as Turn};
use dukou_packets::packet::epoch::{Opening, read_opening};
use dukou_packets::packet::header::{ChannelName, Class, Epoch, Header, KIND_EPOCH_OPENING};
use dukou_packets::packet::open::{Refusal, VerifiedHead, open_payload};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Epochs that exist and have not begun here, by channel.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Upcoming(BTreeMap<ChannelName, Expected>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Expected {
    epoch: Epoch,
    /// Packets up to here exist.
    known: u64,
}

impl Fact for Upcoming {
    const NAME: &str = "upcoming-epochs";
}

/// Gives where each incoming channel stands in the newest epoch that is known to exist: in one that has not begun here, at its beginning.
///
/// # Errors
/// [`StoreFault::Corrupt`].
pub(crate) fn heads_known(state: &StationState) -> Result<BTreeMap<ChannelName, InHead>, StoreFault> {
    let mut heads = state.in_heads.clone();
    for (channel, Expected { epoch, known }) in state.fact::<Upcoming>()?.0 {
        heads.insert(channel, InHead { epoch, seq: 0, header: None, known });
    }
    Ok(heads)
}

/// Gives the change that names epochs to come, each with a number that exists in it.
///
/// # Errors
/// [`StoreFault`].
pub(crate) fn upcoming(epochs: impl Iterator<Item = (ChannelName, Epoch, u64)>) -> Result<Change, StoreFault> {
    let expected = epochs.map(|(channel, epoch, known)| (channel, Expected { epoch, known }));
    Change::fact(&Upcoming(expected.collect()))
}

/// True for the code of a hold that the beginning of an epoch ends.
pub(crate) fn ends_with_an_epoch(code: &str) -> bool {
    // A marker that was not passed is sealed anew.
    matches!(code, RESTORED | EPOCH | "chain" | STRUCTURE)
}

impl Engine {
    /// True for cargo that does not belong to the epoch that is open here, and for the opening of one that nothing was applied of.
    pub(crate) fn is_of_another_epoch(&self, header: &Header) -> bool {
        let opens = header.class == Class::Cargo && header.kind == KIND_EPOCH_OPENING && header.seq == 1;
        match header.channel.as_ref().and_then(|channel| self.in_head(channel)) {
            None => opens,
            Some(head) => head.epoch != header.epoch || (opens && head.seq == 0),
        }
    }

    /// Meets a packet of another epoch: of an ended one, a repeat or evidence; of one to come, kept until that begins.
    pub(crate) fn meet_epoch(
        &mut self,
        channel: &ChannelName,
        picked: Picked,
        room: &mut Option<SpoolRoom>,
        report: &mut PassReport,
    ) -> Result<(), EngineFault> {
        let header = &picked.head.header;
        let (epoch, seq) = (header.epoch, header.seq);
        let opens = header.kind == KIND_EPOCH_OPENING && seq == 1;
        let ahead = self.is_ahead(header) || self.in_head(channel).is_some_and(|head| head.epoch == epoch);
        match self.store().packet(&Self::packet_key(Direction::In, channel, epoch, seq))? {
            Some(row) if row.header == picked.head.digest => return self.drop_repeat(&picked, report),
            Some(row) if ahead => return self.equivocation(channel, &picked, row.header),
            _ if !ahead => {
                self.set_aside(&picked.dir, &picked.name, EPOCH);
                return Ok(());
            }
            _ => {}
        }
        // An opening is small, and a person needs it for the decision.
        let room = match room {
            Some(room) => room,
            None => room.insert(self.spool_room(channel)?),
        };
        if !room.take(picked.head.expected_len()) && !opens {
            self.leave_outside(channel, epoch, seq);
            return Ok(());
        }
        let Some(verified) = self.verify(channel, picked, report)? else { return Ok(()) };
        let kept = report.kept;
        self.keep_for_epoch(channel, verified, report)?;
        if opens {
            self.try_upcoming(channel)?;
        }
        // An epoch that begins is applied from here: nothing of it waits.
        if opens && self.next_place(channel).is_open_in(epoch) {
            report.kept = kept;
        }
        Ok(())
    }

    /// Keeps a packet for an epoch that has not begun here.
    fn keep_for_epoch(
        &mut self,
        channel: &ChannelName,
        verified: Verified,
        report: &mut PassReport,
    ) -> Result<(), EngineFault> {
        let (epoch, seq) = (verified.row.key.epoch, verified.row.key.seq);
        if let Some(change) = self.expected(&[(channel.clone(), epoch, seq)])? {
            self.ride(change);
        }
        self.keep(vec![Verified { payload: Vec::new(), ..verified }], PacketState::Early, Turn::Early, report)
    }

    /// Gives the change that remembers epochs to come, each with a number that exists in it, where they tell something new.
    pub(crate) fn expected(&self, epochs: &[(ChannelName, Epoch, u64)]) -> Result<Option<Change>, EngineFault> {
        let mut upcoming = self.state.fact::<Upcoming>()?;
        let mut news = false;
        for (channel, epoch, known) in epochs {
            let begun = self.in_head(channel).map_or(0, |head| head.epoch.counter);
            let before = upcoming.0.get(channel).copied();
            let next = match before {
                _ if begun >= epoch.counter => continue,
                Some(before) if before.epoch.counter > epoch.counter => continue,
                Some(before) if before.epoch == *epoch => Expected { known: before.known.max(*known), ..before },
                _ => Expected { epoch: *epoch, known: *known },
            };
            news |= before != Some(next);
            upcoming.0.insert(channel.clone(), next);
        }
        Ok(if news { Some(Change::fact(&upcoming)?) } else { None })
    }

    /// Takes an epoch on whose opening is kept here, where it begins right behind what is here; else the channel is held.
    pub(crate) fn try_upcoming(&mut self, channel: &ChannelName) -> Result<(), EngineFault> {
        let Some(expected) = self.state.fact::<Upcoming>()?.0.get(channel).copied() else { return Ok(()) };
        let Some(row) = self.store().packet(&Self::packet_key(Direction::In, channel, expected.epoch, 1))? else {
            return Ok(());
        };
        let Some(verified) = self.verify_kept(row)? else { return Ok(()) };
        match self.read_opening(&verified.head, verified.payload) {
            Ok(opening) if self.fits(channel, &opening) => {
                self.begin_epoch(channel, &verified.row, &verified.head.header, &opening, None)
            }
            Ok(_) => self.hold(channel, EPOCH, 1),
            Err(refusal) => self.hold(channel, refusal.code(), 1),
        }
    }

    fn read_opening(&self, head: &VerifiedHead, payload: Vec<u8>) -> Result<Opening, Refusal> {
        read_opening(head, &open_payload(head, payload, &[self.keys.encryption.as_ref()])?)
    }

    /// True when the epoch begins right behind the own head.
    fn fits(&self, channel: &ChannelName, opening: &Opening) -> bool {
        match (opening.old, self.in_head(channel)) {
            (None, None) => true,
            (None, Some(head)) => head.seq == 0,
            (Some(old), Some(head)) => (old.epoch, old.seq, Some(old.header)) == (head.epoch, head.seq, head.header),
            (Some(_), None) => false,
        }
    }

    /// Begins an epoch: the line, and in one transaction the head, the end of the old epoch and of what was held for it.
    fn begin_epoch(
        &mut self,
        channel: &ChannelName,
        row: &PacketRow,
        header: &Header,
        opening: &Opening,
        person: Option<&Person<'_>>,
    ) -> Result<(), EngineFault> {
        let (fits, epoch) = (self.fits(channel, opening), row.key.epoch);
        let mut changes = self.settle_channel(channel, header)?;
        changes.extend(self.end_old_epoch(channel, epoch)?);
        self.log.note(Event::EpochOpened {
            channel: channel.clone(),
            epoch,
            old_epoch: opening.old.map_or(epoch, |old| old.epoch),
            old_seq: opening.old.map_or(0, |old| old.seq),
            old_header: opening.prev(),
            operator: person.map_or_else(String::new, |person| person.operator.to_string()),
        });
        let ends = |code: &str| person.is_some() || ends_with_an_epoch(code);
        if self.state.holds.get(channel).is_some_and(|hold| ends(&hold.code)) {
            changes.push(Change::Hold(channel.clone(), None));
        }
        self.commit_log()?;
        let mut upcoming = self.state.fact::<Upcoming>()?;
        let known = upcoming.0.remove(channel).filter(|expected| expected.epoch == epoch).map_or(1, |expected| expected.known);
        changes.push(Change::fact(&upcoming)?);
        changes.push(Change::InHead(channel.clone(), InHead { epoch, seq: 0, header: Some(opening.prev()), known }));
        if !fits || opening.old.is_none() {
            changes.push(Change::Unfinished(Direction::In, channel.clone(), None));
        }
        changes.push(self.repeats_end_later(channel)?);
        if let Some(person) = person {
            changes.push(self.decided("epoch-accept", Some(channel), person)?);
        }
        self.commit_store(changes)
    }

    /// What is kept of older epochs is evidence from here on, and leaves the spool with its time.
    fn end_old_epoch(&mut self, channel: &ChannelName, epoch: Epoch) -> Result<Vec<Change>, EngineFault> {
        let kept = self.store().packets_in(Direction::In, &[PacketState::Early], usize::MAX)?;
        let old = kept.into_iter().filter(|row| row.key.channel == *channel && row.key.epoch.counter < epoch.counter);
        Ok(old.map(|row| Change::Rebuilt(PacketRow { state: PacketState::Late, ..row })).collect())
    }

    /// A person takes on the epoch to come, wherever it begins; false when its opening is not here.
    pub(crate) fn accept_epoch(&mut self, channel: &ChannelName, person: &Person<'_>) -> Result<bool, EngineFault> {
        let upcoming = self.state.fact::<Upcoming>()?.0.get(channel).map(|expected| expected.epoch);
        let held = self.state.holds.contains_key(channel);
        let unborn = self.in_head(channel).filter(|head| held && head.seq == 0).map(|head| head.epoch);
        let Some(epoch) = upcoming.or(unborn) else { return Ok(false) };
        let Some(row) = self.store().packet(&Self::packet_key(Direction::In, channel, epoch, 1))? else { return Ok(false) };
        let Some(verified) = self.verify_kept(row)? else { return Ok(false) };
        let (head, row) = (verified.head, verified.row);
        let Ok(opening) = self.read_opening(&head, verified.payload) else { return Ok(false) };
        self.begin_epoch(channel, &row, &head.header, &opening, Some(person))?;
        Ok(true)
    }

    /// Gives the change with which no epoch is to come any more.
    pub(crate) fn forget_upcoming(&self) -> Result<Vec<Change>, EngineFault> {
        Ok(vec![Change::fact(&Upcoming::default())?])
    }

    /// True when the first packet of an epoch is among the missing ones: it may be its opening, and nobody can go on without that.
    pub(crate) fn opens_an_epoch(&self, epoch: Epoch, from: u64) -> bool {
        from <= 1 && epoch.counter > 1
    }
}
