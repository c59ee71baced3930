//! What the gap device does to packets: loses, doubles, delays, damages, replays. Gaps are named exactly and a resend closes them.

use super::restored::{card, epoch_new};
use dukou_packets::log::line::Event;
use dukou_rehearsal::random::Random;
use dukou_tests::simulated::station::name;
use dukou_tests::simulated::world::{FILES, gaps};
use dukou_tests::simulated::{SimStation, Weather, World, verdict};
use std::collections::BTreeSet;

/// A world whose outer station has just placed `count` packets of one file each.
fn placed(seed: u64, count: u64) -> World {
    let mut world = World::new(seed);
    world.outer.channels[1].batch.max_records = 1;
    for index in 0..count {
        world.outer_supplier.drop_file(&world.outer, FILES, &format!("{index}.bin"));
    }
    world.outer.step().unwrap();
    world.inward.take(&world.outer);
    world
}

/// The numbers that the log says are missing: every gap, less what was closed.
fn missing_by_the_log(station: &SimStation) -> BTreeSet<u64> {
    let mut missing = BTreeSet::new();
    for event in station.log() {
        match event {
            Event::Gap { from, to, .. } => missing.extend(from..=to),
            Event::GapClosed { from, to, .. } => missing.retain(|seq| !(from..=to).contains(seq)),
            _ => {}
        }
    }
    missing
}

fn missing_by_the_report(station: &SimStation) -> BTreeSet<u64> {
    gaps(station).unwrap().into_iter().flat_map(|(_, from, to)| from..=to).collect()
}

#[test]
fn every_choice_of_lost_packets_is_named_exactly_and_a_resend_closes_it() {
    const COUNT: u64 = 5;
    for lost in 1u64..1 << COUNT {
        let lost: BTreeSet<u64> = (1..=COUNT).filter(|seq| lost >> (seq - 1) & 1 == 1).collect();
        let mut world = placed(31, COUNT);
        world.inward.deliver_some(&world.inner, |id| id.is_none_or(|(_, _, seq)| !lost.contains(seq)));
        world.inner.step().unwrap();
        assert_eq!(missing_by_the_report(&world.inner), lost);
        assert_eq!(missing_by_the_log(&world.inner), lost);
        let before_the_gap = lost.first().unwrap() - 1;
        assert_eq!(world.inner_consumer.take(&world.inner.files, 1.0) as u64, before_the_gap, "lost {lost:?}");
        world.heal().unwrap();
        assert_eq!(missing_by_the_log(&world.inner), BTreeSet::new());
        verdict::check(&mut world).unwrap_or_else(|broken| panic!("lost {lost:?}: {broken}"));
    }
}

#[test]
fn a_resend_that_is_lost_again_is_asked_for_again() {
    let mut world = placed(32, 4);
    world.inward.deliver_some(&world.inner, |id| id.is_none_or(|(_, _, seq)| *seq == 4));
    world.inner.step().unwrap();
    for _ in 0..3 {
        let request =
            dukou_shared::requests::Request::Resend { channel: name(FILES), from: 1, to: 3, operator: "tester".to_string() };
        assert_eq!(world.outer.perform(&request).unwrap().count, 3);
        world.inward.take(&world.outer);
        world.inward.deliver_some(&world.inner, |_| false);
        world.inner.step().unwrap();
        assert_eq!(missing_by_the_log(&world.inner), BTreeSet::from([1, 2, 3]));
    }
    world.heal().unwrap();
    verdict::check(&mut world).unwrap();
}

#[test]
fn packets_that_come_late_twice_renamed_and_replayed_have_no_other_effect() {
    for seed in 0..8 {
        let mut world = World::new(seed);
        for day in 0..4 {
            world.drop_mixture(&format!("D{day}"));
            for _ in 0..4 {
                world.round(&Weather::ROUGH).unwrap();
            }
        }
        world.settle_and_check().unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
        assert_eq!(world.inner.files.tree(world.inner.station.quarantine_dir()), Vec::<String>::new());
    }
}

