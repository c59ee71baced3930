//! Dealing entries out to packets.
//!
//! Given: entries in order. Gives: parcels, each the content of a packet; a transaction is cut only when it alone is longer than a packet, and then the
//! last change of each part says that it goes on. Never: an order of rows other than the given one.

use super::bare;
use crate::channel::BatchConfig;
use crate::connectors::folder::names::folded;
use crate::connectors::tables::change::LARGE_FROM;
use crate::connectors::tables::run::{PACKET_WEIGHT_MAX, rows_by_weight};
use crate::connectors::tables::{Cells, EntryId, EntryRange, RowChange, RowRun, RowsPart, TableName};
use crate::send::pack::{Body, Screened};
use crate::store::{RecordRow, SourceStamp};
use dukou_packets::limits::{BODY_MAX, PACKET_SALT, PLAIN_MAX, RECORDS_MAX};
use dukou_packets::packet::records::{RecordKind, RecordMeta};
use dukou_packets::suite::sha256;
use std::collections::BTreeSet;

/// What `more` adds to a row change.
const MORE: &[u8] = b",\"more\":true}";

/// How many rows of a run count as one record of a packet.
const ROWS_A_RECORD: u32 = 16;

/// Most bytes of lines of a run.
const RUN_BYTES: u64 = 2 << 20;

/// What fits into a packet besides a run that fills it: its first line and its meta.
const BESIDE_LINES: u64 = 32 << 10;

/// One entry with its records, a row change behind its large values, or a tombstone; or a run of entries.
pub(super) struct Piece {
    content: Content,
    /// Which entries of the outbox it is; rows of a chunk are none but the last one, which is the chunk's place.
    entries: Vec<EntryRange>,
    transaction: Option<u64>,
    goes_on: bool,
    pub(super) refused: Option<RefusedRow>,
    /// It is one of a chunk of the stock push.
    pub(super) is_of_chunk: bool,
    /// It is the last one of a chunk of the stock push.
    pub(super) ends_chunk: bool,
    /// The far side needs the change that may be pending there.
    needs_change: bool,
}

enum Content {
    Records(Vec<(RecordMeta, Vec<u8>)>),
    /// A run, when it was written (ms), and how long its record is.
    Run(Box<RowRun>, i64, u64),
}

/// A row that cannot travel.
pub(super) struct RefusedRow {
    pub(super) table: TableName,
    pub(super) key: String,
    pub(super) code: String,
    pub(super) column: Option<String>,
    pub(super) bytes: u64,
}

impl Piece {
    /// Makes the records of a change, or the tombstone of one that is too large.
    pub(super) fn of_change(change: &RowChange, at_ms: i64, entry: Option<EntryId>) -> Self {
        let (table, key) = (change.table.clone(), &change.key);
        if let Some((column, bytes)) = change.too_large() {
            let column = column.to_string();
            return Self::of_unfit(table, key, at_ms, entry, "value-too-large", Some(column), Some(bytes));
        }
        let (body, large) = change.render(LARGE_FROM);
        let bytes: u64 = large.iter().chain([&body]).map(|body| body.len() as u64).sum();
        let key_text = change.key_text();
        let meta = |kind, body: &[u8]| RecordMeta {
            kind,
            ..RecordMeta::file(key_text.clone(), table.clone(), at_ms, body.len() as u64)
        };
        let of_large = large.into_iter().map(|value| (meta(RecordKind::LargeValue, &value), value));
        let mut records: Vec<(RecordMeta, Vec<u8>)> = of_large.collect();
        let is_too_long = (body.len() + MORE.len()) as u64 > BODY_MAX;
        records.push((meta(RecordKind::Row, &body), body));
        let plain: u64 = records.iter().map(|(meta, _)| meta.encoded_len()).sum::<u64>() + bytes;
        if is_too_long || PACKET_SALT as u64 + plain + MORE.len() as u64 > PLAIN_MAX {
            return Self::of_unfit(table, key, at_ms, entry, "row-too-large", None, Some(bytes));
        }
        let (transaction, goes_on) = (change.transaction, change.goes_on);
        let (content, entries) = (Content::Records(records), entry.map(EntryRange::of).into_iter().collect());
        Self {
            content,
            entries,
            transaction,
            goes_on,
            refused: None,
            is_of_chunk: false,
            ends_chunk: false,
            needs_change: false,
        }
    }

