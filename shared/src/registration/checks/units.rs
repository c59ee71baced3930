//! Unit numbers: their shape, their parcel, their area. A wrong number of the message itself is an error.

use super::About;
use crate::registration::finding::{Finding, Findings, shown};
use crate::registration::identifiers::{UnitFlaw, check_unit, is_virtual_unit};
use crate::registration::nothing::is_blank;
use crate::say;

pub(super) fn check(about: &About<'_, '_>, findings: &mut Findings) {
    head(about, findings);
    earlier(about, findings);
    rows(about, findings);
}

fn flawed(flaw: UnitFlaw) -> Finding {
    match flaw {
        UnitFlaw::Length(places) => Finding::error("unit-length", |lang| {
            say!(
                lang,
                "不动产单元号应为 28 位，这里有 {places} 位。请在登记系统中按权籍核对单元号，重新生成报文。",
                "A unit number has 28 places, this one {places}. Check it against the cadastre in the registration system and have the message made anew."
            )
        }),
        UnitFlaw::Place(place) => Finding::error("unit-form", |lang| {
            say!(
                lang,
                "不动产单元号的第 {place} 位不合规则（12 位数字、所有权 G/J/Z、特征码、5 位数字、定着物 F/L/Q/W、8 位数字）。请按权籍核对单元号。",
                "Place {place} of the unit number breaks the rule (12 digits, G/J/Z, a letter, 5 digits, F/L/Q/W, 8 digits). Check the number against the cadastre."
            )
        }),
        UnitFlaw::NoFixture => Finding::error("unit-fixture", |lang| {
            say!(
                lang,
                "定着物特征码是 W（无定着物）时，后 8 位应全为 0。请按权籍核对单元号。",
                "Behind W (no fixture) the last eight places are zeros. Check the number against the cadastre."
            )
        }),
    }
}

fn head(about: &About<'_, '_>, findings: &mut Findings) {
    let rules = &about.standard.rules.unit;
    let (Some(unit), Some(field)) = (about.message.said("EstateNum"), about.message.field("EstateNum")) else {
        return;
    };
    let place = |finding: Finding| finding.in_table("Head").at("EstateNum").on_line(field.line).showing(unit);
    if let Err(flaw) = check_unit(unit, rules) {
        findings.add(place(flawed(flaw)));
    } else {
        letter(unit, &rules.feature, &place, findings);
    }
    if is_virtual_unit(unit) {
        findings.add(place(Finding::warning("unit-virtual", |lang| {
            say!(
                lang,
                "这是虚拟单元（地籍区和地籍子区全为 0），有的系统不上报这类单元。请确认是否需要上报。",
                "This is a virtual unit (no cadastral zone), which some systems do not report. Make sure that it is to be reported."
            )
        })));
    }
    parcel(about, unit, findings);
    area(about, unit, &place, findings);
}

fn letter(unit: &str, known: &str, place: &impl Fn(Finding) -> Finding, findings: &mut Findings) {
    if !unit.chars().nth(13).is_some_and(|letter| known.contains(letter)) {
        findings.add(place(Finding::warning("unit-letter", |lang| {
            say!(
                lang,
                "第 14 位的宗地特征码不在已知的范围（{known}）里。请按权籍核对单元号。",
                "The feature letter at place 14 is none of those known ({known}). Check the number against the cadastre."
            )
        })));
    }
}

fn parcel(about: &About<'_, '_>, unit: &str, findings: &mut Findings) {
    let (Some(parcel), Some(field)) = (about.message.said("ParcelID"), about.message.field("ParcelID")) else {
        return;
    };
    let of_unit: String = unit.chars().take(19).collect();
    if parcel != of_unit {
        let of_unit = shown(&of_unit);
        findings.add(
            Finding::error("unit-parcel", |lang| {
                say!(
                    lang,
                    "宗地（宗海）代码应是不动产单元号的前 19 位 {of_unit}。请按权籍核对。",
                    "The parcel's code is the first 19 places of the unit number, {of_unit}. Check both against the cadastre."
                )
            })
            .in_table("Head")
            .at("ParcelID")
            .on_line(field.line)
            .showing(parcel),
        );
    }
}

