//! Rebuilding: what repair packets make of packets that were lost or damaged on their way (FORMAT.md section 9).
//!
//! A repair packet is kept in `spool/repair/` as long as packets of its group are missing. With as many members as the group has packets — applied
//! ones are members, too, as long as the spool has them — the missing ones are rebuilt, and go through picking up, verifying and ordering as if they
//! had just come: they may be early, late, second copies, or not granted.
//!
//! Given: picked repair packets. Gives: rebuilt packets, before any gap is announced. After a crash: the kept repair packets are read again, what
//! was rebuilt and not taken in is rebuilt again. Never: more than a bounded number of files, bytes and hours, the oldest go first; more than a
//! bounded piece of work a look; a byte believed because parity gave it: a rebuilt packet's own signature and digest are checked as any other's.

use super::pick_up::{Believed, Look, Picked};
use super::unroomed::{Roomless, Unroomed};
use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::repair::code::{CodeFault, Of, Shape};
use crate::seams::{FileCause, FileFault, OpenFile, Ownership};
use crate::send::repair::read_stripe;
use crate::store::{Direction, PacketRow};
use dukou_packets::limits;
use dukou_packets::packet::header::{Class, KIND_PARITY};
use dukou_packets::packet::name::is_packet_name;
use dukou_packets::packet::open::{HEAD_MAX, VerifiedHead, read_head};
use dukou_packets::packet::repair::{Member, ParityTable};
use dukou_packets::suite::Digest;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;

/// Most repair packets kept.
pub const KEPT_FILES: usize = 4096;

/// Most bytes of kept repair packets.
pub const KEPT_BYTES: u64 = 1 << 30;

/// How long (running time) a repair packet is kept: three days.
pub const KEPT_MS: u64 = 3 * 86_400_000;

/// Bytes of members that one look works through; with more the next look goes on, and other packets get their turn between.
const WORK_BYTES: u64 = 64 << 20;

/// Bytes of a table with the most members, and of the head before it.
const FRONT_MAX: usize = HEAD_MAX + 12 + 40 * limits::REPAIR_DATA_MAX as usize;

/// The peer's groups with packets missing.
#[derive(Default)]
pub(crate) struct Incomplete {
    groups: BTreeMap<Digest, Group>,
    /// Groups by the header digests of their missing packets.
    wanted: HashMap<Digest, BTreeSet<Digest>>,
    /// Kept files by name, oldest first: their group, index and length.
    files: BTreeMap<String, (Digest, u16, u64)>,
    bytes: u64,
    /// Missing packets that were picked up meanwhile.
    arrived: HashSet<Digest>,
    /// Groups that may have enough members now.
    ready: BTreeSet<Digest>,
    /// Groups whose rebuilt packets could not be taken in: the next look tries again.
    again: BTreeSet<Digest>,
    /// Groups whose rebuilt packets found no room in their channel's share of the spool: they are rebuilt anew once there is some.
    without_room: Unroomed,
}

/// A group with packets missing.
struct Group {
    members: Vec<Member>,
    parity: u16,
    shard: u64,
    missing: BTreeSet<usize>,
    /// Packets whose copy here is damaged.
    rotten: BTreeSet<usize>,
    /// Kept repair packets by index: file name, and where the shard begins.
    shards: BTreeMap<u16, (String, u64)>,
}

/// A repair packet that was read.
struct Parity {
    table: ParityTable,
    /// Where the shard begins in the file.
    shard_at: u64,
    bytes: u64,
}

/// What rebuilding a group came to.
enum Outcome {
    /// There are not enough members yet.
    TooFew,
    /// These packets are in the folder of rebuilt ones.
    Rebuilt(u64),
    /// It cannot be rebuilt, whatever comes.
    Useless,
}

/// What became of rebuilt packets.
enum Taken {
    All,
    /// These found no room in their channel's share of the spool.
    WithoutRoom(Vec<Roomless>),
    /// Some could not be taken in for now.
    Later,
}

/// The members of a group that are here.
struct Gathered {
    shape: Shape,
    members: Vec<Member>,
    missing: BTreeSet<usize>,
    copies: HashMap<usize, SpoolCopy>,
    /// Repair packets, and where their shards begin.
    parity: HashMap<usize, (Box<dyn OpenFile>, u64)>,
}

