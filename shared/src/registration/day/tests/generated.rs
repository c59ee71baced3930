//! A day drawn from a seed, with what must be found in it. Nothing here asks the code under test.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime, date};
use jiff::{SignedDuration, ToSpan};

use super::super::facts::{Edition, Facts, Message, Progress, RegisterRow, Response, ResponseClass};
use super::super::ids::BizMsgId;
use super::super::settings::{AccessDay, Settings};
use super::super::text::Text;

/// What is drawn from a seed (SplitMix64).
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    pub(super) fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            list.swap(at, self.below(at + 1));
        }
    }
}

pub(super) const DAY: Date = date(2024, 3, 15);

/// A difference as it is compared: kind, case, unit, id, reason.
pub(super) type Planted = (&'static str, String, String, String, &'static str);

/// How many registrations of each sort there are.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sorts {
    pub(super) registered: u64,
    pub(super) accepted: u64,
    pub(super) failed: u64,
    pub(super) waiting: u64,
    pub(super) unreported: u64,
    pub(super) excused: u64,
    pub(super) left_out: u64,
    pub(super) late: u64,
    pub(super) entered_after_log: u64,
}

/// A generated day and what must be found.
pub(super) struct World {
    pub(super) settings: Settings,
    pub(super) facts: Facts,
    pub(super) made: DateTime,
    pub(super) until: DateTime,
    pub(super) planted: Vec<Planted>,
    pub(super) sorts: Sorts,
    /// Of each plan, how many.
    pub(super) plans: BTreeMap<&'static str, u64>,
    /// Reports of each case and unit that count as access, and whether the case is of this day.
    reports: BTreeMap<(String, String), Vec<(DateTime, bool)>>,
    chance: Chance,
    number: u32,
}

const PLANS: [&str; 29] = [
    "accepted",
    "accepted",
    "accepted",
    "accepted",
    "failed",
    "waiting",
    "handed-over",
    "arrived",
    "held",
    "refused",
    "missing",
    "missing-state",
    "left-out",
    "left-out-reported",
    "virtual",
    "virtual-reported",
    "external",
    "external-reported",
    "late",
    "again",
    "corrected",
    "repeated",
    "twice",
    "again-unsuffixed",
    "other-unit",
    "day-differs",
    "kind-differs",
    "repeated-row",
    "several-units",
];
const STRAYS: [&str; 12] = [
    "unregistered",
    "foreign-id",
    "foreign-area",
    "neighbour",
    "orphan",
    "other-suffix",
    "foreign-response",
    "no-id",
    "neighbour-response",
    "other-day",
    "other-county",
    "reused",
];

fn county() -> Settings {
    let mut settings = Settings::of("150721".parse().unwrap());
    settings.aliases.push("152122".parse().unwrap());
    settings.neighbours.push("150722".parse().unwrap());
    settings
}

impl World {
    pub(super) fn new(seed: u64, registrations: usize) -> Self {
        let mut chance = Chance::new(seed);
        let mut settings = county();
        settings.access_day = chance.of(&[AccessDay::Registration, AccessDay::Report]);
        let mut world = Self {
            settings,
            facts: Facts::default(),
            made: DAY.at(21, 30, 0, 0),
            until: DAY.at(12, 0, 0, 0) + 5.days(),
            planted: Vec::new(),
            sorts: Sorts::default(),
            plans: BTreeMap::new(),
            reports: BTreeMap::new(),
            chance,
            number: 0,
        };
        for at in 0..registrations {
            let plan = world.chance.of(&PLANS);
            *world.plans.entry(plan).or_default() += 1;
            world.register(plan, at);
        }
        for at in 0..registrations / 10 + 12 {
            let stray = STRAYS[at % STRAYS.len()];
            *world.plans.entry(stray).or_default() += 1;
            world.stray(stray, at);
        }
        world.chance.shuffle(&mut world.facts.rows);
        world.chance.shuffle(&mut world.facts.messages);
        world.chance.shuffle(&mut world.facts.responses);
        world.planted.sort();
        world
    }

    /// A moment of the day before its log, in the hours from `hour` on.
    fn time(&mut self, hour: i8) -> DateTime {
        DAY.at(hour, 0, 0, 0) + SignedDuration::from_secs(self.chance.below(3000) as i64)
    }

    fn id(&mut self, area: &str) -> BizMsgId {
        self.number += 1;
        format!("{area}240315{:06}", self.number).parse().unwrap()
    }

    fn unit(&mut self, zone: &str) -> String {
        self.number += 1;
        let area = self.chance.of(&["150721", "150721", "150721", "152122"]);
        format!("{area}{zone}GB{:05}F{:08}", self.number % 100_000, self.number)
    }

