//! The process dies at any operation of the disk and at any transaction, and again while it recovers.

use super::sweep::{RECEIVING, SENDING, Scene};
use dukou_tests::simulated::World;

#[test]
fn a_quiet_day_comes_to_rest_with_every_record_once() {
    let mut world = World::new(1);
    world.drop_mixture("A");
    world.settle_and_check().unwrap();
    world.drop_mixture("B");
    world.settle_and_check().unwrap();
}

/// Kills the step before each operation that would change something. The consumer takes files between any two operations, or only
/// when all is over.
fn kill_before_each_change(scene: Scene, consumer_hurries: bool) {
    let places = scene.changing_ops(1);
    assert!(places.len() > 30, "the scene changes only {} things", places.len());
    for place in places {
        let mut world = scene.world(1);
        world.hurry(scene.victim, consumer_hurries);
        world.side(scene.victim).files.kill_at(place, false);
        assert!(scene.act(&mut world).is_err(), "{}: nothing died at operation {place}", scene.name);
        world.side(scene.victim).crash();
        scene.verify(&mut world, &format!("killed at operation {place}, hurried {consumer_hurries}"));
    }
}

#[test]
fn a_sender_killed_at_any_file_operation_loses_and_doubles_nothing() {
    kill_before_each_change(SENDING, false);
}

#[test]
fn a_receiver_killed_at_any_file_operation_loses_and_doubles_nothing() {
    kill_before_each_change(RECEIVING, false);
}

#[test]
fn a_receiver_whose_consumer_takes_every_file_at_once_delivers_none_twice() {
    kill_before_each_change(RECEIVING, true);
}

/// Lets each transaction of the step end unsure, once with nothing and once with all of it on disk.
fn fail_each_commit(scene: Scene) {
    let commits = scene.commits(2);
    assert!(commits >= 3, "the scene has only {commits} transactions");
    for place in 1..=commits {
        for persisted in [false, true] {
            let mut world = scene.world(2);
            world.hurry(scene.victim, persisted);
            world.side(scene.victim).store.fail_commit_at(place, persisted);
            assert!(scene.act(&mut world).is_err(), "{}: nothing died at transaction {place}", scene.name);
            world.side(scene.victim).crash();
            scene.verify(&mut world, &format!("transaction {place} unsure, persisted {persisted}"));
        }
    }
}

#[test]
fn a_sender_whose_transaction_ends_unsure_loses_and_doubles_nothing() {
    fail_each_commit(SENDING);
}

#[test]
fn a_receiver_whose_transaction_ends_unsure_loses_and_doubles_nothing() {
    fail_each_commit(RECEIVING);
}

/// Kills the step, and then the recovery after it, at every so many operations of both.
fn kill_twice(scene: Scene, stride: usize) {
    let first_places = scene.changing_ops(3);
    for (index, first) in first_places.into_iter().enumerate().filter(|(index, _)| index % stride == 0) {
        let mut second = 1 + (index / stride % 3) as u64;
        loop {
            let mut world = scene.world(3);
            world.hurry(scene.victim, index % 2 == 0);
            world.side(scene.victim).files.kill_at(first, false);
            assert!(scene.act(&mut world).is_err());
            world.side(scene.victim).crash();
            world.side(scene.victim).files.kill_at(second, second.is_multiple_of(2));
            let reached_the_end = world.side(scene.victim).open().is_ok();
            world.side(scene.victim).crash();
            scene.verify(&mut world, &format!("killed at operation {first}, and at operation {second} of the recovery"));
            if reached_the_end {
                break;
            }
            second += 3;
        }
    }
}

#[test]
fn a_sender_killed_again_while_it_recovers_loses_and_doubles_nothing() {
    kill_twice(SENDING, 9);
}

#[test]
fn a_receiver_killed_again_while_it_recovers_loses_and_doubles_nothing() {
    kill_twice(RECEIVING, 9);
}

/// Lets each transaction of a recovery end unsure: the recovery after it finishes all the same.
fn fail_commits_of_the_recovery(scene: Scene) {
    for first in scene.changing_ops(4).into_iter().step_by(9) {
        for (second, persisted) in [(1, false), (1, true), (2, false), (2, true)] {
            let mut world = scene.world(4);
            world.side(scene.victim).files.kill_at(first, false);
            assert!(scene.act(&mut world).is_err());
            world.side(scene.victim).crash();
            world.side(scene.victim).store.fail_commit_at(second, persisted);
            // The recovery may have fewer transactions than that.
            let _ = world.side(scene.victim).open();
            world.side(scene.victim).crash();
            scene.verify(&mut world, &format!("killed at operation {first}, transaction {second} of the recovery unsure"));
        }
    }
}

#[test]
fn a_sender_whose_recovery_ends_unsure_recovers_the_next_time() {
    fail_commits_of_the_recovery(SENDING);
}

#[test]
fn a_receiver_whose_recovery_ends_unsure_recovers_the_next_time() {
    fail_commits_of_the_recovery(RECEIVING);
}

#[test]
fn a_station_killed_at_any_operation_of_its_first_start_starts_the_next_time() {
    let ops = {
        let mut world = World::new(5);
        world.outer.open().unwrap();
        world.outer.files.ops()
    };
    for place in 1..=ops {
        let mut world = World::new(5);
        world.outer_supplier.drop_xml(&world.outer, "reports", "A_1.xml");
        world.outer.files.kill_at(place, true);
        assert!(world.outer.open().is_err());
        world.outer.crash();
        if let Err(broken) = world.settle_and_check() {
            panic!("killed at operation {place} of the first start: {broken}");
        }
    }
}
