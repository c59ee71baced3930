//! What the packet log tells of a station that goes on from an older copy of its state.
//!
//! Given: the lines in their order. Gives: whether a person still has to decide, and what the peer knew of the lost lines. After a crash: read again. Never: a decision
//! that no line shows.

use super::{Found, RestoredHere};
use crate::epoch::RESTORED_HERE;
use crate::error::LogFault;
use crate::log::read_lines;
use crate::requests::renumbered::EPOCH_NEW;
use crate::seams::Files;
use dukou_packets::log::line::{Event, Line, leaf_hash};
use dukou_packets::log::tree::Tree;
use dukou_packets::suite::{Digest, StationId};
use std::collections::BTreeMap;
use std::path::Path;

/// What the lines told so far.
#[derive(Debug, Default)]
pub(crate) struct NoticedHere {
    peer: Option<StationId>,
    last: Option<Noticed>,
}

/// The last time that it was noticed.
#[derive(Debug)]
struct Noticed {
    found: Found,
    /// The number of the line that tells it.
    since: u64,
    incoming_waits: bool,
    sending_waits: bool,
    /// What the peer said of this log from there on: by size and root, the lowest number of its packets that said it.
    echoes: BTreeMap<u64, BTreeMap<Digest, u64>>,
}

impl NoticedHere {
    /// Takes the next line of the log of `own`.
    pub(crate) fn tell(&mut self, line: &Line, own: StationId) {
        match &line.event {
            Event::Restored { peer, run, number } if *peer == own => {
                let found = Found { run: *run, number: *number };
                let echoes = BTreeMap::new();
                self.last = Some(Noticed { found, since: line.n, incoming_waits: false, sending_waits: true, echoes });
            }
            // With another peer nothing of the old one is doubtful any more.
            Event::Trust { peer, .. } if self.peer.replace(*peer).is_some_and(|before| before != *peer) => self.last = None,
            event => {
                if let Some(last) = &mut self.last {
                    last.tell(event);
                }
            }
        }
    }

    /// Gives what the state has to know of it; `None` where the log tells of nothing, or the state knew it already. Reads the log's lines once more.
    ///
    /// # Errors
    /// As [`read_lines`].
    pub(crate) fn unknown_to(
        &self,
        known: &RestoredHere,
        files: &dyn Files,
        dir: &Path,
    ) -> Result<Option<RestoredHere>, LogFault> {
        let Some(last) = self.last.as_ref().filter(|last| known.since < last.since) else { return Ok(None) };
        let heard = last.first_heard(files, dir)?;
        let lost = last.echoes.iter().filter(|(_, roots)| roots.values().any(|number| *number < heard));
        let found = (last.incoming_waits || last.sending_waits).then_some(last.found);
        Ok(Some(RestoredHere {
            found,
            incoming_waits: last.incoming_waits,
            sending_waits: last.sending_waits,
            tolerated: lost.map(|(size, _)| *size).max().unwrap_or(0),
            again_below: heard,
            since: last.since,
        }))
    }
}

impl Noticed {
    fn tell(&mut self, event: &Event) {
        match event {
            Event::Hold { code, .. } if code == RESTORED_HERE => self.incoming_waits = true,
            Event::Released { code, .. } if code == RESTORED_HERE => self.incoming_waits = false,
            // Nothing is sealed before a person decided.
            Event::Packed { .. } => self.sending_waits = false,
            Event::Renumbered { code, .. } if code == EPOCH_NEW => self.sending_waits = false,
            Event::Seen { number, echo_size, echo_root, .. } | Event::Signal { number, echo_size, echo_root, .. } => {
                let lowest = self.echoes.entry(*echo_size).or_default().entry(*echo_root).or_insert(*number);
                *lowest = (*lowest).min(*number);
            }
            _ => {}
        }
    }

    /// Gives the number of the first packet that the peer sealed after it had heard of this copy: it names a head that no other copy had.
    fn first_heard(&self, files: &dyn Files, dir: &Path) -> Result<u64, LogFault> {
        let (mut tree, mut first) = (None, u64::MAX);
        read_lines(files, dir, &mut |line| {
            if let (None, Event::Segment { size, peaks, .. }) = (&tree, &line.event) {
                tree = Tree::from_peaks(*size, peaks);
            }
            let Some(tree) = &mut tree else { return };
            tree.push(leaf_hash(line.render().as_bytes()));
            let said = self.echoes.get(&tree.size()).filter(|_| tree.size() > self.since);
            if let Some(number) = said.and_then(|roots| roots.get(&tree.root())) {
                first = first.min(*number);
            }
        })?;
        Ok(first)
    }
}
