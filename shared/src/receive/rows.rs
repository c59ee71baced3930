//! Rows on their way in: the packets of a channel of tables, each one transaction of the sink's database with the mark in it.
//!
//! Given: opened packets in their turn. Gives: rows at the sink, each packet once, whatever became of the answer to a COMMIT. After a crash: the sink's mark
//! tells which packets it has, by two groups at most ahead of the store; a packet at or below it is given to it again and changes nothing. Never: a packet given to a sink before its `seen` line is
//! durable, or marked as applied here before the sink has it; a sink that goes on from an older or another copy of its data.

mod giving;
pub(crate) mod words;

use super::apply::{marked, row};
use super::meanwhile::LOOKS;
use super::open::Opening;
use super::order::{Place, STRUCTURE};
use super::pick_up::{Picked, PickedFrom};
use crate::connectors::tables::change::KnownNames;
use crate::connectors::tables::rest::Rest;
use crate::connectors::tables::run::PACKET_WEIGHT_MAX;
use crate::connectors::tables::{Look, Mark, RowChange, RowPacket, RowRun, RowsPart, RunPacket, TableFault, TableSink};
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::group::{Group, Shared};
use crate::schema::{Document, pending};
use crate::store::{Direction, PacketKey, PacketRow, PacketState, RecordRow};
use dukou_packets::log::line::Place as Turn;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::packet::records::{RecordKind, Records};
use giving::{GivenGroup, Giving, Stop, Stopped};
use std::collections::VecDeque;
use words::HeldRow;

/// The hold of a channel whose sink has a row refused.
pub(crate) const ROW_REFUSED: &str = "row-refused";

/// The hold of a channel whose sink lacks what it needs.
const TABLE_UNFIT: &str = "table-unfit";

/// The hold of a channel whose packet holds records that are no rows.
const NOT_ROWS: &str = "rows";

/// The hold of a channel whose sink was restored from an older copy.
pub(crate) const SINK_BEHIND: &str = "sink-behind";

/// The hold of a channel whose sink has what this station does not know of.
pub(crate) const SINK_AHEAD: &str = "sink-ahead";

/// An incoming channel's tables at work.
pub(crate) struct RowsIn {
    /// None: the rows are the station's own, and stand in its store once their packet is marked.
    sink: Option<Shared<dyn TableSink>>,
    rest: Rest,
    met: Met,
    giving: Giving,
}

/// What is known of the sink's mark.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Met {
    /// Nothing: it is asked before anything else.
    Not,
    /// The mark it has; none before its first packet.
    At(Option<Mark>),
}

/// What became of a packet.
enum Given {
    /// The sink has it.
    Applied,
    /// It could not take it now.
    Later(TableFault),
    /// The channel waits for a person.
    Held(HeldRow),
}

impl RowsIn {
    pub(crate) fn new(sink: Box<dyn TableSink>) -> Self {
        Self { sink: Some(Shared::new(sink)), rest: Rest::default(), met: Met::Not, giving: Giving::default() }
    }

    /// Makes the sink of rows that the station keeps itself.
    pub(crate) fn own() -> Self {
        Self { sink: None, rest: Rest::default(), met: Met::Not, giving: Giving::default() }
    }

    /// Tells whether the station keeps the rows itself.
    pub(crate) fn is_own(&self) -> bool {
        self.sink.is_none()
    }

    /// Gives after how many milliseconds the sink wants to be asked again.
    pub(crate) fn due_ms(&self, now_ms: u64) -> Option<u64> {
        self.rest.left_ms(now_ms)
    }

    /// True when packets may be given to it.
    fn is_ready(&self, now_ms: u64) -> bool {
        self.is_own() || self.met != Met::Not && self.rest.lasting(now_ms).is_none()
    }

    /// Lets the sink be asked for its mark again.
    pub(crate) fn meet_again(&mut self) {
        (self.met, self.rest) = (Met::Not, Rest::default());
    }

    /// Gives a packet to the sink.
    fn give(&mut self, key: &PacketKey, packet: &Rows) -> Given {
        let mut hand = self.hand();
        let given = hand.give(key, packet);
        if matches!(given, Given::Applied) {
            self.follow(&hand);
        }
        given
    }

