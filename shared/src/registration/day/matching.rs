//! Which messages report which register rows, and what nobody's register has.

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
    /// Ids of all messages, foreign ones and neighbours' too, rising, each once.
    pub(super) ids: Vec<BizMsgId>,
    /// The places of the rows in the order of their keys. A table of hashes would take up to five times as much.
    by_key: Vec<usize>,
}

impl<'a> Matched<'a> {
    pub(super) fn new(facts: &'a Facts, settings: &Settings) -> Self {
        let (rows, repeated_rows) = rows_once(facts, settings);
        let mut by_key: Vec<usize> = (0..rows.len()).collect();
        by_key.sort_unstable_by_key(|at| rows.get(*at).map(|row| &row.key));
        let mut matched = Self {
            rows,
            repeated_rows,
            sent: Vec::with_capacity(facts.messages.len()),
            unmatched: Vec::new(),
            foreign: Vec::new(),
            ids: ids_once(&facts.messages),
            by_key,
        };
        let responses = by_message(&facts.responses);
        for message in &facts.messages {
            match county_of(message, settings) {
                County::Own => matched.take_message(message, answers(&responses, message.id)),
                County::Neighbour => {}
                County::Foreign => matched.foreign.push(message),
            }
        }
        matched.order();
        matched
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
        let at = self.by_key.binary_search_by(|at| self.rows.get(*at).map(|row| &row.key).cmp(&Some(key))).ok()?;
        self.by_key.get(at).copied()
    }

    /// Gives the row of a case that came last, at whatever unit; the case is in the form in which cases are compared.
    pub(super) fn newest_of_case(&self, case: &str) -> Option<&'a RegisterRow> {
        let ywh = |at: &usize| self.rows.get(*at).map(|row| row.key.ywh.as_str());
        let from = self.by_key.partition_point(|at| ywh(at) < Some(case));
        let of_case = self.by_key.iter().skip(from).take_while(|at| ywh(at) == Some(case));
        of_case.max().and_then(|at| self.rows.get(*at)).map(|row| row.row)
    }

    /// Gives an id of these 18 digits that a message has, the one with the last suffix.
    pub(super) fn id_of_base(&self, base: &str) -> Option<BizMsgId> {
        let behind = self.ids.partition_point(|id| id.base() <= base);
        behind.checked_sub(1).and_then(|last| self.ids.get(last)).copied().filter(|id| id.base() == base)
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

/// Gives each of the county's rows once, and those whose case and unit an earlier one has, both in the order of the facts.
fn rows_once<'a>(facts: &'a Facts, settings: &Settings) -> (Vec<MatchedRow<'a>>, Vec<&'a RegisterRow>) {
    let own = facts.rows.iter().filter(|row| settings.has_row(&row.bdcdyh, &row.qxdm));
    let mut keyed: Vec<(RowKey, &RegisterRow)> = Vec::with_capacity(facts.rows.len());
    keyed.extend(own.map(|row| (RowKey::of(&row.ywh, &row.bdcdyh), row)));
    let mut by_key: Vec<usize> = (0..keyed.len()).collect();
    by_key.sort_unstable_by_key(|at| (keyed.get(*at).map(|(key, _)| key), *at));
    let key = |at: usize| keyed.get(at).map(|(key, _)| key);
    let pairs = by_key.windows(2).filter_map(|pair| <[usize; 2]>::try_from(pair).ok());
    let mut repeated: Vec<usize> = pairs.filter(|[one, next]| key(*one) == key(*next)).map(|[_, next]| next).collect();
    repeated.sort_unstable();
    let mut rows = Vec::with_capacity(keyed.len());
    let mut repeated_rows = Vec::with_capacity(repeated.len());
    for (at, (key, row)) in keyed.into_iter().enumerate() {
        match repeated.binary_search(&at) {
            Ok(_) => repeated_rows.push(row),
            Err(_) => rows.push(MatchedRow { row, key, sent: Vec::new() }),
        }
    }
    (rows, repeated_rows)
}

fn ids_once(messages: &[Message]) -> Vec<BizMsgId> {
    let mut ids: Vec<BizMsgId> = messages.iter().map(|message| message.id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Gives the responses in the order of the ids that they answer, oldest first.
fn by_message(responses: &[Response]) -> Vec<(BizMsgId, &Response)> {
    let mut by_message = Vec::with_capacity(responses.len());
    by_message.extend(responses.iter().filter_map(|response| Some((response.id.parse().ok()?, response))));
    by_message.sort_by_key(|(id, response): &(BizMsgId, &Response)| (*id, response.received));
    by_message
}

fn answers<'a>(by_message: &[(BizMsgId, &'a Response)], id: BizMsgId) -> Vec<&'a Response> {
    let from = by_message.partition_point(|(own, _)| *own < id);
    let of_id = by_message.get(from..).unwrap_or_default();
    let until = of_id.partition_point(|(own, _)| *own == id);
    of_id.get(..until).unwrap_or_default().iter().map(|(_, response)| *response).collect()
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
