//! Registrars at work on a database: transactions that overlap, last long, are taken back; and the two tables they keep.
//!
//! `unit` holds units of property, `right` the rights in them. Whoever touches a unit or its rights has the unit to itself until the transaction ends, as
//! the locks of a real server would have it.

use super::station::{name, table_channel};
use super::world::{World, standard_channels};
use dukou_packets::keyring::Side;
use dukou_packets::packet::header::ChannelName;
use dukou_rehearsal::random::Random;
use dukou_shared::channel::Channel;
use dukou_shared::connectors::tables::simulated::{SimDatabase, SimTransaction, UNFIT};
use std::collections::BTreeSet;

/// The channel of rows, from outside in.
pub const ROWS: &str = "rows";

/// The table of units.
pub const UNIT: &str = "unit";

/// The table of rights, which refer to units.
pub const RIGHT: &str = "right";

/// Most transactions that are open at once.
const OPEN_MAX: usize = 4;

/// Registrars at one database.
pub struct Office {
    database: SimDatabase,
    open: Vec<Work>,
    dice: Random,
    next: u64,
}

/// An open transaction and the units it has to itself.
struct Work {
    transaction: SimTransaction,
    units: BTreeSet<String>,
}

impl Office {
    /// Opens an office; what it does follows from the seed.
    pub fn new(database: &SimDatabase, seed: u64) -> Self {
        Self { database: database.clone(), open: Vec::new(), dice: Random::new(seed), next: 0 }
    }

    /// Does one thing: begins, changes, commits or takes back.
    pub fn act(&mut self) {
        if self.open.is_empty() || (self.open.len() < OPEN_MAX && self.dice.chance(0.2)) {
            self.open.push(Work { transaction: self.database.begin(), units: BTreeSet::new() });
        }
        let at = self.dice.below(self.open.len() as u64) as usize;
        match self.dice.below(10) {
            0 | 1 => self.open.remove(at).transaction.commit(),
            2 if self.dice.chance(0.4) => self.open.remove(at).transaction.roll_back(),
            _ => self.change(at),
        }
    }

    /// Does so many things.
    pub fn work(&mut self, acts: u64) {
        (0..acts).for_each(|_| self.act());
    }

    /// Commits all that is open.
    pub fn close(&mut self) {
        self.open.drain(..).for_each(|work| work.transaction.commit());
    }

    /// The server died: what was open is gone.
    pub fn forget(&mut self) {
        self.database.crash();
        self.open.clear();
    }

    fn change(&mut self, at: usize) {
        let Some(work) = self.open.get(at) else { return };
        let taken: BTreeSet<&String> =
            self.open.iter().enumerate().filter(|(other, _)| *other != at).flat_map(|(_, work)| &work.units).collect();
        let free: Vec<String> = work.transaction.keys(UNIT).into_iter().filter(|unit| !taken.contains(unit)).collect();
        let unit = match free.is_empty() || self.dice.chance(0.3) {
            true => loop {
                self.next += 1;
                let unit = format!("U{:04}", self.next);
                // A unit of another office may be anybody's.
                if !taken.contains(&unit) {
                    break unit;
                }
            },
            false => free[self.dice.below(free.len() as u64) as usize].clone(),
        };
        let is_there = free.contains(&unit);
        let Some(work) = self.open.get_mut(at) else { return };
        work.units.insert(unit.clone());
        let (transaction, value) = (&work.transaction, self.dice.next_u64().to_string());
        match self.dice.below(6) {
            _ if !is_there => transaction.put(UNIT, &[("id", &unit)], &[("area", &value), ("place", "呼和浩特 𬭚")]),
            0 => transaction.put(UNIT, &[("id", &unit)], &[("area", &value), ("place", "呼和浩特 𬭚")]),
            1 => remove(transaction, &unit),
            2 => {
                let rights = rights_of(transaction, &unit);
                if let Some(right) = rights.first() {
                    transaction.delete(RIGHT, &[("id", right)]);
                }
            }
            choice => {
                let right = format!("{unit}-{}", choice % 3);
                transaction.put(RIGHT, &[("id", &right)], &[("unit", &unit), ("share", &value)]);
            }
        }
    }
}

