//! Outbox and triggers of a database without a driver: as text, for its administrator.
//!
//! Given: the list of columns in the folder of extracts. Gives: the scripts that deploy/DATABASES.md speaks of. After a crash: nothing was changed.
//! Never: a connection.

use super::sink::read_declared;
use super::wrong;
use crate::connectors::tables::database::Outbox;
use crate::connectors::tables::declared::{Declared, DeclaredTable, Dialect};
use crate::connectors::tables::{Problem, TableFault, TableName, outbox_sql};
use crate::seams::Files;
use dukou_packets::packet::header::ChannelName;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What prints the scripts of a channel.
pub struct TableFileOutbox {
    files: Arc<dyn Files>,
    folder: PathBuf,
    channel: ChannelName,
    tables: Vec<TableName>,
}

impl TableFileOutbox {
    /// Makes it for a channel's folder of extracts. Nothing is read yet.
    pub fn new(files: Arc<dyn Files>, folder: &Path, channel: &ChannelName, tables: &[TableName]) -> Self {
        Self { files, folder: folder.to_path_buf(), channel: channel.clone(), tables: tables.to_vec() }
    }

    /// Gives the channel's tables as they were declared, in the channel's order.
    fn declared(&self) -> Result<Declared, TableFault> {
        let Declared { dialect, tables } = read_declared(self.files.as_ref(), &self.folder)?;
        let of_name = |name: &TableName| -> Result<DeclaredTable, TableFault> {
            let found = tables.iter().find(|table| table.name == *name).cloned();
            found.ok_or_else(|| TableFault::Unfit { table: name.clone(), column: None, problem: Problem::Missing })
        };
        Ok(Declared { dialect, tables: self.tables.iter().map(of_name).collect::<Result<_, _>>()? })
    }

    /// Gives outbox and triggers, or the triggers alone, where the list of columns is of this dialect.
    ///
    /// # Errors
    /// [`TableFault`] where the list of columns is missing, wrong or of another dialect.
    pub fn install_sql_for(&self, dialect: Dialect, triggers_alone: bool) -> Result<String, TableFault> {
        let declared = self.declared()?;
        match declared.dialect == dialect {
            true if triggers_alone => outbox_sql::triggers_sql(dialect, &self.channel, &declared.tables),
            true => outbox_sql::install_sql(dialect, &self.channel, &declared.tables),
            false => Err(wrong(
                &self.folder,
                "列清单 columns.tsv 首行写的是另一种方言，请改正其中一个",
                "the first line of columns.tsv names another dialect; correct one of the two",
            )),
        }
    }

    fn by_hand(&self) -> TableFault {
        wrong(
            &self.folder,
            "渡口不连接这个数据库，请加 --print，把打印的 SQL 交给数据库管理员执行",
            "Dukou does not connect to this database; add --print and let its administrator run what is printed",
        )
    }
}

impl Outbox for TableFileOutbox {
    fn install_sql(&mut self) -> Result<String, TableFault> {
        let Declared { dialect, tables } = self.declared()?;
        outbox_sql::install_sql(dialect, &self.channel, &tables)
    }

    fn install(&mut self) -> Result<(), TableFault> {
        Err(self.by_hand())
    }

    fn uninstall_sql(&mut self) -> Result<String, TableFault> {
        let Declared { dialect, tables } = self.declared()?;
        Ok(outbox_sql::uninstall_sql(dialect, &self.channel, &tables))
    }

    fn uninstall(&mut self) -> Result<(), TableFault> {
        Err(self.by_hand())
    }
}
