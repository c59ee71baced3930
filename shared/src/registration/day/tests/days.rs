//! Generated days: every planted difference is found, and nothing else is told.

use std::fs;

use super::super::facts::{Facts, LogFact};
use super::super::log::{Heading, build};
use super::super::reconcile::{Day, reconcile};
use super::generated::{DAY, Planted, Sorts, World};
use super::sample;
use crate::registration::day::facts::{Edition, ResponseClass};

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
fn a_hundred_thousand_messages_are_reconciled_in_seconds_of_cpu() {
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
    // Without optimisation, on slow cores that others share, 11 s were seen; what the programs take is measured by the bench's W9.
    assert!(world.facts.messages.len() > 100_000 && ms < 40_000, "{ms} ms");
}

/// What is found of a day of the county, as kind, case and reason.
fn told(facts: &Facts) -> (Vec<(&'static str, String, &'static str)>, crate::registration::day::reconcile::Counts) {
    let day = reconcile(&sample::county(), sample::DAY, facts, sample::evening());
    let mut found: Vec<_> =
        day.differences.iter().map(|one| (one.kind.code(), one.ywh.to_string(), one.reason.code())).collect();
    found.sort();
    (found, day.counts)
}

#[test]
fn two_things_at_one_registration_are_each_told_once() {
    let mut facts = sample::facts();
    // Its message is missing, and the register shows it twice.
    facts.messages.remove(1);
    facts.responses.remove(1);
    facts.rows.push(facts.rows[1].clone());
    // It failed, and its message came again.
    facts.messages.push(facts.messages[1].clone());
    // Another county's message names a registration that has none of its own.
    let alone = sample::row("202403150004", "100", "4", "甲");
    let mut foreign = sample::message("370115240315000009", &alone, sample::DAY.at(10, 30, 0, 0));
    foreign.area = "370115".into();
    facts.rows.push(alone);
    facts.messages.push(foreign);
    // The register leaves it out, twice.
    let mut left_out = sample::row("202403150005", "100", "4", "乙");
    left_out.access_state = Some(9);
    facts.rows.extend([left_out.clone(), left_out]);
    let (found, counts) = told(&facts);
    let expected = [
        ("foreign-message", "202403150004", "area-of-id"),
        ("registered-not-reported", "202403150002", "no-message"),
        ("registered-not-reported", "202403150004", "no-message"),
        ("repeated-message", "202403150003", "same-message"),
        ("repeated-row", "202403150002", "same-key"),
        ("repeated-row", "202403150005", "same-key"),
    ];
    assert_eq!(found, expected.map(|(kind, case, reason)| (kind, case.to_string(), reason)));
    assert_eq!((counts.registered, counts.reported, counts.accepted, counts.failed), (4, 2, 1, 1));
    assert_eq!((counts.unreported, counts.left_out), (2, 1));
}

#[test]
fn the_last_of_several_responses_counts_whatever_their_order_in_the_files() {
    for turned in [false, true] {
        let mut facts = sample::facts();
        let mut later = facts.responses[2].clone();
        (later.class, later.received) = (ResponseClass::Accepted, later.received + jiff::SignedDuration::from_mins(5));
        facts.responses.push(later);
        if turned {
            facts.responses.reverse();
        }
        let (found, counts) = told(&facts);
        assert_eq!((found.len(), counts.accepted, counts.failed, counts.waiting), (0, 3, 0, 0));
    }
}
