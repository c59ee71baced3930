//! The code of repair packets (FORMAT.md section 9): Reed–Solomon over GF(2¹⁶), column by column, so that memory does not grow with the packets.
//!
//! Given: a function that reads stripes of the members. Gives: shards of parity, or the members that are missing. Never: a whole group in memory:
//! beside what it gives there is one stripe of each member and the code's work space, 24 MiB together at most.

use dukou_packets::limits::SHARD_STEP;
use reed_solomon_simd::engine::DefaultEngine;
use reed_solomon_simd::rate::{HighRateDecoder, HighRateEncoder, RateDecoder, RateEncoder};
use std::collections::BTreeMap;

/// Bytes of all members that one stripe takes together.
const STRIPE_BYTES: u64 = 8 << 20;

/// How many members of each kind a group has, and how long its shards are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Packets.
    pub(crate) data: usize,
    /// Repair packets.
    pub(crate) parity: usize,
    /// Length of a shard in bytes, a multiple of 64.
    pub(crate) shard: u64,
}

/// A member that a stripe is read of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    /// A packet.
    Data(usize),
    /// A shard of parity.
    Parity(usize),
}

/// The code was asked for something it cannot do: counts or lengths that were not checked, or too few members.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the code of repair packets: {0}")]
pub(crate) struct CodeFault(#[from] reed_solomon_simd::Error);

impl Shape {
    fn stripes(self) -> impl Iterator<Item = (u64, usize)> {
        let width = (STRIPE_BYTES / (self.data + self.parity).next_power_of_two() as u64).next_multiple_of(SHARD_STEP);
        let step = usize::try_from(width).unwrap_or(usize::MAX);
        (0..self.shard).step_by(step).map(move |at| (at, width.min(self.shard - at) as usize))
    }

    /// Makes all shards of parity. `read` fills a stripe of a packet from an offset on, with zeros behind the packet's end.
    ///
    /// # Errors
    /// What `read` says, or [`CodeFault`].
    pub(crate) fn encode<E: From<CodeFault>>(
        self,
        mut read: impl FnMut(usize, u64, &mut [u8]) -> Result<(), E>,
    ) -> Result<Vec<Vec<u8>>, E> {
        let mut shards = vec![Vec::with_capacity(self.shard as usize); self.parity];
        let mut stripe = Vec::new();
        for (at, width) in self.stripes() {
            let encoder = HighRateEncoder::new(self.data, self.parity, width, DefaultEngine::new(), None);
            let mut encoder = encoder.map_err(CodeFault)?;
            stripe.resize(width, 0);
            for index in 0..self.data {
                read(index, at, &mut stripe)?;
                encoder.add_original_shard(&stripe).map_err(CodeFault)?;
            }
            let made = encoder.encode().map_err(CodeFault)?;
            for (shard, part) in shards.iter_mut().zip(made.recovery_iter()) {
                shard.extend_from_slice(part);
            }
        }
        Ok(shards)
    }

    /// Rebuilds the packets `wanted` from the members `here`, at least as many as there are packets. `read` fills a stripe of a member.
    ///
    /// # Errors
    /// What `read` says, or [`CodeFault`], also with too few members.
    pub(crate) fn rebuild<E: From<CodeFault>>(
        self,
        here: &[Of],
        wanted: &[usize],
        mut read: impl FnMut(Of, u64, &mut [u8]) -> Result<(), E>,
    ) -> Result<BTreeMap<usize, Vec<u8>>, E> {
        let mut rebuilt: BTreeMap<usize, Vec<u8>> =
            wanted.iter().map(|index| (*index, Vec::with_capacity(self.shard as usize))).collect();
        let mut stripe = Vec::new();
        for (at, width) in self.stripes() {
            let decoder = HighRateDecoder::new(self.data, self.parity, width, DefaultEngine::new(), None);
            let mut decoder = decoder.map_err(CodeFault)?;
            stripe.resize(width, 0);
            for member in here {
                read(*member, at, &mut stripe)?;
                match member {
                    Of::Data(index) => decoder.add_original_shard(*index, &stripe).map_err(CodeFault)?,
                    Of::Parity(index) => decoder.add_recovery_shard(*index, &stripe).map_err(CodeFault)?,
                }
            }
            let restored = decoder.decode().map_err(CodeFault)?;
            for (index, packet) in &mut rebuilt {
                packet.extend_from_slice(restored.restored_original(*index).unwrap_or_default());
            }
        }
        Ok(rebuilt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn member(seed: u64, index: usize, len: usize) -> Vec<u8> {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (index as u64 + 1);
        let draw = |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as u8
        };
        (0..len).map(draw).collect()
    }

    fn fill(from: &[u8], at: u64, stripe: &mut [u8]) {
        let rest = from.get(at as usize..).unwrap_or_default();
        let count = rest.len().min(stripe.len());
        stripe[..count].copy_from_slice(&rest[..count]);
        stripe[count..].fill(0);
    }

    fn encode(shape: Shape, members: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let read = |index: usize, at, stripe: &mut [u8]| {
            fill(&members[index], at, stripe);
            Ok::<(), CodeFault>(())
        };
        shape.encode(read).unwrap()
    }

    /// Rebuilds what `lost` names of a group (parity behind the packets) and compares.
    fn survives(shape: Shape, members: &[Vec<u8>], shards: &[Vec<u8>], lost: &[usize]) -> Result<(), CodeFault> {
        let of = |index: usize| if index < shape.data { Of::Data(index) } else { Of::Parity(index - shape.data) };
        let here: Vec<Of> = (0..shape.data + shape.parity).filter(|index| !lost.contains(index)).map(of).collect();
        let wanted: Vec<usize> = lost.iter().copied().filter(|index| *index < shape.data).collect();
        let read = |member, at, stripe: &mut [u8]| {
            match member {
                Of::Data(index) => fill(&members[index], at, stripe),
                Of::Parity(index) => fill(&shards[index], at, stripe),
            }
            Ok::<(), CodeFault>(())
        };
        for (index, packet) in shape.rebuild(&here, &wanted, read)? {
            assert_eq!(packet[..members[index].len()], members[index], "{shape:?}, lost {lost:?}");
        }
        Ok(())
    }

    fn choices(of: usize, count: usize) -> Vec<Vec<usize>> {
        match count {
            0 => vec![Vec::new()],
            _ => choices(of, count - 1)
                .into_iter()
                .flat_map(|chosen| {
                    let from = chosen.last().map_or(0, |last| last + 1);
                    (from..of).map(move |next| [chosen.clone(), vec![next]].concat())
                })
                .collect(),
        }
    }

    #[test]
    fn every_choice_of_as_many_losses_as_there_is_parity_is_rebuilt_byte_for_byte_and_one_more_is_refused() {
        let mut tried = 0;
        for (data, parity) in [(1, 1), (1, 3), (2, 1), (3, 2), (4, 4), (5, 3), (7, 1), (10, 2), (2, 5)] {
            let members: Vec<Vec<u8>> = (0..data).map(|index| member(7, index, 300 + 17 * index)).collect();
            let shape = Shape { data, parity, shard: (300 + 17 * (data as u64 - 1)).next_multiple_of(64) };
            let shards = encode(shape, &members);
            for count in 0..=parity {
                for lost in choices(data + parity, count) {
                    survives(shape, &members, &shards, &lost).unwrap();
                    tried += 1;
                }
            }
            for lost in choices(data + parity, parity + 1).iter().filter(|lost| lost[0] < data) {
                assert!(survives(shape, &members, &shards, lost).is_err(), "{shape:?} gave something for {lost:?}");
            }
        }
        println!("{tried} choices of losses rebuilt");
    }

    #[test]
    fn the_parity_of_every_vector_is_the_one_that_was_made_from_the_format_alone() {
        use dukou_packets::keyring::Keyring;
        use dukou_packets::packet::open::read_head;
        use dukou_packets::packet::repair::ParityTable;
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../packets/vectors/repair");
        let mut compared = 0;
        for entry in std::fs::read_dir(dir).unwrap() {
            let case: serde_json::Value = serde_json::from_slice(&std::fs::read(entry.unwrap().path()).unwrap()).unwrap();
            if case["expect"] != "ok" {
                continue;
            }
            let base64 = |text: &serde_json::Value| data_encoding::BASE64.decode(text.as_str().unwrap().as_bytes()).unwrap();
            let (file, keyring) =
                (base64(&case["packet"]), Keyring::parse(case["keyring"].as_str().unwrap().as_bytes()).unwrap());
            let head = read_head(&file, &keyring).unwrap();
            let (table, begin) = ParityTable::parse(&file[head.head_len..], head.header.payload_len).unwrap();
            let members: Vec<Vec<u8>> = case["members"].as_array().unwrap().iter().map(base64).collect();
            let shape = Shape { data: members.len(), parity: usize::from(table.parity), shard: table.shard_bytes() };
            assert_eq!(encode(shape, &members)[usize::from(table.index)], file[head.head_len + begin..], "{}", case["about"]);
            compared += 1;
        }
        assert!(compared > 5);
    }

    #[test]
    fn stripes_of_a_long_group_join_to_the_same_parity() {
        let shape = Shape { data: 3, parity: 2, shard: 3 << 20 };
        let members: Vec<Vec<u8>> = (0..3).map(|index| member(9, index, (3 << 20) - index)).collect();
        assert!(shape.stripes().count() > 1);
        let shards = encode(shape, &members);
        let tail = 3 * (1 << 20) - 64;
        let short: Vec<Vec<u8>> = members.iter().map(|member| member[tail..].to_vec()).collect();
        let last = encode(Shape { shard: 64, ..shape }, &short);
        assert_eq!(shards[1][tail..], last[1]);
        survives(shape, &members, &shards, &[0, 2]).unwrap();
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_group_survives_any_losses_up_to_its_parity(
            data in 1usize..=128, parity in 1usize..=64, seed in any::<u64>(), picks in prop::collection::vec(any::<prop::sample::Index>(), 0..64),
        ) {
            let members: Vec<Vec<u8>> = (0..data).map(|index| member(seed, index, 1 + (seed as usize + index) % 200)).collect();
            let shape = Shape { data, parity, shard: 256 };
            let shards = encode(shape, &members);
            let mut lost: Vec<usize> = picks.iter().map(|pick| pick.index(data + parity)).collect();
            lost.sort_unstable();
            lost.dedup();
            lost.truncate(parity);
            survives(shape, &members, &shards, &lost).unwrap();
        }
    }
}
