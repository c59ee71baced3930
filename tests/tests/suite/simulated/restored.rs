//! Stations that go on from an older copy of their state, and epochs: noticed at the first packet, held, and healed by a person.

use super::way_back;
use dukou_packets::keyring::Side;
use dukou_packets::log::line::Event;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::packet::open::read_head;
use dukou_packets::suite::Digest;
use dukou_shared::requests::Request;
use dukou_shared::seams::FileOp;
use dukou_shared::store::Store;
use dukou_tests::simulated::station::{Nature, SimStation, name};
use dukou_tests::simulated::supplier::Fate;
use dukou_tests::simulated::world::{FILES, REPLIES, REPORTS};
use dukou_tests::simulated::{Consumer, Weather, World, verdict};
use std::collections::BTreeMap;

/// What a receiver has of the peer's channels, as its gap report says it.
pub(super) fn card(receiver: &mut SimStation) -> String {
    receiver.perform(&Request::ReportGaps).unwrap().document.expect("a report")
}

pub(super) fn epoch_new(card: String) -> Request {
    let (operator, who, why) = ("lisi".to_string(), "王主任".to_string(), "从上周的备份恢复".to_string());
    Request::EpochNew { card, channel: None, operator, name: who, reason: why }
}

/// A day's traffic on all channels, at rest.
fn day(world: &mut World, prefix: &str) {
    world.drop_mixture(prefix);
    world.settle().unwrap();
}

/// The outer station is copied, goes on for some days, and is put back as it was.
fn restored_sender(seed: u64, days: usize) -> World {
    let mut world = World::new(seed);
    day(&mut world, "A");
    day(&mut world, "B");
    world.outer.close().unwrap();
    let copy = world.outer.copy();
    for at in 0..days {
        world.outer.close().unwrap();
        day(&mut world, &format!("W{at}"));
    }
    world.outer.crash();
    world.outer.put_back(&copy);
    world
}

pub(super) fn restored_lines(station: &SimStation) -> usize {
    station.log().iter().filter(|event| matches!(event, Event::Restored { .. })).count()
}

pub(super) fn holds(station: &SimStation) -> Vec<String> {
    let state = station.store.clone().load().unwrap();
    state.holds.values().map(|hold| hold.code.clone()).collect()
}

/// Names and bytes of all that the consumers of a station took, each with how often.
fn taken(world: &World, channel: &str) -> BTreeMap<(String, Digest), usize> {
    let mut counts = BTreeMap::new();
    for file in world.inner_consumer.taken().into_iter().filter(|file| file.channel == name(channel)) {
        *counts.entry((file.name, file.digest)).or_default() += 1;
    }
    counts
}

/// Everything that was dropped and should arrive was taken once, on the channels from outside in.
pub(super) fn assert_once_each(world: &World, what: &str) {
    for channel in [REPORTS, FILES] {
        let taken = taken(world, channel);
        for file in
            world.outer_supplier.dropped.iter().filter(|file| file.channel == name(channel) && file.fate == Fate::Arrives)
        {
            let count = taken.iter().filter(|((_, digest), _)| *digest == file.digest).map(|(_, count)| *count).sum::<usize>();
            assert_eq!(count, 1, "{what}: {channel} {} was taken {count} times", file.name);
        }
    }
}

pub(super) fn settle(world: &mut World) {
    // A held channel keeps the world from coming to rest in the sense of its own check; rounds are enough here.
    for _ in 0..12 {
        world.round(&Weather::FAIR).unwrap();
    }
}

/// Drops the files of the lost days once more, as the operators of the extranet do.
fn drop_the_lost_days_again(world: &mut World) {
    let lost: Vec<(ChannelName, String, Vec<u8>)> = world
        .outer_supplier
        .dropped
        .iter()
        .filter(|file| file.name.starts_with('W') && file.fate == Fate::Arrives)
        .map(|file| (file.channel.clone(), file.name.clone(), world.outer_supplier.body(&file.channel, &file.name)))
        .collect();
    assert!(!lost.is_empty());
    for (channel, file, bytes) in lost {
        world.outer.files.put(world.outer.source(&channel).join(file), bytes);
    }
}

