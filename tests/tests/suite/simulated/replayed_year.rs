//! A year of packets, and all of it once more.

use dukou_packets::keyring::Side;
use dukou_rehearsal::random::Random;
use dukou_shared::store::{Direction, PacketState};
use dukou_tests::simulated::station::channel;
use dukou_tests::simulated::{Weather, World, verdict};
use std::collections::BTreeSet;

use super::seeds;

const CHANNELS: [&str; 3] = ["a", "b", "c"];
const PACKETS_A_DAY: u64 = 2;
const DAY_MS: u64 = 86_400_000;

/// Files that one look finds at most, so that the year does not come as one heap.
const AT_ONCE: usize = 500;

/// What the process may grow by for each repeat: the simulated disk keeps what was removed until a sync, so that a power cut could bring it back.
/// A packet of these has some 1,500 bytes.
const GROWTH_PER_REPEAT: u64 = 3_000;

/// A world after so many working days: some packets a day on each channel, the machines off at night.
fn after_days(days: u64, seed: u64) -> World {
    let mut channels: Vec<_> = CHANNELS.iter().map(|name| channel(name, Side::Outer)).collect();
    channels.iter_mut().for_each(|channel| channel.batch.max_records = 1);
    let mut world = World::with_channels(seed, channels);
    for day in 0..days {
        for at in CHANNELS {
            for index in 0..PACKETS_A_DAY {
                world.outer_supplier.drop_file(&world.outer, at, &format!("{day}/{index}.bin"));
            }
        }
        world.round(&Weather::FAIR).unwrap();
        world.outer.clock.advance(DAY_MS);
    }
    world.settle().unwrap();
    world
}

/// Bytes of memory that this process has in use.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() << 10
}

mod slow {
    /// The number to beat.
    #[test]
    fn every_packet_of_a_year_replayed_ten_times_in_random_order_is_applied_once() {
        super::applied_once_though_replayed(250, 10);
    }
}

#[test]
fn every_packet_of_a_month_replayed_three_times_in_random_order_is_applied_once() {
    applied_once_though_replayed(20, 3);
}

fn applied_once_though_replayed(days: u64, replays: u64) {
    let seed = seeds::first();
    let mut world = after_days(days, seed);
    let history: Vec<Vec<u8>> = world.inward.passed.iter().map(|(_, bytes)| bytes.clone()).collect();
    let packets = world.inward.left.len() as u64;
    assert_eq!(packets, days * PACKETS_A_DAY * CHANNELS.len() as u64);
    let (taken, lines) = (world.inner_consumer.taken(), world.inner.log().len());
    let (before, mut after_first) = (resident_bytes(), 0);
    let mut dice = Random::new(seed);
    let mut duplicates = 0;
    for replay in 0..replays {
        let mut order: Vec<usize> = (0..history.len()).collect();
        for last in (1..order.len()).rev() {
            order.swap(last, dice.below(last as u64 + 1) as usize);
        }
        for heap in order.chunks(AT_ONCE) {
            heap.iter().for_each(|at| world.inward.put(&world.inner, None, &history[*at]));
            duplicates += world.inner.step().unwrap().duplicates;
        }
        if replay == 0 {
            after_first = resident_bytes();
        }
    }
    let grown = resident_bytes().saturating_sub(after_first);
    assert_eq!(duplicates, replays * history.len() as u64, "seed {seed}: each of them was told for a repeat");
    assert_eq!(world.inner_consumer.taken(), taken, "seed {seed}: nothing came twice");
    assert_eq!(world.inner.log().len(), lines, "seed {seed}: no line for any repeat");
    assert!(world.inner.files.tree(world.inner.station.ferry_in()).is_empty(), "seed {seed}: the repeats are gone");
    let most = GROWTH_PER_REPEAT * (replays - 1) * history.len() as u64 + (1 << 20);
    assert!(grown < most, "seed {seed}: grew by {grown} bytes over {} replays", replays - 1);
    // A restart forgets what the process remembered of the year; the state does not.
    world.inner.crash();
    history.iter().for_each(|bytes| world.inward.put(&world.inner, None, bytes));
    world.settle().unwrap();
    assert_eq!(world.inner_consumer.taken(), taken, "seed {seed}: nothing came twice after a restart");
    let rows = verdict::rows(&world.inner, Direction::In).unwrap();
    let numbers: BTreeSet<_> = rows.iter().map(|row| (row.key.channel.clone(), row.key.seq)).collect();
    assert!(
        rows.iter().all(|row| row.state == PacketState::Applied)
            && numbers.len() as u64 == packets
            && rows.len() as u64 == packets
    );
    let pruned = rows.iter().filter(|row| row.spool.is_none()).count();
    assert!(pruned > 0, "the year is longer than keeping: most packets are known by their rows alone");
    verdict::check(&mut world).unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
    println!(
        "{packets} packets of {days} working days ({pruned} past keeping) replayed {replays} times in random order: {duplicates} repeats told, \
         none applied, 0 log lines, {grown} bytes grown after the first replay ({before} before it)"
    );
}
