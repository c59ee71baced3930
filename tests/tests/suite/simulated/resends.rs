//! What is placed again without a person: delayed repeats on a one-way link, kills amid resends and repeats, and how long sent packets are kept.

use super::sweep::{RECEIVING, SENDING, Scene};
use super::way_back::{answered, heal, is_healed, placed, receipts, repeated, world_of};
use dukou_shared::connectors::folder::names::safe_path;
use dukou_shared::report;
use dukou_shared::station::LinkConfig;
use dukou_shared::store::{Direction, Store};
use dukou_tests::simulated::station::name;
use dukou_tests::simulated::world::{FILES, REPORTS, gaps};
use dukou_tests::simulated::{SimStation, Victim, Weather, World, verdict};
use std::collections::BTreeSet;

/// A one-way link that places everything again after a minute.
fn one_way() -> LinkConfig {
    LinkConfig { signal_seconds: 0, repeat_after_minutes: 1, ..LinkConfig::default() }
}

/// Lets so many seconds pass on a link that carries inward alone.
fn carry_inward(world: &mut World, seconds: u32) {
    for _ in 0..seconds {
        world.outer.clock.advance(1000);
        world.outer.step().unwrap();
        world.inward.carry(&world.outer, &world.inner, &Weather::FAIR);
        world.inner.step().unwrap();
        world.inner_consumer.take(&world.inner.files, 1.0);
    }
}

fn numbers(ranges: Vec<(u64, u64)>) -> Vec<u64> {
    ranges.into_iter().flat_map(|(from, to)| from..=to).collect()
}

#[test]
fn a_delayed_repeat_alone_heals_every_loss_on_a_one_way_link() {
    const COUNT: u64 = 4;
    for lost in 0u64..1 << COUNT {
        let mut world = placed(71, COUNT, &one_way());
        world.inward.deliver_some(&world.inner, |id| id.is_some_and(|(_, _, seq)| lost >> (seq - 1) & 1 == 0));
        carry_inward(&mut world, 59);
        assert_eq!(repeated(&world.outer, "delay"), [], "not before its time");
        carry_inward(&mut world, 180);
        assert_eq!(numbers(repeated(&world.outer, "delay")), (1..=COUNT).collect::<Vec<_>>(), "each packet once, in order");
        assert_eq!(gaps(&world.inner).unwrap(), []);
        world.settle_and_check().unwrap_or_else(|broken| panic!("lost {lost:b}: {broken}"));
    }
}

#[test]
fn a_link_that_begins_to_repeat_leaves_the_packets_of_earlier_days_alone() {
    let mut world = placed(72, 5, &LinkConfig { repeat_after_minutes: 0, ..one_way() });
    world.inward.deliver_some(&world.inner, |_| true);
    carry_inward(&mut world, 300);
    world.outer.close().unwrap();
    world.outer.station.config.link = one_way();
    world.outer_supplier.drop_file(&world.outer, FILES, "new.bin");
    carry_inward(&mut world, 120);
    assert_eq!(repeated(&world.outer, "delay"), [(6, 6)]);
    world.settle_and_check().unwrap();
}

#[test]
fn a_packet_made_after_a_long_rest_is_not_taken_for_an_old_one() {
    let mut world = world_of(81, &one_way());
    world.outer.step().unwrap();
    world.outer.clock.advance(3_600_000);
    world.outer_supplier.drop_file(&world.outer, FILES, "late.bin");
    carry_inward(&mut world, 60);
    assert_eq!(repeated(&world.outer, "delay"), []);
    carry_inward(&mut world, 2);
    assert_eq!(repeated(&world.outer, "delay"), [(1, 1)]);
}

#[test]
fn delayed_repeats_keep_the_pace_and_every_packet_has_its_turn() {
    let mut world = placed(73, 40, &LinkConfig { resend_per_minute: 10, ..one_way() });
    world.inward.deliver_some(&world.inner, |_| true);
    let mut placed = Vec::new();
    for _ in 0..320 {
        carry_inward(&mut world, 1);
        placed.push(numbers(repeated(&world.outer, "delay")).len());
    }
    assert!(placed.windows(60).all(|minute| minute[59] - minute[0] <= 10));
    assert_eq!(numbers(repeated(&world.outer, "delay")), (1..=40).collect::<Vec<_>>());
}

