//! What is known of a county's log of a day.

use jiff::civil::Date;
use serde::Serialize;

use super::build::completeness;
use super::lane::{Lane, Reports};
use super::tries::{BuiltAnyway, Tried, built_anyway, tried};
use crate::lang::{Lang, plain_line};
use crate::registration::day::log::checks::{Check, check_facts};
use crate::registration::day::log::compare::{LogDifference, compare};
use crate::registration::day::log::guard::{Guard, OrderKind, State};
use crate::registration::kept::{self, KeptLog, LogOrigin};
use crate::say;
use crate::store::{StationState, Store, StoreFault};

/// A county's log of a day, and how far it is.
#[derive(Clone, Debug, Serialize)]
pub struct LogShown {
    /// The county.
    pub county: String,
    /// The business day.
    pub day: String,
    /// `observe` or `submit`.
    pub reports: Reports,
    /// `carried` or `built`: the one that may be sent.
    pub source: &'static str,
    /// How the rows here stand to the day mark.
    pub completeness: Sentences,
    /// The log that was ferried.
    pub carried: Option<LogLine>,
    /// The log that was built.
    pub built: Option<LogLine>,
    /// What the two say differently.
    pub differences: Vec<DifferenceLine>,
    /// How far the sending is: `not-tried`, `sending`, `resting`, `unreached`, `accepted`, `refused`, `unknown`.
    pub state: &'static str,
    /// Tries that began.
    pub tries: u32,
    /// What came of the newest.
    pub newest: Option<Tried>,
    /// Who had it built though its rows were not known to be complete.
    pub built_anyway: Option<BuiltAnyway>,
    /// What persons decided, oldest first.
    pub orders: Vec<OrderLine>,
}

/// A code with its sentences.
#[derive(Clone, Debug, Serialize)]
pub struct Sentences {
    /// The code.
    pub code: &'static str,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

/// One of the two logs.
#[derive(Clone, Debug, Serialize)]
pub struct LogLine {
    /// Its name.
    pub name: String,
    /// When it was made, or came.
    pub made: String,
    /// The SHA-256 of its bytes.
    pub sha256: String,
    /// Registered, as it says.
    pub registered: u64,
    /// Reported, as it says.
    pub reported: u64,
    /// The checks that do not hold; none of them lets a log go but `business-types`.
    pub broken: Vec<String>,
}

/// Something that the two logs say differently.
#[derive(Clone, Debug, Serialize)]
pub struct DifferenceLine {
    /// What.
    pub what: String,
    /// Case number.
    pub ywh: String,
    /// Unit number.
    pub bdcdyh: String,
    /// What the carried log says.
    pub carried: Option<String>,
    /// What the built log says.
    pub built: Option<String>,
}

/// What a person decided.
#[derive(Clone, Debug, Serialize)]
pub struct OrderLine {
    /// `send-again` or `take-as-accepted`.
    pub what: OrderKind,
    /// Who.
    pub name: String,
    /// The account.
    pub operator: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: String,
}

/// Tells what is known of a county's log of a day.
///
/// # Errors
/// As [`Store::card`].
pub fn show(store: &mut dyn Store, state: &StationState, lane: &Lane, day: Date) -> Result<LogShown, StoreFault> {
    let settings = lane.settings();
    let facts = kept::facts_of(store, state, &settings, day)?;
    let completeness = completeness(&settings, day, &facts);
    let [carried, built] = [LogOrigin::Carried, LogOrigin::Built].map(|origin| kept::log(store, lane.area, day, origin));
    let (carried, built) = (carried?, built?);
    let differences = carried.as_ref().zip(built.as_ref()).map(|(one, other)| compare(&one.fact.log, &other.fact.log));
    let guard = kept::guard(store, state, lane.area, day)?.unwrap_or_else(|| Guard::new(lane.area, day));
    let line = |log: KeptLog| line(&log, &check_facts(&log.fact, &facts, &settings, day));
    Ok(LogShown {
        county: lane.area.to_string(),
        day: day.to_string(),
        reports: lane.reports,
        source: lane.log.source.word(),
        completeness: Sentences {
            code: completeness.code(),
            zh: completeness.sentence(Lang::Zh, day),
            en: completeness.sentence(Lang::En, day),
        },
        carried: carried.map(line),
        built: built.map(line),
        differences: differences.unwrap_or_default().into_iter().map(difference).collect(),
        state: word(&guard.state),
        tries: guard.tries,
        newest: tried(store, lane.area, day)?,
        built_anyway: built_anyway(store, lane.area, day)?,
        orders: guard.orders.into_iter().map(order).collect(),
    })
}

fn line(log: &KeptLog, checks: &[Check]) -> LogLine {
    LogLine {
        name: log.name.clone(),
        made: log.fact.made.to_string(),
        sha256: log.digest.clone(),
        registered: log.fact.log.register.total,
        reported: log.fact.log.access.total,
        broken: checks.iter().filter(|check| !check.holds()).map(|check| check.name.code().to_owned()).collect(),
    }
}

fn difference(difference: LogDifference) -> DifferenceLine {
    let LogDifference { what, ywh, bdcdyh, carried, built } = difference;
    DifferenceLine { what, ywh, bdcdyh, carried, built }
}

fn order(order: crate::registration::day::log::guard::Order) -> OrderLine {
    let at = order.at.to_string();
    OrderLine { what: order.what, name: order.name, operator: order.operator, reason: order.reason, at }
}

/// Returns the word for how far a log's sending is.
fn word(state: &State) -> &'static str {
    match state {
        State::Ready => "not-tried",
        state => state.word(),
    }
}

