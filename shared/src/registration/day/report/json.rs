//! The day for programs. The keys are listed in packets/REGISTRATION.md, section 8.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::super::counters::Counters;
use super::super::day_mark::seconds;
use super::super::differences::Difference;
use super::super::facts::Edition;
use super::super::log::checks::{Check, Outcome};
use super::super::reconcile::{Counts, Day, Late, Registration};
use super::super::standing::Standing;
use crate::lang::{Lang, mask_id};

/// Gives the day as JSON, whose lists are made as they are written.
pub fn json<'d>(day: &'d Day<'d>) -> impl Serialize + 'd {
    Told(day)
}

struct Told<'d>(&'d Day<'d>);

impl Serialize for Told<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let day = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("access_info", &counters(&day.access, day.edition))?;
        map.serialize_entry("checks", &Listed(day.checks.iter().map(check)))?;
        map.serialize_entry("clean", &day.is_clean())?;
        map.serialize_entry("completeness", &completeness(day))?;
        map.serialize_entry("counts", &counts(&day.counts))?;
        map.serialize_entry("county", &day.county)?;
        map.serialize_entry("day", &day.day.to_string())?;
        map.serialize_entry("differences", &Listed(day.differences.iter().map(difference)))?;
        let edition = match day.edition {
            Edition::Old => "old",
            Edition::New => "new",
        };
        map.serialize_entry("edition", edition)?;
        map.serialize_entry("for_earlier_days", &Listed(day.for_earlier_days.iter().map(late)))?;
        map.serialize_entry("log_made", &day.log_made.map(seconds))?;
        map.serialize_entry("register_info", &counters(&day.register, day.edition))?;
        map.serialize_entry("registrations", &Listed(day.registrations.iter().map(registration)))?;
        map.serialize_entry("until", &seconds(day.until))?;
        map.end()
    }
}

/// A list whose items are made one after another.
struct Listed<I>(I);

impl<I: Iterator<Item = Value> + Clone> Serialize for Listed<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.clone())
    }
}

fn completeness(day: &Day<'_>) -> Value {
    json!({
        "code": day.completeness.code(),
        "messages_complete": day.messages_complete,
        "zh": day.completeness.sentence(Lang::Zh, day.day),
        "en": day.completeness.sentence(Lang::En, day.day),
    })
}

fn counts(counts: &Counts) -> Value {
    json!({
        "registered": counts.registered,
        "ferried": counts.ferried,
        "reported": counts.reported,
        "accepted": counts.accepted,
        "failed": counts.failed,
        "waiting": counts.waiting,
        "unreported": counts.unreported,
        "excused": counts.excused,
        "left_out": counts.left_out,
        "late": counts.late,
        "entered_after_log": counts.entered_after_log,
    })
}

/// The counters under the names of the log's attributes.
fn counters(counters: &Counters, edition: Edition) -> Value {
    let mut named: Map<String, Value> = counters.named(edition).map(|(name, count)| (name.to_owned(), count.into())).collect();
    named.insert("totalNum".into(), counters.total.into());
    named.insert("businessTypeCount".into(), counters.business_types.into());
    Value::Object(named)
}

fn registration(registration: &Registration<'_>) -> Value {
    let row = registration.row;
    let (code, info) = match &registration.standing {
        Standing::Failed { code, info } => (Some(code.to_string()), Some(mask_id(info))),
        Standing::Held(code) | Standing::Refused(code) => (Some(code.to_string()), None),
        _ => (None, None),
    };
    json!({
        "ywh": row.ywh,
        "bdcdyh": row.bdcdyh,
        "djlx": row.djlx,
        "qllx": row.qllx,
        "zszmh": row.zszmh,
        "qxdm": row.qxdm,
        "djsj": seconds(row.djsj),
        "qszt": row.qszt,
        "state": registration.standing.code(),
        "zh": registration.standing.words(Lang::Zh),
        "en": registration.standing.words(Lang::En),
        "code": code,
        "info": info,
        "messages": registration.messages,
        "late": registration.late.as_deref().map(late),
        "after_log": registration.is_after_log,
    })
}

fn late(late: &Late) -> Value {
    json!({
        "ywh": late.ywh,
        "bdcdyh": late.bdcdyh,
        "id": late.id,
        "at": seconds(late.at),
        "day": late.day.to_string(),
        "suffix": late.id.suffix(),
        "suffix_due": late.suffix_due,
    })
}

fn difference(difference: &Difference) -> Value {
    json!({
        "kind": difference.kind.code(),
        "ywh": difference.ywh,
        "bdcdyh": difference.bdcdyh,
        "id": difference.id,
        "at": difference.at.map(seconds),
        "reason": difference.reason.code(),
        "zh": difference.reason.sentence(Lang::Zh),
        "en": difference.reason.sentence(Lang::En),
        "decision": difference.decision.as_ref().map(|decision| json!({
            "name": decision.name,
            "reason": decision.reason,
            "at": seconds(decision.at),
        })),
    })
}

fn check(check: &Check) -> Value {
    let outcome = match check.outcome {
        Outcome::Holds => "holds",
        Outcome::Broken(_) => "broken",
        Outcome::NotApplicable => "not-applicable",
    };
    let places = check.broken().iter().map(
        |place| json!({ "what": place.what, "ywh": place.ywh, "bdcdyh": place.bdcdyh, "log": place.log, "due": place.due }),
    );
    json!({
        "name": check.name.code(),
        "outcome": outcome,
        "refuses": check.name.refuses(),
        "zh": check.name.sentence(Lang::Zh),
        "en": check.name.sentence(Lang::En),
        "places": places.collect::<Vec<_>>(),
    })
}
