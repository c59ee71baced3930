//! What the peer says of this station's packet log, held against the log itself.
//!
//! Given: the head that a verified packet echoes. Gives: whether this log ever had it. After a crash: what was compared is compared again. Never: a
//! doubt taken for a contradiction: a head that no checkpoint here tells of says nothing.

use super::restored::RestoredHere;
use crate::engine::Engine;
use crate::error::EngineFault;
use dukou_packets::packet::header::LogHead;

impl Engine {
    /// Tells whether a peer speaks of lines that are not in this log: it goes on from an older copy.
    pub(crate) fn speaks_of_lost_lines(&mut self, echo: LogHead) -> Result<bool, EngineFault> {
        let head = self.log.head();
        let settled = self.state.fact::<RestoredHere>()?.tolerated.max(self.echo_compared);
        if echo.size == 0 || echo.size <= settled {
            return Ok(false);
        }
        if echo.size > head.size {
            return Ok(true);
        }
        let own = if echo.size == head.size { Some(head.root) } else { self.log.root_vouched_at(echo.size)? };
        if own.is_some_and(|root| root != echo.root) {
            return Ok(true);
        }
        self.echo_compared = echo.size;
        Ok(false)
    }
}
