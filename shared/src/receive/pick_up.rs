//! Picking up: a full look at the ferry directory, told apart by verified heads.
//!
//! Given: a hostile directory. Gives: [`Picked`] packets whose signed head is a trusted peer's and addressed to us. After a crash: nothing
//! was changed but what is set aside. Never: trust in a name, a time or a marker file; a log line for each piece of junk.

use crate::engine::{Engine, PassReport};
use crate::error::EngineFault;
use crate::seams::{FerryDir, FileCause, FileFault, FileStat};
use dukou_packets::packet::header::{ChannelName, Class};
use dukou_packets::packet::name::is_packet_name;
use dukou_packets::packet::open::{Expectation, HEAD_MAX, KeyBook, PacketKey, Refusal, VerifiedHead, read_head};
use dukou_packets::suite::KeyId;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

/// Most entries one look takes; what is beyond waits for the next.
const LOOK_ENTRIES: usize = 10_000;

/// Least time (ms) between two looks that count as two scans of a short packet.
const SCAN_MS: u64 = 900;

/// What picking up remembers from look to look; losing it costs nothing but time.
#[derive(Default)]
pub(crate) struct Memory {
    /// Packets that are too short, with how often they were seen unchanged and when last.
    short: HashMap<String, (FileStat, u32, u64)>,
    /// False when `waiting/` is to be tried: at start and after every keyring change.
    pub(crate) waiting_done: bool,
    /// What was set aside in this look, for one log line a code.
    pub(crate) aside: BTreeMap<String, super::aside::Tally>,
}

/// A packet in the ferry directory with a verified head.
pub(crate) struct Picked {
    /// Which directory it lies in.
    pub(crate) dir: PathBuf,
    /// Its name there.
    pub(crate) name: String,
    pub(crate) head: VerifiedHead,
}

/// What one look gave.
#[derive(Default)]
pub(crate) struct Look {
    pub(crate) signals: Vec<Picked>,
    pub(crate) cargo: BTreeMap<ChannelName, Vec<Picked>>,
}

/// The keys a station believes: the trusted peer's, or none.
pub(crate) struct Believed<'a>(pub(crate) Option<&'a dukou_packets::keyring::Keyring>);

impl KeyBook for Believed<'_> {
    fn packet_key(&self, id: KeyId) -> Option<PacketKey<'_>> {
        self.0?.packet_key(id)
    }
}

impl Engine {
    /// Looks at the ferry directory, and at `waiting/` when the keys changed.
    pub(crate) fn pick_up(&mut self, report: &mut PassReport) -> Result<Look, EngineFault> {
        let mut look = Look::default();
        self.look_into(self.station.ferry_in(), true, &mut look, report)?;
        if !self.pick_up.waiting_done {
            self.pick_up.waiting_done = true;
            self.look_into(self.station.waiting_dir(), false, &mut look, report)?;
        }
        for arrivals in look.cargo.values_mut() {
            arrivals.sort_by_key(|picked| picked.head.header.seq);
        }
        look.signals.sort_by_key(|picked| std::cmp::Reverse(picked.head.header.number));
        Ok(look)
    }

    fn look_into(&mut self, dir: PathBuf, is_ferry: bool, look: &mut Look, report: &mut PassReport) -> Result<(), EngineFault> {
        let ferry = match self.seams.files.ferry_dir(&dir) {
            Ok(ferry) => ferry,
            Err(fault) => return self.tolerate(fault, report),
        };
        let listing = ferry.list(&|name| is_packet_name(name.as_bytes()), LOOK_ENTRIES)?;
        let mut short = HashMap::new();
        for (name, stat) in listing.entries {
            if !stat.is_file {
                report.junk += u64::from(is_ferry);
                continue;
            }
            match self.read_one_head(ferry.as_ref(), &name, &stat) {
                Ok(Ok(head)) => self.sort_in(Picked { dir: dir.clone(), name, head }, look, report)?,
                Ok(Err(refusal)) if refusal.is_not_yet() => {
                    self.grow_or_set_aside(ferry.as_ref(), name, stat, &mut short, report)?
                }
                Ok(Err(refusal)) if refusal.is_unknown_key() => {
                    if is_ferry {
                        self.let_wait(ferry.as_ref(), &name, report)?;
                    }
                }
                Ok(Err(refusal)) => self.set_aside(ferry.as_ref(), &name, refusal.code(), report)?,
                Err(fault) if fault.cause == FileCause::NotFound => {}
                Err(fault) if fault.cause == FileCause::NotRegular => report.junk += u64::from(is_ferry),
                Err(fault) => self.tolerate(fault, report)?,
            }
        }
        if is_ferry {
            report.junk += listing.uncounted;
            report.incomplete += short.len() as u64;
            self.pick_up.short = short;
        }
        Ok(())
    }

