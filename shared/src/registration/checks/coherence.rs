//! Whether the parts of a message say the same: case number, day of registration, kind, area.

use super::About;
use crate::registration::civil;
use crate::registration::edition::Edition;
use crate::registration::finding::{Finding, Findings, shown};
use crate::registration::message::Row;
use crate::say;

/// Codes of the old edition that hold every kind of registration of one right, so that they say nothing of the kind.
const OF_ALL_KINDS: [&str; 5] = ["6000101", "7000101", "8000101", "9000101", "9000102"];

pub(super) fn check(about: &About<'_, '_>, findings: &mut Findings) {
    kind_of_code(about, findings);
    case_number(about, findings);
    areas(about, findings);
    let Some(main) = about.main() else {
        return;
    };
    for row in about.message.rows_of(main) {
        day(about, &row, findings);
        kind(about, &row, findings);
    }
}

/// Gives a case number without the number of the unit behind it: `-1` or `_1`.
pub(in crate::registration) fn case_of(flow: &str) -> &str {
    match flow.rfind(['-', '_']) {
        Some(at)
            if flow.get(at + 1..).is_some_and(|unit| !unit.is_empty() && unit.bytes().all(|byte| byte.is_ascii_digit())) =>
        {
            flow.get(..at).unwrap_or(flow)
        }
        _ => flow,
    }
}

/// The first three digits of a code are the kind of registration.
fn kind_of_code(about: &About<'_, '_>, findings: &mut Findings) {
    let (Some(code), Some(kind)) = (about.message.said("RecType"), about.message.said("RegType")) else {
        return;
    };
    let of_all = about.decided.edition == Edition::Old && OF_ALL_KINDS.contains(&code);
    let counted = if kind.starts_with("90") { "900" } else { kind };
    let Some(of_code) = code.get(..3).filter(|of_code| *of_code != counted && !of_all) else {
        return;
    };
    let line = about.message.field("RegType").map_or(1, |field| field.line);
    let of_code = shown(of_code);
    findings.add(
        Finding::warning("kind-differs", |lang| {
            say!(
                lang,
                "登记类型与业务编码的前三位 {of_code} 不一致。请核对办理的业务。",
                "The kind of registration is not that of the code, {of_code}. Check which case this is."
            )
        })
        .in_table("Head")
        .at("RegType")
        .on_line(line)
        .showing(kind),
    );
}

/// The rows of the procedure (受理、收件、审核、登簿、发证、归档) are of the case that the head names, and in the new edition those of the right
/// too; in the old one a cancelled right keeps the case it was made in.
fn case_number(about: &About<'_, '_>, findings: &mut Findings) {
    let Some(flow) = about.message.said("RecFlowID") else {
        return;
    };
    let (case, main) = (case_of(flow), about.main().filter(|_| about.decided.edition == Edition::New));
    for row in about.message.rows().filter(|row| row.table.starts_with("DJ") || main == Some(row.table)) {
        if let Some(own) = row.said("YWH").filter(|own| **own != *flow && case_of(own) != case) {
            let case = shown(case);
            findings.add(
                Finding::warning("case-differs", |lang| {
                    say!(
                        lang,
                        "业务号与报文头的业务流水号 {case} 不一致。请在登记系统中核对后重新生成报文。",
                        "The case number is not that of the head, {case}. Check it in the registration system and have the message made anew."
                    )
                })
                .in_row(&row)
                .at("YWH")
                .showing(&own),
            );
        }
    }
}

fn areas(about: &About<'_, '_>, findings: &mut Findings) {
    let Some(area) = about.message.said("AreaCode") else {
        return;
    };
    for row in about.message.rows() {
        if let Some(own) = row.said("QXDM").filter(|own| **own != *area) {
            let area = shown(area);
            findings.add(
                Finding::warning("row-area", |lang| {
                    say!(
                        lang,
                        "区县代码与报文头的 AreaCode {area} 不一致。请在登记系统中核对。",
                        "The area code is not that of the head, {area}. Check it in the registration system."
                    )
                })
                .in_row(&row)
                .at("QXDM")
                .showing(&own),
            );
        }
    }
}

/// CreateDate is the time of registration: its day is the business day by which the log counts.
fn day(about: &About<'_, '_>, row: &Row<'_, '_>, findings: &mut Findings) {
    let (Some(registered), Some(created)) = (row.said("DJSJ"), about.message.said("CreateDate").and_then(civil::day)) else {
        return;
    };
    if civil::day(&registered).is_some_and(|day| day != created) {
        findings.add(
            Finding::warning("day-differs", |lang| {
                say!(
                    lang,
                    "登记时间与报文头的登簿日期 {created} 不是同一天，登簿日志会按不同的日子统计。请在登记系统中核对。",
                    "The time of registration is not on the day the head says, {created}; the registration log would count it on another. Check it in the registration system."
                )
            })
            .in_row(row)
            .at("DJSJ")
            .showing(&registered),
        );
    }
}

fn kind(about: &About<'_, '_>, row: &Row<'_, '_>, findings: &mut Findings) {
    for (field, column) in [("RegType", "DJLX"), ("RightType", "QLLX")] {
        let (Some(of_head), Some(own)) = (about.message.said(field), row.said(column)) else {
            continue;
        };
        if *own != *of_head {
            let of_head = shown(of_head);
            findings.add(
                Finding::warning("head-differs", |lang| {
                    say!(
                        lang,
                        "与报文头的 {field} {of_head} 不一致。请在登记系统中核对后重新生成报文。",
                        "It is not what the head's {field} says, {of_head}. Check it in the registration system and have the message made anew."
                    )
                })
                .in_row(row)
                .at(column)
                .showing(&own),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::case_of;

    #[test]
    fn a_case_number_is_without_the_number_of_its_unit() {
        for (flow, case) in [
            ("202403150001", "202403150001"),
            ("20190612-0027835_127", "20190612-0027835"),
            ("202403150001-2", "202403150001"),
            ("202403150001-", "202403150001-"),
            ("a-b", "a-b"),
        ] {
            assert_eq!(case_of(flow), case, "{flow}");
        }
    }
}
