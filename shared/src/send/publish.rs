//! Publishing: the commit protocol of the sending side, read from top to bottom in [`Engine::publish_group`].
//!
//! Given: payloads in order. Gives: packets in the ferry directory, source files handed over to be put away. After a crash: see each step.
//! Without a ferry directory: the packets wait in the spool and are placed, with the same bytes, once it is there. Never: a packet in the
//! ferry directory whose `packed` line is not durable.

use super::pack::refused_by_code;
use super::seal::{BatchRest, Sealing};
use crate::connectors::{Disposal, Fate};
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::group::Group;
use crate::requests::Again;
use crate::seams::Ownership;
use crate::store::{Change, Direction, OutHead, PacketKey, PacketRow, PacketState, RecordRow, SentAgain};
use dukou_packets::limits;
use dukou_packets::log::line::Event;
use dukou_packets::packet::header::{Epoch, LogHead};
use dukou_packets::packet::open::{Refusal, read_head};
use dukou_packets::packet::records::RecordKind;
use dukou_packets::packet::seal::{CargoPlace, Sealed, Statement};
use dukou_packets::suite::{Digest, LinkId, sha256};
use std::collections::BTreeMap;

/// A sealed packet of a group, not committed yet.
pub(crate) struct Sealable {
    row: PacketRow,
    sealed: Sealed,
    batch: BatchRest,
}

impl Engine {
    /// Commits a group of packets and places them in the ferry directory.
    pub(crate) fn publish_group(
        &mut self,
        at: usize,
        group: Group<Sealing>,
        report: &mut PassReport,
    ) -> Result<(), EngineFault> {
        let (mut packets, repeats) = self.seal_group(at, group)?;

        // 1. Sealed bytes into the private spool. After a crash here: an orphan, removed at start; its number is free again.
        self.spool_group(&packets)?;

        // 2. From here on the packets exist: number, seq, header digest and records stand in the store.
        let rows = packets.iter().flat_map(|packet| &packet.batch.rows);
        let mut changes = self.of_cargo(Direction::Out, &self.channel_name(at), rows)?;
        let markers = packets.iter().filter_map(|packet| Some((packet.row.key.clone(), packet.batch.marker?)));
        changes.extend(self.of_markers(&markers.collect::<Vec<_>>())?);
        for packet in &mut packets {
            let again = self.sent_again(packet);
            let records = std::mem::take(&mut packet.batch.rows);
            changes.push(Change::Packed { packet: packet.row.clone(), records });
            changes.extend(
                packet
                    .batch
                    .unfinished
                    .clone()
                    .map(|unfinished| Change::Unfinished(Direction::Out, packet.row.key.channel.clone(), unfinished)),
            );
            changes.extend(again);
            changes.extend(std::mem::take(&mut packet.batch.cards).into_iter().map(Change::Filed));
        }
        changes.extend(repeats.iter().map(|repeat| Change::HeldBack(repeat.held.clone())));
        let mut done = self.commit_store_and_give_back(changes)?.into_iter();
        for packet in &mut packets {
            packet.batch.rows = done.find_map(|change| change.into_records_of(&packet.row.key)).unwrap_or_default();
        }

        // 3. The evidence: `packed` lines and a checkpoint, one fdatasync. After a crash before it: start writes the lines.
        for packet in &packets {
            self.note_packed(&packet.row, &refused_by_code(&packet.batch.rows));
        }
        self.commit_log()?;

        // 4. Into the ferry directory, one directory sync. After a crash before it: start places the same bytes again.
        let parts =
            packets.iter().map(|packet| (&packet.row, [packet.sealed.head.as_slice(), packet.sealed.payload.as_slice()]));
        let mut placed = 0;
        if let Err(fault) = self.place(at, parts, &mut placed) {
            self.tolerate(fault, report)?;
            self.unplaced.extend(packets.iter().skip(placed).map(|packet| packet.row.clone()));
        }
        report.packets_out += placed as u64;
        self.cover(packets.iter().take(placed).map(|packet| &packet.row))?;

        // 5. The source files. After a crash before it: start puts them away, told from later ones by their stamp.
        report.held_back += repeats.len() as u64;
        let repeats = repeats.into_iter().map(|repeat| repeat.disposal).collect();
        self.outgoing[at].away.take_on(None, repeats);
        for packet in packets {
            count(&packet, report);
            let key = packet.row.key;
            self.take_on_rows(at, &key, &packet.batch.rows)?;
            let disposals = packet.batch.away.into_iter().map(|(index, away)| dispose(&key, index, away)).collect();
            self.outgoing[at].away.take_on(Some(key), disposals);
        }
        self.put_away(at, report)
    }

