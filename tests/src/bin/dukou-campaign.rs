//! The fault campaign as a program; `cargo xtask campaign` builds and runs it.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Parser;
use dukou_tests::campaign::simulate::{self, Failure, Fired};
use dukou_tests::campaign::{self, Ended, Options, Outcome, Pace, page};

/// 故障演练 / the fault campaign.
#[derive(Parser)]
struct Arguments {
    /// 随机种子，不给则取自时钟 / seed; without it from the clock
    #[arg(long)]
    seed: Option<u64>,
    /// 混合演练的分钟数，也决定积压的大小 / minutes of the soak; the backlog grows with it
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// 抽样，几分钟内结束 / a sample, within minutes
    #[arg(long)]
    quick: bool,
    /// 只做这一项 / only this scenario
    #[arg(long, value_name = "NAME", conflicts_with = "simulate")]
    only: Option<String>,
    /// 把结果表写到文件 / write the table to a file
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// 改为模拟这么多个种子 / simulate so many seeds instead
    #[arg(long, value_name = "N")]
    simulate: Option<u64>,
    /// 从哪个种子开始 / the first of them
    #[arg(long, value_name = "SEED", default_value_t = 1, requires = "simulate")]
    from: u64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.simulate {
        Some(count) => simulate_all(arguments.from, count),
        None => provoke_all(&arguments),
    }
}

fn provoke_all(arguments: &Arguments) -> ExitCode {
    let from_clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |now| now.as_secs());
    let options = Options {
        seed: arguments.seed.unwrap_or_else(from_clock),
        pace: if arguments.quick { Pace::Quick } else { Pace::Full },
        minutes: arguments.minutes,
        only: arguments.only.clone(),
    };
    println!("seed {}", options.seed);
    let began = Instant::now();
    let (mut so_far, mut written) = (Vec::new(), Ok(()));
    let outcomes = campaign::run(&options, |outcome| {
        tell(outcome);
        so_far.push(outcome.clone());
        // One that is stopped in the middle leaves what it has.
        written = arguments.page.as_ref().map_or(Ok(()), |path| fs::write(path, page::page(&options, &so_far)));
    });
    println!("\n{}", page::table(&outcomes));
    let count = |wanted: fn(&Ended) -> bool| outcomes.iter().filter(|outcome| wanted(&outcome.ended)).count();
    let held = count(|ended| *ended == Ended::Held);
    let left_out = count(|ended| matches!(ended, Ended::LeftOut(_)));
    let broken: Vec<&Outcome> = outcomes.iter().filter(|outcome| matches!(outcome.ended, Ended::Broken(_))).collect();
    for outcome in &broken {
        let quick = if arguments.quick { " --quick" } else { "" };
        let (name, Options { seed, minutes, .. }) = (outcome.scenario.name, &options);
        println!(
            "seed {seed}: {name} failed; to repeat it: cargo xtask campaign --seed {seed} --minutes {minutes}{quick} --only {name}"
        );
    }
    println!("{:.0} s", began.elapsed().as_secs_f64());
    println!("campaign: {held} held, {} failed, {left_out} left out", broken.len());
    if let Err(error) = written {
        println!("the table could not be written: {error}");
        return ExitCode::FAILURE;
    }
    if broken.is_empty() && !outcomes.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn tell(outcome: &Outcome) {
    let Outcome { scenario, ended, fired, took, .. } = outcome;
    let what = match ended {
        Ended::Held => format!("held, fired {fired}"),
        Ended::LeftOut(reason) => format!("left out: {reason}"),
        Ended::Broken(why) => format!("FAILED, fired {fired}: {why}"),
    };
    println!("F{:<2} {:<22} {:6.1} s  {what}", scenario.fault, scenario.name, took.as_secs_f64());
}

/// Runs the seeds on all cores; the first that does not hold ends it.
fn simulate_all(from: u64, count: u64) -> ExitCode {
    let (next, failed) = (AtomicU64::new(from), AtomicBool::new(false));
    let (fired, failures) = (Mutex::new(Fired::new()), Mutex::new(BTreeMap::<u64, Failure>::new()));
    let began = Instant::now();
    let work = || {
        while !failed.load(Ordering::SeqCst) {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if seed >= from + count {
                return;
            }
            match simulate::run(seed) {
                Ok(of_seed) => {
                    of_seed.into_iter().for_each(|(what, times)| *fired.lock().unwrap().entry(what).or_default() += times)
                }
                Err(failure) => {
                    failed.store(true, Ordering::SeqCst);
                    failures.lock().unwrap().insert(seed, *failure);
                }
            }
            progress(seed + 1 - from, began);
        }
    };
    thread::scope(|scope| {
        (0..thread::available_parallelism().map_or(1, usize::from)).for_each(|_| drop(scope.spawn(work)));
    });
    let done = next.load(Ordering::SeqCst).min(from + count) - from;
    for (what, times) in fired.lock().unwrap().iter() {
        println!("{times:>9}  {what}");
    }
    let rate = done as f64 / began.elapsed().as_secs_f64();
    let failures = failures.lock().unwrap();
    println!(
        "campaign: {} held, {} failed, 0 left out; {rate:.1} seeds per second",
        done - failures.len() as u64,
        failures.len()
    );
    match failures.first_key_value() {
        None => ExitCode::SUCCESS,
        Some((seed, Failure { broken, trace, .. })) => {
            println!("{trace}seed {seed}: {broken}\nto repeat it: cargo xtask campaign --simulate 1 --from {seed}");
            ExitCode::FAILURE
        }
    }
}

fn progress(done: u64, began: Instant) {
    if done.is_multiple_of(1_000) {
        println!("{done} seeds in {:?}", Duration::from_secs(began.elapsed().as_secs()));
    }
}
