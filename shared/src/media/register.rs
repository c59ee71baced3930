//! The register of discs: which were written here, and which volumes of the peer's were read.

use crate::store::facts::Fact;
use dukou_packets::suite::{Digest, StationId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Discs that are remembered each way; the oldest closed ones go first.
const DISCS_MAX: usize = 200;

/// The register of discs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Register {
    /// The last running number that was used.
    last: u64,
    /// Discs written here, oldest first.
    pub written: Vec<Written>,
    /// Discs of the peer, by their first reading.
    pub read: Vec<Read>,
}

impl Fact for Register {
    const NAME: &str = "discs";
}

/// A disc that was written here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Its number.
    pub disc: String,
    /// What people call it; may be empty.
    pub title: String,
    /// How many volumes.
    pub volumes: u32,
    /// How many packets.
    pub packets: u64,
    /// Digest of its list.
    pub list: Digest,
    /// Who made it.
    pub maker: String,
    /// Who is to receive it.
    pub receiver: String,
    /// Wall clock (ms).
    pub at_ms: i64,
}

/// A disc of the peer that was read, or begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {
    /// Its number.
    pub disc: String,
    /// How many volumes it has.
    pub volumes: u32,
    /// How many packets.
    pub packets: u64,
    /// Digest of its list.
    pub list: Digest,
    /// Volumes that were read without a fault.
    pub done: BTreeSet<u32>,
    /// True once all were and the packet log says so.
    pub closed: bool,
    /// Wall clock (ms) of the first reading.
    pub at_ms: i64,
}

impl Read {
    /// Gives the volumes that were not read yet.
    pub fn missing(&self) -> Vec<u32> {
        (1..=self.volumes).filter(|volume| !self.done.contains(volume)).collect()
    }
}

impl Register {
    /// Takes the next number of a disc; holes between numbers mean nothing.
    pub(super) fn next_number(&mut self, station: StationId) -> String {
        self.last += 1;
        let id: String = station.to_string().chars().take(8).collect();
        format!("{id}-{:04}", self.last)
    }

    /// Remembers a disc that was written.
    pub(super) fn note_written(&mut self, written: Written) {
        self.written.push(written);
        let surplus = self.written.len().saturating_sub(DISCS_MAX);
        self.written.drain(..surplus);
    }

    /// Gives the entry of a disc that is read; `None` when another disc stands under its number.
    pub(super) fn entry(&mut self, begun: Read) -> Option<&mut Read> {
        if !self.read.iter().any(|known| known.disc == begun.disc) {
            if self.read.len() >= DISCS_MAX {
                let oldest = self.read.iter().position(|known| known.closed).unwrap_or(0);
                self.read.remove(oldest);
            }
            self.read.push(begun.clone());
        }
        self.read
            .iter_mut()
            .find(|known| known.disc == begun.disc && known.list == begun.list && known.volumes == begun.volumes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(number: u64, list: u8) -> Read {
        Read {
            disc: format!("01010101-{number:04}"),
            volumes: 3,
            packets: 5,
            list: Digest::from_bytes([list; 32]),
            done: BTreeSet::from([2]),
            closed: false,
            at_ms: 0,
        }
    }

    #[test]
    fn numbers_rise_and_bear_the_station() {
        let mut register = Register::default();
        let station = StationId::from_bytes([0xAB; 16]);
        assert_eq!([register.next_number(station), register.next_number(station)], ["abababab-0001", "abababab-0002"]);
    }

    #[test]
    fn missing_volumes_are_named_and_another_disc_under_the_number_is_told() {
        let mut register = Register::default();
        assert_eq!(register.entry(begun(1, 1)).map(|read| read.missing()), Some(vec![1, 3]));
        assert_eq!(register.entry(begun(1, 2)), None);
        assert_eq!(register.read.len(), 1);
    }

    #[test]
    fn the_register_stays_bounded_and_forgets_closed_discs_first() {
        let mut register = Register::default();
        for number in 0..300 {
            let read = register.entry(begun(number, 1)).expect("an entry");
            read.closed = number > 0;
        }
        assert_eq!(register.read.len(), DISCS_MAX);
        assert_eq!(register.read[0].disc, "01010101-0000", "the open one stays");
    }
}
