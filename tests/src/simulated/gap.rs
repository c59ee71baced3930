//! The gap device between two simulated stations, with its weather, and a witness that remembers every packet that ever left.

use super::station::SimStation;
use dukou_packets::packet::armor::Front;
use dukou_packets::packet::header::{ChannelName, Class, Epoch};
use dukou_packets::packet::open::VerifiedHead;
use dukou_packets::suite::Digest;
use dukou_rehearsal::random::Random;
use dukou_shared::seams::sim_files::SimFiles;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What can befall a file on its way, as probabilities.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weather {
    /// It never arrives.
    pub lost: f64,
    /// It arrives twice, under two names.
    pub twice: f64,
    /// One byte is changed.
    pub corrupt: f64,
    /// Its end is missing.
    pub cut: f64,
    /// It arrives with a later run.
    pub late: f64,
    /// An old file arrives once more.
    pub replay: f64,
    /// It arrives under another name.
    pub renamed: f64,
}

impl Weather {
    /// Everything arrives once and whole.
    pub const FAIR: Self = Self { lost: 0.0, twice: 0.0, corrupt: 0.0, cut: 0.0, late: 0.0, replay: 0.0, renamed: 0.0 };

    /// Late, twice, renamed and replayed, but nothing lost.
    pub const ROUGH: Self = Self { lost: 0.0, twice: 0.2, corrupt: 0.0, cut: 0.0, late: 0.3, replay: 0.2, renamed: 0.5 };

    /// All of it.
    pub const FOUL: Self = Self { lost: 0.15, twice: 0.15, corrupt: 0.1, cut: 0.1, late: 0.2, replay: 0.2, renamed: 0.3 };
}

/// A file between the two sides.
#[derive(Clone)]
struct Flight {
    name: String,
    bytes: Vec<u8>,
    /// The sender's packet log at the moment the file was taken.
    log: Arc<str>,
}

/// What a hasty device took out of a ferry directory while the station was at work; clones are the same one.
#[derive(Clone, Default)]
pub struct Basket(Arc<Mutex<Vec<Flight>>>);

