//! The day of the sample messages: three messages, their responses, and the log that agrees with them.

use jiff::civil::{DateTime, date};

use super::super::completeness::Completeness;
use super::super::day_mark::{DayMark, rows_of_day};
use super::super::differences::{DifferenceKind, Reason};
use super::super::facts::{
    Decision, Edition, Facts, LogFact, MarkFact, Message, Progress, RegisterRow, Response, ResponseClass,
};
use super::super::ids::Suffix;
use super::super::log::compare::compare;
use super::super::log::{Heading, build, may_go};
use super::super::reconcile::reconcile;
use super::super::settings::Settings;
use super::super::standing::Standing;

pub(super) const DAY: jiff::civil::Date = date(2024, 3, 15);
const UNIT: &str = "150721001002GB00017F00030012";

/// The log of the sample set for that day, as it is there.
pub(super) const LOG: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<AccessLogs>
  <AccessLog>
    <AreaCode>150721</AreaCode>
    <AreaName>阿荣旗</AreaName>
    <AccessDate>20240315</AccessDate>
    <Remark></Remark>
    <RegisterInfo totalNum="3" firstReg="2" transferReg="1" changeReg="0" logoutReg="0" riviseReg="0" dissentingReg="0" advanceReg="0" seizeReg="0" otherReg="0" businessTypeCount="2"/>
    <AccessInfo totalNum="3" firstReg="2" transferReg="1" changeReg="0" logoutReg="0" riviseReg="0" dissentingReg="0" advanceReg="0" seizeReg="0" otherReg="0" businessTypeCount="2"/>
    <RegisterList totalNum="3">
      <Register YWH="202403150001" DJLX="100" QLLX="4" BDCDYH="150721001002GB00017F00030012" ZSZMH="蒙(2024)阿荣旗不动产权第0000123号" SFSB="1" BWID="150721240315000001"/>
      <Register YWH="202403150002" DJLX="200" QLLX="4" BDCDYH="150721001002GB00017F00030012" ZSZMH="蒙(2024)阿荣旗不动产权第0000124号" SFSB="1" BWID="150721240315000002"/>
      <Register YWH="202403150003" DJLX="100" QLLX="37" BDCDYH="150721001002GB00017F00030012" ZSZMH="蒙(2024)阿荣旗不动产证明第0000045号" SFSB="1" BWID="150721240315000003"/>
    </RegisterList>
    <AccessList totalNum="3">
      <Access BWID="150721240315000001" YWH="202403150001" BDCDYH="150721001002GB00017F00030012"/>
      <Access BWID="150721240315000002" YWH="202403150002" BDCDYH="150721001002GB00017F00030012"/>
      <Access BWID="150721240315000003" YWH="202403150003" BDCDYH="150721001002GB00017F00030012"/>
    </AccessList>
  </AccessLog>
</AccessLogs>
"#;

pub(super) fn row(ywh: &str, djlx: &str, qllx: &str, certificate: &str) -> RegisterRow {
    let djsj = DAY.at(9, 30, 0, 0);
    RegisterRow {
        ywh: ywh.into(),
        bdcdyh: UNIT.into(),
        djlx: djlx.into(),
        qllx: qllx.into(),
        zszmh: certificate.into(),
        qxdm: "150721".into(),
        djsj,
        qszt: "1".into(),
        first_seen: DAY.at(10, 0, 0, 0),
        access_state: None,
        is_external_cancellation: false,
    }
}

pub(super) fn message(id: &str, row: &RegisterRow, placed: DateTime) -> Message {
    Message {
        id: id.parse().unwrap(),
        edition: Edition::New,
        area: "150721".into(),
        rec_type: format!("{}0402", row.djlx).into(),
        reg_type: row.djlx.clone(),
        right_type: row.qllx.clone(),
        flow: row.ywh.clone(),
        units: vec![row.bdcdyh.clone()],
        registered: Some(row.djsj),
        ferried: placed,
        progress: Progress::Placed(placed),
    }
}

fn response(id: &str, class: ResponseClass) -> Response {
    let (code, info) = match class {
        ResponseClass::Accepted => ("0000", "报文接收成功"),
        ResponseClass::Failed => ("0001", "XSD校验失败: cvc-minLength-valid: 属性 ZTT_GY_QLR.ZJH 长度不符合要求"),
    };
    Response { id: id.into(), class, code: code.into(), info: info.into(), received: DAY.at(11, 0, 0, 0) }
}

pub(super) fn county() -> Settings {
    Settings::of("150721".parse().unwrap())
}

pub(super) fn heading(edition: Edition) -> Heading {
    Heading { edition, area_name: "阿荣旗".into(), remark: String::new() }
}

