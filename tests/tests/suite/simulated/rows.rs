//! Rows from one database to another: order, transactions, refusals, absence, marks, the stock push.

use super::restored::{card, epoch_new};
use super::way_back::answered;
use dukou_packets::suite::Digest;
use dukou_shared::connectors::tables::simulated::{SimFault, UNFIT};
use dukou_shared::connectors::tables::{Mark, TableFault};
use dukou_shared::engine::Standing;
use dukou_shared::requests::{Answer, Request};
use dukou_shared::station::LinkConfig;
use dukou_shared::store::{Change, Direction, PacketKey, Store};
use dukou_tests::simulated::office::{
    Office, RIGHT, ROWS, UNIT, compare, put_unfit, put_unit, rows_channel, sink, source, world_with_rows,
};
use dukou_tests::simulated::station::name;
use dukou_tests::simulated::world::FILES;
use dukou_tests::simulated::{Weather, World, verdict};
use std::collections::BTreeMap;

/// Lets rests of databases pass, however long they grew.
fn rest(world: &mut World) {
    for _ in 0..70 {
        world.round(&Weather::FAIR).unwrap();
    }
}

fn hold_of(world: &World) -> Option<(String, u64)> {
    let state = world.inner.store.clone().load().unwrap();
    state.holds.get(&rows_channel()).map(|hold| (hold.code.clone(), hold.seq))
}

fn release(world: &mut World) -> Answer {
    world.inner.perform(&Request::Release { channel: rows_channel(), operator: "tester".to_string() }).unwrap()
}

fn replay(world: &mut World, from: u64) -> Answer {
    let [operator, name, reason] = ["tester", "王工", "恢复"].map(str::to_string);
    world.inner.perform(&Request::Replay { channel: rows_channel(), from, operator, name, reason }).unwrap()
}

fn push(world: &mut World, table: Option<&str>, filter: Option<&str>) -> Answer {
    let [table, filter] = [table, filter].map(|text| text.map(str::to_string));
    world.outer.perform(&Request::Push { channel: rows_channel(), table, filter, operator: "tester".to_string() }).unwrap()
}

/// What the log, the troubles and the ferry files of both stations say, as one text.
fn said(world: &World) -> String {
    let stations = [&world.outer, &world.inner];
    stations.iter().map(|station| format!("{:?}", station.log())).collect()
}

#[test]
fn rows_cross_in_order_and_leave_the_outbox_empty() {
    let mut world = world_with_rows(1);
    let mut office = Office::new(&source(&world), 1);
    for _ in 0..5 {
        office.work(40);
        world.drop_mixture("A");
        world.round(&Weather::FAIR).unwrap();
    }
    office.close();
    world.settle_and_compare().unwrap();
    assert!(!sink(&world).rows().is_empty());
    let said = said(&world);
    assert!(!said.contains("U0001") && !said.contains("呼和浩特"), "a key or a value stands in a log");
}

#[test]
fn random_transactions_end_alike_on_both_sides_whatever_the_weather() {
    for seed in 0..12 {
        let mut world = world_with_rows(seed);
        let mut office = Office::new(&source(&world), seed);
        for round in 0..25 {
            office.work(12);
            if round % 7 == 3 {
                office.forget();
            }
            world.round(if seed % 2 == 0 { &Weather::FOUL } else { &Weather::ROUGH }).unwrap();
        }
        office.close();
        world.heal().and_then(|()| verdict::check(&mut world)).and_then(|()| compare(&world)).unwrap_or_else(|broken| {
            panic!("seed {seed}: {broken}");
        });
    }
}

#[test]
fn a_transaction_that_is_committed_late_is_sent_behind_what_was_seen_before() {
    let mut world = world_with_rows(3);
    let database = source(&world);
    let long = database.begin();
    long.put(UNIT, &[("id", "A")], &[("area", "1")]);
    put_unit(&database, "B", "1");
    world.settle().unwrap();
    assert_eq!(sink(&world).rows()[UNIT].len(), 1);
    long.put(RIGHT, &[("id", "A-1")], &[("unit", "A")]);
    long.commit();
    put_unit(&database, "A", "2");
    world.settle_and_compare().unwrap();
}

