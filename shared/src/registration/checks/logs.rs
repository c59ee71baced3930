//! Registration logs and the answers to them. A log that contradicts itself is refused by whom it is sent to, and is an error here.

use std::collections::{BTreeMap, BTreeSet};

use super::Said;
use crate::registration::civil;
use crate::registration::edition::Edition;
use crate::registration::finding::{Finding, Findings, shown};
use crate::registration::identifiers::message_id;
use crate::registration::log::{AccessLog, AccessLogs, COUNTERS, Counters, OLD_COUNTERS, said};
use crate::registration::log_reply::LogReply;
use crate::registration::nothing::is_blank;
use crate::say;

pub(super) fn check(name: &str, logs: &AccessLogs<'_>, told: &Said, findings: &mut Findings) {
    if logs.logs.is_empty() {
        findings.add(missing("AccessLog", 1));
    }
    if logs.too_long {
        findings.add(Finding::error("too-many-rows", |lang| {
            say!(
                lang,
                "登簿日志的行数超过上限，后面的没有检查。请核对。",
                "The log has more rows than are taken; the rest is unchecked. Check it."
            )
        }));
    }
    for log in &logs.logs {
        whose(name, log, told, findings);
        match log.edition() {
            Edition::Old => old(log, findings),
            Edition::New => new(log, findings),
        }
    }
}

fn missing(what: &'static str, line: u32) -> Finding {
    Finding::error("log-part-missing", |lang| {
        say!(
            lang,
            "登簿日志缺少 {what}，接收方会退回。请重新生成日志。",
            "The log lacks {what} and would be refused. Have it made anew."
        )
    })
    .at(what)
    .on_line(line)
}

/// County and day, and whether the file's name says the same.
fn whose(name: &str, log: &AccessLog<'_>, told: &Said, findings: &mut Findings) {
    let (area, day) = (said(&log.area_code), said(&log.access_date));
    if area.is_none() {
        findings.add(missing("AreaCode", log.line));
    }
    if day.and_then(civil::day).is_none() {
        findings.add(missing("AccessDate", log.line));
    }
    let Some(area) = area else {
        return;
    };
    if !told.areas.is_empty() && !told.areas.contains(area) {
        let ours = told.areas.iter().map(String::as_str).collect::<Vec<_>>().join("、");
        findings.add(
            Finding::error("area-foreign", |lang| {
                say!(
                    lang,
                    "日志属于别的区划，本通道只接收 {ours}。请交给所属县区。",
                    "The log is of another area; this channel takes {ours} alone. Hand it to its own county."
                )
            })
            .at("AreaCode")
            .on_line(log.line)
            .showing(area),
        );
    }
    let leaf = name.rsplit('/').next().unwrap_or(name);
    let named = leaf.strip_prefix("LogBiz").and_then(|rest| rest.split_once('-')).map(|(area, _)| area);
    if named.is_some_and(|named| named != area) {
        let leaf = shown(leaf);
        findings.add(
            Finding::error("file-name", |lang| {
                say!(
                    lang,
                    "文件名 {leaf} 的区划与日志的 AreaCode 不一致。请核对文件内容，不要只改文件名。",
                    "The area in the file's name {leaf} is not the log's AreaCode. Look into the file; do not merely rename it."
                )
            })
            .at("AreaCode")
            .on_line(log.line)
            .showing(area),
        );
    }
}

fn old(log: &AccessLog<'_>, findings: &mut Findings) {
    for (name, counters) in infos(log, findings) {
        sum(name, counters, true, findings);
    }
}

fn infos<'l, 'a>(log: &'l AccessLog<'a>, findings: &mut Findings) -> Vec<(&'static str, &'l Counters<'a>)> {
    let mut there = Vec::new();
    for (name, counters) in [("RegisterInfo", &log.register_info), ("AccessInfo", &log.access_info)] {
        match counters {
            Some(counters) => there.push((name, counters)),
            None => findings.add(missing(name, log.line)),
        }
    }
    there
}

/// The kinds add up to the total.
fn sum(name: &'static str, counters: &Counters<'_>, old: bool, findings: &mut Findings) {
    let extra = OLD_COUNTERS.iter().filter(|_| old).copied();
    let kinds = COUNTERS.iter().map(|(kind, _)| *kind).filter(|kind| !old || *kind != "otherReg").chain(extra);
    let sum: u64 = kinds.map(|kind| counters.get(kind).unwrap_or(0)).fold(0, u64::saturating_add);
    let Some(total) = counters.get("totalNum") else {
        findings.add(missing("totalNum", counters.line).in_table(name));
        return;
    };
    if total != sum {
        findings.add(
            Finding::error("log-sum", |lang| {
                say!(
                    lang,
                    "totalNum 是 {total}，各类登记加起来是 {sum}。请按登记簿重新生成日志，不要只改数字。",
                    "totalNum is {total} and the kinds add up to {sum}. Have the log made anew from the register; do not merely change the number."
                )
            })
            .in_table(name)
            .at("totalNum")
            .on_line(counters.line),
        );
    }
}

fn new(log: &AccessLog<'_>, findings: &mut Findings) {
    for (name, counters) in infos(log, findings) {
        sum(name, counters, false, findings);
    }
    match &log.register_list {
        None => findings.add(missing("RegisterList", log.line)),
        Some(list) => total("RegisterList", list.total, list.rows.len(), list.line, &log.register_info, findings),
    }
    match &log.access_list {
        None => findings.add(missing("AccessList", log.line)),
        Some(list) => total("AccessList", list.total, list.rows.len(), list.line, &log.access_info, findings),
    }
    histogram(log, findings);
    reported(log, findings);
    ids(log, findings);
}

