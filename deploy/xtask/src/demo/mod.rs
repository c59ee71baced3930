//! `cargo xtask demo`: both real stations, a simulated gap device each way, and a verdict at the end.

mod databases;
mod feed;
mod ferries;
mod schema;
mod verdict;
mod words;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Result, bail, ensure};
use clap::Args;

use crate::station::{ChannelStatus, Daemon, Station, set};
use crate::{stop, workspace};
use feed::Feeds;
use ferries::{Ferry, LATECOMERS};
use verdict::Crossing;
use words::Language;

const POLL: Duration = Duration::from_millis(500);
/// Convergence takes two scans of the device, its delays, and the stations' own rhythm.
const PATIENCE: Duration = Duration::from_secs(120);
/// Generated messages that a slow machine carries in a second.
const RECORDS_A_SECOND: u64 = 200;

/// Options of `demo`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Leave everything running until Ctrl-C / 保持运行，按 Ctrl-C 结束
    #[arg(long)]
    keep: bool,
    /// The cadastre's tables between PostgreSQL and MariaDB, both ways / 权籍的表在两个数据库之间双向摆渡
    #[arg(long, conflicts_with = "records")]
    databases: bool,
    /// Three structure changes between PostgreSQL and MariaDB, approved on both sides / 三次结构变更，两侧各自批准
    #[arg(long, conflicts_with_all = ["records", "databases"])]
    schema: bool,
    /// Generate so many messages beside the samples / 另外生成的报文数
    #[arg(long, value_name = "N", default_value_t = 0)]
    records: usize,
    /// Language of what is printed / 语言
    #[arg(long, value_enum, default_value = "zh")]
    lang: Language,
}

/// Runs the demo; anything that is not as it must be makes it fail.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    if options.databases {
        return databases::run(options);
    }
    if options.schema {
        return schema::run(options);
    }
    let stopped = stop::at_ctrl_c()?;
    let say = |zh: &str, en: &str| println!("== {}", options.lang.say(zh, en));
    say("编译两侧摆渡站", "building both stations");
    let programs = workspace::build_release(false)?;
    let feeds = Feeds::collect(&workspace::root().join("deploy/demo"), options.records)?;
    let place = fresh_directory()?;
    say("初始化两侧摆渡站，互换身份卡", "initialising both stations, exchanging cards");
    let outer = Station::init(&programs.outer, place.join("outer"))?;
    let inner = Station::init(&programs.inner, place.join("inner"))?;
    Station::pair(&outer, &inner)?;
    for station in [&outer, &inner] {
        // As shipped a station scans every 10 s; nobody wants to watch that.
        station.configure("station.toml", |table| set(table, "ferry", "scan_seconds", 1))?;
    }
    say("放入业务文件", "dropping the files");
    let crossings = [
        Crossing { channel: "report-message", from: &outer, to: &inner, feed: &feeds.messages },
        Crossing { channel: "registration-log", from: &outer, to: &inner, feed: &feeds.logs },
        Crossing { channel: "report-response", from: &inner, to: &outer, feed: &feeds.responses },
    ];
    for crossing in &crossings {
        crossing.feed.drop_at(crossing.from, crossing.channel)?;
    }
    say("启动两侧摆渡站和两台模拟隔离设备", "starting both stations and two simulated gap devices");
    let mut running = Running::start(&outer, &inner)?;
    let patience = PATIENCE + Duration::from_secs(options.records as u64 / RECORDS_A_SECOND);
    let converged = watch(options.lang, &mut running, &crossings, patience, &stopped)?;
    say("再等片刻：迟到和重复的包不得有任何影响", "waiting for latecomers: packets that come again must change nothing");
    thread::sleep(LATECOMERS);
    let mut complaints = Vec::new();
    if !converged {
        complaints.push(options.lang.say("没有在限定时间内完成", "not done within the time allowed").to_owned());
    }
    if options.keep {
        // What is tried by hand afterwards is not part of the verdict.
        complaints.extend(conclude(options.lang, &programs.audit, &outer, &inner, &crossings)?);
        keep(options.lang, &outer, &inner, &mut running, &stopped)?;
        complaints.extend(running.stop(options.lang)?);
    } else {
        complaints.extend(running.stop(options.lang)?);
        complaints.extend(conclude(options.lang, &programs.audit, &outer, &inner, &crossings)?);
    }
    let good = [
        "演示通过：每个文件恰好送达一次且未改变，拒收有原因，两侧日志审计通过",
        "PASS: every file arrived once and unchanged, refusals have reasons, both audits pass",
    ];
    Ok(close(options, &place, &complaints, good))
}

