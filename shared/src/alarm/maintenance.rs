//! Maintenance: a person's word that silence and lateness are expected for a time.
//!
//! Given: until when, by whom, why. Gives: no new alarm of silence or lateness until then. It ends when the wall clock says so or as much
//! running time has passed, whichever is first: a clock that is set back mutes nothing for ever. Never: a muted alarm of any other kind.

use super::book::Moment;
use super::codes::Code;
use crate::store::facts::Fact;
use serde::{Deserialize, Serialize};

/// Longest maintenance, 31 days.
pub const LONGEST_MS: i64 = 31 * 86_400_000;

/// Most downtimes that are kept: the newest ones, with who decided them and why.
const KEPT_MAX: usize = 50;

/// The downtimes that were noted, newest last; only the newest can go on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maintenance(Vec<Downtime>);

/// A time in which silence and lateness are expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Downtime {
    /// Wall clock in milliseconds at which it ends.
    pub until_ms: i64,
    /// Running time in milliseconds at which it ends at the latest.
    pub until_run_ms: u64,
    /// Why.
    pub reason: String,
    /// Who decided, by name.
    pub name: String,
    /// The account, as the packet log names it.
    pub operator: String,
}

impl Fact for Maintenance {
    const NAME: &str = "maintenance";
}

impl Maintenance {
    /// Begins one; an earlier one ends with it.
    pub fn begin(&mut self, downtime: Downtime) {
        let surplus = (self.0.len() + 1).saturating_sub(KEPT_MAX);
        self.0.drain(..surplus);
        self.0.push(downtime);
    }

    /// Ends the newest one.
    pub fn end(&mut self, now: Moment) {
        if let Some(downtime) = self.0.last_mut() {
            downtime.until_run_ms = downtime.until_run_ms.min(now.run_ms);
        }
    }

    /// Gives the maintenance that goes on at this moment.
    pub fn going_on(&self, now: Moment) -> Option<&Downtime> {
        self.0.last().filter(|downtime| now.wall_ms < downtime.until_ms && now.run_ms < downtime.until_run_ms)
    }
}

/// Tells whether a maintenance mutes a kind of alarm.
pub fn mutes(code: Code) -> bool {
    matches!(code, Code::Quiet | Code::Silent | Code::Late)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: u64 = 3_600_000;

    fn at(wall_hours: i64, run_hours: u64) -> Moment {
        Moment { wall_ms: wall_hours * HOUR_MS as i64, run_ms: run_hours * HOUR_MS }
    }

    fn of_ten_hours() -> Maintenance {
        let mut maintenance = Maintenance::default();
        let words = || "x".to_string();
        let (until_ms, until_run_ms) = (at(110, 0).wall_ms, 15 * HOUR_MS);
        maintenance.begin(Downtime { until_ms, until_run_ms, reason: words(), name: words(), operator: words() });
        maintenance
    }

    #[test]
    fn a_maintenance_ends_by_the_wall_clock_or_by_running_time_whichever_is_first() {
        let maintenance = of_ten_hours();
        assert!(maintenance.going_on(at(100, 5)).is_some());
        assert!(maintenance.going_on(at(110, 6)).is_none(), "the wall clock ends it though the station was off");
        assert!(maintenance.going_on(at(-5000, 14)).is_some());
        assert!(maintenance.going_on(at(-5000, 15)).is_none(), "a clock set back mutes nothing for ever");
    }

    #[test]
    fn a_person_ends_it_earlier_and_what_is_kept_is_bounded() {
        let mut maintenance = of_ten_hours();
        maintenance.end(at(101, 6));
        assert!(maintenance.going_on(at(101, 6)).is_none());
        for _ in 0..200 {
            let next = maintenance.0.last().cloned().unwrap();
            maintenance.begin(next);
        }
        assert_eq!(maintenance.0.len(), KEPT_MAX);
    }
}
