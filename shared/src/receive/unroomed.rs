//! Rebuilt packets for which their channel's share of the spool has no room.
//!
//! Given: what the rebuilding of a group gave and the share did not take. Gives: the group's turn once there is room. After a crash: such groups are
//! rebuilt once, and stay outside again. Never: a group rebuilt with every look for a share that stays full; one of its packets called missing.

use super::pick_up::Picked;
use crate::engine::Engine;
use crate::error::EngineFault;
use crate::ferry::spool::SpoolRoom;
use dukou_packets::packet::header::{ChannelName, Epoch};
use dukou_packets::suite::Digest;
use std::collections::BTreeMap;

/// A rebuilt packet that found no room.
#[derive(Clone)]
pub(super) struct Roomless {
    channel: ChannelName,
    epoch: Epoch,
    seq: u64,
    bytes: u64,
}

/// Groups, and what of each found no room.
pub(super) type Unroomed = BTreeMap<Digest, Vec<Roomless>>;

impl Roomless {
    /// Describes a rebuilt packet.
    pub(super) fn of(channel: &ChannelName, picked: &Picked) -> Self {
        let header = &picked.head.header;
        Self { channel: channel.clone(), epoch: header.epoch, seq: header.seq, bytes: picked.head.expected_len() }
    }
}

impl Engine {
    /// Takes the files away of rebuilt packets that stay outside, and gives those packets.
    pub(super) fn forget_those_outside(&self, packets: Vec<(String, Roomless)>) -> Result<Vec<Roomless>, EngineFault> {
        let (dir, mut outside) = (self.rebuilt_dir(), Vec::new());
        for (name, packet) in packets {
            if self.is_outside(&packet.channel, packet.epoch, packet.seq) {
                self.seams.files.remove(&dir.join(name))?;
                outside.push(packet);
            }
        }
        Ok(outside)
    }

    /// What can be rebuilt once there is room lies outside like what waits in the ferry directory.
    pub(super) fn leave_unrebuilt_outside(&mut self) {
        for packet in self.without_room().into_values().flatten() {
            self.leave_outside(&packet.channel, packet.epoch, packet.seq);
        }
    }

    /// Gives the groups their turn of which a packet would be taken in now.
    pub(super) fn call_where_room_came(&mut self) -> Result<(), EngineFault> {
        let mut rooms: BTreeMap<ChannelName, SpoolRoom> = BTreeMap::new();
        for (id, packets) in self.without_room() {
            for packet in &packets {
                let room = match rooms.get(&packet.channel) {
                    Some(room) => *room,
                    None => self.spool_room(&packet.channel)?,
                };
                rooms.insert(packet.channel.clone(), room);
                if self.is_due(packet) || { room }.take(packet.bytes) {
                    self.call_up(id);
                    // Taking in says anew which of them stay outside.
                    packets.iter().for_each(|packet| self.let_in(&packet.channel, packet.epoch, packet.seq));
                    break;
                }
            }
        }
        Ok(())
    }

    /// True for a packet that is applied at once, or evidence: neither takes of its channel's share.
    fn is_due(&self, packet: &Roomless) -> bool {
        let is_next = self.next_place(&packet.channel).is_open_in(packet.epoch);
        let head = self.in_head(&packet.channel).filter(|head| head.epoch == packet.epoch);
        head.is_some_and(|head| packet.seq <= head.seq || (is_next && packet.seq == head.seq + 1))
    }
}