#[test]
fn a_transaction_longer_than_packets_and_reads_is_applied_in_one_go() {
    for rows in [4, 10, 60, 130] {
        let mut world = world_with_rows(4);
        let database = source(&world);
        let long = database.begin();
        for index in 0..rows {
            long.put(UNIT, &[("id", &format!("A{index:03}"))], &[("area", "1")]);
        }
        long.commit();
        put_unit(&database, "Z", "1");
        world.outer.step().unwrap();
        world.inward.take(&world.outer);
        let last = *world.inward.cargo(ROWS).keys().max().unwrap();
        assert!(last > rows / 3, "{rows} rows went in {last} packets");
        for (seq, bytes) in world.inward.cargo(ROWS) {
            world.inner.files.put(world.inner.station.ferry_in().join(format!("t{seq}.dkp")), &bytes);
            world.inner.step().unwrap();
            let seen = sink(&world).rows().get(UNIT).map_or(0, |rows| rows.len() as u64);
            assert!(seen == 0 || seen >= rows, "{seen} of {rows} rows were seen after packet {seq}");
        }
        world.settle_and_compare().unwrap();
    }
}

#[test]
fn a_transaction_whose_rest_cannot_travel_ends_with_its_last_row_that_can() {
    for rows in [1, 2, 3, 47, 48, 49, 50, 95, 96, 97, 130] {
        for unfit in [1, 5, 60] {
            let mut world = world_with_rows(6);
            let database = source(&world);
            let long = database.begin();
            (0..rows).for_each(|row| long.put(UNIT, &[("id", &format!("A{row:03}"))], &[("area", "1")]));
            (0..unfit).for_each(|row| long.put(UNIT, &[("id", &format!("B{row:03}"))], &[("area", UNFIT)]));
            long.commit();
            world.settle().unwrap();
            let seen = sink(&world).rows().get(UNIT).map_or(0, BTreeMap::len);
            assert_eq!((seen, sink(&world).pending()), (rows, 0), "{rows} rows before {unfit} that cannot travel");
            (0..unfit).for_each(|row| put_unit(&database, &format!("B{row:03}"), "2"));
            world.settle_and_compare().unwrap();
        }
    }
}

#[test]
fn a_transaction_that_has_begun_to_go_ends_though_a_push_is_ordered_that_would_bring_its_rows() {
    let mut world = world_with_rows(7);
    let database = source(&world);
    put_unit(&database, "A", "1");
    world.settle_and_compare().unwrap();
    let long = database.begin();
    (0..300).for_each(|row| long.put(RIGHT, &[("id", &format!("A-{row:03}"))], &[("unit", "A")]));
    long.commit();
    // The database goes away behind the deletion of what was read first; what was read ahead then went, too.
    database.fail_at(4, SimFault::Refused(TableFault::Away { place: "p".to_string(), words: "w".to_string() }));
    world.outer.step().unwrap();
    assert!((1..300).contains(&database.waiting()), "{} entries wait: a part of the transaction went", database.waiting());
    assert_eq!(push(&mut world, None, None).exit, 0);
    world.settle_and_compare().unwrap();
}

