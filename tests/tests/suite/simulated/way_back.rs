//! Links with a way back: receipts, what is missing named in signals, automatic resend, the window. No person does anything here.

use super::seeds;
use dukou_packets::log::line::Event;
use dukou_packets::packet::header::Epoch;
use dukou_shared::link::receipts::Receipts;
use dukou_shared::station::LinkConfig;
use dukou_shared::store::Store;
use dukou_tests::simulated::station::name;
use dukou_tests::simulated::world::{FILES, REPLIES, REPORTS, gaps};
use dukou_tests::simulated::{SimStation, Weather, World, verdict};

/// Rounds (of a second) within which a world must have healed by itself once the weather is fair.
const HEALING_ROUNDS: u32 = 120;

/// Seconds after which both stations speak without news.
const PERIOD: u32 = 5;

/// Seconds after which a missing packet is placed again.
const RESEND_AFTER: u32 = 8;

/// A link with a way back in both directions.
pub(super) fn answered() -> LinkConfig {
    LinkConfig { way_back: Some(true), signal_seconds: PERIOD, resend_after_seconds: RESEND_AFTER, ..LinkConfig::default() }
}

pub(super) fn world_of(seed: u64, link: &LinkConfig) -> World {
    let mut world = World::new(seed);
    for station in [&mut world.outer, &mut world.inner] {
        station.station.config.link = link.clone();
    }
    world
}

pub(super) fn receipts(station: &SimStation) -> Receipts {
    station.store.clone().load().unwrap().fact().unwrap()
}

/// What a station has sent and its peer has not confirmed: channel, receipt, newest number.
fn unconfirmed(station: &SimStation) -> Vec<(String, u64, u64)> {
    let (state, receipts) = (station.store.clone().load().unwrap(), receipts(station));
    let heads = state
        .out_heads
        .iter()
        .map(|(channel, head)| (channel.to_string(), receipts.confirmed_seq(channel, head.epoch), head.seq));
    heads.filter(|(_, confirmed, newest)| confirmed < newest).collect()
}

pub(super) fn is_healed(world: &World) -> bool {
    [&world.outer, &world.inner].iter().all(|station| gaps(station).unwrap().is_empty() && unconfirmed(station).is_empty())
}

/// Runs rounds of fair weather until nothing is missing and all is confirmed; gives how many it took.
pub(super) fn heal(world: &mut World) -> Result<u32, String> {
    for round in 0..HEALING_ROUNDS {
        if is_healed(world) {
            return Ok(round);
        }
        world.round(&Weather::FAIR).map_err(|fault| fault.to_string())?;
    }
    let missing = [gaps(&world.outer)?, gaps(&world.inner)?];
    let unconfirmed = [unconfirmed(&world.outer), unconfirmed(&world.inner)];
    Err(format!("not healed within {HEALING_ROUNDS} rounds: missing {missing:?}, not confirmed {unconfirmed:?}"))
}

/// The ranges a station placed again by itself, for one cause.
pub(super) fn repeated(station: &SimStation, cause: &str) -> Vec<(u64, u64)> {
    let events = station.log().into_iter();
    events
        .filter_map(|event| match event {
            Event::Repeated { from, to, code, .. } if code == cause => Some((from, to)),
            _ => None,
        })
        .collect()
}

/// A world whose outer station has just placed `count` packets of one file each on the channel of files, taken by the device.
pub(super) fn placed(seed: u64, count: u64, link: &LinkConfig) -> World {
    let mut world = world_of(seed, link);
    world.outer.channels[1].batch.max_records = 1;
    for index in 0..count {
        world.outer_supplier.drop_file(&world.outer, FILES, &format!("{index}.bin"));
    }
    world.outer.step().unwrap();
    world.inward.take(&world.outer);
    world
}

