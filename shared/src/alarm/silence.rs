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

/// What a gap device adds to a signal's way where its profile says nothing: a scan of 10 s, and two more until a file counts as settled.
const DEVICE_MS: u64 = 30_000;

/// Gives what lies between a signal's making and its being read: the device's scans and settling, and a scan of either station.
pub fn way_ms(config: &StationConfig) -> u64 {
    let device_ms = Some(config.link.device.pick_up_ms()).filter(|ms| *ms > 0).unwrap_or(DEVICE_MS);
    device_ms + 2 * 1000 * config.ferry.scan_seconds
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
    grace_ms: u64,
    heard: bool,
}

impl Listener {
    /// Begins to listen: a station was opened.
    pub fn begin(hearing: Hearing, config: &StationConfig, now: Moment) -> Self {
        let grace_ms = Thresholds::of(config, hearing.period_seconds).rhythm_ms;
        Self { hearing, began: now, looked: now, scan_ms: 1000 * config.ferry.scan_seconds, grace_ms, heard: false }
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
        self.heard = true;
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

    /// Counts runs that are over and nothing came for, as far as this station had one rhythm to look before they were.
    fn count_runs(&mut self, runs: &Runs, now: Moment, passed_ms: u64) {
        let tolerance_ms = runs.tolerance_ms();
        // A clock that was set back must not leave runs done that lie far ahead.
        self.hearing.done_until_ms = self.hearing.done_until_ms.min(now.wall_ms.saturating_add(2 * tolerance_ms));
        let since = |ms: u64| now.wall_ms.saturating_sub(i64::try_from(ms).unwrap_or(i64::MAX));
        let began_ms = since(now.run_ms.saturating_sub(self.began.run_ms));
        let from_ms = since(passed_ms).max(now.wall_ms.saturating_sub(tolerance_ms));
        let looks_ms = began_ms.saturating_add(i64::try_from(self.grace_ms).unwrap_or(i64::MAX));
        let over_ms = runs.ended(from_ms, now.wall_ms).into_iter().map(|run_ms| run_ms + tolerance_ms);
        let missed = over_ms.filter(|over_ms| *over_ms >= looks_ms && *over_ms > self.hearing.done_until_ms).count();
        self.hearing.missed_runs = self.hearing.missed_runs.saturating_add(u32::try_from(missed).unwrap_or(u32::MAX));
    }

    /// The wall clock was set by so much: what is kept as a moment moves along.
    pub fn clock_stepped(&mut self, by_ms: i64) {
        self.hearing.done_until_ms = self.hearing.done_until_ms.saturating_add(by_ms);
    }

    /// Forgets the silence so far: a person accounts for it.
    pub fn forget_silence(&mut self) {
        (self.hearing.silent_ms, self.hearing.missed_runs) = (0, 0);
    }

    /// True within one rhythm of a start, when nothing is told yet.
    pub fn is_in_grace(&self, now: Moment) -> bool {
        now.run_ms < self.began.run_ms.saturating_add(self.grace_ms)
    }

    /// True once something was heard since the start: before, what is kept may be older than what was told.
    pub fn has_heard(&self) -> bool {
        self.heard
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

#[cfg(test)]
mod tests {
    use super::super::book::AlarmBook;
    use super::super::codes::Code;
    use super::super::maintenance::{Downtime, Maintenance};
    use super::super::watch::{Heard, Kept, Watch};
    use super::*;

    /// A receiver on a link that carries day and night, looking every ten seconds.
    struct Receiver {
        config: StationConfig,
        watch: Watch,
        book: AlarmBook,
        now: Moment,
        raised: Vec<(String, u64)>,
    }

    impl Receiver {
        fn new() -> Self {
            let station =
                "[station]\nid = \"00112233445566778899aabbccddeeff\"\nname = \"x\"\nside = \"inner\"\nenvironment = \"test\"";
            let config: StationConfig = toml::from_str(station).unwrap();
            let now = Moment { wall_ms: 1_795_305_600_000, run_ms: 7_000_000 };
            let watch = Watch::begin(&config, OpenTime::Always, Kept::default(), Maintenance::default(), now);
            Self { config, watch, book: AlarmBook::default(), now, raised: Vec::new() }
        }

        fn signal(&mut self) {
            self.watch.heard(self.now, Heard::Signal { period_seconds: 300, sender_clock_ms: self.now.wall_ms - 20_000 });
        }

        fn pass(&mut self, seconds: u64) {
            for _ in 0..seconds / 10 {
                self.now = Moment { wall_ms: self.now.wall_ms + 10_000, run_ms: self.now.run_ms + 10_000 };
                self.look();
            }
        }

        fn look(&mut self) {
            self.watch.look(self.now, &mut self.book);
            let lines = self.book.settle(self.now);
            let of = |line| match line {
                dukou_packets::log::line::Event::Alarm { code, .. } => Some((code, self.now.run_ms)),
                _ => None,
            };
            self.raised.extend(lines.into_iter().filter_map(of));
        }

        /// Off for a time, without a clean stop.
        fn restart(&mut self, off_seconds: i64) {
            let kept = self.watch.to_keep(self.now, true).cloned().unwrap_or_default();
            self.now.wall_ms += off_seconds * 1000;
            let maintenance = self.watch.maintenance.clone();
            self.watch = Watch::begin(&self.config, OpenTime::Always, kept, maintenance, self.now);
        }

        fn codes(&self) -> Vec<&str> {
            self.raised.iter().map(|(code, _)| code.as_str()).collect()
        }
    }

    #[test]
    fn before_the_first_signal_nothing_is_ever_raised() {
        let mut receiver = Receiver::new();
        receiver.pass(86_400 * 3);
        receiver.watch.heard(receiver.now, Heard::Packet);
        receiver.pass(86_400 * 3);
        assert_eq!(receiver.codes(), Vec::<&str>::new());
    }

    #[test]
    fn a_peer_that_promises_no_period_is_never_silent() {
        let mut receiver = Receiver::new();
        receiver.watch.heard(receiver.now, Heard::Signal { period_seconds: 0, sender_clock_ms: 0 });
        receiver.pass(86_400 * 3);
        assert_eq!(receiver.codes(), Vec::<&str>::new());
    }

    #[test]
    fn silence_is_first_quiet_and_then_silent_and_any_packet_ends_it() {
        let mut receiver = Receiver::new();
        receiver.signal();
        let (heard_ms, thresholds) = (receiver.now.run_ms, receiver.watch.thresholds());
        receiver.pass(20_000);
        assert_eq!(receiver.codes(), ["quiet", "silent"]);
        for ((_, at_ms), threshold_ms) in receiver.raised.iter().zip([thresholds.quiet_ms, thresholds.silent_ms]) {
            assert!((threshold_ms..threshold_ms + 10_000).contains(&(at_ms - heard_ms)), "{at_ms} {threshold_ms}");
        }
        assert!(receiver.book.is_open(Code::Silent, None) && !receiver.book.is_open(Code::Quiet, None));
        receiver.watch.heard(receiver.now, Heard::Packet);
        receiver.look();
        assert!(receiver.book.open().is_empty());
    }

    #[test]
    fn nothing_is_raised_within_one_rhythm_of_a_start_and_silence_goes_on_counting() {
        let mut receiver = Receiver::new();
        receiver.signal();
        let thresholds = receiver.watch.thresholds();
        receiver.pass(thresholds.silent_ms / 1000 - 20);
        assert_eq!(receiver.codes(), ["quiet"]);
        receiver.restart(50_000);
        let began_ms = receiver.now.run_ms;
        receiver.pass(20_000);
        assert_eq!(receiver.codes(), ["quiet", "silent"]);
        let after_ms = receiver.raised[1].1 - began_ms;
        assert!((thresholds.rhythm_ms..thresholds.rhythm_ms + 10_000).contains(&after_ms), "{after_ms}");
    }

    #[test]
    fn time_in_which_the_station_did_not_look_is_no_silence() {
        let mut receiver = Receiver::new();
        receiver.signal();
        for _ in 0..20 {
            let ms = 3_600_000;
            receiver.now = Moment { wall_ms: receiver.now.wall_ms + ms, run_ms: receiver.now.run_ms + ms as u64 };
            receiver.look();
        }
        assert_eq!(receiver.codes(), Vec::<&str>::new());
    }

    #[test]
    fn a_maintenance_mutes_and_what_it_muted_does_not_count_afterwards() {
        let mut receiver = Receiver::new();
        receiver.signal();
        let words = || "x".to_string();
        let (until_ms, until_run_ms) = (receiver.now.wall_ms + 7_200_000, receiver.now.run_ms + 7_200_000);
        receiver.watch.maintenance.begin(Downtime {
            until_ms,
            until_run_ms,
            reason: words(),
            name: words(),
            operator: words(),
        });
        receiver.pass(7200);
        assert_eq!(receiver.codes(), Vec::<&str>::new());
        let quiet_ms = receiver.watch.thresholds().quiet_ms;
        receiver.pass(quiet_ms / 1000 - 20);
        assert_eq!(receiver.codes(), Vec::<&str>::new());
        receiver.pass(20_000);
        assert_eq!(receiver.codes(), ["quiet", "silent"]);
    }

    #[test]
    fn a_wall_clock_that_is_set_is_told_once_and_raises_nothing() {
        let mut receiver = Receiver::new();
        for by_ms in [31_536_000_000, -2 * 31_536_000_000, 600_000, -3_600_000] {
            for _ in 0..20 {
                receiver.signal();
                receiver.pass(300);
            }
            assert_eq!(receiver.watch.take_clock_step(receiver.now), None);
            let before_ms = receiver.now.wall_ms + 10_000;
            receiver.now.wall_ms += by_ms;
            receiver.pass(10);
            assert_eq!(receiver.watch.take_clock_step(receiver.now), Some(before_ms));
            assert_eq!(receiver.watch.take_clock_step(receiver.now), None);
        }
        assert_eq!(receiver.codes(), Vec::<&str>::new());
    }

    #[test]
    fn a_silence_threshold_is_at_least_the_first_and_within_two_for_every_setting() {
        let mut receiver = Receiver::new();
        for scan_seconds in [1, 10, 60, 3600] {
            for quiet_periods in [3, 4, 100] {
                for period in [1, 10, 300, 86_400] {
                    receiver.config.ferry.scan_seconds = scan_seconds;
                    receiver.config.alarm.quiet_periods = quiet_periods;
                    let Thresholds { rhythm_ms, quiet_ms, silent_ms, .. } = Thresholds::of(&receiver.config, period);
                    assert!(quiet_ms <= silent_ms && silent_ms + rhythm_ms + 1000 * scan_seconds <= 2 * quiet_ms);
                }
            }
        }
    }
}
