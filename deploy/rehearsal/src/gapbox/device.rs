//! The device itself: scan, settle, pick, decide, deliver.

use std::cmp;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::mem;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::disc::{Volume, volume_ends};
use super::flight::{Cargo, Flight, Growing, place};
use super::{Counts, Delete, Fault, GapError, Order, Refusal, Script, Spell, WhenFull};
use crate::random::Random;

/// One thing that happened to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When, on the clock that [`GapDevice::step`] is given.
    pub at_ms: u64,
    /// The file's name at the source.
    pub name: String,
    /// What happened.
    pub what: Happening,
}

/// What happened to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// It lies, whole, in the far directory.
    Delivered {
        /// Its length there.
        bytes: u64,
        /// Milliseconds since a scan first saw it: the device's own delay.
        waited_ms: u64,
        /// What was done to it.
        faults: Vec<Fault>,
    },
    /// It disappeared.
    Lost(Fault),
    /// It was not taken.
    Refused(Refusal),
    /// Somebody else took it between scan and copy.
    Vanished,
    /// The whole device is off; the event has no name.
    Off {
        /// Until when.
        until_ms: u64,
    },
}

/// What a scan compares: a file is settled when this stayed equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    bytes: u64,
    mtime: SystemTime,
}

#[derive(Debug)]
struct Sighting {
    shape: Shape,
    scans: u32,
    seen_ms: u64,
    state: Sight,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    Settling,
    Carried,
    Refused,
}

/// A simulated gap device between two directories.
#[derive(Debug)]
pub struct GapDevice {
    from: PathBuf,
    to: PathBuf,
    script: Script,
    counts: Counts,
    sightings: BTreeMap<OsString, Sighting>,
    flights: Vec<Flight>,
    growing: Vec<Growing>,
    next_scan_ms: u64,
    next_disc_ms: Option<u64>,
    scans: u64,
    burst_left: u32,
    settling: bool,
    off_until_ms: Option<u64>,
    volumes: Vec<Volume>,
    events: Vec<Event>,
}

impl GapDevice {
    /// Puts a device between two existing directories.
    pub fn new(from: impl Into<PathBuf>, to: impl Into<PathBuf>, script: Script) -> Self {
        GapDevice {
            from: from.into(),
            to: to.into(),
            next_disc_ms: script.disc.as_ref().map(|disc| disc.next_run_ms(0)),
            off_until_ms: None,
            volumes: Vec::new(),
            script,
            counts: Counts::default(),
            sightings: BTreeMap::new(),
            flights: Vec::new(),
            growing: Vec::new(),
            next_scan_ms: 0,
            scans: 0,
            burst_left: 0,
            settling: false,
            events: Vec::new(),
        }
    }

    /// Gives what happened so far, in numbers.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Gives what the device was told to do.
    pub fn script(&self) -> &Script {
        &self.script
    }

    /// Gives the volumes that went, in order; without a disc routine each scan that picks something is one.
    pub fn volumes(&self) -> &[Volume] {
        &self.volumes
    }

    /// Tells whether nothing is under way or settling; files that wait for room on the far side do not count.
    pub fn is_idle(&self) -> bool {
        self.scans > 0 && !self.settling && self.growing.is_empty() && self.flights.iter().all(|flight| flight.waits_for_room)
    }

    /// Gives the time of the next thing to do.
    pub fn next_wake_ms(&self) -> u64 {
        let flights = self.flights.iter().filter(|flight| !flight.waits_for_room).map(|flight| flight.due_ms);
        let growing = self.growing.iter().map(|growing| growing.next_ms);
        let next = flights.chain(growing).fold(self.next_scan_ms, u64::min);
        self.off_until_ms.map_or(next, |end| next.max(end))
    }

    /// Does everything that is due at `now_ms`, which must not go backwards, and tells what happened.
    ///
    /// # Errors
    /// Returns the first error of the file system; what was delivered stays delivered.
    pub fn step(&mut self, now_ms: u64) -> Result<Vec<Event>, GapError> {
        if self.is_off(now_ms)? {
            return Ok(mem::take(&mut self.events));
        }
        let mut picked = None;
        if now_ms >= self.next_scan_ms {
            picked = Some(self.scan(now_ms)?);
            self.next_scan_ms = now_ms + self.script.scan_ms;
        }
        self.deliver_due(now_ms, picked == Some(0))?;
        self.grow_due(now_ms)?;
        Ok(mem::take(&mut self.events))
    }

