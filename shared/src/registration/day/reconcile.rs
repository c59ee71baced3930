//! One county's day, reconciled.

mod lists;

use jiff::civil::{Date, DateTime};

use super::access::{Sides, djlx_of};
use super::completeness::Completeness;
use super::counters::Counters;
use super::day_mark::rows_of_day;
use super::differences::{Difference, DifferenceKind};
use super::facts::{Edition, Facts, RegisterRow};
use super::ids::{AreaCode, BizMsgId, Suffix};
use super::log::checks::{self, Check};
use super::matching::{Matched, MatchedRow};
use super::settings::Settings;
use super::standing::Standing;
use super::text::Text;

/// A county's day: what is known of it at a moment. Its rows are those of the facts it was made from.
#[derive(Clone, Debug)]
pub struct Day<'f> {
    /// The county.
    pub county: AreaCode,
    /// The business day.
    pub day: Date,
    /// The moment.
    pub until: DateTime,
    /// Whether all register rows are here.
    pub completeness: Completeness,
    /// Whether all messages are here that the outer side had packed when it made the mark; none without a mark.
    pub messages_complete: Option<bool>,
    /// How many there are of each.
    pub counts: Counts,
    /// The edition whose counters these are: the log's, the new one without a log.
    pub edition: Edition,
    /// The register side of the log, as it would be now.
    pub register: Counters,
    /// The access side.
    pub access: Counters,
    /// Every registration of the day, in the order of case and unit.
    pub registrations: Vec<Registration<'f>>,
    /// What does not agree, by kind.
    pub differences: Vec<Difference>,
    /// Messages reported that day whose case was registered on an earlier one.
    pub for_earlier_days: Vec<Late>,
    /// What was checked in the day's log; empty without one.
    pub checks: Vec<Check>,
    /// The moment whose truth the day's log tells.
    pub log_made: Option<DateTime>,
}

/// How many registrations of the day there are of each sort: one case at one unit is counted once, whatever came of it.
///
/// `registered` = `reported` + `unreported` + `excused`, and `reported` = `accepted` + `failed` + `waiting`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Registered, without what the register leaves out.
    pub registered: u64,
    /// A message of it arrived here.
    pub ferried: u64,
    /// A message of it was handed over or placed.
    pub reported: u64,
    /// Its newest message was accepted.
    pub accepted: u64,
    /// Its newest message failed.
    pub failed: u64,
    /// Its newest message waits for a response.
    pub waiting: u64,
    /// Nothing was reported, and it should have been.
    pub unreported: u64,
    /// Nothing was reported, and nothing had to be.
    pub excused: u64,
    /// Left out by the register: states −2 and 9.
    pub left_out: u64,
    /// Reported after the log, or with a suffix.
    pub late: u64,
    /// Entered after the log.
    pub entered_after_log: u64,
}

/// One registration: a case at a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration<'f> {
    /// Its row.
    pub row: &'f RegisterRow,
    /// How far it is.
    pub standing: Standing,
    /// The ids of its messages, the newest reported last.
    pub messages: Box<[BizMsgId]>,
    /// Its late report, if it was one; few are.
    pub late: Option<Box<Late>>,
    /// Whether it came here after the day's log was made.
    pub is_after_log: bool,
}

/// A report after its day's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Late {
    /// Case number.
    pub ywh: Text,
    /// Unit number.
    pub bdcdyh: Text,
    /// Its message.
    pub id: BizMsgId,
    /// When it was reported.
    pub at: DateTime,
    /// The day of registration.
    pub day: Date,
    /// The suffix it should have, where the log's moment is known and it has another.
    pub suffix_due: Option<Suffix>,
}

impl<'f> Day<'f> {
    /// Returns the differences of one kind.
    pub fn of_kind(&self, kind: DifferenceKind) -> impl Iterator<Item = &Difference> + Clone {
        self.differences.iter().filter(move |difference| difference.kind == kind)
    }

    /// Returns the registrations that are listed apart: never missing.
    pub fn apart(&self) -> impl Iterator<Item = &Registration<'f>> + Clone {
        self.registrations.iter().filter(|registration| matches!(registration.standing, Standing::Apart(_)))
    }

    /// Returns the registrations whose newest message failed.
    pub fn failed(&self) -> impl Iterator<Item = &Registration<'f>> + Clone {
        self.registrations.iter().filter(|registration| matches!(registration.standing, Standing::Failed { .. }))
    }

    /// Tells whether nothing differs that no person has decided about, and the log says what is true.
    pub fn is_clean(&self) -> bool {
        self.differences.iter().all(|difference| difference.decision.is_some()) && self.checks.iter().all(Check::holds)
    }
}

