//! Disks that are full, read-only or gone, and processes that get no files or no memory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use dukou_shared::error::Policy;
use dukou_shared::seams::FileCause;

use crate::simulated::{SimStation, Victim, Weather, World};
use crate::stations::daemon::Daemon;
use crate::stations::message;
use crate::stations::pair::{MESSAGES, Pair};
use crate::stations::root::SmallDisk;
use crate::stations::station::Station;
use crate::stations::tree::{digests, names};
use crate::stations::wait::until;

use super::traffic::{Traffic, carry_both, converge, pair};
use super::{LeftOut, Scenario, Trial, checks, real, simulated};

pub(super) const SCENARIOS: &[Scenario] = &[
    real(6, "full-spool", "tmpfs size=, filled: spool", |trial| full(trial, ["spool/out", "spool/in"])),
    real(6, "full-state", "tmpfs size=, filled: state", |trial| full(trial, ["state", "state"])),
    real(6, "full-log", "tmpfs size=, filled: packet log", |trial| full(trial, ["log", "log"])),
    real(6, "full-ferry", "tmpfs size=, filled: ferry directory and sink", |trial| {
        full(trial, ["ferry/out", "arrived/report-message"])
    }),
    real(7, "no-inodes", "tmpfs nr_inodes=, used up: ferry directory, sink", no_inodes),
    real(7, "no-descriptors", "ulimit -n", no_descriptors),
    real(7, "no-address-space", "ulimit -v", no_address_space),
    real(7, "no-memory", "memory cgroup", no_memory),
    real(8, "read-only", "tmpfs remounted read-only: ferry directory, spool, sink", read_only),
    real(23, "ferry-moved", "mv of the ferry directory, back after a while", ferry_moved),
    real(23, "ferry-replaced", "ferry directory replaced by an empty one", ferry_replaced),
    real(23, "ferry-unmounted", "umount of the ferry directory's file system, mounted again", ferry_unmounted),
    real(23, "ferry-moved-running", "mv under a running daemon", ferry_moved_running),
    simulated(6, "sim-full", "no room on any disk for a step", |trial| {
        for_a_step(trial, |station| station.files.limit("/", Some(1)), |station| station.files.limit("/", None))
    }),
    simulated(7, "sim-no-descriptors", "EMFILE at operations", sim_no_descriptors),
    simulated(8, "sim-read-only", "all disks read-only for a step", |trial| {
        for_a_step(trial, |station| station.files.set_read_only("/", true), |station| station.files.set_read_only("/", false))
    }),
    simulated(23, "sim-ferry-gone", "ferry directories renamed away for a step", |trial| {
        for_a_step(trial, |station| move_ferries(station, true), |station| move_ferries(station, false))
    }),
];

/// Both passes with a trouble in each, and what must be so afterwards.
fn troubled(
    trial: &mut Trial,
    mut befall: impl FnMut(&Pair, &Station, &mut dyn FnMut() -> i32) -> Result<(), LeftOut>,
) -> Result<(), LeftOut> {
    let (pair, mut traffic) = (pair(), Traffic::default());
    for station in [&pair.outer, &pair.inner] {
        traffic.drop(&pair, 5);
        // Large enough that a packet does not fit into what a file system keeps in reserve.
        for n in 0..6 {
            let large = message::large_xml(trial.dice.next_u64(), 60_000);
            traffic.lay(&pair.outer, MESSAGES, &format!("Biz9{:03}{n}.xml", traffic.files()), &large);
        }
        if station.dir == pair.inner.dir {
            pair.outer.ask(&["pass"]);
            carry_both(&pair);
        }
        let mut codes = Vec::new();
        befall(&pair, station, &mut || {
            let code = station.ask(&["pass"]).code;
            codes.push(code);
            code
        })?;
        trial.fired(codes.iter().filter(|code| ![0, 1].contains(*code)).count() as u64);
        assert!(codes.iter().all(|code| [0, 1, 75].contains(code)), "{codes:?}");
    }
    converge(&pair);
    checks::whole(trial, &pair, &traffic);
    Ok(())
}