fn rights_of(transaction: &SimTransaction, unit: &str) -> Vec<String> {
    transaction.keys(RIGHT).into_iter().filter(|right| right.starts_with(&format!("{unit}-"))).collect()
}

/// Deletes a unit behind its rights.
fn remove(transaction: &SimTransaction, unit: &str) {
    for right in rights_of(transaction, unit) {
        transaction.delete(RIGHT, &[("id", &right)]);
    }
    transaction.delete(UNIT, &[("id", unit)]);
}

/// Puts a row of `unit` in a transaction of its own.
pub fn put_unit(database: &SimDatabase, id: &str, area: &str) {
    let transaction = database.begin();
    transaction.put(UNIT, &[("id", id)], &[("area", area)]);
    transaction.commit();
}

/// Puts a row that cannot travel.
pub fn put_unfit(database: &SimDatabase, id: &str) {
    put_unit(database, id, UNFIT);
}

/// The most bytes of a packet whose runs are cut behind two or three rows.
const CUT_BYTES: u64 = (32 << 10) + 100;

/// Makes the channel of rows; `in_runs` where its packets leave room for short runs alone.
pub fn channel_of_rows(in_runs: bool) -> Channel {
    let mut channel = table_channel(ROWS, Side::Outer, &[UNIT, RIGHT]);
    if in_runs {
        channel.batch.max_bytes = CUT_BYTES;
    }
    channel
}

/// The standard world and a channel of rows beside it, which of odd seeds go in runs.
pub fn world_with_rows(seed: u64) -> World {
    let in_runs = seed % 2 == 1;
    let mut channels = standard_channels();
    channels.push(channel_of_rows(in_runs));
    let world = with_office(World::with_channels(seed, channels));
    if in_runs {
        source(&world).offer_runs();
    }
    world
}

/// Joins the databases of a world that has the channel of rows.
pub fn with_office(mut world: World) -> World {
    world.inner.databases = world.outer.databases.clone();
    sink(&world).refer(RIGHT, "unit", UNIT);
    world
}

/// The database that rows come from.
pub fn source(world: &World) -> SimDatabase {
    world.outer.databases.at(&format!("sqlite:{ROWS}-source"))
}

/// The database that rows go to.
pub fn sink(world: &World) -> SimDatabase {
    world.outer.databases.at(&format!("sqlite:{ROWS}-sink"))
}

/// The name of the channel of rows.
pub fn rows_channel() -> ChannelName {
    name(ROWS)
}

/// Checks that both databases hold the same rows, that nothing waits, that no reader saw a child without its parent, and that no packet was applied twice.
///
/// # Errors
/// What does not hold.
pub fn compare(world: &World) -> Result<(), String> {
    let (source, sink) = (source(world), sink(world));
    let (there, here) = (source.rows(), sink.rows());
    if there != here {
        let tables: BTreeSet<&String> = there.keys().chain(here.keys()).collect();
        let none = Default::default();
        for table in tables {
            let (from, to) = (there.get(table).unwrap_or(&none), here.get(table).unwrap_or(&none));
            let other = from.iter().find(|(key, row)| to.get(*key) != Some(row)).map(|(key, _)| key);
            if let Some(key) = other.or_else(|| to.keys().find(|key| !from.contains_key(*key))) {
                return Err(format!("{table} {key:?}: {:?} at the source, {:?} at the sink", from.get(key), to.get(key)));
            }
        }
    }
    if source.waiting() > 0 {
        return Err(format!("{} entries of the outbox wait", source.waiting()));
    }
    if sink.pending() > 0 {
        return Err(format!("{} changes wait at the sink for the end of their transaction", sink.pending()));
    }
    if let Some(seen) = sink.violations().first() {
        return Err(format!("a reader saw {seen}"));
    }
    let applied = sink.applied();
    match applied.windows(2).find(|pair| pair[0].epoch == pair[1].epoch && pair[0].seq >= pair[1].seq) {
        Some(pair) => Err(format!("packet {} was applied behind packet {}", pair[1].seq, pair[0].seq)),
        None => Ok(()),
    }
}

impl World {
    /// Comes to rest and holds rows and everything else against the invariants.
    ///
    /// # Errors
    /// What does not hold.
    pub fn settle_and_compare(&mut self) -> Result<(), String> {
        self.settle_and_check()?;
        compare(self)
    }
}
