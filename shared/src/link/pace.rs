//! The pace at which packets are placed again, so that what is made up for goes beside live traffic and not before it.
//!
//! Given: the running time. Gives: how many packets may be placed again now. After a crash: the minute begins anew. Never: a clock read here, or a
//! packet counted that nobody placed.

use std::collections::VecDeque;

/// The span that the limit is for, in milliseconds of running time.
const MINUTE_MS: u64 = 60_000;

/// Lets so many packets within any minute of running time be placed again; automatic resends, delayed repeats and a person's `resend` share it.
///
/// A caller asks with [`allowance`](Self::allowance), places at most so many, and says with [`spend`](Self::spend) how many it placed. What it
/// could not place waits with the caller: the pacer keeps no queue.
#[derive(Debug)]
pub struct Pacer {
    per_minute: u32,
    /// What was placed in the last minute: running time and count, oldest first.
    placed: VecDeque<(u64, u64)>,
    /// Sum of the counts in `placed`.
    within: u64,
}

impl Pacer {
    /// Makes a pacer for so many packets a minute; 0 limits nothing.
    pub fn new(per_minute: u32) -> Self {
        Self { per_minute, placed: VecDeque::new(), within: 0 }
    }

    /// Tells how many packets may be placed at this running time (ms); `u64::MAX` where nothing is limited.
    pub fn allowance(&mut self, now_ms: u64) -> u64 {
        if self.per_minute == 0 {
            return u64::MAX;
        }
        while let Some((_, count)) = self.placed.front().copied().filter(|(at_ms, _)| at_ms + MINUTE_MS <= now_ms) {
            self.placed.pop_front();
            self.within -= count;
        }
        u64::from(self.per_minute).saturating_sub(self.within)
    }

    /// Counts packets that were placed at this running time (ms).
    pub fn spend(&mut self, now_ms: u64, count: u64) {
        if self.per_minute == 0 || count == 0 {
            return;
        }
        self.within += count;
        match self.placed.back_mut() {
            Some((at_ms, placed)) if *at_ms == now_ms => *placed += count,
            _ => self.placed.push_back((now_ms, count)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_minute_holds_more_than_the_limit_whenever_it_begins() {
        let mut pacer = Pacer::new(10);
        let mut placed = Vec::new();
        for now_ms in (0..600_000).step_by(700) {
            let count = pacer.allowance(now_ms).min(1 + now_ms / 700 % 4);
            pacer.spend(now_ms, count);
            placed.push((now_ms, count));
        }
        for (begin_ms, _) in &placed {
            let minute = placed.iter().filter(|(at_ms, _)| (*begin_ms..begin_ms + MINUTE_MS).contains(at_ms));
            let within: u64 = minute.map(|(_, count)| count).sum();
            assert!(within <= 10, "{within} in the minute from {begin_ms}");
        }
        let all: u64 = placed.iter().map(|(_, count)| count).sum();
        assert_eq!(all, 100, "the limit is used in each of the ten minutes");
    }

    #[test]
    fn without_a_limit_everything_may_go_at_once() {
        let mut pacer = Pacer::new(0);
        pacer.spend(5, 1_000_000);
        assert_eq!(pacer.allowance(5), u64::MAX);
    }

    #[test]
    fn what_was_not_placed_is_not_counted() {
        let mut pacer = Pacer::new(3);
        assert_eq!(pacer.allowance(0), 3);
        pacer.spend(0, 0);
        assert_eq!(pacer.allowance(0), 3);
        pacer.spend(0, 2);
        assert_eq!((pacer.allowance(59_999), pacer.allowance(60_000)), (1, 3));
    }
}
