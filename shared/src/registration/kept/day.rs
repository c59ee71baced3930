//! All that the store knows about a county's day.

use super::super::day::facts::{Facts, LogFact, MarkFact, Message, RegisterRow, Response};
use super::super::day::ids::{BizMsgId, case_of_flow, comparable};
use super::super::day::settings::Settings;
use super::super::day::text::Texts;
use super::logs::{LogOrigin, log};
use super::marks::Marking;
use super::messages::{KeptMessage, KeptResponse, id_term};
use super::{decisions, marks, read, rows};
use crate::store::cards::Drawer;
use crate::store::{StationState, Store, StoreFault};
use jiff::civil::Date;

/// The most terms that are asked for at once.
const TERMS_AT_ONCE: usize = 1000;

/// Reads the facts of a county's day: the day's register rows and those that its messages name, the messages registered, reported or answered that day, the
/// responses to them and of the day, the log, the mark, and what persons decided. The carried log is taken where there is one, else the built one. Cards are read
/// a page at a time, and what facts say alike is kept once.
///
/// # Errors
/// As [`Store::each_card`].
pub fn facts_of(store: &mut dyn Store, state: &StationState, settings: &Settings, day: Date) -> Result<Facts, StoreFault> {
    let mut texts = Texts::default();
    let mut log = log_of(store, settings, day)?;
    log.iter_mut().for_each(|fact| fact.log.share(&mut texts));
    let mark = marks::mark(store, settings.county, day)?;
    let (mut rows, places, mark) = rows_of_day(store, state, Marking::new(mark, settings, day), day, &mut texts)?;
    let messages = messages_of_day(store, day, &rows, &mut texts)?;
    let responses = responses_of_day(store, day, &messages, &mut texts)?;
    rows.extend(rows_named(store, &messages, &places, &mut texts)?);
    let decisions = decisions::decisions(store, settings.county, day)?;
    Ok(Facts { rows, messages, responses, log, mark, decisions })
}

/// The day's rows, their places, and how far this side is with the day's mark.
type OfDay = (Vec<RegisterRow>, Vec<i64>, Option<MarkFact>);

fn rows_of_day(
    store: &mut dyn Store,
    state: &StationState,
    mut marking: Marking<'_>,
    day: Date,
    texts: &mut Texts,
) -> Result<OfDay, StoreFault> {
    let of_day = store.card_places(Drawer::RegisterRow, &[format!("day {day}").as_str()])?;
    let (mut found, mut places) = (Vec::with_capacity(of_day.len()), Vec::with_capacity(of_day.len()));
    rows::each(store, &of_day, |place, kept| {
        marking.take(&kept);
        if let Some(mut row) = kept.into_now().filter(|row| row.day() == day) {
            row.share(texts);
            found.push(row);
            places.push(place);
        }
        Ok(())
    })?;
    Ok((found, places, marking.finish(state)))
}

fn messages_of_day(
    store: &mut dyn Store,
    day: Date,
    rows: &[RegisterRow],
    texts: &mut Texts,
) -> Result<Vec<Message>, StoreFault> {
    let mut answered = Vec::new();
    let came = places_of(store, Drawer::Response, [format!("came {day}")])?;
    store.each_card(Drawer::Response, &came, &mut |_, card| {
        answered.extend(read::<KeptResponse>(&card)?.response.id.parse::<BizMsgId>());
        Ok(())
    })?;
    let days = ["day", "reported", "came"].map(|term| format!("{term} {day}"));
    let cases = rows.iter().map(|row| format!("case {}", comparable(&row.ywh)));
    let places = places_of(store, Drawer::Message, days.into_iter().chain(cases).chain(answered.iter().map(id_term)))?;
    let mut messages = Vec::with_capacity(places.len());
    store.each_card(Drawer::Message, &places, &mut |_, card| {
        let mut message = read::<KeptMessage>(&card)?.message;
        message.share(texts);
        messages.push(message);
        Ok(())
    })?;
    Ok(messages)
}

/// Gives the responses that came that day, and those to these messages.
fn responses_of_day(
    store: &mut dyn Store,
    day: Date,
    messages: &[Message],
    texts: &mut Texts,
) -> Result<Vec<Response>, StoreFault> {
    let terms = messages.iter().map(|message| id_term(&message.id)).chain([format!("came {day}")]);
    let places = places_of(store, Drawer::Response, terms)?;
    let mut responses = Vec::with_capacity(places.len());
    store.each_card(Drawer::Response, &places, &mut |_, card| {
        let mut response = read::<KeptResponse>(&card)?.response;
        response.share(texts);
        responses.push(response);
        Ok(())
    })?;
    Ok(responses)
}

/// Gives the rows of other days that any of the messages names. Those at the places that are known are the day's own.
fn rows_named(
    store: &mut dyn Store,
    messages: &[Message],
    known: &[i64],
    texts: &mut Texts,
) -> Result<Vec<RegisterRow>, StoreFault> {
    let terms = messages.iter().flat_map(|message| {
        let flow = comparable(&message.flow);
        [case_of_flow(&flow).map(|case| format!("case {case}")), Some(format!("case {flow}"))].into_iter().flatten()
    });
    let mut places = places_of(store, Drawer::RegisterRow, terms)?;
    places.retain(|place| known.binary_search(place).is_err());
    let mut named = Vec::with_capacity(places.len());
    rows::each(store, &places, |_, kept| {
        named.extend(kept.into_now().map(|mut row| {
            row.share(texts);
            row
        }));
        Ok(())
    })?;
    Ok(named)
}

fn places_of(store: &mut dyn Store, drawer: Drawer, terms: impl IntoIterator<Item = String>) -> Result<Vec<i64>, StoreFault> {
    let (mut terms, mut places) = (terms.into_iter().peekable(), Vec::new());
    while terms.peek().is_some() {
        let some: Vec<String> = terms.by_ref().take(TERMS_AT_ONCE).collect();
        places.extend(store.card_places(drawer, &some.iter().map(String::as_str).collect::<Vec<_>>())?);
    }
    places.sort_unstable();
    places.dedup();
    Ok(places)
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
