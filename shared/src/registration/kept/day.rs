//! All that the store knows about a county's day.

use super::super::day::facts::{Facts, LogFact, Message, RegisterRow, Response};
use super::super::day::ids::{case_of_flow, comparable};
use super::super::day::settings::Settings;
use super::logs::{LogOrigin, log};
use super::messages::{id_term, messages_of, responses_of};
use super::rows::KeptRow;
use super::{decisions, marks, rows};
use crate::store::{StationState, Store, StoreFault};
use jiff::civil::Date;
use std::collections::{BTreeSet, HashSet};

/// Reads the facts of a county's day: the day's register rows and those that its messages name, the messages registered, reported or answered that day, the
/// responses to them and of the day, the log, the mark, and what persons decided. The carried log is taken where there is one, else the built one.
///
/// # Errors
/// As [`Store::cards`].
pub fn facts_of(store: &mut dyn Store, state: &StationState, settings: &Settings, day: Date) -> Result<Facts, StoreFault> {
    let of_day = rows::find(store, &[format!("day {day}")])?;
    let mut found: Vec<RegisterRow> = now_of(&of_day).filter(|row| row.day() == day).collect();
    let came = responses_of(store, &[format!("came {day}")])?;
    let messages = messages_of_day(store, day, &found, came.iter().map(|kept| &kept.response))?;
    let ids: BTreeSet<String> = messages.iter().map(|message| id_term(&message.id)).collect();
    let mut responses: Vec<(String, Response)> = came.into_iter().map(|kept| (kept.key, kept.response)).collect();
    let met: HashSet<String> = responses.iter().map(|(key, _)| key.clone()).collect();
    let answers = responses_of(store, &ids.into_iter().collect::<Vec<_>>())?.into_iter();
    responses.extend(answers.filter(|kept| !met.contains(&kept.key)).map(|kept| (kept.key, kept.response)));
    found.extend(rows_named(store, &messages, &found)?);
    let mark = marks::mark(store, settings.county, day)?.map(|mark| marks::fact_of(state, settings, mark, &of_day));
    Ok(Facts {
        rows: found,
        messages,
        responses: responses.into_iter().map(|(_, response)| response).collect(),
        log: log_of(store, settings, day)?,
        mark,
        decisions: decisions::decisions(store, settings.county, day)?,
    })
}

fn now_of(kept: &[KeptRow]) -> impl Iterator<Item = RegisterRow> {
    kept.iter().filter_map(|kept| kept.now().cloned())
}

fn messages_of_day<'r>(
    store: &mut dyn Store,
    day: Date,
    rows: &[RegisterRow],
    came: impl Iterator<Item = &'r Response>,
) -> Result<Vec<Message>, StoreFault> {
    let cases: BTreeSet<String> = rows.iter().map(|row| format!("case {}", comparable(&row.ywh))).collect();
    let answered: BTreeSet<String> = came.filter_map(|response| response.id.parse().ok()).map(|id| id_term(&id)).collect();
    let days = ["day", "reported", "came"].map(|term| format!("{term} {day}"));
    let terms: Vec<String> = days.into_iter().chain(cases).chain(answered).collect();
    Ok(messages_of(store, &terms)?.into_iter().map(|kept| kept.message).collect())
}

/// Gives the rows of other days that any of the messages names.
fn rows_named(store: &mut dyn Store, messages: &[Message], found: &[RegisterRow]) -> Result<Vec<RegisterRow>, StoreFault> {
    let known: HashSet<_> = found.iter().map(rows::key_of).collect();
    let mut terms = BTreeSet::new();
    for message in messages {
        let flow = comparable(&message.flow);
        terms.extend(case_of_flow(&flow).map(|case| format!("case {case}")));
        terms.insert(format!("case {flow}"));
    }
    let named = rows::find(store, &terms.into_iter().collect::<Vec<_>>())?;
    Ok(now_of(&named).filter(|row| !known.contains(&rows::key_of(row))).collect())
}

fn log_of(store: &mut dyn Store, settings: &Settings, day: Date) -> Result<Option<LogFact>, StoreFault> {
    for origin in [LogOrigin::Carried, LogOrigin::Built] {
        for county in [settings.county].into_iter().chain(settings.aliases.iter().copied()) {
            if let Some(kept) = log(store, county, day, origin)? {
                return Ok(Some(kept.fact));
            }
        }
    }
    Ok(None)
}
