//! Stations that go on from an older copy of their state, and epochs: noticed at the first packet, held, and healed by a person.

use dukou_packets::gap_report::{ChannelReport, GapReport};
use dukou_packets::log::line::Event;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::suite::Digest;
use dukou_shared::requests::Request;
use dukou_shared::store::Store;
use dukou_tests::simulated::station::{SimStation, name};
use dukou_tests::simulated::supplier::Fate;
use dukou_tests::simulated::world::{FILES, REPLIES, REPORTS};
use dukou_tests::simulated::{Weather, World, verdict};
use std::collections::BTreeMap;

/// What a receiver has of the peer's channels, as its gap report says it.
fn card(receiver: &SimStation, sender: &SimStation) -> String {
    let state = receiver.store.clone().load().unwrap();
    let line = |(channel, head): (&ChannelName, &dukou_shared::store::InHead)| ChannelReport {
        channel: channel.clone(),
        epoch: head.epoch,
        seq: head.seq,
        header: head.header.unwrap_or(Digest::ZERO),
        known: head.known,
        missing: Vec::new(),
    };
    let identity = &receiver.station.config.station;
    let report = GapReport {
        station: identity.id,
        addressee: sender.station.config.station.id,
        environment: identity.environment,
        report: 1,
        clock_ms: 0,
        log: state.log.unwrap(),
        number: state.number + 1,
        heard: 0,
        more: false,
        channels: state.in_heads.iter().map(line).collect(),
    };
    report.issue(receiver.keys.packet.as_ref()).unwrap().1
}

fn epoch_new(card: String) -> Request {
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

fn restored_lines(station: &SimStation) -> usize {
    station.log().iter().filter(|event| matches!(event, Event::Restored { .. })).count()
}

fn holds(station: &SimStation) -> Vec<String> {
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
fn assert_once_each(world: &World, what: &str) {
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

fn settle(world: &mut World) {
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
    let card = card(&world.inner, &world.outer);
    let answer = world.outer.perform(&epoch_new(card)).unwrap();
    assert_eq!(answer.exit, 0, "{what}: {}", answer.en);
    settle(world);
    assert_eq!(holds(&world.inner), Vec::<String>::new(), "{what}");
    drop_the_lost_days_again(world);
    settle(world);
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
        // The outer station learned of its fate, too: the replies echo lines that it lost.
        day(&mut world, "X");
        assert_once_each(&world, &format!("seed {seed}, a day later"));
        assert_eq!(world.outer_consumer.names(&name(REPLIES)).iter().filter(|file| file.starts_with('X')).count(), 3);
        for station in [&world.outer, &world.inner] {
            verdict::log_verifies(station).unwrap_or_else(|broken| panic!("seed {seed}, a day later: {broken}"));
        }
    }
    println!("4 of 4 restored senders were healed, every file was taken once");
}
