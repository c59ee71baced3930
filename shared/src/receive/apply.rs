//! Applying: the commit protocol of the receiving side, read from top to bottom in [`Engine::apply_group`].
//!
//! Given: opened packets in their turn. Gives: records at the sink, each once; a fault of one sink is a trouble of its channel, whose packets
//! stay where they are until it is gone. After a crash: see each step. Never: a record applied whose packet's `seen` line is not durable; a
//! packet counted as delivered whose staging folder is not there.

use super::open::{Opened, Opening};
use super::pick_up::PickedFrom;
use crate::connectors::folder::names::{folded, safe_path, set_apart};
use crate::connectors::{Delivery, StagedPart};
use crate::engine::{Engine, PassReport};
use crate::epoch::AGAIN;
use crate::epoch::repeats::REPEAT;
use crate::error::EngineFault;
use crate::group::Group;
use crate::intake::{Arrived, CARGO, refused_here};
use crate::store::{Change, Direction, PacketKey, PacketRow, PacketState, RecordRow, Unfinished};
use dukou_packets::limits;
use dukou_packets::log::line::{Event, Place as Turn};
use dukou_packets::packet::header::ChannelName;
use dukou_packets::packet::records::{Record, RecordKind, RecordMeta, parts_digest};
use dukou_packets::suite::{Digest, sha256};
use std::borrow::Cow;
use std::collections::HashMap;

/// The hold of a channel whose staged parts are gone or damaged and cannot be put together from the packets kept here.
pub(crate) const STAGING: &str = "staging";

/// The reason of a part that came after a person had waived another one of the same file: it is passed over.
const WAIVED: &str = "waived";

/// How far a channel's file in parts is while a group is staged.
#[derive(Clone, Default)]
struct Progress {
    unfinished: Option<Unfinished>,
    /// The packet is the first one behind a waiver: a file in parts may miss its beginning.
    after_waiver: bool,
}

/// How a channel goes on after a group.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Onward {
    /// With the next group.
    Now,
    /// With the next look, which meets what is left of the group again.
    NextLook,
    /// Once somebody has taken away what is in its way: what is here is kept until then.
    Waits,
}

/// What staging a packet came to.
enum Staging {
    /// Its records are staged.
    Rows(Vec<RecordRow>),
    /// The channel waits for a person, under this code.
    Wrong(&'static str),
}

/// A group on its way to the mark.
#[derive(Default)]
struct Staged {
    /// What is staged, with the records.
    packets: Vec<(Opened, Vec<RecordRow>)>,
    /// The packet that a person has to look at, and the code of the hold.
    wrong: Option<(PacketRow, Option<PickedFrom>, &'static str)>,
    /// The packet that could not be staged now.
    failed: Option<(PacketRow, Option<PickedFrom>)>,
    /// The packets behind, which were not tried.
    rest: Vec<(PacketRow, Option<PickedFrom>)>,
    /// A file in parts ended: it leaves the staging folder before the next one may begin, and the packets behind it come with the next look.
    cut_short: bool,
    progress: Progress,
}

impl Staged {
    /// True while every packet that was tried is staged and the next may follow.
    fn is_whole(&self) -> bool {
        self.wrong.is_none() && self.failed.is_none() && !self.cut_short
    }