    /// Gives the person's decision with the packet that carries the repeat, or its last part.
    fn sent_again(&mut self, packet: &Sealable) -> Option<Change> {
        let row = packet.batch.rows.iter().find(|row| matches!(row.kind, RecordKind::File | RecordKind::Tombstone))?;
        let Again { request, operator, reason } = self.again.take()?;
        Some(Change::SentAgain(SentAgain {
            request,
            packet: packet.row.key.clone(),
            name: row.name.clone(),
            key: row.key.clone(),
            operator,
            reason,
            at_ms: packet.row.at_ms,
        }))
    }

    /// Gives each payload its place in the channel's chain and its signature.
    fn seal_group(
        &mut self,
        at: usize,
        group: Group<Sealing>,
    ) -> Result<(Vec<Sealable>, Vec<super::pack::Repeat>), EngineFault> {
        let channel = self.channel_name(at);
        let mut head = match self.out_head(&channel) {
            Some(head) => head.clone(),
            None => self.first_head(),
        };
        let statement = self.statement(self.outgoing[at].channel.priority == 0);
        let (mut packets, mut repeats) = (Vec::new(), Vec::new());
        for mut sealing in group.packets {
            let prepared = sealing.finish()?;
            repeats.append(&mut sealing.batch.repeats);
            let Some(prepared) = prepared else { continue };
            let place = CargoPlace { channel: channel.clone(), epoch: head.epoch, seq: head.seq + 1, prev: head.header };
            let sealed = prepared.seal_cargo(&place, &statement, self.keys.packet.as_ref())?;
            head = OutHead { epoch: head.epoch, seq: place.seq, header: sealed.header_digest };
            let row = self.packet_row(&place, &sealed, &sealing.batch);
            packets.push(Sealable { row, sealed, batch: sealing.batch });
        }
        Ok((packets, repeats))
    }

    fn first_head(&self) -> OutHead {
        let mut salt = [0; 8];
        self.seams.random.fill(&mut salt);
        OutHead { epoch: Epoch { counter: 1, salt }, seq: 0, header: Digest::ZERO }
    }

    pub(crate) fn statement(&self, urgent: bool) -> Statement {
        Statement {
            sender_clock_ms: self.seams.clock.wall_ms(),
            urgent,
            own_log: self.log.head(),
            peer_log: self.state.peer_log.unwrap_or(LogHead::NONE),
            run: Some(self.run),
        }
    }

    /// Makes the packet that opens an epoch ready to be committed.
    pub(crate) fn sealable(&self, place: &CargoPlace, sealed: Sealed) -> Sealable {
        let batch = BatchRest::default();
        let row = self.packet_row(place, &sealed, &batch);
        Sealable { row, sealed, batch }
    }

    /// Commits the openings of epochs, one a channel, with what belongs into the same transaction, and places them: the same steps as for a group.
    pub(crate) fn publish_openings(
        &mut self,
        channels: Vec<usize>,
        packets: Vec<Sealable>,
        mut changes: Vec<Change>,
        report: &mut PassReport,
    ) -> Result<(), EngineFault> {
        self.spool_group(&packets)?;
        changes.extend(packets.iter().map(|packet| Change::Packed { packet: packet.row.clone(), records: Vec::new() }));
        self.commit_store(changes)?;
        for packet in &packets {
            self.note_packed(&packet.row, &BTreeMap::new());
        }
        self.commit_log()?;
        for (at, packet) in channels.into_iter().zip(&packets) {
            let parts = [packet.sealed.head.as_slice(), packet.sealed.payload.as_slice()];
            match self.place(at, std::iter::once((&packet.row, parts)), &mut 0) {
                Ok(()) => {
                    report.packets_out += 1;
                    self.cover(std::iter::once(&packet.row))?;
                }
                Err(fault) => {
                    self.tolerate(fault, report)?;
                    self.unplaced.push_back(packet.row.clone());
                }
            }
        }
        self.flush()
    }

