//! Waiting for something that another process does.

use std::thread;
use std::time::{Duration, Instant};

/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Waits until `ready` says yes.
///
/// # Panics
/// Panics with `what` when `limit` has passed.
#[track_caller]
pub fn until(what: &str, limit: Duration, mut ready: impl FnMut() -> bool) {
    let began = Instant::now();
    while !ready() {
        assert!(began.elapsed() < limit, "after {limit:?} still waiting until {what}");
        thread::sleep(LOOK_EVERY);
    }
}
