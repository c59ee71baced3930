//! Dukou's developer commands, reached as `cargo xtask …`.

mod bench;
mod campaign;
mod demo;
mod gapbox;
mod standard;
mod station;
mod stop;
mod test;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Dukou's developer commands / 渡口开发命令")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run everything that must hold, and print one table / 运行全部检查
    Test(test::Options),
    /// Run both real stations with simulated gap devices between them / 演示
    Demo(demo::Options),
    /// Move files between two directories as a gap device does / 模拟隔离设备
    Gapbox(gapbox::Options),
    /// Provoke every fault of the list and check what must hold after it / 故障演练
    Campaign(campaign::Options),
    /// Write the catalogue of the message standard from the domain's lists / 生成报文标准数据
    Standard(standard::Options),
    /// Measure the real stations beside their peers / 性能对比
    Bench(bench::Options),
    /// The floor program of the benchmark: packets with nothing around them
    #[command(hide = true)]
    Floor(bench::floor::Options),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Test(options) => test::run(&options),
        Command::Demo(options) => demo::run(&options),
        Command::Gapbox(options) => gapbox::run(&options),
        Command::Campaign(options) => campaign::run(&options),
        Command::Standard(options) => standard::run(&options),
        Command::Bench(options) => bench::run(&options),
        Command::Floor(options) => bench::floor::run(&options),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
