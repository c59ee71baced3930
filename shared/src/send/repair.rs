//! Covering: repair packets over what was just published, so that losses heal without a word from the far side (FORMAT.md section 9).
//!
//! Packets that were placed for the first time wait in publishing order, whatever their channel. A group closes with `link.repair_data`
//! packets, two minutes of running time after its first one, at the end of a `pass`, or where the next packet is more than four times longer or
//! shorter; it gets `link.repair_parity` repair packets. Packets below 16 KiB, whose parity would be mostly table, and those too long for any parity wait
//! in a list of their own and are placed a second time, byte for byte.
//!
//! Given: packets that left. Gives: repair packets and second copies in the ferry directory. After a crash: the lists are a fact of the store and go
//! on, and the two minutes begin anew; a packet placed right before the crash may be in no group, a group may get its repair packets twice.
//! Never: a log line; a number used twice; a member held in memory beyond a stripe.

use super::publish::spool_name;
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::repair::code::{CodeFault, Shape};
use crate::seams::{FileFault, OpenFile};
use crate::store::facts::Fact;
use crate::store::{Change, PacketRow};
use dukou_packets::packet::repair::{Member, ParityTable, is_coverable};
use dukou_packets::packet::seal::prepare_parity;
use dukou_packets::suite::Digest;
use serde::{Deserialize, Serialize};

/// Packets shorter than this are placed a second time instead of being covered by parity.
pub const SMALL_BYTES: u64 = 16 << 10;

/// How long (running time) a group waits for company.
const GROUP_MS: u64 = 120_000;

/// How many times longer than its shortest packet the longest one of a group may be.
const LENGTHS: u64 = 4;

/// Most packets that wait in one list; where repair packets cannot be placed the oldest give way.
const WAITING_MAX: usize = 256;

/// The priority digit of repair packets and second copies: behind everything else.
const PRIORITY: u8 = 9;

/// A packet that waits for its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Covered {
    number: u64,
    header: Digest,
    bytes: u64,
}

/// Packets of one kind that wait, in publishing order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Waiting {
    packets: Vec<Covered>,
    /// Running time since this start (ms) at which the first of them came, or was found at the start.
    #[serde(skip)]
    since_ms: Option<u64>,
}

/// The packets that the next repair packets will cover.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Covering {
    /// Those that parity is made over.
    large: Waiting,
    /// Those that are placed a second time.
    small: Waiting,
}

impl Fact for Covering {
    const NAME: &str = "repair-covering";
}

/// Which list.
#[derive(Clone, Copy)]
enum Kind {
    Large,
    Small,
}

/// Which groups are closed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Closing {
    /// Those that take no more packets.
    Full,
    /// Those that waited long enough, too.
    Due,
    /// All.
    All,
}

impl Covering {
    fn of(&mut self, kind: Kind) -> &mut Waiting {
        match kind {
            Kind::Large => &mut self.large,
            Kind::Small => &mut self.small,
        }
    }
}

impl Waiting {
    /// Counts the packets at the front that share a group, and tells whether that group takes no more.
    fn front(&self, kind: Kind, data: usize) -> (usize, bool) {
        let (mut shortest, mut longest) = (u64::MAX, 0);
        let alike = |packet: &&Covered| {
            (shortest, longest) = (shortest.min(packet.bytes), longest.max(packet.bytes));
            matches!(kind, Kind::Small) || longest <= shortest.saturating_mul(LENGTHS)
        };
        let count = self.packets.iter().take(data).take_while(alike).count();
        (count, count == data || count < self.packets.len())
    }

    /// Counts the packets of the next group to close; 0 when none is to be closed.
    fn closing(&self, kind: Kind, data: usize, closing: Closing, now_ms: u64) -> usize {
        let (count, is_full) = self.front(kind, data);
        let is_due = self.since_ms.is_some_and(|since_ms| now_ms >= since_ms.saturating_add(GROUP_MS));
        let closes = is_full || closing == Closing::All || (closing == Closing::Due && is_due);
        if closes { count } else { 0 }
    }

    fn push(&mut self, packet: Covered, now_ms: u64) {
        if self.packets.len() >= WAITING_MAX {
            self.packets.remove(0);
        }
        self.since_ms.get_or_insert(now_ms);
        self.packets.push(packet);
    }

    fn forget(&mut self, count: usize, now_ms: u64) {
        self.packets.drain(..count.min(self.packets.len()));
        self.since_ms = (!self.packets.is_empty()).then_some(now_ms);
    }
}

/// Why a group gets no repair packets.
enum Uncovered {
    /// For now, or the engine ends.
    Fault(EngineFault),
    /// Never: a packet of it is gone from the spool, or damaged there, which `check` names.
    Gone,
    /// Never.
    Code(CodeFault),
}

impl From<CodeFault> for Uncovered {
    fn from(fault: CodeFault) -> Self {
        Self::Code(fault)
    }
}

