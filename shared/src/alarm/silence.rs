//! Silence: how long nothing came from the peer while something should have.
//!
//! Given: every verified arrival, and a look now and then. Gives: whether the peer is heard, quiet or silent. It counts the station's running
//! time that falls into open time, and of a link that is carried at times of day the runs on which nothing came. Never: a word before the peer
//! promised a period, within one period of a start, or about time in which this station did not look.
//!
//! With the rhythm r = the peer's period (at least one scan) + what the devices add, the first threshold is T = n · r (`quiet_periods`). The
//! peer is quiet after T. It is silent after 2 T less one rhythm, which a start may take as grace, one scan, which the look may come late, and a
//! minute, which a crash may forget: so a link that is cut is told as silent after at least T and at most 2 T of open running time.

use super::book::Moment;
use super::open_time::{OpenTime, Runs};
use crate::station::StationConfig;
use serde::{Deserialize, Serialize};

/// Scans within which a look must come for all the time before it to count: in a longer one the station worked and did not look.
const LOOKS_MAX: u64 = 3;

/// What a gap device adds to a signal's way: a scan of 10 s, and two more until a file counts as settled.
const DEVICE_MS: u64 = 30_000;

/// Gives what lies between a signal's making and its being read: the device's scans and settling, and a scan of either station.
pub fn way_ms(config: &StationConfig) -> u64 {
    DEVICE_MS + 2 * 1000 * config.ferry.scan_seconds
}

/// Running time between two times that what is kept is stored: a crash forgets no more.
pub(super) const KEEP_EVERY_MS: u64 = 60_000;

/// When silence counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// The peer's period with what the devices add: one is the grace after a start.
    pub rhythm_ms: u64,
    /// The first threshold: quiet.
    pub quiet_ms: u64,
    /// Silent.
    pub silent_ms: u64,
    /// Runs missed in a row that make silence.
    pub missed_runs: u32,
}

impl Thresholds {
    /// Works the thresholds out for a peer that promised this period.
    pub fn of(config: &StationConfig, period_seconds: u32) -> Self {
        let scan_ms = 1000 * config.ferry.scan_seconds;
        let rhythm_ms = (1000 * u64::from(period_seconds)).max(scan_ms) + way_ms(config);
        let quiet_ms = u64::from(config.alarm.quiet_periods) * rhythm_ms;
        let silent_ms = 2 * quiet_ms - rhythm_ms - scan_ms - KEEP_EVERY_MS;
        Self { rhythm_ms, quiet_ms, silent_ms, missed_runs: config.alarm.missed_runs }
    }
}

/// How the peer is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// As it should be.
    Heard,
    /// Nothing for longer than the first threshold, or on one run.
    Quiet,
    /// Nothing for so long that the link is probably broken.
    Silent,
}

/// What was heard last, and how long nothing came since. It outlives a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hearing {
    /// The period that the peer's newest signal promised, in seconds; 0 while none did.
    pub period_seconds: u32,
    /// Open running time since something came, in milliseconds.
    pub silent_ms: u64,
    /// Runs in a row on which nothing came.
    pub missed_runs: u32,
    /// Runs whose tolerance is over by this moment (wall clock) are done: something came for them.
    pub done_until_ms: i64,
}

/// The hearing of a station at work.
#[derive(Clone, Debug)]
pub struct Listener {
    hearing: Hearing,
    began: Moment,
    looked: Moment,
    scan_ms: u64,
}

impl Listener {
    /// Begins to listen: a station was opened.
    pub fn begin(hearing: Hearing, scan_seconds: u64, now: Moment) -> Self {
        Self { hearing, began: now, looked: now, scan_ms: 1000 * scan_seconds }
    }

    /// Gives what is kept over a restart.
    pub fn hearing(&self) -> &Hearing {
        &self.hearing
    }

    /// Something of the peer was verified; a signal says with it what period the peer promises.
    pub fn heard(&mut self, open: &OpenTime, now: Moment, period_seconds: Option<u32>) {
        self.pass_time(open, now);
        let done_until_ms = open.runs().map_or(0, |runs| now.wall_ms.saturating_add(2 * runs.tolerance_ms()));
        let period_seconds = period_seconds.unwrap_or(self.hearing.period_seconds);
        self.hearing = Hearing { period_seconds, silent_ms: 0, missed_runs: 0, done_until_ms };
    }

    /// Counts the time since the last look.
    pub fn pass_time(&mut self, open: &OpenTime, now: Moment) {
        let passed_ms = now.run_ms.saturating_sub(self.looked.run_ms);
        self.looked = now;
        if let Some(runs) = open.runs() {
            self.count_runs(runs, now, passed_ms);
        }
        let counted_ms = i64::try_from(passed_ms.min(LOOKS_MAX * self.scan_ms)).unwrap_or(i64::MAX);
        self.hearing.silent_ms += open.between_ms(now.wall_ms.saturating_sub(counted_ms), now.wall_ms);
    }

    /// Counts runs that are over and nothing came for, as far as this station ran since their time of day.
    fn count_runs(&mut self, runs: &Runs, now: Moment, passed_ms: u64) {
        let tolerance_ms = runs.tolerance_ms();
        // A clock that was set back must not leave runs done that lie far ahead.
        self.hearing.done_until_ms = self.hearing.done_until_ms.min(now.wall_ms.saturating_add(2 * tolerance_ms));
        let since = |ms: u64| now.wall_ms.saturating_sub(i64::try_from(ms).unwrap_or(i64::MAX));
        let began_ms = since(now.run_ms.saturating_sub(self.began.run_ms));
        let from_ms = since(passed_ms).max(now.wall_ms.saturating_sub(tolerance_ms));
        let is_missed = |run_ms: &&i64| **run_ms >= began_ms && **run_ms + tolerance_ms > self.hearing.done_until_ms;
        let missed = runs.ended(from_ms, now.wall_ms).iter().filter(is_missed).count();
        self.hearing.missed_runs = self.hearing.missed_runs.saturating_add(u32::try_from(missed).unwrap_or(u32::MAX));
    }

    /// The wall clock was set by so much: what is kept as a moment moves along.
    pub fn clock_stepped(&mut self, by_ms: i64) {
        self.hearing.done_until_ms = self.hearing.done_until_ms.saturating_add(by_ms);
    }

    /// Forgets the silence so far: a maintenance ends.
    pub fn forget_silence(&mut self) {
        (self.hearing.silent_ms, self.hearing.missed_runs) = (0, 0);
    }

    /// True within one rhythm of a start, when nothing is told yet.
    pub fn is_in_grace(&self, thresholds: &Thresholds, now: Moment) -> bool {
        now.run_ms < self.began.run_ms.saturating_add(thresholds.rhythm_ms)
    }

    /// Tells how the peer is heard.
    pub fn silence(&self, open: &OpenTime, thresholds: &Thresholds) -> Silence {
        let Hearing { period_seconds, silent_ms, missed_runs, .. } = self.hearing;
        let (quiet, silent) = match open {
            _ if period_seconds == 0 => (false, false),
            OpenTime::Runs(_) => (missed_runs > 0, missed_runs >= thresholds.missed_runs),
            _ => (silent_ms >= thresholds.quiet_ms, silent_ms >= thresholds.silent_ms),
        };
        match (quiet, silent) {
            (_, true) => Silence::Silent,
            (true, _) => Silence::Quiet,
            _ => Silence::Heard,
        }
    }
}
