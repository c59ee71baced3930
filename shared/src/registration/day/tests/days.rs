//! Generated days: every planted difference is found, and nothing else is told.

use std::fs;

use super::super::facts::{Facts, LogFact};
use super::super::log::{Heading, build};
use super::super::reconcile::{Day, reconcile};
use super::generated::{DAY, Planted, Sorts, World};
use crate::registration::day::facts::Edition;

/// What was found, in the form of what was planted. Which of two messages of one id is the second follows from their order alone.
fn found(day: &Day<'_>) -> Vec<Planted> {
    let mut found: Vec<Planted> = day
        .differences
        .iter()
        .map(|difference| {
            let (kind, reason) = (difference.kind.code(), difference.reason.code());
            match kind {
                "reused-id" => (kind, String::new(), String::new(), difference.id.clone(), reason),
                _ => (kind, difference.ywh.to_string(), difference.bdcdyh.to_string(), difference.id.clone(), reason),
            }
        })
        .collect();
    found.sort();
    found
}

/// Holds a generated day against what was planted in it.
fn hold(seed: u64, registrations: usize) -> World {
    let mut world = World::new(seed, registrations);
    let heading = Heading { edition: Edition::New, area_name: "阿荣旗".into(), remark: String::new() };
    let built = build(&world.settings, DAY, &world.facts, heading, world.made);
    let broken: Vec<_> = built.checks.iter().filter(|check| !check.holds()).collect();
    assert!(broken.is_empty(), "seed {seed}: {broken:?}");
    assert_eq!(built.log.access.total, world.access_due(world.made), "seed {seed}: access in the log");
    world.facts.log = Some(LogFact { log: built.log, made: world.made });
    let day = reconcile(&world.settings, DAY, &world.facts, world.until);
    let found = found(&day);
    let missed: Vec<_> = world.planted.iter().filter(|planted| !found.contains(planted)).take(5).collect();
    let invented: Vec<_> = found.iter().filter(|found| !world.planted.contains(found)).take(5).collect();
    assert!(missed.is_empty() && invented.is_empty(), "seed {seed}: missed {missed:?}, invented {invented:?}");
    assert_eq!(found, world.planted, "seed {seed}: each as often as it was planted");
    let counts = day.counts;
    let sorts = Sorts {
        registered: counts.registered,
        accepted: counts.accepted,
        failed: counts.failed,
        waiting: counts.waiting,
        unreported: counts.unreported,
        excused: counts.excused,
        left_out: counts.left_out,
        late: counts.late,
        entered_after_log: counts.entered_after_log,
    };
    assert_eq!(sorts, world.sorts, "seed {seed}");
    assert_eq!(counts.registered, counts.reported + counts.unreported + counts.excused, "seed {seed}");
    assert_eq!(counts.reported, counts.accepted + counts.failed + counts.waiting, "seed {seed}");
    assert_eq!((day.register.total, day.access.total), (counts.registered, world.access_due(world.until)), "seed {seed}");
    assert!(day.checks.iter().all(super::super::log::checks::Check::holds), "seed {seed}: {:?}", day.checks);
    world
}

#[test]
fn every_planted_difference_of_a_generated_day_is_found_and_nothing_else() {
    let mut plans = std::collections::BTreeMap::new();
    for seed in 0..100 {
        for (plan, count) in hold(seed, 200).plans {
            *plans.entry(plan).or_insert(0u64) += count;
        }
    }
    println!("100 days of 200 registrations: {plans:?}");
    assert!(plans.len() == 38 && plans.values().all(|count| *count > 50), "{} plans", plans.len());
}

#[test]
fn a_day_of_ten_thousand_registrations_is_reconciled_exactly() {
    for seed in [1, 20_240_315, u64::MAX] {
        hold_large(seed);
    }
}

/// As [`hold`], without the quadratic comparison that names what is missed.
fn hold_large(seed: u64) {
    let world = World::new(seed, 10_000);
    let day = reconcile(&world.settings, DAY, &world.facts, world.until);
    assert!(found(&day) == world.planted, "seed {seed}: run it with fewer registrations");
    assert_eq!((day.counts.registered, day.counts.unreported), (world.sorts.registered, world.sorts.unreported), "seed {seed}");
    assert_eq!(day.access.total, world.access_due(world.until), "seed {seed}");
}

#[test]
fn an_empty_day_has_nothing_to_tell() {
    let world = World::new(0, 0);
    let nothing = Facts::default();
    let day = reconcile(&world.settings, DAY, &nothing, world.until);
    assert!(day.is_clean() && day.registrations.is_empty() && day.register.total == 0);
}

/// CPU time of this thread in nanoseconds.
pub(super) fn cpu_ns() -> u64 {
    let told = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells it");
    told.split(' ').next().and_then(|ns| ns.parse().ok()).expect("a number")
}

#[test]
fn a_hundred_thousand_messages_are_reconciled_within_ten_seconds_of_cpu() {
    let world = World::new(7, 100_000);
    let before = cpu_ns();
    let day = reconcile(&world.settings, DAY, &world.facts, world.until);
    let ms = (cpu_ns() - before) / 1_000_000;
    println!(
        "{} messages, {} rows, {} differences: {ms} ms",
        world.facts.messages.len(),
        world.facts.rows.len(),
        day.differences.len()
    );
    assert!(world.facts.messages.len() > 100_000 && ms < 10_000, "{ms} ms");
}
