//! Rows are read while the packets before them are made: what became stale meanwhile is read again, and a fault, a kill or another order loses and doubles none.

use super::restored::{card, epoch_new};
use super::sweep::every_changing_op_of;
use super::way_back::answered;
use dukou_shared::connectors::tables::TableFault;
use dukou_shared::connectors::tables::simulated::{Moment, SimFault};
use dukou_shared::requests::{Answer, Request};
use dukou_shared::station::LinkConfig;
use dukou_tests::simulated::office::{Office, RIGHT, UNIT, compare, put_unit, rows_channel, sink, source, world_with_rows};
use dukou_tests::simulated::{Victim, Weather, World};

/// Entries of a read, where a packet has four records.
const READ: u64 = 64;

fn push(world: &mut World, table: Option<&str>, filter: Option<&str>) -> Answer {
    let [table, filter] = [table, filter].map(|text| text.map(str::to_string));
    world.outer.perform(&Request::Push { channel: rows_channel(), table, filter, operator: "tester".to_string() }).unwrap()
}

/// A stock of several chunks that is to be pushed, and a backlog of several reads.
fn before(seed: u64) -> World {
    let mut world = world_with_rows(seed);
    let database = source(&world);
    (0..READ + 30).for_each(|unit| put_unit(&database, &format!("S{unit:03}"), "1"));
    database.forget_outbox();
    assert_eq!(push(&mut world, None, None).exit, 0);
    let mut office = Office::new(&database, seed);
    while database.waiting() < 2 * READ as usize {
        office.work(20);
    }
    office.close();
    world
}

fn verify(world: &mut World, what: &dyn std::fmt::Display) {
    let rested = world.settle_and_check().and_then(|()| compare(world));
    if let Err(broken) = rested {
        panic!("seed {}, {what}: {broken}", world.seed);
    }
}

/// Counts the calls of the source in the sender's step.
fn calls(seed: u64) -> u64 {
    let mut world = before(seed);
    world.outer.step().unwrap();
    source(&world).calls()
}

#[test]
fn what_comes_next_is_read_before_the_packets_in_hand_are_placed() {
    let mut world = before(1);
    let database = source(&world);
    let (files, placed) = (world.outer.files.clone(), world.outer.station.ferry_out());
    let (told, heard) = std::sync::mpsc::channel();
    database.hook(Some(Box::new(move |_, moment| {
        if moment == Moment::Before {
            told.send(files.tree(&placed).len()).unwrap();
        }
        false
    })));
    world.outer.step().unwrap();
    database.hook(None);
    let reads: Vec<usize> = heard.try_iter().collect();
    assert!(reads.iter().filter(|packets| **packets == 0).count() >= 3, "calls before the first packet was placed: {reads:?}");
    verify(&mut world, &"a backlog");
}

#[test]
fn a_station_killed_amid_a_backlog_loses_and_doubles_no_row() {
    let places = every_changing_op_of(Victim::Outer, || before(2), |world| world.outer.step().map(drop));
    let places: Vec<u64> = places.into_iter().step_by(17).collect();
    println!("{} places", places.len());
    for place in places {
        let mut world = before(2);
        world.outer.files.kill_at(place, false);
        assert!(world.outer.step().is_err(), "nothing died at operation {place}");
        world.outer.crash();
        verify(&mut world, &format!("killed at operation {place}"));
    }
}

#[test]
fn a_station_killed_around_any_call_of_its_source_amid_a_backlog_loses_and_doubles_no_row() {
    for call in 1..=calls(3) {
        for moment in [Moment::Before, Moment::After] {
            let mut world = before(3);
            let database = source(&world);
            let (files, store, mut dead) = (world.outer.files.clone(), world.outer.store.clone(), false);
            database.hook(Some(Box::new(move |number, now| {
                if (number, now) == (call, moment) {
                    dead = true;
                    files.kill_at(1, false);
                    store.kill();
                }
                dead
            })));
            // A station that dies behind its last operation has done its step.
            let _ = world.outer.step();
            database.hook(None);
            world.outer.crash();
            verify(&mut world, &format!("killed {moment:?} call {call}"));
        }
    }
}