#[test]
fn three_hundred_seeds_of_foul_weather_end_with_nothing_missing_and_all_confirmed() {
    let (mut longest, mut harmed, mut again) = (0, 0, 0);
    let seeds = seeds::count().max(300);
    for seed in seeds::first()..seeds::first() + seeds {
        let mut world = world_of(seed, &answered());
        for day in 0..2 {
            world.drop_mixture(&format!("D{day}"));
            for _ in 0..6 {
                world.round(&Weather::FOUL).unwrap();
            }
        }
        longest = longest.max(heal(&mut world).unwrap_or_else(|why| panic!("seed {seed}: {why}")));
        world.settle_and_check().unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
        harmed += world.inward.harmed.len() + world.outward.harmed.len();
        again += repeated(&world.outer, "missing").len() + repeated(&world.inner, "missing").len();
    }
    assert!(harmed > 300 && again > 300, "the weather harmed {harmed} packets, {again} ranges were placed again");
    println!(
        "{seeds} seeds: {harmed} packets harmed, {again} ranges placed again, healed within {longest} rounds of fair weather"
    );
}

/// Loses what `lost` says, in both directions, for some rounds in which files are dropped, and lets the world heal.
fn loses(seed: u64, rounds: u32, cargo: bool, signals: bool) {
    let mut world = world_of(seed, &answered());
    for round in 0..rounds {
        if round % 4 == 0 {
            world.drop_mixture(&format!("R{round}"));
        }
        world.outer.clock.advance(1000);
        let arrives = |is_cargo: bool| if is_cargo { !cargo } else { !signals };
        world.outer.step().unwrap();
        world.inward.take(&world.outer);
        world.inward.deliver_some(&world.inner, |id| arrives(id.is_some()));
        world.inner.step().unwrap();
        world.outward.take(&world.inner);
        world.outward.deliver_some(&world.outer, |id| arrives(id.is_some()));
    }
    let healed = heal(&mut world).unwrap_or_else(|why| panic!("cargo {cargo}, signals {signals}: {why}"));
    println!("cargo lost {cargo}, signals lost {signals}: healed after {healed} rounds");
    world.settle_and_check().unwrap();
}

#[test]
fn all_cargo_lost_both_ways_comes_again_by_itself() {
    loses(51, 6, true, false);
}

#[test]
fn all_signals_lost_both_ways_are_made_good_by_the_next_period() {
    loses(52, 12, false, true);
}

#[test]
fn cargo_and_signals_lost_both_ways_come_again_by_themselves() {
    loses(53, 12, true, true);
}

#[test]
fn every_choice_of_lost_packets_is_asked_for_by_signal_and_comes_again() {
    const COUNT: u64 = 5;
    for lost in 1u64..1 << COUNT {
        let is_lost = |seq: u64| lost >> (seq - 1) & 1 == 1;
        let mut world = placed(54, COUNT, &answered());
        world.inward.deliver_some(&world.inner, |id| id.is_none_or(|(_, _, seq)| !is_lost(*seq)));
        heal(&mut world).unwrap_or_else(|why| panic!("lost {lost:b}: {why}"));
        let again = repeated(&world.outer, "missing").into_iter().flat_map(|(from, to)| from..=to).collect::<Vec<_>>();
        assert_eq!(again, (1..=COUNT).filter(|seq| is_lost(*seq)).collect::<Vec<_>>(), "each once, no other");
        world.settle_and_check().unwrap();
    }
}

#[test]
fn a_packet_that_may_be_under_way_is_not_placed_again() {
    let mut world = placed(55, 3, &answered());
    // The device keeps the first packet back and loses it in the end.
    world.inward.deliver_some(&world.inner, |id| id.is_none_or(|(_, _, seq)| *seq != 1));
    let second = |world: &mut World| {
        world.round(&Weather::FAIR).unwrap();
        repeated(&world.outer, "missing").len()
    };
    for elapsed in 1..RESEND_AFTER {
        assert_eq!(second(&mut world), 0, "after {elapsed} s");
    }
    assert!(receipts(&world.outer).channels[&name(FILES)].misses(epoch(&world, FILES), 1), "the peer misses it all along");
    assert_eq!(second(&mut world), 1);
    assert_eq!(heal(&mut world), Ok(1));
}

fn epoch(world: &World, channel: &str) -> Epoch {
    world.outer.store.clone().load().unwrap().out_heads[&name(channel)].epoch
}

