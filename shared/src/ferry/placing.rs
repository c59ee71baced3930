//! Placing one packet in the ferry directory, in the form and under a name that the device carries.
//!
//! Given: a packet's bytes. Gives: a file under a fresh name. After a crash: it is there whole or not at all, and its entry may not last until the
//! directory is synced. Never: a file that the device profile cannot carry.

use super::fault::FerryFault;
use super::quota::Obstacle;
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::seams::FerryDir;
use crate::store::{PacketRow, PacketState};
use dukou_packets::packet::armor::{Form, armor};
use dukou_packets::packet::name::{file_name_as, is_packet_name_as};
use dukou_packets::packet::signal::ChannelHead;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

impl Engine {
    /// Tells whether a file of this name may be a packet on this link.
    pub(crate) fn is_packet_file(&self, name: &str) -> bool {
        is_packet_name_as(name.as_bytes(), self.station.config.link.device.extension())
    }

    /// Places one packet, of any class, whose bytes stand in `parts`; its directory entry is not synced. Gives its name.
    ///
    /// # Errors
    /// [`EngineFault::Ferry`] when the profile cannot carry it or the quota is used up, else what the file system says; nothing was placed.
    pub(crate) fn place_file(&mut self, ferry: &dyn FerryDir, priority: u8, parts: &[&[u8]]) -> Result<String, EngineFault> {
        let link = self.link_out();
        let device = &self.station.config.link.device;
        let name = file_name_as(priority, link, device.extension(), self.seams.random.as_ref());
        let len: u64 = parts.iter().map(|part| part.len() as u64).sum();
        let (form, bytes) = (device.form(), device.form().file_len(len));
        let device_leaves = device.presumed_after_ms().is_some() && !device.config().deletes_source;
        device.check_file(&name, bytes).map_err(FerryFault::from)?;
        self.take_room(ferry, priority == 0, bytes)?;
        match form {
            Form::Binary => ferry.place(&name, parts)?,
            Form::Armored(_) => ferry.place(&name, &[&armor(parts)])?,
        }
        if device_leaves {
            self.way_out.since.note(&name, self.running_ms());
        }
        Ok(name)
    }

    /// Places the packets that wait for the ferry directory, urgent channels first and each channel in its order. What the profile cannot carry
    /// holds up its channel alone, the quota what is not urgent, the directory itself everything.
    pub(crate) fn place_waiting(&mut self, report: &mut PassReport) -> Result<(), EngineFault> {
        if self.peer_changes()? {
            return Ok(());
        }
        self.way_out.begin_look();
        let mut waiting: Vec<PacketRow> = std::mem::take(&mut self.unplaced).into();
        waiting.sort_by_key(|row| self.priority_of(row));
        let (mut left, mut stuck) = (VecDeque::new(), BTreeSet::new());
        for row in waiting {
            let blocked = match self.way_out.obstacle {
                Obstacle::None => stuck.contains(&row.key.channel),
                Obstacle::Full => self.priority_of(&row) > 0 || stuck.contains(&row.key.channel),
                Obstacle::Closed => true,
            };
            if blocked {
                left.push_back(row);
                continue;
            }
            match self.place_again(&row) {
                Ok(()) => {
                    report.packets_out += 1;
                    self.cover(std::iter::once(&row))?;
                }
                Err(fault) => {
                    self.tolerate(fault, report)?;
                    stuck.insert(row.key.channel.clone());
                    left.push_back(row);
                }
            }
        }
        self.unplaced = left;
        Ok(())
    }

    /// Remembers what stood in the way of a packet.
    pub(crate) fn note_obstacle(&mut self, fault: &EngineFault) {
        self.way_out.obstacle = match fault {
            EngineFault::Ferry(FerryFault::Profile { .. }) => return,
            EngineFault::Ferry(FerryFault::Full { .. }) => Obstacle::Full,
            _ => Obstacle::Closed,
        };
    }

    /// Tells whether a signal may go: not while the ferry directory itself is away.
    pub(crate) fn may_signal(&self) -> bool {
        self.unplaced.is_empty() || self.way_out.obstacle != Obstacle::Closed
    }

    /// Gives the heads of the own channels as far as their packets left: what still waits here must not look missing there.
    pub(crate) fn heads_that_left(&self) -> Vec<ChannelHead> {
        let mut waiting: BTreeMap<_, &PacketRow> = BTreeMap::new();
        for row in self.unplaced.iter().filter(|row| row.state == PacketState::Packed) {
            let first = waiting.entry(&row.key.channel).or_insert(row);
            if row.number < first.number {
                *first = row;
            }
        }
        let heads = self.state.out_heads.iter().map(|(channel, head)| {
            let (seq, header) = match waiting.get(channel).filter(|row| row.key.epoch == head.epoch) {
                Some(first) => (first.key.seq - 1, first.prev),
                None => (head.seq, head.header),
            };
            ChannelHead { channel: channel.clone(), epoch: head.epoch, seq, header }
        });
        heads.filter(|head| head.seq > 0).collect()
    }
}
