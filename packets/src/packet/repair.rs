//! A repair packet's payload: which packets a group has, and one shard of parity over them (FORMAT.md section 9).
//!
//! Given: a payload in the clear whose digest was checked. Gives: the group's table and where the shard lies. Never: an allocation for a count
//! that was not checked, a group whose parity would not fit into memory.

use crate::limits::{REPAIR_BYTES_MAX, REPAIR_DATA_MAX, REPAIR_PARITY_MAX, SEALED_MAX, SHARD_MAX, SHARD_STEP};
use crate::suite::{Digest, sha256};
use std::collections::HashSet;

/// The version of the payload written here.
pub const PARITY_VERSION: u16 = 1;
/// Bytes before the members: version, counts, index, shard length.
const FIXED: usize = 12;
/// Bytes of a member: header digest and length.
const MEMBER: usize = 40;

/// A packet that a group covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its header digest.
    pub header: Digest,
    /// The length of its file in bytes.
    pub bytes: u64,
}

/// What a repair packet says before its shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParityTable {
    /// The packets of the group, in the order of the code; 1 … 128.
    pub members: Vec<Member>,
    /// How many repair packets the group has; 1 … 64.
    pub parity: u16,
    /// Which of them this is, from 0.
    pub index: u16,
}

/// Why a repair packet is of no use: it is ignored and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParityFault {
    /// The version is not known.
    #[error("repair payload version {0} is not known")]
    Version(u16),
    /// It ends before the field does, or bytes are left over.
    #[error("the repair payload is not as long as its counts say")]
    Length,
    /// A value is outside its range.
    #[error("{0} of the repair payload is outside its range")]
    Range(&'static str),
}

/// Gives the length of the shards of a group whose longest packet has `longest` bytes.
pub fn shard_bytes(longest: u64) -> u64 {
    longest.next_multiple_of(SHARD_STEP)
}

/// Tells whether a packet of `bytes` may be in a group that gets `parity` repair packets.
pub fn is_coverable(bytes: u64, parity: u16) -> bool {
    let shard = shard_bytes(bytes);
    bytes > 0 && shard <= SHARD_MAX && shard.saturating_mul(u64::from(parity)) <= REPAIR_BYTES_MAX
}

impl ParityTable {
    /// Gives the length of the group's shards: its longest packet's, rounded up to 64 bytes.
    pub fn shard_bytes(&self) -> u64 {
        shard_bytes(self.members.iter().map(|member| member.bytes).max().unwrap_or(0))
    }

    /// Gives the identity of the group, alike in all its repair packets.
    pub fn group(&self) -> Digest {
        sha256(&[&Self { index: 0, ..self.clone() }.render()])
    }

    /// Gives the bytes before the shard.
    pub fn render(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(FIXED + MEMBER * self.members.len());
        for number in [PARITY_VERSION, self.members.len() as u16, self.parity, self.index] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&(self.shard_bytes() as u32).to_le_bytes());
        for member in &self.members {
            out.extend_from_slice(member.header.as_bytes());
            out.extend_from_slice(&member.bytes.to_le_bytes());
        }
        out
    }

    /// Reads the table from the front of a payload that is `payload_len` bytes long; `front` may be the whole payload or less. Gives the table
    /// and where the shard begins.
    ///
    /// # Errors
    /// [`ParityFault`]: the repair packet is of no use.
    pub fn parse(front: &[u8], payload_len: u64) -> Result<(Self, usize), ParityFault> {
        let (fixed, rest) = front.split_first_chunk::<FIXED>().ok_or(ParityFault::Length)?;
        let [v0, v1, n0, n1, m0, m1, i0, i1, shard @ ..] = *fixed;
        let [version, data, parity, index] = [[v0, v1], [n0, n1], [m0, m1], [i0, i1]].map(u16::from_le_bytes);
        let shard = u64::from(u32::from_le_bytes(shard));
        if version != PARITY_VERSION {
            return Err(ParityFault::Version(version));
        }
        require((1..=REPAIR_DATA_MAX).contains(&data), "the number of data members")?;
        require((1..=REPAIR_PARITY_MAX).contains(&parity), "the number of parity members")?;
        require(index < parity, "the parity index")?;
        require(shard <= SHARD_MAX && shard * u64::from(parity) <= REPAIR_BYTES_MAX, "the shard length")?;
        let begin = FIXED + MEMBER * usize::from(data);
        if payload_len != begin as u64 + shard {
            return Err(ParityFault::Length);
        }
        let table = rest.get(..MEMBER * usize::from(data)).ok_or(ParityFault::Length)?;
        let members: Vec<Member> = table.chunks_exact(MEMBER).map(member).collect::<Option<_>>().ok_or(ParityFault::Length)?;
        require(members.iter().all(|member| (1..=SEALED_MAX).contains(&member.bytes)), "the length of a member")?;
        let different: HashSet<&Digest> = members.iter().map(|member| &member.header).collect();
        require(different.len() == members.len(), "the list of members")?;
        let table = Self { members, parity, index };
        require(table.shard_bytes() == shard, "the shard length")?;
        Ok((table, begin))
    }
}

fn member(bytes: &[u8]) -> Option<Member> {
    let (header, length) = bytes.split_first_chunk::<32>()?;
    Some(Member { header: Digest::from_bytes(*header), bytes: u64::from_le_bytes(length.try_into().ok()?) })
}

fn require(holds: bool, what: &'static str) -> Result<(), ParityFault> {
    if holds { Ok(()) } else { Err(ParityFault::Range(what)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> ParityTable {
        let member = |n: u8| Member { header: Digest::from_bytes([n; 32]), bytes: 1000 + u64::from(n) };
        ParityTable { members: vec![member(1), member(2), member(3)], parity: 2, index: 1 }
    }

    #[test]
    fn a_table_is_read_as_it_was_written_from_its_front_alone() {
        let (table, front) = (table(), table().render());
        let len = front.len() as u64 + 1024;
        assert_eq!(ParityTable::parse(&front, len), Ok((table, front.len())));
        assert_eq!(ParityTable::parse(&front, len + 1), Err(ParityFault::Length));
        assert_eq!(ParityTable::parse(&front[..front.len() - 1], len), Err(ParityFault::Length));
    }

    #[test]
    fn the_repair_packets_of_a_group_share_its_identity_and_of_no_other() {
        let first = ParityTable { index: 0, ..table() };
        assert_eq!(table().group(), first.group());
        assert_ne!(table().group(), ParityTable { parity: 3, ..table() }.group());
    }

    #[test]
    fn what_would_not_fit_into_memory_is_not_covered() {
        assert!(is_coverable(SHARD_MAX, 2));
        assert!(!is_coverable(SHARD_MAX + 1, 1));
        assert!(!is_coverable(SHARD_MAX, 3));
        assert!(is_coverable(1 << 20, 64));
        assert!(!is_coverable((1 << 20) + 1, 64));
        assert!(!is_coverable(0, 1));
    }
}
