//! What every source and every sink of tables keeps, whichever database it is: one suite, run over real servers.
//!
//! A connector has a [`Bench`] and one line in its tests: `table_contract!(bench)`, where `bench()` makes a fresh pair of databases.

mod careless_changes;
mod in_runs;
mod marks;
mod order;
mod refusals;
mod restructure;
mod stock;
mod straddling;
mod values;

use super::describe::Describer;
use super::restructure::Restructurer;
use super::{
    Cells, Entry, EntryId, Mark, Offered, Op, ReadLimits, RowChange, RowPacket, TableFault, TableSink, TableSource, Value,
};
use crate::schema::plan::Dialect;
use dukou_packets::packet::header::{ChannelName, Epoch};
use dukou_packets::suite::Digest;
use std::collections::BTreeSet;

/// Makes one test of each promise.
macro_rules! table_contract {
    ($bench:path) => {
        $crate::connectors::tables::contract_tests::table_contract! { $bench:
            order { changes_are_read_in_order_and_only_their_deletion_takes_them_out, an_entry_that_has_the_id_of_a_deleted_one_stays, what_was_rolled_back_leaves_nothing,
                a_late_commit_is_read_when_it_is_there_and_holds_up_no_other, interleaved_transactions_keep_parents_before_children,
                a_transaction_above_the_limit_says_that_it_goes_on, a_transaction_within_the_limit_is_not_cut, a_changed_key_is_a_delete_and_an_insert,
                an_update_names_what_it_changed_and_one_that_changes_nothing_is_silent, random_transactions_end_in_equal_tables,
                emptying_a_table_is_never_silent }
            values { every_type_crosses_at_its_edges, dates_are_the_same_whatever_zone_the_server_has, null_and_empty_text_are_two_things,
                rare_characters_cross_unchanged, a_value_of_16_mib_crosses_and_one_byte_more_is_named }
            marks { a_packet_applied_twice_or_below_the_mark_changes_nothing, another_epoch_is_applied_and_channels_are_apart,
                a_packet_passed_over_moves_the_mark_alone, a_delete_of_what_is_gone_changes_nothing, what_stands_there_already_is_overwritten,
                a_fault_leaves_mark_and_rows_as_they_were, a_mark_that_somebody_else_moved_is_told_before_anything_is_changed }
            refusals { a_second_row_under_a_unique_value_is_told, a_child_without_its_parent_is_told, null_where_none_may_be_is_told,
                a_value_too_wide_is_told_before_the_database_sees_it,
                a_table_that_was_made_narrower_beside_the_station_cuts_nothing, a_column_that_is_not_there_is_told, dead_letters_let_the_others_flow, entries_that_cannot_travel_are_kept_beside_the_outbox,
                tables_that_are_not_there_are_named_by_the_check, a_table_that_is_not_the_channels_is_never_written,
                a_key_that_is_not_the_tables_key_deletes_nothing, a_row_with_another_key_than_its_change_is_told }
            straddling { a_transaction_over_three_packets_is_seen_whole_or_not_at_all,
                the_parts_of_a_transaction_wait_for_its_own_end_whatever_comes_between, no_reader_sees_a_child_without_its_parent,
                what_waits_for_an_end_that_never_comes_is_applied_once_packets_are_missing,
                what_waits_makes_no_later_packet_dearer }
            stock { chunks_give_every_row_once_by_rising_key, a_change_behind_a_chunk_stands_behind_its_marker, a_change_under_way_is_not_overtaken,
                the_stock_pushed_twice_changes_nothing, a_filter_and_a_key_of_two_columns_are_kept }
            restructure { a_change_is_made_once_and_its_place_divides_the_rows, what_a_change_writes_into_a_dictionary_leaves_by_no_outbox,
                rows_of_eight_writers_stand_on_the_side_of_their_version, a_mark_goes_to_its_marker_from_right_before_it,
                rehearsing_a_change_leaves_no_trace, values_that_do_not_fit_are_never_cut, what_a_step_requires_is_asked,
                a_step_that_the_database_refuses_leaves_the_old_structure_or_is_named, a_dictionary_row_in_conflict_is_refused,
                a_table_that_somebody_writes_is_waited_for_and_left_as_it_is, what_the_application_has_on_a_table_stays,
                both_ends_of_one_database_change_by_themselves, uninstalling_takes_the_table_of_changes_away }
            careless_changes { a_rename_to_a_name_that_is_taken_leaves_both_columns, a_column_that_is_not_what_is_believed_is_not_converted,
                a_dictionary_row_of_the_bureaus_own_is_not_written_over, a_new_table_that_is_there_in_another_shape_is_told,
                a_dictionary_of_many_rows_is_written, what_stands_on_a_dropped_column_does_not_go_in_silence,
                words_that_differ_in_letters_case_alone_are_written, a_condition_on_a_column_that_is_widened_stays, a_check_that_writes_is_refused }
        }
    };
    ($bench:path: $($module:ident { $($name:ident),* })*) => {
        $($(
            #[test]
            fn $name() {
                $crate::connectors::tables::contract_tests::$name(&mut $bench());
            }
        )*)*
    };
}
pub(super) use table_contract;