#[test]
fn a_device_that_never_deletes_its_source_delivers_nothing_twice() {
    let mut world = World::new(33);
    world.drop_mixture("A");
    let ferry = world.outer.station.ferry_out();
    for _ in 0..4 {
        world.outer.step().unwrap();
        for file in world.outer.files.tree(&ferry) {
            let bytes = world.outer.files.get(ferry.join(&file)).unwrap();
            world.inner.files.put(world.inner.station.ferry_in().join(&file), bytes);
        }
        world.inner.step().unwrap();
        world.inner_consumer.take(&world.inner.files, 1.0);
    }
    world.settle_and_check().unwrap();
}

#[test]
fn a_packet_with_any_byte_changed_is_set_aside_and_the_good_one_is_applied_later() {
    let mut world = placed(34, 1);
    world.inward.deliver_some(&world.inner, |id| id.is_none());
    let good = world.inward.cargo(FILES).remove(&1).unwrap();
    let mut dice = Random::new(34);
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1 << dice.below(8);
        world.inward.put(&world.inner, None, &bad);
        // A changed length may make it look unfinished: it gets its time to grow.
        let report = (0..4).fold(0, |moved, _| {
            world.inner.clock.advance(1000);
            let report = world.inner.step().unwrap();
            assert_eq!(report.packets_in, 0, "byte {at}");
            moved + report.aside.values().sum::<u64>()
        });
        assert_eq!(report, 1, "byte {at} was not set aside once");
    }
    assert_eq!(world.inner_consumer.take(&world.inner.files, 1.0), 0);
    world.heal().unwrap();
    verdict::check(&mut world).unwrap();
}

#[test]
fn a_packet_cut_anywhere_is_set_aside_after_some_scans_and_its_number_is_missing() {
    let mut world = placed(35, 2);
    world.inward.deliver_some(&world.inner, |id| id.is_none());
    let good = world.inward.cargo(FILES).remove(&2).unwrap();
    for len in (1..good.len()).step_by(7) {
        world.inward.put(&world.inner, None, &good[..len]);
        let aside = (0..4).fold(0, |aside, _| {
            world.inner.clock.advance(1000);
            aside + world.inner.step().unwrap().aside.get("short").copied().unwrap_or(0)
        });
        assert_eq!(aside, 1, "cut to {len} bytes");
    }
    assert_eq!(missing_by_the_log(&world.inner), BTreeSet::from([1, 2]));
    world.heal().unwrap();
    verdict::check(&mut world).unwrap();
}

#[test]
fn a_packet_that_grows_slowly_is_left_alone_until_it_is_whole() {
    let mut world = placed(36, 1);
    world.inward.deliver_some(&world.inner, |id| id.is_none());
    let good = world.inward.cargo(FILES).remove(&1).unwrap();
    let path = world.inner.station.ferry_in().join("growing.dkp");
    for len in (0..good.len()).step_by(50) {
        world.inner.files.put(&path, &good[..len]);
        for _ in 0..2 {
            world.inner.clock.advance(1000);
            let report = world.inner.step().unwrap();
            assert_eq!((report.incomplete, report.packets_in), (1, 0));
            assert!(report.aside.is_empty());
        }
    }
    world.inner.files.put(&path, &good);
    assert_eq!(world.inner.step().unwrap().packets_in, 1);
    world.settle_and_check().unwrap();
}