    fn read_one_head(
        &self,
        ferry: &dyn FerryDir,
        name: &str,
        stat: &FileStat,
    ) -> Result<Result<VerifiedHead, Refusal>, FileFault> {
        let open = ferry.open(name)?;
        let mut bytes = vec![0; HEAD_MAX.min(stat.len as usize)];
        let count = open.read_at(0, &mut bytes)?;
        bytes.truncate(count);
        let found = open.stat()?.len;
        let believed = Believed(self.trust.as_ref().map(|trust| &trust.peer));
        let checked = read_head(&bytes, &believed).and_then(|head| {
            let identity = &self.station.config.station;
            head.check_address(&Expectation { environment: identity.environment, own: identity.id })?;
            match found.cmp(&head.expected_len()) {
                std::cmp::Ordering::Less => Err(Refusal::Short),
                std::cmp::Ordering::Greater => Err(Refusal::Length),
                std::cmp::Ordering::Equal => Ok(head),
            }
        });
        Ok(checked)
    }

    fn sort_in(&mut self, picked: Picked, look: &mut Look, report: &mut PassReport) -> Result<(), EngineFault> {
        let channel = picked.head.header.channel.clone();
        match (picked.head.header.class, channel) {
            (Class::Signal, _) => look.signals.push(picked),
            (Class::Cargo, Some(channel)) if self.is_granted(&channel) => look.cargo.entry(channel).or_default().push(picked),
            (Class::Cargo, _) => {
                let ferry = self.seams.files.ferry_dir(&picked.dir)?;
                self.set_aside(ferry.as_ref(), &picked.name, "not-granted", report)?;
            }
            // Parity is of no use before a group of packets is known to be incomplete; it is counted and taken away.
            (Class::Repair, _) => {
                report.duplicates += 1;
                self.seams.files.ferry_dir(&picked.dir)?.remove(&picked.name)?;
            }
        }
        Ok(())
    }

    /// True when the peer may send on the channel and it is configured as incoming here.
    pub(crate) fn is_granted(&self, channel: &ChannelName) -> bool {
        self.incoming.contains_key(channel) && self.trust.as_ref().is_some_and(|trust| trust.grant.channels.contains(channel))
    }

    /// A packet that is too short may still grow; when it did not for some scans it is set aside.
    fn grow_or_set_aside(
        &mut self,
        ferry: &dyn FerryDir,
        name: String,
        stat: FileStat,
        short: &mut HashMap<String, (FileStat, u32, u64)>,
        report: &mut PassReport,
    ) -> Result<(), EngineFault> {
        let now_ms = self.seams.clock.mono_ms();
        let (scans, since_ms) = match self.pick_up.short.get(&name) {
            Some((before, scans, last_ms)) if *before == stat && now_ms < last_ms + SCAN_MS => (*scans, *last_ms),
            Some((before, scans, _)) if *before == stat => (scans + 1, now_ms),
            _ => (1, now_ms),
        };
        if scans < self.station.config.ferry.incomplete_scans {
            short.insert(name, (stat, scans, since_ms));
            return Ok(());
        }
        self.learn_from_short(ferry, &name)?;
        self.set_aside(ferry, &name, Refusal::Short.code(), report)
    }

    /// A cut packet's head still proves that its number exists.
    fn learn_from_short(&mut self, ferry: &dyn FerryDir, name: &str) -> Result<(), EngineFault> {
        let mut bytes = vec![0; HEAD_MAX];
        let count = ferry.open(name)?.read_at(0, &mut bytes)?;
        bytes.truncate(count);
        let believed = Believed(self.trust.as_ref().map(|trust| &trust.peer));
        let Ok(head) = read_head(&bytes, &believed) else { return Ok(()) };
        let identity = &self.station.config.station;
        match head.check_address(&Expectation { environment: identity.environment, own: identity.id }) {
            Ok(()) => self.learn(&head),
            Err(_) => Ok(()),
        }
    }
}