    /// Gives the packets of a group that is not marked: they are kept as they came.
    fn unmarked(self) -> impl Iterator<Item = (PacketRow, Option<PickedFrom>)> {
        let staged = self.packets.into_iter().map(|(opened, _)| (opened.row, opened.picked));
        staged.chain(self.wrong.map(|(row, picked, _)| (row, picked))).chain(self.failed).chain(self.rest)
    }
}

impl Engine {
    /// Applies a group and tells how the channel goes on.
    pub(crate) fn apply_group(
        &mut self,
        channel: &ChannelName,
        group: Group<Opening>,
        report: &mut PassReport,
    ) -> Result<Onward, EngineFault> {
        // 1. The evidence: `seen` lines, one fdatasync. After a crash before the mark: the packets are seen again.
        for packet in group.packets.iter().filter(|packet| packet.verified.picked.is_some()) {
            self.note_seen(&packet.verified, Turn::Next);
        }
        let peer_log = group.packets.iter().map(|packet| packet.verified.head.header.own_log).max_by_key(|head| head.size);
        self.commit_log()?;

        // 2. Stage, one syncfs. After a crash before the mark: what is staged is discarded and staged again.
        let mut staged = self.stage_group(channel, group, report)?;
        if !staged.packets.is_empty() {
            if let Err(fault) = self.incoming(channel, |incoming| incoming.sink.make_durable()) {
                self.tolerate(fault, report)?;
                self.keep_seen(staged.unmarked(), PacketState::Early, report)?;
                return Ok(Onward::Waits);
            }
            self.sync_spool(channel)?;
        }
        // The group before this one is delivered before this one is marked, also where nothing of this one was staged: what is below delivers on this thread.
        if !self.finish_delivering(channel, report)? {
            self.keep_seen(staged.unmarked(), PacketState::Early, report)?;
            return Ok(Onward::Waits);
        }

        // 3. The mark. After a crash: start delivers what is marked.
        if !staged.packets.is_empty() {
            self.mark(channel, &mut staged.packets, staged.progress.unfinished.take(), peer_log)?;
            self.forget_picked(&staged.packets, report)?;
        }
        if let Some(incoming) = self.incoming.get_mut(channel) {
            incoming.delivering.extend(staged.packets.iter().map(|(opened, rows)| marked(&opened.row, rows)));
        }

        // 4. Rename into place, one directory sync each. After a crash: start delivers what is marked.
        if staged.is_whole() && self.deliver_beside(channel, &mut staged.packets)? {
            return Ok(Onward::Now);
        }
        self.deliver_channel(channel, &staged.packets, report)?;
        self.go_on_behind(channel, staged, report)
    }

    /// Stages the packets of a group, up to the first that cannot be or that ends a file in parts.
    fn stage_group(
        &mut self,
        channel: &ChannelName,
        group: Group<Opening>,
        report: &mut PassReport,
    ) -> Result<Staged, EngineFault> {
        let mut staged = Staged {
            progress: Progress {
                unfinished: self.state.unfinished.get(&(Direction::In, channel.clone())).cloned(),
                after_waiver: self.in_head(channel).is_some_and(|head| head.header.is_none()),
            },
            ..Staged::default()
        };
        // Names of this group: the store hears of them only with the mark.
        let mut names = HashMap::new();
        let mut openings = group.packets.into_iter();
        for opening in openings.by_ref() {
            let mut next = staged.progress.clone();
            match opening.finish() {
                Ok(mut opened) => match self.stage(channel, &mut opened, &mut next, &mut names) {
                    Ok(Staging::Rows(rows)) => {
                        staged.progress = Progress { after_waiver: false, ..next };
                        staged.cut_short = ends_parts(&rows);
                        staged.packets.push((opened, rows));
                    }
                    Ok(Staging::Wrong(code)) => staged.wrong = Some((opened.row, opened.picked, code)),
                    Err(fault) => {
                        self.tolerate(fault, report)?;
                        staged.failed = Some((opened.row, opened.picked));
                    }
                },
                Err(unopened) => staged.wrong = Some((unopened.row, unopened.picked, unopened.refusal.code())),
            }
            if !staged.is_whole() {
                break;
            }
        }
        staged.rest = openings.map(|opening| (opening.verified.row, opening.verified.picked)).collect();
        staged.cut_short &= !staged.rest.is_empty();
        Ok(staged)
    }

