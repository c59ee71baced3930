//! A registration log (登簿日志, `LogBiz*.xml`): counters, and in the new edition the lists behind them.

use std::borrow::Cow;

use super::edition::Edition;
use super::message::Lines;
use super::nothing::is_blank;
use super::xml::{Element, Visit, value_of};

/// Most logs of one file, and most rows of one list.
const LOGS_MAX: usize = 1000;
const ROWS_MAX: usize = 100_000;
/// Most attributes of one element that are remembered.
const COUNTERS_MAX: usize = 64;

/// The counters by kind of registration, as the log spells them, and the kinds (登记类型) they count; the new edition's.
pub const COUNTERS: [(&str, &str); 9] = [
    ("firstReg", "100"),
    ("transferReg", "200"),
    ("changeReg", "300"),
    ("logoutReg", "400"),
    ("riviseReg", "500"),
    ("dissentingReg", "600"),
    ("advanceReg", "700"),
    ("seizeReg", "800"),
    ("otherReg", "900"),
];
/// Counters that the old edition has and the new one has not.
pub const OLD_COUNTERS: [&str; 2] = ["easementReg", "mortgageReg"];

/// A file of logs; usually one.
#[derive(Debug, Default)]
pub struct AccessLogs<'a> {
    /// Each log.
    pub logs: Vec<AccessLog<'a>>,
    /// Whether there are more logs or rows than are taken.
    pub too_long: bool,
}

/// The log of one county and day.
#[derive(Debug, Default)]
pub struct AccessLog<'a> {
    /// `AreaCode`.
    pub area_code: Option<Cow<'a, str>>,
    /// `AreaName`.
    pub area_name: Option<Cow<'a, str>>,
    /// `AccessDate`, eight digits.
    pub access_date: Option<Cow<'a, str>>,
    /// `Remark`.
    pub remark: Option<Cow<'a, str>>,
    /// What was entered in the register.
    pub register_info: Option<Counters<'a>>,
    /// What was reported.
    pub access_info: Option<Counters<'a>>,
    /// Every case entered; the new edition alone has it.
    pub register_list: Option<List<RegisterRow<'a>>>,
    /// Every case reported; the new edition alone has it.
    pub access_list: Option<List<AccessRow<'a>>>,
    /// Whether a part of it comes a second time: what that says is not among what is told here.
    pub repeats: bool,
    /// Its line in the file, from 1.
    pub line: u32,
}

/// Counters as they are written.
#[derive(Debug, Default)]
pub struct Counters<'a> {
    /// Name and value.
    pub written: Vec<(&'a str, Cow<'a, str>)>,
    /// Their line in the file, from 1.
    pub line: u32,
}

impl Counters<'_> {
    /// Reads a counter; `None` where it is missing or no number.
    pub fn get(&self, name: &str) -> Option<u64> {
        self.written.iter().find(|(own, _)| *own == name).and_then(|(_, value)| value.trim().parse().ok())
    }
}

/// A list and the number of rows it says it has.
#[derive(Debug)]
pub struct List<T> {
    /// `totalNum`; `None` where it is missing or no number.
    pub total: Option<u64>,
    /// The rows.
    pub rows: Vec<T>,
    /// Its line in the file, from 1.
    pub line: u32,
}

/// A case entered in the register.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegisterRow<'a> {
    /// Case number (业务号).
    pub ywh: Cow<'a, str>,
    /// Kind of registration (登记类型).
    pub djlx: Cow<'a, str>,
    /// Kind of right (权利类型).
    pub qllx: Cow<'a, str>,
    /// Unit number (不动产单元号).
    pub bdcdyh: Cow<'a, str>,
    /// Certificate or proof numbers, joined by `;`, or `/`.
    pub zszmh: Cow<'a, str>,
    /// 1 reported, 0 not.
    pub sfsb: Cow<'a, str>,
    /// The message's id, or `/`.
    pub bwid: Cow<'a, str>,
    /// Its line in the file, from 1.
    pub line: u32,
}

/// A case reported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessRow<'a> {
    /// The message's id.
    pub bwid: Cow<'a, str>,
    /// Case number (业务号).
    pub ywh: Cow<'a, str>,
    /// Unit number (不动产单元号).
    pub bdcdyh: Cow<'a, str>,
    /// Its line in the file, from 1.
    pub line: u32,
}

