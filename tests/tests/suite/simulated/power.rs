//! The power goes at any operation: what was not durable is lost as the seed decides, and the station recovers.

use super::sweep::{ON_OTHER_DISKS, PACKETS_OF_TWO_GROUPS, RECEIVING, SENDING, Scene, TWO_GROUPS};
use dukou_shared::seams::FileOp;
use dukou_tests::simulated::consumer::Hand;
use dukou_tests::simulated::verdict::{Tolerance, check_with};
use dukou_tests::simulated::world::FILES;
use dukou_tests::simulated::{Victim, World};

/// Cuts the power before each operation of the step that would change something, `tries` times with other losses.
fn cut_before_each_change(scene: Scene, tries: u64, hurry: bool) {
    for place in scene.changing_ops(1) {
        for seed in 1..=tries {
            let mut world = scene.world(seed);
            world.hurry(scene.victim, hurry);
            world.side(scene.victim).files.kill_at(place, false);
            // With another seed the step may be over before.
            let _ = scene.act(&mut world);
            world.side(scene.victim).power_cut();
            scene.verify(&mut world, &format!("power cut at operation {place}, hurried {hurry}"));
        }
    }
}

#[test]
fn a_sender_whose_power_goes_at_any_operation_loses_nothing_and_contradicts_no_packet() {
    cut_before_each_change(SENDING, 2, false);
}

#[test]
fn a_packet_that_left_before_the_power_went_stays_the_packet_of_its_number() {
    cut_before_each_change(SENDING, 2, true);
}

#[test]
fn a_receiver_whose_power_goes_at_any_operation_loses_and_doubles_nothing() {
    cut_before_each_change(RECEIVING, 2, false);
}

#[test]
fn a_receiver_whose_sinks_lie_on_other_disks_keeps_the_same_promises() {
    cut_before_each_change(ON_OTHER_DISKS, 1, false);
}

#[test]
fn what_the_consumer_took_for_good_before_the_power_went_does_not_come_again() {
    cut_before_each_change(RECEIVING, 2, true);
}

#[test]
fn a_power_cut_may_only_bring_back_what_the_consumer_had_not_taken_for_good() {
    for place in RECEIVING.changing_ops(1) {
        let mut world = RECEIVING.world(place);
        world.inner_consumer.set_hand(Hand::Light);
        world.side(Victim::Inner).files.kill_at(place, false);
        let _ = RECEIVING.act(&mut world);
        world.side(Victim::Inner).crash();
        // The consumer takes all that is there; its removals are as durable as any program's.
        world.inner_consumer.take(&world.inner.files, 1.0);
        world.side(Victim::Inner).power_cut();
        world.inner_consumer.set_hand(Hand::Firm);
        let checked = world.settle().and_then(|()| check_with(&mut world, Tolerance::PowerCut));
        checked.unwrap_or_else(|broken| panic!("power cut after operation {place}: {broken}"));
    }
}

#[test]
fn a_power_cut_during_the_recovery_from_a_power_cut_changes_nothing() {
    for scene in [SENDING, RECEIVING] {
        for place in scene.changing_ops(1).into_iter().step_by(4) {
            for second in (1 + place % 5..40).step_by(5) {
                let mut world = scene.world(place);
                world.hurry(scene.victim, place % 2 == 0);
                world.side(scene.victim).files.kill_at(place, false);
                let _ = scene.act(&mut world);
                world.side(scene.victim).power_cut();
                world.side(scene.victim).files.kill_at(second, false);
                let _ = world.side(scene.victim).open();
                world.side(scene.victim).power_cut();
                scene.verify(&mut world, &format!("power cut at operation {place}, and at operation {second} of the recovery"));
            }
        }
    }
}

#[test]
fn a_station_whose_power_goes_during_its_first_start_starts_the_next_time() {
    let mut world = World::new(1);
    world.outer.open().unwrap();
    let history = world.outer.files.history();
    for (place, op) in (1..).zip(history) {
        // What a sync was to save can be torn at any byte.
        let tries = if op == FileOp::Sync { 40 } else { 2 };
        for seed in 1..=tries {
            let mut world = World::new(seed);
            world.outer_supplier.drop_xml(&world.outer, "reports", "A_1.xml");
            world.outer.files.kill_at(place, false);
            assert!(world.outer.open().is_err());
            world.outer.power_cut();
            if let Err(broken) = world.settle_and_check() {
                panic!("seed {seed}, power cut at operation {place} of the first start: {broken}");
            }
        }
    }
}

#[test]
fn without_unnamed_files_the_ferry_directory_shows_no_half_packet_after_a_kill() {
    for place in SENDING.changing_ops(1) {
        let mut world = SENDING.world(1);
        world.outer.files.without_unnamed_files();
        world.outer.files.kill_at(place, false);
        let _ = SENDING.act(&mut world);
        world.outer.crash();
        SENDING.verify(&mut world, &format!("killed at operation {place} without unnamed files"));
    }
}

#[test]
fn a_group_that_is_delivered_behind_the_staging_of_the_next_survives_kills_and_power_cuts_at_any_operation() {
    // The scene is what it says: when the first name is given, both groups are staged.
    let first = TWO_GROUPS.places_of(1, FileOp::Rename)[0];
    let mut world = TWO_GROUPS.world(1);
    world.side(Victim::Inner).files.kill_at(first, false);
    assert!(TWO_GROUPS.act(&mut world).is_err());
    world.side(Victim::Inner).crash();
    let staged = world.inner.files.tree(world.inner.station.dir.join("arrived").join(FILES).join(".staging"));
    assert_eq!(staged.len(), PACKETS_OF_TWO_GROUPS);
    TWO_GROUPS.verify(&mut world, &"killed before the first name");

    for (index, place) in TWO_GROUPS.changing_ops(1).into_iter().enumerate().filter(|(index, _)| index % 5 == 0) {
        let mut world = TWO_GROUPS.world(1);
        world.hurry(Victim::Inner, index % 2 == 0);
        world.side(Victim::Inner).files.kill_at(place, false);
        assert!(TWO_GROUPS.act(&mut world).is_err(), "nothing died at operation {place}");
        match index % 3 {
            0 => world.side(Victim::Inner).crash(),
            _ => world.side(Victim::Inner).power_cut(),
        }
        TWO_GROUPS.verify(&mut world, &format!("cut off at operation {place}"));
    }
}