#[test]
fn junk_in_the_ferry_directory_is_counted_and_left_alone() {
    let mut world = placed(37, 3);
    let ferry = world.inner.station.ferry_in();
    let junk = ["readme.txt", ".hidden.dkp", "folder/inside.dkp", "空.dkp", "a b.dkp"];
    for file in junk {
        world.inner.files.put(ferry.join(file), "junk");
    }
    world.inner.files.put_special(ferry.join("fifo.dkp"));
    world.inward.deliver_some(&world.inner, |_| true);
    let report = world.inner.step().unwrap();
    assert_eq!(report.packets_in, 3);
    assert!(report.junk >= 4, "{report:?}");
    assert!(report.aside.is_empty(), "{report:?}");
    for file in ["readme.txt", ".hidden.dkp", "folder", "空.dkp", "a b.dkp", "fifo.dkp"] {
        assert!(world.inner.files.remove(ferry.join(file)), "{file} is gone");
    }
    world.settle_and_check().unwrap();
}

#[test]
fn a_stranger_s_packets_wait_and_a_peer_s_packets_on_other_channels_are_set_aside() {
    let mut stranger = placed(99, 1);
    let foreign = stranger.inward.cargo(FILES).remove(&1).unwrap();
    stranger.inner.crash();
    let mut world = placed(38, 2);
    world.inner.crash();
    // The inner station grants the channel of reports only.
    let card = world.outer.card.clone();
    world.inner.pair(&card, &["reports"]);
    world.inward.deliver_some(&world.inner, |_| true);
    world.inward.put(&world.inner, None, &foreign);
    let report = world.inner.step().unwrap();
    assert_eq!((report.waiting, report.packets_in), (1, 0));
    assert_eq!(report.aside.get("not-granted"), Some(&2));
    assert_eq!(world.inner_consumer.take(&world.inner.files, 1.0), 0);
}

#[test]
fn what_was_set_aside_because_its_channel_was_not_granted_is_taken_in_after_a_trust() {
    let mut world = placed(39, 2);
    world.inner.crash();
    let card = world.outer.card.clone();
    world.inner.pair(&card, &["reports"]);
    world.inward.deliver_some(&world.inner, |_| true);
    world.inner.step().unwrap();
    let quarantine = world.inner.station.quarantine_dir();
    assert_eq!(world.inner.files.tree(&quarantine).len(), 6, "two packets, each with its reasons");
    world.inner.step().unwrap();
    assert_eq!(world.inner.files.tree(&quarantine).len(), 6, "nothing changed");
    world.inner.crash();
    world.inner.pair(&card, &["reports", FILES]);
    world.settle().unwrap();
    assert_eq!(world.inner_consumer.names(&name(FILES)).len(), 2);
    assert_eq!(world.inner.files.tree(&quarantine), Vec::<String>::new());
    world.settle_and_check().unwrap();
}

#[test]
fn packets_of_two_epochs_that_waited_for_a_grant_are_no_contradiction() {
    let mut world = placed(40, 2);
    world.inner.crash();
    let peer = world.outer.card.clone();
    world.inner.pair(&peer, &["reports"]);
    world.inward.deliver_some(&world.inner, |_| true);
    world.inner.step().unwrap();
    let report = card(&mut world.inner);
    assert_eq!(world.outer.perform(&epoch_new(report)).unwrap().exit, 0);
    (2..4).for_each(|index| world.outer_supplier.drop_file(&world.outer, FILES, &format!("{index}.bin")));
    world.outer.step().unwrap();
    world.inward.take(&world.outer);
    // The opening is lost, so the second packets of both epochs stand side by side.
    world.inward.deliver_some(&world.inner, |id| id.is_none_or(|(_, _, seq)| *seq != 1));
    world.inner.step().unwrap();
    let quarantine = world.inner.station.quarantine_dir();
    let kept = world.inner.files.tree(&quarantine).len();
    assert!(kept > 6, "{kept}: packets of both epochs wait");
    world.inner.crash();
    world.inner.pair(&peer, &["reports", FILES]);
    for _ in 0..4 {
        world.inner.step().unwrap();
    }
    let accused = |event: &Event| matches!(event, Event::Equivocation { .. });
    assert!(!world.inner.log().iter().any(accused), "{:?}", world.inner.log());
}
