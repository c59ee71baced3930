//! What peers say of their own logs: each only grows, and one that goes on from an older copy has another log from there on (LOG.md section 6, 7).

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::coverage::At;
use super::report::{FaultCode, Faults};
use crate::packet::header::LogHead;
use crate::suite::StationId;

/// The hold of a channel whose sender goes on from an older copy; who releases it lets the sender go on as it is.
const RESTORED: &str = "restored";

/// The peer's word about its own log.
#[derive(Debug)]
struct PeerHead {
    peer: StationId,
    /// How often the peer had gone on from an older copy of its state.
    history: u32,
    number: u64,
    head: LogHead,
    file: Rc<str>,
    line: u64,
}

/// How often a station went on from an older copy of its state, and how often a person let it go on as it is.
#[derive(Debug, Default)]
struct Copies {
    restored: u32,
    released: usize,
    /// Nobody decided about the last time yet.
    undecided: bool,
}

/// The heads of the peers' logs that the lines name.
#[derive(Debug, Default)]
pub(super) struct PeerHeads {
    heads: Vec<PeerHead>,
    copies: BTreeMap<StationId, Copies>,
    /// How many logs the heads of a history may be of, where it is more than one.
    logs: BTreeMap<(StationId, u32), usize>,
}

impl PeerHeads {
    /// Tells whether a station went on from an older copy of its state, as far as the lines were read.
    pub(super) fn is_restored(&self, station: StationId) -> bool {
        self.copies.contains_key(&station)
    }

    pub(super) fn add(&mut self, peer: StationId, number: u64, head: LogHead, at: &At<'_>) {
        let history = self.copies.get(&peer).map_or(0, |copies| copies.restored);
        self.heads.push(PeerHead { peer, history, number, head, file: Rc::clone(at.file), line: at.line });
    }

    pub(super) fn restored(&mut self, station: StationId) {
        let copies = self.copies.entry(station).or_default();
        copies.restored = copies.restored.saturating_add(1);
        copies.undecided = true;
        self.logs.insert((station, copies.restored), 1 + copies.released);
    }

    /// Takes a person's decision: several channels are released one by one, and that is one decision.
    pub(super) fn released(&mut self, code: &str) {
        for (station, copies) in self.copies.iter_mut().filter(|(_, copies)| code == RESTORED && copies.undecided) {
            copies.undecided = false;
            copies.released += 1;
            self.logs.insert((*station, copies.restored), 1 + copies.released);
        }
    }

    /// Checks what only the whole log can show. Packets of several channels arrive in any order, so heads are compared in the order of their numbers.
    pub(super) fn check(mut self, faults: &mut Faults) {
        self.heads.sort_by_key(|head| (head.peer, head.history, head.number, head.head.size, head.line));
        for heads in self.heads.chunk_by(|a, b| (a.peer, a.history) == (b.peer, b.history)) {
            let logs = heads.first().and_then(|head| self.logs.get(&(head.peer, head.history))).map_or(1, |logs| *logs);
            check_falls(heads, logs, faults);
            check_roots(heads, logs, faults);
        }
    }
}

/// As many logs as there are may each be shorter than the one before; one more that falls is none of them.
fn check_falls(heads: &[PeerHead], logs: usize, faults: &mut Faults) {
    // The largest size that ends a fall over so many heads; it gets smaller the more they are.
    let mut ends = vec![0; logs];
    for head in heads {
        let size = head.head.size;
        let falls = ends.iter().take_while(|end| **end > size).count();
        match ends.get_mut(falls) {
            Some(end) => *end = size,
            None => {
                let before = ends.last().copied().unwrap_or(0);
                faults.add(FaultCode::PeerFalls, &head.file, head.line, format!("{} {before} {size}", head.peer));
            }
        }
    }
}

fn check_roots(heads: &[PeerHead], logs: usize, faults: &mut Faults) {
    let mut roots: BTreeMap<u64, BTreeSet<_>> = BTreeMap::new();
    for head in heads.iter().filter(|head| head.head.size > 0) {
        let (size, known) = (head.head.size, roots.entry(head.head.size).or_default());
        if !known.contains(&head.head.root) && known.len() >= logs {
            faults.add(FaultCode::PeerTwoRoots, &head.file, head.line, format!("{} {size} {size}", head.peer));
            continue;
        }
        known.insert(head.head.root);
    }
}
