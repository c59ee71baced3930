//! Files longer than one record may be: they travel in parts, arrive whole or not at all, and give way when they change.

use super::sweep::every_changing_op;
use dukou_packets::limits::BODY_MAX;
use dukou_packets::packet::records::RecordKind;
use dukou_packets::suite::{Digest, sha256};
use dukou_shared::requests::Request;
use dukou_shared::seams::FileOp;
use dukou_shared::seams::sim_files::SimFiles;
use dukou_shared::store::{Direction, PacketKey, Store};
use dukou_tests::simulated::station::name;
use dukou_tests::simulated::verdict::{self, log_verifies};
use dukou_tests::simulated::world::{FILES, REPORTS};
use dukou_tests::simulated::{Victim, Weather, World};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes that are cheap to seal and told apart by `mark`, a little longer than `parts - 1` parts.
fn large(mark: u8, parts: usize) -> Vec<u8> {
    let mut bytes = vec![0; (parts - 1) * BODY_MAX as usize + 100];
    let last = bytes.len() - 1;
    for at in [0, BODY_MAX as usize - 1, BODY_MAX as usize, last] {
        bytes[at] = mark;
    }
    bytes
}

/// Drops a large file between two small ones.
fn drop_large(world: &mut World, parts: usize) -> Digest {
    let bytes = large(1, parts);
    world.outer_supplier.drop_file(&world.outer, FILES, "a");
    world.outer.clock.advance(5);
    world.outer.files.put(world.outer.source(&name(FILES)).join("large"), &bytes);
    world.outer_supplier.drop_file(&world.outer, FILES, "z");
    sha256(&[&bytes])
}

/// The large file arrived once, whole, between the two small ones, and everything else holds.
fn assert_whole(world: &mut World, digest: Digest, what: &str) {
    world.settle().unwrap_or_else(|broken| panic!("{what}: {broken}"));
    let taken = world.inner_consumer.taken();
    let came: Vec<Digest> = taken.iter().filter(|taken| taken.name == "large").map(|taken| taken.digest).collect();
    assert_eq!(came, [digest], "{what}");
    assert_eq!(taken.len(), 3, "{what}");
    for station in [&world.outer, &world.inner] {
        let state = station.store.clone().load().unwrap();
        assert!(state.unfinished.is_empty() && state.holds.is_empty(), "{what}: {:?}", state.holds);
        log_verifies(station).unwrap_or_else(|broken| panic!("{what}: {broken}"));
        for place in [station.source(&name(FILES)), station.sink(&name(FILES))] {
            assert_eq!(station.files.tree(&place), Vec::<String>::new(), "{what}");
        }
    }
}

#[test]
fn a_file_of_three_parts_arrives_whole_and_in_its_place() {
    let mut world = World::new(91);
    let digest = drop_large(&mut world, 3);
    assert_whole(&mut world, digest, "without a fault");
    assert_eq!(world.inner_consumer.names(&name(FILES)).len(), 3);
    let kinds: Vec<RecordKind> = verdict::rows(&world.outer, Direction::Out)
        .unwrap()
        .iter()
        .flat_map(|row| world.outer.store.clone().records(&row.key).unwrap())
        .map(|record| record.kind)
        .collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == RecordKind::FilePart).count(), 2, "{kinds:?}");
}

#[test]
fn a_repeat_of_a_large_file_is_held_back() {
    let mut world = World::new(92);
    let digest = drop_large(&mut world, 2);
    assert_whole(&mut world, digest, "the first time");
    world.outer.clock.advance(5);
    world.outer.files.put(world.outer.source(&name(FILES)).join("large"), large(1, 2));
    assert_eq!(world.outer.step().unwrap().held_back, 1);
    assert_whole(&mut world, digest, "the second time");
}

fn changes(op: FileOp) -> bool {
    !matches!(op, FileOp::List | FileOp::Stat | FileOp::Open | FileOp::Read)
}

