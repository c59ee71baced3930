//! `source install CHANNEL --print --dialect …`: the scripts for the administrator of a database without a driver.

use super::{no_tables, print};
use crate::channel::Channel;
use crate::connectors::tables::declared::Dialect;
use crate::connectors::tables::outbox_sql;
use crate::connectors::tables::table_file::TableFileOutbox;
use crate::connectors::tables::words::DatabaseFault;
use crate::error::{ConfigFault, EngineFault};
use crate::lang::Lang;
use crate::say;
use crate::seams::real_files::RealFiles;
use crate::station::Station;
use clap::ValueEnum;
use dukou_packets::packet::header::ChannelName;
use std::sync::Arc;

/// One of the scripts of deploy/DATABASES.md.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Script {
    /// 查列清单 columns.tsv / asks for the list of columns
    Columns,
    /// 发件表和触发器（要有 columns.tsv）/ outbox and triggers (columns.tsv has to be there)
    #[default]
    Install,
    /// 只有触发器，表结构变更之后用 / the triggers alone, for after a structure change
    Triggers,
    /// 写一个编号的变更文件 / writes a numbered extract
    Extract,
    /// 删去站点已取走的行 / deletes the rows of an extract that was taken
    Forget,
}

/// Prints a script; reads nothing but the list of columns.
pub(super) fn print_script(station: &Station, channel: &Channel, dialect: Dialect, script: Script) -> Result<u8, EngineFault> {
    let name = &channel.channel;
    let Some(config) = channel.source.tables() else { return Err(no_tables(name).into()) };
    let Some(folder) = config.database.strip_prefix("table-file:") else { return Err(has_a_driver(name).into()) };
    let sql = match script {
        Script::Columns => outbox_sql::columns_query(dialect, &config.tables),
        Script::Extract => outbox_sql::extract_sql(dialect, name),
        Script::Forget => outbox_sql::forget_sql(dialect, name),
        Script::Install | Script::Triggers => {
            let files = Arc::new(RealFiles::new());
            let outbox = TableFileOutbox::new(files, &station.dir.join(folder), name, &config.tables);
            let sql = outbox.install_sql_for(dialect, script == Script::Triggers);
            sql.map_err(|fault| DatabaseFault { channel: name.clone(), fault: Box::new(fault) })?
        }
    };
    print(&format!("{}\n", sql.trim_end()))?;
    Ok(0)
}

fn has_a_driver(name: &ChannelName) -> ConfigFault {
    let sentence = |lang| {
        say!(
            lang,
            "通道 {name} 的来源（[source] 的 database）渡口自己能连接，没有打印任何东西。--dialect 只用于 table-file: 的通道；请去掉它再运行。",
            "Dukou connects to the source of channel {name} (database in [source]) by itself; nothing was printed. --dialect is for table-file: channels alone; leave it out and run again."
        )
    };
    ConfigFault::Refused { zh: sentence(Lang::Zh), what: sentence(Lang::En) }
}
