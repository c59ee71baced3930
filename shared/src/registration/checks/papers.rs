//! Numbers of persons' and firms' papers, by their check digits. Old records hold wrong ones, so that this warns alone.

use super::About;
use crate::registration::finding::{Finding, Findings};
use crate::registration::identifiers::{is_credit_code, is_organisation_code, is_resident_id};
use crate::registration::message::Row;
use crate::say;

/// Kinds of papers (证件种类) whose numbers carry a proof.
const RESIDENT: &str = "1";
const ORGANISATION: &str = "6";
const LICENCE: &str = "7";

pub(super) fn check(about: &About<'_, '_>, findings: &mut Findings) {
    for row in about.message.rows() {
        let Some(table) = about.catalogue.table(row.table) else {
            continue;
        };
        for (kind, number) in &table.papers {
            if let Some(said) = row.said(number)
                && let Some(finding) = judge(kind.as_deref(), &said, &row)
            {
                findings.add(finding.in_row(&row).at(number).with(&said, &about.standard.rules.masked));
            }
        }
    }
}

/// Judges a number by the kind its row says; a column without a kind holds resident ids. Several joined numbers are judged one by one.
fn judge(kind: Option<&str>, number: &str, row: &Row<'_, '_>) -> Option<Finding> {
    let kind = match kind {
        Some(column) => row.said(column)?.into_owned(),
        None => RESIDENT.to_string(),
    };
    let mut numbers = number.split([',', '、', ';', '，', '；']).map(str::trim);
    match kind.as_str() {
        RESIDENT => (!numbers.all(is_resident_id)).then(resident),
        ORGANISATION => (!numbers.all(|code| is_organisation_code(code) || is_credit_code(code))).then(organisation),
        LICENCE => (!numbers.all(is_licence)).then(licence),
        _ => None,
    }
}

/// A business licence has a credit code now, and had a number of 15 or 13 digits.
fn is_licence(number: &str) -> bool {
    let old = matches!(number.len(), 13 | 15) && number.bytes().all(|byte| byte.is_ascii_digit());
    old || is_credit_code(number) || is_organisation_code(number)
}

fn resident() -> Finding {
    Finding::warning("resident-id", |lang| {
        say!(
            lang,
            "证件种类是身份证，号码却不合校验规则（位数、出生日期或校验码），可能多了“(1-1)”一类的字符。请对照原件在登记系统中改正；历史数据原件如此的可以不改。",
            "The paper is a resident id, yet its number fails the check (places, birth date, check character). Compare it with the paper and correct it in the registration system; where the old paper has it so, it may stay."
        )
    })
}

fn organisation() -> Finding {
    Finding::warning("organisation-code", |lang| {
        say!(
            lang,
            "证件种类是组织机构代码，号码却不合校验规则。请对照原件在登记系统中改正；历史数据原件如此的可以不改。",
            "The paper is an organisation code, yet its number fails the check. Compare it with the paper and correct it in the registration system; where the old paper has it so, it may stay."
        )
    })
}

fn licence() -> Finding {
    Finding::warning("credit-code", |lang| {
        say!(
            lang,
            "证件种类是营业执照，号码却不是正确的统一社会信用代码。请对照原件在登记系统中改正；历史数据原件如此的可以不改。",
            "The paper is a business licence, yet its number is no right credit code. Compare it with the paper and correct it in the registration system; where the old paper has it so, it may stay."
        )
    })
}
