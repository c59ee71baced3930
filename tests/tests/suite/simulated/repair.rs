//! Repair packets: what is lost on its way is rebuilt from them, and what they cannot rebuild stays a gap and nothing else.

use dukou_packets::log::line::Event;
use dukou_packets::packet::header::Class;
use dukou_packets::packet::open::read_head;
use dukou_packets::packet::repair::{Member, ParityTable};
use dukou_packets::suite::Digest;
use dukou_rehearsal::random::Random;
use dukou_shared::engine::PassReport;
use dukou_shared::receive::repair::{KEPT_FILES, KEPT_MS};
use dukou_shared::requests::Request;
use dukou_shared::send::repair::SMALL_BYTES;
use dukou_shared::store::{Direction, PacketState};
use dukou_tests::simulated::station::name;
use dukou_tests::simulated::supplier::Fate;
use dukou_tests::simulated::world::{FILES, REPORTS, gaps, standard_channels};
use dukou_tests::simulated::{World, forge, verdict};
use std::collections::{BTreeMap, BTreeSet};

/// A file that makes a packet which parity is made over.
const LARGE: usize = SMALL_BYTES as usize + 512;

/// A world with one file a packet whose outer station sends parity.
pub(super) fn world(seed: u64, data: u16, parity: u16) -> World {
    let mut channels = standard_channels();
    for channel in &mut channels {
        channel.batch.max_records = 1;
        channel.source.folder_mut().unwrap().status = false;
    }
    let mut world = World::with_channels(seed, channels);
    (world.outer.station.config.link.repair_data, world.outer.station.config.link.repair_parity) = (data, parity);
    world
}

/// Drops files of about this length into the channel of plain files.
pub(super) fn drop_files(world: &mut World, prefix: &str, count: usize, len: usize) {
    for index in 0..count {
        let bytes = world.outer_supplier.fresh(len + index % 7);
        world.outer_supplier.drop_as(&world.outer, FILES, &format!("{prefix}{index:04}"), &bytes, Fate::Arrives);
    }
}

/// A file in the sender's ferry directory.
struct Sent {
    bytes: Vec<u8>,
    /// Channel and number of a cargo packet.
    cargo: Option<(String, u64)>,
    /// What a repair packet covers.
    parity: Option<ParityTable>,
    head: Digest,
}

/// Takes everything that lies in the sender's ferry directory.
fn take(world: &mut World) -> Vec<Sent> {
    let before = world.inward.passed.len();
    world.inward.take(&world.outer);
    world.inward.deliver_some(&world.inner, |_| false);
    let taken = world.inward.passed[before..].iter().map(|(_, bytes)| bytes.clone());
    let sent = |bytes: Vec<u8>| {
        let head = read_head(&bytes, &world.outer.card).unwrap();
        let channel = head.header.channel.clone().filter(|_| head.header.class == Class::Cargo);
        let parity = (head.header.class == Class::Repair)
            .then(|| ParityTable::parse(&bytes[head.head_len..], head.header.payload_len).unwrap().0);
        Sent { cargo: channel.map(|channel| (channel.to_string(), head.header.seq)), parity, head: head.digest, bytes }
    };
    taken.map(sent).collect()
}

fn put(world: &mut World, sent: &Sent) {
    world.inward.put(&world.inner, None, &sent.bytes);
}

/// Sends all there is, loses these numbers of the channel of plain files, and lets the receiver look once.
fn sent_without(world: &mut World, lost: &[u64]) -> PassReport {
    world.outer.pass().unwrap();
    for sent in take(world) {
        if !sent.cargo.as_ref().is_some_and(|(channel, seq)| channel == FILES && lost.contains(seq)) {
            put(world, &sent);
        }
    }
    world.inner.step().unwrap()
}

fn announced(world: &World) -> usize {
    world.inner.log().iter().filter(|event| matches!(event, Event::Gap { .. })).count()
}

fn kept(world: &World) -> Vec<String> {
    world.inner.files.tree(world.inner.station.spool_repair())
}

