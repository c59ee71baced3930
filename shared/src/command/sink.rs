//! `sink install` and `sink check`: what a channel of tables needs in its sink's database.
//!
//! They speak to the database alone and leave the station as it is, so that they work beside a running one.

use super::source::{Checked, CheckedProblem};
use super::{Json, print, print_json};
use crate::channel::Channel;
use crate::connectors::tables::database::{Drivers, OwnTables, own_tables_of, sink_of};
use crate::connectors::tables::declared::Dialect;
use crate::connectors::tables::table_file::TableFileSink;
use crate::connectors::tables::words::DatabaseFault;
use crate::connectors::tables::{TableFault, outbox_sql};
use crate::daemon;
use crate::error::{ConfigFault, EngineFault};
use crate::keys::Trust;
use crate::lang::Lang;
use crate::report;
use crate::say;
use crate::station::Station;
use crate::store::Direction;
use clap::{Args, Subcommand, ValueEnum};
use dukou_packets::packet::header::ChannelName;

#[derive(Args)]
pub(super) struct SinkArgs {
    #[command(subcommand)]
    verb: SinkVerb,
}

#[derive(Subcommand)]
enum SinkVerb {
    /// 建自用的表（进度、未完的事务、拒收的行）/ make the tables of our own: mark, pending, refused
    Install(InstallArgs),
    /// 缺什么表、列、权限，通道授权了没有 / which tables, columns and rights are missing, and whether the channel is granted
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

/// One of the scripts of deploy/DATABASES.md.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Script {
    /// 查列清单 columns.tsv / asks for the list of columns
    Columns,
    /// 进度表 dukou_mark / the table of marks
    #[default]
    Install,
}

#[derive(Args)]
struct CheckArgs {
    /// 通道 / channel
    channel: ChannelName,
    #[command(flatten)]
    json: Json,
}

pub(super) fn sink(station: &Station, args: SinkArgs, lang: Lang) -> Result<u8, EngineFault> {
    match args.verb {
        SinkVerb::Install(args) => install(station, &args, lang),
        SinkVerb::Check(args) => check(station, &args, lang),
    }
}

fn install(station: &Station, args: &InstallArgs, lang: Lang) -> Result<u8, EngineFault> {
    let (name, channel) = (&args.channel, received(station, &args.channel)?);
    if let Some(dialect) = args.dialect {
        return print_script(&channel, dialect, args.script);
    }
    if args.print {
        let sql = on_tables(station, &channel, |own| own.install_sql())?;
        print(&format!("{}\n", sql.trim_end()))?;
        return Ok(0);
    }
    on_tables(station, &channel, |own| own.install())?;
    let done = say!(
        lang,
        "通道 {name} 在去向数据库的自用表已在；已有的没有改动。\n",
        "The tables of our own that channel {name} needs in its sink's database are in place; those that were there are as they were.\n"
    );
    print(&(done + &ungranted(station, name, lang)?))?;
    Ok(0)
}

/// Prints a script for a database without a driver; reads nothing.
fn print_script(channel: &Channel, dialect: Dialect, script: Script) -> Result<u8, EngineFault> {
    let name = &channel.channel;
    let (Some(source), Some(sink)) = (channel.source.tables(), channel.sink.tables()) else {
        return Err(no_tables(name).into());
    };
    if !sink.database.starts_with("table-file:") {
        return Err(has_a_driver(name).into());
    }
    let sql = match script {
        Script::Columns => {
            let tables: Vec<String> = source.tables.iter().map(|table| sink.name_of(table).to_owned()).collect();
            outbox_sql::columns_query(dialect, &tables)
        }
        Script::Install => TableFileSink::install_sql_of(dialect).to_owned(),
    };
    print(&format!("{}\n", sql.trim_end()))?;
    Ok(0)
}

/// Does something with the station's own tables, on the thread that connectors are made for.
fn on_tables<T: Send>(
    station: &Station,
    channel: &Channel,
    act: impl FnOnce(&mut dyn OwnTables) -> Result<T, TableFault> + Send,
) -> Result<T, EngineFault> {
    let name = &channel.channel;
    daemon::on_engine_thread(|| {
        let Some(mut own) = own_tables_of(station, channel)? else { return Err(no_tables(name).into()) };
        act(own.as_mut()).map_err(|fault| DatabaseFault { channel: name.clone(), fault: Box::new(fault) }.into())
    })
}

fn check(station: &Station, args: &CheckArgs, lang: Lang) -> Result<u8, EngineFault> {
    let (name, channel) = (&args.channel, received(station, &args.channel)?);
    let found = daemon::on_engine_thread(|| {
        let Some(mut sink) = sink_of(&Drivers, station, &channel)? else { return Err(no_tables(name).into()) };
        sink.check().map_err(|fault| DatabaseFault { channel: name.clone(), fault: Box::new(fault) }.into())
    })?;
    let mut problems: Vec<CheckedProblem> = found.iter().map(CheckedProblem::of).collect();
    if !is_granted(station, name)? {
        let [zh, en] = [Lang::Zh, Lang::En].map(|lang| report::not_granted(name.as_str(), lang));
        problems.push(CheckedProblem { code: "not-granted", zh, en });
    }
    let code = u8::from(!problems.is_empty());
    if args.json.json {
        print_json(&Checked { channel: name.to_string(), problems })?;
        return Ok(code);
    }
    let line = |problem: &CheckedProblem| format!("{}\n", if lang == Lang::Zh { &problem.zh } else { &problem.en });
    let sound = say!(lang, "通道 {name} 的去向数据库一切就绪。\n", "The sink's database of channel {name} has all it needs.\n");
    print(&if problems.is_empty() { sound } else { problems.iter().map(line).collect() })?;
    Ok(code)
}

/// Tells whether the peer may send on a channel.
fn is_granted(station: &Station, name: &ChannelName) -> Result<bool, EngineFault> {
    Ok(Trust::load(station)?.is_some_and(|trust| trust.grant.channels.contains(name)))
}

/// Says what is still to be done before packets of a channel are taken.
fn ungranted(station: &Station, name: &ChannelName, lang: Lang) -> Result<String, EngineFault> {
    let sentence = || format!("{}\n", report::not_granted(name.as_str(), lang));
    Ok(if is_granted(station, name)? { String::new() } else { sentence() })
}

/// Gives the channel, if it comes here into tables.
fn received(station: &Station, name: &ChannelName) -> Result<Channel, ConfigFault> {
    let channel = Channel::named(station, name)?;
    let comes = channel.direction(station.config.station.side) == Direction::In;
    match comes && channel.sink.tables().is_some() {
        true => Ok(channel),
        false => Err(no_tables(name)),
    }
}

fn no_tables(name: &ChannelName) -> ConfigFault {
    let sentence = |lang| {
        say!(
            lang,
            "通道 {name} 不是由本站写进数据库的，没有改动任何东西。sink 只用于本站接收、[sink] 里有 database 的通道；来源一侧用 source。",
            "Channel {name} does not come into a database of this station; nothing was changed. sink is for channels that come here and have database in [sink]; where they leave from it is source."
        )
    };
    ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) }
}

fn has_a_driver(name: &ChannelName) -> ConfigFault {
    let sentence = |lang| {
        say!(
            lang,
            "通道 {name} 的去向（[sink] 的 database）渡口自己能连接，没有打印任何东西。--dialect 只用于 table-file: 的通道；请去掉它再运行。",
            "Dukou connects to the sink of channel {name} (database in [sink]) by itself; nothing was printed. --dialect is for table-file: channels alone; leave it out and run again."
        )
    };
    ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) }
}
