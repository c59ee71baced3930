//! Applying: the commit protocol of the receiving side, read from top to bottom in [`Engine::apply_group`].
//!
//! Given: opened packets in their turn. Gives: records at the sink, each once. After a crash: see each step. Never: a record applied whose
//! packet's `seen` line is not durable.

use super::open::{Opened, ReadyGroup};
use crate::connectors::Delivery;
use crate::connectors::folder::names::{folded, safe_path, set_apart};
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::store::{Change, Direction, PacketRow, PacketState, RecordRow, Unfinished};
use dukou_packets::limits;
use dukou_packets::log::line::{Event, Place as Turn};
use dukou_packets::packet::header::ChannelName;
use dukou_packets::packet::records::{Record, RecordKind, parts_digest};
use dukou_packets::suite::{Digest, sha256};
use std::collections::HashMap;

impl Engine {
    /// Applies a group; false when the channel waits from here on.
    pub(crate) fn apply_group(
        &mut self,
        channel: &ChannelName,
        group: ReadyGroup,
        report: &mut PassReport,
    ) -> Result<bool, EngineFault> {
        // 1. The evidence: `seen` lines, one fdatasync. After a crash before the mark: the packets are seen again.
        for packet in group.packets.iter().filter(|packet| packet.verified.picked.is_some()) {
            self.note_seen(&packet.verified, Turn::Next);
        }
        let peer_log = group.packets.iter().map(|packet| packet.verified.head.header.own_log).max_by_key(|head| head.size);
        self.commit_log()?;

        // 2. Stage, one syncfs. After a crash before the mark: what is staged is discarded and staged again.
        let mut staged = Vec::new();
        let mut progress = self.state.unfinished.get(&(Direction::In, channel.clone())).cloned();
        let (mut wrong, mut cut_short) = (None, false);
        // Names of this group: the store hears of them only with the mark.
        let mut names = HashMap::new();
        let mut openings = group.packets.into_iter();
        for opening in openings.by_ref() {
            match opening.finish() {
                Ok(opened) => match self.stage(channel, &opened, &mut progress, &mut names)? {
                    Some(rows) => {
                        cut_short = ends_parts(&rows);
                        staged.push((opened, rows));
                    }
                    None => wrong = Some((opened.row, opened.picked, "parts")),
                },
                Err(unopened) => wrong = Some((unopened.row, unopened.picked, unopened.refusal.code())),
            }
            // A file in parts leaves the staging folder before the next one may begin; the packets behind it come with the next look.
            if wrong.is_some() || cut_short {
                break;
            }
        }
        cut_short &= openings.next().is_some();
        if !staged.is_empty() {
            self.incoming(channel, |incoming| incoming.sink.make_durable())?;
            self.seams.files.sync_fs(&self.station.spool_in())?;
            self.mark(channel, &staged, progress, peer_log)?;
            self.forget_picked(&staged)?;
        }
        if let Some(incoming) = self.incoming.get_mut(channel) {
            incoming.delivering.extend(staged.iter().map(|(opened, rows)| marked(&opened.row, rows)));
        }

        // 4. Rename into place, one directory sync each. After a crash: start delivers what is marked.
        self.deliver_channel(channel, report)?;
        if let Some((row, picked, code)) = wrong {
            self.hold_at(channel, row, picked, code)?;
            return Ok(false);
        }
        Ok(!cut_short && self.incoming.get(channel).is_some_and(|incoming| incoming.delivering.is_empty()))
    }

    /// 3. The mark: from here on the packets are applied, and the channel's head moves with them.
    fn mark(
        &mut self,
        channel: &ChannelName,
        staged: &[(Opened, Vec<RecordRow>)],
        progress: Option<Unfinished>,
        peer_log: Option<dukou_packets::packet::header::LogHead>,
    ) -> Result<(), EngineFault> {
        let mut changes = Vec::new();
        for (opened, rows) in staged {
            changes.extend(self.first_in_head(&opened.row));
            changes.push(Change::Marked { packet: marked(&opened.row, rows), records: rows.clone() });
        }
        if self.state.unfinished.get(&(Direction::In, channel.clone())) != progress.as_ref() {
            changes.push(Change::Unfinished(Direction::In, channel.clone(), progress));
        }
        let newer =
            |head: &dukou_packets::packet::header::LogHead| head.size > self.state.peer_log.map_or(0, |known| known.size);
        changes.extend(peer_log.filter(newer).map(Change::PeerLog));
        self.commit_store(changes)
    }

