//! The day as tables: a summary, and lists whose lines all have the same columns.

use jiff::civil::DateTime;

use super::super::counters::Counters;
use super::super::differences::{Difference, DifferenceKind};
use super::super::facts::Edition;
use super::super::ids::Suffix;
use super::super::log::checks::{Broken, Outcome};
use super::super::reconcile::{Day, Late, Registration};
use super::super::standing::Standing;
use crate::lang::{Lang, mask_id, plain_line};
use crate::say;

/// A line of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) ywh: String,
    pub(super) bdcdyh: String,
    pub(super) id: String,
    pub(super) at: String,
    /// How it stands, or why it is listed.
    pub(super) what: String,
    pub(super) note: String,
}

impl Line {
    /// Gives the cells in the order of the columns.
    pub(super) fn into_cells(self) -> [String; 6] {
        [self.ywh, self.bdcdyh, self.id, self.at, self.what, self.note]
    }

    /// Returns the cells in the order of the columns.
    pub(super) fn cells(&self) -> [&str; 6] {
        [&self.ywh, &self.bdcdyh, &self.id, &self.at, &self.what, &self.note]
    }
}

/// A list with its title. Its lines are made as they are taken.
pub(super) struct List<'d> {
    pub(super) title: String,
    /// How many lines it has.
    pub(super) count: usize,
    pub(super) lines: Box<dyn Iterator<Item = Line> + 'd>,
}

impl<'d> List<'d> {
    fn of<T>(title: String, items: impl Iterator<Item = T> + Clone + 'd, line: impl Fn(T) -> Line + 'd) -> Self {
        Self { title, count: items.clone().count(), lines: Box::new(items.map(line)) }
    }
}

/// Gives the columns' titles.
pub(super) fn columns(lang: Lang) -> [String; 6] {
    [
        say!(lang, "业务号", "Case"),
        say!(lang, "不动产单元号", "Unit"),
        say!(lang, "报文ID", "Message"),
        say!(lang, "时间", "Time"),
        say!(lang, "状态或原因", "State or reason"),
        say!(lang, "备注", "Note"),
    ]
}

/// Gives the title of everything.
pub(super) fn title(day: &Day<'_>, lang: Lang) -> String {
    let (county, date) = (day.county, day.day);
    say!(lang, "登簿日核对 {county} {date}", "Daily reconciliation {county} {date}")
}

/// Gives the summary: names and values.
pub(super) fn summary(day: &Day<'_>, lang: Lang) -> Vec<(String, String)> {
    let counts = day.counts;
    let until = moment(day.until);
    let mut lines = vec![
        (say!(lang, "截至", "As of"), until),
        (say!(lang, "登记数据", "Register rows"), day.completeness.sentence(lang, day.day)),
        (say!(lang, "报文", "Messages"), messages(day, lang)),
    ];
    for (name, count) in [
        (say!(lang, "登簿", "Registered"), counts.registered),
        (say!(lang, "报文已到内网", "Message here"), counts.ferried),
        (say!(lang, "已上报", "Reported"), counts.reported),
        (say!(lang, "成功", "Accepted"), counts.accepted),
        (say!(lang, "失败", "Failed"), counts.failed),
        (say!(lang, "等待响应", "Waiting for a response"), counts.waiting),
        (say!(lang, "未上报", "Not reported"), counts.unreported),
        (say!(lang, "不需上报", "Not to be reported"), counts.excused),
        (say!(lang, "登记系统不计（状态 -2、9）", "Left out by the register (states -2, 9)"), counts.left_out),
        (say!(lang, "日志后补报", "Reported after the log"), counts.late),
        (say!(lang, "日志后录入", "Entered after the log"), counts.entered_after_log),
    ] {
        lines.push((name, count.to_string()));
    }
    for kind in DifferenceKind::ALL {
        lines.push((kind.title(lang), day.of_kind(kind).count().to_string()));
    }
    lines.push((say!(lang, "登记一侧（RegisterInfo）", "Register side (RegisterInfo)"), counters(&day.register, day.edition)));
    lines.push((say!(lang, "接入一侧（AccessInfo）", "Access side (AccessInfo)"), counters(&day.access, day.edition)));
    lines
}

fn messages(day: &Day<'_>, lang: Lang) -> String {
    match day.messages_complete {
        None => say!(lang, "还没有收到日终标记", "no day mark yet"),
        Some(true) => say!(lang, "日终标记以前的都已收到", "all before the day mark are here"),
        Some(false) => say!(lang, "还有在途的", "some are under way"),
    }
}

fn counters(counters: &Counters, edition: Edition) -> String {
    let kinds: Vec<String> =
        counters.named(edition).filter(|(_, count)| *count > 0).map(|(name, count)| format!("{name}={count}")).collect();
    format!("totalNum={} {}", counters.total, kinds.join(" ")).trim_end().to_owned()
}