pub(super) use careless_changes::*;
pub(super) use in_runs::InRuns;
pub(super) use marks::*;
pub(super) use order::*;
pub(super) use refusals::*;
pub(super) use restructure::*;
pub(super) use stock::*;
pub(super) use straddling::*;
pub(super) use values::*;

/// Which of the two databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Where rows come from.
    Source,
    /// Where they go to.
    Sink,
}

/// The types that the suite makes columns of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    /// 64 bits.
    Integer,
    /// `numeric(38,16)`, exactly.
    Decimal,
    /// Double precision.
    Double,
    /// `true`, `false`.
    Boolean,
    /// At most so many characters.
    Characters(u32),
    /// Without a bound, at least 16 MiB.
    Text,
    /// Bytes, at least 16 MiB.
    Bytes,
    /// A day.
    Date,
    /// Date and time to the microsecond, without a zone.
    DateTime,
    /// An instant.
    Instant,
    /// A time of day to the microsecond.
    Time,
}

/// A pair of databases of one kind, and what of SQL differs between the kinds.
pub(super) trait Bench {
    /// How a table of this name is called in SQL and in the configuration: `public.zd`, `zd`.
    fn table(&self, name: &str) -> String;
    /// The SQL of a column's type that holds every value of it exactly; `None` where the database has none, and the suite leaves it out.
    fn column(&self, of: Type) -> Option<String>;
    /// Writes a value as SQL.
    fn literal(&self, of: Type, value: &Value) -> String;
    /// The portable text in which the source gives a value, where the column's type cannot say it as the others do (bool as `1`).
    fn portable(&self, _of: Type, value: &Value) -> Value {
        value.clone()
    }
    /// Opens a connection of an application.
    fn session(&self, end: End) -> Box<dyn Session>;
    /// Makes outbox and triggers for these tables (anew where they are there), and opens the source.
    fn source(&self, tables: &[String]) -> Box<dyn TableSource>;
    /// Opens the sink for these tables; `dead_letters` as `on_refused = "dead-letter"`.
    fn sink(&self, tables: &[String], dead_letters: bool) -> Box<dyn TableSink>;
    /// Makes what changes the structure of a database.
    fn restructurer(&self, end: End) -> Box<dyn Restructurer>;
    /// Says which kind of database it is, and makes what describes it.
    fn describer(&self, end: End) -> (Dialect, Box<dyn Describer>);
    /// Takes away what was installed for these tables.
    fn uninstall(&self, tables: &[String]);
    /// How many dead letters the sink has.
    fn refused(&self) -> usize;
    /// The table beside the channel's outbox with the entries that could not travel.
    fn set_aside(&self) -> String {
        "dukou_aside_cadastre_units".to_owned()
    }
    /// Whether two transactions can write at the same time.
    fn interleaves(&self) -> bool;
    /// Whether changes tell their transaction.
    fn tells_transactions(&self) -> bool;
    /// Sets the zone that new sessions of both databases have by default, where the database has one.
    fn set_zone(&self, zone: &str);
}

/// A connection of an application: it knows nothing of the station.
pub(super) trait Session: Send {
    /// Runs statements, each by itself unless `BEGIN` stands among them.
    fn run(&mut self, sql: &str);
    /// Runs statements that may be refused; tells whether they were not.
    fn attempt(&mut self, sql: &str) -> bool;
    /// Gives rows as the database's own text.
    fn rows(&mut self, sql: &str) -> Vec<Vec<Option<String>>>;
    /// Gives one number.
    fn number(&mut self, sql: &str) -> i64 {
        let rows = self.rows(sql);
        rows[0][0].as_deref().expect("a number").parse().expect("a number")
    }
}

/// Limits that no test reaches unless it wants to.
pub(super) const ALL: ReadLimits = ReadLimits { rows: 100_000, bytes: 1 << 30 };

/// Source and sink, and the little that the engine does between them: one read is one packet.
pub(super) struct Pair {
    pub(super) source: Box<dyn TableSource>,
    pub(super) sink: Box<dyn TableSink>,
    pub(super) seq: u64,
}

