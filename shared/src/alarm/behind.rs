//! What grows and is not worked off: a backlog, and a share that fills.
//!
//! Given: samples with the time that counts for each. Gives: whether a backlog has grown for so long, how full a share is, whether something stayed
//! nearly full. After a crash: measured anew; an alarm that is open stays so until it is measured that its cause is gone. Never: a clock, a
//! store or a file touched.

/// Windows of time in a row in each of which a backlog must have grown. One more, before them, gives what it is compared with.
pub const WINDOWS: u64 = 3;

/// In each window a backlog must grow by half of its part of the growth that counts.
const STEPS: u64 = 2;

/// Whether a backlog grows: in each of [`WINDOWS`] windows of time its least amount was larger than in the one before and its number no smaller, and
/// in all it has grown by what is asked.
///
/// A backlog that is worked off now and then, or that shrinks, however large it is, is none that grows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Growth {
    passed_ms: u64,
    /// The least amount and the least count of this window.
    least: Option<(u64, u64)>,
    /// Those of the window before.
    before: Option<(u64, u64)>,
    /// The least amount of the last window in which it did not grow.
    base: u64,
    /// Windows since then.
    windows: u64,
    /// Once it grows: the amount that it must not exceed to be worked off again.
    behind: Option<u64>,
}

impl Growth {
    /// A backlog that was behind before this run.
    pub fn known_behind(growth: u64) -> Self {
        Self { behind: Some(growth / 2), ..Self::default() }
    }

    /// Tells whether it has grown and was not worked off since.
    pub fn is_behind(&self) -> bool {
        self.behind.is_some()
    }

    /// Begins to measure anew: time passed in which nothing could be known. What is behind stays so.
    pub fn forget(&mut self) {
        *self = Self { behind: self.behind, ..Self::default() };
    }

    /// Takes a sample: the time since the last one that counts, how much waits, and in how many pieces (0: nothing waits). `window_ms` is one window,
    /// `growth` the amount by which a backlog must have grown.
    /// A sample may stand for several windows.
    pub fn sample(&mut self, passed_ms: u64, (amount, count): (u64, u64), window_ms: u64, growth: u64) {
        if count == 0 {
            *self = Self { before: Some((0, 0)), ..Self::default() };
            return;
        }
        self.passed_ms = self.passed_ms.saturating_add(passed_ms);
        let (least, fewest) = self.least.unwrap_or((amount, count));
        let least = (least.min(amount), fewest.min(count));
        self.least = Some(least);
        let windows = self.passed_ms.checked_div(window_ms).unwrap_or(0);
        if windows > 0 {
            (self.passed_ms, self.least) = (0, None);
            self.end_windows(windows, least, growth);
        }
    }

    /// Takes a sample of what a peer has not confirmed: age of the oldest packet and their number. Time in which the peer is not heard tells nothing, nor
    /// does time in which nobody looked.
    pub fn sample_unconfirmed(&mut self, open_ms: u64, (age_ms, count): (u64, u64), is_heard: bool, limit_ms: u64) {
        match count > 0 && !is_heard {
            true => self.forget(),
            false => self.sample(open_ms.min(limit_ms / WINDOWS), (age_ms, count), limit_ms / WINDOWS, limit_ms / 2),
        }
    }

    fn end_windows(&mut self, windows: u64, (amount, count): (u64, u64), growth: u64) {
        let step = growth / (STEPS * WINDOWS);
        let rose = self.before.is_some_and(|(before, fewest)| count >= fewest && amount >= before.saturating_add(step));
        (self.windows, self.base) = match rose {
            true => (self.windows.saturating_add(windows), self.base.min(amount)),
            false => (0, amount),
        };
        self.before = Some((amount, count));
        let grew = self.windows >= WINDOWS && amount >= self.base.saturating_add(growth);
        self.behind = match self.behind {
            Some(floor) => Some(floor).filter(|floor| amount > *floor),
            None => grew.then_some(self.base.saturating_add(growth / 2)),
        };
    }
}

/// How full a share is. It rises at 70 and at 90 per cent, and falls ten later, so that a share about an edge does not flap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// Less.
    #[default]
    Low,
    /// From 70 per cent, until it is below 60.
    Seventy,
    /// From 90 per cent, until it is below 80.
    Ninety,
}

impl Mark {
    /// Gives the mark at this share.
    pub fn after(self, percent: u64) -> Self {
        let rises = match percent {
            90.. => Self::Ninety,
            70.. => Self::Seventy,
            _ => Self::Low,
        };
        let stays = match percent {
            80.. => Self::Ninety,
            60.. => Self::Seventy,
            _ => Self::Low,
        };
        rises.max(self.min(stays))
    }
}

/// Whether something stayed nearly full for so long: at 90 per cent at each sample, and never below 70 since.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fullness {
    full_ms: u64,
    is_full: bool,
}

impl Fullness {
    /// One that was full before this run.
    pub fn known_full(is_full: bool) -> Self {
        Self { full_ms: 0, is_full }
    }