    /// Gives what packets are given with, on whichever thread.
    fn hand(&self) -> Hand {
        Hand { sink: self.sink.clone(), met: self.met }
    }

    /// Follows a hand whose packets the sink took; a mark that is to be asked again stays so.
    fn follow(&mut self, hand: &Hand) {
        self.rest.end();
        if self.met != Met::Not {
            self.met = hand.met;
        }
    }
}

/// What gives packets to a sink, one after the other.
struct Hand {
    sink: Option<Shared<dyn TableSink>>,
    met: Met,
}

impl Hand {
    fn give(&mut self, key: &PacketKey, packet: &Rows) -> Given {
        let Some(sink) = &self.sink else { return Given::Applied };
        if let Met::At(Some(mark)) = self.met
            && let Some(held) = words::ahead(&mark, &packet.mark())
        {
            return Given::Held(held);
        }
        let applied = packet.apply(sink.lock().as_mut(), &key.channel);
        match applied {
            Ok(()) => {
                self.move_on(packet.mark());
                Given::Applied
            }
            Err(fault @ TableFault::Row { .. }) => Given::Held(HeldRow::of_fault(ROW_REFUSED, &fault)),
            Err(fault @ TableFault::Unfit { .. }) => Given::Held(HeldRow::of_fault(TABLE_UNFIT, &fault)),
            Err(fault) => Given::Later(fault),
        }
    }

    /// Follows the sink's mark; one that stands ahead stays.
    fn move_on(&mut self, mark: Mark) {
        match self.met {
            Met::At(Some(known)) if known.epoch == mark.epoch && known.seq > mark.seq => {}
            _ => self.met = Met::At(Some(mark)),
        }
    }
}

impl Engine {
    /// True when a channel's sink cannot take packets now, because its database rests after a fault or was not asked for its mark yet.
    pub(crate) fn sink_rests(&self, channel: &ChannelName) -> bool {
        let now_ms = self.seams.clock.mono_ms();
        let rows = self.incoming.get(channel).and_then(|incoming| incoming.rows.as_ref());
        rows.is_some_and(|rows| !rows.is_ready(now_ms))
    }

    /// Gives what the sink of a channel of tables looks at runs with.
    pub(super) fn look_of(&self, channel: &ChannelName) -> Option<Look> {
        self.incoming.get(channel)?.rows.as_ref()?.look()
    }

    fn rows_in(&mut self, channel: &ChannelName) -> Option<&mut RowsIn> {
        self.incoming.get_mut(channel)?.rows.as_mut()
    }

    /// Asks a sink of rows for its mark where that is not known, and holds it against what was applied.
    pub(crate) fn meet_sink(&mut self, channel: &ChannelName, report: &mut PassReport) -> Result<(), EngineFault> {
        let now_ms = self.seams.clock.mono_ms();
        // At a marker its mark is wanted: it says whether the change was made.
        let at_marker = self.state.holds.get(channel).map(|hold| hold.code == STRUCTURE);
        let Some(rows) = self.rows_in(channel).filter(|_| at_marker != Some(false)) else { return Ok(()) };
        if let Some(fault) = rows.rest.lasting(now_ms).cloned() {
            return self.tell_database(channel, fault, report);
        }
        if let Some(sink) = rows.sink.as_ref().filter(|_| rows.met == Met::Not) {
            let mark = sink.lock().mark(channel);
            match mark {
                Ok(mark) => {
                    rows.rest.end();
                    self.judge_mark(channel, mark)?;
                }
                Err(fault) => return self.rest_sink(channel, fault, report),
            }
        }
        // Under way to another version its tables are what nobody believes yet.
        match self.state.holds.contains_key(channel) || self.has_passed_marker(channel)? {
            true => Ok(()),
            false => self.meet_tables(channel, report).map(drop),
        }
    }

    /// Gives a sink's mark; `None` while it is not known or its database rests.
    pub(super) fn known_mark(&self, channel: &ChannelName) -> Option<Option<Mark>> {
        let rows = self.incoming.get(channel)?.rows.as_ref().filter(|rows| rows.is_ready(self.seams.clock.mono_ms()))?;
        if let Met::At(mark) = rows.met { Some(mark) } else { None }
    }