fn is_outer(pair: &Pair, station: &Station) -> bool {
    pair.outer.dir == station.dir
}

fn place<'a>(pair: &Pair, station: &Station, [outer, inner]: [&'a str; 2]) -> &'a str {
    if is_outer(pair, station) { outer } else { inner }
}

fn disk(station: &Station, place: &str, options: &str) -> Result<SmallDisk, LeftOut> {
    let why = if rustix::process::geteuid().is_root() { "no file system can be mounted here" } else { "it needs root" };
    SmallDisk::over(station, place, options).ok_or_else(|| LeftOut(why.to_owned()))
}

/// What lay on a small disk comes back to the disk below it.
fn leave(station: &Station, at: &str, disk: SmallDisk) {
    let kept = station.path("kept-afterwards");
    let copy = |from: PathBuf, to: &Path| assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
    fs::create_dir_all(&kept).unwrap();
    copy(station.path(at).join("."), &kept);
    drop(disk);
    for name in names(&station.path(at)) {
        let path = station.path(at).join(name);
        let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
    }
    copy(kept.join("."), &station.path(at));
    fs::remove_dir_all(&kept).unwrap();
    fs::remove_dir_all(station.path("kept")).unwrap();
}

fn full(trial: &mut Trial, places: [&str; 2]) -> Result<(), LeftOut> {
    troubled(trial, |pair, station, pass| {
        let at = place(pair, station, places);
        let disk = disk(station, at, "size=16777216")?;
        disk.fill();
        let code = pass();
        assert_eq!(code, 75, "{at}");
        disk.free();
        pass();
        leave(station, at, disk);
        Ok(())
    })
}

fn no_inodes(trial: &mut Trial) -> Result<(), LeftOut> {
    troubled(trial, |pair, station, pass| {
        let at = place(pair, station, ["ferry/out", "arrived/report-message"]);
        let disk = disk(station, at, "size=16777216,nr_inodes=100")?;
        let filler = |n: usize| station.path(at).join(format!(".filler{n}"));
        let made = (0..200).take_while(|n| fs::write(filler(*n), b"").is_ok()).count();
        pass();
        (0..made).for_each(|n| fs::remove_file(filler(n)).unwrap());
        pass();
        leave(station, at, disk);
        Ok(())
    })
}

/// Runs a pass under a shell's limit and gives its code; a signal counts as its negative number.
fn limited(station: &Station, limit: &str) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    let pass = station.command(&["pass"]);
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{limit}; exec \"$@\"")).arg("sh").arg(pass.get_program()).args(pass.get_args());
    let status = command.stdin(Stdio::null()).output().unwrap().status;
    status.code().unwrap_or_else(|| -status.signal().unwrap_or(0))
}

/// Passes under limits that a person might set too low; then ordinary ones.
fn under_limits(trial: &mut Trial, limits: &[String]) -> Result<(), LeftOut> {
    let (pair, mut traffic) = (pair(), Traffic::default());
    for limit in limits {
        traffic.drop(&pair, 3);
        for station in [&pair.outer, &pair.inner] {
            let code = limited(station, limit);
            trial.fired(u64::from(![0, 1].contains(&code)));
            carry_both(&pair);
        }
    }
    converge(&pair);
    checks::whole(trial, &pair, &traffic);
    Ok(())
}

fn no_descriptors(trial: &mut Trial) -> Result<(), LeftOut> {
    let step = trial.pace.pick(4, 1);
    let limits: Vec<String> = (4..20).step_by(step).map(|files| format!("ulimit -n {files}")).collect();
    under_limits(trial, &limits)
}

fn no_address_space(trial: &mut Trial) -> Result<(), LeftOut> {
    let step = trial.pace.pick(6, 2);
    let limits: Vec<String> = (18..44).step_by(step).map(|megabytes| format!("ulimit -v {}", megabytes * 1_000)).collect();
    under_limits(trial, &limits)
}

/// A memory cgroup, gone when it is dropped.
struct Cage(PathBuf);