pub(super) fn facts() -> Facts {
    let rows = vec![
        row("202403150001", "100", "4", "蒙(2024)阿荣旗不动产权第0000123号"),
        row("202403150002", "200", "4", "蒙(2024)阿荣旗不动产权第0000124号"),
        row("202403150003", "100", "37", "蒙(2024)阿荣旗不动产证明第0000045号"),
    ];
    let ids = ["150721240315000001", "150721240315000002", "150721240315000003"];
    let messages = ids.into_iter().zip(&rows).map(|(id, row)| message(id, row, DAY.at(10, 30, 0, 0))).collect();
    let classes = [ResponseClass::Accepted, ResponseClass::Accepted, ResponseClass::Failed];
    let responses = ids.into_iter().zip(classes).map(|(id, class)| response(id, class)).collect();
    Facts { rows, messages, responses, ..Facts::default() }
}

pub(super) fn evening() -> DateTime {
    DAY.at(21, 30, 0, 0)
}

#[test]
fn the_days_log_is_built_byte_for_byte_as_the_sample_has_it() {
    let built = build(&county(), DAY, &facts(), heading(Edition::New), evening());
    assert_eq!(built.log.to_xml(), LOG);
    assert_eq!(built.log.file_name(evening()), "LogBiz150721-20240315213000.xml");
    assert_eq!(may_go(&built.checks), Ok(()));
}

#[test]
fn the_sample_day_agrees_and_the_failed_message_counts_as_reported() {
    let mut facts = facts();
    let built = build(&county(), DAY, &facts, heading(Edition::New), evening());
    facts.log = Some(LogFact { log: built.log, made: evening() });
    let day = reconcile(&county(), DAY, &facts, evening());
    assert!(day.is_clean(), "{:?}", day.differences);
    let counts = day.counts;
    assert_eq!((counts.registered, counts.reported, counts.accepted, counts.failed), (3, 3, 2, 1));
    let failed: Vec<_> = day.failed().map(|registration| registration.row.ywh.as_str()).collect();
    assert_eq!(failed, ["202403150003"]);
}

#[test]
fn an_orphan_response_and_a_missing_message_are_told_with_what_a_person_decided() {
    let mut facts = facts();
    facts.messages.remove(1);
    facts.responses.remove(1);
    facts.responses.push(response("150721240315999999", ResponseClass::Accepted));
    facts.decisions.push(Decision {
        about: DifferenceKind::OrphanResponse,
        ywh: String::new(),
        bdcdyh: String::new(),
        id: "150721240315999999".into(),
        name: "测试甲".into(),
        reason: "前置机上另有人上报".into(),
        at: evening(),
    });
    let day = reconcile(&county(), DAY, &facts, evening());
    let told: Vec<_> =
        day.differences.iter().map(|difference| (difference.kind.code(), difference.decision.is_some())).collect();
    assert_eq!(told, [("registered-not-reported", false), ("orphan-response", true)]);
    assert!(!day.is_clean());
}

#[test]
fn a_response_with_a_suffix_that_no_message_has_is_explained_by_the_last_of_its_messages() {
    let mut facts = facts();
    let ids = ["150721240315000001BBXZ", "150721240315000001CBXZ"];
    let again: Vec<Message> = ids.iter().map(|id| message(id, &facts.rows[0], DAY.at(10, 40, 0, 0))).collect();
    facts.messages.extend(again);
    facts.responses.push(response("150721240315000001BL", ResponseClass::Accepted));
    for _ in 0..20 {
        let day = reconcile(&county(), DAY, &facts, evening());
        let stray: Vec<_> = day.of_kind(DifferenceKind::OrphanResponse).map(|difference| &difference.reason).collect();
        assert_eq!(stray, [&Reason::OtherSuffix(ids[1].parse().unwrap())]);
    }
}

#[test]
fn a_message_of_a_case_at_another_unit_is_told_with_the_unit_of_the_row_that_came_last() {
    let mut facts = facts();
    let units = ["150721001002GB00017F00090002", "150721001002GB00017F00090001"];
    let others = units.map(|unit| RegisterRow { bdcdyh: unit.into(), ..facts.rows[0].clone() });
    facts.rows.extend(others);
    let mut elsewhere = message("150721240315000009", &facts.rows[0], DAY.at(10, 40, 0, 0));
    elsewhere.units = vec!["150721001002GB00017F00099999".into()];
    facts.messages.push(elsewhere);
    let day = reconcile(&county(), DAY, &facts, evening());
    let told: Vec<_> = day.of_kind(DifferenceKind::ReportedNotRegistered).map(|difference| &difference.reason).collect();
    assert_eq!(told, [&Reason::OtherUnitRegistered(units[1].to_owned())]);
}