    /// Makes runs that fit packets out of a run and its entries.
    pub(super) fn of_runs(run: RowRun, entries: &[EntryId], most: &BatchConfig) -> Vec<Self> {
        let (mut pieces, mut entries) = (Vec::new(), entries);
        for run in within_packets(run, most) {
            let (own, rest) = entries.split_at_checked(run.rows() as usize).unwrap_or((entries, &[]));
            let at_ms = own.last().map_or(0, |entry| entry.at_ms);
            pieces.push(Self { entries: EntryRange::gather(own), ..Self::of_run(run, at_ms) });
            entries = rest;
        }
        pieces
    }

    /// Makes the piece of a run that fits a packet.
    fn of_run(run: RowRun, at_ms: i64) -> Self {
        let (transaction, goes_on) = (run.transactions().last().map(|(transaction, _)| *transaction), run.goes_on());
        let meta = RecordMeta::file(run.key_text(), run.table().clone(), at_ms, 0);
        let bytes = meta.encoded_len() + run.body_bytes();
        let content = Content::Run(Box::new(run), at_ms, bytes);
        Self {
            content,
            entries: Vec::new(),
            transaction,
            goes_on,
            refused: None,
            is_of_chunk: false,
            ends_chunk: false,
            needs_change: false,
        }
    }

    /// Makes a piece of a chunk; the last one stands for the chunk's place.
    pub(super) fn of_chunk(part: &RowsPart, at_ms: i64, place: Option<EntryId>) -> Self {
        let piece = match part {
            RowsPart::One(change) => Self::of_change(change, at_ms, None),
            RowsPart::Run(run) => Self::of_run(run.clone(), at_ms),
        };
        let entries = place.map(EntryRange::of).into_iter().collect();
        Self { entries, is_of_chunk: true, ends_chunk: place.is_some(), ..piece }
    }

    /// Says whether the far side needs a change for it that may be pending there. What is refused leaves as its place alone, and needs none.
    pub(super) fn needing(self, needs_change: bool) -> Self {
        Self { needs_change: needs_change && self.refused.is_none(), ..self }
    }

    /// Gives the run that it is, if it is one.
    pub(super) fn run(&self) -> Option<&RowRun> {
        match &self.content {
            Content::Run(run, ..) => Some(run),
            Content::Records(_) => None,
        }
    }

    /// Tells whether the far side needs the change that may be pending there.
    pub(super) fn needs_change(&self) -> bool {
        self.needs_change
    }

    /// Makes the tombstone of a row that cannot travel.
    pub(super) fn of_unfit(
        table: TableName,
        key: &Cells,
        at_ms: i64,
        entry: Option<EntryId>,
        code: &str,
        column: Option<String>,
        bytes: Option<u64>,
    ) -> Self {
        let (key, bytes) = (bare(key).key_text(), bytes.unwrap_or(0));
        let meta = RecordMeta {
            kind: RecordKind::Tombstone,
            reason: code.to_string(),
            body_len: 0,
            ..RecordMeta::file(key.clone(), table.clone(), at_ms, bytes)
        };
        let refused = Some(RefusedRow { table, key, code: code.to_string(), column, bytes });
        Self {
            content: Content::Records(vec![(meta, Vec::new())]),
            entries: entry.map(EntryRange::of).into_iter().collect(),
            transaction: None,
            goes_on: false,
            refused,
            is_of_chunk: false,
            ends_chunk: false,
            needs_change: false,
        }
    }