impl AccessLog<'_> {
    /// Tells its edition by its content: lists and `otherReg` are the new one's, `mortgageReg` and `easementReg` the old one's.
    pub fn edition(&self) -> Edition {
        let has = |name: &str| {
            let counters = self.register_info.iter().chain(&self.access_info);
            counters.flat_map(|counters| &counters.written).any(|(own, _)| *own == name)
        };
        let old = OLD_COUNTERS.iter().any(|name| has(name));
        match self.register_list.is_none() && self.access_list.is_none() && old && !has("otherReg") {
            true => Edition::Old,
            false => Edition::New,
        }
    }
}

impl AccessLog<'_> {
    /// Tells whether each number that the edition has is there, is a number, and stands once; and nothing is counted that the edition does not have.
    pub fn states_its_numbers(&self) -> bool {
        let (kinds, others): (Vec<&str>, &[&str]) = match self.edition() {
            Edition::New => (COUNTERS.iter().map(|(name, _)| *name).collect(), &OLD_COUNTERS),
            Edition::Old => (
                COUNTERS.iter().map(|(name, _)| *name).filter(|name| *name != "otherReg").chain(OLD_COUNTERS).collect(),
                &["otherReg"],
            ),
        };
        let is_stated = |counters: &Counters<'_>| {
            let is_foreign = |name: &&str| counters.written.iter().any(|(own, _)| own == name) && counters.get(name) != Some(0);
            counters.get("totalNum").is_some()
                && kinds.iter().all(|name| counters.get(name).is_some())
                && !others.iter().any(is_foreign)
        };
        let infos = [&self.register_info, &self.access_info];
        let totals = [self.register_list.as_ref().map(|list| list.total), self.access_list.as_ref().map(|list| list.total)];
        let has_lists = match self.edition() {
            Edition::New => totals.iter().all(|total| total.is_some_and(|total| total.is_some())),
            Edition::Old => totals.iter().all(Option::is_none),
        };
        !self.repeats && has_lists && infos.iter().all(|info| info.as_ref().is_some_and(is_stated))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    Root,
    Log,
    Text(usize),
    RegisterList,
    AccessList,
    Other,
}

/// Takes a file of logs from the reader.
#[derive(Debug)]
pub(super) struct Taking<'a> {
    logs: AccessLogs<'a>,
    lines: Lines<'a>,
    open: Vec<Within>,
}

