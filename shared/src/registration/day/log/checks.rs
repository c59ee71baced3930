//! What must be true of a log: that its numbers agree with its lists, and both with the rows and messages here.
//!
//! These are the invariants of packets/REGISTRATION.md, section 5, each by its name.

use std::collections::{HashMap, HashSet};

use jiff::civil::{Date, DateTime};

use super::super::access::{Sides, djlx_of};
use super::super::counters::{Case, Counters, kind_of};
use super::super::facts::{Edition, Facts, LogFact};
use super::super::ids::{BizMsgId, RowKey, case_of_flow, comparable};
use super::super::matching::{Matched, Sent};
use super::super::settings::{BusinessTypes, Settings};
use super::{DailyLog, List};
use crate::lang::Lang;
use crate::say;

/// What is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CheckName {
    /// The log is of this county and day.
    Heading,
    /// The counters of RegisterInfo come to its total.
    RegisterSum,
    /// Those of AccessInfo do.
    AccessSum,
    /// RegisterList has as many rows as it and RegisterInfo say.
    RegisterListTotal,
    /// AccessList does.
    AccessListTotal,
    /// No case at a unit is listed twice.
    NoRepeats,
    /// What is marked as reported has its message in AccessList, what is not has none.
    ReportedInAccessList,
    /// Every message id has 18 digits and is this county's.
    IdsOfCounty,
    /// The counters of RegisterInfo are those of RegisterList.
    RegisterHistogram,
    /// The counters of AccessInfo are those of AccessList.
    AccessHistogram,
    /// RegisterList has the register's rows of the day, each as it is.
    RegisterRows,
    /// Every message of AccessList was ferried, of that case and unit.
    AccessFerried,
    /// Every message of AccessList counts for that day.
    AccessOfDay,
    /// Every message that counts for that day is in AccessList.
    AccessComplete,
    /// What is marked as reported was, and what is not was not.
    ReportedFlags,
    /// The number of business types is what the county's rule gives. Rules differ between systems: a log is not refused for it.
    BusinessTypes,
}

impl CheckName {
    /// Every check, in the order in which they are told.
    pub const ALL: [Self; 16] = [
        Self::Heading,
        Self::RegisterSum,
        Self::AccessSum,
        Self::RegisterListTotal,
        Self::AccessListTotal,
        Self::NoRepeats,
        Self::ReportedInAccessList,
        Self::IdsOfCounty,
        Self::RegisterHistogram,
        Self::AccessHistogram,
        Self::RegisterRows,
        Self::AccessFerried,
        Self::AccessOfDay,
        Self::AccessComplete,
        Self::ReportedFlags,
        Self::BusinessTypes,
    ];