    /// Tells how a channel goes on behind a group that is marked and was delivered as far as that is possible.
    fn go_on_behind(&mut self, channel: &ChannelName, staged: Staged, report: &mut PassReport) -> Result<Onward, EngineFault> {
        let Staged { wrong, failed, rest, cut_short, .. } = staged;
        if let Some((row, picked, code)) = wrong {
            let seq = row.key.seq;
            self.keep_seen([(row, picked)].into_iter().chain(rest), PacketState::Early, report)?;
            self.hold(channel, code, seq)?;
            return Ok(Onward::Waits);
        }
        let delivered = self.incoming.get(channel).is_some_and(|incoming| incoming.delivering.is_empty());
        if failed.is_some() || !delivered {
            self.keep_seen(failed.into_iter().chain(rest), PacketState::Early, report)?;
            return Ok(Onward::Waits);
        }
        Ok(if cut_short { Onward::NextLook } else { Onward::Now })
    }

    /// Makes the copies in the spool durable, unless the sync of the sink just did: they were written before it.
    fn sync_spool(&mut self, channel: &ChannelName) -> Result<(), EngineFault> {
        let spool = self.station.spool_in();
        let sink = self.incoming.get(channel).map(|incoming| incoming.sink.folder().to_path_buf());
        match sink.is_some_and(|sink| self.seams.files.are_on_one_fs(&sink, &spool)) {
            true => Ok(()),
            false => Ok(self.seams.files.sync_fs(&spool)?),
        }
    }

    /// 3. The mark: from here on the packets are applied, and the channel's head moves with them.
    pub(super) fn mark(
        &mut self,
        channel: &ChannelName,
        staged: &mut [(Opened, Vec<RecordRow>)],
        progress: Option<Unfinished>,
        peer_log: Option<dukou_packets::packet::header::LogHead>,
    ) -> Result<(), EngineFault> {
        let mut changes = self.of_cargo(Direction::In, channel, staged.iter().flat_map(|(_, rows)| rows))?;
        changes.extend(self.cards_of(channel, staged)?.into_iter().map(Change::Filed));
        for (opened, rows) in &mut *staged {
            changes.extend(self.first_in_head(&opened.row));
            changes.push(Change::Marked { packet: marked(&opened.row, rows), records: std::mem::take(rows) });
        }
        if self.state.unfinished.get(&(Direction::In, channel.clone())) != progress.as_ref() {
            changes.push(Change::Unfinished(Direction::In, channel.clone(), progress));
        }
        let newer =
            |head: &dukou_packets::packet::header::LogHead| head.size > self.state.peer_log.map_or(0, |known| known.size);
        changes.extend(peer_log.filter(newer).map(Change::PeerLog));
        let mut done = self.commit_store_and_give_back(changes)?.into_iter();
        for (opened, rows) in staged {
            *rows = done.find_map(|change| change.into_records_of(&opened.row.key)).unwrap_or_default();
        }
        Ok(())
    }

    /// A marked packet is not needed in the ferry directory any more: the spool keeps it for a replay.
    pub(super) fn forget_picked(
        &self,
        staged: &[(Opened, Vec<RecordRow>)],
        report: &mut PassReport,
    ) -> Result<(), EngineFault> {
        for (dir, name) in staged.iter().filter_map(|(opened, _)| opened.picked.as_ref()) {
            self.let_go(dir, name, report)?;
        }
        Ok(())
    }