    /// A marked packet is not needed in the ferry directory any more: the spool keeps it for a replay.
    fn forget_picked(&self, staged: &[(Opened, Vec<RecordRow>)]) -> Result<(), EngineFault> {
        for (dir, name) in staged.iter().filter_map(|(opened, _)| opened.picked.as_ref()) {
            self.seams.files.ferry_dir(dir)?.remove(name)?;
        }
        Ok(())
    }

    /// Stages one packet's records; `None` when its parts do not continue what came before: a fault of the sender.
    fn stage(
        &mut self,
        channel: &ChannelName,
        opened: &Opened,
        progress: &mut Option<Unfinished>,
        names: &mut HashMap<String, String>,
    ) -> Result<Option<Vec<RecordRow>>, EngineFault> {
        let targets = self.targets(channel, opened, names)?;
        let key = opened.row.key.clone();
        self.incoming(channel, |incoming| incoming.sink.begin(&key))?;
        let mut rows = Vec::with_capacity(opened.records.len());
        for record in opened.records.iter() {
            let row = match record.meta.kind {
                RecordKind::File if progress.is_none() => {
                    self.incoming(channel, |incoming| incoming.sink.stage(&key, record.index, record.body))?;
                    row(&record, RecordKind::File, record.body_digest, record.meta.body_len)
                }
                RecordKind::Tombstone => row(&record, RecordKind::Tombstone, record.body_digest, record.meta.total_bytes),
                RecordKind::FilePart | RecordKind::Withdrawal if record.index == 0 => {
                    let before = progress.clone();
                    let Some(row) = continue_parts(&record, progress) else { return Ok(None) };
                    if record.meta.kind == RecordKind::FilePart {
                        let done = before.unwrap_or_else(|| begin_parts(&record));
                        self.incoming(channel, |incoming| incoming.sink.stage_part(&done, record.body))?;
                    }
                    row
                }
                _ => return Ok(None),
            };
            rows.push(RecordRow { target: targets.get(&record.index).cloned(), ..row });
        }
        Ok(Some(rows))
    }

    /// Gives the paths of records whose name is not safe as it is, or meets another one that differs only in case: the first name that ever
    /// arrived has the path, the others are set apart. `names` holds the first names by their folded form, as far as the store does not.
    fn targets(
        &mut self,
        channel: &ChannelName,
        opened: &Opened,
        names: &mut HashMap<String, String>,
    ) -> Result<HashMap<u32, String>, EngineFault> {
        let safe: Vec<(u32, String, String)> = opened
            .records
            .iter()
            .map(|record| {
                let safe = safe_path(&record.meta.name).to_string();
                (record.index, folded(&safe), safe)
            })
            .collect();
        let asked: Vec<&str> = safe.iter().map(|(_, folded, _)| folded.as_str()).collect();
        let known = self.store().arrived_as(channel, &asked)?;
        let mut targets = HashMap::new();
        for ((record, (index, folded, safe)), known) in opened.records.iter().zip(safe).zip(known) {
            let name = &record.meta.name;
            let first = known.or_else(|| names.get(&folded).cloned()).unwrap_or_else(|| name.clone());
            let target = match first == *name {
                true => safe,
                false => set_apart(&safe, &sha256(&[name.as_bytes()]).to_string()),
            };
            if target != *name {
                targets.insert(index, target);
            }
            if record.meta.kind == RecordKind::File || (record.meta.kind == RecordKind::FilePart && record.meta.is_last_part())
            {
                names.entry(folded).or_insert(first);
            }
        }
        Ok(targets)
    }

    /// Delivers what earlier looks marked and could not finish.
    pub(crate) fn deliver_pending(&mut self, report: &mut PassReport) -> Result<(), EngineFault> {
        let waiting: Vec<ChannelName> = self
            .incoming
            .iter()
            .filter(|(_, incoming)| !incoming.delivering.is_empty())
            .map(|(channel, _)| channel.clone())
            .collect();
        for channel in waiting {
            self.deliver_channel(&channel, report)?;
        }
        Ok(())
    }

    fn deliver_channel(&mut self, channel: &ChannelName, report: &mut PassReport) -> Result<(), EngineFault> {
        while let Some(row) = self.incoming.get(channel).and_then(|incoming| incoming.delivering.front().cloned()) {
            let records = self.store().records(&row.key)?;
            let delivery = match self.incoming(channel, |incoming| incoming.sink.deliver(&row.key, &records)) {
                Ok(delivery) => delivery,
                Err(fault) => return self.tolerate(fault, report),
            };
            let Some(incoming) = self.incoming.get_mut(channel) else { return Ok(()) };
            match delivery {
                Delivery::WaitsForTaking { target } => {
                    incoming.waits_for_taking = Some(target);
                    return Ok(());
                }
                Delivery::Done => {
                    incoming.waits_for_taking = None;
                    incoming.delivering.pop_front();
                }
            }
            self.note_applied(row, &records, report);
        }
        Ok(())
    }

