//! The structure: head and data, the table set of the code, the columns of each table, the element codes.

use std::collections::{BTreeMap, BTreeSet};

use super::About;
use crate::registration::catalogue::{RecType, Table};
use crate::registration::edition::Evidence;
use crate::registration::finding::{Finding, Findings, shown};
use crate::registration::message::{Oddity, Row};
use crate::registration::nothing::is_blank;
use crate::say;

pub(super) fn check(about: &About<'_, '_>, findings: &mut Findings) {
    shape(about, findings);
    edition(about, findings);
    code(about, findings);
    rows(about, findings);
    order(about, findings);
}

fn shape(about: &About<'_, '_>, findings: &mut Findings) {
    let (head, data) = about.message.has;
    for (there, name) in [(head, "Head"), (data, "Data")] {
        if !there {
            findings.add(
                Finding::error("part-missing", |lang| {
                    say!(
                        lang,
                        "报文缺少 {name} 部分。请在登记系统中重新生成报文。",
                        "The message has no {name}. Have the registration system make the message anew."
                    )
                })
                .in_table(name),
            );
        }
    }
    if about.message.too_long {
        findings.add(Finding::error("too-many-rows", |lang| {
            say!(
                lang,
                "报文的行数或属性数超过上限，后面的没有检查。请供数方拆分。",
                "The message has more rows or attributes than are taken; the rest is unchecked. Ask the supplier to split it."
            )
        }));
    }
    for odd in &about.message.odd {
        let name = shown(odd.name);
        let finding = match odd.what {
            Oddity::Element => Finding::warning("element-unknown", |lang| {
                say!(
                    lang,
                    "这里不应有元素 {name}，它的内容没有检查。请核对报文的生成程序。",
                    "No element {name} belongs here; what it holds is unchecked. Have the program that makes messages checked."
                )
            }),
            Oddity::Text => Finding::warning("text-stray", |lang| {
                say!(
                    lang,
                    "元素之间有多余的文字。请核对报文的生成程序。",
                    "Text stands between elements. Have the program that makes messages checked."
                )
            }),
            Oddity::Again => Finding::warning("element-again", |lang| {
                say!(
                    lang,
                    "元素 {name} 出现了不止一次，以第一个为准。请核对报文的生成程序。",
                    "The element {name} comes more than once; the first one is taken. Have the program that makes messages checked."
                )
            }),
        };
        findings.add(finding.at(odd.name).on_line(odd.line));
    }
}

fn edition(about: &About<'_, '_>, findings: &mut Findings) {
    let edition = about.decided.edition.zh();
    let (zh, en) = (edition, about.decided.edition);
    match about.decided.by {
        Evidence::Tables | Evidence::Columns => {}
        Evidence::MixedTables => findings.add(Finding::warning("edition-mixed", |lang| {
            say!(
                lang,
                "报文同时有新旧两版的表，按{zh}检查（{en}）。请核对登记系统的报文版本设置。",
                "The message has tables of both editions and was checked as {en} ({zh}). Check which edition the registration system is set to."
            )
        })),
        Evidence::Nothing => findings.add(Finding::warning("edition-unknown", |lang| {
            say!(
                lang,
                "从内容看不出报文是新版还是旧版，按{zh}检查（{en}）。请核对报文是否完整。",
                "The content does not tell the edition; the message was checked as {en} ({zh}). Check that it is whole."
            )
        })),
    }
}

