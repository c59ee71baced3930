//! The product as a contender: two real stations whose ferry directories are one and the same.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::measure::{Contender, Durability};
use super::peers::copy_into;
use super::workload::{Workload, files_below};
use crate::station::{Daemon, Station, set};
use crate::workspace::Programs;

/// The channel that carries the workload.
pub(super) const CHANNEL: &str = "report-message";
/// How often to look whether everything has come.
const LOOK: Duration = Duration::from_millis(3);
/// After this long a station takes a file as finished: its `settle_seconds` and one more.
pub(super) const SETTLED: Duration = Duration::from_secs(6);
/// When to give up.
const PATIENCE: Duration = Duration::from_secs(600);

/// What the workload looks like to the channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// XML messages: the channel as it is shipped.
    Messages,
    /// The same without a status file for each message: what those cost.
    MessagesWithoutStatus,
    /// One large file that is no XML: the same channel without its XML check and its rule for names.
    OneFile,
}

/// A pair of stations that trust each other, with the workload dropped at the outer one.
pub(super) struct Pair {
    pub(super) outer: Station,
    pub(super) inner: Station,
}

impl Pair {
    /// Makes both stations in a directory.
    pub(super) fn make(programs: &Programs, directory: &Path, shape: Shape) -> Result<Self> {
        let outer = Station::init(&programs.outer, directory.join("outer"))?;
        let inner = Station::init(&programs.inner, directory.join("inner"))?;
        Station::pair(&outer, &inner)?;
        let ferry = outer.path("ferry/out").to_string_lossy().into_owned();
        inner.configure("station.toml", |table| {
            set(table, "ferry", "in", ferry);
            set(table, "ferry", "scan_seconds", 1);
        })?;
        let pair = Pair { outer, inner };
        match shape {
            Shape::Messages => {}
            Shape::MessagesWithoutStatus => pair.configure_channel(|table| set(table, "source", "status", false))?,
            Shape::OneFile => pair.configure_channel(|table| {
                set(table, "screen", "xml", false);
                set(table, "screen", "max_bytes", 0);
                if let Some(screen) = table.get_mut("screen").and_then(toml::Value::as_table_mut) {
                    screen.remove("key");
                }
            })?,
        }
        Ok(pair)
    }

    /// Changes the channel at both stations alike.
    pub(super) fn configure_channel(&self, change: impl Fn(&mut toml::Table)) -> Result<()> {
        let file = format!("channels/{CHANNEL}.toml");
        self.outer.configure(&file, &change)?;
        self.inner.configure(&file, &change)
    }

    /// Drops the workload where the outer station takes files from, and waits until they count as finished: that is not what is measured.
    pub(super) fn drop_files(&self, workload: &Workload) -> Result<()> {
        copy_into(&workload.directory, &self.outer.path("drop").join(CHANNEL))?;
        thread::sleep(SETTLED);
        Ok(())
    }

    /// Packs and publishes everything that lies there.
    pub(super) fn pass(&self) -> Result<()> {
        let output = self.outer.command("pass").output()?;
        ensure!(
            output.status.success(),
            "dukou-outer pass ({}): {}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
        Ok(())
    }
}

/// The product's row.
pub(super) struct Ferry {
    name: &'static str,
    programs: Programs,
    workload: Workload,
    shape: Shape,
    running: Option<(Pair, Daemon)>,
    ended: Option<Pair>,
}

impl Ferry {
    /// Makes the row.
    pub(super) fn new(name: &'static str, programs: &Programs, workload: &Workload, shape: Shape) -> Self {
        Ferry { name, programs: programs.clone(), workload: workload.clone(), shape, running: None, ended: None }
    }

    fn wait_for_all(&self, arrived: &Path, daemon: &mut Daemon) -> Result<()> {
        let begun = Instant::now();
        let last = arrived.join(self.workload.last_file()?);
        while begun.elapsed() < PATIENCE {
            // The whole tree is counted only once its last file is there: looking costs what the stations need.
            if last.exists() && files_below(arrived)?.len() as u64 >= self.workload.files {
                return Ok(());
            }
            daemon.check_alive()?;
            thread::sleep(LOOK);
        }
        bail!("not everything came within {} s; the daemon said:\n{}", PATIENCE.as_secs(), daemon.said())
    }
}

impl Contender for Ferry {
    fn name(&self) -> &str {
        self.name
    }

    fn durability(&self) -> Durability {
        Durability::Group
    }

    fn prepare(&mut self, directory: &Path) -> Result<()> {
        let pair = Pair::make(&self.programs, directory, self.shape)?;
        pair.drop_files(&self.workload)?;
        let daemon = pair.inner.start()?;
        wait_until_up(&pair.inner)?;
        self.running = Some((pair, daemon));
        Ok(())
    }

    fn go(&mut self, _: &Path) -> Result<()> {
        let (pair, mut daemon) = self.running.take().context("the stations are not ready")?;
        pair.pass()?;
        let arrived = arrived(&pair);
        self.wait_for_all(&arrived, &mut daemon)?;
        rustix::fs::syncfs(File::open(&arrived)?)?;
        self.running = Some((pair, daemon));
        Ok(())
    }

    fn finish(&mut self, _: &Path) -> Result<()> {
        let (pair, daemon) = self.running.take().context("the stations are not running")?;
        daemon.stop()?;
        self.ended = Some(pair);
        Ok(())
    }

    fn check(&mut self, _: &Path) -> Result<Option<u64>> {
        let pair = self.ended.take().context("the stations were not running")?;
        self.workload.check_copy(&arrived(&pair))?;
        let status = pair.outer.status()?;
        Ok(Some(status.channel(CHANNEL).context("the channel is gone")?.sealed_bytes))
    }
}

fn arrived(pair: &Pair) -> PathBuf {
    pair.inner.path("arrived").join(CHANNEL)
}

/// Waits until the daemon answers for itself: starting is not what is measured.
pub(super) fn wait_until_up(station: &Station) -> Result<()> {
    let begun = Instant::now();
    let mut last = station.status();
    while last.is_err() && begun.elapsed() < Duration::from_secs(10) {
        thread::sleep(Duration::from_millis(50));
        last = station.status();
    }
    last.map(drop)
}
