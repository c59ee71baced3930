//! `joint-test plan` and `joint-test report` (联调).
//!
//! Given: an area and a folder; later a test station and the answers. Gives: a folder of messages with the list of them; a table of what became of
//! each, with lines for both sides' signatures. Never: a file overwritten, a report of a production station.

use super::{Json, print, print_json, read_store};
use crate::error::{ConfigFault, EngineFault};
use crate::given;
use crate::lang::{Lang, plain, plain_line};
use crate::registration::cargo::{Cargo, understand};
use crate::registration::checks::{Said, lint};
use crate::registration::civil;
use crate::registration::finding::{Level, shown};
use crate::registration::joint_test::{Planned, left_out, plan};
use crate::registration::response::Outcome;
use crate::registration::xml::{XmlLimits, decode};
use crate::report::{civil_time, table};
use crate::say;
use crate::station::Station;
use crate::store::{Direction, Store};
use clap::{Args, Subcommand};
use dukou_packets::packet::header::Environment;
use dukou_packets::packet::records::RecordKind;
use jiff::civil::Date;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Component, Path, PathBuf};
use walkdir::WalkDir;

/// The list of a plan, in its folder.
const LIST: &str = "plan.json";
/// Longest list that is read, in bytes.
const LIST_MAX: u64 = 4 << 20;
/// Most answers that are looked at.
const ANSWERS_MAX: usize = 100_000;
/// Places of a day in a moment as people read it.
const DAY: usize = 10;

#[derive(Args)]
pub(super) struct JointTestArgs {
    #[command(subcommand)]
    verb: JointTestVerb,
}

#[derive(Subcommand)]
enum JointTestVerb {
    /// 每种业务、每版各造一个报文（未签名、有标记），不需要摆渡站 / one message a code and edition, unsigned and marked; needs no station
    Plan(PlanArgs),
    /// 各业务送出、答复、问题的表，供双方签字 / a table of what was sent and answered, for both sides to sign
    Report(ReportArgs),
}

#[derive(Args)]
struct PlanArgs {
    /// 区划代码，六位 / the area's code, six digits
    #[arg(long, value_parser = area)]
    area: String,
    /// 报文 ID 里的日期，如 2024-03-18 / the day in the messages' ids
    #[arg(long, value_parser = day)]
    day: Date,
    /// 写到哪个文件夹（须是空的或不存在） / the folder to write to, empty or not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    json: Json,
}

#[derive(Args)]
struct ReportArgs {
    /// joint-test plan 写的文件夹 / the folder that joint-test plan wrote
    #[arg(long, value_name = "DIR")]
    plan: PathBuf,
    /// 响应报文所在的文件夹，可多个 / folders of responses
    #[arg(long, value_name = "DIR")]
    answers: Vec<PathBuf>,
    #[command(flatten)]
    json: Json,
}

fn area(text: &str) -> Result<String, String> {
    match text.len() == 6 && text.bytes().all(|digit| digit.is_ascii_digit()) {
        true => Ok(text.to_string()),
        false => Err("六位数字 / six digits".to_string()),
    }
}

fn day(text: &str) -> Result<Date, String> {
    let first = jiff::civil::date(2024, 3, 15);
    let known = civil::day(text).filter(|day| *day >= first && day.year() < 2100);
    known.ok_or_else(|| "2024-03-15 起的日期 / a day from 2024-03-15 on".to_string())
}

impl JointTestArgs {
    pub(super) fn needs_station(&self) -> bool {
        matches!(self.verb, JointTestVerb::Report(_))
    }
}

/// Does what needs no station.
pub(super) fn alone(args: &JointTestArgs, lang: Lang) -> Result<u8, EngineFault> {
    match &args.verb {
        JointTestVerb::Plan(args) => write_plan(args, lang),
        JointTestVerb::Report(_) => Ok(2),
    }
}

/// Does what a station is asked.
pub(super) fn at_station(station: &Station, args: &JointTestArgs, lang: Lang) -> Result<u8, EngineFault> {
    match &args.verb {
        JointTestVerb::Plan(args) => write_plan(args, lang),
        JointTestVerb::Report(args) => report(station, args, lang),
    }
}

#[derive(Serialize)]
struct Written<'p> {
    dir: String,
    list: &'static str,
    messages: &'p [Planned],
    /// Codes of the old edition without a message: their tables are not known.
    left_out: Vec<&'static str>,
}