    /// Gives which entries of the outbox it is.
    pub(super) fn entries(&self) -> impl Iterator<Item = EntryRange> + use<'_> {
        self.entries.iter().copied()
    }

    /// Gives the records as a batch takes them; the last one has the entry's id, that of a run all of them.
    pub(super) fn screened(self) -> impl Iterator<Item = Screened> {
        let column = self.refused.and_then(|refused| refused.column);
        let stamp = self.entries.first().map(|range| SourceStamp::of_outbox(EntryId { id: range.first, at_ms: range.from_ms }));
        let (records, target): (Vec<(RecordMeta, Body)>, _) = match self.content {
            Content::Records(records) => (records.into_iter().map(|(meta, body)| (meta, body.into())).collect(), column),
            Content::Run(run, at_ms, _) => {
                let target = stamp.map(|_| EntryRange::written(&self.entries));
                (vec![record_of(&run, at_ms)], target)
            }
        };
        let count = records.len();
        records.into_iter().enumerate().map(move |(index, (meta, body))| {
            let source = stamp.filter(|_| index + 1 == count);
            let digest = sha256(&body.pieces());
            let row = RecordRow {
                index: 0,
                kind: meta.kind,
                key: meta.key.clone(),
                name: meta.name.clone(),
                folded: folded(&meta.name),
                digest,
                bytes: meta.total_bytes,
                reason: meta.reason.clone(),
                source,
                target: target.clone(),
                rows: RecordRow::rows_of(&meta),
            };
            Screened { meta, body, digest, row, away: None, unfinished: None, cards: Vec::new() }
        })
    }

    /// How many records it counts as in a packet.
    fn records(&self) -> u64 {
        match &self.content {
            Content::Records(records) => records.len() as u64,
            Content::Run(run, ..) => u64::from(run.rows().div_ceil(ROWS_A_RECORD)),
        }
    }

    /// Gives how many bytes it takes in a packet, at most.
    pub(super) fn bytes(&self) -> u64 {
        match &self.content {
            Content::Records(records) => {
                records.iter().map(|(meta, body)| meta.encoded_len() + body.len() as u64).sum::<u64>() + MORE.len() as u64
            }
            Content::Run(_, _, bytes) => *bytes,
        }
    }

    /// What its run weighs.
    fn weight(&self) -> u64 {
        if let Content::Run(run, ..) = &self.content { run.weight() } else { 0 }
    }

    fn is_row(&self) -> bool {
        self.refused.is_none()
    }

    /// Keeps the transactions that go on behind this piece.
    pub(super) fn note_begun(&self, begun: &mut BTreeSet<u64>) {
        match (&self.content, self.transaction) {
            (Content::Run(run, ..), _) => super::note_run(begun, run),
            (Content::Records(_), Some(transaction)) => super::note(begun, transaction, self.goes_on),
            (Content::Records(_), None) => {}
        }
    }

    /// Says that the source transaction goes on behind this change.
    fn go_on(&mut self) {
        if self.goes_on {
            return;
        }
        match &mut self.content {
            Content::Run(run, ..) => run.go_on(),
            Content::Records(records) => {
                let Some((meta, body)) = records.last_mut() else { return };
                body.pop();
                body.extend(MORE);
                (meta.body_len, meta.total_bytes) = (body.len() as u64, body.len() as u64);
            }
        }
        self.goes_on = true;
    }
}

/// Cuts a run so that each part fits a packet.
pub(super) fn within_packets(run: RowRun, most: &BatchConfig) -> Vec<RowRun> {
    let by_weight = u32::try_from(rows_by_weight(run.head())).unwrap_or(RECORDS_MAX);
    let rows = most.max_records.saturating_mul(ROWS_A_RECORD).min(RECORDS_MAX).min(by_weight);
    let bytes = most.max_bytes.saturating_sub(BESIDE_LINES).clamp(1, RUN_BYTES);
    run.cut(rows, bytes)
}

fn record_of(run: &RowRun, at_ms: i64) -> (RecordMeta, Body) {
    let body = Body::from(run.body());
    let of_file = RecordMeta::file(run.key_text(), run.table().clone(), at_ms, body.bytes());
    (RecordMeta { kind: RecordKind::Run, part_count: run.rows(), ..of_file }, body)
}

/// The content of a packet in the making.
#[derive(Default)]
struct Parcel {
    pieces: Vec<Piece>,
    records: u64,
    bytes: u64,
    weight: u64,
}

impl Parcel {
    /// Tells whether more fits; into an empty parcel one piece always does.
    fn takes(&self, pieces: &[Piece], most: &BatchConfig) -> bool {
        let records: u64 = pieces.iter().map(Piece::records).sum();
        let bytes: u64 = pieces.iter().map(Piece::bytes).sum();
        let weight: u64 = pieces.iter().map(Piece::weight).sum();
        let fits = self.records + records <= u64::from(most.max_records)
            && self.bytes + bytes <= most.max_bytes
            && self.weight + weight <= PACKET_WEIGHT_MAX;
        fits || (self.pieces.is_empty() && pieces.len() == 1)
    }

    fn push(&mut self, piece: Piece) {
        self.records += piece.records();
        self.bytes += piece.bytes();
        self.weight += piece.weight();
        self.pieces.push(piece);
    }

