//! Everything at random, for as long as it is asked: both daemons, both gap devices, kills, stops, lost directories, full disks.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use dukou_packets::suite::sha256;
use dukou_rehearsal::gapbox::{Counts, GapDevice, Script};
use rustix::process::{Pid, Signal, kill_process};

use crate::stations::beside::Beside;
use crate::stations::daemon::Daemon;
use crate::stations::pair::{LOGS, MESSAGES, Pair, RESPONSES};
use crate::stations::root::SmallDisk;
use crate::stations::station::Station;
use crate::stations::tree::digests;

use super::traffic::{Traffic, converge, pair};
use super::{Ground, LeftOut, Scenario, Trial, checks, simulate};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        fault: 33,
        name: "soak",
        how: "both daemons and gap devices; kills, SIGSTOP, lost directories, a full disk, all the device's faults",
        ground: Ground::Real,
        run: |trial| soak(trial, ""),
    },
    Scenario {
        fault: 33,
        name: "soak-way-back",
        how: "the same with a way back: receipts, and resends by the station itself",
        ground: Ground::Real,
        run: |trial| soak(trial, "way_back = true\nsignal_seconds = 60\nresend_after_seconds = 3\n"),
    },
    Scenario {
        fault: 33,
        name: "soak-text",
        how: "the same through devices that pass only text, every packet repeated after a minute",
        ground: Ground::Real,
        run: |trial| soak(trial, TEXT),
    },
    Scenario {
        fault: 33,
        name: "sim-soak",
        how: "worlds drawn from seeds: channels, weather, kills, power cuts, errors, clock steps, resends",
        ground: Ground::Simulated,
        run: sim_soak,
    },
];

/// A device that passes only text, and repeats in place of a way back.
const TEXT: &str = "profile = \"profiles/text-gate.toml\"\nrepeat_after_minutes = 1\n";

/// What each device does, short enough that all of it happens within a minute.
const SCRIPT: &str = r#"
scan_ms = 150
order = "shuffled"
[chance]
drop = 0.04
burst = 0.005
disc = 0.002
delay = 0.1
duplicate = 0.1
reorder = 0.15
corrupt = 0.03
truncate = 0.02
grow = 0.1
rename-case = 0.2
touch-mtime = 0.3
[amount]
delay_ms = 3000
duplicate_after_ms = 2000
grow_ms = 150
[[period]]
do = "outage"
from_ms = 7000
for_ms = 1500
every_ms = 20000
"#;

/// A gap device in real time that bears with directories that are gone for a while.
fn device(from: PathBuf, to: PathBuf, seed: u64) -> Beside<Counts> {
    Beside::run(move |stop| {
        let script = Script { seed, ..Script::parse(SCRIPT).unwrap() };
        let mut device = GapDevice::new(from, to, script);
        let began = Instant::now();
        while !stop.load(Ordering::SeqCst) {
            // A directory that is gone is looked for again at the next step.
            let _ = device.step(began.elapsed().as_millis() as u64);
            thread::sleep(Duration::from_millis(15));
        }
        device.counts().clone()
    })
}

/// What a consumer took, by path: the digest of each time.
type Taken = BTreeMap<String, Vec<String>>;

/// A consumer that takes each file away as soon as it sees it.
fn consumer(folder: PathBuf) -> Beside<Taken> {
    Beside::run(move |stop| {
        let mut taken = Taken::new();
        while !stop.load(Ordering::SeqCst) {
            take(&folder, &mut taken);
            thread::sleep(Duration::from_millis(10));
        }
        taken
    })
}

fn take(folder: &Path, taken: &mut Taken) {
    let visible = |entry: &walkdir::DirEntry| entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.');
    for entry in walkdir::WalkDir::new(folder).into_iter().filter_entry(visible).flatten() {
        if entry.file_type().is_file() {
            let name = entry.path().strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            let bytes = fs::read(entry.path()).unwrap();
            fs::remove_file(entry.path()).unwrap();
            taken.entry(name).or_default().push(sha256(&[&bytes]).to_string());
        }
    }
}