#[test]
fn two_lost_packets_of_ten_are_rebuilt_before_any_gap_is_announced() {
    let mut world = world(301, 10, 2);
    drop_files(&mut world, "a", 10, LARGE);
    let report = sent_without(&mut world, &[1, 7]);
    assert_eq!((report.rebuilt, report.packets_in, report.repair_received), (2, 10, 2), "{report:?}");
    assert_eq!(announced(&world), 0);
    assert_eq!(kept(&world), Vec::<String>::new());
    world.settle_and_check().unwrap();
}

#[test]
fn three_lost_packets_of_ten_stay_a_gap_and_one_that_comes_brings_the_other_two() {
    let mut world = world(302, 10, 2);
    drop_files(&mut world, "a", 10, LARGE);
    let report = sent_without(&mut world, &[2, 3, 9]);
    assert_eq!((report.rebuilt, report.packets_in), (0, 1), "{report:?}");
    let files = name(FILES);
    assert_eq!(gaps(&world.inner).unwrap(), [(files.clone(), 2, 3), (files.clone(), 9, 9)]);
    let request = Request::Resend { channel: files, from: 3, to: 3, operator: "tester".to_string() };
    world.outer.perform(&request).unwrap();
    for sent in take(&mut world) {
        put(&mut world, &sent);
    }
    let report = world.inner.step().unwrap();
    assert_eq!((report.rebuilt, report.packets_in), (2, 9), "{report:?}");
    world.settle_and_check().unwrap();
    assert_eq!(kept(&world), Vec::<String>::new());
}

#[test]
fn without_the_setting_nothing_is_sent_beside_the_packets() {
    let mut world = world(303, 10, 0);
    drop_files(&mut world, "a", 10, LARGE);
    let report = world.outer.pass().unwrap();
    assert_eq!(report.repair_sent, 0);
    assert_eq!(take(&mut world).iter().filter(|sent| sent.parity.is_some()).count(), 0);
}

#[test]
fn packets_below_16_kib_are_placed_a_second_time_and_the_log_says_once_that_they_left() {
    let mut world = world(304, 10, 2);
    drop_files(&mut world, "a", 4, 500);
    let report = world.outer.pass().unwrap();
    assert_eq!((report.packets_out, report.repair_sent), (4, 4));
    let left = world.outer.log().iter().filter(|event| matches!(event, Event::Left { .. })).count();
    assert_eq!(left, 4);
    let sent = take(&mut world);
    let mut lost = BTreeSet::from([1, 2, 3, 4]);
    for sent in &sent {
        // The first copy of each is lost.
        if !sent.cargo.as_ref().is_some_and(|(_, seq)| lost.remove(seq)) {
            put(&mut world, sent);
        }
    }
    world.inner.step().unwrap();
    assert_eq!(announced(&world), 0);
    world.settle_and_check().unwrap();
}

#[test]
fn packets_of_all_channels_share_groups_and_a_damaged_one_counts_as_lost() {
    let mut world = world(305, 6, 2);
    for index in 0..3 {
        let text = String::from_utf8(world.outer_supplier.fresh_xml()).unwrap();
        let filling: String = (0..LARGE * 2).map(|_| char::from(b'a' + world.dice.below(26) as u8)).collect();
        let xml = text.replace("</报文>", &format!("<附>{filling}</附></报文>"));
        world.outer_supplier.drop_as(&world.outer, REPORTS, &format!("A{index}_x.xml"), xml.as_bytes(), Fate::Arrives);
    }
    drop_files(&mut world, "a", 3, LARGE);
    world.outer.pass().unwrap();
    let all = take(&mut world);
    assert_eq!(all.iter().filter_map(|sent| sent.parity.as_ref()).map(|table| table.members.len()).collect::<Vec<_>>(), [6, 6]);
    for mut sent in all {
        match sent.cargo.as_ref().map(|(channel, seq)| (channel.as_str(), *seq)) {
            Some((REPORTS, 2)) => continue,
            Some((FILES, 3)) => *sent.bytes.last_mut().unwrap() ^= 1,
            _ => {}
        }
        put(&mut world, &sent);
    }
    let report = world.inner.step().unwrap();
    assert_eq!((report.rebuilt, report.packets_in, report.aside.get("payload-digest")), (2, 6, Some(&1)), "{report:?}");
    assert_eq!(announced(&world), 0);
    world.settle_and_check().unwrap();
}

