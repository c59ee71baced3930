//! The process dies at any operation while repair packets are made, kept and used.

use super::repair::{drop_files, world};
use super::sweep::every_changing_op_of;
use dukou_shared::send::repair::SMALL_BYTES;
use dukou_tests::simulated::{Victim, World};

const LARGE: usize = SMALL_BYTES as usize + 512;

/// The outer station is about to close two groups of parity and one of second copies.
fn before_covering() -> World {
    let mut world = world(321, 2, 1);
    drop_files(&mut world, "a", 1, LARGE);
    world.outer.step().unwrap();
    drop_files(&mut world, "b", 3, LARGE);
    drop_files(&mut world, "c", 2, 300);
    world
}

/// Two packets of a group of five are lost, its parity and the packets behind it lie before the inner station.
fn before_rebuilding() -> World {
    let mut world = world(322, 5, 2);
    drop_files(&mut world, "a", 6, LARGE);
    world.outer.pass().unwrap();
    world.inward.take(&world.outer);
    world.inward.deliver_some(&world.inner, |id| id.is_none_or(|(_, _, seq)| ![2, 3].contains(seq)));
    world.inner.open().unwrap();
    world
}

fn sweep(victim: Victim, prepare: fn() -> World, power: bool) {
    let places = every_changing_op_of(victim, prepare, |world| world.side(victim).step().map(drop));
    assert!(places.len() > 20, "the step changes only {} things", places.len());
    println!("{} operations", places.len());
    for place in places {
        let mut world = prepare();
        world.side(victim).files.kill_at(place, false);
        assert!(world.side(victim).step().is_err(), "nothing died at operation {place}");
        match power {
            true => world.side(victim).power_cut(),
            false => world.side(victim).crash(),
        }
        let checked = world.settle_and_check();
        checked.unwrap_or_else(|broken| panic!("{victim:?} killed at operation {place}, power {power}: {broken}"));
        let kept = world.inner.files.tree(world.inner.station.spool_repair());
        assert_eq!(kept, Vec::<String>::new(), "{victim:?} killed at operation {place}, power {power}");
    }
}

#[test]
fn a_sender_killed_at_any_operation_while_it_makes_repair_packets_loses_and_contradicts_nothing() {
    sweep(Victim::Outer, before_covering, false);
}

#[test]
fn a_receiver_killed_at_any_operation_while_it_rebuilds_goes_on_rebuilding() {
    sweep(Victim::Inner, before_rebuilding, false);
}

#[test]
fn a_receiver_whose_power_goes_at_any_operation_while_it_rebuilds_goes_on_rebuilding() {
    sweep(Victim::Inner, before_rebuilding, true);
}
