//! Rows on their way out: read the outbox, screen, batch, seal and publish as files are, delete what has its packet.
//!
//! Given: entries of an outbox, in the order in which they have to be applied. Gives: packets; the entries are deleted, those of refused rows with their
//! codes. After a crash: the ids stand with their packets in the store; at start they are deleted first, and no read brings them again.
//! Never: an entry deleted whose packet does not exist; an entry packed twice; a source transaction cut that fits a packet.

mod ahead;
mod deal;
pub(crate) mod push;

use crate::connectors::tables::rest::Rest;
use crate::connectors::tables::words::DatabaseFault;
use crate::connectors::tables::{
    Cells, Entry, EntryId, EntryRange, Offered, Op, ReadLimits, RowChange, RowRun, TableFault, TableSource,
};
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::group::{Group, Shared};
use crate::lang::Lang;
use crate::say;
use crate::send::pack::Batch;
use crate::store::facts::Fact;
use crate::store::{Change, PacketKey, RecordRow, StoreFault};
use crate::trouble::Trouble;
use ahead::{Ahead, Done, read_entries};
use deal::{Piece, parcels, without_open_end};
use dukou_packets::packet::header::ChannelName;
use dukou_packets::packet::records::{RecordKind, Records};
use dukou_packets::suite::Digest;
use push::{Pace, Waiting};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::MutexGuard;

/// How many packets one read of an outbox may fill, where no backlog waits.
const READ_PACKETS: usize = 16;

/// Rows that a read may bring where one waits, however few a packet has: every read costs the source a transaction.
const READ_ROWS: usize = 4096;

/// Most rows of a read, unless a packet has more: the other side begins with the first packets while the next are read.
const READ_MOST: usize = 8192;

/// Bytes of the values that one read may bring.
const READ_BYTES: u64 = 32 << 20;

/// For how long rows that could not travel are told of: an hour. Their tombstones stay.
const TOLD_MS: u64 = 3_600_000;

/// How many of them are told of, the newest.
const TOLD_MAX: usize = 8;

/// The source transactions of which a part went that says that more follows, by channel: a fact in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Begun(pub(crate) BTreeMap<ChannelName, BTreeSet<u64>>);

impl Begun {
    /// Gives those of a channel.
    pub(crate) fn of(&mut self, channel: &ChannelName) -> &mut BTreeSet<u64> {
        self.0.entry(channel.clone()).or_default()
    }

    /// Forgets channels without any.
    pub(crate) fn settle(&mut self) {
        self.0.retain(|_, transactions| !transactions.is_empty());
    }
}

/// Keeps the transactions that go on behind records which are sent once more.
pub(crate) fn note_begun_again(records: &Records, begun: &mut BTreeSet<u64>) {
    // One that cannot be read says nothing here; its reader holds the channel.
    for record in records.iter().filter(|record| matches!(record.meta.kind, RecordKind::Row | RecordKind::Run)) {
        if record.meta.kind == RecordKind::Run {
            let run = RowRun::parse(&record.meta.name, &record.shared_body(), record.meta.part_count);
            run.iter().for_each(|run| note_run(begun, run));
        } else if let Ok(Turn { tx: Some(tx), more }) = serde_json::from_slice(record.body)
            && let Ok(transaction) = tx.parse()
        {
            note(begun, transaction, more);
        }
    }
}

/// What a row change says of its transaction.
#[derive(Deserialize)]
struct Turn {
    tx: Option<String>,
    #[serde(default)]
    more: bool,
}

/// Keeps a transaction that goes on, and forgets one that ends.
fn note(begun: &mut BTreeSet<u64>, transaction: u64, goes_on: bool) {
    let _ = if goes_on { begun.insert(transaction) } else { begun.remove(&transaction) };
}

/// Keeps the transaction of a run that goes on, and forgets those that end with it.
fn note_run(begun: &mut BTreeSet<u64>, run: &RowRun) {
    for (at, (transaction, _)) in (1..).zip(run.transactions()) {
        note(begun, *transaction, run.goes_on() && at == run.transactions().len());
    }
}

