//! `maintenance`: a person says until when silence and lateness are expected.
//!
//! Given: until when, by whom, why; or that it is over. Gives: the maintenance in the state, its line in the log. After a crash: performed again. Never: one
//! that is over already, or longer than 31 days.

use super::Answer;
use crate::alarm::log_time;
use crate::alarm::maintenance::{Downtime, LONGEST_MS, Maintenance};
use crate::engine::Engine;
use crate::error::EngineFault;
use crate::report::civil_time;
use crate::say;
use crate::store::Change;
use dukou_packets::log::line::Event;

impl Engine {
    pub(super) fn begin_maintenance(
        &mut self,
        until_ms: i64,
        operator: &str,
        (name, reason): (&str, &str),
    ) -> Result<Answer, EngineFault> {
        let now = self.now();
        let lasts_ms = until_ms.saturating_sub(now.wall_ms);
        let (until, at) = (civil_time(until_ms), civil_time(now.wall_ms));
        if !(1..=LONGEST_MS).contains(&lasts_ms) {
            return Ok(Answer::no(|lang| {
                say!(
                    lang,
                    "维护要到 {until}，而现在是 {at}：应在将来，且不超过 31 天。没有登记，请改正 --until。",
                    "The maintenance would last until {until}, and it is {at} now: it must end later, and within 31 days. Nothing was noted; correct --until."
                )
            }));
        }
        let downtime = Downtime {
            until_ms,
            until_run_ms: now.run_ms.saturating_add(lasts_ms.unsigned_abs()),
            reason: reason.to_string(),
            name: name.to_string(),
            operator: operator.to_string(),
        };
        let mut maintenance = self.alarms.watch.maintenance.clone();
        maintenance.begin(downtime);
        self.keep_maintenance(maintenance, log_time(until_ms), operator)?;
        Ok(Answer::done(1, |lang| {
            say!(
                lang,
                "已登记维护，到 {until} 为止不报静默和晚到（{name}）。提前结束请运行 maintenance --end。",
                "Maintenance noted until {until}: no alarm of silence or lateness ({name}). End it earlier with maintenance --end."
            )
        }))
    }

    pub(super) fn end_maintenance(&mut self, operator: &str) -> Result<Answer, EngineFault> {
        let now = self.now();
        if self.alarms.watch.maintenance.going_on(now).is_none() {
            return Ok(Answer::no(|lang| {
                say!(lang, "现在没有登记的维护，没有可结束的。", "No maintenance goes on; there is nothing to end.")
            }));
        }
        let mut maintenance = self.alarms.watch.maintenance.clone();
        maintenance.end(now);
        self.keep_maintenance(maintenance, String::new(), operator)?;
        Ok(Answer::done(1, |lang| {
            say!(lang, "维护已结束，静默和晚到恢复报警。", "The maintenance is ended; silence and lateness raise alarms again.")
        }))
    }

    fn keep_maintenance(&mut self, maintenance: Maintenance, until: String, operator: &str) -> Result<(), EngineFault> {
        self.log.note(Event::Maintenance { until, operator: operator.to_string() });
        self.commit_log()?;
        self.commit_store(vec![Change::fact(&maintenance)?])?;
        self.alarms.watch.maintenance = maintenance;
        Ok(())
    }
}