#[test]
fn applied_packets_are_members_as_long_as_the_spool_has_them() {
    for is_pruned in [false, true] {
        let mut world = world(306, 4, 1);
        if is_pruned {
            world.inner.station.config.keep.applied_days = 0;
        }
        drop_files(&mut world, "a", 4, LARGE);
        world.outer.pass().unwrap();
        let (parity, cargo): (Vec<Sent>, Vec<Sent>) = take(&mut world).into_iter().partition(|sent| sent.parity.is_some());
        for sent in cargo.iter().filter(|sent| sent.cargo.as_ref().is_none_or(|(_, seq)| *seq != 4)) {
            put(&mut world, sent);
        }
        assert_eq!(world.inner.step().unwrap().packets_in, 3);
        for _ in 0..3 {
            world.inner.clock.advance(4_000_000);
            world.inner.step().unwrap();
        }
        put(&mut world, &parity[0]);
        let report = world.inner.step().unwrap();
        assert_eq!((report.rebuilt, report.packets_in), if is_pruned { (0, 0) } else { (1, 1) }, "{report:?}");
        assert_eq!(gaps(&world.inner).unwrap().len(), usize::from(is_pruned));
        world.heal().unwrap();
    }
}

#[test]
fn a_member_that_rotted_in_the_spool_is_found_out_and_left_out() {
    let mut world = world(318, 5, 2);
    drop_files(&mut world, "a", 5, LARGE);
    world.outer.pass().unwrap();
    let (parity, cargo): (Vec<Sent>, Vec<Sent>) = take(&mut world).into_iter().partition(|sent| sent.parity.is_some());
    for sent in cargo.iter().filter(|sent| sent.cargo.as_ref().is_none_or(|(_, seq)| *seq != 5)) {
        put(&mut world, sent);
    }
    assert_eq!(world.inner.step().unwrap().packets_in, 4);
    let (files, dir) = (world.inner.files.clone(), world.inner.station.spool_in());
    let copy = dir.join(files.tree(&dir).into_iter().find(|file| file.ends_with("000000000002.dkp")).unwrap());
    let sound = files.get(&copy).unwrap();
    let mut rotten = sound.clone();
    rotten[9000] ^= 1;
    files.put(&copy, rotten);
    for sent in &parity {
        put(&mut world, sent);
    }
    let report = world.inner.step().unwrap();
    assert_eq!((report.rebuilt, report.packets_in), (1, 1), "{report:?}");
    files.put(&copy, sound);
    world.settle_and_check().unwrap();
}

#[test]
fn a_group_closes_after_two_minutes_of_running_time_also_over_a_restart() {
    let mut world = world(307, 10, 1);
    drop_files(&mut world, "a", 3, LARGE);
    assert_eq!(world.outer.step().unwrap().repair_sent, 0);
    world.outer.close().unwrap();
    assert_eq!(world.outer.step().unwrap().repair_sent, 0);
    world.outer.clock.advance(119_000);
    assert_eq!(world.outer.step().unwrap().repair_sent, 0);
    world.outer.clock.advance(1000);
    assert_eq!(world.outer.step().unwrap().repair_sent, 1);
    let groups: Vec<usize> = take(&mut world).iter().filter_map(|sent| Some(sent.parity.as_ref()?.members.len())).collect();
    assert_eq!(groups, [3]);
}

#[test]
fn a_group_ends_before_a_packet_more_than_four_times_longer() {
    let mut world = world(308, 10, 1);
    drop_files(&mut world, "a", 3, LARGE);
    drop_files(&mut world, "b", 2, 5 * LARGE);
    world.outer.pass().unwrap();
    let groups: Vec<usize> = take(&mut world).iter().filter_map(|sent| Some(sent.parity.as_ref()?.members.len())).collect();
    assert_eq!(groups, [3, 2]);
}

