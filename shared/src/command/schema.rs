//! `schema`: what a structure change says, what it comes to, what a database has, and who decided about it.
//!
//! `lint`, `plan`, `status`, `show` and `export` change nothing, so that they work beside a running station; `approver`, `propose`, `approve`, `confirm`, `cancel`, `resume`
//! and `back` are requests of a person. The station changes databases, and no other verb does.

mod approver;
mod confirm;
mod decide;
mod export;
mod import;
mod lint;
mod plan;
mod reference;
mod rehearse;
mod show;
mod status;
mod words;

pub(super) use reference::{ReferenceArgs, reference};

use super::Json;
use crate::error::{ConfigFault, EngineFault};
use crate::given::read_file;
use crate::lang::Lang;
use crate::say;
use crate::schema::document::Finding;
use crate::schema::{DOCUMENT_MAX, Document, Structure};
use crate::station::Station;
use clap::{Args, Subcommand};
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(super) struct SchemaArgs {
    #[command(subcommand)]
    verb: SchemaVerb,
}

#[derive(Subcommand)]
enum SchemaVerb {
    /// 检查变更文件，逐行指出错处 / check a file of changes, line by line
    Lint(lint::LintArgs),
    /// 显示会执行的 SQL、会丢什么、锁多久；不执行 / show the SQL, what would be lost and how long it takes; runs nothing
    Plan(plan::PlanArgs),
    /// 核对通道的数据库与结构 / compare a channel's database with a structure
    Status(status::StatusArgs),
    /// 审批人：增加、停用、列出 / approvers: add, end, list
    Approver(approver::ApproverArgs),
    /// 提议一份变更 / propose a change
    Propose(decide::ProposeArgs),
    /// 批准一份变更 / approve a change
    Approve(decide::ApproveArgs),
    /// 确认数据库管理员已执行（没有驱动的数据库） / vouch that its administrator made one, where no driver goes
    Confirm(confirm::ConfirmArgs),
    /// 撤销本站提议的变更 / cancel a change that was proposed here
    Cancel(decide::CancelArgs),
    /// 接着执行停住的变更 / go on with a change that stands
    Resume(decide::CancelArgs),
    /// 把停在半路的变更退回 / take a change back that stands half-way
    Back(decide::CancelArgs),
    /// 把标记包写成一个文件，供人工携带 / write the marker packets into one file, to be carried by hand
    Export(export::ExportArgs),
    /// 把变更在接收端的数据库试一遍并退回 / try a change where rows come in, and take it back
    Try(rehearse::TryArgs),
    /// 读入人工带来的标记包 / take in marker packets that were carried by hand
    Import(import::ImportArgs),
    /// 显示变更：文件、计划、谁签了 / a change: document, plan, who signed
    Show(show::ShowArgs),
}

/// The structure that people believe: a description and the changes since.
#[derive(Args)]
struct BelievedArgs {
    /// 结构说明 structure.toml / the description of the structure
    #[arg(long, value_name = "FILE")]
    structure: PathBuf,
    /// 此前已生效的变更，按次序 / changes that came before, in order
    #[arg(long, value_name = "FILE")]
    after: Vec<PathBuf>,
}

impl SchemaArgs {
    /// Tells whether it speaks of a channel.
    pub(super) fn needs_station(&self) -> bool {
        match &self.verb {
            SchemaVerb::Lint(_) => false,
            SchemaVerb::Plan(args) => args.channel.is_some(),
            _ => true,
        }
    }
}

/// Does what needs no station.
pub(super) fn alone(args: &SchemaArgs, lang: Lang) -> Result<u8, EngineFault> {
    match &args.verb {
        SchemaVerb::Lint(args) => lint::lint(args, lang),
        SchemaVerb::Plan(args) => plan::plan(None, args, lang),
        _ => Ok(0),
    }
}

/// Does what needs a station.
pub(super) fn at_station(station: &Station, args: SchemaArgs, lang: Lang) -> Result<u8, EngineFault> {
    match args.verb {
        SchemaVerb::Plan(args) => plan::plan(Some(station), &args, lang),
        SchemaVerb::Status(args) => status::status(station, &args, lang),
        SchemaVerb::Lint(args) => lint::lint(&args, lang),
        SchemaVerb::Approver(args) => approver::approver(station, &args, lang),
        SchemaVerb::Propose(args) => decide::propose(station, &args, lang),
        SchemaVerb::Approve(args) => decide::approve(station, &args, lang),
        SchemaVerb::Confirm(args) => confirm::confirm(station, args, lang),
        SchemaVerb::Cancel(args) => decide::decide_plainly(station, &decide::Plain::Cancel, args, lang),
        SchemaVerb::Resume(args) => decide::decide_plainly(station, &decide::Plain::Resume, args, lang),
        SchemaVerb::Back(args) => decide::decide_plainly(station, &decide::Plain::Back, args, lang),
        SchemaVerb::Export(args) => export::export(station, &args, lang),
        SchemaVerb::Try(args) => rehearse::rehearse(station, &args, lang),
        SchemaVerb::Import(args) => import::import(station, &args, lang),
        SchemaVerb::Show(args) => show::show(station, &args, lang),
    }
}

/// The file as sentences name it.
fn shown(file: &Path) -> String {
    file.display().to_string()
}

fn read(file: &Path) -> Result<Vec<u8>, ConfigFault> {
    read_file(file, DOCUMENT_MAX).map_err(|error| ConfigFault::unreadable(file, &error))
}

/// A file of another structure, or one that is wrong: what is asked for cannot be said.
fn refused(sentence: impl Fn(Lang) -> String) -> ConfigFault {
    ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) }
}

fn read_document(file: &Path) -> Result<Result<Document, Vec<Finding>>, ConfigFault> {
    Ok(Document::read(&read(file)?))
}

impl BelievedArgs {
    /// Reads the structure as all its changes left it.
    fn read(&self) -> Result<Structure, ConfigFault> {
        let name = shown(&self.structure);
        let mut structure =
            Structure::read(&read(&self.structure)?).map_err(|fault| refused(|lang| fault.sentence(&name, lang)))?;
        for file in &self.after {
            let name = shown(file);
            let first = |found: &[Finding], lang| found.first().map(|found| found.sentence(&name, lang)).unwrap_or_default();
            let document = read_document(file)?.map_err(|found| refused(|lang| first(&found, lang)))?;
            structure = structure.apply(&document).map_err(|unfit| refused(|lang| unfit.sentence(&name, lang)))?;
        }
        Ok(structure)
    }
}

/// What is inferred is said wherever a document is shown.
fn inferred(document: &Document, lang: Lang) -> Option<String> {
    let inferred = document.inferred.as_ref()?;
    Some(say!(lang, "其中有推断：{inferred}", "part of it is inferred: {inferred}"))
}