impl<'a> Taking<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { logs: AccessLogs::default(), lines: Lines::new(text), open: Vec::new() }
    }

    pub(super) fn finish(self) -> AccessLogs<'a> {
        self.logs
    }

    fn log(&mut self, line: u32) -> Within {
        if self.logs.logs.len() >= LOGS_MAX {
            self.logs.too_long = true;
            return Within::Other;
        }
        self.logs.logs.push(AccessLog { line, ..AccessLog::default() });
        Within::Log
    }

    /// Takes what stands right below a log. What comes a second time is let be.
    fn part(&mut self, element: &Element<'_, 'a>, line: u32) -> Within {
        let Some(log) = self.logs.logs.last_mut() else {
            return Within::Other;
        };
        match element.name {
            "RegisterInfo" if log.register_info.is_none() => log.register_info = Some(counters(element, line)),
            "AccessInfo" if log.access_info.is_none() => log.access_info = Some(counters(element, line)),
            "RegisterList" if log.register_list.is_none() => {
                log.register_list = Some(List { total: total(element), rows: Vec::new(), line });
                return Within::RegisterList;
            }
            "AccessList" if log.access_list.is_none() => {
                log.access_list = Some(List { total: total(element), rows: Vec::new(), line });
                return Within::AccessList;
            }
            name => {
                let place = ["AreaCode", "AreaName", "AccessDate", "Remark"].iter().position(|own| *own == name);
                log.repeats |= ["RegisterInfo", "AccessInfo", "RegisterList", "AccessList"].contains(&name);
                return match place {
                    Some(at) => self.text_part(at),
                    None => Within::Other,
                };
            }
        }
        Within::Other
    }

    fn text_part(&mut self, at: usize) -> Within {
        match self.text_at(at) {
            Some(place @ None) => {
                *place = Some(Cow::Borrowed(""));
                Within::Text(at)
            }
            _ => {
                if let Some(log) = self.logs.logs.last_mut() {
                    log.repeats = true;
                }
                Within::Other
            }
        }
    }

    fn text_at(&mut self, at: usize) -> Option<&mut Option<Cow<'a, str>>> {
        let log = self.logs.logs.last_mut()?;
        Some(match at {
            0 => &mut log.area_code,
            1 => &mut log.area_name,
            2 => &mut log.access_date,
            _ => &mut log.remark,
        })
    }

    fn register(&mut self, element: &Element<'_, 'a>, line: u32) {
        let Some(list) = self.logs.logs.last_mut().and_then(|log| log.register_list.as_mut()) else {
            return;
        };
        if list.rows.len() >= ROWS_MAX {
            self.logs.too_long = true;
            return;
        }
        let mut row = RegisterRow { line, ..RegisterRow::default() };
        for (name, written) in element.attributes() {
            let place = match name {
                "YWH" => &mut row.ywh,
                "DJLX" => &mut row.djlx,
                "QLLX" => &mut row.qllx,
                "BDCDYH" => &mut row.bdcdyh,
                "ZSZMH" => &mut row.zszmh,
                "SFSB" => &mut row.sfsb,
                "BWID" => &mut row.bwid,
                _ => continue,
            };
            *place = value_of(written);
        }
        list.rows.push(row);
    }

    fn access(&mut self, element: &Element<'_, 'a>, line: u32) {
        let Some(list) = self.logs.logs.last_mut().and_then(|log| log.access_list.as_mut()) else {
            return;
        };
        if list.rows.len() >= ROWS_MAX {
            self.logs.too_long = true;
            return;
        }
        let mut row = AccessRow { line, ..AccessRow::default() };
        for (name, written) in element.attributes() {
            let place = match name {
                "BWID" => &mut row.bwid,
                "YWH" => &mut row.ywh,
                "BDCDYH" => &mut row.bdcdyh,
                _ => continue,
            };
            *place = value_of(written);
        }
        list.rows.push(row);
    }

    fn say(&mut self, add: impl FnOnce(&mut Cow<'a, str>)) {
        if let Some(Within::Text(at)) = self.open.last().copied()
            && let Some(Some(value)) = self.text_at(at)
        {
            add(value);
        }
    }
}

fn counters<'a>(element: &Element<'_, 'a>, line: u32) -> Counters<'a> {
    let written = element.attributes().take(COUNTERS_MAX).map(|(name, written)| (name, value_of(written))).collect();
    Counters { written, line }
}

fn total(element: &Element<'_, '_>) -> Option<u64> {
    element.attributes().find(|(name, _)| *name == "totalNum").and_then(|(_, written)| value_of(written).trim().parse().ok())
}

/// Gives what a value says, unless it says nothing.
pub fn said<'v>(value: &'v Option<Cow<'_, str>>) -> Option<&'v str> {
    value.as_deref().map(str::trim).filter(|value| !is_blank(value))
}

impl<'a> Visit<'a> for Taking<'a> {
    fn open(&mut self, element: &Element<'_, 'a>) {
        let line = self.lines.at(element.at);
        let within = match (self.open.last(), element.name) {
            (None, _) => Within::Root,
            (Some(Within::Root), "AccessLog") => self.log(line),
            (Some(Within::Log), _) => self.part(element, line),
            (Some(Within::RegisterList), "Register") => {
                self.register(element, line);
                Within::Other
            }
            (Some(Within::AccessList), "Access") => {
                self.access(element, line);
                Within::Other
            }
            _ => Within::Other,
        };
        self.open.push(within);
    }

    fn text(&mut self, text: &'a str) {
        self.say(|value| match value.is_empty() {
            true => *value = Cow::Borrowed(text),
            false => value.to_mut().push_str(text),
        });
    }

    fn letter(&mut self, letter: char) {
        self.say(|value| value.to_mut().push(letter));
    }

    fn close(&mut self) {
        self.open.pop();
    }
}
