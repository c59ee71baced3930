//! Device profiles at work: text form, extension, limits, quotas, what lies too long.

use super::restored;
use dukou_packets::log::line::Event;
use dukou_packets::packet::armor::{FIRST_LINE, read_whole};
use dukou_rehearsal::random::Random;
use dukou_shared::ferry::presumed::LeftSince;
use dukou_shared::ferry::profile::Profile;
use dukou_shared::report;
use dukou_shared::requests::Request;
use dukou_shared::store::{Direction, PacketState, Store};
use dukou_tests::simulated::station::name;
use dukou_tests::simulated::world::{FILES, REPORTS, gaps};
use dukou_tests::simulated::{SimStation, Weather, World, verdict};
use std::path::Path;

const TEXT: &str = "text_only = true\nextension = \"txt\"\n";

fn profile(text: &str) -> Profile {
    Profile::parse(Path::new("profiles/device.toml"), text).unwrap()
}

/// A world on whose link, in both directions, a device of this profile stands.
fn world_with(seed: u64, text: &str) -> World {
    let mut world = World::new(seed);
    for station in [&mut world.outer, &mut world.inner] {
        station.station.config.link.device = profile(text);
    }
    world
}

/// The files that lie in a station's ferry directory out.
fn lying(station: &SimStation) -> Vec<(String, Vec<u8>)> {
    let dir = station.station.ferry_out();
    let names = station.files.tree(&dir).into_iter();
    names.map(|name| (name.clone(), station.files.get(dir.join(name)).unwrap())).collect()
}

fn crlf(text: &[u8]) -> Vec<u8> {
    text.iter().flat_map(|byte| if *byte == b'\n' { vec![b'\r', b'\n'] } else { vec![*byte] }).collect()
}

#[test]
fn armored_packets_and_signals_survive_everything_a_device_does_to_them() {
    for seed in 0..4 {
        println!("seed {seed}");
        let mut world = world_with(seed, TEXT);
        for day in 0..3 {
            world.drop_mixture(&format!("D{day}"));
            for _ in 0..4 {
                world.round(&Weather::FOUL).unwrap();
            }
        }
        world.heal().unwrap();
        verdict::check(&mut world).unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
        assert!(world.inward.passed.iter().all(|(_, bytes)| bytes.starts_with(FIRST_LINE)), "seed {seed}");
        assert!(world.inward.passed.iter().any(|(id, _)| id.is_none()), "no signal passed");
        assert!(
            world.inward.passed.iter().all(|(_, bytes)| bytes.iter().all(|byte| *byte == b'\n' || byte.is_ascii_graphic()))
        );
    }
}

#[test]
fn the_spool_keeps_the_binary_form_and_a_resend_is_the_same_armor() {
    let mut world = world_with(11, TEXT);
    world.outer_supplier.drop_file(&world.outer, FILES, "a");
    world.outer.step().unwrap();
    let first = lying(&world.outer);
    assert!(first.iter().all(|(name, _)| name.ends_with(".txt")));
    let spool = world.outer.station.spool_out();
    let kept: Vec<Vec<u8>> =
        world.outer.files.tree(&spool).iter().map(|file| world.outer.files.get(spool.join(file)).unwrap()).collect();
    assert_eq!(kept.len(), 1);
    assert!(first.iter().any(|(_, text)| read_whole(text.clone()).unwrap() == kept[0]));
    world.inward.take(&world.outer);
    let request = dukou_shared::requests::Request::Resend { channel: name(FILES), from: 1, to: 1, operator: "t".to_string() };
    assert_eq!(world.outer.perform(&request).unwrap().exit, 0);
    assert!(lying(&world.outer).iter().any(|(_, text)| read_whole(text.clone()).unwrap() == kept[0]));
}

