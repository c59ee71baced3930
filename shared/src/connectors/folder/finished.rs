//! Which files of a source folder are finished.
//!
//! Given: the files of one look after the other, and hints. Gives: whether each may be taken now, else when to look again. After a crash: all
//! is learned anew; a file that rested before the start counts as finished at once. Never: a file judged by its modification time, which
//! its writer may set to anything (`cp -p`, `rsync -a`, `tar x`).

use crate::connectors::Candidate;
use crate::seams::FileStat;
use crate::seams::clock::Clock;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most hints that are remembered; files beyond are finished by settling.
const HINTS_MAX: usize = 200_000;

/// Most unfinished files that are remembered from look to look; the others are finished by their change time, or have their turn when these are.
const YOUNG_MAX: usize = 100_000;

/// How far wall clock and running time may drift apart between two looks before ages by the wall clock are doubted.
const DRIFT_MS: i64 = 1000;

/// Files of one look that are not finished: metadata, and since when (monotonic ms) it is unchanged.
pub(super) type Young = HashMap<PathBuf, (FileStat, u64)>;

/// What is known of the files of one folder between looks.
pub(super) struct Finished {
    clock: Arc<dyn Clock>,
    settle_ms: u64,
    /// Files that were renamed in or closed after writing since the last look.
    hinted: HashSet<PathBuf>,
    young: Young,
    /// Wall clock and running time (ms) at the last look.
    last: Option<(i64, u64)>,
    /// Running time (ms) until which ages by the wall clock are doubted, because it jumped.
    doubt_until_ms: u64,
}

impl Finished {
    pub(super) fn new(clock: Arc<dyn Clock>, settle_seconds: u64) -> Self {
        let settle_ms = settle_seconds.saturating_mul(1000);
        Self { clock, settle_ms, hinted: HashSet::new(), young: Young::new(), last: None, doubt_until_ms: 0 }
    }

    /// Hears that a file was renamed in or closed after writing.
    pub(super) fn hint(&mut self, path: &Path) {
        if self.hinted.len() < HINTS_MAX {
            self.hinted.insert(path.to_path_buf());
        }
    }

    /// Begins a look. A wall clock that jumped since the last one makes files look older than they are: for `settle` only running time counts.
    pub(super) fn begin_look(&mut self) {
        let (wall_ms, mono_ms) = (self.clock.wall_ms(), self.clock.mono_ms());
        if let Some((wall_then, mono_then)) = self.last {
            let ran_ms = i64::try_from(mono_ms.saturating_sub(mono_then)).unwrap_or(i64::MAX);
            if wall_ms.saturating_sub(wall_then).saturating_sub(ran_ms) > DRIFT_MS {
                self.doubt_until_ms = mono_ms.saturating_add(self.settle_ms);
            }
        }
        self.last = Some((wall_ms, mono_ms));
    }

    /// A file is finished when it was renamed in or closed, when the kernel says that nothing changed it for `settle`, or when it was seen
    /// unchanged for `settle` of running time. Gives the running time (ms) at which an unfinished one may be.
    pub(super) fn due(&self, candidate: &Candidate, young: &mut Young) -> Option<u64> {
        let settle_ms = i64::try_from(self.settle_ms).unwrap_or(i64::MAX);
        let (wall_ms, now_ms) = self.last.unwrap_or_default();
        let rested = wall_ms.saturating_sub(candidate.stat.ctime_ns / 1_000_000) >= settle_ms && now_ms >= self.doubt_until_ms;
        if rested || self.hinted.contains(&candidate.path) {
            return None;
        }
        let since_ms = match self.young.get(&candidate.path) {
            Some((stat, since_ms)) if *stat == candidate.stat => *since_ms,
            _ => now_ms,
        };
        let due_ms = since_ms.saturating_add(self.settle_ms);
        if now_ms >= due_ms {
            return None;
        }
        if young.len() < YOUNG_MAX {
            young.insert(candidate.path.clone(), (candidate.stat, since_ms));
        }
        Some(due_ms)
    }

    /// Ends a look. A hint is good for one look: whoever opens the file again has to close it again.
    pub(super) fn end_look(&mut self, young: Young) {
        self.young = young;
        self.hinted.clear();
    }
}
