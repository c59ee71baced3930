//! What must be there: fields of the head, and columns that a vendor's schema requires.

use super::About;
use crate::registration::catalogue::ColumnType;
use crate::registration::finding::{Finding, Findings};
use crate::registration::message::Message;
use crate::registration::nothing::is_nothing;
use crate::say;

/// Fields of the head that say who the message is: without them it is nobody's.
const IDENTITY: [(&str, &str); 3] = [("BizMsgID", "报文 ID"), ("AreaCode", "区划代码"), ("EstateNum", "不动产单元号")];
/// Other fields of the head that a vendor's schema requires.
const USUAL: [(&str, &str); 8] = [
    ("ASID", "接入标准 ID"),
    ("RecType", "业务编码"),
    ("RightType", "权利类型"),
    ("RegType", "登记类型"),
    ("CreateDate", "登簿时间"),
    ("RecFlowID", "业务流水号"),
    ("RegOrgID", "登记机构"),
    ("ParcelID", "宗地（宗海）代码"),
];

pub(super) fn check(about: &About<'_, '_>, findings: &mut Findings) {
    if about.message.has.0 {
        head(about, findings);
    }
    for row in about.message.rows() {
        let Some(table) = about.catalogue.table(row.table) else {
            continue;
        };
        for column in table.columns.iter().filter(|column| column.required) {
            let (name, label) = (&column.name, &column.label);
            match row.get(name) {
                Some(value) if !is_nothing(&value, column.kind) => {}
                Some(value) => findings.add(
                    Finding::warning("required", |lang| {
                        say!(
                            lang,
                            "{label}（{name}）没有填写。请在登记系统中补填后重新生成报文。",
                            "{name} ({label}) says nothing. Fill it in in the registration system and have the message made anew."
                        )
                    })
                    .in_row(&row)
                    .at(name)
                    .showing(&value),
                ),
                None => findings.add(
                    Finding::warning("required", |lang| {
                        say!(
                            lang,
                            "缺少{label}（{name}）。请在登记系统中补填后重新生成报文。",
                            "{name} ({label}) is missing. Fill it in in the registration system and have the message made anew."
                        )
                    })
                    .in_row(&row)
                    .at(name),
                ),
            }
        }
    }
}

/// Gives the fields that a head must have and that say nothing in this one, with what people call them.
pub(in crate::registration) fn missing_in_head(message: &Message<'_>) -> impl Iterator<Item = (&'static str, &'static str)> {
    missing(message, &IDENTITY).chain(missing(message, &USUAL))
}

fn missing<'f>(
    message: &'f Message<'_>,
    fields: &'static [(&'static str, &'static str)],
) -> impl Iterator<Item = (&'static str, &'static str)> + 'f {
    let says =
        |name: &str| message.said(name).is_some_and(|value| name != "CreateDate" || !is_nothing(value, ColumnType::Date));
    fields.iter().filter(move |(name, _)| !says(name)).copied()
}

fn head(about: &About<'_, '_>, findings: &mut Findings) {
    for (name, label) in missing(about.message, &IDENTITY) {
        findings.add(
            Finding::error("head-missing", |lang| {
                say!(
                    lang,
                    "报文头缺少{label}（{name}），无法确认是谁的报文。请在登记系统中重新生成报文。",
                    "The head lacks {name} ({label}): nobody can tell whose message it is. Have the registration system make it anew."
                )
            })
            .in_table("Head")
            .at(name),
        );
    }
    for (name, label) in missing(about.message, &USUAL) {
        findings.add(
            Finding::warning("required", |lang| {
                say!(
                    lang,
                    "报文头缺少{label}（{name}）。请在登记系统中补填后重新生成报文。",
                    "The head lacks {name} ({label}). Fill it in in the registration system and have the message made anew."
                )
            })
            .in_table("Head")
            .at(name),
        );
    }
}