    fn row(&mut self, at: usize, zone: &str) -> RegisterRow {
        let djsj = self.time(8);
        RegisterRow {
            ywh: format!("2024031500{at:06}").into(),
            bdcdyh: self.unit(zone).into(),
            djlx: self.chance.of(&["100", "200", "300", "400", "500", "600", "700", "800", "900", "901"]).into(),
            qllx: self.chance.of(&["4", "3", "23", "37", "19"]).into(),
            zszmh: format!("蒙(2024)阿荣旗不动产权第{at:07}号").into(),
            qxdm: "150721".into(),
            djsj,
            qszt: "1".into(),
            first_seen: djsj + SignedDuration::from_mins(10),
            access_state: None,
            is_external_cancellation: false,
        }
    }

    /// A message of a row that was reported in the hours from `hour` on.
    fn message(&mut self, row: &RegisterRow, hour: i8) -> Message {
        let at = self.time(hour);
        let (flow, unit) = match self.chance.below(8) {
            0 => (format!("{}-{}", row.ywh, 1 + self.chance.below(200)), row.bdcdyh.to_lowercase()),
            1 => (format!("{}_{}", row.ywh, 1 + self.chance.below(200)), format!(" {} ", row.bdcdyh)),
            _ => (row.ywh.to_string(), row.bdcdyh.to_string()),
        };
        Message {
            id: self.id("150721"),
            edition: Edition::New,
            area: self.chance.of(&["150721", "152122", " 150721 "]).into(),
            rec_type: format!("{}0402", row.djlx).into(),
            reg_type: row.djlx.clone(),
            right_type: row.qllx.clone(),
            flow: flow.into(),
            units: vec![unit.into()],
            registered: Some(row.djsj),
            ferried: at - SignedDuration::from_mins(5),
            progress: Progress::Placed(at),
        }
    }

    fn answer(&mut self, message: &Message, class: ResponseClass) {
        let received = message.reported().unwrap_or(message.ferried) + SignedDuration::from_mins(1);
        let id = match message.id.suffix().letters() {
            "" => message.id.to_string(),
            suffix => format!("{}{}{suffix}", message.id.base(), self.chance.of(&["", "_"])),
        };
        self.facts.responses.push(Response { id: id.into(), class, code: "0000".into(), info: Text::default(), received });
    }

    fn plant(&mut self, kind: &'static str, row: &RegisterRow, id: Option<BizMsgId>, reason: &'static str) {
        let id = id.map(|id| id.to_string()).unwrap_or_default();
        self.planted.push((kind, row.ywh.to_string(), row.bdcdyh.to_string(), id, reason));
    }

    fn reported(&mut self, row: &RegisterRow, message: &Message) {
        let key = (row.ywh.to_string(), row.bdcdyh.to_string());
        let is_of_day = row.djsj.date() == DAY;
        self.reports.entry(key).or_default().push((message.reported().unwrap(), is_of_day));
    }

    /// A row of the day and the messages of its plan.
    fn register(&mut self, plan: &'static str, at: usize) {
        let zone = if plan.starts_with("virtual") { "000000" } else { "001002" };
        let mut row = self.row(at, zone);
        if self.chance.below(20) == 0 {
            row.first_seen = self.made + SignedDuration::from_mins(7);
            self.sorts.entered_after_log += u64::from(!plan.starts_with("left-out"));
        }
        if plan.starts_with("external") {
            (row.is_external_cancellation, row.djlx) = (true, "400".into());
        }
        match plan {
            "left-out" | "left-out-reported" => self.left_out(plan, &mut row),
            "missing" | "missing-state" | "arrived" | "held" | "refused" => self.unreported(plan, &mut row),
            "virtual" | "external" => self.sorts.excused += 1,
            "other-unit" => self.other_unit(&row),
            "several-units" => return self.several_units(&row),
            _ => self.plain(plan, &row),
        }
        self.sorts.registered += u64::from(!plan.starts_with("left-out"));
        self.facts.rows.push(row);
    }

    fn left_out(&mut self, plan: &str, row: &mut RegisterRow) {
        row.access_state = Some(self.chance.of(&[-2, 9]));
        self.sorts.left_out += 1;
        if plan == "left-out-reported" {
            let message = self.message(row, 14);
            self.plant("reported-not-registered", row, Some(message.id), "left-out-and-reported");
            self.facts.messages.push(message);
        }
    }