#[test]
fn a_sender_restored_from_an_older_copy_is_noticed_at_its_first_packet_on_any_channel() {
    let mut noticed = 0;
    for seed in 1..=6 {
        for channel in [REPORTS, FILES] {
            let mut world = restored_sender(seed, 1 + (seed as usize % 3));
            match channel {
                REPORTS => world.outer_supplier.drop_xml(&world.outer, REPORTS, "Z1_new.xml"),
                _ => world.outer_supplier.drop_file(&world.outer, FILES, "Z/new.bin"),
            }
            world.outer.step().unwrap();
            world.inward.take(&world.outer);
            // Only the first packet arrives; nothing else of the restored station.
            let mut first = true;
            world.inward.deliver_some(&world.inner, |id| id.is_some() && std::mem::take(&mut first));
            world.inner.step().unwrap();
            assert_eq!(restored_lines(&world.inner), 1, "seed {seed}, {channel}");
            assert_eq!(holds(&world.inner), ["restored", "restored"], "seed {seed}, {channel}");
            world.inner_consumer.take(&world.inner.files, 1.0);
            assert!(taken(&world, channel).keys().all(|(file, _)| !file.starts_with('Z')), "it was applied");
            assert_eq!(
                world
                    .inner
                    .files
                    .tree(world.inner.station.quarantine_dir())
                    .iter()
                    .filter(|name| name.ends_with(".dkp") || name.ends_with(".DKP"))
                    .count(),
                1
            );
            verdict::log_verifies(&world.inner).unwrap();
            noticed += 1;
        }
    }
    println!("{noticed} of {noticed} restored senders were noticed at their first packet");
}

#[test]
fn a_channel_that_stood_still_since_the_copy_tells_it_too() {
    let mut world = World::new(70);
    day(&mut world, "A");
    world.outer.close().unwrap();
    let copy = world.outer.copy();
    // Only one channel goes on behind the copy: on the other one the next number fits.
    world.outer_supplier.drop_file(&world.outer, FILES, "W/only.bin");
    world.settle().unwrap();
    world.outer.crash();
    world.outer.put_back(&copy);
    world.outer_supplier.drop_xml(&world.outer, REPORTS, "Z1_new.xml");
    world.outer.step().unwrap();
    world.inward.carry(&world.outer, &world.inner, &Weather::FAIR);
    world.inner.step().unwrap();
    assert_eq!((restored_lines(&world.inner), holds(&world.inner).len()), (1, 2));
    let events = world.inner.log();
    assert!(!events.iter().any(|event| matches!(event, Event::Equivocation { .. })), "a collision told it");
}

/// A restored sender, noticed, opened anew behind what the receiver has; its lost files are dropped again.
fn heal(world: &mut World, what: &str) {
    world.outer_supplier.drop_file(&world.outer, FILES, "Y/after.bin");
    settle(world);
    assert!(holds(&world.inner).iter().all(|code| code == "restored"), "{what}: {:?}", holds(&world.inner));
    let card = card(&mut world.inner);
    let answer = world.outer.perform(&epoch_new(card)).unwrap();
    assert_eq!(answer.exit, 0, "{what}: {}", answer.en);
    settle(world);
    assert_eq!(holds(&world.inner), Vec::<String>::new(), "{what}");
    drop_the_lost_days_again(world);
    settle(world);
}

/// The outer station lost what had come in, too: the peer resends it, and what that says of the lost log makes a person decide.
fn heal_the_way_back(world: &mut World, what: &str) {
    for _ in 0..3 {
        if !holds(&world.outer).is_empty() {
            let release = Request::Release { channel: name(REPLIES), operator: "lisi".to_string() };
            assert_eq!(world.outer.perform(&release).unwrap().exit, 0, "{what}");
            let answer = world.outer.perform(&epoch_new(card(&mut world.inner))).unwrap();
            assert_eq!(answer.exit, 0, "{what}: {}", answer.en);
        }
        for (channel, from, to) in dukou_tests::simulated::world::gaps(&world.outer).unwrap() {
            let request = Request::Resend { channel, from, to, operator: "tester".to_string() };
            assert_eq!(world.inner.perform(&request).unwrap().exit, 0, "{what}");
        }
        settle(world);
    }
    assert_eq!((holds(&world.outer), holds(&world.inner)), (Vec::new(), Vec::new()), "{what}");
}

/// How many replies of a day came under their own names, and how many apart.
fn of_day(world: &World, day: char) -> (usize, usize) {
    let names = world.outer_consumer.names(&name(REPLIES));
    let apart = format!("again/{day}");
    (names.iter().filter(|file| file.starts_with(day)).count(), names.iter().filter(|file| file.starts_with(&apart)).count())
}