impl From<FileFault> for Uncovered {
    fn from(fault: FileFault) -> Self {
        Self::Fault(fault.into())
    }
}

impl From<EngineFault> for Uncovered {
    fn from(fault: EngineFault) -> Self {
        match fault {
            EngineFault::Spool { .. } => Self::Gone,
            EngineFault::File(fault) if fault.is_gone() => Self::Gone,
            fault => Self::Fault(fault),
        }
    }
}

impl Engine {
    /// Lets packets that were placed for the first time wait for their group.
    pub(crate) fn cover<'a>(&mut self, placed: impl Iterator<Item = &'a PacketRow>) -> Result<(), EngineFault> {
        let parity = self.station.config.link.repair_parity;
        if parity == 0 || self.trust.is_none() {
            return Ok(());
        }
        let now_ms = self.seams.clock.mono_ms();
        for row in placed {
            let packet = Covered { number: row.number, header: row.header, bytes: row.sealed_bytes };
            let is_large = packet.bytes >= SMALL_BYTES && is_coverable(packet.bytes, parity);
            self.covering()?.of(if is_large { Kind::Large } else { Kind::Small }).push(packet, now_ms);
        }
        self.keep_covering()
    }

    /// True when a group takes no more packets: it is closed as soon as no packet with a number of its own is in work.
    pub(crate) fn has_full_covers(&mut self) -> Result<bool, EngineFault> {
        if self.station.config.link.repair_parity == 0 {
            return Ok(false);
        }
        let data = usize::from(self.station.config.link.repair_data);
        let covering = self.covering()?;
        Ok([Kind::Large, Kind::Small].into_iter().any(|kind| covering.of(kind).front(kind, data).1))
    }

    /// Closes the groups that take no more packets.
    pub(crate) fn close_full_covers(&mut self, report: &mut PassReport) -> Result<(), EngineFault> {
        self.close_covers(Closing::Full, report)
    }

    /// Closes the groups that take no more packets or waited long enough.
    pub(crate) fn close_due_covers(&mut self, report: &mut PassReport) -> Result<(), EngineFault> {
        self.close_covers(Closing::Due, report)
    }

    /// Closes all groups: nobody knows when the next look will be.
    pub(crate) fn close_all_covers(&mut self, report: &mut PassReport) -> Result<(), EngineFault> {
        self.close_covers(Closing::All, report)
    }

    /// Closes groups. No packet may be in work that took a number and is not committed: a start tells an orphan of the spool by its number.
    fn close_covers(&mut self, closing: Closing, report: &mut PassReport) -> Result<(), EngineFault> {
        let link = &self.station.config.link;
        let (data, parity) = (usize::from(link.repair_data), link.repair_parity);
        if parity == 0 || self.trust.is_none() || self.seals_nothing()? {
            return Ok(());
        }
        for kind in [Kind::Large, Kind::Small] {
            loop {
                let now_ms = self.seams.clock.mono_ms();
                let count = self.covering()?.of(kind).closing(kind, data, closing, now_ms);
                if count == 0 {
                    break;
                }
                let group: Vec<Covered> = self.covering()?.of(kind).packets.iter().take(count).copied().collect();
                let sent = match kind {
                    Kind::Large => self.place_parity(&group, parity),
                    Kind::Small => self.place_second_copies(&group),
                };
                match sent {
                    Ok(sent) => {
                        report.repair_sent += sent;
                        self.count_repair(|sums| sums.sent += sent)?;
                    }
                    // It waits, and the next look tries again.
                    Err(Uncovered::Fault(fault)) => {
                        self.tolerate(fault, report)?;
                        break;
                    }
                    Err(Uncovered::Code(fault)) => tracing::error!(%fault, "a group gets no repair packets"),
                    Err(Uncovered::Gone) => tracing::error!("a group gets no repair packets: run check on the spool"),
                }
                self.covering()?.of(kind).forget(count, now_ms);
                self.keep_covering()?;
            }
        }
        Ok(())
    }

    /// Makes a group's parity and places it: the numbers are used up first, durably.
    fn place_parity(&mut self, group: &[Covered], parity: u16) -> Result<u64, Uncovered> {
        let ferry = self.seams.files.ferry_dir(&self.station.ferry_out())?;
        let members = group.iter().map(|packet| Member { header: packet.header, bytes: packet.bytes }).collect();
        let mut table = ParityTable { members, parity, index: 0 };
        let shards = self.parity_of(group, &table)?;
        let numbers: Vec<u64> = shards.iter().map(|_| self.take_number()).collect();
        self.commit_store(numbers.last().map(|number| Change::Number(*number)).into_iter().collect())?;
        let (addressing, statement) = (self.addressing()?, self.statement(false));
        for ((shard, number), index) in shards.into_iter().zip(&numbers).zip(0..) {
            table.index = index;
            let payload = [table.render(), shard].concat();
            let prepared = prepare_parity(&addressing.envelope(*number), payload);
            let sealed = prepared.seal_parity(&statement, self.keys.packet.as_ref()).map_err(EngineFault::from)?;
            self.place_file(ferry.as_ref(), PRIORITY, &[&sealed.head, &sealed.payload])?;
        }
        ferry.sync()?;
        Ok(numbers.len() as u64)
    }

    fn parity_of(&self, group: &[Covered], table: &ParityTable) -> Result<Vec<Vec<u8>>, Uncovered> {
        let dir = self.station.spool_out();
        let open = |packet: &Covered| self.seams.files.open(&dir.join(spool_name(packet.number))).map_err(EngineFault::from);
        let files = group.iter().map(open).collect::<Result<Vec<Box<dyn OpenFile>>, EngineFault>>()?;
        let shape = Shape { data: group.len(), parity: usize::from(table.parity), shard: table.shard_bytes() };
        shape.encode(|index, at, stripe| match files.get(index) {
            Some(file) => Ok(read_stripe(file.as_ref(), at, stripe)?),
            None => {
                stripe.fill(0);
                Ok(())
            }
        })
    }

    /// Places packets a second time. The log says already that they left.
    fn place_second_copies(&mut self, group: &[Covered]) -> Result<u64, Uncovered> {
        let ferry = self.seams.files.ferry_dir(&self.station.ferry_out())?;
        for packet in group {
            let bytes = self.read_sealed(&spool_name(packet.number), packet.header)?;
            self.place_file(ferry.as_ref(), PRIORITY, &[&bytes])?;
        }
        ferry.sync()?;
        Ok(group.len() as u64)
    }

    /// Gives the change with which no packet waits for a group any more: what was sealed to another peer is of no use to the present one.
    pub(crate) fn forget_covers(&mut self) -> Change {
        self.repair.covering = None;
        Change::Fact(Covering::NAME.to_string(), None)
    }

    fn covering(&mut self) -> Result<&mut Covering, EngineFault> {
        if self.repair.covering.is_none() {
            let (mut stored, now_ms) = (self.state.fact::<Covering>()?, self.seams.clock.mono_ms());
            for waiting in [&mut stored.large, &mut stored.small] {
                waiting.forget(0, now_ms);
            }
            self.repair.covering = Some(stored);
        }
        Ok(self.repair.covering.get_or_insert_default())
    }

    fn keep_covering(&mut self) -> Result<(), EngineFault> {
        let change = Change::fact(self.covering()?)?;
        self.ride(change);
        Ok(())
    }
}

