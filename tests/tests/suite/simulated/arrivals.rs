//! The ferry directory is nobody's: whatever fills it, and whatever becomes of the station's own directories, good packets come in.

use dukou_packets::log::line::Event;
use dukou_packets::suite::Digest;
use dukou_shared::seams::clock::Clock;
use dukou_tests::simulated::station::name;
use dukou_tests::simulated::world::FILES;
use dukou_tests::simulated::{SimStation, World, forge, verdict};

/// More than one look takes.
const MANY: usize = 10_001;

/// A world whose packets are before the receiver, under names that stand behind all junk.
fn before_the_receiver(seed: u64) -> World {
    let mut world = World::new(seed);
    for index in 0..4 {
        world.outer_supplier.drop_file(&world.outer, FILES, &format!("{index}"));
    }
    world.outer.step().unwrap();
    world.inward.take(&world.outer);
    world.inward.deliver_some(&world.inner, |_| false);
    for (index, (_, bytes)) in world.inward.passed.clone().into_iter().enumerate() {
        world.inward.put(&world.inner, Some(&format!("z{index}.dkp")), &bytes);
    }
    world.inner.open().unwrap();
    world
}

fn count_aside(station: &SimStation) -> u64 {
    let counts = station.log().into_iter().map(|event| match event {
        Event::Aside { count, .. } => count,
        _ => 0,
    });
    counts.sum()
}

#[test]
fn more_links_than_one_look_takes_starve_no_packet() {
    let mut world = before_the_receiver(71);
    for index in 0..MANY {
        world.inner.files.put_special(world.inner.station.ferry_in().join(format!("a{index}.dkp")));
    }
    let report = world.inner.step().unwrap();
    assert_eq!((report.delivered, report.junk), (4, MANY as u64));
}

#[test]
fn more_short_files_than_one_look_takes_starve_no_packet_and_are_all_removed_in_the_end() {
    let mut world = before_the_receiver(72);
    for index in 0..MANY {
        world.inner.files.put(world.inner.station.ferry_in().join(format!("a{index}.dkp")), b"short");
    }
    assert_eq!(world.inner.step().unwrap().delivered, 4);
    for _ in 0..20 {
        world.inner.clock.advance(1000);
        world.inner.step().unwrap();
    }
    assert_eq!(world.inner.files.tree(world.inner.station.ferry_in()), Vec::<String>::new());
    assert_eq!(count_aside(&world.inner), MANY as u64);
    verdict::log_verifies(&world.inner).unwrap();
}

#[test]
fn no_name_gets_round_the_limits_of_the_quarantine() {
    let mut world = World::new(73);
    for index in 0..1100 {
        world.inner.files.put(world.inner.station.ferry_in().join(format!("a.reason.{index}.dkp")), vec![1; 400]);
    }
    world.inner.step().unwrap();
    let kept = world.inner.files.tree(world.inner.station.quarantine_dir()).into_iter().filter(|file| file.ends_with(".dkp"));
    assert_eq!(kept.count(), 1000);
    assert_eq!(world.inner.files.tree(world.inner.station.ferry_in()), Vec::<String>::new());
}

#[test]
fn evidence_of_two_packets_under_one_number_is_kept_though_the_quarantine_is_full() {
    let mut world = World::new(74);
    world.outer_supplier.drop_file(&world.outer, FILES, "first");
    world.settle_and_check().unwrap();
    for index in 0..1000 {
        world.inner.files.put(world.inner.station.quarantine_dir().join(format!("{index}.dkp")), b"junk");
    }
    let mut place = forge::next_place(&world.outer, FILES);
    (place.seq, place.prev) = (1, Digest::ZERO);
    let second = forge::bytes(&forge::packet(&world.outer, &world.inner, &place, &[forge::file("first", b"another")]));
    for _ in 0..3 {
        world.inward.put(&world.inner, None, &second);
        world.inner.step().unwrap();
    }
    let dir = world.inner.station.quarantine_dir();
    let kept =
        world.inner.files.tree(&dir).into_iter().filter(|file| world.inner.files.get(dir.join(file)).as_ref() == Some(&second));
    assert_eq!(kept.count(), 1);
}