    fn unreported(&mut self, plan: &'static str, row: &mut RegisterRow) {
        self.sorts.unreported += 1;
        let reason = match plan {
            "missing" => "no-message",
            "missing-state" => {
                row.access_state = Some(self.chance.of(&[-1, 0, 1, 2, 3, 4, 5, 6, 7]));
                "register-state"
            }
            "arrived" => "not-yet-reported",
            other => other,
        };
        self.plant("registered-not-reported", row, None, reason);
        if !plan.starts_with("missing") {
            let mut message = self.message(row, 14);
            message.progress = match plan {
                "arrived" => Progress::Arrived,
                "held" => Progress::Held("unit-number".into()),
                _ => Progress::Refused("unreadable".into()),
            };
            self.facts.messages.push(message);
        }
    }

    fn other_unit(&mut self, row: &RegisterRow) {
        let mut message = self.message(row, 14);
        let other = self.unit("001002");
        (message.units, message.flow) = (vec![other.clone().into()], row.ywh.clone());
        self.sorts.unreported += 1;
        self.plant("registered-not-reported", row, None, "other-unit-reported");
        let of_message =
            ("reported-not-registered", row.ywh.to_string(), other.clone(), message.id.to_string(), "other-unit-registered");
        self.planted.push(of_message);
        self.reports.entry((row.ywh.to_string(), other)).or_default().push((message.reported().unwrap(), true));
        self.facts.messages.push(message);
    }

    /// One case with several units: each has its message, and one of them may lack it.
    fn several_units(&mut self, row: &RegisterRow) {
        let lacking = self.chance.below(6);
        for at in 0..4 {
            let mut one = row.clone();
            one.bdcdyh = self.unit("001002").into();
            self.sorts.registered += 1;
            self.sorts.entered_after_log += u64::from(at > 0 && one.first_seen > self.made);
            match at == lacking {
                true => {
                    self.sorts.unreported += 1;
                    self.plant("registered-not-reported", &one, None, "no-message");
                }
                false => {
                    let message = self.message(&one, 14);
                    self.answer(&message, ResponseClass::Accepted);
                    self.sorts.accepted += 1;
                    self.reported(&one, &message);
                    self.facts.messages.push(message);
                }
            }
            self.facts.rows.push(one);
        }
    }

    /// Plans in which the first report goes out on the day.
    fn plain(&mut self, plan: &'static str, row: &RegisterRow) {
        let mut first = self.message(row, 14);
        match plan {
            "failed" => self.answer(&first, ResponseClass::Failed),
            "waiting" | "repeated-row" => {}
            "handed-over" => first.progress = Progress::HandedOver(first.reported().unwrap()),
            "late" => {
                let after = DAY.at(9, 0, 0, 0) + 1.day();
                first.id = first.id.with("150721240315000001BBXZ".parse::<BizMsgId>().unwrap().suffix());
                (first.ferried, first.progress) = (after, Progress::Placed(after));
                self.answer(&first, ResponseClass::Accepted);
            }
            "again" | "corrected" | "again-unsuffixed" => self.answer(&first, ResponseClass::Failed),
            "day-differs" => {
                first.registered = Some(row.djsj + 1.day());
                self.plant("day-differs", row, Some(first.id), "register-day");
                self.answer(&first, ResponseClass::Accepted);
            }
            "kind-differs" => {
                first.reg_type = if row.djlx == "100" { "200" } else { "100" }.into();
                self.plant("kind-differs", row, Some(first.id), "register-kind");
                self.answer(&first, ResponseClass::Accepted);
            }
            _ => self.answer(&first, ResponseClass::Accepted),
        }
        self.reported(row, &first);
        match plan {
            "repeated" => {
                self.plant("repeated-message", row, Some(first.id), "same-message");
                let mut copy = first.clone();
                copy.ferried += SignedDuration::from_mins(30);
                self.facts.messages.push(copy);
            }
            "repeated-row" => {
                self.plant("repeated-row", row, None, "same-key");
                self.facts.rows.push(row.clone());
            }
            "twice" | "again" | "corrected" | "again-unsuffixed" => self.second(plan, row, &first),
            _ => {}
        }
        self.facts.messages.push(first);
        match plan {
            "failed" => self.sorts.failed += 1,
            "waiting" | "handed-over" | "repeated-row" => self.sorts.waiting += 1,
            _ => self.sorts.accepted += 1,
        }
        self.sorts.late += u64::from(matches!(plan, "late" | "again" | "corrected"));
    }