#[test]
fn a_read_ahead_that_fails_is_made_again_and_loses_and_doubles_no_row() {
    let [away, busy] = [
        TableFault::Away { place: "simulated".to_string(), words: "cut".to_string() },
        TableFault::Busy { place: "simulated".to_string(), words: "lock timeout".to_string() },
    ];
    for call in 1..=calls(4) {
        for fault in [SimFault::Unanswered, SimFault::Refused(away.clone()), SimFault::Refused(busy.clone())] {
            let mut world = before(4);
            source(&world).fail_at(call, fault.clone());
            let report = world.outer.step().unwrap();
            assert!(report.troubles.iter().any(|trouble| trouble.code.starts_with("database-")), "{:?}", report.troubles);
            for _ in 0..3 {
                world.round(&Weather::FAIR).unwrap();
            }
            verify(&mut world, &format!("call {call} met {fault:?}"));
        }
    }
}

#[test]
fn what_was_read_behind_packets_that_the_window_did_not_let_pass_is_read_again() {
    let mut world = before(5);
    for station in [&mut world.outer, &mut world.inner] {
        station.station.config.link = LinkConfig { window_packets: 3, ..answered() };
    }
    for _ in 0..200 {
        world.round(&Weather::FAIR).unwrap();
    }
    compare(&world).unwrap();
}

#[test]
fn a_chunk_that_was_read_ahead_for_an_order_does_not_go_for_the_next_one() {
    let mut world = world_with_rows(6);
    let database = source(&world);
    (0..600).for_each(|unit| put_unit(&database, &format!("S{unit:03}"), "1"));
    database.forget_outbox();
    for station in [&mut world.outer, &mut world.inner] {
        station.station.config.link = LinkConfig { window_packets: 20, ..answered() };
    }
    assert_eq!(push(&mut world, Some(UNIT), Some("id >= 'S100'")).exit, 0);
    while sink(&world).rows().get(UNIT).is_none_or(|rows| rows.len() < 90) {
        world.round(&Weather::FAIR).unwrap();
    }
    assert!(sink(&world).rows()[UNIT].len() < 500, "the first order is still at work");
    assert_eq!(push(&mut world, Some(UNIT), Some("id >= 'S050'")).exit, 0);
    for _ in 0..200 {
        world.round(&Weather::FAIR).unwrap();
    }
    assert_eq!((sink(&world).rows()[UNIT].len(), database.waiting()), (550, 0));
}

#[test]
fn a_chunk_of_which_a_part_went_is_read_again_when_a_new_epoch_pushes_the_stock() {
    let mut world = world_with_rows(7);
    let database = source(&world);
    (0..150).for_each(|unit| put_unit(&database, &format!("S{unit:03}"), "1"));
    database.forget_outbox();
    for station in [&mut world.outer, &mut world.inner] {
        station.station.config.link = LinkConfig { window_packets: 3, ..answered() };
    }
    assert_eq!(push(&mut world, None, None).exit, 0);
    world.outer.step().unwrap();
    // What went is lost, and the receiver's report does not know of it.
    world.inward.take(&world.outer);
    world.inward.deliver_some(&world.inner, |_| false);
    let report = card(&mut world.inner);
    assert_eq!(world.outer.perform(&epoch_new(report)).unwrap().exit, 0);
    for _ in 0..200 {
        world.round(&Weather::FAIR).unwrap();
    }
    compare(&world).unwrap();
}

#[test]
fn a_second_thread_that_reads_ahead_brings_the_same_rows() {
    for seed in 20..24 {
        let mut world = before(seed);
        // What may have a thread is told when it is opened.
        world.outer.close().unwrap();
        world.outer.second_thread = true;
        let long = source(&world).begin();
        long.put(UNIT, &[("id", "L")], &[("area", "1")]);
        (0..3 * READ).for_each(|row| long.put(RIGHT, &[("id", &format!("L-{row:03}"))], &[("unit", "L")]));
        long.commit();
        verify(&mut world, &"a second thread");
    }
}
