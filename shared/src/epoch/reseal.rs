//! Sealing the records of retained packets anew, in a later epoch.
//!
//! Given: a plan: which packets of which earlier epochs, in order. Gives: packets of the open epoch with the same records, byte for byte, one for one.
//! After a crash: the plan moves on in the transaction in which the new packet begins to exist, so that each packet is sealed anew once. Never: anything
//! newer sent on the channel before its plan is done; a record changed; a packet sealed anew whose records went with a later one already.

use super::opening::{ReceiverHead, ReceiverHeads};
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::group::Group;
use crate::link::troubles::reseal_waits;
use crate::send::pack::Batch;
use crate::send::rows::{Begun, note_begun_again};
use crate::send::seal::Sealing;
use crate::send::structure::MarkerPlace;
use crate::store::facts::Fact;
use crate::store::{Change, Direction, PacketRow, PacketState, RecordRow};
use dukou_packets::log::line::Event;
use dukou_packets::packet::header::{ChannelName, Epoch, KIND_MARKER};
use dukou_packets::packet::marker::{Marker, read_marker};
use dukou_packets::packet::open::{decode_records, open_payload, read_head};
use dukou_packets::packet::records::{Record, RecordKind, Records};
use dukou_packets::packet::seal::Versions;
use dukou_packets::suite::Unwrapper;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is to be sealed anew, and what was, by channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reseals(BTreeMap<ChannelName, Plan>);

impl Fact for Reseals {
    const NAME: &str = "reseals";
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Plan {
    /// What is still to be done, in order.
    spans: Vec<Span>,
    /// Packets whose records went once more with a later one.
    superseded: Vec<(Epoch, u64, u64)>,
    operator: String,
    /// A file in parts may begin in the middle: the receiver has the parts before.
    goes_on: bool,
    /// Packets of this plan that could not be opened.
    unopened: u64,
    /// The peer is another one since: what it gets before this plan, and so when it goes on, a person says with `reseal`.
    #[serde(default)]
    waits: bool,
}

/// Packets of one epoch that follow one another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Span {
    epoch: Epoch,
    from: u64,
    to: u64,
    /// The next one.
    next: u64,
    /// Records sealed anew so far.
    records: u64,
}

impl Span {
    fn holds(&self, row: &PacketRow) -> bool {
        self.epoch == row.key.epoch && (self.next..=self.to).contains(&row.key.seq)
    }
}

impl Plan {
    /// Gives what is still to be done as spans of their own.
    fn left(&self) -> Vec<Span> {
        let left = self.spans.iter().filter(|span| span.next <= span.to);
        left.map(|span| Span { from: span.next, records: 0, ..span.clone() }).collect()
    }

    fn is_superseded(&self, row: &PacketRow) -> bool {
        let here = |(epoch, from, to): &(Epoch, u64, u64)| *epoch == row.key.epoch && (*from..=*to).contains(&row.key.seq);
        self.superseded.iter().any(here)
    }

    fn add(&mut self, row: &PacketRow) {
        let (epoch, seq) = (row.key.epoch, row.key.seq);
        match self.spans.last_mut() {
            Some(span) if span.epoch == epoch && span.to + 1 == seq => span.to = seq,
            _ => self.spans.push(Span { epoch, from: seq, to: seq, next: seq, records: 0 }),
        }
    }
}

impl Engine {
    /// Gives the change with which everything retained that the receiver is not known to have is sealed anew.
    pub(crate) fn plan_behind(
        &mut self,
        channels: &[ChannelName],
        heads: &ReceiverHeads,
        operator: &str,
    ) -> Result<Change, EngineFault> {
        let mut reseals = self.state.fact::<Reseals>()?;
        for channel in channels {
            let known = match heads.channels.get(channel) {
                Some(head) if self.is_own_head(channel, head)? => Some(*head),
                _ => None,
            };
            let beyond = |row: &PacketRow| known.is_none_or(|head| is_beyond(row, &head));
            self.plan(&mut reseals, channel, operator, known.is_some(), &beyond)?;
        }
        Ok(Change::fact(&reseals)?)
    }