#[test]
fn a_log_with_an_unreported_row_is_true_and_goes() {
    let mut facts = facts();
    facts.messages.pop();
    facts.responses.pop();
    let built = build(&county(), DAY, &facts, heading(Edition::New), evening());
    assert_eq!(may_go(&built.checks), Ok(()));
    let xml = built.log.to_xml();
    assert!(
        xml.contains("SFSB=\"0\" BWID=\"/\"")
            && xml.contains("<RegisterInfo totalNum=\"3\"")
            && xml.contains("<AccessInfo totalNum=\"2\"")
    );
}

#[test]
fn a_late_report_is_listed_with_the_suffix_it_should_have_and_never_as_missing() {
    let mut facts = facts();
    let late = DAY.at(10, 0, 0, 0).date().tomorrow().unwrap().at(8, 0, 0, 0);
    facts.responses.remove(0);
    (facts.messages[0].ferried, facts.messages[0].progress) = (late, Progress::Placed(late));
    let built = build(&county(), DAY, &facts, heading(Edition::New), evening());
    assert_eq!(built.log.access.total, 2);
    facts.log = Some(LogFact { log: built.log, made: evening() });
    let day = reconcile(&county(), DAY, &facts, late);
    assert!(day.differences.is_empty() && day.checks.iter().all(|check| check.holds()));
    let registration = day.registrations.first().unwrap();
    assert_eq!(registration.late.as_ref().unwrap().suffix_due, Some(Suffix::Late));
    assert_eq!((day.counts.late, &registration.standing), (1, &Standing::Placed));
    let next = reconcile(&county(), late.date(), &facts, late);
    assert_eq!(
        (next.for_earlier_days.len(), next.access.total, next.register.total),
        (1, 1, 0),
        "counted by the day of report"
    );
}

#[test]
fn the_old_log_counts_the_mortgage_apart() {
    let mut facts = facts();
    facts.rows.remove(1);
    facts.messages.remove(1);
    let built = build(&county(), DAY, &facts, heading(Edition::Old), evening());
    let xml = built.log.to_xml();
    assert!(xml.contains("<RegisterInfo totalNum=\"2\" firstReg=\"1\" transferReg=\"0\" changeReg=\"0\" logoutReg=\"0\" riviseReg=\"0\" dissentingReg=\"0\" advanceReg=\"0\" seizeReg=\"0\" easementReg=\"0\" mortgageReg=\"1\" businessTypeCount=\"1\"/>"), "{xml}");
    assert!(xml.contains("mortgageReg=\"1\"/>\n  </AccessLog>"), "the access side has no business types: {xml}");
    assert_eq!(may_go(&built.checks), Ok(()));
}

#[test]
fn a_mark_tells_whether_the_rows_are_all_here() {
    let mut facts = facts();
    let rows = rows_of_day(&county(), DAY, &facts.rows);
    let mark = DayMark { county: county().county, day: DAY, cut: DAY.at(21, 25, 0, 0), rows, heads: Vec::new() };
    facts.mark = Some(MarkFact { mark, at_head: None, messages_complete: false });
    assert_eq!(reconcile(&county(), DAY, &facts, evening()).completeness.code(), "complete");
    let gone = facts.rows.pop().unwrap();
    let day = reconcile(&county(), DAY, &facts, evening());
    assert!(matches!(day.completeness, Completeness::UnderWay { outer: 3, inner: 2, .. }));
    let told: Vec<_> = day.differences.iter().map(|difference| (difference.ywh.as_str(), difference.reason.code())).collect();
    assert_eq!(told, [(gone.ywh.as_str(), "rows-under-way")]);
}

#[test]
fn a_carried_log_that_says_otherwise_is_told_row_by_row() {
    let built = build(&county(), DAY, &facts(), heading(Edition::New), evening()).log;
    let mut carried = built.clone();
    let register = carried.register_list.as_mut().unwrap();
    (register.rows[0].sfsb, register.rows[0].bwid) = ("0".into(), "".into());
    register.rows.remove(2);
    carried.access_list.as_mut().unwrap().rows[1].bwid = "150721240315000002_".into();
    carried.access.kinds[1] = 4;
    let told: Vec<_> = compare(&carried, &built).into_iter().map(|difference| (difference.what, difference.ywh)).collect();
    let of = |what: &str, ywh: &str| (what.to_owned(), ywh.to_owned());
    let due = [
        of("AccessInfo transferReg", ""),
        of("Register SFSB", "202403150001"),
        of("Register BWID", "202403150001"),
        of("Register", "202403150003"),
        of("Access BWID", "202403150002"),
    ];
    assert_eq!(told, due);
    assert_eq!(compare(&built, &built), []);
}
