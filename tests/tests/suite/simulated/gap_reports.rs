//! Gap reports carried by hand: they name exactly what is missing, and one carry of what they ask for brings it all back.

use dukou_packets::gap_report::GapReport;
use dukou_packets::gap_report::rows::{in_groups, write_rows};
use dukou_packets::keyring::Side;
use dukou_packets::log::line::Event;
use dukou_packets::packet::open::Expectation;
use dukou_rehearsal::random::Random;
use dukou_shared::requests::{Answer, Request};
use dukou_shared::store::{PacketKey, Store};
use dukou_tests::simulated::station::channel;
use dukou_tests::simulated::world::FILES;
use dukou_tests::simulated::{SimStation, Victim, Weather, World};
use std::collections::BTreeSet;

use super::seeds;
use super::sweep::every_changing_op_of;

/// A lost packet: channel and number.
type Lost = BTreeSet<(String, u64)>;

/// A world of these channels, inward, one file a packet, whose outer station has just placed `count` packets in all.
fn placed(seed: u64, channels: &[&str], count: u64) -> World {
    let mut configured: Vec<_> = channels.iter().map(|name| channel(name, Side::Outer)).collect();
    configured.iter_mut().for_each(|channel| channel.batch.max_records = 1);
    let mut world = World::with_channels(seed, configured);
    for index in 0..count {
        let at = channels[index as usize % channels.len()];
        world.outer_supplier.drop_file(&world.outer, at, &format!("{index}.bin"));
    }
    world.outer.step().unwrap();
    world.inward.take(&world.outer);
    world
}

/// Delivers everything but `lost`, and lets the receiver look.
fn deliver_without(world: &mut World, lost: &Lost) {
    let is_lost = |id: &(_, _, u64)| {
        let (name, _, seq): &(dukou_packets::packet::header::ChannelName, _, _) = id;
        lost.contains(&(name.to_string(), *seq))
    };
    world.inward.deliver_some(&world.inner, |id| id.is_none_or(|id| !is_lost(id)));
    world.inner.step().unwrap();
}

/// Makes the receiver's next report.
fn reported(world: &mut World) -> (GapReport, String) {
    let answer = world.inner.perform(&Request::ReportGaps).unwrap();
    let text = answer.document.expect("a report");
    let identity = &world.outer.station.config.station;
    let expected = Expectation { environment: identity.environment, own: identity.id };
    (GapReport::open(text.as_bytes(), &world.inner.card, &expected).expect("a report of the inner station"), text)
}

fn named(report: &GapReport) -> Lost {
    let of = |channel: &dukou_packets::gap_report::ChannelReport| {
        let (name, ranges) = (channel.channel.to_string(), channel.missing.clone());
        ranges.into_iter().flat_map(|(from, to)| from..=to).map(move |seq| (name.clone(), seq)).collect::<Vec<_>>()
    };
    report.channels.iter().flat_map(of).collect()
}

fn resend_report(station: &mut SimStation, text: &str) -> Answer {
    station.perform(&Request::ResendReport { report: text.to_string(), operator: "wangwu".to_string() }).unwrap()
}

fn resend_rows(station: &mut SimStation, rows: &str) -> Answer {
    station.perform(&Request::ResendRows { rows: rows.to_string(), operator: "wangwu".to_string() }).unwrap()
}

/// Carries what lies at the outer station once; nothing may be missing then.
fn one_carry(world: &mut World, case: &str) {
    world.inward.carry(&world.outer, &world.inner, &Weather::FAIR);
    world.inner.step().unwrap();
    let (report, _) = reported(world);
    assert_eq!(named(&report), Lost::new(), "{case}");
    world.settle_and_check().unwrap_or_else(|broken| panic!("{case}: {broken}"));
}

/// How the report comes to the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    File,
    Rows,
}

