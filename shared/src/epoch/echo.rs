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

    /// Takes note of what the packets of a look tell of this copy, where this station was ever restored. A packet that the peer sealed after it had heard of this copy was
    /// not delivered before, nor any later one; unless one among these does not know this copy: then the peer goes on from an older copy, too.
    pub(super) fn note_heard(&mut self, headers: &[&Header]) -> Result<(), EngineFault> {
        let known = self.state.fact::<RestoredHere>()?;
        if !known.is_remembered() {
            return Ok(());
        }
        let mut here = known.clone();
        for header in headers {
            here = match self.knows_this_copy(&known, header.peer_log)? {
                true => here.heard_by(header.number),
                false => here.unheard_by(header.number),
            };
        }
        if here != known {
            self.commit_store(vec![Change::fact(&here)?])?;
        }
        Ok(())
    }

    /// True for a head that no other copy of this log had. Heads whose lines are not here any more are taken for such: they say nothing.
    fn knows_this_copy(&mut self, here: &RestoredHere, echo: LogHead) -> Result<bool, EngineFault> {
        let head = self.log.head();
        if !here.is_beyond(echo) || echo.size > head.size {
            return Ok(false);
        }
        if echo == head || self.echoes_compared.contains(&echo) {
            return Ok(true);
        }
        if self.echo_of_lost == Some(echo) {
            return Ok(false);
        }
        let fits = self.log.root_at(echo.size)?.is_none_or(|root| root == echo.root);
        match fits {
            true => drop(self.echoes_compared.insert(echo)),
            false => self.echo_of_lost = Some(echo),
        }
        Ok(fits)
    }
}
