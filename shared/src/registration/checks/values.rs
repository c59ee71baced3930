//! Single values: width, number, date, dictionary.

use super::About;
use crate::registration::catalogue::{Column, ColumnType};
use crate::registration::civil;
use crate::registration::edition::Edition;
use crate::registration::finding::{Finding, Findings};
use crate::registration::message::Row;
use crate::registration::nothing::{decimal, is_blank, is_nothing};
use crate::say;

/// Fields of the head that have a dictionary.
const HEAD_DICTIONARIES: [(&str, &str); 2] = [("RegType", "登记类型字典表"), ("RightType", "权利类型字典表")];

pub(super) fn check(about: &About<'_, '_>, findings: &mut Findings) {
    head(about, findings);
    for row in about.message.rows() {
        let Some(table) = about.catalogue.table(row.table) else {
            continue;
        };
        for (name, value) in row.cells() {
            if let Some(column) = table.column(name) {
                cell(about, &row, column, &value, findings);
            }
        }
    }
}

fn head(about: &About<'_, '_>, findings: &mut Findings) {
    for (name, dictionary) in HEAD_DICTIONARIES {
        let (Some(value), Some(field)) = (about.message.said(name), about.message.field(name)) else {
            continue;
        };
        if let Some(finding) = not_in(about, dictionary, value) {
            findings.add(finding.in_table("Head").at(name).on_line(field.line).showing(value));
        }
    }
    for (name, is_right) in
        [("CreateDate", civil::is_plain as fn(&str) -> bool), ("CertCount", is_count), ("ProofCount", is_count)]
    {
        let (Some(value), Some(field)) = (about.message.said(name), about.message.field(name)) else {
            continue;
        };
        if !is_right(value) {
            let finding = if name == "CreateDate" { not_a_date() } else { not_a_number() };
            findings.add(finding.in_table("Head").at(name).on_line(field.line).showing(value));
        }
    }
}

fn is_count(text: &str) -> bool {
    text.parse::<u32>().is_ok() || is_nothing(text, ColumnType::Integer)
}

fn cell(about: &About<'_, '_>, row: &Row<'_, '_>, column: &Column, value: &str, findings: &mut Findings) {
    if is_nothing(value, column.kind) {
        if column.kind != ColumnType::Text && is_blank(value) && about.decided.edition == Edition::New {
            findings.add(misspelt_nothing(column.kind).in_row(row).at(&column.name).showing(value));
        }
        return;
    }
    let masked = &about.standard.rules.masked;
    let said = value.trim();
    let problem = match column.kind {
        ColumnType::Date if !civil::is_plain(said) => Some(not_a_date()),
        ColumnType::Decimal if decimal(said).is_none() => Some(not_a_number()),
        ColumnType::Integer if !is_integer(said) => Some(not_a_number()),
        _ => None,
    };
    if let Some(finding) = problem {
        findings.add(finding.in_row(row).at(&column.name).with(value, masked));
    }
    if let Some(width) = column.width
        && value.chars().count() > width
    {
        findings.add(too_wide(&column.label, value.chars().count(), width).in_row(row).at(&column.name));
    }
    if let Some(finding) = column.dictionary.as_deref().and_then(|dictionary| not_in(about, dictionary, said)) {
        findings.add(finding.in_row(row).at(&column.name).with(value, masked));
    }
}

fn is_integer(text: &str) -> bool {
    decimal(text).is_some_and(|number| !number.contains('.')) && !text.contains('.')
}

fn not_a_date() -> Finding {
    Finding::warning("date", |lang| {
        say!(
            lang,
            "不是日期，应写作 2024-03-15 或 2024-03-15T10:21:33。请在登记系统中改正。",
            "This is no date; it is written as 2024-03-15 or 2024-03-15T10:21:33. Correct it in the registration system."
        )
    })
}

fn not_a_number() -> Finding {
    Finding::warning("number", |lang| {
        say!(
            lang,
            "不是规定的数字，不能带单位、逗号或文字，个数不能带小数。请在登记系统中改正。",
            "This is not a number as the standard has it: no units, commas or words, and no fraction of a count. Correct it in the registration system."
        )
    })
}

fn misspelt_nothing(kind: ColumnType) -> Finding {
    let right = match kind {
        ColumnType::Integer => "-1",
        ColumnType::Date => "1900-01-01T00:00:00",
        ColumnType::Text | ColumnType::Decimal => "0.00",
    };
    Finding::warning("null-spelling", |lang| {
        say!(
            lang,
            "空值在新版这类字段里应写 {right}。请核对登记系统的报文配置。",
            "Nothing is written {right} in such a column of the new edition. Check how the registration system makes messages."
        )
    })
}

fn too_wide(label: &str, has: usize, most: usize) -> Finding {
    Finding::warning("width", |lang| {
        say!(
            lang,
            "{label}有 {has} 个字符，超过已知的最大长度 {most}，入库时可能被截断。请在登记系统中缩短。",
            "{label} has {has} characters; the widest column known has {most}, so that it may be cut. Shorten it in the registration system."
        )
    })
}

fn not_in(about: &About<'_, '_>, dictionary: &str, value: &str) -> Option<Finding> {
    let dictionary = about.standard.dictionary(dictionary)?;
    if dictionary.codes.contains_key(value) {
        return None;
    }
    let name = dictionary.name.trim_end_matches("字典表");
    Some(match dictionary.vendor.get(value) {
        Some(meaning) => Finding::warning("dictionary", |lang| {
            say!(
                lang,
                "“{meaning}”是厂商的内部代码，不在已知的{name}字典里。请向接收方核实是否接受。",
                "This is a vendor's own code ({meaning}) and not in the dictionary of {name} that is known. Ask the receiving system whether it is taken."
            )
        }),
        None => Finding::warning("dictionary", |lang| {
            say!(
                lang,
                "不在已知的{name}字典里。请核对后在登记系统中改选。",
                "It is not in the dictionary of {name} that is known. Check it and choose again in the registration system."
            )
        }),
    })
}
