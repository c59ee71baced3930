//! A structure change in a database without a driver: a script for its administrator, done once a person vouches for what it printed.
//!
//! Given: an order. Gives: the script in the folder, in its turn among the others; the answer that it waits for the administrator; with a person's word, the mark at its
//! marker. After a crash: the folder's own file tells whether the script stands there, and the same script is written once more where it does not. Never: a
//! change believed done without that word; a script recalled.

use super::{TableFileSink, wrong};
use crate::connectors::tables::TableFault;
use crate::connectors::tables::restructure::{Ends, Rehearsal, Restructure, RestructureFault, Restructurer, Standing};
use crate::seams::Files;
use crate::store::Direction;
use dukou_packets::suite::Digest;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A structure change in the database behind a folder.
pub struct TableFileRestructurer {
    folder: PathBuf,
    sink: TableFileSink,
}

impl TableFileRestructurer {
    /// Makes it for a folder. Nothing is read yet.
    pub fn new(files: Arc<dyn Files>, folder: &Path) -> Self {
        Self { folder: folder.to_path_buf(), sink: TableFileSink::new(files, folder, BTreeMap::new()) }
    }

    fn of_extracts(&self) -> TableFault {
        wrong(
            &self.folder,
            "来源是导出文件的通道还不能变更结构",
            "the structure of a channel whose source are extracts cannot be changed yet",
        )
    }
}

impl Restructurer for TableFileRestructurer {
    fn standing(&mut self, document: &Digest, direction: Direction) -> Result<Standing, TableFault> {
        match direction {
            Direction::In => self.sink.standing_of(document),
            Direction::Out => Ok(Standing::Old),
        }
    }

    fn make(&mut self, order: &Restructure<'_>) -> Result<(), RestructureFault> {
        match order.ends {
            Ends::Coming(_) => self.sink.change_structure(order),
            Ends::Leaving(_) => Err(self.of_extracts().into()),
        }
    }

    fn rehearse(&mut self, _: &Restructure<'_>) -> Result<Rehearsal, RestructureFault> {
        let (zh, en) = (
            "渡口不连接这个数据库，不能试；请数据库管理员在测试库上执行 schema show 里的脚本",
            "Dukou does not connect to this database and cannot try it; have its administrator run the script of schema show on a test database",
        );
        Err(wrong(&self.folder, zh, en).into())
    }
}
