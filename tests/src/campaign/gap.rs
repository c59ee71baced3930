//! What gap devices and discs do: partial, late, twice, shuffled, renamed, damaged, lost.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use dukou_rehearsal::gapbox::{Event, Fault, GapDevice, Happening, Script};

use crate::simulated::{Weather, World, verdict};
use crate::stations::audit::count;
use crate::stations::packet::{cargo, packets};
use crate::stations::pair::{LOGS, MESSAGES, Pair};
use crate::stations::tree::digests;

use super::traffic::{Traffic, carry, carry_both, converge, gaps, pair};
use super::{LeftOut, Scenario, Trial, checks, real, simulated};

pub(super) const SCENARIOS: &[Scenario] = &[
    real(9, "growing", "gap device: the far side sees files grow, passes in between", |trial| {
        crossing(trial, "[chance]\ngrow = 0.5\n[amount]\ngrow_steps = 4\ngrow_ms = 20000", &[Fault::Grow])
    }),
    real(10, "shuffled", "gap device: reordered, twice, upper-cased, other mtimes", |trial| {
        let chances = "duplicate = 0.4\nreorder = 0.4\nrename-case = 0.5\ntouch-mtime = 0.7\ndelay = 0.3";
        let faults = [Fault::Duplicate, Fault::Reorder, Fault::RenameCase, Fault::TouchMtime, Fault::Delay];
        crossing(trial, &format!("order = \"shuffled\"\n[chance]\n{chances}"), &faults)
    }),
    real(10, "cut-names", "gap device: names cut short, files with equal names overwritten", |trial| {
        crossing(trial, "[amount]\nname_chars = 9\n[chance]\ncut-name = 0.3", &[Fault::CutName])
    }),
    real(11, "deletes", "gap device: deletes before, after, never; loses one it has deleted", deletes),
    real(12, "replay", "every packet carried again, three times, shuffled", replay),
    real(13, "loss", "gap device: 10 % and 30 % lost, bursts; the gaps named must be exactly the lost packets", loss),
    real(14, "damage", "gap device: flipped bits and cut ends", |trial| {
        crossing(trial, "[chance]\ncorrupt = 0.3\ntruncate = 0.2", &[Fault::Corrupt, Fault::Truncate])
    }),
    real(32, "lost-disc", "gap device, disc routine: one of three volumes lost, one carried twice", lost_disc),
    real(32, "six-hours-late", "gap device: everything six hours late, and off for an hour", |trial| {
        let late = "[[period]]\ndo = \"late\"\nfrom_ms = 0\nfor_ms = 3600000\nby_ms = 21600000\n";
        let off = "[[period]]\ndo = \"outage\"\nfrom_ms = 21601000\nfor_ms = 3600000\n";
        crossing(trial, &format!("{late}{off}"), &[Fault::Late, Fault::Outage])
    }),
    simulated(9, "sim-growing", "half a packet visible first", sim_growing),
    simulated(10, "sim-shuffled", "weather: late, twice, renamed", |trial| {
        weather(trial, Weather { twice: 0.3, late: 0.4, renamed: 0.5, ..Weather::FAIR }, &["twice", "late", "renamed"])
    }),
    simulated(11, "sim-deletes", "weather: taken away and lost", |trial| {
        weather(trial, Weather { lost: 0.3, ..Weather::FAIR }, &["lost"])
    }),
    simulated(12, "sim-replay", "weather: replays, and the whole history forty days later", sim_replay),
    simulated(13, "sim-loss", "weather: 30 % lost", |trial| {
        weather(trial, Weather { lost: 0.3, late: 0.1, ..Weather::FAIR }, &["lost"])
    }),
    simulated(14, "sim-damage", "weather: flipped bits and cut ends", |trial| {
        weather(trial, Weather { corrupt: 0.3, cut: 0.3, ..Weather::FAIR }, &["corrupt", "cut"])
    }),
    simulated(32, "sim-lost-disc", "everything of a round lost, then everything a round late", sim_lost_disc),
];