/// Loses packets, reports, resends, carries once. Gives false where the report has no rows.
fn lose_and_mend(world: &mut World, lost: &Lost, way: Way, case: &str) -> bool {
    deliver_without(world, lost);
    let (report, text) = reported(world);
    assert_eq!(named(&report), *lost, "{case}: the report names exactly what was lost");
    let answer = match (way, write_rows(&report)) {
        (Way::File, _) => resend_report(&mut world.outer, &text),
        (Way::Rows, None) => return false,
        (Way::Rows, Some(rows)) => {
            resend_rows(&mut world.outer, &rows.iter().map(|row| in_groups(row)).collect::<Vec<_>>().join("\n"))
        }
    };
    assert_eq!((answer.exit, answer.count), (0, lost.len() as u64), "{case}: {}", answer.zh);
    one_carry(world, case);
    true
}

#[test]
fn any_lost_packets_are_named_exactly_and_one_carry_of_the_report_restores_all() {
    const SMALL: u64 = 7;
    let mut cases = 0;
    for choice in 1u64..1 << SMALL {
        let lost: Lost = (1..=SMALL).filter(|seq| choice >> (seq - 1) & 1 == 1).map(|seq| ("a".to_string(), seq)).collect();
        for way in [Way::File, Way::Rows] {
            let mut world = placed(61, &["a"], SMALL);
            assert!(lose_and_mend(&mut world, &lost, way, &format!("{lost:?} by {way:?}")));
            cases += 1;
        }
    }
    const LARGE: u64 = 200;
    const CHANNELS: [&str; 3] = ["a", "b-long-name", "c"];
    let (mut by_rows, mut packets) = (0, 0);
    for seed in seeds::first()..seeds::first() + seeds::count() {
        let mut dice = Random::new(seed);
        let k = 1 + dice.below(LARGE);
        let all: Vec<(String, u64)> =
            (0..LARGE).map(|index| (CHANNELS[index as usize % 3].to_string(), index / 3 + 1)).collect();
        let (lost, few): (Lost, Lost) = (drawn(&all, k, &mut dice), drawn(&all, 1 + dice.below(14), &mut dice));
        let mut world = placed(seed, &CHANNELS, LARGE);
        assert!(lose_and_mend(&mut world, &lost, Way::File, &format!("seed {seed}, {k} of {LARGE}")));
        let mut world = placed(seed, &CHANNELS, LARGE);
        by_rows += u32::from(lose_and_mend(&mut world, &few, Way::Rows, &format!("seed {seed}, rows")));
        packets += lost.len() + few.len();
        cases += 2;
    }
    assert!(by_rows as u64 >= seeds::count() / 2, "too few reports had rows: nothing was tried");
    println!(
        "{cases} choices of lost packets ({packets} packets in the large ones, {by_rows} by rows): each named exactly, each restored by one carry"
    );
}

/// Draws `k` of them.
fn drawn(all: &[(String, u64)], k: u64, dice: &mut Random) -> Lost {
    let mut left = all.to_vec();
    (0..k).map(|_| left.swap_remove(dice.below(left.len() as u64) as usize)).collect()
}

#[test]
fn a_report_used_twice_or_late_does_no_harm() {
    let mut world = placed(62, &["a", "b"], 8);
    deliver_without(&mut world, &Lost::from([("a".to_string(), 2), ("b".to_string(), 1)]));
    let (first, text) = reported(&mut world);
    let (second, _) = reported(&mut world);
    assert_eq!((first.report, second.report), (1, 2), "report numbers rise");
    for _ in 0..2 {
        assert_eq!(resend_report(&mut world.outer, &text).exit, 0);
    }
    world.settle_and_check().unwrap();
    assert_eq!(resend_report(&mut world.outer, &text).exit, 0);
    world.settle_and_check().unwrap();
    let resent =
        world.outer.log().into_iter().filter(|event| matches!(event, Event::Resent { operator, .. } if operator == "wangwu"));
    assert_eq!(resent.count(), 6, "a line a channel and use");
}

