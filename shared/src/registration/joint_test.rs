//! Joint tests (联调): one message of every code and edition, and what came back for each.
//!
//! Given: an area, a day, and later what was sent and answered. Gives: messages without a signature, marked, of a number range of their own, each
//! without a finding; the lines of the report that both sides sign. Never: a message that could be taken for a real one: its mark says so, and its
//! values are invented.

use super::catalogue::{RecType, standard};
use super::edition::Edition;
use super::made::Made;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What stands in each message, so that nobody takes it for a real one.
pub const MARK: &str = "联调 JOINT TEST 未签名 UNSIGNED";

/// The first sequence number of a plan, by edition: the range is the joint tests' own.
const FIRST: [(Edition, u32); 2] = [(Edition::New, 900_001), (Edition::Old, 950_001)];

/// A message of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// `new` or `old`.
    pub edition: String,
    /// The code of the kind of registration (RecType).
    pub code: String,
    /// What people call it.
    pub name: String,
    /// The file, below the plan's folder.
    pub file: String,
    /// The message's id.
    pub biz_msg_id: String,
}

/// Makes a plan: one message of every code, of the old edition where its tables are known.
pub fn plan(area: &str, day: Date) -> Vec<(Planned, String)> {
    let of = |(edition, first): (Edition, u32)| {
        let codes = standard().edition(edition).codes().filter(move |code| is_known(edition, code));
        codes.zip(first..).map(move |(code, sequence)| {
            let id = format!("{area}{}{sequence}", day.strftime("%y%m%d"));
            let set = code.sets.first().map(Vec::as_slice);
            let text = Made::of(edition, code, set).in_area(area).with_head("BizMsgID", &id).marked(MARK).text();
            let planned = Planned {
                edition: edition.to_string(),
                code: code.code.clone(),
                name: code.name.clone(),
                file: format!("{edition}/BizMsg/Biz{id}.xml"),
                biz_msg_id: id,
            };
            (planned, text)
        })
    };
    FIRST.into_iter().flat_map(of).collect()
}

/// Gives the codes of the old edition of which no message can be made: their tables are not known.
pub fn left_out() -> impl Iterator<Item = &'static RecType> {
    standard().edition(Edition::Old).codes().filter(|code| !is_known(Edition::Old, code))
}

/// Tells whether it is known which tables a code's message has. The new edition's tables are known for each.
fn is_known(edition: Edition, code: &RecType) -> bool {
    edition == Edition::New || !code.sets.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registration::checks::{Said, lint};
    use jiff::civil::date;
    use std::collections::BTreeSet;

    #[test]
    fn a_plan_has_every_code_of_both_editions_once_each_without_a_finding() {
        for area in ["150721", "320123"] {
            let planned = plan(area, date(2024, 3, 18));
            let said = Said { areas: [area.to_string()].into(), ..Said::default() };
            for (one, text) in &planned {
                let linted = lint(&one.file, text.as_bytes(), &said);
                assert_eq!(linted.findings.told, [], "{one:?}");
                assert_eq!(linted.edition.map(|edition| edition.to_string()).as_ref(), Some(&one.edition), "{one:?}");
                assert!(text.contains(MARK) && !text.contains("DigitalSign") && one.biz_msg_id.starts_with(area));
            }
            let ids: BTreeSet<_> = planned.iter().map(|(one, _)| &one.biz_msg_id).collect();
            assert_eq!(ids.len(), planned.len());
            let new = planned.iter().filter(|(one, _)| one.edition == "new").count();
            assert_eq!(new, standard().edition(Edition::New).codes().count());
            assert_eq!(planned.len() - new + left_out().count(), standard().edition(Edition::Old).codes().count());
            assert!(planned.len() > new, "some of the old edition are known");
        }
    }
}
