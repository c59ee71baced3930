//! `cargo xtask bench`: the real release programs beside their peers, alternately, in one run.

mod backlog;
mod day;
mod environment;
pub(crate) mod floor;
mod latency;
mod measure;
mod peers;
mod place;
mod product;
mod rows;
mod small;
mod stations;
mod table;
mod workload;

use std::env;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};

use crate::workspace::{self, Programs};
use measure::{Contender, Series};
use place::Place;
use product::Shape;
use workload::Workload;

/// Options of `bench`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Three rounds and a smaller W2 (the default) / 三轮
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// Five rounds at full size / 五轮，完整规模
    #[arg(long)]
    full: bool,
    /// Directory to work in; its file system is what is measured / 工作目录
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Use the directory as it is, even as root / 不建立独立的文件系统映像
    #[arg(long)]
    no_image: bool,
    /// The programs have just been built
    #[arg(long, hide = true)]
    built: bool,
    /// Which workloads; all when none is named / 测试项
    #[arg(value_enum, ignore_case = true)]
    workloads: Vec<Which>,
}

/// The workloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    /// 20,000 messages of 2–8 KiB
    W1,
    /// One large file, half text, half noise
    W2,
    /// 1,000,000 rows from one PostgreSQL to another: stock, merge, increments
    W3,
    /// One message every 20 ms through the simulated device: closed to applied
    W4,
    /// A backlog with the receiver stopped and started: memory, and the cost of a record
    W5,
    /// Bytes beside the compressed payload of 10,000 records of 1 KB, and how fast such records cross
    W7,
    /// One-record packets, durable, sending side
    W8,
    /// A county's day of 100,000 messages: lint, both passes, day; 10,000 unless at full size
    W9,
    /// 1, 4 and 16 pairs of stations at the same time, their states in one PostgreSQL
    Stations,
}

impl Options {
    fn rounds(&self) -> usize {
        if self.full { 5 } else { 3 }
    }

    fn wants(&self, which: Which) -> bool {
        self.workloads.is_empty() || self.workloads.contains(&which)
    }
}

