//! What `status` and `alarms` tell of open alarms.

use super::book::{AlarmBook, Moment, OpenAlarm};
use super::codes::{Code, Level};
use super::maintenance::Maintenance;
use super::settings::AlarmConfig;
use crate::lang::{Lang, plain_line};
use crate::report::civil_time;
use crate::say;
use crate::seams::clock::{Clock, SystemClock};
use crate::store::{StationState, StoreFault};
use serde::Serialize;

/// An open alarm, as it is told.
#[derive(Clone, Debug, Serialize)]
pub struct AlarmLine {
    /// Its code.
    pub code: String,
    /// The channel it is about; `null` for the link or the station.
    pub channel: Option<String>,
    /// `warning` or `alarm`.
    pub level: Level,
    /// Since when, in China's civil time.
    pub since: String,
    /// Since how many seconds of the station's running time, at its last transaction.
    pub running_seconds: u64,
    /// What it means and what to do, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
    /// Whom to call, by name.
    pub contact: Option<String>,
    /// The telephone number to call.
    pub telephone: Option<String>,
    /// Who took note of it.
    pub acknowledged: Option<NotedLine>,
}

/// Who took note of an alarm.
#[derive(Clone, Debug, Serialize)]
pub struct NotedLine {
    /// The person, by name.
    pub name: String,
    /// The account.
    pub operator: String,
    /// When, in China's civil time.
    pub at: String,
}

/// A maintenance that goes on.
#[derive(Clone, Debug, Serialize)]
pub struct MaintenanceLine {
    /// Until when, in China's civil time.
    pub until: String,
    /// Who decided, by name.
    pub name: String,
    /// The account.
    pub operator: String,
    /// Why.
    pub reason: String,
}

impl AlarmLine {
    /// True when a person must act and nobody took note of it.
    pub fn needs_a_person(&self) -> bool {
        self.level == Level::Alarm && self.acknowledged.is_none()
    }
}

/// Gives the open alarms for people and programs, oldest first.
///
/// # Errors
/// [`StoreFault`] when the state is damaged.
pub fn lines(state: &StationState, config: &AlarmConfig) -> Result<Vec<AlarmLine>, StoreFault> {
    let book: AlarmBook = state.fact()?;
    Ok(book.open().iter().map(|open| line(open, config, state.run_ms)).collect())
}

/// Gives the maintenance that goes on, as far as the state and this moment's wall clock tell.
///
/// # Errors
/// [`StoreFault`] when the state is damaged.
pub fn maintenance(state: &StationState) -> Result<Option<MaintenanceLine>, StoreFault> {
    let kept: Maintenance = state.fact()?;
    let now = Moment { wall_ms: SystemClock::new().wall_ms(), run_ms: state.run_ms };
    Ok(kept.going_on(now).map(|downtime| MaintenanceLine {
        until: civil_time(downtime.until_ms),
        name: downtime.name.clone(),
        operator: downtime.operator.clone(),
        reason: downtime.reason.clone(),
    }))
}

fn line(open: &OpenAlarm, config: &AlarmConfig, run_ms: u64) -> AlarmLine {
    let code = Code::named(&open.code);
    AlarmLine {
        code: open.code.clone(),
        channel: open.channel.as_ref().map(ToString::to_string),
        level: code.map_or(Level::Alarm, Code::level),
        since: civil_time(open.at_ms),
        running_seconds: run_ms.saturating_sub(open.run_ms) / 1000,
        zh: sentence(code, Lang::Zh),
        en: sentence(code, Lang::En),
        contact: config.contact.clone(),
        telephone: config.telephone.clone(),
        acknowledged: open.noted.as_ref().map(|noted| NotedLine {
            name: noted.name.clone(),
            operator: noted.operator.clone(),
            at: civil_time(noted.at_ms),
        }),
    }
}

fn sentence(code: Option<Code>, lang: Lang) -> String {
    let Some(code) = code else {
        return say!(
            lang,
            "本程序不认识这种警报；请用提出它的那一版程序查看。",
            "This program does not know such an alarm; look at it with the version that raised it."
        );
    };
    let (means, next) = (code.means(lang), code.next(lang));
    say!(lang, "{means}；{next}。", "{means}; {next}.")
}

/// Renders the open alarms and the maintenance for people; nothing when there are none.
pub fn text(lines: &[AlarmLine], maintenance: Option<&MaintenanceLine>, lang: Lang) -> String {
    let mut out = String::new();
    if let Some(MaintenanceLine { until, name, reason, .. }) = maintenance {
        let [name, reason] = [name, reason].map(|text| plain_line(text));
        out += &say!(
            lang,
            "维护：到 {until} 为止不报静默和晚到（{name}：{reason}）。\n",
            "Maintenance: no alarm of silence or lateness until {until} ({name}: {reason}).\n"
        );
    }
    for alarm in lines {
        let AlarmLine { code, since, .. } = alarm;
        let what = match lang {
            Lang::Zh => &alarm.zh,
            Lang::En => &alarm.en,
        };
        let about = alarm.channel.as_ref().map(|channel| say!(lang, "通道 {channel} ", "channel {channel} "));
        let about = about.unwrap_or_default();
        out += &match alarm.level {
            Level::Alarm => {
                say!(lang, "警报（{code}）：{about}自 {since} 起。{what}", "Alarm ({code}): {about}since {since}. {what}")
            }
            Level::Warning => {
                say!(lang, "提醒（{code}）：{about}自 {since} 起。{what}", "Warning ({code}): {about}since {since}. {what}")
            }
        };
        out += &whom_to_call(alarm, lang);
        out += &noted_text(alarm, lang);
        out.push('\n');
    }
    out
}

fn whom_to_call(alarm: &AlarmLine, lang: Lang) -> String {
    let words = [alarm.contact.as_deref(), alarm.telephone.as_deref()];
    let whom = words.into_iter().flatten().collect::<Vec<_>>().join(" ");
    match whom.is_empty() {
        true => String::new(),
        false => say!(lang, "联系：{whom}。", " Call {whom}."),
    }
}

fn noted_text(alarm: &AlarmLine, lang: Lang) -> String {
    let code = &alarm.code;
    match &alarm.acknowledged {
        Some(NotedLine { name, at, .. }) => {
            let name = plain_line(name);
            say!(lang, "{name} 已于 {at} 知悉。", " {name} took note of it at {at}.")
        }
        None if alarm.level == Level::Alarm => {
            let channel = alarm.channel.as_ref().map(|channel| format!(" --channel {channel}")).unwrap_or_default();
            say!(
                lang,
                "知悉后请运行 alarms ack {code}{channel} --name 姓名。",
                " Take note of it with alarms ack {code}{channel} --name WHO."
            )
        }
        None => String::new(),
    }
}
