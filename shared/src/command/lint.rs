//! `lint`: what is wrong with messages, responses and logs, before they leave. It needs no station and changes nothing.

use super::{print, print_exactly};
use crate::error::{ConfigFault, EngineFault};
use crate::given;
use crate::lang::{Lang, plain_json};
use crate::registration::checks::{Linted, Met, Said, lint_by as lint_one, unread};
use crate::registration::finding::{Finding, Level, shown};
use crate::registration::official::Installed;
use crate::registration::xml::{XmlEncoding, XmlFault, XmlLimits};
use crate::say;
use clap::Args;
use ring::digest::{SHA256, digest};
use serde::Serialize;
use std::io::Read;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

#[derive(Args)]
pub(super) struct LintArgs {
    /// 文件，或文件夹（其中的 .xml 和 .tmp） / files, or folders (what ends in .xml or .tmp)
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// 只应是这些区划的报文 / the messages are of these areas alone
    #[arg(long, value_delimiter = ',', value_parser = area)]
    area: Vec<String>,
    /// 区划调整前后的代码，如 150700=150721 / area codes before and after a change
    #[arg(long, value_delimiter = ',', value_parser = alias, value_name = "OLD=NEW")]
    alias: Vec<(String, String)>,
    /// 官方 XSD 所在文件夹，其下 old/、new/ 各为一版 / the folder of official schemas, with old/ and new/ for the editions
    #[arg(long, value_name = "DIR")]
    xsd: Option<PathBuf>,
    /// 文件的编码，不管它怎么声明：GBK 或 GB18030 / the files' encoding, whatever they declare
    #[arg(long)]
    encoding: Option<XmlEncoding>,
    /// 输出 JSON / print JSON
    #[arg(long)]
    json: bool,
}

/// Takes an area code.
fn area(text: &str) -> Result<String, String> {
    match text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(text.to_string()),
        false => Err("区划代码应为 6 位数字 / an area code has 6 digits".to_string()),
    }
}

/// Takes an area code that was and the one that is.
fn alias(text: &str) -> Result<(String, String), String> {
    let wrong = || "应为两个 6 位区划代码，如 150700=150721 / two area codes, such as 150700=150721".to_string();
    let (old, new) = text.split_once('=').ok_or_else(wrong)?;
    Ok((area(old).map_err(|_| wrong())?, area(new).map_err(|_| wrong())?))
}

/// What `--json` says of a file; one stands on each line of the array.
#[derive(Serialize)]
struct Told<'l> {
    file: String,
    kind: &'static str,
    edition: Option<String>,
    biz_msg_id: Option<String>,
    errors: u64,
    warnings: u64,
    /// Findings beyond those that are told.
    untold: u64,
    findings: Vec<ToldFinding<'l>>,
}

#[derive(Serialize)]
struct ToldFinding<'l> {
    code: &'static str,
    level: Level,
    table: Option<&'l str>,
    row: Option<u32>,
    element: Option<&'l str>,
    line: Option<u32>,
    value: Option<&'l str>,
    zh: &'l str,
    en: &'l str,
}

/// How many files there were, and what of.
#[derive(Default)]
struct Count {
    files: u64,
    wrong: u64,
    warned: u64,
}

pub(super) fn lint(args: &LintArgs, lang: Lang) -> Result<u8, EngineFault> {
    let said = Said {
        areas: args.area.iter().cloned().collect(),
        aliases: args.alias.iter().cloned().collect(),
        encoding: args.encoding,
        limits: XmlLimits::default(),
        reference: None,
    };
    let official = args.xsd.as_deref().map(installed).transpose()?;
    let mut met = Met::default();
    let mut count = Count::default();
    // Responses come last, when every message has been met.
    let (responses, others): (Vec<PathBuf>, Vec<PathBuf>) = found(&args.files)?.into_iter().partition(|file| is_response(file));
    if args.json {
        print_exactly("[")?;
    }
    for file in others.iter().chain(&responses) {
        let linted = one(file, &said, official.as_ref(), &mut met);
        let text = match args.json {
            true => json_line(file, &linted, count.files > 0),
            false => lines(file, &linted, lang),
        };
        print_exactly(&text)?;
        count.files += 1;
        count.wrong += u64::from(linted.findings.errors() > 0);
        count.warned += u64::from(linted.findings.errors() == 0 && linted.findings.warnings() > 0);
    }
    match args.json {
        true => print_exactly("\n]\n")?,
        false => print(&sum(&count, lang))?,
    }
    Ok(u8::from(count.wrong > 0))
}

/// Reads the official schemas below a folder: one that has none is a mistake.
fn installed(dir: &Path) -> Result<Installed, ConfigFault> {
    let installed = Installed::load(dir)?;
    let problem = || ["没有 old/ 或 new/ 文件夹", "neither old/ nor new/ is there"].map(str::to_string);
    match installed.is_empty() {
        true => Err(ConfigFault::Schemas { file: dir.display().to_string(), problem: problem() }),
        false => Ok(installed),
    }
}

fn is_response(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"Re"))
}

