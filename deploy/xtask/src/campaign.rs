//! `cargo xtask campaign`: builds the programs and runs the fault campaign over them.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::workspace;

/// Where the table of a full campaign goes.
const PAGE: &str = "tests/CAMPAIGN.md";

/// Options of `campaign`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// 随机种子，不给则取自时钟 / seed; without it from the clock
    #[arg(long)]
    seed: Option<u64>,
    /// 混合演练（F33）的分钟数，也决定积压（F25）的大小 / minutes of the soak; the backlog grows with it
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// 抽样，几分钟内结束，不写结果表 / a sample, within minutes; writes no table
    #[arg(long)]
    quick: bool,
    /// 只做这一项，不写结果表 / only this scenario; writes no table
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// 改为模拟这么多个种子：随机的通道、天气、断电、出错 / simulate so many seeds instead
    #[arg(long, value_name = "N", conflicts_with_all = ["seed", "quick", "only"])]
    simulate: Option<u64>,
    /// 从哪个种子开始 / the first of them
    #[arg(long, value_name = "SEED", default_value_t = 1, requires = "simulate")]
    from: u64,
}

/// Runs it; the code is the campaign's.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let mut command = match options.simulate {
        Some(count) => simulation(count, options.from)?,
        None => provocation(options)?,
    };
    let status = command.status().context("cannot run the campaign")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A simulation is fast and keeps its assertions.
fn simulation(count: u64, from: u64) -> Result<Command> {
    build(&["build", "--profile", "simulate", "--locked", "-p", "dukou-tests", "--bins"])?;
    let mut command = program("simulate");
    command.args(["--simulate", &count.to_string(), "--from", &from.to_string()]);
    Ok(command)
}

fn provocation(options: &Options) -> Result<Command> {
    build(&["build", "--workspace", "--bins", "--locked"])?;
    let mut command = program("debug");
    command.args(["--minutes", &options.minutes.to_string()]);
    if let Some(seed) = options.seed {
        command.args(["--seed", &seed.to_string()]);
    }
    match (&options.only, options.quick) {
        (None, false) => drop(command.arg("--page").arg(workspace::root().join(PAGE))),
        (only, quick) => {
            command.args(quick.then_some("--quick"));
            command.args(only.iter().flat_map(|name| ["--only", name]));
        }
    }
    Ok(command)
}

fn build(arguments: &[&str]) -> Result<()> {
    ensure!(workspace::cargo().args(arguments).status().context("cannot run cargo")?.success(), "cargo build failed");
    Ok(())
}

/// Gives the campaign's program as a profile built it.
pub(crate) fn program(profile: &str) -> Command {
    let path: PathBuf = workspace::target().join(profile).join("dukou-campaign");
    let mut command = Command::new(path);
    command.current_dir(workspace::root()).env("RUST_BACKTRACE", "0");
    command
}
