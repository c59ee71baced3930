//! `schema lint`.

use super::{inferred, read_document, shown};
use crate::command::print;
use crate::error::EngineFault;
use crate::lang::Lang;
use crate::say;
use crate::schema::plan::DIALECTS;
use crate::schema::{Document, Plan, Structure};
use clap::Args;
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
}

pub(super) fn lint(args: &LintArgs, lang: Lang) -> Result<u8, EngineFault> {
    let name = shown(&args.file);
    let document = match read_document(&args.file)? {
        Ok(document) => document,
        Err(findings) => {
            let lines: String = findings.iter().map(|finding| format!("{}\n", finding.sentence(&name, lang))).collect();
            print(&lines)?;
            return Ok(1);
        }
    };
    let problems = match believed(args)? {
        Some(structure) => problems(&structure, &document, &name, lang),
        None => Vec::new(),
    };
    if !problems.is_empty() {
        print(&problems.concat())?;
        return Ok(1);
    }
    print(&sound(&document, &name, lang))?;
    Ok(0)
}

fn believed(args: &LintArgs) -> Result<Option<Structure>, EngineFault> {
    let Some(structure) = args.structure.clone() else { return Ok(None) };
    Ok(Some(super::BelievedArgs { structure, after: args.after.clone() }.read()?))
}

/// What of it a structure or a database does not bear.
fn problems(structure: &Structure, document: &Document, name: &str, lang: Lang) -> Vec<String> {
    let mut said = Vec::new();
    for dialect in DIALECTS {
        match Plan::of(structure, document, dialect) {
            Ok(_) => {}
            Err(fault) => said.push(format!("{}\n", fault.sentence(name, lang))),
        }
    }
    said.dedup();
    said
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