#[test]
fn what_is_past_keeping_is_named_and_the_rest_is_resent() {
    let mut world = placed(63, &["a"], 6);
    deliver_without(&mut world, &(2..=5).map(|seq| ("a".to_string(), seq)).collect());
    let (report, text) = reported(&mut world);
    let key = |seq| PacketKey {
        direction: dukou_shared::store::Direction::Out,
        channel: "a".parse().unwrap(),
        epoch: report.channels[0].epoch,
        seq,
    };
    world.outer.close().unwrap();
    for seq in [3, 4] {
        let row = world.outer.store.packet(&key(seq)).unwrap().unwrap();
        world.outer.store.commit(&[dukou_shared::store::Change::Pruned(key(seq))]).unwrap();
        world.outer.files.remove(world.outer.station.spool_out().join(row.spool.unwrap()));
    }
    let answer = resend_report(&mut world.outer, &text);
    assert_eq!((answer.exit, answer.count), (1, 2), "{}", answer.zh);
    assert!(
        answer.zh.contains("重发 2 个包（2、5）") && answer.zh.contains("第 3–4 号包已过保存期") && answer.zh.contains("waive")
    );
    world.settle().unwrap();
    assert_eq!(named(&reported(&mut world).0), Lost::from([("a".to_string(), 3), ("a".to_string(), 4)]));
}

#[test]
fn a_report_that_is_not_the_peers_is_refused_and_nothing_is_placed() {
    let mut world = placed(64, &["a"], 3);
    deliver_without(&mut world, &Lost::from([("a".to_string(), 2)]));
    let (_, text) = reported(&mut world);
    let changed = text.replacen("[2,2]", "[2,3]", 1);
    assert_ne!(changed, text);
    let mut other = placed(65, &["a"], 3);
    deliver_without(&mut other, &Lost::from([("a".to_string(), 2)]));
    let (_, strange) = reported(&mut other);
    let lines = world.outer.log().len();
    for (wrong, code) in
        [(changed.as_str(), "gap-report-signature"), (strange.as_str(), "gap-report-key"), ("x", "gap-report-shape")]
    {
        let answer = resend_report(&mut world.outer, wrong);
        assert!(answer.exit == 2 && answer.zh.contains(code), "{}", answer.zh);
    }
    // A report of one's own is for the peer.
    let own = world.outer.perform(&Request::ReportGaps).unwrap().document.unwrap();
    assert_eq!(resend_report(&mut world.outer, &own).exit, 2);
    assert_eq!(world.outer.log().len(), lines);
    assert_eq!(resend_report(&mut world.outer, &text).exit, 0);
    world.settle_and_check().unwrap();
}

#[test]
fn rows_of_which_one_is_wrong_place_nothing_and_name_the_row() {
    let mut world = placed(66, &["a", "b"], 12);
    deliver_without(&mut world, &Lost::from([("a".to_string(), 2), ("a".to_string(), 4), ("b".to_string(), 1)]));
    let rows = write_rows(&reported(&mut world).0).unwrap();
    assert_eq!(rows.len(), 3);
    let lines = world.outer.log().len();
    let mut wrong = rows.clone();
    wrong[2].replace_range(20..21, if &rows[2][20..21] == "7" { "8" } else { "7" });
    for (typed, told) in [
        (wrong.join("\n"), "第 3 行有错"),
        ([&rows[0], &rows[1], &rows[1]].map(String::as_str).join("\n"), "第 3 行有错：与第 2 行重复"),
        (rows[..2].join("\n"), "缺第 3 行"),
        (String::new(), "没有输入"),
    ] {
        let answer = resend_rows(&mut world.outer, &typed);
        assert!(answer.exit == 2 && answer.zh.contains(told) && answer.zh.contains("什么都没有重发"), "{typed}: {}", answer.zh);
    }
    // Typed at the station that made them: its own channels have other tags.
    assert!(resend_rows(&mut world.inner, &rows.join("\n")).zh.contains("不是本站发给"));
    assert_eq!(world.outer.log().len(), lines);
    assert_eq!(resend_rows(&mut world.outer, &rows.join(" ")).exit, 0);
    one_carry(&mut world, "typed at last");
}

