//! What happened, and how often.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

/// Counts by name, shared by all who count.
#[derive(Clone, Debug, Default)]
pub struct Tally(Arc<Mutex<BTreeMap<String, u64>>>);

impl Tally {
    /// Counts one more.
    ///
    /// # Panics
    /// Panics when another who counts did.
    pub fn one(&self, what: &str) {
        self.add(what, 1);
    }

    /// Counts so many more.
    ///
    /// # Panics
    /// Panics when another who counts did.
    pub fn add(&self, what: &str, times: u64) {
        *self.0.lock().expect("no panic").entry(what.to_owned()).or_default() += times;
    }

    /// Gives how often it happened.
    ///
    /// # Panics
    /// Panics when another who counts did.
    #[must_use]
    pub fn of(&self, what: &str) -> u64 {
        self.0.lock().expect("no panic").get(what).copied().unwrap_or(0)
    }

    /// Names those of the given that never happened.
    #[must_use]
    pub fn never<'a>(&self, wanted: &[&'a str]) -> Vec<&'a str> {
        wanted.iter().copied().filter(|what| self.of(what) == 0).collect()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.0.lock().map_err(|_| fmt::Error)?;
        let counts: Vec<String> = counts.iter().map(|(what, times)| format!("{what} {times}")).collect();
        out.write_str(&counts.join(", "))
    }
}