#[test]
fn without_a_ferry_directory_repair_packets_wait_and_are_placed_once_it_is_there() {
    let mut world = world(309, 2, 1);
    drop_files(&mut world, "a", 2, LARGE);
    let ferry = world.outer.station.ferry_out();
    world.outer.step().unwrap();
    take(&mut world);
    drop_files(&mut world, "b", 1, LARGE);
    world.outer.step().unwrap();
    take(&mut world);
    world.outer.files.remove(&ferry);
    world.outer.clock.advance(130_000);
    let report = world.outer.step().unwrap();
    assert_eq!((report.repair_sent, report.troubles.is_empty()), (0, false));
    world.outer.files.mkdir(&ferry);
    assert_eq!(world.outer.step().unwrap().repair_sent, 1);
}

/// Repair packets that a broken or hostile peer could sign.
fn garbage(world: &World, all: &[Sent], dice: &mut Random) -> Vec<Vec<u8>> {
    let real: Vec<&ParityTable> = all.iter().filter_map(|sent| sent.parity.as_ref()).collect();
    let mut noise = |len: usize| {
        let mut bytes = vec![0; len];
        dice.fill(&mut bytes);
        bytes
    };
    let mut payloads = vec![Vec::new(), noise(3), noise(400)];
    for table in real {
        // The right table, a wrong shard.
        payloads.push([table.render(), noise(table.shard_bytes() as usize)].concat());
        // A packet nobody ever made among the members, and members under each other's length.
        let mut other = table.clone();
        other.members[0].header = Digest::from_bytes(noise(32).try_into().unwrap());
        payloads.push([other.render(), noise(other.shard_bytes() as usize)].concat());
        let mut other = table.clone();
        for member in &mut other.members {
            member.bytes += 1;
        }
        payloads.push([other.render(), noise(other.shard_bytes() as usize)].concat());
        let cut = table.render();
        payloads.push(cut[..cut.len() - 1].to_vec());
    }
    let forged =
        payloads.into_iter().zip(1000..).map(|(payload, ahead)| forge::repair(&world.outer, &world.inner, ahead, payload));
    forged.collect()
}

#[test]
fn garbage_that_the_peer_signed_rebuilds_nothing_wrong_and_replays_have_no_effect() {
    for seed in 310..316 {
        let mut world = world(seed, 5, 2);
        drop_files(&mut world, "a", 10, LARGE);
        world.outer.pass().unwrap();
        let all = take(&mut world);
        let mut dice = Random::new(seed);
        let garbage = garbage(&world, &all, &mut dice);
        for bytes in &garbage {
            world.inward.put(&world.inner, None, bytes);
        }
        let lost = |sent: &Sent| sent.cargo.as_ref().is_some_and(|(_, seq)| [2, 3, 8].contains(seq));
        for sent in all.iter().filter(|sent| !lost(sent) && sent.parity.is_none()) {
            put(&mut world, sent);
        }
        world.inner.step().unwrap();
        assert_eq!(gaps(&world.inner).unwrap().len(), 2, "seed {seed}");
        for sent in all.iter().filter(|sent| sent.parity.is_some()) {
            put(&mut world, sent);
        }
        world.inner.step().unwrap();
        if !gaps(&world.inner).unwrap().is_empty() {
            // A shard that the peer signed wrong came before the right one: a restart gives it another chance at most, a resend heals.
            world.heal().unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
        }
        let lines = world.inner.log().len();
        for _ in 0..3 {
            for sent in &all {
                put(&mut world, sent);
            }
            for bytes in &garbage {
                world.inward.put(&world.inner, None, bytes);
            }
            let report = world.inner.step().unwrap();
            assert_eq!((report.packets_in, report.rebuilt), (0, 0), "seed {seed}");
        }
        world.settle_and_check().unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
        assert!(world.inner.log().len() <= lines + 2, "seed {seed}: replays wrote lines");
    }
}

