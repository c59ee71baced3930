//! The fault campaign: everything that can go wrong, each with what is expected of it, provoked and counted.
//!
//! [`faults`] is the list F1 … F33. A [`Scenario`] provokes one of them, on the real programs or in the simulation; each family of faults is a
//! file. A fault that never fired is a failure, and one that this machine cannot provoke is listed with the reason.

pub mod faults;
pub mod page;
pub mod simulate;

mod calls;
mod checks;
mod databases;
mod disks;
mod gap;
mod load;
mod poison;
mod power;
mod soak;
mod stations;
mod tables;
mod time;
mod traffic;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use dukou_rehearsal::random::Random;

/// What a scenario runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ground {
    /// The real programs on real folders.
    Real,
    /// Both engines on simulated seams.
    Simulated,
}

/// How much is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// A sample, within minutes.
    Quick,
    /// All of it.
    Full,
}

impl Pace {
    /// Gives the one or the other.
    pub fn pick<T>(self, quick: T, full: T) -> T {
        match self {
            Pace::Quick => quick,
            Pace::Full => full,
        }
    }
}

/// Why a scenario was not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut(pub String);

/// One way to provoke one fault.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Which fault of the list, 1 … 33.
    pub fault: u8,
    /// Short, in a command's letters, unique.
    pub name: &'static str,
    /// How it is provoked.
    pub how: &'static str,
    /// What it runs on.
    pub ground: Ground,
    /// Provokes it and checks; it panics when something does not hold.
    pub run: fn(&mut Trial) -> Result<(), LeftOut>,
}

const fn real(fault: u8, name: &'static str, how: &'static str, run: fn(&mut Trial) -> Result<(), LeftOut>) -> Scenario {
    Scenario { fault, name, how, ground: Ground::Real, run }
}

const fn simulated(fault: u8, name: &'static str, how: &'static str, run: fn(&mut Trial) -> Result<(), LeftOut>) -> Scenario {
    Scenario { fault, name, how, ground: Ground::Simulated, run }
}

/// All scenarios, by fault.
pub fn scenarios() -> Vec<Scenario> {
    let families = [
        calls::SCENARIOS,
        power::SCENARIOS,
        disks::SCENARIOS,
        gap::SCENARIOS,
        poison::SCENARIOS,
        databases::SCENARIOS,
        time::SCENARIOS,
        stations::SCENARIOS,
        load::SCENARIOS,
        soak::SCENARIOS,
        tables::SCENARIOS,
    ];
    let mut all: Vec<Scenario> = families.concat();
    all.sort_by_key(|scenario| (scenario.fault, scenario.ground, scenario.name));
    all
}

/// A scenario while it runs: what it may draw, and what it has to tell.
#[derive(Debug)]
pub struct Trial {
    /// What everything follows from.
    pub seed: u64,
    /// How much to do.
    pub pace: Pace,
    /// How long the soak runs, and how large the backlog is.
    pub minutes: u64,
    /// Decisions of this scenario.
    pub dice: Random,
    fired: u64,
    checked: BTreeSet<u8>,
    notes: Vec<String>,
}

impl Trial {
    fn new(scenario: &Scenario, options: &Options) -> Self {
        // Each scenario draws for itself, so that one alone repeats what it did among all.
        let dice = Random::nth(
            options.seed,
            scenario.name.bytes().fold(0u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte))),
        );
        let Options { seed, pace, minutes, .. } = *options;
        Self { seed, pace, minutes, dice, fired: 0, checked: BTreeSet::new(), notes: Vec::new() }
    }

    /// Counts how often the fault really happened.
    pub fn fired(&mut self, times: u64) {
        self.fired += times;
    }

    /// Notes which of the invariants I1 … I8 were checked and held.
    pub fn checked(&mut self, invariants: &[u8]) {
        self.checked.extend(invariants);
    }

    /// Notes something for the table.
    pub fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }
}

/// What a campaign is asked to do.
#[derive(Clone, Debug)]
pub struct Options {
    /// What everything follows from.
    pub seed: u64,
    /// A sample or all.
    pub pace: Pace,
    /// How long the soak runs, and how large the backlog is.
    pub minutes: u64,
    /// Only this scenario.
    pub only: Option<String>,
}

/// How a scenario ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The fault fired and everything held.
    Held,
    /// It could not be provoked here.
    LeftOut(String),
    /// Something did not hold.
    Broken(String),
}

/// A scenario with what came of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The scenario.
    pub scenario: Scenario,
    /// How it ended.
    pub ended: Ended,
    /// How often the fault happened.
    pub fired: u64,
    /// The invariants that were checked.
    pub checked: BTreeSet<u8>,
    /// What else is to be known.
    pub notes: Vec<String>,
    /// How long it took.
    pub took: Duration,
}

/// Runs the scenarios one after the other, and tells of each as it ends.
pub fn run(options: &Options, mut tell: impl FnMut(&Outcome)) -> Vec<Outcome> {
    let wanted = |scenario: &Scenario| options.only.as_ref().is_none_or(|only| scenario.name == only);
    let mut outcomes = Vec::new();
    for scenario in scenarios().into_iter().filter(wanted) {
        let outcome = run_one(scenario, options);
        tell(&outcome);
        outcomes.push(outcome);
    }
    outcomes
}

fn run_one(scenario: Scenario, options: &Options) -> Outcome {
    let mut trial = Trial::new(&scenario, options);
    let began = Instant::now();
    let ended = match catch_unwind(AssertUnwindSafe(|| (scenario.run)(&mut trial))) {
        Ok(Err(LeftOut(reason))) => Ended::LeftOut(reason),
        Ok(Ok(())) if trial.fired == 0 => Ended::Broken("the fault never fired".to_owned()),
        Ok(Ok(())) => Ended::Held,
        Err(panic) => Ended::Broken(simulate::said(panic.as_ref())),
    };
    let Trial { fired, checked, notes, .. } = trial;
    Outcome { scenario, ended, fired, checked, notes, took: began.elapsed() }
}

#[cfg(test)]
mod unit_tests {
    use super::*;

    #[test]
    fn every_fault_of_the_list_has_a_scenario_and_every_scenario_a_fault() {
        let provoked: BTreeSet<u8> = scenarios().iter().map(|scenario| scenario.fault).collect();
        let listed: BTreeSet<u8> = faults::FAULTS.iter().map(|fault| fault.number).collect();
        assert_eq!(listed, (1..=33).collect());
        assert_eq!(provoked, listed);
    }

    #[test]
    fn no_two_scenarios_share_a_name() {
        let all = scenarios();
        let names: BTreeSet<&str> = all.iter().map(|scenario| scenario.name).collect();
        assert_eq!(names.len(), all.len());
        assert!(
            names
                .iter()
                .all(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'))
        );
    }

    #[test]
    fn a_fault_that_never_fired_and_a_promise_that_broke_are_failures() {
        let options = Options { seed: 1, pace: Pace::Quick, minutes: 1, only: None };
        let scenario = |run| Scenario { fault: 1, name: "x", how: "", ground: Ground::Real, run };
        assert!(matches!(run_one(scenario(|_| Ok(())), &options).ended, Ended::Broken(_)));
        let broken = run_one(scenario(|_| panic!("lost")), &options).ended;
        assert_eq!(broken, Ended::Broken("lost".to_owned()));
        let left_out = run_one(scenario(|_| Err(LeftOut("no root".to_owned()))), &options).ended;
        assert_eq!(left_out, Ended::LeftOut("no root".to_owned()));
    }
}
