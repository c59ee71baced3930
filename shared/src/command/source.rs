//! `source install`, `source uninstall` and `source check`: what a channel of tables needs in its source's database.
//!
//! They speak to the database alone and leave the station as it is, so that they work beside a running one.

mod scripts;

use self::scripts::{Script, print_script};
use super::{Json, print, print_json};
use crate::channel::Channel;
use crate::connectors::tables::TableFault;
use crate::connectors::tables::database::{Databases, Drivers, Outbox, outbox_of, source_of};
use crate::connectors::tables::declared::Dialect;
use crate::connectors::tables::words::DatabaseFault;
use crate::daemon;
use crate::error::{ConfigFault, EngineFault};
use crate::lang::Lang;
use crate::say;
use crate::station::Station;
use crate::store::Direction;
use clap::{Args, Subcommand};
use dukou_packets::packet::header::ChannelName;
use serde::Serialize;

#[derive(Args)]
pub(super) struct SourceArgs {
    #[command(subcommand)]
    verb: SourceVerb,
}

#[derive(Subcommand)]
enum SourceVerb {
    /// 建发件表和触发器 / make the outbox and the triggers
    Install(InstallArgs),
    /// 删除发件表和触发器，不留痕迹 / take away the outbox and the triggers
    Uninstall(UninstallArgs),
    /// 缺什么、变了什么 / what is missing or has changed
    Check(CheckArgs),
}

#[derive(Args)]
struct InstallArgs {
    /// 通道 / channel
    channel: ChannelName,
    /// 只显示 SQL，不改动 / show the SQL, change nothing
    #[arg(long)]
    print: bool,
    /// 没有驱动的数据库：oracle 或 dm（只用于 table-file: 的通道）/ a database without a driver: oracle or dm (table-file: channels alone)
    #[arg(long, requires = "print")]
    dialect: Option<Dialect>,
    /// 打印哪一个脚本 / which script to show
    #[arg(long, requires = "dialect", value_enum, default_value_t)]
    script: Script,
}

#[derive(Args)]
struct UninstallArgs {
    /// 通道 / channel
    channel: ChannelName,
    /// 只显示 SQL，不改动 / show the SQL, change nothing
    #[arg(long)]
    print: bool,
}

#[derive(Args)]
struct CheckArgs {
    /// 通道 / channel
    channel: ChannelName,
    #[command(flatten)]
    json: Json,
}

/// What `source check` or `sink check` found.
#[derive(Serialize)]
pub(super) struct Checked {
    pub(super) channel: String,
    pub(super) problems: Vec<CheckedProblem>,
}

/// One thing that a person has to mend.
#[derive(Serialize)]
pub(super) struct CheckedProblem {
    pub(super) code: &'static str,
    pub(super) zh: String,
    pub(super) en: String,
}

impl CheckedProblem {
    /// Tells of what a connector found.
    pub(super) fn of(fault: &TableFault) -> Self {
        Self { code: fault.code(), zh: fault.words(Lang::Zh), en: fault.words(Lang::En) }
    }
}

pub(super) fn source(station: &Station, args: SourceArgs, lang: Lang) -> Result<u8, EngineFault> {
    match args.verb {
        SourceVerb::Install(args) => install(station, &args, lang),
        SourceVerb::Uninstall(args) => uninstall(station, &args, lang),
        SourceVerb::Check(args) => check(station, &args, lang),
    }
}

fn install(station: &Station, args: &InstallArgs, lang: Lang) -> Result<u8, EngineFault> {
    let name = &args.channel;
    if let Some(dialect) = args.dialect {
        return print_script(station, &followed(station, name)?, dialect, args.script);
    }
    if args.print {
        return print_sql(station, name, |outbox| outbox.install_sql());
    }
    on_outbox(station, name, |outbox| outbox.install())?;
    print(&say!(
        lang,
        "通道 {name} 的发件表和触发器已建好，从现在起的改动会送出；已有的行请用 push {name} 推送。通道若是配对以后加的，请对方先授权（在对方站运行 trust 本站的密钥卡）。\n",
        "Outbox and triggers of channel {name} are in place; changes are sent from now on. Rows that are there already go with push {name}. A channel that was added after pairing has to be granted by the peer first (there: trust with this station's card).\n"
    ))?;
    Ok(0)
}

