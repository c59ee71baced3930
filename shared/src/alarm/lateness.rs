//! Lateness: everything comes, and everything comes late. A delay of all packets makes no gap and no silence.
//!
//! Given: the sender's clock in each signal, and the own clock at its arrival. Gives: whether the last signals were all later than the
//! least that was seen in seven days of running time, by more than two thresholds of open time. The two clocks need not agree: only changes
//! count. Never: a conclusion over a clock that was set while this station looked; then the least begins anew.

use super::book::Moment;
use super::open_time::OpenTime;
use serde::{Deserialize, Serialize};

/// Days of running time over which the least is taken.
const DAYS: u64 = 7;

const DAY_MS: u64 = 86_400_000;

/// Signals in a row that must all be late: one alone may have waited for a machine to be switched on.
const IN_A_ROW: u32 = 3;

/// A sender's clock that goes back by more than this from one signal to the next was set.
const SET_BACK_MS: i64 = 60_000;

/// The least difference of a day of running time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Least {
    day: u64,
    ms: i64,
}

/// What is known of how long signals take; at most one number for each of seven days.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lateness {
    days: Vec<Least>,
    late_in_a_row: u32,
    sender_clock_ms: Option<i64>,
}

impl Lateness {
    /// A signal came. `threshold_ms` is the first threshold of silence; a signal that `waited` for this station's start counts for the least only.
    pub fn arrived(&mut self, open: &OpenTime, now: Moment, sender_clock_ms: i64, threshold_ms: u64, waited: bool) {
        if self.sender_clock_ms.is_some_and(|last_ms| sender_clock_ms < last_ms.saturating_sub(SET_BACK_MS)) {
            self.forget();
        }
        self.sender_clock_ms = Some(sender_clock_ms);
        let took_ms = now.wall_ms.saturating_sub(sender_clock_ms);
        let excess_ms = took_ms.saturating_sub(self.least_with(now.run_ms / DAY_MS, took_ms));
        let open_ms = open.between_ms(now.wall_ms.saturating_sub(excess_ms), now.wall_ms);
        match open_ms > threshold_ms.saturating_mul(2) {
            false => self.late_in_a_row = 0,
            true if waited => {}
            true => self.late_in_a_row = self.late_in_a_row.saturating_add(1),
        }
    }

    /// Takes a difference in and gives the least of the last days.
    fn least_with(&mut self, day: u64, took_ms: i64) -> i64 {
        self.days.retain(|least| least.day + DAYS > day);
        match self.days.iter_mut().find(|least| least.day == day) {
            Some(least) => least.ms = least.ms.min(took_ms),
            None => self.days.push(Least { day, ms: took_ms }),
        }
        self.days.iter().map(|least| least.ms).min().unwrap_or(took_ms)
    }

    /// Forgets what was: a clock was set, and differences before and after do not compare.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// Tells whether everything comes late; `None` while single signals do.
    pub fn is_late(&self) -> Option<bool> {
        match self.late_in_a_row {
            0 => Some(false),
            IN_A_ROW.. => Some(true),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE_MS: u64 = 60_000;
    const THRESHOLD_MS: u64 = 17 * MINUTE_MS;

    /// A link whose signals are made every five minutes and come in their order, with a delay and with two clocks that can be set.
    struct Link {
        lateness: Lateness,
        made_minute: u64,
        came_minute: u64,
        sender_set_ms: i64,
        receiver_set_ms: i64,
    }

    impl Link {
        fn new() -> Self {
            Self { lateness: Lateness::default(), made_minute: 0, came_minute: 0, sender_set_ms: 0, receiver_set_ms: 0 }
        }

        fn signals(&mut self, count: u64, delay_minutes: u64) -> bool {
            for _ in 0..count {
                self.made_minute += 5;
                // A delay that ended lets the next ones pass at once, made when the last one came.
                self.made_minute = self.made_minute.max((self.came_minute + 1).saturating_sub(delay_minutes));
                self.came_minute = self.made_minute + delay_minutes;
                let real_ms = |minute: u64| 1_795_305_600_000 + (minute * MINUTE_MS) as i64;
                let wall_ms = real_ms(self.came_minute) + self.receiver_set_ms;
                let now = Moment { wall_ms, run_ms: self.came_minute * MINUTE_MS };
                let sent_ms = real_ms(self.made_minute) + self.sender_set_ms;
                self.lateness.arrived(&OpenTime::Always, now, sent_ms, THRESHOLD_MS, false);
            }
            self.lateness.is_late() == Some(true)
        }
    }

    #[test]
    fn a_delay_of_everything_is_told_after_three_signals_and_closed_by_the_first_in_time() {
        let mut link = Link::new();
        assert!(!link.signals(500, 1));
        assert!(!link.signals(2, 60), "two may have waited for a machine");
        assert!(link.signals(1, 60));
        assert!(link.signals(100, 60));
        assert!(!link.signals(1, 3));
    }

    #[test]
    fn a_delay_below_two_thresholds_is_not_told_and_one_above_is() {
        let mut link = Link::new();
        link.signals(10, 0);
        assert!(!link.signals(50, 34));
        assert!(link.signals(50, 35));
    }

    #[test]
    fn single_late_signals_are_not_told() {
        let mut link = Link::new();
        for _ in 0..200 {
            assert!(!link.signals(5, 1) && !link.signals(2, 600));
        }
    }

    #[test]
    fn clocks_that_differ_by_years_are_no_delay() {
        for (sender_set_ms, receiver_set_ms) in [(-40_000_000_000_000, 0), (40_000_000_000_000, 0), (0, 9_000_000_000)] {
            let mut link = Link { sender_set_ms, receiver_set_ms, ..Link::new() };
            assert!(!link.signals(500, 2));
            assert!(link.signals(3, 90), "a delay is seen all the same");
        }
    }

    #[test]
    fn a_senders_clock_that_is_set_to_and_fro_raises_nothing() {
        let mut link = Link::new();
        for by_ms in [3_600_000, -3_600_000, -86_400_000, 31_536_000_000, -31_536_000_000] {
            link.signals(100, 1);
            link.sender_set_ms += by_ms;
            for _ in 0..100 {
                assert!(!link.signals(1, 1), "{by_ms}");
            }
        }
    }

    #[test]
    fn what_is_kept_is_bounded_and_the_least_of_longer_ago_is_forgotten() {
        let mut link = Link::new();
        link.signals(10, 0);
        assert!(link.signals(288 * 6, 60));
        assert!(link.lateness.days.len() <= 7);
        assert!(!link.signals(288 * 2, 60), "after seven days a longer way is the usual one");
        assert_eq!(link.lateness.days.len(), 7);
    }

    #[test]
    fn extreme_clocks_are_taken_without_a_panic() {
        let mut lateness = Lateness::default();
        for clock_ms in [i64::MIN, i64::MAX, 0, i64::MIN, -1] {
            for wall_ms in [i64::MAX, i64::MIN, 0] {
                lateness.arrived(&OpenTime::Always, Moment { wall_ms, run_ms: u64::MAX / 2 }, clock_ms, u64::MAX, false);
            }
        }
    }
}