/// A packet of the spool.
struct SpoolCopy {
    file: Box<dyn OpenFile>,
    row: PacketRow,
}

impl Gathered {
    fn rebuild(&self) -> Result<BTreeMap<usize, Vec<u8>>, Unrebuilt> {
        let (copies, parity) =
            (self.copies.keys().map(|index| Of::Data(*index)), self.parity.keys().map(|index| Of::Parity(*index)));
        let (here, wanted): (Vec<Of>, Vec<usize>) = (copies.chain(parity).collect(), self.missing.iter().copied().collect());
        self.shape.rebuild(&here, &wanted, |member, at, stripe| {
            let (file, from) = match member {
                Of::Data(index) => (self.copies.get(&index).map(|copy| copy.file.as_ref()), 0),
                Of::Parity(index) => self.parity.get(&index).map_or((None, 0), |(file, from)| (Some(file.as_ref()), *from)),
            };
            file.map_or(Ok(()), |file| read_stripe(file, from + at, stripe)).map_err(Unrebuilt::File)
        })
    }
}

enum Unrebuilt {
    File(FileFault),
    Code(CodeFault),
}

impl From<CodeFault> for Unrebuilt {
    fn from(fault: CodeFault) -> Self {
        Self::Code(fault)
    }
}

impl Incomplete {
    /// Takes a kept repair packet in; false when the same one is kept already.
    fn add(&mut self, name: String, parity: Parity, missing: BTreeSet<usize>) -> bool {
        let Parity { table, shard_at, bytes } = parity;
        let (id, index, shard) = (table.group(), table.index, table.shard_bytes());
        let group = self.groups.entry(id).or_insert_with(|| Group {
            members: table.members,
            parity: table.parity,
            shard,
            missing,
            rotten: BTreeSet::new(),
            shards: BTreeMap::new(),
        });
        if group.shards.contains_key(&index) || self.files.contains_key(&name) {
            return false;
        }
        group.shards.insert(index, (name.clone(), shard_at));
        for header in group.missing.iter().filter_map(|index| group.members.get(*index)).map(|member| member.header) {
            self.wanted.entry(header).or_default().insert(id);
        }
        self.files.insert(name, (id, index, bytes));
        self.bytes += bytes;
        self.ready.insert(id);
        true
    }

    /// Takes a group out; gives the names of its files.
    fn remove(&mut self, id: &Digest) -> Vec<String> {
        let Some(group) = self.groups.remove(id) else { return Vec::new() };
        self.ready.remove(id);
        self.again.remove(id);
        self.without_room.remove(id);
        for member in &group.members {
            if let Some(groups) = self.wanted.get_mut(&member.header) {
                groups.remove(id);
                if groups.is_empty() {
                    self.wanted.remove(&member.header);
                }
            }
        }
        let names: Vec<String> = group.shards.into_values().map(|(name, _)| name).collect();
        for (_, _, bytes) in names.iter().filter_map(|name| self.files.remove(name)) {
            self.bytes -= bytes;
        }
        names
    }

    /// Takes the oldest file out when there are too many, too long ones, or it is too old; gives its name.
    fn give_way(&mut self, now_run_ms: u64) -> Option<String> {
        let (name, (id, index, bytes)) = self.files.first_key_value().map(|(name, file)| (name.clone(), *file))?;
        let is_old = kept_since(&name).is_none_or(|since_ms| since_ms.saturating_add(KEPT_MS) < now_run_ms);
        if self.files.len() <= KEPT_FILES && self.bytes <= KEPT_BYTES && !is_old {
            return None;
        }
        self.files.remove(&name);
        self.bytes -= bytes;
        let group = self.groups.get_mut(&id)?;
        group.shards.remove(&index);
        if self.without_room.remove(&id).is_some() {
            // Without this one it may not be rebuilt any more.
            self.ready.insert(id);
        }
        if group.shards.is_empty() {
            self.remove(&id);
        }
        Some(name)
    }

    /// Lets a group wait for room, unless nothing of it is missing any more.
    fn leave_without_room(&mut self, id: Digest, packets: Vec<Roomless>) {
        if self.groups.contains_key(&id) {
            self.without_room.insert(id, packets);
        }
    }