/// Gives every list that has lines, differences first.
pub(super) fn lists<'d>(day: &'d Day<'d>, lang: Lang) -> Vec<List<'d>> {
    let mut lists: Vec<List<'_>> = DifferenceKind::ALL.into_iter().map(|kind| differences(day, kind, lang)).collect();
    let all = day.registrations.iter();
    lists.push(List::of(say!(lang, "日志核对", "Checks of the log"), checks(day, lang).into_iter(), |line| line));
    lists.push(List::of(say!(lang, "失败", "Failed"), day.failed(), move |registration| line(registration, lang)));
    let late = all.clone().filter_map(|registration| registration.late.as_deref());
    lists.push(List::of(say!(lang, "日志后补报", "Reported after the log"), late, move |late| late_line(late, lang)));
    let earlier = day.for_earlier_days.iter();
    lists.push(List::of(say!(lang, "本日补报以前各日", "Reported for earlier days"), earlier, move |late| {
        late_line(late, lang)
    }));
    let after = all.clone().filter(|registration| registration.is_after_log);
    lists.push(List::of(say!(lang, "日志后录入", "Entered after the log"), after, move |registration| {
        line(registration, lang)
    }));
    lists.push(List::of(say!(lang, "不计为未上报", "Never missing"), day.apart(), move |registration| {
        line(registration, lang)
    }));
    lists.push(List::of(say!(lang, "本日登簿", "All registrations"), all, move |registration| line(registration, lang)));
    lists.retain(|list| list.count > 0);
    lists
}

fn differences<'d>(day: &'d Day<'d>, kind: DifferenceKind, lang: Lang) -> List<'d> {
    let line = move |difference: &Difference| {
        let note = difference.decision.as_ref().map_or_else(String::new, |decision| {
            let (name, reason) = (&decision.name, &decision.reason);
            say!(lang, "{name} 已核实：{reason}", "looked at by {name}: {reason}")
        });
        shown(Line {
            ywh: difference.ywh.to_string(),
            bdcdyh: difference.bdcdyh.to_string(),
            id: difference.id.clone(),
            at: difference.at.map(moment).unwrap_or_default(),
            what: difference.reason.sentence(lang),
            note,
        })
    };
    List::of(kind.title(lang), day.of_kind(kind), line)
}

/// Free text of others is shown masked and on one line.
fn shown(line: Line) -> Line {
    let plain = |text: String| plain_line(&text);
    Line {
        ywh: plain(line.ywh),
        bdcdyh: plain(line.bdcdyh),
        id: plain(line.id),
        at: line.at,
        what: plain(line.what),
        note: plain_line(&mask_id(&line.note)),
    }
}

fn line(registration: &Registration, lang: Lang) -> Line {
    let row = registration.row;
    let kinds =
        say!(lang, "登记类型 {0}，权利类型 {1}，{2}", "registration {0}, right {1}, {2}", row.djlx, row.qllx, row.zszmh);
    let note = match &registration.standing {
        Standing::Failed { code, info } => format!("{code} {info}"),
        _ => kinds,
    };
    shown(Line {
        ywh: row.ywh.to_string(),
        bdcdyh: row.bdcdyh.to_string(),
        id: registration.messages.last().map(ToString::to_string).unwrap_or_default(),
        at: moment(row.djsj),
        what: registration.standing.words(lang),
        note,
    })
}

fn late_line(late: &Late, lang: Lang) -> Line {
    let day = late.day;
    let note = match late.suffix_due {
        None => String::new(),
        Some(Suffix::None) => say!(lang, "不应有后缀", "should have no suffix"),
        Some(due) => say!(lang, "应有后缀 {0}", "should have the suffix {0}", due.letters()),
    };
    shown(Line {
        ywh: late.ywh.to_string(),
        bdcdyh: late.bdcdyh.to_string(),
        id: late.id.to_string(),
        at: moment(late.at),
        what: say!(lang, "登簿日 {day}", "registered on {day}"),
        note,
    })
}

fn checks(day: &Day<'_>, lang: Lang) -> Vec<Line> {
    let mut lines = Vec::new();
    for check in &day.checks {
        let what = check.name.sentence(lang);
        match &check.outcome {
            Outcome::Holds => lines.push(Line { what, note: say!(lang, "成立", "holds"), ..Line::default() }),
            Outcome::NotApplicable => {
                lines.push(Line { what, note: say!(lang, "此版日志没有", "not in this edition"), ..Line::default() })
            }
            Outcome::Broken(places) => lines.extend(places.iter().map(|place| broken(place, &what, lang))),
        }
    }
    lines
}

fn broken(place: &Broken, check: &str, lang: Lang) -> Line {
    let Broken { what, log, due, .. } = place;
    let note = say!(
        lang,
        "不成立：{what}，日志“{log}”，应为“{due}”",
        "does not hold: {what}, the log says “{log}”, it should be “{due}”"
    );
    shown(Line { ywh: place.ywh.clone(), bdcdyh: place.bdcdyh.clone(), what: check.to_owned(), note, ..Line::default() })
}

/// Writes a civil time for people.
pub(super) fn moment(at: DateTime) -> String {
    super::super::day_mark::seconds(at).replace('T', " ")
}
