//! W5: a backlog that grows while the receiver is stopped, and what a record of it costs in time and memory.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use dukou_rehearsal::messages::write_small_records;
use dukou_rehearsal::table::Table;

use super::place::Place;
use super::product::{CHANNEL, Pair, SETTLED, Shape};
use crate::station::{Daemon, Station, set};
use crate::workspace::Programs;

/// The most memory a daemon may ever have had resident, KiB.
const MOST_KIB: u64 = 256 << 10;
/// How much dearer or cheaper a record may be in the largest backlog than in the smallest.
const FLAT: f64 = 0.25;
const LOOK: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(3600);

/// One side's work on one backlog.
#[derive(Debug, Clone, Copy)]
struct Side {
    seconds: f64,
    peak_kib: u64,
}

/// Measures backlogs of rising size, each with new stations.
pub(super) fn measure(programs: &Programs, place: &Place, sizes: &[u64]) -> Result<String> {
    let mut table = Table::new(["files", "sender s", "µs a record", "sender MiB", "receiver s", "µs a record", "receiver MiB"]);
    let mut all = Vec::new();
    for files in sizes {
        eprintln!("backlog of {files}");
        let sides = one(programs, place, *files).with_context(|| format!("{files} files"))?;
        let cells = sides.iter().flat_map(|side| {
            let each = side.seconds * 1e6 / *files as f64;
            [format!("{:.1}", side.seconds), format!("{each:.0}"), (side.peak_kib >> 10).to_string()]
        });
        table.row(std::iter::once(files.to_string()).chain(cells));
        all.push((*files, sides));
    }
    let peak = all.iter().flat_map(|(_, sides)| sides).map(|side| side.peak_kib).max().unwrap_or(0);
    let mut text = format!(
        "{}\n- W5 memory of a daemon, goal ≤ 256 MiB: {} MiB {}\n",
        table.markdown(),
        peak >> 10,
        met(peak <= MOST_KIB)
    );
    if let (Some((few, first)), Some((many, last))) = (all.first(), all.last()) {
        for (side, name) in ["sender", "receiver"].into_iter().enumerate() {
            let ratio = (last[side].seconds / *many as f64) / (first[side].seconds / *few as f64);
            text += &format!(
                "- W5 cost of a record, {name}, {many} ÷ {few}, goal within 25 %: {ratio:.2} {}\n",
                met((ratio - 1.0).abs() <= FLAT)
            );
        }
    }
    Ok(text)
}

fn met(is_met: bool) -> &'static str {
    if is_met { "(met)" } else { "(missed)" }
}

/// The sender works with the receiver stopped; the receiver is started, stopped in the middle, and started again.
fn one(programs: &Programs, place: &Place, files: u64) -> Result<[Side; 2]> {
    let directory = place.fresh()?;
    let pair = Pair::make(programs, &directory, Shape::MessagesWithoutStatus)?;
    pair.configure_channel(|table| set(table, "source", "settle_seconds", 1))?;
    write_small_records(&pair.outer.path("drop").join(CHANNEL), usize::try_from(files)?, 5)?;
    thread::sleep(SETTLED);
    let sender = until(&pair.outer, files, |channel| channel.accepted)?;
    let first = until(&pair.inner, files / 2, |channel| channel.applied)?;
    let second = until(&pair.inner, files, |channel| channel.applied)?;
    fs::remove_dir_all(&directory)?;
    let receiver = Side { seconds: first.seconds + second.seconds, peak_kib: first.peak_kib.max(second.peak_kib) };
    Ok([sender, receiver])
}

/// Runs a daemon until its channel has counted so many files.
fn until(station: &Station, files: u64, count: fn(&crate::station::ChannelStatus) -> u64) -> Result<Side> {
    let begun = Instant::now();
    let mut daemon = station.start()?;
    loop {
        daemon.check_alive()?;
        ensure!(begun.elapsed() < PATIENCE, "it took more than an hour; the daemon said:\n{}", daemon.said());
        let counted = station.status().ok().and_then(|status| status.channel(CHANNEL).map(count)).unwrap_or(0);
        if counted >= files {
            break;
        }
        thread::sleep(LOOK);
    }
    let side = Side { seconds: begun.elapsed().as_secs_f64(), peak_kib: peak_kib(&daemon)? };
    daemon.stop()?;
    Ok(side)
}

fn peak_kib(daemon: &Daemon) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.id()))?;
    peak_in(&status).context("/proc tells no peak")
}

fn peak_in(status: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read_in_kib() {
        assert_eq!(peak_in("VmPeak:\t9 kB\nVmHWM:\t   5124 kB\n"), Some(5124));
        assert_eq!(peak_in("VmPeak:\t9 kB\n"), None);
    }
}