    /// A packet is here now: groups miss it no more. Gives the groups that miss nothing.
    fn found(&mut self, header: &Digest) -> Vec<Digest> {
        let groups = self.wanted.remove(header).unwrap_or_default();
        for id in &groups {
            if let Some(group) = self.groups.get_mut(id) {
                let Group { members, missing, .. } = group;
                missing.retain(|index| members.get(*index).is_some_and(|member| member.header != *header));
            }
        }
        self.ready.extend(groups.iter().copied());
        let complete = |id: &Digest| self.groups.get(id).is_some_and(|group| group.missing.is_empty());
        groups.into_iter().filter(complete).collect()
    }
}

/// Gives the name of a kept repair packet: names sort by the time they came.
fn kept_name(run_ms: u64, number: u64) -> String {
    format!("{run_ms:016}-{number:016}.dkp")
}

fn kept_since(name: &str) -> Option<u64> {
    name.split('-').next()?.parse().ok()
}

impl Engine {
    /// True when a look ended in the middle of rebuilding: there is more to do at once.
    pub(crate) fn has_more_to_rebuild(&self) -> bool {
        self.pick_up.is_whole() && self.repair.incomplete.as_ref().is_some_and(|incomplete| !incomplete.ready.is_empty())
    }

    /// Remembers that a packet was picked up which a group misses.
    pub(crate) fn note_arrival(&mut self, header: Digest) {
        if let Some(incomplete) = self.repair.incomplete.as_mut().filter(|incomplete| incomplete.wanted.contains_key(&header)) {
            incomplete.arrived.insert(header);
        }
    }

    /// Takes the picked repair packets in and rebuilds what can be rebuilt.
    pub(crate) fn receive_repairs(&mut self, picked: Vec<Picked>, report: &mut PassReport) -> Result<(), EngineFault> {
        self.recall_repairs(report)?;
        self.settle_arrivals()?;
        self.keep_repairs(picked, report)?;
        if self.should_stop() || !self.pick_up.is_whole() {
            return Ok(());
        }
        self.call_where_room_came()?;
        let again = std::mem::take(&mut self.incomplete().again);
        self.incomplete().ready.extend(again);
        let mut work = 0;
        while work < WORK_BYTES && !self.should_stop() {
            let Some((id, bytes)) = self.next_ready() else { break };
            work += bytes;
            match self.rebuild(&id) {
                Ok(Outcome::TooFew) => {}
                Ok(Outcome::Rebuilt(count)) => {
                    report.rebuilt += count;
                    self.count_repair(|sums| sums.rebuilt += count)?;
                    match self.take_rebuilt(report)? {
                        Taken::All => self.drop_group(&id)?,
                        Taken::WithoutRoom(packets) => self.incomplete().leave_without_room(id, packets),
                        Taken::Later => drop(self.incomplete().again.insert(id)),
                    }
                }
                Ok(Outcome::Useless) => self.drop_group(&id)?,
                Err(fault) => self.tolerate(fault, report)?,
            }
        }
        Ok(())
    }

    fn incomplete(&mut self) -> &mut Incomplete {
        self.repair.incomplete.get_or_insert_default()
    }

    /// Gives the groups that wait for room.
    pub(super) fn without_room(&self) -> Unroomed {
        self.repair.incomplete.as_ref().map(|incomplete| incomplete.without_room.clone()).unwrap_or_default()
    }

    /// Lets a group be rebuilt anew.
    pub(super) fn call_up(&mut self, id: Digest) {
        self.incomplete().without_room.remove(&id);
        self.incomplete().ready.insert(id);
    }

    pub(super) fn rebuilt_dir(&self) -> PathBuf {
        self.station.spool_repair().join("rebuilt")
    }

    fn next_ready(&mut self) -> Option<(Digest, u64)> {
        let incomplete = self.incomplete();
        let id = incomplete.ready.pop_first()?;
        let group = incomplete.groups.get(&id)?;
        Some((id, group.shard.saturating_mul(group.members.len() as u64)))
    }

