//! Packets in a ferry directory, looked at from outside.

use std::fs;
use std::path::{Path, PathBuf};

use dukou_packets::packet::header::{Class, Header};
use dukou_packets::packet::open::read_unverified;

use super::tree;

/// A packet file with its header.
#[derive(Debug)]
pub struct PacketFile {
    /// Where it lies.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its header, not verified.
    pub header: Header,
}

impl PacketFile {
    /// Gives the length of everything before the payload.
    pub fn head_len(&self) -> usize {
        self.bytes.len() - self.header.payload_len as usize
    }
}

/// Gives the packets of a directory.
///
/// # Panics
/// Panics when a file there is no packet.
#[track_caller]
pub fn packets(dir: &Path) -> Vec<PacketFile> {
    let read = |name: String| {
        let path = dir.join(name);
        let bytes = fs::read(&path).unwrap();
        let (_, header) = read_unverified(&bytes).unwrap_or_else(|refusal| panic!("{}: {refusal}", path.display()));
        PacketFile { path, bytes, header }
    };
    tree::names(dir).into_iter().map(read).collect()
}

/// Gives the cargo packets of a channel by rising number.
#[track_caller]
pub fn cargo(dir: &Path, channel: &str) -> Vec<PacketFile> {
    let of_channel = |packet: &PacketFile| packet.header.channel.as_ref().is_some_and(|name| name.as_str() == channel);
    let mut found: Vec<PacketFile> = packets(dir).into_iter().filter(of_channel).collect();
    found.sort_by_key(|packet| packet.header.seq);
    found
}

/// Gives the signals of a directory.
#[track_caller]
pub fn signals(dir: &Path) -> Vec<PacketFile> {
    packets(dir).into_iter().filter(|packet| packet.header.class == Class::Signal).collect()
}

/// Changes one byte of a file.
///
/// # Panics
/// Panics when the file is shorter.
#[track_caller]
pub fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 0x40;
    fs::write(path, bytes).unwrap();
}
