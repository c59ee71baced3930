//! `cargo xtask gapbox`: the simulated gap device by hand, for a bureau's own rehearsals.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;
use dukou_rehearsal::gapbox::{Event, GapDevice, Happening, Report, Script, Until, run as run_device};

use crate::stop;

/// Options of `gapbox`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// 取文件的目录（发送站的 ferry/out） / directory the device takes files from
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// 放文件的目录（接收站的 ferry/in） / directory the device puts files into
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// 随机种子，优先于脚本 / seed of all decisions; overrides the script's
    #[arg(long)]
    seed: Option<u64>,
    /// 脚本：设备的习惯、限制和故障，见 deploy/rehearsal/README.md / TOML file with habits, limits and faults
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// 扫描周期（秒），优先于脚本 / seconds between two scans; overrides the script's
    #[arg(long, value_name = "SECONDS")]
    scan: Option<f64>,
    /// 时间只计不等，搬完现有文件即结束 / carry what is there, waiting for nothing, and stop
    #[arg(long, conflicts_with = "run_for")]
    once: bool,
    /// 运行时长（秒）；不给则到 Ctrl-C / stop after so many seconds; without it at Ctrl-C
    #[arg(long = "for", id = "run_for", value_name = "SECONDS")]
    run_for: Option<f64>,
    /// 以 JSON 输出计数，不逐个文件输出 / print the counts as JSON, and no line a file
    #[arg(long)]
    json: bool,
    /// 报告文件（JSON）：计数、没有发生过的故障、光盘登记 / write counts, faults that never fired and the register of volumes as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// 脚本里的故障只要有一种没发生，就以 1 退出并点名 / leave with 1 and its name when a fault of the script never fired
    #[arg(long)]
    must_fire: bool,
}

/// Runs the device and prints how often everything happened.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    for directory in [&options.from, &options.to] {
        ensure!(directory.is_dir(), "{} is no directory", directory.display());
    }
    let mut device = GapDevice::new(&options.from, &options.to, script_of(options)?);
    let until = match (options.once, options.run_for) {
        (true, _) => Until::Idle,
        (false, Some(seconds)) => Until::Elapsed(duration(seconds)?),
        (false, None) => Until::Stopped,
    };
    let tell = |event: &Event| {
        if !options.json {
            println!("{}", sentence(event));
        }
    };
    let stopped = stop::at_ctrl_c()?;
    run_device(&mut device, until, &stopped, tell)?;
    if options.json {
        println!("{}", serde_json::to_string(device.counts())?);
    } else {
        print!("{}", device.counts().table(device.script()));
    }
    let report = Report::of(&device);
    if let Some(path) = &options.report {
        let text = serde_json::to_string_pretty(&report)?;
        fs::write(path, text + "\n").with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(if options.must_fire { all_fired(&report) } else { ExitCode::SUCCESS })
}

fn all_fired(report: &Report) -> ExitCode {
    for fault in &report.never_fired {
        eprintln!("脚本里的故障“{}”从未发生。 / The fault {} of the script never fired.", fault.title(), fault.name());
    }
    if report.never_fired.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn script_of(options: &Options) -> Result<Script> {
    let mut script = match &options.script {
        Some(path) => {
            let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            Script::parse(&text).with_context(|| format!("in {}", path.display()))?
        }
        None => Script::default(),
    };
    if let Some(seed) = options.seed {
        script.seed = seed;
    }
    if let Some(seconds) = options.scan {
        script.scan_ms = (duration(seconds)?.as_millis() as u64).max(1);
    }
    Ok(script)
}

fn duration(seconds: f64) -> Result<Duration> {
    Duration::try_from_secs_f64(seconds).context("the number of seconds is out of range")
}

/// Says one event in one line, Chinese first.
pub(crate) fn sentence(event: &Event) -> String {
    let at = event.at_ms as f64 / 1000.0;
    let what = match &event.what {
        Happening::Delivered { bytes, waited_ms, faults } => {
            let faults: Vec<_> = faults.iter().map(|fault| fault.title()).collect();
            let faults = if faults.is_empty() { String::new() } else { format!("（{}）", faults.join("、")) };
            format!("送达 delivered{faults} {bytes} B, {:.1} s", *waited_ms as f64 / 1000.0)
        }
        Happening::Lost(fault) => format!("{} lost ({})", fault.title(), fault.name()),
        Happening::Refused(refusal) => format!("{} {}", refusal.title(), refusal.name()),
        Happening::Vanished => "取走前消失 vanished".to_owned(),
        Happening::Off { until_ms } => format!("停机 off, until {:.1} s", *until_ms as f64 / 1000.0),
    };
    format!("{at:9.1} s  {}  {what}", event.name)
}

#[cfg(test)]
mod tests {
    use dukou_rehearsal::gapbox::Fault;

    use super::*;

    #[test]
    fn a_delivery_is_told_with_its_faults() {
        let what = Happening::Delivered { bytes: 12, waited_ms: 1500, faults: vec![Fault::Duplicate] };
        let line = sentence(&Event { at_ms: 2000, name: "a.dkp".into(), what });
        assert!(line.contains("a.dkp") && line.contains("重复") && line.contains("1.5 s"), "{line}");
    }
}