    /// Returns the code that programs read.
    pub fn code(self) -> &'static str {
        match self {
            Self::Heading => "heading",
            Self::RegisterSum => "register-sum",
            Self::AccessSum => "access-sum",
            Self::RegisterListTotal => "register-list-total",
            Self::AccessListTotal => "access-list-total",
            Self::NoRepeats => "no-repeats",
            Self::ReportedInAccessList => "reported-in-access-list",
            Self::IdsOfCounty => "ids-of-county",
            Self::RegisterHistogram => "register-histogram",
            Self::AccessHistogram => "access-histogram",
            Self::RegisterRows => "register-rows",
            Self::AccessFerried => "access-ferried",
            Self::AccessOfDay => "access-of-day",
            Self::AccessComplete => "access-complete",
            Self::ReportedFlags => "reported-flags",
            Self::BusinessTypes => "business-types",
        }
    }

    /// Tells whether a log that breaks it must not go out.
    pub fn refuses(self) -> bool {
        self != Self::BusinessTypes
    }

    /// Says what is true when it holds.
    pub fn sentence(self, lang: Lang) -> String {
        match self {
            Self::Heading => say!(lang, "日志是本县、本日的", "the log is of this county and day"),
            Self::RegisterSum => {
                say!(lang, "RegisterInfo 各项之和等于 totalNum", "the counters of RegisterInfo come to totalNum")
            }
            Self::AccessSum => say!(lang, "AccessInfo 各项之和等于 totalNum", "the counters of AccessInfo come to totalNum"),
            Self::RegisterListTotal => {
                say!(
                    lang,
                    "RegisterList 行数等于它和 RegisterInfo 的 totalNum",
                    "RegisterList has as many rows as it and RegisterInfo say"
                )
            }
            Self::AccessListTotal => say!(
                lang,
                "AccessList 行数等于它和 AccessInfo 的 totalNum",
                "AccessList has as many rows as it and AccessInfo say"
            ),
            Self::NoRepeats => say!(lang, "同一业务号、同一单元在清单里只有一行", "no case at a unit is listed twice"),
            Self::ReportedInAccessList => say!(
                lang,
                "SFSB=1 的报文都在 AccessList 里，SFSB=0 的没有报文ID",
                "what has SFSB=1 is in AccessList, what has SFSB=0 has no message id"
            ),
            Self::IdsOfCounty => say!(lang, "报文ID都是本县的18位编号", "every message id has 18 digits and is this county's"),
            Self::RegisterHistogram => {
                say!(lang, "RegisterInfo 各项与 RegisterList 一致", "the counters of RegisterInfo are those of RegisterList")
            }
            Self::AccessHistogram => {
                say!(lang, "AccessInfo 各项与 AccessList 一致", "the counters of AccessInfo are those of AccessList")
            }
            Self::RegisterRows => say!(lang, "登记一侧与登记库一致", "the register side is as the register has it"),
            Self::AccessFerried => say!(
                lang,
                "AccessList 的报文都摆渡过，业务号和单元号相同",
                "every message of AccessList was ferried, of that case and unit"
            ),
            Self::AccessOfDay => say!(lang, "AccessList 的报文都算在本日", "every message of AccessList counts for that day"),
            Self::AccessComplete => {
                say!(lang, "本日已上报的报文都算在接入一侧", "every message that counts for that day is on the access side")
            }
            Self::ReportedFlags => say!(lang, "SFSB 与实际上报一致", "SFSB says what was really reported"),
            Self::BusinessTypes => {
                say!(lang, "businessTypeCount 与本县的计数规则一致", "businessTypeCount is what the county's rule gives")
            }
        }
    }
}

/// What came of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Holds,
    /// It does not, at these places.
    Broken(Vec<Broken>),
    /// The edition does not have what it is about.
    NotApplicable,
}

/// One place at which a check does not hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Broken {
    /// What it is about: an attribute, or a list.
    pub what: String,
    /// Case number, where it is about one.
    pub ywh: String,
    /// Unit number, where it is about one.
    pub bdcdyh: String,
    /// What the log says.
    pub log: String,
    /// What it should say.
    pub due: String,
}

/// A check and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The check.
    pub name: CheckName,
    /// What came of it.
    pub outcome: Outcome,
}

impl Check {
    /// Tells whether nothing contradicts it.
    pub fn holds(&self) -> bool {
        !matches!(self.outcome, Outcome::Broken(_))
    }

    /// Returns the places at which it does not hold.
    pub fn broken(&self) -> &[Broken] {
        match &self.outcome {
            Outcome::Broken(broken) => broken,
            Outcome::Holds | Outcome::NotApplicable => &[],
        }
    }
}

/// Checks a log of a day against itself, and against what is known of the day.
pub fn check_facts(log: &LogFact, facts: &Facts, settings: &Settings, day: Date) -> Vec<Check> {
    check(&log.log, &Matched::new(facts, settings), settings, day, log.made)
}

/// Checks a log of a day against itself, and against the rows and messages as they were when it was made.
pub(in super::super) fn check(
    log: &DailyLog,
    matched: &Matched<'_>,
    settings: &Settings,
    day: Date,
    made: DateTime,
) -> Vec<Check> {
    let sides = Sides::at(matched, settings, day, made);
    let desk = Desk { log, matched, settings, day, sides };
    CheckName::ALL.into_iter().map(|name| Check { name, outcome: desk.outcome(name) }).collect()
}

/// A log and what it is held against.
struct Desk<'d, 'm, 'a> {
    log: &'d DailyLog,
    matched: &'m Matched<'a>,
    settings: &'d Settings,
    day: Date,
    sides: Sides<'m, 'a>,
}