#[test]
fn late_packets_of_a_slow_device_are_never_placed_again() {
    for seed in 0..20 {
        let mut world = world_of(seed, &LinkConfig { resend_after_seconds: 60, ..answered() });
        for day in 0..4 {
            world.drop_mixture(&format!("D{day}"));
            for _ in 0..5 {
                world.round(&Weather::ROUGH).unwrap();
            }
        }
        heal(&mut world).unwrap_or_else(|why| panic!("seed {seed}: {why}"));
        let again = [repeated(&world.outer, "missing"), repeated(&world.inner, "missing")];
        assert!(again.iter().all(Vec::is_empty), "seed {seed}: {again:?}");
    }
}

#[test]
fn a_packet_that_is_lost_again_and_again_is_placed_after_waits_that_double() {
    let mut world = placed(56, 2, &answered());
    world.inward.deliver_some(&world.inner, |id| id.is_none_or(|(_, _, seq)| *seq != 1));
    let mut tries = Vec::new();
    for second in 1..=130_u64 {
        world.outer.clock.advance(1000);
        world.outer.step().unwrap();
        world.inward.take(&world.outer);
        world.inward.deliver_some(&world.inner, |id| id.is_none());
        world.inner.step().unwrap();
        world.outward.carry(&world.inner, &world.outer, &Weather::FAIR);
        if repeated(&world.outer, "missing").len() > tries.len() {
            tries.push(second);
        }
    }
    assert_eq!(tries, [8, 24, 56, 120], "8 s after it left, then 16, 32 and 64 s later");
    heal(&mut world).unwrap();
    world.settle_and_check().unwrap();
}

#[test]
fn without_a_newer_signal_nothing_is_placed_again_twice() {
    let mut world = placed(57, 2, &answered());
    world.inward.deliver_some(&world.inner, |id| id.is_none_or(|(_, _, seq)| *seq != 1));
    world.inner.step().unwrap();
    world.inner.clock.advance(1000);
    world.inner.step().unwrap();
    world.outward.carry(&world.inner, &world.outer, &Weather::FAIR);
    // From now on nothing comes back.
    for _ in 0..300 {
        world.outer.clock.advance(1000);
        world.outer.step().unwrap();
    }
    assert_eq!(repeated(&world.outer, "missing"), [(1, 1)]);
}

#[test]
fn no_minute_sees_more_packets_placed_again_than_the_link_allows() {
    let mut world = placed(58, 50, &LinkConfig { resend_per_minute: 10, ..answered() });
    world.inward.deliver_some(&world.inner, |id| id.is_none());
    let mut placed = Vec::new();
    for _ in 0..400 {
        world.round(&Weather::FAIR).unwrap();
        placed.push(repeated(&world.outer, "missing").iter().map(|(from, to)| to - from + 1).sum::<u64>());
    }
    for minute in placed.windows(60) {
        assert!(minute[59] - minute[0] <= 10, "{minute:?}");
    }
    assert_eq!(placed.last(), Some(&50), "each once");
    assert!(is_healed(&world));
}

#[test]
fn what_is_past_its_keeping_is_named_until_the_peer_goes_on_without_it() {
    let mut world = placed(59, 3, &answered());
    world.inward.deliver_some(&world.inner, |id| id.is_none_or(|(_, _, seq)| *seq != 2));
    world.outer.station.config.keep.sent_days = 0;
    world.outer.crash();
    for _ in 0..4 {
        world.round(&Weather::FAIR).unwrap();
        world.outer.clock.advance(3_600_000);
    }
    let codes = |world: &mut World| -> Vec<String> {
        world.outer.clock.advance(1000);
        world.outer.step().unwrap().troubles.into_iter().map(|trouble| format!("{}: {}", trouble.code, trouble.en)).collect()
    };
    let told = codes(&mut world);
    assert!(
        told.iter().any(|told| told.starts_with("past-keeping") && told.contains("packet(s) 2 of channel files")),
        "{told:?}"
    );
    assert!(repeated(&world.outer, "missing").is_empty());
    let request = dukou_shared::requests::Request::Waive {
        channel: name(FILES),
        from: 2,
        to: 2,
        operator: "tester".to_string(),
        name: "测".to_string(),
        reason: "test".to_string(),
    };
    assert_eq!(world.inner.perform(&request).unwrap().exit, 0);
    for _ in 0..4 {
        world.round(&Weather::FAIR).unwrap();
    }
    let files = receipts(&world.outer).channels.remove(&name(FILES)).unwrap();
    assert_eq!((files.seq, files.applied(), files.waived.as_slice()), (3, 2, &[(2, 2)][..]), "waived is not applied");
    assert_eq!(codes(&mut world), Vec::<String>::new());
}