#[test]
fn a_sender_restored_from_an_older_copy_is_healed_by_a_re_baseline() {
    for seed in 20..24 {
        let mut world = restored_sender(seed, 2);
        heal(&mut world, &format!("seed {seed}"));
        assert_once_each(&world, &format!("seed {seed}"));
        for station in [&world.outer, &world.inner] {
            verdict::log_verifies(station).unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
        }
        day(&mut world, "X");
        heal_the_way_back(&mut world, &format!("seed {seed}"));
        assert_once_each(&world, &format!("seed {seed}, a day later"));
        assert_eq!(
            of_day(&world, 'X'),
            (0, 3),
            "seed {seed}: apart, since the peer had not heard of this copy when it sealed them"
        );
        for station in [&world.outer, &world.inner] {
            verdict::log_verifies(station).unwrap_or_else(|broken| panic!("seed {seed}, a day later: {broken}"));
        }
        for prefix in ["Y", "Z"] {
            day(&mut world, prefix);
        }
        assert_eq!(of_day(&world, 'Z'), (3, 0), "seed {seed}: by now the peer has heard of this copy");
    }
    println!("4 of 4 restored senders were healed, every file was taken once");
}

/// Few files on each channel, so that a sweep stays short.
pub(super) fn few(world: &mut World, prefix: &str) {
    world.outer_supplier.drop_xml(&world.outer, REPORTS, &format!("{prefix}0_a.xml"));
    for index in 0..4 {
        world.outer_supplier.drop_file(&world.outer, FILES, &format!("{prefix}/{index}.bin"));
    }
}

/// Gives the places, from 1, of the operations of a station that change something, from `before` on.
fn changing(station: &SimStation, before: u64) -> Vec<u64> {
    let looks = |op: &FileOp| matches!(op, FileOp::List | FileOp::Stat | FileOp::Open | FileOp::Read);
    let history = station.files.history().split_off(before as usize);
    (1..).zip(history).filter(|(_, op)| !looks(op)).map(|(place, _)| place).collect()
}

/// The inner station burnt with its keys after a day; another one is trusted in its place.
fn burnt(seed: u64) -> World {
    let mut world = World::new(seed);
    few(&mut world, "A");
    world.settle().unwrap();
    few(&mut world, "B");
    world.settle().unwrap();
    let nature = Nature { seed: seed + 1000, clock: world.outer.clock.clone() };
    let mut inner = SimStation::new(Side::Inner, &nature, world.inner.channels.clone());
    inner.pair(&world.outer.card.clone(), &[REPORTS, FILES]);
    world.outer.close().unwrap();
    world.outer.pair(&inner.card.clone(), &[REPLIES]);
    world.inner = inner;
    world.inner_consumer = Consumer::of(&world.inner, 1);
    world
}

pub(super) fn reseal() -> Request {
    let (operator, who, why) = ("lisi".to_string(), "王主任".to_string(), "对方机房失火".to_string());
    Request::Reseal { channel: None, from: 1, operator, name: who, reason: why }
}

#[test]
fn a_reseal_killed_at_any_operation_seals_each_packet_anew_once() {
    let places = {
        let mut world = burnt(31);
        let before = world.outer.files.ops();
        assert_eq!(world.outer.perform(&reseal()).unwrap().exit, 0);
        changing(&world.outer, before)
    };
    assert!(places.len() > 20, "only {} places", places.len());
    for place in &places {
        let mut world = burnt(31);
        world.outer.files.kill_at(*place, false);
        let _ = world.outer.perform(&reseal());
        world.outer.crash();
        let what = format!("killed at operation {place}");
        let answer = world.outer.perform(&reseal()).unwrap();
        assert_eq!(answer.exit, 0, "{what}: {}", answer.en);
        few(&mut world, "C");
        settle(&mut world);
        assert_once_each(&world, &what);
        assert_eq!(world.inner_consumer.taken().len(), 15, "{what}");
        for station in [&world.outer, &world.inner] {
            verdict::log_verifies(station).unwrap_or_else(|broken| panic!("{what}: {broken}"));
        }
        assert_eq!(holds(&world.inner), Vec::<String>::new(), "{what}");
    }
    println!("killed at {} operations, every record was applied once at the new station", places.len());
}

/// The outer station goes on from an older copy, was noticed, and has the card with which an epoch is opened.
fn noticed(seed: u64) -> (World, String) {
    let mut world = World::new(seed);
    few(&mut world, "A");
    world.settle().unwrap();
    world.outer.close().unwrap();
    let copy = world.outer.copy();
    few(&mut world, "W");
    world.settle().unwrap();
    world.outer.crash();
    world.outer.put_back(&copy);
    few(&mut world, "Y");
    settle(&mut world);
    let card = card(&mut world.inner);
    (world, card)
}