    /// The second report of a row.
    fn second(&mut self, plan: &str, row: &RegisterRow, first: &Message) {
        let mut second = self.message(row, 18);
        let suffix =
            |letters: &str| first.id.with(format!("150721240315000001{letters}").parse::<BizMsgId>().unwrap().suffix());
        match plan {
            "twice" => self.plant("reported-twice", row, Some(second.id), "earlier-message"),
            "again-unsuffixed" => {}
            _ => {
                let after = DAY.at(10, 0, 0, 0) + 1.day();
                second.id = if plan == "again" { suffix("CBXZ") } else { suffix("BL") };
                (second.ferried, second.progress) = (after, Progress::Placed(after));
            }
        }
        self.answer(&second, ResponseClass::Accepted);
        self.reported(row, &second);
        self.facts.messages.push(second);
    }

    /// What belongs to no registration of the day.
    fn stray(&mut self, stray: &'static str, at: usize) {
        let mut row = self.row(900_000 + at, "001002");
        let mut message = self.message(&row, 15);
        (message.flow, message.units) = (row.ywh.clone(), vec![row.bdcdyh.clone()]);
        let received = self.time(16);
        let respond = |world: &mut Self, id: String, kind: Option<(&'static str, &'static str)>| {
            if let Some((kind, reason)) = kind {
                world.planted.push((kind, String::new(), String::new(), id.clone(), reason));
            }
            let (class, code, info) = (ResponseClass::Accepted, Text::default(), Text::default());
            world.facts.responses.push(Response { id: id.into(), class, code, info, received });
        };
        match stray {
            "orphan" => {
                let id = self.id("150721").to_string();
                respond(self, id, Some(("orphan-response", "never-ferried")));
            }
            "foreign-response" => {
                let id = self.id("370115").to_string();
                respond(self, id, Some(("foreign-response", "area-of-id")));
            }
            "no-id" => respond(self, format!("报文{at}"), Some(("orphan-response", "id-unreadable"))),
            "neighbour-response" => {
                let id = self.id("150722").to_string();
                respond(self, id, None);
            }
            "other-suffix" => {
                let id = format!("{}CBXZ", message.id);
                self.facts.rows.push(row.clone());
                self.sorts.registered += 1;
                self.sorts.waiting += 1;
                self.reported(&row, &message);
                self.facts.messages.push(message);
                respond(self, id, Some(("orphan-response", "other-suffix")));
            }
            "unregistered" => {
                self.plant("reported-not-registered", &row, Some(message.id), "not-in-register");
                self.reported(&row, &message);
                self.facts.messages.push(message);
            }
            "foreign-id" | "foreign-area" => {
                let reason = if stray == "foreign-id" { "area-of-id" } else { "area-stated" };
                match stray {
                    "foreign-id" => message.id = self.id("370115"),
                    _ => message.area = "150722".into(),
                }
                self.plant("foreign-message", &row, Some(message.id), reason);
                self.facts.messages.push(message);
            }
            "neighbour" => {
                (message.id, message.area) = (self.id("150722"), "150722".into());
                self.facts.messages.push(message);
            }
            "other-day" => {
                row.djsj -= 3.days();
                (message.registered, row.first_seen) = (Some(row.djsj), row.djsj);
                self.reported(&row, &message);
                self.facts.messages.push(message);
                self.facts.rows.push(row);
            }
            "other-county" => {
                (row.bdcdyh, row.qxdm) =
                    (row.bdcdyh.replacen("150721", "150722", 1).replacen("152122", "150722", 1).into(), "150722".into());
                self.facts.rows.push(row);
            }
            _ => self.reused(&row, message),
        }
    }

    /// Two registrations whose messages have one id; the one that stands later among the messages is the one told.
    fn reused(&mut self, row: &RegisterRow, message: Message) {
        let mut other = row.clone();
        other.bdcdyh = self.unit("001002").into();
        self.planted.push(("reused-id", String::new(), String::new(), message.id.to_string(), "other-case"));
        let mut second = message.clone();
        second.units = vec![other.bdcdyh.clone()];
        for (row, message) in [(row.clone(), message), (other, second)] {
            self.sorts.registered += 1;
            self.sorts.waiting += 1;
            self.reported(&row, &message);
            self.facts.messages.push(message);
            self.facts.rows.push(row);
        }
    }

    /// How many cases the access side counts at a moment, by the generator's own record.
    pub(super) fn access_due(&self, until: DateTime) -> u64 {
        let counts = |reports: &Vec<(DateTime, bool)>| {
            reports.iter().any(|(at, is_of_day)| {
                *at <= until
                    && match self.settings.access_day {
                        AccessDay::Registration => *is_of_day,
                        AccessDay::Report => at.date() == DAY,
                    }
            })
        };
        self.reports.values().filter(|reports| counts(reports)).count() as u64
    }
}
