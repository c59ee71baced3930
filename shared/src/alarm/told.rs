//! What `status` and `alarms` tell of open alarms.

use super::book::{AlarmBook, OpenAlarm};
use super::codes::{Code, Level};
use super::settings::AlarmConfig;
use crate::lang::Lang;
use crate::report::civil_time;
use crate::say;
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

impl AlarmLine {
    /// True when a person must act and nobody took note of it.
    pub fn needs_a_person(&self) -> bool {
        self.level == Level::Alarm && self.acknowledged.is_none()
    }
}

/// Gives the open alarms for people and programs, oldest first.
pub fn lines(book: &AlarmBook, config: &AlarmConfig, run_ms: u64) -> Vec<AlarmLine> {
    book.open().iter().map(|open| line(open, config, run_ms)).collect()
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

/// Renders the open alarms for people; nothing when there are none.
pub fn text(lines: &[AlarmLine], lang: Lang) -> String {
    let mut out = String::new();
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
        Some(NotedLine { name, at, .. }) => say!(lang, "{name} 已于 {at} 知悉。", " {name} took note of it at {at}."),
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
