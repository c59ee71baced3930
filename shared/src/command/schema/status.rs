//! `schema status`: drift.

use super::{BelievedArgs, Json};
use crate::channel::Channel;
use crate::command::{print, print_json};
use crate::connectors::tables::describe::end_of;
use crate::connectors::tables::words::DatabaseFault;
use crate::daemon;
use crate::error::{ConfigFault, EngineFault};
use crate::lang::Lang;
use crate::say;
use crate::schema::drift::differences;
use crate::schema::{Dialect, Structure};
use crate::station::Station;
use clap::Args;
use dukou_packets::packet::header::ChannelName;
use serde::Serialize;

#[derive(Args)]
pub(super) struct StatusArgs {
    /// 通道 / channel
    channel: ChannelName,
    #[command(flatten)]
    believed: BelievedArgs,
    #[command(flatten)]
    json: Json,
}

/// What `schema status` found.
#[derive(Serialize)]
struct Compared {
    channel: String,
    structure: String,
    version: u32,
    digest: String,
    dialect: String,
    differences: Vec<Said>,
}

/// One difference.
#[derive(Serialize)]
pub(super) struct Said {
    code: &'static str,
    table: String,
    #[serde(rename = "harmless")]
    pub(super) is_harmless: bool,
    zh: String,
    en: String,
    #[serde(skip)]
    words: String,
}

pub(super) fn status(station: &Station, args: &StatusArgs, lang: Lang) -> Result<u8, EngineFault> {
    let structure = args.believed.read()?;
    let (dialect, differences) = compared(station, &args.channel, &structure, lang)?;
    let code = u8::from(differences.iter().any(|said| !said.is_harmless));
    let (channel, version) = (args.channel.to_string(), structure.version);
    if args.json.json {
        let (structure, digest) = (structure.name, structure.digest.to_string());
        print_json(&Compared { channel, structure, version, digest, dialect: dialect.to_string(), differences })?;
        return Ok(code);
    }
    let name = &structure.name;
    let sound = say!(
        lang,
        "通道 {channel} 的数据库与结构 {name} 第 {version} 版一致。\n",
        "The database of channel {channel} is as version {version} of structure {name} says.\n"
    );
    print(&if differences.is_empty() { sound } else { lines(&differences) })?;
    Ok(code)
}

pub(super) fn lines(said: &[Said]) -> String {
    said.iter().map(|said| format!("{}\n", said.words)).collect()
}

/// Compares a channel's database with a structure.
pub(super) fn compared(
    station: &Station,
    name: &ChannelName,
    structure: &Structure,
    lang: Lang,
) -> Result<(Dialect, Vec<Said>), EngineFault> {
    let channel = Channel::named(station, name)?;
    daemon::on_engine_thread(|| {
        let Some(mut end) = end_of(station, &channel)? else { return Err(no_tables(name).into()) };
        let (part, unknown) = end.part_of(structure);
        let fault = |fault| DatabaseFault { channel: name.clone(), fault: Box::new(fault) };
        let live = end.describer.describe(&part).map_err(fault)?;
        let mut said: Vec<Said> = differences(&part, end.dialect, &live)
            .iter()
            .map(|difference| Said {
                code: difference.code(),
                table: difference.table.clone(),
                is_harmless: difference.is_harmless(),
                zh: difference.words(Lang::Zh),
                en: difference.words(Lang::En),
                words: difference.words(lang),
            })
            .collect();
        said.extend(unknown.into_iter().map(|table| not_described(table, lang)));
        Ok((end.dialect, said))
    })
}

/// A table of the channel that the structure does not name: nothing can be said of it.
fn not_described(table: String, lang: Lang) -> Said {
    let words = |lang| say!(lang, "结构里没有通道的表 {table}", "the structure does not name table {table} of the channel");
    Said {
        code: "not-described",
        is_harmless: false,
        zh: words(Lang::Zh),
        en: words(Lang::En),
        words: words(lang),
        table: table.clone(),
    }
}

fn no_tables(name: &ChannelName) -> ConfigFault {
    super::refused(|lang| {
        say!(
            lang,
            "通道 {name} 在本站的一端不是数据库里的表，没有可核对的结构。",
            "The end of channel {name} at this station is no database's tables; there is no structure to compare."
        )
    })
}