#[test]
fn a_transaction_of_which_a_part_is_sealed_anew_goes_to_its_end_though_the_new_epoch_pushes_the_stock() {
    let mut world = world_with_rows(9);
    let database = source(&world);
    ["A", "B"].into_iter().for_each(|unit| put_unit(&database, unit, "1"));
    world.settle_and_compare().unwrap();
    let long = database.begin();
    long.delete(UNIT, &[("id", "B")]);
    (0..300).for_each(|row| long.put(RIGHT, &[("id", &format!("A-{row:03}"))], &[("unit", "A")]));
    long.commit();
    database.fail_at(4, SimFault::Refused(TableFault::Away { place: "p".to_string(), words: "w".to_string() }));
    world.outer.step().unwrap();
    assert!(
        (1..=300).contains(&database.waiting()),
        "{} of 301 entries wait: a part of the transaction went",
        database.waiting()
    );
    // The part is lost, and the receiver's report does not know of it.
    world.inward.take(&world.outer);
    world.inward.deliver_some(&world.inner, |_| false);
    let report = card(&mut world.inner);
    assert_eq!(world.outer.perform(&epoch_new(report)).unwrap().exit, 0);
    world.settle_and_compare().unwrap();
    assert_eq!(sink(&world).pending(), 0);
}

#[test]
fn what_a_first_push_will_bring_is_left_to_it_though_its_transaction_is_longer_than_a_read() {
    let mut world = world_with_rows(8);
    let database = source(&world);
    (0..200).for_each(|unit| put_unit(&database, &format!("U{unit:03}"), "1"));
    database.forget_outbox();
    assert_eq!(push(&mut world, None, None).exit, 0);
    // The rights refer to a unit that a later chunk brings.
    let long = database.begin();
    long.put(UNIT, &[("id", "A")], &[("area", "1")]);
    (0..300).for_each(|row| long.put(RIGHT, &[("id", &format!("A-{row:03}"))], &[("unit", "U199")]));
    long.commit();
    world.settle_and_compare().unwrap();
}

#[test]
fn a_row_that_cannot_travel_is_set_aside_and_told_and_the_others_flow() {
    let mut world = world_with_rows(5);
    let database = source(&world);
    put_unit(&database, "A", "1");
    put_unfit(&database, "B");
    put_unit(&database, "C", "1");
    let report = world.outer.step().unwrap();
    assert_eq!((report.accepted, report.rejected), (2, 1));
    let trouble = report.troubles.iter().find(|trouble| trouble.code == "row-unfit").unwrap();
    assert!(trouble.zh.contains('B') && trouble.zh.contains("area") && !trouble.journal.contains("（键"), "{trouble:?}");
    world.settle().unwrap();
    assert_eq!(database.set_aside(), [("B".to_string(), "date-out-of-range".to_string())]);
    assert_eq!((database.waiting(), sink(&world).rows()[UNIT].len()), (0, 2));
    let sums = world.outer.store.clone().sums(Direction::Out, &rows_channel()).unwrap();
    assert_eq!((sums.files, sums.refused_by_code.get("date-out-of-range")), (2, Some(&1)));
    put_unit(&database, "B", "2");
    world.settle_and_compare().unwrap();
}

#[test]
fn a_source_that_is_away_rests_longer_and_longer_and_holds_up_no_other_channel() {
    let mut world = world_with_rows(6);
    let database = source(&world);
    let away = || TableFault::Away { place: "simulated".to_string(), words: "refused".to_string() };
    put_unit(&database, "A", "1");
    (1..=5).for_each(|call| database.fail_at(call, SimFault::Refused(away())));
    world.outer_supplier.drop_file(&world.outer, FILES, "a.bin");
    let first = world.outer.step().unwrap();
    assert_eq!((first.packets_out, first.troubles.iter().filter(|trouble| trouble.code == "database-away").count()), (1, 1));
    let mut calls = Vec::new();
    for _ in 0..40 {
        world.outer.clock.advance(1000);
        let before = database.calls();
        let report = world.outer.step().unwrap();
        calls.push(database.calls() - before);
        assert!(report.troubles.iter().all(|trouble| trouble.code == "database-away"), "{:?}", report.troubles);
    }
    let asked: Vec<usize> = calls.iter().enumerate().filter(|(_, calls)| **calls > 0).map(|(second, _)| second + 1).collect();
    assert_eq!(&asked[..4], [1, 3, 7, 15], "rests of 1, 2, 4, 8 seconds");
    world.settle_and_compare().unwrap();
}

