//! What a reader has to know of the machine before believing a number.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Instant;

use anyhow::Result;

const FSYNC_SAMPLES: usize = 300;

/// Describes processors, file system, the price of an fsync, and the load.
pub(super) fn describe(directory: &Path) -> Result<String> {
    let (p50, p99) = fsync_micros(directory)?;
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
    let processors = thread::available_parallelism().map_or(1, usize::from);
    Ok(format!(
        "- processors: {processors} × {}\n- kernel: {}\n- file system: {}\n- fsync of a 4 KiB file: p50 {p50} µs, p99 {p99} µs\n- load average: {load}\n",
        processor(),
        fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim(),
        file_system(directory),
    ))
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    name.map_or_else(|| "unknown".to_owned(), |(_, name)| name.trim().to_owned())
}

fn file_system(directory: &Path) -> String {
    let device = first_line(Command::new("findmnt").args(["-no", "SOURCE", "-T"]).arg(directory));
    let kind = first_line(Command::new("findmnt").args(["-no", "FSTYPE,OPTIONS", "-T"]).arg(directory));
    let features = Command::new("dumpe2fs").args(["-h", &device]).output();
    let features = features.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let journal = match (kind.starts_with("ext4"), features.contains("has_journal"), features.is_empty()) {
        (true, true, _) => ", with a journal",
        (true, false, false) => ", without a journal",
        _ => "",
    };
    let own = if device.starts_with("/dev/loop") { ", own image on a loop device" } else { "" };
    format!("{kind}{journal}{own}")
}

fn first_line(command: &mut Command) -> String {
    let output = command.output().map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let output = output.unwrap_or_default();
    output.lines().next().unwrap_or("unknown").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn fsync_micros(directory: &Path) -> Result<(u128, u128)> {
    let path = directory.join("fsync-probe");
    let mut micros = Vec::with_capacity(FSYNC_SAMPLES);
    for _ in 0..FSYNC_SAMPLES {
        let mut file = File::create(&path)?;
        file.write_all(&[7; 4096])?;
        let begun = Instant::now();
        file.sync_all()?;
        micros.push(begun.elapsed().as_micros());
    }
    fs::remove_file(&path)?;
    micros.sort_unstable();
    Ok((micros[FSYNC_SAMPLES / 2], micros[FSYNC_SAMPLES * 99 / 100]))
}