#[test]
fn armor_that_grows_is_taken_when_it_is_whole_and_one_that_stays_short_is_set_aside() {
    for end in ["lf", "crlf"] {
        let mut world = world_with(12, TEXT);
        world.outer_supplier.drop_file(&world.outer, FILES, "a");
        world.outer.step().unwrap();
        world.inward.take(&world.outer);
        let whole = world.inward.cargo(FILES)[&1].clone();
        let whole = if end == "crlf" { crlf(&whole) } else { whole };
        let path = world.inner.station.ferry_in().join("growing.txt");
        for len in [3, 13, 14, 60, whole.len() / 2, whole.len() - 2, whole.len() - 1] {
            world.inner.files.put(&path, &whole[..len]);
            let report = world.inner.step().unwrap();
            assert_eq!((report.incomplete, report.aside.len(), report.packets_in), (1, 0, 0), "{end}: {len}");
            world.inner.clock.advance(1000);
        }
        for _ in 0..4 {
            world.inner.step().unwrap();
            world.inner.clock.advance(1000);
        }
        let codes: Vec<String> = world.inner.files.tree(world.inner.station.quarantine_dir());
        assert_eq!(
            codes.iter().filter(|file| file.ends_with(".txt") && !file.contains(".reason")).count(),
            1,
            "{end}: {codes:?}"
        );
        assert_eq!(gaps(&world.inner).unwrap(), [(name(FILES), 1, 1)], "its head proves the number");
        world.inner.files.put(&path, &whole);
        assert_eq!(world.inner.step().unwrap().packets_in, 1, "{end}");
    }
}

#[test]
fn wrong_armor_is_set_aside_with_its_code_and_its_head_still_proves_the_number() {
    let longer = |text: &[u8]| [text, b"AAAA\n"].concat();
    let bad = |text: &[u8]| {
        let mut text = text.to_vec();
        let at = text.len() - 20;
        text[at] = b'*';
        text
    };
    let no_head = |text: &[u8]| {
        let mut text = text.to_vec();
        text[30] = b'*';
        text
    };
    type Harm<'a> = &'a dyn Fn(&[u8]) -> Vec<u8>;
    for (harm, code, known) in [(&longer as Harm, "length", false), (&bad, "armor", true), (&no_head, "armor", false)] {
        let mut world = world_with(13, TEXT);
        world.outer_supplier.drop_file(&world.outer, FILES, "a");
        world.outer.step().unwrap();
        world.inward.take(&world.outer);
        let harmed = harm(&world.inward.cargo(FILES)[&1]);
        world.inner.files.put(world.inner.station.ferry_in().join("x.txt"), harmed);
        let report = world.inner.step().unwrap();
        assert_eq!(report.aside.into_iter().collect::<Vec<_>>(), [(code.to_string(), 1)]);
        assert_eq!(!gaps(&world.inner).unwrap().is_empty(), known, "{code}");
    }
}

#[test]
fn a_reader_takes_both_extensions_and_both_forms_whatever_its_own_profile_says() {
    for (sender, receiver) in [("", TEXT), (TEXT, "extension = \"txt\"\n"), ("text_only = true\n", "")] {
        let mut world = World::new(14);
        world.outer.station.config.link.device = profile(sender);
        world.inner.station.config.link.device = profile(receiver);
        world.outer_supplier.drop_file(&world.outer, FILES, "a");
        world.round(&Weather::FAIR).unwrap();
        world.round(&Weather::FAIR).unwrap();
        assert_eq!(world.inner_consumer.names(&name(FILES)), ["a"], "{sender:?} to {receiver:?}");
    }
}

#[test]
fn a_packet_that_the_profile_cannot_carry_is_never_placed_and_only_its_channel_waits() {
    let mut world = world_with(15, "title = \"x\"\nlargest_bytes = 6000\n");
    let mut noise = Random::new(7);
    let bytes: Vec<u8> = (0..9000).map(|_| noise.next_u64() as u8).collect();
    world.outer_supplier.drop_as(&world.outer, FILES, "large", &bytes, dukou_tests::simulated::Fate::Arrives);
    for round in 0..3 {
        world.outer_supplier.drop_xml(&world.outer, REPORTS, &format!("A{round}_a.xml"));
        let report = world.outer.step().unwrap();
        let codes: Vec<_> = report.troubles.iter().map(|trouble| trouble.code.as_ref()).collect();
        assert_eq!(codes, ["profile"], "round {round}");
        let trouble = &report.troubles[0];
        assert!(trouble.zh.contains("profiles/device.toml") && trouble.zh.contains("第 2 行"), "{}", trouble.zh);
        assert!(lying(&world.outer).iter().all(|(_, bytes)| bytes.len() <= 6000));
        world.inward.carry(&world.outer, &world.inner, &Weather::FAIR);
        world.inner.step().unwrap();
        assert_eq!(gaps(&world.inner).unwrap(), [], "what never left is not missing");
    }
    assert_eq!(world.inner_consumer.take(&world.inner.files, 1.0), 3);
    world.outer.close().unwrap();
    world.outer.station.config.link.device = profile("");
    world.settle_and_check().unwrap();
    assert_eq!(world.inner_consumer.names(&name(FILES)), ["large"]);
}

