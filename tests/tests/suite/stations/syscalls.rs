//! Kills and errors at the system calls of the real programs, one after the other, and then an ordinary start.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use dukou_tests::stations::audit::assert_pass;
use dukou_tests::stations::message;
use dukou_tests::stations::pair::{MESSAGES, Pair};
use dukou_tests::stations::station::{Answer, Station};
use dukou_tests::stations::tree::{digests, names};

/// How many places of a call are tried; all of them with DUKOU_FULL=1.
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

/// Sweeps over the places of some calls.
fn sweep(calls: &[&'static str], fault: &'static str) {
    if !has_strace() {
        return;
    }
    let full = std::env::var_os("DUKOU_FULL").is_some();
    for (step, call) in calls.iter().enumerate() {
        // Without DUKOU_FULL the first places, and steps that widen: the interesting ones are spread over a pass.
        let places = (1..MOST_PLACES).filter(|place| full || *place <= 2 || place % (3 + step) == 0);
        let mut quiet = 0;
        for place in places.take(if full { MOST_PLACES } else { PLACES }) {
            quiet = if survives(Injection { call, fault, place }) { 0 } else { quiet + 1 };
            if quiet == 2 {
                break;
            }
        }
    }
}

#[test]
fn a_kill_at_a_rename_link_or_removal_loses_and_repeats_nothing() {
    sweep(&["renameat2", "linkat", "unlinkat"], "signal=KILL");
}

#[test]
fn a_kill_at_a_sync_loses_and_repeats_nothing() {
    sweep(&["fdatasync", "fsync", "syncfs"], "signal=KILL");
}

#[test]
fn a_kill_at_a_write_loses_and_repeats_nothing() {
    sweep(&["writev", "pwrite64", "ftruncate"], "signal=KILL");
}

#[test]
fn an_error_at_a_sync_stops_the_station_and_the_next_start_recovers() {
    sweep(&["fdatasync", "fsync", "syncfs"], "error=EIO");
}

#[test]
fn an_error_at_a_rename_link_or_write_is_survived() {
    sweep(&["renameat2", "linkat", "writev"], "error=EIO");
}

#[test]
fn no_room_at_a_rename_link_or_write_is_survived() {
    sweep(&["renameat2", "mkdirat", "writev"], "error=ENOSPC");
}
