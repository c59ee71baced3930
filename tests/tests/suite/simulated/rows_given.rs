//! A sink takes a group of packets before the one before it is marked: a kill, a fault or a refusal there loses and doubles no row.

use super::sweep::every_changing_op_of;
use dukou_shared::connectors::tables::TableFault;
use dukou_shared::connectors::tables::simulated::{Moment, SimFault};
use dukou_shared::store::Store;
use dukou_tests::simulated::office::{compare, put_unit, rows_channel, sink, source, world_with_rows};
use dukou_tests::simulated::{Victim, Weather, World};
use std::sync::{Arc, Mutex};

/// A seed whose rows go one by one.
const SEED: u64 = 2;

/// Packets that are marked together.
const GROUP: usize = 64;

/// Four groups of packets, each of four rows, that wait for the inner station.
fn before() -> World {
    let mut world = world_with_rows(SEED);
    world.settle().unwrap();
    let database = source(&world);
    (0..4 * 4 * GROUP).for_each(|unit| put_unit(&database, &format!("G{unit:04}"), "1"));
    world.outer.step().unwrap();
    world.inward.carry(&world.outer, &world.inner, &Weather::FAIR);
    world
}

fn verify(world: &mut World, what: &dyn std::fmt::Display) {
    let rested = world.settle_and_check().and_then(|()| compare(world));
    if let Err(broken) = rested {
        panic!("{what}: {broken}");
    }
}

/// Gives how many transactions of the store were committed before each call of the sink in the inner station's step.
fn commits_at_calls(world: &mut World) -> Vec<u64> {
    let (store, calls) = (world.inner.store.clone(), Arc::new(Mutex::new(Vec::new())));
    let heard = calls.clone();
    sink(world).hook(Some(Box::new(move |_, moment| {
        if moment == Moment::Before {
            heard.lock().unwrap().push(store.commits());
        }
        false
    })));
    world.inner.step().unwrap();
    sink(world).hook(None);
    let calls = calls.lock().unwrap().clone();
    assert!(calls.len() >= 4 * GROUP, "{} calls", calls.len());
    calls
}

#[test]
fn a_sink_takes_a_group_before_the_one_before_it_is_marked_but_never_two() {
    let mut world = before();
    let calls = commits_at_calls(&mut world);
    let most = calls.chunk_by(|one, next| one == next).map(<[u64]>::len).max().unwrap_or_default();
    assert!((GROUP + 1..=2 * GROUP + 1).contains(&most), "{most} calls without a mark between them: {calls:?}");
    verify(&mut world, &"nothing was killed");
}

#[test]
fn a_station_killed_while_its_sink_is_ahead_loses_and_doubles_no_row() {
    let places = every_changing_op_of(Victim::Inner, before, |world| world.inner.step().map(drop));
    let stride = places.len() / 24;
    println!("{} places", places.len());
    for (index, place) in places.into_iter().step_by(stride.max(1)).enumerate() {
        let mut world = before();
        world.inner.files.kill_at(place, false);
        assert!(world.inner.step().is_err(), "nothing died at operation {place}");
        match index % 2 {
            0 => world.inner.crash(),
            _ => world.inner.power_cut(),
        }
        verify(&mut world, &format!("killed at operation {place}"));
    }
}

#[test]
fn a_mark_that_ends_unsure_while_the_sink_is_ahead_loses_and_doubles_no_row() {
    let mut world = before();
    let commits = world.inner.store.commits();
    world.inner.step().unwrap();
    let commits = world.inner.store.commits() - commits;
    assert!(commits >= 4, "{commits} transactions");
    for place in 1..=commits {
        for persisted in [false, true] {
            let mut world = before();
            world.inner.store.fail_commit_at(place, persisted);
            assert!(world.inner.step().is_err(), "nothing died at transaction {place}");
            world.inner.crash();
            verify(&mut world, &format!("transaction {place} unsure, persisted {persisted}"));
        }
    }
}