/// The daemons of the soak, with what they held while they ran.
struct Running {
    daemons: Vec<(Station, Daemon)>,
    rss_kib: Vec<u64>,
}

impl Running {
    fn start(pair: &Pair) -> Self {
        let daemons = [&pair.outer, &pair.inner].map(|station| (station.clone(), Daemon::running(station)));
        Self { daemons: daemons.into(), rss_kib: Vec::new() }
    }

    fn befall_one(&mut self, trial: &mut Trial) {
        let (station, daemon) = self.daemons.remove(trial.dice.below(2) as usize);
        self.rss_kib.extend(checks::held(daemon.id()).map(|held| held.rss_kib));
        let daemon = match trial.dice.below(5) {
            0 => stop_for_a_while(trial, daemon),
            1 => {
                daemon.stop_cleanly();
                Daemon::start(&station)
            }
            _ => {
                daemon.kill();
                Daemon::start(&station)
            }
        };
        trial.fired(1);
        self.daemons.push((station, daemon));
    }

    /// Memory at the end is not far above that of the beginning: I8.
    fn end(self, trial: &mut Trial) {
        for (_, daemon) in self.daemons {
            checks::bounded(trial, daemon.id());
            daemon.stop_cleanly();
        }
        let third = (self.rss_kib.len() / 3).max(1);
        let most = |samples: &[u64]| samples.iter().copied().max().unwrap_or(0);
        let (first, last) = (most(&self.rss_kib[..third]), most(&self.rss_kib[self.rss_kib.len() - third..]));
        assert!(last < first + (64 << 10), "I8: memory grew from {first} to {last} KiB");
        trial.note(format!("memory at most {first} KiB in the first third, {last} KiB in the last"));
    }
}

fn stop_for_a_while(trial: &mut Trial, daemon: Daemon) -> Daemon {
    let process = Pid::from_raw(daemon.id().cast_signed()).unwrap();
    kill_process(process, Signal::STOP).unwrap();
    thread::sleep(Duration::from_millis(trial.dice.between(200, 2_000)));
    kill_process(process, Signal::CONT).unwrap();
    daemon
}

/// A folder is gone for a while.
fn hide(trial: &mut Trial, folder: &Path) {
    let away = folder.with_extension("away");
    fs::rename(folder, &away).unwrap();
    thread::sleep(Duration::from_millis(trial.dice.between(100, 1_500)));
    // Nobody made it anew meanwhile: a station makes no ferry directories.
    fs::rename(&away, folder).unwrap();
    trial.fired(1);
}

/// One thing that goes wrong, or a little time in which nothing does.
fn befall(trial: &mut Trial, pair: &Pair, running: &mut Running, disk: Option<&SmallDisk>) {
    thread::sleep(Duration::from_millis(trial.dice.between(50, 900)));
    match trial.dice.below(10) {
        0..=3 => running.befall_one(trial),
        4 => hide(trial, &pair.inner.path("ferry/in")),
        5 => hide(trial, &pair.inner.path("ferry/out")),
        6 => {
            if let Some(disk) = disk {
                disk.fill();
                thread::sleep(Duration::from_millis(trial.dice.between(100, 1_500)));
                disk.free();
                trial.fired(1);
            }
        }
        7 => a_person_resends(pair),
        _ => {}
    }
}

/// What is missing now is resent by the running sender; one that was just killed answers the next time.
fn a_person_resends(pair: &Pair) {
    for (channel, from, to) in super::traffic::gaps(&pair.inner) {
        let answer = pair.outer.ask(&["resend", &channel, "--seq", &format!("{from}..{to}")]);
        assert!([0, 75].contains(&answer.code), "{answer:?}");
    }
}

/// Replaces settings of `[link]` on both stations.
fn set_link(pair: &Pair, settings: &str) {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/profiles/text-gate.toml");
    for station in [&pair.outer, &pair.inner] {
        fs::copy(&shipped, station.path("profiles/text-gate.toml")).unwrap();
        station.set("link", settings.trim_end());
    }
}