#[test]
fn what_is_kept_is_bounded_in_number_and_in_time() {
    let mut world = world(317, 5, 1);
    world.inner.open().unwrap();
    let member = |number: u64| {
        let mut header = [9; 32];
        header[..8].copy_from_slice(&number.to_le_bytes());
        Member { header: Digest::from_bytes(header), bytes: 64 }
    };
    for number in 0..KEPT_FILES as u64 + 50 {
        let table = ParityTable { members: vec![member(2 * number), member(2 * number + 1)], parity: 1, index: 0 };
        let payload = [table.render(), vec![0; 64]].concat();
        let bytes = forge::repair(&world.outer, &world.inner, number, payload);
        world.inward.put(&world.inner, None, &bytes);
    }
    let report = world.inner.step().unwrap();
    assert_eq!(report.repair_received, KEPT_FILES as u64 + 50);
    assert_eq!(kept(&world).len(), KEPT_FILES);
    world.inner.clock.advance(KEPT_MS + 1000);
    world.inner.close().unwrap();
    let payload = [ParityTable { members: vec![member(9_999_999)], parity: 2, index: 0 }.render(), vec![0; 64]].concat();
    let last = forge::repair(&world.outer, &world.inner, 9000, payload);
    world.inward.put(&world.inner, None, &last);
    world.inner.step().unwrap();
    assert_eq!(kept(&world).len(), 0, "a group of one needs no second shard: it is of no use once it gave nothing");
    verdict::log_verifies(&world.inner).unwrap();
}

/// The groups of what was sent, as their members' numbers, with how many of their packets were lost.
fn losses(all: &[Sent], lost: &BTreeSet<Digest>) -> Vec<(Vec<u64>, usize)> {
    let seqs: BTreeMap<Digest, u64> = all.iter().filter_map(|sent| Some((sent.head, sent.cargo.as_ref()?.1))).collect();
    let mut groups: BTreeMap<Digest, (Vec<u64>, usize)> = BTreeMap::new();
    for (sent, table) in all.iter().filter_map(|sent| Some((sent, sent.parity.as_ref()?))) {
        let members = || {
            let missing: Vec<u64> = table
                .members
                .iter()
                .filter(|member| lost.contains(&member.header))
                .map(|member| seqs[&member.header])
                .collect();
            (missing.clone(), missing.len())
        };
        groups.entry(table.group()).or_insert_with(members).1 += usize::from(lost.contains(&sent.head));
    }
    groups.into_values().collect()
}

/// One world of the number to beat; gives groups, groups with more losses than parity, and lost files.
fn lossy(seed: u64, groups: usize) -> (usize, usize, usize) {
    let mut world = world(seed, 10, 2);
    let mut dice = Random::new(seed);
    drop_files(&mut world, "a", 10 * groups, LARGE);
    world.outer.pass().unwrap();
    let all = take(&mut world);
    let carried = |sent: &&Sent| sent.cargo.is_some() || sent.parity.is_some();
    let lost: BTreeSet<Digest> = all.iter().filter(carried).filter(|_| dice.chance(0.05)).map(|sent| sent.head).collect();
    for sent in all.iter().filter(|sent| !lost.contains(&sent.head)) {
        put(&mut world, sent);
    }
    world.inner.step().unwrap();
    let losses = losses(&all, &lost);
    assert_eq!(losses.len(), groups);
    let expected = beyond_repair(&losses);
    assert_eq!(named(&world), expected, "seed {seed}: 10+2 alone");
    let beyond = losses.iter().filter(|(seqs, lost)| *lost > 2 && !seqs.is_empty()).count();
    // The delayed repeat of every packet once, as the setting of the link does it.
    let request = Request::Resend { channel: name(FILES), from: 1, to: 10 * groups as u64, operator: "tester".to_string() };
    world.outer.perform(&request).unwrap();
    let mut lost_twice = lost.clone();
    for sent in take(&mut world) {
        if sent.cargo.is_none() || !dice.chance(0.05) {
            lost_twice.remove(&sent.head);
            put(&mut world, &sent);
        }
    }
    world.inner.step().unwrap();
    let expected = beyond_repair(&self::losses(&all, &lost_twice));
    assert_eq!(named(&world), expected, "seed {seed}: 10+2 with one repeat");
    assert!(expected.is_empty(), "seed {seed} has a group that one repeat does not heal: choose another");
    let applied = verdict::rows(&world.inner, Direction::In).unwrap();
    assert_eq!(applied.len(), 10 * groups, "seed {seed}");
    assert!(applied.iter().all(|row| row.state == PacketState::Applied), "seed {seed}");
    if seed.is_multiple_of(10) {
        world.settle_and_check().unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
    }
    (groups, beyond, lost.len())
}

