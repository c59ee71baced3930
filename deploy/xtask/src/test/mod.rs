//! `cargo xtask test`: everything that must hold before a change is done, in one command on a fresh machine.

mod agreement;
pub(crate) mod debian;
mod promises;
mod room;
mod step;
mod tally;
mod zones;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;
use dukou_rehearsal::table::Table;

use crate::{campaign, workspace};
use step::{Outcome, Step};
use tally::{Tally, campaign_tally, cargo_test_tally, nextest_tally, oracle_tally};

const CARGO_DENY_VERSION: &str = "0.20.2";
/// What cargo-deny calls its clone of the usual database.
const ADVISORY_CLONE: &str = "advisory-db-3157b0e258782691";
/// Tests inside a module of this name are left out by `--quick`.
const SLOW: &str = "slow::";

/// Options of `test`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Leave out cargo-deny, the documentation and tests in modules named `slow` / 快速检查
    #[arg(long)]
    quick: bool,
    /// A local clone of the advisory database; without it advisories are not checked / 漏洞库副本
    #[arg(long, value_name = "PATH")]
    advisory_db: Option<PathBuf>,
}

/// Runs every step, whatever came of those before it, and sums up.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let mut outcomes = vec![
        step::check("room on disk", room::check),
        step::check("debian packages", debian::provide),
        step::check("rust components", components),
    ];
    outcomes.extend(style(options));
    outcomes.push(if options.quick { step::skipped("cargo deny", "--quick") } else { deny() });
    outcomes.push(advisories(options));
    outcomes.extend(tests(options));
    outcomes.extend(zones::run(options));
    outcomes.extend(faults(options));
    outcomes.extend(oracle());
    outcomes.push(step::check("promises in ARCHITECTURE.md", || promises::check(&workspace::root())));
    Ok(sum_up(&outcomes))
}

fn sum_up(outcomes: &[Outcome]) -> ExitCode {
    let mut table = Table::new(["step", "result", "passed", "failed", "skipped", "time", "note"]);
    let (mut total, mut time) = (Tally::default(), Duration::ZERO);
    for outcome in outcomes {
        total += outcome.tally;
        time += outcome.time;
        let Tally { passed, failed, skipped } = outcome.tally;
        let [passed, failed, skipped] = [passed, failed, skipped].map(|count| count.to_string());
        let time = format!("{:.1} s", outcome.time.as_secs_f64());
        table.row([outcome.name, outcome.word(), &passed, &failed, &skipped, &time, &outcome.note]);
    }
    println!("\n{table}\ntotal time {:.0} s", time.as_secs_f64());
    println!("{} passed, {} failed, {} skipped", total.passed, total.failed, total.skipped);
    if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Makes sure that rustfmt and clippy are there; a minimal toolchain has neither.
fn components() -> Result<String> {
    let there = |tool: &str| step::succeeds(Command::new("cargo").args([tool, "--version"]));
    let missing: Vec<_> = [("fmt", "rustfmt"), ("clippy", "clippy")].into_iter().filter(|(tool, _)| !there(tool)).collect();
    if missing.is_empty() {
        return Ok(String::new());
    }
    let names: Vec<_> = missing.iter().map(|(_, component)| *component).collect();
    let added = step::succeeds(Command::new("rustup").args(["component", "add"]).args(&names));
    ensure!(added, "run: rustup component add {}", names.join(" "));
    Ok(format!("added {}", names.join(" ")))
}

fn style(options: &Options) -> Vec<Outcome> {
    let mut outcomes = vec![
        Step::cargo("format", &["fmt", "--all", "--check"]).run(),
        Step::cargo("clippy", &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]).run(),
    ];
    outcomes.push(if options.quick {
        step::skipped("documentation", "--quick")
    } else {
        let arguments = ["doc", "--workspace", "--no-deps", "--locked"];
        Step::cargo("documentation", &arguments)
            .variable("RUSTDOCFLAGS", "-D warnings -A rustdoc::private-intra-doc-links")
            .run()
    });
    outcomes
}