/// Kills, or cuts the power, before every so many of the changing operations of a step.
fn strike(victim: Victim, power: bool, stride: usize) {
    let ready = |seed: u64| {
        let mut world = World::new(seed);
        let digest = drop_large(&mut world, 2);
        if victim == Victim::Inner {
            world.outer.step().unwrap();
            world.inward.carry(&world.outer, &world.inner, &Weather::FAIR);
        }
        world.side(victim).open().unwrap();
        (world, digest)
    };
    let history = {
        let (mut world, _) = ready(93);
        let before = world.side(victim).files.ops() as usize;
        world.side(victim).step().unwrap();
        world.side(victim).files.history().split_off(before)
    };
    let places: Vec<u64> = (1..).zip(history).filter(|(_, op)| changes(*op)).map(|(place, _)| place).collect();
    for place in places.into_iter().step_by(stride) {
        let (mut world, digest) = ready(93);
        world.hurry(victim, place % 2 == 0);
        world.side(victim).files.kill_at(place, false);
        assert!(world.side(victim).step().is_err());
        if power {
            world.side(victim).power_cut()
        } else {
            world.side(victim).crash()
        }
        assert_whole(&mut world, digest, &format!("{victim:?} struck at operation {place}, power cut: {power}"));
    }
}

#[test]
fn a_sender_killed_within_a_large_file_sends_it_once() {
    strike(Victim::Outer, false, 3);
}

#[test]
fn a_receiver_killed_within_a_large_file_delivers_it_once() {
    strike(Victim::Inner, false, 3);
}

#[test]
fn a_sender_whose_power_goes_within_a_large_file_sends_it_once() {
    strike(Victim::Outer, true, 4);
}

#[test]
fn a_receiver_whose_power_goes_within_a_large_file_delivers_it_once() {
    strike(Victim::Inner, true, 4);
}

/// Lets the supplier act on the large file at so many moments of the sending step.
fn interfere(act: fn(&SimFiles, &Path), check: impl Fn(&mut World, u64)) {
    let mut place = 0;
    loop {
        let mut world = World::new(94);
        drop_large(&mut world, 2);
        world.outer.open().unwrap();
        let path = world.outer.source(&name(FILES)).join("large");
        let calls = Arc::new(AtomicU64::new(0));
        let counted = calls.clone();
        world.outer.hook.set(Some(Box::new(move |files| {
            if counted.fetch_add(1, Ordering::SeqCst) == place {
                act(files, &path);
            }
        })));
        world.outer.step().unwrap();
        world.outer.hook.set(None);
        if calls.load(Ordering::SeqCst) <= place {
            return;
        }
        world.settle().unwrap_or_else(|broken| panic!("at {place}: {broken}"));
        check(&mut world, place);
        place += 2;
    }
}

fn versions(world: &World) -> Vec<Digest> {
    world.inner_consumer.taken().into_iter().filter(|taken| taken.name == "large").map(|taken| taken.digest).collect()
}

#[test]
fn a_large_file_replaced_at_any_moment_arrives_whole_in_its_new_version() {
    let replace = |files: &SimFiles, path: &Path| files.put_at(path, large(2, 2), 1);
    interfere(replace, |world, place| {
        let (first, second) = (sha256(&[&large(1, 2)]), sha256(&[&large(2, 2)]));
        let came = versions(world);
        assert!(came == [second] || came == [first, second], "replaced at {place}: {came:?}");
        assert!(world.inner.files.tree(world.inner.sink(&name(FILES))).is_empty(), "replaced at {place}");
    });
}

#[test]
fn a_large_file_that_vanishes_at_any_moment_leaves_nothing_behind() {
    let vanish = |files: &SimFiles, path: &Path| {
        files.remove(path);
    };
    interfere(vanish, |world, place| {
        let came = versions(world);
        assert!(came.is_empty() || came == [sha256(&[&large(1, 2)])], "removed at {place}: {came:?}");
        assert!(world.inner.files.tree(world.inner.sink(&name(FILES))).is_empty(), "removed at {place}");
        assert!(world.inner.store.clone().load().unwrap().unfinished.is_empty(), "removed at {place}");
    });
}

