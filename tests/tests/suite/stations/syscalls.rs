//! Kills and errors at the system calls of the real programs, one after the other, and then an ordinary start.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use dukou_tests::stations::audit::assert_pass;
use dukou_tests::stations::message;
use dukou_tests::stations::pair::{MESSAGES, Pair};
use dukou_tests::stations::station::{Answer, Station};
use dukou_tests::stations::tree::{digests, names};

/// How many places of a call are tried in a sample.
const PLACES: usize = 4;

/// Farther than any pass of these tests goes.
const MOST_PLACES: usize = 200;

fn has_strace() -> bool {
    let tried = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    let has = tried.is_ok_and(|status| status.success());
    if !has {
        println!("left out: strace is missing, or may not trace here");
    }
    has
}

/// A fault at the `place`-th use of a system call by one thread.
#[derive(Clone, Copy, Debug)]
struct Injection {
    call: &'static str,
    fault: &'static str,
    place: usize,
}

impl Injection {
    /// Runs a pass with the fault in it and gives its exit code.
    fn pass(self, station: &Station) -> i32 {
        let Injection { call, fault, place } = self;
        let pass = station.command(&["pass"]);
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-o", "/dev/null", "-e"]).arg(format!("trace={call}")).arg("-e");
        command.arg(format!("inject={call}:{fault}:when={place}")).arg(pass.get_program()).args(pass.get_args());
        Answer::of(command.stdin(Stdio::null()).output().unwrap()).code
    }
}

/// Files of three packets, in two folders, with one that is refused.
fn loaded() -> (Pair, BTreeMap<String, String>) {
    let pair = Pair::new();
    pair.outer.edit("channels/report-message.toml", "max_records = 4096", "max_records = 2");
    for n in 0..5 {
        let below = ["", "BizMsg/"][n % 2];
        pair.drop(MESSAGES, &format!("{below}{}", message::name(n)), &message::body(n));
    }
    let sent = digests(&pair.outer.path("drop").join(MESSAGES));
    pair.drop(MESSAGES, "Biz9.xml", b"<a>");
    (pair, sent)
}

/// Tries one place on both sides; false when neither pass came that far.
fn survives(injection: Injection) -> bool {
    let (pair, sent) = loaded();
    let outer = injection.pass(&pair.outer);
    let recovered = pair.outer.ask(&["pass"]);
    assert!([0, 1].contains(&recovered.code), "{injection:?}: {recovered:?}");
    pair.carry();
    let inner = injection.pass(&pair.inner);
    let folder = pair.inner.path("arrived").join(MESSAGES);
    let mut arrived = taken(&folder);
    let recovered = pair.inner.ask(&["pass"]);
    assert_eq!(recovered.code, 0, "{injection:?}: {recovered:?}");
    for (name, digest) in taken(&folder) {
        assert!(arrived.insert(name.clone(), digest).is_none(), "{injection:?}: {name} came twice");
    }
    assert_eq!(arrived, sent, "{injection:?}");
    assert!(digests(&pair.outer.path("drop").join(MESSAGES)).is_empty(), "{injection:?}");
    assert_eq!(names(&pair.outer.path("rejected").join(MESSAGES)).len(), 3, "{injection:?}");
    assert_pass(&pair);
    for station in [&pair.outer, &pair.inner] {
        let answer = station.ask(&["check"]);
        assert_eq!(answer.code, 0, "{injection:?}: {answer:?}");
    }
    ![0, 1].contains(&outer) || inner != 0
}

/// Takes everything away, as a quick consumer does.
fn taken(folder: &Path) -> BTreeMap<String, String> {
    let here = digests(folder);
    for name in here.keys() {
        std::fs::remove_file(folder.join(name)).unwrap();
    }
    here
}

/// Which places of a call are tried.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// The first ones, and then steps that widen: the interesting ones are spread over a pass.
    Sample,
    /// Every one, until a pass is over before it comes to the place.
    Every,
}

/// A set of calls and what happens at them.
type Sweep = (&'static [&'static str], &'static str);

const KILL_AT_RENAMES: Sweep = (&["renameat2", "linkat", "unlinkat"], "signal=KILL");
const KILL_AT_SYNCS: Sweep = (&["fdatasync", "fsync", "syncfs"], "signal=KILL");
const KILL_AT_WRITES: Sweep = (&["writev", "pwrite64", "ftruncate"], "signal=KILL");
const ERROR_AT_SYNCS: Sweep = (&["fdatasync", "fsync", "syncfs"], "error=EIO");
const ERROR_AT_WRITES: Sweep = (&["renameat2", "linkat", "writev"], "error=EIO");
const NO_ROOM_AT_WRITES: Sweep = (&["renameat2", "mkdirat", "writev"], "error=ENOSPC");

/// Sweeps over the places of some calls.
fn sweep((calls, fault): Sweep, extent: Extent) {
    if !has_strace() {
        return;
    }
    let every = extent == Extent::Every;
    for (step, call) in calls.iter().enumerate() {
        let places = (1..MOST_PLACES).filter(|place| every || *place <= 2 || place % (3 + step) == 0);
        let mut quiet = 0;
        for place in places.take(if every { MOST_PLACES } else { PLACES }) {
            quiet = if survives(Injection { call, fault, place }) { 0 } else { quiet + 1 };
            if quiet == 2 {
                break;
            }
        }
    }
}

#[test]
fn a_kill_at_a_rename_link_or_removal_loses_and_repeats_nothing() {
    sweep(KILL_AT_RENAMES, Extent::Sample);
}

#[test]
fn a_kill_at_a_sync_loses_and_repeats_nothing() {
    sweep(KILL_AT_SYNCS, Extent::Sample);
}

#[test]
fn a_kill_at_a_write_loses_and_repeats_nothing() {
    sweep(KILL_AT_WRITES, Extent::Sample);
}

#[test]
fn an_error_at_a_sync_stops_the_station_and_the_next_start_recovers() {
    sweep(ERROR_AT_SYNCS, Extent::Sample);
}

#[test]
fn an_error_at_a_rename_link_or_write_is_survived() {
    sweep(ERROR_AT_WRITES, Extent::Sample);
}

#[test]
fn no_room_at_a_rename_link_or_write_is_survived() {
    sweep(NO_ROOM_AT_WRITES, Extent::Sample);
}

mod slow {
    use super::{
        ERROR_AT_SYNCS, ERROR_AT_WRITES, Extent, KILL_AT_RENAMES, KILL_AT_SYNCS, KILL_AT_WRITES, NO_ROOM_AT_WRITES, sweep,
    };

    #[test]
    fn a_kill_at_every_rename_link_removal_sync_and_write_loses_and_repeats_nothing() {
        for calls in [KILL_AT_RENAMES, KILL_AT_SYNCS, KILL_AT_WRITES] {
            sweep(calls, Extent::Every);
        }
    }

    #[test]
    fn an_error_or_no_room_at_every_rename_link_sync_and_write_is_survived() {
        for calls in [ERROR_AT_SYNCS, ERROR_AT_WRITES, NO_ROOM_AT_WRITES] {
            sweep(calls, Extent::Every);
        }
    }
}
