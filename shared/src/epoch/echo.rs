//! What the peer says of this station's packet log, held against the log itself.
//!
//! Given: the head that a verified packet echoes. Gives: whether this log ever had it. After a crash: what was compared is compared again. Never: a
//! doubt taken for a contradiction: a head whose lines are not here any more says nothing.

use super::restored::RestoredHere;
use crate::engine::Engine;
use crate::error::EngineFault;
use crate::store::Change;
use dukou_packets::packet::header::{Header, LogHead};

/// Most heads that are remembered as compared.
const COMPARED_MAX: usize = 65_536;

impl Engine {
    /// Tells whether a peer speaks of lines that are not in this log: it goes on from an older copy.
    pub(crate) fn speaks_of_lost_lines(&mut self, echo: LogHead) -> Result<bool, EngineFault> {
        let head = self.log.head();
        if echo.size <= self.state.fact::<RestoredHere>()?.settled() || self.echoes_compared.contains(&echo) {
            return Ok(false);
        }
        if echo.size > head.size {
            return Ok(true);
        }
        let own = if echo.size == head.size { Some(head.root) } else { self.log.root_at(echo.size)? };
        if own.is_some_and(|root| root != echo.root) {
            return Ok(true);
        }
        if self.echoes_compared.len() >= COMPARED_MAX {
            self.echoes_compared.clear();
        }
        self.echoes_compared.insert(echo);
        Ok(false)
    }

    /// Takes note of a packet that the peer sealed after it had heard of this copy: no packet from there on was delivered before.
    pub(super) fn note_heard(&mut self, header: &Header) -> Result<(), EngineFault> {
        let (here, echo) = (self.state.fact::<RestoredHere>()?, header.peer_log);
        let tells = here.may_come_again(header.number) && here.is_beyond(echo) && echo.size <= self.log.head().size;
        if !tells || self.echo_of_lost == Some(echo) {
            return Ok(());
        }
        let own = if echo == self.log.head() { Some(echo.root) } else { self.log.root_at(echo.size)? };
        if own == Some(echo.root) {
            return self.commit_store(vec![Change::fact(&here.heard_by(header.number))?]);
        }
        self.echo_of_lost = Some(echo);
        Ok(())
    }
}