    fn packet_row(&self, place: &CargoPlace, sealed: &Sealed, batch: &BatchRest) -> PacketRow {
        let tombstones = batch.rows.iter().filter(|row| row.kind == RecordKind::Tombstone).count() as u32;
        PacketRow {
            key: Self::packet_key(Direction::Out, &place.channel, place.epoch, place.seq),
            number: sealed.header.number,
            header: sealed.header_digest,
            prev: place.prev,
            root: sealed.header.root,
            records: sealed.header.record_count,
            tombstones,
            plain_bytes: sealed.header.plain_len,
            sealed_bytes: sealed.len(),
            spool: Some(spool_name(sealed.header.number)),
            state: PacketState::Packed,
            sources_pending: !batch.away.is_empty()
                || batch.rows.iter().any(RecordRow::is_of_outbox)
                || batch.marker.is_some_and(|marker| marker.entry.is_some()),
            at_ms: self.seams.clock.wall_ms(),
            done_ms: None,
            run_ms: self.running_ms(),
        }
    }

    /// Writes sealed bytes into the spool: a sync each, or one for all where they are many.
    fn spool_group(&self, packets: &[Sealable]) -> Result<(), EngineFault> {
        let dir = self.station.spool_out();
        let files = &self.seams.files;
        for packet in packets {
            let path = dir.join(spool_name(packet.row.number));
            // An orphan of a try that ended here may lie in the way; it never became a packet.
            files.remove(&path)?;
            if let [_] = packets {
                let mut file = files.create(&path)?;
                file.write(&packet.sealed.head)?;
                file.write(&packet.sealed.payload)?;
                file.sync()?;
            } else {
                files.write_new(&path, &[&packet.sealed.head, &packet.sealed.payload], &Ownership::default())?;
            }
        }
        match packets {
            [] => Ok(()),
            [_] => Ok(files.sync_dir(&dir)?),
            _ => Ok(files.sync_fs(&dir)?),
        }
    }

    /// Adds a packet's `packed` line, and a `refused` line a code.
    pub(crate) fn note_packed(&mut self, row: &PacketRow, refused: &BTreeMap<String, u64>) {
        let PacketKey { channel, epoch, seq, .. } = row.key.clone();
        self.log.note(Event::Packed {
            number: row.number,
            channel: channel.clone(),
            epoch,
            seq,
            header: row.header,
            root: row.root,
            records: u64::from(row.records),
            tombstones: u64::from(row.tombstones),
            plain: row.plain_bytes,
            bytes: row.sealed_bytes,
        });
        for (code, count) in refused {
            self.log.note(Event::Refused { channel: channel.clone(), epoch, seq, code: code.clone(), count: *count });
        }
    }