#[test]
fn more_packets_than_a_minute_allows_are_placed_bit_by_bit_and_none_is_forgotten() {
    let mut world = placed(67, &["a"], 25);
    world.outer.station.config.link.resend_per_minute = 10;
    world.outer.close().unwrap();
    deliver_without(&mut world, &(1..=25).map(|seq| ("a".to_string(), seq)).collect());
    let (_, text) = reported(&mut world);
    let answer = resend_report(&mut world.outer, &text);
    assert!(
        answer.exit == 0 && answer.count == 25 && answer.zh.contains("已放入摆渡目录 10 个；还有 15 个排队"),
        "{}",
        answer.zh
    );
    let owed = |world: &World| {
        let state = world.outer.store.clone().load().unwrap();
        dukou_shared::gaps::owed::owed_of(&state, &"a".parse().unwrap()).unwrap()
    };
    assert_eq!(owed(&world), 15);
    // Live traffic goes on beside it, and asking once more does not lengthen the line.
    world.outer_supplier.drop_file(&world.outer, "a", "live.bin");
    world.outer.step().unwrap();
    assert_eq!(owed(&world), 15);
    assert_eq!(world.inward.take(&world.outer), 12, "ten, the live one, and a signal");
    assert_eq!(resend_report(&mut world.outer, &text).exit, 0);
    assert_eq!(owed(&world), 25, "what was placed may be asked for again");
    for left in [15, 5, 0] {
        world.outer.clock.advance(60_000);
        world.outer.step().unwrap();
        assert_eq!(owed(&world), left);
    }
    world.settle_and_check().unwrap();
}

#[test]
fn a_sender_killed_while_it_resends_from_a_report_forgets_no_packet_of_it() {
    let prepare = || {
        let mut world = placed(68, &["a"], 6);
        deliver_without(&mut world, &Lost::from([("a".to_string(), 1), ("a".to_string(), 2), ("a".to_string(), 4)]));
        world
    };
    let text = reported(&mut prepare()).1;
    let ask = |world: &mut World| {
        let request = Request::ResendReport { report: text.clone(), operator: "wangwu".to_string() };
        world.outer.perform(&request).map(|answer| assert_eq!(answer.exit, 0, "{}", answer.zh))
    };
    // The request lies beside the station still and is performed again.
    let after_a_kill = |mut world: World, case: &str| {
        assert!(ask(&mut world).is_err(), "{case}");
        world.outer.crash();
        ask(&mut world).unwrap();
        world.inward.carry(&world.outer, &world.inner, &Weather::FAIR);
        world.settle_and_check().unwrap_or_else(|broken| panic!("{case}: {broken}"));
    };
    for op in every_changing_op_of(Victim::Outer, prepare, ask) {
        for persisted in [false, true] {
            let world = prepare();
            world.outer.files.kill_at(op, persisted);
            after_a_kill(world, &format!("killed at {op}, persisted {persisted}"));
        }
    }
    let commits = {
        let mut world = prepare();
        let before = world.outer.store.commits();
        ask(&mut world).unwrap();
        world.outer.store.commits() - before
    };
    assert!(commits >= 2, "the list is stored, and ticked off");
    for (commit, persisted) in (1..=commits).flat_map(|commit| [(commit, false), (commit, true)]) {
        let world = prepare();
        world.outer.store.fail_commit_at(commit, persisted);
        after_a_kill(world, &format!("commit {commit}, persisted {persisted}"));
    }
}

#[test]
fn what_was_taken_on_and_not_placed_is_placed_after_a_kill_without_being_asked_again() {
    let mut world = placed(70, &["a"], 9);
    world.outer.station.config.link.resend_per_minute = 4;
    world.outer.close().unwrap();
    deliver_without(&mut world, &(1..=9).map(|seq| ("a".to_string(), seq)).collect());
    let (_, text) = reported(&mut world);
    assert_eq!(resend_report(&mut world.outer, &text).exit, 0);
    for _ in 0..2 {
        world.outer.crash();
        world.outer.step().unwrap();
    }
    world.settle_and_check().unwrap();
}

#[test]
fn a_receiver_killed_while_it_reports_never_uses_a_number_twice() {
    for persisted in [false, true] {
        let mut world = placed(69, &[FILES], 3);
        deliver_without(&mut world, &Lost::from([(FILES.to_string(), 2)]));
        let first = reported(&mut world).0.report;
        world.inner.store.fail_commit_at(1, persisted);
        assert!(world.inner.perform(&Request::ReportGaps).is_err());
        world.inner.crash();
        assert!(reported(&mut world).0.report > first, "persisted {persisted}");
    }
}