#[test]
fn a_full_quota_lets_bulk_wait_and_urgent_packets_and_signals_overtake() {
    // Ten files: nine for everything, the tenth for what is urgent and for the signal.
    let mut world = world_with(16, "quota_files = 20\n");
    world.outer.channels[1].batch.max_records = 1;
    for index in 0..30 {
        world.outer_supplier.drop_file(&world.outer, FILES, &format!("{index:02}"));
    }
    let report = world.outer.step().unwrap();
    assert_eq!(report.troubles.iter().map(|trouble| trouble.code.as_ref()).collect::<Vec<_>>(), ["ferry-full"]);
    assert_eq!(lying(&world.outer).len(), 19, "18 of bulk and the signal");
    world.outer_supplier.drop_xml(&world.outer, REPORTS, "A1_a.xml");
    world.outer.step().unwrap();
    assert_eq!(
        lying(&world.outer).iter().filter(|(name, _)| name.starts_with("0-")).count(),
        2,
        "the urgent one and the signal"
    );
    assert_eq!(lying(&world.outer).len(), 20);
    world.outer.crash();
    world.outer.step().unwrap();
    assert_eq!(lying(&world.outer).len(), 20, "a restart changes nothing of it");
    world.inward.carry(&world.outer, &world.inner, &Weather::FAIR);
    world.inner.step().unwrap();
    assert_eq!(gaps(&world.inner).unwrap(), [], "what still waits at the sender is not missing here");
    assert_eq!(world.inner_consumer.take(&world.inner.files, 1.0), 19);
    world.settle_and_check().unwrap();
    assert_eq!(world.inner_consumer.names(&name(FILES)).len(), 30);
}

#[test]
fn a_quota_of_bytes_is_counted_from_what_really_lies_there() {
    let mut world = world_with(17, "quota_bytes = 40000\n");
    let foreign = world.outer.station.ferry_out().join("left-from-yesterday.dkp");
    world.outer.files.put(&foreign, vec![0; 35_500]);
    world.outer_supplier.drop_file(&world.outer, FILES, "a");
    let report = world.outer.step().unwrap();
    assert_eq!(report.troubles[0].code, "ferry-full");
    world.outer.files.remove(&foreign);
    assert_eq!(world.outer.step().unwrap().troubles, []);
    world.settle_and_check().unwrap();
}

#[test]
fn what_a_device_that_does_not_delete_leaves_lying_is_removed_after_its_time() {
    let mut world = world_with(18, "deletes_source = false\npresumed_after_minutes = 5\n");
    world.outer_supplier.drop_file(&world.outer, FILES, "a");
    world.outer.step().unwrap();
    let placed = lying(&world.outer);
    let foreign = world.outer.station.ferry_out().join("foreign.dkp");
    world.outer.files.put(&foreign, b"not ours");
    for minute in 1..5 {
        world.outer.clock.advance(60_000);
        world.outer.step().unwrap();
        assert_eq!(lying(&world.outer).len(), placed.len() + 1, "minute {minute}");
    }
    for _ in 0..3 {
        world.outer.clock.advance(60_000);
        world.outer.step().unwrap();
    }
    assert_eq!(lying(&world.outer).into_iter().map(|(name, _)| name).collect::<Vec<_>>(), ["foreign.dkp"]);
    let request = dukou_shared::requests::Request::Resend { channel: name(FILES), from: 1, to: 1, operator: "t".to_string() };
    assert_eq!(world.outer.perform(&request).unwrap().exit, 0);
    world.outer.clock.advance(61_000);
    world.outer.step().unwrap();
    assert!(lying(&world.outer).len() > 1, "a resend has its own time");
}