fn write_plan(args: &PlanArgs, lang: Lang) -> Result<u8, EngineFault> {
    only_into_an_empty_folder(&args.out)?;
    let planned = plan(&args.area, args.day);
    for (one, text) in &planned {
        write_new(&args.out.join(&one.file), text.as_bytes())?;
    }
    let messages: Vec<Planned> = planned.into_iter().map(|(one, _)| one).collect();
    let list = serde_json::to_vec_pretty(&messages).unwrap_or_default();
    write_new(&args.out.join(LIST), &list)?;
    let (count, dir) = (messages.len(), args.out.display().to_string());
    let left_out: Vec<&str> = left_out().map(|code| code.code.as_str()).collect();
    if args.json.json {
        print_json(&Written { dir, list: LIST, messages: &messages, left_out })?;
        return Ok(0);
    }
    let mut text = say!(
        lang,
        "已在 {dir} 写了 {count} 个联调报文（未签名，序号从 900001 和 950001 起），清单是 {LIST}。只放入 environment = test 的站；生产站不要用。\n",
        "Wrote {count} joint-test messages to {dir} (unsigned, numbered from 900001 and 950001), listed in {LIST}. Drop them at stations with environment = test alone.\n"
    );
    if !left_out.is_empty() {
        let codes = left_out.join(" ");
        text += &say!(
            lang,
            "旧版这些业务的表不明，没有造报文，请登记系统另备：{codes}\n",
            "The tables of these kinds of the old edition are not known and no message was made; have the registration system supply them: {codes}\n"
        );
    }
    print(&text)?;
    Ok(0)
}

/// Refuses a folder with anything in it, before the first file: messages of two plans in one folder would be sent together.
fn only_into_an_empty_folder(dir: &Path) -> Result<(), ConfigFault> {
    let first = match std::fs::read_dir(dir) {
        Ok(mut entries) => entries.next(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(ConfigFault::unreadable(dir, &error)),
    };
    if first.is_none() {
        return Ok(());
    }
    let shown = dir.display();
    let sentence = |lang| {
        say!(
            lang,
            "{shown} 里已有文件，没有写任何东西。请给一个空的或不存在的文件夹。",
            "There are files in {shown} already; nothing was written. Name a folder that is empty or not there."
        )
    };
    Err(ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) })
}

fn write_new(path: &Path, bytes: &[u8]) -> Result<(), ConfigFault> {
    let written = std::fs::create_dir_all(path.parent().unwrap_or(path))
        .and_then(|()| OpenOptions::new().write(true).create_new(true).open(path))
        .and_then(|mut file| file.write_all(bytes));
    written.map_err(|error| ConfigFault::unreadable(path, &error))
}

/// What became of one message.
#[derive(Serialize)]
struct Line {
    edition: String,
    code: String,
    name: String,
    file: String,
    biz_msg_id: String,
    /// `not-sent`, `refused`, `packed` or `left`.
    sent: &'static str,
    day: Option<String>,
    /// `none`, `success`, `failure` or `unsaid`.
    answer: &'static str,
    answer_code: Option<String>,
    answer_info: Option<String>,
    /// What a check finds in the message itself.
    findings: Vec<String>,
}

#[derive(Serialize)]
struct Report {
    station: String,
    messages: u64,
    succeeded: u64,
    lines: Vec<Line>,
}

fn report(station: &Station, args: &ReportArgs, lang: Lang) -> Result<u8, EngineFault> {
    if station.config.station.environment != Environment::Test {
        let sentence = |lang| {
            say!(
                lang,
                "这是生产站，不作联调。请在 environment = test 的站上运行。",
                "This is a production station; joint tests are not its business. Run this at a station with environment = test."
            )
        };
        return Err(ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) }.into());
    }
    let list = args.plan.join(LIST);
    let bytes = given::read_file(&list, LIST_MAX).map_err(|error| ConfigFault::unreadable(&list, &error))?;
    let planned: Vec<Planned> = serde_json::from_slice(&bytes)
        .map_err(|error| ConfigFault::unreadable(&list, &std::io::Error::other(error.to_string())))?;
    let answers = answers(&args.answers)?;
    let mut store = read_store(station)?;
    let lines = planned
        .into_iter()
        .map(|one| line(one, &args.plan, &answers, store.as_mut()))
        .collect::<Result<Vec<_>, EngineFault>>()?;
    let report = Report {
        station: station.config.station.name.clone(),
        messages: lines.len() as u64,
        succeeded: lines.iter().filter(|line| line.answer == "success").count() as u64,
        lines,
    };
    let is_done = report.succeeded == report.messages && report.lines.iter().all(|line| line.findings.is_empty());
    match args.json.json {
        true => print_json(&report)?,
        false => print(&plain(&text(&report, lang)))?,
    }
    Ok(u8::from(!is_done))
}

/// An answer to a message.
struct Given {
    outcome: Outcome,
    code: String,
    info: String,
}

/// Reads the responses below some folders, by the id of their message; of several to one message the last by name counts.
fn answers(dirs: &[PathBuf]) -> Result<BTreeMap<String, Given>, ConfigFault> {
    let limits = XmlLimits::default();
    let mut found = BTreeMap::new();
    for dir in dirs {
        for entry in WalkDir::new(dir).sort_by_file_name().into_iter().take(ANSWERS_MAX) {
            let entry = entry.map_err(|error| ConfigFault::unreadable(dir, &error.into()))?;
            let is_xml = entry.path().extension().is_some_and(|end| end.eq_ignore_ascii_case("xml"));
            if !entry.file_type().is_file() || !is_xml {
                continue;
            }
            let Ok(bytes) = given::read_file(entry.path(), limits.bytes as u64) else { continue };
            let Ok(document) = decode(&bytes, None, &limits) else { continue };
            if let Ok(Cargo::Response(response)) = understand(&document, &limits) {
                let given = Given {
                    outcome: response.outcome(),
                    code: shown(response.response_code.trim()),
                    info: shown(response.response_info.trim()),
                };
                found.insert(response.biz_msg_id.trim().to_string(), given);
            }
        }
    }
    Ok(found)
}

