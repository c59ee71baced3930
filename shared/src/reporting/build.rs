//! Building a county's log of a day.
//!
//! - **Given** the day's rows and messages here, its day mark, the lane.
//! - **Gives** the log, kept until it is built anew.
//! - **After a crash** it is kept, or it is not and is built again.
//! - **Never** takes another number than the rows and messages give, nor touches a log that the server has or may just be taking.

use jiff::civil::Date;

use super::lane::Lane;
use super::request::NamedReason;
use super::tries::{BuiltAnyway, not_now};
use crate::engine::Engine;
use crate::error::EngineFault;
use crate::lang::{Lang, plain_line};
use crate::registration::day::completeness::Completeness;
use crate::registration::day::day_mark::rows_of_day;
use crate::registration::day::facts::{Facts, LogFact};
use crate::registration::day::log::checks::Check;
use crate::registration::day::log::compare::compare;
use crate::registration::day::log::guard::{NotNow, State};
use crate::registration::day::log::{Heading, build, may_go};
use crate::registration::day::settings::Settings;
use crate::registration::kept::{self, KeptLog, LogOrigin, civil_of};
use crate::requests::Answer;
use crate::say;
use crate::store::Change;
use dukou_packets::suite::sha256;

/// Exit code: nothing is wrong, try again later.
const LATER: u8 = 75;

impl Engine {
    pub(super) fn build_log(
        &mut self,
        lane: &Lane,
        day: Date,
        anyway: Option<&NamedReason>,
        operator: &str,
    ) -> Result<Answer, EngineFault> {
        let now_ms = self.seams.clock.wall_ms();
        let made = civil_of(now_ms);
        if day > made.date() {
            return Ok(Answer::no(|lang| {
                say!(lang, "{day} 还没有到，不能生成它的登簿日志。", "{day} has not come yet: its log cannot be built.")
            }));
        }
        let guard = self.guard_of(lane.area, day)?;
        let is_closed = |state: &State| matches!(state, State::Accepted | State::Sending { .. });
        if let Some(guard) = guard.filter(|guard| is_closed(&guard.state)) {
            let why = if guard.state == State::Accepted { NotNow::Accepted } else { NotNow::Sending };
            return Ok(not_now(lane.area, day, why));
        }
        let settings = lane.settings();
        let facts = self.facts_of(&settings, day)?;
        let completeness = completeness(&settings, day, &facts);
        if !completeness.is_complete() && anyway.is_none() {
            return Ok(Answer { exit: LATER, ..Answer::no(|lang| waits(lane, day, &completeness, lang)) });
        }
        let heading = Heading { edition: lane.edition(), area_name: lane.area_name.clone(), remark: String::new() };
        let built = build(&settings, day, &facts, heading, made);
        if let Err(refusal) = may_go(&built.checks) {
            return Ok(Answer { exit: 1, ..Answer::no(|lang| refused(lane, day, &refusal.checks, lang)) });
        }
        let xml = built.log.to_xml();
        let (rows, access) = (built.log.register.total, built.log.access.total);
        let carried = kept::log(self.store(), lane.area, day, LogOrigin::Carried)?;
        let differences = carried.map_or(0, |carried| compare(&carried.fact.log, &built.log).len());
        let log = KeptLog {
            origin: LogOrigin::Built,
            county: lane.area,
            day,
            name: built.log.file_name(made),
            digest: sha256(&[xml.as_bytes()]).to_string(),
            fact: LogFact { log: built.log, made },
        };
        let mut changes = vec![Change::Filed(log.card(now_ms))];
        if anyway.is_some() {
            self.note_reporting((lane.area, Some(day)), "anyway", operator)?;
        }
        let by = anyway.map(|by| BuiltAnyway::of(by, operator, now_ms));
        changes.extend(by.map(|by| Change::Filed(by.card(lane.area, day, now_ms))));
        self.commit_store(changes)?;
        let uncounted = built.uncounted.0 + built.uncounted.1;
        Ok(Answer {
            document: Some(xml),
            ..Answer::done(rows, |lang| {
                let (said, name) = (completeness.sentence(lang, day), &log.name);
                let more = told(differences, uncounted, lang);
                say!(
                    lang,
                    "已生成 {day} 登簿日志 {name}：登记 {rows}，接入 {access}。{said}{more}。",
                    "Built the log of {day}, {name}: {rows} registered, {access} reported. {said}{more}."
                )
            })
        })
    }

    pub(super) fn facts_of(&mut self, settings: &Settings, day: Date) -> Result<Facts, EngineFault> {
        let (store, state) = self.store_and_state();
        Ok(kept::facts_of(store, state, settings, day)?)
    }
}

/// Tells how the rows here stand to the day mark.
pub(super) fn completeness(settings: &Settings, day: Date, facts: &Facts) -> Completeness {
    Completeness::of(facts.mark.as_ref(), rows_of_day(settings, day, &facts.rows))
}

fn waits(lane: &Lane, day: Date, completeness: &Completeness, lang: Lang) -> String {
    let (area, said) = (lane.area, completeness.sentence(lang, day));
    say!(
        lang,
        "{area} 的 {day} 登簿日志还没有生成：{said}。请稍后再试；确要按现有数据生成，请加 --anyway --name 姓名 --reason 原因。",
        "The log of {area} of {day} was not built: {said}. Try again later; to build it from what is here add --anyway --name NAME --reason REASON."
    )
}

pub(super) fn refused(lane: &Lane, day: Date, checks: &[Check], lang: Lang) -> String {
    let broken = checks.iter().map(|check| {
        let sentence = check.name.sentence(lang);
        let place = check.broken().first().map(|place| {
            let [what, ywh, log, due] = [&place.what, &place.ywh, &place.log, &place.due].map(|text| plain_line(text));
            say!(lang, "（{what} {ywh}：日志 {log}，应为 {due}）", " ({what} {ywh}: {log} in the log, {due} due)")
        });
        sentence + &place.unwrap_or_default()
    });
    let area = lane.area;
    match lang {
        Lang::Zh => {
            let broken = broken.collect::<Vec<_>>().join("；");
            format!("{area} 的 {day} 登簿日志自相矛盾，不能发送。下列各项不成立：{broken}。请用 log show 核对后重新生成。")
        }
        Lang::En => {
            let broken = broken.collect::<Vec<_>>().join("; ");
            format!(
                "The log of {area} of {day} contradicts itself and must not go. What does not hold: {broken}. Look with log show and build it anew."
            )
        }
    }
}

fn told(differences: usize, uncounted: u64, lang: Lang) -> String {
    let differs = match differences {
        0 => String::new(),
        _ => say!(
            lang,
            "；与摆渡来的日志有 {differences} 处不同，请用 log show 查看",
            "; it differs from the carried log in {differences} places, see log show"
        ),
    };
    let left_out = match uncounted {
        0 => String::new(),
        _ => say!(lang, "；旧版没有 {uncounted} 条的计数项", "; the old edition has no counter for {uncounted}"),
    };
    differs + &left_out
}