/// Measures; wrong output of any contender makes it fail, a missed goal does not.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let programs = if options.built { workspace::release_programs() } else { workspace::build_release(true)? };
    if cfg!(debug_assertions) {
        return run_release(&programs);
    }
    let place = Place::make(options.dir.clone().unwrap_or_else(|| workspace::target().join("bench")), !options.no_image)?;
    println!("## {}\n", if options.full { "full" } else { "quick" });
    println!("{}", environment::describe(place.directory())?);
    peers::install();
    for which in Which::value_variants().iter().filter(|which| options.wants(**which)) {
        match which {
            Which::W1 => run_w1(options, &programs, &place),
            Which::W2 => run_w2(options, &programs, &place),
            Which::W3 => rows::run(&programs, &place, if options.full { 1_000_000 } else { 100_000 }, options.rounds()),
            Which::W4 => run_w4(options, &programs, &place),
            Which::W5 => run_w5(options, &programs, &place),
            Which::W7 => run_w7(options, &programs, &place),
            Which::W8 => run_w8(options, &programs, &place),
            Which::W9 => day::run(&programs, &place, if options.full { 100_000 } else { 10_000 }),
            Which::Stations => stations::run(&programs, &place, if options.full { 64_000 } else { 16_000 }),
        }
        .with_context(|| format!("{which:?}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Starts over with the optimised program: generating and checking take their time too.
fn run_release(programs: &Programs) -> Result<ExitCode> {
    let status = Command::new(&programs.xtask).args(env::args_os().skip(1)).arg("--built").status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

const PIPELINE: &str = "tar, zstd -3 -T2, age, minisign";
const PRODUCT: &str = "dukou";
const PRODUCT_BARE: &str = "dukou, status = false";
const FLOOR: &str = "floor";
const NNCP_SINGLE: &str = "nncp, a message at a time";

fn run_w1(options: &Options, programs: &Programs, place: &Place) -> Result<()> {
    let workload = Workload::messages(&place.directory().join("w1"), 20_000)?;
    let mut contenders = contenders(programs, &workload, Shape::Messages);
    contenders.push(Box::new(product::Ferry::new(PRODUCT_BARE, programs, &workload, Shape::MessagesWithoutStatus)));
    let part = if options.full { 10 } else { 100 };
    contenders.push(peers::nncp_single(NNCP_SINGLE, &workload, part));
    let all = measure::round_robin(contenders, options.rounds(), place)?;
    println!("### W1: {} messages, {} bytes\n\n{}", workload.files, workload.bytes, table::render(&all, PRODUCT));
    let plain_zstd = peers::tar_zstd_bytes(&workload)?;
    println!("tar | zstd -3: {plain_zstd} bytes\n");
    goal(&all, PIPELINE, "W1 wall, dukou ÷ pipeline, aim ≤ 1.0, least ≤ 1.33", 1.33);
    if let Some(ratio) = Series::ratio(&all, NNCP_SINGLE, PRODUCT) {
        println!("- W1 nncp by message ÷ dukou, goal ≥ 50: {ratio:.0} {}", verdict(ratio >= 50.0));
    }
    if let Some(wire) = Series::named(&all, PRODUCT).and_then(Series::wire) {
        let ratio = wire as f64 / plain_zstd as f64;
        println!("- W1 wire bytes ÷ (tar | zstd -3), goal ≤ 1.10: {ratio:.3} {}", verdict(ratio <= 1.10));
    }
    println!();
    workload.remove()
}

fn run_w2(options: &Options, programs: &Programs, place: &Place) -> Result<()> {
    let workload = Workload::mixed(&place.directory().join("w2"), if options.full { 2_048 } else { 256 })?;
    let all = measure::round_robin(contenders(programs, &workload, Shape::OneFile), options.rounds(), place)?;
    println!("### W2: one file of {} bytes\n\n{}", workload.bytes, table::render(&all, PRODUCT));
    goal(&all, PIPELINE, "W2 wall, dukou ÷ pipeline, goal ≤ 0.75", 0.75);
    goal(&all, FLOOR, "W2 wall, dukou ÷ floor, goal ≤ 1.25", 1.25);
    println!();
    workload.remove()
}

fn contenders(programs: &Programs, workload: &Workload, shape: Shape) -> Vec<Box<dyn Contender>> {
    let mut contenders: Vec<Box<dyn Contender>> = vec![
        Box::new(product::Ferry::new(PRODUCT, programs, workload, shape)),
        Box::new(floor::contender(FLOOR, programs, workload, shape == Shape::OneFile)),
    ];
    contenders.extend(peers::all(PIPELINE, workload));
    contenders
}

fn run_w4(options: &Options, programs: &Programs, place: &Place) -> Result<()> {
    let seconds = if options.full { 60 } else { 10 };
    let latency = latency::measure(programs, place, seconds)?;
    println!("### W4: a message every 20 ms for {seconds} s\n\n{}", latency.text());
    Ok(())
}

fn run_w5(options: &Options, programs: &Programs, place: &Place) -> Result<()> {
    let sizes: &[u64] = if options.full { &[1_000, 10_000, 100_000, 1_000_000] } else { &[1_000, 10_000, 50_000] };
    let backlog = backlog::measure(programs, place, sizes)?;
    println!("### W5: backlogs of records of 1,000 bytes, the receiver stopped and started\n\n{backlog}");
    Ok(())
}

/// Records a second that fill 94 Mbit/s with records of 1,000 bytes.
const FULL_LINE: f64 = 11_750.0;

fn run_w7(options: &Options, programs: &Programs, place: &Place) -> Result<()> {
    let workload = Workload::small_records(&place.directory().join("w7"), 10_000)?;
    let overhead = small::overhead(programs, &workload, place)?;
    println!("### W7: 10,000 records of 1,000 bytes\n\n{overhead}");
    workload.remove()?;
    let workload = Workload::small_records(&place.directory().join("w7"), if options.full { 100_000 } else { 20_000 })?;
    let ferry = product::Ferry::new(PRODUCT_BARE, programs, &workload, Shape::MessagesWithoutStatus);
    let all = measure::round_robin(vec![Box::new(ferry)], options.rounds(), place)?;
    println!("{}", table::render(&all, PRODUCT_BARE));
    let walls = all.first().map(|series| series.runs.iter().map(|run| run.wall).collect()).unwrap_or_default();
    if let Some(wall) = measure::median(walls) {
        let rate = workload.files as f64 / wall;
        println!(
            "- W7 plain records from intake to applied, goal ≥ {FULL_LINE:.0} a second (94 Mbit/s): {rate:.0} a second, {:.0} Mbit/s {}\n",
            rate * 8_000.0 / 1e6,
            verdict(rate >= FULL_LINE)
        );
    }
    workload.remove()
}

fn run_w8(options: &Options, programs: &Programs, place: &Place) -> Result<()> {
    let count = if options.full { 2_000 } else { 500 };
    let workload = Workload::messages(&place.directory().join("w8"), count)?;
    let contenders = small::one_record_packets(PRODUCT, programs, &workload)?;
    let all = measure::round_robin(contenders, options.rounds(), place)?;
    ensure!(!all.is_empty(), "nothing was measured");
    println!("### W8: {count} one-record packets, sending side\n\n{}", table::render(&all, PRODUCT));
    if let Some(ratio) = Series::ratio(&all, small::DURABLE_LOOP, PRODUCT) {
        println!(
            "- W8 rate, dukou ÷ (write, fsync, rename, fsync directory), goal ≥ 0.5: {ratio:.2} {}\n",
            verdict(ratio >= 0.5)
        );
    }
    workload.remove()
}

fn goal(all: &[Series], against: &str, what: &str, at_most: f64) {
    match Series::ratio(all, PRODUCT, against) {
        Some(ratio) => println!("- {what}: {ratio:.2} {}", verdict(ratio <= at_most)),
        None => println!("- {what}: skipped"),
    }
}

fn verdict(met: bool) -> &'static str {
    if met { "(met)" } else { "(missed)" }
}
