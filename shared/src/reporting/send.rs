//! Sending a county's log of a day.
//!
//! - **Given** the log of the configured source, the guard of the day.
//! - **Gives** the log to the platform at most once between two decisions of a person, and the guard what became of it.
//! - **After a crash** a guard that says that a request was under way becomes one that nobody knows about ([`Engine::recall_logs`]).
//! - **Never** lets a byte leave before the guard is durable.

use jiff::civil::Date;

use super::build::refused;
use super::lane::{Lane, LogSource, Reports, Way};
use super::tries::{Tried, not_now, reply_of};
use crate::engine::Engine;
use crate::error::EngineFault;
use crate::log::{LogEvidence, SENDING};
use crate::registration::cargo::{Cargo, understand};
use crate::registration::day::ids::AreaCode;
use crate::registration::day::log::DailyLog;
use crate::registration::day::log::checks::check_facts;
use crate::registration::day::log::guard::{Event, Guard, RETRY_MS, State};
use crate::registration::day::log::may_go;
use crate::registration::day::log::reply::ReplyClass;
use crate::registration::kept::{self, KeptLog, LogOrigin};
use crate::registration::xml::{XmlLimits, decode};
use crate::reporting::transport::Given;
use crate::requests::Answer;
use crate::say;
use crate::store::Change;
use dukou_packets::log::line::Event as Line;
use dukou_packets::suite::sha256;

/// Exit code: nothing is wrong, try again later.
const LATER: u8 = 75;

impl Engine {
    /// Sends the day's log, for a person's account or, where that is empty, by itself.
    pub(super) fn send_log(&mut self, lane: &Lane, day: Date, operator: &str) -> Result<Answer, EngineFault> {
        let area = lane.area;
        let way = match (lane.reports, &lane.log.way) {
            (Reports::Submit, Some(way)) => way.clone(),
            _ => {
                return Ok(Answer::no(|lang| {
                    say!(
                        lang,
                        "区划 {area} 由现有上报系统上报（reports = \"observe\"），本站不发送登簿日志。",
                        "County {area} is reported by the bureau's reporting system (reports = \"observe\"): this station sends no log."
                    )
                }));
            }
        };
        let origin = origin_of(lane);
        let Some(log) = kept::log(self.store(), area, day, origin)? else {
            return Ok(Answer::no(|lang| none_yet(lane, day, lang)));
        };
        if let Some(refusal) = self.refusal(lane, day, &log)? {
            return Ok(refusal);
        }
        let bytes = match self.bytes_of(lane, &log)? {
            Ok(bytes) => bytes,
            Err(no) => return Ok(no),
        };
        self.give_log(lane, &way, (&log, &bytes), operator)
    }

    /// Says what contradicts what in a log; the rows are those of now, the moment is the log's.
    fn refusal(&mut self, lane: &Lane, day: Date, log: &KeptLog) -> Result<Option<Answer>, EngineFault> {
        let settings = lane.settings();
        let facts = self.facts_of(&settings, day)?;
        let checks = check_facts(&log.fact, &facts, &settings, day);
        Ok(may_go(&checks)
            .err()
            .map(|refusal| Answer { exit: 1, ..Answer::no(|lang| refused(lane, day, &refusal.checks, lang)) }))
    }

    /// Gives the bytes of a log: those that were built, or those that were ferried, unchanged. A carried file must hold that log and no other: what was
    /// checked is what leaves.
    fn bytes_of(&self, lane: &Lane, log: &KeptLog) -> Result<Result<Vec<u8>, Answer>, EngineFault> {
        let bytes = match lane.log.source {
            LogSource::Built => Some(log.fact.log.to_xml().into_bytes()),
            LogSource::Carried => self.carried_bytes(lane, log)?,
        };
        let bytes = bytes.filter(|bytes| sha256(&[bytes]).to_string() == log.digest);
        if bytes.as_ref().is_some_and(|bytes| lane.log.source == LogSource::Carried && !is_all_of(log, bytes)) {
            let name = crate::lang::plain_line(&log.name);
            return Ok(Err(Answer::no(|lang| {
                say!(
                    lang,
                    "摆渡来的登簿日志 {name} 里不只这一份日志，或有缺少、不是数字的计数，没有发送。请登记系统重新生成。",
                    "The carried file {name} holds more than this log, or counters that are missing or no numbers; nothing was sent. Let the registration system make it anew."
                )
            })));
        }
        Ok(bytes.ok_or_else(|| {
            let (name, folder) = (crate::lang::plain_line(&log.name), lane.log.carried_from.display());
            Answer::no(|lang| {
                say!(
                    lang,
                    "找不到摆渡来的登簿日志 {name} 的原样字节（应在 {folder}），没有发送。请查是谁取走了它。",
                    "The bytes of the carried log {name} are not in {folder} as they came; nothing was sent. Look who took it."
                )
            })
        }))
    }