/// Reconciles a county's day as it is known at the moment `until`; what happened later is as if it had not.
pub fn reconcile<'f>(settings: &Settings, day: Date, facts: &'f Facts, until: DateTime) -> Day<'f> {
    let matched = Matched::new(facts, settings);
    let log_made = facts.log.as_ref().map(|log| log.made);
    let sides = Sides::at(&matched, settings, day, until);
    let edition = facts.log.as_ref().map_or(Edition::New, |log| log.log.edition);
    let types = settings.business_type_count;
    let register = Counters::count(edition, types, sides.register_cases()).0;
    let access = Counters::count(edition, types, sides.access_cases()).0;
    drop(sides);
    let registrations = registrations(&matched, day, until, log_made);
    let completeness = Completeness::of(facts.mark.as_ref(), rows_of_day(settings, day, &facts.rows));
    let messages_complete = facts.mark.as_ref().map(|mark| mark.messages_complete);
    let counts = count(&registrations, settings);
    let look = lists::Look { matched: &matched, settings, day, until, completeness, messages_complete };
    let mut differences = look.differences(facts);
    differences.iter_mut().for_each(|difference| difference.decide(&facts.decisions));
    differences.sort_by(|a, b| (a.kind, &a.ywh, &a.bdcdyh, &a.id).cmp(&(b.kind, &b.ywh, &b.bdcdyh, &b.id)));
    Day {
        county: settings.county,
        day,
        until,
        completeness,
        messages_complete,
        counts,
        edition,
        register,
        access,
        registrations,
        differences,
        for_earlier_days: for_earlier_days(&matched, day, until),
        checks: facts.log.as_ref().map(|log| checks::check(&log.log, &matched, settings, day, log.made)).unwrap_or_default(),
        log_made,
    }
}

fn registrations<'f>(matched: &Matched<'f>, day: Date, until: DateTime, log_made: Option<DateTime>) -> Vec<Registration<'f>> {
    let of_day = matched.rows.iter().filter(|row| row.row.day() == day && row.row.first_seen <= until);
    // What is sorted is small, and how many registrations there are is known before the first is made.
    let mut rows: Vec<&MatchedRow<'f>> = of_day.collect();
    rows.sort_unstable_by_key(|row| (&row.row.ywh, &row.row.bdcdyh));
    rows.into_iter().map(|row| registration(matched, row, until, log_made)).collect()
}

fn registration<'f>(
    matched: &Matched<'f>,
    row: &MatchedRow<'f>,
    until: DateTime,
    log_made: Option<DateTime>,
) -> Registration<'f> {
    let sent = || matched.of(row).filter(|sent| sent.message.ferried <= until);
    let unreported_first =
        sent().filter(|sent| sent.reported().is_none()).chain(sent().filter(|sent| sent.reported().is_some()));
    Registration {
        row: row.row,
        standing: Standing::of(row.row, sent(), until),
        messages: unreported_first.map(|sent| sent.message.id).collect(),
        late: late(matched, row, until, log_made).map(Box::new),
        is_after_log: log_made.is_some_and(|made| row.row.first_seen > made),
    }
}

/// Tells whether the newest report of a row came late: after the day's log, or with a suffix.
fn late(matched: &Matched<'_>, row: &MatchedRow<'_>, until: DateTime, log_made: Option<DateTime>) -> Option<Late> {
    let reported = || matched.of(row).filter_map(|sent| sent.reported().filter(|at| *at <= until).map(|at| (sent, at)));
    let (newest, at) = reported().next_back()?;
    let suffix = newest.message.id.suffix();
    let is_after = log_made.is_some_and(|made| at > made);
    let due = log_made.filter(|_| is_after).map(|_| match reported().count() {
        1 => [Suffix::Late, Suffix::Late],
        _ => [Suffix::Again, Suffix::Corrected],
    });
    (is_after || suffix != Suffix::None).then(|| Late {
        ywh: row.row.ywh.clone(),
        bdcdyh: row.row.bdcdyh.clone(),
        id: newest.message.id,
        at,
        day: row.row.day(),
        suffix_due: due.filter(|due| !due.contains(&suffix)).map(|[due, _]| due),
    })
}

fn for_earlier_days(matched: &Matched<'_>, day: Date, until: DateTime) -> Vec<Late> {
    let mut late = Vec::new();
    for row in matched.rows.iter().filter(|row| row.row.day() < day) {
        for sent in matched.of(row) {
            let Some(at) = sent.reported().filter(|at| at.date() == day && *at <= until) else { continue };
            let (ywh, bdcdyh) = (row.row.ywh.clone(), row.row.bdcdyh.clone());
            late.push(Late { ywh, bdcdyh, id: sent.message.id, at, day: row.row.day(), suffix_due: None });
        }
    }
    late.sort_by_key(|late| (late.at, late.id));
    late
}

fn count(registrations: &[Registration<'_>], settings: &Settings) -> Counts {
    let mut counts = Counts::default();
    for registration in registrations {
        let row = registration.row;
        if row.is_left_out() {
            counts.left_out += 1;
            continue;
        }
        // What does not count as registered is still looked after: only an unreported virtual unit is in no number.
        let is_apart = matches!(registration.standing, Standing::Apart(_));
        if is_apart && !settings.counts_unit(&row.bdcdyh) {
            continue;
        }
        counts.registered += 1;
        counts.ferried += u64::from(!registration.messages.is_empty());
        counts.reported += u64::from(registration.standing.is_reported());
        counts.late += u64::from(registration.late.is_some());
        counts.entered_after_log += u64::from(registration.is_after_log);
        let sort = match registration.standing {
            Standing::Accepted => &mut counts.accepted,
            Standing::Failed { .. } => &mut counts.failed,
            Standing::HandedOver | Standing::Placed => &mut counts.waiting,
            Standing::Apart(_) => &mut counts.excused,
            Standing::NoMessage | Standing::Refused(_) | Standing::Held(_) | Standing::Arrived => &mut counts.unreported,
        };
        *sort += 1;
    }
    counts
}

/// Gives the kind of registration under which a registration counts.
pub(super) fn counted_kind(row: &MatchedRow<'_>) -> String {
    super::counters::kind_of(djlx_of(row))
}