fn soak(trial: &mut Trial, link: &str) -> Result<(), LeftOut> {
    let time = trial.pace.pick(Duration::from_secs(12), Duration::from_secs(60 * trial.minutes.max(1)));
    let (pair, mut traffic) = (pair().quick(), Traffic::default());
    set_link(&pair, link);
    let disk = SmallDisk::over(&pair.outer, "ferry/out", "size=4194304");
    if disk.is_none() {
        trial.note("without a full disk: no file system can be mounted here");
    }
    let (inward, outward) = devices(&pair, trial.seed);
    let consumers = [(&pair.inner, MESSAGES), (&pair.inner, LOGS), (&pair.outer, RESPONSES)]
        .map(|(station, channel)| (channel, consumer(station.path("arrived").join(channel))));
    let mut running = Running::start(&pair);
    let began = Instant::now();
    while began.elapsed() < time {
        traffic.drop(&pair, trial.dice.between(1, 12) as usize);
        befall(trial, &pair, &mut running, disk.as_ref());
    }
    running.end(trial);
    for counts in [inward.finish(), outward.finish()] {
        trial.fired(counts.lost());
        trial.note(format!("a device lost {} of {}", counts.lost(), counts.picked));
    }
    let taken: Vec<(&str, Taken)> = consumers.into_iter().map(|(channel, consumer)| (channel, consumer.finish())).collect();
    trial.note(format!("{} files in {} s", traffic.files(), began.elapsed().as_secs()));
    // The newest packet of a channel may be lost: only what comes later shows it.
    traffic.drop(&pair, 12);
    converge(&pair);
    each_once(trial, &pair, &traffic, taken);
    checks::evidence(trial, &pair);
    checks::at_rest(trial, &pair);
    Ok(())
}

fn devices(pair: &Pair, seed: u64) -> (Beside<Counts>, Beside<Counts>) {
    let inward = device(pair.outer.path("ferry/out"), pair.inner.path("ferry/in"), seed);
    let outward = device(pair.inner.path("ferry/out"), pair.outer.path("ferry/in"), seed.wrapping_add(1));
    (inward, outward)
}

/// I1 and I2: what was taken while it ran and what lies there now is what was sent, each once.
fn each_once(trial: &mut Trial, pair: &Pair, traffic: &Traffic, taken: Vec<(&str, Taken)>) {
    for (channel, mut taken) in taken {
        let station = if channel == RESPONSES { &pair.outer } else { &pair.inner };
        for (name, digest) in digests(&station.path("arrived").join(channel)) {
            taken.entry(name).or_default().push(digest);
        }
        let twice: Vec<_> = taken.iter().filter(|(_, digests)| digests.len() != 1).collect();
        assert!(twice.is_empty(), "I2: {channel}: {twice:?}");
        let once: BTreeMap<String, String> = taken.into_iter().map(|(name, mut digests)| (name, digests.remove(0))).collect();
        let sent = traffic.on(channel);
        let lost: Vec<&String> = sent.keys().filter(|name| !once.contains_key(*name)).collect();
        assert!(lost.is_empty(), "I1: {channel}: lost {lost:?}");
        assert_eq!(once, sent, "{channel}");
    }
    trial.checked(&[1, 2]);
}

fn sim_soak(trial: &mut Trial) -> Result<(), LeftOut> {
    let count = trial.pace.pick(60, 1_000);
    let first = trial.seed.wrapping_mul(1_000_003);
    for seed in first..first.saturating_add(count) {
        match simulate::run(seed) {
            Ok(fired) => trial.fired(fired.values().sum()),
            Err(failure) => panic!("seed {}: {}\n{}", failure.seed, failure.broken, failure.trace),
        }
    }
    trial.note(format!("{count} worlds"));
    trial.checked(&[1, 2, 3, 4, 5, 6, 7]);
    Ok(())
}
