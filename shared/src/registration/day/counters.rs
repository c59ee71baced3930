//! The counters of a log: how many cases of each kind.
//!
//! The old edition counts mortgages and easements in counters of their own and has none for other registrations; the new one counts every case by its kind of registration.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::facts::Edition;
use super::ids::comparable;
use super::settings::BusinessTypes;

/// How many cases of each kind a side of a log counts, under the names of its attributes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// `totalNum`.
    pub total: u64,
    /// `firstReg` … `otherReg`, as [`Counters::names`] names them, ten at most.
    pub kinds: [u64; 10],
    /// `businessTypeCount`, which the access side of the old edition does not have.
    pub business_types: Option<u64>,
}

/// The counters of the new edition.
const NEW: [&str; 9] =
    ["firstReg", "transferReg", "changeReg", "logoutReg", "riviseReg", "dissentingReg", "advanceReg", "seizeReg", "otherReg"];
/// Those of the old one.
const OLD: [&str; 10] = [
    "firstReg",
    "transferReg",
    "changeReg",
    "logoutReg",
    "riviseReg",
    "dissentingReg",
    "advanceReg",
    "seizeReg",
    "easementReg",
    "mortgageReg",
];
/// Kinds of registration in the order of the counters.
const KINDS: [&str; 9] = ["100", "200", "300", "400", "500", "600", "700", "800", "900"];

/// One case that is counted.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// Kind of registration.
    pub djlx: &'a str,
    /// Kind of right.
    pub qllx: &'a str,
    /// Kind of message, where one is known.
    pub rec_type: Option<&'a str>,
}

/// Gives the kind of registration under which a case counts: 901 and 902 are 900.
pub fn kind_of(djlx: &str) -> String {
    match comparable(djlx) {
        kind if kind == "901" || kind == "902" => "900".to_owned(),
        kind => kind,
    }
}

impl Counters {
    /// Returns the names of the edition's counters, in their order.
    pub fn names(edition: Edition) -> &'static [&'static str] {
        match edition {
            Edition::Old => &OLD,
            Edition::New => &NEW,
        }
    }

    /// Counts cases. Those of which the edition has no counter are in none and not in the total: their number is the second value.
    pub fn count<'a>(edition: Edition, types: BusinessTypes, cases: impl IntoIterator<Item = Case<'a>>) -> (Self, u64) {
        let (mut counted, mut uncounted, mut seen) = (Self::default(), 0, HashSet::new());
        for case in cases {
            let Some(kind) = place(edition, &case).and_then(|at| counted.kinds.get_mut(at)) else {
                uncounted += 1;
                continue;
            };
            *kind += 1;
            counted.total += 1;
            seen.insert(business_type(types, &case));
        }
        counted.business_types = Some(seen.len() as u64);
        (counted, uncounted)
    }

    /// Returns the sum of the edition's counters, without the total and the number of business types; none when it is none that a log could mean.
    pub fn sum(&self, edition: Edition) -> Option<u64> {
        self.named(edition).try_fold(0u64, |sum, (_, count)| sum.checked_add(count))
    }

    /// Gives each counter with its name.
    pub fn named(&self, edition: Edition) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        Self::names(edition).iter().copied().zip(self.kinds)
    }
}

/// Tells which counter a case goes into.
fn place(edition: Edition, case: &Case<'_>) -> Option<usize> {
    let kind = kind_of(case.djlx);
    let at = KINDS.iter().position(|known| *known == kind);
    match (edition, comparable(case.qllx).as_str()) {
        (Edition::New, _) => Some(at.unwrap_or(8)),
        (Edition::Old, "19") => Some(8),
        (Edition::Old, "23" | "37") => Some(9),
        (Edition::Old, _) => at.filter(|at| *at < 8),
    }
}

/// Gives what tells one business type from another. A row without a message has no RecType: its kinds of registration and right stand for it.
fn business_type(types: BusinessTypes, case: &Case<'_>) -> String {
    match (types, case.rec_type) {
        (BusinessTypes::Rectype, Some(rec_type)) => comparable(rec_type),
        (BusinessTypes::Rectype, None) => format!("{}/{}", kind_of(case.djlx), comparable(case.qllx)),
        (BusinessTypes::Djlx, _) => kind_of(case.djlx),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case<'a>(djlx: &'a str, qllx: &'a str) -> Case<'a> {
        Case { djlx, qllx, rec_type: None }
    }

    #[test]
    fn the_old_edition_counts_mortgages_and_easements_apart_and_the_new_one_by_registration() {
        let cases =
            [case("100", "4"), case("100", "23"), case("400", "37"), case("100", "19"), case("902", "4"), case("800", "98")];
        let (old, uncounted) = Counters::count(Edition::Old, BusinessTypes::Djlx, cases);
        assert_eq!((old.kinds, old.total, uncounted), ([1, 0, 0, 0, 0, 0, 0, 1, 1, 2], 5, 1));
        assert_eq!((old.sum(Edition::Old), old.business_types), (Some(5), Some(3)));
        let (new, uncounted) = Counters::count(Edition::New, BusinessTypes::Djlx, cases);
        assert_eq!((new.kinds, new.total, uncounted), ([3, 0, 0, 1, 0, 0, 0, 1, 1, 0], 6, 0));
        assert_eq!((new.sum(Edition::New), new.business_types), (Some(6), Some(4)));
    }

    #[test]
    fn business_types_are_counted_by_the_countys_rule() {
        let message = |rec_type| Case { djlx: "100", qllx: "4", rec_type: Some(rec_type) };
        let cases = [message("1000402"), message("1000401"), message("1000402"), case("901", "4"), case("900", "4")];
        let types = |rule| Counters::count(Edition::New, rule, cases).0.business_types;
        assert_eq!((types(BusinessTypes::Djlx), types(BusinessTypes::Rectype)), (Some(2), Some(3)));
    }

    #[test]
    fn counters_that_no_number_holds_have_no_sum() {
        let counters = Counters { kinds: [u64::MAX, 1, 0, 0, 0, 0, 0, 0, 0, 0], ..Counters::default() };
        assert_eq!(counters.sum(Edition::New), None);
    }
}
