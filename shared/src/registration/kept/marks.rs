//! Day marks that came, and how far this side is with what they speak of.

use super::super::day::completeness::Completeness;
use super::super::day::day_mark::{DayMark, Head, RowsOfDay};
use super::super::day::facts::{MarkFact, RegisterRow};
use super::super::day::ids::AreaCode;
use super::super::day::settings::Settings;
use super::rows::{self, KeptRow};
use crate::store::cards::{Card, Drawer};
use crate::store::{StationState, Store, StoreFault};
use jiff::civil::Date;
use std::collections::BTreeSet;

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
/// As [`Store::each_card`].
pub fn completeness(
    store: &mut dyn Store,
    state: &StationState,
    settings: &Settings,
    mark: DayMark,
) -> Result<Completeness, StoreFault> {
    let day = mark.day;
    let places = store.card_places(Drawer::RegisterRow, &[format!("day {day}").as_str()])?;
    let (mut here, mut marking) = (RowsOfDay::default(), Marking::new(Some(mark), settings, day));
    rows::each(store, &places, |_, kept| {
        marking.take(&kept);
        kept.now().filter(|row| is_of(settings, day, row)).into_iter().for_each(|row| here.take(row));
        Ok(())
    })?;
    Ok(Completeness::of(marking.finish(state).as_ref(), here.finish()))
}

/// Tells whether this station has applied the packet that a mark's head names.
fn has_applied(state: &StationState, head: &Head) -> bool {
    let applied = state.in_heads.get(&head.channel).map(|applied| (applied.epoch.counter, applied.seq));
    applied >= Some((head.epoch.counter, head.seq)) || head.seq == 0
}

fn is_of(settings: &Settings, day: Date, row: &RegisterRow) -> bool {
    row.day() == day && settings.has_row(&row.bdcdyh, &row.qxdm)
}

/// The day's rows, one after another, held against the heads of its mark.
pub(super) struct Marking<'s> {
    mark: Option<DayMark>,
    settings: &'s Settings,
    day: Date,
    /// The rows as they were at the heads; none once that is not known of one of them any more.
    at_heads: Option<RowsOfDay>,
    /// The channels that brought rows.
    registers: BTreeSet<String>,
}

impl<'s> Marking<'s> {
    pub(super) fn new(mark: Option<DayMark>, settings: &'s Settings, day: Date) -> Self {
        Self { mark, settings, day, at_heads: Some(RowsOfDay::default()), registers: BTreeSet::new() }
    }

    pub(super) fn take(&mut self, kept: &KeptRow) {
        let Some(mark) = &self.mark else { return };
        if !self.registers.contains(kept.channel()) {
            self.registers.insert(kept.channel().to_owned());
        }
        let Some(head) = mark.heads.iter().find(|head| head.channel.as_ref() == kept.channel()) else { return };
        match (kept.at(&head.channel, head.epoch, head.seq), &mut self.at_heads) {
            (Some(Some(row)), Some(at_heads)) if is_of(self.settings, self.day, row) => at_heads.take(row),
            (Some(_), _) => {}
            (None, at_heads) => *at_heads = None,
        }
    }

    /// Tells how far this side is with the mark. The register's channel is the one that brought the rows of the day; where there are none, any.
    pub(super) fn finish(self, state: &StationState) -> Option<MarkFact> {
        let mark = self.mark?;
        let is_register = |head: &&Head| self.registers.contains(head.channel.as_ref());
        let (register, messages): (Vec<&Head>, Vec<&Head>) = mark.heads.iter().partition(is_register);
        let messages_complete = messages.iter().all(|head| has_applied(state, head));
        let are_applied = !register.is_empty() && register.iter().all(|head| has_applied(state, head));
        let at_head = self.at_heads.filter(|_| are_applied).map(RowsOfDay::finish);
        Some(MarkFact { mark, at_head, messages_complete })
    }
}