    /// Places packets under new names in the ferry directory, notes that they left, and counts them in `placed`, those before a fault, too.
    ///
    /// # Errors
    /// The first fault; the packets behind it were not placed.
    pub(crate) fn place<'a>(
        &mut self,
        at: usize,
        packets: impl Iterator<Item = (&'a PacketRow, [&'a [u8]; 2])>,
        placed: &mut usize,
    ) -> Result<(), EngineFault> {
        let ferry = self.seams.files.ferry_dir(&self.station.ferry_out()).map_err(EngineFault::from);
        let ferry = ferry.inspect_err(|fault| self.note_obstacle(fault))?;
        let priority = self.outgoing[at].channel.priority;
        let (mut left, mut failed) = (Vec::new(), None);
        for (row, parts) in packets {
            if let Err(fault) = self.place_file(ferry.as_ref(), priority, &parts) {
                failed = Some(fault);
                break;
            }
            left.push((row.key.clone(), row.number, row.header));
        }
        if !left.is_empty() {
            ferry.sync()?;
        }
        *placed = left.len();
        let at_ms = self.seams.clock.wall_ms();
        for (packet, number, header) in left {
            self.log.note(Event::Left { number, header });
            self.after_log(Change::Left { packet, at_ms });
        }
        failed.map_or(Ok(()), |fault| {
            self.note_obstacle(&fault);
            Err(fault)
        })
    }

    /// Gives the id of the link out.
    pub(crate) fn link_out(&self) -> LinkId {
        let own = self.station.config.station.id;
        self.trust.as_ref().map_or(LinkId::from_bytes([0; 16]), |trust| LinkId::between(own, trust.peer.body().station))
    }

    /// Finishes what the last run began: the same bytes into the ferry directory, source files put away. What cannot be finished for now is
    /// tried again, and told of, with every look.
    pub(crate) fn finish_sending(&mut self, unpublished: Vec<PacketRow>) -> Result<(), EngineFault> {
        let mut untold = PassReport::default();
        self.unplaced = self.without_former(unpublished)?.into();
        self.place_waiting(&mut untold)?;
        for row in self.store().packets_with_sources()? {
            let Some(at) = self.outgoing.iter().position(|outgoing| outgoing.channel.channel == row.key.channel) else {
                continue;
            };
            let records = self.store().records(&row.key)?;
            if self.take_on_rows(at, &row.key, &records)? {
                continue;
            }
            let disposals: Vec<Disposal> =
                records.iter().filter_map(|record| self.dispose_again(at, &row.key, record)).collect();
            if disposals.is_empty() {
                self.ride(Change::SourcesAway(row.key.clone()));
            }
            self.outgoing[at].away.take_on(Some(row.key), disposals);
        }
        for at in 0..self.outgoing.len() {
            self.put_away(at, &mut untold)?;
            self.tidy(at, &mut untold)?;
        }
        self.untold = untold;
        self.flush()
    }

    /// Places a packet of the spool in the ferry directory, byte for byte.
    ///
    /// # Errors
    /// As [`read_retained`](Self::read_retained), and what placing it says.
    pub(crate) fn place_again(&mut self, row: &PacketRow) -> Result<(), EngineFault> {
        let Some(at) = self.outgoing.iter().position(|outgoing| outgoing.channel.channel == row.key.channel) else {
            return Ok(());
        };
        let bytes = self.read_retained(row)?;
        self.note_placed(&row.key);
        self.place(at, std::iter::once((row, [bytes.as_slice(), &[]])), &mut 0)
    }

    /// Reads a packet of the own spool and checks every byte of it.
    ///
    /// # Errors
    /// [`EngineFault::Spool`] when it is not the packet that was sealed, [`EngineFault::File`] when it cannot be read.
    pub(crate) fn read_retained(&self, row: &PacketRow) -> Result<Vec<u8>, EngineFault> {
        self.read_sealed(row.spool.as_deref().unwrap_or_default(), row.header)
    }

    /// Reads the packet with this header digest from the own spool, under its name there.
    ///
    /// # Errors
    /// As [`read_retained`](Self::read_retained).
    pub(super) fn read_sealed(&self, spool: &str, header: Digest) -> Result<Vec<u8>, EngineFault> {
        let path = self.spool_path(Direction::Out, spool);
        let bytes = self.seams.files.read(&path, limits::SEALED_MAX + limits::HEADER_MAX as u64)?;
        let whole = read_head(&bytes, &self.keys.keyring).and_then(|head| {
            let payload = bytes.get(head.head_len..).unwrap_or_default();
            match head.digest == header {
                true => head.check_payload(sha256(&[payload]), payload.len() as u64),
                false => Err(Refusal::Signature),
            }
        });
        match whole {
            Ok(()) => Ok(bytes),
            Err(refusal) => Err(EngineFault::Spool { path, refusal }),
        }
    }

    fn dispose_again(&self, at: usize, packet: &PacketKey, record: &RecordRow) -> Option<Disposal> {
        let fate = match record.kind {
            RecordKind::File => Fate::Sent(packet.clone()),
            RecordKind::Tombstone => Fate::Refused {
                packet: packet.clone(),
                code: record.reason.clone(),
                sentence: super::screen::sentence_again(&record.reason),
            },
            RecordKind::FilePart | RecordKind::Withdrawal | RecordKind::Row | RecordKind::LargeValue | RecordKind::Run => {
                return None;
            }
        };
        let path = self.outgoing[at].source.path_of(record);
        Some(Disposal {
            name: record.name.clone(),
            path,
            stamp: record.source?,
            slot: slot(packet, record.index),
            tried: true,
            fate,
        })
    }
}

pub(super) fn spool_name(number: u64) -> String {
    format!("{number:012}.dkp")
}

fn slot(packet: &PacketKey, index: u32) -> String {
    format!("{}-{}-{index}", packet.epoch.counter, packet.seq)
}

fn dispose(packet: &PacketKey, index: u32, away: super::pack::Away) -> Disposal {
    let fate = match away.refused {
        None => Fate::Sent(packet.clone()),
        Some(refused) => Fate::Refused { packet: packet.clone(), code: refused.code, sentence: refused.sentence },
    };
    Disposal { name: away.name, path: away.path, stamp: away.stamp, slot: slot(packet, index), tried: false, fate }
}

fn count(packet: &Sealable, report: &mut PassReport) {
    report.rejected += u64::from(packet.row.tombstones);
    let is_refused_row = |row: &&RecordRow| row.kind == RecordKind::Tombstone && row.is_of_outbox();
    report.rejected_rows += packet.batch.rows.iter().filter(is_refused_row).count() as u64;
    report.accepted += packet.batch.rows.iter().map(RecordRow::ended).sum::<u64>();
}
