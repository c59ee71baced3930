//! A record's way out: collect → screen → pack → seal → publish, and the signal behind it.
//!
//! A batch becomes one packet; packets are committed in groups. While a second thread compresses and encrypts one group, the engine's
//! thread collects the next; everything durable happens on the engine's thread, in the order of the commit protocol.
//!
//! Given: the sources' looks. Gives: packets in the ferry directory, files put away, troubles of single channels. After a crash: see
//! `publish`. Never: a channel that ends the engine because of its own folder.

pub mod collect;
pub(crate) mod day_mark;
pub mod pack;
pub mod publish;
pub(crate) mod put_away;
pub mod repair;
pub(crate) mod repeat;
pub(crate) mod rows;
pub mod screen;
pub mod seal;
pub mod signal;
pub mod structure;

use crate::connectors::Look;
use crate::engine::{Engine, Outgoing, PassReport};
use crate::error::EngineFault;
use crate::group::Group;
use crate::link::window::Room;
use crate::store::Direction;
use collect::{Collecting, Step};
use dukou_packets::packet::header::ChannelName;
use pack::Batch;
use rows::RowsOut;
use seal::Sealing;
use std::collections::HashSet;

impl Engine {
    /// Sends what the sources offer, urgent channels first, then what a person asked for again, and a signal when it would say something new.
    pub(crate) fn send(&mut self, report: &mut PassReport) -> Result<(), EngineFault> {
        self.outgoing.iter_mut().filter_map(|outgoing| outgoing.rows.as_mut()).for_each(RowsOut::begin_look);
        if self.trust.is_none() || self.may_not_send(report)? {
            return Ok(());
        }
        self.take_back_when_due(report)?;
        self.place_waiting(report)?;
        self.tend_structures(report)?;
        for at in 0..self.outgoing.len() {
            self.send_channel(at, report)?;
            if self.should_stop() {
                return Ok(());
            }
        }
        self.place_owed(report)?;
        if self.unplaced.is_empty() {
            self.close_due_covers(report)?;
        }
        match self.may_signal() && !self.link.has_just_spoken(self.seams.clock.as_ref()) {
            true => self.send_signal(report),
            false => Ok(()),
        }
    }

    /// Sends what one source offers. While packets wait for the ferry directory, too many files for being
    /// put away, or too many packets for receipts, nothing more is taken on.
    pub(crate) fn send_channel(&mut self, at: usize, report: &mut PassReport) -> Result<(), EngineFault> {
        if self.outgoing[at].rows.is_some() {
            return self.send_rows(at, report);
        }
        self.outgoing[at].away.begin_look();
        self.put_away(at, report)?;
        if self.may_take_on(at) {
            self.reseal_pending(at, &[], report)?;
        }
        if self.may_take_on(at)
            && !self.outgoing[at].away.is_full()
            && !self.waits_for_reseal(at, report)?
            && self.window_is_open(at)?
        {
            self.place_markers(at, report)?;
            let except = self.outgoing[at].away.except();
            match self.outgoing[at].source.look(&except) {
                Ok(look) => return self.send_look(at, look, report),
                Err(fault) => self.tolerate(fault, report)?,
            }
        }
        self.tidy(at, report)
    }

    fn send_look(&mut self, at: usize, look: Look, report: &mut PassReport) -> Result<(), EngineFault> {
        report.young += look.young;
        report.unfinished += look.unfinished;
        for fault in look.passed_over {
            self.tolerate(fault, report)?;
        }
        if !self.outgoing[at].waiting.is_empty() {
            let here: HashSet<&str> = look.ready.iter().map(|candidate| candidate.name.as_str()).collect();
            self.outgoing[at].waiting.retain(|name, _| here.contains(name.as_str()));
        }
        let begun = self.state.unfinished.get(&(Direction::Out, self.channel_name(at))).cloned();
        self.send_this(at, Collecting::new(look.ready, begun), report)
    }

    /// Sends what was looked up, group by group, and makes it last that the files were put away.
    pub(crate) fn send_this(
        &mut self,
        at: usize,
        mut collecting: Collecting,
        report: &mut PassReport,
    ) -> Result<(), EngineFault> {
        let mut sealing = self.next_in_window(at, &mut collecting, &Group::default(), report)?;
        let mut is_first = true;
        while !sealing.is_empty() {
            // The first group leaves before the next one is read: from then on both sides work at the same time.
            let next = match std::mem::take(&mut is_first) || self.has_full_covers()? {
                true => Group::default(),
                false => self.next_in_window(at, &mut collecting, &sealing, report)?,
            };
            self.publish_group(at, std::mem::replace(&mut sealing, next), report)?;
            // What is sealed and not committed has left no trace: its files are looked up again.
            if !self.may_take_on(at) {
                break;
            }
            if sealing.is_empty() {
                self.close_full_covers(report)?;
                sealing = self.next_in_window(at, &mut collecting, &Group::default(), report)?;
            }
        }
        self.tidy(at, report)
    }

    /// Gives the next group, as much as may be taken on besides the one that is being sealed; what a person sends again goes as a whole.
    fn next_in_window(
        &mut self,
        at: usize,
        collecting: &mut Collecting,
        sealing: &Group<Sealing>,
        report: &mut PassReport,
    ) -> Result<Group<Sealing>, EngineFault> {
        let (packets, plain_bytes) = sealing.size();
        let room = if self.again.is_some() { Room::ENDLESS } else { self.window_room(at)?.without(packets, plain_bytes) };
        self.next_group(at, collecting, room, report)
    }

    /// Begins to seal packets until a group is full, or the room is used up; an empty group when the source has no more.
    fn next_group(
        &mut self,
        at: usize,
        collecting: &mut Collecting,
        mut room: Room,
        report: &mut PassReport,
    ) -> Result<Group<Sealing>, EngineFault> {
        let mut group = Group::default();
        while !group.is_full() && !room.is_used_up() && !self.should_stop() {
            let Some(batch) = self.next_batch(at, collecting, report)? else { break };
            let sealing = self.begin_sealing(at, batch)?;
            let (plain_bytes, records) = (sealing.plain_bytes, sealing.batch.rows.len());
            group.push(sealing, plain_bytes, records);
            room = room.without(1, plain_bytes);
        }
        Ok(group)
    }

    /// Collects and screens until a packet is full; `None` when the source has no more.
    fn next_batch(
        &mut self,
        at: usize,
        collecting: &mut Collecting,
        report: &mut PassReport,
    ) -> Result<Option<Batch>, EngineFault> {
        let (understood, now_ms) = (self.outgoing[at].understood.clone(), self.seams.clock.wall_ms());
        let batch = Batch::new(self.seams.random.as_ref(), &self.outgoing[at].channel.batch);
        let mut batch = batch.understanding(understood, now_ms);
        while let Some(step) = self.collect_next(at, collecting, &batch, report)? {
            match step {
                Step::Record(screened) => batch.push(*screened)?,
                Step::HeldBack(repeat) => batch.hold_back(*repeat),
                Step::Full => break,
            }
        }
        Ok((!batch.is_empty()).then_some(batch))
    }

    pub(crate) fn channel_name(&self, at: usize) -> ChannelName {
        self.outgoing[at].channel.channel.clone()
    }

    pub(crate) fn outgoing(&self, at: usize) -> &Outgoing {
        &self.outgoing[at]
    }
}