    /// A structure change moved a sink's mark in a session of its own: it is asked at once, so that its connector knows of that, too.
    pub(super) fn follow_mark(&mut self, channel: &ChannelName) {
        if let Some(rows) = self.rows_in(channel)
            && let Some(sink) = &rows.sink
        {
            rows.rest.end();
            rows.met = sink.lock().mark(channel).map_or(Met::Not, Met::At);
        }
    }

    /// Nobody knows where a sink's mark is: it is asked with the channel's next turn.
    pub(super) fn ask_mark_again(&mut self, channel: &ChannelName) {
        if let Some(rows) = self.rows_in(channel) {
            rows.met = Met::Not;
        }
    }

    pub(super) fn rest_sink(
        &mut self,
        channel: &ChannelName,
        fault: TableFault,
        report: &mut PassReport,
    ) -> Result<(), EngineFault> {
        let now_ms = self.seams.clock.mono_ms();
        if let Some(rows) = self.rows_in(channel) {
            // Whatever became of the last transaction, its mark tells.
            rows.met = Met::Not;
            rows.rest.begin(now_ms, fault.clone());
        }
        self.tell_database(channel, fault, report)
    }

    /// Holds the sink's mark against the packets that this station knows as applied.
    fn judge_mark(&mut self, channel: &ChannelName, mark: Option<Mark>) -> Result<(), EngineFault> {
        if let Some(held) = self.contradiction(channel, mark.as_ref())? {
            return self.hold_instead(channel, &held.code, 0, Some(held.words));
        }
        if let Some(rows) = self.rows_in(channel) {
            rows.met = Met::At(mark);
        }
        Ok(())
    }

    /// Tells why a sink's mark does not fit what this station knows as applied.
    pub(crate) fn contradiction(&mut self, channel: &ChannelName, mark: Option<&Mark>) -> Result<Option<HeldRow>, EngineFault> {
        if let Some(mark) = mark {
            let key = Self::packet_key(Direction::In, channel, mark.epoch, mark.seq);
            let known = self.store().packet(&key)?;
            if known.is_some_and(|known| known.header != mark.header) {
                return Ok(Some(HeldRow::sink_ahead(mark)));
            }
        }
        let Some(head) = self.in_head(channel).cloned() else { return Ok(None) };
        if mark.is_some_and(|mark| mark.epoch != head.epoch && mark.epoch.counter >= head.epoch.counter) {
            return Ok(mark.map(HeldRow::sink_ahead));
        }
        let lacks = self.first_lacking(channel, mark)?;
        Ok(lacks.map(|seq| HeldRow::sink_behind(mark, seq, head.seq)))
    }

    /// Gives the first packet of the newest epoch that was applied and that a sink with this mark does not have.
    pub(crate) fn first_lacking(&mut self, channel: &ChannelName, mark: Option<&Mark>) -> Result<Option<u64>, EngineFault> {
        let Some(head) = self.in_head(channel).cloned() else { return Ok(None) };
        let has = mark.filter(|mark| mark.epoch == head.epoch).map_or(0, |mark| mark.seq);
        if has >= head.seq {
            return Ok(None);
        }
        // What a person waived has no row that was applied.
        let rows = self.store().packet_range(Direction::In, channel, &head.epoch, has + 1, head.seq)?;
        let lacks = rows.iter().find(|row| matches!(row.state, PacketState::Applied | PacketState::Delivering));
        Ok(lacks.map(|row| row.key.seq))
    }