#[test]
fn an_epoch_opened_under_kills_loses_and_doubles_nothing() {
    let prepare = noticed;
    let act = |world: &mut World, card: &str| -> bool {
        let opened = world.outer.perform(&epoch_new(card.to_string())).is_ok_and(|answer| answer.exit == 0);
        opened && world.outer.step().is_ok()
    };
    let places = {
        let (mut world, card) = prepare(41);
        let before = world.outer.files.ops();
        assert!(act(&mut world, &card));
        changing(&world.outer, before)
    };
    assert!(places.len() > 20, "only {} places", places.len());
    for place in places {
        let (mut world, card) = prepare(41);
        world.outer.files.kill_at(place, false);
        act(&mut world, &card);
        world.outer.crash();
        let what = format!("killed at operation {place}");
        assert!(act(&mut world, &card), "{what}");
        settle(&mut world);
        drop_the_lost_days_again(&mut world);
        settle(&mut world);
        assert_eq!(holds(&world.inner), Vec::<String>::new(), "{what}");
        assert_once_each(&world, &what);
        for station in [&world.outer, &world.inner] {
            verdict::log_verifies(station).unwrap_or_else(|broken| panic!("{what}: {broken}"));
        }
    }
}

#[test]
fn a_receiver_killed_while_it_takes_on_an_epoch_loses_and_doubles_nothing() {
    let prepare = |seed| {
        let (mut world, card) = noticed(seed);
        assert_eq!(world.outer.perform(&epoch_new(card)).unwrap().exit, 0);
        world.outer.step().unwrap();
        world.inward.carry(&world.outer, &world.inner, &Weather::FAIR);
        world
    };
    let places = {
        let mut world = prepare(43);
        let before = world.inner.files.ops();
        world.inner.step().unwrap();
        changing(&world.inner, before)
    };
    assert!(places.len() > 20, "only {} places", places.len());
    for place in places {
        let mut world = prepare(43);
        world.inner.files.kill_at(place, false);
        assert!(world.inner.step().is_err());
        world.inner.crash();
        let what = format!("killed at operation {place}");
        settle(&mut world);
        drop_the_lost_days_again(&mut world);
        settle(&mut world);
        assert_eq!(holds(&world.inner), Vec::<String>::new(), "{what}");
        assert_once_each(&world, &what);
        verdict::log_verifies(&world.inner).unwrap_or_else(|broken| panic!("{what}: {broken}"));
    }
}

#[test]
fn a_receiver_restored_as_a_whole_is_told_by_the_peers_echo_and_delivers_again_apart() {
    let mut world = World::new(51);
    day(&mut world, "A");
    world.inner.close().unwrap();
    let copy = world.inner.copy();
    day(&mut world, "W");
    day(&mut world, "V");
    world.inner.crash();
    world.inner.put_back(&copy);
    world.drop_mixture("X");
    settle(&mut world);
    assert_eq!(holds(&world.inner), ["restored-here", "restored-here"]);
    assert_eq!(restored_lines(&world.inner), 1);
    let taken_before = world.inner_consumer.taken().len();
    let sent_before = world.outward.numbers.len();
    world.inner_supplier.drop_file(&world.inner, REPLIES, "stopped.json");
    settle(&mut world);
    assert_eq!(world.outward.numbers.len(), sent_before, "it sends nothing that could collide");

    let answer = world.inner.perform(&epoch_new(card(&mut world.outer))).unwrap();
    assert_eq!(answer.exit, 0, "{}", answer.en);
    let release = Request::Release { channel: name(FILES), operator: "lisi".to_string() };
    assert_eq!(world.inner.perform(&release).unwrap().exit, 0);
    settle(&mut world);
    for (channel, from, to) in dukou_tests::simulated::world::gaps(&world.inner).unwrap() {
        let request = Request::Resend { channel, from, to, operator: "tester".to_string() };
        assert_eq!(world.outer.perform(&request).unwrap().exit, 0);
    }
    settle(&mut world);
    assert_eq!(holds(&world.inner), Vec::<String>::new());
    assert_eq!(holds(&world.outer), Vec::<String>::new());
    let again: Vec<String> = world.inner_consumer.taken().split_off(taken_before).into_iter().map(|file| file.name).collect();
    // What X brought the peer sealed before it heard of this copy: nothing tells it from what came before the restoration.
    assert!(again.iter().all(|file| file.starts_with("again/")), "{again:?}");
    assert_eq!(again.len(), 30);
    assert!(world.outer_consumer.names(&name(REPLIES)).contains(&"stopped.json".to_string()));
    for station in [&world.outer, &world.inner] {
        verdict::log_verifies(station).unwrap();
    }
    day(&mut world, "Z");
    assert_eq!(restored_lines(&world.inner), 1, "the decision holds");
    let (apart, new) = apart_and_new(&world, taken_before + 30);
    assert_eq!((apart, new), (0, 10), "the peer knows of this copy");
}