    fn go_on(&mut self) {
        if let Some(piece) = self.pieces.iter_mut().rev().find(|piece| piece.is_row()) {
            piece.go_on();
        }
    }
}

/// Leaves the last row of a transaction that goes on behind this read for the next one, so that there is a row for the end of the transaction to stand
/// in: entries that are still to come may be of rows that cannot travel or need not. The row before it says that the transaction goes on. A row that `is_alone`
/// in its read goes as it is.
pub(super) fn without_open_end(mut pieces: Vec<Piece>, is_alone: bool) -> Vec<Piece> {
    let last = pieces.iter().rposition(Piece::is_row).filter(|at| pieces.get(*at).is_some_and(|piece| piece.goes_on));
    if let Some(at) = last.filter(|_| !is_alone) {
        let transaction = pieces.remove(at).transaction;
        let before = pieces.iter_mut().rev().find(|piece| piece.is_row());
        before.into_iter().filter(|piece| piece.transaction == transaction).for_each(Piece::go_on);
    }
    pieces
}

/// Deals pieces out to packets.
pub(super) fn parcels(pieces: Vec<Piece>, most: &BatchConfig) -> Vec<Vec<Piece>> {
    let (mut closed, mut open) = (Vec::new(), Parcel::default());
    let mut close = |open: &mut Parcel| {
        let pieces = std::mem::take(open).pieces;
        if !pieces.is_empty() {
            closed.push(pieces);
        }
    };
    for mut group in transactions(pieces) {
        if !open.takes(&group, most) {
            close(&mut open);
        }
        let whole = open.takes(&group, most);
        // Within a cut transaction tombstones come last, so that the change before a cut can say that more rows follow.
        if !whole {
            group.sort_by_key(|piece| !piece.is_row());
        }
        for piece in group {
            if !whole && !open.takes(std::slice::from_ref(&piece), most) {
                if piece.is_row() {
                    open.go_on();
                }
                close(&mut open);
            }
            open.push(piece);
        }
    }
    close(&mut open);
    closed
}

