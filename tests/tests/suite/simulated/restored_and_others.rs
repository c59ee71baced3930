//! Epochs and older copies where they meet other parts: repair packets, retention, a second decision before the first one is worked off.

use super::repair;
use super::restored::{assert_once_each, card, epoch_new, few, holds, reseal, restored_lines, settle};
use dukou_packets::keyring::Side;
use dukou_packets::packet::header::Class;
use dukou_packets::packet::open::read_head;
use dukou_shared::store::{Direction, PacketState, Store};
use dukou_tests::simulated::station::{Nature, SimStation, channel, name};
use dukou_tests::simulated::supplier::Fate;
use dukou_tests::simulated::world::{FILES, REPLIES, REPORTS};
use dukou_tests::simulated::{Consumer, Weather, World, verdict};

const DAY_MS: u64 = 86_400_000;

#[test]
fn a_packet_of_a_restored_sender_that_was_rebuilt_is_judged_as_any_other() {
    let mut world = repair::world(90, 1, 1);
    world.drop_mixture("A");
    world.settle().unwrap();
    world.outer.close().unwrap();
    let copy = world.outer.copy();
    // The other channel goes on behind the copy: on the channel of files the next number fits.
    world.outer_supplier.drop_xml(&world.outer, REPORTS, "W1_only.xml");
    world.settle().unwrap();
    world.outer.crash();
    world.outer.put_back(&copy);
    let bytes = world.outer_supplier.fresh(20_000);
    world.outer_supplier.drop_as(&world.outer, FILES, "Z.bin", &bytes, Fate::Arrives);
    let before = world.inward.passed.len();
    world.outer.pass().unwrap();
    world.inward.take(&world.outer);
    world.inward.deliver_some(&world.inner, |_| false);
    let class = |bytes: &[u8]| read_head(bytes, &world.outer.card).unwrap().header.class;
    let parity: Vec<Vec<u8>> = world.inward.passed.split_off(before).into_iter().map(|(_, bytes)| bytes).collect();
    let parity: Vec<Vec<u8>> = parity.into_iter().filter(|bytes| class(bytes) == Class::Repair).collect();
    assert_eq!(parity.len(), 1);
    world.inward.put(&world.inner, None, &parity[0]);
    let report = world.inner.step().unwrap();
    assert_eq!(report.rebuilt, 1);
    assert_eq!((restored_lines(&world.inner), holds(&world.inner)), (1, vec!["restored".to_string(); 2]));
    world.inner_consumer.take(&world.inner.files, 1.0);
    assert!(!world.inner_consumer.names(&name(FILES)).contains(&"Z.bin".to_string()), "it was applied");
    verdict::log_verifies(&world.inner).unwrap();
}

/// What comes in moves the running time of the outer station.
fn forty_days(world: &mut World, prefix: &str) {
    for day in 0..40 {
        world.outer.clock.advance(DAY_MS);
        world.inner_supplier.drop_file(&world.inner, REPLIES, &format!("{prefix}-{day}.json"));
        world.inner.step().unwrap();
        world.outward.carry(&world.inner, &world.outer, &Weather::FAIR);
        world.outer.step().unwrap();
    }
}

