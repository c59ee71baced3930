//! Time, as the engine uses it: a wall clock that is shown and never decides, and a monotonic clock that measures.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The clock seam.
pub trait Clock: Send + Sync {
    /// Gives the wall clock in milliseconds since 1970. It may jump.
    fn wall_ms(&self) -> i64;
    /// Gives the machine's monotonic clock in milliseconds. It never goes back while the machine runs.
    fn mono_ms(&self) -> u64;
    /// Gives a number that changes with every start of the machine.
    fn boot(&self) -> u32;
    /// Waits.
    fn sleep(&self, ms: u64);
}

/// The machine's own clocks.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
    base_ms: u64,
    boot: u32,
}

impl SystemClock {
    /// Reads the machine's uptime and boot id once.
    pub fn new() -> Self {
        let uptime = std::fs::read_to_string("/proc/uptime").unwrap_or_default();
        let seconds: f64 = uptime.split(' ').next().and_then(|text| text.parse().ok()).unwrap_or(0.0);
        let boot_id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let boot = boot_id.get(..8).and_then(|hex| u32::from_str_radix(hex, 16).ok()).unwrap_or(0);
        Self { started: Instant::now(), base_ms: (seconds * 1000.0) as u64, boot }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn wall_ms(&self) -> i64 {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => after.as_millis() as i64,
            Err(before) => -(before.duration().as_millis() as i64),
        }
    }

    fn mono_ms(&self) -> u64 {
        self.base_ms + self.started.elapsed().as_millis() as u64
    }

    fn boot(&self) -> u32 {
        self.boot
    }

    fn sleep(&self, ms: u64) {
        std::thread::sleep(Duration::from_millis(ms));
    }
}

/// A clock that moves only when it is told to, or when the engine sleeps.
#[derive(Debug)]
pub struct SimClock {
    wall_ms: AtomicI64,
    mono_ms: AtomicU64,
}

impl SimClock {
    /// Starts at the given wall time, monotonic time 1,000 ms.
    pub fn at(wall_ms: i64) -> Self {
        Self { wall_ms: AtomicI64::new(wall_ms), mono_ms: AtomicU64::new(1000) }
    }

    /// Moves both clocks forward.
    pub fn advance(&self, ms: u64) {
        self.wall_ms.fetch_add(ms as i64, Ordering::SeqCst);
        self.mono_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// Sets the wall clock alone, as an administrator or a bad battery does.
    pub fn set_wall(&self, wall_ms: i64) {
        self.wall_ms.store(wall_ms, Ordering::SeqCst);
    }
}

impl Clock for SimClock {
    fn wall_ms(&self) -> i64 {
        self.wall_ms.load(Ordering::SeqCst)
    }

    fn mono_ms(&self) -> u64 {
        self.mono_ms.load(Ordering::SeqCst)
    }

    fn boot(&self) -> u32 {
        7
    }

    fn sleep(&self, ms: u64) {
        self.advance(ms);
    }
}