/// A device on counted time.
struct Device {
    device: GapDevice,
    now_ms: u64,
}

impl Device {
    fn new(pair: &Pair, script: &str, seed: u64) -> Self {
        let script = Script { seed, ..Script::parse(script).unwrap() };
        let device = GapDevice::new(pair.outer.path("ferry/out"), pair.inner.path("ferry/in"), script);
        Self { device, now_ms: 0 }
    }

    /// Carries until nothing is under way, with `between` after every step that delivered something.
    fn run(&mut self, mut between: impl FnMut()) -> Vec<Event> {
        let mut all = Vec::new();
        loop {
            let events = self.device.step(self.now_ms).unwrap();
            if events.iter().any(|event| matches!(event.what, Happening::Delivered { .. })) {
                between();
            }
            all.extend(events);
            self.now_ms = self.device.next_wake_ms().max(self.now_ms + 1);
            if self.device.is_idle() {
                return all;
            }
        }
    }
}

/// Some rounds of traffic through a device with this script; in the end everything is there and each fault has fired.
fn crossing(trial: &mut Trial, script: &str, faults: &[Fault]) -> Result<(), LeftOut> {
    let (pair, mut traffic) = (pair(), Traffic::default());
    let mut device = Device::new(&pair, script, trial.seed);
    for round in 0..trial.pace.pick(3, 12) {
        traffic.drop(&pair, 8);
        pair.outer.ask(&["pass"]);
        // A pass in the middle of a run sees what a station that runs would see.
        let mut looks = 0;
        device.run(|| {
            looks += 1;
            if looks % 3 == 1 && round < 2 {
                pair.inner.ask(&["pass"]);
            }
        });
        pair.inner.ask(&["pass"]);
    }
    tally(trial, &device, faults);
    shown(&pair, &mut traffic);
    converge(&pair);
    checks::whole(trial, &pair, &traffic);
    Ok(())
}

fn tally(trial: &mut Trial, device: &Device, faults: &[Fault]) {
    for fault in faults {
        let fired = device.device.counts().fired(*fault);
        assert!(fired > 0, "{} never fired", fault.name());
        trial.fired(fired);
        trial.note(format!("{} {fired}", fault.name()));
    }
}

/// The newest packet may be lost with the signal behind it: only what comes later shows it.
fn shown(pair: &Pair, traffic: &mut Traffic) {
    traffic.drop(pair, 12);
    pair.outer.ask(&["pass"]);
    carry(&pair.outer.path("ferry/out"), &pair.inner.path("ferry/in"));
    pair.inner.ask(&["pass"]);
}

fn deletes(trial: &mut Trial) -> Result<(), LeftOut> {
    for (delete, faults) in [("before", vec![Fault::Drop]), ("after", vec![Fault::Drop]), ("never", vec![Fault::Duplicate])] {
        let chance = if delete == "never" { "duplicate = 0.5" } else { "drop = 0.3" };
        let script = format!("delete = \"{delete}\"\n[chance]\n{chance}\n[[act]]\non = 2\ndo = \"{}\"", faults[0].name());
        crossing(trial, &script, &faults)?;
    }
    Ok(())
}

fn replay(trial: &mut Trial) -> Result<(), LeftOut> {
    let (pair, mut traffic) = (pair(), Traffic::default());
    let mut history: Vec<Vec<u8>> = Vec::new();
    for _ in 0..3 {
        traffic.drop(&pair, 5);
        pair.outer.ask(&["pass"]);
        history.extend(packets(&pair.outer.path("ferry/out")).into_iter().map(|packet| packet.bytes));
        carry_both(&pair);
        pair.inner.ask(&["pass"]);
    }
    converge(&pair);
    let (applied, seen) = (count(&pair.inner, "applied"), count(&pair.inner, "seen"));
    for round in 0..3 {
        for index in (1..history.len()).rev() {
            history.swap(index, trial.dice.below(index as u64 + 1) as usize);
        }
        for (index, bytes) in history.iter().enumerate() {
            fs::write(pair.inner.path(format!("ferry/in/AGAIN{round}~{index}.DKP")), bytes).unwrap();
        }
        pair.inner.pass(0);
        trial.fired(history.len() as u64);
    }
    assert_eq!((count(&pair.inner, "applied"), count(&pair.inner, "seen")), (applied, seen));
    converge(&pair);
    checks::whole(trial, &pair, &traffic);
    Ok(())
}

