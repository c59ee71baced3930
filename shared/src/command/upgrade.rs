//! `upgrade`: an old-edition message in the new edition, without a signature. It needs no station; without `--out` it writes nothing.

use super::{print, print_json};
use crate::error::{ConfigFault, EngineFault};
use crate::given;
use crate::lang::{Lang, plain};
use crate::registration::cargo::{Cargo, understand};
use crate::registration::finding::{Finding, shown};
use crate::registration::upgrade::{LeftOut, Refusal, Step, Unfilled, Upgraded, upgrade as upgrade_one};
use crate::registration::xml::{XmlEncoding, XmlLimits, decode};
use crate::say;
use clap::Args;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(super) struct UpgradeArgs {
    /// 旧版报文 / the old message
    file: PathBuf,
    /// 写到这个新文件；不给则只预览 / write this new file; without it, a preview
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// 文件的编码，不管它怎么声明：GBK 或 GB18030 / the file's encoding, whatever it declares
    #[arg(long)]
    encoding: Option<XmlEncoding>,
    /// 输出 JSON / print JSON
    #[arg(long)]
    json: bool,
}

/// What `--json` says.
#[derive(Serialize)]
struct Told<'u> {
    file: String,
    biz_msg_id: String,
    from_code: &'u str,
    code: &'u str,
    out: Option<String>,
    /// Always true: nothing here can sign.
    needs_signature: bool,
    steps: Vec<ToldStep<'u>>,
    unfilled: Vec<ToldUnfilled<'u>>,
    left_out: Vec<ToldLeftOut<'u>>,
    untold: u64,
}

#[derive(Serialize)]
struct ToldStep<'u> {
    table: &'u str,
    row: u32,
    column: &'u str,
    from: &'u str,
}

#[derive(Serialize)]
struct ToldUnfilled<'u> {
    table: &'u str,
    row: u32,
    column: Option<&'u str>,
    label: &'u str,
    zh: &'u str,
    en: &'u str,
}

#[derive(Serialize)]
struct ToldLeftOut<'u> {
    table: &'u str,
    row: u32,
    column: Option<&'u str>,
    label: &'u str,
}

#[derive(Serialize)]
struct ToldRefusal {
    file: String,
    code: &'static str,
    zh: String,
    en: String,
}

pub(super) fn upgrade(args: &UpgradeArgs, lang: Lang) -> Result<u8, EngineFault> {
    let limits = XmlLimits::default();
    let bytes =
        given::read_file(&args.file, limits.bytes as u64).map_err(|error| ConfigFault::unreadable(&args.file, &error))?;
    let document = match decode(&bytes, args.encoding, &limits) {
        Ok(document) => document,
        Err(fault) => return refused(args, &Finding::of_fault(&fault), lang),
    };
    let cargo = match understand(&document, &limits) {
        Ok(cargo) => cargo,
        Err(fault) => return refused(args, &Finding::of_fault(&fault), lang),
    };
    let done = match &cargo {
        Cargo::Message(message) => upgrade_one(message),
        _ => Err(Refusal::NotOld),
    };
    match done {
        Ok(upgraded) => tell(args, &upgraded, lang),
        Err(refusal) => {
            let finding = Finding::refused(refusal.code(), |lang| refusal.sentence(lang));
            refused(args, &finding, lang)
        }
    }
}

fn refused(args: &UpgradeArgs, finding: &Finding, lang: Lang) -> Result<u8, EngineFault> {
    let file = args.file.display().to_string();
    match args.json {
        true => {
            let [zh, en] = finding.sentence.clone();
            print_json(&ToldRefusal { file, code: finding.code, zh, en })?;
        }
        false => print(&format!("{file}: {}\n", finding.sentence(lang)))?,
    }
    Ok(1)
}

fn tell(args: &UpgradeArgs, upgraded: &Upgraded, lang: Lang) -> Result<u8, EngineFault> {
    if let Some(out) = &args.out {
        write_new(out, |file| file.write_all(upgraded.text.as_bytes()))
            .map_err(|error| ConfigFault::unreadable(out, &error))?;
    }
    match args.json {
        true => print_json(&told(args, upgraded))?,
        false => print(&plain(&preview(args, upgraded, lang)))?,
    }
    Ok(0)
}

/// Writes a file that is not there yet, and makes it durable; one that was not written whole is taken away again.
pub(super) fn write_new(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>) -> std::io::Result<()> {
    let mut file = BufWriter::new(OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?);
    let written = write(&mut file).and_then(|()| file.flush()).and_then(|()| file.get_ref().sync_all());
    written.inspect_err(|_| drop(std::fs::remove_file(path)))
}

