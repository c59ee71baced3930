//! Faults of databases: they come with the database connectors.

use super::{Ground, LeftOut, Scenario, Trial};

fn later(_: &mut Trial) -> Result<(), LeftOut> {
    Err(LeftOut("comes with databases".to_owned()))
}

const fn scenario(fault: u8, name: &'static str, how: &'static str) -> Scenario {
    Scenario { fault, name, how, ground: Ground::Real, run: later }
}

pub(super) const SCENARIOS: &[Scenario] = &[
    scenario(17, "database-gone", "kill −9 of the server; a proxy that cuts after COMMIT"),
    scenario(18, "database-contended", "concurrent writers"),
    scenario(19, "database-restored", "dump and restore"),
    scenario(20, "schema-drift", "ALTER TABLE by hand"),
];