fn area(about: &About<'_, '_>, unit: &str, place: &impl Fn(Finding) -> Finding, findings: &mut Findings) {
    let Some(area) = about.message.said("AreaCode") else {
        return;
    };
    let of_unit: String = unit.chars().take(6).collect();
    let renamed = about.alias(&of_unit);
    if of_unit != area && renamed.is_none_or(|now| now != area) {
        let (of_unit, area) = (shown(&of_unit), shown(area));
        findings.add(place(Finding::error("unit-area", |lang| {
            say!(
                lang,
                "单元号的前 6 位 {of_unit} 与 AreaCode {area} 不一致。是别的县区的报文，或区划调整后没有登记别名；请核对。",
                "The first six places of the unit number, {of_unit}, are not the AreaCode {area}: another county's message, or an area renamed and not declared so. Check it."
            )
        })));
    }
}

/// The numbers of earlier units, several joined; no more than a warning, since they may be of another time.
fn earlier(about: &About<'_, '_>, findings: &mut Findings) {
    let (Some(units), Some(field)) = (about.message.said("PreEstateNum"), about.message.field("PreEstateNum")) else {
        return;
    };
    let rules = &about.standard.rules.unit;
    let wrong = units.split([',', '、', ';', '，', '；']).map(str::trim).filter(|unit| !is_blank(unit));
    if let Some(unit) = wrong.into_iter().find(|unit| check_unit(unit, rules).is_err()) {
        findings.add(
            Finding::warning("unit-earlier", |lang| {
                say!(
                    lang,
                    "上手单元号不合 28 位的规则。请核对；历史数据确实如此的可以不改。",
                    "An earlier unit's number breaks the rule of 28 places. Check it; where the old records have it so, it may stay."
                )
            })
            .in_table("Head")
            .at("PreEstateNum")
            .on_line(field.line)
            .showing(unit),
        );
    }
}

fn rows(about: &About<'_, '_>, findings: &mut Findings) {
    let rules = &about.standard.rules.unit;
    let head = about.message.said("EstateNum").filter(|unit| check_unit(unit, rules).is_ok());
    right(about, head, findings);
    for row in about.message.rows() {
        let own = rules.columns.iter().filter_map(|name| Some((name, row.said(name)?, true)));
        let elsewhere = rules.elsewhere.iter().filter_map(|name| Some((name, row.said(name)?, false)));
        for (name, unit, here) in own.chain(elsewhere) {
            let place = |finding: Finding| finding.in_row(&row).at(name).showing(&unit);
            if let Err(flaw) = check_unit(&unit, rules) {
                findings.add(place(flawed(flaw)));
                continue;
            }
            if head.is_some_and(|head| here && unit.get(..19) != head.get(..19)) {
                findings.add(place(other_parcel()));
            }
        }
    }
}

/// One of the right's own rows is of the message's unit; a project of several buildings has others beside it.
fn right(about: &About<'_, '_>, head: Option<&str>, findings: &mut Findings) {
    let (Some(head), Some(main)) = (head, about.main()) else {
        return;
    };
    let mut units = about.message.rows_of(main).filter_map(|row| Some((row, row.said("BDCDYH")?)));
    let Some((row, unit)) = units.next().filter(|(_, unit)| check_unit(unit, &about.standard.rules.unit).is_ok()) else {
        return;
    };
    if *unit != *head && !units.any(|(_, unit)| *unit == *head) {
        findings.add(other_unit(head).in_row(&row).at("BDCDYH").showing(&unit));
    }
}

fn other_unit(head: &str) -> Finding {
    Finding::error("unit-differs", |lang| {
        say!(
            lang,
            "权利表的不动产单元号与报文头的 {head} 不一致。请在登记系统中核对后重新生成报文。",
            "The right's unit number is not that of the head, {head}. Check it in the registration system and have the message made anew."
        )
    })
}

fn other_parcel() -> Finding {
    Finding::warning("row-parcel", |lang| {
        say!(
            lang,
            "这一行的单元不在报文头的宗地（宗海）上。请按权籍核对。",
            "This row's unit is not on the parcel of the head. Check it against the cadastre."
        )
    })
}