#[test]
fn a_large_file_changed_between_its_parts_is_withdrawn_and_sent_anew() {
    let mut world = World::new(95);
    drop_large(&mut world, 3);
    world.outer.open().unwrap();
    // The step dies when its first group is committed: the parts behind it wait in the source.
    let mut place = 1;
    loop {
        world.outer.store.fail_commit_at(place, true);
        let _ = world.outer.step();
        world.outer.crash();
        let state = world.outer.store.clone().load().unwrap();
        if state.unfinished.contains_key(&(Direction::Out, name(FILES))) {
            break;
        }
        place += 1;
        assert!(place < 9, "no part was committed alone");
    }
    let path = world.outer.source(&name(FILES)).join("large");
    world.outer.files.put(&path, large(2, 3));
    world.settle().unwrap();
    assert_eq!(versions(&world), [sha256(&[&large(2, 3)])]);
    let rows = verdict::rows(&world.inner, Direction::In).unwrap();
    let records = rows.iter().flat_map(|row| world.inner.store.clone().records(&row.key).unwrap());
    assert_eq!(records.filter(|record| record.kind == RecordKind::Withdrawal).count(), 1);
}

/// A world whose large file of three parts, between two small ones, is in the gap device's hands: one packet each, in this order.
fn in_flight(seed: u64) -> (World, Digest, BTreeMap<u64, Vec<u8>>) {
    let mut world = World::new(seed);
    let digest = drop_large(&mut world, 3);
    world.outer.step().unwrap();
    world.inward.take(&world.outer);
    world.inward.deliver_some(&world.inner, |_| false);
    let packets = world.inward.cargo(FILES);
    (world, digest, packets)
}

/// The numbers of the packets that carry the large file's parts.
fn part_seqs(world: &World) -> Vec<u64> {
    let carries = |key: &PacketKey| world.outer.store.clone().records(key).unwrap().iter().any(|record| record.name == "large");
    verdict::rows(&world.outer, Direction::Out)
        .unwrap()
        .into_iter()
        .filter(|row| carries(&row.key))
        .map(|row| row.key.seq)
        .collect()
}

fn let_in(world: &mut World, packets: &BTreeMap<u64, Vec<u8>>, seqs: impl IntoIterator<Item = u64>) {
    for seq in seqs {
        world.inward.put(&world.inner, None, &packets[&seq]);
    }
    world.inner.step().unwrap();
}

/// What can befall the parts that wait in the staging folder.
const WOUNDS: [fn(&SimFiles, &Path); 4] = [
    |files, parts| assert!(files.remove(parts)),
    |files, parts| {
        let mut bytes = files.get(parts).unwrap();
        bytes[77] ^= 1;
        files.put(parts, bytes);
    },
    |files, parts| {
        let bytes = files.get(parts).unwrap();
        files.put(parts, &bytes[..bytes.len() - 1]);
    },
    |files, parts| {
        let bytes = files.get(parts).unwrap();
        files.put(parts, [&bytes[..], b"more"].concat());
    },
];

#[test]
fn parts_that_are_lost_or_damaged_while_they_wait_are_put_together_again_from_the_packets_kept() {
    for (index, wound) in WOUNDS.into_iter().enumerate() {
        let (mut world, digest, packets) = in_flight(96);
        let seqs = part_seqs(&world);
        let last = seqs[seqs.len() - 1];
        let_in(&mut world, &packets, 1..last);
        wound(&world.inner.files, &world.inner.sink(&name(FILES)).join(".staging/parts"));
        if index % 2 == 0 {
            world.inner.crash();
        }
        let_in(&mut world, &packets, last..=packets.len() as u64);
        assert_whole(&mut world, digest, &format!("wound {index}"));
    }
}

