//! Long random runs: suppliers, consumers, kills, power cuts, failing disks and a foul gap, all at once, and everything holds in the end.

use super::seeds;
use dukou_shared::error::Policy;
use dukou_shared::seams::FileCause;
use dukou_shared::store::StoreFault;
use dukou_tests::simulated::world::{FILES, REPLIES, REPORTS};
use dukou_tests::simulated::{Victim, Weather, World, verdict};

/// What can befall a run.
#[derive(Clone, Copy)]
pub(super) struct Climate {
    pub(super) weather: Weather,
    pub(super) power_cuts: bool,
    pub(super) actions: u64,
}

/// Drops some files under names that are used again and again, but never over one that still waits.
fn drop_some(world: &mut World) {
    for _ in 0..world.dice.between(1, 6) {
        let number = world.dice.below(12);
        let (channel, file) = match world.dice.below(6) {
            0 => (REPORTS, format!("A{number}_a.xml")),
            1 => (REPORTS, format!("B{number}_cut.xml")),
            2 => (REPLIES, format!("{number}.json")),
            3 => (FILES, format!("in/{number}/x")),
            _ => (FILES, format!("{number}.bin")),
        };
        let (station, supplier) = match channel {
            REPLIES => (&world.inner, &mut world.inner_supplier),
            _ => (&world.outer, &mut world.outer_supplier),
        };
        let folder = station.source(&dukou_tests::simulated::station::name(channel));
        if station.files.get(folder.join(&file)).is_some() {
            continue;
        }
        match (channel, file.contains("cut")) {
            (REPORTS, true) => supplier.drop_bad_xml(station, channel, &file),
            (REPORTS, false) => supplier.drop_xml(station, channel, &file),
            _ if world.dice.chance(0.15) => supplier.drop_repeat(station, channel, &file),
            _ => supplier.drop_file(station, channel, &file),
        }
    }
}

/// Plans one fault of a station, or none.
fn plan_fault(world: &mut World, victim: Victim) {
    let (kind, op) = (world.dice.below(10), world.dice.between(1, 150));
    let (persisted, commit) = (world.dice.chance(0.5), world.dice.between(1, 6));
    let cause = match world.dice.below(4) {
        0 => FileCause::NoSpace,
        1 => FileCause::Denied,
        2 => FileCause::TooManyOpen,
        _ => FileCause::System(5),
    };
    let station = world.side(victim);
    match kind {
        0 | 1 => station.files.kill_at(op, persisted),
        2 => station.files.fail_at(op, cause),
        3 => station.files.fail_done_at(op, cause),
        4 => station.store.fail_commit_at(commit, persisted),
        5 => station.store.refuse_commit_at(commit, StoreFault::Full),
        _ => {}
    }
}

/// One step of a station under a fault; after a fault it is started again, perhaps with the power having gone.
fn step(world: &mut World, victim: Victim, climate: &Climate) {
    plan_fault(world, victim);
    let power = climate.power_cuts && world.dice.chance(0.3);
    let station = world.side(victim);
    let outcome = station.step();
    match outcome {
        Ok(_) if !power => {}
        Err(fault) if !power => {
            assert_ne!(fault.policy(), Policy::Mend, "{fault}");
            station.crash();
        }
        _ => station.power_cut(),
    }
}

/// Does one thing of those that happen at random.
pub(super) fn act(world: &mut World, climate: &Climate) {
    match world.dice.below(12) {
        0..=2 => drop_some(world),
        3 | 4 => step(world, Victim::Outer, climate),
        5 | 6 => step(world, Victim::Inner, climate),
        7 => drop(world.inward.carry(&world.outer, &world.inner, &climate.weather)),
        8 => drop(world.outward.carry(&world.inner, &world.outer, &climate.weather)),
        9 => {
            world.inner_consumer.take(&world.inner.files, 1.0);
            world.outer_consumer.take(&world.outer.files, 1.0);
        }
        10 => {
            let (minutes, hurry) = (world.dice.below(60), world.dice.chance(0.5));
            world.outer.clock.advance(60_000 * minutes);
            world.hurry(Victim::Inner, hurry);
            world.hurry(Victim::Outer, hurry);
        }
        _ => {
            let victim = if world.dice.chance(0.5) { Victim::Outer } else { Victim::Inner };
            // A clean stop may meet a fault that was planned and not reached.
            if world.side(victim).close().is_err() {
                world.side(victim).crash();
            }
        }
    }
}

fn run(seed: u64, climate: &Climate) {
    let mut world = World::new(seed);
    for _ in 0..climate.actions {
        act(&mut world, climate);
    }
    for victim in [Victim::Outer, Victim::Inner] {
        world.hurry(victim, false);
        world.side(victim).crash();
    }
    // The newest packet and the signal behind it may both be lost: only what comes after them shows it.
    world.settle().unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
    world.outer_supplier.drop_xml(&world.outer, REPORTS, "Z_last.xml");
    world.outer_supplier.drop_file(&world.outer, FILES, "last");
    world.inner_supplier.drop_file(&world.inner, REPLIES, "last");
    let checked = world.heal().and_then(|()| verdict::check(&mut world));
    if let Err(broken) = checked {
        panic!("seed {seed} (DUKOU_SEED={seed} DUKOU_SEEDS=1 replays it): {broken}");
    }
}

fn run_all(climate: Climate) {
    for seed in seeds::first()..seeds::first() + seeds::count() {
        run(seed, &climate);
    }
}

#[test]
fn kills_and_failing_disks_at_random_leave_every_record_once_and_in_order() {
    run_all(Climate { weather: Weather::ROUGH, power_cuts: false, actions: 150 });
}

#[test]
fn power_cuts_at_random_leave_every_record_once_and_in_order() {
    run_all(Climate { weather: Weather::ROUGH, power_cuts: true, actions: 150 });
}

#[test]
fn a_foul_gap_on_top_of_kills_and_power_cuts_loses_nothing_that_resends_do_not_bring_back() {
    run_all(Climate { weather: Weather::FOUL, power_cuts: true, actions: 200 });
}

#[test]
fn many_small_files_on_a_killed_station_arrive_once_and_in_order() {
    let mut world = World::new(seeds::first());
    world.outer.channels[1].batch.max_records = 64;
    for index in 0..2000 {
        world.outer_supplier.drop_file(&world.outer, FILES, &format!("{}/{index:05}", index % 7));
    }
    for _ in 0..12 {
        for victim in [Victim::Outer, Victim::Inner] {
            let op = world.dice.between(1, 4000);
            world.side(victim).files.kill_at(op, false);
            if world.side(victim).step().is_err() {
                world.side(victim).crash();
            }
            world.inward.carry(&world.outer, &world.inner, &Weather::ROUGH);
        }
    }
    world.outer.crash();
    world.inner.crash();
    world.heal().and_then(|()| verdict::check(&mut world)).unwrap_or_else(|broken| panic!("seed {}: {broken}", world.seed));
}
