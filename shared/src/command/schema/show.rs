//! `schema show`: a change as it was signed, what it comes to here, and who decided what.

use super::decide::{AmongArgs, here, pick};
use super::refused;
use crate::command::print;
use crate::daemon::read_known_store;
use crate::error::EngineFault;
use crate::keys::{Trust, read_keyring};
use crate::lang::{Lang, plain_line};
use crate::report::structures_coming::structures_coming;
use crate::report::{civil_time, structures};
use crate::say;
use crate::schema::Document;
use crate::schema::approval::{Refused, Scene, standing};
use crate::schema::here::Here;
use crate::send::structure::leaving::standings;
use crate::station::Station;
use crate::store::book::{BookChange, BookDecision};
use crate::store::{Direction, Store};
use clap::Args;
use dukou_packets::packet::header::ChannelName;
use dukou_packets::packet::marker::{Approval, ApprovalKind};
use dukou_packets::suite::Digest;

#[derive(Args)]
pub(super) struct ShowArgs {
    /// 变更到第几版；不给则列出全部 / the version that the change leads to; all are listed without one
    pub(super) number: Option<u32>,
    #[command(flatten)]
    pub(super) among: AmongArgs,
}

pub(super) fn show(station: &Station, args: &ShowArgs, lang: Lang) -> Result<u8, EngineFault> {
    let mut store = read_known_store(station)?;
    let (book, decisions) = (store.book()?, store.book_decisions()?);
    match args.number {
        None => {
            let lines = book.iter().map(|change| Ok(line(change, verdict(station, change, &decisions)?, lang)));
            let lines = lines.collect::<Result<Vec<String>, EngineFault>>()?;
            print(&match lines.is_empty() {
                true => say!(lang, "没有已知的结构变更。\n", "No structure change is known.\n"),
                false => lines.concat(),
            })?;
            Ok(0)
        }
        Some(number) => {
            let change = pick(station, number, &args.among)?;
            let verdict = verdict(station, &change, &decisions)?;
            print(&whole(station, &change, &decisions, verdict, lang)?)?;
            print(&leaving_words(store.as_mut(), &change, lang)?)?;
            Ok(u8::from(verdict.is_err()))
        }
    }
}

/// Tells whether a change may be made here; what it comes to here may not be known.
fn verdict(station: &Station, change: &BookChange, decisions: &[BookDecision]) -> Result<Result<(), Refused>, EngineFault> {
    let own = read_keyring(&station.keys_dir().join("keyring.txt"))?;
    let trust = Trust::load(station)?;
    let here =
        Document::read(&change.document).ok().map(|document| here(station, &document, Some(&change.base))).transpose()?;
    let here = here.and_then(Result::ok);
    let scene = Scene {
        change,
        own: &own,
        peer: trust.as_ref().map(|trust| &trust.peer),
        plan: here.as_ref().map_or(Digest::ZERO, Here::digest),
        loses: here.as_ref().is_some_and(|here| here.losses().next().is_some()),
    };
    Ok(scene.judge(decisions).map(drop))
}

fn standing_words(verdict: Result<(), Refused>, lang: Lang) -> String {
    match verdict {
        Ok(()) => say!(lang, "已批准", "approved"),
        Err(why) => {
            let (code, words) = (why.code(), why.words(lang));
            say!(lang, "未获批准（{code}）：{words}", "not approved ({code}): {words}")
        }
    }
}

fn origin_words(change: &BookChange, lang: Lang) -> String {
    match change.origin {
        Direction::Out => say!(lang, "本站提议", "proposed here"),
        Direction::In => say!(lang, "对方送来", "from the peer"),
    }
}

fn line(change: &BookChange, verdict: Result<(), Refused>, lang: Lang) -> String {
    let (structure, to, origin) = (&change.key.structure, change.key.to, origin_words(change, lang));
    let words = standing_words(verdict, lang);
    say!(lang, "{structure} 第 {to} 版，{origin}：{words}。\n", "{structure} version {to}, {origin}: {words}.\n")
}