/// Holds the code against the edition, and the tables against the code.
fn code(about: &About<'_, '_>, findings: &mut Findings) {
    let Some(written) = about.message.said("RecType") else {
        return;
    };
    let line = about.message.field("RecType").map_or(1, |field| field.line);
    let place = |finding: Finding| finding.in_table("Head").at("RecType").on_line(line).showing(written);
    let edition = about.decided.edition;
    let (zh, en) = (edition.zh(), edition);
    let Some(code) = about.catalogue.code(written) else {
        let elsewhere = about.standard.edition(edition.other()).code(written).is_some();
        let hint = |lang| match elsewhere {
            true => say!(lang, "，它是另一版的编码", "; the other edition has it"),
            false => String::new(),
        };
        findings.add(place(Finding::warning("code-unknown", |lang| {
            let hint = hint(lang);
            say!(
                lang,
                "{zh}没有这个业务编码{hint}（{en}）。请核对业务类型，并确认登记系统的报文版本。",
                "The {en} edition has no such code{hint} ({zh}). Check the kind of case, and which edition the registration system makes."
            )
        })));
        return;
    };
    let tables: BTreeSet<&str> = about.message.rows().map(|row| row.table).collect();
    match &code.main {
        Some(main) if !tables.contains(main.as_str()) && about.message.has.1 => findings.add(place(wrong_main(code, main))),
        _ => table_set(about, code, &tables, findings),
    }
}

fn wrong_main(code: &RecType, main: &str) -> Finding {
    let name = &code.name;
    Finding::warning("main-table-missing", |lang| {
        say!(
            lang,
            "业务编码是“{name}”，报文却没有它的权利表 {main}。请核对业务编码与办理的业务是否一致。",
            "The code means “{name}”, yet the message lacks that right's table {main}. Check that the code is that of the case."
        )
    })
}

/// Holds the tables against the set of the code that fits best.
fn table_set(about: &About<'_, '_>, code: &RecType, tables: &BTreeSet<&str>, findings: &mut Findings) {
    let optional = &about.standard.rules.optional;
    let missing = |set: &Vec<String>| -> Vec<String> {
        set.iter().filter(|table| !tables.contains(table.as_str()) && !optional.contains_key(*table)).cloned().collect()
    };
    let surplus = |set: &Vec<String>| -> Vec<String> {
        let known = tables.iter().filter(|table| about.catalogue.table(table).is_some());
        known.filter(|table| !set.iter().any(|own| own == *table)).map(|table| (*table).to_string()).collect()
    };
    let Some(set) = code.sets.iter().min_by_key(|set| missing(set).len() + surplus(set).len()) else {
        return;
    };
    let name = &code.name;
    let label = |table: &str| about.catalogue.table(table).map_or("", |table| table.label.as_str());
    for table in missing(set) {
        let label = label(&table);
        findings.add(
            Finding::warning("table-missing", |lang| {
                say!(
                    lang,
                    "“{name}”应有表 {table}（{label}），报文里没有。请在登记系统中补齐后重新生成。",
                    "“{name}” has a table {table} ({label}), which the message lacks. Complete the case and have the message made anew."
                )
            })
            .in_table(&table),
        );
    }
    for table in surplus(set) {
        let label = label(&table);
        let line = about.message.rows_of(&table).next().map_or(1, |row| row.line);
        findings.add(
            Finding::warning("table-surplus", |lang| {
                say!(
                    lang,
                    "“{name}”不应有表 {table}（{label}）。请核对业务编码与办理的业务是否一致。",
                    "“{name}” has no table {table} ({label}). Check that the code is that of the case."
                )
            })
            .in_table(&table)
            .on_line(line),
        );
    }
}

fn rows(about: &About<'_, '_>, findings: &mut Findings) {
    let mut named = BTreeSet::new();
    for row in about.message.rows() {
        match about.catalogue.table(row.table) {
            Some(table) => columns(about, table, &row, &mut named, findings),
            None if named.insert((row.table, "")) => findings.add(unknown_table(about, &row)),
            None => {}
        }
    }
}

