//! The lists of what does not agree. Each list asks one question; none looks at another's answer.

use std::collections::{HashMap, HashSet};

use jiff::civil::{Date, DateTime};

use super::super::access::{case_of, key_of};
use super::super::completeness::Completeness;
use super::super::counters::kind_of;
use super::super::differences::{Difference, DifferenceKind, Reason};
use super::super::facts::{Edition, Facts, Message, RegisterRow, Response};
use super::super::ids::{AreaCode, BizMsgId, Suffix, comparable};
use super::super::matching::{Fate, Matched, MatchedRow, Sent};
use super::super::settings::Settings;
use super::super::standing::{Apart, Standing};
use super::super::text::Text;
use super::counted_kind;

/// What the lists are made from.
pub(super) struct Look<'m, 'a> {
    pub(super) matched: &'m Matched<'a>,
    pub(super) settings: &'m Settings,
    pub(super) day: Date,
    pub(super) until: DateTime,
    pub(super) completeness: Completeness,
    pub(super) messages_complete: Option<bool>,
}

impl<'m, 'a> Look<'m, 'a> {
    pub(super) fn differences(&self, facts: &Facts) -> Vec<Difference> {
        let mut all = self.unreported();
        all.extend(self.unregistered());
        all.extend(self.repeated_rows());
        all.extend(self.rows().flat_map(|row| self.of_row(row)));
        all.extend(self.ids_used_twice());
        all.extend(self.foreign_messages());
        all.extend(self.responses(&facts.responses));
        all
    }

    fn rows(&self) -> impl Iterator<Item = &'m MatchedRow<'a>> {
        self.matched.rows.iter().filter(|row| row.row.day() == self.day && row.row.first_seen <= self.until)
    }

    /// The row's messages that are here.
    fn here(&self, row: &'m MatchedRow<'a>) -> impl DoubleEndedIterator<Item = &'m Sent<'a>> {
        self.matched.of(row).filter(|sent| sent.message.ferried <= self.until)
    }

    fn unmatched(&self) -> impl Iterator<Item = &'m Sent<'a>> {
        let all = self.matched.unmatched.iter().filter_map(|at| self.matched.sent.get(*at));
        all.filter(|sent| sent.message.ferried <= self.until)
    }

    fn unreported(&self) -> Vec<Difference> {
        let mut by_case: HashMap<String, &Sent<'_>> = HashMap::new();
        for sent in self.unmatched() {
            by_case.insert(comparable(&sent.message.flow), sent);
            by_case.insert(comparable(&case_of(sent)), sent);
        }
        let mut list = Vec::new();
        for row in self.rows() {
            let reason = match Standing::of(row.row, self.here(row), self.until) {
                Standing::Arrived => Reason::NotYetReported,
                Standing::Held(code) => Reason::Held(code),
                Standing::Refused(code) => Reason::Refused(code),
                Standing::NoMessage => self.why_no_message(row, by_case.get(row.key.ywh.as_str()).copied()),
                _ => continue,
            };
            list.push(of_row(DifferenceKind::RegisteredNotReported, row.row, None, reason));
        }
        list
    }

    fn why_no_message(&self, row: &MatchedRow<'_>, other: Option<&Sent<'_>>) -> Reason {
        match (other, row.row.access_state, self.messages_complete) {
            (Some(other), ..) => Reason::OtherUnitReported { id: other.message.id, unit: other.message.unit().to_owned() },
            (None, _, Some(false)) => Reason::MessagesUnderWay,
            (None, Some(state), _) => Reason::RegisterState(state),
            (None, ..) => Reason::NoMessage,
        }
    }

    fn unregistered(&self) -> Vec<Difference> {
        let newest = |case: &str| self.matched.newest_of_case(case);
        let of_day = self.unmatched().filter(|sent| sent.message.day() == self.day);
        let (mut seen, mut list) = (HashSet::new(), Vec::new());
        for sent in of_day.filter(|sent| seen.insert(sent.message.id)) {
            let reason = match newest(&key_of(sent).ywh).or_else(|| newest(&comparable(&sent.message.flow))) {
                Some(row) => Reason::OtherUnitRegistered(row.bdcdyh.to_string()),
                None if matches!(self.completeness, Completeness::UnderWay { .. }) => Reason::RowsUnderWay,
                None => Reason::NotInRegister,
            };
            list.push(of_message(DifferenceKind::ReportedNotRegistered, sent.message, reason));
        }
        let left_out = self.rows().filter(|row| row.row.is_left_out());
        let reported =
            left_out.filter_map(|row| self.here(row).rfind(|sent| sent.fate(self.until).is_some()).map(|sent| (row, sent)));
        list.extend(reported.map(|(row, sent)| {
            of_row(DifferenceKind::ReportedNotRegistered, row.row, Some(sent.message), Reason::LeftOutAndReported)
        }));
        list
    }

    fn repeated_rows(&self) -> Vec<Difference> {
        let of_day = self.matched.repeated_rows.iter().filter(|row| row.day() == self.day && row.first_seen <= self.until);
        of_day.map(|row| of_row(DifferenceKind::RepeatedRow, row, None, Reason::SameKey)).collect()
    }

    /// What the messages of a row tell otherwise than the row, and than one another.
    fn of_row(&self, row: &'m MatchedRow<'a>) -> Vec<Difference> {
        let mut list = Vec::new();
        let mut earlier: Vec<&Sent<'_>> = Vec::new();
        for sent in self.here(row) {
            match self.seen_before(sent, &earlier) {
                Some(Reason::SameMessage) => {
                    list.push(of_row(DifferenceKind::RepeatedMessage, row.row, Some(sent.message), Reason::SameMessage));
                    continue;
                }
                Some(reason) => list.push(of_row(DifferenceKind::ReportedTwice, row.row, Some(sent.message), reason)),
                None => {}
            }
            list.extend(told_otherwise(row, sent.message));
            earlier.push(sent);
        }
        list
    }