    fn carried_bytes(&self, lane: &Lane, log: &KeptLog) -> Result<Option<Vec<u8>>, EngineFault> {
        let folder = self.station.dir.join(&lane.log.carried_from);
        let below = std::path::Path::new(&log.name);
        let is_plain = below.components().all(|part| matches!(part, std::path::Component::Normal(_)));
        if !is_plain {
            return Ok(None);
        }
        let Ok(file) = self.seams.files.open_below(&folder, below) else { return Ok(None) };
        let length = file.stat()?.len;
        if length > crate::channel::XML_MAX_BYTES {
            return Ok(None);
        }
        let mut bytes = vec![0; length as usize];
        let read = file.read_at(0, &mut bytes)?;
        bytes.truncate(read);
        Ok(Some(bytes))
    }

    /// One try: the guard is durable, then the bytes leave, then what came of it is stored.
    fn give_log(
        &mut self,
        lane: &Lane,
        way: &Way,
        (log, bytes): (&KeptLog, &[u8]),
        operator: &str,
    ) -> Result<Answer, EngineFault> {
        let (area, day) = (lane.area, log.day);
        let guard = self.guard_of(area, day)?.unwrap_or_else(|| Guard::new(area, day));
        let begin = Event::Begin { running_ms: self.running_ms(), log: sha256(&[bytes]) };
        let sending = match guard.after(begin) {
            Ok(sending) => sending,
            Err(why) => return Ok(not_now(area, day, why)),
        };
        self.note_reporting((area, Some(day)), SENDING, operator)?;
        self.commit_store(vec![Change::Filed(sending.card(self.seams.clock.wall_ms()))])?;
        let platforms = self.seams.platforms.clone();
        let given = platforms.way(way, &self.station.dir, &self.seams.files).give(file_name(&log.name), bytes);
        let reply = reply_of(lane, &given);
        let event = match (&given, &reply) {
            (_, Some(reply)) => Event::Answered(reply.clone()),
            (Given::NothingLeft(_), None) => Event::FailedBeforeSending { running_ms: self.running_ms() },
            (_, None) => Event::Lost,
        };
        // What follows from a request under way is always known; if it were not, nobody would know what the server has.
        let done = sending.after(event).unwrap_or(Guard { state: State::Unknown, ..sending });
        let now_ms = self.seams.clock.wall_ms();
        let tried = Tried::of(&given, reply.as_ref(), &log.name, now_ms);
        self.commit_store(vec![Change::Filed(done.card(now_ms)), Change::Filed(tried.card(area, day, now_ms))])?;
        self.look_at_guards()?;
        let exit = match (&done.state, reply.map(|reply| reply.class)) {
            (State::Accepted, Some(ReplyClass::Accepted)) => 0,
            (State::Resting { .. }, _) => LATER,
            _ => 1,
        };
        let answer = Answer::done(1, |lang| {
            let (said, name) = (tried.sentence(lang), crate::lang::plain_line(&log.name));
            say!(lang, "{area} 的 {day} 登簿日志 {name}：{said}。", "The log of {area} of {day}, {name}: {said}.")
        });
        Ok(Answer { exit, ..answer })
    }

    /// Gives the guard of a county's day.
    pub(super) fn guard_of(&mut self, area: AreaCode, day: Date) -> Result<Option<Guard>, EngineFault> {
        let (store, state) = self.store_and_state();
        Ok(kept::guard(store, state, area, day)?)
    }

    /// Writes a line about what is reported into the packet log, durably: before a byte leaves, and before a decision counts.
    pub(super) fn note_reporting(
        &mut self,
        (county, day): (AreaCode, Option<Date>),
        code: &str,
        operator: &str,
    ) -> Result<(), EngineFault> {
        let day = day.map_or_else(String::new, |day| day.to_string());
        let (county, code, operator) = (county.to_string(), code.to_owned(), operator.to_owned());
        self.log.note(Line::Reporting { county, day, code, operator });
        self.commit_log().map(drop)
    }

