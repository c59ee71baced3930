//! The two simulated gap devices of the demo, each on its own thread.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Result, anyhow};
use dukou_rehearsal::gapbox::{Counts, GapDevice, Script, Until, run};
use dukou_rehearsal::table::Table;

use crate::gapbox;
use crate::station::Station;

/// A lively device that loses nothing: what it does wrong must be harmless. The first files get the faults for certain, so
/// that even the few packets of a small demo meet them.
const SCRIPT: &str = r#"
scan_ms = 1000
act = [
    { on = 1, do = "grow" }, { on = 1, do = "duplicate" },
    { on = 2, do = "rename-case" }, { on = 2, do = "touch-mtime" }, { on = 2, do = "duplicate" },
    { on = 3, do = "delay" },
]
[limits]
extensions = ["dkp"]
[chance]
duplicate = 0.2
reorder = 0.2
delay = 0.1
grow = 0.2
rename-case = 0.2
touch-mtime = 0.5
[amount]
delay_ms = 1500
duplicate_after_ms = 1000
grow_ms = 300
reorder_files = 1
"#;

/// Longest time until everything that comes late or again has come.
pub(super) const LATECOMERS: Duration = Duration::from_millis(3_000);

/// A running device.
pub(super) struct Ferry {
    title: &'static str,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<(Counts, Script)>>,
}

impl Ferry {
    /// Puts a device between one station's ferry directory for leaving and the other's for coming.
    pub(super) fn start(title: &'static str, from: &Station, to: &Station, seed: u64) -> Result<Self> {
        let script = Script { seed, ..Script::parse(SCRIPT)? };
        let (from, to): (PathBuf, PathBuf) = (from.path("ferry/out"), to.path("ferry/in"));
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut device = GapDevice::new(from, to, script);
            run(&mut device, Until::Stopped, &told, |event| println!("    {title} {}", gapbox::sentence(event)))?;
            Ok((device.counts().clone(), device.script().clone()))
        });
        Ok(Ferry { title, stop, thread })
    }

    /// Tells whether the device has given up by itself.
    pub(super) fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }

    /// Stops it and gives what it did.
    pub(super) fn stop(self) -> Result<(&'static str, Table)> {
        self.stop.store(true, Ordering::Relaxed);
        let (counts, script) = self.thread.join().map_err(|_| anyhow!("the gap device {} panicked", self.title))??;
        Ok((self.title, counts.table(&script)))
    }
}
