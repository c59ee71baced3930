//! What `status` tells of structure changes that come in: which markers are here, what is awaited, why nothing is applied.

use super::{Status, civil_time};
use crate::error::EngineFault;
use crate::lang::{Lang, plain_line};
use crate::receive::structure::arrived::{Arriving, arriving};
use crate::say;
use crate::store::StationState;
use dukou_packets::packet::header::ChannelName;
use serde::Serialize;

/// A structure change whose markers came and that is not applied everywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComingLine {
    /// The structure.
    pub structure: String,
    /// The version that the change leads to.
    pub to: u32,
    /// The digest of its document.
    pub document: String,
    /// `waiting` for markers, `complete`, or `pending`: its channels go on under the version before.
    pub state: &'static str,
    /// Channels that stand at their marker, or have passed it.
    pub here: Vec<String>,
    /// Channels whose marker is awaited.
    pub awaited: Vec<String>,
    /// When the first marker was met, in China's civil time.
    pub since: String,
    /// For how many running days its sender keeps packets.
    pub keep_days: u32,
    /// Why it is not applied though nothing is awaited; none where that is not known yet.
    pub why: Option<WhyLine>,
}

/// Why a complete change is not applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WhyLine {
    /// A refusal of the approval, or `plan`, `channels`, `step`, `another`, `database`.
    pub code: String,
    /// In Chinese, with the database's words.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// Gives the changes whose markers came.
pub(crate) fn structures_coming(state: &StationState) -> Result<Vec<ComingLine>, EngineFault> {
    Ok(arriving(state)?.iter().map(|known| line(known, state)).collect())
}

fn line(known: &Arriving, state: &StationState) -> ComingLine {
    let names = |channels: Vec<&ChannelName>| channels.into_iter().map(ChannelName::to_string).collect::<Vec<_>>();
    let awaited: Vec<&ChannelName> = known.awaited(state).collect();
    let here = known.channels.iter().filter(|channel| !awaited.contains(channel)).collect();
    let why = known.why.clone().map(|why| {
        let [zh, en] = why.words;
        WhyLine { code: why.code, zh, en }
    });
    ComingLine {
        structure: known.structure.clone(),
        to: known.to,
        document: known.document.to_string(),
        state: match (known.is_pending, awaited.is_empty()) {
            (true, _) => "pending",
            (false, true) => "complete",
            (false, false) => "waiting",
        },
        here: names(here),
        why: why.filter(|_| awaited.is_empty()),
        awaited: names(awaited),
        since: civil_time(known.at_ms),
        keep_days: known.keep_days,
    }
}

/// Tells of them.
pub(super) fn text(status: &Status, lang: Lang) -> String {
    status.structures_coming.iter().map(|line| line.sentence(lang) + "\n").collect()
}

impl ComingLine {
    /// Says how it stands.
    pub(crate) fn sentence(&self, lang: Lang) -> String {
        let Self { structure, to, keep_days, since, .. } = self;
        let list = |channels: &[String]| match channels.is_empty() {
            true => say!(lang, "无", "none"),
            false => channels.join(", "),
        };
        let (here, awaited) = (list(&self.here), list(&self.awaited));
        let next = match (&self.why, self.awaited.is_empty()) {
            (_, false) => say!(
                lang,
                "标记齐了才能应用，缺的请对方 resend",
                "it is applied once all are here; for what is missing the sender runs resend"
            ),
            (Some(why), true) => {
                let words = plain_line(if lang == Lang::Zh { &why.zh } else { &why.en });
                let code = &why.code;
                say!(
                    lang,
                    "没有应用（{code}）：{words}；见 schema show {to}",
                    "not applied ({code}): {words}; see schema show {to}"
                )
            }
            (None, true) => say!(lang, "正在应用", "it is being applied"),
        };
        say!(
            lang,
            "结构变更：{structure} 到第 {to} 版，自 {since} 起；标记已到 {here}，还缺 {awaited}（对方保存 {keep_days} 个运行日）；{next}。",
            "Structure change: {structure} to version {to}, since {since}; markers here {here}, awaited {awaited} (the sender keeps packets {keep_days} running days); {next}."
        )
    }
}