    /// Plans every retained packet of the epochs before the open one, from a number on; gives how many packets are to be sealed anew.
    pub(crate) fn plan_all(&mut self, channels: &[ChannelName], from: u64, operator: &str) -> Result<u64, EngineFault> {
        let mut reseals = self.state.fact::<Reseals>()?;
        for channel in channels {
            let newest = self.out_head(channel).map(|head| head.epoch);
            let wanted = |row: &PacketRow| Some(row.key.epoch) != newest && row.key.seq >= from;
            self.plan(&mut reseals, channel, operator, false, &wanted)?;
        }
        let packets = reseals.0.values().flat_map(|plan| &plan.spans).map(|span| span.to + 1 - span.next).sum();
        self.commit_store(vec![Change::fact(&reseals)?])?;
        Ok(packets)
    }

    fn plan(
        &mut self,
        reseals: &mut Reseals,
        channel: &ChannelName,
        operator: &str,
        goes_on: bool,
        wanted: &dyn Fn(&PacketRow) -> bool,
    ) -> Result<(), EngineFault> {
        let mut rows = self.store().packets_in(Direction::Out, &[PacketState::Packed, PacketState::Left], usize::MAX)?;
        rows.retain(|row| row.key.channel == *channel && row.spool.is_some() && (row.records > 0 || self.is_marker(row)));
        rows.sort_by_key(|row| (row.key.epoch.counter, row.number));
        let plan = reseals.0.entry(channel.clone()).or_default();
        let before = std::mem::take(plan);
        let waits: Vec<Span> = before.left();
        *plan = Plan { superseded: before.superseded, operator: operator.to_string(), goes_on, ..Plan::default() };
        let is_new = |row: &&PacketRow| wanted(row) && !waits.iter().any(|span| span.holds(row));
        for row in rows.iter().filter(is_new) {
            if !plan.is_superseded(row) {
                plan.add(row);
            }
        }
        // What an earlier decision left to do comes behind all that was sealed since: nothing newer went before it.
        plan.goes_on = if plan.spans.is_empty() && !waits.is_empty() { before.goes_on } else { goes_on };
        plan.spans.extend(waits);
        Ok(())
    }

    /// Gives the change with which plans that are not worked off wait for a person's `reseal`.
    pub(crate) fn reseals_wait(&self) -> Result<Change, EngineFault> {
        let mut reseals = self.state.fact::<Reseals>()?;
        reseals.0.values_mut().for_each(|plan| plan.waits = !plan.spans.is_empty());
        Ok(Change::fact(&reseals)?)
    }

    /// True while a channel takes nothing newer on for such a plan; a trouble says so.
    pub(crate) fn waits_for_reseal(&self, at: usize, report: &mut PassReport) -> Result<bool, EngineFault> {
        let channel = self.channel_name(at);
        let waits = self.state.fact::<Reseals>()?.0.get(&channel).is_some_and(|plan| plan.waits);
        report.troubles.extend(waits.then(|| reseal_waits(&channel, self.lang())));
        Ok(waits)
    }

    /// Leaves out the packets that wait to be sealed anew: their copies are needed, however old they are.
    pub(crate) fn without_planned(&self, rows: &mut Vec<PacketRow>) -> Result<(), EngineFault> {
        let reseals = self.state.fact::<Reseals>()?;
        let spans = |row: &PacketRow| reseals.0.get(&row.key.channel).map_or(&[][..], |plan| &plan.spans);
        rows.retain(|row| !spans(row).iter().any(|span| span.holds(row)));
        Ok(())
    }

    /// True when the receiver's head is a packet of this copy of the state: everything before it is the receiver's, too.
    fn is_own_head(&mut self, channel: &ChannelName, head: &ReceiverHead) -> Result<bool, EngineFault> {
        let row = self.store().packet(&Self::packet_key(Direction::Out, channel, head.epoch, head.seq))?;
        Ok(row.is_some_and(|row| row.header == head.header))
    }

