//! The fault campaign's simulation: seeds that failed once, and a few new ones.

use dukou_tests::campaign::simulate;

/// Seeds that failed once.
const KEPT: &str = include_str!("../../../seeds.txt");

/// How many further seeds are tried here; `cargo xtask test` and `cargo xtask campaign --simulate` try more.
const FEW: u64 = 20;

fn kept() -> impl Iterator<Item = u64> {
    let lines = KEPT.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.trim().parse().expect("a seed a line"))
}

fn hold(seeds: impl Iterator<Item = u64>) -> simulate::Fired {
    let mut all = simulate::Fired::new();
    for seed in seeds {
        let fired = simulate::run(seed).unwrap_or_else(|failure| panic!("{}seed {seed}: {}", failure.trace, failure.broken));
        fired.into_iter().for_each(|(what, times)| *all.entry(what).or_default() += times);
    }
    all
}

#[test]
fn every_seed_that_ever_failed_holds() {
    assert!(kept().count() > 0);
    hold(kept());
}

#[test]
fn worlds_drawn_from_seeds_hold_and_every_kind_of_fault_happens_in_them() {
    let fired = hold(100_000..100_000 + FEW);
    println!("{fired:?}");
    let kinds = [
        "kill",
        "kill in recovery",
        "power cut",
        "EIO",
        "ENOSPC",
        "EIO after the deed",
        "EACCES or EMFILE",
        "commit unsure",
        "commit refused",
        "read-only",
        "full disk",
        "ferry directory gone",
        "clock set",
        "lost or damaged on the way",
        "resend by a person",
        "placed again by itself",
    ];
    let never: Vec<_> = kinds.iter().filter(|kind| !fired.contains_key(*kind)).collect();
    assert!(never.is_empty(), "never happened: {never:?}");
}

#[test]
fn worlds_with_a_channel_of_rows_hold_and_some_of_them_send_runs() {
    let fired = hold((100_000..).step_by(7).take(10));
    for kind in ["rows sent in runs", "a database's answer lost", "kill"] {
        assert!(fired.contains_key(kind), "never happened: {kind}");
    }
}

#[test]
fn a_world_that_loses_a_record_does_not_hold() {
    use dukou_tests::simulated::world::FILES;
    use dukou_tests::simulated::{Fate, World, verdict};
    let mut world = World::new(1);
    world.drop_mixture("A");
    world.settle().unwrap();
    // What was never on disk cannot arrive: the verdict has to notice.
    world.outer_supplier.drop_as(&world.outer, FILES, "gone", b"gone", Fate::Arrives);
    world.outer.files.remove(world.outer.station.dir.join("drop/files/gone"));
    world.settle().unwrap();
    assert_eq!(verdict::check(&mut world).unwrap_err(), "files: gone was lost");
}
