//! The tests that a time zone might change, run again under other zones than the machine's.
//!
//! Nothing of the product looks a zone up: days are China's civil time, by a sum (`registration/kept`, `tables/values`). What these runs look for is
//! a library or a database's client that does.

use std::fs;
use std::process::Command;

use super::Options;
use super::step::{self, Outcome, Step};
use super::tally::{cargo_test_tally, nextest_tally};
use crate::workspace;

/// Names of tests that have to do with days and times.
const SENSITIVE: [&str; 9] =
    ["registration", "civil", "values", "calendar", "open_time", "instant", "daily_log", "day_mark", "zone"];

/// Runs them as in Ürümqi, whose clocks people set by another zone than the law's, and where no zone can be looked up.
pub(crate) fn run(options: &Options) -> Vec<Outcome> {
    let zones = [("tests, TZ=Asia/Urumqi", true), ("tests, no zone files", false)];
    zones.map(|(name, has_files)| if options.quick { step::skipped(name, "--quick") } else { under(name, has_files) }).into()
}

fn under(name: &'static str, has_files: bool) -> Outcome {
    let nextest = step::succeeds(Command::new("cargo").args(["nextest", "--version"]));
    let run = match nextest {
        true => {
            let filter = format!("test(/{}/) and not test(/(^|::)slow::/)", SENSITIVE.join("|"));
            Step::cargo(name, &["nextest", "run", "--workspace", "--locked", "--no-fail-fast", "-E", &filter])
                .counted(nextest_tally)
        }
        false => {
            let mut arguments =
                vec!["test", "--workspace", "--lib", "--tests", "--locked", "--no-fail-fast", "--", "--skip", "slow::"];
            arguments.extend(SENSITIVE);
            Step::cargo(name, &arguments).counted(cargo_test_tally)
        }
    };
    let run = run.variable("TZ", "Asia/Urumqi");
    match (has_files, empty_folder()) {
        (true, _) => run.run(),
        (false, Ok(folder)) => run.variable("TZDIR", &folder).run(),
        (false, Err(error)) => step::check(name, || Err(error)),
    }
}

/// Makes a folder in which no zone is found.
fn empty_folder() -> anyhow::Result<String> {
    let folder = workspace::target().join("no-zones");
    fs::create_dir_all(&folder)?;
    Ok(folder.to_string_lossy().into_owned())
}