/// How many of the files that were taken behind the first `before` lay below `again/`, and how many did not.
fn apart_and_new(world: &World, before: usize) -> (usize, usize) {
    let names: Vec<String> = world.inner_consumer.taken().split_off(before).into_iter().map(|file| file.name).collect();
    let (apart, new): (Vec<&String>, Vec<&String>) = names.iter().partition(|name| name.starts_with("again/"));
    (apart.len(), new.len())
}

#[test]
fn what_tells_that_a_receiver_was_restored_and_what_it_had_behind_that_is_delivered_apart_too() {
    let mut world = World::new(52);
    day(&mut world, "A");
    world.inner.close().unwrap();
    let copy = world.inner.copy();
    day(&mut world, "W");
    let before = world.inward.passed.len();
    day(&mut world, "V");
    let of_v = before..world.inward.passed.len();
    day(&mut world, "U");
    let taken_before = world.inner_consumer.taken().len();
    world.inner.crash();
    world.inner.put_back(&copy);
    // The first to come are packets that were delivered before, and that name lines which were lost.
    let again = world.inward.passed[of_v].to_vec();
    for (_, bytes) in again {
        world.inward.put(&world.inner, None, &bytes);
    }
    settle(&mut world);
    assert_eq!(holds(&world.inner), ["restored-here", "restored-here"]);
    let release = Request::Release { channel: name(FILES), operator: "lisi".to_string() };
    assert_eq!(world.inner.perform(&release).unwrap().exit, 0);
    for _ in 0..2 {
        settle(&mut world);
        for (channel, from, to) in dukou_tests::simulated::world::gaps(&world.inner).unwrap() {
            let request = Request::Resend { channel, from, to, operator: "tester".to_string() };
            assert_eq!(world.outer.perform(&request).unwrap().exit, 0);
        }
        // A packet behind them shows what else there was.
        world.outer_supplier.drop_xml(&world.outer, REPORTS, "X1_a.xml");
        world.outer_supplier.drop_file(&world.outer, FILES, "X/1.bin");
    }
    settle(&mut world);
    world.inner.crash();
    settle(&mut world);
    let (apart, new) = apart_and_new(&world, taken_before);
    println!("{apart} files that may have been delivered before lie apart, {new} do not");
    assert_eq!((apart, new), (34, 0));
    let answer = world.inner.perform(&epoch_new(card(&mut world.outer))).unwrap();
    assert_eq!(answer.exit, 0, "{}", answer.en);
    settle(&mut world);
    day(&mut world, "Z");
    assert_eq!(apart_and_new(&world, taken_before + 34), (0, 10), "the peer knows of this copy");
    verdict::log_verifies(&world.inner).unwrap();
}

#[test]
fn an_opening_that_does_not_fit_waits_for_a_person() {
    let mut world = World::new(61);
    few(&mut world, "A");
    world.settle().unwrap();
    let card = card(&mut world.inner);
    // The receiver goes on behind its report.
    few(&mut world, "B");
    world.settle().unwrap();
    assert_eq!(world.outer.perform(&epoch_new(card)).unwrap().exit, 0);
    settle(&mut world);
    assert_eq!(holds(&world.inner), ["epoch", "epoch"]);
    for channel in [FILES, REPORTS] {
        let (operator, who, why) = ("wangwu".to_string(), "李主任".to_string(), "已与外网核对".to_string());
        let accept = Request::EpochAccept { channel: name(channel), operator, name: who, reason: why };
        let answer = world.inner.perform(&accept).unwrap();
        assert_eq!(answer.exit, 0, "{}", answer.en);
        assert_eq!(world.inner.perform(&accept).unwrap().exit, 2, "once is enough");
    }
    few(&mut world, "C");
    settle(&mut world);
    assert_eq!(holds(&world.inner), Vec::<String>::new());
    assert_once_each(&world, "accepted by a person");
    let accepted = |event: &&Event| matches!(event, Event::EpochOpened { operator, .. } if operator == "wangwu");
    assert_eq!(world.inner.log().iter().filter(accepted).count(), 2);
    for station in [&world.outer, &world.inner] {
        verdict::log_verifies(station).unwrap();
    }
}

