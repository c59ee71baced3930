//! Building a log: what the rows and messages say, and nothing else.
//!
//! A row that was not reported is written as such (SFSB=0) and goes out: it is the truth. Nothing here makes one side equal the other.

use jiff::civil::{Date, DateTime};

use super::super::access::{Access, Sides, case_of, djlx_of};
use super::super::counters::Counters;
use super::super::facts::{Edition, Facts};
use super::super::matching::{Matched, MatchedRow};
use super::super::settings::Settings;
use super::checks::{Check, CheckName, check};
use super::{AccessEntry, DailyLog, List, RegisterEntry};

/// What a log says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// Its edition.
    pub edition: Edition,
    /// The county's name.
    pub area_name: String,
    /// A remark of the bureau's own; empty unless somebody wrote one.
    pub remark: String,
}

/// A log that was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// The log.
    pub log: DailyLog,
    /// Rows and messages that the old edition has no counter for.
    pub uncounted: (u64, u64),
    /// What was checked in it.
    pub checks: Vec<Check>,
}

/// Tells why a log must not go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The checks that it does not pass.
    pub checks: Vec<Check>,
}

/// Tells whether a log may go out: it is refused when its numbers contradict its lists, or the rows.
///
/// # Errors
/// What contradicts what.
pub fn may_go(checks: &[Check]) -> Result<(), Refusal> {
    let broken: Vec<Check> = checks.iter().filter(|check| !check.holds() && check.name.refuses()).cloned().collect();
    if broken.is_empty() { Ok(()) } else { Err(Refusal { checks: broken }) }
}

/// Builds a county's log of a day as it was at the moment `made`.
pub fn build(settings: &Settings, day: Date, facts: &Facts, heading: Heading, made: DateTime) -> Built {
    let matched = Matched::new(facts, settings);
    let sides = Sides::at(&matched, settings, day, made);
    let types = settings.business_type_count;
    let (register, rows_uncounted) = Counters::count(heading.edition, types, sides.register_cases());
    let (mut access, messages_uncounted) = Counters::count(heading.edition, types, sides.access_cases());
    let has_lists = heading.edition == Edition::New;
    if !has_lists {
        access.business_types = None;
    }
    let log = DailyLog {
        edition: heading.edition,
        area: settings.county.to_string(),
        area_name: heading.area_name,
        access_date: format!("{:04}{:02}{:02}", day.year(), day.month(), day.day()),
        remark: heading.remark,
        register,
        access,
        register_list: has_lists.then(|| List::of(register_entries(&sides))),
        access_list: has_lists.then(|| List::of(sides.access.values().map(access_entry).collect())),
    };
    let checks = check(&log, &matched, settings, day, made);
    Built { log, uncounted: (rows_uncounted, messages_uncounted), checks }
}

fn register_entries(sides: &Sides<'_, '_>) -> Vec<RegisterEntry> {
    let mut rows = sides.register.clone();
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    rows.into_iter().map(|row| register_entry(row, sides.access.get(&row.key))).collect()
}

fn register_entry(row: &MatchedRow<'_>, access: Option<&Access<'_, '_>>) -> RegisterEntry {
    RegisterEntry {
        ywh: row.row.ywh.clone(),
        djlx: if row.row.is_external_cancellation { djlx_of(row).into() } else { row.row.djlx.clone() },
        qllx: row.row.qllx.clone(),
        bdcdyh: row.row.bdcdyh.clone(),
        zszmh: certificates(&row.row.zszmh).into(),
        sfsb: if access.is_some() { "1" } else { "0" }.into(),
        bwid: access.map_or_else(|| "/".into(), |access| access.sent.message.id.to_string().into()),
    }
}

fn access_entry(access: &Access<'_, '_>) -> AccessEntry {
    let message = access.sent.message;
    AccessEntry {
        bwid: message.id.to_string().into(),
        ywh: access.row.map_or_else(|| case_of(access.sent), |row| row.row.ywh.clone()),
        bdcdyh: access.row.map_or_else(|| message.units.first().cloned().unwrap_or_default(), |row| row.row.bdcdyh.clone()),
    }
}

/// Joins certificate numbers as a log has them: by `;`, `/` for none.
fn certificates(zszmh: &str) -> String {
    let numbers: Vec<&str> =
        zszmh.split([',', '、', ';', '；', '，']).map(str::trim).filter(|number| !matches!(*number, "" | "/")).collect();
    if numbers.is_empty() { "/".to_owned() } else { numbers.join(";") }
}

impl Built {
    /// Returns the outcome of one check.
    pub fn check(&self, name: CheckName) -> Option<&Check> {
        self.checks.iter().find(|check| check.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificate_numbers_are_joined_by_semicolons_and_none_is_a_slash() {
        assert_eq!(
            certificates("蒙(2024)阿荣旗不动产权第0000121号、蒙(2024)阿荣旗不动产权第0000122号"),
            "蒙(2024)阿荣旗不动产权第0000121号;蒙(2024)阿荣旗不动产权第0000122号"
        );
        assert_eq!([certificates(""), certificates("/"), certificates(" , ")], ["/", "/", "/"]);
    }
}