#[test]
fn parts_that_cannot_be_put_together_hold_their_channel_until_they_are_resent() {
    for (index, wound) in WOUNDS.into_iter().take(2).enumerate() {
        let (mut world, digest, packets) = in_flight(97);
        let seqs = part_seqs(&world);
        let last = seqs[seqs.len() - 1];
        let_in(&mut world, &packets, 1..last);
        wound(&world.inner.files, &world.inner.sink(&name(FILES)).join(".staging/parts"));
        let spool = world.inner.station.spool_in();
        let kept =
            world.inner.files.tree(&spool).into_iter().find(|file| file.ends_with(&format!("{:012}.dkp", seqs[1]))).unwrap();
        world.inner.files.remove(spool.join(kept));
        let_in(&mut world, &packets, last..=packets.len() as u64);
        let hold = world.inner.store.clone().load().unwrap().holds.remove(&name(FILES));
        assert_eq!(hold.map(|hold| hold.code), Some("staging".to_string()), "wound {index}");
        // The other channel goes on.
        world.outer_supplier.drop_xml(&world.outer, REPORTS, "B1_a.xml");
        world.settle().unwrap();
        assert_eq!(world.inner_consumer.names(&name(REPORTS)), ["B1_a.xml"]);
        assert!(versions(&world).is_empty(), "wound {index}: a damaged file was delivered");
        let_in(&mut world, &packets, seqs.clone());
        let release = Request::Release { channel: name(FILES), operator: "wangwu".to_string() };
        assert_eq!(world.inner.perform(&release).unwrap().exit, 0);
        world.settle().unwrap();
        assert_eq!(versions(&world), [digest], "wound {index}");
        assert_eq!(world.inner_consumer.names(&name(FILES)).len(), 3);
        assert!(world.inner.store.clone().load().unwrap().holds.is_empty());
        log_verifies(&world.inner).unwrap();
    }
}

/// A world at rest with the packets of a file that was withdrawn and of the one after it before the receiver.
fn withdrawn_and_sent_anew() -> World {
    let mut world = World::new(98);
    drop_large(&mut world, 3);
    world.outer.open().unwrap();
    let mut place = 1;
    loop {
        world.outer.store.fail_commit_at(place, true);
        let _ = world.outer.step();
        world.outer.crash();
        if world.outer.store.clone().load().unwrap().unfinished.contains_key(&(Direction::Out, name(FILES))) {
            break;
        }
        place += 1;
    }
    world.outer.files.put(world.outer.source(&name(FILES)).join("large"), large(2, 2));
    world.outer.step().unwrap();
    world.inward.carry(&world.outer, &world.inner, &Weather::FAIR);
    world.inner.open().unwrap();
    world
}

#[test]
fn a_receiver_killed_between_a_withdrawn_file_and_the_next_one_delivers_the_right_bytes() {
    let places = every_changing_op(withdrawn_and_sent_anew, |world| world.inner.step().map(drop));
    for place in places.into_iter().step_by(5) {
        let mut world = withdrawn_and_sent_anew();
        world.inner.files.kill_at(place, false);
        assert!(world.inner.step().is_err());
        world.inner.crash();
        world.settle().unwrap_or_else(|broken| panic!("killed at {place}: {broken}"));
        assert_eq!(versions(&world), [sha256(&[&large(2, 2)])], "killed at {place}");
        log_verifies(&world.inner).unwrap_or_else(|broken| panic!("killed at {place}: {broken}"));
    }
}