    /// Stages one packet's records.
    fn stage(
        &mut self,
        channel: &ChannelName,
        opened: &mut Opened,
        progress: &mut Progress,
        names: &mut HashMap<String, String>,
    ) -> Result<Staging, EngineFault> {
        let targets = self.targets(channel, opened, names)?;
        let key = opened.row.key.clone();
        self.incoming(channel, |incoming| incoming.sink.begin(&key))?;
        let looks_for_repeats = self.looks_for_repeats(&opened.row)?;
        let mut rows = Vec::with_capacity(opened.records.len());
        opened.learnt.clear();
        for record in opened.records.iter() {
            let row = match record.meta.kind {
                RecordKind::File if progress.unfinished.is_none() => {
                    let mut row = row(&record, RecordKind::File, record.body_digest, record.meta.body_len);
                    if !(looks_for_repeats && self.tell_repeat(&opened.row, &mut row)?) {
                        let (arrived, learnt) = self.judge_arrived(channel, &opened.row, &row, record.body)?;
                        opened.learnt.push((rows.len(), learnt));
                        match arrived {
                            Arrived::Staged(flag) => {
                                row.reason = flag;
                                self.incoming(channel, |incoming| incoming.sink.stage(&key, record.index, record.body))?;
                            }
                            Arrived::Held => return Ok(Staging::Wrong(CARGO)),
                            Arrived::Refused(reason) => (row.kind, row.reason) = (RecordKind::Withdrawal, reason),
                        }
                    }
                    row
                }
                RecordKind::Tombstone => row(&record, RecordKind::Tombstone, record.body_digest, record.meta.total_bytes),
                RecordKind::FilePart | RecordKind::Withdrawal if record.index == 0 => {
                    let before = progress.unfinished.clone();
                    let Some(mut row) = continue_parts(&record, progress) else { return Ok(Staging::Wrong("parts")) };
                    if row.kind != RecordKind::Withdrawal {
                        let done = before.unwrap_or_else(|| begin_parts(record.meta));
                        if !self.stage_part(&key, &done, record.body)? {
                            return Ok(Staging::Wrong(STAGING));
                        }
                    }
                    if looks_for_repeats && row.kind == RecordKind::File {
                        self.tell_repeat(&opened.row, &mut row)?;
                    }
                    row
                }
                RecordKind::Row | RecordKind::LargeValue | RecordKind::Run => return Ok(Staging::Wrong("rows")),
                _ => return Ok(Staging::Wrong("parts")),
            };
            rows.push(RecordRow { target: targets.get(&record.index).cloned(), ..row });
        }
        Ok(Staging::Rows(rows))
    }

    /// Stages a part, and when the ones before it are gone those first; false when they are not here any more.
    fn stage_part(&mut self, packet: &PacketKey, done: &Unfinished, body: &[u8]) -> Result<bool, EngineFault> {
        let channel = &packet.channel;
        if self.incoming(channel, |incoming| incoming.sink.stage_part(done, body))? == StagedPart::Here {
            return Ok(true);
        }
        let last = PacketKey { seq: packet.seq - 1, ..packet.clone() };
        if !self.restage_parts(&last, &done.name, done.digests.len())? {
            return Ok(false);
        }
        Ok(self.incoming(channel, |incoming| incoming.sink.stage_part(done, body))? == StagedPart::Here)
    }

