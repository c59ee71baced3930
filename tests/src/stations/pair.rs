//! Two stations that trust each other, and what is carried between them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::station::Station;
use super::{message, tree};

/// The channel of reporting messages, outer to inner.
pub const MESSAGES: &str = "report-message";
/// The channel of registration logs, outer to inner.
pub const LOGS: &str = "registration-log";
/// The channel of responses, inner to outer.
pub const RESPONSES: &str = "report-response";

/// Two hundred thousand files of a page each, in five places at both stations and between them, are 4 GiB.
const MANY_FILES_BYTES: u64 = 6 << 30;
/// How many they are.
const MANY_FILES: u64 = 1_000_000;

/// An outer and an inner station, paired, in a directory of their own.
#[derive(Debug)]
pub struct Pair {
    /// Where both live; gone with the pair.
    pub dir: TempDir,
    /// The outer station.
    pub outer: Station,
    /// The inner station.
    pub inner: Station,
}

impl Pair {
    /// Makes two stations and pairs them as README says.
    #[track_caller]
    #[expect(clippy::new_without_default, reason = "it starts programs")]
    pub fn new() -> Self {
        Self::with_options(&[])
    }

    /// Makes two stations with further options of `init`. They take files at once, as if each had rested long enough: see [`settling`](Self::settling).
    #[track_caller]
    pub fn with_options(options: &[&str]) -> Self {
        Self::within(&std::env::temp_dir(), options)
    }

    /// Makes a pair for very many files: in memory where that has room. A disk that tells its device of each block which is freed removes some dozens of files a
    /// second, and what is asked here is not how quick it is.
    #[track_caller]
    pub fn of_many_files() -> Self {
        let has_room = |place: &Path| {
            let told = rustix::fs::statvfs(place);
            told.is_ok_and(|told| told.f_bavail * told.f_frsize > MANY_FILES_BYTES && told.f_favail > MANY_FILES)
        };
        let memory = Path::new("/dev/shm");
        Self::within(&if has_room(memory) { memory.to_path_buf() } else { std::env::temp_dir() }, &[])
    }

    #[track_caller]
    fn within(place: &Path, options: &[&str]) -> Self {
        let dir = tempfile::Builder::new().prefix("dukou-").tempdir_in(place).unwrap();
        let outer = Station::init("dukou-outer", &dir.path().join("outer"), options);
        let inner = Station::init("dukou-inner", &dir.path().join("inner"), options);
        let pair = Self { dir, outer, inner };
        pair.trust_each_other();
        pair.settle(5, 0);
        pair
    }

    /// Makes a pair that waits for files to rest before it takes them, as stations do.
    #[track_caller]
    pub fn settling(self) -> Self {
        self.settle(0, 5);
        self
    }

    #[track_caller]
    fn settle(&self, from: u32, to: u32) {
        let [from, to] = [from, to].map(|seconds| format!("settle_seconds = {seconds}"));
        for (station, channel) in [(&self.outer, MESSAGES), (&self.outer, LOGS), (&self.inner, RESPONSES)] {
            station.edit(&format!("channels/{channel}.toml"), &from, &to);
        }
    }

    /// Makes a pair whose channels put every file into a packet of its own.
    #[track_caller]
    pub fn one_file_a_packet() -> Self {
        let pair = Self::new();
        for (station, channel) in [(&pair.outer, MESSAGES), (&pair.outer, LOGS), (&pair.inner, RESPONSES)] {
            station.edit(&format!("channels/{channel}.toml"), "max_records = 4096", "max_records = 1");
        }
        pair
    }

    /// Makes a pair that scans every second.
    #[track_caller]
    pub fn quick(self) -> Self {
        for station in [&self.outer, &self.inner] {
            station.edit("station.toml", "scan_seconds = 10 ", "scan_seconds = 1 ");
        }
        self
    }

    /// Lets each station trust the other's card with all channels that it now receives.
    #[track_caller]
    pub fn trust_each_other(&self) {
        self.introduce(&self.outer, &self.inner);
        self.introduce(&self.inner, &self.outer);
    }

    /// Gives one station's card to the other.
    #[track_caller]
    fn introduce(&self, known: &Station, to: &Station) {
        let card = self.card(known);
        to.expect(0, &["trust", card.to_str().unwrap(), "--yes"]);
    }

    /// Writes a station's card into a file.
    #[track_caller]
    pub fn card(&self, station: &Station) -> PathBuf {
        let file = station.dir.with_extension("card");
        fs::write(&file, station.expect(0, &["card"]).out).unwrap();
        file
    }

    /// Drops a finished file into an outer channel.
    #[track_caller]
    pub fn drop(&self, channel: &str, name: &str, bytes: &[u8]) {
        tree::write_old(&self.outer.path("drop").join(channel).join(name), bytes);
    }

    /// Drops messages `from..to`.
    #[track_caller]
    pub fn drop_messages(&self, from: usize, to: usize) {
        for n in from..to {
            self.drop(MESSAGES, &message::name(n), &message::body(n));
        }
    }

    /// Drops registration logs `from..to`.
    #[track_caller]
    pub fn drop_logs(&self, from: usize, to: usize) {
        for n in from..to {
            self.drop(LOGS, &format!("LogBiz150721-{n:08}.xml"), &message::body(n));
        }
    }

    /// Gives what has arrived on a channel of the inner station.
    #[track_caller]
    pub fn arrived(&self, channel: &str) -> Vec<String> {
        tree::digests(&self.inner.path("arrived").join(channel)).into_keys().collect()
    }

    /// Carries what lies at the outer station to the inner one, by `cp`; nothing is removed.
    #[track_caller]
    pub fn carry(&self) {
        copy_all(&self.outer.path("ferry/out"), &self.inner.path("ferry/in"));
    }

    /// Carries what lies at the inner station back to the outer one.
    #[track_caller]
    pub fn carry_back(&self) {
        copy_all(&self.inner.path("ferry/out"), &self.outer.path("ferry/in"));
    }

    /// Takes away everything that the outer station has placed so far.
    #[track_caller]
    pub fn clear_outer_ferry(&self) {
        for name in tree::names(&self.outer.path("ferry/out")) {
            fs::remove_file(self.outer.path("ferry/out").join(name)).unwrap();
        }
    }

    /// Sends, carries and receives once; both passes must leave with 0.
    #[track_caller]
    pub fn exchange(&self) {
        self.outer.pass(0);
        self.carry();
        self.inner.pass(0);
    }
}

/// Copies every file of a ferry directory with `cp`; a station that runs may replace its signal meanwhile, then once more.
///
/// # Panics
/// Panics when `cp` fails.
#[track_caller]
pub fn copy_all(from: &Path, to: &Path) {
    let copied = || Command::new("cp").arg("-R").arg(from.join(".")).arg(to).status().unwrap().success();
    assert!((0..5).any(|_| copied()), "cp {} {}", from.display(), to.display());
}