/// A list has as many rows as it says, and as its counters say.
fn total(name: &'static str, total: Option<u64>, rows: usize, line: u32, info: &Option<Counters<'_>>, findings: &mut Findings) {
    let Some(total) = total else {
        findings.add(missing("totalNum", line).in_table(name));
        return;
    };
    if total != rows as u64 {
        findings.add(
            Finding::error("log-rows", |lang| {
                say!(
                    lang,
                    "{name} 的 totalNum 是 {total}，清单却有 {rows} 行。请按登记簿重新生成日志，不要只改数字。",
                    "{name} says totalNum {total} and has {rows} rows. Have the log made anew from the register; do not merely change the number."
                )
            })
            .in_table(name)
            .at("totalNum")
            .on_line(line),
        );
    }
    if let Some(counted) = info.as_ref().and_then(|info| info.get("totalNum")).filter(|counted| *counted != total) {
        findings.add(
            Finding::error("log-total", |lang| {
                say!(
                    lang,
                    "{name} 的 totalNum 是 {total}，汇总里是 {counted}。请按登记簿重新生成日志。",
                    "{name} says totalNum {total} and its counters say {counted}. Have the log made anew from the register."
                )
            })
            .in_table(name)
            .at("totalNum")
            .on_line(line),
        );
    }
}

/// The rows of each kind are as many as its counter says.
fn histogram(log: &AccessLog<'_>, findings: &mut Findings) {
    let (Some(list), Some(info)) = (&log.register_list, &log.register_info) else {
        return;
    };
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for row in &list.rows {
        let kind = row.djlx.trim();
        *kinds.entry(if kind.starts_with("90") { "900" } else { kind }).or_default() += 1;
    }
    for (counter, kind) in COUNTERS {
        let (counted, rows) = (info.get(counter).unwrap_or(0), kinds.get(kind).copied().unwrap_or(0));
        if counted != rows {
            findings.add(
                Finding::error("log-kind", |lang| {
                    say!(
                        lang,
                        "{counter} 是 {counted}，清单里登记类型 {kind} 的有 {rows} 行。请按登记簿重新生成日志。",
                        "{counter} is {counted} and the list has {rows} rows of kind {kind}. Have the log made anew from the register."
                    )
                })
                .in_table("RegisterInfo")
                .at(counter)
                .on_line(info.line),
            );
        }
    }
}

/// What the register's list calls reported is in the list of what was reported.
fn reported(log: &AccessLog<'_>, findings: &mut Findings) {
    let (Some(registered), Some(accessed)) = (&log.register_list, &log.access_list) else {
        return;
    };
    let listed: BTreeSet<&str> = accessed.rows.iter().map(|row| row.bwid.trim()).collect();
    for row in registered.rows.iter().filter(|row| row.sfsb.trim() == "1" && !listed.contains(row.bwid.trim())) {
        findings.add(
            Finding::error("log-unlisted", |lang| {
                say!(
                    lang,
                    "这笔登记写明已上报，它的报文却不在 AccessList 里。请按登记簿重新生成日志。",
                    "This case is said to be reported, yet its message is not in the AccessList. Have the log made anew from the register."
                )
            })
            .in_table("Register")
            .at("BWID")
            .on_line(row.line)
            .showing(&row.bwid),
        );
    }
}

/// Every message named is one of the log's county, and none is named twice.
fn ids(log: &AccessLog<'_>, findings: &mut Findings) {
    let Some(list) = &log.access_list else {
        return;
    };
    let mut met = BTreeSet::new();
    for row in &list.rows {
        let place = |finding: Finding| finding.in_table("Access").at("BWID").on_line(row.line).showing(&row.bwid);
        let id = row.bwid.trim();
        match message_id(id) {
            Err(_) => findings.add(place(Finding::error("id-form", |lang| {
                say!(
                    lang,
                    "不是报文 ID：应为 18 位数字，可带后缀。请按登记簿重新生成日志。",
                    "This is no message's id: 18 digits, with or without a suffix. Have the log made anew from the register."
                )
            }))),
            Ok(id) if said(&log.area_code).is_some_and(|area| area != id.area) => {
                findings.add(place(Finding::error("id-area", |lang| {
                    say!(
                        lang,
                        "报文 ID 的前 6 位不是日志的 AreaCode，可能是别的县区的报文。请核对。",
                        "The first six places of the id are not the log's AreaCode: it may be another county's message. Check it."
                    )
                })));
            }
            Ok(_) => {}
        }
        if !is_blank(id) && !met.insert(id) {
            findings.add(place(Finding::error("id-again", |lang| {
                say!(
                    lang,
                    "同一报文在 AccessList 里出现了不止一次。请按登记簿重新生成日志。",
                    "The AccessList names one message more than once. Have the log made anew from the register."
                )
            })));
        }
    }
}

pub(super) fn reply(reply: &LogReply, findings: &mut Findings) {
    let code = shown(&reply.code);
    match (reply.code.as_str(), reply.meaning()) {
        ("0200", _) => {}
        (_, Some(meaning)) => findings.add(
            Finding::warning("log-refused", |lang| {
                say!(
                    lang,
                    "接收方退回了登簿日志：{meaning}（{code}）。请按原因改正后由指定人员决定重发。",
                    "The registration log was refused with code {code} ({meaning}). Correct the cause; a named person decides on sending again."
                )
            })
            .at("responseLogCode")
            .showing(&reply.code),
        ),
        (_, None) => findings.add(
            Finding::warning("log-reply-unknown", |lang| {
                say!(
                    lang,
                    "不认识的回执码“{code}”，看不出日志是否被接收。请向接收方核实，核实前不要重发。",
                    "The code “{code}” is unknown: it does not tell whether the log was taken. Ask the receiving system, and do not send again before."
                )
            })
            .at("responseLogCode")
            .showing(&reply.code),
        ),
    }
}
