//! Gap devices between two running stations, both ways, with weather; and fair ones, once it is over.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use dukou_rehearsal::gapbox::{Counts, Fault, GapDevice, Script};

use super::tally::Tally;
use crate::stations::beside::Beside;
use crate::stations::pair::Pair;

/// What the devices do, short enough that all of it happens within seconds.
const SCRIPT: &str = r#"
scan_ms = 100
order = "shuffled"
[chance]
drop = 0.08
delay = 0.12
duplicate = 0.12
reorder = 0.2
[amount]
delay_ms = 2500
duplicate_after_ms = 1500
"#;

/// What has to have happened to packets, by name.
pub const WEATHER: [Fault; 4] = [Fault::Delay, Fault::Duplicate, Fault::Reorder, Fault::Drop];

/// Two devices that run.
pub struct Weather {
    is_fair: Arc<AtomicBool>,
    is_still: Arc<AtomicBool>,
    devices: [Beside<()>; 2],
}

impl Weather {
    /// Starts both devices; what they do while the weather is bad is counted as it happens.
    #[must_use]
    pub fn begin(pair: &Pair, seed: u64, tally: &Tally) -> Self {
        let is_fair = Arc::new(AtomicBool::new(false));
        let is_still = Arc::new(AtomicBool::new(false));
        let inward = (pair.outer.path("ferry/out"), pair.inner.path("ferry/in"));
        let outward = (pair.inner.path("ferry/out"), pair.outer.path("ferry/in"));
        let inward = carry(inward, seed, is_fair.clone(), is_still.clone(), tally.clone());
        let outward = carry(outward, seed.wrapping_add(1), is_fair.clone(), Arc::default(), tally.clone());
        Self { is_fair, is_still, devices: [inward, outward] }
    }

    /// Lets the device inward rest, or go on.
    pub fn rest(&self, is_still: bool) {
        self.is_still.store(is_still, Ordering::SeqCst);
    }

    /// Lets everything that comes now pass.
    pub fn clear_up(&self) {
        self.is_fair.store(true, Ordering::SeqCst);
    }

    /// Stops both devices.
    pub fn end(self) {
        self.devices.into_iter().for_each(Beside::finish);
    }
}

fn carry(
    (from, to): (PathBuf, PathBuf),
    seed: u64,
    is_fair: Arc<AtomicBool>,
    is_still: Arc<AtomicBool>,
    tally: Tally,
) -> Beside<()> {
    Beside::run(move |stop| {
        let script = |text: &str| Script { seed, ..Script::parse(text).expect("a script") };
        let mut bad = GapDevice::new(&from, &to, script(SCRIPT));
        let mut fair: Option<GapDevice> = None;
        let began = Instant::now();
        while !stop.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(15));
            if is_fair.load(Ordering::SeqCst) {
                fair.get_or_insert_with(|| GapDevice::new(&from, &to, script("scan_ms = 100")));
            }
            if is_still.load(Ordering::SeqCst) {
                continue;
            }
            let before = bad.counts().clone();
            // A folder that is gone for a moment is looked for again at the next step.
            let _ = fair.as_mut().unwrap_or(&mut bad).step(began.elapsed().as_millis() as u64);
            count(&tally, &before, bad.counts());
        }
    })
}

/// Adds what a step did to what happened before it.
fn count(tally: &Tally, before: &Counts, after: &Counts) {
    tally.add("packets picked by a device", after.picked - before.picked);
    WEATHER.iter().for_each(|fault| tally.add(fault.name(), after.fired(*fault) - before.fired(*fault)));
}
