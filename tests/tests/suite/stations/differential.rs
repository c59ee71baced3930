//! Random transactions through bad weather: both databases end equal row by row, and no reader ever saw a child without its parent.
//!
//! Quick forms; `cargo xtask campaign` runs them longer, with other seeds.

use std::time::Duration;

use dukou_tests::tables::differential::{First, Plan, run};
use dukou_tests::tables::land::References;
use dukou_tests::tables::session::Dialect::{Mariadb, Postgres, Sqlite};

/// Long enough that everything happens.
const QUICK: Duration = Duration::from_secs(15);

/// Long enough that everything is killed.
const WITH_KILLS: Duration = Duration::from_secs(30);

const PLAN: Plan = Plan {
    seed: 1,
    from: Postgres,
    to: Postgres,
    sink: References::Undeclared,
    records: 40,
    time: QUICK,
    kills: false,
    changes: None,
};

/// With three structure changes amid it.
const CHANGED: Plan = Plan { time: BETWEEN, changes: Some(First::Barrier), ..PLAN };

/// Long enough that something of everything is written under each version.
const BETWEEN: Duration = Duration::from_secs(12);

#[test]
fn postgres_to_postgres_ends_equal() {
    run(&PLAN);
}

#[test]
fn mariadb_to_postgres_ends_equal() {
    run(&Plan { seed: 2, from: Mariadb, ..PLAN });
}

#[test]
fn postgres_to_mariadb_ends_equal() {
    run(&Plan { seed: 3, to: Mariadb, ..PLAN });
}

#[test]
fn sqlite_to_postgres_ends_equal() {
    run(&Plan { seed: 4, from: Sqlite, ..PLAN });
}

#[test]
fn postgres_to_sqlite_ends_equal() {
    run(&Plan { seed: 5, to: Sqlite, ..PLAN });
}

#[test]
fn postgres_to_mariadb_with_declared_references_ends_equal() {
    run(&Plan { seed: 6, to: Mariadb, sink: References::Declared, ..PLAN });
}

#[test]
fn postgres_to_postgres_through_kills_and_cut_commits_ends_equal() {
    run(&Plan { seed: 7, time: WITH_KILLS, kills: true, ..PLAN });
}

#[test]
fn mariadb_to_postgres_through_kills_and_cut_commits_ends_equal() {
    run(&Plan { seed: 8, from: Mariadb, sink: References::Declared, time: WITH_KILLS, kills: true, ..PLAN });
}

#[test]
fn postgres_to_mariadb_through_kills_and_cut_commits_ends_equal() {
    run(&Plan { seed: 9, to: Mariadb, time: WITH_KILLS, kills: true, ..PLAN });
}

#[test]
fn postgres_to_postgres_through_three_structure_changes_ends_equal() {
    run(&Plan { seed: 21, ..CHANGED });
}

#[test]
fn postgres_to_postgres_with_a_pending_addition_ends_equal() {
    run(&Plan { seed: 22, changes: Some(First::Pending), ..CHANGED });
}

#[test]
fn postgres_to_mariadb_through_three_structure_changes_ends_equal() {
    run(&Plan { seed: 23, to: Mariadb, ..CHANGED });
}

#[test]
fn mariadb_to_postgres_through_three_structure_changes_ends_equal() {
    run(&Plan { seed: 24, from: Mariadb, ..CHANGED });
}

#[test]
fn sqlite_to_postgres_through_three_structure_changes_ends_equal() {
    run(&Plan { seed: 25, from: Sqlite, ..CHANGED });
}

#[test]
fn postgres_to_sqlite_through_three_structure_changes_ends_equal() {
    run(&Plan { seed: 26, to: Sqlite, ..CHANGED });
}

#[test]
fn postgres_to_postgres_through_structure_changes_and_kills_within_them_ends_equal() {
    run(&Plan { seed: 27, kills: true, ..CHANGED });
}

#[test]
fn postgres_to_mariadb_through_structure_changes_and_kills_within_them_ends_equal() {
    run(&Plan { seed: 28, to: Mariadb, kills: true, ..CHANGED });
}