    /// Applies the packets of a channel of tables that are in their turn. While its sink takes one group, the one before it is marked and the next one gathered.
    pub(super) fn receive_rows(
        &mut self,
        channel: &ChannelName,
        arrivals: Vec<Picked>,
        report: &mut PassReport,
    ) -> Result<(), EngineFault> {
        let mut turn =
            RowsTurn { arrivals: self.sort_arrivals(channel, arrivals, report)?, at: self.next_place(channel), looks: 0 };
        let mut group = self.gather(channel, &mut turn, report)?;
        self.note_next(&group)?;
        // A turn without anything to apply costs no look of its own.
        turn.looks = LOOKS;
        let mut given = None;
        while !group.is_empty() && !self.should_stop() {
            // 2. The sink's database, one transaction a packet. After a crash, or without an answer: its mark tells what it has.
            self.begin_giving(channel, group)?;
            // It is opened while the one before it is marked.
            group = self.gather(channel, &mut turn, report)?;
            self.mark_given(channel, given.take(), report)?;
            self.note_next(&group)?;
            given = self.finish_giving(channel);
            if let Some(stopped) = given.as_mut().and_then(|given| given.stopped.take()) {
                self.mark_given(channel, given, report)?;
                let gathered = group.packets.into_iter().map(|opening| (opening.verified.row, opening.verified.picked));
                self.stop_at(channel, stopped, gathered, report)?;
                return self.keep_early(channel, turn.arrivals, report);
            }
            if group.is_empty() {
                group = self.gather(channel, &mut turn, report)?;
                self.note_next(&group)?;
            }
        }
        self.mark_given(channel, given, report)?;
        // What was gathered and not applied lies in the ferry directory still: what comes behind it must not look early.
        if self.should_stop() {
            return Ok(());
        }
        self.keep_early(channel, turn.arrivals, report)
    }

    /// Gathers the next group, also out of what came meanwhile.
    fn gather(
        &mut self,
        channel: &ChannelName,
        turn: &mut RowsTurn,
        report: &mut PassReport,
    ) -> Result<Group<Opening>, EngineFault> {
        let group = self.gather_group(channel, &mut turn.at, &mut turn.arrivals, report)?;
        if !group.is_empty() || turn.looks == 0 {
            return Ok(group);
        }
        turn.looks -= 1;
        turn.arrivals.extend(self.came_meanwhile(channel, &mut turn.at, report)?);
        turn.arrivals.make_contiguous().sort_by_key(|picked| picked.head.header.seq);
        self.gather_group(channel, &mut turn.at, &mut turn.arrivals, report)
    }

    /// 1. The evidence: `seen` lines of the next group, one fdatasync. After a crash before its mark: the packets are seen again.
    fn note_next(&mut self, group: &Group<Opening>) -> Result<(), EngineFault> {
        for packet in group.packets.iter().filter(|packet| packet.verified.picked.is_some()) {
            self.note_seen(&packet.verified, Turn::Next);
        }
        match group.is_empty() {
            true => Ok(()),
            false => self.commit_log().map(drop),
        }
    }

    /// Marks what the sink has of a group.
    fn mark_given(
        &mut self,
        channel: &ChannelName,
        given: Option<GivenGroup>,
        report: &mut PassReport,
    ) -> Result<(), EngineFault> {
        let Some(GivenGroup { mut applied, peer_log, .. }) = given.filter(|given| !given.applied.is_empty()) else {
            return Ok(());
        };
        // 3. The mark here, with the copies in the spool. After a crash before it: the packets come again and change nothing at the sink.
        self.seams.files.sync_fs(&self.station.spool_in())?;
        self.mark(channel, &mut applied, None, peer_log)?;
        self.forget_picked(&applied, report)?;
        if let Some(incoming) = self.incoming.get_mut(channel) {
            incoming.delivering.extend(applied.iter().map(|(opened, rows)| marked(&opened.row, rows)));
        }

        // 4. The `applied` lines ride with the next fdatasync: nothing is left to deliver.
        self.deliver_channel(channel, &applied, report)
    }

    /// Keeps the packets from the one on that was not applied, and lets the channel wait.
    fn stop_at(
        &mut self,
        channel: &ChannelName,
        stopped: Stopped,
        gathered: impl Iterator<Item = (PacketRow, Option<PickedFrom>)>,
        report: &mut PassReport,
    ) -> Result<(), EngineFault> {
        let Stopped { why, seq, packets } = stopped;
        // What is kept is neither missing nor at the mercy of whoever can write the ferry directory.
        self.keep_seen(packets.into_iter().chain(gathered), PacketState::Early, report)?;
        match why {
            Stop::Later(fault) => self.rest_sink(channel, fault, report),
            Stop::Held(held) if held.is_of_structure() && self.meet_tables_again(channel, report)? => Ok(()),
            Stop::Held(held) => self.hold_with_words(channel, seq, held),
            Stop::Unopened(code) => self.hold(channel, code, seq),
        }
    }