    /// Reads back, once a run, what was kept; what was rebuilt and not taken in is rebuilt anew.
    fn recall_repairs(&mut self, report: &mut PassReport) -> Result<(), EngineFault> {
        if self.repair.incomplete.is_some() {
            return Ok(());
        }
        self.repair.incomplete = Some(Incomplete::default());
        let (dir, rebuilt) = (self.station.spool_repair(), self.rebuilt_dir());
        for name in self.listed(&rebuilt)? {
            self.seams.files.remove(&rebuilt.join(name))?;
        }
        for name in self.listed(&dir)?.into_iter().filter(|name| is_packet_name(name.as_bytes())) {
            match self.read_kept(&name) {
                Ok(Some(parity)) => {
                    let missing = self.missing_of(&parity.table)?;
                    if missing.is_empty() || !self.incomplete().add(name.clone(), parity, missing) {
                        self.seams.files.remove(&dir.join(&name))?;
                    }
                }
                Ok(None) => drop(self.seams.files.remove(&dir.join(&name))?),
                Err(fault) => self.tolerate(fault, report)?,
            }
        }
        Ok(())
    }

    fn listed(&self, dir: &std::path::Path) -> Result<Vec<String>, FileFault> {
        match self.seams.files.list(dir) {
            Err(fault) if fault.cause == FileCause::NotFound => Ok(Vec::new()),
            names => names,
        }
    }

    /// Reads the front of a kept repair packet; `None` when it is cut or no known key signed it. Its shard is as good as what it rebuilds.
    fn read_kept(&self, name: &str) -> Result<Option<Parity>, FileFault> {
        let open = self.seams.files.open(&self.station.spool_repair().join(name))?;
        let (mut front, len) = (vec![0; FRONT_MAX], open.stat()?.len);
        let count = open.read_at(0, &mut front)?;
        front.truncate(count);
        let believed = Believed(self.trust.as_ref().map(|trust| &trust.peer));
        let Ok(head) = read_head(&front, &believed) else { return Ok(None) };
        Ok((head.expected_len() == len).then(|| parity_in(&head, &front)).flatten())
    }

    /// Finds out which packets of a group are not known here.
    fn missing_of(&mut self, table: &ParityTable) -> Result<BTreeSet<usize>, EngineFault> {
        let mut missing = BTreeSet::new();
        for (index, member) in table.members.iter().enumerate() {
            if self.store().packet_by_header(Direction::In, &member.header)?.is_none() {
                missing.insert(index);
            }
        }
        Ok(missing)
    }

    /// Looks what became of the missing packets that were picked up.
    fn settle_arrivals(&mut self) -> Result<(), EngineFault> {
        for header in std::mem::take(&mut self.incomplete().arrived) {
            if self.store().packet_by_header(Direction::In, &header)?.is_none() {
                continue;
            }
            for id in self.incomplete().found(&header) {
                self.drop_group(&id)?;
            }
        }
        Ok(())
    }

    fn drop_group(&mut self, id: &Digest) -> Result<(), EngineFault> {
        for name in self.incomplete().remove(id) {
            self.seams.files.remove(&self.station.spool_repair().join(name))?;
        }
        Ok(())
    }

    /// Keeps the repair packets that a group with missing packets can use; the others are let go.
    fn keep_repairs(&mut self, picked: Vec<Picked>, report: &mut PassReport) -> Result<(), EngineFault> {
        let mut done = Vec::new();
        for picked in picked {
            let kept = match self.keep_repair(&picked) {
                Ok(kept) => kept,
                Err(EngineFault::File(fault)) if fault.is_gone() => continue,
                Err(fault) => {
                    self.tolerate(fault, report)?;
                    continue;
                }
            };
            match kept {
                Ok(()) => done.push(picked),
                Err(code) => self.set_aside(&picked.dir, &picked.name, code),
            }
        }
        if done.is_empty() {
            return Ok(());
        }
        let run_ms = self.state.run_ms;
        while let Some(name) = self.incomplete().give_way(run_ms) {
            self.seams.files.remove(&self.station.spool_repair().join(name))?;
        }
        if !self.incomplete().files.is_empty() {
            self.seams.files.sync_fs(&self.station.spool_repair())?;
        }
        let mut count = 0;
        for picked in done {
            count += u64::from(self.let_go(&picked.dir, &picked.name, report)?);
        }
        report.repair_received += count;
        self.count_repair(|sums| sums.received += count)
    }