/// Makes a directory that no earlier run has used.
fn fresh_directory() -> Result<PathBuf> {
    let second = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let place = workspace::target().join("demo").join(format!("{second}-{}", process::id()));
    fs::create_dir_all(&place)?;
    Ok(place)
}

/// Everything that runs during the demo.
struct Running {
    daemons: Vec<(&'static str, Daemon)>,
    ferries: Vec<Ferry>,
}

impl Running {
    fn start(outer: &Station, inner: &Station) -> Result<Self> {
        Ok(Running {
            daemons: vec![("dukou-outer", outer.start()?), ("dukou-inner", inner.start()?)],
            ferries: vec![Ferry::start("外→内", outer, inner, 1)?, Ferry::start("内→外", inner, outer, 2)?],
        })
    }

    fn check(&mut self) -> Result<()> {
        for (_, daemon) in &mut self.daemons {
            daemon.check_alive()?;
        }
        ensure!(!self.ferries.iter().any(Ferry::has_ended), "a gap device has stopped");
        Ok(())
    }

    /// Stops everything and gives what went wrong with it.
    fn stop(self, language: Language) -> Result<Vec<String>> {
        println!("== {}", language.say("停止（SIGTERM）", "stopping (SIGTERM)"));
        let mut complaints = Vec::new();
        for (name, daemon) in self.daemons {
            match daemon.stop() {
                // 1 says that something was refused or set aside, which the demo does on purpose.
                Ok(status) if matches!(status.code(), Some(0 | 1)) => {
                    println!("    {name}: {status}")
                }
                Ok(status) => complaints.push(format!("{name} left with {status}")),
                Err(error) => complaints.push(format!("{name}: {error:#}")),
            }
        }
        for ferry in self.ferries {
            let (title, table) = ferry.stop()?;
            println!("\n{title}\n{table}");
        }
        Ok(complaints)
    }
}

/// Shows each change of either station until everything has converged.
fn watch(
    language: Language,
    running: &mut Running,
    crossings: &[Crossing],
    patience: Duration,
    stopped: &Arc<AtomicBool>,
) -> Result<bool> {
    let begun = Instant::now();
    let mut shown = Vec::new();
    while begun.elapsed() < patience {
        if stopped.load(Ordering::Relaxed) {
            bail!("interrupted");
        }
        running.check()?;
        for crossing in crossings {
            show_changes(language, crossing, &mut shown)?;
        }
        if crossings.iter().all(Crossing::has_converged) && settled(crossings)? {
            println!("== {} {:.1} s", language.say("全部完成", "all done"), begun.elapsed().as_secs_f64());
            return Ok(true);
        }
        thread::sleep(POLL);
    }
    Ok(false)
}

/// Files appear before the stations have counted them.
fn settled(crossings: &[Crossing]) -> Result<bool> {
    for crossing in crossings {
        let (out, into) = (crossing.from.status()?, crossing.to.status()?);
        let accepted = out.channel(crossing.channel).map(|channel| channel.accepted);
        if accepted != into.channel(crossing.channel).map(|channel| channel.applied) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn show_changes(language: Language, crossing: &Crossing, shown: &mut Vec<(PathBuf, ChannelStatus)>) -> Result<()> {
    for station in [crossing.from, crossing.to] {
        let status = station.status()?;
        let Some(now) = status.channel(crossing.channel) else {
            continue;
        };
        let of_this = |(directory, channel): &&mut (PathBuf, ChannelStatus)| {
            *directory == station.directory && channel.channel == now.channel
        };
        match shown.iter_mut().find(|entry| of_this(entry)) {
            Some((_, before)) if before == now => continue,
            Some((_, before)) => *before = now.clone(),
            None => shown.push((station.directory.clone(), now.clone())),
        }
        println!("  {}", sentence(language, station, now));
    }
    Ok(())
}

fn sentence(language: Language, station: &Station, now: &ChannelStatus) -> String {
    let side = station.directory.file_name().unwrap_or_default().display();
    let ChannelStatus { channel, state, accepted, rejected, packets, left, applied, .. } = now;
    match language {
        Language::Zh => format!(
            "[{side}] {channel}：受理 {accepted}，拒收 {rejected}，摆渡包 {packets}，已离站 {left}，已送达 {applied}，状态 {state}"
        ),
        Language::En => format!(
            "[{side}] {channel}: accepted {accepted}, rejected {rejected}, packets {packets}, left {left}, applied {applied}, state {state}"
        ),
    }
}

/// Leaves everything running for trying by hand.
fn keep(language: Language, outer: &Station, inner: &Station, running: &mut Running, stopped: &AtomicBool) -> Result<()> {
    println!("== {}", language.say("保持运行，按 Ctrl-C 结束", "running until Ctrl-C"));
    for (station, leaving, coming) in [
        (outer, ["report-message", "registration-log"].as_slice(), ["report-response"].as_slice()),
        (inner, &["report-response"], &["report-message", "registration-log"]),
    ] {
        for channel in leaving {
            println!("    {}  {}", language.say("放入", "drop into"), station.path("drop").join(channel).display());
        }
        for channel in coming {
            println!("    {}  {}", language.say("到达", "comes to "), station.path("arrived").join(channel).display());
        }
        println!("    {} status --station {}", station.program.display(), station.directory.display());
    }
    while !stopped.load(Ordering::Relaxed) {
        running.check()?;
        thread::sleep(POLL);
    }
    Ok(())
}

/// Prints the closing table, compares every file, and has both logs audited.
fn conclude(language: Language, audit: &Path, outer: &Station, inner: &Station, crossings: &[Crossing]) -> Result<Vec<String>> {
    let mut table = verdict::heading(language);
    let mut complaints = Vec::new();
    for crossing in crossings {
        let (sender, receiver) = (crossing.from.status()?, crossing.to.status()?);
        crossing.row(&mut table, &sender, &receiver);
        complaints.extend(crossing.complaints(&sender, &receiver));
        if sender.waiting + receiver.waiting + sender.aside + receiver.aside > 0 {
            complaints.push(format!("{}: packets were set aside or wait", crossing.channel));
        }
    }
    println!("\n{table}");
    for station in [outer, inner] {
        println!("== dukou-audit verify {}", station.path("log").display());
        complaints.extend(verdict::audit(language, audit, station)?);
    }
    Ok(complaints)
}

fn close(options: &Options, place: &Path, complaints: &[String], good: [&str; 2]) -> ExitCode {
    if complaints.is_empty() {
        println!("\n{}", options.lang.say(good[0], good[1]));
        if !options.keep && fs::remove_dir_all(place).is_err() {
            println!("{}", place.display());
        }
        return ExitCode::SUCCESS;
    }
    println!("\n{}", options.lang.say("演示未通过：", "FAIL:"));
    for complaint in complaints {
        println!("  {complaint}");
    }
    println!("{} {}", options.lang.say("现场保留在", "kept for inspection:"), place.display());
    ExitCode::FAILURE
}