#[test]
fn a_sink_that_is_away_keeps_its_packets_waiting_and_holds_up_no_other_channel() {
    let mut world = world_with_rows(7);
    let database = sink(&world);
    let away = || TableFault::Busy { place: "simulated".to_string(), words: "lock timeout".to_string() };
    (1..=3).for_each(|call| database.fail_at(call, SimFault::Refused(away())));
    put_unit(&source(&world), "A", "1");
    world.outer_supplier.drop_file(&world.outer, FILES, "a.bin");
    world.round(&Weather::FAIR).unwrap();
    let report = world.inner.step().unwrap();
    assert_eq!(world.inner.standing(&report), Some(Standing::TryAgain));
    assert_eq!(world.inner_consumer.names(&name(FILES)), ["a.bin"]);
    assert!(database.rows().is_empty());
    rest(&mut world);
    world.settle_and_compare().unwrap();
}

#[test]
fn a_row_that_the_sink_refuses_holds_its_channel_alone_until_its_table_is_mended() {
    let mut world = world_with_rows(8);
    let (from, to) = (source(&world), sink(&world));
    put_unit(&from, "A", "1");
    world.settle().unwrap();
    to.narrow(UNIT, "area", 3);
    put_unit(&from, "B", "geheim-4711");
    put_unit(&from, "C", "1");
    world.outer_supplier.drop_file(&world.outer, FILES, "a.bin");
    world.settle().unwrap();
    assert_eq!(hold_of(&world), Some(("row-refused".to_string(), 2)));
    assert_eq!(world.inner_consumer.names(&name(FILES)), ["a.bin"]);
    assert_eq!(to.rows()[UNIT].len(), 1, "all of the packet or nothing");
    let mut store = world.inner.store.clone();
    let status = dukou_shared::report::status(&world.inner.station, &world.inner.channels, None, &mut store).unwrap();
    let line = status.channels.iter().find(|line| line.channel == ROWS).unwrap();
    let row = line.hold.as_ref().unwrap().row.as_ref().unwrap();
    let named = (row.reason.as_deref(), row.table.as_deref(), row.key.as_deref(), row.column.as_deref());
    assert_eq!(named, (Some("too-narrow"), Some(UNIT), Some("B"), Some("area")));
    let trace = dukou_shared::report::trace(&world.inner.station, "B", &mut store).unwrap();
    assert!(trace.unopened.iter().any(|unopened| unopened.state == "held" && unopened.zh.contains("area")), "{trace:?}");
    let said = said(&world);
    assert!(!said.contains("4711") && !said.contains("area"), "{said}");
    release(&mut world);
    world.settle().unwrap();
    assert_eq!(hold_of(&world), Some(("row-refused".to_string(), 2)), "nothing was mended");
    to.widen(UNIT, "area");
    release(&mut world);
    world.settle().unwrap();
    assert_eq!(hold_of(&world), None);
    compare(&world).unwrap();
}

#[test]
fn a_column_that_the_sink_lacks_holds_the_channel_with_its_name() {
    let mut world = world_with_rows(9);
    let (from, to) = (source(&world), sink(&world));
    to.declare(UNIT, &["id"]);
    put_unit(&from, "A", "1");
    world.settle().unwrap();
    assert_eq!(hold_of(&world), Some(("row-refused".to_string(), 1)));
    let facts = world.inner.store.clone().load().unwrap().facts;
    assert!(facts["held-rows"].contains("no-such-column") && facts["held-rows"].contains("area"), "{facts:?}");
    to.declare(UNIT, &["id", "area"]);
    release(&mut world);
    world.settle().unwrap();
    compare(&world).unwrap();
    assert!(!world.inner.store.clone().load().unwrap().facts["held-rows"].contains("area"));
}