    /// Tells whether the device is off; an outage counts once something waits in it.
    fn is_off(&mut self, now_ms: u64) -> Result<bool, GapError> {
        let ends = self.script.period.iter().filter(|period| period.spell == Spell::Outage);
        let Some(end) = ends.filter_map(|period| period.ends_ms(now_ms)).max() else {
            self.off_until_ms = None;
            return Ok(false);
        };
        self.settling = !self.flights.is_empty() || !self.growing.is_empty() || !list(&self.from)?.is_empty();
        if self.settling && self.off_until_ms != Some(end) {
            self.counts.add_fault(Fault::Outage);
            self.tell(now_ms, OsStr::new(""), Happening::Off { until_ms: end });
            self.off_until_ms = Some(end);
        }
        Ok(true)
    }

    /// How much later everything comes that is taken now.
    fn lateness_ms(&self, now_ms: u64) -> u64 {
        let late = self.script.period.iter().filter(|period| period.spell == Spell::Late);
        late.filter(|period| period.ends_ms(now_ms).is_some()).map(|period| period.by_ms).sum()
    }

    fn tell(&mut self, at_ms: u64, name: &OsStr, what: Happening) {
        self.events.push(Event { at_ms, name: name.to_string_lossy().into_owned(), what });
    }

    fn scan(&mut self, now_ms: u64) -> Result<usize, GapError> {
        self.scans += 1;
        let present = list(&self.from)?;
        self.sightings.retain(|name, _| present.contains_key(name));
        let mut settled = Vec::new();
        self.settling = false;
        for (name, shape) in present {
            match self.sight(&name, shape, now_ms) {
                Some(true) => settled.push((name, shape)),
                Some(false) => self.settling = true,
                None => {}
            }
        }
        self.put_in_order(&mut settled);
        let mut picked = Vec::new();
        for (name, shape) in settled {
            if let Some(refusal) = self.refusal(&name, shape)? {
                self.set_sight(&name, Sight::Refused);
                self.counts.add_refusal(refusal);
                self.tell(now_ms, &name, Happening::Refused(refusal));
            } else {
                picked.push((name, shape.bytes));
            }
        }
        self.collect(picked, now_ms)
    }

    /// Notes a file; gives whether it is settled, or nothing when the device is done with it.
    fn sight(&mut self, name: &OsStr, shape: Shape, now_ms: u64) -> Option<bool> {
        let fresh = || Sighting { shape, scans: 0, seen_ms: now_ms, state: Sight::Settling };
        let sighting = self.sightings.entry(name.to_owned()).or_insert_with(fresh);
        if sighting.shape != shape {
            let seen_ms = if sighting.state == Sight::Settling { sighting.seen_ms } else { now_ms };
            *sighting = Sighting { seen_ms, ..fresh() };
        }
        sighting.scans += 1;
        (sighting.state == Sight::Settling).then_some(sighting.scans >= self.script.settle_scans)
    }

    fn set_sight(&mut self, name: &OsStr, state: Sight) {
        if let Some(sighting) = self.sightings.get_mut(name) {
            sighting.state = state;
        }
    }

    fn put_in_order(&self, files: &mut [(OsString, Shape)]) {
        match self.script.order {
            Order::Alphabetical => files.sort_by(|a, b| a.0.cmp(&b.0)),
            Order::Reverse => files.sort_by(|a, b| b.0.cmp(&a.0)),
            Order::Oldest => files.sort_by(|a, b| (a.1.mtime, &a.0).cmp(&(b.1.mtime, &b.0))),
            Order::Shuffled => {
                let mut random = Random::nth(self.script.seed ^ 0x5408_F71E, self.scans);
                for last in (1..files.len()).rev() {
                    files.swap(last, random.below(last as u64 + 1) as usize);
                }
            }
        }
    }

