//! The device in real time, and the one that does all its work at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::{Event, GapDevice, GapError};

/// How soon a running device notices that it should stop.
const LONGEST_NAP: Duration = Duration::from_millis(20);

/// When a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// When nothing is under way any more: time is only counted, never waited for.
    Idle,
    /// After this much real time.
    Elapsed(Duration),
    /// When told to stop.
    Stopped,
}

/// Runs a device until its end or until `stop` is set, and tells what happens as it happens.
///
/// # Errors
/// Returns the first error of [`GapDevice::step`].
pub fn run(device: &mut GapDevice, until: Until, stop: &AtomicBool, mut tell: impl FnMut(&Event)) -> Result<(), GapError> {
    let begun = Instant::now();
    let mut now_ms = 0;
    while !stop.load(Ordering::Relaxed) {
        device.step(now_ms)?.iter().for_each(&mut tell);
        let finished = match until {
            Until::Idle => device.is_idle(),
            Until::Elapsed(limit) => begun.elapsed() >= limit,
            Until::Stopped => false,
        };
        if finished {
            break;
        }
        now_ms = if until == Until::Idle { device.next_wake_ms().max(now_ms + 1) } else { wait(device, begun) };
    }
    Ok(())
}

fn wait(device: &GapDevice, begun: Instant) -> u64 {
    let wake = begun + Duration::from_millis(device.next_wake_ms());
    thread::sleep(wake.saturating_duration_since(Instant::now()).clamp(Duration::from_millis(1), LONGEST_NAP));
    begun.elapsed().as_millis() as u64
}
