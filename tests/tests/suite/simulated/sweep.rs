//! Repeating one scene with a fault at each of its operations.

use dukou_shared::engine::PassReport;
use dukou_shared::error::EngineFault;
use dukou_shared::seams::FileOp;
use dukou_tests::simulated::world::{FILES, REPLIES, REPORTS};
use dukou_tests::simulated::{Victim, Weather, World};

/// A scene: what was before, and the step in which the fault happens.
#[derive(Clone, Copy)]
pub(super) struct Scene {
    /// What it is called in a failure.
    pub(super) name: &'static str,
    /// Whom the fault befalls.
    pub(super) victim: Victim,
    /// Brings a new world to the moment before the step.
    pub(super) prepare: fn(&mut World),
}

/// The outer station has sent before and now finds news, repeats, refused files and answers that came in.
pub(super) const SENDING: Scene = Scene { name: "sending", victim: Victim::Outer, prepare: before_sending };

/// The inner station finds packets of two channels, one before its turn, and has answers to send.
pub(super) const RECEIVING: Scene = Scene { name: "receiving", victim: Victim::Inner, prepare: before_receiving };

/// As [`RECEIVING`], with sinks and sources on file systems of their own.
pub(super) const ON_OTHER_DISKS: Scene =
    Scene { name: "receiving on other disks", victim: Victim::Inner, prepare: before_receiving_on_other_disks };

/// The inner station finds two groups of packets of one channel: the first one is delivered while the second is staged.
pub(super) const TWO_GROUPS: Scene = Scene { name: "receiving two groups", victim: Victim::Inner, prepare: before_two_groups };

/// Packets of two groups: one of the most packets that a group takes, and a few.
pub(super) const PACKETS_OF_TWO_GROUPS: usize = 67;

fn before_two_groups(world: &mut World) {
    world.outer.channels[1].batch.max_records = 1;
    for index in 0..PACKETS_OF_TWO_GROUPS {
        world.outer_supplier.drop_file(&world.outer, FILES, &format!("{}/{index}.bin", index % 12));
    }
    world.outer.step().unwrap();
    world.inward.carry(&world.outer, &world.inner, &Weather::FAIR);
}

fn before_sending(world: &mut World) {
    drop_few(world, "A");
    world.settle().unwrap();
    drop_few(world, "B");
    world.outer_supplier.drop_repeat(&world.outer, "files", "A/0.bin");
    world.outer_supplier.drop_file(&world.outer, "files", "A/1.bin");
    world.inner.step().unwrap();
    world.outward.carry(&world.inner, &world.outer, &Weather::FAIR);
}

fn before_receiving(world: &mut World) {
    drop_few(world, "A");
    world.settle().unwrap();
    drop_few(world, "B");
    world.outer.step().unwrap();
    world.inward.carry(&world.outer, &world.inner, &Weather::FAIR);
    drop_few(world, "C");
    world.outer.step().unwrap();
    // The first packet of the files channel comes later than the ones behind it.
    world.inward.take(&world.outer);
    let seqs: Vec<u64> = world.inward.cargo(FILES).into_keys().collect();
    let held = seqs[seqs.len() - 2];
    world.inward.deliver_some(&world.inner, |id| id.is_none_or(|(channel, _, seq)| (channel.as_str(), *seq) != (FILES, held)));
    let bytes = world.inward.cargo(FILES).remove(&held).unwrap();
    world.outer.files.put(world.outer.station.ferry_out().join("held.dkp"), &bytes);
}

/// As [`before_receiving`], with sinks and sources on file systems of their own.
fn before_receiving_on_other_disks(world: &mut World) {
    for station in [&world.outer, &world.inner] {
        for folder in ["drop", "arrived"] {
            for channel in [REPORTS, FILES, REPLIES] {
                station.files.mount(station.station.dir.join(folder).join(channel));
            }
        }
    }
    before_receiving(world);
}

/// Few files of each kind, so that a sweep stays short.
fn drop_few(world: &mut World, prefix: &str) {
    let (supplier, outer) = (&mut world.outer_supplier, &world.outer);
    supplier.drop_xml(outer, "reports", &format!("{prefix}0_a.xml"));
    supplier.drop_bad_xml(outer, "reports", &format!("{prefix}1_cut.xml"));
    for index in 0..4 {
        supplier.drop_file(outer, "files", &format!("{prefix}/{index}.bin"));
    }
    world.inner_supplier.drop_file(&world.inner, "replies", &format!("{prefix}.json"));
}

/// Gives the places, from 1, of the operations that change something: a kill before one that only looks is the same as a kill before
/// the next one.
fn changing(history: Vec<FileOp>) -> Vec<u64> {
    let looks = |op: &FileOp| matches!(op, FileOp::List | FileOp::Stat | FileOp::Open | FileOp::Read);
    history.into_iter().zip(1..).filter(|(op, _)| !looks(op)).map(|(_, place)| place).collect()
}

/// Gives the places of the inner station's changing operations in an act of a test.
pub(super) fn every_changing_op(prepare: impl Fn() -> World, act: impl Fn(&mut World) -> Result<(), EngineFault>) -> Vec<u64> {
    every_changing_op_of(Victim::Inner, prepare, act)
}

/// Gives the places of one station's changing operations in an act of a test; an act without any would be no sweep.
pub(super) fn every_changing_op_of(
    victim: Victim,
    prepare: impl Fn() -> World,
    act: impl Fn(&mut World) -> Result<(), EngineFault>,
) -> Vec<u64> {
    let mut world = prepare();
    let before = world.side(victim).files.ops() as usize;
    act(&mut world).unwrap();
    let places = changing(world.side(victim).files.history().split_off(before));
    assert!(!places.is_empty(), "the act changes no file");
    places
}

impl Scene {
    /// Gives the places of the step's operations of one kind.
    pub(super) fn places_of(&self, seed: u64, kind: FileOp) -> Vec<u64> {
        self.history(seed).into_iter().zip(1..).filter(|(op, _)| *op == kind).map(|(_, place)| place).collect()
    }

    /// Gives the world right before the step.
    pub(super) fn world(&self, seed: u64) -> World {
        let mut world = World::new(seed);
        (self.prepare)(&mut world);
        world
    }

    /// Takes the step.
    pub(super) fn act(&self, world: &mut World) -> Result<PassReport, EngineFault> {
        world.side(self.victim).step()
    }

    /// Gives the file operations of the step when nothing goes wrong.
    pub(super) fn history(&self, seed: u64) -> Vec<FileOp> {
        let mut world = self.world(seed);
        let before = world.side(self.victim).files.ops() as usize;
        self.act(&mut world).unwrap();
        world.side(self.victim).files.history().split_off(before)
    }

    /// Gives the places, from 1, of the step's operations that change something.
    pub(super) fn changing_ops(&self, seed: u64) -> Vec<u64> {
        changing(self.history(seed))
    }

    /// Counts the store's transactions in the step when nothing goes wrong.
    pub(super) fn commits(&self, seed: u64) -> u64 {
        let mut world = self.world(seed);
        let before = world.side(self.victim).store.commits();
        self.act(&mut world).unwrap();
        world.side(self.victim).store.commits() - before
    }

    /// Lets everything come to rest and holds it against the invariants; `what` tells which fault it was.
    pub(super) fn verify(&self, world: &mut World, what: &dyn std::fmt::Display) {
        if let Err(broken) = world.settle_and_check() {
            panic!("{}, seed {}, {what}: {broken}", self.name, world.seed);
        }
    }
}