    /// Works off a channel's plan with the own key and further ones, before anything newer is sent on the channel.
    pub(crate) fn reseal_pending(
        &mut self,
        at: usize,
        further: &[&dyn Unwrapper],
        report: &mut PassReport,
    ) -> Result<(), EngineFault> {
        let channel = self.channel_name(at);
        while !self.should_stop() && self.unplaced.is_empty() {
            let mut reseals = self.state.fact::<Reseals>()?;
            let Some(plan) = reseals.0.get_mut(&channel).filter(|plan| !plan.waits && !plan.spans.is_empty()) else {
                return Ok(());
            };
            let (mut group, mut begun) = (Group::default(), self.state.fact::<Begun>()?);
            let begun_before = begun.clone();
            while !group.is_full() && plan.spans.first().is_some_and(|span| span.next <= span.to) {
                self.reseal_next(at, plan, further, (&mut group, begun.of(&channel)))?;
            }
            self.end_span(&channel, plan)?;
            self.ride(Change::fact(&reseals)?);
            begun.settle();
            if begun != begun_before {
                self.ride(Change::fact(&begun)?);
            }
            let mut done = PassReport::default();
            self.publish_group(at, group, &mut done)?;
            self.flush()?;
            report.packets_out += done.packets_out;
            report.troubles.append(&mut done.troubles);
        }
        Ok(())
    }

    /// Seals the next packet of a plan anew, in memory; one that does not open is left out and counted.
    fn reseal_next(
        &mut self,
        at: usize,
        plan: &mut Plan,
        further: &[&dyn Unwrapper],
        (group, begun): (&mut Group<Sealing>, &mut BTreeSet<u64>),
    ) -> Result<(), EngineFault> {
        let Some(span) = plan.spans.first_mut() else { return Ok(()) };
        let (epoch, seq) = (span.epoch, span.next);
        span.next += 1;
        let key = Self::packet_key(Direction::Out, &self.channel_name(at), epoch, seq);
        let Some(row) = self.store().packet(&key)? else { return Ok(()) };
        let (records, versions) = match self.open_retained(&row, further) {
            Some(Retained::Records(records, versions)) => (records, versions),
            Some(Retained::Marker(marker)) => {
                plan.superseded = with_one_more(std::mem::take(&mut plan.superseded), epoch, seq);
                let place = MarkerPlace { document: marker.change.document, entry: None, is_again: true };
                let sealing = self.begin_marker(&marker, place)?;
                let plain_bytes = sealing.plain_bytes;
                group.push(sealing, plain_bytes, 0);
                return Ok(());
            }
            None => {
                plan.unopened += 1;
                plan.goes_on = false;
                return Ok(());
            }
        };
        let Some(batch) = self.batch_of(&records, &mut plan.goes_on)? else { return Ok(()) };
        note_begun_again(&records, begun);
        if let Some(span) = plan.spans.first_mut() {
            span.records += batch.rows.len() as u64;
        }
        plan.superseded = with_one_more(std::mem::take(&mut plan.superseded), epoch, seq);
        let sealing = self.begin_sealing_under(versions, batch)?;
        let (plain_bytes, records) = (sealing.plain_bytes, sealing.batch.rows.len());
        group.push(sealing, plain_bytes, records);
        Ok(())
    }

    /// A span that is done gets its line; it becomes durable before what is sealed anew leaves.
    fn end_span(&mut self, channel: &ChannelName, plan: &mut Plan) -> Result<(), EngineFault> {
        if plan.spans.first().is_none_or(|span| span.next <= span.to) {
            return Ok(());
        }
        let Span { epoch, from, to, records, .. } = plan.spans.remove(0);
        let operator = plan.operator.clone();
        self.log.note(Event::Resealed { channel: channel.clone(), epoch, from, to, count: records, operator });
        Ok(())
    }

    /// Tells whether a retained packet without records is the marker of a structure change.
    fn is_marker(&self, row: &PacketRow) -> bool {
        let bytes = self.read_retained(row).ok();
        let head = bytes.and_then(|bytes| read_head(&bytes, &self.keys.keyring).ok());
        head.is_some_and(|head| head.header.kind == KIND_MARKER)
    }

