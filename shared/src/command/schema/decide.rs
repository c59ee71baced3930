//! `schema propose`, `approve`, `cancel`, `resume`, `back`: what a person decides, signed here where it is a signature, and judged by the station.

use super::words::{Words, words};
use super::{read, refused, shown};
use crate::accounts::operator;
use crate::channel::Channel;
use crate::command::{PersonArgs, ask, something};
use crate::connectors::tables::describe::by_hand;
use crate::daemon::read_known_store;
use crate::error::{ConfigFault, EngineFault};
use crate::given::read_file;
use crate::keys::{approvers, read_keyring};
use crate::lang::{Lang, plain};
use crate::requests::Request;
use crate::requests::structure::Act;
use crate::say;
use crate::schema::approval::reason_digest;
use crate::schema::here::{Here, HereFault, Standpoint};
use crate::schema::versions::Believed;
use crate::schema::{DOCUMENT_MAX, Document};
use crate::seams::real_files::RealFiles;
use crate::station::Station;
use crate::store::book::{BookChange, BookKey};
use clap::Args;
use dukou_packets::packet::marker::{Approval, ApprovalKind, Change, Statement, document_digest};
use dukou_packets::suite::Digest;

/// Who signs.
#[derive(Args)]
pub(super) struct SignArgs {
    /// 签名的审批人 / the approver who signs
    #[arg(long = "as", value_name = "NAME")]
    name: String,
    #[command(flatten)]
    words: Words,
    /// 原因 / why
    #[arg(long, value_parser = something)]
    pub(super) reason: String,
    /// 允许丢失 schema show 所列的内容 / what schema show lists may be lost
    #[arg(long)]
    allow_loss: bool,
}

#[derive(Args)]
pub(super) struct ProposeArgs {
    /// 变更文件 / the file of changes
    file: std::path::PathBuf,
    #[command(flatten)]
    sign: SignArgs,
}

/// Which change of the book.
#[derive(Args)]
pub(super) struct WhichArgs {
    /// 变更到第几版 / the version that the change leads to
    pub(super) number: u32,
    #[command(flatten)]
    pub(super) among: AmongArgs,
}

/// Which of several changes to one version.
#[derive(Args)]
pub(super) struct AmongArgs {
    /// 结构，有多个时 / the structure, where there are several
    #[arg(long)]
    structure: Option<String>,
    /// 变更文件的摘要（开头几位即可），有两份时 / the document's digest or its beginning, where there are two
    #[arg(long, value_name = "HEX")]
    document: Option<String>,
}

impl AmongArgs {
    /// Names one change.
    pub(super) fn of(change: &BookChange) -> Self {
        Self { structure: Some(change.key.structure.clone()), document: Some(change.key.document.to_string()) }
    }

    /// Tells whether a change is among those that are named.
    pub(super) fn fits(&self, change: &BookChange) -> bool {
        let begins = |hex: &String| change.key.document.to_string().starts_with(&hex.to_lowercase());
        self.structure.as_ref().is_none_or(|name| *name == change.key.structure) && self.document.as_ref().is_none_or(begins)
    }
}

#[derive(Args)]
pub(super) struct ApproveArgs {
    #[command(flatten)]
    pub(super) which: WhichArgs,
    #[command(flatten)]
    pub(super) sign: SignArgs,
}

#[derive(Args)]
pub(super) struct CancelArgs {
    #[command(flatten)]
    pub(super) which: WhichArgs,
    #[command(flatten)]
    pub(super) person: PersonArgs,
}

/// A person's decision about a change that signs nothing.
pub(super) enum Plain {
    Cancel,
    Resume,
    Back,
}

/// Tells what a document comes to at this station: a proposal, or a change that begins at the version with this digest.
pub(super) fn here(
    station: &Station,
    document: &Document,
    base: Option<&Digest>,
) -> Result<Result<Here, HereFault>, EngineFault> {
    let name = &document.structure;
    let path = station.dir.join("structures").join(format!("{name}.toml"));
    let description = match read_file(&path, DOCUMENT_MAX) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Err(HereFault::NoDescription(name.clone()))),
        read => read.map_err(|error| ConfigFault::unreadable(&path, &error))?,
    };
    let (mut store, channels) = (read_known_store(station)?, Channel::load_all(station)?);
    let (book, believed) = (store.book()?, store.load()?.fact::<Believed>()?);
    let side = station.config.station.side;
    let by_hand = by_hand(&RealFiles::new(), &station.dir, &channels);
    let at = Standpoint {
        channels: &channels,
        side,
        description: &description,
        book: &book,
        believed: &believed,
        by_hand: &by_hand,
    };
    Ok(match base {
        None => Here::of_proposal(&at, document),
        Some(base) => Here::behind(&at, base, document),
    })
}

pub(super) fn propose(station: &Station, args: &ProposeArgs, lang: Lang) -> Result<u8, EngineFault> {
    propose_bytes(station, &shown(&args.file), &read(&args.file)?, &args.sign, lang)
}

