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

/// Kills the step at each of its operations, once before and once after the operation took effect.
fn kill_each_operation(scene: Scene, persisted: bool) {
    let ops = scene.ops(1);
    assert!(ops > 100, "the scene has only {ops} operations");
    for op in 1..=ops {
        let mut world = scene.world(1);
        // The consumer takes files while the step runs, or only when all is over.
        world.take_at_once(scene.victim, op % 2 == 0);
        world.side(scene.victim).files.kill_at(op, persisted);
        assert!(scene.act(&mut world).is_err(), "{}: nothing died at operation {op}", scene.name);
        world.side(scene.victim).crash();
        scene.verify(&mut world, &format!("killed at operation {op}, persisted {persisted}"));
    }
}

#[test]
fn a_sender_killed_before_any_file_operation_loses_and_doubles_nothing() {
    kill_each_operation(SENDING, false);
}

#[test]
fn a_sender_killed_after_any_file_operation_loses_and_doubles_nothing() {
    kill_each_operation(SENDING, true);
}

#[test]
fn a_receiver_killed_before_any_file_operation_loses_and_doubles_nothing() {
    kill_each_operation(RECEIVING, false);
}

#[test]
fn a_receiver_killed_after_any_file_operation_loses_and_doubles_nothing() {
    kill_each_operation(RECEIVING, true);
}
