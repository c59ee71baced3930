//! Clocks that are wrong.

use std::process::{Command, Stdio};

use crate::simulated::World;
use crate::simulated::station::BEGIN_MS;
use crate::stations::station::{Answer, Station};

use super::traffic::{Traffic, carry_both, converge, pair};
use super::{Ground, LeftOut, Scenario, Trial, checks};

const YEAR_MS: i64 = 365 * 86_400_000;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        fault: 21,
        name: "sim-clock",
        how: "the wall clock set back, on, to 1970, and standing still",
        ground: Ground::Simulated,
        run: sim_clock,
    },
    Scenario { fault: 21, name: "clock", how: "passes under faketime", ground: Ground::Real, run: clock },
];

fn sim_clock(trial: &mut Trial) -> Result<(), LeftOut> {
    for seed in 0..trial.pace.pick(3, 100) {
        let mut world = World::new(trial.seed.wrapping_add(seed));
        let frozen = BEGIN_MS + 5_000;
        for (index, wall_ms) in [BEGIN_MS - YEAR_MS, BEGIN_MS + 10 * YEAR_MS, frozen, 0, BEGIN_MS].into_iter().enumerate() {
            world.drop_mixture(["A", "B", "C", "D", "E"][index]);
            world.outer.clock.set_wall(wall_ms);
            trial.fired(1);
            world.round(&crate::simulated::Weather::ROUGH).unwrap();
            world.outer.clock.set_wall(wall_ms);
            world.settle_and_check().unwrap_or_else(|broken| panic!("seed {}, wall {wall_ms}: {broken}", world.seed));
        }
    }
    trial.checked(&[1, 2, 3, 4, 5, 6, 7]);
    Ok(())
}

fn clock(trial: &mut Trial) -> Result<(), LeftOut> {
    let there = Command::new("faketime").args(["-f", "+1d", "true"]).stderr(Stdio::null()).status();
    if !there.is_ok_and(|status| status.success()) {
        return Err(LeftOut("faketime is not installed; the simulation steps the clock".to_owned()));
    }
    let (pair, mut traffic) = (pair(), Traffic::default());
    for shift in ["-365d", "+3650d", "-1d", "+0d"] {
        traffic.drop(&pair, 3);
        for station in [&pair.outer, &pair.inner] {
            shifted(station, shift);
            carry_both(&pair);
            trial.fired(1);
        }
    }
    converge(&pair);
    checks::whole(trial, &pair, &traffic);
    Ok(())
}

fn shifted(station: &Station, shift: &str) {
    let pass = station.command(&["pass"]);
    let mut command = Command::new("faketime");
    command.args(["-f", shift]).arg(pass.get_program()).args(pass.get_args());
    let answer = Answer::of(command.stdin(Stdio::null()).output().unwrap());
    assert!([0, 1].contains(&answer.code), "{shift}: {answer:?}");
}
