//! A receiver that is slower than its sender, seen from either side.
//!
//! On the simulated clock, with a link that answers every half minute and a backlog that counts after twelve minutes.

use super::gap::{CargoId, Weather};
use super::hooked::Act;
use super::station::SimStation;
use super::world::{FILES, World};
use dukou_packets::log::line::Event;
use dukou_shared::station::LinkConfig;
use std::collections::{BTreeSet, VecDeque};

/// Minutes after which a backlog is told.
pub const BACKLOG_MINUTES: u32 = 12;

/// What was raised (true) and closed (false), by code.
pub type Told = Vec<(bool, String)>;

/// Gives what a station's log says of alarms.
pub fn told(station: &SimStation) -> Told {
    let told = |event| match event {
        Event::Alarm { code, .. } => Some((true, code)),
        Event::AlarmClosed { code, .. } => Some((false, code)),
        _ => None,
    };
    station.log().into_iter().filter_map(told).collect()
}

/// Makes a world with a way back.
pub fn world(seed: u64) -> World {
    let mut world = World::new(seed);
    for station in [&mut world.outer, &mut world.inner] {
        station.station.config.alarm.backlog_minutes = BACKLOG_MINUTES;
        let link = LinkConfig { way_back: Some(true), signal_seconds: 30, resend_after_seconds: 30, ..LinkConfig::default() };
        station.station.config.link = link;
        station.channels[1].batch.max_records = 1;
    }
    world
}

/// Whose packets wait before the receiver, the oldest first.
#[derive(Default)]
pub struct Queue {
    /// The packets.
    pub waiting: VecDeque<Vec<u8>>,
    /// Those that ever waited: one that is placed again takes the same work once.
    known: BTreeSet<CargoId>,
    /// Files that were dropped.
    pub dropped: u64,
}

/// Lets minutes pass in each of which `made` files are dropped outside and at most `taken` packets reach the receiver. The receiver's
/// signals always come.
///
/// # Panics
/// When an engine ends.
pub fn pass_minutes(world: &mut World, queue: &mut Queue, minutes: u64, made: u64, taken: usize) {
    for _ in 0..minutes {
        for _ in 0..made {
            queue.dropped += 1;
            world.outer_supplier.drop_file(&world.outer, FILES, &format!("{}.bin", queue.dropped));
        }
        for _ in 0..6 {
            world.outer.clock.advance(10_000);
            world.outer.step().expect("a step of the sender");
            let before = world.inward.passed.len();
            world.inward.take(&world.outer);
            // What the sender says of its heads waits behind its packets: nothing is missing.
            world.inward.deliver_some(&world.inner, |_| false);
            let mut fresh: Vec<_> = world.inward.passed[before..].iter().collect();
            fresh.sort_by(|(one, _), (other, _)| one.cmp(other));
            for (id, bytes) in fresh {
                if id.as_ref().is_some_and(|id| queue.known.insert(id.clone())) {
                    queue.waiting.push_back(bytes.clone());
                }
            }
            world.inner.step().expect("a step of the receiver");
            world.outward.carry(&world.inner, &world.outer, &Weather::FAIR);
        }
        for bytes in queue.waiting.drain(..taken.min(queue.waiting.len())) {
            world.inward.put(&world.inner, None, &bytes);
        }
    }
}

/// Makes packets outside, and lets them pour into the receiver's ferry directory while it works: one with every so many of its file operations, each of which takes
/// a tenth of a second. Gives how many there were. The receiver's next step is the long one.
///
/// # Panics
/// When the sender's engine ends.
pub fn pour(world: &mut World, packets: u64, operations: u64) -> u64 {
    for index in 0..packets {
        world.outer_supplier.drop_file(&world.outer, FILES, &format!("{index}.bin"));
    }
    world.outer.step().expect("a step of the sender");
    world.inward.take(&world.outer);
    let mut waiting: VecDeque<Vec<u8>> = world.inward.cargo(FILES).into_values().collect();
    world.inward.deliver_some(&world.inner, |_| false);
    let count = waiting.len() as u64;
    let (clock, ferry) = (world.inner.clock.clone(), world.inner.station.ferry_in());
    let mut operation = 0u64;
    let act: Act = Box::new(move |files| {
        operation += 1;
        clock.advance(100);
        if operation.is_multiple_of(operations)
            && let Some(bytes) = waiting.pop_front()
        {
            files.put(ferry.join(format!("POUR{operation}.DKP")), bytes);
        }
    });
    world.inner.hook.set(Some(act));
    count
}