#[test]
fn one_waiver_within_a_large_file_withdraws_all_of_it_and_nothing_behind_it() {
    // The last part shares its packet with the file behind it.
    for lost in 0..2 {
        let (mut world, _, packets) = in_flight(99);
        let seqs = part_seqs(&world);
        let (gone, end) = (seqs[lost], packets.len() as u64);
        let_in(&mut world, &packets, (1..=end).filter(|seq| *seq != gone));
        let (operator, person, reason) = ("wangwu".to_string(), "王五".to_string(), "无法重发".to_string());
        let waive = Request::Waive { channel: name(FILES), from: gone, to: gone, operator, name: person, reason };
        assert_eq!(world.inner.perform(&waive).unwrap().exit, 0);
        world.settle().unwrap();
        assert_eq!(world.inner_consumer.names(&name(FILES)), ["a", "z"], "part {lost} was lost");
        let state = world.inner.store.clone().load().unwrap();
        assert!(state.holds.is_empty() && state.unfinished.is_empty(), "part {lost} was lost: {:?}", state.holds);
        // The same name sent anew arrives.
        world.outer.files.put(world.outer.source(&name(FILES)).join("large"), large(3, 2));
        world.settle().unwrap();
        assert_eq!(versions(&world), [sha256(&[&large(3, 2)])], "part {lost} was lost");
        log_verifies(&world.inner).unwrap();
    }
}

/// A sender that died when the first of three parts was committed.
fn begun(seed: u64) -> World {
    let mut world = World::new(seed);
    world.outer.clock.advance(5);
    world.outer.files.put(world.outer.source(&name(FILES)).join("large"), large(1, 3));
    world.outer.open().unwrap();
    for place in 1..9 {
        world.outer.store.fail_commit_at(place, true);
        let _ = world.outer.step();
        world.outer.crash();
        if world.outer.store.clone().load().unwrap().unfinished.contains_key(&(Direction::Out, name(FILES))) {
            return world;
        }
    }
    panic!("no part was committed alone");
}

/// What takes a begun file's place.
type Replacement = (&'static str, &'static str, fn() -> Vec<u8>);

const REPLACEMENTS: [Replacement; 6] = [
    ("a small one", "large", || b"small".to_vec()),
    ("an empty one", "large", Vec::new),
    ("one of as many parts", "large", || large(2, 3)),
    ("one of fewer parts", "large", || large(2, 2)),
    ("one of more parts", "large", || large(2, 5)),
    ("a large one under another name", "other", || large(2, 3)),
];

#[test]
fn a_begun_file_whose_place_another_one_took_is_withdrawn_and_the_other_arrives() {
    for (what, file, bytes) in REPLACEMENTS {
        // With and without the receiver having the first part already.
        for early in [false, true] {
            let mut world = begun(96);
            world.outer.open().unwrap();
            if early {
                world.inward.carry(&world.outer, &world.inner, &Weather::FAIR);
                world.inner.step().unwrap();
            }
            let folder = world.outer.source(&name(FILES));
            world.outer.files.remove(folder.join("large"));
            let bytes = bytes();
            world.outer.files.put(folder.join(file), &bytes);
            world.settle().unwrap_or_else(|broken| panic!("{what}, early {early}: {broken}"));
            let taken = world.inner_consumer.taken();
            let came: Vec<(&str, Digest)> = taken.iter().map(|taken| (taken.name.as_str(), taken.digest)).collect();
            assert_eq!(came, [(file, sha256(&[&bytes]))], "{what}, early {early}");
            let rows = verdict::rows(&world.inner, Direction::In).unwrap();
            let records = rows.iter().flat_map(|row| world.inner.store.clone().records(&row.key).unwrap());
            assert_eq!(records.filter(|record| record.kind == RecordKind::Withdrawal).count(), 1, "{what}, early {early}");
            for station in [&world.outer, &world.inner] {
                let state = station.store.clone().load().unwrap();
                assert!(state.unfinished.is_empty() && state.holds.is_empty(), "{what}: {:?}", state.holds);
                log_verifies(station).unwrap_or_else(|broken| panic!("{what}: {broken}"));
            }
            assert!(world.inner.files.tree(world.inner.sink(&name(FILES))).is_empty(), "{what}, early {early}");
        }
    }
}
