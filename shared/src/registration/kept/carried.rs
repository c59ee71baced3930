//! A record of a channel that says what its files are, on its way into the store.

use super::super::cargo::{Cargo, understand};
use super::super::catalogue::standard;
use super::super::checks::Said;
use super::super::civil;
use super::super::day::day_mark::DayMark;
use super::super::day::facts::{self, LogFact, Message, Progress, ResponseClass};
use super::super::day::log::DailyLog;
use super::super::edition::{Edition, decide};
use super::super::log::{AccessLog, said};
use super::super::message;
use super::super::response::{self, Outcome};
use super::super::xml::decode;
use super::civil_of;
use super::logs::{KeptLog, LogOrigin};
use super::marks;
use super::messages::{KeptMessage, KeptResponse};
use crate::channel::CargoKind;
use crate::store::cards::Card;
use dukou_packets::suite::sha256;

/// How a record came.
#[derive(Clone, Debug)]
pub struct Arrival<'a> {
    /// Its channel.
    pub channel: &'a str,
    /// Its packet and place there, unique in this station.
    pub key: String,
    /// Its name.
    pub name: &'a str,
    /// How far a message is, once it is delivered.
    pub progress: Progress,
    /// The wall clock (ms).
    pub now_ms: i64,
}

/// Gives the cards of a record; none where its bytes are not what the channel says. Nothing here stops a record or changes it.
pub fn card_of(kind: CargoKind, body: &[u8], reading: &Said, arrival: &Arrival<'_>) -> Vec<Card> {
    if kind == CargoKind::DayMarks {
        return DayMark::decode(body).map(|mark| marks::card_of(&mark, arrival.now_ms)).into_iter().collect();
    }
    let Ok(document) = decode(body, reading.encoding, &reading.limits) else { return Vec::new() };
    match (kind, understand(&document, &reading.limits)) {
        (CargoKind::Messages, Ok(Cargo::Message(message))) => {
            kept_message(&message, body, arrival).map(|kept| kept.card(arrival.now_ms)).into_iter().collect()
        }
        (CargoKind::Responses, Ok(Cargo::Response(response))) => vec![kept_response(&response, arrival).card(arrival.now_ms)],
        (CargoKind::Logs, Ok(Cargo::Log(logs))) => {
            let kept = logs.logs.iter().filter_map(|log| kept_log(log, body, arrival));
            kept.map(|kept| kept.card(arrival.now_ms)).collect()
        }
        _ => Vec::new(),
    }
}

/// A message whose id is none has no place in a day: `lint` tells it.
fn kept_message(message: &message::Message<'_>, body: &[u8], arrival: &Arrival<'_>) -> Option<KeptMessage> {
    let said = |name: &str| message.said(name).unwrap_or_default().to_owned();
    let edition = match decide(message, standard()).edition {
        Edition::Old => facts::Edition::Old,
        Edition::New => facts::Edition::New,
    };
    Some(KeptMessage {
        key: arrival.key.clone(),
        channel: arrival.channel.to_owned(),
        name: arrival.name.to_owned(),
        digest: sha256(&[body]).to_string(),
        message: Message {
            id: message.said("BizMsgID")?.parse().ok()?,
            edition,
            area: said("AreaCode"),
            rec_type: said("RecType"),
            reg_type: said("RegType"),
            right_type: said("RightType"),
            flow: said("RecFlowID"),
            units: message.units(),
            registered: message.registered(),
            ferried: civil_of(arrival.now_ms),
            progress: arrival.progress.clone(),
        },
    })
}

fn kept_response(response: &response::Response, arrival: &Arrival<'_>) -> KeptResponse {
    let class = match response.outcome() {
        Outcome::Success => ResponseClass::Accepted,
        Outcome::Failure | Outcome::Unsaid => ResponseClass::Failed,
    };
    let text = |text: &str| text.trim().to_owned();
    KeptResponse {
        key: arrival.key.clone(),
        name: arrival.name.to_owned(),
        response: facts::Response {
            id: text(&response.biz_msg_id),
            class,
            code: text(&response.response_code),
            info: text(&response.response_info),
            received: civil_of(arrival.now_ms),
        },
    }
}

fn kept_log(log: &AccessLog<'_>, body: &[u8], arrival: &Arrival<'_>) -> Option<KeptLog> {
    Some(KeptLog {
        origin: LogOrigin::Carried,
        county: said(&log.area_code)?.parse().ok()?,
        day: civil::day(said(&log.access_date)?)?,
        fact: LogFact { log: DailyLog::of(log), made: civil_of(arrival.now_ms) },
        name: arrival.name.to_owned(),
        digest: sha256(&[body]).to_string(),
    })
}
