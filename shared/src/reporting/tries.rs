//! What came of the tries to send a county's day, beside its guard.

use jiff::civil::Date;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::lang::{Lang, cut, plain_line};
use crate::registration::day::ids::AreaCode;
use crate::registration::day::log::guard::NotNow;
use crate::registration::day::log::reply::{Reply, ReplyClass, Why, classify};
use crate::registration::kept::civil_of;
use crate::requests::Answer;
use crate::say;
use crate::store::cards::{Card, Drawer};
use crate::store::{Store, StoreFault};

use super::lane::Lane;
use super::request::NamedReason;
use super::transport::Given;

/// Most bytes of a reply that are kept.
const KEPT_BYTES: usize = 4096;

/// What came of the newest try to send a county's day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// When it ended.
    pub at: String,
    /// The log's name.
    pub log: String,
    /// `placed`, `accepted`, `refused`, `unknown`, or `nothing-left`.
    pub outcome: String,
    /// The code of the reply, or of what stood in the way.
    pub code: String,
    /// What it means, in Chinese.
    pub zh: String,
    /// What it means, in English.
    pub en: String,
    /// The reply, cut.
    pub reply: String,
}

impl Tried {
    /// Tells of a try.
    pub(super) fn of(given: &Given, reply: Option<&Reply>, log: &str, now_ms: i64) -> Self {
        let (outcome, code) = match (given, reply) {
            (Given::Placed, _) => ("placed", String::new()),
            (Given::Answered(_), Some(reply)) => (class(reply.class), reply.code.clone()),
            (Given::NothingLeft(hindrance), _) => ("nothing-left", hindrance.code().to_owned()),
            (Given::Unsure(hindrance), _) => ("unknown", hindrance.code().to_owned()),
            (Given::Answered(_), None) => ("unknown", String::new()),
        };
        let [zh, en] = [Lang::Zh, Lang::En].map(|lang| sentence(given, reply, lang));
        let bytes = if let Given::Answered(bytes) = given { bytes.as_slice() } else { &[] };
        let reply = cut(&String::from_utf8_lossy(bytes.get(..KEPT_BYTES).unwrap_or(bytes)), KEPT_BYTES);
        Self { at: civil_of(now_ms).to_string(), log: log.to_owned(), outcome: outcome.to_owned(), code, zh, en, reply }
    }

    /// Gives its card.
    pub(super) fn card(&self, area: AreaCode, day: Date, now_ms: i64) -> Card {
        let body = serde_json::to_string(self).unwrap_or_default();
        Card::new(Drawer::LogReply, &key(area, day), [format!("day {day}").as_str()], body, now_ms)
    }

    /// Gives the sentence.
    pub fn sentence(&self, lang: Lang) -> &str {
        match lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        }
    }
}

/// Who had a log built though its rows were not known to be complete, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuiltAnyway {
    /// Who, by name.
    pub name: String,
    /// The account.
    pub operator: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: String,
}

impl BuiltAnyway {
    pub(super) fn of(by: &NamedReason, operator: &str, now_ms: i64) -> Self {
        let (name, reason) = (by.name.clone(), by.reason.clone());
        Self { name, operator: operator.to_owned(), reason, at: civil_of(now_ms).to_string() }
    }

    pub(super) fn card(&self, area: AreaCode, day: Date, now_ms: i64) -> Card {
        let body = serde_json::to_string(self).unwrap_or_default();
        Card::new(Drawer::LogReply, &anyway_key(area, day), [format!("day {day}").as_str()], body, now_ms)
    }
}

fn anyway_key(area: AreaCode, day: Date) -> String {
    format!("anyway {area} {day}")
}

/// Gives who had a log built though its rows were not known to be complete, the newest.
///
/// # Errors
/// As [`Store::card`].
pub fn built_anyway(store: &mut dyn Store, area: AreaCode, day: Date) -> Result<Option<BuiltAnyway>, StoreFault> {
    store.card(Drawer::LogReply, &anyway_key(area, day))?.map(|card| read(&card)).transpose()
}

fn read<T: DeserializeOwned>(card: &Card) -> Result<T, StoreFault> {
    serde_json::from_str(&card.body).map_err(|_| StoreFault::Corrupt("what came of a log cannot be read".to_owned()))
}

fn key(area: AreaCode, day: Date) -> String {
    format!("tried {area} {day}")
}

/// Gives what came of the newest try to send a county's day.
///
/// # Errors
/// As [`Store::card`].
pub fn tried(store: &mut dyn Store, area: AreaCode, day: Date) -> Result<Option<Tried>, StoreFault> {
    store.card(Drawer::LogReply, &key(area, day))?.map(|card| read(&card)).transpose()
}

/// Classes what was answered; on a way without answers, lying there is all that is to be had.
pub(super) fn reply_of(lane: &Lane, given: &Given) -> Option<Reply> {
    match given {
        Given::Placed => Some(Reply { class: ReplyClass::Accepted, code: String::new(), why: Why::Token }),
        Given::Answered(bytes) => Some(classify(bytes, &lane.tokens())),
        Given::NothingLeft(_) | Given::Unsure(_) => None,
    }
}

fn class(class: ReplyClass) -> &'static str {
    match class {
        ReplyClass::Accepted => "accepted",
        ReplyClass::Refused => "refused",
        ReplyClass::Unknown => "unknown",
    }
}

fn sentence(given: &Given, reply: Option<&Reply>, lang: Lang) -> String {
    match (given, reply) {
        (Given::Placed, _) => {
            say!(lang, "已放进上报目录，这条路没有回话", "it lies in the folder of the platform; nothing answers on this way")
        }
        (Given::Answered(_), Some(reply)) => plain_line(&reply.sentence(lang)),
        (Given::NothingLeft(hindrance), _) => {
            let words = hindrance.words(lang);
            say!(lang, "{words}，什么都没有发出", "{words}: nothing was sent")
        }
        (Given::Unsure(hindrance), _) => {
            let words = hindrance.words(lang);
            say!(
                lang,
                "{words}，不知道对方收没收：不会自动再发，请向对方核实后决定",
                "{words}: whether the server has it is not known; nothing goes again by itself, ask there and decide"
            )
        }
        (Given::Answered(_), None) => String::new(),
    }
}

/// Says why something is not done about a day's log now.
pub(super) fn not_now(area: AreaCode, day: Date, why: NotNow) -> Answer {
    Answer::no(|lang| {
        let why = match why {
            NotNow::Accepted => say!(lang, "对方已有这份日志，不会再发", "the server has it, and nothing more is sent"),
            NotNow::Sending => say!(
                lang,
                "正在发送；上次发送若被打断，重启本站后请核实",
                "it is being sent; where that was cut short, look once the station was started again"
            ),
            NotNow::Resting => say!(lang, "还没有发出，稍后会自动再试", "nothing was sent yet; it goes again by itself"),
            NotNow::AsksAPerson => {
                say!(lang, "请向对方核实后用 log decide 决定", "ask there whether it arrived, then decide with log decide")
            }
            NotNow::Nameless => say!(lang, "决定要有姓名和原因", "a decision needs a name and a reason"),
            NotNow::DoesNotFollow => say!(lang, "没有什么要决定", "there is nothing to decide"),
        };
        say!(lang, "{area} 的 {day} 登簿日志：{why}。", "The log of {area} of {day}: {why}.")
    })
}
