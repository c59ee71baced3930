//! Who a file is: its name, its message's id, its area. What is wrong here is an error.

use std::collections::HashMap;

use super::{About, Linted, Said};
use crate::registration::finding::{Finding, Findings, shown};
use crate::registration::identifiers::{IdFlaw, MessageId, message_id};
use crate::registration::response::{Outcome, Response};
use crate::say;

/// Names a file that its writer has not finished.
pub(super) fn unfinished(name: &str, findings: &mut Findings) {
    if leaf(name).ends_with(".tmp") {
        findings.add(Finding::error("file-unfinished", |lang| {
            say!(
                lang,
                "文件名以 .tmp 结尾，生成它的系统还没有写完或中途出错。请不要上报，待该系统改名为 .xml 后再取。",
                "The name ends in .tmp: the system that writes the file has not finished, or failed. Take it once it is renamed to .xml."
            )
        }));
    }
}

/// Names a document that is none of the kinds.
pub(super) fn other(root: &str, findings: &mut Findings) {
    let root = shown(root);
    findings.add(Finding::error("kind-unknown", |lang| {
        say!(
            lang,
            "根元素 {root} 不是业务报文、响应报文、登簿日志或日志回执。请核对是否放错了文件。",
            "The root element {root} is of no message, response, registration log or log reply. Check that it is the right file."
        )
    }));
}

pub(super) fn message(name: &str, about: &About<'_, '_>, findings: &mut Findings) {
    let head = about.message.said("AreaCode");
    let Some(field) = about.message.field("BizMsgID").filter(|_| about.message.said("BizMsgID").is_some()) else {
        foreign(head, about.said, &|finding| finding.in_table("Head").at("AreaCode"), findings);
        return;
    };
    let written = field.value.trim();
    let place = |finding: Finding| finding.in_table("Head").at("BizMsgID").on_line(field.line).showing(written);
    match message_id(written) {
        Err(flaw) => {
            findings.add(place(flawed(flaw)));
            foreign(head, about.said, &place, findings);
        }
        Ok(id) => {
            area(&id, about, &place, findings);
            foreign(head.or(Some(id.area)), about.said, &place, findings);
            generated(&id, about, &place, findings);
            edition(&id, about, &place, findings);
        }
    }
    file_name(name, &["Biz"], written, findings);
}

fn flawed(flaw: IdFlaw) -> Finding {
    match flaw {
        IdFlaw::Shape => Finding::error("id-form", |lang| {
            say!(
                lang,
                "报文 ID 应为 18 位数字（区划 6 位、日期 6 位、流水 6 位），补报等可带后缀 BBXZ、CBXZ 或 BL。请在登记系统中重新生成报文。",
                "A message's id is 18 digits (area, day, sequence), with BBXZ, CBXZ or BL behind it where it is late. Have the registration system make the message anew."
            )
        }),
        IdFlaw::Day => Finding::error("id-day", |lang| {
            say!(
                lang,
                "报文 ID 的第 7 至 12 位应为生成日期（年月日各两位），这里不是日期。请在登记系统中重新生成报文。",
                "Places 7 to 12 of a message's id are the day it was made; these are no day. Have the registration system make the message anew."
            )
        }),
    }
}

fn area(id: &MessageId<'_>, about: &About<'_, '_>, place: &impl Fn(Finding) -> Finding, findings: &mut Findings) {
    let of_id = id.area;
    if let Some(of_head) = about.message.said("AreaCode").filter(|area| *area != of_id) {
        let of_head = shown(of_head);
        findings.add(place(Finding::error("id-area", |lang| {
            say!(
                lang,
                "报文 ID 的前 6 位 {of_id} 与 AreaCode {of_head} 不一致，可能是别的县区的报文。请核对后在登记系统中重新生成。",
                "The first six places of the id, {of_id}, are not the AreaCode {of_head}: it may be another county's message. Check, and have it made anew."
            )
        })));
    }
}

/// Names a document of an area that the channel does not take.
fn foreign(area: Option<&str>, said: &Said, place: &impl Fn(Finding) -> Finding, findings: &mut Findings) {
    let Some(area) = area.filter(|area| !said.areas.is_empty() && !said.areas.contains(*area)) else { return };
    let ours = said.areas.iter().map(String::as_str).collect::<Vec<_>>().join("、");
    let area = shown(area);
    findings.add(place(Finding::error("area-foreign", |lang| {
        say!(
            lang,
            "报文属于区划 {area}，本通道只接收 {ours}。请交给所属县区。",
            "The message is of area {area}; this channel takes {ours} alone. Hand it to its own county."
        )
    })));
}

/// A message cannot have been made before the registration that it reports.
fn generated(id: &MessageId<'_>, about: &About<'_, '_>, place: &impl Fn(Finding) -> Finding, findings: &mut Findings) {
    let registered = about.message.said("CreateDate").and_then(crate::registration::civil::day);
    if let Some(registered) = registered.filter(|day| id.day < *day) {
        let made = id.day;
        findings.add(place(Finding::warning("id-before-registration", |lang| {
            say!(
                lang,
                "报文 ID 的生成日期 {made} 早于登簿日期 {registered}。请核对登记系统的时钟和登簿时间。",
                "The id says the message was made on {made}, before its registration on {registered}. Check the registration system's clock and the time of registration."
            )
        })));
    }
}