fn unknown_table(about: &About<'_, '_>, row: &Row<'_, '_>) -> Finding {
    let table = shown(row.table);
    let edition = about.decided.edition;
    let (zh, en) = (edition.zh(), edition);
    let finding = match about.standard.edition(edition.other()).table(row.table) {
        Some(other) => {
            let label = &other.label;
            Finding::warning("table-edition", |lang| {
                say!(
                    lang,
                    "表 {table}（{label}）是另一版的，{zh}报文没有它（{en}）。请核对登记系统的报文版本设置。",
                    "The table {table} ({label}) is of the other edition; the {en} edition has none ({zh}). Check which edition the registration system is set to."
                )
            })
        }
        None => Finding::warning("table-unknown", |lang| {
            say!(
                lang,
                "没有名为 {table} 的表，它的内容没有检查，照样摆渡。请核对报文的生成程序。",
                "No table is called {table}; it is carried as it is and unchecked. Have the program that makes messages checked."
            )
        }),
    };
    finding.in_row(row)
}

/// Names each column once that is not of the table, and a wrong element code.
fn columns<'a>(
    about: &About<'_, '_>,
    table: &Table,
    row: &Row<'_, 'a>,
    named: &mut BTreeSet<(&'a str, &'a str)>,
    findings: &mut Findings,
) {
    for (name, value) in row.cells() {
        match table.column(name) {
            None if named.insert((row.table, name)) => findings.add(unknown_column(about, row, name)),
            Some(_) if name == "YSDM" => element_code(table, row, &value, findings),
            _ => {}
        }
    }
}

fn unknown_column(about: &About<'_, '_>, row: &Row<'_, '_>, name: &str) -> Finding {
    let edition = about.decided.edition;
    let other = about.standard.edition(edition.other());
    let shown_name = shown(name);
    let elsewhere = other.tables().iter().filter(|table| table.name == row.table).find_map(|table| table.column(name));
    let finding = match elsewhere {
        Some(column) if !column.vendor => {
            let (label, zh, en) = (&column.label, edition.zh(), edition);
            Finding::warning("column-edition", |lang| {
                say!(
                    lang,
                    "字段 {shown_name}（{label}）是另一版的，{zh}没有（{en}）。请核对登记系统的报文版本设置。",
                    "The column {shown_name} ({label}) is of the other edition; the {en} edition has none ({zh}). Check which edition the registration system is set to."
                )
            })
        }
        _ => Finding::warning("column-unknown", |lang| {
            say!(
                lang,
                "表里没有字段 {shown_name}，它照样摆渡，没有检查。请核对报文的生成程序。",
                "The table has no column {shown_name}; it is carried as it is and unchecked. Have the program that makes messages checked."
            )
        }),
    };
    finding.in_row(row).at(name)
}

fn element_code(table: &Table, row: &Row<'_, '_>, value: &str, findings: &mut Findings) {
    let Some(expected) = table.ysdm.as_deref().filter(|code| *code != value.trim() && !is_blank(value)) else {
        return;
    };
    findings.add(
        Finding::warning("ysdm", |lang| {
            say!(
                lang,
                "要素代码应为 {expected}。请核对登记系统的报文配置。",
                "The element code should be {expected}. Check how the registration system makes messages."
            )
        })
        .in_row(row)
        .at("YSDM")
        .showing(value),
    );
}

/// Finds the first table that stands behind one it should stand before; only the new edition's order is known.
fn order(about: &About<'_, '_>, findings: &mut Findings) {
    let mut last: Option<(u32, &str)> = None;
    let mut told = BTreeMap::new();
    for row in about.message.rows() {
        let Some(place) = about.catalogue.table(row.table).and_then(|table| table.place) else {
            continue;
        };
        match last {
            Some((before, name)) if before > place => {
                told.entry(row.table).or_insert((row, name));
            }
            _ => last = Some((place, row.table)),
        }
    }
    for (row, before) in told.into_values() {
        let (table, before) = (shown(row.table), shown(before));
        findings.add(
            Finding::warning("table-order", |lang| {
                say!(
                    lang,
                    "表 {table} 应排在 {before} 之前。请核对登记系统的报文配置。",
                    "The table {table} stands before {before} by the standard's order. Check how the registration system makes messages."
                )
            })
            .in_row(&row),
        );
    }
}