    /// Gives the paths of records whose name is not safe as it is, or meets another one that differs only in case: the first name that ever
    /// arrived has the path, the others are set apart. `names` holds the first names by their folded form, as far as the store does not.
    pub(crate) fn targets(
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
        let (mut targets, apart) = (HashMap::new(), self.is_placed_apart(&opened.row)?);
        for ((record, (index, folded, safe)), known) in opened.records.iter().zip(safe).zip(known) {
            let name = &record.meta.name;
            let first = known.or_else(|| names.get(&folded).cloned()).unwrap_or_else(|| name.clone());
            let target = match first == *name {
                true => safe,
                false => set_apart(&safe, &sha256(&[name.as_bytes()]).to_string()),
            };
            match apart {
                true => drop(targets.insert(index, format!("{AGAIN}/{target}"))),
                false if target != *name => drop(targets.insert(index, target)),
                false => {}
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
            self.deliver_channel(&channel, &[], report)?;
        }
        Ok(())
    }

    /// Delivers what is marked, in order. `fresh` are the packets whose records are still at hand; those of the others are read.
    pub(super) fn deliver_channel(
        &mut self,
        channel: &ChannelName,
        fresh: &[(Opened, Vec<RecordRow>)],
        report: &mut PassReport,
    ) -> Result<(), EngineFault> {
        if self.state.holds.get(channel).is_some_and(|hold| hold.code == STAGING) {
            return Ok(());
        }
        while let Some(row) = self.incoming.get(channel).and_then(|incoming| incoming.delivering.front().cloned()) {
            let records = match fresh.iter().find(|(opened, _)| opened.row.key == row.key) {
                Some((_, records)) => Cow::Borrowed(records.as_slice()),
                None => Cow::Owned(self.store().records(&row.key)?),
            };
            let delivery = self.deliver_packet(&row, &records);
            if !self.take_delivery(row, &records, delivery, report)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Takes what the delivery of a channel's first marked packet came to; true when the next one may follow.
    pub(super) fn take_delivery(
        &mut self,
        row: PacketRow,
        records: &[RecordRow],
        delivery: Result<Delivery, EngineFault>,
        report: &mut PassReport,
    ) -> Result<bool, EngineFault> {
        let channel = &row.key.channel;
        let delivery = match delivery {
            Ok(delivery) => delivery,
            Err(fault) => return self.tolerate(fault, report).map(|()| false),
        };
        let Some(incoming) = self.incoming.get_mut(channel) else { return Ok(false) };
        match delivery {
            Delivery::Damaged { .. } => return self.hold(channel, STAGING, row.key.seq).map(|()| false),
            Delivery::WaitsForTaking { target } => {
                incoming.waits_for_taking = Some(target);
                return Ok(false);
            }
            Delivery::Done => {
                incoming.waits_for_taking = None;
                incoming.delivering.pop_front();
            }
        }
        self.note_applied(row, records, report);
        Ok(true)
    }

    /// Delivers a packet; a file in parts that was damaged while it was staged is put together once more from the packets kept here.
    fn deliver_packet(&mut self, row: &PacketRow, records: &[RecordRow]) -> Result<Delivery, EngineFault> {
        let deliver = |incoming: &mut crate::engine::Incoming| incoming.sink.deliver(&row.key, records);
        let delivery = self.incoming(&row.key.channel, deliver)?;
        let damaged = match delivery {
            Delivery::Damaged { index } => records.iter().find(|record| record.index == index),
            _ => None,
        };
        let Some(record) = damaged else { return Ok(delivery) };
        let parts = record.bytes.div_ceil(limits::BODY_MAX) as usize;
        if !self.restage_parts(&row.key, &record.name, parts)? {
            return Ok(delivery);
        }
        self.incoming(&row.key.channel, |incoming| incoming.sink.make_durable())?;
        self.incoming(&row.key.channel, deliver)
    }

    /// Stages the first `count` parts of a file anew from the packets kept here, the last of them in packet `last`; false when one is
    /// not kept any more, or is damaged, too.
    pub(crate) fn restage_parts(&mut self, last: &PacketKey, name: &str, count: usize) -> Result<bool, EngineFault> {
        let Some(packets) = self.packets_of_parts(last, name, count)? else { return Ok(false) };
        let mut done: Option<Unfinished> = None;
        for row in packets {
            let Some(verified) = self.verify_kept(row)? else { return Ok(false) };
            let Ok(opened) = Opening::begin(verified, &self.keys.encryption, false)?.finish() else { return Ok(false) };
            let Some(part) = opened.records.iter().next() else { return Ok(false) };
            let mut so_far = done.take().unwrap_or_else(|| begin_parts(part.meta));
            self.incoming(&last.channel, |incoming| incoming.sink.stage_part(&so_far, part.body))?;
            so_far.digests.push(part.body_digest);
            done = Some(so_far);
        }
        Ok(true)
    }

    /// Finds the packets of a file's parts, the first one first, going back from the last; `None` when one is not known here.
    fn packets_of_parts(&mut self, last: &PacketKey, name: &str, count: usize) -> Result<Option<Vec<PacketRow>>, EngineFault> {
        let mut packets = Vec::new();
        for seq in (1..=last.seq).rev() {
            if packets.len() == count {
                break;
            }
            let key = PacketKey { seq, ..last.clone() };
            let Some(row) = self.store().packet(&key)? else { return Ok(None) };
            let first = self.store().records(&key)?.into_iter().next();
            match first.map(|record| (record.kind, record.name == name)) {
                Some((RecordKind::FilePart | RecordKind::File, true)) => packets.push(row),
                // Only the records of refused files may stand between two parts.
                Some((RecordKind::Tombstone, _)) => {}
                _ => return Ok(None),
            }
        }
        packets.reverse();
        Ok((packets.len() == count).then_some(packets))
    }

    /// 5. The `applied` line rides with the next fdatasync.
    fn note_applied(&mut self, row: PacketRow, records: &[RecordRow], report: &mut PassReport) {
        report.packets_in += 1;
        report.delivered += records.iter().map(RecordRow::ended).sum::<u64>();
        report.repeats += records.iter().filter(|record| record.reason == REPEAT).count() as u64;
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

    pub(crate) fn incoming<T>(
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
    let is_whole = |row: &RecordRow| (row.reason == REPEAT && row.bytes <= limits::BODY_MAX) || refused_here(row).is_some();
    rows.iter().any(|row| match row.kind {
        RecordKind::Withdrawal => !is_whole(row),
        kind => kind == RecordKind::File && row.bytes > limits::BODY_MAX,
    })
}

pub(super) fn marked(row: &PacketRow, rows: &[RecordRow]) -> PacketRow {
    let tombstones = rows.iter().filter(|row| row.kind == RecordKind::Tombstone).count() as u32;
    PacketRow { state: PacketState::Delivering, tombstones, ..row.clone() }
}

pub(super) fn row(record: &Record<'_>, kind: RecordKind, digest: Digest, bytes: u64) -> RecordRow {
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
        rows: RecordRow::rows_of(record.meta),
    }
}

fn begin_parts(meta: &RecordMeta) -> Unfinished {
    Unfinished {
        name: meta.name.clone(),
        key: meta.key.clone(),
        total_bytes: meta.total_bytes,
        part_count: meta.part_count,
        digests: Vec::new(),
        source: None,
        skipped: false,
    }
}

/// Moves the unfinished file on by one part, or ends it; `None` when the record does not continue it.
fn continue_parts(record: &Record<'_>, progress: &mut Progress) -> Option<RecordRow> {
    let meta = record.meta;
    let begins_after_waiver = progress.after_waiver && meta.part_index > 0;
    let mut done = match progress.unfinished.take() {
        Some(done) => done,
        None => Unfinished { skipped: begins_after_waiver, ..begin_parts(meta) },
    };
    let same = done.name == meta.name && done.total_bytes == meta.total_bytes && done.part_count == meta.part_count;
    if !same || (!done.skipped && done.digests.len() != meta.part_index as usize) {
        return None;
    }
    if done.skipped {
        progress.unfinished = (meta.kind == RecordKind::FilePart && !meta.is_last_part()).then_some(done);
        let skipped = row(record, RecordKind::Withdrawal, record.body_digest, 0);
        return Some(RecordRow { reason: WAIVED.to_string(), ..skipped });
    }
    if meta.kind == RecordKind::Withdrawal {
        return Some(row(record, RecordKind::Withdrawal, record.body_digest, 0));
    }
    done.digests.push(record.body_digest);
    if !meta.is_last_part() {
        progress.unfinished = Some(done);
        return Some(row(record, RecordKind::FilePart, record.body_digest, meta.body_len));
    }
    let whole = parts_digest(meta.total_bytes, &done.digests);
    debug_assert!(meta.total_bytes > limits::BODY_MAX);
    (whole == meta.parts_digest).then(|| row(record, RecordKind::File, whole, meta.total_bytes))
}
