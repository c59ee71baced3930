//! `reference`: bundles of reference data, proposed, approved and carried as structure changes are (`schema`), named by their own numbers.
//!
//! Given: a folder of files, or the number of a bundle. Gives: a document with the files in it, which goes the way of every structure change; what a bundle holds; the
//! numbers of both sides. Never: a bundle signed that could not be used here; a file written over.

use super::decide::{self, AmongArgs, ApproveArgs, CancelArgs, Plain, SignArgs, WhichArgs};
use super::export::{self, ExportArgs};
use super::import::{self, ImportArgs};
use super::show::{self, ShowArgs};
use super::{Json, refused, shown};
use crate::channel::Channel;
use crate::command::{PersonArgs, print, print_json};
use crate::daemon::read_known_store;
use crate::error::{ConfigFault, EngineFault};
use crate::given::read_file;
use crate::lang::Lang;
use crate::report::reference as told;
use crate::say;
use crate::schema::bundle::{BYTES_MAX, Bundle, BundleFault, FILES_MAX, Files};
use crate::schema::versions::Believed;
use crate::schema::{DOCUMENT_MAX, Document, Structure};
use crate::station::Station;
use crate::store::book::BookChange;
use clap::{Args, Subcommand};
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(in crate::command) struct ReferenceArgs {
    #[command(subcommand)]
    verb: ReferenceVerb,
}

#[derive(Subcommand)]
enum ReferenceVerb {
    /// 提议一个文件夹里的基准资料 / propose the reference data of a folder
    Propose(ProposeArgs),
    /// 批准第几号 / approve a number
    Approve(SignedArgs),
    /// 撤销本站提议的 / cancel one that was proposed here
    Cancel(CancelledArgs),
    /// 显示基准资料包：文件、摘要、谁签了 / a bundle: files, digests, who signed
    Show(BundleArgs),
    /// 把文件取出到新文件夹，供审阅 / write the files into a new folder, to be read
    Unpack(UnpackArgs),
    /// 两边各用第几号 / the numbers of both sides
    Status(Json),
    /// 把标记包（连同资料）写成一个文件，供人工携带 / write the marker packets, the data with them, into one file, to be carried by hand
    Export(ExportedArgs),
    /// 读入人工带来的标记包 / take in marker packets that were carried by hand
    Import(ImportArgs),
}

#[derive(Args)]
struct ProposeArgs {
    /// 文件夹：counties.toml dictionaries.json old/ new/ xsd/ / the folder
    dir: PathBuf,
    /// 标题 / what it is
    #[arg(long)]
    title: String,
    /// 依据 / what orders it
    #[arg(long)]
    basis: String,
    /// 自哪一天起，YYYY-MM-DD；只显示 / from which day, shown alone
    #[arg(long, value_name = "DAY")]
    first_day: String,
    /// 结构，有多个时 / the structure, where there are several
    #[arg(long)]
    structure: Option<String>,
    #[command(flatten)]
    sign: SignArgs,
}

#[derive(Args)]
struct BundleArgs {
    /// 基准资料包第几号 / the bundle's number
    number: u32,
    #[command(flatten)]
    among: AmongArgs,
}

#[derive(Args)]
struct SignedArgs {
    #[command(flatten)]
    bundle: BundleArgs,
    #[command(flatten)]
    sign: SignArgs,
}

#[derive(Args)]
struct CancelledArgs {
    #[command(flatten)]
    bundle: BundleArgs,
    #[command(flatten)]
    person: PersonArgs,
}

