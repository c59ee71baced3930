//! Daily logs, and the guards of their days.

use super::super::day::counters::Counters;
use super::super::day::facts::{self, LogFact};
use super::super::day::ids::AreaCode;
use super::super::day::log::guard::{Guard, State};
use super::super::day::log::{AccessEntry, DailyLog, List, RegisterEntry};
use super::super::day::text::Text;
use super::super::edition::Edition;
use super::super::log::{self as written, AccessLog};
use super::{body, civil_of, read};
use crate::requests::renumbered::RebuiltState;
use crate::store::cards::{Card, Drawer};
use crate::store::{StationState, Store, StoreFault};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Where a log comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogOrigin {
    /// It was ferried.
    Carried,
    /// It was built here.
    Built,
}

impl LogOrigin {
    fn word(self) -> &'static str {
        match self {
            Self::Carried => "carried",
            Self::Built => "built",
        }
    }
}

/// A county's log of a day: the newest of its origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptLog {
    /// Where it comes from.
    pub origin: LogOrigin,
    /// Its AreaCode.
    pub county: AreaCode,
    /// Its AccessDate.
    #[serde(with = "super::super::day::as_text")]
    pub day: Date,
    /// What it says, and when.
    pub fact: LogFact,
    /// Its record's name where it was carried.
    pub name: String,
    /// SHA-256 of its bytes.
    pub digest: String,
}

impl KeptLog {
    /// Gives its card.
    pub fn card(&self, since_ms: i64) -> Card {
        let terms = [format!("day {}", self.day)];
        let key = log_key(self.county, self.day, self.origin);
        Card::new(Drawer::Log, &key, terms.iter().map(String::as_str), body(self), since_ms)
    }
}

fn log_key(county: AreaCode, day: Date, origin: LogOrigin) -> String {
    format!("{county} {day} {}", origin.word())
}

/// Gives a county's newest log of a day and an origin.
///
/// # Errors
/// As [`Store::card`].
pub fn log(store: &mut dyn Store, county: AreaCode, day: Date, origin: LogOrigin) -> Result<Option<KeptLog>, StoreFault> {
    store.card(Drawer::Log, &log_key(county, day, origin))?.as_ref().map(read).transpose()
}

/// Gives the guard of a county's day, as it was stored last. A state that was made anew from log and spool does not know what left before that: there a day
/// up to then without a guard is `Unknown`, and a person decides.
///
/// # Errors
/// As [`Store::card`].
pub fn guard(store: &mut dyn Store, state: &StationState, county: AreaCode, day: Date) -> Result<Option<Guard>, StoreFault> {
    let stored = store.card(Drawer::Guard, &format!("{county} {day}"))?.as_ref().map(read).transpose()?;
    let anew: RebuiltState = state.fact()?;
    let is_lost = stored.is_none() && anew != RebuiltState::default() && day <= civil_of(anew.at_ms).date();
    Ok(if is_lost { Some(Guard { state: State::Unknown, ..Guard::new(county, day) }) } else { stored })
}

/// Gives the guards in one state: `ready`, `sending`, `resting`, `unreached`, `accepted`, `refused`, `unknown`.
///
/// # Errors
/// As [`Store::cards`].
pub fn guards(store: &mut dyn Store, state: &str) -> Result<Vec<Guard>, StoreFault> {
    store.cards(Drawer::Guard, &[&format!("state {state}")])?.iter().map(read).collect()
}

impl Guard {
    /// Gives the card under which the guard is stored, durable before its first byte leaves.
    pub fn card(&self, now_ms: i64) -> Card {
        let state = self.state.word();
        let terms = [format!("day {}", self.day), format!("state {state}")];
        let key = format!("{} {}", self.county, self.day);
        Card::new(Drawer::Guard, &key, terms.iter().map(String::as_str), body(self), now_ms)
    }
}

impl DailyLog {
    /// Takes a log as it was read; numbers that are none count as 0, which no check takes for right.
    pub fn of(log: &AccessLog<'_>) -> Self {
        let edition = match log.edition() {
            Edition::Old => facts::Edition::Old,
            Edition::New => facts::Edition::New,
        };
        let said = |value| written::said(value).unwrap_or_default().to_owned();
        let counters = |counters: &Option<written::Counters<'_>>| {
            counters.as_ref().map(|counters| taken(counters, edition)).unwrap_or_default()
        };
        Self {
            edition,
            area: said(&log.area_code),
            area_name: said(&log.area_name),
            access_date: said(&log.access_date),
            remark: said(&log.remark),
            register: counters(&log.register_info),
            access: counters(&log.access_info),
            register_list: log.register_list.as_ref().map(|list| listed(list, register_entry)),
            access_list: log.access_list.as_ref().map(|list| listed(list, access_entry)),
        }
    }
}

fn taken(counters: &written::Counters<'_>, edition: facts::Edition) -> Counters {
    let mut taken = Counters {
        total: counters.get("totalNum").unwrap_or_default(),
        business_types: counters.get("businessTypeCount"),
        ..Counters::default()
    };
    for (kind, name) in taken.kinds.iter_mut().zip(Counters::names(edition)) {
        *kind = counters.get(name).unwrap_or_default();
    }
    taken
}

fn listed<T, U>(list: &written::List<T>, entry: impl Fn(&T) -> U) -> List<U> {
    List { total: list.total.unwrap_or_default(), rows: list.rows.iter().map(entry).collect() }
}

fn register_entry(row: &written::RegisterRow<'_>) -> RegisterEntry {
    RegisterEntry {
        ywh: Text::from(&*row.ywh),
        djlx: Text::from(&*row.djlx),
        qllx: Text::from(&*row.qllx),
        bdcdyh: Text::from(&*row.bdcdyh),
        zszmh: Text::from(&*row.zszmh),
        sfsb: Text::from(&*row.sfsb),
        bwid: Text::from(&*row.bwid),
    }
}

fn access_entry(row: &written::AccessRow<'_>) -> AccessEntry {
    AccessEntry { bwid: Text::from(&*row.bwid), ywh: Text::from(&*row.ywh), bdcdyh: Text::from(&*row.bdcdyh) }
}
