//! Kills, errors and delays at the system calls of the real programs.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::stations::injection::{
    ERROR_AT_SYNCS, ERROR_AT_WRITES, Extent, Injection, KILL_AT_RENAMES, KILL_AT_SYNCS, KILL_AT_WRITES, NO_ROOM_AT_WRITES,
    Sweep, missing, strace, sweep,
};
use crate::stations::station::{Answer, Station};

use super::traffic::{Traffic, converge, pair};
use super::{Ground, LeftOut, Pace, Scenario, Trial, checks};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        fault: 1,
        name: "kill-at-calls",
        how: "strace signal=KILL at renames, links, removals, syncs, writes",
        ground: Ground::Real,
        run: |trial| injected(trial, &[KILL_AT_RENAMES, KILL_AT_SYNCS, KILL_AT_WRITES]),
    },
    Scenario {
        fault: 1,
        name: "no-room-at-calls",
        how: "strace error=ENOSPC at renames, new folders, writes",
        ground: Ground::Real,
        run: |trial| injected(trial, &[NO_ROOM_AT_WRITES]),
    },
    Scenario {
        fault: 5,
        name: "error-at-calls",
        how: "strace error=EIO at syncs, renames, links, writes",
        ground: Ground::Real,
        run: |trial| injected(trial, &[ERROR_AT_SYNCS, ERROR_AT_WRITES]),
    },
    Scenario {
        fault: 2,
        name: "killed-twice",
        how: "a pass killed at a call, and the next one again",
        ground: Ground::Real,
        run: killed_twice,
    },
    Scenario { fault: 27, name: "slow-syncs", how: "strace delays every sync", ground: Ground::Real, run: slow_syncs },
];

/// A seeded sample when it has to be quick, else every place of every call.
fn injected(trial: &mut Trial, sweeps: &[Sweep]) -> Result<(), LeftOut> {
    missing().map_or(Ok(()), |reason| Err(LeftOut(reason)))?;
    match trial.pace {
        Pace::Full => trial.fired(sweeps.iter().map(|calls| sweep(*calls, Extent::Every)).sum()),
        Pace::Quick => {
            for (calls, fault) in sweeps {
                let call = calls[trial.dice.below(calls.len() as u64) as usize];
                // Early enough that a pass comes there.
                let place = trial.dice.between(1, 4) as usize;
                trial.fired(u64::from(Injection { call, fault, place }.survives()));
                trial.fired(u64::from(Injection { call: calls[0], fault, place: 1 }.survives()));
            }
        }
    }
    trial.checked(&[1, 2, 4, 6]);
    Ok(())
}

fn killed_twice(trial: &mut Trial) -> Result<(), LeftOut> {
    missing().map_or(Ok(()), |reason| Err(LeftOut(reason)))?;
    let (pair, mut traffic) = (pair(), Traffic::default());
    for _ in 0..trial.pace.pick(2, 12) {
        traffic.drop(&pair, 4);
        for station in [&pair.outer, &pair.inner] {
            kill_twice(trial, station);
            super::traffic::carry_both(&pair);
        }
    }
    converge(&pair);
    checks::whole(trial, &pair, &traffic);
    Ok(())
}

fn kill_twice(trial: &mut Trial, station: &Station) {
    for _ in 0..2 {
        let call = ["fdatasync", "renameat2", "linkat", "pwrite64"][trial.dice.below(4) as usize];
        let place = trial.dice.between(1, 6) as usize;
        let code = Injection { call, fault: "signal=KILL", place }.pass(station);
        trial.fired(u64::from(![0, 1].contains(&code)));
    }
}

fn slow_syncs(trial: &mut Trial) -> Result<(), LeftOut> {
    missing().map_or(Ok(()), |reason| Err(LeftOut(reason)))?;
    let seconds = trial.pace.pick(1, 5);
    let (pair, mut traffic) = (pair(), Traffic::default());
    traffic.drop(&pair, 3);
    for station in [&pair.outer, &pair.inner] {
        let began = Instant::now();
        for call in ["fdatasync", "syncfs"] {
            let inject = format!("inject={call}:delay_enter={}", seconds * 1_000_000);
            let output = strace(station, &["pass"], call, &inject).stdin(Stdio::null()).output().unwrap();
            assert_eq!(Answer::of(output).code, 0, "{call}");
        }
        trial.fired(u64::from(began.elapsed() >= Duration::from_secs(seconds)));
        super::traffic::carry_both(&pair);
    }
    converge(&pair);
    checks::whole(trial, &pair, &traffic);
    trial.note(format!("every fdatasync and syncfs {seconds} s late"));
    Ok(())
}
