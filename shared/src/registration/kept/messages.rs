//! Messages and responses, each on a card of its own: an id may come twice.

use super::super::day::facts::{Message, Progress, Response};
use super::super::day::ids::{BizMsgId, case_of_flow, comparable};
use super::{body, read};
use crate::store::cards::{Card, Drawer};
use crate::store::{Store, StoreFault};
use serde::{Deserialize, Serialize};

/// A message that came, and where it lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptMessage {
    /// The card's key: its packet and place there.
    pub key: String,
    /// Its channel.
    pub channel: String,
    /// Its record's name.
    pub name: String,
    /// SHA-256 of its bytes.
    pub digest: String,
    /// What it says, and how far it is.
    pub message: Message,
}

impl KeptMessage {
    /// Gives its card. To be filed again whenever something of it changes: [`Progress`] is what does.
    pub fn card(&self, since_ms: i64) -> Card {
        let message = &self.message;
        let case = comparable(&message.flow);
        let mut terms = vec![id_term(&message.id), format!("day {}", message.day()), format!("progress {}", progress(message))];
        terms.extend(case_of_flow(&case).map(|case| format!("case {case}")));
        terms.push(format!("case {case}"));
        terms.extend(message.units.iter().map(|unit| format!("unit {}", comparable(unit))));
        terms.extend(message.reported().map(|at| format!("reported {}", at.date())));
        terms.push(format!("came {}", message.ferried.date()));
        Card::new(Drawer::Message, &self.key, terms.iter().map(String::as_str), body(self), since_ms)
    }
}

fn progress(message: &Message) -> &'static str {
    match message.progress {
        Progress::Arrived => "arrived",
        Progress::Held(_) => "held",
        Progress::Refused(_) => "refused",
        Progress::HandedOver(_) => "handed-over",
        Progress::Placed(_) => "placed",
    }
}

/// A response that came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptResponse {
    /// The card's key: its packet and place there.
    pub key: String,
    /// Its record's name.
    pub name: String,
    /// What it says.
    pub response: Response,
}

impl KeptResponse {
    /// Gives its card.
    pub fn card(&self, since_ms: i64) -> Card {
        let id = match self.response.id.parse() {
            Ok(id) => id_term(&id),
            Err(_) => format!("id {}", self.response.id.trim()),
        };
        let terms = [id, format!("came {}", self.response.received.date())];
        Card::new(Drawer::Response, &self.key, terms.iter().map(String::as_str), body(self), since_ms)
    }
}

/// An id is found by its 18 digits: what was made again has them, too.
pub(super) fn id_term(id: &BizMsgId) -> String {
    format!("id {}", id.base())
}

/// Gives the messages that have any of these terms: `id` with 18 digits, `day`, `came` or `reported` with a date, `case` with a comparable case number,
/// `progress` with `arrived`, `held`, `refused`, `handed-over` or `placed`.
///
/// # Errors
/// As [`Store::cards`].
pub fn messages_of(store: &mut dyn Store, terms: &[String]) -> Result<Vec<KeptMessage>, StoreFault> {
    let terms: Vec<&str> = terms.iter().map(String::as_str).collect();
    store.cards(Drawer::Message, &terms)?.into_iter().map(|card| read(&card)).collect()
}

/// Gives the responses that have any of these terms: `id` with 18 digits, `came` with a date.
///
/// # Errors
/// As [`Store::cards`].
pub fn responses_of(store: &mut dyn Store, terms: &[String]) -> Result<Vec<KeptResponse>, StoreFault> {
    let terms: Vec<&str> = terms.iter().map(String::as_str).collect();
    store.cards(Drawer::Response, &terms)?.into_iter().map(|card| read(&card)).collect()
}