    fn open_retained(&self, row: &PacketRow, further: &[&dyn Unwrapper]) -> Option<Retained> {
        let mut bytes = self.read_retained(row).ok()?;
        let head = read_head(&bytes, &self.keys.keyring).ok()?;
        let payload = bytes.split_off(head.head_len);
        let keys: Vec<&dyn Unwrapper> = std::iter::once(self.keys.encryption.as_ref()).chain(further.iter().copied()).collect();
        // A stanza of the own key that does not open must not hide that of the recovery key.
        let plain = keys.iter().find_map(|key| open_payload(&head, payload.clone(), &[*key]).ok())?;
        if head.header.kind == KIND_MARKER {
            return read_marker(&head, &plain).ok().map(|marker| Retained::Marker(Box::new(marker)));
        }
        let versions = Versions { written: head.header.structure_written, needed: head.header.structure_needed };
        decode_records(&head, plain).ok().map(|records| Retained::Records(records, versions))
    }

    /// Makes a batch of records; parts of a file whose first part is not among what is sealed anew are left out, unless the receiver has it.
    fn batch_of(&self, records: &Records, goes_on: &mut bool) -> Result<Option<Batch>, EngineFault> {
        let mut batch = Batch::whole(self.seams.random.as_ref());
        for record in records.iter() {
            let orphan = match record.meta.kind {
                RecordKind::FilePart | RecordKind::Withdrawal => !*goes_on && record.meta.part_index > 0,
                RecordKind::File | RecordKind::Tombstone | RecordKind::Row | RecordKind::LargeValue | RecordKind::Run => false,
            };
            if orphan {
                continue;
            }
            *goes_on = true;
            batch.push_again(record.meta, record.body, record.body_digest, row_of(&record))?;
        }
        Ok((!batch.is_empty()).then_some(batch))
    }

    /// Gives how many retained packets wait to be sealed anew, and how many could not be opened.
    pub(crate) fn reseal_standing(&self) -> Result<(u64, u64), EngineFault> {
        let reseals = self.state.fact::<Reseals>()?;
        let waiting = reseals.0.values().flat_map(|plan| &plan.spans).map(|span| span.to + 1 - span.next).sum();
        Ok((waiting, reseals.0.values().map(|plan| plan.unopened).sum()))
    }
}

/// What a retained packet holds.
enum Retained {
    /// Records, and the versions under which they were written.
    Records(Records, Versions),
    /// The marker of a structure change.
    Marker(Box<Marker>),
}

/// True for a packet that stands behind the receiver's head.
fn is_beyond(row: &PacketRow, head: &ReceiverHead) -> bool {
    let epoch = row.key.epoch;
    epoch.counter > head.epoch.counter
        || (epoch == head.epoch && row.key.seq > head.seq)
        || (epoch.counter == head.epoch.counter && epoch != head.epoch)
}

fn with_one_more(mut spans: Vec<(Epoch, u64, u64)>, epoch: Epoch, seq: u64) -> Vec<(Epoch, u64, u64)> {
    match spans.last_mut() {
        Some((last, _, to)) if *last == epoch && *to + 1 == seq => *to = seq,
        _ => spans.push((epoch, seq, seq)),
    }
    spans
}

/// Gives the row of a record that goes once more: it has no source to put away.
pub(crate) fn row_of(record: &Record<'_>) -> RecordRow {
    let meta = record.meta;
    let (kind, digest, bytes) = match meta.kind {
        RecordKind::FilePart if meta.is_last_part() => (RecordKind::File, meta.parts_digest, meta.total_bytes),
        RecordKind::Tombstone => (RecordKind::Tombstone, record.body_digest, meta.total_bytes),
        kind => (kind, record.body_digest, meta.body_len),
    };
    RecordRow {
        index: record.index,
        kind,
        key: meta.key.clone(),
        name: meta.name.clone(),
        folded: crate::connectors::folder::names::folded(&meta.name),
        digest,
        bytes,
        reason: meta.reason.clone(),
        source: None,
        target: None,
        rows: RecordRow::rows_of(meta),
    }
}