#[test]
fn receipts_alone_confirm_and_those_that_are_lost_come_with_the_next_period() {
    let mut world = placed(60, 3, &answered());
    world.inward.deliver_some(&world.inner, |_| true);
    world.inner.step().unwrap();
    world.outward.take(&world.inner);
    world.outward.deliver_some(&world.outer, |_| false);
    world.outer.clock.advance(1000);
    world.outer.step().unwrap();
    assert_eq!(unconfirmed(&world.outer), [(FILES.to_string(), 0, 3)], "applied there, and nothing here knows it");
    for _ in 0..PERIOD {
        world.round(&Weather::FAIR).unwrap();
    }
    assert_eq!(unconfirmed(&world.outer), []);
    world.settle_and_check().unwrap();
}

#[test]
fn what_waits_to_be_taken_is_not_confirmed_before_it_is() {
    let mut world = world_of(61, &answered());
    world.outer_supplier.drop_file(&world.outer, FILES, "same.bin");
    world.outer.step().unwrap();
    world.inward.carry(&world.outer, &world.inner, &Weather::FAIR);
    world.inner.step().unwrap();
    world.outer_supplier.drop_file(&world.outer, FILES, "same.bin");
    for _ in 0..2 * PERIOD {
        world.outer.clock.advance(1000);
        world.outer.step().unwrap();
        world.inward.carry(&world.outer, &world.inner, &Weather::FAIR);
        world.inner.step().unwrap();
        world.outward.carry(&world.inner, &world.outer, &Weather::FAIR);
    }
    assert_eq!(unconfirmed(&world.outer), [(FILES.to_string(), 1, 2)], "the second lies marked and not at the sink");
    heal(&mut world).unwrap();
    world.settle_and_check().unwrap();
}

#[test]
fn a_full_window_takes_nothing_on_and_opens_with_receipts() {
    let mut world = world_of(62, &LinkConfig { window_packets: 4, ..answered() });
    world.outer.channels[1].batch.max_records = 1;
    let drop_ten = |world: &mut World, prefix: &str| {
        for index in 0..10 {
            world.outer_supplier.drop_file(&world.outer, FILES, &format!("{prefix}{index}.bin"));
        }
    };
    drop_ten(&mut world, "A");
    let sent = |world: &World| world.outer.store.clone().load().unwrap().out_heads[&name(FILES)].seq;
    world.outer.step().unwrap();
    drop_ten(&mut world, "B");
    for _ in 0..10 {
        world.outer.clock.advance(1000);
        world.outer.step().unwrap();
    }
    let first = sent(&world);
    assert_eq!(first, 4, "packets that left without a receipt");
    // The window is the channel's own: another one goes on.
    world.outer_supplier.drop_xml(&world.outer, REPORTS, "U1_urgent.xml");
    world.outer.step().unwrap();
    assert_eq!(world.outer.store.clone().load().unwrap().out_heads[&name(REPORTS)].seq, 1);
    heal(&mut world).unwrap();
    world.settle_and_check().unwrap();
    assert_eq!(sent(&world), 20);
}

