//! Packets for a former peer: taken back out of the ferry directory, and never placed again.
//!
//! Given: the decision that another peer takes the place of the old one, with its line and in the store. Gives: a ferry directory without own packets for
//! anybody else; the spool keeps them, to be sealed anew. After a crash: the fact says that it is still to be done. Never: a file removed that
//! this station did not sign.

use super::reading::head_of;
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::seams::{FerryDir, FileFault};
use crate::store::facts::Fact;
use crate::store::{Change, PacketRow, StoreFault};
use dukou_packets::suite::StationId;
use serde::{Deserialize, Serialize};

/// Files of one page of the ferry directory.
const PAGE: usize = 10_000;

/// What was sealed for peers before the one of today.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FormerPeers {
    /// Packets with numbers up to this one are for them. Counters of epochs would not tell: a channel that is set up later begins with the lowest one.
    up_to: u64,
    /// Some of these may lie in the ferry directory.
    take_back: bool,
}

impl Fact for FormerPeers {
    const NAME: &str = "former-peers";
}

impl FormerPeers {
    /// Gives the change with which the packets with numbers up to this one are those of former peers.
    pub(crate) fn until(up_to: u64) -> Result<Change, StoreFault> {
        Change::fact(&Self { up_to, take_back: true })
    }
}

impl Engine {
    /// Lets packets for a former peer wait for the ferry directory no more.
    pub(crate) fn without_former(&self, mut rows: Vec<PacketRow>) -> Result<Vec<PacketRow>, EngineFault> {
        let former = self.state.fact::<FormerPeers>()?;
        rows.retain(|row| row.number > former.up_to);
        Ok(rows)
    }

    /// Takes back what lies in the ferry directory for a former peer; while the directory is away, with every look again.
    pub(crate) fn take_back_when_due(&mut self, report: &mut PassReport) -> Result<(), EngineFault> {
        let former = self.state.fact::<FormerPeers>()?;
        let Some(peer) = self.trust.as_ref().map(|trust| trust.peer.body().station).filter(|_| former.take_back) else {
            return Ok(());
        };
        match self.take_back(peer) {
            Ok(files) => {
                tracing::info!(files, "packets for a former peer were taken back out of the ferry directory");
                self.way_out.count_anew();
                self.commit_store(vec![Change::fact(&FormerPeers { take_back: false, ..former })?])
            }
            Err(fault) => self.tolerate(fault, report),
        }
    }

    /// Removes own packets for anybody but this peer; gives how many.
    fn take_back(&self, peer: StationId) -> Result<u64, FileFault> {
        let ferry = self.seams.files.ferry_dir(&self.station.ferry_out())?;
        let (mut after, mut files) = (String::new(), 0);
        loop {
            let page = ferry.page(&|name| self.is_packet_file(name), &after, PAGE)?;
            for (name, _) in &page.entries {
                if self.is_own_for_another(ferry.as_ref(), name, peer)? && ferry.remove(name)? {
                    files += 1;
                }
            }
            match page.entries.last().filter(|_| page.more) {
                Some((last, _)) => after = last.clone(),
                None => break,
            }
        }
        if files > 0 {
            ferry.sync()?;
        }
        Ok(files)
    }

    fn is_own_for_another(&self, ferry: &dyn FerryDir, name: &str, peer: StationId) -> Result<bool, FileFault> {
        let head = ferry.open(name).and_then(|open| head_of(open.as_ref(), &self.keys.keyring));
        match head {
            Ok(Ok((_, head))) => Ok(head.header.addressee != peer),
            Ok(Err(_)) => Ok(false),
            Err(fault) if fault.is_gone() => Ok(false),
            Err(fault) => Err(fault),
        }
    }
}