    /// Takes a sample, with the time since the last one that counts; gives whether it stayed nearly full for `limit_ms`.
    pub fn sample(&mut self, passed_ms: u64, percent: u64, limit_ms: u64) -> bool {
        match percent {
            90.. => self.full_ms = self.full_ms.saturating_add(passed_ms),
            70.. => {}
            _ => *self = Self::default(),
        }
        self.is_full |= self.full_ms >= limit_ms;
        self.is_full
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE_MS: u64 = 60_000;
    const WINDOW_MS: u64 = 20 * MINUTE_MS;
    /// Half an hour.
    const GROWTH: u64 = 30 * MINUTE_MS;

    /// Samples a minute apart; gives the minutes at which it began and ended to be behind.
    fn changes(amounts: impl Iterator<Item = (u64, u64)>) -> Vec<u64> {
        let (mut growth, mut changes) = (Growth::default(), Vec::new());
        for (minute, (amount, count)) in (1..).zip(amounts) {
            let before = growth.is_behind();
            growth.sample(MINUTE_MS, (amount, count), WINDOW_MS, GROWTH);
            if growth.is_behind() != before {
                changes.push(minute);
            }
        }
        changes
    }

    #[test]
    fn what_is_worked_off_half_as_fast_as_it_comes_is_behind_within_two_hours_and_once() {
        let changes = changes((0..600).map(|minute| (minute * MINUTE_MS / 2, minute / 2)));
        assert_eq!(changes.len(), 1, "{changes:?}");
        assert!((60..=120).contains(&changes[0]), "{changes:?}");
    }

    #[test]
    fn a_large_backlog_that_shrinks_or_stays_is_none_that_grows() {
        let shrinks = |minute: u64| ((600 - minute) * MINUTE_MS, 100_000 - minute * 100);
        assert_eq!(changes((0..600).map(shrinks)), Vec::<u64>::new());
        assert_eq!(changes((0..600).map(|_| (400 * MINUTE_MS, 9))), Vec::<u64>::new(), "a slow way, and no slower");
        let shakes = |minute: u64| ((10 + minute * 7919 % 20) * MINUTE_MS, 5 + minute % 3);
        assert_eq!(changes((0..6000).map(shakes)), Vec::<u64>::new());
        let older_and_fewer = |minute: u64| (minute * MINUTE_MS, 100_000 - 100 * minute);
        assert_eq!(changes((0..600).map(older_and_fewer)), Vec::<u64>::new(), "one large drop that is worked off");
    }

    #[test]
    fn it_ends_when_it_is_worked_off_and_not_at_the_first_packet_of_it() {
        let there_and_back = |minute: u64| match minute {
            0..=240 => minute,
            _ => 480u64.saturating_sub(minute),
        };
        let changes = changes((0..520).map(|minute| (there_and_back(minute) * MINUTE_MS, there_and_back(minute))));
        let [raised, closed] = changes[..] else { panic!("{changes:?}") };
        assert!(raised < 120 && (400..500).contains(&closed), "{changes:?}");
    }

    #[test]
    fn time_in_which_nothing_could_be_known_makes_no_growth_and_a_restart_keeps_what_is_behind() {
        let mut growth = Growth::default();
        for minute in 0..600 {
            if minute % 50 == 0 {
                growth.forget();
            }
            growth.sample(MINUTE_MS, (minute * MINUTE_MS, minute), WINDOW_MS, GROWTH);
            assert!(!growth.is_behind(), "minute {minute}");
        }
        let mut known = Growth::known_behind(GROWTH);
        (0..19).for_each(|_| known.sample(MINUTE_MS, (0, 1), WINDOW_MS, GROWTH));
        assert!(known.is_behind(), "nothing is measured yet");
        known.sample(MINUTE_MS, (0, 1), WINDOW_MS, GROWTH);
        assert!(!known.is_behind());
        let mut known = Growth::known_behind(GROWTH);
        known.sample(MINUTE_MS, (0, 0), WINDOW_MS, GROWTH);
        assert!(!known.is_behind(), "nothing waits");
    }

    #[test]
    fn a_mark_rises_at_seventy_and_ninety_and_falls_ten_later() {
        let mut mark = Mark::default();
        let shares = [0, 69, 70, 69, 60, 59, 95, 80, 79, 90, 89, 10, 75, 65, 91, 61];
        let marks: Vec<Mark> = shares
            .iter()
            .map(|percent| {
                mark = mark.after(*percent);
                mark
            })
            .collect();
        use Mark::{Low, Ninety, Seventy};
        let expected = [
            Low, Low, Seventy, Seventy, Seventy, Low, Ninety, Ninety, Seventy, Ninety, Ninety, Low, Seventy, Seventy, Ninety,
            Seventy,
        ];
        assert_eq!(marks, expected);
    }

    #[test]
    fn what_fills_and_empties_again_and_again_is_not_full_and_what_stays_full_is() {
        let mut tide = Fullness::default();
        for minute in 0..6000 {
            assert!(!tide.sample(MINUTE_MS, [95, 99, 100, 20][minute % 4], 60 * MINUTE_MS));
        }
        let mut stuck = Fullness::default();
        let told = (0..200).filter(|minute| stuck.sample(MINUTE_MS, 90 + minute % 10, 60 * MINUTE_MS)).count();
        assert_eq!(told, 200 - 59);
        assert!(stuck.sample(MINUTE_MS, 75, 60 * MINUTE_MS), "no room to speak of");
        assert!(!stuck.sample(MINUTE_MS, 69, 60 * MINUTE_MS));
    }
}
