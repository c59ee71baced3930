//! Logs that say something wrong: each is refused by the check that it breaks.

use super::super::facts::{Edition, Facts, LogFact, Progress};
use super::super::log::checks::{Check, CheckName};
use super::super::log::{AccessEntry, DailyLog, build, may_go};
use super::super::reconcile::reconcile;
use super::sample::{DAY, county, evening, facts, heading, row};

fn log() -> DailyLog {
    build(&county(), DAY, &facts(), heading(Edition::New), evening()).log
}

/// The checks that a carried log breaks.
fn broken(log: DailyLog, facts: &Facts) -> Vec<CheckName> {
    let facts = Facts { log: Some(LogFact { log, made: evening() }), ..facts.clone() };
    let day = reconcile(&county(), DAY, &facts, evening());
    day.checks.iter().filter(|check| !check.holds()).map(|check| check.name).collect()
}

#[test]
fn each_check_is_broken_by_what_it_is_about() {
    use CheckName as C;
    type Change = fn(&mut DailyLog);
    let cases: [(Change, &[CheckName]); 14] = [
        (|log| log.access_date = "20240316".into(), &[C::Heading]),
        (|log| log.area = "150722".into(), &[C::Heading]),
        (|log| log.register.kinds[0] = 3, &[C::RegisterSum, C::RegisterHistogram]),
        (|log| log.access.kinds[8] = 1, &[C::AccessSum, C::AccessHistogram]),
        (|log| log.register_list.as_mut().unwrap().total = 4, &[C::RegisterListTotal]),
        (|log| log.access_list.as_mut().unwrap().total = 2, &[C::AccessListTotal]),
        (|log| (log.register.kinds[0], log.register.kinds[1]) = (1, 2), &[C::RegisterHistogram]),
        (|log| log.register.business_types = Some(3), &[C::BusinessTypes]),
        (
            |log| {
                let rows = &mut log.register_list.as_mut().unwrap().rows;
                rows.push(rows[0].clone());
            },
            &[C::RegisterListTotal, C::NoRepeats, C::RegisterHistogram],
        ),
        (
            |log| {
                let rows = &mut log.register_list.as_mut().unwrap().rows;
                rows[0].sfsb = "0".into();
            },
            &[C::ReportedInAccessList, C::ReportedFlags],
        ),
        (
            |log| {
                let rows = &mut log.access_list.as_mut().unwrap().rows;
                rows[0].bwid = "150722240315000001".into();
            },
            &[C::ReportedInAccessList, C::IdsOfCounty, C::AccessFerried],
        ),
        (
            |log| {
                let rows = &mut log.access_list.as_mut().unwrap().rows;
                rows.remove(0);
            },
            &[C::AccessListTotal, C::ReportedInAccessList, C::AccessHistogram, C::AccessComplete],
        ),
        (
            |log| {
                let entry = AccessEntry { bwid: "150721240315000009".into(), ywh: "9".into(), bdcdyh: "9".into() };
                log.access_list.as_mut().unwrap().rows.push(entry);
            },
            &[C::AccessListTotal, C::AccessHistogram, C::AccessFerried, C::AccessOfDay],
        ),
        (
            |log| {
                let rows = &mut log.register_list.as_mut().unwrap().rows;
                rows[0].djlx = "200".into();
            },
            &[C::RegisterHistogram, C::AccessHistogram, C::RegisterRows],
        ),
    ];
    for (at, (change, due)) in cases.into_iter().enumerate() {
        let mut log = log();
        change(&mut log);
        assert_eq!(broken(log, &facts()), due, "case {at}");
    }
}

#[test]
fn a_log_made_to_agree_is_refused() {
    let mut facts = facts();
    facts.messages[2].progress = Progress::Arrived;
    facts.responses.pop();
    let made_to_agree = log();
    assert_eq!(broken(made_to_agree, &facts), [CheckName::AccessOfDay, CheckName::ReportedFlags]);
}

#[test]
fn a_log_that_leaves_out_a_row_or_a_report_is_refused_in_either_edition() {
    let mut more = facts();
    more.rows.push(row("202403150004", "300", "4", "/"));
    assert_eq!(broken(log(), &more), [CheckName::RegisterRows, CheckName::BusinessTypes]);
    let old = build(&county(), DAY, &facts(), heading(Edition::Old), evening()).log;
    assert_eq!(broken(old.clone(), &facts()), []);
    assert_eq!(broken(old, &more), [CheckName::RegisterRows, CheckName::BusinessTypes]);
}

#[test]
fn business_types_alone_refuse_no_log() {
    let check = |name| Check { name, outcome: super::super::log::checks::Outcome::Broken(Vec::new()) };
    assert_eq!(may_go(&[check(CheckName::BusinessTypes)]), Ok(()));
    assert!(may_go(&[check(CheckName::RegisterSum)]).is_err());
}

#[test]
fn whatever_a_row_holds_the_log_is_one_well_formed_document() {
    let mut facts = facts();
    for ywh in ["\"/><Register YWH=\"", "</RegisterList>", "&amp;<![CDATA[", "a\tb\r\nc", "\u{0}\u{1f}\u{ffff}", "𠮷\u{202e}"]
    {
        let mut row = row(ywh, "100", "4", "]]>\"'&");
        row.bdcdyh = format!("150721001002GB{ywh}").into();
        facts.rows.push(row);
    }
    let log = build(&county(), DAY, &facts, heading(Edition::New), evening()).log;
    let known =
        crate::registration::xml::check(log.to_xml().as_bytes(), &crate::registration::xml::XmlLimits::default()).unwrap();
    // Root, log, four texts, two infos, two lists and their rows.
    assert_eq!((known.root.as_str(), known.elements), ("AccessLogs", 10 + 9 + 3));
    assert!(log.to_xml().contains("YWH=\"a&#9;b&#13;&#10;c\""), "white space survives reading");
}