impl LogShown {
    /// Tells whether a person must do something about it.
    pub fn needs_a_person(&self) -> bool {
        matches!(self.state, "unreached" | "refused" | "unknown") || !self.differences.is_empty()
    }

    /// Says it for people.
    pub fn text(&self, lang: Lang) -> String {
        let (county, day) = (&self.county, &self.day);
        let reports = match self.reports {
            Reports::Observe => {
                say!(lang, "现有上报系统上报，本站只对照", "the bureau's system reports, this station compares")
            }
            Reports::Submit => say!(lang, "本站上报", "this station reports"),
        };
        let mut text = say!(lang, "{county} {day} 登簿日志：{reports}\n", "Log of {county} of {day}: {reports}\n");
        text += &format!("  {}\n", if lang == Lang::Zh { &self.completeness.zh } else { &self.completeness.en });
        for (log, source) in [(&self.carried, "carried"), (&self.built, "built")] {
            text += &log_text(log.as_ref(), source, source == self.source, lang);
        }
        for DifferenceLine { what, ywh, bdcdyh, carried, built } in &self.differences {
            let [what, ywh, bdcdyh] = [what, ywh, bdcdyh].map(|text| plain_line(text));
            let [carried, built] = [carried, built].map(|value| plain_line(value.as_deref().unwrap_or("—")));
            text += &say!(
                lang,
                "  不同：{what} {ywh} {bdcdyh}：摆渡来的 {carried}，本站生成的 {built}\n",
                "  differs: {what} {ywh} {bdcdyh}: carried {carried}, built {built}\n"
            );
        }
        let (state, tries) = (state_words(self.state, lang), self.tries);
        text += &say!(lang, "  发送：{state}（{tries} 次）\n", "  sending: {state} ({tries} tries)\n");
        if let Some(newest) = &self.newest {
            text += &format!("  {} {}\n", newest.at, newest.sentence(lang));
        }
        if let Some(BuiltAnyway { name, operator, reason, at }) = &self.built_anyway {
            let [name, reason] = [name, reason].map(|text| plain_line(text));
            text += &say!(
                lang,
                "  {at} {name}（{operator}）决定按现有数据生成：{reason}\n",
                "  {at} {name} ({operator}) had it built from what was here: {reason}\n"
            );
        }
        for OrderLine { name, operator, reason, at, .. } in &self.orders {
            let [name, reason] = [name, reason].map(|text| plain_line(text));
            text +=
                &say!(lang, "  {at} {name}（{operator}）决定：{reason}\n", "  {at} {name} ({operator}) decided: {reason}\n");
        }
        text
    }
}

fn log_text(log: Option<&LogLine>, source: &str, may_go: bool, lang: Lang) -> String {
    let title = match (source, may_go) {
        ("carried", _) => say!(lang, "摆渡来的", "carried"),
        _ => say!(lang, "本站生成的", "built here"),
    };
    let may_go = if may_go { say!(lang, "（发送用）", " (the one that may be sent)") } else { String::new() };
    let Some(LogLine { name, made, registered, reported, broken, .. }) = log else {
        return say!(lang, "  {title}{may_go}：没有\n", "  {title}{may_go}: none\n");
    };
    let name = plain_line(name);
    let broken = match broken.is_empty() {
        true => String::new(),
        false => {
            let codes = broken.join(" ");
            say!(lang, "；不成立：{codes}", "; does not hold: {codes}")
        }
    };
    say!(
        lang,
        "  {title}{may_go}：{name}，{made}，登记 {registered}，接入 {reported}{broken}\n",
        "  {title}{may_go}: {name}, {made}, {registered} registered, {reported} reported{broken}\n"
    )
}

fn state_words(state: &str, lang: Lang) -> String {
    match state {
        "not-tried" => say!(lang, "还没有发送", "not tried"),
        "sending" => say!(lang, "正在发送", "under way"),
        "resting" => say!(lang, "没有发出，稍后自动再试", "nothing left yet, goes again by itself"),
        "unreached" => say!(lang, "多次没有发出，等人决定", "nothing left though tried again and again, a person decides"),
        "accepted" => say!(lang, "对方已接收", "the server has it"),
        "refused" => say!(lang, "对方拒收，等人决定", "refused, a person decides"),
        _ => say!(lang, "不知道对方收没收，等人决定", "whether the server has it is not known, a person decides"),
    }
}