#[test]
fn with_a_way_back_nothing_is_repeated_for_its_time_alone() {
    let mut world = placed(74, 3, &LinkConfig { repeat_after_minutes: 1, ..answered() });
    world.inward.deliver_some(&world.inner, |_| true);
    for _ in 0..200 {
        world.round(&Weather::FAIR).unwrap();
    }
    assert_eq!([repeated(&world.outer, "delay"), repeated(&world.outer, "missing")], [[], []]);
    assert!(is_healed(&world));
}

/// The outer station learns in its next step that packets of two channels are missing, and has news to send besides.
const RESENDING: Scene = Scene { name: "resending", victim: Victim::Outer, prepare: before_resending };

/// The outer station of a one-way link has packets of two channels to repeat, and has news to send besides.
const REPEATING: Scene = Scene { name: "repeating", victim: Victim::Outer, prepare: before_repeating };

/// Puts packets of two channels on their way and loses some of them.
fn lose_some(world: &mut World, link: &LinkConfig) {
    for station in [&mut world.outer, &mut world.inner] {
        station.station.config.link = link.clone();
    }
    world.outer.channels[1].batch.max_records = 1;
    for index in 0..4 {
        world.outer_supplier.drop_file(&world.outer, FILES, &format!("A{index}.bin"));
        world.outer_supplier.drop_xml(&world.outer, REPORTS, &format!("A{index}_x.xml"));
    }
    world.outer.step().unwrap();
    world.inward.take(&world.outer);
    world.inward.deliver_some(&world.inner, |id| id.is_none_or(|(_, _, seq)| *seq != 1 && *seq != 3));
}

fn before_resending(world: &mut World) {
    lose_some(world, &answered());
    for _ in 0..7 {
        world.round(&Weather::FAIR).unwrap();
    }
    world.outer_supplier.drop_file(&world.outer, FILES, "B.bin");
    world.outer.clock.advance(1000);
}

fn before_repeating(world: &mut World) {
    lose_some(world, &one_way());
    carry_inward(world, 59);
    world.outer_supplier.drop_file(&world.outer, FILES, "B.bin");
    world.outer.clock.advance(1000);
}

/// Kills a scene's step before each operation that changes something and lets `mend` heal the world by itself.
fn kill_before_each_change(scene: Scene, cause: &str, mend: fn(&mut World)) {
    let mut whole = scene.world(1);
    scene.act(&mut whole).unwrap();
    let expected = numbers(repeated(&whole.outer, cause));
    assert!(!expected.is_empty(), "{}: the step places nothing again", scene.name);
    let places = scene.changing_ops(1);
    println!("{}: killed at {} operations", scene.name, places.len());
    assert!(places.len() > 15, "{}: the step changes only {} things", scene.name, places.len());
    for place in places {
        let mut world = scene.world(1);
        world.side(scene.victim).files.kill_at(place, false);
        assert!(scene.act(&mut world).is_err(), "{}: nothing died at operation {place}", scene.name);
        world.side(scene.victim).crash();
        mend(&mut world);
        scene.verify(&mut world, &format!("killed at operation {place}"));
        let again = numbers(repeated(&world.outer, cause));
        let distinct: BTreeSet<u64> = again.iter().copied().collect();
        assert!(again.len() <= 2 * (expected.len() + distinct.len()), "killed at {place}: {again:?} for {expected:?}");
    }
}

#[test]
fn a_station_killed_at_any_operation_of_an_automatic_resend_loses_and_doubles_nothing() {
    kill_before_each_change(RESENDING, "missing", |world| {
        heal(world).unwrap();
    });
}

#[test]
fn a_station_killed_at_any_operation_of_a_delayed_repeat_loses_and_doubles_nothing() {
    kill_before_each_change(REPEATING, "delay", |world| carry_inward(world, 130));
}

#[test]
fn a_repeat_that_ends_unsure_is_done_again_for_one_batch_at_most() {
    let commits = REPEATING.commits(2);
    for place in 1..=commits {
        for persisted in [false, true] {
            let mut world = REPEATING.world(2);
            world.outer.store.fail_commit_at(place, persisted);
            assert!(REPEATING.act(&mut world).is_err());
            world.outer.crash();
            carry_inward(&mut world, 130);
            let again = numbers(repeated(&world.outer, "delay"));
            // Four packets of files and two of reports are one batch each; the fifth file follows alone.
            assert!((7..=11).contains(&again.len()), "transaction {place}, persisted {persisted}: {again:?}");
            REPEATING.verify(&mut world, &format!("transaction {place} unsure, persisted {persisted}"));
        }
    }
}

