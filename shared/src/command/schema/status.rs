//! `schema status`: drift.

use super::{BelievedArgs, Json};
use crate::channel::Channel;
use crate::command::{print, print_json};
use crate::connectors::tables::database::Drivers;
use crate::connectors::tables::describe::end_of;
use crate::connectors::tables::words::DatabaseFault;
use crate::daemon::{self, read_known_store};
use crate::error::{ConfigFault, EngineFault};
use crate::lang::Lang;
use crate::say;
use crate::schema::drift::{Difference, differences};
use crate::schema::naming::Names;
use crate::schema::versions::Believed;
use crate::schema::{Dialect, Structure};
use crate::station::Station;
use clap::Args;
use dukou_packets::packet::header::ChannelName;
use serde::Serialize;
use std::path::PathBuf;

#[derive(Args)]
pub(super) struct StatusArgs {
    /// 通道 / channel
    channel: ChannelName,
    /// 结构说明 structure.toml；不写时按本站登记的版本核对 / the description of the structure; without it, the version that this station believes
    #[arg(long, value_name = "FILE")]
    structure: Option<PathBuf>,
    /// 此前已生效的变更，按次序 / changes that came before, in order
    #[arg(long, value_name = "FILE", requires = "structure")]
    after: Vec<PathBuf>,
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
    let structure = match &args.structure {
        Some(file) => BelievedArgs { structure: file.clone(), after: args.after.clone() }.read()?,
        None => believed(station, &args.channel)?,
    };
    let Beside { dialect, said: differences, .. } = compared(station, &args.channel, &structure, lang)?;
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

/// Gives the version at which this station believes a channel's end to be.
fn believed(station: &Station, name: &ChannelName) -> Result<Structure, EngineFault> {
    let channel = Channel::named(station, name)?;
    let Some(named) = &channel.structure else { return Err(no_structure(name).into()) };
    let path = station.dir.join("structures").join(format!("{named}.toml"));
    let description = super::read(&path)?;
    let mut store = read_known_store(station)?;
    let (book, at) = (store.book()?, store.load()?.fact::<Believed>()?.of(name));
    let shown = super::shown(&path);
    let version = Structure::version(&description, &book, at.as_ref());
    let version = version.map_err(|fault| super::refused(|lang| fault.sentence(&shown, lang)))?;
    version.ok_or_else(|| unknown_version(name).into())
}

fn no_structure(name: &ChannelName) -> ConfigFault {
    super::refused(|lang| {
        say!(
            lang,
            "通道 {name} 没有写 structure，本站不知道它应是什么结构。请在通道文件里写上，或用 --structure 给出说明。",
            "Channel {name} names no structure, so that this station does not know what it should be. Name it in the channel's file, or give a description with --structure."
        )
    })
}

fn unknown_version(name: &ChannelName) -> ConfigFault {
    super::refused(|lang| {
        say!(
            lang,
            "通道 {name} 所在的结构版本不在本站的变更登记里（状态库重建过？）。请用 schema import 读入变更，或用 --structure 给出说明。",
            "The version of channel {name} is not in this station's book of changes (was the state rebuilt?). Take the change in with schema import, or give a description with --structure."
        )
    })
}

pub(super) fn lines(said: &[Said]) -> String {
    said.iter().map(|said| format!("{}\n", said.words)).collect()
}

/// A channel's database beside a structure.
pub(super) struct Beside {
    pub(super) dialect: Dialect,
    /// What the structure's tables are called there.
    pub(super) names: Names,
    pub(super) said: Vec<Said>,
}

/// Compares a channel's database with a structure.
pub(super) fn compared(
    station: &Station,
    name: &ChannelName,
    structure: &Structure,
    lang: Lang,
) -> Result<Beside, EngineFault> {
    let channel = Channel::named(station, name)?;
    daemon::on_engine_thread(|| {
        let Some(mut end) = end_of(&Drivers, station, &channel)? else { return Err(no_tables(name).into()) };
        let (names, unknown) = end.names_in(structure);
        let tables = structure.tables.iter().filter(|table| names.contains_key(&table.name)).cloned().collect();
        let part = Structure { tables, ..structure.clone() }.called(&names);
        let fault = |fault| DatabaseFault { channel: name.clone(), fault: Box::new(fault) };
        let live = end.describer.describe(&part).map_err(fault)?;
        let found = differences(&part, end.dialect, &live);
        let mut said: Vec<Said> = found.iter().map(|difference| Said::of(difference, lang)).collect();
        said.extend(unknown.into_iter().map(|table| not_described(table, lang)));
        Ok(Beside { dialect: end.dialect, names, said })
    })
}

impl Said {
    fn of(difference: &Difference, lang: Lang) -> Self {
        Self {
            code: difference.code(),
            table: difference.table.clone(),
            is_harmless: difference.is_harmless(),
            zh: difference.words(Lang::Zh),
            en: difference.words(Lang::En),
            words: difference.words(lang),
        }
    }
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
            "通道 {name} 在本站的一端不是渡口能连接的数据库里的表，不能核对。",
            "The end of channel {name} at this station is no table of a database that Dukou connects to; nothing can be compared."
        )
    })
}