impl Fact for Begun {
    const NAME: &str = "begun-transactions";
}

/// An outgoing channel's tables at work.
pub(crate) struct RowsOut {
    source: Shared<dyn TableSource>,
    rest: Rest,
    /// Monotonic time (ms) before which an outbox that was empty is not read again.
    read_at_ms: u64,
    /// Entries that are still to be deleted.
    done: Done,
    /// What is read while packets are made.
    ahead: Ahead,
    /// Rows that could not travel, told until this monotonic time (ms).
    unfit: VecDeque<(u64, Trouble)>,
    /// The chunk of the stock push whose place in the outbox was not read yet.
    chunk: Option<Waiting>,
    /// How many orders to push were given in this run: a chunk that was read for an earlier one does not go.
    orders: u64,
    pace: Pace,
    /// How many times as much as without a backlog the next read may bring.
    widened: usize,
    /// A person asked for something: the next look comes at once.
    is_asked: bool,
}

/// The entries of a packet that exists.
struct Sent {
    packet: PacketKey,
    entries: Vec<EntryId>,
    /// Entries of its runs.
    ranges: Vec<EntryRange>,
    /// Entries of rows that cannot travel, with the code of their tombstones.
    refused: Vec<(EntryId, String)>,
}

impl RowsOut {
    pub(crate) fn new(source: Box<dyn TableSource>) -> Self {
        Self {
            source: Shared::new(source),
            rest: Rest::default(),
            read_at_ms: 0,
            done: Done::default(),
            ahead: Ahead::default(),
            unfit: VecDeque::new(),
            chunk: None,
            orders: 0,
            pace: Pace::default(),
            widened: 1,
            is_asked: false,
        }
    }

    /// Lets the next look come at once, unless the database rests.
    pub(crate) fn ask(&mut self) {
        self.is_asked = true;
    }

    /// The look has come, whether or not the channel may send: another one is not hurried for the same question.
    pub(crate) fn begin_look(&mut self) {
        self.is_asked = false;
    }

    /// Gives after how many milliseconds the outbox wants to be asked again; `None` when the next look is soon enough.
    fn due_ms(&self, now_ms: u64) -> Option<u64> {
        let read = match self.is_asked {
            true => Some(0),
            false => self.read_at_ms.checked_sub(now_ms).filter(|left_ms| *left_ms > 0),
        };
        self.rest.left_ms(now_ms).or_else(|| read.into_iter().chain(self.pace.rest.left_ms(now_ms)).min())
    }

    /// Tells whether nothing that was read is still on its way, and the database does not rest.
    pub(super) fn is_idle(&self, now_ms: u64) -> bool {
        self.done.is_empty() && self.ahead.is_empty() && self.chunk.is_none() && self.rest.lasting(now_ms).is_none()
    }

    /// Gives the source, once nothing is read ahead from it any more.
    pub(super) fn source(&self) -> MutexGuard<'_, Box<dyn TableSource>> {
        self.source.lock()
    }

    /// Tells whether the last read found so much that more waits.
    fn has_backlog(&self) -> bool {
        self.widened > 1
    }

    /// Gives what the next read may bring, where a packet has so many records.
    fn limits(&self, records: usize) -> ReadLimits {
        let usual = (records * READ_PACKETS).min(READ_MOST.max(records));
        ReadLimits { rows: usual.max((usual * self.widened).min(READ_ROWS)), bytes: READ_BYTES }
    }
}

impl Engine {
    /// Sends what one outbox holds, and tells of rows that cannot travel.
    pub(crate) fn send_rows(&mut self, at: usize, report: &mut PassReport) -> Result<(), EngineFault> {
        self.send_outbox(at, report)?;
        self.mark_days(at, report)?;
        let now_ms = self.seams.clock.mono_ms();
        if let Some(rows) = self.rows_out(at) {
            rows.unfit.retain(|(until_ms, _)| now_ms < *until_ms);
            report.troubles.extend(rows.unfit.iter().map(|(_, trouble)| trouble.clone()));
        }
        Ok(())
    }

