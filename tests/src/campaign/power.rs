//! Kills, power cuts, torn appends and failing operations in the simulation, and a torn log tail on a real station.

use std::fs::{self, File};
use std::io::Write;

use dukou_shared::seams::{FileCause, FileOp};

use crate::simulated::{Victim, World};
use crate::stations::audit::lines_of;
use crate::stations::tree::names;

use super::traffic::{Traffic, converge, pair};
use super::{Ground, LeftOut, Scenario, Trial, checks};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario { fault: 1, name: "sim-kill", how: "kill at operations of either station", ground: Ground::Simulated, run: kills },
    Scenario {
        fault: 2,
        name: "sim-kill-twice",
        how: "kill at an operation, and at one of the recovery",
        ground: Ground::Simulated,
        run: kills_twice,
    },
    Scenario {
        fault: 3,
        name: "sim-power",
        how: "power cut at operations; unsynced bytes and entries lost as the seed decides",
        ground: Ground::Simulated,
        run: power_cuts,
    },
    Scenario {
        fault: 4,
        name: "sim-torn",
        how: "power cut within each sync, the tail torn at another byte each time",
        ground: Ground::Simulated,
        run: torn,
    },
    Scenario { fault: 4, name: "torn-log", how: "half a line behind the log's last one", ground: Ground::Real, run: torn_log },
    Scenario {
        fault: 5,
        name: "sim-errors",
        how: "EIO at operations, undone and done",
        ground: Ground::Simulated,
        run: errors,
    },
    Scenario {
        fault: 3,
        name: "power",
        how: "the machine's power cut",
        ground: Ground::Real,
        run: |_| Err(LeftOut("no program can cut this machine's power; the simulation does".to_owned())),
    },
];

/// Runs a step of each victim with something planned at every `stride`-th of its operations; everything must hold afterwards.
fn at_operations(trial: &mut Trial, wanted: impl Fn(&FileOp) -> bool, befall: impl Fn(&mut World, Victim, u64)) {
    for victim in [Victim::Outer, Victim::Inner] {
        let stride = trial.pace.pick(7, 1);
        let begin = trial.dice.below(stride) as usize;
        let places: Vec<u64> =
            history(trial.seed, victim).iter().zip(1..).filter(|(op, _)| wanted(op)).map(|(_, at)| at).collect();
        for place in places.into_iter().skip(begin).step_by(stride as usize) {
            let mut world = before(trial.seed, victim);
            befall(&mut world, victim, place);
            world.settle_and_check().unwrap_or_else(|broken| panic!("{victim:?}, operation {place}: {broken}"));
            trial.fired(1);
        }
    }
    trial.checked(&[1, 2, 3, 4, 5, 6, 7]);
}

/// A world whose victim has something to send and to receive.
fn before(seed: u64, victim: Victim) -> World {
    let mut world = World::new(seed);
    world.drop_mixture("A");
    if victim == Victim::Inner {
        world.outer.step().unwrap();
        world.inward.carry(&world.outer, &world.inner, &crate::simulated::Weather::FAIR);
    }
    world.side(victim).open().unwrap();
    world
}

fn history(seed: u64, victim: Victim) -> Vec<FileOp> {
    let mut world = before(seed, victim);
    let begun = world.side(victim).files.ops() as usize;
    world.side(victim).step().unwrap();
    world.side(victim).files.history().split_off(begun)
}

fn changes(op: &FileOp) -> bool {
    !matches!(op, FileOp::List | FileOp::Stat | FileOp::Open | FileOp::Read)
}

fn kills(trial: &mut Trial) -> Result<(), LeftOut> {
    at_operations(trial, changes, |world, victim, place| {
        world.side(victim).files.kill_at(place, place % 2 == 0);
        assert!(world.side(victim).step().is_err(), "nothing died at {place}");
        world.side(victim).crash();
    });
    Ok(())
}

fn kills_twice(trial: &mut Trial) -> Result<(), LeftOut> {
    at_operations(trial, changes, |world, victim, place| {
        world.side(victim).files.kill_at(place, false);
        assert!(world.side(victim).step().is_err(), "nothing died at {place}");
        world.side(victim).crash();
        world.side(victim).files.kill_at(1 + place % 30, place % 2 == 0);
        // The recovery may be shorter than that.
        let _ = world.side(victim).open();
        world.side(victim).crash();
    });
    Ok(())
}

fn power_cuts(trial: &mut Trial) -> Result<(), LeftOut> {
    at_operations(trial, changes, |world, victim, place| {
        world.side(victim).files.kill_at(place, false);
        let _ = world.side(victim).step();
        world.side(victim).power_cut();
    });
    Ok(())
}

fn torn(trial: &mut Trial) -> Result<(), LeftOut> {
    let tries = trial.pace.pick(2, 20);
    let first = trial.seed;
    for seed in first..first + tries {
        trial.seed = seed;
        at_operations(
            trial,
            |op| *op == FileOp::Sync,
            |world, victim, place| {
                world.side(victim).files.kill_at(place, false);
                let _ = world.side(victim).step();
                world.side(victim).power_cut();
            },
        );
    }
    trial.seed = first;
    Ok(())
}

fn errors(trial: &mut Trial) -> Result<(), LeftOut> {
    at_operations(trial, changes, |world, victim, place| {
        match place % 2 {
            0 => world.side(victim).files.fail_at(place, FileCause::System(5)),
            _ => world.side(victim).files.fail_done_at(place, FileCause::System(5)),
        }
        if world.side(victim).step().is_err() {
            world.side(victim).crash();
        }
    });
    Ok(())
}

/// Cuts of half a line: the next start takes them away and says how many bytes.
fn torn_log(trial: &mut Trial) -> Result<(), LeftOut> {
    let (pair, mut traffic) = (pair(), Traffic::default());
    for _ in 0..trial.pace.pick(2, 10) {
        traffic.drop(&pair, 2);
        converge(&pair);
        for station in [&pair.outer, &pair.inner] {
            let newest = names(&station.path("log")).into_iter().rfind(|name| name.ends_with(".jsonl")).unwrap();
            let path = station.path("log").join(newest);
            let last = fs::read_to_string(&path).unwrap().lines().last().unwrap().to_owned();
            let cut = trial.dice.between(1, last.len() as u64 - 1) as usize;
            File::options().append(true).open(&path).unwrap().write_all(&last.as_bytes()[..cut]).unwrap();
            station.pass(0);
            let start = lines_of(station, "start").pop().unwrap();
            assert_eq!(start["cut"], cut, "{start}");
            trial.fired(1);
        }
    }
    converge(&pair);
    checks::whole(trial, &pair, &traffic);
    Ok(())
}
