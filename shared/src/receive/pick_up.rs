//! Picking up: a full look at the ferry directory, told apart by verified heads.
//!
//! Given: a hostile directory of any size. Gives: [`Picked`] packets whose signed head is a trusted peer's and addressed to us; a directory that
//! is larger than one look is gone through page by page, so that whatever lies there every packet gets its turn. After a crash: nothing was
//! changed but what is set aside. Never: trust in a name, a time or a marker file; a log line for each piece of junk.

use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::ferry::reading::head_of;
use crate::reason;
use crate::seams::{FerryDir, FileCause, FileFault, FileStat};
use dukou_packets::packet::armor::Form;
use dukou_packets::packet::header::{ChannelName, Class};
use dukou_packets::packet::open::{Expectation, KeyBook, PacketKey, Refusal, VerifiedHead};
use dukou_packets::suite::{Digest, KeyId};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// Most files one look takes; the next look takes those behind them. It also bounds how many short files are remembered.
pub(super) const LOOK_ENTRIES: usize = 10_000;

/// Least time (ms) between two looks that count as two scans of a short packet.
const SCAN_MS: u64 = 900;

/// Why a packet is set aside whose channel is not granted to its sender.
const NOT_GRANTED: &str = "not-granted";

/// What picking up remembers from look to look; losing it costs nothing but time.
#[derive(Default)]
pub(crate) struct Memory {
    /// Packets that are too short, with how often they were seen unchanged and when last.
    short: HashMap<String, (FileStat, u32, u64)>,
    /// The same, of the pages looked at since the first one.
    short_so_far: HashMap<String, (FileStat, u32, u64)>,
    /// The last name of the page before; empty when the next look begins with the first page.
    after: String,
    /// The names that were looked at since the first page, what came meanwhile among them.
    pub(super) looked_at: BTreeSet<String>,
    /// False when the directory could not be listed to its end.
    listed: bool,
    /// False when `waiting/` is to be tried: at start, after every keyring change, and while packets in it are still to be taken in.
    pub(crate) waiting_done: bool,
    /// False when what was set aside as `not-granted` is to be tried again: at start and after every `trust`.
    pub(crate) grants_done: bool,
    /// What is to be set aside at the end of this look.
    pub(crate) leaving: Vec<super::aside::Leaving>,
    /// Files whose `aside` line is durable and that could not be moved yet.
    pub(crate) stuck: BTreeSet<(PathBuf, String)>,
    /// Heads of second packets under one number that the log names already.
    pub(crate) told: BTreeSet<Digest>,
    /// What stayed outside the spool since the first page.
    pub(crate) outside: crate::ferry::spool::Outside,
    /// What was missing at the end of a whole look, and still is, announced or not.
    pub(crate) missing: super::order::Gaps,
    /// Running time (ms) of that look.
    pub(crate) missing_since_ms: u64,
    /// Packets are missing that no line names yet.
    pub(crate) has_fresh_gaps: bool,
}

impl Memory {
    /// True when there are pages that were not looked at yet.
    pub(crate) fn has_more(&self) -> bool {
        !self.after.is_empty()
    }

    /// True when every arrival was looked at since the first page.
    pub(crate) fn is_whole(&self) -> bool {
        self.listed && !self.has_more()
    }
}

/// Where a packet was picked up: the directory, and its name there.
pub(crate) type PickedFrom = (PathBuf, String);

/// A packet in the ferry directory with a verified head.
pub(crate) struct Picked {
    /// Which directory it lies in.
    pub(crate) dir: PathBuf,
    /// Its name there.
    pub(crate) name: String,
    /// In which form it stands there.
    pub(crate) form: Form,
    pub(crate) head: VerifiedHead,
}

/// What one look gave.
#[derive(Default)]
pub(crate) struct Look {
    pub(crate) signals: Vec<Picked>,
    pub(crate) cargo: BTreeMap<ChannelName, Vec<Picked>>,
    pub(crate) repairs: Vec<Picked>,
}

/// The keys a station believes: the trusted peer's, or none.
pub(crate) struct Believed<'a>(pub(crate) Option<&'a dukou_packets::keyring::Keyring>);

impl KeyBook for Believed<'_> {
    fn packet_key(&self, id: KeyId) -> Option<PacketKey<'_>> {
        self.0?.packet_key(id)
    }
}

/// A directory of the own spool, and the names of the packet files in it.
type OwnListing = (Box<dyn FerryDir>, Vec<String>);

impl Engine {
    /// Looks at the ferry directory, and at `waiting/` when the keys changed.
    pub(crate) fn pick_up(&mut self, report: &mut PassReport) -> Result<Look, EngineFault> {
        let mut look = Look::default();
        self.look_at_ferry(&mut look, report)?;
        if !self.pick_up.waiting_done {
            self.look_at_waiting(&mut look, report)?;
        }
        if !self.pick_up.grants_done {
            self.look_at_ungranted(&mut look, report)?;
        }
        for arrivals in look.cargo.values_mut() {
            arrivals.sort_by_key(|picked| picked.head.header.seq);
        }
        look.signals.sort_by_key(|picked| std::cmp::Reverse(picked.head.header.number));
        Ok(look)
    }