#[derive(Args)]
struct UnpackArgs {
    #[command(flatten)]
    bundle: BundleArgs,
    /// 写到哪个文件夹，须还不存在 / the folder to write, not there yet
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

#[derive(Args)]
struct ExportedArgs {
    #[command(flatten)]
    bundle: BundleArgs,
    /// 写到哪个文件 / the file to write
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
}

pub(in crate::command) fn reference(station: &Station, args: ReferenceArgs, lang: Lang) -> Result<u8, EngineFault> {
    match args.verb {
        ReferenceVerb::Propose(args) => propose(station, args, lang),
        ReferenceVerb::Approve(args) => {
            let which = which(station, &args.bundle)?;
            decide::approve(station, &ApproveArgs { which, sign: args.sign }, lang)
        }
        ReferenceVerb::Cancel(args) => {
            let which = which(station, &args.bundle)?;
            decide::decide_plainly(station, &Plain::Cancel, CancelArgs { which, person: args.person }, lang)
        }
        ReferenceVerb::Show(args) => {
            let WhichArgs { number, among } = which(station, &args)?;
            show::show(station, &ShowArgs { number: Some(number), among }, lang)
        }
        ReferenceVerb::Unpack(args) => unpack(station, &args, lang),
        ReferenceVerb::Status(args) => status(station, &args, lang),
        ReferenceVerb::Export(args) => {
            let WhichArgs { number, among } = which(station, &args.bundle)?;
            export::export(station, &ExportArgs { number, out: args.out, among }, lang)
        }
        ReferenceVerb::Import(args) => import::import(station, &args, lang),
    }
}

/// Finds the change that brings a bundle.
fn change_of(station: &Station, args: &BundleArgs) -> Result<(BookChange, Bundle), EngineFault> {
    let number = args.number;
    let bundle = |change: BookChange| {
        let bundle = Document::read(&change.document).ok()?.bundle()?.clone();
        (bundle.number == number && args.among.fits(&change)).then_some((change, bundle))
    };
    let mut found: Vec<(BookChange, Bundle)> = read_known_store(station)?.book()?.into_iter().filter_map(bundle).collect();
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(refused(|lang| {
            say!(
                lang,
                "没有第 {number} 号基准资料包。已知的见 schema show。",
                "There is no bundle {number} of reference data. schema show lists what is known."
            )
        })
        .into()),
        _ => {
            let all = found.iter().map(|(change, _)| change.key.document.to_string()).collect::<Vec<_>>().join("\n");
            Err(refused(|lang| {
                say!(
                    lang,
                    "第 {number} 号基准资料包不止一份，请用 --document 指明：\n{all}",
                    "There are several bundles {number}; name one with --document:\n{all}"
                )
            })
            .into())
        }
    }
}

fn which(station: &Station, args: &BundleArgs) -> Result<WhichArgs, EngineFault> {
    let (change, _) = change_of(station, args)?;
    Ok(WhichArgs { number: change.key.to, among: AmongArgs::of(&change) })
}

fn propose(station: &Station, args: ProposeArgs, lang: Lang) -> Result<u8, EngineFault> {
    let believed = believed(station, args.structure.as_deref())?;
    let bundle = Bundle::pack(believed.reference.saturating_add(1), &gather(&args.dir)?);
    let bundle = bundle.map_err(|fault| refused(|lang| unfit(&args.dir, &fault.words(lang), lang)))?;
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let head = format!(
        "format = 1\nstructure = \"{}\"\nfrom = {}\nto = {}\ntitle = {}\nbasis = {}\nfirst_day = {}\n\n",
        believed.name,
        believed.version,
        believed.version.saturating_add(1),
        quoted(&args.title),
        quoted(&args.basis),
        quoted(&args.first_day)
    );
    decide::propose_bytes(station, &shown(&args.dir), &(head + &bundle.text()).into_bytes(), &args.sign, lang)
}

/// Gives the structure of the channels of files at the highest version at which an end of them is.
fn believed(station: &Station, asked: Option<&str>) -> Result<Structure, EngineFault> {
    let mut store = read_known_store(station)?;
    let (book, believed) = (store.book()?, store.load()?.fact::<Believed>()?);
    let channels = Channel::load_all(station)?;
    let is_it = |name: &String| asked.is_none_or(|asked| asked == name);
    let of_files = channels.iter().filter(|channel| channel.source.folder().is_some());
    let mut found: Vec<(&Channel, &String)> =
        of_files.filter_map(|channel| Some((channel, channel.structure.as_ref().filter(|name| is_it(name))?))).collect();
    found.sort_by_key(|(_, name)| *name);
    let Some((_, name)) = found.first().copied() else { return Err(refused(no_structure).into()) };
    if found.iter().any(|(_, other)| *other != name) {
        return Err(refused(several).into());
    }
    let path = station.dir.join("structures").join(format!("{name}.toml"));
    let description = read_file(&path, DOCUMENT_MAX).map_err(|error| ConfigFault::unreadable(&path, &error))?;
    let at =
        |(channel, _): &(&Channel, &String)| Structure::version(&description, &book, believed.of(&channel.channel).as_ref());
    let ends = found.iter().map(at).collect::<Result<Vec<_>, _>>();
    let ends = ends.map_err(|fault| refused(|lang| fault.sentence(&shown(&path), lang)))?;
    let newest = ends.into_iter().flatten().max_by_key(|end| end.version);
    newest.ok_or_else(|| refused(no_structure).into())
}

