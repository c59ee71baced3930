//! The process dies, the power goes, answers are lost: at any operation of the disk, at any transaction, at any call of a database.

use super::sweep::every_changing_op_of;
use dukou_shared::connectors::tables::TableFault;
use dukou_shared::connectors::tables::simulated::{Moment, SimDatabase, SimFault};
use dukou_shared::requests::Request;
use dukou_tests::simulated::office::{Office, compare, rows_channel, sink, source, world_with_rows};
use dukou_tests::simulated::world::FILES;
use dukou_tests::simulated::{Victim, Weather, World};

const BOTH: [Victim; 2] = [Victim::Outer, Victim::Inner];

/// Each station, with a seed whose rows go in runs and one whose rows go one by one.
const BOTH_WAYS: [(Victim, u64); 4] = [(Victim::Outer, 1), (Victim::Inner, 1), (Victim::Outer, 2), (Victim::Inner, 2)];

/// A world right before the step of the victim: rows and files went before, more are there, some in a transaction longer than a packet.
fn before(victim: Victim, seed: u64) -> World {
    let mut world = world_with_rows(seed);
    let mut office = Office::new(&source(&world), seed);
    office.work(12);
    office.close();
    world.outer_supplier.drop_file(&world.outer, FILES, "a.bin");
    world.settle().unwrap();
    office.work(14);
    office.close();
    let long = source(&world).begin();
    for index in 0..5 {
        long.put("unit", &[("id", &format!("L{index}"))], &[("area", "1")]);
    }
    long.commit();
    dukou_tests::simulated::office::put_unfit(&source(&world), "X");
    dukou_tests::simulated::office::put_unit(&source(&world), "X", "1");
    if victim == Victim::Inner {
        world.outer.step().unwrap();
        world.inward.carry(&world.outer, &world.inner, &Weather::FAIR);
    }
    world
}

#[test]
fn what_was_read_in_runs_leaves_the_outbox_in_ranges_once() {
    for (seed, in_runs) in [(1, true), (2, false)] {
        let mut world = before(Victim::Outer, seed);
        let (waiting, went) = (source(&world).waiting(), source(&world).left_in_runs());
        world.outer.step().unwrap();
        let of_runs = source(&world).left_in_runs() - went;
        assert_eq!((of_runs >= 5, of_runs == 0), (in_runs, !in_runs), "{of_runs} of {waiting} entries");
        verify(&mut world, &"nothing was killed");
    }
}

fn database(world: &World, victim: Victim) -> SimDatabase {
    match victim {
        Victim::Outer => source(world),
        Victim::Inner => sink(world),
    }
}

fn verify(world: &mut World, what: &dyn std::fmt::Display) {
    let rested = world.settle_and_check().and_then(|()| compare(world));
    if let Err(broken) = rested {
        panic!("seed {}, {what}: {broken}", world.seed);
    }
}

#[test]
fn a_station_killed_at_any_file_operation_loses_and_doubles_no_row() {
    for (victim, seed) in BOTH_WAYS {
        let places = every_changing_op_of(victim, || before(victim, seed), |world| world.side(victim).step().map(drop));
        println!("{victim:?}: {} places", places.len());
        for (index, place) in places.into_iter().enumerate() {
            for power in [false, true].into_iter().take(if index % 3 == 0 { 2 } else { 1 }) {
                let mut world = before(victim, seed);
                world.side(victim).files.kill_at(place, false);
                assert!(world.side(victim).step().is_err(), "{victim:?}: nothing died at operation {place}");
                match power {
                    true => world.side(victim).power_cut(),
                    false => world.side(victim).crash(),
                }
                verify(&mut world, &format!("{victim:?} killed at operation {place}, power cut {power}"));
            }
        }
    }
}

#[test]
fn a_station_whose_transaction_ends_unsure_loses_and_doubles_no_row() {
    for (victim, seed) in BOTH_WAYS {
        let mut world = before(victim, seed);
        let commits = world.side(victim).store.commits();
        world.side(victim).step().unwrap();
        let commits = world.side(victim).store.commits() - commits;
        for place in 1..=commits {
            for persisted in [false, true] {
                let mut world = before(victim, seed);
                world.side(victim).store.fail_commit_at(place, persisted);
                assert!(world.side(victim).step().is_err(), "{victim:?}: nothing died at transaction {place}");
                world.side(victim).crash();
                verify(&mut world, &format!("{victim:?}: transaction {place} unsure, persisted {persisted}"));
            }
        }
    }
}