    /// One read a call, so that nothing else waits behind a backlog.
    fn send_outbox(&mut self, at: usize, report: &mut PassReport) -> Result<(), EngineFault> {
        self.end_reading(at, report)?;
        let has_read = self.rows_out(at).is_some_and(|rows| rows.ahead.has_read());
        // What was read ahead left those out that are to be deleted: that is done beside the next packets, too.
        if self.source_rests(at, report)? || !(has_read || self.delete_entries(at, report)?) {
            return Ok(());
        }
        if self.may_take_on(at) {
            self.reseal_pending(at, &[], report)?;
        }
        let now_ms = self.seams.clock.mono_ms();
        let pushes = self.has_push(at)?;
        let is_due = has_read || self.rows_out(at).is_some_and(|rows| now_ms >= rows.read_at_ms);
        if !(is_due || pushes) || !self.may_take_on(at) || self.waits_for_reseal(at, report)? || !self.window_is_open(at)? {
            return self.delete_entries(at, report).map(drop);
        }
        if pushes && !self.read_chunk(at, report)? {
            return Ok(());
        }
        let Some(offered) = self.read_outbox(at, report)? else { return Ok(()) };
        if let Some((document, entry)) = place_of_structure(&offered) {
            let went = self.send_marker(at, document, Some(entry), report)? && self.delete_entries(at, report)?;
            return if went { self.send_outbox(at, report) } else { Ok(()) };
        }
        if offered.is_empty() {
            let poll_ms = self.outgoing(at).channel.source.tables().map_or(0, |tables| tables.poll_seconds * 1000);
            if let Some(rows) = self.rows_out(at) {
                rows.read_at_ms = now_ms + poll_ms;
            }
            return self.delete_entries(at, report).map(drop);
        }
        self.send_offered(at, offered, report)
    }

    /// Sends what was read, while what comes behind it is read.
    fn send_offered(&mut self, at: usize, offered: Vec<Offered>, report: &mut PassReport) -> Result<(), EngineFault> {
        let is_alone = offered.iter().map(Offered::count).sum::<usize>() == 1;
        let pieces = self.screen_rows(at, offered)?;
        let carries_nothing = pieces.is_empty();
        let pieces = without_open_end(pieces, is_alone);
        if !pieces.is_empty() {
            let on_their_way = pieces.iter().flat_map(Piece::entries).flat_map(|range| range.first..=range.last).collect();
            self.read_ahead(at, on_their_way, pieces.iter().any(|piece| piece.ends_chunk))?;
        }
        if !self.send_pieces(at, pieces, report)? {
            // It was read behind packets that were not made.
            self.end_reading(at, report)?;
            self.rows_out(at).into_iter().for_each(|rows| rows.ahead.forget());
        }
        if self.rows_out(at).is_some_and(|rows| rows.ahead.is_asking()) {
            return Ok(());
        }
        let goes_on = self.delete_entries(at, report)? && carries_nothing && self.has_push(at)?;
        // A table without rows is done without a packet: the next one follows at once.
        if goes_on { self.send_outbox(at, report) } else { Ok(()) }
    }

    pub(crate) fn rows_out(&mut self, at: usize) -> Option<&mut RowsOut> {
        self.outgoing.get_mut(at)?.rows.as_mut()
    }

    /// True, and told, while the source rests after a fault.
    fn source_rests(&mut self, at: usize, report: &mut PassReport) -> Result<bool, EngineFault> {
        let now_ms = self.seams.clock.mono_ms();
        let fault = self.rows_out(at).and_then(|rows| rows.rest.lasting(now_ms).cloned());
        match fault {
            Some(fault) => self.tell_database(&self.channel_name(at), fault, report).map(|()| true),
            None => Ok(false),
        }
    }