/// Gives the files named, and those below the folders named, in the order of their names.
fn found(named: &[PathBuf]) -> Result<Vec<PathBuf>, ConfigFault> {
    let mut files = Vec::new();
    for path in named {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        for entry in WalkDir::new(path).sort_by_file_name() {
            let entry = entry.map_err(|error| ConfigFault::unreadable(path, &error.into()))?;
            let ends = entry.path().extension().is_some_and(|end| end.eq_ignore_ascii_case("xml") || end == "tmp");
            if entry.file_type().is_file() && ends {
                files.push(entry.into_path());
            }
        }
    }
    Ok(files)
}

fn one(file: &Path, said: &Said, official: Option<&Installed>, met: &mut Met) -> Linted {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let bytes = match bytes_of(file, said.limits.bytes) {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(fault)) => return unread(Finding::of_fault(&fault)),
        Err(error) => {
            let fault = ConfigFault::unreadable(file, &error);
            return unread(Finding::unreadable(|lang| fault.sentence(lang)));
        }
    };
    let mut linted = lint_one(&name, &bytes, said, official);
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(digest(&SHA256, &bytes).as_ref());
    met.message(&mut linted, sha256);
    met.response(&mut linted);
    linted
}

/// Reads a file, unless it is longer than a document may be.
fn bytes_of(file: &Path, most: usize) -> std::io::Result<Result<Vec<u8>, XmlFault>> {
    let opened = given::open_file(file)?;
    let length = usize::try_from(opened.metadata()?.len()).unwrap_or(usize::MAX);
    if length > most {
        return Ok(Err(XmlFault::Size { bytes: length, most }));
    }
    let mut bytes = Vec::with_capacity(length);
    opened.take(most as u64 + 1).read_to_end(&mut bytes)?;
    Ok(Ok(bytes))
}

fn json_line(file: &Path, linted: &Linted, further: bool) -> String {
    let findings = linted.findings.told.iter().map(|finding| ToldFinding {
        code: finding.code,
        level: finding.level,
        table: finding.table.as_deref(),
        row: finding.row,
        element: finding.element.as_deref(),
        line: finding.line,
        value: finding.value.as_deref(),
        zh: finding.sentence(Lang::Zh),
        en: finding.sentence(Lang::En),
    });
    let told = Told {
        file: file.display().to_string(),
        kind: linted.kind,
        edition: linted.edition.map(|edition| edition.to_string()),
        biz_msg_id: linted.biz_msg_id.as_deref().map(shown),
        errors: linted.findings.errors(),
        warnings: linted.findings.warnings(),
        untold: linted.findings.untold,
        findings: findings.collect(),
    };
    let comma = if further { ",\n" } else { "\n" };
    format!("{comma}{}", plain_json(&serde_json::to_string(&told).unwrap_or_default()))
}

fn lines(file: &Path, linted: &Linted, lang: Lang) -> String {
    let shown = file.display();
    let (errors, warnings) = (linted.findings.errors(), linted.findings.warnings());
    let mut text = match (errors, warnings) {
        (0, 0) => say!(lang, "{shown}：没有问题\n", "{shown}: nothing found\n"),
        _ => say!(lang, "{shown}：错误 {errors} 处，提醒 {warnings} 处\n", "{shown}: errors {errors}, warnings {warnings}\n"),
    };
    for finding in &linted.findings.told {
        text += &line(finding, lang);
    }
    match linted.findings.untold {
        0 => {}
        more => text += &say!(lang, "  另有 {more} 处没有逐条列出。\n", "  {more} more are not listed one by one.\n"),
    }
    crate::lang::plain(&text)
}

fn line(finding: &Finding, lang: Lang) -> String {
    let level = match finding.level {
        Level::Error => say!(lang, "错误", "error"),
        Level::Warning => say!(lang, "提醒", "warning"),
    };
    let mut place: Vec<String> = Vec::new();
    match (&finding.table, finding.row) {
        (Some(table), Some(row)) => place.push(say!(lang, "{table} 第 {row} 行", "{table} row {row}")),
        (Some(table), None) => place.push(table.clone()),
        (None, _) => {}
    }
    place.extend(finding.element.clone());
    place.extend(finding.line.map(|line| say!(lang, "文件第 {line} 行", "line {line} of the file")));
    let place = place.join(if lang == Lang::Zh { "，" } else { ", " });
    let (code, sentence) = (finding.code, finding.sentence(lang));
    let value = finding.value.as_ref().map(|value| say!(lang, "“{value}”：", "“{value}”: ")).unwrap_or_default();
    match place.is_empty() {
        true => format!("  {level} {code}  {value}{sentence}\n"),
        false => format!("  {level} {code}  [{place}] {value}{sentence}\n"),
    }
}

fn sum(count: &Count, lang: Lang) -> String {
    let Count { files, wrong, warned } = count;
    say!(
        lang,
        "共 {files} 个文件：{wrong} 个有错误，{warned} 个只有提醒。\n",
        "{files} files: {wrong} with errors, {warned} with warnings alone.\n"
    )
}