impl Desk<'_, '_, '_> {
    fn outcome(&self, name: CheckName) -> Outcome {
        let broken = match name {
            CheckName::Heading => Some(self.heading()),
            CheckName::RegisterSum => Some(sum("RegisterInfo", &self.log.register, self.log.edition)),
            CheckName::AccessSum => Some(sum("AccessInfo", &self.log.access, self.log.edition)),
            CheckName::RegisterListTotal => totals("RegisterList", self.log.register_list.as_ref(), self.log.register.total),
            CheckName::AccessListTotal => totals("AccessList", self.log.access_list.as_ref(), self.log.access.total),
            CheckName::NoRepeats => self.repeats(),
            CheckName::ReportedInAccessList => self.reported_in_access_list(),
            CheckName::IdsOfCounty => self.ids_of_county(),
            CheckName::RegisterHistogram => self.register_histogram(),
            CheckName::AccessHistogram => self.access_histogram(),
            CheckName::RegisterRows => Some(self.register_rows()),
            CheckName::AccessFerried => self.access_ferried(),
            CheckName::AccessOfDay => self.access_of_day(),
            CheckName::AccessComplete => Some(self.access_complete()),
            CheckName::ReportedFlags => self.reported_flags(),
            CheckName::BusinessTypes => Some(self.business_types()),
        };
        match broken {
            None => Outcome::NotApplicable,
            Some(broken) if broken.is_empty() => Outcome::Holds,
            Some(mut broken) => {
                broken.sort();
                Outcome::Broken(broken)
            }
        }
    }

    fn heading(&self) -> Vec<Broken> {
        let date = format!("{:04}{:02}{:02}", self.day.year(), self.day.month(), self.day.day());
        let mut broken = unequal("AccessDate", self.log.access_date.trim(), &date);
        if !self.log.area.trim().parse().is_ok_and(|area| self.settings.is_own(area)) {
            broken.extend(unequal("AreaCode", &self.log.area, self.settings.county.as_str()));
        }
        broken
    }

    fn repeats(&self) -> Option<Vec<Broken>> {
        let (register, access) = (&self.log.register_list.as_ref()?.rows, &self.log.access_list.as_ref()?.rows);
        let (mut keys, mut broken) = (HashSet::new(), Vec::new());
        for row in register.iter().filter(|row| !keys.insert(RowKey::of(&row.ywh, &row.bdcdyh))) {
            broken.push(at("RegisterList", &row.ywh, &row.bdcdyh, "2", "1"));
        }
        keys.clear();
        for row in access.iter().filter(|row| !keys.insert(RowKey::of(&row.ywh, &row.bdcdyh))) {
            broken.push(at("AccessList", &row.ywh, &row.bdcdyh, "2", "1"));
        }
        Some(broken)
    }

    fn reported_in_access_list(&self) -> Option<Vec<Broken>> {
        let (register, access) = (&self.log.register_list.as_ref()?.rows, &self.log.access_list.as_ref()?.rows);
        let ids: HashSet<String> = access.iter().map(|row| id_form(&row.bwid)).collect();
        let is_right = |sfsb: &str, bwid: &str| match sfsb.trim() {
            "1" => ids.contains(&id_form(bwid)),
            "0" => comparable(bwid).is_empty(),
            _ => false,
        };
        let wrong = register.iter().filter(|row| !is_right(&row.sfsb, &row.bwid));
        Some(wrong.map(|row| at("SFSB", &row.ywh, &row.bdcdyh, &format!("{} {}", row.sfsb, row.bwid), "")).collect())
    }

    fn ids_of_county(&self) -> Option<Vec<Broken>> {
        let (register, access) = (&self.log.register_list.as_ref()?.rows, &self.log.access_list.as_ref()?.rows);
        let is_own = |bwid: &str| bwid.trim().parse().is_ok_and(|id: BizMsgId| self.settings.is_own(id.area()));
        let of_register = register.iter().filter(|row| row.sfsb.trim() == "1").map(|row| (&row.bwid, &row.ywh, &row.bdcdyh));
        let all = of_register.chain(access.iter().map(|row| (&row.bwid, &row.ywh, &row.bdcdyh)));
        let county = self.settings.county.as_str();
        Some(all.filter(|(bwid, ..)| !is_own(bwid)).map(|(bwid, ywh, unit)| at("BWID", ywh, unit, bwid, county)).collect())
    }

    fn register_histogram(&self) -> Option<Vec<Broken>> {
        let rows = &self.log.register_list.as_ref()?.rows;
        let cases = rows.iter().map(|row| Case { djlx: &row.djlx, qllx: &row.qllx, rec_type: None });
        let listed = Counters::count(self.log.edition, BusinessTypes::Djlx, cases).0;
        Some(counters("RegisterInfo", &self.log.register, &listed, self.log.edition))
    }

    /// AccessList does not say kinds: they are RegisterList's, else the register's, else the message's own.
    fn access_histogram(&self) -> Option<Vec<Broken>> {
        let (register, access) = (&self.log.register_list.as_ref()?.rows, &self.log.access_list.as_ref()?.rows);
        let kinds: HashMap<RowKey, &str> =
            register.iter().map(|row| (RowKey::of(&row.ywh, &row.bdcdyh), row.djlx.as_str())).collect();
        let messages = self.messages();
        let kind = |bwid: &str, key: RowKey| {
            let of_row = || self.matched.place(&key).and_then(|at| self.matched.rows.get(at)).map(djlx_of);
            let of_message = || {
                messages
                    .get(&bwid.trim().parse().ok()?)
                    .and_then(|sent| sent.first())
                    .map(|sent| sent.message.reg_type.as_str())
            };
            kinds.get(&key).copied().or_else(of_row).or_else(of_message).unwrap_or("")
        };
        let cases = access.iter().map(|row| Case {
            djlx: kind(&row.bwid, RowKey::of(&row.ywh, &row.bdcdyh)),
            qllx: "",
            rec_type: None,
        });
        let listed = Counters::count(self.log.edition, BusinessTypes::Djlx, cases).0;
        Some(counters("AccessInfo", &self.log.access, &listed, self.log.edition))
    }

    fn register_rows(&self) -> Vec<Broken> {
        let Some(list) = &self.log.register_list else {
            let due = Counters::count(self.log.edition, self.settings.business_type_count, self.sides.register_cases()).0;
            return counters("RegisterInfo", &self.log.register, &due, self.log.edition);
        };
        let listed: HashMap<RowKey, &super::RegisterEntry> =
            list.rows.iter().map(|row| (RowKey::of(&row.ywh, &row.bdcdyh), row)).collect();
        let due: HashSet<&RowKey> = self.sides.register.iter().map(|row| &row.key).collect();
        let mut broken = Vec::new();
        for row in &self.sides.register {
            match listed.get(&row.key) {
                None => broken.push(at("RegisterList", &row.row.ywh, &row.row.bdcdyh, "", "1")),
                Some(entry) if kind_of(&entry.djlx) != kind_of(djlx_of(row)) => {
                    broken.push(at("DJLX", &row.row.ywh, &row.row.bdcdyh, &entry.djlx, djlx_of(row)));
                }
                Some(_) => {}
            }
        }
        let nobodys = list.rows.iter().filter(|row| !due.contains(&RowKey::of(&row.ywh, &row.bdcdyh)));
        broken.extend(nobodys.map(|row| at("RegisterList", &row.ywh, &row.bdcdyh, "1", "")));
        broken
    }

    fn access_ferried(&self) -> Option<Vec<Broken>> {
        let access = &self.log.access_list.as_ref()?.rows;
        let messages = self.messages();
        let is_ferried = |row: &&super::AccessEntry| {
            let id: Option<BizMsgId> = row.bwid.trim().parse().ok();
            let sent = id.and_then(|id| messages.get(&id));
            sent.is_some_and(|sent| sent.iter().any(|sent| reports(sent, &row.ywh, &row.bdcdyh)))
        };
        Some(
            access
                .iter()
                .filter(|row| !is_ferried(row))
                .map(|row| at("AccessList", &row.ywh, &row.bdcdyh, &row.bwid, ""))
                .collect(),
        )
    }

    fn access_of_day(&self) -> Option<Vec<Broken>> {
        let access = &self.log.access_list.as_ref()?.rows;
        let counts = |row: &&super::AccessEntry| self.sides.access.contains_key(&RowKey::of(&row.ywh, &row.bdcdyh));
        Some(
            access
                .iter()
                .filter(|row| !counts(row))
                .map(|row| at("AccessList", &row.ywh, &row.bdcdyh, &row.bwid, ""))
                .collect(),
        )
    }

    fn access_complete(&self) -> Vec<Broken> {
        let Some(list) = &self.log.access_list else {
            let due = Counters::count(self.log.edition, self.settings.business_type_count, self.sides.access_cases()).0;
            return counters("AccessInfo", &self.log.access, &due, self.log.edition);
        };
        let listed: HashSet<RowKey> = list.rows.iter().map(|row| RowKey::of(&row.ywh, &row.bdcdyh)).collect();
        let missing = self.sides.access.iter().filter(|(key, _)| !listed.contains(*key));
        missing.map(|(key, access)| at("AccessList", &key.ywh, &key.unit, "", &access.sent.message.id.to_string())).collect()
    }

    fn reported_flags(&self) -> Option<Vec<Broken>> {
        let list = self.log.register_list.as_ref()?;
        let due = |row: &super::RegisterEntry| match self.sides.access.contains_key(&RowKey::of(&row.ywh, &row.bdcdyh)) {
            true => "1",
            false => "0",
        };
        let wrong = list.rows.iter().filter(|row| row.sfsb.trim() != due(row));
        Some(wrong.map(|row| at("SFSB", &row.ywh, &row.bdcdyh, &row.sfsb, due(row))).collect())
    }

    fn business_types(&self) -> Vec<Broken> {
        let types = self.settings.business_type_count;
        let register = Counters::count(self.log.edition, types, self.sides.register_cases()).0;
        let access = Counters::count(self.log.edition, types, self.sides.access_cases()).0;
        let both = [("RegisterInfo", &self.log.register, register), ("AccessInfo", &self.log.access, access)];
        let stated =
            both.into_iter().filter_map(|(side, stated, due)| Some((side, stated.business_types?, due.business_types?)));
        stated
            .filter(|(_, stated, due)| stated != due)
            .map(|(side, stated, due)| count(side, "businessTypeCount", stated, due))
            .collect()
    }

    fn messages(&self) -> HashMap<BizMsgId, Vec<&Sent<'_>>> {
        let mut messages: HashMap<BizMsgId, Vec<&Sent<'_>>> = HashMap::with_capacity(self.matched.sent.len());
        self.matched.sent.iter().for_each(|sent| messages.entry(sent.message.id).or_default().push(sent));
        messages
    }
}