#[test]
fn what_waits_to_be_sealed_anew_outlasts_its_keeping_time() {
    let mut world = World::new(91);
    few(&mut world, "A");
    world.outer.step().unwrap();
    // Nothing of it arrives.
    world.inward.take(&world.outer);
    world.inward.deliver_some(&world.inner, |_| false);
    let card = card(&mut world.inner);
    let (out, away) = (world.outer.station.ferry_out(), world.outer.station.dir.join("unmounted"));
    assert!(world.outer.files.rename(&out, &away));
    assert_eq!(world.outer.perform(&epoch_new(card)).unwrap().exit, 0);
    forty_days(&mut world, "first");
    assert!(world.outer.files.rename(&away, &out));
    settle(&mut world);
    assert_once_each(&world, "after forty days without a ferry directory");
    // Once it went, it leaves the spool as all the others.
    forty_days(&mut world, "then");
    let left = world.outer.files.tree(world.outer.station.spool_out());
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn an_epoch_opened_before_the_last_one_is_worked_off_forgets_no_record() {
    let mut world = World::new(92);
    few(&mut world, "A");
    world.settle().unwrap();
    few(&mut world, "B");
    world.outer.step().unwrap();
    world.inward.take(&world.outer);
    world.inward.deliver_some(&world.inner, |_| false);
    let first = card(&mut world.inner);
    assert_eq!(world.outer.perform(&epoch_new(first)).unwrap().exit, 0);
    // The openings arrive, and the receiver's next report names them.
    world.inward.carry(&world.outer, &world.inner, &Weather::FAIR);
    world.inner.step().unwrap();
    let second = card(&mut world.inner);
    assert_eq!(world.outer.perform(&epoch_new(second)).unwrap().exit, 0);
    few(&mut world, "C");
    settle(&mut world);
    assert_eq!(holds(&world.inner), Vec::<String>::new());
    assert_once_each(&world, "opened twice");
    verdict::log_verifies(&world.outer).unwrap();
}

#[test]
fn nothing_that_was_sealed_to_the_old_peer_is_placed_a_second_time_for_the_new_one() {
    let mut world = World::new(93);
    world.outer.station.config.link.repair_parity = 1;
    few(&mut world, "A");
    for _ in 0..3 {
        world.round(&Weather::FAIR).unwrap();
    }
    let inner = another_inner(&world, 1093);
    replace_inner(&mut world, inner);
    assert_eq!(world.outer.perform(&reseal()).unwrap().exit, 0);
    for _ in 0..4 {
        world.outer.clock.advance(60_000);
        settle(&mut world);
    }
    let aside = world.inner.files.tree(world.inner.station.quarantine_dir());
    assert!(aside.is_empty(), "{aside:?}");
    assert_once_each(&world, "at the new station");
}

/// A new station in the place of the inner one, which knows the outer one.
fn another_inner(world: &World, seed: u64) -> SimStation {
    let nature = Nature { seed, clock: world.outer.clock.clone() };
    let mut inner = SimStation::new(Side::Inner, &nature, world.inner.channels.clone());
    inner.pair(&world.outer.card.clone(), &[REPORTS, FILES]);
    inner
}

/// The outer station trusts it instead of the old one from its next start on.
fn replace_inner(world: &mut World, inner: SimStation) {
    world.outer.close().unwrap();
    world.outer.pair(&inner.card.clone(), &[REPLIES]);
    world.inner = inner;
    world.inner_consumer = Consumer::of(&world.inner, 1);
}

/// Takes what lies in the outer ferry directory to the new inner station, and looks that nothing of it was for somebody else.
fn assert_all_for_the_new_one(world: &mut World, what: &str) {
    for _ in 0..4 {
        settle(world);
    }
    let aside = world.inner.files.tree(world.inner.station.quarantine_dir());
    assert!(aside.is_empty(), "{what}: {aside:?}");
    assert_once_each(world, what);
    verdict::log_verifies(&world.outer).unwrap_or_else(|broken| panic!("{what}: {broken}"));
}

#[test]
fn what_lies_in_the_ferry_directory_for_a_former_peer_is_taken_back_and_sealed_anew() {
    for away in [false, true] {
        let mut world = World::new(94);
        few(&mut world, "A");
        world.outer.step().unwrap();
        let (out, gone) = (world.outer.station.ferry_out(), world.outer.station.dir.join("unmounted"));
        assert!(world.outer.files.tree(&out).len() > 2, "packets for the old peer lie there");
        if away {
            // Some more wait in the spool for a ferry directory that is away.
            assert!(world.outer.files.rename(&out, &gone));
            few(&mut world, "B");
            world.outer.step().unwrap();
        }
        let inner = another_inner(&world, 1094);
        replace_inner(&mut world, inner);
        world.outer.step().unwrap();
        if away {
            assert!(world.outer.files.rename(&gone, &out));
            world.outer.crash();
            world.outer.step().unwrap();
        }
        assert_eq!(world.outer.perform(&reseal()).unwrap().exit, 0);
        assert_all_for_the_new_one(&mut world, &format!("away {away}"));
    }
}

#[test]
fn what_a_channel_set_up_after_a_change_of_peers_could_not_place_is_placed_after_a_crash() {
    let mut world = World::new(96);
    few(&mut world, "A");
    world.outer.step().unwrap();
    let inner = another_inner(&world, 1096);
    replace_inner(&mut world, inner);
    world.outer.step().unwrap();
    world.outer.close().unwrap();
    world.outer.channels.push(channel("later", Side::Outer));
    world.outer.files.mkdir(world.outer.source(&name("later")));
    let (out, gone) = (world.outer.station.ferry_out(), world.outer.station.dir.join("unmounted"));
    assert!(world.outer.files.rename(&out, &gone));
    world.outer_supplier.drop_file(&world.outer, "later", "x.bin");
    world.outer.step().unwrap();
    world.outer.crash();
    assert!(world.outer.files.rename(&gone, &out));
    world.outer.step().unwrap();
    world.inward.take(&world.outer);
    assert!(world.inward.cargo("later").contains_key(&1), "it is for the peer of today");
}

#[test]
fn a_station_killed_while_it_takes_back_what_was_for_a_former_peer_leaves_nothing_of_it() {
    let prepared = || {
        let mut world = World::new(95);
        few(&mut world, "A");
        world.outer.step().unwrap();
        let inner = another_inner(&world, 1095);
        replace_inner(&mut world, inner);
        world
    };
    let operations = {
        let mut world = prepared();
        let before = world.outer.files.ops();
        world.outer.step().unwrap();
        world.outer.files.ops() - before
    };
    for place in 1..=operations {
        let mut world = prepared();
        world.outer.files.kill_at(place, false);
        let _ = world.outer.step();
        world.outer.crash();
        world.outer.step().unwrap();
        assert_eq!(world.outer.perform(&reseal()).unwrap().exit, 0);
        assert_all_for_the_new_one(&mut world, &format!("killed at operation {place}"));
    }
    println!("killed at {operations} operations, nothing for the former peer went across");
}

#[test]
fn records_that_were_already_to_be_sealed_anew_come_in_their_order_at_another_peer() {
    let mut world = World::new(96);
    few(&mut world, "A");
    world.settle().unwrap();
    few(&mut world, "B");
    world.outer.step().unwrap();
    world.inward.take(&world.outer);
    world.inward.deliver_some(&world.inner, |_| false);
    let card = card(&mut world.inner);
    let (out, away) = (world.outer.station.ferry_out(), world.outer.station.dir.join("unmounted"));
    assert!(world.outer.files.rename(&out, &away));
    assert_eq!(world.outer.perform(&epoch_new(card)).unwrap().exit, 0);
    let inner = another_inner(&world, 1096);
    replace_inner(&mut world, inner);
    world.outer.step().unwrap();
    assert!(world.outer.files.rename(&away, &out));
    few(&mut world, "C");
    let mut told = 0;
    for _ in 0..3 {
        let report = world.outer.step().unwrap();
        told += report.troubles.iter().filter(|trouble| trouble.code == "reseal-waits").count();
    }
    assert!(told >= 2, "what waits for a person is told of");
    assert_eq!(world.outer.perform(&reseal()).unwrap().exit, 0);
    assert_all_for_the_new_one(&mut world, "in order");
    for channel in [FILES, REPORTS] {
        let mut store = world.inner.store.clone();
        let mut rows = store.packets_in(Direction::In, &PacketState::ALL, usize::MAX).unwrap();
        rows.retain(|row| row.key.channel == name(channel));
        rows.sort_by_key(|row| (row.key.epoch.counter, row.key.seq));
        let names = rows.iter().flat_map(|row| store.records(&row.key).unwrap()).map(|record| record.name);
        let order: Vec<char> = names.filter_map(|name| name.chars().next()).collect();
        assert!(order.is_sorted() && order.contains(&'A') && order.contains(&'C'), "{channel}: {order:?}");
    }
}