fn uninstall(station: &Station, args: &UninstallArgs, lang: Lang) -> Result<u8, EngineFault> {
    let name = &args.channel;
    if args.print {
        return print_sql(station, name, |outbox| outbox.uninstall_sql());
    }
    on_outbox(station, name, |outbox| outbox.uninstall())?;
    print(&say!(
        lang,
        "通道 {name} 的发件表和触发器已删除；还没送出的改动也一并删除了。\n",
        "Outbox and triggers of channel {name} are gone, and with them the changes that were not sent yet.\n"
    ))?;
    Ok(0)
}

fn print_sql(
    station: &Station,
    name: &ChannelName,
    sql: impl FnOnce(&mut dyn Outbox) -> Result<String, TableFault> + Send,
) -> Result<u8, EngineFault> {
    let sql = on_outbox(station, name, sql)?;
    print(&format!("{}\n", sql.trim_end()))?;
    Ok(0)
}

/// Does something with a channel's outbox, on the thread that connectors are made for.
fn on_outbox<T: Send>(
    station: &Station,
    name: &ChannelName,
    act: impl FnOnce(&mut dyn Outbox) -> Result<T, TableFault> + Send,
) -> Result<T, EngineFault> {
    let channel = followed(station, name)?;
    daemon::on_engine_thread(|| {
        let databases: &dyn Databases = &Drivers;
        let Some(mut outbox) = outbox_of(databases, station, &channel)? else { return Err(no_tables(name).into()) };
        act(outbox.as_mut()).map_err(|fault| DatabaseFault { channel: name.clone(), fault: Box::new(fault) }.into())
    })
}

fn check(station: &Station, args: &CheckArgs, lang: Lang) -> Result<u8, EngineFault> {
    let (name, channel) = (&args.channel, followed(station, &args.channel)?);
    let found = daemon::on_engine_thread(|| {
        let databases: &dyn Databases = &Drivers;
        let Some(mut source) = source_of(databases, station, &channel)? else { return Err(no_tables(name).into()) };
        source.check().map_err(|fault| DatabaseFault { channel: name.clone(), fault: Box::new(fault) }.into())
    })?;
    if args.json.json {
        print_json(&Checked { channel: name.to_string(), problems: found.iter().map(CheckedProblem::of).collect() })?;
    } else {
        let lines: String = found.iter().map(|fault| format!("{}\n", fault.words(lang))).collect();
        let sound =
            say!(lang, "通道 {name} 的来源数据库一切就绪。\n", "The source's database of channel {name} has all it needs.\n");
        print(if found.is_empty() { &sound } else { &lines })?;
    }
    Ok(u8::from(!found.is_empty()))
}

/// Gives the channel, if it leaves from here and follows tables.
fn followed(station: &Station, name: &ChannelName) -> Result<Channel, ConfigFault> {
    let channel = Channel::named(station, name)?;
    let leaves = channel.direction(station.config.station.side) == Direction::Out;
    match leaves && channel.source.tables().is_some() {
        true => Ok(channel),
        false => Err(no_tables(name)),
    }
}

fn no_tables(name: &ChannelName) -> ConfigFault {
    let sentence = |lang| {
        say!(
            lang,
            "通道 {name} 不是由本站从数据库送出的，没有改动任何东西。source 只用于本站发出、[source] 里有 database 的通道。",
            "Channel {name} does not leave from a database of this station; nothing was changed. source is for channels that leave from here and have database in [source]."
        )
    };
    ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) }
}
