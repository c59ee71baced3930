//! W5: a backlog that grows while the receiver is stopped, and what a record of it costs in time and memory.
//!
//! Costs are CPU time, which other work on the machine changes less than wall time. What a daemon takes to start with nothing to do is
//! measured and taken off. File systems themselves get dearer with many files: the same creating, renaming and removing is measured
//! without a station in the same run, and what it takes more in the largest backlog is allowed for.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use dukou_rehearsal::messages::write_small_records;
use dukou_rehearsal::table::Table;

use super::measure::{own_ticks, seconds};
use super::place::Place;
use super::product::{CHANNEL, Pair, Shape, wait_until_up};
use crate::station::{Daemon, Station, set};
use crate::workspace::Programs;

/// The most memory a daemon may ever have had resident, KiB.
const MOST_KIB: u64 = 256 << 10;
/// How much dearer or cheaper a record may be in the largest backlog than in the smallest.
const FLAT: f64 = 0.25;
/// Files that are measured at least: a smaller backlog is measured several times, since CPU time is counted in hundredths of a second.
const FILES_AT_LEAST: u64 = 20_000;
/// How often starting with nothing to do is measured.
const STARTS: u64 = 20;
const LOOK: Duration = Duration::from_millis(100);
/// The files are finished after this: `settle_seconds` of 1, and one more.
const SETTLED: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(3600);
/// Files that lie staged at a time, as many as a packet holds.
const STAGED: u64 = 4096;
const FOLDER_FILES: u64 = 100;
const RECORD: [u8; 1000] = [b'x'; 1000];

/// One side's work on one backlog, and the file system's own part of it.
#[derive(Debug, Clone, Copy, Default)]
struct Side {
    wall: f64,
    cpu: f64,
    peak_kib: u64,
    floor: f64,
}

/// CPU microseconds of a record, and of the same file operations without a station.
#[derive(Debug, Clone, Copy)]
struct Cost {
    record: f64,
    floor: f64,
}

impl Cost {
    fn of(side: &Side, files: u64) -> Self {
        let each = |seconds: f64| seconds * 1e6 / files as f64;
        Cost { record: each(side.cpu), floor: each(side.floor) }
    }

    /// Gives how dear a record is by how dear it was, as it is and with what the file system takes more allowed for.
    fn growth(self, from: Cost) -> [f64; 2] {
        [self.record / from.record, self.record / (from.record - from.floor + self.floor)]
    }
}

/// Measures backlogs of rising size, each with new stations.
pub(super) fn measure(programs: &Programs, place: &Place, sizes: &[u64]) -> Result<String> {
    let start = starting(programs, place)?;
    let columns = ["wall s", "CPU µs a record", "file system's own", "MiB"];
    let titles = ["sender", "receiver"].into_iter().flat_map(|side| columns.map(|column| format!("{side}: {column}")));
    let mut table = Table::new(std::iter::once("files".to_owned()).chain(titles));
    let mut all = Vec::new();
    for files in sizes {
        let times = (FILES_AT_LEAST / files).max(1);
        let mut sides = [Side::default(); 2];
        for time in 1..=times {
            eprintln!("backlog of {files}, {time} of {times}");
            add(&mut sides, one(programs, place, *files, start).with_context(|| format!("{files} files"))?);
        }
        let cells = sides.iter().flat_map(|side| {
            let cost = Cost::of(side, files * times);
            let wall = side.wall / times as f64;
            [
                format!("{wall:.1}"),
                format!("{:.0}", cost.record),
                format!("{:.0}", cost.floor),
                (side.peak_kib >> 10).to_string(),
            ]
        });
        table.row(std::iter::once(files.to_string()).chain(cells));
        all.push((*files, sides.map(|side| Cost::of(&side, files * times)), sides));
    }
    let [out, into] = start.map(|seconds| seconds * 1000.0);
    let text =
        format!("{}\nTaken off for starting with nothing to do: {out:.0} and {into:.0} ms of CPU time.\n\n", table.markdown());
    let peak = all.iter().flat_map(|(_, _, sides)| sides).map(|side| side.peak_kib).max().unwrap_or(0);
    Ok(text + &verdicts(peak, &all.iter().map(|(files, costs, _)| (*files, *costs)).collect::<Vec<_>>()))
}

fn add(sides: &mut [Side; 2], more: [Side; 2]) {
    for (side, more) in sides.iter_mut().zip(more) {
        side.wall += more.wall;
        side.cpu += more.cpu;
        side.floor += more.floor;
        side.peak_kib = side.peak_kib.max(more.peak_kib);
    }
}

fn verdicts(peak_kib: u64, costs: &[(u64, [Cost; 2])]) -> String {
    let mut text = format!("- W5 memory of a daemon, goal ≤ 256 MiB: {} MiB {}\n", peak_kib >> 10, met(peak_kib <= MOST_KIB));
    if let (Some((few, first)), Some((many, last))) = (costs.first(), costs.last()) {
        for (name, (first, last)) in ["sender", "receiver"].into_iter().zip(first.iter().zip(last)) {
            let [plain, beside] = last.growth(*first);
            text += &format!(
                "- W5 CPU time of a record, {name}, {many} ÷ {few}: {plain:.2}; with what the file system itself takes more allowed \
                 for, goal within 25 %: {beside:.2} {}\n",
                met((beside - 1.0).abs() <= FLAT)
            );
        }
    }
    text
}