impl Cage {
    fn make(bytes: u64) -> Result<Self, LeftOut> {
        let name = format!("dukou-campaign-{}", std::process::id());
        for (root, limit) in [("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")] {
            let cage = Self(Path::new(root).join(&name));
            if fs::create_dir(&cage.0).is_ok() && fs::write(cage.0.join(limit), bytes.to_string()).is_ok() {
                // Swap would only slow it down.
                let _ = fs::write(cage.0.join("memory.swap.max"), "0");
                return Ok(cage);
            }
        }
        Err(LeftOut("no memory cgroup can be made here".to_owned()))
    }
}

impl Drop for Cage {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

fn no_memory(trial: &mut Trial) -> Result<(), LeftOut> {
    let (pair, mut traffic) = (pair(), Traffic::default());
    let steps: Vec<u64> = trial.pace.pick(vec![4, 10], vec![2, 4, 6, 8, 10, 12, 16, 20]);
    for mebibytes in steps {
        traffic.drop(&pair, 2);
        traffic.lay(&pair.outer, MESSAGES, &format!("Biz8{mebibytes}.xml"), &message::large_xml(mebibytes, 8_000_000));
        for station in [&pair.outer, &pair.inner] {
            let cage = Cage::make(mebibytes << 20)?;
            let code = limited(station, &format!("echo $$ > {}/cgroup.procs", cage.0.display()));
            trial.fired(u64::from(code == -9));
            carry_both(&pair);
        }
    }
    converge(&pair);
    checks::whole(trial, &pair, &traffic);
    Ok(())
}

fn read_only(trial: &mut Trial) -> Result<(), LeftOut> {
    for places in [["ferry/out", "arrived/report-message"], ["spool/out", "spool/in"]] {
        troubled(trial, |pair, station, pass| {
            let at = place(pair, station, places);
            let disk = disk(station, at, "size=67108864")?;
            if !disk.remount("ro") {
                return Err(LeftOut("no file system can be remounted here".to_owned()));
            }
            pass();
            assert!(disk.remount("rw"));
            pass();
            leave(station, at, disk);
            Ok(())
        })?;
    }
    Ok(())
}

fn ferries(pair: &Pair, station: &Station) -> PathBuf {
    station.path(place(pair, station, ["ferry/out", "ferry/in"]))
}

fn ferry_moved(trial: &mut Trial) -> Result<(), LeftOut> {
    troubled(trial, |pair, station, pass| {
        let (ferry, away) = (ferries(pair, station), station.path("away"));
        fs::rename(&ferry, &away).unwrap();
        assert_eq!(pass(), 75);
        fs::rename(&away, &ferry).unwrap();
        pass();
        Ok(())
    })
}

/// What lay in the directory is lost with it; the receiver names it, and a resend brings it.
fn ferry_replaced(trial: &mut Trial) -> Result<(), LeftOut> {
    let (pair, mut traffic) = (pair(), Traffic::default());
    for round in 0..trial.pace.pick(2, 10) {
        traffic.drop(&pair, 4);
        pair.outer.ask(&["pass"]);
        for ferry in [pair.outer.path("ferry/out"), pair.inner.path("ferry/in")] {
            let lost = names(&ferry).len();
            fs::remove_dir_all(&ferry).unwrap();
            fs::create_dir(&ferry).unwrap();
            trial.fired(u64::from(lost > 0));
            pair.outer.ask(&["pass"]);
            carry_both(&pair);
            pair.inner.ask(&["pass"]);
            if round % 2 == 0 {
                traffic.drop(&pair, 2);
                pair.outer.ask(&["pass"]);
                carry_both(&pair);
            }
        }
    }
    // The newest packet of each channel may be among the lost: only what comes later shows it.
    traffic.drop(&pair, 12);
    converge(&pair);
    checks::whole(trial, &pair, &traffic);
    Ok(())
}

fn ferry_unmounted(trial: &mut Trial) -> Result<(), LeftOut> {
    troubled(trial, |pair, station, pass| {
        let at = place(pair, station, ["ferry/out", "ferry/in"]);
        let disk = disk(station, at, "size=16777216")?;
        let hidden = digests(&station.path(at));
        leave(station, at, disk);
        // What shows now is the directory below the mount point: to the station a ferry directory like any other.
        assert_eq!(digests(&station.path(at)), hidden);
        fs::rename(station.path(at), station.path("away")).unwrap();
        assert_eq!(pass(), 75);
        fs::rename(station.path("away"), station.path(at)).unwrap();
        Ok(())
    })
}

fn ferry_moved_running(trial: &mut Trial) -> Result<(), LeftOut> {
    let (pair, mut traffic) = (pair().quick(), Traffic::default());
    let daemons = [&pair.outer, &pair.inner].map(Daemon::running);
    for _ in 0..trial.pace.pick(1, 5) {
        traffic.drop(&pair, 3);
        let (ferry, away) = (pair.outer.path("ferry/out"), pair.outer.path("away"));
        fs::rename(&ferry, &away).unwrap();
        traffic.drop(&pair, 2);
        std::thread::sleep(Duration::from_millis(1_500));
        assert!(pair.arrived(MESSAGES).len() < traffic.on(MESSAGES).len());
        fs::rename(&away, &ferry).unwrap();
        trial.fired(1);
        until("everything has arrived", Duration::from_secs(60), || {
            carry_both(&pair);
            pair.arrived(MESSAGES).len() == traffic.on(MESSAGES).len()
        });
    }
    checks::ended(trial, &pair, &traffic, daemons);
    Ok(())
}

/// Both stations step while something is wrong with their disks, and once more when it is mended.
fn for_a_step(trial: &mut Trial, befall: impl Fn(&SimStation), mend: impl Fn(&SimStation)) -> Result<(), LeftOut> {
    for seed in 0..trial.pace.pick(3, 100) {
        let mut world = World::new(trial.seed.wrapping_add(seed));
        for round in 0..3 {
            world.drop_mixture(["A", "B", "C"][round]);
            for victim in [Victim::Outer, Victim::Inner] {
                befall(world.side(victim));
                let outcome = world.side(victim).step();
                mend(world.side(victim));
                if let Err(fault) = outcome {
                    assert_eq!(fault.policy(), Policy::Retry, "{fault}");
                    world.side(victim).crash();
                }
                trial.fired(1);
                world.side(victim).step().unwrap();
                world.inward.carry(&world.outer, &world.inner, &Weather::FAIR);
            }
        }
        world.settle_and_check().unwrap_or_else(|broken| panic!("seed {}: {broken}", world.seed));
    }
    trial.checked(&[1, 2, 3, 4, 5, 6, 7]);
    Ok(())
}

fn move_ferries(station: &SimStation, gone: bool) {
    for ferry in [station.station.ferry_in(), station.station.ferry_out()] {
        let away = ferry.with_extension("away");
        let (from, to) = if gone { (ferry, away) } else { (away, ferry) };
        station.files.rename(from, to);
    }
}

fn sim_no_descriptors(trial: &mut Trial) -> Result<(), LeftOut> {
    for seed in 0..trial.pace.pick(5, 200) {
        let mut world = World::new(trial.seed.wrapping_add(seed));
        world.drop_mixture("A");
        for victim in [Victim::Outer, Victim::Inner] {
            let (at, before) = (world.dice.between(1, 60), world.side(victim).files.ops());
            world.side(victim).files.fail_at(at, FileCause::TooManyOpen);
            let failed = world.side(victim).step().is_err();
            trial.fired(u64::from(world.side(victim).files.ops() - before >= at));
            if failed {
                world.side(victim).crash();
            }
            world.inward.carry(&world.outer, &world.inner, &Weather::FAIR);
        }
        world.settle_and_check().unwrap_or_else(|broken| panic!("seed {}: {broken}", world.seed));
    }
    trial.checked(&[1, 2, 3, 4, 5, 6, 7]);
    Ok(())
}
