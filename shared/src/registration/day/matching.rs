//! Which messages report which register rows, and what nobody's register has.

use std::collections::{HashMap, HashSet};

use jiff::civil::DateTime;

use super::facts::{Facts, Message, RegisterRow, Response, ResponseClass};
use super::ids::{AreaCode, BizMsgId, RowKey, case_of_flow};
use super::settings::{AccessStates, Settings};
use super::text::Text;

/// A message with the responses to it, oldest first.
#[derive(Debug)]
pub(super) struct Sent<'a> {
    pub(super) message: &'a Message,
    pub(super) responses: Vec<&'a Response>,
}

/// What became of a reported message by a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Waiting,
    Accepted,
    Failed,
}

impl<'a> Sent<'a> {
    /// When it was reported. A response proves it, whatever else is known.
    pub(super) fn reported(&self) -> Option<DateTime> {
        self.message.reported().or_else(|| self.responses.first().map(|response| response.received))
    }

    /// The newest response by that moment.
    pub(super) fn response(&self, until: DateTime) -> Option<&'a Response> {
        self.responses.iter().rfind(|response| response.received <= until).copied()
    }

    /// What became of it by that moment; none when it had not been reported.
    pub(super) fn fate(&self, until: DateTime) -> Option<Fate> {
        self.reported().filter(|reported| *reported <= until)?;
        Some(match self.response(until).map(|response| response.class) {
            None => Fate::Waiting,
            Some(ResponseClass::Accepted) => Fate::Accepted,
            Some(ResponseClass::Failed) => Fate::Failed,
        })
    }

    /// Tells whether it counts as access at that moment.
    pub(super) fn counts(&self, until: DateTime, states: AccessStates) -> bool {
        match self.fate(until) {
            None => false,
            Some(Fate::Waiting) => states.waiting,
            Some(Fate::Accepted) => states.accepted,
            Some(Fate::Failed) => states.failed,
        }
    }
}

/// A register row and the messages that report it, by their place in [`Matched::sent`], in the order in which they were reported; those that were not, last.
#[derive(Debug)]
pub(super) struct MatchedRow<'a> {
    pub(super) row: &'a RegisterRow,
    pub(super) key: RowKey,
    pub(super) sent: Vec<usize>,
}

/// A county's rows and messages, matched.
#[derive(Debug)]
pub(super) struct Matched<'a> {
    /// Each of the county's rows once, of whatever day.
    pub(super) rows: Vec<MatchedRow<'a>>,
    /// Rows whose case and unit an earlier row of the list has.
    pub(super) repeated_rows: Vec<&'a RegisterRow>,
    /// The county's messages.
    pub(super) sent: Vec<Sent<'a>>,
    /// Those that report no row, by their place.
    pub(super) unmatched: Vec<usize>,
    /// Messages of nobody's county.
    pub(super) foreign: Vec<&'a Message>,
    /// Ids of all messages, foreign ones and neighbours' too.
    pub(super) ids: HashSet<BizMsgId>,
    by_key: HashMap<RowKey, usize>,
}

impl<'a> Matched<'a> {
    pub(super) fn new(facts: &'a Facts, settings: &Settings) -> Self {
        let mut matched = Self {
            rows: Vec::with_capacity(facts.rows.len()),
            repeated_rows: Vec::new(),
            sent: Vec::with_capacity(facts.messages.len()),
            unmatched: Vec::new(),
            foreign: Vec::new(),
            ids: facts.messages.iter().map(|message| message.id).collect(),
            by_key: HashMap::with_capacity(facts.rows.len()),
        };
        facts.rows.iter().filter(|row| settings.has_row(&row.bdcdyh, &row.qxdm)).for_each(|row| matched.take_row(row));
        let responses = by_message(&facts.responses);
        for message in &facts.messages {
            match county_of(message, settings) {
                County::Own => matched.take_message(message, responses.get(&message.id).cloned().unwrap_or_default()),
                County::Neighbour => {}
                County::Foreign => matched.foreign.push(message),
            }
        }
        matched.order();
        matched
    }

    fn take_row(&mut self, row: &'a RegisterRow) {
        let key = RowKey::of(&row.ywh, &row.bdcdyh);
        if self.by_key.contains_key(&key) {
            self.repeated_rows.push(row);
            return;
        }
        self.by_key.insert(key.clone(), self.rows.len());
        self.rows.push(MatchedRow { row, key, sent: Vec::new() });
    }

    fn take_message(&mut self, message: &'a Message, responses: Vec<&'a Response>) {
        let at = self.sent.len();
        self.sent.push(Sent { message, responses });
        let mut places = self.rows_of(message);
        places.sort_unstable();
        places.dedup();
        if places.is_empty() {
            self.unmatched.push(at);
        }
        for place in places {
            if let Some(row) = self.rows.get_mut(place) {
                row.sent.push(at);
            }
        }
    }

    /// Each unit's row, by the flow number as written, else without the counter behind it.
    fn rows_of(&self, message: &Message) -> Vec<usize> {
        let flows = [Some(message.flow.as_str()), case_of_flow(&message.flow)];
        let place = |unit: &Text| flows.into_iter().flatten().find_map(|flow| self.place(&RowKey::new(flow, unit)));
        message.units.iter().filter_map(place).collect()
    }

    /// Gives the place of the row of a case and unit.
    pub(super) fn place(&self, key: &RowKey) -> Option<usize> {
        self.by_key.get(key).copied()
    }

    fn order(&mut self) {
        let sent = &self.sent;
        let turn = |at: &usize| {
            sent.get(*at).map(|sent| (sent.reported().is_none(), sent.reported(), sent.message.ferried, sent.message.id))
        };
        self.rows.iter_mut().for_each(|row| row.sent.sort_by_key(turn));
    }

    /// Gives a row's messages in their order.
    pub(super) fn of<'s>(&'s self, row: &'s MatchedRow<'a>) -> impl DoubleEndedIterator<Item = &'s Sent<'a>> {
        row.sent.iter().filter_map(|at| self.sent.get(*at))
    }
}

fn by_message(responses: &[Response]) -> HashMap<BizMsgId, Vec<&Response>> {
    let mut by_message: HashMap<BizMsgId, Vec<&Response>> = HashMap::with_capacity(responses.len());
    for response in responses {
        if let Ok(id) = response.id.parse() {
            by_message.entry(id).or_default().push(response);
        }
    }
    by_message.values_mut().for_each(|responses| responses.sort_by_key(|response| response.received));
    by_message
}

/// Whose a message is.
enum County {
    Own,
    Neighbour,
    Foreign,
}

/// A message is somebody's when its id and its AreaCode both name one county.
fn county_of(message: &Message, settings: &Settings) -> County {
    let stated: Option<AreaCode> = message.area.trim().parse().ok();
    let is_neighbour = |area: AreaCode| settings.neighbours.contains(&area);
    match (message.id.area(), stated) {
        (by_id, Some(stated)) if settings.is_own(by_id) && settings.is_own(stated) => County::Own,
        (by_id, Some(stated)) if is_neighbour(by_id) && is_neighbour(stated) => County::Neighbour,
        _ => County::Foreign,
    }
}
