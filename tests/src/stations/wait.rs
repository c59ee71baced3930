//! Waiting for something that another process does.

use std::thread;
use std::time::{Duration, Instant};

use super::daemon::journal;
use super::station::Station;

/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How many lines of a journal are told when a wait is given up.
const TOLD_LINES: usize = 15;

/// As [`until`], and tells what the station says of itself when it is given up: its status, the end of its journal, and what room its disk has.
///
/// # Panics
/// Panics with `what` when `limit` has passed.
#[track_caller]
pub fn until_at(station: &Station, what: &str, limit: Duration, mut ready: impl FnMut() -> bool) {
    let began = Instant::now();
    while !ready() {
        assert!(began.elapsed() < limit, "after {limit:?} still waiting until {what}; {}", told(station));
        thread::sleep(LOOK_EVERY);
    }
}

fn told(station: &Station) -> String {
    let status = station.ask(&["status", "--json"]);
    let journal = journal(station);
    let lines: Vec<&str> = journal.lines().collect();
    let last = lines.get(lines.len().saturating_sub(TOLD_LINES)..).unwrap_or_default().join("\n");
    let room = rustix::fs::statvfs(&station.dir).map(|disk| (disk.f_bavail * disk.f_frsize) >> 20);
    format!("its status: {}\nits journal ends:\n{last}\nroom left on its disk (MiB): {room:?}", status.all())
}

/// Waits until `ready` says yes.
///
/// # Panics
/// Panics with `what` when `limit` has passed.
#[track_caller]
pub fn until(what: &str, limit: Duration, mut ready: impl FnMut() -> bool) {
    let began = Instant::now();
    while !ready() {
        assert!(began.elapsed() < limit, "after {limit:?} still waiting until {what}");
        thread::sleep(LOOK_EVERY);
    }
}
