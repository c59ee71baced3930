//! Who drops files into a station's source folders, and what should become of them.

use super::station::{SimStation, name};
use dukou_packets::packet::header::ChannelName;
use dukou_packets::suite::{Digest, sha256};
use dukou_rehearsal::random::Random;
use std::collections::HashMap;

/// What should become of a dropped file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It arrives once.
    Arrives,
    /// It is refused and lies in `rejected/`.
    Refused,
    /// It is a repeat and lies in `duplicates/`.
    HeldBack,
}

/// A file that was dropped.
#[derive(Clone, Debug)]
pub struct Dropped {
    /// Its channel.
    pub channel: ChannelName,
    /// Its name below the source folder.
    pub name: String,
    /// Digest of its bytes; no two dropped files that should arrive share one.
    pub digest: Digest,
    /// What should become of it.
    pub fate: Fate,
}

/// The suppliers of one station.
pub struct Supplier {
    /// All that was dropped, in order.
    pub dropped: Vec<Dropped>,
    /// The newest bytes under each name.
    bodies: HashMap<(ChannelName, String), Vec<u8>>,
    dice: Random,
    count: u64,
}

impl Supplier {
    /// Makes suppliers whose files follow from `seed`.
    pub fn new(seed: u64) -> Self {
        Self { dropped: Vec::new(), bodies: HashMap::new(), dice: Random::new(seed), count: 0 }
    }

    /// Drops a file; the clock moves so that each is younger than the one before.
    pub fn drop_as(&mut self, at: &SimStation, channel: &str, file: &str, bytes: &[u8], fate: Fate) {
        let channel = name(channel);
        at.clock.advance(5);
        at.files.put(at.source(&channel).join(file), bytes);
        self.bodies.insert((channel.clone(), file.to_string()), bytes.to_vec());
        self.dropped.push(Dropped { channel, name: file.to_string(), digest: sha256(&[bytes]), fate });
    }

    /// Gives the newest bytes that were dropped under a name.
    pub fn body(&self, channel: &ChannelName, file: &str) -> Vec<u8> {
        self.bodies.get(&(channel.clone(), file.to_string())).cloned().unwrap_or_default()
    }

    /// Gives bytes that no other file has.
    pub fn fresh(&mut self, len: usize) -> Vec<u8> {
        self.count += 1;
        let mut bytes = format!("{:08} ", self.count).into_bytes();
        let mut rest = vec![0; len.saturating_sub(bytes.len())];
        self.dice.fill(&mut rest);
        bytes.extend_from_slice(&rest);
        bytes
    }

    /// Gives a small XML document that no other file has.
    pub fn fresh_xml(&mut self) -> Vec<u8> {
        self.count += 1;
        let number = self.count;
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<报文><业务号>{number}</业务号></报文>\n").into_bytes()
    }

    /// Drops a file that should arrive, of some random length.
    pub fn drop_file(&mut self, at: &SimStation, channel: &str, file: &str) {
        let len = 10 + self.dice.below(200) as usize;
        let bytes = self.fresh(len);
        self.drop_as(at, channel, file, &bytes, Fate::Arrives);
    }

    /// Drops a well-formed XML file that should arrive.
    pub fn drop_xml(&mut self, at: &SimStation, channel: &str, file: &str) {
        let bytes = self.fresh_xml();
        self.drop_as(at, channel, file, &bytes, Fate::Arrives);
    }

    /// Drops an XML file that ends in the middle.
    pub fn drop_bad_xml(&mut self, at: &SimStation, channel: &str, file: &str) {
        let mut bytes = self.fresh_xml();
        bytes.truncate(bytes.len() - 8);
        self.drop_as(at, channel, file, &bytes, Fate::Refused);
    }

    /// Drops the newest file of this name once more, byte for byte: a repeat that should be held back.
    pub fn drop_repeat(&mut self, at: &SimStation, channel: &str, file: &str) {
        if let Some(bytes) = self.bodies.get(&(name(channel), file.to_string())).cloned() {
            self.drop_as(at, channel, file, &bytes, Fate::HeldBack);
        }
    }
}
