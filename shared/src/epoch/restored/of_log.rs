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
use std::collections::{BTreeMap, BTreeSet};
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
    /// What the peer said of this log from there on: by size and root, the lowest and the highest number of its packets that said it.
    echoes: BTreeMap<u64, BTreeMap<Digest, (u64, u64)>>,
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
        let heard = last.heard(files, dir)?;
        let of_others = last.heads().filter(|(head, _)| !heard.contains(head));
        let (mut tolerated, mut apart_up_to) = (0, 0);
        for ((size, _), (_, highest)) in of_others {
            (tolerated, apart_up_to) = (size.max(tolerated), highest.max(apart_up_to));
        }
        let by_this = last.heads().filter(|(head, _)| heard.contains(head)).map(|(_, (lowest, _))| lowest);
        let found = (last.incoming_waits || last.sending_waits).then_some(last.found);
        Ok(Some(RestoredHere {
            found,
            incoming_waits: last.incoming_waits,
            sending_waits: last.sending_waits,
            tolerated,
            again_below: by_this.min().unwrap_or(u64::MAX),
            apart_up_to,
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
                let said = self.echoes.entry(*echo_size).or_default().entry(*echo_root).or_insert((*number, *number));
                *said = (said.0.min(*number), said.1.max(*number));
            }
            _ => {}
        }
    }

    fn heads(&self) -> impl Iterator<Item = ((u64, Digest), (u64, u64))> {
        self.echoes.iter().flat_map(|(size, roots)| roots.iter().map(|(root, numbers)| ((*size, *root), *numbers)))
    }

    /// Gives the heads among them that no other copy of this log had.
    fn heard(&self, files: &dyn Files, dir: &Path) -> Result<BTreeSet<(u64, Digest)>, LogFault> {
        let (mut tree, mut heard) = (None, BTreeSet::new());
        read_lines(files, dir, &mut |line| {
            if let (None, Event::Segment { size, peaks, .. }) = (&tree, &line.event) {
                tree = Tree::from_peaks(*size, peaks);
            }
            let Some(tree) = &mut tree else { return };
            tree.push(leaf_hash(line.render().as_bytes()));
            let said = self.echoes.get(&tree.size()).filter(|_| tree.size() > self.since);
            if said.is_some_and(|roots| roots.contains_key(&tree.root())) {
                heard.insert((tree.size(), tree.root()));
            }
        })?;
        Ok(heard)
    }
}