#[test]
fn a_quarantine_that_is_gone_is_made_anew_and_one_that_cannot_be_written_holds_up_no_good_packet() {
    for is_gone in [true, false] {
        let mut world = before_the_receiver(75);
        let dir = world.inner.station.quarantine_dir();
        let bad = world.inner.station.ferry_in().join("bad.dkp");
        world.inner.files.put(&bad, vec![1; 400]);
        if is_gone {
            world.inner.files.remove(&dir);
        } else {
            world.inner.files.mount(&dir);
            world.inner.files.set_read_only(&dir, true);
        }
        let report = world.inner.step().unwrap();
        assert_eq!(report.delivered, 4);
        let lines = world.inner.log().len();
        for _ in 0..3 {
            world.inner.step().unwrap();
        }
        assert_eq!(world.inner.log().len(), lines, "a line with every look");
        if is_gone {
            assert!(world.inner.files.get(dir.join("bad.dkp")).is_some());
            continue;
        }
        assert_eq!(report.troubles.len(), 1, "{:?}", report.troubles);
        assert!(world.inner.files.get(&bad).is_some(), "it went nowhere");
        world.inner.files.set_read_only(&dir, false);
        world.inner.step().unwrap();
        assert_eq!(world.inner.files.get(&bad), None);
        verdict::log_verifies(&world.inner).unwrap();
    }
}

#[test]
fn no_packet_is_moved_aside_without_its_line_wherever_the_process_dies() {
    let prepare = || {
        let world = before_the_receiver(76);
        world.inner.files.put(world.inner.station.ferry_in().join("bad.dkp"), vec![1; 400]);
        world.inner.files.put(world.inner.station.ferry_in().join("worse.dkp"), vec![2; 400]);
        world
    };
    for op in super::sweep::every_changing_op(prepare, |world| world.inner.step().map(drop)) {
        let mut world = prepare();
        world.inner.files.kill_at(op, false);
        assert!(world.inner.step().is_err());
        world.inner.crash();
        world.settle().unwrap();
        let aside = world.inner.files.tree(world.inner.station.quarantine_dir());
        assert_eq!(aside.iter().filter(|file| file.ends_with(".dkp")).count(), 2, "killed at {op}: {aside:?}");
        assert!(count_aside(&world.inner) >= 2, "killed at {op}: a line was lost");
        verdict::log_verifies(&world.inner).unwrap_or_else(|broken| panic!("killed at {op}: {broken}"));
    }
}

#[test]
fn what_waited_for_a_key_is_all_taken_in_once_the_key_is_known_and_leaves_nothing_behind() {
    let mut world = World::new(77);
    world.outer.channels[1].batch.max_records = 1;
    let trust = world.inner.trust.take();
    for index in 0..40 {
        world.outer_supplier.drop_file(&world.outer, FILES, &format!("{index:02}"));
    }
    world.outer.step().unwrap();
    world.inward.take(&world.outer);
    world.inward.deliver_some(&world.inner, |_| true);
    // One that was damaged on its way waits beside the good ones.
    let mut bad = world.inward.cargo(FILES)[&7].clone();
    bad[500] ^= 1;
    world.inward.put(&world.inner, None, &bad);
    world.inner.step().unwrap();
    let waiting = world.inner.station.waiting_dir();
    assert!(world.inner.files.tree(&waiting).len() > 120);
    // The consumer is slow: the channel stops at the first name that is still there.
    world.inner.files.put(world.inner.sink(&name(FILES)).join("03"), b"not taken yet");
    world.inner.crash();
    world.inner.trust = trust;
    world.inner.step().unwrap();
    world.inner.files.remove(world.inner.sink(&name(FILES)).join("03"));
    for _ in 0..3 {
        world.inner.step().unwrap();
    }
    assert_eq!(world.inner.files.tree(&waiting), Vec::<String>::new());
    world.settle().unwrap();
    assert_eq!(world.inner_consumer.names(&name(FILES)).len(), 40);
}

