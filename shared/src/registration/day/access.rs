//! The two sides of a log at a moment: the rows that were registered, and what of them was reported.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};

use super::counters::Case;
use super::ids::{RowKey, case_of_flow};
use super::matching::{Matched, MatchedRow, Sent};
use super::settings::{AccessDay, Settings};
use super::text::Text;

/// A county's day at a moment.
pub(super) struct Sides<'m, 'a> {
    /// The rows that count as registered.
    pub(super) register: Vec<&'m MatchedRow<'a>>,
    /// What counts as access: a row, or a message that reports none, once.
    pub(super) access: BTreeMap<RowKey, Access<'m, 'a>>,
}

/// What was reported of one case and unit.
pub(super) struct Access<'m, 'a> {
    /// The newest message that counts.
    pub(super) sent: &'m Sent<'a>,
    /// The row, where the register has one.
    pub(super) row: Option<&'m MatchedRow<'a>>,
}

impl<'m, 'a> Sides<'m, 'a> {
    /// Gives both sides as they were at that moment.
    pub(super) fn at(matched: &'m Matched<'a>, settings: &Settings, day: Date, until: DateTime) -> Self {
        let register =
            matched.rows.iter().filter(|row| row.row.day() == day && row.row.first_seen <= until && is_counted(row, settings));
        let mut sides = Self { register: register.collect(), access: BTreeMap::new() };
        let counts = |sent: &Sent<'a>| sent.counts(until, settings.access_states);
        let by_report = |sent: &Sent<'a>| sent.reported().is_some_and(|reported| reported.date() == day);
        for row in matched.rows.iter().filter(|row| is_counted(row, settings)) {
            let newest = match settings.access_day {
                AccessDay::Registration if row.row.day() == day => matched.of(row).rfind(|sent| counts(sent)),
                AccessDay::Registration => None,
                AccessDay::Report => matched.of(row).rfind(|sent| counts(sent) && by_report(sent)),
            };
            sides.access.extend(newest.map(|sent| (row.key.clone(), Access { sent, row: Some(row) })));
        }
        for sent in matched.unmatched.iter().filter_map(|at| matched.sent.get(*at)).filter(|sent| counts(sent)) {
            let is_of_day = match settings.access_day {
                AccessDay::Registration => sent.message.day() == day,
                AccessDay::Report => by_report(sent),
            };
            if is_of_day {
                sides.take_unmatched(sent);
            }
        }
        sides
    }

    fn take_unmatched(&mut self, sent: &'m Sent<'a>) {
        let key = key_of(sent);
        let is_newer = self.access.get(&key).is_none_or(|known| known.sent.reported() <= sent.reported());
        if is_newer {
            self.access.insert(key, Access { sent, row: None });
        }
    }

    /// Gives the cases of the register side for counting.
    pub(super) fn register_cases(&self) -> impl Iterator<Item = Case<'_>> {
        self.register.iter().map(|row| Case {
            djlx: djlx_of(row),
            qllx: &row.row.qllx,
            rec_type: self.access.get(&row.key).map(|access| access.sent.message.rec_type.as_str()),
        })
    }

    /// Gives those of the access side.
    pub(super) fn access_cases(&self) -> impl Iterator<Item = Case<'_>> {
        self.access.values().map(|access| {
            let message = access.sent.message;
            Case {
                djlx: access.row.map_or(message.reg_type.as_str(), djlx_of),
                qllx: access.row.map_or(message.right_type.as_str(), |row| row.row.qllx.as_str()),
                rec_type: Some(&message.rec_type),
            }
        })
    }
}

/// Gives the case number under which a message without a row is listed: its flow number without the counter behind it.
pub(super) fn case_of(sent: &Sent<'_>) -> Text {
    let flow = sent.message.flow.trim();
    // A hyphen may belong to a case number; an underscore is a counter's.
    match flow.contains('_').then(|| case_of_flow(flow)).flatten().unwrap_or(flow) {
        case if case.len() == sent.message.flow.len() => sent.message.flow.clone(),
        case => case.into(),
    }
}

/// Gives the key of a message without a row.
pub(super) fn key_of(sent: &Sent<'_>) -> RowKey {
    RowKey::new(&case_of(sent), sent.message.unit())
}

/// Gives the kind of registration under which a row counts: a cancellation from outside the chain is 400.
pub(super) fn djlx_of<'m>(row: &'m MatchedRow<'_>) -> &'m str {
    match row.row.is_external_cancellation {
        true => "400",
        false => &row.row.djlx,
    }
}

fn is_counted(row: &MatchedRow<'_>, settings: &Settings) -> bool {
    !row.row.is_left_out() && settings.counts_unit(&row.row.bdcdyh)
}