impl Pair {
    /// Opens both over the tables; packets go on behind the mark that is there.
    pub(super) fn of(bench: &dyn Bench, tables: &[String]) -> Self {
        let (source, mut sink) = (bench.source(tables), bench.sink(tables, false));
        let seq = sink.mark(&channel()).expect("a mark").map_or(0, |mark| mark.seq);
        Self { source, sink, seq }
    }

    /// Moves everything that can be read, a packet at a time; gives how many entries went.
    pub(super) fn cross(&mut self, limits: ReadLimits) -> usize {
        let mut moved = 0;
        loop {
            let offered = self.source.read(&BTreeSet::new(), limits).expect("the source reads");
            if offered.is_empty() {
                return moved;
            }
            moved += offered.len();
            self.seq += 1;
            let packet = RowPacket { mark: mark(1, self.seq), changes: changes_of(&offered) };
            patiently(|| self.sink.apply(&channel(), &packet));
            self.source.delete(&ids(&offered)).expect("the source deletes");
        }
    }
}

/// Tries again while the database is busy.
#[track_caller]
pub(super) fn patiently<T>(mut work: impl FnMut() -> Result<T, TableFault>) -> T {
    for _ in 0..50 {
        match work() {
            Err(TableFault::Busy { .. }) => {}
            other => return other.expect("the database does it"),
        }
    }
    panic!("the database stays busy")
}

/// The channel of the suite.
pub(super) fn channel() -> ChannelName {
    "cadastre-units".parse().expect("a name")
}

/// A mark of an epoch.
pub(super) fn mark(epoch: u32, seq: u64) -> Mark {
    Mark {
        epoch: Epoch { counter: epoch, salt: [7; 8] },
        seq,
        header: Digest::from_bytes([u8::try_from(seq % 251).expect("small"); 32]),
    }
}

/// A text value.
pub(super) fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

/// Cells of text values.
pub(super) fn cells(pairs: &[(&str, &str)]) -> Cells {
    pairs.iter().map(|(column, value)| ((*column).into(), text(value))).collect()
}

/// A change whose key is the first column of its row.
pub(super) fn change(op: Op, table: &str, row: &[(&str, &str)]) -> RowChange {
    let row = cells(row);
    let key = row[..1].to_vec();
    let row = if op == Op::Delete { Vec::new() } else { row };
    RowChange { table: table.to_owned(), op, key, row, changed: Vec::new(), transaction: None, goes_on: false }
}

/// A packet of changes.
pub(super) fn packet(seq: u64, changes: &[RowChange]) -> RowPacket {
    RowPacket { mark: mark(1, seq), changes: changes.to_vec() }
}

/// The changes among entries.
pub(super) fn changes_of(offered: &[Offered]) -> Vec<RowChange> {
    offered.iter().flat_map(Offered::changes).map(|(_, change)| change).collect()
}

/// Which entries they are.
pub(super) fn ids(offered: &[Offered]) -> Vec<EntryId> {
    offered.iter().flat_map(Offered::entries).collect()
}

/// What was done to which key, as `insert 1`.
pub(super) fn told(offered: &[Offered]) -> Vec<String> {
    changes_of(offered).iter().map(|change| format!("{:?} {}", change.op, change.key_text()).to_lowercase()).collect()
}

/// Makes parent `zd(dm, mj)` and child `h(id, zd, bz)` in a database, the child with its foreign key; gives their names.
pub(super) fn family(bench: &dyn Bench, ends: &[End]) -> Vec<String> {
    let tables = vec![bench.table("zd"), bench.table("h")];
    let [parent, child] = [&tables[0], &tables[1]];
    let (integer, name) = (bench.column(Type::Integer).expect("a type"), bench.column(Type::Characters(20)).expect("a type"));
    for end in ends {
        let mut session = bench.session(*end);
        session.run(&format!("CREATE TABLE {parent} (dm {name} NOT NULL PRIMARY KEY, mj {integer})"));
        session.run(&format!(
            "CREATE TABLE {child} (id {integer} NOT NULL PRIMARY KEY, zd {name} NOT NULL, bz {name}, FOREIGN KEY (zd) REFERENCES {parent} (dm))"
        ));
    }
    tables
}

/// Both ends.
pub(super) const BOTH: [End; 2] = [End::Source, End::Sink];

/// Asserts that a query gives the same rows at both ends.
#[track_caller]
pub(super) fn assert_equal_ends(bench: &dyn Bench, sql: &str) {
    let (here, there) = (bench.session(End::Source).rows(sql), bench.session(End::Sink).rows(sql));
    assert!(here == there, "{sql}: {} rows here, {} there\n{here:.200?}\n{there:.200?}", here.len(), there.len());
}