    /// 5. The `applied` line rides with the next fdatasync.
    fn note_applied(&mut self, row: PacketRow, records: &[RecordRow], report: &mut PassReport) {
        report.packets_in += 1;
        report.delivered += records.iter().filter(|record| record.kind == RecordKind::File).count() as u64;
        let key = row.key.clone();
        self.log.note(Event::Applied {
            channel: key.channel,
            epoch: key.epoch,
            seq: key.seq,
            header: row.header,
            records: u64::from(row.records),
            tombstones: u64::from(row.tombstones),
        });
        let at_ms = self.seams.clock.wall_ms();
        self.after_log(Change::Delivered { packet: row.key, at_ms });
    }

    /// A verified packet that its sender made wrongly: kept as evidence, the channel waits for a person.
    fn hold_at(
        &mut self,
        channel: &ChannelName,
        row: PacketRow,
        picked: Option<(std::path::PathBuf, String)>,
        code: &str,
    ) -> Result<(), EngineFault> {
        self.seams.files.sync_fs(&self.station.spool_in())?;
        let seq = row.key.seq;
        let mut changes: Vec<Change> = self.first_in_head(&row).into_iter().collect();
        changes.push(Change::Kept(PacketRow { state: PacketState::Early, ..row }));
        self.commit_store(changes)?;
        if let Some((dir, name)) = picked {
            self.seams.files.ferry_dir(&dir)?.remove(&name)?;
        }
        self.hold(channel, code, seq)
    }

    fn incoming<T>(
        &mut self,
        channel: &ChannelName,
        act: impl FnOnce(&mut crate::engine::Incoming) -> Result<T, crate::seams::FileFault>,
    ) -> Result<T, EngineFault> {
        match self.incoming.get_mut(channel) {
            Some(incoming) => Ok(act(incoming)?),
            None => Err(crate::error::ConfigFault::NoChannel { name: channel.to_string() }.into()),
        }
    }
}

/// True when a file in parts ends with these records, whole or withdrawn.
fn ends_parts(rows: &[RecordRow]) -> bool {
    rows.iter().any(|row| row.kind == RecordKind::Withdrawal || (row.kind == RecordKind::File && row.bytes > limits::BODY_MAX))
}

fn marked(row: &PacketRow, rows: &[RecordRow]) -> PacketRow {
    let tombstones = rows.iter().filter(|row| row.kind == RecordKind::Tombstone).count() as u32;
    PacketRow { state: PacketState::Delivering, tombstones, ..row.clone() }
}

fn row(record: &Record<'_>, kind: RecordKind, digest: Digest, bytes: u64) -> RecordRow {
    RecordRow {
        index: record.index,
        kind,
        key: record.meta.key.clone(),
        name: record.meta.name.clone(),
        folded: folded(safe_path(&record.meta.name).as_str()),
        digest,
        bytes,
        reason: record.meta.reason.clone(),
        source: None,
        target: None,
    }
}

fn begin_parts(record: &Record<'_>) -> Unfinished {
    Unfinished {
        name: record.meta.name.clone(),
        key: record.meta.key.clone(),
        total_bytes: record.meta.total_bytes,
        part_count: record.meta.part_count,
        digests: Vec::new(),
        source: None,
        staged: None,
    }
}

/// Moves the unfinished file on by one part, or ends it; `None` when the record does not continue it.
fn continue_parts(record: &Record<'_>, progress: &mut Option<Unfinished>) -> Option<RecordRow> {
    let meta = record.meta;
    let mut done = match progress.take() {
        Some(done) => done,
        None => begin_parts(record),
    };
    let continues = done.name == meta.name
        && done.total_bytes == meta.total_bytes
        && done.part_count == meta.part_count
        && done.digests.len() == meta.part_index as usize;
    if !continues {
        return None;
    }
    if meta.kind == RecordKind::Withdrawal {
        return Some(row(record, RecordKind::Withdrawal, record.body_digest, 0));
    }
    done.digests.push(record.body_digest);
    if !meta.is_last_part() {
        *progress = Some(done);
        return Some(row(record, RecordKind::FilePart, record.body_digest, meta.body_len));
    }
    let whole = parts_digest(meta.total_bytes, &done.digests);
    debug_assert!(meta.total_bytes > limits::BODY_MAX);
    (whole == meta.parts_digest).then(|| row(record, RecordKind::File, whole, meta.total_bytes))
}