/// The lost packets of groups that lost more than their two shards make up for.
fn beyond_repair(losses: &[(Vec<u64>, usize)]) -> BTreeSet<u64> {
    losses.iter().filter(|(_, lost)| *lost > 2).flat_map(|(seqs, _)| seqs).copied().collect()
}

fn named(world: &World) -> BTreeSet<u64> {
    gaps(&world.inner).unwrap().into_iter().flat_map(|(_, from, to)| from..=to).collect()
}

/// With a repeat a group fails once in 10,000: two lost twice and a shard, or one lost twice and both shards. These seeds have none.
#[test]
fn parity_10_plus_2_with_one_repeat_brings_everything_through_5_percent_loss_and_alone_names_exactly_what_it_cannot_rebuild() {
    const WORLDS: u64 = 100;
    let began = std::time::Instant::now();
    let threads: Vec<_> = (0..2)
        .map(|half| {
            std::thread::spawn(move || {
                (0..WORLDS).filter(|at| at % 2 == half).map(|at| lossy(2000 + at, 10)).collect::<Vec<_>>()
            })
        })
        .collect();
    let all: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    let sum = |of: fn(&(usize, usize, usize)) -> usize| all.iter().map(of).sum::<usize>();
    let (groups, beyond, lost) = (sum(|one| one.0), sum(|one| one.1), sum(|one| one.2));
    assert_eq!(groups, 1000);
    assert!(beyond > 0 && lost > 500, "the weather was too fair to prove anything");
    println!(
        "{groups} groups of 10+2, {lost} of {} packets lost: alone {beyond} groups named, each with exactly its lost packets; with one repeat 0; {:.1} s",
        groups * 12,
        began.elapsed().as_secs_f64()
    );
}

#[test]
fn what_can_be_rebuilt_for_a_full_share_is_rebuilt_once_and_again_when_there_is_room() {
    let mut world = world(320, 2, 1);
    world.inner.station.config.keep.spool_gib = 0;
    drop_files(&mut world, "a", 1, LARGE);
    world.outer.step().unwrap();
    drop_files(&mut world, "b", 1, 100);
    world.outer.step().unwrap();
    drop_files(&mut world, "c", 1, LARGE);
    let report = sent_without(&mut world, &[2, 3]);
    assert_eq!((report.rebuilt, report.packets_in), (1, 1), "{report:?}");
    let mut rebuilt = 0;
    for _ in 0..20 {
        world.inner.clock.advance(1000);
        rebuilt += world.inner.step().unwrap().rebuilt;
        assert_eq!(gaps(&world.inner).unwrap(), [(name(FILES), 2, 2)], "what can be rebuilt is not missing");
    }
    println!("rebuilt {rebuilt} times in 20 looks at a full share");
    assert_eq!(rebuilt, 0);
    // After a restart it is tried once.
    world.inner.crash();
    assert_eq!((0..5).map(|_| world.inner.step().unwrap().rebuilt).sum::<u64>(), 1);
    let resend = Request::Resend { channel: name(FILES), from: 2, to: 2, operator: "tester".to_string() };
    assert_eq!(world.outer.perform(&resend).unwrap().exit, 0);
    for sent in take(&mut world) {
        put(&mut world, &sent);
    }
    let report = world.inner.step().unwrap();
    assert_eq!((report.packets_in, report.rebuilt), (2, 1), "{report:?}");
    assert_eq!(world.inner.step().unwrap().troubles, [], "nothing of it stays outside any more");
    world.settle_and_check().unwrap();
    assert_eq!(world.inner_consumer.names(&name(FILES)).len(), 3);
    assert_eq!(kept(&world), Vec::<String>::new());
}