/// Checks bans, licences and sources, installing cargo-deny once where it is missing.
fn deny() -> Outcome {
    if !step::succeeds(Command::new("cargo").args(["deny", "--version"])) {
        let version = ["install", "--locked", "cargo-deny", "--version", CARGO_DENY_VERSION];
        let mut install = Command::new("cargo");
        // Its build has nothing in common with ours, so it gets a directory of its own and leaves none behind.
        install.args(version).env_remove("CARGO_TARGET_DIR");
        let installed = Step::of("cargo deny", install).run();
        if installed.tally.failed > 0 {
            return installed;
        }
    }
    Step::cargo("cargo deny", &["deny", "--workspace", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"]).run()
}

/// Checks advisories against a local clone of the database, never over the network.
fn advisories(options: &Options) -> Outcome {
    let Some(database) = &options.advisory_db else {
        return step::skipped("advisories", "advisories: not checked (give --advisory-db PATH)");
    };
    step::check("advisories", || check_advisories(database))
}

fn check_advisories(database: &Path) -> Result<String> {
    let database = fs::canonicalize(database).with_context(|| format!("cannot find {}", database.display()))?;
    let place = workspace::target().join("advisory-db");
    fs::create_dir_all(&place)?;
    let link = place.join(ADVISORY_CLONE);
    let _ = fs::remove_file(&link);
    symlink(&database, &link)?;
    let config = place.join("deny.toml");
    fs::write(&config, deny_config_with(&fs::read_to_string(workspace::root().join("deny.toml"))?, &place)?)?;
    let fetched = workspace::cargo().args(["fetch", "--locked"]).status()?.success();
    ensure!(fetched, "cargo fetch failed");
    let mut deny = workspace::cargo();
    deny.args(["deny", "--offline", "--workspace", "--config"]).arg(config).args(["check", "advisories"]);
    ensure!(deny.status()?.success(), "cargo deny check advisories failed");
    Ok(format!("against {}", database.display()))
}

/// Gives our configuration of cargo-deny with another place for the database.
fn deny_config_with(text: &str, place: &Path) -> Result<String> {
    let mut config: toml::Table = text.parse().context("deny.toml")?;
    let advisories = config.entry("advisories").or_insert_with(|| toml::Table::new().into());
    let advisories = advisories.as_table_mut().context("deny.toml: advisories is no table")?;
    advisories.insert("db-path".to_owned(), place.to_string_lossy().into_owned().into());
    Ok(config.to_string())
}

fn tests(options: &Options) -> Vec<Outcome> {
    // The suites run the real programs, and a test runner builds only what a test links.
    let programs = Step::cargo("programs", &["build", "--workspace", "--bins", "--locked"]).run();
    let nextest = step::succeeds(Command::new("cargo").args(["nextest", "--version"]));
    let not_slow = format!("not test(/(^|::){SLOW}/)");
    let all = if nextest {
        let mut arguments = vec!["nextest", "run", "--workspace", "--locked", "--no-fail-fast"];
        if options.quick {
            arguments.extend(["-E", &not_slow]);
        }
        Step::cargo("tests (nextest)", &arguments).variable("TZ", "UTC").counted(nextest_tally)
    } else {
        let mut arguments = vec!["test", "--workspace", "--lib", "--bins", "--tests", "--locked", "--no-fail-fast"];
        if options.quick {
            arguments.extend(["--", "--skip", SLOW]);
        }
        Step::cargo("tests (cargo test)", &arguments).variable("TZ", "UTC").counted(cargo_test_tally)
    };
    let doc = Step::cargo("doc tests", &["test", "--workspace", "--doc", "--locked", "--no-fail-fast"]);
    vec![programs, all.run(), doc.counted(cargo_test_tally).run()]
}

/// The short campaign over the programs that were just built, and worlds drawn from seeds.
fn faults(options: &Options) -> Vec<Outcome> {
    let run = |name, arguments: &[&str]| {
        let mut command = campaign::program("debug");
        command.args(arguments);
        Step::of(name, command).counted(campaign_tally).run()
    };
    let provoked = if options.quick {
        step::skipped("fault campaign", "--quick")
    } else {
        run("fault campaign", &["--quick", "--seed", "1"])
    };
    vec![provoked, run("simulated worlds", &["--simulate", if options.quick { "100" } else { "300" }])]
}

fn oracle() -> Vec<Outcome> {
    let script = |name, arguments: &[&str]| {
        let mut python = Command::new("python3");
        python.current_dir(workspace::root()).arg("tests/oracle/oracle.py").args(arguments);
        Step::of(name, python).counted(oracle_tally).run()
    };
    vec![
        script("oracle self-test", &["selftest"]),
        script("oracle over the vectors", &["vectors", "packets/vectors"]),
        step::check("oracle and dukou-audit agree", agreement::check),
    ]
}

#[cfg(test)]
mod unit_tests {
    use super::*;

    #[test]
    fn the_place_of_the_advisory_database_is_added_and_the_ignores_stay() {
        let text = "[advisories]\nignore = [\"RUSTSEC-1\"]\n[bans]\nwildcards = \"deny\"\n";
        let config = deny_config_with(text, Path::new("/tmp/db")).expect("a configuration");
        assert!(config.contains("db-path = \"/tmp/db\"") && config.contains("RUSTSEC-1") && config.contains("wildcards"));
    }
}
