//! Presumably carried: what left long enough ago, and what a device that does not delete has left lying.
//!
//! Given: the running time and the device profile. Gives: the number up to which packets left long enough ago, kept as a fact; a ferry directory
//! without files that have lain there longer than that. After a crash: files are counted as lying from the start on, so they stay longer. Never: a
//! word that claims an arrival; a packet lost with its file, for the spool keeps it.

use super::reading::head_of;
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::seams::{FerryDir, FileFault};
use crate::station::Station;
use crate::store::facts::Fact;
use crate::store::{Change, Direction, PacketRow, PacketState, StationState, StoreFault};
use dukou_packets::packet::armor::{FRONT_MAX, Front};
use dukou_packets::packet::name::is_packet_name_as;
use dukou_packets::packet::open::read_unverified;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io::Read;

/// How often (running time) this is looked at; also the grain of what is remembered of short times.
const EVERY_MS: u64 = 60_000;

/// Moments that are remembered at most.
const MARKS: u64 = 64;

/// Files that one look takes.
const PAGE: usize = 10_000;

/// Since when (running time, ms) the files lie in the ferry directory that this run has seen.
#[derive(Debug, Default)]
pub(crate) struct Since {
    lying: HashMap<String, u64>,
    looked_ms: Option<u64>,
}

impl Since {
    /// Remembers when a file was placed.
    pub(crate) fn note(&mut self, name: &str, run_ms: u64) {
        self.lying.insert(name.to_string(), run_ms);
    }
}

/// How far the station's packets have left, and since when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftSince {
    /// Every packet up to this number that left did so long enough ago.
    pub presumed: u64,
    /// Moments (running time, ms) by which every packet up to a number had left, rising.
    marks: VecDeque<(u64, u64)>,
}

impl Fact for LeftSince {
    const NAME: &str = "left-since";
}

impl LeftSince {
    /// Notes that by now every packet up to `number` has left, and lets time pass.
    fn pass(&mut self, now_ms: u64, number: u64, after_ms: u64) {
        let grain_ms = (after_ms / MARKS).max(EVERY_MS);
        let (last_ms, last) = self.marks.back().copied().unwrap_or((0, self.presumed));
        if number > last && (self.marks.is_empty() || now_ms >= last_ms + grain_ms) {
            self.marks.push_back((now_ms, number));
        }
        while let Some((at_ms, number)) = self.marks.front().copied().filter(|(at_ms, _)| at_ms + after_ms <= now_ms) {
            debug_assert!(at_ms <= now_ms);
            self.presumed = self.presumed.max(number);
            self.marks.pop_front();
        }
    }
}

/// Which packets count as presumably carried: what this station may say of what nobody confirmed.
#[derive(Clone, Debug, Default)]
pub struct Presumption {
    up_to: u64,
    lying: BTreeSet<u64>,
}

impl Presumption {
    /// Reads what is known of it; where the device deletes what it took, a packet whose file still lies there is not carried.
    ///
    /// # Errors
    /// [`StoreFault::Corrupt`].
    pub fn read(station: &Station, state: &StationState) -> Result<Self, StoreFault> {
        let device = &station.config.link.device;
        if device.presumed_after_ms().is_none() {
            return Ok(Self::default());
        }
        let lying = if device.config().deletes_source { numbers_lying(station) } else { BTreeSet::new() };
        Ok(Self { up_to: state.fact::<LeftSince>()?.presumed, lying })
    }

    /// Tells whether a packet is presumably carried.
    pub fn holds(&self, row: &PacketRow) -> bool {
        row.key.direction == Direction::Out
            && row.state == PacketState::Left
            && row.number <= self.up_to
            && !self.lying.contains(&row.number)
    }
}

