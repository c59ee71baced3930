//! Marker packets: where a structure change stands in a channel.
//!
//! Given: a change that is made, and its place: an entry of an outbox, or the moment between two looks at a folder. Gives: a packet of kind 2 that stands alone, and
//! with it the channel's end at the next version. After a crash: before the transaction the place is met again; behind it the entry is deleted as others are. Never:
//! two markers of a change whose plain differs by a byte; a marker of a change that is not made.

use super::leaving::{Leaving, Leavings, Placed};
use crate::connectors::tables::EntryId;
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::group::{Group, Work};
use crate::lang::Lang;
use crate::say;
use crate::schema::Document;
use crate::schema::document::Operation;
use crate::schema::versions::Believed;
use crate::send::rows::push::Pushes;
use crate::send::seal::{BatchRest, Sealing};
use crate::store::book::BookChange;
use crate::store::{Change, Direction, PacketKey, PacketState};
use crate::trouble::Trouble;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::packet::marker::Marker;
use dukou_packets::packet::seal::prepare_marker;
use dukou_packets::suite::Digest;

/// One day of running time (ms).
const DAY_MS: u64 = 86_400_000;

/// What a marker packet stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MarkerPlace {
    /// The digest of the change's document.
    pub(crate) document: Digest,
    /// Its entry in the outbox, where it has one.
    pub(crate) entry: Option<EntryId>,
    /// It went before, in an earlier epoch.
    pub(crate) is_again: bool,
}

impl Engine {
    /// Places the markers of a channel of files that are due: between two looks, behind all that the look before had taken.
    pub(crate) fn place_markers(&mut self, at: usize, report: &mut PassReport) -> Result<(), EngineFault> {
        let channel = self.channel_name(at);
        if !self.structures.numbers.contains_key(&channel)
            || self.state.unfinished.contains_key(&(Direction::Out, channel.clone()))
        {
            return Ok(());
        }
        let lacks = |leaving: &&Leaving| {
            leaving.is_made && leaving.channels.contains(&channel) && !leaving.markers.contains_key(&channel)
        };
        let leavings = self.state.fact::<Leavings>()?;
        let due = leavings.0.iter().filter(|(_, leaving)| lacks(leaving)).min_by_key(|(_, leaving)| leaving.to);
        let Some(document) = due.and_then(|(document, _)| document.parse().ok()) else { return Ok(()) };
        self.send_marker(at, document, None, report).map(drop)
    }

    /// Sends the marker whose place was met; false, and told, where its change is not known to be made: nothing behind it goes then.
    pub(crate) fn send_marker(
        &mut self,
        at: usize,
        document: Digest,
        entry: Option<EntryId>,
        report: &mut PassReport,
    ) -> Result<bool, EngineFault> {
        let channel = self.channel_name(at);
        let leavings = self.state.fact::<Leavings>()?;
        let known = leavings.0.get(&document.to_string());
        let change = self.store().book()?.into_iter().find(|change| change.key.document == document);
        let (Some(leaving), Some(change)) = (known.filter(|leaving| leaving.is_made), change) else {
            self.structures.look_at_once();
            // What was begun and is not known to be done is told of by itself.
            report.troubles.extend(known.is_none().then(|| unknown_marker(&channel, &document, self.lang())));
            return Ok(false);
        };
        if leaving.markers.contains_key(&channel) {
            // It has its packet; the outbox had the entry again.
            self.delete_loose(at, entry);
            return Ok(true);
        }
        let marker = marker_of(&change, leaving);
        let sealing = self.begin_marker(&marker, MarkerPlace { document, entry, is_again: false })?;
        let (mut group, plain_bytes) = (Group::default(), sealing.plain_bytes);
        group.push(sealing, plain_bytes, 0);
        self.publish_group(at, group, report)?;
        self.structures.numbers.insert(channel, change.key.to);
        let (own, book) = (self.outgoing(at).channel.clone(), self.store().book()?);
        self.recall_pending(&own, &change, &book)?;
        self.structures.look_at_once();
        Ok(true)
    }

    /// Takes a number and makes a marker's payload.
    pub(crate) fn begin_marker(&mut self, marker: &Marker, place: MarkerPlace) -> Result<Sealing, EngineFault> {
        let (number, addressing) = (self.take_number(), self.addressing()?);
        let (random, marker) = (self.seams.random.clone(), marker.clone());
        let plain_bytes = marker.document.len() as u64;
        let rest = BatchRest { marker: Some(place), ..BatchRest::default() };
        let make = move || prepare_marker(&addressing.envelope(number), &marker, random.as_ref());
        let work = Work::begin("dukou-seal", false, plain_bytes, make)?;
        Ok(Sealing::new(rest, plain_bytes, work))
    }