    /// Lets the source rest after a fault.
    pub(super) fn rest_source(&mut self, at: usize, fault: TableFault, report: &mut PassReport) -> Result<(), EngineFault> {
        let now_ms = self.seams.clock.mono_ms();
        if let Some(rows) = self.rows_out(at) {
            rows.rest.begin(now_ms, fault.clone());
            rows.ahead.forget();
        }
        self.tell_database(&self.channel_name(at), fault, report)
    }

    /// Tells of a database that cannot do it now.
    pub(crate) fn tell_database(
        &self,
        channel: &ChannelName,
        fault: TableFault,
        report: &mut PassReport,
    ) -> Result<(), EngineFault> {
        self.tolerate(DatabaseFault { channel: channel.clone(), fault: Box::new(fault) }, report)
    }

    fn read_outbox(&mut self, at: usize, report: &mut PassReport) -> Result<Option<Vec<Offered>>, EngineFault> {
        let records = self.outgoing(at).channel.batch.max_records as usize;
        let Some(rows) = self.rows_out(at) else { return Ok(None) };
        let limits = rows.limits(records);
        let ahead = rows.ahead.take_entries();
        let offered = ahead.unwrap_or_else(|| read_entries(rows.source.lock().as_mut(), &rows.done.ids(), limits));
        match offered {
            Ok(offered) => {
                rows.rest.end();
                let entries: usize = offered.iter().map(Offered::count).sum();
                rows.widened = if entries >= limits.rows / 2 { (rows.widened * 2).min(READ_ROWS) } else { 1 };
                Ok(Some(offered))
            }
            Err(fault) => self.rest_source(at, fault, report).map(|()| None),
        }
    }

    /// Makes the pieces of packets out of what an outbox holds; the place of the chunk that was read last is taken by its rows.
    fn screen_rows(&mut self, at: usize, offered: Vec<Offered>) -> Result<Vec<Piece>, EngineFault> {
        let mut pieces = Vec::with_capacity(offered.len());
        let push = push::push_of(&self.state, &self.channel_name(at))?;
        // What has begun is brought to its end: the sink waits for a row that says so.
        let begun = self.state.fact::<Begun>()?.0.remove(&self.channel_name(at)).unwrap_or_default();
        let has_begun = |change: &RowChange| change.transaction.is_some_and(|transaction| begun.contains(&transaction));
        let covers =
            |change: &RowChange| push.as_ref().is_some_and(|push| push.covers(&change.table, change.op)) && !has_begun(change);
        let batch = self.outgoing(at).channel.batch.clone();
        let pending = self.pending_at(at);
        let of_change = |change: &RowChange, id: EntryId| {
            let needs_change = pending.as_ref().is_some_and(|pending| pending.is_needed_by(change));
            Piece::of_change(change, id.at_ms, Some(id)).needing(needs_change)
        };
        let of_run = |piece: Piece| {
            let needs_change = pending.as_ref().zip(piece.run()).is_some_and(|(pending, run)| pending.is_needed_by_run(run));
            piece.needing(needs_change)
        };
        for offered in offered {
            let (id, at_ms) = (offered.entry_id(), offered.at_ms);
            match offered.entry {
                Entry::Change(change) if covers(&change) => {
                    self.rows_out(at).into_iter().for_each(|rows| rows.done.loose.push(id));
                }
                Entry::Change(change) => pieces.push(of_change(&change, id)),
                Entry::Run(run, entries) if push.as_ref().is_some_and(|push| push.covers(run.table(), run.head().op)) => {
                    for (id, change) in entries.into_iter().zip(run.changes()) {
                        match covers(&change) {
                            true => self.rows_out(at).into_iter().for_each(|rows| rows.done.loose.push(id)),
                            false => pieces.push(of_change(&change, id)),
                        }
                    }
                }
                Entry::Run(run, entries) => pieces.extend(Piece::of_runs(run, &entries, &batch).into_iter().map(of_run)),
                Entry::Unfit { table, key, code, column, bytes } => {
                    pieces.push(Piece::of_unfit(table, &key, at_ms, Some(id), code, column, bytes));
                }
                Entry::Marker(token) => self.place_chunk(at, token, id, at_ms, &mut pieces)?,
                // What is behind it is read again once its marker went.
                Entry::Structure(_) => break,
            }
        }
        Ok(pieces)
    }