#[test]
fn a_waiver_ends_no_hold_that_tells_of_a_restored_station() {
    let mut world = restored_sender(65, 2);
    few(&mut world, "Y");
    settle(&mut world);
    let state = world.inner.store.clone().load().unwrap();
    let held = &state.holds[&name(FILES)];
    assert_eq!((held.code.as_str(), held.seq), ("restored", 0), "about no packet of the channel");
    let next = state.in_heads[&name(FILES)].seq + 1;
    for to in [next, next + 1_000_000] {
        let (operator, who, why) = ("wangwu".to_string(), "李主任".to_string(), "丢了".to_string());
        let waive = Request::Waive { channel: name(FILES), from: next, to, operator, name: who, reason: why };
        assert_eq!(world.inner.perform(&waive).unwrap().exit, 2);
    }
    assert_eq!(world.inner.store.clone().load().unwrap().holds, state.holds);
}

/// The outer station has opened a new epoch, and the openings were lost on their way.
fn lost_openings(mut world: World) -> World {
    few(&mut world, "A");
    world.settle().unwrap();
    let card = card(&mut world.inner);
    assert_eq!(world.outer.perform(&epoch_new(card)).unwrap().exit, 0);
    few(&mut world, "B");
    world.outer.step().unwrap();
    world.inward.take(&world.outer);
    world.inward.deliver_some(&world.inner, |id| id.is_none_or(|(_, _, seq)| *seq != 1));
    world
}

#[test]
fn openings_that_are_lost_come_again_from_a_gap_report() {
    let mut world = lost_openings(World::new(63));
    settle(&mut world);
    let (report, operator) = (card(&mut world.inner), "lisi".to_string());
    assert_eq!(world.outer.perform(&Request::ResendReport { report, operator }).unwrap().exit, 0);
    settle(&mut world);
    assert_eq!(dukou_tests::simulated::world::gaps(&world.inner).unwrap(), []);
    assert_once_each(&world, "resent from the report");
}

#[test]
fn openings_that_are_lost_come_again_by_themselves_where_there_is_a_way_back() {
    let mut world = lost_openings(way_back::world_of(64, &way_back::answered()));
    way_back::heal(&mut world).unwrap();
    assert_once_each(&world, "resent by itself");
}

#[test]
fn an_opening_that_is_lost_is_named_as_a_gap_and_a_resend_brings_it() {
    let mut world = lost_openings(World::new(62));
    settle(&mut world);
    let gaps = dukou_tests::simulated::world::gaps(&world.inner).unwrap();
    assert_eq!(gaps, [(name(FILES), 1, 1), (name(REPORTS), 1, 1)]);
    let waive = Request::Waive {
        channel: name(FILES),
        from: 1,
        to: 1,
        operator: "wangwu".to_string(),
        name: "李主任".to_string(),
        reason: "丢了".to_string(),
    };
    assert_eq!(world.inner.perform(&waive).unwrap().exit, 2, "an opening cannot be waived");
    world.heal().unwrap();
    assert_once_each(&world, "resent");
}

/// Delivers everything that ever left from outside in once more.
fn replay_all(world: &mut World) {
    for (_, bytes) in world.inward.passed.clone() {
        world.inward.put(&world.inner, None, &bytes);
    }
    settle(world);
}

#[test]
fn what_both_copies_of_a_sender_sent_has_no_effect_when_it_is_replayed_after_a_re_baseline() {
    for seed in 80..83 {
        let mut world = restored_sender(seed, 2);
        heal(&mut world, &format!("seed {seed}"));
        let lines = restored_lines(&world.inner);
        for reversed in [false, true] {
            if reversed {
                world.inward.passed.reverse();
            }
            replay_all(&mut world);
            assert_eq!(holds(&world.inner), Vec::<String>::new(), "seed {seed}");
            assert_eq!(restored_lines(&world.inner), lines, "seed {seed}");
        }
        assert_once_each(&world, &format!("seed {seed}"));
        verdict::log_verifies(&world.inner).unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
    }
}