/// Which packets of a channel the device lost, told by what it says of their files.
fn lost_numbers(there: &BTreeMap<String, (String, u64)>, events: &[Event]) -> BTreeSet<(String, u64)> {
    let lost = events.iter().filter(|event| matches!(event.what, Happening::Lost(_)));
    lost.filter_map(|event| there.get(&event.name).cloned()).collect()
}

/// The cargo packets in the outer ferry directory by file name.
fn cargo_there(pair: &Pair) -> BTreeMap<String, (String, u64)> {
    let mut there = BTreeMap::new();
    for channel in [MESSAGES, LOGS] {
        for packet in cargo(&pair.outer.path("ferry/out"), channel) {
            let name = packet.path.file_name().unwrap().to_string_lossy().into_owned();
            there.insert(name, (channel.to_owned(), packet.header.seq));
        }
    }
    there
}

/// One lossy run; what is named as missing must be exactly what was lost.
fn exactly(trial: &mut Trial, script: &str, faults: &[Fault]) {
    let (pair, mut traffic) = (pair(), Traffic::default());
    let mut device = Device::new(&pair, script, trial.seed);
    let mut lost = BTreeSet::new();
    for _ in 0..trial.pace.pick(2, 10) {
        traffic.drop(&pair, 12);
        pair.outer.ask(&["pass"]);
        let there = cargo_there(&pair);
        lost.extend(lost_numbers(&there, &device.run(|| {})));
        pair.inner.ask(&["pass"]);
    }
    shown(&pair, &mut traffic);
    let ranges = gaps(&pair.inner).into_iter();
    let named: BTreeSet<(String, u64)> =
        ranges.flat_map(|(channel, from, to)| (from..=to).map(move |seq| (channel.clone(), seq))).collect();
    assert_eq!(named, lost, "the gaps named are not the packets lost");
    tally(trial, &device, faults);
    converge(&pair);
    checks::whole(trial, &pair, &traffic);
}

fn loss(trial: &mut Trial) -> Result<(), LeftOut> {
    exactly(trial, "[chance]\ndrop = 0.1\n[[act]]\non = 3\ndo = \"drop\"", &[Fault::Drop]);
    exactly(trial, "[chance]\ndrop = 0.3\nburst = 0.05\n[[act]]\non = 5\ndo = \"burst\"", &[Fault::Drop, Fault::Burst]);
    Ok(())
}

fn lost_disc(trial: &mut Trial) -> Result<(), LeftOut> {
    let disc = "[disc]\nbegins = \"08:30\"\nat = [\"09:00\", \"16:00\"]\ncapacity_bytes = 9000\n";
    let acts = "[[act]]\nvolume = 2\ndo = \"disc\"\n[[act]]\nvolume = 3\ndo = \"disc-twice\"\n";
    exactly(trial, &format!("{acts}{disc}"), &[Fault::Disc, Fault::DiscTwice]);
    Ok(())
}