    /// Seals and publishes pieces, group by group, as long as the channel may go on; false where some are left, which are read again.
    fn send_pieces(&mut self, at: usize, pieces: Vec<Piece>, report: &mut PassReport) -> Result<bool, EngineFault> {
        let mut parcels = parcels(pieces, &self.outgoing(at).channel.batch).into_iter().peekable();
        while parcels.peek().is_some() && self.may_take_on(at) && self.window_is_open(at)? && !self.should_stop() {
            let (mut group, mut troubles, mut ends_chunk) = (Group::default(), Vec::new(), false);
            let (mut room, mut of_chunk) = (self.window_room(at)?, 0);
            let mut begun = self.state.fact::<Begun>()?;
            let begun_before = begun.clone();
            while let Some(parcel) = parcels.next_if(|_| !group.is_full() && !room.is_used_up()) {
                troubles.extend(parcel.iter().filter_map(|piece| self.trouble_of(at, piece)));
                ends_chunk |= parcel.iter().any(|piece| piece.ends_chunk);
                of_chunk += parcel.iter().filter(|piece| piece.is_of_chunk).count();
                let of_channel = begun.of(&self.channel_name(at));
                parcel.iter().for_each(|piece| piece.note_begun(of_channel));
                let mut batch = Batch::new(self.seams.random.as_ref(), &self.outgoing[at].channel.batch);
                let needs_change = parcel.iter().any(Piece::needs_change);
                batch.reserve(parcel.iter().map(Piece::bytes).sum());
                for piece in parcel {
                    for screened in piece.screened() {
                        batch.push(screened)?;
                    }
                }
                let sealing = match self.pending_at(at).filter(|_| !needs_change) {
                    Some(pending) => self.begin_sealing_under(pending.unneeded(), batch)?,
                    None => self.begin_sealing(at, batch)?,
                };
                let (plain_bytes, records) = (sealing.plain_bytes, sealing.batch.rows.len());
                group.push(sealing, plain_bytes, records);
                room = room.without(1, plain_bytes);
            }
            if ends_chunk {
                self.ride_progress(at)?;
            }
            begun.settle();
            if begun != begun_before {
                self.ride(Change::fact(&begun)?);
            }
            self.publish_group(at, group, report)?;
            if let Some(waiting) = self.rows_out(at).and_then(|rows| rows.chunk.as_mut()) {
                waiting.went += of_chunk;
            }
            self.remember_unfit(at, troubles);
        }
        Ok(parcels.peek().is_none())
    }

    /// Lets an entry be deleted that has no packet of its own.
    pub(super) fn delete_loose(&mut self, at: usize, entry: Option<EntryId>) {
        if let Some(rows) = self.rows_out(at) {
            rows.done.loose.extend(entry);
        }
    }

    fn remember_unfit(&mut self, at: usize, troubles: Vec<Trouble>) {
        let until_ms = self.seams.clock.mono_ms() + TOLD_MS;
        let Some(rows) = self.rows_out(at) else { return };
        rows.unfit.extend(troubles.into_iter().map(|trouble| (until_ms, trouble)));
        let surplus = rows.unfit.len().saturating_sub(TOLD_MAX);
        rows.unfit.drain(..surplus);
    }