    fn refusal(&self, name: &OsStr, shape: Shape) -> Result<Option<Refusal>, GapError> {
        let limits = &self.script.limits;
        let extension = Path::new(name).extension().unwrap_or_default();
        let allowed = |listed: &String| extension.eq_ignore_ascii_case(listed);
        if limits.largest_bytes > 0 && shape.bytes > limits.largest_bytes {
            Ok(Some(Refusal::Size))
        } else if !limits.extensions.is_empty() && !limits.extensions.iter().any(allowed) {
            Ok(Some(Refusal::Extension))
        } else if limits.name_bytes > 0 && name.len() > limits.name_bytes {
            Ok(Some(Refusal::Name))
        } else if !limits.name_characters.is_empty()
            && !name.to_string_lossy().chars().all(|c| limits.name_characters.contains(c))
        {
            Ok(Some(Refusal::Character))
        } else if limits.text_only && !self.is_text(name)? {
            Ok(Some(Refusal::Content))
        } else {
            Ok(None)
        }
    }

    fn is_text(&self, name: &OsStr) -> Result<bool, GapError> {
        let path = self.from.join(name);
        let bytes = match fs::read(&path) {
            Err(gone) if gone.kind() == io::ErrorKind::NotFound => return Ok(true),
            read => read.map_err(GapError::io(path))?,
        };
        let plain = |c: char| !c.is_control() || matches!(c, '\t' | '\r' | '\n');
        Ok(std::str::from_utf8(&bytes).is_ok_and(|text| text.chars().all(plain)))
    }

    /// Picks what is settled, volume by volume, where no disc has to be waited for.
    fn collect(&mut self, files: Vec<(OsString, u64)>, now_ms: u64) -> Result<usize, GapError> {
        if self.next_disc_ms.is_some_and(|next| now_ms < next) {
            self.settling |= !files.is_empty();
            return Ok(0);
        }
        self.next_disc_ms = self.script.disc.as_ref().map(|disc| disc.next_run_ms(now_ms + 1));
        let (capacity, most) = self.script.disc.as_ref().map_or((0, 0), |disc| (disc.capacity_bytes, disc.volumes));
        let mut ends = volume_ends(&files.iter().map(|(_, bytes)| *bytes).collect::<Vec<_>>(), capacity);
        if most > 0 && ends.len() > most {
            ends.truncate(most);
            self.settling = true;
        }
        let (mut files, mut begin, mut picked) = (files.into_iter(), 0, 0);
        for end in ends {
            picked += self.pick(files.by_ref().take(end - begin).collect(), now_ms)?;
            begin = end;
        }
        Ok(picked)
    }

    fn pick(&mut self, files: Vec<(OsString, u64)>, now_ms: u64) -> Result<usize, GapError> {
        let bytes = files.iter().map(|(_, bytes)| bytes).sum();
        let names: Vec<OsString> = files.into_iter().map(|(name, _)| name).collect();
        let volume = self.volumes.len() as u64 + 1;
        let listed = names.iter().map(|name| name.to_string_lossy().into_owned()).collect();
        let decided: Vec<_> = names
            .into_iter()
            .map(|name| {
                self.counts.picked += 1;
                (self.counts.picked, self.decide(self.counts.picked), name)
            })
            .collect();
        let befalls = |fault: Fault| {
            let planned = self.script.act.iter().any(|act| act.fault == fault && act.volume == Some(volume));
            planned || decided.iter().any(|(_, faults, _)| faults.contains(&fault))
        };
        let (disc_lost, disc_twice) = (befalls(Fault::Disc), befalls(Fault::DiscTwice));
        let fault = if disc_lost { Some(Fault::Disc) } else { disc_twice.then_some(Fault::DiscTwice) };
        let count = decided.len();
        if count > 0 {
            self.volumes.push(Volume { number: volume, at_ms: now_ms, files: listed, bytes, fault });
        }
        for (nth, mut faults, name) in decided {
            faults.extend(disc_twice.then_some(Fault::DiscTwice));
            self.set_sight(&name, Sight::Carried);
            match self.loss(&faults, disc_lost) {
                Some(fault) => self.lose(&name, fault, now_ms)?,
                None => self.take_off(nth, faults, name, now_ms)?,
            }
        }
        Ok(count)
    }

    /// Draws once for each fault, so that switching one on leaves the decisions about the others as they were.
    fn decide(&self, nth: u64) -> BTreeSet<Fault> {
        let mut random = Random::nth(self.script.seed, nth);
        let drawn = Fault::ALL.into_iter().filter(|&fault| random.chance(self.script.chance.of(fault)));
        let drawn: BTreeSet<Fault> = drawn.collect();
        let scripted = self.script.act.iter().filter(|act| act.on == Some(nth)).map(|act| act.fault);
        drawn.into_iter().chain(scripted).collect()
    }