#[test]
fn a_sink_that_fails_amid_a_group_is_given_the_rest_later_and_once() {
    let refused = TableFault::Busy { place: "simulated".to_string(), words: "lock timeout".to_string() };
    for call in (1..4 * GROUP as u64).step_by(GROUP / 2 - 1) {
        for fault in [SimFault::Unanswered, SimFault::Refused(refused.clone())] {
            let mut world = before();
            sink(&world).fail_at(sink(&world).calls() + call, fault.clone());
            let report = world.inner.step().unwrap();
            assert!(report.troubles.iter().any(|trouble| trouble.code.starts_with("database-")), "{:?}", report.troubles);
            verify(&mut world, &format!("call {call} met {fault:?}"));
        }
    }
}

#[test]
fn a_row_refused_in_a_later_group_leaves_those_before_it_marked_and_holds_the_channel_there() {
    let mut world = before();
    let of_row = TableFault::Row {
        seq: 0,
        index: 0,
        table: "unit".into(),
        key: "G0400".to_string(),
        column: None,
        code: "refused",
        words: ["测试拒收".to_string(), "refused by the test".to_string()],
    };
    let first = sink(&world).calls() + 1;
    sink(&world).fail_at(first + GROUP as u64 + 10, SimFault::Refused(of_row));
    let report = world.inner.step().unwrap();
    let marked = report.packets_in;
    assert!((GROUP as u64..2 * GROUP as u64).contains(&marked), "{marked} packets were marked");
    let state = world.inner.store.clone().load().unwrap();
    let (hold, head) = (&state.holds[&rows_channel()], &state.in_heads[&rows_channel()]);
    assert_eq!((hold.code.as_str(), hold.seq), ("row-refused", head.seq + 1));
}

/// Groups of packets that are worth a thread, with a station that may have one.
fn before_with_threads() -> World {
    let mut world = world_with_rows(SEED);
    world.settle().unwrap();
    // What may have a thread is told when it is opened.
    world.inner.close().unwrap();
    world.inner.second_thread = true;
    let (database, area) = (source(&world), "1".repeat(100 << 10));
    (0..4 * 60).for_each(|unit| put_unit(&database, &format!("T{unit:04}"), &area));
    world.outer.step().unwrap();
    world.inward.carry(&world.outer, &world.inner, &Weather::FAIR);
    world
}

#[test]
fn a_second_thread_that_gives_rows_to_the_sink_loses_and_doubles_none_whatever_dies_or_fails_beside_it() {
    let mut world = before_with_threads();
    let threads = Arc::new(Mutex::new(std::collections::BTreeSet::new()));
    let (heard, before) = (threads.clone(), sink(&world).calls());
    sink(&world).hook(Some(Box::new(move |_, _| {
        heard.lock().unwrap().insert(std::thread::current().name().map(str::to_owned));
        false
    })));
    world.inner.step().unwrap();
    sink(&world).hook(None);
    assert!(threads.lock().unwrap().contains(&Some("dukou-apply".to_string())), "{threads:?}");
    let calls = sink(&world).calls() - before;
    verify(&mut world, &"nothing was killed");

    let places = every_changing_op_of(Victim::Inner, before_with_threads, |world| world.inner.step().map(drop));
    let stride = (places.len() / 6).max(1);
    for place in places.into_iter().step_by(stride) {
        let mut world = before_with_threads();
        world.inner.files.kill_at(place, false);
        // Which thread is where at that operation differs: it may have come behind all others.
        let _ = world.inner.step();
        world.inner.crash();
        verify(&mut world, &format!("killed at operation {place}"));
    }
    for call in (1..calls).step_by(17) {
        let mut world = before_with_threads();
        sink(&world).fail_at(sink(&world).calls() + call, SimFault::Unanswered);
        world.inner.step().unwrap();
        verify(&mut world, &format!("call {call} met no answer"));
    }
}