/// Puts the pieces of one transaction together that follow one another; what names none is alone, or goes with the transaction around it.
fn transactions(pieces: Vec<Piece>) -> Vec<Vec<Piece>> {
    let mut groups: Vec<(Option<u64>, Vec<Piece>)> = Vec::new();
    for piece in pieces {
        match groups.last_mut() {
            Some((Some(open), group)) if piece.transaction == Some(*open) || !piece.is_row() => group.push(piece),
            _ => groups.push((piece.transaction, vec![piece])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::tables::run::RUN_WEIGHT_MAX;
    use crate::connectors::tables::{Op, RunHead, VALUE_MAX, Value};
    use std::sync::Arc;

    fn change(id: u64, transaction: Option<u64>, bytes: usize) -> RowChange {
        let key = vec![("id".into(), Value::Text(id.to_string()))];
        let row = [key.clone(), vec![("v".into(), Value::Text("x".repeat(bytes)))]].concat();
        RowChange { table: "t".to_string(), op: Op::Insert, key, row, changed: Vec::new(), transaction, goes_on: false }
    }

    fn entry(id: u64) -> EntryId {
        EntryId { id: id as i64, at_ms: 0 }
    }

    fn piece(id: u64, transaction: Option<u64>) -> Piece {
        Piece::of_change(&change(id, transaction, 10), 0, Some(entry(id)))
    }

    fn tombstone(id: u64) -> Piece {
        let key = vec![("id".into(), Value::Text(id.to_string()))];
        Piece::of_unfit("t".to_string(), &key, 0, Some(entry(id)), "date-out-of-range", None, None)
    }

    fn most(max_records: u32) -> BatchConfig {
        BatchConfig { max_bytes: 1 << 20, max_records, linger_ms: 0 }
    }

    /// The keys of each packet, `+` behind those that say that their transaction goes on.
    fn dealt(pieces: Vec<Piece>, max_records: u32) -> Vec<String> {
        let shown = |piece: &Piece| {
            let Content::Records(records) = &piece.content else { return run_shown(piece) };
            let (meta, body) = records.last().unwrap();
            assert_eq!((meta.body_len, piece.goes_on), (body.len() as u64, body.ends_with(MORE)));
            format!("{}{}", meta.key, if piece.goes_on { "+" } else { "" })
        };
        let parcels = parcels(pieces, &most(max_records));
        parcels.iter().map(|pieces| pieces.iter().map(shown).collect::<Vec<_>>().join(" ")).collect()
    }

    /// A run of transactions with how many rows each, the last of which is of that id.
    fn runs(last: usize, transactions: &[(u64, u32)], goes_on: bool, most: &BatchConfig) -> Vec<Piece> {
        let rows: u32 = transactions.iter().map(|(_, rows)| rows).sum();
        let ids: Vec<usize> = (last + 1 - rows as usize..=last).collect();
        let lines: String = ids.iter().map(|id| format!("{id}\n")).collect();
        let head =
            RunHead { op: Op::Insert, columns: vec!["id".into()], key: vec!["id".into()], bytes: vec![], changed: vec![] };
        let run =
            RowRun::of_lines("t".to_string(), Arc::new(head), transactions.to_vec(), goes_on, lines.into_bytes()).unwrap();
        let entries: Vec<EntryId> = ids.iter().map(|id| entry(*id as u64)).collect();
        Piece::of_runs(run, &entries, most)
    }

    fn run_shown(piece: &Piece) -> String {
        let Content::Run(run, _, bytes) = &piece.content else { unreachable!("it is a run") };
        let (meta, body) = record_of(run, 7);
        assert!(meta.encoded_len() + body.bytes() <= *bytes);
        let again = RowRun::parse("t", &body.pieces().concat().into(), meta.part_count).unwrap();
        assert_eq!((&again, piece.goes_on), (&**run, again.goes_on()));
        let entries: u64 = piece.entries.iter().map(EntryRange::count).sum();
        assert_eq!(entries, u64::from(run.rows()));
        format!("{}*{}", run.rows(), if piece.goes_on { "+" } else { "" })
    }

    #[test]
    fn rows_of_a_run_count_less_and_are_cut_as_single_ones_are() {
        let one = most(1);
        assert_eq!(dealt(runs(40, &[(1, 10), (2, 10), (3, 20)], false, &one), 1), ["10*", "10*", "16*+", "4*"]);
        let two = most(2);
        assert_eq!(dealt(runs(40, &[(1, 10), (2, 10), (3, 20)], false, &two), 2), ["20*", "20*"]);
        let mut mixed = vec![piece(1, Some(1))];
        mixed.extend(runs(20, &[(1, 19)], false, &two));
        mixed.extend(runs(50, &[(2, 30)], true, &two));
        mixed.push(piece(51, Some(2)));
        assert_eq!(dealt(mixed, 2), ["1+", "19*", "30*+", "51"]);
    }

    #[test]
    fn runs_of_many_short_values_are_cut_and_spread_over_packets() {
        let columns: Vec<crate::connectors::tables::Name> = (0..64).map(|at| format!("c{at}").as_str().into()).collect();
        let head = RunHead { op: Op::Stock, key: columns[..1].to_vec(), columns, bytes: vec![], changed: vec![] };
        let lines: String = (0..50_000).map(|id| format!("{id}{}\n", "\t".repeat(63))).collect();
        let most = BatchConfig { max_bytes: 32 << 20, max_records: 65_536, linger_ms: 0 };
        let run = RowRun::of_lines("t".to_string(), Arc::new(head), vec![], false, lines.into_bytes()).unwrap();
        let pieces = Piece::of_runs(run, &[], &most);
        assert!(pieces.iter().all(|piece| piece.weight() <= RUN_WEIGHT_MAX));
        let parcels = parcels(pieces, &most);
        let weights: Vec<u64> = parcels.iter().map(|pieces| pieces.iter().map(Piece::weight).sum()).collect();
        assert_eq!(weights.iter().sum::<u64>(), 50_000 * 72);
        assert!(weights.len() > 1 && weights.iter().all(|weight| *weight <= PACKET_WEIGHT_MAX), "{weights:?}");
    }

    #[test]
    fn the_store_keeps_which_entries_a_run_took() {
        let mut piece = runs(40, &[(1, 20)], false, &most(9)).remove(0);
        piece.entries.push(EntryRange::of(entry(99)));
        let ranges = piece.entries.clone();
        let screened: Vec<Screened> = piece.screened().collect();
        let row = &screened[0].row;
        assert_eq!((screened.len(), row.kind, row.rows, row.key.as_str()), (1, RecordKind::Run, 20, "40"));
        assert_eq!(row.source.and_then(|source| source.outbox_entry()), Some(entry(21)));
        assert_eq!(row.target.as_deref().and_then(EntryRange::read), Some(ranges));
    }

    #[test]
    fn transactions_stay_whole_as_long_as_they_fit_a_packet() {
        let pieces = |of: &[(u64, u64)]| of.iter().map(|(id, transaction)| piece(*id, Some(*transaction))).collect();
        assert_eq!(dealt(pieces(&[(1, 1), (2, 1), (3, 2), (4, 2), (5, 3)]), 3), ["1 2", "3 4 5"]);
        assert_eq!(dealt(pieces(&[(1, 1), (2, 1), (3, 1), (4, 2)]), 3), ["1 2 3", "4"]);
        let alone = (1..=5).map(|id| piece(id, None)).collect();
        assert_eq!(dealt(alone, 3), ["1 2 3", "4 5"]);
    }

    #[test]
    fn a_transaction_longer_than_a_packet_is_cut_and_says_that_it_goes_on() {
        let pieces = [(1, 1), (2, 2), (3, 2), (4, 2), (5, 2), (6, 2), (7, 3)];
        let pieces = pieces.iter().map(|(id, transaction)| piece(*id, Some(*transaction))).collect();
        assert_eq!(dealt(pieces, 2), ["1", "2 3+", "4 5+", "6 7"]);
    }

    #[test]
    fn the_last_row_of_a_transaction_that_goes_on_waits_for_its_end() {
        let open = |id| Piece::of_change(&RowChange { goes_on: true, ..change(id, Some(1), 10) }, 0, Some(entry(id)));
        let first = vec![open(1), open(2), tombstone(3), open(4)];
        assert_eq!(dealt(without_open_end(first, false), 9), ["1+ 2+ 3"], "4 is read again, whatever becomes of 5");
        let last_alone_says_so = vec![piece(1, Some(1)), piece(2, Some(1)), open(3)];
        assert_eq!(dealt(without_open_end(last_alone_says_so, false), 9), ["1 2+"], "the row before it says so in its place");
        assert_eq!(dealt(without_open_end(vec![piece(4, Some(1)), tombstone(5)], false), 9), ["4 5"]);
        assert_eq!(dealt(without_open_end(vec![tombstone(3), open(4)], false), 9), ["3"]);
        assert_eq!(dealt(without_open_end(vec![open(4)], true), 9), ["4+"], "a row as large as a read goes on alone");
        assert!(without_open_end(vec![open(4)], false).is_empty(), "what was read beside it need not go");
        assert_eq!(dealt(without_open_end(vec![piece(1, None), piece(2, Some(1))], false), 9), ["1 2"]);
        assert_eq!(
            dealt(without_open_end(vec![piece(1, None), open(2)], false), 9),
            ["1"],
            "a row of another transaction does not"
        );
    }

    #[test]
    fn tombstones_go_with_the_transaction_around_them_and_behind_it_where_it_is_cut() {
        let pieces = vec![piece(1, Some(1)), tombstone(2), piece(3, Some(1)), piece(4, Some(1))];
        assert_eq!(dealt(pieces, 2), ["1 3+", "4 2"]);
        let pieces = vec![piece(1, Some(1)), tombstone(2), piece(3, Some(1)), piece(4, Some(2))];
        assert_eq!(dealt(pieces, 3), ["1 2 3", "4"]);
    }

    #[test]
    fn what_a_packet_cannot_hold_becomes_a_tombstone_with_its_column_and_size() {
        let too_large = Piece::of_change(&change(1, None, VALUE_MAX as usize + 1), 0, Some(entry(1)));
        let refused = too_large.refused.unwrap();
        assert_eq!(
            (refused.code.as_str(), refused.column.as_deref(), refused.bytes),
            ("value-too-large", Some("v"), VALUE_MAX + 1)
        );
        let fits = Piece::of_change(&change(1, None, VALUE_MAX as usize), 0, Some(entry(1)));
        assert_eq!((fits.refused.is_some(), fits.records()), (false, 2));
        let mut wide = change(1, None, VALUE_MAX as usize);
        wide.row.push(("w".into(), Value::Text("y".repeat(VALUE_MAX as usize))));
        assert_eq!(Piece::of_change(&wide, 0, Some(entry(1))).refused.unwrap().code, "row-too-large");
    }
}