#[test]
fn a_sink_restored_to_yesterday_is_noticed_at_start_and_healed_by_a_replay() {
    let mut world = world_with_rows(10);
    let mut office = Office::new(&source(&world), 10);
    office.work(60);
    office.close();
    world.settle_and_compare().unwrap();
    let yesterday = sink(&world).copy();
    let mark = yesterday.mark_of(&rows_channel()).unwrap().seq;
    office.work(60);
    office.close();
    world.settle_and_compare().unwrap();
    world.inner.close().unwrap();
    sink(&world).put_back(&yesterday);
    office.work(20);
    office.close();
    world.settle().unwrap();
    assert_eq!(hold_of(&world), Some(("sink-behind".to_string(), 0)));
    assert_eq!(sink(&world).mark_of(&rows_channel()).unwrap().seq, mark, "nothing is applied onto the gap");
    release(&mut world);
    world.settle().unwrap();
    assert_eq!(hold_of(&world), Some(("sink-behind".to_string(), 0)), "a release alone heals nothing");
    let answer = replay(&mut world, mark + 2);
    assert_eq!(answer.exit, 2, "a replay that begins behind what the sink lacks would lose it: {}", answer.en);
    assert_eq!(sink(&world).mark_of(&rows_channel()).unwrap().seq, mark);
    let answer = replay(&mut world, mark + 1);
    assert_eq!(answer.exit, 0, "{}", answer.en);
    assert_eq!(hold_of(&world), None);
    world.settle().unwrap();
    compare(&world).unwrap();
    let answer = replay(&mut world, 1);
    assert_eq!(answer.exit, 0, "{}", answer.en);
    compare(&world).unwrap();
}

#[test]
fn a_restored_sink_whose_packets_are_past_their_keeping_goes_on_once_a_person_releases_it() {
    let mut world = world_with_rows(12);
    put_unit(&source(&world), "A", "1");
    world.settle_and_compare().unwrap();
    let yesterday = sink(&world).copy();
    let mark = yesterday.mark_of(&rows_channel()).unwrap();
    for unit in ["B", "C"] {
        put_unit(&source(&world), unit, "1");
        world.settle_and_compare().unwrap();
    }
    world.inner.close().unwrap();
    sink(&world).put_back(&yesterday);
    let gone = PacketKey { direction: Direction::In, channel: rows_channel(), epoch: mark.epoch, seq: mark.seq + 1 };
    world.inner.store.clone().commit(&[Change::Pruned(gone)]).unwrap();
    world.settle().unwrap();
    assert_eq!(hold_of(&world), Some(("sink-behind".to_string(), 0)));
    assert_eq!(replay(&mut world, mark.seq + 1).exit, 2, "its copy is gone");
    assert_eq!(release(&mut world).exit, 0);
    world.settle().unwrap();
    assert_eq!(sink(&world).mark_of(&rows_channel()).unwrap().seq, mark.seq + 1, "passed over is what is gone alone");
    assert_eq!(hold_of(&world), Some(("sink-behind".to_string(), 0)));
    let answer = replay(&mut world, mark.seq + 2);
    assert_eq!(answer.exit, 0, "{}", answer.en);
    assert_eq!(hold_of(&world), None);
    assert_eq!(push(&mut world, None, None).exit, 0);
    world.settle().unwrap();
    compare(&world).unwrap();
}

#[test]
fn a_sink_with_a_mark_that_no_packet_explains_holds_the_channel() {
    for offset in [0, 1] {
        let mut world = world_with_rows(11);
        put_unit(&source(&world), "A", "1");
        world.settle_and_compare().unwrap();
        world.inner.close().unwrap();
        let mark = sink(&world).mark_of(&rows_channel()).unwrap();
        let foreign =
            dukou_shared::connectors::tables::Mark { seq: mark.seq + offset, header: Digest::from_bytes([7; 32]), ..mark };
        sink(&world).set_mark(&rows_channel(), foreign);
        put_unit(&source(&world), "B", "1");
        world.settle().unwrap();
        assert_eq!(hold_of(&world).map(|(code, _)| code).as_deref(), Some("sink-ahead"), "offset {offset}");
        assert_eq!(sink(&world).rows()[UNIT].len(), 1);
        sink(&world).set_mark(&rows_channel(), mark);
        release(&mut world);
        world.settle().unwrap();
        compare(&world).unwrap();
    }
}