/// Counts the calls of the victim's database in its step.
fn calls(victim: Victim, seed: u64) -> u64 {
    let mut world = before(victim, seed);
    let before = database(&world, victim).calls();
    world.side(victim).step().unwrap();
    let calls = database(&world, victim).calls() - before;
    assert!(calls >= 3, "{victim:?} makes {calls} calls");
    calls
}

#[test]
fn a_station_killed_around_any_call_of_its_database_loses_and_doubles_no_row() {
    for (victim, seed) in BOTH_WAYS {
        for call in 1..=calls(victim, seed) {
            for moment in [Moment::Before, Moment::After] {
                let mut world = before(victim, seed);
                let database = database(&world, victim);
                let (files, store, at) =
                    (world.side(victim).files.clone(), world.side(victim).store.clone(), database.calls() + call);
                let mut dead = false;
                database.hook(Some(Box::new(move |number, now| {
                    if (number, now) == (at, moment) {
                        dead = true;
                        files.kill_at(1, false);
                        store.kill();
                    }
                    dead
                })));
                // A station that dies behind its last operation has done its step.
                let _ = world.side(victim).step();
                database.hook(None);
                world.side(victim).crash();
                verify(&mut world, &format!("{victim:?} killed {moment:?} call {call}"));
            }
        }
    }
}

#[test]
fn a_call_whose_answer_is_lost_or_that_was_never_heard_loses_and_doubles_no_row() {
    let away = || TableFault::Away { place: "simulated".to_string(), words: "cut".to_string() };
    for (victim, seed) in BOTH_WAYS {
        for call in 1..=calls(victim, seed) {
            for fault in [SimFault::Unanswered, SimFault::Refused(away())] {
                let mut world = before(victim, seed);
                database(&world, victim).fail_at(call, fault.clone());
                let report = world.side(victim).step().unwrap();
                assert!(report.troubles.iter().any(|trouble| trouble.code == "database-away"), "{:?}", report.troubles);
                for _ in 0..3 {
                    world.round(&Weather::FAIR).unwrap();
                }
                verify(&mut world, &format!("{victim:?}: call {call} met {fault:?}"));
            }
        }
    }
}

#[test]
fn a_push_killed_at_any_file_operation_goes_on_where_it_was() {
    let prepare = || {
        let mut world = world_with_rows(5);
        let database = source(&world);
        let mut office = Office::new(&database, 5);
        office.work(60);
        office.close();
        database.forget_outbox();
        let request = Request::Push { channel: rows_channel(), table: None, filter: None, operator: "tester".to_string() };
        assert_eq!(world.outer.perform(&request).unwrap().exit, 0);
        world
    };
    for place in every_changing_op_of(Victim::Outer, prepare, |world| world.outer.step().map(drop)) {
        let mut world = prepare();
        world.outer.files.kill_at(place, false);
        assert!(world.outer.step().is_err(), "nothing died at operation {place}");
        world.outer.crash();
        Office::new(&source(&world), place).work(10);
        source(&world).crash();
        verify(&mut world, &format!("the push was killed at operation {place}"));
    }
}

#[test]
fn worlds_drawn_from_seeds_with_rows_end_alike_on_both_sides() {
    for seed in 100..116 {
        let mut world = world_with_rows(seed);
        let mut office = Office::new(&source(&world), seed);
        for _ in 0..20 {
            office.work(10);
            for victim in BOTH {
                match world.dice.below(12) {
                    0 => {
                        let at = world.dice.between(1, 60);
                        world.side(victim).files.kill_at(at, false);
                    }
                    1 => {
                        let (at, persisted) = (world.dice.between(1, 4), world.dice.chance(0.5));
                        world.side(victim).store.fail_commit_at(at, persisted);
                    }
                    2 => {
                        let at = world.dice.between(1, 6);
                        database(&world, victim).fail_at(at, SimFault::Unanswered);
                    }
                    _ => {}
                }
            }
            if world.round(&Weather::FOUL).is_err() {
                BOTH.into_iter().for_each(|victim| world.side(victim).crash());
            }
        }
        for victim in BOTH {
            world.side(victim).crash();
            database(&world, victim).calm();
        }
        office.close();
        for _ in 0..5 {
            world.round(&Weather::FAIR).unwrap_or_else(|fault| panic!("seed {seed}: {fault}"));
        }
        let healed = world.heal().and_then(|()| compare(&world));
        healed.unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
    }
}
