//! Retention: sealed packets leave the spool after so many days of accumulated running time.
//!
//! Given: the running time. Gives: a smaller spool; rows and log lines stay. After a crash: `check` names files that no row names. Never: a packet
//! removed because a clock jumped, or one that never left.

use crate::engine::Engine;
use crate::error::EngineFault;
use crate::store::{Change, Direction, PacketRow};

/// How often (running time) retention is looked at.
const EVERY_MS: u64 = 3_600_000;

/// Most packets one look removes; the next look goes on.
const AT_ONCE: usize = 1000;

const DAY_MS: u64 = 86_400_000;

impl Engine {
    /// Removes what is past its keeping time, once an hour of running time.
    pub(crate) fn prune_when_due(&mut self) -> Result<(), EngineFault> {
        let now_ms = self.state.run_ms;
        if self.pruned_run_ms.is_some_and(|last_ms| now_ms < last_ms + EVERY_MS) {
            return Ok(());
        }
        self.pruned_run_ms = Some(now_ms);
        let keep = self.station.config.keep.clone();
        self.prune(Direction::Out, now_ms.saturating_sub(u64::from(keep.sent_days) * DAY_MS))?;
        self.prune(Direction::In, now_ms.saturating_sub(u64::from(keep.applied_days) * DAY_MS))
    }

    /// The row forgets the file first: a row that names a file always finds it.
    fn prune(&mut self, direction: Direction, before_run_ms: u64) -> Result<(), EngineFault> {
        let rows = self.store().packets_older(direction, before_run_ms, AT_ONCE)?;
        if rows.is_empty() {
            return Ok(());
        }
        self.forget_status(direction, &rows)?;
        self.commit_store(rows.iter().map(|row| Change::Pruned(row.key.clone())).collect())?;
        for name in rows.iter().filter_map(|row| row.spool.as_deref()) {
            self.seams.files.remove(&self.spool_path(direction, name))?;
        }
        Ok(())
    }

    /// Status files of suppliers end with their packet.
    fn forget_status(&mut self, direction: Direction, rows: &[PacketRow]) -> Result<(), EngineFault> {
        for row in rows.iter().filter(|_| direction == Direction::Out) {
            let records = self.store().records(&row.key)?;
            let names: Vec<&str> = records.iter().map(|record| record.name.as_str()).collect();
            if let Some(outgoing) = self.outgoing.iter_mut().find(|outgoing| outgoing.channel.channel == row.key.channel) {
                outgoing.source.forget(&names)?;
            }
        }
        Ok(())
    }
}
