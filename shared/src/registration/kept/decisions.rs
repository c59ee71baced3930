//! What named persons decided about differences of a day.

use super::super::day::facts::Decision;
use super::super::day::ids::AreaCode;
use super::{body, read};
use crate::store::cards::{Card, Drawer};
use crate::store::{Store, StoreFault};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A decision about a difference of a county's day: the newest about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptDecision {
    /// The county.
    pub county: AreaCode,
    /// The day in whose lists the difference stands.
    #[serde(with = "super::super::day::as_text")]
    pub day: Date,
    /// What was decided, by whom and why.
    pub decision: Decision,
    /// Account of the person.
    pub operator: String,
}

impl KeptDecision {
    /// Gives its card.
    pub fn card(&self, now_ms: i64) -> Card {
        let Decision { about, ywh, bdcdyh, id, .. } = &self.decision;
        let lengths = (ywh.len(), bdcdyh.len());
        let key = format!("{} {} {} {lengths:?} {ywh} {bdcdyh} {id}", self.county, self.day, about.code());
        Card::new(Drawer::Decision, &key, [term(self.county, self.day).as_str()], body(self), now_ms)
    }
}

fn term(county: AreaCode, day: Date) -> String {
    format!("of {county} {day}")
}

/// Gives what was decided about the differences of a county's day.
pub(super) fn decisions(store: &mut dyn Store, county: AreaCode, day: Date) -> Result<Vec<Decision>, StoreFault> {
    let kept = store.cards(Drawer::Decision, &[term(county, day).as_str()])?;
    kept.iter().map(|card| read::<KeptDecision>(card).map(|kept| kept.decision)).collect()
}