    fn loss(&mut self, faults: &BTreeSet<Fault>, disc_lost: bool) -> Option<Fault> {
        if faults.contains(&Fault::Burst) && self.burst_left == 0 {
            self.burst_left = self.script.amount.burst_files;
        }
        let in_burst = self.burst_left > 0;
        self.burst_left = self.burst_left.saturating_sub(1);
        if disc_lost {
            Some(Fault::Disc)
        } else if in_burst {
            Some(Fault::Burst)
        } else {
            faults.contains(&Fault::Drop).then_some(Fault::Drop)
        }
    }

    fn lose(&mut self, name: &OsStr, fault: Fault, now_ms: u64) -> Result<(), GapError> {
        self.counts.add_fault(fault);
        self.tell(now_ms, name, Happening::Lost(fault));
        if self.script.delete == Delete::Never { Ok(()) } else { remove(&self.from.join(name)) }
    }

    fn take_off(&mut self, nth: u64, mut faults: BTreeSet<Fault>, name: OsString, now_ms: u64) -> Result<(), GapError> {
        let source = self.from.join(&name);
        let cargo = if self.script.delete == Delete::Before {
            match fs::read(&source) {
                Err(gone) if gone.kind() == io::ErrorKind::NotFound => {
                    self.vanish(&name, now_ms);
                    return Ok(());
                }
                read => {
                    let bytes = read.map_err(GapError::io(&source))?;
                    remove(&source)?;
                    Cargo::Held(bytes)
                }
            }
        } else {
            Cargo::AtSource(source)
        };
        let amount = &self.script.amount;
        let delay = Random::nth(self.script.seed ^ 0x000D_E1A4, nth).between(1, amount.delay_ms);
        let delayed = if faults.contains(&Fault::Delay) { delay } else { 0 };
        let late = self.lateness_ms(now_ms);
        faults.extend((late > 0).then_some(Fault::Late));
        let behind = if faults.contains(&Fault::Reorder) { amount.reorder_files } else { 0 };
        let seen_ms = self.sightings.get(&name).map_or(now_ms, |sighting| sighting.seen_ms);
        self.flights.push(Flight {
            nth,
            name,
            cargo,
            seen_ms,
            due_ms: now_ms + self.script.latency_ms + delayed + late,
            after_nth: nth + behind,
            faults,
            waits_for_room: false,
        });
        Ok(())
    }

    fn vanish(&mut self, name: &OsStr, now_ms: u64) {
        self.counts.vanished += 1;
        self.tell(now_ms, name, Happening::Vanished);
    }

    /// Delivers what is due; a scan that picked nothing releases reordered files, since nothing comes to overtake them.
    fn deliver_due(&mut self, now_ms: u64, nothing_picked: bool) -> Result<(), GapError> {
        let picked = self.counts.picked;
        let ready = |flight: &Flight| flight.due_ms <= now_ms && (nothing_picked || flight.after_nth <= picked);
        let (mut due, later): (Vec<_>, Vec<_>) = mem::take(&mut self.flights).into_iter().partition(ready);
        self.flights = later;
        // The overtaken one comes after the one that overtook it.
        due.sort_by_key(|flight| (flight.due_ms, flight.after_nth, cmp::Reverse(flight.nth)));
        let mut due = due.into_iter();
        for flight in due.by_ref() {
            if let Err(error) = self.land(flight, now_ms) {
                self.flights.extend(due);
                return Err(error);
            }
        }
        Ok(())
    }

    fn land(&mut self, mut flight: Flight, now_ms: u64) -> Result<(), GapError> {
        let mut bytes = match flight.load() {
            Err(gone) if gone.kind() == io::ErrorKind::NotFound => {
                self.vanish(&flight.name, now_ms);
                return Ok(());
            }
            loaded => loaded.map_err(GapError::io(self.from.join(&flight.name)))?,
        };
        if !self.has_room(bytes.len() as u64)? {
            return self.meet_quota(flight, now_ms);
        }
        flight.waits_for_room = false;
        if flight.after_nth > self.counts.picked {
            // Nothing came to overtake it.
            flight.faults.remove(&Fault::Reorder);
        }
        let again = [Fault::Duplicate, Fault::DiscTwice].iter().any(|fault| flight.faults.contains(fault));
        let whole = again.then(|| bytes.clone());
        flight.damage(&mut bytes, &self.script.amount, self.script.seed);
        self.put(&flight, bytes, now_ms)?;
        for &fault in &flight.faults {
            self.counts.add_fault(fault);
        }
        if let (Cargo::AtSource(source), Delete::After) = (&flight.cargo, self.script.delete) {
            remove(source)?;
        }
        if let Some(bytes) = whole {
            self.come_again(flight, bytes, now_ms);
        }
        Ok(())
    }