#[test]
fn a_sender_that_a_person_released_is_not_held_for_the_same_older_copy_again() {
    let mut world = World::new(84);
    day(&mut world, "A");
    world.outer.close().unwrap();
    let copy = world.outer.copy();
    // Only one channel goes on behind the copy: on the other one the next numbers fit.
    for index in 0..6 {
        world.outer_supplier.drop_file(&world.outer, FILES, &format!("W/{index}.bin"));
        world.settle().unwrap();
    }
    world.outer.crash();
    world.outer.put_back(&copy);
    world.outer_supplier.drop_xml(&world.outer, REPORTS, "Z1_new.xml");
    settle(&mut world);
    assert_eq!((restored_lines(&world.inner), holds(&world.inner)), (1, vec!["restored".to_string(); 2]));
    let release = Request::Release { channel: name(REPORTS), operator: "lisi".to_string() };
    assert_eq!(world.inner.perform(&release).unwrap().exit, 0);
    for index in 2..5 {
        world.outer_supplier.drop_xml(&world.outer, REPORTS, &format!("Z{index}_new.xml"));
        settle(&mut world);
    }
    for (channel, from, to) in dukou_tests::simulated::world::gaps(&world.inner).unwrap() {
        let request = Request::Resend { channel, from, to, operator: "tester".to_string() };
        assert_eq!(world.outer.perform(&request).unwrap().exit, 0);
    }
    settle(&mut world);
    assert_eq!((restored_lines(&world.inner), holds(&world.inner)), (1, Vec::new()), "the decision holds");
    world.inner_consumer.take(&world.inner.files, 1.0);
    assert_eq!(taken(&world, REPORTS).keys().filter(|(file, _)| file.starts_with('Z')).count(), 4);
}

#[test]
fn a_station_that_was_restored_seals_nothing_until_a_person_decided_whatever_is_due_or_asked_for() {
    let mut world = way_back::world_of(85, &way_back::answered());
    world.inner.station.config.link.repair_parity = 2;
    few(&mut world, "A");
    world.inner_supplier.drop_file(&world.inner, REPLIES, "a.json");
    world.settle().unwrap();
    world.inner.close().unwrap();
    let copy = world.inner.copy();
    few(&mut world, "W");
    for index in 0..4 {
        world.inner_supplier.drop_file(&world.inner, REPLIES, &format!("w{index}.json"));
    }
    world.settle().unwrap();
    world.inner.crash();
    world.inner.put_back(&copy);
    // What the outer station says of the lost log is here before anything is sent.
    few(&mut world, "X");
    world.outer.step().unwrap();
    world.inward.carry(&world.outer, &world.inner, &Weather::FAIR);
    world.inner.step().unwrap();
    assert_eq!(holds(&world.inner), ["restored-here", "restored-here"]);
    let number = |world: &World| world.inner.store.clone().load().unwrap().number;
    let before = number(&world);
    world.inner_supplier.drop_file(&world.inner, REPLIES, "x.json");
    let resend = Request::Resend { channel: name(REPLIES), from: 1, to: 1, operator: "tester".to_string() };
    world.inner.perform(&resend).unwrap();
    for _ in 0..30 {
        world.round(&Weather::FAIR).unwrap();
    }
    world.inner.pass().unwrap();
    assert_eq!(number(&world), before, "a number that may be in use already was given to a packet");
    assert_eq!(restored_lines(&world.outer), 0, "the peer met it");
}

#[test]
fn originals_that_come_late_after_a_release_raise_no_alarm_of_tampering() {
    let mut world = World::new(67);
    day(&mut world, "A");
    world.outer.close().unwrap();
    let copy = world.outer.copy();
    // The sender goes on and its log grows; the last packets of that copy are late.
    for index in 0..12 {
        world.inner_supplier.drop_file(&world.inner, REPLIES, &format!("w{index}.json"));
        world.settle().unwrap();
    }
    for index in 0..3 {
        world.outer_supplier.drop_file(&world.outer, FILES, &format!("W/{index}.bin"));
        world.settle().unwrap();
    }
    let before = world.inward.passed.len();
    for index in 3..5 {
        world.outer_supplier.drop_file(&world.outer, FILES, &format!("W/{index}.bin"));
        world.outer.step().unwrap();
    }
    world.inward.take(&world.outer);
    let sent: Vec<Vec<u8>> = world.inward.passed.split_off(before).into_iter().map(|(_, bytes)| bytes).collect();
    world.inward.deliver_some(&world.inner, |_| false);
    let is_file = |bytes: &Vec<u8>| read_head(bytes, &world.outer.card).unwrap().header.channel == Some(name(FILES));
    let late = sent.iter().position(is_file).unwrap();
    for (at, bytes) in sent.iter().enumerate() {
        if at != late {
            world.inward.put(&world.inner, None, bytes);
        }
    }
    world.inner.step().unwrap();
    world.outer.crash();
    world.outer.put_back(&copy);
    world.outer_supplier.drop_xml(&world.outer, REPORTS, "Z0_new.xml");
    settle(&mut world);
    assert_eq!((restored_lines(&world.inner), holds(&world.inner)), (1, vec!["restored".to_string(); 2]));
    let release = Request::Release { channel: name(REPORTS), operator: "lisi".to_string() };
    assert_eq!(world.inner.perform(&release).unwrap().exit, 0);
    // The copy uses numbers beyond that of the late original, and its log is shorter.
    for index in 1..20 {
        world.outer_supplier.drop_xml(&world.outer, REPORTS, &format!("Z{index}_new.xml"));
        world.outer.step().unwrap();
        world.inward.carry(&world.outer, &world.inner, &Weather::FAIR);
        world.inner.step().unwrap();
    }
    world.inward.put(&world.inner, None, &sent[late]);
    world.inner.step().unwrap();
    // What was set aside before the release comes again.
    let next = world.inner.store.clone().load().unwrap().in_heads[&name(REPORTS)].seq + 1;
    let request = Request::Resend { channel: name(REPORTS), from: next, to: next, operator: "tester".to_string() };
    assert_eq!(world.outer.perform(&request).unwrap().exit, 0);
    world.inward.carry(&world.outer, &world.inner, &Weather::FAIR);
    world.inner.step().unwrap();
    verdict::log_verifies(&world.inner).unwrap();
    assert_eq!((restored_lines(&world.inner), holds(&world.inner)), (1, Vec::new()));
}