    /// At start: what was under way when the last run ended, nobody knows about. Nor about what the packet log tells of behind the line that the state remembers:
    /// either the guard was not stored any more, or the state is an older copy.
    pub(crate) fn recall_logs(&mut self, evidence: &LogEvidence, remembered: u64) -> Result<(), EngineFault> {
        let mut changes = Vec::new();
        let now_ms = self.seams.clock.wall_ms();
        for ((county, day), _) in evidence.sending.iter().filter(|(_, line)| **line > remembered) {
            let (Ok(county), Ok(day)) = (county.parse(), day.parse()) else { continue };
            let guard = self.guard_of(county, day)?.unwrap_or_else(|| Guard::new(county, day));
            if !matches!(guard.state, State::Accepted | State::Sending { .. }) {
                changes.push(Change::Filed(Guard { state: State::Unknown, ..guard }.card(now_ms)));
            }
        }
        for guard in kept::guards(self.store(), "sending")? {
            let recalled = guard.after(Event::Restarted).unwrap_or(Guard { state: State::Unknown, ..guard });
            changes.push(Change::Filed(recalled.card(now_ms)));
        }
        if !changes.is_empty() {
            self.commit_store(changes)?;
        }
        self.look_at_guards()
    }

    /// Sends again what failed before anything left, once its time came.
    pub(crate) fn retry_logs(&mut self) -> Result<(), EngineFault> {
        if self.logs_due_ms.is_none_or(|due_ms| self.running_ms() < due_ms) {
            return Ok(());
        }
        for guard in kept::guards(self.store(), "resting")? {
            let is_due =
                matches!(guard.state, State::Resting { until_running_ms, .. } if until_running_ms <= self.running_ms());
            let lane = self.station.config.lanes.iter().find(|lane| lane.area == guard.county).cloned();
            if let (true, Some(lane)) = (is_due, lane) {
                let answer = self.send_log(&lane, guard.day, "")?;
                tracing::info!(exit = answer.exit, "{}", answer.sentence(self.lang()));
            }
        }
        self.look_at_guards()?;
        // What cannot go now, since its lane or its rows have changed, is not tried at every step.
        let later_ms = self.running_ms() + RETRY_MS;
        self.logs_due_ms = self.logs_due_ms.map(|due_ms| if due_ms <= self.running_ms() { later_ms } else { due_ms });
        Ok(())
    }

    /// Notes when the next log goes again by itself, and whether any waits for a person.
    pub(super) fn look_at_guards(&mut self) -> Result<(), EngineFault> {
        let until = |guard: &Guard| match guard.state {
            State::Resting { until_running_ms, .. } => Some(until_running_ms),
            _ => None,
        };
        self.logs_due_ms = kept::guards(self.store(), "resting")?.iter().filter_map(until).min();
        // One that should have gone again long since, and may not: its rows or its lane have changed.
        let late_ms = self.running_ms().saturating_sub(RETRY_MS);
        let mut asks = self.logs_due_ms.is_some_and(|due_ms| due_ms < late_ms) || !self.by_itself.asks.is_empty();
        for word in ["unreached", "refused", "unknown"] {
            asks |= !kept::guards(self.store(), word)?.is_empty();
        }
        self.set_alarm(crate::alarm::codes::Code::LogWaits, None, asks);
        Ok(())
    }
}

/// Gives the last part of a log's name: a carried one may have come in a folder.
fn file_name(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// Tells whether a carried file holds just this log, with every total stated as a number.
fn is_all_of(log: &KeptLog, bytes: &[u8]) -> bool {
    let limits = XmlLimits { bytes: crate::channel::XML_MAX_BYTES as usize, ..XmlLimits::default() };
    let Ok(document) = decode(bytes, None, &limits) else { return false };
    match understand(&document, &limits) {
        Ok(Cargo::Log(logs)) => match logs.logs.as_slice() {
            [only] => !logs.too_long && only.states_its_numbers() && DailyLog::of(only) == log.fact.log,
            _ => false,
        },
        _ => false,
    }
}

fn origin_of(lane: &Lane) -> LogOrigin {
    match lane.log.source {
        LogSource::Carried => LogOrigin::Carried,
        LogSource::Built => LogOrigin::Built,
    }
}

fn none_yet(lane: &Lane, day: Date, lang: crate::lang::Lang) -> String {
    let area = lane.area;
    match lane.log.source {
        LogSource::Built => say!(
            lang,
            "{area} 的 {day} 登簿日志还没有生成。请先运行 log build {day}。",
            "The log of {area} of {day} is not built. Run log build {day} first."
        ),
        LogSource::Carried => say!(
            lang,
            "{area} 的 {day} 登簿日志还没有摆渡过来（log.source = \"carried\"）。",
            "No log of {area} of {day} was carried over (log.source = \"carried\")."
        ),
    }
}