#[test]
fn stations_killed_while_they_send_and_receive_with_a_way_back_heal_by_themselves() {
    for scene in [SENDING, RECEIVING] {
        let prepared = || {
            let mut world = World::new(6);
            for station in [&mut world.outer, &mut world.inner] {
                station.station.config.link = answered();
            }
            (scene.prepare)(&mut world);
            world
        };
        let changing = {
            let mut world = prepared();
            let before = world.side(scene.victim).files.ops();
            scene.act(&mut world).unwrap();
            world.side(scene.victim).files.ops() - before
        };
        for place in (1..=changing).step_by(5) {
            let mut world = prepared();
            world.side(scene.victim).files.kill_at(place, place % 2 == 0);
            assert!(scene.act(&mut world).is_err());
            world.side(scene.victim).crash();
            heal(&mut world).unwrap_or_else(|why| panic!("{}, killed at operation {place}: {why}", scene.name));
            scene.verify(&mut world, &format!("with a way back, killed at operation {place}"));
        }
    }
}

const DAY_MS: u64 = 86_400_000;

/// How many of the outer station's packets are still in its spool.
fn kept(station: &SimStation) -> Vec<u64> {
    let rows = verdict::rows(station, Direction::Out).unwrap();
    rows.into_iter().filter(|row| row.spool.is_some()).map(|row| row.key.seq).collect()
}

fn after_days(world: &mut World, days: u64) -> Vec<String> {
    world.outer.clock.advance(days * DAY_MS);
    world.outer.step().unwrap();
    world.outer.clock.advance(3_600_000);
    world.outer.step().unwrap().troubles.into_iter().map(|trouble| format!("{}: {}", trouble.code, trouble.en)).collect()
}

#[test]
fn confirmed_packets_leave_the_spool_first_and_the_others_not_without_a_warning() {
    let mut world = placed(75, 3, &answered());
    world.outer.station.config.keep.confirmed_days = 2;
    world.outer.crash();
    // Packet 3 is lost, and so is every answer from then on.
    world.inward.deliver_some(&world.inner, |id| id.is_none_or(|(_, _, seq)| *seq != 3));
    for _ in 0..4 {
        world.round(&Weather::FAIR).unwrap();
    }
    assert_eq!(receipts(&world.outer).channels[&name(FILES)].seq, 2);
    assert_eq!(after_days(&mut world, 1), Vec::<String>::new());
    assert_eq!(kept(&world.outer), [1, 2, 3]);
    assert_eq!(after_days(&mut world, 1), Vec::<String>::new());
    assert_eq!(kept(&world.outer), [3]);
    assert_eq!(after_days(&mut world, 24), Vec::<String>::new());
    let told = after_days(&mut world, 2);
    assert!(
        told.len() == 1
            && told[0].starts_with("unconfirmed-expiring: Packet(s) 3 of channel files")
            && told[0].contains(" 2 running day"),
        "{told:?}"
    );
    assert_eq!(kept(&world.outer), [3]);
    after_days(&mut world, 3);
    assert_eq!(kept(&world.outer), Vec::<u64>::new());
}

#[test]
fn a_warning_ends_with_the_receipt() {
    let mut world = placed(76, 1, &answered());
    assert!(after_days(&mut world, 28)[0].starts_with("unconfirmed-expiring"));
    world.inward.deliver_some(&world.inner, |_| true);
    for _ in 0..4 {
        world.round(&Weather::FAIR).unwrap();
    }
    world.outer.clock.advance(1000);
    assert_eq!(world.outer.step().unwrap().troubles, []);
}

/// The states that `trace` shows for a record, in their order.
fn states(station: &SimStation, what: &str) -> Vec<&'static str> {
    let trace = report::trace(&station.station, what, &mut station.store.clone()).unwrap();
    trace.records.into_iter().map(|line| line.state).collect()
}