fn line(one: Planned, plan: &Path, answers: &BTreeMap<String, Given>, store: &mut dyn Store) -> Result<Line, EngineFault> {
    let leaf = one.file.rsplit('/').next().unwrap_or_default().to_string();
    let (sent, at_ms) = sent(&leaf, store)?;
    let answer = answers.get(&one.biz_msg_id);
    // A list is carried by hand: it names files of its own folder alone.
    let is_inside = Path::new(&one.file).components().all(|part| matches!(part, Component::Normal(_)));
    let findings = match given::read_file(&plan.join(&one.file), XmlLimits::default().bytes as u64) {
        Ok(bytes) if is_inside => codes(&leaf, &bytes),
        _ => vec!["file-unreadable".to_string()],
    };
    let said = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    Ok(Line {
        edition: one.edition,
        code: one.code,
        name: one.name,
        file: one.file,
        biz_msg_id: one.biz_msg_id,
        sent,
        day: at_ms.map(|at_ms| civil_time(at_ms).chars().take(DAY).collect()),
        answer: match answer.map(|answer| answer.outcome) {
            None => "none",
            Some(Outcome::Success) => "success",
            Some(Outcome::Failure) => "failure",
            Some(Outcome::Unsaid) => "unsaid",
        },
        answer_code: answer.and_then(|answer| said(&answer.code)),
        answer_info: answer.and_then(|answer| said(&answer.info)),
        findings,
    })
}

/// Tells how far a message has come at this station, wherever it lay below the source folder.
fn sent(leaf: &str, store: &mut dyn Store) -> Result<(&'static str, Option<i64>), EngineFault> {
    let mut best = ("not-sent", None);
    for sighting in store.trace(leaf, 10)? {
        if sighting.packet.key.direction != Direction::Out {
            continue;
        }
        let how = match (sighting.record.kind, sighting.packet.is_done()) {
            (RecordKind::Tombstone, _) => "refused",
            (_, true) => "left",
            (_, false) => "packed",
        };
        if best.0 != "left" {
            best = (how, Some(sighting.packet.at_ms));
        }
    }
    Ok(best)
}

fn codes(leaf: &str, bytes: &[u8]) -> Vec<String> {
    let linted = lint(leaf, bytes, &Said::default());
    let mark = |level| if level == Level::Error { "!" } else { "" };
    let mut codes: Vec<String> =
        linted.findings.told.iter().map(|finding| format!("{}{}", mark(finding.level), finding.code)).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

fn text(report: &Report, lang: Lang) -> String {
    let (name, messages, succeeded) = (&report.station, report.messages, report.succeeded);
    let mut out = say!(
        lang,
        "{name} 联调记录：共 {messages} 种，成功 {succeeded} 种\n",
        "{name}, joint test: {messages} kinds, {succeeded} succeeded\n"
    );
    let head = match lang {
        Lang::Zh => ["版", "业务", "名称", "报文 ID", "送出", "日期", "答复", "问题"],
        Lang::En => ["edition", "RecType", "name", "message id", "sent", "day", "answer", "findings"],
    };
    let mut rows = vec![head.map(str::to_string).to_vec()];
    for line in &report.lines {
        let answer = [Some(answer_text(line.answer, lang)), line.answer_code.clone(), line.answer_info.clone()];
        rows.push(vec![
            if lang == Lang::Zh {
                if line.edition == "new" { "新版" } else { "旧版" }.to_string()
            } else {
                line.edition.clone()
            },
            line.code.clone(),
            plain_line(&line.name),
            line.biz_msg_id.clone(),
            sent_text(line.sent, lang),
            line.day.clone().unwrap_or_else(|| "—".to_string()),
            plain_line(&answer.into_iter().flatten().collect::<Vec<_>>().join(" ")),
            if line.findings.is_empty() { "—".to_string() } else { line.findings.join(" ") },
        ]);
    }
    out += &table(&rows);
    out + &say!(
        lang,
        "\n登记系统一方（签字）：____________________  日期：__________\n上级平台一方（签字）：____________________  日期：__________\n",
        "\nFor the registration system (signature): ____________________  date: __________\nFor the receiving platform (signature):  ____________________  date: __________\n"
    )
}

fn sent_text(sent: &str, lang: Lang) -> String {
    match sent {
        "left" => say!(lang, "已离站", "left"),
        "packed" => say!(lang, "已打包", "packed"),
        "refused" => say!(lang, "被拒收", "refused"),
        _ => say!(lang, "未送", "not sent"),
    }
}

fn answer_text(answer: &str, lang: Lang) -> String {
    match answer {
        "success" => say!(lang, "成功", "success"),
        "failure" => say!(lang, "失败", "failure"),
        "unsaid" => say!(lang, "没说", "unsaid"),
        _ => say!(lang, "无", "none"),
    }
}