fn told<'u>(args: &UpgradeArgs, upgraded: &'u Upgraded) -> Told<'u> {
    let step = |Step { table, row, column, from }: &'u Step| ToldStep { table, row: *row, column, from };
    let unfilled = |missing: &'u Unfilled| {
        let [zh, en] = &missing.who;
        let column = missing.column.as_deref();
        ToldUnfilled { table: &missing.table, row: missing.row, column, label: &missing.label, zh, en }
    };
    let left_out = |left: &'u LeftOut| {
        let column = left.column.as_deref();
        ToldLeftOut { table: &left.table, row: left.row, column, label: &left.label }
    };
    Told {
        file: args.file.display().to_string(),
        biz_msg_id: shown(&upgraded.biz_msg_id),
        from_code: &upgraded.from_code,
        code: &upgraded.code,
        out: args.out.as_ref().map(|out| out.display().to_string()),
        needs_signature: true,
        steps: upgraded.steps.iter().map(step).collect(),
        unfilled: upgraded.unfilled.iter().map(unfilled).collect(),
        left_out: upgraded.left_out.iter().map(left_out).collect(),
        untold: upgraded.untold,
    }
}

fn preview(args: &UpgradeArgs, upgraded: &Upgraded, lang: Lang) -> String {
    let (file, before, code) = (args.file.display(), &upgraded.from_code, &upgraded.code);
    let mut text = say!(
        lang,
        "{file}：业务编码 旧版 {before}，新版 {code}\n",
        "{file}: code {before} of the old edition, {code} of the new\n"
    );
    text += &say!(lang, "对应关系：\n", "Where values come from:\n");
    for Step { table, row, column, from } in &upgraded.steps {
        text += &format!("  {}{column} ← {from}\n", place(table, *row));
    }
    text += &say!(
        lang,
        "无法填写，须由人补充（新版按空值写法留空）：\n",
        "What nothing in the message fills, and who supplies it (written as nothing for now):\n"
    );
    text += &unfilled(upgraded, lang);
    if !upgraded.left_out.is_empty() {
        text += &say!(lang, "新版没有位置、没有带过去的内容：\n", "What has no place in the new edition and was left out:\n");
    }
    for LeftOut { table, row, column, label } in &upgraded.left_out {
        text += &format!("  {}{} {label}\n", place(table, *row), column.as_deref().unwrap_or_default());
    }
    if upgraded.untold > 0 {
        let untold = upgraded.untold;
        text += &say!(lang, "另有 {untold} 项没有列出。\n", "{untold} more are not listed.\n");
    }
    text + &end(args, lang)
}

fn place(table: &str, row: u32) -> String {
    match row {
        0 => format!("{table}."),
        _ => format!("{table}[{row}]."),
    }
}

/// Lists what must be supplied, by who supplies it and by table; rows that lack the same stand on one line.
fn unfilled(upgraded: &Upgraded, lang: Lang) -> String {
    let mut rows: BTreeMap<(&str, &str, u32), Vec<String>> = BTreeMap::new();
    for missing in &upgraded.unfilled {
        let [zh, en] = &missing.who;
        let who = if lang == Lang::Zh { zh } else { en };
        let shown = match &missing.column {
            Some(column) => format!("{column} {}", missing.label),
            None => say!(lang, "整张表（{}）", "the whole table ({})", missing.label),
        };
        rows.entry((who, &missing.table, missing.row)).or_default().push(shown);
    }
    let mut lines: BTreeMap<(&str, &str, String), Vec<u32>> = BTreeMap::new();
    for ((who, table, row), columns) in rows {
        lines.entry((who, table, columns.join("、"))).or_default().push(row);
    }
    let (mut text, mut last) = (String::new(), "");
    for ((who, table, columns), rows) in lines {
        if who != last {
            text += &format!("  {who}\n");
            last = who;
        }
        let rows = match rows.as_slice() {
            [0] => String::new(),
            [row] => format!("[{row}]"),
            several => say!(lang, "（{} 行）", " ({} rows)", several.len()),
        };
        text += &format!("    {table}{rows} {columns}\n");
    }
    text
}

fn end(args: &UpgradeArgs, lang: Lang) -> String {
    match &args.out {
        Some(out) => {
            let out = out.display();
            say!(
                lang,
                "已写到 {out}。文件没有签名，不能上报：请登记系统核对、补填、重新编号并签名。\n",
                "Written to {out}. It has no signature and is not to be reported: have the registration system check, complete, number and sign it.\n"
            )
        }
        None => say!(
            lang,
            "这是预览，没有写文件；写文件请加 --out。\n",
            "This is a preview; nothing was written. Write with --out.\n"
        ),
    }
}
