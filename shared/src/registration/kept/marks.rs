//! Day marks that came, and how far this side is with what they speak of.

use super::super::day::completeness::Completeness;
use super::super::day::day_mark::{DayMark, Head, rows_of_day};
use super::super::day::facts::MarkFact;
use super::super::day::ids::AreaCode;
use super::super::day::settings::Settings;
use super::rows::{self, KeptRow};
use crate::store::cards::{Card, Drawer};
use crate::store::{StationState, Store, StoreFault};
use jiff::civil::Date;

/// Marks that [`newest_marks`] looks back for, in days.
const DAYS_BACK: i64 = 8;

/// Gives the card of a mark: a later one of its county's day takes its place.
pub(super) fn card_of(mark: &DayMark, now_ms: i64) -> Card {
    let day = format!("day {}", mark.day);
    Card::new(Drawer::DayMark, &key(mark.county, mark.day), [day.as_str()], mark.encode(), now_ms)
}

fn key(county: AreaCode, day: Date) -> String {
    format!("{county} {day}")
}

fn read(card: &Card) -> Result<DayMark, StoreFault> {
    DayMark::decode(card.body.as_bytes()).map_err(|_| StoreFault::Corrupt("a day mark cannot be read".to_owned()))
}

/// Gives the newest mark of a county's day.
///
/// # Errors
/// As [`Store::card`].
pub(super) fn mark(store: &mut dyn Store, county: AreaCode, day: Date) -> Result<Option<DayMark>, StoreFault> {
    store.card(Drawer::DayMark, &key(county, day))?.as_ref().map(read).transpose()
}

/// Gives the newest mark of each county that has one of the days before `until`, and of that day.
///
/// # Errors
/// As [`Store::cards`].
pub fn newest_marks(store: &mut dyn Store, until: Date) -> Result<Vec<DayMark>, StoreFault> {
    let days = std::iter::successors(Some(until), |day| day.yesterday().ok()).take(DAYS_BACK as usize);
    let terms: Vec<String> = days.map(|day| format!("day {day}")).collect();
    let terms: Vec<&str> = terms.iter().map(String::as_str).collect();
    let mut marks = store.cards(Drawer::DayMark, &terms)?.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    marks.sort_by_key(|mark| (mark.county, mark.cut, mark.day));
    marks.reverse();
    marks.dedup_by_key(|mark| mark.county);
    marks.reverse();
    Ok(marks)
}

/// Tells whether all register rows of a mark's day are here.
///
/// # Errors
/// As [`Store::cards`].
pub fn completeness(
    store: &mut dyn Store,
    state: &StationState,
    settings: &Settings,
    mark: DayMark,
) -> Result<Completeness, StoreFault> {
    let day = mark.day;
    let kept = rows::find(store, &[format!("day {day}")])?;
    let here = rows_of_day(settings, day, kept.iter().filter_map(KeptRow::now));
    Ok(Completeness::of(Some(&fact_of(state, settings, mark, &kept)), here))
}

/// Tells whether this station has applied the packet that a mark's head names.
fn has_applied(state: &StationState, head: &Head) -> bool {
    let applied = state.in_heads.get(&head.channel).map(|applied| (applied.epoch.counter, applied.seq));
    applied >= Some((head.epoch.counter, head.seq)) || head.seq == 0
}

/// Tells how far this side is with a mark. The register's channel is the one that brought the rows of the day; where there are none, any.
pub(super) fn fact_of(state: &StationState, settings: &Settings, mark: DayMark, kept: &[KeptRow]) -> MarkFact {
    let is_register = |head: &&Head| kept.iter().any(|row| row.is_of(&head.channel));
    let (register, messages): (Vec<&Head>, Vec<&Head>) = mark.heads.iter().partition(is_register);
    let messages_complete = messages.iter().all(|head| has_applied(state, head));
    let at_head = match register.as_slice() {
        [] => None,
        heads if heads.iter().all(|head| has_applied(state, head)) => rows::at(kept, heads),
        _ => None,
    };
    let at_head = at_head.map(|rows| rows_of_day(settings, mark.day, rows));
    MarkFact { mark, at_head, messages_complete }
}