/// Tells whether a message is of that case and unit. Its flow number may have a counter behind the case.
fn reports(sent: &Sent<'_>, ywh: &str, bdcdyh: &str) -> bool {
    let flows = [Some(sent.message.flow.as_str()), case_of_flow(&sent.message.flow)];
    let is_case = flows.into_iter().flatten().any(|flow| comparable(flow) == comparable(ywh));
    is_case && sent.message.units.iter().any(|unit| comparable(unit) == comparable(bdcdyh))
}

/// Gives the form in which message ids are compared; of what is none, its own.
fn id_form(bwid: &str) -> String {
    bwid.trim().parse().map_or_else(|_| comparable(bwid), |id: BizMsgId| id.to_string())
}

fn at(what: &str, ywh: &str, bdcdyh: &str, log: &str, due: &str) -> Broken {
    Broken { what: what.into(), ywh: ywh.into(), bdcdyh: bdcdyh.into(), log: log.into(), due: due.into() }
}

fn count(side: &str, name: &str, log: u64, due: u64) -> Broken {
    at(&format!("{side} {name}"), "", "", &log.to_string(), &due.to_string())
}

fn unequal(what: &str, log: &str, due: &str) -> Vec<Broken> {
    (log != due).then(|| at(what, "", "", log, due)).into_iter().collect()
}

fn sum(side: &str, counters: &Counters, edition: Edition) -> Vec<Broken> {
    match counters.sum(edition) {
        Some(sum) if sum == counters.total => Vec::new(),
        sum => vec![at(
            &format!("{side} totalNum"),
            "",
            "",
            &counters.total.to_string(),
            &sum.map_or_else(String::new, |sum| sum.to_string()),
        )],
    }
}

fn totals<T>(name: &str, list: Option<&List<T>>, info: u64) -> Option<Vec<Broken>> {
    let list = list?;
    let rows = list.rows.len() as u64;
    let stated = [(format!("{name} totalNum"), list.total), (format!("{}Info totalNum", name.trim_end_matches("List")), info)];
    Some(
        stated
            .into_iter()
            .filter(|(_, total)| *total != rows)
            .map(|(what, total)| at(&what, "", "", &total.to_string(), &rows.to_string()))
            .collect(),
    )
}

fn counters(side: &str, stated: &Counters, due: &Counters, edition: Edition) -> Vec<Broken> {
    let pairs = stated.named(edition).zip(due.named(edition));
    pairs.filter(|(stated, due)| stated != due).map(|((name, stated), (_, due))| count(side, name, stated, due)).collect()
}