#[test]
fn a_record_is_called_applied_by_receipt_alone() {
    let mut world = placed(77, 3, &answered());
    world.inward.deliver_some(&world.inner, |id| id.is_none_or(|(_, _, seq)| *seq != 2));
    assert_eq!(states(&world.outer, "0.bin"), ["accepted", "packed", "left"]);
    for _ in 0..3 {
        world.round(&Weather::FAIR).unwrap();
    }
    assert_eq!(states(&world.outer, "0.bin"), ["accepted", "packed", "left", "applied"]);
    assert_eq!(states(&world.outer, "1.bin"), ["accepted", "packed", "left", "missing"]);
    assert_eq!(states(&world.outer, "2.bin"), ["accepted", "packed", "left"], "it is there and waits for its turn");
    // Nothing comes any more.
    world.outer.clock.advance(3 * 3_600_000);
    world.outer.step().unwrap();
    world.outer.clock.advance(1000);
    world.outer.step().unwrap();
    assert_eq!(states(&world.outer, "2.bin"), ["accepted", "packed", "left", "no-news"]);
    let trace = report::trace(&world.outer.station, "2.bin", &mut world.outer.store.clone()).unwrap();
    assert_eq!(trace.records.last().and_then(|line| line.hours), Some(3));
    heal(&mut world).unwrap();
    assert_eq!(states(&world.outer, "2.bin"), ["accepted", "packed", "left", "applied"]);
}

fn channel_line(station: &SimStation, channel: &str) -> report::ChannelLine {
    let status =
        report::status(&station.station, &station.channels, station.trust.as_ref(), &mut station.store.clone()).unwrap();
    status.channels.into_iter().find(|line| line.channel == channel).unwrap()
}

#[test]
fn status_says_how_far_the_peer_is_and_that_a_full_window_waits() {
    let mut world = placed(78, 3, &LinkConfig { window_packets: 3, ..answered() });
    let line = channel_line(&world.outer, FILES);
    assert_eq!((line.state, line.confirmed_seq, line.confirmed, line.confirmed_at), ("waiting-receipts", 0, 0, None));
    world.inward.deliver_some(&world.inner, |_| true);
    for _ in 0..3 {
        world.round(&Weather::FAIR).unwrap();
    }
    let line = channel_line(&world.outer, FILES);
    assert_eq!((line.state, line.confirmed_seq, line.confirmed), ("ok", 3, 3));
    assert!(line.confirmed_at.is_some());
    let incoming = channel_line(&world.inner, FILES);
    assert_eq!((incoming.confirmed_seq, incoming.confirmed, incoming.confirmed_at), (0, 0, None));
}

#[test]
fn a_supplier_s_status_becomes_applied_with_the_receipt_of_its_own_packet() {
    let mut world = world_of(79, &answered());
    let status = |world: &World, file: &str| -> serde_json::Value {
        let path = world.outer.source(&name(REPORTS)).join(".status").join(format!("{}.json", safe_path(file)));
        serde_json::from_slice(&world.outer.files.get(path).unwrap()).unwrap()
    };
    world.outer_supplier.drop_xml(&world.outer, REPORTS, "A1_x.xml");
    world.outer_supplier.drop_bad_xml(&world.outer, REPORTS, "B1_bad.xml");
    world.outer.step().unwrap();
    assert_eq!(status(&world, "A1_x.xml")["state"], "left");
    for _ in 0..4 {
        world.round(&Weather::FAIR).unwrap();
    }
    assert_eq!(
        (&status(&world, "A1_x.xml")["state"], &status(&world, "B1_bad.xml")["state"]),
        (&"applied".into(), &"rejected".into())
    );
    // A later file under the same name has a status of its own.
    world.outer_supplier.drop_xml(&world.outer, REPORTS, "A1_x.xml");
    world.outer.clock.advance(1000);
    world.outer.step().unwrap();
    assert_eq!(status(&world, "A1_x.xml")["state"], "left");
    assert_eq!(status(&world, "A1_x.xml")["packet"]["seq"], 2);
    heal(&mut world).unwrap();
    world.outer.clock.advance(1000);
    world.outer.step().unwrap();
    assert_eq!(status(&world, "A1_x.xml")["state"], "applied");
    world.settle_and_check().unwrap();
}

#[test]
fn a_peer_restored_from_an_older_copy_is_noticed_by_its_receipt() {
    let mut world = placed(80, 2, &answered());
    world.inward.deliver_some(&world.inner, |_| true);
    heal(&mut world).unwrap();
    let mut fallen = receipts(&world.outer);
    let files = fallen.channels.get_mut(&name(FILES)).unwrap();
    files.seq = 5;
    files.marks.push((5, 0));
    world.outer.close().unwrap();
    world.outer.store.clone().commit(&[dukou_shared::store::Change::fact(&fallen).unwrap()]).unwrap();
    for _ in 0..8 {
        world.round(&Weather::FAIR).unwrap();
    }
    world.outer.clock.advance(1000);
    let told = world.outer.step().unwrap().troubles;
    assert!(told.iter().any(|trouble| trouble.code == "receipt-falls"), "{told:?}");
}
