//! A structure change in a database without a driver: a script for its administrator, done once a person vouches for what it printed.
//!
//! Given: an order. Gives: the script in the folder, in its turn among the others where rows come in; the answer that it waits for the administrator; with a person's word, the
//! mark at its marker, or the change done where rows leave from. After a crash: the folder's own file tells whether the script stands there, and the same
//! script is written once more where it does not. Never: a change believed done without that word.

use super::sink::read_declared;
use super::{TableFileSink, fault, wrong};
use crate::connectors::tables::TableFault;
use crate::connectors::tables::declared::Dialect;
use crate::connectors::tables::outbox_sql::{StructureSql, structure_sql};
use crate::connectors::tables::restructure::{
    Ends, LeavingEnd, Rehearsal, Restructure, RestructureFault, Restructurer, Standing,
};
use crate::schema::answers::end_of;
use crate::seams::Files;
use crate::store::Direction;
use dukou_packets::suite::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where it stands in a folder of extracts which change was handed over last.
const STATE: &str = ".dukou-change.json";

/// Longest such file, in bytes.
const STATE_MAX: u64 = 4 << 10;

/// A structure change in the database behind a folder.
pub struct TableFileRestructurer {
    files: Arc<dyn Files>,
    folder: PathBuf,
    sink: TableFileSink,
}

/// The change whose script was written last into a folder of extracts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Handed {
    /// The digest of its document.
    document: String,
    /// What its script is called.
    script: String,
    /// A person vouched that it was run.
    is_done: bool,
}

impl TableFileRestructurer {
    /// Makes it for a folder. Nothing is read yet.
    pub fn new(files: Arc<dyn Files>, folder: &Path) -> Self {
        let sink = TableFileSink::new(Arc::clone(&files), folder, BTreeMap::new());
        Self { files, folder: folder.to_path_buf(), sink }
    }

    fn handed(&self) -> Result<Option<Handed>, TableFault> {
        let path = self.folder.join(STATE);
        if self.files.stat(&path).map_err(fault)?.is_none() {
            return Ok(None);
        }
        let bytes = self.files.read(&path, STATE_MAX).map_err(fault)?;
        let damaged = |_| wrong(&path, "该文件已损坏，请从备份恢复", "this file is damaged; restore it from a backup");
        serde_json::from_slice(&bytes).map(Some).map_err(damaged)
    }

    fn keep(&self, handed: &Handed) -> Result<(), TableFault> {
        let bytes = serde_json::to_vec(handed).unwrap_or_default();
        let path = self.folder.join(STATE);
        self.files.replace(&path, &bytes).and_then(|()| self.files.sync_fs(&self.folder)).map_err(fault)
    }

    /// The script changes the tables and puts the change's place into the outbox; nobody else may write the tables meanwhile, which its first lines say.
    fn hand_over(&self, order: &Restructure<'_>, end: &LeavingEnd) -> Result<Handed, RestructureFault> {
        if read_declared(self.files.as_ref(), &self.folder)?.dialect == Dialect::Sqlite {
            let words =
                ("SQLite 有自己的连接器，请写 sqlite: 地址", "SQLite has a connector of its own; give a sqlite: address");
            return Err(wrong(&self.folder, words.0, words.1).into());
        }
        let document = order.document.to_string();
        let script = script_of(order);
        let StructureSql { in_turn, place, placed } = structure_sql(&end.channel, &order.document);
        let title = format!(
            "-- dukou structure change, channel {}\n-- 执行前请停下写这些表的程序，重新生成触发器之后再启动 / stop what writes these tables; start it when the triggers are made anew\n",
            end.channel
        );
        let named = end_of(&end.channel, Direction::Out);
        let bytes = order.plan.script_by_hand(&(title + &in_turn), &place, (&named, &placed));
        let path = self.folder.join(&script);
        self.files.replace(&path, bytes.as_bytes()).and_then(|()| self.files.sync_fs(&self.folder)).map_err(fault)?;
        let handed = Handed { document, script, is_done: false };
        self.keep(&handed)?;
        Ok(handed)
    }

    fn make_leaving(&self, order: &Restructure<'_>) -> Result<(), RestructureFault> {
        let [end] = order.leaving() else {
            let words = ("导出目录只能属于一条通道", "a folder of extracts belongs to one channel");
            return Err(wrong(&self.folder, words.0, words.1).into());
        };
        let handed = match self.handed()? {
            Some(handed) if handed.document == order.document.to_string() => handed,
            Some(other) if !other.is_done => return Err(RestructureFault::Another),
            _ => self.hand_over(order, end)?,
        };
        match handed.is_done || order.is_vouched_for {
            true => Ok(self.keep(&Handed { is_done: true, ..handed })?),
            false => Err(RestructureFault::ByHand { script: self.folder.join(handed.script).display().to_string() }),
        }
    }
}

impl Restructurer for TableFileRestructurer {
    fn standing(&mut self, document: &Digest, direction: Direction) -> Result<Standing, TableFault> {
        if direction == Direction::In {
            return self.sink.standing_of(document);
        }
        Ok(match self.handed()?.filter(|handed| handed.document == document.to_string()) {
            None => Standing::Old,
            Some(handed) if handed.is_done => Standing::Done,
            Some(_) => Standing::AtStep(0),
        })
    }

    fn make(&mut self, order: &Restructure<'_>) -> Result<(), RestructureFault> {
        match order.ends {
            Ends::Coming(_) => self.sink.change_structure(order),
            Ends::Leaving(_) => self.make_leaving(order),
        }
    }

    fn rehearse(&mut self, _: &Restructure<'_>) -> Result<Rehearsal, RestructureFault> {
        let (zh, en) = (
            "渡口不连接这个数据库，不能试；请数据库管理员在测试库上执行 schema show 里的脚本",
            "Dukou does not connect to this database and cannot try it; have its administrator run the script of schema show on a test database",
        );
        Err(wrong(&self.folder, zh, en).into())
    }

    /// Takes the script away, and the note of it last. Where it was run all the same, the place in the outbox tells: the channel stands there until the change is
    /// approved and confirmed again.
    fn take_back(&mut self, order: &Restructure<'_>) -> Result<(), RestructureFault> {
        let handed = self.handed()?.filter(|handed| handed.document == order.document.to_string());
        if handed.as_ref().is_some_and(|handed| handed.is_done) {
            return Ok(());
        }
        self.files.remove(&self.folder.join(script_of(order))).map_err(fault)?;
        if handed.is_some() {
            self.files.remove(&self.folder.join(STATE)).map_err(fault)?;
        }
        Ok(self.files.sync_dir(&self.folder).map_err(fault)?)
    }
}

/// Gives what the script of a change is called in a folder of extracts.
fn script_of(order: &Restructure<'_>) -> String {
    let document = order.document.to_string();
    format!("change-{}-{}.sql", order.plan.versions.1, document.get(..8).unwrap_or_default())
}
