//! Single operations fail: the disk is full, access is denied, the device errs. The station goes on or stops, and nothing is lost.

use super::sweep::{PACKETS_OF_TWO_GROUPS, RECEIVING, SENDING, Scene, TWO_GROUPS};
use dukou_packets::log::line::Event;
use dukou_shared::error::Policy;
use dukou_shared::lang::Lang;
use dukou_shared::seams::{FileCause, FileOp};
use dukou_shared::store::Direction;
use dukou_tests::simulated::station::name;
use dukou_tests::simulated::world::FILES;
use dukou_tests::simulated::{World, verdict};

/// How a single operation fails.
#[derive(Clone, Copy, Debug)]
enum Blow {
    /// It did not happen.
    Undone,
    /// It happened all the same.
    Done,
}

/// Lets every `stride`-th operation of the step fail once with `cause`; a fault must end the engine in a way the daemon knows how to answer.
fn fail_operations(scene: Scene, cause: &FileCause, blow: Blow, (seed, stride): (u64, usize)) {
    let history = scene.history(seed);
    for (op, place) in history.into_iter().zip(1..).skip(seed as usize % stride).step_by(stride) {
        let mut world = scene.world(seed);
        let victim = world.side(scene.victim);
        match blow {
            Blow::Undone => victim.files.fail_at(place, cause.clone()),
            Blow::Done => victim.files.fail_done_at(place, cause.clone()),
        }
        let what = format!("{op:?} at operation {place} gave {cause:?} ({blow:?})");
        if let Err(fault) = scene.act(&mut world) {
            let expected = match (op, cause) {
                (FileOp::Sync, _) | (_, FileCause::System(_)) => Policy::Halt,
                _ => Policy::Retry,
            };
            assert_eq!(fault.policy(), expected, "{}, {what}: {fault}", scene.name);
            world.side(scene.victim).crash();
        } else {
            assert_ne!(op, FileOp::Sync, "{}, {what}: it was passed over", scene.name);
        }
        scene.verify(&mut world, &what);
    }
}

#[test]
fn a_sender_on_a_full_disk_loses_nothing() {
    fail_operations(SENDING, &FileCause::NoSpace, Blow::Undone, (11, 2));
}

#[test]
fn a_receiver_on_a_full_disk_loses_nothing() {
    fail_operations(RECEIVING, &FileCause::NoSpace, Blow::Undone, (12, 2));
}

#[test]
fn a_sender_whose_device_errs_once_stops_and_loses_nothing() {
    fail_operations(SENDING, &FileCause::System(5), Blow::Undone, (13, 1));
}

#[test]
fn a_receiver_whose_device_errs_once_stops_and_loses_nothing() {
    fail_operations(RECEIVING, &FileCause::System(5), Blow::Undone, (14, 1));
}

#[test]
fn a_sender_that_hears_of_an_error_after_the_operation_took_effect_doubles_nothing() {
    fail_operations(SENDING, &FileCause::System(5), Blow::Done, (15, 2));
}

#[test]
fn a_receiver_that_hears_of_an_error_after_the_operation_took_effect_doubles_nothing() {
    fail_operations(RECEIVING, &FileCause::System(5), Blow::Done, (16, 2));
}

#[test]
fn a_sender_without_permission_for_once_loses_nothing() {
    fail_operations(SENDING, &FileCause::Denied, Blow::Undone, (17, 2));
}

#[test]
fn a_receiver_without_permission_for_once_loses_nothing() {
    fail_operations(RECEIVING, &FileCause::Denied, Blow::Undone, (18, 2));
}

#[test]
fn a_store_that_is_full_or_busy_changes_nothing_and_is_tried_again() {
    use dukou_shared::store::StoreFault;
    for scene in [SENDING, RECEIVING] {
        for place in 1..=scene.commits(19) {
            for fault in [StoreFault::Full, StoreFault::Busy] {
                let mut world = scene.world(19);
                world.side(scene.victim).store.refuse_commit_at(place, fault.clone());
                let ended = scene.act(&mut world).unwrap_err();
                assert_eq!(ended.policy(), Policy::Retry, "{}: {ended}", scene.name);
                world.side(scene.victim).crash();
                scene.verify(&mut world, &format!("transaction {place} gave {fault}"));
            }
        }
    }
}

#[test]
fn a_group_of_which_nothing_can_be_staged_leaves_the_one_under_delivery_to_the_second_thread() {
    let mut world = TWO_GROUPS.world(22);
    world.inner.second_thread = true;
    world.inner.crash();
    let staging = world.inner.sink(&name(FILES)).join(".staging");
    let first_of_second = verdict::rows(&world.outer, Direction::Out).unwrap().into_iter().map(|row| row.key);
    let first_of_second = first_of_second.filter(|key| key.channel == name(FILES)).nth(GROUP_PACKETS).unwrap();
    let in_its_place = staging.join(format!("{}-{}", first_of_second.epoch, first_of_second.seq));
    world.inner.files.put(&in_its_place, b"no folder");
    let report = world.inner.step().unwrap();
    assert_eq!((report.packets_in, report.delivered), (GROUP_PACKETS as u64, GROUP_PACKETS as u64), "each once");
    assert_eq!(report.troubles.len(), 1, "{:?}", report.troubles);
    verdict::log_verifies(&world.inner).unwrap();
    world.inner.files.remove(&in_its_place);
    let report = world.inner.step().unwrap();
    assert_eq!(report.packets_in as usize, PACKETS_OF_TWO_GROUPS - GROUP_PACKETS);
    TWO_GROUPS.verify(&mut world, &"nothing of the second group could be staged");
}