fn met(is_met: bool) -> &'static str {
    if is_met { "(met)" } else { "(missed)" }
}

/// The sender works with the receiver stopped; the receiver is started, stopped in the middle, and started again.
fn one(programs: &Programs, place: &Place, files: u64, start: [f64; 2]) -> Result<[Side; 2]> {
    let directory = place.fresh()?;
    let pair = Pair::make(programs, &directory, Shape::MessagesWithoutStatus)?;
    pair.configure_channel(|table| set(table, "source", "settle_seconds", 1))?;
    write_small_records(&pair.outer.path("drop").join(CHANNEL), usize::try_from(files)?, 5)?;
    thread::sleep(SETTLED);
    let sender = until(&pair.outer, files, |channel| channel.accepted)?;
    let first = until(&pair.inner, files / 2, |channel| channel.applied)?;
    let second = until(&pair.inner, files, |channel| channel.applied)?;
    fs::remove_dir_all(&directory)?;
    let [out, into] = floor(place, files)?;
    let receiver = Side {
        wall: first.wall + second.wall,
        cpu: first.cpu + second.cpu - 2.0 * start[1],
        peak_kib: first.peak_kib.max(second.peak_kib),
        floor: into,
    };
    Ok([Side { cpu: sender.cpu - start[0], floor: out, ..sender }, receiver])
}

/// Gives the CPU seconds that each daemon takes to start, find nothing and stop.
fn starting(programs: &Programs, place: &Place) -> Result<[f64; 2]> {
    let directory = place.fresh()?;
    let pair = Pair::make(programs, &directory, Shape::MessagesWithoutStatus)?;
    let mut cpu = [0.0; 2];
    for (station, cpu) in [&pair.outer, &pair.inner].into_iter().zip(&mut cpu) {
        for _ in 0..STARTS {
            let daemon = station.start()?;
            wait_until_up(station)?;
            *cpu += stopped(daemon)? / STARTS as f64;
        }
    }
    fs::remove_dir_all(&directory)?;
    Ok(cpu)
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
    let (wall, peak_kib) = (begun.elapsed().as_secs_f64(), peak_kib(&daemon)?);
    Ok(Side { wall, cpu: stopped(daemon)?, peak_kib, floor: 0.0 })
}

/// Stops a daemon and gives the CPU seconds of its whole life: they count here once it was waited for.
fn stopped(daemon: Daemon) -> Result<f64> {
    let before = own_ticks()?;
    daemon.stop()?;
    Ok(seconds(own_ticks()?.children - before.children))
}

/// Gives the CPU seconds that the same files cost without a station: what a sender does with each and what a receiver does.
fn floor(place: &Place, files: u64) -> Result<[f64; 2]> {
    let directory = place.fresh()?;
    for own in ["staged", "taken"] {
        fs::create_dir(directory.join(own))?;
    }
    let into = timed(|| deliver_bare(&directory, files))?;
    place.sync()?;
    let out = timed(|| take_bare(&directory, files))?;
    fs::remove_dir_all(&directory)?;
    Ok([out, into])
}

fn timed(work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let before = own_ticks()?.itself;
    work()?;
    Ok(seconds(own_ticks()?.itself - before))
}

/// Creates and writes files, a packet's worth at a time, and renames them into place.
fn deliver_bare(directory: &Path, files: u64) -> Result<()> {
    let staged = |file: u64| directory.join(format!("staged/{file:096}"));
    for from in (0..files).step_by(STAGED as usize) {
        let packet = from..(from + STAGED).min(files);
        for file in packet.clone() {
            File::options().write(true).create_new(true).open(staged(file))?.write_all(&RECORD)?;
        }
        for file in packet {
            let folder = directory.join(format!("{:03}", file / FOLDER_FILES));
            if file % FOLDER_FILES == 0 {
                fs::create_dir(&folder)?;
            }
            fs::rename(staged(file), folder.join(format!("Biz{file:018}.xml")))?;
        }
    }
    Ok(())
}

/// Reads files, renames each away and removes it.
fn take_bare(directory: &Path, files: u64) -> Result<()> {
    let taken = directory.join("taken/file");
    for file in 0..files {
        let path = directory.join(format!("{:03}/Biz{file:018}.xml", file / FOLDER_FILES));
        ensure!(fs::read(&path)?.len() == RECORD.len(), "a file was cut");
        fs::rename(&path, &taken)?;
        fs::remove_file(&taken)?;
    }
    Ok(())
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

    #[test]
    fn growth_allows_for_what_the_file_system_takes_more_and_for_nothing_else() {
        let cost = |record, floor| Cost { record, floor };
        let [plain, beside] = cost(120.0, 50.0).growth(cost(80.0, 30.0));
        assert_eq!((plain, beside), (1.5, 1.2));
        assert_eq!(cost(120.0, 30.0).growth(cost(80.0, 30.0)), [1.5; 2]);
    }

    #[test]
    fn files_cross_the_bare_floor_and_nothing_is_left() {
        let root = tempfile::tempdir().expect("a temporary directory");
        for own in ["staged", "taken"] {
            fs::create_dir(root.path().join(own)).expect("create");
        }
        deliver_bare(root.path(), 150).expect("delivered");
        assert_eq!(fs::read_dir(root.path().join("001")).expect("list").count(), 50);
        take_bare(root.path(), 150).expect("taken");
        assert_eq!(fs::read_dir(root.path().join("001")).expect("list").count(), 0);
    }
}