/// Gives the numbers of the packets that lie in the ferry directory, as their files say: shown, and nothing else.
fn numbers_lying(station: &Station) -> BTreeSet<u64> {
    let (dir, extension) = (station.ferry_out(), station.config.link.device.extension());
    let names = std::fs::read_dir(&dir).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let packets = names.filter_map(|name| name.into_string().ok()).filter(|name| is_packet_name_as(name.as_bytes(), extension));
    packets.take(PAGE).filter_map(|name| number_in(&dir.join(name))).collect()
}

fn number_in(path: &std::path::Path) -> Option<u64> {
    let mut front = Vec::new();
    if !std::fs::symlink_metadata(path).ok()?.is_file() {
        return None;
    }
    crate::given::open_file(path).ok()?.take(FRONT_MAX as u64).read_to_end(&mut front).ok()?;
    read_unverified(&Front::read(&front).ok()?.bytes).ok().map(|(_, header)| header.number)
}

impl Engine {
    /// Lets what left grow old, and removes what has lain in the ferry directory too long; once a minute of running time.
    pub(crate) fn presume_when_due(&mut self, report: &mut PassReport) -> Result<(), EngineFault> {
        let device = &self.station.config.link.device;
        let (Some(after_ms), now_ms) = (device.presumed_after_ms(), self.running_ms()) else { return Ok(()) };
        let deletes = device.config().deletes_source;
        if self.way_out.since.looked_ms.is_some_and(|looked_ms| now_ms < looked_ms + EVERY_MS) {
            return Ok(());
        }
        self.way_out.since.looked_ms = Some(now_ms);
        let before: LeftSince = self.state.fact()?;
        let mut since = before.clone();
        let waiting = self.unplaced.iter().filter(|row| row.state == PacketState::Packed).map(|row| row.number).min();
        since.pass(now_ms, waiting.map_or(self.state.number, |number| number - 1), after_ms);
        if since != before {
            self.ride(Change::fact(&since)?);
        }
        if deletes {
            return Ok(());
        }
        match self.remove_old(now_ms, after_ms) {
            Ok(()) => Ok(()),
            Err(fault) => self.tolerate(fault, report),
        }
    }

    /// Removes own packets that the device has had time enough to take.
    fn remove_old(&mut self, now_ms: u64, after_ms: u64) -> Result<(), FileFault> {
        let ferry = self.seams.files.ferry_dir(&self.station.ferry_out())?;
        let page = ferry.page(&|name| self.is_packet_file(name), "", PAGE)?;
        let mut lying = HashMap::new();
        let mut removed = false;
        for (name, _) in page.entries {
            let since_ms = self.way_out.since.lying.get(&name).copied().unwrap_or(now_ms);
            if now_ms < since_ms + after_ms {
                lying.insert(name, since_ms);
            } else if self.is_own(ferry.as_ref(), &name) {
                removed |= ferry.remove(&name)?;
            }
        }
        self.way_out.since.lying = lying;
        if removed { ferry.sync() } else { Ok(()) }
    }

    fn is_own(&self, ferry: &dyn FerryDir, name: &str) -> bool {
        let Ok(open) = ferry.open(name) else { return false };
        matches!(head_of(open.as_ref(), &self.keys.keyring), Ok(Ok(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_presumed_only_when_all_up_to_it_left_long_enough_ago() {
        let mut since = LeftSince::default();
        since.pass(1_000, 5, 600_000);
        since.pass(2_000, 9, 600_000);
        assert_eq!((since.presumed, since.marks.len()), (0, 1));
        since.pass(61_000, 9, 600_000);
        since.pass(601_000, 9, 600_000);
        assert_eq!(since.presumed, 5);
        since.pass(661_000, 9, 600_000);
        assert_eq!(since.presumed, 9);
    }

    #[test]
    fn what_is_remembered_stays_small_however_long_the_time_and_the_traffic() {
        let mut since = LeftSince::default();
        for minute in 0..20_000 {
            since.pass(minute * 60_000, minute * 100, 10_000 * 60_000);
            assert!(since.marks.len() <= MARKS as usize + 1);
        }
        assert!(since.presumed > 900_000);
    }
}