    /// Copies and checks one repair packet, and keeps it if it is of use; the code when it is damaged.
    fn keep_repair(&mut self, picked: &Picked) -> Result<Result<(), &'static str>, EngineFault> {
        let head = &picked.head;
        let read = self.read_picked(picked)?.and_then(|bytes| super::verify::check_copy(head, &bytes).map(|()| bytes));
        let bytes = match read {
            Ok(bytes) => bytes,
            Err(refusal) => return Ok(Err(refusal.code())),
        };
        // What this version cannot use is ignored and counted.
        let Some(parity) = parity_in(head, &bytes) else { return Ok(Ok(())) };
        let missing = self.missing_of(&parity.table)?;
        let known = self.incomplete().groups.get(&parity.table.group());
        if missing.is_empty() || known.is_some_and(|group| group.shards.contains_key(&parity.table.index)) {
            return Ok(Ok(()));
        }
        let name = kept_name(self.state.run_ms, head.header.number);
        if self.incomplete().files.contains_key(&name) {
            return Ok(Ok(()));
        }
        let dir = self.station.spool_repair();
        self.make_private(&dir)?;
        self.seams.files.remove(&dir.join(&name))?;
        self.seams.files.write_new(&dir.join(&name), &[&bytes], &Ownership::default())?;
        self.incomplete().add(name, parity, missing);
        Ok(Ok(()))
    }

    /// Makes a folder of the spool that is not there yet.
    fn make_private(&self, dir: &std::path::Path) -> Result<(), FileFault> {
        if self.seams.files.stat(dir)?.is_none() {
            self.seams.files.make_dirs(dir)?;
            self.seams.files.own(dir, &Ownership { mode: Some(0o700), ..Ownership::default() })?;
        }
        Ok(())
    }

    /// Rebuilds what a group misses, when there are enough members, into the folder of rebuilt packets.
    fn rebuild(&mut self, id: &Digest) -> Result<Outcome, EngineFault> {
        let Some(gathered) = self.gather_members(id)? else { return Ok(Outcome::TooFew) };
        let rebuilt = match gathered.rebuild() {
            Ok(rebuilt) => rebuilt,
            Err(Unrebuilt::File(fault)) => return Err(fault.into()),
            Err(Unrebuilt::Code(fault)) => {
                tracing::error!(%fault, "a group of repair packets cannot be used");
                return Ok(Outcome::Useless);
            }
        };
        let Gathered { members, copies, .. } = gathered;
        let count = self.place_rebuilt(&members, rebuilt)?;
        match count {
            0 => self.look_for_rot(id, copies),
            _ => Ok(Outcome::Rebuilt(count)),
        }
    }

    /// Opens the members of a group that are here; `None` when they are too few.
    fn gather_members(&mut self, id: &Digest) -> Result<Option<Gathered>, EngineFault> {
        let Some(group) = self.incomplete().groups.get(id) else { return Ok(None) };
        let shape = Shape { data: group.members.len(), parity: usize::from(group.parity), shard: group.shard };
        let (members, missing, rotten) = (group.members.clone(), group.missing.clone(), group.rotten.clone());
        let shards: Vec<(u16, String, u64)> =
            group.shards.iter().map(|(index, (name, at))| (*index, name.clone(), *at)).collect();
        let mut copies = HashMap::new();
        for (index, member) in members.iter().enumerate() {
            if !missing.contains(&index) && !rotten.contains(&index) {
                copies.extend(self.open_member(member)?.map(|copy| (index, copy)));
            }
        }
        if copies.len() + shards.len() < members.len() {
            return Ok(None);
        }
        let (dir, mut parity) = (self.station.spool_repair(), HashMap::new());
        for (index, name, at) in shards {
            parity.insert(usize::from(index), (self.seams.files.open(&dir.join(name))?, at));
        }
        Ok(Some(Gathered { shape, members, missing, copies, parity }))
    }

    /// Opens a member's copy in the spool; `None` when it was pruned or is not whole.
    fn open_member(&mut self, member: &Member) -> Result<Option<SpoolCopy>, EngineFault> {
        let Some(row) = self.store().packet_by_header(Direction::In, &member.header)? else { return Ok(None) };
        let Some(name) = row.spool.clone() else { return Ok(None) };
        match self.seams.files.open(&self.spool_path(Direction::In, &name)) {
            Ok(file) if file.stat()?.len == member.bytes => Ok(Some(SpoolCopy { file, row })),
            Ok(_) => Ok(None),
            Err(fault) if fault.is_gone() => Ok(None),
            Err(fault) => Err(fault.into()),
        }
    }

    /// Writes rebuilt packets where they are picked up, but for those that are not what their group says; gives how many.
    fn place_rebuilt(&self, members: &[Member], rebuilt: BTreeMap<usize, Vec<u8>>) -> Result<u64, EngineFault> {
        let (dir, mut count) = (self.rebuilt_dir(), 0);
        self.make_private(&dir)?;
        for (index, mut bytes) in rebuilt {
            let Some(member) = members.get(index) else { continue };
            bytes.truncate(member.bytes as usize);
            if !self.is_packet(&bytes, member) {
                continue;
            }
            let path = dir.join(rebuilt_name(&member.header));
            self.seams.files.remove(&path)?;
            self.seams.files.write_new(&path, &[&bytes], &Ownership::default())?;
            count += 1;
        }
        Ok(count)
    }

    /// After a group gave nothing: looks for the copies that rotted here, so that it is tried without them.
    fn look_for_rot(&mut self, id: &Digest, copies: HashMap<usize, SpoolCopy>) -> Result<Outcome, EngineFault> {
        let mut rotten = Vec::new();
        for (index, copy) in copies {
            if self.verify_kept(copy.row)?.is_none() {
                rotten.push(index);
            }
        }
        let incomplete = self.incomplete();
        match incomplete.groups.get_mut(id).filter(|_| !rotten.is_empty()) {
            Some(group) => {
                group.rotten.extend(rotten);
                incomplete.ready.insert(*id);
                Ok(Outcome::TooFew)
            }
            // The shards are not those of these packets: they came so from the peer, or rotted here.
            None => Ok(Outcome::Useless),
        }
    }

    fn is_packet(&self, bytes: &[u8], member: &Member) -> bool {
        let believed = Believed(self.trust.as_ref().map(|trust| &trust.peer));
        read_head(bytes, &believed).is_ok_and(|head| {
            head.digest == member.header && head.header.class == Class::Cargo && super::verify::check_copy(&head, bytes).is_ok()
        })
    }

    /// Takes rebuilt packets in on the way of all packets.
    fn take_rebuilt(&mut self, report: &mut PassReport) -> Result<Taken, EngineFault> {
        let dir = self.rebuilt_dir();
        let (mut left, mut without_room) = (self.listed(&dir)?.len(), Vec::new());
        loop {
            let mut look = Look::default();
            self.look_at_own(&dir, &mut look, report)?;
            // What a doubtful sender sent is doubtful whichever way it came.
            let look = self.judge(look, report)?;
            for (channel, mut arrivals) in look.cargo {
                arrivals.sort_by_key(|picked| picked.head.header.seq);
                let packets: Vec<_> =
                    arrivals.iter().map(|picked| (picked.name.clone(), Roomless::of(&channel, picked))).collect();
                self.receive_channel(&channel, arrivals, report)?;
                without_room.extend(self.forget_those_outside(packets)?);
            }
            self.put_aside(report)?;
            self.settle_arrivals()?;
            let still = self.listed(&dir)?.len();
            // A channel may take one packet a look, at the end of a file in parts.
            match still {
                0 if without_room.is_empty() => return Ok(Taken::All),
                0 => return Ok(Taken::WithoutRoom(without_room)),
                _ if still == left || self.should_stop() => return Ok(Taken::Later),
                _ => {}
            }
            left = still;
        }
    }
}

fn rebuilt_name(header: &Digest) -> String {
    let text: String = header.to_string().chars().take(32).collect();
    format!("{text}.dkp")
}

/// Reads what a verified repair packet says, from its front; `None` for what this version cannot use.
fn parity_in(head: &VerifiedHead, bytes: &[u8]) -> Option<Parity> {
    let header = &head.header;
    if header.class != Class::Repair || header.kind != KIND_PARITY || head.check_critical().is_err() {
        return None;
    }
    let front = bytes.get(head.head_len..)?;
    let (table, begin) = ParityTable::parse(front, header.payload_len).ok()?;
    Some(Parity { table, shard_at: (head.head_len + begin) as u64, bytes: head.expected_len() })
}