    fn trouble_of(&self, at: usize, piece: &Piece) -> Option<Trouble> {
        let refused = piece.refused.as_ref()?;
        let (channel, table, code) = (self.channel_name(at), &refused.table, &refused.code);
        let what = |lang| match (&refused.column, refused.bytes) {
            (Some(column), 0) => say!(lang, "（列 {column}）", " (column {column})"),
            (Some(column), bytes) => say!(lang, "（列 {column}，{bytes} 字节）", " (column {column}, {bytes} bytes)"),
            (None, _) => String::new(),
        };
        let sentence = |lang, key: &str| {
            let what = what(lang);
            say!(
                lang,
                "通道 {channel} 的表 {table}{key} 有一行不能摆渡（{code}）{what}，没有送出；发件记录留在发件表旁的 dukou_aside_… 表里（导出文件：在原文件里），请改好这一行，改动会再次送出。",
                "Channel {channel}: a row of table {table}{key} cannot travel ({code}){what} and was not sent; its entry is kept in the table dukou_aside_… beside the outbox (of an extract: in its file). Mend the row: the change is sent again."
            )
        };
        let named = |lang| {
            let key = &refused.key;
            sentence(lang, &say!(lang, "（键 {key}）", " (key {key})"))
        };
        Some(Trouble { code: "row-unfit".into(), zh: named(Lang::Zh), en: named(Lang::En), journal: sentence(self.lang(), "") })
    }

    /// Takes on the entries of a packet that exists, as its records name them; false when they name none.
    ///
    /// # Errors
    /// [`StoreFault::Corrupt`] where the entries of a run cannot be read.
    pub(crate) fn take_on_rows(&mut self, at: usize, packet: &PacketKey, records: &[RecordRow]) -> Result<bool, EngineFault> {
        let mut sent = Sent { packet: packet.clone(), entries: Vec::new(), ranges: Vec::new(), refused: Vec::new() };
        for (record, id) in records.iter().filter_map(|record| Some((record, record.source?.outbox_entry()?))) {
            match record.kind {
                RecordKind::Run => {
                    let ranges = record.target.as_deref().and_then(EntryRange::read);
                    let corrupt = || StoreFault::Corrupt("the entries of a run cannot be read".to_string());
                    sent.ranges.extend(ranges.ok_or_else(corrupt)?);
                }
                RecordKind::Tombstone => sent.refused.push((id, record.reason.clone())),
                _ => sent.entries.push(id),
            }
        }
        if records.is_empty() {
            sent.entries.extend(self.marker_entry(packet)?);
        }
        let names_any = !(sent.entries.is_empty() && sent.ranges.is_empty() && sent.refused.is_empty());
        if let Some(rows) = self.rows_out(at).filter(|_| names_any) {
            rows.done.sent.push(sent);
        }
        Ok(names_any)
    }

    /// Deletes the entries whose packets exist; true when none is left.
    fn delete_entries(&mut self, at: usize, report: &mut PassReport) -> Result<bool, EngineFault> {
        let Some(rows) = self.rows_out(at) else { return Ok(true) };
        if rows.done.is_empty() {
            return Ok(true);
        }
        let deleted = rows.done.delete(rows.source.lock().as_mut());
        if let Err(fault) = deleted {
            return self.rest_source(at, fault, report).map(|()| false);
        }
        rows.rest.end();
        let done = std::mem::take(&mut rows.done);
        self.note_deleted(done);
        Ok(true)
    }

    /// Gives after how many milliseconds a database wants to be asked again.
    pub(crate) fn databases_due_ms(&self) -> Option<u64> {
        let now_ms = self.seams.clock.mono_ms();
        let out = self.outgoing.iter().filter_map(|outgoing| outgoing.rows.as_ref()?.due_ms(now_ms));
        let into = self.incoming.values().filter_map(|incoming| incoming.rows.as_ref()?.due_ms(now_ms));
        out.chain(into).min()
    }
}

/// Gives the place of a structure change, where that is what comes next.
fn place_of_structure(offered: &[Offered]) -> Option<(Digest, EntryId)> {
    let next = offered.first()?;
    if let Entry::Structure(document) = next.entry { Some((document, next.entry_id())) } else { None }
}

/// Gives a change that says nothing but a key.
fn bare(key: &Cells) -> RowChange {
    RowChange {
        table: String::new(),
        op: Op::Delete,
        key: key.clone(),
        row: Vec::new(),
        changed: Vec::new(),
        transaction: None,
        goes_on: false,
    }
}