/// Worlds under a weather until everything is resent; every named kind of weather must have happened.
fn weather(trial: &mut Trial, weather: Weather, kinds: &[&'static str]) -> Result<(), LeftOut> {
    let mut fired: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in 0..trial.pace.pick(4, 200) {
        let mut world = World::new(trial.seed.wrapping_add(seed));
        for prefix in ["A", "B", "C"] {
            world.drop_mixture(prefix);
            for _ in 0..3 {
                world.round(&weather).unwrap();
            }
        }
        end_well(&mut world);
        for gap in [&world.inward, &world.outward] {
            gap.befell.iter().for_each(|(kind, times)| *fired.entry(kind).or_default() += times);
        }
    }
    for kind in kinds {
        let times = fired.get(kind).copied().unwrap_or(0);
        assert!(times > 0, "{kind} never happened");
        trial.fired(times);
    }
    trial.checked(&[1, 2, 3, 4, 5, 6, 7]);
    Ok(())
}

/// Something comes after what may be lost, everything is resent, and the verdict is spoken.
fn end_well(world: &mut World) {
    let ended = world.settle().and_then(|()| {
        world.drop_mixture("Z");
        world.heal()?;
        verdict::check(world)
    });
    ended.unwrap_or_else(|broken| panic!("seed {}: {broken}", world.seed));
}

fn sim_growing(trial: &mut Trial) -> Result<(), LeftOut> {
    for seed in 0..trial.pace.pick(4, 100) {
        let mut world = World::new(trial.seed.wrapping_add(seed));
        world.drop_mixture("A");
        world.outer.step().unwrap();
        let dir = world.outer.station.ferry_out();
        for name in world.outer.files.tree(&dir) {
            let bytes = world.outer.files.get(dir.join(&name)).unwrap();
            let half = world.dice.below(bytes.len() as u64) as usize;
            world.inner.files.put(world.inner.station.ferry_in().join(&name), &bytes[..half]);
            trial.fired(1);
        }
        world.inner.step().unwrap();
        world.settle_and_check().unwrap_or_else(|broken| panic!("seed {}: {broken}", world.seed));
    }
    trial.checked(&[1, 2, 3, 4, 5, 6, 7]);
    Ok(())
}

fn sim_replay(trial: &mut Trial) -> Result<(), LeftOut> {
    const DAY_MS: u64 = 86_400_000;
    weather(trial, Weather { replay: 0.5, ..Weather::FAIR }, &["replay"])?;
    for seed in 0..trial.pace.pick(2, 50) {
        let mut world = World::new(trial.seed.wrapping_add(seed));
        world.drop_mixture("A");
        world.settle_and_check().unwrap();
        world.outer.clock.advance(40 * DAY_MS);
        let history: Vec<Vec<u8>> = world.inward.passed.iter().map(|(_, bytes)| bytes.clone()).collect();
        for bytes in &history {
            world.inward.put(&world.inner, None, bytes);
            trial.fired(1);
        }
        let before = world.inner_consumer.taken().len();
        world.settle().unwrap_or_else(|broken| panic!("seed {}: {broken}", world.seed));
        assert_eq!(world.inner_consumer.taken().len(), before, "seed {}: something came again", world.seed);
        world.drop_mixture("B");
        world.settle().unwrap_or_else(|broken| panic!("seed {}: {broken}", world.seed));
    }
    Ok(())
}

fn sim_lost_disc(trial: &mut Trial) -> Result<(), LeftOut> {
    for seed in 0..trial.pace.pick(3, 100) {
        let mut world = World::new(trial.seed.wrapping_add(seed));
        let weathers = [Weather::FAIR, Weather { lost: 1.0, ..Weather::FAIR }, Weather { late: 1.0, ..Weather::FAIR }];
        for (prefix, weather) in ["A", "B", "C"].into_iter().zip(weathers) {
            world.drop_mixture(prefix);
            world.round(&weather).unwrap();
        }
        trial.fired(world.inward.harmed.len() as u64);
        end_well(&mut world);
    }
    trial.checked(&[1, 2, 3, 4, 5, 6, 7]);
    Ok(())
}

/// What has arrived at the inner station, by name.
pub(super) fn arrived(pair: &Pair) -> usize {
    digests(&pair.inner.path("arrived").join(MESSAGES)).len()
}