    /// Gives what becomes true with marker packets: the channel's end is at the next version, and where each marker is.
    pub(crate) fn of_markers(&mut self, packets: &[(PacketKey, MarkerPlace)]) -> Result<Vec<Change>, EngineFault> {
        if packets.is_empty() {
            return Ok(Vec::new());
        }
        let (mut leavings, mut believed) = (self.state.fact::<Leavings>()?, self.state.fact::<Believed>()?);
        let (book, mut changes) = (self.store().book()?, Vec::new());
        for (packet, place) in packets {
            let entry = place.entry.map(|entry| (entry.id, entry.at_ms));
            if let Some(leaving) = leavings.0.get_mut(&place.document.to_string()) {
                leaving.markers.insert(packet.channel.clone(), Placed { epoch: packet.epoch, seq: packet.seq, entry });
            }
            // One that goes again stands among packets of its time: the channel's end may be further on since.
            let change = book.iter().find(|change| change.key.document == place.document);
            if let Some(change) = change.filter(|_| !place.is_again) {
                believed.note(&packet.channel, &change.after());
                changes.extend(self.push_over(&packet.channel, change)?);
            }
        }
        changes.extend([Change::fact(&leavings)?, Change::fact(&believed)?]);
        Ok(changes)
    }

    /// A table whose columns are called differently behind a marker is pushed from its beginning again: the last key that went has the old names.
    fn push_over(&self, channel: &ChannelName, change: &BookChange) -> Result<Option<Change>, EngineFault> {
        let mut pushes = self.state.fact::<Pushes>()?;
        let Some(push) = pushes.0.get_mut(channel) else { return Ok(None) };
        let Ok(document) = Document::read(&change.document) else { return Ok(None) };
        let bare = |name: &str| name.rsplit('.').next().map(str::to_owned);
        let renames = document.changes.iter().any(|change| match &change.operation {
            Operation::RenameColumn { table, .. } => push.tables.first().is_some_and(|first| bare(first) == bare(table)),
            _ => false,
        });
        if !renames || push.after.take().is_none() {
            return Ok(None);
        }
        Ok(Some(Change::fact(&pushes)?))
    }

    /// Gives the outbox entry of a marker packet.
    pub(crate) fn marker_entry(&self, packet: &PacketKey) -> Result<Option<EntryId>, EngineFault> {
        let leavings = self.state.fact::<Leavings>()?;
        let is_it = |placed: &&Placed| (placed.epoch, placed.seq) == (packet.epoch, packet.seq);
        let placed = leavings.0.values().filter_map(|leaving| leaving.markers.get(&packet.channel)).find(is_it);
        Ok(placed.and_then(|placed| placed.entry).map(|(id, at_ms)| EntryId { id, at_ms }))
    }

    /// Raises the alarm of a change that the peer has not confirmed by half of the time for which its packets are kept.
    pub(super) fn watch_unconfirmed(&mut self) -> Result<(), EngineFault> {
        let leavings = self.state.fact::<Leavings>()?;
        let receipts = self.state.fact::<crate::link::receipts::Receipts>()?;
        let mut is_late = false;
        if self.station.way_back() {
            let now_ms = self.running_ms();
            for leaving in leavings.0.values() {
                for key in leaving.channels.iter().filter_map(|channel| leaving.marker(channel)) {
                    if receipts.confirmed_seq(&key.channel, key.epoch) >= key.seq {
                        continue;
                    }
                    let row = self.store().packet(&key)?.filter(|row| row.state == PacketState::Left);
                    is_late |= row.is_some_and(|row| now_ms >= row.run_ms + u64::from(leaving.keep_days) * DAY_MS / 2);
                }
            }
        }
        self.set_alarm(crate::alarm::codes::Code::SchemaUnconfirmed, None, is_late);
        Ok(())
    }
}

/// Gives what all markers of a change say.
fn marker_of(change: &BookChange, leaving: &Leaving) -> Marker {
    Marker {
        change: change.signed(),
        document: change.document.clone(),
        channels: leaving.channels.clone(),
        pending: Document::read(&change.document).is_ok_and(|document| document.pending),
        keep_days: leaving.keep_days,
        approvals: leaving.approvals.clone(),
    }
}

fn unknown_marker(channel: &ChannelName, document: &Digest, journal: Lang) -> Trouble {
    let sentence = |lang| {
        say!(
            lang,
            "通道 {channel} 的发件表里有一个结构变更的标记，本站没有登记这份变更（摘要 {document}），标记和它后面的行没有送出。请把原来的变更文件再提议、批准一次（内容一字不差），之后自动继续。",
            "The outbox of channel {channel} has the marker of a structure change that this station does not know (digest {document}); the marker and the rows behind it were not sent. Propose and approve the same document once more, byte for byte; it goes on by itself then."
        )
    };
    Trouble { code: "structure-unknown".into(), zh: sentence(Lang::Zh), en: sentence(Lang::En), journal: sentence(journal) }
}