impl Basket {
    /// Takes every visible file out of a ferry directory, and a copy of what the packet log says by then.
    pub fn take(&self, files: &SimFiles, dir: &Path, log: &Path) {
        let names: Vec<String> = files.tree(dir).into_iter().filter(|name| !name.starts_with('.')).collect();
        if names.is_empty() {
            return;
        }
        let log: Arc<str> = log_text(files, log).into();
        for name in names {
            let bytes = files.get(dir.join(&name)).unwrap_or_default();
            files.remove(dir.join(&name));
            self.lock().push(Flight { name, bytes, log: log.clone() });
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Flight>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The identity of a cargo packet on its way.
pub type CargoId = (ChannelName, Epoch, u64);

/// One direction of the gap device.
pub struct Gap {
    /// Every cargo packet that ever left, by its place in its channel.
    pub left: BTreeMap<CargoId, Digest>,
    /// Every packet that ever left, by its number on the link.
    pub numbers: BTreeMap<u64, Digest>,
    /// Cargo packets that were lost or damaged at least once on their way.
    pub harmed: BTreeSet<CargoId>,
    /// What the sender did wrong: two packets under one number.
    pub contradictions: Vec<String>,
    /// Whole files that passed, for replays and for tests that carry by hand.
    pub passed: Vec<(Option<CargoId>, Vec<u8>)>,
    /// How often each kind of weather befell a file, by the names of [`Weather`].
    pub befell: BTreeMap<&'static str, u64>,
    /// Where a hasty device puts what it takes.
    pub basket: Basket,
    in_flight: Vec<Flight>,
    dice: Random,
    names: u64,
}

impl Gap {
    /// Makes a gap whose weather follows from `seed`.
    pub fn new(seed: u64) -> Self {
        Self {
            left: BTreeMap::new(),
            numbers: BTreeMap::new(),
            harmed: BTreeSet::new(),
            contradictions: Vec::new(),
            befell: BTreeMap::new(),
            passed: Vec::new(),
            basket: Basket::default(),
            in_flight: Vec::new(),
            dice: Random::new(seed),
            names: 0,
        }
    }

    /// Takes all that lies in the sender's ferry directory, without delivering it.
    pub fn take(&mut self, from: &SimStation) -> usize {
        self.basket.take(&from.files, &from.station.ferry_out(), &from.station.log_dir());
        let taken = std::mem::take(&mut *self.basket.lock());
        let count = taken.len();
        for flight in taken {
            let id = self.witness(from, &flight);
            self.passed.push((id, flight.bytes.clone()));
            self.in_flight.push(flight);
        }
        count
    }

    /// Takes what the sender placed and delivers what the weather lets through; gives how many files moved.
    pub fn carry(&mut self, from: &SimStation, to: &SimStation, weather: &Weather) -> usize {
        self.take(from);
        let flights = std::mem::take(&mut self.in_flight);
        let mut moved = 0;
        for flight in flights {
            if self.befalls("late", weather.late) {
                self.in_flight.push(flight);
                continue;
            }
            moved += 1;
            self.deliver(from, to, flight, weather);
        }
        if !self.passed.is_empty() && self.befalls("replay", weather.replay) {
            let old = self.dice.below(self.passed.len() as u64) as usize;
            let bytes = self.passed[old].1.clone();
            self.put(to, None, &bytes);
        }
        moved
    }

    /// Delivers, of what was taken, the files that `wanted` says yes to, whole and in this order; the others are lost.
    pub fn deliver_some(&mut self, to: &SimStation, mut wanted: impl FnMut(Option<&CargoId>) -> bool) {
        let flights = std::mem::take(&mut self.in_flight);
        let ids = self.passed[self.passed.len() - flights.len()..].iter().map(|(id, _)| id.clone()).collect::<Vec<_>>();
        for (flight, id) in flights.into_iter().zip(ids) {
            if wanted(id.as_ref()) {
                self.put(to, Some(&flight.name), &flight.bytes);
            }
        }
    }

    /// Gives the cargo packets of a channel that ever left, by number, each once.
    pub fn cargo(&self, channel: &str) -> BTreeMap<u64, Vec<u8>> {
        let of = |(id, bytes): &(Option<CargoId>, Vec<u8>)| {
            Some((id.as_ref().filter(|id| id.0.as_str() == channel)?.2, bytes.clone()))
        };
        self.passed.iter().filter_map(of).collect()
    }

    fn deliver(&mut self, from: &SimStation, to: &SimStation, flight: Flight, weather: &Weather) {
        let Flight { name, mut bytes, .. } = flight;
        let name = (!self.befalls("renamed", weather.renamed)).then_some(name);
        if self.befalls("twice", weather.twice) {
            self.put(to, None, &bytes);
        }
        let id = head_of(from, &bytes).and_then(|head| cargo_id(&head));
        let harmed = if self.befalls("lost", weather.lost) {
            bytes.clear();
            true
        } else if bytes.is_empty() {
            // What a power cut left of a file that was never synced.
            true
        } else if self.befalls("corrupt", weather.corrupt) {
            let at = self.dice.below(bytes.len() as u64) as usize;
            bytes[at] ^= 1 << self.dice.below(8);
            true
        } else if self.befalls("cut", weather.cut) {
            bytes.truncate(self.dice.below(bytes.len() as u64) as usize);
            true
        } else {
            false
        };
        self.harmed.extend(id.filter(|_| harmed));
        if !bytes.is_empty() {
            self.put(to, name.as_deref(), &bytes);
        }
    }

    fn befalls(&mut self, kind: &'static str, probability: f64) -> bool {
        let befalls = self.dice.chance(probability);
        *self.befell.entry(kind).or_default() += u64::from(befalls);
        befalls
    }

    /// Puts a file into the receiver's ferry directory, under a name of the device's own where none is given.
    pub fn put(&mut self, to: &SimStation, name: Option<&str>, bytes: &[u8]) {
        let dir = to.station.ferry_in();
        self.names += 1;
        let own = format!("COPY~{}.DKP", self.names);
        let name = name.filter(|name| to.files.get(dir.join(name)).is_none()).unwrap_or(&own);
        to.files.put(dir.join(name), bytes);
    }

    /// Looks at a packet as it leaves and notes a contradiction to any that left before.
    fn witness(&mut self, from: &SimStation, flight: &Flight) -> Option<CargoId> {
        let head = head_of(from, &flight.bytes)?;
        let number = head.header.number;
        if *self.numbers.entry(number).or_insert(head.digest) != head.digest {
            self.contradictions.push(format!("two packets left under the number {number}"));
        }
        let id = cargo_id(&head)?;
        if !flight.log.is_empty() && !flight.log.contains(&head.digest.to_string()) {
            self.contradictions.push(format!("{} {} {} left before the log said so", id.0, id.1, id.2));
        }
        if *self.left.entry(id.clone()).or_insert(head.digest) != head.digest {
            self.contradictions.push(format!("two packets left as {} {} {}", id.0, id.1, id.2));
        }
        Some(id)
    }

    /// True when nothing is between the two sides.
    pub fn is_empty(&self) -> bool {
        self.in_flight.is_empty()
    }
}

fn head_of(from: &SimStation, bytes: &[u8]) -> Option<VerifiedHead> {
    Front::read(bytes).ok()?.head(&from.card).ok()
}

fn cargo_id(head: &VerifiedHead) -> Option<CargoId> {
    let header = &head.header;
    let channel = header.channel.clone().filter(|_| header.class == Class::Cargo)?;
    Some((channel, header.epoch, header.seq))
}

/// Gives all lines of a packet log; nothing once a segment of it is compressed.
fn log_text(files: &SimFiles, dir: &Path) -> String {
    let names = files.tree(dir);
    if names.iter().any(|name| name.ends_with(".zst")) {
        return String::new();
    }
    let segments = names.iter().filter(|name| name.ends_with(".jsonl"));
    segments.map(|name| String::from_utf8_lossy(&files.get(dir.join(name)).unwrap_or_default()).into_owned()).collect()
}
