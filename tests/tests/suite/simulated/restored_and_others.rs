//! Epochs and older copies where they meet other parts: repair packets, retention, a second decision before the first one is worked off.

use super::repair;
use super::restored::{assert_once_each, card, epoch_new, few, holds, reseal, restored_lines, settle};
use dukou_packets::keyring::Side;
use dukou_packets::packet::header::Class;
use dukou_packets::packet::open::read_head;
use dukou_tests::simulated::station::{Nature, SimStation, name};
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
    let nature = Nature { seed: 1093, clock: world.outer.clock.clone() };
    let mut inner = SimStation::new(Side::Inner, &nature, world.inner.channels.clone());
    inner.pair(&world.outer.card.clone(), &[REPORTS, FILES]);
    world.outer.close().unwrap();
    world.outer.pair(&inner.card.clone(), &[REPLIES]);
    world.inner = inner;
    world.inner_consumer = Consumer::of(&world.inner, 1);
    assert_eq!(world.outer.perform(&reseal()).unwrap().exit, 0);
    for _ in 0..4 {
        world.outer.clock.advance(60_000);
        settle(&mut world);
    }
    let aside = world.inner.files.tree(world.inner.station.quarantine_dir());
    assert!(aside.is_empty(), "{aside:?}");
    assert_once_each(&world, "at the new station");
}