/// A world whose source has rows that no outbox ever saw.
#[test]
fn a_replay_into_a_sink_that_another_station_wrote_to_says_so_and_gives_it_nothing() {
    let mut world = world_with_rows(14);
    for unit in ["A", "B"] {
        put_unit(&source(&world), unit, "1");
        world.settle_and_compare().unwrap();
    }
    let known = sink(&world).mark_of(&rows_channel()).unwrap();
    let foreign = Mark { header: Digest::from_bytes([9; 32]), ..known };
    sink(&world).set_mark(&rows_channel(), foreign);
    let answer = replay(&mut world, 1);
    assert!(answer.exit == 2 && answer.en.contains("another station"), "{}", answer.en);
    sink(&world).set_mark(&rows_channel(), Mark { seq: known.seq + 7, ..foreign });
    let answer = replay(&mut world, 1);
    assert_eq!(answer.exit, 0, "ahead by numbers alone: what it has was not changed: {}", answer.en);
    assert_eq!(sink(&world).mark_of(&rows_channel()).unwrap().seq, known.seq + 7);
}

#[test]
fn a_source_restored_with_deletions_outstanding_loses_no_new_entry_of_the_same_id() {
    let mut world = world_with_rows(15);
    let database = source(&world);
    let yesterday = database.copy();
    put_unit(&database, "A", "1");
    let away = TableFault::Away { place: "p".to_string(), words: "w".to_string() };
    database.fail_at(2, SimFault::Refused(away));
    world.outer.step().unwrap();
    assert_eq!(database.waiting(), 1, "its packet exists, and its deletion is outstanding");
    world.outer.close().unwrap();
    database.put_back(&yesterday);
    put_unit(&database, "B", "1");
    world.settle().unwrap();
    rest(&mut world);
    let there: Vec<String> = sink(&world).rows()[UNIT].keys().map(|key| key[0].1.shown()).collect();
    assert_eq!((there, database.waiting()), (vec!["A".to_string(), "B".to_string()], 0));
}

fn with_stock(seed: u64, units: u64) -> World {
    let world = world_with_rows(seed);
    let database = source(&world);
    for index in 0..units {
        let transaction = database.begin();
        let unit = format!("S{index:03}");
        transaction.put(UNIT, &[("id", &unit)], &[("area", "1")]);
        transaction.put(RIGHT, &[("id", &format!("{unit}-1"))], &[("unit", &unit)]);
        transaction.commit();
    }
    database.forget_outbox();
    world
}

#[test]
fn the_stock_is_pushed_in_chunks_among_increments_that_win_and_twice_changes_nothing() {
    let mut world = with_stock(13, 25);
    let mut office = Office::new(&source(&world), 13);
    assert_eq!(push(&mut world, None, None).exit, 0);
    assert_eq!(push(&mut world, None, None).exit, 2, "one push at a time");
    for _ in 0..10 {
        office.work(15);
        world.round(&Weather::FAIR).unwrap();
    }
    office.close();
    rest(&mut world);
    world.settle_and_compare().unwrap();
    let before = sink(&world).rows();
    assert_eq!(push(&mut world, None, None).exit, 0);
    world.settle_and_compare().unwrap();
    assert_eq!(sink(&world).rows(), before);
}

