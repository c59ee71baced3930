//! Rows of the platform's write-off lists: the newest of each message, or of each case at a unit.

use super::super::day::ids::{case_of_flow, comparable};
use super::super::day::resubmit::WriteOff;
use super::super::write_off::Listed;
use super::chains::CaseChain;
use super::messages::id_term;
use super::{body, read};
use crate::store::cards::{Card, Drawer};
use crate::store::{Store, StoreFault};
use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

#[derive(Debug, Serialize, Deserialize)]
struct KeptWriteOff {
    listed: Listed,
    #[serde(with = "super::super::day::as_text")]
    came: DateTime,
}

/// Gives the card of a row: one of a later list takes its place.
pub(super) fn card_of(listed: &Listed, came: DateTime, now_ms: i64) -> Card {
    let (case, unit) = (comparable(&listed.ywh), comparable(&listed.bdcdyh));
    let id = listed.id.as_ref().map(id_term);
    let key = id.clone().unwrap_or_else(|| format!("case {} {case} {unit}", case.len()));
    let case = (!case.is_empty()).then(|| format!("case {case}"));
    let terms: Vec<String> = id.into_iter().chain(case).collect();
    let kept = KeptWriteOff { listed: listed.clone(), came };
    Card::new(Drawer::WriteOff, &key, terms.iter().map(String::as_str), body(&kept), now_ms)
}

/// Gives what the newest list says of a case at a unit: by the 18 digits of any of its reports, or by case and unit.
///
/// # Errors
/// As [`Store::cards`].
pub fn write_off_of(store: &mut dyn Store, chain: &CaseChain) -> Result<Option<WriteOff>, StoreFault> {
    let ids: BTreeSet<String> = chain.links.iter().map(|link| id_term(&link.id)).collect();
    let terms = ids.iter().cloned().chain([format!("case {}", chain.key.ywh)]).collect::<Vec<_>>();
    let terms: Vec<&str> = terms.iter().map(String::as_str).collect();
    let kept = store.cards(Drawer::WriteOff, &terms)?.iter().map(read).collect::<Result<Vec<KeptWriteOff>, _>>()?;
    let is_about = |kept: &KeptWriteOff| match &kept.listed.id {
        Some(id) => ids.contains(&id_term(id)),
        None => is_case(&kept.listed.ywh, &chain.key.ywh) && comparable(&kept.listed.bdcdyh) == chain.key.unit,
    };
    let newest = kept.into_iter().filter(is_about).max_by_key(|kept| kept.came);
    Ok(newest.map(|kept| kept.listed.write_off))
}

fn is_case(written: &str, case: &str) -> bool {
    let written = comparable(written);
    written == case || case_of_flow(&written) == Some(case)
}
