//! How far a folder of extracts was taken, in one small file beside them.
//!
//! After a crash: the file is the old one or the new one. An extract that is taken as a whole is moved to `taken/` after this says so, and again
//! when a crash came between.

use super::{fault, wrong};
use crate::connectors::tables::TableFault;
use crate::seams::Files;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::Path;

/// Where it stands.
const NAME: &str = ".dukou-taken.json";

/// Longest file, in bytes.
const PROGRESS_MAX: u64 = 64 << 20;

/// How far a folder of extracts was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Progress {
    /// The last extract that is taken as a whole.
    pub(super) file: u32,
    /// Lines of the next one that are taken from its beginning on.
    pub(super) lines: u32,
    /// Ids behind those that are taken already.
    pub(super) beyond: BTreeSet<i64>,
    /// Extracts that are taken and not moved to `taken/` yet: any other of a number up to `file` has a number that was used.
    pub(super) moving: BTreeSet<u32>,
}

impl Progress {
    pub(super) fn read(files: &dyn Files, folder: &Path) -> Result<Self, TableFault> {
        let path = folder.join(NAME);
        if files.stat(&path).map_err(fault)?.is_none() {
            return Ok(Self::default());
        }
        let bytes = files.read(&path, PROGRESS_MAX).map_err(fault)?;
        serde_json::from_slice(&bytes).map_err(|_| {
            wrong(
                &path,
                "进度文件已损坏，请从备份恢复",
                "this file tells how far the extracts were taken and is damaged; restore it from a backup",
            )
        })
    }

    pub(super) fn write(&self, files: &dyn Files, folder: &Path) -> Result<(), TableFault> {
        let path = folder.join(NAME);
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        files.replace(&path, &bytes).and_then(|()| files.sync_fs(folder)).map_err(fault)
    }

    /// Takes ids, and counts on from the first line that is not taken.
    pub(super) fn take(&mut self, ids: &[i64]) {
        let fresh: Vec<i64> = ids.iter().copied().filter(|id| !self.has(*id)).collect();
        self.beyond.extend(fresh);
        while self.lines < u32::MAX && self.beyond.remove(&id_of(self.file + 1, self.lines + 1)) {
            self.lines += 1;
        }
    }

    /// Goes on to the next extract, of which nothing is taken but what stands beyond.
    pub(super) fn next_file(&mut self) {
        self.file += 1;
        self.moving.insert(self.file);
        self.lines = 0;
        self.take(&[]);
    }

    /// Tells whether an entry is taken.
    pub(super) fn has(&self, id: i64) -> bool {
        id <= id_of(self.file + 1, self.lines) || self.beyond.contains(&id)
    }
}

/// Gives the id of a line, from 1, of an extract.
pub(super) fn id_of(file: u32, line: u32) -> i64 {
    (i64::from(file) << 31) | i64::from(line & 0x7fff_ffff)
}