/// Most packets of one group.
const GROUP_PACKETS: usize = 64;

#[test]
fn a_sender_whose_ferry_disk_is_full_waits_and_resumes_by_itself() {
    let mut world = World::new(20);
    let ferry = world.outer.station.ferry_out();
    world.outer.files.mount(&ferry);
    world.outer.files.limit(&ferry, Some(4096));
    world.drop_mixture("A");
    for _ in 0..3 {
        if let Err(fault) = world.outer.step() {
            assert_eq!(fault.policy(), Policy::Retry, "{fault}");
        }
    }
    world.outer.files.limit(&ferry, None);
    world.settle_and_check().unwrap();
}

#[test]
fn a_receiver_whose_disk_is_read_only_for_a_while_resumes_by_itself() {
    let mut world = World::new(21);
    world.drop_mixture("A");
    world.outer.step().unwrap();
    world.inward.carry(&world.outer, &world.inner, &dukou_tests::simulated::Weather::FAIR);
    world.inner.open().unwrap();
    world.inner.files.set_read_only("/", true);
    let fault = world.inner.step().unwrap_err();
    assert_eq!(fault.policy(), Policy::Retry, "{fault}");
    world.inner.files.set_read_only("/", false);
    world.settle_and_check().unwrap();
}

#[test]
fn a_ferry_directory_that_vanishes_is_never_read_as_delivered() {
    let mut world = World::new(22);
    world.drop_mixture("A");
    let (out, away) = (world.outer.station.ferry_out(), world.outer.station.dir.join("unmounted"));
    world.outer.files.rename(&out, &away);
    for _ in 0..3 {
        if let Err(fault) = world.outer.step() {
            assert_eq!(fault.policy(), Policy::Retry, "{fault}");
        }
    }
    world.outer.files.rename(&away, &out);
    world.settle_and_check().unwrap();
    let (arrive, away) = (world.inner.station.ferry_in(), world.inner.station.dir.join("unmounted"));
    world.inner.files.rename(&arrive, &away);
    let report = world.inner.step().unwrap();
    assert_eq!(report.troubles.len(), 1);
    world.inner.files.rename(&away, &arrive);
    world.drop_mixture("B");
    world.settle_and_check().unwrap();
}

#[test]
fn a_wall_clock_that_jumps_by_years_changes_no_data() {
    let mut world = World::new(23);
    let now = dukou_tests::simulated::station::BEGIN_MS;
    const YEAR_MS: i64 = 365 * 86_400_000;
    for (index, wall_ms) in [now - YEAR_MS, now + 10 * YEAR_MS, now, 0].into_iter().enumerate() {
        world.drop_mixture(&format!("A{index}"));
        world.outer.clock.set_wall(wall_ms);
        world.settle_and_check().unwrap_or_else(|broken| panic!("at {wall_ms}: {broken}"));
    }
}

#[test]
fn a_station_that_is_stopped_with_a_full_disk_says_that_its_stop_line_may_be_missing_and_starts_right() {
    for (seed, room) in [(30, 0), (31, 20), (32, 200)] {
        let mut world = World::new(seed);
        world.drop_mixture("A");
        world.outer.step().unwrap();
        let stops = |world: &World| world.outer.log().iter().filter(|event| matches!(event, Event::Stop { .. })).count();
        let names = world.outer.files.tree("/").into_iter();
        let used: usize = names.filter_map(|name| world.outer.files.get(format!("/{name}"))).map(|bytes| bytes.len()).sum();
        world.outer.files.limit("/", Some((used + room) as u64));
        let fault = world.outer.close().unwrap_err();
        assert_eq!((fault.code(), fault.policy()), ("unclosed", Policy::Retry), "{fault}");
        assert!(fault.sentence(Lang::En).contains("stop line may be missing") && fault.sentence(Lang::Zh).contains("stop 行"));
        world.outer.crash();
        let stood = stops(&world);
        assert!(stood == 0 || room > 0, "there was no room for it");
        let full = world.outer.open().unwrap_err();
        assert_eq!(full.policy(), Policy::Retry, "{full}");
        world.outer.files.limit("/", None);
        world.settle_and_check().unwrap();
        verdict::log_verifies(&world.outer).unwrap();
        world.outer.close().unwrap();
        assert_eq!(stops(&world), stood + 1);
    }
}