    /// Gives a kept packet to the sink once more; tells what became of it.
    pub(crate) fn give_again(&mut self, row: PacketRow) -> Result<Again, EngineFault> {
        let channel = row.key.channel.clone();
        let Some(verified) = self.verify_kept(row)? else { return Ok(Again::Gone) };
        if let Some(stopped) = self.lacks_version(&channel, &verified)? {
            return Ok(stopped);
        }
        let Ok(opened) = Opening::begin(verified, &self.keys.encryption, false)?.finish() else { return Ok(Again::Gone) };
        let Some(packet) = row_packet(&opened.row, &opened.records) else { return Ok(Again::Gone) };
        let packet = packet.going_in(self.pending_document(&channel).as_ref());
        Ok(match self.rows_in(&channel).map(|rows| rows.give(&opened.row.key, &packet)) {
            Some(Given::Later(fault)) => Again::Later(fault),
            Some(Given::Held(held)) => Again::Refused(held),
            Some(Given::Applied) | None => Again::Applied(packet.count()),
        })
    }

    /// Asks the sink how far it is.
    pub(crate) fn sink_mark(&mut self, channel: &ChannelName) -> Option<Result<Option<Mark>, TableFault>> {
        let own = self.in_head(channel).and_then(|head| Some(Mark { epoch: head.epoch, seq: head.seq, header: head.header? }));
        let rows = self.rows_in(channel)?;
        Some(rows.sink.as_ref().map_or(Ok(own), |sink| sink.lock().mark(channel)))
    }

    /// Moves a sink's mark without giving it anything.
    pub(crate) fn pass_over_in_sink(&mut self, channel: &ChannelName, mark: &Mark) -> Option<Result<(), TableFault>> {
        self.rows_in(channel).map(|rows| rows.sink.as_ref().map_or(Ok(()), |sink| sink.lock().pass_over(channel, mark)))
    }

    /// Lets a sink be asked for its mark again, and forgets why its channel was held.
    pub(crate) fn meet_sink_again(&mut self, channel: &ChannelName) -> Result<(), EngineFault> {
        if let Some(rows) = self.rows_in(channel) {
            rows.meet_again();
        }
        self.forget_words(channel)
    }
}

/// What became of a packet that was given to its sink once more.
pub(crate) enum Again {
    /// The sink has it: so many changes.
    Applied(u64),
    /// Its copy here is gone or damaged.
    Gone,
    /// The database cannot take it now.
    Later(TableFault),
    /// The database refuses a row.
    Refused(HeldRow),
}

/// How far a channel of tables is in its turn.
struct RowsTurn {
    arrivals: VecDeque<Picked>,
    at: Place,
    /// How often it may still look for what came meanwhile.
    looks: u32,
}

/// What a packet of a channel of tables carries.
pub(crate) struct Carried {
    /// For the sink; `None` when its records are not those of rows.
    packet: Option<Rows>,
    /// For the store.
    rows: Vec<RecordRow>,
}

impl Carried {
    /// Reads a packet's rows, and lets the sink look at its runs where it can.
    pub(super) fn by(row: &PacketRow, records: &Records, look: Option<&Look>) -> Self {
        let mut packet = row_packet(row, records);
        if let (Some(Rows::Runs(packet)), Some(look)) = (&mut packet, look) {
            packet.look(look);
        }
        Self { packet, rows: rows_of(records) }
    }
}

/// The rows of a packet, read.
#[derive(Debug)]
enum Rows {
    /// Each a change for itself.
    Single(RowPacket),
    /// Some of them in runs.
    Runs(RunPacket),
}