#[test]
fn a_push_of_some_rows_brings_those_alone() {
    let mut world = with_stock(14, 9);
    assert_eq!(push(&mut world, Some("nothing"), None).exit, 2);
    assert_eq!(push(&mut world, Some(UNIT), Some("id >= 'S003' AND id <= 'S005'")).exit, 0);
    world.settle().unwrap();
    let keys: Vec<String> = sink(&world).rows()[UNIT].keys().map(|key| key[0].1.shown()).collect();
    assert_eq!(keys, ["S003", "S004", "S005"]);
    assert!(!sink(&world).rows().contains_key(RIGHT));
}

#[test]
fn a_push_hurries_the_next_look_and_no_other() {
    let mut world = with_stock(16, 4);
    world.outer.step().unwrap();
    assert_ne!(world.outer.rest_ms(), Some(0));
    push(&mut world, None, None);
    assert_eq!(world.outer.rest_ms(), Some(0));
    world.outer.step().unwrap();
    assert_ne!(world.outer.rest_ms(), Some(0));
}

#[test]
fn a_push_of_some_rows_gives_way_to_the_next_order() {
    let mut world = with_stock(16, 9);
    let words = "syntax error".to_string();
    source(&world).fail_at(1, SimFault::Refused(TableFault::Denied { place: "simulated".to_string(), words }));
    assert_eq!(push(&mut world, Some(UNIT), Some("id >= 'S004")).exit, 0);
    world.round(&Weather::FAIR).unwrap();
    assert_eq!(
        push(&mut world, Some(UNIT), Some("id <= 'S001'")).exit,
        0,
        "what the database does not understand can be corrected"
    );
    rest(&mut world);
    world.settle().unwrap();
    let keys: Vec<String> = sink(&world).rows()[UNIT].keys().map(|key| key[0].1.shown()).collect();
    assert_eq!(keys, ["S000", "S001"]);
}

#[test]
fn a_chunk_whose_rows_are_locked_is_tried_again() {
    let mut world = with_stock(15, 4);
    let long = source(&world).begin();
    long.put(UNIT, &[("id", "S001")], &[("area", "9")]);
    push(&mut world, None, None);
    let report = world.outer.step().unwrap();
    assert!(report.troubles.iter().any(|trouble| trouble.code == "database-busy"), "{:?}", report.troubles);
    long.commit();
    rest(&mut world);
    world.settle_and_compare().unwrap();
}

#[test]
fn a_push_has_few_chunks_however_small_packets_are_since_each_waits_behind_the_whole_outbox() {
    let mut world = with_stock(16, 300);
    push(&mut world, None, None);
    let before = source(&world).calls();
    world.settle_and_compare().unwrap();
    let calls = source(&world).calls() - before;
    println!("{calls} calls for 600 rows");
    assert!(calls < 60, "{calls} calls of the source's database for 600 rows in packets of four");
}

#[test]
fn rows_that_an_application_holds_keep_no_change_waiting_behind_the_push() {
    let mut world = with_stock(17, 9);
    let long = source(&world).begin();
    long.put(UNIT, &[("id", "S001")], &[("area", "9")]);
    push(&mut world, None, None);
    world.outer.step().unwrap();
    put_unit(&source(&world), "Z", "1");
    for _ in 0..5 {
        world.round(&Weather::FAIR).unwrap();
    }
    let arrived = sink(&world).rows().get(UNIT).map_or(0, |rows| rows.len());
    assert_eq!(arrived, 1, "the change went while the chunk waited");
    long.commit();
    rest(&mut world);
    world.settle_and_compare().unwrap();
}

#[test]
fn a_chunk_that_the_window_cuts_goes_on_where_it_stopped() {
    let mut world = with_stock(18, 60);
    for station in [&mut world.outer, &mut world.inner] {
        station.station.config.link = LinkConfig { window_packets: 3, ..answered() };
    }
    push(&mut world, None, None);
    for _ in 0..120 {
        world.round(&Weather::FAIR).unwrap();
    }
    compare(&world).unwrap();
    let packets = sink(&world).applied().len();
    assert!(packets <= 60, "{packets} packets of three rows for 120 rows");
}