/// Packets of a channel among what passed from a place on, by number.
fn passed_on(world: &World, channel: &str, from: usize) -> Vec<(u64, Vec<u8>)> {
    let passed = world.inward.passed[from..].iter();
    let head = |bytes: &Vec<u8>| read_head(bytes, &world.outer.card).unwrap().header;
    let cargo = passed.map(|(_, bytes)| (head(bytes), bytes)).filter(|(header, _)| header.channel == Some(name(channel)));
    cargo.map(|(header, bytes)| (header.number, bytes.clone())).collect()
}

#[test]
fn with_both_stations_restored_what_may_have_been_delivered_before_lies_apart() {
    let mut world = World::new(53);
    day(&mut world, "A");
    world.inner.close().unwrap();
    let inner = world.inner.copy();
    day(&mut world, "W");
    world.outer.close().unwrap();
    let outer = world.outer.copy();
    // What both go on to do is lost at both; on one channel it begins late.
    for index in 0..60 {
        world.outer_supplier.drop_file(&world.outer, FILES, &format!("V/{index}.bin"));
        world.settle().unwrap();
    }
    let before = world.inward.passed.len();
    for index in 0..3 {
        world.outer_supplier.drop_xml(&world.outer, REPORTS, &format!("V{index}_late.xml"));
        world.settle().unwrap();
    }
    let originals = passed_on(&world, REPORTS, before);
    assert_eq!(originals.len(), 3);
    world.outer.crash();
    world.inner.crash();
    world.outer.put_back(&outer);
    world.inner.put_back(&inner);
    let taken_before = world.inner_consumer.taken().len();
    // The sender's copy knows lines that the receiver lost.
    world.outer_supplier.drop_file(&world.outer, FILES, "X/1.bin");
    settle(&mut world);
    assert_eq!(holds(&world.inner), ["restored-here", "restored-here"]);
    assert_eq!(world.inner.perform(&epoch_new(card(&mut world.outer))).unwrap().exit, 0);
    let release = Request::Release { channel: name(FILES), operator: "lisi".to_string() };
    assert_eq!(world.inner.perform(&release).unwrap().exit, 0);
    settle(&mut world);
    for (channel, from, to) in dukou_tests::simulated::world::gaps(&world.inner).unwrap() {
        let request = Request::Resend { channel, from, to, operator: "tester".to_string() };
        assert_eq!(world.outer.perform(&request).unwrap().exit, 0);
    }
    let from = world.inward.passed.len();
    world.outer_supplier.drop_file(&world.outer, FILES, "Y/1.bin");
    settle(&mut world);
    // The sender's copy has heard of the receiver's, and is not as far as the lost one was.
    let number = passed_on(&world, FILES, from).last().unwrap().0;
    assert!(number < originals[0].0, "{number} {}", originals[0].0);
    for (_, bytes) in &originals {
        world.inward.put(&world.inner, None, bytes);
    }
    settle(&mut world);
    let names: Vec<String> = world.inner_consumer.taken().split_off(taken_before).into_iter().map(|file| file.name).collect();
    let late: Vec<&String> = names.iter().filter(|file| file.contains("_late")).collect();
    assert!(late.len() == 3 && late.iter().all(|file| file.starts_with("again/")), "{late:?} of {names:?}");
    assert!(names.iter().any(|file| file == "Y/1.bin"), "what is new is where it belongs: {names:?}");
}