/// Fills a stripe from a file, with zeros behind its end.
pub(crate) fn read_stripe(file: &dyn OpenFile, at: u64, stripe: &mut [u8]) -> Result<(), FileFault> {
    let count = file.read_at(at, stripe)?;
    if let Some(rest) = stripe.get_mut(count..) {
        rest.fill(0);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(lengths: &[u64]) -> Waiting {
        let mut waiting = Waiting::default();
        for (number, bytes) in (1..).zip(lengths) {
            waiting.push(Covered { number, header: Digest::ZERO, bytes: *bytes }, 1000);
        }
        waiting
    }

    #[test]
    fn a_group_closes_with_its_last_packet_or_before_one_of_another_length() {
        assert_eq!(waiting(&[100, 100]).front(Kind::Large, 3), (2, false));
        assert_eq!(waiting(&[100, 100, 100]).front(Kind::Large, 3), (3, true));
        assert_eq!(waiting(&[100, 400, 401]).front(Kind::Large, 3), (2, true));
        assert_eq!(waiting(&[400, 100, 99]).front(Kind::Large, 3), (2, true));
        assert_eq!(waiting(&[1, 9000]).front(Kind::Small, 3), (2, false));
        assert_eq!(waiting(&[]).front(Kind::Large, 3), (0, false));
    }

    #[test]
    fn an_open_group_closes_after_two_minutes_or_when_all_are_asked_for() {
        let open = waiting(&[100, 100]);
        let closing = |closing, now_ms| open.closing(Kind::Large, 3, closing, now_ms);
        assert_eq!(closing(Closing::Full, 1000 + GROUP_MS), 0);
        assert_eq!(closing(Closing::Due, 999 + GROUP_MS), 0);
        assert_eq!(closing(Closing::Due, 1000 + GROUP_MS), 2);
        assert_eq!(closing(Closing::All, 1000), 2);
        assert_eq!(waiting(&[]).closing(Kind::Large, 3, Closing::All, 1000), 0);
    }

    #[test]
    fn what_cannot_be_covered_for_long_gives_way_oldest_first() {
        let waiting = waiting(&[100; WAITING_MAX + 5]);
        assert_eq!((waiting.packets.len(), waiting.packets[0].number), (WAITING_MAX, 6));
    }
}