/// Signs for a document and proposes it.
pub(super) fn propose_bytes(station: &Station, name: &str, bytes: &[u8], by: &SignArgs, lang: Lang) -> Result<u8, EngineFault> {
    let document = Document::read(bytes)
        .map_err(|found| refused(|lang| found.iter().map(|found| found.sentence(name, lang)).collect::<Vec<_>>().join("\n")))?;
    let here = here(station, &document, None)?.map_err(|fault| refused(|lang| fault.sentence(name, lang)))?;
    let change = Change {
        structure: document.structure.clone(),
        from: document.from,
        before: here.before.digest,
        document: document_digest(bytes),
    };
    let Some(approval) = sign(station, &change, &here, (ApprovalKind::Propose, by), lang)? else { return Ok(1) };
    // What was read is UTF-8.
    let document = String::from_utf8_lossy(bytes).into_owned();
    decide(station, Act::Propose { document, approval }, by, lang)
}

pub(super) fn approve(station: &Station, args: &ApproveArgs, lang: Lang) -> Result<u8, EngineFault> {
    let change = pick(station, args.which.number, &args.which.among)?;
    let document = Document::read(&change.document).map_err(|_| refused(unreadable))?;
    let here = here(station, &document, Some(&change.base))?
        .map_err(|fault| refused(|lang| fault.sentence("schema-change.toml", lang)))?;
    let Some(approval) = sign(station, &change.signed(), &here, (ApprovalKind::Approve, &args.sign), lang)? else {
        return Ok(1);
    };
    let BookKey { structure, to, document } = change.key;
    decide(station, Act::Approve { structure, to, document, approval }, &args.sign, lang)
}

pub(super) fn decide_plainly(station: &Station, what: &Plain, args: CancelArgs, lang: Lang) -> Result<u8, EngineFault> {
    let BookKey { structure, to, document } = pick(station, args.which.number, &args.which.among)?.key;
    let PersonArgs { name, reason } = args.person;
    let act = match what {
        Plain::Cancel => Act::Cancel { structure, to, document },
        Plain::Resume => Act::Resume { structure, to, document },
        Plain::Back => Act::Back { structure, to, document },
    };
    ask(station, Request::Structure { act, operator: operator(), name, reason }, false, lang)
}

pub(super) fn decide(station: &Station, act: Act, by: &SignArgs, lang: Lang) -> Result<u8, EngineFault> {
    let (name, reason) = (by.name.clone(), by.reason.clone());
    ask(station, Request::Structure { act, operator: operator(), name, reason }, false, lang)
}

/// Signs what would be run here; `None`, and told, where something would be lost and nobody allowed it.
pub(super) fn sign(
    station: &Station,
    change: &Change,
    here: &Here,
    (kind, by): (ApprovalKind, &SignArgs),
    lang: Lang,
) -> Result<Option<Approval>, EngineFault> {
    let loses = here.losses().next().is_some();
    if loses && !by.allow_loss && kind != ApprovalKind::Confirm {
        let losses: Vec<String> = here.losses().map(|loss| loss.words(lang)).collect();
        let head = say!(
            lang,
            "以下内容会丢失，没有签名；确认可以之后加上 --allow-loss 再运行：",
            "This would be lost, and nothing was signed; where it may be, run again with --allow-loss:"
        );
        eprintln!("{}", plain(&format!("{head}\n{}", losses.join("\n"))));
        return Ok(None);
    }
    let words = words(&by.words, &by.name, false, lang)?;
    let signer = approvers::open(station, &by.name, &words)?;
    let keyring = read_keyring(&station.keys_dir().join("keyring.txt"))?;
    let statement = Statement {
        kind,
        station: station.config.station.id,
        keyring: keyring.body().version,
        plan: here.digest(),
        loss: loses,
        reason: reason_digest(&by.reason),
    };
    match Approval::sign(change, &statement, &signer) {
        Some(approval) => Ok(Some(approval)),
        None => Err(refused(unsigned).into()),
    }
}

fn unsigned(lang: Lang) -> String {
    say!(lang, "密钥没有给出签名；没有改动任何东西。", "The key gave no signature; nothing was changed.")
}

pub(super) fn unreadable(lang: Lang) -> String {
    say!(
        lang,
        "登记的变更文件读不出，请升级本站程序；没有改动任何东西。",
        "The document of this change cannot be read; upgrade this station's program. Nothing was changed."
    )
}

/// Finds a change of the book.
pub(super) fn pick(station: &Station, number: u32, among: &AmongArgs) -> Result<BookChange, EngineFault> {
    let book = read_known_store(station)?.book()?;
    let is_it = |change: &BookChange| change.key.to == number && among.fits(change);
    let mut found: Vec<BookChange> = book.into_iter().filter(is_it).collect();
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(refused(|lang| {
            say!(
                lang,
                "没有到第 {number} 版的变更。已知的见 schema show。",
                "There is no change to version {number}. schema show lists those that are known."
            )
        })
        .into()),
        _ => {
            let all: Vec<String> =
                found.iter().map(|change| format!("{} {}", change.key.structure, change.key.document)).collect();
            let all = all.join("\n");
            Err(refused(|lang| {
                say!(
                    lang,
                    "到第 {number} 版的变更不止一份，请用 --structure 或 --document 指明：\n{all}",
                    "There are several changes to version {number}; name one with --structure or --document:\n{all}"
                )
            })
            .into())
        }
    }
}
