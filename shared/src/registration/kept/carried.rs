//! A record of a channel that says what its files are, on its way into the store.

use super::super::cargo::Cargo;
use super::super::civil;
use super::super::day::day_mark::DayMark;
use super::super::day::facts::{self, LogFact, Message, Progress, ResponseClass};
use super::super::day::ids::AreaCode;
use super::super::day::log::DailyLog;
use super::super::day::text::Text;
use super::super::edition::Edition;
use super::super::log::{AccessLog, said};
use super::super::message;
use super::super::response::{self, Outcome};
use super::super::write_off::Listed;
use super::logs::{KeptLog, LogOrigin};
use super::messages::{KeptMessage, KeptResponse};
use super::{civil_of, marks, write_offs};
use crate::channel::CargoKind;
use crate::store::cards::Card;
use dukou_packets::suite::Digest;
use jiff::civil::{Date, DateTime};

/// How a record came.
#[derive(Clone, Debug)]
pub struct Arrival<'a> {
    /// Its channel.
    pub channel: &'a str,
    /// Its packet and place there, unique in this station.
    pub key: String,
    /// Its name.
    pub name: &'a str,
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// How far a message is, once it is delivered.
    pub progress: Progress,
    /// The wall clock (ms).
    pub now_ms: i64,
}

/// What a record says of a day, before it is known how it came.
#[derive(Clone, Debug, Default)]
pub enum Learnt {
    /// Nothing: its bytes are not what the channel says, or say nothing that has a place in a day.
    #[default]
    Nothing,
    /// A message; its moments and its progress are those of its [`Arrival`].
    Message(Box<Message>),
    /// A response; when it came is told by its [`Arrival`].
    Response(facts::Response),
    /// Logs, each with its county and day.
    Logs(Vec<(AreaCode, Date, DailyLog)>),
    /// A day mark.
    DayMark(DayMark),
    /// Rows of a write-off list.
    WriteOffs(Vec<Listed>),
}

impl Learnt {
    /// Takes what a document of such a channel says. Nothing here stops a record or changes it.
    pub fn of(kind: CargoKind, cargo: &Cargo<'_>, edition: Option<Edition>) -> Self {
        match (kind, cargo) {
            (CargoKind::Messages, Cargo::Message(message)) => {
                learnt_message(message, edition).map_or(Self::Nothing, |message| Self::Message(Box::new(message)))
            }
            (CargoKind::Responses, Cargo::Response(response)) => Self::Response(learnt_response(response)),
            (CargoKind::Logs, Cargo::Log(logs)) => Self::Logs(logs.logs.iter().filter_map(learnt_log).collect()),
            _ => Self::Nothing,
        }
    }

    /// Gives the cards of what came so.
    pub fn cards(self, arrival: &Arrival<'_>) -> Vec<Card> {
        let now_ms = arrival.now_ms;
        let (came, digest, name) = (civil_of(now_ms), || arrival.digest.to_string(), || arrival.name.to_owned());
        match self {
            Self::Nothing => Vec::new(),
            Self::Message(message) => {
                let message = Message { ferried: came, progress: arrival.progress.clone(), ..*message };
                let (key, channel) = (arrival.key.clone(), arrival.channel.to_owned());
                vec![KeptMessage { key, channel, name: name(), digest: digest(), message }.card(now_ms)]
            }
            Self::Response(response) => {
                let response = facts::Response { received: came, ..response };
                vec![KeptResponse { key: arrival.key.clone(), name: name(), response }.card(now_ms)]
            }
            Self::Logs(logs) => {
                let kept = |(county, day, log)| {
                    let fact = LogFact { log, made: came };
                    KeptLog { origin: LogOrigin::Carried, county, day, fact, name: name(), digest: digest() }.card(now_ms)
                };
                logs.into_iter().map(kept).collect()
            }
            Self::DayMark(mark) => vec![marks::card_of(&mark, now_ms)],
            Self::WriteOffs(rows) => rows.iter().map(|row| write_offs::card_of(row, came, now_ms)).collect(),
        }
    }
}

/// A message whose id is none has no place in a day: `lint` tells it.
fn learnt_message(message: &message::Message<'_>, edition: Option<Edition>) -> Option<Message> {
    let said = |name: &str| Text::from(message.said(name).unwrap_or_default());
    Some(Message {
        id: message.said("BizMsgID")?.parse().ok()?,
        edition: match edition? {
            Edition::Old => facts::Edition::Old,
            Edition::New => facts::Edition::New,
        },
        area: said("AreaCode"),
        rec_type: said("RecType"),
        reg_type: said("RegType"),
        right_type: said("RightType"),
        flow: said("RecFlowID"),
        units: message.units().into_iter().map(Text::from).collect(),
        registered: message.registered(),
        ferried: DateTime::default(),
        progress: Progress::Arrived,
    })
}

fn learnt_response(response: &response::Response) -> facts::Response {
    let class = match response.outcome() {
        Outcome::Success => ResponseClass::Accepted,
        Outcome::Failure | Outcome::Unsaid => ResponseClass::Failed,
    };
    let text = |text: &str| Text::from(text.trim());
    facts::Response {
        id: text(&response.biz_msg_id),
        class,
        code: text(&response.response_code),
        info: text(&response.response_info),
        received: DateTime::default(),
    }
}

fn learnt_log(log: &AccessLog<'_>) -> Option<(AreaCode, Date, DailyLog)> {
    Some((said(&log.area_code)?.parse().ok()?, civil::day(said(&log.access_date)?)?, DailyLog::of(log)))
}
