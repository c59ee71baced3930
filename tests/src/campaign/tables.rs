//! Tables that follow one another through bad weather and kills, as long as it is asked: see `tables/differential.rs`.

use std::time::Duration;

use crate::tables::differential::{self, First, Plan, changes};
use crate::tables::land::References;
use crate::tables::session::Dialect::{self, Mariadb, Postgres, Sqlite};
use crate::tables::tally::Tally;

use super::{Ground, LeftOut, Pace, Scenario, Trial};

pub(super) const SCENARIOS: &[Scenario] = &[
    through_weather("tables-postgres-postgres", |trial| weather(trial, Postgres, Postgres)),
    through_weather("tables-mariadb-postgres", |trial| weather(trial, Mariadb, Postgres)),
    through_weather("tables-postgres-mariadb", |trial| weather(trial, Postgres, Mariadb)),
    through_weather("tables-sqlite-postgres", |trial| weather(trial, Sqlite, Postgres)),
    through_weather("tables-postgres-sqlite", |trial| weather(trial, Postgres, Sqlite)),
    through_kills("database-killed-postgres", |trial| kills(trial, Postgres, Postgres)),
    through_kills("database-killed-from-mariadb", |trial| kills(trial, Mariadb, Postgres)),
    through_kills("database-killed-to-mariadb", |trial| kills(trial, Postgres, Mariadb)),
    through_changes("structure-killed-postgres", |trial| within_changes(trial, Postgres)),
    through_changes("structure-killed-to-mariadb", |trial| within_changes(trial, Mariadb)),
];

const fn through_weather(name: &'static str, run: fn(&mut Trial) -> Result<(), LeftOut>) -> Scenario {
    let how =
        "random transactions on real tables while the devices delay, duplicate, reorder and drop; equal row by row in the end";
    Scenario { fault: 33, name, how, ground: Ground::Real, run }
}

const fn through_kills(name: &'static str, run: fn(&mut Trial) -> Result<(), LeftOut>) -> Scenario {
    let how =
        "the same with kill −9 of both stations and both servers, and a proxy that cuts requests and the answer to COMMIT";
    Scenario { fault: 17, name, how, ground: Ground::Real, run }
}

const fn through_changes(name: &'static str, run: fn(&mut Trial) -> Result<(), LeftOut>) -> Scenario {
    let how = "three structure changes amid it; kill −9 of both stations and of the sink's server while a change is being made";
    Scenario { fault: 17, name, how, ground: Ground::Real, run }
}

/// The test command runs the quick forms.
fn only_in_full(trial: &Trial) -> Result<(), LeftOut> {
    let reason = || LeftOut("takes minutes: in the full campaign; its quick form is in the test command".to_owned());
    if trial.pace == Pace::Quick { Err(reason()) } else { Ok(()) }
}

fn weather(trial: &mut Trial, from: Dialect, to: Dialect) -> Result<(), LeftOut> {
    only_in_full(trial)?;
    for sink in [References::Undeclared, References::Declared] {
        let tally = differential::run(&Plan { sink, ..plan(trial, from, to, false) });
        trial.fired(["delay", "duplicate", "reorder", "drop"].iter().map(|kind| tally.of(kind)).sum());
        note(trial, &tally);
    }
    trial.checked(&[1, 2, 3, 4, 6]);
    Ok(())
}

fn kills(trial: &mut Trial, from: Dialect, to: Dialect) -> Result<(), LeftOut> {
    only_in_full(trial)?;
    let plan = plan(trial, from, to, true);
    let tally = differential::run(&plan);
    trial.fired(differential::KILLS.iter().map(|kind| tally.of(kind)).sum());
    note(trial, &tally);
    trial.checked(&[1, 2, 3, 4, 6]);
    Ok(())
}

fn within_changes(trial: &mut Trial, to: Dialect) -> Result<(), LeftOut> {
    only_in_full(trial)?;
    let plan = Plan { changes: Some(First::Barrier), ..plan(trial, Postgres, to, true) };
    let tally = differential::run(&plan);
    trial.fired(changes::WITHIN.iter().map(|kind| tally.of(kind)).sum());
    note(trial, &tally);
    trial.checked(&[1, 2, 3, 4, 6]);
    Ok(())
}

fn note(trial: &mut Trial, tally: &Tally) {
    let [transactions, packets, looks] = ["committed", "packets", "looks of the reader"].map(|what| tally.of(what));
    trial.note(format!("{transactions} transactions, {packets} packets, {looks} looks of the reader"));
}

fn plan(trial: &Trial, from: Dialect, to: Dialect, kills: bool) -> Plan {
    let time =
        trial.pace.pick(Duration::from_secs(if kills { 30 } else { 12 }), Duration::from_secs(30 * trial.minutes.clamp(1, 60)));
    Plan {
        seed: trial.seed,
        from,
        to,
        sink: References::Undeclared,
        records: [6, 40][trial.seed as usize % 2],
        time,
        kills,
        changes: None,
    }
}
