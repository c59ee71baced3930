//! `schema lint`.

use super::{Json, inferred, read_document, shown};
use crate::command::{print, print_json};
use crate::error::EngineFault;
use crate::lang::Lang;
use crate::say;
use crate::schema::plan::DIALECTS;
use crate::schema::{Document, Plan, Structure};
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;

#[derive(Args)]
pub(super) struct LintArgs {
    /// 变更文件 / the file of changes
    file: PathBuf,
    /// 结构说明：再看各操作能不能做 / the structure: also whether each operation can be done to it
    #[arg(long, value_name = "FILE")]
    structure: Option<PathBuf>,
    /// 此前已生效的变更，按次序 / changes that came before, in order
    #[arg(long, value_name = "FILE", requires = "structure")]
    after: Vec<PathBuf>,
    #[command(flatten)]
    json: Json,
}

/// What `schema lint` found.
#[derive(Serialize)]
struct Linted {
    file: String,
    structure: Option<String>,
    from: Option<u32>,
    to: Option<u32>,
    operations: Option<usize>,
    pending: Option<bool>,
    digest: Option<String>,
    findings: Vec<Problem>,
}

/// Something wrong.
#[derive(PartialEq, Eq, Serialize)]
struct Problem {
    line: usize,
    zh: String,
    en: String,
}

impl Problem {
    fn of(line: usize, sentence: impl Fn(Lang) -> String) -> Self {
        Self { line, zh: sentence(Lang::Zh), en: sentence(Lang::En) }
    }

    fn words(&self, lang: Lang) -> &str {
        if lang == Lang::Zh { &self.zh } else { &self.en }
    }
}

pub(super) fn lint(args: &LintArgs, lang: Lang) -> Result<u8, EngineFault> {
    let name = shown(&args.file);
    let (document, findings) = match read_document(&args.file)? {
        Ok(document) => {
            let problems = believed(args)?.map(|structure| problems(&structure, &document, &name)).unwrap_or_default();
            (Some(document), problems)
        }
        Err(found) => {
            (None, found.iter().map(|finding| Problem::of(finding.line, |lang| finding.sentence(&name, lang))).collect())
        }
    };
    let code = u8::from(!findings.is_empty());
    if args.json.json {
        print_json(&Linted::of(name, document.as_ref(), findings))?;
        return Ok(code);
    }
    match document.filter(|_| findings.is_empty()) {
        Some(document) => print(&sound(&document, &name, lang))?,
        None => print(&findings.iter().map(|problem| format!("{}\n", problem.words(lang))).collect::<String>())?,
    }
    Ok(code)
}

impl Linted {
    fn of(file: String, document: Option<&Document>, findings: Vec<Problem>) -> Self {
        Self {
            file,
            structure: document.map(|document| document.structure.clone()),
            from: document.map(|document| document.from),
            to: document.map(|document| document.to),
            operations: document.map(|document| document.changes.len()),
            pending: document.map(Document::may_be_pending),
            digest: document.map(|document| document.digest.to_string()),
            findings,
        }
    }
}

fn believed(args: &LintArgs) -> Result<Option<Structure>, EngineFault> {
    let Some(structure) = args.structure.clone() else { return Ok(None) };
    Ok(Some(super::BelievedArgs { structure, after: args.after.clone() }.read()?))
}

/// What of it a structure or a database does not bear; what the structure does not is the same for each database.
fn problems(structure: &Structure, document: &Document, name: &str) -> Vec<Problem> {
    let faults = DIALECTS.iter().filter_map(|dialect| Plan::of(structure, document, *dialect).err());
    let mut found: Vec<Problem> = faults.map(|fault| Problem::of(fault.line(), |lang| fault.sentence(name, lang))).collect();
    found.dedup();
    found
}

fn sound(document: &Document, name: &str, lang: Lang) -> String {
    let (structure, from, to, count) = (&document.structure, document.from, document.to, document.changes.len());
    let digest = document.digest;
    let mut said = say!(
        lang,
        "{name}：结构 {structure} 第 {from} 版到第 {to} 版，{count} 个操作，没有发现错误。摘要 {digest}\n",
        "{name}: structure {structure}, version {from} to {to}, {count} operations; nothing wrong was found. Digest {digest}\n"
    );
    if document.may_be_pending() {
        said += &say!(
            lang,
            "只加可为空的列或加宽：对方批准之前，旧版数据可以继续落地。\n",
            "It adds columns that take NULL or widens, and nothing else: data of the old version can go on before the peer approves.\n"
        );
    }
    if let Some(inferred) = inferred(document, lang) {
        said += &format!("{inferred}\n");
    }
    said
}