#[test]
fn a_window_holds_exactly_whatever_is_sealed_together() {
    for window_packets in [1, 63, 64, 65, 130] {
        let mut world = world_of(66, &LinkConfig { window_packets, ..answered() });
        world.outer.channels[1].batch.max_records = 1;
        for index in 0..300 {
            world.outer_supplier.drop_file(&world.outer, FILES, &format!("{index:03}.bin"));
        }
        let window = u64::from(window_packets);
        let standing = |world: &World| {
            let state = world.outer.store.clone().load().unwrap();
            let sent = state.out_heads.get(&name(FILES)).map_or(0, |head| head.seq);
            let applied = world.inner.store.clone().load().unwrap().in_heads.get(&name(FILES)).map_or(0, |head| head.seq);
            (sent, applied)
        };
        world.outer.step().unwrap();
        assert_eq!(standing(&world).0, window, "the window is used, and no more");
        let mut confirmed = 0;
        for _ in 0..6 {
            world.inward.carry(&world.outer, &world.inner, &Weather::FAIR);
            world.inner.clock.advance(60_000);
            world.inner.step().unwrap();
            confirmed = confirmed.max(standing(&world).1);
            world.outward.carry(&world.inner, &world.outer, &Weather::FAIR);
            world.outer.clock.advance(1000);
            world.outer.step().unwrap();
            let sent = standing(&world).0;
            assert!(sent <= confirmed + window, "{sent} sent, {confirmed} may be confirmed, window {window}");
        }
        assert!(standing(&world).0 > window, "receipts open it");
    }
}

#[test]
fn a_window_of_bytes_closes_and_opens_too() {
    let mut world = world_of(63, &LinkConfig { window_mib: 1, ..answered() });
    world.outer.channels[1].batch.max_bytes = 600 << 10;
    let mut bytes = vec![0; 600 << 10];
    for index in 0..6_u8 {
        world.dice.fill(&mut bytes);
        world.outer_supplier.drop_as(
            &world.outer,
            FILES,
            &format!("{index}.bin"),
            &bytes,
            dukou_tests::simulated::supplier::Fate::Arrives,
        );
        world.outer.clock.advance(1000);
        world.outer.step().unwrap();
    }
    let sent = world.outer.store.clone().load().unwrap().out_heads[&name(FILES)].seq;
    assert_eq!(sent, 2, "two packets of 600 KiB fill a MiB");
    heal(&mut world).unwrap();
    world.settle_and_check().unwrap();
}

#[test]
fn a_station_that_never_sent_cargo_is_heard_of_once_a_period() {
    let mut world = world_of(64, &LinkConfig { way_back: None, ..answered() });
    let mut signals = 0;
    world.inner.step().unwrap();
    for _ in 0..4 * PERIOD {
        world.outer.clock.advance(1000);
        world.inner.step().unwrap();
        signals += world.outward.take(&world.inner);
    }
    assert_eq!(signals, 4);
    assert!(world.inner.log().iter().all(|event| !matches!(event, Event::Packed { .. } | Event::Left { .. })));
}

#[test]
fn an_old_signal_is_taken_back_and_only_the_newest_lies_in_the_ferry_directory() {
    let mut world = world_of(65, &answered());
    for _ in 0..6 * PERIOD {
        world.outer.clock.advance(1000);
        world.outer.step().unwrap();
        assert!(world.outer.files.tree(world.outer.station.ferry_out()).len() <= 1);
    }
}

#[test]
fn signals_write_at_most_one_line_a_minute() {
    let mut world = world_of(66, &answered());
    for round in 0..180 {
        if round % 3 == 0 {
            world.outer_supplier.drop_file(&world.outer, FILES, &format!("{round}.bin"));
            world.inner_supplier.drop_file(&world.inner, REPLIES, &format!("{round}.json"));
        }
        world.round(&Weather::FAIR).unwrap();
    }
    for station in [&world.outer, &world.inner] {
        let lines = station.log().iter().filter(|event| matches!(event, Event::Signal { .. })).count();
        assert!((2..=4).contains(&lines), "{lines} signal lines in three minutes of news every three seconds");
    }
    heal(&mut world).unwrap();
    world.settle_and_check().unwrap();
    verdict::log_verifies(&world.outer).unwrap();
}

