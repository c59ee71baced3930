//! A station that runs.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::station::Station;
use super::wait::until;

/// How long a daemon may take to stop after SIGTERM.
pub const STOP_LIMIT: Duration = Duration::from_secs(5);

/// Tells whether a process has a handler for SIGTERM.
fn heeds_sigterm(id: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let mask = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask & (1 << (Signal::TERM.as_raw() - 1)) != 0
}

/// A running daemon; one that is dropped is killed.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    station: Station,
}

impl Daemon {
    /// Starts a station's daemon; its journal is appended to a file beside the station's directory.
    ///
    /// # Panics
    /// Panics when it cannot be started.
    #[track_caller]
    pub fn start(station: &Station) -> Self {
        Self::start_as(station, &[])
    }

    /// As [`start`](Self::start), with further options of `run`.
    ///
    /// # Panics
    /// Panics when it cannot be started.
    #[track_caller]
    pub fn start_as(station: &Station, options: &[&str]) -> Self {
        let journal = File::options().create(true).append(true).open(journal_of(station)).unwrap();
        let mut command = station.command(&[&["run"], options].concat());
        command.env_remove("DUKOU_JOURNAL").stdin(Stdio::null()).stdout(journal.try_clone().unwrap()).stderr(journal);
        Self { child: command.spawn().unwrap(), station: station.clone() }
    }

    /// Starts a daemon and waits until it holds the station's lock.
    #[track_caller]
    pub fn running(station: &Station) -> Self {
        let before = super::audit::count(station, "start");
        let daemon = Self::start(station);
        until("the daemon has begun", Duration::from_secs(20), || super::audit::count(station, "start") > before);
        daemon
    }

    /// Kills it as a power cut would, and waits for its end.
    pub fn kill(mut self) {
        self.end_now();
    }

    /// Asks it to stop, and gives its exit code and how long it took.
    ///
    /// # Panics
    /// Panics when it does not stop within twice [`STOP_LIMIT`].
    #[track_caller]
    pub fn stop(mut self) -> (i32, Duration) {
        // Before its handlers are there a process ends as the system ends it: nobody can leave cleanly in those moments.
        until("the daemon heeds SIGTERM or has ended", STOP_LIMIT, || {
            heeds_sigterm(self.child.id()) || self.child.try_wait().unwrap().is_some()
        });
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        let asked = Instant::now();
        let mut code = None;
        until("the daemon has stopped", 2 * STOP_LIMIT, || {
            code = self.child.try_wait().unwrap().map(|status| status.code().unwrap_or(-1));
            code.is_some()
        });
        (code.unwrap_or(-1), asked.elapsed())
    }

    /// Stops it and expects a clean end in time.
    #[track_caller]
    pub fn stop_cleanly(self) {
        let station = self.station.clone();
        let (code, took) = self.stop();
        assert_eq!(code, 0, "{}", journal(&station));
        assert!(took < STOP_LIMIT, "it took {took:?}");
    }

    /// Gives its exit code once it has ended by itself.
    pub fn ended(&mut self) -> Option<i32> {
        self.child.try_wait().unwrap().map(|status| status.code().unwrap_or(-1))
    }

    /// Gives its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    fn end_now(&mut self) {
        // It may have ended already; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.end_now();
    }
}

fn journal_of(station: &Station) -> PathBuf {
    station.dir.with_extension("journal")
}

/// Gives everything the daemons of a station printed so far.
pub fn journal(station: &Station) -> String {
    fs::read_to_string(journal_of(station)).unwrap_or_default()
}