#[test]
fn a_restart_gives_what_lies_there_its_whole_time_once_more() {
    let mut world = world_with(19, "deletes_source = false\npresumed_after_minutes = 5\n");
    world.outer_supplier.drop_file(&world.outer, FILES, "a");
    world.outer.step().unwrap();
    let placed = lying(&world.outer).len();
    for _ in 0..3 {
        world.outer.clock.advance(240_000);
        world.outer.step().unwrap();
        world.outer.close().unwrap();
    }
    assert_eq!(lying(&world.outer).len(), placed);
}

#[test]
fn what_left_long_ago_is_presumed_carried_and_nothing_newer() {
    let mut world = world_with(20, "presumed_after_minutes = 5\n");
    world.outer.channels[1].batch.max_records = 1;
    let presumed = |world: &mut World| world.outer.store.load().unwrap().fact::<LeftSince>().unwrap().presumed;
    world.outer_supplier.drop_file(&world.outer, FILES, "a");
    world.outer.step().unwrap();
    let first = world.outer.store.load().unwrap().number;
    for _ in 0..4 {
        world.outer.clock.advance(60_000);
        world.outer.step().unwrap();
        assert_eq!(presumed(&mut world), 0);
    }
    world.outer_supplier.drop_file(&world.outer, FILES, "b");
    world.outer.step().unwrap();
    for _ in 0..2 {
        world.outer.clock.advance(60_000);
        world.outer.step().unwrap();
    }
    assert_eq!(presumed(&mut world), first);
    assert!(!lying(&world.outer).is_empty(), "a device that deletes is left alone");
    let steps = |record: &str, world: &mut World| {
        let trace = report::trace(&world.outer.station, record, &mut world.outer.store.clone()).unwrap();
        trace.records.into_iter().map(|line| line.state).collect::<Vec<_>>()
    };
    assert!(steps("a", &mut world).contains(&"presumed"));
    assert!(!steps("b", &mut world).contains(&"presumed"));
}

#[test]
fn early_packets_beyond_a_channels_share_stay_in_the_ferry_directory_and_are_not_missing() {
    let mut world = World::new(21);
    world.outer.channels[1].batch.max_records = 1;
    world.inner.station.config.keep.spool_gib = 0;
    for index in 0..5 {
        world.outer_supplier.drop_file(&world.outer, FILES, &format!("{index}"));
    }
    world.outer_supplier.drop_xml(&world.outer, REPORTS, "A1_a.xml");
    world.outer.step().unwrap();
    world.inward.take(&world.outer);
    let first = world.inward.cargo(FILES)[&1].clone();
    world.inward.deliver_some(&world.inner, |id| id.is_none_or(|(channel, _, seq)| *channel != name(FILES) || *seq != 1));
    for restart in [false, true] {
        if restart {
            world.inner.crash();
        }
        let report = world.inner.step().unwrap();
        assert_eq!(report.troubles.iter().map(|trouble| trouble.code.as_ref()).collect::<Vec<_>>(), ["spool-full"]);
        assert_eq!(world.inner.files.tree(world.inner.station.ferry_in()).len(), 4, "2 to 5 stay outside");
        assert_eq!(gaps(&world.inner).unwrap(), [(name(FILES), 1, 1)], "what lies outside is here");
    }
    assert_eq!(world.inner_consumer.take(&world.inner.files, 1.0), 1, "the other channel flows");
    world.inward.put(&world.inner, None, &first);
    world.settle_and_check().unwrap();
    assert_eq!(world.inner_consumer.names(&name(FILES)).len(), 5);
    assert_eq!(world.inner.step().unwrap().troubles, []);
}