    /// Why a message should not have come behind these of the same row. A re-report has a suffix, or follows a failure.
    fn seen_before(&self, sent: &Sent<'_>, earlier: &[&Sent<'_>]) -> Option<Reason> {
        if sent.message.id.suffix() != Suffix::None {
            return None;
        }
        if earlier.iter().any(|before| before.message.id == sent.message.id) {
            return Some(Reason::SameMessage);
        }
        let reported = sent.reported().filter(|at| *at <= self.until)?;
        let before = earlier.iter().rfind(|before| before.fate(reported).is_some_and(|fate| fate != Fate::Failed))?;
        Some(Reason::EarlierMessage(before.message.id))
    }

    fn ids_used_twice(&self) -> Vec<Difference> {
        let here = self.matched.sent.iter().map(|sent| sent.message).filter(|message| message.ferried <= self.until);
        let mut by_id: Vec<&Message> = Vec::with_capacity(self.matched.sent.len());
        by_id.extend(here);
        // The first of an id stays the first.
        by_id.sort_by_key(|message| message.id);
        let mut list = Vec::new();
        for alike in by_id.chunk_by(|one, next| one.id == next.id) {
            let Some((known, others)) = alike.split_first() else { continue };
            let used_again = others
                .iter()
                .filter(|message| !is_same_case(known, message) && (message.day() == self.day || known.day() == self.day));
            let other = || Reason::OtherCase(known.flow.to_string());
            list.extend(used_again.map(|message| of_message(DifferenceKind::ReusedId, message, other())));
        }
        list
    }

    fn foreign_messages(&self) -> Vec<Difference> {
        let of_day =
            self.matched.foreign.iter().filter(|message| message.ferried.date() == self.day && message.ferried <= self.until);
        of_day
            .map(|message| {
                let by_id = message.id.area();
                let reason = match self.settings.is_own(by_id) {
                    true => Reason::AreaStated(message.area.to_string()),
                    false => Reason::AreaOfId(by_id.to_string()),
                };
                of_message(DifferenceKind::ForeignMessage, message, reason)
            })
            .collect()
    }

    fn responses(&self, responses: &[Response]) -> Vec<Difference> {
        let of_day =
            responses.iter().filter(|response| response.received.date() == self.day && response.received <= self.until);
        of_day.filter_map(|response| self.stray(response)).collect()
    }

    fn stray(&self, response: &Response) -> Option<Difference> {
        let id: Result<BizMsgId, _> = response.id.trim().parse();
        let is_neighbours = |area: AreaCode| self.settings.neighbours.contains(&area);
        let (kind, reason) = match id {
            Ok(id) if self.matched.ids.binary_search(&id).is_ok() || is_neighbours(id.area()) => return None,
            Ok(id) if !self.settings.is_own(id.area()) => {
                (DifferenceKind::ForeignResponse, Reason::AreaOfId(id.area().to_string()))
            }
            Ok(id) => {
                let other = self.matched.id_of_base(id.base()).map(Reason::OtherSuffix);
                (DifferenceKind::OrphanResponse, other.unwrap_or(Reason::NeverFerried))
            }
            Err(_) => (DifferenceKind::OrphanResponse, Reason::IdUnreadable),
        };
        let (ywh, bdcdyh, id, at) = (Text::default(), Text::default(), response.id.to_string(), Some(response.received));
        Some(Difference { kind, ywh, bdcdyh, id, at, reason, decision: None })
    }
}

fn is_same_case(one: &Message, other: &Message) -> bool {
    comparable(&one.flow) == comparable(&other.flow) && comparable(one.unit()) == comparable(other.unit())
}

/// What a message tells otherwise than its row. The old edition's kinds are not compared: it has codes of its own for mortgages.
fn told_otherwise(row: &MatchedRow<'_>, message: &Message) -> Vec<Difference> {
    let mut list = Vec::new();
    if message.registered.is_some_and(|registered| registered.date() != row.row.day()) {
        list.push(of_row(DifferenceKind::DayDiffers, row.row, Some(message), Reason::RegisterDay(row.row.day())));
    }
    let (stated, counted) = (kind_of(&message.reg_type), counted_kind(row));
    let are_known = message.edition == Edition::New && !stated.is_empty() && !counted.is_empty();
    if are_known && stated != counted && Apart::of(row.row) != Some(Apart::ExternalCancellation) {
        list.push(of_row(DifferenceKind::KindDiffers, row.row, Some(message), Reason::RegisterKind(counted)));
    }
    list
}

fn of_row(kind: DifferenceKind, row: &RegisterRow, message: Option<&Message>, reason: Reason) -> Difference {
    let id = message.map(|message| message.id.to_string()).unwrap_or_default();
    let (ywh, bdcdyh) = (row.ywh.clone(), row.bdcdyh.clone());
    Difference { kind, ywh, bdcdyh, id, at: Some(row.djsj), reason, decision: None }
}

fn of_message(kind: DifferenceKind, message: &Message, reason: Reason) -> Difference {
    let (ywh, bdcdyh, id) = (message.flow.clone(), message.units.first().cloned().unwrap_or_default(), message.id.to_string());
    Difference { kind, ywh, bdcdyh, id, at: message.registered.or(Some(message.ferried)), reason, decision: None }
}