fn whole(
    station: &Station,
    change: &BookChange,
    decisions: &[BookDecision],
    verdict: Result<(), Refused>,
    lang: Lang,
) -> Result<String, EngineFault> {
    let text = String::from_utf8_lossy(&change.document);
    let document = Document::read(&change.document).map_err(|_| refused(|lang| unreadable(change, lang)))?;
    let text = match document.bundle() {
        // What is packed is read as files (`reference unpack`); their digests stand in the list.
        Some(bundle) => text.replace(&format!("packed = \"\"\"\n{}\"\"\"\n", bundle.packed), "packed = …\n").into(),
        None => text,
    };
    let mut said = line(change, verdict, lang);
    let digest = change.key.document;
    said += &say!(lang, "变更文件（摘要 {digest}）：\n", "The document (digest {digest}):\n");
    said += &format!("{text}\n");
    match here(station, &document, Some(&change.base))? {
        Err(fault) => said += &format!("{}\n", fault.sentence("schema-change.toml", lang)),
        Ok(here) => said += &here_words(&here, lang),
    }
    for decision in standing(change, decisions, station.config.station.id).0 {
        said += &decision_words(station, decision, lang);
    }
    let state = read_known_store(station)?.load()?;
    let coming = structures_coming(&state)?.into_iter().filter(|coming| coming.document == digest.to_string());
    said.extend(coming.map(|coming| coming.sentence(lang) + "\n"));
    Ok(said)
}

/// Says how far it is where rows leave from here.
fn leaving_words(store: &mut dyn Store, change: &BookChange, lang: Lang) -> Result<String, EngineFault> {
    let state = store.load()?;
    let mut told = standings(&state, store)?;
    told.retain(|told| told.document == change.key.document.to_string());
    Ok(structures::text(&told, false, lang))
}

fn unreadable(change: &BookChange, lang: Lang) -> String {
    let to = change.key.to;
    say!(
        lang,
        "到第 {to} 版的变更文件本版程序读不出；请升级本站程序。",
        "This program cannot read the document of the change to version {to}; upgrade it."
    )
}

fn here_words(here: &Here, lang: Lang) -> String {
    let names = |channels: &[ChannelName]| match channels.is_empty() {
        true => say!(lang, "无", "none"),
        false => channels.iter().map(ChannelName::to_string).collect::<Vec<_>>().join(", "),
    };
    let (leaving, coming, digest) = (names(&here.leaving), names(&here.coming), here.digest());
    let mut said = say!(
        lang,
        "涉及的通道：由本站发出 {leaving}；本站接收 {coming}。\n本站的计划（摘要 {digest}）：\n",
        "Channels concerned: leaving from here {leaving}; coming in {coming}.\nWhat is run here (digest {digest}):\n"
    );
    for changed in &here.databases {
        said += &format!("-- {}\n{}\n", plain_line(&changed.place), changed.plan.script());
    }
    for loss in here.losses() {
        let words = loss.words(lang);
        said += &say!(lang, "会丢失：{words}\n", "Lost: {words}\n");
    }
    said
}

fn decision_words(station: &Station, decision: &BookDecision, lang: Lang) -> String {
    let Some(approval) = &decision.approval else { return String::new() };
    let Approval { key, kind, .. } = approval;
    let what = match kind {
        ApprovalKind::Propose => say!(lang, "提议", "proposed"),
        ApprovalKind::Approve => say!(lang, "批准", "approved"),
        ApprovalKind::Confirm => say!(lang, "确认", "confirmed"),
    };
    let at = civil_time(decision.at_ms);
    if approval.station != station.config.station.id {
        return say!(lang, "对方{what}：密钥 {key}\n", "{what} by the peer: key {key}\n");
    }
    let [name, account, reason] =
        [&decision.name, &decision.operator, &decision.reason].map(|text| plain_line(text).to_string());
    say!(
        lang,
        "{what}：{name}（{account}，密钥 {key}）{at}，{reason}\n",
        "{what} by {name} ({account}, key {key}) at {at}: {reason}\n"
    )
}