    fn look_at_ferry(&mut self, look: &mut Look, report: &mut PassReport) -> Result<(), EngineFault> {
        let (dir, after) = (self.station.ferry_in(), std::mem::take(&mut self.pick_up.after));
        if after.is_empty() {
            self.pick_up.short_so_far.clear();
            self.pick_up.outside.clear();
            self.pick_up.looked_at.clear();
            self.pick_up.listed = true;
        }
        let listed = self.seams.files.ferry_dir(&dir).and_then(|ferry| {
            let page = ferry.page(&|name| self.is_packet_file(name), &after, LOOK_ENTRIES)?;
            Ok((ferry, page))
        });
        let (ferry, page) = match listed {
            Ok(listed) => listed,
            Err(fault) => {
                self.pick_up.listed = false;
                return self.tolerate(fault, report);
            }
        };
        if page.more {
            self.pick_up.after = page.entries.last().map(|(name, _)| name.clone()).unwrap_or_default();
        }
        report.junk += page.others;
        self.pick_up.looked_at.extend(page.entries.iter().map(|(name, _)| name.clone()));
        for (name, stat) in page.entries {
            self.look_at(ferry.as_ref(), (&dir, name, stat), look, report)?;
        }
        report.incomplete += self.pick_up.short_so_far.len() as u64;
        if !self.pick_up.has_more() {
            self.pick_up.short = std::mem::take(&mut self.pick_up.short_so_far);
        }
        Ok(())
    }

    /// Tries what waits for a key; again with the next look as long as there was anything to take in, since not all of it may have had its turn.
    fn look_at_waiting(&mut self, look: &mut Look, report: &mut PassReport) -> Result<(), EngineFault> {
        let dir = self.station.waiting_dir();
        let (ferry, names) = match self.list_own(&dir) {
            Ok(Some(listed)) => listed,
            Ok(None) => {
                self.pick_up.waiting_done = true;
                return Ok(());
            }
            Err(fault) => return self.tolerate(fault, report),
        };
        self.pick_up.waiting_done = true;
        for name in names {
            match self.read_one_head(ferry.as_ref(), &name) {
                Ok(Ok((form, head))) => {
                    self.pick_up.waiting_done = false;
                    self.sort_in(Picked { dir: dir.clone(), name, form, head }, look);
                }
                Ok(Err(refusal)) if refusal.is_unknown_key() || refusal.is_not_yet() => {}
                Ok(Err(refusal)) => self.set_aside(&dir, &name, refusal.code()),
                Err(fault) if fault.is_gone() => {}
                Err(fault) => self.tolerate(fault, report)?,
            }
        }
        Ok(())
    }

    /// Takes packets in that were set aside because their channel was not granted, and now is; again with the next look as long as there was one, since
    /// not all of them may have had their turn.
    fn look_at_ungranted(&mut self, look: &mut Look, report: &mut PassReport) -> Result<(), EngineFault> {
        let dir = self.station.quarantine_dir();
        let (ferry, names) = match self.list_own(&dir) {
            Ok(Some(listed)) => listed,
            Ok(None) => {
                self.pick_up.grants_done = true;
                return Ok(());
            }
            Err(fault) => return self.tolerate(fault, report),
        };
        self.pick_up.grants_done = true;
        for name in names {
            match reason::code(self.seams.files.as_ref(), &dir.join(&name)) {
                Ok(Some(code)) if code == NOT_GRANTED => {}
                Ok(_) => continue,
                Err(fault) => {
                    self.pick_up.grants_done = false;
                    self.tolerate(fault, report)?;
                    continue;
                }
            }
            match self.read_one_head(ferry.as_ref(), &name) {
                Ok(Ok((form, head))) if head.header.channel.as_ref().is_some_and(|channel| self.is_granted(channel)) => {
                    self.pick_up.grants_done = false;
                    self.sort_in(Picked { dir: dir.clone(), name, form, head }, look);
                }
                Ok(_) => {}
                Err(fault) if fault.is_gone() => {}
                Err(fault) => {
                    self.pick_up.grants_done = false;
                    self.tolerate(fault, report)?;
                }
            }
        }
        Ok(())
    }

