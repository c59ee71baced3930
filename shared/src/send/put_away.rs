//! Putting away: the source files of packets that exist.
//!
//! Given: disposals, with the packet they belong to. Gives: files out of the suppliers' sight and, when all of a packet's are and that is durable,
//! a change that rides with the next transaction. After a crash: the store names the packets whose files may still be there; start puts them
//! away again. Never: a file whose packet exists offered to the collecting a second time, and never a station that stops because one file
//! cannot be put away: it waits, is named as a trouble, and is tried again at every look.

use crate::connectors::{Disposal, Except};
use crate::engine::{Engine, PassReport};
use crate::error::{EngineFault, Policy};
use crate::store::{Change, PacketKey};
use std::collections::{BTreeMap, VecDeque};

/// Most files that wait for being put away before a channel takes no more on.
const WAITING_MAX: usize = 50_000;

/// Most files that are tried in vain at one go; the others have their turn at the next.
const FAULTS_MAX: usize = 256;

/// What of a channel is still to be put away.
#[derive(Default)]
pub(crate) struct PuttingAway {
    /// Files with their packet; a repeat has none.
    waiting: VecDeque<(Option<PacketKey>, Disposal)>,
    /// How many files of a packet wait.
    left: BTreeMap<PacketKey, usize>,
    /// Packets all of whose files are put away, which is not durable yet.
    away: Vec<PacketKey>,
    /// Whether this look has told of a trouble already.
    told: bool,
}

impl PuttingAway {
    /// Takes on the files of a packet, or repeats.
    pub(crate) fn take_on(&mut self, packet: Option<PacketKey>, disposals: Vec<Disposal>) {
        if let Some(packet) = packet.as_ref().filter(|_| !disposals.is_empty()) {
            *self.left.entry(packet.clone()).or_default() += disposals.len();
        }
        self.waiting.extend(disposals.into_iter().map(|disposal| (packet.clone(), disposal)));
    }

    /// Begins a look, which may tell of one trouble.
    pub(crate) fn begin_look(&mut self) {
        self.told = false;
    }

    /// True when so much waits that the channel takes no more on.
    pub(crate) fn is_full(&self) -> bool {
        self.waiting.len() >= WAITING_MAX
    }

    /// Gives the files that a look leaves out.
    pub(crate) fn except(&self) -> Except {
        self.waiting.iter().map(|(_, disposal)| (disposal.path.clone(), disposal.stamp)).collect()
    }

    fn is_away(&mut self, packet: PacketKey) {
        let left = self.left.entry(packet.clone()).or_default();
        *left = left.saturating_sub(1);
        if *left == 0 {
            self.left.remove(&packet);
            self.away.push(packet);
        }
    }
}

impl Engine {
    /// Tries every file that waits, once.
    pub(crate) fn put_away(&mut self, at: usize, report: &mut PassReport) -> Result<(), EngineFault> {
        let outgoing = &mut self.outgoing[at];
        let (mut first, mut faults) = (None, 0);
        for _ in 0..outgoing.away.waiting.len() {
            let Some((packet, disposal)) = outgoing.away.waiting.pop_front() else { break };
            match outgoing.source.put_away(&disposal).map_err(EngineFault::from) {
                Ok(()) => packet.into_iter().for_each(|packet| outgoing.away.is_away(packet)),
                Err(fault) if fault.policy() == Policy::Retry => {
                    outgoing.away.waiting.push_back((packet, Disposal { tried: true, ..disposal }));
                    first.get_or_insert(fault);
                    faults += 1;
                }
                Err(fault) => return Err(fault),
            }
            if faults >= FAULTS_MAX {
                break;
            }
        }
        match first {
            Some(fault) if !std::mem::replace(&mut self.outgoing[at].away.told, true) => self.tolerate(fault, report),
            _ => Ok(()),
        }
    }

    /// Makes it durable that files were put away; that their packets need them no more rides with the next transaction.
    pub(crate) fn tidy(&mut self, at: usize, report: &mut PassReport) -> Result<(), EngineFault> {
        if let Err(fault) = self.outgoing[at].source.tidy() {
            return self.tolerate(fault, report);
        }
        for packet in std::mem::take(&mut self.outgoing[at].away.away) {
            self.ride(Change::SourcesAway(packet));
        }
        Ok(())
    }
}