#[test]
fn a_signal_that_overtakes_its_cargo_announces_no_gap() {
    let mut world = World::new(78);
    for index in 0..3 {
        world.outer_supplier.drop_file(&world.outer, FILES, &format!("{index}"));
    }
    world.outer.step().unwrap();
    world.inward.take(&world.outer);
    let packets = world.inward.passed.clone();
    world.inward.deliver_some(&world.inner, |id| id.is_none());
    world.inner.open().unwrap();
    // The cargo comes while the station is at work on the signal.
    let (ferry, began) = (world.inner.station.ferry_in(), world.inner.clock.clone());
    let from = began.mono_ms();
    let mut packets = Some(packets);
    world.inner.hook.set(Some(Box::new(move |files| {
        if began.mono_ms() < from + 500 {
            return;
        }
        for (index, (_, bytes)) in packets.take().into_iter().flatten().enumerate() {
            files.put(ferry.join(format!("{index}.dkp")), bytes);
        }
    })));
    world.inner.step().unwrap();
    world.inner.hook.set(None);
    assert!(!world.inner.log().iter().any(|event| matches!(event, Event::Gap { .. })));
    world.settle_and_check().unwrap();
}

/// A running inner station before which the signal lies and the cargo it names does not.
fn overtaken_by_a_signal(seed: u64) -> (World, Vec<Vec<u8>>) {
    let mut world = World::new(seed);
    for index in 0..3 {
        world.outer_supplier.drop_file(&world.outer, FILES, &format!("{index}"));
    }
    world.outer.step().unwrap();
    world.inward.take(&world.outer);
    let cargo = world.inward.cargo(FILES).into_values().collect();
    world.inward.deliver_some(&world.inner, |id| id.is_none());
    world.inner.will_be_woken().unwrap();
    (world, cargo)
}

fn announced(world: &World) -> usize {
    world.inner.log().iter().filter(|event| matches!(event, Event::Gap { .. })).count()
}

#[test]
fn a_running_station_does_not_sleep_on_cargo_that_its_signal_overtook() {
    let (mut world, cargo) = overtaken_by_a_signal(79);
    let began_ms = world.inner.clock.mono_ms();
    world.inner.step().unwrap();
    assert_eq!(world.inner.clock.mono_ms(), began_ms, "it slept with files on their way");
    world.inner.clock.advance(100);
    for bytes in cargo {
        world.inward.put(&world.inner, None, &bytes);
        world.inner.step().unwrap();
    }
    assert_eq!(world.inner.clock.mono_ms(), began_ms + 100);
    assert_eq!(announced(&world), 0);
    world.settle_and_check().unwrap();
}

#[test]
fn a_running_station_announces_what_is_still_missing_half_a_second_later_and_not_before() {
    let (mut world, _) = overtaken_by_a_signal(80);
    for (after_ms, gaps) in [(0, 0), (10, 0), (400, 0), (90, 1), (600, 1)] {
        world.inner.clock.advance(after_ms);
        world.inner.step().unwrap();
        assert_eq!(announced(&world), gaps, "{after_ms} ms later");
    }
}

/// Steps a running outer station every 50 ms, each time with a new file, and tells how many signals and how many packets left.
fn leave_one_after_the_other(world: &mut World, files: usize) -> (usize, usize) {
    for index in 0..files {
        world.outer_supplier.drop_file(&world.outer, FILES, &format!("{index}"));
        world.outer.step().unwrap();
        world.inward.take(&world.outer);
        world.outer.clock.advance(50);
    }
    let signals = world.inward.passed.iter().filter(|(id, _)| id.is_none()).count();
    (signals, world.inward.passed.len() - signals)
}

#[test]
fn behind_cargo_that_flows_a_running_station_signals_once_a_second_and_once_more_at_its_end() {
    let mut world = World::new(81);
    world.outer.will_be_woken().unwrap();
    assert_eq!(leave_one_after_the_other(&mut world, 10), (1, 10));
    let rest_ms = world.outer.rest_ms().expect("a signal that waits wakes the station");
    assert!((1..=500).contains(&rest_ms), "{rest_ms}");
    world.outer.clock.advance(rest_ms);
    world.outer.step().unwrap();
    world.inward.take(&world.outer);
    assert_eq!(world.inward.passed.iter().filter(|(id, _)| id.is_none()).count(), 2);
    assert_eq!(world.outer.rest_ms(), None);
    world.inward.deliver_some(&world.inner, |_| true);
    world.settle_and_check().unwrap();
}

#[test]
fn a_signal_that_waits_leaves_when_the_station_stops() {
    let mut world = World::new(82);
    world.outer.will_be_woken().unwrap();
    assert_eq!(leave_one_after_the_other(&mut world, 2), (1, 2));
    world.outer.close().unwrap();
    world.inward.take(&world.outer);
    assert_eq!(world.inward.passed.iter().filter(|(id, _)| id.is_none()).count(), 2);
}