    /// Lists the packet files of a directory of the own spool; `None` where it is not there.
    fn list_own(&self, dir: &Path) -> Result<Option<OwnListing>, FileFault> {
        match self.seams.files.ferry_dir(dir) {
            Ok(ferry) => {
                let page = ferry.page(&|name| self.is_packet_file(name), "", LOOK_ENTRIES)?;
                Ok(Some((ferry, page.entries.into_iter().map(|(name, _)| name).collect())))
            }
            Err(fault) if fault.cause == FileCause::NotFound => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Looks at a directory of the own spool in which nothing grows: rebuilt packets.
    pub(super) fn look_at_own(&mut self, dir: &Path, look: &mut Look, report: &mut PassReport) -> Result<(), EngineFault> {
        let ferry = self.seams.files.ferry_dir(dir)?;
        for (name, _) in ferry.page(&|name| self.is_packet_file(name), "", LOOK_ENTRIES)?.entries {
            match self.read_one_head(ferry.as_ref(), &name) {
                Ok(Ok((form, head))) => self.sort_in(Picked { dir: dir.to_path_buf(), name, form, head }, look),
                Ok(Err(refusal)) => self.set_aside(dir, &name, refusal.code()),
                Err(fault) => self.tolerate(fault, report)?,
            }
        }
        Ok(())
    }

    fn look_at(
        &mut self,
        ferry: &dyn FerryDir,
        (dir, name, stat): (&Path, String, FileStat),
        look: &mut Look,
        report: &mut PassReport,
    ) -> Result<(), EngineFault> {
        match self.read_one_head(ferry, &name) {
            Ok(Ok((form, head))) => self.sort_in(Picked { dir: dir.to_path_buf(), name, form, head }, look),
            Ok(Err(refusal)) if refusal.is_not_yet() => self.grow_or_set_aside(ferry, (dir, name, stat), report)?,
            Ok(Err(refusal)) if refusal.is_unknown_key() => self.let_wait(dir, &name),
            Ok(Err(refusal)) => self.set_aside(dir, &name, refusal.code()),
            Err(fault) if fault.cause == FileCause::NotFound => {}
            Err(fault) if fault.cause == FileCause::NotRegular => report.junk += 1,
            Err(fault) => self.tolerate(fault, report)?,
        }
        Ok(())
    }

    pub(super) fn read_one_head(
        &self,
        ferry: &dyn FerryDir,
        name: &str,
    ) -> Result<Result<(Form, VerifiedHead), Refusal>, FileFault> {
        let open = ferry.open(name)?;
        let read = head_of(open.as_ref(), &Believed(self.trust.as_ref().map(|trust| &trust.peer)))?;
        let found = open.stat()?.len;
        let checked = read.and_then(|(form, head)| {
            let identity = &self.station.config.station;
            head.check_address(&Expectation { environment: identity.environment, own: identity.id })?;
            match found.cmp(&form.file_len(head.expected_len())) {
                std::cmp::Ordering::Less => Err(Refusal::Short),
                std::cmp::Ordering::Greater => Err(Refusal::Length),
                std::cmp::Ordering::Equal => Ok((form, head)),
            }
        });
        Ok(checked)
    }

    fn sort_in(&mut self, picked: Picked, look: &mut Look) {
        let channel = picked.head.header.channel.clone();
        match (picked.head.header.class, channel) {
            (Class::Signal, _) => look.signals.push(picked),
            (Class::Cargo, Some(channel)) if self.is_granted(&channel) => {
                self.note_arrival(picked.head.digest);
                look.cargo.entry(channel).or_default().push(picked)
            }
            (Class::Cargo, _) => self.set_aside(&picked.dir, &picked.name, NOT_GRANTED),
            (Class::Repair, _) => look.repairs.push(picked),
        }
    }

    /// True when the peer may send on the channel and it is configured as incoming here.
    pub(crate) fn is_granted(&self, channel: &ChannelName) -> bool {
        self.incoming.contains_key(channel) && self.trust.as_ref().is_some_and(|trust| trust.grant.channels.contains(channel))
    }

    /// A packet that is too short may still grow; when it did not for some scans it is set aside.
    fn grow_or_set_aside(
        &mut self,
        ferry: &dyn FerryDir,
        (dir, name, stat): (&Path, String, FileStat),
        report: &mut PassReport,
    ) -> Result<(), EngineFault> {
        let now_ms = self.seams.clock.mono_ms();
        let (scans, since_ms) = match self.pick_up.short.get(&name) {
            Some((before, scans, last_ms)) if *before == stat && now_ms < last_ms + SCAN_MS => (*scans, *last_ms),
            Some((before, scans, _)) if *before == stat => (scans + 1, now_ms),
            _ => (1, now_ms),
        };
        if scans < self.station.config.ferry.incomplete_scans {
            // More short files than are remembered get their turn when the others are gone.
            if self.pick_up.short_so_far.len() < LOOK_ENTRIES {
                self.pick_up.short_so_far.insert(name, (stat, scans, since_ms));
            }
            return Ok(());
        }
        self.learn_from_short(ferry, &name, report)?;
        self.set_aside(dir, &name, Refusal::Short.code());
        Ok(())
    }

    /// A cut packet's head still proves that its number exists.
    fn learn_from_short(&mut self, ferry: &dyn FerryDir, name: &str, report: &mut PassReport) -> Result<(), EngineFault> {
        let believed = Believed(self.trust.as_ref().map(|trust| &trust.peer));
        let head = match ferry.open(name).and_then(|open| head_of(open.as_ref(), &believed)) {
            Ok(Ok((_, head))) => head,
            Ok(Err(_)) => return Ok(()),
            Err(fault) if fault.is_gone() => return Ok(()),
            Err(fault) => return self.tolerate(fault, report),
        };
        let identity = &self.station.config.station;
        match head.check_address(&Expectation { environment: identity.environment, own: identity.id }) {
            Ok(()) => self.learn(&head),
            Err(_) => Ok(()),
        }
    }
}
