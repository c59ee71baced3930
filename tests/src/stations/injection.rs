//! Kills, errors and delays at the system calls of the real programs, by `strace`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use super::audit::assert_pass;
use super::message;
use super::pair::{MESSAGES, Pair};
use super::station::{Answer, Station};
use super::tree::{digests, names};

/// Says why calls cannot be tampered with here, if they cannot.
pub fn missing() -> Option<String> {
    let tried = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    (!tried.is_ok_and(|status| status.success())).then(|| "strace is missing, or may not trace here".to_owned())
}

/// A fault at the `place`-th use of a system call by one thread.
#[derive(Clone, Copy, Debug)]
pub struct Injection {
    /// The call.
    pub call: &'static str,
    /// What `strace` injects, for example `signal=KILL` or `error=EIO`.
    pub fault: &'static str,
    /// Which use, from 1.
    pub place: usize,
}

impl Injection {
    /// Gives a station's command with the fault in it.
    pub fn command(self, station: &Station, args: &[&str]) -> Command {
        let Injection { call, fault, place } = self;
        strace(station, args, call, &format!("inject={call}:{fault}:when={place}"))
    }

    /// Runs a pass with the fault in it and gives its exit code.
    #[track_caller]
    pub fn pass(self, station: &Station) -> i32 {
        Answer::of(self.command(station, &["pass"]).stdin(Stdio::null()).output().unwrap()).code
    }

    /// Sends and receives with the fault in both passes, lets the next ordinary passes recover, and compares everything; false when neither
    /// pass came as far as the place.
    ///
    /// # Panics
    /// Panics when anything was lost, came twice, or does not agree.
    #[track_caller]
    pub fn survives(self) -> bool {
        let (pair, sent) = loaded();
        let outer = self.pass(&pair.outer);
        let recovered = pair.outer.ask(&["pass"]);
        assert!([0, 1].contains(&recovered.code), "{self:?}: {recovered:?}");
        pair.carry();
        let inner = self.pass(&pair.inner);
        let folder = pair.inner.path("arrived").join(MESSAGES);
        let mut arrived = taken(&folder);
        let recovered = pair.inner.ask(&["pass"]);
        assert_eq!(recovered.code, 0, "{self:?}: {recovered:?}");
        for (name, digest) in taken(&folder) {
            assert!(arrived.insert(name.clone(), digest).is_none(), "{self:?}: {name} came twice");
        }
        assert_eq!(arrived, sent, "{self:?}");
        assert!(digests(&pair.outer.path("drop").join(MESSAGES)).is_empty(), "{self:?}");
        assert_eq!(names(&pair.outer.path("rejected").join(MESSAGES)).len(), 3, "{self:?}");
        assert_pass(&pair);
        for station in [&pair.outer, &pair.inner] {
            let answer = station.ask(&["check"]);
            assert_eq!(answer.code, 0, "{self:?}: {answer:?}");
        }
        ![0, 1].contains(&outer) || inner != 0
    }
}

/// Gives a station's command under `strace` with an injection at all or some uses of a call.
pub fn strace(station: &Station, args: &[&str], call: &str, inject: &str) -> Command {
    let plain = station.command(args);
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o", "/dev/null", "-e"]).arg(format!("trace={call}")).arg("-e").arg(inject);
    command.arg(plain.get_program()).args(plain.get_args());
    command
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

/// Takes everything away, as a quick consumer does.
fn taken(folder: &Path) -> BTreeMap<String, String> {
    let here = digests(folder);
    for name in here.keys() {
        std::fs::remove_file(folder.join(name)).unwrap();
    }
    here
}

/// Which places of a call are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// The first ones, and then steps that widen: the interesting ones are spread over a pass.
    Sample,
    /// Every one, until a pass is over before it comes to the place.
    Every,
}

/// A set of calls and what happens at them.
pub type Sweep = (&'static [&'static str], &'static str);

/// A kill where files change places.
pub const KILL_AT_RENAMES: Sweep = (&["renameat2", "linkat", "unlinkat"], "signal=KILL");
/// A kill where something becomes durable.
pub const KILL_AT_SYNCS: Sweep = (&["fdatasync", "fsync", "syncfs"], "signal=KILL");
/// A kill where bytes are written.
pub const KILL_AT_WRITES: Sweep = (&["writev", "pwrite64", "ftruncate"], "signal=KILL");
/// A device error where something becomes durable.
pub const ERROR_AT_SYNCS: Sweep = (&["fdatasync", "fsync", "syncfs"], "error=EIO");
/// A device error where files change.
pub const ERROR_AT_WRITES: Sweep = (&["renameat2", "linkat", "writev"], "error=EIO");
/// A full disk where files change.
pub const NO_ROOM_AT_WRITES: Sweep = (&["renameat2", "mkdirat", "writev"], "error=ENOSPC");

/// How many places of a call are tried in a sample.
const PLACES: usize = 4;

/// Farther than any pass of these tests goes.
const MOST_PLACES: usize = 200;

/// Sweeps over the places of some calls; gives at how many the fault happened.
#[track_caller]
pub fn sweep((calls, fault): Sweep, extent: Extent) -> u64 {
    let every = extent == Extent::Every;
    let mut fired = 0;
    for (step, call) in calls.iter().enumerate() {
        let places = (1..MOST_PLACES).filter(|place| every || *place <= 2 || place % (3 + step) == 0);
        let mut quiet = 0;
        for place in places.take(if every { MOST_PLACES } else { PLACES }) {
            let happened = Injection { call, fault, place }.survives();
            fired += u64::from(happened);
            quiet = if happened { 0 } else { quiet + 1 };
            if quiet == 2 {
                break;
            }
        }
    }
    fired
}