    fn put(&mut self, flight: &Flight, bytes: Vec<u8>, now_ms: u64) -> Result<(), GapError> {
        let name = flight.far_name(&self.script.amount);
        let mtime = flight.far_mtime(self.script.seed);
        let path = self.to.join(&name);
        self.counts.delivered += 1;
        self.counts.delivered_bytes += bytes.len() as u64;
        let waited_ms = now_ms.saturating_sub(flight.seen_ms);
        let faults = flight.faults.iter().copied().collect();
        self.tell(now_ms, &flight.name, Happening::Delivered { bytes: bytes.len() as u64, waited_ms, faults });
        if flight.faults.contains(&Fault::Grow) {
            let piece = bytes.len().div_ceil(self.script.amount.grow_steps as usize).max(1);
            self.growing.push(Growing { path, bytes, written: 0, piece, next_ms: now_ms, mtime });
            Ok(())
        } else {
            place(&self.to, &name, &bytes, mtime).map_err(GapError::io(path))
        }
    }

    fn come_again(&mut self, flight: Flight, bytes: Vec<u8>, now_ms: u64) {
        self.flights.push(Flight {
            cargo: Cargo::Held(bytes),
            due_ms: now_ms + self.script.amount.duplicate_after_ms,
            after_nth: flight.nth,
            faults: BTreeSet::new(),
            ..flight
        });
    }

    fn has_room(&self, bytes: u64) -> Result<bool, GapError> {
        let limits = &self.script.limits;
        if limits.quota_bytes == 0 && limits.quota_files == 0 {
            return Ok(true);
        }
        let there = list(&self.to)?;
        let used: u64 = there.values().map(|shape| shape.bytes).sum();
        let files = there.len() as u64;
        Ok((limits.quota_bytes == 0 || used + bytes <= limits.quota_bytes)
            && (limits.quota_files == 0 || files < limits.quota_files))
    }

    fn meet_quota(&mut self, mut flight: Flight, now_ms: u64) -> Result<(), GapError> {
        if !flight.waits_for_room {
            self.counts.add_refusal(Refusal::Full);
            self.tell(now_ms, &flight.name, Happening::Refused(Refusal::Full));
        }
        if self.script.limits.when_full == WhenFull::Wait {
            flight.waits_for_room = true;
            self.flights.push(flight);
            return Ok(());
        }
        match (&flight.cargo, self.script.delete) {
            (Cargo::AtSource(source), Delete::After) => remove(source),
            _ => Ok(()),
        }
    }

    fn grow_due(&mut self, now_ms: u64) -> Result<(), GapError> {
        for growing in self.growing.iter_mut().filter(|growing| growing.next_ms <= now_ms) {
            growing.grow().map_err(GapError::io(&growing.path))?;
            growing.next_ms = now_ms + self.script.amount.grow_ms;
        }
        self.growing.retain(|growing| !growing.whole());
        Ok(())
    }
}

/// Lists the regular files that a device would see; names with a leading dot are somebody's work in progress.
fn list(directory: &Path) -> Result<BTreeMap<OsString, Shape>, GapError> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(directory).map_err(GapError::io(directory))? {
        let entry = entry.map_err(GapError::io(directory))?;
        let name = entry.file_name();
        if name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        // The entry may have gone away since it was listed.
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        if metadata.is_file() {
            let mtime = metadata.modified().map_err(GapError::io(entry.path()))?;
            files.insert(name, Shape { bytes: metadata.len(), mtime });
        }
    }
    Ok(files)
}

fn remove(path: &Path) -> Result<(), GapError> {
    match fs::remove_file(path) {
        Err(gone) if gone.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(GapError::io(path)),
    }
}