#[test]
fn without_a_ferry_directory_nothing_is_said_to_be_placed_again() {
    let mut world = placed(67, 2, &answered());
    world.inward.deliver_some(&world.inner, |id| id.is_none_or(|(_, _, seq)| *seq != 1));
    for _ in 0..RESEND_AFTER - 1 {
        world.round(&Weather::FAIR).unwrap();
    }
    let ferry = world.outer.station.ferry_out();
    let away = world.outer.station.dir.join("unmounted");
    assert!(world.outer.files.rename(&ferry, &away));
    for _ in 0..30 {
        world.outer.clock.advance(1000);
        let report = world.outer.step().unwrap();
        assert!(!report.troubles.is_empty(), "the ferry directory is named");
    }
    assert_eq!(repeated(&world.outer, "missing"), []);
    assert!(world.outer.files.rename(&away, &ferry));
    heal(&mut world).unwrap();
    assert_eq!(repeated(&world.outer, "missing"), [(1, 1)]);
}

#[test]
fn a_retained_copy_that_rotted_is_named_until_a_person_lets_the_peer_go_on() {
    let mut world = placed(68, 3, &answered());
    world.inward.deliver_some(&world.inner, |id| id.is_none_or(|(_, _, seq)| *seq == 3));
    let spool = world.outer.station.spool_out();
    let rotten = spool.join(world.outer.files.tree(&spool).remove(0));
    let mut bytes = world.outer.files.get(&rotten).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    world.outer.files.put(&rotten, &bytes);
    for _ in 0..2 * RESEND_AFTER {
        world.round(&Weather::FAIR).unwrap();
    }
    assert_eq!(repeated(&world.outer, "missing"), [(2, 2)], "the other one goes all the same");
    world.outer.clock.advance(1000);
    let told = world.outer.step().unwrap();
    assert_eq!(told.troubles.iter().map(|trouble| &*trouble.code).collect::<Vec<_>>(), ["spool"]);
    assert_eq!(world.outer.standing(&told), Some(dukou_shared::engine::Standing::Look), "no new try mends it");
}

#[test]
fn what_is_missing_outlives_a_restart_of_the_sender() {
    let mut world = placed(69, 3, &answered());
    world.inward.deliver_some(&world.inner, |id| id.is_none_or(|(_, _, seq)| *seq != 2));
    for _ in 0..3 {
        world.round(&Weather::FAIR).unwrap();
    }
    world.outer.crash();
    // Nothing comes back any more: what was heard before is enough.
    for _ in 0..2 * RESEND_AFTER {
        world.outer.clock.advance(1000);
        world.outer.step().unwrap();
    }
    assert_eq!(repeated(&world.outer, "missing"), [(2, 2)]);
}

#[test]
fn a_peer_that_gives_no_receipts_closes_the_window_and_takes_everything_once_it_does() {
    let mut world = world_of(70, &LinkConfig { window_packets: 3, ..answered() });
    world.inner.station.config.link.way_back = None;
    world.outer.channels[1].batch.max_records = 1;
    for index in 0..8 {
        world.outer_supplier.drop_file(&world.outer, FILES, &format!("{index}.bin"));
        world.round(&Weather::FAIR).unwrap();
    }
    let sent = |world: &World| world.outer.store.clone().load().unwrap().out_heads[&name(FILES)].seq;
    assert_eq!(sent(&world), 3);
    world.inner.close().unwrap();
    world.inner.station.config.link.way_back = Some(true);
    heal(&mut world).unwrap();
    world.settle_and_check().unwrap();
    assert_eq!(sent(&world), 8);
}

#[test]
fn a_receipt_for_what_was_never_sent_is_a_trouble_until_the_next_signal() {
    let mut world = placed(71, 1, &answered());
    world.inward.deliver_some(&world.inner, |_| true);
    heal(&mut world).unwrap();
    let mut claimed = receipts(&world.outer);
    claimed.beyond.insert(name(REPORTS), 7);
    world.outer.close().unwrap();
    world.outer.store.clone().commit(&[dukou_shared::store::Change::fact(&claimed).unwrap()]).unwrap();
    let told = world.outer.step().unwrap().troubles;
    assert!(told.iter().any(|trouble| trouble.code == "receipt-beyond" && trouble.en.contains("channel reports")), "{told:?}");
    for _ in 0..2 * PERIOD {
        world.round(&Weather::FAIR).unwrap();
    }
    assert_eq!(world.outer.step().unwrap().troubles, []);
}