#[test]
fn packets_of_an_epoch_that_waits_to_be_accepted_take_no_more_than_the_channels_share() {
    let mut world = World::new(22);
    world.outer.channels[1].batch.max_records = 1;
    restored::few(&mut world, "A");
    world.settle().unwrap();
    let card = restored::card(&mut world.inner);
    // The receiver goes on behind its report, so that the epoch waits for a person.
    restored::few(&mut world, "B");
    world.settle().unwrap();
    world.inner.station.config.keep.spool_gib = 0;
    world.inner.crash();
    assert_eq!(world.outer.perform(&restored::epoch_new(card)).unwrap().exit, 0);
    restored::few(&mut world, "C");
    for restart in [false, true] {
        restored::settle(&mut world);
        if restart {
            world.inner.crash();
        }
        let report = world.inner.step().unwrap();
        let full = report.troubles.iter().filter(|trouble| trouble.code == "spool-full").count();
        assert_eq!(full, 2, "{:?}", report.troubles);
        assert_eq!(restored::holds(&world.inner), ["epoch", "epoch"]);
        let state = world.inner.store.clone();
        let early = { state }.packets_in(Direction::In, &[PacketState::Early], usize::MAX).unwrap();
        assert_eq!(early.iter().map(|row| row.key.seq).collect::<Vec<_>>(), [1, 1], "the openings alone are kept");
        assert!(world.inner.files.tree(world.inner.station.ferry_in()).len() >= 5, "the others stay outside");
        assert_eq!(gaps(&world.inner).unwrap(), [], "what lies outside is here");
    }
    for channel in [FILES, REPORTS] {
        let (operator, who, why) = ("wangwu".to_string(), "李主任".to_string(), "已与外网核对".to_string());
        let accept = Request::EpochAccept { channel: name(channel), operator, name: who, reason: why };
        assert_eq!(world.inner.perform(&accept).unwrap().exit, 0);
    }
    restored::settle(&mut world);
    restored::assert_once_each(&world, "accepted");
    assert_eq!(world.inner.files.tree(world.inner.station.ferry_in()), Vec::<String>::new());
    assert_eq!(world.inner.step().unwrap().troubles, []);
}

#[test]
fn what_is_kept_of_an_ended_epoch_counts_into_the_channels_share_until_its_keeping_time_ends_and_holds_up_nothing() {
    let mut world = World::new(23);
    world.outer.channels[1].batch.max_records = 1;
    restored::few(&mut world, "A");
    world.settle().unwrap();
    let card = restored::card(&mut world.inner);
    // The first packet of three is lost, the others are kept until it comes: what comes is another epoch.
    for index in 0..3 {
        world.outer_supplier.drop_file(&world.outer, FILES, &format!("B{index}"));
    }
    world.outer.step().unwrap();
    world.inward.take(&world.outer);
    let lost = world.inward.cargo(FILES).keys().copied().max().unwrap() - 2;
    world.inward.deliver_some(&world.inner, |id| id.is_none_or(|(channel, _, seq)| *channel != name(FILES) || *seq != lost));
    world.inner.step().unwrap();
    let kept = |world: &World, state| world.inner.store.clone().packets_in(Direction::In, &[state], usize::MAX).unwrap().len();
    assert_eq!(kept(&world, PacketState::Early), 2);
    assert_eq!(world.outer.perform(&restored::epoch_new(card)).unwrap().exit, 0);
    restored::settle(&mut world);
    assert_eq!((kept(&world, PacketState::Early), kept(&world, PacketState::Late)), (0, 2));
    // With a share that these two fill, what comes early in the new epoch stays outside, and what is next in its turn flows.
    world.inner.station.config.keep.spool_gib = 0;
    world.inner.crash();
    world.inner.step().unwrap();
    assert!(world.inner.log().iter().any(|event| matches!(event, Event::Alarm { code, .. } if code == "spool-90")));
    restored::few(&mut world, "C");
    restored::settle(&mut world);
    restored::assert_once_each(&world, "though its share is full");
    // Evidence goes with its time, and its alarm with it.
    world.inner.clock.advance(8 * 86_400_000);
    for _ in 0..5 {
        world.inner.step().unwrap();
        world.inner.clock.advance(60_000);
    }
    assert!(world.inner.log().iter().any(|event| matches!(event, Event::AlarmClosed { code, .. } if code == "spool-90")));
}