/// A county's messages are of the edition that the bundle in force says for their day.
fn edition(id: &MessageId<'_>, about: &About<'_, '_>, place: &impl Fn(Finding) -> Finding, findings: &mut Findings) {
    let due = about.said.reference.as_ref().and_then(|reference| reference.edition_of(id.area, id.day));
    if let Some(due) = due.filter(|due| *due != about.decided.edition) {
        let (is, area) = (about.decided.edition, id.area);
        let (due_zh, is_zh) = (due.zh(), is.zh());
        findings.add(place(Finding::warning("edition-county", |lang| {
            say!(
                lang,
                "区划 {area} 在这一天应报{due_zh}，这份报文是{is_zh}。请核对登记系统的报文版本设置，或基准资料包里的启用日期。",
                "Area {area} reports in the {due} edition on that day; this message is of the {is} one. Check the registration system's setting, or the first day in the reference data."
            )
        })));
    }
}

/// A file is named after its message's id: `Biz<id>.xml` up, `Rep<id>.xml` or `Res<id>.xml` down.
fn file_name(name: &str, prefixes: &[&str], id: &str, findings: &mut Findings) {
    let leaf = leaf(name);
    let stem = leaf.strip_suffix(".tmp").unwrap_or(leaf);
    let stem = stem.strip_suffix(".xml").or_else(|| stem.strip_suffix(".XML")).unwrap_or(stem);
    let plain = |id: &str| id.replace('_', "");
    let fits = prefixes.iter().any(|prefix| stem.strip_prefix(prefix).is_some_and(|named| plain(named) == plain(id)));
    if !fits {
        let (prefix, id, leaf) = (prefixes.first().copied().unwrap_or_default(), shown(id), shown(leaf));
        findings.add(Finding::error("file-name", |lang| {
            say!(
                lang,
                "文件名 {leaf} 与报文 ID 不符，应为 {prefix}{id}.xml。请核对文件内容，不要只改文件名。",
                "The file's name {leaf} is not that of its message's id, {prefix}{id}.xml. Look into the file; do not merely rename it."
            )
        }));
    }
}

fn leaf(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

pub(super) fn response(name: &str, response: &Response, said: &Said, findings: &mut Findings) {
    let id = response.biz_msg_id.trim();
    if id.is_empty() {
        findings.add(Finding::error("id-missing", |lang| {
            say!(
                lang,
                "响应没有 BizMsgID，无法对应到报文。请向接收方索取完整的响应。",
                "The response has no BizMsgID, so that it answers no message. Ask the receiving system for the whole response."
            )
        }));
        return;
    }
    let place = |finding: Finding| finding.at("BizMsgID").showing(id);
    match message_id(id) {
        Err(flaw) => findings.add(place(flawed(flaw))),
        Ok(of) => foreign(Some(of.area), said, &place, findings),
    }
    file_name(name, &["Rep", "Res"], id, findings);
    outcome(response, findings);
}

fn outcome(response: &Response, findings: &mut Findings) {
    let (code, info) = (shown(response.response_code.trim()), shown(response.response_info.trim()));
    match response.outcome() {
        Outcome::Success => {}
        Outcome::Failure => findings.add(Finding::warning("response-failure", |lang| {
            say!(
                lang,
                "接收方未接收该报文，响应码 {code}：{info}。请在登记系统中改正后重报。",
                "The receiving system refused the message with code {code}: {info}. Correct it in the registration system and report it again."
            )
        })),
        Outcome::Unsaid => findings.add(Finding::warning("response-unsaid", |lang| {
            say!(
                lang,
                "响应没有 SuccessFlag，看不出成功与否。请向接收方核实。",
                "The response has no SuccessFlag: it does not say whether the message was taken. Ask the receiving system."
            )
        })),
    }
    if response.response_code.trim().chars().count() > 4 {
        findings.add(Finding::warning("width", |lang| {
            say!(
                lang,
                "ResponseCode 超过 4 位。请向接收方核实。",
                "ResponseCode has more than 4 places. Ask the receiving system."
            )
        }));
    }
}

/// Remembers the messages and responses of several files, to find what no file shows by itself.
#[derive(Debug, Default)]
pub struct Met {
    /// Each message's id, and the digest of the first file that had it.
    messages: HashMap<String, [u8; 32]>,
}

impl Met {
    /// Remembers a message; adds a finding when its id was met before with other bytes.
    pub fn message(&mut self, linted: &mut Linted, digest: [u8; 32]) {
        let Some(id) = linted.biz_msg_id.as_ref().filter(|_| linted.kind == "message") else {
            return;
        };
        match self.messages.get(&id.replace('_', "")) {
            Some(met) if *met != digest => linted.findings.add(
                Finding::error("id-again", |lang| {
                    say!(
                        lang,
                        "这个报文 ID 已被另一份内容不同的报文使用（流水号只取六位，会回绕）。请在登记系统中为其中一份重新编号。",
                        "Another message of other content has this id already (sequences have six digits and wrap). Have the registration system number one of them anew."
                    )
                })
                .in_table("Head")
                .at("BizMsgID")
                .showing(id),
            ),
            Some(_) => {}
            None => {
                self.messages.insert(id.replace('_', ""), digest);
            }
        }
    }

    /// Adds a finding to a response whose message is not among those met, where any were.
    pub fn response(&self, linted: &mut Linted) {
        let Some(id) = linted.biz_msg_id.as_ref().filter(|_| linted.kind == "response" && !self.messages.is_empty()) else {
            return;
        };
        if !self.messages.contains_key(&id.replace('_', "")) {
            linted.findings.add(
                Finding::warning("response-orphan", |lang| {
                    say!(
                        lang,
                        "在一同检查的报文中没有这份响应对应的报文，可能是别的县区的响应。请核对，不要入库。",
                        "None of the messages checked with it is the one it answers: it may be another county's. Check it and do not take it in."
                    )
                })
                .at("BizMsgID")
                .showing(id),
            );
        }
    }
}