impl Rows {
    /// Makes rows of a packet out of its parts.
    fn of(mark: Mark, parts: Vec<RowsPart>) -> Self {
        if parts.iter().any(|part| matches!(part, RowsPart::Run(_))) {
            return Self::Runs(RunPacket { mark, parts });
        }
        let change = |part| if let RowsPart::One(change) = part { Some(change) } else { None };
        Self::Single(RowPacket { mark, changes: parts.into_iter().filter_map(change).collect() })
    }

    /// Gives them as the sink's version of the structure has them: the columns that a pending change adds are taken out, where they are NULL.
    fn going_in(self, pending: Option<&Document>) -> Self {
        let Some(document) = pending else { return self };
        let mut packet = match self {
            Self::Single(packet) => packet,
            Self::Runs(packet) => packet.expanded(),
        };
        packet.changes.iter_mut().for_each(|change| pending::leave_out(document, change));
        Self::Single(packet)
    }

    fn mark(&self) -> Mark {
        match self {
            Self::Single(packet) => packet.mark,
            Self::Runs(packet) => packet.mark,
        }
    }

    fn count(&self) -> u64 {
        match self {
            Self::Single(packet) => packet.changes.len() as u64,
            Self::Runs(packet) => packet.rows(),
        }
    }

    fn into_changes(self) -> Vec<RowChange> {
        match self {
            Self::Single(packet) => packet.changes,
            Self::Runs(packet) => packet.expanded().changes,
        }
    }

    fn apply(&self, sink: &mut dyn TableSink, channel: &ChannelName) -> Result<(), TableFault> {
        match self {
            Self::Single(packet) => sink.apply(channel, packet),
            Self::Runs(packet) => sink.apply_runs(channel, packet),
        }
    }
}

/// Gives the changes that a packet carries, each for itself; none when its records are not those of rows.
pub(super) fn changes_of(row: &PacketRow, records: &Records) -> Vec<RowChange> {
    row_packet(row, records).map(Rows::into_changes).unwrap_or_default()
}

/// Gives what a packet carries for a sink of rows; `None` when its records are not those of rows.
fn row_packet(row: &PacketRow, records: &Records) -> Option<Rows> {
    let mark = Mark { epoch: row.key.epoch, seq: row.key.seq, header: row.header };
    let mut parts: Vec<RowsPart> = Vec::with_capacity(records.len());
    let mut names = KnownNames::default();
    let mut large: Vec<(&str, &str, &[u8])> = Vec::new();
    let mut weight = 0;
    for record in records.iter() {
        let (table, key) = (record.meta.name.as_str(), record.meta.key.as_str());
        match record.meta.kind {
            RecordKind::LargeValue => large.push((table, key, record.body)),
            RecordKind::Row => {
                let is_alike = large.iter().all(|(of, with, _)| (*of, *with) == (table, key));
                let values: Vec<&[u8]> = large.drain(..).map(|(_, _, body)| body).collect();
                let change = RowChange::parse_next(record.body, &values, &mut names).ok().filter(|_| is_alike)?;
                parts.push(RowsPart::One(RowChange { table: table.to_string(), ..change }));
            }
            RecordKind::Run if large.is_empty() => {
                let run = RowRun::parse(table, &record.shared_body(), record.meta.part_count).ok()?;
                weight += run.weight();
                if weight > PACKET_WEIGHT_MAX {
                    return None;
                }
                parts.push(RowsPart::Run(run));
            }
            RecordKind::Tombstone if large.is_empty() => {}
            _ => return None,
        }
    }
    large.is_empty().then(|| Rows::of(mark, parts))
}

fn rows_of(records: &Records) -> Vec<RecordRow> {
    let mut rows: Vec<RecordRow> = Vec::with_capacity(records.len());
    for record in records.iter() {
        let (kind, bytes) = (record.meta.kind, record.meta.total_bytes);
        // The rows of a table have one name, which is folded once.
        let next = match rows.last().filter(|last| last.name == record.meta.name) {
            Some(last) => RecordRow {
                index: record.index,
                kind,
                key: record.meta.key.clone(),
                digest: record.body_digest,
                bytes,
                reason: record.meta.reason.clone(),
                rows: RecordRow::rows_of(record.meta),
                ..last.clone()
            },
            None => row(&record, kind, record.body_digest, bytes),
        };
        rows.push(next);
    }
    rows
}