fn no_structure(lang: Lang) -> String {
    say!(
        lang,
        "本站没有写明 structure 的文件通道，基准资料无处启用；没有改动任何东西。请在报文通道的文件里写上，两边相同，再运行一次。",
        "No channel of files here names a structure, so that reference data would be in force nowhere; nothing was changed. Name one in the channels' files of both sides and run this again."
    )
}

fn several(lang: Lang) -> String {
    say!(
        lang,
        "文件通道用了不止一个结构；没有改动任何东西。请用 --structure 指明。",
        "The channels of files have several structures; nothing was changed. Name one with --structure."
    )
}

fn unfit(dir: &Path, words: &str, lang: Lang) -> String {
    let dir = shown(dir);
    say!(
        lang,
        "{dir} 不能作为基准资料包：{words}；没有改动任何东西。",
        "{dir} cannot be a bundle of reference data: {words}; nothing was changed."
    )
}

/// Reads a folder and its folders, never through a link.
fn gather(root: &Path) -> Result<Files, EngineFault> {
    let (mut files, mut open, mut bytes) = (Files::new(), vec![root.to_path_buf()], 0_u64);
    while let Some(dir) = open.pop() {
        let unreadable = |error: std::io::Error| ConfigFault::unreadable(&dir, &error);
        for entry in std::fs::read_dir(&dir).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let (path, kind) = (entry.path(), entry.file_type().map_err(unreadable)?);
            let below = path.strip_prefix(root).unwrap_or(&path).to_path_buf();
            if kind.is_dir() && below.components().count() < 3 {
                open.push(path);
                continue;
            }
            let Some(name) = below.to_str().filter(|_| kind.is_file()) else {
                return Err(refused(|lang| strange(&path, lang)).into());
            };
            let read =
                read_file(&path, BYTES_MAX.saturating_sub(bytes)).map_err(|error| ConfigFault::unreadable(&path, &error))?;
            bytes += read.len() as u64;
            files.insert(name.to_owned(), read);
            if files.len() > FILES_MAX {
                return Err(refused(|lang| unfit(root, &BundleFault::Count.words(lang), lang)).into());
            }
        }
    }
    Ok(files)
}

fn strange(path: &Path, lang: Lang) -> String {
    let path = shown(path);
    say!(
        lang,
        "{path} 不是普通文件，或层次太深；没有改动任何东西。请从文件夹里移走。",
        "{path} is no regular file, or lies too deep; nothing was changed. Take it out of the folder."
    )
}

fn unpack(station: &Station, args: &UnpackArgs, lang: Lang) -> Result<u8, EngineFault> {
    let (_, bundle) = change_of(station, &args.bundle)?;
    let files = bundle.open().map_err(|fault| refused(|lang| unfit(&args.to, &fault.words(lang), lang)))?;
    let write = || -> std::io::Result<()> {
        std::fs::create_dir(&args.to)?;
        for (name, bytes) in &files {
            let path = args.to.join(name);
            path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            std::fs::write(path, bytes)?;
        }
        Ok(())
    };
    write().map_err(|error| refused(|lang| unwritten(&args.to, &error, lang)))?;
    let (count, to, number) = (files.len(), shown(&args.to), bundle.number);
    print(&say!(
        lang,
        "第 {number} 号基准资料包的 {count} 个文件已写到 {to}。\n",
        "{count} file(s) of bundle {number} were written to {to}.\n"
    ))?;
    Ok(0)
}

fn unwritten(path: &Path, error: &std::io::Error, lang: Lang) -> String {
    let (path, kind) = (shown(path), error.kind());
    say!(
        lang,
        "{path} 写不了（{kind}），没有写完；请换一个还不存在的文件夹名。",
        "{path} cannot be written ({kind}) and is not complete; name a folder that is not there yet."
    )
}

fn status(station: &Station, args: &Json, lang: Lang) -> Result<u8, EngineFault> {
    let (mut store, channels) = (read_known_store(station)?, Channel::load_all(station)?);
    let state = store.load()?;
    let lines = told::lines(station, &channels, &state, store.as_mut())?;
    match args.json {
        true => print_json(&serde_json::json!({ "reference": lines }))?,
        false if lines.is_empty() => print(&(no_structure(lang) + "\n"))?,
        false => print(&told::text(&lines, lang))?,
    }
    Ok(0)
}
