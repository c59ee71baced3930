//! The daily log built, and sent where that is settled, by the running station at a time of the day.
//!
//! - **Given** a lane with `build_at`, the day mark, the rows and messages.
//! - **Gives** the log once the day mark says that all rows are here, and lets it go where `send_by_itself` says so. After `wait_for_day_mark` of running time without that it asks a person.
//! - **After a crash** it waits anew; the guard keeps what left from leaving again.
//! - **Never** builds from rows that are not known to be complete, or sends what a person has decided about.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime};

use super::build::completeness;
use super::lane::{Lane, LogSource, Reports};
use super::tries::built_anyway;
use crate::engine::Engine;
use crate::error::EngineFault;
use crate::registration::day::ids::AreaCode;
use crate::registration::day::log::guard::State;
use crate::registration::day::log::when::{When, when};
use crate::registration::kept::{self, LogOrigin, civil_of};
use crate::requests::Answer;

/// Running time between two looks at days that are due.
const LOOK_MS: u64 = 10_000;

/// What the running station remembers of days that are due.
#[derive(Debug, Default)]
pub(crate) struct ByItself {
    /// Running time of the next look.
    look_ms: u64,
    /// Since when (running time) each day is waited for.
    since_ms: BTreeMap<(AreaCode, Date), u64>,
    /// Days that a person is asked about.
    pub(super) asks: BTreeSet<(AreaCode, Date)>,
    /// Days whose log was built, and let go where it goes by itself.
    done: BTreeSet<(AreaCode, Date)>,
}

impl Engine {
    /// Builds and sends what is due.
    pub(crate) fn tend_logs(&mut self) -> Result<(), EngineFault> {
        let run_ms = self.running_ms();
        if run_ms < self.by_itself.look_ms {
            return Ok(());
        }
        self.by_itself.look_ms = run_ms + LOOK_MS;
        let now = civil_of(self.seams.clock.wall_ms());
        for lane in self.station.config.lanes.clone() {
            if let Some((day, due)) = due_day(&lane, now)
                && !self.by_itself.done.contains(&(lane.area, day))
            {
                self.tend_day(&lane, day, due)?;
            }
        }
        Ok(())
    }

    fn tend_day(&mut self, lane: &Lane, day: Date, due: DateTime) -> Result<(), EngineFault> {
        let key = (lane.area, day);
        let guard = self.guard_of(lane.area, day)?;
        if guard.is_some_and(|guard| guard.state != State::Ready || !guard.orders.is_empty()) {
            return self.end_day(key, false);
        }
        // Whoever had it built from what was here decides when it goes, too.
        if built_anyway(self.store(), lane.area, day)?.is_some() {
            return self.end_day(key, false);
        }
        let built = kept::log(self.store(), lane.area, day, LogOrigin::Built)?;
        if built.is_none_or(|built| built.fact.made < due) {
            let run_ms = self.running_ms();
            let since_ms = *self.by_itself.since_ms.entry(key).or_insert(run_ms);
            let settings = lane.settings();
            let facts = self.facts_of(&settings, day)?;
            // A station that was not there on the day itself is not asked about it.
            if facts.mark.is_none() && due.date() < civil_of(self.seams.clock.wall_ms()).date() {
                return self.end_day(key, false);
            }
            match when(completeness(&settings, day, &facts), run_ms - since_ms, lane.wait_ms()) {
                When::In(_) => return Ok(()),
                When::AsksAPerson => return self.ask_about(key),
                When::Now => {
                    let answer = self.build_log(lane, day, None, "")?;
                    self.say_in_journal(&answer);
                    if answer.exit != 0 {
                        return self.ask_about(key);
                    }
                }
            }
        }
        self.let_go_by_itself(lane, day)
    }

    /// Sends the log of the configured source, where the station is settled to do so. A carried one that is not here yet is waited for as long as the day mark.
    fn let_go_by_itself(&mut self, lane: &Lane, day: Date) -> Result<(), EngineFault> {
        let key = (lane.area, day);
        if lane.reports != Reports::Submit || !lane.log.send_by_itself {
            return self.end_day(key, false);
        }
        let run_ms = self.running_ms();
        let waited_ms = run_ms - *self.by_itself.since_ms.entry(key).or_insert(run_ms);
        let is_here =
            lane.log.source == LogSource::Built || kept::log(self.store(), lane.area, day, LogOrigin::Carried)?.is_some();
        if !is_here {
            return if waited_ms < lane.wait_ms() { Ok(()) } else { self.ask_about(key) };
        }
        let answer = self.send_log(lane, day, "")?;
        self.say_in_journal(&answer);
        // What was tried has its guard; what was not, since it contradicts itself or its bytes are gone, a person looks into.
        let is_tried = self.guard_of(lane.area, day)?.is_some();
        self.end_day(key, !is_tried)
    }

    fn say_in_journal(&self, answer: &Answer) {
        tracing::info!(exit = answer.exit, "{}", answer.sentence(self.lang()));
    }

    /// Asks a person, and goes on looking: rows that come later end it.
    fn ask_about(&mut self, key: (AreaCode, Date)) -> Result<(), EngineFault> {
        if self.by_itself.asks.insert(key) {
            self.look_at_guards()?;
        }
        Ok(())
    }

    fn end_day(&mut self, key: (AreaCode, Date), asks: bool) -> Result<(), EngineFault> {
        self.by_itself.since_ms.remove(&key);
        let changes = if asks { self.by_itself.asks.insert(key) } else { self.by_itself.asks.remove(&key) };
        if !asks {
            self.by_itself.done.insert(key);
        }
        if changes { self.look_at_guards() } else { Ok(()) }
    }
}

/// Gives the newest day whose log is due, and since when.
fn due_day(lane: &Lane, now: DateTime) -> Option<(Date, DateTime)> {
    let at = lane.log.build_at?;
    let day = if now.time() >= at { now.date() } else { now.date().yesterday().ok()? };
    Some((day, day.to_datetime(at)))
}
